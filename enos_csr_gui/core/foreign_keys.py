"""Keys in the forms of other programs that are neither PEM nor DER.

RSA keys as JWK or in the XML of .NET can be opened. Of the forms of PuTTY, SSH.com, Java and
Windows, it is known which command converts them. The public keys of SSH and PuTTY can be read.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from enos_csr_gui.core import asn1, keys, library
from enos_csr_gui.core.errors import Code, InvalidKey, Problem

# Unsupported formats: how they begin, their name, the command that converts them.
_PUTTYGEN = "puttygen OLD -O private-openssh -o NEW"
_FOREIGN_FORMS = (
    (re.compile(rb"PuTTY-User-Key-File-\d"), "PuTTY", _PUTTYGEN),
    (re.compile(rb"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----"), "SSH.com", _PUTTYGEN),
    (
        re.compile(rb"\xfe\xed\xfe\xed\x00\x00|\xce\xce\xce\xce\x00\x00"),
        "Java (JKS)",
        "keytool -importkeystore -srckeystore OLD -destkeystore NEW -deststoretype pkcs12",
    ),
    (
        re.compile(rb"\x1e\xf1\xb5\xb0\0\0\0\0"),
        "Windows (PVK)",
        "openssl rsa -provider legacy -provider default -inform PVK -in OLD -out NEW",
    ),
    (
        re.compile(rb"\x07\x02\0\0\0[\x24\xa4]\0\0RSA2"),
        "Windows (key BLOB)",
        "openssl rsa -inform MSBLOB -in OLD -out NEW",
    ),
)

_XML_KEY = re.compile(rb"<(RSAKeyValue|RSAParameters)(?: [^<>]{0,500})?>")
"""What .NET's ToXmlString and its XmlSerializer write."""
_MAX_XML_BYTES = 20_000
_XML_NAMES = {
    "n": "Modulus",
    "e": "Exponent",
    "d": "D",
    "p": "P",
    "q": "Q",
    "dp": "DP",
    "dq": "DQ",
    "qi": "InverseQ",
}
"""The members of a JWK (RFC 7518, 6.3.2), and what .NET calls them in XML."""

_MAX_SSH_BYTES = 20_000
"""A key of ``keys.MAX_RSA_BITS`` has 2,000."""


# --- Private keys ---------------------------------------------------------------------------------


def opener(raw: bytes) -> Callable[[], object] | None:
    """Return what opens the private key; None where there is none.

    It returns the library's object, or raises InvalidKey.
    """
    text = asn1.utf8_text(raw)
    if form := conversion(raw):
        return partial(_refuse, form)
    if jwk := _private_jwk(text):
        return partial(_from_jwk, jwk)
    if numbers := _xml(text):
        return partial(_from_numbers, numbers)
    return None


def _refuse(problems: list[Problem]) -> object:
    raise InvalidKey(problems)


def conversion(raw: bytes) -> list[Problem] | None:
    """Return what converts a private key that is neither PEM nor DER; None where there is none.

    The list is empty where nothing has to be converted.
    """
    text = asn1.utf8_text(raw)
    for beginning, name, command in _FOREIGN_FORMS:
        if beginning.match(raw) or beginning.match(text.lstrip()):
            return [Problem(Code.KEY_FORMAT, values={"format": name, "command": command})]
    return [] if _private_jwk(text) or _xml(text) else None


def _check_size(modulus: int) -> None:
    if (bits := modulus.bit_length()) != keys.KEY_SIZE:
        raise InvalidKey.of(Code.KEY_SIZE, bits=bits, wanted=keys.KEY_SIZE)


def _from_numbers(numbers: dict[str, int]) -> object:
    _check_size(numbers["n"])
    public = rsa.RSAPublicNumbers(numbers["e"], numbers["n"])
    private = rsa.RSAPrivateNumbers(
        numbers["p"],
        numbers["q"],
        numbers["d"],
        numbers["dp"],
        numbers["dq"],
        numbers["qi"],
        public,
    )
    try:
        return library.call(private.private_key)
    except library.ERRORS as error:
        raise InvalidKey.of(Code.NOT_A_KEY) from error


def _private_jwk(text: bytes) -> dict[str, object] | None:
    """Return a private key as JSON Web Key (RFC 7517, 4), of any type; None for other text."""
    if not text.lstrip().startswith(b"{"):
        return None
    with suppress(ValueError, RecursionError):
        found = json.loads(text)
        if isinstance(found.get("kty"), str) and isinstance(found.get("d"), str):
            return found  # type: ignore[no-any-return]
    return None


def _from_jwk(jwk: dict[str, object]) -> object:
    if jwk["kty"] != "RSA":
        algorithm = jwk["kty"] if jwk["kty"] == "EC" else jwk.get("crv", jwk["kty"])
        raise InvalidKey.of(Code.KEY_NOT_RSA, algorithm=str(algorithm)[:20])
    try:
        numbers = {name: _number(str(jwk[name]), b"-_") for name in _XML_NAMES if name in jwk}
        if len(numbers) < len(_XML_NAMES):  # only 'n', 'e' and 'd' are mandatory
            numbers = _with_primes(numbers)
    except (ValueError, KeyError) as error:
        raise InvalidKey.of(Code.NOT_A_KEY) from error
    return _from_numbers(numbers)


