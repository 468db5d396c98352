"""``enos-csr convert``: requests and certificates as PEM."""

from __future__ import annotations

from pathlib import Path

import click

from enos_csr_gui.cli import json_objects
from enos_csr_gui.cli.options import json_option
from enos_csr_gui.cli.output import Faults, examples, path_text, print_json
from enos_csr_gui.core.errors import CoreError
from enos_csr_gui.i18n import _


@click.command(
    help=_(
        "Save the requests and certificates in a file as PEM.\n\n"
        "FILE may have any format that 'enos-csr inspect' reads, or be a folder. Signed content "
        "stays the same, byte for byte; private keys are left out. Never replaces a file.\n\n"
        "Exit status: 0 success; 1 the file could not be saved; 2 there is nothing to convert. "
        "After 1 and 2, nothing was written."
    ),
    short_help=_("Save a request or certificate as PEM."),
    epilog=examples("enos-csr convert dev-001.der --out dev-001.csr"),
)
@click.argument("file", type=Path, metavar="FILE")
@click.option(
    "--out", "target", type=Path, required=True, metavar="FILE", help=_("The file to write.")
)
@json_option
def convert(file: Path, target: Path, as_json: bool) -> None:
    """Write the PEM file, print where it is."""
    from enos_csr_gui.core import convert

    faults = Faults()
    try:
        saved, notes = convert.save_as_pem(faults.absolute(file), faults.absolute(target))
    except CoreError as error:
        faults.add_error(error)
        faults.end()
    faults.warn(notes)
    if as_json:
        print_json(json_objects.converted(saved, faults.warnings))
    else:
        click.echo(_("Saved as PEM: {file}").format(file=path_text(saved)))
