"""The rows of a table, packed: a hundred thousand of them are a few thousand texts.

As objects they would take several times the memory, and Python's garbage collection would look
through all of them while the window waits.
"""

from __future__ import annotations

import json
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Self, overload

from enos_csr_gui.core.errors import Code, Problem
from enos_csr_gui.core.subject import SUBJECT_FIELDS

FIELD_KEYS = tuple(field.key for field in SUBJECT_FIELDS)

_COMMON_NAME = FIELD_KEYS.index("common_name")

_BLOCK = 32
"""So many rows are one text; to look at one of them, all are unpacked."""

_UNPACKED = 64
"""As many blocks are kept unpacked: more than there are rows in a view."""


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


class Rows(Sequence[Row]):
    """Rows with ascending lines. They are added at the end, and replaced one by one."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._lines = array("q")
        self._blocks: list[str] = []
        self._last: list[Row] = []  # not packed yet
        for row in rows:
            self.append(row)

    def append(self, row: Row) -> None:
        """Add a row at the end."""
        self._lines.append(row.line)
        self._last.append(row)
        if len(self._last) == _BLOCK:
            self._blocks.append(_pack(self._last))
            self._last = []

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

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        number, offset = self._block_of(place)
        block = _kept(self._blocks[number]) if number < len(self._blocks) else self._last
        return block[offset]

    def __setitem__(self, place: int, row: Row) -> None:
        number, offset = self._block_of(place)
        is_packed = number < len(self._blocks)
        block = list(_unpack(self._blocks[number])) if is_packed else self._last[:]
        block[offset] = row
        if is_packed:
            self._blocks[number] = _pack(block)
        else:
            self._last = block

    def _block_of(self, place: int) -> tuple[int, int]:
        """Return the number of the block that has a row, and where in it."""
        if place < 0:
            place += len(self._lines)
        if not 0 <= place < len(self._lines):
            raise IndexError(place)
        return divmod(place, _BLOCK)

    def __iter__(self) -> Iterator[Row]:
        for block in self._blocks:
            yield from _unpack(block)
        yield from self._last


def _pack(rows: Sequence[Row]) -> str:
    return json.dumps(
        [(*row[:3], [_plain(one) for one in row.problems]) for row in rows],
        ensure_ascii=False,
        separators=(",", ":"),
    )


def _unpack(block: str) -> list[Row]:
    return [
        Row(line, tuple(answers), tuple(extra), tuple(map(_problem, problems)))
        for line, answers, extra, problems in json.loads(block)
    ]


_kept = lru_cache(_UNPACKED)(_unpack)


def _plain(problem: Problem) -> tuple[object, ...]:
    path = problem.path and str(problem.path)
    return problem.code, problem.field, path, dict(problem.values)


def _problem(plain: list[object]) -> Problem:
    code, field, path, values = plain
    return Problem(Code(code), field, Path(path) if path else None, values)  # type: ignore[arg-type]
