"""``enos-csr history``: the requests that were made on this computer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from enos_csr_gui.cli.output import Faults, echo_err, examples, print_columns, print_json
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
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON instead of a table."))
def history(as_json: bool) -> None:
    """Print one row for each request."""
    from enos_csr_gui.core.history import HistoryUnavailable, RequestHistory

    faults = Faults()
    with RequestHistory() as past:
        try:
            requests = past.requests()
        except HistoryUnavailable as error:
            faults.add_error(error)
            faults.end()
        faults.warn(past.notes)
    if as_json:
        print_json([_object(request) for request in requests])
    elif requests:
        _print_table(requests)
    else:
        echo_err(_("The list contains no request. To create one: enos-csr new"))


def _object(request: PastRequest) -> dict[str, object]:
    """Return every column, the times in UTC as ISO 8601 writes them."""
    return {
        "common_name": request.common_name,
        "subject": dict(request.subject),
        "kind": request.kind.value,
        "made_on": _iso(request.made_on),
        "status": request.status().value,
        "days_left": request.days_left(),
        "issued": _iso(request.issued),
        "expires": _iso(request.expires),
        # In hexadecimal, as OpenSSL writes it: few readers of JSON keep a number of 160 bits.
        "serial": None if request.serial is None else f"{request.serial:X}",
        "fingerprint": request.fingerprint,
        "key": str(request.key),
        "key_exists": request.key_exists(),
        "csr": str(request.csr),
        "csr_exists": request.csr_exists(),
        "certificate": str(request.certificate) if request.certificate else None,
    }


def _iso(time: datetime | None) -> str | None:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if time else None


def _print_table(requests: Iterable[PastRequest]) -> None:
    from enos_csr_gui.core.history import local_date

    rows = [
        [
            _("Common name"),
            _("Kind"),
            _("Created on"),
            _("Status"),
            _("Expires on"),
            _("Request file"),
        ]
    ]
    for request in requests:
        path = click.format_filename(request.csr)
        if missing := labels.missing_files(request.csr_exists(), request.key_exists()):
            path = f"{path} ({missing})"
        rows.append(
            [
                request.common_name,
                labels.request_kind(request.kind),
                local_date(request.made_on),
                labels.request_status(request.status(), request.days_left()),
                local_date(request.expires) if request.expires else "",
                path,
            ]
        )
    print_columns(rows)
