"""Requests and certificates saved as PEM, whatever form they came in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from enos_csr_gui.core import contents, files
from enos_csr_gui.core.contents import Content
from enos_csr_gui.core.errors import Problem


class SavedPem(NamedTuple):
    """The file with the PEM; ``notes`` say of what only a part was read."""

    path: Path
    notes: list[Problem]


def to_pem(file: Path) -> bytes:
    """Return the requests and certificates in a file, or in those of a folder, as PEM.

    They stay byte for byte as they were signed. Private keys are left out. Raises UnreadableFile
    when there is nothing to convert.
    """
    return _pem(file, contents.read_all([file]))


def _pem(file: Path, came: Sequence[Content]) -> bytes:
    return b"".join(one.to_pem() for one in contents.signed_in([file], came))


def save_as_pem(file: Path, target: Path) -> SavedPem:
    """Write ``to_pem`` of the file to ``target``, never over a file; return where it is.

    Raises UnreadableFile, and what ``files.save_one`` raises.
    """
    came = contents.read_all([file])
    saved = files.save_one(target, _pem(file, came))
    return SavedPem(saved, contents.left_out([file], came))
