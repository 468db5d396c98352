"""The issued certificate in what the authority handed out, and its way to the root certificate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from enos_csr_gui.core import distinguished_name, enums, inspect, x509_reader
from enos_csr_gui.core.chain_rules import ChainRules
from enos_csr_gui.core.contents import Content
from enos_csr_gui.core.errors import Code, Problem, UnreadableFile
from enos_csr_gui.core.reader import ApiAnswer
from enos_csr_gui.core.subject import SUBJECT_FIELDS
from enos_csr_gui.core.x509_reader import Certificate, UnknownSignature

MAX_VERIFICATIONS = 200
"""As many signatures are verified in search of a chain; a chain has up to five."""

_MAX_CHAIN = 10
"""As many certificates are above another one."""


class Issued(NamedTuple):
    """A certificate, and those of the authorities above it, its issuer first.

    ``notes`` are what kept the search for them from being complete. ``has_namesake``: the chain
    ends where a certificate has the name of the next issuer, but another key.
    """

    certificate: Certificate
    chain: tuple[Certificate, ...] = ()
    notes: tuple[Problem, ...] = ()
    has_namesake: bool = False

    @property
    def public_key_sha256(self) -> str:
        """The SHA-256 of the public key, by which the certificate finds its request and key."""
        return self.certificate.key.public_key_sha256

    @property
    def answers(self) -> Mapping[str, str]:
        """The subject: field key -> text, as far as EnOS knows the fields."""
        return distinguished_name.answers_from(self.certificate.subject).answers

    def to_pem(self) -> bytes:
        """Return the certificate and then its chain as PEM."""
        return b"".join(one.to_pem() for one in (self.certificate, *self.chain))


def read(
    data: bytes,
    place: Path,
    chain_data: bytes = b"",
    public_key_sha256: str = "",
    *,
    now: datetime | None = None,
) -> Issued:
    """Return the certificate in ``data``, the content of the file ``place``, as ``of`` does.

    ``chain_data`` holds more certificates of authorities.
    """
    content = Content(place, data)
    return of(content.certificates, content, load_all(chain_data), public_key_sha256, now=now)


def of(
    certificates: Sequence[Certificate],
    content: Content,
    chain: Iterable[Certificate] = (),
    public_key_sha256: str = "",
    *,
    now: datetime | None = None,
) -> Issued:
    """Return the certificate among ``certificates``, and its chain.

    ``content`` is the file to name in problems. Of several certificates it is the one for the key
    with this ``public_key_sha256``, else the one that is no authority's and has issued none of the
    others. The chain is looked for among them and in ``chain``; of several, the one that is valid
    ``now``.

    Raises UnreadableFile when there is no certificate; the problem says what there is instead. So
    it does when the certificate has a date that is none.
    """
    if not certificates:
        raise UnreadableFile([instead(content)])
    search = _ChainSearch([*certificates, *chain], now or datetime.now(UTC))
    wanted = [
        one
        for one in certificates
        if public_key_sha256 and one.key.public_key_sha256 == public_key_sha256
    ]
    issuers = {one.issuer.canonical for one in certificates if not _names_itself(one)}
    lowest = sorted(
        certificates,
        key=lambda one: (one.is_authority, one.subject.canonical in issuers, _names_itself(one)),
    )
    leaf = (wanted + lowest)[0]
    if odd := leaf.check_dates():
        raise UnreadableFile([one._replace(path=content.path) for one in odd])
    above = search.chain(leaf)
    top = (leaf, *above)[-1]
    return Issued(leaf, above, tuple(search.notes[:1]), search.has_namesake(top))


def _names_itself(certificate: Certificate) -> bool:
    return certificate.issuer.canonical == certificate.subject.canonical


def load_all(data: bytes) -> list[Certificate]:
    """Return every certificate in ``data`` that can be read, each once, in their order."""
    return [one for one in x509_reader.load_all(data) if isinstance(one, Certificate)]


def public_keys(certificates: Sequence[Certificate]) -> list[str]:
    """Return the fingerprints of the public keys of certificates, by which a key is found.

    Certificates that are above others count only where there is nothing else.
    """
    own = [one for one in certificates if not (one.is_authority or one.is_self_signed)]
    return [one.key.public_key_sha256 for one in own or certificates]


def instead(content: Content) -> Problem:
    """Return the problem that the file holds something else than a certificate."""
    first = inspect.inspect(content.path, content.data)[0]
    if first.problems and (
        first.kind is enums.ContentKind.UNKNOWN or first.kind is enums.ContentKind.CERTIFICATE
    ):
        return first.problems[0]._replace(path=content.path)
    return Problem(Code.NOT_A_CERTIFICATE, path=content.path, values={"kind": first.kind})


# --- The chain (RFC 5280, 6.1) --------------------------------------------------------------------


class _ChainSearch:
    """Looks for the certificates above one among those of a pool, with a limit to its work."""

    def __init__(self, pool: Iterable[Certificate], now: datetime) -> None:
        self._now = now
        self._by_name: dict[object, list[Certificate]] = defaultdict(list)
        for one in dict.fromkeys(pool):
            self._by_name[one.subject.canonical].append(one)
        self._verified: dict[tuple[bytes, bytes], bool | None] = {}
        self._rules = ChainRules()
        self.notes: list[Problem] = []

    def chain(self, leaf: Certificate) -> tuple[Certificate, ...]:
        """Return the certificates above ``leaf``, up to the root or to where one is missing.

        Of several ways it is the one that is valid now, leads to a root, breaks no rule of its
        certificates, stays valid for as long as ``leaf``, and is longest.
        """
        best: tuple[Certificate, ...] = ()
        rank = (False, False, False, False, -1)
        waiting: list[tuple[Certificate, ...]] = [()]
        tried = 0
        while waiting and tried < MAX_VERIFICATIONS:
            path = waiting.pop()
            tried += 1
            last = path[-1] if path else leaf
            further = []
            if len(path) < _MAX_CHAIN and not (path and last.is_self_signed):
                further = [
                    (*path, one) for one in self._issuers(last) if one != leaf and one not in path
                ]
            if further:
                waiting += reversed(further)
                continue
            current = all(not x509_reader.check_validity(one, self._now) for one in path)
            rooted = last.is_self_signed
            whole = current and rooted and not self._rules.check(leaf, path)
            lasts = current and not _ends_early(leaf, path)
            if (own := (whole, current, rooted, lasts, len(path))) > rank:
                best, rank = path, own
        return best

    def _issuers(self, certificate: Certificate) -> list[Certificate]:
        """Return those that signed it, the ones first whose key identifier it names."""
        candidates = self._by_name.get(certificate.issuer.canonical, [])
        wanted = certificate.authority_key_id
        likely = [one for one in candidates if wanted and one.subject_key_id == wanted]
        others = [one for one in candidates if one not in likely] if len(likely) < 9 else []
        return [one for one in (*likely, *others) if self._has_issued(one, certificate)]

    def has_namesake(self, certificate: Certificate) -> bool:
        """Return whether another certificate is called like the issuer, and did not sign it."""
        return not certificate.is_self_signed and any(
            self._verified.get((one.key.der, certificate.der)) is False
            for one in self._by_name.get(certificate.issuer.canonical, [])
        )

    def _has_issued(self, issuer: Certificate, certificate: Certificate) -> bool:
        """Return whether the issuer's key signed the certificate; names alone prove nothing."""
        if issuer == certificate:
            return False
        pair = (issuer.key.der, certificate.der)
        if pair not in self._verified:
            if len(self._verified) >= MAX_VERIFICATIONS:
                values: dict[str, str | int] = {"limit": MAX_VERIFICATIONS}
                self.notes.append(Problem(Code.CHAIN_TOO_COSTLY, values=values))
                return False
            self._verified[pair] = self._is_signed_by(issuer, certificate)
        return bool(self._verified[pair])

    def _is_signed_by(self, issuer: Certificate, certificate: Certificate) -> bool | None:
        """Return whether it is, None if that is not known."""
        try:
            return certificate.verify(issuer.key)
        except UnknownSignature:
            algorithm = distinguished_name.oid_name(certificate.signature_algorithm)
            values = {"issuer": subject_name(issuer), "algorithm": algorithm}
            self.notes.append(Problem(Code.CHAIN_UNCHECKED, values=values))
            return None


