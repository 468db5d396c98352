"""The organization's defaults: valid entries apply, invalid ones are reported."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enos_csr_gui.core import defaults
from enos_csr_gui.core.defaults import SubmitDefaults
from enos_csr_gui.core.errors import Code, Problem
from enos_csr_gui.core.subject import FIELDS_BY_KEY, check_field

FOLDER = "C:/requests" if os.name == "nt" else "/srv/requests"
WHOLE = """
set_by = "Example Wind IT"
locked = ["country", "organization"]

[subject]
country = "CN"
organization = "Example Wind Ltd"
unit = "Operations"

[files]
folder = "FOLDER"

[submit]
email = "certificates@example.com"
subject = "CSR {name}"
note = "Please add the ticket number."
""".replace("FOLDER", FOLDER)


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str | bytes, name: str = "defaults.toml") -> Path:
        file = tmp_path / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    return write


def test_all_that_can_be_set(write):
    found = defaults.load([write(WHOLE)])
    assert found.problems == ()
    assert found.presets == {
        "country": "CN",
        "organization": "Example Wind Ltd",
        "unit": "Operations",
    }
    assert found.locked == {"country": "CN", "organization": "Example Wind Ltd"}
    assert found.folder == Path(FOLDER)
    assert found.submit == SubmitDefaults(
        "certificates@example.com", "CSR {name}", "Please add the ticket number."
    )
    assert found.set_by == "Example Wind IT"


@pytest.mark.long
def test_no_fault_fills_the_screen(write):
    keys = "\n".join(f"a{number} = 1" for number in range(60_000))
    files = [write(f"{'b' * 9_000} = 1\n{keys}"), write(keys, "own.toml")]
    found = defaults.load(files)
    assert [one.path for one in found.problems] == [files[0]] * 8 + [files[1]] * 8
    assert max(len(one.values["key"]) for one in found.problems) < 70
    [twice] = defaults.load([write(f"a = {{{'x' * 9_000} = 1, {'x' * 9_000} = 2}}")]).problems
    assert len(twice.values["reason"]) < 70


def test_important_errors_are_reported_among_many(write):
    typos = "\n".join(f"typo{number} = 1" for number in range(20))
    found = defaults.load(
        [write(f'locked = ["organisation"]\n[subject]\n{typos}\n[submit]\nemail = "nobody"')]
    )
    told = [one.values["key"] for one in found.problems]
    assert {"locked: organisation", "submit.email"} < set(told)
    assert len(told) == 10


def test_messages_contain_no_terminal_control_characters(write):
    [problem] = defaults.load([write('"\\u001b[31mred" = 1')]).problems
    assert problem.values["key"] == r"\u001b[31mred"


_TEXT = st.text(max_size=9) | st.sampled_from(["CN", "~nobody/x", "/srv", "a@b.c", "country"])
_PLAIN = _TEXT | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
_KEYS = st.sampled_from(
    ["subject", "files", "submit", "locked", "set_by", "country", "unit", "folder", "email", "x y"]
)
_TABLES = st.recursive(
    _PLAIN | st.lists(_PLAIN, max_size=3),
    lambda inner: st.dictionaries(_KEYS, inner, max_size=4) | st.lists(inner, max_size=2),
)


def toml(value: object) -> str:
    """Return the value as TOML writes it in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


@pytest.mark.long
@given(content=st.dictionaries(_KEYS, _TABLES))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_file_content_prevents_a_request(write, content):
    lines = (f"{toml(key)} = {toml(value)}\n" for key, value in content.items())
    found = defaults.load([write("".join(lines))])
    for key, text in found.presets.items():
        assert not check_field(FIELDS_BY_KEY[key], text)
    assert found.locked.items() <= found.presets.items()


def test_without_a_file_nothing_is_preset(tmp_path):
    assert defaults.load([tmp_path / "defaults.toml"]) == defaults.Defaults()


