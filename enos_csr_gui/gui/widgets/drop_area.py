"""Where files can be dropped: a place that says so, and a cover while they are dragged."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from enos_csr_gui.gui import style
from enos_csr_gui.gui.widgets.picture import Picture
from enos_csr_gui.i18n import _

_ICON = 24
_EDGE = 3


def _dashed(colour: QColor, width: float) -> QPen:
    pen = QPen(colour, width)
    pen.setStyle(Qt.PenStyle.DashLine)
    return pen


class DropArea(QFrame):
    """Says what can be dropped, and has a button that pastes. The whole window takes files."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.paste = QPushButton(_("&Paste text"))
        self.paste.setToolTip(
            _("Read a request or a certificate that you have copied as text, or copied files.")
        )
        style.ensure_touch_target(self.paste)
        # No WrappedLabel, which loads the core before the window is complete.
        text = QLabel(_("Or drop files, a folder or a ZIP anywhere on this window."))
        text.setWordWrap(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(style.SPACING, style.TIGHT, style.SPACING, style.TIGHT)
        row.setSpacing(style.SPACING)
        row.addWidget(Picture("inspect", _ICON))
        row.addWidget(text, 1)
        row.addWidget(self.paste)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(_dashed(style.outline(self.palette()), 1))
        place = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(place, style.CORNER, style.CORNER)


class DropCover(QWidget):
    """Covers the window while files are dragged over it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def cover(self) -> None:
        """Cover the window."""
        self.setGeometry(self._window.rect())
        self.raise_()
        self.show()

    def text(self) -> str:
        """Return what it says."""
        return _("Drop the files here")

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = self.palette().window().color()
        ground.setAlpha(225)
        painter.fillRect(self.rect(), ground)
        painter.setPen(_dashed(style.accent(self.palette()), _EDGE))
        margin = style.SPACING + _EDGE
        place = QRectF(self.rect()).adjusted(margin, margin, -margin, -margin)
        painter.drawRoundedRect(place, style.CORNER, style.CORNER)
        painter.setFont(style.title(self.font()))
        painter.setPen(self.palette().windowText().color())
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self.text())
