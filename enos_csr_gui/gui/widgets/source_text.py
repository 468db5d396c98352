"""Text for engineers: to read, select and copy, with the mouse or the keyboard."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from enos_csr_gui.gui import style


class SourceText(QPlainTextEdit):
    """Shows text as it is, in letters of one width; ``name`` is what a screen reader calls it."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setReadOnly(True)
        # With a cursor, to show that the widget has the focus.
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setTabChangesFocus(True)
        self.setFont(style.fixed(self.font()))
