"""The issued certificate and its key as the device wants them: PEM, PKCS #12, a Java keystore.

The Java keystore is one PKCS #12 file (RFC 7292) in which the authority's certificates are trusted,
as the EnOS SDK for Java wants it. Java 8u301 and later read it both as "JKS" and as their default
type.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from enos_csr_gui.core import files, keys, request
from enos_csr_gui.core.certificate import issuer_name
from enos_csr_gui.core.errors import (
    CannotHandOver,
    CannotSave,
    Code,
    InvalidFileName,
    InvalidKey,
    Problem,
)

MIN_PASSPHRASE_LENGTH = 6
"""Java's keytool takes no shorter one."""

PEM_NAME = "edge"
"""What the platform's own script calls the files: edge.key, edge.pem, edge_ca.pem."""


class Format(StrEnum):
    """What the device, or the program on it, can read."""

    PEM = "pem"
    PKCS12 = "p12"
    JAVA = "jks"


class Role(StrEnum):
    """What a file is there for."""

    KEY = "key"
    CERTIFICATE = "certificate"
    AUTHORITY = "authority"
    KEYSTORE = "keystore"


class HandedOver(NamedTuple):
    """A file that was written; ``private`` if it holds the key, ``protected`` by a passphrase."""

    role: Role
    path: Path
    private: bool = False
    protected: bool = False


_PEM_ENDINGS = {Role.KEY: ".key", Role.CERTIFICATE: ".pem", Role.AUTHORITY: "_ca.pem"}


def check_passphrase(passphrase: str) -> list[Problem]:
    """Return what keeps ``passphrase`` from protecting a keystore that every Java can open.

    Java takes passphrases of printable ASCII only, once AES is used (OpenJDK, ``PBEKey``).
    """
    if problems := keys.check_passphrase(passphrase):
        return problems
    if len(passphrase) < MIN_PASSPHRASE_LENGTH:
        return [Problem(Code.PASSPHRASE_TOO_SHORT, values={"minimum": MIN_PASSPHRASE_LENGTH})]
    if not (passphrase.isascii() and passphrase.isprintable()):
        return [Problem(Code.PASSPHRASE_NOT_ASCII)]
    return []


def check_target(format_: Format, target: Path, name: str = PEM_NAME) -> list[Problem]:
    """Return what, as far as a look can tell, would keep ``save`` from saving there."""
    if format_ is Format.PEM:
        return files.check_set(target, name, list(_PEM_ENDINGS.values()))
    if target.is_dir():
        return [Problem(Code.NOT_A_FILE, path=target)]
    return [
        # The name of one file is said as a whole, with its ending.
        problem._replace(values={"suggestion": f"{suggestion}{target.suffix}"})
        if (suggestion := problem.values.get("suggestion"))
        else problem
        for problem in files.check_set(target.parent, target.stem, [target.suffix])
    ]


def save(
    format_: Format,
    key: rsa.RSAPrivateKey,
    certificate: x509.Certificate,
    chain: Sequence[x509.Certificate],
    target: Path,
    *,
    name: str = PEM_NAME,
    passphrase: str | None = None,
    older_java: bool = False,
) -> list[HandedOver]:
    """Write what the device needs: all or nothing, never over a file, the key for you alone.

    ``chain`` are the certificates of the authority, the issuer first. ``target`` is the folder of
    the PEM files, which are called ``name``, or the keystore itself. The key is unprotected when
    it is written as PEM without a ``passphrase``; a keystore needs one. For ``older_java`` see
    ``keystore``.

    Raises CannotHandOver when the certificate is not one for the key, or PEM or Java lacks the
    chain; InvalidKey when the passphrase cannot be used; and what ``files.save_set`` raises.
    """
    check_parts(format_, key, certificate, chain)
    if problems := check_target(format_, target, name):
        unsafe = problems[0].code is Code.NAME_UNSAFE
        raise InvalidFileName(problems) if unsafe else CannotSave(problems)
    protected = passphrase is not None
    if format_ is Format.PEM:
        contents = {
            Role.KEY: keys.to_pem(key, passphrase),
            Role.CERTIFICATE: certificate.public_bytes(Encoding.PEM),
            Role.AUTHORITY: b"".join(one.public_bytes(Encoding.PEM) for one in chain),
        }
        folder, endings = target, _PEM_ENDINGS
    else:
        make = java_keystore if format_ is Format.JAVA else keystore
        data = make(key, certificate, chain, passphrase or "", older_java=older_java)
        contents, endings = {Role.KEYSTORE: data}, {Role.KEYSTORE: target.suffix}
        folder, name = target.parent, target.stem
    secret = (Role.KEY, Role.KEYSTORE)
    parts = [
        files.Part(endings[role], data, private=role in secret, encrypted=protected)
        for role, data in contents.items()
    ]
    paths = files.save_set(folder, name, parts)
    return [
        HandedOver(role, path, role in secret, role in secret and protected)
        for role, path in zip(contents, paths, strict=True)
    ]


