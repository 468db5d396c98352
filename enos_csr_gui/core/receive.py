"""The whole road of an issued certificate to its request and key, for window and command line."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import count, islice
from pathlib import Path
from typing import NamedTuple

from enos_csr_gui.core import (
    certificate,
    contents,
    distinguished_name,
    file_names,
    files,
    inspect,
    key_files,
    key_reader,
    reader,
)
from enos_csr_gui.core.certificate import Issued
from enos_csr_gui.core.contents import Content
from enos_csr_gui.core.enums import ContentKind
from enos_csr_gui.core.errors import (
    CannotReceive,
    CannotSave,
    Code,
    HistoryUnavailable,
    InvalidKey,
    Problem,
    UnreadableFile,
    problem_from_os_error,
)
from enos_csr_gui.core.file_types import (
    CERTIFICATE_SUFFIX,
    CSR_SUFFIX,
    KEY_SUFFIX,
    KEY_SUFFIXES,
    REQUEST_SUFFIXES,
)
from enos_csr_gui.core.history import PastRequest, RequestHistory, local_date
from enos_csr_gui.core.inspect import InspectedItem
from enos_csr_gui.core.reader import MAX_FILES
from enos_csr_gui.core.x509_reader import Certificate


class MatchedCertificate(NamedTuple):
    """A certificate and what belongs to it, as ``match_certificate`` found it.

    ``file`` is where the certificate came from, ``key`` where its key is; ``requested``, the
    subject that was asked for, and ``past``, the request in the history, are None when unknown.
    ``problems`` are what its owner should know, ``notes`` what is wrong with the history.
    """

    file: Path
    issued: Issued
    key: Path
    requested: dict[str, str] | None
    past: PastRequest | None
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...] = ()


class StoredCertificate(NamedTuple):
    """Where the certificate was saved; ``already``: it was there before.

    ``notes`` are problems with the history to report to the user.
    """

    certificate: Path
    already: bool
    notes: tuple[Problem, ...] = ()


class _Match(NamedTuple):
    public_key_sha256: str
    key: Path
    requested: dict[str, str] | None = None
    past: PastRequest | None = None
    unchecked: bool = False


def match_certificate(
    file: Path,
    key: Path | None = None,
    chain: Path | None = None,
    *,
    others: Iterable[Path] = (),
    now: datetime | None = None,
) -> MatchedCertificate:
    """Find the request and the key that the certificate in ``file`` belongs to; write nothing.

    ``others`` are files that came with it: they may hold its chain, its key and its request.

    The key is the one in the file ``key``, or that of a request in the history, or one in ``file``
    or ``others``, an archive for example, or one that lies beside the certificate. No passphrase is
    needed: a protected key is recognised by its request. ``chain`` is a file with the authority's
    certificates; more are looked for in ``file`` and ``others``.

    Raises UnreadableFile when there is no certificate in ``file`` or ``chain``, or ``key`` cannot
    be read; CannotReceive when the key was not found, or is another one.
    """
    came = _arrived(contents.read(path) for path in dict.fromkeys((file, *others)))
    certificates = _certificates(came)
    above = read_chain(chain) if chain else []
    issued = certificate.of(certificates, came[0], above, now=now)
    public_keys = certificate.public_keys(certificates)
    with RequestHistory() as history:
        name = issued.answers.get("common_name", "")
        if key:
            key = key_files.find(key, wanted=public_keys)
            match = _of_key(public_keys, key, name, history)
        else:
            match = _find(public_keys, came, name, history)
        if match is None:
            unmatched = _unmatched(issued, key or _only_key(came), history)
            more = [] if key else contents.left_out([file.parent])
            raise CannotReceive([unmatched, *more])
        notes = history.notes
    issued = certificate.of(certificates, came[0], above, match.public_key_sha256, now=now)
    if unfit := certificate.check_kind(issued.certificate, file):
        raise CannotReceive(unfit)
    problems = certificate.check(issued, requested=match.requested, chain_file=chain, now=now)
    answers = [answer for one in came for answer in reader.read(one.data).answers]
    problems += certificate.check_answers(issued, answers)
    problems += contents.left_out([chain] if chain else [], came)
    if not os.path.isfile(match.key):  # noqa: PTH113  (Path.is_file raises where one may not look)
        problems.insert(0, Problem(Code.KEY_GONE, path=match.key, values={"path": str(match.key)}))
    elif match.unchecked:
        problems.append(Problem(Code.KEY_UNCHECKED, path=match.key))
    return MatchedCertificate(
        file, issued, match.key, match.requested, match.past, tuple(problems), notes
    )


def _certificates(came: Iterable[Content]) -> list[Certificate]:
    return list(dict.fromkeys(one for content in came for one in content.certificates))


@dataclass(frozen=True)
class Arrived(Content):
    """A file that came with others, looked into once."""

    @cached_property
    def items(self) -> Sequence[InspectedItem]:
        """What is in it; of a private key its public key only."""
        return inspect.inspect(self.path, self.data)

    @property
    def keys(self) -> list[InspectedItem]:
        """What may hold the key of a certificate."""
        return [one for one in self.items if one.kind in key_files.KINDS]


def _arrived(came: Iterable[Content]) -> list[Arrived]:
    return [Arrived(one.path, one.data) for one in came]


class SortedFiles(NamedTuple):
    """Files by what they hold: the certificate, and everything else, such as its chain and key.

    ``is_of_device`` is False when there are certificates of authorities only. ``notes`` say of
    which folders only a part was read.
    """

    certificate: Path
    others: tuple[Path, ...]
    is_of_device: bool
    notes: tuple[Problem, ...] = ()


def sort_files(paths: Iterable[Path]) -> SortedFiles:
    """Return which of the files, or of those in a folder, holds the certificate.

    Files in a folder that hold neither certificates, keys nor requests are left out. Raises
    UnreadableFile when there is no certificate in any, or one that is named itself cannot be read.
    """
    paths = list(paths)
    first, *others = sort(paths)
    is_of_device = not all(map(_is_above, first.certificates))
    notes = tuple(contents.left_out(paths))
    return SortedFiles(first.path, tuple(one.path for one in others), is_of_device, notes)


def sort(paths: Sequence[Path]) -> list[Arrived]:
    """Return the files, of folders too, that hold something: first the one with the certificate.

    Raises UnreadableFile as ``sort_files`` does.
    """
    of_device: list[Arrived] = []
    of_authorities: list[Arrived] = []
    rest: list[Arrived] = []
    came = _arrived(contents.read_all(paths))
    for one in came:
        if found := one.certificates:
            (of_authorities if all(map(_is_above, found)) else of_device).append(one)
        elif one.keys or any(item.kind is ContentKind.REQUEST for item in one.items):
            rest.append(one)
    if not (of_device or of_authorities):
        in_file = certificate.instead((rest or came)[0])
        in_folder = Code.NO_CERTIFICATE_IN_FOLDER
        raise UnreadableFile(contents.instead(paths, came, in_folder, in_file))
    return [*of_device, *of_authorities, *rest]


def read_issued(
    came: Sequence[Content], chain: Path | None = None, public_key_sha256: str = ""
) -> Issued:
    """Return the certificate in what ``sort`` returned, that of the key if there are several.

    ``chain`` is a file or folder with more certificates of authorities. Raises UnreadableFile.
    """
    above = read_chain(chain) if chain else []
    return certificate.of(_certificates(came), came[0], above, public_key_sha256)


def wanted_keys(came: Iterable[Content]) -> list[str]:
    """Return the public-key fingerprints of the certificates in what ``sort`` returned."""
    return certificate.public_keys(_certificates(came))


def key_among(came: Sequence[Arrived]) -> Path | None:
    """Return the file of these that holds the key of the certificate, None when there is none.

    A protected key is taken when there is no other.
    """
    found = _open_key(wanted_keys(came), came)
    return found.key if found else _only_key(came)


def read_chain(path: Path) -> list[Certificate]:
    """Return the certificates in a file or folder that is to hold those of authorities.

    Raises UnreadableFile when there is none in it.
    """
    came = contents.read_all([path])
    if found := _certificates(came):
        return found
    in_file = Problem(Code.CHAIN_UNREADABLE, path=path)
    raise UnreadableFile(contents.instead([path], came, Code.NO_CERTIFICATE_IN_FOLDER, in_file))


def _is_above(one: Certificate) -> bool:
    return one.is_authority or one.is_self_signed


def store_certificate(received: MatchedCertificate) -> StoredCertificate:
    """Save the certificate with its chain beside its key, and note it in the history.

    It is named after the key file, and no file is replaced; one with the same certificate and less
    of its chain is completed. Raises CannotSave when it cannot be saved; then nothing was written.
    A history that cannot be written stops nothing.
    """
    folder, stem = received.key.parent, received.key.stem
    for name in _names(folder, stem):
        place = folder / f"{name}{CERTIFICATE_SUFFIX}"
        if already := _holds(place, received.issued):
            break
        if _is_beginning(place, received.issued):
            try:
                files.replace(place, received.issued.to_pem())
            except OSError as error:
                problem = problem_from_os_error(error, place, missing=Code.FOLDER_MISSING)
                raise CannotSave([problem]) from error
            break
        if not os.path.lexists(place):
            files.save_set(folder, name, [files.Part(CERTIFICATE_SUFFIX, received.issued.to_pem())])
            break
    return StoredCertificate(place, already, _note(received, place))


def saved_certificates(key: Path) -> Iterator[Path]:
    """Yield the files that ``store_certificate`` has written for a key, the first one first."""
    for name in _names(key.parent, key.stem):
        place = key.parent / f"{name}{CERTIFICATE_SUFFIX}"
        if not os.path.lexists(place):
            return
        yield place


def _names(folder: Path, stem: str) -> Iterator[str]:
    """Yield the names that the certificates for one key get, one after the other.

    The name of another key or request in the folder is not among them: it has its own certificate.
    """
    name = file_names.safe_name(stem)
    yield name
    for number in count(2):
        further = file_names.numbered(name, number)
        others = (folder / f"{further}{suffix}" for suffix in (KEY_SUFFIX, CSR_SUFFIX))
        if not any(map(os.path.lexists, others)):
            yield further


def _holds(path: Path, issued: Issued) -> bool:
    """Return whether the certificate, and all that is known of its chain, are in the file."""
    with suppress(UnreadableFile):
        return {issued.certificate, *issued.chain} <= set(contents.read(path).certificates)
    return False


def _is_beginning(path: Path, issued: Issued) -> bool:
    """Return whether the file is what was saved before more of the chain was known.

    Its content is the beginning of the new one, so nothing is lost with it.
    """
    known = range(len(issued.chain))
    with suppress(UnreadableFile):
        return not path.is_symlink() and files.read(path) in [
            issued._replace(chain=issued.chain[:length]).to_pem() for length in known
        ]
    return False


def _note(received: MatchedCertificate, file: Path) -> tuple[Problem, ...]:
    """Record the certificate in the history; return the problems to report to the user."""
    issued = received.issued
    unchecked = any(problem.code is Code.KEY_UNCHECKED for problem in received.problems)
    with RequestHistory() as history:
        try:
            history.certificate_received(
                issued.public_key_sha256,
                common_name=issued.answers.get("common_name", ""),
                serial=issued.certificate.serial_number,
                issued=issued.certificate.not_valid_before_utc,
                expires=issued.certificate.not_valid_after_utc,
                certificate=file.absolute(),
                key=None if unchecked else received.key.absolute(),
            )
        except HistoryUnavailable as error:
            return error.problems
        return history.notes


def _of_key(
    public_keys: Collection[str], key: Path, name: str, history: RequestHistory
) -> _Match | None:
    """Return the match of the key in this file, None when it is another certificate's."""
    [came] = _arrived([contents.read(key)])
    found = came.keys
    if not found:
        raise UnreadableFile([Problem(Code.NOT_A_KEY, path=key)])
    if not public_keys:
        return None  # a kind of key that the library does not know
    if open_ := _open_key(public_keys, [came]):
        return _with_past(open_, name, history)
    requested = key_files.request_beside(key)
    if requested and requested[0] in public_keys:
        return _with_past(_Match(requested[0], key, requested[1]), name, history)
    if not requested and not any(one.protected for one in found):
        try:
            key_reader.load(came.data, wanted=public_keys)  # says what is wrong with it
        except InvalidKey as error:
            raise UnreadableFile([one._replace(path=key) for one in error.problems]) from error
    if requested or not any(one.protected for one in found):
        return None
    # Protected, and nothing beside it tells which key it is: its owner says so.
    return _unopened(public_keys, key, name, history)


