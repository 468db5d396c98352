"""The first page for the certificates of many devices: what was received."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QPushButton, QVBoxLayout, QWidget

from enos_csr_gui.core.batch import collect
from enos_csr_gui.core.batch.pool import Pool
from enos_csr_gui.core.enums import CertificateStatus
from enos_csr_gui.core.errors import CannotReceive, Code, CoreError, Problem, escape_unprintable
from enos_csr_gui.core.file_types import ARCHIVE_SUFFIXES, CERTIFICATE_SUFFIXES, patterns
from enos_csr_gui.gui import background, style
from enos_csr_gui.gui.batch.running import Run, RunPanel
from enos_csr_gui.gui.batch_draft import ArrivalDraft, Arrived
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.texts import problem_text, problem_text_with_place
from enos_csr_gui.gui.widgets.button_row import ButtonRow
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.file_chooser import FileChooser
from enos_csr_gui.gui.widgets.folder import existing, typed_path
from enos_csr_gui.gui.widgets.form import Form, align
from enos_csr_gui.gui.widgets.line import Line
from enos_csr_gui.i18n import _, ngettext
from enos_csr_gui.messages import labels

_NAMED = 3
"""As many files are named; of the others there is only the number."""


class CertificatesPage(Page):
    """Fills ``draft.arrival.arrived``."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(
            draft,
            _("Certificates for many devices"),
            _(
                "Choose everything that you received. Each certificate finds its key by the public "
                "key. You see what has arrived before anything is saved."
            ),
        )
        downloads = QStandardPaths.StandardLocation.DownloadLocation
        kinds = _("Certificates ({patterns})").format(
            patterns=patterns(*ARCHIVE_SUFFIXES, *CERTIFICATE_SUFFIXES, ".eml")
        )
        self._file = FileChooser(
            _("Certificates"),
            _what(),
            kinds,
            Path(QStandardPaths.writableLocation(downloads) or draft.folder),
            takes_several=True,
        )
        self._others: tuple[Path, ...] = ()
        self._all = QPushButton(_("Choose a &folder…"))
        self._folder, self._choose = Line(), QPushButton(_("Ch&oose…"))
        self._choose.setToolTip(_("Choose a folder"))
        self._choose.setAccessibleName(_("Choose the folder of the keys"))
        self._folder_note = FieldNote(about=self._folder)
        self._panel = RunPanel(_told, _("Stopping…"), pauses=False)
        self._job: background.Job | None = None

        self._file.edited.connect(self._forget_others)
        self._file.several_chosen.connect(self.take_files)
        self._all.clicked.connect(self._ask_certificates)
        self._folder.setMinimumWidth(self._folder.fontMetrics().averageCharWidth() * 12)
        self._folder.textEdited.connect(self._forgive)
        self._choose.clicked.connect(self._ask_folder)

        place = Form()
        place.add_row(_("Folder of the keys"), self._folder, self._folder_note, self._choose)
        align(self._file.form, place)
        self._file.form.add_below(ButtonRow(self._all))
        self._inputs = QWidget()
        column = QVBoxLayout(self._inputs)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.SPACING)
        column.addWidget(self._file)
        column.addLayout(place)
        self.body.addWidget(self._inputs)
        self.body.addWidget(self._panel)
        self.body.addStretch(1)
        self._forgive()

    def enter(self) -> None:
        if self.draft.arrival.saved:
            self.draft.arrival = ArrivalDraft()
        arrival = self.draft.arrival
        if arrival.paths:
            self.take_files(arrival.paths)
        else:
            self._file.clear()
        self._folder.setText(str(arrival.folder) if arrival.folder else "")
        self._panel.rest()
        self._forgive()

    def start_over(self, *, keep_passphrase: bool) -> None:
        del keep_passphrase
        if self.draft.arrival.saved:
            self.draft.arrival = ArrivalDraft()

    def take_focus(self) -> None:
        self._file.setFocus()

    def take_files(self, files: Sequence[Path]) -> bool:
        self._file.set_path(files[0])  # forgets the others of the last time
        self._others = tuple(files[1:])
        if self._others:
            names = [escape_unprintable(one.name) for one in self._others[:_NAMED]]
            if more := len(self._others) - len(names):
                text = ngettext("{count} more", "{count} more", more)
                names.append(text.format(count=more))
            self._file.show_help(_("Also read: {files}").format(files=labels.listed(names)))
        return True

    def _forget_others(self) -> None:
        self._others = ()
        self._file.show_help(
            _("A ZIP archive, a folder, one or more files, or API answers as JSON.")
        )

    def _forgive(self) -> None:
        self._folder_note.show_help(
            _("Needed only if the keys were created on another computer, or were moved.")
        )

    def _ask_certificates(self) -> None:
        start = self._file.path() or self.draft.folder
        chosen = QFileDialog.getExistingDirectory(self, _("Certificates"), str(existing(start)))
        if chosen:
            self._file.set_path(Path(chosen))

    def _ask_folder(self) -> None:
        typed = self._folder.text().strip()
        start = existing(typed_path(typed) if typed else self.draft.folder)
        chosen = QFileDialog.getExistingDirectory(self, _("Folder of the keys"), str(start))
        if chosen:
            self._folder.setText(str(Path(chosen)))
            self._forgive()

    # Reading

    @property
    def busy(self) -> bool:
        return super().busy or self._panel.run is not None

    def lets_go(self, *, closing: bool = False) -> bool:
        if self._panel.run:  # nothing is written, so nothing is lost
            self._panel.stop()
            if self._job:
                self._job.forget()
            self._ended()
            self._panel.rest()
        return True

    def submit(self) -> bool:
        path, typed = self._file.path(), self._folder.text().strip()
        if path is None:
            self._file.show_problem(_("Choose the certificates."))
            return False
        paths, folder, run = (path, *self._others), typed_path(typed) if typed else None, Run()
        self._forgive()
        self._inputs.setEnabled(False)
        self._panel.begin(run)
        self.busy_changed.emit()

        def arrived(found: Arrived | None) -> None:
            if found is None:
                self._panel.rest(_("Stopped. Nothing was saved."))
                self._file.setFocus()
                return
            self._panel.rest()
            arrival = self.draft.arrival = ArrivalDraft()
            arrival.paths, arrival.folder, arrival.arrived = paths, folder, found
            self.go_on()

        self._job = background.run(
            self, _look(paths, folder, run), arrived, self._refuse, self._ended
        )
        return False

    def _ended(self) -> None:
        self._job = None
        self._panel.end()
        self._inputs.setEnabled(True)
        self.busy_changed.emit()

    def _refuse(self, error: CoreError) -> None:
        problem, typed = error.problems[0], self._folder.text().strip()
        self._panel.rest()
        place = problem.path
        is_folder = typed and place and typed_path(typed) in (place, *place.parents)
        if is_folder or problem.code is Code.BATCH_NO_KEYS:
            self._folder_note.show_problem(problem_text(problem))
            self._folder.setFocus()
            self._folder.selectAll()
        else:
            self._file.show_problem(problem_text_with_place(problem))


