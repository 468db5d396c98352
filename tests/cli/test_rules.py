"""``enos-csr rules``: the table of what a request is checked for."""

from __future__ import annotations

from enos_csr_gui.core.csr_rules import RULES


def test_every_rule_is_printed_with_its_level_and_evidence(enos_csr) -> None:
    result = enos_csr("rules")
    assert result.exit_code == 0
    heading, *rows = result.stdout.splitlines()
    assert heading.split() == ["Requirement", "Finding", "Level", "Evidence"]
    assert len(rows) == len(RULES)
    order = next(row for row in rows if "attribute-order" in row)
    assert "differs from the manual" in order
    assert "EnOS issued a certificate for such a request" in order
