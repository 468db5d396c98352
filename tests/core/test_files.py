"""The pair of files on disk: both or neither, the key private, never over another file."""

from __future__ import annotations

import atexit
import ctypes
import errno
import hashlib
import itertools
import json
import ntpath
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enos_csr_gui.core import file_names, files, journal, keys, last_answers
from enos_csr_gui.core import permissions as permissions_of_files
from enos_csr_gui.core.batch import passphrases, records, table
from enos_csr_gui.core.batch.pool import Pool
from enos_csr_gui.core.errors import CannotSave, Code, CoreError, InvalidFileName, UnreadableFile
from enos_csr_gui.core.file_names import free_name, safe_name
from enos_csr_gui.core.file_types import REQUESTS
from enos_csr_gui.core.files import SavedPair, save_pair
from enos_csr_gui.core.last_answers import LastAnswers
from enos_csr_gui.gui.requests.spreadsheet import write_requests

posix = pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX knows them")


def everything_in(folder: Path) -> dict[str, bytes | None]:
    """Return the name and content of all there is, hidden or not; folders have no content."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


_USE = """
import errno
def unavailable(*_arguments, **_named):
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
def use(way):
    if way != "unnamed":
        files._unnamed = unavailable
    if way in ("linked", "claimed"):
        files._rename_without_replacing = lambda *_arguments: False
    if way == "claimed":
        os.link = unavailable
