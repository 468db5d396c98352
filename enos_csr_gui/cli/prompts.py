"""Prompts on a terminal; passphrases are never echoed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from enos_csr_gui.cli import streams
from enos_csr_gui.cli.output import echo_err, path_text
from enos_csr_gui.core import last_answers
from enos_csr_gui.core.errors import PASSPHRASE_CODES, InvalidKey, Problem
from enos_csr_gui.core.subject import SUBJECT_FIELDS, SubjectField, check_field
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels
from enos_csr_gui.messages.problems import problem_text

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

Check = Callable[[str], Sequence[Problem]]
"""A function that returns the problems of an answer."""

NOTHING = "."
"""The answer that clears a field with a default, as in OpenSSL."""

_KEY_TRIES = 3


def possible() -> bool:
    """Return whether prompting is possible: both input and output are a terminal."""
    return streams.is_terminal(sys.stdin) and streams.is_terminal(sys.stderr)


def missing_answers(
    given: Mapping[str, str],
    presets: Mapping[str, str],
    proposed: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """Ask for each field that is not given, until its answer is good; return all answers.

    The default is what is ``proposed``, else the last answer, or else the organization's preset.
    """
    last = {key: text for key, text in last_answers.load().answers.items() if key not in proposed}
    offered = {**presets, **last, **proposed}
    missing = [field for field in SUBJECT_FIELDS if field.key not in given]
    if missing:
        echo_err(_("These answers go into the certificate. Ctrl-C ends without writing anything."))
    if any(field.key in last for field in missing):
        echo_err(_("In brackets: the answer from your last request. Press Enter to use it."))
    return {**given, **{field.key: _answer(field, offered) for field in missing}}


def _answer(field: SubjectField, offered: Mapping[str, str]) -> str:
    default = offered.get(field.key, "")
    if check_field(field, default):
        default = ""  # remembered by another version, or edited by hand
    while True:
        answer = _prompt(_question(field, default)) or default
        if answer == NOTHING:
            answer = ""
        if not (problems := check_field(field, answer)):
            return answer
        _tell(problems)
        default = str(problems[0].values.get("suggestion") or default)


def _question(field: SubjectField, default: str) -> str:
    label = labels.label(field.key)
    if default and not field.required:
        text = _("{label}, '{nothing}' for none [{default}]")
    elif default:
        text = _("{label} [{default}]")
    elif not field.required:
        text = _("{label}, Enter for none")
    else:
        text = "{label}"
    return text.format(label=label, default=default, nothing=NOTHING)


def free_name(name: str, check: Check) -> str:
    """Return ``name``; ask for another while ``check`` rejects it and suggests a better one."""
    while (problems := check(name)) and (suggestion := problems[0].values.get("suggestion")):
        _tell(problems)
        question = _("Name of the files [{default}]").format(default=suggestion)
        name = _prompt(question) or str(suggestion)
    return name


def new_passphrase(question: str | None = None, check: Check | None = None) -> str:
    """Ask twice for the passphrase that protects a file, by default the new key file.

    ``check`` returns the problems of the passphrase; if None, ``keys.check_passphrase`` does.
    """
    from enos_csr_gui.core import keys

    question = question or _("Passphrase for the new key file")
    check = check or keys.check_passphrase
    while True:
        passphrase = _prompt(question, hidden=True)
        if problems := check(passphrase):
            _tell(problems)
        elif _prompt(_("Repeat the passphrase"), hidden=True) != passphrase:
            echo_err(_("The two passphrases differ. Type both again."))
        else:
            echo_err(labels.strength(keys.strength(passphrase)))
            return passphrase


def open_key(path: Path, load: Callable[[str], rsa.RSAPrivateKey]) -> rsa.RSAPrivateKey:
    """Ask for the passphrase of the key in ``path``, again if it is wrong.

    ``load`` returns the key that a passphrase opens. Raises InvalidKey after the last try.
    """
    question = _("Passphrase of {key_file}").format(key_file=path_text(path))
    for tries_left in reversed(range(_KEY_TRIES)):
        try:
            return load(_prompt(question, hidden=True))
        except InvalidKey as error:
            mistyped = error.problems[0].code in PASSPHRASE_CODES
            if not (mistyped and tries_left):
                raise
            _tell(error.problems)
    raise AssertionError("unreachable")


def may_take_long(problem: Problem) -> bool:
    """Ask whether to open a key that takes long, as the problem says; False without a terminal."""
    if not possible():
        return False
    _tell([problem])
    if not click.confirm(_("Open it? Ctrl-C cancels the wait."), default=False, err=True):
        return False
    echo_err(_("Opening the key…"))
    return True


def _prompt(question: str, *, hidden: bool = False) -> str:
    """Return the line typed, which may be empty; Ctrl-C and Ctrl-D end the command."""
    while True:
        try:
            return click.prompt(
                question, default="", show_default=False, hide_input=hidden, err=True
            )
        except click.Abort:
            if not hidden:
                echo_err("")  # behind the question the cursor still waits
            raise
        except UnicodeDecodeError:  # hidden input is read from the terminal itself, strictly
            echo_err(_("The terminal sent text that is not UTF-8. Type it again."))


def _tell(problems: Iterable[Problem]) -> None:
    for problem in problems:
        echo_err(problem_text(problem))
