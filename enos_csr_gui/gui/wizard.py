"""The window: which page follows which; owns the draft and the key that is made meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum, auto
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtWidgets import QApplication, QWidget, QWizard

from enos_csr_gui import NAME
from enos_csr_gui.gui import background, style
from enos_csr_gui.gui.draft import Draft, Task
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.pages.start import StartPage
from enos_csr_gui.gui.widgets.step_sidebar import StepSidebar
from enos_csr_gui.i18n import _

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QPaintEvent

    from enos_csr_gui.core.defaults import Defaults
    from enos_csr_gui.core.last_answers import LastAnswers
    from enos_csr_gui.gui.pages.export import ExportPage
    from enos_csr_gui.gui.pages.key import KeyPage


class Step(IntEnum):
    """The pages."""

    START = auto()
    RENEW = auto()
    KEY = auto()
    SUBJECT = auto()
    REVIEW = auto()
    SAVE = auto()
    DONE = auto()
    RECEIVE = auto()
    EXPORT = auto()
    EXPORTED = auto()
    INSPECT = auto()
    REQUESTS = auto()


ROUTES: dict[Task, tuple[Step, ...]] = {
    Task.NEW: (Step.KEY, Step.SUBJECT, Step.REVIEW, Step.SAVE, Step.DONE),
    Task.RENEW: (Step.RENEW, Step.KEY, Step.SUBJECT, Step.REVIEW, Step.SAVE, Step.DONE),
    Task.RECEIVE: (Step.RECEIVE, Step.EXPORT, Step.EXPORTED),
    Task.INSPECT: (Step.INSPECT,),
    Task.REQUESTS: (Step.REQUESTS,),
}
"""Which pages each task leads over."""

_TO_GO_ON = (
    QWizard.WizardButton.NextButton,
    QWizard.WizardButton.CommitButton,
    QWizard.WizardButton.FinishButton,
)

_SIZE = QSize(900, 608)
"""Of the window, with a font whose lines are ``style.USUAL_LINE`` apart."""

_END_OF_WORK = frozenset({Step.DONE, Step.EXPORTED})
"""Where files have been saved: nothing can be lost, and there is no way back."""


def _name(step: Step) -> str:
    """Return the name of the step at the side of the window."""
    return {
        Step.START: _("Start"),
        Step.RENEW: _("Old certificate"),
        Step.KEY: _("Key"),
        Step.SUBJECT: _("Who is it for?"),
        Step.REVIEW: _("Review"),
        Step.SAVE: _("Save"),
        Step.DONE: _("Done"),
        Step.RECEIVE: _("Certificate"),
        Step.EXPORT: _("For the device"),
        Step.EXPORTED: _("Done"),
        Step.INSPECT: _("Check"),
        Step.REQUESTS: _("My requests"),
    }[step]


def _generate() -> RSAPrivateKey:
    from enos_csr_gui.core.keys import generate

    return generate()


def _prepare() -> tuple[LastAnswers, Defaults]:
    """Load what the later pages need; return what was entered the last time, and defaults."""
    from enos_csr_gui.core import countries, create, defaults, files, last_answers
    from enos_csr_gui.gui.pages import (
        done,
        export,
        exported,
        inspect,
        key,
        receive,
        renew,
        review,
        save,
        subject,
    )
    from enos_csr_gui.gui.requests import page as requests

    # imported for their own sake
    del create, done, export, exported, inspect, key
    del receive, renew, requests, review, save, subject
    countries.suggest("China")
    files.safe_name("dev-001")
    last = last_answers.load()
    if last.folder and not last.folder.is_dir():
        last = last_answers.LastAnswers(last.answers, None)  # a disk that is not there today
    return last, defaults.load()


class RequestWizard(QWizard):
    """Does one task after the other."""

    first_painted = Signal()
    language_wanted = Signal(str)

    def __init__(self, files: Sequence[Path] = (), draft: Draft | None = None) -> None:
        """Open with the first page; ``files`` are those that the program was started with.

        ``draft`` has been begun in another language.
        """
        super().__init__()
        self.draft = draft or Draft()
        self._ready = self._painted = self._closing = False
        self._wanted: tuple[Task, Sequence[Path]] | None = None
        self._task = Task.NEW
        self._trail: list[Task] = []
        self._making_key: background.Job | None = None
        self._key_page: KeyPage | None = None
        self._export_page: ExportPage | None = None

        self.setWindowTitle(NAME)
        self.setButtonText(QWizard.WizardButton.CommitButton, _("&Save"))
        self.setButtonText(QWizard.WizardButton.FinishButton, _("&Close"))
        self.setButtonText(QWizard.WizardButton.CustomButton1, _("S&tart page"))
        self.setButtonText(QWizard.WizardButton.HelpButton, _("Help (F1)"))
        self.helpRequested.connect(self._help)
        self.setButtonText(QWizard.WizardButton.CustomButton2, _("&Close"))
        self.customButtonClicked.connect(self._custom_button)
        self.setAcceptDrops(True)

        self._steps = StepSidebar([_name(step) for step in Step])
        # The same on every system; the controls on the pages are the system's own.
        self.setWizardStyle(QWizard.WizardStyle.ModernStyle)
        self.setSideWidget(self._steps)
        self._start_page = StartPage(self.draft, ROUTES)
        self._start_page.language_wanted.connect(self.language_wanted)
        self._add_page(Step.START, self._start_page)
        self.currentIdChanged.connect(self._on_step)
        room = style.room_for(self)
        larger = max(1, self.fontMetrics().lineSpacing() / style.USUAL_LINE)
        width, height = round(larger * _SIZE.width()), round(larger * _SIZE.height())
        self.resize(min(width, room.width()), min(height, room.height()))
        # Smaller, a page would be nothing but scroll bars.
        self.setMinimumSize(min(2 * width // 3, room.width()), min(height // 2, room.height()))
        if files:
            self.begin(Task.INSPECT, files)

    def begin_at_language(self) -> None:
        """Put the focus where it was when another language was chosen."""
        self._start_page.begins_at_language = True

    def keep_answers(self) -> None:
        """Put into the draft what only the pages know, for a window in another language."""
        if self._key_page:
            self.draft.key_answers = self._key_page.answers()

    def secrets(self) -> list[str]:
        """Return what a report of an error must not repeat."""
        pages = [page for page in (self._key_page, self._export_page) if page]
        kept = self.draft.key_answers
        waiting = [*kept.passphrases, kept.opening or ""] if kept else []
        return [secret for page in pages for secret in page.secrets()] + list(filter(None, waiting))

    def begin(self, task: Task, files: Sequence[Path] = ()) -> None:
        """Go to the first page of a task, and give it the files; Back leads back to this page."""
        if not self._ready:
            self._wanted = task, files
            self._start_page.set_busy(True, _("Getting ready"))
            return
        if task in (Task.NEW, Task.RENEW):
            if self.draft.created:
                self._forget_made()
            self._want_key()
        if task is Task.NEW:
            self.draft.stop_renewing()
        # A page cannot be in front twice: go back to before the first one that is to come.
        visited = self.visitedIds()
        again = next((place for place, step in enumerate(visited) if step in ROUTES[task]), None)
        if again is not None:
            self._go_back_to(visited[again - 1])
        self._task = task
        current = self.currentPage()
        assert isinstance(current, Page)
        current.go_on()
        page = self.currentPage()
        if files and isinstance(page, Page):
            page.take_files(files)

    def _show_expiring(self) -> None:
        self._requests_page.show_expiring()
        self.begin(Task.REQUESTS)

    def _go_back_to(self, step: int) -> None:
        while self.currentId() != step:
            self.back()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self._after_first_paint)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if not self._painted:
            return
        if event.type() == event.Type.PaletteChange:
            style.fix_fusion_palette()
        elif event.type() == event.Type.ThemeChange:
            style.follow_desktop()

    def _after_first_paint(self) -> None:
        """Do, while the person reads, all that the first page does not need."""
        self.first_painted.emit()
        background.run_in_slices(self, self._complete())

    def _complete(self) -> Iterator[None]:
        """Complete what is on the screen, piece by piece, so that the window stays alive."""
        from PySide6.QtGui import QIcon

        from enos_csr_gui import resources
        from enos_csr_gui.gui.help_shortcut import add_help_shortcuts

        add_help_shortcuts(self, self._help)
        self.setWindowIcon(QIcon(str(resources.icon("app"))))
        yield
        style.follow_desktop()
        style.fix_fusion_palette()
        yield
        self._steps.complete()
        yield
        self._start_page.complete()
        yield
        from enos_csr_gui.gui.widgets.focus_ring import FocusRing

        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._bring_into_view)
        if not app.findChild(FocusRing):
            FocusRing(app)
        background.run(self, _prepare, self._prepared)

    def _bring_into_view(self, _old: QWidget | None, focused: QWidget | None) -> None:
        page = self.currentPage()
        if focused and isinstance(page, Page):
            page.bring_into_view(focused)

    def _add_page(self, step: Step, page: Page) -> None:
        page.task_wanted.connect(self.begin)
        self.setPage(step, page)
        if self._painted:
            page.finish()

    def _want_key(self) -> None:
        """Have a new key made unless there is one, or one is being made."""
        if self._making_key is None and self.draft.key is None:
            self._making_key = background.run(
                self, _generate, self._key_made, settled=self._key_settled
            )

    def _key_settled(self) -> None:
        self._making_key = None

    def _key_made(self, key: RSAPrivateKey) -> None:
        if self.draft.key is not None:
            return  # an existing key was chosen meanwhile
        self.draft.key = key
        if self._ready:
            self._review_page.show_key()
            self._save_page.show_key()

    def _prepared(self, prepared: tuple[LastAnswers, Defaults]) -> None:
        last, defaults = prepared
        self.draft.defaults = defaults
        if self.draft.offered is None:
            self.draft.offer({**defaults.presets, **last.answers, **defaults.locked})
            self.draft.folder = last.folder or defaults.folder or self.draft.folder

        background.run_in_slices(self, self._build_pages())

    def _build_pages(self) -> Iterator[None]:
        """Build the later pages piece by piece, so that the window stays alive."""
        yield from self._build_pages_of_requests()
        yield from self._build_pages_of_certificates()
        yield
        self._ready = True
        self._start_page.set_busy(False)
        if self._wanted:
            self.begin(*self._wanted)

    def _build_pages_of_requests(self) -> Iterator[None]:
        from enos_csr_gui.core.subject import SUBJECT_FIELDS
        from enos_csr_gui.gui.pages.done import DonePage
        from enos_csr_gui.gui.pages.key import KeyPage
        from enos_csr_gui.gui.pages.renew import RenewPage
        from enos_csr_gui.gui.pages.review import ReviewPage
        from enos_csr_gui.gui.pages.save import SavePage
        from enos_csr_gui.gui.pages.subject import SubjectPage

        self._key_page = KeyPage(self.draft)
        self._key_page.new_key_wanted.connect(self._want_key)
        self._add_page(Step.KEY, self._key_page)
        yield
        self._subject_page = SubjectPage(self.draft)
        for field in SUBJECT_FIELDS:
            self._subject_page.add_editor(field)
            yield
        self._add_page(Step.SUBJECT, self._subject_page)
        yield
        self._review_page = ReviewPage(self.draft)
        self._review_page.change_wanted.connect(self._change)
        self._add_page(Step.REVIEW, self._review_page)
        yield
        self._save_page = SavePage(self.draft)
        self._save_page.key_wanted.connect(self._want_key)
        self._add_page(Step.SAVE, self._save_page)
        yield
        self._done_page = DonePage(self.draft)
        self._done_page.another_wanted.connect(self._make_another)
        self._add_page(Step.DONE, self._done_page)
        yield
        self._add_page(Step.RENEW, RenewPage(self.draft))
        yield

    def _build_pages_of_certificates(self) -> Iterator[None]:
        from enos_csr_gui.gui.pages.export import ExportPage
        from enos_csr_gui.gui.pages.exported import ExportedPage
        from enos_csr_gui.gui.pages.inspect import InspectPage
        from enos_csr_gui.gui.pages.receive import ReceivePage
        from enos_csr_gui.gui.requests.page import RequestsPage
        from enos_csr_gui.gui.requests.table import RequestTable

        self._add_page(Step.RECEIVE, ReceivePage(self.draft))
        yield
        self._export_page = ExportPage(self.draft)
        self._add_page(Step.EXPORT, self._export_page)
        yield
        self._add_page(Step.EXPORTED, ExportedPage(self.draft))
        yield
        self._add_page(Step.INSPECT, InspectPage(self.draft, ROUTES))
        yield
        table = RequestTable()
        yield
        self._requests_page = RequestsPage(self.draft, ROUTES, table)
        self._add_page(Step.REQUESTS, self._requests_page)
        yield
        self._start_page.expiring_wanted.connect(self._show_expiring)
        self._start_page.point_out_expiring()

    def nextId(self) -> int:
        route = (Step.START, *ROUTES[self._task])
        current = self.currentId()
        if current not in route:
            return route[1]  # the person leaves another task's page for this one
        following = route.index(Step(current)) + 1
        return route[following] if following < len(route) else -1

    def _on_step(self, step: int) -> None:
        if step < 0:
            return
        visited = self.visitedIds()
        if len(visited) > len(self._trail):
            self._trail.append(self._task)
        else:
            del self._trail[len(visited) :]
            self._task = self._trail[-1]
        self._show_buttons(Step(step))
        self._steps.setVisible(step != Step.REQUESTS)  # a table wants the room
        route = ROUTES[self._task]
        if step == Step.START or len(route) == 1:
            self._steps.show_brand()
        else:
            self._steps.show_steps([_name(step) for step in route], route.index(Step(step)))
        page = self.currentPage()
        assert isinstance(page, Page)
        if self._painted:
            self._tell_page(page)
        page.take_focus()

    def _tell_page(self, page: Page) -> None:
        """Have people who do not see the page know where they are."""
        from enos_csr_gui.gui.widgets.field_note import announce

        title = page.heading.text()
        # Translators: what the window is called: the page in front, and the program.
        name = _("{page} – {program}").format(page=title, program=NAME)
        self.setWindowTitle(NAME if self.currentId() == Step.START else name)

        def tell() -> None:
            if self.currentPage() is page:  # on the way back, others are passed
                announce(page, "\n".join((title, page.explanation())))

        QTimer.singleShot(0, page, tell)

    def _show_buttons(self, step: Step) -> None:
        """Show the buttons that make sense on this page, and no other."""
        button = QWizard.WizardButton
        if step == Step.START:
            shown = [button.HelpButton, button.Stretch, button.CancelButton]
        elif step in _END_OF_WORK:
            shown = [
                button.HelpButton,
                button.CustomButton1,
                button.Stretch,
                button.FinishButton,
            ]
        elif ROUTES[self._task][-1] == step:
            shown = [button.HelpButton, button.Stretch, button.BackButton, button.CustomButton2]
        else:
            shown = [
                button.HelpButton,
                button.Stretch,
                button.BackButton,
                button.NextButton,
                button.CommitButton,
                button.CancelButton,
            ]
        is_start = step == Step.START
        self.setButtonText(button.CancelButton, _("&Close") if is_start else _("Cancel"))
        self.setButtonLayout(shown)
        # Who leaves the last field with Tab wants to go on, and neither back nor away.
        places = (*_TO_GO_ON, *(one for one in reversed(shown) if one not in _TO_GO_ON))
        in_turn = [self.button(one) for one in places if one in shown and one != button.Stretch]
        for one, following in pairwise(in_turn):
            self.setTabOrder(one, following)
        for one in in_turn:
            style.ensure_touch_target(one)

    def _change(self, what: str) -> None:
        """Go back from the review to where ``what`` is answered."""
        self.back()
        if what == "key":
            self.back()
        else:
            self._subject_page.focus_field(what)

    def _make_another(self) -> None:
        had_new_key = self.draft.key_file is None
        self._start_over(keep_passphrase=True)  # several devices may well have the same
        self.begin(Task.NEW)
        if had_new_key:
            self.next()

    def _custom_button(self, which: int) -> None:
        if QWizard.WizardButton(which) is QWizard.WizardButton.CustomButton1:
            self._start_over()
        else:
            self.close()

    def _start_over(self, *, keep_passphrase: bool = False) -> None:
        """Go to the first page; what has been saved is done with."""
        self._forget_made(keep_passphrase=keep_passphrase)
        self.restart()

    def _forget_made(self, *, keep_passphrase: bool = False) -> None:
        self.draft.for_next_device()
        if self._key_page:
            self._key_page.start_over(keep_passphrase=keep_passphrase)

    def _help(self) -> None:
        """Open the part of the guide that is about the page in front."""
        from enos_csr_gui.gui.help import show_help

        show_help(Step(self.currentId()).name.lower(), self)

    def _would_lose(self) -> bool:
        if self.draft.created or not self._key_page:
            return False
        return self.draft.changed or self._key_page.changed

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _local_files(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.open_files(_local_files(event))

    def open_files(self, files: Sequence[Path]) -> None:
        """Take files that came from outside: give them to the page in front, or look into them."""
        page = self.currentPage()
        if isinstance(page, Page) and page.busy:
            return
        if not (isinstance(page, Page) and page.take_files(files)):
            self.begin(Task.INSPECT, files)

    def reject(self) -> None:
        """Go to the first page, which keeps all answers; from there, close the window.

        Ask first if an answer would be lost.
        """
        page = self.currentPage()
        if isinstance(page, Page) and not page.may_close:
            return  # it takes but a moment, and half a pair of files helps nobody
        step = self.currentId()
        if step != Step.START and not self._closing:
            if step in _END_OF_WORK:
                self._start_over()
            else:
                self._go_back_to(Step.START)
            return
        if self._would_lose() and not self._may_lose():
            return
        super().reject()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        from PySide6.QtGui import QKeySequence

        # Escape leads to the start page from everywhere, and may be pressed once too often.
        if self.currentId() != Step.START or not event.matches(QKeySequence.StandardKey.Cancel):
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._closing = True
        super().closeEvent(event)  # calls 'reject'
        self._closing = False

    def _may_lose(self) -> bool:
        from PySide6.QtWidgets import QMessageBox

        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(self.windowTitle())
        box.setText(_("The request that you began is not saved."))
        box.setInformativeText(
            _("If you close now, your answers are lost. Everything saved before is safe.")
        )
        close = box.addButton(_("&Close without saving"), QMessageBox.ButtonRole.DestructiveRole)
        stay = box.addButton(_("&Keep it open"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        style.ensure_touch_targets(box)
        box.exec()
        return box.clickedButton() is close


def _local_files(event: QDropEvent) -> list[Path]:
    urls = event.mimeData().urls()
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
