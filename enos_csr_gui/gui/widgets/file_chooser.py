"""A file to type, to choose or to drop, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QPushButton, QWidget

from enos_csr_gui.core.errors import Problem
from enos_csr_gui.gui.texts import problem_text
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.folder import existing, typed_path
from enos_csr_gui.gui.widgets.form import Form
from enos_csr_gui.gui.widgets.line import Line
from enos_csr_gui.i18n import _


class FileChooser(QWidget):
    """One row of a form: ``label``, a path, a button that opens the dialog, and a note below."""

    edited = Signal()
    """Another path was typed, chosen or dropped."""
    chosen = Signal()
    """A whole path was chosen or dropped."""
    several_chosen = Signal(list)
    """Several paths were chosen in the dialog, where ``takes_several``."""

    def __init__(
        self,
        label: str,
        help_text: str,
        kinds: str,
        start_folder: Path,
        parent: QWidget | None = None,
        *,
        takes_several: bool = False,
    ) -> None:
        """``kinds`` is the file dialog's filter, as QFileDialog takes it."""
        super().__init__(parent)
        self._label = label
        self._kinds = kinds
        self._start_folder = start_folder
        self._takes_several = takes_several
        self._path = Line()
        self._choose = QPushButton(_("C&hoose…"))
        self._note = FieldNote(help_text, about=self._path)

        self._path.setAcceptDrops(False)  # the window takes files; as text they would be URLs
        self._path.textEdited.connect(self._on_edited)
        self._choose.clicked.connect(self._choose_file)

        self.form = Form(self)
        self.form.add_row(label, self._path, self._note, self._choose)
        self.setFocusProxy(self._path)

    def path(self) -> Path | None:
        """Return the absolute path; None if the field is empty."""
        typed = self._path.text().strip()
        return typed_path(typed) if typed else None

    def set_path(self, path: Path) -> None:
        """Set a file chosen elsewhere, for example dropped."""
        self._path.setText(str(path))
        self._on_edited()
        self.chosen.emit()

    def clear(self) -> None:
        """Forget the path."""
        self._path.clear()
        self._on_edited()

    def show_problem(self, problem: Problem | str) -> None:
        """Show what is wrong with the file, and put the cursor there."""
        self._note.show_problem(problem if isinstance(problem, str) else problem_text(problem))
        self._path.setFocus()
        self._path.selectAll()

    def show_help(self, text: str) -> None:
        """Show another text below the field, until another path is chosen."""
        self._note.show_help(text)

    def forgive(self) -> None:
        """Clear the problem."""
        self._note.show_help()

    def _on_edited(self) -> None:
        self.forgive()
        self.edited.emit()

    def _choose_file(self) -> None:
        everything = _("All files (*)")
        start = self._path.text() or str(existing(self._start_folder))
        ask = QFileDialog.getOpenFileNames if self._takes_several else QFileDialog.getOpenFileName
        chosen, _kind = ask(self, self._label, start, f"{self._kinds};;{everything}")
        paths = [Path(one) for one in ([chosen] if isinstance(chosen, str) else chosen) if one]
        if len(paths) > 1:
            self.several_chosen.emit(paths)
        elif paths:
            self.set_path(paths[0])
            self._path.setFocus()
