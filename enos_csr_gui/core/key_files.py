"""Finds the file of a private key among those of a folder, and the request that lies beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from enos_csr_gui.core import (
    contents,
    files,
    inspect,
    key_reader,
    keys,
    pbe,
    x509_reader,
)
from enos_csr_gui.core.contents import Content
from enos_csr_gui.core.distinguished_name import answers_from
from enos_csr_gui.core.enums import ContentKind
from enos_csr_gui.core.errors import Code, InvalidKey, Problem, UnreadableFile
from enos_csr_gui.core.file_types import REQUEST_SUFFIXES
from enos_csr_gui.core.inspect import InspectedItem
from enos_csr_gui.core.key_reader import Passphrase

KINDS = (ContentKind.PRIVATE_KEY, ContentKind.PKCS12)
"""What may hold the key of a certificate."""


def find(
    path: Path,
    passphrase: Passphrase | None = None,
    *,
    wanted: Collection[str] = (),
    may_take_long: bool = False,
) -> Path:
    """Return the file with the private key: ``path``, or of a folder the right file in it.

    That is the one whose public-key fingerprint is ``wanted``. A protected key is recognized by
    the request beside it, or by the ``passphrase`` that opens it, or because there is no other;
    ``may_take_long`` as in ``key_reader.load``. Raises UnreadableFile when the folder has no such
    key, or several and nothing tells which one is meant; InvalidKey when to try them takes long.
    """
    if not contents.is_folder(path):
        return path
    came = contents.read_all([path])
    found = [(one, list(_keys(one))) for one in came]
    found = [(one, items) for one, items in found if items]
    known = [(one, _fingerprints(one, items)) for one, items in found]
    if right := [one for one, own in known if own & set(wanted)]:
        return _open_first(right)
    maybe = [one for one, own in known if not (wanted and own)]
    if passphrase and len(maybe) > 1:
        needed = sum(key_reader.seconds(one.data, passphrase) for one in maybe)
        if needed > pbe.MAX_SECONDS:
            raise UnreadableFile([Problem(Code.KEYS_IN_FOLDER, path=path)])
        if needed > pbe.ASK_SECONDS and not may_take_long:
            raise InvalidKey([key_reader.slow(needed)._replace(path=path)])
        opened = [one for one in maybe if _opens(one, passphrase, wanted)]
        maybe = opened or maybe
    own = [own for one, own in known if one in maybe]
    if len(maybe) == 1 or (maybe and all(own) and len(set().union(*own)) == 1):
        return _open_first(maybe)
    if maybe:
        raise UnreadableFile([Problem(Code.KEYS_IN_FOLDER, path=path)])
    problem = Problem(Code.NO_KEY_IN_FOLDER, path=path, values={"count": len(came)})
    raise UnreadableFile([problem, *contents.left_out([path])])


def request_beside(key: Path) -> tuple[str, dict[str, str]] | None:
    """Return the public-key fingerprint, and the subject, in the request file beside a key file."""
    for suffix in REQUEST_SUFFIXES:
        with suppress(UnreadableFile):
            old = x509_reader.read(files.read(key.with_suffix(suffix)))
            return old.key.public_key_sha256, dict(answers_from(old.subject).answers)
    return None


def _keys(came: Content) -> Iterator[InspectedItem]:
    return (one for one in inspect.inspect(came.path, came.data) if one.kind in KINDS)


def _fingerprints(came: Content, items: Sequence[InspectedItem]) -> set[str]:
    """Return which keys are in the file, as far as that is known."""
    own = {one.key.public_key_sha256 for one in items if one.key}
    if not own and (beside := request_beside(came.path)):
        own.add(beside[0])
    return own


def _open_first(found: Sequence[Content]) -> Path:
    """Return the first of these files that needs no passphrase, else the first."""
    unprotected = [one for one in found if not any(item.protected for item in _keys(one))]
    return (unprotected or found)[0].path


def _opens(came: Content, passphrase: Passphrase, wanted: Collection[str]) -> bool:
    """Return whether the passphrase opens the key; what all files take was judged before."""
    with suppress(InvalidKey):
        key = key_reader.load(came.data, passphrase, wanted=wanted, may_take_long=True)
        return not wanted or keys.public_key_sha256(key.public_key()) in wanted
    return False
