"""All that is known of one request."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from enos_csr_gui import words
from enos_csr_gui.core import files
from enos_csr_gui.core.defaults import HandIn
from enos_csr_gui.core.errors import Problem
from enos_csr_gui.core.history import Kind, PastRequest
from enos_csr_gui.core.renewal import renewed_serial
from enos_csr_gui.core.subject import SUBJECT_FIELDS
from enos_csr_gui.gui import dates, style, work
from enos_csr_gui.gui.help_shortcut import add_help_shortcuts
from enos_csr_gui.gui.widgets.button_row import ButtonRow
from enos_csr_gui.gui.widgets.copy_button import CopyButton
from enos_csr_gui.gui.widgets.facts import Facts
from enos_csr_gui.gui.widgets.folder import open_folder
from enos_csr_gui.gui.widgets.hand_in import HandInButtons, ToHandIn
from enos_csr_gui.gui.widgets.note import Note
from enos_csr_gui.gui.widgets.presence import Presence
from enos_csr_gui.gui.widgets.scrolling import Scrolling
from enos_csr_gui.gui.widgets.wrapped_label import WrappedLabel
from enos_csr_gui.i18n import _

_WIDTH = 720


class RequestDetails(QDialog):
    """Shows ``request``, and by ``presence`` what became of its files."""

    def __init__(
        self, request: PastRequest, presence: Presence, hand_in: HandIn, parent: QWidget
    ) -> None:
        """``hand_in`` is what the organisation says of handing in."""
        super().__init__(parent)
        self._request = request
        self._presence = presence
        self.setWindowTitle(_("Request: {name}").format(name=request.common_name))
        self._facts = Facts()
        for field in SUBJECT_FIELDS:
            value = words.value(field.key, request.subject)
            self._facts.add_row(f"{words.label(field.key)} ({field.initials})", value)
        self._facts.add_gap()
        self._facts.add_row(_("Kind"), words.request_kind(request.kind))
        self._facts.add_row(_("Made on"), dates.minute(request.made_on))
        self._facts.add_row(
            _("Status"), words.request_status(request.status(), request.days_left())
        )
        if request.issued and request.expires:
            self._facts.add_row(_("Issued on"), dates.minute(request.issued))
            self._facts.add_row(_("Expires on"), dates.minute(request.expires))
        if request.serial is not None:
            self._facts.add_row(_("Serial number"), f"{request.serial:X}")
        self._facts.add_gap()
        copy = CopyButton(_("Co&py"), lambda: request.fingerprint)
        copy.setAccessibleName(_("Copy: {field}").format(field=_("Key fingerprint")))
        self._facts.add_row(_("Key fingerprint"), "", copy).show_digest(request.fingerprint)
        self._csr = self._add_file(_("Request file"), request.csr)
        self._key = self._add_file(_("Key file"), request.key)
        if request.certificate:
            self._add_file(_("Certificate file"), request.certificate)
        self._hand_in = HandInButtons(self)
        if told := "\n".join(filter(None, (hand_in.email, hand_in.note))):
            self._facts.add_row(_("Hand in to"), told)
        self._hand_in.offer(None, hand_in)
        self._hand_in.said.connect(self._show_help)
        self._hand_in.failed.connect(self._show_text)
        self._note = Note()
        self._note.hide()

        self._lay_out()
        work.run(
            self,
            partial(_to_hand_in, request),
            lambda to_hand_in: self._hand_in.offer(to_hand_in, hand_in),
            lambda _error: None,  # a missing file is told beside its name
            apart=True,
        )
        presence.found.connect(self._show_files)
        self._show_files()

    def _lay_out(self) -> None:
        area = Scrolling()
        area.column.addLayout(self._facts)
        area.column.addSpacing(style.SPACING)
        area.column.addWidget(ButtonRow(*self._hand_in.buttons))
        area.column.addWidget(self._note)
        area.column.addStretch(1)
        area.finish()
        buttons = QDialogButtonBox()
        close = buttons.addButton(_("&Close"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.rejected.connect(self.reject)
        # The window behind, which has the same, does not hear a key while this one is open.
        explain = buttons.addButton(_("Help (F1)"), QDialogButtonBox.ButtonRole.HelpRole)
        explain.clicked.connect(self._explain)
        add_help_shortcuts(self, self._explain)
        heading = WrappedLabel()
        heading.setText(self._request.common_name)
        heading.setFont(style.title(self.font()))
        column = QVBoxLayout(self)
        column.setContentsMargins(*[2 * style.SPACING] * 4)
        column.setSpacing(2 * style.SPACING)
        column.addWidget(heading)
        column.addWidget(area, 1)
        column.addWidget(buttons)
        style.enlarge_all(self)
        room = style.room_for(self)
        lines = 3 * self.fontMetrics().lineSpacing()  # for what will be said of handing in
        height = self.sizeHint().height() - area.sizeHint().height() + area.full_height() + lines
        width = _WIDTH * max(1, self.fontMetrics().lineSpacing() / style.USUAL_LINE)
        self.resize(min(round(width), room.width()), min(height, room.height()))
        close.setFocus()

    def _explain(self) -> None:
        from enos_csr_gui.gui.help import show_help

        show_help("requests", self)

    def _add_file(self, name: str, path: Path) -> WrappedLabel:
        button = QPushButton(_("Open folder"))
        button.setAccessibleName(_("Open folder: {field}").format(field=name))
        button.clicked.connect(lambda: open_folder(self, path.parent, self._show_problem))
        return self._facts.add_row(name, str(path), button)

    def _show_files(self) -> None:
        files = self._presence.of(self._request)
        if files is None:
            return
        if not files.csr:
            self._csr.setText(f"{self._request.csr} ({words.missing_files(False, True)})")
        if not files.key:
            self._key.setText(f"{self._request.key} ({words.missing_files(True, False)})")

    def _show_problem(self, problem: Problem) -> None:
        self._show_text(words.with_place(problem))

    def _show_text(self, text: str) -> None:
        self._note.show_problem(text)
        self._note.show()

    def _show_help(self, text: str) -> None:
        self._note.tell(text)
        self._note.setVisible(bool(text))


def _to_hand_in(request: PastRequest) -> ToHandIn:
    """Read what is needed to hand the request in; raises UnreadableFile."""
    return ToHandIn(
        request.subject,
        request.csr,
        files.read(request.csr).decode("ascii", "replace"),
        request.fingerprint,
        request.made_on,
        is_renewal=request.kind is Kind.RENEWAL,
        serial=renewed_serial(request),
    )
