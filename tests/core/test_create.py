"""Create a request: answers and a key become files, or nothing changes."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from enos_csr_gui.core import create, files, keys, last_answers, pbe
from enos_csr_gui.core.create import create_request, load_key, used_name
from enos_csr_gui.core.errors import CannotSave, Code, InvalidFileName, InvalidKey, UnreadableFile
from enos_csr_gui.core.history import RequestHistory, default_path


@pytest.fixture
def folder(tmp_path) -> Path:
    place = tmp_path / "certificates"
    place.mkdir()
    return place


@pytest.fixture
def make(subject, key):
    """Return ``create_request`` for the usual subject and key."""
    return partial(create_request, subject, key)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def public_key(openssl, *options) -> str:
    return openssl(*options, "-pubout") if options[0] == "pkey" else openssl(*options, "-pubkey")


def test_a_new_key_and_its_request(folder, subject, key, openssl):
    made = create_request(subject, key, folder, "dev-001")
    assert (made.key, made.csr) == (folder / "dev-001.key", folder / "dev-001.csr")
    assert names(folder) == ["dev-001.csr", "dev-001.key"]
    assert made.csr_pem == made.csr.read_text()
    assert made.public_key_sha256 == keys.public_key_sha256(key.public_key())
    assert "verify OK" in openssl("req", "-in", made.csr, "-noout", "-verify")
    assert public_key(openssl, "pkey", "-in", made.key) == public_key(
        openssl, "req", "-in", made.csr, "-noout"
    )


def test_a_new_key_with_a_passphrase(folder, subject, key, openssl):
    made = create_request(subject, key, folder, "dev-001", passphrase="battery staple")
    assert made.key.read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    opened = public_key(openssl, "pkey", "-in", made.key, "-passin", "pass:battery staple")
    assert opened == public_key(openssl, "req", "-in", made.csr, "-noout")
    with pytest.raises(AssertionError):
        openssl("pkey", "-in", made.key, "-passin", "pass:wrong", "-noout")


@pytest.mark.parametrize("passphrase", [None, "battery staple"])
def test_a_key_that_is_there_already_is_used_and_not_touched(folder, subject, openssl, passphrase):
    mine = folder / "mine.pem"
    protect = ["-aes-256-cbc", "-pass", f"pass:{passphrase}"] if passphrase else []
    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", *protect,
            "-out", mine)  # fmt: skip
    before = mine.read_bytes(), mine.stat().st_mtime_ns, mine.stat().st_mode
    made = create_request(subject, load_key(mine, passphrase), folder, "dev-001", key_file=mine)
    assert (made.key, made.csr) == (mine, folder / "dev-001.csr")
    assert names(folder) == ["dev-001.csr", "mine.pem"]
    assert (mine.read_bytes(), mine.stat().st_mtime_ns, mine.stat().st_mode) == before
    secret = ["-passin", f"pass:{passphrase}"] if passphrase else []
    opened = public_key(openssl, "pkey", "-in", mine, *secret)
    assert opened == public_key(openssl, "req", "-in", made.csr, "-noout")


def test_a_request_may_lie_beside_its_key_under_the_same_name(folder, subject, key, key_pem):
    mine = folder / "dev-001.key"
    mine.write_bytes(key_pem)
    create_request(subject, key, folder, "dev-001", key_file=mine)
    assert names(folder) == ["dev-001.csr", "dev-001.key"]
    assert mine.read_bytes() == key_pem


def test_relative_paths_become_absolute(folder, subject, key, key_pem, monkeypatch):
    monkeypatch.chdir(folder)
    made = create_request(subject, key, Path("sub"), "dev-001")
    assert (made.key, made.csr) == (folder / "sub" / "dev-001.key", folder / "sub" / "dev-001.csr")
    assert last_answers.load().folder == folder / "sub"
    made = create_request(subject, key, Path(), "dev-001", key_file=Path("sub/dev-001.key"))
    assert (made.key, made.csr) == (folder / "sub" / "dev-001.key", folder / "dev-001.csr")


# --- What is remembered ---------------------------------------------------------------------------


def test_the_next_request_starts_with_these_answers_but_another_common_name(
    folder, subject, answers, key
):
    create_request(subject, key, folder, "dev-001")
    del answers["common_name"]
    assert last_answers.load() == last_answers.LastAnswers(answers, folder)


def test_a_folder_that_is_not_to_be_remembered_leaves_the_last_one(
    folder, tmp_path, subject, answers, key
):
    create_request(subject, key, folder, "dev-001")
    other = Path(tmp_path / "other")
    create_request(
        type(subject)(answers | {"unit": "Solar"}), key, other, "dev-002", remember_folder=False
    )
    assert last_answers.load().folder == folder
    assert last_answers.load().answers["unit"] == "Solar"


def test_nothing_secret_is_remembered(folder, subject, key, settings_folder):
    create_request(subject, key, folder, "dev-001", passphrase="battery staple")
    [kept] = settings_folder.rglob("*.json")
    for secret in ("battery", "PRIVATE", "dev-001"):
        assert secret not in kept.read_text()


def test_settings_that_cannot_be_written_are_no_reason_to_fail(
    folder, subject, key, settings_folder
):
    settings_folder.rmdir()
    settings_folder.write_text("a file in the way")
    assert create_request(subject, key, folder, "dev-001").csr.exists()


@pytest.mark.skipif(os.name != "posix", reason="names that are not UTF-8")
def test_a_folder_whose_name_is_no_text_is_no_reason_to_fail(tmp_path, subject, key):
    folder = tmp_path / os.fsdecode(b"Gu\xefzhou")  # Latin-1, from an old disk
    create_request(subject, key, folder, "dev-001")
    assert names(folder) == ["dev-001.csr", "dev-001.key"]
    assert last_answers.load().folder == folder


# --- When it cannot be done -----------------------------------------------------------------------


@pytest.fixture(params=[{}, {"unit": "Solar"}], ids=["the first time", "later"])
def remembered_before(request, settings_folder) -> last_answers.LastAnswers:
    if request.param:
        last_answers.save(request.param, settings_folder)
    return last_answers.load()


@pytest.mark.parametrize(
    ("name_and_passphrase", "reason"),
    [
        (("taken", None), (CannotSave, Code.FILE_EXISTS)),
        (("taken", "battery staple"), (CannotSave, Code.FILE_EXISTS)),
        (("a/b", None), (InvalidFileName, Code.NAME_UNSAFE)),
        (("new", ""), (InvalidKey, Code.PASSPHRASE_EMPTY)),
        (("new", "x" * 1024), (InvalidKey, Code.PASSPHRASE_TOO_LONG)),
    ],
)
def test_a_failure_leaves_nothing_and_remembers_nothing(
    make, folder, remembered_before, name_and_passphrase, reason
):
    (folder / "taken.csr").write_text("mine")
    name, passphrase = name_and_passphrase
    error, code = reason
    with pytest.raises(error) as caught:
        make(folder, name, passphrase=passphrase)
    assert [problem.code for problem in caught.value.problems] == [code]
    assert names(folder) == ["taken.csr"]
    assert (folder / "taken.csr").read_text() == "mine"
    assert last_answers.load() == remembered_before


@pytest.mark.slow
def test_a_full_disk_leaves_nothing_and_remembers_nothing(mounted, subject, key, refusal):
    disk = mounted("-t", "tmpfs", "-o", "nr_inodes=2", "tmpfs")
    assert refusal(CannotSave, create_request, subject, key, disk, "a") == [Code.DISK_FULL]
    assert names(disk) == []
    assert last_answers.load() == last_answers.LastAnswers()


# --- The key file ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "passphrase", "code"),
    [
        ("garbage", None, Code.NOT_A_KEY),
        ("encrypted", None, Code.PASSPHRASE_NEEDED),
        ("encrypted", "wrong", Code.PASSPHRASE_WRONG),
        ("public", None, Code.NOT_A_PRIVATE_KEY),
    ],
)
def test_an_unsuitable_key_file_is_reported_with_its_path(
    make, tmp_path, content, passphrase, code
):
    made = make(tmp_path, "made", passphrase="right")
    contents = {"encrypted": made.key.read_bytes(), "public": made.csr.read_bytes()}
    path = tmp_path / "some.key"
    path.write_bytes(contents.get(content, b"hello"))
    with pytest.raises(InvalidKey) as caught:
        load_key(path, passphrase)
    [problem] = caught.value.problems
    assert (problem.code, problem.path) == (code, path)


def test_a_missing_or_oversized_key_file_is_reported(tmp_path, refusal):
    path = tmp_path / "some.key"
    assert refusal(UnreadableFile, load_key, path) == [Code.FILE_MISSING]
    path.write_bytes(b"x" * (files.MAX_READ_BYTES + 1))
    assert refusal(UnreadableFile, load_key, path) == [Code.FILE_TOO_LARGE]


def test_a_key_file_that_takes_long_is_opened_when_asked_to(make, tmp_path, refusal, monkeypatch):
    path = make(tmp_path, "made", passphrase="right").key
    monkeypatch.setattr(pbe, "ASK_SECONDS", 0.0)
    assert refusal(InvalidKey, load_key, path, "right") == [Code.KEY_SLOW]
    assert load_key(path, "right", may_take_long=True).key_size == 2048


def test_the_history_has_the_second_in_which_the_request_was_made(make, folder, monkeypatch):
    class Clock(datetime):
        @classmethod
        def now(cls, _zone=None):
            return cls(2026, 3, 1, 12, 30, 45, 600_000, tzinfo=UTC)

    monkeypatch.setattr(create, "datetime", Clock)
    make(folder, "dev-001")
    with RequestHistory() as history:
        [one] = history.requests()
    assert one.made_on == datetime(2026, 3, 1, 12, 30, 45, tzinfo=UTC)


def test_a_common_name_is_used_once_there_is_a_request_for_it(make, folder):
    assert used_name("dev-001") == ([], ())
    make(folder, "dev-001")
    found = used_name("dev-001")
    assert [one.code for one in found.problems] == [Code.NAME_USED]
    assert found.notes == ()
    assert used_name("dev-002") == ([], ())


def test_without_a_history_no_common_name_counts_as_used():
    default_path().mkdir(parents=True)
    assert used_name("dev-001") == ([], ())
