"""Each promise in docs/security.md has its test, and each point in docs/windows.md."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
TEXT = (TOP / "docs" / "security.md").read_text(encoding="utf-8")


def promises(text: str = TEXT) -> list[tuple[str, str]]:
    """Return each promise and where its test is."""
    return re.findall(
        r"^\| (?!Promise|Point|Figure|---)([^|]+) \| `(tests/[^`]+\.py[^`]*)` \|$", text, re.M
    )


@pytest.mark.parametrize("page", ["security.md", "windows.md"])
def test_every_promise_names_a_test_that_is_there(page: str) -> None:
    found = promises((TOP / "docs" / page).read_text(encoding="utf-8"))
    assert len(found) > 25
    for promise, place in found:
        path, _, name = place.partition("::")
        functions = {
            node.name
            for node in ast.walk(ast.parse((TOP / path).read_text(encoding="utf-8")))
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        }
        assert name in functions if name else functions, promise


def test_no_promise_is_without_a_test() -> None:
    tables = re.split(r"^## ", TEXT, flags=re.M)[1]
    rows = [line for line in tables.splitlines() if line.startswith("| ")]
    assert len(rows) - 2 * tables.count("| Promise |") == len(promises())


def test_the_page_can_be_found() -> None:
    for name in ("README.md", "README.zh-CN.md", "SECURITY.md"):
        assert "docs/security.md" in (TOP / name).read_text(encoding="utf-8"), name
    for word in re.findall(r"\]\(([\w./-]+)\)", TEXT):
        assert (TOP / "docs" / word).exists(), word
