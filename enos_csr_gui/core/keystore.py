"""The PKCS #12 keystore (RFC 7292), and the one that Java reads.

The Java keystore is one PKCS #12 file that marks the CA certificates as trusted, as the EnOS SDK
for Java requires. Java 8u301 and later read it both as "JKS" and as their default type.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Sequence

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import (
    BlockCipherAlgorithm,
    Cipher,
    algorithms,
    modes,
)
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from enos_csr_gui.core import keys, pbe
from enos_csr_gui.core.asn1 import der_number, der_oid, der_sequence, der_set, der_value
from enos_csr_gui.core.errors import (
    Code,
    InvalidKey,
    Problem,
)
from enos_csr_gui.core.x509_reader import Certificate

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
    certificate: Certificate,
    chain: Sequence[Certificate],
    passphrase: str,
    *,
    older_systems: bool = False,
) -> bytes:
    """Return a PKCS #12 file with the key, its certificate and the chain.

    It is encrypted with AES-256 (PBES2) and authenticated with SHA-256; for ``older_systems``, such
    as Java 8 before 8u301 and old versions of Windows and macOS, with Triple DES and SHA-1, which
    are weaker.

    Raises InvalidKey when ``check_passphrase`` finds a problem.
    """
    others = [_bag(one) for one in chain]
    alias = _common_name(certificate)
    return _pkcs12(key, certificate, others, passphrase, older_systems=older_systems, alias=alias)


def java_keystore(
    key: rsa.RSAPrivateKey,
    certificate: Certificate,
    chain: Sequence[Certificate],
    passphrase: str,
    *,
    older_systems: bool = False,
    alias: str = PEM_NAME,
) -> bytes:
    """Return a ``keystore`` in which Java trusts the certificates of the chain.

    Each is stored once, and Java builds the key's certificate chain from them. The aliases are
    those of the EnOS manual, ``alias`` for the key and 'cacert' for the root certificate; the
    others of the chain are 'cacert-2', and so on. The EnOS SDK looks up none of them.
    """
    trusted = [
        _bag(one, _friendly_name(f"cacert-{number}" if number > 1 else "cacert"), _TRUSTED_BY_JAVA)
        for number, one in enumerate(reversed(chain), start=1)
    ]
    return _pkcs12(key, certificate, trusted, passphrase, older_systems=older_systems, alias=alias)


def _common_name(certificate: Certificate) -> str:
    """Return the name that Windows and other programs show for the key."""
    names = certificate.subject.texts("2.5.4.3")
    return names[0] if names else PEM_NAME


# --- PKCS #12 (RFC 7292) --------------------------------------------------------------------------
#
# ``cryptography`` has a writer, but loads no certificate that breaks the standard (a
# PrintableString with '&', an explicit FALSE, unsorted RDNs), and writes no trusted ones beside a
# key. Here the certificates are written as they came in.

_OCTET_STRING, _NULL, _BMP_STRING = 0x04, 0x05, 0x1E
_EXPLICIT_0, _IMPLICIT_0 = 0xA0, 0x80

_ROUNDS = 190_000
"""Of each of the three key derivations. .NET opens no file with more than 600,000 in all; OpenSSL
writes 2,048, Java 10,000."""

_ROUNDS_FOR_OLDER_SYSTEMS = 20_000
"""What is old is slow as well, and SHA-1 with Triple DES is weaker than any number makes up for."""


def _pkcs12(
    key: rsa.RSAPrivateKey,
    certificate: Certificate,
    others: Sequence[bytes],
    passphrase: str,
    *,
    older_systems: bool,
    alias: str,
) -> bytes:
    """Return the file: the certificates and the key, encrypted, and the MAC over both."""
    if problems := check_passphrase(passphrase):
        raise InvalidKey(problems)
    encrypt = _encrypt_for_older_systems if older_systems else _encrypt
    digest = "sha1" if older_systems else "sha256"
    # By the local key identifier the certificate is found that belongs to the key.
    key_id = der_value(_OCTET_STRING, hashlib.sha1(certificate.der, usedforsecurity=False).digest())
    names = (_friendly_name(alias), _attribute(_LOCAL_KEY_ID, key_id))

    plain = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    algorithm, secret = encrypt(plain, passphrase)
    shrouded = der_sequence(algorithm, der_value(_OCTET_STRING, secret))
    key_bag = der_sequence(
        der_oid(_SHROUDED_KEY_BAG), der_value(_EXPLICIT_0, shrouded), der_set(*names)
    )

    algorithm, secret = encrypt(der_sequence(_bag(certificate, *names), *others), passphrase)
    encrypted = der_sequence(der_oid(_DATA), algorithm, der_value(_IMPLICIT_0, secret))
    content = der_sequence(der_number(0), encrypted)
    safe = der_sequence(
        der_sequence(der_oid(_ENCRYPTED_DATA), der_value(_EXPLICIT_0, content)),
        _data(der_sequence(key_bag)),
    )
    salt = os.urandom(16)
    rounds = _ROUNDS_FOR_OLDER_SYSTEMS if older_systems else _ROUNDS
    derived = pbe.derive_pkcs12(
        passphrase, salt, digest, 3, hashlib.new(digest).digest_size, rounds
    )
    mac = hmac.digest(derived, safe, digest)
    digest_info = der_sequence(
        der_sequence(der_oid(_DIGESTS[digest]), der_value(_NULL, b"")),
        der_value(_OCTET_STRING, mac),
    )
    return der_sequence(
        der_number(3),
        _data(safe),
        der_sequence(digest_info, der_value(_OCTET_STRING, salt), der_number(rounds)),
    )


def _bag(certificate: Certificate, *attributes: bytes) -> bytes:
    """Return a bag with the certificate as it came in."""
    octets = der_value(_EXPLICIT_0, der_value(_OCTET_STRING, certificate.der))
    value = der_value(_EXPLICIT_0, der_sequence(der_oid(_X509_CERTIFICATE), octets))
    return der_sequence(
        der_oid(_CERTIFICATE_BAG), value, *([der_set(*attributes)] if attributes else [])
    )


def _data(content: bytes) -> bytes:
    octets = der_value(_EXPLICIT_0, der_value(_OCTET_STRING, content))
    return der_sequence(der_oid(_DATA), octets)


_DATA, _ENCRYPTED_DATA = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.6"
_SHROUDED_KEY_BAG, _CERTIFICATE_BAG = "1.2.840.113549.1.12.10.1.2", "1.2.840.113549.1.12.10.1.3"
_X509_CERTIFICATE = "1.2.840.113549.1.9.22.1"
_FRIENDLY_NAME, _LOCAL_KEY_ID = "1.2.840.113549.1.9.20", "1.2.840.113549.1.9.21"
_PBES2, _PBKDF2 = "1.2.840.113549.1.5.13", "1.2.840.113549.1.5.12"
_HMAC_SHA256, _AES_256_CBC = "1.2.840.113549.2.9", "2.16.840.1.101.3.4.1.42"
_PBE_SHA1_3DES = "1.2.840.113549.1.12.1.3"
_DIGESTS = {"sha1": "1.3.14.3.2.26", "sha256": "2.16.840.1.101.3.4.2.1"}


def _attribute(oid: str, value: bytes) -> bytes:
    return der_sequence(der_oid(oid), der_set(value))


def _friendly_name(name: str) -> bytes:
    return _attribute(_FRIENDLY_NAME, der_value(_BMP_STRING, name.encode("utf-16-be", "replace")))


# Oracle's trusted-key-usage, with anyExtendedKeyUsage: OpenJDK, PKCS12KeyStore.
_TRUSTED_BY_JAVA = _attribute("2.16.840.1.113894.746875.1.1", der_oid("2.5.29.37.0"))


def _encrypt(plain: bytes, passphrase: str) -> tuple[bytes, bytes]:
    """Return the algorithm and what it makes: PBES2 with AES-256 (RFC 8018, 6.2)."""
    salt, vector = os.urandom(16), os.urandom(16)
    derived = PBKDF2HMAC(hashes.SHA256(), 32, salt, _ROUNDS).derive(passphrase.encode())
    prf = der_sequence(der_oid(_HMAC_SHA256), der_value(_NULL, b""))
    derivation = der_sequence(der_value(_OCTET_STRING, salt), der_number(_ROUNDS), prf)
    cipher = der_sequence(der_oid(_AES_256_CBC), der_value(_OCTET_STRING, vector))
    schemes = der_sequence(der_sequence(der_oid(_PBKDF2), derivation), cipher)
    algorithm = der_sequence(der_oid(_PBES2), schemes)
    return algorithm, _in_cbc(algorithms.AES(derived), vector, plain)


def _encrypt_for_older_systems(plain: bytes, passphrase: str) -> tuple[bytes, bytes]:
    """Return the algorithm and what it makes: SHA-1 and Triple DES (RFC 7292, C)."""
    salt = os.urandom(16)
    rounds = _ROUNDS_FOR_OLDER_SYSTEMS
    derived = pbe.derive_pkcs12(passphrase, salt, "sha1", 1, 24, rounds)
    vector = pbe.derive_pkcs12(passphrase, salt, "sha1", 2, 8, rounds)
    parameters = der_sequence(der_value(_OCTET_STRING, salt), der_number(rounds))
    algorithm = der_sequence(der_oid(_PBE_SHA1_3DES), parameters)
    return algorithm, _in_cbc(TripleDES(derived), vector, plain)


def _in_cbc(cipher: BlockCipherAlgorithm, vector: bytes, plain: bytes) -> bytes:
    padder = padding.PKCS7(cipher.block_size).padder()
    encryptor = Cipher(cipher, modes.CBC(vector)).encryptor()
    return encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
