"""What runs beside the window, and Python's garbage collection, leave the window alone."""

from __future__ import annotations

import re
import sys
import threading
import time
import weakref
from itertools import chain
from pathlib import Path

import pytest
import shiboken6
from person import Person
from PySide6.QtGui import QGuiApplication, QPaintEvent
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
    began, held = threading.Event(), threading.Event()

    def compute() -> bool:
        began.set()
        held.wait(60)
        for number in range(50):
            background.give_way()
            turns.append(number)
        return True

    background.run(person.wizard, compute, done.append)
    person.waits_until(began.is_set)
    held.set()
    time.sleep(0.3)  # the window gives no turns, but the call goes on
    assert turns
    person.waits_until(lambda: bool(done))
    assert turns == list(range(50))


def test_a_call_begins_after_the_window_has_painted_what_is_new(person: Person) -> None:
    happened: list[str] = []

    class Shown(QLabel):
        def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  # the name is that of Qt
            happened.append("painted")
            super().paintEvent(event)

    label = Shown("new", person.wizard)
    background.run(person.wizard, lambda: happened.append("began"), lambda _nothing: None)
    label.show()
    person.waits_until(lambda: "began" in happened)
    assert happened == ["painted", "began"]


def test_a_call_that_has_not_begun_when_the_window_closes_is_made_all_the_same(
    person: Person,
) -> None:
    made: list[bool] = []
    background.run(person.wizard, lambda: made.append(True), lambda _nothing: None)
    assert not made
    background.finish()
    assert made == [True]


def test_a_call_does_not_wait_for_others_that_look_at_a_disk_which_does_not_answer(
    person: Person,
) -> None:
    answers, done = threading.Event(), list[int]()
    for _number in range(20):
        background.run(person.wizard, lambda: len([answers.wait(60)]), done.append)
    background.run(person.wizard, lambda: 2, done.append)
    person.waits_until(lambda: bool(done))
    assert done == [2]
    answers.set()
    person.waits_until(lambda: len(done) == 21)


def test_where_the_system_has_no_room_for_a_thread_the_window_says_so_at_once(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", lambda _kind, error, _trace: told.append(error))
    usual = threading.stack_size(1 << 46)  # no computer has so much memory
    try:
        background.run(person.wizard, lambda: None, lambda _nothing: None)
        person.waits_until(lambda: bool(told))
    finally:
        threading.stack_size(usual)
    assert [str(error) for error in told] == ["can't start new thread"]


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
