"""``enos-csr new``: make a key and a request, or a request for a key that exists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from enos_csr_gui import words
from enos_csr_gui.cli import asking, secret_files
from enos_csr_gui.cli.history import tell
from enos_csr_gui.cli.output import (
    IMPOSSIBLE,
    WRONG_INPUT,
    Faults,
    examples,
    note,
    option_name,
    print_json,
)
from enos_csr_gui.core import files
from enos_csr_gui.core.errors import Code, CoreError, Problem
from enos_csr_gui.core.subject import SUBJECT_FIELDS, Subject, SubjectField, check
from enos_csr_gui.i18n import _

if TYPE_CHECKING:
    from enos_csr_gui.core.making import Made


def _subject_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give the command one option for each subject field."""
    for field in reversed(SUBJECT_FIELDS):
        name, help_ = option_name(field.key), _option_help(field)
        command = click.option(name, field.key, metavar="TEXT", help=help_)(command)
    return command


def _option_help(field: SubjectField) -> str:
    if field.required:
        limit = _("[required; at most {limit} characters]")
    else:
        limit = _("[optional; at most {limit} characters]")
    return f"{words.help_(field.key)}  {limit.format(limit=field.max_length)}"


def _example() -> str:
    """Return a command that names every field, as every shell takes it."""
    parts = ["enos-csr new"]
    for field in SUBJECT_FIELDS:
        value = words.FIELDS[field.key].example
        parts += [option_name(field.key), f'"{value}"' if " " in value else value]
    return " ".join(parts)


