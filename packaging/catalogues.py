"""The message catalogues, one for each language except English: find, read and compile them."""

from __future__ import annotations

from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

TOP = Path(__file__).parents[1]
CATALOGUES = TOP / "resources" / "translations"
DOMAIN = "enos-csr"


def files() -> list[Path]:
    """Return the catalogues: one for each language beside English, named as 'zh_CN.po'."""
    return sorted(CATALOGUES.glob("*.po"))


def read(po: Path) -> Catalog:
    """Return the catalogue in this file; raises an error if it is invalid."""
    with po.open("rb") as source:
        return read_po(source, locale=po.stem, domain=DOMAIN, abort_invalid=True)


def compiled(po: Path) -> Path:
    """Return the path where gettext looks for the compiled ``po``."""
    return po.parent / po.stem / "LC_MESSAGES" / f"{DOMAIN}.mo"


def compile_all(folder: Path = CATALOGUES) -> None:
    """Compile every catalogue that has changed since it was last compiled."""
    for po in folder.glob("*.po"):
        mo = compiled(po)
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        mo.parent.mkdir(parents=True, exist_ok=True)
        partial = mo.with_suffix(".partial")
        with partial.open("wb") as target:
            write_mo(target, read(po))
        partial.replace(mo)


def is_translated(message: Message) -> bool:
    """Return whether every form of the message has been translated."""
    forms = message.string if isinstance(message.string, tuple) else (message.string,)
    return all(forms)
