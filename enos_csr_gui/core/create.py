"""Create a request: from a subject and a key to files on disk. Window and command line use it."""

from __future__ import annotations

import os
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cryptography.hazmat.primitives.asymmetric import rsa

from enos_csr_gui.core import (
    csr,
    digests,
    file_names,
    files,
    interrupted,
    journal,
    keys,
    last_answers,
)
from enos_csr_gui.core.enums import RequestKind
from enos_csr_gui.core.errors import HistoryUnavailable, InvalidKey, Problem
from enos_csr_gui.core.file_types import CSR_SUFFIX, KEY_SUFFIX
from enos_csr_gui.core.history import RequestHistory
from enos_csr_gui.core.subject import Subject

if TYPE_CHECKING:
    from enos_csr_gui.core.key_reader import Passphrase


class CreatedRequest(NamedTuple):
    """A request that was made: the files, and the fingerprint of the public key in hex.

    ``notes`` are problems with the history to report to the user.
    """

    key: Path
    csr: Path
    csr_pem: str
    public_key_sha256: str
    notes: tuple[Problem, ...] = ()


def load_key(
    path: Path,
    passphrase: Passphrase | None = None,
    *,
    wanted: Collection[str] = (),
    may_take_long: bool = False,
) -> rsa.RSAPrivateKey:
    """Return the private key in the file, as ``key_reader.load`` does.

    Raises UnreadableFile or InvalidKey with its path.
    """
    from enos_csr_gui.core import key_reader  # no new key needs it

    data = files.read(path)
    try:
        return key_reader.load(data, passphrase, wanted=wanted, may_take_long=may_take_long)
    except InvalidKey as error:
        raise InvalidKey([problem._replace(path=path) for problem in error.problems]) from error


class UsedName(NamedTuple):
    """The problem that a common name is already used, if it is; ``notes`` as in
    ``CreatedRequest``."""

    problems: list[Problem]
    notes: tuple[Problem, ...] = ()


def used_name(common_name: str) -> UsedName:
    """Look up an earlier request with this common name in the history.

    If the history cannot be read, no name counts as used: saving reports it.
    """
    with RequestHistory() as past:
        try:
            problems = past.check_common_name(common_name)
        except HistoryUnavailable:
            problems = []
        return UsedName(problems, past.notes)


def create_request(
    subject: Subject,
    key: rsa.RSAPrivateKey,
    folder: Path,
    base_name: str,
    *,
    key_file: Path | None = None,
    passphrase: str | None = None,
    remember_folder: bool = True,
    kind: RequestKind = RequestKind.NEW,
) -> CreatedRequest:
    """Sign a request, save it, with the key unless it already is in ``key_file``, and record it.

    ``passphrase`` encrypts the new key file. Raises what ``files.save_pair`` and ``keys.to_pem``
    raise; then nothing was written. A history that cannot be written does not prevent the request:
    see ``notes``.
    """
    folder = folder.absolute()
    csr_pem = csr.to_pem(csr.sign(subject, key))
    key_pem = None if key_file else keys.to_pem(key, passphrase)
    made_on = datetime.now(UTC).replace(microsecond=0)
    made = CreatedRequest(
        key=(key_file or folder / f"{base_name}{KEY_SUFFIX}").absolute(),
        csr=folder / f"{base_name}{CSR_SUFFIX}",
        csr_pem=csr_pem.decode(),
        public_key_sha256=keys.public_key_sha256(key.public_key()),
    )
    with journal.entry() as entry:
        facts = interrupted.facts_of_request(
            subject,
            public_key_sha256=made.public_key_sha256,
            key=made.key,
            csr=made.csr,
            csr_sha256=digests.sha256(csr_pem),
            kind=kind,
            made_on=made_on,
            new_folder=not os.path.lexists(file_names.system_path(folder)),
        )
        entry.note(request=facts)
        files.save_pair(folder, base_name, key_pem, csr_pem, entry)
        entry.saved = True
        last_folder = folder if remember_folder else last_answers.load().folder
        last_answers.save(subject, last_folder)
        return made._replace(notes=_record(subject, made, kind, made_on))


def _record(
    subject: Subject, made: CreatedRequest, kind: RequestKind, made_on: datetime
) -> tuple[Problem, ...]:
    """Add the request to the history; return the problems to report to the user."""
    with RequestHistory() as history:
        try:
            history.record(
                subject,
                public_key_sha256=made.public_key_sha256,
                key=made.key,
                csr=made.csr,
                kind=kind,
                made_on=made_on,
            )
        except HistoryUnavailable as error:
            return error.problems
        return history.notes
