"""PEM (RFC 7468) and DER (X.690), as far as this program reads and writes them itself."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple


class PemBlock(NamedTuple):
    """One object in PEM (RFC 7468): its label, its text, and its DER.

    ``der`` is None when the end is missing or the text is not base64. ``headers`` are those of
    RFC 1421, with which old key files say that they are encrypted. ``regular``: every strict
    reader takes the lines as they are. ``start`` and ``end`` are its place in ``pem_text``.
    """

    label: str
    text: bytes
    headers: bytes
    der: bytes | None
    regular: bool
    start: int
    end: int


_DASH = rb"(?:-|\xe2\x80[\x90-\x95]|\xe2\x88\x92|\xef\xbc\x8d|[\x96\x97])"
"""Word processors replace hyphens by dashes: in UTF-8, or in Windows-1252."""

_ODD_DASHES = re.compile(
    _DASH + rb"{2,8}[ \t]*(BEGIN|END) (?!SSH2)([A-Z0-9 #]{1,64}?)[ \t]*" + _DASH + rb"{2,8}"
)
_ANY_CASE = re.compile(
    _DASH
    + rb"{2,8}[ \t]*(?i:BEGIN|END) (?i:[A-Z0-9 ]{0,50}?(?:CERTIFICATE|REQUEST|KEY|PKCS[ #]{0,2}7))"
    + rb"[ \t]*"
    + _DASH
    + rb"{2,8}"
)
"""Labels typed by hand; other lines like this are prose: 'Begin forwarded message'."""
_USUAL_DASHES = re.compile(rb"-----(?:BEGIN|END) [A-Z0-9 #]{1,64}-----")
_PEM_BEGIN = re.compile(rb"-----BEGIN ([A-Z0-9 #]{1,64})-----")
_PEM_END = re.compile(rb"-----END [A-Z0-9 #]{1,64}-----")
_BASE64_LINE = re.compile(rb"[A-Za-z0-9+/=]*")
_AROUND_LINES = re.compile(
    rb"<[^<>]{0,200}>|&nbsp;|\xe2\x80[\x8b-\x8d]|\xc2\xad|\xef\xbb\xbf"
    rb"|[\"'][ \t]*[,+.&][ \t]*[\"']"  # between the lines, where all are in one
    rb"|^[ \t]*[+.&][ \t]*[\"']|[\"'][ \t]*[,+.&;)]+[ \t]*$"
    rb"|[\"'\\]"
)
"""What web pages and programs put around a line: tags, invisible characters, quotes, and the signs
that join strings."""

_CHARACTER = re.compile(rb"&#(?:x([0-9A-Fa-f]{1,2})|([0-9]{1,3}));")
"""A character in HTML, by its number."""

_ESCAPED_BREAKS = re.compile(rb"(?:\\r)?\\n|\\r")


def utf8_text(data: bytes) -> bytes:
    """Return text in an encoding that continues ASCII: Windows also writes UTF-16."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace").encode()
    start = data[:200]
    if len(start) > 20 and start[0::2].isascii() and not any(start[1::2]):
        return data.decode("utf-16-le", "replace").encode()
    if len(start) > 20 and start[1::2].isascii() and not any(start[0::2]):
        return data.decode("utf-16-be", "replace").encode()
    return data


def pem_text(data: bytes) -> bytes:
    """Return text as PEM is written: line breaks that are no backslashes, hyphens no dashes."""
    data = utf8_text(data)
    if b"BEGIN" not in (upper := data.upper()):
        return data
    if not _has_usual_dashes(data, upper):  # the searches for others take long
        data = _ANY_CASE.sub(lambda found: found[0].upper(), data)
    data = data.replace(b"\xc2\xa0", b" ")  # a no-break space
    if b"&#" in data:
        data = _CHARACTER.sub(_character, data)
    if b"\\" in data:  # perhaps a string literal of a program or of JSON
        data = _ESCAPED_BREAKS.sub(b"\n", data)
    if _has_usual_dashes(data, data):
        return data
    return _ODD_DASHES.sub(rb"-----\1 \2-----", data)


def _has_usual_dashes(data: bytes, searched: bytes) -> bool:
    """Return whether each BEGIN and END in ``searched`` is in a usual line of ``data``."""
    words = searched.count(b"BEGIN ") + searched.count(b"END ")
    return len(_USUAL_DASHES.findall(data)) == words


def _character(found: re.Match[bytes]) -> bytes:
    number = int(found[1], 16) if found[1] else int(found[2])
    return bytes([number]) if number < 0x80 else found[0]


