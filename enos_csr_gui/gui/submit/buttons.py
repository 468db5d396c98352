"""Submit a request: compose an e-mail, copy the request, save a cover sheet for a ticket."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from PySide6.QtWidgets import QWidget

from enos_csr_gui.core import serials
from enos_csr_gui.core.defaults import SubmitDefaults
from enos_csr_gui.core.file_types import COVER_SHEET_SUFFIX
from enos_csr_gui.core.files import save_with_ending
from enos_csr_gui.gui import dates
from enos_csr_gui.gui.submit import mail
from enos_csr_gui.gui.submit.actions import SubmitActions
from enos_csr_gui.gui.widgets.copy_button import CopyButton
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels


class Submission(NamedTuple):
    """A request to submit: its subject (field key -> value), its file and the file's content.

    ``is_renewal`` of the certificate with the number ``serial``, which may not be known.
    """

    subject: Mapping[str, str]
    csr: Path
    csr_pem: str
    public_key_sha256: str
    made_on: datetime
    is_renewal: bool = False
    serial: int | None = None


class SubmitButtons(SubmitActions):
    """The buttons for one request."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._request: Submission | None = None
        self._submit = SubmitDefaults()
        compose = self._mail_button(
            _("Opens your mail program. Attach the request file there."), self._compose
        )
        copy = CopyButton(_("Cop&y the request"), self._pem)
        copy.clicked.connect(lambda: self.said.emit(""))
        save = self._button(
            _("Save a co&ver sheet…"),
            _("One page (PDF) with everything but the key, to attach to a ticket or to print."),
            self._save_sheet,
        )
        self.buttons = compose, copy, save

    def offer(self, request: Submission | None, submit: SubmitDefaults) -> None:
        """Act on this request from now on; None disables the buttons."""
        self._request, self._submit = request, submit
        for button in self.buttons:
            button.setEnabled(request is not None)

    def _pem(self) -> str:
        return self._request.csr_pem if self._request else ""

    def _compose(self) -> None:
        """Open the mail program with a message; the user attaches the request, never the key."""
        request, submit = self._request, self._submit
        if request is None:
            return
        name = request.subject.get("common_name", "")
        subject = (submit.subject or _("Certificate request for {name}")).replace("{name}", name)
        if request.is_renewal:
            please = _("Please renew the certificate of this device or application.")
        else:
            please = _("Please issue a certificate for this request.")
        lines = [
            please,
            "",
            _("Common name: {name}").format(name=name),
            *mail.senders(request.subject),
            *self._renewed(request),
            _("Request file, attached: {name}").format(name=request.csr.name),
            _("Public-key fingerprint (SHA-256): {fingerprint}").format(
                fingerprint="\r\n" + labels.fingerprint(request.public_key_sha256)
            ),
        ]
        self.said.emit(mail.compose(submit.email, subject, lines, request.csr))

    @staticmethod
    def _renewed(request: Submission) -> list[str]:
        if request.serial is None:
            return []
        text = _("Serial number of the old certificate: {serial}")
        return [text.format(serial=serials.written(request.serial))]

    def _save_sheet(self) -> None:
        request, submit = self._request, self._submit
        if request is None:
            return
        from enos_csr_gui.gui.submit import cover_sheet  # few need one, and it takes 1 MB

        rows = cover_sheet.rows(
            request.subject,
            request.csr.name,
            request.public_key_sha256,
            dates.day(request.made_on),
            submit.email,
            serial=request.serial,
        )
        mark = cover_sheet.mark()

        def write(target: Path) -> Path:
            sheet = cover_sheet.pdf(rows, submit.note, mark)
            return save_with_ending(target, COVER_SHEET_SUFFIX, sheet)

        def saved(sheet: Path) -> None:
            self.said.emit(_("The sheet is saved: {path}").format(path=labels.path(sheet)))

        suggested = request.csr.with_suffix(COVER_SHEET_SUFFIX)
        self._save(_("Save the cover sheet"), suggested, "PDF", write, saved)
