"""The pair of files on disk: both or neither, the key private, never over another file."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enos_csr_gui.core import files, keys
from enos_csr_gui.core.errors import CannotSave, Code, InvalidFileName, UnreadableFile
from enos_csr_gui.core.files import SavedPair, free_name, safe_name, save_pair

posix = pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX knows them")


def everything_in(folder: Path) -> dict[str, bytes | None]:
    """Return the name and content of all there is, hidden or not; folders have no content."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# --- Saving ---------------------------------------------------------------------------------------


def test_a_key_and_its_request_lie_side_by_side_and_nothing_else(tmp_path, key_pem, csr_pem):
    saved = save_pair(tmp_path, "dev-001", key_pem, csr_pem)
    assert saved == SavedPair(tmp_path / "dev-001.key", tmp_path / "dev-001.csr")
    assert everything_in(tmp_path) == {"dev-001.key": key_pem, "dev-001.csr": csr_pem}


def test_who_has_a_key_gets_the_request_only(tmp_path, csr_pem):
    (tmp_path / "dev-001.key").write_text("the key I have")
    saved = save_pair(tmp_path, "dev-001", None, csr_pem)
    assert saved == SavedPair(None, tmp_path / "dev-001.csr")
    assert everything_in(tmp_path) == {"dev-001.key": b"the key I have", "dev-001.csr": csr_pem}


def test_the_last_step_of_the_folder_is_made(tmp_path):
    save_pair(tmp_path / "new", "a", b"key", b"csr")
    assert everything_in(tmp_path / "new") == {"a.key": b"key", "a.csr": b"csr"}


@posix
@pytest.mark.parametrize("umask", [0, 0o022, 0o077, 0o277, 0o777])
def test_the_key_is_private_whatever_the_umask(anybodys_folder, as_ordinary_user, umask):
    as_ordinary_user(
        "os.umask(int(sys.argv[2])); files.save_pair(Path(sys.argv[1]), 'a', b'key', b'csr')",
        anybodys_folder,
        str(umask),
    )
    names = sorted(path.name for path in anybodys_folder.iterdir())
    assert names == ["a.csr", "a.key"]
    assert permissions(anybodys_folder / "a.key") == 0o600
    assert permissions(anybodys_folder / "a.csr") == 0o666 & ~umask


@posix
def test_nobody_else_can_look_at_the_key_while_it_is_being_written(tmp_path, monkeypatch):
    seen = []

    def look(descriptor: int, really=os.fsync) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.suffix == ".key":
            seen.append((permissions(path), permissions(path.parent), path.parent.parent))
        really(descriptor)

    if not Path("/proc/self/fd").exists():
        pytest.skip("no /proc to tell which file is open")
    # As soon as there is a file, and when everything is in it.
    monkeypatch.setattr(
        os,
        "fchmod",
        lambda number, mode, really=os.fchmod: look(number, lambda _: really(number, mode)),
    )
    monkeypatch.setattr(os, "fsync", look)
    umask = os.umask(0)
    try:
        save_pair(tmp_path, "a", b"key", b"csr")
    finally:
        os.umask(umask)
    assert seen == [(0o600, 0o700, tmp_path)] * 2  # on the disk it is meant for


@posix
def test_what_is_said_to_be_saved_outlives_a_power_cut(tmp_path, monkeypatch):
    kept = []

    def keep(descriptor: int, really=os.fsync) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        names = [entry.name for entry in path.iterdir()] if path.is_dir() else None
        kept.append(names or path.read_bytes())
        really(descriptor)

    if not Path("/proc/self/fd").exists():
        pytest.skip("no /proc to tell which file is open")
    monkeypatch.setattr(os, "fsync", keep)
    save_pair(tmp_path, "a", b"key", b"csr")
    assert kept[:2] == [b"key", b"csr"]
    assert {"a.key", "a.csr"} <= set(kept[2])


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


@pytest.mark.parametrize("hard_links", [True, False], ids=["hard links", "none, as on FAT"])
def test_of_many_who_save_under_one_name_exactly_one_wins(tmp_path, monkeypatch, hard_links):
    if not hard_links:
        forbid_hard_links(monkeypatch)
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


