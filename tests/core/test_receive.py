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
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    pkcs7,
    pkcs12,
)

from enos_csr_gui.core import (
    asn1,
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
    x509_reader,
)
from enos_csr_gui.core.enums import ContentKind
from enos_csr_gui.core.errors import CannotReceive, CannotSave, Code, CoreError, UnreadableFile
from enos_csr_gui.core.history import RequestHistory, default_path, local_date
from enos_csr_gui.core.reader import MAX_FILES
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


def test_of_two_certificates_of_the_issuer_the_one_that_is_valid_then_is_taken(
    issued, authority, tmp_path
):
    later = x509.load_pem_x509_certificate(authority.intermediate.read_bytes())
    by = load_pem_private_key(authority.root.with_suffix(".key").read_bytes(), None)
    builder = x509.CertificateBuilder().subject_name(later.subject).issuer_name(later.issuer)
    builder = builder.public_key(later.public_key()).serial_number(7)
    builder = builder.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
    builder = builder.not_valid_after(datetime(2021, 1, 1, tzinfo=UTC))
    basic = x509.BasicConstraints(ca=True, path_length=None)
    earlier = builder.add_extension(basic, critical=True).sign(by, hashes.SHA256())
    both = tmp_path / "both.pem"
    both.write_bytes(in_pem(later, earlier))
    for now, taken in ((datetime(2020, 6, 1, tzinfo=UTC), earlier), (None, later)):
        [found] = receive.match_certificate(issued, chain=both, now=now).issued.chain
        assert found.der == taken.public_bytes(Encoding.DER)


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


def test_a_key_that_was_found_elsewhere_is_remembered_there(made, issued, chain, tmp_path):
    moved = made.key.rename(tmp_path / "moved.key")
    made.csr.rename(tmp_path / "moved.csr")
    received = receive.match_certificate(issued, moved)
    assert codes(received) == [Code.CHAIN_MISSING]
    receive.store_certificate(received)
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
    [problem] = problems_of(UnreadableFile, receive.match_certificate, device, key)
    assert problem[1] == key


# --- What is said, with its values ----------------------------------------------------------------


def problems_of(error: type[CoreError], action: Callable, *arguments: object, **named: object):
    with pytest.raises(error) as caught:
        action(*arguments, **named)
    return [(one.code, one.path, dict(one.values)) for one in caught.value.problems]


def test_a_certificate_without_its_key_is_described(made, subject, authority, tmp_path):
    other = tmp_path / "other.csr"
    other.write_bytes(csr.to_pem(csr.sign(subject, keys.generate())))
    file = authority.issue(other, tmp_path / "other.pem")
    other.unlink()
    with RequestHistory() as past:
        [entry] = past.requests()
    earlier = {
        "name": "dev-001",
        "made_on": local_date(entry.made_on),
        "csr": str(made.csr),
    }
    match = receive.match_certificate
    assert problems_of(CannotReceive, match, file) == [
        (Code.CERTIFICATE_OF_OTHER_REQUEST, None, earlier)
    ]
    assert problems_of(CannotReceive, match, file, made.key) == [
        (Code.CERTIFICATE_OF_OTHER_KEY, made.key, {})
    ]
    assert problems_of(UnreadableFile, match, file, made.csr) == [(Code.NOT_A_KEY, made.csr, {})]
    missing = tmp_path / "gone.key"
    assert problems_of(UnreadableFile, match, file, missing) == [(Code.FILE_MISSING, missing, {})]


def test_a_certificate_that_nothing_is_known_of_has_a_name(authority, openssl, tmp_path):
    for subject, algorithm, expected in (
        ("/CN=dev-9", "rsa:2048", (Code.CERTIFICATE_OF_NO_KEY, None, {"name": "dev-9"})),
        ("/O=Wind", "rsa:2048", (Code.CERTIFICATE_OF_NO_KEY, None, {"name": ""})),
        ("/CN=dev-9", "ed25519", (Code.CERTIFICATE_NOT_RSA, None, {"algorithm": "Ed25519"})),
    ):
        openssl("req", "-new", "-newkey", algorithm, "-nodes", "-subj", subject,
                "-keyout", tmp_path / "k", "-out", tmp_path / "r")  # fmt: skip
        file = authority.issue(tmp_path / "r", tmp_path / "dev.pem")
        (tmp_path / "k").unlink()
        (tmp_path / "r").unlink()
        assert problems_of(CannotReceive, receive.match_certificate, file) == [expected]


