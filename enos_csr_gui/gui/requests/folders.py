"""Look into folders in the background, without waiting for a drive that is gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from PySide6.QtCore import QObject

from enos_csr_gui.gui import background

_AT_ONCE = 32
"""So many folders are looked into at once; each that does not answer holds a thread."""


class Errand(NamedTuple):
    """What to do in a folder: a call for a thread, which holds no QObject, and what follows it."""

    work: Callable[[], Any]
    done: Callable[[Any], None]


class Asker(Protocol):
    """Wants to know something of folders: of those in ``waiting``, until ``take`` is called."""

    @property
    def waiting(self) -> Mapping[Path, Any]:
        """The folders, in the order in which to look into them."""

    def take(self, folder: Path) -> Errand:
        """Return what to do in the folder, which waits no longer."""


class Folders(QObject):
    """Looks into each folder in a thread of its own, and into none twice at the same time.

    A lost network drive may answer after minutes or never: the other folders do not wait for it.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._askers: list[Asker] = []
        self._looking: set[Path] = set()

    def serve(self, asker: Asker) -> None:
        """Look into the folders of this one too, after those of all before."""
        self._askers.append(asker)

    def go(self) -> None:
        """Begin with the folders that wait, as far as threads are free."""
        for asker in self._askers:
            # One that has not answered yet would not answer another question either.
            nearest = islice(asker.waiting, 2 * _AT_ONCE)
            free = [folder for folder in nearest if folder not in self._looking]
            for folder in free[: _AT_ONCE - len(self._looking)]:
                self._looking.add(folder)
                work, done = asker.take(folder)
                background.run(self, work, partial(self._answer, folder, done), detached=True)

    def _answer(self, folder: Path, done: Callable[[Any], None], found: object) -> None:
        self._looking.remove(folder)
        done(found)
        self.go()
