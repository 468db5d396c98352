"""From the first page to files on disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from person import Person, in_order_of_fields
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from enos_csr_gui.core import key_reader, keys, words
from enos_csr_gui.gui.widgets.strength_meter import StrengthMeter

SUBJECT = (
    "subject=C = CN, ST = Guizhou, L = Kaili, O = Example Wind Ltd, OU = Operations, "
    "CN = dev-001, emailAddress = ops@example.com"
)


def test_a_person_clicks_from_the_first_page_to_a_key_and_a_request(
    person: Person, labelled: dict[str, str], saved: Path, openssl: Callable[..., str]
) -> None:
    person.walks_to_save(labelled)
    person.goes_on("Done", "Save")

    assert sorted(file.name for file in saved.iterdir()) == ["dev-001.csr", "dev-001.key"]
    shown = openssl(
        "req", "-in", saved / "dev-001.csr", "-noout", "-verify", "-subject", "-nameopt", "oneline"
    )
    assert "verify OK" in shown
    assert SUBJECT in shown
    modulus = openssl("req", "-in", saved / "dev-001.csr", "-noout", "-modulus")
    assert modulus == openssl("rsa", "-in", saved / "dev-001.key", "-noout", "-modulus")
    if os.name == "posix":
        assert stat.S_IMODE((saved / "dev-001.key").stat().st_mode) == 0o600
    assert f"Both files are saved in {saved}." in person.reads()
    assert "dev-001.csr" in person.reads().split("\n")
    assert "Submit the request file" in person.reads()
    assert "Never send this file to anybody." in person.reads()


@pytest.mark.long
def test_the_keyboard_alone_is_enough(
    person: Person, answers: dict[str, str], saved: Path, openssl: Callable[..., str]
) -> None:
    person.press(Qt.Key.Key_Return)
    person.waits_for_page("Who is it for?")
    for number, text in enumerate(in_order_of_fields(answers)):
        if number > 0:
            person.press(Qt.Key.Key_Tab)
        person.types(text)
    person.press(Qt.Key.Key_Return)
    person.waits_for_page("Review")
    person.press(Qt.Key.Key_Return)
    person.waits_for_page("Save")
    person.press(Qt.Key.Key_Return)
    person.waits_for_page("Done")

    shown = openssl(
        "req", "-in", saved / "dev-001.csr", "-noout", "-verify", "-subject", "-nameopt", "oneline"
    )
    assert SUBJECT in shown
    person.press(Qt.Key.Key_Escape)
    assert person.title() == "What would you like to do?"
    person.press(Qt.Key.Key_C, Qt.KeyboardModifier.AltModifier)
    person.waits_until(lambda: not person.wizard.isVisible())


@pytest.mark.long
def test_a_name_with_chinese_and_an_emoji_works(
    person: Person, labelled: dict[str, str], saved: Path, openssl: Callable[..., str]
) -> None:
    labelled |= {
        "Common name": "风机-017 ☀",
        "Organization": "示例风电有限公司",
        "E-mail address": "",
    }
    person.walks_to_save(labelled)
    person.goes_on("Done", "Save")

    shown = openssl(
        "req", "-in", saved / "风机-017 ☀.csr", "-noout", "-verify", "-subject",
        "-nameopt", "utf8,sep_comma_plus",
    )  # fmt: skip
    assert "O=示例风电有限公司" in shown
    assert "CN=风机-017 ☀" in shown
    assert "emailAddress" not in shown


@pytest.mark.long
def test_the_key_is_protected_with_the_passphrase_that_was_typed_twice(
    person: Person, labelled: dict[str, str], saved: Path, openssl: Callable[..., str]
) -> None:
    person.click("Protect the key file with a passphrase")
    person.tries("Next >")
    person.waits_to_read("The passphrase is empty. Type one.")
    person.enters("Passphrase", "Windrad 17 über Kaili")
    person.waits_to_read("Strong.")
    person.enters("Repeat passphrase", "Windrad 17")
    person.tries("Next >")
    assert "The two passphrases differ." in person.reads()
    assert person.title() == "Key"
    person.enters("Repeat passphrase", "Windrad 17 über Kaili")
    person.walks_to_save(labelled)
    assert "Windrad" not in person.reads()
    person.goes_on("Done", "Save")

    assert "BEGIN ENCRYPTED PRIVATE KEY" in (saved / "dev-001.key").read_text()
    openssl("pkey", "-in", saved / "dev-001.key", "-passin", "pass:Windrad 17 über Kaili", "-noout")


@pytest.mark.parametrize("by_mouse", [True, False])
def test_each_passphrase_can_be_shown_and_no_first_prompt_is_a_problem(
    person: Person, tmp_path: Path, by_mouse: bool
) -> None:
    locked = tmp_path / "locked.key"
    locked.write_bytes(keys.to_pem(keys.generate(), "turbines17"))

    def presses(name: str) -> None:
        if by_mouse:
            person.click(name)
        else:
            person.button(name).setFocus()
            person.press(Qt.Key.Key_Space)

    presses("Protect the key file with a passphrase")
    assert person.problems() == []
    person.enters("Passphrase", "turbines17")
    hidden = [person.field("Passphrase"), person.field("Repeat passphrase")]
    assert {edit.echoMode() for edit in hidden} == {QLineEdit.EchoMode.Password}
    presses("Show the passphrase")
    assert {edit.echoMode() for edit in hidden} == {QLineEdit.EchoMode.Normal}
    presses("Use a key file that I already have")
    person.enters("Key file", str(locked))
    person.tries("Next >")
    person.waits_to_read("This key is protected")
    assert person.problems() == []
    edit = person.field("Passphrase of the key file")
    person.enters("Passphrase of the key file", "turbines17")
    presses("Show the passphrase")
    assert edit.echoMode() == QLineEdit.EchoMode.Normal


def test_a_weak_passphrase_is_not_green(person: Person) -> None:
    person.click("Protect the key file with a passphrase")
    [meter] = person.wizard.page.findChildren(StrengthMeter)
    colours = []
    for text, said in (
        ("turbine", "Weak"),
        ("turbines 1", "Fair"),
        ("Windrad 17 über", "Strong"),
    ):
        person.enters("Passphrase", text)
        person.waits_to_read(said)
        picture = meter.grab().toImage()
        colours.append(picture.pixelColor(meter.width() // 10, meter.height() // 2))
    weak, fair, strong = colours
    assert weak.red() > 2 * weak.green()
    assert fair.red() > fair.green() > fair.blue()
    assert strong.green() > strong.red()


@pytest.mark.long
@pytest.mark.parametrize("by_mouse", [True, False])
def test_a_passphrase_of_words_is_suggested(
    person: Person, labelled: dict[str, str], saved: Path, openssl, by_mouse: bool
) -> None:
    person.click("Protect the key file with a passphrase")
    if by_mouse:
        person.click("Suggest one")
    else:
        person.press(Qt.Key.Key_G, Qt.KeyboardModifier.AltModifier)
    person.waits_to_read("Strong: 6 random words, 66 bits.")
    suggested = person.field("Passphrase").text()
    assert suggested in person.reads()  # or it could not be written down
    assert len(suggested.split("-")) == words.COUNT
    assert suggested in person.wizard.secrets()
    person.walks_to_save(labelled)
    person.goes_on("Done", "Save")
    openssl("pkey", "-in", saved / "dev-001.key", "-passin", f"pass:{suggested}", "-noout")


@pytest.mark.long
@pytest.mark.parametrize("by_mouse", [True, False])
def test_renewing_a_protected_key_offers_protection_again(
    start: Callable[..., Person], labelled: dict[str, str], saved: Path, by_mouse: bool
) -> None:
    first = start()
    first.click("Protect the key file with a passphrase")
    first.enters("Passphrase", "turbines17")
    first.enters("Repeat passphrase", "turbines17")
    first.walks_to_save(labelled)
    first.goes_on("Done", "Save")
    assert "Your passphrase protects it." in first.reads()
    first.click("Start page")

    first.begins("Renew a certificate")
    first.drops(saved / "dev-001.csr")
    first.goes_on("Key")
    assert first.button("Protect the key file with a passphrase").isChecked()
    first.waits_to_read("The old key is protected with a passphrase.")
    assert first.focus() is first.field("Passphrase")
    assert not first.problems()
    box = first.button("Protect the key file with a passphrase")  # it is only an offer
    if by_mouse:
        first.click("Protect the key file with a passphrase")
    else:
        first.uses("Protect the key file with a passphrase", by_mouse=False)
    assert not box.isChecked()
    first.goes_on("Who is it for?")
    first.click("< Back")
    first.waits_for_page("Key")
    assert not first.button("Protect the key file with a passphrase").isChecked()
    first.press(Qt.Key.Key_Escape)

    first.begins("New request")
    assert not first.button("Protect the key file with a passphrase").isChecked()


@pytest.mark.long
def test_an_existing_protected_key_is_used_and_no_other_key_is_written(
    person: Person,
    labelled: dict[str, str],
    home: Path,
    saved: Path,
    openssl: Callable[..., str],
) -> None:
    mine = home / "mine.pem"
    openssl(
        "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-aes256",
        "-pass", "pass:opens it", "-out", mine,
    )  # fmt: skip
    before = mine.read_bytes()
    person.click("Use a key file that I already have")
    person.enters("Key file", str(mine))
    person.tries("Next >")
    person.waits_to_read("This key is protected. Type its passphrase.")
    assert not person.problems()  # it is asked for, and nothing is wrong yet
    field = person.field("Passphrase of the key file")
    person.types("wrong")
    assert field.echoMode() == QLineEdit.EchoMode.Password
    person.press(Qt.Key.Key_Tab)
    person.press(Qt.Key.Key_Space)
    assert (field.echoMode(), field.text()) == (QLineEdit.EchoMode.Normal, "wrong")
    field.setFocus()
    person.press(Qt.Key.Key_Return)
    person.waits_to_read("The passphrase does not open this key.")
    person.enters("Passphrase of the key file", "opens it")
    person.walks_to_save(labelled)
    person.goes_on("Done", "Save")

    assert [file.name for file in saved.iterdir()] == ["dev-001.csr"]
    assert mine.read_bytes() == before
    modulus = openssl("req", "-in", saved / "dev-001.csr", "-noout", "-modulus")
    assert modulus == openssl("rsa", "-in", mine, "-passin", "pass:opens it", "-noout", "-modulus")
    assert str(mine) in person.reads()


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (
            ["ecparam", "-name", "prime256v1", "-genkey", "-noout"],
            "The EnOS manual asks for an RSA key",
        ),
        (["genrsa", "1024"], "EnOS accepts keys of 2048 bits only; this one has 1024."),
        (["version"], "This file contains no readable private key."),
    ],
    ids=["an EC key", "a short key", "no key"],
)
def test_a_key_that_enos_would_not_take_is_refused_at_once(
    person: Person, home: Path, openssl: Callable[..., str], make: list[str], complaint: str
) -> None:
    file = home / "mine.key"
    file.write_text(openssl(*make))
    person.click("Use a key file that I already have")
    person.enters("Key file", str(file))
    person.tries("Next >")
    person.waits_to_read(complaint)
    assert person.title() == "Key"


def test_a_key_file_that_is_not_there_is_missed(person: Person, home: Path) -> None:
    person.click("Use a key file that I already have")
    person.tries("Next >")
    person.waits_to_read("Choose your key file.")
    person.enters("Key file", str(home / "nothing.key"))
    person.tries("Next >")
    person.waits_to_read("This file does not exist.")


@pytest.mark.long
def test_what_seldom_changes_is_offered_the_next_time_and_the_common_name_never(
    start: Callable[[], Person], labelled: dict[str, str], home: Path
) -> None:
    first = start()
    first.walks_to_save(labelled)
    (home / "stick").mkdir()
    first.enters("Folder", str(home / "stick"))
    first.goes_on("Done", "Save")
    first.click("Close")

    second = start()
    second.goes_on("Who is it for?")
    assert second.field("Country").text() == "China (CN)"
    for name in labelled.keys() - {"Country", "Common name"}:
        assert second.field(name).text() == labelled[name]
    assert second.field("Common name").text() == ""
    second.types("dev-002")  # the cursor is already there
    second.goes_on("Review")
    second.goes_on("Save")
    second.goes_on("Done", "Save")
    assert sorted(file.name for file in (home / "stick").iterdir()) == [
        "dev-001.csr", "dev-001.key", "dev-002.csr", "dev-002.key",
    ]  # fmt: skip


@pytest.mark.long
def test_another_request_keeps_everything_but_the_common_name_and_gets_a_key_of_its_own(
    person: Person, labelled: dict[str, str], saved: Path
) -> None:
    person.walks_to_save(labelled)
    person.goes_on("Done", "Save")
    person.goes_on("Who is it for?", "Create another request")
    assert person.field("Common name").text() == ""
    assert person.field("Locality").text() == "Kaili"
    person.types("dev-002")
    person.goes_on("Review")
    person.goes_on("Save")
    person.goes_on("Done", "Save")

    assert len(list(saved.iterdir())) == 4
    first, second = (
        keys.public_key_sha256(key_reader.load((saved / name).read_bytes()).public_key())
        for name in ("dev-001.key", "dev-002.key")
    )
    assert first != second


@pytest.mark.long
def test_after_a_request_with_an_existing_key_the_next_one_begins_with_a_new_key(
    person: Person, labelled: dict[str, str], home: Path, saved: Path
) -> None:
    mine = home / "mine.key"
    mine.write_bytes(keys.to_pem(keys.generate()))
    person.click("Use a key file that I already have")
    person.enters("Key file", str(mine))
    person.walks_to_save(labelled)
    person.goes_on("Done", "Save")
    person.goes_on("Key", "Create another request")
    assert person.button("Create a new key (recommended)").isChecked()
    assert str(mine) not in person.reads()
    person.goes_on("Who is it for?")
    person.types("dev-002")
    person.goes_on("Review")
    person.goes_on("Save")
    person.goes_on("Done", "Save")
    assert sorted(file.name for file in saved.iterdir()) == [
        "dev-001.csr", "dev-002.csr", "dev-002.key",
    ]  # fmt: skip
    new = key_reader.load((saved / "dev-002.key").read_bytes())
    old = key_reader.load(mine.read_bytes())
    assert keys.public_key_sha256(new.public_key()) != keys.public_key_sha256(old.public_key())


@pytest.mark.long
def test_a_key_that_takes_long_is_waited_for_and_the_window_stays_alive(
    start: Callable[[], Person],
    labelled: dict[str, str],
    saved: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saving, generate = Event(), keys.generate

    def slow_machine() -> keys.rsa.RSAPrivateKey:
        assert saving.wait(60)
        return generate()

    monkeypatch.setattr(keys, "generate", slow_machine)
    person = start()
    person.walks_to_save(labelled)
    person.click("Save")
    person.waits_until(person.sees_progress)
    assert person.title() == "Save"
    assert not person.button("Save").isEnabled()
    saving.set()
    person.waits_for_page("Done")
    assert (saved / "dev-001.key").is_file()


def test_a_user_faster_than_the_machine_can_finish(
    start: Callable[[], Person],
) -> None:
    person = start()
    person.click("Next >")  # before the later pages exist
    person.waits_for_page("Who is it for?")


def test_choosing_a_passphrase_focuses_its_field(person: Person) -> None:
    person.click("Protect the key file with a passphrase")
    person.types("turbines17")
    assert person.field("Passphrase").text() == "turbines17"


@pytest.mark.long
@pytest.mark.parametrize(
    ("way_on", "protection"),
    [("Start page", "New, not protected"), ("Create another request", "New, protected with")],
)
@pytest.mark.parametrize("by_mouse", [True, False])
def test_a_passphrase_is_kept_for_several_devices_in_a_row_and_no_longer(
    person: Person, labelled: dict[str, str], way_on: str, protection: str, by_mouse: bool
) -> None:
    person.click("Protect the key file with a passphrase")
    person.enters("Passphrase", "turbines17")
    person.enters("Repeat passphrase", "turbines17")
    person.walks_to_save(labelled)
    person.goes_on("Done", "Save")
    person.uses(way_on, by_mouse=by_mouse)
    if way_on == "Start page":
        person.begins("New request")
        assert not person.button("Protect the key file with a passphrase").isChecked()
    else:
        person.waits_for_page("Key")
        assert "The passphrase of the last request is filled in." in person.reads()
        assert "turbines17" not in person.reads()
        assert person.button("Protect the key file with a passphrase").isChecked()
    person.press(Qt.Key.Key_Return)
    person.waits_for_page("Who is it for?")
    person.enters("Common name", "dev-002")
    person.goes_on("Review")
    assert protection in person.reads()
