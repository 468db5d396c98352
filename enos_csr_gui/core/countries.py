"""ISO 3166: the country codes allowed in a subject, their names, and suggestions for typos.

Names are in English and, from pycountry's translations, in the language of the user. Only its files
are used: its classes would hold 7 MB, most of it subdivisions of other countries.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from itertools import chain, product
from pathlib import Path
from typing import NamedTuple, cast

from enos_csr_gui import i18n


class Country(NamedTuple):
    """An assigned ISO 3166-1 country: its alpha-2 code and its name in a language."""

    code: str
    name: str


_LONGEST = 100
"""In characters. No country has a longer name, so longer texts are not compared."""

# Everyday and former names that neither ISO 3166-1 nor its translations list. Each names exactly
# one country. (CLDR does not help: it has one name for each country and language.)
_ALIASES = {
    "AG": ("Antigua",),
    "AT": ("Österreich",),
    "AU": ("澳洲",),
    "BQ": ("Caribbean Netherlands", "Bonaire", "荷属加勒比区"),
    "BR": ("Brasil",),
    "BZ": ("British Honduras",),
    "CC": ("Cocos Islands", "Keeling Islands"),
    "AE": ("UAE", "Emirates", "阿拉伯联合酋长国"),
    "BA": ("Bosnia", "波黑"),
    "BF": ("Upper Volta",),
    "BJ": ("Dahomey",),
    "BN": ("Brunei",),
    "BO": ("Bolivia",),
    "BY": ("Belorussia", "Byelorussia"),
    "CD": (
        "DR Congo",
        "DRC",
        "Congo-Kinshasa",
        "Democratic Congo",
        "Dem Rep Congo",
        "Zaire",
        "刚果民主共和国",
        "民主刚果",
        "扎伊尔",
    ),
    "CG": ("Congo-Brazzaville", "Congo Republic", "刚果布"),
    "CH": ("Schweiz", "Suisse"),
    "CI": ("Ivory Coast", "象牙海岸"),
    "CN": ("PRC", "P.R. China", "P R China", "Mainland China", "中国大陆"),
    "CV": ("Cape Verde", "维德角"),
    "CZ": ("捷克共和国",),
    "DE": ("Deutschland",),
    "DK": ("Danmark",),
    "DO": ("Dominican Rep", "多米尼加"),
    "ES": ("España",),
    "FI": ("Suomi",),
    "FK": ("Falklands", "Malvinas", "福克兰群岛"),
    "FM": ("Micronesia",),
    "FO": ("Faeroe Islands",),
    "GB": (
        "UK",
        "Great Britain",
        "Britain",
        "England",
        "Scotland",
        "Wales",
        "Northern Ireland",
        "联合王国",
        "英格兰",
        "苏格兰",
    ),
    "GE": ("Republic of Georgia", "格鲁吉亚共和国", "乔治亚"),
    "GH": ("Gold Coast",),
    "GR": ("Hellas",),
    "HK": ("Hong Kong SAR", "Hong Kong SAR China", "Hong Kong China", "HongKong", "HKSAR", "香港"),
    "HU": ("Magyarország",),
    "ID": ("印尼",),
    "IE": ("Irish Republic", "Republic of Ireland", "Éire", "爱尔兰共和国"),
    "IN": ("Bharat",),
    "IR": ("Persia", "波斯"),
    "IT": ("Italia",),
    "JP": ("Nippon",),
    "KH": ("Kampuchea",),
    "KP": ("DPRK", "DPR Korea", "N Korea", "北朝鲜", "北韩", "朝鮮"),
    "KR": ("ROK", "S Korea", "南韩", "南朝鲜", "韓國"),
    "LA": ("寮国",),
    "LK": ("Ceylon", "锡兰"),
    "MK": ("Macedonia", "FYROM", "马其顿"),
    "MM": ("Burma", "Myanmar (Burma)"),
    "MN": ("蒙古国", "外蒙古"),
    "MO": ("Macau", "Macau SAR", "Macao SAR", "Macao SAR China", "Macau China", "澳门"),
    "NL": ("Holland",),
    "NO": ("Norge",),
    "NZ": ("Aotearoa", "纽西兰"),
    "PG": ("巴新",),
    "PL": ("Polska",),
    "PN": ("Pitcairn Islands", "皮特凯恩群岛"),
    "PS": ("Palestine", "Palestinian Territories", "巴勒斯坦领土"),
    "RU": ("Russia", "俄国", "俄羅斯"),
    "SA": ("KSA", "Saudi", "沙特"),
    "SB": ("所罗门",),
    "SE": ("Sverige",),
    "SH": ("Saint Helena", "圣赫勒拿"),
    "SJ": ("Svalbard",),
    "ST": ("São Tomé and Príncipe", "São Tomé"),
    "SX": ("Sint Maarten",),
    "SZ": ("Swaziland",),
    "TH": ("Siam", "暹罗"),
    "TF": ("French Southern and Antarctic Lands", "法属南部领地"),
    "TL": ("East Timor",),
    "TR": ("Turkey",),
    "TT": ("Trinidad", "特立尼达"),
    "TW": (
        "Taiwan China",
        "Taiwan ROC",
        "Taiwan, Republic of China",
        "Chinese Taipei",
        "Formosa",
        "中国台湾",
        "台湾地区",
        "中华台北",
    ),
    "TZ": ("Tanzania",),
    "US": ("USA", "United States of America"),
    "UM": ("US Outlying Islands",),
    "VA": ("Vatican", "Vatican City"),
    "VC": ("Saint Vincent",),
    "VG": ("British Virgin Islands",),
    "VI": ("US Virgin Islands",),
    "WF": ("Wallis",),
    "WS": ("Western Samoa",),
    "ZA": ("RSA",),
}

# Ambiguous: suggested, never accepted as they are.
_HINTS: dict[str, tuple[str, ...]] = {
    "america": ("US",),
    "american": ("US",),
    "british": ("GB",),
    "congo": ("CG", "CD"),
    "cs": ("CZ",),
    "dutch": ("NL",),
    "el": ("GR",),
    "en": ("GB",),
    "eng": ("GB",),
    "french guinea": ("GN", "GF"),
    "ger": ("DE",),
    "jap": ("JP",),
    "korea": ("KR", "KP"),
    "republic china": ("CN", "TW"),
    "roc": ("CN", "TW"),
    "su": ("RU",),
    "中华民国": ("CN", "TW"),
    "中華民國": ("CN", "TW"),
    "南越": ("VN",),
    "刚果": ("CG", "CD"),
    "剛果": ("CG", "CD"),
}

# What a state is says nothing about which one it is.
_KINDS_OF_STATE = re.compile(
    r"\b(bolivarian|commonwealth|democratic|feder\w+|islamic|people s|peoples|plurinational"
    r"|province|republic|socialist)\b"
)
_CHINESE_KINDS = re.compile(
    "社会主义|社會主義|民主|人民|伊斯兰|伊斯蘭|阿拉伯|联邦|聯邦|共和国|共和國|王国|王國"
)

_CONTINENTS = frozenset({"africa", "asia", "europe", "oceania"})

_MOST_CHOICES = 3
"""More countries that a text may mean help nobody."""

# Where pycountry's translation is misspelt or not the name in common use.
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

TRADITIONAL_CHINESE = ("zh_TW", "zh_HK")
"""Translations of the names that are understood, though the program has none of its own."""

# ISO 3166-2 writes 'Guizhou Sheng'; the EnOS manual and common usage write 'Guizhou'.
_CHINESE_KIND = re.compile(r"( Zhuangzu| Huizu| Uygur)? (Sheng|Shi|Zizhiqu|SAR)$")


def countries() -> tuple[Country, ...]:
    """Return every assigned country, named in the language chosen and sorted by name."""
    return _countries(i18n.language())


@cache
def _countries(language: str) -> tuple[Country, ...]:
    translate = _translator("iso3166-1", language)
    better = _BETTER_NAMES.get(language, {})
    codes = ((one["alpha_2"], one["name"]) for one in _assigned())
    named = (Country(code, better.get(code) or translate(name)) for code, name in codes)
    return tuple(sorted(named, key=lambda country: country.name))


@cache
def _folder() -> Path:
    """Return the folder of pycountry."""
    if not (found := find_spec("pycountry")) or not found.submodule_search_locations:
        raise ModuleNotFoundError(name="pycountry")
    folder, *_others = found.submodule_search_locations
    return Path(folder)


def _read(part: str) -> bytes:
    """Return the JSON of a part of the standard: 1 is the countries, 2 the subdivisions."""
    return (_folder() / "databases" / f"iso3166-{part}.json").read_bytes()


def _assigned() -> list[dict[str, str]]:
    return cast("list[dict[str, str]]", json.loads(_read("1"))["3166-1"])


def _divided(code: str) -> Iterator[dict[str, str]]:
    """Return the subdivisions of a country.

    Only these are parsed, which are objects without others in them: all 5,000 would take 1 MB and
    10 ms.
    """
    text = _read("2")
    for found in re.finditer(
        rb'"code"\s*:\s*"%s-' % re.escape(code.encode(errors="replace")), text
    ):
        begin, end = text.rindex(b"{", 0, found.start()), text.index(b"}", found.end())
        yield json.loads(text[begin : end + 1])


def _translator(standard: str, language: str) -> Callable[[str], str]:
    """Return the translation function for a standard: "iso3166-1" has the countries."""
    return i18n.read_catalogue(_folder() / "locales", standard, language).gettext


_SMALL_WORDS = frozenset({"and", "of", "the"})


def _folded(name: str) -> str:
    """Return the text without case, accents, brackets, punctuation and small words, to compare."""
    # First, to save time: no name is this long.
    plain = unicodedata.normalize("NFKD", name[:_LONGEST]).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = re.sub(r"\bst\b\.?", "saint", plain.replace("&", " and "))
    plain = re.sub(r"\brep\b\.?", "republic", plain)
    words = re.sub(r"[^\w\s]", " ", re.sub(r"['’ʼ.]", "", plain)).split()
    return " ".join([word for word in words if word not in _SMALL_WORDS] or words)  # 'AND': Andorra


def _key(name: str) -> str:
    """Return the name's words, sorted: 'Korea, Republic of' equals 'Republic of Korea'."""
    return " ".join(sorted(_folded(name).split()))


