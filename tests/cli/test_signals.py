"""Ctrl-C, a closed terminal, log-out and kill, each sent at one system call of the real command."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from enos_csr_gui.core.history import RequestHistory

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX knows them")

WRITTEN = ["dev-001.csr", "dev-001.key"]


@pytest.fixture
def signalled(enos_csr_process, options) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Return a function that runs 'new' and sends it a signal when it calls the system.

    ``when`` counts the calls of fsync, as strace does: the first and second are the journal's, the
    third is the key's, or the other way round.
    """
    if not shutil.which("strace"):
        pytest.skip("no strace")

    def run(
        name: str, when: str, *more: str, prefix: tuple[str, ...] = (), command: str = "new"
    ) -> subprocess.CompletedProcess[bytes]:
        inject = f"inject=fsync:signal={name}:when={when}"
        strace = (*prefix, "strace", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", inject)
        return enos_csr_process(command, *options(), *more, prefix=strace)

    return run


def recorded() -> list[str]:
    with RequestHistory() as history:
        return [request.common_name for request in history.requests()]


@pytest.mark.long
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("when", ["1", "3", "6"])
def test_a_save_once_begun_is_finished_recorded_and_reported(signalled, written, name, when):
    done = signalled(name, when)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"dev-001.csr" in done.stdout
    assert written() == WRITTEN
    assert recorded() == ["dev-001"]


@pytest.mark.long
def test_a_second_ctrl_c_takes_everything_back(signalled, written):
    done = signalled("SIGINT", "2..4")
    assert done.returncode == 1
    assert done.stderr.strip() == b"Aborted!"
    assert written() == []
    assert recorded() == []


@pytest.mark.long
def test_an_ignored_sighup_stays_ignored(signalled, written):
    done = signalled("SIGHUP", "1+", prefix=("nohup",))
    assert done.returncode == 0
    assert written() == WRITTEN
    assert recorded() == ["dev-001"]


@pytest.mark.long
@pytest.mark.parametrize("when", [str(number) for number in range(1, 16)])
def test_the_next_start_ends_what_a_kill_cut_off(
    signalled, enos_csr_process, written, data_folder, when
):
    signalled("SIGKILL", when)
    assert enos_csr_process("fields").returncode == 0
    assert written() in ([], WRITTEN)
    assert recorded() == (["dev-001"] if written() else [])
    assert not list(data_folder.rglob("saving-*"))


@pytest.mark.long
def test_a_request_for_an_existing_key_is_recorded_too(
    signalled, enos_csr_process, options, folder
):
    assert enos_csr_process("new", *options(common_name="old")).returncode == 0
    counts = set()
    for number in range(3, 9):
        more = ("--key", "old.key", "--name", f"dev-{number}", "--allow-used-name")
        signalled("SIGKILL", str(number), *more)
        assert enos_csr_process("fields").returncode == 0
        files = {path.stem for path in folder.glob("dev-*.csr")}
        with RequestHistory() as history:
            found = history.requests()
        assert {one.csr.stem for one in found} - {"old"} == files
        assert {one.key for one in found} == {folder / "old.key"}
        counts.add(len(files))
    assert counts != {0}


@pytest.mark.parametrize(("name", "status"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_question_is_no_reason_to_go_on(terminal, written, name, status):
    person = terminal("new")
    person.expect("Country: ")
    assert person.end(getattr(signal, name)) == status
    assert written() == []


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"])
@pytest.mark.parametrize("kills", [3, pytest.param(25, marks=pytest.mark.slow)])
def test_whenever_the_command_is_ended_all_is_there_or_nothing(
    options, folder, data_folder, name, kills
):
    enos_csr = Path(sys.executable).with_name("enos-csr")
    for number in range(kills):
        place = folder / str(number)
        command = [enos_csr, "new", *options(common_name=f"dev-{number}"), "--out", place]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, **quiet) as process:
            time.sleep(random.uniform(0.1, 0.6))
            process.send_signal(getattr(signal, name))
        if name == "SIGKILL":
            subprocess.run([enos_csr, "fields"], check=True, stdout=subprocess.DEVNULL)
        left = {path.name for path in place.iterdir()} if place.exists() else None
        assert left in (None, {f"dev-{number}.key", f"dev-{number}.csr"})
        assert bool(left) == (f"dev-{number}" in recorded())
    assert not list(data_folder.rglob("saving-*"))
