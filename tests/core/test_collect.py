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

from enos_csr_gui.core import certificate, key_reader, keys, pbe, serials, x509_reader
from enos_csr_gui.core.batch import arrivals, collect, packed, records
from enos_csr_gui.core.batch.collect import Requested
from enos_csr_gui.core.batch.control import Control
from enos_csr_gui.core.batch.pool import Pool
from enos_csr_gui.core.batch.records import Record
from enos_csr_gui.core.enums import CertificateStatus as Status
from enos_csr_gui.core.enums import Format
from enos_csr_gui.core.errors import CannotExport, CannotSave, Code, Problem
from enos_csr_gui.core.history import NewRequest, RequestHistory, default_path
from enos_csr_gui.core.x509_reader import Certificate

COUNT = 160
NOW = datetime.now(UTC)


class Authority:
    """Issues certificates for keys that nobody has: their numbers are random."""

    def __init__(self, folder: Path, key: rsa.RSAPrivateKey | None = None) -> None:
        self._key, self.folder = key or keys.generate(), folder
        folder.mkdir()
        self.renew()

    def renew(self, days: int = 365) -> Path:
        """Write the certificate of the authority itself, and return its file."""
        return self._write("ca", self._key.public_key(), days, is_root=True)

    def issue(self, name: str, days: int = 365) -> str:
        """Write a certificate, and return the fingerprint of its key."""
        number = secrets.randbits(2048) | (1 << 2047) | 1
        key = rsa.RSAPublicNumbers(65537, number).public_key()
        self._write(name, key, days)
        return keys.public_key_sha256(key)

    def issue_for(self, key: rsa.RSAPrivateKey, name: str, days: int = 365) -> Path:
        """Write a certificate for this key, and return its file."""
        return self._write(name, key.public_key(), days)

    def _write(
        self, name: str, key: rsa.RSAPublicKey, days: int = 365, *, is_root: bool = False
    ) -> Path:
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
        path = self.folder / f"{name}.pem"
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return path


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


# --- Three devices whose keys are there -----------------------------------------------------------

NAMES = ("dev-1", "dev-2", "dev-3")
PLACES = ("dev-1/dev-1.key", "dev-2.key", "dev-3/dev-3.key")
PEM_FILES = ["edge.key", "edge.pem", "edge_ca.pem"]


@pytest.fixture(scope="module")
def pairs() -> list[rsa.RSAPrivateKey]:
    """Return the keys of three devices and of two authorities."""
    return [keys.generate() for _number in range(5)]


def fingerprint(key: rsa.RSAPrivateKey) -> str:
    return keys.public_key_sha256(key.public_key())


