"""Dates to display, in the user's language and time zone."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QDate, QDateTime, QLocale, Qt

from enos_csr_gui.i18n import _


def day(moment: datetime) -> str:
    """Return the day, with the month as a word: 11/12 means two days of the year."""
    # Translators: a date as QLocale writes it: d, M, MMM (the month's short name), yyyy.
    return _written(moment, _("d MMM yyyy"))


def iso_day(date: str) -> str:
    """Return an ISO 8601 date as ``day`` does; one that is in no calendar as it is."""
    known = QDate.fromString(date, Qt.DateFormat.ISODate)
    return QLocale().toString(known, _("d MMM yyyy")) if known.isValid() else date


def minute(moment: datetime) -> str:
    """Return the day, the time and the time zone."""
    # Translators: a date and time as QLocale writes it: see 'd MMM yyyy'; HH, mm; t the time zone.
    return _written(moment, _("d MMM yyyy, HH:mm t"))


def _written(moment: datetime, pattern: str) -> str:
    local = QDateTime.fromSecsSinceEpoch(int(moment.timestamp()))
    if not 0 < local.date().year() <= 9999:  # the last second of the calendar, in the east
        local = local.toUTC()
    return QLocale().toString(local, pattern)
