"""A renewal: the answers come from the old file, and the common name stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from person import Person, wait
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QFileDialog, QTreeWidget

from enos_csr_gui.core import (
    create,
    key_reader,
    receive,
    renew,
    serials,
    x509_reader,
)
from enos_csr_gui.core.distinguished_name import answers_from
from enos_csr_gui.core.enums import RequestKind
from enos_csr_gui.core.history import RequestHistory
from enos_csr_gui.core.subject import Subject
from enos_csr_gui.gui import dates
from enos_csr_gui.gui.submit import cover_sheet

RENEW = "Renew a certificate"
LIST = "Or a certificate that was received on this computer"


def answers_in(path: Path) -> dict[str, str]:
    return dict(answers_from(x509_reader.read(path.read_bytes()).subject).answers)


@pytest.mark.long
def test_a_renewal_with_enter_alone(
    start: Callable[..., Person], old: Path, saved: Path, answers: dict[str, str]
) -> None:
    person = start(RENEW)
    person.drops(old)
    person.waits_to_read(str(old))
    for page in ("Key", "Who is it for?", "Review", "Save", "Done"):
        person.press(Qt.Key.Key_Return)
        person.waits_for_page(page)
    assert answers_in(saved / "dev-001-2.csr") == answers
    assert (saved / "dev-001-2.key").read_bytes() != (saved / "dev-001.key").read_bytes()
    with RequestHistory() as history:
        assert [past.kind for past in history.requests()] == [RequestKind.RENEWAL, RequestKind.NEW]


def at_the_answers(start: Callable[..., Person], old: Path) -> Person:
    """A person who renews, on the page with the answers."""
    person = start(RENEW)
    person.drops(old)
    person.goes_on("Key")
    person.goes_on("Who is it for?")
    return person


@pytest.mark.long
def test_the_day_of_the_earlier_request_is_written_as_every_other_day(
    start: Callable[..., Person], old: Path
) -> None:
    person = at_the_answers(start, old)
    with RequestHistory() as history:
        [request] = history.requests()
    said = f"A request for this common name was created on {dates.day(request.made_on)}"
    assert said in person.reads()


@pytest.mark.long
def test_the_common_name_cannot_be_edited_and_says_why(
    start: Callable[..., Person], old: Path
) -> None:
    person = at_the_answers(start, old)
    assert person.field("Common name").isReadOnly()
    person.enters("Common name", "dev-002")
    assert person.field("Common name").text() == "dev-001"
    assert "EnOS knows the device by it" in person.reads()


def received(csr: Path, days: int = 30) -> None:
    """Record a certificate for the request in the file."""
    now = datetime.now(UTC)
    with RequestHistory() as history:
        past = next(one for one in history.requests() if one.csr == csr)
        history.certificate_received(
            past.public_key_sha256,
            common_name=past.common_name,
            serial=past.number,
            issued=now,
            expires=now + timedelta(days=days),
            certificate=csr.with_suffix(".crt"),
        )


@pytest.mark.long
def test_one_of_the_received_certificates_is_chosen(
    start: Callable[..., Person], old: Path
) -> None:
    received(old)
    person = start(RENEW)
    person.waits_to_read(LIST)
    person.press(Qt.Key.Key_Y, Qt.KeyboardModifier.NoModifier)  # typed into the path
    person.press(Qt.Key.Key_R, Qt.KeyboardModifier.AltModifier)
    person.press(Qt.Key.Key_Down)
    person.waits_until(lambda: person.field("Old file").text() == str(old))
    person.goes_on("Key")


@pytest.mark.long
def test_a_used_name_leads_to_its_renewal(start: Callable[..., Person], old: Path) -> None:
    person = start()
    person.goes_on("Who is it for?")
    person.enters("Locality", "Guiyang")
    person.enters("Common name", "dev-001")
    person.waits_to_read("is already the common name of a request that was created")
    person.click("Renew that certificate")
    person.waits_for_page("Which certificate?")
    assert person.field("Old file").text() == str(old)
    person.goes_on("Key")
    person.goes_on("Who is it for?")
    assert person.field("Locality").text() == "Kaili"


@pytest.mark.long
def test_the_answers_of_a_renewal_do_not_stay_for_a_new_request(
    start: Callable[..., Person], old: Path, openssl, tmp_path: Path
) -> None:
    other = tmp_path / "other.csr"
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "other.key",
            "-subj", "/C=DE/ST=Bayern/L=Hof/O=Other/OU=X/CN=dev-009", "-out", other)  # fmt: skip
    person = start(RENEW)
    person.drops(other)
    person.goes_on("Key")
    person.goes_on("Who is it for?")
    for _page in range(3):
        person.click("< Back")
    person.begins("New request")
    person.goes_on("Who is it for?")
    assert person.field("Locality").text() == "Kaili"
    assert person.field("Common name").text() == ""
    assert not person.field("Common name").isReadOnly()


@pytest.mark.long
def test_old_answers_that_break_the_rules_are_shown_to_be_mended(
    start: Callable[..., Person], saved: Path, openssl, tmp_path: Path
) -> None:
    name = "dev\u200b-001"
    old = tmp_path / "old.csr"
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "old.key",
            "-utf8", "-subj", f"/C=AN/ST=Bonaire/O=X/OU=Y/CN={name}/serialNumber=7",
            "-out", old)  # fmt: skip
    person = at_the_answers(start, old)
    assert "'serialNumber = 7' is left out" in person.reads()
    assert "The common name stays as it is" in person.reads()
    said = " ".join(person.problems())
    assert "'AN' is not in the list of countries" in said
    assert "Fill this in" in said
    assert "invisible" not in said
    person.enters("Country", "Netherlands")
    person.enters("Locality", "Kralendijk")
    person.goes_on("Review")
    person.goes_on("Save")
    person.enters("Name of the files", "renewed")
    person.goes_on("Done", "Save")
    assert answers_in(saved / "renewed.csr")["common_name"] == name


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.csr", b"", "contains no readable request or certificate"),
        ("x.key", b"hello", "contains no readable request or certificate"),
    ],
)
def test_what_cannot_be_renewed(
    start: Callable[..., Person], tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    person = start(RENEW)
    person.drops(tmp_path / name)
    person.tries("Next >")
    assert said in person.problems()[0]


def test_a_file_must_be_chosen(start: Callable[..., Person]) -> None:
    person = start(RENEW)
    person.tries("Next >")
    assert person.problems() == ["Choose the old file."]


@pytest.mark.long
def test_a_received_certificate_will_do(start: Callable[..., Person], old: Path) -> None:
    received(old)
    person = start(RENEW)
    person.waits_to_read(LIST)
    person.tries("Next >")
    assert person.problems() == ["Choose the old file, or a certificate below."]


@pytest.mark.long
def test_from_a_checked_file_to_its_renewal(
    start: Callable[..., Person], old: Path, tmp_path: Path, openssl, authority
) -> None:
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "x.key",
            "-subj", "/C=CN/ST=A/L=B/O=C/OU=D/CN=dev-7", "-out", tmp_path / "x.csr")  # fmt: skip
    certificate = authority.issue(tmp_path / "x.csr", tmp_path / "x.pem")
    person = start("", certificate)
    person.waits_to_read("Renew this certificate")
    person.click("Renew this certificate")
    person.waits_for_page("Which certificate?")
    person.goes_on("Key")
    person.goes_on("Who is it for?")
    assert person.field("Common name").text() == "dev-7"


def chosen_row(person: Person) -> str:
    """Return the row of the list that is chosen; empty if none is."""
    [rows] = [one for one in person.wizard.findChildren(QTreeWidget) if one.isVisible()]
    return "".join(item.text(0) for item in rows.selectedItems())


@pytest.fixture
def two_requests(start: Callable[..., Person], labelled: dict[str, str], saved: Path) -> Person:
    """A person who has chosen the first of two certificates to be renewed, and cancelled."""
    for name in ("dev-001", "dev-002"):
        person = start()
        person.walks_to_save({**labelled, "Common name": name})
        person.goes_on("Done", "Save")
    received(saved / "dev-001.csr", days=300)
    received(saved / "dev-002.csr")
    person.click("Start page")
    person.begins(RENEW)
    person.waits_to_read(LIST)
    person.press(Qt.Key.Key_R, Qt.KeyboardModifier.AltModifier)
    person.press(Qt.Key.Key_Down)
    assert person.field("Old file").text() == str(saved / "dev-002.csr")
    assert chosen_row(person) == "dev-002"
    person.press(Qt.Key.Key_Escape)
    return person


@pytest.mark.long
def test_the_list_has_what_can_be_renewed_and_says_what_is_requested(
    two_requests: Person,
) -> None:
    person, now = two_requests, datetime.now(UTC)
    person.begins(RENEW)
    reloaded_list(person)
    assert "not listed here" not in person.reads()
    person.press(Qt.Key.Key_Escape)
    with RequestHistory() as history:
        for name in ("dev-002", "dev-003"):
            history.record(
                {"common_name": name},
                public_key_sha256=name,
                key=Path(f"{name}.key"),
                csr=Path(f"{name}.csr"),
            )
    person.begins(RENEW)
    reloaded_list(person)
    person.waits_to_read("2 requests still wait for their certificates, and are not listed here.")
    [rows] = [one for one in person.wizard.findChildren(QTreeWidget) if one.isVisible()]
    heads = [rows.headerItem().text(column) for column in range(rows.columnCount())]
    assert heads == ["Common name", "Status", "Expires on", "Renewal requested"]
    shown = [rows.topLevelItem(row) for row in range(rows.topLevelItemCount())]
    assert [row.text(0) for row in shown] == ["dev-002", "dev-001"]
    assert [row.text(1) for row in shown] == ["expires in 30 days", "valid"]
    assert [row.text(3) for row in shown] == [dates.day(now), ""]
    person.press(Qt.Key.Key_R, Qt.KeyboardModifier.AltModifier)
    person.press(Qt.Key.Key_Down)
    person.goes_on("Key")
    person.goes_on("Who is it for?")
    assert "A request for this common name was created on" in person.reads()
    assert "Fields marked * are required." in person.reads()
    person.goes_on("Review")
    assert "This request renews a certificate." in person.reads()
    person.goes_on("Save")
    person.goes_on("Done", "Save")
    assert "This request renews a certificate." in person.reads()


def reloaded_list(person: Person) -> None:
    person.waits_for_page("Which certificate?")
    person.waits_to_read(LIST)
    wait(200)


@pytest.mark.long
def test_nothing_is_selected_after_coming_back(two_requests: Person) -> None:
    two_requests.begins(RENEW)
    reloaded_list(two_requests)
    assert two_requests.field("Old file").text() == ""
    assert chosen_row(two_requests) == ""


@pytest.mark.long
def test_from_my_requests_that_request_is_renewed(two_requests: Person, saved: Path) -> None:
    person = two_requests
    person.begins("My requests")
    person.waits_until(lambda: person.button("Renew").isEnabled())
    person.press(Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    person.click("Renew")
    reloaded_list(person)
    assert person.field("Old file").text() == str(saved / "dev-001.csr")
    assert chosen_row(person) == "dev-001"
    person.goes_on("Key")
    person.goes_on("Who is it for?")
    assert person.field("Common name").text() == "dev-001"


@pytest.mark.long
def test_from_a_checked_certificate_that_one_is_renewed(
    two_requests: Person, tmp_path: Path, openssl, authority
) -> None:
    person = two_requests
    other = tmp_path / "other.pem"
    csr = tmp_path / "other.csr"
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "other.key",
            "-subj", "/CN=dev-9", "-out", csr)  # fmt: skip
    authority.issue(csr, other)
    person.begins("Check a file")
    person.drops(other)
    person.waits_to_read("Renew this certificate")
    person.click("Renew this certificate")
    reloaded_list(person)
    assert person.field("Old file").text() == str(other)
    assert chosen_row(person) == ""


@pytest.mark.long
def test_the_row_of_the_file_that_is_typed_is_chosen(two_requests: Person, saved: Path) -> None:
    person = two_requests
    person.begins(RENEW)
    reloaded_list(person)
    person.enters("Old file", str(saved / "dev-001.csr"))
    assert chosen_row(person) == "dev-001"
    person.enters("Old file", str(saved / "dev-00"))
    assert chosen_row(person) == ""


@pytest.mark.long
def test_a_path_that_was_typed_stays_when_tab_leads_through_the_list(
    start: Callable[..., Person], old: Path
) -> None:
    received(old)
    person = start(RENEW)
    person.waits_to_read(LIST)
    person.enters("Old file", "/my/own.csr")
    for _stop in range(3):
        person.press(Qt.Key.Key_Tab)
    assert person.field("Old file").text() == "/my/own.csr"


@pytest.mark.long
def test_the_letter_of_a_renewal_names_the_old_certificate(
    start: Callable[..., Person], old: Path, authority, tmp_path: Path, monkeypatch
) -> None:
    issued = authority.issue(old, tmp_path / "issued.pem")
    receive.store_certificate(receive.match_certificate(issued))
    other = Subject({**answers_in(old), "common_name": "dev-002"})
    key = key_reader.load(old.with_suffix(".key").read_bytes())
    made = create.create_request(
        other, key, old.parent, "dev-002", key_file=old.with_suffix(".key")
    )
    receive.store_certificate(
        receive.match_certificate(authority.issue(made.csr, tmp_path / "other.pem"))
    )
    number = x509.load_pem_x509_certificate(issued.read_bytes()).serial_number
    serial = serials.written(number)
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: False)  # there is no mail program

    person = start(RENEW)
    person.drops(old)
    person.waits_to_read(str(old))
    for page in ("Key", "Who is it for?", "Review", "Save", "Done"):
        person.press(Qt.Key.Key_Return)
        person.waits_for_page(page)
    assert "the device uses the old key. Keep that key too" in person.reads()
    person.click("Compose an e-mail")
    letter = QApplication.clipboard().text()
    assert "Please renew the certificate" in letter
    assert f"Serial number of the old certificate: {serial}" in letter

    with RequestHistory() as history:
        renewal_made = history.requests()[0]
    assert renew.renewed_serial(renewal_made) == number
    shown = cover_sheet.rows(renewal_made.subject, "x.csr", "0" * 64, "today", "", serial=number)
    heading, lines = "Serial number of the old certificate", serial.replace(" (", "\n(")
    assert cover_sheet.Row(heading, lines, is_number=True) in shown


@pytest.mark.long
def test_an_unfinished_renewal_keeps_the_changes(start: Callable[..., Person], old: Path) -> None:
    person = at_the_answers(start, old)
    person.enters("Locality", "Guiyang")
    for _time in range(3):
        person.click("< Back")
    person.begins("Continue the unfinished request")
    assert person.field("Old file").text() == str(old)
    person.goes_on("Key")
    person.goes_on("Who is it for?")
    assert person.field("Locality").text() == "Guiyang"
    person.click("Cancel")
    person.begins(RENEW)
    assert person.field("Old file").text() == ""


@pytest.mark.long
def test_what_was_meant_by_text_in_a_wrong_encoding_is_filled_in(
    start: Callable[..., Person], tmp_path: Path, saved: Path, openssl
) -> None:
    old = tmp_path / "old.csr"
    # What the manual's own command makes of UTF-8 on a terminal.
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "old.key",
            "-out", old, "-subj", "/C=CN/ST=贵州/L=Kaili/O=Müller/OU=Ops/CN=dev-001")  # fmt: skip
    said = "'MÃ¼ller' was written in the wrong text encoding; 'Müller' was probably meant"
    person = start()
    person.drops(old)
    person.waits_to_read(said)  # on 'Check a file'

    person = at_the_answers(start, old)
    assert person.field("Organization").text() == "Müller"
    assert person.field("State or province").text() == "贵州"
    assert f"Organization: {said}" in person.reads()
    person.goes_on("Review")
    person.goes_on("Save")
    person.goes_on("Done", "Save")
    [made] = saved.glob("*.csr")
    assert answers_in(made)["organization"] == "Müller"


def test_of_several_dropped_files_the_old_certificate_is_taken(
    start: Callable[..., Person], old: Path, tmp_path: Path
) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("nothing to renew\n")
    person = start(RENEW)
    person.drops(other, old)
    person.waits_until(lambda: person.field("Old file").text() == str(old))
    person.goes_on("Key")


def test_of_several_chosen_files_the_old_certificate_is_taken(
    start: Callable[..., Person], old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("nothing to renew\n")
    chosen = [str(other), str(old)]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_args: (chosen, ""))
    person = start(RENEW)
    person.click("Choose…")
    person.waits_until(lambda: person.field("Old file").text() == str(old))
    person.goes_on("Key")
