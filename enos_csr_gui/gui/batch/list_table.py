"""The look of a long list of devices."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QAbstractTableModel, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyle, QTableView

from enos_csr_gui.gui import style


class ListTable(QTableView):
    """Rows of one height, so that a hundred thousand of them cost no more than those in view."""

    def __init__(self, rows: QAbstractTableModel, name: str, widths: Mapping[int, int]) -> None:
        """``name`` is for screen readers; ``widths`` are those of the columns, in letters."""
        super().__init__()
        self.setModel(rows)
        self.setAccessibleName(name)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        lines = self.verticalHeader()
        lines.hide()
        lines.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        lines.setDefaultSectionSize(self.fontMetrics().lineSpacing() + 2 * style.SPACING)
        columns = self.horizontalHeader()
        columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        columns.setHighlightSections(False)
        columns.setStretchLastSection(True)
        columns.setResizeContentsPrecision(0)
        margin = 2 * (self.style().pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin) + 1)
        letter = self.fontMetrics().averageCharWidth()
        for column, wanted in widths.items():
            self.setColumnWidth(
                column, max(letter * wanted + margin, columns.sectionSizeHint(column))
            )
