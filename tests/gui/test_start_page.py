"""The first page: what the person wants to do."""

from __future__ import annotations

from collections.abc import Callable

from person import Person
from PySide6.QtCore import Qt

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
    person.begins("New request")
    person.goes_on("Who is it for?")
    assert person.field("Locality").text() == "Kaili"


def test_after_a_request_the_first_page_begins_anew(
    person: Person, labelled: dict[str, str]
) -> None:
    person.walks_to_save(labelled)
    person.goes_on("Done", "Save")
    person.click("Start page")
    person.waits_for_page(START)
    person.begins("New request")
    person.goes_on("Who is it for?")
    assert person.field("Common name").text() == ""
    assert person.field("Locality").text() == "Kaili"
