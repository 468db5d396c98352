"""The part that ``new`` and ``renew`` share: from options and answers to the files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from enos_csr_gui.cli import json_objects, key_options, prompts, signals
from enos_csr_gui.cli.options import Decorator, file_option, json_option, with_options
from enos_csr_gui.cli.output import (
    IMPOSSIBLE,
    WRONG_INPUT,
    Faults,
    echo_err,
    option_name,
    path_text,
    print_json,
)
from enos_csr_gui.core import file_names, files, serials
from enos_csr_gui.core.errors import Code, CoreError, Problem
from enos_csr_gui.core.subject import (
    FIELDS_BY_KEY,
    VERBATIM_FIELDS,
    Subject,
    SubjectField,
    check,
    clean,
)
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels
from enos_csr_gui.messages.problems import problem_text

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

    from enos_csr_gui.core.create import CreatedRequest
    from enos_csr_gui.core.renew import RenewalSource


class Options(NamedTuple):
    """The options about key and files, as ``file_options`` declares them."""

    key_file: Path | None
    encrypt: bool
    passphrase_file: Path | None
    folder: Path
    name: str | None
    as_json: bool


def subject_option(field: SubjectField, *, of_old: bool = False, **settings: Any) -> Decorator:
    """Return the option for a subject field.

    ``of_old``: the default is the value in an old request or certificate.
    """
    settings = {"metavar": "TEXT", "help": _option_help(field, of_old), **settings}
    return click.option(option_name(field.key), field.key, **settings)


def _option_help(field: SubjectField, of_old: bool) -> str:
    if of_old:
        limit = _("[from OLD if not given; at most {limit} characters]")
    elif field.required:
        limit = _("[required; at most {limit} characters]")
    else:
        limit = _("[optional; at most {limit} characters]")
    return f"{labels.help_(field.key)}  {limit.format(limit=field.max_length)}"


file_options = with_options(
    file_option(
        "--key",
        "key_file",
        text=_("Use the private key in this file (RSA, 2048 bits) instead of a new one."),
    ),
    click.option(
        "--encrypt",
        is_flag=True,
        help=_("Protect the new key file with a passphrase. The command asks for it."),
    ),
    file_option(
        "--passphrase-file",
        text=_(
            "Read the passphrase from the first line of this file, or from standard "
            "input with '-'. It protects the new key file, or opens the file of "
            "--key."
        ),
    ),
    key_options.slow_key_option,
    click.option(
        "--out",
        "folder",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help=_("Where to write the files.  [default: the current folder]"),
    ),
    click.option(
        "--name",
        metavar="NAME",
        help=_(
            "Name of the files, without '.key' and '.csr'.  [default: the common "
            "name; for a renewal, with a number if that is taken]"
        ),
    ),
    json_option,
)
"""The options about key and files."""


def create(
    stray: list[str],
    answers: dict[str, str],
    options: Options,
    *,
    old: RenewalSource | None = None,
    profile: Mapping[str, str] = MappingProxyType({}),
    allow_used_name: bool = False,
    faults: Faults | None = None,
) -> None:
    """Check what is given, ask for what is missing, make the request, print where it is.

    ``stray`` are arguments that belong to no option. ``old`` is the source of a renewal, and
    ``faults`` holds the notes about it. ``profile`` answers what is neither given nor locked.
    """
    from enos_csr_gui.core import keys

    interactive = prompts.possible()
    _check_combination(
        stray, options.key_file, options.encrypt, options.passphrase_file, interactive
    )
    exact = VERBATIM_FIELDS if old else ()
    key_file, name, with_key = options.key_file, options.name, options.key_file is None
    # A renewal keeps its common name, and the old files still exist.
    may_be_used = allow_used_name or old is not None

    # Report every problem with the options before asking anything.
    faults = faults or Faults()
    answers, presets = _with_defaults(answers, old, profile, faults, interactive=interactive)
    folder = faults.absolute(options.folder)
    problems = check(answers, verbatim=exact)
    faults.add(p for p in problems if p.field in answers or not interactive)
    passphrase = opening = None
    if options.passphrase_file and key_file:
        opening = key_options.read_opening_passphrase(options.passphrase_file, faults)
    elif options.passphrase_file:
        passphrase = key_options.read_passphrase(options.passphrase_file, faults)
    key = None
    if key_file:
        to_come = interactive or options.passphrase_file is not None
        key_file, key = _load_key(key_file, opening, old, faults, passphrase_to_come=to_come)
        options = options._replace(key_file=key_file)
    if not may_be_used and (used := _used_name(answers, faults)):
        faults.add(used, status=IMPOSSIBLE)
        faults.add_line(_to_use_it_all_the_same(), status=IMPOSSIBLE)
    if old and name is None:
        name = file_names.free_name(folder, file_names.safe_name(old.common_name))
    _check_target(folder, name, answers, faults, with_key=with_key)
    faults.tell()

    if key_file and not key:
        key = key_options.unlock_key(key_file, faults)
    if interactive:
        named = name is not None or "common_name" in answers
        may_change_name = "common_name" not in answers and not may_be_used
        answers = prompts.missing_answers(answers, presets, old.proposed if old else {})
        # Do not discard all answers because the common name is already used.
        while may_change_name and (used := _used_name(answers, faults)):
            echo_err("\n".join((problem_text(used[0]), _to_use_it_all_the_same())))
            del answers["common_name"]
            answers = prompts.missing_answers(answers, presets)
        if not named:
            # Do not discard all answers because the file name is taken.
            name = prompts.free_name(
                _base_name(None, answers),
                lambda name: files.check_target(folder, name, with_key=with_key),
            )
        _check_target(folder, name, answers, faults, with_key=with_key)
        faults.tell()
    if options.encrypt:
        passphrase = prompts.new_passphrase()

    _write(
        Subject(answers, verbatim=exact),
        key or keys.generate(),
        options._replace(folder=folder, name=_base_name(name, answers)),
        passphrase,
        faults,
        old=old,
    )


def _load_key(
    path: Path,
    passphrase: bytes | None,
    old: RenewalSource | None,
    faults: Faults,
    *,
    passphrase_to_come: bool,
) -> tuple[Path | None, rsa.RSAPrivateKey | None]:
    """Return the file of the key, and the key: of several that of the old certificate.

    None where a problem was added or a passphrase is needed.
    """
    from enos_csr_gui.core import keys

    wanted = [old.public_key_sha256] if old else []
    file = key_options.find_key(path, passphrase, faults, wanted=wanted, may_differ=True)
    if not file:
        return None, None

    def load(wanted: list[str]) -> rsa.RSAPrivateKey | None:
        return key_options.load_key(
            file, passphrase, faults, passphrase_to_come=passphrase_to_come, wanted=wanted
        )

    key = load(wanted)
    if key and wanted and keys.public_key_sha256(key.public_key()) not in wanted:
        key = load([])  # another key for the old name: it must be clear which one
    return file, key


def _with_defaults(
    answers: dict[str, str],
    old: RenewalSource | None,
    profile: Mapping[str, str],
    faults: Faults,
    *,
    interactive: bool,
) -> tuple[dict[str, str], Mapping[str, str]]:
    """Return the answers with those of the profile and the organization, and its presets."""
    from enos_csr_gui.core import defaults

    found = defaults.load()
    faults.warn(found.problems)
    for key, value in found.locked.items():
        given = clean(FIELDS_BY_KEY[key], answers.get(key, value))
        if not (old and given == old.answers.get(key)):
            faults.add(found.check(key, given))
    presets = found.locked if interactive or old else found.presets
    return {**presets, **profile, **answers, **found.locked}, found.presets


@signals.finishing()
def _write(
    subject: Subject,
    key: rsa.RSAPrivateKey,
    options: Options,
    passphrase: str | None,
    faults: Faults,
    *,
    old: RenewalSource | None,
) -> None:
    """Make, save, record and report the request; once begun, all of it is completed."""
    from enos_csr_gui.core import create
    from enos_csr_gui.core.enums import RequestKind

    renewed = old.serial if old else None
    if old and renewed is None:
        from enos_csr_gui.core import renew

        renewed = renew.newest_serial(old.common_name)

    try:
        made = create.create_request(
            subject,
            key,
            options.folder,
            options.name or "",
            key_file=options.key_file,
            passphrase=passphrase,
            remember_folder=False,
            kind=RequestKind.RENEWAL if old else RequestKind.NEW,
        )
    except CoreError as error:
        faults.add_error(error)
        faults.end()
    faults.warn(made.notes)
    try:
        if options.as_json:
            print_json(json_objects.created(made, subject, faults.warnings, renewed))
        else:
            _print_advice(made, renewed)
    except OSError:
        echo_err(_("The files were saved, but the result could not be printed."))
        raise


def _check_combination(
    stray: list[str],
    key_file: Path | None,
    encrypt: bool,
    passphrase_file: Path | None,
    interactive: bool,
) -> None:
    """Raise click.UsageError for options that conflict with each other or with a terminal."""
    if encrypt and key_file and not stray:
        raise click.UsageError(
            _("--encrypt cannot be combined with --key: an existing key file stays as it is.")
        )
    key_options.check_use(stray, encrypt, passphrase_file, interactive)
    if passphrase_file == key_options.STANDARD_INPUT and interactive:
        raise click.UsageError(
            _(
                "'--passphrase-file -' would show the passphrase while you type it. Use "
                "--encrypt for a new key; with --key, leave the option out and the command "
                "asks."
            )
        )


def _base_name(name: str | None, answers: Mapping[str, str]) -> str:
    return file_names.safe_name(answers.get("common_name", "")) if name is None else name


def _used_name(answers: Mapping[str, str], faults: Faults) -> list[Problem]:
    """Return the problem that the common name is already used, or None; warn of history damage."""
    from enos_csr_gui.core.create import used_name

    used = used_name(answers.get("common_name", ""))
    faults.warn(used.notes)
    return used.problems


def _to_use_it_all_the_same() -> str:
    return _(
        "To renew its certificate, run 'enos-csr renew OLD'. To use the name anyway, add "
        "--allow-used-name."
    )


def _check_target(
    folder: Path, name: str | None, answers: Mapping[str, str], faults: Faults, *, with_key: bool
) -> None:
    """Add the problems that would prevent the files from being written."""
    base_name = _base_name(name, answers)
    nameless = name is None and "common_name" not in answers
    for problem in files.check_target(folder, base_name, with_key=with_key):
        if problem.code is Code.FILE_EXISTS and nameless:
            continue  # only the folder can be judged before the name is known
        unsafe = problem.code is Code.NAME_UNSAFE
        faults.add([problem], status=WRONG_INPUT if unsafe else IMPOSSIBLE)


def _print_advice(made: CreatedRequest, renewed: int | None) -> None:
    parts = [
        (
            _("Submit the request file. It contains no secret:"),
            path_text(made.csr),
        ),
        (
            _("Keep the key file and never send it. Nobody can restore it:"),
            path_text(made.key),
        ),
        (
            _("Public-key fingerprint (SHA-256):"),
            labels.fingerprint(made.public_key_sha256).replace("\n", "\n  "),
        ),
    ]
    if renewed is not None:
        heading = _("Serial number of the old certificate, which EnOS asks for:")
        parts.append((heading, serials.written(renewed)))
    click.echo("\n\n".join(f"{heading}\n  {value}" for heading, value in parts))
