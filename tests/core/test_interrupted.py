"""A request that was killed after its files and before its row in the history is listed."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from enos_csr_gui.core import create, files, interrupted, journal, permissions
from enos_csr_gui.core.enums import RequestKind
from enos_csr_gui.core.history import RequestHistory, default_path
from enos_csr_gui.core.subject import Subject


@pytest.fixture
def killed(tmp_path: Path, subject: Subject, key, monkeypatch) -> Path:
    """Save a request in a process that ends before it records it; return the folder."""
    folder = tmp_path / "requests"
    folder.mkdir()
    child = os.fork()
    if child == 0:
        monkeypatch.setattr(create, "_record", lambda *_arguments: os._exit(0))
        create.create_request(subject, key, folder, "dev-001", kind=RequestKind.RENEWAL)
        os._exit(1)
    os.waitpid(child, 0)
    assert sorted(path.name for path in folder.iterdir()) == ["dev-001.csr", "dev-001.key"]
    return folder


pytestmark = pytest.mark.skipif(os.name != "posix", reason="no fork")


def entries() -> list[Path]:
    folder = journal.data_folder()
    return sorted(folder.glob("saving-*")) if folder.exists() else []


def listed() -> list[tuple[str, Path, Path]]:
    with RequestHistory() as history:
        return [(one.common_name, one.key, one.csr) for one in history.requests()]


def test_it_is_recorded_at_the_next_start(killed, subject):
    assert listed() == []
    interrupted.tidy()
    assert listed() == [("dev-001", killed / "dev-001.key", killed / "dev-001.csr")]
    assert entries() == []
    with RequestHistory() as history:
        [found] = history.requests()
    assert dict(found.subject) == dict(subject)
    assert found.kind is RequestKind.RENEWAL
    assert abs((found.made_on - datetime.now(UTC)).total_seconds()) < 600


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_request_whose_folder_was_still_to_be_made_leaves_nothing(
    tmp_path: Path, subject: Subject, key, monkeypatch, when: str
) -> None:
    folder = tmp_path / "requests"
    make = permissions.make_folder

    def make_and_end(place: Path, *mode: int) -> None:
        if place != folder or when == "after":
            make(place, *mode)
        if place == folder:
            os._exit(0)

    child = os.fork()
    if child == 0:
        monkeypatch.setattr(permissions, "make_folder", make_and_end)
        create.create_request(subject, key, folder, "dev-001")
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert len(entries()) == 1
    interrupted.tidy()
    assert entries() == []
    assert not folder.exists()
    assert listed() == []


def note(subject: Subject, key: Path, csr: Path, *lines: dict[str, object]) -> datetime:
    """Write what is left of a process that ended before it recorded the request; return when."""
    made_on = datetime(2026, 3, 1, 12, 30, 45, tzinfo=UTC)
    facts = interrupted.facts_of_request(
        subject,
        public_key_sha256="ab" * 32,
        key=key,
        csr=csr,
        csr_sha256=hashlib.sha256(b"request").hexdigest(),
        kind=RequestKind.RENEWAL,
        made_on=made_on,
    )
    folder = journal.data_folder()
    folder.mkdir(exist_ok=True)
    text = "\n".join(map(json.dumps, [*lines, {"request": facts}])) + "\n"
    (folder / "saving-0").write_text(text)
    return made_on


def test_all_that_was_noted_is_in_the_history(subject, tmp_path):
    key, csr = tmp_path / "other" / "a.key", tmp_path / "a.csr"
    csr.write_bytes(b"request")
    made_on = note(subject, key, csr, {"folder": str(tmp_path)})  # not empty: it stays
    interrupted.tidy()
    with RequestHistory() as history:
        [found] = history.requests()
    assert dict(found.subject) == dict(subject)
    assert (found.key, found.csr, found.made_on) == (key, csr, made_on)
    assert (found.kind, found.public_key_sha256) == (RequestKind.RENEWAL, "ab" * 32)


def test_a_request_on_an_unplugged_disk_is_recorded_when_the_disk_is_back(subject, tmp_path):
    key, csr = tmp_path / "a.key", tmp_path / "stick" / "a.csr"
    note(subject, key, csr)
    interrupted.tidy()
    assert len(entries()) == 1
    csr.parent.mkdir()
    csr.write_bytes(b"request")
    interrupted.tidy()
    assert listed() == [("dev-001", key, csr)]
    assert entries() == []


@pytest.mark.parametrize("in_its_place", [None, "a folder"])
def test_a_request_that_never_got_its_name_is_not_recorded(subject, tmp_path, in_its_place):
    csr = tmp_path / "a.csr"
    if in_its_place:
        csr.mkdir()
    note(subject, tmp_path / "a.key", csr)
    interrupted.tidy()
    assert listed() == []
    assert entries() == []


def test_an_error_after_saving_leaves_the_rest_to_the_next_start(
    tmp_path: Path, subject: Subject, key, monkeypatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(create, "_record", fail)
    with pytest.raises(RuntimeError):
        create.create_request(subject, key, tmp_path / "requests", "dev-001")
    assert listed() == []
    assert len(entries()) == 1
    interrupted.tidy()
    folder = tmp_path / "requests"
    assert listed() == [("dev-001", folder / "dev-001.key", folder / "dev-001.csr")]
    assert entries() == []


def test_another_save_leaves_it_to_the_next_start(killed, tmp_path):
    files.save_pair(tmp_path, "another", b"key", b"csr")
    assert len(entries()) == 1
    interrupted.tidy()
    assert len(listed()) == 1


def test_it_is_recorded_once(killed):
    [path] = entries()
    notes = path.read_bytes()
    interrupted.tidy()
    for _time in range(2):
        path.write_bytes(notes)
        interrupted.tidy()
    assert len(listed()) == 1


def test_a_request_that_is_gone_is_not_recorded(killed):
    (killed / "dev-001.csr").write_text("another")
    interrupted.tidy()
    assert listed() == []
    assert entries() == []


def test_while_the_history_cannot_be_written_it_waits(killed):
    default_path().mkdir(parents=True)
    interrupted.tidy()
    assert len(entries()) == 1
    default_path().rmdir()
    interrupted.tidy()
    assert len(listed()) == 1


def test_the_journal_holds_nothing_secret_about_it(killed):
    [path] = entries()
    text = path.read_text()
    assert "PRIVATE" not in text
    facts = [json.loads(line) for line in text.splitlines()]
    secret = (killed / "dev-001.key").read_text().splitlines()[5]
    assert secret not in text
    assert facts[0]["request"]["subject"]["common_name"] == "dev-001"


def test_without_anything_in_it_the_data_folder_goes(tmp_path, data_folder):
    files.save_pair(tmp_path, "a", b"key", b"csr")
    assert list(data_folder.iterdir()) == []
