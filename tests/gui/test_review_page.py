"""What is shown before anything is made, and the way back to each answer."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from person import Person
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from enos_csr_gui.core import key_reader, keys, shell
from enos_csr_gui.gui.pages import review


@pytest.fixture
def person(person: Person, labelled: dict[str, str]) -> Person:
    """A person on the third page."""
    person.goes_on("Who is it for?")
    person.fills_in(labelled)
    person.goes_on("Review")
    return person


@pytest.mark.long
def test_everything_is_shown_as_it_will_be(person: Person, saved: Path) -> None:
    person.waits_until(lambda: "Creating the key" not in person.reads())
    shown = person.reads().split("\n")
    for name, value in {
        "Country": "China (CN)",
        "State or province": "Guizhou",
        "Locality": "Kaili",
        "Organization": "Example Wind Ltd",
        "Organizational unit": "Operations",
        "Common name": "dev-001",
        "E-mail address": "ops@example.com",
        "Kind": "New, not protected with a passphrase",
        "Folder": str(saved),
        "Key file": "dev-001.key",
        "Request file": "dev-001.csr",
    }.items():
        assert value == shown[shown.index(name) + 1]
    assert "\n".join(shown).count(str(saved)) == 1
    assert not saved.exists()  # nothing is written before Save


@pytest.mark.long
def test_the_fingerprint_is_that_of_the_key_that_is_saved(person: Person, saved: Path) -> None:
    person.waits_until(lambda: "Creating the key" not in person.reads())
    shown = re.sub(r"\s", "", person.reads())
    assert re.search(r"\b(?:[0-9a-f]{4} ){7}[0-9a-f]{4}\n(?:[0-9a-f]{4} ){7}", person.reads())
    person.goes_on("Save")
    person.goes_on("Done", "Save")
    key = key_reader.load((saved / "dev-001.key").read_bytes())
    assert keys.public_key_sha256(key.public_key()) in shown


def test_the_answers_have_one_way_back_which_begins_at_the_first(person: Person) -> None:
    assert person.reads().count("Edit\n") == 2
    person.click("Edit: Who it is for")
    assert person.title() == "Who is it for?"
    assert person.field("Common name").hasFocus()
    person.enters("Country", "Norway")
    person.goes_on("Review")
    assert "Norway (NO)" in person.reads().split("\n")


def test_the_key_has_a_way_back_too(person: Person) -> None:
    person.click("Edit: Key")
    assert person.title() == "Key"


@pytest.mark.skipif(os.name != "posix", reason="a POSIX shell")
def test_the_openssl_commands_make_the_same_request(
    person: Person, saved: Path, tmp_path: Path, openssl: Callable[..., str]
) -> None:
    assert "Copy the commands" not in person.reads()  # folded: for engineers
    person.click("For engineers: the same with OpenSSL")
    person.waits_to_read("Copy the commands")
    person.click("Copy the commands")
    commands = [shlex.split(line) for line in QApplication.clipboard().text().splitlines()]
    person.goes_on("Save")
    person.goes_on("Done", "Save")

    make_key, make_request = commands
    assert make_key[:2] == ["openssl", "genpkey"]
    ours = (saved / "dev-001.csr").read_bytes()
    (saved / "dev-001.csr").rename(tmp_path / "ours.csr")
    subprocess.run(make_request, check=True)
    assert (saved / "dev-001.csr").read_bytes() == ours


def test_on_windows_there_are_commands_for_both_shells(
    start: Callable[..., Person], labelled: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review, "shells", lambda: shell.shells("win32"))
    person = start("New request")
    person.goes_on("Who is it for?")
    person.fills_in(labelled | {"Organization": "凯里风电 & Co", "Common name": "$(calc)"})
    person.goes_on("Review")
    person.click("For engineers: the same with OpenSSL")
    person.click("Copy for PowerShell")
    pasted = QApplication.clipboard().text()
    assert pasted.startswith("$env:OPENSSL_WIN32_UTF8 = 1\nopenssl genpkey")
    assert "/O=凯里风电 & Co/OU=Operations/CN=$(calc)/emailAddress=ops@example.com' -out" in pasted
    person.click("Copy for the command prompt")
    pasted = QApplication.clipboard().text()
    assert pasted.startswith("set OPENSSL_WIN32_UTF8=1\nopenssl genpkey")
    assert '"/C=CN/' in pasted


def test_enter_unfolds_what_is_for_engineers(person: Person) -> None:
    button = person.button("For engineers: the same with OpenSSL")
    button.setFocus()
    person.press(Qt.Key.Key_Return)
    assert person.title() == "Review"
    assert button.isChecked()
