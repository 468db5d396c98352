"""Files that were moved are found again, with those that moved with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from enos_csr_gui.core import create, key_reader, keys
from enos_csr_gui.core.create import CreatedRequest
from enos_csr_gui.core.history import PastRequest, RequestHistory
from enos_csr_gui.core.locate import locate
from enos_csr_gui.core.subject import Subject

KEYS = [keys.generate() for _number in range(2)]


def make(folder: Path, name: str, number: int, passphrase: str | None = None) -> CreatedRequest:
    folder.mkdir(parents=True, exist_ok=True)
    answers = {"country": "CN", "state": "A", "locality": "B", "organization": "C"}
    answers |= {"unit": "D", "common_name": name}
    return create.create_request(
        Subject(answers), KEYS[number], folder, name, passphrase=passphrase
    )


def past(name: str) -> PastRequest:
    with RequestHistory() as history:
        return history.find_common_name(name)[0]


@pytest.fixture
def farm(tmp_path: Path) -> Path:
    """Two requests in one folder, one of them protected; one elsewhere."""
    folder = tmp_path / "farm"
    make(folder, "dev-001", 0)
    make(folder / "north", "dev-002", 1, "turbines17")
    make(tmp_path / "other", "dev-003", 0)
    return folder


@pytest.mark.parametrize("chosen", ["new/place", "new"])
def test_all_that_moved_together_is_found(farm: Path, tmp_path: Path, chosen: str) -> None:
    new = tmp_path / "new" / ("place" if chosen == "new/place" else "farm")
    new.parent.mkdir()
    farm.rename(new)
    assert locate(past("dev-001"), tmp_path / chosen) == 2
    first, second = past("dev-001"), past("dev-002")
    assert (first.csr, first.key) == (new / "dev-001.csr", new / "dev-001.key")
    assert (second.csr, second.key) == (new / "north/dev-002.csr", new / "north/dev-002.key")
    assert past("dev-003").csr == tmp_path / "other" / "dev-003.csr"
    with RequestHistory() as history:  # a filter finds it by its new place
        assert [one.common_name for one in history.requests(filter_text=str(new))]
    assert key_reader.load(second.key.read_bytes(), "turbines17")


def test_a_renamed_folder_is_found_from_the_one_that_it_is_in(farm: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    (archive / "2025").mkdir(parents=True)
    farm.rename(archive / "2026")
    assert locate(past("dev-002"), archive) == 2
    assert past("dev-002").csr == archive / "2026" / "north" / "dev-002.csr"
    assert past("dev-001").csr == archive / "2026" / "dev-001.csr"


def test_from_a_subfolder_too(farm: Path, tmp_path: Path) -> None:
    farm.rename(tmp_path / "park")
    assert locate(past("dev-002"), tmp_path / "park" / "north") == 2
    assert past("dev-001").csr == tmp_path / "park" / "dev-001.csr"


def test_a_file_of_the_same_name_with_another_key_is_not_taken(farm: Path, tmp_path: Path) -> None:
    farm.rename(tmp_path / "moved")
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    (wrong / "dev-001.csr").write_bytes((tmp_path / "moved/north/dev-002.csr").read_bytes())
    (wrong / "dev-001.key").write_bytes(b"")
    assert locate(past("dev-001"), wrong) == 0
    assert past("dev-001").csr == farm / "dev-001.csr"


def test_what_is_still_in_its_place_stays(farm: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in ("dev-001.csr", "dev-001.key"):
        (copy / file).write_bytes((farm / file).read_bytes())
    (farm / "dev-001.key").unlink()
    assert locate(past("dev-001"), copy) == 1
    assert (past("dev-001").csr, past("dev-001").key) == (
        farm / "dev-001.csr",
        copy / "dev-001.key",
    )
    assert past("dev-002").csr == farm / "north" / "dev-002.csr"


def test_the_certificate_moves_with_its_request(farm: Path, tmp_path: Path, authority) -> None:
    request = past("dev-001")
    certificate = authority.issue(request.csr, farm / "dev-001.crt")
    with RequestHistory() as history:
        history.moved([replace(request, certificate=certificate)])
    new = tmp_path / "park"
    farm.rename(new)
    assert locate(past("dev-001"), new) == 2
    assert past("dev-001").certificate == new / "dev-001.crt"
    assert past("dev-002").certificate is None


def test_a_file_that_did_not_move_along_keeps_its_place(farm: Path, tmp_path: Path) -> None:
    farm.rename(tmp_path / "park")
    (tmp_path / "park" / "dev-001.key").unlink()
    assert locate(past("dev-001"), tmp_path / "park") == 2
    found = past("dev-001")
    assert (found.csr, found.key) == (tmp_path / "park" / "dev-001.csr", farm / "dev-001.key")


def test_the_names_that_a_folder_had_are_looked_for_from_the_root(tmp_path: Path) -> None:
    make(tmp_path / "farm", "dev-001", 0)
    backup = tmp_path / "backup"
    there = backup.joinpath(*(tmp_path / "farm").parts[1:])
    there.parent.mkdir(parents=True)
    (tmp_path / "farm").rename(there)
    assert locate(past("dev-001"), backup) == 1
    assert past("dev-001").csr == there / "dev-001.csr"
