"""The workflows beside that of the release are valid and safe, and what they run is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
WORKFLOWS = TOP / ".github" / "workflows"


@pytest.mark.long
@pytest.mark.parametrize("name", ["scan.yml", "scorecard.yml"])
@pytest.mark.parametrize(
    "command",
    [("check-jsonschema", "--builtin-schema", "vendor.github-workflows"), ("zizmor", "--offline")],
    ids=lambda command: command[0],
)
def test_a_workflow_is_valid_and_safe(command: tuple[str, ...], name: str) -> None:
    program = Path(sys.executable).with_name(command[0])
    done = subprocess.run(
        [program, *command[1:], WORKFLOWS / name], capture_output=True, check=False, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_reader_is_fuzzed_every_week() -> None:
    from readers import READERS

    text = (WORKFLOWS / "scan.yml").read_text(encoding="utf-8")
    [listed] = re.findall(r"reader: \[(.*)\]", text)
    assert listed.split(", ") == list(READERS)
    for path in re.findall(r"python (tests/[\w/]+\.py)", text):
        assert (TOP / path).is_file()


def test_the_release_is_attested() -> None:
    text = (WORKFLOWS / "release.yml").read_text(encoding="utf-8")
    assert "actions/attest-build-provenance@" in text
