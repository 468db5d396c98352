"""Requests and certificates, read leniently: what other programs write is not always standard.

The view that is parsed here stands beside the original DER (``Request.der``, ``Certificate.der``)
and never replaces it: what is saved, exported or verified are the bytes that came in.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from enos_csr_gui.core import asn1, digests, distinguished_name, keys, library, reader
from enos_csr_gui.core.asn1 import SEQUENCE, Tlv, der_values
from enos_csr_gui.core.distinguished_name import MAX_ATTRIBUTES, Name
from enos_csr_gui.core.errors import Code, Problem, UnreadableFile

_MAX_KEY_BYTES = 5_000
"""A SubjectPublicKeyInfo of RSA with 16,384 bits, the most that OpenSSL verifies with, has half."""


# --- Keys and signatures --------------------------------------------------------------------------

_KEY_NAMES = {
    "1.2.840.113549.1.1.1": "RSA",
    "1.2.840.113549.1.1.7": "RSA-OAEP",
    "1.2.840.113549.1.1.10": "RSA-PSS",
    "1.2.840.10045.2.1": "EC",
    "1.2.840.10040.4.1": "DSA",
    "1.2.840.10046.2.1": "DH",
    "1.2.840.113549.1.3.1": "DH",
    "1.3.101.110": "X25519",
    "1.3.101.111": "X448",
    "1.3.101.112": "Ed25519",
    "1.3.101.113": "Ed448",
    "1.2.643.7.1.1.1.1": "GOST R 34.10-2012",
    "1.2.643.7.1.1.1.2": "GOST R 34.10-2012",
}
_CURVES = {
    "1.2.156.10197.1.301": "SM2",
    "1.3.132.0.10": "secp256k1",
    "1.3.132.0.32": "secp224k1",
    "1.3.132.0.31": "secp192k1",
    "1.3.132.0.33": "secp224r1",
    "1.3.132.0.34": "secp384r1",
    "1.3.132.0.35": "secp521r1",
    "1.2.840.10045.3.1.1": "secp192r1",
    "1.2.840.10045.3.1.7": "secp256r1",
}

_MD5, _SHA1 = "1.2.840.113549.2.5", "1.3.14.3.2.26"
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    _MD5: hashes.MD5,
    _SHA1: hashes.SHA1,
    "2.16.840.1.101.3.4.2.4": hashes.SHA224,
    "2.16.840.1.101.3.4.2.1": hashes.SHA256,
    "2.16.840.1.101.3.4.2.2": hashes.SHA384,
    "2.16.840.1.101.3.4.2.3": hashes.SHA512,
}

_PSS = "1.2.840.113549.1.1.10"
_SIGNATURE_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    # RSA (RFC 8017, A.2.4; the second from before), DSA and ECDSA (RFC 5758; ANSI X9.62)
    "1.2.840.113549.1.1.4": hashes.MD5,
    "1.2.840.113549.1.1.5": hashes.SHA1,
    "1.3.14.3.2.29": hashes.SHA1,
    "1.2.840.113549.1.1.14": hashes.SHA224,
    "1.2.840.113549.1.1.11": hashes.SHA256,
    "1.2.840.113549.1.1.12": hashes.SHA384,
    "1.2.840.113549.1.1.13": hashes.SHA512,
    "1.2.840.10040.4.3": hashes.SHA1,
    "2.16.840.1.101.3.4.3.1": hashes.SHA224,
    "2.16.840.1.101.3.4.3.2": hashes.SHA256,
    "2.16.840.1.101.3.4.3.3": hashes.SHA384,
    "2.16.840.1.101.3.4.3.4": hashes.SHA512,
    "1.2.840.10045.4.1": hashes.SHA1,
    "1.2.840.10045.4.3.1": hashes.SHA224,
    "1.2.840.10045.4.3.2": hashes.SHA256,
    "1.2.840.10045.4.3.3": hashes.SHA384,
    "1.2.840.10045.4.3.4": hashes.SHA512,
}


@dataclass(frozen=True)
class PublicKey:
    """A SubjectPublicKeyInfo (RFC 5280, 4.1.2.7), also one that the library does not know.

    ``algorithm`` is 'RSA', 'EC secp256r1', 'EC SM2'...
    """

    der: bytes = field(repr=False)

    @cached_property
    def loaded(self) -> PublicKeyTypes | None:
        """The library's object for it; None when it knows no such key, or it cannot be decoded."""
        if len(self.der) > _MAX_KEY_BYTES:
            return None
        try:
            with library.without_warnings():
                return library.call(lambda: serialization.load_der_public_key(self.der))
        except library.ERRORS:
            return None

    @cached_property
    def algorithm(self) -> str:
        """The name of the algorithm, with its curve; its number if it has no name here."""
        name = "?"
        with suppress(ValueError, StopIteration, IndexError):
            [whole] = der_values(self.der)
            identifier = next(der_values(self.der, whole.inside, whole.end))
            oid, *parameters = der_values(self.der, identifier.inside, identifier.end)
            dotted = asn1.oid(self.der, oid)
            name = _KEY_NAMES.get(dotted, dotted)
            if name == "EC" and parameters:
                curve = asn1.oid(self.der, parameters[0])
                known = getattr(getattr(self.loaded, "curve", None), "name", None)
                name = f"EC {known or _CURVES.get(curve, curve)}"
        return name

    @property
    def bits(self) -> int | None:
        """The size in bits, as far as the library knows it and the algorithm has one."""
        return getattr(self.loaded, "key_size", None)

    @cached_property
    def public_key_sha256(self) -> str:
        """The SHA-256 of the SubjectPublicKeyInfo in hex; the same for the private key."""
        with suppress(*library.ERRORS):
            if self.loaded:
                return keys.public_key_sha256(self.loaded)
        return digests.sha256(self.der)


