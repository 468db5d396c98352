"""What was made and what to do with it."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton

from enos_csr_gui import words
from enos_csr_gui.core.errors import Problem
from enos_csr_gui.core.subject import Subject
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.pages.page import Page
from enos_csr_gui.gui.widgets.file_card import FileCard
from enos_csr_gui.gui.widgets.folder import open_folder
from enos_csr_gui.gui.widgets.hand_in import HandInButtons, ToHandIn
from enos_csr_gui.gui.widgets.note import Note
from enos_csr_gui.i18n import _


class DonePage(Page):
    """Shows ``draft.made``."""

    another_wanted = Signal()

    def __init__(self, draft: Draft) -> None:
        super().__init__(draft, _("Done"), _("Both files are saved on this computer."))
        self._csr = FileCard(
            "request",
            _("Hand in the request file"),
            _(
                "Give this file to whoever manages certificates in your EnOS. It holds no "
                "secret: you may send it by e-mail."
            ),
        )
        self._key = FileCard(
            "key",
            _("Keep the key file"),
            _(
                "Never send this file to anybody. The certificate works only together with it, "
                "and nobody can restore it: keep it safe until the certificate has expired."
            ),
        )
        self._open = QPushButton(_("&Open the folder"))
        self._notes = Note(about=self._open)
        self._another = QPushButton(_("&Make another request"))
        self._another.setToolTip(_("For the next device: everything but the common name is kept."))

        self._open.clicked.connect(self._open_folder)
        self._another.clicked.connect(self.another_wanted)

        self._hand_in = HandInButtons(self)
        self._hand_in.said.connect(self._tell)
        self._hand_in.failed.connect(self._tell_problem)
        self._csr.offer(*self._hand_in.buttons)
        row = QHBoxLayout()
        row.addWidget(self._open)
        row.addWidget(self._another)
        row.addStretch(1)
        self.body.addWidget(self._csr)
        self.body.addWidget(self._key)
        self.body.addLayout(row)
        self.body.addWidget(self._notes)
        self.body.addStretch(1)

    def initializePage(self) -> None:
        made = self.draft.made
        assert made is not None
        self._csr.path.setText(str(made.csr))
        hand_in = self.draft.hand_in
        subject = Subject(self.draft.answers, exact=self.draft.exact)
        self._hand_in.offer(
            ToHandIn(subject, made.csr, made.csr_pem, made.fingerprint, datetime.now(UTC)), hand_in
        )
        if hand_in.email:
            text = _("Send this file to {address}. It holds no secret.")
            self._csr.advice.setText(
                " ".join([text.format(address=hand_in.email), hand_in.note]).strip()
            )
        self._key.path.setText(str(made.key))
        self._notes.show_problem(" ".join(words.sentence(note) for note in made.notes))
        self._notes.setVisible(bool(made.notes))
        self.explain(
            _("The request file is saved on this computer.")
            if self.draft.key_file
            else _("Both files are saved on this computer.")
        )

    def take_focus(self) -> None:
        # Not 'Close': who presses Enter twice has not read this page.
        self._open.setFocus()

    def _tell(self, text: str) -> None:
        self._notes.show_help(text)
        self._notes.show()

    def _tell_problem(self, text: str) -> None:
        self._notes.show_problem(text)
        self._notes.show()

    def _open_folder(self) -> None:
        def missing(problem: Problem) -> None:
            self._tell_problem(words.with_place(problem))

        if self.draft.made:
            open_folder(self, self.draft.made.csr.parent, missing)
