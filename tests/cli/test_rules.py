"""``enos-csr rules``: the table of what a request is checked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from enos_csr_gui import i18n
from enos_csr_gui.core.csr_rules import RULES

DOCS = Path(__file__).parents[2] / "docs"


def test_every_rule_is_printed_with_its_level_and_evidence(enos_csr) -> None:
    result = enos_csr("rules")
    assert result.exit_code == 0
    heading, *rows = result.stdout.split("\n\n")[0].splitlines()
    assert heading.split() == ["Requirement", "Finding", "Level", "Evidence"]
    assert len(rows) == len(RULES)
    order = next(row for row in rows if "attribute-order" in row)
    assert "differs from the manual" in order
    assert "EnOS issued a certificate for such a request" in order


def test_what_enos_answers_is_explained(enos_csr) -> None:
    shown = " ".join(enos_csr("rules").stdout.split())
    for said in ("99400", "11833", "CN, Shanghai and EnOS"):
        assert said in shown


@pytest.mark.parametrize(("guide", "language"), [("user-guide.md", "en"),
                                                 ("user-guide.zh-CN.md", "zh_CN")])  # fmt: skip
def test_the_guide_has_the_same_table(enos_csr, guide, language) -> None:
    i18n.choose([language])
    try:
        table, hints = enos_csr("rules").stdout.split("\n\n", 1)
    finally:
        i18n.choose([])
    text = (DOCS / guide).read_text("utf-8")
    rows = [re.sub(" {2,}", " | ", row) for row in table.splitlines()]
    missing = [row for row in rows if f"| {row} |" not in text]
    assert missing == []
    for number in ("99400", "11833"):
        assert number in hints
        assert number in text
