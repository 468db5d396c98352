"""The seven fields as a person meets them."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from person import Person, wait
from PySide6.QtCore import QEvent, QLocale, Qt
from PySide6.QtGui import QFocusEvent, QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QListView, QScrollArea

from enos_csr_gui.core import countries
from enos_csr_gui.gui import startup
from enos_csr_gui.gui.startup import country_of_system as _country_of_system
from enos_csr_gui.gui.widgets.completed_line import CompletedLine
from enos_csr_gui.gui.widgets.country_box import CountryBox
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.messages import labels


@pytest.fixture
def person(person: Person) -> Person:
    """A person on the second page."""
    person.goes_on("Who is it for?")
    return person


def offered(person: Person, name: str = "Country") -> list[str]:
    """What the open list below a field offers."""
    line = person.field(name)
    assert isinstance(line, CompletedLine)
    return line.suggestions()


@pytest.mark.long
@pytest.mark.parametrize(
    ("typed", "among_them"),
    [
        ("chi", ["China (CN)", "Chile (CL)"]),
        ("CN", ["China (CN)"]),
        ("united k", ["United Kingdom (GB)"]),
        ("UNITED K", ["United Kingdom (GB)"]),
        ("germ", ["Germany (DE)"]),
        ("中国", ["China (CN)"]),
    ],
)
def test_typing_narrows_the_countries(person: Person, typed: str, among_them: list[str]) -> None:
    person.field("Country").setFocus()
    person.types(typed)
    assert set(among_them) <= set(offered(person))
    assert len(offered(person)) < 20


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Tab])
def test_a_country_is_chosen_with_arrow_and_enter_or_tab(person: Person, key: Qt.Key) -> None:
    person.field("Country").setFocus()
    person.types("chi")
    steps = offered(person).index("China (CN)") + 1
    person.press(Qt.Key.Key_Down, times=steps)
    person.press(key)
    assert person.field("Country").text() == "China (CN)"
    assert person.title() == "Who is it for?"


@pytest.mark.parametrize(
    ("typed", "country"),
    [
        ("CN", "China (CN)"),
        ("cn", "China (CN)"),
        ("China", "China (CN)"),
        ("CHN", "China (CN)"),
        ("UK", "United Kingdom (GB)"),
        ("Turkey", "Türkiye (TR)"),
        ("republic of korea", "Korea, Republic of (KR)"),
        ("reunion", "Réunion (RE)"),
        ("United States", "United States (US)"),
    ],
)
def test_what_names_one_country_becomes_it(person: Person, typed: str, country: str) -> None:
    person.enters("Country", typed)
    assert person.field("Country").text() == country


@pytest.mark.parametrize("by_mouse", [True, False])
def test_a_country_that_there_is_not_is_corrected_in_its_field(
    person: Person, by_mouse: bool
) -> None:
    person.field("Country").setFocus()
    person.types("Freedonia")
    if by_mouse:
        person.points_at(person.field("Locality"))
    else:
        person.press(Qt.Key.Key_Tab)
    assert "'Freedonia' is not in the list of countries. Choose one" in person.reads()
    if by_mouse:
        person.points_at(person.field("Country"))
        person.press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    else:
        person.press(Qt.Key.Key_Backtab)
    person.types("Norway")
    assert "is not in the list of countries" not in person.reads()  # before the field is left
    person.press(Qt.Key.Key_Tab)
    assert person.field("Country").text() == "Norway (NO)"
    assert "Freedonia" not in person.reads()


@pytest.mark.parametrize("typed", ["chi", "zzz", "XX", "EU", "Africa", "😀"])
def test_what_names_no_country_stays_to_be_corrected(person: Person, typed: str) -> None:
    person.enters("Country", typed)
    assert person.field("Country").text() == typed
    assert f"'{typed}' is not in the list of countries. Choose one" in person.reads()
    person.goes_on("Who is it for?")


_WORDS = sorted({word for country in countries.countries() for word in country.name.split()})


@pytest.mark.long
def test_leaving_the_country_never_yields_one_that_the_text_does_not_name(person: Person) -> None:
    """``tests/core/test_countries.py`` says what names a country."""
    box = person.field("Country").parentWidget()
    assert isinstance(box, CountryBox)
    words = st.sampled_from(_WORDS)
    typed_texts = (
        st.text(st.characters(codec="latin-1", categories=["L", "P"]), min_size=1, max_size=8)
        | words
        | words.map(lambda word: word[: len(word) // 2 + 1])
        | st.lists(words, min_size=2, max_size=3).map(" ".join)
        | st.sampled_from(["Republic of Korea", "Burma", "Republic of Ireland", "EU", "Africa"])
    )

    @given(typed_texts)
    @settings(max_examples=settings.default.max_examples * 3 // 2)
    def leave(typed: str) -> None:
        box.line.setFocus()
        box.setText("")
        for character in typed:
            if " " <= character <= "~":
                QTest.keyClick(box.line, character)
            else:
                event = QInputMethodEvent()
                event.setCommitString(character)
                QApplication.sendEvent(box.line, event)
        QTest.keyClick(box.line, Qt.Key.Key_Tab)
        QApplication.sendEvent(box.line, QFocusEvent(QEvent.Type.FocusOut))
        country = countries.named(typed)
        assert box.currentText() == (labels.country(country.code) if country else typed)
        assert box.text() == (country.code if country else typed)

    leave()


@pytest.mark.parametrize(
    ("typed", "name"),
    [("germ", "Germany"), ("Germny", "Germany"), ("Russian", "Russian Federation")],
)
def test_what_may_name_a_country_is_asked_about(person: Person, typed: str, name: str) -> None:
    person.enters("Country", typed)
    assert person.field("Country").text() == typed
    assert f"'{typed}' is not in the list of countries. Did you mean {name}?" in person.reads()


@pytest.mark.long
def test_all_countries_of_one_name_are_asked_about(person: Person) -> None:
    person.enters("Country", "Republic of China")
    assert person.field("Country").text() == "Republic of China"
    said = person.reads()
    assert "'Republic of China' may mean several countries: China (CN); Taiwan" in said
    assert "Choose one from the list." in said


@pytest.mark.long
def test_leaving_the_box_by_the_next_button_settles_it_too(
    person: Person, labelled: dict[str, str]
) -> None:
    person.fills_in(labelled)
    person.field("Country").selectAll()
    person.field("Country").setFocus()
    person.types("Norway")
    person.press(Qt.Key.Key_Escape)  # closes the list, not the window
    person.goes_on("Review")
    assert "Norway (NO)" in person.reads().split("\n")


def test_no_error_before_the_person_had_a_chance(person: Person) -> None:
    assert not person.problems()
    person.press(Qt.Key.Key_Tab, times=7)  # looking around is no mistake
    assert not person.problems()
    person.field("E-mail address").setFocus()
    person.types("ops@exa")
    assert not person.problems()
    person.press(Qt.Key.Key_Tab)
    assert person.problems() == ["Write it like name@company.com, or leave it empty."]
    person.field("E-mail address").setFocus()
    person.press(Qt.Key.Key_End)
    person.types("mple.com")  # and it goes as soon as it is mended
    assert not person.problems()


def test_one_character_too_many_is_said_while_typing_with_a_live_count(person: Person) -> None:
    person.field("Locality").setFocus()
    person.types("x" * 53)
    assert " left" not in person.reads()  # it is of no use yet
    person.types("x")
    assert "10 left" in person.reads()
    person.types("x" * 9)
    assert "1 left" in person.reads()
    person.types("xxx")
    assert person.problems() == ["2 characters too many: at most 64 are allowed. Shorten it."]
    person.press(Qt.Key.Key_Backspace, times=2)
    assert not person.problems()
    assert "0 left" in person.reads()


def test_sixty_four_chinese_characters_are_not_too_many(person: Person) -> None:
    person.enters("Organization", "风" * 64)
    assert not person.problems()
    assert "0 left" in person.reads()


def test_an_invisible_character_is_shown_with_its_place(person: Person) -> None:
    person.field("Common name").setFocus()
    QApplication.clipboard().setText("dev\u202e-001")
    person.press(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert person.problems() == [
        "Character 4 is invisible (U+202E), often a leftover of copying. Delete it, or type the "
        "text again."
    ]


def test_next_names_every_fault_at_once_and_goes_to_the_first(person: Person) -> None:
    person.enters("Country", "CN")
    person.enters("E-mail address", "nobody")
    person.click("Next >")
    assert person.title() == "Who is it for?"
    *missing, address = person.problems()
    assert missing == ["Fill this in."] * 5
    assert "For example Guizhou." in person.reads()  # the help stays
    said = person.field("State or province").accessibleDescription()
    assert said == "Fill this in. For example Guizhou."
    assert address.startswith("Write it like")
    person.types("dev-001")
    assert person.field("Common name").text() == "dev-001"
    assert person.problems() == [*missing[1:], address]


def test_the_states_of_the_country_are_suggested_and_any_other_text_is_taken(
    person: Person,
) -> None:
    person.enters("Country", "China")
    person.field("State or province").setFocus()
    waits_for_states(person)
    person.types("guiz")
    assert offered(person, "State or province") == ["Guizhou"]
    person.press(Qt.Key.Key_Down)
    person.press(Qt.Key.Key_Return)
    assert person.field("State or province").text() == "Guizhou"
    person.enters("State or province", "Somewhere else")
    assert not person.problems()


def test_going_back_keeps_every_answer(person: Person, labelled: dict[str, str]) -> None:
    person.fills_in(labelled)
    person.goes_on("Key", "< Back")
    person.goes_on("Who is it for?")
    for name in labelled.keys() - {"Country"}:
        assert person.field(name).text() == labelled[name]
    assert person.field("Country").text() == "China (CN)"


def test_the_country_does_not_change_when_the_wheel_turns_over_it(person: Person) -> None:
    person.enters("Country", "China")
    person.turns_the_wheel_over(person.field("Country").parentWidget())
    assert person.field("Country").text() == "China (CN)"


def waits_for_states(person: Person) -> None:
    """Wait until the states of the country, which stands in its field, are suggested."""
    line = person.field("State or province")

    def is_known() -> bool:
        line.clear()
        person.types("g")
        known = bool(offered(person, "State or province"))
        person.press(Qt.Key.Key_Backspace)
        return known

    person.waits_until(is_known)


@pytest.mark.long
def test_a_click_beside_an_open_list_goes_where_it_points(person: Person) -> None:
    person.enters("Country", "China")
    person.points_at(person.field("State or province"))
    waits_for_states(person)
    person.types("Guiz")
    assert offered(person, "State or province") == ["Guizhou"]
    locality = person.field("Locality")
    person.points_at(locality)
    person.types("Kaili")
    assert person.field("State or province").text() == "Guiz"
    assert locality.text() == "Kaili"
    assert not offered(person, "State or province")


def test_a_click_beside_the_open_list_of_countries_goes_where_it_points(person: Person) -> None:
    person.points_at(person.field("Country"))
    person.types("China")
    assert offered(person)
    person.points_at(person.field("Common name"))
    person.types("dev-001")
    assert person.field("Country").text() == "China (CN)"
    assert person.field("Common name").text() == "dev-001"


@pytest.mark.long
def test_one_click_on_next_is_enough_while_a_list_is_open(
    person: Person, labelled: dict[str, str]
) -> None:
    person.fills_in(labelled)
    person.points_at(person.field("Country"))
    person.field("Country").selectAll()
    person.types("Norw")
    person.press(Qt.Key.Key_Down)
    person.press(Qt.Key.Key_Backspace)
    person.types("way")
    assert offered(person)
    person.points_at(person.button("Next >"))
    person.waits_for_page("Review")
    assert "Norway (NO)" in person.reads().split("\n")


def test_a_suggestion_is_taken_with_one_click(person: Person) -> None:
    person.field("Country").setFocus()
    person.types("chi")
    row = offered(person).index("China (CN)")
    [found] = [view for view in person.wizard.findChildren(QListView) if view.isVisible()]
    place = found.visualRect(found.model().index(row, 0)).center()
    QTest.mouseClick(found.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert person.field("Country").text() == "China (CN)"
    assert not offered(person)
    assert person.field("Country").hasFocus()


@pytest.mark.long
def test_no_list_opens_that_only_repeats_what_stands_there(person: Person) -> None:
    person.enters("Country", "China")
    person.points_at(person.field("State or province"))
    waits_for_states(person)
    for typed in ("Guizho", "Guizhou"):
        person.field("State or province").clear()
        person.types(typed)
        assert offered(person, "State or province") == ([] if typed == "Guizhou" else ["Guizhou"])
    person.press(Qt.Key.Key_Return)  # so Enter leads on
    assert len(person.problems()) == 4


@pytest.mark.long
def test_no_key_is_lost_while_lists_come_and_go(person: Person) -> None:
    for text in ("China", "Norway", "chi", "Republic of Korea"):
        line = person.field("Country")
        person.points_at(line)
        line.selectAll()
        for character in text:
            QTest.keyClick(person.wizard.windowHandle(), character)  # all without a pause
        assert line.text() == text
        person.press(Qt.Key.Key_Tab)


def test_the_open_list_stays_at_its_field_when_the_page_scrolls(person: Person) -> None:
    person.wizard.resize(person.wizard.minimumWidth(), 400)
    person.field("Country").setFocus()
    person.types("chi")
    line = person.field("Country")
    [found] = [view for view in person.wizard.findChildren(QListView) if view.isVisible()]
    [area] = [one for one in person.wizard.findChildren(QScrollArea) if one.isVisible()]
    person.waits_until(lambda: area.verticalScrollBar().maximum() > 100)
    person.turns_the_wheel_over(area.viewport())
    bottom = line.mapTo(person.wizard, line.rect().bottomLeft()).y()
    assert abs(found.y() - bottom) <= 1


def test_what_is_wrong_is_scrolled_into_view_with_its_field(
    person: Person, labelled: dict[str, str]
) -> None:
    person.wizard.resize(person.wizard.minimumWidth(), 400)
    person.fills_in({key: text for key, text in labelled.items() if key != "Common name"})
    person.field("Country").setFocus()
    person.tries("Next >")
    assert person.field("Common name").hasFocus()
    [note] = [
        one for one in person.wizard.findChildren(FieldNote) if one.isVisible() and one.is_problem
    ]
    person.waits_until(lambda: note.visibleRegion().boundingRect() == note.rect())


def test_scrolling_away_from_a_field_is_not_undone(person: Person) -> None:
    person.wizard.resize(person.wizard.minimumWidth(), 400)
    person.field("Country").setFocus()
    [area] = [one for one in person.wizard.findChildren(QScrollArea) if one.isVisible()]
    person.waits_until(lambda: area.verticalScrollBar().maximum() > 100)
    person.turns_the_wheel_over(area.viewport())
    place = area.verticalScrollBar().value()
    assert place > 0
    person.wizard.resize(person.wizard.width() + 40, 400)  # all is laid out once more
    wait(50)
    assert area.verticalScrollBar().value() == place


@pytest.mark.long
def test_the_country_is_that_of_the_system_the_first_time_and_the_answer_later(
    start: Callable[..., Person], labelled: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(startup, "country_of_system", lambda: "NO")
    first = start()
    first.goes_on("Who is it for?")
    assert first.field("Country").text() == "Norway (NO)"
    first.types("dev-001")  # the cursor is in the first field that is empty
    assert first.field("Common name").text() == "dev-001"
    first.fills_in(labelled)
    first.goes_on("Review")
    first.goes_on("Save")
    first.goes_on("Done", "Save")
    later = start()
    later.goes_on("Who is it for?")
    assert later.field("Country").text() == "China (CN)"


@pytest.mark.parametrize(
    ("locale", "code"), [("zh_CN", "CN"), ("nb_NO", "NO"), ("C", ""), ("es_419", "")]
)
def test_the_region_of_a_system_may_name_a_country(locale: str, code: str) -> None:
    assert _country_of_system(QLocale(locale)) == code


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the system names its region")
@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "en"}, "DE"),
        ({"LANG": "C.UTF-8", "LANGUAGE": "en"}, ""),
        ({"LANG": "en_US.UTF-8", "LC_ADDRESS": "nb_NO@x"}, "NO"),
        ({}, ""),
    ],
)
def test_a_language_is_not_taken_for_a_region(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], code: str
) -> None:
    for name in ("LC_ALL", "LC_ADDRESS", "LANG", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert _country_of_system() == code
