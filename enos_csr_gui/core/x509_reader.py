"""Requests and certificates, read leniently: what other programs write is not always standard."""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from enos_csr_gui.core.asn1 import SEQUENCE, SET, Tlv, der_values, oid_text, pem_blocks
from enos_csr_gui.core.enums import SkipReason
from enos_csr_gui.core.errors import Code, Problem, UnreadableFile
from enos_csr_gui.core.subject import SUBJECT_FIELDS

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


@contextmanager
def without_warnings() -> Iterator[None]:
    """Keep ``cryptography`` from warning about values that we judge ourselves."""
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


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
        yield x509.NameAttribute(
            x509.ObjectIdentifier(oid_text(der, type_)), _text(der, value), _validate=False
        )


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


class SkippedAttribute(NamedTuple):
    """An attribute that is not taken over into a renewal."""

    attribute: str
    value: str
    reason: SkipReason


class SubjectAnswers(NamedTuple):
    """The answers (field key -> text, as it stands in the old name) and what is not among them."""

    answers: Mapping[str, str]
    left_out: tuple[SkippedAttribute, ...]


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


def answers_from(name: x509.Name) -> SubjectAnswers:
    """Return what a renewal takes from a subject; ``SkipReason`` says why it skips the rest."""
    answers: dict[str, str] = {}
    left_out = []
    for rdn in name.rdns:
        for attribute in rdn:
            key = _KEYS.get(attribute.oid.dotted_string)
            text = attribute_text(attribute)
            if len(list(rdn)) > 1:
                reason = SkipReason.COMBINED
            elif key is None:
                reason = SkipReason.UNKNOWN
            elif key in answers:
                reason = SkipReason.REPEATED
            else:
                answers[key] = text
                continue
            left_out.append(SkippedAttribute(attribute_name(attribute.oid), text, reason))
    return SubjectAnswers(answers, tuple(left_out))


def is_authority(certificate: x509.Certificate) -> bool:
    """Tell whether the certificate is one of an authority (RFC 5280, 4.2.1.9)."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except (x509.ExtensionNotFound, *LIBRARY_ERRORS):
        return False
    return extension.value.ca


def check_validity(certificate: x509.Certificate, now: datetime) -> list[Problem]:
    """Return the problem that the certificate is not valid ``now``: any more, or not yet."""
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now > last:
        values = {"date": last.date().isoformat()}
        return [Problem(Code.CERTIFICATE_EXPIRED, values=values)]
    if now < first:
        values = {"date": first.date().isoformat()}
        return [Problem(Code.CERTIFICATE_NOT_YET_VALID, values=values)]
    return []
