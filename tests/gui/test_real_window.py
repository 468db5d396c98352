"""The installed program on a real X display, with a keyboard that the program cannot tell apart."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from person import in_order_of_fields

pytestmark = pytest.mark.slow


def waits_until_idle(process: int) -> None:
    """Wait until no thread of the process has work to do, however busy the computer is."""
    quiet = 0
    while quiet < 10:  # of 50 ms: the X server may be about to pass on what was typed
        time.sleep(0.05)
        states = set()
        for task in Path(f"/proc/{process}/task").iterdir():
            with suppress(FileNotFoundError):  # a thread that has just ended
                states.add((task / "stat").read_text().rpartition(")")[2].split()[0])
        quiet = quiet + 1 if states == {"S"} else 0


def test_a_request_is_made_with_the_keyboard_alone(
    display: str,
    home: Path,
    saved: Path,
    answers: dict[str, str],
    openssl: Callable[..., str],
) -> None:
    environment = os.environ | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
    program = Path(sys.executable).with_name("enos-csr-gui")
    process = subprocess.Popen([program], env=environment)

    def xdo(*arguments: str) -> str:
        done = subprocess.run(
            ["xdotool", *arguments], env=environment, capture_output=True, text=True, check=True
        )
        waits_until_idle(process.pid)
        return done.stdout

    try:
        window = xdo("search", "--sync", "--onlyvisible", "--name", "EnOS").split()[0]
        width, height = (
            int(line.split("=")[1])
            for line in xdo("getwindowgeometry", "--shell", window).splitlines()
            if line.startswith(("WIDTH", "HEIGHT"))
        )
        assert width <= 1024
        assert height <= 560  # leaves room for the title of the window and a task bar
        xdo("windowfocus", "--sync", window)
        for _page in ("New request", "Key"):
            xdo("key", "Return")
        for number, text in enumerate(in_order_of_fields(answers)):
            if number > 0:
                xdo("key", "Tab")
            xdo("type", "--delay", "20", text)
        for _page in ("Review", "Save", "Done"):
            xdo("key", "Return")
        end = time.monotonic() + 60
        while not (saved / "dev-001.csr").exists() and time.monotonic() < end:
            time.sleep(0.1)
        shown = openssl(
            "req",
            "-in",
            saved / "dev-001.csr",
            "-noout",
            "-verify",
            "-subject",
            "-nameopt",
            "oneline",
        )
        assert "C = CN, ST = Guizhou, L = Kaili" in shown
        assert "CN = dev-001, emailAddress = ops@example.com" in shown

        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
