"""The catalogues of words: compiled when the package is built, brought up to date by hand.

``python packaging/translations.py`` looks through the sources for sentences and brings every
``resources/translations/*.po`` up to date; what is new waits there to be translated. A new
language begins as an empty file named for it, like ``de.po``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

TOP = Path(__file__).parents[1]
CATALOGUES = TOP / "resources" / "translations"
DOMAIN = "enos-csr"

_KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}


def files() -> list[Path]:
    """Return the catalogues: one for each language beside English, named as 'zh_CN.po'."""
    return sorted(CATALOGUES.glob("*.po"))


def read(po: Path) -> Catalog:
    """Return the catalogue in this file; raises an error for one that makes no sense."""
    with po.open("rb") as source:
        return read_po(source, locale=po.stem, domain=DOMAIN, abort_invalid=True)


def compiled(po: Path) -> Path:
    """Return where gettext looks for what ``po`` is compiled to."""
    return po.parent / po.stem / "LC_MESSAGES" / f"{DOMAIN}.mo"


def compile_all(folder: Path = CATALOGUES) -> None:
    """Compile every catalogue that has changed since it was."""
    for po in folder.glob("*.po"):
        mo = compiled(po)
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        mo.parent.mkdir(parents=True, exist_ok=True)
        partial = mo.with_suffix(".partial")
        with partial.open("wb") as target:
            write_mo(target, read(po))
        partial.replace(mo)


def extract() -> Catalog:
    """Return every sentence: of the program, of click, which speaks in its command line, and of
    what installs the program.
    """
    import click
    import localised

    catalogue = Catalog(domain=DOMAIN, charset="utf-8")
    for root in (TOP / "enos_csr_gui", Path(click.__file__).parent):
        for _file, _line, message, comments, context in extract_from_dir(
            root, [("**.py", "python")], keywords=_KEYWORDS, comment_tags=["Translators:"]
        ):
            catalogue.add(message, auto_comments=comments, context=context)
    for sentence in localised.sentences():
        catalogue.add(sentence)
    return catalogue


def is_translated(message: Message) -> bool:
    """Return whether every form of the message has been translated."""
    forms = message.string if isinstance(message.string, tuple) else (message.string,)
    return all(forms)


def update() -> None:
    """Bring every catalogue up to date with the sources."""
    template = extract()
    for po in files():
        catalogue = read(po)
        catalogue.update(template, no_fuzzy_matching=True, update_creation_date=False)
        catalogue.obsolete.clear()
        catalogue.fuzzy = False
        catalogue.project = "EnOS CSR"
        catalogue.version = catalogue.msgid_bugs_address = catalogue.last_translator = ""
        catalogue.language_team = po.stem
        catalogue.header_comment = "# What EnOS CSR says in another language."
        with po.open("wb") as target:
            # Without places in the sources: they would change with every line.
            write_po(target, catalogue, sort_output=True, no_location=True, width=100)
        missing = sum(1 for message in catalogue if message.id and not is_translated(message))
        sys.stdout.write(f"{po.name}: {len(catalogue)} sentences, {missing} not translated\n")


if __name__ == "__main__":
    update()
    compile_all()
