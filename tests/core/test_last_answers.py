"""What is remembered: offered again next time, never the common name, and never a nuisance."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enos_csr_gui.core import last_answers
from enos_csr_gui.core.last_answers import LastAnswers, load, save

OFFERED = ["country", "state", "locality", "organization", "unit", "email"]


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "settings" / "last-request.json"


def test_nothing_is_remembered_at_first(path):
    assert load(path) == load() == LastAnswers({}, None)


def test_what_was_said_comes_back_but_never_the_common_name(path, answers, tmp_path):
    save(answers, tmp_path, path)
    assert "dev-001" not in path.read_text()
    assert load(path) == LastAnswers({key: answers[key] for key in OFFERED}, tmp_path)


def test_it_is_kept_where_the_platform_keeps_settings(answers, tmp_path, settings_folder):
    save(answers, tmp_path)
    assert last_answers.default_path().is_relative_to(settings_folder)
    assert load().answers["state"] == "Guizhou"


def test_the_last_request_counts(path, answers, tmp_path):
    save(answers, tmp_path, path)
    save({"country": "DE"}, None, path)
    assert load(path) == LastAnswers({"country": "DE"}, None)
    assert [entry.name for entry in path.parent.iterdir()] == ["last-request.json"]


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX knows them")
def test_others_on_this_computer_cannot_read_it(path, answers, tmp_path):
    save(answers, tmp_path, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.long
@given(st.dictionaries(st.sampled_from(OFFERED), st.text()))
def test_any_text_comes_back_as_it_was(tmp_path_factory, answers):
    path = tmp_path_factory.getbasetemp() / "any-text.json"
    # Latin-1, from an old disk; half a letter, which Windows lets through
    folder = Path(os.fsdecode(b"/Gu\xefzhou") if os.name == "posix" else "C:/Gu\ud800zhou")
    save(answers, folder, path)
    assert load(path) == LastAnswers(answers, folder)


# --- Damage ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 100,
        b"\xff\xfe\xff",
        b"hello",
        b"{",
        b"null",
        b"[]",
        b"7",
        b'"text"',
        b"{}",
        b'{"answers": {}}',
        b'{"folder": null}',
        b'{"answers": null, "folder": null}',
        b'{"answers": [], "folder": null}',
        b'{"answers": {}, "folder": 7}',
        b'{"answers": {}, "folder": ["x"]}',
        b"1" * 5000,
        b"[" * 200_000,
    ],
)
def test_a_damaged_file_is_as_good_as_none(path, content, answers, tmp_path):
    path.parent.mkdir()
    path.write_bytes(content)
    assert load(path) == LastAnswers({}, None)
    save(answers, tmp_path, path)  # and is put right
    assert load(path).folder == tmp_path


@pytest.mark.parametrize("end", range(0, 200, 7))
def test_a_file_cut_short_is_as_good_as_none(path, answers, tmp_path, end):
    save(answers, tmp_path, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: min(end, len(whole) - 1)])
    assert load(path) == LastAnswers({}, None)


def test_what_does_not_belong_there_is_not_offered(path):
    path.parent.mkdir()
    stored = {
        "country": "CN",
        "common_name": "dev-001",
        "passphrase": "x",
        "unit": 7,
        "state": None,
        "email": ["x"],
    }
    path.write_text(json.dumps({"answers": stored, "folder": "", "more": 1}))
    assert load(path) == LastAnswers({"country": "CN"}, None)


def test_a_folder_in_its_place_is_no_error(path, answers, tmp_path):
    path.mkdir(parents=True)
    save(answers, tmp_path, path)
    assert load(path) == LastAnswers({}, None)
    assert list(path.parent.iterdir()) == [path]  # nothing is left lying about


def test_a_file_in_the_place_of_the_settings_folder_is_no_error(path, answers, tmp_path):
    path.parent.write_text("in the way")
    save(answers, tmp_path, path)
    assert load(path) == LastAnswers({}, None)
    assert path.parent.read_text() == "in the way"


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX knows them")
@pytest.mark.parametrize("permissions", [0o555, 0o000])
def test_a_settings_folder_that_may_not_be_written_is_no_error(
    anybodys_folder, as_ordinary_user, permissions
):
    place = anybodys_folder / "settings"
    place.mkdir()
    place.chmod(permissions)
    printed = as_ordinary_user(
        "path = Path(sys.argv[1]) / 'last-request.json'\n"
        "last_answers.save({'country': 'CN'}, None, path)\n"
        "print(last_answers.load(path).answers)",
        place,
    )
    assert printed == "{}"
    place.chmod(0o700)
    assert list(place.iterdir()) == []


@pytest.mark.slow
def test_a_full_disk_keeps_what_was_remembered_before(mounted, answers):
    disk = mounted("-t", "tmpfs", "-o", "size=8k", "tmpfs")
    path = disk / "last-request.json"
    save({"country": "DE"}, None, path)
    (disk / "filler").write_bytes(b"x" * 4096)
    save(answers, disk, path)
    assert load(path) == LastAnswers({"country": "DE"}, None)
    assert sorted(entry.name for entry in disk.iterdir()) == ["filler", "last-request.json"]
