"""Files that people really have: each is read, judged truthfully, and never altered.

``tests/samples/README.md`` says what each is and what is right about it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12

from enos_csr_gui.core import (
    certificate,
    convert,
    create,
    distinguished_name,
    export,
    inspect,
    keys,
    receive,
    renew,
    x509_reader,
)
from enos_csr_gui.core.enums import ContentKind, Format, Rule
from enos_csr_gui.core.errors import Code, CoreError, InvalidKey, UnreadableFile

SAMPLES = Path(__file__).parents[1] / "samples"
FOREIGN, ENOS = SAMPLES / "foreign", SAMPLES / "enos"
BASE_KEY = FOREIGN / "00-base" / "dev-001.key"
SECRET = "correct horse battery"


@pytest.fixture(autouse=True)
def no_warning_of_a_library():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def sample(name: str) -> Path:
    [found] = FOREIGN.glob(name)
    return found


def only(path: Path) -> inspect.InspectedItem:
    [found] = inspect.inspect_files([path])
    return found


def warned(found: inspect.InspectedItem) -> set[Code]:
    return {problem.code for problem in found.warnings}


def pem_blocks(path: Path) -> list[bytes]:
    """The DER of every certificate in a PEM file, decoded by Python's own ssl module."""
    text = path.read_text("latin-1")
    pattern = r"-----BEGIN (?:TRUSTED )?CERTIFICATE-----.*?-----END (?:TRUSTED )?CERTIFICATE-----"
    return [ssl.PEM_cert_to_DER_cert(one) for one in re.findall(pattern, text, re.DOTALL)]


def with_key(path: Path, folder: Path, key: Path = BASE_KEY) -> Path:
    """Return a copy of the file, beside a copy of its key."""
    (folder / "dev-001.key").write_bytes(key.read_bytes())
    copy = folder / path.name
    copy.write_bytes(path.read_bytes())
    return copy


# --- Certificates ---------------------------------------------------------------------------------

CERTIFICATES = {
    "01*/amp.crt": (2, set()),
    "03*/full_sha1root.pem": (1, set()),
    "05*/critfalse.pem": (2, set()),
    "05*/utc_nosec.pem": (2, set()),
    "09*/*.crt": (2, set()),
    "14*/zero_serial.pem": (2, set()),
    "15*/escaped.json": (2, set()),
    "16*/trusted.pem": (0, {Code.CHAIN_MISSING}),
    "18*/qp_pad.eml": (0, {Code.CHAIN_MISSING}),
    "18*/quoted.txt": (0, {Code.CHAIN_MISSING}),
    "19*/chain.der": (2, set()),
    "20*/answer_deflate.zip": (2, set()),
    "21*/p7.p7b": (2, set()),
    "22*/ber.p7b": (2, set()),
    "35*/9999.pem": (2, {Code.CHAIN_ENDS_EARLY}),
    "38*/endash.pem": (0, {Code.CHAIN_MISSING}),
    "39*/dblb64.pem": (0, {Code.CHAIN_MISSING}),
}
"""How many certificates are above that of the device, and what its owner reads."""


@pytest.mark.parametrize("name", CERTIFICATES)
def test_every_command_reads_a_certificate(name, tmp_path, openssl):
    length, told = CERTIFICATES[name]
    file = with_key(sample(name), tmp_path)

    received = receive.match_certificate(file)
    assert received.key == tmp_path / "dev-001.key"
    assert len(received.issued.chain) == length
    assert {problem.code for problem in received.problems} == told

    stored = receive.store_certificate(received).certificate
    expected = [received.issued.certificate.der, *(one.der for one in received.issued.chain)]
    assert pem_blocks(stored) == expected
    renewed = renew.read_source(file)
    assert renewed.common_name == received.issued.answers["common_name"]
    devices = [
        one
        for one in inspect.inspect_files([file])
        if one.kind is ContentKind.CERTIFICATE and not one.is_authority
    ]
    assert len(devices) >= 1
    if length:
        root = tmp_path / "roots.pem"
        root.write_bytes(b"".join(one.to_pem() for one in received.issued.chain))
        openssl("verify", "-no_check_time", "-CAfile", root, stored)


@pytest.mark.long
@pytest.mark.parametrize("name", ["01*/amp.crt", "01*/full_under.pem", "02*/full_types.pem"])
@pytest.mark.parametrize("older", [False, True])
def test_what_is_saved_and_exported_is_what_came_in(name, older, tmp_path, openssl):
    source = sample(name)
    issued = certificate.read(source.read_bytes(), source)
    der = pem_blocks(source)
    assert issued.certificate.der == der[0]
    assert {one.der for one in issued.chain} == set(der[1:])

    key = create.load_key(BASE_KEY)
    common = (key, issued.certificate, issued.chain)
    folder = tmp_path / "device"
    export.export_files(Format.PEM, *common, folder)
    assert pem_blocks(folder / "edge.pem") == der[:1]
    openssl("verify", "-no_check_time", "-CAfile", folder / "edge_ca.pem", folder / "edge.pem")
    for format_ in (Format.PKCS12, Format.JAVA):
        store = tmp_path / f"device.{format_}"
        export.export_files(format_, *common, store, passphrase=SECRET, older_systems=older)
        (tmp_path / "pass").write_text(SECRET)
        openssl("pkcs12", "-in", store, "-passin", f"pass:{SECRET}", "-nokeys",
                "-out", tmp_path / "shown.pem")  # fmt: skip
        assert set(pem_blocks(tmp_path / "shown.pem")) == set(der)
        (tmp_path / "shown.pem").unlink()
        store.unlink()


