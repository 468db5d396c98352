"""The last page for many devices: what was created, and what to do with it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton

from enos_csr_gui.core.errors import Problem
from enos_csr_gui.core.file_types import MANIFEST, REJECTED, REQUESTS
from enos_csr_gui.gui.batch.submit import SubmitManyButtons
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.submit import mail
from enos_csr_gui.gui.texts import problem_text, problem_text_with_place
from enos_csr_gui.gui.widgets.button_row import ButtonRow
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.file_card import FileCard
from enos_csr_gui.gui.widgets.folder import open_folder
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import batch as messages
from enos_csr_gui.messages import labels


class CreatedPage(Page):
    """Shows ``draft.batch.created``."""

    requests_wanted = Signal(str)
    """The requests that this text finds are to be shown."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(draft, _("Done"), "")
        self._requests = FileCard(
            "request",
            _("Submit the requests"),
            "",
        )
        self._keys = FileCard("key", "", "")
        self._told = FieldNote(keeps_room=False)
        self._submit = SubmitManyButtons(self)
        self._submit.report_to(self._told)
        self._requests.offer(*self._submit.buttons)
        self._requests.add_note(self._told)
        self._open = QPushButton(_("&Open folder"))
        self.primary = self._submit.buttons[:1]
        self._show = QPushButton(_("Show in &My requests"))
        self._notes = FieldNote(about=self._open, keeps_room=False)
        self._open.clicked.connect(self._open_folder)
        self._show.clicked.connect(self._show_requests)
        for widget in (
            self._requests,
            self._keys,
            ButtonRow(self._open, self._show),
            self._notes,
        ):
            self.body.addWidget(widget)
        self.body.addStretch(1)

    def enter(self) -> None:
        batch = self.draft.batch
        assert batch.created is not None
        assert batch.folder is not None
        made = batch.created
        count = made.outcome.created
        lists = _("{file} lists all devices for a spreadsheet.").format(file=MANIFEST)
        out = messages.left_out(made.left_out)
        self.explain(
            labels.joined(
                [
                    messages.created(count, made.seconds)
                    if count
                    else _("Nothing was left to create."),
                    messages.made_before(made.before),
                    out,
                    _("The reasons are in {file}.").format(file=REJECTED) if out else "",
                    lists,
                    _(
                        "When you receive the certificates, choose 'Many devices' on the start "
                        "page, then 'Receive certificates'."
                    ),
                ]
            )
        )
        self._requests.path.setText(labels.path(batch.folder / REQUESTS))
        content = _("The file has all requests, one in each line.")
        self._requests.advice.setText(labels.joined((content, mail.where_to(self.draft.submit))))
        self._submit.offer(batch.folder, batch.kind, self.draft.submit)
        self._told.show_help("")
        self._show_keys(batch.passphrase_file)
        self._notes.show_problem(labels.joined(map(problem_text, made.outcome.notes)))

    def _show_keys(self, passphrases: Path | None) -> None:
        keep = _(
            "Bring each key only to its device; never send it by e-mail. Nobody can restore it."
        )
        self._keys.path.setVisible(passphrases is not None)  # the folder of the keys is named above
        if passphrases:
            self._keys.title.setText(_("Keep the key files, and their passphrases apart"))
            self._keys.path.setText(labels.path(passphrases))
            apart = _(
                "The keys work only with the passphrases in this file. Never send both together."
            )
            self._keys.advice.setText(labels.joined((keep, apart)))
        else:
            self._keys.title.setText(_("Keep the key files"))
            self._keys.advice.setText(keep)

    def take_focus(self) -> None:
        # Not 'Close': a second Enter must not close an unread page.
        self.primary[0].setFocus()

    def _open_folder(self) -> None:
        def missing(problem: Problem) -> None:
            self._notes.show_problem(problem_text_with_place(problem))

        if self.draft.batch.folder:
            open_folder(self, self.draft.batch.folder, missing)

    def _show_requests(self) -> None:
        if made := self.draft.batch.created:
            self.requests_wanted.emit(made.batch)
