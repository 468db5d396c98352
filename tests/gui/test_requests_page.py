"""My requests: the table of every request that was made on this computer."""

from __future__ import annotations

import csv
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from person import Person, wait
from PySide6.QtCore import QObject, QPoint, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QScrollBar,
    QTableView,
    QTextBrowser,
)

from enos_csr_gui.core import history, preferences
from enos_csr_gui.core.enums import RequestKind
from enos_csr_gui.core.history import RequestHistory, default_path
from enos_csr_gui.gui import background
from enos_csr_gui.gui.requests import file_status
from enos_csr_gui.gui.requests.model import Column
from enos_csr_gui.gui.requests.table import RequestTable
from enos_csr_gui.gui.widgets.field_note import FieldNote

DAY = timedelta(days=1)
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def record(saved: Path, answers: dict[str, str], now: datetime) -> Callable[..., Path]:
    """Return a function that adds a request to the history and returns its file."""

    def add(name: str, days_ago: float = 0, expires: float | None = None, **values: str) -> Path:
        saved.mkdir(exist_ok=True)
        csr, key = saved / f"{name}.csr", saved / f"{name}.key"
        csr.touch()
        key.touch()
        fingerprint = name.encode().hex().ljust(64, "0")
        kind = RequestKind(values.pop("kind", "new"))
        made_on = now - days_ago * DAY
        subject = answers | {"common_name": name} | values
        with RequestHistory() as past:
            past.record(
                subject, public_key_sha256=fingerprint, key=key, csr=csr, kind=kind, made_on=made_on
            )
            if expires is not None:
                past.certificate_received(
                    fingerprint,
                    common_name=name,
                    serial=0x12E5,
                    issued=made_on,
                    expires=now + expires * DAY,
                    certificate=csr.with_suffix(".pem"),
                )
        return csr

    return add


@pytest.fixture
def three(record: Callable[..., Path]) -> None:
    """Three requests."""
    record("dev-001", days_ago=3, expires=-1)
    record("dev-002", days_ago=2, expires=11.5, kind="renewal")
    record("dev-003", days_ago=1)


@pytest.fixture
def opened(start: Callable[..., Person]) -> Callable[[], Person]:
    """Return a function that opens the page and waits until it is filled."""

    def open_page() -> Person:
        person = start("My requests")
        person.waits_until(lambda: bool(rows(person)))
        return person

    return open_page


@pytest.fixture
def desktop() -> Iterator[QObject]:
    """What opens folders; ``opened`` is the last one."""

    class Desktop(QObject):
        opened: QUrl | None = None

        @Slot(QUrl)
        def open(self, url: QUrl) -> None:
            self.opened = url

    desktop = Desktop()
    QDesktopServices.setUrlHandler("file", desktop, "open")
    yield desktop
    QDesktopServices.unsetUrlHandler("file")


def table(person: Person) -> QTableView:
    [found] = person.wizard.findChildren(RequestTable)
    return found


