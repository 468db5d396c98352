"""The requests of this computer as table rows, read from disk when they are displayed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from enum import Enum, IntEnum, auto
from functools import partial
from html import escape
from typing import NamedTuple

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QIcon

from enos_csr_gui import resources
from enos_csr_gui.core import serials
from enos_csr_gui.core.enums import SortBy, Status
from enos_csr_gui.core.errors import CoreError, Problem
from enos_csr_gui.core.history import PastRequest, RequestHistory
from enos_csr_gui.core.subject import SUBJECT_FIELDS
from enos_csr_gui.gui import background, dates
from enos_csr_gui.gui.requests.file_status import FileStatus
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels

_CHUNK = 100
"""How many rows are read at once."""
_CHUNKS_KEPT = 50

_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class Column(IntEnum):
    """The columns, from left to right."""

    NAME = 0
    STATUS = 1
    KIND = 2
    MADE_ON = 3
    ISSUED = 4
    EXPIRES = 5
    FILE = 6
    SERIAL = 7


class Which(Enum):
    """Which requests to show."""

    ALL = auto()
    EXPIRING = auto()
    """Those whose certificates are to be renewed."""
    WAITING = auto()
    EXPIRED = auto()


_STATUSES = {Which.WAITING: Status.WAITING, Which.EXPIRED: Status.EXPIRED}


_SORT = {
    Column.NAME: SortBy.COMMON_NAME,
    Column.STATUS: SortBy.EXPIRES,
    Column.KIND: SortBy.KIND,
    Column.MADE_ON: SortBy.MADE_ON,
    Column.ISSUED: SortBy.ISSUED,
    Column.EXPIRES: SortBy.EXPIRES,
    Column.FILE: SortBy.CSR,
    Column.SERIAL: SortBy.SERIAL,
}


def heading(column: Column) -> str:
    """Return the heading of a column."""
    return {
        Column.NAME: _("Common name"),
        Column.STATUS: _("Status"),
        Column.KIND: _("Kind"),
        Column.MADE_ON: _("Created on"),
        Column.ISSUED: _("Issued on"),
        Column.EXPIRES: _("Expires on"),
        Column.FILE: _("Request file"),
        Column.SERIAL: _("Serial number"),
    }[column]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which requests to show, and in which order."""

    filter_text: str = ""
    which: Which = Which.ALL
    sort: SortBy = SortBy.MADE_ON
    descending: bool = True

    def read(
        self, past: RequestHistory, limit: int | None = None, offset: int = 0
    ) -> list[PastRequest]:
        """Return one part of the requests chosen, by default all of them."""
        return past.requests(
            limit=limit,
            offset=offset,
            filter_text=self.filter_text,
            only_expiring=self.which is Which.EXPIRING,
            status=_STATUSES.get(self.which),
            sort=self.sort,
            descending=self.descending,
        )

    def count(self, past: RequestHistory) -> int:
        """Return how many requests are chosen."""
        return past.count(
            self.filter_text,
            only_expiring=self.which is Which.EXPIRING,
            status=_STATUSES.get(self.which),
        )


class _List(NamedTuple):
    """The result of a query: the first rows, the number of matches, and the total."""

    rows: list[PastRequest]
    chosen: int
    total: int
    notes: tuple[Problem, ...]


class _Chunk(NamedTuple):
    rows: list[PastRequest]
    notes: tuple[Problem, ...]


def _read_list(choice: Choice) -> _List:
    with RequestHistory() as past:
        rows = choice.read(past, _CHUNK)
        chosen = choice.count(past)
        total = past.count()
        return _List(rows, chosen, total, past.notes)


def _read_chunk(choice: Choice, number: int) -> _Chunk:
    with RequestHistory() as past:
        return _Chunk(choice.read(past, _CHUNK, number * _CHUNK), past.notes)


def _icon(name: str) -> QIcon:
    icon = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):  # else a selected one loses its colour
        icon.addFile(str(resources.icon(name)), mode=mode)
    return icon


