"""``enos-csr receive`` and ``enos-csr export``: from the certificate to what the device reads."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest

SECRET = "correct horse battery"


@pytest.fixture
def new(enos_csr, folder, options) -> Path:
    """Return the request file of a request that was made in the current folder."""
    assert enos_csr("new", *options()).exit_code == 0
    return folder / "dev-001.csr"


@pytest.fixture
def issued(new, authority, folder) -> Path:
    """Return the certificate, in the folder of downloads."""
    (folder / "downloads").mkdir()
    return authority.issue(new, folder / "downloads" / "issued.pem")


@pytest.fixture
def chain(authority, folder) -> Path:
    file = folder / "downloads" / "chain.pem"
    file.write_bytes(authority.intermediate.read_bytes() + authority.root.read_bytes())
    return file


@pytest.fixture
def secret(folder) -> Path:
    """Return a file with a passphrase."""
    file = folder / "secret"
    file.write_text(SECRET + "\n")
    return file


def test_a_chain_that_devices_refuse_is_named_everywhere(
    enos_csr, new, strict_authority, openssl, folder
):
    leaf = strict_authority.issue(new, folder / "issued.pem")
    above = (strict_authority.intermediate, strict_authority.root)
    with pytest.raises(AssertionError, match="excluded subtree violation"):
        openssl("verify", "-CAfile", above[1], "-untrusted", above[0], leaf)
    said = "does not allow the name of 'dev-001' (name constraints)"
    device = ("--key", "dev-001.key", "--format", "pem", "--out", folder / "device")
    for result in (
        enos_csr("export", leaf, *above, *device),
        enos_csr("receive", leaf, *above),
        enos_csr("renew", leaf, *above, "--name", "new"),
    ):
        assert result.exit_code == 0, result.stderr
        assert said in " ".join(result.stderr.split())
    received = json.loads(enos_csr("receive", leaf, *above, "--json").stdout)
    assert "chain-name-forbidden" in [one["code"] for one in received["warnings"]]


def test_the_certificate_is_kept_beside_its_key(enos_csr, issued, chain, folder):
    result = enos_csr("receive", "downloads/issued.pem", "--chain", chain)

    assert (result.exit_code, result.stderr) == (0, "")
    crt, key = folder / "dev-001.crt", folder / "dev-001.key"
    assert f"The certificate for 'dev-001' is saved:\n  {crt}" in result.stdout
    assert f"It belongs to the key file:\n  {key}" in result.stdout
    assert crt.read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")
    [past] = json.loads(enos_csr("history", "--json").stdout)["requests"]
    assert past["status"] == "valid"

    assert "was already there" in enos_csr("receive", issued).stdout


def test_for_scripts(enos_csr, issued, folder, answers):
    result = enos_csr("receive", "--json", issued)

    told = json.loads(result.stdout)
    assert told["certificate"] == str(folder / "dev-001.crt")
    assert told["subject"] == answers
    assert not told["already_received"]
    assert [problem["code"] for problem in told["warnings"]] == ["chain-missing"]
    assert "NOTE: To recognize EnOS, the device also needs" in result.stderr


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("dev-001.csr", "it is a request (CSR)"),
        ("dev-001.key", "it is a private key"),
        ("nothing.pem", "This file does not exist"),
        ("huge.pem", "far too large"),
    ],
)
def test_what_is_no_certificate_is_refused(refused, new, folder, file, said):
    with (folder / "huge.pem").open("wb") as huge:
        huge.truncate(100 << 20)
    assert said in "\n".join(refused("receive", file))
    assert not (folder / "dev-001.crt").exists()


def test_the_key_of_another_certificate(refused, issued, openssl, folder):
    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "other.key")
    [line, *_help] = refused("receive", issued, "--key", "other.key")
    assert line.startswith(f"{folder / 'other.key'}: This certificate belongs to another key.")
    refused("export", issued, "--key", "other.key", "--format", "pem", "--out", "device")
    assert not (folder / "device").exists()


# --- Exporting ------------------------------------------------------------------------------------


def test_pem_for_the_device(enos_csr, issued, chain, folder, openssl):
    result = enos_csr("export", issued, "--chain", chain, "--key", "dev-001.key",
                      "--format", "pem", "--out", "device")  # fmt: skip

    assert (result.exit_code, result.stderr) == (0, "")
    device = folder / "device"
    assert [line.strip() for line in result.stdout.splitlines()[1:4]] == [
        str(device / name) for name in ("edge.key", "edge.pem", "edge_ca.pem")
    ]
    openssl("verify", "-CAfile", device / "edge_ca.pem", device / "edge.pem")
    if os.name == "posix":
        assert stat.S_IMODE((device / "edge.key").stat().st_mode) == 0o600


@pytest.mark.long
@pytest.mark.parametrize("format_", ["p12", "jks"])
def test_a_keystore_for_the_device(  # noqa: PLR0917  (each is a part of the real thing)
    enos_csr, issued, chain, secret, folder, openssl, format_
):
    arguments = ("export", issued, "--chain", chain, "--key", "dev-001.key", "--format", format_,
                 "--out", f"dev.{format_}", "--passphrase-file", secret)  # fmt: skip
    result = enos_csr(*arguments)

    assert (result.exit_code, result.stderr) == (0, "")
    store = folder / f"dev.{format_}"
    shown = openssl("pkcs12", "-in", store, "-passin", f"pass:{SECRET}", "-nodes")
    assert shown.count("BEGIN CERTIFICATE") == 3
    assert shown.count("BEGIN PRIVATE KEY") == 1
    assert enos_csr(*arguments).exit_code == 1  # never over a file

    keytool = shutil.which("keytool")
    if not keytool:
        pytest.skip("no keytool (a Java development kit) to read the keystore as Java does")
    command = [keytool, "-list", "-keystore", str(store), "-storepass", SECRET]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "PrivateKeyEntry" in listed
    assert listed.count("trustedCertEntry") == (2 if format_ == "jks" else 0)


def test_the_certificate_that_was_received_brings_its_chain(enos_csr, issued, chain, secret):
    enos_csr("receive", issued, "--chain", chain)
    result = enos_csr("export", "dev-001.crt", "--key", "dev-001.key", "--format", "jks",
                      "--out", "dev.jks", "--passphrase-file", secret)  # fmt: skip
    assert result.exit_code == 0


def test_a_protected_key_is_opened_with_its_own_passphrase(  # noqa: PLR0917  (the same)
    enos_csr, issued, chain, secret, folder, openssl
):
    openssl("pkey", "-in", "dev-001.key", "-aes256", "-passout", "pass:of the key",
            "-out", "locked.key")  # fmt: skip
    (folder / "of-key").write_text("of the key")
    arguments = ("export", issued, "--chain", chain, "--key", "locked.key", "--format", "p12",
                 "--out", "dev.p12", "--passphrase-file", secret)  # fmt: skip
    result = enos_csr(*arguments)
    assert result.exit_code == 2
    assert "--key-passphrase-file: Name a file" in result.stderr
    assert enos_csr(*arguments, "--key-passphrase-file", "of-key").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--format", "p12"], "Use --passphrase-file"),
        (["--format", "jks", "--encrypt"], "--encrypt needs a terminal"),
        (
            ["--format", "pem", "--older-systems"],
            "--older-systems works with the formats p12 and jks",
        ),
        (["--format", "p12", "--passphrase-file", "short"], "too short"),
        (["--format", "c", "--passphrase-file", "short"], "cannot open a key with a passphrase"),
        (["--format", "c", "--encrypt"], "cannot open a key with a passphrase"),
        (
            ["--format", "pem"],
            "To recognize EnOS, the device also needs the certificate of the certificate authority",
        ),
        (["--format", "pem", "secret-word"], "does not belong to an option"),
    ],
)
def test_what_does_not_go_together(refused, issued, folder, arguments, said):
    (folder / "short").write_text("abc")
    lines = refused("export", issued, "--key", "dev-001.key", "--out", "device", *arguments)
    assert said in "\n".join(lines)


def test_the_protection_for_older_systems_is_warned_of(enos_csr, issued, chain, secret):
    result = enos_csr("export", issued, "--chain", chain, "--key", "dev-001.key", "--format", "jks",
                      "--out", "dev.jks", "--passphrase-file", secret,
                      "--older-systems")  # fmt: skip
    assert result.exit_code == 0
    assert "is weak" in result.stderr


def test_without_the_chain_the_way_to_it_is_shown(enos_csr, issued, folder):
    result = enos_csr("receive", issued)
    key, certificate = folder / "dev-001.key", folder / "dev-001.crt"
    join = shlex.join if os.name == "posix" else subprocess.list2cmdline
    command = join(["enos-csr", "export", str(certificate), "--key", str(key)])
    assert f"{command} --chain FILE" in result.stdout


def test_a_key_that_is_lost_is_not_exported(enos_csr, issued, chain, folder):
    (folder / "dev-001.key").unlink()
    result = enos_csr("receive", issued, "--chain", chain)
    assert "The key of this certificate is no longer at" in result.stderr
    assert "enos-csr export" not in result.stdout


def test_a_chain_of_others_is_named_as_such(refused, issued, folder):
    arguments = ("--format", "pem", "--key", "dev-001.key", "--out", "device", "--chain", issued)
    lines = refused("export", issued, *arguments)
    assert "This is not the chain of the certificate" in "\n".join(lines)


def test_everything_that_arrived_in_one_archive(enos_csr, issued, chain, folder, openssl):
    key = (folder / "dev-001.key").read_bytes()
    other = folder / "other"
    other.mkdir()
    openssl("genrsa", "-out", other / "other.key", "2048")
    archive = other / "answer.zip"
    with zipfile.ZipFile(archive, "w") as parts:
        parts.writestr("0.key", (other / "other.key").read_bytes())
        parts.writestr("1.key", key)
        parts.writestr("device.pem", issued.read_bytes())
        parts.writestr("chain.pem", chain.read_bytes())
    (folder / "dev-001.key").unlink()
    (other / "other.key").unlink()

    result = enos_csr("receive", archive)
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"It belongs to the key file:\n  {archive}" in result.stdout
    assert sorted(path.name for path in other.iterdir()) == ["answer.crt", "answer.zip"]
    shown = result.stdout.strip().splitlines()[-1].replace("FOLDER", "device")
    words = shlex.split(shown, posix=os.name == "posix")
    assert enos_csr(*(word.strip('"') for word in words[1:])).exit_code == 0
    assert (folder / "device" / "edge.key").read_bytes() == key
    openssl("verify", "-CAfile", "device/edge_ca.pem", "device/edge.pem")


def test_certificate_chain_and_key_as_single_files(enos_csr, issued, authority, folder):
    key = folder / "dev-001.key"
    key.rename(folder / "moved.key")
    result = enos_csr("receive", authority.root, "moved.key", issued, authority.intermediate)
    assert (result.exit_code, result.stderr) == (0, "")
    assert (folder / "moved.crt").read_text().count("BEGIN CERTIFICATE") == 3


def test_export_takes_the_right_one_of_several_keys(enos_csr, issued, chain, folder, openssl):
    openssl("genrsa", "-out", "other.key", "2048")
    bundle = folder / "keys.pem"
    right = (folder / "dev-001.key").read_bytes()
    bundle.write_bytes((folder / "other.key").read_bytes() + right)
    result = enos_csr("export", issued, "--key", bundle, "--chain", chain,
                      "--format", "pem", "--out", "device")  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert (folder / "device" / "edge.key").read_bytes() == right


def test_export_takes_folders(enos_csr, issued, authority, folder, openssl):
    above = folder / "above"
    above.mkdir()
    for file in (authority.root, authority.intermediate):
        (above / file.name).write_bytes(file.read_bytes())
    arguments = ("--key", "dev-001.key", "--format", "pem", "--out")
    first = enos_csr("export", issued, "--chain", above, *arguments, "one")
    assert first.exit_code == 0, first.stderr
    (above / "z-device.pem").write_bytes(issued.read_bytes())
    second = enos_csr("export", above, *arguments, "two")
    assert second.exit_code == 0, second.stderr
    for made in ("one", "two"):
        openssl("verify", "-CAfile", f"{made}/edge_ca.pem", f"{made}/edge.pem")


def test_export_sorts_what_it_is_given(enos_csr, issued, authority, folder, openssl):
    files = (authority.root, "dev-001.key", issued, authority.intermediate)
    done = enos_csr("export", *files, "--format", "pem", "--out", "device")
    assert (done.exit_code, done.stderr) == (0, "")
    assert (folder / "device" / "edge.key").read_bytes() == (folder / "dev-001.key").read_bytes()
    openssl("verify", "-CAfile", "device/edge_ca.pem", "device/edge.pem")


@pytest.mark.parametrize("given", ["archive", "folder", "answer"])
def test_export_takes_an_archive_a_folder_and_an_answer(
    enos_csr, issued, authority, openssl, given
):
    parts = (issued, authority.intermediate, authority.root)
    if given == "archive":
        with zipfile.ZipFile("answer.zip", "w") as archive:
            for file in (*parts, Path("dev-001.key")):
                archive.write(file, file.name)
        files = ["answer.zip"]
    elif given == "folder":
        Path("all").mkdir()
        for file in (*parts, Path("dev-001.key")):
            shutil.copy(file, "all")
        files = ["all"]
    else:
        data = {"cert": issued.read_text(), "caCert": "".join(map(Path.read_text, parts[1:]))}
        Path("answer.json").write_text(json.dumps({"data": data}))
        files = ["answer.json", "dev-001.key"]
    done = enos_csr("export", *files, "--format", "pem", "--out", "device")
    assert done.exit_code == 0, done.stderr
    openssl("verify", "-CAfile", "device/edge_ca.pem", "device/edge.pem")


def test_export_opens_the_protected_key_that_it_is_given(
    enos_csr, issued, authority, openssl, secret
):
    locked = ("pkcs8", "-topk8", "-in", "dev-001.key", "-passout", f"pass:{SECRET}")
    openssl(*locked, "-out", "locked.key")
    files = ("locked.key", issued, authority.intermediate, authority.root)
    passphrases = ("--passphrase-file", secret, "--key-passphrase-file", secret)
    done = enos_csr("export", *files, "--format", "jks", "--out", "dev.jks", *passphrases)
    assert done.exit_code == 0, done.stderr
    assert Path("dev.jks").exists()


def test_export_names_an_issuer_with_another_key(refused, issued, folder, openssl):
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "false.key",
            "-subj", "/C=CN/O=Test CA/CN=Test Issuing", "-out", "false.pem")  # fmt: skip
    files = (issued, "false.pem", "dev-001.key")
    said = refused("export", *files, "--format", "pem", "--out", "device")
    assert "There is a certificate for 'Test Issuing' in the files" in said[0]
    assert "it did not sign this certificate" in said[0]


def test_export_without_a_key_asks_for_its_file(refused, issued, chain):
    said = refused("export", issued, chain, "--format", "pem", "--out", "device")
    assert said[0] == (
        "None of these files contains the key of the certificate. Name its file with --key."
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--encrypt", "correct-horse"], "--encrypt takes no value"),
        (["correct-horse", "--encrypt"], "--encrypt takes no value"),
        (["--name", "edge", "box"], "'box' does not belong to an option, and there is no such"),
    ],
)
def test_a_stray_word_is_no_file(refused, issued, words, said):
    arguments = ("--key", "dev-001.key", "--format", "pem", "--out", "device")
    shown = "\n".join(refused("export", issued, *arguments, *words))
    assert said in shown
    assert "correct-horse" not in shown


def test_a_missing_file_is_reported_beside_others(refused, issued):
    said = refused("receive", issued, "typo.pem")
    assert said[0].endswith("typo.pem: This file does not exist. Check its name and folder.")


@pytest.fixture
def key_folder(folder) -> Path:
    """Return a folder with the key of the request, and another one before it."""
    place = folder / "keys"
    place.mkdir()
    subprocess.run(["openssl", "genrsa", "-out", place / "a.key", "2048"], check=True)
    (folder / "dev-001.key").rename(place / "b.key")
    return place


def test_the_key_is_found_in_a_folder(enos_csr, issued, chain, folder, key_folder):
    device = ("--format", "pem", "--out", folder / "device")
    result = enos_csr("export", issued, "--chain", chain, "--key", key_folder, *device)
    assert result.exit_code == 0, result.stderr
    assert enos_csr("receive", issued, "--key", key_folder).exit_code == 0
    assert (key_folder / "b.crt").exists()
    renewed = json.loads(enos_csr("renew", issued, "--key", key_folder, "--json").stdout)
    assert renewed["key"] == str(key_folder / "b.key")


def test_a_renewal_with_a_folder_of_other_keys_asks_which_one(enos_csr, issued, key_folder):
    (key_folder / "b.key").unlink()
    renew = ("renew", issued, "--json", "--key")
    assert json.loads(enos_csr(*renew, key_folder).stdout)["key"] == str(key_folder / "a.key")
    subprocess.run(["openssl", "genrsa", "-out", key_folder / "c.key", "2048"], check=True)
    result = enos_csr(*renew, key_folder)
    assert result.exit_code == 2
    assert "several private keys" in result.stderr
