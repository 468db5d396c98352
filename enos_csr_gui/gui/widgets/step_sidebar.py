"""The wizard's steps in a sidebar: completed, current and remaining."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from enos_csr_gui import NAME
from enos_csr_gui.gui import style
from enos_csr_gui.i18n import _

_MARK = style.EDGE
"""The height and width of the mark of a step."""
_BRAND = 12 * style.SPACING
"""The height and width of the program's icon."""
_GAP = style.SPACING
"""Between the mark and the name of a step."""


class StepSidebar(QWidget):
    """A list of steps, the current one marked; from the top of the window to its buttons.

    ``names`` are all that may ever be shown: the widest decides the width, so that nothing moves.
    """

    def __init__(self, names: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels: list[QLabel] = []
        self._count = self._current = 0
        self._brand = QWidget()
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Window)
        self.setAccessibleName(_("Steps"))

        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(*[style.EDGE] * 4)
        self._column.setSpacing(style.WIDE)
        self._column.addWidget(self._brand)
        self._column.addStretch()
        metrics = QFontMetrics(style.strong(self.font()))
        widest = max(metrics.horizontalAdvance(name) for name in names)
        self.setFixedWidth(2 * style.EDGE + self._indent() + widest + 1)

    def complete(self) -> None:
        """Add what is not needed for the first look."""
        from PySide6.QtCore import Qt

        from enos_csr_gui.gui.widgets.picture import Picture

        middle = Qt.AlignmentFlag.AlignHCenter
        name = QLabel(NAME)
        name.setFont(style.heading(self.font()))
        row = QVBoxLayout(self._brand)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.SPACING)
        row.addWidget(Picture("app", _BRAND), 0, middle)
        row.addWidget(name, 0, middle)

    def show_brand(self) -> None:
        """Show no steps, at the start or when there is only one."""
        self.show_steps([], 0)
        self._brand.show()

    def show_steps(self, names: Sequence[str], current: int) -> None:
        """Show these steps, the one with the index ``current`` (from 0) as the current one."""
        self._brand.hide()
        while len(self._labels) < len(names):
            label = QLabel()
            label.setContentsMargins(self._indent(), 0, 0, 0)
            label.setMinimumHeight(self._mark())
            self._column.insertWidget(len(self._labels), label)
            self._labels.append(label)
        for label in self._labels[len(names) :]:
            label.hide()
        for index, (label, name) in enumerate(zip(self._labels, names, strict=False)):
            label.setText(name)
            label.setFont(style.strong(self.font()) if index == current else self.font())
            label.setAccessibleName(_said(index, current, len(names), name))
            label.show()
        self._count, self._current = len(names), current
        self.update()

    def _indent(self) -> int:
        return self._mark() + _GAP

    def _mark(self) -> int:
        """Return how wide and high the mark of a step is: its number has room in it."""
        return max(_MARK, round(1.4 * self.fontMetrics().height()))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self._paint_edge()
        if not self._count:
            return
        from PySide6.QtCore import Qt  # takes 16 ms, and the first page has no steps

        size = self._mark()
        places = [
            QRectF(label.x(), label.geometry().center().y() + 1 - size / 2, size, size)
            for label in self._labels[: self._count]
        ]
        palette = self.palette()
        accent, line = style.accent(palette), style.hairline(palette)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for above, below in pairwise(places):
            is_gone = places.index(below) <= self._current
            painter.setPen(QPen(accent if is_gone else line, 2))
            painter.drawLine(
                QPointF(above.center().x(), above.bottom() + 3),
                QPointF(below.center().x(), below.top() - 3),
            )
        for index, place in enumerate(places):
            is_past, is_now = index < self._current, index == self._current
            painter.setPen(QPen(accent if is_past or is_now else style.outline(palette), 1.5))
            painter.setBrush(accent if is_now else QColor(0, 0, 0, 0))
            painter.drawEllipse(place.adjusted(1, 1, -1, -1))
            ink = style.on_accent(palette) if is_now else accent
            if is_past or index == self._count - 1 == self._current:  # that step is complete
                painter.setPen(QPen(ink, 2, c=Qt.PenCapStyle.RoundCap))
                painter.drawPolyline(_tick(place))
                continue
            painter.setPen(ink if is_now else palette.windowText().color())
            painter.setFont(self._labels[index].font())
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, str(index + 1))

    def _paint_edge(self) -> None:
        """Draw a line before the page, on desktops whose windows and fields have one ground."""
        palette = self.palette()
        if palette.window().color() != palette.base().color():
            return
        painter = QPainter(self)
        painter.setPen(QPen(style.hairline(palette), 1))
        x = self.width() - 0.5
        painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))


def _tick(place: QRectF) -> list[QPointF]:
    corner, size = place.topLeft(), place.width()
    parts = ((0.30, 0.52), (0.44, 0.66), (0.70, 0.36))
    return [corner + QPointF(x * size, y * size) for x, y in parts]


def _said(index: int, current: int, count: int, name: str) -> str:
    """Return the screen reader's text for a step."""
    if index < current:
        text = _("Step {number} of {count}, done: {name}")
    elif index == current:
        text = _("Step {number} of {count}, you are here: {name}")
    else:
        text = _("Step {number} of {count}: {name}")
    return text.format(number=index + 1, count=count, name=name)
