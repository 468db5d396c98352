"""How 'My requests' feels with 50,000 of them: ``python tests/benchmarks/requests.py [COUNT]``.

A person opens the page, types a filter, sorts by every column, goes to the end and drags the scroll
bar. Printed for each is how long the window took to show what was wanted, and the longest stall of
the UI thread meanwhile (at most 100 ms), beside the longest with ten requests: the ratio tells what
the number of requests costs.
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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTableView
from person import Person, wait
from enos_csr_gui.core import history
from enos_csr_gui.gui.startup import open_wizard, show

count = int(sys.argv[1])
now = datetime.now(UTC)
subject = {"country": "CN", "state": "Guizhou", "locality": "Kaili",
           "organization": "Example Wind Ltd", "unit": "Operations", "email": "ops@example.com"}
history.in_transaction = lambda _connection, action: action()  # one transaction for them all
with history.RequestHistory() as past:
    past.count()
    connection = past._file._open()
    connection.execute("BEGIN")
    for number in range(count):
        name = f"turbine-{number:05}"
        folder = Path.home() / f"site-{number % 50}"
        past.record(subject | {"common_name": name}, public_key_sha256=f"{number:064x}",
                    key=folder / f"{name}.key", csr=folder / f"{name}.csr",
                    made_on=now - timedelta(minutes=30 * number))
        if number % 3:
            past.certificate_received(f"{number:064x}", common_name=name, serial=number + 1,
                                      issued=now - timedelta(minutes=29 * number),
                                      expires=now + timedelta(days=700 - number % 1000),
                                      certificate=folder / f"{name}.pem")
    connection.execute("COMMIT")

sys.setswitchinterval(0.001)  # as gui.app does
app = QApplication(sys.argv)
wizard = open_wizard()
show(wizard)
person = Person(wizard)
ticks = []
timer = QTimer(timerType=Qt.TimerType.PreciseTimer)
timer.timeout.connect(lambda: ticks.append(time.perf_counter()))

def measure(name, act, shown):
    wait(100)
    ticks.clear()
    timer.start(0)
    wait(20)
    begin = time.perf_counter()
    ticks.append(begin)
    act()
    while not shown():
        wait(1)
    taken = time.perf_counter() - begin
    wait(200)
    timer.stop()
    print(name, 1000 * taken, max(1000 * (b - a) for a, b in zip(ticks, ticks[1:])))

person.waits_until(lambda: wizard.is_ready)
tables = lambda: wizard.findChildren(QTableView)  # there is none before its task is chosen
measure("open", lambda: person.click("My requests"),
        lambda: tables() and tables()[0].isVisible() and tables()[0].model().rowCount() == count)
[table] = tables()
model = table.model()
cell = lambda row, column=0: model.index(row, column).data()
person.press(Qt.Key.Key_Slash)
for letter in "kaili 1":
    measure(f"filter-{letter.strip() or 'blank'}", lambda: person.types(letter),
            lambda: model.choice.filter_text == person.field("Filter").text().strip())
measure("filter-cleared", lambda: person.press(Qt.Key.Key_Escape),
        lambda: model.rowCount() == count)
header = table.horizontalHeader()
for column in range(model.columnCount()):
    order = model.choice
    where = QPoint(header.sectionViewportPosition(column) + 20, header.height() // 2)
    measure(f"sort-{column}",
            lambda: QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=where),
            lambda: model.choice != order)
table.setFocus()
measure("to-the-end", lambda: person.press(Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier),
        lambda: cell(count - 1) != "…")
bar = table.verticalScrollBar()
def drag():
    for step in range(40):
        bar.setValue(bar.maximum() * (40 - step) // 40)
        wait(5)
measure("drag", drag, lambda: cell(table.rowAt(5)) != "…")
"""


def walk(count: int) -> dict[str, tuple[float, float]]:
    """Return for each thing done: the milliseconds it took, and the longest stall."""
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {
            "HOME": home,
            "XDG_CONFIG_HOME": home,
            "XDG_DATA_HOME": home,
            "PYTHONPATH": os.pathsep.join([str(GUI_TESTS), os.environ.get("PYTHONPATH", "")]),
            "QT_LOGGING_RULES": "*=false",
        }
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        printed = subprocess.run(
            [sys.executable, "-c", WALK, str(count)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout
    rows = (line.split() for line in printed.splitlines())
    return {name: (float(taken), float(stall)) for name, taken, stall in rows}


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    few, many = walk(10), walk(count)
    print(f"{'':16} {'shown after':>14} {'longest stall':>16} {'with 10':>12}")
    for name, (taken, stall) in many.items():
        print(f"{name:16} {taken:11.0f} ms {stall:13.1f} ms {few[name][1]:9.1f} ms")
    worst, least = (max(stall for _, stall in walked.values()) for walked in (many, few))
    print(f"longest stall: {worst:.1f} ms, {worst / least:.2f} of that with 10 requests")


if __name__ == "__main__":
    main()
