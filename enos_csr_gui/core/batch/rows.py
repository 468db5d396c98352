"""The rows of a table."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self

from enos_csr_gui.core.batch.packed import Packed, plain_problem, problem_of
from enos_csr_gui.core.errors import Problem
from enos_csr_gui.core.subject import SUBJECT_FIELDS

FIELD_KEYS = tuple(field.key for field in SUBJECT_FIELDS)

_COMMON_NAME = FIELD_KEYS.index("common_name")


class Row(NamedTuple):
    """One device.

    ``line`` counts from 1, as spreadsheets and EnOS do. ``answers`` are in the order of
    ``SUBJECT_FIELDS``, empty where the table has none; ``extra`` are the cells of the unknown
    columns. ``problems`` are those of single cells, and all problems once the row is checked.
    """

    line: int
    answers: tuple[str, ...]
    extra: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def common_name(self) -> str:
        """The common name in the subject."""
        return self.answers[_COMMON_NAME]

    def subject(self) -> dict[str, str]:
        """Return field key -> answer, without those that are empty."""
        return {key: text for key, text in zip(FIELD_KEYS, self.answers, strict=True) if text}

    def mended(self, key: str, text: str) -> Row:
        """Return the row with another answer, which is taken as typed: no spreadsheet changed it.

        The cells beyond the headings belong to no field, and stay a problem.
        """
        answers = tuple(
            text.strip() if one == key else answer
            for one, answer in zip(FIELD_KEYS, self.answers, strict=True)
        )
        problems = tuple(problem for problem in self.problems if problem.field != key)
        return self._replace(answers=answers, problems=problems)


class Rows(Packed[Row]):
    """Rows with ascending lines."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._lines = array("q")
        super().__init__(rows)

    def append(self, row: Row) -> None:
        """Add a row at the end."""
        self._lines.append(row.line)
        super().append(row)

    def copy(self) -> Self:
        """Return the same rows; what is replaced in one of the two stays in the other."""
        other = type(self)()
        other._lines, other._blocks = self._lines[:], self._blocks[:]
        other._last = self._last[:]
        return other

    def place_of(self, line: int) -> int:
        """Return the place of the first row with this line or a later one."""
        return bisect_left(self._lines, line)

    def in_line(self, line: int) -> Row | None:
        """Return the row with this line, if there is one."""
        place = self.place_of(line)
        return self[place] if place < len(self) and self._lines[place] == line else None

    def lines(self) -> Sequence[int]:
        """Return the line of each row."""
        return self._lines

    def _plain(self, value: Row) -> object:
        return (*value[:3], [plain_problem(one) for one in value.problems])

    def _value(self, plain: Any) -> Row:
        line, answers, extra, problems = plain
        return Row(line, tuple(answers), tuple(extra), tuple(map(problem_of, problems)))
