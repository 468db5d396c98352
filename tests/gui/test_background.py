"""What runs beside the window leaves the window's own things alone."""

from __future__ import annotations

import threading
import weakref

from person import Person
from PySide6.QtWidgets import QLabel

from enos_csr_gui.gui import background


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
    person.waits_until(lambda: bool(destroyed_in))
    assert destroyed_in == [threading.main_thread()]
