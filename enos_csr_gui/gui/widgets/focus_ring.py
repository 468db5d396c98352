"""A visible focus ring, in every style, in light and in dark."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QRadioButton,
    QScrollArea,
    QWidget,
)
from shiboken6 import isValid

from enos_csr_gui.gui import style
from enos_csr_gui.gui.widgets.task_link import TaskLink

_WIDTH = 2
_AWAY = 2
"""How far the ring reaches out, in device-independent pixels."""

_MOVES = (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide)


@cache
def show_always(app: QApplication) -> FocusRing:
    """Put a ring around what has the focus, from now on.

    It is kept here: ``findChild`` would take 10 ms to look for it.
    """
    return FocusRing(app)


class FocusRing(QObject):
    """Puts a ring around what has the focus; Qt's styles hardly show it on buttons and lists."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._ring: _Ring | None = None
        # When a page changes, the focus passes over several widgets: only the last one gets a ring.
        self._going = QTimer(self, singleShot=True, interval=0)
        self._going.timeout.connect(self._go)
        app.focusChanged.connect(self._going.start)

    def _go(self) -> None:
        if self._ring and isValid(self._ring):
            self._ring.hide()
            self._ring.deleteLater()
        self._ring = None
        focused = QApplication.focusWidget()
        if focused and not _shows_focus_otherwise(focused):
            self._ring = _Ring(focused)


def _shows_focus_otherwise(widget: QWidget) -> bool:
    """Return whether a window's frame, the chosen row of a popup or a task's colours show it."""
    is_popup = widget.window().windowType() == Qt.WindowType.Popup
    return widget.isWindow() or is_popup or isinstance(widget, TaskLink)


class _Ring(QWidget):
    """Lies over the window of ``target``, and goes where that goes."""

    def __init__(self, target: QWidget) -> None:
        super().__init__(target.window())
        self._target = target
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for widget in self._way():
            widget.installEventFilter(self)
        self._place()

    def _way(self) -> Iterator[QWidget]:
        """Yield the target, and what it is in, up to the window."""
        widget: QWidget | None = self._target
        while widget and widget is not self.window():
            yield widget
            widget = widget.parentWidget()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _MOVES and isValid(self._target):
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        target, window = self._target, self.window()
        size = target.size()
        if isinstance(target, QCheckBox | QRadioButton):
            size.setWidth(min(size.width(), target.sizeHint().width()))  # only its text
        # Around a button that is filled with the same colour, with a gap.
        away = _AWAY + _WIDTH if style.is_primary(target) else _AWAY
        place = QRect(target.mapTo(window, QPoint()), size).adjusted(-away, -away, away, away)
        for widget in self._way():
            if isinstance(widget, QScrollArea):
                view = widget.viewport()
                seen = QRect(view.mapTo(window, QPoint()), view.size())
                place &= seen.adjusted(-_AWAY, -_AWAY, _AWAY, _AWAY)
        self.setGeometry(place & window.rect())
        self.setVisible(target.isVisible())
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(style.accent(self.palette()), _WIDTH))
        inset = _WIDTH / 2
        place = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        painter.drawRoundedRect(place, style.CORNER, style.CORNER)
