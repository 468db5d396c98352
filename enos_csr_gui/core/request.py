"""The certificate signing request (PKCS #10, RFC 2986) for a subject and a key."""

from __future__ import annotations

import base64
import binascii
import re
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import StrEnum
from itertools import chain
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from enos_csr_gui.core.errors import Code, Problem, UnreadableFile
from enos_csr_gui.core.keys import KEY_SIZE
from enos_csr_gui.core.subject import SUBJECT_FIELDS, Subject

_warnings_lock = threading.RLock()
"""What ``warnings`` ignores is a matter of the whole process."""

Existing = x509.CertificateSigningRequest | x509.Certificate

LIBRARY_ERRORS = (
    ValueError,
    TypeError,
    OverflowError,
    UnsupportedAlgorithm,
    InternalError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What ``cryptography`` raises about bytes that it cannot make sense of."""


def sign(subject: Subject, key: rsa.RSAPrivateKey) -> x509.CertificateSigningRequest:
    """Return the request: SHA-256, no attributes, no extensions.

    Its DER is, byte for byte, what ``openssl req -new -key KEY -sha256 -utf8`` writes.
    """
    builder = x509.CertificateSigningRequestBuilder(subject_name=_name(subject))
    return builder.sign(key, hashes.SHA256())


def _name(subject: Subject) -> x509.Name:
    # The library counts UTF-8 bytes against the limit, and with its check switched off it still
    # warns; OpenSSL and the manual count characters, and Subject has already done that.
    with without_warnings():
        return x509.Name(
            x509.NameAttribute(x509.ObjectIdentifier(field.oid), value, _validate=False)
            for field, value in subject.attributes()
        )


def to_pem(csr: x509.CertificateSigningRequest) -> bytes:
    """Return the request as PEM (RFC 7468), the form that EnOS takes."""
    return csr.public_bytes(serialization.Encoding.PEM)


def openssl_commands(
    subject: Subject, key_name: str, csr_name: str, *, new_key: bool = True, encrypted: bool = False
) -> list[list[str]]:
    """Return the commands, as argument lists, with which OpenSSL makes the same request."""
    # -subj splits at '/' and '+' and takes '\' for an escape (openssl-req(1)).
    escaped = (
        f"/{field.openssl_name}=" + "".join(f"\\{c}" if c in "/+\\" else c for c in value)
        for field, value in subject.attributes()
    )
    make_key = ["openssl", "genpkey", "-algorithm", "RSA"]
    make_key += ["-pkeyopt", f"rsa_keygen_bits:{KEY_SIZE}", "-out", key_name]
    if encrypted:
        make_key.append("-aes-256-cbc")
    make_csr = ["openssl", "req", "-new", "-key", key_name, "-sha256", "-utf8"]
    make_csr += ["-subj", "".join(escaped), "-out", csr_name]
    return [make_key, make_csr] if new_key else [make_csr]


@contextmanager
def without_warnings() -> Iterator[None]:
    """Keep ``cryptography`` from warning about values that we judge ourselves."""
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


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
_PRINTABLE_STRING, _T61_STRING = 0x13, 0x14
# UTF8, Numeric, Printable, T61, IA5, Visible and General: all continue ASCII.
_STRINGS = frozenset((0x0C, 0x12, _PRINTABLE_STRING, _T61_STRING, 0x16, 0x1A, 0x1B))
_WIDE_STRINGS = {0x1C: "utf-32-be", 0x1E: "utf-16-be"}  # Universal, BMP


def read(data: bytes) -> Existing:
    """Return the request or certificate in ``data``: PEM, the first of several, or DER.

    A name that claims to be a PrintableString and is none ('*', '@', '_' are common) is read as a
    T61String; then the signature is no longer that of the bytes. Raises UnreadableFile (NO_REQUEST)
    when there is neither a request nor a certificate, or it is damaged.
    """
    blocks = list(pem_blocks(data))
    for der in (block.der for block in blocks) if blocks else (data,):
        if der and (found := load(der)):
            return found
    raise UnreadableFile([Problem(Code.NO_REQUEST)])


def load(der: bytes) -> Existing | None:
    """Return the request or certificate that the DER is, as ``read`` does; else None."""
    for change in (bytes, _with_lenient_names):
        attempt = change(der)
        for loader in (x509.load_der_x509_csr, x509.load_der_x509_certificate):
            try:
                with without_warnings():
                    return loader(attempt)
            except LIBRARY_ERRORS:
                continue
    return None


def signed_part(der: bytes) -> Tlv:
    """Return where in a request or certificate that is, which its signature covers.

    Raises ValueError when there is no such thing.
    """
    for whole in der_values(der):
        for inner in der_values(der, whole.inside, whole.end):
            return inner
    raise ValueError("not DER")


def _names(der: bytes) -> list[list[list[tuple[Tlv, Tlv]]]]:
    """Return the names in a request or certificate: the RDNs, their attributes' type and value.

    Raises ValueError where the bytes are no DER.
    """
    signed = signed_part(der)
    names = []
    for part in der_values(der, signed.inside, signed.end):
        if part.tag != SEQUENCE:
            continue
        rdns = list(der_values(der, part.inside, part.end))
        # An algorithm, a validity and a key are sequences too, but not of sets.
        if all(rdn.tag == SET for rdn in rdns):
            names.append([_attributes(der, rdn) for rdn in rdns])
    return names


def _attributes(der: bytes, rdn: Tlv) -> list[tuple[Tlv, Tlv]]:
    attributes = []
    for attribute in der_values(der, rdn.inside, rdn.end):
        type_, value = der_values(der, attribute.inside, attribute.end)
        attributes.append((type_, value))
    return attributes


def _with_lenient_names(der: bytes) -> bytes:
    """Return the request or certificate with every PrintableString in its names retagged."""
    patched = bytearray(der)
    with suppress(ValueError):
        for name in _names(der):
            for _type, value in chain.from_iterable(name):
                if value.tag == _PRINTABLE_STRING:
                    patched[value.start] = _T61_STRING
    return bytes(patched)


def subject_of(existing: Existing) -> x509.Name:
    """Return the subject, whatever string types it is written in.

    ``cryptography`` (50.0) reads them right but for a T61String, IA5String or VisibleString beyond
    ASCII, which is taken for Latin-1, a GeneralString, and values that are no strings at all, which
    are shown as '#' and their bytes in hex (RFC 4514, 2.4). Raises UnreadableFile (NO_REQUEST) when
    it is no name at all.
    """
    return _name_of(existing, -1)


def issuer_of(certificate: x509.Certificate) -> x509.Name:
    """Return the issuer, read as ``subject_of`` reads the subject."""
    return _name_of(certificate, 0)


def _name_of(existing: Existing, place: int) -> x509.Name:
    with without_warnings():
        try:
            if place == 0 and isinstance(existing, x509.Certificate):
                return existing.issuer
            return existing.subject
        except LIBRARY_ERRORS:
            der = existing.public_bytes(serialization.Encoding.DER)
        try:
            # A set holds nothing twice, and is no RDN when it is empty.
            return x509.Name(
                x509.RelativeDistinguishedName(dict.fromkeys(_read_rdn(der, rdn)))
                for rdn in _names(der)[place]
                if rdn
            )
        except LIBRARY_ERRORS as error:
            raise UnreadableFile([Problem(Code.NO_REQUEST)]) from error


def _read_rdn(
    der: bytes, rdn: Iterable[tuple[Tlv, Tlv]]
) -> Iterator[x509.NameAttribute[str | bytes]]:
    for type_, value in rdn:
        yield x509.NameAttribute(_oid(der, type_), _text(der, value), _validate=False)


def _oid(der: bytes, tlv: Tlv) -> x509.ObjectIdentifier:
    """Return the object identifier (X.690, 8.19)."""
    numbers, number = [], 0
    for byte in der[tlv.inside : tlv.end]:
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2)
    numbers[:1] = [first, numbers[0] - 40 * first]
    return x509.ObjectIdentifier(".".join(map(str, numbers)))


def _text(der: bytes, tlv: Tlv) -> str:
    content = der[tlv.inside : tlv.end]
    if tlv.tag in _WIDE_STRINGS:
        return content.decode(_WIDE_STRINGS[tlv.tag], "replace")
    if tlv.tag not in _STRINGS:
        return "#" + der[tlv.start : tlv.end].hex()
    try:
        # Programs that knew no UTF8String wrote UTF-8 into a T61String.
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


class Reason(StrEnum):
    """Why an attribute of an old name is not taken over."""

    UNKNOWN = "unknown"
    """EnOS asks for no such attribute."""
    REPEATED = "repeated"
    """The attribute stood there before; the first one is taken."""
    COMBINED = "combined"
    """It stands in one RDN together with others."""


class LeftOut(NamedTuple):
    """An attribute that is not taken over into a renewal."""

    attribute: str
    value: str
    reason: Reason


class TakenOver(NamedTuple):
    """The answers (field key -> text, as it stands in the old name) and what is not among them."""

    answers: Mapping[str, str]
    left_out: tuple[LeftOut, ...]


_KEYS = {field.oid: field.key for field in SUBJECT_FIELDS}
_INITIALS = {field.oid: field.initials for field in SUBJECT_FIELDS}


def attribute_name(oid: x509.ObjectIdentifier) -> str:
    """Return the manual's initials of an attribute, else its name, else its number."""
    dotted = oid.dotted_string
    return _INITIALS.get(dotted) or oid_name(oid)


def oid_name(oid: x509.ObjectIdentifier) -> str:
    """Return what an object identifier is called in the standards; its number if unknown."""
    # The library keeps its table of names private, but for this.
    name = re.search(r"name=(.*)\)>$", repr(oid))
    return name[1] if name and name[1] != "Unknown OID" else oid.dotted_string


def attribute_text(attribute: x509.NameAttribute[str | bytes]) -> str:
    """Return the attribute's value as text; a bit string as '#' and its bytes in hex."""
    value = attribute.value
    return value if isinstance(value, str) else "#" + value.hex()


def answers_from(name: x509.Name) -> TakenOver:
    """Return what a renewal takes over from an old name; see ``Reason`` for what it does not."""
    answers: dict[str, str] = {}
    left_out = []
    for rdn in name.rdns:
        for attribute in rdn:
            key = _KEYS.get(attribute.oid.dotted_string)
            text = attribute_text(attribute)
            if len(list(rdn)) > 1:
                reason = Reason.COMBINED
            elif key is None:
                reason = Reason.UNKNOWN
            elif key in answers:
                reason = Reason.REPEATED
            else:
                answers[key] = text
                continue
            left_out.append(LeftOut(attribute_name(attribute.oid), text, reason))
    return TakenOver(answers, tuple(left_out))