def test_a_folder_with_too_many_files_beside_it_is_named(subject, authority, tmp_path):
    request = tmp_path / "r"
    request.write_bytes(csr.to_pem(csr.sign(subject, keys.generate())))
    folder = tmp_path / "many"
    folder.mkdir()
    file = authority.issue(request, folder / "dev.pem")
    request.unlink()
    for number in range(MAX_FILES):
        (folder / f"x{number}.txt").touch()
    key = tmp_path / "other.key"
    key.write_bytes(keys.to_pem(keys.generate()))
    unknown = (Code.CERTIFICATE_OF_NO_KEY, None, {"name": "dev-001"})
    too_many = (Code.TOO_MANY_FILES, folder, {"limit": MAX_FILES})
    match = receive.match_certificate
    assert problems_of(CannotReceive, match, file) == [unknown, too_many]
    of_other = (Code.CERTIFICATE_OF_OTHER_KEY, key, {})
    assert problems_of(CannotReceive, match, file, key) == [of_other]
    sorted_ = receive.sort_files([folder])
    assert [(one.code, one.path) for one in sorted_.notes] == [(Code.TOO_MANY_FILES, folder)]


def test_of_a_chain_in_a_folder_with_too_many_files_it_is_said(made, issued, authority, tmp_path):
    folder = tmp_path / "chain"
    folder.mkdir()
    (folder / "0").write_bytes(authority.intermediate.read_bytes())
    (folder / "1").write_bytes(authority.root.read_bytes())
    for number in range(2, MAX_FILES + 1):
        (folder / f"{number}.txt").touch()
    received = receive.match_certificate(issued, chain=folder)
    assert [(one.code, one.path) for one in received.problems] == [(Code.TOO_MANY_FILES, folder)]
    assert len(received.issued.chain) == 2


def test_of_a_file_with_more_than_is_read_it_is_said(away, key):
    own = away.with_name("own.key")
    own.write_bytes(keys.to_pem(key))
    away.write_bytes(away.read_bytes() + asn1.pem("X", b"\x30\x00") * 500)
    found = receive.match_certificate(away).problems
    assert [(one.code, one.path) for one in found] == [
        (Code.CHAIN_MISSING, None),
        (Code.TOO_MANY_OBJECTS, away),
    ]


def test_a_chain_of_others_is_named_with_its_file(made, issued, authority):
    received = receive.match_certificate(issued, chain=authority.root)
    found = [(one.code, one.path) for one in received.problems]
    assert found == [(Code.CHAIN_OF_OTHERS, authority.root)]
    assert received.issued.chain == ()


def test_a_key_may_stand_behind_others_in_its_file(away, key, tmp_path):
    bundle = tmp_path / "bundle.pem"
    others = [keys.to_pem(keys.generate()) for _number in range(2)]
    bundle.write_bytes(others[0] + keys.to_pem(key) + others[1])
    assert receive.match_certificate(away, others=[bundle]).key == bundle


def test_a_chain_without_a_certificate_is_unreadable(issued, made, tmp_path):
    file, folder = tmp_path / "chain.txt", tmp_path / "chain"
    file.write_bytes(b"Hello")
    folder.mkdir()
    (folder / "a").write_bytes(b"Hello")
    match = receive.match_certificate
    unreadable = (Code.CHAIN_UNREADABLE, file, {})
    assert problems_of(UnreadableFile, match, issued, chain=file) == [unreadable]
    nothing = (Code.NO_CERTIFICATE_IN_FOLDER, folder, {"count": 1})
    assert problems_of(UnreadableFile, match, issued, chain=folder) == [nothing]


