"""Countries: every code of ISO 3166-1 is found, and so is what people write instead."""

from __future__ import annotations

import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enos_csr_gui import i18n
from enos_csr_gui.core import countries
from enos_csr_gui.core.countries import Country, find, named, search, subdivisions, suggest
from enos_csr_gui.core.errors import Code
from enos_csr_gui.core.subject import FIELDS_BY_KEY, check_field, clean
from enos_csr_gui.messages.problems import problem_text

# A handful that must be there whatever the library says; the rest is compared with the library.
KNOWN = {
    "CN": "China",
    "DE": "Germany",
    "GB": "United Kingdom",
    "US": "United States",
    "SG": "Singapore",
    "XX": None,
    "UK": None,
    "EU": None,
    "ß": None,  # in capitals SS, South Sudan
    "AN": None,  # withdrawn
}


@pytest.mark.parametrize(("code", "name"), KNOWN.items())
def test_a_code_is_a_country_or_is_not(code, name):
    assert find(code) == (Country(code, name) if name else None)


@pytest.mark.long
def test_every_code_of_iso_3166_1_is_found_in_either_case():
    codes = {country.alpha_2 for country in pycountry.countries}
    assert len(codes) == 249
    assert {country.code for country in countries.countries()} == codes
    for code in codes:
        assert find(code).code == find(code.lower()).code == code
        assert search(code)[0].code == code
        assert suggest(code)[0].code == code


@given(st.text(st.characters(), max_size=5))
def test_nothing_else_is_a_code(text):
    known = {country.code for country in countries.countries()}
    assert (find(text) is not None) == (text.isascii() and text.upper() in known)


def test_every_country_is_suggested_for_its_long_code_and_its_names():
    for country in pycountry.countries:
        for text in (country.alpha_3, country.alpha_3.lower(), country.name, country.name.upper()):
            assert suggest(f" {text} ")[0].code == country.alpha_2


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("UK", "GB"),
        ("EN", "GB"),
        ("England", "GB"),
        ("China", "CN"),
        ("CHN", "CN"),
        ("PRC", "CN"),
        ("中国", "CN"),
        ("USA", "US"),
        ("United States of America", "US"),
        ("Germny", "DE"),
        ("Deutschland", "DE"),
        ("Singapor", "SG"),
        ("South Korea", "KR"),
        ("Vietnam", "VN"),
        ("", None),
        ("  ", None),
        ("x", None),
        ("XX", None),
        ("Atlantis", None),
        ("\ud800", None),
    ],
)
def test_what_was_probably_meant(text, code):
    assert [country.code for country in suggest(text)] == ([code] if code else [])


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Republic of China", "CN TW"),
        ("China, Republic of", "CN TW"),
        ("Rep. of China", "CN TW"),
        ("ROC", "CN TW"),
        ("中华民国", "CN TW"),
        ("Korea", "KR KP"),
        ("Congo", "CG CD"),
        ("刚果", "CG CD"),
        ("Virgin Islands", "VG VI"),
        ("Republic of Vietnam", "VN"),
        ("Republic of Iran", "IR"),
        ("Iran Republic", "IR"),
        ("Republic of Macedonia", "MK"),
        ("Republic of Dominica", "DM"),
        ("Republic of Kenia", "KE"),
        ("Untied States", "US"),
        ("Russian Federaton", "RU"),
        ("Mariana", "MP MR"),
        ("Chine", "CL CN TW"),
        ("中国共和国", "CN"),
        ("British", "GB"),
        ("Dutch", "NL"),
        ("United Republic", "TZ"),
        ("West Germany", ""),
        ("Africa", ""),
        ("South", ""),
        ("Island", ""),
        ("Republic", ""),
        ("Democratic Republic", ""),
        ("共和国", ""),
        ("Kosovo", ""),
        ("Kore", "KP KR"),
        ("Kor", ""),
        ("Austraia", "AU"),  # Austria is spelt almost so too, but less
    ],
)
def test_every_country_that_may_be_meant_is_a_choice_and_no_other(text, codes):
    assert named(text) is None
    assert [country.code for country in suggest(text)] == codes.split()
    assert {country.code for country in search(text)} >= set(codes.split())


