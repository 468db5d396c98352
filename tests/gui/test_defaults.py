"""The organization's defaults in the window: presets, locked fields, where to submit."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from person import Person
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QLabel,
    QScrollArea,
)

from enos_csr_gui import i18n
from enos_csr_gui.core import keys, x509_reader
from enos_csr_gui.core.distinguished_name import answers_from
from enos_csr_gui.gui.app import WizardHost, speak

FILE = """
set_by = "Example Wind IT"
locked = ["country", "organization"]
[subject]
country = "CN"
organization = "Example Wind Ltd"
unit = "Operations"
[submit]
email = "certificates@example.com"
"""
LOCKED = ("Country", "Organization")


@pytest.fixture
def defaults_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the administrator of this computer puts the file."""
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "xdg"))
    monkeypatch.setenv("WIN_PD_OVERRIDE_COMMON_APPDATA", str(tmp_path / "xdg"))
    file = tmp_path / "xdg" / "enos-csr" / "defaults.toml"
    file.parent.mkdir(parents=True)
    return file


@pytest.fixture
def unlocked(labelled: dict[str, str]) -> dict[str, str]:
    """Return the answers to the fields that ``FILE`` does not lock."""
    return {key: text for key, text in labelled.items() if key not in LOCKED}


def test_what_is_set_is_filled_in_and_what_is_locked_says_by_whom(
    start: Callable[..., Person], defaults_file: Path
) -> None:
    defaults_file.write_text(FILE)
    person = start()
    person.goes_on("Who is it for?")
    assert person.field("Country").text() == "China (CN)"
    assert person.field("Organizational unit").text() == "Operations"
    assert not person.field("Organizational unit").isReadOnly()
    assert person.field("Organization").isReadOnly()
    assert "Set by Example Wind IT; it cannot be changed here." in person.reads()
    person.enters("Organization", "Another")
    assert person.field("Organization").text() == "Example Wind Ltd"


@pytest.mark.long
def test_what_was_entered_comes_before_what_is_preset_and_after_what_is_locked(
    start: Callable[..., Person], defaults_file: Path, labelled: dict[str, str], home: Path
) -> None:
    preset = home / "preset"
    preset.mkdir()
    defaults_file.write_text(f"[files]\nfolder = '{preset}'")
    person = start()
    person.walks_to_save({**labelled, "Organization": "Old Ltd", "Organizational unit": "Solar"})
    assert person.field("Folder").text() == str(preset)
    person.enters("Folder", str(home))
    person.goes_on("Done", "Save")
    person.wizard.close()

    defaults_file.write_text(f"{FILE}\n[files]\nfolder = '{preset}'")
    person = start()
    person.goes_on("Who is it for?")
    assert person.field("Organizational unit").text() == "Solar"
    assert person.field("Organization").text() == "Example Wind Ltd"
    person.enters("Common name", "dev-002")
    person.goes_on("Review")
    person.goes_on("Save")
    assert person.field("Folder").text() == str(home)


def test_the_review_leads_to_what_can_be_changed_alone(
    start: Callable[..., Person], defaults_file: Path, unlocked: dict[str, str]
) -> None:
    defaults_file.write_text(FILE)
    person = start()
    person.walks_to_save(unlocked)
    person.goes_on("Review", "< Back")
    person.click("Edit: Who it is for")
    assert person.field("Common name").hasFocus()
    assert person.field("Country").isReadOnly()
    assert person.field("Organization").isReadOnly()


@pytest.mark.long
def test_a_note_without_an_address_is_read_and_is_no_markup(
    start: Callable[..., Person], defaults_file: Path, labelled: dict[str, str]
) -> None:
    note = f"<b>Ticket</b> &amp; date {'W' * 300}"
    defaults_file.write_text(f'[submit]\nnote = "{note}"')
    person = start()
    person.walks_to_save(labelled)
    person.goes_on("Done", "Save")
    [shown] = [
        label
        for label in person.wizard.findChildren(QLabel)
        if label.isVisible() and "<b>Ticket</b> &amp; date" in label.text()
    ]
    assert shown.textFormat() == Qt.TextFormat.PlainText
    area = next(one for one in person.wizard.findChildren(QScrollArea) if one.isVisible())
    assert area.horizontalScrollBar().maximum() == 0


def test_a_locked_country_stays_whatever_one_presses(
    start: Callable[..., Person], defaults_file: Path, labelled: dict[str, str], saved: Path
) -> None:
    defaults_file.write_text(FILE)
    person = start()
    person.goes_on("Who is it for?")
    [box] = [box for box in person.wizard.findChildren(QComboBox) if box.isVisible()]
    box.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_End, Qt.Key.Key_F4, Qt.Key.Key_D):
        person.press(key)
    QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=box.rect().center() * 1.9)
    assert not QApplication.activePopupWidget()
    assert person.field("Country").text() == "China (CN)"
    for field in ("State or province", "Locality", "Common name"):
        person.enters(field, labelled[field])
    person.goes_on("Review")
    person.goes_on("Save")
    person.goes_on("Done", "Save")
    old = x509_reader.read((saved / "dev-001.csr").read_bytes())
    assert answers_from(old.subject).answers["country"] == "CN"


@pytest.mark.long
def test_a_renewal_takes_what_is_locked(
    start: Callable[..., Person], defaults_file: Path, openssl, tmp_path: Path, saved: Path
) -> None:
    defaults_file.write_text(FILE)
    old = tmp_path / "old.csr"
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "old.key",
            "-subj", "/C=CN/ST=A/L=B/O=Old Name/OU=C/CN=dev-1", "-out", old)  # fmt: skip
    person = start("Renew a certificate")
    person.drops(old)
    for title in ("Key", "Who is it for?", "Review", "Save"):
        person.goes_on(title)
    person.goes_on("Done", "Save")
    taken = answers_from(x509_reader.read((saved / "dev-1.csr").read_bytes()).subject)
    assert taken.answers["organization"] == "Example Wind Ltd"
    assert taken.answers["unit"] == "C"