def test_the_file_beside_the_program_wins_key_by_key(write):
    own = write('[subject]\nunit = "Solar"\n[submit]\nemail = "solar@example.com"', "own.toml")
    found = defaults.load([write(WHOLE), own])
    assert found.presets["unit"] == "Solar"
    assert found.presets["country"] == "CN"
    assert found.submit.email == "solar@example.com"
    assert found.submit.subject == "CSR {name}"


@pytest.mark.parametrize(
    ("text", "code", "key"),
    [
        ('[subject]\ncommon_name = "x"', Code.DEFAULTS_UNKNOWN, "subject.common_name"),
        ('[subject]\ncuontry = "CN"', Code.DEFAULTS_UNKNOWN, "subject.cuontry"),
        ('colour = "red"', Code.DEFAULTS_UNKNOWN, "colour"),
        ('[subject]\ncountry = "XX"', Code.DEFAULTS_VALUE, "subject.country"),
        ("[subject]\ncountry = 86", Code.DEFAULTS_VALUE, "subject.country"),
        ('subject = "CN"', Code.DEFAULTS_VALUE, "subject"),
        ('[submit]\nemail = "nobody"', Code.DEFAULTS_VALUE, "submit.email"),
        ('[files]\nfolder = "here"', Code.DEFAULTS_VALUE, "files.folder"),
        ('locked = ["unit"]', Code.DEFAULTS_LOCKED, "locked: unit"),
        ('locked = "unit"', Code.DEFAULTS_VALUE, "locked"),
    ],
)
def test_an_error_is_reported_and_the_rest_applies(write, text, code, key):
    file = write(f'set_by = "IT"\n{text}')
    found = defaults.load([file])
    assert [(one.code, one.path, one.values) for one in found.problems] == [
        (code, file, {"key": key})
    ]
    assert found.set_by == "IT"
    assert not found.locked


@pytest.mark.parametrize(
    "content",
    [
        b"country CN",
        b"\xff\xfe\x00",
        b"[subject",
        pytest.param(b"a = " + b"1" * 5000, id="number without end"),
        pytest.param(b"a = " + b"[" * 3000, id="nesting without end"),
    ],
)
def test_a_file_that_is_no_toml(write, content):
    found = defaults.load([write(content)])
    assert [one.code for one in found.problems] == [Code.DEFAULTS_NOT_TOML]


def test_a_file_that_cannot_be_read(tmp_path):
    found = defaults.load([tmp_path])
    assert [one.code for one in found.problems] == [Code.NOT_A_FILE]


@pytest.mark.skipif(os.name == "nt", reason="Windows guesses the homes of others, beside one's own")
def test_the_home_folder_of_an_unknown_user_is_reported(write):
    found = defaults.load([write('[files]\nfolder = "~nosuchuser/x"\n[subject]\ncountry = "CN"')])
    assert found.folder is None
    assert [one.values["key"] for one in found.problems] == ["files.folder"]
    assert found.presets == {"country": "CN"}


def test_an_address_to_write_to_may_be_longer_than_one_in_a_subject(write):
    address = f"device-certificates@{'operations.' * 6}example.com"
    found = defaults.load([write(f'[submit]\nemail = "{address}"')])
    assert (found.submit.email, found.problems) == (address, ())


def test_an_answer_is_locked_as_it_goes_into_the_subject(write):
    found = defaults.load([write('locked = ["country"]\n[subject]\ncountry = "cn"')])
    assert found.locked == {"country": "CN"}


