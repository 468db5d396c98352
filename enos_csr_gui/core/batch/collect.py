"""The certificates for a batch: from folders, archives and API answers to their keys.

A certificate finds its key by its public key alone. It is saved beside the key, as by ``receive``.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from enos_csr_gui.core import certificate, create, export, files, receive, serials, x509_reader
from enos_csr_gui.core.batch import records
from enos_csr_gui.core.batch.check import Progress
from enos_csr_gui.core.batch.records import Record
from enos_csr_gui.core.certificate import Issued
from enos_csr_gui.core.enums import CertificateStatus, Format
from enos_csr_gui.core.errors import (
    CannotSave,
    Code,
    CoreError,
    Problem,
    UnreadableFile,
    problem_from_os_error,
)
from enos_csr_gui.core.file_types import CERTIFICATES
from enos_csr_gui.core.keystore import PEM_NAME
from enos_csr_gui.core.spreadsheet import harmless
from enos_csr_gui.core.x509_reader import Certificate

_MAX_FILE = 64 << 20
_MAX_UNPACKED = 512 << 20
_PIECE = 100
"""As many certificates are read at once; ``reader`` looks at no more than 500."""

_END = re.compile(rb"-----END [A-Z0-9 ]+-----\s*")


class Found(NamedTuple):
    """A certificate, and the file or archive that it was in."""

    certificate: Certificate
    source: Path


class Pool:
    """All certificates in what was received, sorted by public key.

    ``problems`` say what could not be read.
    """

    def __init__(self, paths: Iterable[Path], own: Path) -> None:
        """Read the files and folders; ``own`` is the folder of the batch, which is left out."""
        self.problems: list[Problem] = []
        self._by_key: dict[str, list[Found]] = {}
        self._authorities: dict[bytes, Certificate] = {}
        for source, data in self._contents(paths, own):
            for piece in _pieces(data):
                for one in certificate.load_all(piece):
                    if one.is_authority or one.is_self_signed:
                        self._authorities[one.der] = one
                    else:
                        kept = self._by_key.setdefault(one.key.public_key_sha256, [])
                        kept.append(Found(one, source))
        self.chain = b"".join(one.to_pem() for one in self._authorities.values())

    def take(self, public_key_sha256: str, now: datetime) -> Found | None:
        """Take out the certificates for a key; return the newest of those that are valid."""

        def rank(found: Found) -> tuple[bool, datetime]:
            one = found.certificate
            if one.check_dates():
                return False, datetime.min.replace(tzinfo=UTC)
            return not x509_reader.check_validity(one, now), one.not_valid_before_utc

        return max(self._by_key.pop(public_key_sha256, []), key=rank, default=None)

    def rest(self) -> list[Found]:
        """Return the certificates that nobody has taken out."""
        return [found for several in self._by_key.values() for found in several]

    def _contents(self, paths: Iterable[Path], own: Path) -> Iterator[tuple[Path, bytes]]:
        for path in paths:
            inside = sorted(files.system_path(path).rglob("*")) if path.is_dir() else [path]
            for file in inside:
                if file.is_dir() or (path.is_dir() and own in file.parents):
                    continue
                try:
                    yield from self._of_file(file)
                except OSError as error:
                    self.problems.append(
                        problem_from_os_error(error, file, missing=Code.FILE_MISSING)
                    )

    def _of_file(self, path: Path) -> Iterator[tuple[Path, bytes]]:
        with path.open("rb") as file:
            start = file.read(4)
            file.seek(0)
            if start == b"PK\x03\x04":
                yield from self._in_archive(file, path)
                return
            data = file.read(_MAX_FILE + 1)
        if len(data) > _MAX_FILE:
            values = {"limit": _MAX_FILE}
            self.problems.append(Problem(Code.FILE_TOO_LARGE, path=path, values=values))
        else:
            yield path, data

    def _in_archive(self, file: io.BufferedReader, path: Path) -> Iterator[tuple[Path, bytes]]:
        left = _MAX_UNPACKED
        try:
            with zipfile.ZipFile(file) as archive:
                for member in archive.infolist():
                    left -= member.file_size
                    if member.is_dir():
                        continue
                    if left < 0 or member.file_size > _MAX_FILE:
                        values = {"limit": _MAX_FILE}
                        self.problems.append(Problem(Code.FILE_TOO_LARGE, path=path, values=values))
                        return
                    if member.flag_bits & 1:
                        self.problems.append(Problem(Code.ARCHIVE_LOCKED, path=path))
                        return
                    yield path, archive.read(member)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError):
            self.problems.append(Problem(Code.DAMAGED, path=path))


def _pieces(data: bytes) -> Iterator[bytes]:
    """Yield the content in parts of bounded size: lines of JSON, or some PEM objects each."""
    lines = data.split(b"\n")
    if len(lines) > 1 and all(line[:1] == b"{" for line in lines if line.strip()):
        yield from filter(None, lines)
        return
    ends = [found.end() for found in _END.finditer(data)]
    if len(ends) <= _PIECE:
        yield data
        return
    start = 0
    for end in [*ends[_PIECE - 1 : -1 : _PIECE], len(data)]:
        yield data[start:end]
        start = end


class Collected(NamedTuple):
    """What became of one request of the batch.

    ``certificate`` is where the certificate is, None while it is missing. ``files`` are those made
    for the device.
    """

    record: Record
    status: CertificateStatus
    issued: Issued | None = None
    certificate: Path | None = None
    problems: tuple[Problem, ...] = ()
    files: tuple[Path, ...] = ()


class Export(NamedTuple):
    """How to create the files for the devices; the passphrases are those of a common name.

    ``opens`` is for the key, ``protects`` for the new files.
    """

    format: Format
    opens: Callable[[str], str | None]
    protects: Callable[[str], str | None]


def collect(
    folder: Path,
    pool: Pool,
    *,
    how: Export | None = None,
    progress: Progress | None = None,
    now: datetime | None = None,
) -> list[Collected]:
    """Save each certificate beside its key, create the files for the device, write the report.

    Raises CannotSave when the folder holds no batch, or the disk does not take more; what was saved
    before stays.
    """
    now = now or datetime.now(UTC)
    total = sum(1 for _record in records.read(folder))
    done = []
    for record in records.read(folder):
        done.append(_collected(record, folder, pool, how, now))
        if progress:
            progress(len(done), total)
    _write_report(folder, done)
    return done


def _collected(
    record: Record, folder: Path, pool: Pool, how: Export | None, now: datetime
) -> Collected:
    found = pool.take(record.public_key_sha256, now)
    if not found:
        return Collected(record, CertificateStatus.MISSING)
    pem, fingerprint = found.certificate.to_pem(), record.public_key_sha256
    try:
        issued = certificate.read(pem, found.source, pool.chain, fingerprint, now=now)
    except UnreadableFile as error:
        return Collected(record, CertificateStatus.MISSING, problems=error.problems)
    problems = certificate.check(issued, requested=record.subject, now=now)
    codes = {problem.code for problem in problems}
    key = folder / record.key
    if not files.system_path(key).is_file():
        values = {"path": str(key)}
        problems.insert(0, Problem(Code.KEY_GONE, path=key, values=values))
        return Collected(record, CertificateStatus.MISSING, issued, None, tuple(problems))
    matched = receive.MatchedCertificate(
        found.source, issued, key, dict(record.subject), None, tuple(problems)
    )
    stored = receive.store_certificate(matched)
    if Code.CERTIFICATE_EXPIRED in codes:
        status = CertificateStatus.EXPIRED
    elif Code.SUBJECT_CHANGED in codes:
        status = CertificateStatus.CHANGED
    else:
        status = CertificateStatus.ALREADY if stored.already else CertificateStatus.RECEIVED
    made: tuple[Path, ...] = ()
    if how:
        made, further = _exported(record, folder, issued, how)
        problems += further
    return Collected(record, status, issued, stored.certificate, (*problems, *stored.notes), made)


def _exported(
    record: Record, folder: Path, issued: Issued, how: Export
) -> tuple[tuple[Path, ...], list[Problem]]:
    """Create the files for one device, unless they are there; return them and what is wrong."""
    name, key = record.common_name, folder / record.key
    base = key.stem
    place = key.parent if "/" in record.key else folder / base
    target = place if how.format is Format.PEM else place / f"{base}.{how.format}"
    if any(one.code is Code.FILE_EXISTS for one in export.check_target(how.format, target)):
        return (), []
    opens = how.opens(name)
    try:
        private = create.load_key(
            key, opens.encode() if opens else None, wanted=[record.public_key_sha256]
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
    """Write ``certificates.csv``, a row for each request; raises CannotSave."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow((*_HEADINGS, "files"))
    for one in done:
        leaf = one.issued.certificate if one.issued else None
        dates = ("", "")
        if leaf:
            days = (leaf.not_valid_before_utc, leaf.not_valid_after_utc)
            dates = (days[0].date().isoformat(), days[1].date().isoformat())
        serial = serials.written(leaf.serial_number) if leaf else ""
        path = _inside(one.certificate, folder) if one.certificate else ""
        made = " ".join(_inside(file, folder) for file in one.files)
        cells = (one.record.common_name, one.status, serial, *dates, path, made)
        writer.writerow(map(harmless, cells))
    data = text.getvalue().encode("utf-8-sig", "backslashreplace")
    try:
        files.replace(folder / CERTIFICATES, data)
    except OSError as error:
        problem = problem_from_os_error(error, folder, missing=Code.FOLDER_MISSING)
        raise CannotSave([problem]) from error


def _inside(path: Path, folder: Path) -> str:
    with suppress(ValueError):
        return path.relative_to(folder).as_posix()
    return str(path)
