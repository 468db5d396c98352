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
from PySide6.QtWidgets import QApplication

from enos_csr_gui.core.batch.rows import FIELD_KEYS, Row, Rows
from enos_csr_gui.core.errors import Problem, escape_unprintable
from enos_csr_gui.gui import style
from enos_csr_gui.gui.texts import problem_text
from enos_csr_gui.gui.widgets.plain_table import icon_in_table
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels

LINE, FIRST_FIELD = 0, 1
"""The columns: the number of the line, the fields, and last what is wrong."""
REASON = FIRST_FIELD + len(FIELD_KEYS)

_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()

# Enumerations of PySide are slow to combine, and a view asks for the flags of every cell.
_SHOWN = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemNeverHasChildren
_MENDABLE = _SHOWN | Qt.ItemFlag.ItemIsEditable


# A view asks for seven roles of each cell that it paints, and to look up an enumeration is slow.
_DISPLAY = int(Qt.ItemDataRole.DisplayRole)
_DECORATION = int(Qt.ItemDataRole.DecorationRole)
_EDIT = int(Qt.ItemDataRole.EditRole)
_FOREGROUND = int(Qt.ItemDataRole.ForegroundRole)
_ABOUT = (int(Qt.ItemDataRole.ToolTipRole), int(Qt.ItemDataRole.AccessibleDescriptionRole))
_ROLES = frozenset({_DISPLAY, _DECORATION, _EDIT, _FOREGROUND, *_ABOUT})

_IN_VIEW = 128
"""So many rows are at hand, for all those questions: more than there are in a view."""


class RowModel(QAbstractTableModel):
    """Shows all rows, or those with problems. A cell of a field can be mended."""

    mended = Signal(int, str, str)
    """The place of a row in the table, a field key, and the new text."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows = Rows()
        self._bad = Rows()
        self._same: Mapping[str, str] = {}
        self._locked: Mapping[str, str] = {}
        self._shown: Sequence[int] = ()
        self._seen: dict[int, tuple[Row, Sequence[Problem]]] = {}
        self._icon = icon_in_table("problem")
        self._labels = [labels.label(key) for key in FIELD_KEYS]

    def show_rows(
        self,
        rows: Rows,
        shown: Sequence[int],
        bad: Rows,
        same: Mapping[str, str],
        locked: Mapping[str, str],
    ) -> None:
        """Show the rows at the places ``shown``; ``bad`` are those with problems.

        ``same`` and ``locked`` are answers for all.
        """
        self.beginResetModel()
        self._rows, self._shown, self._bad = rows, shown, bad
        self._same, self._locked = same, locked
        self._seen = {}
        self.endResetModel()

    def row_at(self, number: int) -> Row:
        """Return the row in a line of the view."""
        return self._at(number)[0]

    def place_of(self, line: int) -> int:
        """Return where the view has the first row whose line is this one or a later one."""
        place = bisect_left(self._shown, self._rows.place_of(line))
        return min(place, len(self._shown) - 1)

    def problems_at(self, number: int) -> Sequence[Problem]:
        """Return what is wrong in a line of the view."""
        return self._at(number)[1]

    def _at(self, number: int) -> tuple[Row, Sequence[Problem]]:
        """Return the row in a line of the view, and what is wrong in it."""
        if (seen := self._seen.get(number)) is None:
            if len(self._seen) == _IN_VIEW:
                self._seen = {}
            row = self._rows[self._shown[number]]
            bad = self._bad.in_line(row.line)
            seen = self._seen[number] = row, bad.problems if bad else ()
        return seen

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else REASON + 1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> object:
        if orientation != Qt.Orientation.Horizontal or role != _DISPLAY:
            return None
        if section == LINE:
            return _("Line")
        return _("What is wrong") if section == REASON else self._labels[section - FIRST_FIELD]

    def flags(self, index: _Index) -> Qt.ItemFlag:
        column = index.column()
        is_field = FIRST_FIELD <= column < REASON
        can_mend = is_field and FIELD_KEYS[column - FIRST_FIELD] not in self._locked
        return _MENDABLE if can_mend else _SHOWN

    def data(self, index: _Index, role: int = _DISPLAY) -> object:
        if role not in _ROLES:
            return None
        (row, found), column = self._at(index.row()), index.column()
        if column == LINE:
            if role == _DECORATION:
                return self._icon if found else None
            return str(row.line) if role == _DISPLAY else None
        if column == REASON:
            return _reason(found, role)
        place = column - FIRST_FIELD
        given = row.answers[place]
        if role == _DISPLAY:
            return escape_unprintable(given or self._same.get(FIELD_KEYS[place], ""))
        if role == _EDIT:
            return given
        if role == _FOREGROUND:
            return None if given else style.muted(QApplication.palette())
        wrong = [one for one in found if one.field == FIELD_KEYS[place]]
        if role == _DECORATION:
            return self._icon if wrong else None
        return "\n".join(map(problem_text, wrong)) or None

    def setData(self, index: _Index, value: object, role: int = _EDIT) -> bool:
        column, text = index.column(), str(value)
        if role != _EDIT or text == self.data(index, role):
            return False
        self.mended.emit(self._shown[index.row()], FIELD_KEYS[column - FIRST_FIELD], text)
        self._seen = {}
        return True


def _reason(found: Sequence[Problem], role: int) -> object:
    if role == _DISPLAY:
        return problem_text(found[0]) if found else ""  # of which field, its cell shows
    return style.problem(QApplication.palette()) if role == _FOREGROUND else None


def reason(problem: Problem) -> str:
    """Return what is wrong, after the field that it is about."""
    text = problem_text(problem)
    return labels.named(labels.label(problem.field), text) if problem.field else text
