"""What is in a file, and whether EnOS would take the request in it."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from enos_csr_gui import findings, words
from enos_csr_gui.core import inspection, renewal
from enos_csr_gui.core.errors import CoreError, visible
from enos_csr_gui.core.inspection import Found, Kind
from enos_csr_gui.gui import style, work
from enos_csr_gui.gui.draft import Draft, Task
from enos_csr_gui.gui.pages.page import Page
from enos_csr_gui.gui.widgets.finding_card import FindingCard
from enos_csr_gui.gui.widgets.folder import existing
from enos_csr_gui.gui.widgets.note import Note, announce
from enos_csr_gui.i18n import _, ngettext

_ENDINGS = "*.csr *.req *.p10 *.pem *.crt *.cer *.der *.p7b *.key *.p12 *.pfx *.jks"
_MOST_SHOWN = 100


class CheckPage(Page):
    """Shows what the files hold that were chosen, dropped, or opened with the program."""

    def __init__(self, draft: Draft, tasks: Container[Task]) -> None:
        """``tasks`` are those that can be gone on with."""
        super().__init__(
            draft,
            _("Check a file"),
            _("See what a file holds, and whether EnOS would take the request in it."),
        )
        self._tasks = tasks
        self._choose = QPushButton(_("C&hoose files…"))
        self._choose.clicked.connect(self._choose_files)
        self._hint = Note(
            _("Or drop them on this window. They are only read: nothing is changed or sent.")
        )
        row = QHBoxLayout()
        row.addWidget(self._choose)
        row.addWidget(self._hint, 1)
        self.body.addLayout(row)

        self._cards = QWidget()
        self.body.addWidget(self._cards, 1)
        self._show([])

    def take_focus(self) -> None:
        self._choose.setFocus()

    def take_files(self, files: Sequence[Path]) -> bool:
        self.wait_for(
            lambda: inspection.inspect_files(files), self._show, None, _("Reading the files")
        )
        return True

    def cleanupPage(self) -> None:
        """Forget the files: who comes back wants to look at others."""
        self._show([])

    def _choose_files(self) -> None:
        everything = _("All files (*)")
        kinds = _("Requests, certificates, keys ({patterns})").format(patterns=_ENDINGS)
        chosen, _kind = QFileDialog.getOpenFileNames(
            self, self.heading.text(), str(existing(self.draft.folder)), f"{everything};;{kinds}"
        )
        if chosen:
            self.take_files([Path(name) for name in chosen])

    def _show(self, found: Sequence[Found]) -> None:
        cards = QWidget()
        column = QVBoxLayout(cards)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.SPACING)
        self.body.replaceWidget(self._cards, cards)
        self._cards.hide()
        self._cards.deleteLater()
        self._cards = cards
        cards.setAccessibleName(_("What was found"))
        names = findings.names(found, lambda file: visible(file.name))
        together = [[names[place] for place in places] for places in inspection.companions(found)]

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
            for card in cards.findChildren(FindingCard):
                announce(card, words.named(card.accessibleName(), card.accessibleDescription()))

        work.in_turns(cards, build())

    def _card(self, found: Found, name: str, together: Sequence[str]) -> FindingCard:
        offers: list[tuple[str, Callable[[], object]]] = []
        if found.kind is Kind.CERTIFICATE and not found.is_authority:
            offers = [
                (text, partial(self.task_wanted.emit, task, [found.file]))
                for task, text in (
                    (Task.RECEIVE, _("Put it together with its key")),
                    (Task.RENEW, _("Renew this certificate")),
                )
                if task in self._tasks
            ]
        elif found.acceptable is False and Task.NEW in self._tasks:
            begin = partial(self._begin_with, found.file)
            offers = [(_("Make a new request with these answers"), begin)]
        buttons = []
        for text, act in offers:
            button = QPushButton(text)
            button.clicked.connect(lambda _checked=False, act=act: act())
            buttons.append(button)
        return FindingCard(found, name, together, buttons)

    def _begin_with(self, file: Path) -> None:
        """Begin a new request with the answers of the one in the file."""

        def read(answers: Mapping[str, str]) -> None:
            self.task_wanted.emit(Task.NEW, [])
            for key, text in answers.items():
                self.draft.answer(key, text)

        def refused(_error: CoreError) -> None:
            self.take_files([file])  # it has changed since it was looked into

        self.wait_for(lambda: renewal.read_answers(file), read, refused, _("Reading the files"))
