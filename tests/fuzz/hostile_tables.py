"""Tables that nobody means well with, each with what is said about it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple

from openpyxl import Workbook

HEADINGS = ("C", "ST", "L", "O", "OU", "CN")
SAME = ("CN", "Guizhou", "Kaili", "Example Wind Ltd", "Operations")

_CSV = ",".join(HEADINGS) + "\n" + ",".join(SAME) + ","
_SPACE = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_HEADING_ROW = b'<row r="1"><c r="A1" t="inlineStr"><is><t>CN</t></is></c></row>'
_CELL = b'<c t="inlineStr"><is><t>x</t></is></c>'


def _text(text: str, encoding: str = "utf-8") -> Callable[[Path], None]:
    return lambda path: path.write_bytes(text.encode(encoding)) and None


class _Part(NamedTuple):
    """The content of a file: something a million times, between a beginning and an end."""

    piece: bytes
    millions: int
    begin: bytes = b""
    end: bytes = b""

    def write(self, file: IO[bytes]) -> None:
        file.write(self.begin)
        thousand = self.piece * 1000
        for _number in range(1000 * self.millions):
            file.write(thousand)
        file.write(self.end)


def _book(
    *rows: tuple[str, ...], sheet: _Part | None = None, texts: _Part | None = None
) -> Callable[[Path], None]:
    """Return what writes a workbook with these rows, or with these parts instead of its own."""
    both = {"xl/worksheets/sheet1.xml": sheet, "xl/sharedStrings.xml": texts}
    parts = {name: part for name, part in both.items() if part}

    def write(path: Path) -> None:
        book = Workbook()
        for row in (HEADINGS, *rows):
            book.active.append(row)
        book.save(path)
        with zipfile.ZipFile(path) as old:
            content = {name: old.read(name) for name in old.namelist()}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
            for name in content | parts:
                with new.open(name, "w") as file:
                    if name in parts:
                        parts[name].write(file)
                    else:
                        file.write(content[name])

    return write


_BEGIN = b"<worksheet %s><sheetData>%s<row>" % (_SPACE, _HEADING_ROW)
_END = b"</row></sheetData></worksheet>"

UNREADABLE = "not a table that can be read"

TABLES: dict[str, tuple[Callable[[Path], None], str]] = {
    "latin-1.csv": (_text(_CSV.replace("Kaili", "Zürich") + "dev-1\n", "latin-1"), "encoding"),
    "utf-32.csv": (_text(_CSV + "dev-1\n", "utf-32"), "encoding"),
    "long-cell.csv": (_text(_CSV + "x" * (1 << 20) + "\n"), "Line 2 cannot be read"),
    "ragged.csv": (_text(_CSV + "dev-1,a,,b\n"), "Line 2: This line has values beyond"),
    "wide.csv": (_text("CN," + "x," * 10_000 + "\ndev-1\n"), "more than 1000 columns"),
    "formula.csv": (_text(_CSV + "=cmd|' /C calc'!A0\n"), "Line 2: Common name: This cell has a"),
    "open-quote.csv": (_text(_CSV + '"dev-1\n' + "x\n" * (1 << 20)), "Line 2 cannot be read"),
    "wide.xlsx": (_book((*SAME, *["dev-1"] * 10_000)), "Line 2: This line has values beyond"),
    "formula.xlsx": (_book((*SAME, "=A9")), "Line 2: Common name: This cell has a formula"),
    "bomb.xlsx": (_book(sheet=_Part(bytes(10), 55, b"<x>")), "too large"),
    "bomb-of-texts.xlsx": (_book(texts=_Part(bytes(10), 7)), "too large"),
    "empty-texts.xlsx": (_book(texts=_Part(b"<si/>", 10, b"<sst>", b"</sst>")), UNREADABLE),
    "endless-row.xlsx": (_book(sheet=_Part(_CELL, 4, _BEGIN, _END)), UNREADABLE),
    "endless-cell.xlsx": (_book(sheet=_Part(bytes(10), 15, _BEGIN, _END)), UNREADABLE),
    "deep.xlsx": (_book(sheet=_Part(b"<a>", 20)), UNREADABLE),
    "after-the-rows.xlsx": (_book(sheet=_Part(b"<a/>", 30, _BEGIN + b"</row>")), UNREADABLE),
    "no-zip.xlsx": (lambda path: path.write_bytes(b"PK\3\4" + bytes(1000)) and None, UNREADABLE),
}
