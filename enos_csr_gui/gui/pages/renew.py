"""Which certificate is to be renewed: the file that the answers are taken from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHeaderView,
    QLabel,
    QSizePolicy,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from enos_csr_gui.core import files, renew
from enos_csr_gui.core.errors import CoreError
from enos_csr_gui.core.file_types import RENEWABLE_SUFFIXES, patterns
from enos_csr_gui.core.history import HistoryUnavailable, PastRequest, RequestHistory
from enos_csr_gui.core.renew import RenewalSource
from enos_csr_gui.gui import background, dates
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.navigation import Task
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.texts import shortened
from enos_csr_gui.gui.widgets.file_chooser import FileChooser
from enos_csr_gui.gui.widgets.roomy_rows import make_roomy
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels

_MOST_LISTED = 200
"""Who has more requests than one looks through here finds them on the page of all requests."""


class _Choice(NamedTuple):
    request: PastRequest
    file: Path
    """The request file or the certificate, whichever is still there, or where it was."""


class _Choices(QTreeWidget):
    """A list in columns, in which nothing is chosen before the person chooses it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHeaderLabels([_("Common name"), _("Status"), _("Created on")])
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        head = self.header()
        head.setStretchLastSection(False)
        head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = (Qt.Key.Key_Down, Qt.Key.Key_Up)
        current = self.currentItem()
        if event.key() in keys and not self.selectedItems() and current:
            current.setSelected(True)  # it is the first, and not left out
        else:
            super().keyPressEvent(event)


class RenewPage(Page):
    """Takes the answers of the draft from an old request or certificate."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(
            draft,
            _("Which certificate?"),
            _("The answers come from the old certificate, or from its request."),
        )
        self._chooser = FileChooser(
            _("Old file"),
            _("The old request file (its name ends in .csr) or the certificate (.pem, .crt)."),
            _("Requests and certificates ({patterns})").format(
                patterns=patterns(*RENEWABLE_SUFFIXES)
            ),
            draft.folder,
            takes_several=True,
        )
        self._list = _Choices()
        self._list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        make_roomy(self._list)
        self._list.itemClicked.connect(self._take)
        # Not when a row becomes the current one: that it does when Tab leads to the list.
        self._list.itemSelectionChanged.connect(self._take_selected)
        self._list.itemActivated.connect(self._go_on_with)
        self._label = QLabel(_("Or one of &your requests:"))
        self._label.setBuddy(self._list)
        self._listing: background.Job | None = None
        self._chooser.edited.connect(self._mark_choice)
        self._chooser.several_chosen.connect(self.take_files)

        self.body.addWidget(self._chooser)
        self.body.addWidget(self._label)
        self.body.addWidget(self._list, 1)
        self.body.addStretch(0)
        self._show_choices([])

    def enter(self) -> None:
        if self.draft.source:
            self._chooser.set_path(self.draft.source.file)
        else:
            self._chooser.clear()
        self._listing = background.run(self, _choices, self._show_choices)

    def take_focus(self) -> None:
        self._chooser.setFocus()

    def take_files(self, files: Sequence[Path]) -> bool:
        if len(files) == 1:
            self._take_file(files[0])
        else:
            self.wait_for(
                lambda: renew.read_source(*files).file,
                self._take_file,
                lambda _error: self.task_wanted.emit(Task.INSPECT, list(files)),
                _("Reading the old file"),
            )
        return True

    def _take_file(self, file: Path) -> None:
        self._chooser.set_path(file)
        self.focus_way_on()

    def submit(self) -> bool:
        path = self._chooser.path()
        if path is None:
            if self._list.isVisible():
                problem = _("Choose the old file, or one of your requests below.")
            else:
                problem = _("Choose the old file.")
            self._chooser.show_problem(problem)
            return False
        folder = self.draft.folder

        def read() -> tuple[RenewalSource, str, bool]:
            old = renew.read_source_or_history(path)
            if old.serial is None:
                old = old._replace(serial=renew.newest_serial(old.common_name))
            name = files.free_name(folder, files.safe_name(old.common_name))
            return old, name, renew.has_protected_key(old)

        def taken(result: tuple[RenewalSource, str, bool]) -> None:
            old, name, was_protected = result
            if old != self.draft.source:  # who comes back to it goes on with what was changed
                self.draft.renew(old, name)
                self.draft.was_protected = was_protected
            self.go_on()

        def refused(error: CoreError) -> None:
            self._chooser.show_problem(error.problems[0])

        self.wait_for(read, taken, refused, _("Reading the old file"))
        return False

    def _show_choices(self, choices: Sequence[_Choice]) -> None:
        with QSignalBlocker(self._list):  # while rows go, Qt chooses others of those that are left
            self._list.clear()
            for choice in choices:
                item = QTreeWidgetItem(_cells(choice.request))
                item.setData(0, Qt.ItemDataRole.UserRole, choice.file)
                self._list.addTopLevelItem(item)
        self._mark_choice()
        self._label.setVisible(bool(choices))
        self._list.setVisible(bool(choices))

    def _mark_choice(self) -> None:
        """Have the row chosen whose file stands in the field above, and no other."""
        path = self._chooser.path()
        rows = map(self._list.topLevelItem, range(self._list.topLevelItemCount()))
        items = [item for item in rows if item]
        same = [item for item in items if _file(item) == path]
        if any(item.isSelected() for item in same):
            return
        with QSignalBlocker(self._list):
            self._list.clearSelection()
            if same:
                self._list.setCurrentItem(same[0])

    def _go_on_with(self, item: QTreeWidgetItem) -> None:
        self._take(item)
        self.try_to_go_on()

    def _take_selected(self) -> None:
        for item in self._list.selectedItems():
            self._take(item)

    def _take(self, item: QTreeWidgetItem) -> None:
        self._chooser.set_path(_file(item))


def _file(item: QTreeWidgetItem) -> Path:
    file: Path = item.data(0, Qt.ItemDataRole.UserRole)
    return file


def _choices() -> list[_Choice]:
    """Return the requests that can be renewed, what expires next first."""
    with RequestHistory() as history:
        try:
            past = [*history.expiring(), *history.requests(limit=_MOST_LISTED)]
        except HistoryUnavailable:
            return []
    choices = {}
    for one in past:
        places = (one.csr, *([one.certificate] if one.certificate else []))
        # With no file left, the history has the answers.
        file = next((place for place in places if place.is_file()), one.csr)
        choices[one.number] = _Choice(one, file)
    return list(choices.values())


def _cells(request: PastRequest) -> list[str]:
    """Return the row of a request: its common name, its status, the day it was created."""
    status = labels.request_status(request.status(), request.days_left())
    name = shortened(labels.common_name(request.subject))
    return [name, status, dates.day(request.made_on)]
