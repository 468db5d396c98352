"""Look for known vulnerabilities and unexpected licences in what the program is made of.

``python tests/supply_chain.py`` (needs ``uv sync --group audit``). Exit status: 0 nothing found, or
skipped because the database cannot be reached; 1 something was found; with ``--must``, skipped is 1
too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).parents[1]
BIN = Path(sys.executable).parent

LICENCES = ("Apache", "BSD", "MIT", "ISC", "PSF", "Python Software Foundation", "LGPL", "MPL")
"""Licences under which the program may be handed on, as pip-licenses names them."""

UNREACHABLE = (
    *("ConnectionError", "Max retries", "NameResolution", "timed out", "Errno", "HTTPError"),
    "could not be audited",
)
"""What pip-audit says where it cannot ask about a package."""


def _uv() -> str:
    return shutil.which("uv") or str(TOP / ".uv" / "bin" / "uv")


def requirements() -> str:
    """Return what a user gets, with versions and hashes, as uv.lock has it."""
    without = ("--no-dev", "--no-emit-project", "--locked", "--quiet")
    command = [_uv(), "export", *without, "--format", "requirements-txt"]
    done = subprocess.run(command, cwd=TOP, capture_output=True, check=True, text=True)
    return done.stdout


def vulnerabilities(locked: str) -> int | None:
    """Return the exit status of pip-audit; None if its database cannot be reached."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "requirements.txt")
        file.write_text(locked)
        options = ("--disable-pip", "--require-hashes", "--progress-spinner", "off")
        done = subprocess.run(
            [BIN / "pip-audit", *options, "--requirement", file],
            capture_output=True,
            check=False,
            text=True,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )
    said = done.stdout + done.stderr
    if any(word in said for word in UNREACHABLE):
        return None
    print(said.strip())
    return done.returncode


def licences(locked: str) -> int:
    """Return the exit status of pip-licenses."""
    names = [line.split("==")[0] for line in locked.splitlines() if "==" in line[:80]]
    command = [BIN / "pip-licenses", "--packages", *names, "--partial-match"]
    return subprocess.run([*command, "--allow-only", ";".join(LICENCES)], check=False).returncode


def main() -> int:
    """Run both checks."""
    locked = requirements()
    found = vulnerabilities(locked)
    if found is None:
        print("SKIPPED: the database of vulnerabilities does not answer from here.")
        found = 1 if "--must" in sys.argv else 0
    return int(bool(found or licences(locked)))


if __name__ == "__main__":
    sys.exit(main())
