"""What is in a file, whether EnOS would take a request in it, and what belongs to what.

Nothing is opened that needs a passphrase: a protected key and a keystore are recognised from
outside, so that no file can keep the computer busy with deriving keys.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple, cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import SignatureAlgorithmOID

from enos_csr_gui.core import files, keys, request
from enos_csr_gui.core.errors import Code, Problem, UnreadableFile
from enos_csr_gui.core.request import LIBRARY_ERRORS, SEQUENCE, PemBlock
from enos_csr_gui.core.subject import SUBJECT_FIELDS, SubjectField, check_field

MAX_OBJECTS = 500
"""As many objects of one file are looked at; all certificates that browsers trust are 150."""

WANTED_SIGNATURE = SignatureAlgorithmOID.RSA_WITH_SHA256
"""The manual's step 2: ``-sha256`` with an RSA key."""


class Kind(StrEnum):
    """What a thing in a file is."""

    REQUEST = "request"
    CERTIFICATE = "certificate"
    PRIVATE_KEY = "private-key"
    PUBLIC_KEY = "public-key"
    PKCS12 = "pkcs12"
    JAVA_KEYSTORE = "java-keystore"
    OTHER = "other"
    """Known, and nothing EnOS asks for: parameters, a revocation list. ``Found.label`` names it."""
    UNKNOWN = "unknown"


class Rule(StrEnum):
    """What EnOS demands of a request."""

    FORM = "form"
    """PEM: the API takes the request as a PEM string."""
    ALONE = "alone"
    """No private key in the same file."""
    SIGNATURE = "signature"
    KEY = "key"
    HASH = "hash"
    FIELD = "field"
    """One subject field, ``RuleResult.field``: present once, and as ``check_field`` wants it."""
    ORDER = "order"
    """Well-formed, each RDN one attribute, in the manual's order."""
    SUBJECT_EXTRAS = "subject-extras"
    REQUEST_EXTRAS = "request-extras"


class RuleResult(NamedTuple):
    """One rule, and why the request breaks it; it passes when there is no problem."""

    rule: Rule
    problems: tuple[Problem, ...]
    field: str | None = None

    @property
    def passed(self) -> bool:
        return not self.problems


