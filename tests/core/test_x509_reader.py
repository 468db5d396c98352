"""Reading old requests and certificates: every string type, and what a renewal takes over."""

from __future__ import annotations

import datetime
import hashlib
import shutil
import subprocess
from contextlib import suppress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding
from hypothesis import given
from hypothesis import strategies as st

from enos_csr_gui.core import csr, distinguished_name, keys, x509_reader
from enos_csr_gui.core.asn1 import der_values
from enos_csr_gui.core.distinguished_name import SkippedAttribute, answers_from
from enos_csr_gui.core.enums import SkipReason
from enos_csr_gui.core.errors import Code, CoreError, Problem, UnreadableFile

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


# --- Keys and signatures --------------------------------------------------------------------------

UTF8 = 0x0C
EC_OID = bytes.fromhex("06072a8648ce3d0201")


def public_der(key) -> bytes:
    return key.public_key().public_bytes(DER, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    ("command", "algorithm", "bits"),
    [
        ("RSA -pkeyopt rsa_keygen_bits:1024", "RSA", 1024),
        ("EC -pkeyopt ec_paramgen_curve:P-256", "EC secp256r1", 256),
        ("EC -pkeyopt ec_paramgen_curve:secp521r1", "EC secp521r1", 521),
        ("EC -pkeyopt ec_paramgen_curve:secp224k1", "EC secp224k1", None),
        ("EC -pkeyopt ec_paramgen_curve:SM2", "EC SM2", None),
        ("EC -pkeyopt ec_paramgen_curve:wap-wsg-idm-ecid-wtls8", "EC 2.23.43.1.4.8", None),
        ("ED25519", "Ed25519", None),
        ("X448", "X448", None),
    ],
)
def test_the_algorithm_and_the_size_of_a_key(openssl, tmp_path, command, algorithm, bits):
    openssl("genpkey", "-algorithm", *command.split(), "-out", tmp_path / "key")
    openssl("pkey", "-in", tmp_path / "key", "-pubout", "-outform", "DER", "-out", tmp_path / "pub")
    der = (tmp_path / "pub").read_bytes()
    key = x509_reader.PublicKey(der)
    assert (key.algorithm, key.bits) == (algorithm, bits)
    assert key.public_key_sha256 == hashlib.sha256(der).hexdigest()


def test_a_key_for_pss_only_has_the_fingerprint_of_its_private_key(openssl, tmp_path):
    openssl("genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:1024",
            "-out", tmp_path / "key")  # fmt: skip
    openssl("pkey", "-in", tmp_path / "key", "-pubout", "-outform", "DER", "-out", tmp_path / "pub")
    key = x509_reader.PublicKey((tmp_path / "pub").read_bytes())
    private = serialization.load_pem_private_key((tmp_path / "key").read_bytes(), None)
    assert (key.algorithm, key.bits) == ("RSA-PSS", 1024)
    assert key.public_key_sha256 == keys.public_key_sha256(private.public_key())


@pytest.mark.parametrize(
    ("der", "algorithm"),
    [
        (tlv(0x30, tlv(0x30, bytes.fromhex("06022a03")), tlv(3, b"\0")), "1.2.3"),
        (tlv(0x30, tlv(0x30, EC_OID), tlv(3, b"\0")), "EC"),
        (tlv(0x30, tlv(0x30, EC_OID, tlv(0x30)), tlv(3, b"\0")), "EC"),  # its own curve
        (tlv(0x30, tlv(0x30), tlv(3, b"\0")), "?"),
        (tlv(0x30), "?"),
        (b"", "?"),
        (tlv(0x30, tlv(0x30, bytes.fromhex("06022a03"))) * 2, "?"),
    ],
)
def test_a_key_that_the_library_does_not_know(der, algorithm):
    key = x509_reader.PublicKey(der)
    assert (key.loaded, key.algorithm, key.bits) == (None, algorithm, None)
    assert key.public_key_sha256 == hashlib.sha256(der).hexdigest()


