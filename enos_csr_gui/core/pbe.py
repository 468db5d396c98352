"""Password-based encryption (RFC 8018, RFC 7292): what opening costs, and how to open slowly.

A key file may ask for any amount of work. Its cost is read from its parameters before anything is
derived, and given in seconds of a usual computer, so that it is the same everywhere. Above
``ASK_SECONDS`` a person has to agree, above ``MAX_SECONDS`` nothing is begun.

The library opens a key while it holds Python's global lock, and the window would stand still. What
takes longer than ``ASK_SECONDS`` is derived here, with functions of the library that give it up.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from enos_csr_gui.core import asn1
from enos_csr_gui.core.asn1 import SEQUENCE, Tlv, ber_values, der_values, unsigned

ASK_SECONDS = 1.0
"""Usual keys take a tenth of it."""

MAX_SECONDS = 60.0

MAX_MEMORY = 1 << 30
"""Of scrypt, in bytes. OpenSSL's default is 16 MiB; the largest parameters in RFC 7914 (12) take
1 GiB."""

_PER_SECOND = 2_000_000
"""Iterations of PBKDF2 with SHA-256 on a usual computer; a slow laptop does half as many."""

_SCRYPT_BYTES_PER_SECOND = 128 << 20

_INTEGER, _OCTET_STRING, _OID = 0x02, 0x04, 0x06

PBES2, PBKDF2, SCRYPT = (
    "1.2.840.113549.1.5.13",
    "1.2.840.113549.1.5.12",
    "1.3.6.1.4.1.11591.4.11",
)

_AES = {
    "2.16.840.1.101.3.4.1.2": 16,
    "2.16.840.1.101.3.4.1.22": 24,
    "2.16.840.1.101.3.4.1.42": 32,
}
"""AES in CBC mode: the length of the key in bytes."""

_3DES = "1.2.840.113549.3.7"
_SHA1_3DES = "1.2.840.113549.1.12.1.3"

READABLE = frozenset({*_AES, _3DES, _SHA1_3DES})
"""The ciphers and schemes that ``Scheme.decrypt`` knows."""

_SHA256 = "1.2.840.113549.2.9"
_PRFS: dict[str, hashes.HashAlgorithm] = {
    "1.2.840.113549.2.7": hashes.SHA1(),  # noqa: S303  (what the file asks for)
    "1.2.840.113549.2.8": hashes.SHA224(),
    _SHA256: hashes.SHA256(),
    "1.2.840.113549.2.10": hashes.SHA384(),
    "1.2.840.113549.2.11": hashes.SHA512(),
}


class Scheme(NamedTuple):
    """How something is encrypted: the AlgorithmIdentifier of an EncryptedPrivateKeyInfo.

    ``cipher`` is the cipher of PBES2, or the whole scheme of PBES1 and PKCS #12. ``derivation`` is
    empty where this module cannot derive.
    """

    cipher: str
    vector: bytes = b""
    derivation: str = ""
    salt: bytes = b""
    numbers: tuple[int, ...] = ()
    prf: hashes.HashAlgorithm | None = None

    @classmethod
    def read(cls, der: bytes, algorithm: Tlv) -> Scheme:
        """Return what the AlgorithmIdentifier says, as far as it is DER."""
        name = algorithm_name(der, algorithm)
        try:
            _oid, parameters = der_values(der, algorithm.inside, algorithm.end)
            inside = list(der_values(der, parameters.inside, parameters.end))
            if name == PBES2:
                return cls._read_pbes2(der, *inside)
            salt, iterations = inside
            is_right = (salt.tag, iterations.tag) == (_OCTET_STRING, _INTEGER)
            derivation = name if name == _SHA1_3DES and is_right else ""
            return cls(name, b"", derivation, _content(der, salt), (unsigned(der, iterations),))
        except (ValueError, IndexError, TypeError):
            return cls(name)

    @classmethod
    def _read_pbes2(cls, der: bytes, derivation: Tlv, encryption: Tlv) -> Scheme:
        cipher, vector, *_more = der_values(der, encryption.inside, encryption.end)
        found = cls(asn1.oid_text(der, cipher), _content(der, vector))
        kdf = algorithm_name(der, derivation)
        if kdf not in (PBKDF2, SCRYPT):
            return found
        _oid, parameters = der_values(der, derivation.inside, derivation.end)
        salt, *rest = der_values(der, parameters.inside, parameters.end)
        if salt.tag != _OCTET_STRING:
            return found
        numbers = tuple(unsigned(der, one) for one in rest if one.tag == _INTEGER)
        prfs = [algorithm_name(der, one) for one in rest if one.tag == SEQUENCE]
        return found._replace(
            derivation=kdf,
            salt=_content(der, salt),
            numbers=numbers,
            prf=_PRFS.get(prfs[0] if prfs else "1.2.840.113549.2.7"),
        )

    @property
    def is_known(self) -> bool:
        """Whether ``decrypt`` can do it."""
        has_prf = self.prf is not None or self.derivation != PBKDF2
        has_numbers = len(self.numbers) >= (3 if self.derivation == SCRYPT else 1)
        return self.derivation != "" and self.cipher in READABLE and has_prf and has_numbers

    @property
    def seconds(self) -> float:
        """What ``decrypt`` takes on a usual computer."""
        if not self.is_known:
            return 0.0
        if self.derivation == SCRYPT:
            return self.memory * self.numbers[2] / _SCRYPT_BYTES_PER_SECOND
        is_sha256 = self.prf is not None and self.prf.name == "sha256"
        weight = 3 if self.derivation == _SHA1_3DES else 1 if is_sha256 else 2
        return self.numbers[0] * weight / _PER_SECOND

    @property
    def memory(self) -> int:
        """The memory that ``decrypt`` takes, in bytes, as far as it may be much."""
        is_large = self.is_known and self.derivation == SCRYPT
        return 128 * self.numbers[0] * self.numbers[1] if is_large else 0

    def decrypt(self, encrypted: bytes, secret: bytes) -> bytes:
        """Return the content; raises ValueError where the passphrase or the data are wrong.

        So it does where it would take more than the limits. Other threads run meanwhile.
        """
        if not self.is_known:
            raise ValueError("an unknown encryption")
        if self.seconds > MAX_SECONDS or self.memory > MAX_MEMORY:
            raise ValueError("takes too much")
        vector, length = self.vector, _AES.get(self.cipher, 24)
        if self.derivation == PBKDF2 and self.prf:
            key = PBKDF2HMAC(self.prf, length, self.salt, self.numbers[0]).derive(secret)
        elif self.derivation == SCRYPT:
            n, r, p = self.numbers[:3]
            key = Scrypt(self.salt, length, n, r, p).derive(secret)
        else:
            text = _text_of(secret)
            key = derive_pkcs12(text, self.salt, "sha1", 1, 24, self.numbers[0])
            vector = derive_pkcs12(text, self.salt, "sha1", 2, 8, self.numbers[0])
        algorithm = algorithms.AES(key) if self.cipher in _AES else TripleDES(key)
        decryptor = Cipher(algorithm, modes.CBC(vector)).decryptor()
        unpadder = padding.PKCS7(algorithm.block_size).unpadder()
        padded = decryptor.update(encrypted) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()


def _text_of(secret: bytes) -> str:
    """Return the passphrase as PKCS #12 hashes it; OpenSSL takes other bytes for Latin-1."""
    try:
        return secret.decode()
    except UnicodeDecodeError:
        return secret.decode("latin-1")


