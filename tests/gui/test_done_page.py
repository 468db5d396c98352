"""The last page: the two files, and what one does with them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from person import Person
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QDrag, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog

from enos_csr_gui.gui.widgets.drag_handle import DragHandle


@pytest.fixture
def person(person: Person, labelled: dict[str, str]) -> Person:
    """A person on the last page."""
    person.walks_to_save(labelled)
    person.goes_on("Done", "Save")
    return person


def test_the_request_can_be_copied(person: Person, saved: Path) -> None:
    person.click("Copy the request")
    assert QApplication.clipboard().text() == (saved / "dev-001.csr").read_text()
    assert "Copied" in person.reads()


def test_the_page_says_where_the_request_goes(person: Person) -> None:
    text = person.reads()
    assert "EnOS Management Console, under 'System Management > Certificate Management'" in text


def test_the_folder_is_named_once(person: Person, saved: Path) -> None:
    text = person.reads()
    assert text.count(str(saved)) == 1
    assert f"Both files are saved in {saved}." in text
    assert {"dev-001.csr", "dev-001.key"} <= set(text.split("\n"))


@pytest.mark.long
def test_the_folder_opens(person: Person, saved: Path) -> None:
    class Desktop(QObject):
        opened: QUrl | None = None

        @Slot(QUrl)
        def open(self, url: QUrl) -> None:
            self.opened = url

    desktop = Desktop()
    QDesktopServices.setUrlHandler("file", desktop, "open")
    try:
        person.click("Open folder")
        person.waits_until(lambda: desktop.opened is not None)
    finally:
        QDesktopServices.unsetUrlHandler("file")
    assert desktop.opened == QUrl.fromLocalFile(str(saved))


def test_the_key_is_nowhere_on_the_page_or_the_clipboard(person: Person, saved: Path) -> None:
    person.click("Copy the request")
    assert "PRIVATE KEY" not in QApplication.clipboard().text() + person.reads()


@pytest.mark.long
@pytest.mark.parametrize("by_mouse", [True, False])
def test_without_a_mail_program_the_letter_is_on_the_clipboard(
    person: Person,
    saved: Path,
    monkeypatch: pytest.MonkeyPatch,
    labelled: dict[str, str],
    by_mouse: bool,
) -> None:
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: False)
    if by_mouse:
        person.click("Compose an e-mail")
    else:
        person.press(Qt.Key.Key_Return)  # it has the focus
    person.waits_to_read("There is no mail program")
    assert f"attach this file: {saved / 'dev-001.csr'}" in person.reads()
    letter = QApplication.clipboard().text()
    assert letter.startswith("Subject: Certificate request for dev-001\n")
    assert "attached: dev-001.csr" in letter
    for line in ("Common name", "Organization", "Organizational unit", "Contact"):
        key = "E-mail address" if line == "Contact" else line
        assert f"{line}: {labelled[key]}\n" in letter
    assert ".key" not in letter
    person.click("Copy the request")
    assert "The text of the e-mail is copied" not in person.reads()  # it is no longer
    person.click("Open folder")
    person.waits_to_read("No program on this computer can show folders.")


@pytest.mark.long
def test_a_request_can_be_submitted_later_from_its_details(
    person: Person, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.click("Start page")
    person.begins("My requests")
    person.waits_until(lambda: person.button("Details…").isEnabled())
    sheet = tmp_path / "sheet.pdf"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args, **_more: (str(sheet), ""))
    read: list[str] = []

    def submit() -> bool:
        if not isinstance(dialog := QApplication.activeModalWidget(), QDialog):
            return False
        person.waits_until(lambda: person.button("Copy the request").isEnabled())
        person.click("Copy the request")
        person.click("Save a cover sheet…")
        person.waits_to_read(f"The sheet is saved: {sheet}")
        read.append(QApplication.clipboard().text())
        dialog.close()
        return True

    person.meanwhile(submit)
    person.click("Details…")
    assert read == [(saved / "dev-001.csr").read_text()]
    assert sheet.read_bytes().startswith(b"%PDF-")


def test_a_history_write_error_is_reported_and_the_files_are_saved(
    start: Callable[[], Person],
    labelled: dict[str, str],
    home: Path,
    saved: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    in_the_way = home / "a file where the folder for data should be"
    in_the_way.touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(in_the_way))
    monkeypatch.setenv("WIN_PD_OVERRIDE_LOCAL_APPDATA", str(in_the_way))
    person = start()
    person.walks_to_save(labelled)
    person.goes_on("Done", "Save")
    assert len(person.problems()) == 1
    assert (saved / "dev-001.key").exists()


@pytest.mark.long
def test_a_sheet_for_the_ticket_is_saved_and_nothing_is_replaced(
    person: Person, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = saved / "dev-001.pdf"
    # The system's own dialog cannot be driven from here.
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args, **_more: (str(sheet), ""))
    person.click("Save a cover sheet…")
    person.waits_to_read(f"The sheet is saved: {sheet}")
    data = sheet.read_bytes()
    assert data.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", data)) == 1
    assert b"/Subtype /Image" in data  # the program's mark
    if pdftotext := shutil.which("pdftotext"):
        command = [pdftotext, "-layout", str(sheet), "-"]
        text = subprocess.run(command, capture_output=True, check=True, text=True).stdout
        assert "dev-001.csr" in text
        assert "Example Wind Ltd" in text
        assert "dev-001.key" not in text

    person.click("Save a cover sheet…")
    person.waits_to_read("A file with this name already exists.")
    assert sheet.read_bytes() == data


def test_the_request_file_is_dragged_out_of_the_window(
    person: Person, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [handle] = person.wizard.findChildren(DragHandle)
    assert handle.isVisible()
    assert "Drag this file with the mouse" in handle.toolTip()
    dragged = []

    # The system's loop would wait for a real mouse.
    def run(drag: QDrag, action: Qt.DropAction) -> Qt.DropAction:
        dragged.append((drag.mimeData().urls(), drag.mimeData().formats(), action))
        return action

    monkeypatch.setattr(QDrag, "exec", run)
    where = handle.rect().center()
    QTest.mousePress(handle, Qt.MouseButton.LeftButton, pos=where)
    for step in (1, 60):
        place = QPointF(where + QPoint(step, 0))
        event = QMouseEvent(
            QEvent.Type.MouseMove,
            place,
            handle.mapToGlobal(place),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(handle, event)
        assert bool(dragged) == (step == 60)
    url = QUrl.fromLocalFile(str(saved / "dev-001.csr"))
    assert dragged == [([url], ["text/uri-list"], Qt.DropAction.CopyAction)]