"""


def unavailable(*_arguments: object, **_named: object) -> None:
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


WAYS = ["unnamed", "renamed", "linked", "claimed"] if sys.platform == "linux" else ["renamed"]
"""How files get their names: as on ext4, on FAT, on NFS, and on exFAT in user space."""


def use_only(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every disk one that has this way only, in this process."""
    monkeypatch.setattr(os, "link", os.link)
    monkeypatch.setattr(files, "_unnamed", files._unnamed)
    monkeypatch.setattr(files, "_rename_without_replacing", files._rename_without_replacing)
    namespace = {"os": os, "files": files}
    exec(_USE, namespace)
    namespace["use"](way)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return how files get their names in this test."""
    use_only(request.param, monkeypatch)
    return request.param


def of_the_journal(descriptor: int) -> bool:
    path = Path(f"/proc/self/fd/{descriptor}").readlink()
    return path.is_relative_to(journal.data_folder())


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/fd").exists(), reason="no /proc to tell which file is open"
)


# --- Saving ---------------------------------------------------------------------------------------


def test_a_key_and_its_request_lie_side_by_side_and_nothing_else(tmp_path, key_pem, csr_pem, way):
    saved = save_pair(tmp_path, "dev-001", key_pem, csr_pem)
    assert saved == SavedPair(tmp_path / "dev-001.key", tmp_path / "dev-001.csr")
    assert everything_in(tmp_path) == {"dev-001.key": key_pem, "dev-001.csr": csr_pem}
    assert everything_in(journal.data_folder()) == {}


def test_with_an_existing_key_only_the_request_is_written(tmp_path, csr_pem):
    (tmp_path / "dev-001.key").write_text("the key I have")
    saved = save_pair(tmp_path, "dev-001", None, csr_pem)
    assert saved == SavedPair(None, tmp_path / "dev-001.csr")
    assert everything_in(tmp_path) == {"dev-001.key": b"the key I have", "dev-001.csr": csr_pem}


def test_the_last_step_of_the_folder_is_made(tmp_path):
    save_pair(tmp_path / "new", "a", b"key", b"csr")
    assert everything_in(tmp_path / "new") == {"a.key": b"key", "a.csr": b"csr"}


def test_one_file_is_saved_and_never_replaced(tmp_path):
    path = tmp_path / "plant.north.json"
    assert files.save_one(path, b"first") == path
    with pytest.raises(CannotSave) as caught:
        files.save_one(path, b"second")
    [problem] = caught.value.problems
    assert (problem.code, problem.path) == (Code.FILE_EXISTS, path)
    assert problem.values == {"suggestion": "plant.north-2"}
    assert everything_in(tmp_path) == {"plant.north.json": b"first"}


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("plant", "plant.zip"),
        ("plant.zip", "plant.zip"),
        ("plant.ZIP", "plant.zip"),
        ("plant.north", "plant.north.zip"),
    ],
)
def test_the_ending_is_added_unless_it_is_there(tmp_path, typed, name):
    assert files.save_with_ending(tmp_path / typed, ".zip", b"data") == tmp_path / name
    assert everything_in(tmp_path) == {name: b"data"}


def test_a_temporary_folder_is_for_the_user_alone_and_goes_at_the_end(tmp_path, monkeypatch):
    at_the_end = []
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(
        atexit, "register", lambda *call, **named: at_the_end.append(partial(*call, **named))
    )
    folders = [files.make_temporary_folder() for _time in range(2)]
    assert len(names_in(tmp_path)) == 2
    for folder, end in zip(folders, at_the_end, strict=True):
        assert folder.parent == tmp_path
        assert folder.name.startswith("enos-csr-")
        if os.name == "posix":
            assert permissions(folder) == 0o700
        (folder / "a").write_bytes(b"data")
        end()
        assert not folder.exists()
        end()  # the user may have removed it


@posix
@pytest.mark.parametrize("umask", [0, 0o022, 0o077, 0o277, 0o777])
@pytest.mark.parametrize("below", ["", "new"])
def test_the_key_is_private_and_all_is_usable_whatever_the_umask(
    anybodys_folder, as_ordinary_user, umask, below
):
    folder = anybodys_folder / below
    as_ordinary_user(
        f"{_USE}\nos.umask(int(sys.argv[2]))\n"
        "for way in sys.argv[3:]:\n"
        "    use(way)\n"
        "    files.save_pair(Path(sys.argv[1]), way, b'key', b'csr')",
        folder,
        str(umask),
        *WAYS,
    )
    if below:
        assert permissions(folder) == 0o777 & ~umask | 0o700
    assert len(list(folder.iterdir())) == 2 * len(WAYS)
    for way in WAYS:
        assert permissions(folder / f"{way}.key") == 0o600
        assert permissions(folder / f"{way}.csr") == 0o666 & ~umask | 0o600


@posix
def test_the_key_is_private_while_it_is_being_written(tmp_path, monkeypatch, way):
    seen = []

    def write(descriptor: int, data: bytes, really=os.write) -> int:
        if data == b"key":
            status = os.fstat(descriptor)
            seen.append((stat.S_IMODE(status.st_mode), status.st_size, status.st_dev))
        return really(descriptor, data)

    monkeypatch.setattr(os, "write", write)
    umask = os.umask(0)
    try:
        save_pair(tmp_path, "a", b"key", b"csr")
    finally:
        os.umask(umask)
    assert seen == [(0o600, 0, tmp_path.stat().st_dev)]  # on the disk it is meant for


@posix
@needs_proc
def test_what_is_said_to_be_saved_outlives_a_power_cut(tmp_path, monkeypatch, way):
    kept = []

    def keep(descriptor: int, really=os.fsync) -> None:
        if not of_the_journal(descriptor):
            path = Path(f"/proc/self/fd/{descriptor}")
            names = {entry.name for entry in path.iterdir()} if path.is_dir() else None
            visible = {name for name in names_in(tmp_path) if not name.startswith(".")}
            kept.append((names or path.read_bytes(), visible))
        really(descriptor)

    monkeypatch.setattr(os, "fsync", keep)
    save_pair(tmp_path, "a", b"key", b"csr")
    assert kept[:2] == [(b"key", set()), (b"csr", set())]
    [(names, _visible)] = kept[2:]
    assert {"a.key", "a.csr"} <= names


@posix
@needs_proc
def test_the_journal_is_on_disk_before_what_it_is_about(tmp_path, monkeypatch, way):
    """A power cut leaves no file that the journal does not know."""
    seen: list[set[str]] = []

    def sync(descriptor: int, really=os.fsync) -> None:
        really(descriptor)
        if of_the_journal(descriptor):
            seen.append(names_in(tmp_path))

    monkeypatch.setattr(os, "fsync", sync)
    save_pair(tmp_path, "a", b"key", b"csr")
    # The entry itself, each hidden file, the set; then a claim may follow another.
    expected = [0, 0] if way == "unnamed" else [0, 0, 1, 2]
    assert [len(names) for names in seen[: len(expected)]] == expected
    if way != "claimed":
        assert len(seen) == len(expected)
        assert not any({"a.key", "a.csr"} & names for names in seen)


# --- Never over anything --------------------------------------------------------------------------


def a_file(path: Path) -> None:
    path.write_text("mine")


def a_link_to_a_file(path: Path) -> None:
    path.with_name("elsewhere").write_text("mine")
    path.symlink_to("elsewhere")


def a_link_to_nothing(path: Path) -> None:
    path.symlink_to("gone")


def a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("in_the_way", [a_file, a_link_to_a_file, a_link_to_nothing, a_folder])
@pytest.mark.parametrize("suffix", [".key", ".csr"])
@pytest.mark.parametrize("unseen", [False, True], ids=["seen at once", "there a moment later"])
def test_what_has_the_name_stays(tmp_path, monkeypatch, in_the_way, suffix, unseen):
    if unseen:  # what came after the look must stay as well
        monkeypatch.setattr(files, "check_set", lambda *_, **__: [])
    in_the_way(tmp_path / f"a{suffix}")
    if not unseen:
        assert [p.code for p in files.check_target(tmp_path, "a")] == [Code.FILE_EXISTS]
    before, link = everything_in(tmp_path), (tmp_path / f"a{suffix}").is_symlink()
    with pytest.raises(CannotSave) as caught:
        save_pair(tmp_path, "a", b"key", b"csr")
    [problem] = caught.value.problems
    assert (problem.code, problem.path) == (Code.FILE_EXISTS, tmp_path / f"a{suffix}")
    assert everything_in(tmp_path) == before
    assert (tmp_path / f"a{suffix}").is_symlink() == link
    save_pair(tmp_path, str(problem.values["suggestion"]), b"key", b"csr")


def test_of_many_threads_saving_under_one_name_exactly_one_wins(tmp_path, way):
    contestants = 8
    for round_ in range(10):
        folder = tmp_path / str(round_)
        folder.mkdir()
        start = threading.Barrier(contestants)
        outcomes: dict[int, object] = {}

        def contest(number, folder=folder, start=start, outcomes=outcomes):
            mine = str(number).encode() * 1000
            start.wait()
            try:
                outcomes[number] = save_pair(folder, "same", mine, mine)
            except CannotSave as error:
                outcomes[number] = [problem.code for problem in error.problems]

        threads = [threading.Thread(target=contest, args=(n,)) for n in range(contestants)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        winners = [number for number, outcome in outcomes.items() if type(outcome) is SavedPair]
        assert len(winners) == 1, outcomes
        theirs = str(winners[0]).encode() * 1000
        assert everything_in(folder) == {"same.key": theirs, "same.csr": theirs}
        losers = [outcome for outcome in outcomes.values() if type(outcome) is not SavedPair]
        assert losers == [[Code.FILE_EXISTS]] * (contestants - 1)


_CONTEST = """
use(sys.argv[2])
for number in range(20):
    folder = Path(sys.argv[1]) / str(number)
    folder.mkdir()
    gate, opener = os.pipe()
    children = []
    for contestant in range(6):
        child = os.fork()
        if child == 0:
            os.close(opener)
            os.read(gate, 1)  # returns when the parent has opened the gate
            mine = str(contestant).encode() * 1000
            try:
                files.save_pair(folder, "same", mine, mine)
            except CoreError as error:
                os._exit(1 if str(error) == "file-exists" else 2)
            except BaseException:
                os._exit(3)
            os._exit(0)
        children.append(child)
    os.close(gate), os.close(opener)
    print(*[os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
"""


@pytest.mark.long
@posix
@pytest.mark.parametrize("way", WAYS)
def test_of_many_programs_that_save_under_one_name_exactly_one_wins(
    anybodys_folder, as_ordinary_user, way
):
    rounds = as_ordinary_user(_USE + _CONTEST, anybodys_folder, way).splitlines()
    assert len(rounds) == 20
    for number, outcomes in enumerate(rounds):
        assert sorted(outcomes.split()) == ["0", "1", "1", "1", "1", "1"]
        theirs = str(outcomes.split().index("0")).encode() * 1000
        left = everything_in(anybodys_folder / str(number))
        assert left == {"same.key": theirs, "same.csr": theirs}


# --- Both or neither ------------------------------------------------------------------------------


# A tmpfs counts its own folder, a file and a second name of a file as one inode each, pages as
# 4 kB. The size of 4 kB has room for the key, but not for the request.
ROOMS = [
    ("unnamed", "nr_inodes=1"),
    ("unnamed", "nr_inodes=2"),
    ("unnamed", "size=4k"),
    ("renamed", "nr_inodes=2"),
    ("renamed", "size=4k"),
    ("linked", "nr_inodes=3"),
    ("linked", "nr_inodes=4"),
    ("claimed", "nr_inodes=3"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("way", "room"), ROOMS)
def test_on_a_full_disk_nothing_is_left_over(mounted, refusal, way, room, monkeypatch):
    disk = mounted("-t", "tmpfs", "-o", room, "tmpfs")
    use_only(way, monkeypatch)
    assert refusal(CannotSave, save_pair, disk, "a", b"key", b"csr") == [Code.DISK_FULL]
    assert everything_in(disk) == {}


@pytest.mark.slow
def test_a_folder_made_on_a_full_disk_goes_away_again(mounted, refusal):
    disk = mounted("-t", "tmpfs", "-o", "nr_inodes=3", "tmpfs")
    assert refusal(CannotSave, save_pair, disk / "new", "a", b"key", b"csr") == [Code.DISK_FULL]
    assert everything_in(disk) == {}


@pytest.mark.slow
def test_a_write_protected_disk_is_said_to_be_one(mounted, refusal, monkeypatch):
    disk = mounted("-t", "tmpfs", "-o", "ro", "tmpfs")
    for folder in (disk, disk / "new"):
        assert refusal(CannotSave, save_pair, folder, "a", b"key", b"csr") == [Code.READ_ONLY]
        monkeypatch.setattr(files, "check_set", lambda *_, **__: [])  # the disk itself says so
        assert refusal(CannotSave, save_pair, folder, "a", b"key", b"csr") == [Code.READ_ONLY]
        monkeypatch.undo()


# --- Without an administrator: a limit of one's own, and a disk only this process sees

_SAVE_WITHIN_LIMITS = """
for number in itertools.count():
    folder = Path(sys.argv[1]) / str(number)
    folder.mkdir()
    {limit}
    try:
        files.save_pair(folder, "a", b"key" * 500, b"csr" * 600)
    except CoreError as error:
        outcome = str(error)
    else:
        outcome = "saved"
    resource.setrlimit(kind, resource.getrlimit(kind)[1:] * 2)
    print(outcome, *sorted(str(path.relative_to(folder)) for path in folder.rglob("*")))
    if outcome == "saved" and number > 5:
        break
"""


@posix
def test_a_disk_that_is_mounted_read_only_is_said_to_be(tmp_path, monkeypatch):
    assert files.check_target(tmp_path, "a") == []
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_flag=os.ST_RDONLY))
    [problem] = files.check_target(tmp_path, "a")
    assert (problem.code, problem.path) == (Code.READ_ONLY, tmp_path)


@posix
def test_what_a_file_has_no_room_for_leaves_nothing(anybodys_folder, as_ordinary_user):
    limit = """kind = resource.RLIMIT_FSIZE
    resource.setrlimit(kind, (450 * number, resource.getrlimit(kind)[1]))"""
    printed = as_ordinary_user(_SAVE_WITHIN_LIMITS.format(limit=limit), anybodys_folder)
    full, enough = printed.splitlines()[:4], printed.splitlines()[4:]
    assert full == ["disk-full"] * 4  # none, some of the key, all but the end of the request
    assert set(enough) == {"saved a.csr a.key"}


@posix
def test_a_program_with_too_many_open_files_leaves_nothing(anybodys_folder, as_ordinary_user):
    limit = """kind = resource.RLIMIT_NOFILE
    lowest_free = os.open(os.devnull, os.O_RDONLY)
    os.close(lowest_free)
    resource.setrlimit(kind, (lowest_free + number, resource.getrlimit(kind)[1]))"""
    printed = as_ordinary_user(_SAVE_WITHIN_LIMITS.format(limit=limit), anybodys_folder)
    *too_few, enough = printed.splitlines()
    assert set(too_few) <= {"file-trouble", "saved a.csr a.key"}
    assert too_few[0] == "file-trouble"
    assert enough == "saved a.csr a.key"


@pytest.mark.slow
@pytest.mark.parametrize(("way", "room"), ROOMS)
def test_on_a_full_disk_nothing_is_left_over_without_root_too(tmp_path, way, room):
    in_a_namespace = ["unshare", "--user", "--map-root-user", "--mount"]
    if sys.platform != "linux" or not shutil.which("unshare"):
        pytest.skip("no 'unshare' to mount a disk that only this process sees")
    if subprocess.run([*in_a_namespace, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this computer lets nobody have namespaces of their own")
    program = (
        f"import os, sys; from pathlib import Path; from enos_csr_gui.core import files\n{_USE}\n"
        f"use({way!r})\n"
        "disk = Path(sys.argv[1])\n"
        "try: files.save_pair(disk, 'a', b'key' * 500, b'csr' * 500)\n"
        "except files.CannotSave as error: print(error, *disk.iterdir())"
    )
    script = 'mount -t tmpfs -o "$1" tmpfs "$2" && exec "$3" -c "$4" "$2"'
    done = subprocess.run(
        [*in_a_namespace, "sh", "-c", script, "sh", room, tmp_path, sys.executable, program],
        capture_output=True,
        check=False,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("disk-full\n", "")


@posix
@needs_proc
@pytest.mark.parametrize("call", ["fsync", "link"])
@pytest.mark.parametrize("time", [1, 2])
def test_a_disk_pulled_out_in_the_middle_is_a_missing_folder(
    tmp_path, monkeypatch, refusal, call, time
):
    folder, calls, really = tmp_path / "stick", itertools.count(1), getattr(os, call)
    folder.mkdir()

    def pull_out(*arguments, **named):
        if not (call == "fsync" and of_the_journal(*arguments)) and next(calls) == time:
            shutil.rmtree(folder)
        return really(*arguments, **named)

    monkeypatch.setattr(os, call, pull_out)
    assert refusal(CannotSave, save_pair, folder, "a", b"key", b"csr") == [Code.FOLDER_MISSING]
    assert everything_in(tmp_path) == {}


@posix
@needs_proc
@pytest.mark.parametrize("time", [1, 2, 3], ids=["key", "request", "folder"])
def test_what_the_disk_cannot_keep_is_not_saved(tmp_path, monkeypatch, refusal, time, way):
    calls = itertools.count(1)

    def failing(descriptor: int, really=os.fsync) -> None:
        if not of_the_journal(descriptor) and next(calls) == time:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        really(descriptor)

    monkeypatch.setattr(os, "fsync", failing)
    assert refusal(CannotSave, save_pair, tmp_path, "a", b"key", b"csr") == [Code.FILE_TROUBLE]
    assert everything_in(tmp_path) == {}


@posix
@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_a_network_drive_that_cannot_sync_a_folder_will_do(tmp_path, monkeypatch, number):
    def cannot(descriptor: int, really=os.fsync) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        really(descriptor)

    monkeypatch.setattr(os, "fsync", cannot)
    save_pair(tmp_path, "a", b"key", b"csr")
    assert everything_in(tmp_path) == {"a.key": b"key", "a.csr": b"csr"}


@posix
def test_without_a_journal_the_files_are_saved_all_the_same(tmp_path, data_folder, way):
    data_folder.rmdir()
    data_folder.write_text("a file in the way")
    save_pair(tmp_path / "new", "a", b"key", b"csr")
    assert everything_in(tmp_path / "new") == {"a.key": b"key", "a.csr": b"csr"}


# --- Killed ---------------------------------------------------------------------------------------

WHOLE = {"a.key": b"key" * 500, "a.csr": b"csr" * 500}


def check_what_a_kill_left(folder: Path) -> int:
    """Check what nobody may ever see; return how many files have their names."""
    found = {path.name: path for path in folder.iterdir()} if folder.exists() else {}
    final = {name for name in found if not name.startswith(".enos-csr-")}
    assert final in (set(), {"a.key"}, {"a.key", "a.csr"})  # never a request without its key
    for name in final:
        content = found[name].read_bytes()
        assert content == WHOLE[name] or not content  # a claim: the name is taken, the file to come
    if "a.csr" in final:
        assert found["a.key"].read_bytes() == WHOLE["a.key"]
    for name in found.keys() - {"a.csr"}:
        # Of a file that has nothing in it yet, nothing can be read.
        assert permissions(found[name]) == 0o600 or b"key" not in found[name].read_bytes()
    return len(final)


def check_after_the_next_start(folder: Path, data: Path, *, made: bool = False) -> int:
    """Check that all files are there or none, and nothing else; return how many.

    A folder that was ``made`` for the files is gone without them.
    """
    left = everything_in(folder) if folder.exists() else None
    assert left in (None if made else {}, WHOLE)
    assert [path.name for path in data.rglob("*") if path.is_file()] == []
    return len(left or {})


_DIE_AT_EVERY_LINE = """
from enos_csr_gui.core import journal, permissions
followed = {module.__file__ for module in (files, journal, permissions)}
def die_at(number):
    lines = itertools.count(1)
    def trace(frame, event, argument):
        if frame.f_code.co_filename not in followed:
            return None
        if event == "line" and next(lines) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace
    return trace
use(sys.argv[2])
for number in itertools.count(1, int(sys.argv[3])):
    case = Path(sys.argv[1]) / str(number)
    case.mkdir()
    child = os.fork()
    if child == 0:
        os.environ["XDG_DATA_HOME"] = str(case / "data")
        sys.settrace(die_at(number))
        files.save_pair(case / "keys", "a", b"key" * 500, b"csr" * 500)
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        print(number)
        break
"""

_NEXT_START = """
use(sys.argv[2])
for case in Path(sys.argv[1]).iterdir():
    os.environ["XDG_DATA_HOME"] = str(case / "data")
    files.tidy()
"""


@pytest.mark.long
@posix
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.slow)])
def test_a_program_that_is_killed_at_any_line_leaves_nothing_after_the_next_start(
    anybodys_folder, as_ordinary_user, way, step
):
    arguments = (anybodys_folder, way, str(step))
    lines = int(as_ordinary_user(_USE + _DIE_AT_EVERY_LINE, *arguments))
    assert lines > 100, "the saving has not been followed line by line"
    cases = list(anybodys_folder.iterdir())
    seen = {check_what_a_kill_left(case / "keys") for case in cases}
    assert seen == {0, 1, 2} if step == 1 else seen
    as_ordinary_user(_USE + _NEXT_START, *arguments)
    ended = {check_after_the_next_start(case / "keys", case / "data", made=True) for case in cases}
    assert ended == {0, 2}


_SAVE_FOR_EVER = """
use(sys.argv[2])
print("ready", flush=True)
for number in itertools.count():
    files.save_pair(Path(sys.argv[1]), f"a{number}", b"key" * 500, b"csr" * 500)
"""


@pytest.mark.long
@posix
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kills", [8, pytest.param(75, marks=pytest.mark.slow)])
def test_a_program_that_is_killed_at_any_moment_leaves_nothing_after_the_next_start(
    tmp_path, data_folder, way, kills
):
    program = "import itertools, os, sys\nfrom pathlib import Path\n"
    program += "from enos_csr_gui.core import files\n" + _USE + _SAVE_FOR_EVER
    for number in range(kills):
        folder = tmp_path / str(number)
        folder.mkdir()
        process = subprocess.Popen(
            [sys.executable, "-c", program, folder, way], stdout=subprocess.PIPE
        )
        with process:
            process.stdout.readline()
            time.sleep(random.uniform(0, 0.03))
            process.kill()
        files.tidy()
        names = {path.name for path in folder.iterdir()}
        assert names == {f"a{n}{end}" for n in range(len(names) // 2) for end in (".key", ".csr")}
        assert [path.name for path in data_folder.rglob("*") if path.is_file()] == []


_STOPPED = """
use(sys.argv[1])
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
        files.save_pair(Path(line.strip()), "a", b"key" * 500, b"csr" * 500)
        os._exit(0)
    os.waitpid(child, os.WUNTRACED)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.mark.long
@needs_proc
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("step", [17, pytest.param(1, marks=pytest.mark.slow)])
def test_a_program_that_is_killed_at_any_system_call_leaves_nothing_after_the_next_start(
    tmp_path, data_folder, way, step
):
    if not shutil.which("strace"):
        pytest.skip("no strace")
    program = "import itertools, os, signal, sys\nfrom pathlib import Path\n"
    program += "from enos_csr_gui.core import files\nfiles.safe_name('a')\n" + _USE + _STOPPED
    server = subprocess.Popen(
        [sys.executable, "-c", program, way],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    ended = set()
    with server:
        for number in itertools.count(1, step):
            folder = tmp_path / str(number)
            folder.mkdir()
            print(folder, file=server.stdin, flush=True)
            child = server.stdout.readline().strip()
            inject = f"inject=all:signal=KILL:when={number}"
            tracer = subprocess.Popen(
                ["strace", "-p", child, "-e", inject, "-o", os.devnull],
                stderr=subprocess.PIPE,
                text=True,
            )
            said = tracer.stderr.readline()  # 'attached', or why not
            os.kill(int(child), signal.SIGCONT)
            status = int(server.stdout.readline())
            tracer.stderr.close()
            tracer.wait()
            if "attached" not in said:
                pytest.skip(f"strace may not look into another program here: {said}")
            check_what_a_kill_left(folder)
            files.tidy()
            ended.add(check_after_the_next_start(folder, data_folder))
            if status == 0:
                break
            assert status == -signal.SIGKILL
        server.stdin.close()
    assert number > 50, "the saving takes more system calls than that"
    assert ended == {0, 2}


def die(*_arguments: object, **_named: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_after_the_key(at, written, target, entry, really=files._name) -> None:
    really(at, written, target, entry)
    die()


@posix
@pytest.mark.parametrize(("way", "moment"), [("claimed", "claim"), *((way, "key") for way in WAYS)])
def test_a_program_that_is_killed_between_two_names(
    tmp_path, data_folder, monkeypatch, way, moment
):
    child = os.fork()
    if child == 0:
        try:
            use_only(way, monkeypatch)
            if moment == "claim":
                os.replace = die
            else:
                files._name = die_after_the_key
            save_pair(tmp_path, "a", b"key" * 500, b"csr" * 500)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    assert check_what_a_kill_left(tmp_path) == 1
    assert permissions(tmp_path / "a.key") == 0o600
    files.tidy()
    left = check_after_the_next_start(tmp_path, data_folder)
    assert left == (0 if moment == "claim" else 2)


def test_what_another_program_is_saving_is_left_alone(tmp_path, monkeypatch, way):
    """A starting program removes nothing from a save in progress."""
    seen = []

    def sync(at: int | None, really=files._sync_folder) -> None:
        before = everything_in(tmp_path), everything_in(journal.data_folder())
        done = subprocess.run(
            [sys.executable, "-c", "from enos_csr_gui.core import files; files.tidy()"], check=True
        )
        assert done.returncode == 0
        seen.append((before, (everything_in(tmp_path), everything_in(journal.data_folder()))))
        really(at)

    monkeypatch.setattr(files, "_sync_folder", sync)
    save_pair(tmp_path, "a", b"key", b"csr")
    [(before, after)] = seen
    assert before == after
    assert before[1], "the journal has an entry meanwhile"
    assert everything_in(tmp_path) == {"a.key": b"key", "a.csr": b"csr"}


def entry(*lines: dict[str, object]) -> None:
    """Write what a process that is dead has left in the journal."""
    folder = journal.data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    (folder / "saving-0123456789abcdef").write_text(text)


def first_of(folder: Path) -> dict[str, object]:
    digest = hashlib.sha256(b"key").hexdigest()
    return {"first": str(folder / "a.key"), "sha256": digest, "rest": {"a.csr": "csr"}}


@pytest.mark.usefixtures("way")
def test_a_request_that_is_missing_beside_its_key_is_written(tmp_path):
    (tmp_path / "a.key").write_bytes(b"key")
    entry(first_of(tmp_path))
    files.tidy()
    assert everything_in(tmp_path) == {"a.key": b"key", "a.csr": b"csr"}
    assert everything_in(journal.data_folder()) == {}


def test_a_folder_made_for_files_that_never_came_is_removed(tmp_path):
    made = tmp_path / "made"
    made.mkdir()
    gone = {"temporary": str(made / ".enos-csr-1"), "claim": str(made / "a.key")}
    entry(gone, {"folder": str(made)})
    files.tidy()
    assert everything_in(tmp_path) == {}
    assert everything_in(journal.data_folder()) == {}


@pytest.mark.parametrize("there", [{}, {"a.key": b"other"}, {"a.key": b"key", "a.csr": b"other"}])
def test_files_of_others_stay_as_they_are(tmp_path, there):
    for name, content in there.items():
        (tmp_path / name).write_bytes(content)
    entry(
        {"temporary": str(tmp_path / "a.key")},  # no name of ours
        {"claim": str(tmp_path / "a.key")},  # not empty
        {"folder": str(tmp_path)},
        first_of(tmp_path),
    )
    (tmp_path / "b").touch()
    files.tidy()
    assert everything_in(tmp_path) == {**there, "b": b""}
    assert everything_in(journal.data_folder()) == {}


@pytest.mark.parametrize(
    "line", [{"temporary": "gone/.enos-csr-1"}, {**first_of(Path("gone")), "first": "gone/a.key"}]
)
def test_what_is_on_an_unplugged_disk_is_ended_when_it_is_back(tmp_path, line, monkeypatch):
    monkeypatch.chdir(tmp_path)
    entry(line)
    files.tidy()
    assert len(everything_in(journal.data_folder())) == 1
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / ".enos-csr-1").write_bytes(b"key")
    (tmp_path / "gone" / "a.key").write_bytes(b"key")
    files.tidy()
    assert everything_in(journal.data_folder()) == {}
    left = {path.name for path in (tmp_path / "gone").iterdir()}
    assert left == ({"a.key"} if "temporary" in line else {".enos-csr-1", "a.key", "a.csr"})


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"hello", b"{", b"[]\n", b"null\n", b"[" * 100_000, b"\xff\n", b"{}\n{"),
        *(b'{"first": 1}\n', b'{"temporary": []}\n', b'{"request": 1}\n', b'{"request": {}}\n'),
    ],
)
def test_a_journal_without_sense_stops_nothing(tmp_path, content):
    entry()
    (journal.data_folder() / "saving-0123456789abcdef").write_bytes(content)
    save_pair(tmp_path, "a", b"key", b"csr")
    assert everything_in(journal.data_folder()) == {}