class Few:
    """A batch of three devices, one of which has no folder of its own, and their authority.

    The authority has issued certificates for the first two.
    """

    def __init__(self, top: Path, pairs: list[rsa.RSAPrivateKey]) -> None:
        self.folder, self.pairs, authority = top / "farm", pairs[:3], pairs[3]
        self.keys = [self.folder / place for place in PLACES]
        self.prints = [fingerprint(key) for key in self.pairs]
        for path, key in zip(self.keys, self.pairs, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(keys.to_pem(key))
        made = [
            Record(line, {"common_name": name}, place, f"{place[:-4]}.csr", "-", one, {})
            for line, (name, place, one) in enumerate(
                zip(NAMES, PLACES, self.prints, strict=True), 2
            )
        ]
        with records.opened(self.folder) as ledger:
            ledger.batch = "our-batch"
            ledger.append(made)
        self.authority = Authority(top / "issued", authority)
        self.files = [
            self.authority.issue_for(key, name)
            for key, name in zip(pairs[:2], NAMES[:2], strict=True)
        ]
        self.root = self.authority.folder / "ca.pem"

    @property
    def requested(self) -> Requested:
        return collect.of_folder(self.folder)

    def pool(self, *paths: Path) -> Pool:
        return Pool(paths or [self.authority.folder])

    def collect(self, how: collect.Export | None = None) -> list[collect.Collected]:
        return list(collect.collect(self.requested, self.pool(), how=how))


@pytest.fixture
def few(tmp_path, pairs, monkeypatch) -> Few:
    monkeypatch.setattr(packed, "_BLOCK", 1)  # all that is kept is packed
    return Few(tmp_path, pairs)


def certificate_in(path: Path, place: int = 0) -> Certificate:
    return certificate.load_all(path.read_bytes())[place]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def refusal(*arguments: object, **settings: object) -> Problem:
    with pytest.raises(CannotSave) as caught:
        collect.save(*arguments, **settings)
    [problem] = caught.value.problems
    return problem


def test_how_far_the_look_is_can_be_shown(few, tmp_path) -> None:
    single = Requested(tmp_path, [few.requested.records[2]], is_batch=False)
    seen = []
    found = collect.look(
        [few.requested, single], few.pool(), progress=lambda *numbers: seen.append(numbers)
    )
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [one.folder for one in found] == [few.folder] * 3 + [tmp_path]


def test_a_look_that_is_stopped_keeps_what_it_has(few) -> None:
    control = Control()

    def stop(done: int, _total: int) -> None:
        if done == 2:
            control.stop()

    found = collect.look([few.requested], few.pool(), control=control, progress=stop)
    assert [one.record.common_name for one in found] == ["dev-1", "dev-2"]


def test_without_its_key_a_certificate_is_missing(few) -> None:
    few.keys[0].unlink()
    few.files[0].write_bytes(few.files[0].read_bytes() + few.root.read_bytes())
    gone, kept, nothing = collect.look([few.requested], few.pool())
    problem = Problem(Code.KEY_GONE, path=few.keys[0], values={"path": str(few.keys[0])})
    assert (gone.status, gone.certificate, gone.problems) == (Status.MISSING, None, (problem,))
    assert gone.folder == few.folder
    leaf = gone.delivered.issued().certificate
    assert leaf == certificate_in(few.files[0])
    assert gone.delivered.source == few.files[0]
    assert gone.delivered.serial_number == leaf.serial_number
    assert gone.delivered.not_before == leaf.not_valid_before_utc
    assert gone.delivered.not_after == leaf.not_valid_after_utc
    assert (kept.status, kept.problems) == (Status.RECEIVED, ())
    assert nothing == collect.Collected(nothing.record, few.folder, Status.MISSING)
    assert collect.save([gone])[0] == gone
    assert names_in(few.folder / "dev-1") == []


def test_that_the_key_is_gone_is_said_before_what_is_wrong_with_its_certificate(few) -> None:
    few.keys[0].unlink()
    few.authority.issue_for(few.pairs[0], "dev-1", days=-2)
    [gone, *_others] = collect.look([few.requested], few.pool())
    assert gone.status is Status.MISSING
    assert [one.code for one in gone.problems] == [Code.KEY_GONE, Code.CERTIFICATE_EXPIRED]


def test_another_subject_is_reported_and_an_expired_certificate_before_it(few) -> None:
    few.authority.issue_for(few.pairs[0], "dev-other")
    few.authority.issue_for(few.pairs[1], "dev-else", days=-2)
    for path in few.files:
        path.unlink()
    changed, expired, _missing = few.collect()
    renamed = Problem(Code.SUBJECT_CHANGED, values={"common_name": "dev-1 → dev-other"})
    assert (changed.status, changed.problems) == (Status.CHANGED, (renamed,))
    assert expired.status is Status.EXPIRED
    assert [one.code for one in expired.problems] == [
        Code.CERTIFICATE_EXPIRED,
        Code.SUBJECT_CHANGED,
    ]
    assert changed.certificate == few.keys[0].with_suffix(".crt")
    assert expired.certificate == few.keys[1].with_suffix(".crt")


def test_whether_a_certificate_is_valid_is_judged_at_the_moment_that_is_given(few) -> None:
    later = NOW + timedelta(days=366)
    assert [one.status for one in few.collect()] == [Status.RECEIVED] * 2 + [Status.MISSING]
    for pool in (few.pool(), Pool([])):
        found = collect.collect(few.requested, pool, now=later)
        assert [one.status for one in found] == [Status.EXPIRED] * 2 + [Status.MISSING]
        assert found[0].problems[0].code is Code.CERTIFICATE_EXPIRED


def test_of_two_certificates_of_the_authority_the_one_valid_at_that_moment_is_taken(few) -> None:
    few.root.rename(few.root.with_name("a.pem"))
    renewed = few.authority.renew(days=800)
    later = NOW + timedelta(days=366)
    first = certificate_in(few.root.with_name("a.pem"))
    for now, top in ((None, first), (later, certificate_in(renewed))):
        found = collect.look([few.requested], few.pool(), now=now)
        assert [one.delivered.chain for one in found[:2]] == [(top,)] * 2
    leaf = few.files[0].read_bytes()
    (few.folder / "dev-1" / "dev-1.crt").write_bytes(leaf)
    pool = few.pool(few.root.with_name("a.pem"))
    [kept, *_others] = collect.look([few.requested], pool)
    assert kept.status is Status.ALREADY
    assert kept.delivered.chain == (first,)


def test_each_certificate_has_the_chain_of_its_own_authority(few, tmp_path, pairs) -> None:
    other = Authority(tmp_path / "issued-2", pairs[4])
    other.issue_for(pairs[2], "dev-3")
    pool = few.pool(few.authority.folder, other.folder)
    for _time in range(2):
        found = collect.save(collect.look([few.requested], pool))
        pool = Pool([])
        first, second = certificate_in(few.root), certificate_in(other.folder / "ca.pem")
        assert [one.delivered.chain for one in found] == [(first,), (first,), (second,)]


def with_an_impossible_date(path: Path) -> None:
    """Let the certificate end in month 13; its signature is no longer one."""
    one = certificate_in(path)
    end = one.not_valid_after_utc.strftime("%y%m%d%H%M%SZ").encode()
    assert one.der.count(end) == 1
    odd = end[:2] + b"13" + end[4:]
    path.write_bytes(x509_reader.read(one.der.replace(end, odd)).to_pem())


def test_a_certificate_with_an_impossible_date_is_not_saved(few) -> None:
    with_an_impossible_date(few.files[0])
    year = (NOW + timedelta(days=365)).year
    odd, *_others = few.collect()
    assert odd.status is Status.MISSING
    assert odd.certificate is None
    [problem] = odd.problems
    assert (problem.code, problem.path) == (Code.DATE_IMPOSSIBLE, few.files[0])
    assert problem.values["date"].startswith(f"{year}-13-")
    der = certificate_in(few.files[0]).der
    assert odd.delivered == collect.Delivered(few.files[0], der)
    assert names_in(few.folder / "dev-1") == ["dev-1.key"]
    row = (few.folder / "certificates.csv").read_text("utf-8-sig").splitlines()[1]
    assert row == '"dev-1","missing","","","","",""'


def test_what_came_earlier_is_found_beside_the_key(few, pairs) -> None:
    """Certificates for other keys in the file do not count."""
    older = few.files[0].read_bytes()
    foreign = few.files[1].read_bytes()
    newer = few.authority.issue_for(pairs[0], "dev-1", days=400).read_bytes()
    place = few.folder / "dev-1" / "dev-1.crt"
    place.write_bytes(foreign + older + newer + few.root.read_bytes())
    found, *_others = collect.look([few.requested], Pool([]))
    assert (found.status, found.certificate, found.delivered.source) == (
        Status.ALREADY,
        place,
        place,
    )
    assert found.delivered.issued().certificate in (
        certificate_in(place, 1),
        certificate_in(place, 2),
    )
    assert found.delivered.chain == (certificate_in(few.root),)
    place.write_bytes(b"no certificate")
    second = place.with_name("dev-1-2.crt")
    second.write_bytes(newer)
    found, *_others = collect.look([few.requested], few.pool(few.root))
    assert (found.status, found.certificate) == (Status.ALREADY, second)
    assert found.delivered.chain == (certificate_in(few.root),)
    place.unlink()
    place.mkdir()  # what cannot be read is passed over
    assert collect.look([few.requested], Pool([]))[0].certificate == second


def test_of_what_came_earlier_a_valid_certificate_goes_before_an_expired_one(few, pairs) -> None:
    texts = [
        few.authority.issue_for(pairs[0], "dev-1", days=days).read_bytes() for days in (-1, 400, -1)
    ]
    (few.folder / "dev-1" / "dev-1.crt").write_bytes(b"".join(texts))
    found, *_others = collect.look([few.requested], Pool([]))
    assert found.status is Status.ALREADY
    assert found.delivered.not_after == (NOW + timedelta(days=400)).replace(microsecond=0)


def test_what_is_saved_is_the_certificate_with_its_chain(few) -> None:
    first, second, missing = few.collect()
    for one, key, file in zip((first, second), few.keys, few.files, strict=False):
        assert one.certificate == key.with_suffix(".crt")
        assert one.certificate.read_bytes() == file.read_bytes() + few.root.read_bytes()
        assert (one.status, one.problems, one.files) == (Status.RECEIVED, (), ())
        assert not one.lacks_files
    assert (missing.status, missing.certificate) == (Status.MISSING, None)
    again = few.collect()
    assert [one.status for one in again] == [Status.ALREADY] * 2 + [Status.MISSING]
    assert [one.certificate for one in again] == [first.certificate, second.certificate, None]
    assert names_in(few.folder / "dev-1") == ["dev-1.crt", "dev-1.key"]


def test_an_expired_certificate_stays_one_when_it_was_saved_before(few, pairs) -> None:
    few.authority.issue_for(pairs[0], "dev-1", days=-1)
    assert [few.collect()[0].status for _time in range(2)] == [Status.EXPIRED] * 2


def test_a_history_that_cannot_be_written_stops_nothing(few, data_folder) -> None:
    default_path().mkdir(parents=True)
    first, *_others = few.collect()
    assert first.certificate == few.keys[0].with_suffix(".crt")
    assert first.problems == (Problem(Code.HISTORY_NO_ACCESS, path=default_path()),)


def test_the_history_learns_where_the_certificates_are(few) -> None:
    with RequestHistory() as past:
        past.record({}, public_key_sha256=few.prints[0], key=few.keys[0], csr=few.folder / "a")
    first, *_others = few.collect()
    with RequestHistory() as past:
        [known] = past.find_public_key(few.prints[0])
    assert known.certificate == first.certificate
    assert known.serial == first.delivered.serial_number


# --- The files for the devices --------------------------------------------------------------------


def test_the_files_for_a_device_lie_beside_its_key_if_that_has_a_folder(few) -> None:
    how = collect.export_as(Format.PEM)
    first, second, missing = few.collect(how)
    assert list(first.files) == [few.folder / "dev-1" / name for name in PEM_FILES]
    assert list(second.files) == [few.folder / "dev-2" / name for name in PEM_FILES]
    assert (missing.files, missing.lacks_files) == ((), False)
    for one, key, file in zip((first, second), few.pairs, few.files, strict=False):
        texts = [keys.to_pem(key), file.read_bytes(), few.root.read_bytes()]
        assert [path.read_bytes() for path in one.files] == texts
        assert not one.lacks_files
    again = collect.save([first], how)
    assert again[0].files == first.files  # nothing is made twice, and they are what was made
    assert few.collect(how)[0].files == ()
    assert few.collect(how)[0].lacks_files is False


def test_the_files_lie_beside_the_key_whatever_its_folder_is_called(few) -> None:
    with records.opened(few.folder) as ledger:
        ledger.append(
            [Record(5, {"common_name": "n"}, "north/n.key", "north/n.csr", "-", few.prints[0], {})]
        )
    (few.folder / "north").mkdir()
    (few.folder / "north" / "n.key").write_bytes(keys.to_pem(few.pairs[0]))
    requested = few.requested._replace(records=few.requested.records[3:])
    [found] = collect.collect(requested, few.pool(), how=collect.export_as(Format.PEM))
    assert list(found.files) == [few.folder / "north" / name for name in PEM_FILES]


def test_the_files_for_the_devices_may_lie_in_another_folder(few, tmp_path, openssl) -> None:
    into = tmp_path / "deep" / "out"
    how = collect.export_as(Format.PKCS12, protects="correct horse", into=into)
    for _time in range(2):
        collect.save(collect.look([few.requested], few.pool()), how)
    assert [names_in(into / name) for name in names_in(into)] == [["dev-1.p12"], ["dev-2.p12"]]
    assert not [*few.folder.rglob("*.p12")]
    for name in NAMES[:2]:
        shown = openssl(
            *("pkcs12", "-in", into / name / f"{name}.p12", "-passin", "pass:correct horse"),
            *("-nokeys", "-info"),
        )
        assert shown.count("BEGIN CERTIFICATE") == 2


def test_a_header_for_c_has_its_own_ending(few) -> None:
    first, *_others = few.collect(collect.export_as(Format.C))
    assert first.files == (few.folder / "dev-1" / "dev-1.h",)


def test_a_folder_for_the_files_that_cannot_be_made_stops_all(few, tmp_path) -> None:
    (tmp_path / "taken").write_text("a file")
    found = collect.look([few.requested], few.pool())
    for into, code in (
        (tmp_path / "taken" / "in", Code.NOT_A_FOLDER),
        (tmp_path / "taken", Code.FILE_TROUBLE),
    ):
        problem = refusal(found, collect.export_as(Format.PEM, into=into))
        assert (problem.code, problem.path) == (code, into)
    assert not [*few.folder.rglob("*.crt")]


def test_the_key_of_the_device_is_found_among_others_in_its_file(few, pairs) -> None:
    few.keys[0].write_bytes(keys.to_pem(pairs[2]) + keys.to_pem(pairs[0]))
    first, *_others = few.collect(collect.export_as(Format.PEM))
    assert first.files[0].read_bytes() == keys.to_pem(pairs[0])


def test_a_key_that_does_not_open_has_no_files_and_its_certificate_is_saved(few) -> None:
    few.keys[0].write_bytes(keys.to_pem(few.pairs[0], "right"))
    for opens, code in ((None, Code.PASSPHRASE_NEEDED), ("wrong", Code.PASSPHRASE_WRONG)):
        first, second, _missing = few.collect(collect.export_as(Format.PEM, opens=opens))
        assert [(one.code, one.path) for one in first.problems] == [(code, few.keys[0])]
        assert (first.files, first.lacks_files) == ((), True)
        assert first.certificate == few.keys[0].with_suffix(".crt")
        assert (second.problems, second.lacks_files) == ((), False)
    first, *_others = few.collect(collect.export_as(Format.PEM, opens="right"))
    assert (len(first.files), first.problems, first.lacks_files) == (3, (), False)


def test_a_key_that_takes_long_to_open_is_opened_when_that_was_allowed(few, monkeypatch) -> None:
    few.keys[0].write_bytes(keys.to_pem(few.pairs[0], "right"))
    monkeypatch.setattr(pbe, "ASK_SECONDS", 0.0)
    how = collect.export_as(Format.PEM, opens="right")
    first, *_others = few.collect(how)
    assert [one.code for one in first.problems] == [Code.KEY_SLOW]
    first, *_others = few.collect(how._replace(may_take_long=True))
    assert (len(first.files), first.problems) == (3, ())


def test_without_the_authority_there_are_no_files(few) -> None:
    few.root.unlink()
    first, *_others = few.collect(collect.export_as(Format.PEM))
    missing = Problem(Code.CHAIN_MISSING, values={"issuer": "ca"})
    assert first.problems == (missing, missing)  # that of the certificate, and that of the files
    assert (first.files, first.lacks_files) == ((), True)


def test_a_place_that_is_taken_ends_the_run(few, tmp_path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "dev-1").write_text("no folder")
    found = collect.look([few.requested], few.pool())
    problem = refusal(found, collect.export_as(Format.PEM, into=out))
    assert (problem.code, problem.path) == (Code.NOT_A_FOLDER, out / "dev-1")
    assert not (few.folder / "certificates.csv").exists()


def test_the_passphrases_are_the_same_for_all_or_those_of_each_device(tmp_path) -> None:
    how = collect.export_as(Format.PKCS12, opens="old", protects="new", into=tmp_path)
    assert (how.format, how.into, how.may_take_long) == (Format.PKCS12, tmp_path, False)
    assert (how.opens("dev-1"), how.protects("dev-1")) == ("old", "new")
    plain = collect.export_as(Format.PEM)
    assert (plain.opens("dev-1"), plain.protects("dev-1"), plain.into) == (None, None, None)
    each = {"dev-1": "one", "'=x": "two"}
    how = collect.export_as(Format.JAVA, each=each, opens="old", into=tmp_path)
    assert (how.format, how.into) == (Format.JAVA, tmp_path)
    for name, passphrase in (("dev-1", "one"), ("=x", "two"), ("dev-2", None)):
        assert how.opens(name) == how.protects(name) == passphrase
    how = collect.export_as(Format.C, each=each, into=tmp_path)
    assert (how.opens("dev-1"), how.protects("dev-1"), how.into) == ("one", None, tmp_path)
    with pytest.raises(CannotExport) as caught:
        collect.export_as(Format.C, protects="new")
    assert caught.value.problems == (Problem(Code.FORMAT_UNPROTECTED),)


def test_each_device_has_its_own_passphrase(few) -> None:
    few.keys[0].write_bytes(keys.to_pem(few.pairs[0], "one"))
    first, second, _missing = few.collect(
        collect.export_as(Format.PEM, each={"dev-1": "one", "dev-2": "two"})
    )
    for one, passphrase, key in ((first, "one", few.pairs[0]), (second, "two", few.pairs[1])):
        found = key_reader.load(one.files[0].read_bytes(), passphrase)
        assert fingerprint(found) == fingerprint(key)


# --- How a run goes on and ends -------------------------------------------------------------------


def test_how_far_the_saving_is_can_be_shown(few) -> None:
    seen = []
    collect.collect(few.requested, few.pool(), progress=lambda *numbers: seen.append(numbers))
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]  # the look, which is quick, does not count