def _with_primes(numbers: dict[str, int]) -> dict[str, int]:
    """Return all numbers of a key from its modulus and exponents; ValueError if they do not fit."""
    n, e, d = numbers["n"], numbers["e"], numbers["d"]
    _check_size(n)
    if max(e, d) > n:  # the search would take long
        raise ValueError("no such key")
    p, q = rsa.rsa_recover_prime_factors(n, e, d)
    return {
        **{"n": n, "e": e, "d": d, "p": p, "q": q},
        "dp": rsa.rsa_crt_dmp1(d, p),
        "dq": rsa.rsa_crt_dmq1(d, q),
        "qi": rsa.rsa_crt_iqmp(p, q),
    }


def _xml(text: bytes) -> dict[str, int] | None:
    """Return the numbers of an RSA private key in the XML of .NET; None for other text."""
    if not (begin := _XML_KEY.search(text)):
        return None
    end = text.find(b"</" + begin[1] + b">", begin.end(), begin.end() + _MAX_XML_BYTES)
    # No XML parser: ten short elements do not need one, nor its risks.
    content = text[begin.end() : max(end, begin.end())].decode("latin-1")
    values = dict(re.findall(r"<(\w{1,20})>\s*([A-Za-z0-9+/=\s]*)</\1>", content))
    try:
        return {name: _number(values[tag], b"+/") for name, tag in _XML_NAMES.items()}
    except (ValueError, KeyError):
        return None


def _number(text: str, alphabet: bytes) -> int:
    data = "".join(text.split())  # programs that format XML break long lines
    padded = data + "=" * (-len(data) % 4)
    return int.from_bytes(base64.b64decode(padded, alphabet, validate=True))


# --- Public keys ----------------------------------------------------------------------------------


def public_key(raw: bytes) -> PublicKeyTypes | None:
    """Return the public key of a private key that is neither PEM nor DER; None if it is not known.

    Nothing is decrypted for it, also where the private key is protected.
    """
    text = asn1.utf8_text(raw)
    with suppress(ValueError, KeyError):
        if found := _PUTTY_PUBLIC.search(text):
            return ssh_public_key(base64.b64decode(b"".join(found[1].split())))
        if jwk := _private_jwk(text):
            names = ("n", "e") if jwk["kty"] == "RSA" else ()
            return _rsa_public_key(*(_number(str(jwk[name]), b"-_") for name in names))
        if numbers := _xml(text):
            return _rsa_public_key(numbers["n"], numbers["e"])
    return None


_PUTTY_PUBLIC = re.compile(
    rb"\APuTTY-User-Key-File-\d.{0,999}?Public-Lines: \d+(.{0,20000}?)[A-Z][a-z]+-", re.S
)


def _rsa_public_key(n: int = 0, e: int = 0) -> PublicKeyTypes | None:
    if not n or n.bit_length() > keys.MAX_RSA_BITS:
        return None
    with suppress(*library.ERRORS):
        return library.call(rsa.RSAPublicNumbers(e, n).public_key)
    return None


_SSH_PUBLIC = re.compile(
    rb"(?:ssh|ecdsa)-[a-z0-9-]{1,40} ([A-Za-z0-9+/=]{16,20000})"
    rb"|---- BEGIN SSH2 PUBLIC KEY ----\s(.{0,20000}?)---- END SSH2 PUBLIC KEY ----",
    re.S,
)
"""A public key as OpenSSH (.pub) writes it in one line, and as SSH.com does (RFC 4716)."""

_SSH_HEADERS = re.compile(rb"^[^\n:]{1,64}:(?:[^\n]*\\\r?\n)*[^\n]*\n", re.M)
"""Of RFC 4716, 3.3: a backslash continues the line."""


def _text(data: bytes) -> bytes:
    return asn1.utf8_text(data).removeprefix(b"\xef\xbb\xbf").lstrip()


def is_ssh_public(data: bytes) -> bool:
    """Return whether OpenSSH (.pub) or SSH.com wrote the file, for a public key."""
    return bool(_SSH_PUBLIC.match(_text(data)))


def ssh_public_text(data: bytes) -> PublicKeyTypes | None:
    """Return the public key in a file that OpenSSH (.pub) or SSH.com wrote; None for others."""
    found = _SSH_PUBLIC.match(_text(data))
    if not found:
        return None
    line, body = found.groups()
    content = line if line is not None else _SSH_HEADERS.sub(b"", body)
    with suppress(ValueError):
        return ssh_public_key(base64.b64decode(b"".join(content.split()), validate=True))
    return None


def ssh_public_key(blob: bytes) -> PublicKeyTypes | None:
    """Return the public key in the form of SSH (RFC 4253, 6.6); None if it is not known."""
    name = blob[4 : 4 + int.from_bytes(blob[:4])][:40]
    if len(blob) > _MAX_SSH_BYTES or not re.fullmatch(rb"[a-z0-9-]+", name):
        return None
    line = name + b" " + base64.b64encode(blob)
    with suppress(*library.ERRORS), library.without_warnings():
        return library.call(lambda: serialization.load_ssh_public_key(line))
    return None


def openssh_public_key(der: bytes) -> PublicKeyTypes | None:
    """Return the public key that stands before a private key of OpenSSH (PROTOCOL.key)."""
    place = len(b"openssh-key-v1\0")
    for _skipped in range(3):  # cipher, key derivation, its options
        place += 4 + int.from_bytes(der[place : place + 4])
    place += 4  # the number of keys
    length = int.from_bytes(der[place : place + 4])
    return ssh_public_key(der[place + 4 : place + 4 + length])
