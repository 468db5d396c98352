"""Packed rows are what they were, and the garbage collection has nothing to look through."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enos_csr_gui.core.batch import check, records, table
from enos_csr_gui.core.batch.rows import FIELD_KEYS, Row, Rows
from enos_csr_gui.core.errors import Code, Problem

TEXTS = st.text(st.characters(), max_size=5)  # surrogates too: a hostile file may have them
PROBLEMS = st.builds(
    Problem,
    st.sampled_from(Code),
    st.none() | st.sampled_from(FIELD_KEYS),
    st.none() | st.just(Path("a", "b")),
    st.dictionaries(TEXTS, TEXTS | st.integers(), max_size=2),
)
ROWS = st.lists(
    st.builds(
        Row,
        st.just(1),
        st.tuples(*[TEXTS] * len(FIELD_KEYS)),
        st.lists(TEXTS, max_size=2).map(tuple),
        st.lists(PROBLEMS, max_size=2).map(tuple),
    ),
    max_size=80,
)


@pytest.fixture
def complete_problems() -> None:
    """Let a problem have any values: here they are made up."""


@pytest.mark.long
@given(given_rows=ROWS, place=st.integers(0, 79), data=st.data())
def test_rows_are_what_was_put_in(given_rows, place, data) -> None:
    wanted = [row._replace(line=3 * number) for number, row in enumerate(given_rows)]
    rows = Rows(wanted)
    assert list(rows) == [rows[number] for number in range(len(wanted))] == wanted
    assert rows[-3:] == wanted[-3:]
    assert len(rows) == len(wanted)
    with pytest.raises(IndexError):
        rows[len(wanted)]
    for number, row in enumerate(wanted):
        assert rows.in_line(row.line) == row
        assert rows.in_line(row.line + 1) is None
        assert rows.place_of(row.line - 1) == number
    if wanted:
        place %= len(wanted)
        other, new = rows.copy(), wanted[place].mended("common_name", data.draw(TEXTS))
        rows[place] = new
        assert rows[place] == new
        assert list(other) == wanted
        assert list(rows) == [*wanted[:place], new, *wanted[place + 1 :]]


def test_rows_of_several_blocks_are_what_was_put_in() -> None:
    problem = Problem(Code.FILE_EXISTS, "unit", Path("a", "b"), {"suggestion": "\ud800", "n": 2})
    wanted = [
        Row(
            2 * number,
            tuple(f"{key} {number}" for key in FIELD_KEYS),
            ("x",),
            (problem,) * (number % 3),
        )
        for number in range(100)
    ]
    rows = Rows(wanted)
    assert list(rows) == wanted
    assert [rows[number] for number in range(-100, 100)] == [*wanted, *wanted]
    assert rows[10:90:7] == wanted[10:90:7]
    for place in (100, -101):
        with pytest.raises(IndexError):
            rows[place]
    for place in (0, 40, 99, -1):
        wanted[place] = wanted[place].mended("unit", f"mended {place}")
        rows[place] = wanted[place]
    assert list(rows) == wanted
    assert wanted[40].subject()["unit"] == "mended 40"
    assert wanted[40].subject()["state"] == "state 40"


def test_blocks_that_are_looked_at_again_are_not_unpacked_again() -> None:
    """A window asks for each row that it shows several times."""
    rows = Rows(Row(number, ("",) * len(FIELD_KEYS)) for number in range(70 * 32))
    first, other = rows[0], rows[40]
    assert rows[0] is first
    assert rows[40] is other
    assert [rows[number].line for number in range(0, len(rows), 16)] == [*range(0, 70 * 32, 16)]


@pytest.mark.long
def test_many_rows_are_few_objects(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    count = 20_000
    # Every other row has errors, each with its text.
    names = (f"dev-{n:05}" if n % 2 else f"5.57E+{n}" for n in range(10, 10 + count))
    path.write_text("CN,Site\n" + "".join(f"{name},north {name}\n" for name in names))
    gc.collect()
    before = len(gc.get_objects())
    found = table.read(path)
    checked = check.check(found, records.peek(tmp_path / "o"))
    assert len(found.rows) == len(checked.bad) == count
    gc.collect()
    assert len(gc.get_objects()) - before < count / 4
