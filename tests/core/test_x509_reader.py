"""Reading old requests and certificates: every string type, and what a renewal takes over."""

from __future__ import annotations

import datetime
import shutil
import subprocess
from contextlib import suppress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from hypothesis import given
from hypothesis import strategies as st

from enos_csr_gui.core import csr, distinguished_name, x509_reader
from enos_csr_gui.core.asn1 import der_values
from enos_csr_gui.core.distinguished_name import SkippedAttribute, answers_from
from enos_csr_gui.core.enums import SkipReason
from enos_csr_gui.core.errors import Code, CoreError, UnreadableFile

PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
FORMS = pytest.mark.parametrize("form", ["PEM", "DER"])


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    width = (size.bit_length() + 7) // 8
    return bytes((tag, 0x80 | width)) + size.to_bytes(width, "big") + content


COMMON_NAME = bytes.fromhex("0603550403")


@pytest.fixture
def csr_with(key):
    """Return a function that signs a request whose attributes are common names in DER."""
    spki = key.public_key().public_bytes(DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    def make(*values: bytes) -> bytes:
        rdns = (tlv(0x31, tlv(0x30, COMMON_NAME, value)) for value in values)
        name = tlv(0x30, *rdns)
        info = tlv(0x30, b"\x02\x01\x00", name, spki, b"\xa0\x00")
        signature = key.sign(info, padding.PKCS1v15(), hashes.SHA256())
        algorithm = bytes.fromhex("300d06092a864886f70d01010b0500")
        return tlv(0x30, info, algorithm, tlv(3, b"\0", signature))

    return make


def common_name(data: bytes) -> str:
    [attribute] = x509_reader.read(data).subject
    return attribute.text


@pytest.mark.parametrize(
    ("tag", "content", "text"),
    [
        (0x0C, "贵州 é".encode(), "贵州 é"),
        (0x13, b"dev-001", "dev-001"),
        (0x13, b"*.example_1@x", "*.example_1@x"),  # no PrintableString, whatever it says
        (0x13, b"K\xf6ln", "Köln"),
        (0x14, b"K\xf6ln", "Köln"),
        (0x14, "Köln".encode(), "Köln"),
        (0x16, b"ops@example.com", "ops@example.com"),
        (0x16, b"K\xf6ln", "Köln"),
        (0x1A, b"dev", "dev"),
        (0x1B, b"K\xf6ln", "Köln"),
        (0x12, b"12 34", "12 34"),
        (0x1C, "贵州😀".encode("utf-32-be"), "贵州😀"),
        (0x1E, "贵州".encode("utf-16-be"), "贵州"),
        (0x1E, "😀".encode("utf-16-be"), "😀"),
        (0x0C, b"K\xf6ln", "Köln"),
        (0x03, b"\x00\x01", "#03020001"),
        (0x0C, b"", ""),
        (0x0C, b"x" * 300, "x" * 300),
    ],
)
def test_every_string_type_is_read(csr_with, tag, content, text):
    assert common_name(csr_with(tlv(tag, content))) == text

    beside_an_unreadable_one = csr_with(tlv(tag, content), b"\x14\x01\xfc")
    subject = x509_reader.read(beside_an_unreadable_one).subject
    assert [attribute.text for attribute in subject] == [text, "ü"]


@pytest.mark.parametrize("mask", ["utf8only", "nombstr", "pkix", "default", "MASK:0x800"])
@FORMS
def test_what_openssl_writes_in_every_string_type(openssl, tmp_path, key_pem, mask, form):
    (tmp_path / "key").write_bytes(key_pem)
    (tmp_path / "conf").write_text(
        f"[req]\nstring_mask={mask}\ndistinguished_name=dn\nprompt=no\nutf8=yes\n"
        "[dn]\nC=CN\nO=Köln AG\nCN=dev 1\n",
        encoding="utf-8",
    )
    words = ["req", "-new", "-key", tmp_path / "key", "-config", tmp_path / "conf"]
    openssl(*words, "-outform", form, "-out", tmp_path / "csr")

    taken = answers_from(x509_reader.read((tmp_path / "csr").read_bytes()).subject)

    assert taken == ({"country": "CN", "organization": "Köln AG", "common_name": "dev 1"}, ())


@FORMS
def test_a_request_of_ours_is_taken_over_whole(csr_pem, answers, form):
    data = csr_pem
    if form == "DER":
        data = x509.load_pem_x509_csr(csr_pem).public_bytes(DER)
    taken = answers_from(x509_reader.read(data).subject)
    assert taken == (answers, ())
    assert list(taken.answers) == list(answers)


@FORMS
def test_a_certificate_is_read(openssl, tmp_path, key_pem, form):
    (tmp_path / "key").write_bytes(key_pem)
    words = ["req", "-x509", "-key", tmp_path / "key", "-subj", "/C=CN/CN=dev", "-outform", form]
    openssl(*words, "-out", tmp_path / "cert")

    certificate = x509_reader.read((tmp_path / "cert").read_bytes())

    assert isinstance(certificate, x509_reader.Certificate)
    subject = certificate.subject
    assert answers_from(subject).answers == {
        "country": "CN",
        "common_name": "dev",
    }
    assert certificate.issuer == subject


def test_the_issuer_and_the_subject_of_a_certificate_are_not_confused(key):
    def name(text):
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    now = datetime.datetime(2026, 1, 1)
    certificate = (
        x509.CertificateBuilder(name("authority"), name("device-1"), key.public_key(), 7, now)
        .not_valid_after(now)
        .sign(key, hashes.SHA256())
    )
    # The same length in Latin-1, which the library does not read.
    der = certificate.public_bytes(DER).replace(b"\x0c\x08device-1", b"\x14\x08device-\xfc")
    der = der.replace(b"\x0c\x09authority", b"\x14\x09authorit\xfc")
    broken = x509_reader.read(der)
    assert [a.text for a in broken.subject] == ["device-ü"]
    assert [a.text for a in broken.issuer] == ["authoritü"]


def test_what_is_not_taken_over_is_listed(openssl, tmp_path, key_pem):
    (tmp_path / "key").write_bytes(key_pem)
    subject = "/C=CN/O=first/O=second/OU=a+L=b/serialNumber=7/CN=dev"
    words = ["req", "-new", "-key", tmp_path / "key", "-subj", subject, "-multivalue-rdn"]
    openssl(*words, "-out", tmp_path / "csr")

    taken = answers_from(x509_reader.read((tmp_path / "csr").read_bytes()).subject)

    assert taken.answers == {"country": "CN", "organization": "first", "common_name": "dev"}
    assert set(taken.left_out) == {
        SkippedAttribute("O", "second", SkipReason.REPEATED),
        SkippedAttribute("OU", "a", SkipReason.COMBINED),
        SkippedAttribute("L", "b", SkipReason.COMBINED),
        SkippedAttribute("serialNumber", "7", SkipReason.UNKNOWN),
    }


@pytest.mark.parametrize("text", [b"x", b"\xfc"])
def test_sets_that_hold_a_thing_twice_or_nothing(key, csr_with, text):
    attribute = tlv(0x30, COMMON_NAME, tlv(0x14, text))
    der = csr_with(tlv(0x14, text))
    name = tlv(0x30, tlv(0x31, attribute))
    odd = tlv(0x30, tlv(0x31, attribute, attribute), tlv(0x31))
    [whole] = der_values(der)
    part = next(der_values(der, whole.inside, whole.end))
    info = der[part.inside : part.end].replace(name, odd)
    changed = tlv(0x30, tlv(0x30, info), der[part.end :])

    assert answers_from(x509_reader.read(changed).subject) == (
        {"common_name": text.decode("latin-1")},
        (),
    )


def test_object_identifiers_are_read_right_when_the_library_does_not(csr_with):
    # Beside a value that the library cannot read: 2.999.3 and 1.2.840.113549.1.9.1.
    for oid, shown in (("0603883703", "2.999.3"), ("06092a864886f70d010901", "EA")):
        value = tlv(0x14, b"\xfc")
        rdn = tlv(0x31, tlv(0x30, bytes.fromhex(oid), value))
        der = csr_with(b"\x0c\x01x")
        name = tlv(0x30, tlv(0x31, tlv(0x30, COMMON_NAME, b"\x0c\x01x")))
        spki = der[der.index(name) + len(name) :]
        changed = tlv(0x30, tlv(0x30, b"\x02\x01\x00", tlv(0x30, rdn), spki[:294], b"\xa0\x00"))
        changed = tlv(0x30, changed[4:], spki[296:])
        [attribute] = x509_reader.read(changed).subject
        assert distinguished_name.attribute_name(attribute.oid) == shown
        assert attribute.text == "ü"


@pytest.mark.parametrize(
    "change",
    [
        lambda pem: pem.replace(b"\n", b"\r\n"),
        lambda pem: b"\xef\xbb\xbf" + pem,
        lambda pem: pem.decode().encode("utf-16"),
        lambda pem: b"Certificate Request:\n    Data:\n" + pem + b"\nthe end",
        lambda pem: pem.replace(b"CERTIFICATE", b"NEW CERTIFICATE"),
        lambda pem: pem.rstrip(b"\n"),
        lambda pem: b"-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n" + pem,
        lambda pem: b"".join(b"  " + line for line in pem.splitlines(keepends=True)),
    ],
)
def test_pem_as_it_is_met(csr_pem, answers, change):
    subject = x509_reader.read(change(csr_pem)).subject
    assert answers_from(subject).answers == answers


def test_of_several_the_first_is_read(csr_with):
    both = b"".join(
        x509.load_der_x509_csr(csr_with(tlv(0x0C, text))).public_bytes(PEM)
        for text in (b"first", b"second")
    )
    assert common_name(both) == "first"


@pytest.mark.parametrize("what", ["", "text", "key", "cut", "cut DER"])
def test_what_is_neither_is_refused(refusal, csr_with, csr_pem, key_pem, what):
    data = {
        "": b"",
        "text": b"Hello",
        "key": key_pem,
        "cut": csr_pem[:-40],
        "cut DER": csr_with(b"\x0c\x01x")[:-1],
    }[what]
    assert refusal(UnreadableFile, x509_reader.read, data) == [Code.NO_REQUEST]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("keytool"), reason="no keytool (a Java Development Kit)")
