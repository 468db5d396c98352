"""The rows about what has arrived: each request with its certificate, then the foreign ones."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QApplication

from enos_csr_gui.core.batch.collect import Collected, Delivered
from enos_csr_gui.core.batch.pool import Foreign
from enos_csr_gui.core.enums import CertificateStatus
from enos_csr_gui.core.errors import escape_unprintable
from enos_csr_gui.gui import dates, style
from enos_csr_gui.gui.batch_draft import Arrived
from enos_csr_gui.gui.texts import problem_text
from enos_csr_gui.gui.widgets.plain_table import icon_in_table
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels

STATUS, NAME, EXPIRES, SOURCE, REASON = range(5)

_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()

# A view asks for seven roles of each cell that it paints, and to look up an enumeration is slow.
_DISPLAY = int(Qt.ItemDataRole.DisplayRole)
_DECORATION = int(Qt.ItemDataRole.DecorationRole)
_FOREGROUND = int(Qt.ItemDataRole.ForegroundRole)

_ICONS = {
    CertificateStatus.RECEIVED: "status-valid",
    CertificateStatus.ALREADY: "status-valid",
    CertificateStatus.CHANGED: "status-expiring",
    CertificateStatus.EXPIRED: "status-expired",
    CertificateStatus.MISSING: "status-waiting",
}


class ArrivedModel(QAbstractTableModel):
    """Shows the requests at some places among all, and the foreign certificates if wanted."""

    def __init__(self) -> None:
        super().__init__()
        self._devices: Sequence[Collected] = ()
        self._foreign: Sequence[Foreign] = ()
        self._shown: Sequence[int] = ()
        self._icons = {one: icon_in_table(name) for one, name in _ICONS.items()}
        self._of_another = icon_in_table("problem")

    def show_rows(self, arrived: Arrived | None, shown: Sequence[int], *, foreign: bool) -> None:
        """Show the requests at the places ``shown``, then the foreign certificates if asked for."""
        self.beginResetModel()
        self._devices, self._shown = arrived.devices if arrived else (), shown
        self._foreign = arrived.foreign if arrived and foreign else ()
        self.endResetModel()

    def _at(self, number: int) -> Collected | Foreign:
        if number < len(self._shown):
            return self._devices[self._shown[number]]
        return self._foreign[number - len(self._shown)]

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._shown) + len(self._foreign)

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else REASON + 1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> object:
        if orientation != Qt.Orientation.Horizontal or role != _DISPLAY:
            return None
        return (_("Status"), _("Common name"), _("Expires on"), _("File"), _("Remark"))[section]

    def data(self, index: _Index, role: int = _DISPLAY) -> object:
        column = index.column()
        if role == _DISPLAY:
            return self._text(self._at(index.row()), column)
        if role == _DECORATION and column == STATUS:
            row = self._at(index.row())
            return self._icons[row.status] if isinstance(row, Collected) else self._of_another
        if role == _FOREGROUND and column == REASON:
            return style.problem(QApplication.palette())
        return None

    def _text(self, row: Collected | Foreign, column: int) -> str:
        if isinstance(row, Foreign):
            return _text_of_foreign(row, column)
        if column == STATUS:
            return labels.certificate_status(row.status)
        if column == NAME:
            return escape_unprintable(row.record.common_name)
        if column == REASON:
            return problem_text(row.problems[0]) if row.problems else ""
        return _text_of(row.delivered, column) if row.delivered else ""

    def remarks(self, number: int) -> str:
        """Return all that is to be said about a row."""
        row = self._at(number)
        if isinstance(row, Collected):
            return "\n".join(map(problem_text, row.problems))
        return _of_no_request()


def _of_no_request() -> str:
    return _("This certificate is for none of the requests. It is left out.")


def _text_of_foreign(found: Foreign, column: int) -> str:
    if column == STATUS:
        return _("of another key")
    if column == NAME:
        return escape_unprintable(found.name)
    if column == REASON:
        return _of_no_request()
    return _text_of(found, column)


def _text_of(found: Delivered | Foreign, column: int) -> str:
    if column == SOURCE:
        return escape_unprintable(found.source.name)
    return dates.day(found.not_after) if column == EXPIRES and found.not_after else ""
