"""What was made and what to do with it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl, QUrlQuery, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton

from enos_csr_gui import words
from enos_csr_gui.core.defaults import HandIn
from enos_csr_gui.core.errors import CoreError
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.pages.page import Page
from enos_csr_gui.gui.widgets.copy_button import CopyButton
from enos_csr_gui.gui.widgets.file_card import FileCard
from enos_csr_gui.gui.widgets.note import Note
from enos_csr_gui.i18n import _

_PDF = ".pdf"


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
        self._copy = CopyButton(_("Cop&y the request"), self._csr_pem)
        self._another = QPushButton(_("&Make another request"))
        self._mail = QPushButton(_("Compose an &e-mail"))
        self._mail.setToolTip(_("Opens your mail program; please attach the request file there."))
        self._mail.clicked.connect(self._compose)
        self._another.setToolTip(_("For the next device: everything but the common name is kept."))

        self._open.clicked.connect(self._open_folder)
        self._another.clicked.connect(self.another_wanted)

        self._sheet = QPushButton(_("Save a &hand-over sheet…"))
        self._sheet.setToolTip(_("One page (PDF) with all but the key, for a ticket or to print."))
        self._sheet.clicked.connect(self._save_sheet)

        self._csr.offer(self._mail, self._copy, self._sheet)
        row = QHBoxLayout()
        row.addWidget(self._open)
        row.addWidget(self._another)
        row.addStretch(1)
        self.body.addWidget(self._csr)
        self.body.addWidget(self._key)
        self.body.addWidget(self._notes)
        self.body.addLayout(row)
        self.body.addStretch(1)

    def initializePage(self) -> None:
        made = self.draft.made
        assert made is not None
        self._csr.path.setText(str(made.csr))
        hand_in = self._hand_in()
        if hand_in.email:
            text = _("Send this file to {address}. It holds no secret.")
            self._csr.advice.setText(
                " ".join([text.format(address=hand_in.email), hand_in.note]).strip()
            )
        self._key.path.setText(str(made.key))
        self._notes.show_problem(" ".join(words.sentence(note) for note in made.notes))
        self._notes.setVisible(bool(made.notes))
        self.setSubTitle(
            _("The request file is saved on this computer.")
            if self.draft.key_file
            else _("Both files are saved on this computer.")
        )

    def take_focus(self) -> None:
        # Not 'Close': who presses Enter twice has not read this page.
        self._open.setFocus()

    def _csr_pem(self) -> str:
        return self.draft.made.csr_pem if self.draft.made else ""

    def _hand_in(self) -> HandIn:
        return self.draft.defaults.hand_in if self.draft.defaults else HandIn()

    def _compose(self) -> None:
        """Open the mail program with a letter; the person attaches the request, nobody the key."""
        made, hand_in = self.draft.made, self._hand_in()
        if made is None:
            return
        name = self.draft.answers.get("common_name", "")
        subject = hand_in.subject or _("Certificate request for {name}")
        lines = [
            _("Please issue a certificate for this request."),
            "",
            _("Common name: {name}").format(name=name),
            _("Request file, attached: {name}").format(name=made.csr.name),
            _("SHA-256 fingerprint of the public key: {fingerprint}").format(
                fingerprint=made.fingerprint
            ),
        ]
        letter = QUrl("mailto:" + hand_in.email)
        query = QUrlQuery()
        query.addQueryItem("subject", _encoded(subject.replace("{name}", name)))
        query.addQueryItem("body", _encoded("\r\n".join(lines)))
        letter.setQuery(query)
        QDesktopServices.openUrl(letter)
        self._notes.show_help(_("Now attach this file to the e-mail: {path}").format(path=made.csr))
        self._notes.show()

    def _save_sheet(self) -> None:
        """Save the sheet where the person says, never over a file."""
        from datetime import UTC, datetime

        from enos_csr_gui.core.files import Part, save_set
        from enos_csr_gui.core.subject import Subject
        from enos_csr_gui.gui import dates, sheet

        draft, made = self.draft, self.draft.made
        if made is None:
            return
        chosen, _kind = QFileDialog.getSaveFileName(
            self,
            _("Save the hand-over sheet"),
            str(made.csr.with_suffix(_PDF)),
            f"PDF (*{_PDF})",
            # Nothing is replaced, so there is nothing to confirm.
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if not chosen:
            return
        target = Path(chosen)
        name = target.stem if target.suffix.lower() == _PDF else target.name
        subject = Subject(draft.answers, exact=draft.exact)
        hand_in, today = self._hand_in(), dates.day(datetime.now(UTC))

        def save() -> Path:
            data = sheet.pdf(made, subject, hand_in, today)
            [saved] = save_set(target.parent, name, [Part(_PDF, data)])
            return saved

        def done(saved: Path) -> None:
            self._notes.show_help(_("The sheet is saved: {path}").format(path=saved))
            self._notes.show()

        def failed(error: CoreError) -> None:
            self._notes.show_problem(words.with_place(error.problems[0]))
            self._notes.show()

        self.wait_for(save, done, failed, _("Saving"))

    def _open_folder(self) -> None:
        if self.draft.made:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.draft.made.csr.parent)))


def _encoded(text: str) -> str:
    """Return the text as it stands in a 'mailto:' (RFC 6068): '+' and '&' too are encoded."""
    return bytes(QUrl.toPercentEncoding(text).data()).decode("ascii")