@cache
def _names() -> dict[str, str]:
    """Map every name, and every code but alpha-2, folded, to the alpha-2 code.

    Names in every language of the program count, whichever is in use.
    """
    languages = [*i18n.languages(), *TRADITIONAL_CHINESE]
    translators = [_translator("iso3166-1", language) for language in languages]
    names = {}
    for country in _assigned():
        code = country["alpha_2"]
        names[_folded(country["alpha_3"])] = code
        for attribute in ("name", "common_name", "official_name"):
            if written := country.get(attribute):
                names |= {_folded(t(written)): code for t in translators}
        # "Falkland Islands (Malvinas)"
        names.setdefault(_folded(country["name"].partition(" (")[0]), code)
    better = {name: code for names in _BETTER_NAMES.values() for code, name in names.items()}
    aliases = {name: code for code, names in _ALIASES.items() for name in names}
    names |= {_folded(name): code for name, code in (better | aliases).items()}
    return {name: code for name, code in names.items() if name not in _HINTS}


def chinese_names() -> list[str]:
    """Return the names of countries in simplified Chinese, folded."""
    return [name for name in _names() if re.fullmatch(r"[\u4e00-\u9fff ]+", name)]


class _Sound(NamedTuple):
    """How a Chinese name is typed without an input method: 'zhongguo' or 'zg'."""

    whole: str
    initials: str
    code: str


