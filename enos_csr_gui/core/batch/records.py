"""What a batch has made, in its own folder: ``requests.jsonl``, and ``manifest.csv`` made from it.

``requests.jsonl`` is both the result and the memory of a batch. It only grows, by whole groups of
lines, after the files of the group have their names. A line that a kill cut off is dropped; the
pair it was about is on the disk and is found there (see ``check``).
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from enos_csr_gui.core import digests, file_names, files, journal, permissions
from enos_csr_gui.core.batch.rows import Row
from enos_csr_gui.core.errors import CannotSave, Code, Problem, problem_from_os_error
from enos_csr_gui.core.file_types import MANIFEST, REJECTED, REQUESTS
from enos_csr_gui.core.spreadsheet import harmless

TEMPORARY = ".enos-csr-batch-"
"""What a batch writes before it gets its name. A kill leaves it; the next run removes it."""

_FIRST_COLUMNS = ("line", "common_name", "key", "csr", "public_key_sha256", "csr_sha256", "status")


_LONGEST_LINE = 1 << 28
"""No row of a table is longer."""


def temporary_name() -> str:
    """Return a hidden name that no other run has."""
    return f"{TEMPORARY}{os.urandom(8).hex()}"


class Record(NamedTuple):
    """One pair: its row, and its files, relative to the folder of the batch."""

    line: int
    subject: Mapping[str, str]
    key: str
    csr: str
    csr_pem: str
    public_key_sha256: str
    columns: Mapping[str, str]

    @property
    def common_name(self) -> str:
        """The common name in the subject."""
        return self.subject.get("common_name", "")


def _line(record: Record, batch: str) -> bytes:
    values = {
        "batch": batch,
        "line": record.line,
        "common_name": record.common_name,
        "subject": dict(record.subject),
        "key_file": record.key,
        "csr_file": record.csr,
        "public_key_sha256": record.public_key_sha256,
        "csr_sha256": digests.sha256(record.csr_pem.encode()),
        "columns": dict(record.columns),
        "csr": record.csr_pem,
    }
    text = json.dumps(values, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _parsed(line: bytes) -> tuple[str, Record]:
    """Return the batch and the record of a line; raises ValueError, KeyError, TypeError if none."""
    values: dict[str, Any] = json.loads(line)
    record = Record(
        int(values["line"]),
        {str(key): str(text) for key, text in values["subject"].items()},
        _place(str(values["key_file"])),
        _place(str(values["csr_file"])),
        str(values["csr"]),
        str(values["public_key_sha256"]),
        {str(key): str(text) for key, text in values["columns"].items()},
    )
    return str(values["batch"]), record


_STEP = re.compile(r"(?!\.\.?$)[^/\\:\0]+")


def _place(path: str) -> str:
    """Return a path as ``check.paths`` makes it; raises ValueError for one out of the folder."""
    steps = path.split("/")
    if len(steps) > 2 or not all(map(_STEP.fullmatch, steps)):
        raise ValueError("not a file of this batch")
    return path


def read(folder: Path) -> Iterator[Record]:
    """Yield what the batch in this folder has made, in the order of its table.

    Raises CannotSave when there is no batch.
    """
    lines, starts = [], [0]
    try:
        with files.open_to_read(folder / REQUESTS) as file:
            for _batch, record, end in _records(file, folder):
                lines.append(record.line)
                starts.append(end)
            for place in sorted(range(len(lines)), key=lines.__getitem__):
                file.seek(starts[place])
                yield _parsed(file.readline())[1]
    except FileNotFoundError as error:
        raise CannotSave([Problem(Code.BATCH_NONE, path=folder)]) from error
    except OSError as error:
        raise CannotSave([_os_problem(error, folder)]) from error


def name(folder: Path) -> str:
    """Return what the batch in this folder is called in the history; empty if it has no record.

    Raises CannotSave when there is no batch.
    """
    try:
        with files.open_to_read(folder / REQUESTS) as file:
            return next((batch for batch, _record, _end in _records(file, folder)), "")
    except OSError as error:
        raise CannotSave([_os_problem(error, folder)]) from error


def _records(file: io.BufferedReader, folder: Path) -> Iterator[tuple[str, Record, int]]:
    """Yield batch, record and end of each whole line. Raises CannotSave for a foreign file."""
    end = 0
    for line in iter(partial(file.readline, _LONGEST_LINE), b""):
        if len(line) == _LONGEST_LINE:
            raise CannotSave([Problem(Code.BATCH_FOREIGN, path=folder / REQUESTS)])
        if not line.endswith(b"\n"):
            return  # a kill has cut it off
        end += len(line)
        try:
            batch, record = _parsed(line)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise CannotSave([Problem(Code.BATCH_FOREIGN, path=folder / REQUESTS)]) from error
        yield batch, record, end


def _os_problem(error: OSError, folder: Path) -> Problem:
    return problem_from_os_error(error, folder, missing=Code.FOLDER_MISSING)


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Make an OSError a CannotSave; of a full disk, a problem that says what is there is whole."""
    try:
        yield
    except OSError as error:
        raise CannotSave([_in_batch(_os_problem(error, folder))]) from error
    except CannotSave as error:
        raise CannotSave([_in_batch(one) for one in error.problems]) from error


