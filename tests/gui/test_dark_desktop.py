"""A desktop that says it is dark, without naming colours, and becomes light meanwhile."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PORTAL = Path(__file__).with_name("dark_portal.py")
PYTHON = "/usr/bin/python3"

PROGRAM = """
import os, signal, sys
from person import Person, wait
from PySide6.QtWidgets import QApplication
from enos_csr_gui.gui.startup import open_wizard

app = QApplication(sys.argv)
wizard = open_wizard()
wizard.show()
person = Person(wizard)
person.begins("New request")

def is_dark():
    picture = wizard.grab().toImage()
    return picture.pixelColor(picture.width() - 9, picture.height() // 2).lightness() < 128

for dark in (True, False, True, False, True):
    person.waits_until(lambda: is_dark() == dark)
    os.kill(int(sys.argv[1]), signal.SIGUSR1)
wizard.close()
"""


def missing() -> str:
    """Return what is not there of all that it takes; empty if everything is."""
    if sys.platform != "linux":
        return "Linux, whose desktops have this portal"
    tools = [tool for tool in ("xvfb-run", "dbus-run-session", PYTHON) if not shutil.which(tool)]
    if tools:
        return tools[0]
    done = subprocess.run([PYTHON, "-c", "import gi"], capture_output=True, check=False)
    return "package python3-gi" if done.returncode else ""


@pytest.mark.slow
def test_the_window_is_as_dark_as_the_desktop(home: Path) -> None:
    if lacks := missing():
        pytest.skip(f"not here: {lacks}")
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "PYTHONHOME")
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    environment |= {
        "HOME": str(home),
        "XDG_CURRENT_DESKTOP": "GNOME",
        "PYTHONPATH": str(PORTAL.parent),
    }
    command = ["xvfb-run", "-a", "dbus-run-session", "--", PYTHON, str(PORTAL)]
    done = subprocess.run(
        [*command, sys.executable, "-c", PROGRAM],
        env=environment,
        capture_output=True,
        check=False,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