def test_a_cross_signed_issuer_leads_to_the_root_that_is_valid_now():
    source = sample("04*/cross.pem")
    issued = certificate.read(source.read_bytes(), source)
    assert issued.chain[-1].is_self_signed
    problems = certificate.check(issued)
    assert {problem.code for problem in problems} <= {Code.CHAIN_ENDS_EARLY}
    openssl_like = [certificate.subject_name(one) for one in issued.chain]
    assert len(openssl_like) == len(set(openssl_like))


def test_a_date_of_the_year_0_is_named(tmp_path):
    file = with_key(sample("12*/year0.pem"), tmp_path)
    found = inspect.inspect_files([file])[0]
    assert [(p.code, p.values["date"][:4]) for p in found.problems] == [
        (Code.DATE_IMPOSSIBLE, "0000")
    ]
    with pytest.raises(UnreadableFile) as caught:
        receive.match_certificate(file)
    assert caught.value.problems[0].code is Code.DATE_IMPOSSIBLE


def test_a_key_that_the_library_does_not_know_is_named(tmp_path):
    file = with_key(sample("13*/sm2d.pem"), tmp_path)
    found = only(file)
    assert found.key.algorithm == "EC SM2"
    with pytest.raises(CoreError) as caught:
        receive.match_certificate(file)
    [problem] = caught.value.problems
    assert (problem.code, problem.values) == (Code.CERTIFICATE_NOT_RSA, {"algorithm": "EC SM2"})


# --- Requests -------------------------------------------------------------------------------------

REQUESTS = {
    "06*/noattrs.csr": {Code.ATTRIBUTES_MISSING},
    "07*/v2.csr": {Code.REQUEST_VERSION},
    "08*/critfalse.csr": {Code.EXTENSION},
    "08*/dupext.csr": {Code.EXTENSION, Code.EXTENSION_REPEATED},
    "09*/*.csr": {Code.ATTRIBUTES_COMBINED, Code.ATTRIBUTE_UNKNOWN, Code.NAME_MALFORMED},
    "33*/n_gbk_in_utf8.csr": {Code.TEXT_MISREAD, Code.NAME_MALFORMED},
    "33*/noutf8.csr": {Code.TEXT_MISREAD},
    "41*/iis_sha256.csr": {Code.REQUEST_ATTRIBUTE, Code.EXTENSION},
    "../enos/c-sdk-request.csr": {Code.REQUEST_VERSION},
    "../enos/api-renew-request.csr": {Code.ATTRIBUTE_ORDER, Code.NOT_AN_ADDRESS},
    "../enos/api-apply-request.csr": set(),
    "../enos/keytool-request.csr": {Code.EXTENSION},
    "../enos/cert-tool-order-request.csr": {Code.ATTRIBUTE_ORDER},
}
"""What a request that EnOS may accept is remarked on."""


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_that_differs_from_the_manual_is_acceptable(name):
    path = FOREIGN / name if name.startswith("..") else sample(name)
    found = only(path)
    assert (found.kind, found.acceptable, found.problems) == (ContentKind.REQUEST, True, ())
    assert warned(found) == REQUESTS[name]
    assert renew.read_source(path).common_name


@pytest.mark.parametrize("name", ["15*/escaped_crlf.csr", "17*/noheader.csr"])
def test_a_request_in_another_form_is_one_step_from_acceptable(name, tmp_path):
    found = only(sample(name))
    assert [problem.code for problem in found.problems] == [Code.NOT_PEM]
    saved = convert.save_as_pem(sample(name), tmp_path / "dev.csr").path
    assert only(saved).acceptable
    assert not only(saved).warnings


def test_an_ec_key_is_what_the_manual_does_not_ask_for():
    found = only(sample("40*/ec.csr"))
    assert found.acceptable is False
    [result] = [one for one in found.rules if one.rule is Rule.KEY]
    assert result.problems[0].values == {"algorithm": "EC secp256r1"}


@pytest.mark.parametrize(
    ("name", "meant"), [("33*/n_gbk_in_utf8.csr", "远景能源"), ("33*/noutf8.csr", None)]
)
def test_text_in_a_wrong_encoding_is_shown_with_what_was_meant(name, meant):
    misread = distinguished_name.check_texts(x509_reader.load(pem_der(sample(name))).subject)
    assert misread
    for problem in misread:
        assert "Ã" not in problem.values["meant"]
        assert meant is None or meant in "".join(p.values["meant"] for p in misread)
    source = renew.read_source(sample(name))
    told = [*source.problems, *source.warnings]
    assert {problem.field for problem in told if problem.code is Code.TEXT_MISREAD} == {
        problem.field for problem in misread
    }


