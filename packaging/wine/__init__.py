"""Windows on Linux, as far as Wine is one: runs the tests and builds the program for Windows.

Everything comes from PyPI and Debian, and is kept in a cache outside the repository.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

SOURCES = Path(__file__).parent
TOP = SOURCES.parents[1]

MADE = TOP / "build" / "wine"
"""The folder for what belongs to this checkout alone."""


class Unavailable(Exception):
    """Something is missing on this machine; the message says what."""


def cache() -> Path:
    """Return the folder for what is fetched or made once: ENOS_CSR_WINE_CACHE, or below XDG's."""
    if given := os.environ.get("ENOS_CSR_WINE_CACHE"):
        return Path(given).absolute()
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "enos-csr-wine"


def windows_path(path: Path) -> str:
    """Return the path as Windows writes it; drive Z: is the root folder of Linux."""
    before, drive, rest = str(path).partition("/drive_c/")
    return ("C:\\" + rest if drive else "Z:" + before).replace("/", "\\")


def call(command: Sequence[str | Path], **options: object) -> str:
    """Run a command and return its output; raises RuntimeError with the output if it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **options,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}")
    return done.stdout
