"""A task to begin: its name and what it is for, as a button."""

from __future__ import annotations

from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QCommandLinkButton, QWidget

_CORNER = 4.0


class TaskLink(QCommandLinkButton):
    """A command link that shows when it has the focus, in styles too that leave that out."""

    def __init__(self, name: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(name, text, parent)
        self._is_complete = False

    def complete(self) -> None:
        """Add what is not needed for the first look: to import it takes 25 ms."""
        self._is_complete = True
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._is_complete and self.hasFocus():
            from PySide6.QtCore import QRectF
            from PySide6.QtGui import QColor, QPainter

            colour = self.palette().highlight().color()
            ground = QColor(colour)
            ground.setAlpha(32)
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(colour)
            painter.setBrush(ground)
            frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
            painter.drawRoundedRect(frame, _CORNER, _CORNER)
            painter.end()
        super().paintEvent(event)
