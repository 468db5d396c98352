"""Cells of CSV files that a spreadsheet opens: none is a formula."""

from __future__ import annotations

import re

from enos_csr_gui.core.errors import escape_unprintable

# Where a formula could begin in a spreadsheet: at the start of the cell, or after a semicolon,
# which separates cells in many countries. Full-width signs count too in some languages
# (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA = re.compile(r"(^|;)(?=[\s\"']*[=+\-@＝＋－＠])")


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula, its control characters escaped.

    It belongs in quotes, so that a semicolon in it does not divide it.
    """
    return _FORMULA.sub(r"\1'", escape_unprintable(cell))
