"""A certificate finds the request and the key that it belongs to."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs7,
    pkcs12,
)

from enos_csr_gui.core import (
    certificate,
    create,
    csr,
    file_names,
    files,
    inspect,
    key_reader,
    keys,
    receive,
    serials,
)
from enos_csr_gui.core.errors import CannotReceive, Code, UnreadableFile
from enos_csr_gui.core.history import RequestHistory
from enos_csr_gui.core.subject import Subject


@pytest.fixture
def made(subject, key, tmp_path) -> create.CreatedRequest:
    """Return a request that was made on this computer."""
    return create.create_request(subject, key, tmp_path / "requests", "dev-001")


@pytest.fixture
def issued(made, authority, tmp_path) -> Path:
    """Return the certificate for it, in the folder of downloads."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    return authority.issue(made.csr, folder / "issued.pem")


@pytest.fixture
def chain(authority, tmp_path) -> Path:
    file = tmp_path / "chain.pem"
    file.write_bytes(authority.intermediate.read_bytes() + authority.root.read_bytes())
    return file


def codes(received: receive.MatchedCertificate) -> list[Code]:
    return [problem.code for problem in received.problems]


# --- The whole road -------------------------------------------------------------------------------


def test_from_the_request_to_the_certificate_beside_its_key(made, issued, chain):
    received = receive.match_certificate(issued, chain=chain)
    assert (received.key, codes(received)) == (made.key, [])
    assert received.past is not None

    taken = receive.store_certificate(received)
    assert taken == (made.key.with_suffix(".crt"), False, ())
    assert len(x509.load_pem_x509_certificates(taken.certificate.read_bytes())) == 3
    with RequestHistory() as past:
        [entry] = past.requests()
    assert entry.certificate == taken.certificate
    assert entry.expires == received.issued.certificate.not_valid_after_utc

    again = receive.store_certificate(receive.match_certificate(issued, chain=chain))
    assert (again.certificate, again.already) == (taken.certificate, True)


def test_another_certificate_for_the_key_is_saved_beside_the_first(made, issued, authority):
    receive.store_certificate(receive.match_certificate(issued))
    later = authority.issue(made.csr, issued.with_name("later.pem"), days=900)
    taken = receive.store_certificate(receive.match_certificate(later))
    assert taken.certificate == made.key.with_name("dev-001-2.crt")


def test_a_key_with_the_longest_name_has_room_for_a_second_certificate(
    subject, key, authority, tmp_path
):
    made = create.create_request(subject, key, tmp_path, "x" * file_names.MAX_NAME_BYTES)
    taken = []
    for days in (100, 200):
        issued = authority.issue(made.csr, tmp_path / f"{days}.pem", days=days)
        taken.append(receive.store_certificate(receive.match_certificate(issued)).certificate.name)
    assert taken == [f"{'x' * 200}.crt", f"{'x' * 198}-2.crt"]


@pytest.mark.parametrize("passphrase", [None, "secret"])
def test_the_key_is_found_beside_the_certificate(subject, key, authority, tmp_path, passphrase):
    """Made on another computer: the history knows nothing."""
    pair = files.save_pair(
        tmp_path,
        "dev-001",
        keys.to_pem(key, passphrase),
        csr.to_pem(csr.sign(subject, key)),
    )
    other = keys.generate()
    (tmp_path / "a.key").write_bytes(keys.to_pem(other))
    (tmp_path / "b.pem").write_bytes(b"rubbish")
    received = receive.match_certificate(authority.issue(pair.csr, tmp_path / "x.pem"))
    assert received.key == pair.key
    assert received.requested == dict(subject)
    assert codes(received) == [Code.CHAIN_MISSING]


def test_the_key_was_moved_beside_the_certificate(made, issued):
    moved = made.key.rename(issued.with_name("moved.key"))
    received = receive.match_certificate(issued)
    assert received.key == moved
    assert received.past is not None


# --- What is not in order -------------------------------------------------------------------------


def test_a_certificate_for_another_key_is_rejected(made, subject, authority, tmp_path, refusal):
    other = tmp_path / "other.csr"
    other.write_bytes(csr.to_pem(csr.sign(subject, keys.generate())))
    file = authority.issue(other, tmp_path / "other.pem")
    assert refusal(CannotReceive, receive.match_certificate, file) == [
        Code.CERTIFICATE_OF_OTHER_REQUEST
    ]
    said = refusal(CannotReceive, receive.match_certificate, file, made.key)
    assert said == [Code.CERTIFICATE_OF_OTHER_KEY]