@cache
def _sounds() -> list[_Sound]:
    from enos_csr_gui.core.pinyin import CHARACTERS  # only in Chinese

    of: dict[str, list[str]] = {" ": [""]}
    for sound, characters in CHARACTERS.items():
        for character in characters:
            of.setdefault(character, []).append(sound)
    return [
        _Sound("".join(read), "".join(one[:1] for one in read), _names()[name])
        for name in chinese_names()
        for read in product(*(of.get(character, []) for character in name))
    ]


def _typed_sound(text: str) -> str:
    """Return what may be the sound of a Chinese name; empty if nobody would type one."""
    typed = "".join(text.split())
    return typed if i18n.language().startswith("zh") and re.fullmatch("[a-z]+", typed) else ""


@cache
def _by_key() -> dict[str, str]:
    """Map the keys of names to codes, without ambiguous ones."""
    found: dict[str, set[str]] = {}
    for name, code in _names().items():
        found.setdefault(_key(name), set()).add(code)
    return {key: codes.pop() for key, codes in found.items() if len(codes) == 1}


@cache
def _by_code(language: str) -> dict[str, Country]:
    return {country.code: country for country in _countries(language)}


def find(code: str) -> Country | None:
    """Return the country with this alpha-2 code, in either case, or None."""
    # ASCII only: str.upper() turns 'ß' into 'SS', the code of South Sudan.
    return _by_code(i18n.language()).get(code.upper()) if code.isascii() else None


