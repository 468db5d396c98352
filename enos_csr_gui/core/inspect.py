"""What is in a file, whether EnOS would take a request in it, and what belongs to what.

Nothing is opened that needs a passphrase: a protected key and a keystore are recognised from
outside, so that no file can keep the computer busy with deriving keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from enos_csr_gui.core import (
    asn1,
    contents,
    csr_rules,
    distinguished_name,
    foreign_keys,
    key_reader,
    library,
    reader,
    serials,
    x509_reader,
)
from enos_csr_gui.core.asn1 import SEQUENCE, Tlv
from enos_csr_gui.core.csr_rules import DAMAGED, KeyFacts, RuleResult
from enos_csr_gui.core.distinguished_name import Name
from enos_csr_gui.core.enums import ContentKind, Rule
from enos_csr_gui.core.errors import Code, Problem, UnreadableFile
from enos_csr_gui.core.reader import ApiAnswer, Found, Reading, Shape
from enos_csr_gui.core.x509_reader import (
    Certificate,
    PublicKey,
    Request,
    check_validity,
)

_MAX_SHOWN = 500
"""As many characters of one value are shown; EnOS takes 64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedItem:
    """One thing in a file, as people read it; None or empty is what it has not got.

    ``problems`` say why it cannot be read, or why EnOS refuses the request; ``warnings`` what else
    its owner should know, and where a request differs from the manual. ``protected``: by a
    passphrase, and not opened. ``form``: None also for what has to be unpacked or changed first.
    ``is_authority``: a certificate that issues others;
    ``is_self_signed``: one that is signed with its own key.
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
    is_self_signed: bool = False
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
    paths = list(paths)
    # First: the window shows only so many.
    found = [
        InspectedItem(file=one.path or _NOWHERE, kind=ContentKind.UNKNOWN, problems=(one,))
        for one in contents.left_out(paths)
    ]
    for path in contents.unfold(paths):
        try:
            found += inspect(path, contents.read(path).data)
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
    reading = reader.read(data)
    found = [replace(one, file=file) for one in _things(reading, now)]
    found += [
        InspectedItem(file=file, kind=ContentKind.UNKNOWN, problems=(problem,))
        for problem in reading.problems
    ]
    if all(
        one.kind in (ContentKind.OTHER, ContentKind.UNKNOWN) and not one.problems for one in found
    ):
        empty = not data.strip()
        problem = Problem(Code.FILE_EMPTY if empty else Code.NOTHING_KNOWN, path=file)
        found = [one for one in found if one.kind is ContentKind.OTHER]
        found.append(InspectedItem(file=file, kind=ContentKind.UNKNOWN, problems=(problem,)))
    # Beside what is known, the rest of an archive or an e-mail is of no interest.
    found = [one for one in found if one.kind is not ContentKind.UNKNOWN or one.problems]
    if any(one.kind is ContentKind.PRIVATE_KEY for one in found):
        inside = RuleResult(Rule.ALONE, (Problem(Code.KEY_INSIDE, path=file),))
        found = [_with_rule(one, inside) for one in found]
    return found


def _with_rule(found: InspectedItem, result: RuleResult) -> InspectedItem:
    """Return a request with another result of one of its rules; other things as they are."""
    rules = tuple(result if one.rule is result.rule else one for one in found.rules)
    return replace(found, rules=rules, problems=_problems(rules)) if rules else found


def _problems(rules: Iterable[RuleResult]) -> tuple[Problem, ...]:
    return tuple(problem for result in rules for problem in result.problems)


def _warnings(rules: Iterable[RuleResult]) -> tuple[Problem, ...]:
    return tuple(problem for result in rules for problem in result.warnings)


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

_SECRET = (Problem(Code.SECRET_INSIDE),)

_PERHAPS_SECRET = (Problem(Code.SECRET_POSSIBLE),)


def _things(reading: Reading, now: datetime) -> Iterator[InspectedItem]:
    """Yield what each object is, without the name of the file."""
    for one in reading.found:
        if one.label is not None:
            thing = replace(_in_block(one, now), label=one.label)
        else:
            thing = _in_der(one, now) if one.der else _in_raw(one.raw)
        if thing is not _UNKNOWN:
            thing = replace(thing, form=_FORMS.get(one.shape))
        yield _with_answers(thing, one, reading.answers)


_FORMS: dict[Shape, Literal["PEM", "DER"]] = {
    Shape.PEM: "PEM",
    Shape.LOOSE_PEM: "PEM",
    Shape.DER: "DER",
}


def _with_answers(
    thing: InspectedItem, found: Found, answers: Sequence[ApiAnswer]
) -> InspectedItem:
    """Return the certificate of a device with what the answer of the EnOS API says about it."""
    if thing.kind is not ContentKind.CERTIFICATE or thing.is_authority or thing.is_self_signed:
        return thing
    match x509_reader.load(found.der or b"") if answers else None:
        case Certificate() as certificate:
            return replace(thing, warnings=(*check_serial(certificate, answers), *thing.warnings))
    return thing


def check_serial(certificate: Certificate, answers: Iterable[ApiAnswer]) -> list[Problem]:
    """Return the problem that the answers of the EnOS API name another serial number."""
    given = [one.serial for one in answers if one.serial]
    number = certificate.serial_number
    if not given or any(serials.is_same(one, number) for one in given):
        return []
    values = {"given": given[0], "serial": serials.written(number)}
    return [Problem(Code.SERIAL_DIFFERS, values=values)]


_LABELS = (
    # Endings of PEM labels (RFC 7468; OpenSSL's pem.h), the first that fits.
    ("PRIVATE KEY", ContentKind.PRIVATE_KEY),
    ("PUBLIC KEY", ContentKind.PUBLIC_KEY),
    ("CERTIFICATE REQUEST", ContentKind.REQUEST),
    ("CERTIFICATE", ContentKind.CERTIFICATE),
    ("PKCS12", ContentKind.PKCS12),
)


def _in_block(one: Found, now: datetime) -> InspectedItem:
    label = one.label or ""
    kind = next((kind for end, kind in _LABELS if label.endswith(end)), ContentKind.OTHER)
    if one.der and b"ENCRYPTED" in one.headers:
        return _private_key(None, protected=True)
    if one.der and one.der.startswith(b"openssh-key-v1\0"):
        # Not loaded: the library makes sure of its primes, which may take long.
        public = foreign_keys.openssh_public_key(one.der)
        return _private_key(public, protected=_SSH_UNPROTECTED not in one.der)
    if one.der and (thing := _in_der(one, now)) is not _UNKNOWN:
        return thing
    if kind is ContentKind.OTHER and one.der is not None:
        return InspectedItem(file=_NOWHERE, kind=kind)
    if kind is ContentKind.PRIVATE_KEY:
        return replace(_private_key(None), problems=() if _is_der(one.der) else DAMAGED)
    return InspectedItem(file=_NOWHERE, kind=kind, problems=DAMAGED)


def _is_der(der: bytes | None) -> bool:
    with suppress(ValueError):
        return bool(der) and len(list(islice(asn1.der_values(der or b""), 2))) == 1
    return False


_STORES = (b"\xfe\xed\xfe\xed\x00\x00", b"\xce\xce\xce\xce\x00\x00")  # JKS, JCEKS

_PKCS12_IN_BER = b"\x30\x80\x02\x01\x03\x30"  # as other programs than OpenSSL write it

_SSH_UNPROTECTED = b"openssh-key-v1\0\0\0\0\x04none"  # OpenSSH, PROTOCOL.key

_DSA = bytes.fromhex("06072a8648ce380401")  # OID 1.2.840.10040.4.1

_RSA_PSS = bytes.fromhex("06092a864886f70d01010a")  # OID 1.2.840.113549.1.1.10

_PKCS7 = bytes.fromhex("06092a864886f70d0107")  # the beginning of OID 1.2.840.113549.1.7.x


def _in_raw(raw: bytes) -> InspectedItem:
    """Return what bytes are that are neither PEM nor DER."""
    if raw.startswith(_STORES):
        return _secret_store(ContentKind.JAVA_KEYSTORE)
    if (form := foreign_keys.conversion(raw)) is not None:
        public = foreign_keys.public_key(raw)
        return replace(_private_key(public), warnings=(*_SECRET, *form))
    if key := foreign_keys.ssh_public_text(raw):
        return InspectedItem(file=_NOWHERE, kind=ContentKind.PUBLIC_KEY, key=_facts_of(key))
    return _UNKNOWN


def _in_der(one: Found, now: datetime) -> InspectedItem:
    """Return what one value of DER is; ``_UNKNOWN`` if nothing known."""
    data = one.der or b""
    if data.startswith(_PKCS12_IN_BER):
        return _secret_store(ContentKind.PKCS12)
    try:
        whole = next(asn1.der_values(data))
        inside = list(islice(asn1.der_values(data, whole.inside, whole.end), 9))
    except (ValueError, StopIteration):
        return _UNKNOWN
    tags = tuple(one.tag for one in inside) if whole.tag == SEQUENCE else ()
    # Tags as X.690, 8.2 numbers them: 2 integer, 3 bit string, 4 octets, 6 object identifier.
    match tags:
        case (0x30, 0x30, 0x03):
            return _signed(one, now)
        case (0x30, 0x04):
            return _private_key(None, protected=True)
        case (0x30, 0x03) | (0x02, 0x02):
            return _public_key(data)
        case (0x02, 0x30, *_) if data.startswith(_PKCS7, inside[1].inside):
            return _secret_store(ContentKind.PKCS12)
        case (0x06, 0xA0) if data.startswith(_PKCS7, inside[0].start):
            return InspectedItem(file=_NOWHERE, kind=ContentKind.OTHER)  # without certificates
        case (0x02, 0x30, 0x04, *_) if data.startswith(_DSA, inside[1].inside):
            return _dsa_key(data, inside[1], inside[2])
        case (0x02, 0x30, 0x04, *_) | (0x02, 0x04, *_) | (2, 2, 2, 2, 2, 2, 2, 2, 2):
            restricted = tags[1] == SEQUENCE and data.startswith(_RSA_PSS, inside[1].inside)
            return _restricted(_load_private_key(data)) if restricted else _load_private_key(data)
        case (0x02, 0x02, 0x02, 0x02, 0x02, 0x02):  # DSA's own form
            p, q, g, y = (asn1.unsigned(data, one) for one in inside[1:5])
            return _private_key(_dsa_public_key(p, q, g, y))
        case _:
            return _UNKNOWN


def _secret_store(kind: ContentKind) -> InspectedItem:
    return InspectedItem(file=_NOWHERE, kind=kind, protected=True, warnings=_PERHAPS_SECRET)


def _private_key(public: PublicKeyTypes | None, *, protected: bool = False) -> InspectedItem:
    return InspectedItem(
        file=_NOWHERE,
        kind=ContentKind.PRIVATE_KEY,
        key=_facts_of(public) if public else None,
        protected=protected,
        warnings=_SECRET,
    )


def _facts_of(key: PublicKeyTypes) -> KeyFacts:
    spki = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return _facts(PublicKey(spki))


_MAX_DSA_BITS, _MAX_DSA_SECRET_BITS = 4096, 512
"""NIST (FIPS 186-4, 4.2) has up to 3072 and 256; beyond, to find the public key may take long."""


def _dsa_key(data: bytes, algorithm: Tlv, content: Tlv) -> InspectedItem:
    """Return what a DSA key in PKCS #8 is: its public key is not in it, but found from it."""
    with suppress(ValueError, StopIteration):
        _oid, parameters = asn1.der_values(data, algorithm.inside, algorithm.end)
        p, q, g = (
            asn1.unsigned(data, one)
            for one in asn1.der_values(data, parameters.inside, parameters.end)
        )
        x = asn1.unsigned(data, next(asn1.der_values(data, content.inside, content.end)))
        if 0 < p.bit_length() <= _MAX_DSA_BITS and x.bit_length() <= _MAX_DSA_SECRET_BITS:
            return _private_key(_dsa_public_key(p, q, g, pow(g, x, p)))
    return _private_key(None)


