"""Who sees nothing finishes a request too: with what the accessibility tree tells."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from enos_csr_gui import i18n
from enos_csr_gui.messages import labels

WALK = Path(__file__).with_name("at_spi_walk.py")
PYTHON = "/usr/bin/python3"
BINDING = "import gi; gi.require_version('Atspi', '2.0')"


def missing() -> str:
    """Return what is not there of all that it takes; empty if everything is."""
    if sys.platform != "linux":
        return "Linux, whose accessibility tree it is"
    for tool in ("xvfb-run", "dbus-run-session", PYTHON):
        if not shutil.which(tool):
            return tool
    if subprocess.run([PYTHON, "-c", BINDING], capture_output=True, check=False).returncode:
        return "the binding to AT-SPI (packages python3-gi, gir1.2-atspi-2.0)"
    return "" if Path("/usr/libexec/at-spi-bus-launcher").exists() else "package at-spi2-core"


NAMES = ("&New request", "Key", "Who is it for?", "Review", "&Next >", "&Save", "Done")


def words_on_the_screen() -> dict[str, str]:
    """Return what is on the screen in the language chosen, by what it is in English."""
    return {name.replace("&", ""): i18n._(name).replace("&", "") for name in NAMES}


@pytest.mark.slow
@pytest.mark.parametrize("language", i18n.languages())
def test_a_request_is_finished_by_names_and_roles_alone(
    answers: dict[str, str], saved: Path, home: Path, openssl, language: str
) -> None:
    if lacks := missing():
        pytest.skip(f"not here: {lacks}")
    i18n.choose([language])
    try:
        labelled = {labels.label(key): text for key, text in answers.items()}
        told = json.dumps([labelled, words_on_the_screen()])
    finally:
        i18n.choose([])
    program = [sys.executable, "-m", "enos_csr_gui", "--lang", language]
    command = ["xvfb-run", "-a", "dbus-run-session", "--", PYTHON, str(WALK), *program]
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "PYTHONHOME")
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    done = subprocess.run(
        command,
        input=told,
        env=environment | {"QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1", "HOME": str(home)},
        capture_output=True,
        check=False,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert "CN = dev-001" in openssl("req", "-in", saved / "dev-001.csr", "-noout", "-subject")
