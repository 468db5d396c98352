"""``enos-csr renew``: make a request that takes its answers from an old one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from enos_csr_gui.cli import key_options, prompts
from enos_csr_gui.cli.create import Options, create, file_options, subject_option
from enos_csr_gui.cli.options import Decorator, with_options
from enos_csr_gui.cli.output import Faults, echo_err, examples
from enos_csr_gui.core.errors import CoreError
from enos_csr_gui.core.subject import FIELDS_BY_KEY, SUBJECT_FIELDS, SubjectField
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels
from enos_csr_gui.messages.problems import kept_name, problem_text


def _refuse_common_name(
    _context: click.Context, _option: click.Parameter, value: str | None
) -> None:
    if value is not None:
        raise click.UsageError(
            _(
                "A renewal keeps the common name of the old certificate, because EnOS knows "
                "the device by it. For another name, create a new request: enos-csr new"
            )
        )


def _override(field: SubjectField) -> Decorator:
    """Return the option that changes this answer; that of the common name refuses."""
    if field.key == "common_name":
        return subject_option(field, hidden=True, expose_value=False, callback=_refuse_common_name)
    return subject_option(field, of_old=True)


@click.command(
    help=_(
        "Create a request that renews a certificate.\n\n"
        "OLD is the old request or certificate, in any format; with several files, or a folder, "
        "the certificate is taken before the request. All answers "
        "come from it, the common name exactly as it is; the options below change the others. The "
        "command creates a new key unless --key names the old one. Writes NAME.key and NAME.csr, "
        "and never "
        "replaces a file.\n\n"
        "Exit status: 0 success; 1 failure; 2 invalid input, for example an old answer that EnOS "
        "no longer accepts. After 2, nothing was written; nor after 1, unless the message says "
        "so."
    ),
    short_help=_("Create a request that renews a certificate."),
    epilog=examples("enos-csr renew dev-001.csr", "enos-csr renew dev-001.crt --unit Maintenance"),
)
@click.argument("old_files", type=Path, nargs=-1, required=True, metavar="OLD...")
@with_options(*(_override(field) for field in SUBJECT_FIELDS))
@file_options
def renew(*, old_files: tuple[Path, ...], **options: Any) -> None:
    """Read the old files, apply what is to change, make the request."""
    from enos_csr_gui.core import renew

    key_options.check_words(old_files, encrypt=options["encrypt"])
    faults = Faults()
    try:
        old = renew.read_source(*map(faults.absolute, old_files))
    except CoreError as error:
        faults.add_error(error)
        faults.end()
    requested = renew.check_requested(old.common_name)
    faults.warn((*old.notes, *requested, *old.left_out_problems))
    if old.warnings:
        faults.note([(one, kept_name([one])) for one in old.warnings], kept_name(old.warnings))
    given = {key: options.pop(key, None) for key in FIELDS_BY_KEY}
    answers = dict(old.answers) | {key: text for key, text in given.items() if text is not None}
    if prompts.possible():
        # What must be mended is asked for, as 'new' asks for what is missing.
        for problem in old.problems:
            if problem.field and given[problem.field] is None:
                _note(labels.named(labels.label(problem.field), problem_text(problem)))
                answers.pop(problem.field, None)
    else:
        # Text in a wrong encoding would be taken for what the user meant.
        faults.add(one for one in old.misread if one.field and given[one.field] is None)
        faults.tell()
    create([], answers, Options(**options), old=old, faults=faults)


def _note(sentence: str) -> None:
    echo_err(_("NOTE: {sentence}").format(sentence=sentence))
