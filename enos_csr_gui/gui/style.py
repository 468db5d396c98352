"""The small layer of looks of our own, over the platform's style."""

from __future__ import annotations

import sys

from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QWidget

SPACING = 8
"""The step, in device-independent pixels, that every distance is a multiple of."""

ROW = 24
"""The least height of a row in a list, which is chosen with a click too."""

ACCENT = "#16917a"
"""The colour of our icons, and of the step that one is at; at least 3 : 1 in light and dark."""

_TARGET = 30
"""The least height of what is to be clicked, for a finger in a glove; WCAG 2.2 asks for 24."""


def enlarge(target: QWidget) -> None:
    """Make it large enough to touch."""
    # On macOS nobody touches the screen, and stretched controls look foreign.
    if target.sizeHint().height() < _TARGET and sys.platform != "darwin":
        target.setMinimumHeight(_TARGET)


def enlarge_all(widget: QWidget) -> None:
    """Make large enough to touch what is to be clicked: it, and all that is in it."""
    from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit  # after the first paint

    for one in (widget, *widget.findChildren(QWidget)):
        is_part = isinstance(one.parentWidget(), QLineEdit | QComboBox)
        if isinstance(one, QAbstractButton | QLineEdit | QComboBox) and not is_part:
            enlarge(one)


def is_dark(palette: QPalette) -> bool:
    """Tell whether text is lighter than what it stands on."""
    return palette.windowText().color().lightness() > palette.window().color().lightness()


def muted(palette: QPalette) -> QColor:
    """Return the colour of what explains: between text and ground, contrast at least 4.5 : 1."""
    text, ground = palette.windowText().color(), palette.window().color()
    mixed = [
        round(0.7 * t + 0.3 * g)
        for t, g in zip(text.getRgb()[:3], ground.getRgb()[:3], strict=True)  # type: ignore[index]
    ]
    return QColor(*mixed)


def problem(palette: QPalette) -> QColor:
    """Return the colour of what is wrong; never the only sign of it."""
    return QColor("#ff9b90" if is_dark(palette) else "#b3261e")


def heading(font: QFont) -> QFont:
    """Return the font of a heading inside a page."""
    bold = QFont(font)
    bold.setBold(True)
    return bold