@click.command(
    help=_(
        "Make a private key and a certificate signing request (CSR).\n\n"
        "Writes NAME.key and NAME.csr, never over another file. On a terminal, answers that are "
        "not given are asked for.\n\n"
        "Exit status: 0 done; 1 it could not be done, for example because a file exists; 2 the "
        "input is wrong. After 1 and 2 nothing was written."
    ),
    epilog=examples("enos-csr new", _example()),
    context_settings={"allow_extra_args": True},
)
@_subject_options
@click.option(
    "--key",
    "key_file",
    type=Path,
    metavar="FILE",
    help=_("Use the private key in this file (RSA, 2048 bits) instead of making one."),
)
@click.option(
    "--encrypt",
    is_flag=True,
    help=_("Protect the new key file with a passphrase, which is asked for."),
)
@click.option(
    "--passphrase-file",
    type=Path,
    metavar="FILE",
    help=_(
        "Take the passphrase from the first line of this file, '-' for standard input. It "
        "protects the new key file, or opens that of --key."
    ),
)
@click.option(
    "--out",
    "folder",
    type=Path,
    default=Path(),
    metavar="FOLDER",
    help=_("Where to write the files.  [default: the current folder]"),
)
@click.option(
    "--name",
    metavar="NAME",
    help=_("Name of the files, without '.key' and '.csr'.  [default: the common name]"),
)
@click.option(
    "--allow-used-name",
    is_flag=True,
    help=_("Take a common name that an earlier request of this computer has."),
)
@click.option("--json", "as_json", is_flag=True, help=_("Print the result as JSON."))
@click.pass_context
def new(
    context: click.Context,
    /,
    *,
    key_file: Path | None,
    encrypt: bool,
    passphrase_file: Path | None,
    folder: Path,
    name: str | None,
    allow_used_name: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Check what is given, ask for what is missing, make the request, print where it is."""
    interactive = asking.possible()
    _check_combination(context.args, key_file, encrypt, passphrase_file, interactive)
    answers = {key: value for key, value in options.items() if value is not None}
    with_key = key_file is None

    # Whatever is wrong with the options is told at once, before anything is asked.
    faults = Faults()
    folder = faults.absolute(folder)
    faults.add(p for p in check(answers) if p.field in answers or not interactive)
    passphrase = secret_files.read_passphrase(passphrase_file, faults) if passphrase_file else None
    key = None
    if key_file:
        to_come = interactive or passphrase_file is not None
        key = secret_files.load_key(key_file, passphrase, faults, passphrase_to_come=to_come)
    if not allow_used_name and (used := _used_name(answers)):
        faults.add(used, status=IMPOSSIBLE)
        faults.add_line(_to_use_it_all_the_same(), status=IMPOSSIBLE)
    _check_target(folder, name, answers, faults, with_key=with_key)
    faults.tell()

    if key_file and not key:
        key = secret_files.unlock_key(key_file, faults)
    if interactive:
        named = name is not None or "common_name" in answers
        may_change_name = "common_name" not in answers and not allow_used_name
        answers = asking.missing_answers(answers)
        # Whoever has just answered everything must not lose it to a name that is used.
        while may_change_name and (used := _used_name(answers)):
            note("\n".join((words.sentence(used[0]), _to_use_it_all_the_same())))
            del answers["common_name"]
            answers = asking.missing_answers(answers)
        if not named:
            # Whoever has just answered everything must not lose it to a name that is taken.
            name = asking.free_name(
                _base_name(None, answers),
                lambda name: files.check_target(folder, name, with_key=with_key),
            )
        _check_target(folder, name, answers, faults, with_key=with_key)
        faults.tell()
    if encrypt:
        passphrase = asking.new_passphrase()

    from enos_csr_gui.core import keys, making

    subject = Subject.from_answers(answers)
    try:
        made = making.make_request(
            subject,
            key or keys.generate(),
            folder,
            _base_name(name, answers),
            key_file=key_file,
            passphrase=passphrase,
            remember_folder=False,
        )
    except CoreError as error:
        faults.add_error(error)
        faults.end()
    tell(made.notes)
    try:
        _print_object(made, subject) if as_json else _print_advice(made)
    except OSError:
        note(_("The files were saved, but the result could not be printed."))
        raise


def _check_combination(
    stray: list[str],
    key_file: Path | None,
    encrypt: bool,
    passphrase_file: Path | None,
    interactive: bool,
) -> None:
    """Refuse options that contradict each other, or the place where the command runs."""
    if encrypt and key_file and not stray:
        raise click.UsageError(
            _("--encrypt does not go with --key: a key file that exists stays as it is.")
        )
    secret_files.check_use(stray, encrypt, passphrase_file, interactive)
    if passphrase_file == secret_files.STANDARD_INPUT and interactive:
        raise click.UsageError(
            _(
                "'--passphrase-file -' would show the passphrase while you type it. Use --encrypt "
                "for a new key; for --key leave it out, and you are asked."
            )
        )


def _base_name(name: str | None, answers: Mapping[str, str]) -> str:
    return files.safe_name(answers.get("common_name", "")) if name is None else name


def _used_name(answers: Mapping[str, str]) -> list[Problem]:
    """Return the problem that the common name is used, if it is; tell of a damaged history."""
    from enos_csr_gui.core.making import used_name

    used = used_name(answers.get("common_name", ""))
    tell(used.notes)
    return used.problems


def _to_use_it_all_the_same() -> str:
    return _("To use it all the same, add --allow-used-name.")


def _check_target(
    folder: Path, name: str | None, answers: Mapping[str, str], faults: Faults, *, with_key: bool
) -> None:
    """Add what would keep the files from being written."""
    base_name = _base_name(name, answers)
    nameless = name is None and "common_name" not in answers
    for problem in files.check_target(folder, base_name, with_key=with_key):
        if problem.code is Code.FILE_EXISTS and nameless:
            continue  # only the folder can be judged before the name is known
        unsafe = problem.code is Code.NAME_UNSAFE
        faults.add([problem], status=WRONG_INPUT if unsafe else IMPOSSIBLE)


def _print_object(made: Made, subject: Subject) -> None:
    print_json(
        {
            "key": str(made.key),
            "csr": str(made.csr),
            "subject": dict(subject),
            "fingerprint": made.fingerprint,
        }
    )


def _print_advice(made: Made) -> None:
    parts = (
        (
            _("Hand in the request file. It holds no secret:"),
            click.format_filename(made.csr),
        ),
        (
            _("Keep the key file and never send it; nobody can restore it:"),
            click.format_filename(made.key),
        ),
        (_("SHA-256 fingerprint of the public key:"), made.fingerprint),
    )
    click.echo("\n\n".join(f"{heading}\n  {value}" for heading, value in parts))
