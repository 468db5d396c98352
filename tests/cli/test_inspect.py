"""``enos-csr inspect``: what people and scripts read about a file."""

from __future__ import annotations

import json
import os
import re

import pytest

from enos_csr_gui.core import csr, keys
from enos_csr_gui.core.subject import Subject


@pytest.fixture(scope="session")
def key():
    return keys.generate()


@pytest.fixture
def files(folder, answers, key, openssl):
    """Return the folder with a good request, its key, a bad request and a certificate."""
    (folder / "good.csr").write_bytes(csr.to_pem(csr.sign(Subject(answers), key)))
    (folder / "dev.key").write_bytes(keys.to_pem(key))
    openssl("req", "-new", "-key", "dev.key", "-subj", "/CN=\u202eevil\x1b[2J", "-utf8",
            "-out", "bad.csr")  # fmt: skip
    openssl("req", "-x509", "-key", "dev.key", "-subj", "/CN=dev-001", "-out", "dev.pem")
    return folder


def test_an_acceptable_request(enos_csr, files, answers, key):
    result = enos_csr("inspect", "good.csr")

    assert result.exit_code == 0
    assert result.stderr == ""
    first, *lines = result.stdout.splitlines()
    assert first == "good.csr: request (CSR) for 'dev-001', PEM"
    assert "  Acceptable: it meets every requirement." in lines
    assert lines[0].split() == ["Subject", "C", "=", "CN"]
    for value in (*answers.values(), "RSA, 2048 bits", "sha256WithRSAEncryption"):
        assert value in result.stdout
    digest = keys.public_key_sha256(key.public_key())
    groups = [digest[place : place + 4] for place in range(0, 64, 4)]
    lines_of_it = f"    {' '.join(groups[:8])}\n    {' '.join(groups[8:])}\n"
    assert f"\n  Public-key fingerprint\n{lines_of_it}" in result.stdout
    assert "FAIL" not in result.stdout
    assert max(map(len, lines)) < 80


def test_a_request_that_is_not_acceptable(enos_csr, files):
    result = enos_csr("inspect", "bad.csr")

    assert result.exit_code == 2
    assert "  NOT acceptable: 5 of 16 requirements not met." in result.stdout.splitlines()
    assert "    FAIL  Country" in result.stdout
    assert "EnOS requires it." in result.stdout
    assert max(map(len, result.stdout.splitlines())) < 80


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names of files")
def test_nothing_in_a_file_reaches_the_terminal_as_a_command(enos_csr, files):
    (files / "a\x1b[2J.csr").write_bytes((files / "bad.csr").read_bytes())
    result = enos_csr("inspect", "bad.csr", "a\x1b[2J.csr")
    assert "\\u202eevil\\u001b[2J" in result.stdout
    assert "\x1b" not in result.output
    assert "\u202e" not in result.output


def test_one_bad_request_among_good_ones_counts(enos_csr, files):
    assert enos_csr("inspect", "good.csr", "bad.csr").exit_code == 2
    assert enos_csr("inspect", "bad.csr", "good.csr").exit_code == 2
    assert enos_csr("inspect", "good.csr", "dev.pem").exit_code == 0


def test_a_private_key_is_a_loud_warning(enos_csr, files):
    result = enos_csr("inspect", "dev.key", "good.csr")

    assert result.exit_code == 0
    warning = " ".join(result.stderr.split())
    assert warning.startswith("WARNING: dev.key: This file contains a private key. Never submit it")
    assert "\n  Belongs to              good.csr\n" in result.stdout
    assert "PRIVATE" not in result.output


def test_a_protected_key_is_not_opened(enos_csr, files, openssl):
    openssl("pkcs8", "-topk8", "-in", "dev.key", "-passout", "pass:secret", "-out", "safe.key")
    result = enos_csr("inspect", "safe.key")
    assert result.exit_code == 0
    assert "safe.key: private key, PEM\n  Protected with a passphrase; not opened." in result.stdout
    assert "WARNING" in result.stderr


