"""What the buttons for submitting one request and many have in common."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QPushButton, QWidget

from enos_csr_gui.core.errors import CoreError
from enos_csr_gui.gui import background
from enos_csr_gui.gui.texts import problem_text_with_place
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.i18n import _


class SubmitActions(QObject):
    """The submit ``buttons`` for a card or a row."""

    said = Signal(str)
    """A result; an empty text clears the previous one."""
    failed = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._parent = parent
        self.buttons: tuple[QPushButton, ...] = ()

    def report_to(self, note: FieldNote) -> None:
        """Show the results in the note."""
        self.said.connect(note.tell)
        self.failed.connect(note.show_problem)

    def _button(self, text: str, tip: str, action: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.clicked.connect(action)
        return button

    def _mail_button(self, tip: str, action: Callable[[], None]) -> QPushButton:
        return self._button(_("Compose an &e-mail"), tip, action)

    def _save(
        self,
        title: str,
        suggested: Path,
        kind: str,
        write: Callable[[Path], Path],
        saved: Callable[[Path], None],
    ) -> None:
        """Save a file where the user chooses, never over an existing one."""
        chosen, _kind = QFileDialog.getSaveFileName(
            self._parent,
            title,
            str(suggested),
            f"{kind} (*{suggested.suffix})",
            # Nothing is replaced, so there is nothing to confirm.
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if chosen:
            target = Path(chosen)
            background.run(self, lambda: write(target), saved, self._refuse)

    def _refuse(self, error: CoreError) -> None:
        self.failed.emit(problem_text_with_place(error.problems[0]))
