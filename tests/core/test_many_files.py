"""Folders with more files than are read, and the right key among several files."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from enos_csr_gui.core import (
    contents,
    create,
    csr,
    inspect,
    key_files,
    key_reader,
    keys,
    pbe,
    receive,
    renew,
)
from enos_csr_gui.core.contents import MAX_FILES
from enos_csr_gui.core.errors import CannotReceive, Code, InvalidKey, Problem, UnreadableFile


@pytest.fixture
def request_file(subject, key, tmp_path) -> Path:
    file = tmp_path / "request.csr"
    file.write_bytes(csr.to_pem(csr.sign(subject, key)))
    return file


@pytest.fixture
def leaf(request_file, authority, tmp_path) -> Path:
    return authority.issue(request_file, tmp_path / "leaf.pem")


def _fill(folder: Path, count: int = MAX_FILES) -> Path:
    """Fill a folder with files that sort after 'a' and before 'z'."""
    folder.mkdir(exist_ok=True)
    for number in range(count):
        (folder / f"m{number:04}").write_bytes(b"nothing")
    return folder


def _put(file: Path, folder: Path, name: str) -> None:
    (folder / name).write_bytes(file.read_bytes())


def _codes(problems) -> list[Code]:
    return [one.code for one in problems]


def test_as_many_files_as_are_read_are_no_reason_to_say_anything(leaf, tmp_path):
    folder = _fill(tmp_path / "f", MAX_FILES - 1)
    _put(leaf, folder, "a")
    assert contents.left_out([folder]) == []
    assert Code.TOO_MANY_FILES not in [
        code for one in inspect.inspect_files([folder]) for code in _codes(one.problems)
    ]


def test_what_a_folder_has_beyond_the_limit_is_reported(leaf, tmp_path):
    folder = _fill(tmp_path / "f")
    _put(leaf, folder, "a")
    [problem] = contents.left_out([folder])
    assert (problem.code, problem.path) == (Code.TOO_MANY_FILES, folder)
    assert problem.values == {"limit": MAX_FILES}
    assert problem in inspect.inspect_files([folder])[0].problems
    assert problem in receive.sort_files([folder]).notes
    assert problem in renew.read_source(folder).notes
    received = receive.match_certificate(leaf, leaf.with_name("key"), folder)
    assert problem in received.problems  # of the chain


@pytest.fixture(autouse=True)
def key_beside(key, tmp_path) -> None:
    (tmp_path / "key").write_bytes(keys.to_pem(key))


def test_what_was_not_found_may_be_beyond_the_limit(leaf, tmp_path):
    folder = _fill(tmp_path / "f")
    _put(leaf, folder, "z")
    for read in (receive.sort_files, lambda paths: renew.read_source(*paths)):
        with pytest.raises(UnreadableFile) as refused:
            read([folder])
        assert _codes(refused.value.problems)[1:] == [Code.TOO_MANY_FILES]
    with pytest.raises(UnreadableFile) as refused:
        receive.read_chain(folder)
    assert Code.TOO_MANY_FILES in _codes(refused.value.problems)
    with pytest.raises(CannotReceive) as unmatched:
        receive.match_certificate(folder / "z")
    assert Code.TOO_MANY_FILES in _codes(unmatched.value.problems)


@pytest.mark.parametrize("count", [MAX_FILES - 1, MAX_FILES])
def test_what_an_archive_has_beyond_the_limit_is_reported(leaf, tmp_path, count):
    file = tmp_path / "all.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("leaf.pem", leaf.read_bytes())
        for number in range(count):
            archive.writestr(f"m{number}", b"nothing")
    expected = [Code.TOO_MANY_FILES] * (count == MAX_FILES)
    assert _codes(contents.read(file).left_out) == expected
    assert _codes(renew.read_source(file).notes) == expected
    (tmp_path / "all.key").write_bytes((tmp_path / "key").read_bytes())
    received = receive.match_certificate(file)
    assert [one for one in _codes(received.problems) if one in expected] == expected


def test_among_many_keys_that_of_the_same_name_is_found(leaf, key, tmp_path):
    folder = tmp_path / "f"
    folder.mkdir()
    for number in range(MAX_FILES + 10):
        (folder / f"a{number:04}.key").write_bytes(b"nothing")
    _put(leaf, folder, "z.pem")
    (folder / "z.key").write_bytes(keys.to_pem(key))
    assert receive.match_certificate(folder / "z.pem").key == folder / "z.key"


# --- The right key in a folder --------------------------------------------------------------------


@pytest.fixture(scope="module")
def other_key():
    return keys.generate()


@pytest.fixture
def folder(key, other_key, tmp_path) -> Path:
    """Return a folder with two keys, and other files."""
    place = tmp_path / "keys"
    place.mkdir()
    (place / "a.key").write_bytes(keys.to_pem(other_key))
    (place / "b.key").write_bytes(keys.to_pem(key))
    (place / "c.txt").write_bytes(b"nothing")
    return place


def fingerprint(key) -> str:
    return keys.public_key_sha256(key.public_key())


def test_the_key_of_the_certificate_is_found_in_a_folder(folder, key, leaf):
    assert key_files.find(folder, wanted=[fingerprint(key)]) == folder / "b.key"
    assert receive.match_certificate(leaf, folder).key == folder / "b.key"
    assert key_files.find(folder / "a.key") == folder / "a.key"


def test_two_keys_and_nothing_that_tells_which(folder):
    with pytest.raises(UnreadableFile) as refused:
        key_files.find(folder)
    assert refused.value.problems == (Problem(Code.KEYS_IN_FOLDER, path=folder),)


def test_the_same_key_twice_is_one(folder, key):
    (folder / "a.key").write_bytes(keys.to_pem(key))
    assert key_files.find(folder) == folder / "a.key"


def test_a_folder_without_the_key(folder, tmp_path, leaf):
    for wanted in (["0" * 64], []):
        place = folder if wanted else tmp_path / "empty"
        place.mkdir(exist_ok=True)
        (place / "notes").write_bytes(b"nothing")
        with pytest.raises(UnreadableFile) as refused:
            key_files.find(place, wanted=wanted)
        [problem] = refused.value.problems
        assert (problem.code, problem.path) == (Code.NO_KEY_IN_FOLDER, place)
        assert problem.values == {"count": len(list(place.iterdir()))}


def test_a_protected_key_is_found_by_its_request_or_passphrase(folder, key, other_key, subject):
    (folder / "a.key").write_bytes(keys.to_pem(other_key, "one passphrase"))
    (folder / "b.key").write_bytes(keys.to_pem(key, "another passphrase"))
    wanted = [fingerprint(key)]
    with pytest.raises(UnreadableFile):
        key_files.find(folder, wanted=wanted)
    assert key_files.find(folder, "another passphrase", wanted=wanted) == folder / "b.key"
    assert key_files.find(folder, "one passphrase") == folder / "a.key"
    (folder / "b.csr").write_bytes(csr.to_pem(csr.sign(subject, key)))
    assert key_files.find(folder, wanted=wanted) == folder / "b.key"
    (folder / "a.key").unlink()
    (folder / "b.csr").unlink()
    assert key_files.find(folder, wanted=wanted) == folder / "b.key"


def test_keys_that_take_long_are_not_tried_unasked(folder, key, other_key, monkeypatch):
    (folder / "a.key").write_bytes(keys.to_pem(other_key, "one passphrase"))
    (folder / "b.key").write_bytes(keys.to_pem(key, "another passphrase"))
    needed = sum(
        key_reader.seconds((folder / name).read_bytes(), "another passphrase")
        for name in ("a.key", "b.key")
    )
    monkeypatch.setattr(pbe, "ASK_SECONDS", needed)
    assert key_files.find(folder, "another passphrase") == folder / "b.key"
    monkeypatch.setattr(pbe, "ASK_SECONDS", needed / 4)
    with pytest.raises(InvalidKey) as slow:
        key_files.find(folder, "another passphrase")
    assert slow.value.problems == (key_reader.slow(needed)._replace(path=folder),)
    assert key_files.find(folder, "another passphrase", may_take_long=True) == folder / "b.key"
    several = (Problem(Code.KEYS_IN_FOLDER, path=folder),)
    with pytest.raises(UnreadableFile) as refused:
        key_files.find(folder)
    assert refused.value.problems == several
    monkeypatch.setattr(pbe, "MAX_SECONDS", needed)
    assert key_files.find(folder, "another passphrase", may_take_long=True) == folder / "b.key"
    monkeypatch.setattr(pbe, "MAX_SECONDS", needed * 0.9)
    with pytest.raises(UnreadableFile) as refused:
        key_files.find(folder, "another passphrase", may_take_long=True)
    assert refused.value.problems == several
    (folder / "a.key").unlink()
    monkeypatch.setattr(pbe, "MAX_SECONDS", needed / 4)
    assert key_files.find(folder, "another passphrase") == folder / "b.key"


def test_an_unprotected_copy_is_preferred(folder, key, subject):
    (folder / "a.key").write_bytes(keys.to_pem(key, "a passphrase"))
    (folder / "a.csr").write_bytes(csr.to_pem(csr.sign(subject, key)))
    assert key_files.find(folder) == folder / "b.key"
    assert create.load_key(key_files.find(folder)).private_numbers() == key.private_numbers()
