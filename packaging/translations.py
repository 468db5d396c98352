"""Update the catalogues from the sources.

``python packaging/translations.py`` looks through the sources for sentences and updates every
``resources/translations/*.po``; new entries wait there for a translation. A new language begins as
an empty file named for it, like ``de.po``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import localised
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po
from catalogues import DOMAIN, TOP, compile_all, files, is_translated, read

_KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}


def extract() -> Catalog:
    """Return every sentence: of the program, of click, which speaks in its command line, and of
    what installs the program.
    """
    import click

    catalogue = Catalog(domain=DOMAIN, charset="utf-8")
    for root in (TOP / "enos_csr_gui", Path(click.__file__).parent):
        for _file, _line, message, comments, context in extract_from_dir(
            root, [("**.py", "python")], keywords=_KEYWORDS, comment_tags=["Translators:"]
        ):
            catalogue.add(message, auto_comments=comments, context=context)
    for sentence in localised.sentences():
        catalogue.add(sentence)
    return catalogue


def update() -> None:
    """Update every catalogue from the sources."""
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
