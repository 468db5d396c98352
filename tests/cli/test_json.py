"""What ``--json`` prints: one schema for every command, whatever happens."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = json.loads((DOCS / "json.schema.json").read_text(encoding="utf-8"))


def check(printed: str, name: str) -> dict:
    """Return what was printed, if it is the object of this name; anything else is an error."""
    found = json.loads(printed)
    schema = {"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]}
    jsonschema.Draft202012Validator(schema).validate(found)
    return found


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_examples_in_the_document_are_right() -> None:
    text = (DOCS / "json.md").read_text(encoding="utf-8")
    examples = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    for example, name in zip(examples, ("created", "failure", "received"), strict=True):
        check(example, name)


@pytest.fixture
def issued(enos_csr, options, authority, tmp_path) -> Path:
    """The certificate for a request with a Chinese name in a folder with a Chinese name."""
    folder = tmp_path / "证书 request"
    folder.mkdir()
    result = enos_csr("new", *options(organization="贵州风电"), "--out", folder, "--json")
    csr = Path(str(check(result.stdout, "created")["csr"]))
    return authority.issue(csr, folder / "issued.pem")


def test_a_request_from_its_creation_to_the_device(enos_csr, issued, authority, tmp_path) -> None:
    received = check(enos_csr("receive", issued, "--json").stdout, "received")
    assert received["warnings"][0]["code"] == "chain-missing"
    key, secret = received["key"], tmp_path / "secret"
    secret.write_text("correct horse")
    target = ("--format", "p12", "--out", tmp_path / "dev.p12", "--passphrase-file", secret)
    result = enos_csr("export", received["certificate"], "--key", key, *target, "--json")
    assert [one["role"] for one in check(result.stdout, "exported")["files"]] == ["keystore"]
    [past] = check(enos_csr("history", "--json").stdout, "history")["requests"]
    for same in ("serial_number", "public_key_sha256", "valid_from", "valid_to", "certificate"):
        assert past[same] == received[same]
    found = check(enos_csr("inspect", received["certificate"], "--json").stdout, "inspected")
    [item] = found["items"]
    for same in ("serial_number", "certificate_sha256", "valid_from", "valid_to", "subject"):
        assert item[same] == received[same]
    renewed = check(enos_csr("renew", received["certificate"], "--json").stdout, "created")
    assert renewed["subject"] == received["subject"]


def test_the_fields(enos_csr, answers) -> None:
    fields = check(enos_csr("fields", "--json").stdout, "fields")["fields"]
    assert [field["field"] for field in fields] == list(answers)


def test_what_others_have_made(enos_csr, openssl, tmp_path) -> None:
    subject = "/C=DE/O=A/O=B/serialNumber=7/CN=x"
    openssl("req", "-new", "-newkey", "rsa:1024", "-nodes", "-keyout", tmp_path / "k",
            "-subj", subject, "-out", tmp_path / "c")  # fmt: skip
    result = enos_csr("inspect", tmp_path / "c", tmp_path / "k", tmp_path / "none", "--json")
    request, key, missing = check(result.stdout, "inspected")["items"]
    assert request["subject"] == {"country": "DE", "organization": "A", "common_name": "x"}
    attributes = [one["attribute"] for one in request["subject_attributes"]]
    assert attributes == ["C", "O", "O", "serialNumber", "CN"]
    assert request["key"]["public_key_sha256"] == key["key"]["public_key_sha256"]
    assert missing["problems"][0]["code"] == "file-missing"
    assert missing["problems"][0]["values"]["path"] == str(tmp_path / "none")


def test_a_failure_is_an_object_too(enos_csr, options, tmp_path) -> None:
    enos_csr("new", *options())
    for arguments, codes in (
        (("new", *options(), "--allow-used-name"), ["file-exists"]),
        (
            ("new", *options(country="UK", unit=None, common_name="b")),
            ["required", "not-a-country"],
        ),
        (("renew", tmp_path / "none"), ["file-missing"]),
        (("receive", tmp_path / "none"), ["file-missing"]),
        (("new", *options(common_name="b"), "--key", "dev-001.csr"), ["not-a-private-key"]),
    ):
        result = enos_csr(*arguments, "--json")
        assert result.exit_code in (1, 2)
        problems = check(result.stdout, "failure")["problems"]
        assert sorted(one["code"] for one in problems) == sorted(codes)
        for problem in problems:
            assert problem["message"] in result.stderr


def test_the_rules_and_a_conversion(enos_csr, openssl, tmp_path) -> None:
    rules = check(enos_csr("rules", "--json").stdout, "rules")["rules"]
    assert {rule["level"] for rule in rules} == {"refused", "differs"}
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "k", "-subj",
            "/CN=x", "-outform", "DER", "-out", tmp_path / "c.der")  # fmt: skip
    words = ("convert", tmp_path / "c.der", "--out", tmp_path / "c.csr", "--json")
    assert check(enos_csr(*words).stdout, "converted") == {"path": str(tmp_path / "c.csr")}
    openssl("req", "-in", tmp_path / "c.csr", "-verify", "-noout")
    before = (tmp_path / "c.csr").read_bytes()
    again = enos_csr(*words)  # never over a file
    assert again.exit_code == 1
    assert check(again.stdout, "failure")["problems"][0]["code"] == "file-exists"
    assert (tmp_path / "c.csr").read_bytes() == before