def test_a_lost_key_is_named_before_all_else(made, issued):
    made.key.unlink()
    received = receive.match_certificate(issued)
    assert [(one.code, one.path) for one in received.problems] == [
        (Code.KEY_GONE, made.key),
        (Code.CHAIN_MISSING, None),
    ]
    assert received.problems[0].values == {"path": str(made.key)}
    assert (received.file, received.key, received.requested) == (
        issued,
        made.key,
        dict(received.past.subject),
    )


def test_a_certificate_that_its_own_key_signed_is_refused(openssl, tmp_path):
    file, key = tmp_path / "own.pem", tmp_path / "own.key"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=dev-9",
            "-addext", "basicConstraints=critical,CA:FALSE",
            "-keyout", key, "-out", file)  # fmt: skip
    for given in (None, key):
        assert problems_of(CannotReceive, receive.match_certificate, file, given) == [
            (Code.CERTIFICATE_SELF_SIGNED, file, {"name": "dev-9"})
        ]


def test_an_impossible_date_is_named_with_its_file(away, subject, key, authority, tmp_path):
    """In the certificate whose key is here, and in one that is alone."""
    der = x509.load_pem_x509_certificate(away.read_bytes()).public_bytes(Encoding.DER)
    start = der.index(b"\x17\x0d")
    odd = asn1.pem("CERTIFICATE", der[: start + 4] + b"13" + der[start + 6 :])
    other = tmp_path / "other.csr"
    other.write_bytes(csr.to_pem(csr.sign(subject, keys.generate())))
    first = authority.issue(other, tmp_path / "first.pem").read_bytes()
    put(away.parent, own_key=keys.to_pem(key), both_pem=first + odd, odd_pem=odd)
    both, alone = away.parent / "both.pem", away.parent / "odd.pem"
    [problem] = problems_of(UnreadableFile, receive.match_certificate, both)
    assert problem[:2] == (Code.DATE_IMPOSSIBLE, both)
    [problem] = problems_of(UnreadableFile, receive.read_issued, receive.sort([alone]))
    assert problem[:2] == (Code.DATE_IMPOSSIBLE, alone)


def test_files_without_a_certificate_are_named_by_what_is_in_them(tmp_path, subject, key):
    hello, own = tmp_path / "hello.txt", tmp_path / "own.key"
    hello.write_bytes(b"Hello")
    own.write_bytes(keys.to_pem(key))
    request = tmp_path / "own.csr"
    request.write_bytes(csr.to_pem(csr.sign(subject, key)))
    kinds = ContentKind.PRIVATE_KEY, ContentKind.REQUEST
    for paths, expected in (
        ([hello], (Code.NOTHING_KNOWN, hello, {})),
        ([hello, own], (Code.NOT_A_CERTIFICATE, own, {"kind": kinds[0]})),
        ([hello, request], (Code.NOT_A_CERTIFICATE, request, {"kind": kinds[1]})),
        ([hello, tmp_path], (Code.NO_CERTIFICATE_IN_FOLDER, tmp_path, {"count": 4})),
    ):
        for read in (receive.sort, receive.sort_files):
            assert problems_of(UnreadableFile, read, paths) == [expected]


def test_what_came_with_a_certificate_is_what_may_belong_to_it(away, subject, key, chain):
    put(
        away.parent,
        b_txt=b"Hello",
        c_key=keys.to_pem(key),
        d_csr=csr.to_pem(csr.sign(subject, key)),
        e_pub=key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )
    folder = away.parent
    sorted_ = receive.sort_files([folder / "b.txt", chain, folder])
    assert sorted_ == (away, (chain, folder / "c.key", folder / "d.csr"), True, ())
    assert not receive.sort_files([chain]).is_of_device


# --- Which key it is ------------------------------------------------------------------------------


@pytest.fixture
def away(subject, key, authority, tmp_path) -> Path:
    """Return a certificate of a key that was not made on this computer, alone in its folder."""
    request = tmp_path / "away.csr"
    request.write_bytes(csr.to_pem(csr.sign(subject, key)))
    folder = tmp_path / "away"
    folder.mkdir()
    file = authority.issue(request, folder / "dev-001.pem")
    request.unlink()
    return file


