"""What the operating system says, as the problem that a person can do something about."""

from __future__ import annotations

import errno
import os
import re
import sys
import time
from pathlib import Path

import pytest

from enos_csr_gui import __version__
from enos_csr_gui.core import permissions
from enos_csr_gui.core.errors import (
    Code,
    CoreError,
    Problem,
    clock_is_possible,
    escape_unprintable,
    problem_from_os_error,
    unexpected,
)

PATH = Path("folder/a.key")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOENT, Code.FOLDER_MISSING),
        (errno.ENOSPC, Code.DISK_FULL),
        (errno.EDQUOT, Code.DISK_FULL),
        (errno.EFBIG, Code.DISK_FULL),
        (errno.EACCES, Code.NO_PERMISSION),
        (errno.EPERM, Code.NO_PERMISSION),
        (errno.EROFS, Code.READ_ONLY),
        (errno.ENAMETOOLONG, Code.PATH_TOO_LONG),
        (errno.ENOTDIR, Code.NOT_A_FOLDER),
        (errno.EISDIR, Code.NOT_A_FILE),
        (errno.EIO, Code.FILE_TROUBLE),
    ],
)
def test_what_posix_says(number, code):
    error = OSError(number, os.strerror(number), str(PATH))
    problem = problem_from_os_error(error, PATH, missing=Code.FOLDER_MISSING)
    assert (problem.code, problem.path) == (code, PATH)
    if code is Code.FILE_TROUBLE:
        assert problem.values == {"reason": os.strerror(number)}


def as_windows_says(number: int, posix: int) -> OSError:
    """Return the error that Python makes of Windows' number, with the errno that it makes of it."""
    if os.name == "nt":
        error = OSError(None, "reason", str(PATH), number)
        assert error.errno == posix
    else:
        error = OSError(posix, "reason", str(PATH))
        error.winerror = number
    return error


# The errno is what CPython's PC/errmap.h says.
@pytest.mark.parametrize(
    ("number", "posix", "code"),
    [
        (2, errno.ENOENT, Code.FOLDER_MISSING),
        (3, errno.ENOENT, Code.FOLDER_MISSING),
        (5, errno.EACCES, Code.NO_PERMISSION),
        (15, errno.ENOENT, Code.FOLDER_MISSING),
        (19, errno.EACCES, Code.READ_ONLY),
        (21, errno.EACCES, Code.FOLDER_MISSING),
        (32, errno.EACCES, Code.FILE_IN_USE),
        (33, errno.EACCES, Code.FILE_IN_USE),
        (39, errno.EINVAL, Code.DISK_FULL),
        (53, errno.ENOENT, Code.FOLDER_MISSING),
        (67, errno.ENOENT, Code.FOLDER_MISSING),
        (112, errno.ENOSPC, Code.DISK_FULL),
        (206, errno.ENOENT, Code.PATH_TOO_LONG),
        (1117, errno.EINVAL, Code.FILE_TROUBLE),
    ],
)
def test_what_windows_says(number, posix, code):
    error = as_windows_says(number, posix)
    problem = problem_from_os_error(error, PATH, missing=Code.FOLDER_MISSING)
    assert (problem.code, problem.path) == (code, PATH)


@pytest.mark.parametrize(("number", "posix"), [(3, errno.ENOENT), (123, errno.EINVAL)])
def test_one_step_of_a_path_may_be_too_long_on_windows(number, posix):
    path = Path("folder") / ("x" * 256)
    error = as_windows_says(number, posix)
    assert problem_from_os_error(error, path, missing=Code.FILE_MISSING).code is Code.PATH_TOO_LONG
    shorter = path.with_name("x" * 255)
    code = problem_from_os_error(error, shorter, missing=Code.FILE_MISSING).code
    assert code is (Code.FILE_MISSING if number == 3 else Code.FILE_TROUBLE)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("贵州 №7, ‘é’ e\u0301", "贵州 №7, ‘é’ e\u0301"),
        ("风机 🌬\ufe0f", "风机 🌬\ufe0f"),  # an emoji is written so
        ("a\u3000b\u00a0c", "a\u3000b\u00a0c"),
        (" ~\x7f\uffff\U0001ffff", " ~\\u007f\\uffff\\U0001ffff"),
        ("a\x1b[2J\r\n\x9b", "a\\u001b[2J\\u000d\\u000a\\u009b"),
        ("\u202egpj\u2066\u200b\ufeff\u00ad", "\\u202egpj\\u2066\\u200b\\ufeff\\u00ad"),
        ("a\ufe0f\ufe00\u3164\u034f", "a\\ufe0f\\ufe00\\u3164\\u034f"),
        ("\U000e0101\U000e0041\udcff", "\\U000e0101\\U000e0041\\udcff"),
    ],
)
def test_foreign_text_is_shown_without_what_a_terminal_acts_on(text, shown):
    assert escape_unprintable(text) == shown
    assert escape_unprintable(shown) == shown


def test_lines_of_our_own_stay_when_they_are_to():
    assert escape_unprintable("a\nb\r", keep="\n") == "a\nb\\u000d"


def raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


def deep(depth: int) -> None:
    if depth:
        deep(depth - 1)
    raise ValueError("a passphrase")


