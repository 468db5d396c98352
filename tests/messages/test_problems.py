"""Every sentence that people read about fields and problems."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from enos_csr_gui.core import files, key_reader, keys
from enos_csr_gui.core.errors import Code, CoreError, Problem
from enos_csr_gui.core.subject import FIELDS_BY_KEY, check
from enos_csr_gui.messages import labels
from enos_csr_gui.messages.problems import problem_text

# An example of the values that each code carries.
VALUES: dict[Code, dict[str, str | int]] = {
    Code.TOO_LONG: {"limit": 64, "excess": 2},
    Code.CONTROL_CHARACTER: {"position": 4, "code_point": "U+0007"},
    Code.LINE_BREAK: {"position": 4},
    Code.INVISIBLE_CHARACTER: {"position": 4, "code_point": "U+200B"},
    Code.BROKEN_CHARACTER: {"position": 4, "code_point": "U+D800"},
    Code.NOT_ASCII: {"position": 4, "character": "ü"},
    Code.NOT_A_COUNTRY: {
        "given": "UK",
        "suggestion": "GB",
        "name": "United Kingdom",
        "choices": "",
    },
    Code.NOT_A_PRIVATE_KEY: {"label": "certificate"},
    Code.NO_KEY_IN_FOLDER: {"count": 3},
    Code.TOO_MANY_FILES: {"limit": 200},
    Code.PROTECTION_UNKNOWN: {"protection": "RC2", "command": "openssl pkcs8 …"},
    Code.KEY_FORMAT: {"format": "PuTTY", "command": "puttygen …"},
    Code.DERIVATION_TOO_LONG: {"given": 90, "limit": 60},
    Code.ARCHIVE_FORMAT: {"format": "7z"},
    Code.KEY_SLOW: {"seconds": 12},
    Code.DERIVATION_TOO_LARGE: {"given": 512, "limit": 128},
    Code.KEY_NOT_RSA: {"algorithm": "Ed25519"},
    Code.KEY_SIZE: {"bits": 1024, "wanted": 2048},
    Code.PASSPHRASE_TOO_LONG: {"limit": 1023, "length": 2000},
    Code.PASSPHRASE_TOO_SHORT: {"minimum": 6},
    Code.FILE_EXISTS: {"suggestion": "dev-001-2"},
    Code.FILE_TOO_LARGE: {"limit": 1 << 20},
    Code.NAME_UNSAFE: {"given": "a/b", "suggestion": "a-b"},
    Code.FILE_TROUBLE: {"reason": "Input/output error"},
    Code.TOO_MANY_OBJECTS: {"limit": 500},
    Code.NO_CERTIFICATE_IN_FOLDER: {"count": 3},
    Code.NO_REQUEST_IN_FOLDER: {"count": 3},
    Code.OLD_EXPIRED: {"date": "2026-01-31"},
    Code.ALREADY_REQUESTED: {"date": "2026-01-31"},
    Code.CERTIFICATE_NOT_RSA: {"algorithm": "EC SM2"},
    Code.CHAIN_OTHER_KEY: {"issuer": "Test Issuing"},
    Code.SEVERAL_DEVICES: {"name": "dev-001", "other": "dev-002"},
    Code.SIGNATURE_ALGORITHM: {
        "algorithm": "sha1WithRSAEncryption",
        "wanted": "sha256WithRSAEncryption",
    },
    Code.ATTRIBUTE_ORDER: {"given": "CN, C", "wanted": "C, CN"},
    Code.ATTRIBUTES_COMBINED: {"attributes": "O + OU"},
    Code.ATTRIBUTE_REPEATED: {"count": 2},
    Code.ATTRIBUTE_UNKNOWN: {"attribute": "serialNumber"},
    Code.REQUEST_ATTRIBUTE: {"attribute": "challengePassword"},
    Code.EXTENSION: {"extension": "subjectAltName"},
    Code.REQUEST_VERSION: {"version": 2},
    Code.TOO_MANY_ATTRIBUTES: {"limit": 200},
    Code.TEXT_MISREAD: {"given": "MÃ¼ller", "meant": "Müller"},
    Code.DATE_IMPOSSIBLE: {"date": "0000-01-01"},
    Code.KEY_UNREADABLE: {"algorithm": "RSA"},
    Code.CERTIFICATE_SELF_SIGNED: {"name": "dev-001"},
    Code.CHAIN_EXPIRED: {"issuer": "Test Root", "date": "2026-01-31"},
    Code.CHAIN_ENDS_EARLY: {"issuer": "Test Root", "date": "2028-11-16"},
    Code.CHAIN_URL: {"url": "https://enos.example.com/enos/CA/cacert"},
    Code.SERIAL_DIFFERS: {"given": "32720", "serial": "32721"},
    Code.EXTENSION_REPEATED: {"extension": "subjectAltName", "count": 2},
    Code.CHAIN_NOT_AUTHORITY: {"issuer": "Test Issuing"},
    Code.CHAIN_KEY_USAGE: {"issuer": "Test Issuing"},
    Code.CHAIN_TOO_LONG: {"issuer": "Test Root", "limit": 0, "count": 1},
    Code.CHAIN_NAME_FORBIDDEN: {"issuer": "Test Issuing", "name": "dev-001"},
    Code.CHAIN_KEY_ID: {"issuer": "Test Issuing", "name": "dev-001"},
    Code.CHAIN_EXTENSION_UNKNOWN: {"name": "dev-001", "extension": "1.2.3.4"},
    Code.CHAIN_EXTENSION_UNREADABLE: {"name": "Test Issuing", "extension": "nameConstraints"},
    Code.CHAIN_UNCHECKED: {"issuer": "Test Root", "algorithm": "md2WithRSAEncryption"},
    Code.CHAIN_TOO_COSTLY: {"limit": 200},
    Code.CERTIFICATE_EXPIRED: {"date": "2026-01-31"},
    Code.CERTIFICATE_NOT_YET_VALID: {"date": "2030-01-31"},
    Code.DEFAULTS_NOT_TOML: {"reason": "Expected '=' (at line 1)"},
    Code.DEFAULTS_UNKNOWN: {"key": "subject.size"},
    Code.DEFAULTS_VALUE: {"key": "subject.country"},
    Code.DEFAULTS_LOCKED: {"key": "locked: country"},
    Code.FIELD_LOCKED: {"value": "Example Wind Ltd", "set_by": "IT"},
    Code.PROFILES_TOO_MANY: {"limit": 200},
    Code.PROFILE_VALUE: {"key": "profiles[1].answers.country"},
    Code.PROFILE_NAME: {"limit": 64},
    Code.PROFILE_TAKEN: {"name": "Kaili"},
    Code.PROFILE_UNKNOWN: {"name": "Kaili"},
    Code.ATTRIBUTE_LEFT_OUT: {"attribute": "OU", "value": "Ops", "reason": "combined"},
    Code.NOT_A_CERTIFICATE: {"kind": "request"},
    Code.CERTIFICATE_OF_AUTHORITY: {"name": "EnOS CA"},
    Code.CERTIFICATE_OF_NO_KEY: {"name": "dev-001"},
    Code.CERTIFICATE_OF_OTHER_REQUEST: {
        "name": "dev-001",
        "made_on": "2026-11-23",
        "csr": "/home/li/dev-001.csr",
    },
    Code.KEY_GONE: {"path": "/home/li/dev-001.key"},
    Code.SUBJECT_CHANGED: {"locality": "Kaili → Guiyang"},
    Code.CHAIN_MISSING: {"issuer": "Test Issuing"},
    Code.CHAIN_ENDS: {"issuer": "Test Root"},
    Code.CHAIN_OF_OTHERS: {"issuer": "Test Issuing"},
    Code.TABLE_TOO_LARGE: {"limit": 256},
    Code.TABLE_TOO_WIDE: {"limit": 1000},
    Code.TABLE_TWO_SHEETS: {"first": "Kaili", "second": "Duyun"},
    Code.COLUMN_TWICE: {"first": "O", "second": "Company"},
    Code.COLUMNS_UNKNOWN: {"columns": "Time Zone, Site"},
    Code.LINE_UNREADABLE: {"line": 7},
    Code.TABLE_ENCODINGS_MIXED: {"line": 7, "first": 2},
    Code.LINE_SKIPPED: {"line": 2},
    Code.ROWS_HIDDEN: {"sheet": "Kaili"},
    Code.CELLS_MERGED: {"sheet": "Kaili"},
    Code.CELL_CHANGED: {"given": "5.57E+92"},
    Code.CELLS_BEYOND: {"count": 2},
    Code.ROW_WITHOUT_EARLIER: {"name": "dev-001"},
    Code.NAME_TWICE: {"name": "dev-001", "earlier": 2},
    Code.NAME_ALIKE: {"name": "DEV-001", "other": "dev-001", "earlier": 2},
    Code.ROW_CHANGED: {"name": "dev-001"},
    Code.BATCH_FILES_GONE: {"count": 2, "name": "dev-001"},
    Code.DISK_ROOM: {"needed": 200, "free": 10},
    Code.CLUSTER_UNREACHABLE: {"address": "tcp://10.0.0.1:8786"},
    Code.CLUSTER_NO_WORKERS: {"address": "tcp://10.0.0.1:8786"},
    Code.CLUSTER_FAILED: {"reason": "KeyError: x"},
    Code.NAME_USED: {"name": "dev-001", "made_on": "2026-11-23", "csr": "/home/li/dev-001.csr"},
    Code.HISTORY_TROUBLE: {"reason": "disk I/O error"},
    Code.REQUEST_UNKNOWN: {"number": 12},
    Code.UNEXPECTED: {"reference": "1.0.0 ValueError files:12 csr:34"},
}


@pytest.mark.parametrize("code", Code)
def test_every_sentence_uses_no_values_but_those_of_its_code(code: Code) -> None:
    names = set(VALUES.get(code, {}))
    if code is Code.SUBJECT_CHANGED:  # its values are the fields that differ
        assert names <= set(FIELDS_BY_KEY)
    else:
        assert names == set(code.value_names)


@pytest.mark.parametrize("code", Code)
def test_every_problem_is_said_in_a_whole_sentence(code: Code) -> None:
    said = problem_text(Problem(code, path=Path("x"), values=VALUES.get(code, {})))
    assert said[0].isupper() or said[0].isdigit() or said[0] == "'"
    assert said[-1] in ".?"
    assert "{" not in said
    for value in VALUES.get(code, {}).values():
        if value not in ("a/b", 1 << 20):  # what was typed stands in the field anyway
            assert str(value) in said


def refused(action: Callable[..., object], *arguments: object) -> Problem:
    with pytest.raises(CoreError) as caught:
        action(*arguments)
    return caught.value.problems[0]


def of_subject(field: str, text: str) -> Callable[[Path], Problem]:
    return lambda _: check(valid_but(field) | {field: text})[0]


def of_key(bits: int | None) -> Callable[[Path], Problem]:
    def provoke(_: Path) -> Problem:
        other = (
            rsa.generate_private_key(65537, bits) if bits else ed25519.Ed25519PrivateKey.generate()
        )
        pem = other.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return refused(key_reader.load, pem)

    return provoke


def of_taken_name(folder: Path) -> Problem:
    files.save_pair(folder, "dev-001", None, b"")
    return refused(files.save_pair, folder, "dev-001", b"", b"")


def of_large_file(folder: Path) -> Problem:
    (folder / "large").write_bytes(b"x" * (files.MAX_READ_BYTES + 1))
    return refused(files.read, folder / "large")


def of_link_to_itself(folder: Path) -> Problem:
    (folder / "link").symlink_to("link")
    return refused(files.read, folder / "link")


PROVOKED: dict[Code, Callable[[Path], Problem]] = {
    Code.REQUIRED: of_subject("unit", " "),
    Code.TOO_LONG: of_subject("unit", "x" * 66),
    Code.CONTROL_CHARACTER: of_subject("unit", "a\a"),
    Code.LINE_BREAK: of_subject("unit", "a\nb"),
    Code.INVISIBLE_CHARACTER: of_subject("unit", "a\u200bb"),
    Code.BROKEN_CHARACTER: of_subject("unit", "a\ud800"),
    Code.NOT_ASCII: of_subject("email", "ü@example.com"),
    Code.NOT_AN_ADDRESS: of_subject("email", "ops"),
    Code.NOT_A_COUNTRY: of_subject("country", "UK"),
    Code.NOT_A_KEY: lambda _: refused(key_reader.load, b"hello"),
    Code.NOT_A_PRIVATE_KEY: lambda _: refused(
        key_reader.load, b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----"
    ),
    Code.KEY_NOT_RSA: of_key(None),
    Code.KEY_SIZE: of_key(1024),
    Code.PASSPHRASE_EMPTY: lambda _: keys.check_passphrase("")[0],
    Code.PASSPHRASE_TOO_LONG: lambda _: keys.check_passphrase("x" * 2000)[0],
    Code.FILE_EXISTS: of_taken_name,
    Code.FILE_MISSING: lambda folder: refused(files.read, folder / "gone"),
    Code.FILE_TOO_LARGE: of_large_file,
    Code.NAME_UNSAFE: lambda folder: refused(files.save_pair, folder, "a/b", b"", b""),
    Code.FOLDER_MISSING: lambda folder: refused(files.save_pair, folder / "a" / "b", "a", b"", b""),
    Code.NOT_A_FILE: lambda folder: refused(files.read, folder),
    Code.PATH_TOO_LONG: lambda folder: refused(files.read, folder / ("x" * 300)),
    Code.FILE_TROUBLE: of_link_to_itself,
}


@pytest.mark.parametrize("code", PROVOKED)
def test_what_really_goes_wrong_carries_what_its_sentence_needs(code: Code, tmp_path: Path) -> None:
    problem = PROVOKED[code](tmp_path)
    assert problem.code is code
    assert problem.values.keys() >= VALUES.get(code, {}).keys()
    assert "{" not in problem_text(problem)


def test_an_unrecognisable_country_gets_an_example_instead_of_a_suggestion() -> None:
    values = {"given": "Atlantis", "suggestion": "", "name": "", "choices": ""}
    said = problem_text(Problem(Code.NOT_A_COUNTRY, "country", values=values))
    assert said.startswith("'Atlantis' is not a country code.")
    assert "for example CN" in said
    assert "()" not in said


@pytest.mark.parametrize("typed", ["{", "{}", "{suggestion}", "{0.__class__}", "%s"])
def test_what_looks_like_a_gap_in_a_sentence_is_repeated_as_it_was_typed(typed: str) -> None:
    [problem] = check(valid_but("country") | {"country": typed})
    assert problem_text(problem).startswith(f"'{typed}' is not a country code.")


def test_one_character_is_not_said_as_many() -> None:
    [problem] = check(dict.fromkeys(("state",), "x" * 65) | valid_but("state"))
    assert problem_text(problem).startswith("1 character too many: at most 64 are allowed.")


def valid_but(*keys: str) -> dict[str, str]:
    """Valid answers to the mandatory fields, without those of ``keys``."""
    answers = {key: "x" for key, field in FIELDS_BY_KEY.items() if field.required}
    answers["country"] = "CN"
    return {key: text for key, text in answers.items() if key not in keys}


def test_every_field_has_its_words() -> None:
    assert labels.FIELDS.keys() == FIELDS_BY_KEY.keys()
    for key in FIELDS_BY_KEY:
        assert labels.label(key)
        assert labels.help_(key).endswith(".")


def test_the_examples_are_answers_that_enos_takes() -> None:
    assert not check({key: field.example for key, field in labels.FIELDS.items()})


def test_a_stronger_passphrase_is_said_to_be_stronger() -> None:
    assert len({labels.strength(score) for score in range(5)}) == 5
