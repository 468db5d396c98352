"""The wheel in an environment of its own, away from the checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from enos_csr_gui import __version__

pytestmark = pytest.mark.slow

TOP = Path(__file__).parents[2]
BIN = "Scripts" if os.name == "nt" else "bin"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout by way of the source distribution."""
    private = TOP / ".uv" / BIN / "uv"
    uv = str(private) if private.exists() else shutil.which("uv")
    if not uv:
        pytest.skip("uv builds the wheel, and it is not installed; './run test' installs it")
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([uv, "build", "--quiet", "--out-dir", folder, TOP], check=True)
    assert list(folder.glob("*.tar.gz"))
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands of a clean environment with the wheel in it."""
    folder = tmp_path_factory.mktemp("installed")
    private = TOP / ".uv" / BIN / "uv"
    uv = str(private) if private.exists() else "uv"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder / "venv"], check=True)
    commands = folder / "venv" / BIN
    python = commands / "python"
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, wheel], check=True)
    return commands


def test_the_wheel_holds_the_program_and_its_resources_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "enos_csr_gui/_resources/icons/app.svg" in names
    assert "enos_csr_gui/_resources/guide/user-guide.md" in names
    assert "enos_csr_gui/_resources/translations/zh_CN/LC_MESSAGES/enos-csr.mo" in names
    assert not [name for name in names if name.startswith("tests")]


def test_both_commands_work_from_anywhere(
    installed: Path, tmp_path: Path, answers: dict[str, str], openssl: Callable[..., str]
) -> None:
    version = subprocess.run(
        [installed / "enos-csr", "--version"], cwd=tmp_path, capture_output=True, check=True
    )
    assert version.stdout.decode().split() == ["enos-csr", __version__]

    options = [part for key, text in answers.items() for part in (f"--{key}", text)]
    options = [option.replace("common_name", "common-name") for option in options]
    made = subprocess.run(
        [installed / "enos-csr", "new", *options, "--out", "made", "--json"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    result = json.loads(made.stdout)
    assert "verify OK" in openssl("req", "-in", result["csr"], "-noout", "-verify")
    assert Path(result["csr"]) == tmp_path / "made" / "dev-001.csr"
    assert Path(result["key"]) == tmp_path / "made" / "dev-001.key"


def test_the_icons_are_found(installed: Path, tmp_path: Path) -> None:
    program = "from enos_csr_gui import resources as r; print(r.icon('app').is_file(), r.folder())"
    done = subprocess.run(
        [installed / "python", "-c", program], cwd=tmp_path, capture_output=True, check=True
    )
    assert done.stdout.decode().startswith("True")
    assert str(TOP) not in done.stdout.decode()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there always is a display")
def test_the_wizard_starts_or_says_why_not(installed: Path, tmp_path: Path) -> None:
    hidden = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    done = subprocess.run(
        [installed / "enos-csr-gui"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert "'enos-csr new' does the same without a window" in done.stderr.decode()
