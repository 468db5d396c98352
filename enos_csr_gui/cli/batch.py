"""``enos-csr batch``: a table of devices in, a folder of keys and requests out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from enos_csr_gui.cli import batch_run
from enos_csr_gui.cli.batch_run import Options, answers_for_all, run_options
from enos_csr_gui.cli.options import file_option
from enos_csr_gui.cli.output import Faults, examples, option_name, path_text
from enos_csr_gui.core.errors import CoreError
from enos_csr_gui.core.subject import FIELDS_BY_KEY, SUBJECT_FIELDS, check_field, clean
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels

if TYPE_CHECKING:
    from enos_csr_gui.core.defaults import Defaults


@click.command(
    help=_(
        "Create a key and a request for each row of a table.\n\n"
        "TABLE is an Excel workbook (.xlsx), the device template of EnOS, or CSV. Its first row "
        "names the fields: 'Common name', 'CN', 'DeviceKey' or 'Asset ID' for the common name. "
        "Other columns go into the manifest.\n\n"
        "All rows are checked before the first key is created, and nothing is written while one "
        "has an error. Stopped at any moment, the same command goes on.\n\n"
        "Exit status: 0 success; 1 failure or stopped; 2 invalid input. After 2, nothing was "
        "written; after 1, everything created is complete."
    ),
    short_help=_("Create keys and requests for many devices from a table."),
    epilog=examples(
        "enos-csr batch --template devices.xlsx",
        "enos-csr batch devices.xlsx --out farm --country CN --dry-run",
        "enos-csr batch devices.xlsx --out farm --country CN",
    ),
    context_settings={"allow_extra_args": True},
)
@click.argument("table_file", type=Path, required=False, metavar="TABLE")
@run_options
@file_option(
    "--template",
    text=_("Write an empty table (.xlsx or .csv) to fill in, and do nothing else."),
)
@click.option(
    "--column",
    "assigned",
    multiple=True,
    metavar="HEADING=FIELD",
    help=_("Use this column for a field, for example 'Serial=common-name'. Can be repeated."),
)
@click.option(
    "--allow-used-name",
    is_flag=True,
    help=_("Allow common names that earlier requests on this computer already use."),
)
@click.option(
    "--profile",
    metavar="NAME",
    help=_("Take the answers that are not given from this profile; see 'enos-csr profiles'."),
)
@answers_for_all
@click.pass_context
def batch(
    context: click.Context,
    /,
    *,
    table_file: Path | None,
    template: Path | None,
    assigned: tuple[str, ...],
    allow_used_name: bool,
    profile: str | None,
    **options: Any,
) -> None:
    """Read the table, check it, create the pairs."""
    from enos_csr_gui.core import defaults, profiles
    from enos_csr_gui.core.batch import check, table

    faults = Faults()
    if template:
        _write_template(faults.absolute(template), faults)
        return
    if table_file is None:
        raise click.UsageError(_("Name the table, or --template FILE to get an empty one."))
    found = defaults.load()
    faults.warn(found.problems)
    same = _same_for_all({key: options.pop(key, None) for key in FIELDS_BY_KEY}, found, faults)
    if profile is not None:
        try:
            same = {**profiles.find(profile).answers, **same}
        except profiles.InvalidProfile as error:
            faults.add(error.problems, option="--profile")
    if options["folder"] is None:
        raise click.UsageError(_("Name the folder for the files with --out."))
    try:
        devices = table.read(faults.absolute(table_file), _fields(assigned))
    except CoreError as error:
        faults.add_error(error)
        faults.end()
    rules = check.Rules(
        same,
        found,
        flat=options["flat"],
        allow_used_names=allow_used_name,
    )
    batch_run.run(devices, rules, Options(**options), faults, stray=context.args)


def _same_for_all(given: dict[str, str | None], found: Defaults, faults: Faults) -> dict[str, str]:
    """Return the answers for rows that have none, and add what is wrong with them."""
    answers = {key: text for key, text in given.items() if text is not None}
    for key, text in answers.items():
        faults.add(check_field(FIELDS_BY_KEY[key], text))
        faults.add(found.check(key, clean(FIELDS_BY_KEY[key], text)))
    return answers


def _fields(assigned: tuple[str, ...]) -> dict[str, str]:
    """Return heading -> field key of the --column options; raises click.UsageError."""
    by_option = {option_name(key): key for key in FIELDS_BY_KEY}
    found = {}
    for one in assigned:
        heading, _equals, field = one.rpartition("=")
        key = by_option.get(f"--{field.strip().lstrip('-').replace('_', '-')}")
        if not heading or key is None:
            names = labels.listed(name.lstrip("-") for name in by_option)
            text = _("--column takes HEADING=FIELD. The fields are: {names}.")
            raise click.UsageError(text.format(names=names))
        found[heading.strip()] = key
    return found


def _write_template(path: Path, faults: Faults) -> None:
    from enos_csr_gui.core.batch import table

    try:
        written = table.write_empty(path, [labels.label(field.key) for field in SUBJECT_FIELDS])
    except CoreError as error:
        faults.add_error(error, option="--template")
        faults.end()
    click.echo(_("Fill in a row for each device:"))
    click.echo(f"  {path_text(written)}")