def put(folder: Path, **contents: bytes) -> None:
    for name, content in contents.items():
        stem, suffix = name.rsplit("_", 1)
        (folder / f"{stem}.{suffix}").write_bytes(content)


def test_a_protected_key_is_known_by_its_request(away, subject, key):
    other = Subject({**subject, "locality": "Guiyang"})
    put(
        away.parent,
        a_key=keys.to_pem(key, "secret"),
        a_csr=csr.to_pem(csr.sign(other, key)),
        b_key=keys.to_pem(keys.generate(), "secret"),
        c_csr=csr.to_pem(csr.sign(subject, key)),  # there is no c.key
    )
    for given in (None, away.parent / "a.key"):
        received = receive.match_certificate(away, given)
        assert received.key == away.parent / "a.key"
        assert received.requested == dict(other)
        assert codes(received) == [Code.SUBJECT_CHANGED, Code.CHAIN_MISSING]
    stranger = away.parent / "b.key"
    put(away.parent, b_csr=csr.to_pem(csr.sign(subject, keys.generate())))
    match = receive.match_certificate
    assert problems_of(CannotReceive, match, away, stranger) == [
        (Code.CERTIFICATE_OF_OTHER_KEY, stranger, {})
    ]


def test_a_request_that_came_says_what_was_asked_for(away, subject, key, tmp_path):
    folder = tmp_path / "came"
    folder.mkdir()
    other = Subject({**subject, "locality": "Guiyang"})
    put(
        folder,
        k_key=keys.to_pem(key),
        r_csr=csr.to_pem(csr.sign(other, key)),
        k_csr=csr.to_pem(csr.sign(subject, key)),  # beside it
        s_csr=csr.to_pem(csr.sign(subject, keys.generate())),
    )
    come = [folder / "k.key", folder / "s.csr"]
    received = receive.match_certificate(away, others=come)
    assert (received.key, received.requested) == (folder / "k.key", dict(subject))
    received = receive.match_certificate(away, others=[*come, folder / "r.csr"])
    assert (received.key, received.requested) == (folder / "k.key", dict(other))
    assert received.past is None
    (folder / "k.csr").write_bytes(csr.to_pem(csr.sign(other, keys.generate())))
    assert receive.match_certificate(away, others=come).requested is None


def test_the_only_protected_key_that_came_is_taken(away, key, tmp_path):
    locked, other = tmp_path / "locked.pem", tmp_path / "other.pem"
    locked.write_bytes(keys.to_pem(key, "secret"))
    other.write_bytes(keys.to_pem(keys.generate(), "secret"))
    received = receive.match_certificate(away, others=[locked])
    assert received.key == locked
    assert codes(received) == [Code.CHAIN_MISSING, Code.KEY_UNCHECKED]
    assert received.problems[1].path == locked
    with pytest.raises(CannotReceive):
        receive.match_certificate(away, others=[locked, other])
    plain = tmp_path / "plain.pem"
    plain.write_bytes(keys.to_pem(keys.generate()))
    assert receive.match_certificate(away, others=[plain, locked]).key == locked


def test_a_protected_key_of_the_history_needs_no_check(subject, key, authority, tmp_path):
    made = create.create_request(subject, key, tmp_path, "dev-001", passphrase="correct horse")
    issued = authority.issue(made.csr, tmp_path / "issued.pem")
    made.csr.unlink()
    received = receive.match_certificate(issued, made.key)
    assert (received.past.key, codes(received)) == (made.key, [Code.CHAIN_MISSING])
    assert received.requested == dict(subject)
    copy = tmp_path / "copy.key"
    copy.write_bytes(made.key.read_bytes())
    assert codes(receive.match_certificate(issued, copy)) == [
        Code.CHAIN_MISSING,
        Code.KEY_UNCHECKED,
    ]


