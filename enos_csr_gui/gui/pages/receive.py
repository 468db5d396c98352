"""The certificate that has arrived: which key it belongs to, and whether it is in order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum, auto
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QStandardPaths, QTimer
from PySide6.QtWidgets import QPushButton

from enos_csr_gui.core import contents, pasted, receive
from enos_csr_gui.core.batch import arrivals
from enos_csr_gui.core.errors import (
    CHAIN_CODES,
    CannotReceive,
    CannotSave,
    Code,
    CoreError,
    Problem,
    escape_unprintable,
)
from enos_csr_gui.core.file_types import (
    ARCHIVE_SUFFIXES,
    ARRIVED_SUFFIXES,
    KEY_SUFFIXES,
    KEYSTORE_SUFFIXES,
    patterns,
)
from enos_csr_gui.core.history import PastRequest
from enos_csr_gui.core.pasted import Pasted
from enos_csr_gui.core.receive import MatchedCertificate, SortedFiles, StoredCertificate
from enos_csr_gui.gui import dates
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.navigation import Task
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.texts import nothing_copied, problem_text, problem_text_with_place
from enos_csr_gui.gui.widgets.button_row import ButtonRow
from enos_csr_gui.gui.widgets.details_grid import DetailsGrid
from enos_csr_gui.gui.widgets.field_note import FieldNote, announce
from enos_csr_gui.gui.widgets.file_card import FileCard
from enos_csr_gui.gui.widgets.file_chooser import FileChooser
from enos_csr_gui.gui.widgets.form import align
from enos_csr_gui.gui.widgets.reminder_button import ReminderButton
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels
from enos_csr_gui.messages.reminders import reminder


class _Found(NamedTuple):
    """A certificate, and where it is saved: it is if it was requested on this computer.

    ``unsaved`` is why it could not be.
    """

    matched: MatchedCertificate
    stored: StoredCertificate | None = None
    unsaved: Problem | None = None


class _Other(Enum):
    """What may be chosen in place of one certificate: a folder, or those for many devices."""

    FOLDER = auto()
    MANY = auto()


def _take(file: Path, key: Path | None, chain: Path | None, others: Sequence[Path]) -> _Found:
    matched = receive.match_certificate(file, key, chain, others=others)
    is_gone = any(one.code is Code.KEY_GONE for one in matched.problems)
    if matched.past is None or is_gone:
        return _Found(matched)
    try:
        return _Found(matched, receive.store_certificate(matched))
    except CannotSave as error:
        return _Found(matched, unsaved=error.problems[0])


class ReceivePage(Page):
    """Finds ``draft.matched``, and saves it as ``draft.stored`` if it was requested here."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(
            draft,
            _("Your certificate"),
            "",
        )
        downloads = QStandardPaths.StandardLocation.DownloadLocation
        arrived = Path(QStandardPaths.writableLocation(downloads) or draft.folder)
        kinds = _("Certificates ({patterns})").format(patterns=patterns(*ARRIVED_SUFFIXES))
        self._file = FileChooser(
            _("Certificate file"),
            _("Its name often ends in .pem, .crt or .cer."),
            kinds,
            arrived,
            takes_several=True,
        )
        self._key = FileChooser(
            _("Key file"),
            _("The key file (.key) that was saved together with the request."),
            _("Key files ({patterns})").format(
                patterns=patterns(*KEY_SUFFIXES, *KEYSTORE_SUFFIXES)
            ),
            draft.folder,
        )
        self._chain = FileChooser(
            _("Certificate chain file"),
            _("The certificate chain, or the certificate of the certificate authority (CA)."),
            kinds,
            arrived,
            takes_several=True,
        )
        align(self._file.form, self._key.form, self._chain.form)
        self._card = FileCard("certificate", "", "")
        facts = DetailsGrid()
        self._valid_from = facts.add_row(_("Issued on"))
        self._valid_to = facts.add_row(_("Expires on"))
        self._serial = facts.add_row(_("Serial number"))
        self._key_path = facts.add_row(_("Key file"))
        self._is_complete = facts.add_row(_("Certificate chain"))
        self._card.add_facts(facts)
        self._reminder = ReminderButton()
        self._card.offer(self._reminder)
        self._told = FieldNote(about=self._reminder, keeps_room=False)
        self._card.add_note(self._told)
        self._reminder.said.connect(self._told.tell)
        self._reminder.failed.connect(self._told.show_problem)
        self._warnings = FieldNote(about=self._card, keeps_room=False)
        self._others: tuple[Path, ...] = ()
        self._notes: tuple[Problem, ...] = ()
        self._expected: PastRequest | None = None
        self._file.edited.connect(self._forget_all)
        for chooser in (self._file, self._key, self._chain):
            chooser.edited.connect(self._forget)
            # The path is set only after the signal: look at it in the next turn.
            chooser.chosen.connect(lambda: QTimer.singleShot(0, self, self._look))
        for chooser in (self._file, self._chain):
            chooser.several_chosen.connect(self.take_files)

        paste = QPushButton(_("&Paste text"))
        paste.setToolTip(_("For a certificate that you have copied as text."))
        paste.clicked.connect(self.paste_wanted)
        self._file.form.add_below(ButtonRow(paste))
        shown = (
            self._file,
            self._key,
            self._card,
            self._warnings,
            self._chain,
        )
        for widget in shown:
            self.body.addWidget(widget)
        self.body.addStretch(1)
        self._key.hide()
        self._chain.hide()
        self._forget()

    def enter(self) -> None:
        self._forget()
        self._told.show_help("")
        self._expected, self.draft.expected = self.draft.expected, None
        if self._expected:
            name = labels.common_name(self._expected.subject)
            day = dates.day(self._expected.made_on)
            text = _("For the request of {date} for '{name}'. Choose the file that you received.")
            self.explain(text.format(date=day, name=name))
        else:
            self.explain(
                _(
                    "Choose the file that you received, or all of them if there are several. The "
                    "program looks for the key in them and on this computer."
                )
            )
        for chooser in (self._file, self._key, self._chain):
            chooser.clear()
        self._key.hide()
        self._chain.hide()

    def take_focus(self) -> None:
        self._file.setFocus()

    def take_files(self, files: Sequence[Path]) -> bool:
        def looked(is_folder: bool) -> None:
            if is_folder:
                self._sort(files)
            else:
                self._take_file(files[0])

        if len(files) == 1:
            # Not in this thread: the drive may not answer.
            what = _("Reading the files")
            self.wait_for(lambda: contents.is_folder(files[0]), looked, None, what)
        else:
            self._sort(files)
        return True

    def _take_file(self, file: Path) -> None:
        chooser = self._file
        if self._file.path() and self._key.isVisible():
            chooser = self._key
        elif self._file.path() and self._chain.isVisible():
            chooser = self._chain
        chooser.set_path(file)

    def take_text(self, text: str) -> None:
        def read(found: Pasted) -> None:
            if found.file and found.has_certificate:
                self.take_files([found.file])
            elif text.strip():
                self._file.show_problem(_("The pasted text contains no certificate."))
            else:
                self._file.show_problem(nothing_copied())

        name = _("Pasted text")
        self.wait_for(lambda: pasted.read(text, name), read, None, _("Reading the text"))

    def _sort(self, files: Sequence[Path]) -> None:
        """Take several files, or a folder: each for what it holds."""
        self.wait_for(
            lambda: receive.sort_files(files),
            self._take_sorted,
            lambda _error: self.task_wanted.emit(Task.INSPECT, list(files)),
            _("Reading the files"),
        )

    def _take_sorted(self, files: SortedFiles) -> None:
        if self._file.path() and not files.is_of_device:  # brought later
            self._others = (*self._others, files.certificate, *files.others)
            self._notes = (*self._notes, *files.notes)
            self._forget()
            QTimer.singleShot(0, self, self._look)  # the page is still busy
            return
        self._file.set_path(files.certificate)  # forgets the others of the last one
        self._others, self._notes = files.others, files.notes

    def submit(self) -> bool:
        received = self.draft.matched
        if self._file.path() is None:
            self._file.show_problem(_("Choose the certificate file."))
        elif received is None:
            self._look()
        else:
            return True
        return False

    def _forget_all(self) -> None:
        """Another certificate has a key and a chain of its own."""
        self._others = self._notes = ()
        self._told.show_help("")
        for chooser in (self._key, self._chain):
            if chooser.path():
                chooser.clear()
            chooser.forgive()
            chooser.hide()

    def _forget(self) -> None:
        self.draft.matched = self.draft.stored = None
        self._card.hide()
        self._warnings.show_help("")

    def _look(self) -> None:
        """Find what the certificate belongs to, and show it."""
        file, key, chain = self._file.path(), self._key.path(), self._chain.path()
        if file is None:
            return
        others, expected = self._others, self._expected

        def take() -> _Found | _Other:
            if contents.is_folder(file):
                return _Other.FOLDER
            if file.suffix.lower() in ARCHIVE_SUFFIXES and arrivals.holds_many([file]):
                return _Other.MANY
            given = key or (expected.key if expected and expected.key_exists() else None)
            return _take(file, given, chain, others)

        self.wait_for(
            take,
            self._show,
            self._refuse,
            _("Looking for the key"),
        )

    def _show(self, found: _Found | _Other) -> None:
        if isinstance(found, _Other):
            files = [one for one in [self._file.path()] if one]
            if found is _Other.FOLDER:
                self._sort(files)
            else:
                self.task_wanted.emit(Task.RECEIVE_MANY, files)
            return
        received = found.matched
        if gone := [one for one in received.problems if one.code is Code.KEY_GONE]:
            self._key.show()
            self._key.show_problem(gone[0])
            return
        self.draft.matched, self.draft.stored = received, found.stored
        self._key.forgive()  # of another certificate it may have been said to be missing
        if self._key.path() is None:
            self._key.hide()
        leaf = received.issued.certificate
        name = labels.common_name(received.issued.answers)
        self._card.title.setText(_("The certificate for '{name}'").format(name=name))
        self._valid_from.setText(dates.day(leaf.not_valid_before_utc))
        self._valid_to.setText(dates.day(leaf.not_valid_after_utc))
        self._serial.show_serial(leaf.serial_number)
        self._key_path.setText(labels.path(received.key))
        is_complete = not any(one.code in CHAIN_CODES for one in received.problems)
        self._is_complete.setText(_("complete") if is_complete else _("not complete"))
        stored = found.stored
        self._card.path.setText(_stored(stored) if stored else "")
        self._card.path.setVisible(stored is not None)
        further = _(
            "'Next' leads to the files for the device. You can also save them later: choose the "
            "request in 'My requests', and 'Details'."
        )
        self._card.advice.setText(further if stored else "")
        self._card.advice.setVisible(stored is not None)
        is_valid = leaf.not_valid_after_utc > datetime.now(UTC)
        self._reminder.offer(
            reminder(
                received.issued.answers,
                received.issued.public_key_sha256,
                leaf.serial_number,
                leaf.not_valid_after_utc,
            )
            if is_valid
            else None,
            found.stored.certificate.parent if found.stored else received.key.parent,
        )
        if self._others:
            names = labels.listed(escape_unprintable(one.name) for one in self._others)
            self._file.show_help(_("Also read: {files}").format(files=names))
        self._card.show()
        until = labels.named(_("Expires on"), self._valid_to.text())
        told = (self._card.title.text(), self._card.path.text(), until, self._card.advice.text())
        announce(self._card, "\n".join(filter(None, told)))
        of_page = [one for one in received.problems if not _is_about(one, self._chain)]
        said = [problem_text(problem) for problem in of_page]
        of_history = found.stored.notes if found.stored else received.notes
        notes = (*of_history, found.unsaved, *self._notes)
        said += [problem_text_with_place(one) for one in notes if one]
        self._warnings.show_problem("\n".join(said))
        if any(problem.code in CHAIN_CODES for problem in received.problems):
            self._chain.show()
        wrong = [one for one in received.problems if _is_about(one, self._chain)]
        if wrong:
            self._chain.show_problem(wrong[0])
            return
        self.focus_way_on()

    def _refuse(self, error: CoreError) -> None:
        problem = error.problems[0]
        choosers = (self._key, self._chain, self._file)
        at_fault = next((one for one in choosers if _is_about(problem, one)), self._file)
        is_authority = problem.code is Code.CERTIFICATE_OF_AUTHORITY
        if isinstance(error, CannotReceive) and not is_authority:
            self._key.show()
            at_fault = self._key
        at_fault.show_problem(problem)


def _stored(stored: StoredCertificate) -> str:
    """Return that the certificate is received, and where it is; the card names the folder."""
    if stored.already:
        received = _("It was received before, and is saved beside its key: {name}")
    else:
        received = _("It is received, and saved beside its key: {name}")
    return received.format(name=escape_unprintable(stored.certificate.name))


def _is_about(problem: Problem, chooser: FileChooser) -> bool:
    return problem.path is not None and problem.path == chooser.path()
