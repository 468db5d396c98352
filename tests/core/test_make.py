"""How a batch makes its pairs: groups, threads, the history and the order on the disk."""

from __future__ import annotations

import ctypes
import errno
import os
import queue
import shutil
import stat
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from enos_csr_gui.core.batch import (
    check,
    make,
    records,
    table,
)
from enos_csr_gui.core.batch.control import Control
from enos_csr_gui.core.batch.rows import Row, Rows
from enos_csr_gui.core.enums import RequestKind
from enos_csr_gui.core.errors import CannotSave, Code, Problem
from enos_csr_gui.core.file_types import REQUESTS
from enos_csr_gui.core.history import NewRequest, RequestHistory, default_path

from .test_batch import ON_POSIX, manifest, run
from .test_records import batch_of


@pytest.fixture
def in_groups(key):
    """Return a function for what gives so many pairs at a time, all with the key of this run."""

    def grouped(size: int, at_most: int = 99, then: Callable[[], object] = list) -> make.PairsOf:
        def pairs_of(rows, columns, rules, passphrase, _control):
            pairs = [make.pair_of(row, columns, rules, passphrase(row), key=key) for row in rows]
            for start in range(0, min(len(pairs), at_most), size):
                yield pairs[start : start + size]
            then()

        return pairs_of

    return grouped


def test_a_run_says_how_many_pairs_it_has_made(table_of, tmp_path, in_groups) -> None:
    path, folder = table_of(*(f"dev-{number}" for number in range(5))), tmp_path / "o"
    reports: list[tuple[int, int]] = []
    options = {"progress": lambda *given: reports.append(given)}
    outcome = run(path, folder, pairs_of=in_groups(2, at_most=2), **options).outcome
    assert (outcome, reports) == (make.Outcome(2, True, ()), [(0, 5), (2, 5)])
    reports.clear()
    outcome = run(path, folder, pairs_of=in_groups(2), **options).outcome
    assert (outcome, reports) == (make.Outcome(3, False, ()), [(0, 3), (2, 3), (3, 3)])
    reports.clear()
    assert run(path, folder, **options).outcome == make.Outcome(0, False, ())
    assert reports == [(0, 0)]
    assert [row["common_name"] for row in manifest(folder)] == [f"dev-{n}" for n in range(5)]


def test_what_generates_the_pairs_gets_all_that_was_given(table_of, tmp_path, in_groups) -> None:
    folder, control, passphrase = tmp_path / "o", Control(), lambda _row: None
    run(table_of("dev-1"), folder, check.Rules(flat=True), pairs_of=in_groups(1))
    path, rules = table_of("dev-1", "dev-2"), check.Rules({"email": "a@example.com"})
    given: list[tuple] = []

    def nothing(*values):
        given.append(values)
        return iter(())

    result = run(path, folder, rules, pairs_of=nothing, control=control, passphrase=passphrase)
    [(rows, columns, rules_, passphrase_, control_)] = given
    assert list(rows) == list(result.checked.good)
    assert [row.common_name for row in rows] == ["dev-2"]
    assert columns.unknown_headings == ("Site",)
    assert rules_ == rules._replace(flat=True)  # as what was made before
    assert (passphrase_, control_) == (passphrase, control)
    run(path, folder, rules, pairs_of=nothing)
    assert given[1][3](rows[0]) is None
    assert given[1][4].may_go_on()


def test_pairs_wait_in_a_hidden_folder_for_their_names(table_of, tmp_path, in_groups) -> None:
    folder, seen = tmp_path / "o", []

    def look() -> None:
        [stage] = folder.glob(".*")
        assert stage.name.startswith(records.TEMPORARY)
        assert list(stage.iterdir()) == []
        if sys.platform != "win32":
            assert stat.S_IMODE(stage.stat().st_mode) == 0o700
        seen.append(stage.name)

    for name in ("dev-1", "dev-2"):
        run(table_of(name), folder, pairs_of=in_groups(1, then=look))
    assert len(set(seen)) == 2
    assert sorted(one.name for one in folder.iterdir()) == [
        "dev-1",
        "dev-2",
        "manifest.csv",
        REQUESTS,
    ]


