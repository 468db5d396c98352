"""What is in a file: every kind, made by the programs that make them; every rule broken once."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ed25519
from hypothesis import given, settings
from hypothesis import strategies as st

from enos_csr_gui.core import asn1, keys, reader
from enos_csr_gui.core import inspect as inspection
from enos_csr_gui.core.asn1 import der_value, der_values
from enos_csr_gui.core.enums import ContentKind, Level, Rule
from enos_csr_gui.core.errors import Code, Problem
from enos_csr_gui.core.subject import SUBJECT_FIELDS

DER = serialization.Encoding.DER
GOOD = "/C=CN/ST=Guizhou/L=Kaili/O=Example Wind Ltd/OU=Operations/CN=dev-001"
FORMS = pytest.mark.parametrize("form", ["PEM", "DER"])


def inspect(data: bytes, **more) -> list[inspection.InspectedItem]:
    return inspection.inspect(Path("file"), data, **more)


def only(data: bytes, **more) -> inspection.InspectedItem:
    [found] = inspect(data, **more)
    return found


def codes(found: inspection.InspectedItem) -> list[Code]:
    return [problem.code for problem in found.problems]


def failed(found: inspection.InspectedItem) -> list[str]:
    """The rules that EnOS refuses the request for."""
    return [result.field or result.rule for result in found.rules if not result.passed]


def odd(found: inspection.InspectedItem) -> list[str]:
    """The rules that something is said about."""
    rules = (result for result in found.rules if result.level is not Level.IN_ORDER)
    return [result.field or result.rule for result in rules]


def said(found: inspection.InspectedItem) -> list[Code]:
    """What is said about the request, whatever its level."""
    return [problem.code for problem in (*found.problems, *found.warnings)]


@pytest.fixture
def make(openssl, tmp_path, key_pem):
    """Return a function that runs OpenSSL with our key in 'key' and returns what it wrote."""
    (tmp_path / "key").write_bytes(key_pem)
    (tmp_path / "passphrase").write_text("open sesame\n")

    def run(command: str, *words: str) -> bytes:
        target = tmp_path / "made"
        places = {"key": tmp_path / "key", "secret": f"file:{tmp_path / 'passphrase'}"}
        arguments = [word.format(**places) for word in command.split()]
        openssl(*arguments, *words, "-out", target)
        return target.read_bytes()

    run.folder = tmp_path
    return run


def request_of(make, subject: str = GOOD, *words: str) -> bytes:
    return make("req -new -utf8 -key {key} -subj", subject, *words)


def test_a_request_of_openssl_is_acceptable(make, key):
    found = only(request_of(make))

    assert (found.kind, found.form, found.acceptable) == (ContentKind.REQUEST, "PEM", True)
    assert "/" + "/".join("=".join(pair) for pair in found.subject) == GOOD
    assert found.key == ("RSA", 2048, keys.public_key_sha256(key.public_key()))
    assert found.signature_algorithm == "sha256WithRSAEncryption"
    assert len(found.rules) == 9 + len(SUBJECT_FIELDS)
    assert all(result.passed for result in found.rules)
    assert not found.problems
    assert not found.warnings


def test_our_own_request_is_acceptable(csr_pem, answers):
    found = only(csr_pem)
    assert found.acceptable
    assert [value for _name, value in found.subject] == list(answers.values())


def test_a_request_in_der_is_read_and_not_acceptable(make):
    found = only(request_of(make, GOOD, "-outform", "DER"))
    assert (found.kind, found.form, found.acceptable) == (ContentKind.REQUEST, "DER", False)
    assert codes(found) == [Code.NOT_PEM]


@pytest.mark.parametrize(
    ("subject", "rule", "code"),
    [
        (GOOD.replace("/ST=Guizhou", ""), "state", Code.REQUIRED),
        (GOOD.replace("dev-001", ""), "common_name", Code.REQUIRED),
        (GOOD.replace("C=CN", "C=UK"), "country", Code.NOT_A_COUNTRY),
        (GOOD.replace("dev-001", "a\u200bb"), "common_name", Code.INVISIBLE_CHARACTER),
        (GOOD.replace("Guizhou", "\t" * 60 + "Guizhou"), "state", Code.TOO_LONG),
        (GOOD.replace("Guizhou", "e\u0301" * 33), "state", Code.TOO_LONG),
        (GOOD.replace("Guizhou", "x" * 65), "state", Code.TOO_LONG),
        (GOOD + "/emailAddress=nobody", "email", Code.NOT_AN_ADDRESS),
        (GOOD.replace("/OU=", "/OU=a/OU="), "unit", Code.ATTRIBUTE_REPEATED),
        (GOOD.replace("/CN=dev-001", "") + "/CN=x/serialNumber=7", "subject-extras", None),
        ("/CN=dev-001" + GOOD.replace("/CN=dev-001", ""), "order", Code.ATTRIBUTE_ORDER),
        (GOOD.replace("/OU=", "+OU="), "order", Code.ATTRIBUTES_COMBINED),
    ],
)
def test_each_rule_about_the_subject(make, subject, rule, code):
    found = only(request_of(make, subject))
    assert odd(found) == [rule]
    assert said(found) == [code or Code.ATTRIBUTE_UNKNOWN]
    refused = code in (Code.REQUIRED, Code.TOO_LONG)
    assert found.acceptable is not refused
    assert failed(found) == ([rule] if refused else [])


@pytest.mark.parametrize(
    ("words", "rules"),
    [
        (["-sha1"], ["hash"]),
        (["-md5"], ["hash"]),
        (["-sha512"], ["hash"]),
        (["-sigopt", "rsa_padding_mode:pss"], ["hash"]),
        (["-addext", "subjectAltName=DNS:a"], ["request-extras"]),
    ],
)
def test_each_rule_about_the_request(make, words, rules):
    found = only(request_of(make, GOOD, *words))
    assert odd(found) == rules
    assert found.acceptable is (rules == ["request-extras"])


def test_the_questions_that_were_to_be_skipped(make, tmp_path):
    (tmp_path / "conf").write_text(
        "[req]\ndistinguished_name=dn\nattributes=extra\nprompt=no\n"
        f"[dn]{GOOD.replace('/', chr(10))}\n"
        "[extra]\nchallengePassword=hunter22\nunstructuredName=us\n"
    )
    found = only(make("req -new -key {key} -config", str(tmp_path / "conf")))
    assert (odd(found), found.acceptable) == (["request-extras"], True)
    named = [problem.values["attribute"] for problem in found.warnings]
    assert sorted(named) == ["challengePassword", "unstructuredName"]
    assert "hunter22" not in repr(found)


@pytest.mark.long
@pytest.mark.parametrize(
    ("algorithm", "facts", "code"),
    [
        (["rsa:1024"], ("RSA", 1024), Code.KEY_SIZE),
        (["rsa:3072"], ("RSA", 3072), Code.KEY_SIZE),
        (["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], ("EC secp256r1", 256), Code.KEY_NOT_RSA),
        (["ed25519"], ("Ed25519", None), Code.KEY_NOT_RSA),
    ],
)
@FORMS
def test_other_keys(make, algorithm, facts, code, form):
    key_file = str(make.folder / "other")
    words = ["-newkey", *algorithm, "-nodes", "-keyout", key_file, "-subj", GOOD]
    found = only(make("req -new", *words, "-outform", form))
    assert code in codes(found)
    assert "key" in failed(found)
    assert "signature" not in failed(found)
    assert found.key[:2] == facts

    private = only(make(f"pkey -in {key_file} -outform {form}"))
    public = only(make(f"pkey -in {key_file} -pubout -outform {form}"))
    assert (private.kind, public.kind) == (ContentKind.PRIVATE_KEY, ContentKind.PUBLIC_KEY)
    assert private.key == public.key == found.key


def test_a_false_signature(csr_pem):
    der = x509.load_pem_x509_csr(csr_pem).public_bytes(DER)
    changed = der.replace(b"dev-001", b"dev-002")
    found = only(changed)
    assert failed(found) == ["form", "signature"]
    assert Code.SIGNATURE_FALSE in codes(found)
    assert ("CN", "dev-002") in found.subject


def test_a_name_that_is_no_printable_string_is_judged_by_its_true_signature(key, csr_pem):
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    der = x509.load_pem_x509_csr(csr_pem).public_bytes(DER)
    old, new = b"\x0c\x07dev-001", b"\x13\x07dev_001"
    [whole] = der_values(der)
    part = next(der_values(der, whole.inside, whole.end))
    changed = der[part.start : part.end].replace(old, new)
    signature = key.sign(changed, padding.PKCS1v15(), hashes.SHA256())
    genuine = only(der[: part.start] + changed + der[part.end : -256] + signature)
    assert (failed(genuine), odd(genuine)) == (["form"], ["form", "order"])
    assert Code.NAME_MALFORMED in said(genuine)
    assert ("CN", "dev_001") in genuine.subject

    false = only(der.replace(old, new))
    assert failed(false) == ["form", "signature"]


@FORMS
@pytest.mark.parametrize(
    "command",
    [
        "pkey -in {key}",
        "rsa -in {key} -traditional",
        "pkcs8 -topk8 -nocrypt -in {key}",
    ],
)
def test_a_private_key_is_warned_about(make, key, command, form):
    found = only(make(f"{command} -outform {form}"))
    assert (found.kind, found.form, found.protected) == (ContentKind.PRIVATE_KEY, form, False)
    assert found.key == ("RSA", 2048, keys.public_key_sha256(key.public_key()))
    assert [warning.code for warning in found.warnings] == [Code.SECRET_INSIDE]
    assert found.acceptable is None
    assert inspection.is_in_order([found])


@pytest.mark.parametrize(
    "command",
    [
        "pkcs8 -topk8 -in {key} -passout {secret}",
        "pkcs8 -topk8 -in {key} -passout {secret} -outform DER",
        "pkcs8 -topk8 -v1 PBE-SHA1-3DES -in {key} -passout {secret} -outform DER",
        "rsa -in {key} -traditional -aes256 -passout {secret}",
    ],
)
def test_a_protected_key_is_recognised_and_not_opened(make, command):
    found = only(make(command))
    assert (found.kind, found.protected, found.key) == (ContentKind.PRIVATE_KEY, True, None)
    assert [warning.code for warning in found.warnings] == [Code.SECRET_INSIDE]
    assert inspection.is_in_order([found])


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="no ssh-keygen (OpenSSH)")
@pytest.mark.parametrize("passphrase", ["", "open sesame"])
def test_a_key_of_openssh(tmp_path, passphrase):
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", str(tmp_path / "key")]
    subprocess.run(words, check=True, capture_output=True)
    found = only((tmp_path / "key").read_bytes())
    assert (found.kind, found.protected) == (ContentKind.PRIVATE_KEY, bool(passphrase))
    assert [warning.code for warning in found.warnings] == [Code.SECRET_INSIDE]


@FORMS
@pytest.mark.parametrize("traditional", ["", "-traditional"])
def test_a_dsa_key_is_recognised(make, traditional, form):
    (make.folder / "parameters").write_bytes(
        make("genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:1024")
    )
    (make.folder / "dsa").write_bytes(make(f"genpkey -paramfile {make.folder / 'parameters'}"))
    data = make(f"pkey -in {make.folder / 'dsa'} -outform {form} {traditional}")
    found = only(data)
    assert (found.kind, found.form, found.problems) == (ContentKind.PRIVATE_KEY, form, ())
    assert found.key[:2] == ("DSA", 1024)
    assert [warning.code for warning in found.warnings] == [Code.SECRET_INSIDE]


@FORMS
@pytest.mark.parametrize("command", ["pkey -in {key} -pubout", "rsa -in {key} -RSAPublicKey_out"])
def test_a_public_key(make, key, command, form):
    found = only(make(f"{command} -outform {form}"))
    assert (found.kind, found.form, found.warnings) == (ContentKind.PUBLIC_KEY, form, ())
    assert found.key.public_key_sha256 == keys.public_key_sha256(key.public_key())


def test_a_public_key_without_its_algorithm_is_one_of_rsa(key):
    der = key.public_key().public_bytes(DER, serialization.PublicFormat.PKCS1)
    found = only(der)
    assert (found.kind, found.problems) == (ContentKind.PUBLIC_KEY, ())
    assert found.key == ("RSA", 2048, keys.public_key_sha256(key.public_key()))


def certificate_of(make, *words: str) -> bytes:
    return make("req -x509 -key {key} -days 30 -set_serial 4711 -subj", GOOD, *words)


@FORMS
def test_a_certificate(make, openssl, tmp_path, key, form):
    found = only(certificate_of(make, "-outform", form))
    shown = openssl(
        "x509", "-in", tmp_path / "made", "-noout", "-fingerprint", "-sha256", "-enddate"
    )
    assert (found.kind, found.form, found.acceptable) == (ContentKind.CERTIFICATE, form, None)
    assert found.subject == found.issuer
    assert found.subject[-1] == ("CN", "dev-001")
    assert found.serial_number == 4711
    assert found.key.public_key_sha256 == keys.public_key_sha256(key.public_key())
    assert found.certificate_sha256.upper() in shown.replace(":", "")
    assert f"{found.valid_to:%H:%M:%S %Y GMT}" in shown
    assert (found.valid_to - found.valid_from).days == 30
    assert found.signature_algorithm == "sha256WithRSAEncryption"
    assert (found.is_authority, found.is_self_signed) == (True, True)
    assert not found.warnings


def test_the_certificate_of_an_authority_names_both(make):
    (make.folder / "ca").write_bytes(certificate_of(make, "-subj", "/CN=authority"))
    (make.folder / "csr").write_bytes(request_of(make))
    command = f"x509 -req -in {make.folder / 'csr'} -CA {make.folder / 'ca'} -CAkey {{key}}"
    found = only(make(f"{command} -set_serial 1"))
    assert found.issuer == (("CN", "authority"),)
    assert found.subject[-1] == ("CN", "dev-001")
    assert (found.is_authority, found.is_self_signed) == (False, False)


def test_a_certificate_out_of_its_time(make):
    data = certificate_of(make)
    early = only(data, now=datetime(2000, 1, 1, tzinfo=UTC))
    late = only(data, now=datetime(2100, 1, 1, tzinfo=UTC))
    assert [w.code for w in early.warnings] == [Code.CERTIFICATE_NOT_YET_VALID]
    assert [w.code for w in late.warnings] == [Code.CHAIN_EXPIRED]
    words = ("-addext", "basicConstraints=critical,CA:FALSE")
    late = only(certificate_of(make, *words), now=datetime(2100, 1, 1, tzinfo=UTC))
    assert [w.code for w in late.warnings] == [Code.CERTIFICATE_EXPIRED]


@FORMS
def test_the_certificates_of_pkcs7(make, tmp_path, form):
    certificate = tmp_path / "cert"
    certificate.write_bytes(certificate_of(make))
    words = ["-certfile", str(certificate), "-certfile", str(certificate)]
    found = inspect(make(f"crl2pkcs7 -nocrl -outform {form}", *words))
    assert [one.kind for one in found] == [ContentKind.CERTIFICATE] * 2
    assert found[0].certificate_sha256 == only(certificate.read_bytes()).certificate_sha256


def test_openssls_trusted_certificate(make, tmp_path):
    (tmp_path / "cert").write_bytes(certificate_of(make))
    trusted = make(f"x509 -in {tmp_path / 'cert'} -trustout -addtrust clientAuth")
    assert b"TRUSTED CERTIFICATE" in trusted
    assert (
        only(trusted).certificate_sha256
        == only((tmp_path / "cert").read_bytes()).certificate_sha256
    )


@pytest.mark.parametrize("more", ["", "-legacy", "-nomac", "-certpbe NONE -keypbe NONE"])
def test_pkcs12_is_recognised_and_not_opened(make, tmp_path, more):
    (tmp_path / "cert").write_bytes(certificate_of(make))
    words = f"-inkey {{key}} -in {tmp_path / 'cert'} -passout {{secret}} {more}"
    try:
        data = make(f"pkcs12 -export {words}")
    except AssertionError:
        pytest.skip("this OpenSSL has no such cipher")
    found = only(data)
    assert (found.kind, found.form, found.protected) == (ContentKind.PKCS12, "DER", True)
    assert [warning.code for warning in found.warnings] == [Code.SECRET_POSSIBLE]
    assert inspection.is_in_order([found])


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("keytool"), reason="no keytool (a Java Development Kit)")
@pytest.mark.parametrize("kind", [ContentKind.PKCS12, ContentKind.JAVA_KEYSTORE])
def test_what_keytool_makes(tmp_path, kind):
    def keytool(*words: str) -> bytes:
        store = ["-keystore", str(tmp_path / "s"), "-storepass", "changeit", "-alias", "a"]
        return subprocess.run(["keytool", *words, *store], check=True, capture_output=True).stdout

    name = "CN=dev 1, OU=Ops, O=Wind, L=Kaili, ST=Guizhou, C=CN"
    type_ = "PKCS12" if kind is ContentKind.PKCS12 else "JKS"
    keytool("-genkeypair", "-keyalg", "RSA", "-keysize", "2048", "-dname", name, "-storetype",
            type_, "-keypass", "changeit")  # fmt: skip
    csr = only(keytool("-certreq"))
    certificate = only(keytool("-exportcert"))

    assert only((tmp_path / "s").read_bytes()).kind is kind
    # keytool asks for a subject key identifier, and nothing else is wrong.
    assert csr.acceptable
    assert odd(csr) in (["request-extras"], [])
    assert (certificate.kind, certificate.form) == (ContentKind.CERTIFICATE, "DER")
    assert certificate.subject == csr.subject
    assert inspection.companions([csr, certificate]) == [(1,), (0,)]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("certtool"), reason="no certtool (package gnutls-bin)")
def test_what_certtool_makes(tmp_path):
    (tmp_path / "template").write_text('country="CN"\nstate="Guizhou"\ncn="dev"\n')
    key_file = str(tmp_path / "key")
    subprocess.run(
        ["certtool", "--generate-privkey", "--rsa", "--bits", "2048", "--outfile", key_file],
        check=True,
        capture_output=True,
    )
    csr = subprocess.run(
        [
            "certtool",
            "--generate-request",
            "--load-privkey",
            key_file,
            "--template",
            str(tmp_path / "template"),
        ],
        check=True,
        capture_output=True,
    ).stdout
    found = [only(csr), only(Path(key_file).read_bytes())]
    assert [one.kind for one in found] == [ContentKind.REQUEST, ContentKind.PRIVATE_KEY]
    assert inspection.companions(found) == [(1,), (0,)]


def test_what_belongs_to_what_in_a_bundle_and_beside_it(make, key_pem, tmp_path):
    other = keys.to_pem(keys.generate())
    bundle = certificate_of(make) + other + make("pkey -in {key} -pubout") + request_of(make)
    found = [*inspect(bundle), only(key_pem)]
    kinds = [
        ContentKind.CERTIFICATE,
        ContentKind.PRIVATE_KEY,
        ContentKind.PUBLIC_KEY,
        ContentKind.REQUEST,
        ContentKind.PRIVATE_KEY,
    ]
    assert [one.kind for one in found] == kinds
    assert inspection.companions(found) == [(2, 3, 4), (), (0, 3, 4), (0, 2, 4), (0, 2, 3)]


@pytest.mark.parametrize("key_first", [True, False])
def test_a_request_with_a_key_in_its_file_is_not_acceptable(csr_pem, key_pem, key_first):
    found = inspect(key_pem + csr_pem if key_first else csr_pem + key_pem)
    [csr] = (one for one in found if one.kind is ContentKind.REQUEST)
    assert failed(csr) == ["alone"]
    assert codes(csr) == [Code.KEY_INSIDE]


@pytest.mark.parametrize(
    "change",
    [
        lambda pem: pem.replace(b"\n", b"\r\n"),
        lambda pem: b"\xef\xbb\xbf" + pem,
        lambda pem: b"Certificate Request:\n    Data:\n" + pem + b"\nthe end",
        lambda pem: pem.replace(b"CERTIFICATE", b"NEW CERTIFICATE"),
    ],
)
def test_pem_as_it_is_met(csr_pem, change):
    assert only(change(csr_pem)).acceptable


def test_utf_16_is_read_and_not_acceptable(csr_pem):
    assert failed(only(csr_pem.decode().encode("utf-16"))) == ["form"]


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("CERTIFICATE REQUEST", ContentKind.REQUEST),
        ("CERTIFICATE", ContentKind.CERTIFICATE),
        ("PRIVATE KEY", ContentKind.PRIVATE_KEY),
        ("OPENSSH PRIVATE KEY", ContentKind.PRIVATE_KEY),
        ("PUBLIC KEY", ContentKind.PUBLIC_KEY),
        ("PKCS12", ContentKind.PKCS12),
    ],
)
@pytest.mark.parametrize(
    "body", ["AAA\n-----END {}-----", "!!!\n-----END {}-----", "AAAA", "", "MIIB\n-----END {}---"]
)
def test_a_damaged_thing_is_still_called_by_its_name(label, kind, body):
    found = only(f"-----BEGIN {label}-----\n{body}".format(label).encode())
    assert found.kind is kind
    assert codes(found) == [Code.DAMAGED]
    assert bool(found.warnings) == (found.kind is ContentKind.PRIVATE_KEY)
    assert not inspection.is_in_order([found])
    assert found.acceptable in (False, None)


def test_a_cut_off_thing_does_not_swallow_the_next(csr_pem):
    cut, whole = inspect(csr_pem[:400] + b"\n" + csr_pem)
    assert codes(cut) == [Code.DAMAGED]
    assert whole.acceptable


def test_a_wrong_label_deceives_nobody(csr_pem, key_pem):
    assert only(csr_pem.replace(b"CERTIFICATE REQUEST", b"PUBLIC KEY")).kind is ContentKind.REQUEST
    hidden = only(key_pem.replace(b"PRIVATE KEY", b"CERTIFICATE REQUEST"))
    assert (hidden.kind, len(hidden.warnings)) == (ContentKind.PRIVATE_KEY, 1)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", Code.FILE_EMPTY),
        (b" \r\n\n", Code.FILE_EMPTY),
        (b"Hello", Code.NOTHING_KNOWN),
        (b"\x30\x82\x01\x00", Code.NOTHING_KNOWN),
        (b"\x30", Code.NOTHING_KNOWN),
        (b"\x89PNG\r\n\x1a\n", Code.NOTHING_KNOWN),
        (b"\x30\x84\xff\xff\xff\xff" + b"x" * 100, Code.NOTHING_KNOWN),
        (b"\x30\xff" + b"\xff" * 200, Code.NOTHING_KNOWN),
        (b"0" * (1 << 20), Code.NOTHING_KNOWN),
    ],
)
def test_nothing_known(data, code):
    found = only(data)
    assert (found.file, found.kind, found.acceptable) == (Path("file"), ContentKind.UNKNOWN, None)
    assert found.problems == (Problem(code, path=Path("file")),)


def test_what_enos_does_not_ask_for(make):
    parameters = make("ecparam -name prime256v1")
    found = inspect(parameters)
    assert [one.kind for one in found] == [ContentKind.OTHER, ContentKind.UNKNOWN]
    assert found[0].label == "EC PARAMETERS"
    assert codes(found[1]) == [Code.NOTHING_KNOWN]
    key = make("ecparam -name prime256v1 -genkey")
    assert [one.kind for one in inspect(key)] == [ContentKind.OTHER, ContentKind.PRIVATE_KEY]
    der = make("ecparam -name prime256v1 -genkey -noout -outform DER")
    assert [one.key[:2] for one in (inspect(key)[1], only(der))] == [("EC secp256r1", 256)] * 2
    assert inspection.is_in_order(inspect(key))


def test_every_prefix_of_a_request_is_judged_without_a_crash(csr_pem):
    der = x509.load_pem_x509_csr(csr_pem).public_bytes(DER)
    for whole in (csr_pem, der):
        for end in range(0, len(whole) - 2, 7):
            found = inspect(whole[:end])
            assert not inspection.is_in_order(found)


@pytest.mark.usefixtures("bounded")
def test_files_are_read_by_what_they_hold_and_not_by_their_name(tmp_path, csr_pem, key_pem):
    (tmp_path / "photo.jpg").write_bytes(csr_pem)
    (tmp_path / "dev.csr").write_bytes(key_pem)
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(100 << 20)
    names = ["photo.jpg", "dev.csr", "huge", "none"]
    found = inspection.inspect_files(tmp_path / name for name in names)
    assert [one.file for one in found] == [tmp_path / name for name in names]
    kinds = [ContentKind.REQUEST, ContentKind.PRIVATE_KEY, *[ContentKind.UNKNOWN] * 2]
    assert [one.kind for one in found] == kinds
    assert [codes(one) for one in found[2:]] == [
        [Code.FILE_TOO_LARGE],
        [Code.FILE_MISSING],
    ]


@pytest.mark.parametrize(
    "piece",
    [
        b"-----BEGIN X-----\n",
        b"-----BEGIN CERTIFICATE REQUEST-----\n",
        b"-----BEGIN A-----\n-----END A-----\n",
        b"-----BEGIN ",
        b"\x30\x80",
        b"\x30\x00",
        b"\n",
        b"A: b\n",
    ],
)
@pytest.mark.usefixtures("bounded")
def test_a_file_made_to_keep_us_busy_does_not(piece):
    found = inspect(piece * ((1 << 20) // len(piece)))
    assert len(found) <= reader.MAX_OBJECTS + 1


@pytest.mark.usefixtures("bounded")
def test_many_private_keys_are_recognised_quickly(key_pem):
    found = inspect(key_pem * 400)
    assert all(one.key for one in found)


@pytest.mark.long
def test_so_many_objects_and_no_more(csr_pem):
    found = inspect(csr_pem * (reader.MAX_OBJECTS + 3))
    assert len(found) == reader.MAX_OBJECTS + 1
    assert codes(found[-1]) == [Code.TOO_MANY_OBJECTS]
    assert all(one.acceptable for one in found[:-1])


LABELS = st.sampled_from(
    ["CERTIFICATE REQUEST", "CERTIFICATE", "PRIVATE KEY", "RSA PRIVATE KEY", "PUBLIC KEY",
     "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY", "EC PRIVATE KEY", "PKCS7", "X509 CRL", "X"]
)  # fmt: skip


@given(data=st.binary(max_size=300))
def test_any_bytes_are_judged_without_a_crash(data):
    assert inspect(data)


@given(label=LABELS, data=st.binary(max_size=300))
def test_any_bytes_in_pem_are_judged_without_a_crash(label, data):
    import base64

    text = base64.encodebytes(data)
    pem = b"-----BEGIN %b-----\n%b-----END %b-----\n" % (label.encode(), text, label.encode())
    assert only_kinds(inspect(pem)) <= set(ContentKind)


def only_kinds(found):
    return {one.kind for one in found}


@pytest.fixture
def things(make, tmp_path, csr_pem, key_pem):
    """Return one file of each kind in DER."""
    (tmp_path / "cert").write_bytes(certificate_of(make))
    return [
        x509.load_pem_x509_csr(csr_pem).public_bytes(DER),
        request_of(make, GOOD, "-outform", "DER", "-addext", "subjectAltName=DNS:a"),
        certificate_of(make, "-outform", "DER"),
        make("pkey -in {key} -outform DER"),
        make("pkey -in {key} -pubout -outform DER"),
        make(f"crl2pkcs7 -nocrl -outform DER -certfile {tmp_path / 'cert'}"),
        make("pkcs8 -topk8 -in {key} -passout {secret} -outform DER"),
    ]


@pytest.mark.long
def test_any_byte_changed_is_judged_without_a_crash(things):
    @settings(max_examples=settings.default.max_examples * 5)
    @given(data=st.data())
    def change(data):
        broken = bytearray(data.draw(st.sampled_from(things)))
        for _ in range(data.draw(st.integers(1, 4))):
            broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
        assert inspect(bytes(broken))

    change()


def test_each_rule_has_its_words_and_each_kind():
    from enos_csr_gui.messages import labels

    assert {labels.rule(rule, "country" if rule is Rule.FIELD else None) for rule in Rule}
    assert len({labels.kind(kind) for kind in ContentKind}) == len(ContentKind)


def test_the_form_is_that_of_the_file(make):
    pem = make("req -new -key {key} -subj", GOOD)
    der = make("req -new -key {key} -outform DER -subj", GOOD)
    plain = base64.encodebytes(der)
    escaped = pem.replace(b"\n", rb"\n")
    forms = [only(data).form for data in (pem, b"Hello\n" + pem, der, plain, escaped)]
    assert forms == ["PEM", "PEM", "DER", None, None]
    assert only(pem.decode().encode("utf-16")).form is None


def test_an_expired_authority_is_not_to_be_renewed(make):
    authority = only(certificate_of(make))
    later = authority.valid_to + timedelta(days=1)
    [expired] = inspection.inspect(Path("file"), (make.folder / "made").read_bytes(), now=later)
    assert [one.code for one in expired.warnings] == [Code.CHAIN_EXPIRED]
    date = authority.valid_to.date().isoformat()
    assert expired.warnings[0].values == {"issuer": "dev-001", "date": date}
    nameless = only(certificate_of(make, "-subj", "/O=Wind"), now=later)
    assert nameless.warnings[0].values["issuer"] == ""


# --- Kinds of keys --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def foreign_keys(tmp_path_factory, openssl) -> Path:
    """Return a folder with private keys of other kinds, made by the programs that people use."""
    if not shutil.which("ssh-keygen"):
        pytest.skip("needs ssh-keygen")
    folder = tmp_path_factory.mktemp("keys")
    openssl("dsaparam", "-genkey", "-out", folder / "dsa.key", "2048")
    openssl("pkcs8", "-topk8", "-nocrypt", "-in", folder / "dsa.key", "-out", folder / "dsa8.key")
    openssl("genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:3072",
            "-out", folder / "pss.key")  # fmt: skip
    for name, arguments in {
        "ssh-rsa": "-t rsa -b 3072",
        "ssh-ed25519": "-t ed25519",
        "ssh-ec": "-t ecdsa -b 384",
        "ssh-locked": "-t rsa -b 2048 -N secret",
    }.items():
        command = ["ssh-keygen", "-q", "-N", "", *arguments.split(), "-f", str(folder / name)]
        subprocess.run(command, check=True)
    return folder


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "algorithm", "bits", "protected"),
    [
        ("dsa.key", "DSA", 2048, False),
        ("dsa8.key", "DSA", 2048, False),
        ("pss.key", "RSA-PSS", 3072, False),
        ("ssh-rsa", "RSA", 3072, False),
        ("ssh-ed25519", "Ed25519", None, False),
        ("ssh-ec", "EC secp384r1", 384, False),
        ("ssh-locked", "RSA", 2048, True),
    ],
)
def test_the_kind_and_the_size_of_a_key_are_named(foreign_keys, name, algorithm, bits, protected):
    found = inspection.inspect_files([foreign_keys / name])[-1]
    assert (found.kind, found.protected) == (ContentKind.PRIVATE_KEY, protected)
    assert found.key[:2] == (algorithm, bits)
    assert Code.SECRET_INSIDE in [one.code for one in found.warnings]


def test_the_fingerprint_is_that_of_the_public_key(foreign_keys, openssl):
    for name in ("dsa.key", "dsa8.key", "pss.key"):
        public = foreign_keys / f"{name}.pub"
        openssl("pkey", "-in", foreign_keys / name, "-pubout", "-out", public)
        private = inspection.inspect_files([foreign_keys / name])[-1]
        [shown] = inspection.inspect_files([public])
        assert private.key.public_key_sha256 == shown.key.public_key_sha256
    for name in ("ssh-rsa", "ssh-ed25519", "ssh-ec", "ssh-locked"):
        [shown] = inspection.inspect_files([foreign_keys / f"{name}.pub"])
        assert shown.kind is ContentKind.PUBLIC_KEY
        assert shown.key == inspection.inspect_files([foreign_keys / name])[0].key


def test_a_restriction_to_pss_is_reported(foreign_keys):
    [found] = inspection.inspect_files([foreign_keys / "pss.key"])
    assert Code.KEY_PSS in [one.code for one in found.warnings]


def test_a_dsa_key_of_any_size_takes_no_time(bounded):
    def number(value: int) -> bytes:
        return der_value(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))

    huge = number((1 << 400_000) - 1)
    oid = bytes.fromhex("06072a8648ce380401")
    parameters = der_value(0x30, huge + huge + huge)
    algorithm = der_value(0x30, oid + parameters)
    key = der_value(0x30, number(0) + algorithm + der_value(0x04, huge))
    traditional = der_value(0x30, number(0) + huge * 5)
    for data in (key, traditional):
        [found] = inspection.inspect(Path("x.key"), data)
        assert (found.kind, found.key) == (ContentKind.PRIVATE_KEY, None)


# --- What no passphrase, and no library, is needed for --------------------------------------------


def sequence(*parts: bytes) -> bytes:
    return der_value(0x30, b"".join(parts))


def integer(value: int) -> bytes:
    return der_value(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


@pytest.fixture(scope="module")
def dsa_key() -> dsa.DSAPrivateKey:
    return dsa.generate_private_key(1024)


@pytest.mark.parametrize("form", ["PKCS8", "TraditionalOpenSSL"])
@pytest.mark.parametrize("encoding", ["PEM", "DER"])
def test_the_public_key_of_a_dsa_key_is_found(dsa_key, form, encoding):
    data = dsa_key.private_bytes(
        getattr(serialization.Encoding, encoding),
        getattr(serialization.PrivateFormat, form),
        serialization.NoEncryption(),
    )
    found = only(data)
    assert (found.kind, found.form, found.problems) == (ContentKind.PRIVATE_KEY, encoding, ())
    public = keys.public_key_sha256(dsa_key.public_key())
    assert found.key == ("DSA", 1024, public)
    assert [one.code for one in found.warnings] == [Code.SECRET_INSIDE]


DSA_OID = bytes.fromhex("06072a8648ce380401")


@pytest.mark.parametrize(
    "content",
    [
        lambda p, q, g, x: (sequence(DSA_OID), integer(x)),  # without parameters
        lambda p, q, g, x: (sequence(DSA_OID, sequence(integer(p), integer(q))), integer(x)),
        lambda p, q, g, x: (sequence(DSA_OID, sequence(*map(integer, (p, q, g)))), b""),
        lambda p, q, g, x: (sequence(DSA_OID, sequence(*map(integer, (0, q, g)))), integer(x)),
        lambda p, q, g, x: (
            sequence(DSA_OID, sequence(*map(integer, (p, q, g)))),
            integer(1 << 512),
        ),
        lambda p, q, g, x: (
            sequence(DSA_OID, sequence(*map(integer, (1 << 4096, q, g)))),
            integer(x),
        ),
    ],
)
def test_a_dsa_key_whose_public_key_is_not_found_is_a_key(dsa_key, content):
    private = dsa_key.private_numbers()
    numbers = private.public_numbers.parameter_numbers
    algorithm, secret = content(numbers.p, numbers.q, numbers.g, private.x)
    found = only(sequence(integer(0), algorithm, der_value(0x04, secret)))
    assert (found.kind, found.key, found.problems) == (ContentKind.PRIVATE_KEY, None, ())


def test_a_dsa_key_is_opened_up_to_the_largest_that_there_are(dsa_key):
    """Of 4096 and 512 bits; and what follows an empty key is not taken for it."""
    p, q, g = (1 << 4095) + 1, (1 << 255) + 1, 2
    algorithm = sequence(DSA_OID, sequence(integer(p), integer(q), integer(g)))
    secret = (1 << 511) + 1
    [found] = inspect(sequence(integer(0), algorithm, der_value(0x04, integer(secret))))
    numbers = dsa.DSAPublicNumbers(pow(g, secret, p), dsa.DSAParameterNumbers(p, q, g))
    public = keys.public_key_sha256(numbers.public_key())
    assert found.key == ("DSA", 4096, public)
    empty = only(sequence(integer(0), algorithm, der_value(0x04, b""), integer(5)))
    assert (empty.kind, empty.key) == (ContentKind.PRIVATE_KEY, None)


@FORMS
def test_a_pkcs7_without_certificates_is_none_of_what_enos_asks_for(make, form):
    found = inspect(make(f"crl2pkcs7 -nocrl -outform {form}"))
    assert [one.kind for one in found] == [ContentKind.OTHER, ContentKind.UNKNOWN]
    assert (found[0].file, found[0].form) == (Path("file"), form)
    assert codes(found[1]) == [Code.NOTHING_KNOWN]
    other = sequence(bytes.fromhex("06022a03"), der_value(0xA0, b"x"))
    assert only(other).kind is ContentKind.UNKNOWN


def test_what_was_not_read_is_named_with_its_file(tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(reader.MAX_FILES + 1):
        (folder / f"{number}.txt").touch()
    found = inspection.inspect_files([folder])
    too_many = Problem(Code.TOO_MANY_FILES, path=folder, values={"limit": reader.MAX_FILES})
    assert (found[0].file, found[0].kind) == (folder, ContentKind.UNKNOWN)
    assert found[0].problems == (too_many,)
    assert len(found) == reader.MAX_FILES + 1
    archive = only(b"7z\xbc\xaf\x27\x1c" + bytes(30))
    assert (archive.file, archive.kind) == (Path("file"), ContentKind.UNKNOWN)
    assert codes(archive) == [Code.ARCHIVE_FORMAT]


def test_a_key_with_more_than_two_primes_is_not_damaged(openssl, tmp_path):
    key, public = tmp_path / "three.key", tmp_path / "public.pem"
    openssl("genrsa", "-primes", "3", "-out", key, "2048")
    openssl("pkey", "-in", key, "-pubout", "-out", public)
    openssl("rsa", "-in", key, "-traditional", "-out", tmp_path / "old.key")
    [shown] = inspection.inspect_files([public])
    for file in (key, tmp_path / "old.key"):
        [found] = inspection.inspect_files([file])
        assert (found.key, codes(found)) == (shown.key, [])
        assert [one.code for one in found.warnings] == [Code.SECRET_INSIDE, Code.KEY_PRIMES]
    damaged = base64.b64decode(b"".join(key.read_bytes().splitlines()[1:-1]))
    [broken] = [only(damaged.replace(b"\x02\x01\x01", b"\x02\x01\x02", 1))]
    assert (broken.key, codes(broken)) == (None, [Code.DAMAGED])


def test_a_key_for_pss_only_is_called_one(make):
    data = make("genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:1024")
    found = only(data)
    assert found.key[:2] == ("RSA-PSS", 1024)
    assert [one.code for one in found.warnings] == [Code.SECRET_INSIDE, Code.KEY_PSS]
    damaged = base64.b64decode(b"".join(data.splitlines()[1:-1]))[:-1] + b"\xff"
    place = damaged.index(b"\x04\x82")  # the key itself
    broken = only(damaged[: place + 4] + b"\xff" * (len(damaged) - place - 4))
    assert (broken.key, codes(broken)) == (None, [Code.DAMAGED])
    assert Code.KEY_PSS in [one.code for one in broken.warnings]


def test_a_key_that_is_longer_than_any_is_not_loaded(monkeypatch):
    monkeypatch.setattr(inspection.serialization, "load_der_private_key", None)
    found = only(sequence(integer(0), *[integer(1 << 20_000)] * 8))
    assert (found.kind, found.key, found.problems) == (ContentKind.PRIVATE_KEY, None, ())


def test_so_long_a_key_is_looked_into_and_no_more():
    for length, problems in ((20_000, [Code.DAMAGED]), (20_001, [])):
        der = sequence(integer(0), ALGORITHM, der_value(0x04, bytes(length - 26)))
        assert len(der) == length
        found = only(der)
        assert (found.kind, codes(found)) == (ContentKind.PRIVATE_KEY, problems)


def test_a_protected_key_is_recognised_whatever_follows_it():
    key = sequence(ALGORITHM, der_value(0x04, b"secret"))
    for data in (asn1.pem("ENCRYPTED PRIVATE KEY", key + b"\x05\x00"), key, key + b"\x05\x00"):
        found = only(data)
        assert (found.kind, found.protected) == (ContentKind.PRIVATE_KEY, True)
        assert found.problems == ()


def test_a_key_of_putty_is_shown_with_what_converts_it(key):
    form = (serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    public = key.public_key().public_bytes(*form)
    text = b"PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\nComment: a\nPublic-Lines: 1\n"
    found = only(text + public.split()[1] + b"\nPrivate-Lines: 1\nAAAA\nPrivate-MAC: 00\n")
    expected = ("RSA", 2048, keys.public_key_sha256(key.public_key()))
    assert (found.kind, found.key, found.problems) == (ContentKind.PRIVATE_KEY, expected, ())
    assert [one.code for one in found.warnings] == [Code.SECRET_INSIDE, Code.KEY_FORMAT]
    shown = only(public)
    assert (shown.kind, shown.key) == (ContentKind.PUBLIC_KEY, expected)


@pytest.mark.parametrize("passphrase", [None, b"secret"])
def test_the_public_key_of_a_key_of_openssh_is_shown(passphrase, tmp_path):
    if passphrase and not shutil.which("ssh-keygen"):
        pytest.skip("needs ssh-keygen")
    private = ed25519.Ed25519PrivateKey.generate()
    data = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    if passphrase:
        (tmp_path / "key").write_bytes(data)
        (tmp_path / "key").chmod(0o600)
        words = ["ssh-keygen", "-q", "-p", "-N", passphrase.decode(), "-f", str(tmp_path / "key")]
        subprocess.run(words, check=True, capture_output=True)
        data = (tmp_path / "key").read_bytes()
    found = only(data)
    expected = ("Ed25519", None, keys.public_key_sha256(private.public_key()))
    assert (found.key, found.protected) == (expected, bool(passphrase))
    assert found.label == "OPENSSH PRIVATE KEY"


@pytest.mark.parametrize(
    ("data", "kind", "protected"),
    [
        (b"\xfe\xed\xfe\xed\x00\x00\x00\x02" + bytes(30), ContentKind.JAVA_KEYSTORE, True),
        (b"\xce\xce\xce\xce\x00\x00\x00\x02" + bytes(30), ContentKind.JAVA_KEYSTORE, True),
        (b"\x30\x80\x02\x01\x03\x30\x80" + bytes(30), ContentKind.PKCS12, True),
        (b"-----BEGIN PKCS12-----\n!!!\n-----END PKCS12-----\n", ContentKind.PKCS12, False),
    ],
)
def test_a_keystore_is_recognised_by_its_beginning(data, kind, protected):
    found = only(data)
    assert (found.kind, found.protected) == (kind, protected)
    assert [one.code for one in found.warnings] == ([Code.SECRET_POSSIBLE] if protected else [])


def revocations(key, entries: int, numbered: bool) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "CA")])
    now = datetime(2026, 1, 1)
    builder = x509.CertificateRevocationListBuilder(name, now, now + timedelta(days=1))
    for number in range(entries):
        revoked = x509.RevokedCertificateBuilder(number + 1, now).build()
        builder = builder.add_revoked_certificate(revoked)
    if numbered:
        builder = builder.add_extension(x509.CRLNumber(1), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(DER)


@pytest.mark.parametrize("entries", [0, 1])
@pytest.mark.parametrize("numbered", [False, True])
def test_a_list_of_revoked_certificates_is_none_of_what_enos_asks_for(key, entries, numbered):
    found = inspect(revocations(key, entries, numbered))
    assert [one.kind for one in found] == [ContentKind.OTHER, ContentKind.UNKNOWN]
    assert (found[0].form, codes(found[1])) == ("DER", [Code.NOTHING_KNOWN])


ALGORITHM = bytes.fromhex("300d06092a864886f70d01010b0500")
NOW = der_value(0x17, b"260101000000Z")


@pytest.mark.parametrize(
    ("inside", "kinds"),
    [
        # The first version has no number (RFC 5280, 5.1).
        ((ALGORITHM, sequence(), NOW), [ContentKind.OTHER, ContentKind.UNKNOWN]),
        ((integer(1), ALGORITHM, sequence(), NOW), [ContentKind.OTHER, ContentKind.UNKNOWN]),
        ((ALGORITHM, sequence(), der_value(0x18, b"20260101000000Z")), [ContentKind.OTHER] * 1),
        ((ALGORITHM, sequence(), integer(1)), [ContentKind.UNKNOWN]),
        ((ALGORITHM, NOW, sequence()), [ContentKind.UNKNOWN]),
        ((ALGORITHM, NOW, NOW), [ContentKind.UNKNOWN]),
        ((integer(1), ALGORITHM, sequence(), integer(1), NOW), [ContentKind.UNKNOWN]),
        ((b"\x30\x05",), [ContentKind.UNKNOWN]),
        ((NOW,), [ContentKind.UNKNOWN]),
        ((), [ContentKind.UNKNOWN]),
    ],
)
def test_what_is_signed_and_neither_request_nor_certificate(inside, kinds):
    found = inspect(sequence(sequence(*inside), ALGORITHM, der_value(0x03, b"\0" * 9)))
    assert [one.kind for one in found][: len(kinds)] == kinds


def test_a_time_behind_what_is_signed_makes_no_list_of_it():
    signed = sequence(sequence(ALGORITHM), ALGORITHM, der_value(0x03, b"\0" * 9))
    for label, kind in (
        ("CERTIFICATE REQUEST", ContentKind.REQUEST),
        ("PUBLIC KEY", ContentKind.PUBLIC_KEY),
    ):
        found = only(asn1.pem(label, signed + NOW))
        assert (found.kind, codes(found)) == (kind, [Code.DAMAGED])


def test_parameters_and_keys_that_the_library_does_not_know():
    unknown = sequence(sequence(bytes.fromhex("06022a03")), der_value(0x03, b"\0x"))
    found = only(unknown)
    assert (found.kind, found.key[:2]) == (ContentKind.PUBLIC_KEY, ("1.2.3", None))
    assert only(sequence(sequence(), der_value(0x03, b"\0x"))).kind is ContentKind.UNKNOWN
    assert only(b"\x31" + unknown[1:]).kind is ContentKind.UNKNOWN
    # The label says what it is to be, and a set is none.
    assert codes(only(asn1.pem("PUBLIC KEY", unknown))) == []
    assert codes(only(asn1.pem("PUBLIC KEY", b"\x31" + unknown[1:]))) == [Code.DAMAGED]


def test_a_long_value_is_shown_up_to_its_500th_character(make):
    (make.folder / "conf").write_text(
        "[req]\ndistinguished_name=dn\nprompt=no\n[dn]\n1.2.3.4=" + "x" * 500 + "\n1.2.3.5="
        + "y" * 501 + "\n"
    )  # fmt: skip
    found = only(make("req -new -key {key} -config", str(make.folder / "conf")))
    assert [value for _name, value in found.subject] == ["x" * 500, "y" * 500 + "…"]


def test_an_impossible_date_is_a_problem(make):
    der = base64.b64decode(b"".join(certificate_of(make).splitlines()[1:-1]))
    start = der.index(b"\x17\x0d")
    found = only(der[: start + 4] + b"13" + der[start + 6 :])
    assert codes(found) == [Code.DATE_IMPOSSIBLE]
    assert (found.valid_from, found.valid_to, found.warnings) == (None, None, ())
    assert not inspection.is_in_order([found])


def test_the_answer_of_the_api_is_compared_with_the_certificate(make, authority):
    words = ("-addext", "basicConstraints=critical,CA:FALSE")
    (make.folder / "ca").write_bytes(certificate_of(make, "-subj", "/CN=authority"))
    (make.folder / "csr").write_bytes(request_of(make))
    command = f"x509 -req -in {make.folder / 'csr'} -CA {make.folder / 'ca'} -CAkey {{key}}"
    device = make(f"{command} -set_serial 7").decode()
    own = certificate_of(make, *words).decode()
    issuers = [(make.folder / "ca").read_text(), authority.intermediate.read_text()]
    for pem, serial, warned in (
        (device, "7", []),
        (device, "8", [Code.SERIAL_DIFFERS]),
        (device, "", []),
        (own, "8", []),  # not issued by EnOS
        *((issuer, "8", []) for issuer in issuers),
    ):
        data = json.dumps({"cert": pem, "certSN": serial}).encode()
        found = only(data)
        assert [one.code for one in found.warnings] == warned
        if warned:
            assert found.warnings[0].values == {"given": "8", "serial": "7 (0x7)"}


def test_an_encrypted_key_of_old_is_not_damaged_by_its_headers():
    text = (
        b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
        b"DEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"
    )
    assert (only(text).protected, codes(only(text))) == (True, [])
    undecodable = text.replace(b"AAAA", b"A!AA")
    assert (only(undecodable).protected, codes(only(undecodable))) == (False, [Code.DAMAGED])


@pytest.mark.parametrize(
    ("body", "damaged"),
    [(b"\x30\x00", False), (b"\x04\x02ab", False), (b"\x30\x00" * 2, True), (b"\x30\x05", True)],
)
def test_a_key_of_an_unknown_kind_is_one_value_of_der(body, damaged):
    found = only(asn1.pem("X PRIVATE KEY", body))
    assert (found.kind, found.label) == (ContentKind.PRIVATE_KEY, "X PRIVATE KEY")
    assert codes(found) == ([Code.DAMAGED] if damaged else [])


def test_only_a_request_has_another_rule_when_a_key_is_beside_it(csr_pem, key_pem):
    for data in (csr_pem + key_pem, key_pem + csr_pem):
        by_kind = {one.kind: one for one in inspect(data)}
        assert by_kind[ContentKind.PRIVATE_KEY].problems == ()
        assert by_kind[ContentKind.REQUEST].problems == (
            Problem(Code.KEY_INSIDE, path=Path("file")),
        )
    alone = only(csr_pem)
    assert by_kind[ContentKind.REQUEST].rules[2:] == alone.rules[2:]


def test_what_has_no_key_has_no_companion(csr_pem, key_pem):
    found = [*inspect(csr_pem), *inspect(b"Hello"), *inspect(key_pem), *inspect(csr_pem)]
    assert inspection.companions(found) == [(2, 3), (), (0, 3), (0, 2)]
