"""The steps of the wizard at its side: where one is, what is done, what is to come."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QFontMetrics, QPalette
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
            column.addWidget(label)
        column.addStretch()
        # As wide as the widest name will be when it is the current one: nothing moves then.
        metrics = QFontMetrics(style.heading(self.font()))
        widest = max(metrics.horizontalAdvance(f"▸  {name}") for name in names)
        self.setFixedWidth(widest + 4 * style.SPACING)
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
