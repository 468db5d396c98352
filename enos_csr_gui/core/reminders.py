"""Reminders to renew certificates, as a calendar file that every calendar imports (RFC 5545)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from enos_csr_gui import NAME, __version__
from enos_csr_gui.core import files
from enos_csr_gui.core.errors import CannotSave, Code, escape_unprintable, problem_from_os_error
from enos_csr_gui.core.history import EXPIRES_SOON, PastRequest, local_date, name_key

_LINE = 75
"""A content line has at most so many octets, its line break not counted (RFC 5545, 3.1)."""

_ALARM = "PT9H"
"""When the alarm rings: at nine o'clock on the day of the reminder."""


class Reminder(NamedTuple):
    """One reminder: a whole day. A calendar that has one with the same ``uid`` replaces it."""

    uid: str
    day: date
    summary: str
    description: str


def uid(public_key_sha256: str, serial: int) -> str:
    """Return the identifier of the reminder for a certificate: always the same one."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{public_key_sha256}/{serial:x}"))


def renewal_day(expires: datetime, now: datetime | None = None) -> date:
    """Return the local day on which a renewal should begin: 60 days before the end, or tomorrow."""
    tomorrow = (now or datetime.now(UTC)) + timedelta(days=1)
    return date.fromisoformat(max(map(local_date, (tomorrow, expires - EXPIRES_SOON))))


def to_be_reminded_of(
    requests: Iterable[PastRequest], now: datetime | None = None
) -> list[PastRequest]:
    """Return the requests whose certificates are valid, the latest one of each common name.

    Archived requests are left out.
    """
    now = now or datetime.now(UTC)
    latest: dict[str, PastRequest] = {}
    for one in requests:
        if one.archived or one.expires is None or one.expires <= now or one.serial is None:
            continue
        key = name_key(one.common_name)
        known = latest.get(key)
        if known is None or known.expires is None or known.expires < one.expires:
            latest[key] = one
    return list(latest.values())


def save(reminders: Iterable[Reminder], path: Path, now: datetime | None = None) -> None:
    """Write the reminders to a file; one that exists is replaced atomically.

    Raises CannotSave; then nothing has changed.
    """
    try:
        files.replace(path, to_calendar(reminders, now))
    except OSError as error:
        problem = problem_from_os_error(error, path, missing=Code.FOLDER_MISSING)
        raise CannotSave([problem]) from error


def to_calendar(reminders: Iterable[Reminder], now: datetime | None = None) -> bytes:
    """Return the reminders as an iCalendar object, in UTF-8."""
    stamp = f"{(now or datetime.now(UTC)).astimezone(UTC):%Y%m%dT%H%M%SZ}"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//{NAME}//{__version__}//EN",
    ]
    for one in reminders:
        summary = _text(one.summary)
        lines += [
            "BEGIN:VEVENT",
            f"UID:{one.uid}",
            f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{one.day:%Y%m%d}",
            f"SUMMARY:{summary}",
            f"DESCRIPTION:{_text(one.description)}",
            "TRANSP:TRANSPARENT",
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            f"DESCRIPTION:{summary}",
            f"TRIGGER:{_ALARM}",
            "END:VALARM",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return b"".join(part + b"\r\n" for line in lines for part in _folded(line))


def _text(text: str) -> str:
    """Return the text as a value of type TEXT (RFC 5545, 3.3.11)."""
    lines = [escape_unprintable(line).replace("\\", "\\\\") for line in text.splitlines()]
    return "\\n".join(lines).replace(";", "\\;").replace(",", "\\,")


def _folded(line: str) -> Iterator[bytes]:
    """Yield the line in parts that are short enough, each but the first after a blank."""
    part = b""
    for character in line:
        octets = character.encode()
        if len(part) + len(octets) > _LINE:
            yield part
            part = b" "
        part += octets
    yield part
