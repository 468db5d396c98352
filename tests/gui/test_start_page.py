"""The first page: what the person wants to do."""

from __future__ import annotations

from collections.abc import Callable

from person import Person
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont
from pytestqt.qtbot import QtBot

from enos_csr_gui.gui.widgets.task_link import TaskLink

START = "What would you like to do?"


def test_enter_begins_a_new_request(start: Callable[..., Person]) -> None:
    person = start("")
    assert person.title() == START
    person.press(Qt.Key.Key_Return)
    person.waits_for_page("Key")


def test_every_task_has_a_key_of_its_own(start: Callable[..., Person]) -> None:
    person = start("")
    person.press(Qt.Key.Key_N, Qt.KeyboardModifier.AltModifier)
    person.waits_for_page("Key")


def test_back_leads_to_the_first_page_and_the_answers_stay(person: Person) -> None:
    person.goes_on("Who is it for?")
    person.enters("Locality", "Kaili")
    person.click("< Back")
    person.click("< Back")
    person.waits_for_page(START)
    person.begins("Continue the unfinished request")
    person.goes_on("Who is it for?")
    assert person.field("Locality").text() == "Kaili"


def test_the_first_page_is_reset_after_a_request(person: Person, labelled: dict[str, str]) -> None:
    person.walks_to_save(labelled)
    person.goes_on("Done", "Save")
    person.click("Start page")
    person.waits_for_page(START)
    person.begins("New request")
    person.goes_on("Who is it for?")
    assert person.field("Common name").text() == ""
    assert person.field("Locality").text() == "Kaili"


def ink(link: TaskLink) -> QSize:
    """Return how much of the link its text takes, in pixels."""
    link.resize(link.sizeHint())
    picture = link.grab().toImage()
    ground = picture.pixel(0, 0)
    inked = [
        (x, y)
        for x in range(picture.width())
        for y in range(picture.height())
        if picture.pixel(x, y) != ground
    ]
    columns, rows = zip(*inked, strict=True)
    return QSize(max(columns) - min(columns), max(rows) - min(rows))


def test_the_text_of_a_task_is_as_large_as_the_desktop_wants_it(qtbot: QtBot) -> None:
    sizes = []
    for points in (10, 20):
        link = TaskLink("&Task", "What the task is for.")
        qtbot.addWidget(link)
        link.setFont(QFont(link.font().family(), points))
        sizes.append(ink(link))
    usual, large = sizes
    assert large.width() > 1.8 * usual.width()
    assert large.height() > 1.8 * usual.height()


def test_a_narrow_window_wraps_the_text_of_a_task(qtbot: QtBot) -> None:
    link = TaskLink("&Task", "What the task is for, in very many words.")
    qtbot.addWidget(link)
    wide = link.sizeHint()
    assert link.heightForWidth(wide.width()) == wide.height()
    assert link.minimumSizeHint().width() < wide.width()
    narrow = link.heightForWidth(2 * wide.width() // 3)
    assert narrow > wide.height()