def derive_pkcs12(  # noqa: PLR0917  (the letters of the RFC, in its order)
    passphrase: str, salt: bytes, digest: str, purpose: int, length: int, rounds: int
) -> bytes:
    """Return a key for encryption (``purpose`` 1), a vector (2), or the key of the MAC (3).

    RFC 7292, B.2.
    """
    block = hashlib.new(digest).block_size

    def filled(text: bytes) -> bytes:
        size = -(-len(text) // block) * block
        return (text * (size // len(text) + 1))[:size]

    diversifier = bytes([purpose]) * block
    inside = filled(salt) + filled(f"{passphrase}\0".encode("utf-16-be"))
    derived = b""
    while True:
        part = diversifier + inside
        for _round in range(rounds):
            part = hashlib.new(digest, part).digest()
        derived += part
        if len(derived) >= length:
            return derived[:length]
        step = int.from_bytes((part * block)[:block], "big") + 1
        mask = (1 << 8 * block) - 1
        inside = b"".join(
            ((int.from_bytes(inside[at : at + block], "big") + step) & mask).to_bytes(block, "big")
            for at in range(0, len(inside), block)
        )


def encrypted_key_in_pkcs12(der: bytes) -> bytes | None:
    """Return the first encrypted key (EncryptedPrivateKeyInfo) in a PKCS #12 file.

    None where there is none that can be reached without the passphrase, or the file is not DER.
    """
    try:
        [whole] = der_values(der)
        _version, safe, *_mac = der_values(der, whole.inside, whole.end)
        for content in _inside_data(der, safe):
            for bag in _inside_data(der, content):
                kind, value, *_attributes = der_values(der, bag.inside, bag.end)
                if asn1.oid_text(der, kind) == _SHROUDED_KEY_BAG:
                    return der[value.inside : value.end]
    except (ValueError, IndexError):
        pass
    return None


_DATA, _SHROUDED_KEY_BAG = "1.2.840.113549.1.7.1", "1.2.840.113549.1.12.10.1.2"


def _inside_data(der: bytes, content: Tlv) -> list[Tlv]:
    """Return the values in the sequence that is in a ContentInfo of unencrypted data."""
    kind, *explicit = der_values(der, content.inside, content.end)
    if asn1.oid_text(der, kind) != _DATA or not explicit:
        return []
    [octets] = der_values(der, explicit[0].inside, explicit[0].end)
    [sequence] = der_values(der, octets.inside, octets.end)
    return list(der_values(der, sequence.inside, sequence.end))


def algorithm_name(der: bytes, sequence: Tlv) -> str:
    """Return the object identifier at the start of an AlgorithmIdentifier; empty if there is
    none."""
    with suppress(ValueError, IndexError):
        for first in der_values(der, sequence.inside, sequence.end):
            return asn1.oid_text(der, first) if first.tag == _OID else ""
    return ""


def _content(der: bytes, tlv: Tlv) -> bytes:
    return der[tlv.inside : tlv.end]


# --- What opening costs ---------------------------------------------------------------------------

# The content of each object identifier: BER may write its length in several ways.
_PBKDF2_OID = re.compile(re.escape(bytes.fromhex("2a864886f70d01050c")))
_SCRYPT_OID = re.compile(re.escape(bytes.fromhex("2b06010401da47040b")))
_PBES1_OID = re.compile(rb"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01[\x01-\x06]")
_PBES1_OLD_OID = re.compile(rb"\x2a\x86\x48\x86\xf7\x0d\x01\x05[\x01\x03\x04\x06\x0a\x0b]")
_SHA256_OID = bytes.fromhex("2a864886f70d0209")
_PKCS7_OID = bytes.fromhex("2a864886f70d0107")

_WEIGHTS = (
    # SHA-1 is run twice for a key of more than 20 bytes, SHA-512 is slower.
    (_PBKDF2_OID, 2),
    (_PBES1_OID, 3),  # twice for the key, once for the vector
    (_PBES1_OLD_OID, 1),
)


def seconds(data: bytes) -> float:
    """Return what all key derivations in a key or keystore take on a usual computer.

    Their parameters are searched for in the whole file, so that BER cannot hide them; what
    ``Scheme`` reads counts too. Raises ValueError where something cannot be read.
    """
    iterations = _mac_iterations(data)
    for content, weight in _WEIGHTS:
        for found in content.finditer(data):
            parameters = _parameters(data, found.end())
            is_sha256 = content is _PBKDF2_OID and _SHA256_OID in parameters.data
            iterations += max(parameters.numbers, default=0) * (1 if is_sha256 else weight)
    work = sum(memory * parallel for memory, parallel in _scrypt(data))
    needed = iterations / _PER_SECOND + work / _SCRYPT_BYTES_PER_SECOND
    return max([needed, *(scheme.seconds for scheme in _schemes(data))])


def memory(data: bytes) -> int:
    """Return the largest memory that a derivation in a key takes, in bytes.

    Raises ValueError as ``seconds`` does.
    """
    found = [memory for memory, _parallel in _scrypt(data)]
    return max([0, *found, *(scheme.memory for scheme in _schemes(data))])


def _schemes(data: bytes) -> Iterator[Scheme]:
    """Yield how a key, and the key in a keystore, is encrypted."""
    for own in (data, encrypted_key_in_pkcs12(data)):
        with suppress(ValueError, StopIteration):
            whole = next(der_values(own or b""))
            yield Scheme.read(own or b"", next(der_values(own or b"", whole.inside, whole.end)))


def _scrypt(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield memory in bytes, and parallelism, of each derivation with scrypt (RFC 7914, 7)."""
    for found in _SCRYPT_OID.finditer(data):
        cost, block, parallel, *_length = [*_parameters(data, found.end()).numbers, 0, 0, 0]
        yield 128 * cost * block, parallel


class _Parameters(NamedTuple):
    numbers: list[int]
    data: bytes


def _parameters(data: bytes, start: int) -> _Parameters:
    """Return the parameters that follow an object identifier, and the integers among them."""
    for parameters in ber_values(data, start, len(data)):
        inside = ber_values(data, parameters.inside, parameters.end)
        numbers = [unsigned(data, one) for one in inside if one.tag == _INTEGER]
        return _Parameters(numbers, _content(data, parameters))
    return _Parameters([], b"")


def _mac_iterations(data: bytes) -> int:
    """Return the iterations of a keystore's MAC (RFC 7292, 4): of its three parts, the last."""
    if _PKCS7_OID not in data[:64]:
        return 0
    whole = next(ber_values(data, 0, len(data)))
    _version, _content, *macs = ber_values(data, whole.inside, whole.end)
    numbers = [
        unsigned(data, one)
        for mac in macs
        for one in ber_values(data, mac.inside, mac.end)
        if one.tag == _INTEGER
    ]
    return max(numbers, default=0)
