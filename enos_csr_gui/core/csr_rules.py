"""What EnOS demands of a request, one function per rule, and how much weight each breach has.

``RULES`` is the one table of levels and evidence; ``enos-csr rules`` and the user guide show it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from cryptography.x509.oid import SignatureAlgorithmOID

from enos_csr_gui.core import keys
from enos_csr_gui.core.distinguished_name import MAX_ATTRIBUTES, Name, attribute_name, oid_name
from enos_csr_gui.core.enums import Evidence, Level, Rule
from enos_csr_gui.core.errors import Code, Problem
from enos_csr_gui.core.reader import Shape
from enos_csr_gui.core.subject import SUBJECT_FIELDS, SubjectField, check_field
from enos_csr_gui.core.x509_reader import (
    EXTENSION_REQUESTS,
    Extension,
    PublicKey,
    Request,
    UnknownSignature,
)

WANTED_SIGNATURE = SignatureAlgorithmOID.RSA_WITH_SHA256.dotted_string
"""The manual's step 2: ``-sha256`` with an RSA key."""


class Breach(NamedTuple):
    """One way to break a rule: the problem that it makes, its level, and how that is known."""

    rule: Rule
    code: Code
    level: Level
    evidence: Evidence


RULES: tuple[Breach, ...] = (
    # The API takes the request as a PEM string (Connection Service API, Apply Certificate).
    Breach(Rule.FORM, Code.NOT_PEM, Level.REFUSED, Evidence.MANUAL),
    Breach(Rule.FORM, Code.LOOSE_PEM, Level.DIFFERS, Evidence.NOT_KNOWN),
    Breach(Rule.ALONE, Code.KEY_INSIDE, Level.REFUSED, Evidence.SECURITY),
    Breach(Rule.SIGNATURE, Code.SIGNATURE_FALSE, Level.REFUSED, Evidence.SECURITY),
    Breach(Rule.SIGNATURE, Code.SIGNATURE_UNCHECKED, Level.REFUSED, Evidence.SECURITY),
    # The same API: authority RSA demands a 2048-bit RSA key and SHA256withRSA.
    Breach(Rule.KEY, Code.KEY_NOT_RSA, Level.REFUSED, Evidence.MANUAL),
    Breach(Rule.KEY, Code.KEY_UNREADABLE, Level.REFUSED, Evidence.MANUAL),
    Breach(Rule.KEY, Code.KEY_SIZE, Level.REFUSED, Evidence.MANUAL),
    Breach(Rule.HASH, Code.SIGNATURE_ALGORITHM, Level.REFUSED, Evidence.MANUAL),
    # The manual's table of the fields: which are mandatory, and their lengths.
    Breach(Rule.FIELD, Code.REQUIRED, Level.REFUSED, Evidence.MANUAL),
    Breach(Rule.FIELD, Code.TOO_LONG, Level.REFUSED, Evidence.MANUAL),
    # The request on the page Renew Certificate has the e-mail address '0yxkVcjper' (certSN 52771).
    Breach(Rule.FIELD, Code.NOT_AN_ADDRESS, Level.DIFFERS, Evidence.ISSUED),
    Breach(Rule.FIELD, Code.NOT_A_COUNTRY, Level.DIFFERS, Evidence.NOT_KNOWN),
    Breach(Rule.FIELD, Code.NOT_ASCII, Level.DIFFERS, Evidence.NOT_KNOWN),
    Breach(Rule.FIELD, Code.CONTROL_CHARACTER, Level.DIFFERS, Evidence.NOT_KNOWN),
    Breach(Rule.FIELD, Code.LINE_BREAK, Level.DIFFERS, Evidence.NOT_KNOWN),
    Breach(Rule.FIELD, Code.INVISIBLE_CHARACTER, Level.DIFFERS, Evidence.NOT_KNOWN),
    Breach(Rule.FIELD, Code.BROKEN_CHARACTER, Level.DIFFERS, Evidence.NOT_KNOWN),
    Breach(Rule.FIELD, Code.TEXT_MISREAD, Level.DIFFERS, Evidence.NOT_KNOWN),
    Breach(Rule.FIELD, Code.ATTRIBUTE_REPEATED, Level.DIFFERS, Evidence.NOT_KNOWN),
    # The same request has CN before OU; EnOS's enos-cert-tool writes O before L.
    Breach(Rule.ORDER, Code.ATTRIBUTE_ORDER, Level.DIFFERS, Evidence.ISSUED),
    Breach(Rule.ORDER, Code.ATTRIBUTES_COMBINED, Level.DIFFERS, Evidence.NOT_KNOWN),
    Breach(Rule.ORDER, Code.NAME_MALFORMED, Level.DIFFERS, Evidence.NOT_KNOWN),
    Breach(Rule.ORDER, Code.TOO_MANY_ATTRIBUTES, Level.DIFFERS, Evidence.NOT_KNOWN),
    Breach(Rule.SUBJECT_EXTRAS, Code.ATTRIBUTE_UNKNOWN, Level.DIFFERS, Evidence.NOT_KNOWN),
    # EnOS's C SDK writes version 2; its test data has the certificate for such a request.
    Breach(Rule.VERSION, Code.REQUEST_VERSION, Level.DIFFERS, Evidence.ISSUED),
    # keytool -certreq asks for subjectKeyIdentifier, Windows adds attributes of its own; EnOS's
    # Java quick start makes its requests with the library of keytool.
    Breach(Rule.REQUEST_EXTRAS, Code.EXTENSION, Level.DIFFERS, Evidence.EXAMPLE),
    # EnOS copies no extension of a request into the certificate.
    Breach(Rule.REQUEST_EXTRAS, Code.EXTENSION_REPEATED, Level.DIFFERS, Evidence.NOT_KNOWN),
    Breach(Rule.REQUEST_EXTRAS, Code.REQUEST_ATTRIBUTE, Level.DIFFERS, Evidence.NOT_KNOWN),
    Breach(Rule.REQUEST_EXTRAS, Code.ATTRIBUTES_MISSING, Level.DIFFERS, Evidence.NOT_KNOWN),
    Breach(Rule.REQUEST_EXTRAS, Code.ATTRIBUTES_UNREADABLE, Level.DIFFERS, Evidence.NOT_KNOWN),
)
"""Every breach of a rule that can be reported, in the order of the rules."""