def pem_der(path: Path) -> bytes:
    import base64

    text = re.sub(r"-----.*?-----", "", path.read_text())
    return base64.b64decode(text)


# --- Keys -----------------------------------------------------------------------------------------

KEYS = ("23*/utf16.key", "24*/blanklines.key", "25*/mislabel_rsa.key", "29*/emptypass.key",
        "31*/escaped.key")  # fmt: skip


@pytest.mark.parametrize("name", KEYS)
def test_a_key_in_another_form_is_read(name):
    assert create.load_key(sample(name))
    assert {Code.SECRET_INSIDE} <= warned(only(sample(name)))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("26*/openssh.key", ContentKind.PRIVATE_KEY),
        ("27*/key.ppk", ContentKind.PRIVATE_KEY),
        ("28*/full.p12", ContentKind.PKCS12),
        ("31*/dsad.key", ContentKind.PRIVATE_KEY),
        ("32*/*.key", ContentKind.PRIVATE_KEY),
        ("36*/pss.key", ContentKind.PRIVATE_KEY),
    ],
)
def test_a_private_key_is_warned_of_whatever_its_form(name, kind):
    found = only(sample(name))
    assert found.kind is kind
    assert warned(found) & {Code.SECRET_INSIDE, Code.SECRET_POSSIBLE}


def test_a_key_for_putty_is_named_with_the_command_that_converts_it():
    assert Code.KEY_FORMAT in warned(only(sample("27*/key.ppk")))
    with pytest.raises(InvalidKey) as caught:
        create.load_key(sample("27*/key.ppk"))
    assert caught.value.problems[0].code is Code.KEY_FORMAT


def test_the_right_one_of_two_keys_is_found():
    data = sample("42*/two_rsa.key")
    found = [one.key.public_key_sha256 for one in inspect.inspect_files([data])]
    assert len(set(found)) == 2
    for one in found:
        key = create.load_key(data, wanted=[one])
        assert keys.public_key_sha256(key.public_key()) == one


# --- EnOS's own -----------------------------------------------------------------------------------


def test_the_answer_of_the_api_holds_the_certificate_and_its_root():
    path = ENOS / "api-apply-response.json"
    issued = certificate.read(path.read_bytes(), path)
    answer = json.loads(path.read_text())["data"]
    assert issued.certificate.serial_number == int(answer["certSN"])
    assert [one.to_pem().decode().split() for one in issued.chain] == [answer["caCert"].split()]
    assert issued.chain[0].is_self_signed


def test_the_certificate_of_the_c_sdk_and_its_authority():
    path, chain = ENOS / "c-sdk-certificate.crt", ENOS / "c-sdk-authority.crt"
    issued = certificate.read(path.read_bytes(), path, chain.read_bytes())
    assert len(issued.chain) == 1
    codes = [problem.code for problem in certificate.check(issued)]
    assert codes[0] is Code.CERTIFICATE_EXPIRED
    assert renew.read_source(path).answers == renew.read_source(ENOS / "c-sdk-request.csr").answers


def test_every_sample_is_inspected_and_none_called_damaged():
    for path in sorted(SAMPLES.glob("*/**/*")):
        if (path.is_file() and path.suffix not in (".txt", "")) or path.name == "quoted.txt":
            for one in inspect.inspect_files([path]):
                assert Code.DAMAGED not in {p.code for p in one.problems}, path
                assert one.kind is not ContentKind.UNKNOWN, path


def test_a_pkcs_12_file_of_another_program_opens(tmp_path):
    data = sample("28*/full.p12").read_bytes()
    assert only(sample("28*/full.p12")).protected
    with pytest.raises(ValueError, match="password"):
        pkcs12.load_pkcs12(data, b"wrong")


ZONES = ("Asia/Shanghai", "America/Los_Angeles", "Pacific/Kiritimati", "Pacific/Pago_Pago")

_SHOWN = """
import sys
from pathlib import Path
from PySide6.QtWidgets import QApplication, QLabel
from enos_csr_gui.core import inspect
from enos_csr_gui.gui.pages.inspection_card import InspectionCard
application = QApplication([])
card = InspectionCard(inspect.inspect_files([Path(sys.argv[1])])[0], "", [])
print([label.text() for label in card.findChildren(QLabel)])
"""


@pytest.mark.long
@pytest.mark.parametrize("zone", ZONES)
def test_the_last_day_of_the_calendar_is_shown_in_every_time_zone(zone, tmp_path):
    file = with_key(sample("35*/9999.pem"), tmp_path)
    settings = {
        **os.environ,
        "TZ": zone,
        "QT_QPA_PLATFORM": "offscreen",
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
    }

    def run(*command: str | Path) -> str:
        done = subprocess.run(command, env=settings, capture_output=True, check=True, text=True)
        return done.stdout

    program = shutil.which("enos-csr", path=Path(sys.executable).parent)
    assert "9999-12-31 23:59:59 UTC" in run(program, "inspect", file)
    assert " to 9999-12-31." in run(program, "receive", file)
    shown = run(sys.executable, "-c", _SHOWN, file)
    assert "31 Dec 9999" in shown
    assert "10000" not in shown
