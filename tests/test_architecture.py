"""The house keeps its shape: imports run one way; nothing slow or foreign gets into the core."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]


def imported_by(module: str) -> set[str]:
    """The names of all modules in memory once ``module`` is imported in a new interpreter."""
    program = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    return set(done.stdout.decode().split())


def test_imports_run_downwards_only() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=TOP, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode()


def test_the_core_needs_no_window_and_no_terminal() -> None:
    rooms = (TOP / "enos_csr_gui" / "core").glob("*.py")
    everything = ", ".join(f"enos_csr_gui.core.{room.stem}" for room in rooms)
    assert not imported_by(everything) & {"PySide6", "shiboken6", "click"}


@pytest.mark.parametrize("module", ["enos_csr_gui.core.subject", "enos_csr_gui.messages.problems"])
def test_checking_an_answer_loads_nothing_slow(module: str) -> None:
    assert not imported_by(module) & {"cryptography", "pycountry", "zxcvbn", "pathvalidate"}


@pytest.mark.parametrize(
    "path",
    [path for part in ("", "core") for path in (TOP / "enos_csr_gui" / part).glob("*.py")],
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_whatever_another_room_may_use_says_what_it_is(path: Path) -> None:
    room = ast.parse(path.read_text(encoding="utf-8"))
    things = [part for part in room.body if isinstance(part, ast.ClassDef | ast.FunctionDef)]
    public = [thing for thing in things if not thing.name.startswith("_")]
    assert ast.get_docstring(room)
    assert [thing.name for thing in public if not ast.get_docstring(thing)] == []