def _in_batch(problem: Problem) -> Problem:
    is_full = problem.code is Code.DISK_FULL
    return problem._replace(code=Code.BATCH_DISK_FULL) if is_full else problem


def identity(subject: Mapping[str, str]) -> int:
    """Return a number that two subjects share only if they are equal, within this process."""
    return hash(tuple(sorted(subject.items())))


class Ledger:
    """The memory of the batch in a folder.

    ``batch`` names it in the history. ``made`` is common name -> ``identity`` of its subject.
    ``flat``: its files are in one folder; None while there are none.
    """

    def __init__(self, folder: Path, descriptor: int | None) -> None:
        self.folder = folder
        self.batch = ""
        self.made: dict[str, int] = {}
        self.flat: bool | None = None
        self._columns: dict[str, None] = {}
        self._descriptor = descriptor

    def load(self, file: io.BufferedReader) -> int:
        """Read all lines; return where the last whole one ends."""
        end = 0
        for batch, record, end in _records(file, self.folder):  # noqa: B007
            self.batch = self.batch or batch
            self._remember(record)
        return end

    def start(self) -> None:
        """Give a new batch its name."""
        self.batch = self.batch or f"{datetime.now(UTC):%Y%m%d}-{os.urandom(4).hex()}"

    def _remember(self, record: Record) -> None:
        self.made[record.common_name] = identity(record.subject)
        self.flat = "/" not in record.key
        self._columns |= dict.fromkeys(record.columns)

    def append(self, records: Sequence[Record]) -> None:
        """Add lines, on disk when this returns. Raises OSError."""
        if not records or self._descriptor is None:
            return
        left = memoryview(b"".join(_line(record, self.batch) for record in records))
        while left:
            left = left[os.write(self._descriptor, left) :]
        os.fsync(self._descriptor)
        for record in records:
            self._remember(record)

    def is_listed(self) -> bool:
        """Return whether ``manifest.csv`` has a row for each record; a kill may prevent that.

        One that this program has not written is left as it is.
        """
        try:
            path = file_names.system_path(self.folder / MANIFEST)
            with path.open(encoding="utf-8-sig", newline="") as text:
                return sum(1 for _row in csv.reader(text)) > len(self.made)  # with the headings
        except FileNotFoundError:
            return not self.made
        except (OSError, UnicodeError, csv.Error):
            return True

    def write_manifest(self) -> Path:
        """Write ``manifest.csv`` with a row for each record, in the order of the table.

        Raises OSError.
        """
        columns = [name for name in self._columns if name]
        with _replacing(self.folder / MANIFEST) as text:
            writer = csv.writer(text, quoting=csv.QUOTE_ALL)
            writer.writerow(map(harmless, (*_FIRST_COLUMNS, *columns)))
            for record in read(self.folder):
                known = map(harmless, (record.common_name, record.key, record.csr))
                extra = (harmless(record.columns.get(name, "")) for name in columns)
                public_key = harmless(record.public_key_sha256)
                request = digests.sha256(record.csr_pem.encode())
                writer.writerow((record.line, *known, public_key, request, "created", *extra))
        return self.folder / MANIFEST


