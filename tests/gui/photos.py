"""Photograph every page in its states: ``./run photos [FOLDER]``.

In every language, in light and dark, at 100 % and at 200 %. ``./run photos --docs`` makes the
pictures for the documentation. What a program can see of what is wrong with the looks is
printed.

The pages are filled in as a person does it, with keys and clicks, in a real window: on the display
there is, or on a virtual one. The pictures serve the documentation and every look at the program.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from PySide6.QtGui import QPalette
    from PySide6.QtWidgets import QWidget

HOME = Path(tempfile.gettempdir()) / "home" / "lin"


NO_WORDS = re.compile(
    "|".join(
        (
            r"^\d+\s\(0x[0-9A-F ]+\)$",
            r"/.*|\S*\.(?:csr|csv|jks|key|pem)|(?:turbine|gateway-kaili)-\d+",
            r"(?:[0-9a-f]{4} ){7}[0-9a-f]{4}",
            r"\d+ \w{3} \d{4}(?:, \d\d:\d\d UTC)?|\b[A-Z]{1,2}\b|Ĉinio|sha256WithRSAEncryption",
            r"Guizhou|Kaili|Example Wind Ltd|Operations|ops@example\.com",
            r"^EnOS CSR$|^English$|5\.57E\+92|x{70}",
        )
    )
)
"""What the tour shows that is the same in every language."""


class Setting(NamedTuple):
    """What the desktop of the person is like."""

    language: str
    scheme: str = "light"
    """'light', 'dark', or 'darkening': dark when the window has been there for a while."""
    percent: int = 100
    points: int = 0
    """Size of the font; 0 is the desktop's own."""
    screen: tuple[int, int] | None = None
    """Pixels of a screen that is nowhere; None is the screen there is."""

    def __str__(self) -> str:
        parts = [self.language, self.scheme, str(self.percent)]
        parts += [f"{self.points}pt"] if self.points else []
        parts += [f"{self.screen[0]}x{self.screen[1]}"] if self.screen else []
        return "-".join(parts)


def need_a_screen() -> None:
    """Start again on a virtual display when there is none."""
    if sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return
    if xvfb := shutil.which("xvfb-run"):
        screen = ["-a", "-s", "-screen 0 1600x1200x24"]
        os.execv(xvfb, [xvfb, *screen, sys.executable, *sys.argv])
    os.environ["QT_QPA_PLATFORM"] = "offscreen"


def dark_palette() -> QPalette:
    """The colours of Qt's style for a dark desktop; a virtual display has none to tell of."""
    from PySide6.QtGui import QColor, QPalette

    ground, text = QColor(50, 50, 50), QColor(240, 240, 240)
    palette = QPalette(ground, ground)
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text):
        palette.setColor(role, text)
    palette.setColor(QPalette.ColorRole.ButtonText, text)
    palette.setColor(QPalette.ColorRole.Base, ground.darker(140))
    palette.setColor(QPalette.ColorRole.Highlight, QColor(48, 140, 198))
    palette.setColor(QPalette.ColorRole.HighlightedText, text)
    palette.setColor(QPalette.ColorRole.PlaceholderText, QColor(240, 240, 240, 128))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(130, 130, 130))
    palette.setColor(
        QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText, QColor(130, 130, 130)
    )
    return palette


def take_here(target: Path, home: Path, setting: Setting, *, only_faults: bool) -> list[str]:
    """Photograph what comes on a tour, in this process; return what is wrong with the looks."""
    import pseudo
    from looks import faults, in_no_catalogue
    from person import wait
    from PySide6.QtGui import QCursor
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication
    from tour import Tour, reader

    from enos_csr_gui import i18n
    from enos_csr_gui.gui import startup
    from enos_csr_gui.gui.app import speak

    app = QApplication(["photos"])
    if setting.scheme == "dark" and sys.platform != "win32":  # it tells of its colours itself
        app.setPalette(dark_palette())
    if setting.points:
        font = app.font()
        font.setPointSize(setting.points)
        app.setFont(font)
    i18n.choose([setting.language])
    speak(app)
    target.mkdir(parents=True)
    found: list[str] = []
    taken = 0
    is_pseudo = setting.language == pseudo.LANGUAGE  # and long-winded, so it may scroll
    is_usual = setting.percent == 100 and not setting.points and not is_pseudo

    def photo(name: str, window: QWidget) -> None:
        nonlocal taken
        if setting.scheme == "darkening" and name == "subject":
            app.setPalette(dark_palette())
            wait(100)
        taken += 1
        picture = window.grab()
        here = [
            f"{setting}, {name}: {fault}"
            for fault in faults(window, picture.toImage(), is_usual=is_usual)
        ]
        if is_pseudo:
            here.extend(f"{name}: {text}" for text in in_no_catalogue(window, NO_WORDS))
        found.extend(here)
        if only_faults and not here:
            return
        if (popup := app.activePopupWidget()) and (screen := app.primaryScreen()):
            frame = window.frameGeometry().united(popup.frameGeometry())
            picture = screen.grabWindow(0, *frame.getRect())
        picture.save(str(target / f"{taken:02}-{name}.png"))

    if screen := app.primaryScreen():  # no pointer on the page
        QCursor.setPos(screen.geometry().bottomRight())
    startup.country_of_system = lambda locale=None: ""  # Windows always names one
    wizard = startup.open_wizard()
    wizard.show()
    QTest.qWaitForWindowExposed(wizard)
    Tour(reader(wizard, setting.language), home, photo).go()
    wizard.close()
    wizard.deleteLater()
    return found


