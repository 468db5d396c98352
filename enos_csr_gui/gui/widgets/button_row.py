"""Buttons side by side, in further rows where there is no room for all."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from enos_csr_gui.gui import style


class ButtonRow(QWidget):
    """Holds ``buttons``, of which there is at least one.

    Where two rows are needed, the other one begins at the button ``second`` if that is enough.
    Without a layout: Qt's own either keep the width of a row, or are not asked for a height.
    """

    def __init__(
        self,
        *buttons: QAbstractButton,
        second: QAbstractButton | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._buttons = buttons
        self._second = second
        for button in buttons:
            style.ensure_touch_target(button)
            button.setParent(self)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def _places(self, width: int) -> list[QRect]:
        """Return where the buttons are in rows of this width."""
        plain = self._rows(width, None)
        if not self._second or max(place.y() for place in plain) == 0:
            return plain
        grouped = self._rows(width, self._second)
        # For the sake of order, but not of another row.
        return grouped if _bottom(grouped) == _bottom(plain) else plain

    def _rows(self, width: int, begins: QAbstractButton | None) -> list[QRect]:
        """Return the places of the buttons in rows, one of which begins with this button."""
        places, x, y = [], 0, 0
        for button in self._buttons:
            if button.isHidden():
                places.append(QRect())
                continue
            size = button.sizeHint().expandedTo(button.minimumSize())
            if x and (button is begins or x + size.width() > width):
                x, y = 0, y + size.height() + style.SPACING
            places.append(QRect(x, y, size.width(), size.height()))
            x += size.width() + style.SPACING
        return places

    def _size(self, width: int) -> QSize:
        places = self._places(width)
        return QSize(max(place.x() + place.width() for place in places), _bottom(places))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._size(width).height()

    def sizeHint(self) -> QSize:
        return self._size(1 << 16)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._size(0).width(), self.sizeHint().height())

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:  # a button has another text
            self._lay_out()
            self.updateGeometry()
        return done

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def _lay_out(self) -> None:
        for button, place in zip(self._buttons, self._places(self.width()), strict=True):
            button.setGeometry(place)


def _bottom(places: Sequence[QRect]) -> int:
    return max(place.y() + place.height() for place in places)
