"""A journal of the saves in progress, so that the next start can complete what a kill interrupted.

Each save has one entry, a small file of JSON lines in the user's data folder, which is locked while
the process lives. The system releases the lock when the process dies, so an entry that can be
locked was abandoned. It holds paths, the public files of the set, what the history is to list, and
the SHA-256 digest by which a key file is recognized; never a key or a passphrase.

Where no entry can be written (no home folder, a full disk), the save goes on without one.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from enos_csr_gui.core.permissions import create, make_private_folder

Facts = dict[str, Any]
"""One line of an entry."""

_PREFIX = "saving-"
_TRIES = 3
_OPEN = os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)


def data_folder() -> Path:
    """Return the folder where the program keeps this user's data: the history and the journal."""
    from platformdirs import user_data_path

    return user_data_path("enos-csr", appauthor=False)


class Entry:
    """The notes of one save. ``descriptor`` is None where none can be kept."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        self.saved = False
        """The files are saved: if the rest fails, the next start completes it."""

    def note(self, **facts: object) -> None:
        """Add a line; it is on disk when this returns, also after a power cut."""
        if self._descriptor is None:
            return
        # All ASCII: the name of a folder may hold what UTF-8 has no bytes for.
        line = json.dumps(facts).encode() + b"\n"
        with suppress(OSError):
            while line:
                line = line[os.write(self._descriptor, line) :]
            os.fsync(self._descriptor)


@contextmanager
def entry() -> Iterator[Entry]:
    """Open an entry for one save, and remove it when the save has succeeded or failed.

    It stays if an error follows after ``saved`` was set.
    """
    opened = None
    with suppress(OSError):
        opened = _new_entry()
    if opened is None:
        yield Entry(None)
        return
    path, descriptor = opened
    notes = Entry(descriptor)
    try:
        yield notes
    except BaseException:
        if notes.saved:
            os.close(descriptor)
        else:
            _remove(path, descriptor)
        raise
    _remove(path, descriptor)


def settle(finish: Callable[[list[Facts]], None]) -> None:
    """Call ``finish`` with the notes of each save that was cut off, and remove its entry.

    An entry stays, for the next time, when ``finish`` raises OSError: the disk may be unplugged.
    """
    folder = data_folder()
    try:
        abandoned = [path for path in folder.iterdir() if path.name.startswith(_PREFIX)]
    except OSError:
        return
    for path in abandoned:
        with suppress(OSError):
            _settle(path, finish)


def _settle(path: Path, finish: Callable[[list[Facts]], None]) -> None:
    descriptor = os.open(path, _OPEN)
    try:
        if not lock(descriptor):
            raise BlockingIOError
        with suppress(LookupError, TypeError, ValueError, AttributeError):  # no entry of ours
            finish(_lines(descriptor))
    except BaseException:
        os.close(descriptor)
        raise
    _remove(path, descriptor)


def _lines(descriptor: int) -> list[Facts]:
    """Return the complete lines; one that was cut off counts as not written."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(os.dup(descriptor), "rb") as file:
        data = file.read()
    found: list[Facts] = []
    for line in data.splitlines():
        try:
            facts = json.loads(line)
        except (ValueError, RecursionError):
            break
        if not isinstance(facts, dict):
            break
        found.append(facts)
    return found


def _new_entry() -> tuple[Path, int] | None:
    folder = data_folder()
    for _try in range(_TRIES):
        make_private_folder(folder)
        path = folder / f"{_PREFIX}{os.urandom(8).hex()}"
        try:
            descriptor = create(str(path), private=True)
        except FileNotFoundError:  # another process has just removed the empty folder
            continue
        # Another process may have taken it for abandoned before it was locked.
        if lock(descriptor) and os.path.lexists(path):
            _sync(folder)
            return path, descriptor
        _remove(path, descriptor)
    return None


def _remove(path: Path, descriptor: int) -> None:
    """Remove an entry, and the folder with the last thing in it.

    The entry stays locked until then where the system can do that.
    """
    with suppress(OSError):
        if sys.platform != "win32":
            path.unlink()
    with suppress(OSError):
        os.close(descriptor)
    with suppress(OSError):
        if sys.platform == "win32":  # refuses to delete what a process has open
            path.unlink()
    with suppress(OSError):  # not empty
        path.parent.rmdir()


def _sync(folder: Path) -> None:
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    # Far beyond the text: on Windows others cannot read a locked range.
    _LOCKED_BYTE = 1 << 30

    def lock(descriptor: int) -> bool:
        """Return whether no other process, nor another descriptor, has the entry locked."""
        before = os.lseek(descriptor, 0, os.SEEK_CUR)
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(descriptor, before, os.SEEK_SET)
        return True

else:
    import fcntl

    def lock(descriptor: int) -> bool:
        """Return whether no other process, nor another descriptor, has the entry locked."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # also where a network drive has no locks: then nothing is settled
            return False
        return True
