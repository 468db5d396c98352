"""Excel workbooks, read as a stream by openpyxl, with limits to what a hostile file can cost."""

from __future__ import annotations

import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any

from enos_csr_gui.core.batch.cells import Cell, Suspect, from_value
from enos_csr_gui.core.errors import Code, InvalidTable, Problem

_MAX_MEMBERS = 2000
_MAX_UNPACKED = 512 << 20
_MAX_IN_MEMORY = 64 << 20
"""The texts and the styles of a workbook are kept in memory; the sheets are not."""

_HIDDEN = re.compile(rb'<(?:\w+:)?row\b[^>]*\bhidden="(?:1|true)"')
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\b")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_ENTITY = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_BLOCK = 1 << 20
_MAX_ROWS = 1 << 20
"""As many rows as Excel has."""
_OVERLAP = 1000
"""As long as a tag is; a block is searched together with the end of the one before it."""


class Sheet:
    """One sheet of an open workbook; ``formulas`` opens it once more, with what was calculated."""

    def __init__(self, sheet: Any, formulas: Callable[[], Any], archive: zipfile.ZipFile) -> None:
        self.title: str = sheet.title
        self._sheet, self._formulas = sheet, formulas
        self._found = _search(archive, sheet._worksheet_path.lstrip("/"))

    def notes(self) -> list[Problem]:
        """Return what its owner should know about the sheet."""
        codes = {_HIDDEN: Code.ROWS_HIDDEN, _MERGED: Code.CELLS_MERGED}
        values = {"sheet": self.title}
        return [Problem(code, values=values) for kind, code in codes.items() if kind in self._found]

    def lines(self) -> Iterator[tuple[int, Sequence[Cell]]]:
        """Yield the number of each row, and its cells."""
        rows = self._rows(self._sheet)
        if _FORMULA not in self._found:
            for number, row in enumerate(rows, 1):
                yield number, [_cell(cell) for cell in row]
            return
        for number, (row, written) in enumerate(
            zip(rows, self._rows(self._formulas()[self.title]), strict=True), 1
        ):
            yield (
                number,
                [
                    Suspect("=", Code.CELL_FORMULA)
                    if cell.value is None and formula.data_type == "f"
                    else _cell(cell)
                    for cell, formula in zip(row, written, strict=True)
                ],
            )

    def _rows(self, sheet: Any) -> Iterator[Any]:
        sheet.reset_dimensions()  # what the file says about its size may be wrong
        for number, row in enumerate(sheet.iter_rows()):
            if number == _MAX_ROWS:  # a number of a row in the file may be any
                raise ValueError("more rows than Excel has")
            yield row


def _cell(cell: Any) -> Cell:
    if cell.value is None:
        return ""
    if cell.data_type == "e":
        return Suspect(str(cell.value), Code.CELL_CHANGED)
    return from_value(cell.value, "" if isinstance(cell.value, str) else cell.number_format)


@contextmanager
def opened(file: BufferedReader, path: Path) -> Iterator[list[Sheet]]:
    """Open a workbook and return its sheets.

    Macros are neither run nor read. Raises InvalidTable when the file is no workbook, or would
    take too much memory.
    """
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(file) as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl's, about features that it leaves out
            _check(archive, path)
            file.seek(0)
            book = load_workbook(file, read_only=True, data_only=True)

            @cache
            def formulas() -> Any:
                file.seek(0)
                return load_workbook(file, read_only=True)

            yield [Sheet(sheet, formulas, archive) for sheet in book.worksheets]
    except (*_DAMAGED, SyntaxError) as error:  # SyntaxError: that of XML
        raise InvalidTable([Problem(Code.TABLE_UNREADABLE, path=path)]) from error


# What a damaged workbook makes of openpyxl.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    RuntimeError,
)


def _check(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse what would not fit into memory. zipfile unpacks no more than a member declares."""
    members = archive.infolist()
    names = {member.filename for member in members}
    if "xl/workbook.xml" not in {name.lower() for name in names}:
        raise InvalidTable([Problem(Code.TABLE_UNREADABLE, path=path)])
    kept = sum(one.file_size for one in members if "worksheets/" not in one.filename)
    whole = sum(one.file_size for one in members)
    if len(members) > _MAX_MEMBERS or kept > _MAX_IN_MEMORY or whole > _MAX_UNPACKED:
        limit = {"limit": _MAX_UNPACKED >> 20}
        raise InvalidTable([Problem(Code.TABLE_TOO_LARGE, path=path, values=limit)])
    for member in members:
        if member.filename.endswith((".xml", ".rels")):
            with archive.open(member) as file:
                if _ENTITY.search(file.read(_OVERLAP)):
                    raise InvalidTable([Problem(Code.TABLE_UNREADABLE, path=path)])


def _search(archive: zipfile.ZipFile, name: str) -> set[re.Pattern[bytes]]:
    """Return which of the patterns are in a sheet."""
    found: set[re.Pattern[bytes]] = set()
    before = b""
    with archive.open(name) as file:
        while block := file.read(_BLOCK):
            text = before + block
            found |= {one for one in (_HIDDEN, _MERGED, _FORMULA) if one.search(text)}
            before = text[-_OVERLAP:]
    return found


def empty(headings: Sequence[str]) -> bytes:
    """Return a workbook with these headings, whose columns are text: leading zeros stay."""
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet = book.active
    sheet.append(list(headings))
    sheet.freeze_panes = "A2"
    for number in range(1, len(headings) + 1):
        column = sheet.column_dimensions[get_column_letter(number)]
        column.number_format, column.width = "@", 24
    data = BytesIO()
    book.save(data)
    return data.getvalue()
