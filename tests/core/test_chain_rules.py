"""The rules that certificates set for those below them, against the real ``openssl verify``."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from enos_csr_gui.core import certificate, files, keys, receive, renew, x509_reader
from enos_csr_gui.core.asn1 import der_value
from enos_csr_gui.core.certificate import Issued
from enos_csr_gui.core.chain_rules import ChainRules
from enos_csr_gui.core.errors import Code

_START = datetime(2025, 1, 1, tzinfo=UTC)
_NOW = datetime(2026, 1, 1, tzinfo=UTC)

_Pairs = Sequence[tuple[str, str]]

_OIDS = {
    "C": NameOID.COUNTRY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "CN": NameOID.COMMON_NAME,
    "E": NameOID.EMAIL_ADDRESS,
}


def _name(*pairs: tuple[str, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(_OIDS[key], text) for key, text in pairs])


def _ca(length: int | None = None) -> x509.BasicConstraints:
    return x509.BasicConstraints(ca=True, path_length=length)


def _usage(*allowed: str) -> x509.KeyUsage:
    every = (
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
        *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    )
    return x509.KeyUsage(**{one: one in allowed for one in every})


def _names(
    permitted: Sequence[x509.GeneralName] = (), excluded: Sequence[x509.GeneralName] = ()
) -> x509.NameConstraints:
    return x509.NameConstraints(list(permitted) or None, list(excluded) or None)


def _raw(oid: str, value: bytes = b"\x05\x00") -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value)


def _dns(*names: str) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.DNSName(one) for one in names])


class _Critical(NamedTuple):
    extension: x509.ExtensionType


_Extension = x509.ExtensionType | _Critical

_DEVICE = _name(("C", "CN"), ("O", "Envision"), ("OU", "EnOS"), ("CN", "device001"))


class _Chain(NamedTuple):
    """The extensions of the root, of the authorities below it, of the device; and its name.

    ``expected`` are the codes of our problems; with none, OpenSSL must accept the chain.
    """

    expected: tuple[Code, ...] = ()
    authorities: Sequence[Sequence[_Extension]] = ((_ca(),), (_ca(),))
    leaf: Sequence[_Extension] = ()
    subject: x509.Name = _DEVICE
    same_names: bool = False


_NAME, _LENGTH, _USAGE = Code.CHAIN_NAME_FORBIDDEN, Code.CHAIN_TOO_LONG, Code.CHAIN_KEY_USAGE
_UNKNOWN, _UNREADABLE = Code.CHAIN_EXTENSION_UNKNOWN, Code.CHAIN_EXTENSION_UNREADABLE


def _limited(
    permitted: Sequence[x509.GeneralName] = (), excluded: Sequence[x509.GeneralName] = ()
) -> Sequence[Sequence[_Extension]]:
    return ((_ca(),), (_ca(), _Critical(_names(permitted, excluded))))


def _in(*pairs: tuple[str, str]) -> list[x509.GeneralName]:
    return [x509.DirectoryName(_name(*pairs))]


def _also(*names: x509.GeneralName) -> Sequence[_Extension]:
    return (x509.SubjectAlternativeName(list(names)),)


_Names = tuple[Sequence[x509.GeneralName], x509.GeneralName, bool]

_WITHIN: dict[str, _Names] = {
    "a host below": ([x509.DNSName(".ENOS.cn")], x509.DNSName("a.enos.CN"), True),
    "a host, whatever its case": ([x509.DNSName("ENOS.cn")], x509.DNSName("enos.CN"), True),
    "a host with another end": ([x509.DNSName("enos.cn")], x509.DNSName("enos.cn.de"), False),
    "any host": ([x509.DNSName("")], x509.DNSName("enos.cn"), True),
    "an address of a host": ([x509.RFC822Name("ENOS.cn")], x509.RFC822Name("a@enos.CN"), True),
    "an address of another host": (
        [x509.RFC822Name("enos.cn")],
        x509.RFC822Name("a@enos.de"),
        False,
    ),
    "an address of the domain itself": (
        [x509.RFC822Name(".enos.cn")],
        x509.RFC822Name("a@enos.cn"),
        False,
    ),
    "an address below, whatever its case": (
        [x509.RFC822Name(".ENOS.cn")],
        x509.RFC822Name("a@b.enos.CN"),
        True,
    ),
    "this address": ([x509.RFC822Name("a@ENOS.cn")], x509.RFC822Name("a@enos.CN"), True),
    "this address in capitals": (
        [x509.RFC822Name("a@enos.cn")],
        x509.RFC822Name("A@enos.cn"),
        False,
    ),
    "this address elsewhere": ([x509.RFC822Name("a@enos.cn")], x509.RFC822Name("a@b.cn"), False),
    "the host of a URI": (
        [x509.UniformResourceIdentifier("ENOS.cn")],
        x509.UniformResourceIdentifier("https://Enos.CN/a"),
        True,
    ),
    "a URI of the domain itself": (
        [x509.UniformResourceIdentifier(".enos.cn")],
        x509.UniformResourceIdentifier("https://enos.cn/"),
        False,
    ),
    "a half of a network": (
        [x509.IPAddress(ip_network("10.128.0.0/9"))],
        x509.IPAddress(ip_address("10.200.1.1")),
        True,
    ),
    "the other half": (
        [x509.IPAddress(ip_network("10.128.0.0/9"))],
        x509.IPAddress(ip_address("10.127.1.1")),
        False,
    ),
    "the last bit of an address": (
        [x509.IPAddress(ip_network("10.1.2.2/32"))],
        x509.IPAddress(ip_address("10.1.2.3")),
        False,
    ),
    "IPv6": ([x509.IPAddress(ip_network("fd00::/8"))], x509.IPAddress(ip_address("fd12::1")), True),
    "another IPv6": (
        [x509.IPAddress(ip_network("fd00::/8"))],
        x509.IPAddress(ip_address("fe12::1")),
        False,
    ),
    "a directory": (_in(("C", "CN")), *_in(("C", "CN"), ("O", "x")), True),
    "another directory": (_in(("C", "CN")), *_in(("C", "DE"), ("O", "x")), False),
    "the second of two": (
        [x509.DNSName("enos.de"), x509.DNSName("enos.cn")],
        x509.DNSName("enos.cn"),
        True,
    ),
}
"""What is permitted, or excluded; a name; whether it is within."""


def _subtree(base: bytes, *distances: bytes, tag: int = 0x30) -> bytes:
    return der_value(tag, base + b"".join(distances))


def _constraints(*subtrees: bytes, tag: int = 0xA0) -> Sequence[Sequence[_Extension]]:
    value = der_value(0x30, der_value(tag, b"".join(subtrees)))
    return ((_ca(),), (_ca(), _Critical(_raw("2.5.29.30", value))))


_CHINA = der_value(0xA4, _name(("C", "CN")).public_bytes())


_CHAINS: dict[str, _Chain] = {
    "plain": _Chain(),
    "a device with all extensions": _Chain(
        leaf=(
            _Critical(x509.BasicConstraints(ca=False, path_length=None)),
            _Critical(_usage("digital_signature", "key_encipherment")),
            _dns("device001"),
        )
    ),
    # Path length
    "length 0 above the device": _Chain(authorities=((_ca(),), (_ca(0),))),
    "length 1 at the root": _Chain(authorities=((_ca(1),), (_ca(),))),
    "length 0 at the root": _Chain((_LENGTH,), ((_ca(0),), (_ca(),))),
    "length 1 two above": _Chain((_LENGTH,), ((_ca(1),), (_ca(),), (_ca(),))),
    "length 0 in between": _Chain((_LENGTH,), ((_ca(),), (_ca(0),), (_ca(),))),
    "length 0, self-issued": _Chain(
        authorities=(
            (_ca(0), x509.SubjectKeyIdentifier(b"1" * 20)),
            (
                _ca(),
                x509.SubjectKeyIdentifier(b"2" * 20),
                x509.AuthorityKeyIdentifier(b"1" * 20, None, None),
            ),
        ),
        leaf=(x509.AuthorityKeyIdentifier(b"2" * 20, None, None),),
        same_names=True,
    ),
    # Who may sign
    "no basic constraints": _Chain((Code.CHAIN_NOT_AUTHORITY,), ((_ca(),), ())),
    "no authority": _Chain(
        (Code.CHAIN_NOT_AUTHORITY,),
        ((_ca(),), (x509.BasicConstraints(ca=False, path_length=None),)),
    ),
    "a root that is no authority": _Chain((Code.CHAIN_NOT_AUTHORITY,), ((), (_ca(),))),
    "may sign certificates": _Chain(authorities=((_ca(),), (_ca(), _usage("key_cert_sign")))),
    "may sign without basic constraints": _Chain(
        (Code.CHAIN_NOT_AUTHORITY,), ((_ca(),), (_usage("key_cert_sign"),))
    ),
    "a root that may sign without basic constraints": _Chain(
        authorities=((_usage("key_cert_sign"),), (_ca(),))
    ),
    "may not sign certificates": _Chain((_USAGE,), ((_ca(),), (_ca(), _usage("crl_sign")))),
    "a root that may not sign": _Chain((_USAGE,), ((_ca(), _usage("crl_sign")), (_ca(),))),
    # Critical extensions
    "critical and unknown": _Chain((_UNKNOWN,), leaf=(_Critical(_raw("1.2.3.4")),)),
    "unknown": _Chain(leaf=(_raw("1.2.3.4"),)),
    "critical in an authority": _Chain(
        (_UNKNOWN,), ((_ca(),), (_ca(), _Critical(_raw("1.2.3.4"))))
    ),
    "critical in the root": _Chain((_UNKNOWN,), ((_ca(), _Critical(_raw("1.2.3.4"))), (_ca(),))),
    "critical and known": _Chain(
        leaf=(_Critical(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CLIENT_AUTH])),)
    ),
    # Names
    "permitted names": _Chain(authorities=_limited(_in(("C", "CN"), ("O", "Envision")))),
    "other case and blanks": _Chain(authorities=_limited(_in(("C", "CN"), ("O", " ENVISION ")))),
    "the whole name": _Chain(authorities=_limited([x509.DirectoryName(_DEVICE)])),
    "other names": _Chain((_NAME,), _limited(_in(("C", "CN"), ("O", "Other")))),
    "other order": _Chain((_NAME,), _limited(_in(("O", "Envision"), ("C", "CN")))),
    "one of two": _Chain(authorities=_limited([*_in(("C", "DE")), *_in(("C", "CN"))])),
    "excluded names": _Chain((_NAME,), _limited((), _in(("C", "CN"), ("O", "Envision")))),
    "others excluded": _Chain(authorities=_limited((), _in(("C", "DE")))),
    "permitted and excluded": _Chain(
        (_NAME,), _limited(_in(("C", "CN")), _in(("C", "CN"), ("O", "Envision")))
    ),
    "names of an authority": _Chain(
        (_NAME, _NAME), ((_ca(), _Critical(_names(_in(("C", "DE"))))), (_ca(),))
    ),
    "a host": _Chain(authorities=_limited([x509.DNSName("enos.cn")]), leaf=(_dns("a.ENOS.cn"),)),
    "the host itself": _Chain(
        authorities=_limited([x509.DNSName("enos.cn")]), leaf=(_dns("enos.cn"),)
    ),
    "another host": _Chain(
        (_NAME,), _limited([x509.DNSName("enos.cn")]), leaf=(_dns("a.enos.cn", "xenos.cn"),)
    ),
    "hosts below only": _Chain(
        (_NAME,), _limited([x509.DNSName(".enos.cn")]), leaf=(_dns("enos.cn"),)
    ),
    "no host at all": _Chain(authorities=_limited([x509.DNSName("enos.cn")])),
    "a common name like a host": _Chain(
        (_NAME,), _limited([x509.DNSName("enos.cn")]), subject=_name(("CN", "dev.other.cn"))
    ),
    "a common name that is a host": _Chain(
        authorities=_limited([x509.DNSName("enos.cn")]), subject=_name(("CN", "dev.enos.cn"))
    ),
    "an address": _Chain(
        authorities=_limited([x509.RFC822Name("enos.cn")]),
        subject=_name(("CN", "device001"), ("E", "a@Enos.cn")),
    ),
    "another address": _Chain(
        (_NAME,),
        _limited([x509.RFC822Name("enos.cn")]),
        subject=_name(("CN", "device001"), ("E", "a@b.enos.cn")),
    ),
    "addresses of a domain": _Chain(
        authorities=_limited([x509.RFC822Name(".enos.cn")]),
        leaf=(x509.SubjectAlternativeName([x509.RFC822Name("a@b.enos.cn")]),),
    ),
    "one address": _Chain(
        (_NAME,),
        _limited([x509.RFC822Name("a@enos.cn")]),
        leaf=(x509.SubjectAlternativeName([x509.RFC822Name("b@enos.cn")]),),
    ),
    "a URI": _Chain(
        authorities=_limited([x509.UniformResourceIdentifier(".enos.cn")]),
        leaf=(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier("https://a.enos.cn:1/")]),
        ),
    ),
    "another URI": _Chain(
        (_NAME,),
        _limited([x509.UniformResourceIdentifier("enos.cn")]),
        leaf=(x509.SubjectAlternativeName([x509.UniformResourceIdentifier("mqtt://a.enos.cn")]),),
    ),
    "an IP address": _Chain(
        authorities=_limited([x509.IPAddress(ip_network("10.0.0.0/8"))]),
        leaf=(x509.SubjectAlternativeName([x509.IPAddress(ip_address("10.1.2.3"))]),),
    ),
    "another IP address": _Chain(
        (_NAME,),
        _limited([x509.IPAddress(ip_network("10.0.0.0/8"))]),
        leaf=(x509.SubjectAlternativeName([x509.IPAddress(ip_address("11.1.2.3"))]),),
    ),
    "IPv6 where IPv4 is permitted": _Chain(
        (_NAME,),
        _limited([x509.IPAddress(ip_network("10.0.0.0/8"))]),
        leaf=(x509.SubjectAlternativeName([x509.IPAddress(ip_address("::1"))]),),
    ),
    "names of a type that nothing knows": _Chain(
        (_UNREADABLE,),
        _limited([x509.RegisteredID(x509.ObjectIdentifier("1.2.3"))]),
        leaf=(x509.SubjectAlternativeName([x509.RegisteredID(x509.ObjectIdentifier("1.2.3"))]),),
    ),
    "constraints of a type that the device has not": _Chain(
        authorities=_limited([x509.RegisteredID(x509.ObjectIdentifier("1.2.3"))])
    ),
    # Key identifiers
    "another key identifier": _Chain(
        (Code.CHAIN_KEY_ID,),
        ((_ca(),), (_ca(), x509.SubjectKeyIdentifier(b"1" * 20))),
        leaf=(x509.AuthorityKeyIdentifier(b"2" * 20, None, None),),
    ),
    "the same key identifier": _Chain(
        authorities=((_ca(),), (_ca(), x509.SubjectKeyIdentifier(b"1" * 20))),
        leaf=(x509.AuthorityKeyIdentifier(b"1" * 20, None, None),),
    ),
    "a key identifier that only the issuer has": _Chain(
        authorities=((_ca(),), (_ca(), x509.SubjectKeyIdentifier(b"1" * 20)))
    ),
    "a key identifier that the issuer has not": _Chain(
        leaf=(x509.AuthorityKeyIdentifier(b"1" * 20, None, None),)
    ),
    # What is written differently
    "all but to sign certificates": _Chain(
        (_USAGE,),
        (
            (_ca(),),
            (
                _ca(),
                _usage(
                    *("digital_signature", "content_commitment", "key_encipherment", "crl_sign"),
                    *("data_encipherment", "key_agreement", "decipher_only"),
                ),
            ),
        ),
    ),
    "a usage of nothing": _Chain((_USAGE,), ((_ca(),), (_ca(), _raw("2.5.29.15", b"\3\1\0")))),
    "a usage without a byte": _Chain((_USAGE,), ((_ca(),), (_ca(), _raw("2.5.29.15", b"\3\0")))),
    "a usage that is cut off": _Chain((_USAGE,), ((_ca(),), (_ca(), _raw("2.5.29.15", b"\3\5")))),
    "a usage that is no set of bits": _Chain(
        (_USAGE,), ((_ca(),), (_ca(), _raw("2.5.29.15", b"\4\2\0\4")))
    ),
    "a length of less than 0": _Chain(
        (_LENGTH,), ((_ca(),), (_raw("2.5.29.19", b"\x30\6\1\1\xff\2\1\xff"),))
    ),
    "a length in nine bytes": _Chain(
        (_LENGTH,), ((_raw("2.5.29.19", b"\x30\x0e\1\1\xff\2\x09" + bytes(8) + b"\1"),), (_ca(),))
    ),
    "a length behind what a root may do": _Chain(
        authorities=((_raw("2.5.29.19", b"\x30\3\1\1\xff\2\1\0"),), (_ca(),))
    ),
    "a length that is cut off": _Chain(
        (_UNREADABLE,), ((_ca(),), (_raw("2.5.29.19", b"\x30\5\1\1\xff\2\5"),))
    ),
    "a name of very many parts, where any is permitted": _Chain(
        authorities=_limited(_in()), subject=_name(*(("OU", f"{number}") for number in range(300)))
    ),
    "a minimum of 0": _Chain(authorities=_constraints(_subtree(_CHINA, b"\x80\1\0"))),
    "a minimum": _Chain((_UNREADABLE,), _constraints(_subtree(_CHINA, b"\x80\1\1"))),
    "a maximum": _Chain((_UNREADABLE,), _constraints(_subtree(_CHINA, b"\x81\1\0"))),
    "a set for a subtree": _Chain((_UNREADABLE,), _constraints(_subtree(_CHINA, tag=0x31))),
    "neither permitted nor excluded": _Chain(
        (_UNREADABLE,), _constraints(_subtree(_CHINA), tag=0xA2)
    ),
    "a network of five bytes": _Chain(
        (_UNREADABLE,),
        _constraints(_subtree(der_value(0x87, b"\x0a\0\0\0\xff"))),
        leaf=_also(x509.IPAddress(ip_address("10.1.2.3"))),
    ),
    "an IP address of five bytes": _Chain(
        (_UNREADABLE,),
        _limited([x509.IPAddress(ip_network("10.0.0.0/8"))]),
        leaf=(_raw("2.5.29.17", der_value(0x30, der_value(0x87, b"\x0a\1\2\3\4"))),),
    ),
    "no address of an e-mail": _Chain(
        (_UNREADABLE,), _limited([x509.RFC822Name("enos.cn")]), leaf=_also(x509.RFC822Name("enos"))
    ),
    "an address without a host": _Chain(
        (_UNREADABLE,),
        _limited([x509.RFC822Name("enos.cn")]),
        leaf=(_raw("2.5.29.17", der_value(0x30, der_value(0x81, b"a@"))),),
    ),
    "any address of a host": _Chain(
        authorities=_constraints(_subtree(der_value(0x81, b"@enos.cn"))),
        leaf=_also(x509.RFC822Name("a@enos.cn")),
    ),
    "an address with another in it": _Chain(
        authorities=_limited([x509.RFC822Name("enos.cn")]),
        leaf=(_raw("2.5.29.17", der_value(0x30, der_value(0x81, b'"a@b"@enos.cn'))),),
    ),
    "a URI without a host": _Chain(
        (_UNREADABLE,),
        _limited([x509.UniformResourceIdentifier("enos.cn")]),
        leaf=_also(x509.UniformResourceIdentifier("urn:enos")),
    ),
    "other names that are none": _Chain(
        (_UNREADABLE,), _limited(_in(("C", "CN"))), leaf=(_raw("2.5.29.17", b"\x30\5"),)
    ),
    "no name, and names of another kind": _Chain(
        authorities=_limited(_in(("C", "DE"))),
        leaf=(_Critical(_dns("a.cn")),),
        subject=_name(),
    ),
    "a common name beside the name of a host": _Chain(
        authorities=_limited([x509.DNSName("enos.cn")]),
        leaf=(_dns("a.enos.cn"),),
        subject=_name(("CN", "dev.other.cn")),
    ),
    "a common name beside an address": _Chain(
        (_NAME,),
        _limited([x509.DNSName("enos.cn")]),
        leaf=_also(x509.RFC822Name("a@enos.cn")),
        subject=_name(("CN", "dev.other.cn")),
    ),
    "a unit like a host": _Chain(
        authorities=_limited([x509.DNSName("enos.cn")]),
        subject=_name(("OU", "dev.other.cn"), ("CN", "dev")),
    ),
    "names of those who issued to themselves": _Chain(
        authorities=(
            (
                _ca(),
                _names(_in(("C", "CN"), ("O", "Envision"))),
                x509.SubjectKeyIdentifier(b"1" * 20),
            ),
            (
                _ca(),
                x509.SubjectKeyIdentifier(b"2" * 20),
                x509.AuthorityKeyIdentifier(b"1" * 20, None, None),
            ),
        ),
        leaf=(x509.AuthorityKeyIdentifier(b"2" * 20, None, None),),
        same_names=True,
    ),
}
_CHAINS |= {
    f"{name}, {'permitted' if permitted else 'excluded'}": _Chain(
        () if is_within is permitted else (_NAME,),
        _limited(bases) if permitted else _limited((), bases),
        leaf=_also(one),
        # The name of the device counts too, where constraints are about directories.
        subject=_name(("C", "CN" if permitted else "FR")),
    )
    for name, (bases, one, is_within) in _WITHIN.items()
    for permitted in (True, False)
}


@pytest.fixture(scope="module")
def device_key():
    return keys.generate()


def _build(chain: _Chain, device_key) -> list[bytes]:
    """Return the certificates as PEM: that of the device, its issuer... the root."""
    made: list[bytes] = []
    issuer_key, issuer = None, None
    for number, extensions in enumerate((*chain.authorities, chain.leaf)):
        is_leaf = number == len(chain.authorities)
        key = device_key if is_leaf else ec.generate_private_key(ec.SECP256R1())
        own = 0 if chain.same_names else number
        subject = chain.subject if is_leaf else _name(("C", "CN"), ("O", "CA"), ("CN", f"CA {own}"))
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer or subject)
            .public_key(key.public_key())
            .serial_number(1000 + number)
            .not_valid_before(_START)
            .not_valid_after(_START + timedelta(days=3650))
        )
        for one in extensions:
            critical = isinstance(one, _Critical)
            builder = builder.add_extension(one.extension if critical else one, critical=critical)
        signed = builder.sign(issuer_key or key, hashes.SHA256())
        made.insert(0, signed.public_bytes(Encoding.PEM))
        issuer_key, issuer = key, subject
    return made


def _openssl_verifies(pem: Sequence[bytes], folder: Path) -> bool:
    leaf, *between, root = pem
    (folder / "leaf.pem").write_bytes(leaf)
    (folder / "between.pem").write_bytes(b"".join(between))
    (folder / "root.pem").write_bytes(root)
    moment = ("-attime", str(int(_NOW.timestamp())))
    files_ = ("-CAfile", "root.pem", "-untrusted", "between.pem", "leaf.pem")
    command = ["openssl", "verify", *moment, *files_]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


def _read(pem: Sequence[bytes]) -> Issued:
    return certificate.read(b"".join(pem), Path("chain.pem"), now=_NOW)


@pytest.mark.parametrize("name", _CHAINS)
def test_chains_are_judged_as_openssl_judges_them(name, device_key, tmp_path):
    chain = _CHAINS[name]
    pem = _build(chain, device_key)
    issued = _read(pem)
    assert len(issued.chain) == len(chain.authorities)
    problems = certificate.check(issued, now=_NOW)
    assert tuple(one.code for one in problems) == chain.expected
    assert _openssl_verifies(pem, tmp_path) == (not chain.expected)


_CA, _DEVICE_NAME = {"issuer": "CA 1"}, {"name": "device001"}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("length 0 at the root", {"issuer": "CA 0", "limit": 0, "count": 1}),
        ("length 1 two above", {"issuer": "CA 0", "limit": 1, "count": 2}),
        ("no authority", _CA),
        ("may not sign certificates", _CA),
        ("critical and unknown", {**_DEVICE_NAME, "extension": "1.2.3.4"}),
        ("critical in the root", {"name": "CA 0", "extension": "1.2.3.4"}),
        ("other names", _CA | _DEVICE_NAME),
        ("names of an authority", {"issuer": "CA 0", "name": "device001"}),
        ("a minimum", {"name": "CA 1", "extension": "nameConstraints"}),
        ("a length that is cut off", {"name": "CA 1", "extension": "basicConstraints"}),
        ("no address of an e-mail", {"name": "CA 1", "extension": "nameConstraints"}),
        ("other names that are none", {**_DEVICE_NAME, "extension": "subjectAltName"}),
        ("another key identifier", _CA | _DEVICE_NAME),
    ],
)
def test_a_broken_rule_names_who_broke_it(name, values, device_key):
    issued = _read(_build(_CHAINS[name], device_key))
    assert certificate.check_rules(issued)[0].values == values


def test_of_several_unknown_extensions_the_first_is_named(device_key):
    unknown = [_Critical(_raw(f"1.2.3.{number}")) for number in (6, 5)]
    issued = _read(_build(_Chain(leaf=(_raw("1.2.3.7"), *unknown)), device_key))
    assert [one.values["extension"] for one in certificate.check_rules(issued)] == ["1.2.3.6"]


def test_a_chain_is_judged_by_its_own_certificates_whatever_was_judged_before(device_key):
    """One by one, with what was found out about the same certificates in other chains."""
    names = ("other names", "permitted names", "other names", "names of an authority", "plain")
    chains = [(_CHAINS[name].expected, _read(_build(_CHAINS[name], device_key))) for name in names]
    forbidden, allowed = (
        _read(_build(_Chain(authorities=_limited(_in(("C", "DE"))), subject=subject), device_key))
        for subject in (_DEVICE, _name(("C", "DE")))
    )
    mixed = Issued(allowed.certificate, forbidden.chain)  # the same issuer for two
    rules = ChainRules()
    for _ in range(2):
        for expected, issued in chains:
            problems = rules.check(issued.certificate, issued.chain)
            assert tuple(one.code for one in problems) == expected
        for issued, expected in ((forbidden, [_NAME]), (mixed, []), (forbidden, [_NAME])):
            problems = rules.check(issued.certificate, issued.chain)
            assert [one.code for one in problems if one.code is _NAME] == expected


def test_a_name_like_a_host_counts_for_the_last_certificate_only():
    """One and the same certificate, at the end of a chain and in it."""
    key = ec.generate_private_key(ec.SECP256R1())
    root, host = _name(("CN", "Root")), _name(("CN", "ca.other.cn"))

    def sign(subject: x509.Name, issuer: x509.Name, *extensions: _Extension) -> bytes:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(_START).not_valid_after(_START + timedelta(days=3650))
        for one in extensions:
            builder = builder.add_extension(one, critical=True)
        return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)

    pem = [
        sign(_DEVICE, host),
        sign(host, root, _ca()),
        sign(root, root, _ca(), _names([x509.DNSName("enos.cn")])),
    ]
    leaf, between, top = (x509_reader.read(one) for one in pem)
    rules = ChainRules()
    for _ in range(2):
        assert [one.code for one in rules.check(between, [top])] == [_NAME]
        assert rules.check(leaf, [between, top]) == []


@pytest.mark.parametrize(
    ("names", "constraints", "extension"),
    [
        (1000, 1, None),
        (1001, 1, "subjectAltName"),
        (1, 1000, None),
        (1, 1001, "nameConstraints"),
        (999, 100, None),  # with the name of the device, as many as are compared
        (999, 101, "nameConstraints"),
    ],
)
def test_so_many_names_are_compared_and_no_more(names, constraints, extension, device_key):
    bases = [x509.DNSName(f"a{number}.cn") for number in range(constraints - 1)]
    chain = _Chain(
        authorities=_limited([*bases, x509.DNSName("z.cn")]),
        leaf=(_dns(*(f"b{number}.z.cn" for number in range(names))),),
    )
    issued = _read(_build(chain, device_key))
    rules = ChainRules()
    for _ in range(3):  # what was compared once is known
        problems = rules.check(issued.certificate, issued.chain)
        assert [one.code for one in problems] == ([_UNREADABLE] if extension else [])
        assert [one.values["extension"] for one in problems] == ([extension] if extension else [])


@pytest.mark.long
def test_a_root_of_version_1_may_sign(device_key, openssl, tmp_path):
    """There were no basic constraints then."""
    new = ("-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "root.key")
    openssl("req", "-new", *new, "-subj", "/CN=Old", "-out", tmp_path / "root.csr")
    signed = ("-signkey", tmp_path / "root.key", "-out", tmp_path / "root.pem")
    openssl("x509", "-req", "-in", tmp_path / "root.csr", *signed)
    openssl(
        "req", "-new", *new[:3], "-keyout", tmp_path / "k", "-subj", "/CN=d", "-out", "/dev/null"
    )
    by = ("-CA", tmp_path / "root.pem", "-CAkey", tmp_path / "root.key", "-set_serial", "7")
    request = ("-in", tmp_path / "d.csr")
    openssl("req", "-new", "-key", tmp_path / "k", "-subj", "/CN=d", "-out", tmp_path / "d.csr")
    openssl("x509", "-req", *request, *by, "-out", tmp_path / "d.pem")
    issued = certificate.read(
        (tmp_path / "d.pem").read_bytes(), tmp_path, (tmp_path / "root.pem").read_bytes()
    )
    assert [one.version for one in (issued.certificate, *issued.chain)] == [1, 1]
    assert certificate.check_rules(issued) == []
    openssl("verify", "-CAfile", tmp_path / "root.pem", tmp_path / "d.pem")


def test_of_two_chains_the_one_that_breaks_no_rule_is_taken(device_key):
    """A cross-signed authority, once with names that are not those of the device."""
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _name(("CN", "Root"))

    def sign(subject, public, issuer, by, *extensions):
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
        builder = builder.public_key(public).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(_START).not_valid_after(_START + timedelta(days=3650))
        for one in extensions:
            builder = builder.add_extension(one, critical=True)
        return builder.sign(by, hashes.SHA256()).public_bytes(Encoding.PEM)

    between = _name(("CN", "Between"))
    top = sign(root, root_key.public_key(), root, root_key, _ca())
    bad = sign(between, key.public_key(), root, root_key, _ca(), _names(_in(("C", "DE"))))
    good = sign(between, key.public_key(), root, root_key, _ca())
    leaf = sign(_DEVICE, device_key.public_key(), between, key)
    for order in ([leaf, bad, good, top], [leaf, good, bad, top]):
        issued = _read(order)
        assert issued.chain[0].to_pem().split() == good.split()
        assert certificate.check_rules(issued) == []


@pytest.mark.long
def test_the_work_is_bounded(device_key, bounded):
    """900 names against 900 constraints, in each certificate of a long chain."""
    many = [x509.DNSName(f"a{number}.cn") for number in range(900)]
    authorities = [(_ca(), _names(many))] * 9
    pem = _build(
        _Chain(authorities=authorities, leaf=(_dns(*(f"b{n}.cn" for n in range(900))),)), device_key
    )
    codes = {one.code for one in certificate.check(_read(pem), now=_NOW)}
    assert codes == {Code.CHAIN_EXTENSION_UNREADABLE}


_FORBIDDEN = "other names"


def test_receive_renew_and_export_name_the_rule(device_key, tmp_path):
    pem = _build(_CHAINS[_FORBIDDEN], device_key)
    file = tmp_path / "device.pem"
    file.write_bytes(b"".join(pem))
    (tmp_path / "device.key").write_bytes(keys.to_pem(device_key))
    received = receive.match_certificate(file)
    values = {"issuer": "CA 1", "name": "device001"}
    for problems in (received.problems, renew.read_source(file).notes):
        [problem] = [one for one in problems if one.code is Code.CHAIN_NAME_FORBIDDEN]
        assert problem.values == values
    assert receive.store_certificate(received).certificate.exists()
    assert files.read(received.key.with_suffix(".crt")) == b"".join(pem)