@posix
def test_of_many_programs_that_save_under_one_name_exactly_one_wins(
    anybodys_folder, as_ordinary_user
):
    rounds = as_ordinary_user(_CONTEST, anybodys_folder).splitlines()
    assert len(rounds) == 20
    for number, outcomes in enumerate(rounds):
        assert sorted(outcomes.split()) == ["0", "1", "1", "1", "1", "1"]
        theirs = str(outcomes.split().index("0")).encode() * 1000
        left = everything_in(anybodys_folder / str(number))
        assert left == {"same.key": theirs, "same.csr": theirs}


# --- Both or neither ------------------------------------------------------------------------------


# A tmpfs counts a folder, a file and a second name of a file as one inode each, pages as 4 kB.
@pytest.mark.slow
@pytest.mark.parametrize(
    "room",
    ["nr_inodes=2", "nr_inodes=3", "nr_inodes=4", "nr_inodes=5", "size=4k"],
    ids=["workshop", "second file", "name of the key", "name of the request", "second page"],
)
def test_on_a_full_disk_nothing_is_left_over(mounted, refusal, room, key_pem, csr_pem):
    disk = mounted("-t", "tmpfs", "-o", room, "tmpfs")
    assert refusal(CannotSave, save_pair, disk, "a", key_pem, csr_pem) == [Code.DISK_FULL]
    assert everything_in(disk) == {}


@pytest.mark.slow
def test_a_folder_made_on_a_full_disk_goes_away_again(mounted, refusal):
    disk = mounted("-t", "tmpfs", "-o", "nr_inodes=4", "tmpfs")
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


@posix
def test_what_a_network_drive_keeps_in_the_temporary_folder_goes_away_with_it(
    tmp_path, monkeypatch
):
    def link(source: Path, target: Path, really=os.link) -> None:
        really(source, target)
        Path(source).with_name(".nfs0001").touch()

    monkeypatch.setattr(os, "link", link)
    save_pair(tmp_path, "a", b"key", b"csr")
    assert everything_in(tmp_path) == {"a.key": b"key", "a.csr": b"csr"}


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
    if outcome == "saved" and number > 3:
        break
"""


@posix
def test_what_a_file_has_no_room_for_leaves_nothing(anybodys_folder, as_ordinary_user):
    limit = """kind = resource.RLIMIT_FSIZE
    resource.setrlimit(kind, (450 * number, resource.getrlimit(kind)[1]))"""
    printed = as_ordinary_user(_SAVE_WITHIN_LIMITS.format(limit=limit), anybodys_folder)
    *full, enough = printed.splitlines()
    assert full == ["disk-full"] * 4  # none, some of the key, all but the end of the request
    assert enough == "saved a.csr a.key"


@posix
def test_a_program_with_too_many_open_files_leaves_nothing(anybodys_folder, as_ordinary_user):
    limit = """kind = resource.RLIMIT_NOFILE
    lowest_free = os.open(os.devnull, os.O_RDONLY)
    os.close(lowest_free)
    resource.setrlimit(kind, (lowest_free + number, resource.getrlimit(kind)[1]))"""
    printed = as_ordinary_user(_SAVE_WITHIN_LIMITS.format(limit=limit), anybodys_folder)
    lines = printed.splitlines()
    assert lines[0] == "file-trouble"
    assert set(lines[1:]) == {"saved a.csr a.key"}


@pytest.mark.slow
@pytest.mark.parametrize("room", ["nr_inodes=2", "nr_inodes=4", "nr_inodes=5", "size=4k"])
def test_on_a_full_disk_nothing_is_left_over_whoever_runs_this(tmp_path, room):
    in_a_namespace = ["unshare", "--user", "--map-root-user", "--mount"]
    if sys.platform != "linux" or not shutil.which("unshare"):
        pytest.skip("no 'unshare' to mount a disk that only this process sees")
    if subprocess.run([*in_a_namespace, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this computer lets nobody have namespaces of their own")
    program = (
        "import sys; from pathlib import Path; from enos_csr_gui.core import files\n"
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
@pytest.mark.parametrize("call", ["fsync", "link"])
@pytest.mark.parametrize("time", [1, 2])
def test_a_disk_pulled_out_in_the_middle_is_a_missing_folder(
    tmp_path, monkeypatch, refusal, call, time
):
    folder, calls, really = tmp_path / "stick", itertools.count(1), getattr(os, call)
    folder.mkdir()

    def pull_out(*arguments):
        if next(calls) == time:
            shutil.rmtree(folder)
        return really(*arguments)

    monkeypatch.setattr(os, call, pull_out)
    assert refusal(CannotSave, save_pair, folder, "a", b"key", b"csr") == [Code.FOLDER_MISSING]
    assert everything_in(tmp_path) == {}


@posix
@pytest.mark.parametrize("time", [1, 2, 3], ids=["key", "request", "folder"])
def test_what_the_disk_cannot_keep_is_not_saved(tmp_path, monkeypatch, refusal, time):
    calls = itertools.count(1)

    def failing(descriptor: int, really=os.fsync) -> None:
        if next(calls) == time:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        really(descriptor)

    monkeypatch.setattr(os, "fsync", failing)
    assert refusal(CannotSave, save_pair, tmp_path, "a", b"key", b"csr") == [Code.FILE_TROUBLE]
    assert everything_in(tmp_path) == {}


@posix
def test_a_network_drive_that_cannot_sync_a_folder_will_do(tmp_path, monkeypatch):
    def cannot(descriptor: int, really=os.fsync) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        really(descriptor)

    monkeypatch.setattr(os, "fsync", cannot)
    save_pair(tmp_path, "a", b"key", b"csr")
    assert everything_in(tmp_path) == {"a.key": b"key", "a.csr": b"csr"}


_DIE_AT_EVERY_LINE = """
def die_at(number):
    lines = itertools.count(1)
    def trace(frame, event, argument):
        if frame.f_code.co_filename != files.__file__:
            return None
        if event == "line" and next(lines) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace
    return trace