_RTF = re.compile(
    rb"\\'([0-9a-fA-F]{2})"  # a byte
    rb"|\\u(-?\d{1,5}) ?\??"  # a character of UTF-16, and its substitute
    rb"|\\([a-z]{1,32})(?:-?\d{1,10})? ?"  # a control word
    rb"|\\([^a-z])"  # a control symbol
    rb"|[{}\r\n]"
)
_RTF_PLAIN = {
    b"par": b"\n",
    b"line": b"\n",
    b"tab": b"\t",
    b"emdash": b"--",
    b"endash": b"-",
    b"\n": b"\n",  # a backslash before a line break ends the paragraph
    b"\r": b"\n",
    b"_": b"-",
    b"~": b" ",
    b"\\": b"\\",
    b"{": b"{",
    b"}": b"}",
}
"""The text of control words and symbols; the others have none."""


def rtf_text(data: bytes) -> bytes:
    """Return the text in RTF, as WordPad, Word and TextEdit write it; formatting is left out."""

    def plain(found: re.Match[bytes]) -> bytes:
        byte, number, word, symbol = found.groups()
        if byte:
            return bytes.fromhex(byte.decode())
        if number:
            return chr(int(number) % 0x10000).encode("utf-8", "replace")
        return _RTF_PLAIN.get(word or symbol, b"")

    return _RTF.sub(plain, data)


def pem_blocks(data: bytes) -> Iterator[PemBlock]:
    """Yield every PEM object in ``data``, whatever stands around it; takes linear time."""
    text = pem_text(data)
    unchanged = text == data
    begins = list(_PEM_BEGIN.finditer(text))
    limits = [*(begin.start() for begin in begins), len(text)]
    for begin, limit in zip(begins, limits[1:], strict=True):
        end = _PEM_END.search(text, begin.end(), limit)
        stop = end.end() if end else limit
        body = text[begin.end() : end.start() if end else limit]
        headers, lines = _split_headers(body)
        der = _decoded(lines) if end else None
        regular = unchanged and not headers and _is_regular(body)
        label = begin[1].decode()
        yield PemBlock(
            label, text[begin.start() : stop], headers, der, regular, begin.start(), stop
        )


def _is_regular(body: bytes) -> bool:
    lines = body.replace(b"\r\n", b"\n").split(b"\n")
    inside = [line.rstrip(b" \t") for line in lines[1:-1]]
    return all(line and _BASE64_LINE.fullmatch(line) for line in inside)


def _split_headers(body: bytes) -> tuple[bytes, list[bytes]]:
    """Return the headers (RFC 1421), and the lines without what other programs put around them."""
    raw = _without_numbers(re.split(rb"\r\n|\n|\r", body))
    lines = [line if _BASE64_LINE.fullmatch(line) else _bare(line) for line in raw]
    start = next((number for number, line in enumerate(lines) if line), 0)
    stop = start
    if b":" in lines[start]:
        while stop < len(lines) and (b":" in lines[stop] or raw[stop][:1] in (b" ", b"\t")):
            stop += 1
    return b"\n".join(lines[start:stop]), lines[stop:]


def _bare(line: bytes) -> bytes:
    return _AROUND_LINES.sub(b"", line).strip(b"> \t|-")


_NUMBERED = re.compile(rb"\A[ \t]*\d{1,5}(?:[:.)|\t ]+|$)")


def _without_numbers(lines: list[bytes]) -> list[bytes]:
    """Return lines without the numbers that editors and ``nl`` put in front of each."""
    inside = [line for line in lines[1:] if line.strip()]
    if len(inside) > 1 and all(map(_NUMBERED.match, inside)):
        return [*lines[:1], *(_NUMBERED.sub(b"", line) for line in lines[1:])]
    return _without_close_numbers(lines)


def _without_close_numbers(lines: list[bytes]) -> list[bytes]:
    """Return lines without numbers that nothing separates from the text: '12MIIC'.

    Base64 has digits too. So there must be one before END, where no text is, and the lines above
    must count down from it.
    """
    last = lines[-1].strip()
    if last == b"+" and all(line.startswith(b"+") for line in lines[1:]):
        return [lines[0], *(line[1:] for line in lines[1:])]  # from a diff
    if len(lines) < 3 or not re.fullmatch(rb"\d{1,5}", last):
        return lines
    first = int(last) - len(lines) + 2
    bare = [
        re.sub(rb"\A[ \t]*0*%d" % number, b"", line) for number, line in enumerate(lines[1:], first)
    ]
    is_numbered = all(map(bytes.__ne__, bare, lines[1:]))
    return [lines[0], *bare] if is_numbered else lines


