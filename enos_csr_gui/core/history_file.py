"""The SQLite file of the history: opened, brought to today's schema, set aside when damaged.

SQLite's rollback journal is used and not its write-ahead log: that log needs memory which all
processes share, so it goes wrong, silently, in a home folder on a network drive
(https://www.sqlite.org/wal.html). At a few new rows a day, its speed is not needed.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext, suppress
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import TypeVar

from enos_csr_gui.core import busy
from enos_csr_gui.core.errors import Code, HistoryUnavailable, Problem, problem_from_os_error
from enos_csr_gui.core.permissions import close_to_others, create, make_private_folder

BUSY_SECONDS = 10.0
"""How long one copy of the program waits while another one writes."""

_setting_aside = threading.RLock()
"""Several threads may find the same file damaged, and only one may rename it."""

_opening = _setting_aside if os.name == "nt" else nullcontext()
"""Windows opens no file in the moment in which another thread renames it: access is denied."""


T = TypeVar("T")


class SchemaTooNew(Exception):
    """The file was made by a later version of the program."""


class NotAHistory(Exception):
    """This program did not write the file, or a name beside it is not a regular file."""


# Element N leads from schema N to N + 1. Never change one that was published: add another.
_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # name_key: what common names are compared by; paths: bytes, as the system has them;
        # times: seconds since 1970; serial: hexadecimal, it has up to 160 bits; fingerprint: the
        # SHA-256 of the public key; search: all that a filter looks through, in small letters.
        """
        CREATE TABLE request (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            country TEXT, state TEXT, locality TEXT, organization TEXT, unit TEXT,
            common_name TEXT, email TEXT,
            name_key TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('new', 'renewal')),
            made_on INTEGER NOT NULL,
            fingerprint TEXT NOT NULL,
            key BLOB NOT NULL,
            csr BLOB NOT NULL,
            issued INTEGER,
            expires INTEGER,
            serial TEXT,
            search TEXT NOT NULL
        )
        """,
        "CREATE INDEX request_fingerprint ON request (fingerprint)",
        *(
            f"CREATE INDEX request_{column} ON request ({column})"
            for column in ("name_key", "kind", "made_on", "issued", "expires", "csr")
        ),
    ),
    (
        # The path of the certificate's file, as that of the key.
        "ALTER TABLE request ADD COLUMN certificate BLOB",
    ),
    (
        "ALTER TABLE request ADD COLUMN batch TEXT",
        "CREATE INDEX request_batch ON request (batch)",
    ),
    ("CREATE INDEX request_serial ON request (length(serial), serial)",),
    (
        # When it was archived; NULL: it is not. Lists are of one or the other, so their orders
        # come after that.
        "ALTER TABLE request ADD COLUMN archived INTEGER",
        "ALTER TABLE request ADD COLUMN site TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE request ADD COLUMN note TEXT NOT NULL DEFAULT ''",
        *(f"DROP INDEX request_{column}" for column in ("kind", "made_on", "issued", "expires")),
        *(
            f"CREATE INDEX request_by_{column} ON request ((archived IS NULL), {column})"
            for column in ("name_key", "kind", "made_on", "issued", "expires", "csr")
        ),
        # Few requests have any.
        *(
            f"CREATE INDEX request_{one} ON request ({one}) WHERE {one} > ''"
            for one in ("site", "note")
        ),
        "DROP INDEX request_serial",
        "CREATE INDEX request_by_serial ON request ((archived IS NULL), length(serial), serial)",
    ),
)

SCHEMA_VERSION = len(_MIGRATIONS)

# SQLITE_ERROR: a table or column is missing, or a name is in use.
_DAMAGED = (
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_CONSTRAINT,
)


# SQLite decodes texts of its own, those of its errors too; a number may be larger than it takes.
_TROUBLE = (
    sqlite3.Error,
    sqlite3.Warning,
    OSError,
    UnicodeError,
    OverflowError,
    MemoryError,
    NotAHistory,
)


# The files that SQLite keeps beside the database.
_BESIDE = ("-journal", "-wal", "-shm")


_CODES = {
    sqlite3.SQLITE_FULL: Code.HISTORY_DISK_FULL,
    sqlite3.SQLITE_READONLY: Code.HISTORY_NO_ACCESS,
    sqlite3.SQLITE_CANTOPEN: Code.HISTORY_NO_ACCESS,
    sqlite3.SQLITE_PERM: Code.HISTORY_NO_ACCESS,
    sqlite3.SQLITE_AUTH: Code.HISTORY_NO_ACCESS,
    sqlite3.SQLITE_BUSY: Code.HISTORY_BUSY,
    sqlite3.SQLITE_LOCKED: Code.HISTORY_BUSY,
}


class HistoryFile:
    """The file; nothing is opened before the first ``run``. Use it in one thread.

    A damaged file is renamed, a new one is created, and the problem is added to ``notes``.
    """

    def __init__(self, path: Path, *, own_folder: bool) -> None:
        """``own_folder``: the folder is the program's own, and is closed to others too."""
        self._path = path
        self._own_folder = own_folder
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self.notes: tuple[Problem, ...] = ()

    def close(self) -> None:
        """Close the file. The next ``run`` would open it again."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def run(
        self, action: Callable[[sqlite3.Connection], T], *, nothing: T, make: bool = False
    ) -> T:
        """Return what ``action`` returns, ``nothing`` when there is no file and none is made.

        A damaged file is renamed once, and ``action`` repeated with a new one. Raises
        HistoryUnavailable.
        """
        for may_set_aside in (True, False):
            try:
                connection = self._connection or self._connect(make=make)
                return action(connection) if connection else nothing
            except _TROUBLE as error:
                self.close()
                if not (may_set_aside and _is_damage(error)):
                    raise self._unavailable(error) from error
                try:
                    self._set_aside()
                except OSError as trouble:
                    raise self._unavailable(trouble) from error
            except SchemaTooNew as error:
                self.close()
                problem = Problem(Code.HISTORY_NEWER, path=self._path)
                raise HistoryUnavailable([*self.notes, problem]) from error
        raise AssertionError("unreachable")

    def _connect(self, *, make: bool) -> sqlite3.Connection | None:
        """Open the file; None when there is none and none is to be made."""
        with _opening:
            return self._open() if make or self._exists() else None

    def _exists(self) -> bool:
        try:
            self._path.lstat()
        except FileNotFoundError:
            return False
        return True

    def _unavailable(self, error: Exception) -> HistoryUnavailable:
        if isinstance(error, OSError):
            code = _code_of_os_error(error)
            reason = error.strerror or type(error).__name__
        else:
            code = _CODES.get(_primary(error), Code.HISTORY_TROUBLE)
            reason = str(error) or type(error).__name__
        values = {"reason": reason} if code is Code.HISTORY_TROUBLE else {}
        return HistoryUnavailable([*self.notes, Problem(code, path=self._path, values=values)])

    def _open(self) -> sqlite3.Connection:
        if self._connection:
            return self._connection
        self._prepare_file()
        self._identity = _identity(self._path)
        self._check_kinds()
        connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            # One flipped bit in a text must not hide all requests.
            connection.text_factory = lambda data: data.decode("utf-8", "replace")
            # In kibibytes: a filter reads every row, again at each keystroke.
            connection.execute("PRAGMA cache_size = -65536").close()
            _migrate(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _prepare_file(self) -> None:
        """Make the folder and the file, private from the start; SQLite's journal inherits its
        mode."""
        for tries_left in (2, 1, 0):
            make_private_folder(self._path.parent)
            try:
                os.close(create(str(self._path), private=True))
            except FileExistsError:
                break
            except FileNotFoundError:  # the journal has just removed the empty folder
                if not tries_left:
                    raise
            else:
                break
        # An old umask or a restored backup.
        close_to_others(self._path, 0o600)
        if self._own_folder:
            close_to_others(self._path.parent, 0o700)

    def _check_kinds(self) -> None:
        """Raise NotAHistory for a pipe or a device, on which SQLite would wait forever.

        The history may be a link to an existing file; SQLite would create a missing one.
        """
        try:
            is_file = self._path.exists() and not _is_no_file(self._path.stat())
        except FileNotFoundError:  # another thread has just renamed it
            is_file = False
        if not is_file:
            raise NotAHistory
        for suffix in _BESIDE:
            with suppress(FileNotFoundError):
                if _is_no_file(Path(f"{self._path}{suffix}").lstat()):
                    raise NotAHistory

    def _set_aside(self) -> None:
        """Rename the damaged file and SQLite's files beside it, which may hold the last changes."""
        with _setting_aside:
            self._rename_damaged()

    def _rename_damaged(self) -> None:
        found = _identity(self._path)
        if found is None or found != self._identity:
            return  # another thread or copy of the program has already done so
        stamp = f"{datetime.now():%Y-%m-%d-%H%M%S}"  # the person's own clock
        names = (f"{self._path.stem}-damaged-{stamp}{ending}" for ending in _endings())
        targets = (self._path.with_name(name + self._path.suffix) for name in names)
        target = next(target for target in targets if not os.path.lexists(target))
        for suffix in (*_BESIDE, ""):
            with suppress(FileNotFoundError):
                # Other threads, which find the same damage, have it open.
                rename = partial(os.rename, f"{self._path}{suffix}", f"{target}{suffix}")
                busy.when_free(rename, BUSY_SECONDS)
        self.notes += (Problem(Code.HISTORY_DAMAGED, path=target),)


