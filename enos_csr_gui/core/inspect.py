"""What is in a file, whether EnOS would take a request in it, and what belongs to what.

Nothing is opened that needs a passphrase: a protected key and a keystore are recognised from
outside, so that no file can keep the computer busy with deriving keys.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Literal, cast

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import pkcs7

from enos_csr_gui.core import asn1, files, keys, x509_reader
from enos_csr_gui.core.asn1 import SEQUENCE, PemBlock
from enos_csr_gui.core.csr_rules import (
    DAMAGED,
    KeyFacts,
    RuleResult,
    check_algorithm,
    check_csr_field,
    check_key,
    check_order,
    check_request_extras,
    check_signature,
    check_subject_extras,
)
from enos_csr_gui.core.enums import ContentKind, Rule
from enos_csr_gui.core.errors import Code, Problem, UnreadableFile
from enos_csr_gui.core.subject import SUBJECT_FIELDS
from enos_csr_gui.core.x509_reader import LIBRARY_ERRORS, check_validity, is_authority

MAX_OBJECTS = 500
"""As many objects of one file are looked at; all certificates that browsers trust are 150."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedItem:
    """One thing in a file, as people read it; None or empty is what it has not got.

    ``problems`` say why it cannot be read, or why EnOS would not take the request; ``warnings``
    what else its owner should know. ``protected``: by a passphrase, and not opened.
    ``is_authority``: a certificate that issues others.
    """

    file: Path
    kind: ContentKind
    form: Literal["PEM", "DER"] | None = None
    label: str | None = None
    subject: tuple[tuple[str, str], ...] | None = None
    issuer: tuple[tuple[str, str], ...] | None = None
    key: KeyFacts | None = None
    signature_algorithm: str | None = None
    certificate_sha256: str | None = None
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
        return not self.problems if self.kind is ContentKind.REQUEST else None


def inspect_files(paths: Iterable[Path]) -> list[InspectedItem]:
    """Return everything found in the files; one that cannot be read is an unknown thing.

    Raises nothing about what is in them.
    """
    found: list[InspectedItem] = []
    for path in paths:
        try:
            found += inspect(path, files.read(path))
        except UnreadableFile as error:
            found.append(
                InspectedItem(file=path, kind=ContentKind.UNKNOWN, problems=error.problems)
            )
    return found


def inspect(file: Path, data: bytes, *, now: datetime | None = None) -> list[InspectedItem]:
    """Return everything found in ``data``, the content of ``file``; at least one thing.

    ``now`` is the moment at which certificates are judged.
    """
    now = now or datetime.now(UTC)
    found = [replace(one, file=file) for one in _things(data, now)]
    if all(
        one.kind in (ContentKind.OTHER, ContentKind.UNKNOWN) and not one.problems for one in found
    ):
        empty = not data.strip()
        problem = Problem(Code.FILE_EMPTY if empty else Code.NOTHING_KNOWN, path=file)
        found = [one for one in found if one.kind is ContentKind.OTHER]
        found.append(InspectedItem(file=file, kind=ContentKind.UNKNOWN, problems=(problem,)))
    if any(one.kind is ContentKind.PRIVATE_KEY for one in found):
        inside = RuleResult(Rule.ALONE, (Problem(Code.KEY_INSIDE, path=file),))
        found = [_with_rule(one, inside) for one in found]
    return found


def _with_rule(found: InspectedItem, result: RuleResult) -> InspectedItem:
    """Return a request with another result of one of its rules; other things as they are."""
    rules = tuple(result if one.rule is result.rule else one for one in found.rules)
    if not rules:
        return found
    return replace(found, rules=rules, problems=_problems(rules))


def _problems(rules: Iterable[RuleResult]) -> tuple[Problem, ...]:
    return tuple(problem for result in rules for problem in result.problems)


def is_in_order(found: Iterable[InspectedItem]) -> bool:
    """Tell whether every request is acceptable and every file, and what it holds, readable."""
    return not any(one.problems for one in found)


def companions(found: Sequence[InspectedItem]) -> list[tuple[int, ...]]:
    """Return, for each thing, the places in ``found`` of the others with the same public key."""
    by_key: dict[str, list[int]] = {}
    for place, one in enumerate(found):
        if one.key:
            by_key.setdefault(one.key.public_key_sha256, []).append(place)
    return [
        tuple(other for other in by_key[one.key.public_key_sha256] if other != place)
        if one.key
        else ()
        for place, one in enumerate(found)
    ]


_NOWHERE = Path()