@posix
def test_a_pipe_in_the_journal_does_not_block(tmp_path):
    entry()
    (journal.data_folder() / "saving-0123456789abcdef").unlink()
    os.mkfifo(journal.data_folder() / "saving-0123456789abcdef")
    save_pair(tmp_path, "a", b"key", b"csr")


def test_the_journal_holds_nothing_secret(tmp_path, monkeypatch, key_pem, csr_pem, way):
    seen = []

    def sync(at: int | None, really=files._sync_folder) -> None:
        [text] = everything_in(journal.data_folder()).values()
        seen.append(text)
        really(at)

    monkeypatch.setattr(files, "_sync_folder", sync)
    save_pair(tmp_path, "a", key_pem, csr_pem)
    [text] = seen
    assert csr_pem.splitlines()[1] in text
    assert b"PRIVATE" not in text
    assert key_pem.splitlines()[5] not in text


def test_two_private_files_are_no_set(tmp_path):
    parts = [files.Part(ending, b"key", private=True) for ending in (".key", ".p12")]
    with pytest.raises(ValueError, match="secret"):
        files.save_set(tmp_path, "a", parts)
    assert everything_in(tmp_path) == {}


@pytest.mark.parametrize("suffix", [".key", ".csr"])
@pytest.mark.parametrize("named", [False, True], ids=["before", "after"])
def test_an_interruption_around_the_naming_of_a_file_takes_all_back(
    tmp_path, monkeypatch, suffix, named, way
):
    def interrupted(at, written, target: Path, entry, really=files._name) -> None:
        if named or target.suffix != suffix:
            really(at, written, target, entry)
        if target.suffix == suffix:
            signal.raise_signal(signal.SIGINT)  # Ctrl-C; Python notices when the call is over

    monkeypatch.setattr(files, "_name", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_pair(tmp_path / "new", "a", b"key", b"csr")
    assert everything_in(tmp_path) == {}


def test_an_interruption_leaves_alone_what_is_not_ours(tmp_path, monkeypatch, way):
    def interrupted(_at, _written, target: Path, _entry) -> None:
        target.write_text("theirs, a moment earlier")
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "_name", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_pair(tmp_path, "a", b"key", b"csr")
    assert everything_in(tmp_path) == {"a.key": b"theirs, a moment earlier"}


# --- Disks without permissions and without hard links ---------------------------------------------


def forbid_hard_links(monkeypatch: pytest.MonkeyPatch, number: int = errno.EPERM) -> None:
    """Make ``os.link`` fail as it does on FAT; the test with a real FAT needs a mount."""

    def link(source: Path, target: Path, **_named: object) -> None:
        raise OSError(number, os.strerror(number), str(source), None, str(target))

    monkeypatch.setattr(os, "link", link)


@pytest.mark.parametrize("in_the_way", [a_file, a_link_to_a_file, a_link_to_nothing, a_folder])
@pytest.mark.parametrize("suffix", [".key", ".csr"])
@pytest.mark.usefixtures("way")
def test_in_every_way_what_has_the_name_stays(tmp_path, monkeypatch, refusal, in_the_way, suffix):
    monkeypatch.setattr(files, "check_set", lambda *_, **__: [])
    in_the_way(tmp_path / f"a{suffix}")
    before = everything_in(tmp_path)
    with pytest.raises(CannotSave) as caught:
        save_pair(tmp_path, "a", b"key", b"csr")
    [problem] = caught.value.problems
    assert (problem.code, problem.path) == (Code.FILE_EXISTS, tmp_path / f"a{suffix}")
    assert problem.values == {"suggestion": "a-2"}
    assert everything_in(tmp_path) == before


@needs_proc
def test_a_rename_needs_no_other_way(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_unnamed", unavailable)
    monkeypatch.setattr(os, "link", None)
    monkeypatch.setattr(os, "replace", None)
    save_pair(tmp_path, "a", b"key", b"csr")
    assert everything_in(tmp_path) == {"a.key": b"key", "a.csr": b"csr"}


@pytest.mark.usefixtures("way")
def test_the_folder_may_be_relative(tmp_path, monkeypatch):
    (tmp_path / "keys").mkdir()
    monkeypatch.chdir(tmp_path)
    saved = save_pair(Path("keys"), "a", b"key", b"csr")
    assert saved == (Path("keys/a.key"), Path("keys/a.csr"))
    assert everything_in(tmp_path / "keys") == {"a.key": b"key", "a.csr": b"csr"}


@posix
def test_macos_is_asked_in_its_own_way(monkeypatch, tmp_path):
    """sys/stdio.h: RENAME_EXCL is 4; fcntl.h: AT_FDCWD is -2."""
    asked = []

    def rename(*arguments: object) -> int:
        asked.append([getattr(one, "value", one) for one in arguments])
        return 0

    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: SimpleNamespace(renameatx_np=rename))
    assert files._rename_without_replacing(3, "hidden", tmp_path / "a.key")
    assert asked == [[3, b"hidden", -2, os.fsencode(tmp_path / "a.key"), 4]]


def cannot_rename(number: int) -> SimpleNamespace:
    """Return a system library that says that the disk cannot rename without replacing."""

    def rename(*_arguments: object) -> int:
        ctypes.set_errno(number)
        return -1

    return SimpleNamespace(renameat2=rename, renameatx_np=rename)


@posix
@pytest.mark.parametrize(
    "library",
    [SimpleNamespace(), *map(cannot_rename, (errno.EINVAL, errno.ENOSYS, errno.EPERM))],
    ids=["old", "EINVAL", "ENOSYS", "EPERM"],
)
def test_where_a_rename_may_replace_a_file_there_is_another_way(tmp_path, monkeypatch, library):
    monkeypatch.setattr(files, "_unnamed", unavailable)
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: library)
    save_pair(tmp_path, "a", b"key", b"csr")
    assert everything_in(tmp_path) == {"a.key": b"key", "a.csr": b"csr"}