def _endings() -> Iterator[str]:
    yield ""
    yield from (f"-{number}" for number in count(2))


def _is_no_file(status: os.stat_result) -> bool:
    return not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode))


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to today's schema.

    Raises SchemaTooNew, and changes nothing, if it is newer; NotAHistory if it is invalid.
    """

    def version() -> int:
        with closing(connection.execute("PRAGMA user_version")) as cursor:
            return int(cursor.fetchone()[0])

    def migrate() -> None:
        # Read again: another copy of the program may have migrated it meanwhile.
        for number in range(version(), SCHEMA_VERSION):
            for statement in _MIGRATIONS[number]:
                connection.execute(statement).close()
            connection.execute(f"PRAGMA user_version = {number + 1}").close()

    if (found := version()) < 0:
        raise NotAHistory
    if found > SCHEMA_VERSION:
        raise SchemaTooNew
    if found < SCHEMA_VERSION:
        in_transaction(connection, migrate)


def in_transaction(connection: sqlite3.Connection, action: Callable[[], T]) -> T:
    """Return what ``action`` returns; all it changed is on disk then, or undone if it raises."""
    # IMMEDIATE: a transaction that reads first may fail at once when it comes to write.
    connection.execute("BEGIN IMMEDIATE").close()
    try:
        result = action()
        connection.execute("COMMIT").close()
    except BaseException:
        with suppress(sqlite3.Error):  # a full disk has already ended it
            connection.execute("ROLLBACK").close()
        raise
    return result


def _primary(error: Exception) -> int:
    """Return SQLite's primary result code."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _is_damage(error: Exception) -> bool:
    return isinstance(error, (NotAHistory, UnicodeError)) or _primary(error) in _DAMAGED


def _code_of_os_error(error: OSError) -> Code:
    known = {
        Code.DISK_FULL: Code.HISTORY_DISK_FULL,
        Code.NO_PERMISSION: Code.HISTORY_NO_ACCESS,
        Code.READ_ONLY: Code.HISTORY_NO_ACCESS,
        Code.NOT_A_FOLDER: Code.HISTORY_NO_ACCESS,
        Code.FILE_IN_USE: Code.HISTORY_BUSY,
    }
    problem = problem_from_os_error(error, Path(), missing=Code.FILE_MISSING)
    return known.get(problem.code, Code.HISTORY_TROUBLE)
