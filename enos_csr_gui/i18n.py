"""The language that people read: every sentence passes through ``_``, ``ngettext`` or ``N_``.

Catalogues are gettext's, one for each language, made from ``resources/translations/*.po`` when the
package is built. English needs none.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from gettext import NullTranslations, bindtextdomain, textdomain, translation
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
    """Return the message in the language chosen, in the form that goes with ``number``."""
    return _catalogue.ngettext(singular, plural, number)


def N_(message: str) -> str:  # noqa: N802  (gettext's customary name)
    """Mark a message for translation that is looked up later."""
    return message


def _folder() -> Path:
    return resources.folder() / "translations"


@cache
def languages() -> tuple[str, ...]:
    """Return the languages that the program speaks, as 'en' and 'zh_CN'; English first."""
    catalogues = _folder().glob(f"*/LC_MESSAGES/{_DOMAIN}.mo")
    return (ENGLISH, *sorted(file.parents[1].name for file in catalogues))


def language() -> str:
    """Return the language chosen."""
    return _language


def name_of(language: str) -> str:
    """Return the name of a language in that language."""
    # Translators: the name of your language, in your language.
    english = N_("English")
    return _read(language).gettext(english)


def _read(language: str) -> NullTranslations:
    if language == ENGLISH:
        return NullTranslations()
    return translation(_DOMAIN, _folder(), [language])


def choose(wanted: Iterable[str]) -> None:
    """Speak the first of these languages that the program knows, or else English.

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
"""In which script a region writes Chinese: catalogues name the region, systems often the script."""


def _parts(name: str) -> tuple[str, str, set[str]]:
    """Return a language, its script, which may be empty, and what else is said of it."""
    language, *said = name.lower().translate(str.maketrans("-.@", "___")).split("_")
    told = next((part for part in said if part in _SCRIPTS.values()), "")
    meant = next((_SCRIPTS[part] for part in said if part in _SCRIPTS), "")
    return language, (told or meant) if language == "zh" else "", set(said)


def match(name: str) -> str | None:
    """Return the language of the program that a system's name for one means; None if none does.

    'zh', 'zh_CN.UTF-8' and 'zh-Hant-CN' are Chinese, the last rather as it is written in Taiwan.
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
    """Return the languages that the person reads, the best first, as a terminal is told them."""
    names = [os.environ.get(variable, "") for variable in ("LC_ALL", "LC_MESSAGES", "LANG")]
    # As GNU gettext: who asks for 'C' wants no translation, whatever LANGUAGE says.
    if next(filter(None, names), "") not in ("C", "POSIX"):
        names = os.environ.get("LANGUAGE", "").split(":") + names
    if sys.platform == "win32":
        import ctypes
        import locale

        number = ctypes.windll.kernel32.GetUserDefaultUILanguage()
        names.append(locale.windows_locale.get(number, ""))
    return [name for name in names if name]


def teach_gettext() -> None:
    """Have libraries that use gettext, as click does, find their sentences in our catalogue."""
    bindtextdomain(_DOMAIN, _folder())
    textdomain(_DOMAIN)
    os.environ["LANGUAGE"] = _language
