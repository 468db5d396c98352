"""Find the requests whose files are missing, without waiting for a drive that is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from enos_csr_gui.core.history import Place
from enos_csr_gui.gui.requests.file_status import Files, look
from enos_csr_gui.gui.requests.folders import Errand, Folders

_PAUSE_MS = 200
"""Between two reports of what was found: each lays the table out again."""

ByFolder = Mapping[Path, Sequence[tuple[int, Place]]]
"""Requests by the folder of their request file, each with its place in the list."""


def by_folder(places: Sequence[Place]) -> ByFolder:
    """Return the requests by folder."""
    folders: dict[Path, list[tuple[int, Place]]] = {}
    for position, place in enumerate(places):
        folders.setdefault(place.csr.parent, []).append((position, place))
    return folders


def _missing(places: Sequence[tuple[int, Place]]) -> list[tuple[int, int]]:
    files: list[Files] = [(place.csr, place.key) for _position, place in places]
    found = look(files)
    return [
        (position, place.number)
        for (position, place), pair in zip(places, files, strict=True)
        if not all(found[pair])
    ]


class MissingFiles(QObject):
    """Looks for the files of all requests, folder by folder."""

    found = Signal()
    """More is known."""

    def __init__(self, folders: Folders) -> None:
        super().__init__(folders)
        self.waiting: dict[Path, Sequence[tuple[int, Place]]] = {}
        self._folders = folders
        self._unknown: set[Path] = set()
        self._found: set[tuple[int, int]] = set()
        self._search = 0
        folders.serve(self)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_PAUSE_MS)
        self._soon.timeout.connect(self.found)

    def begin(self, folders: ByFolder) -> None:
        """Look for the files of these requests; forget all others."""
        self._search += 1
        self._found.clear()
        self.waiting = dict(folders)
        self._unknown = set(folders)
        self._folders.go()

    def numbers(self) -> list[int]:
        """Return the requests found so far, in the order of the list."""
        return [number for _position, number in sorted(self._found)]

    @property
    def unknown(self) -> int:
        """How many folders have not answered yet."""
        return len(self._unknown)

    def take(self, folder: Path) -> Errand:
        """Return how to look for the files in the folder."""
        work = partial(_missing, self.waiting.pop(folder))
        return Errand(work, partial(self._learn, folder, self._search))

    def _learn(self, folder: Path, search: int, found: list[tuple[int, int]]) -> None:
        if search != self._search:
            return
        self._unknown.discard(folder)
        self._found.update(found)
        if not self._unknown:
            self._soon.stop()
            self.found.emit()
        elif not self._soon.isActive():
            self._soon.start()
