"""Export requests as CSV that Excel, LibreOffice and WPS open directly."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from enos_csr_gui.core import files, serials
from enos_csr_gui.core.errors import CannotSave, Code, problem_from_os_error
from enos_csr_gui.core.history import local_date
from enos_csr_gui.core.spreadsheet import harmless
from enos_csr_gui.core.subject import SUBJECT_FIELDS
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels

if TYPE_CHECKING:
    from enos_csr_gui.core.history import PastRequest


def write_requests(requests: Iterable[PastRequest], path: Path) -> int:
    """Write a row of headings and one row for each request, in the language chosen.

    Returns the number of requests.

    The file is UTF-8 with a byte order mark, which Excel needs; a cell that would be a formula
    begins with an apostrophe, and control characters are escaped. Dates are ISO 8601, in local
    time. An existing file is replaced atomically. Raises CannotSave; then nothing has changed.
    """
    text = io.StringIO(newline="")
    # In quotes, so that a semicolon in a cell does not divide it.
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(map(harmless, _headings()))
    count = 0
    for request in requests:
        writer.writerow(map(harmless, _cells(request)))
        count += 1
    try:
        files.replace(path, text.getvalue().encode("utf-8-sig"))
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
        _("Site"),
        _("Note"),
    ]


def _cells(request: PastRequest) -> list[str]:
    return [
        *(request.subject.get(field.key, "") for field in SUBJECT_FIELDS),
        labels.request_kind(request.kind),
        local_date(request.made_on),
        labels.request_status(request.status(), request.days_left()),
        local_date(request.issued) if request.issued else "",
        local_date(request.expires) if request.expires else "",
        # A spreadsheet keeps only the first 15 digits of a number.
        "" if request.serial is None else serials.written(request.serial),
        request.public_key_sha256,
        str(request.csr),
        str(request.key),
        str(request.certificate or ""),
        request.site,
        request.note,
    ]
