"""Folders that the desktop is asked to show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from enos_csr_gui.core.errors import Code, Problem
from enos_csr_gui.gui import background


def typed_path(text: str) -> Path:
    """Return the path that somebody typed, from the root on; what has no root is below the home."""
    return Path.home() / Path(text.strip()).expanduser()


def existing(folder: Path) -> Path:
    """Return the folder, or the nearest above it that there is: a file dialog begins there."""
    return next((one for one in (folder, *folder.parents) if one.is_dir()), Path.home())


def open_folder(owner: QObject, folder: Path, missing: Callable[[Problem], None]) -> None:
    """Have the desktop show the folder; tell ``missing`` if that cannot be.

    The look whether it is, which may never end on a network drive, keeps nobody waiting.
    """

    def looked(there: bool) -> None:
        if not there:
            missing(Problem(Code.FOLDER_GONE, path=folder))
        elif not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            missing(Problem(Code.FOLDER_NOT_SHOWN, path=folder))

    background.run(owner, folder.is_dir, looked, detached=True)
