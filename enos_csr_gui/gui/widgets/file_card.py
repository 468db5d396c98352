"""One file as a card: an icon, what to do with it, its name and place."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QPushButton, QWidget

from enos_csr_gui.gui import style
from enos_csr_gui.gui.widgets.button_row import ButtonRow
from enos_csr_gui.gui.widgets.card import Card
from enos_csr_gui.gui.widgets.details_grid import DetailsGrid
from enos_csr_gui.gui.widgets.drag_handle import DragHandle
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.picture import Picture
from enos_csr_gui.gui.widgets.wrapped_label import WrappedLabel

_ICON_SIZE = 48


class FileCard(Card):
    """Set ``path`` to where the file is."""

    def __init__(self, icon: str, heading: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title, self.path, self.advice = WrappedLabel(), WrappedLabel(), WrappedLabel()
        self.title.setText(heading)
        self.advice.setText(text)
        self.title.setFont(style.heading(self.font()))

        grid = QGridLayout(self)
        grid.setContentsMargins(*[style.WIDE] * 4)
        grid.setHorizontalSpacing(style.WIDE)
        grid.setVerticalSpacing(style.SPACING)
        grid.setColumnStretch(1, 1)
        grid.addWidget(Picture(icon, _ICON_SIZE), 0, 0, 3, 1, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.title, 0, 1)
        grid.addWidget(self.path, 1, 1)
        grid.addWidget(self.advice, 2, 1)
        self._grid = grid

    def add_facts(self, facts: DetailsGrid) -> None:
        """Put facts between the name and the advice."""
        self._grid.removeWidget(self.advice)
        self._grid.addLayout(facts, 2, 1)
        self._grid.addWidget(self.advice, 3, 1)

    def offer(self, *buttons: QPushButton) -> None:
        """Add what one does with the file."""
        self._grid.setRowMinimumHeight(4, style.SPACING)
        self._grid.addWidget(ButtonRow(*buttons), 5, 1)

    def add_note(self, note: FieldNote) -> None:
        """Add what is said of the last button pressed, below the buttons."""
        self._grid.addWidget(note, 6, 1)

    def let_drag(self, handle: DragHandle) -> None:
        """Add what the file is dragged by."""
        self._grid.addWidget(handle, 7, 1)
