"""Whether files that are dropped on the window hold the certificates of many devices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from enos_csr_gui.core.batch import pool
from enos_csr_gui.core.errors import HistoryUnavailable
from enos_csr_gui.core.history import RequestHistory

_MAX_FILES, _MAX_CERTIFICATES = 1000, 2000
"""As many are looked at; who has more, and no key for any of them, does not wait for all."""


def holds_many(paths: Iterable[Path]) -> bool:
    """Return whether there are certificates for more than one request of this computer."""
    known: set[str] = set()
    with RequestHistory() as history, suppress(HistoryUnavailable):
        for found in islice(pool.of_devices(_files(paths)), _MAX_CERTIFICATES):
            fingerprint = found.certificate.key.public_key_sha256
            if fingerprint not in known and history.find_public_key(fingerprint):
                known.add(fingerprint)
            if len(known) > 1:
                return True
    return False


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        with suppress(OSError):
            if path.is_dir():
                yield from islice((one for one in path.rglob("*") if one.is_file()), _MAX_FILES)
            else:
                yield path
