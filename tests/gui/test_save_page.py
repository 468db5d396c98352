"""Where the files go, and what may stand in the way."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from person import Person, wait
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QScrollArea


@pytest.fixture
def person(person: Person, labelled: dict[str, str]) -> Person:
    """A person on the fourth page."""
    person.walks_to_save(labelled)
    return person


def everything_below(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.long
def test_a_file_of_that_name_is_never_replaced_and_a_free_name_is_one_click_away(
    person: Person, saved: Path
) -> None:
    saved.mkdir()
    (saved / "dev-001.key").write_text("the only copy")
    person.tries("Save")
    person.waits_to_read("A file with this name already exists.")
    assert person.title() == "Save"
    assert everything_below(saved) == {"dev-001.key": b"the only copy"}

    person.click("Use 'dev-001-2'")
    assert not person.problems()
    person.goes_on("Done", "Save")
    assert sorted(everything_below(saved)) == ["dev-001-2.csr", "dev-001-2.key", "dev-001.key"]
    assert (saved / "dev-001.key").read_text() == "the only copy"


@pytest.mark.long
def test_obstacles_are_reported_before_saving(person: Person, home: Path) -> None:
    (home / "taken.csr").touch()
    person.enters("Folder", str(home))
    person.enters("Name of the files", "taken")
    person.waits_to_read("'taken-2'.")
    person.enters("Name of the files", "free")
    person.waits_until(lambda: not person.problems())


@pytest.mark.long
def test_a_common_name_that_is_changed_later_names_the_files(person: Person, home: Path) -> None:
    person.enters("Folder", str(home))
    person.goes_on("Review", "< Back")
    person.click("Edit: Who it is for")
    person.enters("Common name", "dev-005")
    person.goes_on("Review")
    assert "dev-005.key" in person.reads()
    person.goes_on("Save")
    person.goes_on("Done", "Save")
    assert sorted(everything_below(home)) == ["dev-005.csr", "dev-005.key"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("a/b", "This name cannot be used for a file on every computer. Use 'a-b'"),
        ("con", "This name cannot be used for a file on every computer."),
        ("dev.", "Use 'dev'"),
        ("", "Type a name for the files."),
    ],
)
def test_a_name_that_is_not_safe_is_refused(
    person: Person, home: Path, name: str, complaint: str
) -> None:
    person.enters("Name of the files", name)
    person.tries("Save")
    person.waits_to_read(complaint)
    assert person.title() == "Save"
    assert person.field("Name of the files").hasFocus()
    assert not everything_below(home)


@pytest.mark.long
@pytest.mark.parametrize("by_mouse", [True, False])
def test_a_folder_that_is_not_there_is_missed(person: Person, home: Path, by_mouse: bool) -> None:
    if by_mouse:
        person.enters("Folder", str(home / "stick" / "keys"))
    else:
        person.press(Qt.Key.Key_Tab, Qt.KeyboardModifier.ShiftModifier, 2)
        person.types(str(home / "stick" / "keys"))  # the old one is selected
    person.uses("Save", by_mouse=by_mouse)
    person.waits_until(lambda: not person.wizard.page.busy)
    person.waits_to_read("This folder does not exist. If it is on a USB stick")
    (home / "stick").mkdir()  # it is plugged in
    person.uses("Save", by_mouse=by_mouse)  # and the last folder is made
    person.waits_for_page("Done")
    assert sorted(everything_below(home)) == ["stick/keys/dev-001.csr", "stick/keys/dev-001.key"]


@pytest.mark.long
def test_a_file_is_not_a_folder(person: Person, home: Path) -> None:
    (home / "notes").touch()
    person.enters("Folder", str(home / "notes"))
    person.tries("Save")
    person.waits_to_read("This is a file, not a folder. Choose a folder.")


@pytest.mark.long
def test_no_folder_at_all(person: Person) -> None:
    person.enters("Folder", "  ")
    person.tries("Save")
    person.waits_to_read("Choose a folder.")


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with no room for a key."""
    if sys.platform != "linux" or os.getuid() != 0:
        pytest.skip("only an administrator on Linux can mount a disk of a size of one's choice")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4096", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let even an administrator mount a disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.slow
