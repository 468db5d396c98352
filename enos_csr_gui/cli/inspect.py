"""``enos-csr inspect``: what is in a file, and whether EnOS would take the request in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from enos_csr_gui.cli import json_objects
from enos_csr_gui.cli.options import json_option
from enos_csr_gui.cli.output import (
    WRONG_INPUT,
    Faults,
    columns,
    echo_err,
    examples,
    padded,
    path_text,
    print_json,
)
from enos_csr_gui.core.enums import Level
from enos_csr_gui.core.errors import SECRET_CODES, escape_unprintable
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import inspection, labels
from enos_csr_gui.messages.problems import problem_text, problem_text_in_file

if TYPE_CHECKING:
    from datetime import datetime

    from enos_csr_gui.core.inspect import InspectedItem


_WIDTH = 79


@click.command(
    help=_(
        "Show what a file contains, and whether EnOS would accept the request in it.\n\n"
        "Reads requests, certificates, keys and keystores in any format, also in e-mails, ZIP "
        "archives, folders and JSON answers of EnOS, and shows which of them belong together. "
        "Changes nothing, and opens nothing that a passphrase protects.\n\n"
        "Exit status: 0 every request is acceptable; 2 one is not, or a file cannot be read."
    ),
    short_help=_("Show what a file contains, and whether EnOS would accept it."),
    epilog=examples("enos-csr inspect dev-001.csr", "enos-csr inspect --json dev-001.csr"),
)
@click.argument("paths", type=Path, nargs=-1, required=True, metavar="FILE...")
@json_option
def inspect(paths: tuple[Path, ...], as_json: bool) -> None:
    """Print what is in the files; the exit status is the verdict."""
    from enos_csr_gui.core import inspect

    faults = Faults()
    for path in paths:
        faults.absolute(path)
    found = inspect.inspect_files(paths)
    names = inspection.names(found, click.format_filename)
    together = [[names[place] for place in places] for places in inspect.companions(found)]
    shown = zip(found, names, together, strict=True)
    if as_json:
        print_json({"items": [json_objects.inspected(*one) for one in shown]})
    else:
        click.echo("\n\n".join("\n".join(_report(*one)) for one in shown))
        if any(one.acceptable for one in found):
            click.echo(
                "\n" + _("If EnOS refuses it, see: {command}").format(command="enos-csr rules")
            )
    _warn(found)
    if not inspect.is_in_order(found):
        raise click.exceptions.Exit(WRONG_INPUT)


def _warn(found: Iterable[InspectedItem]) -> None:
    """Tell of private keys last, where it is read, and even when the result goes elsewhere."""
    secrets = {
        one.file: warning
        for one in found
        for warning in one.warnings
        if warning.code in SECRET_CODES
    }
    for file, warning in secrets.items():
        text = _("WARNING: {file}: {sentence}").format(
            file=path_text(file), sentence=problem_text(warning)
        )
        echo_err("\n" + _bad(_wrapped(text, 0)))


def _report(found: InspectedItem, name: str, together: Sequence[str]) -> Iterator[str]:
    """Yield the lines that a person reads about one thing."""
    yield labels.named(escape_unprintable(name), inspection.kind(found))
    if found.protected:
        yield "  " + inspection.protected()
    facts = list(inspection.facts(found, together, _moment))
    width = max((columns(label) for label, _value in facts), default=0)
    for label, value in facts:
        if inspection.is_digest(value):
            yield f"  {label}"
            yield from (f"    {line}" for line in labels.fingerprint(value).split("\n"))
        else:
            yield f"  {padded(label, width)}  {value}".rstrip()
    of_rules = [problem for result in found.rules for problem in result.warnings]
    for problem in found.warnings:
        if problem.code not in SECRET_CODES and problem not in of_rules:
            yield _wrapped(problem_text(problem), 2)
    if found.rules:
        yield from _verdict(found)
    else:
        yield from (_wrapped(problem_text(problem), 2) for problem in found.problems)


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def _verdict(found: InspectedItem) -> Iterator[str]:
    yield "  " + _("What EnOS requires:")
    passed, remark, failed = _("ok"), _("NOTE"), _("FAIL")
    width = max(map(columns, (passed, remark, failed)))
    marks = {
        Level.IN_ORDER: _good(padded(passed, width)),
        Level.DIFFERS: _remark(padded(remark, width)),
        Level.REFUSED: _bad(padded(failed, width)),
    }
    for result in found.rules:
        yield f"    {marks[result.level]}  {labels.rule(result.rule, result.field)}"
        for problem in (*result.problems, *result.warnings):
            yield _wrapped(escape_unprintable(problem_text_in_file(problem)), 10)
    yield "  " + (_good if found.acceptable else _bad)(inspection.verdict(found))


def _good(text: str) -> str:
    return click.style(text, fg="green")


def _remark(text: str) -> str:
    return click.style(text, fg="yellow")


def _bad(text: str) -> str:
    return click.style(text, fg="red", bold=True)


def _wrapped(text: str, indent: int) -> str:
    blanks = " " * indent
    return click.wrap_text(text, _WIDTH, initial_indent=blanks, subsequent_indent=blanks)
