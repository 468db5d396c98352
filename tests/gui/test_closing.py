"""Closing the window asks only when something would be lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from person import Person, wait
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox

from enos_csr_gui.core import keys
from enos_csr_gui.gui.widgets.question import confirm

QUESTION = "The request that you began is not saved."


def test_nothing_is_asked_when_nothing_was_entered(person: Person) -> None:
    person.goes_on("Who is it for?")
    person.wizard.close()
    assert not person.wizard.isVisible()


START = "What would you like to do?"
CONTINUE = "Continue the unfinished request"


def test_cancel_drops_the_request_and_closing_warns_of_nothing(person: Person) -> None:
    person.goes_on("Who is it for?")
    person.enters("Common name", "dev-001")
    person.points_at(person.button("Cancel"))  # one answer is not worth a question
    assert person.title() == START
    assert CONTINUE not in person.reads()
    person.begins("New request")
    person.goes_on("Who is it for?")
    assert person.field("Common name").text() == ""
    person.press(Qt.Key.Key_Escape)
    assert person.title() == START
    person.wizard.close()
    assert not person.wizard.isVisible()


@pytest.mark.long
@pytest.mark.parametrize("way", ["Cancel", "Escape"])
def test_cancel_asks_where_much_was_typed(
    person: Person, labelled: dict[str, str], way: str
) -> None:
    def cancel() -> None:
        if way == "Cancel":
            person.points_at(person.button(way))
        else:
            person.press(Qt.Key.Key_Escape)

    person.goes_on("Who is it for?")
    person.fills_in(labelled)
    read = person.answers_with("Keep it")
    cancel()
    assert "Discard the unfinished request?" in read[0]
    assert person.title() == "Who is it for?"
    assert person.field("Locality").text() == "Kaili"
    person.answers_with("Discard it")
    cancel()
    assert person.title() == START
    person.begins("New request")
    person.goes_on("Who is it for?")
    assert {person.field(name).text() for name in labelled} == {""}


@pytest.mark.long
def test_a_request_is_continued_where_it_was_left(
    person: Person, labelled: dict[str, str], saved: Path
) -> None:
    person.goes_on("Who is it for?")
    person.fills_in(labelled)
    person.goes_on("Review")
    person.drops(saved.parent / "a file")  # another task, begun in between
    person.waits_for_page("Check a file")
    person.press(Qt.Key.Key_Escape)
    assert person.title() == START
    assert CONTINUE in person.reads()
    person.begins("My requests")
    person.press(Qt.Key.Key_Escape)
    person.press(Qt.Key.Key_Return)  # it has the focus
    person.waits_for_page("Review")
    assert "dev-001" in person.reads()
    person.goes_on("Save")
    person.goes_on("Done", "Save")
    person.click("Start page")
    assert CONTINUE not in person.reads()


@pytest.mark.long
@pytest.mark.parametrize("by_mouse", [True, False])
def test_no_button_beside_back_ends_the_program(
    person: Person, saved: Path, by_mouse: bool
) -> None:
    person.goes_on("Who is it for?")
    person.drops(saved.parent / "a file")
    person.waits_for_page("Check a file")
    assert "Close" not in person.reads()
    person.uses("< Back", by_mouse=by_mouse)
    assert person.title() == "Who is it for?"
    person.drops(saved.parent / "a file")
    person.waits_for_page("Check a file")
    person.waits_until(lambda: not person.wizard.page.busy)
    person.uses("Start page", by_mouse=by_mouse)
    assert person.title() == START
    person.begins("My requests")
    assert not {"Close", "Start page"} & set(person.reads().split("\n"))
    person.uses("< Back", by_mouse=by_mouse)
    assert person.title() == START


@pytest.mark.parametrize("by_mouse", [True, False])
def test_a_new_request_beside_an_unfinished_one_begins_without_its_answers(
    person: Person, labelled: dict[str, str], by_mouse: bool
) -> None:
    person.goes_on("Who is it for?")
    person.fills_in(labelled)
    person.uses("< Back", by_mouse=by_mouse)
    person.uses("< Back", by_mouse=by_mouse)
    read = person.answers_with("Keep it")
    person.uses("New request", by_mouse=by_mouse)
    assert read
    assert person.title() == START
    person.answers_with("Discard it")
    person.uses("New request", by_mouse=by_mouse)
    person.waits_for_page("Key")
    person.goes_on("Who is it for?")
    assert person.field("Locality").text() == ""


def test_escape_on_the_last_page_leads_to_the_first_and_never_closes(
    person: Person, labelled: dict[str, str]
) -> None:
    person.walks_to_save(labelled)
    person.goes_on("Done", "Save")
    person.press(Qt.Key.Key_Escape)
    assert person.title() == "What would you like to do?"
    person.press(Qt.Key.Key_Escape)
    assert person.wizard.isVisible()
    person.click("Close")
    assert not person.wizard.isVisible()


@pytest.mark.long
def test_cancelling_during_key_generation_saves_nothing(
    start: Callable[..., Person],
    labelled: dict[str, str],
    saved: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, generate = Event(), keys.generate

    def slowly() -> object:
        assert made.wait(20)
        return generate()

    monkeypatch.setattr(keys, "generate", slowly)
    person = start()
    person.walks_to_save(labelled)
    person.click("Save")
    person.answers_with("Discard it")
    person.click("Cancel")
    made.set()
    wait(300)
    assert person.title() == "What would you like to do?"
    assert not saved.exists()


def test_keeping_it_open_keeps_the_answers_and_closing_writes_nothing(
    person: Person, home: Path
) -> None:
    person.goes_on("Who is it for?")
    person.enters("Locality", "Kaili")
    read = person.answers_with("Keep it open")
    person.wizard.close()
    person.waits_until(lambda: bool(read))
    assert QUESTION in read[0]
    assert person.wizard.isVisible()
    assert person.field("Locality").text() == "Kaili"

    person.answers_with("Close without saving")
    person.wizard.close()
    person.waits_until(lambda: not person.wizard.isVisible())
    assert not list(home.rglob("*"))


def test_escape_in_the_question_keeps_it_open(person: Person) -> None:
    person.click("Protect the key file with a passphrase")
    person.enters("Passphrase", "not lost by accident")

    def escape() -> bool:
        if not isinstance(QApplication.activeModalWidget(), QMessageBox):
            return False
        person.press(Qt.Key.Key_Escape)
        return True

    person.meanwhile(escape)
    person.wizard.close()
    wait(50)
    assert person.wizard.isVisible()


def test_what_follows_from_a_short_question_is_no_narrow_column(person: Person) -> None:
    lines: list[float] = []

    def measure() -> bool:
        if not isinstance(box := QApplication.activeModalWidget(), QMessageBox):
            return False
        below = box.findChild(QLabel, "qt_msgbox_informativelabel")
        one_line = QLabel(below.text())  # in the font that has these letters
        one_line.setFont(below.font())
        lines.append(below.height() / one_line.sizeHint().height())
        person.press(Qt.Key.Key_Escape)
        return True

    person.meanwhile(measure)
    confirm(person.wizard, "Go?", "填写的内容将会丢失，之前已保存的内容不受影响。", "Go", "Stay")
    assert lines[0] < 2.5


def test_nothing_is_asked_once_the_files_are_saved(
    person: Person, labelled: dict[str, str]
) -> None:
    person.walks_to_save(labelled)
    person.goes_on("Done", "Save")
    person.wizard.close()
    assert not person.wizard.isVisible()


@pytest.mark.long
def test_what_was_only_offered_is_not_lost(
    start: Callable[[], Person], labelled: dict[str, str]
) -> None:
    test_nothing_is_asked_once_the_files_are_saved(start(), labelled)
    second = start()
    second.goes_on("Who is it for?")
    assert second.field("Locality").text() == "Kaili"
    second.wizard.close()
    assert not second.wizard.isVisible()
