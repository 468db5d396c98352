"""What every test stands on: settings of its own, no screen, the real OpenSSL."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

ANSWERS = {
    "country": "CN",
    "state": "Guizhou",
    "locality": "Kaili",
    "organization": "Example Wind Ltd",
    "unit": "Operations",
    "common_name": "dev-001",
    "email": "ops@example.com",
}


@pytest.fixture(autouse=True)
def settings_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch) -> Path:
    """Keep what is remembered out of the folder of whoever runs the tests; processes inherit it."""
    folder = tmp_path_factory.mktemp("settings")
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # output as everybody has it
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    monkeypatch.setenv("WIN_PD_OVERRIDE_LOCAL_APPDATA", str(folder))
    return folder


@pytest.fixture(autouse=True)
def data_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch) -> Path:
    """Keep requests out of the history of whoever runs the tests; processes inherit it."""
    folder = tmp_path_factory.mktemp("data")
    monkeypatch.setenv("XDG_DATA_HOME", str(folder))
    return folder


@pytest.fixture
def answers() -> dict[str, str]:
    """Return answers to all seven fields that EnOS takes."""
    return dict(ANSWERS)


@pytest.fixture(scope="session")
def openssl() -> Callable[..., str]:
    """Return a function that runs the real OpenSSL and returns what it printed."""
    program = shutil.which("openssl")
    assert program, "the tests compare with the real OpenSSL: please install it"

    def run(*arguments: str | Path, stdin: bytes = b"") -> str:
        done = subprocess.run(
            [program, *map(str, arguments)], input=stdin, capture_output=True, check=False
        )
        output = done.stdout.decode() + done.stderr.decode()
        assert done.returncode == 0, output
        return output

    return run
