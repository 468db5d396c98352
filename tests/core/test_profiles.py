"""Sets of answers with names: kept, handed round, and never a way round a rule."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enos_csr_gui.core import files, last_answers, profiles
from enos_csr_gui.core.errors import CannotSave, Code, Problem, UnreadableFile
from enos_csr_gui.core.profiles import InvalidProfile, Profile
from enos_csr_gui.core.subject import FIELDS_BY_KEY, check_field

ANSWERS = {"country": "CN", "state": "Guizhou", "organization": "Example Wind Ltd"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings" / "profiles.json"


def codes(problems) -> list[Code]:
    return [problem.code for problem in problems]


def test_there_is_none_at_first(path):
    assert profiles.load(path) == []
    with pytest.raises(InvalidProfile) as caught:
        profiles.find("Kaili\u202e", path)
    assert caught.value.problems[0].values == {"name": "Kaili\\u202e"}


def test_what_is_saved_is_found_by_its_name_without_the_common_name(path, answers):
    profiles.save(" Kaili ", answers, path)
    kept = {key: text for key, text in answers.items() if key != "common_name"}
    assert profiles.load(path) == [Profile("Kaili", kept)]
    assert profiles.find("KAILI", path).answers == kept
    assert answers["common_name"] not in path.read_text(encoding="utf-8")


def test_the_same_name_replaces_and_others_stay_in_order(path):
    for name, unit in (("b", "1"), ("A", "2"), ("B", "3")):
        profiles.save(name, {"unit": unit}, path)
    assert profiles.load(path) == [Profile("A", {"unit": "2"}), Profile("B", {"unit": "3"})]


def test_what_is_empty_or_wrong_is_not_kept(path):
    saved = profiles.save("x", {"country": "XX", "unit": " ", "state": " Guizhou "}, path)
    assert saved.answers == {"state": "Guizhou"}


@pytest.mark.parametrize("name", ["", "  ", "x" * 65, "a\nb", "a\x1b[1m", "a\u202eb", "\ud800"])
def test_a_name_can_be_read_in_one_line(path, name):
    with pytest.raises(InvalidProfile) as caught:
        profiles.save(name, ANSWERS, path)
    assert codes(caught.value.problems) == [Code.PROFILE_NAME]
    assert not path.exists()


def test_a_profile_gets_another_name_unless_that_is_taken(path):
    profiles.save("Kaili", ANSWERS, path)
    profiles.save("Duyun", {"unit": "Ops"}, path)
    with pytest.raises(InvalidProfile) as caught:
        profiles.rename("Kaili", "duyun", path)
    assert codes(caught.value.problems) == [Code.PROFILE_TAKEN]
    assert profiles.rename("kaili", "KAILI", path).answers == ANSWERS
    assert [one.name for one in profiles.load(path)] == ["Duyun", "KAILI"]
    profiles.remove("duyun", path)
    assert [one.name for one in profiles.load(path)] == ["KAILI"]


def test_they_are_kept_where_the_platform_keeps_settings(settings_folder):
    profiles.save("Kaili", ANSWERS)
    assert profiles.default_path().name == "profiles.json"
    assert profiles.default_path().parent == last_answers.default_path().parent
    assert profiles.default_path().is_relative_to(settings_folder)
    assert profiles.find("Kaili").answers == ANSWERS


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX knows them")
def test_others_on_this_computer_cannot_read_them(path):
    profiles.save("Kaili", ANSWERS, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["profiles.json"]


def test_they_are_handed_round_in_one_file(path, tmp_path):
    profiles.save("凯里", ANSWERS, path)
    profiles.save("Duyun", {"unit": "Ops"}, path)
    file, other = tmp_path / "ours.json", tmp_path / "other" / "profiles.json"
    assert profiles.hand_out(file, path) == 2
    assert profiles.take_in(file, other) == (profiles.load(path), [])
    assert profiles.load(other) == profiles.load(path)
    assert profiles.take_in(file, other) == ([], [])  # they are there already


def test_what_comes_from_outside_replaces_nothing(path, tmp_path):
    profiles.save("Kaili", ANSWERS, path)
    other = tmp_path / "other.json"
    profiles.save("kaili", {"unit": "Ops"}, other)
    [added] = profiles.take_in(other, path).profiles
    assert added == Profile("kaili (2)", {"unit": "Ops"})
    assert profiles.find("Kaili", path).answers == ANSWERS


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"[]", b'{"profiles": {}}', b"[" * 100_000, b'{"profiles":' + b"9" * 9999],
)
def test_a_file_of_something_else_is_refused(path, tmp_path, content):
    file = tmp_path / "x.json"
    file.write_bytes(content)
    with pytest.raises(UnreadableFile) as caught:
        profiles.take_in(file, path)
    assert codes(caught.value.problems) == [Code.PROFILES_UNREADABLE]
    assert not path.exists()


def test_a_file_that_is_too_large_is_not_read(path, tmp_path):
    file = tmp_path / "x.json"
    file.write_bytes(b" " * (files.MAX_READ_BYTES + 1))
    with pytest.raises(UnreadableFile) as caught:
        profiles.take_in(file, path)
    assert codes(caught.value.problems) == [Code.FILE_TOO_LARGE]


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ({"name": "a", "answers": {"country": "XX"}}, "profiles[1].answers.country"),
        ({"name": "a", "answers": {"common_name": "x"}}, "profiles[1].answers.common_name"),
        ({"name": "a", "answers": {"unit": 7}}, "profiles[1].answers.unit"),
        ({"name": "a", "answers": {"unit": "a\u202eb"}}, "profiles[1].answers.unit"),
        ({"name": "a", "answers": {"\x1b[31m": "x"}}, "profiles[1].answers.\\u001b[31m"),
        ({"name": "a", "answers": [], "x": 1}, "profiles[1].answers"),
        ({"name": "a", "locked": ["unit"]}, "profiles[1].locked"),
        ({"name": "a\nb", "answers": {}}, "profiles[1].name"),
        ({"answers": {}}, "profiles[1].name"),
        ("a", "profiles[1].name"),
    ],
)
def test_what_is_not_valid_is_reported_and_left_out(tmp_path, content, key):
    file = tmp_path / "x.json"
    good = {"name": "good", "answers": {"unit": "Ops"}}
    file.write_text(json.dumps({"profiles": [content, good]}))
    found = profiles.read(file)
    assert [(p.code, p.values["key"], p.path) for p in found.problems] == [
        (Code.PROFILE_VALUE, key, file)
    ]
    assert found.profiles[-1] == Profile("good", {"unit": "Ops"})
    assert all(not one.answers for one in found.profiles[:-1])


def test_of_very_many_only_the_first_are_read_and_little_is_said(path, tmp_path):
    file = tmp_path / "x.json"
    many = [{"name": str(number), "x": 1} for number in range(profiles.MOST + 50)]
    file.write_text(json.dumps({"profiles": many}))
    found = profiles.read(file)
    assert len(found.profiles) == profiles.MOST
    assert len(found.problems) <= 8
    profiles.take_in(file, path)
    with pytest.raises(CannotSave) as caught:
        profiles.save("one more", ANSWERS, path)
    assert codes(caught.value.problems) == [Code.PROFILES_TOO_MANY]
    assert len(profiles.load(path)) == profiles.MOST


def test_a_damaged_file_is_not_written_over(path):
    path.parent.mkdir()
    path.write_text("{")
    assert profiles.load(path) == []
    with pytest.raises(CannotSave) as caught:
        profiles.save("Kaili", ANSWERS, path)
    assert codes(caught.value.problems) == [Code.PROFILES_UNREADABLE]
    assert path.read_text() == "{"


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.sampled_from(["CN", "a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "answers", "country", "unit", "\x00"]), inner)
    ),
)


@pytest.mark.long
@given(_ANYTHING)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_content_leads_to_an_answer_that_is_not_valid(tmp_path, content):
    file = tmp_path / "any.json"
    file.write_text(json.dumps({"profiles": [content, {"name": "a", "answers": content}]}))
    for one in profiles.read(file).profiles:
        assert not profiles.check_name(one.name)
        assert "common_name" not in one.answers
        for key, text in one.answers.items():
            assert not check_field(FIELDS_BY_KEY[key], text)


def test_a_name_is_as_long_as_its_limit_at_most(path):
    limit = profiles.LONGEST_NAME
    assert profiles.check_name("x" * limit) == []
    problem = Problem(Code.PROFILE_NAME, values={"limit": limit})
    for name in ("", "x" * (limit + 1)):
        assert profiles.check_name(name) == [problem]


def test_a_refusal_says_which_name_is_taken(path):
    profiles.save("Kaili", ANSWERS, path)
    profiles.save("other", ANSWERS, path, may_replace=False)
    taken = Problem(Code.PROFILE_TAKEN, values={"name": "KAILI"})
    for action in (
        lambda: profiles.save(" KAILI ", {}, path, may_replace=False),
        lambda: profiles.rename("other", " KAILI ", path),
    ):
        with pytest.raises(InvalidProfile) as caught:
            action()
        assert caught.value.problems == (taken,)
    with pytest.raises(InvalidProfile) as caught:
        profiles.rename("other", "", path)
    assert codes(caught.value.problems) == [Code.PROFILE_NAME]
    assert profiles.rename("other", "OTHER", path).name == "OTHER"
    assert [one.name for one in profiles.load(path)] == ["Kaili", "OTHER"]


def listed(path: Path, count: int) -> Path:
    found = [{"name": f"p{number:04}", "answers": {}} for number in range(count)]
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"profiles": found}), encoding="utf-8")
    return path


def test_there_are_as_many_as_the_limit_at_most(path, tmp_path):
    most = profiles.MOST
    assert profiles.read(listed(path, most)) == (profiles.load(path), [])
    too_many = Problem(Code.PROFILES_TOO_MANY, path=path, values={"limit": most})
    with pytest.raises(CannotSave) as caught:
        profiles.save("one more", {}, path)
    assert caught.value.problems == (too_many,)
    assert len(profiles.load(path)) == most
    found = profiles.read(listed(path, most + 1))
    assert (len(found.profiles), found.problems) == (most, [too_many])


def test_a_file_of_something_else_is_named(tmp_path):
    file = tmp_path / "other.json"
    for content in ("", "[]", '{"profiles": 1}', "[" * 200_000):
        file.write_text(content)
        with pytest.raises(UnreadableFile) as caught:
            profiles.read(file)
        assert caught.value.problems == (Problem(Code.PROFILES_UNREADABLE, path=file),)


def test_what_is_known_is_not_added_and_a_long_name_stays_within_its_limit(path, tmp_path):
    long = "x" * profiles.LONGEST_NAME
    for name in ("b", "A", long):
        profiles.save(name, ANSWERS, path)
    file = tmp_path / "round.json"
    assert profiles.hand_out(file, path) == 3
    profiles.save(long, {"unit": "Ops"}, path)
    profiles.remove("A", path)
    added = profiles.take_in(file, path)
    assert [one.name for one in added.profiles] == ["A", f"{long[:-4]} (2)"]
    assert [one.name for one in profiles.load(path)] == ["A", "b", f"{long[:-4]} (2)", long]


def test_a_file_to_hand_round_is_replaced_only_if_that_is_wanted(path, tmp_path):
    profiles.save("Kaili", ANSWERS, path)
    file = tmp_path / "round.json"
    file.write_text("of last year")
    with pytest.raises(CannotSave):
        profiles.hand_out(file, path)
    assert file.read_text() == "of last year"
    assert profiles.hand_out(file, path, may_replace=True) == 1
    assert profiles.read(file).profiles == profiles.load(path)
    if os.name == "posix":
        new = tmp_path / "new.json"
        new.touch()
        assert stat.S_IMODE(file.stat().st_mode) == stat.S_IMODE(new.stat().st_mode)


def test_a_quotation_is_cut_where_it_is_too_long(path):
    for length, shown in ((60, "x" * 60), (61, f"{'x' * 60}…")):
        with pytest.raises(InvalidProfile) as caught:
            profiles.find("x" * length, path)
        assert caught.value.problems[0].values == {"name": shown}


def test_the_file_to_hand_round_can_be_read_by_people_and_may_be_out_of_order(path, tmp_path):
    file = tmp_path / "round.json"
    listed = [{"name": name, "answers": {}} for name in ("b", "凯里", "C", "A")]
    file.write_text(json.dumps({"profiles": listed}), encoding="utf-8-sig")
    assert [one.name for one in profiles.read(file).profiles] == ["A", "b", "C", "凯里"]
    profiles.take_in(file, path)
    profiles.hand_out(file, path, may_replace=True)
    assert "凯里" in file.read_text(encoding="utf-8")


def test_a_place_where_nothing_can_be_saved_is_named(path, tmp_path):
    file = tmp_path / "missing" / "round.json"
    with pytest.raises(CannotSave) as caught:
        profiles.hand_out(file, path, may_replace=True)
    assert caught.value.problems == (Problem(Code.FOLDER_MISSING, path=file),)