def rsa_public(bits: int) -> bytes:
    modulus = (1 << bits) - 1
    number = tlv(2, modulus.to_bytes(bits // 8 + 1, "big"))
    content = tlv(3, b"\0", tlv(0x30, number, b"\x02\x03\x01\0\x01"))
    return tlv(0x30, bytes.fromhex("300d06092a864886f70d0101010500"), content)


def test_a_key_that_is_larger_than_openssl_verifies_with_is_not_loaded():
    assert x509_reader.PublicKey(rsa_public(16_384)).bits == 16_384
    assert x509_reader.PublicKey(rsa_public(80_000)).loaded is None


@pytest.fixture(scope="module")
def keys_by_kind(key) -> dict[str, tuple]:
    """Return two keys of each kind that signs."""

    def two(make):
        return make(), make()

    return {
        "RSA": (key, keys.generate()),
        "EC": two(lambda: ec.generate_private_key(ec.SECP256R1())),
        "DSA": two(lambda: dsa.generate_private_key(1024)),
        "Ed25519": two(ed25519.Ed25519PrivateKey.generate),
        "Ed448": two(ed448.Ed448PrivateKey.generate),
    }


def pss(hash_, salt=padding.PSS.MAX_LENGTH):
    return padding.PSS(padding.MGF1(hash_), salt)


def self_signed(key, hash_, rsa_padding=None) -> x509_reader.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "dev-001")])
    now = datetime.datetime(2026, 1, 1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, now)
    signed = builder.not_valid_after(now).sign(key, hash_, rsa_padding=rsa_padding)
    return x509_reader.read(signed.public_bytes(DER))


@pytest.mark.parametrize(
    ("kind", "hash_", "rsa_padding", "oid"),
    [
        ("RSA", hashes.SHA224(), None, "1.2.840.113549.1.1.14"),
        ("RSA", hashes.SHA256(), None, "1.2.840.113549.1.1.11"),
        ("RSA", hashes.SHA512(), None, "1.2.840.113549.1.1.13"),
        ("RSA", hashes.SHA256(), pss(hashes.SHA256()), "1.2.840.113549.1.1.10"),
        ("RSA", hashes.SHA384(), pss(hashes.SHA384(), 20), "1.2.840.113549.1.1.10"),
        ("EC", hashes.SHA256(), None, "1.2.840.10045.4.3.2"),
        ("EC", hashes.SHA384(), None, "1.2.840.10045.4.3.3"),
        ("DSA", hashes.SHA256(), None, "2.16.840.1.101.3.4.3.2"),
        ("Ed25519", None, None, "1.3.101.112"),
        ("Ed448", None, None, "1.3.101.113"),
    ],
)
def test_a_signature_differs_from_a_false_one(keys_by_kind, kind, hash_, rsa_padding, oid):
    own, other = keys_by_kind[kind]
    certificate = self_signed(own, hash_, rsa_padding)
    assert certificate.signature_algorithm == oid
    assert certificate.is_self_signed
    assert certificate.verify(x509_reader.PublicKey(public_der(own))) is True
    assert certificate.verify(x509_reader.PublicKey(public_der(other))) is False
    changed = x509_reader.load(certificate.der.replace(b"dev-001", b"dev-002"))
    assert changed.verify(certificate.key) is False
    other_kind = keys_by_kind["EC" if kind.startswith("Ed") else "Ed25519"][0]
    if not kind.startswith("Ed"):
        assert certificate.verify(x509_reader.PublicKey(public_der(other_kind))) is False
        return
    with pytest.raises(x509_reader.UnknownSignature):
        certificate.verify(x509_reader.PublicKey(public_der(other_kind)))


def signed_as(key, algorithm: bytes, scheme, hash_) -> x509_reader.Request:
    """Return a request with this AlgorithmIdentifier and this signature."""
    name = tlv(0x30, tlv(0x31, tlv(0x30, COMMON_NAME, tlv(UTF8, b"x"))))
    info = tlv(0x30, b"\x02\x01\x00", name, public_der(key), b"\xa0\x00")
    signature = key.sign(info, scheme, hash_)
    return x509_reader.load(tlv(0x30, info, algorithm, tlv(3, b"\0", signature)))


PSS_OID = bytes.fromhex("06092a864886f70d01010a")

SHA384_OID, SHA512_OID = "0609608648016503040202", "0609608648016503040203"
SHA256_OID = bytes.fromhex("0609608648016503040201")
PSS_SHA512 = tlv(0xA0, tlv(0x30, bytes.fromhex(SHA512_OID)))


def pss_of(hash_oid: str) -> bytes:
    hash_ = tlv(0xA0, tlv(0x30, bytes.fromhex(hash_oid)))
    return tlv(0x30, PSS_OID, tlv(0x30, hash_))


@pytest.mark.parametrize(
    ("algorithm", "hash_"),
    [
        (tlv(0x30, PSS_OID, tlv(0x30)), hashes.SHA1()),  # the defaults of the standard
        (tlv(0x30, PSS_OID), hashes.SHA1()),
        (pss_of("06052b0e03021a"), hashes.SHA1()),
        (pss_of("0609608648016503040202"), hashes.SHA384()),
        (pss_of("0609608648016503040203"), hashes.SHA512()),
        (tlv(0x30, pss_of(SHA384_OID)[2:], tlv(0xA0, PSS_SHA512)), hashes.SHA384()),
    ],
)
def test_the_parameters_of_pss_are_those_in_the_file(key, algorithm, hash_):
    request = signed_as(key, algorithm, pss(hash_), hash_)
    assert request.verify(request.key)
    wrong = signed_as(key, algorithm, pss(hashes.SHA224()), hashes.SHA224())
    assert not wrong.verify(wrong.key)


