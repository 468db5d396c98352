"""Check in the background whether the files of requests still exist."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from enos_csr_gui.core.history import PastRequest, exists
from enos_csr_gui.gui import background

FOLDERS_AT_ONCE = 32
"""So many folders are looked into at once; each that does not answer holds a thread."""


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
    """Checks folders, each in a thread of its own.

    A lost network drive may answer after minutes or never: its folders stay unknown, and the others
    do not wait for it.
    """

    found = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._known: dict[Files, FilePresence] = {}
        self._wanted: dict[Path, set[Files]] = {}
        self._looking: set[Path] = set()
        self._soon = QTimer(self)  # all the rows on the screen are asked for one by one
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._go)

    def of(self, request: PastRequest) -> FilePresence | None:
        """Return which files exist; None while unknown: ``found`` is emitted with the result."""
        files = _files(request)
        if files not in self._known:
            self._wanted.setdefault(request.csr.parent, set()).add(files)
            self._soon.start(0)
        return self._known.get(files)

    def look_again(self) -> None:
        """Discard all results."""
        self._known.clear()

    def _go(self) -> None:
        for folder in self._wanted.keys() - self._looking:
            if len(self._looking) == FOLDERS_AT_ONCE:
                return
            self._looking.add(folder)
            wanted = self._wanted.pop(folder)
            done = partial(self._answer, folder)
            background.run(self, partial(look, wanted), done, detached=True)

    def _answer(self, folder: Path, found: dict[Files, FilePresence]) -> None:
        self._looking.remove(folder)
        self._known.update(found)
        self.found.emit()
        self._go()