_UNKNOWN = InspectedItem(file=_NOWHERE, kind=ContentKind.UNKNOWN)


_IN_DER = frozenset(ContentKind) - {ContentKind.UNKNOWN, ContentKind.JAVA_KEYSTORE}


_SECRET = (Problem(Code.SECRET_INSIDE),)


_PERHAPS_SECRET = (Problem(Code.SECRET_POSSIBLE),)


def _things(data: bytes, now: datetime) -> Iterator[InspectedItem]:
    """Yield what is found, without the name of the file."""
    not_pem = RuleResult(Rule.FORM, (Problem(Code.NOT_PEM),))
    plain = asn1.pem_text(data) is data
    number = 0
    for number, block in enumerate(asn1.pem_blocks(data), start=1):
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
    ("PRIVATE KEY", ContentKind.PRIVATE_KEY),
    ("PUBLIC KEY", ContentKind.PUBLIC_KEY),
    ("CERTIFICATE REQUEST", ContentKind.REQUEST),
    ("CERTIFICATE", ContentKind.CERTIFICATE),
    ("PKCS12", ContentKind.PKCS12),
)


def _in_block(block: PemBlock, now: datetime) -> Iterator[InspectedItem]:
    kind = next((kind for end, kind in _LABELS if block.label.endswith(end)), ContentKind.OTHER)
    if b"ENCRYPTED" in block.headers and block.der:
        yield _private_key(None, protected=True)
    elif block.label == "OPENSSH PRIVATE KEY" and block.der:
        # Not loaded: the library makes sure of its primes, which may take long.
        yield _private_key(None, protected=_SSH_UNPROTECTED not in block.der)
    elif things := _known(_in_der(block.der or b"", now, trailing=kind is ContentKind.CERTIFICATE)):
        yield from things
    elif kind is ContentKind.OTHER and block.der is not None:
        yield InspectedItem(file=_NOWHERE, kind=kind)
    elif kind is ContentKind.PRIVATE_KEY:
        yield replace(_private_key(None), problems=DAMAGED)
    else:
        yield InspectedItem(file=_NOWHERE, kind=kind, problems=DAMAGED)


def _known(things: Iterable[InspectedItem]) -> list[InspectedItem]:
    return [one for one in things if one.kind is not ContentKind.UNKNOWN]


_STORES = (
    (b"\xfe\xed\xfe\xed\x00\x00", ContentKind.JAVA_KEYSTORE),  # JKS
    (b"\xce\xce\xce\xce\x00\x00", ContentKind.JAVA_KEYSTORE),  # JCEKS
    (b"\x30\x80\x02\x01\x03\x30", ContentKind.PKCS12),  # in BER, as other programs than OpenSSL do
)


_SSH_UNPROTECTED = b"openssh-key-v1\0\0\0\0\x04none"  # OpenSSH, PROTOCOL.key


_DSA = bytes.fromhex("06072a8648ce380401")  # OID 1.2.840.10040.4.1


_PKCS7 = bytes.fromhex("06092a864886f70d0107")  # the beginning of OID 1.2.840.113549.1.7.x


def _in_der(data: bytes, now: datetime, *, trailing: bool = False) -> Iterator[InspectedItem]:
    """Yield what the DER holds: one thing, an unknown one at worst, or the certificates of PKCS #7.

    ``trailing``: OpenSSL's 'TRUSTED CERTIFICATE' goes on after the certificate.
    """
    if stores := [kind for beginning, kind in _STORES if data.startswith(beginning)]:
        yield _secret_store(stores[0])
        return
    try:
        outer = list(islice(asn1.der_values(data), 2))
        if trailing and outer:
            data, outer = data[: outer[0].end], outer[:1]
        [whole] = outer
        inside = list(islice(asn1.der_values(data, whole.inside, whole.end), 9))
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
            yield _secret_store(ContentKind.PKCS12)
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


def _secret_store(kind: ContentKind) -> InspectedItem:
    return InspectedItem(file=_NOWHERE, kind=kind, protected=True, warnings=_PERHAPS_SECRET)


def _private_key(key: PrivateKeyTypes | None, *, protected: bool = False) -> InspectedItem:
    return InspectedItem(
        file=_NOWHERE,
        kind=ContentKind.PRIVATE_KEY,
        key=_facts(key.public_key()) if key else None,
        protected=protected,
        warnings=_SECRET,
    )


def _load_private_key(der: bytes) -> InspectedItem:
    try:
        with x509_reader.without_warnings():
            # Whether the numbers of an RSA key are primes is no matter here, and may take long.
            key = serialization.load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
            return _private_key(key)
    except LIBRARY_ERRORS:
        return replace(_private_key(None), problems=DAMAGED)


