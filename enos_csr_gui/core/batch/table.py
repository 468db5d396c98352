"""The rows of a table: CSV in the encodings of Excel and WPS, or an Excel workbook."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from enos_csr_gui.core import files
from enos_csr_gui.core.batch import columns, workbook
from enos_csr_gui.core.batch.cells import Cell, Suspect, from_text
from enos_csr_gui.core.batch.columns import Columns
from enos_csr_gui.core.batch.rows import FIELD_KEYS, Row, Rows
from enos_csr_gui.core.errors import (
    Code,
    InvalidTable,
    Problem,
    problem_from_os_error,
)
from enos_csr_gui.core.file_types import WORKBOOK_SUFFIX

MAX_BYTES = 256 << 20
"""A row is about 150 bytes: this is more than a million devices."""

MAX_COLUMNS = 1000

_LONGEST_HEADING = 100_000

_MAX_LINES_ABOVE = 10
"""The headings are looked for in as many lines that are not empty."""

# https://support.enosiot.com: device keys have 4 to 64 of these characters.
_DEVICE_KEY = re.compile(r"[A-Za-z0-9_.-]{4,64}")


Pause = Callable[[], None]

_PAUSE_EVERY = 50
"""So many rows take one or two milliseconds."""


class Table(NamedTuple):
    """The rows that are not empty, and ``notes``: what its owner should know about the table."""

    path: Path
    columns: Columns
    rows: Rows
    notes: tuple[Problem, ...] = ()


def read(
    path: Path, assigned: Mapping[str, str] | None = None, *, pause: Pause = lambda: None
) -> Table:
    """Read a table; ``assigned`` is heading -> field key for columns that are not recognized.

    ``pause`` is called every few rows, so that a window can do something in between.

    Raises InvalidTable for what is no table, has no column for the common name, no rows, or is too
    large.
    """
    with _opened(path) as file:
        table = _read(file, path, assigned or {}, pause)
    if not table.rows:
        raise InvalidTable([Problem(Code.TABLE_NO_ROWS, path=path)])
    return table


@contextmanager
def _opened(path: Path) -> Iterator[io.BufferedReader]:
    """Open a table; raises InvalidTable when it cannot be read, or is too large."""
    try:
        with files.open_to_read(path) as file:
            if file.seek(0, io.SEEK_END) > MAX_BYTES:
                limit = {"limit": MAX_BYTES >> 20}
                raise InvalidTable([Problem(Code.TABLE_TOO_LARGE, path=path, values=limit)])
            file.seek(0)
            yield file
    except OSError as error:
        problem = problem_from_os_error(error, path, missing=Code.FILE_MISSING)
        raise InvalidTable([problem]) from error


def headings(path: Path) -> tuple[str, ...]:
    """Return what are probably the headings of a table that ``read`` does not recognize.

    That is the first line with several texts, so that a title above them is left out; empty when
    there is none. Raises InvalidTable for what is no table.
    """
    with _opened(path) as file:
        if file.read(2) == b"PK":
            file.seek(0)
            with workbook.opened(file, path) as sheets:
                return next(filter(None, (_headings(sheet.lines()) for sheet in sheets)), ())
        file.seek(0)
        with closing(_csv_lines(file, path)) as lines:
            return _headings(lines)


def _headings(lines: Iterable[Line]) -> tuple[str, ...]:
    for _number, cells in islice(lines, 2 * _MAX_LINES_ABOVE):
        texts = [text for cell in cells[:MAX_COLUMNS] if (text := str(cell).strip())]
        if len(texts) > 1:
            return tuple(texts)
    return ()


def _read(file: io.BufferedReader, path: Path, assigned: Mapping[str, str], pause: Pause) -> Table:
    start = file.read(8)
    file.seek(0)
    if start.startswith(b"PK"):
        return _of_workbook(file, path, assigned, pause)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise InvalidTable([Problem(Code.TABLE_OLD_EXCEL, path=path)])
    with closing(_csv_lines(file, path)) as lines:
        if table := _of_lines(_pausing(lines, pause), path, assigned):
            return table
    raise InvalidTable([Problem(Code.TABLE_NO_NAMES, path=path)])


def _of_workbook(
    file: io.BufferedReader, path: Path, assigned: Mapping[str, str], pause: Pause
) -> Table:
    """Return the table on the only sheet of the workbook that has devices."""
    found: list[tuple[str, Table]] = []
    with workbook.opened(file, path) as sheets:
        for sheet in sheets:
            if table := _of_lines(_pausing(sheet.lines(), pause), path, assigned, sheet):
                found.append((sheet.title, table))
    with_rows = [(title, table) for title, table in found if table.rows] or found[:1]
    if not with_rows:
        raise InvalidTable([Problem(Code.TABLE_NO_NAMES, path=path)])
    if len(with_rows) > 1:
        values = {"first": with_rows[0][0], "second": with_rows[1][0]}
        raise InvalidTable([Problem(Code.TABLE_TWO_SHEETS, path=path, values=values)])
    return with_rows[0][1]


Line = tuple[int, Sequence[Cell]]


def _pausing(lines: Iterable[Line], pause: Pause) -> Iterator[Line]:
    for number, line in enumerate(lines):
        if number % _PAUSE_EVERY == 0:
            pause()
        yield line


def _of_lines(
    lines: Iterator[Line],
    path: Path,
    assigned: Mapping[str, str],
    sheet: workbook.Sheet | None = None,
) -> Table | None:
    """Return the table in the lines; None where no line has a heading for the common name."""
    above = most_fields = most_cells = 0
    for number, cells in lines:  # noqa: B007
        texts = [str(cell) for cell in cells]
        if not any(texts):
            continue
        if len(texts) > MAX_COLUMNS:
            values = {"limit": MAX_COLUMNS}
            raise InvalidTable([Problem(Code.TABLE_TOO_WIDE, path=path, values=values)])
        found = columns.recognize(texts, assigned, path)
        filled = sum(map(bool, texts))
        # 'CN' is the heading of the common name, and in a row of a device the code of China.
        lone = found and len(found.places) == 1 and filled <= most_cells and "CN" in texts
        if found and not lone and len(found.places) >= most_fields:
            break
        most_fields = max(most_fields, sum(1 for text in texts if columns.field_of(text)))
        most_cells = max(most_cells, filled)
        above += 1
        if above == _MAX_LINES_ABOVE:
            return None
    else:
        return None
    notes: list[Problem] = []
    if found.is_template and number == 1:
        lines = _without_description(lines, found, path, notes)
    rows = Rows(_rows(lines, found))
    if sheet:
        notes += sheet.notes()
    if unknown := found.unknown_headings:
        values_ = {"columns": ", ".join(unknown)}
        notes.append(Problem(Code.COLUMNS_UNKNOWN, path=path, values=values_))
    return Table(path, found, rows, tuple(notes))


def _without_description(
    lines: Iterator[Line], found: Columns, path: Path, notes: list[Problem]
) -> Iterator[Line]:
    """Leave out line 2 of EnOS's device template, which describes the columns."""
    second = next(lines, None)
    if second is None:
        return lines
    number, cells = second
    place = found.places["common_name"]
    name = str(cells[place]) if place < len(cells) else ""
    if number != 2 or (_DEVICE_KEY.fullmatch(name) and not path.stem.startswith("Template_")):
        return chain([second], lines)
    if any(map(str, cells)):
        notes.append(Problem(Code.LINE_SKIPPED, path=path, values={"line": number}))
    return lines