def test_a_run_that_is_stopped_saves_no_more_and_writes_no_report(few) -> None:
    found = collect.look([few.requested], few.pool())
    control = Control()
    control.stop()
    assert list(collect.save(found, control=control)) == list(found)
    assert not [*few.folder.rglob("*.crt")]
    assert not (few.folder / "certificates.csv").exists()


def test_more_devices_than_are_handed_out_at_once_are_all_saved(few, monkeypatch) -> None:
    monkeypatch.setattr(collect, "_AT_ONCE", 2)
    found = few.collect()
    assert [one.record.common_name for one in found] == list(NAMES)
    assert [bool(one.certificate) for one in found] == [True, True, False]


def test_what_cannot_be_saved_is_said_with_the_folder(few) -> None:
    found = collect.look([few.requested], few.pool())
    shutil.rmtree(few.folder / "dev-1")
    (few.folder / "dev-1").write_text("no folder")
    problem = refusal(found)
    assert problem.code is Code.NOT_A_FOLDER
    assert not (few.folder / "certificates.csv").exists()


def test_a_report_that_cannot_be_written_is_said_with_the_folder(few) -> None:
    (few.folder / "certificates.csv").mkdir()
    found = collect.look([few.requested], few.pool())
    problem = refusal(found)
    assert (problem.code, problem.path) == (Code.NOT_A_FILE, few.folder)


