"""Passphrases of random words."""

from __future__ import annotations

import math

from enos_csr_gui.core import keys, words


def test_the_list_is_whole() -> None:
    listed = words.words()
    assert len(listed) == len(set(listed)) == 2048
    assert (listed[0], listed[-1]) == ("abandon", "zoo")
    assert all(word.isascii() and word.islower() and 3 <= len(word) <= 8 for word in listed)
    assert len({word[:4] for word in listed}) == 2048


def test_every_word_may_come_and_the_strength_is_what_is_said() -> None:
    passphrases = [words.passphrase() for _time in range(3000)]
    assert len(set(passphrases)) == len(passphrases)
    parts = [one.split("-") for one in passphrases]
    assert {len(one) for one in parts} == {words.COUNT}
    assert {word for one in parts for word in one} <= set(words.words())
    # 18 000 words of 2048: one is missing with a probability of 0.3.
    assert len({word for one in parts for word in one}) > 2040
    assert words.bits() == words.COUNT * math.log2(2048) == 66
    assert keys.strength(passphrases[0]) == 4
