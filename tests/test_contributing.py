"""The door for contributors: what it names is there, and its forms are valid."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
GITHUB = TOP / ".github"


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md"])
def test_every_file_that_a_document_names_is_there(name: str) -> None:
    text = (TOP / name).read_text(encoding="utf-8")
    paths = re.findall(r"`((?:enos_csr_gui|tests|docs|packaging|resources)/[\w./-]+)`", text)
    paths += re.findall(r"\]\(([\w./-]+\.md)\)", text)
    assert [path for path in paths if not (TOP / path).exists()] == []


def test_every_name_in_the_steps_is_in_the_file_beside_it() -> None:
    text = (TOP / "CONTRIBUTING.md").read_text(encoding="utf-8")
    pairs = re.findall(r"`(\w+)`[^`]*?\s+in\s+`(enos_csr_gui/[\w/]+\.py)`", text)
    assert len(pairs) > 8
    for name, path in pairs:
        assert re.search(rf"\b{name}\b", (TOP / path).read_text(encoding="utf-8")), (name, path)


def test_the_hooks_run_the_checks_of_the_test_command() -> None:
    hooks = (TOP / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    command = (TOP / "run").read_text(encoding="utf-8")
    for check in ("ruff check", "ruff format", "mypy", "lint-imports"):
        assert f".venv/bin/{check}" in hooks
        assert f".venv/bin/{check}" in command


@pytest.mark.long
@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("vendor.dependabot", GITHUB / "dependabot.yml"),
        ("vendor.github-issue-config", GITHUB / "ISSUE_TEMPLATE" / "config.yml"),
        *(
            ("vendor.github-issue-forms", GITHUB / "ISSUE_TEMPLATE" / f"{form}.yml")
            for form in ("bug", "file", "idea")
        ),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_the_forms_are_valid(schema: str, file: Path) -> None:
    check = Path(sys.executable).with_name("check-jsonschema")
    command = [check, "--builtin-schema", schema, file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("form", ["bug", "file", "idea"])
def test_an_issue_form_warns_of_keys_and_asks_for_something(form: str) -> None:
    text = (GITHUB / "ISSUE_TEMPLATE" / f"{form}.yml").read_text(encoding="utf-8")
    assert re.search(r"^name: .+\ndescription: .+\n", text)
    assert "required: true" in text
    if form != "idea":
        assert "Never attach a private key" in text
