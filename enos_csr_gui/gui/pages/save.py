"""The save page: asks where the files go, and writes them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QPushButton, QVBoxLayout, QWidget

from enos_csr_gui.core import create
from enos_csr_gui.core.create import CreatedRequest
from enos_csr_gui.core.enums import RequestKind
from enos_csr_gui.core.errors import FILE_NAME_CODES, CoreError, Problem
from enos_csr_gui.core.file_types import CSR_SUFFIX, KEY_SUFFIX
from enos_csr_gui.core.files import check_target
from enos_csr_gui.core.subject import Subject
from enos_csr_gui.gui import background, style
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.texts import problem_text, shortened
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.folder import existing, typed_path
from enos_csr_gui.gui.widgets.form import Form
from enos_csr_gui.gui.widgets.line import Line
from enos_csr_gui.gui.widgets.wrapped_label import WrappedLabel
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels

_LONGEST = 40
"""The maximum number of characters of a suggested name to show on its button."""


class SavePage(Page):
    """Decides ``draft.folder`` and ``draft.name``; fills ``draft.created``."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(
            draft,
            _("Save"),
            _("Only you can read the key file. No file is ever replaced."),
        )
        self._checking: background.Job | None = None
        self._waits_for_key = False
        self._folder = Line()
        self._name = Line()
        self._choose = QPushButton(_("C&hoose…"))
        self._folder_note = FieldNote(about=self._folder)
        self._name_note = FieldNote(about=self._name)
        self._suggestion = QPushButton()
        self._key_file = WrappedLabel()
        self._csr_file = WrappedLabel()

        self._choose.setToolTip(_("Choose a folder"))

        self._folder.textEdited.connect(self._on_edited)
        self._name.textEdited.connect(self._on_edited)
        self._choose.clicked.connect(self._choose_folder)
        self._suggestion.clicked.connect(self._take_suggestion)

        below_name = QWidget()
        column = QVBoxLayout(below_name)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.SPACING)
        column.addWidget(self._name_note)
        column.addWidget(self._suggestion, 0, Qt.AlignmentFlag.AlignLeft)
        form = Form()
        form.add_row(_("Folder"), self._folder, self._folder_note, self._choose)
        form.add_row(_("Name of the files"), self._name, below_name)
        form.setRowMinimumHeight(form.rowCount(), style.SPACING)
        form.add_row(_("Request file"), self._csr_file)
        form.add_row(_("Key file"), self._key_file)
        self.body.addLayout(form)
        self.body.addStretch(1)
        self._forgive()

    def enter(self) -> None:
        self._folder.setText(str(self.draft.folder))
        self._name.setText(self.draft.base_name)
        self.explain(
            _("Only the request file is saved. Your key file stays where it is.")
            if self.draft.key_file
            else _("Only you can read the key file. No file is ever replaced.")
        )
        self._forgive()
        self._show_files()
        self._check()

    def take_focus(self) -> None:
        self._name.setFocus()
        self._name.selectAll()

    def leave(self) -> None:
        if self._waits_for_key:  # nothing is saved when it comes later
            self._waits_for_key = False
            self.set_busy(False)

    @property
    def may_leave(self) -> bool:
        return self._waits_for_key or not self.busy

    def key_made(self) -> None:
        if self._waits_for_key:
            self._waits_for_key = False
            self.set_busy(False)
            self._save()

    def submit(self) -> bool:
        if not self._name.text().strip():
            self._name_note.show_problem(_("Type a name for the files."))
            self._name.setFocus()
        elif not self._folder.text().strip():
            self._folder_note.show_problem(_("Choose a folder."))
            self._folder.setFocus()
        elif self.draft.key is None:
            self._waits_for_key = True
            self.set_busy(True, _("Creating the key"))
            self.key_wanted.emit()
        else:
            self._save()
        return False

    def _save(self) -> None:
        draft, key = self.draft, self.draft.key
        assert key is not None

        def make() -> CreatedRequest:
            return create.create_request(
                Subject(draft.answers, verbatim=draft.verbatim),
                key,
                draft.folder,
                draft.base_name,
                key_file=draft.key_file,
                passphrase=draft.passphrase,
                kind=RequestKind.RENEWAL if draft.source else RequestKind.NEW,
            )

        def made(result: CreatedRequest) -> None:
            draft.created = result
            self.go_on()

        self.wait_for(make, made, self._refuse, _("Saving"))

    def _refuse(self, error: CoreError) -> None:
        problem = error.problems[0]
        self._show_problem(problem)
        at_fault = self._name if problem.code in FILE_NAME_CODES else self._folder
        at_fault.setFocus()
        at_fault.selectAll()

    def _on_edited(self) -> None:
        if self._folder.text().strip():
            self.draft.folder = typed_path(self._folder.text())
        self.draft.name = _without_ending(self._name.text().strip()) or None
        self._forgive()
        self._show_files()
        self._check()

    def _forgive(self) -> None:
        self._folder_note.show_help(_("If only the last folder is missing, it is created."))
        self._name_note.show_help(
            _("The request file gets this name.")
            if self.draft.key_file
            else _("Both files get this name.")
        )
        self._suggestion.hide()

    def _show_files(self) -> None:
        """Show the names of the files; their folder is shown above them."""
        name, key_file = self.draft.base_name, self.draft.key_file
        is_known = bool(self._folder.text().strip() and self._name.text().strip())
        self._csr_file.setText(f"{name}{CSR_SUFFIX}" if is_known else "–")
        if key_file:  # it may be anywhere
            self._key_file.setText(labels.path(key_file))
        else:
            self._key_file.setText(f"{name}{KEY_SUFFIX}" if is_known else "–")

    def _check(self) -> None:
        """Show what would prevent the files from being saved, before saving."""
        if self._checking:
            self._checking.forget()
        folder, name = self.draft.folder, self.draft.base_name
        with_key = self.draft.key_file is None

        def checked(problems: list[Problem]) -> None:
            if problems:
                self._show_problem(problems[0])

        self._checking = background.run(
            self, lambda: check_target(folder, name, with_key=with_key), checked
        )

    def _show_problem(self, problem: Problem) -> None:
        about_name = problem.code in FILE_NAME_CODES
        note = self._name_note if about_name else self._folder_note
        note.show_problem(problem_text(problem))
        if suggestion := problem.values.get("suggestion"):
            shown = shortened(str(suggestion), _LONGEST).replace("&", "&&")  # no key to press
            self._suggestion.setText(_("&Use '{name}'").format(name=shown))
            self._suggestion.setToolTip("" if shown == suggestion else str(suggestion))
            self._suggestion.setProperty("suggestion", suggestion)
            self._suggestion.show()

    def _take_suggestion(self) -> None:
        self._name.setText(str(self._suggestion.property("suggestion")))
        self._on_edited()
        self._name.setFocus()

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self, _("Choose a folder"), str(existing(self.draft.folder))
        )
        if chosen:
            self._folder.setText(str(Path(chosen)))  # Qt has slashes on Windows too
            self._on_edited()


def _without_ending(name: str) -> str:
    """Return the name of the files without the ending, which is added by itself."""
    suffix = Path(name).suffix
    return name.removesuffix(suffix) if suffix.lower() in (CSR_SUFFIX, KEY_SUFFIX) else name
