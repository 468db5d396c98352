"""The export page: the certificate and its key in a format that the device reads."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from enos_csr_gui.core import export, keystore, receive
from enos_csr_gui.core.create import load_key
from enos_csr_gui.core.enums import ContentKind, Format
from enos_csr_gui.core.errors import FILE_NAME_CODES, PASSPHRASE_CODES, CoreError, Problem
from enos_csr_gui.core.export import ExportedFile
from enos_csr_gui.core.file_types import CERTIFICATE_SUFFIX
from enos_csr_gui.core.inspect import inspect_files
from enos_csr_gui.core.receive import StoredCertificate
from enos_csr_gui.gui import background, style
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.texts import problem_text, problem_text_with_place
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.folder import existing, typed_path
from enos_csr_gui.gui.widgets.form import Form, align
from enos_csr_gui.gui.widgets.line import Line
from enos_csr_gui.gui.widgets.passphrase import BelowPassphrase, PassphraseEdit, PassphrasePair
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels


class ExportPage(Page):
    """Fills ``draft.exported``."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(draft, _("For the device"), "")
        self._formats = {
            Format.PEM: QRadioButton(_("&PEM files: for the EnOS Edge and most other software")),
            Format.JAVA: QRadioButton(_("&Java keystore: for the EnOS SDK for Java")),
            Format.PKCS12: QRadioButton(_("PKCS #&12 keystore: for Windows and other programs")),
            Format.C: QRadioButton(_("&C header file: for the EnOS SDK for C")),
        }
        self._passphrase = PassphrasePair(
            keystore.check_passphrase,
            help_text=_("The program on the device needs it too."),
        )
        self._passphrase.name_first(_("Passphrase of the keystore"))
        self._older_systems = QCheckBox(_("For &older systems"))
        which = FieldNote(
            _("Java before 8u301, old Windows or macOS. It protects less well."),
            about=self._older_systems,
        )
        self._folder = Line()
        self._choose = QPushButton(_("C&hoose…"))
        self._name = Line()
        self._key_passphrase = PassphraseEdit()
        self._folder_note = FieldNote(about=self._folder)
        self._name_note = FieldNote(about=self._name, keeps_room=False)
        self._suffix = QLabel()
        name = _("Passphrase of the key file")
        below_passphrase = BelowPassphrase(self._key_passphrase, name)
        self._key_note = below_passphrase.note
        self._hide_letters = below_passphrase.hide_letters
        self._trouble = FieldNote(keeps_room=False)
        self._key_row, self._store_row = QWidget(), QWidget()

        for edit in (self._folder, self._name, self._key_passphrase):
            edit.textEdited.connect(self._forgive)
        self._choose.clicked.connect(self._choose_folder)
        for button in self._formats.values():
            button.toggled.connect(self._show_format)

        key_form = Form(self._key_row)
        key_form.add_row(name, self._key_passphrase, below_passphrase)
        place = Form()
        place.add_row(_("Folder"), self._folder, self._folder_note, self._choose)
        place.add_row(_("Name of the files"), self._name, self._name_note, self._suffix)
        align(place, key_form, self._passphrase.form)
        store = QVBoxLayout(self._store_row)
        store.setContentsMargins(0, 0, 0, 0)
        store.setSpacing(style.TIGHT)
        older = QWidget()
        row = QHBoxLayout(older)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.WIDE)
        row.addWidget(self._older_systems)
        row.addWidget(which, 1)
        self._passphrase.form.add_below(older)
        store.addWidget(self._passphrase)

        self._missing = FieldNote(about=self._formats[Format.PKCS12])
        self.body.addWidget(self._missing)
        formats = QVBoxLayout()
        formats.setSpacing(0)
        for button in self._formats.values():
            formats.addWidget(button)
        self.body.addLayout(formats)
        self.body.addWidget(self._key_row)
        self.body.addLayout(place)
        self.body.addWidget(self._store_row)
        self.body.addWidget(self._trouble)
        self.body.addStretch(1)

    def enter(self) -> None:
        received = self.draft.matched
        assert received is not None
        self.explain(
            _("Choose the format that your device reads. The people who run the device know which.")
        )
        self._folder.setText(str(received.key.parent / f"{received.key.stem}-device"))
        self._key_row.hide()
        self._key_passphrase.clear()
        self._hide_letters()
        self._passphrase.clear()
        self._older_systems.setChecked(False)
        has_chain = bool(received.issued.chain)
        self._missing.setVisible(not has_chain)
        self._missing.show_problem(
            ""
            if has_chain
            else _(
                "The CA certificates are missing, so only a PKCS #12 keystore is possible. "
                "For the other formats, go back and choose the certificate chain file."
            )
        )
        for format_, button in self._formats.items():
            button.setEnabled(has_chain or format_ is Format.PKCS12)
        self._formats[Format.PEM if has_chain else Format.PKCS12].setChecked(True)
        self._show_format()
        look = partial(_is_protected, received.key, received.issued.public_key_sha256)
        background.run(self, look, self._ask_for_passphrase)

    def _ask_for_passphrase(self, is_protected: bool) -> None:
        """Ask for the passphrase of the key file before saving."""
        if is_protected and not self._key_row.isVisible():
            self._key_row.show()
            self._key_passphrase.setFocus()

    def take_focus(self) -> None:
        self._formats[self._format()].setFocus()

    def leave(self) -> None:
        self._passphrase.clear()
        self._key_passphrase.clear()

    def submit(self) -> bool:
        received, format_ = self.draft.matched, self._format()
        stored = self.draft.stored
        assert received is not None
        if not self._folder.text().strip():
            self._folder_note.show_problem(_("Choose a folder."))
            self._folder.setFocus()
            return False
        if not self._name.text().strip():
            self._name_note.show_problem(_("Type a name for the files."))
            self._name.setFocus()
            return False
        is_pem, is_store = format_ is Format.PEM, format_ in _KEYSTORES
        if is_store and self._passphrase.complaint():
            self._passphrase.show_complaint()
            return False
        folder, name = typed_path(self._folder.text()), self._name.text().strip()
        passphrase = self._passphrase.text() if is_store else None
        # What is empty may be the passphrase, once it was asked for.
        opening = self._key_passphrase.text() if self._key_row.isVisible() else None
        older_systems = is_store and self._older_systems.isChecked()

        def load(may_take_long: bool) -> RSAPrivateKey:
            wanted = [received.issued.public_key_sha256]
            return load_key(received.key, opening, wanted=wanted, may_take_long=may_take_long)

        def make(key: RSAPrivateKey) -> tuple[StoredCertificate, list[ExportedFile]]:
            # First: it must not be lost to a name that is taken.
            taken = stored or receive.store_certificate(received)
            return taken, export.export_files(
                format_,
                key,
                received.issued.certificate,
                received.issued.chain,
                folder if is_pem else folder / f"{name}{format_.suffix}",
                name=name if is_pem else keystore.PEM_NAME,
                passphrase=passphrase,
                older_systems=older_systems,
            )

        def opened(key: RSAPrivateKey) -> None:
            what = _("Saving the files")
            self.wait_for(lambda: make(key), self._made, self._refuse, what)

        self.open_key(load, opened, self._refuse)
        return False

    def _made(self, made: tuple[StoredCertificate, list[ExportedFile]]) -> None:
        self.draft.stored, self.draft.exported = made
        self._passphrase.clear()
        self._key_passphrase.clear()
        self.go_on()

    def _refuse(self, error: CoreError) -> None:
        problem, received = error.problems[0], self.draft.matched
        edit: QLineEdit
        if problem.code in PASSPHRASE_CODES:
            self._key_row.show()
            note, edit = self._key_note, self._key_passphrase
        elif problem.code in FILE_NAME_CODES:
            note, edit = self._name_note, self._name
        elif problem.path is None or (received and self._is_about_key(problem, received.key)):
            note, edit = self._trouble, self._folder
        else:
            note, edit = self._folder_note, self._folder
        said = problem_text_with_place(problem) if note is self._trouble else problem_text(problem)
        note.show_problem(said)
        edit.setFocus()
        edit.selectAll()

    def _is_about_key(self, problem: Problem, key: Path) -> bool:
        """Return whether the problem is the folder of the key, where the certificate goes too."""
        if problem.path == key:
            return True
        elsewhere = typed_path(self._folder.text()) != key.parent
        return elsewhere and problem.path in (key.parent, key.with_suffix(CERTIFICATE_SUFFIX))

    def _format(self) -> Format:
        return next(format_ for format_, button in self._formats.items() if button.isChecked())

    def _show_format(self) -> None:
        received, format_ = self.draft.matched, self._format()
        is_pem = format_ is Format.PEM
        self._store_row.setVisible(format_ in _KEYSTORES)
        self._suffix.setVisible(not is_pem)
        self._suffix.setText(format_.suffix)
        if received:
            self._name.setText(keystore.PEM_NAME if is_pem else received.key.stem)
        self._forgive()

    def _forgive(self) -> None:
        name, is_pem = self._name.text().strip(), self._format() is Format.PEM
        parts = [f"{name}.key", f"{name}.pem", f"{name}_ca.pem"]
        is_open = self._format() not in _KEYSTORES
        secret = parts[0] if is_pem else f"{name}{self._format().suffix}"
        files = _("Files: {files}").format(files=labels.listed(parts) if is_pem else secret)
        said = [files] if is_pem else []  # of a single file, the suffix beside the name says it
        if is_open:
            said.append(
                _(
                    "The key in {file} has no passphrase, so that the device can start by itself."
                ).format(file=secret)
            )
        self._name_note.show_help("\n".join(said))
        self._name.setAccessibleDescription("\n".join(said) or files)
        self._folder_note.show_help(_("If only the last folder is missing, it is created."))
        self._key_note.show_help(_("This key is protected. Type its passphrase."))
        self._trouble.show_help("")

    def _choose_folder(self) -> None:
        start = Path(self._folder.text().strip()).parent
        chosen = QFileDialog.getExistingDirectory(self, _("Choose a folder"), str(existing(start)))
        if chosen:
            self._folder.setText(str(Path(chosen)))  # Qt has slashes on Windows too
            self._forgive()


_KEYSTORES = (Format.JAVA, Format.PKCS12)


def _is_protected(key: Path, public_key_sha256: str) -> bool:
    """Return whether the key needs a passphrase; a read error is reported later."""
    found = inspect_files([key])
    is_open = any(
        one.kind is ContentKind.PRIVATE_KEY and one.key.public_key_sha256 == public_key_sha256
        for one in found
        if one.key
    )
    return not is_open and any(one.protected for one in found)
