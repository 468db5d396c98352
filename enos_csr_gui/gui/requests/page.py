"""The page 'My requests': every request made on this computer, with its status."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path

from PySide6.QtCore import QEvent, QLocale, QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence, QPalette, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from enos_csr_gui.core import preferences, reminders
from enos_csr_gui.core.errors import CoreError, Problem
from enos_csr_gui.core.file_types import TABLE_SUFFIX
from enos_csr_gui.core.history import RequestHistory
from enos_csr_gui.core.locate import locate
from enos_csr_gui.core.reminders import Reminder
from enos_csr_gui.gui import background, style
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
from enos_csr_gui.gui.widgets.wrapped_label import WrappedLabel
from enos_csr_gui.i18n import _, ngettext
from enos_csr_gui.messages import labels
from enos_csr_gui.messages.reminders import reminder

_AT_ONCE = 1000
"""How many requests are read at once: freeing very many takes a noticeable time."""


def _export(choice: Choice, path: Path) -> int:
    """Write all the requests chosen; return their number."""
    with RequestHistory() as past:
        count = choice.count(past)
        parts = (choice.read(past, _AT_ONCE, offset) for offset in range(0, count, _AT_ONCE))
        return spreadsheet.write_requests(chain.from_iterable(parts), path)


def _reminders(choice: Choice) -> list[Reminder]:
    """Return a reminder for each certificate that is valid, of those chosen."""
    with RequestHistory() as past:
        latest = reminders.to_be_reminded_of(choice.read(past))
    return [
        reminder(one.subject, one.public_key_sha256, one.serial, one.expires)
        for one in latest
        if one.serial is not None and one.expires is not None
    ]


class _Nothing(QWidget):
    """Explains, in place of an empty table, why it is empty and what to do."""

    def __init__(self) -> None:
        super().__init__()
        self._text = WrappedLabel()
        self.button = QPushButton()
        self._act: Callable[[], object] | None = None
        self.button.clicked.connect(lambda: self._act and self._act())
        row = QHBoxLayout()
        row.addWidget(self.button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, style.SPACING, 0, 0)
        column.addWidget(self._text)
        column.addLayout(row)
        column.addStretch(1)

    def say(self, text: str, button: str, act: Callable[[], object]) -> None:
        """Show ``text``, and a button that calls ``act``."""
        self._text.setText(text)
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
        self._filter = QLineEdit()
        self._which = QComboBox()
        self._shown = QLabel()
        self._note = FieldNote()
        self._details = self._action(_("&Details…"), self._show_details)
        self._renew = self._action(_("&Renew"), self._renew_it)
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
        self.use_whole_width()
        self._recolour()

    def build(self) -> Iterator[None]:
        self._table = RequestTable()  # takes as long as all the rest
        yield
        self._model = self._table.requests
        self._note.set_about(self._table)
        self._lay_out()
        self._connect()
        self._show_actions()

    def _lay_out(self) -> None:
        self._filter.setPlaceholderText(_("Any part of the subject or of a file name"))
        self._filter.setClearButtonEnabled(True)
        for one, name in (
            (Which.ALL, _("All requests")),
            (Which.EXPIRING, _("Needs renewal")),
            (Which.WAITING, _("Waiting for the certificate")),
            (Which.EXPIRED, _("Expired")),
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
        of_all = (self._remind, self._export)
        self._below = ButtonRow(*map(self._button, (*of_request, *of_all)))

        self._note.hide()
        for widget in (self._above, self._note, self._places, self._below):
            self.body.addWidget(widget, 1 if widget is self._places else 0)

    def _connect(self) -> None:
        self._filter.textChanged.connect(self._model.filter)
        self._which.currentIndexChanged.connect(
            lambda _index: self._model.show_only(self._which.currentData())
        )
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

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._recolour()

    def _recolour(self) -> None:
        """Make the placeholder of the filter readable; the platforms' own colour is too pale."""
        palette = self._filter.palette()
        palette.setColor(QPalette.ColorRole.PlaceholderText, style.muted(self.palette()))
        self._filter.setPalette(palette)

    def enter(self) -> None:
        self._note.hide()

    def take_focus(self) -> None:
        self._table.setFocus()
        self._model.refresh()

    def show_expiring(self) -> None:
        """Show the requests whose certificates are to be renewed, the most urgent first."""
        self._filter.clear()
        self._which.setCurrentIndex(1)
        self._table.sortByColumn(Column.EXPIRES, Qt.SortOrder.AscendingOrder)

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
        shown, total = self._model.rowCount(), self._model.total
        self._tell_how_many(_how_many(shown, total))
        if not total:
            self._say_nothing(
                _("No request has been created on this computer yet."),
                _("Create a ne&w request"),
                lambda: self.task_wanted.emit(Task.NEW, []),
            )
        elif not shown:
            choice = self._model.choice
            self._nothing.say(_none_found(choice), _("&Show all requests"), self._show_all)
        self._places.setCurrentWidget(self._table if shown else self._nothing)
        self._above.setVisible(bool(total))
        self._below.setVisible(bool(total))
        self._show_actions()

    def _tell_how_many(self, text: str) -> None:
        is_news = bool(self._shown.text()) and self._shown.text() != text
        self._shown.setText(text)
        if is_news:
            announce(self._shown, text)

    def _show_all(self) -> None:
        self._filter.clear()
        self._which.setCurrentIndex(0)
        self._table.setFocus()

    def _failed(self, problems: Iterable[Problem]) -> None:
        text = "\n".join(map(problem_text_with_place, problems))
        self._say_nothing(text, _("&Try again"), self._model.refresh)
        self._above.hide()
        self._below.hide()

    def _say_nothing(self, text: str, button: str, act: Callable[[], object]) -> None:
        self._nothing.say(text, button, act)
        self._places.setCurrentWidget(self._nothing)
        if self.isVisible():  # Qt would give the keys to a button on a page that has been left
            self._nothing.button.setFocus()

    def _show_problems(self, problems: Iterable[Problem]) -> None:
        self._note.show_problem("\n".join(map(problem_text_with_place, problems)))
        self._note.show()

    # Actions on a request

    def _show_actions(self) -> None:
        there = self._places.currentWidget() is self._table and self._table.request() is not None
        self._details.setEnabled(there)
        self._open.setEnabled(there)
        self._renew.setEnabled(there)
        self._receive.setEnabled(there)
        self._export.setEnabled(there)
        self._remind.setEnabled(there)
        # One takes the place of the other: a folder that is gone cannot be opened.
        is_missing = there and self._is_missing()
        for action, shown in ((self._locate, is_missing), (self._open, not is_missing)):
            action.setVisible(shown)

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
        menu.addActions([self._remind, self._export])
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
            dialog.deleteLater()

    def _renew_it(self) -> None:
        if request := self._table.request():
            files = self._model.presence.of(request)
            gone = files is not None and not files.csr
            old = request.certificate if gone and request.certificate else request.csr
            self.task_wanted.emit(Task.RENEW, [old])

    def _receive_it(self) -> None:
        if request := self._table.request():
            self.draft.expected = request
            # One already received is exported again.
            self.task_wanted.emit(
                Task.RECEIVE, [request.certificate] if request.certificate else []
            )

    def _open_folder(self) -> None:
        if request := self._table.request():
            open_folder(self, request.csr.parent, lambda problem: self._show_problems([problem]))

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
            self._note.show()

        def failed(error: CoreError) -> None:
            self._show_problems(error.problems)

        self.wait_for(partial(locate, request, folder), done, failed, _("Looking for the files"))

    def _save_reminders(self) -> None:
        """Ask where to save a reminder for each valid certificate among the requests shown."""
        choice = self._model.choice
        reminder_button.save(
            self,
            partial(_reminders, choice),
            _("Renewals of certificates"),
            self._tell,
            self._tell_problem,
        )

    def _tell(self, text: str) -> None:
        self._note.tell(text)
        self._note.show()

    def _tell_problem(self, text: str) -> None:
        self._note.show_problem(text)
        self._note.show()

    def _ask_where(self) -> None:
        dialog = QFileDialog(self, _("Save as a table"), str(Path.home()), _("Tables (*.csv)"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.selectFile(_("EnOS requests") + TABLE_SUFFIX)
        if dialog.exec():
            self._write(Path(dialog.selectedFiles()[0]))
        dialog.deleteLater()

    def _write(self, path: Path) -> None:
        choice = self._model.choice

        def done(count: int) -> None:
            text = ngettext(
                "{count} request saved: {path}", "{count} requests saved: {path}", count
            )
            self._note.tell(text.format(count=_number(count), path=path))
            self._note.show()

        def failed(error: CoreError) -> None:
            self._show_problems(error.problems)

        self.wait_for(lambda: _export(choice, path), done, failed, _("Saving the table"))


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
        }[choice.which]
    return {
        Which.EXPIRING: _("No request that needs renewal contains '{text}'."),
        Which.WAITING: _("No request that waits for its certificate contains '{text}'."),
        Which.EXPIRED: _("No request whose certificate has expired contains '{text}'."),
    }[choice.which].format(text=text)


def _number(number: int) -> str:
    return QLocale().toString(number)


def _how_many(shown: int, total: int) -> str:
    if shown == total:
        return ngettext("{total} request", "{total} requests", total).format(total=_number(total))
    text = ngettext("{shown} of {total} request", "{shown} of {total} requests", total)
    return text.format(shown=_number(shown), total=_number(total))
