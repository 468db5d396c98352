"""What ``--json`` prints: one schema for every command, whatever happens."""

from __future__ import annotations

import json
import os
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from enos_csr_gui.cli import json_objects
from enos_csr_gui.cli.program import program
from enos_csr_gui.core import history, profiles

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
    examples = dict(re.findall(r"\n## (\w+)\n(?:(?!\n##).)*?```json\n(.*?)```", text, re.DOTALL))
    assert {f"#/$defs/{name}" for name in examples} == {one["$ref"] for one in SCHEMA["anyOf"]}
    for name, example in examples.items():
        check(example, name)


def test_every_command_that_prints_json_is_in_the_document() -> None:
    text = (DOCS / "json.md").read_text(encoding="utf-8")
    commands = {
        name
        for name, command in program.commands.items()
        if any("--json" in option.opts for option in command.params)
    }
    table = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    assert commands == {name for row in table for name in re.findall(r"`([a-z-]+)`", row)}


def test_times_and_serial_numbers_of_any_size() -> None:
    schemas = SCHEMA["$defs"]
    for year in (1, 950, 2026, 9999):
        text = json_objects.time(datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC))
        assert text == f"{year:04}-12-31T23:59:59Z"
        jsonschema.Draft202012Validator(schemas["time"]).validate(text)
    for number in (-5, 0, 2**160 - 1):
        found = json_objects.serial_number(number)
        for name, base in (("serial_number", 10), ("serial_number_hex", 16)):
            jsonschema.Draft202012Validator(schemas[name]).validate(found[name])
            assert int(str(found[name]), base) == number


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
    for same in (
        "serial_number",
        "serial_number_hex",
        "public_key_sha256",
        "valid_from",
        "valid_to",
        "certificate",
    ):
        assert past[same] == received[same]
    found = check(enos_csr("inspect", received["certificate"], "--json").stdout, "inspected")
    [item] = found["items"]
    for same in ("serial_number", "certificate_sha256", "valid_from", "valid_to", "subject"):
        assert item[same] == received[same]
    renewed = check(enos_csr("renew", received["certificate"], "--json").stdout, "created")
    assert renewed["subject"] == received["subject"]
    for name in ("serial_number", "serial_number_hex"):
        assert renewed[f"renewed_{name}"] == received[name]


def test_the_fields(enos_csr, answers) -> None:
    fields = check(enos_csr("fields", "--json").stdout, "fields")["fields"]
    assert [field["field"] for field in fields] == list(answers)


def test_the_profiles(enos_csr, answers) -> None:
    profiles.save("Kaili", answers)
    found = check(enos_csr("profiles", "--json").stdout, "profiles")
    assert [one["name"] for one in found["profiles"]] == ["Kaili"]


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
            assert Path(problem["values"].get("path", tmp_path)).is_absolute()


def test_the_rules_and_a_conversion(enos_csr, openssl, tmp_path) -> None:
    rules = check(enos_csr("rules", "--json").stdout, "rules")["rules"]
    assert {rule["level"] for rule in rules} == {"refused", "differs"}
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "k", "-subj",
            "/CN=x", "-outform", "DER", "-out", tmp_path / "c.der")  # fmt: skip
    words = ("convert", tmp_path / "c.der", "--out", tmp_path / "c.csr", "--json")
    assert check(enos_csr(*words).stdout, "converted") == {
        "path": str(tmp_path / "c.csr"),
        "warnings": [],
    }
    openssl("req", "-in", tmp_path / "c.csr", "-verify", "-noout")
    before = (tmp_path / "c.csr").read_bytes()
    again = enos_csr(*words)  # never over a file
    assert again.exit_code == 1
    assert check(again.stdout, "failure")["problems"][0]["code"] == "file-exists"
    assert (tmp_path / "c.csr").read_bytes() == before


