"""The table of requests: the look of its rows, its keyboard and mouse actions."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from enos_csr_gui.core.enums import RequestKind, Status
from enos_csr_gui.core.history import PastRequest
from enos_csr_gui.gui import dates, style
from enos_csr_gui.gui.requests.model import Column, RequestModel
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels

_SMALLEST_ICON = 16


def _widest(column: Column) -> list[str]:
    """Return texts that the column should have room for."""
    if column == Column.NAME:
        return ["turbine-0123-east"]
    if column == Column.STATUS:
        return [labels.request_status(status, 60) for status in Status]
    if column == Column.KIND:
        return [labels.request_kind(kind) for kind in RequestKind]
    if column == Column.FILE:
        return []  # it takes what is left
    return [dates.day(datetime(2028, month, 28, tzinfo=UTC)) for month in range(1, 13)]


class _PathDelegate(QStyledItemDelegate):
    """Elides long paths at the beginning, as their end tells more."""

    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        option.textElideMode = Qt.TextElideMode.ElideLeft


class RequestTable(QTableView):
    """Shows ``requests``; one row is the current one."""

    opened = Signal()
    """The user opens the details of the current request."""
    typed = Signal(str)
    """The user has begun to type in the table."""
    current_changed = Signal()
    """The current row has changed, or more is known about it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.requests = RequestModel(self)
        self.setModel(self.requests)
        self.setAccessibleName(_("My requests"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        icon = max(_SMALLEST_ICON, self.fontMetrics().height())
        self.setIconSize(QSize(icon, icon))
        self.setWordWrap(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setItemDelegateForColumn(Column.FILE, _PathDelegate(self))

        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(self.fontMetrics().lineSpacing() + style.SPACING + 2)
        columns = self.horizontalHeader()
        columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        columns.setHighlightSections(False)
        columns.setStretchLastSection(True)
        columns.setResizeContentsPrecision(0)  # of the rows on the screen; others are not read yet
        columns.setMinimumSectionSize(self.fontMetrics().averageCharWidth() * 6)
        columns.setSortIndicator(Column.MADE_ON, Qt.SortOrder.DescendingOrder)
        self.setSortingEnabled(True)
        for column in Column:  # now that there is to be room for the arrow too
            self.setColumnWidth(column, self._width(column))

        self.doubleClicked.connect(self.opened)
        self.selectionModel().currentRowChanged.connect(self.current_changed)
        self.requests.dataChanged.connect(self.current_changed)
        self.requests.modelReset.connect(self._go_to_first)

    def _width(self, column: Column) -> int:
        margin = 2 * (self.style().pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin) + 1)
        width = max(map(self.fontMetrics().horizontalAdvance, _widest(column)), default=0)
        if column in (Column.STATUS, Column.FILE):
            width += self.iconSize().width() + margin
        return max(
            width + margin + style.SPACING // 2, self.horizontalHeader().sectionSizeHint(column)
        )

    def request(self) -> PastRequest | None:
        """Return the current request; None when there is none, or it has not been read yet."""
        index = self.currentIndex()
        return self.requests.request(index.row()) if index.isValid() else None

    def sort_by(self, column: Column) -> None:
        """Sort as a click on the heading does: the second time, the other way round."""
        header = self.horizontalHeader()
        order = Qt.SortOrder.AscendingOrder
        if header.sortIndicatorSection() == column and header.sortIndicatorOrder() == order:
            order = Qt.SortOrder.DescendingOrder
        self.sortByColumn(column, order)

    def _go_to_first(self) -> None:
        if self.requests.rowCount():
            self.setCurrentIndex(self.requests.index(0, 0))
            self.scrollToTop()
        self.current_changed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            # Accepted here: beyond waits the button of the wizard that Enter presses.
            self.opened.emit()
            return
        is_menu = event.key() == Qt.Key.Key_F10
        if is_menu and event.modifiers() == Qt.KeyboardModifier.ShiftModifier:
            # As the menu key, which not every keyboard has.
            where = self.visualRect(self.currentIndex()).center()
            self.customContextMenuRequested.emit(where)
            return
        super().keyPressEvent(event)

    def keyboardSearch(self, text: str) -> None:
        # Qt would look at every row there is, one by one.
        self.typed.emit(text)
