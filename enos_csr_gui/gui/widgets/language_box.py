"""The languages to choose from; nothing is chosen before the list has been seen."""

from __future__ import annotations

from unicodedata import east_asian_width

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox

_LEAVES = (Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Escape)


class LanguageBox(QComboBox):
    """A box whose keys open the list: choosing changes the whole window at once."""

    def __init__(self) -> None:
        super().__init__()
        # To measure the names would load a font for each script: 3 MB for Chinese.
        self.setSizeAdjustPolicy(self.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    def add(self, name: str, language: str) -> None:
        """Add a language, such as 'zh_CN', by its name in that language."""
        self.addItem(name, language)
        width = sum(2 if east_asian_width(letter) == "W" else 1 for letter in name)
        self.setMinimumContentsLength(max(width, self.minimumContentsLength()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _LEAVES or event.modifiers() & Qt.KeyboardModifier.AltModifier:
            super().keyPressEvent(event)
        elif event.text() or event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_F4):
            self.showPopup()
        else:
            event.ignore()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