@posix
def test_what_the_disk_says_of_a_rename_is_reported(tmp_path, monkeypatch, refusal):
    monkeypatch.setattr(files, "_unnamed", unavailable)
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: cannot_rename(errno.ENOSPC))
    assert refusal(CannotSave, save_pair, tmp_path, "a", b"key", b"csr") == [Code.DISK_FULL]
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: cannot_rename(errno.EIO))
    with pytest.raises(CannotSave) as caught:
        save_pair(tmp_path, "a", b"key", b"csr")
    [problem] = caught.value.problems
    assert (problem.code, problem.path) == (Code.FILE_TROUBLE, tmp_path)
    assert problem.values == {"reason": os.strerror(errno.EIO)}
    assert everything_in(tmp_path) == {}


@pytest.mark.skipif(sys.platform != "linux", reason="to macOS, the flag is another one")
def test_where_no_folder_can_be_opened_files_get_their_names_by_their_paths(tmp_path, monkeypatch):
    """Windows opens no folder, has no statvfs, and reads no file as bytes unless it is asked to."""
    opened = []

    def watch(path: object, flags: int, *rest: object, really=os.open, **named: object) -> int:
        opened.append((path, flags))
        return really(path, flags, *rest, **named)

    before = everything_in(tmp_path)
    monkeypatch.setattr(os, "open", watch)
    monkeypatch.setattr(ctypes, "CDLL", None)
    monkeypatch.delattr(os, "statvfs")
    monkeypatch.delattr(os, "O_NONBLOCK")
    monkeypatch.setattr(os, "O_BINARY", 0x8000, raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    saved = save_pair(tmp_path, "a", b"key", b"csr")
    read = [files.read(path) for path in saved]
    monkeypatch.undo()
    assert before == {}
    assert read == [b"key", b"csr"]
    assert everything_in(tmp_path) == {"a.key": b"key", "a.csr": b"csr"}
    assert tmp_path not in [path for path, _flags in opened]
    assert all(flags & 0x8000 for path, flags in opened if path in saved)


# FAT; network drives; a user-space file system (FUSE) without links
@posix
@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK])
def test_without_hard_links_the_pair_is_as_whole_and_as_private(tmp_path, monkeypatch, number):
    forbid_hard_links(monkeypatch, number)
    save_pair(tmp_path, "a", b"key", b"csr")
    assert everything_in(tmp_path) == {"a.key": b"key", "a.csr": b"csr"}
    assert permissions(tmp_path / "a.key") == 0o600