def test_a_full_disk_leaves_nothing_behind_and_another_folder_helps(
    person: Person, tiny_disk: Path, saved: Path
) -> None:
    (tiny_disk / "full").write_bytes(b"x" * 4096)
    person.enters("Folder", str(tiny_disk))
    person.tries("Save")
    person.waits_to_read(
        "The disk is full, and nothing was saved. Free some space, or choose a folder on another "
        "disk."
    )
    assert os.listdir(tiny_disk) == ["full"]  # noqa: PTH208  (hidden files too)
    person.enters("Folder", str(saved))
    person.goes_on("Done", "Save")
    assert len(everything_below(saved)) == 2


@pytest.mark.long
def test_a_folder_is_chosen_in_the_dialog(person: Person, home: Path) -> None:
    (home / "stick").mkdir()

    def choose() -> bool:
        dialog = QApplication.activeModalWidget()
        if not (isinstance(dialog, QFileDialog) and isinstance(person.focus(), QLineEdit)):
            return False
        for character in str(home / "stick"):
            person.types(character)
        person.press(Qt.Key.Key_Return)
        return True

    person.meanwhile(choose)
    person.click("Choose…")
    person.waits_until(lambda: person.field("Folder").text() == str(home / "stick"))
    person.goes_on("Done", "Save")
    assert sorted(everything_below(home)) == ["stick/dev-001.csr", "stick/dev-001.key"]


@pytest.mark.long
def test_the_ending_may_be_typed_too(person: Person, saved: Path) -> None:
    person.enters("Name of the files", "mine.csr")
    assert "mine.key" in person.reads().splitlines()
    person.goes_on("Done", "Save")
    assert sorted(everything_below(saved)) == ["mine.csr", "mine.key"]


@pytest.mark.long
def test_no_file_is_promised_without_folder_and_name(person: Person, saved: Path) -> None:
    person.enters("Name of the files", "")
    assert "dev-001.csr" not in person.reads()
    person.enters("Name of the files", "mine")
    assert "mine.csr" in person.reads().splitlines()
    assert person.reads().count(str(saved)) == 1  # the folder, once


@pytest.mark.long
def test_the_window_does_not_close_while_the_files_are_written(person: Person, saved: Path) -> None:
    person.waits_until(lambda: person.wizard.draft.key is not None)
    person.click("Save")
    person.wizard.close()
    person.waits_for_page("Done")
    assert person.wizard.isVisible()
    assert len(everything_below(saved)) == 2


@pytest.mark.long
def test_no_other_page_comes_while_the_files_are_written(person: Person, saved: Path) -> None:
    person.waits_until(lambda: person.wizard.draft.key is not None)
    person.click("Save")
    person.click("< Back")
    person.click("Cancel")
    assert person.title() == "Save"
    person.waits_for_page("Done")
    assert len(everything_below(saved)) == 2


def test_a_dialog_begins_in_a_folder_that_there_is(
    person: Person, home: Path, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    # The system's own dialog cannot be driven from here.
    monkeypatch.setattr(
        QFileDialog, "getExistingDirectory", lambda _page, _title, start: begun.append(start)
    )
    person.click("Choose…")
    saved.mkdir()
    person.click("Choose…")
    assert begun == [str(home), str(saved)]


def test_a_chosen_folder_is_shown_as_the_system_writes_paths(
    person: Person, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = home / "a stick"
    # Qt returns slashes on every system.
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: f"{chosen.as_posix()}/")
    person.click("Choose…")
    assert person.field("Folder").text() == str(chosen)


@pytest.mark.long
def test_a_name_of_300_letters_breaks_no_layout(person: Person) -> None:
    [area] = [one for one in person.wizard.page.findChildren(QScrollArea) if one.isVisible()]
    for field in ("Name of the files", "Folder"):
        person.enters(field, "x" * 300)
        person.waits_until(lambda: bool(person.problems()))
        wait(50)
        assert area.horizontalScrollBar().maximum() == 0
    person.enters("Name of the files", "x" * 300)
    person.waits_to_read("Use 'xxx")
    person.click(next(line for line in person.reads().splitlines() if line.startswith("Use 'x")))
    assert person.field("Name of the files").text() == "x" * 200