class UnknownSignature(Exception):
    """A signature that cannot be checked here: its algorithm or key is not known."""


@dataclass(frozen=True)
class _Signed:
    """What requests and certificates have in common: three parts, of which two vouch for one."""

    der: bytes = field(repr=False)

    @cached_property
    def _parts(self) -> tuple[Tlv, Tlv, Tlv]:
        whole = next(der_values(self.der))
        signed, algorithm, signature = der_values(self.der, whole.inside, whole.end)
        return signed, algorithm, signature

    @cached_property
    def signature_algorithm(self) -> str:
        """The object identifier of the signature's algorithm in dotted form."""
        algorithm = self._parts[1]
        return asn1.oid(self.der, next(der_values(self.der, algorithm.inside, algorithm.end)))

    def verify(self, key: PublicKey) -> bool:
        """Tell whether ``key`` made the signature; UnknownSignature if it cannot tell."""
        try:
            library.call(lambda: self._verify(key))
        except InvalidSignature:
            return False
        except (*library.ERRORS, StopIteration) as error:  # a part of its parameters is missing
            raise UnknownSignature from error
        return True

    def _verify(self, key: PublicKey) -> None:
        signed, algorithm, value = self._parts
        data = self.der[signed.start : signed.end]
        signature = self.der[value.inside + 1 : value.end]  # a bit string begins with unused bits
        hash_ = _SIGNATURE_HASHES.get(self.signature_algorithm)
        match key.loaded:
            case rsa.RSAPublicKey() as rsa_key if self.signature_algorithm == _PSS:
                rsa_key.verify(signature, data, *_pss(self.der, algorithm))
            case rsa.RSAPublicKey() as rsa_key if hash_:
                rsa_key.verify(signature, data, padding.PKCS1v15(), hash_())
            case ec.EllipticCurvePublicKey() as ec_key if hash_:
                ec_key.verify(signature, data, ec.ECDSA(hash_()))
            case dsa.DSAPublicKey() as dsa_key if hash_:
                dsa_key.verify(signature, data, hash_())
            case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey() as edwards:
                edwards.verify(signature, data)
            case _:
                raise UnknownSignature