@ON_POSIX
def test_a_disk_that_gives_every_file_to_everybody_takes_no_plain_key(
    table_of, tmp_path, in_groups, monkeypatch
) -> None:
    """As on a FAT disk, where only a passphrase protects a key."""
    fchmod = os.fchmod
    monkeypatch.setattr(os, "fchmod", lambda file, _mode: fchmod(file, 0o666))
    path, folder = table_of("dev-1", "dev-2"), tmp_path / "o"
    with pytest.raises(CannotSave) as refused:
        run(path, folder, pairs_of=in_groups(1))
    assert list(refused.value.problems) == [Problem(Code.NOT_PRIVATE, path=folder)]
    assert not folder.exists()
    secret = lambda row: f"correct {row.common_name}"  # noqa: E731
    assert run(path, folder, pairs_of=in_groups(1), passphrase=secret).outcome.created == 2
    data = (folder / "dev-2" / "dev-2.key").read_bytes()
    assert serialization.load_pem_private_key(data, b"correct dev-2")
    assert run(path, folder, pairs_of=in_groups(1)).outcome.created == 0  # nothing is left to do


@pytest.mark.parametrize("flat", [False, True])
def test_a_place_that_is_taken_meanwhile_ends_the_run_and_keeps_what_is_made(
    table_of, tmp_path, in_groups, flat
) -> None:
    names = [f"dev-{number}" for number in range(4)]
    path, folder, rules = table_of(*names), tmp_path / "o", check.Rules(flat=flat)
    taken = folder / ("dev-2.csr" if flat else "dev-2")

    def pairs_of(*given):
        for group in in_groups(4)(*given):
            taken.mkdir()
            (taken / "mine").touch()
            yield group

    with pytest.raises(CannotSave) as refused:
        run(path, folder, rules, pairs_of=pairs_of)
    [problem] = refused.value.problems
    code = Code.FILE_EXISTS if flat else Code.ROW_FILE_EXISTS
    assert (problem.code, problem.path) == (code, taken)
    assert [one.common_name for one in records.read(folder)] == ["dev-0", "dev-1"]
    with RequestHistory() as history:
        assert [one.common_name for one in history.requests()] == ["dev-1", "dev-0"]
    assert list(taken.iterdir()) == [taken / "mine"]
    assert not list(folder.glob(".*"))
    assert not (folder / "manifest.csv").exists()
    shutil.rmtree(taken)
    assert run(path, folder, rules, pairs_of=in_groups(9)).outcome.created == 2
    assert [row["common_name"] for row in manifest(folder)] == names
    for one in records.read(folder):
        assert (folder / one.csr).read_text() == one.csr_pem
        assert serialization.load_pem_private_key((folder / one.key).read_bytes(), None)
        if sys.platform != "win32":
            assert stat.S_IMODE((folder / one.key).stat().st_mode) == 0o600


def test_an_error_of_the_disk_names_the_folder(table_of, tmp_path, in_groups) -> None:
    path, folder = table_of("dev-1", "dev-2"), tmp_path / "o"

    def fail(error: Exception) -> Problem:
        def then() -> None:
            raise error

        with pytest.raises(CannotSave) as refused:
            run(path, folder, check.Rules(), pairs_of=in_groups(1, at_most=1, then=then))
        [problem] = refused.value.problems
        return problem

    full = OSError(errno.ENOSPC, "full")
    assert fail(full) == Problem(Code.BATCH_DISK_FULL, path=folder)
    for code, wanted in (
        (Code.DISK_FULL, Code.BATCH_DISK_FULL),
        (Code.FOLDER_MISSING, Code.FOLDER_MISSING),
    ):
        assert fail(CannotSave([Problem(code, path=path)])) == Problem(wanted, path=path)
    assert [one.common_name for one in records.read(folder)] == ["dev-1", "dev-2"]