def _unopened(
    public_keys: Collection[str], key: Path, name: str, history: RequestHistory
) -> _Match:
    """Return the match of a protected key that is said to be that of the certificate."""
    past = next((one for f in public_keys for one in _past(history, f, name)), None)
    public_key_sha256 = past.public_key_sha256 if past else next(iter(public_keys))
    unchecked = not (past and past.key == key.absolute())
    subject = dict(past.subject) if past else None
    return _Match(public_key_sha256, key, subject, past, unchecked=unchecked)


def _open_key(public_keys: Collection[str], came: Iterable[Arrived]) -> _Match | None:
    """Return the match of an unprotected key in the files, with what its request asks for."""
    match = None
    requested: dict[str, dict[str, str]] = {}
    for one in came:
        for found in one.items:
            if not found.key or found.key.public_key_sha256 not in public_keys:
                continue
            public_key_sha256 = found.key.public_key_sha256
            if found.kind is ContentKind.PRIVATE_KEY:
                match = match or _Match(public_key_sha256, one.path)
            elif found.kind is ContentKind.REQUEST:
                requested[public_key_sha256] = _answers_in(one, public_key_sha256)
    if match is None:
        return None
    beside = key_files.request_beside(match.key)
    answers = beside[1] if beside and beside[0] == match.public_key_sha256 else None
    return match._replace(requested=requested.get(match.public_key_sha256, answers))


