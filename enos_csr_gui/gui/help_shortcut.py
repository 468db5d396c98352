"""The keys that open and close the help, and the text of its button."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from enos_csr_gui.i18n import _

if TYPE_CHECKING:  # each class of Qt takes its time
    from PySide6.QtWidgets import QWidget


def help_label() -> str:
    """Return the text of a button that opens the help, with the key that does so too."""
    text = _("Help (F1)")
    return text.replace("F1", "⌘?") if sys.platform == "darwin" else text


def add_help_shortcuts(window: QWidget, act: Callable[[], object]) -> None:
    """Connect F1 and the system's help key to this in the window."""
    from PySide6.QtGui import QKeySequence, QShortcut  # after the first paint

    own = QKeySequence.keyBindings(QKeySequence.StandardKey.HelpContents)
    for key in {QKeySequence("F1"), *own}:
        QShortcut(key, window, act)
