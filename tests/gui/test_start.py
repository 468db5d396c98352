"""What happens before the first page is painted, and where no window can be opened."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from enos_csr_gui import __version__, gui
from enos_csr_gui.core import journal


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    hidden = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def test_nothing_slow_is_imported_before_the_first_page_is_painted() -> None:
    program = """
import sys
from pathlib import Path
from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtWidgets import QApplication
from enos_csr_gui.gui.wizard import RequestWizard

class Watched(RequestWizard):
    def paintEvent(self, event):
        super().paintEvent(event)
        slow = {"cryptography", "pycountry", "zxcvbn", "pathvalidate", "enos_csr_gui.core.enums"}
        # PySide6 creates a class when it is first used; these have many enumerations, and the last
        # is only created where PySide looks for the class of any widget.
        classes = {"Qt": QtCore, "QIcon": QtGui, "QStyle": QtWidgets, "QMdiArea": QtWidgets}
        created = [name for name, module in classes.items() if name in vars(module)]
        print("painted with", sorted(slow & sys.modules.keys()) + created)
        QApplication.exit()

app = QApplication([])
wizard = Watched(lambda wizard: None, lambda wizard, task: None)
wizard.show()
app.exec()
"""
    done = run("-c", program, QT_QPA_PLATFORM="offscreen")
    created = ["QStyle"] if os.name == "nt" else []  # with styles of its own, the one must be known
    assert done.stdout.splitlines()[0] == f"painted with {created}", done.stderr


@pytest.mark.long
def test_the_window_imports_qt_and_a_thread_imports_the_core() -> None:
    program = """
import sys
import threading
from importlib.abc import MetaPathFinder
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from enos_csr_gui.gui.navigation import ROUTES, Step, Task
from enos_csr_gui.gui.startup import open_wizard

