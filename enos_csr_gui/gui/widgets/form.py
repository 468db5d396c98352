"""Rows of a label, a field and below the field its note."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from enos_csr_gui.gui import style
from enos_csr_gui.gui.widgets.details_grid import DetailsGrid
from enos_csr_gui.gui.widgets.field_note import FieldNote


class Form(QGridLayout):
    """Like QFormLayout, but a label stays beside its field when the note wraps, uncut."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setContentsMargins(0, 0, 0, 0)
        self.setHorizontalSpacing(style.WIDE)
        self.setVerticalSpacing(style.SPACING)
        self.setColumnStretch(1, 1)
        self._labels: list[QLabel] = []

    def label_width(self) -> int:
        """Return how wide the widest label is, in device-independent pixels."""
        return max(label.sizeHint().width() for label in self._labels)

    def add_row(
        self, name: str, field: QWidget, note: QWidget | None = None, *beside: QWidget
    ) -> QLabel:
        """Add a row; ``beside`` stands at the right of the field. Return the label."""
        label = QLabel(name)
        label.setBuddy(field)
        if not field.accessibleName():
            field.setAccessibleName(name)  # for what is announced of it, too
        for widget in (field, *beside, *([note] if note else [])):
            style.ensure_touch_targets(widget)
        label.setMinimumHeight(max(field.sizeHint().height(), field.minimumHeight()))
        line = QHBoxLayout()
        line.setSpacing(style.SPACING)
        line.addWidget(field, 1)
        for widget in beside:
            line.addWidget(widget)
        column = QVBoxLayout()
        column.setSpacing(style.TIGHT)
        column.addLayout(line)
        if note:
            column.addWidget(note)
        beside_line = QVBoxLayout()
        beside_line.setSpacing(0)
        beside_line.addWidget(label)
        beside_line.addStretch(1)
        row = self.rowCount()
        self.addLayout(beside_line, row, 0)
        self.addLayout(column, row, 1)
        self._labels.append(label)
        return label

    def add_below(self, widget: QWidget) -> None:
        """Add a row without a label, where the fields begin."""
        self.addWidget(widget, self.rowCount(), 1)

    def add_heading(self, text: str) -> QLabel:
        """Add a quiet heading of the rows that follow; return it."""
        heading = FieldNote(text)
        heading.setFont(style.strong(heading.font()))
        self.addWidget(heading, self.rowCount(), 0, 1, 2)
        return heading


def align(*forms: Form | DetailsGrid) -> None:
    """Have the fields of forms that stand below one another begin at the same place."""
    width = max(form.label_width() for form in forms)
    for form in forms:
        form.setColumnMinimumWidth(0, width)
