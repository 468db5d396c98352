"""``enos-csr history``, and what ``enos-csr new`` makes of earlier requests."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from enos_csr_gui.core import history
from enos_csr_gui.core.enums import RequestKind
from enos_csr_gui.core.history import RequestHistory

COLUMNS = [
    "number", "subject", "kind", "created_on", "status", "days_left", "valid_from", "valid_to",
    "serial_number", "serial_number_hex", "public_key_sha256", "key", "key_exists", "csr",
    "csr_exists", "certificate", "batch", "site", "note", "archived",
]  # fmt: skip
ALL_THE_SAME = (
    "To renew its certificate, run 'enos-csr renew OLD'. "
    "To use the name anyway, add --allow-used-name."
)


def today() -> str:
    return f"{datetime.now():%Y-%m-%d}"


@pytest.fixture
def damaged() -> Path:
    """Leave a damaged history; return its folder."""
    path = history.default_path()
    path.parent.mkdir()
    path.write_bytes(b"damaged")
    return path.parent


# --- The list -------------------------------------------------------------------------------------


def test_an_empty_history_says_what_to_do(enos_csr):
    result = enos_csr("history")

    assert result.exit_code == 0
    assert result.stdout == ""
    assert result.stderr == ("The list contains no request. To create one: enos-csr new\n")
    assert not history.default_path().exists()


def test_an_empty_history_as_json(enos_csr):
    result = enos_csr("history", "--json")

    assert json.loads(result.stdout) == {"requests": [], "warnings": []}
    assert result.stderr == ""


def test_a_table_the_newest_first(enos_csr, options, folder):
    enos_csr("new", *options())
    enos_csr("new", *options(common_name="风机"))
    (folder / "dev-001.csr").unlink()

    lines = enos_csr("history").stdout.splitlines()

    waiting, day = "waiting for the certificate", today()
    assert lines == [
        "No.  Common name  Kind  Created on  Status                       Expires on  Request file",
        f"2    风机         new   {day}  {waiting}              {folder / '风机.csr'}",
        f"1    dev-001      new   {day}  {waiting}              {folder / 'dev-001.csr'} "
        "(request file missing)",
    ]


@pytest.mark.parametrize(
    ("left", "as_json", "shown"),
    [
        (timedelta(days=61), ("valid", 61), "valid"),
        (timedelta(days=60), ("expiring", 60), "expires in 60 days"),
        (timedelta(hours=3), ("expiring", 1), "expires in 1 day"),
        (timedelta(days=-1), ("expired", -1), "expired"),
    ],
)
def test_what_became_of_the_certificate(enos_csr, options, left, as_json, shown):
    made = json.loads(enos_csr("new", *options(), "--json").stdout)
    expires = datetime.now(UTC) + left - timedelta(seconds=1)
    with RequestHistory() as past:
        past.certificate_received(
            made["public_key_sha256"],
            common_name="dev-001",
            certificate=Path("dev-001.crt"),
            serial=0xAB << 152,
            issued=expires - timedelta(days=730),
            expires=expires,
        )

    [row] = json.loads(enos_csr("history", "--json").stdout)["requests"]
    _, line = enos_csr("history").stdout.splitlines()

    assert (row["status"], row["days_left"]) == as_json
    assert row["serial_number"] == str(0xAB << 152)
    assert f"  {0xAB << 152} (0xAB00{' 0000' * 9})  " in line
    assert row["valid_to"] == f"{expires:%Y-%m-%dT%H:%M:%SZ}"
    assert row["valid_from"] == f"{expires - timedelta(days=730):%Y-%m-%dT%H:%M:%SZ}"
    assert f"  {shown}  " in line
    assert history.local_date(expires) in line


def test_json_has_every_column(enos_csr, options, answers):
    before = datetime.now(UTC).replace(microsecond=0)
    made = json.loads(enos_csr("new", *options(organization="贵州风电"), "--json").stdout)
    Path(made["key"]).unlink()

    result = enos_csr("history", "--json")

    [row] = json.loads(result.stdout)["requests"]
    made_on = datetime.strptime(row["created_on"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert before <= made_on <= datetime.now(UTC)
    assert list(row) == COLUMNS
    assert row == {
        "number": 1,
        "subject": {**answers, "organization": "贵州风电"},
        "kind": "new",
        "created_on": row["created_on"],
        "status": "waiting",
        "days_left": None,
        "valid_from": None,
        "valid_to": None,
        "serial_number": None,
        "serial_number_hex": None,
        "public_key_sha256": made["public_key_sha256"],
        "key": made["key"],
        "key_exists": False,
        "csr": made["csr"],
        "csr_exists": True,
        "certificate": None,
        "batch": None,
        "site": "",
        "note": "",
        "archived": False,
    }
    assert "贵州风电" in result.stdout


def test_a_renewal_is_called_so(enos_csr, tmp_path):
    with RequestHistory() as past:
        past.record(
            {"common_name": "dev-001"},
            public_key_sha256="ab",
            key=tmp_path / "k",
            csr=tmp_path / "c",
            kind=RequestKind.RENEWAL,
        )

    assert "  renewal  " in enos_csr("history").stdout


def test_a_request_for_a_key_that_exists_is_listed(enos_csr, options, openssl, folder):
    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "my.pem")
    enos_csr("new", *options(), "--key", "my.pem")

    [row] = json.loads(enos_csr("history", "--json").stdout)["requests"]

    assert row["key"] == str(folder / "my.pem")
    assert row["key_exists"]


def listed(enos_csr, *options: str) -> list[str]:
    """Return the common names that the command prints."""
    found = json.loads(enos_csr("history", *options, "--json").stdout)["requests"]
    return [one["subject"]["common_name"] for one in found]


def test_requests_are_archived_and_restored_by_their_numbers(enos_csr, options, folder):
    for name in ("dev-001", "dev-002", "dev-003"):
        enos_csr("new", *options(common_name=name))
    before = sorted(folder.iterdir())

    assert listed(enos_csr, "3", "1", "3", "--archive") == ["dev-003", "dev-001"]
    assert listed(enos_csr) == ["dev-002"]
    assert listed(enos_csr, "--archived") == ["dev-003", "dev-001"]
    assert listed(enos_csr, "--restore", "1") == ["dev-001"]
    assert listed(enos_csr) == ["dev-002", "dev-001"]
    assert enos_csr("history", "--restore", "3").exit_code == 0
    assert enos_csr("history", "--archived").stderr == "No request is archived.\n"
    assert sorted(folder.iterdir()) == before


def test_a_site_and_a_note_are_shown_where_there_are_any(enos_csr, options):
    for name in ("dev-001", "dev-002"):
        enos_csr("new", *options(common_name=name))

    result = enos_csr("history", "2", "--site", "Kaili", "--note", "ask\x1b[2J Li")

    heading, row = result.stdout.splitlines()
    assert "  Site   Note " in heading
    assert "  Kaili  ask\\u001b[2J Li  " in row
    [second, first] = json.loads(enos_csr("history", "--json").stdout)["requests"]
    assert (second["site"], second["note"]) == ("Kaili", "ask\x1b[2J Li")
    assert (first["site"], first["note"]) == ("", "")
    enos_csr("history", "2", "--note", "")
    assert "  Site   Request file" in enos_csr("history").stdout.splitlines()[0]


def test_an_unknown_number_changes_nothing(enos_csr, refused, options):
    enos_csr("new", *options())

    lines = refused("history", "--archive", "1", "7")

    assert lines[0] == (
        "No request on this computer has the number 7. 'enos-csr history' shows the numbers."
    )
    assert listed(enos_csr) == ["dev-001"]
    result = enos_csr("history", "--archive", "7", "--json")
    [problem] = json.loads(result.stdout)["problems"]
    assert (problem["code"], problem["values"]) == ("request-unknown", {"number": 7})


@pytest.mark.parametrize(
    "arguments",
    [["--archive"], ["--site", "x"], ["1", "--archive", "--restore"], ["1", "--archived"]],
)
def test_what_makes_no_sense_is_refused(enos_csr, options, arguments):
    enos_csr("new", *options())

    assert enos_csr("history", *arguments).exit_code == 2
    assert listed(enos_csr) == ["dev-001"]


def test_a_damaged_history_is_renamed_and_reported(enos_csr, damaged):
    result = enos_csr("history", "--json")

    [aside] = damaged.glob("history-damaged-*")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["requests"] == []
    assert result.stderr.startswith(f"NOTE: {aside}: The list of your requests was damaged.")
    assert aside.read_bytes() == b"damaged"


def test_a_history_that_cannot_be_read(enos_csr):
    history.default_path().mkdir(parents=True)

    result = enos_csr("history")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith(f"{history.default_path()}: You have no permission")


# --- A new request --------------------------------------------------------------------------------


def used(folder: Path) -> str:
    return (
        f"'dev-001' is already the common name of a request that was created on this computer "
        f"on {today()}: {folder / 'dev-001.csr'}. Choose another name for another device; for the "
        "same device, renew its certificate."
    )


@pytest.mark.parametrize("name", ["dev-001", " DEV-001 "])
def test_a_used_common_name_is_refused(enos_csr, refused, options, folder, name):
    enos_csr("new", *options())

    lines = refused("new", *options(common_name=name), "--out", "other", status=1)

    assert lines == [f"--common-name: {used(folder)}", ALL_THE_SAME]


def test_a_used_common_name_is_reported_with_the_rest(enos_csr, refused, options, folder):
    enos_csr("new", *options())

    lines = refused("new", *options(state=None))

    assert [line.split(": ")[0] for line in lines] == [
        "--state",
        "--common-name",
        ALL_THE_SAME,
        str(folder / "dev-001.key"),
        "Nothing was written. See",
    ]


def test_a_used_common_name_can_be_allowed(enos_csr, options, written):
    enos_csr("new", *options())
    result = enos_csr("new", *options(), "--allow-used-name", "--name", "again")

    assert result.exit_code == 0
    assert result.stderr == ""
    assert written() == ["again.csr", "again.key", "dev-001.csr", "dev-001.key"]
    assert len(json.loads(enos_csr("history", "--json").stdout)["requests"]) == 2


def test_a_request_that_failed_uses_no_name(enos_csr, options, folder):
    (folder / "dev-001.csr").write_text("taken")
    assert enos_csr("new", *options()).exit_code == 1

    assert enos_csr("new", *options(), "--name", "other").exit_code == 0


@pytest.mark.parametrize("more", [[], ["--allow-used-name"]])
def test_a_damaged_history_stops_no_request(enos_csr, options, written, damaged, more):
    result = enos_csr("new", *options(), "--json", *more)

    [aside] = damaged.glob("history-damaged-*")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["csr"].endswith("dev-001.csr")
    assert result.stderr == (
        f"NOTE: {aside}: The list of your requests was damaged. It was renamed to this file, "
        "and a new list was started. Your keys and requests are unchanged.\n"
    )
    assert len(json.loads(enos_csr("history", "--json").stdout)["requests"]) == 1


def test_a_history_that_cannot_be_written_stops_no_request(enos_csr, options, written):
    history.default_path().mkdir(parents=True)

    result = enos_csr("new", *options())

    assert result.exit_code == 0
    assert result.stderr.count("\n") == 1
    assert "You can still create requests, but they are not listed." in result.stderr
    assert written() == ["dev-001.csr", "dev-001.key"]


@pytest.mark.long
def test_a_used_name_that_was_typed_costs_no_other_answer(enos_csr, terminal, options, folder):
    enos_csr("new", *options())
    person = terminal("new", *options(common_name=None, unit=None))
    person.answer("Organizational unit [Operations]: ", "Solar")
    person.answer("Common name: ", "Dev-001")
    person.expect(f"{used(folder)}\n{ALL_THE_SAME}\n")
    person.answer("Common name: ", "dev-002")

    assert person.status() == 0
    [row, _] = json.loads(enos_csr("history", "--json").stdout)["requests"]
    assert (row["subject"]["common_name"], row["subject"]["unit"]) == ("dev-002", "Solar")


def test_a_used_name_given_as_option_is_reported_before_any_prompt(
    enos_csr, terminal, options, untouched
):
    enos_csr("new", *options())
    untouched()
    person = terminal("new", "--common-name", "dev-001", "--name", "other")

    assert person.status() == 1
    assert ALL_THE_SAME in person.shown
    assert "Country" not in person.shown


def test_a_used_name_that_is_allowed_may_be_typed(enos_csr, terminal, options):
    enos_csr("new", *options())
    arguments = ("--name", "again", "--allow-used-name")
    person = terminal("new", *options(common_name=None), *arguments)
    person.answer("Common name: ", "dev-001")

    assert person.status() == 0
