"""A farm of 1,000 devices in the window: the table, the requests to submit, the certificates."""

from __future__ import annotations

import csv
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from person import Person
from PySide6.QtWidgets import QFileDialog
from test_many_devices import goes_to_rows, verify, write
from test_receive_many import rows

DEVICES, MISSING, FOREIGN = 1000, 70, 25


@pytest.fixture
def submitted(saved: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the user saves the archive; the system's own dialog cannot be driven from here."""
    path = saved / "farm-requests.zip"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args, **_more: (str(path), ""))
    return path


def creates_all(person: Person, made: Path) -> None:
    """Create them, and wait as long as pairs are added: a busy computer takes many minutes."""
    person.goes_on("Create the keys and requests")
    person.click("Create")
    while person.title() != "Done":
        before = size(made)
        person.waits_until(lambda before=before: person.title() == "Done" or size(made) > before)


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_a_farm_from_the_table_to_the_files_for_the_devices(
    start: Callable[..., Person], tmp_path: Path, submitted: Path, authority, openssl
) -> None:
    person = start("Many devices")
    names = [f"turbine-{number:04}" for number in range(DEVICES)]
    goes_to_rows(person, write(tmp_path / "farm.csv", names))
    assert f"{DEVICES} rows are right." in person.reads()
    farm = submitted.with_name("farm")
    creates_all(person, farm / "requests.jsonl")
    person.click("Save as a ZIP archive…")
    person.waits_to_read(f"The archive is saved: {submitted}")

    # The authority has nothing but what was submitted to it.
    at_authority, issued = tmp_path / "authority", tmp_path / "issued.zip"
    with zipfile.ZipFile(submitted) as received:
        received.extractall(at_authority)
    requests = sorted(at_authority.iterdir())
    assert [path.stem for path in requests] == names
    has = names[: DEVICES - MISSING]
    with zipfile.ZipFile(issued, "w") as archive:
        for path in requests[: len(has)]:
            archive.write(authority.issue(path, path.with_suffix(".crt")), f"{path.stem}.cer")
        for number in range(FOREIGN):
            key, csr = at_authority / "x.key", at_authority / f"x-{number}.csr"
            new = ("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key)
            openssl(*new, "-subj", f"/CN=foreign-{number}", "-out", csr)
            archive.write(authority.issue(csr, csr.with_suffix(".crt")), f"x/{number}.cer")
        archive.write(authority.intermediate, "ca/intermediate.pem")
        archive.write(authority.root, "ca/root.pem")

    person.click("Start page")
    person.drops(issued)
    person.waits_for_page("Certificates for many devices")
    person.goes_on("What has arrived")
    assert f"{len(has)} of {DEVICES} requests have their certificates." in person.reads()
    shown = rows(person)
    assert [name for name, _status in shown[:DEVICES]] == names
    assert Counter(status for _name, status in shown) == {
        "received": len(has),
        "missing": MISSING,
        "of another key": FOREIGN,
    }
    person.goes_on("For the devices")
    out = tmp_path / "to the devices"
    person.enters("Folder", str(out))
    person.goes_on("Done", "Save")
    with (farm / "certificates.csv").open(encoding="utf-8-sig", newline="") as file:
        found = Counter(row["status"] for row in csv.DictReader(file))
    assert found == {"received": len(has), "missing": MISSING}
    assert sorted(path.name for path in out.iterdir()) == has
    leaves = [out / name / "edge.pem" for name in has]
    trust = ("-CAfile", authority.root, "-untrusted", authority.intermediate)
    assert openssl("verify", *trust, *leaves).splitlines() == [f"{leaf}: OK" for leaf in leaves]
    for name in has[::100]:
        verify(farm, name)
        ours = openssl("pkey", "-in", out / name / "edge.key", "-pubout")
        assert openssl("x509", "-in", out / name / "edge.pem", "-noout", "-pubkey") == ours