def _rows(lines: Iterable[Line], found: Columns) -> Iterator[Row]:
    width = len(found.headings)
    places = [(key, found.places.get(key)) for key in FIELD_KEYS]
    shared: dict[str, str] = {}  # most columns repeat one text in each row
    for number, cells in lines:
        if not any(map(str, cells)):
            continue
        problems: list[Problem] = []
        answers = []
        for key, place in places:
            cell = cells[place] if place is not None and place < len(cells) else ""
            if isinstance(cell, Suspect):
                values = {"given": cell.text} if cell.code is Code.CELL_CHANGED else {}
                problems.append(Problem(cell.code, key, values=values))
            text = str(cell).strip()
            if key != "common_name":
                text = shared.setdefault(text, text) if len(shared) < 10_000 else text
            answers.append(text)
        if beyond := sum(1 for cell in cells[width:] if str(cell)):
            problems.append(Problem(Code.CELLS_BEYOND, values={"count": beyond}))
        extra = tuple(str(cells[i]) if i < len(cells) else "" for i in found.unknown)
        yield Row(number, tuple(answers), extra, tuple(problems))


# --- CSV ------------------------------------------------------------------------------------------

_BLOCK = 1 << 16

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def _csv_lines(file: io.BufferedReader, path: Path) -> Generator[Line, None, None]:
    encoding = _encoding(file, path)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, newline="")
    line = 1
    try:
        separator, above = _separator(text)
        reader = csv.reader(text, delimiter=separator)
        for cells in reader:
            if line > above:
                yield line, [from_text(cell) for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        problem = Problem(Code.LINE_UNREADABLE, path=path, values={"line": line})
        raise InvalidTable([problem]) from error
    except UnicodeError as error:
        raise InvalidTable([Problem(Code.TABLE_UNREADABLE, path=path)]) from error
    finally:
        text.detach()


def _separator(text: io.TextIOWrapper) -> tuple[str, int]:
    """Return the separator that the first line has most of, and how many lines only say it."""
    start = "\n"
    while start and not start.strip():
        start = text.readline(_LONGEST_HEADING)
    text.seek(0)
    if named := re.fullmatch(r"sep=(.)\s*", start):  # as Excel writes and reads it
        return named[1], 1
    return max(",;\t", key=re.sub(r'"[^"]*"', "", start).count), 0


def _encoding(file: io.BufferedReader, path: Path) -> str:
    """Return the encoding of a text: by its byte order mark, else the first that decodes it."""
    start = file.read(4096)
    if start.startswith(codecs.BOM_UTF32_LE):  # begins like the mark of UTF-16
        raise InvalidTable([Problem(Code.TABLE_ENCODING, path=path)])
    for mark, name in _BOMS:
        if start.startswith(mark):
            return name
    if b"\0" in start:
        even, odd = start[::2].count(0), start[1::2].count(0)  # the high bytes of Latin letters
        if odd > 2 * even:
            return "utf-16-le"
        if even > 2 * odd:
            return "utf-16-be"
        raise InvalidTable([Problem(Code.TABLE_UNREADABLE, path=path)])
    if _decodes(file, "utf-8"):
        return "utf-8"
    if mixed := _mixed(file):
        values = {"line": mixed[1], "first": mixed[0]}
        raise InvalidTable([Problem(Code.TABLE_ENCODINGS_MIXED, path=path, values=values)])
    if _decodes(file, "gb18030"):
        return "gb18030"
    raise InvalidTable([Problem(Code.TABLE_ENCODING, path=path)])


# Latin letters outside ASCII, in a word.
_LATIN = re.compile(r"[A-Za-z][\u00c0-\u024f]|[\u00c0-\u024f][A-Za-z]")

_LONGEST_LINE = 1 << 20


def _mixed(file: io.BufferedReader) -> tuple[int, int] | None:
    """Return two lines of which one is in UTF-8 and the other is not; None without such lines.

    One or two Chinese characters in GB18030 may look like UTF-8. So a line only counts as UTF-8 if
    it has characters of three bytes, as Chinese ones are, or Latin ones in a word: 'Zürich'.
    """
    file.seek(0)
    first: dict[bool, int] = {}
    text = io.TextIOWrapper(file, "latin-1")  # a character for each byte
    number, is_whole = 1, True
    try:
        while len(first) < 2 and (line := text.readline(_LONGEST_LINE)):
            was_whole, is_whole = is_whole, line.endswith("\n") or len(line) < _LONGEST_LINE
            if was_whole and is_whole and not line.isascii():
                is_utf8 = _is_utf8(line.encode("latin-1"))
                if is_utf8 is not None:
                    first.setdefault(is_utf8, number)
            number += is_whole
    finally:
        text.detach()
    return (min(first.values()), max(first.values())) if len(first) == 2 else None


def _is_utf8(line: bytes) -> bool | None:
    """Return whether a line is in UTF-8; None if it may be or not."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return False
    return True if max(text) > "\u07ff" or _LATIN.search(text) else None


def _decodes(file: io.BufferedReader, encoding: str) -> bool:
    """Return whether a file is a text in this encoding.

    Most texts in Western European encodings are GB18030 too, as rare characters: 'Zürich' would
    become another city. So at least half of its characters must be those of GB 2312.
    """
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    characters = chinese = 0
    try:
        while block := file.read(_BLOCK):
            text = decoder.decode(block)
            plain = len(text.encode("ascii", "ignore"))
            characters += len(text) - plain
            if encoding == "gb18030":
                chinese += len(text.encode("gb2312", "ignore").decode("gb2312")) - plain
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return encoding != "gb18030" or 2 * chinese >= characters


# --- An empty table -------------------------------------------------------------------------------


def write_empty(path: Path, headings: Sequence[str]) -> Path:
    """Write a table with these headings only, a workbook or CSV by its suffix; never over a file.

    Raises what ``files.save_one`` raises.
    """
    if path.suffix.lower() == WORKBOOK_SUFFIX:
        data = workbook.empty(headings)
    else:
        text = io.StringIO(newline="")
        csv.writer(text).writerow(headings)
        data = text.getvalue().encode("utf-8-sig")  # Excel needs the mark
    return files.save_one(path, data)
