"""The requests of this computer as table rows, read from disk when they are displayed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
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

from enos_csr_gui.core import serials
from enos_csr_gui.core.enums import SortBy, Status
from enos_csr_gui.core.errors import CoreError, Problem
from enos_csr_gui.core.history import PastRequest, RequestHistory, Selection
from enos_csr_gui.core.subject import SUBJECT_FIELDS
from enos_csr_gui.gui import background, dates
from enos_csr_gui.gui.requests.file_status import FileStatus
from enos_csr_gui.gui.requests.folders import Folders
from enos_csr_gui.gui.requests.missing import ByFolder, MissingFiles, by_folder
from enos_csr_gui.gui.widgets.plain_table import icon_in_table
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels

_CHUNK = 100
"""How many rows are read at once."""
_KEPT = 50 * _CHUNK

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
    SITE = 8
    NOTE = 9


class Which(Enum):
    """Which requests to show."""

    ALL = auto()
    EXPIRING = auto()
    """Those whose certificates are to be renewed."""
    WAITING = auto()
    EXPIRED = auto()
    MISSING = auto()
    """Those whose request file or key file is not where it was."""
    ARCHIVED = auto()


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
    Column.SITE: SortBy.SITE,
    Column.NOTE: SortBy.NOTE,
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
        Column.SITE: _("Site"),
        Column.NOTE: _("Note"),
    }[column]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which requests to show, and in which order."""

    filter_text: str = ""
    which: Which = Which.ALL
    sort: SortBy = SortBy.MADE_ON
    descending: bool = True

    def numbers(self, past: RequestHistory) -> list[int]:
        """Return the numbers of the requests chosen, whether files are missing or not."""
        return past.numbers(
            Selection(
                self.filter_text,
                only_expiring=self.which is Which.EXPIRING,
                status=_STATUSES.get(self.which),
                archived=self.which is Which.ARCHIVED,
                sort=self.sort,
                descending=self.descending,
            )
        )

    def folders(self, past: RequestHistory) -> ByFolder:
        """Return where to look for the files of the requests chosen."""
        selection = Selection(self.filter_text, sort=self.sort, descending=self.descending)
        return by_folder(past.places(selection))


class _List(NamedTuple):
    """The result of a query: the numbers of what was found, the first rows, and the totals.

    ``folders`` are where to look when only requests without files are wanted.
    """

    numbers: list[int]
    rows: list[PastRequest]
    folders: ByFolder
    total: int
    archived: int
    worded: frozenset[Column]
    notes: tuple[Problem, ...]


class _Part(NamedTuple):
    rows: list[PastRequest]
    notes: tuple[Problem, ...]


def _read_list(choice: Choice) -> _List:
    with RequestHistory() as past:
        looks = choice.which is Which.MISSING
        numbers = [] if looks else choice.numbers(past)
        rows = past.numbered(numbers[:_CHUNK])
        folders = choice.folders(past) if looks else {}
        words = zip((Column.SITE, Column.NOTE), past.has_words(), strict=True)
        worded = frozenset(column for column, has_any in words if has_any)
        total, archived = past.count(), past.count(archived=True)
        return _List(numbers, rows, folders, total, archived, worded, past.notes)


