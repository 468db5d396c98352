"""A language that nobody speaks: whatever the program shows without it is in no catalogue."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import catalogues
import translations
from babel.messages.pofile import write_po

import enos_csr_gui
from enos_csr_gui import resources

LANGUAGE = "eo"
PACKAGE = Path(enos_csr_gui.__file__).parent

_ACCENTS = str.maketrans("aceinosuy", "áçéíñöšúý")
_KEEP = re.compile(r"(\{[^{}]*\}|%\(\w+\)s|\n+|\{\{|\}\}|--[\w-]+|&.)")
_INNERMOST = re.compile("⟦[^⟦⟧]*⟧")


def pseudo(text: str) -> str:
    """Return the text with accents, longer, between brackets; what is no word stays."""
    if "MMM" in text:  # how a date is written
        return text
    parts = _KEEP.split(text)
    changed = [part if index % 2 else part.translate(_ACCENTS) for index, part in enumerate(parts)]
    return "⟦" + "".join(changed) + "·" * (len(text.replace("&", "")) // 3) + "⟧"


def without_pseudo(text: str) -> str:
    """Return what of the text was never in a catalogue."""
    while text != (rest := _INNERMOST.sub("", text)):
        text = rest
    return text


def add_to_copy(top: Path) -> None:
    """Put a copy of the program that speaks one language more into the folder."""
    shutil.copytree(PACKAGE, top / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(resources.folder(), top / "resources")
    shutil.copytree(PACKAGE.parent / "docs", top / "docs")
    folder = top / "resources" / "translations"
    catalogue = translations.extract()
    catalogue.locale = LANGUAGE
    for message in catalogue:
        if message.id:
            plural = isinstance(message.id, tuple)
            message.string = (
                tuple(pseudo(message.id[1]) for _form in range(catalogue.num_plurals))
                if plural
                else pseudo(message.id)
            )
    with (folder / f"{LANGUAGE}.po").open("wb") as file:
        write_po(file, catalogue)
    catalogues.compile_all(folder)
