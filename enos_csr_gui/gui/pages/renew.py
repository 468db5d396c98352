"""Which certificate is to be renewed: the file that the answers are taken from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QLocale, QSignalBlocker, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHeaderView,
    QLabel,
    QSizePolicy,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from enos_csr_gui.core import file_names, renew
from enos_csr_gui.core.enums import Status
from enos_csr_gui.core.errors import CoreError, HistoryUnavailable
from enos_csr_gui.core.file_types import RENEWABLE_SUFFIXES, patterns
from enos_csr_gui.core.history import PastRequest, Renewable, RequestHistory, Selection
from enos_csr_gui.core.renew import RenewalSource
from enos_csr_gui.gui import background, dates, style
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.navigation import Task
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.texts import shortened
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.file_chooser import FileChooser
from enos_csr_gui.gui.widgets.roomy_rows import make_roomy
from enos_csr_gui.i18n import _, ngettext
from enos_csr_gui.messages import labels

_MOST_LISTED = 200
"""Who has more requests than one looks through here finds them on the page of all requests."""


_REQUESTED = 3
"""The column with the date on which a renewal was requested."""


class _Choice(NamedTuple):
    one: Renewable
    file: Path
    """The request file or the certificate, whichever is still there, or where it was."""


class _Choices(NamedTuple):
    """What can be renewed, and how many requests have no certificate yet."""

    choices: Sequence[_Choice] = ()
    waiting: int = 0


class _List(QTreeWidget):
    """A list in columns, in which nothing is chosen before the person chooses it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHeaderLabels(
            [_("Common name"), _("Status"), _("Expires on"), _("Renewal requested")]
        )
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        head = self.header()
        head.setStretchLastSection(False)
        head.setMinimumHeight(style.ROW)
        head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        # What is stretched gets what is left, which may be less than its heading.
        head.setMinimumSectionSize(head.sectionSizeHint(0))

    def sizeHintForColumn(self, column: int) -> int:
        return super().sizeHintForColumn(column) + style.WIDE  # or two columns read as one

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
        self._list = _List()
        self._list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        make_roomy(self._list)
        self._list.itemClicked.connect(self._take)
        # Not when a row becomes the current one: that it does when Tab leads to the list.
        self._list.itemSelectionChanged.connect(self._take_selected)
        self._list.itemActivated.connect(self._go_on_with)
        self._label = QLabel(_("Or a certificate that was &received on this computer:"))
        self._label.setBuddy(self._list)
        self._left_out = FieldNote(about=self._list, keeps_room=False)
        self._listing: background.Job | None = None
        self._chooser.edited.connect(self._mark_choice)
        self._chooser.several_chosen.connect(self.take_files)

        self.body.addWidget(self._chooser)
        self.body.addWidget(self._label)
        self.body.addWidget(self._list, 1)
        self.body.addWidget(self._left_out)
        self.body.addStretch(0)
        self._show_choices(_Choices())

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
                problem = _("Choose the old file, or a certificate below.")
            else:
                problem = _("Choose the old file.")
            self._chooser.show_problem(problem)
            return False
        folder = self.draft.folder

        def read() -> tuple[RenewalSource, str, bool]:
            old = renew.read_source_or_history(path)
            if old.serial is None:
                old = old._replace(serial=renew.newest_serial(old.common_name))
            name = file_names.free_name(folder, file_names.safe_name(old.common_name))
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

    def _show_choices(self, found: _Choices) -> None:
        with QSignalBlocker(self._list):  # while rows go, Qt chooses others of those that are left
            self._list.clear()
            for choice in found.choices:
                item = QTreeWidgetItem(_cells(choice.one))
                item.setData(0, Qt.ItemDataRole.UserRole, choice.file)
                self._list.addTopLevelItem(item)
        is_requested = any(choice.one.requested for choice in found.choices)
        self._list.setColumnHidden(_REQUESTED, not is_requested)
        self._mark_choice()
        self._label.setVisible(bool(found.choices))
        self._list.setVisible(bool(found.choices))
        text = ngettext(
            "{count} request still waits for its certificate, and is not listed here.",
            "{count} requests still wait for their certificates, and are not listed here.",
            found.waiting,
        )
        count = QLocale().toString(found.waiting)
        self._left_out.show_help(text.format(count=count) if found.waiting else "")

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


def _choices() -> _Choices:
    with RequestHistory() as history:
        try:
            found = history.renewable(_MOST_LISTED)
            waiting = len(history.numbers(Selection(status=Status.WAITING)))
        except HistoryUnavailable:
            return _Choices()
    return _Choices([_Choice(one, _place(one.request)) for one in found], waiting)


def _place(request: PastRequest) -> Path:
    """Return the file to take the answers from; if all are gone, the history has them."""
    places = (request.csr, *([request.certificate] if request.certificate else []))
    return next((place for place in places if place.is_file()), request.csr)


def _cells(one: Renewable) -> list[str]:
    """Return the row of a certificate."""
    request, requested = one
    return [
        shortened(labels.common_name(request.subject)),
        labels.request_status(request.status(), request.days_left()),
        dates.day(request.expires) if request.expires else "",
        dates.day(requested) if requested else "",
    ]
