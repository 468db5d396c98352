"""How the frozen program starts beside the sources: ``python tests/benchmarks/frozen.py [ROUNDS]``.

Prints, as a ratio measured side by side on the same display, the time from launch to the first
painting of the first page (at most 1.2), and where there is ``strace``, how many files are opened
by then, and how large they are. Needs what ``python packaging/build.py`` makes.
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

TOP = Path(__file__).parents[2]
EXE = ".exe" if sys.platform == "win32" else ""
FROZEN = [str(TOP / "dist" / "enos-csr" / f"enos-csr-gui{EXE}")]
SOURCES = [sys.executable, "-m", "enos_csr_gui"]

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
            while line and b"painting: Drawing" not in line:
                line = process.stderr.readline()
            seconds = time.perf_counter() - start
            watch.cancel()
            _kill(process)
    if not line:
        sys.exit(f"{command} has painted nothing")
    return seconds


def opened(command: list[str]) -> tuple[int, int]:
    """Return how many files are opened before the first paint, and their bytes."""
    with tempfile.NamedTemporaryFile("r", suffix=".strace") as log:
        seconds_to_first_paint(["strace", "-f", "-e", "trace=openat", "-o", log.name, *command])
        calls = re.findall(r'openat\(AT_FDCWD, "(.+?)".* = \d+$', log.read(), re.MULTILINE)
    files = {path for name in calls if (path := Path(name)).is_file()}
    return len(files), sum(file.stat().st_size for file in files)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    for command in (SOURCES, FROZEN):  # warm the disk's cache
        seconds_to_first_paint(command)
    pairs = [
        (seconds_to_first_paint(SOURCES), seconds_to_first_paint(FROZEN)) for _ in range(rounds)
    ]
    sources, frozen = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratio = statistics.median(b / a for a, b in pairs)
    print(
        f"first paint: {ratio:.2f} of that from the sources "
        f"({1000 * frozen:.0f} / {1000 * sources:.0f} ms)"
    )
    if shutil.which("strace"):
        for name, command in (("sources", SOURCES), ("frozen program", FROZEN)):
            count, size = opened(command)
            print(f"files opened before the first paint, {name}: {count}, {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
