"""Where the files of a batch go, and what protects its keys."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QLineEdit, QPushButton, QRadioButton, QVBoxLayout

from enos_csr_gui.core.batch import passphrases, records
from enos_csr_gui.core.errors import CannotSave, CoreError, Problem
from enos_csr_gui.core.file_types import TABLE_SUFFIX
from enos_csr_gui.core.keys import check_passphrase
from enos_csr_gui.gui import style
from enos_csr_gui.gui.batch_draft import Protection
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.texts import problem_text
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.folder import existing, typed_path
from enos_csr_gui.gui.widgets.form import Form, align
from enos_csr_gui.gui.widgets.line import Line
from enos_csr_gui.gui.widgets.passphrase import PassphrasePair
from enos_csr_gui.i18n import _


class FolderPage(Page):
    """Decides ``draft.batch.folder``, ``protection`` and where passphrases come from."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(
            draft,
            _("Where do the files go?"),
            _("Each device gets a folder of its own, with its key file and its request file."),
        )
        self._folder, self._file = Line(), Line()
        self._choose, self._choose_file = QPushButton(_("C&hoose…")), QPushButton(_("Ch&oose…"))
        self._choose.setToolTip(_("Choose a folder"))
        self._choose_file.setToolTip(_("Choose a file"))
        self._choose_file.setAccessibleName(_("Choose the passphrase file"))
        self._folder_note = FieldNote(about=self._folder)
        self._file_note = FieldNote(about=self._file)
        self._protections = {
            Protection.NONE: QRadioButton(
                _("No &passphrase, so that devices can start by themselves")
            ),
            Protection.SAME: QRadioButton(_("One passphrase for &all keys")),
            Protection.EACH: QRadioButton(_("A passphrase of its own for &each key")),
        }
        self._passphrase = PassphrasePair(check_passphrase)
        self._file_row = Form()

        for edit in (self._folder, self._file):
            edit.setMinimumWidth(edit.fontMetrics().averageCharWidth() * 12)
            edit.textEdited.connect(self._forgive)
        self._choose.clicked.connect(self._ask_folder)
        self._choose_file.clicked.connect(self._ask_file)
        for button in self._protections.values():
            button.toggled.connect(self._show_protection)

        place = Form()
        place.add_row(_("Folder"), self._folder, self._folder_note, self._choose)
        self._file_label = self._file_row.add_row(
            _("Passphrase file"), self._file, self._file_note, self._choose_file
        )
        align(place, self._file_row, self._passphrase.form)
        choices = QVBoxLayout()
        choices.setSpacing(0)
        for button in self._protections.values():
            choices.addWidget(button)
        self.body.addLayout(place)
        self.body.addSpacing(style.SPACING)
        self.body.addLayout(choices)
        self.body.addWidget(self._passphrase)
        self.body.addLayout(self._file_row)
        self.body.addStretch(1)
        self._protections[Protection.NONE].setChecked(True)

    def enter(self) -> None:
        batch = self.draft.batch
        assert batch.path is not None
        # Beside the requests made one by one: the table may be on a shared drive.
        folder = batch.folder or self.draft.folder / batch.path.stem
        file = batch.passphrase_file or self.draft.folder / (
            f"{batch.path.stem}-passphrases{TABLE_SUFFIX}"
        )
        self._folder.setText(str(folder))
        self._file.setText(str(file))
        self._protections[batch.protection].setChecked(True)
        self._show_protection()

    def take_focus(self) -> None:
        self._folder.setFocus()
        self._folder.selectAll()

    def leave(self) -> None:
        self._passphrase.clear()

    def start_over(self, *, keep_passphrase: bool) -> None:
        if not keep_passphrase:
            self._passphrase.clear()

    def _protection(self) -> Protection:
        return next(one for one, button in self._protections.items() if button.isChecked())

    def _show_protection(self) -> None:
        chosen = self._protection()
        self._passphrase.setVisible(chosen is Protection.SAME)
        for widget in (self._file_label, self._file, self._choose_file, self._file_note):
            widget.setVisible(chosen is Protection.EACH)
        self._forgive()

    def _forgive(self) -> None:
        self._folder_note.show_help(
            _("If the folder already has some of these devices, only the others are created.")
        )
        self._file_note.show_help(
            _("Keep it apart from the keys. Only you can read it, and it is never replaced.")
        )

    def submit(self) -> bool:
        chosen = self._protection()
        if not self._folder.text().strip():
            self._complain(_("Choose a folder."), self._folder_note, self._folder)
            return False
        if chosen is Protection.EACH and not self._file.text().strip():
            self._complain(_("Choose a file."), self._file_note, self._file)
            return False
        if chosen is Protection.SAME and self._passphrase.complaint():
            self._passphrase.show_complaint()
            return False
        folder = typed_path(self._folder.text())
        file = typed_path(self._file.text()) if chosen is Protection.EACH else None

        def look() -> None:
            records.peek(folder)
            if file:
                if problems := passphrases.check_place(file, folder):
                    raise CannotSave(problems)
                passphrases.load(file)

        def looked(_nothing: None) -> None:
            batch = self.draft.batch
            batch.folder, batch.protection, batch.passphrase_file = folder, chosen, file
            batch.passphrase = self._passphrase.text() if chosen is Protection.SAME else None
            self.go_on()

        def failed(error: CoreError) -> None:
            self._refuse(error.problems[0], file)

        self.wait_for(look, looked, failed, _("Looking at the folder"))
        return False

    def _refuse(self, problem: Problem, file: Path | None) -> None:
        if file and problem.path == file:
            self._complain(problem_text(problem), self._file_note, self._file)
        else:
            self._complain(problem_text(problem), self._folder_note, self._folder)

    def _complain(self, text: str, note: FieldNote, field: QLineEdit) -> None:
        note.show_problem(text)
        field.setFocus()
        field.selectAll()

    def _ask_folder(self) -> None:
        start = existing(typed_path(self._folder.text()))
        chosen = QFileDialog.getExistingDirectory(self, _("Choose a folder"), str(start))
        if chosen:
            self._folder.setText(str(Path(chosen)))  # Qt has slashes on Windows too
            self._forgive()

    def _ask_file(self) -> None:
        chosen, _kind = QFileDialog.getSaveFileName(
            self,
            _("Passphrase file"),
            self._file.text(),
            f"CSV (*{TABLE_SUFFIX})",
            options=QFileDialog.Option.DontConfirmOverwrite,  # what is in it is kept
        )
        if chosen:
            path = Path(chosen)
            self._file.setText(str(path if path.suffix else path.with_suffix(TABLE_SUFFIX)))
            self._forgive()
