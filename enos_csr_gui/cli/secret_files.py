"""The options ``--key`` and ``--passphrase-file``: what is in those files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from enos_csr_gui.cli import asking
from enos_csr_gui.cli.output import Faults
from enos_csr_gui.core import files
from enos_csr_gui.core.errors import Code, CoreError
from enos_csr_gui.i18n import _

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

STANDARD_INPUT = Path("-")

# Named without its value, lest somebody typed the passphrase itself there.
_OPTION = "--passphrase-file"


def read_passphrase(path: Path, faults: Faults) -> str | None:
    """Return the first line of the file; None when there is a fault."""
    from enos_csr_gui.core import keys

    try:
        first_line = _read(path).split(b"\n")[0].removesuffix(b"\r")
        passphrase = first_line.decode("utf-8-sig")
    except CoreError as error:
        faults.add_error(error, place=_OPTION)
    except UnicodeDecodeError:
        sentence = _("This is not text in UTF-8. Please save the file as UTF-8.")
        faults.add_line(f"{_OPTION}: {sentence}")
    else:
        faults.add(keys.check_passphrase(passphrase), place=_OPTION)
        return passphrase
    return None


def _read(path: Path) -> bytes:
    if path != STANDARD_INPUT:
        return files.read(path)
    return sys.stdin.buffer.readline(files.MAX_READ_BYTES) if sys.stdin else b""


def load_key(
    path: Path, passphrase: str | None, faults: Faults, *, passphrase_to_come: bool
) -> rsa.RSAPrivateKey | None:
    """Return the key in the file; None when there is a fault, or its passphrase is to come."""
    from enos_csr_gui.core import making

    try:
        return making.load_key(path, passphrase)
    except CoreError as error:
        needed = error.problems[0].code is Code.PASSPHRASE_NEEDED
        if needed and passphrase_to_come:
            return None
        faults.add_error(error, place=_key_place(path))
        if needed:
            sentence = _("Name a file whose first line is that passphrase, '-' for standard input.")
            faults.add_line(f"{_OPTION}: {sentence}")
    return None


def unlock_key(path: Path, faults: Faults) -> rsa.RSAPrivateKey:
    """Ask for the passphrase and return the key; end the command when none opens it."""
    try:
        return asking.open_key(path)
    except CoreError as error:
        faults.add_error(error, place=_key_place(path))
        faults.end()


def _key_place(path: Path) -> str:
    return f"--key {click.format_filename(path)}"
