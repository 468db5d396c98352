"""The texts of problems as the window shows them: with dates in the person's language."""

from __future__ import annotations

from enos_csr_gui.core.errors import Problem
from enos_csr_gui.core.subject import SUBJECT_FIELDS, SubjectField
from enos_csr_gui.gui import dates
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import problems

IN_ORDER_OF_ANSWERS: tuple[SubjectField, ...] = tuple(
    sorted(SUBJECT_FIELDS, key=lambda field: field.key != "common_name")
)
"""The fields as the pages show them: first the one whose answer is new for each request."""


def problem_text(problem: Problem) -> str:
    """Return what is wrong and what to do."""
    return problems.problem_text(problem, dates.iso_day)


def problem_text_in_file(problem: Problem) -> str:
    """Return what is wrong with a part of a request that exists, and what to do."""
    return problems.problem_text_in_file(problem, dates.iso_day)


def problem_text_with_place(problem: Problem) -> str:
    """Return the text, below the file or folder that it is about if the problem names one."""
    return problems.problem_text_with_place(problem, dates.iso_day)


def shortened(text: str, most: int = 64) -> str:
    """Return a foreign text with at most so many characters, to show where it cannot wrap."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def nothing_copied() -> str:
    """Return that there is no text to paste."""
    return _(
        "The clipboard contains no text. Copy the text first, from '-----BEGIN' to the end of the "
        "line '-----END', then paste it here."
    )