def test_a_name_with_two_countries_is_asked_about_with_both():
    [problem] = check_field(FIELDS_BY_KEY["country"], "Republic of China")
    assert problem.values["suggestion"] == problem.values["name"] == ""
    said = problem_text(problem)
    assert "China (CN)" in said
    assert "(TW)" in said


@pytest.mark.parametrize("text", ["Taiwan (R.O.C.)", "Taiwan, Republic of China", "中华台北"])
def test_taiwan_is_named_with_what_people_add_to_it(text):
    assert named(text).code == "TW"


def test_the_south_of_korea_is_never_taken_for_the_north():
    assert named("南朝鲜").code == "KR"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Turkey", "TR"),
        ("Ivory Coast", "CI"),
        ("Cote d'Ivoire", "CI"),
        ("Côte d’Ivoire", "CI"),
        ("Burma", "MM"),
        ("South Korea", "KR"),
        ("Republic of Korea", "KR"),
        ("Korea, Republic of", "KR"),
        ("North Korea", "KP"),
        ("Republic of Ireland", "IE"),
        ("Republic of Georgia", "GE"),
        ("Democratic Republic of the Congo", "CD"),
        ("Republic of the Congo", "CG"),
        ("Congo-Brazzaville", "CG"),
        ("Czech Republic", "CZ"),
        ("Swaziland", "SZ"),
        ("Cape Verde", "CV"),
        ("Macau", "MO"),
        ("reunion", "RE"),
        ("curacao", "CW"),
        ("Aland Islands", "AX"),
        ("St. Lucia", "LC"),
        ("Trinidad & Tobago", "TT"),
        ("The Gambia", "GM"),
        ("US", "US"),
        ("U.S.", "US"),
        ("U.K.", "GB"),
        ("UAE", "AE"),
        ("AND", "AD"),
        ("韩国", "KR"),
        ("朝鲜", "KP"),
        ("刚果(金)", "CD"),
        ("刚果（布）", "CG"),
        ("象牙海岸", "CI"),
        ("S. Korea", "KR"),
        ("Dem. Rep. Congo", "CD"),
        ("Hong Kong, China", "HK"),
        ("Mainland China", "CN"),
        ("Österreich", "AT"),
        ("韓國", "KR"),
        ("美國", "US"),
        ("印尼", "ID"),
        ("澳洲", "AU"),
        ("波斯", "IR"),
    ],
)
def test_everyday_and_former_names_name_their_country(text, code):
    assert named(text).code == code
    assert search(text)[0].code == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "EU",
        "Africa",
        "Congo",
        "Korea",
        "America",
        "germ",
        "Germny",
        "chi",
        "an",
        "de la",
        "é",
        "剛果",
    ],
)
def test_anything_else_names_none(text):
    assert named(text) is None


NAMES = {
    written
    for country in pycountry.countries
    for attribute in ("name", "common_name", "official_name")
    if (written := getattr(country, attribute, None))
}
WORDS = sorted({word for name in NAMES for word in name.split()})