@pytest.mark.parametrize(
    "algorithm",
    [
        pss_of("06022a03"),
        tlv(0x30, PSS_OID, tlv(0x30, tlv(0xA0, tlv(0x30)))),
        # The hash function is missing, and what follows is not it.
        tlv(0x30, PSS_OID, tlv(0x30, tlv(0xA0), tlv(0x30, SHA256_OID))),
        tlv(0x30, PSS_OID, tlv(0x30, tlv(0xA0, tlv(0x30)), SHA256_OID)),
        tlv(0x30, bytes.fromhex("06022a03")),
    ],
)
def test_a_signature_of_an_unknown_kind_is_neither_true_nor_false(key, algorithm):
    request = signed_as(key, algorithm, pss(hashes.SHA256()), hashes.SHA256())
    with pytest.raises(x509_reader.UnknownSignature):
        request.verify(request.key)


# --- Certificates ---------------------------------------------------------------------------------

ALGORITHM = bytes.fromhex("300d06092a864886f70d01010b0500")
TIMES = tlv(0x30, tlv(0x17, b"200101000000Z"), tlv(0x18, b"99991231235959Z"))
VERSION_3 = b"\xa0\x03\x02\x01\x02"


def name_of(text: str) -> bytes:
    return tlv(0x30, tlv(0x31, tlv(0x30, COMMON_NAME, tlv(UTF8, text.encode()))))


def certificate_der(
    key,
    *,
    version: bytes = VERSION_3,
    serial: bytes = b"\x02\x01\x07",
    times: bytes = TIMES,
    more: bytes = b"",
) -> bytes:
    """Return a certificate with any bytes in it, and a signature that is none."""
    parts = (version, serial, ALGORITHM, name_of("CA"), times, name_of("dev"), public_der(key))
    return tlv(0x30, tlv(0x30, *parts, more), ALGORITHM, tlv(3, b"\0" * 9))


def extension(oid: str, value: bytes, critical: bytes = b"") -> bytes:
    return tlv(0x30, bytes.fromhex(oid), critical, tlv(4, value))


def extensions(*parts: bytes) -> bytes:
    return tlv(0xA3, tlv(0x30, *parts))


CRITICAL, NOT_CRITICAL = b"\x01\x01\xff", b"\x01\x01\x00"


@pytest.mark.parametrize(
    ("tag", "written", "read"),
    [
        (0x17, "260301120000Z", "2026-03-01 12:00:00"),
        (0x17, "491231235958Z", "2049-12-31 23:59:58"),
        (0x17, "500101000000Z", "1950-01-01 00:00:00"),
        (0x17, "2603011234Z", "2026-03-01 12:34:00"),
        (0x17, "260301120000+0830", "2026-03-01 03:30:00"),
        (0x17, "260301120000-0830", "2026-03-01 20:30:00"),
        (0x17, "260301120000+1030", "2026-03-01 01:30:00"),
        (0x17, "260301120000", "2026-03-01 12:00:00"),
        (0x17, "260301235960Z", "2026-03-01 23:59:59"),
        (0x18, "20260301120000Z", "2026-03-01 12:00:00"),
        (0x18, "20260301120000.5Z", "2026-03-01 12:00:00"),
        (0x18, "20260301120000,123456789Z", "2026-03-01 12:00:00"),
        (0x18, "2026030112Z", "2026-03-01 12:00:00"),
        (0x18, "19491231235959Z", "1949-12-31 23:59:59"),
        (0x18, "00010101000000Z", "0001-01-01 00:00:00"),
        (0x17, "261301120000Z", "2026-13-01"),
        (0x17, "500230000000Z", "1950-02-30"),
        (0x18, "00000101000000Z", "0000-01-01"),
        (0x18, "99991231235959-0100", "9999-12-31"),
    ],
)
def test_a_time_is_read_as_der_and_ber_write_it(key, tag, written, read):
    usual = tlv(0x17, b"200101000000Z")
    odd = tlv(tag, written.encode())
    for times in ((odd, usual), (usual, odd)):
        certificate = x509_reader.load(certificate_der(key, times=tlv(0x30, *times)))
        both = [certificate.not_before, certificate.not_after]
        [found] = [one for one in both if str(one) != "2020-01-01 00:00:00+00:00"]
        if " " in read:
            assert str(found) == f"{read}+00:00"
            assert certificate.check_dates() == []
            continue
        assert found == read
        problem = Problem(Code.DATE_IMPOSSIBLE, values={"date": read})
        assert certificate.check_dates() == [problem]


