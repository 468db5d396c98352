"""Serial numbers of certificates, as EnOS's API takes them: in decimal."""

from __future__ import annotations

import re

_HEXADECIMAL = re.compile(r"(?:0x)?([0-9a-f]{2}(?:[: ]?[0-9a-f]{2}){0,30}|[0-9a-f]{1,60})", re.I)

_GROUP = 4
"""Digits in a group, as of a fingerprint."""


def hexadecimal(number: int) -> str:
    """Return a serial number as other programs show it: '0x12E5'."""
    sign = "-" if number < 0 else ""  # RFC 5280 forbids negative numbers; some exist
    return f"{sign}0x{abs(number):X}"


def written(number: int) -> str:
    """Return a serial number in decimal, and in hexadecimal beside it: '4837219 (0x49 CF63)'.

    The decimal is in one piece, to copy it; the other is for the eye, in groups of four from the
    right. Nor does a spreadsheet take that for a number, of which it would keep 15 digits only.
    """
    prefix, digits = hexadecimal(number).split("x")
    first = len(digits) % _GROUP
    groups = [digits[:first], *(digits[n : n + _GROUP] for n in range(first, len(digits), _GROUP))]
    return f"{number} ({prefix}x{' '.join(filter(None, groups))})"


def is_same(text: str, number: int) -> bool:
    """Tell whether a text says this serial number, in decimal or in hexadecimal."""
    text = text.strip()
    if re.fullmatch(r"-?[0-9]{1,60}", text) and int(text) == number:
        return True
    found = _HEXADECIMAL.fullmatch(text)
    return bool(found) and int(re.sub("[: ]", "", found[1]), 16) == number  # type: ignore[index]
