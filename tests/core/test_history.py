"""The history: nothing gets lost, nobody else reads it, and it never stands in the way."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from enos_csr_gui.core import history, history_file, keys
from enos_csr_gui.core.create import create_request, used_name
from enos_csr_gui.core.enums import RequestKind, SortBy, Status
from enos_csr_gui.core.errors import Code, HistoryUnavailable
from enos_csr_gui.core.history import NewRequest, PastRequest, RequestHistory, Selection

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CHINA = timezone(timedelta(hours=8))

posix_only = pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX knows them")


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "data" / "history.sqlite3"


@pytest.fixture
def past(path):
    with RequestHistory(path) as opened:
        yield opened


def record(past: RequestHistory, name: str = "dev-001", **changes) -> None:
    subject = {"country": "CN", "state": "Guizhou", "common_name": name}
    values = {
        "public_key_sha256": "f" * 64,
        "key": Path(f"/work/{name}.key"),
        "csr": Path(f"/work/{name}.csr"),
    }
    past.record(subject | changes.pop("subject", {}), **values | changes)


def names(requests: list[PastRequest]) -> list[str]:
    return [request.common_name for request in requests]


def selected(past: RequestHistory, **ways: Any) -> list[PastRequest]:
    """The requests as the window lists them."""
    return past.numbered(past.numbers(Selection(**ways)))


def set_aside(path: Path) -> list[Path]:
    return sorted(path.parent.glob("history-damaged-*"))


# --- What is kept ---------------------------------------------------------------------------------


def test_all_that_was_recorded_comes_back(past, path, answers):
    past.record(
        answers,
        public_key_sha256="ab" * 32,
        key=Path("/work/dev-001.key"),
        csr=Path("/work/dev-001.csr"),
        kind=RequestKind.RENEWAL,
        made_on=datetime(2026, 11, 23, 20, 0, 5, 999, tzinfo=CHINA),
    )
    past.close()
    with RequestHistory(path) as again:
        [request] = again.requests()
    assert list(request.subject.items()) == list(answers.items())
    assert request == PastRequest(
        number=1,
        subject=answers,
        kind=RequestKind.RENEWAL,
        made_on=datetime(2026, 11, 23, 12, 0, 5, tzinfo=UTC),
        public_key_sha256="ab" * 32,
        key=Path("/work/dev-001.key"),
        csr=Path("/work/dev-001.csr"),
        issued=None,
        expires=None,
        serial=None,
    )
    assert request.made_on.tzinfo is UTC


def test_the_default_time_of_a_request_is_now(past):
    before = datetime.now(UTC).replace(microsecond=0)
    record(past)
    assert before <= past.requests()[0].made_on <= datetime.now(UTC)


def test_a_time_without_its_zone_is_a_mistake_of_the_program(past, path):
    with pytest.raises(ValueError, match=r"^a time without its zone$"):
        record(past, made_on=datetime(2026, 11, 23))
    assert not path.exists()


def test_nothing_is_written_before_something_is_recorded(past, path):
    assert past.requests() == []
    assert past.count() == 0
    assert past.find_common_name("dev-001") == past.find_public_key("ab") == []
    assert past.check_common_name("dev-001") == []
    assert not past.certificate_received(
        "ab",
        common_name="dev-001",
        certificate=Path("dev-001.crt"),
        serial=1,
        issued=NOW,
        expires=NOW,
    )
    assert not path.parent.exists()


def test_it_is_kept_where_the_platform_keeps_data(data_folder):
    with RequestHistory() as past:
        record(past)
    assert history.default_path().is_relative_to(data_folder)
    assert history.default_path().is_file()


@pytest.mark.parametrize(
    "name", ["风" * 64, "o'brien\";--", "%_\\", "\ud800 half", "a\0b", "", "\U0001f600"]
)
def test_any_name_is_kept(past, name):
    record(past, name, key=Path("/x.key"), csr=Path("/x.csr"))
    shown = name.replace("\ud800", "\\ud800")  # what no file in UTF-8 can hold is spelled out
    assert names(past.requests()) == [shown]
    assert names(past.find_common_name(name)) == [shown]


@posix_only
def test_a_path_with_half_a_character_is_kept_as_far_as_it_can_be(past):
    record(past, key=Path("/work/a\ud800.key"), csr=Path("/work/a\ud800.csr"))
    [request] = past.requests()
    assert (request.key, request.csr) == (Path("/work/a\\ud800.key"), Path("/work/a\\ud800.csr"))


def test_requests_without_a_name_belong_together(past):
    for fingerprint in ("1", "2"):
        past.record(
            {"country": "CN"}, public_key_sha256=fingerprint, key=Path("/k"), csr=Path("/c")
        )
    record(past, "xxxx")
    assert [one.public_key_sha256 for one in past.find_common_name("")] == ["2", "1"]


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="no time zone of one process")
def test_a_date_is_that_of_the_place_as_far_as_the_calendar_goes(monkeypatch):
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "East-8")
        time.tzset()
        dates = [
            history.local_date(one)
            for one in (
                datetime(2026, 11, 23, 15, 59, 59, tzinfo=UTC),
                datetime(2026, 11, 23, 16, tzinfo=UTC),
                datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
            )
        ]
    time.tzset()
    assert dates == ["2026-11-23", "2026-11-24", "9999-12-31"]


@posix_only
def test_a_path_that_is_not_utf_8_is_kept(past):
    folder = os.fsdecode(b"/Gu\xefzhou")  # Latin-1, from an old disk
    record(past, key=Path(folder, "a.key"), csr=Path(folder, "a.csr"))
    [request] = past.requests()
    assert (request.key, request.csr) == (Path(folder, "a.key"), Path(folder, "a.csr"))


def test_whether_the_files_still_are_there(past, tmp_path):
    key, csr = tmp_path / "a.key", tmp_path / "a.csr"
    key.write_text("")
    record(past, key=key, csr=csr)
    [request] = past.requests()
    assert request.key_exists()
    assert not request.csr_exists()


def test_nothing_secret_is_kept(past, tmp_path, subject, key):
    create_request(subject, key, tmp_path / "out", "dev-001", passphrase="battery staple")
    content = history.default_path().read_bytes()
    der = key.private_numbers().p.to_bytes(128, "big")
    for secret in (b"battery", b"PRIVATE", der[:32]):
        assert secret not in content
    assert b"dev-001" in content


# --- The certificate ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "status", "days"),
    [
        (timedelta(days=60, seconds=1), Status.VALID, 61),
        (timedelta(days=60), Status.EXPIRING, 60),
        (timedelta(days=59, seconds=1), Status.EXPIRING, 60),
        (timedelta(days=1), Status.EXPIRING, 1),
        (timedelta(seconds=1), Status.EXPIRING, 1),
        (timedelta(0), Status.EXPIRED, 0),
        (-timedelta(seconds=1), Status.EXPIRED, 0),
        (-timedelta(days=700), Status.EXPIRED, -700),
    ],
)
def test_the_status_once_the_certificate_is_there(past, left, status, days):
    record(past, public_key_sha256="ab")
    assert past.certificate_received(
        "ab",
        common_name="dev-001",
        certificate=Path("dev-001.crt"),
        serial=2**159 + 7,
        issued=NOW - timedelta(days=730),
        expires=(NOW + left).astimezone(CHINA),
    )
    [request] = past.requests()
    assert request.serial == 2**159 + 7
    assert (request.issued, request.expires) == (NOW - timedelta(days=730), NOW + left)
    assert (request.status(NOW), request.days_left(NOW)) == (status, days)


def test_a_request_waits_for_its_certificate(past):
    record(past)
    [request] = past.requests()
    assert (request.status(), request.days_left()) == (Status.WAITING, None)


def test_a_certificate_that_never_ends(past):
    record(past, public_key_sha256="ab")
    never = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    past.certificate_received(
        "ab",
        common_name="dev-001",
        certificate=Path("dev-001.crt"),
        serial=1,
        issued=NOW,
        expires=never,
    )
    [request] = past.requests()
    assert request.expires == never
    assert history.local_date(never)[:4] in ("9999", "0001")
    assert request.status() is Status.VALID


def receive(past: RequestHistory, serial: int, name: str) -> None:
    assert past.certificate_received(
        "ab",
        common_name=name,
        certificate=Path("dev-001.crt"),
        serial=serial,
        issued=NOW,
        expires=NOW + timedelta(days=730),
    )


def serials(past: RequestHistory) -> list[int | None]:
    return [request.serial for request in selected(past, descending=False)]


def test_one_key_for_several_requests(past):
    record(past, "dev-001", public_key_sha256="ab")
    record(past, "dev-002", public_key_sha256="ab")
    record(past, "dev-001", public_key_sha256="ab", kind=RequestKind.RENEWAL)
    record(past, "dev-001", public_key_sha256="other")
    receive(past, 2, "dev-002")
    assert serials(past) == [None, 2, None, None]
    receive(past, 3, "dev-001")  # the newest of its name
    assert serials(past) == [None, 2, 3, None]
    receive(past, 1, "DEV-001")  # the one that still waits
    receive(past, 3, "dev-001")  # received again
    assert serials(past) == [1, 2, 3, None]
    receive(past, 9, "a name that the authority changed")
    assert serials(past) == [1, 2, 9, None]


def test_a_certificate_that_was_not_requested_here(past):
    record(past, public_key_sha256="ab")
    assert not past.certificate_received(
        "cd",
        common_name="dev-001",
        certificate=Path("dev-001.crt"),
        serial=1,
        issued=NOW,
        expires=NOW,
    )
    assert serials(past) == [None]


# --- A used common name ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    ["Café", " Café\u3000", "Cafe\u0301", "CAFE\u0301", "café"],
)
def test_a_name_is_used_however_it_is_written(past, typed):
    record(past, "Café", made_on=NOW)
    [problem] = past.check_common_name(typed)
    assert problem.code is Code.NAME_USED
    assert problem.field == "common_name"
    assert problem.values == {
        "name": "Café",
        "made_on": history.local_date(NOW),
        "csr": str(Path("/work/Café.csr")),
    }


@pytest.mark.parametrize("typed", ["Cafe", "Caf", "Café 2", "Ca fé", "", " ", "%", "Caf_"])
def test_another_name_is_not_used(past, typed):
    record(past, "Café")
    record(past, "")
    assert past.check_common_name(typed) == []


def test_the_last_request_of_a_name_is_reported(past):
    for day, name in ((2, "DEV-001"), (3, "Dev-001"), (1, "dev-001")):
        record(past, name, made_on=NOW + timedelta(days=day))
    assert names(past.find_common_name("dev-001")) == ["Dev-001", "DEV-001", "dev-001"]
    assert past.check_common_name("dev-001")[0].values["name"] == "Dev-001"


def test_the_requests_of_a_key(past):
    for name, fingerprint in (("a", "1"), ("b", "2"), ("c", "1")):
        record(past, name, public_key_sha256=fingerprint)
    assert names(past.find_public_key("1")) == ["c", "a"]


# --- Pages ----------------------------------------------------------------------------------------


@pytest.fixture
def five(past):
    """A history of five requests."""
    for number, name in enumerate(("b", "E", "a", "D", "c")):
        record(
            past,
            name,
            public_key_sha256=name,
            made_on=NOW + timedelta(days=number),
            kind=RequestKind.RENEWAL if name in "ab" else RequestKind.NEW,
            csr=Path(f"/{9 - number}.csr"),
            subject={"organization": "贵州 Wind_100%" if name == "a" else "Sun"},
        )
        if name in "aE":
            past.certificate_received(
                name,
                common_name=name,
                certificate=Path("dev-001.crt"),
                serial=0xABC,
                issued=NOW + timedelta(days=number),
                expires=NOW + timedelta(days=9 - number),
            )
    return past


@pytest.mark.parametrize(
    ("sort", "ascending"),
    [
        (SortBy.MADE_ON, "bEaDc"),
        (SortBy.COMMON_NAME, "abcDE"),
        (SortBy.KIND, "EDcba"),
        (SortBy.CSR, "cDaEb"),
        (SortBy.EXPIRES, "bDcaE"),
        (SortBy.ISSUED, "bDcEa"),
    ],
)
@pytest.mark.parametrize("filter_text", ["", "guizhou"])
def test_sorted_by_each_column(five, sort, ascending, filter_text):
    ways = {"sort": sort, "filter_text": filter_text}
    up = names(selected(five, **ways, descending=False))
    assert up == [*ascending]
    assert names(selected(five, **ways)) == up[::-1]


@pytest.fixture
def of_each_status(past) -> RequestHistory:
    """Requests that wait, are valid, expire soon, and have expired; the serial numbers differ."""
    for name, days, serial in (("w", None, None), ("v", 90, 9), ("s", 9, 100), ("x", -9, 1 << 70)):
        record(past, name, public_key_sha256=name)
        if days is not None:
            expires = datetime.now(UTC) + timedelta(days=days)
            past.certificate_received(
                name,
                common_name=name,
                certificate=Path("a.crt"),
                serial=serial,
                issued=expires - timedelta(days=700),
                expires=expires,
            )
    return past


@pytest.mark.parametrize(
    ("status", "found"),
    [
        (Status.WAITING, ["w"]),
        (Status.VALID, ["v"]),
        (Status.EXPIRING, ["s"]),
        (Status.EXPIRED, ["x"]),
        (None, ["w", "v", "s", "x"]),
    ],
)
def test_only_those_of_one_status(of_each_status, status, found):
    for text in ("", "guizhou"):
        ways = {"status": status, "filter_text": text, "descending": False}
        assert names(selected(of_each_status, **ways)) == found


def test_serial_numbers_are_sorted_as_numbers(of_each_status):
    for text in ("", "guizhou"):
        ways = {"sort": SortBy.SERIAL, "filter_text": text}
        assert names(selected(of_each_status, **ways, descending=False)) == ["w", "v", "s", "x"]
        assert names(selected(of_each_status, **ways)) == ["x", "s", "v", "w"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "cDaEb"),
        ("  ", "cDaEb"),
        ("SUN", "cDEb"),
        ("wind sun", ""),
        ("贵州 GUIZ", "a"),
        ("_100%", "a"),
        ("%", "a"),
        ("9.csr", "b"),
        ("ABC", "aE"),
        ("0x0ABC", "aE"),
        ("2748", "aE"),
        ("2748 (0xABC)", "aE"),
        (f"{2748:050}", "aE"),
        (f"{2748:051}", ""),
        ("274", ""),
        ("2_748", ""),
        ("xx", ""),
        ("1" * 5000, ""),
        ("' OR 1", ""),
        ("\ud800", ""),
    ],
)
def test_a_filter_finds_every_word(five, text, found):
    assert names(five.requests(filter_text=text)) == [*found]
    assert names(selected(five, filter_text=text)) == [*found]
    assert names(five.requests(filter_text=text, limit=2)) == [*found][:2]


# --- Private --------------------------------------------------------------------------------------


@posix_only
@pytest.mark.parametrize("umask", [0, 0o077, 0o277])
def test_only_the_owner_can_read_it(umask, monkeypatch):
    seen: dict[str, int] = {}

    def look(folder: Path) -> None:
        for entry in (folder, *folder.iterdir()):
            seen[entry.name] = seen.get(entry.name, 0) | stat.S_IMODE(entry.stat().st_mode)

    path = history.default_path()
    before = os.umask(umask & 0o077)
    try:
        with RequestHistory() as past:
            record(past)
            connection = past._file._open()
            connection.execute("BEGIN IMMEDIATE").close()
            connection.execute("UPDATE request SET country = 'DE'").close()
            look(path.parent)  # the journal is there now
            connection.execute("ROLLBACK").close()
    finally:
        os.umask(before)
    assert seen == {
        "enos-csr": 0o700,
        "history.sqlite3": 0o600,
        "history.sqlite3-journal": 0o600,
    }


@posix_only
def test_the_file_is_private_from_its_first_byte(past, path, monkeypatch):
    modes: list[int] = []
    real = os.open

    def spy(target, *arguments, **named):
        handle = real(target, *arguments, **named)
        if Path(target) == path:
            modes.append(stat.S_IMODE(os.fstat(handle).st_mode))
        return handle

    monkeypatch.setattr(os, "open", spy)
    before = os.umask(0)
    try:
        record(past)
    finally:
        os.umask(before)
    assert set(modes) == {0o600}


@posix_only
def test_what_was_open_to_others_is_closed():
    path = history.default_path()
    with RequestHistory() as past:
        record(past)
    path.chmod(0o644)
    path.parent.chmod(0o755)
    with RequestHistory() as past:
        past.requests()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@posix_only
def test_a_folder_that_was_open_to_others_is_closed_with_the_first_request():
    path = history.default_path()
    path.parent.mkdir()
    path.parent.chmod(0o755)
    with RequestHistory() as past:
        record(past)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


# --- Damage ---------------------------------------------------------------------------------------


def filled(path: Path, count: int = 100) -> bytes:
    with RequestHistory(path) as past:
        for number in range(count):
            record(past, f"dev-{number}")
    return path.read_bytes()


def zeroed(data: bytes) -> bytes:
    return data[:4096] + bytes(len(data) - 4096)


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"hello",
        lambda _: b"\0" * 5000,
        lambda data: data[:5000],
        lambda data: data[:-4096],
        lambda data: b"X" + data[1:],
        zeroed,
        lambda data: data.replace(b"CREATE TABLE", b"CREATE TUBLE"),
    ],
)
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(path, damage):
    broken = damage(filled(path, 30))
    path.write_bytes(broken)
    with RequestHistory(path) as past:
        record(past, "after")
        past.find_common_name("after")
        listed = past.requests()
        notes = past.notes
    [aside] = set_aside(path)
    assert aside.read_bytes().startswith(broken[:16])
    assert [(note.code, note.path) for note in notes] == [(Code.HISTORY_DAMAGED, aside)]
    with RequestHistory(path) as past:
        assert past.requests() == listed
        record(past, "later")
        assert names(past.requests())[0] == "later"
        assert past.notes == ()


def test_a_new_file_that_another_thread_has_just_made_is_not_set_aside(tmp_path, monkeypatch):
    path = tmp_path / "history.sqlite3"
    path.write_bytes(b"damaged" * 100)
    identity, looks = history_file._identity, []

    def look(one):
        looks.append(one)
        if len(looks) == 1:
            path.unlink()
        found = identity(one)
        if len(looks) == 2:
            with RequestHistory(path) as other:
                record(other, "new")
        return found

    monkeypatch.setattr(history_file, "_identity", look)
    with RequestHistory(path) as past:
        assert names(past.requests()) == ["new"]
    assert set_aside(path) == []


def test_a_damaged_file_that_several_threads_find_is_set_aside_once(tmp_path):
    for number in range(20):
        path = tmp_path / str(number) / "history.sqlite3"
        path.parent.mkdir()
        path.write_bytes(b"damaged" * 100)
        at_once = threading.Barrier(4)
        notes = []

        def look(path=path, at_once=at_once, notes=notes):
            with RequestHistory(path) as past:
                at_once.wait()
                past.count()
                notes.extend(past.notes)

        threads = [threading.Thread(target=look) for _thread in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [note.path for note in notes] == set_aside(path)


@pytest.mark.parametrize(
    "change",
    [
        "made_on = 'yesterday'",
        "made_on = 1 << 62",
        "expires = x'00'",
        "issued = 1e300",
        "serial = 'xyz'",
        "serial = x'ff'",
        "key = 7",
        "certificate = 'text'",
        "csr = 1.5",
        "fingerprint = x'ff'",
        "common_name = 12",
        "state = x'ff'",
        "batch = x'ff'",
    ],
)
def test_a_value_without_sense_costs_neither_its_row_nor_the_list(path, change):
    filled(path, 3)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"UPDATE request SET {change} WHERE number = 2")
        connection.commit()
    with RequestHistory(path) as past:
        listed = past.requests()
        assert {one.number for one in listed} == {1, 2, 3}
        assert {type(one.batch) for one in listed} <= {str, type(None)}
        assert past.count() == 3
        record(past, "later")
        assert past.notes == ()
    assert set_aside(path) == []


def test_a_text_that_is_not_utf_8_costs_one_letter_only(path):
    filled(path, 3)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE request SET common_name = cast(x'64ff' AS TEXT) WHERE number=2")
        connection.commit()
    with RequestHistory(path) as past:
        assert names(past.requests()) == ["dev-2", "d\ufffd", "dev-0"]


def test_many_damaged_files_are_all_kept(path, monkeypatch):
    monkeypatch.setattr(history_file, "datetime", SimpleNamespace(now=lambda: NOW))
    path.parent.mkdir()
    for number in range(4):
        path.write_bytes(b"damaged %d" % number)
        with RequestHistory(path) as past:
            assert past.requests() == []
    assert {aside.name: aside.read_bytes() for aside in set_aside(path)} == {
        "history-damaged-2026-11-23-120000.sqlite3": b"damaged 0",
        "history-damaged-2026-11-23-120000-2.sqlite3": b"damaged 1",
        "history-damaged-2026-11-23-120000-3.sqlite3": b"damaged 2",
        "history-damaged-2026-11-23-120000-4.sqlite3": b"damaged 3",
    }


@posix_only
def test_a_file_that_is_damaged_twice_is_reported_twice(path):
    with RequestHistory(path) as past:
        for number in range(2):
            record(past)
            path.write_bytes(b"damaged %d" % number * 1000)
            assert past.requests() == []
        assert [note.code for note in past.notes] == [Code.HISTORY_DAMAGED] * 2
        contents = [note.path.read_bytes()[:9] for note in past.notes]
    assert contents == [b"damaged 0", b"damaged 1"]


def test_a_damaged_file_in_a_folder_without_permission_stays(anybodys_folder, without_privileges):
    path = anybodys_folder / "data" / "history.sqlite3"
    path.parent.mkdir()
    path.write_bytes(b"damaged" * 100)
    path.parent.chmod(0o555)
    refused = pytest.raises(HistoryUnavailable)
    with without_privileges(), RequestHistory(path) as past, refused as caught:
        past.count()
    [problem] = caught.value.problems
    assert (problem.code, problem.path) == (Code.HISTORY_NO_ACCESS, path)
    assert problem.values == {}
    assert path.read_bytes() == b"damaged" * 100


@posix_only
def test_a_file_that_is_renamed_during_the_look_is_made_again_for_its_owner_alone(
    path, monkeypatch
):
    filled(path, 1)
    looks = []

    def look(place: object, *, really=os.stat, **named: object) -> os.stat_result:
        if place == path and named.get("follow_symlinks") is not False:
            looks.append(place)
            if len(looks) == 2:  # it was there the first time
                path.rename(path.with_name("renamed"))
        return really(place, **named)

    before = os.umask(0o022)
    monkeypatch.setattr(os, "stat", look)
    try:
        with RequestHistory(path) as past:
            record(past, "new")
            assert names(past.requests()) == ["new"]
            assert past.notes == ()
    finally:
        os.umask(before)
    assert path.with_name("renamed").exists()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@posix_only
@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_folder_that_another_process_removes_is_made_three_times(past, path, monkeypatch, times):
    removed = []

    def remove(place: object, *rest: object, really=os.open, **named: object) -> int:
        if place == str(path) and len(removed) < times:
            path.parent.rmdir()
            removed.append(place)
        return really(place, *rest, **named)

    monkeypatch.setattr(os, "open", remove)
    if times < 3:
        record(past)
        assert past.count() == 1
        return
    with pytest.raises(HistoryUnavailable) as caught:
        record(past)
    [problem] = caught.value.problems
    assert (problem.code, problem.path) == (Code.HISTORY_TROUBLE, path)
    assert problem.values == {"reason": os.strerror(errno.ENOENT)}


@posix_only
def test_what_another_copy_of_the_program_set_aside_is_not_set_aside_again(path):
    filled(path, 30)
    with RequestHistory(path) as mine, RequestHistory(path) as other:
        assert len(mine.requests()) == 30
        with path.open("r+b") as file:
            file.write(b"X" * 5000)
        record(other, "new")
        record(mine, "mine")
        assert names(RequestHistory.requests(other)) == ["mine", "new"]
        assert mine.notes == ()
    assert len(set_aside(path)) == 1


@posix_only
def test_what_lies_beside_a_damaged_file_goes_with_it(path):
    filled(path, 30)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL").close()
        other.execute("UPDATE request SET country = 'DE' WHERE number = 1").close()
        log = Path(f"{path}-wal").read_bytes()
        path.write_bytes(zeroed(path.read_bytes()))
        with RequestHistory(path) as past:
            assert selected(past, sort=SortBy.KIND) == []
        [aside, _, aside_log] = set_aside(path)
        assert aside_log.name == f"{aside.name}-wal"
        assert aside_log.read_bytes() == log


def test_an_empty_file_is_an_empty_history(past, path):
    path.parent.mkdir()
    path.write_bytes(b"")
    assert past.requests() == []
    record(past)
    assert past.count() == 1
    assert past.notes == ()


def test_a_history_of_a_newer_version_is_left_alone(path):
    filled(path, 1)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE request RENAME TO requests")
        connection.execute(f"PRAGMA user_version = {history_file.SCHEMA_VERSION + 1}")
    before = path.read_bytes()
    for action in (record, RequestHistory.requests):
        with RequestHistory(path) as past, pytest.raises(HistoryUnavailable) as caught:
            action(past)
        assert [(p.code, p.path) for p in caught.value.problems] == [(Code.HISTORY_NEWER, path)]
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_an_older_schema_is_brought_up_to_date_and_keeps_its_rows(path, monkeypatch):
    filled(path, 2)
    later = (*history_file._MIGRATIONS, ("ALTER TABLE request ADD COLUMN remark TEXT",))
    monkeypatch.setattr(history_file, "_MIGRATIONS", later)
    monkeypatch.setattr(history_file, "SCHEMA_VERSION", len(later))
    with RequestHistory(path) as past:
        assert names(past.requests()) == ["dev-1", "dev-0"]
        with closing(past._file._open().execute("PRAGMA user_version")) as cursor:
            assert cursor.fetchone() == (len(later),)
        past._file._open().execute("UPDATE request SET remark = 'x'").close()


def test_a_migration_that_fails_changes_nothing(path, monkeypatch):
    filled(path, 2)
    before = path.read_bytes()
    later = (*history_file._MIGRATIONS, ("ALTER TABLE request ADD COLUMN remark TEXT", "NONSENSE"))
    monkeypatch.setattr(history_file, "_MIGRATIONS", later)
    monkeypatch.setattr(history_file, "SCHEMA_VERSION", len(later))
    with RequestHistory(path) as past:
        with pytest.raises(HistoryUnavailable):
            record(past)
        [aside] = set_aside(path)
        assert [(note.code, note.path) for note in past.notes] == [(Code.HISTORY_DAMAGED, aside)]
    assert aside.read_bytes() == before


def test_a_copy_that_comes_second_does_not_migrate_again(path, monkeypatch):
    """Two copies found the old schema; the one that waits has nothing to do any more."""
    filled(path, 2)
    later = (*history_file._MIGRATIONS, ("ALTER TABLE request ADD COLUMN remark TEXT",))
    monkeypatch.setattr(history_file, "_MIGRATIONS", later)
    monkeypatch.setattr(history_file, "SCHEMA_VERSION", len(later))
    really = history_file.in_transaction

    def overtaken(connection, action):
        monkeypatch.setattr(history_file, "in_transaction", really)
        with RequestHistory(path) as other:
            assert other.count() == 2
        return really(connection, action)

    monkeypatch.setattr(history_file, "in_transaction", overtaken)
    with RequestHistory(path) as past:
        assert past.count() == 2
        assert past.notes == ()
    assert set_aside(path) == []


# --- Anything else in its place: the request is made ----------------------------------------------


def not_utf_8(path: Path) -> None:
    """SQLite repeats the name of the table in its error, which Python then cannot decode."""
    path.write_bytes(path.read_bytes().replace(b"tablerequest", b"table\xffequest"))


def another_not_utf_8(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"made_on INTEGER", b"m\xffde_on INTEGER"))


def changed(*statements: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement).close()

    change.__name__ = statements[0]
    return change


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def a_pipe_as_journal(path: Path) -> None:
    os.mkfifo(f"{path}-journal")


def a_link_to_nothing_as_journal(path: Path) -> None:
    Path(f"{path}-journal").symlink_to("gone")


def a_link_to_nothing(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parent.parent / "elsewhere")


def a_link_to_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path.parent.parent / "elsewhere")
    path.symlink_to(path.parent.parent / "elsewhere")


def a_link_to_itself(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


@posix_only
@pytest.mark.parametrize(
    "damage",
    [
        not_utf_8,
        another_not_utf_8,
        changed("DROP TABLE request"),
        changed("ALTER TABLE request RENAME TO requests"),
        changed("ALTER TABLE request RENAME COLUMN made_on TO made"),
        changed("PRAGMA user_version = 0"),
        changed("PRAGMA user_version = 1"),
        changed("PRAGMA user_version = -7"),
        changed("PRAGMA user_version = 4711"),
        changed("CREATE TRIGGER t BEFORE INSERT ON request BEGIN SELECT RAISE(ABORT, 'no'); END"),
        changed("CREATE TRIGGER t BEFORE INSERT ON request BEGIN SELECT load_extension('x'); END"),
        changed(
            "ALTER TABLE request RENAME TO other", "CREATE VIEW request AS SELECT * FROM other"
        ),
        a_pipe,
        a_pipe_as_journal,
        a_link_to_nothing_as_journal,
        a_link_to_nothing,
        a_link_to_a_pipe,
        a_link_to_itself,
    ],
    ids=lambda damage: damage.__name__,
)
def test_whatever_is_wrong_with_the_history_the_request_is_made(
    tmp_path, damage, subject, key, data_folder
):
    path = history.default_path()
    filled(path, 30)
    damage(path)
    found = used_name("dev-1")
    made = create_request(subject, key, tmp_path, "dev-001")
    assert made.csr.exists()
    expected = Code.HISTORY_NEWER if "4711" in damage.__name__ else Code.HISTORY_DAMAGED
    assert [note.code for note in (*found.notes, *made.notes)] == [expected]
    assert not (data_folder / "elsewhere").is_file()
    with RequestHistory() as past, suppress(HistoryUnavailable):
        assert all(isinstance(one, history.PastRequest) for one in past.requests())


@posix_only
def test_what_a_link_leads_to_keeps_its_rights(tmp_path):
    """A home folder may be spread over disks; the target belongs to the user who made the link."""
    path = history.default_path()
    filled(path, 2)
    elsewhere = tmp_path / "elsewhere"
    path.parent.rename(elsewhere)
    path.parent.symlink_to(elsewhere)
    file = elsewhere / "kept.sqlite3"
    (elsewhere / path.name).rename(file)
    path.symlink_to(file)
    elsewhere.chmod(0o755)
    file.chmod(0o644)
    with RequestHistory() as past:
        assert past.count() == 2
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o755
    assert stat.S_IMODE(file.stat().st_mode) == 0o644


def raising(error: Exception) -> Callable[[sqlite3.Connection], None]:
    def action(_connection: sqlite3.Connection) -> None:
        raise error

    return action


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (raising(OSError(errno.EIO, "the disk is broken")), "the disk is broken"),
        (raising(OSError()), "OSError"),
        (raising(sqlite3.Warning("what SQLite says")), "what SQLite says"),
        (raising(MemoryError()), "MemoryError"),
        (
            lambda connection: connection.execute("SELECT ?", [1 << 64]).close(),
            "Python int too large to convert to SQLite INTEGER",
        ),
    ],
    ids=["disk", "disk without words", "SQLite", "memory", "number"],
)
def test_an_error_that_is_no_damage_is_reported_in_its_own_words(path, action, reason):
    filled(path, 1)
    file = history_file.HistoryFile(path, own_folder=False)
    with pytest.raises(HistoryUnavailable) as caught:
        file.run(action, nothing=None)
    [problem] = caught.value.problems
    assert (problem.code, problem.path) == (Code.HISTORY_TROUBLE, path)
    assert problem.values == {"reason": reason}
    assert set_aside(path) == []


def test_a_change_is_on_disk_at_once_and_others_are_waited_for(path):
    filled(path, 1)
    file = history_file.HistoryFile(path, own_folder=False)
    other = history_file.HistoryFile(path, own_folder=False)
    with closing(file), closing(other):
        file.run(lambda one: one.execute("UPDATE request SET state = 'x'").close(), nothing=None)
        assert other.run(
            lambda one: [
                row
                for question in ("SELECT state FROM request", "PRAGMA busy_timeout")
                for row in one.execute(question).fetchall()
            ],
            nothing=[],
        ) == [("x",), (10_000,)]


def test_an_error_that_has_ended_the_transaction_is_the_one_that_is_reported(past):
    """As a full disk ends it."""
    record(past)
    connection = past._file._open()
    again = "INSERT OR ROLLBACK INTO request (number) VALUES (1)"
    with pytest.raises(sqlite3.IntegrityError):
        history_file.in_transaction(connection, lambda: connection.execute(again))
    assert not connection.in_transaction
    assert past.count() == 1


# --- In the way -----------------------------------------------------------------------------------


def codes(caught: pytest.ExceptionInfo[HistoryUnavailable]) -> list[Code]:
    return [problem.code for problem in caught.value.problems]


def test_a_folder_in_its_place(past, path):
    path.mkdir(parents=True)
    with pytest.raises(HistoryUnavailable) as caught:
        record(past)
    assert codes(caught) == [Code.HISTORY_NO_ACCESS]
    assert path.is_dir()


def test_a_file_in_the_place_of_its_folder(past, path):
    path.parent.write_text("in the way")
    with pytest.raises(HistoryUnavailable) as caught:
        record(past)
    assert codes(caught) == [Code.HISTORY_NO_ACCESS]
    assert [(one.path, one.values) for one in caught.value.problems] == [(path, {})]
    assert path.parent.read_text() == "in the way"


def test_another_program_that_does_not_let_go(past, path, monkeypatch):
    filled(path, 1)
    monkeypatch.setattr(history_file, "BUSY_SECONDS", 0.1)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(HistoryUnavailable) as caught:
            record(past)
        assert codes(caught) == [Code.HISTORY_BUSY]
        other.execute("ROLLBACK")
    record(past, "later")
    assert past.count() == 2
    assert set_aside(path) == []


def test_to_read_needs_not_wait_for_another_program_that_writes(past, path, monkeypatch):
    filled(path, 2)
    monkeypatch.setattr(history_file, "BUSY_SECONDS", 0.1)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert past.count() == 2
        other.execute("ROLLBACK")


def test_a_new_file_waits_for_another_copy_that_is_making_it(past, path):
    path.parent.mkdir()
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    with closing(other):
        other.execute("BEGIN IMMEDIATE")
        later = threading.Timer(0.3, other.execute, ["COMMIT"])
        later.start()
        record(past)
        later.join()
    assert past.count() == 1


def test_ctrl_c_in_the_middle_lets_go_of_the_file(past):
    record(past)

    def interrupted() -> None:
        past._file._open().execute("DELETE FROM request").close()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        history_file.in_transaction(past._file._open(), interrupted)
    assert not past._file._open().in_transaction
    assert past.count() == 1


@pytest.mark.parametrize(
    ("file_mode", "folder_mode", "seen"),
    [
        (0o666, 0o777, [2, None]),
        (0o666, 0o555, [2, Code.HISTORY_NO_ACCESS]),
        (0o444, 0o777, [2, Code.HISTORY_NO_ACCESS]),
        (0o000, 0o777, [Code.HISTORY_NO_ACCESS] * 2),
        (0o666, 0o000, [Code.HISTORY_NO_ACCESS] * 2),
        (None, 0o555, [0, Code.HISTORY_NO_ACCESS]),
    ],
)
def test_without_permission(anybodys_folder, without_privileges, file_mode, folder_mode, seen):
    path = anybodys_folder / "data" / "history.sqlite3"
    filled(path, 2)
    if file_mode is None:
        path.unlink()
    else:
        path.chmod(file_mode)
    path.parent.chmod(folder_mode)
    found = []
    with without_privileges(), RequestHistory(path) as past:
        for action in (lambda: len(past.requests()), lambda: record(past)):
            try:
                found.append(action())
            except HistoryUnavailable as error:
                found.extend(error.problems)
    assert [getattr(one, "code", one) for one in found] == seen
    assert {one.path for one in found if hasattr(one, "code")} <= {path}


@pytest.mark.slow
@pytest.mark.parametrize("already", [0, 30])
def test_a_full_disk(mounted, already):
    disk = mounted("-t", "tmpfs", "-o", "size=256k", "tmpfs")
    path = disk / "data" / "history.sqlite3"
    if already:
        filled(path, already)
    with (disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while filler.write(bytes(4096)) == 4096:
            pass
    with RequestHistory(path) as past:
        with pytest.raises(HistoryUnavailable) as caught:
            record(past, "x" * 5000)
        assert codes(caught) == [Code.HISTORY_DISK_FULL]
        if already:
            assert past.count() == already
        (disk / "filler").unlink()
        record(past, "after")
        assert past.count() == already + 1
        assert past.notes == ()
    assert set_aside(path) == []


# --- A request is made all the same ---------------------------------------------------------------


def test_a_request_that_was_made_is_recorded(tmp_path, subject, key, answers):
    made = create_request(subject, key, tmp_path, "dev-001")
    assert made.notes == ()
    with RequestHistory() as past:
        [request] = past.requests()
    assert (request.key, request.csr) == (made.key, made.csr)
    assert request.public_key_sha256 == keys.public_key_sha256(key.public_key())
    assert request.subject == answers
    assert request.kind is RequestKind.NEW


def test_a_renewal_with_a_key_that_exists_is_recorded(tmp_path, subject, key, key_pem):
    mine = tmp_path / "mine.pem"
    mine.write_bytes(key_pem)
    create_request(subject, key, tmp_path, "dev-001", key_file=mine, kind=RequestKind.RENEWAL)
    with RequestHistory() as past:
        [request] = past.requests()
    assert (request.key, request.kind) == (mine, RequestKind.RENEWAL)


def test_a_request_that_was_not_made_is_not_recorded(tmp_path, subject, key):
    (tmp_path / "dev-001.csr").write_text("taken")
    with pytest.raises(Exception, match="file-exists"):
        create_request(subject, key, tmp_path, "dev-001")
    assert not history.default_path().exists()


def test_a_damaged_history_is_reported_with_the_request(tmp_path, subject, key):
    path = history.default_path()
    path.parent.mkdir()
    path.write_bytes(b"damaged")
    made = create_request(subject, key, tmp_path, "dev-001")
    assert made.csr.exists()
    assert [note.code for note in made.notes] == [Code.HISTORY_DAMAGED]
    assert made.notes[0].path.read_bytes() == b"damaged"
    with RequestHistory() as past:
        assert past.count() == 1


def test_a_history_write_error_is_reported_with_the_request(tmp_path, subject, key):
    history.default_path().mkdir(parents=True)
    made = create_request(subject, key, tmp_path, "dev-001")
    assert made.csr.exists()
    assert [note.code for note in made.notes] == [Code.HISTORY_NO_ACCESS]


# --- Several at once ------------------------------------------------------------------------------

_WRITER = """
import sys
from pathlib import Path
from enos_csr_gui.core.history import RequestHistory
path, who, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for number in range(count):
    with RequestHistory(path) as past:
        past.record({"common_name": f"{who}-{number}"}, public_key_sha256=f"{who}-{number}",
                    key=Path("/k"), csr=Path("/c"))
        print(number, flush=True)