def test_what_keytool_writes(tmp_path):
    store = ["-keystore", str(tmp_path / "store"), "-storepass", "changeit", "-alias", "a"]
    name = "CN=dev 1, OU=Ops, O=Köln, L=Kaili, ST=贵州, C=CN"
    generate = ["keytool", "-genkeypair", "-keyalg", "RSA", "-keysize", "2048", "-dname", name]
    environment = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    subprocess.run([*generate, *store], check=True, capture_output=True, env=environment)
    command = ["keytool", "-certreq", *store]
    csr = subprocess.run(command, check=True, capture_output=True, env=environment).stdout

    taken = answers_from(x509_reader.read(csr).subject)

    assert list(taken.answers.items())[:2] == [("country", "CN"), ("state", "贵州")]
    assert taken.answers["organization"] == "Köln"
    assert not taken.left_out


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_in_our_own_words(data):
    with pytest.raises(CoreError):
        x509_reader.read(data)


@given(data=st.data())
def test_a_request_with_any_byte_changed_is_read_or_refused(data, csr_of_session):
    broken = bytearray(csr_of_session)
    for _ in range(data.draw(st.integers(1, 3))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    with suppress(UnreadableFile):
        answers_from(x509_reader.read(bytes(broken)).subject)


@pytest.fixture(scope="module")
def csr_of_session(key):
    from enos_csr_gui.core.subject import FIELDS_BY_KEY, Subject

    answers = dict.fromkeys(FIELDS_BY_KEY, "Köln") | {"country": "CN", "email": ""}
    return csr.sign(Subject(answers), key)
