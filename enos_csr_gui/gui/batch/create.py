"""The pairs of a batch while they are created: how far, how fast, pause and stop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from enos_csr_gui.core.batch import check, make, passphrases, records
from enos_csr_gui.core.batch.check import Checked, Rules
from enos_csr_gui.core.batch.rows import Row
from enos_csr_gui.core.batch.table import Table
from enos_csr_gui.core.defaults import Defaults
from enos_csr_gui.core.errors import CannotSave, Code, CoreError, problem_from_os_error
from enos_csr_gui.gui import background
from enos_csr_gui.gui.batch.rows import rules_of
from enos_csr_gui.gui.batch.running import Run, RunPage, RunPanel
from enos_csr_gui.gui.batch_draft import CreatedBatch
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.texts import problem_text_with_place
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.file_card import FileCard
from enos_csr_gui.i18n import _, ngettext
from enos_csr_gui.messages import batch as messages
from enos_csr_gui.messages import labels


class CreatePage(RunPage):
    """Fills ``draft.batch.created``."""

    def __init__(self, draft: Draft) -> None:
        panel = RunPanel(
            lambda run: messages.progress(run.done, run.total, run.seconds()),
            _("Stopping. The keys that are being generated are still saved."),
        )
        stop = (
            _("Keys and requests are being created. Stop now?"),
            _(
                "Everything created so far is complete. To create the others later, choose the "
                "same table and the same folder."
            ),
        )
        super().__init__(draft, _("Create the keys and requests"), panel, stop)
        self._card = FileCard("many", "", "")
        self._trouble = FieldNote(about=self._panel)
        for widget in (self._card, self._panel, self._trouble):
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
        self._panel.rest(_("Press 'Create' to begin."))
        self._trouble.show_help("")

    def take_focus(self) -> None:
        if self._panel.run:
            self._panel.take_focus()
        else:
            self.focus_way_on()

    def submit(self) -> bool:
        batch, defaults = self.draft.batch, self.draft.defaults or Defaults()
        assert batch.table is not None
        assert batch.folder is not None
        assert batch.checked is not None
        run = Run()
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
        self._panel.begin(run, max(1, len(batch.checked.good)))
        self.busy_changed.emit()
        background.run(self, work, self._created, self._failed, self._settled)
        return False

    def _settled(self) -> None:
        self._panel.end(0)
        self.busy_changed.emit()

    def _created(self, created: CreatedBatch) -> None:
        outcome, checked = created.outcome, self.draft.batch.checked
        assert checked is not None
        if not outcome.stopped:
            self.draft.batch.created = created
            self._panel.end(outcome.created)
            self.go_on()
            return
        self._panel.end(outcome.created)
        text = _(
            "Stopped after {done} of {total}. Everything created is complete. Press 'Create' to "
            "go on now. To go on later, choose the same table and the same folder."
        )
        total = max(1, len(checked.good))
        self._panel.told.tell(text.format(done=outcome.created, total=total))
        self.focus_way_on()

    def _failed(self, error: CoreError) -> None:
        self._panel.rest()
        self._trouble.show_problem(problem_text_with_place(error.problems[0]))
        self.focus_way_on()


def _work(
    table: Table,
    checked: Checked,
    folder: Path,
    rules: Rules,
    run: Run,
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
