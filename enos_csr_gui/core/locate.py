"""Find the files of requests again after their folder was moved or renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

from enos_csr_gui.core.history import PastRequest, RequestHistory
from enos_csr_gui.core.inspect import inspect_files

_AT_MOST = 200
"""So many entries of a folder are looked into: each costs several questions to the drive."""


def locate(request: PastRequest, folder: Path) -> int:
    """Record that the files of ``request`` are in ``folder`` or below it now.

    The files of other requests that moved with them are recorded too: those that are missing where
    they were, and are in the same place beside these. A file counts if its public key is that of
    the request, or, protected or not read, if it stands beside one that does. No file is changed.

    Returns the number of requests whose files were found; 0 if those of ``request`` are not there.
    Raises HistoryUnavailable.
    """
    for new in _candidates(request.csr.parent, folder):
        if _moved(request, request.csr.parent, new):
            break
    else:
        return 0
    old_root, new_root = _roots(request.csr.parent, new)
    with RequestHistory() as history:
        below = (one for one in history.requests(archived=None) if old_root in one.csr.parents)
        moved = [found for one in below if (found := _moved(one, old_root, new_root))]
        history.moved(moved)
    return len(moved)


def _candidates(old: Path, folder: Path) -> Iterator[Path]:
    """Yield where the folder may be: ``folder`` itself, or below it with the names it had.

    Then in a folder of another name: one that was renamed is found from the folder that it is in.
    """
    parts = old.parts[1:]
    for start in chain([folder], _subfolders(folder)):
        for length in range(len(parts) + 1):
            yield start.joinpath(*parts[len(parts) - length :])


def _subfolders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as found:
            return sorted(Path(one.path) for one in islice(found, _AT_MOST) if one.is_dir())
    except OSError:
        return []


def _roots(old: Path, new: Path) -> tuple[Path, Path]:
    """Return the topmost folders that may have moved: without the names that both end with."""
    while old.name and old.name == new.name and old.parent != old and new.parent != new:
        old, new = old.parent, new.parent
    return old, new


def _moved(request: PastRequest, old: Path, new: Path) -> PastRequest | None:
    """Return the request with the new places of its files; None if none is there."""

    def place(path: Path) -> Path:
        if os.path.lexists(path) or old not in path.parents:
            return path
        there = new / path.relative_to(old)
        return there if os.path.isfile(there) else path  # noqa: PTH113  (raises on no access)

    csr, key = place(request.csr), place(request.key)
    certificate = place(request.certificate) if request.certificate else None
    pairs = ((request.csr, csr), (request.key, key), (request.certificate, certificate))
    fresh = [now for before, now in pairs if now and now != before]
    if not fresh or not any(_is_of(one, request.public_key_sha256) for one in fresh):
        return None
    return replace(request, csr=csr, key=key, certificate=certificate)


def _is_of(file: Path, public_key_sha256: str) -> bool:
    """Return whether the file holds something with this public key."""
    return any(
        one.key is not None and one.key.public_key_sha256 == public_key_sha256
        for one in inspect_files([file])
    )
