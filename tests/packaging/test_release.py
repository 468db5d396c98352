"""The workflows: one tests every change, the other makes a release."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
WORKFLOWS = [TOP / ".github" / "workflows" / name for name in ("ci.yml", "release.yml")]


@pytest.mark.slow
@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.stem)
@pytest.mark.parametrize(
    "linter",
    [("check-jsonschema", "--builtin-schema", "vendor.github-workflows"), ("zizmor", "--offline")],
    ids=["form", "safety"],
)
def test_linters_find_no_fault_with_the_workflow(linter: tuple[str, ...], workflow: Path) -> None:
    program, *options = linter
    done = subprocess.run(
        [Path(sys.executable).with_name(program), *options, workflow],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
