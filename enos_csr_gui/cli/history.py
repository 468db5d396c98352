"""``enos-csr history``: the requests made on this computer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from enos_csr_gui.cli import json_objects
from enos_csr_gui.cli.options import json_option
from enos_csr_gui.cli.output import (
    Faults,
    echo_err,
    examples,
    path_text,
    print_columns,
    print_json,
)
from enos_csr_gui.core import serials
from enos_csr_gui.core.errors import Code, Problem, escape_unprintable
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels

if TYPE_CHECKING:
    from enos_csr_gui.core.history import PastRequest, RequestHistory

_EXPIRES = 5
"""The place of the column that is never left out."""


@click.command(
    help=_(
        "Show the requests that were created on this computer, the newest first.\n\n"
        "With NUMBERs, the first column of the table, only these. They can be archived, restored, "
        "or given a site and a note. Archived requests are hidden, and nothing reminds of them; no "
        "file is changed.\n\n"
        "Exit status: 0 success; 1 the list of requests cannot be read or written; 2 invalid input."
    ),
    short_help=_("Show the requests that were created on this computer."),
    epilog=examples(
        "enos-csr history", "enos-csr history --json", "enos-csr history --archive 3 4"
    ),
)
@click.argument("numbers", type=int, nargs=-1, metavar="[NUMBER]...")
@click.option("--batch", metavar="ID", help=_("Show only the requests of this batch."))
@click.option("--archived", is_flag=True, help=_("Show the archived requests."))
@click.option("--archive", is_flag=True, help=_("Archive the requests with these numbers."))
@click.option("--restore", is_flag=True, help=_("Restore the archived requests."))
@click.option("--site", metavar="TEXT", help=_("Set the site of the requests; '' removes it."))
@click.option("--note", metavar="TEXT", help=_("Set the note of the requests; '' removes it."))
@json_option
def history(
    numbers: tuple[int, ...],
    *,
    batch: str | None,
    archived: bool,
    archive: bool,
    restore: bool,
    site: str | None,
    note: str | None,
    as_json: bool,
) -> None:
    """Change the requests named, then print one row for each request."""
    from enos_csr_gui.core.errors import HistoryUnavailable
    from enos_csr_gui.core.history import RequestHistory

    changes = archive or restore or site is not None or note is not None
    if archive and restore:
        raise click.UsageError(_("--archive and --restore cannot be combined."))
    if changes and not numbers:
        raise click.UsageError(_("Name the requests to change by their numbers."))
    if numbers and (batch is not None or archived):
        raise click.UsageError(_("--batch and --archived cannot be combined with numbers."))
    faults = Faults()
    with RequestHistory() as past:
        try:
            _check(past, numbers, faults)
            if archive or restore:
                past.archive(numbers, archived=archive)
            past.annotate(numbers, site=site, note=note)
            requests = (
                past.numbered(list(dict.fromkeys(numbers)))
                if numbers
                else past.requests(filter_text=batch or "", archived=archived)
            )
        except HistoryUnavailable as error:
            faults.add_error(error)
            faults.end()
        faults.warn(past.notes)
    if batch is not None:  # the filter looks into other columns too
        requests = [request for request in requests if request.batch == batch]
    if as_json:
        print_json(json_objects.history(requests, faults.warnings))
    elif requests:
        _print_table(requests)
    else:
        echo_err(_none(batch, archived=archived))


def _none(batch: str | None, *, archived: bool) -> str:
    """Return that there are no such requests."""
    if batch is not None:
        return _("No request belongs to this batch.")
    if archived:
        return _("No request is archived.")
    return _("The list contains no request. To create one: enos-csr new")


def _check(past: RequestHistory, numbers: Sequence[int], faults: Faults) -> None:
    """End the command if a request does not exist."""
    known = {one.number for one in past.numbered(numbers)}
    faults.add(
        Problem(Code.REQUEST_UNKNOWN, values={"number": number})
        for number in dict.fromkeys(numbers)
        if number not in known
    )
    faults.tell()


def _print_table(requests: Sequence[PastRequest]) -> None:
    from enos_csr_gui.core.history import local_date

    headings = [
        # Translators: the heading above the numbers of requests.
        _("No."),
        _("Common name"),
        _("Kind"),
        _("Created on"),
        _("Status"),
        _("Expires on"),
        _("Serial number"),
        _("Site"),
        _("Note"),
        _("Request file"),
    ]
    rows = []
    for request in requests:
        path = path_text(request.csr)
        if missing := labels.missing_files(request.csr_exists(), request.key_exists()):
            path = f"{path} ({missing})"
        rows.append(
            [
                str(request.number),
                labels.common_name(request.subject),
                labels.request_kind(request.kind),
                local_date(request.made_on),
                labels.request_status(request.status(), request.days_left()),
                local_date(request.expires) if request.expires else "",
                "" if request.serial is None else serials.written(request.serial),
                escape_unprintable(request.site),
                escape_unprintable(request.note),
                path,
            ]
        )
    # What no request has is left out.
    shown = [place for place in range(len(headings)) if any(row[place] for row in rows)]
    shown = sorted({*shown, _EXPIRES})
    print_columns([[row[place] for place in shown] for row in (headings, *rows)])
