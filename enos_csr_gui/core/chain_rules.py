"""What the certificates of a chain allow those below them (RFC 5280, 6.1.3 to 6.1.5).

Path length, key usage, name constraints, critical extensions, as ``openssl verify`` checks them.
``cryptography.x509.verification`` is of no use here: it asks for a subject alternative name, which
certificates of EnOS lack, and compares no distinguished names. Certificate policies are not
checked; OpenSSL does so on request only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice, pairwise
from typing import NamedTuple
from urllib.parse import urlsplit

from enos_csr_gui.core import asn1, distinguished_name
from enos_csr_gui.core.asn1 import SEQUENCE, der_values
from enos_csr_gui.core.distinguished_name import Name
from enos_csr_gui.core.errors import Code, Problem
from enos_csr_gui.core.x509_reader import Certificate

_KEY_USAGE, _ALTERNATIVE_NAME = "2.5.29.15", "2.5.29.17"
_BASIC_CONSTRAINTS, _NAME_CONSTRAINTS = "2.5.29.19", "2.5.29.30"
_NETSCAPE_TYPE = "2.16.840.1.113730.1.1"
_COMMON_NAME, _EMAIL_ADDRESS = "2.5.4.3", "1.2.840.113549.1.9.1"

_KNOWN_EXTENSIONS = frozenset(
    {
        _KEY_USAGE,
        _ALTERNATIVE_NAME,
        _BASIC_CONSTRAINTS,
        _NAME_CONSTRAINTS,
        _NETSCAPE_TYPE,
        "2.5.29.31",  # cRLDistributionPoints
        "2.5.29.32",  # certificatePolicies
        "2.5.29.33",  # policyMappings
        "2.5.29.36",  # policyConstraints
        "2.5.29.37",  # extendedKeyUsage
        "2.5.29.54",  # inhibitAnyPolicy
        "1.3.6.1.5.5.7.1.7",  # IP addresses, and below AS numbers (RFC 3779)
        "1.3.6.1.5.5.7.1.8",
        "1.3.6.1.5.5.7.1.14",  # proxyCertInfo
    }
)
"""The extensions that OpenSSL accepts as critical (X509_supported_extension)."""

_KEY_CERT_SIGN = 5
"""Its bit in KeyUsage (RFC 5280, 4.2.1.3)."""

_MAX_NAMES = 1000
"""As many names of one extension are read."""

_MAX_COMPARISONS = 100_000
"""As many names are compared with constraints in one search; OpenSSL has a limit too."""

# GeneralName (RFC 5280, 4.2.1.6): the tags of what constraints can be about.
_EMAIL, _DNS, _DIRECTORY, _URI, _IP = 0x81, 0x82, 0xA4, 0x86, 0x87


class _TooCostly(ValueError):
    """More names than are compared."""


class _GeneralName(NamedTuple):
    tag: int
    value: bytes | tuple[object, ...]
    """The RDNs of a directory name as ``Name.canonical`` has them, else the bytes."""


class _Constraints(NamedTuple):
    permitted: list[_GeneralName]
    excluded: list[_GeneralName]


class ChainRules:
    """Checks chains against the rules in them; with a limit to its work for all together."""

    def __init__(self) -> None:
        self._comparisons_left = _MAX_COMPARISONS
        self._constrained: dict[tuple[bytes, bytes, bool], list[Problem]] = {}

    def check(self, leaf: Certificate, above: Sequence[Certificate]) -> list[Problem]:
        """Return the rules that the chain breaks; ``above`` are the issuers, the nearest first."""
        path = (leaf, *above)
        problems = [problem for one in path for problem in _check_extensions(one)]
        below = 0  # issuers that are not self-issued count for the path length (6.1.4, l)
        for issuer in above:
            problems += _check_authority(issuer, below)
            below += issuer.issuer.canonical != issuer.subject.canonical
        for certificate, issuer in pairwise(path):
            problems += _check_key_id(certificate, issuer)
        for place, issuer in enumerate(path):
            for number, one in enumerate(path[:place]):
                if number == 0 or one.issuer.canonical != one.subject.canonical:
                    problems += self._check_names(one, issuer, is_leaf=number == 0)
        return problems

    def _check_names(
        self, certificate: Certificate, issuer: Certificate, *, is_leaf: bool
    ) -> list[Problem]:
        """Return the problem that a name is not one that the issuer allows (4.2.1.10)."""
        value = issuer.extension(_NAME_CONSTRAINTS)
        if value is None:
            return []
        pair = (issuer.der, certificate.der, is_leaf)
        if pair not in self._constrained:
            self._constrained[pair] = self._compare_names(certificate, issuer, value, is_leaf)
        return self._constrained[pair]

    def _compare_names(
        self, certificate: Certificate, issuer: Certificate, value: bytes, is_leaf: bool
    ) -> list[Problem]:
        try:
            names = list(_names(certificate, is_leaf=is_leaf))
        except ValueError:
            return [_unreadable(certificate, _ALTERNATIVE_NAME)]
        try:
            constraints = _read_constraints(value)
            self._comparisons_left -= len(names) * sum(map(len, constraints))
            if self._comparisons_left < 0:
                raise _TooCostly
            is_allowed = all(_is_allowed(name, constraints) for name in names)
        except ValueError:
            return [_unreadable(issuer, _NAME_CONSTRAINTS)]
        if is_allowed:
            return []
        values = {"issuer": _called(issuer), "name": _called(certificate)}
        return [Problem(Code.CHAIN_NAME_FORBIDDEN, values=values)]


def _called(certificate: Certificate) -> str:
    return distinguished_name.short_name(certificate.subject)


def _unreadable(certificate: Certificate, oid: str) -> Problem:
    values = {"name": _called(certificate), "extension": distinguished_name.oid_name(oid)}
    return Problem(Code.CHAIN_EXTENSION_UNREADABLE, values=values)


def _check_extensions(certificate: Certificate) -> list[Problem]:
    """Return the problem that an extension is critical, and no program knows it (6.1.4, o)."""
    unknown = (
        one.oid
        for one in certificate.extensions
        if one.critical and one.oid not in _KNOWN_EXTENSIONS
    )
    return [
        Problem(
            Code.CHAIN_EXTENSION_UNKNOWN,
            values={"name": _called(certificate), "extension": distinguished_name.oid_name(oid)},
        )
        for oid in islice(dict.fromkeys(unknown), 1)
    ]


def _check_authority(issuer: Certificate, below: int) -> list[Problem]:
    """Return why the certificate may not have issued others; ``below``: issuers below it."""
    values: dict[str, str | int] = {"issuer": _called(issuer)}
    if not _may_issue(issuer):
        return [Problem(Code.CHAIN_NOT_AUTHORITY, values=values)]
    usage = issuer.extension(_KEY_USAGE)
    if usage is not None and not _has_bit(usage, _KEY_CERT_SIGN):
        return [Problem(Code.CHAIN_KEY_USAGE, values=values)]
    try:
        limit = _path_length(issuer)
    except ValueError:
        return [_unreadable(issuer, _BASIC_CONSTRAINTS)]
    if limit is not None and below > limit:
        values |= {"limit": limit, "count": below}
        return [Problem(Code.CHAIN_TOO_LONG, values=values)]
    return []


def _may_issue(issuer: Certificate) -> bool:
    """Tell whether it is one of an authority, as OpenSSL decides (X509_check_ca)."""
    if issuer.extension(_BASIC_CONSTRAINTS) is not None:
        return issuer.is_authority
    # Before version 3 there were no extensions that could say it; roots are trusted in any case.
    is_marked = issuer.version == 1 or issuer.extension(_KEY_USAGE) is not None
    return is_marked and issuer.is_self_signed


def _has_bit(bit_string: bytes, number: int) -> bool:
    """Tell whether a bit is set; False also where it is no BIT STRING."""
    with suppress(ValueError, IndexError):
        [whole] = der_values(bit_string)
        place, bit = divmod(number, 8)
        octet = bit_string[whole.inside + 1 + place]
        return (
            whole.tag == 0x03 and whole.inside + 1 + place < whole.end and octet << bit & 0x80 > 0
        )
    return False


def _path_length(issuer: Certificate) -> int | None:
    """Return pathLenConstraint (4.2.1.9): how many issuers may be below; None for any number.

    Raises ValueError.
    """
    value = issuer.extension(_BASIC_CONSTRAINTS) or b""
    for whole in islice(der_values(value), 1):
        for one in der_values(value, whole.inside, whole.end):
            if one.tag == 0x02:
                return int.from_bytes(value[one.inside : one.end][:8], "big", signed=True)
    return None


def _check_key_id(certificate: Certificate, issuer: Certificate) -> list[Problem]:
    """Return the problem that the certificate names another key identifier for its issuer."""
    wanted, own = certificate.authority_key_id, issuer.subject_key_id
    if wanted is None or own is None or wanted == own:
        return []
    values = {"issuer": _called(issuer), "name": _called(certificate)}
    return [Problem(Code.CHAIN_KEY_ID, values=values)]


# --- Names and their constraints ------------------------------------------------------------------


def _names(certificate: Certificate, *, is_leaf: bool) -> Iterator[_GeneralName]:
    """Yield the names that constraints are about (6.1.3, b and c); ValueError if there are none."""
    if certificate.subject.rdns:
        yield _GeneralName(_DIRECTORY, _rdns(certificate.subject))
    for one in certificate.subject:
        if one.oid == _EMAIL_ADDRESS:
            yield _GeneralName(_EMAIL, one.content)
    value = certificate.extension(_ALTERNATIVE_NAME)
    others = _general_names(value) if value is not None else []
    yield from others
    if is_leaf and not any(one.tag == _DNS for one in others):
        for one in certificate.subject:
            # Not in the RFC, but what programs take for the name of a host.
            if one.oid == _COMMON_NAME and _HOST.fullmatch(one.content):
                yield _GeneralName(_DNS, one.content)


_HOST = re.compile(
    rb"(?=.{3,253}\Z)[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?"
    rb"(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)+"
)


def _rdns(name: Name) -> tuple[object, ...]:
    return name.canonical if isinstance(name.canonical, tuple) else (name.der,)


def _general_names(der: bytes) -> list[_GeneralName]:
    [whole] = der_values(der)
    return [
        _general_name(der[one.start : one.end])
        for one in _bounded(der_values(der, whole.inside, whole.end))
    ]


def _bounded(values: Iterator[asn1.Tlv]) -> list[asn1.Tlv]:
    found = list(islice(values, _MAX_NAMES + 1))
    if len(found) > _MAX_NAMES:
        raise _TooCostly
    return found


def _general_name(der: bytes) -> _GeneralName:
    [one] = der_values(der)
    content = der[one.inside : one.end]
    if one.tag == _DIRECTORY:
        return _GeneralName(one.tag, _rdns(distinguished_name.read(content)))
    return _GeneralName(one.tag, content)


def _read_constraints(der: bytes) -> _Constraints:
    found = _Constraints([], [])
    [whole] = der_values(der)
    for part in der_values(der, whole.inside, whole.end):
        place = {0xA0: found.permitted, 0xA1: found.excluded}.get(part.tag)
        if place is None:
            raise ValueError("not NameConstraints")
        for subtree in _bounded(der_values(der, part.inside, part.end)):
            base, *distances = der_values(der, subtree.inside, subtree.end)
            if subtree.tag != SEQUENCE or any(
                one.tag != 0x80 or any(der[one.inside : one.end]) for one in distances
            ):
                raise ValueError("a minimum or maximum, which RFC 5280 does not allow")
            place.append(_general_name(der[base.start : base.end]))
    return found


def _is_allowed(name: _GeneralName, constraints: _Constraints) -> bool:
    permitted = [one for one in constraints.permitted if one.tag == name.tag]
    excluded = [one for one in constraints.excluded if one.tag == name.tag]
    return not any(_is_within(name, one) for one in excluded) and (
        not permitted or any(_is_within(name, one) for one in permitted)
    )


def _is_within(name: _GeneralName, base: _GeneralName) -> bool:
    """Tell whether the name is in the subtree; ValueError for a type that is not known."""
    if isinstance(name.value, tuple) or isinstance(base.value, tuple):
        return name.value[: len(base.value)] == base.value
    if name.tag not in _WITHIN:
        raise ValueError("an unknown type of name")
    return _WITHIN[name.tag](name.value, base.value)


def _is_dns_within(name: bytes, base: bytes) -> bool:
    name, base = name.lower(), base.lower()
    if not base or name == base:
        return True
    return name.endswith(base if base.startswith(b".") else b"." + base)


def _is_host_within(host: bytes, base: bytes) -> bool:
    """Tell whether a host is the one of the constraint, or in the domain that begins with '.'."""
    host, base = host.lower(), base.lower()
    return host.endswith(base) if base.startswith(b".") else host == base


def _is_email_within(name: bytes, base: bytes) -> bool:
    local, _at, host = name.rpartition(b"@")
    if not local or not host:
        raise ValueError("not an e-mail address")
    wanted, has_local, domain = base.rpartition(b"@")
    if has_local and wanted:
        return local == wanted and host.lower() == domain.lower()
    return _is_host_within(host, domain)


def _is_uri_within(name: bytes, base: bytes) -> bool:
    host = urlsplit(name.decode("ascii")).hostname
    if not host:
        raise ValueError("no host in the address")
    return _is_host_within(host.encode(), base)


def _is_ip_within(name: bytes, base: bytes) -> bool:
    if len(base) not in (8, 32) or len(name) not in (4, 16):
        raise ValueError("not an IP address")
    if len(base) != 2 * len(name):
        return False
    address, mask = base[: len(name)], base[len(name) :]
    return all((a ^ b) & m == 0 for a, b, m in zip(name, address, mask, strict=True))


_WITHIN: dict[int, Callable[[bytes, bytes], bool]] = {
    _DNS: _is_dns_within,
    _EMAIL: _is_email_within,
    _URI: _is_uri_within,
    _IP: _is_ip_within,
}
