"""Keys whose protection needs much computing: the window asks, stays alive, and lets go."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from person import Person, wait
from PySide6.QtCore import Qt, QTimer

SECRET = "opens it"


@pytest.fixture
def slow_key(home: Path, openssl: Callable[..., str]) -> Path:
    """Return a key file that takes a few seconds to open."""
    openssl("genrsa", "-out", home / "plain.pem", "2048")
    out = ("-out", home / "slow.key", "-passout", f"pass:{SECRET}", "-iter", "5000000")
    openssl("pkcs8", "-topk8", "-in", home / "plain.pem", *out)
    return home / "slow.key"


@pytest.fixture
def asked(person: Person, slow_key: Path) -> Person:
    """Return a person who has chosen the key file and typed its passphrase."""
    person.click("Use a key file that I already have")
    person.enters("Key file", str(slow_key))
    person.tries("Next >")
    person.waits_to_read("This key is protected. Type its passphrase.")
    person.enters("Passphrase of the key file", SECRET)
    return person


@pytest.mark.long
def test_a_slow_key_is_opened_when_the_person_agrees(
    asked: Person, labelled: dict[str, str], saved: Path
) -> None:
    read = asked.answers_with("Open it")
    beats: list[None] = []
    heart = QTimer(asked.wizard, interval=20)
    heart.timeout.connect(lambda: beats.append(None))
    asked.click("Next >")
    heart.start()
    asked.waits_to_read("Opening the key…")
    assert "opening it takes about 3 seconds on a usual computer." in read[0]
    asked.waits_for_page("Who is it for?")
    heart.stop()
    assert len(beats) > 20  # it stood still for as long as the library derived
    asked.walks_to_save(labelled)
    asked.goes_on("Done", "Save")
    assert (saved / "dev-001.csr").exists()


@pytest.mark.long
def test_a_slow_key_stays_closed_when_the_person_does_not(asked: Person) -> None:
    asked.answers_with("Do not open")
    asked.tries("Next >")
    assert asked.title() == "Key"
    assert not asked.sees_progress()


@pytest.mark.long
@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_Space])
def test_the_wait_for_a_slow_key_is_cancelled_with_the_keyboard(asked: Person, key) -> None:
    asked.answers_with("Open it")
    asked.click("Next >")
    asked.waits_to_read("Opening the key…")
    assert asked.focus() is asked.button("Cancel opening the key")
    asked.press(key)
    asked.waits_until(lambda: asked.button("Next >").isEnabled())
    assert asked.title() == "Key"
    assert "Opening the key…" not in asked.reads()
    assert asked.field("Passphrase of the key file").text() == SECRET
    wait(50)
    assert asked.title() == "Key"


@pytest.mark.long
def test_a_slow_key_does_not_turn_up_in_the_next_request(
    asked: Person, labelled: dict[str, str], saved: Path
) -> None:
    asked.answers_with("Open it")
    asked.click("Next >")
    asked.waits_to_read("Opening the key…")
    asked.click("< Back")
    asked.waits_for_page("What would you like to do?")
    derived = [one for one in threading.enumerate() if one.name == "detached"]
    assert derived
    asked.begins("New request")
    asked.click("Create a new key (recommended)")
    asked.goes_on("Who is it for?")
    asked.waits_until(lambda: not any(one.is_alive() for one in derived))
    wait(50)
    asked.walks_to_save(labelled)
    asked.goes_on("Done", "Save")
    assert (saved / "dev-001.key").exists()
