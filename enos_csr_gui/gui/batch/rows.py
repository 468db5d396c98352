"""The rows of the table, checked: what is wrong in which cell, and its correction in place."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QCheckBox, QHBoxLayout, QLabel, QWidget

from enos_csr_gui.core.batch import check, records
from enos_csr_gui.core.batch.check import Checked, Rules
from enos_csr_gui.core.batch.rows import FIELD_KEYS, Rows
from enos_csr_gui.core.defaults import Defaults
from enos_csr_gui.core.errors import CoreError, Problem
from enos_csr_gui.gui import background
from enos_csr_gui.gui.batch.list_table import ListTable
from enos_csr_gui.gui.batch.model import FIRST_FIELD, LINE, REASON, RowModel, reason
from enos_csr_gui.gui.batch_draft import BatchDraft
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.texts import problem_text, problem_text_with_place
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.i18n import _, ngettext
from enos_csr_gui.messages import batch as messages
from enos_csr_gui.messages import labels

_TICK_MS = 200
_NAME = FIRST_FIELD + FIELD_KEYS.index("common_name")
_COUNTRY = FIRST_FIELD + FIELD_KEYS.index("country")


class _Verdict(NamedTuple):
    """What a check has found, and the places of the rows with problems."""

    checked: Checked
    made_before: int
    bad_places: Sequence[int]
    room: list[Problem]


class _Counter:
    """How far a thread is: written there, read here, and no object of Qt."""

    def __init__(self) -> None:
        self.done, self.total = 0, 0

    def __call__(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        background.give_way()


class RowTable(ListTable):
    """Shows the rows; Enter or a double click mends the current cell."""

    editor_closed = Signal()

    def __init__(self) -> None:
        self.rows = RowModel()
        widths = dict.fromkeys(range(REASON + 1), 14) | {LINE: 8, _NAME: 22, REASON: 40}
        widths[_COUNTRY] = 8
        super().__init__(self.rows, _("Rows of the table"), widths)
        self.rows.setParent(self)
        trigger = QAbstractItemView.EditTrigger
        self.setEditTriggers(trigger.DoubleClicked | trigger.EditKeyPressed | trigger.AnyKeyPressed)
        # Which device it is stands beside its line.
        self.horizontalHeader().moveSection(_NAME, LINE + 1)

    @property
    def is_editing(self) -> bool:
        """Whether a cell is being mended just now."""
        return self.state() == QAbstractItemView.State.EditingState

    def closeEditor(self, editor: QWidget, hint: object) -> None:
        super().closeEditor(editor, hint)  # type: ignore[arg-type]
        self.editor_closed.emit()

    def go_to(self, line: int, column: int) -> None:
        """Make a cell the current one: of this line, or else of the next one there is."""
        if self.rows.rowCount():
            self.setCurrentIndex(self.rows.index(max(0, self.rows.place_of(line)), column))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            # Accepted here: beyond waits the button of the wizard that Enter presses.
            if self.currentIndex().flags() & Qt.ItemFlag.ItemIsEditable:
                self.edit(self.currentIndex())
            return
        super().keyPressEvent(event)


class RowsPage(Page):
    """Decides ``draft.batch.checked``."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(draft, _("Check the rows"), "")
        self._counts = QLabel()
        self._only_bad = QCheckBox(_("Show only rows with &errors"))
        self._leave_out = QCheckBox(_("Leave &out the rows with errors"))
        self._leave_out.setToolTip(_("They are listed in rejected.csv, with the reasons."))
        self._note = FieldNote()
        self._checking: background.Job | None = None
        self._waiting: _Verdict | None = None
        self._verdict: _Verdict | None = None
        self._is_late = self._goes_on = False
        self._counter = _Counter()
        self._ticks = QTimer(self, interval=_TICK_MS)
        self._ticks.timeout.connect(self._show_progress)
        self.use_whole_width()

    def build(self) -> Iterator[None]:
        self._table = RowTable()
        yield
        self._note.set_about(self._table)
        above, below = QHBoxLayout(), QHBoxLayout()
        above.addWidget(self._counts)
        above.addStretch(1)
        above.addWidget(self._only_bad)
        below.addWidget(self._leave_out)
        below.addStretch(1)
        self.body.addLayout(above)
        self.body.addWidget(self._table, 1)
        self.body.addWidget(self._note)
        self.body.addLayout(below)
        self._only_bad.toggled.connect(self._filter)
        self._leave_out.toggled.connect(self._show_note)
        self._table.rows.mended.connect(self._mend)
        self._table.editor_closed.connect(self._take_waiting)
        self._table.selectionModel().currentChanged.connect(self._show_note)

    def enter(self) -> None:
        self._verdict = self._waiting = None
        self._goes_on = False
        self._only_bad.setChecked(False)
        self._leave_out.setChecked(False)
        self._table.rows.show_rows(Rows(), (), Rows(), {}, {})
        self.explain(_("Every row is checked before the first key is created."))
        self._counts.setText(_("Checking the rows…"))
        self._note.show_help("")
        self.set_busy(True, _("Checking the rows"))
        self._check()

    def take_focus(self) -> None:
        self._table.setFocus()

    def leave(self) -> None:
        if self._checking:
            self._checking.forget()
        self._checking = None
        self._is_late = False
        self._ticks.stop()
        if self.busy:
            self.set_busy(False)

    @property
    def changed(self) -> bool:
        batch = self.draft.batch
        return batch.mended and not batch.created

    def submit(self) -> bool:
        if self._checking or self._waiting:
            self._goes_on = True  # as soon as the last cell is checked
            self.set_busy(True, _("Checking the rows"))
            return False
        verdict, batch = self._verdict, self.draft.batch
        if verdict is None:
            self.enter()  # the folder could not be read, and may be there now
            return False
        bad = len(verdict.bad_places)
        if bad and (verdict.checked.is_all_bad or not self._leave_out.isChecked()):
            self._table.go_to(verdict.checked.bad[0].line, self._bad_column())
            self._note.show_problem(
                _("Every row has errors. Correct at least one. Nothing is written yet.")
                if verdict.checked.is_all_bad
                else _("Correct the rows with errors, or leave them out. Nothing is written yet.")
            )
            self._table.setFocus()
            return False
        if verdict.room:
            self._note.show_problem(problem_text_with_place(verdict.room[0]))
            return False
        batch.checked, batch.made_before = verdict.checked, verdict.made_before
        return True

    def _bad_column(self) -> int:
        assert self._verdict
        field = self._verdict.checked.bad[0].problems[0].field
        return FIRST_FIELD + FIELD_KEYS.index(field) if field in FIELD_KEYS else _NAME

    # Checking

    def _check(self) -> None:
        batch, defaults = self.draft.batch, self.draft.defaults or Defaults()
        table, folder = batch.table, batch.folder
        assert table is not None
        assert folder is not None
        rules, counter = rules_of(batch, defaults), self._counter
        counter.done, counter.total = 0, len(table.rows)
        snapshot = table._replace(rows=table.rows.copy())  # cells may be mended meanwhile

        def work() -> _Verdict:
            ledger = records.peek(folder)
            checked = check.check(snapshot, ledger, rules, progress=counter)
            places = array("q", map(snapshot.rows.place_of, checked.bad.lines()))
            room = check.check_room(folder, len(checked.good))
            return _Verdict(checked, len(ledger.made), places, room)

        self._is_late = False
        self._ticks.start()
        self._checking = background.run(self, work, self._checked, self._failed, self._settled)

    def _settled(self) -> None:
        self._checking = None
        self._ticks.stop()

    def _show_progress(self) -> None:
        if self._counter.done:
            text = _("Checked {done} of {total} rows.")
            self._counts.setText(text.format(done=self._counter.done, total=self._counter.total))

    def _failed(self, error: CoreError) -> None:
        self.set_busy(False)
        self._goes_on = False
        self._counts.setText("")
        self._note.show_problem(problem_text_with_place(error.problems[0]))

    def _checked(self, verdict: _Verdict) -> None:
        if self._is_late:
            self._check()
            return
        self._waiting = verdict
        self._take_waiting()

    def _take_waiting(self) -> None:
        """Show what was found, unless a cell is being mended: a reset would close its editor."""
        if not self._waiting or self._table.is_editing:
            return
        is_first = self._verdict is None
        self._verdict, self._waiting = self._waiting, None
        self._show(is_first=is_first)
        if self.busy:
            self.set_busy(False)
        if self._goes_on:
            self._goes_on = False
            self.try_to_go_on()

    def _show(self, *, is_first: bool) -> None:
        verdict = self._verdict
        assert verdict is not None
        good, bad = len(verdict.checked.good), len(verdict.bad_places)
        told = [
            ngettext("{count} row is right.", "{count} rows are right.", good).format(count=good),
            ngettext("{count} row has errors.", "{count} rows have errors.", bad).format(count=bad)
            if bad
            else "",
            messages.made_before(verdict.checked.made + len(verdict.checked.found)),
        ]
        self._counts.setText(labels.joined(told))
        self._counts.setAccessibleDescription(self._counts.text())
        self._leave_out.setVisible(bool(bad))
        self._only_bad.setEnabled(bool(bad))
        self.explain(
            _("Press Enter on a cell to correct it. The table file itself is not changed.")
            if bad
            else _("Every row is checked before the first key is created.")
        )
        if is_first or not bad:  # with the last error mended, an empty table would remain
            self._only_bad.blockSignals(True)
            self._only_bad.setChecked(bool(bad))
            self._only_bad.blockSignals(False)
        self._fill(is_first=is_first)

    def _fill(self, *, is_first: bool = False) -> None:
        verdict, batch = self._verdict, self.draft.batch
        if verdict is None or batch.table is None:
            return
        current, rows = self._table.currentIndex(), self._table.rows
        line = rows.row_at(current.row()).line if current.isValid() else 0
        column = current.column() if current.isValid() else _NAME
        places = verdict.bad_places if self._only_bad.isChecked() else range(len(batch.table.rows))
        locked = self.draft.locked
        presets = (self.draft.defaults or Defaults()).presets
        same = {**presets, **batch.same_for_all, **locked}
        rows.show_rows(
            batch.table.rows,
            places,
            verdict.checked.bad,
            {**same, **self.draft.locked},
            self.draft.locked,
        )
        self._table.setColumnHidden(REASON, not verdict.bad_places)
        if is_first and verdict.bad_places:
            column = self._bad_column()
        self._table.go_to(line, column)
        self._show_note()

    def _filter(self) -> None:
        self._fill()

    def _show_note(self, _now: object = None, _before: object = None) -> None:
        """Show what is wrong in the current row, or what the user should know about all."""
        index, verdict = self._table.currentIndex(), self._verdict
        found = self._table.rows.problems_at(index.row()) if index.isValid() else ()
        if found:
            self._note.show_problem("\n".join(map(reason, found)))
        elif verdict:
            self._note.show_help("\n".join(map(problem_text, verdict.checked.notes)))

    # Mending

    def _mend(self, place: int, key: str, text: str) -> None:
        batch = self.draft.batch
        assert batch.table is not None
        batch.table.rows[place] = batch.table.rows[place].mended(key, text)
        batch.mended = True
        self._waiting = None
        if self._checking:
            self._is_late = True
        else:
            self._check()


def rules_of(batch: BatchDraft, defaults: Defaults) -> Rules:
    """Return how the rows of the batch are read."""
    same: Mapping[str, str] = batch.same_for_all
    return Rules(same, defaults, batch.kind)