def _ends_early(leaf: Certificate, chain: Iterable[Certificate]) -> bool:
    """Return whether a certificate of the chain, all of them valid now, ends before ``leaf``."""
    if leaf.check_dates():
        return False
    return any(one.not_valid_after_utc < leaf.not_valid_after_utc for one in chain)


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
    now = now or datetime.now(UTC)
    problems = x509_reader.check_validity(issued.certificate, now)
    ends = [] if problems else _check_ends(issued, now)
    if requested is not None and (changes := _changes(requested, issued.answers)):
        problems.append(Problem(Code.SUBJECT_CHANGED, values=changes))
    chain = [*check_chain(issued, chain_file), *issued.notes, *check_rules(issued), *ends]
    return [*problems, *chain]


def check_rules(issued: Issued) -> list[Problem]:
    """Return the rules that the chain breaks: devices refuse it, but EnOS may not."""
    return ChainRules().check(issued.certificate, issued.chain)


def check_chain(issued: Issued, chain_file: Path | None = None) -> list[Problem]:
    """Return the problem that the way to the root certificate is not whole.

    ``chain_file`` is where the authority's certificates were said to be.
    """
    top = (issued.certificate, *issued.chain)[-1]
    if top.is_self_signed:
        return []
    values = {"issuer": issuer_name(top)}
    if issued.has_namesake:
        return [Problem(Code.CHAIN_OTHER_KEY, path=chain_file, values=values)]
    if issued.chain:
        return [Problem(Code.CHAIN_ENDS, values=values)]
    code = Code.CHAIN_OF_OTHERS if chain_file else Code.CHAIN_MISSING
    return [Problem(code, path=chain_file, values=values)]