DOCS = Path(__file__).parents[2] / "docs" / "pictures"
IN_DOCS = {
    "start-to-be-renewed": "start",
    "key": "key",
    "subject": "subject",
    "review": "review",
    "save": "save",
    "done": "done",
    "renew": "renew",
    "receive-found": "receive",
    "export": "export",
    "exported": "exported",
    "inspect-bad": "inspect",
    "requests": "requests",
    "rows": "rows",
    "sorted": "sorted",
}


def put_into_docs(photos: Path, language: str) -> None:
    """Put the pictures that the guide shows where it shows them."""
    folder = DOCS if language == "en" else DOCS / language.replace("_", "-")
    folder.mkdir(exist_ok=True)
    for taken, shown in IN_DOCS.items():
        [photo] = (one for one in photos.glob("*.png") if one.stem[3:] == taken)
        shutil.copyfile(photo, folder / f"{shown}.png")


def take(
    target: Path,
    setting: Setting,
    home: Path = HOME,
    program: Path | None = None,
    *,
    only_faults: bool = False,
) -> list[str]:
    """Take the pictures in a process of its own, for Qt scales a process as a whole.

    Return what is wrong with the looks. ``program`` is the folder of another copy of the program.
    With ``only_faults`` a picture is kept only of what is wrong: most of the time goes into files.
    """
    path = os.pathsep.join(path for path in (str(program or ""), *sys.path) if path)
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder, "found.json")
        arguments = json.dumps([str(target), str(home), str(found), setting, only_faults])
        command = [sys.executable, __file__, "--one", arguments]
        environment = os.environ | {"PYTHONPATH": path, "PYTHONFAULTHANDLER": "1"}
        try:
            subprocess.run(command, env=environment, check=True)
            return read(found)
        finally:
            shutil.rmtree(home, ignore_errors=True)


def read(found: Path) -> list[str]:
    """Return what '--one' has written about what is wrong with the looks."""
    return [str(fault) for fault in json.loads(found.read_text(encoding="utf-8"))]


def _take_one(target: Path, home: Path, found: Path, setting: Setting, only_faults: bool) -> None:
    shutil.rmtree(target, ignore_errors=True)
    home.mkdir(parents=True)
    os.environ |= {
        # Neither what this user entered the last time nor where this user's home is shows.
        "HOME": str(home),
        "USERPROFILE": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".data"),
        "WIN_PD_OVERRIDE_LOCAL_APPDATA": str(home / ".data"),
        "LC_ADDRESS": "C",  # no country to begin with
        "QT_SCALE_FACTOR": str(setting.percent / 100),
    }
    if setting.screen:
        width, height = setting.screen
        screen = {"name": "one", "width": width, "height": height, "logicalDpi": 96}
        screens = home / "screens.json"
        screens.write_text(json.dumps({"screens": [screen]}))
        os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={screens}"
    faults = take_here(target, home, setting, only_faults=only_faults)
    found.write_text(json.dumps(faults), encoding="utf-8")


def main() -> int:
    """Take all the pictures."""
    if sys.argv[1:2] == ["--one"]:
        target, home, file, setting, only_faults = json.loads(sys.argv[2])
        try:
            _take_one(Path(target), Path(home), Path(file), Setting(*setting), only_faults)
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)  # whatever still runs beside the window
        return 0
    parser = argparse.ArgumentParser(description="Photograph every page in its states.")
    parser.add_argument("folder", nargs="?", type=Path, default="build/photos")
    parser.add_argument("--docs", action="store_true", help="only the pictures in the documents")
    wanted = parser.parse_args()
    need_a_screen()
    from enos_csr_gui import i18n

    if wanted.docs:
        with tempfile.TemporaryDirectory() as folder:
            for language in i18n.languages():
                target = Path(folder, language)
                take(target, Setting(language))
                put_into_docs(target, language)
        return 0
    folder = Path(wanted.folder).absolute()
    found = []
    for language in i18n.languages():
        for scheme in ("light", "dark"):
            for percent in (100, 200):
                setting = Setting(language, scheme, percent)
                found += take(folder / str(setting), setting)
    print(folder, *found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2] / "packaging"))
    sys.exit(main())
