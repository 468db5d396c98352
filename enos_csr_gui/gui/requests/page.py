"""The page 'My requests': every request made on this computer, with its status."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path

from PySide6.QtCore import QLocale, QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from enos_csr_gui.core import preferences, reminders
from enos_csr_gui.core.batch import renewals
from enos_csr_gui.core.batch.table import Table
from enos_csr_gui.core.enums import RequestKind
from enos_csr_gui.core.errors import CoreError, Problem
from enos_csr_gui.core.file_types import TABLE_SUFFIX
from enos_csr_gui.core.history import PastRequest, RequestHistory, local_date
from enos_csr_gui.core.locate import locate
from enos_csr_gui.core.reminders import Reminder
from enos_csr_gui.gui import background, style
from enos_csr_gui.gui.batch_draft import BatchDraft
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.navigation import Task
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.requests import spreadsheet
from enos_csr_gui.gui.requests.details import RequestDetails
from enos_csr_gui.gui.requests.model import Choice, Column, Which, heading
from enos_csr_gui.gui.requests.table import RequestTable
from enos_csr_gui.gui.texts import problem_text_with_place
from enos_csr_gui.gui.widgets import reminder_button
from enos_csr_gui.gui.widgets.button_row import ButtonRow
from enos_csr_gui.gui.widgets.field_note import FieldNote, announce
from enos_csr_gui.gui.widgets.folder import existing, open_folder
from enos_csr_gui.gui.widgets.line import Line
from enos_csr_gui.gui.widgets.picture import Picture
from enos_csr_gui.gui.widgets.wrapped_label import WrappedLabel
from enos_csr_gui.i18n import _, ngettext
from enos_csr_gui.messages import labels
from enos_csr_gui.messages.reminders import reminder

_PICTURE = 64
"""The size of the picture on the page without requests, in device-independent pixels."""

_AT_ONCE = 1000
"""How many requests are read at once: freeing very many takes a noticeable time."""


def _export(numbers: Sequence[int], path: Path) -> int:
    """Write these requests; return their number."""
    with RequestHistory() as past:
        starts = range(0, len(numbers), _AT_ONCE)
        parts = (past.numbered(numbers[start : start + _AT_ONCE]) for start in starts)
        return spreadsheet.write_requests(chain.from_iterable(parts), path)


def _reminders(numbers: Sequence[int]) -> list[Reminder]:
    """Return a reminder for each certificate that is valid, of these requests."""
    with RequestHistory() as past:
        latest = reminders.to_be_reminded_of(past.numbered(numbers))
    return [
        reminder(one.subject, one.public_key_sha256, one.serial, one.expires)
        for one in latest
        if one.serial is not None and one.expires is not None
    ]


def _archive(numbers: Sequence[int], archived: bool) -> int:
    """Archive or restore these requests; return how many changed."""
    with RequestHistory() as past:
        return past.archive(numbers, archived=archived)


def _to_be_renewed(numbers: Sequence[int]) -> Table:
    with RequestHistory() as past:
        return renewals.of(past.numbered(numbers))


class _Nothing(QWidget):
    """Explains, in place of an empty table, why it is empty and what to do."""

    def __init__(self) -> None:
        super().__init__()
        self._picture = Picture("requests", _PICTURE)
        self._heading, self._text = WrappedLabel(), WrappedLabel()
        self._heading.setFont(style.heading(self.font()))
        self.button = QPushButton()
        self._act: Callable[[], object] | None = None
        self.button.clicked.connect(lambda: self._act and self._act())
        row = QHBoxLayout()
        row.addWidget(self.button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, style.SPACING, 0, 0)
        column.setSpacing(style.SPACING)
        for widget in (self._picture, self._heading, self._text):
            column.addWidget(widget)
        self._picture.hide()  # the table needs no room for it
        column.addLayout(row)
        column.addStretch(1)

    def say(self, text: str, button: str, act: Callable[[], object], *, heading: str = "") -> None:
        """Show ``text``, and a button that calls ``act``; with a heading, a picture too."""
        self._text.setText(text)
        self._heading.setText(heading)
        for widget in (self._picture, self._heading):
            widget.setVisible(bool(heading))
        self.button.setText(button)
        self._act = act


class RequestsPage(Page):
    """Emits ``task_wanted`` for the request in the current row."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(
            draft,
            _("My requests"),
            _("All requests created on this computer, and when their certificates expire."),
        )
        self._nothing = _Nothing()
        self._filter = Line()
        self._which = QComboBox()
        self._shown = QLabel()
        self._note = FieldNote(keeps_room=False)
        self._details = self._action(_("&Details…"), self._show_details)
        self._renew = self._action(_("&Renew"), self._renew_them)
        self._receive = self._action(_("My certificate has &arrived"), self._receive_it)
        self._open = self._action(_("&Open folder"), self._open_folder)
        self._locate = self._action(_("&Locate the files…"), self._locate_files)
        self._locate.setToolTip(
            _("For files that were moved: choose their folder. No file is changed.")
        )
        self._remind = self._action(_("Calendar re&minders…"), self._save_reminders)
        self._remind.setToolTip(
            _("A file (.ics) for your calendar, with a reminder for each valid certificate shown.")
        )
        self._export = self._action(_("Save as a &table…"), self._ask_where)
        self._export.setToolTip(_("Save the requests shown as a table for a spreadsheet (CSV)."))
        self._archive = self._action(_("Arc&hive"), self._archive_them)
        self._archive.setToolTip(
            _("Take them out of this list and of the reminders. No file is changed.")
        )
        self._restore = self._action(_("Re&store"), self._archive_them)
        self._restore.setToolTip(_("Put them back into the list."))
        self.use_whole_width()

    def build(self) -> Iterator[None]:
        self._table = RequestTable()  # takes as long as all the rest
        yield
        self._model = self._table.requests
        self._note.set_about(self._table)
        self._lay_out()
        self._connect()
        self._show_actions()

    def _lay_out(self) -> None:
        self._filter.setPlaceholderText(_("Name, site, note…"))
        self._filter.setToolTip(
            _("Any part of the subject, the site, the note, or the name of a file.")
        )
        self._filter.setClearButtonEnabled(True)
        for one, name in (
            (Which.ALL, _("All requests")),
            (Which.EXPIRING, _("Needs renewal")),
            (Which.WAITING, _("Waiting for the certificate")),
            (Which.EXPIRED, _("Expired")),
            (Which.MISSING, _("Files missing")),
            (Which.ARCHIVED, _("Archived")),
        ):
            self._which.addItem(name, one)
        self._which.setToolTip(
            _(
                "Needs renewal: the certificate expires within 60 days or has expired "
                "recently, and no later one has arrived. A requested renewal counts for two "
                "weeks."
            )
        )
        label = QLabel(_("&Filter"))
        label.setBuddy(self._filter)
        which = QLabel(_("Sho&w"))
        which.setBuddy(self._which)
        for clear in self._filter.findChildren(QToolButton):  # Qt's, which has no name
            clear.setAccessibleName(_("Clear"))
        self._above = QWidget()
        row = QHBoxLayout(self._above)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.SPACING)
        row.addWidget(label)
        row.addWidget(self._filter, 1)
        row.addSpacing(style.SPACING)
        row.addWidget(which)
        row.addWidget(self._which)
        row.addSpacing(style.SPACING)
        row.addWidget(self._shown)

        self._places = QStackedWidget()
        self._places.addWidget(self._table)
        self._places.addWidget(self._nothing)

        of_request = (self._details, self._renew, self._receive, self._open, self._locate)
        of_several = (self._archive, self._restore, self._remind, self._export)
        buttons = {action: self._button(action) for action in (*of_request, *of_several)}
        self._below = ButtonRow(*buttons.values(), second=buttons[self._archive])

        for widget in (self._above, self._places, self._note, self._below):
            self.body.addWidget(widget, 1 if widget is self._places else 0)

    def _connect(self) -> None:
        self._filter.textChanged.connect(self._model.filter)
        self._which.currentIndexChanged.connect(self._choose_which)
        background.run(self, preferences.columns, self._table.arrange)
        self._table.arranged.connect(self._remember_columns)
        self._table.horizontalHeader().customContextMenuRequested.connect(self._choose_columns)
        self._table.opened.connect(self._show_details)
        self._table.typed.connect(self._type_into_filter)
        self._table.current_changed.connect(self._show_actions)
        self._table.customContextMenuRequested.connect(self._show_menu)
        self._model.listed.connect(self._listed)
        self._model.failed.connect(self._failed)
        self._model.noticed.connect(self._show_problems)
        standard = QKeySequence.StandardKey
        for keys, place in ((QKeySequence("/"), self._table), (standard.Find, self)):
            self._shortcut(keys, place, self._go_to_filter)
        self._shortcut(standard.Refresh, self, self._model.refresh)
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
            self._shortcut(QKeySequence(key), self._filter, self._table.setFocus)
        # With nothing to clear, Escape leads to the start page, as everywhere.
        clear = self._shortcut(QKeySequence(Qt.Key.Key_Escape), self._filter, self._filter.clear)
        clear.setEnabled(False)
        self._filter.textChanged.connect(lambda text: clear.setEnabled(bool(text)))

    def enter(self) -> None:
        self._note.show_help("")

    def take_focus(self) -> None:
        self._table.setFocus()
        self._model.refresh()

    def show_expiring(self) -> None:
        """Show the requests whose certificates are to be renewed, the most urgent first."""
        self._filter.clear()
        self._which.setCurrentIndex(self._which.findData(Which.EXPIRING))
        self._table.sortByColumn(Column.EXPIRES, Qt.SortOrder.AscendingOrder)

    def show_waiting(self) -> None:
        """Show the requests that wait for their certificates."""
        self._filter.clear()
        self._which.setCurrentIndex(self._which.findData(Which.WAITING))

    def show_matching(self, text: str) -> None:
        """Show the requests that this text finds: a batch finds all of its own."""
        self._which.setCurrentIndex(0)
        self._filter.setText(text)

    def _action(self, name: str, act: Callable[[], object]) -> QAction:
        action = QAction(name, self)
        action.triggered.connect(act)
        return action

    def _button(self, action: QAction) -> QPushButton:
        button = QPushButton(action.text())
        if action.toolTip() != action.text().replace("&", ""):
            button.setToolTip(action.toolTip())
        button.clicked.connect(action.trigger)
        action.enabledChanged.connect(button.setEnabled)
        action.visibleChanged.connect(lambda: button.setVisible(action.isVisible()))
        return button

    def _shortcut(
        self,
        keys: QKeySequence | QKeySequence.StandardKey,
        place: QWidget,
        act: Callable[[], object],
    ) -> QShortcut:
        shortcut = QShortcut(place)
        # Of a standard key, every one that the desktop knows: F5 and Ctrl+R.
        shortcut.setKeys([keys] if isinstance(keys, QKeySequence) else keys)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(act)
        return shortcut

    # The filter

    def _go_to_filter(self) -> None:
        if self._above.isVisible():
            self._filter.setFocus()
            self._filter.selectAll()

    def _type_into_filter(self, text: str) -> None:
        self._go_to_filter()
        self._filter.insert(text)

    # Results

    def _listed(self) -> None:
        shown, choice = self._model.rowCount(), self._model.choice
        some = self._model.total + self._model.archived
        if not some:
            self._say_nothing(
                _(
                    "This list remembers every request that you create on this computer: for which "
                    "device it is, where its files are, when its certificate expires. It reminds "
                    "you to renew in time."
                ),
                _("&New request"),
                lambda: self.task_wanted.emit(Task.NEW, []),
                heading=_("No requests yet"),
            )
        elif not shown and self._model.unknown:
            self._nothing.say(_("Looking for the files…"), _("&Show all requests"), self._show_all)
        elif not shown and not self._model.total and choice.which is Which.ALL:
            text = _("All requests are archived.")
            self._nothing.say(text, _("&Show them"), lambda: self._show_only(Which.ARCHIVED))
        elif not shown:
            self._nothing.say(_none_found(choice), _("&Show all requests"), self._show_all)
        self._places.setCurrentWidget(self._table if shown else self._nothing)
        self._above.setVisible(bool(some))
        self._below.setVisible(bool(some))
        self._show_actions()

    def _tell_how_many(self, selected: int) -> None:
        """Show how many requests are shown and selected, and how many folders are not known."""
        shown = self._model.rowCount()
        is_archive = self._model.choice.which is Which.ARCHIVED
        total = self._model.archived if is_archive else self._model.total
        text = _how_many(shown, total)
        if selected > 1:
            text = ngettext("{count} selected", "{count} selected", selected)
            text = text.format(count=_number(selected))
        if unknown := self._model.unknown:
            text = ngettext(
                "{count} folder has not answered yet",
                "{count} folders have not answered yet",
                unknown,
            ).format(count=_number(unknown))
        is_news = bool(self._shown.text()) and self._shown.text() != text
        self._shown.setText(text)
        if is_news:
            announce(self._shown, text)

    def _choose_which(self) -> None:
        if not self._note.is_problem:
            self._note.show_help("")  # 'To see it, choose …' has been done
        self._model.show_only(self._which.currentData())

    def _show_all(self) -> None:
        self._show_only(Which.ALL)

    def _show_only(self, which: Which) -> None:
        self._filter.clear()
        self._which.setCurrentIndex(self._which.findData(which))
        self._table.setFocus()

    def _failed(self, problems: Iterable[Problem]) -> None:
        text = "\n".join(map(problem_text_with_place, problems))
        self._say_nothing(text, _("&Try again"), self._model.refresh)
        self._above.hide()
        self._below.hide()

    def _say_nothing(
        self, text: str, button: str, act: Callable[[], object], *, heading: str = ""
    ) -> None:
        self._nothing.say(text, button, act, heading=heading)
        self._places.setCurrentWidget(self._nothing)
        if self.isVisible():  # Qt would give the keys to a button on a page that has been left
            self._nothing.button.setFocus()

    def _show_problems(self, problems: Iterable[Problem]) -> None:
        self._note.show_problem("\n".join(map(problem_text_with_place, problems)))

    # Actions on a request

    def _show_actions(self) -> None:
        there = self._places.currentWidget() is self._table and self._table.request() is not None
        count = len(self._table.selected()) if there else 0
        for action in (self._details, self._open, self._receive, self._locate):
            action.setEnabled(count == 1)
        for action in (self._renew, self._archive, self._restore):
            action.setEnabled(count > 0)
        for action in (self._export, self._remind):  # of all shown, unless several are selected
            action.setEnabled(there)
        self._tell_how_many(count)
        is_archive = self._model.choice.which is Which.ARCHIVED
        for action in (self._archive, self._remind):  # no reminder is of what is archived
            action.setVisible(not is_archive)
        self._restore.setVisible(is_archive)
        # One takes the place of the other: a folder that is gone cannot be opened.
        is_missing = there and self._is_missing()
        for action, shown in ((self._locate, is_missing), (self._open, not is_missing)):
            action.setVisible(shown)

    def _chosen(self) -> list[int]:
        """Return the numbers of the requests selected; of all shown unless several are."""
        selected = self._table.selected()
        return selected if len(selected) > 1 else self._model.numbers()

    def _is_missing(self) -> bool:
        """Return whether a file of the current request is known to be missing."""
        request = self._table.request()
        files = self._model.presence.of(request) if request else None
        return files is not None and not all(files)

    def _show_menu(self, where: QPoint) -> None:
        if self._table.request() is None:
            return
        menu = QMenu(self)
        menu.addActions([self._details, self._renew, self._receive, self._open, self._locate])
        menu.addSeparator()
        sorting = menu.addMenu(_("&Sort by"))
        for column in Column:
            sort = partial(self._table.sort_by, column)
            sorting.addAction(heading(column)).triggered.connect(sort)
        self._add_columns(menu.addMenu(_("&Columns")))
        menu.addActions([self._archive, self._restore, self._remind, self._export])
        menu.setDefaultAction(self._details)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self._table.viewport().mapToGlobal(where))

    def _choose_columns(self, where: QPoint) -> None:
        """Offer all columns at the heading, to show and hide them."""
        menu = QMenu(self)
        self._add_columns(menu)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self._table.horizontalHeader().mapToGlobal(where))

    def _add_columns(self, menu: QMenu) -> None:
        for column in Column:
            action = menu.addAction(heading(column))
            action.setCheckable(True)
            action.setChecked(not self._table.isColumnHidden(column))
            action.setEnabled(column is not Column.NAME)
            action.toggled.connect(partial(self._table.show_column, column))

    def _remember_columns(self) -> None:
        columns = self._table.columns()
        background.run(self, lambda: preferences.remember_columns(columns), lambda _nothing: None)

    def _show_details(self) -> None:
        if request := self._table.request():
            dialog = RequestDetails(request, self._model.presence, self.draft.submit, self)
            dialog.export_wanted.connect(self._receive_it)
            dialog.exec()
            self._annotate(request, *dialog.words())
            dialog.deleteLater()

    def _annotate(self, request: PastRequest, site: str, note: str) -> None:
        """Save the site and the note if they have changed."""
        if (site, note) == (request.site, request.note):
            return

        def save() -> None:
            with RequestHistory() as past:
                past.annotate([request.number], site=site, note=note)

        def saved(_nothing: None) -> None:
            self._model.refresh()

        background.run(self, save, saved, self._fail)

    def _renew_them(self) -> None:
        """Renew the current request, or all that are selected in one go."""
        numbers = self._table.selected()
        if len(numbers) > 1:
            self.wait_for(
                lambda: _to_be_renewed(numbers), self._renew_many, self._fail, _("Reading the list")
            )
        elif request := self._table.request():
            files = self._model.presence.of(request)
            gone = files is not None and not files.csr
            old = request.certificate if gone and request.certificate else request.csr
            self.task_wanted.emit(Task.RENEW, [old])

    def _renew_many(self, devices: Table) -> None:
        batch = self.draft.batch = BatchDraft()
        batch.kind, batch.table = RequestKind.RENEWAL, devices
        name = _("renewals")  # of a folder
        batch.path = self.draft.folder / f"{name}-{local_date(datetime.now(UTC))}"
        self.task_wanted.emit(Task.RENEW_MANY, [])

    def _archive_them(self) -> None:
        """Archive the requests selected; where archived ones are shown, restore them."""
        numbers = self._table.selected()
        archived = self._model.choice.which is not Which.ARCHIVED

        def done(count: int) -> None:
            text = (
                ngettext(
                    "{count} request is archived. To see it, choose 'Archived' beside 'Show'.",
                    "{count} requests are archived. To see them, choose 'Archived' beside 'Show'.",
                    count,
                )
                if archived
                else ngettext(
                    "{count} request is restored.", "{count} requests are restored.", count
                )
            )
            self._note.tell(text.format(count=_number(count)))
            self._model.refresh()

        work = partial(_archive, numbers, archived)
        self.wait_for(work, done, self._fail, _("Changing the list"))

    def _fail(self, error: CoreError) -> None:
        self._show_problems(error.problems)

    def _receive_it(self) -> None:
        if request := self._table.request():
            self.draft.expected = request
            # One already received is exported again.
            self.task_wanted.emit(
                Task.RECEIVE, [request.certificate] if request.certificate else []
            )

    def _open_folder(self) -> None:
        def missing(problem: Problem) -> None:
            self._show_problems([problem])
            self._model.look_for_files()  # then the files can be located

        if request := self._table.request():
            open_folder(self, request.csr.parent, missing)

    def _locate_files(self) -> None:
        """Ask which folder the files are in now, and record it for all that moved with them."""
        request = self._table.request()
        if request is None:
            return
        chosen = QFileDialog.getExistingDirectory(
            self, _("Which folder are the files in now?"), str(existing(request.csr.parent))
        )
        if not chosen:
            return
        folder = Path(chosen)

        def done(count: int) -> None:
            if not count:
                text = _("No file of this request is in {folder}: neither {csr} nor {key}.")
                self._note.show_problem(
                    text.format(
                        folder=labels.path(folder),
                        csr=labels.path(Path(request.csr.name)),
                        key=labels.path(Path(request.key.name)),
                    )
                )
            else:
                text = ngettext(
                    "The files of {count} request are found.",
                    "The files of {count} requests are found.",
                    count,
                )
                self._note.tell(text.format(count=_number(count)))
                self._model.refresh()

        self.wait_for(
            partial(locate, request, folder), done, self._fail, _("Looking for the files")
        )

    def _save_reminders(self) -> None:
        """Ask where to save a reminder for each valid certificate among the requests chosen."""
        numbers = self._chosen()
        reminder_button.save(
            self,
            partial(_reminders, numbers),
            self.draft.folder / _("Renewals of certificates"),
            self._note.tell,
            self._note.show_problem,
        )

    def _ask_where(self) -> None:
        place = str(existing(self.draft.folder))
        dialog = QFileDialog(self, _("Save as a table"), place, _("Tables (*.csv)"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.selectFile(_("EnOS requests") + TABLE_SUFFIX)
        if dialog.exec():
            self._write(Path(dialog.selectedFiles()[0]))
        dialog.deleteLater()

    def _write(self, path: Path) -> None:
        numbers = self._chosen()

        def done(count: int) -> None:
            text = ngettext(
                "{count} request saved: {path}", "{count} requests saved: {path}", count
            )
            self._note.tell(text.format(count=_number(count), path=path))

        self.wait_for(lambda: _export(numbers, path), done, self._fail, _("Saving the table"))


def _none_found(choice: Choice) -> str:
    """Return that there are no such requests."""
    text = choice.filter_text
    if choice.which is Which.ALL:
        return _("No request contains '{text}'.").format(text=text)
    if not text:
        return {
            Which.EXPIRING: _("No certificate needs renewal."),
            Which.WAITING: _("No request is waiting for its certificate."),
            Which.EXPIRED: _("No certificate has expired."),
            Which.MISSING: _("No file is missing."),
            Which.ARCHIVED: _("No request is archived."),
        }[choice.which]
    return {
        Which.EXPIRING: _("No request that needs renewal contains '{text}'."),
        Which.WAITING: _("No request that waits for its certificate contains '{text}'."),
        Which.EXPIRED: _("No request whose certificate has expired contains '{text}'."),
        Which.MISSING: _("No request whose files are missing contains '{text}'."),
        Which.ARCHIVED: _("No archived request contains '{text}'."),
    }[choice.which].format(text=text)


def _number(number: int) -> str:
    return QLocale().toString(number)


def _how_many(shown: int, total: int) -> str:
    if shown == total:
        return ngettext("{total} request", "{total} requests", total).format(total=_number(total))
    text = ngettext("{shown} of {total} request", "{shown} of {total} requests", total)
    return text.format(shown=_number(shown), total=_number(total))
