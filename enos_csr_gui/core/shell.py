"""Commands to copy and paste, with any argument quoted for the shell that runs them.

A name or path may contain anything a shell interprets: ``$(…)``, ``%PATH%``, ``& del``. Every
command that the program shows is quoted here.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum


class Shell(StrEnum):
    """A shell that a person may paste a command into."""

    POSIX = "posix"
    POWERSHELL = "powershell"
    CMD = "cmd"


def shells(platform: str = sys.platform) -> tuple[Shell, ...]:
    """Return the shells of a platform, the usual one first."""
    return (Shell.POWERSHELL, Shell.CMD) if platform == "win32" else (Shell.POSIX,)


def command_line(
    arguments: Sequence[str], shell: Shell, environment: Mapping[str, str] | None = None
) -> str:
    """Return the command as a line for the shell, after lines that set variables.

    Each argument reaches the program as it is, and nothing in it is run.
    """
    if shell is Shell.POSIX:
        assign = [f"export {name}={shlex.quote(value)}" for name, value in _items(environment)]
        return "\n".join([*assign, shlex.join(arguments)])
    if shell is Shell.CMD:
        # Quotes would be part of the value.
        assign = [f"set {name}={value}" for name, value in _items(environment)]
        return "\n".join([*assign, " ".join(map(_for_cmd, arguments))])
    assign = [f"$env:{name} = {_for_powershell(value)}" for name, value in _items(environment)]
    return "\n".join([*assign, " ".join(map(_for_powershell, arguments))])


def _items(environment: Mapping[str, str] | None) -> list[tuple[str, str]]:
    return list((environment or {}).items())


_PLAIN = re.compile(r"[\w./\\:+=-]+")


def _for_cmd(argument: str) -> str:
    r"""Quote for the program, as Microsoft's C library parses (``\"``), then for cmd.

    Inside quotes cmd acts on '%' and '"' alone. Where one is in the argument, a caret before every
    character that cmd acts on, the quotes too, leaves cmd nothing to act on.
    """
    if _PLAIN.fullmatch(argument):
        return argument
    from subprocess import list2cmdline  # with sockets and locales, for one small function

    quoted = list2cmdline([argument])
    if not quoted.startswith('"'):
        quoted = f'"{quoted}"'
    if not re.search('[%!"]', argument):
        return quoted
    return re.sub(r'([()%!^"<>&|])', r"^\1", quoted)


def _for_powershell(argument: str) -> str:
    r"""Quote in single quotes, inside which PowerShell acts on nothing else.

    It treats typographic quotes as single quotes too. Windows PowerShell passes a '"' to the
    program only as ``\"``.
    """
    if _PLAIN.fullmatch(argument):
        return argument
    doubled = re.sub("(['‘’‚‛])", r"\1\1", argument)
    return "'" + re.sub(r'(\\*)"', r'\1\1\\"', doubled) + "'"
