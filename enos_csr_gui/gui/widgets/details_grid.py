"""Rows of a name and what it stands for: to read, not to fill in."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QPushButton, QWidget

from enos_csr_gui.gui import style
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.wrapped_label import WrappedLabel


class DetailsGrid(QGridLayout):
    """Names in the colour of help at the left, values beside them, buttons at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setContentsMargins(0, 0, 0, 0)
        self.setHorizontalSpacing(style.WIDE)
        self.setVerticalSpacing(style.TIGHT)
        self.setColumnStretch(1, 1)
        self._names: list[FieldNote] = []

    def add_row(self, name: str, text: str = "", button: QPushButton | None = None) -> WrappedLabel:
        """Add a row and return the label of the value; an empty name goes on with the row above."""
        value = WrappedLabel()
        value.setText(text)
        row = self.rowCount()
        label = FieldNote(name)
        label.setWordWrap(False)
        self._names.append(label)
        label.setBuddy(value)  # a screen reader says the value, and whose it is
        middle = Qt.AlignmentFlag.AlignVCenter if button else Qt.AlignmentFlag.AlignTop
        self.addWidget(label, row, 0, middle)
        self.addWidget(value, row, 1, 1, 1 if button else 2)
        if button:
            style.ensure_touch_target(button)
            self.addWidget(button, row, 2)
        return value

    def add_note(self, note: FieldNote) -> None:
        """Add what is said of the row above."""
        self.addWidget(note, self.rowCount(), 1, 1, 2)

    def add_heading(self, text: str, button: QPushButton | None = None) -> None:
        """Add the heading of the rows that follow; ``button`` changes any of them."""
        if self.count():
            self.add_gap()
        heading = WrappedLabel()
        heading.setText(text)
        heading.setFont(style.heading(heading.font()))
        row = self.rowCount()
        self.addWidget(heading, row, 0, 1, 2)
        if button:
            style.ensure_touch_target(button)
            self.addWidget(button, row, 2)

    def label_width(self) -> int:
        """Return how wide the widest name is, in device-independent pixels."""
        return max(label.sizeHint().width() for label in self._names)

    def add_gap(self) -> None:
        """Add space before the next row."""
        self.setRowMinimumHeight(self.rowCount(), style.SPACING)
