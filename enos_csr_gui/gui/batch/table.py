"""The first page for many devices: which table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PySide6.QtWidgets import QFileDialog, QPushButton

from enos_csr_gui.core import file_names
from enos_csr_gui.core.batch import table
from enos_csr_gui.core.batch.table import Table
from enos_csr_gui.core.enums import RequestKind
from enos_csr_gui.core.errors import Code, CoreError, InvalidTable
from enos_csr_gui.core.file_types import TABLE_SUFFIX, TABLE_SUFFIXES, WORKBOOK_SUFFIX, patterns
from enos_csr_gui.core.subject import SUBJECT_FIELDS
from enos_csr_gui.gui import background
from enos_csr_gui.gui.batch_draft import BatchDraft
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.navigation import Task
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.texts import problem_text_with_place
from enos_csr_gui.gui.widgets.button_row import ButtonRow
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.file_chooser import FileChooser
from enos_csr_gui.gui.widgets.folder import existing
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels


class _Read(NamedTuple):
    """A table, if its columns are recognized; in any case its headings."""

    path: Path
    stamp: tuple[int, int]
    table: Table | None
    headings: tuple[str, ...]


class TablePage(Page):
    """Fills ``draft.batch.table``, or only its headings when columns are not recognized."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(
            draft,
            _("Many devices"),
            _(
                "Choose a table with a row for each device. Each device gets its own key and "
                "request. Nothing is written before you have seen the rows checked."
            ),
        )
        kinds = _("Tables ({patterns})").format(patterns=patterns(*TABLE_SUFFIXES, ".txt"))
        self._file = FileChooser(
            _("Table"),
            _("An Excel workbook, the device template of EnOS, or a CSV file."),
            kinds,
            draft.folder,
        )
        self._write = QPushButton(_("&Write an empty table…"))
        self._write.setToolTip(_("A table with the right headings, to fill in."))
        self._receive = QPushButton(_("&Receive certificates…"))
        self._receive.setToolTip(_("Certificates have arrived for the requests of a table."))
        self._receive.clicked.connect(lambda: self.task_wanted.emit(Task.RECEIVE_MANY, []))
        self._told = FieldNote(about=self._write)
        self._write.clicked.connect(self._ask_where)
        self.body.addWidget(self._file)
        self._file.form.add_below(ButtonRow(self._write, self._receive))
        self._file.form.add_below(self._told)
        self.body.addStretch(1)

    def enter(self) -> None:
        if self.draft.batch.created or self.draft.batch.kind is RequestKind.RENEWAL:
            self.draft.batch = BatchDraft()
        self._told.show_help("")
        path = self.draft.batch.path
        if path is None:
            self._file.clear()
        elif path != self._file.path():
            self._file.set_path(path)

    def start_over(self, *, keep_passphrase: bool) -> None:
        del keep_passphrase
        if self.draft.batch.created:
            self.draft.batch = BatchDraft()

    def take_focus(self) -> None:
        self._file.setFocus()

    def take_files(self, files: Sequence[Path]) -> bool:
        self._file.set_path(files[0])
        return True

    def submit(self) -> bool:
        path, batch = self._file.path(), self.draft.batch
        if path is None:
            self._file.show_problem(_("Choose a table, or write an empty one and fill it in."))
            return False
        known = batch.stamp if batch.path == path else None

        self.wait_for(lambda: _read(path, known), self._take, self._refuse, _("Reading the table"))
        return False

    def _take(self, read: _Read | None) -> None:
        """Take a table; None is the one that is known, with the cells mended in it."""
        if read:
            folder, same = self.draft.batch.folder, self.draft.batch.same_for_all
            batch = self.draft.batch = BatchDraft()
            batch.path, batch.stamp, batch.table, batch.headings = read
            batch.same_for_all = same
            batch.folder = folder if folder and folder.name == read.path.stem else None
        self.go_on()

    def _refuse(self, error: CoreError) -> None:
        self._file.show_problem(error.problems[0])

    def _ask_where(self) -> None:
        name = _("devices")  # of a file
        start = existing(self.draft.folder) / f"{name}{WORKBOOK_SUFFIX}"
        chosen, _kind = QFileDialog.getSaveFileName(
            self,
            _("Write an empty table"),
            str(start),
            _("Tables ({patterns})").format(patterns=patterns(WORKBOOK_SUFFIX, TABLE_SUFFIX)),
            options=QFileDialog.Option.DontConfirmOverwrite,  # it is never replaced
        )
        if chosen:
            path = Path(chosen)
            path = path if path.suffix else path.with_suffix(WORKBOOK_SUFFIX)
            headings = [labels.label(field.key) for field in SUBJECT_FIELDS]
            background.run(
                self, lambda: table.write_empty(path, headings), self._written, self._not_written
            )

    def _written(self, path: Path) -> None:
        self._told.tell(
            _("Saved: {path}. Fill in a row for each device, save it, and go on here.").format(
                path=labels.path(path)
            )
        )
        self._file.set_path(path)

    def _not_written(self, error: CoreError) -> None:
        self._told.show_problem(problem_text_with_place(error.problems[0]))


def _read(path: Path, known: tuple[int, int] | None) -> _Read | None:
    """Return what is in the table; None if the file is the one that is ``known``.

    Raises InvalidTable, except for columns that are not recognized.
    """
    stamp = None
    try:
        state = file_names.system_path(path).stat()
        stamp = (state.st_mtime_ns, state.st_size)
    except OSError:
        pass  # reading says why
    if stamp and stamp == known:
        return None
    try:
        found = table.read(path, pause=background.give_way)
    except InvalidTable as error:
        if error.problems[0].code not in (Code.TABLE_NO_NAMES, Code.COLUMN_TWICE):
            raise
        headings = table.headings(path)
        if not headings:
            raise
        return _Read(path, stamp or (0, 0), None, headings)
    headings = tuple(dict.fromkeys(filter(None, found.columns.headings)))
    return _Read(path, stamp or (0, 0), found, headings)
