"""Folders that the desktop is asked to show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from enos_csr_gui.core.errors import Code, Problem
from enos_csr_gui.gui import work


def open_folder(owner: QObject, folder: Path, missing: Callable[[Problem], None]) -> None:
    """Have the desktop show the folder; tell ``missing`` if it is no longer there.

    The look whether it is, which may never end on a network drive, keeps nobody waiting.
    """

    def looked(there: bool) -> None:
        if there:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
        else:
            missing(Problem(Code.FOLDER_GONE, path=folder))

    work.run(owner, folder.is_dir, looked, apart=True)
