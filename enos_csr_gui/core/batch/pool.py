"""All certificates in what an authority has sent: folders, archives, API answers, bundles."""

from __future__ import annotations

import io
import re
import zipfile
from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, cast

from enos_csr_gui.core import certificate, file_names, files, reader, x509_reader
from enos_csr_gui.core.batch.control import Control
from enos_csr_gui.core.batch.packed import Packed
from enos_csr_gui.core.errors import Code, Problem, problem_from_os_error
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


class Foreign(NamedTuple):
    """A certificate of another key.

    ``name`` is its subject's, ``not_after`` None where no calendar has such a date.
    """

    name: str
    source: Path
    public_key_sha256: str
    certificate_sha256: str
    not_after: datetime | None


class _Foreign(Packed[Foreign]):
    def _plain(self, value: Foreign) -> object:
        end = value.not_after
        return value.name, str(value.source), *value[2:4], end and end.isoformat()

    def _value(self, plain: Any) -> Foreign:
        name, source, public_key, digest, end = plain
        not_after = datetime.fromisoformat(end) if end else None
        return Foreign(name, Path(source), public_key, digest, not_after)


class _Certificates(Packed[tuple[bytes, Path]]):
    """The DER of each certificate, and what it was in."""

    def _plain(self, value: tuple[bytes, Path]) -> object:
        return b64encode(value[0]).decode("ascii"), str(value[1])

    def _value(self, plain: Any) -> tuple[bytes, Path]:
        return b64decode(plain[0]), Path(plain[1])


class Pool:
    """All certificates in what was received, sorted by public key.

    ``problems`` say what could not be read, ``authorities`` are the certificates for the chains.
    """

    def __init__(
        self,
        paths: Iterable[Path],
        own: Path | None = None,
        *,
        control: Control | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Read the files and folders, until ``control`` stops it.

        ``own`` is the folder of the batch, which is left out. ``progress`` is called with the
        number of certificates read so far.
        """
        self.problems: list[Problem] = []
        self._certificates = _Certificates()
        self._by_key: dict[str, tuple[int, ...]] = {}
        authorities: dict[bytes, Certificate] = {}
        control = control or Control()
        for count, one in enumerate(_all(paths, own, self.problems), 1):
            if one.certificate.is_authority or one.certificate.is_self_signed:
                authorities[one.certificate.der] = one.certificate
            else:
                key = one.certificate.key.public_key_sha256
                place = len(self._certificates)
                self._certificates.append((one.certificate.der, one.source))
                self._by_key[key] = (*self._by_key.get(key, ()), place)
            if progress:
                progress(count)
            if not control.may_go_on():
                break
        self.authorities: Sequence[Certificate] = tuple(authorities.values())

    @property
    def public_keys(self) -> Collection[str]:
        """The fingerprints of the public keys that have a certificate."""
        return self._by_key.keys()

    def take(self, public_key_sha256: str, now: datetime) -> Found | None:
        """Take out the certificates for a key; return the newest of those that are valid."""
        return best(map(self._found, self._by_key.pop(public_key_sha256, ())), now)

    def _found(self, place: int) -> Found:
        der, source = self._certificates[place]
        return Found(loaded(der), source)

    def rest(self) -> Sequence[Foreign]:
        """Return the certificates that nobody has taken out."""
        return _Foreign(
            _foreign(self._found(place)) for places in self._by_key.values() for place in places
        )


def loaded(der: bytes) -> Certificate:
    """Return the certificate that was read in this DER before."""
    return cast("Certificate", x509_reader.load(der))


def _foreign(found: Found) -> Foreign:
    one = found.certificate
    return Foreign(
        certificate.subject_name(one),
        found.source,
        one.key.public_key_sha256,
        one.sha256,
        None if one.check_dates() else one.not_valid_after_utc,
    )


def best(found: Iterable[Found], now: datetime) -> Found | None:
    """Return the newest of the certificates that are valid, or of all if none is."""

    def rank(found: Found) -> tuple[bool, datetime]:
        one = found.certificate
        if one.check_dates():
            return False, datetime.min.replace(tzinfo=UTC)
        return not x509_reader.check_validity(one, now), one.not_valid_before_utc

    return max(found, key=rank, default=None)


def of_devices(paths: Iterable[Path]) -> Iterator[Found]:
    """Yield the certificates that are no authority's, as they are read; what is unreadable is
    left out."""
    for one in _all(paths, None, []):
        if not (one.certificate.is_authority or one.certificate.is_self_signed):
            yield one


def _all(paths: Iterable[Path], own: Path | None, problems: list[Problem]) -> Iterator[Found]:
    for source, data in _contents(paths, own, problems):
        for piece in _pieces(data):
            for one in certificate.load_all(piece):
                yield Found(one, source)


def _contents(
    paths: Iterable[Path], own: Path | None, problems: list[Problem]
) -> Iterator[tuple[Path, bytes]]:
    for path in paths:
        try:
            inside = sorted(file_names.system_path(path).rglob("*")) if path.is_dir() else [path]
        except OSError as error:
            problems.append(problem_from_os_error(error, path, missing=Code.FILE_MISSING))
            continue
        for file in inside:
            try:
                if file.is_dir() or (own and path.is_dir() and own in file.parents):
                    continue
                yield from _of_file(file, problems)
            except OSError as error:
                problems.append(problem_from_os_error(error, file, missing=Code.FILE_MISSING))


def _of_file(path: Path, problems: list[Problem]) -> Iterator[tuple[Path, bytes]]:
    with files.open_to_read(path) as file:
        start = file.read(4)
        file.seek(0)
        if start == b"PK\x03\x04":
            yield from _in_archive(file, path, problems)
            return
        data = file.read(_MAX_FILE + 1)
    if len(data) > _MAX_FILE:
        problems.append(Problem(Code.FILE_TOO_LARGE, path=path, values={"limit": _MAX_FILE}))
    else:
        yield path, data


def _in_archive(
    file: io.BufferedReader, path: Path, problems: list[Problem]
) -> Iterator[tuple[Path, bytes]]:
    left = _MAX_UNPACKED
    try:
        with zipfile.ZipFile(file) as archive:
            for member in reader.archive_members(archive):
                left -= member.file_size
                if left < 0 or member.file_size > _MAX_FILE:
                    values = {"limit": _MAX_FILE}
                    problems.append(Problem(Code.FILE_TOO_LARGE, path=path, values=values))
                    return
                if problem := reader.unpacking_problem(member):
                    problems.append(problem._replace(path=path))
                    return
                yield path, archive.read(member)
    except reader.ARCHIVE_ERRORS:
        problems.append(Problem(Code.DAMAGED, path=path))


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
