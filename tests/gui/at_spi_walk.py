"""Makes a request as a screen reader's user does: with the names, roles and actions in AT-SPI.

Run by the system's Python, which has the binding: ``at_spi_walk.py PROGRAM [ARGUMENT...]``. On
standard input come, as JSON, the answers, label -> text, and the words to look for, English ->
those of the language on the screen.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402  (the version comes first)

PATIENCE_S = 40


def until(look: Callable[[], Atspi.Accessible | None], what: str) -> Atspi.Accessible:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            if found := look():
                return found
        except GLib.Error:
            pass  # it has just gone
        time.sleep(0.1)
    sys.exit(f"{what} is not there")


def everything(node: Atspi.Accessible) -> Iterator[Atspi.Accessible]:
    yield node
    for place in range(node.get_child_count()):
        if child := node.get_child_at_index(place):
            yield from everything(child)


def application() -> Atspi.Accessible | None:
    desktop = Atspi.get_desktop(0)
    found = (desktop.get_child_at_index(place) for place in range(desktop.get_child_count()))
    return next((app for app in found if app and "EnOS" in app.get_name()), None)


def has(node: Atspi.Accessible, *states: Atspi.StateType) -> bool:
    return all(node.get_state_set().contains(state) for state in states)


def find(app: Atspi.Accessible, role: str, name: str) -> Atspi.Accessible:
    def look() -> Atspi.Accessible | None:
        for node in everything(app):
            called = node.get_role_name(), re.split("[,，]", node.get_name())[0]
            usable = has(node, Atspi.StateType.SHOWING, Atspi.StateType.ENABLED)
            if called == (role, name) and usable:
                return node
        return None

    return until(look, f"{role} {name!r}")


def press(app: Atspi.Accessible, name: str) -> None:
    Atspi.Action.do_action(find(app, "push button", name), 0)


def enter(app: Atspi.Accessible, name: str, text: str) -> None:
    Atspi.EditableText.set_text_contents(find(app, "text", name), text)


def main() -> None:
    answers, words = json.load(sys.stdin)
    program = subprocess.Popen(sys.argv[1:])
    try:
        app = until(application, "the application")
        press(app, words["New request"])
        find(app, "label", words["Key"])
        press(app, words["Next >"])
        find(app, "label", words["Who is it for?"])
        for label, text in answers.items():
            enter(app, label, text)
        press(app, words["Next >"])
        find(app, "label", words["Review"])
        press(app, words["Next >"])
        find(app, "push button", words["Save"])
        press(app, words["Save"])
        find(app, "label", words["Done"])
    finally:
        program.kill()
        program.wait()


if __name__ == "__main__":
    main()