@given(
    st.text(st.characters(), max_size=8)
    | st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
    | st.sampled_from(sorted(NAMES)).flatmap(lambda name: st.just(name[: len(name) // 2]))
)
def test_no_text_names_a_country_unless_it_holds_all_the_words_of_a_name(text):
    if not (country := named(text)):
        return
    found = pycountry.countries.get(alpha_2=country.code)
    names = [getattr(found, a, "") for a in ("name", "common_name", "official_name")]
    names += [found.alpha_2, found.alpha_3, *countries._ALIASES.get(country.code, ())]
    names += [country.name, found.name.partition(" (")[0]]
    names += [better.get(country.code, "") for better in countries._BETTER_NAMES.values()]
    names += [
        countries._translator("iso3166-1", language)(found.name)
        for language in countries.TRADITIONAL_CHINESE
    ]
    assert countries._key(text) in {countries._key(name) for name in names} or find(
        text.replace(".", "").strip()
    )


def test_traditional_chinese_is_understood():
    for language in countries.TRADITIONAL_CHINESE:
        translate = countries._translator("iso3166-1", language)
        for country in pycountry.countries:
            found = named(translate(country.name))
            assert found is None or found.code == country.alpha_2
    assert (named("德國").code, named("紐西蘭").code) == ("DE", "NZ")


def test_no_alias_is_the_name_of_another_country():
    for code, aliases in countries._ALIASES.items():
        for alias in aliases:
            assert named(alias).code == code


def test_a_text_without_end_is_not_compared():
    assert named("a\u0300" * 500_000) is None
    assert suggest("\u0300" * 1_000_000) == ()
    assert search("x" * 1_000_000) == ()


@pytest.mark.parametrize("length", [100, 101])
def test_a_text_of_a_hundred_characters_is_compared_and_a_longer_one_is_not(length):
    is_compared = length == 100
    assert (named("China".ljust(length, "!")) is not None) == is_compared
    assert [one.code for one in suggest("Germny".ljust(length, "!"))] == ["DE"] * is_compared
    found = [one.code for one in search(" " + "chin".ljust(length, "!") + " ")]
    assert ("CN" in found) == is_compared
    assert bool(found) == is_compared


@pytest.mark.parametrize("text", ["vie", "gre", "fre", "sou", "new", "saint"])
def test_three_letters_or_too_many_countries_are_no_suggestion(text):
    assert suggest(text) == ()


def codes(text: str) -> list[str]:
    return [country.code for country in search(text)]


def test_while_typing_china_the_list_gets_shorter():
    assert set(codes("chi")[:2]) == {"CN", "CL"}
    assert set(codes("chin")) >= {"CN"}
    assert "CL" not in codes("chin")
    assert codes("china")[0] == "CN"
    assert codes("CN")[0] == "CN"
    assert set(codes("chin")) <= set(codes("chi")) <= set(codes(""))


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("united k", "GB"),
        ("UK", "GB"),
        ("uk", "GB"),
        ("de", "DE"),
        ("germ", "DE"),
        ("usa", "US"),
        (" china ", "CN"),
        ("中", "CN"),
        ("korea", "KR"),
        ("islamic republic", "AF"),
    ],
)
def test_the_likeliest_country_is_at_the_top(text, first):
    assert codes(text)[0] == first


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("oma", "OM RO SO"),
        ("om", "OM"),
        ("guinea", "GN GW GQ PG"),
        ("niger", "NE NG"),
        ("roman", "RO OM"),
        ("dutch", "NL SX"),
        ("ger", "DE DZ NE NG"),
        ("congo", "CG CD"),
        ("man", "IM KY DE OM RO"),
        ("rland", "BQ NL CH IE"),  # the last is only spelt almost so
    ],
)
def test_names_that_begin_so_come_before_words_and_parts_of_words(text, order):
    """Of two letters, parts of words do not count."""
    assert codes(text) == order.split()


@pytest.mark.parametrize(
    "text", ["zzz", "[", "(", "\\", "*", ".*", "\0", "\ud800", "x" * 5000], ids=repr
)
def test_what_is_in_no_name_finds_nothing_and_is_no_pattern(text):
    if text in "(":  # 'Bolivia, Plurinational State of (…)' and the like
        assert set(codes(text)) < set(codes(""))
    else:
        assert codes(text) == []


def test_nothing_typed_lists_every_country_by_name():
    names = [country.name for country in search(" ")]
    assert names == sorted(names)
    assert len(names) == 249


@pytest.mark.long
@given(st.text(st.characters(), max_size=20))
def test_no_country_is_listed_twice_whatever_is_typed(text):
    found = codes(text)
    assert len(found) == len(set(found))
    assert all(find(code) for code in found)


def test_provinces_are_named_as_the_manual_names_them():
    chinese = subdivisions("CN")
    assert {"Guizhou", "Beijing", "Shanghai", "Xinjiang", "Guangxi", "Ningxia"} <= set(chinese)
    assert not [name for name in chinese if name.endswith((" Sheng", " Shi", "Zizhiqu"))]
    assert list(chinese) == sorted(chinese)
    assert len(chinese) == len({s.code for s in pycountry.subdivisions.get(country_code="CN")})
    assert {"Bayern", "Hessen"} <= set(subdivisions("DE"))


