"""What was requested on this computer: one SQLite file in the user's data folder. Nothing secret.

It holds subjects, dates, fingerprints of public keys and where files are; never a key or a
passphrase.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar

from enos_csr_gui.core.enums import RequestKind, SortBy, Status
from enos_csr_gui.core.errors import Code, Problem
from enos_csr_gui.core.history_file import HistoryFile, in_transaction
from enos_csr_gui.core.journal import data_folder
from enos_csr_gui.core.subject import SUBJECT_FIELDS, normalize

EXPIRES_SOON = timedelta(days=60)

RENEWAL_PENDING = timedelta(days=14)
"""How long a requested renewal counts, although its certificate has not been received."""

T = TypeVar("T")

_MAX_SERIAL_DIGITS = 50
"""A serial number has up to 160 bits (RFC 5280, 4.1.2.2)."""


def exists(path: Path) -> bool:
    """Return whether there is a file; on a drive that is gone this may take minutes."""
    return os.path.lexists(path)


@dataclass(frozen=True, slots=True)
class PastRequest:
    """One request that was made on this computer; all times are in UTC.

    ``subject`` is field key -> value in the manual's order. ``issued``, ``expires``, ``serial`` and
    ``certificate``, its file, are None until the certificate is received. ``batch`` names the batch
    that the request was made in, if any. ``site`` and ``note`` are the user's own words, empty by
    default. An ``archived`` request is out of the way: nothing reminds of it, but its common name
    counts as used.
    """

    number: int
    subject: Mapping[str, str]
    kind: RequestKind
    made_on: datetime
    public_key_sha256: str
    key: Path
    csr: Path
    issued: datetime | None
    expires: datetime | None
    serial: int | None
    certificate: Path | None = None
    batch: str | None = None
    archived: bool = False
    site: str = ""
    note: str = ""

    @property
    def common_name(self) -> str:
        """The common name in the subject."""
        return self.subject.get("common_name", "")

    def key_exists(self) -> bool:
        """Return whether the key file still is where it was."""
        return exists(self.key)

    def csr_exists(self) -> bool:
        """Return whether the request file still is where it was."""
        return exists(self.csr)

    def days_left(self, now: datetime | None = None) -> int | None:
        """Return for how many days, the last one counted whole, the certificate is valid.

        0 or less when it has expired; None while there is no certificate.
        """
        if self.expires is None:
            return None
        return -((_now(now) - self.expires) // timedelta(days=1))

    def status(self, now: datetime | None = None) -> Status:
        """Return the status of the request at ``now``, by default the current time."""
        if self.expires is None:
            return Status.WAITING
        left = self.expires - _now(now)
        if left <= timedelta(0):
            return Status.EXPIRED
        return Status.EXPIRING if left <= EXPIRES_SOON else Status.VALID


class Place(NamedTuple):
    """Where the files of the request with this number are."""

    number: int
    csr: Path
    key: Path


class Renewable(NamedTuple):
    """A request whose certificate can be renewed.

    ``requested`` is when its renewal was created, None if there is none that waits.
    """

    request: PastRequest
    requested: datetime | None


class NewRequest(NamedTuple):
    """A request to add to the history: its subject, field key -> value, and its files."""

    subject: Mapping[str, str]
    public_key_sha256: str
    key: Path
    csr: Path


_WORDS = ("site", "note")

_FIELDS = tuple(field.key for field in SUBJECT_FIELDS)

_COLUMNS = ("number", *_FIELDS, "kind", "made_on", "fingerprint", "key", "csr")

_COLUMNS += ("issued", "expires", "serial", "certificate", "batch", "archived", "site", "note")

_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM request"  # noqa: S608  (constants)

_LATER = """
    FROM request AS later
    WHERE later.name_key = request.name_key AND later.number > request.number
