"""A column that scrolls if the window is too small for it, so that nothing is cut off."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from enos_csr_gui.gui import style

_WIDEST = 140
"""Of the column, in letters of average width."""
_NO_LIMIT = 16_777_215
"""Qt's QWIDGETSIZE_MAX."""


class Scrolling(QScrollArea):
    """Lay widgets out in ``column``."""

    laid_out = Signal()
    """What is inside has its place, perhaps another one than before."""
    scrolled = Signal()
    """The person has scrolled."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._inside = QWidget()
        # On a large screen lines would become too long to read.
        self._inside.setMaximumWidth(_WIDEST * self.fontMetrics().averageCharWidth())
        self.column = QVBoxLayout(self._inside)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(style.SPACING)
        self.verticalScrollBar().actionTriggered.connect(self.scrolled)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setWidget(self._inside)

    def finish(self) -> None:
        """Do what is not needed for the first look, and takes 16 ms."""
        from PySide6.QtCore import Qt

        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # keys come to what is inside, and that scrolls
        # The ground of the page shows through, also when all of it is greyed out.
        self._inside.setAutoFillBackground(False)
        self.viewport().setAutoFillBackground(False)

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self.laid_out.emit()
        return done

    def use_whole_width(self) -> None:
        """Become as wide as there is room: what is in it is no text to read."""
        self._inside.setMaximumWidth(_NO_LIMIT)

    def needed_height(self) -> int:
        """Return the height of the column in the width that there is without a scroll bar.

        ``viewport`` would make PySide create every kind of widget, to find out which one it is.
        """
        self.column.invalidate()  # what is in it may have changed a moment ago
        return self.column.totalHeightForWidth(self.maximumViewportSize().width())

    def full_height(self) -> int:
        """Return the height at which nothing need be scrolled."""
        return self._inside.sizeHint().height()
