"""How strong a passphrase is, as a bar of five parts."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QProgressBar, QWidget

from enos_csr_gui.gui import style
from enos_csr_gui.i18n import _

_PARTS = 5
_GAP = 3


class StrengthMeter(QProgressBar):
    """Shows a score from 0 to 4 in its own colours: the systems' are green however weak it is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRange(0, _PARTS)
        self.setTextVisible(False)
        self.setFixedHeight(self.fontMetrics().height() // 2)
        self.setMinimumWidth(4 * style.SPACING)  # with large letters, a bar wants much more
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # nothing jumps when it appears
        self.setSizePolicy(policy)
        self.setAccessibleName(_("Strength of the passphrase"))

    def show_score(self, score: int) -> None:
        """Show this score."""
        self.setValue(score + 1)

    def colour(self) -> QColor:
        """Return the colour of the parts that are filled."""
        weak, fair = 2, 3
        palette = QApplication.palette()
        if self.value() <= weak:
            return style.problem(palette)
        return (style.caution if self.value() == fair else style.accent)(palette)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        # Not the bar's own palette, in which the window has the colour of outlines.
        empty = style.hairline(QApplication.palette())
        width = (self.width() - _GAP * (_PARTS - 1)) / _PARTS
        for part in range(_PARTS):
            place = QRectF(part * (width + _GAP), 0, width, self.height())
            is_filled = part < self.value()
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.colour() if is_filled else empty)
            painter.drawRoundedRect(place, 2, 2)
