"""ISO 3166: the country codes a subject may carry, their names, what was probably meant.

Names are in English and, by pycountry's own translations, in the language that people read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches
from functools import cache
from gettext import translation
from typing import NamedTuple

from enos_csr_gui import i18n


class Country(NamedTuple):
    """An assigned ISO 3166-1 country: its alpha-2 code and its name in a language."""

    code: str
    name: str


# What people write for a country and ISO 3166-1 does not list as its name or code.
_COMMON_MISTAKES = {
    "uk": "GB",
    "en": "GB",
    "eng": "GB",
    "england": "GB",
    "great britain": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "britain": "GB",
    "el": "GR",
    "su": "RU",
    "russia": "RU",
    "prc": "CN",
    "p.r. china": "CN",
    "cs": "CZ",
    "america": "US",
    "u.s.": "US",
    "u.s.a.": "US",
    "holland": "NL",
    "uae": "AE",
    "emirates": "AE",
    "south korea": "KR",
    "korea": "KR",
    "jap": "JP",
    "ger": "DE",
    "deutschland": "DE",
    "españa": "ES",
    "中国": "CN",
    "中國": "CN",
    "阿拉伯联合酋长国": "AE",
    "南韩": "KR",
}

# Where pycountry's translation is misspelt, or not what people there call the country.
_BETTER_NAMES = {
    "zh_CN": {
        "BD": "孟加拉国",
        "BO": "玻利维亚",
        "BV": "布韦岛",
        "CD": "刚果（金）",
        "CG": "刚果（布）",
        "GS": "南乔治亚和南桑威奇群岛",
        "GT": "危地马拉",
        "HK": "中国香港",
        "IM": "马恩岛",
        "IR": "伊朗",
        "KG": "吉尔吉斯斯坦",
        "KH": "柬埔寨",
        "KP": "朝鲜",
        "KR": "韩国",
        "LA": "老挝",
        "MD": "摩尔多瓦",
        "MO": "中国澳门",
        "MT": "马耳他",
        "PF": "法属波利尼西亚",
        "SY": "叙利亚",
        "TT": "特立尼达和多巴哥",
        "VE": "委内瑞拉",
    },
}

# ISO 3166-2 writes 'Guizhou Sheng'; the EnOS manual, like everybody in China, writes 'Guizhou'.
_CHINESE_KIND = re.compile(r"( Zhuangzu| Huizu| Uygur)? (Sheng|Shi|Zizhiqu|SAR)$")


def countries() -> tuple[Country, ...]:
    """Return every assigned country, named in the language chosen and sorted by name."""
    return _countries(i18n.language())


@cache
def _countries(language: str) -> tuple[Country, ...]:
    import pycountry

    translate = _translator("iso3166-1", language)
    better = _BETTER_NAMES.get(language, {})
    named = (
        Country(c.alpha_2, better.get(c.alpha_2) or translate(c.name)) for c in pycountry.countries
    )
    return tuple(sorted(named, key=lambda country: country.name))


def _translator(standard: str, language: str) -> Callable[[str], str]:
    """Return what translates the names of a standard: "iso3166-1" has countries."""
    import pycountry

    folder = pycountry.LOCALES_DIR
    return translation(standard, folder, [language], fallback=True).gettext


@cache
def _names() -> dict[str, str]:
    """Map every code but alpha-2, and every name, in lower case, to the alpha-2 code.

    The names are those in all languages of the program: nobody need know which one it speaks.
    """
    import pycountry

    translators = [_translator("iso3166-1", language) for language in i18n.languages()]
    names = {}
    for country in pycountry.countries:
        names[country.alpha_3.casefold()] = country.alpha_2
        for attribute in ("name", "common_name", "official_name"):
            if written := getattr(country, attribute, None):
                names |= {t(written).casefold(): country.alpha_2 for t in translators}
    better = {name: code for names in _BETTER_NAMES.values() for code, name in names.items()}
    return names | better | _COMMON_MISTAKES


@cache
def _by_code(language: str) -> dict[str, Country]:
    return {country.code: country for country in _countries(language)}


def find(code: str) -> Country | None:
    """Return the country with this alpha-2 code, in either case, or None."""
    # ASCII only: str.upper() turns 'ß' into 'SS', which is a country, but not what was typed.
    return _by_code(i18n.language()).get(code.upper()) if code.isascii() else None


def suggest(text: str) -> Country | None:
    """Return the country that ``text`` probably means: 'UK', 'China', 'CHN', 'Germny'; or None."""
    wanted = text.strip().casefold()
    if not wanted:
        return None
    names = _names()
    exact = find(text.strip())
    code = exact.code if exact else names.get(wanted)
    if code is None and len(wanted) > 3:
        starts = {found for name, found in names.items() if name.startswith(wanted)}
        if len(starts) == 1:
            code = starts.pop()
        elif close := get_close_matches(wanted, names, n=1, cutoff=0.75):
            code = names[close[0]]
    return find(code) if code else None


def search(text: str) -> tuple[Country, ...]:
    """Return the countries that ``text`` may stand for, the likeliest first.

    The exact code comes first, then names that begin with the text, then names with a word that
    does, then names that contain it. Every country is returned for an empty text.
    """
    wanted = text.strip().casefold()
    if not wanted:
        return countries()
    ranks: dict[str, tuple[int, int]] = {}

    def rank(code: str, value: int, name: str = "") -> None:
        # '中' is all but the whole of '中国', and little of '中非共和国'.
        likeness = (value, 0 if name.isascii() else len(name))
        ranks[code] = min(likeness, ranks.get(code, likeness))

    for country in countries():
        if country.code.casefold() == wanted:
            rank(country.code, 0)
    for name, code in _names().items():
        if name == wanted:
            rank(code, 1)
        elif name.startswith(wanted):
            rank(code, 2, name)
        elif re.search(rf"\b{re.escape(wanted)}", name):
            rank(code, 3, name)
        elif (len(wanted) > 2 or not wanted.isascii()) and wanted in name:
            rank(code, 4, name)
    found = [country for country in countries() if country.code in ranks]
    return tuple(sorted(found, key=lambda country: ranks[country.code]))


def subdivisions(code: str) -> tuple[str, ...]:
    """Return the names of the ISO 3166-2 subdivisions of the country, sorted; none if unknown.

    They are in the language chosen and in that of the standard: either may be wanted.
    """
    return _subdivisions(code, i18n.language())


@cache
def _subdivisions(code: str, language: str) -> tuple[str, ...]:
    import pycountry

    translate = _translator("iso3166-2", language)
    names = {s.name for s in pycountry.subdivisions if s.country_code == code}
    translated = {translate(name) for name in names}
    if code == "CN":
        names = {_CHINESE_KIND.sub("", name) for name in names}
        translated = {_CHINESE_KIND.sub("", name) for name in translated}
    return tuple(sorted(names | translated))
