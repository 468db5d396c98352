"""Receive a certificate: match it to its key, and export both for the device."""

from __future__ import annotations

import os
import re
import sys
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from person import Person
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QFileDialog,
    QPushButton,
    QScrollArea,
    QWidget,
)

from enos_csr_gui.core import csr, keys
from enos_csr_gui.core.history import RequestHistory
from enos_csr_gui.core.subject import Subject

ARRIVED = "My certificate has arrived"
PAGE = "Your certificate"


@pytest.fixture
def issued(old: Path, authority, tmp_path: Path) -> Path:
    """Return the certificate for it with its chain, in the folder of downloads."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    file = authority.issue(old, folder / "issued.pem")
    chain = authority.intermediate.read_bytes() + authority.root.read_bytes()
    file.write_bytes(file.read_bytes() + chain)
    return file


@pytest.fixture
def without_chain(start: Callable[..., Person], old: Path, authority, tmp_path: Path) -> Person:
    """A person on the page of the forms, whose certificate came without the authority's."""
    person = start(ARRIVED)
    person.drops(authority.issue(old, tmp_path / "x.pem"))
    person.waits_to_read(
        "To recognize EnOS, the device also needs the certificate of the certificate authority"
    )
    person.goes_on("For the device")
    return person


@pytest.mark.long
def test_from_the_certificate_to_the_files_of_the_device(
    start: Callable[..., Person], issued: Path, saved: Path, openssl
) -> None:
    person = start(ARRIVED)
    person.drops(issued)
    person.waits_to_read("The certificate for 'dev-001'")
    assert str(saved / "dev-001.key") in person.reads().split("\n")
    assert "It is received, and saved beside its key: dev-001.crt" in person.reads()
    assert not person.problems()
    person.press(Qt.Key.Key_Return)
    person.waits_for_page("For the device")
    assert "edge.key, edge.pem, edge_ca.pem" in person.reads()
    person.goes_on("Done", "Save")
    assert (saved / "dev-001.crt").is_file()
    assert "The certificate is also saved beside its key." in person.reads()
    with RequestHistory() as history:
        assert history.requests()[0].expires is not None
    device = saved / "dev-001-device"
    assert f"The files for the device are in {device}." in person.reads()
    assert "edge.key" in person.reads().split("\n")
    openssl("verify", "-CAfile", device / "edge_ca.pem", device / "edge.pem")
    person.click("Start page")
    person.waits_for_page("What would you like to do?")


def test_a_chain_that_devices_refuse_is_named(
    start: Callable[..., Person], old: Path, strict_authority, tmp_path: Path
) -> None:
    leaf = strict_authority.issue(old, tmp_path / "x.pem")
    person = start(ARRIVED)
    person.drops(leaf, strict_authority.intermediate, strict_authority.root)
    person.waits_to_read("does not allow the name of 'dev-001' (name constraints)")
    person.goes_on("For the device")


@pytest.mark.long
@pytest.mark.parametrize("by_mouse", [True, False])
def test_a_certificate_counts_as_received_on_the_first_page(
    start: Callable[..., Person], issued: Path, saved: Path, by_mouse: bool
) -> None:
    person = start(ARRIVED)
    assert "Cancel" not in person.reads()
    if by_mouse:
        person.drops(issued)
    else:
        person.types(str(issued))
        person.press(Qt.Key.Key_Return)
    kept = saved / "dev-001.crt"
    person.waits_to_read(f"It is received, and saved beside its key: {kept.name}")
    assert kept.is_file()
    with RequestHistory() as history:
        assert history.requests()[0].certificate == kept
    if by_mouse:
        person.click("Start page")
    else:
        person.press(Qt.Key.Key_Escape)
    person.begins("My requests")
    person.waits_until(lambda: "1 request" in person.reads())

    again = start(ARRIVED)
    again.drops(issued)
    again.waits_to_read("It was received before")
    assert [file.name for file in saved.glob("*.crt")] == ["dev-001.crt"]


