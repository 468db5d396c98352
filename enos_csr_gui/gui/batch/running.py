"""Long work on many devices in a thread: how far it is, and the buttons that pause and stop it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QProgressBar, QPushButton, QVBoxLayout, QWidget

from enos_csr_gui.core import clock
from enos_csr_gui.core.batch.control import Control
from enos_csr_gui.gui import style
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.widgets.button_row import ButtonRow
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.question import confirm
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels

_TICK_MS = 250


class Run:
    """What the thread of a run and the page share; no object of Qt."""

    def __init__(self) -> None:
        self.control = Control()
        self.done = self.total = 0
        self.began = clock.awake()
        self.paused_at: float | None = None

    def __call__(self, done: int, total: int = 0) -> None:
        if not total or not self.total:
            self.began = clock.awake()  # the rows may have been checked once more
        self.done, self.total = done, total

    def seconds(self) -> float:
        """Return how long the run has been working, without its pauses and the computer's sleep."""
        return max(0.0, (self.paused_at or clock.awake()) - self.began)

    def pause(self) -> None:
        """Begin nothing more until ``resume``."""
        self.control.pause()
        self.paused_at = clock.awake()

    def resume(self) -> None:
        """Go on after ``pause``."""
        if self.paused_at is not None:
            self.began += clock.awake() - self.paused_at
            self.paused_at = None
        self.control.resume()


class RunPanel(QWidget):
    """A progress bar, a sentence, and while a run is going on the buttons *Pause* and *Stop*."""

    def __init__(self, told: Callable[[Run], str], stopping: str, *, pauses: bool = True) -> None:
        """``told`` returns how far a run is; ``stopping`` is said while it stops."""
        super().__init__()
        self._told_of, self._stopping, self._pauses = told, stopping, pauses
        self._run: Run | None = None
        self._bar = QProgressBar()
        self._bar.setAccessibleName(_("Progress"))
        self._bar.setTextVisible(False)
        self.told = FieldNote(about=self._bar)
        self._pause = QPushButton(_("&Pause"))
        self._stop = QPushButton(_("St&op"))
        buttons = (self._pause, self._stop) if pauses else (self._stop,)
        self._buttons = ButtonRow(*buttons)
        self._pause.clicked.connect(self._pause_or_resume)
        self._stop.clicked.connect(self.stop)
        self._ticks = QTimer(self, interval=_TICK_MS)
        self._ticks.timeout.connect(self._show_progress)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.SPACING)
        for widget in (self._bar, self.told, self._buttons):
            column.addWidget(widget)
        self.rest()

    @property
    def run(self) -> Run | None:
        """The run that is going on."""
        return self._run

    def rest(self, text: str = "") -> None:
        """Show nothing but a sentence, if there is one."""
        self.setVisible(bool(text))
        self.told.show_help(text)
        self._show_buttons(running=False)
        self._bar.hide()

    def begin(self, run: Run, total: int = 0) -> None:
        """Show a run that is starting; 0 if nobody knows yet how much there is to do."""
        self._run = run
        self.show()
        self._bar.setRange(0, total)
        self._bar.setValue(0)
        self._bar.show()
        self.told.show_help(_("Starting…"))
        self._show_buttons(running=True)
        self._pause.setText(_("&Pause"))
        self.take_focus()
        self._ticks.start()

    def take_focus(self) -> None:
        """Focus the first button."""
        (self._pause if self._pauses else self._stop).setFocus()

    def end(self, done: int | None = None) -> None:
        """Show that the run has ended; ``done`` is how much it has done."""
        self._run = None
        self._ticks.stop()
        self._show_buttons(running=False)
        if done is None:
            self._bar.hide()
        else:
            self._bar.setRange(0, max(1, self._bar.maximum()))
            self._bar.setValue(done)

    def stop(self) -> None:
        """Stop the run."""
        if self._run and not self._run.control.stopped:
            self._run.control.stop()
            self._pause.setEnabled(False)
            self._stop.setEnabled(False)
            self.told.tell(self._stopping)

    def _show_buttons(self, *, running: bool) -> None:
        self._buttons.setVisible(running)
        for button in (self._pause, self._stop):
            button.setEnabled(running)

    def _show_progress(self) -> None:
        run = self._run
        if not run:
            return
        has_begun = bool(run.total or run.done)
        if has_begun:
            if self._bar.maximum() != run.total:
                self._bar.setRange(0, run.total)
            self._bar.setValue(run.done)
        if run.control.stopped or not (has_begun or run.paused_at):
            return
        text = self._told_of(run) if has_begun else ""
        self.told.show_help(labels.joined([_("Paused."), text] if run.paused_at else [text]))

    def _pause_or_resume(self) -> None:
        run = self._run
        if not run:
            return
        if run.paused_at is None:
            run.pause()
            self._pause.setText(_("&Resume"))
        else:
            run.resume()
            self._pause.setText(_("&Pause"))
        self._show_progress()


class RunPage(Page):
    """A page whose run saves files; while it goes on, the page is left only if the user stops it.

    What is saved before that is complete.
    """

    def __init__(self, draft: Draft, title: str, panel: RunPanel, stop: tuple[str, str]) -> None:
        """``stop`` is the question whether to stop, and what follows from it."""
        super().__init__(draft, title, "")
        self._panel, self._stop = panel, stop

    @property
    def busy(self) -> bool:
        return super().busy or self._panel.run is not None

    @property
    def may_leave(self) -> bool:
        return self._panel.run is None

    def lets_go(self, *, closing: bool = False) -> bool:
        run = self._panel.run
        if run is None:
            return True
        if not (run.control.stopped or confirm(self, *self._stop, _("St&op"), _("&Continue"))):
            return False
        self._panel.stop()
        # The window may go: the program waits until what has begun is saved.
        return closing or self._panel.run is None
