"""What Qt's plug-ins for the desktop cost: ``python tests/benchmarks/plugins.py``.

Prints the millions of instructions until the first paint on X11, and how many more there are with a
D-Bus session, with the theme of a desktop and with an input method, one at a time; beside them the
same for a bare PySide6 ``QWizard``. Other programs do not change the count. Needs Linux with
``valgrind``, ``Xvfb`` and ``dbus-run-session``; GTK's theme costs nothing where GTK 3 is missing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile

import window

TOOLS = ("valgrind", "xvfb-run", "dbus-run-session")
WITH_D_BUS = ["dbus-run-session", "--"]
COUNT = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
ALONE = {
    "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent",
    "QT_IM_MODULE": "none",
    "QT_QPA_PLATFORMTHEME": "none",
}
"""Neither a D-Bus session nor a theme nor an input method, not even that for dead keys."""

CASES = {
    "the tables of dead keys": ([], {"QT_IM_MODULE": "compose"}),
    "a D-Bus session": (WITH_D_BUS, {}),
    "IBus, and a D-Bus session": (WITH_D_BUS, {"QT_IM_MODULE": "ibus"}),
    "the generic theme": ([], {"QT_QPA_PLATFORMTHEME": "generic"}),
    "the theme of GNOME": ([], {"QT_QPA_PLATFORMTHEME": "gnome"}),
    "the theme of KDE": ([], {"QT_QPA_PLATFORMTHEME": "kde", "KDE_FULL_SESSION": "1"}),
    "GTK's theme": ([], {"QT_QPA_PLATFORMTHEME": "gtk3"}),
    "the portal's theme, and a D-Bus session": (
        WITH_D_BUS,
        {"QT_QPA_PLATFORMTHEME": "xdgdesktopportal"},
    ),
}


def instructions(program: str, before: list[str], settings: dict[str, str]) -> float:
    """Return the millions of instructions until the program has painted its first page."""
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | ALONE | {"HOME": home, "XDG_CONFIG_HOME": home}
        environment |= {"XDG_DATA_HOME": home, "PYTHONHASHSEED": "0", "QT_QPA_PLATFORM": "xcb"}
        for name in ("PYTHONDONTWRITEBYTECODE", "XDG_CURRENT_DESKTOP", "WAYLAND_DISPLAY"):
            environment.pop(name, None)
        if before:
            environment.pop("DBUS_SESSION_BUS_ADDRESS")
        counted = subprocess.run(
            ["xvfb-run", "-a", *before, *COUNT, sys.executable, "-c", window.PAINTED + program],
            env=environment | settings,
            capture_output=True,
            text=True,
            check=True,
        )
    found = re.search(r"I +refs: +([\d,]+)", counted.stderr)
    assert found, counted.stderr
    return int(found[1].replace(",", "")) / 1e6


def main() -> None:
    if missing := [tool for tool in TOOLS if not shutil.which(tool)]:
        sys.exit(f"missing: {', '.join(missing)}")
    for program in (window.OURS, window.BARE):
        window.first_paint(program)  # compiles what is not compiled yet
    ours, bare = (instructions(one, [], {}) for one in (window.OURS, window.BARE))
    print(f"first paint on X11: {ours:.0f}, {ours / bare:.2f} of a bare wizard ({bare:.0f})")
    for name, (before, settings) in CASES.items():
        more = [
            instructions(program, before, settings) - alone
            for program, alone in ((window.OURS, ours), (window.BARE, bare))
        ]
        print(f"{name}: {more[0]:+.1f} here, {more[1]:+.1f} in the bare wizard")


if __name__ == "__main__":
    main()
