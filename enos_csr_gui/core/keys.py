"""Private keys for EnOS: RSA, 2048 bits, as the manual's step 1 demands."""

from __future__ import annotations

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from enos_csr_gui.core import digests
from enos_csr_gui.core.errors import Code, InvalidKey, Problem

KEY_SIZE = 2048
"""The size of the modulus that EnOS demands, in bits."""

MAX_RSA_BITS = 16_384
"""Larger keys are not looked at; OpenSSL accepts no larger modulus either."""

PUBLIC_EXPONENT = 65537

MAX_PASSPHRASE_BYTES = 1023
"""OpenSSL silently truncates a passphrase to this many bytes."""


def generate() -> rsa.RSAPrivateKey:
    """Return a new private key. Takes about 35 ms, sometimes several times that."""
    return rsa.generate_private_key(public_exponent=PUBLIC_EXPONENT, key_size=KEY_SIZE)


def check_passphrase(passphrase: str) -> list[Problem]:
    """Return the problems that make ``passphrase`` unusable; says nothing about its strength."""
    if not passphrase:
        return [Problem(Code.PASSPHRASE_EMPTY)]
    try:
        length = len(passphrase.encode())
    except UnicodeEncodeError as error:
        number = ord(passphrase[error.start])
        broken: dict[str, str | int] = {
            "position": error.start + 1,
            "code_point": f"U+{number:04X}",
        }
        return [Problem(Code.BROKEN_CHARACTER, values=broken)]
    if length > MAX_PASSPHRASE_BYTES:
        values = {"limit": MAX_PASSPHRASE_BYTES, "length": length}
        return [Problem(Code.PASSPHRASE_TOO_LONG, values=values)]
    return []


def to_pem(key: rsa.RSAPrivateKey, passphrase: str | None = None) -> bytes:
    """Return the key as PKCS #8 PEM, encrypted (PBES2, AES-256-CBC) when a passphrase is given.

    Raises InvalidKey when ``check_passphrase`` finds a problem.
    """
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        if problems := check_passphrase(passphrase):
            raise InvalidKey(problems)
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )


def public_key_sha256(public_key: PublicKeyTypes) -> str:
    """Return the SHA-256 of a public key's SubjectPublicKeyInfo (RFC 5280, 4.1.2.7) in hex."""
    spki = public_key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return digests.sha256(spki)


def strength(passphrase: str) -> int:
    """Return the zxcvbn score of the passphrase: 0 (easy to guess) to 4 (very hard)."""
    from zxcvbn import zxcvbn

    # zxcvbn accepts 72 characters at most: its time grows with the square of the length.
    return int(zxcvbn(passphrase[:72])["score"]) if passphrase else 0