def test_an_error_that_nobody_foresaw_says_where_and_nothing_else():
    [_code, _field, _path, values] = unexpected(raised(ValueError("a passphrase")))
    version, kind, place = values["reference"].split(" ")
    assert (version, kind) == (__version__, "ValueError")
    assert re.fullmatch(r"test_errors:\d+", place)
    with pytest.raises(ValueError, match="passphrase") as caught:
        deep(9)
    problem = unexpected(caught.value)
    assert problem.code is Code.UNEXPECTED
    places = problem.values["reference"].split(" ")[2:]
    assert len(places) == 4
    assert all(re.fullmatch(r"test_errors:\d+", place) for place in places)
    assert set(places[:-1]) != {places[-1]}  # the last says where it was raised
    assert unexpected(KeyError()).values == {"reference": f"{__version__} KeyError"}


def test_too_little_memory_is_called_that():
    assert unexpected(raised(MemoryError())) == Problem(Code.MEMORY_FULL)


def test_a_clock_that_cannot_be_read_is_called_that(monkeypatch):
    assert clock_is_possible()
    assert unexpected(OverflowError()).code is Code.UNEXPECTED

    def impossible() -> float:
        raise OverflowError

    monkeypatch.setattr(time, "time", impossible)
    assert not clock_is_possible()
    assert unexpected(OverflowError()) == Problem(Code.CLOCK_IMPOSSIBLE)
    assert unexpected(ValueError()).code is Code.UNEXPECTED


def test_an_error_names_its_codes_and_nothing_that_was_entered():
    values = {"name": "a passphrase"}
    problems = [Problem(Code.PROFILE_TAKEN, values=values), Problem(Code.REQUIRED, "unit")]
    assert str(CoreError(problems)) == "profile-taken, required"
    assert CoreError(problems).problems == tuple(problems)


def test_an_error_with_one_problem_has_its_values():
    error = CoreError.of(Code.PROFILE_TAKEN, name="a name")
    assert error.problems == (Problem(Code.PROFILE_TAKEN, values={"name": "a name"}),)
    assert CoreError.of(Code.REQUIRED).problems == (Problem(Code.REQUIRED),)


def test_an_error_of_the_system_without_a_text_has_its_name_for_a_reason():
    problem = problem_from_os_error(OSError(), PATH, missing=Code.FILE_MISSING)
    assert problem == Problem(Code.FILE_TROUBLE, path=PATH, values={"reason": "OSError"})


@pytest.mark.skipif(os.name == "nt", reason="as_windows_says stands in for Windows")
@pytest.mark.parametrize(
    ("number", "place", "missing", "code"),
    [
        (2, "there/a.key", Code.FOLDER_MISSING, Code.FOLDER_PROTECTED),
        (2, "there", Code.FOLDER_MISSING, Code.FOLDER_PROTECTED),
        (2, "there/a\udcff.key", Code.FOLDER_MISSING, Code.FOLDER_MISSING),
        (2, "there/a.key", Code.FILE_MISSING, Code.FILE_MISSING),
        (2, "gone/a.key", Code.FOLDER_MISSING, Code.FOLDER_MISSING),
        (3, "there/a.key", Code.FOLDER_MISSING, Code.FOLDER_MISSING),
        (3, "there", Code.FOLDER_MISSING, Code.FOLDER_MISSING),
    ],
)
def test_windows_protects_folders_from_programs(tmp_path, number, place, missing, code):
    (tmp_path / "there").mkdir()
    path = tmp_path / place
    problem = problem_from_os_error(as_windows_says(number, errno.ENOENT), path, missing=missing)
    assert problem == Problem(code, path=path)


@pytest.mark.skipif(os.name == "nt", reason="as_windows_says stands in for Windows")
@pytest.mark.parametrize("half", [0xD800, 0xDFFF])
def test_no_folder_protects_a_name_with_half_a_character(tmp_path, half):
    path = tmp_path / f"a{chr(half)}.key"
    error = as_windows_says(2, errno.ENOENT)
    problem = problem_from_os_error(error, path, missing=Code.FOLDER_MISSING)
    assert problem.code is Code.FOLDER_MISSING


@pytest.mark.skipif(os.name == "nt", reason="Windows does protect folders, and its names are short")
def test_elsewhere_a_folder_is_never_protected_and_a_name_as_long_as_the_system_says(tmp_path):
    error = OSError(errno.ENOENT, "reason")
    for path in (tmp_path, tmp_path / ("x" * 256)):
        problem = problem_from_os_error(error, path, missing=Code.FOLDER_MISSING)
        assert problem == Problem(Code.FOLDER_MISSING, path=path)


@pytest.mark.skipif(os.name == "nt", reason="stands in for Windows")
@pytest.mark.parametrize(
    ("number", "posix", "again", "code"),
    [
        (None, errno.EACCES, 32, Code.FILE_IN_USE),
        (5, errno.EACCES, 33, Code.FILE_IN_USE),
        (5, errno.EACCES, 19, Code.READ_ONLY),
        (None, errno.EACCES, 5, Code.NO_PERMISSION),
        (5, errno.EACCES, 112, Code.NO_PERMISSION),
        (6, errno.EACCES, 32, Code.NO_PERMISSION),
        (19, errno.EACCES, 32, Code.READ_ONLY),
        (5, errno.EINVAL, 32, Code.NO_PERMISSION),
        (None, errno.EIO, 32, Code.FILE_TROUBLE),
    ],
)
def test_windows_is_asked_again_why_a_file_does_not_open(monkeypatch, number, posix, again, code):
    error = as_windows_says(number, posix) if number else OSError(posix, "reason")
    with monkeypatch.context() as windows:
        windows.setattr(sys, "platform", "win32")
        windows.setattr(permissions, "open_error", {PATH: again}.__getitem__, raising=False)
        problem = problem_from_os_error(error, PATH, missing=Code.FILE_MISSING)
    assert (problem.code, problem.path) == (code, PATH)