def peek(folder: Path) -> Ledger:
    """Return what a batch in this folder has made, without changing anything.

    Raises CannotSave when the file there was not written by a batch.
    """
    ledger = Ledger(folder, None)
    with suppress(FileNotFoundError, NotADirectoryError):
        try:
            with files.open_to_read(folder / REQUESTS) as file:
                ledger.load(file)
        except (FileNotFoundError, NotADirectoryError):
            raise
        except OSError as error:
            raise CannotSave([_os_problem(error, folder)]) from error
    if not ledger.made and (folder / MANIFEST).exists():
        raise CannotSave([Problem(Code.BATCH_FOREIGN, path=folder / MANIFEST)])
    return ledger


@contextmanager
def opened(folder: Path) -> Iterator[Ledger]:
    """Open the ledger of the batch in this folder, made if it is missing, for this process alone.

    Removes what a killed run left half made. Raises CannotSave when another process has it open,
    or the folder cannot be used.
    """
    path = file_names.system_path(folder / REQUESTS)
    peek(folder)
    is_new = not file_names.system_path(folder).exists()
    try:
        if is_new:
            permissions.make_folder(file_names.system_path(folder))
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        flags |= getattr(os, "O_NOFOLLOW", 0)  # the folder may be another person's
        descriptor = os.open(path, flags, permissions.PUBLIC_MODE)
    except OSError as error:
        raise CannotSave([_os_problem(error, folder)]) from error
    is_empty = False
    try:
        # A run that ends without a pair removes the file: this descriptor may be of a removed one.
        if not (journal.lock(descriptor) and _is_file(descriptor, path)):
            raise CannotSave([Problem(Code.BATCH_BUSY, path=folder)])
        ledger = Ledger(folder, descriptor)
        try:
            _remove_half_made(folder)
            with os.fdopen(os.dup(descriptor), "rb") as file:
                end = ledger.load(file)
            if end != os.fstat(descriptor).st_size:
                os.ftruncate(descriptor, end)
        except OSError as error:
            raise CannotSave([_os_problem(error, folder)]) from error
        ledger.start()
        try:
            yield ledger
        finally:
            is_empty = not ledger.made
            if is_empty and sys.platform != "win32":
                _remove_empty(path, is_new=is_new)
    finally:
        os.close(descriptor)
        if is_empty and sys.platform == "win32":
            _remove_if_empty(path, is_new=is_new)


def _is_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def _remove_empty(path: Path, *, is_new: bool) -> None:
    with suppress(OSError):
        path.unlink()
        if is_new:
            path.parent.rmdir()


def _remove_if_empty(path: Path, *, is_new: bool) -> None:
    """Remove it on Windows, which renames no open file: no other run has it then."""
    hidden = path.with_name(temporary_name())
    with suppress(OSError):
        path.rename(hidden)
        if hidden.stat().st_size:  # another run has been here meanwhile
            hidden.rename(path)
        else:
            _remove_empty(hidden, is_new=is_new)


def _remove_half_made(folder: Path) -> None:
    """Remove the folders, and all in them, that never got their names."""
    for entry in list(os.scandir(file_names.system_path(folder))):
        if entry.name.startswith(TEMPORARY):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                Path(entry.path).unlink()


@contextmanager
def _replacing(path: Path) -> Iterator[TextIO]:
    """Write a table in UTF-8, with the mark that Excel needs; it gets its name when it is whole."""
    hidden = file_names.system_path(path.with_name(temporary_name()))
    try:
        with hidden.open("x", encoding="utf-8-sig", errors="backslashreplace", newline="") as text:
            yield text
            text.flush()
            os.fsync(text.fileno())
        hidden.replace(file_names.system_path(path))
    except BaseException:
        with suppress(OSError):
            hidden.unlink()
        raise


def write_rejected(folder: Path, headings: Sequence[str], rows: Iterable[tuple[Row, str]]) -> Path:
    """Write ``rejected.csv``: the answers of each row, and the reason why it was left out.

    ``headings`` are those of the answers and the reason. Raises CannotSave.
    """
    try:
        if not file_names.system_path(folder).exists():
            permissions.make_folder(file_names.system_path(folder))
        with _replacing(folder / REJECTED) as text:
            writer = csv.writer(text, quoting=csv.QUOTE_ALL)
            writer.writerow(map(harmless, headings))
            for row, reason in rows:
                writer.writerow(map(harmless, (*row.answers, *row.extra, reason)))
    except OSError as error:
        raise CannotSave([_os_problem(error, folder)]) from error
    return folder / REJECTED