def _answers_in(came: Content, public_key_sha256: str) -> dict[str, str]:
    """Return the subject of the request with this public key."""
    for one in came.requests:
        if one.key.public_key_sha256 == public_key_sha256:
            return dict(distinguished_name.answers_from(one.subject).answers)
    return {}


def _with_past(match: _Match, name: str, history: RequestHistory) -> _Match:
    """Return the match with the request in the history that has this key, if there is one."""
    past = next(iter(_past(history, match.public_key_sha256, name)), None)
    return match._replace(past=past, requested=dict(past.subject)) if past else match


def _find(
    public_keys: Collection[str], came: Sequence[Arrived], name: str, history: RequestHistory
) -> _Match | None:
    """Return the match among the requests of this computer, in the files, or beside the first."""
    gone = None
    for public_key_sha256 in public_keys:
        requests = _past(history, public_key_sha256, name)
        for past in requests:
            # The key may have moved for one of its requests only: it is that of all of them.
            match = _Match(public_key_sha256, past.key, dict(requests[0].subject), requests[0])
            if past.key_exists():
                return match
            gone = gone or match
    if found := _open_key(public_keys, came):
        return _with_past(found, name, history)
    if beside := _beside(public_keys, came[0].path, gone):
        return beside
    protected = _only_key(came, protected=True)
    if public_keys and protected:
        return _unopened(public_keys, protected, name, history)
    return gone


