"""The table of requests: the look of its rows, its keyboard and mouse actions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QStyle,
    QStyleOptionViewItem,
    QWidget,
)

from enos_csr_gui.core.enums import RequestKind, Status
from enos_csr_gui.core.history import PastRequest
from enos_csr_gui.gui import dates, style
from enos_csr_gui.gui.requests.model import Column, RequestModel
from enos_csr_gui.gui.widgets.plain_table import PlainTable
from enos_csr_gui.gui.widgets.roomy_rows import ClearDelegate
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels

_RESTORED = 1000
"""So many selected rows are selected again after the list has changed."""

_AT_FIRST = frozenset(Column) - {Column.SERIAL, Column.ISSUED}
"""The columns that are shown until the user chooses, as far as there is room.

Without the start of the validity, a site or a note takes the place of no other column.
"""

_ORDER = (
    Column.NAME,
    Column.STATUS,
    Column.SITE,
    Column.KIND,
    Column.MADE_ON,
    Column.ISSUED,
    Column.EXPIRES,
    Column.NOTE,
    Column.SERIAL,
    Column.FILE,
)

_LEAST_NEEDED = (
    Column.MADE_ON,
    Column.KIND,
    Column.FILE,
    Column.NOTE,
    Column.SITE,
    Column.EXPIRES,
)
"""The columns that a window without room for all leaves out, one after the other."""

_PAUSE_MS = 300
"""After the last change of a column, before it is remembered."""


def _widest(column: Column) -> list[str]:
    """Return texts that the column should have room for."""
    if column == Column.NAME:
        return ["turbine-0123-east"]
    if column == Column.STATUS:
        return [labels.request_status(status, 60) for status in Status]
    if column == Column.KIND:
        return [labels.request_kind(kind) for kind in RequestKind]
    if column == Column.FILE:
        return [labels.missing_files(False, False)]  # or what is left
    if column in (Column.SITE, Column.NOTE):
        return ["m" * 5]
    if column == Column.SERIAL:
        return ["4" * 24]  # most are longer, and can be widened
    return [dates.day(datetime(2028, month, 28, tzinfo=UTC)) for month in range(1, 13)]


class _PathDelegate(ClearDelegate):
    """Elides long paths at the beginning, as their end tells more."""

    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        option.textElideMode = Qt.TextElideMode.ElideLeft


class RequestTable(PlainTable):
    """Shows ``requests``; one row is the current one, and several can be selected."""

    opened = Signal()
    """The user opens the details of the current request."""
    typed = Signal(str)
    """The user has begun to type in the table."""
    arranged = Signal()
    """The user has shown, hidden, moved or resized a column; see ``columns``."""
    current_changed = Signal()
    """The current row or the selection has changed, or more is known about it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.requests = RequestModel(self)
        self._widths: dict[Column, int] = {}  # those that the user has chosen
        self._wanted = set(_AT_FIRST)
        self._empty = {Column.SITE, Column.NOTE}
        self._kept: tuple[int | None, int, list[int]] = (None, 0, [])
        self._shown_before = self.requests.choice
        self.setModel(self.requests)
        self.setAccessibleName(_("My requests"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setItemDelegate(ClearDelegate(self))
        self.setItemDelegateForColumn(Column.FILE, _PathDelegate(self))

        height = max(style.ROW, self.fontMetrics().lineSpacing() + style.SPACING)
        self.verticalHeader().setDefaultSectionSize(height)
        columns = self.horizontalHeader()
        columns.setMinimumSectionSize(self.fontMetrics().averageCharWidth() * 6)
        columns.setSortIndicator(Column.MADE_ON, Qt.SortOrder.DescendingOrder)
        self.setSortingEnabled(True)
        for column in Column:  # now that there is to be room for the arrow too
            self.setColumnWidth(column, self._width(column))
        for place, column in enumerate(_ORDER):
            columns.moveSection(columns.visualIndex(column), place)
        columns.setSectionsMovable(True)
        columns.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_PAUSE_MS)
        self._soon.timeout.connect(self.arranged)
        columns.sectionResized.connect(self._on_resized)
        columns.sectionMoved.connect(self._soon.start)

        self.doubleClicked.connect(self.opened)
        self.selectionModel().selectionChanged.connect(self.current_changed)
        self.requests.dataChanged.connect(self.current_changed)
        self.requests.modelAboutToBeReset.connect(self._keep)
        self.requests.modelReset.connect(self._restore)
        self.requests.listed.connect(self._fit)
        self._fit()

    def _width(self, column: Column) -> int:
        margin = 2 * (self.style().pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin) + 1)
        width = max(map(self.fontMetrics().horizontalAdvance, _widest(column)), default=0)
        if column in (Column.STATUS, Column.FILE):
            width += self.iconSize().width() + margin + style.TIGHT
        return max(width + margin + style.TIGHT, self.horizontalHeader().sectionSizeHint(column))

    def columns(self) -> list[tuple[str, int, bool]]:
        """Return each column from left to right: its name, its width, and whether it is shown."""
        header = self.horizontalHeader()
        order = sorted(Column, key=header.visualIndex)
        return [(one.name, self._shown_width(one), one in self._wanted) for one in order]

    def arrange(self, columns: Sequence[tuple[str, int, bool]]) -> None:
        """Arrange the columns as ``columns`` returned it; what is unknown changes nothing."""
        header = self.horizontalHeader()
        for place, (name, width, is_shown) in enumerate(columns):
            if name not in Column.__members__:
                continue
            column = Column[name]
            header.moveSection(header.visualIndex(column), min(place, len(Column) - 1))
            if is_shown:
                self._wanted.add(column)
            elif column is not Column.NAME:
                self._wanted.discard(column)
            if width > 0 and width != self._width(column):
                self._widths[column] = width
        self._fit()
        for column, width in self._widths.items():
            self.setColumnWidth(column, width)
        self._fit_files()
        self._soon.stop()  # nothing new to remember

    def show_column(self, column: Column, is_shown: bool) -> None:
        """Show or hide a column. From then on, no column is left out for want of room."""
        self._wanted = {one for one in self._wanted if not self._has_no_room(one)}
        if is_shown:
            self._wanted.add(column)
            self._empty.discard(column)
        else:
            self._wanted.discard(column)
        self._fit()
        if is_shown:
            self.scrollTo(self.requests.index(max(0, self.currentIndex().row()), column))
        self._soon.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _has_no_room(self, column: Column) -> bool:
        return self.isColumnHidden(column) and column not in self._empty

    def _fit(self) -> None:
        """Show the columns that are wanted; while the user has not chosen any, as many as fit.

        The site and the note are left out until a request has one, or the user wants them.
        """
        self._empty -= self.requests.worded
        shown = self._wanted - self._empty
        if self._wanted == _AT_FIRST and not self._widths:
            room = self.viewport().width()
            for column in _LEAST_NEEDED:
                if sum(map(self._width, shown)) <= room:
                    break
                shown.discard(column)
        for column in Column:
            was_hidden = self.isColumnHidden(column)
            if was_hidden != (column not in shown):
                self.setColumnHidden(column, column not in shown)
                if was_hidden:
                    self.setColumnWidth(column, self._shown_width(column))
        self._fit_files()

    def _fit_files(self) -> None:
        """Give the files what is left at the right, but never less than it takes to read them."""
        header = self.horizontalHeader()
        wanted = 0 if self.isColumnHidden(Column.FILE) else self._shown_width(Column.FILE)
        others = header.length() - header.sectionSize(Column.FILE)
        has_room = self.viewport().width() - others >= wanted
        header.setStretchLastSection(has_room)
        if wanted and not has_room:
            header.resizeSection(Column.FILE, wanted)

    def _shown_width(self, column: Column) -> int:
        """Return the width of a column when it is shown."""
        return self._widths.get(column) or self._width(column)

    def _on_resized(self, column: int, _old: int, new: int) -> None:
        header = self.horizontalHeader()
        is_last = header.visualIndex(column) == header.count() - 1
        if new and not is_last and QApplication.mouseButtons():  # else it is the window's doing
            self._widths[Column(column)] = new
            self._soon.start()

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

    def selected(self) -> list[int]:
        """Return the numbers of the requests in the selected rows, from top to bottom."""
        selection = self.selectionModel().selection()
        parts = map(selection.at, range(selection.count()))
        ranges = sorted({(one.top(), one.bottom()) for one in parts})
        numbers: list[int] = []
        end = 0
        for top, bottom in ranges:
            if bottom >= end:  # a row may be in several ranges, one for each column
                numbers += self.requests.numbers(range(max(top, end), bottom + 1))
                end = bottom + 1
        return numbers

    def _keep(self) -> None:
        """Remember where the user is, for when the list has changed."""
        row = self.currentIndex().row()
        current = self.requests.numbers(range(row, row + 1)) if row >= 0 else []
        self._kept = (current[0] if current else None, row, self.selected()[:_RESTORED])
        self._shown_before = self.requests.choice

    def _restore(self) -> None:
        """Go where the user was, if the same requests are wanted; else to the first one."""
        count = self.requests.rowCount()
        number, row, selected = self._kept
        if count:
            same = self.requests.choice == self._shown_before
            rows = self.requests.rows_of([number, *selected] if number else []) if same else []
            now = self.requests.rows_of([number]) if same and number else []
            place = now[0] if now else min(row, count - 1) if same and row >= 0 else 0
            self.setCurrentIndex(self.requests.index(place, 0))
            if now and len(rows) > 1:
                self._select(rows)
            if not same:
                self.scrollToTop()
        self.current_changed.emit()

    def _select(self, rows: Sequence[int]) -> None:
        chosen = QItemSelection()
        for row in rows:
            index = self.requests.index(row, 0)
            chosen.select(index, index)
        flags = QItemSelectionModel.SelectionFlag
        self.selectionModel().select(chosen, flags.ClearAndSelect | flags.Rows)

    def selectionCommand(
        self, index: QModelIndex | QPersistentModelIndex, event: QEvent | None = None
    ) -> QItemSelectionModel.SelectionFlag:
        if not index.isValid():  # a click below the last row, which selects nothing else
            return QItemSelectionModel.SelectionFlag.NoUpdate
        return super().selectionCommand(index, event)

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
