"""The pairs of a batch while they are created: how far, how fast, pause and stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QMessageBox, QProgressBar, QPushButton

from enos_csr_gui.core.batch import check, make, passphrases, records
from enos_csr_gui.core.batch.check import Checked, Rules
from enos_csr_gui.core.batch.control import Control
from enos_csr_gui.core.batch.table import Row, Table
from enos_csr_gui.core.defaults import Defaults
from enos_csr_gui.core.errors import CannotSave, Code, CoreError, problem_from_os_error
from enos_csr_gui.gui import background, style
from enos_csr_gui.gui.batch.rows import rules_of
from enos_csr_gui.gui.batch_draft import CreatedBatch
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.texts import problem_text_with_place
from enos_csr_gui.gui.widgets.button_row import ButtonRow
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.file_card import FileCard
from enos_csr_gui.i18n import _, ngettext
from enos_csr_gui.messages import batch as messages
from enos_csr_gui.messages import labels

_TICK_MS = 250


class _Run:
    """What the thread of a run and the page share; no object of Qt."""

    def __init__(self) -> None:
        self.control = Control()
        self.done = self.total = 0
        self.began = time.monotonic()
        self.paused_at: float | None = None

    def __call__(self, done: int, total: int) -> None:
        if not total or not self.total:
            self.began = time.monotonic()  # the rows may have been checked once more
        self.done, self.total = done, total

    def seconds(self) -> float:
        """Return how long the run has been working, without its pauses."""
        return max(0.0, (self.paused_at or time.monotonic()) - self.began)

    def pause(self) -> None:
        self.control.pause()
        self.paused_at = time.monotonic()

    def resume(self) -> None:
        if self.paused_at is not None:
            self.began += time.monotonic() - self.paused_at
            self.paused_at = None
        self.control.resume()


class CreatePage(Page):
    """Fills ``draft.batch.created``."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(draft, _("Create the keys and requests"), "")
        self._run: _Run | None = None
        self._card = FileCard("many", "", "")
        self._bar = QProgressBar()
        self._bar.setAccessibleName(_("Progress"))
        self._bar.setTextVisible(False)
        self._told = FieldNote(about=self._bar)
        self._trouble = FieldNote()
        self._pause = QPushButton(_("&Pause"))
        self._stop = QPushButton(_("St&op"))
        self._buttons = ButtonRow(self._pause, self._stop)
        self._trouble.set_about(self._bar)
        self._pause.clicked.connect(self._pause_or_resume)
        self._stop.clicked.connect(self._stop_now)
        self._ticks = QTimer(self, interval=_TICK_MS)
        self._ticks.timeout.connect(self._show_progress)
        for widget in (self._card, self._bar, self._told, self._buttons, self._trouble):
            self.body.addWidget(widget)
        self.body.addStretch(1)

    def enter(self) -> None:
        batch = self.draft.batch
        assert batch.checked is not None
        assert batch.folder is not None
        count = len(batch.checked.good)
        self.explain(
            _("You can pause or stop at any time. Everything created until then is complete.")
        )
        text = ngettext(
            "{count} key and request to create", "{count} keys and requests to create", count
        )
        self._card.title.setText(text.format(count=count) if count else _("Nothing left to create"))
        self._card.path.setText(labels.path(batch.folder))
        before = batch.checked.made + len(batch.checked.found)
        self._card.advice.setText(
            labels.joined([messages.made_before(before), messages.left_out(len(batch.checked.bad))])
        )
        self._card.advice.setVisible(bool(self._card.advice.text()))
        self._told.show_help(_("Press 'Save' to begin."))
        self._trouble.show_help("")
        self._show_running(running=False)
        self._bar.hide()

    def take_focus(self) -> None:
        if self._run:
            self._pause.setFocus()
        else:
            self.focus_way_on()

    @property
    def busy(self) -> bool:
        return super().busy or self._run is not None

    @property
    def may_leave(self) -> bool:
        return self._run is None

    def lets_go(self, *, closing: bool = False) -> bool:
        run = self._run
        if run is None:
            return True
        if not run.control.stopped and not self._may_stop():
            return False
        self._stop_now()
        # The window may go: the program waits for the keys that are being generated.
        return closing or self._run is None

    def _may_stop(self) -> bool:
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(self.window().windowTitle())
        box.setText(_("Keys and requests are being created. Stop now?"))
        box.setInformativeText(
            _(
                "Everything created so far is complete. To create the others later, choose the "
                "same table and the same folder."
            )
        )
        stop = box.addButton(_("St&op"), QMessageBox.ButtonRole.DestructiveRole)
        stay = box.addButton(_("&Continue"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        style.ensure_touch_targets(box)
        box.exec()
        return box.clickedButton() is stop

    def submit(self) -> bool:
        batch, defaults = self.draft.batch, self.draft.defaults or Defaults()
        assert batch.table is not None
        assert batch.folder is not None
        assert batch.checked is not None
        run = self._run = _Run()
        work = _work(
            batch.table,
            batch.checked,
            batch.folder,
            rules_of(batch, defaults),
            run,
            made_before=batch.made_before,
            passphrase=batch.passphrase,
            passphrase_file=batch.passphrase_file,
        )
        self._trouble.show_help("")
        self._bar.setRange(0, max(1, len(batch.checked.good)))
        self._bar.setValue(0)
        self._bar.show()
        self._told.show_help(_("Starting…"))
        self._show_running(running=True)
        self._pause.setText(_("&Pause"))
        self._pause.setFocus()
        self._ticks.start()
        self.busy_changed.emit()
        background.run(self, work, self._created, self._failed, self._settled)
        return False

    def _show_running(self, *, running: bool) -> None:
        self._buttons.setVisible(running)
        self._pause.setEnabled(running)
        self._stop.setEnabled(running)

    def _show_progress(self) -> None:
        run = self._run
        if not run or not run.total:
            return
        self._bar.setValue(run.done)
        if run.control.stopped:
            return
        text = messages.progress(run.done, run.total, run.seconds())
        self._told.show_help(labels.joined([_("Paused."), text] if run.paused_at else [text]))

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

    def _stop_now(self) -> None:
        if self._run and not self._run.control.stopped:
            self._run.control.stop()
            self._show_running(running=True)
            self._pause.setEnabled(False)
            self._stop.setEnabled(False)
            self._told.tell(_("Stopping. The keys that are being generated are still saved."))

    def _settled(self) -> None:
        self._run = None
        self._ticks.stop()
        self._show_running(running=False)
        self.busy_changed.emit()

    def _created(self, created: CreatedBatch) -> None:
        outcome, checked = created.outcome, self.draft.batch.checked
        assert checked is not None
        if not outcome.stopped:
            self.draft.batch.created = created
            self._bar.setValue(self._bar.maximum())
            self.go_on()
            return
        self._bar.setValue(outcome.created)
        text = _(
            "Stopped after {done} of {total}. Everything created is complete. Press 'Save' to "
            "go on now. To go on later, choose the same table and the same folder."
        )
        self._told.tell(text.format(done=outcome.created, total=self._bar.maximum()))
        self.focus_way_on()

    def _failed(self, error: CoreError) -> None:
        self._told.show_help("")
        self._trouble.show_problem(problem_text_with_place(error.problems[0]))
        self.focus_way_on()


def _work(
    table: Table,
    checked: Checked,
    folder: Path,
    rules: Rules,
    run: _Run,
    *,
    made_before: int,
    passphrase: str | None,
    passphrase_file: Path | None,
) -> Callable[[], CreatedBatch]:
    """Return what creates the pairs in a thread; it holds no object of Qt."""
    headings = messages.headings_of_rejected(table)

    def work() -> CreatedBatch:
        now, known = checked, {}
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            problem = problem_from_os_error(error, folder, missing=Code.FOLDER_MISSING)
            raise CannotSave([problem]) from error
        if passphrase_file:
            known = passphrases.provide(passphrase_file, (row.common_name for row in now.good))

        def passphrase_of(row: Row) -> str | None:
            return passphrases.of(known, row.common_name) if passphrase_file else passphrase

        with records.opened(folder) as ledger:
            if len(ledger.made) != made_before:
                now = check.check(table, ledger, rules)  # stopped before, or another run has ended
            if now.bad:
                records.write_rejected(folder, headings, messages.rejected(now))
            outcome = make.make(
                now,
                table.columns,
                ledger,
                rules,
                passphrase=passphrase_of,
                control=run.control,
                progress=run,
            )
            before = now.made + len(now.found)
            return CreatedBatch(outcome, ledger.batch, run.seconds(), before, len(now.bad))

    return work
