"""The last page about the certificates for many devices: what is saved, and where."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QPushButton

from enos_csr_gui.core.errors import Problem
from enos_csr_gui.core.file_types import CERTIFICATES
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.texts import problem_text, problem_text_with_place
from enos_csr_gui.gui.widgets.button_row import ButtonRow
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.file_card import FileCard
from enos_csr_gui.gui.widgets.folder import open_folder
from enos_csr_gui.i18n import _, ngettext
from enos_csr_gui.messages import labels


class ReceivedPage(Page):
    """Shows ``draft.arrival.saved``."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(draft, _("Done"), "")
        self._report = FileCard(
            "certificate",
            _("The report"),
            _("It lists every request, and what has become of it. It contains no secret."),
        )
        self._files = FileCard(
            "key",
            _("The files for the devices"),
            _(
                "Put the files of each folder on its device, and on no other. They contain the "
                "key: never send them by e-mail, and delete them here when the devices work."
            ),
        )
        self._open = QPushButton(_("&Open folder"))
        self.primary = [self._open]
        self._notes = FieldNote(about=self._open, keeps_room=False)
        self._open.clicked.connect(self._open_folder)
        for widget in (self._report, self._files, ButtonRow(self._open), self._notes):
            self.body.addWidget(widget)
        self.body.addStretch(1)

    def enter(self) -> None:
        arrived, saved = self.draft.arrival.arrived, self.draft.arrival.saved
        assert arrived is not None
        assert saved is not None
        count, missing = saved.certificates, saved.missing
        text = ngettext(
            "{count} certificate is saved beside its key.",
            "{count} certificates are saved beside their keys.",
            count,
        )
        still = ngettext("{count} is still missing.", "{count} are still missing.", missing)
        told = [text.format(count=count), still.format(count=missing) if missing else ""]
        self.explain(labels.joined(told))
        reports = [one.folder / CERTIFICATES for one in arrived.requested if one.is_batch]
        self._report.setVisible(bool(reports))
        self._report.path.setText("\n".join(map(labels.path, reports)))
        self._files.setVisible(saved.has_files)
        self._files.path.setText(labels.path(self._folder()))
        lines = [
            f"{problem_text(problem)} ({times}×)" if times > 1 else problem_text(problem)
            for problem, times in saved.remarks
        ]
        self._notes.show_problem("\n".join(lines))

    def take_focus(self) -> None:
        # Not 'Close': a second Enter must not close an unread page.
        self._open.setFocus()

    def _folder(self) -> Path:
        arrived, saved = self.draft.arrival.arrived, self.draft.arrival.saved
        assert arrived is not None
        assert saved is not None
        return saved.into or arrived.requested[0].folder

    def _open_folder(self) -> None:
        def missing(problem: Problem) -> None:
            self._notes.show_problem(problem_text_with_place(problem))

        open_folder(self, self._folder(), missing)
