"""``enos-csr profiles``: the sets of answers with names, and a file to hand them round."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from enos_csr_gui.cli.options import file_option, json_option
from enos_csr_gui.cli.output import (
    Faults,
    echo_err,
    examples,
    path_text,
    print_columns,
    print_json,
)
from enos_csr_gui.core.errors import CoreError, escape_unprintable
from enos_csr_gui.core.subject import FIELDS_BY_KEY
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels

if TYPE_CHECKING:
    from enos_csr_gui.core.profiles import Profile


@click.command(
    help=_(
        "Show the profiles on this computer: sets of answers with names, for 'enos-csr new "
        "--profile'. The window saves them on the page 'Who is it for?'.\n\n"
        "Exit status: 0 success; 1 a file cannot be written; 2 a file cannot be read."
    ),
    short_help=_("Show, import and export profiles: sets of answers with names."),
    epilog=examples("enos-csr profiles", "enos-csr profiles --import profiles.json"),
)
@file_option(
    "--import",
    "source",
    text=_("Add the profiles in this file first. None is replaced."),
)
@file_option(
    "--export",
    "target",
    text=_("Write all profiles to this file, to hand it round."),
)
@json_option
def profiles(source: Path | None, target: Path | None, as_json: bool) -> None:
    """Print one row for each profile."""
    from enos_csr_gui.core import profiles as store

    faults = Faults()
    try:
        if source:
            faults.warn(store.take_in(faults.absolute(source)).problems)
        if target:
            store.hand_out(faults.absolute(target))
    except CoreError as error:
        faults.add_error(error)
        faults.end()
    found = store.load()
    if as_json:
        listed = [{"name": one.name, "answers": dict(one.answers)} for one in found]
        print_json({"profiles": listed, "warnings": list(faults.warnings)})
    elif found:
        _print_table(found)
    else:
        echo_err(_("There is no profile yet. The window saves them, and --import adds them."))
    if target:
        echo_err(_("The profiles are saved: {path}").format(path=path_text(target)))


def _print_table(found: Sequence[Profile]) -> None:
    keys = [key for key in FIELDS_BY_KEY if any(key in one.answers for one in found)]
    rows = [[_("Profile"), *map(labels.label, keys)]]
    rows += [
        [
            escape_unprintable(one.name),
            *(escape_unprintable(one.answers.get(key, "")) for key in keys),
        ]
        for one in found
    ]
    print_columns(rows)