def _what() -> str:
    return _("A ZIP archive, a folder, one or more files, or API answers as JSON.")


def _told(run: Run) -> str:
    if run.total:
        return _("Sorted {done} of {total} requests.").format(done=run.done, total=run.total)
    text = ngettext("{count} certificate read.", "{count} certificates read.", run.done)
    return text.format(count=run.done)


def _look(paths: Sequence[Path], folder: Path | None, run: Run) -> Callable[[], Arrived | None]:
    """Return what reads and sorts the certificates in a thread; its result is None if stopped."""

    def work() -> Arrived | None:
        if folder:
            requested = [collect.of_folder(folder)]
        pool = Pool(paths, folder, control=run.control, progress=run)
        if not pool.public_keys and not run.control.stopped:
            nothing = Problem(Code.BATCH_NO_CERTIFICATES, path=paths[0])
            raise CannotReceive([*pool.problems, nothing])
        if not folder:
            requested = collect.of_history(pool.public_keys)
            if not requested and not run.control.stopped:
                raise CannotReceive([Problem(Code.BATCH_NO_KEYS)])
        devices = collect.look(requested, pool, control=run.control, progress=run)
        if run.control.stopped:
            return None
        places: dict[str, array[int]] = {status: array("q") for status in CertificateStatus}
        for place, one in enumerate(devices):
            places[one.status].append(place)
        return Arrived(requested, devices, pool.rest(), pool.problems, places)

    return work