@pytest.mark.parametrize("by_mouse", [True, False])
def test_a_pasted_certificate_is_received(
    start: Callable[..., Person], issued: Path, old: Path, by_mouse: bool
) -> None:
    text = issued.read_text()
    person = start("My certificate has arrived")
    QApplication.clipboard().setText("Here it is:\n" + text)
    if by_mouse:
        person.click("Paste text")
    else:
        person.button("Choose…").setFocus()  # in the field, the text would go into the field
        person.press(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    person.waits_to_read("The certificate for 'dev-001'")
    assert old.with_suffix(".crt").is_file()
    for wrong, said in (("no certificate", "contains no certificate"), (" ", "contains no text")):
        QApplication.clipboard().setText(wrong)
        person.click("Paste text")
        person.waits_until(lambda said=said: said in "".join(person.problems()))


@pytest.mark.long
def test_the_chain_completes_what_is_saved(
    start: Callable[..., Person], old: Path, authority, tmp_path: Path, saved: Path
) -> None:
    person = start(ARRIVED)
    person.drops(authority.issue(old, tmp_path / "x.pem"))
    kept = saved / "dev-001.crt"
    person.waits_to_read(f"saved beside its key: {kept.name}")
    assert "not complete" in person.reads().split("\n")
    alone = kept.read_bytes()
    offered: list[Path] = []

    def accept() -> bool:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QFileDialog):
            return False
        offered.extend(map(Path, dialog.selectedFiles()))
        dialog.accept()
        return True

    person.meanwhile(accept)
    person.click("Save a calendar reminder…")
    reminder = saved / "Renew the certificate of dev-001.ics"
    person.waits_until(lambda: bool(offered))
    assert offered == [reminder]
    person.waits_to_read("The reminder is saved.")
    person.drops(authority.intermediate, authority.root)
    person.waits_until(lambda: not person.problems() and "Also read" in person.reads())
    person.waits_to_read(f"saved beside its key: {kept.name}")
    assert "complete" in person.reads().split("\n")
    assert str(reminder) in person.reads()  # it is still said where the reminder is
    chain = authority.intermediate.read_bytes() + authority.root.read_bytes()
    assert kept.read_bytes() == alone + chain
    assert [file.name for file in saved.glob("*.crt")] == ["dev-001.crt"]


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder that nobody can write to")
def test_what_cannot_be_saved_beside_the_key_is_said(
    start: Callable[..., Person], issued: Path, saved: Path
) -> None:
    key = saved / "dev-001.key"
    descriptor = os.open(key, os.O_RDONLY)
    try:
        key.unlink()
        person = start(ARRIVED)
        person.drops(issued)
        person.waits_to_read("no longer at")
        person.enters("Key file", f"/proc/{os.getpid()}/fd/{descriptor}")
        person.click("Next >")
        person.waits_to_read("The certificate for 'dev-001'")
        assert f"/proc/{os.getpid()}/fd" in person.problems()[0]
        assert "It is received" not in person.reads()
    finally:
        os.close(descriptor)


@pytest.mark.long
def test_the_calendar_reminds_of_the_renewal(
    start: Callable[..., Person], issued: Path, tmp_path: Path
) -> None:
    target = tmp_path / "renew.ics"
    person = start(ARRIVED)
    person.drops(issued)
    person.waits_to_read("It is received")
    person.saves_to(target)
    person.press(Qt.Key.Key_R, Qt.KeyboardModifier.AltModifier)
    person.waits_to_read(f"Open it to add it to your calendar: {target}")
    first = target.read_text(encoding="utf-8")
    assert "SUMMARY:Renew the certificate of dev-001" in first

    person.goes_on("For the device")
    person.goes_on("Done", "Save")
    assert "It expires on" in person.reads()
    other = tmp_path / "again.ics"
    person.saves_to(other)
    person.click("Save a calendar reminder…")
    person.waits_to_read(f"Open it to add it to your calendar: {other}")
    uids = [re.findall(r"^UID:(.*)$", one.read_text(), re.MULTILINE) for one in (target, other)]
    assert uids[0] == uids[1]  # a calendar has it once