def test_a_list_that_lacks_what_was_made_is_completed(table_of, tmp_path) -> None:
    folder, made = tmp_path / "o", batch_of("dev-1", "dev-2")
    columns = table.read(table_of("dev-1")).columns
    with records.opened(folder) as ledger:
        ledger.append(made[:1])
        ledger.write_manifest()
        ledger.append(made[1:])
        make.make(check.Checked(Rows(), [], 2, Rows(), ()), columns, ledger, check.Rules())
    assert [row["common_name"] for row in manifest(folder)] == ["dev-1", "dev-2"]


def test_the_history_gets_all_that_it_lacks_of_a_batch(table_of, tmp_path) -> None:
    """More than one group of them, when a kill came before the history, or it was set aside."""
    folder, count = tmp_path / "o", 2 * make.MAX_GROUP + 2
    made = batch_of(*(f"dev-{number:03}" for number in range(count)))
    columns = table.read(table_of("dev-1")).columns
    renewal = check.Rules(kind=RequestKind.RENEWAL)
    with records.opened(folder) as ledger:
        ledger.append(made[1:])
        with RequestHistory() as history:
            history.record_all(
                [NewRequest(made[5].subject, made[5].public_key_sha256, folder, folder)],
                batch=ledger.batch,
            )
        row = Row(2, ("",) * 7)
        checked = check.Checked(Rows(), [(row, made[0])], count - 1, Rows(), ())
        assert make.make(checked, columns, ledger, renewal) == make.Outcome(0, False, ())
        batch = ledger.batch
    with RequestHistory() as history:
        past = history.requests()[::-1]
    assert [one.common_name for one in past] == [
        one.common_name for one in (made[5], *made[:5], *made[6:])
    ]
    for one, record in zip(past[1:], (*made[:5], *made[6:]), strict=True):
        assert (one.key, one.csr) == (folder / record.key, folder / record.csr)
        assert one.public_key_sha256 == record.public_key_sha256
        assert dict(one.subject) == record.subject
        assert (one.batch, one.kind) == (batch, RequestKind.RENEWAL)
    assert [row["common_name"] for row in manifest(folder)] == [one.common_name for one in made]


@ON_POSIX
def test_a_history_that_fails_meanwhile_stops_nothing(table_of, tmp_path, in_groups) -> None:
    path, folder = table_of("dev-1", "dev-2", "dev-3"), tmp_path / "o"

    def pairs_of(*given):
        for group in in_groups(1)(*given):
            yield group
            if default_path().is_file():
                default_path().unlink()
                default_path().mkdir()

    [note] = run(path, folder, pairs_of=pairs_of).outcome.notes
    assert note.code is Code.HISTORY_NO_ACCESS
    assert [row["common_name"] for row in manifest(folder)] == ["dev-1", "dev-2", "dev-3"]
    [note] = run(path, folder).outcome.notes
    assert note.code is Code.HISTORY_NO_ACCESS


