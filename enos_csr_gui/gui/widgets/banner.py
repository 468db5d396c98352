"""A notice with buttons."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from enos_csr_gui.gui import style
from enos_csr_gui.gui.widgets.card import Card
from enos_csr_gui.gui.widgets.field_note import announce
from enos_csr_gui.gui.widgets.picture import Picture
from enos_csr_gui.gui.widgets.wrapped_label import WrappedLabel

_ICON = 24


class Banner(Card):
    """An icon, a text, ``buttons``; hidden until there is something to say."""

    def __init__(self, icon: str, *buttons: str, parent: QWidget | None = None) -> None:
        """``icon`` is the name of one in the resources."""
        super().__init__(parent)
        self._text = WrappedLabel()
        self.buttons = [QPushButton(text) for text in buttons]
        row = QHBoxLayout(self)
        row.setContentsMargins(*[style.SPACING] * 4)
        row.setSpacing(style.SPACING)
        row.addWidget(Picture(icon, _ICON))
        row.addWidget(self._text, 1)
        for button in self.buttons:
            row.addWidget(button)
        style.ensure_touch_targets(self)
        self.hide()

    def say(self, text: str, *, offers: Sequence[QPushButton]) -> None:
        """Show the text with these of the buttons; hide the notice if the text is empty."""
        self._text.setText(text)
        for button in self.buttons:
            button.setVisible(button in offers)
        self.setVisible(bool(text))
        announce(self, text)
