"""Enter on a box, a choice or a list goes on to the next page, on every desktop."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QRadioButton, QWidget

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class EnterGoesOn(QObject):
    """Passes Enter from the boxes, the choices and the lists in a widget on to the window.

    On GNOME, Qt would press or open them with it, as Space does everywhere.
    """

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        for kind in (QCheckBox, QRadioButton, QComboBox):
            for one in widget.findChildren(kind):
                if not (isinstance(one, QComboBox) and one.isEditable()):  # which uses it itself
                    one.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.key() in _ENTER:
            event.ignore()  # Qt offers it to the parents, up to the window
            return True
        return super().eventFilter(watched, event)
