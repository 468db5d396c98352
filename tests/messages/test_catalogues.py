"""The catalogues: every sentence of the program is in them, translated, and still itself."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import catalogues
import pytest
import translations
from babel.messages.catalog import Message

import enos_csr_gui

PACKAGE = Path(enos_csr_gui.__file__).parent
CATALOGUES = sorted(catalogues.CATALOGUES.glob("*.po"))

_PLACEHOLDER = re.compile(r"\{[^{}]*\}|%\(\w+\)s")
_MNEMONIC = re.compile(r"&[^&\s]")
_FUNCTIONS = {"_": 1, "N_": 1, "ngettext": 2}


def ids(message: Message) -> tuple[str, ...]:
    return message.id if isinstance(message.id, tuple) else (message.id,)


def forms(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)


def placeholders(text: str) -> set[str]:
    return set(_PLACEHOLDER.findall(text))


def sentences() -> set[tuple[str, ...]]:
    """Return what stands in the sources, read by Python itself: Babel misses some f-strings."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                count = _FUNCTIONS.get(node.func.id, 0)
                texts = [arg.value for arg in node.args[:count] if isinstance(arg, ast.Constant)]
                if texts:
                    found.add(tuple(texts))
    return found


@pytest.fixture(params=CATALOGUES, ids=lambda path: path.stem)
def messages(request: pytest.FixtureRequest) -> list[Message]:
    return [message for message in catalogues.read(request.param) if message.id]


@pytest.mark.long
def test_every_sentence_is_in_the_catalogue_and_nothing_else(messages: list[Message]) -> None:
    wanted = {ids(message) for message in translations.extract() if message.id}
    assert {ids(message) for message in messages} == wanted, (
        "please run: python packaging/translations.py"
    )


@pytest.mark.long
def test_no_sentence_hides_from_the_extraction() -> None:
    extracted = {ids(message) for message in translations.extract() if message.id}
    assert sentences() <= extracted


def test_every_sentence_is_translated(messages: list[Message]) -> None:
    assert [m.id for m in messages if m.fuzzy or not catalogues.is_translated(m)] == []


def test_no_placeholder_is_lost_or_made_up(messages: list[Message]) -> None:
    for message in messages:
        for form in forms(message):
            assert placeholders(form) in [placeholders(text) for text in ids(message)], form


def test_a_key_to_press_is_there_where_the_original_has_one(messages: list[Message]) -> None:
    for message in messages:
        [original, *_plural] = ids(message)
        for form in forms(message):
            assert len(_MNEMONIC.findall(form)) == len(_MNEMONIC.findall(original)), form


def test_lines_and_blanks_at_the_ends_stay(messages: list[Message]) -> None:
    for message in messages:
        [original, *_plural] = ids(message)
        for form in forms(message):
            assert form == form.strip() or original != original.strip(), form
            assert form.count("\n\n") == original.count("\n\n"), form
