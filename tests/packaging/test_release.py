"""The workflow that makes a release."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
WORKFLOW = TOP / ".github" / "workflows" / "release.yml"


@pytest.mark.slow
@pytest.mark.parametrize(
    "linter",
    [("check-jsonschema", "--builtin-schema", "vendor.github-workflows"), ("zizmor", "--offline")],
    ids=["form", "safety"],
)
def test_linters_find_no_fault_with_the_workflow(linter: tuple[str, ...]) -> None:
    program, *options = linter
    done = subprocess.run(
        [Path(sys.executable).with_name(program), *options, WORKFLOW],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
