"""The page that inspects files before they are submitted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from person import Person
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel

from enos_csr_gui.core import csr, keys
from enos_csr_gui.core.subject import Subject
from enos_csr_gui.gui import style

CHECK = "Check a file"
SAMPLES = Path(__file__).parents[1] / "samples" / "foreign"


@pytest.fixture(scope="module")
def key():
    return keys.generate()


@pytest.fixture
def good(tmp_path: Path, answers: dict[str, str], key) -> Path:
    path = tmp_path / "dev-001.csr"
    path.write_bytes(csr.to_pem(csr.sign(Subject(answers), key)))
    return path


def test_the_program_opens_a_request_it_is_started_with(
    start: Callable[..., Person], good: Path
) -> None:
    person = start("", good)
    person.waits_to_read("Acceptable: it meets every requirement.")
    assert person.title() == CHECK
    assert "dev-001.csr" in person.reads()
    assert "request (CSR) for 'dev-001', PEM" in person.reads()
    assert not person.problems()


@pytest.mark.parametrize("is_good", [True, False])
def test_the_verdict_is_the_largest_on_the_page_good_or_bad(
    start: Callable[..., Person], good: Path, openssl, tmp_path: Path, is_good: bool
) -> None:
    bad = tmp_path / "bad.csr"
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "x.key",
            "-subj", "/C=XX/CN=dev-001", "-out", bad)  # fmt: skip
    person = start("", good if is_good else bad)
    person.waits_to_read("cceptable: " if is_good else "NOT acceptable: ")
    shown = [one for one in person.wizard.findChildren(QLabel) if one.isVisible()]
    [verdict] = [one for one in shown if "cceptable: " in one.text()]
    assert verdict.font().pointSizeF() == max(one.font().pointSizeF() for one in shown)
    colour = verdict.palette().windowText().color()
    wanted = style.success if is_good else style.problem
    assert colour == wanted(QApplication.palette())
    assert (verdict.text() in person.problems()) == (not is_good)


def test_a_key_file_dropped_on_the_page_that_asks_for_one(
    start: Callable[..., Person], tmp_path: Path, key
) -> None:
    (tmp_path / "old.key").write_bytes(keys.to_pem(key))
    person = start()
    person.drops(tmp_path / "old.key")
    person.waits_to_read("Key file")
    assert person.field("Key file").text() == str(tmp_path / "old.key")
    person.goes_on("Who is it for?")


def test_details_can_be_expanded(start: Callable[..., Person], good: Path, key) -> None:
    person = start("", good)
    person.waits_to_read("Acceptable")
    assert "CN = dev-001" not in person.reads()
    person.click("Details")
    person.waits_to_read("CN = dev-001")
    assert "✓  Valid signature" in person.reads()
    person.click("Copy these details")
    assert keys.public_key_sha256(key.public_key()) in QApplication.clipboard().text()


def test_what_is_wrong_with_a_request_is_said_field_by_field(
    start: Callable[..., Person], tmp_path: Path, openssl
) -> None:
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "x.key",
            "-subj", "/C=XX/CN=dev-001", "-out", tmp_path / "bad.csr")  # fmt: skip
    person = start("Check a file")
    person.drops(tmp_path / "bad.csr")
    person.waits_to_read("NOT acceptable: ")
    assert "Country: 'XX' is not a country code" in person.reads()
    assert "Locality: This is missing; EnOS requires it." in person.reads()


def test_a_key_is_warned_of_loudly(
    start: Callable[..., Person], tmp_path: Path, good: Path, key
) -> None:
    (tmp_path / "dev-001.key").write_bytes(keys.to_pem(key))
    person = start("Check a file")
    person.drops(tmp_path / "dev-001.key", good)
    person.waits_to_read("Never submit it")
    person.waits_to_read("Acceptable")


def test_files_are_chosen_in_the_dialog(
    start: Callable[..., Person], good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = start("Check a file")
    # The system's own dialog cannot be driven from here.
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_args: ([str(good)], ""))
    person.press(Qt.Key.Key_Space)
    person.waits_to_read("Acceptable")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "This file is empty"),
        (b"-----BEGIN CERTIFICATE REQUEST-----\nMIIC\n", "damaged and cannot be read"),
        (b"holiday.jpg", "contains no readable request, certificate or key"),
    ],
)
def test_another_kind_of_file_is_reported_as_such(
    start: Callable[..., Person], tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "x.csr").write_bytes(content)
    person = start("", tmp_path / "x.csr")
    person.waits_until(lambda: any(said in problem for problem in person.problems()))


@pytest.mark.long
def test_markup_in_a_file_stays_text(start: Callable[..., Person], tmp_path: Path, openssl) -> None:
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "x.key",
            "-subj", "/CN=<h1>\u202eevil", "-utf8", "-out", tmp_path / "bad.csr")  # fmt: skip
    person = start("", tmp_path / "bad.csr")
    person.waits_to_read("NOT acceptable")
    person.click("Details")
    person.waits_to_read("CN = <h1>\\u202eevil")


@pytest.mark.long
def test_five_hundred_certificates_do_not_flood_the_window(
    start: Callable[..., Person], tmp_path: Path, openssl
) -> None:
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "x.key",
            "-subj", "/CN=x", "-out", tmp_path / "x.pem")  # fmt: skip
    (tmp_path / "many.pem").write_bytes((tmp_path / "x.pem").read_bytes() * 400)
    person = start("", tmp_path / "many.pem")
    person.waits_to_read("300 more are not shown")


def test_the_page_is_empty_after_coming_back(start: Callable[..., Person], good: Path) -> None:
    person = start("", good)
    person.waits_to_read("Acceptable")
    person.click("< Back")
    person.begins("Check a file")
    assert "Acceptable" not in person.reads()


def test_with_the_certificate_of_an_authority_there_is_nothing_to_do(
    start: Callable[..., Person], authority
) -> None:
    person = start("", authority.intermediate)
    person.waits_to_read("CA certificate for '")
    assert "Renew this certificate" not in person.reads()
    assert "Export it" not in person.reads()


@pytest.fixture
def foreign(
    start: Callable[..., Person], labelled: dict[str, str], tmp_path: Path, openssl
) -> Person:
    """A person who has made a request, and now takes the answers of another one.

    The foreign request has neither locality nor unit.
    """
    person = start()
    person.walks_to_save(labelled)
    person.goes_on("Done", "Save")
    person.click("Start page")
    bad = tmp_path / "bad.csr"
    openssl("req", "-new", "-sha512", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "k",
            "-subj", "/C=DE/ST=Hamburg/O=Old/CN=dev-9/serialNumber=5", "-out", bad)  # fmt: skip
    person.begins("Check a file")
    person.drops(bad)
    person.waits_to_read("Create a new request with these answers")
    person.click("Create a new request with these answers")
    person.waits_for_page("Key")
    person.goes_on("Who is it for?")
    return person


@pytest.mark.long
def test_a_rejected_request_is_recreated_with_its_answers(foreign: Person, saved: Path) -> None:
    assert foreign.field("Country").text() == "Germany (DE)"
    assert foreign.field("Organization").text() == "Old"
    assert not foreign.field("Common name").isReadOnly()
    foreign.fills_in({"Common name": "dev-10", "Locality": "Altona", "Organizational unit": "IT"})
    foreign.goes_on("Review")
    foreign.goes_on("Save")
    foreign.goes_on("Done", "Save")
    assert (saved / "dev-10.csr").is_file()


@pytest.mark.long
def test_of_each_foreign_answer_it_is_said_where_it_comes_from(foreign: Person) -> None:
    assert "The answers come from 'bad.csr', and from nowhere else." in foreign.reads()
    assert foreign.field("Organization").accessibleDescription() == "From 'bad.csr'."
    for missing in ("Locality", "Organizational unit", "E-mail address"):
        assert foreign.field(missing).text() == ""
        assert foreign.field(missing).accessibleDescription() == "Not in 'bad.csr'."
    assert not foreign.problems()  # what is missing is asked for before it is a mistake
    assert foreign.focus() is foreign.field("Locality")
    foreign.types("A")  # from now on, it is the user's own
    assert "bad.csr" not in foreign.field("Locality").accessibleDescription()


@pytest.mark.long
def test_remembered_answers_fill_the_gaps_only_when_asked_to(
    foreign: Person, answers: dict[str, str]
) -> None:
    foreign.press(Qt.Key.Key_M, Qt.KeyboardModifier.AltModifier)
    foreign.waits_until(lambda: foreign.field("Locality").text() == answers["locality"])
    assert foreign.field("Locality").accessibleDescription() == "From your last request."
    assert foreign.field("Organization").text() == "Old"
    assert foreign.field("Common name").text() == "dev-9"
    assert "Fill in what is missing" not in foreign.reads()
    assert foreign.focus() is foreign.field("Common name")


@pytest.mark.long
@pytest.mark.parametrize("by_mouse", [True, False])
def test_cancel_drops_foreign_answers(
    foreign: Person, labelled: dict[str, str], by_mouse: bool
) -> None:
    foreign.enters("Locality", "Altona")
    if by_mouse:
        foreign.click("Cancel")
    else:
        foreign.press(Qt.Key.Key_Escape)
    foreign.waits_for_page("What would you like to do?")
    foreign.begins("New request")
    foreign.goes_on("Who is it for?")
    assert foreign.field("Organization").text() == labelled["Organization"]
    assert foreign.field("Locality").text() == labelled["Locality"]
    assert foreign.field("Common name").text() == ""
    assert "bad.csr" not in foreign.reads()


@pytest.mark.long
def test_a_new_request_after_going_back_has_no_foreign_answers(
    foreign: Person, labelled: dict[str, str]
) -> None:
    for page in ("Key", "Check a file", "What would you like to do?"):
        foreign.click("< Back")
        foreign.waits_for_page(page)
    foreign.begins("New request")
    foreign.goes_on("Who is it for?")
    assert foreign.field("Organization").text() == labelled["Organization"]


def test_choosing_files_is_the_primary_action_until_something_is_found(
    start: Callable[..., Person], good: Path, qapp: QApplication
) -> None:
    if qapp.style().objectName() != "fusion":
        pytest.skip("the system's own style fills the default button")
    person = start("Check a file")
    assert style.is_primary(person.button("Choose files…"))
    person.drops(good)
    person.waits_to_read("Acceptable: it meets every requirement.")
    assert not style.is_primary(person.button("Choose files…"))
    person.click("< Back")
    person.begins("Check a file")
    assert style.is_primary(person.button("Choose files…"))


def test_a_request_in_der_is_saved_as_pem_with_one_click(
    start: Callable[..., Person], good: Path, tmp_path: Path, openssl, monkeypatch
) -> None:
    openssl("req", "-in", good, "-outform", "DER", "-out", tmp_path / "x.der")
    target = tmp_path / "x.csr"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args, **_more: (str(target), ""))
    person = start("", tmp_path / "x.der")
    person.waits_to_read("NOT acceptable")
    assert "Create a new request" not in person.reads()  # nothing but its form is wrong
    person.button("Save as PEM…").setFocus()
    person.press(Qt.Key.Key_Space)
    person.waits_to_read("Acceptable: it meets every requirement.")
    assert person.focus() is person.button("Choose files…")  # Enter must not leave the page
    assert target.read_bytes() == good.read_bytes()


def test_a_request_that_is_not_only_in_the_wrong_form_is_created_again(
    start: Callable[..., Person], tmp_path: Path, openssl
) -> None:
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "x.key",
            "-subj", "/CN=dev-7", "-outform", "DER", "-out", tmp_path / "x.der")  # fmt: skip
    person = start("", tmp_path / "x.der")
    person.waits_to_read("Create a new request with these answers")
    assert "Save as PEM…" not in person.reads()


def test_a_date_in_no_calendar_is_named(start: Callable[..., Person]) -> None:
    person = start("", SAMPLES / "12-year-0-traceback" / "year0.pem")
    person.waits_to_read("The certificate contains the impossible date 0000-01-01.")


def test_what_a_folder_has_beyond_the_limit_is_reported(
    start: Callable[..., Person], good: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(201):
        (folder / f"m{number:03}").write_bytes(b"nothing")
    (folder / "a.csr").write_bytes(good.read_bytes())
    person = start("Check a file")
    person.drops(folder)
    person.waits_to_read("There are more files in it; only the first 200 were read.")
    person.waits_to_read("Acceptable: it meets every requirement.")


def test_the_key_in_a_folder_is_used(start: Callable[..., Person], tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    (folder / "notes.txt").write_text("nothing")
    (folder / "own.key").write_bytes(keys.to_pem(keys.generate()))
    person = start()
    person.click("Use a key file that I already have")
    person.drops(folder)
    person.goes_on("Who is it for?")
    assert person.wizard.draft.key_file == folder / "own.key"
