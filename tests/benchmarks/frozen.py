"""How the frozen program starts beside the sources: ``python tests/benchmarks/frozen.py [ROUNDS]``.

Prints, as a ratio measured side by side on the same display, the time from launch to the first
painting of the first page (at most 1.2). Needs what ``python packaging/build.py`` makes.
"""

from __future__ import annotations

import os
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
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
            assert process.stderr
            watch = threading.Timer(PATIENCE_S, process.kill)
            watch.start()
            line = process.stderr.readline()
            while line and b"painting: Drawing" not in line:
                line = process.stderr.readline()
            seconds = time.perf_counter() - start
            watch.cancel()
            process.kill()
    if not line:
        sys.exit(f"{command} has painted nothing")
    return seconds


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


if __name__ == "__main__":
    main()
