"""Creates the pairs of a batch: keys in threads, files in groups, nothing lost by a kill.

``cryptography`` lets other threads run while it generates a key, so threads use every core, also in
the frozen program; the rest of the work per pair is 2 % of that.

A pair reaches the disk so that a kill or a power cut leaves all of it or nothing:

1. Key and request are written into a folder of their own, inside a hidden one. When a group of
   pairs is complete, it is synced.
2. Each folder moves to its place by a rename, which never replaces a folder that holds something.
3. The group goes into ``requests.jsonl``, then into the history.

What a kill leaves after 1 never had a name, and the next run removes it. After 2, the next run
finds the pair on the disk. After 3, it finds the record, and adds what the history lacks. In one
flat folder, ``files.save_pair`` does the same through the journal, at a higher cost.
"""

from __future__ import annotations

import ctypes
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import rsa

from enos_csr_gui.core import csr, file_names, files, keys, permissions
from enos_csr_gui.core.batch import records
from enos_csr_gui.core.batch.check import (
    Checked,
    Progress,
    Rules,
    base_name,
    layout,
    paths,
    record_of,
)
from enos_csr_gui.core.batch.columns import Columns
from enos_csr_gui.core.batch.control import Control, jobs
from enos_csr_gui.core.batch.records import Ledger, Record
from enos_csr_gui.core.batch.rows import Row
from enos_csr_gui.core.enums import RequestKind
from enos_csr_gui.core.errors import CannotSave, Code, HistoryUnavailable, Problem
from enos_csr_gui.core.file_types import CSR_SUFFIX, KEY_SUFFIX
from enos_csr_gui.core.history import NewRequest, RequestHistory
from enos_csr_gui.core.subject import VERBATIM_FIELDS, Subject

MAX_GROUP = 64
"""As many pairs at most are synced together, and made again after a kill."""

GROUP_SECONDS = 0.5
"""A pair waits no longer for its group."""

PassphraseOf = Callable[[Row], str | None]


PairsOf = Callable[[Sequence[Row], Columns, Rules, PassphraseOf, Control], Iterator[list["Pair"]]]
"""Generates the pairs for rows, and yields them in groups of at most ``MAX_GROUP``."""


class Outcome(NamedTuple):
    """How many pairs a run has created; ``notes`` are problems with the history."""

    created: int
    stopped: bool
    notes: tuple[Problem, ...] = ()


class Pair(NamedTuple):
    """A key and its request that have no files yet; ``base`` is what those are called."""

    base: str
    key_pem: bytes
    record: Record


def make(
    checked: Checked,
    columns: Columns,
    ledger: Ledger,
    rules: Rules,
    *,
    threads: int | None = None,
    passphrase: PassphraseOf = lambda _row: None,
    control: Control | None = None,
    progress: Progress | None = None,
    pairs_of: PairsOf | None = None,
) -> Outcome:
    """Create a pair for each good row, and record it; ``progress`` is called in this thread.

    ``threads`` is how many keys are generated at once on this computer; ``pairs_of`` generates them
    elsewhere.

    Ends early when ``control`` stops it, which loses nothing. Raises CannotSave when the disk does;
    then what was reported is complete, and the same call with the remaining rows goes on.
    """
    control = control or Control()
    rules = rules._replace(flat=layout(ledger, rules))

    pairs_of = pairs_of or _pairs_here(threads or jobs())
    total = len(checked.good)
    with RequestHistory() as history:
        writer = _Writer(ledger, history, rules)
        writer.catch_up([record for _row, record in checked.found])
        created = 0
        if progress:
            progress(0, total)
        with records.disk_errors(ledger.folder):
            with _staging(ledger.folder, private=_is_plain(checked, passphrase)) as stage:
                for group in pairs_of(checked.good, columns, rules, passphrase, control):
                    created += writer.save(group, stage)
                    if progress:
                        progress(created, total)
            if created or checked.found or not ledger.is_listed():
                ledger.write_manifest()
        return Outcome(created, created < total, tuple(writer.notes))


def _is_plain(checked: Checked, passphrase: PassphraseOf) -> bool:
    return bool(checked.good) and passphrase(checked.good[0]) is None


