"""What is shown while something takes long, and the button that cancels it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from enos_csr_gui.gui import style


class LongWait(QWidget):
    """A sentence and a button; Escape presses it."""

    given_up = Signal()
    """The user does not wait any longer, or has left the page."""

    def __init__(self, what: str, cancel: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cancel = QPushButton(cancel)
        self._cancel.setShortcut("Esc")
        self._cancel.clicked.connect(self.given_up)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(QLabel(what), 1)
        line.addWidget(self._cancel)
        self.setFocusProxy(self._cancel)
        style.ensure_touch_targets(self)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if not event.spontaneous():  # the window may be minimised
            self.given_up.emit()