class RequestModel(QAbstractTableModel):
    """The table model. It reads nothing before ``refresh``, then follows the filter and order."""

    listed = Signal()
    """The latest choice is shown now."""
    failed = Signal(object)
    """The history cannot be read; carries the problems."""
    noticed = Signal(object)
    """The history was damaged and has been renamed; carries the problems."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.total = 0
        """How many requests there are, chosen or not."""
        self.presence = FileStatus(self)
        self.presence.found.connect(self._files_found)
        self._began = False
        self._wanted = self._shown = Choice()
        self._listing: background.Job | None = None
        self._rows = 0
        self._chunks: dict[int, list[PastRequest]] = {}
        self._stale: set[int] = set()
        self._asked: deque[int] = deque(maxlen=3)  # no screen shows more chunks than this
        self._reading: background.Job | None = None
        self._icons = {status: _icon(f"status-{status.value}") for status in Status}
        self._problem = _icon("problem")

    @property
    def choice(self) -> Choice:
        """What is shown."""
        return self._shown

    def refresh(self) -> None:
        """Reload what may have changed meanwhile."""
        self._began = True
        self.presence.look_again()
        self._list()

    def filter(self, text: str) -> None:
        """Show only the requests that contain each word of ``text``."""
        self._choose(replace(self._wanted, filter_text=text.strip()))

    def show_only(self, which: Which) -> None:
        """Show only these requests."""
        self._choose(replace(self._wanted, which=which))

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        descending = order == Qt.SortOrder.DescendingOrder
        self._choose(replace(self._wanted, sort=_SORT[Column(column)], descending=descending))

    def request(self, row: int) -> PastRequest | None:
        """Return the request in a row; None until it has been read."""
        chunk, place = divmod(row, _CHUNK)
        rows = self._chunks.get(chunk)
        if rows is None or chunk in self._stale:
            self._ask(chunk)
        return rows[place] if rows and place < len(rows) else None

    def _choose(self, choice: Choice) -> None:
        if choice != self._wanted:
            self._wanted = choice
            if self._began:
                self._list()

    def _list(self) -> None:
        if self._listing is not None:
            return  # what is wanted then is read when this one has come
        choice = self._wanted

        def settled() -> None:
            self._listing = None

        def done(found: _List) -> None:
            self._show(choice, found)

        self._listing = background.run(
            self, partial(_read_list, choice), done, self._cannot, settled=settled
        )

    def _show(self, choice: Choice, found: _List) -> None:
        self.total = found.total
        if choice == self._shown and found.chosen == self._rows and self._chunks:
            # Probably the same rows: keep the scroll position and the selection.
            self._stale.update(self._chunks)
            self._keep(0, found.rows)
        else:
            self.beginResetModel()
            self._shown, self._rows = choice, found.chosen
            self._chunks = {0: found.rows}
            self._stale.clear()
            self._asked.clear()
            self.endResetModel()
        self.listed.emit()
        if found.notes:
            self.noticed.emit(found.notes)
        if choice != self._wanted:
            self._list()

    def _cannot(self, error: CoreError) -> None:
        self.failed.emit(error.problems)

    def _ask(self, chunk: int) -> None:
        if chunk not in self._asked:
            self._asked.append(chunk)
        self._read()

    def _read(self) -> None:
        if self._reading is not None or not self._asked:
            return
        choice, number = self._shown, self._asked.pop()

        def settled() -> None:
            self._reading = None

        def done(chunk: _Chunk) -> None:
            if choice == self._shown:
                self._keep(number, chunk.rows)
            if chunk.notes:
                self.noticed.emit(chunk.notes)
            self._read()

        self._reading = background.run(
            self, partial(_read_chunk, choice, number), done, self._cannot, settled=settled
        )

    def _keep(self, number: int, rows: list[PastRequest]) -> None:
        self._chunks.pop(number, None)
        self._chunks[number] = rows
        self._stale.discard(number)
        if len(self._chunks) > _CHUNKS_KEPT:
            del self._chunks[next(iter(self._chunks))]
        first = number * _CHUNK
        last = min(first + _CHUNK, self._rows) - 1
        if first <= last:
            self.dataChanged.emit(self.index(first, 0), self.index(last, max(Column)))

    def _files_found(self) -> None:
        if self._rows:
            top, bottom = self.index(0, Column.FILE), self.index(self._rows - 1, Column.FILE)
            self.dataChanged.emit(top, bottom)

    # What Qt asks

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else self._rows

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(Column)

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return heading(Column(section))

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role not in _ROLES:
            return None
        request = self.request(index.row())
        if request is None:
            return "…" if role == Qt.ItemDataRole.DisplayRole and not index.column() else None
        column = Column(index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(request, column)
        if role == Qt.ItemDataRole.DecorationRole:
            return self._icon(request, column)
        return self._text(request, column)

    def _text(self, request: PastRequest, column: Column) -> str:
        match column:
            case Column.NAME:
                return labels.common_name(request.subject)
            case Column.STATUS:
                return labels.request_status(request.status(), request.days_left())
            case Column.KIND:
                return labels.request_kind(request.kind)
            case Column.MADE_ON:
                return dates.day(request.made_on)
            case Column.ISSUED:
                return dates.day(request.issued) if request.issued else ""
            case Column.EXPIRES:
                return dates.day(request.expires) if request.expires else ""
            case Column.SERIAL:
                return "" if request.serial is None else serials.written(request.serial)
            case Column.FILE:
                files = self.presence.of(request)
                missing = labels.missing_files(*files) if files else ""
                return missing or labels.path(request.csr)

    def _icon(self, request: PastRequest, column: Column) -> QIcon | None:
        if column == Column.STATUS:
            return self._icons[request.status()]
        if column == Column.FILE:
            files = self.presence.of(request)
            return self._problem if files and not all(files) else None
        return None

    def _tip(self, request: PastRequest, column: Column) -> str | None:
        if column == Column.NAME:
            lines = [
                labels.named(labels.label(field.key), labels.value(field.key, request.subject))
                for field in SUBJECT_FIELDS
                if field.key in request.subject
            ]
        elif column == Column.FILE:
            lines = [
                _("Request file: {path}").format(path=labels.path(request.csr)),
                _("Key file: {path}").format(path=labels.path(request.key)),
            ]
        else:
            return None
        # As rich text, so that Qt does not interpret markup in the user's text.
        return "<qt>" + "<br>".join(map(escape, lines)) + "</qt>"


_ROLES = frozenset(
    {
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.DecorationRole,
        Qt.ItemDataRole.ToolTipRole,
    }
)
