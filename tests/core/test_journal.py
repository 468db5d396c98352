"""What a save notes is there at the next start, unless the save came to its end."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from enos_csr_gui.core import journal


def entries() -> list[Path]:
    folder = journal.data_folder()
    return list(folder.iterdir()) if folder.exists() else []


def abandoned(data: bytes) -> Path:
    """Return an entry of a process that was killed."""
    path = journal.data_folder() / "saving-0123456789abcdef"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def settled() -> list[list[journal.Facts]]:
    found: list[list[journal.Facts]] = []
    journal.settle(found.append)
    return found


@pytest.mark.parametrize(
    ("data", "facts"),
    [
        (b"", []),
        (b'{"a": 1}\n{"b": [2]}\n', [{"a": 1}, {"b": [2]}]),
        (b'{"a": 1}\n{"b": [', [{"a": 1}]),
        (b'{"a": 1}\n{"b": [\n{"c": 3}\n', [{"a": 1}]),
        (b'{"a": 1}\n\xff\n{"c": 3}\n', [{"a": 1}]),
        (b'{"a": 1}\n[2]\n{"c": 3}\n', [{"a": 1}]),
        (b'{"a": 1}\n' + b"[" * 200_000, [{"a": 1}]),
        (b'{"a": "\\u4e2d"}\n', [{"a": "\u4e2d"}]),
    ],
)
def test_what_was_noted_is_read_up_to_the_first_line_that_is_damaged(data, facts):
    abandoned(data)
    assert settled() == [facts]
    assert not journal.data_folder().exists()
    assert settled() == []


@pytest.mark.parametrize(
    "error", [KeyError, IndexError, TypeError, ValueError, UnicodeError, AttributeError]
)
def test_an_entry_that_says_nothing_useful_is_removed(error):
    abandoned(b'{"a": 1}\n')

    def finish(_facts: list[journal.Facts]) -> None:
        raise error

    journal.settle(finish)
    assert entries() == []


def test_an_entry_stays_until_its_disk_is_there():
    path = abandoned(b'{"a": 1}\n')

    def finish(_facts: list[journal.Facts]) -> None:
        raise FileNotFoundError

    journal.settle(finish)
    assert entries() == [path]
    assert settled() == [[{"a": 1}]]


def test_only_entries_are_read():
    other = abandoned(b"{}").with_name("history.db")
    other.write_bytes(b"{}")
    assert settled() == [[{}]]
    assert entries() == [other]


def test_the_entry_of_a_save_in_progress_is_left_alone():
    with journal.entry() as entry:
        entry.note(a=1)
        entry.note(b="\u4e2d", c=None)
        assert settled() == []
        [path] = entries()
        assert path.name.startswith("saving-")
        assert path.read_bytes() == b'{"a": 1}\n{"b": "\\u4e2d", "c": null}\n'
    assert entries() == []


@pytest.mark.parametrize("saved", [True, False])
def test_an_entry_outlives_an_error_once_the_files_are_saved(saved):
    with pytest.raises(RuntimeError), journal.entry() as entry:  # noqa: PT012
        assert entry.saved is False
        entry.note(a=1)
        entry.saved = saved
        raise RuntimeError
    assert settled() == ([[{"a": 1}]] if saved else [])


def test_a_save_goes_on_where_nothing_can_be_noted():
    path = journal.data_folder()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"no folder")
    with journal.entry() as entry:
        entry.note(a=1)
    assert settled() == []
    assert path.read_bytes() == b"no folder"


@pytest.mark.skipif(sys.platform != "linux", reason="no such device")
def test_a_full_disk_does_not_end_a_save():
    descriptor = os.open("/dev/full", os.O_WRONLY)
    journal.Entry(descriptor).note(a=1)
    os.close(descriptor)


@pytest.mark.skipif(sys.platform == "win32", reason="modes as POSIX knows them")
def test_an_entry_is_for_its_user_alone():
    with journal.entry():
        [path] = entries()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps what is open")
def test_an_entry_that_another_program_removes_is_no_error():
    with journal.entry() as entry:
        [path] = entries()
        path.unlink()
        entry.note(a=1)
    assert entries() == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps what is open")
@pytest.mark.parametrize("removed", [True, False])
def test_an_entry_that_another_process_takes_for_abandoned_is_given_up(monkeypatch, removed):
    real, seen = journal.lock, []

    def lock(descriptor: int) -> bool:
        seen.append(entries())
        if len(seen) > 1:
            return real(descriptor)
        if removed:  # the other process has removed it, and its lock with it
            entries()[0].unlink()
        return removed

    monkeypatch.setattr(journal, "lock", lock)
    with journal.entry() as entry:
        entry.note(a=1)
        assert entries() == seen[1] != seen[0]
    assert entries() == []


def test_a_folder_that_another_process_has_just_removed_is_made_again(monkeypatch):
    real, calls = journal.make_private_folder, []

    def make(folder: Path) -> None:
        real(folder)
        calls.append(folder)
        if len(calls) == 1:
            folder.rmdir()

    monkeypatch.setattr(journal, "make_private_folder", make)
    with journal.entry():
        assert len(entries()) == 1
