"""How the wizard feels beside a bare QWizard: ``python tests/benchmarks/window.py [ROUNDS]``.

Prints, measured in turns in the same interpreter and on the same display:

- launch to the first painted page, as a ratio to a bare PySide6 ``QWizard``, by the clock and in
  CPU time (the aim is 1.08), with what is loaded by then;
- the longest stall of the UI thread from the first painted page until the window is complete, until
  the key is there, and while the files are saved (the aim is 16 ms), by the clock and in its own
  CPU time; on this machine as it is, and with two busy loops for each core;
- the peak memory of a whole request, as a ratio to the bare wizard (the aim is 1.5).
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

PAINTED = """
def painted(*_arguments):
    print(time.process_time(), len(sys.modules), flush=True)
    os._exit(0)
"""

BARE = """
import os, sys, time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWizard, QWizardPage

class Wizard(QWizard):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, painted)

app = QApplication(sys.argv)
wizard = Wizard()
page = QWizardPage()
page.setTitle("Key")
page.setSubTitle("A key is the secret with which a device proves who it is.")
QVBoxLayout(page).addWidget(QLabel("You will get two files."))
wizard.addPage(page)
wizard.resize(860, 560)
wizard.show()
app.exec()
"""

OURS = """
import os, sys, time
from enos_csr_gui.gui import pyside, main

pyside.load()
from enos_csr_gui.gui.wizard import RequestWizard

RequestWizard._after_first_paint = painted
main([])
"""

WALK = """
import sys, time
from enos_csr_gui.gui import pyside

pyside.load()
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from enos_csr_gui.gui.navigation import Step, Task
from enos_csr_gui.gui.startup import open_wizard, show

sys.setswitchinterval(0.001)  # as gui.app does
app = QApplication(sys.argv)
last = worst = None

def tick():
    global last, worst
    now = time.perf_counter(), time.thread_time()
    worst = tuple(max(w, b - a) for w, a, b in zip(worst, last, now))
    last = now

def begin():
    global last, worst
    last, worst = (time.perf_counter(), time.thread_time()), (0.0, 0.0)

def report(what):
    print(what, *(1000 * seconds for seconds in worst))
    begin()

begin()
timer = QTimer()  # each turn of the event loop, when there is nothing else to do
timer.timeout.connect(tick)
timer.start(0)

# Without Qt's test library: it takes memory, and its search for widgets makes PySide look at every
# kind of them.
def walk():
    begin()
    while not wizard.is_ready:
        yield
    report("completing")
    wizard.begin(Task.NEW)
    while wizard.draft.key is None:
        yield
    for _ in range(10):
        yield
    report("making")
    for key, text in {
        "country": "CN", "state": "Guizhou", "locality": "Kaili",
        "organization": "Example Wind Ltd", "unit": "Operations", "common_name": "dev-001",
    }.items():
        wizard.draft.answer(key, text)
    for step in (Step.SUBJECT, Step.REVIEW, Step.SAVE):
        while wizard.step is not step:
            wizard.page.try_to_go_on()
            yield
    for _ in range(10):
        yield
    report("passing")
    wizard.page.try_to_go_on()
    while wizard.step is not Step.DONE:
        yield
    for _ in range(10):
        yield
    report("saving")
    if sys.platform != "win32":
        import resource
        print("memory", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0)

def go_on():
    if next(steps, steps) is not None:
        app.exit()
    else:
        QTimer.singleShot(10, go_on)

steps = walk()
wizard = open_wizard()
wizard.first_painted.connect(go_on)
show(wizard)
app.exec()
"""

SHOWN = {
    "completing": "while the window is completed",
    "making": "while the key is created",
    "passing": "from page to page",
    "saving": "while the files are saved",
}


def run(program: str) -> str:
    """Return what a program prints that has a home of its own."""
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {
            "HOME": home,
            "XDG_CONFIG_HOME": home,
            "XDG_DATA_HOME": home,
            "QT_LOGGING_RULES": "*=false",
        }
        # As an installed program: compiled once.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        return subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=True,
        ).stdout


def first_paint(program: str) -> tuple[float, float, int]:
    """Return the seconds to the first paint, by the clock and of CPU, and the modules loaded."""
    start = time.perf_counter()
    cpu, modules = run(PAINTED + program).split()
    return time.perf_counter() - start, float(cpu), int(modules)


@contextmanager
def busy(loops: int) -> Iterator[None]:
    """Keep so many loops running."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(loops)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def walk() -> dict[str, tuple[float, float]]:
    """Create a request; return the longest stall of each phase, in ms, and the memory in KB."""
    rows = (line.split() for line in run(WALK).splitlines())
    return {name: (float(clock), float(cpu)) for name, clock, cpu in rows}


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    for program in (BARE, OURS):  # warm the disk's cache
        first_paint(program)
    pairs = [(first_paint(BARE), first_paint(OURS)) for _ in range(rounds)]
    for number, name in enumerate(("by the clock", "in CPU time")):
        bare, ours = ([1000 * one[number] for one in side] for side in zip(*pairs, strict=True))
        print(
            f"first paint, {name}: {min(ours) / min(bare):.2f} of a bare wizard in the fastest of "
            f"{rounds} runs ({min(ours):.0f} / {min(bare):.0f} ms), median "
            f"{statistics.median(b / a for a, b in zip(bare, ours, strict=True)):.2f}"
        )
    print(f"modules loaded by then: {pairs[0][1][2]}, {pairs[0][0][2]} of a bare wizard")

    for loops in (0, 2 * (os.cpu_count() or 1)):
        with busy(loops):
            walks = [walk() for _ in range(max(3, rounds // 3))]
        beside = f", beside {loops} busy loops" if loops else ""
        for phase, shown in SHOWN.items():
            clock, cpu = zip(*(one[phase] for one in walks), strict=True)
            print(
                f"longest stall {shown}{beside}: median {statistics.median(clock):.1f} ms, worst "
                f"of {len(clock)} {max(clock):.1f} ms; in CPU time {statistics.median(cpu):.1f} "
                f"and {max(cpu):.1f} ms"
            )
        if not loops and "memory" in walks[0]:
            peak = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
            bare_memory = float(run(f"def painted():\n    {peak}\n    os._exit(0)\n{BARE}"))
            memory = statistics.median(one["memory"][0] for one in walks)
            print(
                f"peak memory of a request: {memory / bare_memory:.2f} of a bare wizard "
                f"({memory / 1000:.0f} / {bare_memory / 1000:.0f} MB)"
            )


if __name__ == "__main__":
    main()
