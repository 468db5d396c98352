"""A card: a group on a page, with its own background."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame

from enos_csr_gui.gui import style


class Card(QFrame):
    """Has rounded corners and a ground of its own."""

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(style.hairline(self.palette()), 1))
        painter.setBrush(style.raised(self.palette()))
        place = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(place, style.CORNER, style.CORNER)