# --- Keys -----------------------------------------------------------------------------------------


def _pairs_here(threads: int) -> PairsOf:
    """Return what generates pairs in so many threads of this process."""

    def pairs_of(
        rows: Sequence[Row],
        columns: Columns,
        rules: Rules,
        passphrase: PassphraseOf,
        control: Control,
    ) -> Iterator[list[Pair]]:
        def pair(row: Row) -> Pair:
            return pair_of(row, columns, rules, passphrase(row))

        return _groups(rows, pair, threads, control)

    return pairs_of


def _groups(
    rows: Sequence[Row],
    pair_of_row: Callable[[Row], Pair],
    threads: int,
    control: Control,
) -> Iterator[list[Pair]]:
    """Yield the pairs for the rows in groups, as they come; raises what a thread has raised."""
    waiting = iter(rows)
    next_row = threading.Lock()
    ready: queue.Queue[Pair | BaseException | None] = queue.Queue(MAX_GROUP)
    ended = threading.Event()

    def work() -> None:
        try:
            while control.may_go_on() and not ended.is_set():
                with next_row:
                    row = next(waiting, None)
                if row is None:
                    break
                ready.put(pair_of_row(row))
            ready.put(None)
        except BaseException as error:  # raised again in the thread that asked
            ready.put(error)

    workers = [
        threading.Thread(target=work, daemon=True, name=f"key {number}")
        for number in range(min(threads, len(rows)))
    ]
    for worker in workers:
        worker.start()
    try:
        yield from _grouped(ready, len(workers))
    finally:
        ended.set()
        while any(worker.is_alive() for worker in workers):
            with suppress(queue.Empty):  # a full queue would keep a worker waiting
                ready.get(timeout=0.05)


def _grouped(ready: queue.Queue[Pair | BaseException | None], running: int) -> Iterator[list[Pair]]:
    group: list[Pair] = []
    until = 0.0
    while running or group:
        pair: Pair | BaseException | None = None
        try:
            pair = ready.get(timeout=max(0.0, until - time.monotonic()) if group else None)
        except queue.Empty:
            pass
        else:
            if pair is None:
                running -= 1
        if isinstance(pair, BaseException):
            raise pair
        if pair:
            until = until if group else time.monotonic() + GROUP_SECONDS
            group.append(pair)
        if group and (not running or len(group) == MAX_GROUP or time.monotonic() >= until):
            yield group
            group = []


def pair_of(
    row: Row,
    columns: Columns,
    rules: Rules,
    passphrase: str | None,
    *,
    key: rsa.RSAPrivateKey | None = None,
) -> Pair:
    """Return the pair for a row, with a new key unless there is one; writes nothing."""
    verbatim = VERBATIM_FIELDS if rules.kind is RequestKind.RENEWAL else ()
    subject = Subject(row.subject(), verbatim=verbatim)
    key = key or keys.generate()
    csr_pem = csr.to_pem(csr.sign(subject, key)).decode("ascii")
    fingerprint = keys.public_key_sha256(key.public_key())
    base = base_name(row)
    record = record_of(row, columns, paths(base, flat=rules.flat), csr_pem, fingerprint)
    return Pair(base, keys.to_pem(key, passphrase), record)


# --- Files ----------------------------------------------------------------------------------------


@contextmanager
def _staging(folder: Path, *, private: bool) -> Iterator[Path]:
    """Make the hidden folder in which pairs wait for their names, and remove it.

    Raises CannotSave when the disk cannot keep a key to its owner, and ``private`` asks for it.
    """
    stage = folder / records.temporary_name()
    place = file_names.system_path(stage)
    permissions.make_folder(place, 0o700)
    try:
        probe = place / "probe"
        descriptor = permissions.create(str(probe), private=True)
        try:
            if private and not permissions.make_private(descriptor):
                raise CannotSave([Problem(Code.NOT_PRIVATE, path=folder)])
        finally:
            os.close(descriptor)
            probe.unlink()
        yield stage
    finally:
        with suppress(OSError):
            place.rmdir()


