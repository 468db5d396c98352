"""``enos-csr fields``: the manual's table of subject fields."""

from __future__ import annotations

import click

from enos_csr_gui.cli.options import json_option
from enos_csr_gui.cli.output import examples, option_name, print_columns, print_json
from enos_csr_gui.core.subject import SUBJECT_FIELDS
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels


@click.command(
    help=_("Show the fields of a request, their options and limits."),
    epilog=examples("enos-csr fields", "enos-csr fields --json"),
)
@json_option
def fields(as_json: bool) -> None:
    """Print one row for each subject field."""
    rows = [
        {
            "field": field.key,
            "label": labels.label(field.key),
            "initials": field.initials,
            "option": option_name(field.key),
            "required": field.required,
            "max_length": field.max_length,
            "example": labels.FIELDS[field.key].example,
        }
        for field in SUBJECT_FIELDS
    ]
    if as_json:
        print_json({"fields": rows})
        return
    heading = {
        "label": _("Field"),
        "initials": _("Initials"),
        "option": _("Option"),
        "required": _("Required"),
        "max_length": _("Max"),
        "example": _("Example"),
    }
    table = [list(heading.values())]
    for row in rows:
        shown = row | {"required": _("yes") if row["required"] else _("no")}
        table.append([str(shown[column]) for column in heading])
    print_columns(table)
