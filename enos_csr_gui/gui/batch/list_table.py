"""The look of a long list of devices."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QAbstractTableModel
from PySide6.QtWidgets import QAbstractItemView, QStyle

from enos_csr_gui.gui import style
from enos_csr_gui.gui.widgets.plain_table import PlainTable


class ListTable(PlainTable):
    """Rows of one height, so that a hundred thousand of them cost no more than those in view."""

    def __init__(self, rows: QAbstractTableModel, name: str, widths: Mapping[int, int]) -> None:
        """``name`` is for screen readers; ``widths`` are those of the columns, in letters."""
        super().__init__()
        self.setModel(rows)
        self.setAccessibleName(name)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        height = self.fontMetrics().lineSpacing() + style.WIDE
        self.verticalHeader().setDefaultSectionSize(height)
        columns = self.horizontalHeader()
        margin = 2 * (self.style().pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin) + 1)
        letter = self.fontMetrics().averageCharWidth()
        for column, wanted in widths.items():
            self.setColumnWidth(
                column, max(letter * wanted + margin, columns.sectionSizeHint(column))
            )
