"""``enos-csr renew-batch``: new keys and requests for certificates that expire soon."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from enos_csr_gui.cli import batch_run
from enos_csr_gui.cli.batch_run import Options, check_positive, run_options
from enos_csr_gui.cli.output import Faults, echo_err, examples
from enos_csr_gui.core.errors import CoreError
from enos_csr_gui.i18n import _

_DAYS = 60


@click.command(
    help=_(
        "Create a new key and a request for each certificate that expires soon.\n\n"
        "The devices are those in the list of requests of this computer whose certificates expire "
        "within --days, or the rows of TABLE. What a row leaves empty comes from the last request "
        "for that name. Common names stay exactly as they are.\n\n"
        "FOLDER must be a new one, or that of an earlier run of this command.\n\n"
        "Exit status: 0 success; 1 failure or stopped; 2 invalid input. After 2, nothing was "
        "written; after 1, everything created is complete."
    ),
    short_help=_("Create keys and requests for certificates that expire soon."),
    epilog=examples(
        "enos-csr renew-batch --out renewals", "enos-csr renew-batch --out renewals --days 90"
    ),
    context_settings={"allow_extra_args": True},
)
@click.argument("table_file", type=Path, required=False, metavar="[TABLE]")
@click.option(
    "--days",
    type=int,
    callback=check_positive,
    default=_DAYS,
    metavar="DAYS",
    help=_(
        "Renew the certificates that expire within this number of days.  [default: {days}]"
    ).format(days=_DAYS),
)
@run_options
@click.pass_context
def renew_batch(
    context: click.Context, /, *, table_file: Path | None, days: int, **options: Any
) -> None:
    """Find the devices, check them, create the pairs."""
    from enos_csr_gui.core import defaults
    from enos_csr_gui.core.batch import check, renewals, table
    from enos_csr_gui.core.enums import RequestKind

    faults = Faults()
    found = defaults.load()
    faults.warn(found.problems)
    if options["folder"] is None:
        raise click.UsageError(_("Name the folder for the files with --out."))
    try:
        if table_file:
            devices = renewals.completed(table.read(faults.absolute(table_file)))
        else:
            devices = renewals.expiring(timedelta(days=days))
    except CoreError as error:
        faults.add_error(error)
        faults.end()
    if not devices.rows:
        echo_err(_("No certificate expires within that time."))
    rules = check.Rules(defaults=found, kind=RequestKind.RENEWAL, flat=options["flat"])
    batch_run.run(devices, rules, Options(**options), faults, stray=context.args)