@ON_POSIX
@pytest.mark.parametrize("at_once", [False, True])
def test_what_is_recorded_is_on_the_disk_before(
    table_of, tmp_path, in_groups, monkeypatch, at_once
) -> None:
    """With one call for a whole file system as Linux has it, and file by file."""
    synced: set[int] = set()
    before: set[int] = set()
    fsync, rename = os.fsync, os.rename

    def note(descriptor: int) -> None:
        synced.add(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    def renamed(source: Path, target: Path) -> None:
        if target.name == "dev-1":
            before.update(synced)
        rename(source, target)

    monkeypatch.setattr(os, "fsync", note)
    monkeypatch.setattr(os, "rename", renamed)
    if not at_once:
        monkeypatch.setattr(make, "_syncfs", None)
    elif not make._syncfs:
        pytest.skip("only Linux has it")
    folder = tmp_path / "o"
    run(table_of("dev-1"), folder, pairs_of=in_groups(1))
    pair = {one.stat().st_ino for one in (folder / "dev-1", *(folder / "dev-1").iterdir())}
    assert len(pair) == 3
    assert (before & pair) == (set() if at_once else pair)
    rest = {one.stat().st_ino for one in (folder, folder / REQUESTS, folder / "manifest.csv")}
    assert synced >= rest


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has this call")
def test_the_call_that_syncs_a_whole_file_system(tmp_path, monkeypatch) -> None:
    sync = make._find_syncfs()
    open_files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  (only how many)
    sync(tmp_path)
    assert len(os.listdir("/proc/self/fd")) == open_files  # noqa: PTH208
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        sync(tmp_path / "file")
    # Such a descriptor is for a path only, so that the call fails.
    ctypes.set_errno(0)
    opened = os.open
    monkeypatch.setattr(os, "open", lambda path, flags: opened(path, flags | os.O_PATH))
    with pytest.raises(OSError, match="Bad file descriptor") as failed:
        sync(tmp_path)
    error = failed.value
    number = errno.EBADF
    assert (error.errno, error.strerror) == (number, os.strerror(number))
    assert error.filename == str(tmp_path)
    assert len(os.listdir("/proc/self/fd")) == open_files  # noqa: PTH208


@ON_POSIX
def test_a_network_drive_that_cannot_sync_a_folder_gets_the_pairs(
    table_of, tmp_path, in_groups, monkeypatch
) -> None:
    fsync = os.fsync

    def fail(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fail)
    result = run(table_of("dev-1", "dev-2"), tmp_path / "o", pairs_of=in_groups(1))
    assert result.outcome == make.Outcome(2, False, ())


@ON_POSIX
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_a_key_is_for_nobody_else_from_the_beginning(
    table_of, tmp_path, in_groups, monkeypatch, umask
) -> None:
    """The request is for everybody whom the umask allows."""
    fchmod, seen = os.fchmod, []

    def note(descriptor: int, mode: int) -> None:
        if mode == 0o600:
            seen.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        fchmod(descriptor, mode)

    monkeypatch.setattr(os, "fchmod", note)
    path, before = table_of("dev-1"), os.umask(umask)
    try:
        run(path, tmp_path / "o", pairs_of=in_groups(1))
    finally:
        os.umask(before)
    folder = tmp_path / "o" / "dev-1"
    modes = {one.suffix: stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()}
    assert modes == {".key": 0o600, ".csr": 0o666 & ~umask | 0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o777 & ~umask | 0o700
    assert seen
    assert {mode & 0o077 for mode in seen} == {0}


def test_a_disk_that_takes_a_little_at_a_time_gets_all(
    table_of, tmp_path, in_groups, monkeypatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:100]))
    run(table_of("dev-1", "dev-2"), tmp_path / "o", pairs_of=in_groups(2))
    monkeypatch.undo()
    for one in records.read(tmp_path / "o"):
        assert (tmp_path / "o" / one.csr).read_text() == one.csr_pem
        assert serialization.load_pem_private_key((tmp_path / "o" / one.key).read_bytes(), None)


def pairs(count: int) -> list[make.Pair]:
    """Return so many pairs without a key."""
    return [make.Pair(one.common_name, b"", one) for one in batch_of(*map(str, range(count)))]


def grouped(*given: object, running: int = 1) -> list[list[make.Pair]]:
    ready: queue.Queue = queue.Queue()
    for one in given:
        ready.put(one)
    return list(make._grouped(ready, running))


