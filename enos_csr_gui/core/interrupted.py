"""Completes, at the next start, what a killed process left undone: files and the history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from enos_csr_gui.core import files, journal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from enos_csr_gui.core.enums import RequestKind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def tidy() -> None:
    """Complete or remove what a killed process left behind. It looks at the journal only."""
    files.tidy(_record)


def facts_of_request(
    subject: Mapping[str, str],
    *,
    public_key_sha256: str,
    key: Path,
    csr: Path,
    csr_sha256: str,
    kind: RequestKind,
    made_on: datetime,
    new_folder: bool = False,
) -> journal.Facts:
    """Return what the journal notes about a request, so that the history can list it later.

    ``new_folder``: its folder is still to be made.
    """
    return {
        "subject": dict(subject),
        "public_key_sha256": public_key_sha256,
        "key": str(key),
        "csr": str(csr),
        "sha256": csr_sha256,
        "kind": kind.value,
        "made_on": (made_on - _EPOCH) // timedelta(seconds=1),
        "new_folder": new_folder,
    }


def _record(request: journal.Facts) -> None:
    """Add the request to the history unless it is there; raises OSError if that cannot be done."""
    from enos_csr_gui.core.enums import RequestKind
    from enos_csr_gui.core.errors import HistoryUnavailable
    from enos_csr_gui.core.history import RequestHistory

    made_on = _EPOCH + timedelta(seconds=request["made_on"])
    fingerprint, csr = request["public_key_sha256"], Path(request["csr"])
    with RequestHistory() as history:
        try:
            earlier = history.find_public_key(fingerprint)
            if any((one.csr, one.made_on) == (csr, made_on) for one in earlier):
                return
            history.record(
                request["subject"],
                public_key_sha256=fingerprint,
                key=Path(request["key"]),
                csr=csr,
                kind=RequestKind(request["kind"]),
                made_on=made_on,
            )
        except HistoryUnavailable as error:
            raise BlockingIOError from error
