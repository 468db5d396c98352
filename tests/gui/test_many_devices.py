"""Many devices in the window: from a table to the folder of keys and requests."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile_tables import TABLES
from person import Person
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QDesktopServices, QGuiApplication, QHelpEvent
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QPushButton,
    QTableView,
    QToolTip,
    QWidget,
)

from enos_csr_gui.core import profiles
from enos_csr_gui.core.batch import table
from enos_csr_gui.core.history import RequestHistory
from enos_csr_gui.core.last_answers import load
from enos_csr_gui.gui.batch.model import REASON
from enos_csr_gui.gui.batch.rows import RowTable
from enos_csr_gui.gui.batch.running import Run

HEADINGS = ("CN", "C", "ST", "L", "O", "OU", "E", "Site")
SAME = ("CN", "Guizhou", "Kaili", "Example Wind Ltd", "Operations", "ops@example.com")


def write(path: Path, names: list[str], headings: tuple[str, ...] = HEADINGS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(headings)
        writer.writerows((name, *SAME, "north") for name in names)
    return path


@pytest.fixture
def devices(tmp_path: Path) -> Path:
    return write(tmp_path / "farm.csv", [f"gateway-{number:03}" for number in range(1, 5)])


@pytest.fixture
def many(start: Callable[..., Person]) -> Person:
    return start("Many devices")


def rows_of(person: Person) -> RowTable:
    [view] = [one for one in person.wizard.findChildren(RowTable) if one.isVisible()]
    return view


def goes_to_rows(person: Person, devices: Path) -> RowTable:
    person.drops(devices)
    person.goes_on("What is in the columns?")
    person.goes_on("Where do the files go?")
    person.goes_on("Check the rows")
    view = rows_of(person)
    person.waits_until(lambda: view.model().rowCount() > 0)
    person.waits_until(lambda: person.button("Next >").isEnabled())
    return view


def creates(person: Person) -> None:
    person.goes_on("Create the keys and requests")
    person.goes_on("Done", "Create")


def lines(folder: Path) -> list[dict[str, str]]:
    """Return what is in the list of requests; the last line has no end while it is written."""
    text = (folder / "requests.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def verify(folder: Path, name: str, passphrase: str | None = None) -> None:
    """Let OpenSSL say that the pair belongs together, and is for this name."""
    key, request = folder / name / f"{name}.key", folder / name / f"{name}.csr"
    opening = ["-passin", f"pass:{passphrase}"] if passphrase else []
    ours, theirs = (
        subprocess.run(command, capture_output=True, check=True, text=True).stdout
        for command in (
            ["openssl", "pkey", "-in", str(key), "-pubout", *opening],
            ["openssl", "req", "-in", str(request), "-noout", "-pubkey", "-verify"],
        )
    )
    assert ours == theirs
    subject = subprocess.run(
        ["openssl", "req", "-in", str(request), "-noout", "-subject"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    assert name in subject


def test_rows_that_all_have_errors_cannot_be_left_out(many: Person, devices: Path) -> None:
    devices.write_text("CN\n5.57E+92\n1-Mar\n")
    goes_to_rows(many, devices)
    many.click("Leave out the rows with errors")
    many.click("Next >")
    assert many.title() == "Check the rows"
    assert many.problems() == [
        "Every row has errors. Correct at least one. Nothing is written yet."
    ]


@pytest.mark.long
def test_a_table_becomes_a_folder_of_pairs(many: Person, devices: Path, saved: Path) -> None:
    before = devices.read_bytes()
    view = goes_to_rows(many, devices)
    assert "4 rows are right." in many.reads()
    assert view.isColumnHidden(REASON)
    creates(many)
    folder = saved / "farm"
    made = lines(folder)
    assert sorted(one["common_name"] for one in made) == [f"gateway-00{n}" for n in range(1, 5)]
    assert made[0]["columns"] == {"Site": "north"}
    for one in made:
        verify(folder, one["common_name"])
    assert devices.read_bytes() == before
    assert str(folder / "requests.jsonl") in many.reads()
    with RequestHistory() as history:
        assert history.public_keys(made[0]["batch"]) == {
            bytes.fromhex(one["public_key_sha256"]) for one in made
        }


@pytest.mark.long
def test_the_requests_are_submitted_together_without_a_key(
    many: Person, devices: Path, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: False)
    goes_to_rows(many, devices)
    creates(many)
    assert "under 'System Management > Certificate Management'" in many.reads()
    many.press(Qt.Key.Key_Return)  # 'Compose an e-mail' has the focus
    many.waits_to_read(f"attach this file: {saved / 'farm' / 'requests.jsonl'}")
    letter = QApplication.clipboard().text()
    assert letter.startswith("Subject: Certificate requests for 4 devices\n")
    assert "Number of devices: 4\nOrganization: Example Wind Ltd\n" in letter
    assert "Contact: ops@example.com\nRequests, attached: requests.jsonl" in letter

    archive = saved / "farm-requests.zip"
    asked = []

    def ask(
        _parent: QWidget, _title: str, start: str, *_more: object, **_options: object
    ) -> object:
        asked.append(Path(start))
        return start, ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    many.click("Save as a ZIP archive…")
    many.waits_to_read(f"The archive is saved: {archive}")
    assert asked == [archive]
    with zipfile.ZipFile(archive) as found:
        packed = {name: found.read(name) for name in found.namelist()}
    assert packed == {
        f"gateway-00{n}.csr": (saved / f"farm/gateway-00{n}/gateway-00{n}.csr").read_bytes()
        for n in range(1, 5)
    }
    many.click("Compose an e-mail")
    many.waits_to_read(f"attach this file: {archive}")
    assert "attached: farm-requests.zip" in QApplication.clipboard().text()
    before = archive.read_bytes()
    many.click("Save as a ZIP archive…")
    many.waits_to_read("A file with this name already exists.")
    assert archive.read_bytes() == before


@pytest.mark.long
def test_the_batch_is_shown_as_one_in_my_requests(
    many: Person, devices: Path, start: Callable[..., Person]
) -> None:
    goes_to_rows(many, devices)
    creates(many)
    many.click("Show in My requests")
    many.waits_for_page("My requests")
    [view] = [one for one in many.wizard.findChildren(QTableView) if one.isVisible()]
    many.waits_until(lambda: view.model().rowCount() == 4)
    assert (
        many.field("Filter").text() == lines(devices.parent / "home/EnOS requests/farm")[0]["batch"]
    )


@pytest.mark.long
def test_a_cell_is_mended_in_place_with_the_keyboard_alone(
    many: Person, tmp_path: Path, saved: Path
) -> None:
    devices = write(tmp_path / "farm.csv", ["gateway-001", "gateway-001", "gateway-003"])
    before = devices.read_bytes()
    view = goes_to_rows(many, devices)
    assert "2 rows are right. 1 row has errors." in many.reads()
    assert many.focus() is view
    assert view.model().rowCount() == 1  # the bad one
    assert "Line 2 already has the common name 'gateway-001'" in many.problems()[0]
    many.tries("Next >")
    assert many.title() == "Check the rows"
    assert not saved.exists()

    many.press(Qt.Key.Key_Return)
    many.press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    many.types("gateway-002")
    many.press(Qt.Key.Key_Return)
    many.waits_to_read("3 rows are right.")
    assert view.model().rowCount() == 3  # not an empty table
    assert many.problems() == []
    creates(many)
    assert sorted(one["common_name"] for one in lines(saved / "farm"))[1] == "gateway-002"
    assert devices.read_bytes() == before


def test_going_back_keeps_what_was_mended(many: Person, tmp_path: Path) -> None:
    devices = write(tmp_path / "farm.csv", ["gateway-001", "gateway-001"])
    goes_to_rows(many, devices)
    many.press(Qt.Key.Key_Return)
    many.press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    many.types("gateway-002")
    many.press(Qt.Key.Key_Return)
    many.waits_to_read("2 rows are right.")
    for title in ("Where do the files go?", "What is in the columns?", "Many devices"):
        many.click("< Back")
        many.waits_for_page(title)
    many.goes_on("What is in the columns?")
    many.goes_on("Where do the files go?")
    many.goes_on("Check the rows")
    many.waits_to_read("2 rows are right.")


@pytest.mark.parametrize("width", [900, 1400])
def test_the_columns_share_the_width(many: Person, tmp_path: Path, width: int) -> None:
    if os.name == "nt" and QGuiApplication.platformName() != "windows":
        pytest.skip("without a screen, Windows has no font of its size")
    devices = write(tmp_path / "farm.csv", ["gateway-001", "1-Mar"])
    view = goes_to_rows(many, devices)
    many.wizard.resize(width, many.wizard.height())
    header = view.horizontalHeader()
    many.waits_until(lambda: header.length() == view.viewport().width())
    columns = range(REASON + 1)
    assert all(view.columnWidth(one) >= header.sectionSizeHint(one) for one in columns)
    many.click("Show only rows with errors")
    assert header.length() == view.viewport().width()


def test_what_a_column_has_no_room_for_is_shown_at_the_pointer(
    many: Person, tmp_path: Path
) -> None:
    devices = write(tmp_path / "farm.csv", ["gateway-001", "1-Mar"])
    view = goes_to_rows(many, devices)
    view.setColumnWidth(REASON, 60)
    index = view.model().index(0, REASON)
    place = view.visualRect(index).center()
    tip = QHelpEvent(QEvent.Type.ToolTip, place, view.viewport().mapToGlobal(place))
    QApplication.sendEvent(view.viewport(), tip)
    assert QToolTip.text() == index.data()
    QToolTip.hideText()


def test_bad_rows_are_filtered_and_left_out(many: Person, tmp_path: Path, saved: Path) -> None:
    devices = write(tmp_path / "farm.csv", ["gateway-001", "", "1-Mar", "gateway-004"])
    view = goes_to_rows(many, devices)
    assert "2 rows are right. 2 rows have errors." in many.reads()
    assert view.model().rowCount() == 2
    assert not view.isColumnHidden(REASON)
    many.click("Show only rows with errors")
    assert view.model().rowCount() == 4
    reasons = [view.model().index(row, REASON).data() for row in range(4)]
    assert reasons[0] == reasons[3] == ""
    assert reasons[1] == "Fill this in."
    many.click("Leave out the rows with errors")
    creates(many)
    assert len(lines(saved / "farm")) == 2
    rejected = (saved / "farm" / "rejected.csv").read_text(encoding="utf-8-sig")
    assert "Line 3: Common name" in rejected
    assert "2 rows were left out." in many.wizard.page.explanation()
    assert "then 'Receive certificates'." in many.wizard.page.explanation()


def test_columns_that_are_not_recognized_are_assigned(
    many: Person, tmp_path: Path, saved: Path
) -> None:
    devices = write(
        tmp_path / "farm.csv",
        ["gateway-001"],
        ("Serial", "C", "ST", "L", "Owner", "OU", "E", "Site"),
    )
    many.drops(devices)
    many.goes_on("What is in the columns?")
    many.click("Next >")
    assert "Choose the column that has the common names." in many.problems()[0]
    boxes = {box.accessibleName(): box for box in many.wizard.page.findChildren(QComboBox)}
    for field, heading in (("Common name", "Serial"), ("Organization", "Owner")):
        box = boxes[f"{field}: column"]
        box.setFocus()
        many.types(heading)
        assert box.currentText() == heading
    many.goes_on("Where do the files go?")
    many.goes_on("Check the rows")
    many.waits_to_read("1 row is right.")
    creates(many)
    [one] = lines(saved / "farm")
    assert one["common_name"] == "gateway-001"
    assert one["subject"]["organization"] == "Example Wind Ltd"
    assert one["columns"] == {"Site": "north"}


@pytest.mark.long
def test_what_is_the_same_for_all_comes_from_a_profile(
    start: Callable[..., Person], tmp_path: Path, saved: Path
) -> None:
    profiles.save("North", {"country": "NO", "state": "Viken", "locality": "Oslo", "unit": "Ops"})
    person = start("Many devices")
    devices = tmp_path / "farm.csv"
    devices.write_text("CN,O\ngateway-001,Example Wind Ltd\n")
    person.drops(devices)
    person.goes_on("What is in the columns?")
    [button] = [
        one
        for one in person.wizard.findChildren(QPushButton)
        if one.isVisible() and one.text() == "Profile"
    ]
    person.waits_until(lambda: "North" in [one.text() for one in button.menu().actions()])
    [action] = [one for one in button.menu().actions() if one.text() == "North"]
    action.trigger()
    assert person.field("Locality: where it is empty").text() == "Oslo"
    person.goes_on("Where do the files go?")
    person.goes_on("Check the rows")
    person.waits_until(lambda: person.button("Next >").isEnabled())
    creates(person)
    [made] = lines(saved / "farm")
    assert made["subject"] == {
        "country": "NO",
        "state": "Viken",
        "locality": "Oslo",
        "organization": "Example Wind Ltd",
        "unit": "Ops",
        "common_name": "gateway-001",
    }


@pytest.mark.long
def test_what_is_the_same_for_all_comes_from_the_last_answers(
    start: Callable[..., Person], labelled: dict[str, str], tmp_path: Path, saved: Path
) -> None:
    first = start()
    first.walks_to_save(labelled)
    first.goes_on("Done", "Save")
    first.click("Close")
    assert load().answers
    devices = tmp_path / "farm.csv"
    devices.write_text("CN\ngateway-001\ngateway-002\n")
    person = start("Many devices")
    person.drops(devices)
    person.goes_on("What is in the columns?")
    assert person.field("Locality: where it is empty").text() == labelled["Locality"]
    person.enters("Locality: where it is empty", "x" * 200)
    person.click("Next >")
    assert person.title() == "What is in the columns?"
    assert person.problems()
    person.enters("Locality: where it is empty", "Guiyang")
    person.goes_on("Where do the files go?")
    person.goes_on("Check the rows")
    person.waits_to_read("2 rows are right.")
    creates(person)
    assert {one["subject"]["locality"] for one in lines(saved / "farm")} == {"Guiyang"}


@pytest.mark.long
def test_a_passphrase_for_each_device_is_in_a_file_beside(
    many: Person, devices: Path, saved: Path
) -> None:
    many.drops(devices)
    many.goes_on("What is in the columns?")
    many.goes_on("Where do the files go?")
    many.click("A passphrase of its own for each key")
    many.enters("Passphrase file", str(saved / "farm" / "passphrases.csv"))
    many.tries("Next >")
    assert "must not be in the folder of the keys" in many.problems()[0]
    many.enters("Passphrase file", str(saved / "secret.csv"))
    many.goes_on("Check the rows")
    many.waits_to_read("4 rows are right.")
    creates(many)
    with (saved / "secret.csv").open(encoding="utf-8-sig", newline="") as file:
        known = {row["common_name"]: row["passphrase"] for row in csv.DictReader(file)}
    assert len(known) == 4
    for name, passphrase in known.items():
        verify(saved / "farm", name, passphrase)


@pytest.mark.long
def test_one_passphrase_protects_all(many: Person, devices: Path, saved: Path) -> None:
    many.drops(devices)
    many.goes_on("What is in the columns?")
    many.goes_on("Where do the files go?")
    many.click("One passphrase for all keys")
    many.enters("Passphrase", "turbines17")
    many.enters("Repeat passphrase", "turbines17")
    many.goes_on("Check the rows")
    many.waits_to_read("4 rows are right.")
    creates(many)
    verify(saved / "farm", "gateway-003", "turbines17")


def starts_long_run(person: Person, tmp_path: Path) -> Path:
    """Begin more pairs than anybody waits for."""
    devices = write(tmp_path / "farm.csv", [f"gateway-{number:04}" for number in range(5000)])
    goes_to_rows(person, devices)
    person.goes_on("Create the keys and requests")
    person.click("Create")
    person.waits_to_read("per second")
    return devices


def answers(person: Person, button: str) -> None:
    def act() -> bool:
        if person.window is person.wizard:
            return False
        person.click(button)
        return True

    person.meanwhile(act)


@pytest.mark.usefixtures("sleeping")
def test_the_time_asleep_is_not_counted() -> None:
    run = Run()
    run(0, 10)
    assert run.seconds() < 3600
    run.pause()
    run.resume()
    assert run.seconds() < 3600


@pytest.mark.long
def test_it_is_paused_stopped_and_goes_on(many: Person, tmp_path: Path, saved: Path) -> None:
    devices = starts_long_run(many, tmp_path)
    folder = saved / "farm"
    many.waits_until(lambda: (folder / "requests.jsonl").exists() and len(lines(folder)) > 0)
    many.click("Pause")
    many.waits_to_read("Paused.")
    many.click("Resume")

    answers(many, "Continue")
    many.press(Qt.Key.Key_Escape)
    assert many.title() == "Create the keys and requests"
    assert "Stopped" not in many.reads()

    answers(many, "Stop")
    many.press(Qt.Key.Key_Escape)
    many.waits_to_read("Stopped after")
    made = lines(folder)
    assert 0 < len(made) < 5000
    many.press(Qt.Key.Key_Escape)
    many.waits_for_page("What would you like to do?")

    # Later, the table has become shorter, so that the test ends.
    write(devices, [one["common_name"] for one in made] + ["gateway-9999"])
    many.begins("Many devices")
    view = goes_to_rows(many, devices)
    assert view.model().rowCount() == len(made) + 1
    assert "1 row is right." in many.reads()
    creates(many)
    now = lines(folder)
    assert now[: len(made)] == made
    assert [one["common_name"] for one in now[len(made) :]] == ["gateway-9999"]


@pytest.mark.long
def test_save_goes_on_after_stop(many: Person, tmp_path: Path, saved: Path) -> None:
    starts_long_run(many, tmp_path)
    many.click("Stop")
    many.waits_to_read("Stopped after")
    first = len(lines(saved / "farm"))
    many.press(Qt.Key.Key_Return)
    many.waits_until(lambda: len(lines(saved / "farm")) > first)
    many.click("Stop")
    many.waits_to_read("Stopped after")
    names = [one["common_name"] for one in lines(saved / "farm")]
    assert len(set(names)) == len(names)


@pytest.mark.long
def test_closing_asks_first_and_leaves_whole_pairs(
    many: Person, tmp_path: Path, saved: Path
) -> None:
    from enos_csr_gui.gui import background

    starts_long_run(many, tmp_path)
    answers(many, "Continue")
    assert not many.wizard.close()
    answers(many, "Stop")
    assert many.wizard.close()
    background.finish()
    folder = saved / "farm"
    made = {one["common_name"] for one in lines(folder)}
    assert made == {path.name for path in folder.iterdir() if path.is_dir()}


def test_an_empty_table_is_written_and_never_over_a_file(
    many: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PySide6.QtWidgets import QFileDialog

    target = tmp_path / "empty.xlsx"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(target), ""))
    many.click("Write an empty table…")
    many.waits_to_read("Saved:")
    assert table.headings(target)[:2] == ("Country", "State or province")
    before = target.read_bytes()
    many.click("Write an empty table…")
    many.waits_to_read("already exists")
    assert target.read_bytes() == before
    many.tries("Next >")
    assert "no rows" in many.problems()[0]


def test_what_is_no_table_is_refused(many: Person, tmp_path: Path) -> None:
    bad = tmp_path / "bad.xlsx"
    bad.write_bytes(b"PK\3\4 no workbook")
    many.click("Next >")
    assert "Choose a table" in many.problems()[0]
    many.drops(bad)
    many.tries("Next >")
    assert many.title() == "Many devices"
    assert many.problems()


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLES)
def test_a_hostile_table_is_refused(many: Person, tmp_path: Path, name: str) -> None:
    write_it, said = TABLES[name]
    path = tmp_path / name
    write_it(path)
    if said.startswith("Line 2: "):
        view = goes_to_rows(many, path)
        [row] = range(view.model().rowCount())
        reason = view.model().index(row, REASON).data()
        assert said.removeprefix("Line 2: ").removeprefix("Common name: ") in reason
        many.tries("Next >")
    else:
        many.drops(path)
        many.tries("Next >")
        assert said in many.problems()[0]
        assert many.title() == "Many devices"
    assert [one.name for one in tmp_path.iterdir() if one.name != "home"] == [name]


def test_every_box_can_be_ticked_by_key(many: Person, tmp_path: Path) -> None:
    devices = write(tmp_path / "farm.csv", ["gateway-001", ""])
    goes_to_rows(many, devices)
    boxes = [box for box in many.wizard.page.findChildren(QCheckBox) if box.isVisible()]
    assert len(boxes) == 2
    for box in boxes:
        before = box.isChecked()
        box.setFocus()
        many.press(Qt.Key.Key_Space)
        assert box.isChecked() is not before
