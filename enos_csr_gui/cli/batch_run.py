"""The part that ``batch`` and ``renew-batch`` share: from checked rows to the folder of pairs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from enos_csr_gui.cli import json_objects, key_options, prompts, signals
from enos_csr_gui.cli.options import file_option, json_option, with_options
from enos_csr_gui.cli.output import (
    IMPOSSIBLE,
    Faults,
    columns,
    echo_err,
    option_name,
    padded,
    path_text,
    print_json,
)
from enos_csr_gui.core import clock
from enos_csr_gui.core.errors import CoreError
from enos_csr_gui.core.file_types import MANIFEST, REJECTED, REQUESTS
from enos_csr_gui.core.subject import SUBJECT_FIELDS
from enos_csr_gui.i18n import _, ngettext
from enos_csr_gui.messages import batch as messages
from enos_csr_gui.messages import labels

if TYPE_CHECKING:
    from enos_csr_gui.core.batch.check import Checked, Progress, Rules
    from enos_csr_gui.core.batch.control import Control
    from enos_csr_gui.core.batch.make import Outcome, PairsOf
    from enos_csr_gui.core.batch.records import Ledger
    from enos_csr_gui.core.batch.rows import Row
    from enos_csr_gui.core.batch.table import Table


class Options(NamedTuple):
    """The options about a run, as ``run_options`` declares them."""

    folder: Path
    jobs: int | None
    scheduler: str | None
    dry_run: bool
    skip_bad: bool
    flat: bool
    encrypt: bool
    passphrase_file: Path | None
    device_passphrases: Path | None
    as_json: bool


def check_positive(
    _context: click.Context, _option: click.Parameter, value: int | None
) -> int | None:
    """Return the number if it is at least 1; raises click.BadParameter."""
    if value is not None and value < 1:
        raise click.BadParameter(_("Use a whole number of at least 1."))
    return value


run_options = with_options(
    click.option(
        "--out",
        "folder",
        type=Path,
        metavar="FOLDER",
        help=_("Where to write the files, in a folder for each device.  [required]"),
    ),
    click.option(
        "--jobs",
        type=int,
        callback=check_positive,
        metavar="COUNT",
        help=_("How many keys to generate at once.  [default: one for each core]"),
    ),
    click.option(
        "--scheduler",
        metavar="ADDRESS",
        help=_(
            "Generate the keys on the workers of the Dask scheduler at this address, for "
            "example tcp://10.0.0.1:8786. They travel encrypted."
        ),
    ),
    click.option("--dry-run", is_flag=True, help=_("Only check the rows, and write nothing.")),
    click.option(
        "--skip-bad",
        is_flag=True,
        help=_("Leave out rows with errors, and list them in rejected.csv."),
    ),
    click.option("--flat", is_flag=True, help=_("Write all files to one folder. This is slower.")),
    click.option(
        "--encrypt",
        is_flag=True,
        help=_("Protect all keys with one passphrase. The command asks for it."),
    ),
    file_option(
        "--passphrase-file",
        text=_(
            "Protect all keys with the passphrase in the first line of this file, or from "
            "standard input with '-'."
        ),
    ),
    file_option(
        "--device-passphrases",
        text=_(
            "Protect each key with a passphrase of its own. They are written to this file, "
            "which must not be in FOLDER."
        ),
    ),
    json_option,
)
"""The options about a run."""

answers_for_all = with_options(
    *(
        click.option(
            option_name(field.key),
            field.key,
            metavar="TEXT",
            help=_("{label} of the rows that leave it empty.").format(
                label=labels.label(field.key)
            ),
        )
        for field in SUBJECT_FIELDS
        if field.key != "common_name"
    )
)
"""An option for each field that can be the same for all devices."""


def run(table: Table, rules: Rules, options: Options, faults: Faults, *, stray: list[str]) -> None:
    """Check every row, create the pairs, print where they are; or say what is wrong."""
    from enos_csr_gui.core.batch import check, records

    _check_combination(stray, options)
    folder = faults.absolute(options.folder)
    faults.warn(table.notes)
    try:
        ledger = records.peek(folder)
    except CoreError as error:
        faults.add_error(error)
        faults.end()
    checked = check.check(
        table, ledger, rules, progress=progress_line(_("Checked {done} of {total} rows."))
    )
    faults.warn(checked.notes)
    rows = [problem for row in checked.bad for problem in row.problems]
    if checked.bad and (checked.is_all_bad or not options.skip_bad):
        faults.add_rows(rows)
    faults.add(check.check_room(folder, len(checked.good)), status=IMPOSSIBLE)
    passphrase_of = _passphrases(checked, options, folder, faults)
    faults.tell()
    if options.dry_run:
        _print_dry(checked, options, folder, faults)
        return
    try:
        options = options._replace(folder=folder)
        before = len(ledger.made)
        _run(table, checked, rules, options, passphrase_of, faults=faults, before=before)
    except CoreError as error:
        faults.add_error(error)
        faults.end()


def _check_combination(stray: list[str], options: Options) -> None:
    if options.scheduler and options.jobs:
        raise click.UsageError(_("--scheduler cannot be combined with --jobs."))
    key_options.check_use(stray, options.encrypt, options.passphrase_file, prompts.possible())
    if options.device_passphrases and (options.encrypt or options.passphrase_file):
        raise click.UsageError(
            _("--device-passphrases cannot be combined with --encrypt or --passphrase-file.")
        )


PassphraseOf = Callable[["Row"], str | None]


def _passphrases(
    checked: Checked, options: Options, folder: Path, faults: Faults
) -> Callable[[], PassphraseOf]:
    """Check the options about passphrases; return what provides the passphrase of each row."""
    from enos_csr_gui.core.batch import passphrases

    if path := options.device_passphrases:
        path = faults.absolute(path)
        faults.add(passphrases.check_place(path, folder), option="--device-passphrases")
        try:
            passphrases.load(path)
        except CoreError as error:
            faults.add_error(error, option="--device-passphrases")

        def each() -> PassphraseOf:
            known = passphrases.provide(path, (row.common_name for row in checked.good))
            return lambda row: passphrases.of(known, row.common_name)

        return each
    given = None
    if options.passphrase_file:
        given = key_options.read_passphrase(options.passphrase_file, faults)

    def same() -> PassphraseOf:
        asked = options.encrypt and checked.good and not options.dry_run
        passphrase = prompts.new_passphrase() if asked else given
        return lambda _row: passphrase

    return same


def _run(
    table: Table,
    checked: Checked,
    rules: Rules,
    options: Options,
    passphrases: Callable[[], PassphraseOf],
    *,
    faults: Faults,
    before: int,
) -> None:
    """Create the pairs; ``before`` is how many there were when the rows were checked."""
    from enos_csr_gui.core.batch import check, make, records
    from enos_csr_gui.core.batch.control import Control

    passphrase_of = passphrases()
    control = Control()
    begin = clock.awake()
    folder = options.folder
    with records.opened(folder) as ledger, signals.stopping(lambda: _stop(control)):
        if len(ledger.made) != before:
            checked = check.check(table, ledger, rules)  # another run has just ended
        if checked.bad:
            _write_rejected(table, checked, folder)
        outcome = make.make(
            checked,
            table.columns,
            ledger,
            rules,
            threads=options.jobs,
            passphrase=passphrase_of,
            control=control,
            progress=_creating(),
            pairs_of=_elsewhere(options.scheduler),
        )
        faults.warn(outcome.notes)
        seconds = clock.awake() - begin
        _print(checked, outcome, ledger, seconds=seconds, options=options, faults=faults)
    if outcome.stopped:
        raise click.exceptions.Exit(IMPOSSIBLE)


def _elsewhere(scheduler: str | None) -> PairsOf | None:
    if scheduler is None:
        return None
    from enos_csr_gui.core.batch import cluster

    return cluster.pairs_on(scheduler)


def _stop(control: Control) -> None:
    control.stop()
    echo_err("\n" + _("Stopping. The keys that are being generated are still saved."))


def _write_rejected(table: Table, checked: Checked, folder: Path) -> None:
    from enos_csr_gui.core.batch import records

    headings = messages.headings_of_rejected(table)
    records.write_rejected(folder, headings, messages.rejected(checked))


# --- Progress -------------------------------------------------------------------------------------

_TERMINAL_SECONDS, _LOG_SECONDS = 0.2, 10.0
_QUIET_SECONDS = 1.0
"""What is over sooner is not reported."""


class _Line:
    """One line on standard error that is written again and again; in a log, now and then."""

    def __init__(self) -> None:
        self._terminal = sys.stderr is not None and sys.stderr.isatty()
        self._begin = clock.awake()
        self._next = self._begin + (_QUIET_SECONDS if self._terminal else _LOG_SECONDS)
        self._width = 0

    def show(self, text: Callable[[float], str], *, last: bool) -> None:
        now = clock.awake()
        if now < self._next and not (last and self._width):
            return
        shown = text(now - self._begin)
        if self._terminal:
            click.echo(f"\r{padded(shown, self._width)}", err=True, nl=last)
            self._next = now + _TERMINAL_SECONDS
        else:
            echo_err(shown)
            self._next = now + _LOG_SECONDS
        self._width = columns(shown) if self._terminal and not last else 0


def progress_line(text: str) -> Progress:
    """Return what prints a text with {done} and {total} on standard error, as time passes."""
    line = _Line()

    def show(done: int, total: int) -> None:
        line.show(lambda _seconds: text.format(done=done, total=total), last=done == total)

    return show


def _creating() -> Progress:
    line = _Line()

    def show(done: int, total: int) -> None:
        def text(seconds: float) -> str:
            return messages.progress(done, total, seconds)

        line.show(text, last=done == total)

    return show


# --- Results --------------------------------------------------------------------------------------


def _print_dry(checked: Checked, options: Options, folder: Path, faults: Faults) -> None:
    if options.as_json:
        print_json(json_objects.batch_checked(checked, folder, faults.warnings))
        return
    count = len(checked.good)
    text = ngettext("{count} pair would be created.", "{count} pairs would be created.", count)
    click.echo("\n".join([text.format(count=count), *_counts(checked)]))


def _counts(checked: Checked) -> list[str]:
    """Return a line for the rows that have their files, and one for those left out."""
    before = messages.made_before(checked.made + len(checked.found))
    return list(filter(None, (before, messages.left_out(len(checked.bad)))))


def _print(
    checked: Checked,
    outcome: Outcome,
    ledger: Ledger,
    *,
    seconds: float,
    options: Options,
    faults: Faults,
) -> None:
    if options.as_json:
        print_json(json_objects.batch_created(checked, outcome, ledger, seconds, faults.warnings))
        return
    if not outcome.created and not outcome.stopped:
        click.echo("\n".join([_("Nothing was left to create."), *_counts(checked)]))
        return
    if outcome.stopped:
        text = _(
            "Stopped after {done} of {total}. Everything created is complete. The same command "
            "goes on."
        )
        echo_err(text.format(done=outcome.created, total=len(checked.good)))
    lines = [messages.created(outcome.created, seconds), *_counts(checked)]
    parts = [
        ("\n".join(lines), ledger.folder),
        (
            _("Submit the requests. This file has all of them, and contains no secret:"),
            ledger.folder / REQUESTS,
        ),
        (_("The list for a spreadsheet:"), ledger.folder / MANIFEST),
    ]
    if checked.bad:
        parts.append((_("The rows that were left out:"), ledger.folder / REJECTED))
    if options.device_passphrases:
        heading = _("The passphrases. Keep them apart from the keys:")
        parts.append((heading, options.device_passphrases))
    click.echo("\n\n".join(f"{heading}\n  {path_text(path)}" for heading, path in parts))
    click.echo("\n" + _("Keep the key files and never send them. Nobody can restore them."))
    command = f"  enos-csr history --batch {ledger.batch}"
    click.echo("\n" + _("To list the requests of this batch:") + f"\n{command}")