def _begins_a_name(text: str) -> bool:
    """Return whether it looks like a code and is rather the beginning of a name: 'Ch', 'Aus'."""
    if not (1 < len(text) <= 3 and text.isascii() and text.istitle()):
        return False
    beginning = _folded(text)
    own = find(text)
    code = own.code if own else _names().get(beginning)
    begun = {code for name, code in _names().items() if name.startswith(beginning)}
    return code is not None and not begun <= {code}


def coded(text: str) -> Country | None:
    """Return the country whose alpha-2 code a person has typed, in either case, or None."""
    return None if _begins_a_name(text) else find(text)


def named(text: str) -> Country | None:
    """Return the country that ``text`` names unambiguously, by code or name; else None.

    Accents, case, punctuation and the order of words do not matter: 'republic of korea',
    'Cote d'Ivoire', 'U.K.'. Everyday and former names count: 'Turkey', 'Burma', '韩国'.
    """
    text = text.strip()
    if _begins_a_name(text):
        return None
    if exact := find(text):
        return exact
    code = _by_key().get(_key(text)) if len(text) <= _LONGEST else None
    return find(code or text.replace(".", ""))  # 'U.S.' is a code written as an abbreviation


def suggest(text: str) -> tuple[Country, ...]:
    """Return the countries that ``text`` may mean, as for 'Germny', 'korea'; mostly one or none.

    The country that it names, if ``named`` finds one; else those that are called so but for the
    kind of state, or have a name that begins with the text or has it as a word, or one that is
    spelt almost so. Nothing where there are too many.
    """
    if found := named(text):
        return (found,)
    wanted = _folded(text)
    if not wanted or len(text.strip()) > _LONGEST:
        return ()
    sound = _typed_sound(wanted)
    if sounding := {one.code for one in _sounds() if one.whole == sound} if sound else None:
        return tuple(filter(None, map(find, sorted(sounding))))
    codes = next((_HINTS[hint] for hint in _HINTS if _key(hint) == _key(wanted)), None)
    if codes is None:
        codes = tuple(sorted(_likely(wanted)))
    return tuple(filter(None, map(find, codes))) if len(codes) <= _MOST_CHOICES else ()


def _likely(wanted: str) -> set[str]:
    """Return the codes of the countries that a folded text may mean."""
    core = _core(wanted)
    if not core:
        return set()
    names, cores = _names(), _cores()
    if core in _CONTINENTS or (len(wanted) <= 3 and wanted.isascii()):
        return set()
    codes = {code for name, code in names.items() if name.startswith(wanted)}
    if not codes and core in cores:
        return cores[core]
    as_words = re.compile(rf"\b{re.escape(wanted)}\b")
    codes = codes or {code for name, code in names.items() if as_words.search(name)}
    if core == wanted or not codes:
        as_written = {name: {code} for name, code in names.items()}
        codes |= _spelt_almost(wanted, as_written, 0.92) | _spelt_almost(core, cores, 0.8)
    return codes


