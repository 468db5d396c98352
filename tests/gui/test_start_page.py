"""The first page: what the person wants to do."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from person import Person, wait
from PySide6.QtCore import QMimeData, QSize, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QFont
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from enos_csr_gui.core import keys, pasted
from enos_csr_gui.gui.startup import open_wizard
from enos_csr_gui.gui.widgets.drop_area import DropCover
from enos_csr_gui.gui.widgets.line import Line
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


@pytest.mark.long
def test_enter_continues_what_another_language_has_found_unfinished(
    qapp: QApplication, person: Person
) -> None:
    person.goes_on("Who is it for?")
    person.enters("Locality", "Kaili")
    person.click("< Back")
    person.click("< Back")
    wizard = open_wizard(draft=person.wizard.draft)  # as when the language changes
    wizard.left_at = person.wizard.left_at
    wizard.show()
    second = Person(wizard)
    second.waits_to_read("Continue the unfinished request")
    assert second.button("Continue the unfinished request").hasFocus()
    second.press(Qt.Key.Key_Return)
    second.waits_for_page("Key")
    second.goes_on("Who is it for?")
    assert second.field("Locality").text() == "Kaili"


@pytest.mark.long
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


# --- Dropped and pasted ---------------------------------------------------------------------------

CTRL = Qt.KeyboardModifier.ControlModifier


def files_of(*paths: Path) -> QMimeData:
    """What a file manager offers: the addresses, and the same as text."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    data.setText("\n".join(url.toString() for url in data.urls()))
    return data


def drag(kind: type[QDropEvent], widget: QWidget, data: QMimeData) -> QDropEvent:
    event = kind(
        widget.rect().center(),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(widget, event)
    return event


def test_the_window_shows_that_files_can_be_dropped(
    start: Callable[..., Person], old: Path
) -> None:
    person = start("")
    person.waits_to_read("Or drop files, a folder or a ZIP anywhere on this window.")
    data = files_of(old)
    assert drag(QDragEnterEvent, person.wizard, data).isAccepted()
    [cover] = person.wizard.findChildren(DropCover)
    assert cover.isVisible()
    assert cover.geometry() == person.wizard.rect()
    assert "Drop the files here" in cover.text()
    QApplication.sendEvent(person.wizard, QDragLeaveEvent())
    assert not cover.isVisible()
    drag(QDragEnterEvent, person.wizard, data)
    drag(QDropEvent, person.wizard, data)
    assert not cover.isVisible()
    person.waits_to_read("Acceptable")
    text = QMimeData()
    text.setText("no file")
    drag(QDragEnterEvent, person.wizard, text)
    assert not cover.isVisible()


def test_every_line_leaves_dropped_files_to_the_window(start: Callable[..., Person]) -> None:
    person = start("")
    person.looks_into_every_task()
    lines = person.wizard.findChildren(QLineEdit)
    assert len(lines) > 10
    assert [line for line in lines if not isinstance(line, Line)] == []


def test_files_dropped_on_a_field_go_to_the_window(person: Person, old: Path) -> None:
    person.goes_on("Who is it for?")
    field = person.field("Locality")
    before = field.text()
    data = files_of(old)
    assert drag(QDragEnterEvent, field, data).isAccepted()
    [cover] = person.wizard.findChildren(DropCover)  # it was the window that accepted them
    assert cover.isVisible()
    drag(QDropEvent, person.wizard, data)
    person.waits_for_page("Check a file")
    person.click("< Back")
    assert field.text() == before
    text = QMimeData()
    text.setText("Kaili")
    assert drag(QDragEnterEvent, field, text).isAccepted()  # the field still takes text
    assert not cover.isVisible()


@pytest.mark.parametrize("what", ["files", "folder", "ZIP"])
@pytest.mark.parametrize("page", ["", "New request", "Check a file", "My requests"])
def test_whatever_is_dropped_wherever_is_looked_into(
    start: Callable[..., Person], old: Path, tmp_path: Path, what: str, page: str
) -> None:
    together = tmp_path / "both.zip"
    with zipfile.ZipFile(together, "w") as archive:
        for file in (old, old.with_suffix(".key")):
            archive.write(file, file.name)
    dropped = {
        "files": [old, old.with_suffix(".key")],
        "folder": [old.parent],
        "ZIP": [together],
    }[what]
    person = start(page)
    person.waits_until(lambda: person.wizard.is_ready)
    person.drops(*dropped)
    person.waits_for_page("Check a file")
    person.waits_to_read("Acceptable" if what != "ZIP" else "acceptable")
    person.waits_to_read("private key")


def written_since(before: set[Path]) -> list[bytes]:
    """Return the content of every file that was written to the temporary folder since."""
    return [path.read_bytes() for path in everything() - before if path.is_file()]


def everything() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("enos-csr-*/*"))