def _dsa_public_key(p: int, q: int, g: int, y: int) -> PublicKeyTypes | None:
    if max(map(int.bit_length, (p, q, g, y))) > _MAX_DSA_BITS:
        return None
    with suppress(*library.ERRORS):
        numbers = dsa.DSAPublicNumbers(y, dsa.DSAParameterNumbers(p, q, g))
        return library.call(numbers.public_key)
    return None


def _load_private_key(der: bytes) -> InspectedItem:
    if len(der) > _MAX_KEY_BYTES:
        return _private_key(None)
    try:
        with library.without_warnings():
            # Whether the numbers of an RSA key are primes is no matter here, and may take long.
            load = partial(
                serialization.load_der_private_key, der, None, unsafe_skip_rsa_key_validation=True
            )
            return _private_key(library.call(lambda: load().public_key()))
    except library.ERRORS:
        return _with_several_primes(der) or replace(_private_key(None), problems=DAMAGED)


def _with_several_primes(der: bytes) -> InspectedItem | None:
    """Return what an RSA key with more than two primes is; None of anything else."""
    with suppress(*library.ERRORS):
        if numbers := key_reader.several_primes(der):
            found = _private_key(numbers.public_key())
            return replace(found, warnings=(*found.warnings, Problem(Code.KEY_PRIMES)))
    return None


