"""The keyboard shortcuts that open and close the help."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget


def add_help_shortcuts(window: QWidget, act: Callable[[], object]) -> None:
    """Connect F1, which the button shows, and the system's help key to this in the window."""
    own = QKeySequence.keyBindings(QKeySequence.StandardKey.HelpContents)
    for key in {QKeySequence("F1"), *own}:
        QShortcut(key, window, act)
