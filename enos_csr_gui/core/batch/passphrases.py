"""One passphrase for each device, in a file of its own that only its owner can read.

The passphrases are on the disk before the first key is. The file is CSV: common name, passphrase.
It never lies in the folder of the keys, which may travel as a whole.
"""

from __future__ import annotations

import csv
import io
import os
import secrets
import string
from collections.abc import Iterable, Mapping
from pathlib import Path

from enos_csr_gui.core import files
from enos_csr_gui.core.batch.table import MAX_BYTES
from enos_csr_gui.core.errors import CannotSave, Code, Problem, problem_from_os_error
from enos_csr_gui.core.file_names import system_path
from enos_csr_gui.core.spreadsheet import harmless

_HEADINGS = ["common_name", "passphrase"]
_LETTERS = "".join(sorted(set(string.ascii_letters + string.digits) - set("0O1Il")))
_LENGTH = 24
"""24 of 57 letters and digits are 140 bits."""


def load(path: Path) -> dict[str, str]:
    """Return ``harmless`` common name -> passphrase; nothing when there is no file.

    Raises CannotSave when the file cannot be read or holds something else.
    """
    try:
        with files.open_to_read(path) as file:
            if os.fstat(file.fileno()).st_size > MAX_BYTES:
                raise ValueError("larger than any table")
            text = file.read().decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline="")))
        if rows[0] != _HEADINGS or any(len(row) != len(_HEADINGS) for row in rows):
            raise ValueError("not a file of passphrases")
    except FileNotFoundError:
        return {}
    except OSError as error:
        problem = problem_from_os_error(error, path, missing=Code.FILE_MISSING)
        raise CannotSave([problem]) from error
    except (ValueError, IndexError, csv.Error) as error:
        raise CannotSave([Problem(Code.BATCH_PASSPHRASES_FOREIGN, path=path)]) from error
    return dict(rows[1:])


def of(known: Mapping[str, str], common_name: str) -> str | None:
    """Return the passphrase of a device among those that ``load`` or ``provide`` has returned."""
    return known.get(harmless(common_name))


def check_place(path: Path, folder: Path) -> list[Problem]:
    """Return the problem that the passphrases would lie in the folder of the keys."""
    # Unlike Path.resolve, it refuses no link that leads to itself.
    inside = Path(os.path.realpath(folder)) in Path(os.path.realpath(path)).parents
    return [Problem(Code.BATCH_PASSPHRASES_INSIDE, path=path)] if inside else []


def provide(path: Path, names: Iterable[str]) -> dict[str, str]:
    """Return what ``load`` does, with new passphrases for the names that have none, saved.

    Raises CannotSave; then nothing has changed.
    """
    is_there = os.path.lexists(system_path(path))  # perhaps with no more than its headings
    known = load(path)
    new = {cell: generate() for name in names if (cell := harmless(name)) not in known}
    if not new:
        return known
    whole = known | new
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(_HEADINGS)
    writer.writerows(whole.items())
    data = text.getvalue().encode()
    try:
        if is_there:
            files.replace(path, data, private=True)
        else:
            files.save_set(path.parent, path.stem, [files.Part(path.suffix, data, private=True)])
    except OSError as error:
        problem = problem_from_os_error(error, path, missing=Code.FOLDER_MISSING)
        raise CannotSave([problem]) from error
    return whole


def generate() -> str:
    """Return a new random passphrase of letters and digits that are not mistaken for others."""
    return "".join(secrets.choice(_LETTERS) for _letter in range(_LENGTH))
