"""The window: shows the page of the current step, owns the draft and generates the key."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from enos_csr_gui import NAME
from enos_csr_gui.core.file_types import ARCHIVE_SUFFIXES, TABLE_SUFFIXES
from enos_csr_gui.gui import background, style
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.help_shortcut import help_label
from enos_csr_gui.gui.navigation import ROUTES, Navigation, Step, Task
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.pages import PAGES, PageKind
from enos_csr_gui.gui.pages.start import StartPage
from enos_csr_gui.gui.widgets.step_sidebar import StepSidebar
from enos_csr_gui.i18n import _

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from PySide6.QtCore import QEvent, QMimeData
    from PySide6.QtGui import (
        QCloseEvent,
        QDragEnterEvent,
        QDragLeaveEvent,
        QDropEvent,
        QPaintEvent,
    )
    from PySide6.QtWidgets import QMenuBar

    from enos_csr_gui.gui.widgets.drop_area import DropCover

_SIZE = QSize(900, 608)
"""Of the window, with a font whose lines are ``style.USUAL_LINE`` apart."""


_PASTES = (Step.START, Step.INSPECT, Step.RECEIVE)
"""The pages that take what is on the clipboard."""

_MUCH = 3
"""Answers typed: from this number on, the program asks before it drops them."""


def _generate() -> RSAPrivateKey:
    from enos_csr_gui.core import keys  # not before the first paint

    return keys.generate()


class RequestWizard(QDialog):
    """The main window, which performs one task after another.

    It opens with the start page alone; ``startup`` adds the pages of a task when they are needed.
    """

    first_painted = Signal()
    language_wanted = Signal(str)

    def __init__(
        self,
        complete: Callable[[RequestWizard], object],
        build: Callable[[RequestWizard, Task], object],
        draft: Draft | None = None,
    ) -> None:
        """``complete`` is called with the window after its first paint, and ``build`` where a task
        needs pages that do not exist yet. Both call ``get_ready`` in the end.

        ``draft`` has been begun in another language.
        """
        super().__init__()
        self.draft = draft or Draft()
        self.pages: dict[Step, Page] = {}
        self._complete = complete
        self._build = build
        self._navigation = Navigation()
        self._painted = self.is_ready = False
        self.left_at: Step | None = None
        """Where the unfinished request was left."""
        self._wanted: tuple[Page, Callable[[], object]] | None = None
        self._making_key: background.Job | None = None
        self._cover: DropCover | None = None
        self.menu_bar: QMenuBar | None = None
        """Only macOS has one."""

        self.setWindowTitle(NAME)
        self.setAcceptDrops(True)
        self.steps = StepSidebar([_(info.name) for info in PAGES.values()])
        self._stack = QStackedWidget()
        self._row = QWidget()
        # In the order of Tab: to leave the last field with it is to want to go on.
        self._next = self._button(_("&Next >"), self._go_on)
        self._save = self._button(_("&Save"), self._go_on)
        self._close = self._button(_("&Close"), self.close)
        self._cancel = self._button(_("Cancel"), self.reject)
        self._back = self._button(_("< &Back"), self._go_back)
        self._to_start = self._button(_("S&tart page"), self.reject)
        self._help = self._button(help_label(), self.show_help)
        self._buttons = {
            PageKind.START: [self._close],
            PageKind.ASKS: [self._next, self._cancel, self._back],
            PageKind.RECEIVES: [self._next, self._back, self._to_start],
            PageKind.SAVES: [self._save, self._cancel, self._back],
            PageKind.SAVED: [self._close, self._to_start],
            PageKind.SHOWS: [self._back, self._to_start],
        }
        self._lay_out()
        self.start_page = StartPage(self.draft)
        self.start_page.language_wanted.connect(self.language_wanted)
        self.start_page.continue_wanted.connect(self._continue)
        self.add_page(Step.START, self.start_page)
        self._show_step()

    def _button(self, text: str, act: Callable[[], object]) -> QPushButton:
        button = QPushButton(self._row)  # with its text, PySide would look at the class of icons
        button.setText(text)
        button.clicked.connect(act)
        style.ensure_touch_target(button)
        return button

    def _lay_out(self) -> None:
        above, below = QHBoxLayout(), QHBoxLayout(self._row)
        above.setSpacing(0)
        above.addWidget(self.steps)
        above.addWidget(self._stack, 1)
        line = QFrame()
        line.setFrameShape(QFrame.Shape.HLine)
        line.setFrameShadow(QFrame.Shadow.Sunken)
        self._stack.setBackgroundRole(QPalette.ColorRole.Base)
        self._stack.setAutoFillBackground(True)
        # The same order on every system; the controls on the pages are the system's own.
        for button in (self._help, self._to_start):
            below.addWidget(button)
        below.addStretch(1)
        for button in (self._back, self._next, self._save, self._cancel, self._close):
            below.addWidget(button)
        column = QVBoxLayout(self)
        below.setContentsMargins(style.EDGE, style.SPACING, style.EDGE, style.SPACING)
        below.setSpacing(style.SPACING)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(above, 1)
        column.addWidget(line)
        column.addWidget(self._row)
        room = style.room_for(self)
        width, height = style.grown(self, _SIZE.width()), style.grown(self, _SIZE.height())
        self.resize(min(width, room.width()), min(height, room.height()))
        # Smaller, a page would be nothing but scroll bars.
        self.setMinimumSize(min(2 * width // 3, room.width()), min(height // 2, room.height()))

    def add_page(self, step: Step, page: Page) -> None:
        """Add the page of a step."""
        page.left.connect(self._enter_next)
        page.way_on_wanted.connect(self._focus_way_on)
        page.busy_changed.connect(self._show_busy)
        page.task_wanted.connect(self.begin)
        page.change_wanted.connect(self._change)
        page.another_wanted.connect(self._make_another)
        page.key_wanted.connect(self._want_key)
        page.paste_wanted.connect(self.paste)
        self.pages[step] = page
        self._stack.addWidget(page)
        if page.primary:
            style.make_primary(*page.primary)

    def take_pastes(self) -> None:
        """Take what is pasted, except into a field with the focus."""
        from PySide6.QtGui import QKeySequence, QShortcut

        QShortcut(QKeySequence(QKeySequence.StandardKey.Paste), self, self.paste)

    def get_ready(self) -> None:
        """Do what the user has asked for so far, now that the pages for it exist."""
        self.is_ready = True
        wanted, self._wanted = self._wanted, None
        page = wanted[0] if wanted else self.start_page
        page.set_busy(False)
        self.start_page.offer_to_continue(self._would_lose())
        if wanted and self.page is page:
            wanted[1]()

    # What others may know

    @property
    def step(self) -> Step:
        """The current step."""
        return self._navigation.step

    @property
    def page(self) -> Page:
        """The current page."""
        return self.pages[self.step]

    def keep_answers(self) -> None:
        """Store in the draft what only the pages hold, before the window changes language."""
        for page in self.pages.values():
            page.keep_answers()

    def secrets(self) -> list[str]:
        """Return the texts to remove from error reports."""
        return [*self.draft.secrets(), *(s for page in self.pages.values() for s in page.secrets())]

    # From page to page

    def begin(
        self,
        task: Task,
        files: Sequence[Path] = (),
        then: Callable[[Page], object] | None = None,
    ) -> None:
        """Go to the first page of a task and pass it the files; Back returns to this page.

        ``then`` is called with the new page.
        """
        if not self.is_ready or not self.pages.keys() >= set(ROUTES[task]):
            builds = self.is_ready
            self._want(lambda: self.begin(task, files, then))
            if builds:
                self._build(self, task)
            return
        if task in (Task.NEW, Task.RENEW):
            if self.draft.created:
                self._forget_made()
            elif not self._may_begin(task):
                return
        self._begin(task)
        if files:
            self.page.take_files(files)
        if then:
            then(self.page)

    def _want(self, act: Callable[[], object]) -> None:
        """Do it when the pages exist, unless another page is in front by then."""
        self.is_ready = False
        if self._wanted:
            self._wanted[0].set_busy(False)
        self._wanted = self.page, act
        self.page.set_busy(True, _("Getting ready"))

    def _begin(self, task: Task) -> None:
        if task in (Task.NEW, Task.RENEW):
            self._want_key()
        if task is Task.NEW:
            self.draft.use_own_answers()
        self._leave(self._navigation.begin(task))
        self._enter()

    def _may_begin(self, task: Task) -> bool:
        """Drop an unfinished request for another one; return False if the user keeps it."""
        # 'Renew that certificate' beside a name that is in use goes on with the same answers.
        if not self._would_lose() or (task is Task.RENEW and self.step is Step.SUBJECT):
            return True
        if not self._may_drop():
            return False
        self._drop()
        return True

    def _continue(self) -> None:
        """Go back to where the unfinished request was left."""
        task, goal = Task.RENEW if self.draft.source else Task.NEW, self.left_at
        self._want_key()
        self._leave(self._navigation.begin(task))
        self.page.enter()
        while goal in ROUTES[task] and self.step is not goal:
            self._navigation.next()
            self.page.enter()
        self._show_step()

    def _drop(self) -> None:
        self.left_at = None
        self.draft.drop()
        for page in self.pages.values():
            page.start_over(keep_passphrase=False)

    def _go_on(self) -> None:
        self.page.try_to_go_on()

    def _enter_next(self) -> None:
        self._navigation.next()
        self._enter()

    def _go_back(self) -> None:
        if self.page.lets_go():
            self._leave(self._navigation.back())
            self._show_step()

    def _leave(self, steps: Iterable[Step]) -> None:
        left = list(steps)
        for step in left:
            self.pages[step].leave()
        self.left_at = next(filter(_is_of_request, left), self.left_at)

    def _enter(self) -> None:
        self.page.enter()
        self._show_step()

    def _change(self, step: Step, key: str) -> None:
        self._leave(self._navigation.back_to(step))
        self._show_step()
        self.page.focus_field(key)

    def _make_another(self) -> None:
        had_new_key = self.draft.key_file is None
        self._forget_made(keep_passphrase=True)  # several devices may share it
        self._leave(self._navigation.back_to(Step.START))
        self._begin(Task.NEW)  # nothing is dropped: the passphrase stays
        if had_new_key and not self.draft.passphrase:  # else it is asked about again
            self._go_on()

    def _start_over(self) -> None:
        """Go to the first page; the saved request is finished."""
        self._forget_made()
        self._leave(self._navigation.back_to(Step.START))
        self._show_step()

    def _forget_made(self, *, keep_passphrase: bool = False) -> None:
        self.draft.for_next_device()
        for page in self.pages.values():
            page.start_over(keep_passphrase=keep_passphrase)

    def _show_step(self) -> None:
        """Show the page of the current step, with its buttons."""
        page, info, route = self.page, PAGES[self.step], self._navigation.route
        self._stack.setCurrentWidget(page)
        shown = self._buttons[info.kind]
        for button in chain(*self._buttons.values()):
            button.setVisible(button in shown)
        if self._save.text() != _(info.save):
            self._save.setText(_(info.save))
            style.ensure_touch_target(self._save)
        if info.kind is PageKind.SHOWS and len(self._navigation.trail) == 2:
            self._to_start.hide()  # 'Back' leads there
        # Enter closes only where nothing can be lost; elsewhere, 'Next' may be hidden.
        is_way_on = info.kind in (PageKind.SAVES, PageKind.SAVED)
        (shown[0] if is_way_on else self._next).setDefault(True)
        self._show_busy()
        if page is self.start_page:
            self.start_page.offer_to_continue(self.is_ready and self._would_lose())
        self.steps.setVisible(not info.is_wide)
        if len(route) == 1:
            self.steps.show_brand()
        else:
            names = [_(PAGES[step].name) for step in route]
            self.steps.show_steps(names, route.index(self.step))
        if self._painted:
            self._tell_page(page)
            self._help_follows()
        page.take_focus()

    def _show_busy(self) -> None:
        for button in (self._next, self._save):
            button.setEnabled(not self.page.busy)

    def show_primary(self) -> None:
        """Have the primary action of each page stand out, once the colours are known."""
        on_pages = chain.from_iterable(page.primary for page in self.pages.values())
        style.make_primary(self._next, self._save, *on_pages)

    def _focus_way_on(self) -> None:
        saves = PAGES[self.step].kind is PageKind.SAVES
        (self._save if saves else self._next).setFocus()

    def bring_into_view(self, _old: QWidget | None, focused: QWidget | None) -> None:
        """Scroll to the focused widget."""
        if focused:
            self.page.bring_into_view(focused)

    def _tell_page(self, page: Page) -> None:
        """Announce the page to screen readers."""
        from enos_csr_gui.gui.widgets.field_note import announce  # not before the first paint

        title = page.heading.text()
        # Translators: what the window is called: the page in front, and the program.
        name = _("{page} – {program}").format(page=title, program=NAME)
        self.setWindowTitle(NAME if self.step is Step.START else name)

        def tell() -> None:
            if self.page is page:  # some pages are only passed
                announce(page, "\n".join((title, page.explanation())))

        QTimer.singleShot(0, page, tell)

    # The key

    def _want_key(self) -> None:
        """Generate a key unless there is one, or one is being generated."""
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
        for page in self.pages.values():
            page.key_made()

    # Input from outside

    def show_help(self) -> None:
        """Open the part of the guide about the current page."""
        from enos_csr_gui.gui.help import show_help  # not before the first paint

        show_help(self.step.name.lower(), self)

    def _help_follows(self) -> None:
        # Without the module, no help window is open: it takes its time to import.
        if module := sys.modules.get("enos_csr_gui.gui.help"):
            module.follow_page(self.step.name.lower(), self)

    def open_files(self, files: Sequence[Path]) -> None:
        """Accept files from outside: a table, certificates for many devices, or what the current
        page can use; anything else is inspected.
        """
        page = self.page
        if page.busy:
            return
        if not self.is_ready:
            self._want(lambda: self.open_files(files))
        elif files[0].suffix.lower() in TABLE_SUFFIXES:
            self._take_table(files)
        elif self.step is not Step.CERTIFICATES:

            def looked(holds_many: bool) -> None:
                if self.page is not page:
                    return
                if holds_many:
                    self.begin(Task.RECEIVE_MANY, files)
                else:
                    self._take_files(files)

            page.wait_for(lambda: _hold_many(files), looked, None, _("Reading the files"))
        else:
            self._take_files(files)

    def _take_table(self, files: Sequence[Path]) -> None:
        if self.step is Step.TABLE:
            self.page.take_files(files)
        else:
            self.begin(Task.MANY, files)

    def _take_files(self, files: Sequence[Path]) -> None:
        if not self.page.take_files(files):
            self.begin(Task.INSPECT, files)

    def paste(self) -> None:
        """Take files or text from the clipboard, on a page that reads what others have made."""
        from PySide6.QtGui import QGuiApplication

        if self.step not in _PASTES or self.page.busy or not self.is_ready:
            return
        data = QGuiApplication.clipboard().mimeData()
        if files := _local_files(data):
            self.open_files(files)
            return
        text = data.text()
        if self.step is Step.START:
            self.begin(Task.INSPECT, then=lambda page: page.take_text(text))
        else:
            self.page.take_text(text)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.source() is None and _local_files(event.mimeData()):
            from enos_csr_gui.gui.widgets.drop_area import DropCover

            event.acceptProposedAction()
            self._cover = self._cover or DropCover(self)
            self._cover.cover()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        del event
        self._uncover()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self._uncover()
        self.open_files(_local_files(event.mimeData()))

    def _uncover(self) -> None:
        if self._cover:
            self._cover.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self, self._after_first_paint)

    def _after_first_paint(self) -> None:
        self.first_painted.emit()
        self._complete(self)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if not self._painted:
            return
        if event.type() == event.Type.PaletteChange:
            style.fix_palette()
            self.show_primary()
        elif event.type() == event.Type.ThemeChange:
            style.follow_desktop()

    # The way out

    def reject(self) -> None:
        """Drop the request and go to the first page. Escape does this too, and never closes.

        On a page of another task, an unfinished request is kept.
        """
        if self.step is Step.START or not self.page.lets_go():
            return
        if PAGES[self.step].kind is PageKind.SAVED:
            self._start_over()
            return
        drops = _is_of_request(self.step)
        if drops and not self._may_drop():
            return
        self._leave(self._navigation.back_to(Step.START))
        if drops:
            self._drop()
        self._show_step()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close; ask first if an answer would be lost."""
        # Saving takes only a moment, and an incomplete pair of files is useless.
        may_close = self.page.lets_go(closing=True) and (not self._would_lose() or self._may_lose())
        event.setAccepted(may_close)

    def reason_to_stay(self) -> str:
        """Return what ending the program now would interrupt or lose; empty if nothing."""
        if not self.page.may_leave:
            return _("Saving")
        return _("The request that you began is not saved.") if self._would_lose() else ""

    def _would_lose(self) -> bool:
        if self.draft.created:
            return False
        kept = self.draft.key_answers  # typed in another language
        if kept and (any(kept.passphrases) or kept.path):
            return True
        return self.draft.typed > 0 or any(page.changed for page in self.pages.values())

    def _may_drop(self) -> bool:
        """Ask whether the answers may be dropped, where much was typed."""
        return self.draft.typed < _MUCH or self._asks(
            _("Discard the unfinished request?"),
            _("Its answers are lost. Everything saved before is safe."),
            _("&Discard it"),
            _("&Keep it"),
        )

    def _may_lose(self) -> bool:
        return self._asks(
            _("The request that you began is not saved."),
            _("If you close now, your answers are lost. Everything saved before is safe."),
            _("&Close without saving"),
            _("&Keep it open"),
        )

    def _asks(self, text: str, consequence: str, drop: str, keep: str) -> bool:
        """Ask whether to drop something; return whether the user does."""
        from enos_csr_gui.gui.widgets.question import confirm  # not before the first paint

        return confirm(self, text, consequence, drop, keep)


def _is_of_request(step: Step) -> bool:
    """Tell whether the page asks for something about a new request or a renewal."""
    return step in ROUTES[Task.RENEW][:-1]  # all but the last page


def _local_files(data: QMimeData) -> list[Path]:
    urls = data.urls()
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]


def _hold_many(files: Sequence[Path]) -> bool:
    """Return whether the files are for many devices; a drive may take long to answer."""
    from enos_csr_gui.core import contents  # not before the first paint
    from enos_csr_gui.core.batch import arrivals

    may_hold = len(files) > 1 or files[0].suffix.lower() in ARCHIVE_SUFFIXES
    return (may_hold or contents.is_folder(files[0])) and arrivals.holds_many(files)
