"""An icon of ours, sharp on every screen that the window is moved to."""

from __future__ import annotations

from PySide6.QtGui import QIcon, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from enos_csr_gui import resources
from enos_csr_gui.gui import style


class Picture(QWidget):
    """Shows the icon called ``icon``, ``size`` device-independent pixels wide and high.

    It is larger beside larger text.
    """

    def __init__(self, icon: str, size: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = QIcon(str(resources.icon(icon)))
        side = style.grown(self, size)
        self.setFixedSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._icon.paint(QPainter(self), self.rect())
