"""SHA-256, by the library that makes the keys.

``hashlib`` would load an OpenSSL of Python's own beside that of the library: 3 MB.
"""

from __future__ import annotations

from typing import BinaryIO

from cryptography.hazmat.primitives.hashes import SHA256, Hash

_CHUNK = 1 << 16


def sha256(data: bytes) -> str:
    """Return the SHA-256 of the data in hex."""
    digest = Hash(SHA256())
    digest.update(data)
    return digest.finalize().hex()


def sha256_of_file(file: BinaryIO) -> str:
    """Return the SHA-256 of the rest of a file in hex; raises OSError."""
    digest = Hash(SHA256())
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.finalize().hex()