def test_a_certificate_that_nothing_is_known_of(subject, key, authority, tmp_path, refusal):
    csr_file = tmp_path / "dev.csr"
    csr_file.write_bytes(csr.to_pem(csr.sign(subject, key)))
    file = authority.issue(csr_file, tmp_path / "dev.pem")
    csr_file.unlink()
    assert refusal(CannotReceive, receive.match_certificate, file) == [Code.CERTIFICATE_OF_NO_KEY]


def test_a_protected_key_that_cannot_be_checked_is_accepted(subject, key, authority, tmp_path):
    csr_file = tmp_path / "dev.csr"
    csr_file.write_bytes(csr.to_pem(csr.sign(subject, key)))
    file = authority.issue(csr_file, tmp_path / "dev.pem")
    locked = tmp_path / "locked.key"
    locked.write_bytes(keys.to_pem(key, "secret"))
    assert Code.KEY_UNCHECKED in codes(receive.match_certificate(file, locked))


def test_changes_by_the_authority_are_reported(made, authority, subject, key, tmp_path):
    changed = tmp_path / "changed.csr"
    subject = Subject({**subject, "locality": "Guiyang"})
    changed.write_bytes(csr.to_pem(csr.sign(subject, key)))
    received = receive.match_certificate(authority.issue(changed, tmp_path / "changed.pem"))
    [problem] = [p for p in received.problems if p.code is Code.SUBJECT_CHANGED]
    assert problem.values == {"locality": "Kaili → Guiyang"}


@pytest.mark.parametrize(
    ("days", "code"),
    [(-1, Code.CERTIFICATE_NOT_YET_VALID), (800, Code.CERTIFICATE_EXPIRED), (3, None)],
)
def test_when_it_is_valid(issued, chain, days, code):
    now = datetime.now(UTC) + timedelta(days=days)
    received = receive.match_certificate(issued, chain=chain, now=now)
    assert codes(received) == ([code] if code else [])


def test_a_chain_is_followed_by_signatures_and_not_by_names(issued, authority, tmp_path, openssl):
    false = tmp_path / "false.pem"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "false.key",
            "-subj", "/C=CN/O=Test CA/CN=Test Issuing", "-out", false)  # fmt: skip
    received = receive.match_certificate(issued, chain=false)
    assert [(p.code, p.path, p.values) for p in received.problems] == [
        (Code.CHAIN_OTHER_KEY, false, {"issuer": "Test Issuing"})
    ]
    assert codes(receive.match_certificate(issued, others=[false])) == [Code.CHAIN_OTHER_KEY]
    assert codes(receive.match_certificate(issued, chain=authority.root)) == [Code.CHAIN_OF_OTHERS]
    received = receive.match_certificate(issued, chain=authority.intermediate)
    assert [(p.code, p.values) for p in received.problems] == [
        (Code.CHAIN_ENDS, {"issuer": "Test Root"})
    ]


@pytest.mark.long
def test_an_issuer_above_the_first_may_have_a_namesake_too(issued, authority, tmp_path, openssl):
    false = tmp_path / "false.pem"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "false.key",
            "-subj", "/C=CN/O=Test CA/CN=Test Root", "-out", false)  # fmt: skip
    received = receive.match_certificate(issued, others=[authority.intermediate, false])
    assert len(received.issued.chain) == 1
    assert [(p.code, p.values) for p in received.problems] == [
        (Code.CHAIN_OTHER_KEY, {"issuer": "Test Root"})
    ]
    whole = receive.match_certificate(
        issued, others=[authority.intermediate, false, authority.root]
    )
    assert whole.problems == ()


# --- The forms that certificates come in ----------------------------------------------------------


def in_pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(one.public_bytes(Encoding.PEM) for one in certificates)


