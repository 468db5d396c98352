"""Requests as a table for a spreadsheet: CSV that Excel, LibreOffice and WPS open with a click."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from enos_csr_gui.core import files
from enos_csr_gui.core.errors import CannotSave, Code, problem_from_os_error
from enos_csr_gui.core.history import local_date
from enos_csr_gui.core.subject import SUBJECT_FIELDS
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels

if TYPE_CHECKING:
    from enos_csr_gui.core.history import PastRequest

# What a spreadsheet takes for the beginning of a formula
# (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def write_requests(requests: Iterable[PastRequest], path: Path) -> int:
    """Write one row for each request, below one of headings, in the language chosen.

    Returns how many requests they were.

    In UTF-8 with the mark by which Excel knows it; a cell that would be a formula begins with an
    apostrophe. Dates are ISO 8601's, where the person is. A file that is there is replaced, at
    once and as a whole. Raises CannotSave; then nothing has changed.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(map(_harmless, _headings()))
    count = 0
    for request in requests:
        writer.writerow(map(_harmless, _cells(request)))
        count += 1
    try:
        files.replace(path, text.getvalue().encode("utf-8-sig", "backslashreplace"))
    except OSError as error:
        problem = problem_from_os_error(error, path, missing=Code.FOLDER_MISSING)
        raise CannotSave([problem]) from error
    return count


def _headings() -> list[str]:
    return [
        *(labels.label(field.key) for field in SUBJECT_FIELDS),
        _("Kind"),
        _("Created on"),
        _("Status"),
        _("Issued on"),
        _("Expires on"),
        _("Serial number"),
        _("Public-key fingerprint"),
        _("Request file"),
        _("Key file"),
        _("Certificate file"),
    ]


def _cells(request: PastRequest) -> list[str]:
    return [
        *(request.subject.get(field.key, "") for field in SUBJECT_FIELDS),
        labels.request_kind(request.kind),
        local_date(request.made_on),
        labels.request_status(request.status(), request.days_left()),
        local_date(request.issued) if request.issued else "",
        local_date(request.expires) if request.expires else "",
        # A number alone would lose all but its first 15 digits.
        "" if request.serial is None else labels.serial_number(request.serial),
        request.public_key_sha256,
        str(request.csr),
        str(request.key),
        str(request.certificate or ""),
    ]


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
