"""The window on Windows, with the plugin of Qt for it: log-off, title bar, scaling, fonts."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from person import Person, wait
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QTableView

from enos_csr_gui import IDENTIFIER
from enos_csr_gui.gui import style
from enos_csr_gui.gui.app import object_to_log_off

pytestmark = pytest.mark.skipif(os.name != "nt", reason="needs Windows, or Wine")

WM_QUERYENDSESSION, WM_ENDSESSION = 0x11, 0x16


@pytest.fixture
def native(qapp: QApplication) -> QApplication:
    if QGuiApplication.platformName() != "windows":
        pytest.skip("needs a screen")
    return qapp


def may_log_off(person: Person) -> bool:
    """Ask the window as Windows does before it ends the session; the session goes on."""
    window = int(person.wizard.winId())
    may = ctypes.windll.user32.SendMessageW(window, WM_QUERYENDSESSION, 0, 0)
    ctypes.windll.user32.SendMessageW(window, WM_ENDSESSION, 0, 0)
    return bool(may)


def test_a_log_off_is_objected_to_while_an_answer_is_unsaved(
    native: QApplication, person: Person, labelled: dict[str, str]
) -> None:
    object_to_log_off(native, lambda: person.wizard)
    assert may_log_off(person)
    person.goes_on("Who is it for?")
    person.fills_in(labelled)
    assert not may_log_off(person)
    assert person.wizard.isVisible()
    person.goes_on("Review")
    person.goes_on("Save")
    person.goes_on("Done", "Save")
    assert may_log_off(person)


TASKBAR = """
import ctypes
import os
import sys
from PySide6.QtWidgets import QApplication
from enos_csr_gui.gui import app

shell, given, told = ctypes.windll.shell32, [], ctypes.c_wchar_p()
set_ = shell.SetCurrentProcessExplicitAppUserModelID
get = shell.GetCurrentProcessExplicitAppUserModelID

def set_and_note(text):
    given.append(text)
    assert not QApplication.topLevelWidgets()  # later, Windows would not look at it
    return set_(text)

def is_run(_self):
    print(*given)
    if get(ctypes.byref(told)) == 0:  # Wine does not know it
        print(told.value)
    sys.stdout.flush()
    os._exit(0)

shell.SetCurrentProcessExplicitAppUserModelID = set_and_note
app.Application.exec = is_run
app.run([])
"""


def test_the_taskbar_takes_the_window_and_the_shortcut_as_one() -> None:
    lines = in_a_program(TASKBAR)
    assert lines == [IDENTIFIER] * (1 if "ENOS_CSR_WINE" in os.environ else 2)


def test_fingerprints_and_commands_stand_in_consolas(qapp: QApplication) -> None:
    assert style.fixed(qapp.font()).families()[0] == "Consolas"


@pytest.mark.usefixtures("native")
def test_the_style_is_that_of_windows(qapp: QApplication) -> None:
    assert qapp.style().objectName() in ("windows11", "windowsvista")


def in_a_program(program: str, *arguments: str | Path, **environment: str) -> list[str]:
    """Run a Python program with its own window; return the lines that it prints."""
    # Wine passes on no variable of Qt.
    start = f"import os; os.environ |= {environment!r}\n"
    done = subprocess.run(
        [sys.executable, "-c", start + program, *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=170,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


SIZES = """
from PySide6.QtWidgets import QApplication
from PySide6.QtTest import QTest
from enos_csr_gui.gui import startup, style
app = QApplication([])
wizard = startup.open_wizard()
wizard.show()
while not wizard.is_ready:
    app.processEvents()
room = style.room_for(wizard)
print(wizard.devicePixelRatio(), wizard.width() <= room.width(), wizard.height() <= room.height())
"""


@pytest.mark.long
@pytest.mark.usefixtures("native")
@pytest.mark.parametrize("percent", [125, 150, 200])
def test_the_window_fits_a_screen_that_is_scaled(percent: int) -> None:
    factor = percent / 100
    lines = in_a_program(SIZES, QT_QPA_PLATFORM="windows", QT_SCALE_FACTOR=str(factor))
    assert lines == [f"{factor} True True"]


HIGH_CONTRAST = """
import ctypes
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton

class HighContrast(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint), ("flags", ctypes.c_uint), ("scheme", ctypes.c_wchar_p)]

contrast = HighContrast(ctypes.sizeof(HighContrast), 1, None)
set_ = ctypes.windll.user32.SystemParametersInfoW
assert set_(0x43, contrast.size, ctypes.byref(contrast), 0)
try:
    from enos_csr_gui.gui import style
    app = QApplication([])
    scheme = app.styleHints().colorScheme()
    button = QPushButton("Next")
    before = button.palette()
    style.fix_palette()
    style.make_primary(button)
    print(scheme == Qt.ColorScheme.Unknown, button.palette() == before)
finally:
    contrast.flags = 0
    set_(0x43, contrast.size, ctypes.byref(contrast), 0)
