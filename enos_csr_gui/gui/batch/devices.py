"""The files for many devices: in which format, where, and with which passphrases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from enos_csr_gui.core import create, keystore
from enos_csr_gui.core.batch import collect, passphrases
from enos_csr_gui.core.batch.collect import Collected, Export
from enos_csr_gui.core.enums import CertificateStatus, Format
from enos_csr_gui.core.errors import (
    PASSPHRASE_CODES,
    CannotSave,
    Code,
    CoreError,
    InvalidKey,
    Problem,
)
from enos_csr_gui.core.file_types import TABLE_SUFFIX
from enos_csr_gui.gui import background, style
from enos_csr_gui.gui.batch.running import Run, RunPage, RunPanel
from enos_csr_gui.gui.batch_draft import Arrived, SavedArrival
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.texts import problem_text, problem_text_with_place
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.folder import existing, typed_path
from enos_csr_gui.gui.widgets.form import Form, align
from enos_csr_gui.gui.widgets.line import Line
from enos_csr_gui.gui.widgets.passphrase import BelowPassphrase, PassphraseEdit, PassphrasePair
from enos_csr_gui.gui.widgets.question import may_take_long
from enos_csr_gui.i18n import _

_NOTED = 4
"""As many different remarks are shown at the end; the list has all of them."""

_KEYSTORES = (Format.JAVA, Format.PKCS12)


class _Choice(NamedTuple):
    """What is to be created; without a format, only the certificates are saved."""

    format: Format | None
    into: Path | None
    opening: str | None
    protecting: str | None
    each: Path | None
    may_take_long: bool = False


class DevicesPage(RunPage):
    """Saves ``draft.arrival.arrived``, and creates the files for the devices."""

    def __init__(self, draft: Draft) -> None:
        panel = RunPanel(
            lambda run: _("{done} of {total} saved.").format(done=run.done, total=run.total),
            _("Stopping. What has begun is still completed."),
        )
        stop = (
            _("Certificates and files are being saved. Stop now?"),
            _(
                "Everything saved so far is complete. To save the others later, choose the same "
                "certificates."
            ),
        )
        super().__init__(draft, _("For the devices"), panel, stop)
        self._formats: dict[Format | None, QRadioButton] = {
            None: QRadioButton(_("Only the cer&tificates beside the keys")),
            Format.PEM: QRadioButton(_("&PEM files: for the EnOS Edge and most other software")),
            Format.JAVA: QRadioButton(_("&Java keystore: for the EnOS SDK for Java")),
            Format.PKCS12: QRadioButton(_("PKCS #&12 keystore: for Windows and other programs")),
            Format.C: QRadioButton(_("&C header file: for the EnOS SDK for C")),
        }
        self._folder, self._each = Line(), Line()
        self._choose, self._choose_each = QPushButton(_("C&hoose…")), QPushButton(_("Choos&e…"))
        self._choose.setToolTip(_("Choose a folder"))
        self._choose_each.setToolTip(_("Choose a file"))
        self._choose_each.setAccessibleName(_("Choose the passphrase file"))
        self._opening = PassphraseEdit()
        self._protecting = PassphrasePair(
            keystore.check_passphrase,
            help_text=_("The programs on the devices need it too."),
        )
        self._protecting.name_first(_("Passphrase of the keystores"))
        self._folder.setPlaceholderText(_("Beside each key"))
        self._folder_note = FieldNote(about=self._folder, keeps_room=False)
        name = _("Passphrase of the key files")
        below_opening = BelowPassphrase(self._opening, name)
        self._opening_note = below_opening.note
        self._hide_letters = below_opening.hide_letters
        self._each_note = FieldNote(about=self._each, keeps_room=False)
        self._is_protected = False
        self._looking: background.Job | None = None
        self._trouble = FieldNote(about=self._panel, keeps_room=False)

        for edit in (self._folder, self._each, self._opening):
            edit.setMinimumWidth(edit.fontMetrics().averageCharWidth() * 12)
            edit.textEdited.connect(self._show_choice)
        self._choose.clicked.connect(self._ask_folder)
        self._choose_each.clicked.connect(self._ask_file)
        self._inputs, self._place_row, self._key_row = QWidget(), QWidget(), QWidget()
        group = QButtonGroup(self)
        choices = QVBoxLayout()
        choices.setSpacing(0)
        for button in self._formats.values():
            group.addButton(button)
            choices.addWidget(button)
            button.toggled.connect(self._show_choice)
        place, keys = Form(self._place_row), Form(self._key_row)
        place.add_row(_("Folder"), self._folder, self._folder_note, self._choose)
        keys.add_row(name, self._opening, below_opening)
        keys.add_row(_("Passphrase file"), self._each, self._each_note, self._choose_each)
        align(place, keys, self._protecting.form)
        forms = QVBoxLayout()
        forms.setSpacing(style.SPACING)
        for widget in (self._place_row, self._key_row, self._protecting):
            forms.addWidget(widget)
        column = QVBoxLayout(self._inputs)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(choices)
        column.addSpacing(style.SPACING)
        column.addLayout(forms)
        for widget in (self._inputs, self._panel, self._trouble):
            self.body.addWidget(widget)
        self.body.addStretch(1)

    def enter(self) -> None:
        arrived = self.draft.arrival.arrived
        assert arrived is not None
        self.explain(
            _(
                "Each certificate goes beside its key. So do the files, unless you choose a "
                "folder. Nothing is replaced."
            )
        )
        for edit in (self._folder, self._opening, self._each):
            edit.clear()
        self._hide_letters()
        self._protecting.clear()
        self._is_protected = False
        first = _first_with_key(arrived)
        has_chain = bool(first and first.delivered and first.delivered.chain)
        for format_, button in self._formats.items():
            button.setEnabled(has_chain or format_ in (None, Format.PKCS12))
        self._formats[Format.PEM if has_chain else None].setChecked(True)
        self._trouble.show_problem(
            ""
            if has_chain
            else _(
                "The CA certificates are missing, so only a PKCS #12 keystore is possible. For "
                "the other formats, go back and choose the certificate chain file too."
            )
        )
        self._panel.rest()
        self._show_choice()
        if first:
            self._looking = background.run(self, lambda: _is_locked(arrived), self._ask_to_open)

    def _ask_to_open(self, is_protected: bool) -> None:
        self._looking = None
        self._is_protected = is_protected
        self._show_choice()

    def take_focus(self) -> None:
        if self._panel.run:
            self._panel.take_focus()
        else:
            self._formats[self._format()].setFocus()

    def leave(self) -> None:
        if self._looking:
            self._looking.forget()
        self._opening.clear()
        self._protecting.clear()

    def start_over(self, *, keep_passphrase: bool) -> None:
        del keep_passphrase
        self.leave()

    def _format(self) -> Format | None:
        return next(one for one, button in self._formats.items() if button.isChecked())

    def _show_choice(self) -> None:
        format_ = self._format()
        has_each = self._is_protected and bool(self._each.text().strip())
        self._place_row.setVisible(format_ is not None)
        self._key_row.setVisible(format_ is not None and self._is_protected)
        self._opening.setEnabled(not has_each)
        self._protecting.setVisible(format_ in _KEYSTORES and not has_each)
        self._folder_note.show_help(
            ""
            if format_ in _KEYSTORES
            else _(
                "The key in these files has no passphrase, so that the devices can start by "
                "themselves."
            )
        )
        self._opening_note.show_help(
            _("The key files are protected. Type their passphrase, or choose the file below.")
        )
        self._each_note.show_help("")

    # Saving

    def submit(self) -> bool:
        arrival, format_ = self.draft.arrival, self._format()
        assert arrival.arrived is not None
        typed, each = self._folder.text().strip(), self._each.text().strip()
        is_own = self._is_protected and bool(each)
        protects = format_ in _KEYSTORES and not is_own
        if protects and self._protecting.complaint():
            self._protecting.show_complaint()
            return False
        choice = _Choice(
            format_,
            typed_path(typed) if typed and format_ else None,
            self._opening.text() or None,
            self._protecting.text() if protects else None,
            typed_path(each) if is_own and format_ else None,
        )
        self._save(choice)
        return False

    def _save(self, choice: _Choice) -> None:
        arrival = self.draft.arrival
        assert arrival.arrived is not None
        run = Run()
        self._trouble.show_help("")
        self._inputs.setEnabled(False)
        self._panel.begin(run, len(arrival.arrived.devices))
        self.busy_changed.emit()

        def done(result: tuple[Sequence[Collected], SavedArrival]) -> None:
            found, saved = result
            assert arrival.arrived is not None
            arrival.arrived = arrival.arrived._replace(devices=found)
            if run.control.stopped:
                text = _(
                    "Stopped after {done} of {total}. Everything saved is complete. Press 'Save' "
                    "to go on."
                )
                self._panel.end(run.done)
                self._panel.told.tell(text.format(done=run.done, total=len(found)))
                self.focus_way_on()
                return
            arrival.saved = saved
            self._opening.clear()
            self._protecting.clear()
            self.go_on()

        def refused(error: CoreError) -> None:
            problem = error.problems[0]
            if problem.code is not Code.KEY_SLOW:
                self._refuse(error)
                return
            self._panel.rest()
            consequence = _("That is for each device. You can stop at any time.")
            if may_take_long(self, problem, consequence):
                self._save(choice._replace(may_take_long=True))

        background.run(self, _work(arrival.arrived, choice, run), done, refused, self._ended)

    def _ended(self) -> None:
        self._panel.end()
        self._inputs.setEnabled(True)
        self.busy_changed.emit()

    def _refuse(self, error: CoreError) -> None:
        problem = error.problems[0]
        self._panel.rest()
        if problem.code in PASSPHRASE_CODES:
            edit = self._each if self._each.text().strip() else self._opening
            note = self._each_note if edit is self._each else self._opening_note
        elif problem.path and problem.path == typed_path(self._each.text() or "."):
            note, edit = self._each_note, self._each
        else:
            self._trouble.show_problem(problem_text_with_place(problem))
            self.focus_way_on()
            return
        note.show_problem(problem_text(problem))
        edit.setFocus()
        edit.selectAll()

    def _ask_folder(self) -> None:
        typed = self._folder.text().strip()
        start = existing(typed_path(typed) if typed else self.draft.folder)
        chosen = QFileDialog.getExistingDirectory(self, _("Choose a folder"), str(start))
        if chosen:
            self._folder.setText(str(Path(chosen)))
            self._show_choice()

    def _ask_file(self) -> None:
        typed = self._each.text().strip()
        start = existing(typed_path(typed) if typed else self.draft.folder)
        chosen, _kind = QFileDialog.getOpenFileName(
            self, _("Passphrase file"), str(start), f"CSV (*{TABLE_SUFFIX})"
        )
        if chosen:
            self._each.setText(str(Path(chosen)))
            self._show_choice()


def _first_with_key(arrived: Arrived) -> Collected | None:
    places = (
        places[0]
        for status, places in arrived.places.items()
        if places and status != CertificateStatus.MISSING
    )
    return next((arrived.devices[place] for place in sorted(places)), None)


def _first_of_each_folder(arrived: Arrived) -> Iterator[Collected]:
    """Yield a device of each batch: what protects one of its keys protects all."""
    for _folder, devices in groupby(arrived.devices, attrgetter("folder")):
        with_key = (one for one in devices if one.status is not CertificateStatus.MISSING)
        yield from islice(with_key, 1)


def _is_locked(arrived: Arrived) -> bool:
    """Return whether keys need a passphrase."""
    for one in _first_of_each_folder(arrived):
        try:
            create.load_key(one.folder / one.record.key, wanted=[one.record.public_key_sha256])
        except InvalidKey as error:
            if error.problems[0].code is Code.PASSPHRASE_NEEDED:
                return True
        except CoreError:
            pass  # saving says why
    return False


def _work(
    arrived: Arrived, choice: _Choice, run: Run
) -> Callable[[], tuple[Sequence[Collected], SavedArrival]]:
    """Return what saves everything in a thread; it holds no object of Qt."""

    def work() -> tuple[Sequence[Collected], SavedArrival]:
        how = None
        if choice.format:
            each = passphrases.load(choice.each) if choice.each else None
            if choice.each and not each:
                raise CannotSave([Problem(Code.FILE_MISSING, path=choice.each)])
            how = collect.export_as(
                choice.format,
                opens=choice.opening,
                protects=choice.protecting,
                each=each,
                into=choice.into,
            )._replace(may_take_long=choice.may_take_long)
            _try(arrived, how)
        done = collect.save(arrived.devices, how, control=run.control, progress=run)
        return done, _summary(done, choice.into)

    return work


def _summary(done: Sequence[Collected], into: Path | None) -> SavedArrival:
    certificates = missing = files = 0
    first: dict[str, Problem] = {}
    times: Counter[str] = Counter()
    for one in done:
        certificates += one.certificate is not None
        missing += one.status is CertificateStatus.MISSING
        files += len(one.files)
        for problem in one.problems:
            kind = f"{problem.code} {problem.values}"
            first.setdefault(kind, problem)
            times[kind] += 1
    remarks = [(first[kind], count) for kind, count in times.most_common(_NOTED)]
    return SavedArrival(certificates, missing, bool(files), into, remarks)


def _try(arrived: Arrived, how: Export) -> None:
    """Open some keys, so that a wrong passphrase is reported before a thousand are tried."""
    for one in _first_of_each_folder(arrived):
        opening = how.opens(one.record.common_name)
        create.load_key(
            one.folder / one.record.key,
            opening.encode() if opening else None,
            wanted=[one.record.public_key_sha256],
        )
