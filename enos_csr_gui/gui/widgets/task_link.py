"""A task to begin: its name and what it is for, as a button."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from enos_csr_gui.gui import style

_MARGIN = style.SPACING
_FADED = 0.4
"""How opaque the icon of a task is that cannot be chosen now, from 0 to 1."""

# Qt::TextShowMnemonic and Qt::TextWordWrap. To import Qt takes 16 ms, and the links are in the
# first page to be painted.
_MNEMONIC, _WRAP = 0x0800, 0x1000


class TaskLink(QPushButton):
    """A button with an icon, a name, and a text below it.

    Like QCommandLinkButton, whose text has 9 points however large the desktop's font is, and which
    does not show in every style that it has the focus.
    """

    def __init__(self, name: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)  # with its name, PySide would look at the class of icons
        self.setText(name)
        self._description = text
        self._is_complete = False
        self._above = _MARGIN
        self.setAccessibleDescription(text)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def complete(self) -> None:
        """Add what is not needed for the first look: to import it takes 25 ms."""
        from PySide6.QtCore import Qt

        self._is_complete = True
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.update()

    def set_close(self, is_close: bool) -> None:
        """Take less room, above the name and below the text."""
        self._above = style.TIGHT if is_close else _MARGIN
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        widest = max(
            QFontMetrics(style.heading(self.font())).horizontalAdvance(self.text()),
            self.fontMetrics().horizontalAdvance(self._description),
        )
        width = self._text_left() + widest + 1 + _MARGIN  # the width may be a fraction more
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        width = self._text_left() + 20 * self.fontMetrics().averageCharWidth() + _MARGIN
        return QSize(width, self._text_top() + self.fontMetrics().lineSpacing() + self._above)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        room = QRect(0, 0, max(1, width - self._text_left() - _MARGIN), 10_000)
        text = self.fontMetrics().boundingRect(room, _WRAP, self._description)
        return max(self._text_top() + text.height(), self._above + self._icon_size()) + self._above

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        if self._is_complete:
            self._paint_ground(painter)
            self._paint_icon(painter)
        left = self._text_left()
        room = self.rect().adjusted(left, self._above, -_MARGIN, 0)
        font = painter.font()
        painter.setFont(style.heading(font))
        painter.drawText(room, _MNEMONIC, self.text())
        painter.setFont(font)
        painter.drawText(
            room.adjusted(0, self._text_top() - self._above, 0, 0), _WRAP, self._description
        )

    def _paint_icon(self, painter: QPainter) -> None:
        size = self._icon_size()
        painter.setOpacity(1 if self.isEnabled() else _FADED)
        self.icon().paint(painter, QRect(_MARGIN, (self.height() - size) // 2, size, size))
        painter.setOpacity(1)

    def _paint_ground(self, painter: QPainter) -> None:
        from PySide6.QtCore import QRectF
        from PySide6.QtGui import QColor

        if not (self.hasFocus() or self.underMouse() or self.isDown()):
            return
        colour = self.palette().highlight().color()
        ground = QColor(colour)
        ground.setAlpha(64 if self.isDown() else 32 if self.hasFocus() else 16)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colour if self.hasFocus() else QColor(0, 0, 0, 0))
        painter.setBrush(ground)
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(frame, style.CORNER, style.CORNER)
        painter.restore()

    def _icon_size(self) -> int:
        """Return how wide and high the icon is: larger beside larger text."""
        return max(self.iconSize().height(), 2 * self.fontMetrics().lineSpacing())

    def _text_left(self) -> int:
        return 2 * _MARGIN + self._icon_size()

    def _text_top(self) -> int:
        """Return where the description begins."""
        return self._above + QFontMetrics(style.heading(self.font())).lineSpacing()
