"""Tables as people have them: every encoding, Excel's surprises, and hostile files."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from enos_csr_gui.core.batch import table, workbook
from enos_csr_gui.core.batch.cells import Suspect, from_text
from enos_csr_gui.core.errors import Code, InvalidFileName, InvalidTable, Problem
from enos_csr_gui.core.subject import SUBJECT_FIELDS
from enos_csr_gui.messages import labels

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"]


def refused(path: Path, **settings: object) -> Code:
    return refusal_of(path, **settings).code


def refusal_of(path: Path, **settings: object) -> Problem:
    return refusal_and_cause(path, **settings)[0]


def refusal_and_cause(path: Path, **settings: object) -> tuple[Problem, BaseException | None]:
    with pytest.raises(InvalidTable) as caught:
        table.read(path, **settings)
    [problem] = caught.value.problems
    assert problem.path == path
    return problem, caught.value.__cause__


def names(found: table.Table) -> list[str]:
    return [row.common_name for row in found.rows]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_encoding_separator_and_line_end(tmp_path, encoding, separator, newline) -> None:
    lines = [["国家", "省份", "城市", "组织", "部门", "通用名称"]]
    lines += [["CN", "贵州", "凯里", "贵州风电", "运维", "0071"]]
    path = tmp_path / "表.csv"
    path.write_bytes(newline.join(separator.join(one) for one in lines).encode(encoding))
    [row] = table.read(path).rows
    assert row.subject() == {
        "country": "CN",
        "state": "贵州",
        "locality": "凯里",
        "organization": "贵州风电",
        "unit": "运维",
        "common_name": "0071",
    }
    assert row.line == 2


MIXED = {
    "one-in-gb18030": (["utf-8", "utf-8", "utf-8", "gb18030"], 4, 1),
    "one-in-utf-8": (["gb18030", "gb18030", "utf-8", "gb18030"], 3, 1),
    "headings-in-ascii": (["ascii", "gb18030", "gb18030", "utf-8"], 4, 2),
}


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize(("encodings", "line", "first"), MIXED.values(), ids=MIXED)
def test_a_table_in_two_encodings_is_refused(tmp_path, encodings, line, first, newline) -> None:
    lines = ["城市,CN" if encodings[0] != "ascii" else "L,CN"]
    lines += [f"{city},dev-{number}" for number, city in enumerate(["贵阳", "凯里", "遵义市"])]
    path = tmp_path / "mixed.csv"
    path.write_bytes(
        newline.join(text.encode(one) for text, one in zip(lines, encodings, strict=True))
    )
    with pytest.raises(InvalidTable) as caught:
        table.read(path)
    [problem] = caught.value.problems
    assert problem.code is Code.TABLE_ENCODINGS_MIXED
    assert problem.values == {"line": line, "first": first}


def test_a_latin_word_in_utf_8_does_not_become_chinese(tmp_path) -> None:
    path = tmp_path / "mixed.csv"
    gb18030 = "L,O,CN\n贵阳,贵州风电,dev-1\n".encode("gb18030")
    path.write_bytes(gb18030 + "Zürich,Example,dev-2\n".encode())
    assert refused(path) is Code.TABLE_ENCODINGS_MIXED


@pytest.mark.parametrize("city", ["某", "联通", "临汾", "一", "中国", "呖"])
def test_few_characters_in_gb18030_are_not_taken_for_utf_8(tmp_path, city) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(f"L,O,CN\n贵阳,贵州风电,dev-1\n{city},Example,dev-2\n".encode("gb18030"))
    assert table.read(path).rows[1].answers[2] == city


def test_a_line_that_is_very_long_is_counted_and_not_looked_at(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(table, "_LONGEST_LINE", 20)
    path = tmp_path / "t.csv"
    chinese, latin = "贵阳,dev-2\n".encode("gb18030"), "贵阳,dev-3\n".encode()
    path.write_bytes(b"L,CN\n" + b"x" * 50 + b"\n" + chinese + latin)
    problem = refusal_of(path)
    assert (problem.code, problem.values) == (
        Code.TABLE_ENCODINGS_MIXED,
        {"line": 4, "first": 3},
    )
    path.write_bytes(b"L,CN\n" + b"x" * 20 + chinese + latin)
    assert [row.line for row in table.read(path).rows] == [2, 3]


def test_a_line_that_is_just_short_enough_is_looked_at(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(table, "_LONGEST_LINE", 13)
    path = tmp_path / "t.csv"
    chinese, latin = "贵阳,dev-222\n".encode("gb18030"), "贵阳,dev-3\n".encode()
    assert len(chinese) == len(latin) == 13
    path.write_bytes(b"L,CN\n" + chinese + latin)
    problem = refusal_of(path)
    assert (problem.code, problem.values) == (
        Code.TABLE_ENCODINGS_MIXED,
        {"line": 3, "first": 2},
    )


@pytest.mark.parametrize("block", [1, 1 << 16])
def test_a_text_is_in_gb18030_if_half_of_it_is_everyday_chinese(
    tmp_path, monkeypatch, block
) -> None:
    """Western texts are rare characters in GB18030."""
    monkeypatch.setattr(table, "_BLOCK", block)
    path = tmp_path / "t.csv"
    for city, is_taken in (("贵龘", True), ("贵龘龘", False)):
        path.write_bytes(f"CN,L\ndev-1,{city}\ndev-2,\n".encode("gb18030"))
        if is_taken:
            assert table.read(path).rows[0].subject()["locality"] == city
        else:
            assert refused(path) is Code.TABLE_ENCODING


@pytest.mark.parametrize("field", SUBJECT_FIELDS, ids=lambda field: field.key)
def test_columns_are_recognized_by_every_name_of_a_field(tmp_path, field) -> None:
    option = field.key.replace("_", "-")
    written = [field.key, option, option.upper(), field.initials.lower(), field.openssl_name]
    label = labels.FIELDS[field.key].label
    written += [label, f" {label} * ", f"{label} ({field.initials})"]
    path = tmp_path / "one.csv"
    for heading in written:
        other = "" if field.key == "common_name" else "CN;"
        path.write_text(f"{other}{heading}\n{'dev;' if other else ''}value\n")
        [row] = table.read(path).rows
        assert row.subject()[field.key] == "value", heading


def test_chinese_labels_are_recognized() -> None:
    from babel.messages.pofile import read_po

    catalogue = Path(__file__).parents[2] / "resources" / "translations" / "zh_CN.po"
    with catalogue.open("rb") as file:
        texts = read_po(file, locale="zh_CN")
    for field in SUBJECT_FIELDS:
        heading = str(texts[labels.FIELDS[field.key].label].string)
        assert table.columns.field_of(heading) == (field.key, 0)


def test_the_names_of_the_columns_are_what_they_were_when_the_program_started() -> None:
    known = table.columns._known()
    assert known == table.columns._KNOWN
    assert known.keys() >= {"countryname", "省份", "cn", "emailaddress", "organisation"}
    assert (known["commonname"], known["assetid"], known["设备标识"]) == (
        ("common_name", 0),
        ("common_name", 1),
        ("common_name", 2),
    )


def test_an_explicit_common_name_goes_before_asset_id_and_device_key(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("DeviceKey,Asset ID,CN\nkey,asset,name\n")
    found = table.read(path)
    assert names(found) == ["name"]
    assert found.columns.unknown_headings == ("DeviceKey", "Asset ID")
    path.write_text("DeviceKey,Asset ID\nkey,asset\n")
    assert names(table.read(path)) == ["asset"]


def test_a_column_can_be_assigned(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Serial,CN\n007,other\n")
    found = table.read(path, {"Serial": "common_name"})
    assert names(found) == ["007"]
    assert found.columns.unknown_headings == ("CN",)


@pytest.mark.parametrize("headings", ["Serial,C,ST,L", "Serial,a,b,c"])
def test_the_code_of_china_in_a_row_is_no_heading(tmp_path, headings) -> None:
    path = tmp_path / "one.csv"
    path.write_text(f"{headings}\ndev-0001,CN,Guizhou,Kaili\ndev-0002,CN,Guizhou,Kaili\n")
    assert refused(path) is Code.TABLE_NO_NAMES
    found = table.read(path, {"Serial": "common_name"})
    assert names(found) == ["dev-0001", "dev-0002"]


def test_cn_alone_below_a_title_is_a_heading(tmp_path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("Our farm\nSite,CN,Owner\nnorth,dev-0001,we\n")
    assert names(table.read(path)) == ["dev-0001"]


def test_headings_that_are_not_recognized_can_be_asked_for(tmp_path, book) -> None:
    path = tmp_path / "one.csv"
    path.write_text("Our farm\n\nSerial,Site,,C\n1,north,,CN\n")
    assert table.headings(path) == ("Serial", "Site", "C")
    assert table.headings(book(["Our farm"], ["Serial", "Site"], [1, 2])) == ("Serial", "Site")
    (tmp_path / "none.csv").write_text("hello\n")
    assert table.headings(tmp_path / "none.csv") == ()


def test_a_mended_cell_is_taken_as_typed(tmp_path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("CN,O\n1-Mar,5.57E+92\n")
    [row] = table.read(path).rows
    mended = row.mended("common_name", " MAR1 ")
    assert mended.subject() == {"organization": "5.57E+92", "common_name": "MAR1"}
    assert [problem.field for problem in mended.problems] == ["organization"]


def test_two_columns_for_one_field(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("CN,O,Company\na,b,c\n")
    problem = refusal_of(path)
    assert (problem.code, problem.field) == (Code.COLUMN_TWICE, "organization")
    assert problem.values == {"first": "O", "second": "Company"}


def test_the_better_name_of_a_field_goes_before_an_earlier_column(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Asset ID,CN,L\nasset,name,Kaili\n")
    [row] = table.read(path).rows
    assert row.subject() == {"common_name": "name", "locality": "Kaili"}


def test_the_cells_of_unknown_columns_stay_with_their_row(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Site,CN,Note\nnorth,a\nsouth,b,x\n")
    found = table.read(path)
    assert [row.extra for row in found.rows] == [("north", ""), ("south", "x")]
    assert found.path == path
    assert found.notes == (
        Problem(Code.COLUMNS_UNKNOWN, path=path, values={"columns": "Site, Note"}),
    )


def test_headings_are_looked_for_in_ten_lines(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join([*["A title", ""] * 9, "CN,L", "dev-1"]))
    assert names(table.read(path)) == ["dev-1"]
    path.write_text("\n".join([*["A title", ""] * 10, "CN,L", "dev-1"]))
    assert refused(path) is Code.TABLE_NO_NAMES


def test_the_line_with_the_separator_is_none_of_the_ten(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["sep=;", *["A title"] * 9, "CN;L", "dev-1"]))
    assert names(table.read(path)) == ["dev-1"]


def test_a_title_may_look_like_a_heading(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Company\nCN,Note\ndev-1,x\n")
    assert names(table.read(path)) == ["dev-1"]


def test_spaces_around_a_cell_do_not_count(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(" CN , L \n  dev-1 ,  Kaili \n")
    [row] = table.read(path).rows
    assert row.subject() == {"common_name": "dev-1", "locality": "Kaili"}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_unknown_headings_are_read_in_every_encoding(tmp_path, encoding) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("序号;地点\n1;贵阳\n".encode(encoding))
    assert table.headings(path) == ("序号", "地点")


@pytest.mark.parametrize("data", [b"PK\x03\x04 nonsense", bytes(range(256)) * 50])
def test_what_has_no_headings_to_ask_for_is_refused_with_its_path(tmp_path, data) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    with pytest.raises(InvalidTable) as caught:
        table.headings(path)
    assert caught.value.problems == (Problem(Code.TABLE_UNREADABLE, path=path),)


def test_a_thousand_unknown_headings_are_enough(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(",".join(f"h{number}" for number in range(1001)))
    assert len(table.headings(path)) == 1000


def test_unknown_headings_are_those_of_the_first_sheet_that_has_some(book) -> None:
    path = book(["About this farm"])
    assert table.headings(path) == ()
    changed = load_workbook(path)
    changed.create_sheet("Devices").append(["Serial", "Site"])
    changed.create_sheet("More").append(["Number", "Place"])
    changed.save(path)
    assert table.headings(path) == ("Serial", "Site")


def test_unknown_headings_are_looked_for_in_twenty_lines(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("A title\n" * 19 + "Serial,Site\n")
    assert table.headings(path) == ("Serial", "Site")
    path.write_text("A title\n" * 20 + "Serial,Site\n")
    assert table.headings(path) == ()


def test_a_table_has_a_thousand_columns_at_most(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(",".join(["CN", *["x"] * 999]) + "\ndev-1\n")
    assert names(table.read(path)) == ["dev-1"]
    path.write_text(",".join(["CN", *["x"] * 1000]) + "\ndev-1\n")
    problem = refusal_of(path)
    assert (problem.code, problem.values) == (Code.TABLE_TOO_WIDE, {"limit": 1000})


def test_between_rows_a_window_may_do_something(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("CN\n" + "".join(f"dev-{number}\n" for number in range(100)))
    pauses = []
    table.read(path, pause=lambda: pauses.append(1))
    assert len(pauses) == 3


def test_what_protects_a_text_from_a_spreadsheet_is_taken_off(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('CN,L\n007,x\n"=""007""",x\n\'008,x\ndev-1,\'s-Hertogenbosch\n\'1E+05,x\n')
    found = table.read(path)
    assert names(found) == ["007", "007", "008", "dev-1", "1E+05"]
    assert found.rows[3].subject()["locality"] == "'s-Hertogenbosch"
    assert not any(row.problems for row in found.rows)


