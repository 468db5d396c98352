"""Passphrases of random words: easy to write down and to type, hard to guess."""

from __future__ import annotations

import math
from functools import cache
from random import SystemRandom

from enos_csr_gui import resources

COUNT = 6
"""The number of words in a passphrase: 66 bits, each word of 2048 giving 11."""


@cache
def words() -> tuple[str, ...]:
    """Return the words to choose from; their origin and licence are in the file."""
    lines = (resources.folder() / "words.txt").read_text(encoding="ascii").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def passphrase() -> str:
    """Return a new passphrase: random words with hyphens in between."""
    return "-".join(SystemRandom().choice(words()) for _number in range(COUNT))


def bits() -> int:
    """Return the strength of such a passphrase: the binary logarithm of how many there are."""
    return int(COUNT * math.log2(len(words())))