def test_the_report_has_a_row_for_each_request(few, tmp_path) -> None:
    first, second, _missing = few.collect(collect.export_as(Format.C, into=tmp_path / "out"))
    serials_ = [serials.written(one.delivered.serial_number) for one in (first, second)]
    start, end = (NOW + timedelta(days=days) for days in (-30, 365))
    dates = f'"{start.date()}","{end.date()}"'
    out = tmp_path / "out"
    lines = [
        '"common_name","status","serial_number","valid_from","valid_to","certificate","files"',
        f'"dev-1","received","{serials_[0]}",{dates},"dev-1/dev-1.crt","{out}/dev-1/dev-1.h"',
        f'"dev-2","received","{serials_[1]}",{dates},"dev-2.crt","{out}/dev-2/dev-2.h"',
        '"dev-3","missing","","","","",""',
        "",
    ]
    report = few.folder / "certificates.csv"
    assert report.read_bytes() == b"\xef\xbb\xbf" + "\r\n".join(lines).encode()
    for path in out.rglob("*.h"):
        path.unlink()
    inside = few.collect(collect.export_as(Format.PEM))
    assert len(inside[0].files) == 3
    row = report.read_text("utf-8-sig").splitlines()[1]
    assert row.endswith('"dev-1/dev-1.crt","dev-1/edge.key dev-1/edge.pem dev-1/edge_ca.pem"')