@pytest.mark.long
def test_of_an_expired_certificate_nothing_reminds(
    start: Callable[..., Person], old: Path, authority, tmp_path: Path
) -> None:
    person = start(ARRIVED)
    person.drops(authority.issue(old, tmp_path / "x.pem", days=-1))
    person.waits_to_read("It is received")
    assert "calendar" not in person.reads()


@pytest.mark.long
@pytest.mark.parametrize("by_mouse", [True, False])
def test_the_files_for_the_device_are_made_again_from_the_details(
    start: Callable[..., Person], issued: Path, saved: Path, by_mouse: bool
) -> None:
    first = start(ARRIVED)
    first.drops(issued)
    first.waits_to_read("It is received")
    first.wizard.close()

    person = start("My requests")
    person.waits_until(lambda: person.button("Details…").isEnabled())

    def export() -> bool:
        if person.window is person.wizard:
            return False
        if by_mouse:
            person.click("Save the files for the device…")
        else:
            person.press(Qt.Key.Key_F, Qt.KeyboardModifier.AltModifier)
        return True

    person.meanwhile(export)
    if by_mouse:
        person.click("Details…")
    else:
        person.press(Qt.Key.Key_Return)
    person.waits_for_page(PAGE)
    person.waits_to_read("It was received before")
    person.press(Qt.Key.Key_Return)
    person.waits_for_page("For the device")
    person.goes_on("Done", "Save")
    assert (saved / "dev-001-device" / "edge.pem").is_file()


@pytest.mark.long
@pytest.mark.parametrize(
    "choice",
    [
        ("Java keystore: for the EnOS SDK for Java", "jks"),
        ("PKCS #12 keystore: for Windows and other programs", "p12"),
    ],
)
def test_a_keystore_needs_a_passphrase_that_java_takes(
    start: Callable[..., Person], issued: Path, saved: Path, openssl, choice: tuple[str, str]
) -> None:
    person = start(ARRIVED)
    person.drops(issued)
    person.waits_to_read("The certificate for 'dev-001'")
    person.goes_on("For the device")
    button, ending = choice
    assert "Files: edge.key, edge.pem, edge_ca.pem" in person.reads()
    person.click(button)
    assert f".{ending}" in person.reads().split("\n")  # beside the name
    name = person.field("Name of the files")
    assert name.accessibleDescription() == f"Files: {name.text()}.{ending}"
    person.enters("Passphrase of the keystore", "kurz")
    person.enters("Repeat passphrase", "kurz")
    person.tries("Save")
    assert "too short" in person.problems()[0]
    assert person.field("Passphrase of the keystore").hasFocus()
    person.enters("Passphrase of the keystore", "long enough")
    person.enters("Repeat passphrase", "long enough")
    person.goes_on("Done", "Save")
    store = saved / "dev-001-device" / f"dev-001.{ending}"
    assert store.name in person.reads().split("\n")
    openssl("pkcs12", "-in", store, "-passin", "pass:long enough", "-noout")
    assert "long enough" not in "".join(person.wizard.secrets())


@pytest.mark.long
def test_the_key_of_another_certificate(
    start: Callable[..., Person], old: Path, authority, tmp_path: Path, answers: dict[str, str]
) -> None:
    key = keys.generate()
    csr_file = tmp_path / "other.csr"
    csr_file.write_bytes(csr.to_pem(csr.sign(Subject(answers), key)))
    person = start(ARRIVED)
    person.drops(authority.issue(csr_file, tmp_path / "x.pem"))
    csr_file.unlink()
    person.waits_until(lambda: bool(person.problems()))
    assert "it belongs to another key" in person.problems()[0]

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "other.key").write_bytes(keys.to_pem(key))
    person.enters("Key file", str(elsewhere / "other.key"))
    person.click("Next >")
    person.waits_to_read("The certificate for 'dev-001'")


