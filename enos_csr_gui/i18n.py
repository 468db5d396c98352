"""Translation: every displayed sentence passes through ``_``, ``ngettext`` or ``N_``.

Catalogues are gettext's, one for each language, compiled from ``resources/translations/*.po`` when
the package is built. English needs none.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from gettext import GNUTranslations, NullTranslations, bindtextdomain, textdomain
from pathlib import Path

from enos_csr_gui import resources

ENGLISH = "en"
_DOMAIN = "enos-csr"

_catalogue = NullTranslations()
_language = ENGLISH


def _(message: str) -> str:
    """Return the message in the language chosen."""
    return _catalogue.gettext(message)


def ngettext(singular: str, plural: str, number: int) -> str:
    """Return the message in the language chosen, in the plural form for ``number``."""
    return _catalogue.ngettext(singular, plural, number)


def N_(message: str) -> str:  # noqa: N802  (gettext's customary name)
    """Mark a message for translation that is looked up later."""
    return message


def _folder() -> Path:
    return resources.folder() / "translations"


@cache
def languages() -> tuple[str, ...]:
    """Return the available languages, such as 'en' and 'zh_CN'; English first."""
    folders = _folder().iterdir() if _folder().is_dir() else ()
    catalogue = Path("LC_MESSAGES", f"{_DOMAIN}.mo")
    return (ENGLISH, *sorted(one.name for one in folders if (one / catalogue).is_file()))


def language() -> str:
    """Return the language chosen."""
    return _language


def name_of(language: str) -> str:
    """Return the name of a language in that language."""
    # Translators: the name of your language, in your language.
    english = N_("English")
    return _read(language).gettext(english)


def _read(language: str) -> NullTranslations:
    return read_catalogue(_folder(), _DOMAIN, language)


def read_catalogue(folder: Path, domain: str, language: str) -> NullTranslations:
    """Return the catalogue of a language in a folder; an empty one if there is none.

    ``gettext.translation`` would keep it in memory, and import ``locale``.
    """
    try:
        with (folder / language / "LC_MESSAGES" / f"{domain}.mo").open("rb") as file:
            return GNUTranslations(file)
    except FileNotFoundError:
        return NullTranslations()


def choose(wanted: Iterable[str]) -> None:
    """Switch to the first of these languages that is available, or else English.

    They may be written as systems write them: 'zh_CN', 'zh-Hans-CN', 'zh_CN.UTF-8', 'C'.
    """
    global _catalogue, _language  # noqa: PLW0603  (a process speaks one language)
    found = (known for name in wanted if (known := match(name)))
    _language = next(found, ENGLISH)
    _catalogue = _read(_language)


def without_option(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    """Return the value of ``--lang``, None if there is none, and the arguments without it."""
    wanted, rest = None, []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word.startswith("--lang="):
            wanted = word.removeprefix("--lang=")
        elif word == "--lang":
            wanted = next(words, "")
        else:
            rest.append(word)
    return wanted, rest


_SCRIPTS = {"cn": "hans", "sg": "hans", "tw": "hant", "hk": "hant", "mo": "hant"}
"""The script of Chinese in each region: catalogues name the region, systems often the script."""


def _parts(name: str) -> tuple[str, str, set[str]]:
    """Return the language, its script (may be empty) and the remaining parts of a locale name."""
    language, *said = name.lower().translate(str.maketrans("-.@", "___")).split("_")
    told = next((part for part in said if part in _SCRIPTS.values()), "")
    meant = next((_SCRIPTS[part] for part in said if part in _SCRIPTS), "")
    return language, (told or meant) if language == "zh" else "", set(said)


def match(name: str) -> str | None:
    """Return the available language that matches a system's locale name; None if none does.

    'zh', 'zh_CN.UTF-8' and 'zh-Hant-CN' are Chinese; the last prefers Taiwan's script.
    """
    language, script, said = _parts(name)
    if language in ("c", "posix"):
        return ENGLISH
    alike = {}
    for known in languages():
        its_language, its_script, its_parts = _parts(known)
        if its_language == language:
            alike[known] = script == its_script, len(said & its_parts)
    return max(alike, key=alike.__getitem__, default=None)


def system_languages() -> list[str]:
    """Return the user's languages from the environment, the preferred one first."""
    names = [os.environ.get(variable, "") for variable in ("LC_ALL", "LC_MESSAGES", "LANG")]
    # Like GNU gettext: 'C' means no translation, whatever LANGUAGE says.
    if next(filter(None, names), "") not in ("C", "POSIX"):
        names = os.environ.get("LANGUAGE", "").split(":") + names
    if sys.platform == "win32":
        import ctypes
        import locale

        number = ctypes.windll.kernel32.GetUserDefaultUILanguage()
        names.append(locale.windows_locale.get(number, ""))
    return [name for name in names if name]


def teach_gettext() -> None:
    """Make libraries that use gettext, such as click, use our catalogue."""
    bindtextdomain(_DOMAIN, _folder())
    textdomain(_DOMAIN)
    os.environ["LANGUAGE"] = _language