def _pss(der: bytes, algorithm: Tlv) -> tuple[padding.PSS, hashes.HashAlgorithm]:
    """Return the parameters of RSASSA-PSS (RFC 8017, A.2.3)."""
    hash_: hashes.HashAlgorithm = hashes.SHA1()  # noqa: S303  (the default of the standard)
    _oid_tlv, *parameters = der_values(der, algorithm.inside, algorithm.end)
    for parameter in parameters[:1]:
        for one in der_values(der, parameter.inside, parameter.end):
            if one.tag == 0xA0:
                identifier = next(der_values(der, one.inside, one.end))
                dotted = asn1.oid(der, next(der_values(der, identifier.inside, identifier.end)))
                if dotted not in _HASHES:
                    raise UnknownSignature
                hash_ = _HASHES[dotted]()
    return padding.PSS(padding.MGF1(hash_), padding.PSS.AUTO), hash_


# --- Extensions -----------------------------------------------------------------------------------


class Extension(NamedTuple):
    """An extension (RFC 5280, 4.2): its object identifier in dotted form, and its value."""

    oid: str
    value: bytes
    critical: bool = False


def _read_extensions(der: bytes, whole: Tlv) -> tuple[Extension, ...]:
    found = []
    for one in islice(der_values(der, whole.inside, whole.end), MAX_ATTRIBUTES):
        oid, *critical, value = der_values(der, one.inside, one.end)
        is_critical = any(any(der[flag.inside : flag.end]) for flag in critical)
        found.append(Extension(asn1.oid(der, oid), der[value.inside : value.end], is_critical))
    return tuple(found)


_BASIC_CONSTRAINTS, _SUBJECT_KEY_ID, _AUTHORITY_KEY_ID = "2.5.29.19", "2.5.29.14", "2.5.29.35"


