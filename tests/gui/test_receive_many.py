"""Certificates for many devices in the window: sorted to their keys, and the files for all."""

from __future__ import annotations

import csv
import json
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from person import Person
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit
from test_many_devices import SAME

from enos_csr_gui.core.batch import check, make, passphrases, records, table
from enos_csr_gui.core.history import RequestHistory, default_path
from enos_csr_gui.gui.batch.arrived_model import NAME, REASON, STATUS
from enos_csr_gui.gui.batch.sorted import ArrivedTable

NAMES = ["dev-1", "dev-2", "dev-3", "dev-4"]
FIRST = "Certificates for many devices"


class Farm(NamedTuple):
    folder: Path
    issued: Path


def create(folder: Path, names: list[str], passphrase: Callable[..., str | None]) -> None:
    """Create a batch, as the page before does."""
    path = folder.with_suffix(".csv")
    rows = [",".join((name, *SAME)) for name in names]
    path.write_text("\n".join(["CN,C,ST,L,O,OU,E", *rows]))
    devices = table.read(path)
    with records.opened(folder) as ledger:
        checked = check.check(devices, ledger)
        make.make(checked, devices.columns, ledger, check.Rules(), passphrase=passphrase)


@pytest.fixture
def farm_of(tmp_path: Path, authority, openssl) -> Callable[..., Farm]:
    """Return what makes a batch, and what the authority sent for it.

    One certificate has expired, one has another subject, one is of another key, one is missing.
    """

    def farm(passphrase: Callable[..., str | None] = lambda _row: None) -> Farm:
        folder, issued = tmp_path / "farm", tmp_path / "issued"
        create(folder, NAMES, passphrase)
        issued.mkdir()
        for name, days in (("dev-1", 300), ("dev-2", -1)):
            authority.issue(folder / name / f"{name}.csr", issued / f"{name}.pem", days=days)
        other = tmp_path / "other.csr"
        key = folder / "dev-3" / "dev-3.key"
        subject = ("-subj", "/C=CN/CN=dev-three")
        if passphrase(None) is None:
            openssl("req", "-new", "-key", key, *subject, "-out", other)
            authority.issue(other, issued / "dev-3.pem")
        new = ("-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "x.key")
        openssl("req", "-new", *new, *subject, "-out", other)
        authority.issue(other, issued / "foreign.pem")
        chain = authority.intermediate.read_bytes() + authority.root.read_bytes()
        (issued / "ca.pem").write_bytes(chain)
        return Farm(folder, issued)

    return farm


@pytest.fixture
def farm(farm_of: Callable[..., Farm]) -> Farm:
    return farm_of()


def archive(farm: Farm) -> list[Path]:
    path = farm.issued.with_name("issued.zip")
    with zipfile.ZipFile(path, "w") as target:
        for file in farm.issued.iterdir():
            target.write(file, f"deep/{file.name}")
    return [path]


def answers(farm: Farm) -> list[Path]:
    path = farm.issued.with_name("answers.jsonl")
    root = (farm.issued / "ca.pem").read_text()
    texts = [file.read_text() for file in farm.issued.iterdir() if file.name != "ca.pem"]
    lines = [json.dumps({"code": 0, "data": {"cert": one, "caCert": root}}) for one in texts]
    path.write_text("\n".join(lines))
    return [path]


def files(farm: Farm) -> list[Path]:
    return sorted(farm.issued.iterdir())


def rows(person: Person) -> list[tuple[str, str]]:
    [view] = [one for one in person.wizard.findChildren(ArrivedTable) if one.isVisible()]
    model = view.model()
    return [
        (model.index(row, NAME).data(), model.index(row, STATUS).data())
        for row in range(model.rowCount())
    ]


def shows(person: Person, text: str) -> None:
    """Choose in the box which rows to show."""
    boxes = [box for box in person.wizard.page.findChildren(QComboBox) if box.isVisible()]
    boxes[0].setFocus()
    person.press(Qt.Key.Key_Home)
    for _choice in range(boxes[0].count()):
        if boxes[0].currentText() != text:
            person.press(Qt.Key.Key_Down)
    assert boxes[0].currentText() == text


SORTED = [
    ("dev-1", "received"),
    ("dev-2", "received, but expired"),
    ("dev-3", "received, with another subject"),
    ("dev-4", "missing"),
    ("dev-three", "of another key"),
]


@pytest.mark.long
@pytest.mark.parametrize(
    "shape",
    [lambda farm: [farm.issued], archive, answers, files],
    ids=["folder", "zip", "jsonl", "files"],
)
def test_what_is_dropped_anywhere_is_sorted_to_its_keys(
    start: Callable[..., Person], farm: Farm, shape: Callable[[Farm], list[Path]]
) -> None:
    person = start("")
    person.waits_until(lambda: person.wizard.is_ready)
    person.drops(*shape(farm))
    person.waits_for_page(FIRST)
    person.goes_on("What has arrived")
    assert rows(person) == SORTED
    assert "3 of 4 requests have their certificates." in person.reads()
    assert not list(farm.folder.rglob("*.crt"))  # nothing is saved yet


@pytest.mark.long
def test_the_list_is_filtered_and_each_row_says_what_is_wrong(
    start: Callable[..., Person], farm: Farm
) -> None:
    person = start("")
    person.waits_until(lambda: person.wizard.is_ready)
    person.drops(farm.issued)
    person.waits_for_page(FIRST)
    person.goes_on("What has arrived")
    shows(person, "missing: 1")
    assert rows(person) == [("dev-4", "missing")]
    shows(person, "of other keys: 1")
    assert rows(person) == SORTED[4:]
    assert "for none of the requests" in person.reads()
    [view] = [one for one in person.wizard.findChildren(ArrivedTable) if one.isVisible()]
    assert "for none of the requests" in view.model().index(0, REASON).data()
    shows(person, "received, but expired: 1")
    assert "expired" in person.reads()
    assert "expired" in view.model().index(0, REASON).data()
    shows(person, "all: 5")
    assert rows(person) == SORTED


def saves(person: Person, farm: Farm, format_: str) -> None:
    person.drops(*archive(farm))
    person.waits_for_page(FIRST)
    person.goes_on("What has arrived")
    person.goes_on("For the devices")
    person.click(format_)


FORMATS = {
    "PEM files: for the EnOS Edge and most other software": {"edge.key", "edge.pem", "edge_ca.pem"},
    "Java keystore: for the EnOS SDK for Java": {"dev-1.jks"},
    "PKCS #12 keystore: for Windows and other programs": {"dev-1.p12"},
    "C header file: for the EnOS SDK for C": {"dev-1.h"},
    "Only the certificates beside the keys": set(),
}


@pytest.mark.long
@pytest.mark.parametrize("format_", FORMATS, ids=["pem", "jks", "p12", "c", "none"])
def test_all_formats_are_made_for_every_device(
    start: Callable[..., Person], farm: Farm, openssl, tmp_path: Path, format_: str
) -> None:
    person = start("")
    person.waits_until(lambda: person.wizard.is_ready)
    saves(person, farm, format_)
    out = tmp_path / "to the devices"
    if FORMATS[format_]:
        person.enters("Folder", str(out))
    if "keystore" in format_:
        person.click("Save")
        assert person.problems()  # a keystore needs a passphrase
        person.enters("Passphrase of the keystores", "turbines17")
        person.enters("Repeat passphrase", "turbines17")
    person.goes_on("Done", "Save")
    said = person.wizard.page.explanation()
    assert said == "3 certificates are saved beside their keys. 1 is still missing."
    assert {path.name for path in farm.folder.rglob("*.crt")} == {
        "dev-1.crt",
        "dev-2.crt",
        "dev-3.crt",
    }
    with (farm.folder / "certificates.csv").open(encoding="utf-8-sig", newline="") as file:
        statuses = {row["common_name"]: row["status"] for row in csv.DictReader(file)}
    assert statuses == {
        "dev-1": "received",
        "dev-2": "expired",
        "dev-3": "changed",
        "dev-4": "missing",
    }
    made = {path.name for path in out.glob("dev-1/*")}
    assert made == FORMATS[format_]
    assert not (out / "dev-4").exists()
    if "PEM" in format_:
        chain, leaf = out / "dev-1/edge_ca.pem", out / "dev-1/edge.pem"
        assert openssl("verify", "-CAfile", chain, leaf)
        if sys.platform != "win32":
            assert stat.S_IMODE((out / "dev-1/edge.key").stat().st_mode) == 0o600
    elif "PKCS" in format_:
        (tmp_path / "secret").write_text("turbines17")
        openssl(
            "pkcs12", "-in", out / "dev-1/dev-1.p12", "-passin", f"file:{tmp_path}/secret", "-noout"
        )
    elif "Java" in format_ and shutil.which("keytool"):
        listing = ["keytool", "-list", "-keystore", str(out / "dev-1/dev-1.jks")]
        shown = subprocess.run(
            [*listing, "-storepass", "turbines17"], capture_output=True, check=True
        )
        assert shown.stdout.count(b"PrivateKeyEntry") == 1


@pytest.mark.long
def test_a_later_delivery_completes_what_is_missing(
    start: Callable[..., Person], farm: Farm, authority, tmp_path: Path
) -> None:
    person = start("")
    person.waits_until(lambda: person.wizard.is_ready)
    saves(person, farm, "Only the certificates beside the keys")
    person.goes_on("Done", "Save")
    person.click("Start page")
    late = tmp_path / "late.pem"
    authority.issue(farm.folder / "dev-4" / "dev-4.csr", late)
    person.begins("Many devices")
    person.click("Receive certificates…")
    person.waits_for_page(FIRST)
    person.drops(late)
    person.goes_on("What has arrived")
    assert [status for _name, status in rows(person)] == [
        "received earlier",
        "received, but expired",
        "received, with another subject",
        "received",
    ]
    person.goes_on("For the devices")
    person.goes_on("Done", "Save")
    assert person.wizard.page.explanation() == "4 certificates are saved beside their keys."
    with RequestHistory() as history:
        assert all(one.expires for one in history.requests())


@pytest.mark.long
def test_protected_keys_need_their_passphrase(
    start: Callable[..., Person], farm_of: Callable[..., Farm], tmp_path: Path, openssl
) -> None:
    farm = farm_of(lambda _row: "turbines17")
    person = start("")
    person.waits_until(lambda: person.wizard.is_ready)
    saves(person, farm, "PEM files: for the EnOS Edge and most other software")
    person.waits_to_read("The key files are protected.")
    person.tries("Save")
    assert "passphrase" in person.problems()[0]
    assert not list(farm.folder.rglob("*.crt"))
    person.enters("Passphrase of the key files", "turbines17")
    edit = person.field("Passphrase of the key files")
    assert edit.echoMode() == QLineEdit.EchoMode.Password
    person.click("Show the passphrase")
    assert edit.echoMode() == QLineEdit.EchoMode.Normal
    person.goes_on("Done", "Save")
    openssl("pkey", "-in", farm.folder / "dev-1" / "edge.key", "-noout")


@pytest.mark.long
def test_the_passphrase_of_one_of_two_batches_is_asked_for(
    start: Callable[..., Person], farm: Farm, tmp_path: Path, authority, openssl
) -> None:
    create(tmp_path / "later", ["z-1"], lambda _row: "turbines17")
    authority.issue(tmp_path / "later" / "z-1" / "z-1.csr", farm.issued / "z-1.pem")
    person = start("")
    person.waits_until(lambda: person.wizard.is_ready)
    saves(person, farm, "PEM files: for the EnOS Edge and most other software")
    person.waits_to_read("The key files are protected.")
    person.enters("Passphrase of the key files", "turbines17")
    person.goes_on("Done", "Save")
    for folder in (farm.folder / "dev-1", tmp_path / "later" / "z-1"):
        openssl("pkey", "-in", folder / "edge.key", "-noout")


@pytest.mark.long
def test_each_device_has_its_own_passphrase(
    start: Callable[..., Person], farm_of: Callable[..., Farm], tmp_path: Path, openssl
) -> None:
    file = tmp_path / "secret.csv"
    known = passphrases.provide(file, NAMES)
    farm = farm_of(lambda row: passphrases.of(known, row.common_name) if row else "")
    person = start("")
    person.waits_until(lambda: person.wizard.is_ready)
    saves(person, farm, "PKCS #12 keystore: for Windows and other programs")
    person.waits_to_read("The key files are protected.")
    person.enters("Passphrase file", str(tmp_path / "nothing.csv"))
    person.tries("Save")
    assert "does not exist" in person.problems()[0]
    person.enters("Passphrase file", str(file))
    person.goes_on("Done", "Save")
    (tmp_path / "one").write_text(known["dev-1"])
    store = farm.folder / "dev-1" / "dev-1.p12"
    openssl("pkcs12", "-in", store, "-passin", f"file:{tmp_path}/one", "-noout")


@pytest.mark.long
def test_keys_from_another_computer_are_found_in_their_folder(
    start: Callable[..., Person], farm: Farm, tmp_path: Path
) -> None:
    moved = tmp_path / "moved"
    farm.folder.rename(moved)
    default_path().unlink()
    person = start("Many devices")
    person.click("Receive certificates…")
    person.waits_for_page(FIRST)
    person.tries("Next >")
    assert person.problems() == ["Choose the certificates."]
    person.drops(farm.issued)
    person.tries("Next >")
    assert "None of these certificates is for a request of this computer." in person.problems()[0]
    person.enters("Folder of the keys", str(tmp_path))
    person.tries("Next >")
    assert "This folder contains no batch." in person.problems()[0]
    person.enters("Folder of the keys", str(moved))
    person.goes_on("What has arrived")
    assert rows(person) == SORTED


@pytest.mark.long
def test_nothing_in_it_is_said(start: Callable[..., Person], farm: Farm, tmp_path: Path) -> None:
    person = start("Many devices")
    person.click("Receive certificates…")
    person.waits_for_page(FIRST)
    nothing = tmp_path / "notes.zip"
    with zipfile.ZipFile(nothing, "w") as target:
        target.writestr("a.txt", "nothing")
    person.drops(nothing)
    person.tries("Next >")
    assert "No certificate was found in it." in person.problems()[0]


@pytest.mark.long
def test_reading_is_stopped_and_nothing_is_saved(
    start: Callable[..., Person], farm: Farm, tmp_path: Path
) -> None:
    many = tmp_path / "many.pem"
    many.write_bytes((farm.issued / "dev-1.pem").read_bytes() * 30_000)
    person = start("Many devices")
    person.click("Receive certificates…")
    person.waits_for_page(FIRST)
    person.drops(many)
    person.click("Next >")
    person.waits_to_read("certificates read.")
    person.click("Stop")
    person.waits_to_read("Stopped. Nothing was saved.")
    person.click("Next >")
    person.waits_to_read("certificates read.")
    person.press(Qt.Key.Key_Escape)
    person.waits_for_page("What would you like to do?")
    assert not list(farm.folder.rglob("*.crt"))


@pytest.mark.long
def test_saving_is_stopped_and_goes_on(
    start: Callable[..., Person], farm: Farm, tmp_path: Path, authority
) -> None:
    person = start("")
    person.waits_until(lambda: person.wizard.is_ready)
    authority.issue(farm.folder / "dev-4" / "dev-4.csr", farm.issued / "dev-4.pem")
    saves(person, farm, "Java keystore: for the EnOS SDK for Java")
    person.enters("Passphrase of the keystores", "turbines17")
    person.enters("Repeat passphrase", "turbines17")
    person.click("Save")
    person.click("Pause")
    person.waits_to_read("Paused.")

    def stay() -> bool:
        if person.window is person.wizard:
            return False
        person.click("Continue")
        return True

    person.meanwhile(stay)
    person.press(Qt.Key.Key_Escape)
    assert person.title() == "For the devices"
    person.click("Stop")
    person.waits_to_read("Stopped after")
    assert len(list(farm.folder.rglob("*.jks"))) < 4
    person.goes_on("Done", "Save")
    assert len(list(farm.folder.rglob("*.jks"))) == 4
    assert person.wizard.page.explanation() == "4 certificates are saved beside their keys."


# --- Where dropped files go -----------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".TSV"])
@pytest.mark.parametrize("task", ["", "New request", "Check a file", "My requests"])
def test_a_table_goes_to_many_devices_from_everywhere(
    start: Callable[..., Person], tmp_path: Path, suffix: str, task: str
) -> None:
    path = tmp_path / f"farm{suffix}"
    path.write_text("CN\ndev-1\n")
    person = start(task)
    person.drops(path)
    person.waits_for_page("Many devices")
    assert person.field("Table").text() == str(path)


def test_the_program_is_started_with_a_table(start: Callable[..., Person], tmp_path: Path) -> None:
    path = tmp_path / "farm.csv"
    path.write_text("CN\ndev-1\n")
    person = start("", path)
    person.waits_for_page("Many devices")
    assert person.field("Table").text() == str(path)


@pytest.mark.long
def test_one_known_certificate_among_foreign_ones_is_received_as_before(
    start: Callable[..., Person], farm: Farm
) -> None:
    for name in ("dev-2", "dev-3"):
        (farm.issued / f"{name}.pem").unlink()
    person = start("My certificate has arrived")
    person.drops(*archive(farm))
    person.waits_to_read("The certificate for 'dev-1'")
    assert person.title() == "Your certificate"


@pytest.mark.long
def test_an_archive_for_many_chosen_as_one_certificate_is_sorted_too(
    start: Callable[..., Person], farm: Farm
) -> None:
    person = start("My certificate has arrived")
    [path] = archive(farm)
    person.enters("Certificate file", str(path))
    person.click("Next >")
    person.waits_for_page(FIRST)
    person.goes_on("What has arrived")
    assert rows(person) == SORTED