@posix
def test_without_hard_links_too_a_failure_leaves_nothing_over(tmp_path, monkeypatch, refusal):
    use_only("claimed", monkeypatch)

    def broken(source: Path, target: Path, really=os.replace, **named: int) -> None:
        if Path(target).suffix == ".csr":
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(source), None, str(target))
        really(source, target, **named)

    monkeypatch.setattr(os, "replace", broken)
    assert refusal(CannotSave, save_pair, tmp_path, "a", b"key", b"csr") == [Code.FILE_TROUBLE]
    assert everything_in(tmp_path) == {}


@posix
def test_a_disk_on_which_everybody_may_read_gets_an_encrypted_key_only(
    tmp_path, monkeypatch, refusal, key, key_pem
):
    # Where FAT cannot be mounted: fchmod silently does nothing, and the mode stays 0755.
    really = os.fchmod
    monkeypatch.setattr(os, "fchmod", lambda descriptor, _: really(descriptor, 0o755))
    assert refusal(CannotSave, save_pair, tmp_path, "a", key_pem, b"csr") == [Code.NOT_PRIVATE]
    assert everything_in(tmp_path) == {}
    encrypted = keys.to_pem(key, "correct horse battery staple")
    save_pair(tmp_path, "a", encrypted, b"csr")
    assert everything_in(tmp_path) == {"a.key": encrypted, "a.csr": b"csr"}


