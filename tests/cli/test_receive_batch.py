"""``enos-csr receive-batch`` and ``renew-batch``: the certificates of a farm, and their renewal."""

from __future__ import annotations

import csv
import json
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

from .test_batch import SAME
from .test_json import check

NAMES = ["dev-1", "dev-2", "dev-3", "dev-4"]


class Farm(NamedTuple):
    folder: Path
    issued: Path


@pytest.fixture
def farm(enos_csr, folder, authority) -> Farm:
    """Return a batch, and what the authority sent: one certificate expired, one foreign, one
    missing."""
    (folder / "devices.csv").write_text("\n".join(["CN", *NAMES]))
    assert enos_csr("batch", "devices.csv", "--out", "farm", *SAME).exit_code == 0
    assert enos_csr("new", *SAME, "--common-name", "foreign").exit_code == 0
    issued = folder / "issued"
    issued.mkdir()
    for name, days in (("dev-1", 30), ("dev-2", 700), ("dev-3", -1)):
        authority.issue(folder / "farm" / name / f"{name}.csr", issued / f"{name}.pem", days=days)
    authority.issue(folder / "foreign.csr", issued / "foreign.pem")
    chain = authority.intermediate.read_bytes() + authority.root.read_bytes()
    (issued / "ca.pem").write_bytes(chain)
    return Farm(folder / "farm", issued)


def archive(farm: Farm) -> list[Path]:
    path = farm.issued.with_name("issued.zip")
    with zipfile.ZipFile(path, "w") as target:
        for file in farm.issued.iterdir():
            target.write(file, f"deep/folder/{file.name}")
    return [path]


def answers(farm: Farm) -> list[Path]:
    path = farm.issued.with_name("answers.jsonl")
    root = (farm.issued / "ca.pem").read_text()
    texts = [file.read_text() for file in farm.issued.iterdir() if file.name != "ca.pem"]
    lines = [json.dumps({"code": 0, "data": {"cert": one, "caCert": root}}) for one in texts]
    path.write_text("\n".join(lines))
    return [path]


def bundle(farm: Farm) -> list[Path]:
    path = farm.issued.with_name("bundle.pem")
    ca = (farm.issued / "ca.pem").read_bytes()
    path.write_bytes(b"".join(file.read_bytes() for file in farm.issued.iterdir()) + ca * 400)
    return [path]


def files(farm: Farm) -> list[Path]:
    return list(farm.issued.iterdir())


SHAPES = [lambda farm: [farm.issued], archive, answers, bundle, files]


