"""The certificates for a batch: to their keys, and into the files for the devices.

A certificate finds its key by its public key alone. It is saved beside the key, as by ``receive``.
"""

from __future__ import annotations

import csv
import io
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from itertools import groupby, islice
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from enos_csr_gui.core import certificate, create, export, file_names, files, receive, serials
from enos_csr_gui.core.batch import passphrases, records
from enos_csr_gui.core.batch.check import Progress
from enos_csr_gui.core.batch.control import Control, jobs
from enos_csr_gui.core.batch.packed import Packed, plain_problem, problem_of
from enos_csr_gui.core.batch.pool import Found, Pool, best, loaded
from enos_csr_gui.core.batch.records import Record
from enos_csr_gui.core.certificate import Issued
from enos_csr_gui.core.contents import Content
from enos_csr_gui.core.enums import CertificateStatus, Format
from enos_csr_gui.core.errors import (
    CannotExport,
    CannotSave,
    Code,
    CoreError,
    Problem,
    UnreadableFile,
    problem_from_os_error,
)
from enos_csr_gui.core.file_types import CERTIFICATES, REQUESTS
from enos_csr_gui.core.history import PastRequest, RequestHistory
from enos_csr_gui.core.keystore import PEM_NAME
from enos_csr_gui.core.spreadsheet import harmless
from enos_csr_gui.core.x509_reader import Certificate

_AT_ONCE = 1000
"""So many devices are handed to the threads at once."""


class Requested(NamedTuple):
    """Requests whose keys are in one folder: those of a batch, or some made one by one.

    The paths of the records are relative to ``folder``. Only a batch gets a report.
    """

    folder: Path
    records: Sequence[Record]
    is_batch: bool = True


class Delivered(NamedTuple):
    """The certificate for a request: its DER, the chain above it, and where it came from.

    ``serial_number`` and the dates are None where no calendar has its dates.
    """

    source: Path
    der: bytes
    chain: tuple[Certificate, ...] = ()
    serial_number: int | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None

    def issued(self) -> Issued:
        """Return the certificate with its chain."""
        return Issued(loaded(self.der), self.chain)


class Collected(NamedTuple):
    """What became of one request.

    ``folder`` is the one of its batch. ``certificate`` is where the certificate is, None while it
    is missing or not saved. ``files`` are those made for the device; ``lacks_files``, they could
    not be made.
    """

    record: Record
    folder: Path
    status: CertificateStatus
    delivered: Delivered | None = None
    certificate: Path | None = None
    problems: tuple[Problem, ...] = ()
    files: tuple[Path, ...] = ()
    lacks_files: bool = False


class _Records(Packed[Record]):
    """Records without what only the manifest needs: the request, and the unknown columns."""

    def _plain(self, value: Record) -> object:
        return _plain_record(value)

    def _value(self, plain: Any) -> Record:
        return _record_of(plain)


def _plain_record(record: Record) -> tuple[object, ...]:
    return record.line, dict(record.subject), record.key, record.csr, record.public_key_sha256


def _record_of(plain: Any) -> Record:
    line, subject, key, csr, fingerprint = plain
    return Record(line, subject, key, csr, "", fingerprint, {})


