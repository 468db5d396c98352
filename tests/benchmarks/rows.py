"""How long the window stalls over a table of many rows: ``python tests/benchmarks/rows.py [ROWS]``.

Prints for each step the longest turn of the UI thread, in ms of its own CPU time (at most 16) and
by the clock, which other programs on the computer lengthen.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

GUI_TESTS = Path(__file__).parents[1] / "gui"

WALK = """
import sys, time
from pathlib import Path
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication
from person import Person, wait
from enos_csr_gui.gui.startup import open_wizard

sys.setswitchinterval(0.001)  # as gui.app does
def now():
    return time.thread_time(), time.perf_counter()

def begin():
    "Begin a step; what the walk itself has done until now does not count."
    turns[:] = [now()]

app = QApplication(sys.argv)
table = Path(sys.argv[1])
turns = []
timer = QTimer(timerType=Qt.TimerType.PreciseTimer)
timer.timeout.connect(lambda: turns.append(now()))
wizard = open_wizard()
wizard.show()
person = Person(wizard)
person.waits_until(lambda: wizard.is_ready)
person.begins("Many devices")
wait(300)
timer.start(1)

def report(step):
    wait(50)
    cpu = max(b[0] - a[0] for a, b in zip(turns, turns[1:]))
    clock = max(b[1] - a[1] for a, b in zip(turns, turns[1:]))
    print(f"{step:24} {1000 * cpu:6.1f} ms of CPU {1000 * clock:7.1f} ms by the clock", flush=True)

def leads_to(title):
    button = person.button("Next >")
    begin()
    button.click()
    end = time.monotonic() + 300
    while person.title() != title and time.monotonic() < end:
        wait(5)
    assert person.title() == title, person.reads()

person.drops(table)
leads_to("What is in the columns?")
report("reading")
leads_to("Where do the files go?")
report("next page")
leads_to("Check the rows")
page = wizard.page
while page.busy:
    wait(5)
report("checking")
begin()
page._only_bad.click()
report("only those with errors")
begin()
page._only_bad.click()
report("all of them")
view = page._table
begin()
view.setCurrentIndex(view.model().index(50_000 % view.model().rowCount(), 6))
report("scrolling")
begin()
view.model().setData(view.currentIndex(), "another-name")
wait(200)
while page._checking or page._waiting:
    wait(5)
report("mending a cell")
page._leave_out.click()
leads_to("Create the keys and requests")
report("page of the run")
button = person.button("Save")
begin()
button.click()
wait(5000)
report("creating")
page = wizard.page
begin()
page._panel.stop()
while page.busy:
    wait(5)
report("stopping")
timer.stop()
"""


def main(rows: int) -> None:
    """Write the table, walk through the pages in a process of its own."""
    with tempfile.TemporaryDirectory() as home:
        path = Path(home, "farm.csv")
        with path.open("w") as file:
            file.write("C,ST,L,O,OU,CN,Site\n")
            same = "CN,Guizhou,Kaili,Example Wind Ltd,Operations"
            names = (f"turbine-{n:07}" if n % 1000 else "" for n in range(rows))
            file.writelines(f"{same},{name},north\n" for name in names)
        environment = os.environ | {
            "HOME": home,
            "XDG_CONFIG_HOME": home,
            "XDG_DATA_HOME": home,
            "PYTHONPATH": str(GUI_TESTS),
            "QT_LOGGING_RULES": "*=false",
        }
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        subprocess.run([sys.executable, "-c", WALK, str(path)], env=environment, check=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