"""


@pytest.mark.usefixtures("native")
def test_the_colours_of_a_high_contrast_theme_are_left_alone() -> None:
    if not {"CI", "ENOS_CSR_WINE"} & os.environ.keys():
        pytest.skip("would change the theme of the user for a moment")
    assert in_a_program(HIGH_CONTRAST, QT_QPA_PLATFORM="windows") == ["True True"]


@pytest.fixture
def mail_program(tmp_path: Path) -> Iterator[Path]:
    """Make a script the mail program; return the file that it writes its argument to."""
    if "ENOS_CSR_WINE" not in os.environ:
        pytest.skip("would change the mail program of the user")
    import winreg

    script, got = tmp_path / "mail.py", tmp_path / "got.txt"
    script.write_text(
        "import os, sys\n"
        f"with open({str(got)!r} + '.part', 'w', encoding='utf-8') as file:\n"
        "    file.write(sys.argv[1])\n"
        f"os.rename({str(got)!r} + '.part', {str(got)!r})\n",
        encoding="utf-8",
    )
    place = winreg.HKEY_LOCAL_MACHINE, r"Software\Classes\mailto\Shell\Open\Command"
    before = winreg.QueryValue(*place)
    winreg.SetValue(*place, winreg.REG_SZ, f'"{sys.executable}" "{script}" "%1"')
    yield got
    winreg.SetValue(*place, winreg.REG_SZ, before)


@pytest.mark.usefixtures("native")
def test_the_mail_program_gets_chinese_text(
    person: Person, labelled: dict[str, str], mail_program: Path
) -> None:
    name = "贵州 风电 & 有限公司 100%"
    person.walks_to_save(labelled | {"Organization": name})
    person.goes_on("Done", "Save")
    person.click("Compose an e-mail")
    person.waits_until(mail_program.exists)
    letter = urlsplit(mail_program.read_text(encoding="utf-8"))
    assert letter.scheme == "mailto"
    [body] = parse_qs(letter.query)["body"]
    assert name in body
    assert "dev-001.csr" in body


DARK = """
import ctypes
import winreg

from PySide6.QtWidgets import QApplication

USE_DARK_MODE, EXECUTE_READ_WRITE = 20, 0x40
dark_bars = []

# Windows does not tell it, and Wine has no such bar: note what Qt asks for.
@ctypes.WINFUNCTYPE(ctypes.c_long, *[ctypes.c_void_p, ctypes.c_uint] * 2)
def set_attribute(window, attribute, value, size):
    if attribute == USE_DARK_MODE:
        dark_bars.append(bool(ctypes.c_int.from_address(value).value))
    return 0

def replace(function, by):
    place, new = (ctypes.cast(one, ctypes.c_void_p).value for one in (function, by))
    jump = b"\\x48\\xb8" + new.to_bytes(8, "little") + b"\\xff\\xe0"
    size, before = ctypes.c_size_t(len(jump)), ctypes.c_ulong()
    change = ctypes.windll.kernel32.VirtualProtect
    change(ctypes.c_void_p(place), size, EXECUTE_READ_WRITE, ctypes.byref(before))
    ctypes.memmove(place, jump, len(jump))

replace(ctypes.windll.dwmapi.DwmSetWindowAttribute, set_attribute)
path = r"Software\\Microsoft\\Windows\\CurrentVersion\\Themes\\Personalize"
with winreg.CreateKey(winreg.HKEY_CURRENT_USER, path) as key:
    winreg.SetValueEx(key, "AppsUseLightTheme", 0, winreg.REG_DWORD, 0)
    try:
        from enos_csr_gui.gui import startup, style
        app = QApplication([])
        wizard = startup.open_wizard()
        wizard.show()
        while not wizard.is_ready:
            app.processEvents()
        print(style.is_dark(app.palette()), app.styleHints().colorScheme().name, dark_bars[-1:])
    finally:
        winreg.DeleteValue(key, "AppsUseLightTheme")
"""


@pytest.mark.long
@pytest.mark.usefixtures("native")
def test_the_window_and_its_title_bar_are_dark_where_windows_is() -> None:
    if "ENOS_CSR_WINE" not in os.environ:
        pytest.skip("would change the theme of the user")
    assert in_a_program(DARK, QT_QPA_PLATFORM="windows") == ["True Dark [True]"]


@pytest.mark.long
def test_a_second_copy_runs_beside_the_first(
    start: Callable[..., Person], answers: dict[str, str], home: Path
) -> None:
    person = start("My requests")
    options = [
        part for key, text in answers.items() for part in (f"--{key.replace('_', '-')}", text)
    ]
    subprocess.run(
        [
            Path(sys.executable).with_name("enos-csr.exe"),
            "new",
            *options,
            "--out",
            home / "新 请求",
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=120,
    )
    table = person.wizard.page.findChild(QTableView)

    def is_listed() -> bool:
        person.press(Qt.Key.Key_F5)
        wait(200)
        return bool(table.model().rowCount() == 1)

    person.waits_until(is_listed)