def test_an_impossible_date_is_no_moment(key, monkeypatch):
    monkeypatch.undo()  # who asks for the moment has checked the dates, and knows the file
    possible, odd = tlv(0x17, b"200101000000Z"), tlv(0x17, b"261301000000Z")
    for times, attribute in (
        ((odd, possible), "not_valid_before_utc"),
        ((possible, odd), "not_valid_after_utc"),
    ):
        certificate = x509_reader.load(certificate_der(key, times=tlv(0x30, *times)))
        with pytest.raises(UnreadableFile) as caught:
            getattr(certificate, attribute)
        assert list(caught.value.problems) == certificate.check_dates()
        assert [one.values for one in caught.value.problems] == [{"date": "2026-13-01"}]


def test_of_two_impossible_dates_the_first_is_named(key):
    odd = tlv(0x30, tlv(0x17, b"261301000000Z"), tlv(0x17, b"271301000000Z"))
    certificate = x509_reader.load(certificate_der(key, times=odd))
    assert [one.values for one in certificate.check_dates()] == [{"date": "2026-13-01"}]


@pytest.mark.parametrize(
    "change",
    [
        {"times": tlv(0x30, tlv(0x17, b"26-03-01"), tlv(0x17, b"200101000000Z"))},
        {"times": tlv(0x30, tlv(0x16, b"20260301120000Z"), tlv(0x17, b"200101000000Z"))},
        {"times": tlv(0x30, tlv(0x17, b"200101000000Z"))},
        {"serial": tlv(2, b"\x01" * 101)},
        {"serial": tlv(4, b"\x01")},
        {"version": b"\xa0\x00"},
        {"more": tlv(0xA3)},  # no extensions are no field
    ],
)
def test_what_only_looks_like_a_certificate_is_none(key, change):
    assert x509_reader.load(certificate_der(key))
    assert x509_reader.load(certificate_der(key, **change)) is None


@pytest.mark.parametrize(
    ("version", "number"), [(b"", 1), (b"\xa0\x03\x02\x01\x00", 1), (VERSION_3, 3)]
)
def test_the_version_of_a_certificate(key, version, number):
    certificate = x509_reader.load(certificate_der(key, version=version))
    assert certificate.version == number
    assert (certificate.serial_number, certificate.extensions) == (7, ())
    assert [one.text for one in certificate.issuer] == ["CA"]
    assert [one.text for one in certificate.subject] == ["dev"]
    assert certificate.key.der == public_der(key)


@pytest.mark.parametrize(
    ("serial", "number"),
    [
        (b"\x00", 0),
        (b"\x7f", 127),
        (b"\xff", -1),
        (b"\0\xff", 255),
        (b"\x01" + bytes(99), 1 << 792),
    ],
)
def test_a_serial_number_may_be_any(key, serial, number):
    assert x509_reader.load(certificate_der(key, serial=tlv(2, serial))).serial_number == number


BASIC, SUBJECT_ID, AUTHORITY_ID = "0603551d13", "0603551d0e", "0603551d23"


@pytest.mark.parametrize(
    ("parts", "is_authority", "own_id", "issuer_id"),
    [
        ((), False, None, None),
        ((extension(BASIC, b"\x30\x03\x01\x01\xff", CRITICAL),), True, None, None),
        ((extension(BASIC, b"\x30\x03\x01\x01\x01"),), True, None, None),
        ((extension(BASIC, b"\x30\x03\x01\x01\x00", CRITICAL),), False, None, None),
        ((extension(BASIC, b"\x30\x00"),), False, None, None),
        ((extension(BASIC, b"\x30\x03\x02\x01\x01"),), False, None, None),
        ((extension(BASIC, b"\x30\x06\x01\x01\xff\x02\x01\x00"),), True, None, None),
        ((extension(BASIC, b"\x30\x80"),), False, None, None),
        ((extension(BASIC, b""),), False, None, None),
        ((extension(SUBJECT_ID, b"\x04\x02ab"),), False, b"ab", None),
        ((extension(SUBJECT_ID, b""),), False, None, None),
        ((extension(SUBJECT_ID, b"\x04\x80"),), False, None, None),
        ((extension(AUTHORITY_ID, b"\x30\x04\x80\x02cd"),), False, None, b"cd"),
        ((extension(AUTHORITY_ID, b"\x30\x07\x82\x01\x07\x80\x02cd"),), False, None, b"cd"),
        ((extension(AUTHORITY_ID, b"\x30\x03\x82\x01\x07"),), False, None, None),
        ((extension(AUTHORITY_ID, b"\x30\x80"),), False, None, None),
        (
            (
                extension(AUTHORITY_ID, b"\x30\x04\x80\x02cd"),
                extension(SUBJECT_ID, b"\x04\x02ab"),
                extension(BASIC, b"\x30\x03\x01\x01\xff"),
            ),
            True,
            b"ab",
            b"cd",
        ),
    ],
)
def test_what_the_extensions_of_a_certificate_say(key, parts, is_authority, own_id, issuer_id):
    certificate = x509_reader.load(certificate_der(key, more=extensions(*parts)))
    assert certificate.is_authority is is_authority
    assert certificate.subject_key_id == own_id
    assert certificate.authority_key_id == issuer_id
    assert len(certificate.extensions) == len(parts)


