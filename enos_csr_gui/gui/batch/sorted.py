"""What has arrived: which certificates belong to which requests, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QHBoxLayout, QLabel

from enos_csr_gui.core.enums import CertificateStatus
from enos_csr_gui.gui.batch.arrived_model import EXPIRES, NAME, REASON, SOURCE, STATUS, ArrivedModel
from enos_csr_gui.gui.batch.list_table import ListTable
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.texts import problem_text_with_place
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.roomy_rows import make_roomy
from enos_csr_gui.i18n import _, ngettext
from enos_csr_gui.messages import labels

_WIDTHS = {STATUS: 32, NAME: 24, EXPIRES: 16, SOURCE: 20, REASON: 40}

_ALL, _FOREIGN = "all", "foreign"
_UNREADABLE = 3
"""As many files that could not be read are named."""


class ArrivedTable(ListTable):
    """Shows the requests with what has arrived."""

    def __init__(self) -> None:
        self.rows = ArrivedModel()
        super().__init__(self.rows, _("What has arrived"), _WIDTHS)
        self.rows.setParent(self)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.ignore()  # for the button of the wizard that Enter presses
            return
        super().keyPressEvent(event)


class SortedPage(Page):
    """Shows ``draft.arrival.arrived``."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(draft, _("What has arrived"), "")
        self._counts, self._filter = QLabel(), QComboBox()
        self._filter.setAccessibleName(_("Show"))
        make_roomy(self._filter.view())
        self._note = FieldNote()
        self.use_whole_width()

    def build(self) -> Iterator[None]:
        self._table = ArrivedTable()
        yield
        self._note.set_about(self._table)
        above = QHBoxLayout()
        label = QLabel(_("Sho&w"))
        label.setBuddy(self._filter)
        above.addWidget(self._counts)
        above.addStretch(1)
        above.addWidget(label)
        above.addWidget(self._filter)
        self.body.addLayout(above)
        self.body.addWidget(self._table, 1)
        self.body.addWidget(self._note)
        self._filter.currentIndexChanged.connect(self._fill)
        self._table.selectionModel().currentChanged.connect(self._show_note)

    def enter(self) -> None:
        arrived = self.draft.arrival.arrived
        assert arrived is not None
        count = len(arrived.devices) - len(arrived.places[CertificateStatus.MISSING])
        text = ngettext(
            "{count} of {total} requests has its certificate.",
            "{count} of {total} requests have their certificates.",
            count,
        )
        self._counts.setText(text.format(count=count, total=len(arrived.devices)))
        self._counts.setAccessibleDescription(self._counts.text())
        self.explain(
            _("Nothing is saved yet. 'Next' leads to the files for the devices.")
            if count
            else _("Nothing is saved yet.")
        )
        self._filter.blockSignals(True)
        self._filter.clear()
        total = len(arrived.devices) + len(arrived.foreign)
        self._filter.addItem(labels.named(_("all"), str(total)), _ALL)
        for status in CertificateStatus:
            if places := arrived.places[status]:
                text = labels.named(labels.certificate_status(status), str(len(places)))
                self._filter.addItem(text, str(status))
        if arrived.foreign:
            text = labels.named(_("of other keys"), str(len(arrived.foreign)))
            self._filter.addItem(text, _FOREIGN)
        self._filter.setCurrentIndex(0)
        self._filter.blockSignals(False)
        self._fill()

    def take_focus(self) -> None:
        self._table.setFocus()

    def submit(self) -> bool:
        arrived = self.draft.arrival.arrived
        assert arrived is not None
        if len(arrived.places[CertificateStatus.MISSING]) == len(arrived.devices):
            self._note.show_problem(_("No certificate for these requests has arrived."))
            return False
        return True

    def _fill(self) -> None:
        arrived, chosen = self.draft.arrival.arrived, self._filter.currentData()
        if arrived is None:
            return
        shown = range(len(arrived.devices)) if chosen == _ALL else arrived.places.get(chosen, ())
        self._table.rows.show_rows(arrived, shown, foreign=chosen in (_ALL, _FOREIGN))
        if self._table.rows.rowCount():
            self._table.setCurrentIndex(self._table.rows.index(0, STATUS))
        self._show_note()

    def _show_note(self) -> None:
        """Show what is to be said about the current row, or which files could not be read."""
        arrived, index = self.draft.arrival.arrived, self._table.currentIndex()
        remarks = self._table.rows.remarks(index.row()) if index.isValid() else ""
        unread = arrived.problems if arrived else ()
        if remarks or not unread:
            self._note.show_help(remarks)
        else:
            self._note.show_problem("\n".join(map(problem_text_with_place, unread[:_UNREADABLE])))