@pytest.mark.long
def test_what_is_not_in_order_is_read_before_going_on(
    start: Callable[..., Person], old: Path, authority, tmp_path: Path
) -> None:
    expired = authority.issue(old, tmp_path / "x.pem", days=-1)
    person = start(ARRIVED)
    person.enters("Certificate file", str(expired))
    person.click("Next >")
    person.waits_to_read("This certificate expired on")
    assert (
        "To recognize EnOS, the device also needs the certificate of the certificate authority"
        in person.reads()
    )
    assert person.title() == PAGE
    person.enters("Certificate chain file", str(authority.intermediate))
    person.click("Next >")
    person.waits_to_read("The certificate chain does not reach its root")
    person.goes_on("For the device")


@pytest.mark.long
def test_a_protected_key_is_opened_with_its_passphrase(
    start: Callable[..., Person], labelled: dict[str, str], saved: Path, authority
) -> None:
    person = start()
    person.click("Protect the key file with a passphrase")
    person.enters("Passphrase", "turbines17")
    person.enters("Repeat passphrase", "turbines17")
    person.walks_to_save(labelled)
    person.goes_on("Done", "Save")
    file = authority.issue(saved / "dev-001.csr", saved / "x.pem")
    file.write_bytes(file.read_bytes() + authority.intermediate.read_bytes())
    person = start(ARRIVED)
    person.drops(file)
    person.waits_to_read("The certificate for 'dev-001'")
    person.goes_on("For the device")
    person.waits_to_read("This key is protected. Type its passphrase.")
    assert person.field("Passphrase of the key file").hasFocus()
    assert "no passphrase" in person.reads()  # what the device gets
    person.tries("Save")
    assert "This key is protected" in person.problems()[0]
    person.enters("Passphrase of the key file", "wrong")
    person.tries("Save")
    assert "does not open this key" in person.problems()[0]
    person.enters("Passphrase of the key file", "turbines17")
    person.click("Java keystore: for the EnOS SDK for Java")
    boxes = [one.text().replace("&", "") for one in visible(person, QCheckBox)]
    assert boxes == ["Show the passphrase", "Show the passphrase", "For older systems"]
    # Without a screen, Windows has neither its own style nor a font of its size.
    if os.name != "nt" or QGuiApplication.platformName() == "windows":
        person.waits_until(person.wizard.page.fits)
    for name in ("Passphrase of the keystore", "Repeat passphrase"):
        person.enters(name, "long enough")
    person.goes_on("Done", "Save")


def visible(person: Person, kind: type[QWidget]) -> list[QWidget]:
    """Return the widgets of a kind that are on the screen."""
    return [one for one in person.window.findChildren(kind) if one.isVisible()]


@pytest.mark.long
def test_a_chain_that_is_brought_later_makes_no_second_certificate(
    without_chain: Person, authority, saved: Path
) -> None:
    person = without_chain
    person.click("< Back")
    person.waits_for_page(PAGE)
    person.enters("Certificate chain file", str(authority.intermediate))
    person.click("Next >")
    person.waits_to_read("The certificate chain does not reach its root")
    person.goes_on("For the device")
    person.goes_on("Done", "Save")
    assert [file.name for file in saved.glob("*.crt")] == ["dev-001.crt"]


@pytest.mark.long
def test_what_was_said_of_another_file_is_forgotten(
    start: Callable[..., Person], issued: Path, authority, tmp_path: Path, answers: dict[str, str]
) -> None:
    csr_file = tmp_path / "other.csr"
    csr_file.write_bytes(csr.to_pem(csr.sign(Subject(answers), keys.generate())))
    person = start(ARRIVED)
    person.drops(authority.issue(csr_file, tmp_path / "x.pem"))
    csr_file.unlink()
    person.waits_until(lambda: bool(person.problems()))
    person.enters("Certificate file", str(issued))
    person.click("Next >")
    person.waits_to_read("The certificate for 'dev-001'")
    assert not person.problems()
    assert person.reads().count("Key file") == 1  # that of the card


@pytest.mark.long
def test_a_lost_key_is_reported_at_once(
    start: Callable[..., Person], issued: Path, saved: Path, tmp_path: Path
) -> None:
    (saved / "dev-001.key").rename(tmp_path / "moved.key")
    person = start(ARRIVED)
    person.drops(issued)
    person.waits_until(lambda: bool(person.problems()))
    assert f"no longer at {saved / 'dev-001.key'}" in person.problems()[0]
    person.enters("Key file", str(tmp_path / "moved.key"))
    person.click("Next >")
    person.waits_to_read("The certificate for 'dev-001'")
    assert not person.problems()


