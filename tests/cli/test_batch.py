"""``enos-csr batch``: a table in, a folder of pairs out."""

from __future__ import annotations

import csv
import json
import signal
import sys
import time
from pathlib import Path

import pytest

from enos_csr_gui.cli import batch_run

from .test_json import check

SAME = ["--country", "CN", "--state", "Guizhou", "--locality", "Kaili"]
SAME += ["--organization", "Example Wind Ltd", "--unit", "Operations"]


@pytest.fixture
def table_of(folder: Path):
    """Return a function that writes a table with these common names into the folder."""

    def write(*names: str) -> Path:
        path = folder / "devices.csv"
        path.write_text("\n".join(["DeviceKey", *names, ""]), encoding="utf-8")
        return path

    return write


def test_from_the_empty_table_to_the_pairs(enos_csr, folder, subject_of) -> None:
    from openpyxl import load_workbook

    assert enos_csr("batch", "--template", "devices.xlsx").exit_code == 0
    workbook = load_workbook(folder / "devices.xlsx")
    workbook.active.append(["CN", "Guizhou", "Kaili", "Example Wind Ltd", "Operations", "0071"])
    workbook.save(folder / "devices.xlsx")
    result = enos_csr("batch", "devices.xlsx", "--out", "farm")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("1 key and request created in ")
    assert "OU=Operations,CN=0071" in subject_of("farm/0071/0071.csr").replace(" = ", "=")
    again = enos_csr("batch", "devices.xlsx", "--out", "farm")
    assert again.stdout.splitlines() == [
        "Nothing was left to create.",
        "1 row has its files from an earlier run.",
    ]


@pytest.mark.usefixtures("sleeping")
def test_the_time_asleep_is_not_counted(enos_csr, table_of, monkeypatch) -> None:
    monkeypatch.setattr(batch_run, "_LOG_SECONDS", 0.0)
    result = enos_csr("batch", table_of("dev-1", "dev-2"), *SAME, "--out", "farm")
    assert result.exit_code == 0, result.output
    assert float(result.stdout.split()[6]) < 3600
    assert "left." in result.stderr
    assert "2 of 2 created, 0.0 per second" not in result.stderr


def test_nothing_is_written_while_a_row_has_an_error(refused, table_of) -> None:
    lines = refused("batch", table_of("dev-1", "5E+10", "DEV-1"), "--out", "farm", *SAME)
    assert lines == [
        "Line 3: Common name: A spreadsheet has probably changed this to '5E+10'. Format the "
        "column as text and type the value again, or put an apostrophe before it.",
        "Line 4: Common name: 'DEV-1' is too much like 'dev-1' in line 2: on Windows and macOS, "
        "their files would have the same name. Change one of the two names.",
        "Nothing was written. See: enos-csr batch --help",
    ]


def test_many_errors_are_counted(refused, table_of) -> None:
    lines = refused("batch", table_of(*["dev-1"] * 30), "--out", "farm", *SAME)
    assert len(lines) == 22
    assert lines[-2].startswith("9 more errors.")


def test_rows_with_errors_can_be_left_out(enos_csr, table_of, folder) -> None:
    table = table_of("dev-1", "5E+10", "dev-3")
    result = enos_csr("batch", table, "--out", "farm", *SAME, "--skip-bad", "--json")
    printed = check(result.stdout, "batch")
    assert (printed["created"], printed["left_out"], printed["stopped"]) == (2, 1, False)
    with Path(str(printed["rejected"])).open(encoding="utf-8-sig", newline="") as file:
        [row] = csv.DictReader(file)
    assert row["Common name"] == "5E+10"
    assert row["Reason"].startswith("Line 3: Common name: ")
    history = check(enos_csr("history", "--batch", printed["batch"], "--json").stdout, "history")
    assert {one["subject"]["common_name"] for one in history["requests"]} == {"dev-1", "dev-3"}
    assert enos_csr("history", "--batch", "none").stdout == ""


def test_without_a_right_row_nothing_is_left_to_create(refused, table_of) -> None:
    lines = refused("batch", table_of("5E+10", "5E+11"), "--out", "farm", *SAME, "--skip-bad")
    assert [line[:7] for line in lines] == ["Line 2:", "Line 3:", "Nothing"]


