"""Batches: every row checked, every pair whole and of its row, whatever stops the run."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from hypothesis import given, settings
from hypothesis import strategies as st

from enos_csr_gui.core import keys
from enos_csr_gui.core.batch import (
    archive,
    check,
    collect,
    make,
    passphrases,
    records,
    renewals,
    table,
)
from enos_csr_gui.core.batch.control import Control, jobs
from enos_csr_gui.core.batch.records import Record
from enos_csr_gui.core.batch.rows import FIELD_KEYS, Row
from enos_csr_gui.core.defaults import Defaults
from enos_csr_gui.core.enums import RequestKind
from enos_csr_gui.core.errors import CannotSave, Code, InvalidKey, Problem
from enos_csr_gui.core.file_types import REQUESTS
from enos_csr_gui.core.history import RequestHistory, default_path
from enos_csr_gui.core.spreadsheet import harmless

ON_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="kills and modes of POSIX")


class Result(NamedTuple):
    checked: check.Checked
    outcome: make.Outcome


def run(path: Path, folder: Path, rules: check.Rules = check.Rules(), **options) -> Result:  # noqa: B008
    devices = table.read(path)
    with records.opened(folder) as ledger:
        checked = check.check(devices, ledger, rules)
        outcome = make.make(checked, devices.columns, ledger, rules, **options)
    return Result(checked, outcome)


def judged(path: Path, folder: Path, rules: check.Rules = check.Rules()) -> check.Checked:  # noqa: B008
    return check.check(table.read(path), records.peek(folder), rules)


def problems(checked: check.Checked) -> list[tuple[int, Code, str | None]]:
    return [(row.line, one.code, one.field) for row in checked.bad for one in row.problems]


def manifest(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def complete(folder: Path, *, passphrase: bytes | None = None) -> dict[str, str]:
    """Check that every pair is whole and of its row, and that all lists agree.

    Returns common name -> public-key fingerprint.
    """
    found = {}
    for line in (folder / "requests.jsonl").read_text("utf-8").splitlines():
        one = json.loads(line)
        request = x509.load_pem_x509_csr((folder / one["csr_file"]).read_bytes())
        data = (folder / one["key_file"]).read_bytes()
        key = serialization.load_pem_private_key(data, passphrase)
        assert request.is_signature_valid
        assert request.public_key() == key.public_key()
        fingerprint = keys.public_key_sha256(key.public_key())
        assert one["public_key_sha256"] == fingerprint
        assert one["csr"] == (folder / one["csr_file"]).read_text()
        written = {
            attribute.rfc4514_attribute_name: attribute.value for attribute in request.subject
        }
        assert written["CN"] == one["common_name"] == one["subject"]["common_name"]
        assert one["common_name"] not in found
        found[one["common_name"]] = fingerprint
    listed = {row["common_name"]: row["public_key_sha256"] for row in manifest(folder)}
    assert listed == {harmless(name): fingerprint for name, fingerprint in found.items()}
    lines = [int(row["line"]) for row in manifest(folder)]
    assert lines == sorted(lines)
    on_disk = [path for path in folder.rglob("*") if path.suffix in (".key", ".csr")]
    assert len(on_disk) == 2 * len(found)
    with RequestHistory() as history:
        past = history.requests()
    assert {one.common_name: one.public_key_sha256 for one in past} == found
    assert len(past) == len(found)
    assert not list(folder.glob(".enos-csr-*"))
    return found


# --- Checks ---------------------------------------------------------------------------------------


def test_names_that_collide_are_found_before_the_first_key(table_of, tmp_path) -> None:
    found = judged(
        table_of("dev-1", "DEV-1", " dev-1", "a/b", "a-b", "con", "dev-2"), tmp_path / "o"
    )
    assert problems(found) == [
        (3, Code.NAME_ALIKE, "common_name"),
        (4, Code.NAME_TWICE, "common_name"),
        (6, Code.NAME_ALIKE, "common_name"),
    ]
    first, second, third = (row.problems[0].values for row in found.bad)
    assert first == {"name": "DEV-1", "other": "dev-1", "earlier": 2, "line": 3}
    assert second == {"name": "dev-1", "earlier": 2, "line": 4}
    assert third == {"name": "a-b", "other": "a/b", "earlier": 5, "line": 6}
    assert [check.base_name(row) for row in found.good] == ["dev-1", "a-b", "con_", "dev-2"]
    assert not (tmp_path / "o").exists()


def test_every_problem_of_a_row_is_reported(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("C,CN,EA\nXX,1E+12,nobody\n,dev-1,\n")
    found = judged(path, tmp_path / "o", check.Rules({"country": "CN", "state": "Guizhou"}))
    assert problems(found) == [
        (2, Code.CELL_CHANGED, "common_name"),
        (2, Code.NOT_A_COUNTRY, "country"),
        (2, Code.REQUIRED, "locality"),
        (2, Code.REQUIRED, "organization"),
        (2, Code.REQUIRED, "unit"),
        (2, Code.NOT_AN_ADDRESS, "email"),
        (3, Code.REQUIRED, "locality"),
        (3, Code.REQUIRED, "organization"),
        (3, Code.REQUIRED, "unit"),
    ]


def test_answers_for_all_fill_only_empty_cells_and_locked_ones_count(table_of, tmp_path) -> None:
    path = table_of("dev-1", same="CN,,Kaili,X,")
    rules = check.Rules({"state": "Guizhou", "unit": "Ops", "country": "DE"})
    [row] = judged(path, tmp_path / "o", rules).good
    assert row.subject()["country"] == "CN"
    assert (row.subject()["state"], row.subject()["unit"]) == ("Guizhou", "Ops")
    locked = Defaults({"locality": "Duyun"}, {"locality": "Duyun"}, set_by="IT")
    found = judged(path, tmp_path / "o", rules._replace(defaults=locked))
    assert problems(found) == [(2, Code.FIELD_LOCKED, "locality")]


def test_a_name_with_a_problem_is_not_compared_and_other_problems_hide_no_double(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("C,ST,L,O,OU,CN\n" + "".join(f"{one}\n" for one in [
        "CN,Guizhou,Kaili,X,Y,1E+12",
        "CN,Guizhou,Kaili,X,Y,1E+12",
        "CN,Guizhou,Kaili,X,Y,dev-1",
        "xx,Guizhou,Kaili,X,Y,dev-1",
    ]))  # fmt: skip
    found = judged(path, tmp_path / "o")
    assert problems(found) == [
        (2, Code.CELL_CHANGED, "common_name"),
        (3, Code.CELL_CHANGED, "common_name"),
        (5, Code.NOT_A_COUNTRY, "country"),
        (5, Code.NAME_TWICE, "common_name"),
    ]
    assert found.bad[-1].subject()["country"] == "xx"  # as it was typed


def test_answers_are_taken_as_they_go_into_a_subject_unless_they_are_wrong(tmp_path) -> None:
    path, long = tmp_path / "t.csv", "e\u0301" * 70
    path.write_text(f"C,ST,L,O,OU,CN\ncn,X,X,X,cafe\u0301,dev-1\ncn,X,X,X,{long},dev-2\n", "utf-8")
    found = judged(path, tmp_path / "o")
    assert found.good[0].answers == ("CN", "X", "X", "X", "caf\u00e9", "dev-1", "")
    assert problems(found) == [(3, Code.TOO_LONG, "unit")]
    assert found.bad[0].answers == ("CN", "X", "X", "X", long, "dev-2", "")


def test_names_that_only_look_unlike_in_bytes_collide(table_of, tmp_path) -> None:
    """macOS takes one name for the other, and a Windows computer may unpack what it has made."""
    composed, decomposed = (
        "caf\N{LATIN SMALL LETTER E WITH ACUTE}",
        "cafe\N{COMBINING ACUTE ACCENT}",
    )
    found = judged(table_of(composed, "dev-1", f"{decomposed}."), tmp_path / "o")
    assert problems(found) == [(4, Code.NAME_ALIKE, "common_name")]
    (tmp_path / "o" / decomposed).mkdir(parents=True)
    found = judged(table_of(composed), tmp_path / "o")
    assert problems(found) == [(2, Code.ROW_FILE_EXISTS, "common_name")]


def test_a_locked_answer_may_be_in_the_table(table_of, tmp_path) -> None:
    locked = Defaults({"locality": "Kaili"}, {"locality": "Kaili"}, set_by="IT")
    found = judged(table_of("dev-1"), tmp_path / "o", check.Rules(defaults=locked))
    assert ([row.line for row in found.good], problems(found)) == ([2], [])


def test_a_name_in_the_history_is_found(table_of, tmp_path) -> None:
    run(table_of("dev-1"), tmp_path / "one")
    found = judged(table_of("Dev-1", "dev-2"), tmp_path / "two")
    assert problems(found) == [(2, Code.NAME_USED, "common_name")]
    assert not judged(table_of("Dev-1"), tmp_path / "two", check.Rules(allow_used_names=True)).bad


@pytest.mark.parametrize("flat", [False, True])
def test_what_is_already_in_the_folder_is_never_replaced(table_of, tmp_path, flat) -> None:
    folder = tmp_path / "o"
    (folder / "DEV-1").mkdir(parents=True)
    (folder / "dev-2.csr").write_text("mine")
    found = judged(table_of("dev-1", "dev-2"), folder, check.Rules(flat=flat))
    assert problems(found) == [(3 if flat else 2, Code.ROW_FILE_EXISTS, "common_name")]


def test_no_device_takes_the_name_of_a_list(table_of, tmp_path) -> None:
    found = judged(table_of("Manifest.CSV", "requests.jsonl"), tmp_path / "o")
    assert [one[1] for one in problems(found)] == [Code.ROW_FILE_EXISTS] * 2


def test_a_disk_without_room(tmp_path) -> None:
    folder = tmp_path / "a" / "b"
    assert check.check_room(folder, 1) == []
    [problem] = check.check_room(folder, 10**12)
    assert (problem.code, problem.path) == (Code.DISK_ROOM, folder)
    assert problem.values["needed"] == 20_000_000_000  # MB, of 20 kB for each pair
    free = shutil.disk_usage(tmp_path).free / 1e6
    assert free / 2 < problem.values["free"] < 2 * free


def test_a_disk_has_room_for_so_many_pairs_and_no_more(tmp_path, monkeypatch) -> None:
    usage = shutil.disk_usage(tmp_path)

    def told(free: int, pairs: int) -> list[Problem]:
        monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage._replace(free=free))
        return check.check_room(tmp_path / "o", pairs)

    assert told(200_000, 10) == []
    for free, pairs, values in (
        (199_999, 10, {"needed": 1, "free": 0}),  # in MB
        (3_000_000, 299, {"needed": 5, "free": 3}),
        (3_900_000, 300, {"needed": 6, "free": 3}),
    ):
        assert told(free, pairs) == [Problem(Code.DISK_ROOM, path=tmp_path / "o", values=values)]


def test_a_check_says_how_far_it_is(table_of, tmp_path) -> None:
    devices = table.read(table_of(*(f"dev-{number}" for number in range(120))))
    reports: list[tuple[int, int]] = []
    progress = lambda *given: reports.append(given)  # noqa: E731
    check.check(devices, records.peek(tmp_path / "o"), progress=progress)
    assert reports == [(50, 120), (100, 120), (120, 120)]
    reports.clear()
    check.check(table.read(table_of("dev-1")), records.peek(tmp_path / "o"), progress=progress)
    assert reports == [(1, 1)]


def test_without_the_history_pairs_are_made_and_that_is_said_once(table_of, tmp_path) -> None:
    default_path().mkdir(parents=True)
    result = run(table_of("dev-1", "dev-2", "dev-1"), tmp_path / "o")
    assert problems(result.checked) == [(4, Code.NAME_TWICE, "common_name")]
    assert [one.code for one in result.checked.notes] == [Code.HISTORY_NO_ACCESS]
    assert [one.code for one in result.outcome.notes] == [Code.HISTORY_NO_ACCESS]
    assert [row["common_name"] for row in manifest(tmp_path / "o")] == ["dev-1", "dev-2"]


def test_a_folder_keeps_its_layout(table_of, tmp_path) -> None:
    for first, folder in ((True, tmp_path / "flat"), (False, tmp_path / "deep")):
        run(table_of("dev-1"), folder, check.Rules(flat=first, allow_used_names=True))
        rules = check.Rules(flat=not first, allow_used_names=True)
        run(table_of("dev-1", "dev-2"), folder, rules)
        place = folder if first else folder / "dev-2"
        assert (place / "dev-2.key").is_file()
        assert (place / "dev-2.csr").is_file()


def without_records(folder: Path) -> None:
    for name in ("requests.jsonl", "manifest.csv"):
        (folder / name).unlink()


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("with_history", [False, True])
def test_a_whole_pair_that_a_kill_left_is_taken_for_its_row(
    table_of, tmp_path, flat, with_history
) -> None:
    path, folder, rules = table_of("dev-1", "dev-2"), tmp_path / "o", check.Rules(flat=flat)
    run(path, folder, rules, passphrase=lambda _row: "correct horse")
    made = list(records.read(folder))
    without_records(folder)
    if not with_history:
        default_path().unlink()
    found = judged(path, folder, rules)
    assert [(row.line, record) for row, record in found.found] == [(one.line, one) for one in made]
    assert (len(found.good), len(found.bad), found.made) == (0, 0, 0)
    assert run(path, folder, rules).outcome.created == 0
    assert list(records.read(folder)) == made
    with RequestHistory() as history:
        assert {one.common_name for one in history.requests()} == {"dev-1", "dev-2"}


@pytest.mark.parametrize("names", [["dev-1", "dev-2"], ["dev-0", "dev-1", "dev-2"]])
def test_a_whole_pair_is_taken_for_its_row_without_a_history(table_of, tmp_path, names) -> None:
    folder = tmp_path / "o"
    run(table_of("dev-1", "dev-2"), folder)
    made = [one.common_name for one in records.read(folder)]
    without_records(folder)
    default_path().unlink()
    default_path().mkdir()
    found = judged(table_of(*names), folder)
    assert problems(found) == []
    assert [row.common_name for row, _record in found.found] == made
    assert [row.common_name for row in found.good] == names[:-2]
    assert [one.code for one in found.notes] == [Code.HISTORY_NO_ACCESS]


def test_a_pair_is_found_whatever_is_written_beside_it_in_its_files(
    table_of, tmp_path, key_pem
) -> None:
    """A heading in Chinese above the request, and another key above the one that belongs to it."""
    path, folder = table_of("dev-1"), tmp_path / "o"
    run(path, folder)
    [made] = records.read(folder)
    without_records(folder)
    csr, key = folder / made.csr, folder / made.key
    csr.write_bytes("风机\n".encode() + csr.read_bytes())
    key.write_bytes(key_pem + key.read_bytes())
    [(_row, record)] = judged(path, folder).found
    assert record == made._replace(csr_pem="\ufffd" * 6 + "\n" + made.csr_pem)


def test_what_the_history_says_and_what_is_gone_are_both_noted(table_of, tmp_path) -> None:
    path, folder = table_of("dev-1"), tmp_path / "o"
    run(path, folder)
    shutil.rmtree(folder / "dev-1")
    default_path().write_bytes(b"no database" * 1000)
    found = judged(table_of("dev-1", "dev-2"), folder)
    assert [one.code for one in found.notes] == [Code.BATCH_FILES_GONE, Code.HISTORY_DAMAGED]


def test_a_pair_that_is_not_whole_or_of_another_row_is_left_alone(table_of, tmp_path) -> None:
    names, folder = [f"dev-{number}" for number in range(4)], tmp_path / "o"
    rules = check.Rules(allow_used_names=True)
    run(table_of(*names), folder, rules)
    without_records(folder)
    (folder / "dev-1" / "dev-1.key").unlink()
    shutil.copy(folder / "dev-0" / "dev-0.key", folder / "dev-2" / "dev-2.key")
    (folder / "dev-3" / "dev-3.csr").write_text("mine")
    before = {one: one.read_bytes() for one in folder.rglob("*.*")}
    found = judged(table_of(*names), folder, rules)
    assert [row.common_name for row, _record in found.found] == ["dev-0"]
    taken = Code.ROW_FILE_EXISTS
    assert problems(found) == [(line, taken, "common_name") for line in (3, 4, 5)]
    assert found.bad[0].problems[0].path == folder / "dev-1"
    other = judged(table_of("dev-0", same="CN,Guizhou,Duyun,X,Y"), folder, rules)
    assert problems(other) == [(2, taken, "common_name")]
    assert {one: one.read_bytes() for one in folder.rglob("*.*")} == before


def test_a_pair_that_was_made_by_hand_is_no_pair_of_the_batch(table_of, tmp_path) -> None:
    path, folder = table_of("dev-1"), tmp_path / "o"
    run(path, folder)
    [made] = records.read(folder)
    without_records(folder)
    default_path().unlink()
    with RequestHistory() as history:
        key, csr = folder / made.key, folder / made.csr
        history.record({}, public_key_sha256=made.public_key_sha256, key=key, csr=csr)
    assert problems(judged(path, folder)) == [(2, Code.ROW_FILE_EXISTS, "common_name")]


def test_a_renewal_without_an_earlier_request_says_so_in_place_of_what_is_missing(
    tmp_path,
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("C,CN\nXX,dev-1\nCN,\n")
    found = judged(path, tmp_path / "o", check.Rules(kind=RequestKind.RENEWAL))
    assert problems(found) == [
        (2, Code.ROW_WITHOUT_EARLIER, "common_name"),
        (2, Code.NOT_A_COUNTRY, "country"),
        *((3, Code.REQUIRED, key) for key in ("state", "locality", "organization", "unit")),
        (3, Code.REQUIRED, "common_name"),
    ]
    assert found.bad[0].problems[0].values == {"name": "dev-1", "line": 2}


# --- Pairs ----------------------------------------------------------------------------------------


def test_the_lists_have_the_order_of_the_table_in_whatever_order_keys_are_made(
    table_of, tmp_path
) -> None:
    """Keys take unequal times, and a run that goes on makes what is left."""

    def from_the_last(rows, columns, rules, _passphrase, _control):
        for row in reversed(rows):
            yield [make.pair_of(row, columns, rules, None)]

    names, folder = [f"dev-{letter}" for letter in "dbca"], tmp_path / "o"
    wanted = dict(enumerate(names, 2))

    def stopped(*given):
        yield from list(from_the_last(*given))[:2]

    for pairs_of in (stopped, from_the_last):
        run(table_of(*names), folder, pairs_of=pairs_of)
    lines = (folder / "requests.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["line"] for line in lines] == [5, 4, 3, 2]
    assert {int(row["line"]): row["common_name"] for row in manifest(folder)} == wanted
    assert [int(row["line"]) for row in manifest(folder)] == list(wanted)
    assert [one.line for one in collect.of_folder(folder).records] == list(wanted)


@pytest.mark.parametrize("flat", [False, True])
def test_each_row_gets_its_pair(table_of, tmp_path, flat) -> None:
    folder = tmp_path / "farm"
    names = ["dev-1", "贵州 风机/7", "-cmd"]
    result = run(table_of(*names), folder, check.Rules(flat=flat))
    assert (result.outcome.created, result.outcome.stopped) == (3, False)
    assert set(complete(folder)) == set(names)
    base = folder if flat else folder / "dev-1"
    assert (base / "dev-1.key").exists()
    rows = {row["line"]: row for row in manifest(folder)}
    assert rows["4"]["common_name"] == "'-cmd"
    assert (rows["2"]["Site"], rows["2"]["status"]) == ("north", "created")
    with RequestHistory() as history:
        [batch] = {one.batch for one in history.requests()}
        assert batch
        assert len(history.requests(filter_text=batch)) == 3


@ON_POSIX
def test_keys_are_for_their_owner_alone_whatever_the_umask(table_of, tmp_path) -> None:
    for umask in (0o000, 0o022, 0o777):
        folder = tmp_path / f"{umask:o}"
        before = os.umask(umask)
        try:
            run(table_of(f"dev-{umask}"), folder)
        finally:
            os.umask(before)
        modes = {path.suffix: stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("dev-*.*")}
        assert modes[".key"] == 0o600
        assert modes[".csr"] & 0o600 == 0o600


def test_requests_that_are_submitted_together_are_those_of_the_folder(table_of, tmp_path) -> None:
    folder, target = tmp_path / "o", tmp_path / "out" / "o.zip"
    run(table_of("dev-1"), folder)
    assert archive.look(folder).shared["common_name"] == "dev-1"
    run(table_of("dev-1", "dev-2"), folder, check.Rules({"email": "ops@example.com"}))
    found = archive.look(folder)
    assert found.total == 2
    assert sorted(found.shared) == ["country", "locality", "organization", "state", "unit"]
    assert archive.write(folder, target) == target
    with zipfile.ZipFile(target) as packed:
        assert {name: packed.read(name) for name in packed.namelist()} == {
            path.name: path.read_bytes() for path in folder.rglob("*.csr")
        }
    for wrong in (target, folder / "o.zip"):
        with pytest.raises(CannotSave):
            archive.write(folder if wrong == target else tmp_path, wrong)


def test_a_finished_folder_is_left_as_it_is(table_of, tmp_path) -> None:
    path, folder = table_of("dev-1", "dev-2"), tmp_path / "o"
    run(path, folder)
    before = {one: one.stat().st_mtime_ns for one in folder.rglob("*")}
    result = run(path, folder)
    assert (result.checked.made, len(result.checked.good), result.outcome.created) == (2, 0, 0)
    assert {one: one.stat().st_mtime_ns for one in folder.rglob("*")} == before


def test_new_rows_are_made_and_changed_rows_refused(table_of, tmp_path) -> None:
    folder = tmp_path / "o"
    run(table_of("dev-1", "dev-2"), folder)
    path = table_of("dev-2", "dev-3")
    path.write_text(
        path.read_text().replace("Kaili,Example Wind Ltd,Operations,dev-2", "Duyun,X,Y,dev-2")
    )
    found = judged(path, folder)
    assert problems(found) == [(2, Code.ROW_CHANGED, "common_name")]
    assert [row.common_name for row in found.good] == ["dev-3"]
    run(path, folder)
    assert set(complete(folder)) == {"dev-1", "dev-2", "dev-3"}


def test_a_pair_that_was_moved_away_is_not_made_again(table_of, tmp_path) -> None:
    path, folder = table_of("dev-1", "dev-2"), tmp_path / "o"
    run(path, folder)
    for count, name in enumerate(("dev-2", "dev-1"), 1):
        (folder / name).rename(tmp_path / name)
        found = judged(path, folder)
        assert (found.made, len(found.good), len(found.bad)) == (2, 0, 0)
        [note] = found.notes
        values = {"count": count, "name": name}
        assert (note.code, note.values) == (Code.BATCH_FILES_GONE, values)


def test_a_folder_of_something_else_is_refused(table_of, tmp_path) -> None:
    for name, text in (("requests.jsonl", "{}\n"), ("manifest.csv", "mine")):
        folder = tmp_path / name.split(".")[0]
        folder.mkdir()
        (folder / name).write_text(text)
        with pytest.raises(CannotSave) as caught:
            run(table_of("dev-1"), folder)
        assert caught.value.problems[0].code is Code.BATCH_FOREIGN
        assert [path.name for path in folder.iterdir()] == [name]


@pytest.mark.parametrize(
    "path", ["../a.key", "/a.key", "a/../a.key", "a/b/a.key", "C:a.key", "a\\a.key", "..", "", "a/"]
)
def test_a_record_that_leads_out_of_its_folder_is_refused(tmp_path, path) -> None:
    """The folder may come from a stranger: beside that key, a certificate would be saved."""
    with records.opened(tmp_path) as ledger:
        ledger.append([Record(2, {"common_name": "a"}, path, "a/a.csr", "-", "00", {})])
    with pytest.raises(CannotSave) as refused:
        list(records.read(tmp_path))
    assert refused.value.problems[0].code is Code.BATCH_FOREIGN


NOT_RECORDS = [b"\n", b"[]\n", b"{}\n", b"7\n", b"\xff\n", b"[" * 100_000 + b"\n"]


@pytest.mark.parametrize("data", NOT_RECORDS, ids=range(len(NOT_RECORDS)))
def test_what_is_no_record_is_refused(tmp_path, data) -> None:
    (tmp_path / REQUESTS).write_bytes(data)
    for reader in (lambda: list(records.read(tmp_path)), lambda: records.name(tmp_path)):
        with pytest.raises(CannotSave) as refused:
            reader()
        assert list(refused.value.problems) == [
            Problem(Code.BATCH_FOREIGN, path=tmp_path / REQUESTS)
        ]


def test_a_folder_without_records_has_no_batch(table_of, tmp_path) -> None:
    with pytest.raises(CannotSave) as refused:
        list(records.read(tmp_path))
    assert list(refused.value.problems) == [Problem(Code.BATCH_NONE, path=tmp_path)]
    with pytest.raises(CannotSave) as refused:
        records.name(tmp_path)
    assert refused.value.problems[0].path == tmp_path
    (tmp_path / REQUESTS).write_bytes(b'{"batch": "cut off')
    assert list(records.read(tmp_path)) == []
    assert records.name(tmp_path) == ""


def test_a_batch_has_one_name_in_its_records_and_in_the_history(table_of, tmp_path) -> None:
    for names in (["dev-1"], ["dev-1", "dev-2"]):
        run(table_of(*names), tmp_path / "o")
    assert re.fullmatch(r"\d{8}-[0-9a-f]{8}", records.name(tmp_path / "o"))
    with RequestHistory() as history:
        assert {one.batch for one in history.requests()} == {records.name(tmp_path / "o")}


def test_the_manifest_has_every_column_of_the_table_and_what_the_files_are(tmp_path) -> None:
    path, folder = tmp_path / "t.csv", tmp_path / "o"
    answers = "C,ST,L,O,OU,CN,Site,,Owner\nCN,Guizhou,Kaili,X,Y"
    path.write_text(f"{answers},dev-1,=1+1,lost,we\n")
    run(path, folder)
    [made] = records.read(folder)
    csr = (folder / "dev-1" / "dev-1.csr").read_bytes()
    assert (folder / "manifest.csv").read_bytes().startswith(b'\xef\xbb\xbf"line","common_name"')
    assert manifest(folder) == [
        {
            "line": "2",
            "common_name": "dev-1",
            "key": "dev-1/dev-1.key",
            "csr": "dev-1/dev-1.csr",
            "public_key_sha256": made.public_key_sha256,
            "csr_sha256": hashlib.sha256(csr).hexdigest(),
            "status": "created",
            "Site": "'=1+1",
            "Owner": "we",
        }
    ]
    assert made.columns == {"Site": "=1+1", "Owner": "we"}
    assert (
        json.loads((folder / REQUESTS).read_text())["csr_sha256"]
        == manifest(folder)[0]["csr_sha256"]
    )


def test_rejected_rows_are_written_with_their_reasons(tmp_path) -> None:
    row = Row(7, ("CN", "贵州", "", "", "", "-dev", ""), ("north",))
    headings = ["C", "ST", "L", "O", "OU", "CN", "EA", "Site", "Reason"]
    path = records.write_rejected(tmp_path / "o", headings, [(row, "no city\ngiven")])
    assert path == tmp_path / "o" / "rejected.csv"
    records.write_rejected(tmp_path / "o", headings, [(row, "no city\ngiven")])
    assert path.read_bytes().decode("utf-8-sig") == (
        '"C","ST","L","O","OU","CN","EA","Site","Reason"\r\n'
        '"CN","贵州","","","","\'-dev","","north","no city\\u000agiven"\r\n'
    )
    assert [one.name for one in path.parent.iterdir()] == ["rejected.csv"]
    with pytest.raises(CannotSave) as refused:
        records.write_rejected(path, headings, [])
    assert refused.value.problems[0].path == path


def test_what_a_killed_run_left_half_made_is_removed(tmp_path) -> None:
    half = tmp_path / f"{records.TEMPORARY}1"
    (half / "dev-1").mkdir(parents=True)
    (half / "dev-1" / "dev-1.key").touch()
    (tmp_path / f"{records.TEMPORARY}2").touch()
    (tmp_path / ".enos-csr").touch()
    with records.opened(tmp_path):
        assert sorted(one.name for one in tmp_path.iterdir()) == [".enos-csr", REQUESTS]
    assert [one.name for one in tmp_path.iterdir()] == [".enos-csr"]


@ON_POSIX
def test_what_a_link_leads_to_is_not_removed(tmp_path) -> None:
    mine, folder = tmp_path / "mine", tmp_path / "o"
    for one in (mine, folder):
        one.mkdir()
    (mine / "file").touch()
    (folder / f"{records.TEMPORARY}1").symlink_to(mine)
    with records.opened(folder):
        assert [one.name for one in folder.iterdir()] == [REQUESTS]
    assert (mine / "file").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotSave) as refused, records.opened(tmp_path / "file" / "o"):
        pass
    [problem] = refused.value.problems
    assert (problem.code, problem.path) == (Code.NOT_A_FOLDER, tmp_path / "file" / "o")


@ON_POSIX
def test_records_are_written_through_no_link(tmp_path) -> None:
    (tmp_path / "farm").mkdir()
    (tmp_path / "farm" / REQUESTS).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CannotSave), records.opened(tmp_path / "farm"):
        pass
    assert not (tmp_path / "elsewhere").exists()


@ON_POSIX
def test_endless_records_are_refused(tmp_path) -> None:
    """A sparse file of 100 GB takes no room on the disk."""
    (tmp_path / REQUESTS).touch()
    os.truncate(tmp_path / REQUESTS, 100 << 30)
    with pytest.raises(CannotSave) as refused:
        records.peek(tmp_path)
    assert refused.value.problems[0].code is Code.BATCH_FOREIGN


def test_two_runs_in_one_folder(table_of, tmp_path) -> None:
    with records.opened(tmp_path / "o"):
        with pytest.raises(CannotSave) as caught:
            run(table_of("dev-1"), tmp_path / "o")
        assert caught.value.problems[0].code is Code.BATCH_BUSY
    assert not (tmp_path / "o").exists()


@pytest.mark.long
def test_a_run_is_paused_stopped_and_goes_on(table_of, tmp_path) -> None:
    path, folder = table_of(*(f"dev-{number}" for number in range(12))), tmp_path / "o"
    control = Control()
    control.pause()
    reports: list[tuple[int, int]] = []
    done: list[Result] = []

    def progress(created: int, total: int) -> None:
        reports.append((created, total))
        if created:
            control.stop()

    worker = threading.Thread(
        target=lambda: done.append(run(path, folder, control=control, progress=progress, threads=2))
    )
    worker.start()
    time.sleep(0.3)
    assert reports == [(0, 12)]
    control.resume()
    worker.join(60)
    outcome = done[0].outcome
    assert outcome.stopped == (outcome.created < 12)
    assert outcome.created == len(complete(folder)) > 0
    assert run(path, folder).outcome.created == 12 - outcome.created
    assert len(complete(folder)) == 12


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says which cores are allowed")
def test_a_process_uses_the_cores_that_it_may_use() -> None:
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert jobs() == 1
    finally:
        os.sched_setaffinity(0, allowed)


@pytest.mark.parametrize(("cores", "used"), [(5, 5), (None, 1)])
def test_elsewhere_a_process_uses_every_core(cores: int | None, used: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "platform", "darwin")
        patch.setattr(os, "cpu_count", lambda: cores)
        assert jobs() == used


def test_a_renewal_keeps_its_common_name_exactly(table_of, tmp_path) -> None:
    run(table_of("dev-1"), tmp_path / "one")
    rules = check.Rules(kind=RequestKind.RENEWAL)
    run(table_of("dev-1", "x" * 70), tmp_path / "two", rules)
    with RequestHistory() as history:
        kinds = [(one.common_name, one.kind) for one in reversed(history.requests())]
    assert kinds[0] == ("dev-1", RequestKind.NEW)
    assert sorted(kinds[1:]) == [("dev-1", RequestKind.RENEWAL), ("x" * 70, RequestKind.RENEWAL)]


def test_one_passphrase_for_all(table_of, tmp_path) -> None:
    run(table_of("dev-1", "dev-2"), tmp_path / "o", passphrase=lambda _row: "correct horse")
    assert len(complete(tmp_path / "o", passphrase=b"correct horse")) == 2


def test_a_passphrase_for_each_device(table_of, tmp_path) -> None:
    file, folder = tmp_path / "secret.csv", tmp_path / "o"
    names = ["dev-1", "-7", "a;=b"]
    known = passphrases.provide(file, names)
    assert len(set(known.values())) == 3
    assert passphrases.load(file) == passphrases.provide(file, names) == known
    assert passphrases.provide(file, [*names, "dev-3"]).items() >= known.items()
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    run(table_of(*names), folder, passphrase=lambda row: passphrases.of(known, row.common_name))
    for name in names:
        base = files_name(name)
        data = (folder / base / f"{base}.key").read_bytes()
        with pytest.raises((TypeError, ValueError)):
            serialization.load_pem_private_key(data, None)
        serialization.load_pem_private_key(data, str(passphrases.of(known, name)).encode())
    inside = folder / "secret.csv"
    place = [Problem(Code.BATCH_PASSPHRASES_INSIDE, path=inside)]
    assert passphrases.check_place(inside, folder) == place
    assert not passphrases.check_place(file, folder)
    file.write_text("my poems")
    with pytest.raises(CannotSave):
        passphrases.provide(file, ["dev-9"])
    assert file.read_text() == "my poems"


NOT_PASSPHRASES = {
    "empty": b"",
    "other-headings": b"name,passphrase\ndev-1,secret\n",
    "more-cells": b"common_name,passphrase\ndev-1,secret,more\n",
    "fewer-cells": b"common_name,passphrase\ndev-1\n",
    "no-text": b"common_name,passphrase\ndev-1,\xff\n",
}


@pytest.mark.parametrize("data", NOT_PASSPHRASES.values(), ids=NOT_PASSPHRASES)
def test_a_file_without_passphrases_is_left_as_it_is(tmp_path, data) -> None:
    path = tmp_path / "secret.csv"
    path.write_bytes(data)
    for use in (passphrases.load, lambda given: passphrases.provide(given, ["dev-1"])):
        with pytest.raises(CannotSave) as refused:
            use(path)
        assert list(refused.value.problems) == [Problem(Code.BATCH_PASSPHRASES_FOREIGN, path=path)]
    assert path.read_bytes() == data


def test_passphrases_that_cannot_be_read_or_saved(tmp_path) -> None:
    assert passphrases.load(tmp_path / "none.csv") == {}
    (tmp_path / "file").touch()
    for path, code in ((tmp_path, Code.NOT_A_FILE), (tmp_path / "file" / "s", Code.NOT_A_FOLDER)):
        with pytest.raises(CannotSave) as refused:
            passphrases.provide(path, ["dev-1"])
        [problem] = refused.value.problems
        assert (problem.code, problem.path) == (code, path)


@ON_POSIX
def test_passphrases_are_no_larger_than_a_table(tmp_path) -> None:
    path = tmp_path / "secret.csv"
    path.write_bytes(b"common_name,passphrase\n")
    os.truncate(path, table.MAX_BYTES + 1)
    with pytest.raises(CannotSave) as refused:
        passphrases.load(path)
    assert refused.value.problems[0].code is Code.BATCH_PASSPHRASES_FOREIGN


def test_a_spreadsheet_may_have_saved_the_passphrases(tmp_path) -> None:
    path = tmp_path / "secret.csv"
    path.write_bytes(b"\xef\xbb\xbfcommon_name,passphrase\r\ndev-1,secret\r\n")
    known = passphrases.provide(path, ["dev-1"])
    assert known == {"dev-1": "secret"}
    assert passphrases.of(known, "dev-1") == "secret"
    assert passphrases.of(known, "dev-2") is None
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")  # nothing is new
    known = passphrases.provide(path, ["dev-1", "=1"])
    new = passphrases.of(known, "=1")
    lines = ['"common_name","passphrase"', '"dev-1","secret"', f'"\'=1","{new}"', ""]
    assert path.read_bytes() == "\r\n".join(lines).encode()
    assert re.fullmatch(r"[2-9A-HJ-NP-Za-km-z]{24}", new)


def test_passphrases_are_added_to_a_file_that_has_only_its_headings(tmp_path) -> None:
    path = tmp_path / "secret.csv"
    path.write_bytes(b"common_name,passphrase\r\n")
    assert passphrases.provide(path, []) == {}
    known = passphrases.provide(path, ["dev-1"])
    assert list(known) == ["dev-1"]
    assert passphrases.load(path) == known


def files_name(name: str) -> str:
    return check.base_name(Row(1, ("", "", "", "", "", name, "")))


@pytest.mark.long
def test_a_thread_that_fails_ends_the_run_and_keeps_what_is_made(table_of, tmp_path) -> None:
    def passphrase(row: Row) -> str:
        return "" if row.common_name == "dev-5" else "secret"

    names = [f"dev-{number}" for number in range(8)]
    with pytest.raises(InvalidKey):
        run(table_of(*names), tmp_path / "o", passphrase=passphrase, threads=1)
    path = table_of(*names)
    assert not run(path, tmp_path / "o", passphrase=lambda _row: "secret").checked.bad
    assert set(complete(tmp_path / "o", passphrase=b"secret")) == set(names)


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20
)


@pytest.mark.slow
@settings(max_examples=settings.default.max_examples // 8)
@given(names=st.lists(NAMES, min_size=1, max_size=6), flat=st.booleans())
def test_any_table_gives_a_pair_for_each_good_row(names, flat, tmp_path_factory, openssl) -> None:
    with pytest.MonkeyPatch.context() as patch:
        top = tmp_path_factory.mktemp("any")
        patch.setenv("XDG_DATA_HOME", str(top / "data"))
        path, folder = top / "t.csv", top / "o"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([["CN"], *([name] for name in names)])
        same = {"country": "CN", "state": "贵州", "locality": "L", "organization": "O", "unit": "U"}
        result = run(path, folder, check.Rules(same, flat=flat))
        assert result.outcome.created == len(result.checked.good)
        assert len(result.checked.good) + len(result.checked.bad) == len(table.read(path).rows)
        assert {row.common_name for row in result.checked.good} == set(complete(folder))
        for request in folder.rglob("*.csr"):
            assert "verify OK" in openssl("req", "-in", request, "-noout", "-verify")


# --- Renewals -------------------------------------------------------------------------------------


def test_certificates_that_expire_soon_are_a_table(tmp_path) -> None:
    first, now = {"common_name": "dev-1", "country": "CN", "email": "a@b.cn"}, datetime.now(UTC)
    with RequestHistory() as history:
        for number, (subject, days) in enumerate(
            [({"common_name": "dev-2"}, 20), (first, 10), ({"common_name": "dev-3"}, 40)]
        ):
            fingerprint, file = f"{number:064x}", tmp_path / f"{number}"
            history.record(subject, public_key_sha256=fingerprint, key=file, csr=file)
            history.certificate_received(
                fingerprint,
                common_name=subject["common_name"],
                serial=number,
                issued=now - timedelta(days=300),
                expires=now + timedelta(days=days),
                certificate=file,
            )
        past = history.requests()
    found = renewals.expiring(timedelta(days=30))
    assert [(row.line, row.common_name, row.extra) for row in found.rows] == [
        (1, "dev-1", ()),
        (2, "dev-2", ()),
    ]
    assert found.rows[0].subject() == first
    assert found.rows[1].answers == ("", "", "", "", "", "dev-2", "")
    assert found.path == default_path()
    assert (found.columns.headings, found.columns.unknown) == (FIELD_KEYS, ())
    assert [found.columns.places[key] for key in FIELD_KEYS] == list(range(7))
    assert not found.columns.is_template
    assert [row.common_name for row in renewals.of(past).rows] == ["dev-3", "dev-1", "dev-2"]
    assert list(renewals.expiring(timedelta(days=5)).rows) == []


def test_a_table_for_renewals_is_completed_from_the_last_requests(tmp_path) -> None:
    path, file = tmp_path / "t.csv", tmp_path / "f"
    path.write_text(
        "CN,L,EA,Site\nDEV-1,,,n\n,Duyun,,n\ndev-9,,,n\ndev-1,Duyun,ops@example.com,n\n"
    )
    with RequestHistory() as history:
        for number, (name, locality) in enumerate((("DEV-1", "Anshun"), ("Dev-1", "Kaili"))):
            subject = {"common_name": name, "locality": locality, "unit": f"unit {number}"}
            history.record(subject, public_key_sha256=f"{number:064x}", key=file, csr=file)
    given = table.read(path)
    found = renewals.completed(given)
    assert [(row.line, row.answers, row.extra) for row in found.rows] == [
        (2, ("", "", "Kaili", "", "unit 1", "Dev-1", ""), ("n",)),
        (3, ("", "", "Duyun", "", "", "", ""), ("n",)),
        (4, ("", "", "", "", "", "dev-9", ""), ("n",)),
        (5, ("", "", "Duyun", "", "unit 1", "Dev-1", "ops@example.com"), ("n",)),
    ]
    assert (found.path, found.columns) == (given.path, given.columns)


def test_a_run_waits_while_it_is_paused(tmp_path) -> None:
    control, answers = Control(), []
    assert (control.stopped, control.may_go_on()) == (False, True)
    for end in (control.resume, control.stop):
        control.pause()
        waiting = threading.Thread(target=lambda: answers.append(control.may_go_on()))
        waiting.start()
        waiting.join(0.05)
        assert waiting.is_alive()
        end()
        waiting.join(60)
    assert answers == [True, False]
    assert (control.stopped, control.may_go_on()) == (True, False)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_passphrases_are_not_among_the_keys(tmp_path) -> None:
    folder, loop = tmp_path / "o", tmp_path / "loop"
    (folder / "below").mkdir(parents=True)
    (tmp_path / "link").symlink_to(folder)
    loop.symlink_to(loop)
    for path in (folder / "below" / "s.csv", tmp_path / "link" / "s.csv", folder / "s.csv"):
        found = [Problem(Code.BATCH_PASSPHRASES_INSIDE, path=path)]
        assert passphrases.check_place(path, folder) == found
        assert passphrases.check_place(path, tmp_path / "link") == found
    for path in (tmp_path / "s.csv", tmp_path / "o.csv", folder, loop / "s.csv"):
        assert passphrases.check_place(path, folder) == []
    assert passphrases.check_place(tmp_path / "s.csv", loop) == []


# --- Kills ----------------------------------------------------------------------------------------

BATCH = """
import sys, os, signal
from pathlib import Path
from enos_csr_gui.core.batch import check, make, records, table
rules = check.Rules(flat=sys.argv[3] == "flat")
devices = table.read(Path(sys.argv[1]))
moment = sys.argv[4]
if moment != "none":
    calls = {"staged": (make, "_sync_folder"), "renamed": (records.Ledger, "append"),
             "recorded": (make._Writer, "_note"), "listed": (records.Ledger, "write_manifest")}
    owner, name = calls[moment]
    real = getattr(owner, name)
    def killed(*arguments, **options):
        if moment == "listed" or arguments[-1]:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **options)
    setattr(owner, name, killed)
