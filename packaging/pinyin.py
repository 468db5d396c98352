"""Write the sounds of the characters in Chinese names of countries: ``core/pinyin.py``.

Needed when a name changes or is added; a test says so. pypinyin (MIT) knows the sounds, and is no
part of the program: ``uv run --with pypinyin packaging/pinyin.py``.
"""

from __future__ import annotations

import importlib
from pathlib import Path

from enos_csr_gui.core import countries

_TARGET = Path(__file__).parents[1] / "enos_csr_gui" / "core" / "pinyin.py"

_HEAD = '''"""The sounds of Chinese characters, as far as names of countries need them.

Written by ``packaging/pinyin.py``.
"""

from __future__ import annotations

CHARACTERS = {
'''


def sounds() -> dict[str, str]:
    """Map each sound, without its tone, to the characters that have it in a name."""
    pypinyin = importlib.import_module("pypinyin")
    of: dict[str, set[str]] = {}
    for name in countries.chinese_names():
        read = pypinyin.lazy_pinyin(name, errors=lambda other: [""] * len(other))
        for character, sound in zip(name, read, strict=True):
            if sound:
                of.setdefault(character, set()).add(sound)
    found: dict[str, str] = {}
    for character in sorted(of):
        for sound in of[character]:
            found[sound] = found.get(sound, "") + character
    return dict(sorted(found.items()))


if __name__ == "__main__":
    lines = [f'    "{sound}": "{characters}",\n' for sound, characters in sounds().items()]
    _TARGET.write_text(_HEAD + "".join(lines) + "}\n", encoding="utf-8")