CHANGED = ["5.57E+92", "1,2E+12", "1E+05", "1-Mar", "Mar-01", "01-Mar-26", "2026/3/1", "3/1/2026"]
CHANGED += ["2026-03-01", "2026-03-01 00:00:00", "3月1日", "2026年3月1日", "#NAME?", "#####"]


@pytest.mark.parametrize("text", CHANGED)
def test_what_a_spreadsheet_has_changed_is_flagged(tmp_path, text) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f'CN\n"{text}"\n', encoding="utf-8")
    [row] = table.read(path).rows
    [problem] = row.problems
    assert (problem.code, problem.field) == (Code.CELL_CHANGED, "common_name")
    assert problem.values == {"given": text}


@pytest.mark.parametrize("digits", ["7" * 4000 + "E+99", "1E+" + "9" * 4000])
def test_a_long_number_was_written_by_no_spreadsheet(digits) -> None:
    """To look through many of them would take minutes."""
    assert str(from_text(digits)) == digits
    assert not isinstance(from_text(digits), Suspect)


@pytest.mark.parametrize("text", ["5E92", "12-34", "Mar-2-a", "A1E+05", "1.2.3", "dev/1/2", "-5"])
def test_a_name_that_only_looks_odd_is_taken(tmp_path, text) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"CN\n{text}\n")
    [row] = table.read(path).rows
    assert (row.common_name, row.problems) == (text, ())


