"""The steps of the wizard at its side: where one is, what is done, what is to come."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from enos_csr_gui.gui import style
from enos_csr_gui.i18n import _


class Steps(QFrame):
    """A list of steps, the current one marked."""

    def __init__(self, names: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names = names
        self._labels = [QLabel() for _name in names]
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAccessibleName(_("Steps"))

        column = QVBoxLayout(self)
        column.setContentsMargins(*[2 * style.SPACING] * 4)
        column.setSpacing(style.SPACING + 4)
        for label in self._labels:
            label.setTextFormat(Qt.TextFormat.PlainText)
            column.addWidget(label)
        column.addStretch()
        # The widest state of every name, so that nothing moves from step to step.
        for current in range(len(names)):
            self.show_step(current)
            for label in self._labels:
                label.setMinimumWidth(max(label.minimumWidth(), label.sizeHint().width()))
        self.show_step(0)

    def show_step(self, current: int) -> None:
        """Mark the step with this index (from 0) as the current one."""
        for index, (label, name) in enumerate(zip(self._labels, self._names, strict=True)):
            sign = "✓" if index < current else "▸" if index == current else "  "
            label.setText(f"{sign}  {name}")
            label.setFont(style.heading(self.font()) if index == current else self.font())
            label.setAccessibleName(
                _("Step {number} of {count}: {name}").format(
                    number=index + 1, count=len(self._names), name=name
                )
            )