def test_neighbours_of_the_same_name_come_first(away, key, monkeypatch):
    folder = away.parent
    put(
        folder,
        a_key=keys.to_pem(key),
        dev_001_key=b"",
        z_txt=keys.to_pem(key),
    )
    (folder / "dev-001.KEY").write_bytes(keys.to_pem(key))
    assert receive.match_certificate(away).key == folder / "dev-001.KEY"
    (folder / "dev-001.KEY").unlink()
    assert receive.match_certificate(away).key == folder / "a.key"
    (folder / "a.key").unlink()
    with pytest.raises(CannotReceive):
        receive.match_certificate(away)  # the name of z.txt says nothing of a key


def test_of_the_requests_for_one_key_that_of_the_name_counts(subject, made, key, issued, chain):
    """However the key is found, and when the certificate is noted."""
    folder = issued.parent
    other = Subject({**subject, "common_name": "dev-002", "locality": "Guiyang"})
    create.create_request(other, key, made.key.parent, "dev-002", key_file=made.key)
    for name in ("alone", "known"):
        (folder / name).mkdir()
    plain, alone = folder / "plain", folder / "alone" / "locked.key"
    plain.write_bytes(keys.to_pem(key))
    known = folder / "known" / "locked.key"
    for locked in (alone, known):
        locked.write_bytes(keys.to_pem(key, "secret"))
    known.with_suffix(".csr").write_bytes(csr.to_pem(csr.sign(other, key)))

    def check(received: receive.MatchedCertificate, found: Path, *said: Code) -> None:
        assert (received.key, received.past.common_name) == (found, "dev-001")
        assert received.requested == dict(subject)
        assert codes(received) == list(said)

    check(receive.match_certificate(issued, None, chain), made.key)
    for given in (made.key, plain, known):
        check(receive.match_certificate(issued, given, chain), given)
    check(receive.match_certificate(issued, alone, chain), alone, Code.KEY_UNCHECKED)
    receive.store_certificate(receive.match_certificate(issued, plain, chain))
    with RequestHistory() as past:
        noted = {one.common_name: one.serial for one in past.requests()}
    serial = receive.match_certificate(issued).issued.certificate.serial_number
    assert noted == {"dev-001": serial, "dev-002": None}

    made.key.unlink()
    plain.rename(folder / "moved")  # the history looks for it where it was
    moved = [folder / "moved"]
    check(receive.match_certificate(issued, None, chain, others=moved), moved[0])
    check(receive.match_certificate(issued, None, chain, others=[alone]), alone, Code.KEY_UNCHECKED)


def test_a_key_that_is_left_at_the_place_of_another_request_is_that_of_both(
    subject, made, key, issued, chain
):
    other = Subject({**subject, "common_name": "dev-002"})
    left = made.key.with_name("dev-002.key")
    with RequestHistory() as past:
        sha256 = past.requests()[0].public_key_sha256
        past.record(other, public_key_sha256=sha256, key=left, csr=made.csr)
    made.key.rename(left)
    received = receive.match_certificate(issued, None, chain)
    assert (received.key, received.past.common_name, codes(received)) == (left, "dev-001", [])


def test_a_certificate_without_a_common_name_belongs_to_a_request_without_one(
    authority, openssl, tmp_path
):
    file, key = tmp_path / "key", tmp_path / "made.key"
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/O=Wind",
            "-keyout", file, "-out", tmp_path / "r")  # fmt: skip
    issued = authority.issue(tmp_path / "r", tmp_path / "issued.pem")
    key.write_bytes(file.read_bytes())
    [sha256] = receive.wanted_keys(receive.sort([issued]))
    stranger = authority.issue(
        _request_of(openssl, tmp_path / "stranger"), tmp_path / "stranger.pem"
    )
    with RequestHistory() as past:
        for subject in ({"organization": "Wind"}, {"common_name": "dev-1"}):
            past.record(subject, public_key_sha256=sha256, key=key, csr=tmp_path / "r")
    received = receive.match_certificate(issued)
    assert received.past.subject == {"organization": "Wind"}
    receive.store_certificate(received)
    with RequestHistory() as past:
        assert [one.serial is None for one in past.requests()] == [True, False]
    # A name that is missing is not a name that an earlier request had too.
    nothing = (Code.CERTIFICATE_OF_NO_KEY, None, {"name": ""})
    assert problems_of(CannotReceive, receive.match_certificate, stranger) == [nothing]


