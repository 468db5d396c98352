"""The certificates for many devices: to their requests, and in little memory."""

from __future__ import annotations

import csv
import gc
import secrets
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from enos_csr_gui.core import keys
from enos_csr_gui.core.batch import arrivals, collect, records
from enos_csr_gui.core.batch.collect import Requested
from enos_csr_gui.core.batch.pool import Pool
from enos_csr_gui.core.batch.records import Record
from enos_csr_gui.core.enums import CertificateStatus as Status
from enos_csr_gui.core.errors import CannotSave, Code
from enos_csr_gui.core.history import RequestHistory, default_path

COUNT = 160
NOW = datetime.now(UTC)


class Authority:
    """Issues certificates for keys that nobody has: their numbers are random."""

    def __init__(self, folder: Path) -> None:
        self._key, self.folder = keys.generate(), folder
        folder.mkdir()
        self._write("ca", self._key.public_key(), is_root=True)

    def issue(self, name: str, days: int = 365) -> str:
        """Write a certificate, and return the fingerprint of its key."""
        number = secrets.randbits(2048) | (1 << 2047) | 1
        key = rsa.RSAPublicNumbers(65537, number).public_key()
        self._write(name, key, days)
        return keys.public_key_sha256(key)

    def _write(
        self, name: str, key: rsa.RSAPublicKey, days: int = 365, *, is_root: bool = False
    ) -> None:
        subject, issuer = (
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, "ca")
        )
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=30))
            .not_valid_after(NOW + timedelta(days=days))
            .add_extension(x509.BasicConstraints(is_root, None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        (self.folder / f"{name}.pem").write_bytes(pem)


@pytest.fixture
def farm(tmp_path: Path) -> tuple[Requested, Pool]:
    """Return a batch and what was received: each third certificate is missing, each fifth expired,
    one foreign. The lines of the batch are not in order."""
    authority, made = Authority(tmp_path / "issued"), []
    for number in range(COUNT):
        name = f"风机-{number:03}"
        fingerprint = authority.issue(name, days=-1 if number % 5 == 0 else 365)
        if number % 3 == 0:
            (tmp_path / "issued" / f"{name}.pem").unlink()
        (tmp_path / "farm" / name).mkdir(parents=True)
        (tmp_path / "farm" / name / f"{name}.key").touch()
        files = (f"{name}/{name}.key", f"{name}/{name}.csr")
        subject = {"common_name": name}
        made.append(Record(number + 2, subject, *files, "-" * 1000, fingerprint, {"Site": "n"}))
    authority.issue("foreign")
    with records.opened(tmp_path / "farm") as ledger:
        ledger.append(made[100:] + made[:100])
    return collect.of_folder(tmp_path / "farm"), Pool([tmp_path / "issued"])


def wanted(number: int) -> Status:
    if number % 3 == 0:
        return Status.MISSING
    return Status.EXPIRED if number % 5 == 0 else Status.RECEIVED


def test_each_certificate_comes_to_its_request(farm, tmp_path) -> None:
    requested, pool = farm
    found = collect.look([requested], pool)
    assert [one.record.line for one in found] == [*range(2, COUNT + 2)]
    assert [one.status for one in found] == [wanted(number) for number in range(COUNT)]
    for one in found:
        name = one.record.common_name
        if one.status is Status.MISSING:
            assert one.delivered is None
            continue
        assert one.delivered.source == tmp_path / "issued" / f"{name}.pem"
        issued = one.delivered.issued()
        assert issued.public_key_sha256 == one.record.public_key_sha256
        assert issued.answers["common_name"] == name
        assert [above.is_authority for above in issued.chain] == [True]
        assert one.delivered.serial_number == issued.certificate.serial_number
        assert one.delivered.not_before == issued.certificate.not_valid_before_utc
        assert one.delivered.not_after == issued.certificate.not_valid_after_utc
    [foreign] = pool.rest()
    assert (foreign.name, foreign.source.name) == ("foreign", "foreign.pem")
    assert foreign.not_after == (NOW + timedelta(days=365)).replace(microsecond=0)


def test_what_was_saved_is_in_the_report_and_found_again(farm, tmp_path) -> None:
    requested, pool = farm
    done = collect.save(collect.look([requested], pool))
    for one in done:
        assert (one.certificate is None) == (one.status is Status.MISSING)
    with (tmp_path / "farm" / "certificates.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [row["common_name"] for row in rows] == [one.record.common_name for one in done]
    assert [row["status"] for row in rows] == [wanted(number) for number in range(COUNT)]
    again = collect.look([requested], Pool([]))
    assert {one.status for one in again} == {Status.MISSING, Status.EXPIRED, Status.ALREADY}
    assert [one.certificate for one in again] == [one.certificate for one in done]


def test_many_certificates_are_few_objects(farm, tmp_path) -> None:
    def sort() -> tuple[object, ...]:
        requested, pool = collect.of_folder(tmp_path / "farm"), Pool([tmp_path / "issued"])
        return requested, pool, collect.look([requested], pool)

    sort()  # what is loaded and kept the first time
    gc.collect()
    before = len(gc.get_objects())
    found = sort()
    gc.collect()
    assert found
    assert len(gc.get_objects()) - before < 3 * COUNT


@pytest.fixture
def requested_here(tmp_path: Path) -> Callable[..., Path]:
    """Issue a certificate that was requested here, or not; return its file."""
    authority = Authority(tmp_path / "issued")

    def issue(name: str, *, is_requested: bool = True) -> Path:
        fingerprint = authority.issue(name)
        if is_requested:
            with RequestHistory() as past:
                key, csr = tmp_path / f"{name}.key", tmp_path / f"{name}.csr"
                past.record({}, public_key_sha256=fingerprint, key=key, csr=csr)
        return authority.folder / f"{name}.pem"

    return issue


def test_certificates_of_two_requests_are_many(requested_here, tmp_path) -> None:
    first, second = requested_here("dev-1"), requested_here("dev-2")
    inside = tmp_path / "received" / "inside"
    inside.mkdir(parents=True)
    for path in (first, second):
        shutil.copy(path, inside)
    archive = Path(shutil.make_archive(str(tmp_path / "received"), "zip", tmp_path / "received"))
    for given in ([first, second], [inside.parent], [archive], [tmp_path / "gone", inside]):
        assert arrivals.holds_many(given)


def test_certificates_of_one_request_are_not_many(requested_here, tmp_path) -> None:
    first = requested_here("dev-1")
    foreign = requested_here("foreign", is_requested=False)
    copy = shutil.copy(first, tmp_path / "copy.pem")
    root = tmp_path / "issued" / "ca.pem"
    for given in ([], [first], [first, Path(copy)], [first, foreign, root], [tmp_path / "gone"]):
        assert not arrivals.holds_many(given)


def test_where_the_history_cannot_be_read_nothing_is_known(requested_here, data_folder) -> None:
    given = [requested_here("dev-1"), requested_here("dev-2")]
    assert arrivals.holds_many(given)
    default_path().unlink()
    default_path().mkdir()
    assert not arrivals.holds_many(given)


def test_the_look_at_what_was_dropped_ends(requested_here, tmp_path, monkeypatch) -> None:
    """The two that were requested come after those that are looked at."""
    requested = [requested_here(f"z-{number}") for number in range(2)]
    foreign = [requested_here(f"a-{number}", is_requested=False) for number in range(2)]
    assert arrivals.holds_many([*foreign, *requested])
    monkeypatch.setattr(arrivals, "_MAX_CERTIFICATES", 3)
    assert not arrivals.holds_many([*foreign, *requested])
    monkeypatch.setattr(arrivals, "_MAX_CERTIFICATES", 9)
    assert arrivals.holds_many([tmp_path / "issued"])
    monkeypatch.setattr(arrivals, "_MAX_FILES", 1)
    assert not arrivals.holds_many([tmp_path / "issued"])


@pytest.mark.slow
def test_a_disk_that_fills_up_keeps_what_is_saved_and_the_rest_follows(
    farm, tmp_path, mounted
) -> None:
    disk = mounted("-t", "tmpfs", "-o", "size=2m", "none")
    shutil.copytree(tmp_path / "farm", disk / "farm")
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(shutil.disk_usage(disk).free - (60 << 10)))
    found = collect.look([collect.of_folder(disk / "farm")], farm[1])
    with pytest.raises(CannotSave) as caught:
        collect.save(found)
    assert caught.value.problems[0].code is Code.BATCH_DISK_FULL
    saved = [one for one in (disk / "farm").rglob("*.crt") if one.stat().st_size]
    assert 0 < len(saved) < COUNT / 2
    ballast.unlink()
    done = collect.save(found)
    assert {one.certificate for one in done} > set(saved)
    assert [bool(one.certificate) for one in done] == [
        wanted(number) is not Status.MISSING for number in range(COUNT)
    ]
