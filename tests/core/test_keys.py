"""Private keys: those that EnOS takes are opened, whatever made them; others refused by name."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enos_csr_gui.core import keys
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
    "PKCS 8 DER": "pkcs8 -topk8 -outform DER -in rsa.pem",
    "traditional PEM, AES-256": "rsa -aes256 -traditional -in rsa.pem",
    "traditional PEM, 3DES": "rsa -des3 -traditional -in rsa.pem",
}
# OpenSSL protects keys in more ways than cryptography reads.
UNREADABLE_FORMS = {
    "PKCS 8 PEM, Camellia": "pkcs8 -topk8 -v2 camellia-256-cbc -in rsa.pem",
    "PKCS 8 DER, Camellia": "pkcs8 -topk8 -v2 camellia-256-cbc -in rsa.pem -outform DER",
    "traditional PEM, AES-192": "rsa -aes192 -traditional -in rsa.pem",
    "traditional PEM, Camellia": "rsa -camellia256 -traditional -in rsa.pem",
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
    return hashlib.sha256(made("pkey -in rsa.pem -pubout -outform DER")).hexdigest()


@pytest.fixture(scope="session")
def encrypted_pem(key) -> bytes:
    return keys.to_pem(key, PASSPHRASE)


def reason(data: bytes, passphrase: str | None = None):
    with pytest.raises(InvalidKey) as caught:
        keys.load(data, passphrase)
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
    assert keys.fingerprint(keys.generate().public_key()) != keys.fingerprint(key.public_key())


def test_a_bare_key_is_written_as_openssl_writes_it(key_pem, openssl, tmp_path):
    assert key_pem.startswith(b"-----BEGIN PRIVATE KEY-----\n")
    openssl("pkey", "-out", tmp_path / "again.key", stdin=key_pem)
    assert (tmp_path / "again.key").read_bytes() == key_pem


# --- A key that is there already ------------------------------------------------------------------


@pytest.mark.parametrize("passphrase", [None, "", "not needed"])
@pytest.mark.parametrize("form", FORMS)
def test_a_bare_key_of_any_form_is_opened(made, fingerprint_by_openssl, form, passphrase):
    key = keys.load(made(FORMS[form]), passphrase)
    assert keys.fingerprint(key.public_key()) == fingerprint_by_openssl


@pytest.mark.parametrize("form", ENCRYPTED_FORMS)
def test_an_encrypted_key_of_any_form_is_opened_with_its_passphrase_only(
    made, fingerprint_by_openssl, form
):
    data = made(ENCRYPTED_FORMS[form], "-passout", f"pass:{PASSPHRASE}")
    key = keys.load(data, PASSPHRASE)
    assert keys.fingerprint(key.public_key()) == fingerprint_by_openssl
    assert reason(data) == (Code.PASSPHRASE_NEEDED, {})
    assert reason(data, "") == (Code.PASSPHRASE_NEEDED, {})
    for wrong in ("wrong", PASSPHRASE.lower(), PASSPHRASE + " ", "half \ud83d", "x" * 3000, "\0"):
        assert reason(data, wrong) == (Code.PASSPHRASE_WRONG, {})


@pytest.mark.parametrize("form", UNREADABLE_FORMS)
def test_who_types_the_right_passphrase_is_never_told_that_it_is_wrong(made, form):
    data = made(UNREADABLE_FORMS[form], "-passout", f"pass:{PASSPHRASE}")
    assert reason(data) == (Code.PASSPHRASE_NEEDED, {})
    assert reason(data, PASSPHRASE) == (Code.PROTECTION_UNKNOWN, {})


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
    assert keys.load(change(key_pem)).private_numbers() == key.private_numbers()


def test_a_key_is_found_beside_its_certificate(made, fingerprint_by_openssl):
    bundle = made(OTHER_FILES["certificate"]) + made(FORMS["PKCS 8 PEM"])
    assert keys.fingerprint(keys.load(bundle).public_key()) == fingerprint_by_openssl


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
        ("RSA 3072", Code.KEY_SIZE, {"bits": 3072, "wanted": 2048}),
        pytest.param(
            "RSA 4096", Code.KEY_SIZE, {"bits": 4096, "wanted": 2048}, marks=pytest.mark.slow
        ),
        ("public key", Code.NOT_A_PRIVATE_KEY, {"label": "public key"}),
        ("public key DER", Code.NOT_A_KEY, {}),
        ("RSA public key", Code.NOT_A_PRIVATE_KEY, {"label": "rsa public key"}),
        ("certificate", Code.NOT_A_PRIVATE_KEY, {"label": "certificate"}),
        ("certificate DER", Code.NOT_A_KEY, {}),
        ("request", Code.NOT_A_PRIVATE_KEY, {"label": "certificate request"}),
        ("PKCS 12", Code.NOT_A_KEY, {}),
    ],
)
@pytest.mark.parametrize("passphrase", [None, "some passphrase"])
def test_what_enos_does_not_take_is_refused_by_name(made, file, code, values, passphrase):
    assert reason(made(OTHER_FILES[file]), passphrase) == (code, values)


@pytest.mark.parametrize("form", ["PKCS 8 PEM", "PKCS 8 DER", "traditional PEM", "traditional DER"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9, 0.99])
def test_a_truncated_key_is_no_key(made, form, share):
    whole = made(FORMS[form])
    assert reason(whole[: int(len(whole) * share)])[0] is Code.NOT_A_KEY


@settings(max_examples=30)
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
    assert keys.load(encrypted_pem, PASSPHRASE).private_numbers() == key.private_numbers()
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
        keys.load(encrypted_pem, "hunter2")
    error: BaseException | None = caught.value
    while error is not None:  # a traceback prints all of these
        assert "hunter2" not in f"{error} {error!r}"
        error = error.__cause__ or error.__context__
    with pytest.raises(InvalidKey) as caught:
        keys.to_pem(keys.load(encrypted_pem, PASSPHRASE), "hunter2" * 500)
    assert "hunter2" not in f"{caught.value} {caught.value!r}"


# --- Fingerprint and strength ---------------------------------------------------------------------


def test_the_fingerprint_is_what_openssl_and_sha256_give(key, key_pem, openssl, tmp_path):
    openssl("pkey", "-pubout", "-outform", "DER", "-out", tmp_path / "public", stdin=key_pem)
    printed = openssl("dgst", "-sha256", "-r", tmp_path / "public")
    assert keys.fingerprint(key.public_key()) == printed.split()[0]


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


def test_the_strength_of_a_long_passphrase_is_told_while_typing():
    keys.strength("warm up")
    start = time.perf_counter()
    keys.strength("aB3$" * 250)
    assert time.perf_counter() - start < 1
