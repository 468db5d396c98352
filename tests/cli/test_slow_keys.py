"""Keys whose protection needs much computing: nobody waits for them without having agreed."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

SECRET = "correct horse"
SLOW = "opening it takes about 2 seconds on a usual computer."


@pytest.fixture(scope="session")
def slow_key(tmp_path_factory: pytest.TempPathFactory, openssl: Callable[..., str]) -> Path:
    """Return a key file that takes two seconds to open."""
    folder = tmp_path_factory.mktemp("slow")
    openssl("genrsa", "-out", folder / "plain.pem", "2048")
    out = ("-out", folder / "slow.key", "-passout", f"pass:{SECRET}", "-iter", "4000000")
    openssl("pkcs8", "-topk8", "-in", folder / "plain.pem", *out)
    return folder / "slow.key"


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text(SECRET)
    return path


def test_without_a_terminal_a_slow_key_is_refused(
    enos_csr, options, slow_key: Path, secret_file: Path
) -> None:
    given = ("new", *options(), "--key", slow_key, "--passphrase-file", secret_file)
    result = enos_csr(*given, "--json")
    assert result.exit_code == 2
    assert SLOW in result.stderr
    assert "To open it anyway, add --allow-slow-key." in result.stderr
    [problem] = json.loads(result.stdout)["problems"]
    assert (problem["code"], problem["values"]["seconds"]) == ("key-slow", 2)
    assert not list(Path().iterdir())


@pytest.mark.long
def test_an_option_opens_a_slow_key(
    enos_csr, options, slow_key: Path, secret_file: Path, openssl
) -> None:
    given = ("new", *options(), "--key", slow_key, "--passphrase-file", secret_file)
    result = enos_csr(*given, "--allow-slow-key")
    assert result.exit_code == 0, result.stderr
    of_key = openssl("rsa", "-in", slow_key.parent / "plain.pem", "-noout", "-modulus")
    assert openssl("req", "-in", "dev-001.csr", "-noout", "-modulus") == of_key


@pytest.mark.long
def test_a_slow_key_is_exported_when_it_is_agreed(
    enos_csr, slow_key: Path, secret_file: Path, openssl
) -> None:
    plain = slow_key.parent / "plain.pem"
    openssl("req", "-x509", "-new", "-key", plain, "-subj", "/CN=x", "-out", "ca.pem")
    openssl("req", "-new", "-key", plain, "-subj", "/CN=dev", "-out", "d.csr")
    issue = ("-CA", "ca.pem", "-CAkey", plain, "-CAcreateserial", "-out", "d.crt")
    openssl("x509", "-req", "-in", "d.csr", *issue)
    given = ("export", "d.crt", "ca.pem", "--key", slow_key, "--key-passphrase-file", secret_file)
    given = (*given, "--format", "pem", "--out", "device")
    result = enos_csr(*given)
    assert result.exit_code == 2
    assert SLOW in result.stderr
    assert not Path("device").exists()
    result = enos_csr(*given, "--allow-slow-key")
    assert result.exit_code == 0, result.stderr
    assert Path("device/edge.key").exists()


@pytest.mark.long
def test_on_a_terminal_a_slow_key_is_asked_about(terminal, options, slow_key: Path) -> None:
    person = terminal("new", *options(), "--key", slow_key)
    person.answer(f"Passphrase of {slow_key}: ", SECRET)
    person.expect(SLOW)
    person.answer("Open it? Ctrl-C cancels the wait. [y/N]: ", "y")
    person.expect("Opening the key…")
    person.expect("Submit the request file.")
    assert person.status() == 0


def test_on_a_terminal_a_slow_key_may_stay_closed(
    terminal, options, slow_key: Path, untouched
) -> None:
    untouched()
    person = terminal("new", *options(), "--key", slow_key)
    person.answer(f"Passphrase of {slow_key}: ", SECRET)
    person.answer("Open it? Ctrl-C cancels the wait. [y/N]: ", "")
    assert person.status() == 2


@pytest.mark.long
def test_ctrl_c_ends_the_wait(terminal, options, slow_key: Path, untouched, openssl) -> None:
    untouched()
    slower = slow_key.with_name("slower.key")
    out = ("-out", slower, "-passout", f"pass:{SECRET}", "-iter", "10000000")
    openssl("pkcs8", "-topk8", "-in", slow_key.with_name("plain.pem"), *out)
    person = terminal("new", *options(), "--key", slower)
    person.answer(f"Passphrase of {slower}: ", SECRET)
    person.answer("Open it? Ctrl-C cancels the wait. [y/N]: ", "y")
    person.expect("Opening the key…")
    assert person.leave(b"\x03") in (1, 128 + signal.SIGINT)
