"""Entry of a new passphrase, typed twice, with its strength."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from enos_csr_gui.core import words
from enos_csr_gui.core.errors import Problem
from enos_csr_gui.core.keys import strength
from enos_csr_gui.gui import background, style
from enos_csr_gui.gui.texts import problem_text
from enos_csr_gui.gui.widgets.button_row import ButtonRow
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.form import Form
from enos_csr_gui.gui.widgets.line import Line
from enos_csr_gui.gui.widgets.strength_meter import StrengthMeter
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels

Check = Callable[[str], Sequence[Problem]]

_STRONG = 4
"""The score of the strongest passphrases."""

_PAUSE_MS = 150
"""The pause in typing, in milliseconds, before the strength is computed."""


class PassphraseEdit(Line):
    """A line edit for a secret, hidden unless the user chooses to show it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEchoMode(QLineEdit.EchoMode.Password)

    def show_letters(self, on: bool) -> None:
        """Show what is typed, or hide it."""
        self.setEchoMode(QLineEdit.EchoMode.Normal if on else QLineEdit.EchoMode.Password)


class BelowPassphrase(QWidget):
    """What stands below the passphrase of a key file: a note, and a box to show it."""

    def __init__(self, edit: PassphraseEdit, name: str, parent: QWidget | None = None) -> None:
        """``name`` is that of the field: the page may have another box to show a passphrase."""
        super().__init__(parent)
        self.note = FieldNote(about=edit)
        self._visible = QCheckBox(_("Show the passphrase"))
        self._visible.setAccessibleName(_("Show the passphrase: {field}").format(field=name))
        self._visible.toggled.connect(edit.show_letters)
        row = QHBoxLayout(self)  # one line, or the page for the device would scroll
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.WIDE)
        row.addWidget(self._visible)
        row.addWidget(self.note, 1)

    def hide_letters(self) -> None:
        """Hide the passphrase, as for the next one."""
        self._visible.setChecked(False)


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
        self._strength = StrengthMeter()
        self._note = FieldNote(help_text, about=self._first)
        self._visible = QCheckBox(_("Sho&w the passphrase"))
        self._suggest = QPushButton(_("Su&ggest one"))
        self._suggest.setToolTip(_("Random words, which are easy to write down and to type."))
        self._pause = QTimer(self)

        self._strength.hide()
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)

        for edit in (self._first, self._second):
            edit.textEdited.connect(self._on_edited)
        self._visible.toggled.connect(self._show_letters)
        self._pause.timeout.connect(self._judge)
        self._suggest.clicked.connect(self._fill_in_words)

        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.TIGHT)
        row = QHBoxLayout()
        row.setSpacing(style.SPACING)
        buttons = ButtonRow(self._visible, self._suggest)
        policy = buttons.sizePolicy()
        policy.setHorizontalPolicy(QSizePolicy.Policy.Preferred)  # the meter gets what is left
        buttons.setSizePolicy(policy)
        row.addWidget(buttons)
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
        self._stop_judging()  # how strong it is matters less now
        self._note.set_about(at_fault)
        self._note.show_problem(self.complaint())
        at_fault.setFocus()
        at_fault.selectAll()

    def clear(self) -> None:
        """Forget the passphrase."""
        self._first.clear()
        self._second.clear()
        self._visible.setChecked(False)
        self._strength.hide()
        self._note.show_help(self._help)

    def hide_letters(self) -> None:
        """Hide what is typed."""
        self._visible.setChecked(False)

    def explain(self, text: str) -> None:
        """Show ``text`` until another passphrase is typed."""
        self._stop_judging()
        self._note.set_about(self._first)
        self._note.tell(text)

    def _fill_in_words(self) -> None:
        """Fill in a passphrase of random words, and show it: it must be written down."""
        text = words.passphrase()
        self._first.setText(text)
        self._second.setText(text)
        self._visible.setChecked(True)
        self._strength.show()
        self._strength.show_score(_STRONG)
        said = _(
            "Strong: {count} random words, {bits} bits. Write them down, and keep them apart from "
            "the key."
        )
        self.explain(said.format(count=words.COUNT, bits=words.bits()))
        self.edited.emit()

    def _stop_judging(self) -> None:
        self._pause.stop()
        if self._judging:
            self._judging.forget()

    def _on_edited(self) -> None:
        self._pause.start()
        self.edited.emit()

    def _show_letters(self, on: bool) -> None:
        for edit in (self._first, self._second):
            edit.show_letters(on)

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
        self._strength.show_score(score)
        self._note.set_about(self._first)
        self._note.tell(labels.strength(score))
