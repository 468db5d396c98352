"""Commands to paste: each argument arrives as it is, and nothing in it is run."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enos_csr_gui.core.shell import Shell, command_line, shells

HOSTILE = ["$(touch PWNED)", "`touch PWNED`", "; touch PWNED", "a b", "a'b", 'a"b', "!!", "*", "~",
           "", "-x", "%PATH%", "^&|<>", "凯里", "a\\", "‘’", "line\nbreak"]  # fmt: skip

posix_only = pytest.mark.skipif(os.name != "posix", reason="a POSIX shell")


@pytest.mark.long
@posix_only
@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
def test_a_posix_shell_passes_arguments_unchanged(arguments):
    program = [sys.executable, "-c", "import sys; print(ascii(sys.argv[1:]))"]
    line = command_line([*program, *arguments], Shell.POSIX)
    done = subprocess.run(["sh", "-c", line], capture_output=True, check=True, text=True)
    assert done.stdout == f"{arguments!a}\n"


@posix_only
def test_a_posix_shell_runs_nothing_in_an_argument(tmp_path):
    line = command_line(["printf", "%s\n", *HOSTILE], Shell.POSIX, {"A": "$(touch PWNED)"})
    subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, check=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("argument", "cmd", "powershell"),
    [
        ("-subj", "-subj", "-subj"),
        (r"C:\EnOS\a.key", r"C:\EnOS\a.key", r"C:\EnOS\a.key"),
        ("/C=CN/O=凯里", "/C=CN/O=凯里", "/C=CN/O=凯里"),
        ("a b", '"a b"', "'a b'"),
        ("a & del b", '"a & del b"', "'a & del b'"),
        ("a^b|c", '"a^b|c"', "'a^b|c'"),
        ("%PATH%", '^"^%PATH^%^"', "'%PATH%'"),
        ("$(calc)", '"$(calc)"', "'$(calc)'"),
        ("O'Neill", '"O\'Neill"', "'O''Neill'"),
        ("a’; calc ‘", '"a’; calc ‘"', "'a’’; calc ‘‘'"),
        ('a" & calc "', '^"a\\^" ^& calc \\^"^"', "'a\\\" & calc \\\"'"),
        ("a b\\", '"a b\\\\"', "'a b\\'"),
        ("", '""', "''"),
    ],
)
def test_the_shells_of_windows_get_their_own_quotes(argument, cmd, powershell):
    assert command_line([argument], Shell.CMD) == cmd
    assert command_line([argument], Shell.POWERSHELL) == powershell


def test_a_blank_is_between_two_arguments():
    for shell in Shell:
        assert command_line(["openssl", "req", "-new"], shell) == "openssl req -new"


@given(st.text(st.characters(exclude_characters="\0\n\r", exclude_categories=["Cs"])))
def test_cmd_sees_nothing_to_act_on(argument):
    """cmd's own reading: '"' opens and closes what is quoted, '^' escapes outside of it."""
    line, quoted, escaped = command_line([argument], Shell.CMD), False, False
    for character in line:
        if escaped:
            escaped = False
        elif character == '"':
            quoted = not quoted
        elif character == "^" and not quoted:
            escaped = True
        else:
            assert character not in ("%!" if quoted else "()%!<>&|")
    assert not quoted
    assert not escaped


def test_a_variable_is_set_first_in_each_shells_own_way():
    lines = {shell: command_line(["x"], shell, {"A": "1"}).splitlines()[0] for shell in Shell}
    assert lines == {"posix": "export A=1", "cmd": "set A=1", "powershell": "$env:A = 1"}


def test_windows_has_two_shells():
    assert shells("win32") == (Shell.POWERSHELL, Shell.CMD)
    assert shells("linux") == shells("darwin") == (Shell.POSIX,)