def _request_of(openssl, file: Path) -> Path:
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/O=Wind",
            "-keyout", file.with_suffix(".secret"), "-out", file)  # fmt: skip
    return file


WAYS = ("given", "given and locked", "came", "beside", "beside and locked", "known", "recorded")


@pytest.mark.parametrize("way", WAYS)
def test_of_two_certificates_the_one_whose_key_is_here_is_meant(way, away, subject, key, authority):
    tmp_path = away.parent.parent
    other = tmp_path / "other.csr"
    other.write_bytes(csr.to_pem(csr.sign(subject, keys.generate())))
    both = away.parent / "both.pem"
    first = authority.issue(other, tmp_path / "first.pem")
    both.write_bytes(first.read_bytes() + away.read_bytes())
    for file in (away, other, first):
        file.unlink()
    given, others, folder = None, [], both.parent
    if "beside" not in way:
        folder = tmp_path / "elsewhere"
        folder.mkdir()
    file = folder / "own.key"
    is_protected = way not in ("given", "came", "beside")
    file.write_bytes(keys.to_pem(key, "secret" if is_protected else None))
    request = file.with_suffix(".csr")
    request.write_bytes(csr.to_pem(csr.sign(subject, key)))
    if way in ("known", "recorded"):  # the history knows which key it is
        sha256 = keys.public_key_sha256(key.public_key())
        with RequestHistory() as past:
            past.record(subject, public_key_sha256=sha256, key=file, csr=request)
        request.unlink()
    if way.startswith("given") or way == "known":
        given = file
    elif way == "came":
        others = [file]
    received = receive.match_certificate(both, given, others=others)
    assert received.key == file
    assert received.issued.public_key_sha256 == keys.public_key_sha256(key.public_key())
    assert received.requested == dict(subject)
    assert codes(received) == [Code.CHAIN_MISSING]


def test_of_the_keys_in_a_folder_that_of_the_certificate_is_taken(away, key, tmp_path):
    folder = tmp_path / "keys"
    folder.mkdir()
    put(folder, a_key=keys.to_pem(keys.generate()), b_key=keys.to_pem(key))
    assert receive.match_certificate(away, folder).key == folder / "b.key"


def test_a_request_for_another_key_says_nothing_of_the_one_beside_it(away, subject, key):
    other = Subject({**subject, "locality": "Guiyang"})
    mine, strangers = keys.to_pem(key), keys.generate()
    put(
        away.parent,
        own_key=keys.to_pem(strangers) + mine,  # in a file with another one
        own_csr=csr.to_pem(csr.sign(other, strangers)),
    )
    received = receive.match_certificate(away)
    assert (received.key, received.requested) == (away.parent / "own.key", None)


def test_the_request_for_a_protected_key_may_be_named_in_capitals(away, subject, key):
    put(
        away.parent,
        own_key=keys.to_pem(key, "secret"),
        own_CSR=csr.to_pem(csr.sign(subject, key)),
    )
    received = receive.match_certificate(away)
    assert (received.key, codes(received)) == (away.parent / "own.key", [Code.CHAIN_MISSING])


def test_keys_come_before_requests_where_there_are_many(away, key):
    folder = away.parent
    for number in range(MAX_FILES):
        (folder / f"{number}.csr").touch()
    (folder / "z.key").write_bytes(keys.to_pem(key))
    assert receive.match_certificate(away).key == folder / "z.key"


def test_a_file_with_several_keys_of_others_is_that_of_others(away, tmp_path):
    file = tmp_path / "several.key"
    file.write_bytes(keys.to_pem(keys.generate()) + keys.to_pem(keys.generate()))
    match = receive.match_certificate
    assert problems_of(CannotReceive, match, away, file) == [
        (Code.CERTIFICATE_OF_OTHER_KEY, file, {})
    ]