@pytest.mark.slow
def test_a_usb_stick_gets_no_bare_key(usb_stick, refusal, key_pem, csr_pem):
    for folder in (usb_stick, usb_stick / "new"):
        with pytest.raises(CannotSave) as caught:
            save_pair(folder, "a", key_pem, csr_pem)
        assert [(p.code, p.path) for p in caught.value.problems] == [(Code.NOT_PRIVATE, folder)]
    assert everything_in(usb_stick) == {}


@pytest.mark.slow
def test_a_usb_stick_gets_an_encrypted_key(usb_stick, refusal, key, csr_pem):
    encrypted = keys.to_pem(key, "correct horse battery staple")
    save_pair(usb_stick, "a", encrypted, csr_pem)
    save_pair(usb_stick, "b", None, csr_pem)
    assert everything_in(usb_stick) == {"a.key": encrypted, "a.csr": csr_pem, "b.csr": csr_pem}
    assert refusal(CannotSave, save_pair, usb_stick, "a", encrypted, csr_pem) == [Code.FILE_EXISTS]


@pytest.mark.slow
def test_a_usb_stick_mounted_by_another_user_behaves_the_same(
    usb_stick, as_ordinary_user, key, key_pem
):
    encrypted = keys.to_pem(key, "correct horse battery staple")
    printed = as_ordinary_user(
        "folder = Path(sys.argv[1])\n"
        "try: files.save_pair(folder, 'bare', sys.argv[2].encode(), b'csr')\n"
        "except CoreError as error: print(error)\n"
        "files.save_pair(folder, 'a', sys.argv[3].encode(), b'csr')",
        usb_stick,
        key_pem.decode(),
        encrypted.decode(),
    )
    assert printed == "not-private"
    assert everything_in(usb_stick) == {"a.key": encrypted, "a.csr": b"csr"}


@pytest.mark.parametrize("ending", [".p12:x", ".p12 ", ".p12.", ".p/12", ".\0", "." + "x" * 300])
def test_an_ending_that_is_not_safe_is_refused(tmp_path, ending, refusal):
    parts = [files.Part(ending, b"data")]
    with pytest.raises(InvalidFileName) as caught:
        files.save_set(tmp_path, "a", parts)
    [problem] = caught.value.problems
    assert problem.code is Code.NAME_UNSAFE
    assert problem.values == {"given": f"a{ending}", "suggestion": "a"}
    assert everything_in(tmp_path) == {}


def test_the_name_suggested_for_a_set_is_free_for_all_of_it(tmp_path):
    for name in ("a.p12", "a-2.p12", "a-3.csr"):
        (tmp_path / name).touch()
    [problem] = files.check_set(tmp_path, "a", [".p12"])
    assert (problem.code, problem.path) == (Code.FILE_EXISTS, tmp_path / "a.p12")
    assert problem.values == {"suggestion": "a-4"}


def test_beside_its_own_key_a_request_alone_has_a_place(tmp_path):
    (tmp_path / "a.key").touch()
    assert files.check_target(tmp_path, "a", with_key=False) == []
    assert [one.code for one in files.check_target(tmp_path, "a")] == [Code.FILE_EXISTS]


def nearly_too_long(folder: Path) -> Path:
    """Make a folder in which the path of ``n.key`` is as long as Linux takes any."""
    while len(str(folder)) < 4095 - 110 - len("/n.key"):
        folder /= "x" * 99
    room = 4095 - len(str(folder)) - len("/n.key")
    folder /= "y" * (room - 1)
    made = Path(folder.anchor)
    for part in folder.parts[1:]:  # one by one: mkdir -p would need no less of a path
        made /= part
        made.mkdir(exist_ok=True)
    return folder


# --- One file over another ------------------------------------------------------------------------


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    files.replace(tmp_path / "a", b"first")
    files.replace(tmp_path / "a", b"second")
    assert everything_in(tmp_path) == {"a": b"second"}

    def broken(*_arguments, **_named):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        files.replace(tmp_path / "a", b"third")
    assert everything_in(tmp_path) == {"a": b"second"}
    assert everything_in(journal.data_folder()) == {}


@posix
@pytest.mark.parametrize(("private", "mode"), [(True, 0o600), (False, 0o640)])
def test_a_replaced_file_is_as_private_as_it_is_to_be(tmp_path, private, mode):
    umask = os.umask(0o027)
    try:
        files.replace(tmp_path / "a", b"data", private=private)
        files.replace(tmp_path / "b", b"data")
    finally:
        os.umask(umask)
    assert permissions(tmp_path / "a") == mode
    assert permissions(tmp_path / "b") == 0o640


def test_what_is_replaced_is_saved_also_where_nothing_can_be_private(tmp_path, monkeypatch):
    monkeypatch.setattr(permissions_of_files, "make_private", lambda _: False)
    files.replace(tmp_path / "a", b"data", private=True)
    assert everything_in(tmp_path) == {"a": b"data"}


@pytest.mark.skipif(sys.platform != "linux", reason="Linux counts 4095 bytes")
def test_a_file_whose_path_just_fits_is_replaced(tmp_path):
    """The hidden file beside it has a longer name."""
    path = nearly_too_long(tmp_path) / "n.key"
    for data in (b"first", b"second"):
        files.replace(path, data)
        assert path.read_bytes() == data
    assert names_in(path.parent) == {"n.key"}


def save_a_pair(folder: Path) -> None:
    save_pair(folder, "a", b"key", b"csr")


def save_a_spreadsheet(folder: Path) -> None:
    write_requests([], folder / "a.csv")


def save_the_answers(folder: Path) -> None:
    last_answers.save({}, None, folder / "a.json")


@pytest.mark.parametrize("save", [save_a_pair, save_a_spreadsheet, save_the_answers])
def test_an_unwritable_folder_is_not_retried_forever(tmp_path, monkeypatch, save):
    """Windows calls every folder writable; Python's 'tempfile' goes on trying there."""
    tries = []

    def refuse(path: str, **_named: object) -> int:
        if ".enos-csr-" in path:
            tries.append(path)
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return os.open(os.devnull, os.O_RDWR)  # the journal's

    monkeypatch.setattr(files, "_unnamed", unavailable)
    monkeypatch.setattr(permissions_of_files, "create", refuse)
    with suppress(CannotSave):
        save(tmp_path)
    assert len(tries) == 1
    assert everything_in(tmp_path) == {}


# --- Folders that will not do ---------------------------------------------------------------------


def test_a_long_missing_path_is_not_made(tmp_path, refusal):
    folder = tmp_path / "stick" / "keys"
    assert refusal(CannotSave, save_pair, folder, "a", b"key", b"csr") == [Code.FOLDER_MISSING]
    assert everything_in(tmp_path) == {}


