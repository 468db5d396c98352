"""Plain English in comments, docstrings, test names, displayed sentences and documents."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
SOURCES = sorted(
    path for part in ("enos_csr_gui", "packaging", "tests") for path in (TOP / part).rglob("*.py")
)
DOCUMENTS = sorted([TOP / "README.md", TOP / "CONTRIBUTING.md", *(TOP / "docs").glob("*.md")])
DOCUMENTS = [path for path in DOCUMENTS if "zh" not in path.stem]

BETTER = {
    r"anew": "again, or a verb with re-: 'recompute', 'rebuild'",
    r"who(so)?ever": "the user, anyone who, or name the role",
    r"somebody('?s)?": "the user, another user, someone",
    r"hand(s|ed|ing)?[ -]in": "submit",
    r"hand(s|ed|ing)?[ -]over|handover": "submit, export, pass; 'cover sheet' for the sheet",
    r"organis\w+": "organiz-",
    r"(is|are|was|were|be) told": "say who says it: 'the page shows', 'is reported'",
    r"the road": "steps, procedure, path",
    r"the house": "the program, the code base",
    r"there is but": "there is only",
    r"no word more": "nothing else",
    r"without a word": "silently",
    r"beyond doubt": "unambiguously",
    r"puts? it right": "solves it, fixes it",
}
"""Words and phrases to avoid -> what to write instead. In test names, '_' counts as a space."""

SHOWN = BETTER | {
    r"(?<!public-key )(?<!certificate )fingerprint": "'public-key' or 'certificate' before it"
}
"""Also for displayed sentences."""

GLOSSARY = TOP / "docs" / "development.md"
_DO_NOT_SAY = re.compile(r"(?<=\|)[^|]*\|$")
"""The last cell of a row: in the glossary, the words to avoid."""

EXCEPTIONS: dict[tuple[str, str], str] = {}
"""(File, text found in lower case) -> why it may stay."""


def quaint(text: str, banned: dict[str, str], path: Path, line: int) -> Iterator[str]:
    """Yield one complaint for each banned phrase: where, what, and what to write instead."""
    text = re.sub(r"\{\w*\}", "", text)
    text = re.sub(r"\s+(#\s+)?", " ", text)
    name = path.relative_to(TOP).as_posix()
    for phrase, better in banned.items():
        for found in re.finditer(rf"\b(?:{phrase})\b", text, re.IGNORECASE):
            if (name, found[0].lower()) not in EXCEPTIONS:
                yield f"{name}:{line}: {found[0]!r}; better: {better}"


def comments(source: str) -> Iterator[tuple[int, str]]:
    """Yield each block of comments with its first line, so that a phrase may span lines."""
    start, end, text = 0, 0, ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            if token.start[0] != end + 1:
                yield start, text
                start, text = token.start[0], ""
            text += f" {token.string.lstrip('# ')}"
            end = token.start[0]
    yield start, text


def docstrings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield every string that stands alone, of attributes too."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield node.lineno, text


def names_of_tests(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.lineno, node.name.replace("_", " ")


def sentences(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="_" | "N_" | "ngettext")):
                for argument in node.args:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        yield argument.lineno, argument.value


def complaints(path: Path) -> Iterator[str]:
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    for found in (comments(source), docstrings(tree), names_of_tests(tree)):
        for line, text in found:
            yield from quaint(text, BETTER, path, line)
    for line, text in sentences(tree):
        yield from quaint(text, SHOWN, path, line)


@pytest.mark.long
def test_sources_are_in_plain_english() -> None:
    assert [complaint for path in SOURCES for complaint in complaints(path)] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_documents_are_in_plain_english(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [
        complaint
        for number, line in enumerate(lines, 1)
        for complaint in quaint(
            _DO_NOT_SAY.sub("", line) if path == GLOSSARY else line, BETTER, path, number
        )
    ] == []


def test_a_quaint_comment_docstring_name_and_sentence_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "TOP", tmp_path)
    path = tmp_path / "quaint.py"
    path.write_text(
        '"""Make it\nanew."""\n# without a\n# word\ndef test_it_is_told(): ...\n'
        '_("The fingerprint")\n',
        encoding="utf-8",
    )
    assert [complaint.split("; ")[0] for complaint in complaints(path)] == [
        "quaint.py:3: 'without a word'",
        "quaint.py:1: 'anew'",
        "quaint.py:5: 'is told'",
        "quaint.py:6: 'fingerprint'",
    ]
