"""The look of a long list of devices."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QAbstractTableModel, QEvent, Qt
from PySide6.QtGui import QHelpEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QStyle, QToolTip

from enos_csr_gui.gui import style
from enos_csr_gui.gui.widgets.plain_table import PlainTable

_NARROWEST = 8
"""The heading and so many letters of each column are seen; with less room, the table scrolls."""


class ListTable(PlainTable):
    """Rows of one height, so that a hundred thousand of them cost no more than those in view.

    The columns share the width of the window, until the user resizes one.
    """

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
        self._least: dict[int, int] = {}
        self._usual: dict[int, int] = {}
        for column, wanted in widths.items():
            heading = columns.sectionSizeHint(column)
            self._least[column] = max(letter * min(wanted, _NARROWEST) + margin, heading)
            self._usual[column] = max(letter * wanted + margin, heading)
            self.setColumnWidth(column, self._usual[column])
        self._is_sharing = self._is_arranged = False
        columns.sectionResized.connect(self._on_resized)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def _on_resized(self, _column: int, old: int, new: int) -> None:
        if self._is_sharing:
            return
        if not old or not new:  # it is shown or hidden now
            self._share()
        elif QApplication.mouseButtons():
            self._is_arranged = True

    def _share(self) -> None:
        """Give each column its part of the room there is."""
        if self._is_arranged or self._is_sharing:
            return
        header, room = self.horizontalHeader(), self.viewport().width()
        shown = [one for one in self._usual if not self.isColumnHidden(one)]
        last = max(shown, key=header.visualIndex)
        least = sum(self._least[one] for one in shown)
        usual = sum(self._usual[one] for one in shown)
        # The last column, which says what is wrong, is the first to get what the others can spare.
        spare = usual - self._usual[last] - (least - self._least[last])
        part = min(1, max(0, usual - room) / spare) if spare else 0
        self._is_sharing = True
        header.setStretchLastSection(least <= room)
        for one in shown:
            if one == last:
                width = self._least[one]  # at least: it takes what is left
            elif room < usual:
                width = round(self._usual[one] - part * (self._usual[one] - self._least[one]))
            else:
                width = self._usual[one] * room // usual
            self.setColumnWidth(one, width)
        self._is_sharing = False

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self.indexAt(event.pos())
            place = self.visualRect(index)
            has_own = bool(index.data(Qt.ItemDataRole.ToolTipRole))
            if not has_own and self.sizeHintForIndex(index).width() > place.width():
                text = str(index.data())  # all of what is elided
                QToolTip.showText(event.globalPos(), text, self.viewport(), place)
                return True
        return super().viewportEvent(event)
