"""``enos-csr new``: create a key and a request, or a request for an existing key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from enos_csr_gui.cli.create import Options, create, file_options, subject_option
from enos_csr_gui.cli.options import with_options
from enos_csr_gui.cli.output import Faults, examples, option_name
from enos_csr_gui.core.subject import FIELDS_BY_KEY, SUBJECT_FIELDS
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels


def _example() -> str:
    """Return an example with every field that works in every shell."""
    parts = ["enos-csr new"]
    for field in SUBJECT_FIELDS:
        value = labels.FIELDS[field.key].example
        parts += [option_name(field.key), f'"{value}"' if " " in value else value]
    return " ".join(parts)


@click.command(
    help=_(
        "Create a private key and a certificate signing request (CSR).\n\n"
        "Writes NAME.key and NAME.csr, and never replaces a file. On a terminal, the command "
        "asks for missing answers.\n\n"
        "Exit status: 0 success; 1 failure, for example because a file exists; 2 invalid input. "
        "After 2, nothing was written; nor after 1, unless the message says so."
    ),
    short_help=_("Create a private key and a request (CSR)."),
    epilog=examples("enos-csr new", _example()),
    context_settings={"allow_extra_args": True},
)
@with_options(*(subject_option(field) for field in SUBJECT_FIELDS))
@file_options
@click.option(
    "--profile",
    metavar="NAME",
    help=_("Take the answers that are not given from this profile; see 'enos-csr profiles'."),
)
@click.option(
    "--allow-used-name",
    is_flag=True,
    help=_("Allow a common name that an earlier request on this computer already uses."),
)
@click.pass_context
def new(
    context: click.Context, /, *, profile: str | None, allow_used_name: bool, **options: Any
) -> None:
    """Create a request from the given answers."""
    from enos_csr_gui.core import profiles

    given = {key: options.pop(key) for key in FIELDS_BY_KEY}
    answers = {key: value for key, value in given.items() if value is not None}
    faults = Faults()
    offered: Mapping[str, str] = {}
    if profile is not None:
        try:
            offered = profiles.find(profile).answers
        except profiles.InvalidProfile as error:
            faults.add(error.problems, option="--profile")
    create(
        context.args,
        answers,
        Options(**options),
        profile=offered,
        allow_used_name=allow_used_name,
        faults=faults,
    )
