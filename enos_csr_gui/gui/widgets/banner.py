"""A notice with a button."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from enos_csr_gui.gui import style
from enos_csr_gui.gui.widgets.card import Card
from enos_csr_gui.gui.widgets.field_note import announce
from enos_csr_gui.gui.widgets.picture import Picture
from enos_csr_gui.gui.widgets.wrapped_label import WrappedLabel

_ICON = 24


class Banner(Card):
    """An icon, a text, a button; hidden until there is something to say."""

    def __init__(self, icon: str, button: str, parent: QWidget | None = None) -> None:
        """``icon`` is the name of one in the resources."""
        super().__init__(parent)
        self._text = WrappedLabel()
        self.button = QPushButton(button)
        row = QHBoxLayout(self)
        row.setContentsMargins(*[style.SPACING] * 4)
        row.setSpacing(style.SPACING)
        row.addWidget(Picture(icon, _ICON))
        row.addWidget(self._text, 1)
        row.addWidget(self.button)
        style.ensure_touch_targets(self)
        self.hide()

    def say(self, text: str, *, with_button: bool) -> None:
        """Show the text; hide the notice if it is empty."""
        self._text.setText(text)
        self.button.setVisible(with_button)
        self.setVisible(bool(text))
        announce(self, text)