@pytest.mark.parametrize("below", ["", "new"])
def test_a_file_is_not_a_folder(tmp_path, refusal, monkeypatch, below):
    (tmp_path / "file").write_text("mine")
    folder = tmp_path / "file" / below
    [problem] = files.check_target(folder, "a")
    assert (problem.code, problem.path) == (Code.NOT_A_FOLDER, tmp_path / "file")
    assert refusal(CannotSave, save_pair, folder, "a", b"key", b"csr") == [Code.NOT_A_FOLDER]
    if os.name == "posix":  # Windows only says that there is no such folder
        monkeypatch.setattr(files, "check_set", lambda *_, **__: [])  # become one a moment later
        assert refusal(CannotSave, save_pair, folder, "a", b"key", b"csr") == [Code.NOT_A_FOLDER]
    assert everything_in(tmp_path) == {"file": b"mine"}


def test_a_link_to_a_missing_folder_is_a_missing_folder(tmp_path, refusal):
    (tmp_path / "link").symlink_to("gone")
    codes = refusal(CannotSave, save_pair, tmp_path / "link", "a", b"key", b"csr")
    assert codes == [Code.FOLDER_MISSING]


@pytest.mark.parametrize("mode", [0o555, 0o666, 0o444])
@pytest.mark.parametrize("below", ["", "new"])
def test_a_folder_without_permission_is_named(
    anybodys_folder: Path,
    without_privileges: Callable[[], AbstractContextManager[None]],
    mode: int,
    below: str,
) -> None:
    place = anybodys_folder / "theirs"
    place.mkdir()
    assert files.check_target(place / below, "dev-001") == []
    place.chmod(mode)
    with without_privileges():
        problems = files.check_target(place / below, "dev-001")
    assert [(one.code, one.path) for one in problems] == [(Code.NO_PERMISSION, place)]


@posix
def test_a_folder_that_goes_away_during_the_look_is_missing(tmp_path, monkeypatch):
    folder = tmp_path / "stick"
    folder.mkdir()

    def look(path: Path, really=os.statvfs) -> os.statvfs_result:
        path.rmdir()
        return really(path)

    monkeypatch.setattr(os, "statvfs", look)
    [problem] = files.check_target(folder, "a")
    assert (problem.code, problem.path) == (Code.FOLDER_MISSING, folder)


@posix
@pytest.mark.parametrize("below", ["", "new"])
def test_another_users_folder_is_refused(anybodys_folder, as_ordinary_user, below):
    place = anybodys_folder / "theirs"
    place.mkdir(mode=0o755)
    place.chmod(0o555)
    printed = as_ordinary_user(
        "folder = Path(sys.argv[1])\n"
        "print([problem.code.value for problem in files.check_target(folder, 'a')])\n"
        "files.check_set = lambda *_, **__: []\n"
        "try: files.save_pair(folder, 'a', b'key', b'csr')\n"
        "except CoreError as error: print(error)",
        place / below,
    )
    assert printed.splitlines() == ["['no-permission']", "no-permission"]
    assert everything_in(place) == {}


@pytest.mark.parametrize("step", ["x" * 300, "x/" * 3000], ids=["one step", "many steps"])
def test_a_path_that_is_too_long_is_said_to_be(tmp_path, refusal, step):
    codes = refusal(CannotSave, save_pair, tmp_path / step, "a", b"key", b"csr")
    assert codes in ([Code.PATH_TOO_LONG], [Code.FOLDER_MISSING])
    assert everything_in(tmp_path) == {}


@pytest.mark.skipif(sys.platform != "linux", reason="Linux counts 4095 bytes")
def test_a_name_that_just_fits_is_saved_and_a_longer_one_is_not(tmp_path, refusal, way):
    folder = nearly_too_long(tmp_path)
    for name in ("nn", "n" * 200):
        assert refusal(CannotSave, save_pair, folder, name, b"key", b"csr") == [Code.PATH_TOO_LONG]
        assert names_in(folder) == set()
    saved = save_pair(folder, "n", b"key", b"csr")
    assert saved.key.read_bytes() == b"key"
    assert names_in(folder) == {"n.csr", "n.key"}


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b"], ids=["NUL", "half a character"])
def test_a_folder_name_that_cannot_be_is_a_missing_folder(tmp_path, refusal, name):
    codes = refusal(CannotSave, save_pair, tmp_path / name, "a", b"key", b"csr")
    assert codes == [Code.FOLDER_MISSING]


# --- Names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("dev-001", "dev-001"),
        ("贵州凯里风电场", "贵州凯里风电场"),
        ("风机 🌬\ufe0f №7", "风机 🌬 №7"),
        ("dev\u202ecod.exe\u200b\ufeff", "devcod.exe"),
        ("a\u2066b\u034f\ufe01\U000e0101\U000e0041\u3164", "ab"),
        ("\u202e\u200b", "request"),
        ("plant/turbine 7", "plant-turbine 7"),
        ("../../etc/passwd", "etc-passwd"),
        ("a:b*c?", "a-b-c-"),
        (" dev. ", "dev"),
        (".hidden", "hidden"),
        ("--force", "force"),
        ("X-ray", "X-ray"),
        ("dev-001.key", "dev-001"),
        ("dev-001.csr.KEY", "dev-001"),
        ("device.example.com", "device.example.com"),
        ("", "request"),
        ("...", "request"),
        (".key", "key"),
        ("x" * 300, "x" * 200),
        ("风" * 64, "风" * 64),
        ("风" * 100, "风" * 66),
        ("😀" * 64, "😀" * 50),
        ("CON", "CON_"),
        ("nul.key", "nul_"),
        ("aux.turbine", "aux_.turbine"),
        ("con .turbine", "con_.turbine"),
        ("CONIN$", "CONIN$_"),
        ("LPT³", "LPT³_"),
        ("half \ud83d character", "half - character"),
        ("\udcff", "request"),
    ],
)
def test_a_common_name_becomes_a_file_name(typed, name):
    assert safe_name(typed) == name


WINDOWS_RESERVED = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} | {
    f"{port}{number}" for port in ("COM", "LPT") for number in "123456789¹²³"
}
awkward = st.one_of(
    st.text(st.characters()),  # surrogates too
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["", "-", ".", " "]),
        st.sampled_from(sorted(WINDOWS_RESERVED)).flatmap(
            lambda name: st.sampled_from([name, name.lower(), name.title()])
        ),
        st.sampled_from(["", ".", " ", " .", ".key", ".txt", " .csr", "x", "-", "\u3000", "$"]),
    ),
    st.text(alphabet='./\\-_ :*?"<>|\0\x7f\u2028aA風😀', max_size=300),
    st.builds(
        "".join,
        st.lists(
            st.sampled_from(
                [*sorted(WINDOWS_RESERVED), "con", "nul", ".key", ".CSR", ".", " ", "-", "x" * 199]
            ),
            max_size=6,
        ),
    ),
)


@given(awkward)
def test_whatever_is_typed_the_name_is_safe_on_every_computer(text):
    name = safe_name(text)
    assert safe_name(name) == name
    assert 0 < len(name.encode()) <= file_names.MAX_NAME_BYTES
    assert not set(name) & set('<>:"/\\|?*')
    assert all(character >= " " and character != "\x7f" for character in name)
    assert name == name.strip(" .")
    assert not name.startswith("-")
    assert not name.lower().endswith((".key", ".csr"))
    for suffix in ("", ".key", ".csr"):
        stem = f"{name}{suffix}".partition(".")[0].rstrip(" ").upper()
        assert stem not in WINDOWS_RESERVED


