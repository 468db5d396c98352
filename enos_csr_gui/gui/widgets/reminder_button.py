"""A button that saves reminders to renew certificates for the user's calendar."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QPushButton, QWidget

from enos_csr_gui.core import file_names, reminders
from enos_csr_gui.core.errors import CoreError
from enos_csr_gui.core.file_types import CALENDAR_SUFFIX
from enos_csr_gui.core.reminders import Reminder
from enos_csr_gui.gui import background
from enos_csr_gui.gui.texts import problem_text_with_place
from enos_csr_gui.gui.widgets.folder import existing
from enos_csr_gui.i18n import _, ngettext
from enos_csr_gui.messages import labels

Read = Callable[[], Sequence[Reminder]]


class ReminderButton(QPushButton):
    """Asks where to save what ``offer`` was given; signals report the result as a text."""

    said = Signal(str)
    failed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_("Save a calendar &reminder…"), parent)
        self.setToolTip(_("A file (.ics) for your calendar. It reminds you to renew in time."))
        self._reminder: Reminder | None = None
        self._folder = Path.home()
        self.clicked.connect(self._save)

    def offer(self, reminder: Reminder | None, folder: Path) -> None:
        """Save this one from now on, in this folder by default; None hides the button."""
        self._reminder, self._folder = reminder, folder
        self.setVisible(reminder is not None)

    def _save(self) -> None:
        if (one := self._reminder) is None:
            return
        place = self._folder / file_names.safe_name(one.summary)
        save(self, lambda: [one], place, self.said.emit, self.failed.emit)


def save(
    parent: QWidget,
    read: Read,
    place: Path,
    said: Callable[[str], object],
    failed: Callable[[str], object],
) -> None:
    """Ask where to save, and save what ``read`` returns, off the UI thread.

    ``place`` is where the file goes, without its suffix, if the user chooses no other place.
    """
    kinds = _("Calendar files ({patterns})").format(patterns=f"*{CALENDAR_SUFFIX}")
    dialog = QFileDialog(parent, _("Save for the calendar"), str(existing(place.parent)), kinds)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(CALENDAR_SUFFIX.removeprefix("."))
    dialog.selectFile(f"{place.name}{CALENDAR_SUFFIX}")
    chosen = [Path(name) for name in dialog.selectedFiles()] if dialog.exec() else []
    dialog.deleteLater()
    if not chosen:
        return
    path = chosen[0]

    def write() -> int:
        found = read()
        if found:
            reminders.save(found, path)
        return len(found)

    def done(count: int) -> None:
        if not count:
            said(_("No certificate is valid, so there is nothing to be reminded of."))
            return
        text = ngettext(
            "The reminder is saved. Open it to add it to your calendar: {path}",
            "{count} reminders are saved. Open the file to add them to your calendar: {path}",
            count,
        )
        said(text.format(count=count, path=labels.path(path)))

    def refused(error: CoreError) -> None:
        failed(problem_text_with_place(error.problems[0]))

    background.run(parent, write, done, refused)