def _restricted(found: InspectedItem) -> InspectedItem:
    """Return an RSA key with what is known of its restriction to RSASSA-PSS (RFC 4055, 1.2)."""
    key = found.key._replace(algorithm="RSA-PSS") if found.key else None
    return replace(found, key=key, warnings=(*found.warnings, Problem(Code.KEY_PSS)))


_MAX_KEY_BYTES = 20_000
"""An RSA key of 16,384 bits has half as many."""


def _public_key(data: bytes) -> InspectedItem:
    key = PublicKey(data)
    if key.algorithm != "?":
        facts = _facts(key)
    elif key.loaded:  # the form that only RSA has (RFC 8017, A.1.1)
        facts = _facts_of(key.loaded)
    else:
        return _UNKNOWN
    return InspectedItem(file=_NOWHERE, kind=ContentKind.PUBLIC_KEY, key=facts)


def _facts(key: PublicKey) -> KeyFacts:
    return KeyFacts(key.algorithm, key.bits, key.public_key_sha256)


_TIMES = (0x17, 0x18)


def _signed(one: Found, now: datetime) -> InspectedItem:
    der = one.der or b""
    match x509_reader.load(der):
        case Request() as request:
            return _request(request, one.shape)
        case Certificate() as certificate:
            return _certificate(certificate, now)
        case _:
            return (
                InspectedItem(file=_NOWHERE, kind=ContentKind.OTHER) if _is_crl(der) else _UNKNOWN
            )