@pytest.mark.parametrize("document", ["defaults.md", "defaults.zh-CN.md"])
def test_the_example_of_the_documents_is_one(write, document):
    docs = Path(__file__).parents[2] / "docs"
    text = (docs / document).read_text(encoding="utf-8")
    [example] = re.findall("^```toml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    found = defaults.load([write(example)])
    assert found.problems == ()
    assert list(found.locked) == ["country", "organization"]
    assert found.folder == Path.home() / "EnOS requests"
    assert all(found.submit)


@pytest.mark.parametrize(
    ("text", "code", "key"),
    [
        ("set_by = 1", Code.DEFAULTS_VALUE, "set_by"),
        ("locked = 1", Code.DEFAULTS_VALUE, "locked"),
        ('locked = ["country"]', Code.DEFAULTS_LOCKED, "locked: country"),
        ("locked = [1]", Code.DEFAULTS_LOCKED, "locked: 1"),
        ("other = 1", Code.DEFAULTS_UNKNOWN, "other"),
        ("subject = 1", Code.DEFAULTS_VALUE, "subject"),
        ("[subject]\ncountry = 1", Code.DEFAULTS_VALUE, "subject.country"),
        ('[subject]\ncountry = "XX"', Code.DEFAULTS_VALUE, "subject.country"),
        ("[subject]\nother = 1", Code.DEFAULTS_UNKNOWN, "subject.other"),
        ('[subject]\ncommon_name = "a"', Code.DEFAULTS_UNKNOWN, "subject.common_name"),
        ("submit = 1", Code.DEFAULTS_VALUE, "submit"),
        ("[submit]\nnote = 1", Code.DEFAULTS_VALUE, "submit.note"),
        ('[submit]\nemail = "nobody"', Code.DEFAULTS_VALUE, "submit.email"),
        ("[submit]\nother = 1", Code.DEFAULTS_UNKNOWN, "submit.other"),
        ("files = 1", Code.DEFAULTS_VALUE, "files"),
        ("[files]\nfolder = 1", Code.DEFAULTS_VALUE, "files.folder"),
        ('[files]\nfolder = "here"', Code.DEFAULTS_VALUE, "files.folder"),
        pytest.param(
            '[files]\nfolder = "~nobody-of-this-name/here"',
            Code.DEFAULTS_VALUE,
            "files.folder",
            marks=pytest.mark.skipif(os.name == "nt", reason="Windows guesses a folder"),
        ),
        ("[files]\nother = 1", Code.DEFAULTS_UNKNOWN, "files.other"),
        (f"{'x' * 60} = 1", Code.DEFAULTS_UNKNOWN, "x" * 60),
        (f"{'x' * 61} = 1", Code.DEFAULTS_UNKNOWN, f"{'x' * 60}…"),
    ],
)
def test_each_wrong_entry_is_named_and_the_rest_is_as_without_it(write, text, code, key):
    file = write(text)
    found = defaults.load([file])
    problem = Problem(code, path=file, values={"key": key})
    assert found == defaults.Defaults(problems=(problem,))


def test_a_file_that_is_no_toml_is_reported_with_the_reason(write):
    file = write("a = 1\nb = = 2")
    [problem] = defaults.load([file]).problems
    assert (problem.code, problem.path) == (Code.DEFAULTS_NOT_TOML, file)
    assert "line 2" in problem.values["reason"]


def test_each_file_that_cannot_be_read_is_reported_unless_it_is_missing(tmp_path, write):
    folders = [tmp_path / "a", tmp_path / "b"]
    for one in folders:
        one.mkdir()
    found = defaults.load([*folders, tmp_path / "missing", write('set_by = "IT"')])
    assert [one.path for one in found.problems] == folders
    assert found.set_by == "IT"


def test_the_file_is_looked_for_where_the_platform_has_settings_and_beside_the_program(monkeypatch):
    [place] = defaults.places()
    assert (place.name, place.parent.name) == ("defaults.toml", "enos-csr")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    beside = Path(sys.executable).parent / "defaults.toml"
    assert defaults.places() == [place, beside]


@pytest.mark.skipif(sys.platform != "linux", reason="places as XDG says")
def test_the_file_of_the_computer_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path))
    assert defaults.load() == defaults.Defaults()
    (tmp_path / "enos-csr").mkdir()
    (tmp_path / "enos-csr" / "defaults.toml").write_text('set_by = "IT"')
    assert defaults.load() == defaults.Defaults(set_by="IT")