def test_several_things_in_one_file(enos_csr, files):
    (files / "all.pem").write_bytes(
        (files / "dev.pem").read_bytes() + (files / "good.csr").read_bytes()
    )
    result = enos_csr("inspect", "all.pem")
    assert result.exit_code == 0
    assert "all.pem (1 of 2): CA certificate for 'dev-001', PEM\n" in result.stdout
    assert re.search(r"  Belongs to +all\.pem \(2 of 2\)\n", result.stdout)


def test_json(enos_csr, files, answers, key):
    result = enos_csr("inspect", "good.csr", "dev.pem", "none", "bad.csr", "--json")
    good, certificate, none, bad = json.loads(result.stdout)["items"]

    assert result.exit_code == 2
    assert [one["file"] for one in (good, none)] == [str(files / "good.csr"), str(files / "none")]
    kinds = [one["kind"] for one in (good, certificate, none, bad)]
    assert kinds == ["request", "certificate", "unknown", "request"]
    assert good["subject"] == answers
    verdicts = [one["acceptable"] for one in (good, certificate, none, bad)]
    assert verdicts == [True, None, None, False]
    assert good["problems"] == []
    assert good["key"] == {
        "algorithm": "RSA",
        "bits": 2048,
        "public_key_sha256": keys.public_key_sha256(key.public_key()),
    }
    assert good["belongs_to"] == ["dev.pem", "bad.csr"]
    assert [one["code"] for one in none["problems"]] == ["file-missing"]
    assert {one["field"] for one in bad["problems"]} > {"country", "state"}
    assert sum(not rule["passed"] for rule in bad["rules"]) == 5
    assert [rule["field"] for rule in bad["rules"] if rule["level"] == "differs"] == ["common_name"]
    assert certificate["valid_to"].endswith("Z")


def test_json_warns_of_a_key_too(enos_csr, files):
    result = enos_csr("inspect", "dev.key", "--json")
    [one] = json.loads(result.stdout)["items"]
    assert [warning["code"] for warning in one["warnings"]] == ["secret-inside"]
    assert "WARNING" in result.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"Hello", "no readable request, certificate or key"),
        (None, "This file does not exist"),
    ],
)
def test_a_file_that_cannot_be_used(enos_csr, folder, content, words):
    if content is not None:
        (folder / "file").write_bytes(content)
    result = enos_csr("inspect", "file")
    assert result.exit_code == 2
    assert words in " ".join(result.stdout.split())


def test_a_certificate_that_has_expired(enos_csr, files, openssl):
    openssl("x509", "-req", "-in", "good.csr", "-signkey", "dev.key", "-days", "-1",
            "-out", "old.pem")  # fmt: skip
    result = enos_csr("inspect", "old.pem")
    assert result.exit_code == 0
    assert "This certificate expired on" in result.stdout


def test_at_least_one_file(refused):
    assert "Missing argument 'FILE...'" in refused("inspect")[-1]


def test_nothing_is_changed_and_no_files_are_left(enos_csr, files, untouched):
    untouched()
    enos_csr("inspect", "good.csr", "dev.key", "bad.csr", "dev.pem")


@pytest.mark.long
@pytest.mark.skipif(os.name != "posix", reason="names that are bytes")
def test_a_name_that_is_not_utf_8(enos_csr_process, files):
    name = os.fsencode(files) + b"/\xff.csr"
    try:
        (files / "good.csr").rename(os.fsdecode(name))
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    for words in ([], ["--json"]):
        done = enos_csr_process("inspect", name, *words)
        assert done.returncode == 0, done.stderr
        assert done.stderr == b""


def test_on_a_terminal_the_verdict_has_a_colour(terminal, files):
    shown = terminal("inspect", "bad.csr")
    assert shown.status() == 2
    assert "\x1b[31m\x1b[1mNOT acceptable" in shown.shown


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help(enos_csr, option):
    assert "Exit status: 0 every request" in " ".join(enos_csr("inspect", option).stdout.split())


def test_what_to_do_if_enos_refuses_it_is_named_once(enos_csr, files):
    hint = "If EnOS refuses it, see: enos-csr rules"
    assert enos_csr("inspect", "good.csr", "good.csr").stdout.count(hint) == 1
    assert hint not in enos_csr("inspect", "bad.csr", "dev.pem").stdout