def rows(person: Person) -> list[list[str]]:
    """What can be read in the table."""
    model = table(person).model()
    if not table(person).isVisible():
        return []
    return [
        [model.index(row, column).data() for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def knows_the_files(person: Person) -> bool:
    """Tell whether the table has looked for the files of each row."""
    model = table(person).model()
    requests = [model.request(row) for row in range(model.rowCount())]
    return all(request and model.presence.of(request) for request in requests)


def remove(person: Person, folder: Path) -> None:
    """Remove a folder; Windows refuses while the program looks at a file in it."""

    def is_gone() -> bool:
        with suppress(OSError):
            shutil.rmtree(folder)
        return not folder.exists()

    person.waits_until(is_gone)


def names(person: Person) -> list[str]:
    return [row[0] for row in rows(person)]


def tip(person: Person, row: int, column: int) -> str:
    return table(person).model().index(row, column).data(Qt.ItemDataRole.ToolTipRole)


def click_heading(person: Person, column: int) -> None:
    header = table(person).horizontalHeader()
    where = QPoint(header.sectionViewportPosition(column) + 20, header.height() // 2)
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=where)


def in_dialog(person: Person, act: Callable[[], object]) -> None:
    """Do something in the dialog that is about to open, then close it with Escape."""

    def when_open() -> bool:
        if (dialog := QApplication.activeModalWidget()) is None:
            return False
        try:
            act()
        finally:
            QTest.keyClick(dialog, Qt.Key.Key_Escape)
        return True

    person.meanwhile(when_open)


# --- The table ------------------------------------------------------------------------------------


def test_the_newest_request_comes_first_and_each_shows_its_status(
    three: None, opened: Callable[[], Person]
) -> None:
    person = opened()
    assert [row[:3] for row in rows(person)] == [
        ["dev-003", "waiting for the certificate", "new"],
        ["dev-002", "expires in 12 days", "renewal"],
        ["dev-001", "expired", "new"],
    ]
    assert "3 requests" in person.reads()


@pytest.mark.long
def test_a_request_that_was_just_made_is_in_the_table(
    person: Person, labelled: dict[str, str], saved: Path
) -> None:
    person.walks_to_save(labelled)
    person.goes_on("Done", "Save")
    person.click("Start page")
    person.waits_for_page("What would you like to do?")
    person.begins("My requests")
    person.waits_until(lambda: names(person) == ["dev-001"])
    assert rows(person)[0][6] == str(saved / "dev-001.csr")


def test_dates_are_written_as_the_language_writes_them(
    record: Callable[..., Path], opened: Callable[[], Person], now: datetime
) -> None:
    record("dev-001", expires=400)
    expires = (now + 400 * DAY).astimezone()
    assert str(expires.year) in rows(person := opened())[0][5]
    assert f"{expires:%b}" in rows(person)[0][5]


def test_the_whole_subject_shows_on_hover_as_it_was_typed(
    record: Callable[..., Path], opened: Callable[[], Person]
) -> None:
    record("dev-001", organization="Wind <b>& Sun</b>")
    said = tip(opened(), 0, 0)
    assert "Organization: Wind &lt;b&gt;&amp; Sun&lt;/b&gt;" in said
    assert "Locality: Kaili" in said


def test_missing_files_are_reported(
    record: Callable[..., Path], opened: Callable[[], Person], saved: Path
) -> None:
    for name in ("all-there", "no-csr", "no-key", "neither"):
        record(name)
    (saved / "no-csr.csr").unlink()
    (saved / "no-key.key").unlink()
    (saved / "neither.csr").unlink()
    (saved / "neither.key").unlink()
    person = opened()

    states = [
        "both files missing",
        "key file missing",
        "request file missing",
        str(saved / "all-there.csr"),
    ]
    person.waits_until(lambda: [row[6] for row in rows(person)] == states)
    assert str(saved / "neither.key") in tip(person, 0, 6)


@pytest.fixture
def lost_drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, threading.Event]:
    """A drive that does not answer until the event is set."""
    drive, drive_answers = tmp_path / "drive", threading.Event()
    real = history.exists

    def exists(path: Path) -> bool:
        if path.is_relative_to(drive):
            drive_answers.wait()
        return real(path)

    monkeypatch.setattr(file_status, "exists", exists)
    return drive, drive_answers


def test_an_unresponsive_drive_does_not_block_the_window(
    record: Callable[..., Path],
    opened: Callable[[], Person],
    lost_drive: tuple[Path, threading.Event],
) -> None:
    drive, drive_answers = lost_drive
    record("here").unlink()
    with RequestHistory() as past:
        for number in range(6):
            name, folder = f"there-{number}", drive / str(number)
            csr, key = folder / "dev.csr", folder / "dev.key"
            past.record({"common_name": name}, public_key_sha256=str(number), key=key, csr=csr)
    try:
        person = opened()
        click_heading(person, 0)
        person.waits_until(lambda: names(person)[0] == "here")
        person.waits_until(lambda: rows(person)[0][6] == "request file missing")
        assert rows(person)[1][6] == str(drive / "0" / "dev.csr")
        background.finish()  # nor does the program wait when it ends
    finally:
        drive_answers.set()
    person.waits_until(lambda: rows(person)[1][6] == "both files missing")


def test_new_requests_appear_after_coming_back(
    three: None, opened: Callable[[], Person], record: Callable[..., Path]
) -> None:
    person = opened()
    record("dev-004")
    person.press(Qt.Key.Key_F5)
    person.waits_until(lambda: "dev-004" in names(person))


# --- Sorting and filtering ------------------------------------------------------------------------


def test_a_click_on_a_heading_sorts_and_a_second_one_the_other_way_round(
    three: None, opened: Callable[[], Person]
) -> None:
    person = opened()
    click_heading(person, 0)
    person.waits_until(lambda: names(person) == ["dev-001", "dev-002", "dev-003"])
    click_heading(person, 0)
    person.waits_until(lambda: names(person) == ["dev-003", "dev-002", "dev-001"])


def test_the_menu_sorts_without_a_mouse(three: None, opened: Callable[[], Person]) -> None:
    person = opened()
    person.waits_until(person.button("Details…").isEnabled)
    table(person).customContextMenuRequested.emit(QPoint(5, 5))
    person.waits_until(lambda: QApplication.activePopupWidget() is not None)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    QTest.keyClick(menu, Qt.Key.Key_S)
    sorting = QApplication.activePopupWidget()
    QTest.keyClick(sorting, Qt.Key.Key_Return)
    person.waits_until(lambda: names(person) == ["dev-001", "dev-002", "dev-003"])


def test_the_filter_shows_what_holds_each_word_and_how_many(
    three: None, opened: Callable[[], Person], record: Callable[..., Path]
) -> None:
    record("other", organization="Sun Ltd")
    person = opened()
    person.press(Qt.Key.Key_F, CTRL)
    person.types("WIND dev-00")
    person.waits_to_read("3 of 4 requests")
    assert names(person) == ["dev-003", "dev-002", "dev-001"]
    person.types("2")
    person.waits_to_read("1 of 4 requests")
    assert names(person) == ["dev-002"]
    person.press(Qt.Key.Key_Escape)
    person.waits_to_read("4 requests")
    assert person.wizard.isVisible()


def test_a_filter_that_finds_nothing_says_so_and_leads_back(
    three: None, opened: Callable[[], Person]
) -> None:
    person = opened()
    person.press(Qt.Key.Key_Slash)
    person.types("dev/9")
    person.waits_to_read("No request contains 'dev/9'.")
    assert rows(person) == []
    assert not person.button("Details…").isEnabled()
    person.click("Show all requests")
    person.waits_until(lambda: len(rows(person)) == 3)


def test_typing_in_the_table_filters(three: None, opened: Callable[[], Person]) -> None:
    person = opened()
    person.types("dev-003")
    person.waits_until(lambda: names(person) == ["dev-003"])
    assert person.field("Filter").text() == "dev-003"


@pytest.mark.long
def test_rows_far_below_are_read_on_demand(
    opened: Callable[[], Person], tmp_path: Path, now: datetime
) -> None:
    with RequestHistory() as past:
        for number in range(450):
            name = f"dev-{number:03}"
            csr, key = tmp_path / f"{name}.csr", tmp_path / f"{name}.key"
            past.record({"common_name": name}, public_key_sha256=name, key=key, csr=csr)
    person = opened()
    assert "450 requests" in person.reads()
    person.press(Qt.Key.Key_End, CTRL)
    view = table(person)
    person.waits_until(lambda: view.currentIndex().siblingAtColumn(0).data() == "dev-000")
    person.waits_until(lambda: person.button("Details…").isEnabled())

    with RequestHistory() as past:  # another window receives its certificate
        past.certificate_received(
            "dev-000",
            common_name="dev-000",
            serial=1,
            issued=now,
            expires=now + 400 * DAY,
            certificate=tmp_path / "dev-000.pem",
        )
    person.press(Qt.Key.Key_F5)
    person.waits_until(lambda: view.currentIndex().siblingAtColumn(1).data() == "valid")


# --- One request ----------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["Enter", "double click", "button"])
def test_the_details_show_everything(
    record: Callable[..., Path], opened: Callable[[], Person], way: str
) -> None:
    csr = record("dev-001", expires=400)
    csr.unlink()
    person = opened()
    person.waits_until(person.button("Details…").isEnabled)
    read = []

    def look() -> None:
        person.waits_to_read("missing")
        read.append(person.reads())
        person.click("Copy: Public-key fingerprint")

    in_dialog(person, look)
    if way == "Enter":
        person.press(Qt.Key.Key_Return)
    elif way == "double click":
        view = table(person)
        where = view.visualRect(view.model().index(0, 0)).center()
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=where)
        QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    else:
        person.click("Details…")
    person.waits_until(lambda: bool(read))
    for text in ("Kaili", "ops@example.com", "valid", "12E5", f"{csr} (request file missing)"):
        assert text in read[0]
    assert str(csr.with_suffix(".key")) in read[0]
    assert QApplication.clipboard().text() == b"dev-001".hex().ljust(64, "0")
    assert person.title() == "My requests"