def test_the_key_of_the_certificate_among_what_came(away, key, tmp_path):
    put(tmp_path, own_key=keys.to_pem(key), other_key=keys.to_pem(keys.generate()))
    locked = tmp_path / "locked.key"
    locked.write_bytes(keys.to_pem(key, "secret"))
    own, other = tmp_path / "own.key", tmp_path / "other.key"
    for others, expected in (
        ([own, other], own),
        ([other, locked], None),
        ([locked], locked),
        ([other], other),
        ([], None),
    ):
        came = receive.sort([away, *others])
        assert receive.key_among(came) == expected
        assert receive.wanted_keys(came) == [keys.public_key_sha256(key.public_key())]


def test_what_came_is_read_for_one_key(away, key, authority, chain):
    came = receive.sort([chain, away])
    assert [one.path for one in came] == [away, chain]
    issued = receive.read_issued(came)
    assert (issued.answers["common_name"], len(issued.chain)) == ("dev-001", 2)
    assert len(receive.read_issued(receive.sort([away])).chain) == 0
    assert len(receive.read_issued(receive.sort([away]), chain).chain) == 2
    sha256 = x509_reader.read(authority.root.read_bytes()).key.public_key_sha256
    assert receive.read_issued(came, None, sha256).certificate.is_authority


# --- Where it is stored ---------------------------------------------------------------------------


def test_a_certificate_that_was_saved_without_its_chain_is_completed(
    made, issued, authority, chain
):
    alone = receive.store_certificate(receive.match_certificate(issued))
    assert not alone.already
    part = receive.match_certificate(issued, chain=authority.intermediate)
    assert receive.store_certificate(part)[:2] == (alone.certificate, False)
    assert len(x509.load_pem_x509_certificates(alone.certificate.read_bytes())) == 2
    whole = receive.match_certificate(issued, chain=chain)
    assert receive.store_certificate(whole)[:2] == (alone.certificate, False)
    assert alone.certificate.read_bytes() == whole.issued.to_pem()
    # What is there already is more than what came.
    assert receive.store_certificate(part)[:2] == (alone.certificate, True)
    assert alone.certificate.read_bytes() == whole.issued.to_pem()


@pytest.mark.parametrize("change", ["a link", "more text"])
def test_what_is_not_as_it_was_saved_is_not_replaced(made, issued, chain, change):
    place = receive.store_certificate(receive.match_certificate(issued)).certificate
    if change == "a link":
        elsewhere = place.rename(place.with_name("elsewhere"))
        place.symlink_to(elsewhere)
    else:
        place.write_bytes(b"turbine 7\n" + place.read_bytes())
    before = place.read_bytes()
    taken = receive.store_certificate(receive.match_certificate(issued, chain=chain))
    assert taken[:2] == (place.with_name("dev-001-2.crt"), False)
    assert place.read_bytes() == before


def test_what_cannot_be_read_is_not_replaced(made, issued):
    place = made.key.with_suffix(".crt")
    with place.open("wb") as file:
        file.truncate(2 << 20)
    taken = receive.store_certificate(receive.match_certificate(issued))
    assert taken[:2] == (place.with_name("dev-001-2.crt"), False)
    assert place.stat().st_size == 2 << 20


def test_a_certificate_that_there_is_no_room_to_complete_is_named(away, chain, key, mounted):
    folder = mounted("-t", "tmpfs", "-o", "size=16k", "none")
    put(folder, own_key=keys.to_pem(key), own_crt=away.read_bytes())
    own = folder / "own.crt"
    own.write_bytes(receive.read_issued(receive.sort([own])).to_pem())
    before = own.read_bytes()
    (folder / "full").write_bytes(b"x" * 8192)
    received = receive.match_certificate(own, folder / "own.key", chain)
    problems = problems_of(CannotSave, receive.store_certificate, received)
    assert [problem[:2] for problem in problems] == [(Code.DISK_FULL, own)]
    assert own.read_bytes() == before
    (folder / "full").unlink()
    assert receive.store_certificate(received)[:2] == (own, False)