def _read_part(numbers: list[int]) -> _Part:
    with RequestHistory() as past:
        return _Part(past.numbered(numbers), past.notes)


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
        """How many requests there are that are not archived, chosen or not."""
        self.archived = 0
        """How many requests are archived."""
        self.worded: frozenset[Column] = frozenset()
        """Of the site and the note, those that a request has."""
        folders = Folders(self)
        self.presence = FileStatus(folders)
        self.presence.found.connect(self._files_found)
        self._search = MissingFiles(folders)
        self._search.found.connect(self._missing_found)
        self._began = False
        self._wanted = self._shown = Choice()
        self._listing: background.Job | None = None
        self._numbers: list[int] = []
        self._known: dict[int, PastRequest | None] = {}  # None: it is gone
        self._stale: set[int] = set()
        self._asked: deque[int] = deque(maxlen=3)  # no screen shows more chunks than this
        self._reading: background.Job | None = None
        self._icons = {status: icon_in_table(f"status-{status.value}") for status in Status}
        self._problem = icon_in_table("problem")

    @property
    def choice(self) -> Choice:
        """What is shown."""
        return self._shown

    @property
    def unknown(self) -> int:
        """How many folders have not told yet whether files are missing there."""
        return self._search.unknown if self._shown.which is Which.MISSING else 0

    def numbers(self, rows: range | None = None) -> list[int]:
        """Return the numbers of the requests in these rows, by default all."""
        return self._numbers[rows.start : rows.stop] if rows is not None else list(self._numbers)

    def rows_of(self, numbers: Iterable[int]) -> list[int]:
        """Return the rows in which the requests with these numbers are, in order."""
        wanted = set(numbers)
        return [row for row, number in enumerate(self._numbers) if number in wanted]

    def refresh(self) -> None:
        """Reload what may have changed meanwhile."""
        self._began = True
        self.presence.look_again()
        self._list()

    def look_for_files(self) -> None:
        """Look again for the files of the requests on the screen."""
        self.presence.look_again()
        self._files_found()

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
        number = self._numbers[row]
        if number not in self._known or number in self._stale:
            self._ask(row // _CHUNK)
        return self._known.get(number)

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
        self.total, self.archived, self.worded = found.total, found.archived, found.worded
        self._search.begin(found.folders)
        if choice.which is Which.MISSING:
            # What was found before stays until the new search has found something.
            self._arrange(choice, self._numbers if choice == self._shown else [])
        else:
            self._arrange(choice, found.numbers)
            self._keep(found.numbers[:_CHUNK], found.rows)
        self.listed.emit()
        if found.notes:
            self.noticed.emit(found.notes)
        if choice != self._wanted:
            self._list()

    def _arrange(self, choice: Choice, numbers: list[int]) -> None:
        """Show these requests; where they are the same, keep the scroll position."""
        self._stale.update(self._known)
        if (choice, numbers) != (self._shown, self._numbers):
            self.beginResetModel()
            self._shown, self._numbers = choice, numbers
            self._asked.clear()
            self.endResetModel()

    def _missing_found(self) -> None:
        if self._shown.which is Which.MISSING:
            if (numbers := self._search.numbers()) != self._numbers:
                self.beginResetModel()
                self._numbers = numbers
                self._asked.clear()
                self.endResetModel()
            self.listed.emit()

    def _cannot(self, error: CoreError) -> None:
        self.failed.emit(error.problems)

    def _ask(self, chunk: int) -> None:
        if chunk not in self._asked:
            self._asked.append(chunk)
        self._read()

    def _read(self) -> None:
        if self._reading is not None or not self._asked:
            return
        first = self._asked.pop() * _CHUNK
        numbers = self._numbers[first : first + _CHUNK]

        def settled() -> None:
            self._reading = None

        def done(part: _Part) -> None:
            self._keep(numbers, part.rows)
            if part.notes:
                self.noticed.emit(part.notes)
            self._read()

        self._reading = background.run(
            self, partial(_read_part, numbers), done, self._cannot, settled=settled
        )

    def _keep(self, numbers: list[int], rows: list[PastRequest]) -> None:
        for number in numbers:
            self._known.pop(number, None)
        self._known |= dict.fromkeys(numbers)
        self._known |= {one.number: one for one in rows}
        self._stale.difference_update(numbers)
        while len(self._known) > _KEPT:
            oldest = next(iter(self._known))
            del self._known[oldest]
            self._stale.discard(oldest)
        if self._numbers:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._numbers) - 1, max(Column)))

    def _files_found(self) -> None:
        if self._numbers:
            last = len(self._numbers) - 1
            top, bottom = self.index(0, Column.FILE), self.index(last, Column.FILE)
            self.dataChanged.emit(top, bottom)

    # What Qt asks

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._numbers)

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
            case Column.SITE:
                return request.site
            case Column.NOTE:
                return request.note
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
        elif column in (Column.SITE, Column.NOTE) and (text := self._text(request, column)):
            lines = [text]
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
