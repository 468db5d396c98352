"""The help of each page, and what the program says about itself."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from importlib import metadata

import pytest
from person import Person
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QListWidget, QTextBrowser
from tour import reader

from enos_csr_gui import __version__, i18n, resources
from enos_csr_gui.gui import help as help_
from enos_csr_gui.gui import help_shortcut
from enos_csr_gui.gui.help import HelpWindow, TextWindow
from enos_csr_gui.gui.menu_bar import make_menu_bar
from enos_csr_gui.gui.navigation import Step


def read(person: Person) -> str:
    """Return what stands in the help window."""
    person.waits_until(lambda: bool(_windows(person)))
    return _windows(person)[-1].toPlainText()


def _windows(person: Person) -> list[QTextBrowser]:
    return [text for text in person.wizard.findChildren(QTextBrowser) if text.isVisible()]


def test_f1_shows_the_part_about_the_page(person: Person) -> None:
    person.press(Qt.Key.Key_F1)
    said = read(person)
    assert said.startswith("Key\n")
    assert "A forgotten passphrase cannot be recovered" in said
    assert "Organizational unit" not in said


TASKS = {
    "": Step.START,
    "Renew a certificate": Step.RENEW,
    "My certificate has arrived": Step.RECEIVE,
    "Check a file": Step.INSPECT,
    "My requests": Step.REQUESTS,
}


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("language", i18n.languages())
def test_f1_is_about_the_page_in_every_language(
    start: Callable[..., Person], task: str, language: str
) -> None:
    guide = resources.guide(language).read_text(encoding="utf-8")
    [heading, *_text] = help_.topics(guide)[TASKS[task].name.lower()].splitlines()
    i18n.choose([language])
    try:
        person = reader(start("").wizard, language)
        person.waits_until(lambda: person.wizard.is_ready)
        if task:
            person.begins(task)
        person.press(Qt.Key.Key_F1)
        assert read(person).splitlines()[0] == heading.lstrip("# ")
    finally:
        i18n.choose([])


@pytest.mark.parametrize(
    ("key", "modifier"),
    [
        (Qt.Key.Key_F1, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_H, Qt.KeyboardModifier.ControlModifier),
    ],
)
def test_f1_and_the_systems_own_key_open_the_help_and_close_it(
    start: Callable[..., Person],
    monkeypatch: pytest.MonkeyPatch,
    key: Qt.Key,
    modifier: Qt.KeyboardModifier,
) -> None:
    monkeypatch.setattr(QKeySequence, "keyBindings", lambda _key: [QKeySequence("Ctrl+H")])
    person = start("")
    person.waits_until(lambda: person.wizard.is_ready)
    person.press(key, modifier)
    assert read(person)
    help_window = _windows(person)[-1].window()
    help_window.activateWindow()
    QTest.qWaitForWindowActive(help_window)
    QTest.keyClick(help_window.windowHandle(), key, modifier)
    person.waits_until(lambda: not _windows(person))


def test_the_button_does_the_same_and_leads_to_the_whole_guide(person: Person) -> None:
    person.goes_on("Who is it for?")
    person.click("Help (F1)")
    assert read(person).startswith("Who is it for?")
    person.click("Whole guide")
    assert read(person).startswith("User guide")


def test_the_help_follows_the_page(person: Person) -> None:
    person.press(Qt.Key.Key_F1)
    assert read(person).startswith("Key")
    person.goes_on("Who is it for?")
    assert read(person).startswith("Who is it for?")
    person.click("< Back")
    assert read(person).startswith("Key")
    assert len(_windows(person)) == 1


def test_the_contents_and_a_search_lead_to_a_part(person: Person) -> None:
    person.press(Qt.Key.Key_F1)
    read(person)
    help_window = _windows(person)[-1].window()
    [contents] = help_window.findChildren(QListWidget)
    [search] = help_window.findChildren(QLineEdit)
    all_parts = [contents.item(row) for row in range(contents.count())]
    assert [item.text() for item in all_parts if item.isSelected()] == ["Key"]
    contents.setCurrentRow(0)
    assert read(person).startswith("What would you like to do?")
    QTest.keyClicks(search, "turkey")
    left = [item.text() for item in all_parts if not item.isHidden()]
    assert left == ["Who is it for?"]
    assert read(person).startswith("Who is it for?")
    assert _windows(person)[-1].textCursor().selectedText() == "Turkey"
    search.setFocus()
    QTest.keyClick(search, Qt.Key.Key_Return)  # which presses 'Close' elsewhere in the window
    assert help_window.isVisible()
    assert _windows(person)[-1].hasFocus()
    search.selectAll()
    QTest.keyClicks(search, "qqqq")
    assert all(item.isHidden() for item in all_parts)
    said = [label.text() for label in help_window.findChildren(QLabel) if label.isVisible()]
    assert "Nothing in the guide has this text." in said


@pytest.mark.parametrize("language", i18n.languages())
def test_every_page_has_its_part_of_the_guide_in_every_language(language: str) -> None:
    english = resources.guide("en")
    guide = resources.guide(language)
    assert (guide == english) == (language == "en")
    marked = help_.topics(guide.read_text(encoding="utf-8"))
    assert {step.name.lower() for step in Step} < set(marked)
    assert set(marked) == set(help_.topics(english.read_text(encoding="utf-8")))


@pytest.mark.parametrize("language", i18n.languages())
def test_no_mark_of_the_guides_source_is_read(qapp: QApplication, language: str) -> None:
    i18n.choose([language])
    try:
        guide = help_.read_guide()
    finally:
        i18n.choose([])
    for text in (guide, *help_.topics(guide).values()):
        document = QTextDocument()
        document.setMarkdown(text)
        assert not re.findall(r".*(?:\*\*|\]\(|^#).*", document.toPlainText(), re.MULTILINE)


def test_every_picture_of_the_guides_is_there() -> None:
    for guide in resources.guide("en").parent.glob("user-guide*.md"):
        pictures = re.findall(r"!\[.*\]\((.*)\)", guide.read_text(encoding="utf-8"))
        assert pictures
        assert all((guide.parent / picture).is_file() for picture in pictures)


def test_the_program_says_what_it_is(start: Callable[..., Person]) -> None:
    person = start("")
    person.waits_to_read("About")
    person.click("About")
    said = read(person)
    assert f"EnOS CSR {__version__}" in said
    assert "Nothing is ever sent over the network" in said
    required = [one for one in metadata.requires("enos-csr-gui") or () if "extra ==" not in one]
    needed = [re.split(r"[><=;\[ ]", one)[0] for one in required]
    assert "cryptography" in needed
    assert [name for name in needed if name not in said.lower()] == []


@pytest.mark.parametrize(("platform", "key"), [("darwin", "(⌘?)"), ("win32", "(F1)")])
def test_the_button_names_the_key_of_the_system(
    platform: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert help_shortcut.help_label() == f"Help {key}"


def test_macos_finds_about_and_help_in_the_menu_bar(person: Person) -> None:
    bar = make_menu_bar(person.wizard)
    assert bar.parent() is None
    [menu] = [action.menu() for action in bar.actions()]
    about, help_ = menu.actions()
    assert about.menuRole() is QAction.MenuRole.AboutRole
    for action, kind in ((about, TextWindow), (help_, HelpWindow)):
        action.trigger()
        [window] = [one for one in person.wizard.findChildren(TextWindow) if isinstance(one, kind)]
        window.close()
