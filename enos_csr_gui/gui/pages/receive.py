"""The certificate that has arrived: which key it belongs to, and whether it is in order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QStandardPaths, QTimer

from enos_csr_gui.core import receive, serials
from enos_csr_gui.core.batch import arrivals
from enos_csr_gui.core.errors import (
    CHAIN_CODES,
    CannotReceive,
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
from enos_csr_gui.core.receive import MatchedCertificate, SortedFiles
from enos_csr_gui.gui import dates
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.navigation import Task
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.texts import problem_text
from enos_csr_gui.gui.widgets.field_note import FieldNote, announce
from enos_csr_gui.gui.widgets.file_card import FileCard
from enos_csr_gui.gui.widgets.file_chooser import FileChooser
from enos_csr_gui.gui.widgets.form import align
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels


class ReceivePage(Page):
    """Finds ``draft.matched``."""

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
            _("The certificates of the certificate authority (CA): the chain, or CA certificate."),
            kinds,
            arrived,
            takes_several=True,
        )
        align(self._file.form, self._key.form, self._chain.form)
        self._card = FileCard("certificate", "", "")
        self._warnings = FieldNote(about=self._chain)
        self._others: tuple[Path, ...] = ()
        self._expected: PastRequest | None = None
        self._file.edited.connect(self._forget_all)
        for chooser in (self._file, self._key, self._chain):
            chooser.edited.connect(self._forget)
            # The path is set only after the signal: look at it in the next turn.
            chooser.chosen.connect(lambda: QTimer.singleShot(0, self, self._look))
        for chooser in (self._file, self._chain):
            chooser.several_chosen.connect(self.take_files)

        for widget in (self._file, self._key, self._card, self._warnings, self._chain):
            self.body.addWidget(widget)
        self.body.addStretch(1)
        self._key.hide()
        self._chain.hide()
        self._forget()

    def enter(self) -> None:
        self.draft.matched = None
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
        if len(files) != 1 or files[0].is_dir():
            self._sort(files)
            return True
        chooser = self._file
        if self._file.path() and self._key.isVisible():
            chooser = self._key
        elif self._file.path() and self._chain.isVisible():
            chooser = self._chain
        chooser.set_path(files[0])
        return True

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
            self._forget()
            QTimer.singleShot(0, self, self._look)  # the page is still busy
            return
        self._file.set_path(files.certificate)  # forgets the others of the last one
        self._others = files.others

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
        self._others = ()
        for chooser in (self._key, self._chain):
            if chooser.path():
                chooser.clear()
            chooser.forgive()
            chooser.hide()

    def _forget(self) -> None:
        self.draft.matched = None
        self._card.hide()
        self._warnings.hide()

    def _look(self) -> None:
        """Find what the certificate belongs to, and show it."""
        file, key, chain = self._file.path(), self._key.path(), self._chain.path()
        if file is None:
            return
        if file.is_dir():
            self._sort([file])
            return
        others, expected = self._others, self._expected

        def match() -> MatchedCertificate | None:
            if file.suffix.lower() in ARCHIVE_SUFFIXES and arrivals.holds_many([file]):
                return None
            given = key or (expected.key if expected and expected.key_exists() else None)
            return receive.match_certificate(file, given, chain, others=others)

        self.wait_for(
            match,
            self._show,
            self._refuse,
            _("Looking for the key"),
        )

    def _show(self, received: MatchedCertificate | None) -> None:
        if received is None:  # for many devices
            self.task_wanted.emit(Task.RECEIVE_MANY, [self._file.path()])
            return
        if gone := [one for one in received.problems if one.code is Code.KEY_GONE]:
            self._key.show()
            self._key.show_problem(gone[0])
            return
        self.draft.matched = received
        self._key.forgive()  # of another certificate it may have been said to be missing
        if self._key.path() is None:
            self._key.hide()
        leaf = received.issued.certificate
        name = labels.common_name(received.issued.answers)
        self._card.title.setText(_("The certificate for '{name}'").format(name=name))
        self._card.path.setText(_("Key file: {path}").format(path=labels.path(received.key)))
        validity = _("Valid from {first} to {last}.").format(
            first=dates.day(leaf.not_valid_before_utc), last=dates.day(leaf.not_valid_after_utc)
        )
        serial = labels.named(_("Serial number"), serials.written(leaf.serial_number))
        self._card.advice.setText(f"{validity}\n{serial}")
        if self._others:
            names = labels.listed(escape_unprintable(one.name) for one in self._others)
            self._file.show_help(_("Also read: {files}").format(files=names))
        self._card.show()
        announce(self._card, "\n".join(label.text() for label in self._card.labels))
        of_page = [one for one in received.problems if not _is_about(one, self._chain)]
        said = [problem_text(problem) for problem in of_page]
        self._warnings.show_problem("\n".join(said))
        self._warnings.setVisible(bool(said))
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


def _is_about(problem: Problem, chooser: FileChooser) -> bool:
    return problem.path is not None and problem.path == chooser.path()
