"""A text such as strangers may write into a file, and a look at what the program makes of it."""

from __future__ import annotations

import os
import unicodedata

TEXT = "<b>x</b>\x1b[2J\x9b31m\nFAKE: in order\r\x07\u202egpj\u200b\ufe01\u115f\u2028\x7f&y"
"""A common name: markup, escape sequences of a terminal, a line of its own, a change of direction,
and what nobody sees. OpenSSL takes up to 64 characters."""

FILE_NAME = "\x1b]0;x\x07\u202e\u200b" if os.name == "posix" else "]0;x\u202e\u200b"
"""A part of the name of a file. Windows has no files with control characters in their names."""


def dangers(text: str) -> list[str]:
    """Return what a terminal or a window could act on, or nobody would see; lines are good."""
    found = [
        f"U+{ord(c):04X}"
        for c in text
        if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
        or c in "\ufe01\u115f"
        if c != "\n"
    ]
    return found + [line for line in text.splitlines() if line.strip().startswith("FAKE")]
