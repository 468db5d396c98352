"""What runs beside the window, and Python's garbage collection, leave the window alone."""

from __future__ import annotations

import re
import threading
import time
import weakref
from itertools import chain
from pathlib import Path

import pytest
import shiboken6
from person import Person
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel

from enos_csr_gui import gui
from enos_csr_gui.gui import background, style

GUI = Path(gui.__file__).parent


@pytest.mark.long
def test_old_widgets_are_destroyed_in_the_thread_of_the_window(person: Person) -> None:
    destroyed_in: list[threading.Thread] = []

    def leave_a_widget() -> None:
        label = QLabel()
        label.itself = label  # only the garbage collection finds that nobody needs it
        weakref.finalize(label, lambda: destroyed_in.append(threading.current_thread()))

    def call_for_a_collection() -> list[list[int]]:
        return [[number] for number in range(100_000)]

    done: list[int] = []
    background.run(person.wizard, call_for_a_collection, lambda lists: done.append(len(lists)))
    leave_a_widget()
    person.waits_until(lambda: bool(done))
    kept: list[list[int]] = []

    def is_destroyed_while_there_is_more_to_collect() -> bool:
        kept.extend([number] for number in range(20))
        return bool(destroyed_in)

    person.waits_until(is_destroyed_while_there_is_more_to_collect)
    assert destroyed_in == [threading.main_thread()]


def test_a_long_call_and_the_window_take_turns(person: Person) -> None:
    turns: list[int] = []
    done: list[bool] = []

    def compute() -> bool:
        for number in range(50):
            background.give_way()
            turns.append(number)
        return True

    background.run(person.wizard, compute, done.append)
    time.sleep(0.3)  # the window gives no turns, but the call goes on
    assert turns
    person.waits_until(lambda: bool(done))
    assert turns == list(range(50))


@pytest.mark.long
def test_the_screen_is_not_destroyed_with_a_window(person: Person) -> None:
    # PySide makes a child of what 'QWidget.screen' returns.
    assert style.screen_of(person.wizard) == QGuiApplication.primaryScreen()
    assert "parent" not in shiboken6.dump(QGuiApplication.primaryScreen())
    assert lines_with(r"\w\.screen\(\)") == []


def test_what_the_next_turn_is_to_do_is_left_undone_once_its_owner_is_gone() -> None:
    # 'turn' asks for itself whether its owner is there; the loop is ended before it goes.
    without_owner = r"singleShot\([^,]+, [^,]+\)$"
    assert sorted(lines_with(without_owner)) == [
        "QTimer.singleShot(0, turn)",
        "QTimer.singleShot(0, turn)",
        "QTimer.singleShot(10, loop.quit)",
    ]


def lines_with(pattern: str) -> list[str]:
    """Return the lines of the window's code in which the pattern is found."""
    lines = chain.from_iterable(path.read_text().splitlines() for path in GUI.rglob("*.py"))
    return [line.strip() for line in lines if re.search(pattern, line)]
