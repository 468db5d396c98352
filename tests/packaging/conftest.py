"""The downloads, built once, as the release builds them."""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import build as build_downloads
import pytest

TOP = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of everything that this platform can build."""
    if sys.platform == "linux" and not shutil.which("dpkg-shlibdeps"):
        pytest.skip("only Debian and Ubuntu, with dpkg-dev, build the downloads for Linux")
    if "PYTEST_XDIST_WORKER" in os.environ:
        kept_together = "@downloads" in os.environ["PYTEST_CURRENT_TEST"]
        assert kept_together, "every process would build them: choose '--dist loadgroup'"
    folder = tmp_path_factory.mktemp("dist")
    environment = {key: os.environ[key] for key in os.environ if key != "QT_QPA_PLATFORM"}
    done = subprocess.run(
        [sys.executable, TOP / "packaging" / "build.py", "--into", folder],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout)  # the sizes
    return folder


@pytest.fixture(scope="session")
def bundle(dist: Path) -> Path:
    """The frozen program in its folder."""
    return dist / "enos-csr"


@pytest.fixture
def builds_the_same(tmp_path: Path) -> Callable[..., None]:
    """A function that builds what is in a folder again, and compares the bytes.

    At another time and place, as a user with another umask and time zone.
    """

    def build_again(folder: Path, *options: str) -> None:
        place = tmp_path / "another place"
        not_sources = shutil.ignore_patterns(".*", "build", "dist", "__pycache__")
        shutil.copytree(TOP, place, ignore=not_sources)
        (place / ".venv").symlink_to(TOP / ".venv")
        again = place / "dist"
        here = {
            "SOURCE_DATE_EPOCH": str(build_downloads.commit_time()),  # the place is no clone
            "PATH": os.pathsep.join([os.environ["PATH"], str(TOP / ".uv" / "bin")]),
        }
        done = subprocess.run(
            [sys.executable, place / "packaging/build.py", *options, "--into", again],
            env=os.environ | here | {"TZ": "Asia/Shanghai"},
            umask=0o077,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        files = [file.relative_to(folder) for file in folder.rglob("*") if file.is_file()]
        assert files
        for file in files:
            assert filecmp.cmp(folder / file, again / file, shallow=False), file

    return build_again


@pytest.fixture
def opens_a_window(display: str, tmp_path: Path) -> Callable[..., None]:
    """A function that starts a program, waits for its window, and asks it to end."""

    def open_window(*command: str | Path) -> None:
        environment = {"DISPLAY": display, "HOME": str(tmp_path), "PATH": os.environ["PATH"]}
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        try:
            search = ["xdotool", "search", "--sync", "--onlyvisible", "--name", "EnOS"]
            subprocess.run(search, env=environment, check=True, timeout=600, capture_output=True)
            assert process.poll() is None
            process.terminate()
            errors = process.communicate(timeout=600)[1]
            assert process.returncode == 0, errors
        finally:
            process.kill()
            process.communicate()

    return open_window


@pytest.fixture
def makes_a_request(
    openssl: Callable[..., str], answers: dict[str, str], tmp_path: Path
) -> Callable[..., None]:
    """A function that makes a request with a command, and has OpenSSL read it."""

    def make(*command: str | Path, **environment: str) -> None:
        options = [
            part for key, text in answers.items() for part in (f"--{key.replace('_', '-')}", text)
        ]
        folder = tmp_path / "made by the command"
        environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]} | environment
        done = subprocess.run(
            [*command, "new", *options, "--out", folder],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        csr = folder / "dev-001.csr"
        assert "verify OK" in openssl("req", "-in", csr, "-noout", "-verify")

    return make