def test_f1_explains_the_details_too(
    record: Callable[..., Path], opened: Callable[[], Person]
) -> None:
    record("dev-001")
    person = opened()
    person.waits_until(person.button("Details…").isEnabled)
    read = []

    def ask() -> None:
        person.press(Qt.Key.Key_F1)
        person.waits_until(lambda: bool(person.wizard.findChildren(QTextBrowser)))
        read.append(person.wizard.findChildren(QTextBrowser)[0].toPlainText())

    in_dialog(person, ask)
    person.click("Details…")
    person.waits_until(lambda: bool(read))
    assert read[0].startswith("My requests\n")


def test_enter_in_a_field_of_the_details_closes_them_and_keeps_the_note(
    record: Callable[..., Path], opened: Callable[[], Person]
) -> None:
    record("dev-001")
    person = opened()
    person.waits_until(person.button("Details…").isEnabled)
    left_open = []

    def write() -> None:
        dialog = QApplication.activeModalWidget()
        assert dialog is not None
        person.enters("Note", "ask Li")
        person.field("Note").setFocus()
        person.press(Qt.Key.Key_Return)
        left_open.append(dialog.isVisible() or bool(person.wizard.findChildren(QTextBrowser)))

    in_dialog(person, write)
    person.press(Qt.Key.Key_Return)
    person.waits_until(lambda: bool(left_open))
    assert left_open == [False]
    person.waits_until(lambda: rows(person)[0][9] == "ask Li")


def test_the_folder_opens(
    three: None, opened: Callable[[], Person], desktop: QObject, saved: Path
) -> None:
    person = opened()
    person.waits_until(person.button("Open folder").isEnabled)
    person.click("Open folder")
    person.waits_until(lambda: desktop.opened == QUrl.fromLocalFile(str(saved)))


def test_a_missing_folder_is_reported(
    three: None, opened: Callable[[], Person], desktop: QObject, saved: Path
) -> None:
    person = opened()
    person.waits_until(lambda: knows_the_files(person))
    button = person.button("Open folder")
    remove(person, saved)
    # At once: the program may look again at any time, and then offers something else.
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    person.waits_until(lambda: bool(person.problems()))
    assert "This folder is no longer there." in person.problems()[0]
    assert desktop.opened is None
    person.waits_to_read("Locate the files…")
    [note] = [one for one in person.wizard.findChildren(FieldNote) if one.is_problem]
    view, button = table(person), person.button("Locate the files…")
    tops = [one.mapToGlobal(QPoint()).y() for one in (view, note, button)]
    assert tops == sorted(tops)


def test_in_the_details_it_is_said_beside_the_file_that_its_folder_is_gone(
    record: Callable[..., Path], opened: Callable[[], Person], desktop: QObject, saved: Path
) -> None:
    record("dev-001", expires=400)
    person = opened()
    person.waits_until(person.button("Details…").isEnabled)
    remove(person, saved)
    order: list[list[str]] = []

    def look() -> None:
        person.click("Open folder: Key file")
        person.waits_until(lambda: bool(person.problems()))
        dialog = person.window
        labels = [one for one in dialog.findChildren(QLabel) if one.isVisible()]
        labels.sort(key=lambda one: one.mapTo(dialog, QPoint()).y())
        order.append([one.text() for one in labels])

    in_dialog(person, look)
    person.click("Details…")
    person.waits_until(lambda: bool(order))
    [texts] = order
    gone = next(place for place, text in enumerate(texts) if "no longer there" in text)
    assert texts.index("Key file") < gone < texts.index("Certificate file")
    # First what one looks for, then for whom it is, the common name first.
    shown = [one for one in texts if one in ("Status", "S&ite", "Common name", "Country")]
    assert shown == ["Status", "S&ite", "Common name", "Country"]


