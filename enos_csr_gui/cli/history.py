"""``enos-csr history``: the requests made on this computer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from enos_csr_gui.cli import json_objects
from enos_csr_gui.cli.output import (
    Faults,
    echo_err,
    examples,
    path_text,
    print_columns,
    print_json,
)
from enos_csr_gui.core import serials
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels

if TYPE_CHECKING:
    from enos_csr_gui.core.history import PastRequest


@click.command(
    help=_(
        "Show the requests that were created on this computer, the newest first.\n\n"
        "Exit status: 0 success; 1 the list of requests cannot be read."
    ),
    short_help=_("Show the requests that were created on this computer."),
    epilog=examples("enos-csr history", "enos-csr history --json"),
)
@click.option("--batch", metavar="ID", help=_("Show only the requests of this batch."))
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON instead of a table."))
def history(batch: str | None, as_json: bool) -> None:
    """Print one row for each request."""
    from enos_csr_gui.core.history import HistoryUnavailable, RequestHistory

    faults = Faults()
    with RequestHistory() as past:
        try:
            requests = past.requests(filter_text=batch or "")
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
    elif batch is not None:
        echo_err(_("No request belongs to this batch."))
    else:
        echo_err(_("The list contains no request. To create one: enos-csr new"))


def _print_table(requests: Sequence[PastRequest]) -> None:
    from enos_csr_gui.core.history import local_date

    rows = [
        [
            _("Common name"),
            _("Kind"),
            _("Created on"),
            _("Status"),
            _("Expires on"),
            _("Serial number"),
            _("Request file"),
        ]
    ]
    for request in requests:
        path = path_text(request.csr)
        if missing := labels.missing_files(request.csr_exists(), request.key_exists()):
            path = f"{path} ({missing})"
        rows.append(
            [
                labels.common_name(request.subject),
                labels.request_kind(request.kind),
                local_date(request.made_on),
                labels.request_status(request.status(), request.days_left()),
                local_date(request.expires) if request.expires else "",
                "" if request.serial is None else serials.written(request.serial),
                path,
            ]
        )
    if all(request.serial is None for request in requests):
        rows = [[*row[:5], row[-1]] for row in rows]
    print_columns(rows)