class Watcher(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if threading.current_thread() is not threading.main_thread():
            if name.startswith(("PySide6", "enos_csr_gui.gui")):
                print("in a thread", name)
        elif name.startswith(("enos_csr_gui.core", "cryptography", "pycountry")):
            print("in the window", name)

def go_on():
    if not wizard.is_ready:
        QTimer.singleShot(20, go_on)
    elif wizard.step is not Step.START:
        wizard.reject()
        QTimer.singleShot(20, go_on)
    elif tasks:
        task = tasks.pop(0)
        print("ready", len(wizard.pages), "then", task.name)
        wizard.begin(task)
        QTimer.singleShot(20, go_on)
    else:
        print("ready", len(wizard.pages))
        QApplication.exit()

tasks = [task for task in ROUTES if task is not Task.RENEW_MANY]  # begins with requests
app = QApplication([])
wizard = open_wizard()
sys.meta_path.insert(0, Watcher())
wizard.show()
go_on()
app.exec()
"""
    done = run("-c", program, QT_QPA_PLATFORM="offscreen")
    assert done.stdout.splitlines() == [
        "ready 6 then NEW",  # no other page is built before it is needed
        "ready 6 then RENEW",
        "ready 7 then RECEIVE",
        "ready 10 then INSPECT",
        "ready 11 then MANY",
        "ready 17 then RECEIVE_MANY",
        "ready 21 then REQUESTS",
        "ready 22",
    ], done.stdout + done.stderr


def test_what_takes_long_to_create_exists_before_anybody_can_use_the_window() -> None:
    program = """
from PySide6 import QtCore
from PySide6.QtWidgets import QApplication
from enos_csr_gui.gui import startup

def tell():
    print("painted with Qt:", "Qt" in vars(QtCore))
    QApplication.exit()

app = QApplication([])
wizard = startup.open_wizard()
wizard.first_painted.connect(tell)
startup.show(wizard)
app.exec()
"""
    done = run("-c", program, QT_QPA_PLATFORM="offscreen")
    assert done.stdout == "painted with Qt: True\n", done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows what a process has opened")
def test_a_new_request_loads_nothing_that_takes_memory_for_what_is_rare() -> None:
    program = """
import sys
from pathlib import Path
from enos_csr_gui.gui import pyside

pyside.load()
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from enos_csr_gui.gui.navigation import Step, Task
from enos_csr_gui.gui.startup import open_wizard

def go_on():
    if wizard.is_ready and wizard.step is Step.START:
        wizard.begin(Task.NEW)
    if wizard.draft.key is None:
        QTimer.singleShot(20, go_on)
    else:
        rare = {"_hashlib", "enos_csr_gui.gui.submit.cover_sheet", "inspect", "logging",
                "subprocess", "tempfile"}
        chinese = "wqy-microhei" in Path("/proc/self/maps").read_text()
        print("with a key:", sorted(rare & sys.modules.keys()), "a Chinese font:", chinese)
        QApplication.exit()

app = QApplication([])
wizard = open_wizard()
wizard.show()
go_on()
app.exec()
"""
    done = run("-c", program, QT_QPA_PLATFORM="offscreen", LANGUAGE="en")
    assert done.stdout == "with a key: [] a Chinese font: False\n", done.stderr


def test_qt_takes_its_options_and_every_letter_of_the_files_is_kept() -> None:
    program = """
import sys
from enos_csr_gui.gui.app import make_application
_app, others = make_application(sys.argv[1:])
print(ascii(others))
"""
    names = ["凯里é żółw.csr", r"new folder\x41.key", "--", "𝟘"]
    done = run("-c", program, "-platform", "offscreen", "-style", "fusion", *names)
    assert done.stdout == f"{names!a}\n", done.stderr


def test_the_window_cleans_up_what_a_killed_process_left(tmp_path: Path) -> None:
    entry = journal.data_folder() / "saving-0123456789abcdef"
    entry.parent.mkdir()
    hidden = tmp_path / ".enos-csr-0123456789abcdef"
    hidden.write_bytes(b"key")
    entry.write_text(json.dumps({"temporary": str(hidden)}))
    program = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from enos_csr_gui.gui import app, background

def close_when_clean():
    if Path(sys.argv[1]).exists():
        QTimer.singleShot(20, close_when_clean)
    else:
        QApplication.exit()

QTimer.singleShot(0, close_when_clean)
sys.exit(app.run([]))
"""
    done = run("-c", program, str(entry), QT_QPA_PLATFORM="offscreen")
    assert (done.returncode, done.stderr) == (0, "")
    assert not hidden.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has desktops without a display")
@pytest.mark.parametrize("variables", [{}, {"DISPLAY": ":4242"}], ids=["none", "unreachable"])
def test_without_a_display_the_way_without_a_window_is_named(variables: dict[str, str]) -> None:
    done = run("-m", "enos_csr_gui", **variables)
    assert done.returncode == 1
    assert "'enos-csr new' does the same without a window" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_version_is_printed_without_a_window() -> None:
    assert run("-m", "enos_csr_gui", "--version").stdout == f"enos-csr-gui {__version__}\n"


def test_a_file_that_macos_wants_opened_is_taken() -> None:
    program = """
from PySide6.QtCore import QUrl
from PySide6.QtGui import QFileOpenEvent
from enos_csr_gui.gui.app import FileOpener

app = FileOpener([])
app.files_opened.connect(lambda files: print("opened", *files))
app.sendEvent(app, QFileOpenEvent(QUrl.fromLocalFile("/requests/dev-001.csr")))
"""
    done = run("-c", program, QT_QPA_PLATFORM="offscreen")
    assert done.stdout.strip() == f"opened {Path('/requests/dev-001.csr')}", done.stderr


def test_ctrl_c_in_the_terminal_ends_it_in_order() -> None:
    program = """
import signal, sys
from PySide6.QtCore import QTimer
from enos_csr_gui.gui import app
ran = app._quit_on_signals
def and_interrupt(application):
    ran(application)
    QTimer.singleShot(0, lambda: signal.raise_signal(signal.SIGINT))
app._quit_on_signals = and_interrupt
sys.exit(app.run(["-platform", "offscreen"]))
"""
    done = run("-c", program)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(sys.platform != "linux", reason="Fcitx is for Linux")
def test_chinese_can_be_typed_with_fcitx(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IBUS_USE_PORTAL", "")
    monkeypatch.setenv("QT_IM_MODULE", "fcitx")
    monkeypatch.setenv("QT_PLUGIN_PATH", str(tmp_path))
    (tmp_path / "platforminputcontexts").mkdir()
    plugin = tmp_path / "platforminputcontexts" / "libfcitx5platforminputcontextplugin.so"
    plugin.touch()
    gui._choose_input_method()
    assert os.environ["QT_IM_MODULE"] == "fcitx"  # the plug-in is installed
    plugin.unlink()
    gui._choose_input_method()
    assert os.environ["QT_IM_MODULE"] == "ibus"

    monkeypatch.setenv("QT_IM_MODULE", "xim")
    gui._choose_input_method()
    assert os.environ["QT_IM_MODULE"] == "xim"