def _is_crl(der: bytes) -> bool:
    """Tell whether it is a revocation list (RFC 5280, 5.1): a name, and then a time."""
    with suppress(ValueError, StopIteration):
        whole = next(asn1.der_values(der))
        signed = next(asn1.der_values(der, whole.inside, whole.end))
        tags = [one.tag for one in islice(asn1.der_values(der, signed.inside, signed.end), 4)]
        return any(tags[start : start + 2] == [SEQUENCE] * 2 for start in (0, 1)) and any(
            tag in _TIMES for tag in tags[2:]
        )
    return False


def _pairs(name: Name) -> tuple[tuple[str, str], ...]:
    return tuple((distinguished_name.attribute_name(one.oid), _shown(one.text)) for one in name)


def _shown(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def _certificate(certificate: Certificate, now: datetime) -> InspectedItem:
    odd = certificate.check_dates()
    return InspectedItem(
        file=_NOWHERE,
        kind=ContentKind.CERTIFICATE,
        subject=_pairs(certificate.subject),
        issuer=_pairs(certificate.issuer),
        key=_facts(certificate.key),
        signature_algorithm=distinguished_name.oid_name(certificate.signature_algorithm),
        certificate_sha256=certificate.sha256,
        serial_number=certificate.serial_number,
        valid_from=None if odd else certificate.not_valid_before_utc,
        valid_to=None if odd else certificate.not_valid_after_utc,
        is_authority=certificate.is_authority,
        is_self_signed=certificate.is_self_signed,
        problems=tuple(odd),
        warnings=_certificate_warnings(certificate, now),
    )


def _certificate_warnings(certificate: Certificate, now: datetime) -> tuple[Problem, ...]:
    validity = [] if certificate.check_dates() else check_validity(certificate, now)
    if certificate.is_authority and [one.code for one in validity] == [Code.CERTIFICATE_EXPIRED]:
        # Not for its reader to renew.
        name = (certificate.subject.texts("2.5.4.3") or [""])[0]
        date = certificate.not_valid_after_utc.date().isoformat()
        validity = [Problem(Code.CHAIN_EXPIRED, values={"issuer": _shown(name), "date": date})]
    repeated = csr_rules.check_repeated(certificate.extensions)
    return (*validity, *distinguished_name.check_texts(certificate.subject), *repeated)


def _request(request: Request, shape: Shape) -> InspectedItem:
    rules = csr_rules.check(request, shape)
    return InspectedItem(
        file=_NOWHERE,
        kind=ContentKind.REQUEST,
        subject=_pairs(request.subject),
        key=_facts(request.key),
        signature_algorithm=distinguished_name.oid_name(request.signature_algorithm),
        rules=rules,
        problems=_problems(rules),
        warnings=_warnings(rules),
    )