def no_link(source, target):
    raise PermissionError(1, "as on FAT", str(source), None, str(target))
if sys.argv[2] == "none":
    os.link = no_link
for number in itertools.count(1):
    folder = Path(sys.argv[1]) / str(number)
    folder.mkdir()
    child = os.fork()
    if child == 0:
        sys.settrace(die_at(number))
        files.save_pair(folder, "a", b"key" * 500, b"csr" * 500)
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        print(number)
        break
"""


@posix
@pytest.mark.parametrize("hard_links", ["some", "none"])
def test_a_computer_that_dies_in_the_middle_leaves_no_half_or_public_key(
    anybodys_folder, as_ordinary_user, hard_links
):
    lines = int(as_ordinary_user(_DIE_AT_EVERY_LINE, anybodys_folder, hard_links))
    assert lines > 60, "the saving has not been followed line by line"
    whole = {"a.key": b"key" * 500, "a.csr": b"csr" * 500}
    claimed = b"" if hard_links == "none" else None  # the name is taken, the file not yet there
    seen = set()
    for folder in anybodys_folder.iterdir():
        found = {path.name: path for path in folder.iterdir()}
        final = {name for name in found if not name.startswith(".enos-csr-")}
        assert final in (set(), {"a.key"}, {"a.key", "a.csr"})  # never a request without its key
        seen.add(len(final))
        for name in final:
            assert found[name].read_bytes() in (whole[name], claimed)
        if "a.csr" in final:
            assert found["a.key"].read_bytes() == whole["a.key"]
        if "a.key" in final:
            assert permissions(found["a.key"]) == 0o600
        for name in found.keys() - final:
            assert permissions(found[name]) == 0o700
        save_pair(folder, free_name(folder, "a"), b"key", b"csr")  # and life goes on
    assert seen == {0, 1, 2}


@posix
@pytest.mark.parametrize("suffix", [".key", ".csr"])
@pytest.mark.parametrize("named", [False, True], ids=["before", "after"])
def test_an_interruption_around_the_naming_of_a_file_takes_all_back(
    tmp_path, monkeypatch, suffix, named
):
    def interrupted(source: Path, target: Path, really=os.link) -> None:
        if named or Path(target).suffix != suffix:
            really(source, target)
        if Path(target).suffix == suffix:
            os.kill(os.getpid(), signal.SIGINT)  # Ctrl-C; Python notices when the call is over

    monkeypatch.setattr(os, "link", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_pair(tmp_path / "new", "a", b"key", b"csr")
    assert everything_in(tmp_path) == {}


@posix
def test_an_interruption_leaves_alone_what_is_not_ours(tmp_path, monkeypatch):
    def interrupted(source: Path, target: Path) -> None:
        Path(target).write_text("theirs, a moment earlier")
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "link", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_pair(tmp_path, "a", b"key", b"csr")
    assert everything_in(tmp_path) == {"a.key": b"theirs, a moment earlier"}


# --- Disks without permissions and without hard links ---------------------------------------------


def forbid_hard_links(monkeypatch: pytest.MonkeyPatch, number: int = errno.EPERM) -> None:
    """Make ``os.link`` fail as it does on FAT; the test with a real FAT needs a mount."""

    def link(source: Path, target: Path) -> None:
        raise OSError(number, os.strerror(number), str(source), None, str(target))

    monkeypatch.setattr(os, "link", link)


@pytest.mark.parametrize("in_the_way", [a_file, a_link_to_a_file, a_link_to_nothing, a_folder])
@pytest.mark.parametrize("suffix", [".key", ".csr"])
def test_without_hard_links_too_what_has_the_name_stays(
    tmp_path, monkeypatch, refusal, in_the_way, suffix
):
    forbid_hard_links(monkeypatch)
    monkeypatch.setattr(files, "check_set", lambda *_, **__: [])
    in_the_way(tmp_path / f"a{suffix}")
    before = everything_in(tmp_path)
    assert refusal(CannotSave, save_pair, tmp_path, "a", b"key", b"csr") == [Code.FILE_EXISTS]
    assert everything_in(tmp_path) == before


# FAT; network drives; a file system of somebody's own (FUSE) that leaves links out
@posix
@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK])
def test_without_hard_links_the_pair_is_as_whole_and_as_private(tmp_path, monkeypatch, number):
    forbid_hard_links(monkeypatch, number)
    save_pair(tmp_path, "a", b"key", b"csr")
    assert everything_in(tmp_path) == {"a.key": b"key", "a.csr": b"csr"}
    assert permissions(tmp_path / "a.key") == 0o600


@posix
def test_without_hard_links_too_a_failure_leaves_nothing_over(tmp_path, monkeypatch, refusal):
    forbid_hard_links(monkeypatch)

    def broken(source: Path, target: Path, really=os.replace) -> None:
        if Path(target).suffix == ".csr":
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(source), None, str(target))
        really(source, target)

    monkeypatch.setattr(os, "replace", broken)
    assert refusal(CannotSave, save_pair, tmp_path, "a", b"key", b"csr") == [Code.FILE_TROUBLE]
    assert everything_in(tmp_path) == {}


@posix
def test_a_disk_on_which_everybody_may_read_gets_an_encrypted_key_only(
    tmp_path, monkeypatch, refusal, key, key_pem
):
    # Where FAT cannot be mounted: it takes fchmod without a word and goes on saying 0755.
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
def test_a_usb_stick_that_somebody_else_has_put_in_is_no_different(
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


# --- Folders that will not do ---------------------------------------------------------------------


def test_a_long_missing_path_is_not_made(tmp_path, refusal):
    folder = tmp_path / "stick" / "keys"
    assert refusal(CannotSave, save_pair, folder, "a", b"key", b"csr") == [Code.FOLDER_MISSING]
    assert everything_in(tmp_path) == {}


@pytest.mark.parametrize("below", ["", "new"])
def test_a_file_is_not_a_folder(tmp_path, refusal, monkeypatch, below):
    (tmp_path / "file").write_text("mine")
    folder = tmp_path / "file" / below
    assert refusal(CannotSave, save_pair, folder, "a", b"key", b"csr") == [Code.NOT_A_FOLDER]
    monkeypatch.setattr(files, "check_set", lambda *_, **__: [])  # become one a moment later
    assert refusal(CannotSave, save_pair, folder, "a", b"key", b"csr") == [Code.NOT_A_FOLDER]
    assert everything_in(tmp_path) == {"file": b"mine"}


def test_a_link_to_a_missing_folder_is_a_missing_folder(tmp_path, refusal):
    (tmp_path / "link").symlink_to("gone")
    codes = refusal(CannotSave, save_pair, tmp_path / "link", "a", b"key", b"csr")
    assert codes == [Code.FOLDER_MISSING]


@posix
@pytest.mark.parametrize("below", ["", "new"])
def test_a_folder_of_somebody_elses_is_refused(anybodys_folder, as_ordinary_user, below):
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
def test_a_folder_in_which_the_name_finds_no_room(tmp_path, refusal, monkeypatch):
    folder = tmp_path
    while len(str(folder)) < 4095 - 110 - len("/.enos-csr-12345678/new.key"):
        folder /= "x" * 99
    room = 4094 - len(str(folder)) - len("/.enos-csr-12345678/new.key")
    folder /= "y" * (room - 1)
    made = Path(folder.anchor)
    for part in folder.parts[1:]:  # one by one: mkdir -p would need no less of a path
        made /= part
        made.mkdir(exist_ok=True)
    assert refusal(CannotSave, save_pair, folder, "n" * 200, b"key", b"csr") == [Code.PATH_TOO_LONG]
    assert everything_in(folder) == {}
    save_pair(folder, "n", b"key", b"csr")


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
        ("风机 🌬️ №7", "风机 🌬️ №7"),
        ("plant/turbine 7", "plant-turbine 7"),
        ("../../etc/passwd", "etc-passwd"),
        ("a:b*c?", "a-b-c-"),
        (" dev. ", "dev"),
        (".hidden", "hidden"),
        ("--force", "force"),
        ("dev-001.key", "dev-001"),
        ("dev-001.csr.KEY", "dev-001"),
        ("device.example.com", "device.example.com"),
        ("", "request"),
        ("...", "request"),
        (".key", "key"),
        ("x" * 300, "x" * 200),
        ("风" * 64, "风" * 64),
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
    assert 0 < len(name.encode()) <= files.MAX_NAME_BYTES
    assert not set(name) & set('<>:"/\\|?*')
    assert all(character >= " " and character != "\x7f" for character in name)
    assert name == name.strip(" .")
    assert not name.startswith("-")
    assert not name.lower().endswith((".key", ".csr"))
    for suffix in ("", ".key", ".csr"):
        stem = f"{name}{suffix}".partition(".")[0].rstrip(" ").upper()
        assert stem not in WINDOWS_RESERVED


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


# --- Reading --------------------------------------------------------------------------------------


def test_a_file_is_read_up_to_a_mebibyte(tmp_path, refusal):
    path = tmp_path / "some.key"
    path.write_bytes(b"x" * (1 << 20))
    assert len(files.read(path)) == 1 << 20
    path.write_bytes(b"x" * (2 << 20))
    with pytest.raises(UnreadableFile) as caught:
        files.read(path)
    [problem] = caught.value.problems
    assert problem.code is Code.FILE_TOO_LARGE
    assert (problem.path, problem.values["limit"]) == (path, 1 << 20)


def test_what_is_missing_or_no_file_is_not_read(tmp_path, refusal):
    assert refusal(UnreadableFile, files.read, tmp_path / "gone") == [Code.FILE_MISSING]
    assert refusal(UnreadableFile, files.read, tmp_path / "no" / "gone") == [Code.FILE_MISSING]
    (tmp_path / "file").write_text("no folder")
    assert refusal(UnreadableFile, files.read, tmp_path / "file" / "gone") == [Code.FILE_MISSING]
    assert refusal(UnreadableFile, files.read, tmp_path) == [Code.NOT_A_FILE]
    assert refusal(UnreadableFile, files.read, tmp_path / "a\0b") == [Code.FILE_MISSING]


@posix
def test_a_pipe_that_nobody_fills_keeps_nobody_waiting(tmp_path, refusal):
    os.mkfifo(tmp_path / "pipe")
    assert refusal(UnreadableFile, files.read, tmp_path / "pipe") == [Code.NOT_A_FILE]


@posix
def test_somebody_elses_key_is_not_read(anybodys_folder, as_ordinary_user):
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