class _Writer:
    """Saves and records groups of pairs. A history that fails stops nothing, and is noted once."""

    def __init__(self, ledger: Ledger, history: RequestHistory, rules: Rules) -> None:
        self._ledger, self._rules = ledger, rules
        self._history: RequestHistory | None = history
        self.notes: list[Problem] = []

    def catch_up(self, found: Sequence[Record]) -> None:
        """Record what a killed run has saved, and add to the history what it lacks."""
        self._ledger.append(found)
        if not self._history or not self._ledger.made:
            return
        try:
            there = self._history.public_keys(self._ledger.batch)
        except HistoryUnavailable as error:
            self._without_history(error)
            return
        missing: list[Record] = []
        for record in records.read(self._ledger.folder):
            if bytes.fromhex(record.public_key_sha256) not in there:
                missing.append(record)
            if len(missing) == MAX_GROUP:
                self._note(missing)
                missing = []
        self._note(missing)

    def save(self, group: Sequence[Pair], stage: Path) -> int:
        """Save and record a group; return how many pairs that were. Raises OSError, CannotSave."""
        placed: list[Record] = []
        try:
            if self._rules.flat:
                for pair in group:
                    csr_pem = pair.record.csr_pem.encode("ascii")
                    files.save_pair(self._ledger.folder, pair.base, pair.key_pem, csr_pem)
                    placed.append(pair.record)
            else:
                for pair, staged in zip(group, _stage(group, stage), strict=True):
                    _place(staged, self._ledger.folder / pair.base)
                    placed.append(pair.record)
                _sync_folder(self._ledger.folder)
        finally:
            self._ledger.append(placed)
            self._note(placed)
            if len(placed) < len(group):
                _remove(stage, [pair.base for pair in group])
        return len(placed)

    def _note(self, made: Sequence[Record]) -> None:
        """Add the records to the history."""
        if not self._history or not made:
            return
        folder = self._ledger.folder
        new = [
            NewRequest(one.subject, one.public_key_sha256, folder / one.key, folder / one.csr)
            for one in made
        ]
        try:
            self._history.record_all(new, batch=self._ledger.batch, kind=self._rules.kind)
        except HistoryUnavailable as error:
            self._without_history(error)

    def _without_history(self, error: HistoryUnavailable) -> None:
        self.notes += error.problems
        self._history = None


def _stage(group: Sequence[Pair], stage: Path) -> list[Path]:
    """Write the pairs, on disk when this returns; return the folder of each."""
    folders = []
    for pair in group:
        place = file_names.system_path(stage / pair.base)
        permissions.make_folder(place)
        names = (place / f"{pair.base}{suffix}" for suffix in (KEY_SUFFIX, CSR_SUFFIX))
        key, request = map(file_names.system_path, names)
        _write(key, pair.key_pem, private=True)
        _write(request, pair.record.csr_pem.encode("ascii"), private=False)
        if not _syncfs:
            _sync_folder(place)
        folders.append(place)
    if _syncfs:
        _syncfs(stage)
    return folders


def _place(staged: Path, target: Path) -> None:
    try:
        os.rename(staged, file_names.system_path(target))  # noqa: PTH104  (a Path would be made of both)
    except OSError as error:
        if os.path.lexists(file_names.system_path(target)):
            raise CannotSave([Problem(Code.ROW_FILE_EXISTS, path=target)]) from error
        raise


def _write(path: Path, data: bytes, *, private: bool) -> None:
    descriptor = permissions.create(str(path), private=private)
    try:
        if private:
            permissions.make_private(descriptor)
        else:
            permissions.make_usable(descriptor)
        left = memoryview(data)
        while left:
            left = left[os.write(descriptor, left) :]
        if not _syncfs:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(stage: Path, names: Sequence[str]) -> None:
    for name in names:
        place = file_names.system_path(stage / name)
        with suppress(OSError):
            for one in place.iterdir():
                one.unlink()
            place.rmdir()


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # some network drives cannot
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _find_syncfs() -> Callable[[Path], None] | None:
    """Return Linux's call that syncs a whole file system: once for a group, not for each file."""
    if sys.platform != "linux":
        return None
    function = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if function is None:
        return None

    def sync(folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            if function(descriptor):
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number), str(folder))
        finally:
            os.close(descriptor)

    return sync


_syncfs = _find_syncfs()
