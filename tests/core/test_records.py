"""What the records of a batch hold, how they are read, and when they are removed."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import stat

import pytest

from enos_csr_gui.core import journal
from enos_csr_gui.core.batch import (
    passphrases,
    records,
)
from enos_csr_gui.core.batch.records import Record
from enos_csr_gui.core.batch.rows import Row
from enos_csr_gui.core.errors import CannotSave, Code, Problem
from enos_csr_gui.core.file_types import REQUESTS

from .test_batch import ON_POSIX, manifest


def batch_of(*names: str, line: int = 2) -> list[Record]:
    """Return records that no table was read for, each with a fingerprint of its own."""
    return [
        Record(
            number,
            {"common_name": name, "unit": "Operations"},
            f"{name}/{name}.key",
            f"{name}/{name}.csr",
            "-",
            hashlib.sha256(name.encode()).hexdigest(),
            {},
        )
        for number, name in enumerate(names, line)
    ]


def test_a_line_of_the_records_has_all_that_is_known_of_a_pair(tmp_path) -> None:
    subject = {"common_name": "风机 1", "unit": "\ud800"}
    pem = "-----BEGIN\n"
    record = Record(7, subject, "a/b c.key", "a/b c.csr", pem, "0a", {"Site": "=1", "": "x"})
    with records.opened(tmp_path) as ledger:
        ledger.append([record])
        batch = ledger.batch
    [line] = (tmp_path / REQUESTS).read_text("utf-8").splitlines()
    assert "风机 1" in line  # readable to people
    assert json.loads(line) == {
        "batch": batch,
        "line": 7,
        "common_name": "风机 1",
        "subject": subject,
        "key_file": "a/b c.key",
        "csr_file": "a/b c.csr",
        "public_key_sha256": "0a",
        "csr_sha256": hashlib.sha256(pem.encode()).hexdigest(),
        "columns": {"Site": "=1", "": "x"},
        "csr": pem,
    }
    assert list(records.read(tmp_path)) == [record]
    assert records.peek(tmp_path).batch == records.name(tmp_path) == batch


def test_records_that_another_program_has_touched_are_read_as_texts(tmp_path) -> None:
    [record] = batch_of("dev-1")
    with records.opened(tmp_path) as ledger:
        ledger.append([record])
    path = tmp_path / REQUESTS
    values = json.loads(path.read_bytes())
    values |= {"line": "2", "batch": 7, "csr": 1, "public_key_sha256": 2, "columns": {"Site": 3}}
    values["subject"]["unit"] = 4
    path.write_text(json.dumps(values) + "\n")
    subject = {"common_name": "dev-1", "unit": "4"}
    columns = {"Site": "3"}
    touched = record._replace(subject=subject, csr_pem="1", public_key_sha256="2", columns=columns)
    assert list(records.read(tmp_path)) == [touched]
    assert records.name(tmp_path) == "7"


@pytest.mark.parametrize("path", ["a.key", "a/a.key", "..a/b..key", "风 机/'.key", ".a", "a/..."])
def test_a_record_may_name_any_file_of_its_folder(tmp_path, path) -> None:
    with records.opened(tmp_path) as ledger:
        ledger.append([Record(2, {"common_name": "a"}, path, path, "-", "00", {})])
    assert [(one.key, one.csr) for one in records.read(tmp_path)] == [(path, path)]
    assert records.peek(tmp_path).flat is ("/" not in path)


@pytest.mark.parametrize("path", ["../a.csr", "a/b/c.csr", "a\0"])
def test_a_request_is_in_the_folder_too(tmp_path, path) -> None:
    with records.opened(tmp_path) as ledger:
        ledger.append([Record(2, {"common_name": "a"}, "a/a.key", path, "-", "00", {})])
    with pytest.raises(CannotSave) as refused:
        list(records.read(tmp_path))
    assert list(refused.value.problems) == [Problem(Code.BATCH_FOREIGN, path=tmp_path / REQUESTS)]


def test_a_ledger_knows_what_was_made(tmp_path) -> None:
    first, second, third = batch_of("dev-1", "dev-2", "dev-3")
    with records.opened(tmp_path / "o") as ledger:
        assert (ledger.made, ledger.flat, ledger.is_listed()) == ({}, None, True)
        ledger.append([])
        ledger.append([first._replace(columns={"B": "b", "": "lost"})])
        assert not ledger.is_listed()
        batch = ledger.batch
    with records.opened(tmp_path / "o") as ledger:
        assert ledger.batch == batch
        ledger.append([third._replace(columns={"A": "a"}), second._replace(columns={"B": "=2"})])
        assert ledger.write_manifest() == tmp_path / "o" / "manifest.csv"
        assert ledger.is_listed()
        here = ledger.made
    rows = manifest(tmp_path / "o")
    assert list(rows[0])[-2:] == ["B", "A"]
    assert [(row["line"], row["B"], row["A"]) for row in rows] == [
        ("2", "b", ""),
        ("3", "'=2", ""),
        ("4", "", "a"),
    ]
    ledger = records.peek(tmp_path / "o")
    subjects = {one.common_name: records.identity(one.subject) for one in (first, second, third)}
    assert ledger.made == here == subjects
    assert len(set(subjects.values())) == 3
    reordered = dict(reversed(first.subject.items()))
    assert records.identity(reordered) == subjects["dev-1"]
    assert (ledger.batch, ledger.flat, ledger.folder) == (batch, False, tmp_path / "o")
    before = (tmp_path / "o" / REQUESTS).read_bytes()
    ledger.append(batch_of("dev-9"))  # what was only looked at is not written to
    assert (tmp_path / "o" / REQUESTS).read_bytes() == before
    with records.opened(tmp_path / "o") as ledger:
        (tmp_path / "o" / "manifest.csv").write_text("1\n2\n3\n")
        assert not ledger.is_listed()
        (tmp_path / "o" / "manifest.csv").write_text("1\n2\n3\n4\n")
        assert ledger.is_listed()
        (tmp_path / "o" / "manifest.csv").write_bytes(b"\xff")
        assert ledger.is_listed()  # another's, and left alone


def test_where_the_records_cannot_be_read_the_folder_is_named(tmp_path) -> None:
    (tmp_path / "o" / REQUESTS).mkdir(parents=True)
    (tmp_path / "file").touch()
    for use in (
        lambda folder: list(records.read(folder)),
        records.name,
        records.peek,
        lambda folder: records.opened(folder).__enter__(),
    ):
        with pytest.raises(CannotSave) as refused:
            use(tmp_path / "o")
        [problem] = refused.value.problems
        assert (problem.code, problem.path) == (Code.NOT_A_FILE, tmp_path / "o")
    for use in (lambda folder: list(records.read(folder)), records.name):
        with pytest.raises(CannotSave) as refused:
            use(tmp_path / "file")
        [problem] = refused.value.problems
        assert (problem.code, problem.path) == (Code.NOT_A_FOLDER, tmp_path / "file")
    nothing = records.peek(tmp_path / "file")
    assert (nothing.made, nothing.batch, nothing.flat) == ({}, "", None)


def test_a_manifest_of_something_else_is_named(tmp_path) -> None:
    (tmp_path / "manifest.csv").touch()
    with pytest.raises(CannotSave) as refused:
        records.peek(tmp_path)
    foreign = Problem(Code.BATCH_FOREIGN, path=tmp_path / "manifest.csv")
    assert list(refused.value.problems) == [foreign]


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_as_long_as_no_row_is_refused(tmp_path, monkeypatch, end) -> None:
    with records.opened(tmp_path) as ledger:
        ledger.append(batch_of("dev-1"))
    length = (tmp_path / REQUESTS).stat().st_size
    foreign = Problem(Code.BATCH_FOREIGN, path=tmp_path / REQUESTS)
    monkeypatch.setattr(records, "_LONGEST_LINE", length - 1)
    with pytest.raises(CannotSave) as refused:
        records.peek(tmp_path)
    assert list(refused.value.problems) == [foreign]
    monkeypatch.setattr(records, "_LONGEST_LINE", length + 1)
    assert [one.common_name for one in records.read(tmp_path)] == ["dev-1"]
    with (tmp_path / REQUESTS).open("ab") as file:
        file.write(b"x" * (length + 1 - len(end)) + end)
    for use in (lambda: list(records.read(tmp_path)), lambda: records.peek(tmp_path)):
        with pytest.raises(CannotSave) as refused:
            use()
        assert list(refused.value.problems) == [foreign]


def test_a_run_that_makes_nothing_leaves_nothing(tmp_path) -> None:
    (tmp_path / "old").mkdir()
    for name in ("new", "old"):
        with records.opened(tmp_path / name) as ledger:
            assert re.fullmatch(r"\d{8}-[0-9a-f]{8}", ledger.batch)
            assert (tmp_path / name / REQUESTS).read_bytes() == b""
    assert [one.name for one in tmp_path.iterdir()] == ["old"]
    assert list((tmp_path / "old").iterdir()) == []
    with records.opened(tmp_path / "new") as ledger:
        (tmp_path / "new" / "mine").touch()
    assert [one.name for one in (tmp_path / "new").iterdir()] == ["mine"]

    def fail() -> None:
        with records.opened(tmp_path / "old") as ledger:
            ledger.append(batch_of("dev-1"))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert records.peek(tmp_path / "old").made.keys() == {"dev-1"}


def test_what_a_kill_cut_off_is_gone_when_the_records_are_opened(tmp_path) -> None:
    with records.opened(tmp_path) as ledger:
        ledger.append(batch_of("dev-1"))
    whole = (tmp_path / REQUESTS).read_bytes()
    (tmp_path / REQUESTS).write_bytes(whole + whole[:-1])
    assert records.peek(tmp_path).made.keys() == {"dev-1"}
    with records.opened(tmp_path) as ledger:
        assert (tmp_path / REQUESTS).read_bytes() == whole
        ledger.append(batch_of("dev-2", line=3))
    assert [one.common_name for one in records.read(tmp_path)] == ["dev-1", "dev-2"]


def test_a_folder_with_another_run_in_it_is_named(tmp_path) -> None:
    with records.opened(tmp_path / "o") as ledger:
        ledger.append(batch_of("dev-1"))
        with pytest.raises(CannotSave) as refused, records.opened(tmp_path / "o"):
            pass
        assert list(refused.value.problems) == [Problem(Code.BATCH_BUSY, path=tmp_path / "o")]
    with records.opened(tmp_path / "o"):
        pass  # it is free again


@ON_POSIX
def test_records_that_another_run_has_removed_meanwhile_are_not_used(tmp_path, monkeypatch) -> None:
    """Between opening and locking, the other run may have ended without a pair."""
    lock = journal.lock

    def removed(descriptor: int) -> bool:
        (tmp_path / REQUESTS).unlink()
        return lock(descriptor)

    def replaced(descriptor: int) -> bool:
        removed(descriptor)
        (tmp_path / REQUESTS).touch()
        return lock(descriptor)

    for meanwhile in (removed, replaced):
        monkeypatch.setattr(journal, "lock", meanwhile)
        with pytest.raises(CannotSave) as refused, records.opened(tmp_path):
            pass
        assert list(refused.value.problems) == [Problem(Code.BATCH_BUSY, path=tmp_path)]


@ON_POSIX
def test_records_are_for_everybody_whom_the_umask_allows(tmp_path) -> None:
    for umask, mode, folder_mode in ((0o022, 0o644, 0o755), (0o077, 0o600, 0o700)):
        before = os.umask(umask)
        try:
            with records.opened(tmp_path / f"{umask}") as ledger:
                ledger.append(batch_of("dev-1"))
            rejected = records.write_rejected(tmp_path / f"r{umask}", ["C"], [])
        finally:
            os.umask(before)
        for folder in (tmp_path / f"{umask}", rejected.parent):
            assert stat.S_IMODE(folder.stat().st_mode) == folder_mode
        assert stat.S_IMODE((tmp_path / f"{umask}" / REQUESTS).stat().st_mode) == mode


@pytest.mark.parametrize("is_new", [False, True])
def test_empty_records_are_removed_where_no_open_file_is_renamed(tmp_path, is_new) -> None:
    folder = tmp_path / "o"
    folder.mkdir()
    path = folder / REQUESTS
    path.write_bytes(b"another run")
    records._remove_if_empty(path, is_new=is_new)
    assert [one.read_bytes() for one in folder.iterdir()] == [b"another run"]
    path.write_bytes(b"")
    records._remove_if_empty(path, is_new=is_new)
    assert folder.exists() is not is_new
    records._remove_if_empty(path, is_new=is_new)  # the other run has removed it
    assert list(tmp_path.rglob("*")) == ([] if is_new else [folder])


def test_a_list_that_is_not_finished_is_not_there(tmp_path) -> None:
    """Nor has it replaced the earlier one."""
    row = Row(7, ("",) * 7)

    def rows(name: str):
        yield row.mended("common_name", name), "a reason"
        raise KeyError

    records.write_rejected(tmp_path, ["C"], [(row, "\ud800")])
    before = (tmp_path / "rejected.csv").read_bytes()
    assert b'"\\ud800"' in before
    with pytest.raises(KeyError):
        records.write_rejected(tmp_path, ["C"], rows("dev-1"))
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == {"rejected.csv": before}


@ON_POSIX
def test_passphrases_are_for_their_owner_alone(tmp_path) -> None:
    path = tmp_path / "secret.csv"
    for names in (["dev-1"], ["dev-1", "dev-2"]):
        passphrases.provide(path, names)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        path.chmod(0o644)


def test_passphrases_are_kept_as_they_were_typed(tmp_path) -> None:
    path = tmp_path / "secret.csv"
    path.write_bytes(b'common_name,passphrase\r\ndev-1,"a\r\nb"\r\n')
    assert passphrases.load(path) == {"dev-1": "a\r\nb"}
    known = passphrases.provide(path, ["\ud800"])
    assert known["dev-1"] == "a\r\nb"
    assert passphrases.load(path) == known
    assert passphrases.of(known, "\ud800")


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.ENOSPC, Code.DISK_FULL), (errno.ENOENT, Code.FOLDER_MISSING)],
)
def test_passphrases_that_cannot_be_added(tmp_path, monkeypatch, number, code) -> None:
    path = tmp_path / "secret.csv"
    passphrases.provide(path, ["dev-1"])
    before = path.read_bytes()

    def fail(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(CannotSave) as refused:
        passphrases.provide(path, ["dev-2"])
    assert list(refused.value.problems) == [Problem(code, path=path)]
    assert path.read_bytes() == before


def test_passphrases_are_asked_for_no_more_than_needed(tmp_path) -> None:
    """Once for each name, and no folder is made for them."""
    path = tmp_path / "secret.csv"
    known = passphrases.provide(path, ["dev-1", "dev-1"])
    assert list(known) == ["dev-1"]
    assert passphrases.load(path) == known
    with pytest.raises(CannotSave) as refused:
        passphrases.provide(tmp_path / "none" / "below" / "secret.csv", ["dev-1"])
    [problem] = refused.value.problems
    assert problem.code is Code.FOLDER_MISSING
    found = "".join(passphrases.generate() for _number in range(200))
    assert set(found) == set("23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