FORMS: dict[str, Callable[..., bytes]] = {
    "leaf first": in_pem,
    "root first": lambda leaf, *chain: in_pem(*reversed(chain), leaf),
    "text, CRLF, BOM": lambda *all_: (
        b"\xef\xbb\xbfBag Attributes\r\n" + in_pem(*all_).replace(b"\n", b"\r\n")
    ),
    "UTF-16": lambda *all_: in_pem(*all_).decode().encode("utf-16"),
    "PKCS #7": lambda *all_: pkcs7.serialize_certificates(list(all_), Encoding.DER),
    "PKCS #7 in PEM": lambda *all_: pkcs7.serialize_certificates(list(all_), Encoding.PEM),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_certificate_with_its_chain(form, made, issued, authority):
    paths = (issued, authority.intermediate, authority.root)
    leaf, *chain = (x509.load_pem_x509_certificate(path.read_bytes()) for path in paths)
    issued.write_bytes(FORMS[form](leaf, *chain))
    received = receive.match_certificate(issued)
    in_order = (received.issued.certificate, *received.issued.chain)
    assert [one.der for one in in_order] == [
        one.public_bytes(Encoding.DER) for one in (leaf, *chain)
    ]
    assert codes(received) == []


def test_a_certificate_in_der(made, issued, openssl):
    openssl("x509", "-in", issued, "-outform", "DER", "-out", issued.with_suffix(".cer"))
    assert receive.match_certificate(issued.with_suffix(".cer")).key == made.key


@pytest.mark.long
def test_of_many_certificates_it_is_the_one_whose_key_is_here(made, issued, authority, tmp_path):
    data = b""
    for number in range(3):
        csr_file = tmp_path / f"{number}.csr"
        answers = {"common_name": f"dev-{number}"}
        subject = Subject(RequestHistory().requests()[0].subject | answers)
        csr_file.write_bytes(csr.to_pem(csr.sign(subject, keys.generate())))
        data += authority.issue(csr_file, tmp_path / f"{number}.pem").read_bytes()
    issued.write_bytes(data + issued.read_bytes())
    assert receive.match_certificate(issued).issued.answers["common_name"] == "dev-001"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", Code.FILE_EMPTY),
        (b"hello", Code.NOTHING_KNOWN),
        (b"-----BEGIN CERTIFICATE-----\nMIIC", Code.DAMAGED),
        (b"\0" * (2 << 20), Code.FILE_TOO_LARGE),
    ],
)
def test_a_file_without_a_certificate(tmp_path, content, code, refusal):
    file = tmp_path / "x.pem"
    file.write_bytes(content)
    assert refusal(UnreadableFile, receive.match_certificate, file) == [code]


def test_the_certificate_of_the_authority_alone(authority, refusal, tmp_path):
    file = tmp_path / "ca.pem"  # without the authority's key beside it
    file.write_bytes(authority.intermediate.read_bytes())
    found = refusal(CannotReceive, receive.match_certificate, file)
    assert found == [Code.CERTIFICATE_OF_AUTHORITY]


def test_the_request_is_no_certificate(made):
    with pytest.raises(UnreadableFile) as caught:
        receive.match_certificate(made.csr)
    assert caught.value.problems[0].values == {"kind": "request"}


def test_a_certificate_that_was_tampered_with_has_no_chain(issued, authority):
    der = x509.load_pem_x509_certificate(issued.read_bytes()).public_bytes(Encoding.DER)
    changed = der.replace(b"Kaili", b"Kaifu")
    assert changed != der
    found = certificate.read(changed, issued, authority.intermediate.read_bytes())
    assert found.chain == ()


def test_a_lost_key_is_reported(made, issued, chain):
    made.key.unlink()
    received = receive.match_certificate(issued, chain=chain)
    assert codes(received) == [Code.KEY_GONE]
    assert received.problems[0].path == made.key


def test_of_two_requests_with_one_key_the_one_of_that_name_counts(
    subject, made, key, issued, chain
):
    other = Subject({**subject, "common_name": "dev-002"})
    create.create_request(other, key, made.key.parent, "dev-002", key_file=made.key)
    assert codes(receive.match_certificate(issued, chain=chain)) == []


def test_a_certificate_is_not_named_after_another_key(made, issued):
    neighbour = made.key.with_name("dev-001-2.key")
    neighbour.touch()
    made.key.with_suffix(".crt").touch()
    taken = receive.store_certificate(receive.match_certificate(issued))
    assert taken.certificate.name == "dev-001-3.crt"