@pytest.mark.long
@given(awkward)
def test_a_real_disk_takes_every_such_name_and_the_suggestion_for_the_next(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("names")
    first = save_pair(folder, free_name(folder, safe_name(text)), b"key", b"csr")
    second = save_pair(folder, free_name(folder, safe_name(text)), b"key", b"csr")
    assert len({*first, *second, *folder.iterdir()}) == 4


@pytest.mark.parametrize(
    "name", ["", "a/b", "..", "a.key", "CON", ".a", "a ", "-a", "a\0", "x" * 201]
)
def test_an_unsafe_name_is_refused_and_a_safe_one_offered(tmp_path, name):
    with pytest.raises(InvalidFileName) as caught:
        save_pair(tmp_path, name, b"key", b"csr")
    [problem] = caught.value.problems
    assert problem.code is Code.NAME_UNSAFE
    assert problem.values == {"given": name, "suggestion": safe_name(name)}
    assert everything_in(tmp_path) == {}
    save_pair(tmp_path, safe_name(name), b"key", b"csr")


@pytest.mark.parametrize("common_name", ["贵州" * 32, "😀" * 64, "👩🏽‍🚀" * 16, "e\u0301" * 64])
def test_a_long_common_name_of_any_script_names_files(tmp_path, common_name):
    saved = save_pair(tmp_path, safe_name(common_name), b"key", b"csr")
    assert saved.key.read_bytes() == b"key"


def test_a_free_name_counts_up_past_either_file(tmp_path):
    assert free_name(tmp_path, "a") == "a"
    (tmp_path / "a.csr").touch()
    (tmp_path / "a-2.key").symlink_to("gone")
    assert free_name(tmp_path, "a") == "a-3"


def test_the_free_name_for_the_longest_name_is_itself_taken(tmp_path):
    longest = safe_name("😀" * 64)
    for number in range(1, 12):
        name = free_name(tmp_path, longest)
        assert (name == longest) is (number == 1)
        save_pair(tmp_path, name, b"key", b"csr")


def test_a_file_name_of_255_bytes_stays_and_a_longer_one_is_cut(tmp_path):
    assert file_names.safe_file_name("x" * 255) == "x" * 255
    assert file_names.safe_file_name("x" * 256) == "x" * 255
    assert file_names.safe_file_name(f"dev-001.{'x' * 300}") == f"dev-001.{'x' * 247}"


@given(st.from_regex(r"(con|dev-001|[A-Za-z0-9_.-]{6,9})(\.[A-Za-z0-9]{0,3}|\n)?", fullmatch=True))
def test_a_plain_file_name_is_known_to_be_safe_without_the_library(name):
    assert file_names.safe_file_name(name) == file_names._safe(name, 255)


_LONG = "x" * 99 + "\\" + "y" * 99 + "\\"


@pytest.mark.parametrize(
    ("path", "long_form"),
    [
        ("C:\\keys\\a.key", None),
        (f"C:\\{_LONG}{'z' * 36}", None),
        (f"C:\\{_LONG}{'z' * 37}", f"\\\\?\\C:\\{_LONG}{'z' * 37}"),
        (f"\\\\?\\C:\\{_LONG}{'z' * 37}", None),
        (f"\\\\server\\keys\\{_LONG}{'z' * 37}", f"\\\\?\\UNC\\server\\keys\\{_LONG}{'z' * 37}"),
    ],
    ids=["short", "239 letters", "240 letters", "in the long form", "network"],
)
def test_windows_gets_paths_of_240_letters_in_the_long_form(monkeypatch, path, long_form):
    with monkeypatch.context() as patched:
        patched.setattr(sys, "platform", "win32")
        patched.setattr(os, "path", ntpath)
        found = file_names.system_path(Path(path))
    assert str(found) == (long_form or path)


def test_a_name_that_is_no_text_has_a_number_all_the_same():
    assert file_names.numbered("dev\udcff", 2) == "dev?-2"


# --- Reading --------------------------------------------------------------------------------------


def test_a_file_is_read_up_to_a_mebibyte(tmp_path, refusal):
    path = tmp_path / "some.key"
    path.write_bytes(b"x" * (1 << 20))
    assert len(files.read(path)) == 1 << 20
    # No memory holds the last one; on a disk it is one long hole.
    for size in ((1 << 20) + 1, 2 << 20, 1 << 43 if sys.platform == "linux" else 4 << 20):
        os.truncate(path, size)
        with pytest.raises(UnreadableFile) as caught:
            files.read(path)
        [problem] = caught.value.problems
        assert problem.code is Code.FILE_TOO_LARGE
        assert (problem.path, problem.values["limit"]) == (path, 1 << 20)


def test_what_is_missing_or_no_file_is_not_read(tmp_path):
    (tmp_path / "file").write_text("no folder")
    for path, code in (
        (tmp_path / "gone", Code.FILE_MISSING),
        (tmp_path / "no" / "gone", Code.FILE_MISSING),
        (tmp_path / "file" / "gone", Code.FILE_MISSING),
        (tmp_path, Code.NOT_A_FILE),
        (tmp_path / "a\0b", Code.FILE_MISSING),
    ):
        with pytest.raises(UnreadableFile) as caught:
            files.read(path)
        assert [(one.code, one.path) for one in caught.value.problems] == [(code, path)]


@posix
@pytest.mark.parametrize(
    "read",
    [
        files.read,
        table.read,
        table.headings,
        passphrases.load,
        lambda path: records.peek(path.rename(path.with_name(REQUESTS)).parent),
    ],
)
def test_an_empty_pipe_does_not_block(tmp_path, refusal, read):
    os.mkfifo(tmp_path / "pipe")
    assert refusal(CoreError, read, tmp_path / "pipe") == [Code.NOT_A_FILE]


@posix
def test_a_pipe_that_has_just_replaced_a_file_does_not_block(tmp_path, monkeypatch, refusal):
    path = tmp_path / "some.key"
    path.write_bytes(b"key")

    def replaced(place: object, flags: int, *rest: object, really=os.open, **named: object) -> int:
        if place == path:
            path.unlink()
            os.mkfifo(path)
            assert flags & os.O_NONBLOCK, "this would wait for what is written to the pipe"
        return really(place, flags, *rest, **named)

    monkeypatch.setattr(os, "open", replaced)
    assert refusal(UnreadableFile, files.read, path) == [Code.NOT_A_FILE]


def test_a_folder_is_not_opened_as_a_file(tmp_path):
    with pytest.raises(IsADirectoryError) as caught:
        files.open_to_read(tmp_path)
    error = caught.value
    assert (error.errno, error.strerror) == (errno.EISDIR, os.strerror(errno.EISDIR))
    assert error.filename == str(tmp_path)


@posix
def test_a_pipe_among_other_files_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for came in (tmp_path, tmp_path / "pipe"):
        assert [one.code for one in Pool([came]).problems] == [Code.NOT_A_FILE]
    os.mkfifo(journal.data_folder().parent / "pipe")
    assert last_answers.load(journal.data_folder().parent / "pipe") == LastAnswers()


@posix
def test_a_request_replaced_by_a_pipe_does_not_block_the_next_start(tmp_path):
    os.mkfifo(tmp_path / "a.csr")
    with suppress(ZeroDivisionError), journal.entry() as entry:
        entry.note(request={"csr": str(tmp_path / "a.csr"), "sha256": ""})
        entry.note(first=str(tmp_path / "a.csr"), sha256="", rest={})
        entry.saved = True
        raise ZeroDivisionError
    files.tidy()
    assert not list(journal.data_folder().parent.glob("*/saving-*"))


@posix
def test_another_users_key_is_not_read(anybodys_folder, as_ordinary_user):
    path = anybodys_folder / "theirs.key"
    path.write_text("secret")
    path.chmod(0)
    printed = as_ordinary_user(
        "try: files.read(Path(sys.argv[1]))\nexcept CoreError as error: print(error)", path
    )
    assert printed == "no-permission"


def test_an_error_repeats_neither_name_nor_folder(tmp_path):
    raised: list[Exception] = []
    attempts: list[tuple[Callable, tuple]] = [
        (save_pair, (tmp_path / "gone" / "Secret", "a", b"", b"")),
        (save_pair, (tmp_path, "Secret/plan", b"", b"")),
        (files.read, (tmp_path / "Secret",)),
    ]
    for action, arguments in attempts:
        try:
            action(*arguments)
        except (CannotSave, InvalidFileName, UnreadableFile) as error:
            raised.append(error)
    assert [str(error) for error in raised] == ["folder-missing", "name-unsafe", "file-missing"]
