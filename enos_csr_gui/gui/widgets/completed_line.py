"""A line that offers completions, and keeps no key that was meant for the next field."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit


class CompletedLine(QLineEdit):
    """Take this one where a QCompleter is set.

    Keys that come while its list is closing, as a scanner types them, still go to the list, and
    QCompleter gives them to the line, although Tab has left it.
    """

    def keyPressEvent(self, event: QKeyEvent) -> None:
        focused = QApplication.focusWidget()
        if focused and not self.hasFocus() and focused.window() is self.window():
            QCoreApplication.sendEvent(focused, event)
        else:
            super().keyPressEvent(event)