def test_an_extension_has_a_type_a_value_and_a_weight(key):
    parts = [
        extension(BASIC, b"\x30\x00", CRITICAL),
        extension("06022a03", b"x", NOT_CRITICAL),
        extension("06022a04", b"y"),
    ]
    unique_id = tlv(0x81, b"\0\1")
    certificate = x509_reader.load(certificate_der(key, more=unique_id + extensions(*parts)))
    assert certificate.extensions == (
        ("2.5.29.19", b"\x30\x00", True),
        ("1.2.3", b"x", False),
        ("1.2.4", b"y", False),
    )
    assert certificate.extension("1.2.4") == b"y"
    assert certificate.extension("1.2.5") is None


def test_only_so_many_extensions_are_read(key):
    parts = [extension("06022a03", b"x")] * 201
    certificate = x509_reader.load(certificate_der(key, more=extensions(*parts)))
    assert len(certificate.extensions) == 200


def test_only_so_many_fields_of_a_certificate_are_read(key):
    """Ten is the most that the standard has."""
    odd, parts = tlv(0x82, b"\0\1"), extensions(extension("06022a03", b"x"))
    certificate = x509_reader.load(certificate_der(key, more=odd * 4 + parts))
    assert [one.oid for one in certificate.extensions] == ["1.2.3"]
    certificate = x509_reader.load(certificate_der(key, more=odd * 5 + parts))
    assert certificate.extensions == ()


def test_extensions_that_cannot_be_read_are_none(key):
    odd = tlv(0xA3, tlv(0x30, tlv(0x30, b"\x04\x01x")))
    assert x509_reader.load(certificate_der(key, more=odd)).extensions == ()


def test_two_certificates_are_equal_when_their_bytes_are(key):
    first, second = (x509_reader.load(certificate_der(key)) for _number in range(2))
    other = x509_reader.load(certificate_der(key, serial=b"\x02\x01\x08"))
    assert len({first, second, other}) == 2
    assert x509_reader.load_all(first.der + other.der + second.der) == [first, other]


def test_the_bytes_that_came_in_are_written_as_pem(key, csr_pem):
    certificate = x509_reader.load(certificate_der(key))
    assert certificate.to_pem().startswith(b"-----BEGIN CERTIFICATE-----\n")
    assert x509_reader.read(certificate.to_pem()) == certificate
    assert x509_reader.read(csr_pem).to_pem() == csr_pem


@pytest.mark.parametrize(
    ("moment", "code", "date"),
    [
        ("2020-01-01 00:00:00", None, ""),
        ("2020-12-31 23:59:59", None, ""),
        ("2021-01-01 00:00:00", None, ""),
        ("2021-01-01 00:00:01", Code.CERTIFICATE_EXPIRED, "2021-01-01"),
        ("2019-12-31 23:59:59", Code.CERTIFICATE_NOT_YET_VALID, "2020-01-01"),
    ],
)
def test_a_certificate_is_valid_from_its_first_to_its_last_second(key, moment, code, date):
    times = tlv(0x30, tlv(0x17, b"200101000000Z"), tlv(0x17, b"210101000000Z"))
    certificate = x509_reader.load(certificate_der(key, times=times))
    now = datetime.datetime.fromisoformat(f"{moment}+00:00")
    expected = [Problem(code, values={"date": date})] if code else []
    assert x509_reader.check_validity(certificate, now) == expected


def test_an_impossible_date_is_reported_and_not_compared(key):
    times = tlv(0x30, tlv(0x17, b"200101000000Z"), tlv(0x17, b"211301000000Z"))
    certificate = x509_reader.load(certificate_der(key, times=times))
    now = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)
    assert [one.code for one in x509_reader.check_validity(certificate, now)] == [
        Code.DATE_IMPOSSIBLE
    ]


# --- Requests -------------------------------------------------------------------------------------


def request_with(
    key, *last: bytes, version: bytes = b"\x02\x01\x00"
) -> x509_reader.Existing | None:
    info = tlv(0x30, version, name_of("dev"), public_der(key), *last)
    return x509_reader.load(tlv(0x30, info, ALGORITHM, tlv(3, b"\0" * 9)))


