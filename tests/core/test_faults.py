"""A real fault at a system call of a real command: all files are there or none, no traceback.

``ENOS_CSR_EVERY_FAULT=1`` tries every call that ``strace`` can make fail, with every error; without
it, a sample. The errors are given by the kernel's own table, not by a stand-in in Python.
"""

from __future__ import annotations

import itertools
import os
import random
import re
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from enos_csr_gui.core import files, interrupted, journal, key_reader, keys
from enos_csr_gui.core.batch import records
from enos_csr_gui.core.errors import CannotSave, HistoryUnavailable
from enos_csr_gui.core.history import RequestHistory

EVERY = bool(os.environ.get("ENOS_CSR_EVERY_FAULT"))
SAMPLE = 10
"""For each command, about one second each."""

PROGRAM = Path(files.__file__).parents[2]
ENOS_CSR = Path(sys.executable).with_name("enos-csr")

pytestmark = [
    pytest.mark.slow,
    *([pytest.mark.timeout(0)] if EVERY else []),
    pytest.mark.skipif(sys.platform != "linux", reason="strace is Linux's"),
]

ERRORS = ("EIO", "ENOSPC", "EACCES", "EINTR")

# What the commands do with files and their names. Python calls again what a signal interrupts, so
# EINTR is no failure.
CALLS = (
    *("openat", "write", "pwrite64", "read", "pread64", "fsync", "fdatasync", "linkat", "unlink"),
    *("unlinkat", "rename", "renameat", "renameat2", "mkdir", "rmdir", "fchmod", "flock", "fstat"),
    *("newfstatat", "lseek", "ftruncate", "fcntl", "getdents64", "close"),
)


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory, authority) -> Callable[..., list[str]]:
    """Return a function for the arguments of a command that is to write into a folder."""
    if not shutil.which("strace"):
        pytest.skip("no strace")
    made = tmp_path_factory.mktemp("made")
    subject = ["--country", "CN", "--state", "Guizhou", "--locality", "Kaili", "--unit", "Ops"]
    subject += ["--organization", "Example"]
    answers = [*subject, "--common-name", "dev-001"]
    new = [ENOS_CSR, "new", *answers, "--out", made]
    subprocess.run(new, check=True, capture_output=True, env=environment(made / "data"))
    authority.issue(made / "dev-001.csr", made / "issued.pem")
    chain = authority.intermediate.read_bytes() + authority.root.read_bytes()
    (made / "chain.pem").write_bytes(chain)
    (made / "devices.csv").write_text("CN\n" + "\n".join(DEVICES) + "\n")
    batch = ["batch", str(made / "devices.csv"), *subject, "--out"]
    other = environment(made / "other")
    subprocess.run([ENOS_CSR, *batch, made / "farm"], check=True, capture_output=True, env=other)
    for device in DEVICES:
        authority.issue(made / "farm" / device / f"{device}.csr", made / f"{device}.pem")

    def arguments(name: str, folder: Path) -> list[str]:
        key = folder / "dev-001.key"
        if name == "batch":
            return [*batch, str(folder / "farm")]
        if name == "receive-batch":
            shutil.copytree(made / "farm", folder / "farm")
            came = [str(made / f"{device}.pem") for device in DEVICES]
            chain = str(made / "chain.pem")
            return [name, *came, chain, "--out", str(folder / "farm"), "--format", "pem"]
        if name == "new":
            return ["new", *answers, "--out", str(folder)]
        shutil.copy(made / "dev-001.key", key)
        shutil.copy(made / "dev-001.csr", folder)
        issued, with_chain = str(made / "issued.pem"), ("--chain", str(made / "chain.pem"))
        if name == "receive":
            return ["receive", issued, "--key", str(key), *with_chain]
        device = ("--format", "pem", "--out", str(folder / "device"))
        return ["export", issued, "--key", str(key), *with_chain, *device]

    return arguments


DEVICES = ("dev-001", "dev-002", "dev-003")

