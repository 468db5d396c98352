"""Sets of answers with names: chosen on the form, saved from it, handed round in a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from person import Person
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog, QPushButton

from enos_csr_gui.core import defaults, profiles
from enos_csr_gui.gui.widgets.profile_button import ProfileButton

ANSWERS = {
    "country": "NO",
    "state": "Viken",
    "locality": "Oslo",
    "organization": "Fjord & Wind",
    "unit": "Solar",
}


@pytest.fixture
def person(person: Person) -> Person:
    """A person on the page of the answers, with the profile 'Fjord & Co'."""
    profiles.save("Fjord & Co", ANSWERS)
    person.goes_on("Who is it for?")
    return person


def menu(person: Person) -> list[str]:
    """Return what the menu offers, once it is up to date."""
    return [action.text() for action in _button(person).menu().actions() if action.text()]


def _button(person: Person) -> QPushButton:
    [button] = [
        one
        for one in person.wizard.findChildren(QPushButton)
        if one.isVisible() and one.menu() and one.text().startswith("Profile")
    ]
    return button


def chooses(person: Person, text: str) -> None:
    """Choose an entry of the menu, once it can be chosen."""

    def found() -> list[QAction]:
        actions = _button(person).menu().actions()
        return [one for one in actions if one.text() == text and one.isEnabled()]

    person.waits_until(lambda: bool(found()))
    [action] = found()
    action.trigger()


def names_it(person: Person, name: str) -> None:
    """Answer the dialog that is about to ask for a name."""

    def act() -> bool:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QInputDialog):
            return False
        dialog.setTextValue(name)
        dialog.accept()
        return True

    person.meanwhile(act)


def test_a_profile_fills_in_all_but_the_common_name(person: Person, saved: Path) -> None:
    person.enters("Common name", "dev-042")
    person.enters("E-mail address", "old@example.com")
    chooses(person, "Fjord && Co")
    assert person.field("Common name").text() == "dev-042"
    assert person.field("Country").text() == "Norway (NO)"
    assert person.field("Organization").text() == "Fjord & Wind"
    assert person.field("E-mail address").text() == ""  # the profile has none
    person.waits_to_read("Profile: Fjord & Co".replace("&", ""))
    person.goes_on("Review")
    person.goes_on("Save")
    person.goes_on("Done", "Save")
    assert (saved / "dev-042.csr").is_file()


def test_with_the_keyboard_alone(person: Person) -> None:
    _button(person).setFocus()
    person.waits_until(lambda: "Fjord && Co" in menu(person))
    person.press(Qt.Key.Key_Space)
    person.waits_until(lambda: QApplication.activePopupWidget() is not None)
    person.press(Qt.Key.Key_Down)
    person.press(Qt.Key.Key_Return)
    person.waits_until(lambda: person.field("Locality").text() != "")
    assert person.field("Locality").text() == "Oslo"
    assert person.field("Common name").hasFocus()  # what is still missing


def test_the_answers_are_saved_renamed_updated_and_removed(
    person: Person, labelled: dict[str, str]
) -> None:
    person.fills_in(labelled)
    names_it(person, "Kaili")
    chooses(person, "Save these answers as a profile…")
    person.waits_to_read("The profile 'Kaili' is saved.")
    assert profiles.find("Kaili").answers["state"] == "Guizhou"
    assert "dev-001" not in profiles.default_path().read_text()

    names_it(person, "fjord & co")  # the name of another one
    chooses(person, "Rename 'Kaili'…")
    person.waits_until(lambda: any("There is already" in one for one in person.problems()))
    names_it(person, "Duyun")
    chooses(person, "Rename 'Kaili'…")
    person.waits_to_read("The profile 'Duyun' is saved.")

    person.enters("Locality", "Duyun")
    chooses(person, "Update 'Duyun' with these answers")
    person.waits_until(lambda: profiles.find("Duyun").answers["locality"] == "Duyun")
    assert [one.name for one in profiles.load()] == ["Duyun", "Fjord & Co"]

    person.answers_with("Remove it")
    chooses(person, "Remove 'Duyun'…")
    person.waits_to_read("The profile 'Duyun' is removed.")
    assert [one.name for one in profiles.load()] == ["Fjord & Co"]
    assert person.field("Locality").text() == "Duyun"


def test_no_field_moves_even_for_a_moment(person: Person) -> None:
    [button] = person.wizard.page.findChildren(ProfileButton)
    field = person.field("Locality")
    place = field.mapTo(person.wizard, QPoint())
    for text in ("Saved.", "Removed.", ""):
        button.note.tell(text)
        assert field.mapTo(person.wizard, QPoint()) == place


def test_what_became_of_a_profile_moves_no_field(person: Person, labelled: dict[str, str]) -> None:
    person.fills_in(labelled)
    place = person.field("Locality").mapTo(person.wizard, QPoint())
    names_it(person, "Kaili")
    chooses(person, "Save these answers as a profile…")
    person.waits_to_read("The profile 'Kaili' is saved.")
    assert person.field("Locality").mapTo(person.wizard, QPoint()) == place
    assert person.wizard.page.fits()
    assert "Fields marked * are required." not in person.reads()
    person.enters("Locality", "Duyun")
    assert "Fields marked * are required." in person.reads()
    assert "is saved" not in person.reads()


def test_a_new_profile_does_not_replace_another(person: Person) -> None:
    names_it(person, "FJORD & CO")
    chooses(person, "Save these answers as a profile…")
    person.waits_until(lambda: any("There is already" in one for one in person.problems()))
    assert profiles.find("Fjord & Co").answers == ANSWERS


def test_they_are_handed_round_in_one_file(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ours.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(file), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_a, **_k: (str(file), ""))
    chooses(person, "Export profiles…")
    person.waits_to_read(f"The profiles are saved: {file}")
    profiles.remove("Fjord & Co")
    chooses(person, "Import profiles…")
    person.waits_to_read("1 profile is added.")
    assert profiles.find("Fjord & Co").answers == ANSWERS


def test_a_hostile_file_is_shown_as_text(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "bad.json"
    hostile = {"name": "<b>x</b>", "answers": {"unit": "Ops", "a\u202eb": "x"}}
    file.write_text(json.dumps({"profiles": [hostile]}))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_a, **_k: (str(file), ""))
    chooses(person, "Import profiles…")
    person.waits_until(lambda: any("answers.a\\u202eb" in one for one in person.problems()))
    chooses(person, "<b>x</b>")
    assert person.field("Organizational unit").text() == "Ops"


def test_what_is_locked_is_not_a_profiles_to_change(
    start: Callable[..., Person], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiles.save("Fjord", ANSWERS)
    file = tmp_path / "defaults.toml"
    monkeypatch.setattr(defaults, "places", lambda: [file])
    file.write_text('locked = ["organization"]\n[subject]\norganization = "Ours"\n')
    person = start()
    person.goes_on("Who is it for?")
    chooses(person, "Fjord")
    assert person.field("Organization").text() == "Ours"
    assert person.field("Locality").text() == "Oslo"


def test_a_chosen_profile_is_not_typed_work_that_closing_would_lose(person: Person) -> None:
    chooses(person, "Fjord && Co")
    assert person.wizard.draft.typed == 0
    person.click("Cancel")
    person.waits_for_page("What would you like to do?")
    person.begins("New request")
    person.goes_on("Who is it for?")
    assert _button(person).text() == "Profile"