@pytest.mark.long
def test_without_the_authority_there_is_a_keystore_and_a_way_back(
    without_chain: Person, saved: Path
) -> None:
    person = without_chain
    assert "go back and choose the certificate chain file" in person.problems()[0]
    assert not person.button("PEM files: for the EnOS Edge and most other software").isEnabled()
    person.enters("Passphrase of the keystore", "long enough")
    person.enters("Repeat passphrase", "long enough")
    person.goes_on("Done", "Save")
    assert (saved / "dev-001-device" / "dev-001.p12").is_file()


@pytest.mark.long
@pytest.mark.parametrize("by_mouse", [True, False])
@pytest.mark.parametrize("with_key", [False, True])
def test_the_certificate_of_the_authority_alone_asks_for_the_right_file(
    start: Callable[..., Person],
    authority,
    tmp_path: Path,
    *,
    openssl,
    with_key: bool,
    by_mouse: bool,
) -> None:
    file = tmp_path / "ca.pem"
    file.write_bytes(authority.intermediate.read_bytes())
    if with_key:
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Our CA",
                "-keyout", tmp_path / "ca.key", "-out", file)  # fmt: skip
    person = start(ARRIVED)
    if by_mouse:
        person.drops(file)
    else:
        person.types(str(file))
        person.press(Qt.Key.Key_Return)
    person.waits_to_read("This is the certificate of a certificate authority")
    assert "Key file" not in person.reads()
    assert person.field("Certificate file").hasFocus()


def of_another_device(saved: Path) -> Path:
    """A file with the name that the first file for the device would get."""
    file = saved / "dev-001-device" / "edge.pem"
    file.parent.mkdir()
    file.write_text("of another device")
    return file


@pytest.mark.long
def test_nothing_is_replaced_on_the_way_to_the_device(
    start: Callable[..., Person], issued: Path, saved: Path
) -> None:
    taken = of_another_device(saved)
    person = start(ARRIVED)
    person.drops(issued)
    person.waits_to_read("The certificate for 'dev-001'")
    person.goes_on("For the device")
    person.tries("Save")
    assert "for example 'edge-2'" in person.problems()[0]
    assert person.field("Name of the files").hasFocus()
    person.enters("Name of the files", "edge-2")
    person.goes_on("Done", "Save")
    assert taken.read_text() == "of another device"


@pytest.mark.long
def test_what_can_be_pressed_has_an_effect_at_any_moment(
    start: Callable[..., Person], issued: Path, saved: Path
) -> None:
    """Between two steps of one action, too: a press at that moment was lost."""
    of_another_device(saved)
    person = start(ARRIVED)
    lost: list[str] = []

    def look() -> None:
        for button in person.wizard.findChildren(QPushButton):
            leads_on = button.isVisible() and button.text() in ("&Next >", "&Save")
            if leads_on and button.isEnabled() and person.wizard.page.busy:
                lost.append(f"{button.text()} on {person.title()}")

    timer = QTimer()  # in every turn of the event loop
    timer.timeout.connect(look)
    timer.start(0)
    person.drops(issued)
    person.waits_to_read("The certificate for 'dev-001'")
    person.goes_on("For the device")
    person.tries("Save")
    timer.stop()
    assert "for example 'edge-2'" in person.problems()[0]
    assert lost == []