class _Devices(Packed[Collected]):
    """What became of the requests. All their chains are made of a few certificates."""

    def __init__(self) -> None:
        self._authorities: list[Certificate] = []
        self._numbers: dict[bytes, int] = {}
        super().__init__()

    def _plain(self, value: Collected) -> object:
        return (
            _plain_record(value.record),
            str(value.folder),
            value.status,
            value.delivered and self._plain_delivery(value.delivered),
            value.certificate and str(value.certificate),
            [plain_problem(one) for one in value.problems],
            [str(one) for one in value.files],
            value.lacks_files,
        )

    def _plain_delivery(self, one: Delivered) -> object:
        dates = [date and date.isoformat() for date in (one.not_before, one.not_after)]
        der = b64encode(one.der).decode("ascii")
        return str(one.source), der, [*map(self._number, one.chain)], one.serial_number, dates

    def _number(self, authority: Certificate) -> int:
        number = self._numbers.setdefault(authority.der, len(self._authorities))
        if number == len(self._authorities):
            self._authorities.append(authority)
        return number

    def _value(self, plain: Any) -> Collected:
        record, folder, status, delivered, certificate_, problems, made, lacks = plain
        return Collected(
            _record_of(record),
            Path(folder),
            CertificateStatus(status),
            delivered and self._delivery(*delivered),
            Path(certificate_) if certificate_ else None,
            tuple(map(problem_of, problems)),
            tuple(map(Path, made)),
            lacks,
        )

    def _delivery(
        self, source: str, der: str, chain: list[int], serial: int | None, dates: list[str | None]
    ) -> Delivered:
        above = tuple(self._authorities[number] for number in chain)
        times = (datetime.fromisoformat(date) if date else None for date in dates)
        return Delivered(Path(source), b64decode(der), above, serial, *times)


class Export(NamedTuple):
    """How to create the files for the devices; the passphrases are those of a common name.

    ``opens`` is for the key, ``protects`` for the new files. ``into`` is a folder that gets a
    folder for each device; None puts the files beside the keys. ``may_take_long`` as in
    ``key_reader.load``, for each key.
    """

    format: Format
    opens: Callable[[str], str | None]
    protects: Callable[[str], str | None]
    into: Path | None = None
    may_take_long: bool = False


def export_as(
    format_: Format,
    *,
    opens: str | None = None,
    protects: str | None = None,
    each: Mapping[str, str] | None = None,
    into: Path | None = None,
) -> Export:
    """Return how to create the files: with the same passphrases for all devices, or with its own.

    ``each`` are the passphrases of the devices, as ``passphrases.load`` returns them. Raises
    CannotExport when ``protects`` is given for a format that has no passphrase.
    """
    if problems := export.check_protection(format_, protected=protects is not None):
        raise CannotExport(problems)
    if each is None:
        return Export(format_, lambda _name: opens, lambda _name: protects, into)

    def of(name: str) -> str | None:
        return passphrases.of(each, name)

    return Export(format_, of, (lambda _name: None) if format_ is Format.C else of, into)


# --- Which requests -------------------------------------------------------------------------------


def of_folder(folder: Path) -> Requested:
    """Return all requests of the batch in a folder, in the order of the table.

    Raises CannotSave when there is none.
    """
    return Requested(folder, _Records(records.read(folder)))


def of_history(public_keys: Iterable[str]) -> list[Requested]:
    """Return the requests of this computer with these keys, in the order of their folders.

    Of a batch that is still in its folder, they are all requests. Raises HistoryUnavailable.
    """
    batches: dict[Path, Requested] = {}
    single: dict[Path, list[Record]] = {}
    done: set[str] = set()
    with RequestHistory() as history:
        for fingerprint in public_keys:
            if fingerprint in done or not (past := history.find_public_key(fingerprint)):
                continue
            one = next((one for one in past if one.key_exists()), past[0])
            if one.batch and (folder := _folder_of(one, one.batch, batches)):
                done |= {record.public_key_sha256 for record in batches[folder].records}
            if fingerprint not in done:
                record = Record(
                    0, dict(one.subject), one.key.name, one.csr.name, "", fingerprint, {}
                )
                single.setdefault(one.key.parent, []).append(record)
    alone = [Requested(folder, found, is_batch=False) for folder, found in single.items()]
    return sorted([*batches.values(), *alone], key=lambda one: one.folder)


def _folder_of(past: PastRequest, batch: str, known: dict[Path, Requested]) -> Path | None:
    """Return the folder that the batch is still in, and add it to the known ones."""
    for folder in past.key.parents[:2]:
        if folder in known:
            return folder
        if not file_names.system_path(folder / REQUESTS).is_file():
            continue
        with suppress(CoreError):
            if records.name(folder) == batch:
                known[folder] = of_folder(folder)
                return folder
    return None


