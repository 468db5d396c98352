"""How the frozen program starts: ``python tests/benchmarks/frozen.py [ROUNDS]``.

Prints the time from launch to the first painting of the first page, of the frozen program and of
the sources, as ratios to a bare PySide6 ``QWizard`` measured in turns on the same display (the aim
is 1.08). Where there is ``strace``, also how many files are opened by then and how large they are,
and on Linux the same ratios when no file is in the system's cache. XCA, a program in C++ for the
same purpose, is a peer where it is installed. Needs what ``python packaging/build.py`` makes.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import window

TOP = Path(__file__).parents[2]
EXE = ".exe" if sys.platform == "win32" else ""
FROZEN = [str(TOP / "dist" / "enos-csr" / f"enos-csr-gui{EXE}")]
SOURCES = [sys.executable, "-m", "enos_csr_gui"]
BARE = [sys.executable, "-c", f"def painted(): pass\n{window.BARE}"]

PROGRAMS = {"bare wizard": BARE, "sources": SOURCES, "frozen program": FROZEN}
if shutil.which("xca"):
    PROGRAMS["XCA"] = ["xca"]

PATIENCE_S = 60


def _kill(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)  # strace and what it watches


def seconds_to_first_paint(command: list[str]) -> float:
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {
            "HOME": home,
            "XDG_CONFIG_HOME": home,
            "XDG_DATA_HOME": home,
            "PYTHONPATH": str(TOP),
            # Qt tells of everything it paints.
            "QT_LOGGING_RULES": "qt.widgets.painting=true",
            "QT_FORCE_STDERR_LOGGING": "1",
        }
        # As an installed program: compiled once.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        start = time.perf_counter()
        with subprocess.Popen(
            command, env=environment, stderr=subprocess.PIPE, start_new_session=True
        ) as process:
            assert process.stderr
            watch = threading.Timer(PATIENCE_S, _kill, [process])
            watch.start()
            line = process.stderr.readline()
            while line and b" Drawing QRegion(" not in line:
                line = process.stderr.readline()
            seconds = time.perf_counter() - start
            watch.cancel()
            _kill(process)
    if not line:
        sys.exit(f"{command} has painted nothing")
    return seconds


def opened(command: list[str]) -> set[Path]:
    """Return the files that are opened before the first paint."""
    with tempfile.NamedTemporaryFile("r", suffix=".strace") as log:
        seconds_to_first_paint(["strace", "-f", "-e", "trace=openat", "-o", log.name, *command])
        calls = re.findall(r'openat\(AT_FDCWD, "(.+?)".* = \d+$', log.read(), re.MULTILINE)
    return {path for name in calls if (path := Path(name)).is_file()}


def forget(files: set[Path]) -> None:
    """Ask the system to keep nothing of these files in memory."""
    for file in files:
        with file.open("rb") as data:
            os.posix_fadvise(data.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def compare(rounds: int, cold: set[Path], note: str) -> None:
    """Print the time to the first paint of each program, with these files not in memory."""
    seconds: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(rounds):
        for name, command in PROGRAMS.items():
            forget(cold)
            seconds[name].append(seconds_to_first_paint(command))
    bare = seconds.pop("bare wizard")
    for name, times in seconds.items():
        ratio = statistics.median(b / a for a, b in zip(bare, times, strict=True))
        print(
            f"first paint, {name}{note}: {min(times) / min(bare):.2f} of a bare wizard in the "
            f"fastest of {rounds} runs ({1000 * min(times):.0f} / {1000 * min(bare):.0f} ms), "
            f"median {ratio:.2f}"
        )


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    for command in PROGRAMS.values():  # warm the disk's cache
        seconds_to_first_paint(command)
    compare(rounds, set(), "")
    if shutil.which("strace"):
        files = {name: opened(command) for name, command in PROGRAMS.items()}
        for name, found in files.items():
            size = sum(file.stat().st_size for file in found)
            print(f"files opened before the first paint, {name}: {len(found)}, {size / 1e6:.0f} MB")
        if sys.platform == "linux":
            compare(max(3, rounds // 3), set().union(*files.values()), ", nothing in memory")


if __name__ == "__main__":
    main()