def _decoded(lines: list[bytes]) -> bytes | None:
    for text in (b"\n".join(lines), binascii.a2b_qp(b"\n".join(lines))):
        with suppress(binascii.Error):
            return base64.b64decode(b"".join(text.split()), validate=True)
    return None


class Tlv(NamedTuple):
    """One DER value (X.690, 8.1): its tag byte, and where it, its content and its end are."""

    tag: int
    start: int
    inside: int
    end: int


def der_values(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Tlv]:
    """Yield the DER values that lie side by side in ``data[start:end]``.

    Raises ValueError where a length is indefinite or goes beyond the end.
    """
    end = len(data) if end is None else end
    while start < end:
        first = data[start + 1] if start + 1 < end else 0x80
        size = first & 0x7F if first & 0x80 else 0
        inside = start + 2 + size
        length = int.from_bytes(data[start + 2 : inside]) if size else first
        if first == 0x80 or inside + length > end:
            raise ValueError("not DER")
        yield Tlv(data[start], start, inside, inside + length)
        start = inside + length


def unsigned(data: bytes, tlv: Tlv) -> int:
    """Return the value of an INTEGER that is not negative (X.690, 8.3)."""
    return int.from_bytes(data[tlv.inside : tlv.end])


def ber_values(data: bytes, start: int, end: int, depth: int = 0) -> Iterator[Tlv]:
    """Yield the BER values (X.690, 8.1) in ``data[start:end]``; a length may be indefinite.

    ``Tlv.end`` is then before the two zero bytes that end the content. Raises ValueError where it
    is not BER, or nested too deeply.
    """
    while start < end:
        if start + 1 < end and data[start + 1] == 0x80 and data[start] & 0x20:
            inside, stop = start + 2, _end_of_indefinite(data, start + 2, end, depth)
            yield Tlv(data[start], start, inside, stop)
            start = stop + 2
        else:
            one = next(der_values(data, start, end))
            yield one
            start = one.end


def _end_of_indefinite(data: bytes, start: int, end: int, depth: int) -> int:
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deeply")
    while start + 1 < end:
        if data[start : start + 2] == b"\0\0":
            return start
        one = next(ber_values(data, start, end, depth + 1))
        indefinite = data[start + 1] == 0x80
        start = one.end + (2 if indefinite else 0)
    raise ValueError("not BER")


_MAX_DEPTH = 30

SEQUENCE, SET = 0x30, 0x31

_INTEGER, _OID = 0x02, 0x06

_MAX_OID_BYTES = 100
"""Those in use have up to 20."""


def der_value(tag: int, content: bytes) -> bytes:
    """Return one value as DER (X.690, 8.1)."""
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size) + content


def der_sequence(*parts: bytes) -> bytes:
    """Return a SEQUENCE of values."""
    return der_value(SEQUENCE, b"".join(parts))


def der_set(*parts: bytes) -> bytes:
    """Return a SET OF values, in the order that DER demands (X.690, 11.6)."""
    return der_value(SET, b"".join(sorted(parts)))


def der_number(number: int) -> bytes:
    """Return an INTEGER that is not negative."""
    return der_value(_INTEGER, number.to_bytes(number.bit_length() // 8 + 1))


def der_oid(dotted: str) -> bytes:
    """Return an OBJECT IDENTIFIER, given in dotted form."""
    first, second, *rest = map(int, dotted.split("."))
    content = bytearray()
    for number in (40 * first + second, *rest):
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(number & 0x7F | 0x80)
        content += bytes(reversed(groups))
    return der_value(_OID, bytes(content))


def oid_text(data: bytes, tlv: Tlv) -> str:
    """Return the object identifier (X.690, 8.19) in dotted form."""
    numbers, number = [], 0
    for byte in data[tlv.inside : tlv.end]:
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2)
    numbers[:1] = [first, numbers[0] - 40 * first]
    return ".".join(map(str, numbers))


def oid(data: bytes, tlv: Tlv) -> str:
    """Return the object identifier as ``oid_text`` does; raises ValueError for what is none."""
    is_usual = tlv.tag == _OID and tlv.inside < tlv.end <= tlv.inside + _MAX_OID_BYTES
    if not is_usual or data[tlv.end - 1] >= 0x80:
        raise ValueError("not an object identifier")
    return oid_text(data, tlv)


def pem(label: str, der: bytes) -> bytes:
    """Return DER as PEM, with the lines of 64 characters that RFC 7468 asks for."""
    text = base64.b64encode(der).decode()
    lines = (text[start : start + 64] for start in range(0, len(text), 64))
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----\n")).encode()
