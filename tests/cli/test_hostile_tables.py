"""``enos-csr batch`` with hostile tables: a clear error, in bounded time and memory."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hostile_tables import HEADINGS, SAME, TABLES
from openpyxl import Workbook, load_workbook

from .conftest import ENOS_CSR

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of a process")

MEMORY = 700 << 20
"""Bytes of address space, of which Python and its libraries take half."""
CPU_SECONDS = 60


def batch(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the command with a process of its own, which the system ends when it takes too much."""
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))

    command = [ENOS_CSR, "batch", path, "--out", path.parent / "o"]
    return subprocess.run(
        [*command, *options], capture_output=True, text=True, preexec_fn=limit, check=False
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLES)
def test_a_hostile_table_is_refused(tmp_path, name) -> None:
    write, said = TABLES[name]
    write(tmp_path / name)
    result = batch(tmp_path / name)
    assert said in result.stderr
    assert result.returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == [name]


def book(path: Path, *rows: tuple[str | None, ...]) -> Workbook:
    workbook = Workbook()
    for row in rows:
        workbook.active.append(row)
    workbook.save(path)
    return load_workbook(path)


def created(path: Path) -> set[str]:
    return {one.stem for one in (path.parent / "o").rglob("*.csr")}


def test_hidden_and_empty_rows_and_macros(tmp_path) -> None:
    path = tmp_path / "t.xlsm"
    workbook = book(path, (), HEADINGS, (), (*SAME, "dev-1"), (), (*SAME, "dev-2"))
    workbook.active.row_dimensions[6].hidden = True
    workbook.save(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"Sub Auto_Open()" * 1000)
    result = batch(path)
    assert result.returncode == 0, result.stderr
    assert "hidden rows" in result.stderr
    assert created(path) == {"dev-1", "dev-2"}


def test_merged_cells(tmp_path) -> None:
    path = tmp_path / "t.xlsx"
    workbook = book(path, HEADINGS, (*SAME, "dev-1"), (None, *SAME[1:], "dev-2"))
    workbook.active.merge_cells("A2:A3")
    workbook.save(path)
    result = batch(path)
    assert result.returncode == 2
    assert "merged cells" in result.stderr
    assert "Line 3: Country: Fill this in." in result.stderr
    assert batch(path, "--country", "CN").returncode == 0
    assert created(path) == {"dev-1", "dev-2"}


def test_two_sheets(tmp_path) -> None:
    path = tmp_path / "t.xlsx"
    workbook = book(path, HEADINGS, (*SAME, "dev-1"))
    workbook.create_sheet("B").append(HEADINGS)
    workbook["B"].append((*SAME, "dev-2"))
    workbook.save(path)
    assert "both list devices" in batch(path).stderr
    assert created(path) == set()


def test_a_chinese_header(tmp_path) -> None:
    path = tmp_path / "表.csv"
    text = "国家,省份,城市,组织,部门,通用名称\nCN,贵州,凯里,贵州风电,运维,dev-1\n"
    path.write_bytes(text.encode("gb18030"))
    assert batch(path).returncode == 0
    assert created(path) == {"dev-1"}
