"""The key: a new one, made in the background, or one the person already has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from enos_csr_gui import words
from enos_csr_gui.core.errors import Code, CoreError
from enos_csr_gui.gui import style
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.pages.page import Page
from enos_csr_gui.gui.widgets.form import Form
from enos_csr_gui.gui.widgets.note import Note
from enos_csr_gui.gui.widgets.passphrase import PassphrasePair
from enos_csr_gui.i18n import _

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


class KeyPage(Page):
    """Decides ``draft.key_file`` and ``draft.passphrase``; reads an existing key."""

    new_key_wanted = Signal()
    """The person goes on with a new key; ``draft.key`` may still be None."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(
            draft,
            _("Key"),
            _("A key is the secret with which a device or an application proves who it is."),
        )
        self._intro = QLabel(
            _(
                "You will get two files: a request file, which you hand in to get a certificate "
                "for EnOS, and a key file, which you keep and show to nobody."
            )
        )
        self._new = QRadioButton(_("&Make a new key (recommended)"))
        self._protect = QCheckBox(_("&Protect the key file with a passphrase"))
        self._protect_note = Note(
            _(
                "Only needed if others may get hold of the file. Whatever uses the key must be "
                "given the passphrase too, and a forgotten passphrase cannot be recovered."
            )
        )
        self._passphrase = PassphrasePair()
        self._old = QRadioButton(_("&Use a key file that I already have"))
        self._path = QLineEdit()
        self._choose = QPushButton(_("C&hoose…"))
        self._path_note = Note(_("The file of the key, often named '….key' or '….pem'."))
        self._old_passphrase = QLineEdit()

        self._intro.setWordWrap(True)
        self._new.setChecked(True)
        self._old_passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        self._old_passphrase.setAccessibleName(_("Passphrase of the key file"))

        self._new.toggled.connect(self._show_choice)
        self._protect.toggled.connect(self._show_choice)
        self._choose.clicked.connect(self._choose_file)
        self._path.textEdited.connect(self._on_path_edited)

        self._for_new = QWidget()
        column = QVBoxLayout(self._for_new)
        column.setContentsMargins(3 * style.SPACING, 0, 0, style.SPACING)
        column.addWidget(self._protect)
        column.addWidget(self._protect_note)
        column.addWidget(self._passphrase)

        self._for_old = QWidget()
        form = Form(self._for_old)
        form.setContentsMargins(3 * style.SPACING, 0, 0, 0)
        form.add_row(_("Key file"), self._path, self._path_note, self._choose)
        self._old_passphrase_label = form.add_row(_("Passphrase"), self._old_passphrase)
        self._ask_old_passphrase(False)

        self.body.addWidget(self._intro)
        self.body.addSpacing(style.SPACING)
        self.body.addWidget(self._new)
        self.body.addWidget(self._for_new)
        self.body.addWidget(self._old)
        self.body.addWidget(self._for_old)
        self.body.addStretch(1)
        self._show_choice()

    @property
    def changed(self) -> bool:
        """Whether the person has entered anything that would be lost."""
        return bool(self._passphrase.text() or self._path.text())

    def start_over(self) -> None:
        """Offer a new key again. A passphrase stays: the next key gets the same protection."""
        self._new.setChecked(True)
        self._path.clear()
        self._old_passphrase.clear()
        self._ask_old_passphrase(False)
        self._path_note.show_help()

    def secrets(self) -> list[str]:
        """Return what no report may repeat."""
        edits = (self._passphrase.first, self._passphrase.second, self._old_passphrase)
        return [edit.text() for edit in edits if edit.text()]

    def submit(self) -> bool:
        if self._new.isChecked():
            return self._submit_new()
        self._submit_old()
        return False

    def _submit_new(self) -> bool:
        protected = self._protect.isChecked()
        if protected and self._passphrase.complaint():
            self._passphrase.show_complaint()
            return False
        if self.draft.key_file is not None:
            self.draft.key = self.draft.key_file = None
        self.draft.passphrase = self._passphrase.text() if protected else None
        self.new_key_wanted.emit()
        return True

    def _submit_old(self) -> None:
        typed = self._path.text().strip()
        if not typed:
            self._path_note.show_problem(_("Please choose the file of your key."))
            self._path.setFocus()
            return
        path = Path(typed).expanduser().absolute()
        passphrase = self._old_passphrase.text() or None

        def load() -> RSAPrivateKey:
            from enos_csr_gui.core.making import load_key

            return load_key(path, passphrase)

        def loaded(key: RSAPrivateKey) -> None:
            self.draft.key, self.draft.key_file, self.draft.passphrase = key, path, None
            self._path_note.show_help()
            self.go_on()

        self.wait_for(load, loaded, self._refuse, _("Reading the key file"))

    def _refuse(self, error: CoreError) -> None:
        problem = error.problems[0]
        self._path_note.show_problem(words.sentence(problem))
        about_passphrase = problem.code in (Code.PASSPHRASE_NEEDED, Code.PASSPHRASE_WRONG)
        self._ask_old_passphrase(about_passphrase)
        at_fault = self._old_passphrase if about_passphrase else self._path
        at_fault.setFocus()
        at_fault.selectAll()

    def _ask_old_passphrase(self, ask: bool) -> None:
        self._old_passphrase_label.setVisible(ask)
        self._old_passphrase.setVisible(ask)

    def _show_choice(self) -> None:
        new = self._new.isChecked()
        self._for_new.setVisible(new)
        self._for_old.setVisible(not new)
        self._passphrase.setVisible(self._protect.isChecked())
        if not self._protect.isChecked():
            self._passphrase.clear()

    def _on_path_edited(self) -> None:
        self._path_note.show_help()
        self._old_passphrase.clear()
        self._ask_old_passphrase(False)

    def _choose_file(self) -> None:
        start = self._path.text() or str(self.draft.folder)
        kinds = _("Key files ({patterns})").format(patterns="*.key *.pem *.der *.p8 *.pk8")
        chosen, _kind = QFileDialog.getOpenFileName(
            self, _("Choose the file of your key"), start, f"{kinds};;{_('All files (*)')}"
        )
        if chosen:
            self._path.setText(str(Path(chosen)))
            self._on_path_edited()
            self._path.setFocus()
