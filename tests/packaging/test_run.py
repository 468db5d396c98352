"""``./run``, which sets up a fresh machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(
    not shutil.which("sh") or os.name == "nt", reason="a shell script; on Windows uv does its work"
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
def test_who_is_no_administrator_is_told_the_exact_command(tmp_path: Path) -> None:
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
