"""A line to type into, on every page and in every dialog."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QDragEnterEvent, QPalette
from PySide6.QtWidgets import QApplication, QLineEdit

from enos_csr_gui.gui import style


class Line(QLineEdit):
    """A line edit that leaves dropped files to the window; it would take their URLs as text."""

    def setPlaceholderText(self, text: str) -> None:
        super().setPlaceholderText(text)
        self._recolour()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.placeholderText():
            self._recolour()

    def _recolour(self) -> None:
        """Make the placeholder readable; the platforms' own colour is too pale."""
        palette = self.palette()
        colour = style.muted(QApplication.palette())  # in its own, Fusion's outline is the ground
        if palette.color(QPalette.ColorRole.PlaceholderText) != colour:
            palette.setColor(QPalette.ColorRole.PlaceholderText, colour)
            self.setPalette(palette)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        # Whatever refuses here gets neither the moves nor the drop that follow.
        if event.mimeData().hasUrls():
            event.ignore()
        else:
            super().dragEnterEvent(event)
