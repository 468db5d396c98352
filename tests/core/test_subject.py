"""The subject: the table of the EnOS manual, and what is said about answers it does not allow."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enos_csr_gui.core import countries
from enos_csr_gui.core.errors import Code, CoreError, InvalidSubject, Problem
from enos_csr_gui.core.subject import (
    FIELDS_BY_KEY,
    SUBJECT_FIELDS,
    Subject,
    check,
    check_field,
    normalize,
)
from enos_csr_gui.messages.problems import problem_text

# EnOS manual, 'Creating your Certificate Signing Request (CSR) File', 'CSR file information'.
MANUAL = [
    # Subject Field            Mandatory? Max Length  Initials
    ("Country Name", "Yes", "2 characters", "C"),
    ("State or Province Name", "Yes", "64 characters", "ST"),
    ("Locality Name", "Yes", "64 characters", "L"),
    ("Organization Name", "Yes", "64 characters", "O"),
    ("Organizational Unit Name", "Yes", "64 characters", "OU"),
    ("Common Name", "Yes", "64 characters", "CN"),
    ("Email Address", "No", "64 characters", "EA"),
]
KEYS = ["country", "state", "locality", "organization", "unit", "common_name", "email"]
TEXT_KEYS = KEYS[1:6]


def faults(problems) -> list[tuple[str | None, Code]]:
    return [(problem.field, problem.code) for problem in problems]


# --- The table ------------------------------------------------------------------------------------


def test_the_fields_are_the_manuals_in_its_order():
    assert [field.key for field in SUBJECT_FIELDS] == KEYS
    assert [
        ("Yes" if field.required else "No", f"{field.max_length} characters", field.initials)
        for field in SUBJECT_FIELDS
    ] == [(mandatory, length, initials) for _, mandatory, length, initials in MANUAL]


@pytest.mark.parametrize("row", range(7), ids=KEYS)
def test_openssl_knows_each_field_by_the_manuals_name(openssl, row):
    # The manual writes 'Email Address', OpenSSL's table 'emailAddress'.
    by_oid = openssl("asn1parse", "-genstr", f"OID:{SUBJECT_FIELDS[row].oid}", "-out", "/dev/null")
    name = by_oid.rpartition(":")[2].strip()
    assert name.casefold() == MANUAL[row][0].replace(" ", "").casefold()


def test_a_subject_keeps_the_manuals_order_whatever_the_order_of_the_answers(answers):
    backwards = dict(reversed(answers.items()))
    assert list(Subject(backwards)) == KEYS
    assert dict(Subject(backwards)) == answers
    assert [field.key for field, _ in Subject(backwards).attributes()] == KEYS


def test_equal_answers_make_equal_subjects(answers):
    again = {key: f" {value}\t" for key, value in answers.items()}
    assert Subject(again) == Subject(answers)
    assert hash(Subject(again)) == hash(Subject(answers))
    assert hash(Subject(again | {"unit": "another"})) != hash(Subject(answers))


# --- Empty ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("empty", ["", " ", "\t \u3000\u00a0", None])
@pytest.mark.parametrize("key", KEYS[:6])
def test_a_mandatory_field_must_not_be_empty(answers, key, empty):
    del answers[key]
    if empty is not None:
        answers[key] = empty
    assert check(answers) == [Problem(Code.REQUIRED, key)]


@pytest.mark.parametrize("empty", ["", " ", "\t \u3000\u00a0", None])
def test_the_e_mail_address_may_be_empty_and_then_is_left_out(answers, empty):
    del answers["email"]
    if empty is not None:
        answers["email"] = empty
    assert list(Subject(answers)) == KEYS[:6]


def test_an_unknown_field_raises_value_error(answers):
    with pytest.raises(ValueError, match="postal_code"):
        check(answers | {"postal_code": "1"})


# --- Length ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "character", ["x", "é", "e\u0301", "风", "한", "\u1112\u1161\u11ab", "😀", "𠀀"]
)
@pytest.mark.parametrize("key", TEXT_KEYS)
def test_a_character_is_a_code_point_after_nfc(answers, key, character):
    assert check(answers | {key: f"  {character * 64}\u3000"}) == []
    [problem] = check(answers | {key: character * 67})
    assert (problem.field, problem.code) == (key, Code.TOO_LONG)
    assert problem.values == {"limit": 64, "excess": 3}


def test_an_e_mail_address_has_at_most_64_characters(answers):
    address = "x" * 52 + "@example.com"
    assert check(answers | {"email": address}) == []
    [problem] = check(answers | {"email": "x" + address})
    assert (problem.code, problem.values) == (Code.TOO_LONG, {"limit": 64, "excess": 1})


@given(st.text(st.characters()))
def test_making_normal_twice_changes_nothing(text):
    once = normalize(text)
    assert normalize(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert once == "" or not (once[0].isspace() and unicodedata.category(once[0]) == "Zs")


def test_blanks_inside_stay(answers):
    assert Subject(answers | {"unit": " Wind  and Sun "})["unit"] == "Wind  and Sun"


# --- Characters -----------------------------------------------------------------------------------


FORBIDDEN = {
    Code.CONTROL_CHARACTER: "\0\x01\x07\x08\t\x1b\x1f\x7f\x80\x9f",
    Code.LINE_BREAK: "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029",
    Code.INVISIBLE_CHARACTER: (
        "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"  # bidi
        "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u2061\ufff9\U000e0001\U000e0041"
        "\u034f\u115f\u1160\u17b4\u2800\u3164\uffa0"
    ),
    Code.BROKEN_CHARACTER: (
        "\ud800\udbff\udc00\udfff\udcff\ufdd0\ufdef\ufffe\uffff\U0001fffe\U0010ffff"
    ),
}


@pytest.mark.parametrize(
    ("code", "character"),
    [(code, character) for code, them in FORBIDDEN.items() for character in them],
    ids=lambda value: f"U+{ord(value):04X}" if len(value) == 1 else value,
)
def test_invisible_and_invalid_characters_are_rejected_with_their_position(
    answers, code, character
):
    for key in TEXT_KEYS:
        [problem] = check(answers | {key: f"  风a{character}b"})
        assert problem == Problem(
            code, key, values={"position": 3, "code_point": f"U+{ord(character):04X}"}
        )


@given(st.characters())
def test_every_other_character_may_be_in_a_name(character):
    category = unicodedata.category(character)
    forbidden = (
        category in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        or character in "".join(FORBIDDEN.values())
        or (
            unicodedata.category(character) == "Cn"
            and (0xFDD0 <= ord(character) <= 0xFDEF or ord(character) % 0x10000 >= 0xFFFE)
        )
        or character == "\u17b5"
    )
    problems = check_field(FIELDS_BY_KEY["common_name"], f"a{character}b")
    assert bool(problems) == forbidden


def test_a_line_break_pasted_at_the_end_is_reported(answers):
    [problem] = check(answers | {"unit": "Operations\n"})
    assert (problem.code, problem.values["position"]) == (Code.LINE_BREAK, 11)


def test_the_first_character_of_each_kind_is_reported(answers):
    problems = check(answers | {"unit": "\0\u202e\0\u202e\ufffe\n"})
    assert [(problem.code, problem.values["position"]) for problem in problems] == [
        (Code.CONTROL_CHARACTER, 1),
        (Code.INVISIBLE_CHARACTER, 2),
        (Code.BROKEN_CHARACTER, 5),
        (Code.LINE_BREAK, 6),
    ]


def test_all_problems_are_reported_together(answers):
    answers = {
        "country": "UK",
        "state": "",
        "locality": "x" * 70 + "\0",
        "organization": "a\u202eb",
        "common_name": "a\nb",
        "email": "nobody",
    }
    expected = [
        ("country", Code.NOT_A_COUNTRY),
        ("state", Code.REQUIRED),
        ("locality", Code.CONTROL_CHARACTER),
        ("locality", Code.TOO_LONG),
        ("organization", Code.INVISIBLE_CHARACTER),
        ("unit", Code.REQUIRED),
        ("common_name", Code.LINE_BREAK),
        ("email", Code.NOT_AN_ADDRESS),
    ]
    assert faults(check(answers)) == expected
    with pytest.raises(InvalidSubject) as caught:
        Subject(answers)
    assert faults(caught.value.problems) == expected


def test_an_error_does_not_repeat_what_was_typed(answers):
    with pytest.raises(CoreError) as caught:
        Subject(answers | {"country": "Secretia", "unit": "secret\0plan", "email": "secret"})
    assert str(caught.value) == "not-a-country, control-character, not-an-address"
    assert "ecret" not in repr(caught.value)


# --- Country --------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["CN", "cn", "Cn", " cn ", "\u3000CN\t"])
def test_a_country_code_may_be_typed_small(answers, typed):
    assert Subject(answers | {"country": typed})["country"] == "CN"


@pytest.mark.parametrize(
    ("typed", "code", "name"),
    [
        ("UK", "GB", "United Kingdom"),
        ("uk", "GB", "United Kingdom"),
        ("EN", "GB", "United Kingdom"),
        ("China", "CN", "China"),
        ("中国", "CN", "China"),
        ("CHN", "CN", "China"),
        ("chn", "CN", "China"),
        ("Germny", "DE", "Germany"),
        ("USA", "US", "United States"),
        ("XX", "", ""),
        ("ＣＮ", "", ""),
        ("ß", "", ""),
        ("7", "", ""),
        ("x" * 5000, "", ""),
    ],
)
def test_a_country_name_gets_its_code_as_a_suggestion(answers, typed, code, name):
    [problem] = check(answers | {"country": typed})
    assert (problem.field, problem.code) == ("country", Code.NOT_A_COUNTRY)
    assert problem.values == {"given": typed, "suggestion": code, "name": name, "choices": ""}


def test_every_country_is_taken(answers):
    assert len(countries.countries()) > 240
    for country in countries.countries():
        assert Subject(answers | {"country": country.code})["country"] == country.code


def test_a_control_character_in_a_country_code_is_reported_as_one(answers):
    assert faults(check(answers | {"country": "C\0N"})) == [("country", Code.CONTROL_CHARACTER)]


# --- E-mail ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "ops@example.com",
        " ops@example.com ",
        "first.last+tag@sub.example.co.uk",
        "o'brien@example.com",
        "a/b=c@example.com",
        "x@1.cn",
        "ops@xn--fiqs8s.cn",
        "OPS@EXAMPLE.COM",
    ],
)
def test_a_plausible_e_mail_address_is_taken(answers, address):
    assert Subject(answers | {"email": address})["email"] == address.strip()


@pytest.mark.parametrize(
    "text",
    [
        "ops",
        "ops@",
        "@example.com",
        "ops@example",
        "ops@@example.com",
        "ops@example..com",
        "ops@.example.com",
        "ops@example.com.",
        "ops@-example.com",
        ".ops@example.com",
        "ops.@example.com",
        "o..ps@example.com",
        "ops @example.com",
        "ops@example.com, dev@example.com",
        "Ops <ops@example.com>",
        "mailto:ops@example.com",
        '"ops"@example.com',
        "ops@[192.0.2.1]",
        "ops@exa_mple.com",
    ],
)
def test_what_is_no_e_mail_address_is_refused(answers, text):
    assert faults(check(answers | {"email": text})) == [("email", Code.NOT_AN_ADDRESS)]


@pytest.mark.parametrize(
    ("text", "position", "character"),
    [("ops@风.cn", 5, "风"), ("öps@example.com", 1, "ö"), ("o\u0308ps@example.com", 1, "ö")],
)
def test_an_e_mail_address_with_other_letters_is_refused_with_the_first(
    answers, text, position, character
):
    [problem] = check(answers | {"email": text})
    assert problem.code is Code.NOT_ASCII
    assert problem.values == {"position": position, "character": character}


# --- Anything at all ------------------------------------------------------------------------------


@given(st.dictionaries(st.sampled_from(KEYS), st.text(st.characters(), max_size=80)))
def test_whatever_is_typed_every_fault_has_words_and_the_rest_makes_a_subject(answers):
    problems = check(answers)
    for problem in problems:
        assert problem_text(problem)
        assert problem.field in KEYS
    if not problems:
        Subject(answers)


def test_a_very_long_paste_is_judged_at_once(answers):
    problems = check(answers | dict.fromkeys(KEYS, "风" * 20_000))
    assert len(problems) == 8  # e-mail: other letters and too long


# --- Limits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", SUBJECT_FIELDS, ids=KEYS)
def test_a_text_beyond_all_measure_is_refused_for_its_length_alone(field):
    for text in (" " * 30_001, "\0" * 30_001):
        values = {"limit": field.max_length, "excess": 30_001 - field.max_length}
        assert check_field(field, text) == [Problem(Code.TOO_LONG, field.key, values=values)]
    expected = [Problem(Code.REQUIRED, field.key)] if field.required else []
    assert check_field(field, " " * 30_000) == expected


@pytest.mark.parametrize(
    ("number", "broken"),
    [
        (0xD7FF, False),
        (0xD800, True),
        (0xDFFF, True),
        (0xFDCF, False),
        (0xFDD0, True),
        (0xFDD1, True),
        (0xFDEE, True),
        (0xFDEF, True),
        (0xFDF0, False),
        (0xFFFD, False),
        (0xFFFE, True),
        (0xFFFF, True),
        (0x1FFFD, False),
        (0x1FFFE, True),
        (0x1FFFF, True),
        (0x20000, False),
        (0x10FFFF, True),
    ],
)
def test_what_is_no_character_of_unicode_is_refused(number, broken):
    found = check_field(FIELDS_BY_KEY["common_name"], f"a{chr(number)}")
    values = {"position": 2, "code_point": f"U+{number:04X}"}
    problem = Problem(Code.BROKEN_CHARACTER, "common_name", values=values)
    assert found == ([problem] if broken else [])


def test_the_countries_that_were_perhaps_meant_are_listed():
    assert len(meant := countries.suggest("Korea")) > 1
    [problem] = check_field(FIELDS_BY_KEY["country"], "Korea")
    assert problem.values == {
        "given": "Korea",
        "suggestion": "",
        "name": "",
        "choices": "; ".join(f"{name} ({code})" for code, name in meant),
    }


def test_a_field_that_is_taken_verbatim_is_not_checked(answers):
    name = f" {'x' * 70}\t"
    subject = Subject(answers | {"common_name": name}, verbatim=["common_name"])
    assert subject["common_name"] == name
    with pytest.raises(InvalidSubject):
        Subject(answers | {"unit": name}, verbatim=["common_name"])


def test_answers_that_belong_to_no_field_are_named(answers):
    with pytest.raises(ValueError, match=r": age, size$"):
        check(answers | {"size": "1", "age": "2"})
