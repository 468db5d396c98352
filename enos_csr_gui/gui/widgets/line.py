"""A line to type into, on every page and in every dialog."""

from __future__ import annotations

from PySide6.QtGui import QDragEnterEvent
from PySide6.QtWidgets import QLineEdit


class Line(QLineEdit):
    """A line edit that leaves dropped files to the window; it would take their URLs as text."""

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        # Whatever refuses here gets neither the moves nor the drop that follow.
        if event.mimeData().hasUrls():
            event.ignore()
        else:
            super().dragEnterEvent(event)