@pytest.mark.long
def test_a_key_that_has_gone_meanwhile_is_named(
    start: Callable[..., Person], issued: Path, saved: Path
) -> None:
    person = start(ARRIVED)
    person.drops(issued)
    person.waits_to_read("The certificate for 'dev-001'")
    person.goes_on("For the device")

    def is_gone() -> bool:  # Windows deletes no file that the program is reading
        with suppress(PermissionError):
            (saved / "dev-001.key").unlink(missing_ok=True)
        return not (saved / "dev-001.key").exists()

    person.waits_until(is_gone)
    person.tries("Save")
    assert person.problems() == [
        f"{saved / 'dev-001.key'}\nThis file does not exist. Check its name and folder."
    ]


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "said"),
    [("dev-001.csr", "it is a request (CSR)"), ("gone.pem", "This file does not exist")],
)
def test_what_is_no_certificate(
    start: Callable[..., Person], old: Path, name: str, said: str
) -> None:
    person = start(ARRIVED)
    person.drops(old.with_name(name))
    person.waits_until(lambda: bool(person.problems()))
    assert said in person.problems()[0]


@pytest.mark.long
def test_a_wrong_chain_is_reported_where_it_was_chosen(
    start: Callable[..., Person], old: Path, authority, tmp_path: Path
) -> None:
    certificate = authority.issue(old, tmp_path / "x.pem")
    person = start(ARRIVED)
    person.drops(certificate)
    person.waits_to_read(
        "To recognize EnOS, the device also needs the certificate of the certificate authority"
    )
    person.enters("Certificate chain file", str(certificate))
    person.click("Next >")
    person.waits_to_read("This is not the chain of the certificate")
    assert person.field("Certificate chain file").hasFocus()


def test_a_long_name_widens_nothing(
    start: Callable[..., Person], authority, tmp_path: Path, answers: dict[str, str]
) -> None:
    csr_file, key = tmp_path / "long.csr", keys.generate()
    csr_file.write_bytes(csr.to_pem(csr.sign(Subject({**answers, "common_name": "W" * 64}), key)))
    (tmp_path / "long.key").write_bytes(keys.to_pem(key))
    person = start(ARRIVED)
    person.drops(authority.issue(csr_file, tmp_path / "long.pem"))
    person.waits_to_read("The certificate for 'WWW")
    area = next(one for one in person.wizard.findChildren(QScrollArea) if one.isVisible())
    assert area.horizontalScrollBar().maximum() == 0


@pytest.mark.long
def test_a_certificate_and_its_chain_dropped_together(
    start: Callable[..., Person], issued: Path, authority, tmp_path: Path, openssl
) -> None:
    alone = issued.with_name("alone.crt")
    openssl("x509", "-in", issued, "-out", alone)  # without the chain
    chain = tmp_path / "chain.pem"
    chain.write_bytes(authority.intermediate.read_bytes() + authority.root.read_bytes())
    person = start(ARRIVED)
    person.drops(chain, alone)
    person.waits_to_read("The certificate for 'dev-001'")
    assert not person.problems()

    person = start()
    person.drops(alone, chain)
    person.waits_for_page("Check a file")
    person.waits_to_read("Save the files for the device")
    person.click("Save the files for the device")
    person.waits_to_read("The certificate for 'dev-001'")
    assert not person.problems()


@pytest.fixture
def with_key(authority, tmp_path: Path, answers: dict[str, str]) -> dict[str, bytes]:
    """Return what a certificate authority hands out that has created the key as well."""
    key = keys.generate()
    request = tmp_path / "theirs.csr"
    request.write_bytes(csr.to_pem(csr.sign(Subject(answers), key)))
    device = authority.issue(request, tmp_path / "theirs.pem").read_bytes()
    return {
        "device.pem": device,
        "intermediate.pem": authority.intermediate.read_bytes(),
        "private.pem": keys.to_pem(key),
        "root.pem": authority.root.read_bytes(),
    }


