"""``enos-csr renew``: a request that takes its answers from an old one."""

from __future__ import annotations

import json

import pytest

from enos_csr_gui.core.enums import ContentKind
from enos_csr_gui.core.inspect import inspect_files


@pytest.fixture
def old(enos_csr, folder, options):
    """Return the files of a request that was made in the current folder."""
    assert enos_csr("new", *options()).exit_code == 0
    return folder / "dev-001"


def subject(answers) -> str:
    names = {"country": "C", "state": "ST", "locality": "L", "organization": "O", "unit": "OU",
             "common_name": "CN", "email": "emailAddress"}  # fmt: skip
    return "subject=" + ",".join(f"{names[key]}={value}" for key, value in answers.items())


def test_everything_is_taken_over_and_the_key_is_new(enos_csr, old, folder, subject_of, answers):
    result = enos_csr("renew", "dev-001.csr")

    assert result.exit_code == 0
    assert str(folder / "dev-001-2.csr") in result.stdout
    assert subject_of("dev-001-2.csr") == subject(answers)
    files = [folder / name for name in ("dev-001.key", "dev-001-2.key")]
    assert len({found.key.public_key_sha256 for found in inspect_files(files) if found.key}) == 2
    kinds = [past["kind"] for past in json.loads(enos_csr("history", "--json").stdout)["requests"]]
    assert kinds == ["renewal", "new"]


def test_from_a_certificate_with_its_chain(enos_csr, old, authority, folder, answers):
    issued = authority.issue(folder / "dev-001.csr", folder / "issued.pem")
    issued.write_bytes(authority.root.read_bytes() + issued.read_bytes())
    result = enos_csr("renew", "issued.pem", "--unit", "Maintenance", "--json")
    assert json.loads(result.stdout)["subject"] == answers | {"unit": "Maintenance"}


def test_the_old_key_can_be_used_again(enos_csr, old, folder):
    result = enos_csr("renew", "dev-001.csr", "--key", "dev-001.key", "--json")
    assert json.loads(result.stdout)["key"] == str(folder / "dev-001.key")
    assert not (folder / "dev-001-2.key").exists()


def test_the_common_name_cannot_be_changed(refused, old):
    said = "\n".join(refused("renew", "dev-001.csr", "--common-name", "dev-002"))
    assert "EnOS knows the device by it" in said


def test_what_breaks_todays_rules_must_be_mended(enos_csr, openssl, folder, subject_of):
    name = "dev\u200b-001"
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "old.key", "-utf8",
            "-subj", f"/C=XX/L=Kaili/O=Wind/OU=Ops/CN={name}/serialNumber=7/L=Guiyang",
            "-out", "old.csr")  # fmt: skip
    result = enos_csr("renew", "old.csr")
    assert (result.exit_code, list(folder.glob("dev*"))) == (2, [])
    lines = result.stderr.splitlines()
    assert lines[:3] == [
        "NOTE: 'serialNumber = 7' is left out: EnOS does not ask for it.",
        "NOTE: 'L = Guiyang' is left out: it appears twice.",
        lines[2],
    ]
    assert lines[2].startswith("NOTE: The common name stays as it is")
    assert [line.split(":")[0] for line in lines[3:5]] == ["--country", "--state"]

    result = enos_csr("renew", "old.csr", "--country", "CN", "--state", "Guizhou", "--json")
    assert result.exit_code == 0
    assert f"CN={name}" in subject_of(json.loads(result.stdout)["csr"]).replace(" = ", "=")


