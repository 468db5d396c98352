"""The chosen language and columns are remembered; a damaged file is as good as none."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from enos_csr_gui.core import preferences


@pytest.fixture
def stored(settings_folder: Path):
    """Return a function that writes what was stored, whatever it is."""
    preferences.prefer_language("en")
    [file] = [one for one in settings_folder.rglob("*") if one.is_file()]

    def write(name: str, data: bytes) -> Path:
        path = file.with_name(name)
        path.write_bytes(data)
        return path

    return write


def test_the_language_is_remembered():
    assert preferences.language() == ""
    for language in ("zh_CN", "en"):
        preferences.prefer_language(language)
        assert preferences.language() == language


@pytest.mark.parametrize("data", [b"", b" \n", b"\xff\xfe", "\u4e2d".encode()])
def test_a_damaged_language_is_none(stored, data):
    stored("language", data)
    assert preferences.language() == ""


def test_a_language_may_have_been_written_by_hand(stored):
    stored("language", b" zh_CN\r\n")
    assert preferences.language() == "zh_CN"


def test_the_columns_are_remembered():
    assert preferences.columns() == []
    columns = [("common_name", 200, True), ("created", 90, False)]
    preferences.remember_columns(columns)
    assert preferences.columns() == columns


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"7",
        b"null",
        b"[7]",
        b'[["a", 1]]',
        b'[["a", "wide", true]]',
        b'[["a", null, 1]]',
        b"\xff",
        b"[" * 200000,
    ],
)
def test_damaged_columns_are_none(stored, data):
    stored("columns.json", data)
    assert preferences.columns() == []


def test_columns_have_the_types_that_the_window_needs(stored):
    stored("columns.json", b'[[1, "20", 0], ["b", 30.5, "yes"]]')
    assert preferences.columns() == [("1", 20, False), ("b", 30, True)]


@pytest.mark.skipif(sys.platform == "win32", reason="modes as POSIX knows them")
def test_only_the_user_can_look_into_the_folder(stored):
    folder = stored("columns.json", b"").parent
    assert folder.name == "enos-csr"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_cannot_be_written_is_not_remembered(stored):
    path = stored("language", b"")
    path.unlink()
    path.mkdir()
    preferences.prefer_language("zh_CN")
    assert preferences.language() == ""