class KeyFacts(NamedTuple):
    """A public key: 'RSA', 'EC secp256r1'...; its size in bits (None: the algorithm has one);
    the SHA-256 of its SubjectPublicKeyInfo in hex, the same for the private key."""

    algorithm: str
    bits: int | None
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One thing in a file, as people read it; None or empty is what it has not got.

    ``problems`` say why it cannot be read, or why EnOS would not take the request; ``warnings``
    what else its owner should know. ``protected``: by a passphrase, and not opened.
    ``is_authority``: a certificate that issues others.
    """

    file: Path
    kind: Kind
    form: Literal["PEM", "DER"] | None = None
    label: str | None = None
    subject: tuple[tuple[str, str], ...] | None = None
    issuer: tuple[tuple[str, str], ...] | None = None
    key: KeyFacts | None = None
    signature_algorithm: str | None = None
    fingerprint: str | None = None
    serial_number: int | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    protected: bool = False
    is_authority: bool = False
    rules: tuple[RuleResult, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def acceptable(self) -> bool | None:
        """Whether EnOS would take the request; None for what is none."""
        return not self.problems if self.kind is Kind.REQUEST else None


def inspect_files(paths: Iterable[Path]) -> list[Found]:
    """Return everything found in the files; one that cannot be read is an unknown thing.

    Raises nothing about what is in them.
    """
    found: list[Found] = []
    for path in paths:
        try:
            found += inspect(path, files.read(path))
        except UnreadableFile as error:
            found.append(Found(file=path, kind=Kind.UNKNOWN, problems=error.problems))
    return found


def inspect(file: Path, data: bytes, *, now: datetime | None = None) -> list[Found]:
    """Return everything found in ``data``, the content of ``file``; at least one thing.

    ``now`` is the moment at which certificates are judged.
    """
    now = now or datetime.now(UTC)
    found = [replace(one, file=file) for one in _things(data, now)]
    if all(one.kind in (Kind.OTHER, Kind.UNKNOWN) and not one.problems for one in found):
        empty = not data.strip()
        problem = Problem(Code.FILE_EMPTY if empty else Code.NOTHING_KNOWN, path=file)
        found = [one for one in found if one.kind is Kind.OTHER]
        found.append(Found(file=file, kind=Kind.UNKNOWN, problems=(problem,)))
    if any(one.kind is Kind.PRIVATE_KEY for one in found):
        inside = RuleResult(Rule.ALONE, (Problem(Code.KEY_INSIDE, path=file),))
        found = [_with_rule(one, inside) for one in found]
    return found


def _with_rule(found: Found, result: RuleResult) -> Found:
    """Return a request with another result of one of its rules; other things as they are."""
    rules = tuple(result if one.rule is result.rule else one for one in found.rules)
    if not rules:
        return found
    return replace(found, rules=rules, problems=_problems(rules))


def _problems(rules: Iterable[RuleResult]) -> tuple[Problem, ...]:
    return tuple(problem for result in rules for problem in result.problems)


def is_in_order(found: Iterable[Found]) -> bool:
    """Tell whether every request is acceptable and every file, and what it holds, readable."""
    return not any(one.problems for one in found)


def companions(found: Sequence[Found]) -> list[tuple[int, ...]]:
    """Return, for each thing, the places in ``found`` of the others with the same public key."""
    by_key: dict[str, list[int]] = {}
    for place, one in enumerate(found):
        if one.key:
            by_key.setdefault(one.key.fingerprint, []).append(place)
    return [
        tuple(other for other in by_key[one.key.fingerprint] if other != place) if one.key else ()
        for place, one in enumerate(found)
    ]


_NOWHERE = Path()
_UNKNOWN = Found(file=_NOWHERE, kind=Kind.UNKNOWN)
_DAMAGED = (Problem(Code.DAMAGED),)
_IN_DER = frozenset(Kind) - {Kind.UNKNOWN, Kind.JAVA_KEYSTORE}
_SECRET = (Problem(Code.SECRET_INSIDE),)
_PERHAPS_SECRET = (Problem(Code.SECRET_POSSIBLE),)


def _things(data: bytes, now: datetime) -> Iterator[Found]:
    """Yield what is found, without the name of the file."""
    not_pem = RuleResult(Rule.FORM, (Problem(Code.NOT_PEM),))
    plain = request.pem_text(data) is data
    number = 0
    for number, block in enumerate(request.pem_blocks(data), start=1):
        if number > MAX_OBJECTS:
            problem = Problem(Code.TOO_MANY_OBJECTS, values={"limit": MAX_OBJECTS})
            yield replace(_UNKNOWN, problems=(problem,))
            return
        for one in _in_block(block, now):
            named = replace(one, form="PEM", label=block.label)
            yield named if plain else _with_rule(named, not_pem)
    if not number:
        for one in _in_der(data, now):
            form: Literal["DER"] | None = "DER" if one.kind in _IN_DER else None
            yield _with_rule(replace(one, form=form), not_pem)


_LABELS = (
    # Endings of PEM labels (RFC 7468; OpenSSL's pem.h), the first that fits.
    ("PRIVATE KEY", Kind.PRIVATE_KEY),
    ("PUBLIC KEY", Kind.PUBLIC_KEY),
    ("CERTIFICATE REQUEST", Kind.REQUEST),
    ("CERTIFICATE", Kind.CERTIFICATE),
    ("PKCS12", Kind.PKCS12),
)


def _in_block(block: PemBlock, now: datetime) -> Iterator[Found]:
    kind = next((kind for end, kind in _LABELS if block.label.endswith(end)), Kind.OTHER)
    if b"ENCRYPTED" in block.headers and block.der:
        yield _private_key(None, protected=True)
    elif block.label == "OPENSSH PRIVATE KEY" and block.der:
        # Not loaded: the library makes sure of its primes, which may take long.
        yield _private_key(None, protected=_SSH_UNPROTECTED not in block.der)
    elif things := _known(_in_der(block.der or b"", now, trailing=kind is Kind.CERTIFICATE)):
        yield from things
    elif kind is Kind.OTHER and block.der is not None:
        yield Found(file=_NOWHERE, kind=kind)
    elif kind is Kind.PRIVATE_KEY:
        yield replace(_private_key(None), problems=_DAMAGED)
    else:
        yield Found(file=_NOWHERE, kind=kind, problems=_DAMAGED)


def _known(things: Iterable[Found]) -> list[Found]:
    return [one for one in things if one.kind is not Kind.UNKNOWN]


_STORES = (
    (b"\xfe\xed\xfe\xed\x00\x00", Kind.JAVA_KEYSTORE),  # JKS
    (b"\xce\xce\xce\xce\x00\x00", Kind.JAVA_KEYSTORE),  # JCEKS
    (b"\x30\x80\x02\x01\x03\x30", Kind.PKCS12),  # in BER, as other programs than OpenSSL do
)
_SSH_UNPROTECTED = b"openssh-key-v1\0\0\0\0\x04none"  # OpenSSH, PROTOCOL.key
_DSA = bytes.fromhex("06072a8648ce380401")  # OID 1.2.840.10040.4.1
_PKCS7 = bytes.fromhex("06092a864886f70d0107")  # the beginning of OID 1.2.840.113549.1.7.x


def _in_der(data: bytes, now: datetime, *, trailing: bool = False) -> Iterator[Found]:
    """Yield what the DER holds: one thing, an unknown one at worst, or the certificates of PKCS #7.

    ``trailing``: OpenSSL's 'TRUSTED CERTIFICATE' goes on after the certificate.
    """
    if stores := [kind for beginning, kind in _STORES if data.startswith(beginning)]:
        yield _secret_store(stores[0])
        return
    try:
        outer = list(islice(request.der_values(data), 2))
        if trailing and outer:
            data, outer = data[: outer[0].end], outer[:1]
        [whole] = outer
        inside = list(islice(request.der_values(data, whole.inside, whole.end), 9))
    except ValueError:
        yield _UNKNOWN
        return
    tags = tuple(one.tag for one in inside) if whole.tag == SEQUENCE else ()
    # Tags as X.690, 8.2 numbers them: 2 integer, 3 bit string, 4 octets, 6 object identifier.
    match tags:
        case (0x30, 0x30, 0x03):
            yield _signed(data, now)
        case (0x30, 0x04):
            yield _private_key(None, protected=True)
        case (0x30, 0x03) | (0x02, 0x02):
            yield _public_key(data)
        case (0x02, 0x30, *_) if data.startswith(_PKCS7, inside[1].inside):
            yield _secret_store(Kind.PKCS12)
        case (0x06, 0xA0) if data.startswith(_PKCS7 + b"\x02", inside[0].start):
            yield from _pkcs7(data, now)
        case (0x02, 0x30, 0x04, *_) if data.startswith(_DSA, inside[1].inside):
            yield _private_key(None)  # its public key is costly to find, and of no use
        case (0x02, 0x30, 0x04, *_) | (0x02, 0x04, *_) | (2, 2, 2, 2, 2, 2, 2, 2, 2):
            yield _load_private_key(data)
        case (0x02, 0x02, 0x02, 0x02, 0x02, 0x02):  # DSA's own form
            yield _private_key(None)
        case _:
            yield _UNKNOWN


def _secret_store(kind: Kind) -> Found:
    return Found(file=_NOWHERE, kind=kind, protected=True, warnings=_PERHAPS_SECRET)


def _private_key(key: PrivateKeyTypes | None, *, protected: bool = False) -> Found:
    return Found(
        file=_NOWHERE,
        kind=Kind.PRIVATE_KEY,
        key=_facts(key.public_key()) if key else None,
        protected=protected,
        warnings=_SECRET,
    )


def _load_private_key(der: bytes) -> Found:
    try:
        with request.without_warnings():
            # Whether the numbers of an RSA key are primes is no matter here, and may take long.
            key = serialization.load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
            return _private_key(key)
    except LIBRARY_ERRORS:
        return replace(_private_key(None), problems=_DAMAGED)


def _public_key(data: bytes) -> Found:
    try:
        with request.without_warnings():
            facts = _facts(serialization.load_der_public_key(data))
    except LIBRARY_ERRORS:
        return _UNKNOWN
    return Found(file=_NOWHERE, kind=Kind.PUBLIC_KEY, key=facts)


def _facts(key: PublicKeyTypes) -> KeyFacts:
    if isinstance(key, ec.EllipticCurvePublicKey):
        algorithm = f"EC {key.curve.name}"
    else:
        algorithm = type(key).__name__.removesuffix("PublicKey").lstrip("_")
    return KeyFacts(algorithm, getattr(key, "key_size", None), keys.fingerprint(key))


def _pkcs7(data: bytes, now: datetime) -> Iterator[Found]:
    try:
        with request.without_warnings():
            certificates = pkcs7.load_der_pkcs7_certificates(data)
    except LIBRARY_ERRORS:
        yield _UNKNOWN
        return
    if not certificates:
        yield Found(file=_NOWHERE, kind=Kind.OTHER)
    for certificate in certificates:
        yield _certificate(certificate, certificate.public_bytes(serialization.Encoding.DER), now)


def _signed(der: bytes, now: datetime) -> Found:
    existing = request.load(der)
    try:
        if isinstance(existing, x509.CertificateSigningRequest):
            return _request(existing, der)
        if existing:
            return _certificate(existing, der, now)
        x509.load_der_x509_crl(der)
        return Found(file=_NOWHERE, kind=Kind.OTHER)
    except (UnreadableFile, *LIBRARY_ERRORS):
        return _UNKNOWN


def _pairs(name: x509.Name) -> tuple[tuple[str, str], ...]:
    return tuple((request.attribute_name(one.oid), request.attribute_text(one)) for one in name)


def _public_key_of(existing: request.Existing) -> PublicKeyTypes | None:
    try:
        with request.without_warnings():
            return cast(PublicKeyTypes, existing.public_key())
    except LIBRARY_ERRORS:
        return None


def _certificate(certificate: x509.Certificate, der: bytes, now: datetime) -> Found:
    key = _public_key_of(certificate)
    return Found(
        file=_NOWHERE,
        kind=Kind.CERTIFICATE,
        subject=_pairs(request.subject_of(certificate)),
        issuer=_pairs(request.issuer_of(certificate)),
        key=_facts(key) if key else None,
        signature_algorithm=request.oid_name(certificate.signature_algorithm_oid),
        fingerprint=hashlib.sha256(der).hexdigest(),
        serial_number=_serial_number(certificate),
        valid_from=certificate.not_valid_before_utc,
        valid_to=certificate.not_valid_after_utc,
        is_authority=is_authority(certificate),
        warnings=tuple(check_validity(certificate, now)),
    )


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


def _serial_number(certificate: x509.Certificate) -> int:
    with request.without_warnings():
        return certificate.serial_number


def _request(csr: x509.CertificateSigningRequest, der: bytes) -> Found:
    name = request.subject_of(csr)
    key = _public_key_of(csr)
    facts = _facts(key) if key else None
    malformed = csr.public_bytes(serialization.Encoding.DER) != der
    rules = (
        RuleResult(Rule.FORM, ()),
        RuleResult(Rule.ALONE, ()),
        RuleResult(Rule.SIGNATURE, _check_signature(csr, key, der)),
        RuleResult(Rule.KEY, _check_key(facts)),
        RuleResult(Rule.HASH, _check_algorithm(csr)),
        *(RuleResult(Rule.FIELD, _check_field(f, name), f.key) for f in SUBJECT_FIELDS),
        RuleResult(Rule.ORDER, _check_order(name, malformed=malformed)),
        RuleResult(Rule.SUBJECT_EXTRAS, _check_subject_extras(name)),
        RuleResult(Rule.REQUEST_EXTRAS, _check_request_extras(csr)),
    )
    return Found(
        file=_NOWHERE,
        kind=Kind.REQUEST,
        subject=_pairs(name),
        key=facts,
        signature_algorithm=request.oid_name(csr.signature_algorithm_oid),
        rules=rules,
        problems=_problems(rules),
    )


def _check_signature(
    csr: x509.CertificateSigningRequest, key: PublicKeyTypes | None, der: bytes
) -> tuple[Problem, ...]:
    """``der``: the request as it was signed; ``csr`` may have been changed to be read."""
    try:
        with suppress(InvalidSignature):
            if _is_genuine(csr, key, der):
                return ()
    except LIBRARY_ERRORS:
        return (Problem(Code.SIGNATURE_UNCHECKED),)
    return (Problem(Code.SIGNATURE_FALSE),)


def _is_genuine(
    csr: x509.CertificateSigningRequest, key: PublicKeyTypes | None, der: bytes
) -> bool:
    """Tell it, or raise InvalidSignature, or one of LIBRARY_ERRORS if it cannot be checked."""
    part = request.signed_part(der)
    signed, parameters = der[part.start : part.end], csr.signature_algorithm_parameters
    hash_ = csr.signature_hash_algorithm
    # ``is_signature_valid`` also calls a true signature with SHA-1 or MD5 false.
    match key:
        case rsa.RSAPublicKey() if hash_:
            pad = parameters if isinstance(parameters, padding.PSS) else padding.PKCS1v15()
            key.verify(csr.signature, signed, pad, hash_)
        case ec.EllipticCurvePublicKey() if hash_:
            key.verify(csr.signature, signed, ec.ECDSA(hash_))
        case dsa.DSAPublicKey() if hash_:
            key.verify(csr.signature, signed, hash_)
        case _:
            return csr.is_signature_valid
    return True


def _check_key(facts: KeyFacts | None) -> tuple[Problem, ...]:
    if facts is None or facts.algorithm != "RSA":
        algorithm = facts.algorithm if facts else "?"
        return (Problem(Code.KEY_NOT_RSA, values={"algorithm": algorithm}),)
    if facts.bits != keys.KEY_SIZE:
        values = {"bits": facts.bits or 0, "wanted": keys.KEY_SIZE}
        return (Problem(Code.KEY_SIZE, values=values),)
    return ()


def _check_algorithm(csr: x509.CertificateSigningRequest) -> tuple[Problem, ...]:
    if csr.signature_algorithm_oid == WANTED_SIGNATURE:
        return ()
    values = {
        "algorithm": request.oid_name(csr.signature_algorithm_oid),
        "wanted": request.oid_name(WANTED_SIGNATURE),
    }
    return (Problem(Code.SIGNATURE_ALGORITHM, values=values),)


def _check_field(field: SubjectField, name: x509.Name) -> tuple[Problem, ...]:
    oid = x509.ObjectIdentifier(field.oid)
    texts = [request.attribute_text(one) for one in name.get_attributes_for_oid(oid)]
    if len(texts) > 1:
        return (Problem(Code.ATTRIBUTE_REPEATED, field.key, values={"count": len(texts)}),)
    text = texts[0] if texts else ""
    problems = check_field(field, text)
    # What is in the request is counted as it stands there, with blanks and loose accents.
    if not problems and (excess := len(text) - field.max_length) > 0:
        values = {"limit": field.max_length, "excess": excess}
        problems = [Problem(Code.TOO_LONG, field.key, values=values)]
    return tuple(problems)


def _check_order(name: x509.Name, *, malformed: bool) -> tuple[Problem, ...]:
    problems = [Problem(Code.NAME_MALFORMED)] if malformed else []
    for rdn in name.rdns:
        if len(attributes := [request.attribute_name(one.oid) for one in rdn]) > 1:
            values = {"attributes": " + ".join(attributes)}
            problems.append(Problem(Code.ATTRIBUTES_COMBINED, values=values))
    ranks = {field.oid: rank for rank, field in enumerate(SUBJECT_FIELDS)}
    rdns = [[ranks.get(one.oid.dotted_string, -1) for one in rdn] for rdn in name.rdns]
    # A set has no order, so that inside an RDN is no fault.
    given = [rank for rdn in rdns for rank in sorted(rdn) if rank >= 0]
    if given != (wanted := sorted(given)):
        values = {"given": _initials(given), "wanted": _initials(wanted)}
        problems.append(Problem(Code.ATTRIBUTE_ORDER, values=values))
    return tuple(problems)


def _initials(ranks: Iterable[int]) -> str:
    return ", ".join(SUBJECT_FIELDS[rank].initials for rank in ranks)


def _check_subject_extras(name: x509.Name) -> tuple[Problem, ...]:
    known = {field.oid for field in SUBJECT_FIELDS}
    extras = [one.oid for one in name if one.oid.dotted_string not in known]
    return tuple(
        Problem(Code.ATTRIBUTE_UNKNOWN, values={"attribute": request.attribute_name(oid)})
        for oid in dict.fromkeys(extras)
    )


_EXTENSION_REQUESTS = frozenset(("1.2.840.113549.1.9.14", "1.3.6.1.4.1.311.2.1.14"))
"""PKCS #9 (RFC 2985, 5.4.2), and Microsoft's own from before."""


def _check_request_extras(csr: x509.CertificateSigningRequest) -> tuple[Problem, ...]:
    try:
        with request.without_warnings():
            attributes = [attribute.oid for attribute in csr.attributes]
            extensions = [extension.oid for extension in csr.extensions]
    except LIBRARY_ERRORS:
        return _DAMAGED
    return (
        *(
            Problem(Code.REQUEST_ATTRIBUTE, values={"attribute": request.oid_name(oid)})
            for oid in attributes
            if oid.dotted_string not in _EXTENSION_REQUESTS
        ),
        *(
            Problem(Code.EXTENSION, values={"extension": request.oid_name(oid)})
            for oid in extensions
        ),
    )