# --- Certificates ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Certificate(_Signed):
    """A certificate (RFC 5280, 4.1): the DER that came in, and what was read in it.

    ``not_before`` and ``not_after`` are texts where no calendar has such a date. ``version`` is 1
    for what has no version field, usually 3. Two certificates are equal when their bytes are.
    """

    serial_number: int = field(compare=False)
    issuer: Name = field(compare=False)
    subject: Name = field(compare=False)
    not_before: datetime | str = field(compare=False)
    not_after: datetime | str = field(compare=False)
    key: PublicKey = field(compare=False)
    extensions: tuple[Extension, ...] = field(compare=False)
    version: int = field(compare=False)

    def to_pem(self) -> bytes:
        """Return the bytes that came in as PEM (RFC 7468)."""
        return asn1.pem("CERTIFICATE", self.der)

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the DER in hex."""
        return digests.sha256(self.der)

    @property
    def not_valid_before_utc(self) -> datetime:
        """The start; raises UnreadableFile when no calendar has it."""
        return _calendar(self.not_before)

    @property
    def not_valid_after_utc(self) -> datetime:
        """The end; raises UnreadableFile when no calendar has it."""
        return _calendar(self.not_after)

    def check_dates(self) -> list[Problem]:
        """Return the problem that a date is none of any calendar."""
        odd = [one for one in (self.not_before, self.not_after) if isinstance(one, str)]
        return [Problem(Code.DATE_IMPOSSIBLE, values={"date": one}) for one in odd[:1]]

    def extension(self, oid: str) -> bytes | None:
        """Return the value of an extension; None if there is none."""
        return next((one.value for one in self.extensions if one.oid == oid), None)

    @property
    def is_authority(self) -> bool:
        """Whether it is one of a certificate authority (RFC 5280, 4.2.1.9)."""
        value = self.extension(_BASIC_CONSTRAINTS) or b""
        with suppress(ValueError):
            for whole in der_values(value):
                inside = der_values(value, whole.inside, whole.end)
                return any(one.tag == 0x01 and any(value[one.inside : one.end]) for one in inside)
        return False

    @cached_property
    def is_self_signed(self) -> bool:
        """Whether it is signed with its own key, as a root certificate is."""
        if self.issuer.canonical != self.subject.canonical:
            return False
        with suppress(UnknownSignature):
            return self.verify(self.key)
        return False

    @property
    def subject_key_id(self) -> bytes | None:
        """What the certificates that this key issues call it (RFC 5280, 4.2.1.2)."""
        value = self.extension(_SUBJECT_KEY_ID)
        with suppress(ValueError):
            for one in der_values(value or b""):
                return value[one.inside : one.end] if value else None
        return None

    @property
    def authority_key_id(self) -> bytes | None:
        """The subject key identifier of the issuer (RFC 5280, 4.2.1.1)."""
        value = self.extension(_AUTHORITY_KEY_ID) or b""
        with suppress(ValueError):
            for whole in der_values(value):
                for one in der_values(value, whole.inside, whole.end):
                    if one.tag == 0x80:
                        return value[one.inside : one.end]
        return None


def _calendar(moment: datetime | str) -> datetime:
    if isinstance(moment, str):
        raise UnreadableFile([Problem(Code.DATE_IMPOSSIBLE, values={"date": moment})])
    return moment


_TIME = re.compile(
    r"(?P<year>\d{4}|\d{2})(?P<month>\d\d)(?P<day>\d\d)(?P<hour>\d\d)"
    r"(?:(?P<minute>\d\d)(?:(?P<second>\d\d)(?:[.,]\d{1,20})?)?)?"
    r"(?P<zone>Z|[+-]\d{4})?",
    re.ASCII,
)


def _read_time(der: bytes, tlv: Tlv) -> datetime | str:
    """Return a UTCTime or GeneralizedTime (X.690, 11.7, 11.8), also as BER allows them."""
    written = der[tlv.inside : tlv.end][:50].decode("latin-1")
    if tlv.tag == 0x17:  # UTCTime has two digits for the year
        written = ("20" if written < "50" else "19") + written
    found = _TIME.fullmatch(written)
    if not found or tlv.tag not in (0x17, 0x18):
        raise ValueError("not a time")
    parts = [int(found[name] or 0) for name in ("year", "month", "day", "hour", "minute")]
    try:
        moment = datetime(*parts, min(int(found["second"] or 0), 59), tzinfo=UTC)  # type: ignore[arg-type, misc]
        zone = found["zone"] or "Z"
        if zone != "Z":
            shift = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
            moment += shift if zone[0] == "-" else -shift
    except (ValueError, OverflowError):
        return f"{found['year']}-{found['month']}-{found['day']}"
    return moment


# --- Requests -------------------------------------------------------------------------------------


class RequestAttribute(NamedTuple):
    """An attribute of a request (RFC 2986, 4.1): its type in dotted form, the DER of its set."""

    oid: str
    values: bytes


@dataclass(frozen=True)
class Request(_Signed):
    """A certificate signing request (PKCS #10, RFC 2986): the DER, and what was read in it.

    ``attributes`` is None where the field is missing, which the standard does not allow.
    ``unreadable``: attributes or extensions are there that are no ASN.1 of the standard.
    """

    version: int = field(compare=False)
    subject: Name = field(compare=False)
    key: PublicKey = field(compare=False)
    attributes: tuple[RequestAttribute, ...] | None = field(compare=False)
    extensions: tuple[Extension, ...] = field(compare=False)
    unreadable: bool = field(compare=False, default=False)

    def to_pem(self) -> bytes:
        """Return the bytes that came in as PEM (RFC 7468)."""
        return asn1.pem("CERTIFICATE REQUEST", self.der)


Existing = Request | Certificate

EXTENSION_REQUESTS = frozenset(("1.2.840.113549.1.9.14", "1.3.6.1.4.1.311.2.1.14"))
"""PKCS #9 (RFC 2985, 5.4.2), and Microsoft's own from before."""


def load_all(data: bytes) -> list[Existing]:
    """Return the requests and certificates in ``data``, the content of a file, each once."""
    loaded = (load(one.der) for one in reader.read(data).found if one.der)
    return list(dict.fromkeys(one for one in loaded if one))


def read(data: bytes) -> Existing:
    """Return the first request or certificate in ``data``, the content of a file.

    Raises UnreadableFile (NO_REQUEST) when there is neither.
    """
    if found := load_all(data):
        return found[0]
    raise UnreadableFile([Problem(Code.NO_REQUEST)])


def load(der: bytes) -> Existing | None:
    """Return the request or certificate that the DER is; else None."""
    try:
        whole = next(der_values(der))
        der = der[: whole.end]
        if whole.tag != SEQUENCE:
            return None
        parts = list(islice(der_values(der, whole.inside), 4))
        if [one.tag for one in parts] != [SEQUENCE, SEQUENCE, 0x03]:
            return None
        inside = list(islice(der_values(der, parts[0].inside, parts[0].end), 12))
        existing = _read_request(der, inside) or _read_certificate(der, inside)
        if existing:
            _ = existing.signature_algorithm  # so that nothing raises later
        return existing
    except (ValueError, IndexError, StopIteration):
        return None


def _read_request(der: bytes, inside: list[Tlv]) -> Request | None:
    tags = [one.tag for one in inside]
    if tags[:3] != [0x02, SEQUENCE, SEQUENCE] or tags[3:] not in ([], [0xA0]):
        return None
    version, name, key = inside[:3]
    attributes: tuple[RequestAttribute, ...] | None = None
    extensions: tuple[Extension, ...] = ()
    unreadable = False
    if inside[3:]:
        attributes, extensions, unreadable = _read_attributes(der, inside[3])
    return Request(
        der,
        version=_integer(der, version),
        subject=distinguished_name.read(der, name),
        key=PublicKey(der[key.start : key.end]),
        attributes=attributes,
        extensions=extensions,
        unreadable=unreadable,
    )


def _read_attributes(
    der: bytes, whole: Tlv
) -> tuple[tuple[RequestAttribute, ...], tuple[Extension, ...], bool]:
    attributes: list[RequestAttribute] = []
    extensions: list[Extension] = []
    unreadable = False
    try:
        for one in islice(der_values(der, whole.inside, whole.end), MAX_ATTRIBUTES):
            oid, values = der_values(der, one.inside, one.end)
            attributes.append(RequestAttribute(asn1.oid(der, oid), der[values.start : values.end]))
            if attributes[-1].oid in EXTENSION_REQUESTS:
                for value in der_values(der, values.inside, values.end):
                    extensions += _read_extensions(der, value)
    except ValueError:
        unreadable = True
    return tuple(attributes), tuple(extensions), unreadable


def _read_certificate(der: bytes, inside: list[Tlv]) -> Certificate | None:
    version = 1
    if inside and inside[0].tag == 0xA0:
        version = 1 + _integer(der, next(der_values(der, inside[0].inside, inside[0].end)))
        inside = inside[1:]
    if [one.tag for one in inside[:6]] != [0x02, *[SEQUENCE] * 5]:
        return None
    serial, _algorithm, issuer, validity, subject, key = inside[:6]
    first, last = der_values(der, validity.inside, validity.end)
    extensions: tuple[Extension, ...] = ()
    for one in inside[6:]:
        if one.tag == 0xA3:
            with suppress(ValueError):  # then none of them is known
                extensions = _read_extensions(der, next(der_values(der, one.inside, one.end)))
    return Certificate(
        der,
        serial_number=_integer(der, serial),
        issuer=distinguished_name.read(der, issuer),
        subject=distinguished_name.read(der, subject),
        not_before=_read_time(der, first),
        not_after=_read_time(der, last),
        key=PublicKey(der[key.start : key.end]),
        extensions=extensions,
        version=version,
    )


def _integer(der: bytes, tlv: Tlv) -> int:
    if tlv.end - tlv.inside > 100:
        raise ValueError("no such number is meant")
    return int.from_bytes(der[tlv.inside : tlv.end], "big", signed=True)


def check_validity(certificate: Certificate, now: datetime) -> list[Problem]:
    """Return the problem that the certificate is not valid ``now``: any more, or not yet."""
    if odd := certificate.check_dates():
        return odd
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now > last:
        values = {"date": last.date().isoformat()}
        return [Problem(Code.CERTIFICATE_EXPIRED, values=values)]
    if now < first:
        values = {"date": first.date().isoformat()}
        return [Problem(Code.CERTIFICATE_NOT_YET_VALID, values=values)]
    return []
