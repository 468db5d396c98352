"""The file of an existing key, and the passphrase that opens it, asked for when it needs one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QLineEdit, QPushButton, QWidget

from enos_csr_gui import words
from enos_csr_gui.core.errors import Code, Problem
from enos_csr_gui.gui.widgets.form import Form
from enos_csr_gui.gui.widgets.note import Note
from enos_csr_gui.i18n import _


class KeyChooser(QWidget):
    """A path to type or to choose, and maybe a passphrase."""

    def __init__(self, start_folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._start_folder = start_folder
        self._path = QLineEdit()
        self._choose = QPushButton(_("C&hoose…"))
        self._note = Note(_("The file of the key, often named '….key' or '….pem'."))
        self._passphrase = QLineEdit()

        self._passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        self._path.textEdited.connect(self._on_edited)
        self._choose.clicked.connect(self._choose_file)

        form = Form(self)
        form.add_row(_("Key file"), self._path, self._note, self._choose)
        self._passphrase_label = form.add_row(_("Passphrase of the key file"), self._passphrase)
        self._ask_passphrase(False)

    def path(self) -> Path | None:
        """Return the path that was chosen; None while there is none."""
        typed = self._path.text().strip()
        return Path(typed).expanduser().absolute() if typed else None

    def passphrase(self) -> str | None:
        """Return the passphrase; None when there is none."""
        return self._passphrase.text() or None

    def show_problem(self, problem: Problem) -> None:
        """Show what is wrong with the file or its passphrase, and put the cursor there."""
        self._note.show_problem(words.sentence(problem))
        about_passphrase = problem.code in (Code.PASSPHRASE_NEEDED, Code.PASSPHRASE_WRONG)
        self._ask_passphrase(about_passphrase)
        self._go_to(self._passphrase if about_passphrase else self._path)

    def ask_for_path(self) -> None:
        """Say that a file must be chosen."""
        self._note.show_problem(_("Please choose the file of your key."))
        self._go_to(self._path)

    def forgive(self) -> None:
        """Show no problem any more."""
        self._note.show_help()

    @staticmethod
    def _go_to(edit: QLineEdit) -> None:
        edit.setFocus()
        edit.selectAll()

    def _ask_passphrase(self, ask: bool) -> None:
        self._passphrase_label.setVisible(ask)
        self._passphrase.setVisible(ask)

    def _on_edited(self) -> None:
        self.forgive()
        self._passphrase.clear()
        self._ask_passphrase(False)

    def _choose_file(self) -> None:
        start = self._path.text() or str(self._start_folder)
        kinds = _("Key files ({patterns})").format(patterns="*.key *.pem *.der *.p8 *.pk8")
        chosen, _kind = QFileDialog.getOpenFileName(
            self, _("Choose the file of your key"), start, f"{kinds};;{_('All files (*)')}"
        )
        if chosen:
            self._path.setText(str(Path(chosen)))
            self._on_edited()
            self._path.setFocus()