# --- What has arrived -----------------------------------------------------------------------------


def collect(
    requested: Requested,
    pool: Pool,
    *,
    how: Export | None = None,
    progress: Progress | None = None,
    now: datetime | None = None,
) -> Sequence[Collected]:
    """Save each certificate beside its key, create the files for the devices, write the report.

    Raises CannotSave when the disk does not take more; what was saved before stays.
    """
    return save(look([requested], pool, now=now), how, progress=progress)


def look(
    requested: Sequence[Requested],
    pool: Pool,
    *,
    control: Control | None = None,
    progress: Progress | None = None,
    now: datetime | None = None,
) -> Sequence[Collected]:
    """Take the certificates for the requests out of the pool, and write nothing.

    Ends early when ``control`` stops it.
    """
    control, now = control or Control(), now or datetime.now(UTC)
    total = sum(len(one.records) for one in requested)
    done = _Devices()
    for one in requested:
        for record in one.records:
            if not control.may_go_on():
                return done
            done.append(_look(record, one.folder, pool, now))
            if progress:
                progress(len(done), total)
    return done


def _look(record: Record, folder: Path, pool: Pool, now: datetime) -> Collected:
    found, place, chain = pool.take(record.public_key_sha256, now), None, pool.authorities
    key, missing = folder / record.key, CertificateStatus.MISSING
    if not found and (kept := _kept(record, key, now)):
        found, of_file = kept
        place, chain = found.source, [*of_file, *chain]
    if not found:
        return Collected(record, folder, missing)
    leaf, fingerprint = found.certificate, record.public_key_sha256
    try:
        issued = certificate.of(
            [leaf], Content(found.source, leaf.der), chain, fingerprint, now=now
        )
    except UnreadableFile as error:
        delivered = Delivered(found.source, leaf.der)
        return Collected(record, folder, missing, delivered, problems=error.problems)
    dates = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    delivered = Delivered(found.source, leaf.der, issued.chain, leaf.serial_number, *dates)
    problems = certificate.check(issued, requested=record.subject, now=now)
    codes = {problem.code for problem in problems}
    if not file_names.system_path(key).is_file():
        problems.insert(0, Problem(Code.KEY_GONE, path=key, values={"path": str(key)}))
        return Collected(record, folder, missing, delivered, None, tuple(problems))
    if Code.CERTIFICATE_EXPIRED in codes:
        status = CertificateStatus.EXPIRED
    elif Code.SUBJECT_CHANGED in codes:
        status = CertificateStatus.CHANGED
    else:
        status = CertificateStatus.ALREADY if place else CertificateStatus.RECEIVED
    return Collected(record, folder, status, delivered, place, tuple(problems))


def _kept(record: Record, key: Path, now: datetime) -> tuple[Found, list[Certificate]] | None:
    """Return the certificate that an earlier delivery has brought, and all that are in its file."""
    for path in receive.saved_certificates(key):
        with suppress(UnreadableFile):
            inside = certificate.load_all(files.read(path))
            own = [
                Found(one, path)
                for one in inside
                if one.key.public_key_sha256 == record.public_key_sha256
            ]
            if newest := best(own, now):
                return newest, inside
    return None


# --- To the disk ----------------------------------------------------------------------------------


