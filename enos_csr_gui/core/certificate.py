"""The issued certificate in what the authority handed out, and its way to the authority's root."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from enos_csr_gui.core import asn1, enums, inspect, keys, x509_reader
from enos_csr_gui.core.errors import Code, Problem, UnreadableFile
from enos_csr_gui.core.subject import SUBJECT_FIELDS
from enos_csr_gui.core.x509_reader import LIBRARY_ERRORS


class Issued(NamedTuple):
    """A certificate, and those of the authorities above it, its issuer first."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def public_key_sha256(self) -> str:
        """The SHA-256 of the public key, by which the certificate finds its request and key."""
        return keys.public_key_sha256(self.certificate.public_key())

    @property
    def answers(self) -> Mapping[str, str]:
        """The subject: field key -> text, as far as EnOS knows the fields."""
        return x509_reader.answers_from(x509_reader.subject_of(self.certificate)).answers

    def to_pem(self) -> bytes:
        """Return the certificate and then its chain as PEM."""
        everything = (self.certificate, *self.chain)
        return b"".join(one.public_bytes(Encoding.PEM) for one in everything)


def read(data: bytes, place: Path, chain_data: bytes = b"", fingerprint: str = "") -> Issued:
    """Return the certificate in ``data``: PEM, alone or in a bundle, DER, or PKCS #7.

    ``place`` is the file it comes from. Of several it is the one for the key with this
    ``fingerprint``, else the one that is no authority's and has issued none of the others. The
    chain is looked for beside it and in ``chain_data``.

    Raises UnreadableFile when there is no certificate; the problem says what there is instead.
    """
    certificates = load_all(data)
    if not certificates:
        raise UnreadableFile([_instead(data, place)])
    pool = [*certificates, *load_all(chain_data)]
    wanted = [one for one in certificates if fingerprint and _fingerprint(one) == fingerprint]
    lowest = [one for one in certificates if not any(_has_issued(one, other) for other in pool)]
    lowest.sort(key=x509_reader.is_authority)
    leaf = next(iter(wanted + lowest + certificates))
    return Issued(leaf, _chain(leaf, pool))


def load_all(data: bytes) -> list[x509.Certificate]:
    """Return every certificate in ``data`` that can be read, each once, in their order."""
    blocks = list(asn1.pem_blocks(data))
    parts = [block.der for block in blocks if block.der] if blocks else [data]
    found: dict[x509.Certificate, None] = {}
    for der in parts[: inspect.MAX_OBJECTS]:
        one = x509_reader.load(der)
        if isinstance(one, x509.Certificate):
            found[one] = None
        elif one is None:
            found.update(dict.fromkeys(_pkcs7(der)))
    return list(found)


def fingerprints(data: bytes) -> list[str]:
    """Return those of the public keys of all certificates in ``data``."""
    return [found for one in load_all(data) if (found := _fingerprint(one))]


def _pkcs7(der: bytes) -> Sequence[x509.Certificate]:
    try:
        with x509_reader.without_warnings():
            return pkcs7.load_der_pkcs7_certificates(der)
    except LIBRARY_ERRORS:
        return ()


def _instead(data: bytes, place: Path) -> Problem:
    """Return the problem that the file holds something else than a certificate."""
    first = inspect.inspect(place, data)[0]
    if first.problems and first.kind is enums.ContentKind.UNKNOWN:
        return first.problems[0]._replace(path=place)
    return Problem(Code.NOT_A_CERTIFICATE, path=place, values={"kind": first.kind})


def _fingerprint(certificate: x509.Certificate) -> str:
    try:
        return keys.public_key_sha256(certificate.public_key())
    except LIBRARY_ERRORS:  # a kind of key that the library does not know
        return ""


def _chain(
    leaf: x509.Certificate, pool: Iterable[x509.Certificate]
) -> tuple[x509.Certificate, ...]:
    """Return the certificates above ``leaf``, up to the root or to where one is missing."""
    chain: list[x509.Certificate] = []
    last = leaf
    left = [one for one in dict.fromkeys(pool) if one != leaf]
    while issuer := next((one for one in left if _has_issued(one, last)), None):
        left.remove(issuer)
        chain.append(issuer)
        last = issuer
    return tuple(chain)


def _has_issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Return whether the issuer's key signed another certificate; names alone prove nothing."""
    return issuer != certificate and _is_signed_by(issuer, certificate)


def _is_signed_by(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        with x509_reader.without_warnings():
            certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, TypeError, *LIBRARY_ERRORS):
        return False
    return True


def check(
    issued: Issued,
    *,
    requested: Mapping[str, str] | None = None,
    chain_file: Path | None = None,
    now: datetime | None = None,
) -> list[Problem]:
    """Return what its owner should know: nothing of it keeps the certificate from being used.

    ``requested`` is the subject that was asked for: field key -> text. For ``chain_file`` see
    ``check_chain``.
    """
    problems = x509_reader.check_validity(issued.certificate, now or datetime.now(UTC))
    if requested is not None and (changes := _changes(requested, issued.answers)):
        problems.append(Problem(Code.SUBJECT_CHANGED, values=changes))
    return [*problems, *check_chain(issued, chain_file)]


def check_chain(issued: Issued, chain_file: Path | None = None) -> list[Problem]:
    """Return the problem that the way to the authority's root is not whole.

    ``chain_file`` is where the authority's certificates were said to be.
    """
    top = (issued.certificate, *issued.chain)[-1]
    if _is_root(top):
        return []
    values = {"issuer": issuer_name(top)}
    if issued.chain:
        return [Problem(Code.CHAIN_ENDS, values=values)]
    code = Code.CHAIN_OF_OTHERS if chain_file else Code.CHAIN_MISSING
    return [Problem(code, path=chain_file, values=values)]


def _is_root(certificate: x509.Certificate) -> bool:
    """Return whether the certificate is signed with its own key; its names alone prove nothing."""
    return _is_signed_by(certificate, certificate)


def issuer_name(certificate: x509.Certificate) -> str:
    """Return what the authority that issued the certificate is called."""
    texts = {
        x509_reader.attribute_name(one.oid): x509_reader.attribute_text(one)
        for one in x509_reader.issuer_of(certificate)
    }
    return texts.get("CN") or ", ".join(f"{key} = {text}" for key, text in texts.items())


def _changes(requested: Mapping[str, str], issued: Mapping[str, str]) -> dict[str, str]:
    """Return each field that differs, with how, in signs that need no translation."""
    return {
        field.key: f"{old or '–'} → {new or '–'}"
        for field in SUBJECT_FIELDS
        if (old := requested.get(field.key, "")) != (new := issued.get(field.key, ""))
    }