def test_no_cell_of_the_report_is_a_formula_and_a_name_may_be_half_a_character(few, pairs) -> None:
    names = ("=A1", "dev-\udcff")
    made = [
        Record(line, {"common_name": name}, f"{line}.key", f"{line}.csr", "-", "0" * 64, {})
        for line, name in enumerate(names, 5)
    ]
    with records.opened(few.folder) as ledger:
        ledger.append(made)
    few.collect()
    with (few.folder / "certificates.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row["common_name"] for row in csv.DictReader(file)]
    assert rows == [*NAMES, "'=A1", "dev-\\udcff"]


def test_each_batch_has_a_report_and_what_was_made_one_by_one_has_none(few, tmp_path) -> None:
    single = Requested(tmp_path, [few.requested.records[1]._replace(key="b.key")], is_batch=False)
    (tmp_path / "b.key").write_bytes(keys.to_pem(few.pairs[1]))
    batch = few.requested._replace(records=few.requested.records[:1])
    done = collect.save(collect.look([single, batch], few.pool()))
    assert [one.certificate for one in done] == [
        tmp_path / "b.crt",
        few.folder / "dev-1" / "dev-1.crt",
    ]
    assert not (tmp_path / "certificates.csv").exists()
    assert len((few.folder / "certificates.csv").read_text().splitlines()) == 2


# --- Which requests -------------------------------------------------------------------------------


def test_a_folder_without_a_batch_is_refused(tmp_path) -> None:
    with pytest.raises(CannotSave) as caught:
        collect.of_folder(tmp_path)
    assert caught.value.problems == (Problem(Code.BATCH_NONE, path=tmp_path),)


def test_a_batch_is_known_by_its_folder_without_what_only_its_manifest_needs(few) -> None:
    requested = few.requested
    assert (requested.folder, requested.is_batch) == (few.folder, True)
    assert list(requested.records) == [
        Record(line, {"common_name": name}, place, f"{place[:-4]}.csr", "", one, {})
        for line, name, place, one in zip((2, 3, 4), NAMES, PLACES, few.prints, strict=True)
    ]


def noted(batch: str | None, *requests: tuple[str, Path]) -> None:
    """Write requests of a batch, or of none, into the history: fingerprint and key."""
    with RequestHistory() as past:
        past.record_all(
            [
                NewRequest({"common_name": key.stem}, one, key, key.with_suffix(".csr"))
                for one, key in requests
            ],
            batch=batch,
        )


def alone(fingerprint: str, name: str) -> Record:
    return Record(0, {"common_name": name}, f"{name}.key", f"{name}.csr", "", fingerprint, {})


def test_requests_of_this_computer_come_with_all_of_their_batch(few, tmp_path) -> None:
    first, second, third = few.prints
    noted("our-batch", (third, few.keys[2]), (second, few.keys[1]), (first, few.keys[0]))
    noted(None, ("a" * 64, tmp_path / "z" / "a.key"), ("b" * 64, tmp_path / "b" / "b.key"))
    noted(None, ("c" * 64, tmp_path / "z" / "c.key"))
    given = ["a" * 64, third, "f" * 64, "b" * 64, first, "c" * 64]
    before, ours, after = collect.of_history(given)
    assert before == Requested(tmp_path / "b", [alone("b" * 64, "b")], is_batch=False)
    assert (ours.folder, ours.is_batch) == (few.folder, True)
    assert list(ours.records) == list(few.requested.records)
    both = [alone("a" * 64, "a"), alone("c" * 64, "c")]
    assert after == Requested(tmp_path / "z", both, is_batch=False)
    [batch] = collect.of_history([second])
    assert list(batch.records) == list(few.requested.records)
    assert collect.of_history([]) == []


def test_a_request_of_a_batch_that_is_no_longer_in_its_folder_comes_alone(few, tmp_path) -> None:
    first = few.prints[0]
    noted("other-batch", (first, few.keys[0]))
    expected = [
        Requested(few.folder / "dev-1", [alone(first, "dev-1")], is_batch=False),
    ]
    assert collect.of_history([first]) == expected
    (few.folder / "requests.jsonl").write_bytes(b"damaged\n")
    assert collect.of_history([first]) == expected
    (few.folder / "requests.jsonl").unlink()
    assert collect.of_history([first]) == expected


def test_a_request_that_its_batch_does_not_list_comes_alone_too(few, tmp_path) -> None:
    noted("our-batch", ("a" * 64, few.folder / "x.key"))
    batch, single = collect.of_history(["a" * 64])
    assert (batch.folder, batch.is_batch) == (few.folder, True)
    assert single == Requested(few.folder, [alone("a" * 64, "x")], is_batch=False)


def test_a_request_of_one_of_two_batches_does_not_come_alone_too(few, tmp_path) -> None:
    first, second, _third = few.prints
    other = tmp_path / "other"
    with records.opened(other) as ledger:
        ledger.batch = "other-batch"
        subject = {"common_name": "x"}
        ledger.append([Record(2, subject, "x.key", "x.csr", "-", "a" * 64, {})])
    noted("our-batch", (first, few.keys[0]), (second, few.keys[1]))
    noted("other-batch", ("a" * 64, other / "x.key"))
    few.keys[1].unlink()
    noted(None, (second, tmp_path / "later.key"))
    found = collect.of_history([first, "a" * 64, second])
    assert [(one.folder, one.is_batch) for one in found] == [(few.folder, True), (other, True)]


def test_the_folder_of_a_batch_is_that_of_its_key_or_the_one_above(few) -> None:
    deep = few.folder / "deep" / "deeper"
    noted("our-batch", (few.prints[0], deep / "dev-1.key"))
    [single] = collect.of_history([few.prints[0]])
    assert (single.folder, single.is_batch) == (deep, False)


def test_a_damaged_batch_in_the_folder_of_a_key_hides_none_above_it(few) -> None:
    noted("our-batch", (few.prints[0], few.keys[0]))
    (few.keys[0].parent / "requests.jsonl").write_bytes(b"damaged\n")
    [batch] = collect.of_history([few.prints[0]])
    assert batch.folder == few.folder


def test_of_two_requests_for_one_key_the_one_whose_key_is_there_counts(tmp_path) -> None:
    for name in ("old", "new"):
        noted(None, ("a" * 64, tmp_path / name / f"{name}.key"))
    [newest] = collect.of_history(["a" * 64])
    assert newest == Requested(tmp_path / "new", [alone("a" * 64, "new")], is_batch=False)
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "old.key").touch()
    [there] = collect.of_history(["a" * 64])
    assert there.folder == tmp_path / "old"