def test_pairs_come_in_groups_when_they_are_many_or_have_waited(monkeypatch) -> None:
    some = pairs(130)
    monkeypatch.setattr(make, "GROUP_SECONDS", 3600)
    found = grouped(*some[:100], None, *some[100:], None, running=2)
    assert found == [some[:64], some[64:128], some[128:]]
    assert grouped(*some[:64], None) == [some[:64]]
    assert grouped(None) == []
    with pytest.raises(KeyError):
        grouped(*some[:3], KeyError())
    monkeypatch.setattr(make, "GROUP_SECONDS", 0)
    assert grouped(*some[:3], None) == [[one] for one in some[:3]]
    monkeypatch.setattr(make, "GROUP_SECONDS", 0.01)
    ready: queue.Queue = queue.Queue()
    ready.put(some[0])
    groups = make._grouped(ready, 1)
    assert next(groups) == [some[0]]  # while no other comes
    ready.put(some[1])
    ready.put(None)
    assert list(groups) == [[some[1]]]


def test_a_pair_waits_for_its_group_from_the_first_one_on(monkeypatch) -> None:
    """With a clock on which every pair takes a second."""
    clock, waited = [0.0], []

    class Slow(queue.Queue):
        def get(self, block: bool = True, timeout: float | None = None) -> object:
            waited.append(timeout)
            clock[0] += 1
            return super().get(block, timeout)

    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(make, "GROUP_SECONDS", 3)
    some, ready = pairs(6), Slow()
    for one in (*some, None):
        ready.put(one)
    assert list(make._grouped(ready, 1)) == [some[:4], some[4:]]
    assert waited == [None, 3, 2, 1, None, 3, 2]


def threads_left() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name.startswith("key ")]


def test_threads_make_each_pair_once_and_end(monkeypatch) -> None:
    some = pairs(300)
    at_work: set[tuple[str, bool]] = set()

    def pair_of(place: int) -> make.Pair:
        thread = threading.current_thread()
        at_work.add((thread.name, thread.daemon))
        return some[place]

    def all_of(count: int, threads: int) -> list[make.Pair]:
        found = make._groups(range(count), pair_of, threads, Control())
        return sorted((pair for group in found for pair in group), key=some.index)

    for threads in (1, 3):
        assert all_of(300, threads) == some
    assert at_work <= {("key 0", True), ("key 1", True), ("key 2", True)}
    assert all_of(0, 3) == []
    at_work.clear()
    assert all_of(1, 3) == some[:1]
    assert len(at_work) == 1
    assert threads_left() == []


def test_threads_end_when_nobody_takes_what_they_make() -> None:
    some, made = pairs(1000), []

    def pair_of(place: int) -> make.Pair:
        made.append(place)
        return some[place]

    groups = make._groups(range(1000), pair_of, 2, Control())
    assert next(groups)
    groups.close()
    assert threads_left() == []
    assert len(made) < 500  # a group, as many that wait, and one of each thread


def test_a_key_that_is_being_made_is_waited_for(monkeypatch) -> None:
    monkeypatch.setattr(make, "GROUP_SECONDS", 0)
    some, at_work, go_on = pairs(3), threading.Event(), threading.Event()

    def pair_of(place: int) -> make.Pair:
        if place:
            at_work.set()
            go_on.wait()
        return some[place]

    groups = make._groups(range(3), pair_of, 1, Control())
    assert next(groups) == some[:1]
    at_work.wait()
    later = threading.Timer(0.2, go_on.set)
    later.start()
    groups.close()
    assert go_on.is_set()
    assert threads_left() == []
    later.join()


def test_threads_end_when_the_run_is_stopped() -> None:
    some, made, control = pairs(1000), [], Control()

    def pair_of(place: int) -> make.Pair:
        made.append(place)
        if place == 10:
            control.stop()
        return some[place]

    found = [one for group in make._groups(range(1000), pair_of, 1, control) for one in group]
    assert found == some[:11]
    assert made == list(range(11))
    assert threads_left() == []


def test_what_a_thread_raises_ends_the_run() -> None:
    some = pairs(1000)

    def pair_of(place: int) -> make.Pair:
        if place == 10:
            raise SystemExit("tenth")
        return some[place]

    with pytest.raises(SystemExit, match="tenth"):
        list(make._groups(range(1000), pair_of, 2, Control()))
    assert threads_left() == []
