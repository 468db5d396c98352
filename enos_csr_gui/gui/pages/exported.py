"""The page after the export: the files for the device, and what to do with them."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtWidgets import QPushButton, QVBoxLayout

from enos_csr_gui.core.enums import Role
from enos_csr_gui.core.errors import Problem, escape_unprintable
from enos_csr_gui.gui import dates, style
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.texts import problem_text, problem_text_with_place
from enos_csr_gui.gui.widgets.button_row import ButtonRow
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.file_card import FileCard
from enos_csr_gui.gui.widgets.folder import open_folder
from enos_csr_gui.gui.widgets.reminder_button import ReminderButton
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels
from enos_csr_gui.messages.reminders import reminder


class ExportedPage(Page):
    """Shows ``draft.exported``."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(draft, _("Done"), "")
        self._cards = QVBoxLayout()
        self._cards.setSpacing(style.SPACING)
        self._open = QPushButton(_("&Open folder"))
        self.primary = [self._open]
        self._notes = FieldNote(keeps_room=False)
        self._open.clicked.connect(self._open_folder)
        self._reminder = ReminderButton()
        self._told = FieldNote(keeps_room=False)
        self._reminder.said.connect(self._told.tell)
        self._reminder.failed.connect(self._told.show_problem)
        self.body.addLayout(self._cards)
        self.body.addWidget(self._notes)
        self.body.addWidget(ButtonRow(self._open, self._reminder))
        self.body.addWidget(self._told)
        self.body.addStretch(1)

    def enter(self) -> None:
        while item := self._cards.takeAt(0):
            if widget := item.widget():
                widget.deleteLater()
        for one in self.draft.exported:
            icon, heading, text = _told(one.role)
            card = FileCard(icon, heading, text)
            card.path.setText(escape_unprintable(one.path.name))
            self._cards.addWidget(card)
        taken, received = self.draft.stored, self.draft.matched
        assert taken is not None
        assert received is not None
        leaf = received.issued.certificate
        expires = leaf.not_valid_after_utc
        is_valid = expires > datetime.now(UTC)
        folder = labels.path(self.draft.exported[0].path.parent)
        said = [
            _("The files for the device are in {folder}. Put them on the device.").format(
                folder=folder
            )
        ]
        if is_valid:
            text = _(
                "The certificate is also saved beside its key. It expires on {date}: renew it "
                "before that day."
            )
            said.append(text.format(date=dates.day(expires)))
        else:
            said.append(_("The certificate is also saved beside its key."))
        self.explain(labels.joined(said))
        issued = received.issued
        about = issued.answers, issued.public_key_sha256, leaf.serial_number, expires
        self._reminder.offer(reminder(*about) if is_valid else None, taken.certificate.parent)
        self._told.show_help("")
        self._notes.show_problem(labels.joined(map(problem_text, taken.notes)))

    def take_focus(self) -> None:
        # Not 'Close': a second Enter must not close an unread page.
        self._open.setFocus()

    def _open_folder(self) -> None:
        def missing(problem: Problem) -> None:
            self._told.show_problem(problem_text_with_place(problem))

        open_folder(self, self.draft.exported[0].path.parent, missing)


def _told(role: Role) -> tuple[str, str, str]:
    """Return the icon, the heading and the advice for a file."""
    return {
        Role.KEY: (
            "key",
            _("The key"),
            _(
                "Anybody who has this file can use it, because no passphrase protects it. "
                "Take it to the device, for example on a USB stick; then erase the stick and "
                "delete this copy. Never send it by e-mail."
            ),
        ),
        Role.CERTIFICATE: ("certificate", _("The certificate"), _("It contains no secret.")),
        Role.AUTHORITY: (
            "certificate",
            _("The CA certificates"),
            _("The device uses them to recognize EnOS. They contain no secret."),
        ),
        Role.SOURCE: (
            "key",
            _("The C header file, with key and certificates"),
            _(
                "Anybody who has this file, or the program compiled with it, can use the key. Keep "
                "it out of version control, and never send it by e-mail."
            ),
        ),
        Role.KEYSTORE: (
            "key",
            _("The keystore, with key and certificates"),
            _(
                "Take it to the device, for example on a USB stick; then erase the stick and "
                "delete this copy. Never send it by e-mail. The device needs its passphrase "
                "too."
            ),
        ),
    }[role]
