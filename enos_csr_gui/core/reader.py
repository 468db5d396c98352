"""Finds the requests, certificates and keys in a file, whatever container they came in.

PEM with anything around it, DER, several DER objects one after the other, PKCS #7, Base64 without a
header, hexadecimal dumps, e-mails, RTF, the JSON answers of EnOS, ZIP, gzip and tar archives, and
each of these inside another. What
is found is returned as the bytes that came in. All work is bounded: in depth, in bytes, in objects.
"""

from __future__ import annotations

import base64
import binascii
import email
import gzip
import io
import json
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from enum import Enum
from itertools import islice
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from enos_csr_gui.core import asn1
from enos_csr_gui.core.asn1 import SEQUENCE, Tlv, ber_values, der_values
from enos_csr_gui.core.errors import Code, Problem

MAX_OBJECTS = 500
"""As many objects of one file are looked at; all certificates that browsers trust are 150."""

_MAX_DEPTH = 4
"""As many containers inside each other are opened."""

_MAX_BYTES = 8 << 20
"""As many bytes are taken out of the containers in one file."""

MAX_FILES = 200
"""As many files of one folder, one archive or one e-mail are looked at."""


class Shape(Enum):
    """How an object stands in its file."""

    PEM = "PEM"
    """As every reader of PEM takes it."""
    LOOSE_PEM = "loose PEM"
    """PEM with other text around it, or unusual lines in it."""
    DER = "DER"
    """The bytes themselves, with nothing around them."""
    WRAPPED = "wrapped"
    """In text or a container that has to be changed or unpacked first."""


class Found(NamedTuple):
    """One object in a file.

    ``der`` is None when PEM cannot be decoded, and where the object is neither PEM nor DER; ``raw``
    are then its bytes. ``label`` and ``headers`` are those of PEM, else None and empty.
    """

    der: bytes | None
    raw: bytes
    shape: Shape
    label: str | None = None
    headers: bytes = b""


class ApiAnswer(NamedTuple):
    """What an answer of the EnOS API says beside its certificates; empty where it does not.

    ``serial`` is ``certSN``, in decimal; ``chain_url`` is ``certChainURL`` (Connection Service API,
    *Apply Certificate*). Nothing is fetched from there.
    """

    serial: str
    chain_url: str


class Reading(NamedTuple):
    """What is in a file, and the problems that kept parts of it from being read."""

    found: tuple[Found, ...]
    problems: tuple[Problem, ...] = ()
    answers: tuple[ApiAnswer, ...] = ()


def read(data: bytes) -> Reading:
    """Return every object in ``data``, the content of a file, in the order of the file."""
    search = _Search()
    found = list(islice(search.look(data, 0), MAX_OBJECTS + 1))
    if len(found) > MAX_OBJECTS:
        limit = {"limit": MAX_OBJECTS}
        search.problems.append(Problem(Code.TOO_MANY_OBJECTS, values=limit))
    return Reading(tuple(found[:MAX_OBJECTS]), tuple(search.problems[:1]), tuple(search.answers))


_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b\x08"
_TAR, _TAR_PLACE = b"ustar", 257
_PACKED = {
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!\x1a\x07": "RAR",
    b"\xfd7zXZ\0": "xz",
    b"BZh": "bzip2",
}
"""Archives that are not opened: the standard library cannot, or not with bounded memory."""

ARCHIVE_ERRORS: tuple[type[Exception], ...] = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    EOFError,
    RuntimeError,
    ValueError,
    LookupError,
    OverflowError,
)
"""What ``zipfile`` makes of a damaged archive."""

_ERRORS_IN_MEMORY: tuple[type[Exception], ...] = (*ARCHIVE_ERRORS, OSError)
"""Of an archive that is no file itself: no disk has failed."""


_UNPACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""How files in a ZIP archive may be packed: every build of the program unpacks these two."""

_OTHER_PACKINGS = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz", 98: "PPMd"}
"""Compression methods of APPNOTE.TXT, 4.4.5."""


def unpacking_problem(member: zipfile.ZipInfo) -> Problem | None:
    """Return why the program does not unpack a file in a ZIP archive; None if it does."""
    if member.flag_bits & 1:
        return Problem(Code.ARCHIVE_LOCKED)
    if member.compress_type in _UNPACKED:
        return None
    name = _OTHER_PACKINGS.get(member.compress_type, str(member.compress_type))
    return Problem(Code.ARCHIVE_FORMAT, values={"format": f"ZIP ({name})"})


def archive_members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the files in an archive; in a damaged one, a name may be empty."""
    return [one for one in archive.infolist() if not one.filename.endswith("/")]


_PRINTABLE = re.compile(rb"[\t\r\n -~\x80-\xff]*")
"""Text in any encoding; DER has a number or a type of less than 32 near its beginning."""


class _Search:
    """One search through a file, and what is left of its limits."""

    def __init__(self) -> None:
        self._bytes_left = _MAX_BYTES
        self.problems: list[Problem] = []
        self.answers: list[ApiAnswer] = []

    def look(self, data: bytes, depth: int) -> Iterator[Found]:
        """Yield what is in ``data``; one raw object where nothing is."""
        self._bytes_left -= len(data)
        if depth > _MAX_DEPTH or self._bytes_left < 0:
            limit = Problem(Code.TOO_MANY_OBJECTS, values={"limit": MAX_OBJECTS})
            self.problems.append(limit)
            return
        if data.startswith(_ZIP):
            yield from self._in_archive(data, depth)
            return
        if data.startswith(_GZIP):
            yield from self._in_gzip(data, depth)
            return
        if data.startswith(_TAR, _TAR_PLACE):
            yield from self._in_tar(data, depth)
            return
        if name := next((name for begin, name in _PACKED.items() if data.startswith(begin)), None):
            self.problems.append(Problem(Code.ARCHIVE_FORMAT, values={"format": name}))
            return
        if data[:1] == b"\x30" and not _PRINTABLE.fullmatch(data[:64]):
            yield from self._in_der(data)
            return
        text = asn1.utf8_text(data).removeprefix(b"\xef\xbb\xbf").lstrip()
        found = self._in_text(data, text, depth)
        first = next(found, None)
        if first is None:
            yield Found(None, data, Shape.WRAPPED)
            return
        yield first
        yield from found

    def _in_text(self, data: bytes, text: bytes, depth: int) -> Iterator[Found]:
        if text[:1] in (b"{", b"[", b'"') and (content := _read_json(text)):
            self.answers += content.answers
            for one in content.strings:
                yield from self._inside(one, depth)
        elif text.startswith(b"{\\rtf"):
            yield from self._inside(asn1.rtf_text(text), depth)
        elif _MAIL_HEADER.match(text):
            for part in _parts_of_mail(text):
                yield from self._inside(part, depth)
        elif b"BEGIN%20" in text:  # a header of a proxy, such as nginx
            yield from self._inside(unquote_to_bytes(text), depth)
        elif blocks := list(islice(asn1.pem_blocks(data), MAX_OBJECTS + 1)):
            yield from self._in_pem(data, blocks, depth)
        elif decoded := _decoded(text) or _from_hex(text):
            yield from self._inside(decoded, depth)
        else:
            for one in islice(_in_other_text(text), MAX_OBJECTS + 1):
                yield from self._inside(one, depth)

    def _inside(self, data: bytes, depth: int) -> Iterator[Found]:
        """Yield what is in the content of a container; nothing where that is nothing known."""
        for one in self.look(data, depth + 1):
            yield one._replace(shape=Shape.WRAPPED)

    def _in_pem(self, data: bytes, blocks: list[asn1.PemBlock], depth: int) -> Iterator[Found]:
        text = asn1.pem_text(data)
        ends = [0, *(block.end for block in blocks)]
        starts = [*(block.start for block in blocks), len(text)]
        gaps = (text[end:start] for end, start in zip(ends, starts, strict=True))
        alone = all(not gap.strip(b" \t\r\n\xef\xbb\xbf") for gap in gaps)
        changed = text != data
        for block in blocks:
            shape = Shape.PEM if block.regular and alone else Shape.LOOSE_PEM
            if changed:
                shape = Shape.WRAPPED
            for one in self._in_block(block, depth):
                yield one._replace(shape=shape)

    def _in_block(self, block: asn1.PemBlock, depth: int) -> Iterator[Found]:
        one = Found(block.der, block.text, Shape.PEM, block.label, block.headers)
        if not block.der:
            yield one
        elif block.label.endswith("CERTIFICATE") and (whole := _first_sequence(block.der)):
            # OpenSSL's 'TRUSTED CERTIFICATE' goes on after the certificate.
            yield from self._unfolded(one._replace(der=block.der[: whole.end]))
        elif depth < _MAX_DEPTH and _decoded(block.der.strip()):
            for inner in self.look(block.der, depth + 1):
                yield inner._replace(label=inner.label or block.label)
        else:
            yield from self._unfolded(one)

    def _in_der(self, data: bytes) -> Iterator[Found]:
        """Yield the objects that lie one after the other."""
        start = 0
        while start < len(data) and data[start] == SEQUENCE:
            try:
                if data[start + 1 : start + 2] == b"\x80":
                    whole = next(ber_values(data, start, len(data)))
                    end = whole.end + 2
                else:
                    end = next(der_values(data, start)).end
            except ValueError:
                break
            yield from self._unfolded(Found(data[start:end], data[start:end], Shape.DER))
            start = end
        if not start:
            yield Found(data, data, Shape.DER)  # cut off, or no DER at all

    def _unfolded(self, one: Found) -> Iterator[Found]:
        """Yield the certificates in PKCS #7, and everything else as it is."""
        certificates = certificates_in_pkcs7(one.der or b"")
        if certificates:
            for der in certificates:
                yield one._replace(der=der, shape=Shape.WRAPPED)
        else:
            yield one

    def _in_archive(self, data: bytes, depth: int) -> Iterator[Found]:
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                members = archive_members(archive)
                if len(members) > MAX_FILES:
                    limit = {"limit": MAX_FILES}
                    self.problems.append(Problem(Code.TOO_MANY_FILES, values=limit))
                for member in members[:MAX_FILES]:
                    if member.file_size > self._bytes_left:
                        continue
                    if problem := unpacking_problem(member):
                        self.problems.append(problem)
                        continue
                    with archive.open(member) as file:
                        content = file.read(self._bytes_left + 1)
                    yield from self._inside(content, depth)
        except _ERRORS_IN_MEMORY:
            self.problems.append(Problem(Code.DAMAGED))

    def _in_gzip(self, data: bytes, depth: int) -> Iterator[Found]:
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
                content = file.read(self._bytes_left + 1)
        except (OSError, EOFError, zlib.error):
            self.problems.append(Problem(Code.DAMAGED))
            return
        yield from self._inside(content, depth)

    def _in_tar(self, data: bytes, depth: int) -> Iterator[Found]:
        try:
            with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
                entries = islice(archive, len(data) // tarfile.BLOCKSIZE)  # some have no end
                files = (one for one in entries if one.isfile())
                members = list(islice(files, MAX_FILES + 1))
                if len(members) > MAX_FILES:
                    limit = {"limit": MAX_FILES}
                    self.problems.append(Problem(Code.TOO_MANY_FILES, values=limit))
                for member in members[:MAX_FILES]:
                    file = archive.extractfile(member)
                    if file and 0 <= member.size <= self._bytes_left:
                        yield from self._inside(file.read(member.size), depth)
        except (tarfile.TarError, OSError, EOFError, ValueError, OverflowError, RecursionError):
            self.problems.append(Problem(Code.DAMAGED))


# --- Containers of text ---------------------------------------------------------------------------

_MAIL_HEADER = re.compile(
    rb"(?:[!-9;-~]{1,60}:[^\n]{0,998}\r?\n(?:[ \t][^\n]{0,998}\r?\n)*){0,200}?"
    rb"(?i:content-type|content-transfer-encoding|mime-version):"
)
_MAX_BOUNDARIES = 20
"""The time that the parser of e-mails takes grows with their number."""
_MAX_BOUNDARY_LINES = 10_000
"""Of parts and of PEM; the parser takes several seconds for a megabyte of them."""


def _parts_of_mail(text: bytes) -> Iterator[bytes]:
    """Yield the content of each part of an e-mail (RFC 2045)."""
    lines = text.count(b"\n--")
    if lines > _MAX_BOUNDARY_LINES or text.lower().count(b"boundary") > _MAX_BOUNDARIES:
        yield text[text.find(b"\n\n") + 2 :]
        return
    with suppress(RecursionError, LookupError, ValueError, TypeError, AssertionError):
        message = email.message_from_bytes(text)
        for part in islice(message.walk(), MAX_FILES):
            if not part.is_multipart():
                content = part.get_payload(decode=True)
                if isinstance(content, bytes):
                    yield content


class _Json(NamedTuple):
    """The texts in JSON that may be an object, and what the EnOS API answered."""

    strings: list[bytes]
    answers: list[ApiAnswer]


def _read_json(text: bytes) -> _Json | None:
    """Return what is in JSON, each key (JWK) in one text; None for other text, or a single key."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(whole, dict) and "kty" in whole:
        return None
    found = _Json([], [])
    waiting: list[object] = [whole]
    while waiting and len(found.strings) <= MAX_OBJECTS:
        match waiting.pop():
            case str() as one if len(one) > 60:
                found.strings.append(one.encode("utf-8", "replace"))
            case dict() as inside if "kty" in inside:
                found.strings.append(json.dumps(inside).encode())
            case dict() as inside:
                found.answers.extend(_api_answer(inside))
                waiting += reversed(list(inside.values()))
            case list() as inside:
                waiting += reversed(inside)
    return found if found.strings else None


_MAX_URL = 500
"""In characters; a certificate chain has a shorter address."""


def _api_answer(inside: dict[str, object]) -> list[ApiAnswer]:
    serial, url = inside.get("certSN"), inside.get("certChainURL")
    known_serial = str(serial)[:60] if isinstance(serial, str | int) else ""
    known_url = url if isinstance(url, str) and _URL.fullmatch(url) else ""
    return [ApiAnswer(known_serial, known_url)] if "cert" in inside else []


_URL = re.compile(rf"https?://[!-~]{{1,{_MAX_URL}}}")


_BASE64 = re.compile(rb"[A-Za-z0-9+/_=\s-]{64,}")


def _decoded(text: bytes) -> bytes | None:
    """Return what Base64 without a header stands for, if that may be an object."""
    if not _BASE64.fullmatch(text):
        return None
    try:
        plain = b"".join(text.split()).translate(_URL_SAFE)
        plain += b"=" * (-len(plain) % 4)  # JOSE leaves the padding out (RFC 7515, 2)
        decoded = base64.b64decode(plain, validate=True)
    except binascii.Error:
        return None
    return decoded if _is_known(decoded) or _BASE64.fullmatch(decoded) else None


def _is_known(decoded: bytes) -> bool:
    is_der_or_archive = decoded.startswith((b"\x30", _ZIP, _GZIP))
    return is_der_or_archive or b"-----BEGIN" in decoded.upper()


_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2}[\s:,;-]*){40,}")
_HEX_IN_C = re.compile(rb"(?:(?:0|\\)[xX][0-9A-Fa-f]{2}[\s,\"]*){40,}")
_HEX_LINE = re.compile(rb"[ \t]*([0-9A-Fa-f]{4,8}):?[ \t]+((?:[0-9A-Fa-f]{2}[ \t]{0,2}){1,64})")
_MAX_IN_LINE = 64


def _from_hex(text: bytes) -> bytes | None:
    """Return what a hexadecimal dump stands for, if that may be an object.

    As a plain run of digits, as an array in C, or with an offset before each line, as ``xxd``,
    ``hexdump -C`` and ``certutil -encodehex`` write it.
    """
    if array := _HEX_IN_C.search(text):
        decoded = bytes(int(one, 16) for one in re.findall(rb"[xX](..)", array[0]))
    else:
        decoded = _from_hex_lines(text)
    plain = text.removeprefix(b"0x")
    if not decoded and _HEX.fullmatch(plain):
        decoded = bytes.fromhex(re.sub(rb"[^0-9A-Fa-f]", b"", plain).decode())
    return decoded if _is_known(decoded) else None


def _from_hex_lines(text: bytes) -> bytes:
    """Return the bytes of a dump with offsets; empty where they do not count up from zero."""
    lines = [found for line in text.splitlines() if (found := _HEX_LINE.match(line))]
    if not lines:
        return b""
    offsets = [int(found[1], 16) for found in lines]
    decoded = bytearray()
    # After the last line there may be the end, or an offset alone. Its text, at the right, may
    # begin like more digits; what is read ends where its DER ends.
    for found, offset, following in zip(lines, offsets, [*offsets[1:], None], strict=True):
        digits = b"".join(found[2].split())
        width = len(digits) // 2 if following is None else following - offset
        if offset != len(decoded) or not 0 < width <= min(_MAX_IN_LINE, len(digits) // 2):
            return b""
        decoded += bytes.fromhex(digits[: 2 * width].decode())
    return bytes(decoded)


_LOOSE_PEM = re.compile(rb"(?<![A-Za-z0-9+/])LS0tLS1CRUdJTi[A-Za-z0-9+/]{80,}={0,2}")
"""Base64 of '-----BEGIN ', as in a secret of Kubernetes."""

_LOOSE_BASE64 = re.compile(rb"(?<![A-Za-z0-9+/])MII[A-Za-z0-9+/\s]{200,}")
"""What DER of more than 255 bytes begins with: a SEQUENCE with its length in two bytes."""


def _in_other_text(text: bytes) -> Iterator[bytes]:
    """Yield the DER that stands as Base64 somewhere in XML, a configuration or a mailbox.

    It ends where its own length says; what is cut off is left out. Before it, PEM that is encoded
    once more.
    """
    for found in _LOOSE_PEM.finditer(text):
        plain = found[0].rstrip(b"=")
        if len(plain) % 4 != 1:
            yield base64.b64decode(plain + b"=" * (-len(plain) % 4))
    for found in _LOOSE_BASE64.finditer(text):
        run = b"".join(found[0].split())
        size = 4 + int.from_bytes(base64.b64decode(run[:8])[2:4])
        length = -(-size * 4 // 3)  # without padding
        if len(run) >= length:
            yield base64.b64decode(run[:length] + b"=" * (-length % 4))[:size]


_URL_SAFE = bytes.maketrans(b"-_", b"+/")


# --- PKCS #7 --------------------------------------------------------------------------------------

_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")


def certificates_in_pkcs7(der: bytes) -> list[bytes]:
    """Return the certificates in SignedData (RFC 5652, 5.1), in DER or BER; else nothing."""
    if _SIGNED_DATA not in der[:20]:
        return []
    try:
        whole = next(ber_values(der, 0, len(der)))
        _type, content = islice(ber_values(der, whole.inside, whole.end), 2)
        signed = next(ber_values(der, content.inside, content.end))
        for part in ber_values(der, signed.inside, signed.end):
            if part.tag == 0xA0:
                inside = islice(ber_values(der, part.inside, part.end), MAX_OBJECTS + 1)
                return [der[one.start : one.end] for one in inside if one.tag == SEQUENCE]
    except (ValueError, StopIteration):
        pass
    return []


def _first_sequence(der: bytes) -> Tlv | None:
    """Return the SEQUENCE that the DER begins with; None where it begins with none."""
    try:
        whole = next(der_values(der), None)
    except ValueError:
        return None
    return whole if whole and whole.tag == SEQUENCE else None