def test_the_text_of_the_selected_row_is_as_clear_in_each_cell(
    three: None, opened: Callable[[], Person]
) -> None:
    person = opened()
    view = table(person)
    person.waits_until(view.hasFocus)
    person.wizard.resize(1400, 608)  # room for every column, in any font
    person.waits_until(lambda: not view.isColumnHidden(Column.KIND))
    picture = view.viewport().grab().toImage()
    clearest = []
    for column in (Column.NAME, Column.KIND):
        place = view.visualRect(view.model().index(0, column)).adjusted(2, 2, -2, -2)
        clearest.append(
            max(
                picture.pixelColor(x, y).lightness()
                for x in range(place.left(), place.right())
                for y in range(place.top(), place.bottom())
            )
        )
    assert clearest[0] == clearest[1]


def test_a_site_and_a_note_take_the_place_of_no_other_column(
    three: None, opened: Callable[[], Person]
) -> None:
    person = opened()
    person.wizard.resize(900, 608)
    wait(50)
    header = table(person).horizontalHeader()
    before = {column for column in Column if not header.isSectionHidden(column)}
    with RequestHistory() as past:
        past.annotate([1], site="Kaili", note="ask Li")
    person.press(Qt.Key.Key_F5)
    person.waits_until(lambda: not header.isSectionHidden(Column.NOTE))
    shown = {column for column in Column if not header.isSectionHidden(column)}
    assert shown == before | {Column.SITE, Column.NOTE}


def test_a_request_is_renewed_from_its_row(
    three: None, opened: Callable[[], Person], saved: Path
) -> None:
    person = opened()
    person.press(Qt.Key.Key_Down)
    person.waits_until(person.button("Renew").isEnabled)
    person.click("Renew")
    person.waits_for_page("Which certificate?")
    assert str(saved / "dev-002.csr") in person.reads()


def test_with_its_request_file_gone_it_is_renewed_from_the_certificate(
    opened: Callable[[], Person], record: Callable[..., Path]
) -> None:
    csr = record("dev-001", expires=30)
    csr.unlink()
    person = opened()
    person.waits_until(lambda: rows(person)[0][6] == "request file missing")
    person.click("Renew")
    person.waits_for_page("Which certificate?")
    assert str(csr.with_suffix(".pem")) in person.reads()


@pytest.mark.parametrize("by_mouse", [True, False])
def test_a_certificate_that_has_arrived_is_taken_in_from_the_row(
    three: None, opened: Callable[[], Person], saved: Path, by_mouse: bool
) -> None:
    person = opened()
    person.waits_until(person.button("My certificate has arrived").isEnabled)
    person.uses("My certificate has arrived", by_mouse=by_mouse)
    person.waits_for_page("Your certificate")
    assert person.field("Certificate file").text() == ""


# --- The table as a file --------------------------------------------------------------------------


Answer = QMessageBox.StandardButton


def export(person: Person, path: Path, answer: Answer | None = None) -> None:
    """Save the table as a file; ``answer`` is the button to press when there is one already."""

    def choose() -> bool:
        dialog = QApplication.activeModalWidget()
        if dialog is None:
            return False
        line = dialog.findChild(QLineEdit, "fileNameEdit")
        line.setText(str(path))
        if answer:
            person.meanwhile(decide)
        person.click("Save")
        if dialog.isVisible():
            QTest.keyClick(dialog, Qt.Key.Key_Escape)
        return True

    def decide() -> bool:
        question = QApplication.activeModalWidget()
        if not isinstance(question, QMessageBox):
            return False
        assert "already exists" in question.text()
        QTest.mouseClick(question.button(answer), Qt.MouseButton.LeftButton)
        return True

    person.waits_until(person.button("Save as a table…").isEnabled)
    person.meanwhile(choose)
    person.click("Save as a table…")


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_what_is_shown_can_be_saved_for_a_spreadsheet(
    three: None,
    opened: Callable[[], Person],
    record: Callable[..., Path],
    home: Path,
    saved: Path,
) -> None:
    record("风机-1", organization='=cmd|"/C calc"!A0', unit="a, b")
    person = opened()
    click_heading(person, 0)
    person.waits_until(lambda: names(person)[0] == "dev-001")
    export(person, home / "list")
    person.waits_to_read("4 requests saved: ")
    written = home / "list.csv"
    assert written.read_bytes().startswith(b"\xef\xbb\xbf")
    table = read_csv(written)
    assert [row["Common name"] for row in table] == ["dev-001", "dev-002", "dev-003", "风机-1"]
    assert table[3]["Organization"] == """'=cmd|"/C calc"!A0"""
    assert table[3]["Organizational unit"] == "a, b"
    assert table[0]["Status"] == "expired"
    assert table[0]["Serial number"] == "4837 (0x12E5)"
    assert table[2]["Request file"] == str(saved / "dev-003.csr")
    assert [path.name for path in home.iterdir() if "enos-csr" in path.name] == []


def test_only_what_the_filter_shows_is_saved(
    three: None, opened: Callable[[], Person], home: Path
) -> None:
    person = opened()
    person.enters("Filter", "002")
    person.waits_to_read("1 of 3 requests")
    export(person, home / "list.csv")
    person.waits_to_read("1 request saved: ")
    assert [row["Common name"] for row in read_csv(home / "list.csv")] == ["dev-002"]


@pytest.mark.parametrize("answer", [Answer.Yes, Answer.No])
def test_a_file_is_replaced_only_when_the_person_says_so(
    three: None, opened: Callable[[], Person], home: Path, answer: Answer
) -> None:
    (home / "list.csv").write_text("old")
    person = opened()
    export(person, home / "list.csv", answer)
    if answer == Answer.Yes:
        person.waits_to_read("3 requests saved: ")
    wait(50)
    assert ((home / "list.csv").read_text() == "old") == (answer == Answer.No)


