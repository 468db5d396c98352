"""The keys that open the help, and close it again."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget


def add_help_shortcuts(window: QWidget, act: Callable[[], object]) -> None:
    """Have F1, which the button names, and the system's own key for help do this in the window."""
    own = QKeySequence.keyBindings(QKeySequence.StandardKey.HelpContents)
    for key in {QKeySequence("F1"), *own}:
        QShortcut(key, window, act)
