"""Every sentence that people read about fields and problems."""

from __future__ import annotations

from pathlib import Path

import pytest

from enos_csr_gui import words
from enos_csr_gui.core.errors import Code, Problem
from enos_csr_gui.core.subject import FIELDS_BY_KEY, check

# The values that each code carries, as the comments in ``core.errors`` list them.
VALUES: dict[Code, dict[str, str | int]] = {
    Code.TOO_LONG: {"limit": 64, "excess": 2},
    Code.CONTROL_CHARACTER: {"position": 4, "code_point": "U+0007"},
    Code.LINE_BREAK: {"position": 4},
    Code.INVISIBLE_CHARACTER: {"position": 4, "code_point": "U+200B"},
    Code.BROKEN_CHARACTER: {"position": 4, "code_point": "U+D800"},
    Code.NOT_ASCII: {"position": 4, "character": "ü"},
    Code.NOT_A_COUNTRY: {"given": "UK", "suggestion": "GB", "name": "United Kingdom"},
    Code.NOT_A_PRIVATE_KEY: {"label": "certificate"},
    Code.KEY_NOT_RSA: {"algorithm": "Ed25519"},
    Code.KEY_SIZE: {"bits": 1024, "wanted": 2048},
    Code.PASSPHRASE_TOO_LONG: {"limit": 1023, "length": 2000},
    Code.FILE_EXISTS: {"suggestion": "dev-001-2"},
    Code.FILE_TOO_LARGE: {"limit": 1 << 20},
    Code.NAME_UNSAFE: {"given": "a/b", "suggestion": "a-b"},
    Code.FILE_TROUBLE: {"reason": "Input/output error"},
}


@pytest.mark.parametrize("code", Code)
def test_every_problem_is_said_in_a_whole_sentence(code: Code) -> None:
    said = words.sentence(Problem(code, path=Path("x"), values=VALUES.get(code, {})))
    assert said[0].isupper() or said[0].isdigit() or said[0] == "'"
    assert said[-1] in ".?"
    assert "{" not in said
    for value in VALUES.get(code, {}).values():
        if value not in ("a/b", 1 << 20):  # what was typed stands in the field anyway
            assert str(value) in said


def test_a_country_that_resembles_none_gets_an_example_instead_of_a_guess() -> None:
    values = {"given": "Atlantis", "suggestion": "", "name": ""}
    said = words.sentence(Problem(Code.NOT_A_COUNTRY, "country", values=values))
    assert said.startswith("'Atlantis' is not a country code.")
    assert "for example CN" in said
    assert "()" not in said


@pytest.mark.parametrize("typed", ["{", "{}", "{suggestion}", "{0.__class__}", "%s"])
def test_what_looks_like_a_gap_in_a_sentence_is_repeated_as_it_was_typed(typed: str) -> None:
    [problem] = check(valid_but("country") | {"country": typed})
    assert words.sentence(problem).startswith(f"'{typed}' is not a country code.")


def test_one_character_is_not_said_as_many() -> None:
    [problem] = check(dict.fromkeys(("state",), "x" * 65) | valid_but("state"))
    assert words.sentence(problem).startswith("1 character too many: at most 64 are allowed.")


def valid_but(*keys: str) -> dict[str, str]:
    """Valid answers to the mandatory fields, without those of ``keys``."""
    answers = {key: "x" for key, field in FIELDS_BY_KEY.items() if field.required}
    answers["country"] = "CN"
    return {key: text for key, text in answers.items() if key not in keys}


def test_every_field_has_its_words() -> None:
    assert words.FIELDS.keys() == FIELDS_BY_KEY.keys()
    for key in FIELDS_BY_KEY:
        assert words.label(key)
        assert words.help_(key).endswith(".")


def test_the_examples_are_answers_that_enos_takes() -> None:
    assert not check({key: field.example for key, field in words.FIELDS.items()})


def test_a_stronger_passphrase_is_said_to_be_stronger() -> None:
    assert len({words.strength(score) for score in range(5)}) == 5