# --- When there is nothing to show ----------------------------------------------------------------


def test_where_nothing_was_requested_the_page_says_what_to_do(start: Callable[..., Person]) -> None:
    person = start("My requests")
    person.waits_to_read("No requests yet")
    assert "Filter" not in person.reads()
    assert "Save as a table…" not in person.reads()
    person.press(Qt.Key.Key_Return)
    person.waits_for_page("Key")


def test_a_damaged_history_is_set_aside_and_the_page_says_where(
    three: None, opened: Callable[[], Person]
) -> None:
    person = opened()
    with default_path().open("r+b") as file:  # never empty: that would be a new list to others
        file.write(b"damaged" * 100)
    person.press(Qt.Key.Key_F5)
    person.waits_until(lambda: bool(person.problems()))
    assert "It was renamed to this file" in person.problems()[0]
    [aside] = default_path().parent.glob("history-damaged-*")
    assert str(aside) in person.problems()[0]
    person.waits_to_read("No requests yet")


def test_an_unreadable_history_is_reported_and_can_be_retried(
    start: Callable[..., Person], record: Callable[..., Path]
) -> None:
    default_path().mkdir(parents=True)
    person = start("My requests")
    person.waits_to_read("You can still create requests, but they are not listed.")
    assert rows(person) == []
    default_path().rmdir()
    record("dev-001")
    person.click("Try again")
    person.waits_until(lambda: names(person) == ["dev-001"])


def test_back_returns_to_the_previous_page(three: None, opened: Callable[[], Person]) -> None:
    person = opened()
    person.click("< Back")
    person.waits_for_page("What would you like to do?")


# --- Certificates to be renewed -------------------------------------------------------------------

START = "What would you like to do?"


def test_the_first_page_points_out_what_is_to_be_renewed_and_leads_there(
    three: None, start: Callable[..., Person], record: Callable[..., Path]
) -> None:
    record("dev-004", expires=30)
    person = start("")
    person.waits_to_read("3 certificates need renewal, first dev-001: expired.")
    person.click("Show")
    person.waits_to_read("3 of 4 requests")
    assert names(person) == ["dev-001", "dev-002", "dev-004"]
    person.enters("Filter", "renewed")
    person.waits_to_read("No request that needs renewal contains 'renewed'.")
    person.click("Show all requests")
    person.waits_until(lambda: len(rows(person)) == 4)


def test_a_requested_renewal_is_pointed_out_until_its_certificate_arrives(
    start: Callable[..., Person], record: Callable[..., Path], now: datetime
) -> None:
    record("dev-001", days_ago=700, expires=11.5)
    person = start("")
    person.waits_to_read("A certificate needs renewal: dev-001, expires in 12 days.")
    record("DEV-001", kind="renewal")
    person.begins("My requests")
    person.waits_until(lambda: len(rows(person)) == 2)
    person.click("< Back")
    person.waits_for_page(START)
    person.waits_to_read("dev-001 expires in 12 days; its renewal waits for the certificate.")
    assert "Renew it now" not in person.reads()
    person.click("Show")
    person.waits_until(lambda: names(person) == ["DEV-001"])
    with RequestHistory() as past:
        past.certificate_received(
            past.requests()[0].public_key_sha256,
            common_name="DEV-001",
            serial=7,
            issued=now,
            expires=now + timedelta(days=700),
            certificate=Path("x.crt"),
        )
    person.click("< Back")
    person.waits_for_page(START)
    person.waits_until(lambda: "renewal" not in person.reads())


def test_with_nothing_to_renew_the_choice_says_so(
    record: Callable[..., Path], opened: Callable[[], Person]
) -> None:
    record("dev-001", expires=400)
    person = opened()
    [which] = [box for box in person.wizard.findChildren(QComboBox) if box.isVisible()]
    which.setFocus()
    person.press(Qt.Key.Key_Down)
    person.waits_to_read("No certificate needs renewal.")
    person.press(Qt.Key.Key_Down)
    person.waits_to_read("No request is waiting for its certificate.")
    person.press(Qt.Key.Key_Home)
    person.waits_until(lambda: names(person) == ["dev-001"])


def test_the_list_shows_what_waits_and_what_has_expired(
    three: None, opened: Callable[[], Person]
) -> None:
    person = opened()
    [which] = [box for box in person.wizard.findChildren(QComboBox) if box.isVisible()]
    which.setFocus()
    for shown in (["dev-001", "dev-002"], ["dev-003"], ["dev-001"]):
        person.press(Qt.Key.Key_Down)
        person.waits_until(lambda shown=shown: sorted(names(person)) == shown)
    person.enters("Filter", "kaili none")
    person.waits_to_read("No request whose certificate has expired contains 'kaili none'.")


@pytest.mark.parametrize("by_mouse", [True, False])
def test_the_first_page_renews_the_most_urgent(
    three: None, start: Callable[..., Person], by_mouse: bool
) -> None:
    person = start("")
    person.waits_to_read("2 certificates need renewal")
    notice, first = person.button("Renew it now"), person.button("New request")
    assert notice.mapToGlobal(QPoint()).y() < first.mapToGlobal(QPoint()).y()
    assert person.focus() is first  # Enter still begins a request
    if by_mouse:
        person.points_at(notice)
    else:
        person.press(Qt.Key.Key_W, Qt.KeyboardModifier.AltModifier)
    person.waits_for_page("Which certificate?")
    assert person.field("Old file").text().endswith("dev-001.pem")
    person.goes_on("Key")  # its file is gone, and the list has the answers
    person.goes_on("Who is it for?")
    assert person.field("Common name").text() == "dev-001"


