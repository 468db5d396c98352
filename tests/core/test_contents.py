"""Files and folders that people give: each is read once, in an order that does not surprise."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from enos_csr_gui.core import contents
from enos_csr_gui.core.contents import MAX_FILES
from enos_csr_gui.core.errors import Code, Problem, UnreadableFile
from enos_csr_gui.core.files import MAX_READ_BYTES
from enos_csr_gui.core.x509_reader import Certificate


@pytest.fixture
def place(tmp_path: Path, csr_pem: bytes, authority) -> Path:
    """Return a folder with a request and a certificate, a folder in it, and an empty one."""
    folder = tmp_path / "files"
    (folder / "inside").mkdir(parents=True)
    (folder / "inside" / "z.csr").write_bytes(csr_pem)
    (folder / "empty").mkdir()
    (folder / "b.pem").write_bytes(authority.root.read_bytes())
    (folder / "a.csr").write_bytes(csr_pem)
    return folder


def many(folder: Path, count: int) -> Path:
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:04}").touch()
    return folder


def refused(action, *arguments: object) -> list[Problem]:
    with pytest.raises(UnreadableFile) as caught:
        action(*arguments)
    return list(caught.value.problems)


def test_a_folder_stands_for_the_files_in_it(place):
    own = [place / "a.csr", place / "b.pem"]
    assert list(contents.unfold([place])) == own
    assert list(contents.unfold([place / "b.pem", place])) == [place / "b.pem", *own]
    for none in (place / "empty", place / "missing", Path("a\0b"), Path("x" * 300)):
        assert list(contents.unfold([none])) == [none]


def test_as_many_files_of_a_folder_count_as_are_read(tmp_path):
    full, more = many(tmp_path / "full", MAX_FILES), many(tmp_path / "more", MAX_FILES + 1)
    assert list(contents.unfold([full, more])) == [
        *sorted(full.iterdir()),
        *sorted(more.iterdir())[:-1],
    ]
    problem = Problem(Code.TOO_MANY_FILES, path=more, values={"limit": MAX_FILES})
    assert contents.left_out([full, more, more]) == [problem]


def test_of_a_folder_without_end_the_first_entries_are_looked_at(tmp_path, monkeypatch):
    folder = many(tmp_path / "folder", 5)
    monkeypatch.setattr(contents, "_MAX_ENTRIES", 3)
    assert len(list(contents.unfold([folder]))) == 3


def test_each_file_is_read_once(place):
    came = contents.read_all([place / "b.pem", place, place])
    assert [one.path.name for one in came] == ["b.pem", "a.csr", "b.pem"]
    assert came[0].data == (place / "b.pem").read_bytes()


def test_all_files_that_cannot_be_read_are_reported(place):
    missing = [place / "1", place / "2"]
    problems = [Problem(Code.FILE_MISSING, path=one) for one in missing]
    assert refused(contents.read_all, [missing[0], place, missing[1]]) == problems
    empty = place / "empty"
    assert refused(contents.read_all, [empty]) == [Problem(Code.FOLDER_EMPTY, path=empty)]


def test_of_a_folder_what_can_be_read_is_read(place):
    with (place / "a.csr").open("r+b") as file:
        file.truncate(MAX_READ_BYTES + 1)
    assert [one.path.name for one in contents.read_all([place])] == ["b.pem"]
    (place / "b.pem").unlink()
    with (place / "c.csr").open("wb") as file:
        file.truncate(MAX_READ_BYTES + 1)
    [problem] = refused(contents.read_all, [place])
    assert (problem.code, problem.path) == (Code.FILE_TOO_LARGE, place / "a.csr")


def test_certificates_come_first_where_there_are_several_files(place):
    came = contents.read_all([place])
    found = contents.signed_in([place], came)
    assert [isinstance(one, Certificate) for one in found] == [True, False]
    bundle = place / "bundle"
    bundle.write_bytes((place / "a.csr").read_bytes() + (place / "b.pem").read_bytes())
    found = contents.signed_in([bundle], contents.read_all([bundle]))
    assert [isinstance(one, Certificate) for one in found] == [False, True]


def test_what_is_not_there_is_said_of_the_file_or_of_the_folder(tmp_path):
    folder = many(tmp_path / "folder", 3)
    file = folder / "0001"
    for paths, problem in (
        ([file], Problem(Code.NO_REQUEST, path=file)),
        ([folder], Problem(Code.NO_REQUEST_IN_FOLDER, path=folder, values={"count": 3})),
        ([file, folder], Problem(Code.NO_REQUEST_IN_FOLDER, path=folder, values={"count": 4})),
    ):
        assert refused(contents.signed_in, paths, contents.read_all(paths)) == [problem]


def test_what_may_have_been_left_out_is_said_too(tmp_path):
    folder = many(tmp_path / "folder", MAX_FILES + 1)
    came = contents.read_all([folder])
    assert [one.code for one in refused(contents.signed_in, [folder], came)] == [
        Code.NO_REQUEST_IN_FOLDER,
        Code.TOO_MANY_FILES,
    ]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for number in range(MAX_FILES + 1):
            file.writestr(f"{number}", b"Hello")
    (tmp_path / "a.zip").write_bytes(archive.getvalue())
    came = contents.read_all([tmp_path / "a.zip"])
    assert refused(contents.signed_in, [tmp_path / "a.zip"], came) == [
        Problem(Code.NO_REQUEST, path=tmp_path / "a.zip"),
        Problem(Code.TOO_MANY_FILES, path=tmp_path / "a.zip", values={"limit": MAX_FILES}),
    ]