def test_what_was_left_out_of_a_conversion_is_a_warning(enos_csr, issued, tmp_path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    shutil.copy(issued, folder / "a.crt")
    for number in range(200):
        (folder / f"b{number}.txt").write_text("milk")
    result = enos_csr("convert", folder, "--out", tmp_path / "c.pem", "--json")
    [warning] = check(result.stdout, "converted")["warnings"]
    assert warning["code"] == "too-many-files"


def test_a_passphrase_typed_in_place_of_its_file_is_not_repeated(
    enos_csr, options, issued, tmp_path
) -> None:
    new_key = ("new", *options(common_name="b"), "--key", issued.with_name("dev-001.key"))
    export = ("export", issued, "--key", issued.with_name("dev-001.key"), "--format", "p12",
              "--out", tmp_path / "x.p12")  # fmt: skip
    for arguments, option in (
        (("new", *options(common_name="b")), "--passphrase-file"),
        (new_key, "--passphrase-file"),
        (export, "--passphrase-file"),
        ((*export, "--passphrase-file", tmp_path / "none"), "--key-passphrase-file"),
    ):
        result = enos_csr(*arguments, option, "correct horse", "--json")
        problems = check(result.stdout, "failure")["problems"]
        assert ("file-missing", {"option": option}) in [
            (one["code"], one["values"]) for one in problems
        ]
        assert "correct horse" not in result.stdout + result.stderr


def test_a_problem_says_which_option_it_is_about(enos_csr, options) -> None:
    result = enos_csr("new", *options(), "--key", "none.pem", "--name", "a/b", "--json")
    problems = check(result.stdout, "failure")["problems"]
    values = {one["code"]: one["values"] for one in problems}
    assert values["file-missing"] == {"path": str(Path("none.pem").absolute()), "option": "--key"}
    assert values["name-unsafe"]["option"] == "--name"


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps the current folder")
@pytest.mark.parametrize("command", ["inspect", "receive", "renew"])
def test_when_the_current_folder_is_gone(enos_csr, folder, command) -> None:
    folder.rmdir()
    result = enos_csr(command, "x", "--json")
    assert result.exit_code == 1
    [problem] = check(result.stdout, "failure")["problems"]
    assert (problem["code"], problem["values"]) == ("folder-missing", {"path": "x"})


def notes(stderr: str) -> list[str]:
    return [line.removeprefix("NOTE: ") for line in stderr.splitlines() if line.startswith("NOTE")]


def test_what_is_noted_is_a_warning_too(enos_csr, options, openssl, authority, tmp_path) -> None:
    """Of every command: what standard error calls a note is in the object."""
    history.default_path().parent.mkdir(parents=True)
    history.default_path().write_bytes(b"damaged")
    result = enos_csr("new", *options(), "--json")
    created = check(result.stdout, "created")
    assert [one["code"] for one in created["warnings"]] == ["history-damaged"]
    assert len(notes(result.stderr)) == 1

    expired = authority.issue(Path(str(created["csr"])), tmp_path / "expired.pem", days=-1)
    result = enos_csr("receive", expired, "--json")
    codes = [one["code"] for one in check(result.stdout, "received")["warnings"]]
    assert codes == ["certificate-expired", "chain-missing"]
    assert len(notes(result.stderr)) == 2
    secret = tmp_path / "secret"
    secret.write_text("correct horse")
    target = ("--format", "p12", "--out", tmp_path / "x.p12", "--passphrase-file", secret)
    result = enos_csr("export", expired, "--key", created["key"], *target, "--json")
    assert [one["code"] for one in check(result.stdout, "exported")["warnings"]] == codes
    assert len(notes(result.stderr)) == 2

    openssl("req", "-new", "-key", created["key"], "-subj",
            f"/C=CN/ST=A/L=B/O=C/OU=D/serialNumber=7/CN={'x' * 63}\u200b", "-utf8",
            "-out", tmp_path / "old.csr")  # fmt: skip
    result = enos_csr("renew", tmp_path / "old.csr", "--name", "renewed", "--json")
    left_out, kept = check(result.stdout, "created")["warnings"]
    assert left_out["code"] == "attribute-left-out"
    assert left_out["values"] == {"attribute": "serialNumber", "value": "7", "reason": "unknown"}
    assert (kept["code"], kept["field"]) == ("invisible-character", "common_name")
    assert [left_out["message"], kept["message"]] == notes(result.stderr)

    history.default_path().write_bytes(b"damaged again")
    result = enos_csr("history", "--json")
    [warning] = check(result.stdout, "history")["warnings"]
    assert warning["code"] == "history-damaged"


def test_a_failure_has_its_warnings(enos_csr, options, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path))
    monkeypatch.setenv("WIN_PD_OVERRIDE_COMMON_APPDATA", str(tmp_path))
    file = tmp_path / "enos-csr" / "defaults.toml"
    file.parent.mkdir()
    file.write_text("[subject]\nsize = 1\n")
    result = enos_csr("new", *options(country="UK"), "--json")
    failure = check(result.stdout, "failure")
    assert [one["code"] for one in failure["problems"]] == ["not-a-country"]
    assert [one["code"] for one in failure["warnings"]] == ["defaults-unknown"]


@pytest.mark.long
@pytest.mark.skipif(os.name != "posix", reason="names that are bytes")
def test_a_path_that_is_not_utf8(enos_csr_process, enos_csr, options, folder) -> None:
    enos_csr("new", *options())
    name = os.fsdecode(b"b\xff.csr")
    try:
        shutil.copy("dev-001.csr", name)
    except OSError:
        pytest.skip("this file system has no such names")
    for environment in ({"PYTHONUTF8": "1"}, {"PYTHONIOENCODING": "ascii"}):
        result = enos_csr_process("inspect", name, "--json", environment=environment)
        [item] = check(result.stdout.decode(), "inspected")["items"]
        assert item["file"] == str(folder / name)


SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.mark.long
@pytest.mark.parametrize(
    ("command", "name"),
    [
        (("inspect",), "inspected"),
        (("renew",), "created"),
        (("receive",), "received"),
        (("convert", "--out", "out.pem"), "converted"),
        (("export", "--format", "pem", "--out", "out", "--key", "dev-001.key"), "exported"),
    ],
)
def test_files_that_people_really_have(enos_csr, folder, tmp_path, command, name) -> None:
    done = 0
    samples = shutil.copytree(SAMPLES, tmp_path / "samples")
    shutil.copy(samples / "foreign/00-base/dev-001.key", ".")
    for file in sorted(path for path in samples.rglob("*") if path.is_file()):
        Path("out.pem").unlink(missing_ok=True)
        shutil.rmtree("out", ignore_errors=True)
        result = enos_csr(*command, file, "--json")
        failed = result.exit_code != 0 and name != "inspected"
        check(result.stdout, "failure" if failed else name)
        done += not failed
    assert done
