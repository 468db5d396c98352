"""Entry of a new passphrase, typed twice, with its strength."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QProgressBar, QVBoxLayout, QWidget

from enos_csr_gui.core.errors import Problem
from enos_csr_gui.core.keys import strength
from enos_csr_gui.gui import background, style
from enos_csr_gui.gui.texts import problem_text
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.form import Form
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels

Check = Callable[[str], Sequence[Problem]]

_PAUSE_MS = 150
"""The pause in typing, in milliseconds, before the strength is computed."""


class PassphraseEdit(QLineEdit):
    """A line edit for a secret, hidden unless the user chooses to show it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEchoMode(QLineEdit.EchoMode.Password)


class PassphrasePair(QWidget):
    """Two fields that must hold the same passphrase."""

    edited = Signal()

    def __init__(self, check: Check, parent: QWidget | None = None, *, help_text: str = "") -> None:
        """``check`` returns the problems of a passphrase; ``help_text`` is shown before one is
        typed.
        """
        super().__init__(parent)
        self._check = check
        self._help = help_text
        self._judging: background.Job | None = None
        self._first = PassphraseEdit()
        self._second = PassphraseEdit()
        self._strength = QProgressBar()
        self._note = FieldNote(help_text, about=self._first)
        self._visible = QCheckBox(_("Show &what I type"))
        self._pause = QTimer(self)

        self._strength.setRange(0, 5)
        self._strength.setTextVisible(False)
        self._strength.setFixedHeight(self._strength.fontMetrics().height() // 2)
        policy = self._strength.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # nothing jumps when it appears
        self._strength.setSizePolicy(policy)
        self._strength.hide()
        self._strength.setAccessibleName(_("Strength of the passphrase"))
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)

        for edit in (self._first, self._second):
            edit.textEdited.connect(self._on_edited)
        self._visible.toggled.connect(self._show_letters)
        self._pause.timeout.connect(self._judge)

        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, style.SPACING // 2, 0, 0)
        column.setSpacing(style.SPACING // 2)
        row = QHBoxLayout()
        row.setSpacing(2 * style.SPACING)
        row.addWidget(self._visible)
        row.addWidget(self._strength, 1)
        column.addLayout(row)
        column.addWidget(self._note)
        self.setFocusProxy(self._first)
        self.form = Form(self)
        self._label = self.form.add_row(_("Passphrase"), self._first)
        self.form.add_row(_("Repeat passphrase"), self._second, below)

    def name_first(self, name: str) -> None:
        """Say which passphrase it is, where there is another one on the page."""
        self._label.setText(name)
        self._first.setAccessibleName(name)

    def text(self) -> str:
        """Return the passphrase."""
        return self._first.text()

    def set_texts(self, first: str, second: str) -> None:
        """Put what was typed before into the fields."""
        self._first.setText(first)
        self._second.setText(second)
        self._judge()

    def texts(self) -> tuple[str, str]:
        """Return what is in both fields."""
        return self._first.text(), self._second.text()

    def complaint(self) -> str:
        """Return what is wrong with the passphrase, for people; empty when nothing is."""
        if problems := self._check(self._first.text()):
            return problem_text(problems[0])
        if self._first.text() != self._second.text():
            return _("The two passphrases differ. Type the second one again.")
        return ""

    def show_complaint(self) -> None:
        """Show what is wrong and put the cursor there."""
        at_fault = self._first if self._check(self._first.text()) else self._second
        self._pause.stop()  # how strong it is matters less now
        if self._judging:
            self._judging.forget()
        self._note.set_about(at_fault)
        self._note.show_problem(self.complaint())
        at_fault.setFocus()
        at_fault.selectAll()

    def clear(self) -> None:
        """Forget the passphrase."""
        self._first.clear()
        self._second.clear()
        self._strength.hide()
        self._note.show_help(self._help)

    def _on_edited(self) -> None:
        self._pause.start()
        self.edited.emit()

    def _show_letters(self, on: bool) -> None:
        mode = QLineEdit.EchoMode.Normal if on else QLineEdit.EchoMode.Password
        for edit in (self._first, self._second):
            edit.setEchoMode(mode)

    def _judge(self) -> None:
        if self._judging:
            self._judging.forget()
        text = self._first.text()
        self._judging = background.run(self, lambda: strength(text), self._show_strength)

    def _show_strength(self, score: int) -> None:
        self._strength.setVisible(bool(self._first.text()))
        if not self._first.text():
            self._note.show_help(self._help)
            return
        self._strength.setValue(score + 1)
        self._note.set_about(self._first)
        self._note.tell(labels.strength(score))