@pytest.mark.long
@pytest.mark.parametrize("shape", SHAPES, ids=["folder", "zip", "jsonl", "bundle", "files"])
def test_certificates_find_their_keys_in_every_shape(enos_csr, farm, shape) -> None:
    result = enos_csr("receive-batch", *shape(farm), "--out", "farm", "--json")
    assert result.exit_code == 1
    printed = check(result.stdout, "batch_received")
    found = {one["common_name"]: one for one in printed["certificates"]}
    assert {name: one["status"] for name, one in found.items()} == {
        "dev-1": "received",
        "dev-2": "received",
        "dev-3": "expired",
        "dev-4": "missing",
    }
    assert len(printed["foreign"]) == 1
    for name in NAMES[:3]:
        text = (farm.folder / name / f"{name}.crt").read_text()
        assert text.count("BEGIN") == 3
    assert not (farm.folder / "dev-4" / "dev-4.crt").exists()
    with (farm.folder / "certificates.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["common_name"]: row for row in csv.DictReader(file)}
    assert rows["dev-1"]["certificate"] == "dev-1/dev-1.crt"
    assert rows["dev-4"]["status"] == "missing"
    again = enos_csr("receive-batch", *shape(farm), "--out", "farm")
    assert again.stdout.splitlines()[:6] == [
        "received earlier: 2",
        "received, but expired: 1",
        "  dev-3",
        "missing: 1",
        "  dev-4",
        "of other keys: 1",
    ]


def test_a_changed_subject_is_reported(enos_csr, farm, authority, openssl, folder) -> None:
    key = farm.folder / "dev-4" / "dev-4.key"
    openssl("req", "-new", "-key", key, "-subj", "/C=CN/CN=other", "-out", folder / "other.csr")
    authority.issue(folder / "other.csr", farm.issued / "other.pem")
    result = enos_csr("receive-batch", farm.issued, "--out", "farm", "--json")
    assert result.exit_code == 0
    found = check(result.stdout, "batch_received")["certificates"]
    [changed] = [one for one in found if one["common_name"] == "dev-4"]
    assert (changed["status"], changed["warnings"][0]["code"]) == ("changed", "subject-changed")


def test_what_came_earlier_is_not_missing_in_a_later_delivery(enos_csr, farm, folder) -> None:
    first, second = (farm.issued / f"{name}.pem" for name in ("dev-1", "dev-2"))
    ca = farm.issued / "ca.pem"
    assert enos_csr("receive-batch", first, ca, "--out", "farm").exit_code == 1
    before = (farm.folder / "dev-1" / "dev-1.crt").read_bytes()
    command = ["receive-batch", second, ca, "--out", "farm", "--format", "pem"]
    printed = check(enos_csr(*command, "--json").stdout, "batch_received")
    found = {one["common_name"]: one for one in printed["certificates"]}
    statuses = [found[name]["status"] for name in NAMES]
    assert statuses == ["already-received", "received", "missing", "missing"]
    assert [len(found[name]["files"]) for name in NAMES] == [3, 3, 0, 0]
    assert (farm.folder / "dev-1" / "dev-1.crt").read_bytes() == before
    assert not (farm.folder / "dev-1" / "dev-1-2.crt").exists()


def test_the_c_header_of_each_device_in_another_folder(enos_csr, farm, folder) -> None:
    command = ["receive-batch", farm.issued, "--out", "farm", "--format", "c"]
    (folder / "secret").write_text("correct horse")
    refused = enos_csr(*command, "--passphrase-file", "secret")
    assert refused.exit_code == 2
    assert not (farm.folder / "certificates.csv").exists()
    printed = check(enos_csr(*command, "--files", "out", "--json").stdout, "batch_received")
    made = [file for one in printed["certificates"] for file in one["files"]]
    assert made == [str(folder / "out" / name / f"{name}.h") for name in NAMES[:3]]
    key = (farm.folder / "dev-1" / "dev-1.key").read_text().splitlines()[1]
    assert key in Path(made[0]).read_text()
    if sys.platform != "win32":
        assert stat.S_IMODE(Path(made[0]).stat().st_mode) == 0o600
    assert not list(farm.folder.rglob("*.h"))
    assert enos_csr("receive-batch", farm.issued, "--out", "farm", "--files", "x").exit_code == 2


@pytest.mark.long
def test_files_that_could_not_be_made_are_no_success(enos_csr, farm, authority) -> None:
    """Without the certificate of the authority, a device cannot recognize EnOS."""
    authority.issue(farm.folder / "dev-4" / "dev-4.csr", farm.issued / "dev-4.pem")
    (farm.issued / "ca.pem").unlink()
    command = ("receive-batch", farm.issued, "--out", "farm")
    assert enos_csr(*command).exit_code == 0
    refused = enos_csr(*command, "--format", "pem")
    assert refused.exit_code == 1
    assert "the device also needs the certificate" in refused.stderr


@pytest.mark.long
@pytest.mark.parametrize("format_", ["pem", "p12", "jks"])
def test_the_files_for_all_devices(enos_csr, farm, folder, openssl, format_) -> None:
    (folder / "secret").write_text("correct horse")
    protect = [] if format_ == "pem" else ["--passphrase-file", "secret"]
    command = ["receive-batch", farm.issued, "--out", "farm", "--format", format_, *protect]
    printed = check(enos_csr(*command, "--json").stdout, "batch_received")
    made = {one["common_name"]: one["files"] for one in printed["certificates"]}
    assert [len(made[name]) for name in NAMES] == [3 if format_ == "pem" else 1] * 3 + [0]
    if format_ == "pem":
        assert openssl("verify", "-CAfile", made["dev-1"][2], made["dev-1"][1])
    else:
        openssl("pkcs12", "-in", made["dev-1"][0], "-passin", "file:secret", "-noout")
    if format_ == "jks" and shutil.which("keytool"):
        listing = ["keytool", "-list", "-keystore", made["dev-1"][0], "-storepass"]
        shown = subprocess.run([*listing, "correct horse"], capture_output=True, check=True)
        assert shown.stdout.count(b"trustedCertEntry") == 2
    again = check(enos_csr(*command, "--json").stdout, "batch_received")
    assert not any(one["files"] for one in again["certificates"])


@pytest.mark.long
def test_protected_keys_are_opened_each_with_its_passphrase(enos_csr, folder, authority) -> None:
    (folder / "devices.csv").write_text("CN\ndev-1\ndev-2\n")
    secret = ["--device-passphrases", "secret.csv"]
    assert enos_csr("batch", "devices.csv", "--out", "farm", *SAME, *secret).exit_code == 0
    issued = folder / "issued"
    issued.mkdir()
    for name in ("dev-1", "dev-2"):
        authority.issue(folder / "farm" / name / f"{name}.csr", issued / f"{name}.pem")
    command = ["receive-batch", issued, "--out", "farm", "--format", "p12", *secret, "--json"]
    printed = check(enos_csr(*command).stdout, "batch_received")
    assert [len(one["files"]) for one in printed["certificates"]] == [1, 1]


def test_a_folder_without_a_batch_and_sources_that_are_damaged(enos_csr, farm, folder) -> None:
    (folder / "empty").mkdir()
    result = enos_csr("receive-batch", farm.issued, "--out", "empty")
    assert result.exit_code == 1
    assert "This folder contains no batch." in result.stderr
    (folder / "bad.zip").write_bytes(b"PK\x03\x04 nonsense")
    result = enos_csr("receive-batch", "bad.zip", "none.pem", farm.issued, "--out", "farm")
    assert "bad.zip: This is damaged" in result.stderr
    assert "none.pem: This file does not exist." in result.stderr
    assert "received: 2" in result.stdout


def test_what_expires_soon_is_renewed(enos_csr, farm, folder, openssl) -> None:
    enos_csr("receive-batch", farm.issued, "--out", "farm")
    result = enos_csr("renew-batch", "--out", "renewals", "--days", "45", "--json")
    assert check(result.stdout, "batch")["created"] == 2
    made = sorted(path.name for path in (folder / "renewals").glob("dev-*"))
    assert made == ["dev-1", "dev-3"]
    subjects = [
        openssl("req", "-in", folder / place / "dev-1" / "dev-1.csr", "-noout", "-subject")
        for place in ("farm", "renewals")
    ]
    assert subjects[0] == subjects[1]
    again = enos_csr("renew-batch", "--out", "more", "--days", "45")
    assert again.stderr == "No certificate expires within that time.\n"
    assert not (folder / "more").exists()


def test_the_rows_of_a_table_are_renewed(enos_csr, farm, folder) -> None:
    (folder / "some.csv").write_text("CN,OU\nDEV-2,Service\n")
    assert enos_csr("renew-batch", "some.csv", "--out", "renewals", "--json").exit_code == 0
    line = json.loads((folder / "renewals" / "requests.jsonl").read_text())
    assert (line["common_name"], line["subject"]["unit"]) == ("dev-2", "Service")
    assert line["subject"]["locality"] == "Kaili"


def test_a_row_to_renew_without_an_earlier_request_says_so_once(enos_csr, farm, folder) -> None:
    (folder / "some.csv").write_text("CN,OU,C\ndev-7,Service,\ndev-8,,QQ\n")
    result = enos_csr("renew-batch", "some.csv", "--out", "renewals")
    assert result.exit_code == 2
    first, second, country = result.stderr.splitlines()[:3]
    assert "No earlier request on this computer has the common name 'dev-7'" in first
    assert "'dev-8'" in second
    assert "QQ" in country
    assert "Fill this in" not in result.stderr
    assert not (folder / "renewals").exists()


def test_a_row_to_renew_with_all_its_answers_needs_no_earlier_request(
    enos_csr, folder, answers
) -> None:
    cells = ",".join(answers[key] for key in ("country", "state", "locality", "organization"))
    (folder / "some.csv").write_text(f"CN,OU,C,ST,L,O\ndev-7,Service,{cells}\n")
    assert enos_csr("renew-batch", "some.csv", "--out", "renewals").exit_code == 0
