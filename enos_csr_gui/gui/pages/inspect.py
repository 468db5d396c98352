"""What is in a file, and whether EnOS would take the request in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from enos_csr_gui.core import convert, inspect, pasted, renew
from enos_csr_gui.core.convert import SavedPem
from enos_csr_gui.core.enums import ContentKind, Level, Rule
from enos_csr_gui.core.errors import CoreError, escape_unprintable
from enos_csr_gui.core.file_types import (
    CERTIFICATE_SUFFIX,
    CSR_SUFFIX,
    INSPECTED_SUFFIXES,
    patterns,
)
from enos_csr_gui.core.inspect import InspectedItem
from enos_csr_gui.gui import background, style
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.navigation import Task
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.pages.inspection_card import InspectionCard
from enos_csr_gui.gui.texts import nothing_copied, problem_text_with_place
from enos_csr_gui.gui.widgets.button_row import ButtonRow
from enos_csr_gui.gui.widgets.field_note import FieldNote, announce
from enos_csr_gui.gui.widgets.folder import existing
from enos_csr_gui.i18n import _, ngettext
from enos_csr_gui.messages import inspection, labels

_MOST_SHOWN = 100


class InspectPage(Page):
    """Shows what the files hold that were chosen, dropped, or opened with the program."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(
            draft,
            _("Check a file"),
            _("See what a file contains, and whether EnOS would accept the request in it."),
        )
        self._choose = QPushButton(_("C&hoose files…"))
        self._choose.clicked.connect(self._choose_files)
        self._hint = FieldNote(
            _("Or drop them on this window. They are only read, never changed or sent.")
        )
        self._paste = QPushButton(_("&Paste text"))
        self._paste.clicked.connect(self.paste_wanted)
        self.body.addWidget(ButtonRow(self._choose, self._paste))
        self.body.addWidget(self._hint)

        self._beside: list[Path] = []
        self._cards = QWidget()
        self.body.addWidget(self._cards, 1)
        self._show([])

    def take_focus(self) -> None:
        self._choose.setFocus()

    def take_files(self, files: Sequence[Path]) -> bool:
        self.wait_for(
            lambda: inspect.inspect_files(files), self._show, None, _("Reading the files")
        )
        return True

    def take_text(self, text: str) -> None:
        if not text.strip():
            self._hint.show_problem(nothing_copied())
            return
        name = _("Pasted text")
        self._hint.show_help()
        self.wait_for(
            lambda: pasted.read(text, name).items, self._show, None, _("Reading the text")
        )

    def leave(self) -> None:
        self._hint.show_help()
        self._show([])  # who comes back wants to look at other files

    def _choose_files(self) -> None:
        everything = _("All files (*)")
        kinds = _("Requests, certificates, keys ({patterns})").format(
            patterns=patterns(*INSPECTED_SUFFIXES)
        )
        chosen, _kind = QFileDialog.getOpenFileNames(
            self, self.heading.text(), str(existing(self.draft.folder)), f"{everything};;{kinds}"
        )
        if chosen:
            self.take_files([Path(name) for name in chosen])

    def _show(self, found: Sequence[InspectedItem]) -> None:
        self.primary = [] if found else [self._choose]
        if found:
            style.make_ordinary(self._choose)
        else:
            style.make_primary(self._choose)
        devices = {one.file for one in found if _is_of_device(one)}
        known = (one.file for one in found if one.kind is not ContentKind.UNKNOWN)
        self._beside = [file for file in known if file not in devices]
        cards = QWidget()
        column = QVBoxLayout(cards)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.SPACING)
        self.body.replaceWidget(self._cards, cards)
        if self._cards.isAncestorOf(QApplication.focusWidget() or self):
            self._choose.setFocus()  # Qt would take 'Back', which Enter presses
        self._cards.hide()
        self._cards.deleteLater()
        self._cards = cards
        cards.setAccessibleName(_("What was found"))
        names = inspection.names(found, lambda file: escape_unprintable(file.name))
        together = [[names[place] for place in places] for places in inspect.companions(found)]

        def build() -> Iterator[None]:
            for one, name, others in list(zip(found, names, together, strict=True))[:_MOST_SHOWN]:
                column.addWidget(self._card(one, name, others))
                yield
            if (rest := len(found) - _MOST_SHOWN) > 0:
                text = ngettext(
                    "{rest} more is not shown; 'enos-csr inspect' lists everything.",
                    "{rest} more are not shown; 'enos-csr inspect' lists everything.",
                    rest,
                )
                column.addWidget(QLabel(text.format(rest=rest)))
            column.addStretch(1)
            for card in cards.findChildren(InspectionCard):
                announce(card, labels.named(card.accessibleName(), card.accessibleDescription()))

        background.run_in_slices(cards, build())

    def _card(self, found: InspectedItem, name: str, together: Sequence[str]) -> InspectionCard:
        offers: list[tuple[str, Callable[[], object]]] = []
        if _is_of_device(found):
            # What came with it may be its chain or its key.
            came = list(dict.fromkeys((found.file, *self._beside)))
            offers = [
                (text, partial(self.task_wanted.emit, task, files))
                for task, text, files in (
                    (Task.RECEIVE, _("Save the files for the device"), came),
                    (Task.RENEW, _("Renew this certificate"), [found.file]),
                )
            ]
        if _can_be_saved_as_pem(found):
            offers.insert(0, (_("Save as PEM…"), partial(self._save_as_pem, found)))
        elif found.acceptable is False:
            begin = partial(self._begin_with, found.file)
            offers = [(_("Create a new request with these answers"), begin)]
        buttons = []
        for text, act in offers:
            button = QPushButton(text)
            button.clicked.connect(lambda _checked=False, act=act: act())
            buttons.append(button)
        return InspectionCard(found, name, together, buttons)

    def _save_as_pem(self, found: InspectedItem) -> None:
        """Save the requests and certificates in the file as PEM, in a new file."""
        file = found.file
        is_request = found.kind is ContentKind.REQUEST
        suffix = CSR_SUFFIX if is_request else CERTIFICATE_SUFFIX
        suggested = existing(file.parent) / f"{file.stem}-pem{suffix}"
        chosen, _kind = QFileDialog.getSaveFileName(self, _("Save as PEM…"), str(suggested))
        if not chosen:
            return

        def refused(error: CoreError) -> None:
            self._hint.show_problem(problem_text_with_place(error.problems[0]))

        self.wait_for(
            lambda: convert.save_as_pem(file, Path(chosen)),
            self._show_saved,
            refused,
            _("Saving"),
        )

    def _show_saved(self, saved: SavedPem) -> None:
        self.take_files([saved.path])

    def _begin_with(self, file: Path) -> None:
        """Begin a new request with the answers of the one in the file."""

        def read(answers: Mapping[str, str]) -> None:
            self.task_wanted.emit(Task.NEW, [])
            if self.isVisible():
                return  # an unfinished request is kept
            self.draft.take_answers(file, answers)

        def refused(_error: CoreError) -> None:
            self.take_files([file])  # it has changed since it was looked into

        self.wait_for(lambda: renew.read_answers(file), read, refused, _("Reading the files"))


def _is_of_device(found: InspectedItem) -> bool:
    """Tell whether it is a certificate that EnOS may have issued to a device or application."""
    is_above = found.is_authority or found.is_self_signed
    return found.kind is ContentKind.CERTIFICATE and not is_above


def _can_be_saved_as_pem(found: InspectedItem) -> bool:
    """Tell whether it is a certificate or a good request, but not PEM alone."""
    if found.kind is ContentKind.CERTIFICATE:
        return found.form != "PEM"
    wrong = {one.rule for one in found.rules if one.level is Level.REFUSED} - {Rule.FORM}
    forms = (result for result in found.rules if result.rule is Rule.FORM)
    return not wrong and any(result.level is not Level.IN_ORDER for result in forms)
