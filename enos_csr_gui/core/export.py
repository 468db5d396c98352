"""The issued certificate and its key as the device wants them: PEM, PKCS #12, Java, C source.

The Java keystore is one PKCS #12 file (RFC 7292) in which the authority's certificates are trusted,
as the EnOS SDK for Java wants it. Java 8u301 and later read it both as "JKS" and as their default
type.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import rsa

from enos_csr_gui.core import file_names, files, keys
from enos_csr_gui.core.certificate import check_kind, issuer_name
from enos_csr_gui.core.enums import Format, Role
from enos_csr_gui.core.errors import (
    CannotExport,
    CannotSave,
    Code,
    InvalidFileName,
    Problem,
)
from enos_csr_gui.core.keystore import PEM_NAME, java_keystore, keystore
from enos_csr_gui.core.x509_reader import Certificate


class ExportedFile(NamedTuple):
    """A file that was written; ``private`` if it holds the key, ``protected`` by a passphrase."""

    role: Role
    path: Path
    private: bool = False
    protected: bool = False


_PEM_ENDINGS = {Role.KEY: ".key", Role.CERTIFICATE: ".pem", Role.AUTHORITY: "_ca.pem"}


def check_target(format_: Format, target: Path, name: str = PEM_NAME) -> list[Problem]:
    """Return what, as far as a look can tell, would keep ``export_files`` from saving there."""
    if format_ is Format.PEM:
        return files.check_set(target, name, list(_PEM_ENDINGS.values()))
    if os.path.isdir(target):  # noqa: PTH112  (Path.is_dir raises for a name that is too long)
        return [Problem(Code.NOT_A_FILE, path=target)]
    if (safe := file_names.safe_file_name(target.name)) != target.name:
        values = {"given": target.name, "suggestion": safe}
        return [Problem(Code.NAME_UNSAFE, values=values)]
    return [
        # The name of one file is said as a whole, with its ending.
        problem._replace(values={"suggestion": f"{suggestion}{target.suffix}"})
        if (suggestion := problem.values.get("suggestion"))
        else problem
        for problem in files.check_set(target.parent, target.stem, [target.suffix])
    ]


def export_files(
    format_: Format,
    key: rsa.RSAPrivateKey,
    certificate: Certificate,
    chain: Sequence[Certificate],
    target: Path,
    *,
    name: str = PEM_NAME,
    passphrase: str | None = None,
    older_systems: bool = False,
) -> list[ExportedFile]:
    """Write what the device needs: all or nothing, never over a file, the key for you alone.

    ``chain`` are the certificates of the authority, the issuer first. ``target`` is the folder of
    the PEM files, which are called ``name``, or the one file itself; ``name`` is then the alias of
    the key in a Java keystore. The key is unprotected when it is written as PEM without a
    ``passphrase``; a keystore needs one, and C source has none. For ``older_systems`` see
    ``keystore``.

    Raises CannotExport when the certificate is not one for the key, or anything but PKCS #12 lacks
    the chain, or C source is to be protected; InvalidKey when the passphrase cannot be used; and
    what ``files.save_set`` raises.
    """
    check_parts(format_, key, certificate, chain)
    if problems := check_target(format_, target, name):
        unsafe = problems[0].code is Code.NAME_UNSAFE
        raise InvalidFileName(problems) if unsafe else CannotSave(problems)
    protected = passphrase is not None
    if problems := check_protection(format_, protected=protected):
        raise CannotExport(problems)
    if format_ is Format.PEM:
        contents = {
            Role.KEY: keys.to_pem(key, passphrase),
            Role.CERTIFICATE: certificate.to_pem(),
            Role.AUTHORITY: b"".join(one.to_pem() for one in chain),
        }
        folder, endings = target, _PEM_ENDINGS
    else:
        role, data = Role.KEYSTORE, b""
        secret_word = passphrase or ""
        match format_:
            case Format.C:
                role, data = Role.SOURCE, c_source(key, certificate, chain)
            case Format.JAVA:
                data = java_keystore(
                    key, certificate, chain, secret_word, older_systems=older_systems, alias=name
                )
            case Format.PKCS12:
                data = keystore(key, certificate, chain, secret_word, older_systems=older_systems)
        contents, endings = {role: data}, {role: target.suffix}
        folder, name = target.parent, target.stem
    secret = (Role.KEY, Role.KEYSTORE, Role.SOURCE)
    parts = [
        files.Part(endings[role], data, private=role in secret, encrypted=protected)
        for role, data in contents.items()
    ]
    paths = files.save_set(folder, name, parts)
    return [
        ExportedFile(role, path, role in secret, role in secret and protected)
        for role, path in zip(contents, paths, strict=True)
    ]


def check_protection(format_: Format, *, protected: bool) -> list[Problem]:
    """Return the problem that the format has no passphrase.

    mbedTLS, as the EnOS SDK for C builds it, opens no encrypted key.
    """
    return [Problem(Code.FORMAT_UNPROTECTED)] if protected and format_ is Format.C else []


_C_SOURCE = """\
/* For the EnOS SDK for C: CA certificates, device certificate and private key.
   Anyone who has this file or the compiled program has the key. Never publish it. */

static const char enos_ca_chain[] =
{chain};

static const char enos_certificate[] =
{certificate};

static const char enos_private_key[] =
{key};
"""


def c_source(
    key: rsa.RSAPrivateKey, certificate: Certificate, chain: Sequence[Certificate]
) -> bytes:
    """Return a C header with the chain, the certificate and the key, each PEM in one string."""
    texts = {
        "chain": b"".join(one.to_pem() for one in chain),
        "certificate": certificate.to_pem(),
        "key": keys.to_pem(key, None),
    }
    literals = {name: _c_string(text.decode()) for name, text in texts.items()}
    return _C_SOURCE.format(**literals).encode()


def _c_string(text: str) -> str:
    # PEM holds nothing that C escapes but line ends.
    return "\n".join(f'    "{line}\\n"' for line in text.splitlines())


def check_parts(
    format_: Format,
    key: rsa.RSAPrivateKey,
    certificate: Certificate,
    chain: Sequence[Certificate],
) -> None:
    """Raise CannotExport when the certificate is not for the key, or the chain is missing."""
    if problems := check_kind(certificate):
        raise CannotExport(problems)
    if certificate.key.algorithm != "RSA":
        raise CannotExport(
            [Problem(Code.CERTIFICATE_NOT_RSA, values={"algorithm": certificate.key.algorithm})]
        )
    if certificate.key.public_key_sha256 != keys.public_key_sha256(key.public_key()):
        raise CannotExport([Problem(Code.CERTIFICATE_OF_OTHER_KEY)])
    if not chain and format_ is not Format.PKCS12:
        values = {"issuer": issuer_name(certificate)}
        raise CannotExport([Problem(Code.CHAIN_MISSING, values=values)])
