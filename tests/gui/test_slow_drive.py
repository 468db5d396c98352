"""A drive that does not answer must not stop the window: nothing looks at files in its thread."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from person import Person, wait


@pytest.fixture
def drive(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder at which the thread of the window must not look."""
    folder = home / "drive"
    folder.mkdir()
    real = os.stat

    def stat(path: object, *arguments: object, **more: object) -> object:
        if str(path).startswith(str(folder)) and threading.current_thread() is main:
            looks.append(str(path))
        return real(path, *arguments, **more)

    main, looks = threading.current_thread(), []
    monkeypatch.setattr(os, "stat", stat)
    yield folder
    assert not looks


@pytest.mark.parametrize("name", ["things", "things.zip", "dev.crt"])
@pytest.mark.parametrize("task", ["", "My certificate has arrived", "Check a file"])
def test_what_is_dropped_is_looked_at_elsewhere(
    start: Callable[..., Person], drive: Path, task: str, name: str
) -> None:
    (drive / name).mkdir()
    person = start(task)
    person.drops(drive / name)
    person.waits_until(lambda: person.title() == "Check a file" and not person.wizard.page.busy)
    wait(50)


def test_the_folder_of_a_key_is_looked_at_elsewhere(
    person: Person, drive: Path, openssl: Callable[..., str]
) -> None:
    (drive / "keys").mkdir()
    openssl("genrsa", "-out", drive / "keys" / "dev.pem", "2048")
    person.click("Use a key file that I already have")
    person.drops(drive / "keys")
    person.waits_until(lambda: person.field("Key file").text() == str(drive / "keys"))
    person.goes_on("Who is it for?")