def _check_ends(issued: Issued, now: datetime) -> list[Problem]:
    """Return a problem for a certificate of the chain that has expired, or ends too early."""
    for one in issued.chain:
        name = subject_name(one)
        if x509_reader.check_validity(one, now):
            date = one.not_after if isinstance(one.not_after, str) else one.not_after.date()
            return [Problem(Code.CHAIN_EXPIRED, values={"issuer": name, "date": str(date)})]
        if one.not_valid_after_utc < issued.certificate.not_valid_after_utc:
            values = {"issuer": name, "date": one.not_valid_after_utc.date().isoformat()}
            return [Problem(Code.CHAIN_ENDS_EARLY, values=values)]
    return []


def check_answers(issued: Issued, answers: Sequence[ApiAnswer]) -> list[Problem]:
    """Return what the answers of the EnOS API say that differs from the certificate, or helps.

    That is a serial number that is not its own, and where an incomplete chain may be completed.
    """
    problems = inspect.check_serial(issued.certificate, answers)
    urls = [one.chain_url for one in answers if one.chain_url]
    if urls and check_chain(issued):
        problems.append(Problem(Code.CHAIN_URL, values={"url": urls[0]}))
    return problems


def check_kind(certificate: Certificate, place: Path | None = None) -> list[Problem]:
    """Return the problem that EnOS did not issue this certificate to a device or application.

    It is the certificate of an authority, or signed with its own key, or of an unknown kind of key.
    """
    if certificate.key.loaded is None:
        algorithm = certificate.key.algorithm
        code = Code.KEY_UNREADABLE if algorithm == "RSA" else Code.CERTIFICATE_NOT_RSA
        return [Problem(code, path=place, values={"algorithm": algorithm})]
    name = certificate.subject.texts(_COMMON_NAME)
    values = {"name": name[0] if name else ""}
    if certificate.is_authority:
        return [Problem(Code.CERTIFICATE_OF_AUTHORITY, path=place, values=values)]
    if certificate.is_self_signed:
        return [Problem(Code.CERTIFICATE_SELF_SIGNED, path=place, values=values)]
    return []


_COMMON_NAME = "2.5.4.3"


def issuer_name(certificate: Certificate) -> str:
    """Return what the authority that issued the certificate is called."""
    return distinguished_name.short_name(certificate.issuer)


def subject_name(certificate: Certificate) -> str:
    """Return what the owner of the certificate is called."""
    return distinguished_name.short_name(certificate.subject)


def _changes(requested: Mapping[str, str], issued: Mapping[str, str]) -> dict[str, str]:
    """Return each field that differs, with how, in signs that need no translation."""
    return {
        field.key: f"{old or '–'} → {new or '–'}"
        for field in SUBJECT_FIELDS
        if (old := requested.get(field.key, "")) != (new := issued.get(field.key, ""))
    }