@pytest.mark.parametrize("tag", ["bmp", "t61", "printable"])
def test_old_kinds_of_strings_are_read_right(enos_csr, openssl, folder, tag):
    # A name of OpenSSL's 'asn1' language: 'nombstr' writes PrintableString, T61String, BMPString.
    masks = {"bmp": "MASK:0x0800", "t61": "nombstr", "printable": "default"}
    (folder / "req.conf").write_text(
        f"[req]\nprompt=no\ndistinguished_name=dn\nstring_mask={masks[tag]}\n"
        "[dn]\nC=CN\nST=Guizhou\nL=Kaili\nO=M\u00fcller\nOU=Ops\nCN=dev-001\n",
        encoding="utf-8",
    )
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "old.key", "-utf8",
            "-config", "req.conf", "-outform", "DER", "-out", "old.csr")  # fmt: skip
    result = enos_csr("renew", "old.csr", "--json")
    assert json.loads(result.stdout)["subject"]["organization"] == "M\u00fcller"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "contains no readable request or certificate"),
        (b"-----BEGIN CERTIFICATE REQUEST-----\nMIIC", "contains no readable request"),
    ],
)
def test_what_cannot_be_renewed(refused, folder, content, said):
    (folder / "x.csr").write_bytes(content)
    assert said in refused("renew", "x.csr")[0]


def test_a_key_is_nothing_to_renew(refused, old):
    assert "contains no readable request or certificate" in refused("renew", "dev-001.key")[0]


def test_without_a_common_name_nothing_says_what_it_is_for(refused, folder, openssl):
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "old.key",
            "-subj", "/C=CN", "-out", "old.csr")  # fmt: skip
    assert "This file has no common name" in refused("renew", "old.csr")[0]


def test_the_certificate_of_an_authority_is_not_renewed(refused, authority, folder):
    [line, *_help] = refused("renew", authority.root)
    assert "This is the certificate of a certificate authority" in line
    assert not list(folder.glob("*.csr"))


def test_text_in_a_wrong_encoding_is_not_taken_over_unasked(enos_csr, openssl, folder, subject_of):
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "k", "-out", "old.csr",
            "-subj", "/C=DE/ST=Bayern/L=Hof/O=M\u00fcller/OU=Ops/CN=dev-9")  # fmt: skip
    result = enos_csr("renew", "old.csr")  # OpenSSL was not told that this is UTF-8
    assert result.exit_code == 2
    assert "'M\u00fcller' was probably meant" in " ".join(result.stderr.split())
    assert not list(folder.glob("dev-9*"))
    assert enos_csr("renew", "old.csr", "--organization", "M\u00fcller").exit_code == 0
    assert "O=M\u00fcller" in subject_of("dev-9.csr").replace(" = ", "=")


@pytest.mark.long
def test_what_was_meant_is_the_default_at_the_prompt(terminal, folder, subject_of, openssl):
    # What the manual's own command makes of UTF-8 on a terminal.
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "old.key", "-out", "old.csr",
            "-subj", "/C=CN/ST=贵州/L=Kaili/O=Müller/OU=Ops/CN=dev-001")  # fmt: skip
    person = terminal("renew", "old.csr")
    person.expect(
        "State or province: 'è´µå·\\u009e' was written in the wrong text encoding; '贵州'"
    )
    person.expect("Organization: 'MÃ¼ller' was written in the wrong text encoding; 'Müller'")
    person.answer("State or province [贵州]: ", "")
    person.answer("Organization [Müller]: ", "")
    assert person.status() == 0
    assert "In brackets" not in person.shown
    assert subject_of("dev-001.csr").replace(" = ", "=") == (
        "subject=C=CN,ST=贵州,L=Kaili,O=Müller,OU=Ops,CN=dev-001"
    )


def test_from_the_folder_with_the_old_certificate(enos_csr, old, authority, folder, subject_of):
    certificate = authority.issue(old.with_suffix(".csr"), folder / "dev-001.pem")
    (folder / "chain.pem").write_bytes(authority.intermediate.read_bytes())
    done = enos_csr("renew", folder, "--out", folder / "new")
    assert done.exit_code == 0, done.stderr
    assert subject_of(folder / "new" / "dev-001.csr") == subject_of(old.with_suffix(".csr"))
    assert certificate.exists()


def test_a_folder_of_several_devices_is_not_guessed_at(enos_csr, refused, old, folder, options):
    assert enos_csr("new", *options(common_name="dev-002")).exit_code == 0
    said = " ".join(" ".join(refused("renew", folder)).split())
    assert "several devices, such as 'dev-001' and 'dev-002'." in said


