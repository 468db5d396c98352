"""What a spreadsheet has made of a name is seen, and what it has only marked is taken as it was."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from enos_csr_gui.core.batch.cells import Suspect, from_text, from_value
from enos_csr_gui.core.errors import Code


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("dev-001", "dev-001"),
        ("", ""),
        ('="007"', "007"),
        ('=""', ""),
        ('="a ""b"" c"', 'a "b" c'),
        ("'007", "007"),
        ("'=a", "=a"),
        ("'-a", "-a"),
        ("'s-Hertogenbosch", "'s-Hertogenbosch"),
        ("''", "''"),
        ('a"', 'a"'),
        ("1E5", "1E5"),
        ("12-month", "12-month"),
        (f"{'1' * 37}E+20", f"{'1' * 37}E+20"),  # longer than any spreadsheet writes
    ],
)
def test_a_text_is_what_was_typed(written, meant):
    assert from_text(written) == meant
    if written.startswith(("=", "'")):
        assert from_value(written) == meant
    else:
        assert from_value(written) == written


@pytest.mark.parametrize(
    "text",
    [
        "5.57E+92",
        "-1,5e+10",
        "1-Mar",
        "01-Mar-26",
        "MAR-01",
        "3/1/2026",
        "2026-03-01",
        "2026-03-01 12:30",
        "3月1日",
        "2026年3月",
        "#NAME?",
        "###",
        f"{'1' * 36}E+20",
    ],
)
def test_what_a_spreadsheet_has_changed_is_seen(text):
    assert from_text(text) == Suspect(text, Code.CELL_CHANGED)
    assert str(from_text(text)) == text
    assert from_value(text) == text  # of a workbook it is text, and nothing has changed it


@pytest.mark.parametrize("text", ["=A1", '="', '="a', '=a"', "=", '=1+"2"'])
def test_a_formula_is_no_name(text):
    assert from_text(text) == Suspect(text, Code.CELL_FORMULA)
    assert from_value(text) == text


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (None, "", ""),
        (None, "0000", ""),
        (7, "", "7"),
        (7, "General", "7"),
        (7, "0000", "0007"),
        (7, "0.00", "7"),
        (-7, "000", "-07"),
        (7.0, "000", "007"),
        (10**15 - 1, "", "999999999999999"),
        (-(10**15) + 1, "", "-999999999999999"),
    ],
)
def test_a_number_is_written_as_its_format_shows_it(value, number_format, text):
    assert from_value(value, number_format) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "TRUE"),
        (False, "FALSE"),
        (1.5, "1.5"),
        (10**15, "1000000000000000"),
        (-(10**15), "-1000000000000000"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (datetime(2026, 3, 1, 12, 30), "2026-03-01 12:30:00"),
        (date(2026, 3, 1), "2026-03-01"),
        (time(12, 30), "12:30:00"),
        (timedelta(hours=1), "1:00:00"),
    ],
)
def test_what_is_no_text_in_a_workbook_is_seen(value, text):
    assert from_value(value) == Suspect(text, Code.CELL_CHANGED)