ASKED = "06092a864886f70d01090e"
ASKED_BY_WINDOWS = "060a2b06010401823702010e"


def attribute(oid: str, *values: bytes) -> bytes:
    return tlv(0x30, bytes.fromhex(oid), tlv(0x31, *values))


def test_a_request_without_attributes_is_not_one_with_none(key):
    missing, empty = request_with(key), request_with(key, b"\xa0\x00")
    assert (missing.attributes, missing.extensions, missing.unreadable) == (None, (), False)
    assert (empty.attributes, empty.extensions, empty.unreadable) == ((), (), False)
    assert (empty.version, empty.key.der) == (0, public_der(key))
    assert request_with(key, b"\xa0\x00", version=b"\x02\x01\x02").version == 2


@pytest.mark.parametrize("oid", [ASKED, ASKED_BY_WINDOWS])
def test_the_extensions_that_a_request_asks_for(key, oid):
    password = attribute("06092a864886f70d010907", tlv(UTF8, b"hunter22"))
    wanted = tlv(0x30, extension(BASIC, b"\x30\x00", CRITICAL))
    request = request_with(key, tlv(0xA0, password, attribute(oid, wanted, wanted)))
    assert request.attributes[0].oid == "1.2.840.113549.1.9.7"
    assert [one.values for one in request.attributes] == [
        tlv(0x31, tlv(UTF8, b"hunter22")),
        tlv(0x31, wanted, wanted),
    ]
    assert request.extensions == (("2.5.29.19", b"\x30\x00", True),) * 2
    assert not request.unreadable


def test_attributes_that_cannot_be_read_are_reported(key):
    good = attribute("06092a864886f70d010907", tlv(UTF8, b"x"))
    for odd in (tlv(0x30, b"\x04\x01x"), attribute(ASKED, tlv(0x30, tlv(0x30, b"\x04\x01x")))):
        request = request_with(key, tlv(0xA0, good, odd))
        assert request.attributes[0].oid == "1.2.840.113549.1.9.7"
        assert request.unreadable


def test_only_so_many_attributes_are_read(key):
    one = attribute("06092a864886f70d010907", tlv(UTF8, b"x"))
    assert len(request_with(key, tlv(0xA0, one * 201)).attributes) == 200


@pytest.mark.parametrize(
    "last", [(b"\xa1\x00",), (b"\xa0\x00", b"\xa0\x00"), (b"\xa0\x00", b"\x05\x00")]
)
def test_what_only_looks_like_a_request_is_none(key, last):
    assert request_with(key, *last) is None
    assert request_with(key, b"\xa0\x00", version=b"\x04\x01\x00") is None


@pytest.mark.parametrize("algorithm", [tlv(0x30), tlv(0x30, b"\x04\x00"), tlv(0x30, b"\x06\x80")])
def test_what_has_no_signature_algorithm_is_none(key, algorithm):
    info = tlv(0x30, b"\x02\x01\x00", name_of("dev"), public_der(key), b"\xa0\x00")
    assert x509_reader.load(tlv(0x30, info, ALGORITHM, tlv(3, b"\0" * 9)))
    assert x509_reader.load(tlv(0x30, info, algorithm, tlv(3, b"\0" * 9))) is None


def test_what_follows_a_request_is_not_part_of_it(key):
    der = request_with(key, b"\xa0\x00").der
    assert x509_reader.load(der + b"\x30\x00").der == der
    assert x509_reader.load(b"\x31" + der[1:]) is None
    assert x509_reader.load(b"\x30\x00") is None
    assert x509_reader.load(b"") is None


# --- Names ----------------------------------------------------------------------------------------


def one_value(tag: int, content: bytes) -> distinguished_name.NameAttribute:
    der = tlv(0x30, tlv(0x31, tlv(0x30, COMMON_NAME, tlv(tag, content))))
    [found] = distinguished_name.read(der)
    return found


@pytest.mark.parametrize(
    ("tag", "content", "meant", "misread"),
    [
        (0x0C, "贵州".encode(), None, "贵州"),
        (0x0C, "贵州".encode("gbk"), "贵州", "����"),
        (0x0C, b"K\xf6ln", "Köln", "K�ln"),
        (0x13, b"K\xf6ln", "Köln", "K�ln"),
        (0x16, b"K\xf6ln", "Köln", "K�ln"),
        (0x14, b"K\xf6ln", None, "Köln"),
        (0x0C, "贵州".encode().decode("latin-1").encode(), "贵州", "è´µå·\x9e"),
        (0x0C, "Köln".encode().decode("cp1252").encode(), "Köln", "KÃ¶ln"),
        (0x0C, "é–".encode().decode("cp1252").encode(), "é–", "Ã©â€“"),
        (0x1E, "KÃ¶ln".encode("utf-16-be"), "Köln", "KÃ¶ln"),
        (0x0C, b"dev-001", None, "dev-001"),
        (0x03, b"\0K\xf6ln", None, "#0305004bf66c6e"),
    ],
)
def test_what_a_value_says_and_what_was_meant(tag, content, meant, misread):
    value = one_value(tag, content)
    assert value.probable_text == meant
    assert value.misread_text == misread


