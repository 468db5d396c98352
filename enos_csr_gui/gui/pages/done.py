"""The last page: what was created, and what to do with it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtWidgets import QPushButton

from enos_csr_gui.core.errors import Problem, escape_unprintable
from enos_csr_gui.core.subject import Subject
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.submit import mail
from enos_csr_gui.gui.submit.buttons import Submission, SubmitButtons
from enos_csr_gui.gui.texts import problem_text, problem_text_with_place
from enos_csr_gui.gui.widgets.button_row import ButtonRow
from enos_csr_gui.gui.widgets.drag_handle import DragHandle
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.file_card import FileCard
from enos_csr_gui.gui.widgets.folder import open_folder
from enos_csr_gui.i18n import N_, _
from enos_csr_gui.messages import labels

_KEEP_KEY = N_(
    "Never send this file to anybody. The certificate works only together with it, and "
    "nobody can restore it. Keep it safe until the certificate has expired."
)
_PROTECTED = N_("Your passphrase protects it.")
_KEEP_OLD = N_(
    "Until the new certificate is on the device, the device uses the old key. Keep that key too."
)


class DonePage(Page):
    """Shows ``draft.created``."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(draft, _("Done"), "")
        self._csr = FileCard(
            "request",
            _("Submit the request file"),
            "",
        )
        self._key = FileCard("key", _("Keep the key file"), "")
        self._open = QPushButton(_("&Open folder"))
        self._notes = FieldNote(about=self._open, keeps_room=False)
        self._told = FieldNote(keeps_room=False)
        self._another = QPushButton(_("Create a&nother request"))
        self._another.setToolTip(_("For the next device: everything but the common name stays."))

        self._open.clicked.connect(self._open_folder)
        self._another.clicked.connect(self.another_wanted)

        self._submit = SubmitButtons(self)
        self._submit.report_to(self._told)
        self._csr.offer(*self._submit.buttons)
        self._csr.add_note(self._told)
        self.primary = self._submit.buttons[:1]
        self._handle = DragHandle("request")
        self._csr.let_drag(self._handle)
        self.body.addWidget(self._csr)
        self.body.addWidget(self._key)
        self.body.addWidget(ButtonRow(self._open, self._another))
        self.body.addWidget(self._notes)
        self.body.addStretch(1)

    def enter(self) -> None:
        made = self.draft.created
        assert made is not None
        folder = made.csr.parent
        self._csr.path.setText(_shown(made.csr, folder))
        self._handle.hold(made.csr)
        submit = self.draft.submit
        subject = Subject(self.draft.answers, verbatim=self.draft.verbatim)
        old = self.draft.source
        request = Submission(
            subject,
            made.csr,
            made.csr_pem,
            made.public_key_sha256,
            datetime.now(UTC),
            is_renewal=old is not None,
            serial=old.serial if old else None,
        )
        self._submit.offer(request, submit)
        self._csr.advice.setText(mail.where_to(submit))
        self._key.path.setText(_shown(made.key, folder))
        keep = [_KEEP_KEY]
        if self.draft.passphrase and not self.draft.key_file:
            keep.append(_PROTECTED)
        if old and not self.draft.key_file:
            keep.append(_KEEP_OLD)
        self._key.advice.setText(labels.joined(map(_, keep)))
        self._notes.show_problem(labels.joined(map(problem_text, made.notes)))
        self._told.show_help("")
        self.explain(
            labels.joined(
                [
                    _("This request renews a certificate.") if old else "",
                    (
                        _("The request file is saved in {folder}.")
                        if self.draft.key_file
                        else _("Both files are saved in {folder}.")
                    ).format(folder=labels.path(folder)),
                    _(
                        "When you receive the certificate, choose 'My certificate has "
                        "arrived' on the start page."
                    ),
                ]
            )
        )

    def take_focus(self) -> None:
        # Not 'Close': a second Enter must not close an unread page.
        self.primary[0].setFocus()

    def _open_folder(self) -> None:
        def missing(problem: Problem) -> None:
            self._notes.show_problem(problem_text_with_place(problem))

        if self.draft.created:
            open_folder(self, self.draft.created.csr.parent, missing)


def _shown(file: Path, folder: Path) -> str:
    """Return the name of a file in the folder, which is shown above; else the whole path."""
    return escape_unprintable(file.name) if file.parent == folder else labels.path(file)