WHOLE = {
    "new": {"dev-001.key", "dev-001.csr"},
    "receive": {"dev-001.key", "dev-001.csr", "dev-001.crt"},
    "export": {
        *("dev-001.key", "dev-001.csr", "device", "device/edge.key", "device/edge.pem"),
        "device/edge_ca.pem",
    },
}
BEFORE = {"new": set(), "receive": {"dev-001.key", "dev-001.csr"}, "export": WHOLE["new"]}


def left_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def environment(data: Path) -> dict[str, str]:
    return {**os.environ, "XDG_DATA_HOME": str(data), "XDG_CONFIG_HOME": str(data / "config")}


def check(name: str, done: subprocess.CompletedProcess[str], folder: Path, data: Path) -> None:
    """Check what the command said and left behind, now and after the next start."""
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode in (0, 1, 2, 127), (done.returncode, done.stderr)
    # 127: the interpreter itself could not be loaded.
    if done.returncode == 0:
        assert WHOLE[name] <= left_in(folder), done.stderr
    for path in folder.rglob("*.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_bytes().endswith(b"-----END PRIVATE KEY-----\n")
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in environment(data).items():
            patch.setenv(variable, value)
        interrupted.tidy()  # the next start
    assert left_in(folder) in (BEFORE[name], WHOLE[name]), (done.returncode, done.stderr)
    if name == "new" and left_in(folder) == WHOLE[name] and "not listed" not in done.stderr:
        with RequestHistory(data / "enos-csr" / "history.sqlite3") as history:
            try:
                assert [one.common_name for one in history.requests()] == ["dev-001"]
            except HistoryUnavailable as error:
                raise AssertionError(str(error)) from error


# Where the program and its libraries are: there is nothing to lose while they are loaded.
LIBRARIES = (
    *{str(Path(one).resolve()) for one in (sys.prefix, sys.base_prefix, PROGRAM)},
    *("/usr/lib", "/lib/", "/etc/ld.so"),
)


def calls_of(arguments: list[str], data: Path, log: Path) -> list[tuple[str, int]]:
    """Return each call that concerns a file of the person's, and which of its kind it is."""
    trace = f"trace={','.join(CALLS)}"
    command = ["strace", "-qq", "-y", "-e", trace, "-o", log, ENOS_CSR, *arguments]
    subprocess.run(command, check=True, capture_output=True, env=environment(data))
    counts: dict[str, int] = {}
    found = []
    begun = False
    for line in log.read_text().splitlines():
        if match := re.match(r"(\w+)\(", line):
            call = match[1]
            counts[call] = counts.get(call, 0) + 1
            begun = begun or str(data) in line
            if begun and not any(place in line for place in LIBRARIES):
                found.append((call, counts[call]))
    return found


def faults(calls: list[tuple[str, int]]) -> Iterator[tuple[str, int, str]]:
    everything = [(call, number, error) for call, number in calls for error in ERRORS]
    return iter(everything if EVERY else random.Random(4).sample(everything, SAMPLE))


def keys_and_certificates(folder: Path) -> dict[Path, bytes]:
    return {one: one.read_bytes() for one in folder.rglob("*") if one.suffix in (".key", ".crt")}


def check_batch(
    arguments: list[str], whole: set[str], folder: Path, done: subprocess.CompletedProcess[str]
) -> None:
    """Check what is there after the fault, and that the same command goes on."""
    data = folder.with_name(f"data{folder.name}")
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode in (0, 1, 2, 127), (done.returncode, done.stderr)
    before = keys_and_certificates(folder)
    for path, content in before.items():
        end = b"PRIVATE KEY-----\n" if path.suffix == ".key" else b"CERTIFICATE-----\n"
        assert content.endswith(b"-----END " + end), path
        if path.suffix == ".key":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    named = {one for one in left_in(folder) if "/.enos-csr-" not in one}
    # A pair has its names in one step.
    assert {one.removesuffix(".key") for one in named if one.endswith(".key")} >= {
        one.removesuffix(".csr") for one in named if one.endswith(".csr")
    }
    if done.returncode == 0:
        assert named >= whole, done.stderr
    again = subprocess.run(
        [ENOS_CSR, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
        env=environment(data),
    )
    assert again.returncode == 0, (again.stderr, done.stderr)
    assert left_in(folder) == whole
    after = keys_and_certificates(folder)
    # A certificate may have been saved without its chain, which the second run adds.
    changed = [str(path) for path in before if not after.get(path, b"").startswith(before[path])]
    assert changed == []
    agree(folder / "farm", data if arguments[0] == "batch" else None)


def agree(farm: Path, data: Path | None) -> None:
    """Check that pairs, records, manifest and history say the same."""
    listed = {one.common_name: one for one in records.read(farm)}
    assert set(listed) == set(DEVICES)
    for name, record in listed.items():
        key = key_reader.load((farm / record.key).read_bytes())
        assert record.csr_pem == (farm / record.csr).read_text()
        assert record.public_key_sha256 == keys.public_key_sha256(key.public_key())
        assert record.public_key_sha256 in (farm / "manifest.csv").read_text(), name
    assert len((farm / "manifest.csv").read_text().splitlines()) == 1 + len(DEVICES)
    if data:
        with RequestHistory(data / "enos-csr" / "history.sqlite3") as history:
            known = sorted(one.public_key_sha256 for one in history.requests())
        assert known == sorted(one.public_key_sha256 for one in listed.values())


@pytest.fixture
def inject(command: Callable[..., list[str]], tmp_path: Path) -> Callable[..., None]:
    """Return a function that has faults happen in a command, one at a time, and checks each."""

    def inject_all(
        name: str, choose: Callable[[list[tuple[str, int]]], Iterable[tuple[str, int, str]]]
    ) -> None:
        first = tmp_path / "first"
        first.mkdir()
        calls = calls_of(command(name, first), tmp_path / "data", tmp_path / "log")
        assert len(calls) > 50
        whole = left_in(first)
        for number, (call, occurrence, error) in enumerate(choose(calls)):
            folder, data = tmp_path / f"{number}", tmp_path / f"data{number}"
            folder.mkdir()
            arguments = command(name, folder)
            fault = f"inject={call}:error={error}:when={occurrence}"
            done = subprocess.run(
                ["strace", "-qq", "-e", fault, "-o", os.devnull, ENOS_CSR, *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                text=True,
                errors="replace",
                env=environment(data),
            )
            try:
                if name in WHOLE:
                    check(name, done, folder, data)
                else:
                    check_batch(arguments, whole, folder, done)
            except AssertionError as failure:
                raise AssertionError(f"{fault}: {failure}") from failure
            shutil.rmtree(folder)
            shutil.rmtree(data, ignore_errors=True)
        print(f"{name}: {len(calls)} calls")

    return inject_all


@pytest.mark.long
@pytest.mark.parametrize("name", ["new", "receive", "export", "batch", "receive-batch"])
def test_after_a_failing_system_call_all_is_there_or_nothing(
    inject: Callable[..., None], name: str
) -> None:
    inject(name, faults)


@pytest.mark.long
def test_an_error_when_a_file_is_closed_takes_nothing_back(inject: Callable[..., None]) -> None:
    inject("new", lambda calls: [(*one, "EIO") for one in calls if one[0] == "close"])


@pytest.mark.long
def test_a_delivery_that_is_killed_goes_on(
    command: Callable[..., list[str]], tmp_path: Path
) -> None:
    first = tmp_path / "first"
    first.mkdir()
    start = time.monotonic()
    environment_ = environment(tmp_path / "datafirst")
    arguments = [ENOS_CSR, *command("receive-batch", first)]
    subprocess.run(arguments, check=True, capture_output=True, env=environment_)
    seconds, whole = time.monotonic() - start, left_in(first)
    moments = random.Random(4)
    for number in range(40 if EVERY else 4):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        arguments = command("receive-batch", folder)
        with subprocess.Popen(
            [ENOS_CSR, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(tmp_path / f"data{number}"),
        ) as process:
            time.sleep(moments.uniform(0.2, 1) * seconds)
            process.kill()
            said = process.communicate()
        status = max(process.returncode, 0) if "Report" in said[0] else 1
        done = subprocess.CompletedProcess(arguments, status, *said)
        check_batch(arguments, whole, folder, done)


# --- The disk fills, the folder goes --------------------------------------------------------------


@pytest.mark.long
def test_a_disk_that_is_filled_in_steps_of_4_kb(
    command: Callable[..., list[str]], mounted: Callable[..., Path], tmp_path: Path
) -> None:
    """Both files and the history are on the same small disk."""
    outcomes = set()
    for pages in range(1, 40, 1 if EVERY else 8):
        disk = mounted("-t", "tmpfs", "-o", f"size={4 * pages}k", "tmpfs")
        folder, data = disk / "keys", disk / "data"
        try:
            folder.mkdir()
        except OSError:
            continue
        done = subprocess.run(
            [ENOS_CSR, *command("new", folder)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
            env=environment(data),
        )
        assert "Traceback" not in done.stderr
        assert left_in(folder) in (set(), WHOLE["new"])
        assert (left_in(folder) == WHOLE["new"]) == (done.returncode == 0), done.stderr
        outcomes.add(done.returncode)
    assert outcomes == {0, 1}


CHANGES = {
    "removed": "rm -r {folder}",
    "renamed": "mv {folder} {folder}-renamed",
    "swapped": "mv {folder} {folder}-renamed && mkdir {folder}",
    "swapped for a link": "mv {folder} {folder}-renamed && ln -s {folder}-renamed {folder}",
    "read-only": "mount -t tmpfs -o ro tmpfs {folder}",
    "immutable": "chattr +i {folder}",
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("moment", [1, 2, 3], ids=["key", "request", "folder"])
def test_a_folder_that_changes_during_a_save(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str, moment: int
) -> None:
    """It changes when the key is written, when the request is, and when both have their names."""
    folder = tmp_path / "keys"
    folder.mkdir()
    calls = itertools.count(1)

    def sync(descriptor: int, really: Callable[[int], None] = os.fsync) -> None:
        place = Path(f"/proc/self/fd/{descriptor}").readlink()
        if not place.is_relative_to(journal.data_folder()) and next(calls) == moment:
            command = CHANGES[change].format(folder=folder)
            done = subprocess.run(command, shell=True, capture_output=True, check=False)
            if done.returncode:
                pytest.skip(f"cannot be done here: {done.stderr.decode()}")
        really(descriptor)

    monkeypatch.setattr(os, "fsync", sync)
    try:
        files.save_pair(folder, "a", b"key", b"csr")
        saved = True
    except CannotSave:
        saved = False
    finally:
        monkeypatch.setattr(os, "fsync", os.fsync)
        subprocess.run(["chattr", "-i", folder], capture_output=True, check=False)
        subprocess.run(["umount", folder], capture_output=True, check=False)
    places = [place for place in (folder, tmp_path / "keys-renamed") if place.is_dir()]
    left = [names for place in places if (names := left_in(place))]
    whole = {"a.key", "a.csr"}
    assert all(names == whole for names in left), left
    # What is not said to be saved may only be there where the folder is out of reach.
    assert not left or saved or change in ("renamed", "swapped", "immutable", "read-only"), left
    assert left or not saved or change == "removed"


# --- Several copies at once -----------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("copies", [2, 3])
def test_copies_at_once_for_one_name(
    command: Callable[..., list[str]], tmp_path: Path, copies: int
) -> None:
    for number in range(12 if EVERY else 2):
        folder, data = tmp_path / f"{number}", tmp_path / f"data{number}"
        folder.mkdir()
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "text": True}
        running = [
            subprocess.Popen(
                [ENOS_CSR, *command("new", folder)],
                stderr=subprocess.PIPE,
                env=environment(data),
                **quiet,
            )
            for _copy in range(copies)
        ]
        said = [process.communicate(timeout=600)[1] for process in running]
        assert sorted(process.returncode for process in running) == [0] + [1] * (copies - 1), said
        assert left_in(folder) == WHOLE["new"]
        with RequestHistory(data / "enos-csr" / "history.sqlite3") as history:
            assert [one.common_name for one in history.requests()] == ["dev-001"]
