"""The rules that EnOS sets for a request, each checked by one function."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.x509.oid import SignatureAlgorithmOID

from enos_csr_gui.core import keys, x509_reader
from enos_csr_gui.core.enums import Rule
from enos_csr_gui.core.errors import Code, Problem
from enos_csr_gui.core.subject import SUBJECT_FIELDS, SubjectField, check_field
from enos_csr_gui.core.x509_reader import LIBRARY_ERRORS

WANTED_SIGNATURE = SignatureAlgorithmOID.RSA_WITH_SHA256
"""The manual's step 2: ``-sha256`` with an RSA key."""


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
    public_key_sha256: str


DAMAGED = (Problem(Code.DAMAGED),)


def check_signature(
    csr: x509.CertificateSigningRequest, key: PublicKeyTypes | None, der: bytes
) -> tuple[Problem, ...]:
    """Return the problem that the signature is false, or cannot be checked.

    ``der`` is the request as it was signed; ``csr`` may have been changed to be read.
    """
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
    part = x509_reader.signed_part(der)
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


def check_key(facts: KeyFacts | None) -> tuple[Problem, ...]:
    """Return the problem that the key is not RSA with ``keys.KEY_SIZE`` bits."""
    if facts is None or facts.algorithm != "RSA":
        algorithm = facts.algorithm if facts else "?"
        return (Problem(Code.KEY_NOT_RSA, values={"algorithm": algorithm}),)
    if facts.bits != keys.KEY_SIZE:
        values = {"bits": facts.bits or 0, "wanted": keys.KEY_SIZE}
        return (Problem(Code.KEY_SIZE, values=values),)
    return ()


def check_algorithm(csr: x509.CertificateSigningRequest) -> tuple[Problem, ...]:
    """Return the problem that the request is not signed with ``WANTED_SIGNATURE``."""
    if csr.signature_algorithm_oid == WANTED_SIGNATURE:
        return ()
    values = {
        "algorithm": x509_reader.oid_name(csr.signature_algorithm_oid),
        "wanted": x509_reader.oid_name(WANTED_SIGNATURE),
    }
    return (Problem(Code.SIGNATURE_ALGORITHM, values=values),)


def check_csr_field(field: SubjectField, name: x509.Name) -> tuple[Problem, ...]:
    """Return what is wrong with one field of the subject: missing, repeated, or its text."""
    oid = x509.ObjectIdentifier(field.oid)
    texts = [x509_reader.attribute_text(one) for one in name.get_attributes_for_oid(oid)]
    if len(texts) > 1:
        return (Problem(Code.ATTRIBUTE_REPEATED, field.key, values={"count": len(texts)}),)
    text = texts[0] if texts else ""
    problems = check_field(field, text)
    # What is in the request is counted as it stands there, with blanks and loose accents.
    if not problems and (excess := len(text) - field.max_length) > 0:
        values = {"limit": field.max_length, "excess": excess}
        problems = [Problem(Code.TOO_LONG, field.key, values=values)]
    return tuple(problems)


def check_order(name: x509.Name, *, malformed: bool) -> tuple[Problem, ...]:
    """Return what is wrong with the structure of the subject, and with the order of its fields."""
    problems = [Problem(Code.NAME_MALFORMED)] if malformed else []
    for rdn in name.rdns:
        if len(attributes := [x509_reader.attribute_name(one.oid) for one in rdn]) > 1:
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


def check_subject_extras(name: x509.Name) -> tuple[Problem, ...]:
    """Return a problem for each attribute of the subject that EnOS does not ask for."""
    known = {field.oid for field in SUBJECT_FIELDS}
    extras = [one.oid for one in name if one.oid.dotted_string not in known]
    return tuple(
        Problem(Code.ATTRIBUTE_UNKNOWN, values={"attribute": x509_reader.attribute_name(oid)})
        for oid in dict.fromkeys(extras)
    )


_EXTENSION_REQUESTS = frozenset(("1.2.840.113549.1.9.14", "1.3.6.1.4.1.311.2.1.14"))
"""PKCS #9 (RFC 2985, 5.4.2), and Microsoft's own from before."""


def check_request_extras(csr: x509.CertificateSigningRequest) -> tuple[Problem, ...]:
    """Return a problem for each PKCS #10 attribute and extension in the request."""
    try:
        with x509_reader.without_warnings():
            attributes = [attribute.oid for attribute in csr.attributes]
            extensions = [extension.oid for extension in csr.extensions]
    except LIBRARY_ERRORS:
        return DAMAGED
    return (
        *(
            Problem(Code.REQUEST_ATTRIBUTE, values={"attribute": x509_reader.oid_name(oid)})
            for oid in attributes
            if oid.dotted_string not in _EXTENSION_REQUESTS
        ),
        *(
            Problem(Code.EXTENSION, values={"extension": x509_reader.oid_name(oid)})
            for oid in extensions
        ),
    )