@pytest.fixture(params=["archive", "folder", "files", "dialog"])
def came(with_key: dict[str, bytes], tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Return the folder with what arrived, in the form of the test's name."""
    folder = tmp_path / request.param
    folder.mkdir()
    if request.param == "archive":
        with zipfile.ZipFile(folder / "answer.zip", "w") as archive:
            for name, content in with_key.items():
                archive.writestr(name, content)
    else:
        for name, content in with_key.items():
            (folder / name).write_bytes(content)
    return folder


@pytest.mark.long
def test_a_key_that_came_with_the_certificate_goes_to_the_device(
    start: Callable[..., Person], came: Path, openssl, monkeypatch: pytest.MonkeyPatch
) -> None:
    form, files = came.name, sorted(came.iterdir())
    person = start(ARRIVED)
    if form == "dialog":
        chosen = [str(one) for one in files]
        monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_args: (chosen, ""))
        person.click("Choose…")
    else:
        person.drops(*[came] if form == "folder" else files)
    person.waits_to_read("The certificate for 'dev-001'")
    assert not person.problems()
    holder = came / ("answer.zip" if form == "archive" else "private.pem")
    assert str(holder) in person.reads().split("\n")
    if form != "archive":
        assert "Also read: intermediate.pem, root.pem, private.pem" in person.reads()
    before = {*came.rglob("*")}
    person.goes_on("For the device")
    person.goes_on("Done", "Save")
    written = {path.name for path in {*came.rglob("*")} - before if path.is_file()}
    assert written == {f"{holder.stem}.crt", "edge.key", "edge.pem", "edge_ca.pem"}
    device = came / f"{holder.stem}-device"
    openssl("verify", "-CAfile", device / "edge_ca.pem", device / "edge.pem")
    openssl("pkey", "-in", device / "edge.key", "-check")


@pytest.mark.long
def test_a_chain_of_several_files_is_brought_later(
    start: Callable[..., Person], old: Path, authority, tmp_path: Path
) -> None:
    person = start(ARRIVED)
    person.drops(authority.issue(old, tmp_path / "x.pem"))
    person.waits_to_read("To recognize EnOS, the device also needs")
    person.drops(authority.root, authority.intermediate)
    person.waits_until(lambda: not person.problems() and "Also read" in person.reads())
    person.waits_to_read("The certificate for 'dev-001'")


@pytest.mark.long
def test_a_lone_self_signed_certificate_is_not_offered_for_renewal(
    start: Callable[..., Person], tmp_path: Path, openssl
) -> None:
    file = tmp_path / "own.pem"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=dev-001", "-days", "9",
            "-keyout", tmp_path / "own.key", "-out", file,
            "-addext", "basicConstraints=CA:FALSE")  # fmt: skip
    person = start()
    person.drops(file, file)
    person.waits_to_read("Self-signed certificate for 'dev-001'")
    assert "Renew this certificate" not in person.reads()
    assert "Save the files for the device" not in person.reads()


@pytest.mark.long
def test_a_certificate_that_arrived_for_a_row_must_be_that_of_the_row(
    start: Callable[..., Person], issued: Path, labelled: dict[str, str]
) -> None:
    second = start()
    second.walks_to_save({**labelled, "Common name": "dev-002"})
    second.goes_on("Done", "Save")
    second.wizard.close()
    person = start("My requests")
    person.waits_until(lambda: person.button(ARRIVED).isEnabled())
    person.points_at(person.button(ARRIVED))  # for the newest request
    person.waits_for_page("Your certificate")
    assert "for 'dev-002'" in person.reads()
    person.drops(issued)
    person.waits_until(lambda: bool(person.problems()))
    assert "another key" in person.problems()[0]
    person.press(Qt.Key.Key_Escape)
    person.begins("My requests")
    person.waits_until(lambda: person.button(ARRIVED).isEnabled())
    person.press(Qt.Key.Key_Down)
    person.click(ARRIVED)
    person.waits_for_page("Your certificate")
    assert "for 'dev-001'" in person.reads()
    person.drops(issued)
    person.waits_to_read("The certificate for 'dev-001'")


def test_what_stands_below_a_field_begins_where_the_field_does(
    start: Callable[..., Person],
) -> None:
    def left(widget: QWidget) -> int:
        return widget.mapTo(widget.window(), QPoint()).x()

    person = start(ARRIVED)
    assert left(person.button("Paste text")) == left(person.field("Certificate file"))
    person = start("Many devices")
    assert left(person.button("Write an empty table…")) == left(person.field("Table"))
    person.click("Receive certificates…")
    person.waits_for_page("Certificates for many devices")
    assert left(person.button("Choose a folder…")) == left(person.field("Certificates"))
