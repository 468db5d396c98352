"""Long lists, packed: a hundred thousand values are a few thousand compressed texts.

As objects they would take many times the memory, and Python's garbage collection would look
through all of them while the window waits.
"""

from __future__ import annotations

import json
import zlib
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar, overload

from enos_csr_gui.core.errors import Code, Problem

T = TypeVar("T")

_BLOCK = 32
"""So many values are one text; to look at one of them, all are unpacked."""

_UNPACKED = 64
"""As many blocks are kept unpacked: more than there are rows in a view."""

_LEVEL = 1
"""Of compression: what repeats in each row is found by the quickest one too."""


class Packed(Sequence[T]):
    """Values that are added at the end, and replaced one by one."""

    def __init__(self, values: Iterable[T] = ()) -> None:
        self._blocks: list[bytes] = []
        self._last: list[T] = []  # not packed yet
        self._recent: dict[bytes, list[T]] = {}
        for value in values:
            self.append(value)

    @abstractmethod
    def _plain(self, value: T) -> object:
        """Return a value as JSON knows it."""

    @abstractmethod
    def _value(self, plain: Any) -> T:
        """Return the value that ``_plain`` has made plain."""

    def append(self, value: T) -> None:
        """Add a value at the end."""
        self._last.append(value)
        if len(self._last) == _BLOCK:
            self._blocks.append(self._pack(self._last))
            self._last = []

    def _pack(self, values: Sequence[T]) -> bytes:
        text = json.dumps([self._plain(one) for one in values], separators=(",", ":"))
        return zlib.compress(text.encode("ascii"), _LEVEL)

    def _unpack(self, block: bytes) -> list[T]:
        return [self._value(plain) for plain in json.loads(zlib.decompress(block))]

    def _unpacked(self, number: int) -> list[T]:
        """Return a block that is probably looked at again."""
        block = self._blocks[number]
        if (values := self._recent.get(block)) is None:
            if len(self._recent) == _UNPACKED:
                self._recent = {}
            values = self._recent[block] = self._unpack(block)
        return values

    def __len__(self) -> int:
        return _BLOCK * len(self._blocks) + len(self._last)

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> list[T]: ...
    def __getitem__(self, place: int | slice) -> T | list[T]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        number, offset = self._block_of(place)
        block = self._unpacked(number) if number < len(self._blocks) else self._last
        return block[offset]

    def __setitem__(self, place: int, value: T) -> None:
        number, offset = self._block_of(place)
        if number == len(self._blocks):
            self._last[offset] = value
            return
        block = self._unpack(self._blocks[number])
        block[offset] = value
        self._blocks[number] = self._pack(block)

    def _block_of(self, place: int) -> tuple[int, int]:
        """Return the number of the block that has a value, and where in it."""
        if place < 0:
            place += len(self)
        if not 0 <= place < len(self):
            raise IndexError(place)
        return divmod(place, _BLOCK)

    def __iter__(self) -> Iterator[T]:
        for block in self._blocks:
            yield from self._unpack(block)
        yield from self._last


def plain_problem(problem: Problem) -> tuple[object, ...]:
    """Return a problem as JSON knows it."""
    path = problem.path and str(problem.path)
    return problem.code, problem.field, path, dict(problem.values)


def problem_of(plain: list[Any]) -> Problem:
    """Return the problem that ``plain_problem`` has made plain."""
    code, field, path, values = plain
    return Problem(Code(code), field, Path(path) if path else None, values)