def test_a_key_that_was_found_elsewhere_is_remembered_there(made, issued, chain, tmp_path):
    moved = made.key.rename(tmp_path / "moved.key")
    made.csr.rename(tmp_path / "moved.csr")
    receive.store_certificate(receive.match_certificate(issued, moved, chain))
    with RequestHistory() as past:
        assert past.requests()[0].key == moved
    assert codes(receive.match_certificate(issued, chain=chain)) == []


# --- Keys and answers that came with the certificate ----------------------------------------------


@pytest.fixture
def parts(subject, authority, chain, tmp_path) -> dict[str, bytes]:
    """Return what a certificate authority hands out that made the key itself, and other keys."""
    key = keys.generate()
    request = tmp_path / "parts.csr"
    request.write_bytes(csr.to_pem(csr.sign(subject, key)))
    device = authority.issue(request, tmp_path / "parts.pem").read_bytes()
    others = keys.to_pem(keys.generate())
    return {
        "a.key": others,
        "b.txt": b"Hello",
        "chain.pem": chain.read_bytes(),
        "device.pem": device,
        "private.pem": keys.to_pem(key),
    }


def in_zip(parts: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return data.getvalue()


@pytest.fixture(params=["archive", "folder", "one file"])
def came(parts, tmp_path, request) -> tuple[list[Path], Path]:
    """Return what arrived, and the file that holds the key."""
    folder = tmp_path / "came"
    folder.mkdir()
    if request.param == "archive":
        (folder / "answer.zip").write_bytes(in_zip(parts))
        return [folder / "answer.zip"], folder / "answer.zip"
    if request.param == "one file":
        (folder / "all.txt").write_bytes(b"".join(parts.values()))
        return [folder / "all.txt"], folder / "all.txt"
    for name, content in parts.items():
        (folder / name).write_bytes(content)
    return [folder], folder / "private.pem"


def test_the_key_that_came_with_the_certificate_is_used(came, tmp_path):
    paths, holder = came
    before = {path: path.read_bytes() for path in holder.parent.iterdir()}
    sorted_ = receive.sort_files(paths)
    assert sorted_.is_of_device
    received = receive.match_certificate(sorted_.certificate, others=sorted_.others)
    assert (received.key, codes(received)) == (holder, [])
    assert len(received.issued.chain) == 2

    taken = receive.store_certificate(received)
    after = {path: path.read_bytes() for path in holder.parent.iterdir()}
    assert after.keys() - before.keys() == {taken.certificate}  # and no key
    assert b"PRIVATE" not in taken.certificate.read_bytes()
    wanted = received.issued.public_key_sha256
    key = create.load_key(received.key, wanted=[wanted])
    assert keys.public_key_sha256(key.public_key()) == wanted


def test_the_key_of_the_request_on_this_computer_comes_first(made, issued, key, tmp_path):
    archive = tmp_path / "answer.zip"
    archive.write_bytes(in_zip({"c": issued.read_bytes(), "k": keys.to_pem(key)}))
    assert receive.match_certificate(archive).key == made.key


def test_a_protected_key_in_an_archive_is_reported_as_unchecked(parts, tmp_path):
    archive = tmp_path / "answer.zip"
    secret = keys.to_pem(keys.generate(), "correct horse")
    archive.write_bytes(in_zip({"c": parts["device.pem"], "k": secret}))
    received = receive.match_certificate(archive)
    assert received.key == archive
    assert Code.KEY_UNCHECKED in codes(received)


def test_another_key_in_the_archive_is_named(parts, tmp_path, refusal):
    archive = tmp_path / "answer.zip"
    archive.write_bytes(in_zip({"c": parts["device.pem"], "k": parts["a.key"]}))
    assert refusal(CannotReceive, receive.match_certificate, archive) == [
        Code.CERTIFICATE_OF_OTHER_KEY
    ]


def test_a_keystore_that_is_named_as_the_key_is_taken(parts, key, tmp_path):
    (tmp_path / "device.pem").write_bytes(parts["device.pem"])
    store = tmp_path / "store" / "device.p12"
    store.parent.mkdir()
    store.write_bytes(
        pkcs12.serialize_key_and_certificates(
            None, key, None, None, BestAvailableEncryption(b"secret")
        )
    )
    received = receive.match_certificate(tmp_path / "device.pem", store)
    assert received.key == store
    assert Code.KEY_UNCHECKED in codes(received)


@pytest.mark.parametrize(
    ("serial", "chained", "expected"),
    [
        (0, True, []),
        (0, False, [Code.CHAIN_MISSING, Code.CHAIN_URL]),
        (1, True, [Code.SERIAL_DIFFERS]),
    ],
)
def test_the_answer_of_the_api(issued, authority, serial, chained, expected):
    leaf = certificate.read(issued.read_bytes(), issued).certificate
    chain = authority.intermediate.read_text() + authority.root.read_text()
    data = {
        "cert": issued.read_text(),
        "caCert": chain if chained else "",
        "certSN": str(leaf.serial_number + serial),
        "certChainURL": "https://enos.example.com/enos/CA/cacert",
    }
    answer = issued.with_name("answer.json")
    answer.write_text(json.dumps({"code": 0, "data": data}))
    received = receive.match_certificate(answer)
    assert codes(received) == expected
    told = [one.values for one in received.problems]
    if Code.CHAIN_URL in expected:
        assert told[1] == {"url": "https://enos.example.com/enos/CA/cacert"}
    leaf_item = next(one for one in inspect.inspect_files([answer]) if not one.is_authority)
    assert (Code.SERIAL_DIFFERS in expected) == bool(leaf_item.warnings)
    if Code.SERIAL_DIFFERS in expected:
        number = leaf.serial_number
        assert told[0]["serial"] == serials.written(number)


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("4837", True),
        ("0004837", True),
        ("12e5", True),
        ("0x12E5", True),
        ("12:E5", True),
        (" 4837 ", True),
        ("4838", False),
        ("12e6", False),
        ("-4837", False),
        ("", False),
        ("９", False),
        ("1" * 10_000, False),
    ],
)
def test_a_serial_number_is_one_in_decimal_and_in_hexadecimal(written, same):
    assert serials.is_same(written, 4837) is same