def test_the_message_goes_to_the_organizations_address(
    start: Callable[..., Person],
    defaults_file: Path,
    unlocked: dict[str, str],
    saved: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    defaults_file.write_text(FILE.replace("certificates@", "certificates+a#b@"))
    opened: list[str] = []

    def open_url(url: QUrl) -> bool:
        opened.append(QUrl(url).toEncoded().data())
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)  # no mail program for a test
    person = start()
    person.walks_to_save(unlocked)
    person.goes_on("Done", "Save")
    assert "Send this file to certificates+a#b@example.com." in person.reads()
    person.click("Compose an e-mail")
    [letter] = opened
    parts = urlsplit(letter.decode())
    assert (parts.scheme, unquote(parts.path)) == ("mailto", "certificates+a#b@example.com")
    query = parse_qs(parts.query)
    assert query["subject"] == ["Certificate request for dev-001"]
    assert "Request file, attached: dev-001.csr" in query["body"][0]
    assert "dev-001.key" not in query["body"][0]
    assert f"Now attach this file to the e-mail: {saved / 'dev-001.csr'}" in person.reads()


@pytest.mark.long
def test_the_subject_of_the_message_is_the_organizations(
    start: Callable[..., Person],
    defaults_file: Path,
    labelled: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    defaults_file.write_text('[submit]\nsubject = "EnOS & {name} {0}"')
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: False)
    person = start()
    person.walks_to_save(labelled)
    person.goes_on("Done", "Save")
    person.click("Compose an e-mail")
    assert QApplication.clipboard().text().startswith("Subject: EnOS & dev-001 {0}\n")


@pytest.mark.long
def test_without_a_mail_program_the_address_is_shown(
    start: Callable[..., Person],
    defaults_file: Path,
    unlocked: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    note = "Please add the ticket."
    defaults_file.write_text(f'{FILE}note = "{note}"')
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: False)
    person = start()
    person.walks_to_save(unlocked)
    person.goes_on("Done", "Save")
    person.click("Compose an e-mail")
    assert "a new e-mail to certificates@example.com, and attach" in person.reads()
    assert QApplication.clipboard().text().startswith("To: certificates@example.com\nSubject: ")

    person.click("Start page")
    person.begins("My requests")
    person.waits_until(lambda: person.button("Details…").isEnabled())
    read: list[str] = []

    def look() -> bool:
        if not isinstance(dialog := QApplication.activeModalWidget(), QDialog):
            return False
        read.append(person.reads())
        dialog.close()
        return True

    person.meanwhile(look)
    person.click("Details…")
    assert f"Submit to\ncertificates@example.com\n{note}" in read[0]


def test_the_sheet_shows_where_to_submit_it_and_escapes_markup(
    start: Callable[..., Person],
    defaults_file: Path,
    labelled: dict[str, str],
    saved: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not (pdftotext := shutil.which("pdftotext")):
        pytest.skip("needs pdftotext, to read what stands in a PDF")
    note = 'note = "Ticket <b>first</b> & date"'
    defaults_file.write_text(f'[submit]\nemail = "certificates@example.com"\n{note}')
    sheet = saved / "sheet.pdf"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args, **_more: (str(sheet), ""))
    person = start()
    person.walks_to_save({**labelled, "Organization": "Wind <i>& Co</i>"})
    person.goes_on("Done", "Save")
    person.click("Save a cover sheet…")
    person.waits_to_read("The sheet is saved:")
    command = [pdftotext, "-layout", str(sheet), "-"]
    text = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert "certificates@example.com" in text
    assert "Ticket <b>first</b> & date" in text
    assert "Wind <i>& Co</i>" in text
    key = x509_reader.read((saved / "dev-001.csr").read_bytes()).key.loaded
    assert isinstance(key, RSAPublicKey)
    assert keys.public_key_sha256(key) in "".join(re.findall(r"\b[0-9a-f]{4}\b", text))


@pytest.mark.long
def test_another_language_leaves_what_is_set(
    start: Callable[..., Person], defaults_file: Path, qapp: QApplication
) -> None:
    defaults_file.write_text("colour = 1\n" + FILE)
    window = WizardHost(qapp, start("").wizard)
    try:
        person = Person(window.wizard)
        person.waits_to_read("colour")
        person.wizard.language_wanted.emit("zh_CN")
        person = Person(window.wizard)
        person.waits_to_read("“colour”")
        person.begins("新建证书请求(N)")
        person.click("下一步(N) >")
        person.waits_for_page("填写证书信息")
        assert person.field("国家或地区").text() == "中国 (CN)"
        assert person.field("组织").isReadOnly()
        assert "Example Wind IT" in person.reads()
    finally:
        window.wizard.hide()
        i18n.choose([])
        speak(qapp)


@pytest.mark.long
def test_an_error_in_the_file_is_reported_and_does_not_prevent_a_request(
    start: Callable[..., Person], defaults_file: Path
) -> None:
    defaults_file.write_text('[subject]\ncountry = "XX"\nunit = "Operations"\n')
    person = start("")
    person.waits_to_read("The value of 'subject.country'")
    assert str(defaults_file) in person.reads()
    person.begins("New request")
    person.goes_on("Who is it for?")
    assert person.field("Organizational unit").text() == "Operations"