@pytest.fixture
def in_chinese():
    i18n.choose(["zh_CN"])
    yield
    i18n.choose([])


@pytest.mark.usefixtures("in_chinese")
def test_in_chinese_provinces_have_both_names():
    assert {"贵州省", "Guizhou", "广西壮族自治区"} <= set(subdivisions("CN"))


@pytest.mark.usefixtures("in_chinese")
@pytest.mark.parametrize(
    ("written", "code"),
    [("柬埔寨", "KH"), ("马耳他", "MT"), ("阿拉伯联合酋长国", "AE"), ("中国香港", "HK")],
)
def test_chinese_names_are_those_that_people_use(written, code):
    assert search(written)[0].code == code
    assert suggest(written)[0].code == code
    assert find("KH").name == "柬埔寨"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("zhongguo", "CN"),
        ("zhong guo", "CN"),
        ("Zhongg", "CN"),
        ("zg", "CN"),
        ("deguo", "DE"),
        ("hanguo", "KR"),
        ("faguo", "FR"),
        ("fa", "FR"),
        ("ydnxy", "ID"),
        ("milu", "PE"),
        ("bilu", "PE"),
        ("danmai", "DK"),
        ("de", "DE"),
        ("china", "CN"),
    ],
)
@pytest.mark.usefixtures("in_chinese")
def test_in_chinese_a_country_is_found_by_the_sound_of_its_name(typed, code):
    assert search(typed)[0].code == code


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("中", "CN TW MO HK CF"),
        ("新", "SG NZ NC PG"),
        ("zg", "CN MO TW HK"),
        ("yd", "IN JO IT ID"),
        ("mg", "MG US MN UM"),
        ("am", "AM OM MO US AS"),
        ("m", "PE ML MX MC US MN"),
        ("al", "AL AW AE EG SY AX DZ"),
    ],
)
@pytest.mark.usefixtures("in_chinese")
def test_in_chinese_the_shortest_name_that_begins_so_comes_first(text, order):
    """Of one letter, initials do not count."""
    assert codes(text)[: len(order.split())] == order.split()


@pytest.mark.usefixtures("in_chinese")
def test_the_sound_of_a_name_is_asked_about_and_not_taken():
    assert named("zhongguo") is None
    assert [one.code for one in suggest("zhongguo")] == ["CN"]
    [problem] = check_field(FIELDS_BY_KEY["country"], "deguo")
    assert "德国" in problem_text(problem)


@pytest.mark.usefixtures("in_chinese")
def test_every_chinese_name_has_a_sound():
    names = [country.name for country in countries.countries()]
    assert len({one.code for one in countries._sounds()}) == len(names) == 249


def test_sounds_are_for_people_who_read_chinese():
    assert codes("zhongguo") == []
    assert "GQ" not in codes("chid")


@pytest.mark.parametrize("code", ["XX", "", "cn", "\ud800"])
def test_a_country_unknown_has_no_provinces(code):
    assert subdivisions(code) == ()


def test_a_province_of_any_country_fits_into_the_field():
    too_long = {
        name
        for country in countries.countries()
        for name in subdivisions(country.code)
        if len(name) > 64
    }
    assert not too_long


@pytest.mark.parametrize("typed", ["Ch", "Aus", "De", "Kor", "Per", "In", "Uk"])
def test_the_beginning_of_a_name_is_no_code(typed):
    assert countries.named(typed) is None
    field = FIELDS_BY_KEY["country"]
    assert clean(field, typed) == typed
    assert [one.code for one in check_field(field, typed)] == [Code.NOT_A_COUNTRY]
    assert countries.named(typed.upper())


@pytest.mark.parametrize(
    ("typed", "code"), [("Cn", "CN"), ("Usa", "US"), ("ch", "CH"), ("And", "AD")]
)
def test_a_code_that_begins_no_other_name_may_have_any_case(typed, code):
    assert countries.named(typed).code == code