_LEVELS = {breach.code: breach.level for breach in RULES}


class RuleResult(NamedTuple):
    """One rule, and in what the request breaks it.

    ``problems`` are why EnOS refuses the request; ``warnings`` are where it differs from the manual
    only.
    """

    rule: Rule
    problems: tuple[Problem, ...] = ()
    field: str | None = None
    warnings: tuple[Problem, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing in it makes EnOS refuse the request."""
        return not self.problems

    @property
    def level(self) -> Level:
        """The level of what is found."""
        if self.problems:
            return Level.REFUSED
        return Level.DIFFERS if self.warnings else Level.IN_ORDER


def judged(rule: Rule, found: Iterable[Problem], field: str | None = None) -> RuleResult:
    """Return the result of a rule, what was found being sorted by ``RULES``."""
    problems: list[Problem] = []
    warnings: list[Problem] = []
    for one in found:
        (problems if _LEVELS[one.code] is Level.REFUSED else warnings).append(one)
    return RuleResult(rule, tuple(problems), field, tuple(warnings))


class KeyFacts(NamedTuple):
    """A public key: 'RSA', 'EC secp256r1'...; its size in bits (None: the algorithm has one);
    the SHA-256 of its SubjectPublicKeyInfo in hex, the same for the private key."""

    algorithm: str
    bits: int | None
    public_key_sha256: str


DAMAGED = (Problem(Code.DAMAGED),)


def check(request: Request, shape: Shape) -> tuple[RuleResult, ...]:
    """Return the result of every rule for a request that stands in its file in this ``shape``."""
    name = request.subject
    return (
        judged(Rule.FORM, check_form(shape)),
        judged(Rule.ALONE, ()),
        judged(Rule.SIGNATURE, check_signature(request)),
        judged(Rule.KEY, check_key(request.key)),
        judged(Rule.HASH, check_algorithm(request)),
        *(judged(Rule.FIELD, check_csr_field(f, name), f.key) for f in SUBJECT_FIELDS),
        judged(Rule.ORDER, check_order(name)),
        judged(Rule.SUBJECT_EXTRAS, check_subject_extras(name)),
        judged(Rule.VERSION, check_version(request)),
        judged(Rule.REQUEST_EXTRAS, check_request_extras(request)),
    )


def check_form(shape: Shape) -> list[Problem]:
    """Return the problem that the request is no PEM, or not PEM alone."""
    if shape is Shape.PEM:
        return []
    return [Problem(Code.LOOSE_PEM if shape is Shape.LOOSE_PEM else Code.NOT_PEM)]


def check_signature(request: Request) -> list[Problem]:
    """Return the problem that the signature is false, or cannot be checked."""
    try:
        genuine = request.verify(request.key)
    except UnknownSignature:
        return [Problem(Code.SIGNATURE_UNCHECKED)]
    return [] if genuine else [Problem(Code.SIGNATURE_FALSE)]


def check_key(key: PublicKey) -> list[Problem]:
    """Return the problem that the key is not RSA with ``keys.KEY_SIZE`` bits."""
    if key.algorithm != "RSA":
        return [Problem(Code.KEY_NOT_RSA, values={"algorithm": key.algorithm})]
    if key.loaded is None:
        return [Problem(Code.KEY_UNREADABLE, values={"algorithm": key.algorithm})]
    if key.bits != keys.KEY_SIZE:
        values = {"bits": key.bits or 0, "wanted": keys.KEY_SIZE}
        return [Problem(Code.KEY_SIZE, values=values)]
    return []


def check_algorithm(request: Request) -> list[Problem]:
    """Return the problem that the request is not signed with ``WANTED_SIGNATURE``."""
    if request.signature_algorithm == WANTED_SIGNATURE:
        return []
    values: dict[str, str | int] = {
        "algorithm": oid_name(request.signature_algorithm),
        "wanted": oid_name(WANTED_SIGNATURE),
    }
    return [Problem(Code.SIGNATURE_ALGORITHM, values=values)]


def check_csr_field(field: SubjectField, name: Name) -> list[Problem]:
    """Return what is wrong with one field of the subject: missing, repeated, or its text."""
    attributes = [one for one in name if one.oid == field.oid]
    problems: list[Problem] = []
    if len(attributes) > 1:
        problems = [Problem(Code.ATTRIBUTE_REPEATED, field.key, values={"count": len(attributes)})]
    text = attributes[0].text if attributes else ""
    # What is in the request is counted as it stands there, with blanks and loose accents.
    if (excess := len(text) - field.max_length) > 0:
        values = {"limit": field.max_length, "excess": excess}
        return [*problems, Problem(Code.TOO_LONG, field.key, values=values)]
    if attributes and (meant := attributes[0].probable_text) is not None:
        # What its characters are is no matter then.
        said = {"given": attributes[0].misread_text, "meant": meant}
        return [*problems, Problem(Code.TEXT_MISREAD, field.key, values=said)]
    return [*problems, *check_field(field, text)]


def check_order(name: Name) -> list[Problem]:
    """Return what is wrong with the structure of the subject, and with the order of its fields."""
    if name.truncated:
        return [Problem(Code.TOO_MANY_ATTRIBUTES, values={"limit": MAX_ATTRIBUTES})]
    problems = [] if name.well_formed else [Problem(Code.NAME_MALFORMED)]
    for rdn in name.rdns:
        if len(attributes := [attribute_name(one.oid) for one in rdn]) > 1:
            values = {"attributes": " + ".join(attributes)}
            problems.append(Problem(Code.ATTRIBUTES_COMBINED, values=values))
    ranks = {field.oid: rank for rank, field in enumerate(SUBJECT_FIELDS)}
    rdns = [[ranks.get(one.oid, -1) for one in rdn] for rdn in name.rdns]
    # A set has no order, so that inside an RDN is no fault.
    given = [rank for rdn in rdns for rank in sorted(rdn) if rank >= 0]
    if given != (wanted := sorted(given)):
        values = {"given": _initials(given), "wanted": _initials(wanted)}
        problems.append(Problem(Code.ATTRIBUTE_ORDER, values=values))
    return problems


def _initials(ranks: Iterable[int]) -> str:
    return ", ".join(SUBJECT_FIELDS[rank].initials for rank in ranks)


def check_subject_extras(name: Name) -> list[Problem]:
    """Return a problem for each attribute of the subject that EnOS does not ask for."""
    known = {field.oid for field in SUBJECT_FIELDS}
    extras = dict.fromkeys(one.oid for one in name if one.oid not in known)
    return [
        Problem(Code.ATTRIBUTE_UNKNOWN, values={"attribute": attribute_name(oid)}) for oid in extras
    ]


def check_repeated(extensions: Iterable[Extension]) -> list[Problem]:
    """Return a problem for each extension that occurs several times (RFC 5280, 4.2)."""
    counts = Counter(one.oid for one in extensions)
    return [
        Problem(
            Code.EXTENSION_REPEATED,
            values={"extension": oid_name(oid), "count": count},
        )
        for oid, count in counts.items()
        if count > 1
    ]


def check_version(request: Request) -> list[Problem]:
    """Return the problem that the version is none of PKCS #10, which has one only."""
    if request.version == 0:
        return []
    return [Problem(Code.REQUEST_VERSION, values={"version": request.version})]


def check_request_extras(request: Request) -> list[Problem]:
    """Return a problem for each PKCS #10 attribute and extension in the request."""
    problems = []
    if request.attributes is None:
        problems.append(Problem(Code.ATTRIBUTES_MISSING))
    if request.unreadable:
        problems.append(Problem(Code.ATTRIBUTES_UNREADABLE))
    attributes = dict.fromkeys(one.oid for one in request.attributes or ())
    extensions = dict.fromkeys(one.oid for one in request.extensions)
    return [
        *problems,
        *(
            Problem(Code.REQUEST_ATTRIBUTE, values={"attribute": oid_name(oid)})
            for oid in attributes
            # One that cannot be read is named; of the others their extensions are.
            if oid not in EXTENSION_REQUESTS or request.unreadable
        ),
        *(Problem(Code.EXTENSION, values={"extension": oid_name(oid)}) for oid in extensions),
        *check_repeated(request.extensions),
    ]
