"""``enos-csr rules``: what a request is checked for, how strictly, and on what evidence."""

from __future__ import annotations

import click

from enos_csr_gui.cli import json_objects
from enos_csr_gui.cli.options import json_option
from enos_csr_gui.cli.output import examples, print_columns, print_json
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import inspection, labels


@click.command(
    help=_(
        "Show what a request is checked for.\n\n"
        "Each finding has a level: either EnOS refuses the request, or the request only differs "
        "from the EnOS manual. The last column says how that is known."
    ),
    short_help=_("Show what a request is checked for."),
    epilog=examples("enos-csr rules", "enos-csr rules --json"),
)
@json_option
def rules(as_json: bool) -> None:
    """Print one row for each breach of a rule."""
    from enos_csr_gui.core.csr_rules import RULES

    if as_json:
        print_json(json_objects.rules(RULES))
        return
    heading = (_("Requirement"), _("Finding"), _("Level"), _("Evidence"))
    rows = [
        (
            labels.rule(breach.rule),
            breach.code.value,
            labels.level(breach.level),
            labels.evidence(breach.evidence),
        )
        for breach in RULES
    ]
    print_columns([heading, *rows])
    click.echo()
    click.echo(_("If EnOS refuses a request that is in order:"))
    for case, advice in inspection.refusals():
        text = labels.named(case, advice)
        click.echo(click.wrap_text(text, initial_indent="  ", subsequent_indent="  "))
