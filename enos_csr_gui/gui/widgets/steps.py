"""The steps of the wizard at its side: where one is, what is done, what is to come."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from enos_csr_gui import NAME
from enos_csr_gui.gui import style
from enos_csr_gui.i18n import _

_DONE, _NOW, _TO_COME = "✓", "▸", "  "
_BAR = 4
"""Width of the bar beside the current step."""


class Steps(QFrame):
    """A list of steps, the current one marked.

    ``names`` are all that may ever be shown: the widest decides the width, so that nothing moves.
    """

    def __init__(self, names: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels: list[QLabel] = []
        self._current: QLabel | None = None
        self._brand = QWidget()
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAccessibleName(_("Steps"))

        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(*[2 * style.SPACING] * 4)
        self._column.setSpacing(style.SPACING + 4)
        self._column.addWidget(self._brand)
        self._column.addStretch()
        # As wide as the widest name will be, done, to come, or the current one.
        plain, bold = QFontMetrics(self.font()), QFontMetrics(style.heading(self.font()))
        widths = [
            metrics.horizontalAdvance(f"{sign}  {name}")
            for name in names
            for metrics, sign in ((bold, _NOW), (plain, _DONE), (plain, _TO_COME))
        ]
        self.setFixedWidth(max(widths) + 4 * style.SPACING + 2 * self.frameWidth() + 2)

    def complete(self) -> None:
        """Add what is not needed for the first look."""
        from PySide6.QtCore import Qt

        from enos_csr_gui.gui.widgets.picture import Picture

        middle = Qt.AlignmentFlag.AlignHCenter
        name = QLabel(NAME)
        name.setFont(style.heading(self.font()))
        row = QVBoxLayout(self._brand)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.SPACING)
        row.addWidget(Picture("app", self.width() // 2), 0, middle)
        row.addWidget(name, 0, middle)

    def show_brand(self) -> None:
        """Show no steps: none has been taken yet, or there is but one."""
        self.show_steps([], 0)
        self._brand.show()

    def show_steps(self, names: Sequence[str], current: int) -> None:
        """Show these steps, the one with the index ``current`` (from 0) as the current one."""
        self._brand.hide()
        while len(self._labels) < len(names):
            label = QLabel()
            self._column.insertWidget(len(self._labels), label)
            self._labels.append(label)
        for label in self._labels[len(names) :]:
            label.hide()
        for index, (label, name) in enumerate(zip(self._labels, names, strict=False)):
            sign = _DONE if index < current else _NOW if index == current else _TO_COME
            label.setText(f"{sign}  {name}")
            label.setFont(style.heading(self.font()) if index == current else self.font())
            label.setAccessibleName(
                _("Step {number} of {count}: {name}").format(
                    number=index + 1, count=len(names), name=name
                )
            )
            label.show()
        self._current = self._labels[current] if names else None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._current:
            place = self._current.geometry()
            half = self._column.spacing() // 2
            place.adjust(0, -half, 0, half)
            place.setLeft(self.rect().left())
            place.setWidth(_BAR)
            QPainter(self).fillRect(place, QColor(style.ACCENT))