@pytest.mark.parametrize(
    ("tag", "content", "expected"),
    [
        (0x0C, "贵州".encode(), True),
        (0x0C, b"K\xf6ln", False),
        (0x13, b"Az09 '()+,./:=?-", True),
        (0x13, b"a_b", False),
        (0x16, b"a@b", True),
        (0x16, b"\xe9", False),
        (0x1A, b"\xe9", False),
        (0x12, b"\xe9", False),
        (0x12, b"12", True),
        (0x14, b"\xe9", True),
        (0x1B, b"\xe9", True),
        (0x1C, b"\0\0\0a", True),
        (0x1C, b"\0a", False),
        (0x1E, b"\0a", True),
        (0x1E, b"a", False),
        (0x03, b"\0", False),
    ],
)
def test_a_value_keeps_to_its_alphabet_or_not(tag, content, expected):
    assert one_value(tag, content).is_well_formed is expected
    name = tlv(0x30, tlv(0x31, tlv(0x30, COMMON_NAME, tlv(tag, content))))
    assert distinguished_name.read(name).well_formed is expected


SAME = [
    (0x0C, b"Example CA"),
    (0x13, b"  EXAMPLE   ca "),
    (0x1E, "Ｅxample CA".encode("utf-16-be")),
]


def test_names_that_are_one_to_the_standard():
    names = [
        distinguished_name.read(tlv(0x30, tlv(0x31, tlv(0x30, COMMON_NAME, tlv(tag, content)))))
        for tag, content in SAME
    ]
    assert len({name.canonical for name in names}) == 1
    for tag, content in ((0x0C, b"Example CB"), (0x03, b"Example CA"), (0x0C, b"ExampleCA")):
        name = tlv(0x30, tlv(0x31, tlv(0x30, COMMON_NAME, tlv(tag, content))))
        assert distinguished_name.read(name).canonical != names[0].canonical


def test_a_long_value_is_compared_as_it_stands():
    assert one_value(0x0C, b"X" * 900).canonical == one_value(0x13, b"x" * 900).canonical
    assert one_value(0x0C, b"X" * 1100).canonical == one_value(0x13, b"X" * 1100).canonical
    assert one_value(0x0C, b"X" * 1100).canonical != one_value(0x13, b"x" * 1100).canonical
    assert one_value(0x03, b"\0x").canonical != one_value(0x0C, b"\0x").canonical


ORGANIZATION = bytes.fromhex("060355040a")


def pair(oid: bytes, text: bytes) -> bytes:
    return tlv(0x30, oid, tlv(UTF8, text))


@pytest.mark.parametrize(
    ("rdns", "expected"),
    [
        ([[pair(COMMON_NAME, b"a"), pair(ORGANIZATION, b"b")]], True),
        ([[pair(ORGANIZATION, b"b"), pair(COMMON_NAME, b"a")]], False),
        ([[pair(COMMON_NAME, b"a"), pair(COMMON_NAME, b"a")]], False),
        ([[]], False),
        ([], True),
        ([[pair(COMMON_NAME, b"\xff")], [pair(ORGANIZATION, b"b")]], False),
        ([[pair(COMMON_NAME, b"a")], []], False),
    ],
)
def test_a_name_is_well_formed_or_not(rdns, expected):
    name = distinguished_name.read(tlv(0x30, *(tlv(0x31, *parts) for parts in rdns)))
    assert name.well_formed is expected
    assert not name.truncated
    assert all(name.rdns)


@pytest.mark.parametrize("shape", ["RDNs", "attributes"])
def test_a_name_has_so_many_attributes_at_most(shape):
    def name(count: int) -> distinguished_name.Name:
        one = pair(COMMON_NAME, b"a")
        ordered = [pair(COMMON_NAME, b"%03d" % number) for number in range(count)]
        inside = tlv(0x31, one) * count if shape == "RDNs" else tlv(0x31, *ordered)
        return distinguished_name.read(tlv(0x30, inside))

    whole, cut = name(200), name(201)
    assert (len(list(whole)), whole.truncated, whole.well_formed) == (200, False, True)
    assert (cut.truncated, cut.well_formed, cut.canonical) == (True, False, cut.der)
    assert len(list(cut)) == (200 if shape == "RDNs" else 0)
    assert name(202).canonical != cut.canonical


