"""Check in the background whether the files of requests still exist."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from enos_csr_gui.core.history import PastRequest, exists
from enos_csr_gui.gui.requests.folders import Errand, Folders


class FilePresence(NamedTuple):
    """Which of the two files exist."""

    csr: bool
    key: bool


Files = tuple[Path, Path]
"""The places of a request and its key: they may change while one looks."""


def _files(request: PastRequest) -> Files:
    return request.csr, request.key


def look(wanted: Iterable[Files]) -> dict[Files, FilePresence]:
    """Return which of these files exist."""
    return {(csr, key): FilePresence(exists(csr), exists(key)) for csr, key in wanted}


class FileStatus(QObject):
    """Knows of the files of requests, folder by folder; what it does not know it looks up."""

    found = Signal()

    def __init__(self, folders: Folders) -> None:
        super().__init__(folders)
        self.waiting: dict[Path, set[Files]] = {}
        self._known: dict[Files, FilePresence] = {}
        folders.serve(self)
        self._soon = QTimer(self)  # all the rows on the screen are asked for one by one
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(folders.go)

    def of(self, request: PastRequest) -> FilePresence | None:
        """Return which files exist; None while unknown: ``found`` is emitted with the result."""
        files = _files(request)
        if files not in self._known:
            self.waiting.setdefault(request.csr.parent, set()).add(files)
            self._soon.start(0)
        return self._known.get(files)

    def look_again(self) -> None:
        """Discard all results."""
        self._known.clear()

    def take(self, folder: Path) -> Errand:
        """Return how to look for the files that are wanted in the folder."""
        return Errand(partial(look, self.waiting.pop(folder)), self._learn)

    def _learn(self, found: dict[Files, FilePresence]) -> None:
        self._known.update(found)
        self.found.emit()