def test_reminders_of_all_valid_certificates_are_saved(
    three: None, record: Callable[..., Path], opened: Callable[[], Person], tmp_path: Path
) -> None:
    record("dev-004", expires=400)
    person = opened()
    target = tmp_path / "all.ics"
    person.saves_to(target)
    person.waits_until(person.button("Calendar reminders…").isEnabled)
    person.press(Qt.Key.Key_M, Qt.KeyboardModifier.AltModifier)
    person.waits_to_read("2 reminders are saved.")
    said = re.findall("^SUMMARY:(.*)\r?$", target.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(one.strip() for one in said) == [
        "Renew the certificate of dev-002",
        "Renew the certificate of dev-004",
    ]


@pytest.mark.long
def test_columns_are_chosen_and_remembered(three: None, opened: Callable[[], Person]) -> None:
    person = opened()
    header = table(person).horizontalHeader()
    assert header.isSectionHidden(7)
    where = QPoint(20, header.height() // 2)
    header.customContextMenuRequested.emit(where)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    [serial] = [one for one in menu.actions() if one.text() == "Serial number"]
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(serial).center())
    assert not header.isSectionHidden(7)
    assert rows(person)[2][7] == "4837 (0x12E5)"
    # Drag the edge of the first column.
    edge = QPoint(header.sectionSize(0) - 1, header.height() // 2)
    QTest.mousePress(header.viewport(), Qt.MouseButton.LeftButton, pos=edge)
    QTest.mouseMove(header.viewport(), edge + QPoint(40, 0))
    QTest.mouseRelease(header.viewport(), Qt.MouseButton.LeftButton, pos=edge + QPoint(60, 0))
    wide = header.sectionSize(0)

    def remembered() -> bool:
        return ("NAME", wide, True) in preferences.columns()

    person.waits_until(remembered)
    later = table(opened()).horizontalHeader()
    assert later is not header
    person.waits_until(lambda: not later.isSectionHidden(7))
    assert later.sectionSize(0) == wide
    shown = [one.name for one in sorted(Column, key=later.visualIndex)]
    assert shown[-2:] == ["SERIAL", "FILE"]


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'[["NOPE", 5, 1], ["NAME", "x", 2]]'])
def test_damaged_columns_change_nothing(
    three: None, opened: Callable[[], Person], content: bytes
) -> None:
    preferences.remember_columns([])
    path = preferences._path("columns.json")
    path.write_bytes(content)
    person = opened()
    wait(100)
    assert table(person).horizontalHeader().isSectionHidden(7)


def test_the_first_page_says_where_a_damaged_history_was_put(start: Callable[..., Person]) -> None:
    default_path().parent.mkdir()
    default_path().write_bytes(b"damaged")
    person = start("")
    person.waits_to_read("It was renamed to this file")
    [aside] = default_path().parent.glob("history-damaged-*")
    assert str(aside) in person.reads()
    assert "Show" not in person.reads()


def test_shift_f10_opens_the_menu_of_a_row(
    record: Callable[..., Path], opened: Callable[[], Person]
) -> None:
    record("dev-001")
    person = opened()
    person.press(Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    menu.close()


# --- Files that have moved or gone ----------------------------------------------------------------


@pytest.fixture
def moved(start: Callable[..., Person], labelled: dict[str, str], saved: Path) -> Path:
    """Return where the files of two requests have been moved to."""
    for name in ("dev-001", "dev-002"):
        person = start()
        person.walks_to_save({**labelled, "Common name": name})
        person.goes_on("Done", "Save")
        person.wizard.close()
    return saved.rename(saved.with_name("Archive"))


@pytest.mark.long
@pytest.mark.parametrize("by_mouse", [True, False])
def test_files_that_were_moved_are_located_all_at_once(
    moved: Path,
    opened: Callable[[], Person],
    monkeypatch: pytest.MonkeyPatch,
    by_mouse: bool,
) -> None:
    person = opened()
    person.waits_until(lambda: [row[6] for row in rows(person)] == ["both files missing"] * 2)
    assert "Open folder" not in person.reads()
    # The system's own dialog cannot be driven from here.
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_args: str(moved))
    if by_mouse:
        person.click("Locate the files…")
    else:
        person.press(Qt.Key.Key_L, Qt.KeyboardModifier.AltModifier)
    person.waits_to_read("The files of 2 requests are found.")
    places = [str(moved / f"dev-00{number}.csr") for number in (2, 1)]
    person.waits_until(lambda: [row[6] for row in rows(person)] == places)
    person.waits_to_read("Open folder")
    assert "Locate the files" not in person.reads()


@pytest.mark.long
def test_in_the_wrong_folder_nothing_is_located(
    moved: Path, opened: Callable[[], Person], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = opened()
    person.waits_to_read("Locate the files…")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_args: str(tmp_path))
    person.click("Locate the files…")
    person.waits_until(lambda: bool(person.problems()))
    assert person.problems() == [
        f"No file of this request is in {tmp_path}: neither dev-002.csr nor dev-002.key."
    ]


