"""What ``--json`` prints: one dialect for every command, described in docs/json.md.

Each function returns one object of the schema in docs/json.schema.json, ready for ``json``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from enos_csr_gui.core import serials
from enos_csr_gui.core.errors import Problem
from enos_csr_gui.core.file_types import CERTIFICATES, MANIFEST, REJECTED, REQUESTS
from enos_csr_gui.core.subject import SUBJECT_FIELDS
from enos_csr_gui.messages.problems import problem_text, problem_text_in_file

if TYPE_CHECKING:
    from enos_csr_gui.core.batch.check import Checked
    from enos_csr_gui.core.batch.collect import Collected
    from enos_csr_gui.core.batch.make import Outcome
    from enos_csr_gui.core.batch.pool import Foreign
    from enos_csr_gui.core.batch.records import Ledger
    from enos_csr_gui.core.create import CreatedRequest
    from enos_csr_gui.core.csr_rules import Breach, KeyFacts
    from enos_csr_gui.core.export import ExportedFile
    from enos_csr_gui.core.history import PastRequest
    from enos_csr_gui.core.inspect import InspectedItem
    from enos_csr_gui.core.receive import MatchedCertificate, StoredCertificate

Object = dict[str, object]

_KEY_OF_INITIALS = {field.initials: field.key for field in SUBJECT_FIELDS}


def problem(found: Problem, message: str | None = None, *, option: str = "") -> Object:
    """Return one problem; ``message`` replaces its usual sentence.

    ``option`` is the command-line option concerned, if any.
    """
    values: dict[str, str | int] = dict(found.values)
    if found.path:
        values["path"] = _path(found.path)
    if option:
        values["option"] = option
    return {
        "code": found.code,
        "message": problem_text(found) if message is None else message,
        "field": found.field,
        "values": values,
    }


def failure(problems: Sequence[Object], warnings: Sequence[Object]) -> Object:
    """Return why a command failed."""
    return {"problems": list(problems), "warnings": list(warnings)}


def time(moment: datetime | None) -> str | None:
    """Return a time in UTC (RFC 3339): '2026-11-26T09:28:40Z'."""
    if moment is None:
        return None
    # strftime would write the year 950 with three digits.
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def serial_number(number: int | None, name: str = "serial_number") -> Object:
    """Return a serial number in decimal and in hexadecimal, both as ``name``.

    They are strings, because JSON readers round large numbers.
    """
    if number is None:
        return {name: None, f"{name}_hex": None}
    return {name: str(number), f"{name}_hex": serials.hexadecimal(number)}


def _path(path: Path) -> str:
    try:
        return str(path.absolute())
    except OSError:  # the current folder is gone
        return str(path)


def _path_or_none(path: Path | None) -> str | None:
    return _path(path) if path else None


def created(
    request: CreatedRequest,
    subject: Mapping[str, str],
    warnings: Sequence[Object],
    renewed: int | None = None,
) -> Object:
    """Return what ``new`` and ``renew`` have created.

    ``renewed`` is the serial number of the certificate to be renewed, if it is known.
    """
    return {
        "key": _path(request.key),
        "csr": _path(request.csr),
        "subject": dict(subject),
        "public_key_sha256": request.public_key_sha256,
        **serial_number(renewed, "renewed_serial_number"),
        "warnings": list(warnings),
    }


def received(
    matched: MatchedCertificate, stored: StoredCertificate, warnings: Sequence[Object]
) -> Object:
    """Return the certificate that ``receive`` has stored, with its key and request."""
    leaf = matched.issued.certificate
    return {
        "certificate": _path(stored.certificate),
        "key": _path(matched.key),
        "csr": _path_or_none(matched.past.csr if matched.past else None),
        "subject": dict(matched.issued.answers),
        **serial_number(leaf.serial_number),
        "valid_from": time(leaf.not_valid_before_utc),
        "valid_to": time(leaf.not_valid_after_utc),
        "public_key_sha256": matched.issued.public_key_sha256,
        "certificate_sha256": leaf.sha256,
        "already_received": stored.already,
        "warnings": list(warnings),
    }


def exported(files: Iterable[ExportedFile], warnings: Sequence[Object]) -> Object:
    """Return the files that ``export`` has written."""
    return {
        "files": [
            {
                "role": file.role,
                "path": _path(file.path),
                "private": file.private,
                "protected": file.protected,
            }
            for file in files
        ],
        "warnings": list(warnings),
    }


def history(requests: Iterable[PastRequest], warnings: Sequence[Object]) -> Object:
    """Return the requests that ``history`` lists."""
    return {
        "requests": [past_request(request) for request in requests],
        "warnings": list(warnings),
    }


def batch_checked(checked: Checked, folder: Path, warnings: Sequence[Object]) -> Object:
    """Return what ``batch --dry-run`` has found."""
    return {
        "folder": _path(folder),
        "batch": None,
        "to_create": len(checked.good),
        "created": 0,
        "created_before": checked.made + len(checked.found),
        "left_out": len(checked.bad),
        "stopped": False,
        "seconds": 0,
        "requests": None,
        "manifest": None,
        "rejected": None,
        "warnings": list(warnings),
    }


def batch_created(
    checked: Checked,
    outcome: Outcome,
    ledger: Ledger,
    seconds: float,
    warnings: Sequence[Object],
) -> Object:
    """Return what ``batch`` and ``renew-batch`` have created."""
    folder = ledger.folder
    return batch_checked(checked, folder, warnings) | {
        "batch": ledger.batch,
        "created": outcome.created,
        "stopped": outcome.stopped,
        "seconds": round(seconds, 3),
        "requests": _path(folder / REQUESTS),
        "manifest": _path(folder / MANIFEST),
        "rejected": _path(folder / REJECTED) if checked.bad else None,
    }


def batch_received(
    done: Iterable[Collected], foreign: Iterable[Foreign], folder: Path, warnings: Sequence[Object]
) -> Object:
    """Return what ``receive-batch`` has received."""
    return {
        "folder": _path(folder),
        "report": _path(folder / CERTIFICATES),
        "certificates": [
            {
                "common_name": one.record.common_name,
                "status": one.status,
                "certificate": _path_or_none(one.certificate),
                "key": _path(one.folder / one.record.key),
                **serial_number(one.delivered.serial_number if one.delivered else None),
                "public_key_sha256": one.record.public_key_sha256,
                "files": [_path(file) for file in one.files],
                "warnings": [problem(found) for found in one.problems],
            }
            for one in done
        ],
        "foreign": [
            {
                "file": _path(one.source),
                "public_key_sha256": one.public_key_sha256,
                "certificate_sha256": one.certificate_sha256,
            }
            for one in foreign
        ],
        "warnings": list(warnings),
    }


def converted(path: Path, warnings: Sequence[Object]) -> Object:
    """Return the file that ``convert`` has written."""
    return {"path": _path(path), "warnings": list(warnings)}


def rules(breaches: Iterable[Breach]) -> Object:
    """Return what ``rules`` lists."""
    return {"rules": [breach._asdict() for breach in breaches]}


def past_request(request: PastRequest) -> Object:
    """Return one request of ``history``."""
    return {
        "number": request.number,
        "subject": dict(request.subject),
        "kind": request.kind,
        "created_on": time(request.made_on),
        "status": request.status(),
        "days_left": request.days_left(),
        "valid_from": time(request.issued),
        "valid_to": time(request.expires),
        **serial_number(request.serial),
        "public_key_sha256": request.public_key_sha256,
        "key": _path(request.key),
        "key_exists": request.key_exists(),
        "csr": _path(request.csr),
        "csr_exists": request.csr_exists(),
        "certificate": _path_or_none(request.certificate),
        "batch": request.batch,
        "site": request.site,
        "note": request.note,
        "archived": request.archived,
    }


def inspected(item: InspectedItem, name: str, together: Sequence[str]) -> Object:
    """Return one item of ``inspect``; ``together`` names the items with the same key."""
    return {
        "file": _path(item.file),
        "name": name,
        "kind": item.kind,
        "form": item.form,
        "label": item.label,
        "subject": _fields(item.subject),
        "subject_attributes": _attributes(item.subject),
        "issuer": _fields(item.issuer),
        "issuer_attributes": _attributes(item.issuer),
        "key": _key(item.key),
        "signature_algorithm": item.signature_algorithm,
        "certificate_sha256": item.certificate_sha256,
        **serial_number(item.serial_number),
        "valid_from": time(item.valid_from),
        "valid_to": time(item.valid_to),
        "protected": item.protected,
        "belongs_to": list(together),
        "acceptable": item.acceptable,
        "rules": [
            {
                "rule": result.rule,
                "field": result.field,
                "passed": result.passed,
                "level": result.level,
            }
            for result in item.rules
        ],
        "problems": [problem(one, problem_text_in_file(one)) for one in item.problems],
        "warnings": [problem(one, problem_text_in_file(one)) for one in item.warnings],
    }


def _key(key: KeyFacts | None) -> Object | None:
    if key is None:
        return None
    return {
        "algorithm": key.algorithm,
        "bits": key.bits,
        "public_key_sha256": key.public_key_sha256,
    }


def _fields(pairs: Sequence[tuple[str, str]] | None) -> dict[str, str] | None:
    """Return the subject fields of a name: field -> value, the first of several, as ``renew``."""
    if pairs is None:
        return None
    found: dict[str, str] = {}
    for initials, value in pairs:
        if key := _KEY_OF_INITIALS.get(initials):
            found.setdefault(key, value)
    return found


def _attributes(pairs: Sequence[tuple[str, str]] | None) -> list[Object] | None:
    """Return every attribute of a foreign name, unchanged."""
    if pairs is None:
        return None
    return [{"attribute": attribute, "value": value} for attribute, value in pairs]
