"""``enos-csr-gui --self-test``: whether an installation is whole."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PACKAGE = Path(__file__).parents[2] / "enos_csr_gui"


def self_test(beside: Path) -> subprocess.CompletedProcess[str]:
    """Run it for the program that lies in this folder."""
    hidden = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    return subprocess.run(
        [sys.executable, "-m", "enos_csr_gui", "--self-test"],
        cwd=beside,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the program, to take things away from; returns the folder it lies in."""
    shutil.copytree(PACKAGE, tmp_path / "enos_csr_gui")
    for beside in ("resources", "docs"):
        shutil.copytree(PACKAGE.parent / beside, tmp_path / beside)
    return tmp_path


def test_a_whole_program_says_so_and_leaves_nothing_behind(
    copy: Path, data_folder: Path, settings_folder: Path
) -> None:
    done = self_test(copy)
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("Everything is in order.\n")
    for part in ("modules", "plugins", "resources", "catalogues", "key and request", "page"):
        assert f"ok      {part}: " in done.stdout
    assert [*data_folder.iterdir(), *settings_folder.iterdir()] == []


@pytest.mark.parametrize(
    ("missing", "part"),
    [
        ("resources/icons/app.svg", "resources"),
        ("resources/icons", "resources"),
        ("resources/translations", "catalogues"),
        ("enos_csr_gui/core/history.py", "modules"),
        ("enos_csr_gui/gui/pages/save.py", "page"),
    ],
)
def test_what_is_missing_is_named(copy: Path, missing: str, part: str) -> None:
    path = copy / missing
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    done = self_test(copy)
    assert done.returncode == 1
    assert f"FAILED  {part}: " in done.stdout
