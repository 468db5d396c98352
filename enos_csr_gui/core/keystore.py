"""The PKCS #12 keystore (RFC 7292), and the one that Java reads.

The Java keystore is one PKCS #12 file that marks the CA certificates as trusted, as the EnOS SDK
for Java requires. Java 8u301 and later read it both as "JKS" and as their default type.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    KeySerializationEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from enos_csr_gui.core import asn1, keys, x509_reader
from enos_csr_gui.core.asn1 import der_value
from enos_csr_gui.core.errors import (
    Code,
    InvalidKey,
    Problem,
)

MIN_PASSPHRASE_LENGTH = 6
"""Java's keytool accepts no shorter passphrase."""


PEM_NAME = "edge"
"""The file names of the platform's own script: edge.key, edge.pem, edge_ca.pem."""


def check_passphrase(passphrase: str) -> list[Problem]:
    """Return the problems that make ``passphrase`` unusable for a keystore that every Java opens.

    With AES, Java accepts only printable ASCII (OpenJDK, ``PBEKey``).
    """
    if problems := keys.check_passphrase(passphrase):
        return problems
    if len(passphrase) < MIN_PASSPHRASE_LENGTH:
        return [Problem(Code.PASSPHRASE_TOO_SHORT, values={"minimum": MIN_PASSPHRASE_LENGTH})]
    if not (passphrase.isascii() and passphrase.isprintable()):
        return [Problem(Code.PASSPHRASE_NOT_ASCII)]
    return []


def keystore(
    key: rsa.RSAPrivateKey,
    certificate: x509.Certificate,
    chain: Sequence[x509.Certificate],
    passphrase: str,
    *,
    older_java: bool = False,
) -> bytes:
    """Return a PKCS #12 file with the key, its certificate and the chain.

    It is encrypted with AES-256 (PBES2) and authenticated with SHA-256; for ``older_java``, that
    is Java 8 before 8u301, with Triple DES and SHA-1, which are weaker.

    Raises InvalidKey when ``check_passphrase`` finds a problem.
    """
    encryption = _encryption(passphrase, older_java)
    alias = _alias(certificate).encode()
    return pkcs12.serialize_key_and_certificates(alias, key, certificate, chain, encryption)


def java_keystore(
    key: rsa.RSAPrivateKey,
    certificate: x509.Certificate,
    chain: Sequence[x509.Certificate],
    passphrase: str,
    *,
    older_java: bool = False,
) -> bytes:
    """Return a ``keystore`` in which Java trusts the certificates of the chain.

    Each is stored once, and Java builds the key's certificate chain from them.
    """
    encryption = _encryption(passphrase, older_java)
    alias = _alias(certificate)
    # Java's aliases ignore case, and the last of several equal ones wins.
    trusted = [
        pkcs12.PKCS12Certificate(one, f"{alias}-ca-{number}".encode())
        for number, one in enumerate(chain, start=1)
    ]
    return _joined(
        pkcs12.serialize_key_and_certificates(alias.encode(), key, certificate, None, encryption),
        pkcs12.serialize_java_truststore(trusted, encryption),
        passphrase,
        "sha1" if older_java else "sha256",
    )


def _encryption(passphrase: str, older_java: bool) -> KeySerializationEncryption:
    if problems := check_passphrase(passphrase):
        raise InvalidKey(problems)
    algorithm = pkcs12.PBES.PBESv2SHA256AndAES256CBC
    digest: hashes.HashAlgorithm = hashes.SHA256()
    if older_java:
        algorithm, digest = pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC, hashes.SHA1()  # noqa: S303
    builder = PrivateFormat.PKCS12.encryption_builder().key_cert_algorithm(algorithm)
    return builder.hmac_hash(digest).build(passphrase.encode())


def _alias(certificate: x509.Certificate) -> str:
    """Return the alias of the key in a keystore: the common name."""
    names = x509_reader.subject_of(certificate).get_attributes_for_oid(NameOID.COMMON_NAME)
    return x509_reader.attribute_text(names[0]) if names else PEM_NAME


_OCTET_STRING, _EXPLICIT_0 = 0x04, 0xA0


def _joined(first: bytes, second: bytes, passphrase: str, digest: str) -> bytes:
    """Return a PKCS #12 file with the contents of both, which have the same passphrase.

    ``cryptography`` writes a key, or certificates that Java trusts, but not both into one file.
    The second file's contents are appended to the first's (RFC 7292, 4: an AuthenticatedSafe is a
    sequence of contents), and the first file's MAC is recomputed.
    """
    (whole,) = asn1.der_values(first)
    version, content, mac = asn1.der_values(first, whole.inside, whole.end)
    type_, _data = asn1.der_values(first, content.inside, content.end)
    safe = der_value(asn1.SEQUENCE, _contents(first) + _contents(second))

    digest_info, salt, rounds = asn1.der_values(first, mac.inside, mac.end)
    _algorithm, old = asn1.der_values(first, digest_info.inside, digest_info.end)
    mac_key = _mac_key(
        passphrase,
        first[salt.inside : salt.end],
        int.from_bytes(first[rounds.inside : rounds.end], "big"),
        digest,
    )
    new_mac = hmac.digest(mac_key, safe, digest)
    return der_value(
        asn1.SEQUENCE,
        first[version.start : version.end]
        + der_value(
            asn1.SEQUENCE,
            first[type_.start : type_.end] + der_value(_EXPLICIT_0, der_value(_OCTET_STRING, safe)),
        )
        + first[mac.start : old.inside]
        + new_mac
        + first[old.end : mac.end],
    )


def _contents(pfx: bytes) -> bytes:
    """Return the content of the AuthenticatedSafe in a PKCS #12 file."""
    (whole,) = asn1.der_values(pfx)
    _version, content, _mac = asn1.der_values(pfx, whole.inside, whole.end)
    _type, data = asn1.der_values(pfx, content.inside, content.end)
    (octets,) = asn1.der_values(pfx, data.inside, data.end)
    (safe,) = asn1.der_values(pfx, octets.inside, octets.end)
    return pfx[safe.inside : safe.end]


def _mac_key(passphrase: str, salt: bytes, rounds: int, digest: str) -> bytes:
    """Return the key of the MAC (RFC 7292, B.2), which is as long as one digest."""
    block = hashlib.new(digest).block_size

    def filled(text: bytes) -> bytes:
        length = -(-len(text) // block) * block
        return (text * (length // len(text) + 1))[:length]

    key = bytes([3]) * block + filled(salt) + filled(f"{passphrase}\0".encode("utf-16-be"))
    for _round in range(rounds):
        key = hashlib.new(digest, key).digest()
    return key
