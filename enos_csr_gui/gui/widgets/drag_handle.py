"""A file to be dragged out of the window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QSize, Qt, QUrl
from PySide6.QtGui import QDrag, QIcon, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from enos_csr_gui import resources
from enos_csr_gui.core.errors import escape_unprintable
from enos_csr_gui.gui import style
from enos_csr_gui.i18n import _

_DOTS = 3


class DragHandle(QWidget):
    """Shows the name of a file with a grip; what takes files gets a copy of it."""

    def __init__(self, icon: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = QIcon(str(resources.icon(icon)))
        self._path: Path | None = None
        self._pressed: QPoint | None = None
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setToolTip(
            _("Drag this file with the mouse into an e-mail, a ticket or a folder: a copy goes.")
        )
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def hold(self, path: Path) -> None:
        """Offer this file."""
        self._path = path
        self.setAccessibleName(_("Drag this file: {name}").format(name=self._name()))
        self.updateGeometry()
        self.update()

    def mime_data(self) -> QMimeData:
        """Return what is dragged: the address of the file and nothing else."""
        data = QMimeData()
        if self._path:
            data.setUrls([QUrl.fromLocalFile(str(self._path))])
        return data

    def _name(self) -> str:
        return escape_unprintable(self._path.name) if self._path else ""

    def _icon_size(self) -> int:
        return self.fontMetrics().height()

    def sizeHint(self) -> QSize:
        width = self.fontMetrics().horizontalAdvance(_("Drag: {name}").format(name=self._name()))
        height = self.fontMetrics().lineSpacing() + style.WIDE
        return QSize(width + self._icon_size() + 6 * style.SPACING, height)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._icon_size() + 20 * style.SPACING, self.sizeHint().height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        way = event.position().toPoint() - self._pressed
        if way.manhattanLength() >= QApplication.startDragDistance():
            self._pressed = None
            drag = QDrag(self)
            drag.setMimeData(self.mime_data())
            drag.setPixmap(self._icon.pixmap(2 * self._icon_size()))
            drag.exec(Qt.DropAction.CopyAction)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        del event
        self._pressed = None

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = style.outline(self.palette())
        pen = QPen(colour, 1)
        pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), style.CORNER, style.CORNER)
        painter.setPen(QPen(colour, 2.5, c=Qt.PenCapStyle.RoundCap))
        middle = self.height() // 2
        for column in (style.SPACING, style.SPACING + 5):
            for dot in range(_DOTS):
                painter.drawPoint(column + 1, middle + 5 * (dot - _DOTS // 2))
        size, left = self._icon_size(), style.EDGE
        self._icon.paint(painter, left, middle - size // 2, size, size)
        painter.setPen(self.palette().windowText().color())
        room = self.rect().adjusted(left + size + style.SPACING, 0, -style.SPACING, 0)
        text = _("Drag: {name}").format(name=self._name())
        text = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)