def save(
    found: Sequence[Collected],
    how: Export | None = None,
    *,
    control: Control | None = None,
    progress: Progress | None = None,
) -> Sequence[Collected]:
    """Save each certificate beside its key, create the files for the devices, write the reports.

    What is there already is left as it is, so that the same call goes on where another one ended.
    When ``control`` stops it, the rest is returned as it was given, and there is no report. Raises
    CannotSave when the disk does not take more; what was saved before stays.
    """
    control, ended = control or Control(), Control()

    def one(given: Collected) -> Collected:
        return _save(given, how) if control.may_go_on() and not ended.stopped else given

    if how and how.into:
        _make_folder(how.into)
    done, waiting = _Devices(), iter(found)
    if progress:
        progress(0, len(found))
    # A keystore takes a third of a second of work, in which other threads run.
    with ThreadPoolExecutor(jobs()) as threads:
        try:
            while group := list(islice(waiting, _AT_ONCE)):
                with records.disk_errors(group[0].folder):
                    for saved in threads.map(one, group):
                        done.append(saved)
                        if progress:
                            progress(len(done), len(found))
        except BaseException:
            ended.stop()
            raise
    if control.stopped:
        return done
    for folder, of_batch in groupby(done, attrgetter("folder")):
        if file_names.system_path(folder / REQUESTS).is_file():
            with records.disk_errors(folder):
                _write_report(folder, of_batch)
    return done


def _make_folder(folder: Path) -> None:
    try:
        file_names.system_path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = problem_from_os_error(error, folder, missing=Code.FOLDER_MISSING)
        raise CannotSave([problem]) from error


def _save(one: Collected, how: Export | None) -> Collected:
    if one.status is CertificateStatus.MISSING or not one.delivered:
        return one
    issued = one.delivered.issued()
    problems, place, status = list(one.problems), one.certificate, one.status
    if place is None:
        matched = receive.MatchedCertificate(
            one.delivered.source,
            issued,
            one.folder / one.record.key,
            dict(one.record.subject),
            None,
            one.problems,
        )
        stored = receive.store_certificate(matched)
        problems += stored.notes
        place = stored.certificate
        if stored.already and status is CertificateStatus.RECEIVED:
            status = CertificateStatus.ALREADY
    made: tuple[Path, ...] = ()
    further: list[Problem] = []
    if how:
        made, further = _export(one.record, one.folder, issued, how)
    return one._replace(
        status=status,
        certificate=place,
        problems=(*problems, *further),
        files=made or one.files,
        lacks_files=bool(further),
    )


def _export(
    record: Record, folder: Path, issued: Issued, how: Export
) -> tuple[tuple[Path, ...], list[Problem]]:
    """Create the files for one device, unless they are there; return them and what is wrong."""
    name, key = record.common_name, folder / record.key
    base = key.stem
    place = how.into / base if how.into else key.parent if "/" in record.key else folder / base
    target = place if how.format is Format.PEM else place / f"{base}{how.format.suffix}"
    if any(one.code is Code.FILE_EXISTS for one in export.check_target(how.format, target)):
        return (), []
    opens = how.opens(name)
    try:
        private = create.load_key(
            key,
            opens.encode() if opens else None,
            wanted=[record.public_key_sha256],
            may_take_long=how.may_take_long,
        )
        saved = export.export_files(
            how.format,
            private,
            issued.certificate,
            issued.chain,
            target,
            name=PEM_NAME,
            passphrase=how.protects(name),
        )
    except CannotSave:
        raise
    except CoreError as error:
        return (), list(error.problems)
    return tuple(one.path for one in saved), []


_HEADINGS = ("common_name", "status", "serial_number", "valid_from", "valid_to", "certificate")


def _write_report(folder: Path, done: Iterable[Collected]) -> None:
    """Write ``certificates.csv``, a row for each request; raises OSError."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow((*_HEADINGS, "files"))
    for one in done:
        leaf = one.delivered
        number = leaf.serial_number if leaf else None
        serial = "" if number is None else serials.written(number)
        dates = [
            date.date().isoformat() if date else ""
            for date in ((leaf.not_before, leaf.not_after) if leaf else (None, None))
        ]
        path = _inside(one.certificate, folder) if one.certificate else ""
        made = " ".join(_inside(file, folder) for file in one.files)
        cells = (one.record.common_name, one.status, serial, *dates, path, made)
        writer.writerow(map(harmless, cells))
    files.replace(folder / CERTIFICATES, text.getvalue().encode("utf-8-sig"))


def _inside(path: Path, folder: Path) -> str:
    with suppress(ValueError):
        return path.relative_to(folder).as_posix()
    return str(path)
