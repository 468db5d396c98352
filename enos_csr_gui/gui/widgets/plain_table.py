"""The look of a table with many rows."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from enos_csr_gui import resources
from enos_csr_gui.gui import style

_SMALLEST_ICON = 16


def icon_in_table(name: str) -> QIcon:
    """Return an icon that keeps its colour in a selected cell, which would tint it."""
    icon = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):
        icon.addFile(str(resources.icon(name)), mode=mode)
    return icon


class PlainTable(QTableView):
    """Rows of one height and no grid; only those in view cost anything."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFont(style.tabular(self.font()))
        icon = max(_SMALLEST_ICON, self.fontMetrics().height())
        self.setIconSize(QSize(icon, icon))
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        lines = self.verticalHeader()
        lines.hide()
        lines.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        columns = self.horizontalHeader()
        columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        columns.setHighlightSections(False)
        columns.setMinimumHeight(style.ROW)
        columns.setStretchLastSection(True)
        columns.setResizeContentsPrecision(0)  # of the rows on the screen; others are not read yet