@pytest.mark.parametrize("number", [0, -5, 4837, 2**160 - 1])
def test_a_serial_number_is_written_in_decimal_first(number):
    decimal, hexadecimal = serials.written(number).split(" ", 1)
    assert int(decimal) == number
    assert int(hexadecimal.strip("()").replace(" ", ""), 16) == number
    assert serials.is_same(decimal, number)


def test_the_digits_of_a_serial_number_are_grouped_like_those_of_a_fingerprint():
    assert serials.written(0x12E5) == "4837 (0x12E5)"
    assert serials.written(0x49CF63) == "4837219 (0x49 CF63)"
    assert serials.written(-0x12345678) == "-305419896 (-0x1234 5678)"


@pytest.mark.long
def test_a_key_in_the_form_of_openssh_is_checked(parts, tmp_path, refusal):
    device = tmp_path / "device" / "device.pem"
    device.parent.mkdir()
    device.write_bytes(parts["device.pem"])
    form = (Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    mine = key_reader.load(parts["private.pem"])
    (tmp_path / "mine").write_bytes(mine.private_bytes(*form))
    (tmp_path / "other").write_bytes(keys.generate().private_bytes(*form))

    received = receive.match_certificate(device, tmp_path / "mine")
    assert Code.KEY_UNCHECKED not in codes(received)
    assert receive.match_certificate(device, others=[tmp_path / "mine"]).key == tmp_path / "mine"
    assert refusal(CannotReceive, receive.match_certificate, device, tmp_path / "other") == [
        Code.CERTIFICATE_OF_OTHER_KEY
    ]


def test_a_key_that_cannot_be_used_is_named(parts, tmp_path, refusal, openssl):
    device = tmp_path / "device" / "device.pem"
    device.parent.mkdir()
    device.write_bytes(parts["device.pem"])
    key = tmp_path / "dsa.key"
    openssl("genpkey", "-algorithm", "DSA", "-pkeyopt", "dsa_paramgen_bits:1024", "-genparam",
            "-out", tmp_path / "parameters")  # fmt: skip
    openssl("genpkey", "-paramfile", tmp_path / "parameters", "-out", key)
    assert refusal(UnreadableFile, receive.match_certificate, device, key) == [Code.KEY_NOT_RSA]
