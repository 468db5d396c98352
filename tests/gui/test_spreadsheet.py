"""A table of requests does nothing when a spreadsheet opens it, whatever the names are."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import hostile
import pytest

from enos_csr_gui.core.history import RequestHistory
from enos_csr_gui.gui.requests.spreadsheet import write_requests

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(1)",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "'=1",
    '"=1',
    "dev;=1",
    "dev; ＝1",
    'dev;"=1',
    "dev\t=1",
    "dev\n=1",
    hostile.TEXT,
]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("name", FORMULAS, ids=repr)
def test_no_cell_is_a_formula(tmp_path: Path, answers, name: str, separator: str) -> None:
    with RequestHistory() as history:
        subject = answers | {"common_name": name, "organization": name}
        key = csr = tmp_path / name.replace("/", "")
        history.record(subject, public_key_sha256="0" * 64, key=key, csr=csr)
        requests = history.requests()
    write_requests(requests, tmp_path / "a.csv")
    text = (tmp_path / "a.csv").read_text("utf-8-sig")
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
        for cell in row:
            assert not cell.lstrip(' \t\r\n"').startswith(tuple("=+-@＝＋－＠")), cell
    naive = [part for line in text.splitlines() for part in line.split(separator)]
    for cell in naive:
        assert not cell.strip(' \t"').startswith(tuple("=+-@＝＋－＠")), cell
    assert hostile.dangers(text.replace("\r\n", "\n")) == []


def test_a_usual_name_is_written_as_it_is(tmp_path: Path, answers) -> None:
    with RequestHistory() as history:
        subject = answers | {"common_name": "dev-001", "unit": "a; b, c+d 'e' \"f\""}
        history.record(subject, public_key_sha256="0" * 64, key=tmp_path / "a", csr=tmp_path / "b")
        write_requests(history.requests(), tmp_path / "a.csv")
    text = (tmp_path / "a.csv").read_text("utf-8-sig")
    [_headings, row] = csv.reader(io.StringIO(text, newline=""))
    assert {"dev-001", "a; b, c+d 'e' \"f\""} <= set(row)