"""

_LATEST = f"NOT EXISTS (SELECT 1 {_LATER} AND later.expires IS NOT NULL)"

_WAITING = f"{_LATER} AND later.expires IS NULL AND later.archived IS NULL"

_PENDING = f"EXISTS (SELECT 1 {_WAITING} AND later.made_on > ?)"

_ENDS_SOON = f"(archived IS NULL) = 1 AND expires BETWEEN ? AND ? AND {_LATEST}"

_EXPIRING = f"{_ENDS_SOON} AND NOT {_PENDING}"

_AT_ONCE = 500
"""So many numbers stand in one query; SQLite takes 999."""

_OF_STATUS = {
    Status.WAITING: "expires IS NULL",
    Status.EXPIRED: "expires <= ?",
    Status.EXPIRING: "expires > ? AND expires <= ?",
    Status.VALID: "expires > ?",
}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def default_path() -> Path:
    """Return where this user's history is, in the platform's folder for data."""
    return data_folder() / "history.sqlite3"


def name_key(common_name: str) -> str:
    """Return the key for comparing common names: NFC, trimmed, lower case.

    Certificates compare names without regard to case (RFC 5280, 7.1), and so do the file systems
    of Windows and macOS: 'Dev-001' beside 'dev-001' is at best a trap. A false alarm costs one
    option, a clash the device's connection.
    """
    # Case folding may decompose a character, or expose a blank at an end.
    return _storable(normalize(normalize(common_name).casefold()))


class Selection(NamedTuple):
    """Which requests of the history, and in which order; by default all but the archived.

    Those are left out that do not hold each word of ``filter_text`` somewhere in the subject, the
    site, the note, the path of the request file or the name of the key file, or are its public-key
    fingerprint, batch or serial number (decimal or hexadecimal). Case does not matter. With
    ``only_expiring``, those that ``RequestHistory.expiring`` would not return are left out too;
    with ``status``, those of another status. ``archived`` tells whether to take only those that are
    or are not; None takes both.
    """

    filter_text: str = ""
    only_expiring: bool = False
    status: Status | None = None
    archived: bool | None = False
    sort: SortBy = SortBy.MADE_ON
    descending: bool = True

    def select(self, columns: str) -> tuple[str, tuple[object, ...]]:
        """Return the SQL that selects these columns in order, and its parameters."""
        where, values = self.where()
        # '+' keeps from the index: to look into every row in an order other than that on disk takes
        # four times as long.
        sign = "+" if self.filter_text or self.only_expiring or self.status else ""
        return f"SELECT {columns} FROM request{where} {self.order(sign)}", values  # noqa: S608

    def order(self, sign: str = "") -> str:
        """Return the SQL for the order; ``sign`` stands before each column."""
        direction = "DESC" if self.descending else "ASC"
        columns = [f"{sign}{column} {direction}" for column in self.sort.value.split(", ")]
        return f"ORDER BY {', '.join(columns)}, number {direction}"

    def where(self) -> tuple[str, tuple[object, ...]]:
        """Return the SQL condition, and its parameters."""
        words = _folded(self.filter_text).split()
        condition = "(instr(search, ?) OR fingerprint = ? OR batch = ? OR serial IN (?, ?))"
        conditions = [condition] * len(words)
        values: list[object] = [
            one for word in words for one in (word, word, word, *_serials(word))
        ]
        now = _now(None)
        if self.only_expiring:
            conditions.append(_EXPIRING)
            values += _around(now)
        if self.status:
            conditions.append(_OF_STATUS[self.status])
            values += {
                Status.WAITING: (),
                Status.EXPIRED: (_seconds(now),),
                Status.EXPIRING: (_seconds(now), _seconds(now + EXPIRES_SOON)),
                Status.VALID: (_seconds(now + EXPIRES_SOON),),
            }[self.status]
        if self.archived is not None:
            sign = "+" if words and not (self.status or self.only_expiring) else ""
            conditions.append(f"{sign}(archived IS NULL) = ?")
            values.append(not self.archived)
        return (f" WHERE {' AND '.join(conditions)}" if conditions else ""), tuple(values)


class RequestHistory:
    """The requests made on this computer. Use it in one thread; ``close`` it, or use ``with``.

    Nothing is opened before the first call, and no file is made before the first ``record``.
    Every method but ``close`` may raise HistoryUnavailable. A damaged file is renamed, a new one is
    created, and the problem is added to ``notes``.
    """

    def __init__(self, path: Path | None = None) -> None:
        """``path`` is the SQLite file; by default the user's own."""
        # A folder that the caller chose is left as it is.
        self._file = HistoryFile(path or default_path(), own_folder=path is None)

    @property
    def notes(self) -> tuple[Problem, ...]:
        """What happened to the file since this was made: a damaged one was renamed."""
        return self._file.notes

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. The next call would open it again."""
        self._file.close()

    def record(
        self,
        subject: Mapping[str, str],
        *,
        public_key_sha256: str,
        key: Path,
        csr: Path,
        kind: RequestKind = RequestKind.NEW,
        made_on: datetime | None = None,
    ) -> None:
        """Add a request: on disk, for good, when this returns.

        ``made_on``, by default now, must know its time zone.
        """
        self.record_all(
            [NewRequest(subject, public_key_sha256, key, csr)], kind=kind, made_on=made_on
        )

    def record_all(
        self,
        requests: Iterable[NewRequest],
        *,
        batch: str | None = None,
        kind: RequestKind = RequestKind.NEW,
        made_on: datetime | None = None,
    ) -> None:
        """Add several requests, of one batch or none: all on disk when this returns, or none."""
        time = _seconds(_now(made_on))
        rows = [_insertable(one, kind, time, batch) for one in requests]
        if not rows:
            return
        marks = ", ".join("?" * len(rows[0]))
        insert = f"INSERT INTO request ({', '.join(rows[0])}) VALUES ({marks})"  # noqa: S608

        def add(connection: sqlite3.Connection) -> None:
            values = [tuple(row.values()) for row in rows]
            in_transaction(connection, lambda: connection.executemany(insert, values).close())

        self._file.run(add, nothing=None, make=True)

    def public_keys(self, batch: str) -> set[bytes]:
        """Return the public-key fingerprints of the requests in a batch, in binary."""
        sql = "SELECT fingerprint FROM request WHERE batch = ?"

        def read(connection: sqlite3.Connection) -> set[bytes]:
            with closing(connection.execute(sql, (batch,))) as cursor:
                return {bytes.fromhex(fingerprint) for (fingerprint,) in cursor}

        return self._file.run(read, nothing=set())

    def requests(
        self,
        *,
        limit: int | None = None,
        filter_text: str = "",
        archived: bool | None = False,
    ) -> list[PastRequest]:
        """Return at most ``limit`` requests, the newest first; the others as in ``numbers``."""
        listed, values = Selection(filter_text, archived=archived).select(", ".join(_COLUMNS))
        return self._rows(f"{listed} LIMIT ?", *values, -1 if limit is None else limit)

    def numbers(self, selection: Selection = Selection()) -> list[int]:  # noqa: B008
        """Return the numbers of the requests selected, in their order."""
        sql, values = selection.select("number")
        return self._read(sql, values, lambda row: int(row[0]))

    def places(self, selection: Selection) -> list[Place]:
        """Return where the files are of the requests selected, in their order."""
        sql, values = selection.select("number, csr, key")
        return self._read(
            sql,
            values,
            lambda row: Place(
                row[0], _sensible(_path, row[1]) or Path(), _sensible(_path, row[2]) or Path()
            ),
        )

    def numbered(self, numbers: Sequence[int]) -> list[PastRequest]:
        """Return the requests with these numbers, in this order; one that is gone is left out."""
        found: dict[int, PastRequest] = {}
        for start in range(0, len(numbers), _AT_ONCE):
            part = numbers[start : start + _AT_ONCE]
            marks = ", ".join("?" * len(part))
            rows = self._rows(f"{_SELECT} WHERE number IN ({marks})", *part)
            found |= {one.number: one for one in rows}
        return [found[number] for number in numbers if number in found]

    def count(self, *, archived: bool | None = False) -> int:
        """Return how many requests there are; ``archived`` is that of a ``Selection``."""
        where, values = Selection(archived=archived).where()
        sql = f"SELECT count(*) FROM request{where}"  # noqa: S608  (constants)
        return sum(self._read(sql, values, lambda row: int(row[0])))

    def has_words(self) -> tuple[bool, bool]:
        """Return whether any request has a site, and whether any has a note."""
        some = (f"EXISTS (SELECT 1 FROM request WHERE {one} > '')" for one in _WORDS)  # noqa: S608
        sql = f"SELECT {', '.join(some)}"
        found = self._read(sql, (), lambda row: (bool(row[0]), bool(row[1])))
        return found[0] if found else (False, False)

    def archive(self, numbers: Sequence[int], *, archived: bool = True) -> int:
        """Archive the requests with these numbers, or restore them; return how many changed."""
        new = _seconds(_now(None)) if archived else None
        sql = "UPDATE request SET archived = ? WHERE number = ? AND (archived IS NULL) = ?"
        rows = [(new, number, archived) for number in numbers]

        def update(connection: sqlite3.Connection) -> int:
            def run() -> int:
                with closing(connection.executemany(sql, rows)) as cursor:
                    return cursor.rowcount

            return in_transaction(connection, run)

        return self._file.run(update, nothing=0)

    def annotate(
        self, numbers: Sequence[int], *, site: str | None = None, note: str | None = None
    ) -> None:
        """Give the requests with these numbers a site and a note; None leaves what there is.

        Blanks around it are removed, and line breaks become blanks.
        """
        if site is None and note is None:
            return
        sql = "UPDATE request SET site = ?, note = ?, search = ? WHERE number = ?"
        rows = []
        for one in self.numbered(numbers):
            new = replace(
                one,
                site=one.site if site is None else _in_one_line(site),
                note=one.note if note is None else _in_one_line(note),
            )
            rows.append((new.site, new.note, _searched_in(new), new.number))
        self._update(sql, rows)

    def find_common_name(self, name: str) -> list[PastRequest]:
        """Return the requests with this common name (see ``name_key``), the newest first."""
        sql = f"{_SELECT} WHERE name_key = ? ORDER BY made_on DESC, number DESC"
        return self._rows(sql, name_key(name))

    def find_public_key(self, public_key_sha256: str) -> list[PastRequest]:
        """Return the requests for the key with this public-key fingerprint, the newest first."""
        sql = f"{_SELECT} WHERE fingerprint = ? ORDER BY made_on DESC, number DESC"
        return self._rows(sql, public_key_sha256)

    def find_file(self, path: Path) -> list[PastRequest]:
        """Return the requests whose request file or certificate was there, the newest first."""
        place = _path_bytes(path)
        sql = f"{_SELECT} WHERE csr = ? OR certificate = ? ORDER BY made_on DESC, number DESC"
        return self._rows(sql, place, place)

    def moved(self, requests: Iterable[PastRequest]) -> None:
        """Record where the files of these requests are now."""
        sql = "UPDATE request SET key = ?, csr = ?, certificate = ?, search = ? WHERE number = ?"
        rows = [
            (
                _path_bytes(one.key),
                _path_bytes(one.csr),
                _path_bytes(one.certificate) if one.certificate else None,
                _searched_in(one),
                one.number,
            )
            for one in requests
        ]
        self._update(sql, rows)

    def expiring(
        self, now: datetime | None = None, *, within: timedelta = EXPIRES_SOON
    ) -> list[PastRequest]:
        """Return the requests to be renewed, the most urgent first.

        Their certificates expire ``within`` this time of ``now``, or have done so within that
        time, and no later one of the same common name has been received; one that was requested
        less than ``RENEWAL_PENDING`` ago is still to come.
        """
        sql = f"{_SELECT} WHERE {_EXPIRING} ORDER BY expires, number"
        return self._rows(sql, *_around(_now(now), within))

    def being_renewed(self, now: datetime | None = None) -> list[PastRequest]:
        """Return what ``expiring`` leaves out because its renewal has been requested."""
        sql = f"{_SELECT} WHERE {_ENDS_SOON} AND {_PENDING} ORDER BY expires, number"
        return self._rows(sql, *_around(_now(now)))

    def renewable(self, limit: int, now: datetime | None = None) -> list[Renewable]:
        """Return the latest certificate of each common name, at most ``limit``.

        What expires next comes first, and last what has expired longer than ``EXPIRES_SOON`` ago.
        """
        requested = f"(SELECT max(later.made_on) {_WAITING})"
        sql = f"""
            SELECT {", ".join(_COLUMNS)}, {requested} FROM request
            WHERE (archived IS NULL) = 1 AND expires IS NOT NULL AND {_LATEST}
            ORDER BY expires < ?, expires, number LIMIT ?
        """  # noqa: S608  (constants)
        return self._read(
            sql,
            (_seconds(_now(now) - EXPIRES_SOON), limit),
            lambda row: Renewable(_row(row[:-1]), _sensible(_time, row[-1])),
        )

    def check_common_name(self, name: str) -> list[Problem]:
        """Return the problem that an earlier request has this common name, if one has."""
        if not name_key(name) or not (earlier := self.find_common_name(name)):
            return []
        values = {
            "name": earlier[0].common_name,
            "made_on": local_date(earlier[0].made_on),
            "csr": str(earlier[0].csr),
        }
        return [Problem(Code.NAME_USED, "common_name", values=values)]

    def certificate_received(
        self,
        public_key_sha256: str,
        *,
        common_name: str,
        serial: int,
        issued: datetime,
        expires: datetime,
        certificate: Path,
        key: Path | None = None,
    ) -> bool:
        """Record the certificate for this public key; return whether it was requested here.

        ``certificate`` is its file; ``key`` is the present place of the key file, if known.
        ``requests`` finds it by the name it had.

        A key may have been used for several requests. The certificate is recorded for the request
        it had before, else one with its common name, else one that is not archived, else one that
        is still waiting, else the newest. With a new certificate, a request is no longer archived.
        Both times must know their time zone.
        """
        times = (_seconds(_now(issued)), _seconds(_now(expires)))
        places = (_path_bytes(certificate), _path_bytes(key) if key else None)
        values = (f"{serial:x}", *times, *places)
        sql = """
            UPDATE request SET archived = iif(serial IS ?, archived, NULL), serial = ?, issued = ?,
                expires = ?, certificate = ?, key = COALESCE(?, key)
            WHERE number = (
                SELECT number FROM request WHERE fingerprint = ?
                ORDER BY serial IS ? DESC, name_key = ? DESC, archived IS NULL DESC,
                    serial IS NULL DESC, made_on DESC, number DESC
                LIMIT 1
            )
        """
        parameters = (values[0], *values, public_key_sha256, values[0], name_key(common_name))

        def update(connection: sqlite3.Connection) -> bool:
            def run() -> bool:
                with closing(connection.execute(sql, parameters)) as cursor:
                    return cursor.rowcount > 0

            return in_transaction(connection, run)

        return self._file.run(update, nothing=False)

    def _rows(self, sql: str, *parameters: object) -> list[PastRequest]:
        return self._read(sql, parameters, _row)

    def _read(
        self, sql: str, parameters: Sequence[object], of_row: Callable[[tuple[Any, ...]], T]
    ) -> list[T]:
        def read(connection: sqlite3.Connection) -> list[T]:
            with closing(connection.execute(sql, parameters)) as cursor:
                return [of_row(values) for values in cursor]

        return self._file.run(read, nothing=[])

    def _update(self, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
        if not rows:
            return

        def update(connection: sqlite3.Connection) -> None:
            in_transaction(connection, lambda: connection.executemany(sql, rows).close())

        self._file.run(update, nothing=None)


def _insertable(
    request: NewRequest, kind: RequestKind, made_on: int, batch: str | None
) -> dict[str, object]:
    """Return the columns of a new row and their values."""
    subject, fingerprint, key, csr = request
    values: dict[str, object] = {
        name: None if (value := subject.get(name)) is None else _storable(value) for name in _FIELDS
    }
    return values | {
        "name_key": name_key(subject.get("common_name", "")),
        "kind": kind.value,
        "made_on": made_on,
        "fingerprint": fingerprint,
        "key": _path_bytes(key),
        "csr": _path_bytes(csr),
        "search": _searched(subject, csr, key),
        "batch": batch,
    }


def _searched(
    subject: Mapping[str, str], csr: Path, key: Path, site: str = "", note: str = ""
) -> str:
    """Return the text that a filter looks through."""
    return _folded("\n".join((*subject.values(), str(csr), key.name, site, note)))


def _searched_in(one: PastRequest) -> str:
    return _searched(one.subject, one.csr, one.key, one.site, one.note)


def _in_one_line(text: str) -> str:
    return _storable(" ".join(text.split()))


def _row(values: tuple[Any, ...]) -> PastRequest:
    """Return the request in a row. Invalid values become None, so that the row is kept."""
    row = dict(zip(_COLUMNS, values, strict=True))
    return PastRequest(
        number=row["number"],
        subject={key: str(row[key]) for key in _FIELDS if row[key] is not None},
        kind=_sensible(RequestKind, row["kind"]) or RequestKind.NEW,
        made_on=_sensible(_time, row["made_on"]) or _EPOCH,
        public_key_sha256=str(row["fingerprint"]),
        key=_sensible(_path, row["key"]) or Path(),
        csr=_sensible(_path, row["csr"]) or Path(),
        issued=_sensible(_time, row["issued"]),
        expires=_sensible(_time, row["expires"]),
        serial=_sensible(lambda serial: int(serial, 16), row["serial"]),
        certificate=_sensible(_path, row["certificate"]),
        batch=row["batch"] if row["batch"] is None else str(row["batch"]),
        archived=row["archived"] is not None,
        site=str(row["site"]),
        note=str(row["note"]),
    )


def _sensible(read: Callable[[Any], T], value: object) -> T | None:
    if value is None:
        return None
    try:
        return read(value)
    except (ValueError, TypeError, OverflowError):
        return None


def _path(stored: bytes) -> Path:
    return Path(os.fsdecode(stored))


def _serials(word: str) -> tuple[str | None, str | None]:
    """Return a word as a serial number, read as decimal and as hexadecimal.

    Each as the table stores it, or None if the word is no such number. Accepts what the program
    shows, '4837 (0x12E5)', and the leading zeros that other programs write.
    """
    digits = word.strip("()")
    if not (digits.isascii() and digits.isalnum()) or len(digits) > _MAX_SERIAL_DIGITS:
        return None, None
    return _in_hexadecimal(digits, 10), _in_hexadecimal(digits, 16)


def _in_hexadecimal(digits: str, base: int) -> str | None:
    try:
        return f"{int(digits, base):x}"
    except ValueError:
        return None


def _around(moment: datetime, within: timedelta = EXPIRES_SOON) -> tuple[int, int, int]:
    """Return the parameters of ``_EXPIRING``."""
    times = moment - within, moment + within, moment - RENEWAL_PENDING
    first, last, pending = map(_seconds, times)
    return first, last, pending


def _folded(text: str) -> str:
    return _storable(normalize(text).casefold())


def _storable(text: str) -> str:
    """Return ``text`` with lone surrogates, which UTF-8 cannot encode, escaped."""
    return text.encode("utf-8", "backslashreplace").decode()


def _path_bytes(path: Path) -> bytes:
    try:
        return os.fsencode(path)
    except UnicodeEncodeError:  # a lone surrogate that no name of a file on this disk can hold
        return _storable(str(path)).encode()


def _now(time: datetime | None) -> datetime:
    """Return ``time`` in UTC, by default now; raises ValueError if it has no time zone."""
    if time is None:
        return datetime.now(UTC)
    if time.tzinfo is None:
        raise ValueError("a time without its zone")
    return time.astimezone(UTC)


def _seconds(time: datetime) -> int:
    return (time - _EPOCH) // timedelta(seconds=1)


def _time(seconds: int) -> datetime:
    # Not fromtimestamp, which fails beyond the year 3000 on Windows.
    return _EPOCH + timedelta(seconds=seconds)


def local_date(time: datetime) -> str:
    """Return the local date in ISO 8601 format."""
    with suppress(OverflowError, OSError, ValueError):  # 9999-12-31, in the east; 3001 on Windows
        time = time.astimezone()
    return time.date().isoformat()