def test_the_certificates_of_a_key_are_found_again(made, issued, authority):
    assert list(receive.saved_certificates(made.key)) == []
    expected = []
    for days in (100, 200, 300):
        later = authority.issue(made.csr, issued.with_name(f"{days}.pem"), days=days)
        taken = receive.store_certificate(receive.match_certificate(later))
        expected.append(taken.certificate)
        assert list(receive.saved_certificates(made.key)) == expected
    assert [one.name for one in expected] == ["dev-001.crt", "dev-001-2.crt", "dev-001-3.crt"]


@pytest.mark.parametrize("suffix", [".key", ".csr"])
def test_a_certificate_is_not_named_after_another_key_or_request(made, issued, suffix):
    made.key.with_name(f"dev-001-2{suffix}").touch()
    made.key.with_suffix(".crt").touch()
    taken = receive.store_certificate(receive.match_certificate(issued))
    assert taken.certificate.name == "dev-001-3.crt"


def test_what_was_received_is_noted_in_the_history(made, issued, chain):
    received = receive.match_certificate(issued, chain=chain)
    taken = receive.store_certificate(received)
    with RequestHistory() as past:
        [entry] = past.requests()
    leaf = received.issued.certificate
    assert (entry.certificate, entry.expires) == (taken.certificate, leaf.not_valid_after_utc)
    assert (entry.key, entry.serial) == (made.key, leaf.serial_number)
    assert entry.issued == leaf.not_valid_before_utc


def test_the_times_of_the_certificate_are_noted_in_the_history(made, authority, tmp_path):
    request = x509.load_pem_x509_csr(made.csr.read_bytes())
    issuer = x509.load_pem_x509_certificate(authority.intermediate.read_bytes())
    by = load_pem_private_key(authority.intermediate.with_suffix(".key").read_bytes(), None)
    times = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(request.subject).issuer_name(issuer.subject)
    builder = builder.public_key(request.public_key()).serial_number(7)
    builder = builder.not_valid_before(times[0]).not_valid_after(times[1])
    file = tmp_path / "issued.pem"
    file.write_bytes(in_pem(builder.sign(by, hashes.SHA256())))
    receive.store_certificate(receive.match_certificate(file))
    with RequestHistory() as past:
        [entry] = past.requests()
    assert (entry.issued, entry.expires) == times


def test_a_key_that_was_not_checked_is_not_remembered(made, issued, chain, key, tmp_path):
    locked = tmp_path / "locked.key"
    locked.write_bytes(keys.to_pem(key, "secret"))
    for chained in (None, chain):
        received = receive.match_certificate(issued, locked, chained)
        assert Code.KEY_UNCHECKED in codes(received)
        receive.store_certificate(received)
        with RequestHistory() as past:
            assert past.requests()[0].key == made.key


def test_a_history_that_cannot_be_used_stops_nothing(away, key):
    (away.parent / "own.key").write_bytes(keys.to_pem(key))
    default_path().mkdir(parents=True)  # where its file should be
    received = receive.match_certificate(away)
    assert (received.key, received.past) == (away.parent / "own.key", None)
    taken = receive.store_certificate(received)
    assert taken.certificate.exists()
    assert taken.notes
    (away.parent / "own.key").unlink()
    nothing = (Code.CERTIFICATE_OF_NO_KEY, None, {"name": "dev-001"})
    assert problems_of(CannotReceive, receive.match_certificate, away) == [nothing]


def test_a_damaged_history_is_named_once(away, key):
    (away.parent / "own.key").write_bytes(keys.to_pem(key))
    default_path().parent.mkdir(parents=True, exist_ok=True)
    default_path().write_bytes(b"no database" * 1000)
    received = receive.match_certificate(away)
    assert [note.code for note in received.notes] == [Code.HISTORY_DAMAGED]
    assert (received.file, received.past) == (away, None)
    assert receive.match_certificate(away).notes == ()
    assert receive.store_certificate(received).notes == ()
    default_path().write_bytes(b"no database" * 1000)
    taken = receive.store_certificate(received)
    assert [note.code for note in taken.notes] == [Code.HISTORY_DAMAGED]
