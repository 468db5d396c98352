"""The wizard: which page follows which; owns the draft and the key that is made meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QWizard

from enos_csr_gui.gui import work
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.pages.key import KeyPage
from enos_csr_gui.gui.pages.page import Page
from enos_csr_gui.gui.widgets.steps import Steps
from enos_csr_gui.i18n import _

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from enos_csr_gui.core.remembered import Remembered


class Step(IntEnum):
    """The pages in their order."""

    KEY = 0
    SUBJECT = 1
    REVIEW = 2
    SAVE = 3
    DONE = 4


def _generate() -> RSAPrivateKey:
    from enos_csr_gui.core.keys import generate

    return generate()


def _prepare() -> Remembered:
    """Load what the later pages need; return what was entered the last time."""
    from enos_csr_gui.core import countries, files, making, remembered
    from enos_csr_gui.gui.pages import done, review, save, subject

    del making, done, review, save, subject  # imported for their own sake
    countries.suggest("China")
    files.safe_name("dev-001")
    last = remembered.load()
    if last.folder and not last.folder.is_dir():
        return remembered.Remembered(last.answers, None)  # a disk that is not there today
    return last


class RequestWizard(QWizard):
    """Makes one request after the other."""

    first_painted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.draft = Draft()
        self._offered: dict[str, str] = {}
        self._ready = self._waits = self._painted = False
        self._making_key: work.Job | None = None

        self.setWindowTitle(_("EnOS certificate request"))
        self.setOption(QWizard.WizardOption.NoBackButtonOnStartPage)
        self.setOption(QWizard.WizardOption.NoCancelButtonOnLastPage)
        self.setOption(QWizard.WizardOption.NoBackButtonOnLastPage)
        self.setButtonText(QWizard.WizardButton.CommitButton, _("&Save"))
        self.setButtonText(QWizard.WizardButton.FinishButton, _("&Close"))

        self._steps = Steps([_("Key"), _("Who is it for?"), _("Review"), _("Save"), _("Done")])
        self.setSideWidget(self._steps)
        self._key_page = KeyPage(self.draft)
        self._key_page.new_key_wanted.connect(self._want_key)
        self.setPage(Step.KEY, self._key_page)
        self.currentIdChanged.connect(self._on_step)
        # At 200 % a usual screen has 960 x 540; some of it is for the title and a task bar.
        room = self.screen().availableSize()
        self.resize(min(860, room.width()), min(560, room.height() - 40))

    def secrets(self) -> list[str]:
        """Return what a report of an error must not repeat."""
        return self._key_page.secrets()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self._after_first_paint)

    def _after_first_paint(self) -> None:
        """Do, while the person reads, all that the first page does not need."""
        from PySide6.QtGui import QIcon

        from enos_csr_gui import resources

        self.first_painted.emit()
        self.setWindowIcon(QIcon(str(resources.icon("app"))))
        # One after the other: two at once would only keep each other, and the window, waiting.
        work.run(self, _prepare, self._prepared, settled=self._want_key)

    def _want_key(self) -> None:
        """Have a new key made unless there is one, or one is being made."""
        if self._making_key is None and self.draft.key is None:
            self._making_key = work.run(self, _generate, self._key_made, settled=self._key_settled)

    def _key_settled(self) -> None:
        self._making_key = None

    def _key_made(self, key: RSAPrivateKey) -> None:
        if self.draft.key is not None:
            return  # an existing key was chosen meanwhile
        self.draft.key = key
        if self._ready:
            self._review_page.show_key()
            self._save_page.show_key()

    def _prepared(self, last: Remembered) -> None:
        self.draft.answers.update(last.answers)
        self._offered = dict(last.answers)
        self.draft.folder = last.folder or self.draft.folder

        _in_turns(self._build_pages())

    def _build_pages(self) -> Iterator[None]:
        """Build the later pages piece by piece, so that the window stays alive."""
        from enos_csr_gui.core.subject import SUBJECT_FIELDS
        from enos_csr_gui.gui.pages.done import DonePage
        from enos_csr_gui.gui.pages.review import ReviewPage
        from enos_csr_gui.gui.pages.save import SavePage
        from enos_csr_gui.gui.pages.subject import SubjectPage

        self._subject_page = SubjectPage(self.draft)
        for field in SUBJECT_FIELDS:
            self._subject_page.add_editor(field)
            yield
        self.setPage(Step.SUBJECT, self._subject_page)
        yield
        self._review_page = ReviewPage(self.draft)
        self._review_page.change_wanted.connect(self._change)
        self.setPage(Step.REVIEW, self._review_page)
        yield
        self._save_page = SavePage(self.draft)
        self._save_page.key_wanted.connect(self._want_key)
        self.setPage(Step.SAVE, self._save_page)
        yield
        self._done_page = DonePage(self.draft)
        self._done_page.another_wanted.connect(self._make_another)
        self.setPage(Step.DONE, self._done_page)

        self._ready = True
        if self._waits:
            self._waits = False
            self._key_page.set_busy(False)
            self.next()

    def validateCurrentPage(self) -> bool:
        if not self._ready:
            self._waits = True
            self._key_page.set_busy(True, _("Getting ready"))
            return False
        return super().validateCurrentPage()

    def nextId(self) -> int:
        # Without this the first page would be the last while the others do not exist yet.
        return self.currentId() + 1 if self.currentId() < Step.DONE else -1

    def _on_step(self, step: int) -> None:
        page = self.currentPage()
        if isinstance(page, Page):
            self._steps.show_step(step)
            page.take_focus()

    def _change(self, what: str) -> None:
        """Go back from the review to where ``what`` is answered."""
        self.back()
        if what == "key":
            self.back()
        else:
            self._subject_page.focus_field(what)

    def _make_another(self) -> None:
        had_new_key = self.draft.key_file is None
        self.draft.for_next_device()
        self._offered = dict(self.draft.answers)
        self._key_page.start_over()
        self._want_key()
        self.restart()
        if had_new_key:
            self.next()

    def _would_lose(self) -> bool:
        if self.currentId() == Step.DONE:
            return False
        answers = {key: text for key, text in self.draft.answers.items() if text}
        offered = {key: text for key, text in self._offered.items() if text}
        return answers != offered or self._key_page.changed

    def reject(self) -> None:
        """Close the window; ask first if an answer would be lost."""
        page = self.currentPage()
        if isinstance(page, Page) and not page.may_close:
            return  # it takes but a moment, and half a pair of files helps nobody
        if self._would_lose() and not self._may_lose():
            return
        super().reject()

    def _may_lose(self) -> bool:
        from PySide6.QtWidgets import QMessageBox

        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(self.windowTitle())
        box.setText(_("Nothing has been saved yet."))
        box.setInformativeText(_("If you close now, what you have entered is lost."))
        close = box.addButton(_("&Close without saving"), QMessageBox.ButtonRole.DestructiveRole)
        stay = box.addButton(_("&Go on"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        box.exec()
        return box.clickedButton() is close


def _in_turns(work_to_do: Iterator[None]) -> None:
    """Do each piece, up to the next ``yield``, in a turn of the event loop of its own."""

    def turn() -> None:
        if next(work_to_do, work_to_do) is None:
            QTimer.singleShot(0, turn)

    QTimer.singleShot(0, turn)