with records.opened(Path(sys.argv[2])) as ledger:
    checked = check.check(devices, ledger, rules)
    make.make(checked, devices.columns, ledger, rules)
"""


def start(path: Path, folder: Path, layout: str, moment: str = "none") -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", BATCH, path, folder, layout, moment]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


@pytest.mark.long
@ON_POSIX
@pytest.mark.parametrize("layout", ["folders", "flat"])
@pytest.mark.parametrize("moment", ["staged", "renamed", "recorded", "listed"])
def test_after_a_kill_the_same_command_goes_on(table_of, tmp_path, layout, moment) -> None:
    names = ["dev-1", "dev-2", "dev-3"]
    path, folder = table_of(*names), tmp_path / "o"
    assert start(path, folder, layout, moment).wait(60) in (0, -signal.SIGKILL)
    before = {one: one.read_bytes() for one in folder.rglob("dev-*.key")}
    result = run(path, folder, check.Rules(flat=layout == "flat"))
    assert not result.checked.bad
    assert set(complete(folder)) == set(names)
    kept = [one for one in before if not any(part.startswith(".enos") for part in one.parts)]
    assert {one: one.read_bytes() for one in kept}.items() <= before.items()


@pytest.mark.long
@ON_POSIX
def test_the_list_of_an_earlier_run_is_completed_after_a_kill(table_of, tmp_path) -> None:
    folder = tmp_path / "o"
    run(table_of("dev-1"), folder)
    path = table_of("dev-1", "dev-2")
    assert start(path, folder, "folders", "listed").wait(60) == -signal.SIGKILL
    assert [row["common_name"] for row in manifest(folder)] == ["dev-1"]
    assert run(path, folder).outcome.created == 0
    assert set(complete(folder)) == {"dev-1", "dev-2"}
    (folder / "manifest.csv").write_bytes(b"kept as it is\xff")
    run(path, folder)
    assert (folder / "manifest.csv").read_bytes() == b"kept as it is\xff"


@pytest.mark.long
@ON_POSIX
def test_a_line_that_a_kill_cut_off_is_written_again(table_of, tmp_path) -> None:
    path, folder = table_of("dev-1", "dev-2"), tmp_path / "o"
    run(path, folder)
    lines = folder / "requests.jsonl"
    data = lines.read_bytes()
    for length in (len(data) - 1, len(data) - 100, len(data) // 2 + 50, 0):
        lines.write_bytes(data[:length])
        if not length:
            (folder / "manifest.csv").unlink()
            default_path().unlink()
        run(path, folder)
        assert set(complete(folder)) == {"dev-1", "dev-2"}


@ON_POSIX
@pytest.mark.slow
def test_whenever_a_run_is_killed_every_pair_is_whole(table_of, tmp_path, random_moments) -> None:
    names = [f"dev-{number}" for number in range(400)]
    path, folder = table_of(*names), tmp_path / "o"
    fingerprints: dict[str, str] = {}
    for moment in random_moments(50):
        process = start(path, folder, "folders")
        time.sleep(moment)
        process.kill()
        process.wait()
        for one in folder.glob("dev-*"):
            assert {path.suffix for path in one.iterdir()} == {".key", ".csr"}
    run(path, folder)
    fingerprints = complete(folder)
    assert set(fingerprints) == set(names)
    assert len(set(fingerprints.values())) == len(names)


@pytest.fixture
def random_moments() -> Callable[[int], list[float]]:
    """Return a function for so many random times, in seconds, at which to kill a process."""
    import random

    return lambda count: [random.uniform(0.2, 2.0) for _number in range(count)]


# --- Disks ----------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("blocks", [120, 220])  # full at the records; at the files
def test_a_disk_that_fills_up_keeps_whole_pairs_and_the_run_goes_on(
    table_of, mounted, flat, blocks
) -> None:
    disk = mounted("-t", "tmpfs", "-o", "size=400k", "none")
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(blocks << 10))
    names = [f"dev-{number}" for number in range(30)]
    path, folder, rules = table_of(*names), disk / "o", check.Rules(flat=flat)
    with pytest.raises(CannotSave) as caught:
        run(path, folder, rules)
    assert caught.value.problems[0].code is Code.BATCH_DISK_FULL
    assert len(list(folder.rglob("dev-*.key"))) == len(list(folder.rglob("dev-*.csr"))) <= 30
    ballast.unlink()
    result = run(path, folder, rules)
    assert not result.checked.bad
    assert set(complete(folder)) == set(names)


@pytest.mark.slow
def test_a_disk_that_cannot_keep_a_key_private(table_of, usb_stick) -> None:
    path = table_of("dev-1")
    with pytest.raises(CannotSave) as caught:
        run(path, usb_stick / "o")
    assert caught.value.problems[0].code is Code.NOT_PRIVATE
    assert not list(usb_stick.rglob("*.key"))
    run(path, usb_stick / "o", passphrase=lambda _row: "correct horse")
    assert set(complete(usb_stick / "o", passphrase=b"correct horse")) == {"dev-1"}
