"""Paths typed by the user, and folders opened on the desktop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from enos_csr_gui.core.errors import Code, Problem
from enos_csr_gui.gui import background


def typed_path(text: str) -> Path:
    """Return a typed path as an absolute path; a relative one is below the home folder."""
    return Path.home() / Path(text.strip()).expanduser()


def existing(folder: Path) -> Path:
    """Return the folder or its nearest existing parent, for a file dialog to start in."""
    return next((one for one in (folder, *folder.parents) if one.is_dir()), Path.home())


def open_folder(owner: QObject, folder: Path, missing: Callable[[Problem], None]) -> None:
    """Open the folder on the desktop; call ``missing`` if it does not exist.

    The check runs in the background, as it may never end on a network drive.
    """

    def looked(there: bool) -> None:
        if not there:
            missing(Problem(Code.FOLDER_GONE, path=folder))
        elif not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            missing(Problem(Code.FOLDER_NOT_SHOWN, path=folder))

    background.run(owner, folder.is_dir, looked, detached=True)