def _spelt_almost(text: str, names: Mapping[str, Collection[str]], cutoff: float) -> set[str]:
    """Return the codes of the names that are most like the text; ``cutoff`` as difflib has it."""
    from difflib import SequenceMatcher, get_close_matches  # few names are misspelt

    close = get_close_matches(text, names, n=_MOST_CHOICES, cutoff=cutoff)
    ratios = [SequenceMatcher(None, one, text).ratio() for one in close]
    best = [one for one, ratio in zip(close, ratios, strict=True) if ratio == ratios[0]]
    return {code for one in best for code in names[one]}


def _core(name: str) -> str:
    """Return a folded name without the kind of state: 'iran' of 'islamic republic iran'."""
    return " ".join(_CHINESE_KINDS.sub("", _KINDS_OF_STATE.sub("", name)).split())


@cache
def _cores() -> dict[str, set[str]]:
    """Map what is left of the names without the kind of state to the codes of all so called."""
    found: dict[str, set[str]] = {}
    for name, code in _names().items():
        if core := _core(name):
            found.setdefault(core, set()).add(code)
    return found


def search(text: str) -> tuple[Country, ...]:
    """Return the countries that ``text`` may mean, the likeliest first.

    In Chinese, a text of letters may be the sound of a name too, or its initials.

    The country that the text names comes first, then names that begin with the text, then names
    with a word that does, then names that contain it, then what ``suggest`` returns. An empty text
    returns every country.
    """
    if not text.strip():
        return countries()
    wanted = _folded(text) if len(text.strip()) <= _LONGEST else ""
    if not wanted:
        return ()
    ranks: dict[str, tuple[int, int]] = {}
    for code, rank in chain(_ranks(text, wanted), _ranks_of_sounds(wanted)):
        ranks[code] = min(rank, ranks.get(code, rank))
    if len(ranks) <= _MOST_CHOICES:  # it takes 20 ms
        for country in suggest(text):
            ranks.setdefault(country.code, (5, 0))
    found = [country for country in countries() if country.code in ranks]
    return tuple(sorted(found, key=lambda country: ranks[country.code]))


def _ranks(text: str, wanted: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield codes of countries with their ranks for a text, which folded is ``wanted``."""
    if exact := named(text):
        yield exact.code, (0, 0)
    for place, code in enumerate(_HINTS.get(wanted, ())):
        yield code, (1, place)
    hints = [(name, codes[0]) for name, codes in _HINTS.items() if name != wanted]
    for name, code in [*_names().items(), *hints]:
        # '中' is half of '中国', but only a fifth of '中非共和国'.
        length = 0 if name.isascii() else len(name)
        if name == wanted:
            yield code, (1, 0)
        elif name.startswith(wanted):
            yield code, (2, length)
        elif re.search(rf"\b{re.escape(wanted)}", name):
            yield code, (3, length)
        elif (len(wanted) > 2 or not wanted.isascii()) and wanted in name:
            yield code, (4, length)


def _ranks_of_sounds(wanted: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield codes with ranks for a folded text that may be the sound of a Chinese name."""
    sound = _typed_sound(wanted)
    for one in _sounds() if sound else ():
        place = len(one.whole) - _LONGEST  # before English names that begin so
        if one.whole == sound:
            yield one.code, (1, place)
        elif one.whole.startswith(sound) or (len(sound) > 1 and one.initials == sound):
            yield one.code, (2, place)
        elif len(sound) > 1 and one.initials.startswith(sound):
            yield one.code, (3, place)


def subdivisions(code: str) -> tuple[str, ...]:
    """Return the names of the ISO 3166-2 subdivisions of the country, sorted; none if unknown.

    They are given in the language chosen and in that of the standard.
    """
    return _subdivisions(code, i18n.language())


@cache
def _subdivisions(code: str, language: str) -> tuple[str, ...]:
    translate = _translator("iso3166-2", language)
    names = {one["name"] for one in _divided(code)}
    translated = {translate(name) for name in names}
    if code == "CN":
        names = {_CHINESE_KIND.sub("", name) for name in names}
        translated = {_CHINESE_KIND.sub("", name) for name in translated}
    return tuple(sorted(names | translated))