def test_a_formula_in_csv_is_flagged(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("CN\n=A1&B1\n")
    assert table.read(path).rows[0].problems == (Problem(Code.CELL_FORMULA, "common_name"),)


def test_lines_are_counted_as_in_a_text_editor(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('Farm Kaili\n\nCN,Note\n\na,"one\ntwo"\nb,\n')
    assert [(row.line, row.common_name) for row in table.read(path).rows] == [(5, "a"), (7, "b")]


def test_excels_line_with_the_separator(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("sep=;\nCN;L\na,b;c\n")
    [row] = table.read(path).rows
    assert (row.line, row.common_name, row.subject()["locality"]) == (3, "a,b", "c")


@pytest.mark.parametrize(
    ("text", "city"),
    [
        ("sep=|\nCN|L\na|Kaili, Guizhou\n", "Kaili, Guizhou"),
        ('"L; as in; the map",CN\n"Kaili; Guizhou",a\n', "Kaili; Guizhou"),
        ("\n \nCN;L\na;Kaili, Guizhou\n", "Kaili, Guizhou"),
    ],
    ids=["named", "in-quotes", "below-blank-lines"],
)
def test_which_separator_a_table_has(tmp_path, text, city) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    [row] = table.read(path, {"L; as in; the map": "locality"}).rows
    assert row.common_name == "a"
    assert row.subject()["locality"] == city


@pytest.mark.parametrize(("above", "line"), [("CN\na\n", 3), ("", 1)])
@pytest.mark.parametrize("data", ["x" * (1 << 20), '"' + "x\n" * (1 << 19)])
def test_the_line_that_cannot_be_read_is_named(tmp_path, above, line, data) -> None:
    path = tmp_path / "t.csv"
    path.write_text(above + data)
    problem = refusal_of(path)
    assert (problem.code, problem.values) == (Code.LINE_UNREADABLE, {"line": line})


def test_the_lines_of_a_cell_end_as_they_did(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b'CN,Note\r\na,"one\r\ntwo"\r\n')
    assert table.read(path).rows[0].extra == ("one\r\ntwo",)


def test_ragged_rows(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("CN,L\na\nb,c,d,,e\n")
    short, long = table.read(path).rows
    assert short.subject() == {"common_name": "a"}
    assert [(one.code, one.values) for one in long.problems] == [(Code.CELLS_BEYOND, {"count": 2})]


HOSTILE = {
    "empty": (b"", Code.TABLE_NO_NAMES),
    "no-heading": (b"dev-1\ndev-2\n", Code.TABLE_NO_NAMES),
    "no-rows": (b"CN,O\n\n,\n", Code.TABLE_NO_ROWS),
    "binary": (bytes(range(256)) * 50, Code.TABLE_UNREADABLE),
    "no-encoding": (b"CN\n\xff\xff\xff", Code.TABLE_ENCODING),
    "latin-1": ("CN,L\ndev-1,Zürich\n".encode("latin-1"), Code.TABLE_ENCODING),
    "windows-1250": ("CN,L\ndev-1,Łódź – Gdańsk\n".encode("cp1250"), Code.TABLE_ENCODING),
    "cut-off": (b"CN\ndev-\xe8", Code.TABLE_ENCODING),
    "utf-32": ("CN\ndev-1\n".encode("utf-32"), Code.TABLE_ENCODING),
    "long-cell": (b"CN\n" + b"x" * (1 << 20), Code.LINE_UNREADABLE),
    "open-quote": (b'CN\n"' + b"x\n" * (1 << 19), Code.LINE_UNREADABLE),
    "wide": (b"CN," + b"x," * 10_000, Code.TABLE_TOO_WIDE),
    "old-excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), Code.TABLE_OLD_EXCEL),
    "not-a-zip": (b"PK\x03\x04" + bytes(100), Code.TABLE_UNREADABLE),
}


@pytest.mark.parametrize(("data", "code"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused(tmp_path, data, code) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    assert refused(path) is code


def test_a_missing_file_and_a_folder(tmp_path) -> None:
    assert refused(tmp_path / "none.csv") is Code.FILE_MISSING
    assert refused(tmp_path) is Code.NOT_A_FILE


def test_a_table_that_is_too_large(tmp_path) -> None:
    path = tmp_path / "t.csv"
    for size, code in ((0, Code.TABLE_UNREADABLE), (1, Code.TABLE_TOO_LARGE)):
        with path.open("wb") as file:
            file.truncate(table.MAX_BYTES + size)
        assert refused(path) is code
    assert refusal_of(path).values == {"limit": 256}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"a\0b\0\0c", Code.TABLE_UNREADABLE),
        (b"\0a\0bc\0", Code.TABLE_UNREADABLE),
        (b"a\0b\0c\0\0d", Code.TABLE_NO_NAMES),
        (b"\0a\0b\0cd\0", Code.TABLE_NO_NAMES),
    ],
)
def test_a_text_in_utf_16_has_most_of_its_zeros_on_one_side(tmp_path, data, code) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    assert refused(path) is code


# --- Excel ----------------------------------------------------------------------------------------


def test_a_zero_far_into_a_table_does_not_make_it_utf_16(tmp_path) -> None:
    path = tmp_path / "t.csv"
    rows = "CN,L\n" + "dev-1,Kaili\n" * 340
    text = rows + "x" * (4096 - len(rows))
    path.write_bytes(f"{text}\0,Kaili\n".encode())
    assert names(table.read(path))[:2] == ["dev-1", "dev-1"]


@pytest.fixture
def book(tmp_path: Path):
    """Return a function that writes a workbook with these rows."""

    def write(*rows: list[object], name: str = "t.xlsx", **formats: str) -> Path:
        workbook = Workbook()
        for row in rows:
            workbook.active.append(row)
        for place, number_format in formats.items():
            workbook.active[place].number_format = number_format
        workbook.save(tmp_path / name)
        return tmp_path / name

    return write


def test_numbers_are_read_as_they_look(book) -> None:
    rows = [["CN"], ["007"], [7], [7], [7.0], [123456789012345]]
    path = book(*rows, A4="0000")
    assert names(table.read(path)) == ["007", "7", "0007", "7", "123456789012345"]


@pytest.mark.parametrize("value", [5.57e92, 10**15, 1.5, date(2026, 3, 1), True, "#N/A"])
def test_what_excel_has_changed_is_flagged(book, value) -> None:
    [row] = table.read(book(["CN"], [value])).rows
    [problem] = row.problems
    assert (problem.code, problem.field) == (Code.CELL_CHANGED, "common_name")
    assert value != "#N/A" or problem.values == {"given": "#N/A"}


def test_a_text_that_only_looks_like_a_number_is_taken(book) -> None:
    path = book(["CN"], ["5.57E+92"], ["2026-03-01"], ["=x"])
    workbook = load_workbook(path)
    workbook.active["A4"].data_type = "s"
    workbook.save(path)
    found = table.read(path)
    assert names(found) == ["5.57E+92", "2026-03-01", "=x"]
    assert not any(row.problems for row in found.rows)


def with_result(path: Path, result: bytes) -> None:
    """Store the result of a formula, as Excel does and openpyxl cannot."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet], count = re.subn(rb"</f><v ?(/|></v)>", b"</f><v>%s</v>" % result, parts[sheet])
    assert count
    with zipfile.ZipFile(path, "w") as new:
        for name, data in parts.items():
            new.writestr(name, data)


def test_of_a_formula_the_saved_result_counts(book) -> None:
    path = book(["CN", "L"], ['=CONCAT("dev-",1)', "Kaili"])
    [row] = table.read(path).rows
    assert (row.line, row.common_name, row.subject()["locality"]) == (2, "=", "Kaili")
    assert row.problems == (Problem(Code.CELL_FORMULA, "common_name"),)
    with_result(path, b"17")
    [row] = table.read(path).rows
    assert (row.common_name, row.problems) == ("17", ())


def test_a_row_of_formulas_alone_is_not_taken_for_empty(book) -> None:
    assert len(table.read(book(["CN"], ["=A9"])).rows) == 1


@pytest.mark.parametrize("block", [7, 1 << 20])
def test_hidden_rows_and_merged_cells_are_reported(book, monkeypatch, block) -> None:
    monkeypatch.setattr(workbook, "_BLOCK", block)
    path = book(["CN", "L"], ["a", "Kaili"], ["b", None])
    changed = load_workbook(path)
    changed.active.row_dimensions[3].hidden = True
    changed.active.merge_cells("B2:B3")
    changed.save(path)
    found = table.read(path)
    assert names(found) == ["a", "b"]
    assert found.rows[1].subject() == {"common_name": "b"}
    values = {"sheet": "Sheet"}
    assert found.notes == (
        Problem(Code.ROWS_HIDDEN, values=values),
        Problem(Code.CELLS_MERGED, values=values),
    )


def test_a_hidden_column_is_not_reported_and_a_hidden_row_far_above_the_end_is(
    book, monkeypatch
) -> None:
    monkeypatch.setattr(workbook, "_BLOCK", 500)
    path = book(["CN", "L"], *[[f"dev-{number}", "Kaili"] for number in range(99)])
    changed = load_workbook(path)
    changed.active.column_dimensions["B"].hidden = True
    changed.save(path)
    assert table.read(path).notes == ()
    changed.active.row_dimensions[2].hidden = True
    changed.save(path)
    [note] = table.read(path).notes
    assert note == Problem(Code.ROWS_HIDDEN, values={"sheet": "Sheet"})


def test_an_empty_cell_between_others_is_an_empty_answer(book) -> None:
    [row] = table.read(book(["CN", "L", "O"], ["a", None, "Wind"])).rows
    assert row.subject() == {"common_name": "a", "organization": "Wind"}


def test_how_a_text_is_shown_does_not_matter(book) -> None:
    """Its style need not even exist."""
    row = b'<row r="2"><c r="A2" s="999" t="inlineStr"><is><t>0007</t></is></c></row>'
    path = altered(book(["CN"], ["a"]), "xl/worksheets/sheet1.xml", sheet(HEADING_ROW, row))
    assert names(table.read(path)) == ["0007"]


def test_the_sheet_with_the_devices_is_found_and_two_are_refused(book) -> None:
    path = book(["About this farm"])
    workbook = load_workbook(path)
    workbook.create_sheet("Devices").append(["CN"])
    workbook["Devices"].append(["a"])
    workbook.save(path)
    assert names(table.read(path)) == ["a"]
    workbook.create_sheet("More").append(["CN"])
    workbook.save(path)
    assert names(table.read(path)) == ["a"]
    workbook["More"].append(["b"])
    workbook.save(path)
    problem = refusal_of(path)
    assert problem.code is Code.TABLE_TWO_SHEETS
    assert problem.values == {"first": "Devices", "second": "More"}


def test_a_workbook_without_headings_or_rows(book) -> None:
    assert refused(book(["About this farm"], ["dev-1"])) is Code.TABLE_NO_NAMES
    path = book(["CN"])
    assert refused(path) is Code.TABLE_NO_ROWS
    changed = load_workbook(path)
    changed.create_sheet("More").append(["CN"])
    changed.save(path)
    assert refused(path) is Code.TABLE_NO_ROWS
    assert refused(book(HEADINGS_OF_ENOS)) is Code.TABLE_NO_ROWS


HEADINGS_OF_ENOS = ["DeviceKey", "Device Name", "Time Zone", "Latitude"]


def test_the_device_template_of_enos(book) -> None:
    path = book(HEADINGS_OF_ENOS, ["4 to 64 characters", "", "", ""], ["wtg_01", "WTG 1", "+08:00"])
    found = table.read(path)
    assert [(row.line, row.common_name) for row in found.rows] == [(3, "wtg_01")]
    assert found.columns.unknown_headings == tuple(HEADINGS_OF_ENOS[1:])
    assert found.notes[0] == Problem(Code.LINE_SKIPPED, path=found.path, values={"line": 2})


def test_the_line_that_describes_columns_may_be_short_or_empty(book) -> None:
    last = ["Device Name", "Time Zone", "DeviceKey"]
    short = table.read(book(last, ["a name"], ["WTG 1", "+08:00", "wtg_01"]))
    assert names(short) == ["wtg_01"]
    assert short.notes[0].code is Code.LINE_SKIPPED
    path = short.path.with_suffix(".csv")
    for second in ("a name", "a name,b"):
        path.write_text(f"{','.join(last)}\n{second}\nWTG 1,+08:00,wtg_01\n")
        assert names(table.read(path)) == ["wtg_01"]
    empty = table.read(book(last, [None], ["WTG 1", "+08:00", "wtg_01"]))
    assert names(empty) == ["wtg_01"]
    assert [one.code for one in empty.notes] == [Code.COLUMNS_UNKNOWN]


def test_line_2_of_a_table_that_only_has_the_columns_of_the_template_is_a_device(book) -> None:
    assert names(table.read(book(HEADINGS_OF_ENOS, ["wtg_01", "WTG 1", "+08:00"]))) == ["wtg_01"]
    two = book(HEADINGS_OF_ENOS, ["wtg_01"], ["wtg_02"])
    assert names(table.read(two)) == ["wtg_01", "wtg_02"]
    path = book(HEADINGS_OF_ENOS, ["String"], ["wtg_01"], name="Template_abc.xlsx")
    assert names(table.read(path)) == ["wtg_01"]


@pytest.mark.parametrize("headings", ["DeviceKey,Note", "CN,Device Name"])
def test_a_table_that_is_no_template_may_have_any_name_in_line_2(tmp_path, headings) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"{headings}\nfan 1,x\ndev-2,y\n")
    assert names(table.read(path)) == ["fan 1", "dev-2"]


def test_what_describes_the_columns_is_line_2_and_no_other(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("A title\nDeviceKey,Device Name\nfan 1,x\ndev-2,y\n")
    assert names(table.read(path)) == ["fan 1", "dev-2"]
    path.write_text('DeviceKey,"Device\nName"\nfan 1,x\ndev-2,y\n')
    assert names(table.read(path)) == ["fan 1", "dev-2"]


def altered(path: Path, member: str, data: bytes) -> Path:
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts[member] = data
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, content)
    return path


def test_the_size_of_a_workbook_has_limits(book, monkeypatch) -> None:
    path = book(["CN", "L"], *[[f"dev-{number}", "Kaili"] for number in range(99)])
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    kept = [one.file_size for one in members if "worksheets/" not in one.filename]
    limits = {
        "_MAX_MEMBERS": len(members),
        "_MAX_IN_MEMORY": sum(kept),
        "_MAX_UNPACKED": sum(one.file_size for one in members),
        "_MAX_CELLS": 200,
        "_MAX_ROWS": 100,
    }
    for name, most in limits.items():
        with monkeypatch.context() as limited:
            limited.setattr(workbook, name, most)
            assert len(table.read(path).rows) == 99
            limited.setattr(workbook, name, most - 1)
            problem, cause = refusal_and_cause(path)
            if name in ("_MAX_CELLS", "_MAX_ROWS"):
                assert problem.code is Code.TABLE_UNREADABLE
                assert str(cause) == "more rows or cells than a table has"
            else:
                assert problem.code is Code.TABLE_TOO_LARGE
                assert problem.values == {"limit": workbook._MAX_UNPACKED >> 20}
            limited.undo()


def test_only_what_is_kept_in_memory_may_not_have_many_elements(book, monkeypatch) -> None:
    path = book(["CN"], *[[number] for number in range(999)])
    monkeypatch.setattr(workbook, "_MAX_ELEMENTS", 500)
    assert len(table.read(path).rows) == 999
    path = altered(book(["CN"], ["a"]), "xl/sharedStrings.xml", b"<sst>%s</sst>" % (b"<si/>" * 500))
    problem, cause = refusal_and_cause(path)
    assert (problem.code, cause) == (Code.TABLE_UNREADABLE, None)


def test_the_elements_that_are_kept_in_memory_are_counted(book, monkeypatch) -> None:
    path = book(["CN", "L"], *[[f"dev-{number}", "Kaili"] for number in range(99)])
    with zipfile.ZipFile(path) as archive:
        kept = [archive.read(name) for name in archive.namelist() if "worksheets/" not in name]
    count = sum(data.count(b"<") - data.count(b"</") for data in kept)
    monkeypatch.setattr(workbook, "_MAX_ELEMENTS", count)
    assert len(table.read(path).rows) == 99
    monkeypatch.setattr(workbook, "_MAX_ELEMENTS", count - 1)
    assert refused(path) is Code.TABLE_UNREADABLE
    monkeypatch.setattr(workbook, "_BLOCK", 100)
    monkeypatch.setattr(workbook, "_MAX_ELEMENTS", count // 2)
    assert refused(path) is Code.TABLE_UNREADABLE


def test_a_workbook_that_is_packed_in_another_way_is_unreadable(book) -> None:
    path = book(["CN"], ["dev-001"])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert refused(path) is Code.TABLE_UNREADABLE


def test_a_number_of_hundreds_of_digits_is_refused(book) -> None:
    row = b'<row r="2"><c r="A2"><v>%s</v></c></row>'
    for digits, is_taken in ((b"1234567890" * 39, True), (b"1234567890" * 40, False)):
        data = sheet(HEADING_ROW, row % digits)
        path = altered(book(["CN"], ["a"]), "xl/worksheets/sheet1.xml", data)
        if is_taken:
            assert len(table.read(path).rows) == 1
        else:
            assert refused(path) is Code.TABLE_UNREADABLE


def test_only_a_row_without_an_end_may_not_be_long(book, monkeypatch) -> None:
    monkeypatch.setattr(workbook, "_BLOCK", 500)
    monkeypatch.setattr(workbook, "_MAX_ROW_BYTES", 2000)
    path = book(["CN"], *[[number] for number in range(999)])
    assert len(table.read(path).rows) == 999
    path = book(["CN"], [1, *range(400)])
    assert refused(path) is Code.TABLE_UNREADABLE


def test_a_document_type_is_refused_wherever_it_is(book) -> None:
    """An entity in it could become any number of letters."""
    with zipfile.ZipFile(book(["CN"], ["a"])) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name, data in parts.items():
        place = data.index(b"?>") + 2 if data.startswith(b"<?xml") else 0
        path = altered(book(["CN"], ["a"]), name, data[:place] + b"<!DOCTYPE x>" + data[place:])
        assert refused(path) is Code.TABLE_UNREADABLE, name


def test_a_row_ends_in_the_block_after_as_many_bytes_as_it_may_have(book, monkeypatch) -> None:
    monkeypatch.setattr(workbook, "_BLOCK", 500)
    long = b'<row r="2"><c r="A2" t="inlineStr"><is><t>%s</t></is></c></row>' % (b"x" * 2000)
    data = sheet(HEADING_ROW, long)
    first, second = (one.start() for one in re.finditer(b"</row>", data))
    assert first < 400
    assert 2000 < second < 2500
    path = altered(book(["CN"], ["a"]), "xl/worksheets/sheet1.xml", data)
    monkeypatch.setattr(workbook, "_OVERLAP", 100)
    monkeypatch.setattr(workbook, "_MAX_ROW_BYTES", 1500)  # of the second to the fourth block
    assert len(table.read(path).rows) == 1
    monkeypatch.setattr(workbook, "_MAX_ROW_BYTES", 1499)
    assert refused(path) is Code.TABLE_UNREADABLE


@pytest.mark.long
def test_a_zip_bomb_is_refused_before_it_is_unpacked(book) -> None:
    path = book(["CN"], ["a"])
    altered(path, "xl/worksheets/sheet1.xml", b"<x/>" + bytes(600 << 20))
    assert path.stat().st_size < 1 << 20
    assert refused(path) is Code.TABLE_TOO_LARGE
    path = altered(book(["CN"], ["a"]), "xl/sharedStrings.xml", bytes(70 << 20))
    assert refused(path) is Code.TABLE_TOO_LARGE


def sheet(*rows: bytes) -> bytes:
    space = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    return b"<worksheet %s><sheetData>%s</sheetData></worksheet>" % (space, b"".join(rows))


HEADING_ROW = b'<row r="1"><c r="A1" t="inlineStr"><is><t>CN</t></is></c></row>'


@pytest.mark.long
@pytest.mark.parametrize(
    "data",
    [
        sheet(HEADING_ROW, b'<row r="2000000000"><c r="A2" t="str"><v>a</v></c></row>'),
        sheet(HEADING_ROW, b'<row r="2"><c r="A2" t="s"><v>99999</v></c></row>'),
        sheet(HEADING_ROW, b'<row r="2"><c r="ZZZZZZ2" t="str"><v>a</v></c></row>'),
        sheet(HEADING_ROW, b'<row r="2"><c r="A2"><v>%s</v></c></row>' % (b"7" * 1000)),
        sheet(HEADING_ROW, b'<row r="2"><c r="A2" s="%s"/></row>' % (b"7" * 1000)),
        sheet(HEADING_ROW, b"<row"),
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>',
        b"",
    ],
    ids=[
        "far-row",
        "no-such-text",
        "far-column",
        "long-number",
        "long-style",
        "cut-off",
        "entity",
        "empty",
    ],
)
def test_a_hostile_sheet_is_refused(book, data) -> None:
    path = altered(book(["CN"], ["a"]), "xl/worksheets/sheet1.xml", data)
    assert refused(path) in (Code.TABLE_UNREADABLE, Code.TABLE_NO_NAMES)


def test_a_zip_that_is_no_workbook(tmp_path) -> None:
    path = tmp_path / "t.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "CN")
    problem, cause = refusal_and_cause(path)
    assert (problem.code, cause) == (Code.TABLE_UNREADABLE, None)


@pytest.mark.parametrize("name", ["new.xlsx", "new.csv"])
def test_an_empty_table_can_be_filled_in(tmp_path, name) -> None:
    path = table.write_empty(tmp_path / name, ["Country", "Common name"])
    assert refused(path) is Code.TABLE_NO_ROWS
    if path.suffix == ".xlsx":
        written = load_workbook(path).active
        assert written.freeze_panes == "A2"
        assert set(written.column_dimensions) == {"A", "B"}
        assert {one.number_format for one in written.column_dimensions.values()} == {"@"}
        assert {one.width for one in written.column_dimensions.values()} == {24}
        assert [cell.value for cell in written[1]] == ["Country", "Common name"]
    else:
        assert path.read_bytes() == b"\xef\xbb\xbfCountry,Common name\r\n"
    with pytest.raises(InvalidFileName):
        table.write_empty(tmp_path / "a?b.csv", ["Common name"])


def test_openpyxl_is_loaded_for_workbooks_alone(table_of) -> None:
    program = (
        "import sys; from pathlib import Path; from enos_csr_gui.core.batch import table, make; "
        "table.read(Path(sys.argv[1])); print('openpyxl' in sys.modules)"
    )
    command = [sys.executable, "-c", program, table_of("dev-1")]
    assert subprocess.run(command, capture_output=True, check=True).stdout.strip() == b"False"
