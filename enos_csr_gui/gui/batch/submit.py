"""Submit the requests of many devices: compose an e-mail, save them as one archive."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QWidget

from enos_csr_gui.core.batch import archive
from enos_csr_gui.core.batch.archive import Requests
from enos_csr_gui.core.defaults import SubmitDefaults
from enos_csr_gui.core.enums import RequestKind
from enos_csr_gui.core.file_types import ARCHIVE_SUFFIX, REQUESTS
from enos_csr_gui.gui import background
from enos_csr_gui.gui.submit import mail
from enos_csr_gui.gui.submit.actions import SubmitActions
from enos_csr_gui.i18n import _, ngettext
from enos_csr_gui.messages import labels


class SubmitManyButtons(SubmitActions):
    """The buttons for the requests of a batch."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._folder = Path()
        self._kind, self._submit = RequestKind.NEW, SubmitDefaults()
        self._attached = Path()
        compose = self._mail_button(
            _("Opens your mail program. Attach the file there."), self._look
        )
        save = self._button(
            _("Save as a &ZIP archive…"),
            _("The request files of all devices, for people who upload them. No key is in it."),
            self._save_archive,
        )
        self.buttons = compose, save

    def offer(self, folder: Path, kind: RequestKind, submit: SubmitDefaults) -> None:
        """Act on the batch in this folder from now on."""
        self._folder, self._kind, self._submit = folder, kind, submit
        self._attached = folder / REQUESTS

    def _look(self) -> None:
        folder = self._folder
        background.run(self, lambda: archive.look(folder), self._compose, self._refuse)

    def _compose(self, found: Requests) -> None:
        """Open the mail program with a message; the user attaches the file, never a key."""
        count, attached = found.total, self._attached
        subject = self._submit.subject.replace("{name}", self._folder.name) or ngettext(
            "Certificate request for {count} device",
            "Certificate requests for {count} devices",
            count,
        ).format(count=count)
        if self._kind is RequestKind.RENEWAL:
            please = _("Please renew the certificates of these devices.")
        else:
            please = _("Please issue a certificate for each of these requests.")
        lines = [
            please,
            "",
            _("Number of devices: {count}").format(count=count),
            *mail.senders(found.shared),
            _("Requests, attached: {name}").format(name=attached.name),
        ]
        self.said.emit(mail.compose(self._submit.email, subject, lines, attached))

    def _save_archive(self) -> None:
        folder = self._folder
        suggested = folder.with_name(f"{folder.name}-requests{ARCHIVE_SUFFIX}")
        write = partial(archive.write, folder)
        self._save(_("Save the requests"), suggested, "ZIP", write, self._saved)

    def _saved(self, saved: Path) -> None:
        self._attached = saved
        self.said.emit(_("The archive is saved: {path}").format(path=labels.path(saved)))