def test_a_dry_run_writes_nothing(enos_csr, table_of, untouched) -> None:
    table = table_of("dev-1", "dev-2")
    untouched()
    result = enos_csr("batch", table, "--out", "farm", *SAME, "--dry-run")
    assert (result.exit_code, result.stdout) == (0, "2 pairs would be created.\n")
    printed = check(
        enos_csr("batch", table, "--out", "farm", *SAME, "--dry-run", "--json").stdout, "batch"
    )
    assert (printed["to_create"], printed["batch"]) == (2, None)


def test_every_error_in_json_names_its_line(enos_csr, table_of) -> None:
    result = enos_csr("batch", table_of(*["dev-1"] * 30), "--out", "farm", *SAME, "--json")
    failure = check(result.stdout, "failure")
    assert [one["values"]["line"] for one in failure["problems"]] == list(range(3, 32))


@pytest.mark.parametrize(
    "wrong",
    [
        ["--country", "XX"],
        ["--column", "Serial"],
        ["--column", "Serial=colour"],
        ["--device-passphrases", "farm/secret.csv"],
        ["--device-passphrases", "a.csv", "--passphrase-file", "b"],
        ["--passphrase-file", "missing"],
        ["--jobs", "0"],
        ["stray"],
    ],
)
def test_wrong_options_are_refused(refused, table_of, wrong) -> None:
    options = SAME if wrong[0] != "--country" else SAME[2:]
    assert refused("batch", table_of("dev-1"), "--out", "farm", *options, *wrong)


def test_the_table_or_the_folder_is_missing(refused, table_of) -> None:
    table = table_of("dev-1")
    assert "--out" in refused("batch", table)[-1]
    assert "--template" in enos_csr_usage(refused)


def enos_csr_usage(refused) -> str:
    return refused("batch", "--out", "farm")[-1]


def test_each_key_has_a_passphrase_of_its_own(enos_csr, table_of, folder, openssl) -> None:
    table = table_of("dev-1", "dev-2")
    result = enos_csr("batch", table, "--out", "farm", *SAME, "--device-passphrases", "secret.csv")
    assert result.exit_code == 0, result.output
    with (folder / "secret.csv").open(newline="") as file:
        known = {row["common_name"]: row["passphrase"] for row in csv.DictReader(file)}
    assert len(set(known.values())) == 2
    assert not any(secret in result.output for secret in known.values())
    for name, secret in known.items():
        key = folder / "farm" / name / f"{name}.key"
        openssl("pkey", "-in", key, "-passin", f"pass:{secret}", "-noout")


def test_a_locked_answer(enos_csr, table_of, tmp_path, monkeypatch) -> None:
    from enos_csr_gui.core import defaults

    file = tmp_path / "defaults.toml"
    file.write_text('set_by = "IT"\nlocked = ["unit"]\n[subject]\nunit = "Ops"\n')
    monkeypatch.setattr(defaults, "places", lambda: [file])
    result = enos_csr("batch", table_of("dev-1"), "--out", "farm", *SAME)
    assert result.exit_code == 2
    assert "This is set to 'Ops' for everyone (by IT). Leave it out." in result.stderr
    assert enos_csr("batch", table_of("dev-1"), "--out", "farm", *SAME[:-2]).exit_code == 0


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_ctrl_c_ends_a_run_in_order_and_the_same_command_goes_on(
    terminal, table_of, folder, enos_csr, name
) -> None:
    table = table_of(*(f"dev-{number}" for number in range(300)))
    command = ["batch", table, "--out", "farm", *SAME]
    person = terminal(*command)
    deadline = time.monotonic() + 20
    while not list(folder.glob("farm/dev-*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert person.end(getattr(signal, name)) == 1
    assert "Stopping." in person.shown
    assert "The same command goes on." in person.shown
    pairs = list(folder.glob("farm/dev-*"))
    lines = (folder / "farm" / "requests.jsonl").read_text().splitlines()
    assert {path.name for path in pairs} == {json.loads(line)["common_name"] for line in lines}
    assert 0 < len(pairs) < 300
    table_of(*(path.name for path in pairs), "dev-last")
    result = enos_csr(*command, "--json")
    assert check(result.stdout, "batch")["created"] == 1


def test_a_cluster_has_as_many_threads_as_it_has(enos_csr, table_of, folder) -> None:
    command = ["batch", table_of("dev-1"), "--out", "farm", *SAME]
    refused = enos_csr(*command, "--scheduler", "tcp://127.0.0.1:9", "--jobs", "2")
    assert refused.exit_code == 2
    assert "--jobs" in refused.stderr
    assert not (folder / "farm").exists()
