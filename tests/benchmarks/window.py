"""How the wizard feels beside a bare QWizard: ``python tests/benchmarks/window.py [ROUNDS]``.

Prints, as ratios and times measured side by side in the same interpreter and on the same display:

- launch to the first painted page, as a ratio to a bare PySide6 ``QWizard`` (at most 1.15);
- the longest stall of the UI thread from the first painted page until key and request are saved
  (at most 16 ms);
- the peak memory of a whole request, as a ratio to the bare wizard.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GUI_TESTS = Path(__file__).parents[1] / "gui"

BARE = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWizard, QWizardPage

class Wizard(QWizard):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, painted)

def painted():
    print("painted", flush=True)
    QApplication.exit()

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
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from enos_csr_gui.gui import app, main, startup

def painted(wizard):
    print("painted", flush=True)
    QApplication.exit()

startup.complete = painted
main([])
"""

WALK = """
import sys, time
from pathlib import Path
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication
from person import Person, wait
from enos_csr_gui.gui.startup import open_wizard

sys.setswitchinterval(0.001)  # as gui.app does
app = QApplication(sys.argv)
ticks = []
timer = QTimer(timerType=Qt.TimerType.PreciseTimer)
timer.timeout.connect(lambda: ticks.append(time.perf_counter()))

def longest():
    gaps = [1000 * (b - a) for a, b in zip(ticks, ticks[1:])]
    ticks.clear()
    return max(gaps)

wizard = open_wizard()
wizard.first_painted.connect(lambda: timer.start(0))
wizard.show()
person = Person(wizard)
person.begins("New request")
person.waits_until(lambda: wizard.draft.key is not None)
wait(100)
print("making", longest())
timer.stop()
person.goes_on("Who is it for?")
person.fills_in({
    "Country": "CN", "State or province": "Guizhou", "Locality": "Kaili",
    "Organization": "Example Wind Ltd", "Organizational unit": "Operations",
    "Common name": "dev-001",
})
person.goes_on("Review")
person.goes_on("Save")
wait(200)
ticks.clear()
timer.start(0)
wait(50)
person.click("Save")
while person.wizard.draft.created is None:
    wait(1)
print("saving", longest())
timer.stop()
wait(200)
if sys.platform != "win32":
    import resource
    print("memory", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""

MEMORY = "\nimport resource\nprint('memory', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"


def run(program: str) -> str:
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {
            "HOME": home,
            "XDG_CONFIG_HOME": home,
            "XDG_DATA_HOME": home,
            "PYTHONPATH": str(GUI_TESTS),
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


def seconds_to_first_paint(program: str) -> float:
    start = time.perf_counter()
    run(program)
    return time.perf_counter() - start


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    for program in (BARE, OURS):  # warm the disk's cache
        run(program)
    pairs = [(seconds_to_first_paint(BARE), seconds_to_first_paint(OURS)) for _ in range(rounds)]
    bare, ours = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratio = statistics.median(b / a for a, b in pairs)
    print(f"first paint: {ratio:.2f} of a bare wizard ({1000 * ours:.0f} / {1000 * bare:.0f} ms)")

    walks = [
        dict(line.split() for line in run(WALK).splitlines()) for _ in range(max(3, rounds // 3))
    ]
    for phase in ("making", "saving"):
        stalls = sorted(float(walk[phase]) for walk in walks)
        print(
            f"longest stall while {phase}: median {statistics.median(stalls):.1f} ms, "
            f"worst of {len(stalls)} {stalls[-1]:.1f} ms"
        )
    if "memory" in walks[0]:
        bare_memory = float(run(BARE + MEMORY).split()[-1])
        memory = statistics.median(float(walk["memory"]) for walk in walks)
        print(f"peak memory: {memory / bare_memory:.2f} of a bare wizard")


if __name__ == "__main__":
    main()
