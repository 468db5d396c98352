"""PEM (RFC 7468) and DER (X.690), as far as this program reads and writes them itself."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import NamedTuple


class PemBlock(NamedTuple):
    """One object in PEM (RFC 7468): its label, its text, and its DER.

    ``der`` is None when the end is missing or the text is not base64. ``headers`` are those of
    RFC 1421, with which old key files say that they are encrypted.
    """

    label: str
    text: bytes
    headers: bytes
    der: bytes | None


_PEM_BEGIN = re.compile(rb"-----BEGIN ([A-Z0-9 #]{1,64})-----")


def pem_text(data: bytes) -> bytes:
    """Return ``data`` in an encoding that continues ASCII: Windows also writes UTF-16."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace").encode()
    return data


def pem_blocks(data: bytes) -> Iterator[PemBlock]:
    """Yield every PEM object in ``data``, whatever stands around it; takes linear time."""
    data = pem_text(data)
    begins = list(_PEM_BEGIN.finditer(data))
    limits = [*(begin.start() for begin in begins), len(data)]
    for begin, limit in zip(begins, limits[1:], strict=True):
        end_line = b"-----END " + begin[1] + b"-----"
        end = data.find(end_line, begin.end(), limit)
        stop = limit if end < 0 else end + len(end_line)
        body = data[begin.end() : limit if end < 0 else end].replace(b"\r\n", b"\n")
        headers, blank_line, rest = body.partition(b"\n\n")
        if not blank_line or b":" not in headers:
            headers, rest = b"", body
        try:
            der = base64.b64decode(b"".join(rest.split()), validate=True) if end >= 0 else None
        except binascii.Error:
            der = None
        yield PemBlock(begin[1].decode("ascii"), data[begin.start() : stop], headers, der)


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
        length = int.from_bytes(data[start + 2 : inside], "big") if size else first
        if first == 0x80 or inside + length > end:
            raise ValueError("not DER")
        yield Tlv(data[start], start, inside, inside + length)
        start = inside + length


SEQUENCE, SET = 0x30, 0x31


def der_value(tag: int, content: bytes) -> bytes:
    """Return one value as DER (X.690, 8.1)."""
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + content


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