def _only_key(came: Iterable[Arrived], *, protected: bool = False) -> Path | None:
    """Return the one file of these that holds a key; None when there are several or none."""
    found = [one.path for one in came for item in one.keys if item.protected or not protected]
    return found[0] if len(found) == 1 else None


def _past(history: RequestHistory, public_key_sha256: str, name: str) -> list[PastRequest]:
    """Return the requests with this key, first those for this common name."""
    try:
        found = history.find_public_key(public_key_sha256)
    except HistoryUnavailable:
        return []
    return sorted(found, key=lambda past: past.common_name != name)


def _beside(public_keys: Collection[str], file: Path, gone: _Match | None) -> _Match | None:
    """Return the match of a key or a request that lies in the folder of the certificate."""
    requests: dict[str, _Match] = {}
    for path in _neighbours(file):
        for found in inspect.inspect_files([path]):
            if not found.key or found.key.public_key_sha256 not in public_keys:
                continue
            public_key_sha256 = found.key.public_key_sha256
            if found.kind is ContentKind.PRIVATE_KEY:
                if gone and gone.public_key_sha256 == public_key_sha256:
                    return gone._replace(key=path)
                beside = key_files.request_beside(path)
                same = beside is not None and beside[0] == public_key_sha256
                return _Match(public_key_sha256, path, beside[1] if same and beside else None)
            key = path.with_suffix(KEY_SUFFIX)
            if (
                found.kind is ContentKind.REQUEST and key.is_file()
            ):  # protected, or it was found itself
                beside = key_files.request_beside(key)
                requests[public_key_sha256] = _Match(
                    public_key_sha256, key, beside[1] if beside else None
                )
    return next(iter(requests.values()), None)


def _neighbours(file: Path) -> Iterator[Path]:
    """Yield the files beside ``file`` that may hold its key or request; at most ``MAX_FILES``."""
    found: list[Path] = []
    with suppress(OSError):
        for path in islice(file.parent.iterdir(), 100 * MAX_FILES):
            if path.suffix.lower() in (*KEY_SUFFIXES, *REQUEST_SUFFIXES):
                found.append(path)
    # Those of the same name first, in case there are many.
    found.sort(
        key=lambda path: (path.stem != file.stem, path.suffix.lower() in REQUEST_SUFFIXES, path)
    )
    yield from found[:MAX_FILES]


def _unmatched(issued: Issued, key: Path | None, history: RequestHistory) -> Problem:
    """Return the problem that the certificate belongs to no key that is known."""
    if problems := certificate.check_kind(issued.certificate):
        return problems[0]
    if key:
        return Problem(Code.CERTIFICATE_OF_OTHER_KEY, path=key)
    name = issued.answers.get("common_name", "")
    if (algorithm := issued.certificate.key.algorithm) != "RSA":
        return Problem(Code.CERTIFICATE_NOT_RSA, values={"algorithm": algorithm})
    earlier: list[PastRequest] = []
    with suppress(HistoryUnavailable):
        earlier = history.find_common_name(name) if name else []
    if not earlier:
        return Problem(Code.CERTIFICATE_OF_NO_KEY, values={"name": name})
    values = {
        "name": name,
        "made_on": local_date(earlier[0].made_on),
        "csr": str(earlier[0].csr),
    }
    return Problem(Code.CERTIFICATE_OF_OTHER_REQUEST, values=values)