"""


def writer(path: Path, who: str, count: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-W", "error", "-c", _WRITER, str(path), who, str(count)]
    # Without a buffer: 'communicate' would not see what 'readline' has read ahead.
    return subprocess.Popen(command, bufsize=0, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def write_at_once(path: Path, count: int) -> None:
    processes = [writer(path, who, count) for who in ("one", "two")]
    for process in processes:
        _, errors = process.communicate(timeout=600)
        assert (process.returncode, errors) == (0, b"")
    with RequestHistory(path) as past:
        found = names(past.requests())
    assert sorted(found) == sorted(f"{w}-{n}" for w in ("one", "two") for n in range(count))


def test_two_processes_that_begin_the_file_at_once(path):
    write_at_once(path, 10)


@pytest.mark.slow
def test_two_processes_lose_none_of_1000_requests(path):
    write_at_once(path, 500)


@posix_only
@pytest.mark.parametrize("delay", [0.01, 0.05, 0.15])
def test_a_process_that_is_killed_while_it_writes(path, delay):
    process = writer(path, "one", 100_000)
    assert process.stdout
    process.stdout.readline()
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate(timeout=600)
    told = 1 + rest.count(b"\n")
    with RequestHistory(path) as past:
        assert told <= past.count() <= told + 1
        record(past, "after")
        assert sorted(names(past.requests()))[0] == "after"
        assert past.notes == ()
        with closing(past._file._open().execute("PRAGMA integrity_check")) as cursor:
            assert cursor.fetchall() == [("ok",)]


@posix_only
def test_a_process_that_is_killed_with_half_a_change_on_disk(path):
    filled(path, 50)
    half = (
        "import os, sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('PRAGMA cache_size = 1')\n"  # spills what is not committed
        "c.execute('BEGIN IMMEDIATE')\n"
        "c.execute(\"UPDATE request SET country = 'XX', search = zeroblob(9000)\")\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", half, path], check=False)
    assert Path(f"{path}-journal").stat().st_size > 0
    with RequestHistory(path) as past:
        assert [request.subject["country"] for request in past.requests()] == ["CN"] * 50
        assert past.notes == ()


# --- Large ----------------------------------------------------------------------------------------


def enlarge(path: Path, count: int) -> None:
    """Repeat the one request in the file until there are ``count``, each with its own values."""
    with closing(sqlite3.connect(path)) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(request)")]
        changed = {
            "number": "n",
            "common_name": "printf('dev-%05d', n * 7919 % 50000)",
            "name_key": "printf('dev-%05d', n * 7919 % 50000)",
            "fingerprint": "printf('%064x', n)",
            "made_on": "made_on + n * 104729 % 50000000",
            "issued": "CASE n % 2 WHEN 0 THEN made_on + n END",
            "expires": "CASE n % 2 WHEN 0 THEN made_on + n * 7919 % 50000000 END",
            "csr": "cast(printf('/home/li/%05d.csr', n * 31 % 50000) AS BLOB)",
            "search": "replace(search, 'dev-00001', printf('dev-%05d', n * 7919 % 50000))",
        }
        values = ", ".join(changed.get(column, column) for column in columns)
        connection.execute(
            f"WITH RECURSIVE numbers(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers "
            f"WHERE n < {count}) INSERT INTO request SELECT {values} FROM numbers, request "
            "WHERE number = 1"
        )
        connection.commit()


class Steps:
    """Counts thousands of instructions that SQLite runs for an action: the work, not the time."""

    def __init__(self, past: RequestHistory) -> None:
        past._file._open().set_progress_handler(self._count, 1000)
        self._thousands = 0

    def _count(self) -> int:
        self._thousands += 1
        return 0

    def of(self, action: Callable[[], object]) -> int:
        before = self._thousands
        action()
        return self._thousands - before


@pytest.mark.slow
def test_a_page_of_50_000_requests_is_bounded_work(path, answers):
    with RequestHistory(path) as past:
        past.record(
            answers | {"common_name": "dev-00001"},
            public_key_sha256="f" * 64,
            key=Path("/home/li/certificates/dev-00001.key"),
            csr=Path("/home/li/certificates/dev-00001.csr"),
        )
    enlarge(path, 50_000)
    with RequestHistory(path) as past:
        assert past.count() == 50_000
        assert len(selected(past, filter_text="dev-04999")) == 1
        steps = Steps(past)
        for sort in SortBy:
            for ways, most in (
                # An index gives the order. Few requests have a site or a note, so that these have
                # none.
                ({}, 900 if sort in (SortBy.SITE, SortBy.NOTE) else 300),
                ({"filter_text": "nowhere"}, 900),
                ({"filter_text": "guizhou 49"}, 900),
                ({"filter_text": "guizhou"}, 1_000),
            ):
                wanted = Selection(sort=sort, **ways)
                assert steps.of(lambda w=wanted: past.numbers(w)) < most, wanted
        assert steps.of(lambda: past.requests(limit=100)) < 10
        assert steps.of(lambda: past.check_common_name("dev-04999")) < 2
        assert steps.of(lambda: past.find_public_key("0" * 64)) < 2


@pytest.mark.parametrize(
    ("ways", "index", "is_sorted"),
    [
        ({}, "request_by_made_on", False),
        ({"sort": SortBy.COMMON_NAME}, "request_by_name_key", False),
        ({"filter_text": "dev"}, "", True),
        ({"filter_text": "dev", "sort": SortBy.COMMON_NAME}, "", True),
        ({"only_expiring": True}, "request_by_expires", True),
        ({"only_expiring": True, "sort": SortBy.EXPIRES}, "request_by_expires", True),
        ({"only_expiring": True, "filter_text": "dev"}, "request_by_expires", True),
        ({"status": Status.EXPIRED}, "request_by_expires", True),
        ({"status": Status.EXPIRED, "sort": SortBy.EXPIRES}, "request_by_expires", True),
        ({"status": Status.EXPIRED, "filter_text": "dev"}, "request_by_expires", True),
    ],
    ids=str,
)
def test_a_page_takes_the_index_that_leaves_the_least_to_do(past, ways, index, is_sorted):
    record(past)
    sql, values = Selection(**ways).select("number")
    with closing(past._file._open().execute(f"EXPLAIN QUERY PLAN {sql}", values)) as cursor:
        plan = " ".join(row[3] for row in cursor if "later" not in row[3])
    assert index in plan
    assert ("INDEX" in plan) == bool(index)
    assert ("ORDER BY" in plan) == is_sorted


def test_a_history_of_the_first_schema_learns_where_certificates_are(path, monkeypatch):
    with monkeypatch.context() as earlier:
        earlier.setattr(history_file, "SCHEMA_VERSION", 1)
        earlier.setattr(history, "_COLUMNS", history._COLUMNS[:13])
        row = dict.fromkeys(history._FIELDS, "x") | {
            "name_key": "dev-0", "common_name": "dev-0", "kind": "new", "made_on": 1,
            "fingerprint": "f" * 64, "key": b"/work/dev-0.key", "csr": b"/work/dev-0.csr",
            "search": "dev-0",
        }  # fmt: skip
        with RequestHistory(path) as past, past._file._open() as connection:
            marks = ", ".join(f":{one}" for one in row)
            connection.execute(f"INSERT INTO request ({', '.join(row)}) VALUES ({marks})", row)
    with RequestHistory(path) as past:
        [request] = past.requests()
        assert (request.certificate, request.batch, request.archived) == (None, None, False)
        assert (request.site, request.note) == ("", "")
        file = Path("/home/li/dev-0.crt")
        past.certificate_received(
            request.public_key_sha256,
            common_name="dev-0",
            serial=1,
            issued=NOW,
            expires=NOW,
            certificate=file,
        )
        [request] = past.requests()
        assert (request.common_name, request.certificate) == ("dev-0", file)
        assert past.notes == ()


# --- Archived requests, sites and notes -----------------------------------------------------------


def received(past: RequestHistory, name: str, days: float, serial: int = 1) -> None:
    past.certificate_received(
        name,
        common_name=name,
        serial=serial,
        issued=NOW,
        expires=datetime.now(UTC) + timedelta(days=days),
        certificate=Path("x.crt"),
    )


def test_what_is_archived_is_out_of_the_way_and_can_be_restored(past):
    for name in ("dev-1", "dev-2", "dev-3"):
        record(past, name, public_key_sha256=name)
    first, second = past.numbers(Selection(descending=False))[:2]
    assert past.archive([first, second, 99]) == 2
    assert past.archive([first]) == 0  # it is
    assert names(past.requests()) == ["dev-3"]
    assert names(past.requests(archived=True)) == ["dev-2", "dev-1"]
    assert names(past.requests(archived=None)) == ["dev-3", "dev-2", "dev-1"]
    assert past.numbers(Selection("dev-1", archived=True)) == [first]
    assert (past.count(), past.count(archived=True), past.count(archived=None)) == (1, 2, 3)
    assert len(selected(past, status=Status.WAITING)) == 1
    assert [one.archived for one in past.numbered([second, 3, first])] == [True, False, True]
    assert past.archive([first], archived=False) == 1
    assert names(past.requests()) == ["dev-3", "dev-1"]


def test_nothing_reminds_of_what_is_archived(past):
    record(past, "dev-1", public_key_sha256="dev-1")
    received(past, "dev-1", 30)
    assert names(past.expiring()) == names(selected(past, only_expiring=True)) == ["dev-1"]
    past.archive([1])
    assert past.expiring() == selected(past, only_expiring=True) == []
    past.archive([1], archived=False)
    assert names(past.expiring()) == ["dev-1"]
    # A renewal that was given up does not hide that one is needed; one that has arrived does.
    record(past, "dev-1", public_key_sha256="renewal", made_on=datetime.now(UTC))
    assert past.expiring() == []
    past.archive([2])
    assert names(past.expiring()) == ["dev-1"]
    received(past, "renewal", 700)
    past.archive([2])
    assert past.expiring() == []


def test_the_name_of_an_archived_request_counts_as_used(past):
    record(past)
    past.archive([1])
    assert [one.code for one in past.check_common_name("DEV-001")] == [Code.NAME_USED]
    assert names(past.find_common_name("dev-001")) == ["dev-001"]
    assert names(past.find_public_key("f" * 64)) == ["dev-001"]


def test_a_certificate_that_arrives_after_all_restores_its_request(past):
    record(past, "dev-1", public_key_sha256="dev-1")
    past.archive([1])
    received(past, "dev-1", 30)
    assert [one.archived for one in past.requests()] == [False]
    past.archive([1])
    received(past, "dev-1", 30)  # the same one, exported once more
    assert past.requests() == []
    received(past, "dev-1", 700, serial=2)
    assert names(past.requests()) == ["dev-1"]


def test_a_certificate_goes_to_the_request_that_is_not_archived(past):
    for _time in range(2):
        record(past, "dev-1", public_key_sha256="dev-1")
    past.archive([2])
    received(past, "dev-1", 30)
    [first] = past.requests()
    assert (first.number, first.serial) == (1, 1)


def test_a_site_and_a_note_are_kept_found_and_stay_when_files_move(past):
    for name in ("dev-1", "dev-2"):
        record(past, name)
    assert past.has_words() == (False, False)
    past.annotate([1, 2], site=" Kaili  Süd ")
    assert past.has_words() == (True, False)
    past.annotate([1], note="ask\nMr. Li; \udc80")
    one, two = selected(past, descending=False)
    assert (one.site, one.note) == ("Kaili Süd", "ask Mr. Li; \\udc80")
    assert (two.site, two.note) == ("Kaili Süd", "")
    assert names(past.requests(filter_text="SÜD mr.")) == ["dev-1"]
    past.moved([one])
    assert names(past.requests(filter_text="süd mr. dev")) == ["dev-1"]
    past.annotate([1], note="")
    assert past.has_words() == (True, False)
    assert past.requests(filter_text="mr.") == []
    assert names(selected(past, sort=SortBy.SITE)) == ["dev-2", "dev-1"]


@pytest.mark.long
def test_requests_come_in_the_order_of_their_numbers(past):
    for number in range(1100):
        record(past, f"dev-{number}")
    wanted = past.numbers(Selection(sort=SortBy.COMMON_NAME, descending=False))
    found = past.numbered([*wanted, 5000])
    assert [one.number for one in found] == wanted
    assert names(found) == sorted(names(found))
    [(number, csr, key)] = past.places(Selection("dev-1099"))
    assert (number, csr, key) == (1100, Path("/work/dev-1099.csr"), Path("/work/dev-1099.key"))


def test_what_is_to_be_renewed_soon(past):
    for days in (400, 59, -3, 61, -100):
        name = f"dev-{days}"
        record(past, name, public_key_sha256=name)
        past.certificate_received(
            name,
            common_name=name,
            serial=1,
            issued=NOW,
            expires=NOW + timedelta(days=days),
            certificate=Path("x.crt"),
        )
    assert names(past.expiring(NOW)) == ["dev--3", "dev-59"]
    assert names(past.expiring(NOW, within=timedelta(days=10))) == ["dev--3"]
    assert past.being_renewed(NOW) == []
    record(past, "DEV-59", public_key_sha256="renewal", made_on=NOW)
    assert names(past.expiring(NOW)) == ["dev--3"]
    assert names(past.being_renewed(NOW)) == ["dev-59"]
    # A request that was never submitted is pointed out again.
    assert names(past.expiring(NOW + timedelta(days=15))) == ["dev--3", "dev-59", "dev-61"]
    assert past.being_renewed(NOW + timedelta(days=15)) == []
    past.certificate_received(
        "renewal",
        common_name="DEV-59",
        serial=2,
        issued=NOW,
        expires=NOW + timedelta(days=400),
        certificate=Path("y.crt"),
    )
    assert names(past.expiring(NOW + timedelta(days=15))) == ["dev--3", "dev-61"]
    assert past.being_renewed(NOW) == []


def test_the_latest_certificate_of_each_name_can_be_renewed(past):
    for name, days in (
        ("dev-1", -100),
        ("dev-2", 400),
        ("dev-3", -3),
        ("dev-1", 30),
        ("dev-4", -90),
    ):
        fingerprint = f"{name} {days}"
        record(past, name, public_key_sha256=fingerprint)
        received(past, fingerprint, days)
    record(past, "waiting", public_key_sha256="waiting")
    record(past, "DEV-2", public_key_sha256="renewal", made_on=NOW)
    found = past.renewable(10)
    assert names([one for one, _requested in found]) == ["dev-3", "dev-1", "dev-2", "dev-4"]
    assert [requested for _one, requested in found] == [None, None, NOW, None]
    assert found[1].request.days_left() == 30
    assert len(past.renewable(2)) == 2
    much_later = past.renewable(10, datetime.now(UTC) + timedelta(days=1000))
    assert names([one for one, _requested in much_later]) == ["dev-4", "dev-3", "dev-1", "dev-2"]
    past.archive([found[0].request.number])
    assert names([one for one, _requested in past.renewable(10)])[0] == "dev-1"


def test_a_page_of_what_is_to_be_renewed_soon(past):
    now = datetime.now(UTC)
    for days in (30, 20, 10, 400):
        name = f"dev-{days}"
        record(past, name, public_key_sha256=name)
        past.certificate_received(
            name,
            common_name=name,
            serial=1,
            issued=now,
            expires=now + timedelta(days=days),
            certificate=Path("x.crt"),
        )
    record(past, "waiting")
    by_end = {"only_expiring": True, "sort": SortBy.EXPIRES, "descending": False}
    assert names(selected(past, **by_end)) == ["dev-10", "dev-20", "dev-30"]
    assert names(selected(past, **by_end, filter_text="dev 3")) == ["dev-30"]
    assert selected(past, **by_end, filter_text="dev 4") == []


# --- Places, batches, and what there is before the first request ------------------------------


def test_nothing_is_there_before_the_first_request(past, path):
    assert past.requests() == past.numbers() == past.numbered([1]) == []
    assert past.places(Selection()) == past.find_file(Path("a.csr")) == []
    assert past.public_keys("a") == set()
    assert past.has_words() == (False, False)
    assert past.count() == 0
    assert past.archive([1]) == 0
    record_certificate = {
        "common_name": "a",
        "serial": 1,
        "issued": NOW,
        "expires": NOW,
        "certificate": Path("a.crt"),
    }
    assert past.certificate_received("a", **record_certificate) is False
    assert not path.exists()


def test_the_places_of_files_are_listed_in_the_order_chosen(past):
    for name in ("b", "a"):
        record(past, name)
    places = past.places(Selection(sort=SortBy.COMMON_NAME, descending=False))
    assert [(one.number, one.csr, one.key) for one in places] == [
        (2, Path("/work/a.csr"), Path("/work/a.key")),
        (1, Path("/work/b.csr"), Path("/work/b.key")),
    ]


def test_a_file_is_found_among_requests_and_certificates(past):
    for name in ("a", "b", "a"):
        record(past, name)
    [newest, _b, oldest] = past.requests()
    past.moved(
        [
            replace(newest, certificate=Path("/new/a.crt"), csr=Path("/new/a.csr")),
            replace(oldest, key=Path("/new/a.key")),
        ]
    )
    assert [one.number for one in past.find_file(Path("/new/a.crt"))] == [3]
    assert [one.number for one in past.find_file(Path("/new/a.csr"))] == [3]
    assert [one.number for one in past.find_file(Path("/work/a.csr"))] == [1]
    assert past.find_file(Path("/work/a.key")) == []
    [newest, _b, oldest] = past.requests()
    assert (newest.certificate, oldest.certificate) == (Path("/new/a.crt"), None)
    assert (newest.key, oldest.key) == (Path("/work/a.key"), Path("/new/a.key"))


def test_a_certificate_may_say_where_its_key_is_now(past):
    record(past, "a", public_key_sha256="a")
    values = {"common_name": "a", "issued": NOW, "expires": NOW, "certificate": Path("/a.crt")}
    assert past.certificate_received("a", serial=1, **values) is True
    assert past.requests()[0].key == Path("/work/a.key")
    assert past.certificate_received("a", serial=2, key=Path("/new/a.key"), **values) is True
    [one] = past.requests()
    assert (one.key, one.serial, one.certificate) == (Path("/new/a.key"), 2, Path("/a.crt"))
    assert past.certificate_received("b", serial=1, **values) is False


def test_the_same_certificate_again_stays_with_its_request(past):
    for _time in range(2):
        record(past, "a", public_key_sha256="a")
    values = {"common_name": "a", "issued": NOW, "expires": NOW, "certificate": Path("/a.crt")}
    for _time in range(2):
        past.certificate_received("a", serial=1, **values)
        [newest, oldest] = past.requests()
        assert (newest.serial, oldest.serial) == (1, None)
    past.certificate_received("a", serial=2, **values)
    past.certificate_received("a", serial=1, **values)
    [newest, oldest] = past.requests()
    assert {newest.serial, oldest.serial} == {1, 2}


def test_the_requests_of_a_batch_are_known_by_their_keys(past):
    def new(name: str, number: int) -> NewRequest:
        return NewRequest(
            {"common_name": name}, f"{number:064x}", Path(f"/{name}.key"), Path(f"/{name}.csr")
        )

    past.record_all([new("a", 1), new("b", 2)], batch="first")
    past.record_all([new("c", 3)], batch="second")
    past.record_all([new("d", 4)])
    past.record_all([], batch="third")
    assert past.public_keys("first") == {bytes(31) + b"\1", bytes(31) + b"\2"}
    assert past.public_keys("second") == {bytes(31) + b"\3"}
    assert past.public_keys("third") == set()
    assert names(past.requests(filter_text="first")) == ["b", "a"]
    assert [one.batch for one in past.requests()] == [None, "second", "first", "first"]


def test_more_requests_than_one_query_takes_are_returned_in_order(past):
    past.record_all(
        NewRequest({"common_name": f"{n}"}, f"{n}", Path("/a.key"), Path("/a.csr"))
        for n in range(1, 1202)
    )
    wanted = [1201, 7, 600, 9999, 1, *range(2, 7), *range(8, 600), *range(601, 1201)]
    found = [one.number for one in past.numbered(wanted)]
    assert found == [one for one in wanted if one != 9999]
    assert len(past.requests(limit=3)) == 3
    assert len(past.requests()) == past.count() == 1201


def test_whether_there_are_sites_and_notes_is_known(past):
    record(past, "a")
    assert past.has_words() == (False, False)
    past.annotate([1], note="x")
    assert past.has_words() == (False, True)
    past.annotate([1], site="y", note="")
    assert past.has_words() == (True, False)
    past.annotate([1], note="x")
    assert past.has_words() == (True, True)
    assert past.archive([1, 2]) == 1
    assert past.archive([1, 2]) == 0
    assert past.archive([1, 2], archived=False) == 1
