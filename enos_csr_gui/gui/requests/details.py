"""The details of one request."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from enos_csr_gui.core import files
from enos_csr_gui.core.defaults import SubmitDefaults
from enos_csr_gui.core.enums import RequestKind, Status
from enos_csr_gui.core.errors import Problem
from enos_csr_gui.core.history import PastRequest
from enos_csr_gui.core.reminders import Reminder
from enos_csr_gui.core.renew import renewed_serial
from enos_csr_gui.gui import background, dates, style
from enos_csr_gui.gui.help import show_help
from enos_csr_gui.gui.help_shortcut import add_help_shortcuts, help_label
from enos_csr_gui.gui.requests.file_status import FileStatus
from enos_csr_gui.gui.submit.buttons import Submission, SubmitButtons
from enos_csr_gui.gui.texts import IN_ORDER_OF_ANSWERS, problem_text
from enos_csr_gui.gui.widgets.button_row import ButtonRow
from enos_csr_gui.gui.widgets.copy_button import CopyButton
from enos_csr_gui.gui.widgets.details_grid import DetailsGrid
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.folder import open_folder
from enos_csr_gui.gui.widgets.form import Form, align
from enos_csr_gui.gui.widgets.line import Line
from enos_csr_gui.gui.widgets.reminder_button import ReminderButton
from enos_csr_gui.gui.widgets.scrolling import Scrolling
from enos_csr_gui.gui.widgets.wrapped_label import WrappedLabel
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels
from enos_csr_gui.messages.reminders import reminder

_WIDTH = 720
_LONGEST_SITE, _LONGEST_NOTE = 64, 200
"""In characters."""


class RequestDetails(QDialog):
    """Shows ``request``, and from ``presence`` whether its files exist."""

    export_wanted = Signal()
    """The user wants the files for the device once more; the dialog has closed."""

    def __init__(
        self, request: PastRequest, presence: FileStatus, submit: SubmitDefaults, parent: QWidget
    ) -> None:
        """``submit`` is where the organization wants requests sent."""
        super().__init__(parent)
        self._request = request
        self._presence = presence
        name = labels.common_name(request.subject)
        self.setWindowTitle(_("Request: {name}").format(name=name))
        self._site, self._words = Line(request.site), Line(request.note)
        self._state, self._facts = DetailsGrid(), DetailsGrid()
        self._state.add_row(
            _("Status"), labels.request_status(request.status(), request.days_left())
        )
        self._state.add_row(_("Kind"), labels.request_kind(request.kind))
        self._state.add_row(_("Created on"), dates.minute(request.made_on))
        if request.issued and request.expires:
            self._state.add_row(_("Issued on"), dates.minute(request.issued))
            self._state.add_row(_("Expires on"), dates.minute(request.expires))
        if request.serial is not None:
            self._state.add_row(_("Serial number")).show_serial(request.serial)
        for field in IN_ORDER_OF_ANSWERS:
            value = labels.value(field.key, request.subject)
            self._facts.add_row(labels.label(field.key), value)
        self._facts.add_gap()
        copy = CopyButton(_("Co&py"), lambda: request.public_key_sha256)
        copy.setAccessibleName(_("Copy: {field}").format(field=_("Public-key fingerprint")))
        self._facts.add_row(_("Public-key fingerprint"), "", copy).show_digest(
            request.public_key_sha256
        )
        self._csr = self._add_file(_("Request file"), request.csr)
        self._key = self._add_file(_("Key file"), request.key)
        if request.certificate:
            self._add_file(_("Certificate file"), request.certificate)
        self._note = FieldNote(keeps_room=False)
        self._submit = SubmitButtons(self)
        if told := "\n".join(filter(None, (submit.email, submit.note))):
            self._facts.add_row(_("Submit to"), told)
        self._submit.offer(None, submit)
        self._submit.report_to(self._note)
        self._export = QPushButton(_("Save the &files for the device…"))
        self._export.clicked.connect(self._begin_export)
        self._export.setVisible(request.certificate is not None)
        self._reminder = ReminderButton()
        self._reminder.said.connect(self._note.tell)
        self._reminder.failed.connect(self._note.show_problem)
        self._reminder.offer(_reminder(request), (request.certificate or request.csr).parent)

        self._lay_out()
        background.run(
            self,
            partial(_read_submission, request),
            lambda submission: self._submit.offer(submission, submit),
            lambda _error: None,  # a missing file is reported beside its name
            detached=True,
        )
        presence.found.connect(self._show_files)
        self._show_files()

    def _lay_out(self) -> None:
        form = Form()
        for edit, label, longest in (
            (self._site, _("S&ite"), _LONGEST_SITE),
            (self._words, _("&Note"), _LONGEST_NOTE),
        ):
            edit.setMaxLength(longest)
            edit.setCursorPosition(0)
            edit.setAccessibleName(label.replace("&", ""))
            form.add_row(label, edit)
        align(self._state, form, self._facts)
        area = Scrolling()
        for part in (self._state, form, self._facts):
            area.column.addLayout(part)
        area.column.addSpacing(style.SPACING)
        if self._request.certificate:
            area.column.addWidget(ButtonRow(self._export, self._reminder))
        area.column.addWidget(ButtonRow(*self._submit.buttons))
        area.column.addWidget(self._note)
        area.column.addStretch(1)
        area.finish()
        close, explain = QPushButton(_("&Close")), QPushButton(help_label())
        close.clicked.connect(self.reject)
        # The window behind, which has the same, does not hear a key while this one is open.
        explain.clicked.connect(self._explain)
        buttons = QHBoxLayout()  # where the window has them, on every system
        buttons.addWidget(explain)
        buttons.addStretch(1)
        buttons.addWidget(close)
        add_help_shortcuts(self, self._explain)
        heading = WrappedLabel()
        heading.setText(labels.common_name(self._request.subject))
        heading.setFont(style.title(self.font()))
        column = QVBoxLayout(self)
        column.setContentsMargins(*[style.WIDE] * 4)
        column.setSpacing(style.WIDE)
        column.addWidget(heading)
        column.addWidget(area, 1)
        column.addLayout(buttons)
        style.ensure_touch_targets(self)
        room = style.room_for(self)
        lines = 3 * self.fontMetrics().lineSpacing()  # for messages about submitting
        height = self.sizeHint().height() - area.sizeHint().height() + area.full_height() + lines
        width = style.grown(self, _WIDTH)
        self.resize(min(width, room.width()), min(height, room.height()))
        close.setDefault(True)  # for Enter in a field; Qt would take the help
        close.setFocus()

    def words(self) -> tuple[str, str]:
        """Return the site and the note as they are now."""
        return self._site.text().strip(), self._words.text().strip()

    def _begin_export(self) -> None:
        self.accept()
        self.export_wanted.emit()

    def _explain(self) -> None:
        show_help("requests", self)

    def _add_file(self, name: str, path: Path) -> WrappedLabel:
        button = QPushButton(_("Open folder"))
        button.setAccessibleName(_("Open folder: {field}").format(field=name))
        value = self._facts.add_row(name, labels.path(path), button)
        note = FieldNote(about=button, keeps_room=False)
        self._facts.add_note(note)

        def missing(problem: Problem) -> None:
            note.show_problem(problem_text(problem))

        def look() -> None:
            note.show_help("")
            open_folder(self, path.parent, missing)

        button.clicked.connect(look)
        return value

    def _show_files(self) -> None:
        files = self._presence.of(self._request)
        if files is None:
            return
        if not files.csr:
            missing = labels.missing_files(False, True)
            self._csr.setText(f"{labels.path(self._request.csr)} ({missing})")
        if not files.key:
            missing = labels.missing_files(True, False)
            self._key.setText(f"{labels.path(self._request.key)} ({missing})")


def _reminder(request: PastRequest) -> Reminder | None:
    """Return the reminder to renew the certificate; None unless it is valid."""
    if request.expires is None or request.serial is None or request.status() is Status.EXPIRED:
        return None
    return reminder(request.subject, request.public_key_sha256, request.serial, request.expires)


def _read_submission(request: PastRequest) -> Submission:
    """Read what is needed to submit the request; raises UnreadableFile."""
    return Submission(
        request.subject,
        request.csr,
        files.read(request.csr).decode("ascii", "replace"),
        request.public_key_sha256,
        request.made_on,
        is_renewal=request.kind is RequestKind.RENEWAL,
        serial=renewed_serial(request),
    )
