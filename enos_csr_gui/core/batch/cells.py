"""Cells as text: what a spreadsheet has made of a name, and what protects a name from it."""

from __future__ import annotations

import re
from typing import NamedTuple

from enos_csr_gui.core.errors import Code


class Suspect(NamedTuple):
    """A cell that does not hold what was typed into it: CELL_CHANGED or CELL_FORMULA."""

    text: str
    code: Code

    def __str__(self) -> str:
        return self.text


Cell = str | Suspect

_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_CHANGED = re.compile(
    # 5.57E+92, as Excel writes a long number and '557E90'
    r"[+-]?\d+(?:[.,]\d+)?E\+\d{2,}|"
    # 1-Mar, Mar-01, 01-Mar-26
    rf"\d{{1,2}}-(?:{_MONTHS})(?:-\d{{2,4}})?|(?:{_MONTHS})-\d{{2,4}}|"
    r"\d{1,4}/\d{1,2}/\d{1,4}|\d{4}-\d{2}-\d{2}(?: \d{2}:\d{2}(?::\d{2})?)?|"
    r"(?:\d{4}年)?\d{1,2}月\d{1,2}日|\d{4}年\d{1,2}月|"
    # Excel's errors: a name that begins with '-' becomes #NAME?
    r"#(?:NAME\?|VALUE!|REF!|DIV/0!|N/A|NULL!|NUM!)|#{2,}",
    re.IGNORECASE,
)

_LONGEST_CHANGED = 40
"""No spreadsheet writes a longer one, and to look through a long number takes its time."""

# What keeps a spreadsheet from calculating. An apostrophe before a letter belongs to the name:
# 's-Hertogenbosch is a city.
_APOSTROPHE = re.compile(r"'(?=[\d=+@\t-])")

_MAX_EXACT = 10**15
"""A spreadsheet stores a number with 15 digits."""


def from_text(text: str) -> Cell:
    """Return the cell of a CSV file; ``="007"`` and ``'007`` are the text 007."""
    if text.startswith('="') and text.endswith('"') and len(text) > 2:
        return text[2:-1].replace('""', '"')
    if _APOSTROPHE.match(text):
        return text[1:]
    if text.startswith("="):
        return Suspect(text, Code.CELL_FORMULA)
    is_changed = len(text) <= _LONGEST_CHANGED and _CHANGED.fullmatch(text)
    return Suspect(text, Code.CELL_CHANGED) if is_changed else text


def from_value(value: object, number_format: str = "") -> Cell:
    """Return the cell of a workbook.

    Text is taken as it is. An integer is written as its format shows it: 7 as '0000' is 0007.
    """
    match value:
        case None:
            return ""
        case str() if value.startswith(("=", "'")):
            cell = from_text(value)
            return value if isinstance(cell, Suspect) else cell
        case str():
            return value
        case bool():
            return Suspect(str(value).upper(), Code.CELL_CHANGED)
        case int() | float() if abs(value) < _MAX_EXACT and value == value // 1:
            zeros = len(number_format) if set(number_format) == {"0"} else 0
            return str(int(value)).zfill(zeros)
    return Suspect(str(value), Code.CELL_CHANGED)  # a date, a time, a number that was rounded
