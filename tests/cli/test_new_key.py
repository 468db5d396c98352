"""``enos-csr new`` and keys: encrypted ones, and ones that exist already."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from enos_csr_gui.core import keys as keys_module

SECRET = "correct horse 风 battery"
WRONG = "incorrect horse"

PROTECTED = "This key is protected. Type its passphrase."


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory, openssl: Callable[..., str]) -> Path:
    """Return a folder with keys, good and bad, made by OpenSSL."""
    folder = tmp_path_factory.mktemp("keys")

    def make(name: str, *arguments: str) -> None:
        openssl("genpkey", *arguments, "-out", folder / name)

    make("good.pem", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
    make("small.pem", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")
    make("elliptic.pem", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    good = ("-in", folder / "good.pem")
    openssl("pkey", *good, "-outform", "DER", "-out", folder / "good.der")
    openssl("rsa", *good, "-traditional", "-out", folder / "traditional.pem")
    locked = ("-aes-256-cbc", "-passout", f"pass:{SECRET}", "-out", folder / "locked.pem")
    openssl("pkey", *good, *locked)
    request = ("-new", "-key", folder / "good.pem", "-subj", "/CN=x", "-out", folder / "request")
    openssl("req", *request)
    (folder / "notes.txt").write_text("buy milk")
    (folder / "large.key").write_bytes(bytes((1 << 20) + 1))
    return folder


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    """Return a file with the passphrase, as an editor writes it."""
    path = tmp_path / "secret.txt"
    path.write_text(f"{SECRET}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["good.pem", "good.der", "traditional.pem"])
def test_an_existing_key_signs_and_stays_as_it_is(enos_csr, options, keys, openssl, name):
    before = (keys / name).read_bytes()

    result = enos_csr("new", *options(), "--key", keys / name, "--json")

    assert result.exit_code == 0, result.stderr
    assert [path.name for path in Path().iterdir()] == ["dev-001.csr"]
    assert json.loads(result.stdout)["key"] == str(keys / name)
    assert (keys / name).read_bytes() == before
    openssl("req", "-in", "dev-001.csr", "-noout", "-verify")
    assert openssl("req", "-in", "dev-001.csr", "-noout", "-pubkey") == openssl(
        "pkey", "-in", keys / "good.pem", "-pubout"
    )


def test_the_request_may_be_named_like_its_key(enos_csr, options, keys, folder):
    (folder / "dev-001.key").write_bytes((keys / "good.pem").read_bytes())

    result = enos_csr("new", *options(), "--key", "dev-001.key", "--json")

    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["key"] == str(folder / "dev-001.key")
    assert json.loads(result.stdout)["csr"] == str(folder / "dev-001.csr")


def test_a_locked_key_is_opened_by_the_passphrase_file(enos_csr, options, keys, secret_file):
    result = enos_csr(
        *("new", *options(), "--key", keys / "locked.pem", "--passphrase-file", secret_file)
    )

    assert result.exit_code == 0, result.stderr
    assert SECRET not in result.output


@pytest.mark.parametrize(
    ("name", "beginning"),
    [
        ("elliptic.pem", "The EnOS manual asks for an RSA key; this one is of the type EC."),
        ("small.pem", "EnOS accepts keys of 2048 bits only; this one has 1024."),
        ("request", "This file contains a 'certificate request', not a private key."),
        ("notes.txt", "This file contains no readable private key."),
        ("large.key", "This file is far too large to be the right one."),
        ("missing.key", "This file does not exist."),
        (".", "This folder contains several private keys, and nothing tells which one is meant."),
    ],
)
def test_another_file_than_a_good_key_is_refused(refused, options, keys, name, beginning):
    first, last = refused("new", *options(), "--key", keys / name)

    assert first.startswith(f"--key {keys / name}: {beginning}")
    assert last == "Nothing was written. See: enos-csr new --help"


def test_a_locked_key_without_passphrase(refused, options, keys):
    lines = refused("new", *options(), "--key", keys / "locked.pem")

    assert lines[:2] == [
        f"--key {keys / 'locked.pem'}: {PROTECTED}",
        "--passphrase-file: Name a file whose first line is that passphrase, or '-' for standard "
        "input.",
    ]


def test_a_wrong_passphrase(refused, options, keys, folder):
    (folder / "wrong.txt").write_text(WRONG)

    lines = refused(
        *("new", *options(), "--key", keys / "locked.pem", "--passphrase-file", "wrong.txt")
    )

    assert lines[0].startswith(
        f"--key {keys / 'locked.pem'}: The passphrase does not open this key."
    )
    assert not any(WRONG in line for line in lines)


def test_a_missing_passphrase_file_is_the_only_problem_reported(refused, options, keys):
    lines = refused(
        *("new", *options(), "--key", keys / "locked.pem", "--passphrase-file", "missing.txt")
    )

    assert lines == [
        "--passphrase-file: This file does not exist. Check its name and folder.",
        "Nothing was written. See: enos-csr new --help",
    ]


@pytest.mark.parametrize(
    "content",
    [
        f"{SECRET}\n",
        SECRET,
        f"{SECRET}\r\n",
        f"{SECRET}\nnot this line\n",
        f"\ufeff{SECRET}\n",
    ],
    ids=["line", "no line end", "Windows", "two lines", "byte order mark"],
)
def test_the_first_line_of_the_file_protects_the_new_key(
    enos_csr, options, openssl, folder, content
):
    (folder / "secret.txt").write_bytes(content.encode())

    result = enos_csr("new", *options(), "--passphrase-file", "secret.txt")

    assert result.exit_code == 0, result.stderr
    assert SECRET not in result.output
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in (folder / "dev-001.key").read_bytes()
    openssl("pkey", "-in", "dev-001.key", "-passin", f"pass:{SECRET}", "-noout")


def test_the_passphrase_comes_through_standard_input(enos_csr, options, openssl):
    result = enos_csr(
        *("new", *options(), "--passphrase-file", "-"), stdin=f"{SECRET}\nrest\n".encode()
    )

    assert result.exit_code == 0, result.stderr
    assert SECRET not in result.output
    openssl("pkey", "-in", "dev-001.key", "-passin", f"pass:{SECRET}", "-noout")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The passphrase is empty. Type one."),
        (b"\nsecond line\n", "The passphrase is empty. Type one."),
        (b"\xef\xbb\xbf\n", "The passphrase is empty. Type one."),
        ("gehëim".encode("latin-1"), "This is not text in UTF-8. Save the file as UTF-8."),
        ("geheim".encode("utf-16"), "This is not text in UTF-8. Save the file as UTF-8."),
        (
            b"x" * 1024,
            "The passphrase is too long: 1024 bytes, and at most 1023 are allowed. Shorten it.",
        ),
    ],
)
@pytest.mark.parametrize("source", ["file", "-"])
def test_a_passphrase_that_is_none(refused, options, content, sentence, source):
    Path("file").write_bytes(content)

    lines = refused("new", *options(), "--passphrase-file", source, stdin=content)

    assert lines[0] == f"--passphrase-file: {sentence}"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--encrypt"],
            "--encrypt needs a terminal to ask on, and there is none. Use --passphrase-file.",
        ),
        (
            ["--encrypt", "--passphrase-file", "x"],
            "--encrypt asks for the passphrase, --passphrase-file reads it from a file. Choose "
            "one.",
        ),
        (
            ["--encrypt", "--key", "x"],
            "--encrypt cannot be combined with --key: an existing key file stays as it is.",
        ),
    ],
)
def test_options_that_contradict(refused, options, arguments, sentence):
    assert refused("new", *options(), *arguments)[-1] == f"Error: {sentence}"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--encrypt", WRONG],
        [f"--encrypt={WRONG}"],
        ["--passphrase", WRONG],
        [f"--passphrase={WRONG}"],
        ["--passphrase-file", WRONG],
    ],
)
def test_a_passphrase_on_the_command_line_is_refused_and_not_repeated(refused, options, arguments):
    lines = refused("new", *options(), *arguments)

    assert not any(WRONG in line for line in lines)


@pytest.mark.parametrize("content", ["Grüße".encode("latin-1"), "Grüße".encode(), b"\xef\xbb\xbfx"])
def test_a_passphrase_file_in_any_encoding_opens_a_key(enos_csr, options, folder, content):
    secret = content.removeprefix(b"\xef\xbb\xbf").decode(
        "latin-1" if b"\xfc\xdf" in content else "utf-8"
    )
    Path("mine.key").write_bytes(keys_module.to_pem(keys_module.generate(), secret))
    Path("secret").write_bytes(content + b"\r\n")
    result = enos_csr("new", *options(), "--key", "mine.key", "--passphrase-file", "secret")
    assert result.exit_code == 0, result.stderr
    assert (folder / "dev-001.csr").exists()


def test_the_empty_passphrase_opens_a_key(enos_csr, options, openssl, folder):
    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-aes-256-cbc",
            "-pass", "pass:", "-out", "mine.key")  # fmt: skip
    Path("empty").write_bytes(b"")
    for more in ([], ["--passphrase-file", "empty", "--name", "other"]):
        result = enos_csr("new", *options(), "--allow-used-name", "--key", "mine.key", *more)
        assert result.exit_code == 0, result.stderr


@pytest.mark.long
def test_of_two_keys_in_a_file_none_is_taken_by_chance(refused, options, folder, openssl):
    for name in ("a.key", "b.key"):
        openssl("genrsa", "-out", folder / name, "2048")
    both = (folder / "a.key").read_bytes() + (folder / "b.key").read_bytes()
    (folder / "keys.pem").write_bytes(both)
    said = refused("new", *options(), "--key", "keys.pem")
    assert "This file contains several private keys." in said[0]
    assert said[0].startswith("--key")
