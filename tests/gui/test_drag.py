"""Files dragged between the program and another one, on a real X display, with its pointer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from person import in_order_of_fields

pytestmark = pytest.mark.slow

SOURCE = """
import sys
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDrag
from PySide6.QtWidgets import QApplication, QWidget

class Source(QWidget):
    def mouseMoveEvent(self, event):
        drag = QDrag(self)
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(sys.argv[1])])
        drag.setMimeData(data)
        drag.exec(Qt.DropAction.CopyAction)

app = QApplication([])
window = Source()
window.setGeometry(910, 0, 100, 100)
window.show()
print("shown", flush=True)
app.exec()
"""
"""A file manager: drag the file out of its window."""

TARGET = """
from PySide6.QtWidgets import QApplication, QWidget

class Target(QWidget):
    def dragEnterEvent(self, event):
        event.acceptProposedAction()

    def dropEvent(self, event):
        event.acceptProposedAction()
        print(event.dropAction().name, *event.mimeData().formats(), flush=True)
        print(*(url.toLocalFile() for url in event.mimeData().urls()), flush=True)

app = QApplication([])
window = Target()
window.setAcceptDrops(True)
window.setGeometry(910, 0, 100, 100)
window.show()
print("shown", flush=True)
app.exec()
"""
"""A mail program: says what is dropped on it."""

PROGRAM = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from enos_csr_gui.gui import app
from enos_csr_gui.gui.widgets.drag_handle import DragHandle

def tell():
    for widget in QApplication.allWidgets():
        if isinstance(widget, DragHandle) and widget.isVisible():
            place = widget.mapToGlobal(widget.rect().center())
            print(place.x(), place.y(), flush=True)
            return
    QTimer.singleShot(100, tell)

QTimer.singleShot(0, tell)
sys.exit(app.run([]))
"""
"""The program; it says where the file is that can be dragged, once it is shown."""


class Desk:
    """A display with programs on it, and a hand at the mouse and the keyboard."""

    def __init__(self, display: str) -> None:
        self._environment = os.environ | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        self._programs: list[subprocess.Popen[str]] = []

    def start(self, *command: str) -> subprocess.Popen[str]:
        program = subprocess.Popen(
            command, env=self._environment, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self._programs.append(program)
        return program

    def python(self, script: str, *arguments: str) -> subprocess.Popen[str]:
        return self.start(sys.executable, "-c", script, *arguments)

    def xdo(self, *arguments: str) -> str:
        done = subprocess.run(
            ["xdotool", *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def drags(self, start: tuple[int, int], goal: tuple[int, int]) -> None:
        """Drag from one place of the display to another, as slowly as a hand."""
        self.xdo("mousemove", *map(str, start))
        self.xdo("mousedown", "1")
        for step in range(1, 21):
            place = [round(a + (b - a) * step / 20) for a, b in zip(start, goal, strict=True)]
            self.xdo("mousemove", *map(str, place))
            time.sleep(0.05)
        time.sleep(0.5)
        self.xdo("mouseup", "1")

    def close(self) -> None:
        for program in self._programs:
            program.kill()
            program.communicate()


@pytest.fixture
def desk(display: str, home: Path) -> Iterator[Desk]:
    """Return a display with nothing on it; the user's home is new."""
    desk = Desk(display)
    yield desk
    desk.close()


def said(program: subprocess.Popen[str]) -> str:
    """Wait for a line of what a program says."""
    assert program.stdout is not None
    return program.stdout.readline().strip()


def waits_for_window(desk: Desk, name: str) -> str:
    """Wait until the window has this title; return its number."""
    return desk.xdo("search", "--sync", "--onlyvisible", "--name", f"^{name}$").split()[0]


def test_a_file_is_dropped_from_another_program(desk: Desk, tmp_path: Path, old: Path) -> None:
    file = tmp_path / "风机 & co.csr"
    shutil.copyfile(old, file)
    desk.start(str(Path(sys.executable).with_name("enos-csr-gui")))
    waits_for_window(desk, "EnOS CSR")
    source = desk.python(SOURCE, str(file))
    assert said(source) == "shown"
    end = time.monotonic() + 60
    while time.monotonic() < end:  # until the program is complete, it only takes note
        desk.drags((960, 50), (400, 300))
        if "Check a file" in desk.xdo("search", "--onlyvisible", "--name", ".", "getwindowname"):
            break
    waits_for_window(desk, "Check a file – EnOS CSR")


def test_the_request_is_dragged_into_another_program(
    desk: Desk, saved: Path, answers: dict[str, str]
) -> None:
    program = desk.python(PROGRAM)
    window = waits_for_window(desk, "EnOS CSR")
    desk.xdo("windowfocus", "--sync", window)
    for page in ("Key", "Who is it for.?"):
        desk.xdo("key", "Return")
        waits_for_window(desk, f"{page} – EnOS CSR")
    for number, text in enumerate(in_order_of_fields(answers)):
        if number > 0:
            desk.xdo("key", "Tab")
        desk.xdo("type", "--delay", "20", text)
    for page in ("Review", "Save", "Done"):
        desk.xdo("key", "Return")
        waits_for_window(desk, f"{page} – EnOS CSR")
    x, y = map(int, said(program).split())
    target = desk.python(TARGET)
    assert said(target) == "shown"
    desk.drags((x, y), (960, 50))
    action, *formats = said(target).split()
    assert action == "CopyAction"
    assert "text/uri-list" in formats
    assert said(target) == str(saved / "dev-001.csr")
