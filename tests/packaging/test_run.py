"""``./run``, which sets up a fresh machine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(
    not shutil.which("sh") or os.name == "nt", reason="a shell script; Windows has run.ps1"
)


def run(*arguments: str, top: Path = TOP, **environment: str) -> subprocess.CompletedProcess[str]:
    hidden = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    inherited = {key: value for key, value in os.environ.items() if key not in hidden}
    return subprocess.run(
        [str(top / "run"), *arguments],
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_names_every_use() -> None:
    done = run("help")
    assert done.returncode == 0
    for use in ("./run  ", "./run csr", "./run test", "./run photos"):
        assert use in done.stdout


def test_windows_has_the_same_uses() -> None:
    def uses(text: str, start: str) -> set[str]:
        return {" ".join(found.split()) for found in re.findall(rf"{start}((?: [^ \n]+)*)  ", text)}

    script = (TOP / "run.ps1").read_text(encoding="utf-8")
    others = {use for use in uses(run("help").stdout, "run") if not use.startswith("windows")}
    assert uses(script, re.escape("run.ps1")) == others
    assert {"", "csr ...", "test --fast"} <= others


def test_a_word_that_is_none_of_these_is_answered_with_help() -> None:
    done = run("tset")
    assert done.returncode == 2
    assert "./run test" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there always is a display")
def test_without_a_display_the_way_without_a_window_is_named() -> None:
    done = run()
    assert done.returncode == 1
    assert "./run csr new" in done.stderr
    assert "enos-csr new" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere Qt needs nothing of the system")
def test_without_root_the_exact_command_is_printed(tmp_path: Path) -> None:
    """A machine that lacks two of Qt's libraries; ``ldd`` and ``id`` tell, so they are replaced."""
    shutil.copy(TOP / "run", tmp_path)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, output in {
        "ldd": "libxcb-cursor.so.0 => not found\\nlibEGL.so.1 => not found",
        "id": "1000",
        "uv": "",
        "apt-get": "",
    }.items():
        (tools / name).write_text(f"#!/bin/sh\nprintf '{output}\\n'\n")
        (tools / name).chmod(0o755)
    done = run(top=tmp_path, DISPLAY=":0", PATH=f"{tools}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert "sudo apt-get install libegl1 libxcb-cursor0" in done.stderr


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_the_command_line_writes_where_the_person_is(
    tmp_path: Path, answers: dict[str, str]
) -> None:
    if not (TOP / ".venv" / "bin" / "enos-csr").exists():
        pytest.skip("this checkout has not been set up with './run'")
    options = [
        part for key, text in answers.items() for part in (f"--{key.replace('_', '-')}", text)
    ]
    subprocess.run([TOP / "run", "csr", "new", *options], cwd=tmp_path, check=True)
    assert (tmp_path / "dev-001.csr").is_file()


class Machine:
    """A machine with a copy of ``run`` and few commands; some only write down how they are called.

    These are the ones that would change this machine or that tell what it is like.
    """

    TOOLS = ("awk", "cat", "dirname", "find", "grep", "sed", "sh", "sort")

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "checkout"
        self.commands = folder / "bin"
        self._calls = folder / "calls"
        programs = self.checkout / ".venv" / "bin"
        programs.mkdir(parents=True)
        self.commands.mkdir()
        self._calls.touch()
        shutil.copy(TOP / "run", self.checkout)
        for tool in self.TOOLS:
            (self.commands / tool).symlink_to(shutil.which(tool) or tool)
        for program in (programs / "enos-csr-gui", programs / "python"):
            self._write(program, self._note(program.name))
        for command in ("uv", "apt-get"):
            self.has(command, self._note(command))
        self.has("uname", "echo Linux")
        self.has("id", "echo 1000")
        self.has("openssl", "")
        self.lacks()

    def has(self, command: str, script: str) -> None:
        """Put a command on the machine."""
        self._write(self.commands / command, script)

    def lacks(self, *libraries: str) -> None:
        """Let libraries of the system be missing."""
        self.has("ldd", "\n".join(f"echo '{name} => not found'" for name in libraries))

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run ``./run``."""
        home = str(self.checkout)
        return run(*arguments, top=self.checkout, PATH=str(self.commands), HOME=home, **environment)

    def calls(self, command: str) -> list[str]:
        """Return the arguments of each call of a command."""
        lines = (line.partition(": ") for line in self._calls.read_text().splitlines())
        return [arguments for name, _, arguments in lines if name == command]

    def _note(self, name: str) -> str:
        return f'echo "{name}: $*" >>"{self._calls}"'

    @staticmethod
    def _write(path: Path, script: str) -> None:
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Return a machine used without root, with all that the wizard needs."""
    return Machine(tmp_path)


def test_with_nothing_missing_the_wizard_opens_silently(machine: Machine) -> None:
    done = machine.run(DISPLAY=":7")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(machine.calls("enos-csr-gui")) == 1
    assert machine.calls("apt-get") == []


def test_missing_libraries_are_installed_for_root(machine: Machine) -> None:
    machine.lacks("libxcb-icccm.so.4", "libxkbcommon-x11.so.0", "libgthread-2.0.so.0")
    machine.has("id", "echo 0")
    done = machine.run(DISPLAY=":7")
    assert done.returncode == 0
    update, install = machine.calls("apt-get")
    assert update.startswith("update")
    assert install.startswith("install -y ")
    assert install.endswith(" libglib2.0-0 libxcb-icccm4 libxkbcommon-x11-0")
    assert len(machine.calls("enos-csr-gui")) == 1


def test_an_installation_that_fails_ends_it(machine: Machine) -> None:
    machine.lacks("libGL.so.1")
    machine.has("id", "echo 0")
    machine.has("apt-get", "exit 100")
    assert machine.run(DISPLAY=":7").returncode == 1
    machine.lacks()
    assert machine.run("test", "tests/core").returncode == 1
    assert machine.calls("enos-csr-gui") == machine.calls("python") == []


def test_missing_tools_are_named_and_do_not_prevent_testing(machine: Machine) -> None:
    done = machine.run("test", "tests/core")
    assert done.returncode == 0
    assert "sudo apt-get install xvfb xauth xdotool" in done.stderr
    assert machine.calls("python") == ["-m pytest tests/core"]


@pytest.mark.parametrize("user", ["0", "1000"])
def test_without_wine_the_short_part_on_windows_is_no_failure(machine: Machine, user: str) -> None:
    machine.has("id", f"echo {user}")
    machine.has("apt-get", "exit 100")
    done = machine.run("windows", "--short")
    assert done.returncode == 0, done.stderr
    assert machine.calls("python") == ["packaging/wine/suite.py --short"]


def test_the_photographs_of_windows_are_taken_under_wine(machine: Machine) -> None:
    machine.has("id", "echo 1000")
    machine.has("apt-get", "exit 100")
    assert machine.run("windows", "--photos", "folder").returncode == 0
    assert machine.calls("python") == ["packaging/wine/pictures.py folder"]


def test_the_short_part_says_that_wine_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from wine import suite

    monkeypatch.setattr(shutil, "which", lambda *_arguments, **_options: None)
    assert suite.run_short([])
    assert capsys.readouterr().out == (
        "NOT RUN: the tests on Windows. Reason: wine64 is not installed\n"
    )


def test_a_run_on_windows_that_was_ended_tells_what_it_knew(tmp_path: Path) -> None:
    from wine import suite

    def noted(test: str, when: str, outcome: str | None = None, reason: str = "") -> str:
        result = {"test": test, "when": when, "outcome": outcome, "reason": reason}
        return json.dumps({key: value for key, value in result.items() if value is not None})

    file = tmp_path / "results.jsonl"
    lines = [
        *(noted("a", "start"), noted("a", "setup", "passed"), noted("a", "call", "passed")),
        *(noted("b", "start"), noted("b", "call", "failed"), noted("b", "teardown", "passed")),
        *(noted("c", "start"), noted("c", "call", "passed"), noted("c", "teardown", "failed")),
        *(noted("d", "start"), noted("d", "setup", "skipped", "not here")),
        *(noted("e", "start"), noted("e", "setup", "skipped", "Wine: draws nothing")),
        *(noted("f", "start"), noted("f", "setup", "passed")),
    ]
    file.write_text("\n".join(lines) + '\n{"test": "f", "wh', encoding="utf-8")
    result = suite.Result("as asked", status=124)
    assert result.read(file)
    assert (result.passed, result.failed) == (["a"], ["b", "c", "f"])
    assert (result.skipped, result.wine) == (["d"], ["e"])
    assert not result.is_good
    assert not suite.Result("as asked").read(tmp_path / "none.jsonl")


def test_missing_libraries_and_tools_are_named_in_one_command(machine: Machine) -> None:
    machine.lacks("libGL.so.1")
    done = machine.run("test", "tests/core")
    assert done.returncode == 1
    assert "sudo apt-get install libgl1 xvfb xauth xdotool" in done.stderr
    assert machine.calls("python") == []


def test_tests_require_openssl(machine: Machine) -> None:
    (machine.commands / "openssl").unlink()
    done = machine.run("test", "tests/core")
    assert done.returncode == 1
    assert "sudo apt-get install openssl xvfb xauth xdotool" in done.stderr
    assert machine.calls("python") == []


def test_without_uv_and_python_the_command_that_gets_them_is_named(machine: Machine) -> None:
    (machine.commands / "uv").unlink()
    done = machine.run("csr")
    assert done.returncode == 1
    assert "sudo apt-get install python3 python3-venv\n" in done.stderr