def check_parts(
    format_: Format,
    key: rsa.RSAPrivateKey,
    certificate: x509.Certificate,
    chain: Sequence[x509.Certificate],
) -> None:
    """Raise CannotHandOver when the certificate is not for the key, or the chain is missing."""
    if certificate.public_key() != key.public_key():
        raise CannotHandOver([Problem(Code.CERTIFICATE_OF_OTHER_KEY)])
    if not chain and format_ is not Format.PKCS12:
        values = {"issuer": issuer_name(certificate)}
        raise CannotHandOver([Problem(Code.CHAIN_MISSING, values=values)])


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

    They stand in it once, and Java finds the chain of the key among them.
    """
    encryption = _encryption(passphrase, older_java)
    alias = _alias(certificate)
    # To Java, names that differ in nothing but capitals are one, and the last one wins.
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
    """Return the name under which the key is found in a keystore: the common name."""
    names = request.subject_of(certificate).get_attributes_for_oid(NameOID.COMMON_NAME)
    return request.attribute_text(names[0]) if names else PEM_NAME


# --- One PKCS #12 file of two ---------------------------------------------------------------------

_OCTET_STRING, _EXPLICIT_0 = 0x04, 0xA0


def _joined(first: bytes, second: bytes, passphrase: str, digest: str) -> bytes:
    """Return the PKCS #12 file that holds the contents of both, which have one passphrase.

    ``cryptography`` writes a key, or certificates that Java trusts, but not both into one file.
    The second one's contents are put behind the first one's (RFC 7292, 4: an AuthenticatedSafe is
    a sequence of contents), and the first one's MAC is computed anew.
    """
    (whole,) = request.der_values(first)
    version, content, mac = request.der_values(first, whole.inside, whole.end)
    type_, _data = request.der_values(first, content.inside, content.end)
    safe = _der(request.SEQUENCE, _contents(first) + _contents(second))

    digest_info, salt, rounds = request.der_values(first, mac.inside, mac.end)
    _algorithm, old = request.der_values(first, digest_info.inside, digest_info.end)
    mac_key = _mac_key(
        passphrase,
        first[salt.inside : salt.end],
        int.from_bytes(first[rounds.inside : rounds.end], "big"),
        digest,
    )
    new_mac = hmac.digest(mac_key, safe, digest)
    return _der(
        request.SEQUENCE,
        first[version.start : version.end]
        + _der(
            request.SEQUENCE,
            first[type_.start : type_.end] + _der(_EXPLICIT_0, _der(_OCTET_STRING, safe)),
        )
        + first[mac.start : old.inside]
        + new_mac
        + first[old.end : mac.end],
    )


def _contents(pfx: bytes) -> bytes:
    """Return the content of the AuthenticatedSafe in a PKCS #12 file."""
    (whole,) = request.der_values(pfx)
    _version, content, _mac = request.der_values(pfx, whole.inside, whole.end)
    _type, data = request.der_values(pfx, content.inside, content.end)
    (octets,) = request.der_values(pfx, data.inside, data.end)
    (safe,) = request.der_values(pfx, octets.inside, octets.end)
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


def _der(tag: int, content: bytes) -> bytes:
    """Return one value as DER (X.690, 8.1)."""
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + content
