"""What EnOS demands of a request, rule by rule, with requests that OpenSSL makes."""

from __future__ import annotations

import pytest

from enos_csr_gui.core import csr_rules, x509_reader
from enos_csr_gui.core.csr_rules import Shape
from enos_csr_gui.core.enums import Rule
from enos_csr_gui.core.errors import Code, Problem
from enos_csr_gui.core.subject import SUBJECT_FIELDS

SUBJECT = "/C=CN/ST=Guizhou/L=Kaili/O=Example Wind Ltd/OU=Operations/CN=dev-001"


@pytest.fixture(scope="module")
def made(openssl, tmp_path_factory):
    """Return a function for the request that OpenSSL makes with these options."""
    folder = tmp_path_factory.mktemp("requests")
    openssl("genrsa", "-out", folder / "own.key", "2048")

    def make(*options: str, subject: str = SUBJECT, newkey: str = "rsa:2048"):
        path = folder / "a.csr"
        new = ("req", "-new", "-newkey", newkey, "-nodes", "-keyout", folder / "a.key")
        if newkey == "rsa:2048":  # once is enough
            new = ("req", "-new", "-key", folder / "own.key")
        openssl(*new, "-subj", subject, *options, "-out", path)
        return x509_reader.read(path.read_bytes())

    return make


def test_every_rule_is_judged_once_in_their_order(made):
    results = csr_rules.check(made(), Shape.PEM)
    assert [one.rule for one in results] == [
        Rule.FORM,
        Rule.ALONE,
        Rule.SIGNATURE,
        Rule.KEY,
        Rule.HASH,
        *[Rule.FIELD] * len(SUBJECT_FIELDS),
        Rule.ORDER,
        Rule.SUBJECT_EXTRAS,
        Rule.VERSION,
        Rule.REQUEST_EXTRAS,
    ]
    fields = [one.field for one in results if one.rule is Rule.FIELD]
    assert fields == [field.key for field in SUBJECT_FIELDS]
    assert [one for one in results if one.problems or one.warnings] == []


@pytest.mark.parametrize(
    ("shape", "codes"),
    [
        (Shape.PEM, []),
        (Shape.LOOSE_PEM, [Code.LOOSE_PEM]),
        (Shape.DER, [Code.NOT_PEM]),
        (Shape.WRAPPED, [Code.NOT_PEM]),
    ],
)
def test_a_request_is_a_file_of_pem(shape, codes):
    assert csr_rules.check_form(shape) == [Problem(code) for code in codes]


def test_a_key_has_2048_bits(made):
    values = {"bits": 1024, "wanted": 2048}
    problem = Problem(Code.KEY_SIZE, values=values)
    assert csr_rules.check_key(made(newkey="rsa:1024").key) == [problem]


def test_a_damaged_rsa_key_is_called_unreadable(made):
    request = made()
    der = request.key.der
    place = der.index(b"\x02\x82\x01\x01")  # the modulus
    broken = x509_reader.load(request.der.replace(der, der[:place] + b"\x04" + der[place + 1 :]))
    values = {"algorithm": "RSA"}
    assert csr_rules.check_key(broken.key) == [Problem(Code.KEY_UNREADABLE, values=values)]


def test_the_hash_is_sha_256(made):
    values = {"algorithm": "sha384WithRSAEncryption", "wanted": "sha256WithRSAEncryption"}
    assert csr_rules.check_algorithm(made("-sha384")) == [
        Problem(Code.SIGNATURE_ALGORITHM, values=values)
    ]


@pytest.mark.parametrize(
    ("subject", "key", "problems"),
    [
        (SUBJECT + "/CN=dev-002", "common_name", [(Code.ATTRIBUTE_REPEATED, {"count": 2})]),
        (SUBJECT.replace("/ST=Guizhou", ""), "state", [(Code.REQUIRED, {})]),
        (
            SUBJECT + "/CN=b" + "/CN=c",
            "common_name",
            [(Code.ATTRIBUTE_REPEATED, {"count": 3})],
        ),
    ],
)
def test_a_field_is_there_once(made, subject, key, problems):
    name = made(subject=subject).subject
    for field in SUBJECT_FIELDS:
        expected = [Problem(code, key, values=values) for code, values in problems]
        if field.key == key:
            assert csr_rules.check_csr_field(field, name) == expected
        else:
            assert csr_rules.check_csr_field(field, name) == []


def test_fields_have_an_order_and_attributes_of_their_own(made):
    name = made(subject="/CN=a/C=CN/ST=b+L=c/serialNumber=7").subject
    assert csr_rules.check_order(name) == [
        Problem(Code.ATTRIBUTES_COMBINED, values={"attributes": "L + ST"}),
        Problem(Code.ATTRIBUTE_ORDER, values={"given": "CN, C, ST, L", "wanted": "C, ST, L, CN"}),
    ]
    extra = Problem(Code.ATTRIBUTE_UNKNOWN, values={"attribute": "serialNumber"})
    assert csr_rules.check_subject_extras(name) == [extra]


def test_extensions_are_named(made):
    request = made("-addext", "subjectAltName=DNS:a")
    extension = Problem(Code.EXTENSION, values={"extension": "subjectAltName"})
    assert csr_rules.check_request_extras(request) == [extension]
    assert csr_rules.check_repeated([*request.extensions] * 2) == [
        Problem(Code.EXTENSION_REPEATED, values={"extension": "subjectAltName", "count": 2})
    ]


@pytest.mark.parametrize(
    ("text", "key", "problem", "values"),
    [
        ("x" * 65, "locality", Code.TOO_LONG, {"limit": 64, "excess": 1}),
        (
            "M\u00c3\u00bcller",
            "organization",
            Code.TEXT_MISREAD,
            {"given": "M\u00c3\u00bcller", "meant": "M\u00fcller"},
        ),
    ],
)
def test_the_text_of_a_field_is_judged_as_it_stands_there(made, text, key, problem, values):
    [field] = [one for one in SUBJECT_FIELDS if one.key == key]
    old = {"locality": "Kaili", "organization": "Example Wind Ltd"}[key]
    name = made("-utf8", subject=SUBJECT.replace(old, text)).subject
    assert csr_rules.check_csr_field(field, name) == [Problem(problem, key, values=values)]
    whole = made("-utf8", subject=SUBJECT.replace(old, "x" * 64)).subject
    assert csr_rules.check_csr_field(field, whole) == []
