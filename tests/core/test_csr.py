"""The request: byte for byte what the manual's OpenSSL command writes, for every subject."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import unicodedata
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from enos_csr_gui.core import countries, csr, key_reader
from enos_csr_gui.core.subject import SUBJECT_FIELDS, Subject, check

SPECIAL = "/+=,\\\"#;<>'`$&|!*?%^~()[]{}: ."
SCRIPTS = {
    "Latin": "AZaz09éßøĐžİıŁ",
    "Cyrillic": "АЯаяЁїњ",
    "Greek": "ΑΩαωςΐ",
    "Arabic": "ابتشركةٱ",
    "Hebrew": "אבגדהםןץ",
    "Chinese": "贵州省凯里市㐀𠀀",
    "Japanese": "かなカナ電力ー",
    "Hangul": "한국전력각",
    "Devanagari": "कखिीु्षज्ञ",
    "Thai": "กขำ้ไทย",
    "emoji": "😀🌬️🏭⚡👍🏽🇨🇳",
    "combining": "e\u0301a\u0308o\u0323\u0302",
    "special": SPECIAL,
}


def values(alphabet: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=1, max_size=64)


any_script = st.sampled_from(sorted(SCRIPTS)).flatmap(
    lambda script: values(st.sampled_from(SCRIPTS[script] + SPECIAL))
)
any_text = st.one_of(
    any_script,
    values(st.sampled_from("".join(SCRIPTS.values()))),
    values(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"])),
)
addresses = st.builds(
    "{}@{}.example.com".format,
    st.text("abzAZ09!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=40),
    st.text("abz019", min_size=1, max_size=10),
)
subjects = st.fixed_dictionaries(
    {
        "country": st.sampled_from([country.code for country in countries.countries()]),
        **{field.key: any_text for field in SUBJECT_FIELDS[1:6]},
    },
    optional={"email": st.one_of(st.just(""), addresses)},
)


@pytest.fixture(scope="session")
def key_file(tmp_path_factory, key_pem) -> Path:
    path = tmp_path_factory.mktemp("key") / "dev-001.key"
    path.write_bytes(key_pem)
    return path


@pytest.fixture(scope="session")
def csr_of_openssl(key_file, openssl):
    """Return a function that runs the command we tell people about and returns the DER."""

    def make(subject: Subject) -> bytes:
        target = key_file.with_name("openssl.csr")
        [command] = csr.openssl_commands(subject, str(key_file), str(target), new_key=False)
        assert command[0] == "openssl"
        openssl(*command[1:])
        openssl("req", "-in", target, "-outform", "DER", "-out", target.with_suffix(".der"))
        return target.with_suffix(".der").read_bytes()

    return make


def same_as_openssl(answers, key, csr_of_openssl):
    assume(not check(answers))
    subject = Subject(answers)
    assert csr.sign(subject, key) == csr_of_openssl(subject)


FULL = dict.fromkeys(["state", "locality", "organization", "unit"], "x") | {"country": "CN"}


@pytest.mark.long
@settings(
    max_examples=settings.default.max_examples // 2,
    suppress_health_check=[HealthCheck.filter_too_much],
)
@given(answers=subjects)
@example(answers=FULL | {"common_name": "😀" * 64})
@example(answers=FULL | {"common_name": "\u0301" + "e\u0323\u0302" * 31})
@example(answers=FULL | {"common_name": SPECIAL.strip()})
@example(answers=FULL | {"common_name": "/CN=x+O=y\\"})
@example(answers=FULL | {"common_name": "\\\\//++=="})
@example(answers=FULL | {"common_name": "#0401", "email": "a/b+c=d@example.com"})
def test_whatever_the_subject_openssl_writes_the_same_bytes(answers, key, csr_of_openssl):
    same_as_openssl(answers, key, csr_of_openssl)


@pytest.mark.slow
@settings(
    max_examples=settings.default.max_examples * 5,
    suppress_health_check=[HealthCheck.filter_too_much],
)
@given(answers=subjects)
def test_openssl_writes_the_same_bytes_for_many_more(answers, key, csr_of_openssl):
    same_as_openssl(answers, key, csr_of_openssl)


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("field", [field.key for field in SUBJECT_FIELDS[1:6]])
def test_every_script_is_taken_in_every_field(answers, key, csr_of_openssl, script, field):
    answers[field] = SCRIPTS[script]
    subject = Subject(answers)
    assert subject[field] == unicodedata.normalize("NFC", SCRIPTS[script]).strip(" ")
    assert csr.sign(subject, key) == csr_of_openssl(subject)


def test_openssl_verifies_the_request_and_reads_the_subject(subject, key, openssl):
    pem = csr.to_pem(csr.sign(subject, key))
    printed = openssl("req", "-noout", "-verify", "-subject", "-text", stdin=pem)
    assert "self-signature verify OK" in printed
    assert (
        "subject=C = CN, ST = Guizhou, L = Kaili, O = Example Wind Ltd, OU = Operations, "
        "CN = dev-001, emailAddress = ops@example.com" in printed
    ) or (
        "subject=C=CN, ST=Guizhou, L=Kaili, O=Example Wind Ltd, OU=Operations, "
        "CN=dev-001, emailAddress=ops@example.com" in printed
    )
    assert "Version: 1 (0x0)" in printed
    assert "(2048 bit)" in printed
    assert "Exponent: 65537 (0x10001)" in printed
    assert "Signature Algorithm: sha256WithRSAEncryption" in printed


def test_the_request_asks_for_nothing_but_the_subject(subject, key):
    signed = x509.load_der_x509_csr(csr.sign(subject, key))
    assert list(signed.attributes) == []
    assert list(signed.extensions) == []
    assert signed.public_key() == key.public_key()


def test_the_request_is_pem_in_lines_of_64(csr_pem):
    text = csr_pem.decode("ascii")
    first, *lines, last = text.removesuffix("\n").split("\n")
    assert (first, last) == (
        "-----BEGIN CERTIFICATE REQUEST-----",
        "-----END CERTIFICATE REQUEST-----",
    )
    assert {len(line) for line in lines[:-1]} == {64}
    assert "\r" not in text


def string_types(openssl, pem: bytes) -> list[tuple[str, str]]:
    printed = openssl("asn1parse", stdin=pem)
    return re.findall(
        r"OBJECT +:(\w+)\n.*?prim: (PRINTABLESTRING|UTF8STRING|IA5STRING|\w*STRING) *:", printed
    )


def test_each_value_has_the_string_type_that_openssl_gives_it(csr_pem, openssl):
    assert string_types(openssl, csr_pem) == [
        ("countryName", "PRINTABLESTRING"),
        ("stateOrProvinceName", "UTF8STRING"),
        ("localityName", "UTF8STRING"),
        ("organizationName", "UTF8STRING"),
        ("organizationalUnitName", "UTF8STRING"),
        ("commonName", "UTF8STRING"),
        ("emailAddress", "IA5STRING"),
    ]


@pytest.mark.parametrize("empty", ["", "  ", None])
def test_an_empty_e_mail_address_is_not_in_the_request(answers, key, openssl, empty):
    del answers["email"]
    if empty is not None:
        answers["email"] = empty
    pem = csr.to_pem(csr.sign(Subject(answers), key))
    assert [name for name, _ in string_types(openssl, pem)][-1] == "commonName"
    assert "email" not in openssl("req", "-noout", "-subject", stdin=pem)


def test_one_subject_and_one_key_make_one_request_every_time(subject, key):
    assert csr.sign(subject, key) == csr.sign(subject, key)


# --- The commands shown to people who would rather use OpenSSL ------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="a POSIX shell")
@pytest.mark.parametrize("encrypted", [False, True], ids=["bare", "no passphrase"])
def test_the_commands_pasted_into_a_shell_make_a_key_and_a_request(
    tmp_path, answers, encrypted, openssl
):
    answers["organization"] = 'O\'Brien & "Sons" $HOME `x` \\ / + 风'
    subject = Subject(answers)
    commands = csr.openssl_commands(subject, "my.key", "my.csr", encrypted=encrypted)
    if encrypted:  # OpenSSL asks on the terminal; a test has none
        commands[0] += ["-pass", "pass:battery staple"]
        commands[1] += ["-passin", "pass:battery staple"]
    script = "\n".join(["set -e", *(shlex.join(command) for command in commands)])
    subprocess.run(["sh", "-c", script], cwd=tmp_path, check=True, capture_output=True)

    made = key_reader.load(
        (tmp_path / "my.key").read_bytes(), "battery staple" if encrypted else None
    )
    assert ("ENCRYPTED" in (tmp_path / "my.key").read_text()) is encrypted
    assert (tmp_path / "my.csr").read_bytes() == csr.to_pem(csr.sign(subject, made))


def test_the_commands_hold_nothing_but_what_is_needed(answers):
    make_key, make_csr = csr.openssl_commands(Subject(answers), "my.key", "my.csr")
    assert make_key[1:6:2] == ["genpkey", "RSA", "rsa_keygen_bits:2048"]
    assert make_key[6:] == ["-out", "my.key"]
    assert make_csr[-4:] == [
        "-subj",
        "/C=CN/ST=Guizhou/L=Kaili/O=Example Wind Ltd/OU=Operations/CN=dev-001"
        "/emailAddress=ops@example.com",
        "-out",
        "my.csr",
    ]
    answers["common_name"] = "XX/X+X\\"
    [make_csr] = csr.openssl_commands(Subject(answers), "my.key", "my.csr", new_key=False)
    assert "/CN=XX\\/X\\+X\\\\/" in make_csr[-3]


def test_with_an_existing_key_the_commands_create_none(subject):
    [command] = csr.openssl_commands(subject, "my.key", "my.csr", new_key=False)
    assert command[:6] == ["openssl", "req", "-new", "-key", "my.key", "-sha256"]
