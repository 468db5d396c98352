"""Reminders to renew: whether the calendar file is what RFC 5545 asks for."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enos_csr_gui.core import reminders
from enos_csr_gui.core.enums import RequestKind
from enos_csr_gui.core.errors import CannotSave, Code, Problem, escape_unprintable
from enos_csr_gui.core.history import PastRequest, local_date
from enos_csr_gui.core.reminders import Reminder

NOW = datetime(2026, 11, 26, 18, 30, tzinfo=UTC)

Line = tuple[str, dict[str, str], str]


def read(data: bytes) -> list[Line]:
    """Return the content lines: name, parameters and value, as RFC 5545 (3.1) reads them."""
    assert data.endswith(b"\r\n")
    assert b"\n" not in data.replace(b"\r\n", b"")
    physical = data.removesuffix(b"\r\n").split(b"\r\n")
    assert all(len(line) <= 75 for line in physical)
    for line in physical:
        line.decode()  # no character is divided
    lines = data.removesuffix(b"\r\n").replace(b"\r\n ", b"").decode().split("\r\n")
    found = []
    for line in lines:
        match = re.fullmatch(r"([A-Z-]+)((?:;[A-Z-]+=[^;:]+)*):(.*)", line)
        assert match, line
        parameters = dict(one.split("=") for one in match[2].split(";")[1:])
        found.append((match[1], parameters, match[3]))
    return found


def text(value: str) -> str:
    """Return a value of type TEXT (3.3.11)."""
    assert re.fullmatch(r"(?:[^\x00-\x08\x0a-\x1f\x7f;,\\]|\\[\\;,nN])*", value)
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)


def components(lines: list[Line]) -> list[tuple[str, ...]]:
    """Return the path of each component, and check that they are nested."""
    path: list[str] = []
    found = []
    for name, _parameters, value in lines:
        if name == "BEGIN":
            path.append(value)
            found.append(tuple(path))
        elif name == "END":
            assert path.pop() == value
    assert not path
    return found


def reminder(summary: str = "Renew", description: str = "Why") -> Reminder:
    return Reminder(reminders.uid("ab" * 32, 5), date(2028, 9, 27), summary, description)


def test_a_reminder_is_a_whole_day_with_an_alarm() -> None:
    lines = read(reminders.to_calendar([reminder(), reminder()], NOW))
    event = ("VCALENDAR", "VEVENT")
    assert components(lines) == [("VCALENDAR",), *2 * [event, (*event, "VALARM")]]
    assert ("VERSION", {}, "2.0") in lines
    assert ("DTSTART", {"VALUE": "DATE"}, "20280927") in lines
    assert ("DTSTAMP", {}, "20261126T183000Z") in lines
    assert ("ACTION", {}, "DISPLAY") in lines
    assert ("TRIGGER", {}, "PT9H") in lines
    names = [name for name, _parameters, _value in lines]
    for required in ("PRODID", "UID"):
        assert required in names


@given(st.text(), st.text())
def test_any_text_comes_back(summary: str, description: str) -> None:
    lines = read(reminders.to_calendar([reminder(summary, description)], NOW))
    values = {name: text(value) for name, _p, value in lines if name in ("SUMMARY", "UID")}
    shown = "\n".join(escape_unprintable(line) for line in summary.splitlines())
    assert values == {"SUMMARY": shown, "UID": reminder().uid}


def test_special_characters_and_long_lines() -> None:
    said = "风机 " * 60 + "a,b;c\\d\nsecond line"
    lines = read(reminders.to_calendar([reminder("风机,1", said)], NOW))
    described = [value for name, _p, value in lines if name == "DESCRIPTION"]
    assert text(described[0]) == said
    assert text(described[1]) == "风机,1"  # of the alarm


def test_nothing_in_a_name_becomes_a_line_of_its_own() -> None:
    data = reminders.to_calendar([reminder("x\r\nATTACH:file:///etc/passwd\x85\u2028y")], NOW)
    assert "ATTACH" not in [name for name, _p, _v in read(data)]


def test_the_same_certificate_always_has_the_same_identifier() -> None:
    assert reminders.uid("ab", 5) == reminders.uid("ab", 5)
    assert len({reminders.uid("ab", 5), reminders.uid("ab", 6), reminders.uid("cd", 5)}) == 3


@pytest.mark.parametrize(
    ("expires", "day"),
    [
        (datetime(2028, 11, 26, 12, tzinfo=UTC), "2028-09-27"),
        (NOW + timedelta(days=61), "2026-11-27"),
        (NOW + timedelta(days=3), "2026-11-27"),  # it is urgent already
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), "9999-11-01"),
    ],
)
def test_the_day_is_sixty_days_before_the_end(expires: datetime, day: str) -> None:
    found = reminders.renewal_day(expires, NOW)
    # Whichever the time zone, which no test of one process can set on Windows.
    assert abs(found - date.fromisoformat(day)) <= timedelta(days=1)


def past(number: int, name: str, days: int | None) -> PastRequest:
    expires = None if days is None else NOW + timedelta(days=days)
    path = Path("x")
    return PastRequest(
        number, {"common_name": name}, RequestKind.NEW, NOW, "ab", path, path, expires, expires,
        None if days is None else number,
    )  # fmt: skip


def test_one_is_reminded_of_the_latest_valid_certificate_of_each_name() -> None:
    requests = [
        past(1, "a", 10), past(2, "A", 700), past(3, "b", -1), past(4, "c", None), past(5, "d", 5)
    ]  # fmt: skip
    assert [one.number for one in reminders.to_be_reminded_of(requests, NOW)] == [2, 5]
    requests[1] = replace(requests[1], archived=True)
    assert [one.number for one in reminders.to_be_reminded_of(requests, NOW)] == [1, 5]


def test_the_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "renew.ics"
    target.write_text("of last year")
    reminders.save([reminder()], target)
    assert read(target.read_bytes())[0] == ("BEGIN", {}, "VCALENDAR")
    assert [one.name for one in tmp_path.iterdir()] == ["renew.ics"]
    with pytest.raises(CannotSave) as caught:
        reminders.save([reminder()], tmp_path / "gone" / "renew.ics")
    assert caught.value.problems[0].code is Code.FOLDER_MISSING


def test_without_a_moment_it_is_now(tmp_path: Path) -> None:
    far = datetime.now(UTC) + timedelta(days=1000)
    assert reminders.renewal_day(far) == reminders.renewal_day(far, NOW)
    soon = reminders.renewal_day(datetime.now(UTC))
    assert timedelta() < soon - datetime.now(UTC).date() <= timedelta(days=2)
    valid, over = past(1, "a", 1000), past(2, "b", -1000)
    assert [one.number for one in reminders.to_be_reminded_of([valid, over])] == [1]
    before = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    [(_name, _parameters, stamp)] = [
        one for one in read(reminders.to_calendar([reminder()])) if one[0] == "DTSTAMP"
    ]
    written = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ")
    assert before <= written <= datetime.now(UTC).replace(tzinfo=None)


def test_a_day_of_another_time_zone_is_written_in_utc(tmp_path: Path) -> None:
    east = NOW.astimezone(timezone(timedelta(hours=8)))
    reminders.save([reminder()], tmp_path / "a.ics", east)
    lines = read((tmp_path / "a.ics").read_bytes())
    assert ("DTSTAMP", {}, "20261126T183000Z") in lines
    assert ("TRANSP", {}, "TRANSPARENT") in lines


def test_tomorrow_is_the_next_local_day() -> None:
    today = date.fromisoformat(local_date(NOW))
    assert reminders.renewal_day(NOW, NOW) == today + timedelta(days=1)


def test_of_several_certificates_the_one_that_ends_last_counts() -> None:
    requests = [past(1, "a", 700), past(2, "a", 10), past(3, "a", 700), past(4, "b", 0)]
    assert [one.number for one in reminders.to_be_reminded_of(requests, NOW)] == [1]


def test_a_line_may_be_as_long_as_the_standard_allows() -> None:
    data = reminders.to_calendar([reminder("x" * (75 - len("SUMMARY:")))], NOW)
    assert f"SUMMARY:{'x' * (75 - len('SUMMARY:'))}\r\n".encode() in data


def test_a_calendar_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "renew.ics"
    with pytest.raises(CannotSave) as caught:
        reminders.save([reminder()], path)
    assert caught.value.problems == (Problem(Code.FOLDER_MISSING, path=path),)
