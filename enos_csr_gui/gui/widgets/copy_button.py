"""A button that copies a text and says that it did."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton, QWidget

from enos_csr_gui.gui.widgets.field_note import announce
from enos_csr_gui.i18n import _

_SAID_FOR_MS = 2000


class CopyButton(QPushButton):
    """Copies what ``text`` returns when it is pressed."""

    def __init__(self, label: str, text: Callable[[], str], parent: QWidget | None = None) -> None:
        super().__init__(label, parent)
        self._label = label
        self._text = text
        self._copied = _("Copied")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SAID_FOR_MS)
        self._timer.timeout.connect(lambda: self.setText(self._label))
        self.clicked.connect(self._copy)

        width = self.sizeHint().width()
        self.setText(self._copied)
        self.setMinimumWidth(max(width, self.sizeHint().width()))
        self.setText(label)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._text())
        self.setText(self._copied)
        announce(self, self._copied)
        self._timer.start()
