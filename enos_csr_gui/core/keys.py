"""Private keys for EnOS: RSA, 2048 bits, as the manual's step 1 demands."""

from __future__ import annotations

import hashlib
import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

from enos_csr_gui.core.errors import Code, InvalidKey, Problem

KEY_SIZE = 2048
"""The size of the modulus that EnOS demands, in bits."""

PUBLIC_EXPONENT = 65537

MAX_PASSPHRASE_BYTES = 1023
"""OpenSSL cuts off, without a word, what a passphrase has beyond this many bytes."""

# cryptography's words for a protection that it cannot undo, whatever the passphrase.
_UNKNOWN_PROTECTION = ("Unknown key encryption algorithm", "Key encrypted with unknown cipher")

_PEM_LABEL = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,64})-----")


def generate() -> rsa.RSAPrivateKey:
    """Return a new private key. Takes some 35 ms, at times several times that."""
    return rsa.generate_private_key(public_exponent=PUBLIC_EXPONENT, key_size=KEY_SIZE)


def load(data: bytes, passphrase: str | None = None) -> rsa.RSAPrivateKey:
    """Return the private key in ``data``: PEM or DER; PKCS #8 or traditional; encrypted or not.

    A passphrase that the key does not need is ignored. Raises InvalidKey when there is no
    private key, the passphrase is missing or wrong, or the key is not RSA 2048.
    """
    key = _deserialize(data, passphrase)
    if not isinstance(key, rsa.RSAPrivateKey):
        # "Ed25519PrivateKey" and the like; PEM does not tell the algorithm either.
        algorithm = re.sub("(Elliptic|)(.*?)(Public|Private)Key.*", r"\1\2", type(key).__name__)
        raise _refusal(Code.KEY_NOT_RSA, algorithm=algorithm)
    if key.key_size != KEY_SIZE:
        raise _refusal(Code.KEY_SIZE, bits=key.key_size, wanted=KEY_SIZE)
    return key


def _refusal(code: Code, **values: str | int) -> InvalidKey:
    return InvalidKey([Problem(code, values=values)])


def _deserialize(data: bytes, passphrase: str | None) -> PrivateKeyTypes:
    label = _PEM_LABEL.search(data)
    # What cannot be encoded cannot have been the passphrase either.
    secret = passphrase.encode("utf-8", "replace") if passphrase else None
    try:
        return _parse(data, secret, pem=label is not None)
    except TypeError as error:
        # cryptography's way to say: encrypted, and no passphrase was given.
        raise _refusal(Code.PASSPHRASE_NEEDED) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        if label and b"PRIVATE KEY" not in data:
            kind = label[1].decode("ascii").lower()
            raise _refusal(Code.NOT_A_PRIVATE_KEY, label=kind) from error
        if str(error).startswith(_UNKNOWN_PROTECTION):
            raise _refusal(Code.PROTECTION_UNKNOWN) from error
        # One wrong passphrase in 256 happens to give something, only no key.
        if secret is not None and _is_encrypted(data, pem=label is not None):
            raise _refusal(Code.PASSPHRASE_WRONG) from error
        raise _refusal(Code.NOT_A_KEY) from error


def _parse(data: bytes, secret: bytes | None, *, pem: bool) -> PrivateKeyTypes:
    read = serialization.load_pem_private_key if pem else serialization.load_der_private_key
    try:
        return read(data, secret)
    except TypeError:
        if secret is None:
            raise
        # A passphrase was given for a key that is not encrypted.
        return read(data, None)


def _is_encrypted(data: bytes, *, pem: bool) -> bool:
    try:
        _parse(data, None, pem=pem)
    except TypeError:
        return True
    except (ValueError, UnsupportedAlgorithm):
        pass
    return False


def check_passphrase(passphrase: str) -> list[Problem]:
    """Return what keeps ``passphrase`` from protecting a key; nothing about its strength."""
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


def fingerprint(public_key: PublicKeyTypes) -> str:
    """Return the SHA-256 of a public key's SubjectPublicKeyInfo (RFC 5280, 4.1.2.7) in hex."""
    spki = public_key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(spki).hexdigest()


def strength(passphrase: str) -> int:
    """Return how hard the passphrase is to guess: 0 (at once) to 4 (very hard), zxcvbn's score."""
    from zxcvbn import zxcvbn

    # Beyond 72 characters zxcvbn refuses, for its time grows with the square of the length.
    return int(zxcvbn(passphrase[:72])["score"]) if passphrase else 0