@pytest.mark.parametrize("way", ["keys", "mouse"])
@pytest.mark.parametrize("page", ["", "Check a file"])
def test_a_pasted_request_is_checked(
    start: Callable[..., Person], old: Path, way: str, page: str
) -> None:
    person = start(page)
    person.waits_until(lambda: person.wizard.is_ready)
    QApplication.clipboard().setText(f"Hello,\n\n{old.read_text()}\nBye")
    if way == "keys":
        person.press(Qt.Key.Key_V, CTRL)
    else:
        person.waits_to_read("Paste text")
        person.click("Paste text")
    person.waits_for_page("Check a file")
    person.waits_to_read("Pasted text")
    person.waits_to_read("cceptable")
    assert "dev-001" in person.reads()


def test_a_pasted_private_key_is_named_and_not_written(
    start: Callable[..., Person], old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # other tests use the common one
    before = everything()
    person = start("")
    person.waits_until(lambda: person.wizard.is_ready)
    key = old.with_suffix(".key").read_text()
    QApplication.clipboard().setText(key + old.read_text())
    person.press(Qt.Key.Key_V, CTRL)
    person.waits_to_read("private key")
    [written] = written_since(before)
    assert b"CERTIFICATE REQUEST" in written
    assert b"PRIVATE" not in written
    QApplication.clipboard().setText(key)
    person.press(Qt.Key.Key_V, CTRL)
    person.waits_until(lambda: "Request" not in cards(person))
    wait(100)
    assert len(written_since(before)) == 1


def cards(person: Person) -> str:
    def shown() -> list[QWidget]:
        widgets = person.wizard.page.findChildren(QWidget)
        return [
            one for one in widgets if one.accessibleName() == "What was found" and one.isVisible()
        ]

    person.waits_until(lambda: bool(shown()))  # none is, while one takes the place of another
    [cards] = shown()
    return "\n".join(label.text() for label in cards.findChildren(QLabel))


def test_what_was_pasted_is_gone_when_the_program_ends(old: Path) -> None:
    code = (
        "import sys\nfrom enos_csr_gui.core import pasted\n"
        "print(pasted.read(open(sys.argv[1]).read(), 'x').file)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, old], capture_output=True, check=True, text=True
    )
    assert Path(done.stdout.strip()).name == "x"
    assert not Path(done.stdout.strip()).parent.exists()


def test_very_much_text_and_none_is_refused(start: Callable[..., Person]) -> None:
    [item] = pasted.read("x" * (2 << 20), "Pasted text").items
    assert item.problems[0].code == "file-too-large"
    assert pasted.read(keys.to_pem(keys.generate()).decode(), "x").file is None
    person = start("")
    person.waits_until(lambda: person.wizard.is_ready)
    QApplication.clipboard().setText(" ")
    person.press(Qt.Key.Key_V, CTRL)
    person.waits_until(lambda: bool(person.problems()))
    assert person.problems()[0].startswith("The clipboard contains no text.")


def test_copied_files_are_pasted_too(start: Callable[..., Person], old: Path) -> None:
    person = start("")
    person.waits_until(lambda: person.wizard.is_ready)
    QApplication.clipboard().setMimeData(files_of(old))
    person.press(Qt.Key.Key_V, CTRL)
    person.waits_to_read("Acceptable")


def test_in_a_field_the_text_goes_into_the_field(start: Callable[..., Person]) -> None:
    person = start("My certificate has arrived")
    person.pastes("/tmp/x.pem")
    assert person.field("Certificate file").text() == "/tmp/x.pem"