@pytest.mark.long
@pytest.mark.parametrize("by_mouse", [True, False])
def test_without_any_file_a_request_is_renewed_from_the_list(
    moved: Path,
    opened: Callable[[], Person],
    labelled: dict[str, str],
    saved: Path,
    by_mouse: bool,
) -> None:
    person = opened()
    person.waits_to_read("Locate the files…")
    person.uses("Renew", by_mouse=by_mouse)
    person.waits_for_page("Which certificate?")
    person.waits_to_read("2 requests still wait for their certificates")
    for page in ("Key", "Who is it for?"):
        person.uses("Next >", by_mouse=by_mouse)
        person.waits_for_page(page)
    assert "The old file is no longer there." in person.reads()
    assert person.field("Common name").text() == "dev-002"
    assert person.field("Common name").isReadOnly()
    assert person.field("Organization").text() == labelled["Organization"]
    for page in ("Review", "Save", "Done"):
        person.press(Qt.Key.Key_Return)
        person.waits_for_page(page)
    assert (saved / "dev-002.csr").is_file()


# --- Files missing, archived, several at once -----------------------------------------------------

SHIFT = Qt.KeyboardModifier.ShiftModifier


def which(person: Person) -> QComboBox:
    [box] = [box for box in person.wizard.findChildren(QComboBox) if box.isVisible()]
    return box


def shows(person: Person, name: str) -> None:
    """Choose which requests to show, with the keyboard."""
    box = which(person)
    box.setFocus()
    person.press(Qt.Key.Key_Home)
    person.press(Qt.Key.Key_Down, times=box.findText(name))
    assert box.currentText() == name