def test_a_folder_with_neither_cannot_be_renewed(refused, folder):
    (folder / "notes").mkdir()
    (folder / "notes" / "read me.txt").write_text("Hello")
    said = refused("renew", "notes")[0]
    assert "Files looked at in this folder: 1. None contains a readable request" in said


def test_an_empty_folder_cannot_be_renewed(refused, folder):
    (folder / "empty").mkdir()
    assert "There is no file in this folder." in refused("renew", "empty")[0]


def test_the_certificate_is_taken_before_the_request(enos_csr, old, authority, folder, subject_of):
    issued = authority.issue(old.with_suffix(".csr"), folder / "issued.pem")
    done = enos_csr("renew", old.with_suffix(".csr"), authority.root, issued, "--json")
    assert done.exit_code == 0
    assert [one["code"] for one in json.loads(done.stdout)["warnings"]] == ["already-requested"]


def test_an_expired_old_certificate_is_reported(enos_csr, old, authority, folder):
    issued = authority.issue(old.with_suffix(".csr"), folder / "issued.pem", days=-1)
    done = enos_csr("renew", issued, "--json")
    assert done.exit_code == 0
    [warning, _requested] = json.loads(done.stdout)["warnings"]
    ended = next(one.valid_to for one in inspect_files([issued])).date().isoformat()
    assert (warning["code"], warning["values"]) == ("old-expired", {"date": ended})
    assert f"NOTE: The old certificate expired on {ended}." in done.stderr


def test_a_renewal_that_was_requested_and_still_waits_is_noted(enos_csr, old, authority, folder):
    issued = authority.issue(old.with_suffix(".csr"), folder / "issued.pem")
    assert enos_csr("receive", issued).exit_code == 0
    first = enos_csr("renew", issued, "--json")
    assert (json.loads(first.stdout)["warnings"], first.stderr) == ([], "")
    second = enos_csr("renew", issued, "--json")
    assert second.exit_code == 0
    [warning] = json.loads(second.stdout)["warnings"]
    assert warning["code"] == "already-requested"
    date = warning["values"]["date"]
    assert f"NOTE: A request for this common name was created on {date}" in second.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--organization", "Example", "Wind"], "'Wind' does not belong to an option, and there"),
        (["--encrypt", "correct-horse"], "--encrypt takes no value"),
    ],
)
def test_a_stray_word_is_no_file(refused, old, words, said):
    shown = "\n".join(refused("renew", "dev-001.csr", *words))
    assert said in shown
    assert "correct-horse" not in shown


def test_of_two_keys_in_a_file_none_is_taken_by_chance(refused, old, folder, openssl):
    for name in ("one.key", "other.key"):
        openssl("genrsa", "-out", name, "2048")
    both = (folder / "other.key").read_bytes() + (folder / "one.key").read_bytes()
    (folder / "keys.pem").write_bytes(both)
    said = "\n".join(refused("renew", "dev-001.csr", "--key", "keys.pem"))
    assert "contains several private keys" in said


def test_of_two_keys_in_a_file_that_of_the_old_request_is_taken(enos_csr, old, folder, openssl):
    openssl("genrsa", "-out", "other.key", "2048")
    both = (folder / "other.key").read_bytes() + (folder / "dev-001.key").read_bytes()
    (folder / "keys.pem").write_bytes(both)
    assert enos_csr("renew", "dev-001.csr", "--key", "keys.pem").exit_code == 0
    of_key = openssl("pkey", "-in", "dev-001.key", "-pubout")
    assert openssl("req", "-in", "dev-001-2.csr", "-noout", "-pubkey") == of_key


def test_a_folder_is_converted(enos_csr, old, authority, folder):
    certificate = authority.issue(old.with_suffix(".csr"), folder / "dev-001.pem")
    assert enos_csr("convert", folder, "--out", folder / "all.pem").exit_code == 0
    found = inspect_files([folder / "all.pem"])
    assert [one.kind for one in found] == [ContentKind.CERTIFICATE, ContentKind.REQUEST]
    assert certificate.read_bytes().strip() in (folder / "all.pem").read_bytes()
