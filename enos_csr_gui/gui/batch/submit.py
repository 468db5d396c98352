"""Submit the requests of many devices: compose an e-mail, save them as one archive."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QPushButton, QWidget

from enos_csr_gui.core.batch import archive
from enos_csr_gui.core.batch.archive import Requests
from enos_csr_gui.core.defaults import SubmitDefaults
from enos_csr_gui.core.enums import RequestKind
from enos_csr_gui.core.errors import CoreError
from enos_csr_gui.core.file_types import ARCHIVE_SUFFIX, REQUESTS
from enos_csr_gui.gui import background
from enos_csr_gui.gui.submit import mail
from enos_csr_gui.gui.texts import problem_text_with_place
from enos_csr_gui.i18n import _, ngettext
from enos_csr_gui.messages import labels


class SubmitManyButtons(QObject):
    """The ``buttons`` for a card; signals report their results.

    An empty text clears the previous message.
    """

    said = Signal(str)
    failed = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._parent = parent
        self._folder = Path()
        self._kind, self._submit = RequestKind.NEW, SubmitDefaults()
        self._attached = Path()
        mail_button = QPushButton(_("Compose an &e-mail"))
        mail_button.setToolTip(_("Opens your mail program. Attach the file there."))
        mail_button.clicked.connect(self._look)
        save = QPushButton(_("Save as a &ZIP archive…"))
        save.setToolTip(
            _("The request files of all devices, for people who upload them. No key is in it.")
        )
        save.clicked.connect(self._save)
        self.buttons: tuple[QPushButton, ...] = mail_button, save

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

    def _save(self) -> None:
        """Save the archive where the user chooses, never over an existing file."""
        folder = self._folder
        chosen, _kind = QFileDialog.getSaveFileName(
            self._parent,
            _("Save the requests"),
            str(folder.with_name(f"{folder.name}-requests{ARCHIVE_SUFFIX}")),
            f"ZIP (*{ARCHIVE_SUFFIX})",
            # Nothing is replaced, so there is nothing to confirm.
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if chosen:
            target = Path(chosen)
            background.run(self, lambda: archive.write(folder, target), self._saved, self._refuse)

    def _saved(self, saved: Path) -> None:
        self._attached = saved
        self.said.emit(_("The archive is saved: {path}").format(path=labels.path(saved)))

    def _refuse(self, error: CoreError) -> None:
        self.failed.emit(problem_text_with_place(error.problems[0]))
