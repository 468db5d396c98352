"""Standard input and output: every text gets through, whatever encoding they have."""

from __future__ import annotations

import codecs
import io
import os
import sys
from contextlib import suppress
from typing import TextIO

if sys.platform == "win32":
    import ctypes
    import msvcrt
    from ctypes import wintypes

    _kernel32 = ctypes.WinDLL("kernel32")
    _kernel32.GetConsoleMode.argtypes = [wintypes.HANDLE, ctypes.POINTER(wintypes.DWORD)]
    _kernel32.GetFileType.argtypes = [wintypes.HANDLE]


def prepare() -> None:
    """Choose encodings and error handlers; call this before anything is read or printed."""
    # Undecodable input must not cause a traceback; the core reports it.
    for stream, errors in (
        (sys.stdin, "surrogateescape"),
        (sys.stdout, "backslashreplace"),
        (sys.stderr, "backslashreplace"),
    ):
        if isinstance(stream, io.TextIOWrapper):
            of_console = "" if stream is sys.stdin else _encoding_of_console(stream)
            stream.reconfigure(encoding=of_console or stream.encoding, errors=errors)


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a person reads or types there; a program without a console has no streams."""
    if stream is None or not stream.isatty():
        return False
    if sys.platform == "win32":  # 'isatty' is true of every device, such as NUL
        mode = wintypes.DWORD()
        handle = msvcrt.get_osfhandle(stream.fileno())
        return bool(_kernel32.GetConsoleMode(handle, ctypes.byref(mode)))
    return True


def _encoding_of_console(stream: io.TextIOWrapper) -> str:
    """Return the encoding for a pipe on Windows; an empty string to keep the present one.

    PowerShell, ``more`` and ``find`` decode what they read in the code page of the console, which
    ``chcp`` shows. Python writes in that of the system, which often is another one.
    """
    if sys.platform == "win32" and not sys.flags.utf8_mode:
        pipe = 3  # FILE_TYPE_PIPE
        kind = _kernel32.GetFileType(msvcrt.get_osfhandle(stream.fileno()))
        if kind == pipe and not os.environ.get("PYTHONIOENCODING"):
            with suppress(LookupError):  # a code page unknown to Python, or no console: cp0
                return codecs.lookup(f"cp{_kernel32.GetConsoleOutputCP()}").name
    return ""
