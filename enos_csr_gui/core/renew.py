"""What a renewal takes over from an old request or certificate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from enos_csr_gui.core import certificate, contents, distinguished_name, inspect
from enos_csr_gui.core.contents import Content
from enos_csr_gui.core.distinguished_name import SkippedAttribute
from enos_csr_gui.core.enums import RequestKind
from enos_csr_gui.core.errors import Code, HistoryUnavailable, Problem, UnreadableFile
from enos_csr_gui.core.file_types import KEY_SUFFIX
from enos_csr_gui.core.history import RENEWAL_PENDING, PastRequest, RequestHistory, local_date
from enos_csr_gui.core.subject import (
    FIELDS_BY_KEY,
    SUBJECT_FIELDS,
    VERBATIM_FIELDS,
    check,
    check_field,
)
from enos_csr_gui.core.x509_reader import Certificate, Existing, Request


class RenewalSource(NamedTuple):
    """The old request or certificate in ``file``.

    ``answers`` are all that can be taken over: field key -> text, the common name always among
    them, an optional field that is not there as an empty text. ``problems`` are what must be
    mended in them; ``warnings`` are the rules that the common name breaks, which stays as it is.
    ``proposed`` are better answers for fields whose text is in a wrong encoding: field key -> what
    was probably meant, never the common name. ``left_out`` are the attributes that are not taken
    over. ``serial`` is the serial number of the
    certificate that is renewed, None when the file is a request: see ``newest_serial``. ``notes``
    say more about that certificate. ``from_history``: the file is gone, and the answers are those
    that the history has. ``public_key_sha256`` is the fingerprint of the old public key.
    """

    file: Path
    answers: Mapping[str, str]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    left_out: tuple[SkippedAttribute, ...]
    proposed: Mapping[str, str]
    serial: int | None = None
    notes: tuple[Problem, ...] = ()
    from_history: bool = False
    public_key_sha256: str = ""

    @property
    def common_name(self) -> str:
        """The common name, exactly as it stands in the file."""
        return self.answers["common_name"]

    @property
    def misread(self) -> list[Problem]:
        """The problems that ``proposed`` solves."""
        return [one for one in self.problems if one.code is Code.TEXT_MISREAD]

    @property
    def left_out_problems(self) -> list[Problem]:
        """A problem for each attribute that is not carried over."""
        return [
            Problem(Code.ATTRIBUTE_LEFT_OUT, values=attribute._asdict())
            for attribute in self.left_out
        ]


def read_source(*given: Path, now: datetime | None = None) -> RenewalSource:
    """Read an old request or certificate, in any form that ``reader`` knows.

    Of several files, or those of a folder, the certificate is taken before the request, and the
    device's before those of authorities. Raises UnreadableFile when there is neither, or one
    without a common name, or a certificate that EnOS did not issue, or those of several devices.
    """
    file, old, notes = _load(given, now)
    taken, left_out = distinguished_name.answers_from(old.subject)
    if isinstance(old, Certificate) and (problems := certificate.check_kind(old, file)):
        raise UnreadableFile(problems)
    if not taken.get("common_name"):
        raise UnreadableFile([Problem(Code.NO_COMMON_NAME, path=file)])
    answers = {field.key: taken.get(field.key, "") for field in SUBJECT_FIELDS}
    misread = distinguished_name.check_texts(old.subject)
    return RenewalSource(
        file,
        answers,
        problems=(*check(answers, verbatim=VERBATIM_FIELDS), *_to_mend(misread)),
        warnings=(*_broken_rules(answers["common_name"]), *_of_name(misread)),
        left_out=left_out,
        proposed=_meant(_to_mend(misread)),
        serial=old.serial_number if isinstance(old, Certificate) else None,
        notes=(*_check_expiry(old, now or datetime.now(UTC)), *notes),
        public_key_sha256=old.key.public_key_sha256,
    )


def _check_expiry(old: Existing, now: datetime) -> tuple[Problem, ...]:
    """Return the note that the old certificate has expired.

    Renew Certificate, in the reference of EnOS's API, asks for a certificate that is valid.
    """
    if not isinstance(old, Certificate) or old.check_dates():
        return ()
    return _expired(old.not_valid_after_utc, now)


def _expired(end: datetime | None, now: datetime) -> tuple[Problem, ...]:
    if end is None or now <= end:
        return ()
    return (Problem(Code.OLD_EXPIRED, values={"date": end.date().isoformat()}),)


def read_source_or_history(file: Path) -> RenewalSource:
    """Read an old request or certificate; if it is gone, return what the history knows of it.

    A note tells if a request for the same name still waits. Raises UnreadableFile as
    ``read_source`` does.
    """
    try:
        source = read_source(file)
    except UnreadableFile as error:
        gone = error.problems[0].code in (Code.FILE_MISSING, Code.NOT_A_FOLDER)
        if not gone or not (past := _past(file)):
            raise
        source = _from_history(file, past)
    return source._replace(notes=(*source.notes, *check_requested(source.common_name)))


def check_requested(common_name: str) -> tuple[Problem, ...]:
    """Return the note that the renewal has been requested not long ago."""
    first = datetime.now(UTC) - RENEWAL_PENDING
    with suppress(HistoryUnavailable), RequestHistory() as history:
        newest = next(
            (one for one in history.find_common_name(common_name) if not one.archived), None
        )
        if newest and newest.expires is None and newest.made_on > first:
            return (Problem(Code.ALREADY_REQUESTED, values={"date": local_date(newest.made_on)}),)
    return ()


def _past(file: Path) -> PastRequest | None:
    with suppress(HistoryUnavailable), RequestHistory() as history:
        return next(iter(history.find_file(file)), None)
    return None


def _from_history(file: Path, past: PastRequest) -> RenewalSource:
    answers = {field.key: past.subject.get(field.key, "") for field in SUBJECT_FIELDS}
    return RenewalSource(
        file,
        answers,
        problems=tuple(check(answers, verbatim=VERBATIM_FIELDS)),
        warnings=tuple(_broken_rules(answers["common_name"])),
        left_out=(),
        proposed={},
        serial=past.serial,
        notes=_expired(past.expires, datetime.now(UTC)),
        from_history=True,
        public_key_sha256=past.public_key_sha256,
    )


def has_protected_key(source: RenewalSource) -> bool:
    """Return whether the key of what is renewed needs a passphrase, as far as it can be found.

    It is looked for in the history, and beside the file.
    """
    places = [source.file.with_suffix(KEY_SUFFIX)]
    with suppress(HistoryUnavailable), RequestHistory() as history:
        past = [*history.find_file(source.file), *history.find_common_name(source.common_name)]
        places = [*(one.key for one in past[:1]), *places]
    for place in places:
        if place.is_file():
            return any(one.protected for one in inspect.inspect_files([place]))
    return False


def _load(
    given: Sequence[Path], now: datetime | None = None
) -> tuple[Path, Existing, Sequence[Problem]]:
    """Return the request or certificate; of certificates with their chain the one that is none's.

    With it come the file to name (of several that were given, the one that contains it), and notes:
    what was not read, and the rules that the chain breaks, for the next one may be the same.

    Raises UnreadableFile when there is neither, or when there are those of several devices.
    """
    came = contents.read_all(given)
    found = contents.signed_in(given, came)
    _check_one_device(found, given[0])
    old = found[0]
    notes = contents.left_out(given, came)
    if isinstance(old, Certificate):
        certificates = [one for one in found if isinstance(one, Certificate)]
        issued = certificate.of(certificates, Content(given[0], b""), now=now)
        old = issued.certificate
        notes += certificate.check_rules(issued)
    if len(given) == 1:
        return given[0], old, notes
    return next((one.path for one in came if old in one.signed), given[0]), old, notes


def _check_one_device(found: Iterable[Existing], place: Path) -> None:
    """Raise UnreadableFile when what was signed has different common names: which is meant?"""
    names = dict.fromkeys(
        distinguished_name.answers_from(one.subject).answers.get("common_name", "")
        for one in found
        if isinstance(one, Request) or not (one.is_authority or one.is_self_signed)
    )
    if len(names) > 1:
        name, other = list(names)[:2]
        values = {"name": name, "other": other}
        raise UnreadableFile([Problem(Code.SEVERAL_DEVICES, path=place, values=values)])


def _meant(misread: Iterable[Problem]) -> dict[str, str]:
    return {one.field: str(one.values["meant"]) for one in misread if one.field}


def _to_mend(misread: Iterable[Problem]) -> list[Problem]:
    return [one for one in misread if one.field not in VERBATIM_FIELDS]


def _of_name(misread: Iterable[Problem]) -> list[Problem]:
    return [one for one in misread if one.field in VERBATIM_FIELDS]


def read_answers(file: Path) -> Mapping[str, str]:
    """Return what can be taken over into a new request: field key -> text, right or wrong.

    Where the text is in a wrong encoding, it is what was probably meant. Raises
    UnreadableFile when there is no request or certificate in the file.
    """
    subject = _load([file])[1].subject
    answers = distinguished_name.answers_from(subject).answers
    return {**answers, **_meant(distinguished_name.check_texts(subject))}


def renewed_serial(request: PastRequest) -> int | None:
    """Return the serial number of the certificate that this renewal renews, None if not known."""
    if request.kind is not RequestKind.RENEWAL:
        return None
    return newest_serial(request.common_name, before=request.number)


def newest_serial(common_name: str, *, before: int | None = None) -> int | None:
    """Return the serial number of the newest certificate received for this name, None if unknown.

    ``before`` is the number of a request: it and those that were made later are left out.
    """
    with suppress(HistoryUnavailable), RequestHistory() as history:
        for past in history.find_common_name(common_name):
            if past.serial is not None and (before is None or past.number < before):
                return past.serial
    return None


def _broken_rules(common_name: str) -> list[Problem]:
    return check_field(FIELDS_BY_KEY["common_name"], common_name)
