"""Requests and certificates saved as PEM, whatever form they came in."""

from __future__ import annotations

from pathlib import Path

from enos_csr_gui.core import contents, files
from enos_csr_gui.core.errors import CannotSave, Code, InvalidFileName


def to_pem(file: Path) -> bytes:
    """Return the requests and certificates in a file, or in those of a folder, as PEM.

    They stay byte for byte as they were signed. Private keys are left out. Raises UnreadableFile
    when there is nothing to convert.
    """
    found = contents.read_signed([file])
    return b"".join(one.to_pem() for one in found)


def save_as_pem(file: Path, target: Path) -> Path:
    """Write ``to_pem`` of the file to ``target``, never over a file; return where it is.

    Raises UnreadableFile, and what ``files.save_set`` raises.
    """
    data = to_pem(file)
    if problems := files.check_set(target.parent, target.stem, [target.suffix]):
        unsafe = problems[0].code is Code.NAME_UNSAFE
        raise InvalidFileName(problems) if unsafe else CannotSave(problems)
    [saved] = files.save_set(target.parent, target.stem, [files.Part(target.suffix, data)])
    return saved
