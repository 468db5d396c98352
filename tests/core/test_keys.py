"""Private keys: those that EnOS takes are opened, whatever made them; others refused by name."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ed25519
from hypothesis import given, settings
from hypothesis import strategies as st

from enos_csr_gui.core import foreign_keys, inspect, key_reader, keys, pbe
from enos_csr_gui.core.asn1 import SEQUENCE, der_value, der_values, pem, pem_blocks
from enos_csr_gui.core.enums import ContentKind
from enos_csr_gui.core.errors import Code, InvalidKey

PASSPHRASE = "Grüße, 凯里 🔑"

# name -> the openssl command that makes it from rsa.pem; every one holds the same key
FORMS = {
    "PKCS 8 PEM": "pkey -in rsa.pem",
    "PKCS 8 DER": "pkey -in rsa.pem -outform DER",
    "traditional PEM": "rsa -in rsa.pem -traditional",
    "traditional DER": "rsa -in rsa.pem -traditional -outform DER",
}
ENCRYPTED_FORMS = {
    "PKCS 8 PEM, AES-256": "pkcs8 -topk8 -v2 aes-256-cbc -in rsa.pem",
    "PKCS 8 PEM, AES-128": "pkcs8 -topk8 -v2 aes-128-cbc -in rsa.pem",
    "PKCS 8 PEM, 3DES": "pkcs8 -topk8 -v2 des3 -in rsa.pem",
    "PKCS 8 PEM, scrypt": "pkcs8 -topk8 -scrypt -in rsa.pem",
    "PKCS 8 PEM, 3DES as of old": "pkcs8 -topk8 -v1 PBE-SHA1-3DES -in rsa.pem",
    "PKCS 8, DES": "pkcs8 -topk8 -v1 PBE-MD5-DES -in rsa.pem -provider legacy -provider default",
    "RC2, 128 bits": "pkcs8 -topk8 -v2 rc2 -provider legacy -provider default -in rsa.pem",
    "RC2 as of old": (
        "pkcs8 -topk8 -v1 PBE-SHA1-RC2-40 -provider legacy -provider default -in rsa.pem"
    ),
    "RC4": "pkcs8 -topk8 -v1 PBE-SHA1-RC4-128 -provider legacy -provider default -in rsa.pem",
    "PKCS 8 DER": "pkcs8 -topk8 -outform DER -in rsa.pem",
    "traditional PEM, AES-256": "rsa -aes256 -traditional -in rsa.pem",
    "traditional PEM, AES-128": "rsa -aes128 -traditional -in rsa.pem",
    "traditional PEM, 3DES": "rsa -des3 -traditional -in rsa.pem",
}
# OpenSSL protects keys in more ways than cryptography reads.
UNREADABLE_FORMS = {
    "Camellia": "pkcs8 -topk8 -v2 camellia-256-cbc -in rsa.pem",
    "Camellia DER": "pkcs8 -topk8 -v2 camellia-256-cbc -in rsa.pem -outform DER",
    "ARIA": "pkcs8 -topk8 -v2 aria-256-cbc -in rsa.pem",
    "RC2": "pkcs8 -topk8 -v2 rc2-40-cbc -provider legacy -provider default -in rsa.pem",
    "SHA-1, DES": "pkcs8 -topk8 -v1 PBE-SHA1-DES -provider legacy -provider default -in rsa.pem",
    "AES-192-CBC": "rsa -aes192 -traditional -in rsa.pem",
    "CAMELLIA-256-CBC": "rsa -camellia256 -traditional -in rsa.pem",
}
OTHER_FILES = {
    "EC": "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256",
    "EC DER": "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -outform DER",
    "EC with parameters": "ecparam -name prime256v1 -genkey",
    "Ed25519": "genpkey -algorithm ED25519",
    "Ed448": "genpkey -algorithm ED448",
    "X25519": "genpkey -algorithm X25519",
    "RSA 1024": "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024",
    "RSA 2047": "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2047",
    "RSA 3072": "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072",
    "RSA 4096": "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:4096",
    "public key": "pkey -in rsa.pem -pubout",
    "public key DER": "pkey -in rsa.pem -pubout -outform DER",
    "RSA public key": "rsa -in rsa.pem -RSAPublicKey_out",
    "certificate": "req -x509 -key rsa.pem -subj /CN=a",
    "certificate DER": "req -x509 -key rsa.pem -subj /CN=a -outform DER",
    "request": "req -new -key rsa.pem -subj /CN=a",
    "PKCS 12": "pkcs12 -export -nocerts -inkey rsa.pem -passout pass:",
}


@pytest.fixture(scope="session")
def made(tmp_path_factory, openssl):
    """Return a function for the bytes that an openssl command writes; rsa.pem is a good key."""
    folder: Path = tmp_path_factory.mktemp("keys")
    rsa = folder / "rsa.pem"
    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", rsa)
    cache: dict[tuple[str, ...], bytes] = {}

    def make(command: str, *options: str) -> bytes:
        known = (command, *options)
        if known not in cache:
            words = [str(rsa) if word == "rsa.pem" else word for word in command.split()]
            openssl(*words, *options, "-out", folder / "out")
            cache[known] = (folder / "out").read_bytes()
        return cache[known]

    return make


@pytest.fixture(scope="session")
def fingerprint_by_openssl(made) -> str:
    return fingerprint_of(made)


def fingerprint_of(made) -> str:
    return hashlib.sha256(made("pkey -in rsa.pem -pubout -outform DER")).hexdigest()


@pytest.fixture(scope="session")
def encrypted_pem(key) -> bytes:
    return keys.to_pem(key, PASSPHRASE)


def reason(data: bytes, passphrase: str | None = None):
    with pytest.raises(InvalidKey) as caught:
        key_reader.load(data, passphrase)
    [problem] = caught.value.problems
    return problem.code, dict(problem.values)


# --- A new key ------------------------------------------------------------------------------------


def test_a_new_key_is_what_the_manual_demands(key, key_pem, openssl):
    assert (key.key_size, key.public_key().public_numbers().e) == (2048, 65537)
    printed = openssl("pkey", "-noout", "-check", "-text", stdin=key_pem)
    assert "Key is valid" in printed
    assert "Private-Key: (2048 bit, 2 primes)" in printed
    assert "publicExponent: 65537 (0x10001)" in printed


def test_no_two_new_keys_are_the_same(key):
    assert keys.public_key_sha256(keys.generate().public_key()) != keys.public_key_sha256(
        key.public_key()
    )


def test_a_bare_key_is_written_as_openssl_writes_it(key_pem, openssl, tmp_path):
    assert key_pem.startswith(b"-----BEGIN PRIVATE KEY-----\n")
    openssl("pkey", "-out", tmp_path / "again.key", stdin=key_pem)
    assert (tmp_path / "again.key").read_bytes() == key_pem


# --- A key that is there already ------------------------------------------------------------------


@pytest.mark.parametrize("passphrase", [None, "", "not needed"])
@pytest.mark.parametrize("form", FORMS)
def test_a_bare_key_of_any_form_is_opened(made, fingerprint_by_openssl, form, passphrase):
    key = key_reader.load(made(FORMS[form]), passphrase)
    assert keys.public_key_sha256(key.public_key()) == fingerprint_by_openssl


@pytest.mark.parametrize("form", ENCRYPTED_FORMS)
def test_an_encrypted_key_of_any_form_is_opened_with_its_passphrase_only(
    made, fingerprint_by_openssl, form
):
    data = made(ENCRYPTED_FORMS[form], "-passout", f"pass:{PASSPHRASE}")
    key = key_reader.load(data, PASSPHRASE)
    assert keys.public_key_sha256(key.public_key()) == fingerprint_by_openssl
    assert reason(data) == (Code.PASSPHRASE_NEEDED, {})
    assert reason(data, "") == (Code.PASSPHRASE_NEEDED, {})
    for wrong in ("wrong", PASSPHRASE.lower(), PASSPHRASE + " ", "half \ud83d", "x" * 3000, "\0"):
        assert reason(data, wrong) == (Code.PASSPHRASE_WRONG, {})


@pytest.mark.parametrize("form", UNREADABLE_FORMS)
def test_the_right_passphrase_is_never_reported_as_wrong(made, form):
    data = made(UNREADABLE_FORMS[form], "-passout", f"pass:{PASSPHRASE}")
    code, values = reason(data, PASSPHRASE)
    assert reason(data) == (code, values), "a passphrase is asked for that cannot help"
    assert code is Code.PROTECTION_UNKNOWN
    assert str(values["protection"]) in form or form.split()[0] in str(values["protection"])


@pytest.mark.parametrize("form", UNREADABLE_FORMS)
def test_the_command_that_converts_an_unknown_protection_works(made, openssl, tmp_path, form):
    if form.endswith("DER"):
        return  # OpenSSL needs to know the format of its input
    old, new = tmp_path / "old.key", tmp_path / "new.key"
    old.write_bytes(made(UNREADABLE_FORMS[form], "-passout", "pass:secret"))
    _code, values = reason(old.read_bytes(), "secret")
    command = str(values["command"]).replace("OLD", str(old)).replace("NEW", str(new))
    openssl(*command.split()[1:], "-passin", "pass:secret", "-passout", "pass:secret")
    assert key_reader.load(new.read_bytes(), "secret")


@pytest.mark.long
@pytest.mark.parametrize(
    "command",
    [
        "pkcs8 -topk8 -iter 1 -in rsa.pem",
        "pkcs8 -topk8 -iter 1 -in rsa.pem -outform DER",
        "rsa -aes256 -traditional -in rsa.pem",
    ],
    ids=["PKCS 8", "PKCS 8 DER", "traditional"],
)
def test_a_wrong_passphrase_is_always_called_that(made, command):
    # One wrong passphrase in 256 makes something that looks decrypted.
    data = made(command, "-passout", "pass:right")
    assert {reason(data, f"wrong {n}")[0] for n in range(1500)} == {Code.PASSPHRASE_WRONG}


@pytest.mark.parametrize(
    "change",
    [
        lambda pem: b"\xef\xbb\xbf" + pem,
        lambda pem: pem.replace(b"\n", b"\r\n"),
        lambda pem: b"The key of turbine 7\n\n" + pem + b"\n\nKeep it safe!\n",
        lambda pem: pem.rstrip(b"\n"),
    ],
    ids=["with a byte order mark", "with CR LF", "in other text", "without the last line end"],
)
def test_a_key_that_an_editor_has_been_at_is_opened(key, key_pem, change):
    assert key_reader.load(change(key_pem)).private_numbers() == key.private_numbers()


def test_a_key_is_found_beside_its_certificate(made, fingerprint_by_openssl):
    bundle = made(OTHER_FILES["certificate"]) + made(FORMS["PKCS 8 PEM"])
    assert keys.public_key_sha256(key_reader.load(bundle).public_key()) == fingerprint_by_openssl


@pytest.mark.parametrize(
    ("file", "code", "values"),
    [
        ("EC", Code.KEY_NOT_RSA, {"algorithm": "EC"}),
        ("EC DER", Code.KEY_NOT_RSA, {"algorithm": "EC"}),
        ("EC with parameters", Code.KEY_NOT_RSA, {"algorithm": "EC"}),
        ("Ed25519", Code.KEY_NOT_RSA, {"algorithm": "Ed25519"}),
        ("Ed448", Code.KEY_NOT_RSA, {"algorithm": "Ed448"}),
        ("X25519", Code.KEY_NOT_RSA, {"algorithm": "X25519"}),
        ("RSA 1024", Code.KEY_SIZE, {"bits": 1024, "wanted": 2048}),
        ("RSA 2047", Code.KEY_SIZE, {"bits": 2047, "wanted": 2048}),
        pytest.param(
            "RSA 3072", Code.KEY_SIZE, {"bits": 3072, "wanted": 2048}, marks=pytest.mark.long
        ),
        pytest.param(
            "RSA 4096", Code.KEY_SIZE, {"bits": 4096, "wanted": 2048}, marks=pytest.mark.slow
        ),
        ("public key", Code.NOT_A_PRIVATE_KEY, {"label": "public key"}),
        ("public key DER", Code.NOT_A_PRIVATE_KEY, {"label": "public key"}),
        ("RSA public key", Code.NOT_A_PRIVATE_KEY, {"label": "rsa public key"}),
        ("certificate", Code.NOT_A_PRIVATE_KEY, {"label": "certificate"}),
        ("certificate DER", Code.NOT_A_KEY, {}),
        ("request", Code.NOT_A_PRIVATE_KEY, {"label": "certificate request"}),
    ],
)
@pytest.mark.parametrize("passphrase", [None, "some passphrase"])
def test_what_enos_does_not_take_is_refused_by_name(made, file, code, values, passphrase):
    assert reason(made(OTHER_FILES[file]), passphrase) == (code, values)


@pytest.mark.parametrize("form", ["TraditionalOpenSSL", "PKCS8"])
def test_a_dsa_key_is_refused_by_name(form):
    key = dsa.generate_private_key(1024)
    written = key.private_bytes(
        serialization.Encoding.PEM,
        getattr(serialization.PrivateFormat, form),
        serialization.NoEncryption(),
    )
    assert reason(written) == (Code.KEY_NOT_RSA, {"algorithm": "DSA"})


@pytest.mark.parametrize(
    ("command", "algorithm"),
    [
        ("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256", "EC"),
        ("genpkey -algorithm ED25519", "Ed25519"),
        ("genpkey -algorithm X448", "X448"),
    ],
)
def test_a_protected_key_of_another_kind_is_named_once_it_is_open(made, command, algorithm):
    data = made(f"{command} -aes256", "-pass", "pass:a")
    assert reason(data) == (Code.PASSPHRASE_NEEDED, {})
    assert reason(data, "a") == (Code.KEY_NOT_RSA, {"algorithm": algorithm})


def test_two_public_keys_in_der_are_no_private_key(made):
    data = made(OTHER_FILES["public key DER"]) * 2
    assert reason(data) == (Code.NOT_A_PRIVATE_KEY, {"label": "public key"})


@pytest.fixture
def wrong_key(key, tmp_path) -> Path:
    """Return a file with a key in DER of which one number is wrong."""
    numbers = numbers_of(key)
    numbers["p"] += 2
    order = ("n", "e", "d", "p", "q", "dp", "dq", "qi")
    values = map(der_integer, (0, *(numbers[name] for name in order)))
    file = tmp_path / "wrong.der"
    file.write_bytes(der_value(SEQUENCE, b"".join(values)))
    return file


@pytest.mark.parametrize("slow", [False, True])
@pytest.mark.parametrize("command", ["rsa -aes256 -traditional", "pkcs8 -topk8"])
def test_wrong_numbers_are_not_blamed_on_the_passphrase(
    wrong_key, openssl, command, slow, monkeypatch
):
    locked = wrong_key.with_name("locked")
    openssl(*command.split(), "-inform", "DER", "-in", wrong_key, "-passout", "pass:right",
            "-out", locked)  # fmt: skip
    if slow:
        monkeypatch.setattr(pbe, "ASK_SECONDS", 0)
    data = locked.read_bytes()
    for passphrase, code in (("right", Code.NOT_A_KEY), ("wrong", Code.PASSPHRASE_WRONG)):
        with pytest.raises(InvalidKey) as caught:
            key_reader.load(data, passphrase, may_take_long=slow)
        assert [one.code for one in caught.value.problems] == [code]


def test_a_cipher_without_a_name_is_called_by_its_number(made):
    data = made("pkcs8 -topk8 -outform DER -in rsa.pem", "-passout", "pass:a")
    cipher = bytes.fromhex("06096086480165030401")
    assert data.count(cipher + b"\x2a") == 1  # AES-256
    code, values = reason(data.replace(cipher + b"\x2a", cipher + b"\x63"), "a")
    assert (code, values["protection"]) == (Code.PROTECTION_UNKNOWN, "2.16.840.1.101.3.4.1.99")


def test_a_protection_without_a_name_cannot_be_opened(made):
    data = made(ENCRYPTED_FORMS["traditional PEM, AES-256"], "-passout", f"pass:{PASSPHRASE}")
    nameless = re.sub(rb"DEK-Info:.*\n", b"", data)
    code, values = reason(nameless, PASSPHRASE)
    assert (code, values["protection"]) == (Code.PROTECTION_UNKNOWN, "?")


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="needs ssh-keygen of OpenSSH")
@pytest.mark.parametrize("convert", [(), ("-e",)], ids=["OpenSSH", "RFC 4716"])
def test_a_public_key_of_ssh_is_called_one(tmp_path, convert):
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", str(tmp_path / "key")],
        check=True,
    )
    public = (tmp_path / "key.pub").read_bytes()
    if convert:
        command = ["ssh-keygen", *convert, "-f", str(tmp_path / "key.pub")]
        public = subprocess.run(command, check=True, capture_output=True).stdout
    assert reason(public) == (Code.SSH_PUBLIC_KEY, {})
    [found] = inspect.inspect(Path("key.pub"), public)
    expected = key_reader.load((tmp_path / "key").read_bytes()).public_key()
    assert found.kind is ContentKind.PUBLIC_KEY
    assert found.key.public_key_sha256 == keys.public_key_sha256(expected)


@pytest.mark.parametrize("form", ["PKCS 8 PEM", "PKCS 8 DER", "traditional PEM", "traditional DER"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9, 0.99])
def test_a_truncated_key_is_no_key(made, form, share):
    whole = made(FORMS[form])
    assert reason(whole[: int(len(whole) * share)])[0] is Code.NOT_A_KEY


@settings(max_examples=settings.default.max_examples // 3)
@given(st.floats(0, 1, exclude_max=True), st.integers(1, 255))
def test_a_key_with_one_wrong_byte_is_no_key(made, place, change):
    data = bytearray(made(FORMS["PKCS 8 DER"]))
    data[int(place * len(data))] ^= change
    assert reason(bytes(data))[0] in (Code.NOT_A_KEY, Code.KEY_NOT_RSA, Code.KEY_SIZE)


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_a_truncated_encrypted_key_is_no_key_either(encrypted_pem, passphrase):
    cut = encrypted_pem[: len(encrypted_pem) // 2]
    assert reason(cut, passphrase)[0] is Code.NOT_A_KEY


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\0" * 1000,
        b"hello",
        "密钥".encode(),
        b"\x30\x82\xff\xff",
        b"-----BEGIN PRIVATE KEY-----",
        b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN PRIVATE KEY-----\nMIIE!!!!\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
        bytes(range(256)) * 100,
    ],
)
def test_garbage_is_no_key(garbage, passphrase):
    assert reason(garbage, passphrase) == (Code.NOT_A_KEY, {})


# --- Keeping it with a passphrase -----------------------------------------------------------------


@pytest.mark.parametrize(
    "passphrase", ["x", PASSPHRASE, " blanks around ", "-pass", "a\tb", "é" * 511, "x" * 1023]
)
def test_openssl_opens_what_was_protected(key, key_pem, openssl, tmp_path, passphrase):
    path, secret = tmp_path / "dev-001.key", tmp_path / "passphrase"
    path.write_bytes(keys.to_pem(key, passphrase))
    secret.write_bytes(passphrase.encode() + b"\n")
    printed = openssl("pkey", "-in", path, "-passin", f"file:{secret}")
    assert printed.encode() == key_pem


def test_a_protected_key_shows_nothing_of_itself(key, encrypted_pem, openssl):
    assert encrypted_pem.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    printed = openssl("asn1parse", stdin=encrypted_pem)
    assert ":PBES2" in printed
    assert ":aes-256-cbc" in printed
    assert key_reader.load(encrypted_pem, PASSPHRASE).private_numbers() == key.private_numbers()
    assert keys.to_pem(key, PASSPHRASE) != encrypted_pem  # salted


@pytest.mark.parametrize(
    ("passphrase", "code", "values"),
    [
        ("", Code.PASSPHRASE_EMPTY, {}),
        ("x" * 1024, Code.PASSPHRASE_TOO_LONG, {"limit": 1023, "length": 1024}),
        ("é" * 512, Code.PASSPHRASE_TOO_LONG, {"limit": 1023, "length": 1024}),
        ("ab\ud83d", Code.BROKEN_CHARACTER, {"position": 3, "code_point": "U+D83D"}),
    ],
)
def test_a_passphrase_that_will_not_do_is_refused(key, passphrase, code, values):
    [problem] = keys.check_passphrase(passphrase)
    assert (problem.code, problem.values) == (code, values)
    with pytest.raises(InvalidKey) as caught:
        keys.to_pem(key, passphrase)
    assert caught.value.problems == (problem,)


@pytest.mark.parametrize("passphrase", [" ", "x", "x" * 1023, "贵" * 341, PASSPHRASE])
def test_any_other_passphrase_will(passphrase):
    assert keys.check_passphrase(passphrase) == []


def test_an_error_does_not_repeat_the_passphrase(encrypted_pem):
    with pytest.raises(InvalidKey) as caught:
        key_reader.load(encrypted_pem, "hunter2")
    error: BaseException | None = caught.value
    while error is not None:  # a traceback prints all of these
        assert "hunter2" not in f"{error} {error!r}"
        error = error.__cause__ or error.__context__
    with pytest.raises(InvalidKey) as caught:
        keys.to_pem(key_reader.load(encrypted_pem, PASSPHRASE), "hunter2" * 500)
    assert "hunter2" not in f"{caught.value} {caught.value!r}"


# --- Fingerprint and strength ---------------------------------------------------------------------


def test_the_fingerprint_is_what_openssl_and_sha256_give(key, key_pem, openssl, tmp_path):
    openssl("pkey", "-pubout", "-outform", "DER", "-out", tmp_path / "public", stdin=key_pem)
    printed = openssl("dgst", "-sha256", "-r", tmp_path / "public")
    assert keys.public_key_sha256(key.public_key()) == printed.split()[0]


@pytest.mark.parametrize(
    ("passphrase", "strengths"),
    [
        ("", {0}),
        ("123456", {0}),
        ("password", {0}),
        ("x" * 1023, {0, 1}),
        ("turbine7", {1, 2}),
        ("kaili-wind-7", {2, 3, 4}),
        ("凯里风电场的密码很长", {3, 4}),
        ("correct horse battery staple", {4}),
        (PASSPHRASE * 60, {4}),
        ("half \ud83d", {0, 1, 2, 3, 4}),
    ],
)
def test_the_strength_of_a_passphrase_is_0_to_4(passphrase, strengths):
    assert keys.strength(passphrase) in strengths


@pytest.mark.usefixtures("bounded")
def test_the_strength_of_a_long_passphrase_is_computed_quickly():
    keys.strength("warm up")
    keys.strength("aB3$" * 250)


# --- Keys of other programs -----------------------------------------------------------------------


def is_the_key(made, data: bytes, passphrase: str | bytes | None = None) -> bool:
    wanted = key_reader.load(made(FORMS["PKCS 8 PEM"]))
    return key_reader.load(data, passphrase).private_numbers() == wanted.private_numbers()


@pytest.mark.parametrize("algorithm", ["aes-128-cbc", "aes-192-cbc", "aes-256-cbc"])
@pytest.mark.parametrize("prf", ["hmacWithSHA1", "hmacWithSHA256", "hmacWithSHA512"])
def test_the_empty_passphrase_is_a_passphrase(made, algorithm, prf):
    command = f"pkcs8 -topk8 -v2 {algorithm} -v2prf {prf} -in rsa.pem"
    data = made(command, "-passout", "pass:")
    assert is_the_key(made, data)
    assert is_the_key(made, data, "")


@pytest.mark.parametrize("secret", ["right", ""])
def test_the_key_in_a_keystore_is_opened(made, secret):
    data = made("pkcs12 -export -nocerts -inkey rsa.pem", "-passout", f"pass:{secret}")
    assert is_the_key(made, data, secret or None)
    if secret:
        assert reason(data) == (Code.PASSPHRASE_NEEDED, {})
        assert reason(data, "wrong") == (Code.PASSPHRASE_WRONG, {})


def test_a_keystore_without_a_key_holds_none(made, tmp_path, openssl):
    (tmp_path / "cert").write_bytes(made(OTHER_FILES["certificate"]))
    openssl("pkcs12", "-export", "-nokeys", "-in", tmp_path / "cert", "-passout", "pass:a",
            "-out", tmp_path / "store")  # fmt: skip
    found = reason((tmp_path / "store").read_bytes(), "a")
    assert found == (Code.NOT_A_PRIVATE_KEY, {"label": "keystore"})


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "gb18030"])
@pytest.mark.parametrize("typed", [str, bytes])
def test_a_passphrase_is_tried_in_the_encodings_of_older_programs(key, encoding, typed):
    text = "Grüße" if encoding == "latin-1" else "凯里密码"
    secret = text.encode("utf-8" if encoding == "utf-8" else encoding)
    data = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(secret),
    )
    passphrase = text if typed is str else secret
    assert key_reader.load(data, passphrase).private_numbers() == key.private_numbers()
    if typed is bytes:  # the file with the passphrase was saved as UTF-8 since
        assert key_reader.load(data, text.encode()).private_numbers() == key.private_numbers()


def test_an_openssh_key_is_read_or_its_conversion_named(key):
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH)
    plain = key.private_bytes(*form, serialization.NoEncryption())
    assert key_reader.load(plain).private_numbers() == key.private_numbers()


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="needs ssh-keygen of OpenSSH")
@pytest.mark.parametrize(
    ("passphrase", "code", "values"),
    [
        ("", Code.KEY_NOT_RSA, {"algorithm": "OpenSSH"}),
        (
            "secret",
            Code.KEY_FORMAT,
            {"format": "OpenSSH", "command": "ssh-keygen -p -m PKCS8 -f COPY"},
        ),
    ],
)
def test_an_openssh_key_that_is_not_read_is_refused_by_name(tmp_path, passphrase, code, values):
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", str(tmp_path / "id")]
    subprocess.run(words, check=True)
    assert reason((tmp_path / "id").read_bytes(), passphrase) == (code, values)


@pytest.mark.parametrize("kind", ["RSA", "Ed25519"])
def test_the_public_key_stands_before_a_private_key_of_openssh(key, kind):
    private = key if kind == "RSA" else ed25519.Ed25519PrivateKey.generate()
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH)
    [block] = pem_blocks(private.private_bytes(*form, serialization.NoEncryption()))
    assert foreign_keys.openssh_public_key(block.der) == private.public_key()
    assert foreign_keys.openssh_public_key(block.der[:60]) is None


def ssh_text(text: bytes) -> bytes:
    return len(text).to_bytes(4, "big") + text


def test_a_public_key_of_ssh_has_a_length_that_a_key_may_have():
    def blob(bits: int) -> bytes:
        modulus = ((1 << bits) - 1).to_bytes(bits // 8 + 1, "big")
        return b"".join(map(ssh_text, (b"ssh-rsa", b"\1\0\1", modulus)))

    assert foreign_keys.ssh_public_key(blob(16_384)).key_size == 16_384
    assert foreign_keys.ssh_public_key(blob(200_000)) is None
    assert foreign_keys.ssh_public_key(ssh_text(b"ssh rsa") + b"x" * 99) is None


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="needs ssh-keygen of OpenSSH")
def test_the_command_that_converts_an_openssh_key_works(tmp_path):
    file = tmp_path / "id"
    words = ["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-f", str(file)]
    subprocess.run([*words, "-N", "secret"], check=True)
    code, values = reason(file.read_bytes(), "secret")
    assert (code, values["format"]) == (Code.KEY_FORMAT, "OpenSSH")
    command = str(values["command"]).replace("COPY", str(file)).split()
    subprocess.run([*command, "-P", "secret", "-N", "secret"], check=True, capture_output=True)
    assert key_reader.load(file.read_bytes(), "secret").key_size == 2048


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\n", "PuTTY"),
        (b"PuTTY-User-Key-File-3: ssh-rsa\r\nEncryption: aes256-cbc\r\n", "PuTTY"),
        (b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nP2/56wAA\n", "SSH.com"),
        (b"\xfe\xed\xfe\xed\x00\x00\x00\x02", "Java (JKS)"),
        (b"\xce\xce\xce\xce\x00\x00\x00\x02", "Java (JKS)"),
        (bytes.fromhex("1ef1b5b00000000002000000"), "Windows (PVK)"),
        (bytes.fromhex("070200000024000052534132000800000100010001"), "Windows (key BLOB)"),
        (bytes.fromhex("0702000000a4000052534132000800000100010001"), "Windows (key BLOB)"),
    ],
)
def test_a_key_in_a_form_of_its_own_is_named_with_the_command_that_converts_it(data, name):
    code, values = reason(data)
    assert (code, values["format"]) == (Code.KEY_FORMAT, name)
    assert "OLD" in str(values["command"])
    [found] = inspect.inspect(Path("x"), data)
    assert Code.SECRET_INSIDE in [one.code for one in found.warnings] or found.kind is (
        ContentKind.JAVA_KEYSTORE
    )


@pytest.mark.parametrize("form", ["PVK -pvk-none", "MSBLOB"])
def test_a_key_of_windows_is_named_and_its_command_converts_it(made, form, tmp_path, openssl):
    providers = "-provider legacy -provider default"
    data = made(f"rsa -in rsa.pem -outform {form} {providers}")
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(data)
    _program, *command = str(reason(data)[1]["command"]).split()
    openssl(*({"OLD": str(old), "NEW": str(new)}.get(word, word) for word in command))
    assert is_the_key(made, new.read_bytes())


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "gb18030"])
@pytest.mark.parametrize("options", ["", "-legacy"])
def test_so_it_is_with_a_keystore(made, encoding, options, tmp_path):
    text = "Grüße" if encoding == "latin-1" else "凯里密码"
    secret = tmp_path / f"{encoding}{options}"  # ``made`` knows the command by it
    secret.write_bytes(text.encode(encoding))
    command = f"pkcs12 -export -nocerts -inkey rsa.pem {options}"
    data = made(command, "-passout", f"file:{secret}")
    assert is_the_key(made, data, text)
    assert is_the_key(made, data, text.encode())
    with pytest.raises(InvalidKey) as caught:
        key_reader.load(data, "öther")
    assert caught.value.problems[0].code is Code.PASSPHRASE_WRONG


def base64url(number: int) -> str:
    data = number.to_bytes(-(-number.bit_length() // 8), "big")
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def numbers_of(key) -> dict[str, int]:
    private = key.private_numbers()
    public = private.public_numbers
    return {"n": public.n, "e": public.e, "d": private.d, "p": private.p, "q": private.q,
            "dp": private.dmp1, "dq": private.dmq1, "qi": private.iqmp}  # fmt: skip


def test_a_json_web_key_is_read(key):
    jwk = {"kty": "RSA", "kid": "7"} | {k: base64url(v) for k, v in numbers_of(key).items()}
    data = json.dumps(jwk).encode()
    assert key_reader.load(data).private_numbers() == key.private_numbers()
    assert reason(json.dumps({**jwk, "p": jwk["q"]}).encode())[0] is Code.NOT_A_KEY
    assert reason(json.dumps({**jwk, "kty": "EC"}).encode())[0] is Code.KEY_NOT_RSA
    too_short = (Code.KEY_SIZE, {"bits": 1024, "wanted": 2048})
    assert reason(json.dumps({**jwk, "n": jwk["p"]}).encode()) == too_short


def test_a_json_web_key_may_have_the_mandatory_numbers_only(key):
    numbers = numbers_of(key)
    jwk = {"kty": "RSA"} | {name: base64url(numbers[name]) for name in ("n", "e", "d")}
    read = key_reader.load(json.dumps(jwk).encode()).private_numbers()
    assert {read.p, read.q} == {numbers["p"], numbers["q"]}
    assert read.public_numbers == key.public_key().public_numbers()
    large = {**jwk, "n": base64url((1 << 4096) - 1)}
    too_long = (Code.KEY_SIZE, {"bits": 4096, "wanted": 2048})
    assert reason(json.dumps(large).encode()) == too_long
    for name in ("e", "d"):
        odd = {**jwk, name: base64url((1 << 100_000) - 1)}
        assert reason(json.dumps(odd).encode()) == (Code.NOT_A_KEY, {})
    for name in ("n", "e", "d"):
        less = {one: text for one, text in jwk.items() if one != name}
        assert reason(json.dumps(less).encode()) == (Code.NOT_A_KEY, {})


def is_private_key_for_inspection(data: bytes) -> bool:
    [found] = inspect.inspect(Path("key"), data)
    kind = found.kind is ContentKind.PRIVATE_KEY
    return kind and [one.code for one in found.warnings] == [Code.SECRET_INSIDE]


@pytest.mark.long
def test_a_json_web_key_may_lack_its_primes_or_stand_in_a_set(key):
    full = {"kty": "RSA"} | {k: base64url(v) for k, v in numbers_of(key).items()}
    short = {name: full[name] for name in ("kty", "n", "e", "d")}
    for jwk in (full, short, [full], {"keys": [short]}, {"keys": [{"kty": "EC"}, full]}):
        data = json.dumps(jwk).encode()
        assert key_reader.load(data).private_numbers().p in (
            key.private_numbers().p,
            key.private_numbers().q,
        )
        assert is_private_key_for_inspection(data)
    wrong = {**short, "d": base64url(key.private_numbers().d + 2)}
    assert reason(json.dumps(wrong).encode())[0] is Code.NOT_A_KEY
    assert reason(json.dumps({**short, "d": "!"}).encode())[0] is Code.NOT_A_KEY


@pytest.mark.parametrize(
    "jwk",
    [
        {"kty": "EC", "crv": "P-256", "x": "AQAB", "y": "AQAB", "d": "AQAB"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AQAB", "d": "AQAB"},
    ],
)
def test_a_json_web_key_of_another_type_is_a_private_key(jwk):
    data = json.dumps(jwk).encode()
    assert is_private_key_for_inspection(data)
    assert reason(data)[0] is Code.KEY_NOT_RSA
    del jwk["d"]
    assert not is_private_key_for_inspection(json.dumps(jwk).encode())


def test_the_xml_of_dotnet_is_read(key):
    names = {"n": "Modulus", "e": "Exponent", "d": "D", "p": "P", "q": "Q",
             "dp": "DP", "dq": "DQ", "qi": "InverseQ"}  # fmt: skip
    inside = ""
    for name, number in numbers_of(key).items():
        data = number.to_bytes(-(-number.bit_length() // 8), "big")
        inside += f"  <{names[name]}>{base64.b64encode(data).decode()}</{names[name]}>\n"
    for start, name in (("RSAKeyValue", "RSAKeyValue"), ('RSAParameters a="b"', "RSAParameters")):
        xml = f"<{start}>\n{inside}</{name}>".encode()
        wrapped = re.sub(rb"([A-Za-z0-9+/]{64})", rb"\1\r\n    ", xml)
        assert key_reader.load(wrapped).private_numbers() == key.private_numbers()
        assert key_reader.load(xml).private_numbers() == key.private_numbers()
        assert is_private_key_for_inspection(xml)


def test_a_file_full_of_beginnings_takes_no_time():
    data = b"<RSAKeyValue>" * 80_000
    begin = time.process_time()
    assert foreign_keys.conversion(data) is None
    assert time.process_time() - begin < 10  # trying an end for each takes 45 s


def test_a_key_of_a_security_chip_is_named(made):
    data = b"-----BEGIN TSS2 PRIVATE KEY-----\nMAA=\n-----END TSS2 PRIVATE KEY-----\n"
    assert reason(data) == (Code.KEY_IN_HARDWARE, {})


def test_a_key_with_more_than_two_primes_is_named(openssl, tmp_path):
    key = tmp_path / "three.key"
    openssl("genrsa", "-primes", "3", "-out", key, "2048")
    assert reason(key.read_bytes()) == (Code.KEY_PRIMES, {})
    for options in (["-traditional"], ["-outform", "DER"]):
        openssl("rsa", "-in", key, *options, "-out", tmp_path / "other.key")
        assert reason((tmp_path / "other.key").read_bytes()) == (Code.KEY_PRIMES, {})
    for options in (["-v2", "aes256"], ["-scrypt"], ["-v1", "PBE-SHA1-3DES"]):
        locked = tmp_path / "locked.key"
        secret = ["-passout", "pass:secret"]
        openssl("pkcs8", "-topk8", "-in", key, *options, *secret, "-out", locked)
        assert reason(locked.read_bytes(), "secret") == (Code.KEY_PRIMES, {})
        assert reason(locked.read_bytes(), "other") == (Code.PASSPHRASE_WRONG, {})


def test_a_key_for_pss_only_is_named(made):
    data = made("genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048")
    assert reason(data) == (Code.KEY_PSS, {})


@pytest.mark.parametrize("label", ["PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"])
@pytest.mark.parametrize("form", ["PKCS 8 PEM", "traditional PEM"])
def test_the_label_of_a_key_may_be_wrong(made, form, label):
    text = made(FORMS[form]).decode()
    text = re.sub(r"(BEGIN|END) [A-Z ]*KEY", rf"\1 {label}", text)
    assert is_the_key(made, text.encode())


@pytest.mark.long
def test_of_several_keys_the_right_one_is_found(made, key):
    other = made("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048")
    small = made(OTHER_FILES["RSA 1024"])
    bundle = small + other + made(FORMS["PKCS 8 PEM"])
    wanted = keys.public_key_sha256(key_reader.load(made(FORMS["PKCS 8 PEM"])).public_key())
    found = key_reader.load(bundle, wanted=[wanted])
    assert keys.public_key_sha256(found.public_key()) == wanted


@pytest.mark.long
def test_of_several_keys_none_is_taken_by_chance(made):
    first = made("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048")
    small = made(OTHER_FILES["RSA 1024"])
    plain, traditional = made(FORMS["PKCS 8 PEM"]), made(FORMS["traditional PEM"])
    assert reason(small + first + plain) == (Code.SEVERAL_KEYS, {})
    assert is_the_key(made, small + plain + traditional)  # the same key twice
    protected = made("pkcs8 -topk8 -in rsa.pem -passout pass:secret")
    assert reason(first + protected) == (Code.PASSPHRASE_NEEDED, {})
    with pytest.raises(InvalidKey) as caught:
        key_reader.load(first + protected, "secret")
    assert caught.value.problems[0].code is Code.SEVERAL_KEYS
    assert key_reader.load(traditional + protected, "secret")


# --- Files made to keep the computer busy ---------------------------------------------------------


_SLOW_FORMS = {
    # the openssl command for 200,000 iterations, and what opening the key costs in seconds
    "pkcs8 -topk8 -in rsa.pem -iter 200000": 0.1,
    "pkcs8 -topk8 -in rsa.pem -iter 200000 -outform DER": 0.1,
    "pkcs8 -topk8 -in rsa.pem -iter 200000 -v2prf hmacWithSHA1": 0.2,
    "pkcs8 -topk8 -in rsa.pem -iter 200000 -v2prf hmacWithSHA512": 0.2,
    "pkcs8 -topk8 -in rsa.pem -iter 200000 -v2 des3": 0.1,
    "pkcs8 -topk8 -in rsa.pem -iter 200000 -v2 aes-192-cbc": 0.1,
    "pkcs8 -topk8 -in rsa.pem -iter 200000 -v1 PBE-SHA1-3DES": 0.3,
    "pkcs8 -topk8 -in rsa.pem -scrypt": 0.125,
    # Of a keystore, only the key is decrypted.
    "pkcs12 -export -nocerts -inkey rsa.pem -iter 200000": 0.1,
    "pkcs12 -export -nocerts -inkey rsa.pem -iter 200000 -keypbe PBE-SHA1-3DES": 0.3,
}


def never_derives(monkeypatch) -> None:
    def derives(*_arguments, **_more):
        raise AssertionError("a derivation was begun")

    for module, name in (
        (key_reader.serialization, "load_der_private_key"),
        (key_reader.serialization, "load_pem_private_key"),
        (key_reader.pkcs12, "load_pkcs12"),
        (key_reader.pbe, "derive_pkcs12"),
        (key_reader.pbe, "PBKDF2HMAC"),
        (key_reader.pbe, "Scrypt"),
    ):
        monkeypatch.setattr(module, name, derives)


@pytest.mark.long
@pytest.mark.parametrize("command", _SLOW_FORMS)
def test_a_slow_key_is_opened_only_when_a_person_agrees(made, command, monkeypatch):
    data = made(command, "-passout", "pass:a")
    monkeypatch.setattr(pbe, "ASK_SECONDS", 0.05)
    with monkeypatch.context() as patched:
        never_derives(patched)
        assert reason(data) == (Code.PASSPHRASE_NEEDED, {})
        for passphrase in ("", "a"):
            assert reason(data, passphrase) == (Code.KEY_SLOW, {"seconds": 1})
    assert key_reader.seconds(data, "a") == pytest.approx(_SLOW_FORMS[command])
    assert key_reader.seconds(data, "é") == pytest.approx(3 * _SLOW_FORMS[command])
    key = key_reader.load(data, "a", may_take_long=True)
    assert keys.public_key_sha256(key.public_key()) == fingerprint_of(made)
    with pytest.raises(InvalidKey) as caught:
        key_reader.load(data, "b", may_take_long=True)
    assert caught.value.problems[0].code is Code.PASSPHRASE_WRONG


@pytest.mark.parametrize("command", _SLOW_FORMS)
def test_the_cost_is_read_from_the_file_and_the_key_opened_here(made, command, monkeypatch):
    data = made(command.replace("200000", "2000"), "-passout", "pass:a")
    cost = _SLOW_FORMS[command] / (100 if "200000" in command else 1)
    monkeypatch.setattr(pbe, "ASK_SECONDS", 0)
    assert key_reader.seconds(data, "a") == pytest.approx(cost)
    with monkeypatch.context() as patched:
        for module, name in (
            (key_reader.serialization, "load_pem_private_key"),
            (key_reader.pkcs12, "load_pkcs12"),
        ):
            patched.setattr(module, name, None)
        key = key_reader.load(data, "a", may_take_long=True)
    assert keys.public_key_sha256(key.public_key()) == fingerprint_of(made)


def in_ber(data: bytes, iterations: int) -> bytes:
    """Return a keystore with lengths that are not given, and these iterations of the MAC."""
    [whole] = der_values(data)
    mac = list(der_values(data, whole.inside, whole.end))[2]
    digest, salt, _iterations = der_values(data, mac.inside, mac.end)
    inside = data[digest.start : salt.end] + der_integer(iterations)
    return b"\x30\x80" + data[whole.inside : mac.start] + b"\x30\x80" + inside + b"\0\0\0\0"


def test_a_keystore_in_ber_is_opened_with_its_passphrase_only(made):
    data = in_ber(made("pkcs12 -export -nocerts -inkey rsa.pem", "-passout", "pass:a"), 2048)
    assert is_the_key(made, data, "a")
    assert reason(data) == (Code.PASSPHRASE_NEEDED, {})
    assert reason(data, "b") == (Code.PASSPHRASE_WRONG, {})


@pytest.mark.parametrize("more", ["", "-iter 7000"])
def test_the_mac_of_a_keystore_costs_too(made, more):
    data = made(f"pkcs12 -export -nocerts -inkey rsa.pem {more}", "-passout", "pass:a")
    key = 7000 if more else 2048
    assert pbe.seconds(data) == pytest.approx(2 * key / 2_000_000)
    for iterations in (1, 2048, 1 << 24, (1 << 31) - 1, 0x7FFFFF00):
        cost = pytest.approx((key + iterations) / 2_000_000)
        assert pbe.seconds(in_ber(data, iterations)) == cost


def test_a_key_has_no_mac(made, key):
    assert pbe.seconds(made(FORMS["PKCS 8 DER"])) == 0
    numbers = [2] * 8 + [int.from_bytes(b"\x02\x04\x7f\xff\xff\xff", "big")]
    assert pbe.seconds(der_value(SEQUENCE, b"".join(der_integer(one) for one in numbers))) == 0


def test_the_mac_of_a_keystore_in_ber_is_not_computed_for_minutes(made, monkeypatch):
    data = made("pkcs12 -export -nocerts -inkey rsa.pem", "-passout", "pass:a")
    never_derives(monkeypatch)
    with pytest.raises(InvalidKey) as caught:
        key_reader.load(in_ber(data, 0x7FFFFF00), "a")
    assert caught.value.problems[0].code is Code.DERIVATION_TOO_LONG


@pytest.mark.parametrize("digest", ["sha1", "sha256"])
@pytest.mark.parametrize(
    "example",  # passphrase, salt, length, rounds
    [
        ("", b"\1\2\3\4\5\6\7\x08", 24, 1),
        ("secret", b"\xff" * 8, 24, 3),
        ("凯里", b"s", 8, 2),
        ("a long one " * 7, b"salt" * 40, 100, 2),
        ("p" * 31, b"\xfe" * 64, 60, 1),
    ],
)
def test_the_derivation_of_pkcs12_is_that_of_openssl(openssl, digest, example):
    passphrase, salt, length, rounds = example
    for purpose in (1, 2, 3):
        options = {
            "digest": digest.upper(),
            "hexpass": f"{passphrase}\0".encode("utf-16-be").hex(),
            "hexsalt": salt.hex(),
            "iter": rounds,
            "id": purpose,
        }
        given = [part for name in options for part in ("-kdfopt", f"{name}:{options[name]}")]
        printed = openssl("kdf", "-keylen", str(length), *given, "PKCS12KDF")
        derived = pbe.derive_pkcs12(passphrase, salt, digest, purpose, length, rounds)
        assert derived.hex() == printed.strip().replace(":", "").lower()


@pytest.mark.parametrize("passphrase", ["", "Grüße, 凯里 🔑"])
@pytest.mark.long
@pytest.mark.parametrize("command", _SLOW_FORMS)
def test_a_slow_key_takes_every_passphrase(made, command, passphrase, monkeypatch):
    data = made(command, "-passout", f"pass:{passphrase}")
    monkeypatch.setattr(pbe, "ASK_SECONDS", 0.05)
    assert key_reader.load(data, passphrase, may_take_long=True)


@pytest.mark.long
@pytest.mark.parametrize("command", _SLOW_FORMS)
def test_a_derivation_over_the_limit_is_not_begun(made, command, monkeypatch):
    data = made(command, "-passout", "pass:a")
    monkeypatch.setattr(pbe, "ASK_SECONDS", 0.01)
    monkeypatch.setattr(pbe, "MAX_SECONDS", 0.05)
    never_derives(monkeypatch)
    for passphrase in (None, "", "a"):
        assert reason(data, passphrase) == (Code.DERIVATION_TOO_LONG, {"given": 1, "limit": 1})


@pytest.mark.parametrize(
    "command",
    [
        "pkcs8 -topk8 -in rsa.pem -v1 PBE-SHA1-RC2-40 -provider legacy -provider default",
        "pkcs12 -export -nocerts -inkey rsa.pem -keypbe PBE-SHA1-RC2-40 -legacy",
    ],
)
def test_what_only_the_library_can_open_never_takes_long(made, command, monkeypatch):
    """It would stop the window."""
    data = made(f"{command} -iter 200000", "-passout", "pass:a")
    assert is_the_key(made, data, "a")
    monkeypatch.setattr(pbe, "ASK_SECONDS", 0.05)
    with pytest.raises(InvalidKey) as caught:
        key_reader.load(data, "a", may_take_long=True)
    assert caught.value.problems[0].code is Code.DERIVATION_TOO_LONG


@pytest.mark.long
@pytest.mark.parametrize(
    "command", ["pkcs8 -topk8 -in rsa.pem", "pkcs12 -export -nocerts -inkey rsa.pem"]
)
def test_other_threads_run_while_a_slow_key_is_opened(made, command):
    data = made(f"{command} -iter 3000000", "-passout", "pass:a")
    turns, done = 0, threading.Event()

    def tick() -> None:
        nonlocal turns
        while not done.wait(0.01):
            turns += 1

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        assert key_reader.load(data, "a", may_take_long=True)
    finally:
        done.set()
        thread.join()
    assert turns > 10  # the library allows one


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.3, 1), (2.0004, 2), (2.3, 3), (59.5, 60), (60.0, 60)]
)
def test_a_wait_is_in_whole_seconds(seconds, shown):
    problem = key_reader.slow(seconds)
    assert (problem.code, problem.values) == (Code.KEY_SLOW, {"seconds": shown})


def test_nobody_is_asked_to_wait_for_more_than_a_minute():
    assert key_reader.slow(60.001).code is Code.KEYS_TOO_COSTLY


def test_only_so_many_keys_of_a_file_are_tried(made):
    data = made("pkcs8 -topk8 -in rsa.pem -iter 200000", "-passout", "pass:a")
    assert key_reader.seconds(data * 25, "a") == pytest.approx(20 * 0.1)
    assert key_reader.seconds(data * 25, "é") == pytest.approx(20 * 3 * 0.1)


def test_a_file_of_many_quick_keys_is_asked_about(made, monkeypatch):
    data = made("pkcs8 -topk8 -in rsa.pem -iter 200000", "-passout", "pass:a")
    monkeypatch.setattr(pbe, "ASK_SECONDS", 0.45)
    assert reason(data * 20) == (Code.PASSPHRASE_NEEDED, {})
    assert reason(data * 20, "b") == (Code.KEY_SLOW, {"seconds": 2})
    monkeypatch.setattr(pbe, "MAX_SECONDS", 1)
    assert reason(data * 20, "b") == (Code.KEYS_TOO_COSTLY, {})
    assert key_reader.load(data * 20, "a", wanted=[fingerprint_of(made)])


def test_a_mac_of_too_many_iterations_is_not_computed(made):
    data = bytearray(made("pkcs12 -export -nocerts -inkey rsa.pem", "-passout", "pass:a"))
    assert data[-4:-2] == b"\x02\x02"  # 2,048 iterations, the last number of the file
    # DER of one more byte, in the number itself and in the three lengths around it
    longer = bytearray(data[:-4]) + b"\x02\x04\x7f\xff\xff\xff"
    [whole] = der_values(bytes(data))
    *_others, mac = der_values(bytes(data), whole.inside, whole.end)
    longer[mac.start + 1] += 2  # both lengths count what was added
    longer[2:4] = (int.from_bytes(longer[2:4], "big") + 2).to_bytes(2, "big")
    longer = bytes(longer)
    assert is_the_key(made, longer, "a")  # the key does not need it


def recoded(der: bytes, change: Callable[[int, bytes], bytes]) -> bytes:
    """Return DER whose values, also those in octet strings, were written again by ``change``."""
    written = b""
    for one in der_values(der):
        content = der[one.inside : one.end]
        if one.tag & 0x20 or content[:1] == b"\x30":
            with suppress(ValueError):  # those octets are no DER
                content = recoded(content, change)
        written += change(one.tag, content)
    return written


_TURNS = ((200_000).to_bytes(3, "big"), (16_384).to_bytes(2, "big"))
_MANY = (2**31 - 1).to_bytes(4, "big")


def much(tag: int, content: bytes) -> bytes:
    return der_value(tag, _MANY if tag == 2 and content in _TURNS else content)


_HIDDEN = {
    "in octets": lambda tag, content: (
        der_value(4, _MANY) if content in _TURNS else der_value(tag, content)
    ),
    "long length": lambda tag, content: (
        b"\x06\x81" + bytes([len(content)]) + content if tag == 6 else much(tag, content)
    ),
    "long number": lambda tag, content: (
        der_value(6, content[:1] + b"\x80" + content[1:]) if tag == 6 else much(tag, content)
    ),
    "without length": lambda tag, content: (
        b"\x30\x80" + content + b"\0\0"
        if tag == SEQUENCE and _MANY in content[:40]
        else much(tag, content)
    ),
    "number for salt": lambda tag, content: (
        der_value(2, b"\0") if tag == 4 and len(content) in (8, 16) else much(tag, content)
    ),
}
"""How a file may try to hide what a key costs: in BER, or where a number is not expected."""


@pytest.mark.long
@pytest.mark.parametrize("hide", _HIDDEN.values(), ids=_HIDDEN)
@pytest.mark.parametrize(
    "command",
    [
        "pkcs8 -topk8 -in rsa.pem -outform DER -iter 200000",
        "pkcs8 -topk8 -in rsa.pem -outform DER -iter 200000 -v1 PBE-SHA1-3DES",
        "pkcs8 -topk8 -in rsa.pem -outform DER -scrypt",
        "pkcs12 -export -nocerts -inkey rsa.pem -iter 200000",
        "pkcs12 -export -nocerts -inkey rsa.pem -iter 200000 -keypbe PBE-SHA1-3DES",
    ],
)
def test_no_encoding_hides_what_a_key_costs(made, command, hide, monkeypatch, bounded):
    data = recoded(made(command, "-passout", "pass:a"), hide)
    monkeypatch.setattr(pbe, "MAX_MEMORY", 64 << 20)

    def derives(*_arguments) -> None:
        raise AssertionError("a derivation was begun")

    for name in ("derive_pkcs12", "PBKDF2HMAC", "Scrypt"):
        monkeypatch.setattr(pbe, name, derives)
    for passphrase in (None, "", "a"):
        for may_take_long in (False, True):
            with pytest.raises(InvalidKey):
                key_reader.load(data, passphrase, may_take_long=may_take_long)


def test_scrypt_of_too_much_memory_is_not_begun(made, monkeypatch):
    data = made("pkcs8 -topk8 -in rsa.pem -outform DER -scrypt", "-passout", "pass:a")
    assert is_the_key(made, data, "a")
    cost = data.index(bytes.fromhex("02024000020108"))  # N = 16,384, r = 8
    changed = data[:cost] + bytes.fromhex("0202400002017f") + data[cost + 7 :]
    monkeypatch.setattr(pbe, "MAX_MEMORY", 128 << 20)
    never_derives(monkeypatch)
    code, values = reason(changed, "a")
    assert (code, values["given"]) == (Code.DERIVATION_TOO_LARGE, 128 * 16_384 * 127 >> 20)


def der_integer(number: int) -> bytes:
    return der_value(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def rsa_der(bits: int) -> bytes:
    numbers = [0, (1 << bits) - 1, 65537, 3, 3, 3, 3, 3, 3]
    return der_value(SEQUENCE, b"".join(map(der_integer, numbers)))


def in_pkcs8(content: bytes, more: bytes = b"") -> bytes:
    oid = bytes.fromhex("300d06092a864886f70d0101010500")
    return der_value(SEQUENCE, b"\x02\x01\x00" + oid + der_value(4, content) + more)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda der: der,
        in_pkcs8,
        lambda der: in_pkcs8(der, b"\xa0\x00"),  # with attributes
    ],
    ids=["traditional", "PKCS 8", "PKCS 8 with attributes"],
)
def test_an_rsa_key_of_enormous_size_is_refused_by_its_size(wrap, monkeypatch):
    monkeypatch.setattr(key_reader.serialization, "load_der_private_key", None)
    expected = {"bits": 500_008, "wanted": 2048}  # with the sign
    assert reason(wrap(rsa_der(500_000))) == (Code.KEY_SIZE, expected)


@pytest.mark.parametrize("wrap", [lambda der: der, in_pkcs8], ids=["traditional", "PKCS 8"])
def test_the_largest_rsa_key_that_is_parsed(wrap):
    for bits in (16_376, 16_384):
        code, values = reason(wrap(rsa_der(bits)))
        assert values.get("bits") in (None, bits)  # the library counts without the sign
    code, values = reason(wrap(rsa_der(16_392)))
    assert (code, values["bits"]) == (Code.KEY_SIZE, 16_400)


@pytest.mark.parametrize("content", [b"", b"\x30\x00", b"\x04\x00", b"\x30\x80", b"\x30\x00" * 2])
def test_pkcs_8_without_numbers_is_no_key(content):
    assert reason(in_pkcs8(content)) == (Code.NOT_A_KEY, {})


@pytest.mark.parametrize(
    ("oid", "name"),
    [("1.2.840.113549.1.3.1", "DH"), ("1.3.101.112", "Ed25519"), ("1.2.3.4", "1.2.3.4")],
)
def test_a_key_of_another_kind_never_reaches_the_library(oid, name, monkeypatch):
    monkeypatch.setattr(key_reader.serialization, "load_der_private_key", None)
    first, *rest = map(int, oid.split("."))
    body = bytes([first * 40 + rest[0]])
    for number in rest[1:]:
        parts = [number & 0x7F]
        while number := number >> 7:
            parts.insert(0, number & 0x7F | 0x80)
        body += bytes(parts)
    algorithm = der_value(SEQUENCE, der_value(6, body))
    data = der_value(SEQUENCE, b"\x02\x01\x00" + algorithm + der_value(4, b"\x04\x20" + b"x" * 99))
    assert reason(data) == (Code.KEY_NOT_RSA, {"algorithm": name})


@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda data: b"0\x82\x01\x00" + data))
def test_no_bytes_end_in_anything_but_a_refusal(data):
    for passphrase in (None, b"\xff", "a"):
        with pytest.raises(InvalidKey):
            key_reader.load(data, passphrase)


@pytest.mark.long
@given(st.data())
def test_no_changed_byte_ends_in_anything_but_a_key_or_a_refusal(made, data):
    form = data.draw(st.sampled_from(["pkcs8 -topk8 -in rsa.pem -outform DER",
                                      "pkcs12 -export -nocerts -inkey rsa.pem"]))  # fmt: skip
    good = bytearray(made(form, "-passout", "pass:a"))
    place = data.draw(st.integers(0, len(good) - 1))
    good[place] ^= data.draw(st.integers(1, 255))
    with suppress(InvalidKey):
        key_reader.load(bytes(good), "a")


def long_forms(made) -> dict[str, bytes]:
    """Return keys of more bytes than the largest one has: one that is read would be a key."""
    locked = made("rsa -aes256 -traditional -in rsa.pem", "-passout", "pass:a")
    pkcs8 = made("pkcs8 -topk8 -outform DER -in rsa.pem", "-passout", "pass:a")
    algorithm = next(der_values(pkcs8, 4))
    more = bytes(20_001)  # in Base64 without padding
    return {
        "OpenSSH": pem("OPENSSH PRIVATE KEY", b"\0\0\0\x04none\0\0\0\x07ssh-rsa" + more),
        "traditional": locked.replace(b"\n\n", b"\n\n" + base64.encodebytes(more), 1),
        "PKCS 8": der_value(SEQUENCE, pkcs8[4 : algorithm.end] + der_value(4, more)),
    }


@pytest.mark.parametrize("form", ["OpenSSH", "traditional", "PKCS 8"])
def test_a_key_longer_than_any_is_not_opened(made, form, monkeypatch):
    data = long_forms(made)[form]
    never_derives(monkeypatch)
    monkeypatch.setattr(key_reader.serialization, "load_ssh_private_key", None)
    for passphrase in (None, "a"):
        assert reason(data, passphrase) == (Code.NOT_A_KEY, {})


def test_a_length_that_no_file_has_is_no_key(made):
    data = bytearray(made("pkcs12 -export -nocerts -inkey rsa.pem", "-passout", "pass:right"))
    oid = bytes.fromhex("06092a864886f70d01050c")  # PBKDF2, and then its parameters
    data[data.index(oid) + len(oid) + 1] = 0xC0  # their length would take 64 bytes
    with pytest.raises(InvalidKey):
        key_reader.load(bytes(data), "wrong")


# --- How a key is encrypted, and what that costs --------------------------------------------------


def identifier(oid: str) -> bytes:
    return der_value(6, oid_content(oid))


def oid_content(oid: str) -> bytes:
    first, second, *rest = map(int, oid.split("."))
    body = bytes([first * 40 + second])
    for number in rest:
        parts = [number & 0x7F]
        while number := number >> 7:
            parts.insert(0, number & 0x7F | 0x80)
        body += bytes(parts)
    return body


def sequence(*parts: bytes) -> bytes:
    return der_value(SEQUENCE, b"".join(parts))


AES_256, DES3 = "2.16.840.1.101.3.4.1.42", "1.2.840.113549.3.7"
SHA1_3DES, MD5_DES = "1.2.840.113549.1.12.1.3", "1.2.840.113549.1.5.3"
SALT, VECTOR = der_value(4, b"saltsalt"), der_value(4, b"vector")


def pbkdf2(*more: bytes, salt: bytes = SALT) -> bytes:
    return sequence(identifier(pbe.PBKDF2), sequence(salt, *more))


def scrypt(*numbers: int) -> bytes:
    return sequence(identifier(pbe.SCRYPT), sequence(SALT, *map(der_integer, numbers)))


def pbes2(derivation: bytes, *more: bytes, cipher: str = AES_256) -> bytes:
    encryption = sequence(identifier(cipher), VECTOR, *more)
    return sequence(identifier(pbe.PBES2), sequence(derivation, encryption))


def prf(number: int) -> bytes:
    return sequence(identifier(f"1.2.840.113549.2.{number}"), b"\5\0")


def scheme_of(algorithm: bytes) -> pbe.Scheme:
    """Read it from behind something else."""
    data = b"\5\0" + algorithm
    return pbe.Scheme.read(data, list(der_values(data))[1])


_FOUND = pbe.Scheme(AES_256, b"vector")


@pytest.mark.parametrize(
    ("algorithm", "name", "expected", "seconds"),
    [
        (pbes2(pbkdf2(der_integer(4000))), "sha1", ((4000,), pbe.PBKDF2), 0.004),
        (pbes2(pbkdf2(der_integer(4000), prf(7))), "sha1", ((4000,), pbe.PBKDF2), 0.004),
        (pbes2(pbkdf2(der_integer(4000), prf(8))), "sha224", ((4000,), pbe.PBKDF2), 0.004),
        (pbes2(pbkdf2(der_integer(4000), prf(9))), "sha256", ((4000,), pbe.PBKDF2), 0.002),
        (pbes2(pbkdf2(der_integer(4000), prf(10))), "sha384", ((4000,), pbe.PBKDF2), 0.004),
        (
            pbes2(pbkdf2(der_integer(4000), der_integer(32), prf(11))),
            "sha512",
            ((4000, 32), pbe.PBKDF2),
            0.004,
        ),
        (pbes2(pbkdf2(der_integer(1), prf(9)), b"\5\0"), "sha256", ((1,), pbe.PBKDF2), 5e-7),
        (pbes2(scrypt(16_384, 8, 1)), "sha1", ((16_384, 8, 1), pbe.SCRYPT), 0.125),
        (pbes2(scrypt(16_384, 8, 3, 32)), "sha1", ((16_384, 8, 3, 32), pbe.SCRYPT), 0.375),
        # What cannot be derived costs nothing.
        (pbes2(pbkdf2(der_integer(4000), prf(12))), None, ((4000,), pbe.PBKDF2), 0),
        (pbes2(pbkdf2(prf(9))), "sha256", ((), pbe.PBKDF2), 0),
        (pbes2(scrypt(16_384, 8)), "sha1", ((16_384, 8), pbe.SCRYPT), 0),
    ],
)
def test_how_a_key_is_encrypted_is_read(algorithm, name, expected, seconds):
    found = scheme_of(algorithm)
    assert found._replace(prf=None) == _FOUND._replace(
        salt=b"saltsalt", numbers=expected[0], derivation=expected[1]
    )
    assert (found.prf and found.prf.name) == name
    assert (found.is_known, found.seconds) == (seconds > 0, pytest.approx(seconds))
    is_large = seconds and expected[1] == pbe.SCRYPT
    assert found.memory == (128 * 16_384 * 8 if is_large else 0)


PBES1 = pbe.Scheme(MD5_DES, b"", "", b"saltsalt", (9,))


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        (pbes2(sequence(identifier("1.2.3"), sequence(SALT, der_integer(9)))), _FOUND),
        (pbes2(pbkdf2(der_integer(9), salt=sequence())), _FOUND),
        (pbes2(sequence(SALT)), _FOUND),
        (sequence(identifier(pbe.PBES2)), pbe.Scheme(pbe.PBES2)),
        (sequence(identifier(pbe.PBES2), sequence(pbkdf2())), pbe.Scheme(pbe.PBES2)),
        (sequence(identifier(pbe.PBES2), sequence(*[pbkdf2()] * 3)), pbe.Scheme(pbe.PBES2)),
        (pbes2(sequence(identifier(pbe.PBKDF2))), pbe.Scheme(pbe.PBES2)),
        (pbes2(sequence(identifier(pbe.PBKDF2), sequence())), pbe.Scheme(pbe.PBES2)),
        (sequence(identifier(MD5_DES), sequence(SALT, der_integer(9))), PBES1),
        (
            sequence(identifier(SHA1_3DES), sequence(SALT, der_integer(9))),
            PBES1._replace(cipher=SHA1_3DES, derivation=SHA1_3DES),
        ),
        (
            sequence(identifier(SHA1_3DES), sequence(der_value(2, b"saltsalt"), der_integer(9))),
            PBES1._replace(cipher=SHA1_3DES),
        ),
        (
            sequence(
                identifier(SHA1_3DES), sequence(der_value(2, b"saltsalt"), der_integer(9), SALT)
            ),
            pbe.Scheme(SHA1_3DES),
        ),
        (sequence(identifier("1.2.3")), pbe.Scheme("1.2.3")),
        (sequence(identifier("1.2.3"), b"\5\0"), pbe.Scheme("1.2.3")),
        (sequence(SALT, sequence(SALT, der_integer(9))), PBES1._replace(cipher="")),
        (sequence(), pbe.Scheme("")),
    ],
)
def test_how_a_key_is_encrypted_is_read_as_far_as_it_is_known(algorithm, expected):
    found = scheme_of(algorithm)
    assert found == expected
    assert found.is_known is (expected.derivation != "")
    assert found.seconds == pytest.approx(27 / 2_000_000 if found.is_known else 0)
    if not found.is_known:
        with pytest.raises(ValueError, match=r"^an unknown encryption$"):
            found.decrypt(bytes(16), b"a")


def test_what_follows_does_not_change_how_a_key_is_encrypted():
    for algorithm, expected in (
        (pbes2(sequence(SALT)), _FOUND),
        (sequence(), pbe.Scheme("")),
        (sequence(SALT), pbe.Scheme("")),
    ):
        for more in (b"\xff", identifier("1.2.3"), SALT):
            found = pbe.Scheme.read(algorithm + more, next(der_values(algorithm)))
            assert found == expected


def test_an_identifier_that_is_empty_or_cut_off_is_none():
    for algorithm in (sequence(der_value(6, b"")), der_value(SEQUENCE, b"\6\5")):
        assert scheme_of(algorithm) == pbe.Scheme("")


def test_a_known_derivation_for_an_unknown_cipher_is_not_known():
    found = scheme_of(pbes2(pbkdf2(der_integer(9)), cipher="1.2.3"))
    assert (found.cipher, found.derivation, found.is_known) == ("1.2.3", pbe.PBKDF2, False)


@pytest.mark.parametrize(
    "options",
    [
        "-v2 aes-128-cbc",
        "-v2 aes-192-cbc -v2prf hmacWithSHA1",
        "-v2 aes-256-cbc -v2prf hmacWithSHA512",
        "-v2 des3",
        "-scrypt",
        "-v1 PBE-SHA1-3DES",
    ],
)
@pytest.mark.parametrize("secret", ["é".encode(), "é".encode("latin-1")])
def test_an_encrypted_key_is_decrypted_within_the_limits(
    made, options, secret, tmp_path, monkeypatch
):
    (tmp_path / secret.hex()).write_bytes(secret)
    command = f"pkcs8 -topk8 -in rsa.pem -outform DER {options}"
    data = made(command, "-passout", f"file:{tmp_path / secret.hex()}")
    [whole] = der_values(data)
    algorithm, content = der_values(data, whole.inside, whole.end)
    found = pbe.Scheme.read(data, algorithm)
    encrypted = data[content.inside : content.end]
    monkeypatch.setattr(pbe, "MAX_SECONDS", found.seconds)  # as much as it takes
    monkeypatch.setattr(pbe, "MAX_MEMORY", found.memory)
    [key] = der_values(found.decrypt(encrypted, secret))
    assert key.tag == SEQUENCE
    assert found.decrypt(encrypted, secret) == made(
        "pkcs8 -topk8 -nocrypt -outform DER -in rsa.pem"
    )
    with pytest.raises(ValueError, match=r"^(?!takes)"):
        found.decrypt(encrypted[:-1], secret)
    limits = ["MAX_SECONDS"] + ["MAX_MEMORY"] * ("scrypt" in options)
    for limit in limits:
        with monkeypatch.context() as patched:
            patched.setattr(pbe, limit, getattr(pbe, limit) * 0.999)
            with pytest.raises(ValueError, match=r"^takes too much$"):
                found.decrypt(encrypted, secret)


def test_scrypt_may_say_how_long_its_key_is(made):
    data = made("pkcs8 -topk8 -in rsa.pem -outform DER -scrypt", "-passout", "pass:a")
    [whole] = der_values(data)
    algorithm, content = der_values(data, whole.inside, whole.end)
    found = pbe.Scheme.read(data, algorithm)
    assert found.numbers == (16_384, 8, 1)
    encrypted = data[content.inside : content.end]
    longer = found._replace(numbers=(*found.numbers, 32))
    assert longer.decrypt(encrypted, b"a") == found.decrypt(encrypted, b"a")


def data_of(*parts: bytes, kind: str = "1.2.840.113549.1.7.1") -> bytes:
    """Return a ContentInfo with unencrypted data (RFC 5652, 3 and 4): a sequence."""
    return sequence(identifier(kind), der_value(0xA0, der_value(4, sequence(*parts))))


def bag(content: bytes, kind: str = "1.2.840.113549.1.12.10.1.2") -> bytes:
    return sequence(identifier(kind), der_value(0xA0, content), der_value(0x31, b""))


OTHER_BAG = bag(b"x", "1.2.840.113549.1.12.10.1.3")
ENCRYPTED = sequence(identifier("1.2.840.113549.1.7.6"), b"\5\0")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (data_of(data_of(bag(b"key"))), b"key"),
        (data_of(ENCRYPTED, data_of(OTHER_BAG, bag(b"first"), bag(b"second"))), b"first"),
        (data_of(data_of(), data_of(bag(b"key"))), b"key"),
        (data_of(data_of(OTHER_BAG)), None),
        (data_of(ENCRYPTED), None),
        (data_of(data_of(bag(b"key")), kind="1.2.840.113549.1.7.2"), None),
        (data_of(data_of(sequence(identifier("1.2.3")))), None),
        (data_of(data_of(sequence())), None),
        (sequence(), None),
        (b"", None),
    ],
)
def test_the_encrypted_key_in_a_keystore_is_found_from_outside(content, expected):
    for more in (b"", sequence()):
        store = sequence(der_integer(3), content, more)
        assert pbe.encrypted_key_in_pkcs12(store) == expected
        assert pbe.encrypted_key_in_pkcs12(store + b"\5\0") is None
        assert pbe.encrypted_key_in_pkcs12(store[:-1]) is None


def test_a_content_without_data_hides_no_key_behind_it():
    without = sequence(identifier("1.2.840.113549.1.7.1"))
    store = sequence(der_integer(3), data_of(without, data_of(bag(b"key"))))
    assert pbe.encrypted_key_in_pkcs12(store) == b"key"


def test_what_follows_the_content_of_a_keystore_is_no_key():
    for empty in (data_of(data_of()), data_of()):
        for more in (bag(b"key"), data_of(bag(b"key"))):
            assert pbe.encrypted_key_in_pkcs12(sequence(der_integer(3), empty, more)) is None


def test_the_derivations_in_a_file_cost_what_they_cost_together():
    million = der_integer(1_000_000)
    old, new = (sequence(identifier(oid), sequence(SALT, million)) for oid in (MD5_DES, SHA1_3DES))
    parts = {  # cost in seconds
        old: 0.5,
        new: 1.5,
        pbkdf2(million): 1.0,
        pbkdf2(der_integer(32), million): 1.0,
        pbkdf2(million, prf(9)): 0.5,
        pbkdf2(million, prf(11)): 1.0,
        scrypt(16_384, 8, 2): 0.25,
        scrypt(1024, 8, 1): 1 / 128,
        scrypt(1024, 8): 0,
        scrypt(): 0,
        identifier(pbe.PBKDF2): 0,
        identifier(pbe.SCRYPT): 0,
    }
    for part, cost in parts.items():
        assert pbe.seconds(der_value(4, part)) == pytest.approx(cost)
        # In the sequence of a keystore, with the iterations of its MAC
        if part[0] == SEQUENCE:
            store = sequence(der_integer(3), data_of(part), sequence(sequence(), SALT, million))
            assert pbe.seconds(store) == pytest.approx(cost + 0.5)
    together = der_value(4, b"".join([*parts][:-2]))
    assert pbe.seconds(together) == pytest.approx(sum(parts.values()))
    assert pbe.memory(together) == 128 * 16_384 * 8
    assert pbe.memory(der_value(4, scrypt(1024, 8))) == 128 * 1024 * 8
    assert pbe.memory(der_value(4, pbkdf2(million))) == 0


def test_the_cost_of_a_key_is_what_its_scheme_says_where_that_is_more():
    """The content of an identifier may be hidden; what is decrypted is not."""
    key = sequence(pbes2(pbkdf2(der_integer(1000))), SALT)
    assert pbe.seconds(key) == pytest.approx(0.001)
    costly = sequence(pbes2(scrypt(1024, 8, 1)), SALT)
    assert (pbe.seconds(costly), pbe.memory(costly)) == (pytest.approx(1 / 128), 1 << 20)
    store = sequence(der_integer(3), data_of(data_of(bag(costly))))
    assert (pbe.seconds(store), pbe.memory(store)) == (pytest.approx(1 / 128), 1 << 20)
