"""A label for text without blanks, like a path or a long name: it wraps rather than is cut off."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPointF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from enos_csr_gui.core.errors import escape_unprintable
from enos_csr_gui.gui import style
from enos_csr_gui.messages import labels


class WrappedLabel(QLabel):
    """Plain text that breaks between words, or inside one where a word is wider than the label.

    With ``setWordWrap(False)`` it breaks where the text does, and has the room for that.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heights: dict[int, float] = {}
        self.setTextFormat(Qt.TextFormat.PlainText)  # what stands in a file is no markup
        self.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def setText(self, text: str) -> None:
        # The lines are the program's own: what comes from a file is escaped before.
        text = escape_unprintable(text, keep="\n")
        if text != self.text():
            super().setText(text)
            self._forget_heights()

    def setWordWrap(self, on: bool) -> None:
        super().setWordWrap(on)
        self._forget_heights()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._forget_heights()

    def _forget_heights(self) -> None:
        self._heights.clear()
        self.updateGeometry()

    def show_digest(self, digest: str) -> None:
        """Show a SHA-256 in letters of one width, grouped so that it is easy to compare."""
        self._show_digits(labels.fingerprint(digest))

    def show_serial(self, number: int) -> None:
        """Show the serial number of a certificate in letters of one width."""
        self._show_digits(labels.serial_number(number))

    def _show_digits(self, text: str) -> None:
        self.setFont(style.fixed(self.font()))
        self.setText(text)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        margins = self.contentsMargins()
        room = width - margins.left() - margins.right()
        height = self._heights.get(room)
        if height is None:  # a layout asks many times for the same width
            _layout, height = self._lay_out(room)
            self._heights[room] = height
        height = max(math.ceil(height), self.fontMetrics().lineSpacing())
        return height + margins.top() + margins.bottom()

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(self.font())  # a width is a fraction, and all of it is needed
        lines = self.text().split("\n")
        width = math.ceil(max(map(metrics.horizontalAdvance, lines)))
        height = len(lines) * self.fontMetrics().lineSpacing()
        size = QSize(width, height).grownBy(self.contentsMargins())
        if not self.wordWrap():  # a line may take a fraction more than the font says
            size.setHeight(self.heightForWidth(size.width()))
        return size

    def minimumSizeHint(self) -> QSize:
        if not self.wordWrap():
            return self.sizeHint()
        metrics = self.fontMetrics()
        least = QSize(10 * metrics.averageCharWidth(), metrics.lineSpacing())
        return least.grownBy(self.contentsMargins())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        room = self.contentsRect()
        layout, height = self._lay_out(room.width())
        top = room.top() + max(0.0, (room.height() - height) / 2)
        layout.draw(painter, QPointF(room.left(), top))

    def _lay_out(self, width: int) -> tuple[QTextLayout, float]:
        wrap = QTextOption.WrapMode
        option = QTextOption()
        option.setWrapMode(wrap.WrapAtWordBoundaryOrAnywhere if self.wordWrap() else wrap.NoWrap)
        # To a layout, a line ends with this and nothing else.
        layout = QTextLayout(self.text().replace("\n", "\N{LINE SEPARATOR}"), self.font())
        layout.setTextOption(option)
        height = 0.0
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(width)
            line.setPosition(QPointF(0, height))
            height += line.height()
        layout.endLayout()
        return layout, height