def click_row(
    person: Person,
    row: int,
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    view = table(person)
    where = view.visualRect(view.model().index(row, 0)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, modifiers, where)


def test_only_requests_whose_files_are_missing_and_none_waits_for_a_lost_drive(
    record: Callable[..., Path],
    opened: Callable[[], Person],
    lost_drive: tuple[Path, threading.Event],
) -> None:
    drive, drive_answers = lost_drive
    record("all-there")
    record("no-csr").unlink()
    record("no-key").with_suffix(".key").unlink()
    with RequestHistory() as past:
        csr, key = drive / "dev.csr", drive / "dev.key"
        past.record({"common_name": "there"}, public_key_sha256="7", key=key, csr=csr)
    try:
        person = opened()
        shows(person, "Files missing")
        person.waits_until(lambda: names(person) == ["no-key", "no-csr"])
        person.waits_to_read("1 folder has not answered yet")
        person.enters("Filter", "no-k")
        person.waits_until(lambda: names(person) == ["no-key"])
        person.enters("Filter", "")
    finally:
        drive_answers.set()
    person.waits_until(lambda: names(person) == ["there", "no-key", "no-csr"])
    person.waits_to_read("3 of 4 requests")
    table(person).setFocus()
    person.press(Qt.Key.Key_End, CTRL)
    person.waits_until(lambda: rows(person)[2][6] == "request file missing")
    (csr.parent).mkdir()
    csr.touch()
    key.touch()
    person.press(Qt.Key.Key_F5)
    person.waits_until(lambda: names(person) == ["no-key", "no-csr"])


def test_where_no_file_is_missing_the_page_says_so(
    three: None, opened: Callable[[], Person]
) -> None:
    person = opened()
    shows(person, "Files missing")
    person.waits_to_read("No file is missing.")


@pytest.mark.parametrize("by_mouse", [True, False])
def test_several_requests_are_archived_and_restored(
    three: None, opened: Callable[[], Person], saved: Path, by_mouse: bool
) -> None:
    before = sorted(saved.iterdir())
    person = opened()
    if by_mouse:
        click_row(person, 0)
        click_row(person, 2, CTRL)
        person.waits_to_read("2 selected")
        assert not person.button("Details…").isEnabled()
        person.click("Archive")
    else:
        person.press(Qt.Key.Key_Down)
        person.press(Qt.Key.Key_Down, SHIFT)
        person.waits_to_read("2 selected")
        person.press(Qt.Key.Key_H, Qt.KeyboardModifier.AltModifier)
    person.waits_to_read("2 requests are archived.")
    left = "dev-002" if by_mouse else "dev-003"
    person.waits_until(lambda: names(person) == [left])
    person.waits_to_read("1 request")
    shows(person, "Archived")
    person.waits_until(lambda: len(rows(person)) == 2)
    assert "choose 'Archived'" not in person.reads()
    # No reminder is of what is archived.
    assert not {"Archive", "Calendar reminders…"} & set(person.reads().splitlines())
    table(person).setFocus()
    if by_mouse:
        click_row(person, 0)
        click_row(person, 1, SHIFT)
        person.click("Restore")
    else:
        person.press(Qt.Key.Key_A, CTRL)
        person.press(Qt.Key.Key_S, Qt.KeyboardModifier.AltModifier)
    person.waits_to_read("2 requests are restored.")
    person.waits_to_read("No request is archived.")
    person.click("Show all requests")
    person.waits_until(lambda: len(rows(person)) == 3)
    assert sorted(saved.iterdir()) == before


def test_a_button_acts_on_a_row_that_is_seen_to_be_selected(
    three: None, opened: Callable[[], Person]
) -> None:
    person = opened()
    below = QPoint(20, table(person).viewport().height() - 5)
    QTest.mouseClick(table(person).viewport(), Qt.MouseButton.LeftButton, pos=below)
    person.click("Archive")  # still the first row
    person.waits_to_read("1 request is archived.")
    person.waits_until(lambda: names(person) == ["dev-002", "dev-001"])
    click_row(person, 0)
    click_row(person, 0, CTRL)
    for name in ("Details…", "Renew", "My certificate has arrived", "Open folder", "Archive"):
        assert not person.button(name).isEnabled()
    assert person.button("Save as a table…").isEnabled()  # all that is shown


def test_what_is_archived_neither_reminds_nor_waits(
    three: None, opened: Callable[[], Person]
) -> None:
    person = opened()
    person.press(Qt.Key.Key_A, CTRL)
    person.click("Archive")
    person.waits_to_read("All requests are archived.")
    for name in ("Needs renewal", "Waiting for the certificate", "Expired"):
        shows(person, name)
        person.waits_until(lambda: not rows(person))
    shows(person, "All requests")
    person.waits_to_read("All requests are archived.")
    person.click("Show them")
    person.waits_until(lambda: len(rows(person)) == 3)
    person.click("< Back")
    person.waits_until(lambda: "need" not in person.reads())


def test_the_rows_selected_are_saved_and_reminded_of(
    three: None,
    record: Callable[..., Path],
    opened: Callable[[], Person],
    home: Path,
    tmp_path: Path,
) -> None:
    record("dev-004", expires=400)
    record("dev-005", expires=500)
    person = opened()
    person.press(Qt.Key.Key_Down, SHIFT)
    person.waits_to_read("2 selected")
    export(person, home / "two.csv")
    person.waits_to_read("2 requests saved: ")
    found = [row["Common name"] for row in read_csv(home / "two.csv")]
    assert found == ["dev-005", "dev-004"]
    person.saves_to(tmp_path / "two.ics")
    person.click("Calendar reminders…")
    person.waits_to_read("2 reminders are saved.")
    assert "dev-002" not in (tmp_path / "two.ics").read_text(encoding="utf-8")


def test_several_requests_are_renewed_in_one_go(
    moved: Path, opened: Callable[[], Person], saved: Path
) -> None:
    person = opened()
    person.press(Qt.Key.Key_A, CTRL)
    person.waits_to_read("2 selected")
    person.click("Renew")
    person.waits_for_page("Where do the files go?")
    folder = Path(person.field("Folder").text())
    assert folder.name.startswith("renewals-")
    person.goes_on("Check the rows")
    person.waits_to_read("2 rows are right.")
    person.goes_on("Create the keys and requests")
    person.goes_on("Done", "Create")
    assert sorted(one.name for one in folder.rglob("*.csr")) == ["dev-001.csr", "dev-002.csr"]
    with RequestHistory() as past:
        kinds = {one.common_name: one.kind for one in past.requests(limit=2)}
    assert kinds == dict.fromkeys(("dev-001", "dev-002"), RequestKind.RENEWAL)
    person.click("Start page")
    person.begins("Many devices")
    assert person.field("Table").text() == ""


def test_a_site_and_a_note_are_written_in_the_details_and_found(
    three: None, opened: Callable[[], Person]
) -> None:
    person = opened()
    person.wizard.resize(1400, 608)  # room for every column, in any font
    header = table(person).horizontalHeader()
    assert header.isSectionHidden(Column.SITE)
    assert header.isSectionHidden(Column.NOTE)

    def write() -> None:
        person.enters("Site", "Kaili 北")
        person.enters("Note", "ask <b>Li</b>")

    in_dialog(person, write)
    person.press(Qt.Key.Key_Return)
    person.waits_until(lambda: rows(person)[0][8:] == ["Kaili 北", "ask <b>Li</b>"])
    person.waits_until(lambda: not header.isSectionHidden(Column.SITE))
    assert "&lt;b&gt;Li" in tip(person, 0, Column.NOTE)
    person.enters("Filter", "北 ask")
    person.waits_to_read("1 of 3 requests")
    table(person).setFocus()
    read = []
    in_dialog(person, lambda: read.append(person.field("Note").text()))
    person.press(Qt.Key.Key_Return)
    person.waits_until(lambda: read == ["ask <b>Li</b>"])


def test_the_selection_stays_when_the_list_is_read_again(
    three: None, opened: Callable[[], Person], record: Callable[..., Path]
) -> None:
    person = opened()
    person.press(Qt.Key.Key_Down)
    person.press(Qt.Key.Key_Down, SHIFT)
    record("dev-004")
    person.press(Qt.Key.Key_F5)
    person.waits_until(lambda: len(rows(person)) == 4)
    view = table(person)
    assert [view.model().index(row, 0).data() for row in (2, 3)] == ["dev-002", "dev-001"]
    assert len(view.selectionModel().selectedRows()) == 2
    assert {one.row() for one in view.selectionModel().selectedRows()} == {2, 3}


@pytest.mark.parametrize(("width", "points"), [(760, 0), (1024, 20)])
def test_a_narrow_window_has_one_scroll_bar_at_most(
    record: Callable[..., Path],
    start: Callable[..., Person],
    width: int,
    points: int,
    qapp: QApplication,
) -> None:
    for number in range(30):
        record(f"dev-{number:03}", expires=[None, 30, 400][number % 3])
    with RequestHistory() as past:
        past.annotate([1], site="Kaili", note="ask Li")
    usual = qapp.font()
    larger = qapp.font()
    if points:
        larger.setPointSize(points)
    qapp.setFont(larger)
    try:
        person = start("")
        person.wizard.resize(width, 600)
        person.begins("My requests")
        person.waits_until(lambda: len(rows(person)) == 30)
        wait(100)
        bars = [bar for bar in person.wizard.findChildren(QScrollBar) if bar.isVisible()]
        assert [bar.orientation() for bar in bars] == [Qt.Orientation.Vertical]
        header = table(person).horizontalHeader()
        assert not header.isSectionHidden(Column.NAME)
        assert not header.isSectionHidden(Column.STATUS)
        [edit] = [one for one in person.wizard.findChildren(QLineEdit) if one.isVisible()]
        text = edit.fontMetrics().horizontalAdvance(edit.placeholderText())
        assert edit.width() > text
    finally:
        qapp.setFont(usual)
