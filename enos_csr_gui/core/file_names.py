"""Names of files that every system accepts, and paths of any length."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from enos_csr_gui.core.errors import is_shown
from enos_csr_gui.core.file_types import CSR_SUFFIX, KEY_SUFFIX

PAIR = (KEY_SUFFIX, CSR_SUFFIX)
"""The suffixes of a key and its request."""

MAX_NAME_BYTES = 200
"""A file system takes 255 bytes; this leaves room for the suffix."""

_MAX_FILE_NAME_BYTES = 255

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{6,63}")

_PLAIN_FILE_NAME = re.compile(rf"{_PLAIN_NAME.pattern}(?:\.[A-Za-z0-9]{{1,9}})?")

# Windows treats these as devices, in either case and before any suffix. (pathvalidate misses some.)
_DEVICE = re.compile(r"((?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])) *(?=\.|$)", re.I)

# Windows takes paths of 260 characters, and folders of 248, unless they are in the long form.
_LONG_PATH = 240


def is_plain_name(text: str) -> bool:
    """Return whether the text is a safe name as it stands: usual letters, and longer than the names
    of devices on Windows.
    """
    return bool(_PLAIN_NAME.fullmatch(text))


def safe_name(text: str) -> str:
    """Return ``text`` converted to a base name that Windows, macOS and Linux all accept.

    Never empty; without a path, a reserved name, a leading dot or dash, or one of our suffixes.
    """
    if is_plain_name(text):
        return text
    return _safe(text, MAX_NAME_BYTES, without=PAIR)


def safe_file_name(text: str) -> str:
    """Return ``text`` converted to a file name, as ``safe_name`` does, but keep its suffix."""
    if _PLAIN_FILE_NAME.fullmatch(text):
        return text
    return _safe(text, _MAX_FILE_NAME_BYTES)


def _safe(text: str, limit: int, without: Sequence[str] = ()) -> str:
    from pathvalidate import sanitize_filename

    # An unpaired surrogate has no encoding, and so no file name.
    name = text.encode("utf-8", "replace").decode()
    # Nobody could type what is invisible, and two names could look the same.
    name = "".join(c for c in name if c.isascii() or is_shown(c))
    while True:
        cleaned = sanitize_filename(name, replacement_text="-", platform="universal")
        cleaned = cleaned.strip(" .").lstrip("-")
        if device := _DEVICE.match(cleaned):
            cleaned = f"{device[1]}_{cleaned[device.end() :]}"
        cleaned = cleaned.encode()[:limit].decode("utf-8", "ignore")
        for suffix in without:
            if cleaned.lower().endswith(suffix):
                cleaned = cleaned[: -len(suffix)]
        if cleaned == name:  # cutting may have exposed another unsafe end
            return name or "request"
        name = cleaned


def free_name(folder: Path, base_name: str, endings: Sequence[str] = ()) -> str:
    """Return ``base_name``, or with '-2', '-3'... such that no file exists in ``folder``.

    Neither that of a key, nor that of a request, nor any with one of the ``endings``.

    A long name is cut to make room for the number, so that a safe name stays safe.
    """

    def is_free(name: str) -> bool:
        ends = (*PAIR, *endings)
        return not any(os.path.lexists(system_path(folder / f"{name}{end}")) for end in ends)

    return next(filter(is_free, (numbered(base_name, number) for number in count(1))))


def numbered(base_name: str, number: int) -> str:
    """Return ``base_name`` with '-2', '-3'..., cut so that a safe name stays safe; 1 adds none."""
    ending = "" if number == 1 else f"-{number}"
    start = base_name.encode("utf-8", "replace")[: MAX_NAME_BYTES - len(ending)]
    return start.decode("utf-8", "ignore") + ending


def system_path(path: Path) -> Path:
    """Return the path in the form that the system takes at any length.

    On Windows a long one is changed to ``\\\\?\\C:\\...``, or ``\\\\?\\UNC\\server\\share...``
    (https://learn.microsoft.com/windows/win32/fileio/maximum-file-path-limitation). It is for the
    calls of the system only, and never shown.
    """
    if sys.platform != "win32":
        return path
    text = os.path.abspath(path)  # noqa: PTH100  (a link must stay one)
    if len(text) < _LONG_PATH or text.startswith("\\\\?\\"):
        return path
    return Path(f"\\\\?\\UNC\\{text[2:]}" if text.startswith("\\\\") else f"\\\\?\\{text}")
