"""The rows of a table of devices, with what is wrong in which cell."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QBrush, QIcon, QPalette
from PySide6.QtWidgets import QApplication

from enos_csr_gui import resources
from enos_csr_gui.core.batch.table import FIELD_KEYS, Row
from enos_csr_gui.core.errors import Problem, escape_unprintable
from enos_csr_gui.gui import style
from enos_csr_gui.gui.texts import problem_text
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels

LINE, FIRST_FIELD = 0, 1
"""The columns: the number of the line, the fields, and last what is wrong."""
REASON = FIRST_FIELD + len(FIELD_KEYS)

_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()

Problems = Mapping[int, Sequence[Problem]]
"""Line -> what is wrong in it; only the lines with problems."""


class RowModel(QAbstractTableModel):
    """Shows all rows, or those with problems. A cell of a field can be mended."""

    mended = Signal(int, str, str)
    """The place of a row in the table, a field key, and the new text."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: Sequence[Row] = ()
        self._problems: Problems = {}
        self._same: Mapping[str, str] = {}
        self._locked: Mapping[str, str] = {}
        self._shown: Sequence[int] = ()
        self._icon = QIcon(str(resources.icon("problem")))
        self._labels = [labels.label(key) for key in FIELD_KEYS]

    def show_rows(
        self,
        rows: Sequence[Row],
        shown: Sequence[int],
        problems: Problems,
        same: Mapping[str, str],
        locked: Mapping[str, str],
    ) -> None:
        """Show the rows at the places ``shown``; ``same`` and ``locked`` are answers for all."""
        self.beginResetModel()
        self._rows, self._shown, self._problems = rows, shown, problems
        self._same, self._locked = same, locked
        self.endResetModel()

    def row_at(self, number: int) -> Row:
        """Return the row in a line of the view."""
        return self._rows[self._shown[number]]

    def place_of(self, line: int) -> int:
        """Return where the view has the first row whose line is this one or a later one."""
        place = bisect_left(self._shown, line, key=lambda one: self._rows[one].line)
        return min(place, len(self._shown) - 1)

    def problems_at(self, number: int) -> Sequence[Problem]:
        """Return what is wrong in a line of the view."""
        return self._problems.get(self.row_at(number).line, ())

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else REASON + 1

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        if section == LINE:
            return _("Line")
        return _("What is wrong") if section == REASON else self._labels[section - FIRST_FIELD]

    def flags(self, index: _Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if FIRST_FIELD <= index.column() < REASON:
            key = FIELD_KEYS[index.column() - FIRST_FIELD]
            if key not in self._locked:
                flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row, column = self.row_at(index.row()), index.column()
        if column == LINE:
            if role == Qt.ItemDataRole.DecorationRole:
                return self._icon if row.line in self._problems else None
            return str(row.line) if role == Qt.ItemDataRole.DisplayRole else None
        if column == REASON:
            return self._reason(index.row(), role)
        key = FIELD_KEYS[column - FIRST_FIELD]
        given = row.answers[column - FIRST_FIELD]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return escape_unprintable(given or self._same.get(key, ""))
            case Qt.ItemDataRole.EditRole:
                return given
            case Qt.ItemDataRole.DecorationRole:
                return self._icon if self._wrong(row, key) else None
            case Qt.ItemDataRole.ForegroundRole if not given:
                return QBrush(style.muted(QApplication.palette()))
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleDescriptionRole:
                return "\n".join(map(problem_text, self._wrong(row, key))) or None
        return None

    def _wrong(self, row: Row, key: str) -> list[Problem]:
        return [one for one in self._problems.get(row.line, ()) if one.field == key]

    def _reason(self, number: int, role: int) -> object:
        if role == Qt.ItemDataRole.DisplayRole:
            found = self.problems_at(number)
            return "" if not found else reason(found[0])
        if role == Qt.ItemDataRole.ForegroundRole:
            palette: QPalette = QApplication.palette()
            return QBrush(style.problem(palette))
        return None

    def setData(self, index: _Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        column, text = index.column(), str(value)
        if role != Qt.ItemDataRole.EditRole or text == self.data(index, role):
            return False
        self.mended.emit(self._shown[index.row()], FIELD_KEYS[column - FIRST_FIELD], text)
        return True


def reason(problem: Problem) -> str:
    """Return what is wrong, after the field that it is about."""
    text = problem_text(problem)
    return labels.named(labels.label(problem.field), text) if problem.field else text
