"""Reads private keys in the formats that other programs write.

PKCS #8 and the traditional form, in PEM or DER, under any label; PKCS #12 keystores; OpenSSH keys
without a passphrase; RSA keys as JWK or XML. For formats that it does not read, it names a command
that converts them.

A malicious file may try to keep the computer busy. So its cost is checked first: what each key
derivation takes (see ``pbe``), and the type and size of each unencrypted key. Nothing above the
limits is derived or parsed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import NamedTuple, TypeVar

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from enos_csr_gui.core import asn1, foreign_keys, keys, library, pbe, reader
from enos_csr_gui.core.asn1 import SEQUENCE, Tlv, der_values
from enos_csr_gui.core.errors import PASSPHRASE_CODES, Code, InvalidKey, Problem

_MAX_ENCRYPTED_BYTES = 20_000
"""An encrypted RSA key of ``keys.MAX_RSA_BITS`` has half as many."""

_MAX_KEYS = 20
"""The maximum number of keys in one file to try."""

_OCTET_STRING = 0x04

_RSA, _RSA_PSS = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10"

_ALGORITHMS = {
    "1.2.840.10045.2.1": "EC",
    "1.2.840.10040.4.1": "DSA",
    "1.2.840.113549.1.3.1": "DH",
    "1.2.840.10046.2.1": "DH",
    "1.3.101.110": "X25519",
    "1.3.101.111": "X448",
    "1.3.101.112": "Ed25519",
    "1.3.101.113": "Ed448",
}

_RC2 = "1.2.840.113549.3.2"
_READABLE = {
    *pbe.READABLE,
    "1.2.840.113549.1.12.1.1",  # RC4 with 128 bits and SHA-1
    "1.2.840.113549.1.12.1.6",  # RC2 with 40 bits and SHA-1
    "1.2.840.113549.1.5.3",  # DES with MD5
}
"""The encryption schemes that the library supports."""

_ENCRYPTIONS = {
    _RC2: "RC2",
    "1.3.14.3.2.7": "DES",
    "1.2.840.113549.1.5.1": "MD2, DES",
    "1.2.840.113549.1.5.4": "MD2, RC2",
    "1.2.840.113549.1.5.6": "MD5, RC2",
    "1.2.840.113549.1.5.10": "SHA-1, DES",
    "1.2.840.113549.1.5.11": "SHA-1, RC2",
    "1.2.840.113549.1.12.1.2": "SHA-1, RC4",
    "1.2.840.113549.1.12.1.4": "SHA-1, 3DES with two keys",
    "1.2.840.113549.1.12.1.5": "SHA-1, RC2",
    "1.2.392.200011.61.1.1.1.2": "Camellia",
    "1.2.392.200011.61.1.1.1.3": "Camellia",
    "1.2.392.200011.61.1.1.1.4": "Camellia",
    "1.2.410.200004.1.4": "SEED",
    "1.2.410.200046.1.1.2": "ARIA",
    "1.2.410.200046.1.1.7": "ARIA",
    "1.2.410.200046.1.1.12": "ARIA",
    "1.2.156.10197.1.104.2": "SM4",
}

_SSH_KEYGEN = "ssh-keygen -p -m PKCS8 -f COPY"
_PKCS8_LEGACY = "openssl pkcs8 -provider legacy -provider default -topk8 -in OLD -out NEW"

T = TypeVar("T")

Passphrase = str | bytes
"""As bytes, it is what stands in a file, in an encoding that nothing tells."""


def load(
    data: bytes,
    passphrase: Passphrase | None = None,
    *,
    wanted: Collection[str] = (),
    may_take_long: bool = False,
) -> rsa.RSAPrivateKey:
    """Return the private key in ``data``, the content of a file.

    If there are several keys, it is one whose public-key fingerprint is ``wanted``; if none is,
    the first one that EnOS accepts. A passphrase that the key does not need is ignored; without
    one, the empty passphrase is tried where that is quick. ``may_take_long``: a person has agreed
    to wait for as long as ``pbe.MAX_SECONDS``.

    Raises InvalidKey when there is no private key, the passphrase is missing or wrong, opening the
    key would take too long, or the key is not RSA 2048; and when none is ``wanted`` in particular
    and EnOS would accept several.
    """
    taken: list[rsa.RSAPrivateKey] = []
    problems: list[Problem] = []
    spent = 0.0
    for candidate in islice(_candidates(data), _MAX_KEYS):
        own = candidate.seconds(passphrase)
        if passphrase is None and spent + own > pbe.ASK_SECONDS:
            problems.append(Problem(Code.PASSPHRASE_NEEDED))
            continue
        spent += own
        if spent > (pbe.MAX_SECONDS if may_take_long else pbe.ASK_SECONDS):
            raise InvalidKey([slow(seconds(data, passphrase))])
        try:
            key = _checked(candidate.open(passphrase))
        except InvalidKey as error:
            problems += error.problems
            continue
        if keys.public_key_sha256(key.public_key()) in wanted:
            return key
        taken.append(key)
        if not wanted and key.public_key() != taken[0].public_key():
            raise InvalidKey.of(Code.SEVERAL_KEYS)
    # The key that is meant may be one that needs a passphrase.
    problems.sort(key=lambda problem: problem.code not in PASSPHRASE_CODES)
    if taken and not (problems and problems[0].code in PASSPHRASE_CODES):
        return taken[0]
    raise InvalidKey(problems[:1] or [_nothing(data)])


def seconds(data: bytes, passphrase: Passphrase | None) -> float:
    """Return what it takes to try the passphrase with all keys in a file, on a usual computer."""
    return sum(one.seconds(passphrase) for one in islice(_candidates(data), _MAX_KEYS))


def slow(needed: float) -> Problem:
    """Return the problem that a person has to agree, or that it is too much for anybody."""
    if needed > pbe.MAX_SECONDS:
        return Problem(Code.KEYS_TOO_COSTLY)
    return Problem(Code.KEY_SLOW, values={"seconds": math.ceil(round(needed, 3))})


def _nothing(data: bytes) -> Problem:
    """Return the problem that there is no private key."""
    if block := next(asn1.pem_blocks(data), None):
        return Problem(Code.NOT_A_PRIVATE_KEY, values={"label": block.label.lower()})
    if foreign_keys.is_ssh_public(data):
        return Problem(Code.SSH_PUBLIC_KEY)
    if _is_public_key(data):
        return Problem(Code.NOT_A_PRIVATE_KEY, values={"label": "public key"})
    return Problem(Code.NOT_A_KEY)


def _is_public_key(der: bytes) -> bool:
    """Tell whether it is a public key in DER (SubjectPublicKeyInfo, RFC 5280, 4.1)."""
    with suppress(ValueError, StopIteration):
        whole = next(der_values(der))
        inside = der_values(der, whole.inside, whole.end)
        # An algorithm and a bit string, nothing else.
        return whole.tag == SEQUENCE and [one.tag for one in inside] == [SEQUENCE, 0x03]
    return False


class _Candidate(NamedTuple):
    """One key: ``open`` returns the library's object, or raises InvalidKey.

    ``der`` is what a passphrase may protect, else empty.
    """

    open: Callable[[Passphrase | None], object]
    der: bytes = b""

    def seconds(self, passphrase: Passphrase | None) -> float:
        """Return what it takes to open it, on a usual computer; 0 if ``open`` does not try."""
        try:
            needed = _check_cost(self.der)
        except InvalidKey:
            return 0
        return needed * (len(_secrets(passphrase)) if passphrase else 1)


def _candidates(data: bytes) -> Iterator[_Candidate]:
    """Yield the private keys in the file."""
    for one in reader.read(data).found:
        if one.label is not None:
            if one.label.endswith("PRIVATE KEY") or one.label == "PKCS12":
                yield _Candidate(
                    partial(_open_block, one.label, one.der, one.headers), one.der or b""
                )
        elif one.der is not None and not _is_public_key(one.der):
            yield _Candidate(partial(_open_der, one.der), one.der)
        elif one.der is None and (open_ := foreign_keys.opener(one.raw)):
            yield _Candidate(partial(_without_passphrase, open_))


def _without_passphrase(open_: Callable[[], object], _passphrase: Passphrase | None) -> object:
    return open_()


def _checked(key: object) -> rsa.RSAPrivateKey:
    """Return the key if EnOS accepts it and its numbers are valid; else raise InvalidKey."""
    if not isinstance(key, rsa.RSAPrivateKey):
        # "Ed25519PrivateKey" and the like; the algorithm of an encrypted key is known only now.
        algorithm = type(key).__name__.removesuffix("PrivateKey")
        raise InvalidKey.of(Code.KEY_NOT_RSA, algorithm=algorithm)
    if key.key_size != keys.KEY_SIZE:
        raise InvalidKey.of(Code.KEY_SIZE, bits=key.key_size, wanted=keys.KEY_SIZE)
    # Last, because testing large numbers for primality is slow.
    return _from_library(lambda: key.private_numbers().private_key())


def _from_library(call: Callable[[], T]) -> T:
    """Return what the library returns; convert any error to NOT_A_KEY."""
    try:
        return library.call(call)
    except library.ERRORS as error:
        raise InvalidKey.of(Code.NOT_A_KEY) from error


# --- Containers -----------------------------------------------------------------------------------


def _open_block(
    label: str, der: bytes | None, headers: bytes, passphrase: Passphrase | None
) -> object:
    if der is None:
        raise InvalidKey.of(Code.NOT_A_KEY)
    if label == "OPENSSH PRIVATE KEY":
        return _open_ssh(asn1.pem(label, der), der)
    if label == "TSS2 PRIVATE KEY":
        raise InvalidKey.of(Code.KEY_IN_HARDWARE)
    if b"ENCRYPTED" in headers:
        return _open_traditional(label, der, headers, passphrase)
    return _open_der(der, passphrase)


def _open_ssh(pem: bytes, der: bytes) -> object:
    if b"\0\0\0\x04none" not in der[:64]:  # OpenSSH, PROTOCOL.key
        raise InvalidKey.of(Code.KEY_FORMAT, format="OpenSSH", command=_SSH_KEYGEN)
    if b"\0\0\0\x07ssh-rsa" not in der[:128]:
        raise InvalidKey.of(Code.KEY_NOT_RSA, algorithm="OpenSSH")
    if len(der) > _MAX_ENCRYPTED_BYTES:
        raise InvalidKey.of(Code.NOT_A_KEY)
    return _from_library(lambda: serialization.load_ssh_private_key(pem, None))


def _open_traditional(
    label: str, der: bytes, headers: bytes, passphrase: Passphrase | None
) -> object:
    """Open a key that its headers say to be encrypted (RFC 1421, as OpenSSL writes them)."""
    info = re.search(rb"DEK-Info: *([A-Z0-9-]+)", headers)
    cipher = info[1].decode() if info else "?"
    if len(der) > _MAX_ENCRYPTED_BYTES:
        raise InvalidKey.of(Code.NOT_A_KEY)
    first, rest = asn1.pem(label, der).split(b"\n", 1)
    pem = b"\n".join((first, headers, b"", rest))
    readable = cipher in ("DES-EDE3-CBC", "AES-128-CBC", "AES-256-CBC")
    return _with_secret(
        lambda secret: serialization.load_pem_private_key(
            pem, secret, unsafe_skip_rsa_key_validation=True
        ),
        passphrase,
        None if readable else cipher,
        empty=None,  # OpenSSL accepts no fewer than four characters here
    )


def _open_der(der: bytes, passphrase: Passphrase | None) -> object:
    """Open the key in the DER; raise InvalidKey."""
    try:
        [whole] = der_values(der)
        inside = list(der_values(der, whole.inside))
    except ValueError as error:
        if _PKCS7_DATA in der[:64]:  # a keystore in BER
            return _open_pkcs12(der, passphrase)
        raise InvalidKey.of(Code.NOT_A_KEY) from error
    # Tags as X.690, 8.2 numbers them: 2 integer, 3 bit string, 4 octets, 6 object identifier.
    match tuple(one.tag for one in inside):
        case (0x02, 0x30, 0x04, *_):
            return _open_pkcs8(der, inside)
        case (0x30, 0x04):
            return _open_encrypted(der, inside, passphrase)
        case (0x02, 0x30, *_) if der.startswith(_PKCS7_DATA, inside[1].inside):
            return _open_pkcs12(der, passphrase)
        case (0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, 0x02, *_):
            return _open_rsa(der, inside)
        case (0x02, 0x02, 0x02, 0x02, 0x02, 0x02):
            raise InvalidKey.of(Code.KEY_NOT_RSA, algorithm="DSA")
        case (0x02, 0x04, *_):
            raise InvalidKey.of(Code.KEY_NOT_RSA, algorithm="EC")
        case _:
            raise InvalidKey.of(Code.NOT_A_KEY)


_PKCS7_DATA = bytes.fromhex("06092a864886f70d0107")


def _open_pkcs8(der: bytes, inside: list[Tlv]) -> object:
    """Open a PrivateKeyInfo (RFC 5958): a version, an algorithm, the key."""
    algorithm = pbe.algorithm_name(der, inside[1])
    if algorithm == _RSA_PSS:
        raise InvalidKey.of(Code.KEY_PSS)
    if algorithm != _RSA:
        raise InvalidKey.of(Code.KEY_NOT_RSA, algorithm=_ALGORITHMS.get(algorithm, algorithm))
    content = inside[2]
    with suppress(ValueError):  # of what holds no numbers: the library says that it is no key
        [whole] = der_values(der, content.inside, content.end)
        _check_size(list(der_values(der, whole.inside, whole.end)))
    return _load_der(der)


def _open_rsa(der: bytes, numbers: list[Tlv]) -> object:
    """Open an RSAPrivateKey (RFC 8017, A.1.2): a version, the modulus..."""
    _check_size(numbers)
    return _load_der(der)


def _check_size(numbers: list[Tlv]) -> None:
    """Refuse an RSA key so large that parsing it would take too long."""
    bits = 8 * max(one.end - one.inside for one in numbers)
    if bits > keys.MAX_RSA_BITS + 8:  # a leading zero byte
        raise InvalidKey.of(Code.KEY_SIZE, bits=bits, wanted=keys.KEY_SIZE)


def several_primes(der: bytes) -> rsa.RSAPublicNumbers | None:
    """Return the public numbers of an RSA key with more than two primes; None for anything else.

    The library reads none. ``der`` is an RSAPrivateKey (RFC 8017, A.1.2), with the version 1 and a
    last part for the other primes, or a PrivateKeyInfo with one in it.
    """
    with suppress(ValueError):
        [whole] = der_values(der)
        inside = list(islice(der_values(der, whole.inside, whole.end), _PARTS_OF_RSA))
        if [one.tag for one in inside[:3]] == [0x02, SEQUENCE, _OCTET_STRING]:
            [whole] = der_values(der, inside[2].inside, inside[2].end)
            inside = list(islice(der_values(der, whole.inside, whole.end), _PARTS_OF_RSA))
        if len(inside) == _PARTS_OF_RSA and inside[-1].tag == SEQUENCE:
            version, modulus, exponent = (asn1.unsigned(der, one) for one in inside[:3])
            return rsa.RSAPublicNumbers(exponent, modulus) if version == 1 else None
    return None


_PARTS_OF_RSA = 10


def _load_der(der: bytes) -> object:
    return _from_library(lambda: _parsed(der))


def _parsed(der: bytes) -> object:
    """Return the key in DER that is not encrypted; raises InvalidKey, or what the library does."""
    if several_primes(der):
        raise InvalidKey.of(Code.KEY_PRIMES)
    return serialization.load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)


# --- What a passphrase protects -------------------------------------------------------------------


def _secrets(passphrase: Passphrase) -> list[bytes]:
    """Return the bytes that a passphrase may be: UTF-8, then what older programs used."""
    if isinstance(passphrase, bytes):
        found = [passphrase]
        for encoding in ("utf-8", "gb18030", "latin-1"):
            with suppress(UnicodeDecodeError):
                found += _encoded(passphrase.decode(encoding))
    else:
        # A text that the encoding lacks cannot have been the passphrase.
        found = [passphrase.encode("utf-8", "replace"), *_encoded(passphrase)]
    return list(dict.fromkeys(found))


def _encoded(text: str) -> Iterator[bytes]:
    for encoding in ("utf-8", "latin-1", "gb18030"):
        with suppress(UnicodeEncodeError):
            yield text.encode(encoding)


def _with_secret(
    open_: Callable[[bytes], object],
    passphrase: Passphrase | None,
    unknown: str | None,
    *,
    empty: Callable[[], object] | None,
) -> object:
    """Return the key that the passphrase opens; raise InvalidKey if there is none.

    ``unknown`` names an encryption scheme that the library may not support; ``empty`` opens with
    the empty passphrase, which the library takes for none.
    """
    if empty and not passphrase:
        try:
            return library.call(empty)
        except library.ERRORS:
            pass
    if not passphrase and unknown is None:
        raise InvalidKey.of(Code.PASSPHRASE_NEEDED)
    for secret in _secrets(passphrase) if passphrase else ():
        try:
            return library.call(partial(open_, secret))
        except library.ERRORS:
            # One wrong passphrase in 256 yields valid padding, but no key.
            continue
    if unknown is not None:
        raise InvalidKey.of(Code.PROTECTION_UNKNOWN, protection=unknown, command=_PKCS8_LEGACY)
    raise InvalidKey.of(Code.PASSPHRASE_WRONG)


def _open_encrypted(der: bytes, inside: list[Tlv], passphrase: Passphrase | None) -> object:
    """Open an EncryptedPrivateKeyInfo (RFC 5958, 3): an algorithm, the encrypted key."""
    _check_cost(der)
    if len(der) > _MAX_ENCRYPTED_BYTES:
        raise InvalidKey.of(Code.NOT_A_KEY)
    scheme = pbe.Scheme.read(der, inside[0])
    cipher = scheme.cipher
    full_rc2 = cipher == _RC2 and scheme.vector.startswith(_RC2_128)
    readable = full_rc2 or cipher in _READABLE

    def open_(secret: bytes) -> object:
        # The library takes an empty passphrase for none, stops other threads, and does not tell a
        # key that it cannot read from a wrong passphrase.
        if scheme.is_known or not secret:
            return _decrypted(der, secret)
        return serialization.load_der_private_key(der, secret, unsafe_skip_rsa_key_validation=True)

    return _with_secret(
        open_,
        passphrase,
        None if readable else _ENCRYPTIONS.get(cipher, cipher),
        empty=lambda: open_(b""),
    )


def _decrypted(der: bytes, secret: bytes) -> object:
    """Return the key in an EncryptedPrivateKeyInfo; raises ValueError, as the library does."""
    [whole] = der_values(der)
    algorithm, encrypted = der_values(der, whole.inside)
    scheme = pbe.Scheme.read(der, algorithm)
    return _parsed(scheme.decrypt(der[encrypted.inside : encrypted.end], secret))


def _open_pkcs12(der: bytes, passphrase: Passphrase | None) -> object:
    _check_cost(der)
    if pbe.seconds(der) > pbe.ASK_SECONDS:
        # Slow, and the library would stop other threads. The MAC is left out: a wrong passphrase
        # does not decrypt the key either.
        return _open_der(pbe.encrypted_key_in_pkcs12(der) or b"", passphrase)

    def open_(secret: bytes) -> object:
        try:
            with library.without_warnings():  # of BER
                return pkcs12.load_pkcs12(der, secret).key
        except library.ERRORS:
            own = pbe.encrypted_key_in_pkcs12(der)
            if secret.isascii() or not own:
                raise
            # OpenSSL makes keystores with passphrases that are no UTF-8, the library opens none.
            return _decrypted(own, secret)

    key = _with_secret(open_, passphrase, None, empty=lambda: open_(b""))
    if key is None:
        raise InvalidKey.of(Code.NOT_A_PRIVATE_KEY, label="keystore")
    return key


_RC2_128 = b"\x02\x01\x3a"  # rc2ParameterVersion 58 (RFC 8018, B.2.3)


# --- What opening costs ---------------------------------------------------------------------------


def _check_cost(der: bytes) -> float:
    """Return what it takes to open a key once, in seconds of a usual computer.

    Raises InvalidKey where it is too much, in time or memory, where only the library can do it and
    would stop the window for long, or where it cannot be read.
    """
    try:
        needed, memory = pbe.seconds(der), pbe.memory(der)
        limit = pbe.MAX_SECONDS
        if needed > pbe.ASK_SECONDS:
            own = _encrypted_key(der)
            needed = pbe.seconds(own) if own else needed
            limit = pbe.MAX_SECONDS if own else pbe.ASK_SECONDS
    except ValueError as error:
        raise InvalidKey.of(Code.NOT_A_KEY) from error
    if memory > pbe.MAX_MEMORY:
        values = {"given": memory >> 20, "limit": pbe.MAX_MEMORY >> 20}
        raise InvalidKey([Problem(Code.DERIVATION_TOO_LARGE, values=values)])
    if needed > limit:
        values = {"given": math.ceil(round(needed, 3)), "limit": math.ceil(limit)}
        raise InvalidKey([Problem(Code.DERIVATION_TOO_LONG, values=values)])
    return needed


def _encrypted_key(der: bytes) -> bytes | None:
    """Return the EncryptedPrivateKeyInfo in a key or a keystore that ``pbe`` can decrypt."""
    for own in filter(None, (der, pbe.encrypted_key_in_pkcs12(der))):
        with suppress(ValueError):
            [whole] = der_values(own)
            inside = list(der_values(own, whole.inside))
            if [one.tag for one in inside] == [SEQUENCE, _OCTET_STRING]:
                return own if pbe.Scheme.read(own, inside[0]).is_known else None
    return None
