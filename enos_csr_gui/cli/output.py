"""Output common to all commands: problems, JSON, examples."""

from __future__ import annotations

import codecs
import json
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

import click

from enos_csr_gui.cli import json_objects
from enos_csr_gui.core.errors import (
    CannotExport,
    CannotReceive,
    Code,
    CoreError,
    InvalidFileName,
    InvalidKey,
    InvalidSubject,
    InvalidTable,
    Problem,
    UnreadableFile,
    escape_unprintable,
    is_shown,
    problem_from_os_error,
)
from enos_csr_gui.i18n import _, ngettext
from enos_csr_gui.messages import labels
from enos_csr_gui.messages.problems import problem_text, problem_text_in_row

IMPOSSIBLE = 1
"""Exit status: the command failed."""

WRONG_INPUT = 2
"""Exit status: the input is wrong. The same as click's own."""

_INPUT_ERRORS = (
    InvalidSubject,
    InvalidKey,
    InvalidFileName,
    InvalidTable,
    UnreadableFile,
    CannotReceive,
    CannotExport,
)


_SHOWN_ROWS = 20
"""As many problems of the rows of a table are printed on a terminal."""


def option_name(field: str) -> str:
    """Return the option for a subject field: ``--common-name``."""
    return "--" + field.replace("_", "-")


def examples(*commands: str) -> str:
    """Return the paragraph of examples at the end of a help page, each on its own line."""
    heading = ngettext("Example:", "Examples:", len(commands))
    # '\b' stops click from wrapping, so that each example can be copied unchanged.
    return "\n".join(("\b", heading, *(f"  {command}" for command in commands)))


def echo_err(text: str) -> None:
    """Print a message to standard error; standard output is for the result."""
    click.echo(text, err=True)


def print_json(value: object) -> None:
    """Print ``value`` as JSON: in UTF-8, or in ASCII where the output is in another encoding."""
    encoding = codecs.lookup(getattr(sys.stdout, "encoding", None) or "ascii").name
    text = json.dumps(value, ensure_ascii=encoding != "utf-8", indent=2)
    # A terminal must not act on what JSON leaves as it is; a reader of JSON gets it back.
    click.echo("".join(c if c == "\n" or is_shown(c) else _in_json(c) for c in text))


def _in_json(character: str) -> str:
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"


def path_text(path: Path) -> str:
    """Return a path as a terminal can show it."""
    return escape_unprintable(click.format_filename(path))


def print_columns(rows: Sequence[Sequence[str]]) -> None:
    """Print a table; the first row is its heading."""
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (padded(cell, width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def padded(text: str, width: int) -> str:
    """Return the text padded to ``width`` terminal columns."""
    return text + " " * (width - columns(text))


def columns(text: str) -> int:
    """Return the width of the text in terminal columns: Chinese characters take two."""
    return sum(
        0 if unicodedata.combining(character) else 1 + (wide in "WF")
        for character in text
        for wide in unicodedata.east_asian_width(character)[0]
    )


class Faults:
    """Collects problems, to report all of them together."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._problems: list[json_objects.Object] = []
        self._warnings: list[json_objects.Object] = []
        self._status = 0

    @property
    def warnings(self) -> Sequence[json_objects.Object]:
        """The notes so far, as ``--json`` prints them."""
        return self._warnings

    def add(
        self, problems: Iterable[Problem], *, option: str = "", status: int = WRONG_INPUT
    ) -> None:
        """Add problems; ``option`` is the command-line option concerned, if any."""
        for problem in problems:
            named = option or ("--name" if problem.code is Code.NAME_UNSAFE else "")
            self._problems.append(json_objects.problem(problem, option=named))
            place = " ".join(filter(None, (named, _place(problem))))
            sentence = problem_text(problem)
            self.add_line(labels.named(place, sentence) if place else sentence, status=status)

    def add_rows(self, problems: Sequence[Problem]) -> None:
        """Add the problems of a table's rows; only the first ones are printed."""
        self._problems += [json_objects.problem(one, problem_text_in_row(one)) for one in problems]
        for one in problems[:_SHOWN_ROWS]:
            self.add_line(problem_text_in_row(one))
        if (further := len(problems) - _SHOWN_ROWS) > 0:
            text = ngettext(
                "{count} more error. --json lists all of them, and --skip-bad leaves the rows out.",
                "{count} more errors. --json lists all of them, and --skip-bad leaves the rows "
                "out.",
                further,
            )
            self.add_line(text.format(count=further))

    def add_error(self, error: CoreError, *, option: str = "") -> None:
        """Add the problems of an error from the core."""
        status = WRONG_INPUT if isinstance(error, _INPUT_ERRORS) else IMPOSSIBLE
        self.add(error.problems, option=option, status=status)

    def add_line(self, line: str, *, status: int = WRONG_INPUT) -> None:
        """Add a message from the command itself."""
        self._lines.append(line)
        self._status = max(self._status, status)

    def tell(self) -> None:
        """End the command if there are problems."""
        if self._lines:
            self.end()

    def warn(self, problems: Iterable[Problem]) -> None:
        """Print problems that do not end the command."""
        for problem in problems:
            place = _place(problem)
            sentence = problem_text(problem)
            self.note([(problem, None)], labels.named(place, sentence) if place else sentence)

    def note(self, problems: Iterable[tuple[Problem, str | None]], sentence: str) -> None:
        """Print one sentence about problems that do not stop the command.

        Each problem comes with its message for ``--json``; None stands for its usual sentence.
        """
        self._warnings += [json_objects.problem(problem, text) for problem, text in problems]
        echo_err(_("NOTE: {sentence}").format(sentence=sentence))

    def absolute(self, path: Path) -> Path:
        """Return the absolute path; end the command if the current folder no longer exists."""
        try:
            return path.absolute()
        except OSError as error:
            problem = problem_from_os_error(error, path, missing=Code.FOLDER_MISSING)
            self.add([problem], status=IMPOSSIBLE)
            self.end()

    def end(self) -> NoReturn:
        """Print the problems, with ``--json`` also as an object, and end the command."""
        context = click.get_current_context()
        if context.params.get("as_json"):
            print_json(json_objects.failure(self._problems, self._warnings))
        echo_err("\n".join(self._lines))
        if self._status == WRONG_INPUT:
            command = context.command_path
            echo_err(_("Nothing was written. See: {command} --help").format(command=command))
        raise click.exceptions.Exit(self._status)


def _place(problem: Problem) -> str:
    """Return the option of the subject field, or the file or folder, concerned."""
    if problem.field:
        return option_name(problem.field)
    return path_text(problem.path) if problem.path else ""
