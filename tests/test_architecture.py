"""The architecture: imports run one way; the core imports nothing slow or foreign."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]


def imported_by(module: str) -> set[str]:
    """The names of all modules in memory once ``module`` is imported in a new interpreter."""
    program = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    return set(done.stdout.decode().split())


@pytest.mark.long
def test_imports_run_downwards_only() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=TOP, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode()


def contracts() -> dict[str, list[str]]:
    """The layers that import-linter enforces, by the package that they are in."""
    settings = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
    return {
        contract.get("containers", ["enos_csr_gui"])[0]: contract["layers"]
        for contract in settings["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    }


def test_the_document_shows_the_layers_that_are_enforced() -> None:
    text = (TOP / "docs" / "architecture.md").read_text(encoding="utf-8")
    shown = re.findall(
        r"^`(enos_csr_gui[.\w]*)`:\n\n```\n(.*?)\n```", text, re.DOTALL | re.MULTILINE
    )
    assert {package: layers.splitlines() for package, layers in shown} == contracts()


def test_what_the_document_names_is_there() -> None:
    text = (TOP / "docs" / "architecture.md").read_text(encoding="utf-8")
    for names in re.findall(r"^\| (`.*?) \|", text, re.MULTILINE):
        folder = ""
        for name in re.findall(r"`([\w./]+)`", names):
            path = name if "/" in name else f"{folder}/{name}"
            folder = str(Path(path).parent)
            assert any((TOP / top / path).exists() for top in ("", "enos_csr_gui")), path
    for path, name in re.findall(r"`(core/\w+\.py|\w+/\w+\.py)`: (?:its )?`(\w+)`", text):
        assert re.search(rf"\b{name}\b", (TOP / "enos_csr_gui" / path).read_text("utf-8")), name


def test_the_core_needs_no_window_and_no_terminal() -> None:
    rooms = (TOP / "enos_csr_gui" / "core").glob("*.py")
    everything = ", ".join(f"enos_csr_gui.core.{room.stem}" for room in rooms)
    assert not imported_by(everything) & {"PySide6", "shiboken6", "click"}


SLOW = {
    "cryptography",
    "openpyxl",
    "pathvalidate",
    "platformdirs",
    "pycountry",
    "sqlite3",
    "zxcvbn",
}
"""What takes more than five milliseconds to import and is not needed at once."""


@pytest.mark.parametrize(
    "module",
    [
        "enos_csr_gui.core.subject",
        "enos_csr_gui.messages.problems",
        "enos_csr_gui.messages.inspection",
        "enos_csr_gui.cli.program",
        "enos_csr_gui.gui.app",
        "enos_csr_gui.gui.startup",
    ],
)
def test_nothing_slow_is_loaded_before_it_is_needed(module: str) -> None:
    assert not imported_by(module) & SLOW


def test_a_usual_request_needs_nothing_that_is_rare(tmp_path: Path) -> None:
    program = """
import atexit, sys
from enos_csr_gui.cli import main
atexit.register(lambda: print(*sys.modules))
main()
"""
    answers = ["--state", "Guizhou", "--locality", "Kaili", "--organization", "Example"]
    new = ["new", "--country", "CN", *answers, "--unit", "Ops", "--common-name", "device-001"]
    done = subprocess.run(
        [sys.executable, "-c", program, *new, "--out", tmp_path], capture_output=True, check=True
    )
    rare = {
        "_hashlib",  # Python's own OpenSSL
        "cryptography.x509",
        "enos_csr_gui.core.key_reader",
        "enos_csr_gui.core.x509_reader",
        "inspect",
        "openpyxl",
        "pathvalidate",
        "pycountry",
        "subprocess",
        "tempfile",
        "tomllib",
        "zxcvbn",
    }
    assert rare & set(done.stdout.decode().split()) == set()


@pytest.mark.long
def test_imports_inside_functions_are_permitted_where_they_are_and_nowhere_else() -> None:
    settings = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
    ignored = settings["tool"]["ruff"]["lint"]["per-file-ignores"]
    permitted = {
        path.strip()
        for pattern, codes in ignored.items()
        if "PLC0415" in codes and pattern.startswith("enos_csr_gui/")
        for path in expanded(pattern)
    }
    found = {
        str(path.relative_to(TOP))
        for path in (TOP / "enos_csr_gui").rglob("*.py")
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef)
        if any(isinstance(part, ast.Import | ast.ImportFrom) for part in ast.walk(function))
    }
    assert found == permitted


def expanded(pattern: str) -> list[str]:
    """Return the paths that a pattern with one '{a,b}' stands for."""
    match = re.fullmatch(r"(.*)\{(.*)\}(.*)", pattern)
    if not match:
        return [pattern]
    return [f"{match[1]}{one}{match[3]}" for one in match[2].split(",")]


@pytest.mark.parametrize(
    "path",
    [
        path
        for part in ("", "core", "messages")
        for path in (TOP / "enos_csr_gui" / part).glob("*.py")
    ],
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_every_public_object_has_a_docstring(path: Path) -> None:
    room = ast.parse(path.read_text(encoding="utf-8"))
    things = [part for part in room.body if isinstance(part, ast.ClassDef | ast.FunctionDef)]
    public = [thing for thing in things if not thing.name.startswith("_")]
    assert ast.get_docstring(room)
    assert [thing.name for thing in public if not ast.get_docstring(thing)] == []


def test_nothing_is_made_with_tempfile() -> None:
    """Before Python 3.13.13, it retries without end on Windows where one may not write."""
    for path in (TOP / "enos_csr_gui").rglob("*.py"):
        used = re.findall(r"tempfile\.(\w+)", path.read_text("utf-8"))
        assert set(used) <= {"gettempdir"}, path


PATHS_OF_QT = {
    "getExistingDirectory",
    "getOpenFileName",
    "getOpenFileNames",
    "getSaveFileName",
    "selectedFiles",
    "toLocalFile",
    "writableLocation",
}
"""What returns paths with slashes, on Windows too; Python's ``Path`` has those of the system."""


def is_called(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


@pytest.mark.parametrize(
    "path", sorted((TOP / "enos_csr_gui" / "gui").rglob("*.py")), ids=lambda path: path.stem
)
def test_a_path_of_qt_is_used_only_as_one_of_python(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    above = {below: node for node in ast.walk(tree) for below in ast.iter_child_nodes(node)}

    def where_it_goes(node: ast.AST) -> ast.AST:
        """Return what makes a Path of the value, or only tests it, or else the statement."""
        while not isinstance(node, ast.stmt):
            node, below = above[node], node
            if is_called(node, "Path", "isinstance") or getattr(node, "test", None) is below:
                return ast.Pass()
            if isinstance(node, ast.ListComp) and is_called(node.elt, "Path"):
                return ast.Pass()
        return node

    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        named: set[str] = set()
        before = None
        while named != before:  # what has one of the names may get another
            before = set(named)
            for node in ast.walk(function):
                if is_of_qt(node) or (isinstance(node, ast.Name) and node.id in named):
                    goes = where_it_goes(node)
                    assert isinstance(goes, ast.Pass | ast.Assign), ast.unparse(goes)
                    named |= {one.id for one in ast.walk(goes) if is_set(one)}


def is_of_qt(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in PATHS_OF_QT


def is_set(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
