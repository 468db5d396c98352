"""Reads the files that ``--key``, ``--passphrase-file`` and similar options name."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

import click

from enos_csr_gui.cli import prompts
from enos_csr_gui.cli.output import Faults, path_text
from enos_csr_gui.core import files
from enos_csr_gui.core.errors import (
    Code,
    CoreError,
    InvalidKey,
    Problem,
    UnreadableFile,
    escape_unprintable,
)
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

T = TypeVar("T")

STANDARD_INPUT = Path("-")

_OPTION = "--passphrase-file"


_SLOW_KEYS = f"{__name__}.slow_keys"


def _allow_slow_keys(context: click.Context, _option: click.Parameter, value: bool) -> None:
    context.meta[_SLOW_KEYS] = value


slow_key_option = click.option(
    "--allow-slow-key",
    is_flag=True,
    expose_value=False,
    callback=_allow_slow_keys,
    help=_(
        "Open a key whose protection needs more than a second of computing, up to a minute, "
        "without asking."
    ),
)


def allows_slow_key() -> bool:
    """Return whether ``--allow-slow-key`` is given."""
    return bool(click.get_current_context().meta[_SLOW_KEYS])


def opened(load: Callable[[bool], T]) -> T:
    """Return what ``load(may_take_long)`` returns; ask first if opening the key takes long.

    Raises the CoreError of ``load``, with KEY_SLOW where nobody agreed.
    """
    if not allows_slow_key():
        try:
            return load(False)
        except InvalidKey as error:
            problem = error.problems[0]
            if problem.code is not Code.KEY_SLOW or not prompts.may_take_long(problem):
                raise
    return _interruptible(lambda: load(True))


_TICK = 0.1
"""Seconds after which Ctrl-C is seen at the latest."""


def _interruptible(call: Callable[[], T]) -> T:
    """Return what ``call`` returns; Ctrl-C ends the command also while it derives."""
    results: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(call())
        except BaseException as error:
            errors.append(error)

    thread = Thread(target=work, name="key", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_TICK)
    if errors:
        raise errors[0]
    return results[0]


def check_use(
    stray: list[str], encrypt: bool, passphrase_file: Path | None, interactive: bool
) -> None:
    """Refuse arguments that belong to no option, and an invalid ``--encrypt``.

    Raises click.UsageError.
    """
    message = None
    if stray and encrypt:
        message = _takes_no_value()
    elif stray:
        text = _(
            "'{word}' does not belong to an option. Put a value that contains spaces in quotes."
        )
        message = text.format(word=escape_unprintable(click.format_filename(stray[0])))
    elif encrypt and passphrase_file:
        message = _(
            "--encrypt asks for the passphrase, --passphrase-file reads it from a file. Choose one."
        )
    elif encrypt and not interactive:
        message = _(
            "--encrypt needs a terminal to ask on, and there is none. Use --passphrase-file."
        )
    if message:
        raise click.UsageError(message)


def check_words(given: Sequence[Path], *, encrypt: bool) -> None:
    """Refuse arguments that are to be files, and are none: raises click.UsageError.

    They may be a passphrase, or the rest of a value that contains spaces.
    """
    words = [path for path in given if not os.path.lexists(path)]
    if words and encrypt:
        raise click.UsageError(_takes_no_value())
    if words and len(given) > 1:
        text = _(
            "'{word}' does not belong to an option, and there is no such file. Put a value that "
            "contains spaces in quotes."
        )
        raise click.UsageError(text.format(word=path_text(words[0])))


def _takes_no_value() -> str:
    # The argument is not repeated: it may be a passphrase.
    return _("--encrypt takes no value: the command asks for the passphrase.")


def read_passphrase(
    path: Path, faults: Faults, *, option: str = _OPTION, check: prompts.Check | None = None
) -> str | None:
    """Return the passphrase for a new file, the first line of the file that the option names.

    None if a problem was added. ``check`` returns the problems of the passphrase; by default
    ``keys.check_passphrase`` does.
    """
    from enos_csr_gui.core import keys

    try:
        passphrase = _first_line(path).decode("utf-8-sig")
    except CoreError as error:
        faults.add_error(error, option=option)
    except UnicodeDecodeError:
        faults.add([Problem(Code.NOT_UTF8)], option=option)
    else:
        faults.add((check or keys.check_passphrase)(passphrase), option=option)
        return passphrase
    return None


def read_opening_passphrase(path: Path, faults: Faults, *, option: str = _OPTION) -> bytes | None:
    """Return the passphrase of an existing key: any bytes, for nothing tells their encoding.

    None when there is a fault.
    """
    try:
        return _first_line(path).removeprefix(codecs.BOM_UTF8)
    except CoreError as error:
        faults.add_error(error, option=option)
        return None


def _first_line(path: Path) -> bytes:
    """Return the line without its end.

    Raises UnreadableFile without the path: the user may have typed the passphrase itself.
    """
    if path == STANDARD_INPUT:
        data = sys.stdin.buffer.readline(files.MAX_READ_BYTES) if sys.stdin else b""
    else:
        try:
            data = files.read(path)
        except UnreadableFile as error:
            nameless = [problem._replace(path=None) for problem in error.problems]
            raise UnreadableFile(nameless) from error
    return data.split(b"\n")[0].removesuffix(b"\r")


def find_key(
    path: Path,
    passphrase: bytes | None,
    faults: Faults,
    *,
    wanted: Collection[str] = (),
    may_differ: bool = False,
) -> Path | None:
    """Return the file of the key: ``path``, or of a folder the right one in it.

    None if a problem was added. With ``may_differ``, it is the only key in the folder if none has a
    ``wanted`` public-key fingerprint.
    """
    from enos_csr_gui.core import contents, key_files

    def find(fingerprints: Collection[str], may_take_long: bool) -> Path:
        return key_files.find(path, passphrase, wanted=fingerprints, may_take_long=may_take_long)

    for fingerprints in (wanted, ()) if wanted and may_differ else (wanted,):
        try:
            found = opened(partial(find, fingerprints))
        except CoreError as error:
            problem = error
        else:
            faults.warn(contents.left_out([path]))
            return found
    _add_error(problem, faults)
    return None


def _add_error(error: CoreError, faults: Faults) -> None:
    faults.add_error(error, option="--key")
    if error.problems[0].code is Code.KEY_SLOW:
        faults.add_line(to_open_slow_keys())


def to_open_slow_keys() -> str:
    """Return what to do about KEY_SLOW where nobody can be asked."""
    return _("To open it anyway, add --allow-slow-key.")


def load_key(
    path: Path,
    passphrase: bytes | None,
    faults: Faults,
    *,
    passphrase_to_come: bool,
    option: str = _OPTION,
    wanted: Collection[str] = (),
) -> rsa.RSAPrivateKey | None:
    """Return the key in the file; None if a problem was added or a passphrase is needed.

    ``option`` is the name of the option for the passphrase file. Of several keys, it is one whose
    public-key fingerprint is ``wanted``.
    """
    from enos_csr_gui.core import create

    try:
        return opened(
            lambda slow: create.load_key(path, passphrase, wanted=wanted, may_take_long=slow)
        )
    except CoreError as error:
        needed = error.problems[0].code is Code.PASSPHRASE_NEEDED
        if needed and passphrase_to_come:
            return None
        _add_error(error, faults)
        if needed:
            sentence = _(
                "Name a file whose first line is that passphrase, or '-' for standard input."
            )
            faults.add_line(labels.named(option, sentence))
    return None


def unlock_key(path: Path, faults: Faults, *, wanted: Collection[str] = ()) -> rsa.RSAPrivateKey:
    """Ask for the passphrase and return the key; end the command after too many wrong ones.

    Of several keys, it is one whose public-key fingerprint is ``wanted``.
    """
    from enos_csr_gui.core import create

    def load(passphrase: str) -> rsa.RSAPrivateKey:
        return opened(
            lambda slow: create.load_key(path, passphrase, wanted=wanted, may_take_long=slow)
        )

    try:
        return prompts.open_key(path, load)
    except CoreError as error:
        _add_error(error, faults)
        faults.end()
