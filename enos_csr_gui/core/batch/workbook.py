"""Excel workbooks, read as a stream by openpyxl, with limits to what a hostile file can cost."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any

from enos_csr_gui.core import reader
from enos_csr_gui.core.batch.cells import Cell, Suspect, from_value
from enos_csr_gui.core.errors import Code, InvalidTable, Problem

_MAX_MEMBERS = 2000
_MAX_UNPACKED = 512 << 20
_MAX_IN_MEMORY = 64 << 20
"""The texts and the styles of a workbook are kept in memory; the sheets are not."""
_MAX_ELEMENTS = 3_000_000
"""Of what is kept in memory: more than a million texts. An element takes 100 bytes."""
_MAX_ROW_BYTES = 8 << 20
"""A row is kept in memory until it ends, and what is not in rows until the sheet does."""
_MAX_CELLS = 20_000_000
"""A row has as many cells as the number of its last one says."""

_LONG_NUMBER = b"0" * 400
"""A number has up to 17 digits in a workbook; Python takes very long for thousands of them."""
_AS_ZEROS = bytes.maketrans(b"123456789", b"000000000")

_HIDDEN = re.compile(rb'<(?:\w+:)?row\b[^>]*\bhidden="(?:1|true)"')
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\b")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_ROW_END = re.compile(rb"</(?:\w+:)?row\s*>|<(?:\w+:)?row\b[^>]*/>")
_ENTITY = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_PATTERNS = {_HIDDEN: b"hidden=", _MERGED: b"mergeCell", _FORMULA: b"f", _ENTITY: b"<!"}
"""Each with a part of it that is quick to find."""
_SHEETS = "worksheets/"
_BLOCK = 1 << 20
_MAX_ROWS = 1 << 20
"""As many rows as Excel has."""
_OVERLAP = 1000
"""As long as a tag is; a block is searched together with the end of the one before it."""


class Sheet:
    """One sheet of an open workbook; ``formulas`` opens it once more, with what was calculated."""

    def __init__(self, sheet: Any, formulas: Callable[[], Any], part: _Part) -> None:
        self.title: str = sheet.title
        self._sheet, self._formulas, self._found = sheet, formulas, part.found

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
        cells = 0
        for number, row in enumerate(sheet.iter_rows()):
            cells += len(row)
            # The numbers of rows and columns in the file may be any.
            if number == _MAX_ROWS or cells > _MAX_CELLS:
                raise ValueError("more rows or cells than a table has")
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
            parts = _check(archive, path)
            file.seek(0)
            book = load_workbook(file, read_only=True, data_only=True)

            @cache
            def formulas() -> Any:
                file.seek(0)
                return load_workbook(file, read_only=True)

            yield [
                Sheet(sheet, formulas, parts[sheet._worksheet_path.lstrip("/")])
                for sheet in book.worksheets
            ]
    except MemoryError as error:
        raise InvalidTable([_too_large(path)]) from error
    except _DAMAGED as error:
        raise InvalidTable([Problem(Code.TABLE_UNREADABLE, path=path)]) from error


_DAMAGED: tuple[type[Exception], ...] = (
    *reader.ARCHIVE_ERRORS,
    TypeError,
    AttributeError,
    SyntaxError,
)
"""What a damaged workbook makes of ``zipfile`` and openpyxl; a syntax error is one of XML."""


def _check(archive: zipfile.ZipFile, path: Path) -> dict[str, _Part]:
    """Return the XML files in a workbook; refuse what would not fit into memory.

    openpyxl reads some of it already when it opens the file. zipfile unpacks no more than a member
    declares.
    """
    members = archive.infolist()
    names = {member.filename for member in members}
    is_workbook = "xl/workbook.xml" in {name.lower() for name in names}
    if not is_workbook or any(map(reader.unpacking_problem, members)):
        raise InvalidTable([Problem(Code.TABLE_UNREADABLE, path=path)])
    kept = sum(one.file_size for one in members if _SHEETS not in one.filename)
    whole = sum(one.file_size for one in members)
    if len(members) > _MAX_MEMBERS or kept > _MAX_IN_MEMORY or whole > _MAX_UNPACKED:
        raise InvalidTable([_too_large(path)])
    parts = {one.filename: _Part(archive, one) for one in members if _is_xml(one.filename)}
    kept_elements = sum(one.elements for one in parts.values() if not one.is_sheet)
    if kept_elements > _MAX_ELEMENTS or any(one.is_hostile for one in parts.values()):
        raise InvalidTable([Problem(Code.TABLE_UNREADABLE, path=path)])
    return parts


def _is_xml(name: str) -> bool:
    return name.endswith((".xml", ".rels"))


def _too_large(path: Path) -> Problem:
    return Problem(Code.TABLE_TOO_LARGE, path=path, values={"limit": _MAX_UNPACKED >> 20})


class _Part:
    """What is in an XML file of a workbook.

    ``found`` are the patterns in it, and ``elements`` is how many elements it has at most.
    ``is_hostile``: openpyxl would need much memory for it; the rest has not been looked at.
    """

    def __init__(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
        self.is_sheet = _SHEETS in member.filename
        self.found: set[re.Pattern[bytes]] = set()
        self.elements = row = 0
        self.is_hostile = False
        before = b""
        with archive.open(member) as file:
            while not self.is_hostile and (block := file.read(_BLOCK)):
                text = before + block
                self.found |= {one for one, part in _PATTERNS.items() if _has(text, one, part)}
                self.elements += block.count(b"<") - block.count(b"</")
                row = 0 if _has(text, _ROW_END, b"row") else row + len(block)
                is_large = row > _MAX_ROW_BYTES if self.is_sheet else self.elements > _MAX_ELEMENTS
                has_long = self.is_sheet and _LONG_NUMBER in text.translate(_AS_ZEROS)
                self.is_hostile = is_large or has_long or _ENTITY in self.found
                before = text[-_OVERLAP:]


def _has(text: bytes, pattern: re.Pattern[bytes], part: bytes) -> bool:
    """Return whether the pattern is in the text; a look for its ``part`` is quick."""
    return part in text and bool(pattern.search(text))


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