def test_a_name_in_other_bytes_is_read_with_its_own():
    der = tlv(0x30, tlv(0x31, pair(COMMON_NAME, b"a")))
    whole = distinguished_name.read(der)
    assert (whole.der, whole.texts("2.5.4.3"), whole.texts("2.5.4.10")) == (der, ["a"], [])
    around = b"\x05\x00" + der + b"\x05\x00"
    place = next(one for one in der_values(around) if one.tag == 0x30)
    assert distinguished_name.read(around, place) == whole
    for odd in (around, tlv(0x30, tlv(0x30, pair(COMMON_NAME, b"a"))), b"", b"\x30\x80"):
        with pytest.raises(ValueError, match=r"."):
            distinguished_name.read(odd)
    with pytest.raises(ValueError, match=r"^not a name$"):
        distinguished_name.read(tlv(0x30, tlv(0x30, pair(COMMON_NAME, b"a"))))


@pytest.mark.parametrize(
    ("attributes", "called"),
    [
        ([(ORGANIZATION, b"Wind"), (COMMON_NAME, b"dev-001")], "dev-001"),
        ([(ORGANIZATION, b"Wind"), (bytes.fromhex("060355040b"), b"Ops")], "O = Wind, OU = Ops"),
        ([(COMMON_NAME, b""), (bytes.fromhex("0603550405"), b"7")], "CN = , serialNumber = 7"),
        ([(COMMON_NAME, b"x" * 201)], "x" * 200),
        ([], ""),
    ],
)
def test_what_the_owner_of_a_name_is_called(attributes, called):
    rdns = [tlv(0x31, pair(oid, text)) for oid, text in attributes]
    assert distinguished_name.short_name(distinguished_name.read(tlv(0x30, *rdns))) == called


@pytest.mark.parametrize(
    ("oid", "called"),
    [
        ("2.5.4.3", "commonName"),
        ("1.2.840.113549.1.1.11", "sha256WithRSAEncryption"),
        ("1.3.6.1.4.1.311.20.2", "Windows certificate type"),
        ("1.2.3.4", "1.2.3.4"),
        ("9.9.9", "9.9.9"),
    ],
)
def test_what_a_number_is_called(oid, called):
    assert distinguished_name.oid_name(oid) == called


@pytest.mark.parametrize(
    ("rdns", "answers", "left_out"),
    [
        # EnOS knows the device by its common name, also where that is combined with others.
        (
            [[(COMMON_NAME, b"dev"), (ORGANIZATION, b"Wind")]],
            {"common_name": "dev"},
            [("O", "Wind", SkipReason.COMBINED)],
        ),
        (
            [[(bytes.fromhex("060355040b"), b"Ops"), (ORGANIZATION, b"Wind")]],
            {},
            [("OU", "Ops", SkipReason.COMBINED), ("O", "Wind", SkipReason.COMBINED)],
        ),
        (
            [[(COMMON_NAME, b"dev"), (ORGANIZATION, b"Wind")], [(COMMON_NAME, b"own")]],
            {"common_name": "own"},
            [("CN", "dev", SkipReason.COMBINED), ("O", "Wind", SkipReason.COMBINED)],
        ),
        (
            [
                [(COMMON_NAME, b"dev"), (ORGANIZATION, b"Wind")],
                [(COMMON_NAME, b"2nd"), (ORGANIZATION, b"Sun")],
            ],
            {"common_name": "dev"},
            [
                ("O", "Wind", SkipReason.COMBINED),
                ("CN", "2nd", SkipReason.COMBINED),
                ("O", "Sun", SkipReason.COMBINED),
            ],
        ),
    ],
)
def test_a_common_name_that_is_combined_is_taken_where_there_is_no_other(rdns, answers, left_out):
    written = [tlv(0x31, *(pair(oid, text) for oid, text in rdn)) for rdn in rdns]
    taken = answers_from(distinguished_name.read(tlv(0x30, *written)))
    assert (dict(taken.answers), list(taken.left_out)) == (answers, left_out)


def test_a_text_that_was_misread_is_reported_with_its_field():
    rdns = [
        tlv(0x31, pair(ORGANIZATION, "Köln".encode().decode("latin-1").encode())),
        tlv(0x31, pair(COMMON_NAME, b"dev")),
        tlv(0x31, pair(bytes.fromhex("0603550405"), b"K\xf6ln")),  # no field of ours
        tlv(0x31, pair(bytes.fromhex("060355040b"), b"K\xf6ln")),
    ]
    found = distinguished_name.check_texts(distinguished_name.read(tlv(0x30, *rdns)))
    assert found == [
        Problem(Code.TEXT_MISREAD, "organization", values={"given": "KÃ¶ln", "meant": "Köln"}),
        Problem(Code.TEXT_MISREAD, "unit", values={"given": "K�ln", "meant": "Köln"}),
    ]
