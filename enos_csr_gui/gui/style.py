"""The small layer of looks of our own, over the platform's style."""

from __future__ import annotations

from PySide6.QtGui import QColor, QFont, QPalette

SPACING = 8
"""The step, in device-independent pixels, that every distance is a multiple of."""


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
