"""The key page: a new key, generated in the background, or an existing one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from PySide6.QtWidgets import QCheckBox, QLabel, QRadioButton, QVBoxLayout, QWidget

from enos_csr_gui.core.create import load_key
from enos_csr_gui.core.errors import CoreError
from enos_csr_gui.core.file_types import KEY_SUFFIXES
from enos_csr_gui.core.keys import check_passphrase
from enos_csr_gui.gui import style
from enos_csr_gui.gui.draft import Draft, KeyAnswers
from enos_csr_gui.gui.navigation import Task
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.key_chooser import KeyChooser
from enos_csr_gui.gui.widgets.passphrase import PassphrasePair
from enos_csr_gui.i18n import _


class KeyPage(Page):
    """Decides ``draft.key_file`` and ``draft.passphrase``; reads an existing key.

    Rarely used parts are built on demand.
    """

    def __init__(self, draft: Draft) -> None:
        super().__init__(
            draft,
            _("Key"),
            _("A key is the secret that proves the identity of a device or an application."),
        )
        self._intro = QLabel(
            _(
                "You get two files: a request file, which you submit to get a certificate, "
                "and a key file, which you keep and show to nobody."
            )
        )
        self._new = QRadioButton(_("&Create a new key (recommended)"))
        self._protect = QCheckBox(_("&Protect the key file with a passphrase"))
        self._protect_note = FieldNote(
            _(
                "Only needed if others may get hold of the file. Every program that uses the "
                "key needs the passphrase too, and a forgotten passphrase cannot be "
                "recovered."
            )
        )
        self._passphrase: PassphrasePair | None = None
        self._old = QRadioButton(_("&Use a key file that I already have"))
        self._chooser: KeyChooser | None = None

        self._intro.setWordWrap(True)
        self._new.setChecked(True)
        self._new.toggled.connect(self._show_choice)
        self._protect.toggled.connect(self._show_choice)
        self._protect.clicked.connect(self._go_to_passphrase)

        self._for_new = QWidget()
        self._new_column = QVBoxLayout(self._for_new)
        self._new_column.setContentsMargins(style.EDGE, 0, 0, style.SPACING)
        self._new_column.setSpacing(style.SPACING)
        self._new_column.addWidget(self._protect)
        self._new_column.addWidget(self._protect_note)

        self._old_column = QVBoxLayout()
        self._old_column.setContentsMargins(style.EDGE, 0, 0, 0)
        self._old_column.setSpacing(style.SPACING)

        self.body.addWidget(self._intro)
        self.body.addSpacing(style.SPACING)
        self.body.addWidget(self._new)
        self.body.addWidget(self._for_new)
        self.body.addWidget(self._old)
        self.body.addLayout(self._old_column)
        self.body.addStretch(1)

    def enter(self) -> None:
        if self.draft.was_protected:
            self.draft.was_protected = False
            self._protect.setChecked(True)
            assert self._passphrase is not None
            self._passphrase.explain(
                _("The old key is protected with a passphrase. Choose one for the new key too.")
            )
        answers, self.draft.key_answers = self.draft.key_answers, None
        if answers is None:
            return
        self._protect.setChecked(answers.is_protected)
        if self._passphrase:
            self._passphrase.set_texts(*answers.passphrases)
        if answers.path:
            self._old.setChecked(True)
            assert self._chooser is not None
            self._chooser.set_path(answers.path)
            self._chooser.set_passphrase(answers.opening)
        self._new.setChecked(answers.is_new)

    def take_focus(self) -> None:
        pair = self._passphrase
        if self._new.isChecked() and self._protect.isChecked() and pair and not pair.text():
            pair.setFocus()
        else:
            (self._new if self._new.isChecked() else self._old).setFocus()

    def keep_answers(self) -> None:
        pair, chooser = self._passphrase, self._chooser
        self.draft.key_answers = KeyAnswers(
            self._new.isChecked(),
            self._protect.isChecked(),
            pair.texts() if pair else ("", ""),
            chooser.path() if chooser else None,
            chooser.passphrase() if chooser else None,
        )

    def take_files(self, files: Sequence[Path]) -> bool:
        file = files[0]
        if len(files) != 1:
            return False
        if file.suffix.lower() in KEY_SUFFIXES:
            self._take(file)
            return True
        if not self._old.isChecked():
            return False

        def look() -> bool:
            from enos_csr_gui.core import contents

            return contents.is_folder(file)

        def looked(holds_files: bool) -> None:
            if holds_files:
                self._take(file)
            else:
                self.task_wanted.emit(Task.INSPECT, [file])

        # Not in this thread: the drive may not answer.
        self.wait_for(look, looked, None, _("Reading the files"))
        return True

    def _take(self, file: Path) -> None:
        self._old.setChecked(True)
        assert self._chooser is not None
        self._chooser.set_path(file)

    @property
    def changed(self) -> bool:
        return bool(
            (self._passphrase and self._passphrase.text())
            or (self._chooser and self._chooser.path())
        )

    def start_over(self, *, keep_passphrase: bool) -> None:
        self._new.setChecked(True)
        if not keep_passphrase:
            self._protect.setChecked(False)
        elif self._passphrase and self._protect.isChecked():
            self._passphrase.hide_letters()
            self._passphrase.explain(
                _(
                    "The passphrase of the last request is filled in. Keep it, or type another one "
                    "for this device."
                )
            )
        if self._chooser:
            self._chooser.deleteLater()
            self._chooser = None

    def submit(self) -> bool:
        if self._new.isChecked():
            return self._submit_new()
        self._submit_old()
        return False

    def _submit_new(self) -> bool:
        passphrase = self._passphrase if self._protect.isChecked() else None
        if passphrase and passphrase.complaint():
            passphrase.show_complaint()
            return False
        if self.draft.key_file is not None:
            self.draft.key = self.draft.key_file = None
        self.draft.passphrase = passphrase.text() if passphrase else None
        self.key_wanted.emit()
        return True

    def _submit_old(self) -> None:
        chooser = self._chooser
        assert chooser is not None
        path, passphrase = chooser.path(), chooser.passphrase()
        if path is None:
            chooser.ask_for_path()
            return

        def load(may_take_long: bool) -> tuple[RSAPrivateKey, Path]:
            from enos_csr_gui.core import key_files  # reads every kind of file, and few need that

            file = key_files.find(path, passphrase, may_take_long=may_take_long)
            return load_key(file, passphrase, may_take_long=may_take_long), file

        def loaded(found: tuple[RSAPrivateKey, Path]) -> None:
            self.draft.key, self.draft.key_file = found
            self.draft.passphrase = None
            chooser.forgive()
            self.go_on()

        def refused(error: CoreError) -> None:
            chooser.show_problem(error.problems[0])

        self.open_key(load, loaded, refused)

    def _go_to_passphrase(self, is_wanted: bool) -> None:
        if is_wanted and self._passphrase:
            self._passphrase.setFocus()

    def _show_choice(self) -> None:
        new, protected = self._new.isChecked(), self._protect.isChecked()
        if protected and self._passphrase is None:
            self._passphrase = PassphrasePair(check_passphrase)
            self._new_column.addWidget(self._passphrase)
        if not new and self._chooser is None:
            self._chooser = KeyChooser(self.draft.folder)
            self._old_column.addWidget(self._chooser)
        self._for_new.setVisible(new)
        if self._chooser:
            self._chooser.setVisible(not new)
        if self._passphrase:
            self._passphrase.setVisible(protected)
            if not protected:
                self._passphrase.clear()
