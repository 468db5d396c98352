"""The file of an existing key, and the passphrase that opens it, asked for when it needs one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QWidget

from enos_csr_gui.core.errors import PASSPHRASE_CODES, Code, Problem
from enos_csr_gui.core.file_types import KEY_SUFFIXES, patterns
from enos_csr_gui.gui.texts import problem_text
from enos_csr_gui.gui.widgets.file_chooser import FileChooser
from enos_csr_gui.gui.widgets.passphrase import BelowPassphrase, PassphraseEdit
from enos_csr_gui.i18n import _


class KeyChooser(FileChooser):
    """A key file, and maybe its passphrase."""

    def __init__(self, start_folder: Path, parent: QWidget | None = None) -> None:
        kinds = _("Key files ({patterns})").format(patterns=patterns(*KEY_SUFFIXES))
        help_text = _("The key file. Its name often ends in .key or .pem.")
        super().__init__(_("Key file"), help_text, kinds, start_folder, parent)
        self._passphrase = PassphraseEdit()
        name = _("Passphrase of the key file")
        self._below_passphrase = BelowPassphrase(self._passphrase, name)
        self._passphrase_note = self._below_passphrase.note
        self._passphrase_label = self.form.add_row(name, self._passphrase, self._below_passphrase)
        self._passphrase.textEdited.connect(lambda: self._passphrase_note.show_help(""))
        self.edited.connect(self._forget_passphrase)
        self._ask_passphrase(False)

    def passphrase(self) -> str | None:
        """Return the passphrase, which may be empty; None while it is not asked for."""
        return self._passphrase.text() if self._passphrase.isVisibleTo(self) else None

    def set_passphrase(self, passphrase: str | None) -> None:
        """Put a passphrase that was typed before into its field; None shows no such field."""
        self._passphrase.setText(passphrase or "")
        self._ask_passphrase(passphrase is not None)

    def show_problem(self, problem: Problem | str) -> None:
        """Show what is wrong with the file or its passphrase, and put the cursor there."""
        if isinstance(problem, Problem) and problem.code in PASSPHRASE_CODES:
            self.forgive()
            self._ask_passphrase(True)
            if problem.code is Code.PASSPHRASE_NEEDED and not self._passphrase.text():
                self._passphrase_note.tell(problem_text(problem))  # nothing was wrong so far
            else:
                self._passphrase_note.show_problem(problem_text(problem))
            self._passphrase.setFocus()
            self._passphrase.selectAll()
        else:
            self._ask_passphrase(False)
            super().show_problem(problem)

    def ask_for_path(self) -> None:
        """Say that a file must be chosen."""
        self.show_problem(_("Choose your key file."))

    def _ask_passphrase(self, ask: bool) -> None:
        for widget in (self._passphrase_label, self._passphrase, self._below_passphrase):
            widget.setVisible(ask)

    def _forget_passphrase(self) -> None:
        self._passphrase.clear()
        self._passphrase_note.show_help("")
        self._below_passphrase.hide_letters()
        self._ask_passphrase(False)