def _public_key(data: bytes) -> InspectedItem:
    try:
        with x509_reader.without_warnings():
            facts = _facts(serialization.load_der_public_key(data))
    except LIBRARY_ERRORS:
        return _UNKNOWN
    return InspectedItem(file=_NOWHERE, kind=ContentKind.PUBLIC_KEY, key=facts)


def _facts(key: PublicKeyTypes) -> KeyFacts:
    if isinstance(key, ec.EllipticCurvePublicKey):
        algorithm = f"EC {key.curve.name}"
    else:
        algorithm = type(key).__name__.removesuffix("PublicKey").lstrip("_")
    return KeyFacts(algorithm, getattr(key, "key_size", None), keys.public_key_sha256(key))


def _pkcs7(data: bytes, now: datetime) -> Iterator[InspectedItem]:
    try:
        with x509_reader.without_warnings():
            certificates = pkcs7.load_der_pkcs7_certificates(data)
    except LIBRARY_ERRORS:
        yield _UNKNOWN
        return
    if not certificates:
        yield InspectedItem(file=_NOWHERE, kind=ContentKind.OTHER)
    for certificate in certificates:
        yield _certificate(certificate, certificate.public_bytes(serialization.Encoding.DER), now)


def _signed(der: bytes, now: datetime) -> InspectedItem:
    existing = x509_reader.load(der)
    try:
        if isinstance(existing, x509.CertificateSigningRequest):
            return _request(existing, der)
        if existing:
            return _certificate(existing, der, now)
        x509.load_der_x509_crl(der)
        return InspectedItem(file=_NOWHERE, kind=ContentKind.OTHER)
    except (UnreadableFile, *LIBRARY_ERRORS):
        return _UNKNOWN


def _pairs(name: x509.Name) -> tuple[tuple[str, str], ...]:
    return tuple(
        (x509_reader.attribute_name(one.oid), x509_reader.attribute_text(one)) for one in name
    )


def _public_key_of(existing: x509_reader.Existing) -> PublicKeyTypes | None:
    try:
        with x509_reader.without_warnings():
            return cast(PublicKeyTypes, existing.public_key())
    except LIBRARY_ERRORS:
        return None


def _certificate(certificate: x509.Certificate, der: bytes, now: datetime) -> InspectedItem:
    key = _public_key_of(certificate)
    return InspectedItem(
        file=_NOWHERE,
        kind=ContentKind.CERTIFICATE,
        subject=_pairs(x509_reader.subject_of(certificate)),
        issuer=_pairs(x509_reader.issuer_of(certificate)),
        key=_facts(key) if key else None,
        signature_algorithm=x509_reader.oid_name(certificate.signature_algorithm_oid),
        certificate_sha256=hashlib.sha256(der).hexdigest(),
        serial_number=_serial_number(certificate),
        valid_from=certificate.not_valid_before_utc,
        valid_to=certificate.not_valid_after_utc,
        is_authority=is_authority(certificate),
        warnings=tuple(check_validity(certificate, now)),
    )


def _serial_number(certificate: x509.Certificate) -> int:
    with x509_reader.without_warnings():
        return certificate.serial_number


def _request(csr: x509.CertificateSigningRequest, der: bytes) -> InspectedItem:
    name = x509_reader.subject_of(csr)
    key = _public_key_of(csr)
    facts = _facts(key) if key else None
    malformed = csr.public_bytes(serialization.Encoding.DER) != der
    rules = (
        RuleResult(Rule.FORM, ()),
        RuleResult(Rule.ALONE, ()),
        RuleResult(Rule.SIGNATURE, check_signature(csr, key, der)),
        RuleResult(Rule.KEY, check_key(facts)),
        RuleResult(Rule.HASH, check_algorithm(csr)),
        *(RuleResult(Rule.FIELD, check_csr_field(f, name), f.key) for f in SUBJECT_FIELDS),
        RuleResult(Rule.ORDER, check_order(name, malformed=malformed)),
        RuleResult(Rule.SUBJECT_EXTRAS, check_subject_extras(name)),
        RuleResult(Rule.REQUEST_EXTRAS, check_request_extras(csr)),
    )
    return InspectedItem(
        file=_NOWHERE,
        kind=ContentKind.REQUEST,
        subject=_pairs(name),
        key=facts,
        signature_algorithm=x509_reader.oid_name(csr.signature_algorithm_oid),
        rules=rules,
        problems=_problems(rules),
    )
