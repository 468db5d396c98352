"""One subject field with its label, help, counter and error, made from its declaration."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from enos_csr_gui import resources
from enos_csr_gui.core.errors import Code, Problem
from enos_csr_gui.core.subject import SubjectField, normalize
from enos_csr_gui.gui import style
from enos_csr_gui.gui.texts import problem_text
from enos_csr_gui.gui.widgets.completed_line import CompletedLine
from enos_csr_gui.gui.widgets.country_box import CountryBox
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels

# Problems that more typing cannot fix are shown at once, others when the field is left.
_SAID_AT_ONCE = frozenset(
    {
        Code.TOO_LONG,
        Code.CONTROL_CHARACTER,
        Code.LINE_BREAK,
        Code.INVISIBLE_CHARACTER,
        Code.BROKEN_CHARACTER,
        Code.NOT_ASCII,
        Code.NAME_USED,
    }
)


_NEARLY_FULL = 10
"""The number of characters left from which on they are counted."""


@cache
def _problem_icon() -> QIcon:
    return QIcon(str(resources.icon("problem")))


class FieldEditor(QObject):
    """The widgets of one field: ``label``, ``edit`` and ``below``, for a form to lay out."""

    edited = Signal(str, str)
    """The key of the field and its new text."""

    def __init__(self, field: SubjectField, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self._typed = self._had_a_chance = False
        self._origin = ""
        self._problems: Sequence[Problem] = ()

        name = labels.label(field.key)
        self.label = f"{name} *" if field.required else name
        self.edit: CompletedLine | CountryBox = (
            CountryBox() if field.key == "country" else CompletedLine()
        )
        line = self.edit.line if isinstance(self.edit, CountryBox) else self.edit
        self._mark = line.addAction(_problem_icon(), QLineEdit.ActionPosition.TrailingPosition)
        self._mark.setText(_("Something is wrong here"))
        self.below = QWidget()
        self._note = FieldNote(labels.help_(field.key), about=self.edit)
        self._counter = FieldNote()

        self.edit.setAccessibleName(
            name if field.required else _("{field}, optional").format(field=name)
        )
        line.setAccessibleName(self.edit.accessibleName())
        self._counter.setWordWrap(False)  # at the right, as short as what it says

        if isinstance(self.edit, CountryBox):
            self.edit.edited.connect(self._on_edited)
        else:
            self.edit.textEdited.connect(self._on_edited)
        line.editingFinished.connect(self._on_left)

        row = QHBoxLayout()
        row.addWidget(self._note, 1)
        row.addWidget(self._counter, 0, Qt.AlignmentFlag.AlignTop)
        self._column = QVBoxLayout(self.below)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(style.SPACING)
        self._column.addLayout(row)
        self._show()

    def text(self) -> str:
        """Return what is in the field."""
        return self.edit.text()

    def set_text(self, text: str) -> None:
        """Set the answer as if the user had not edited the field."""
        self.edit.setText(text)
        self._typed = self._had_a_chance = False
        self._show()

    def lock(self, reason: str | None) -> None:
        """Keep the answer from being changed and say why; None lets it be changed again."""
        if isinstance(self.edit, CountryBox):
            self.edit.set_locked(reason is not None)
        else:
            self.edit.setReadOnly(reason is not None)
            self.edit.setFrame(reason is None)  # as flat as a text, for nothing can be typed
        self._counter.setVisible(reason is None)
        self._note.show_help(reason or labels.help_(self.field.key))

    def say_origin(self, text: str) -> None:
        """Say below the field where its answer comes from; an empty text says the help again."""
        self._origin = text
        self._note.show_help(text or labels.help_(self.field.key))
        self._show()

    def settle(self) -> None:
        """Take what is being typed; on macOS a button that is clicked leaves the focus here."""
        if isinstance(self.edit, CountryBox):
            self.edit.settle()

    def offer(self, way_out: QWidget) -> None:
        """Put a button that solves a problem below it; the caller shows and hides the button."""
        self._column.addWidget(way_out)

    def suggest(self, texts: Sequence[str]) -> None:
        """Offer these completions during typing; any other text stays possible."""

        def find(text: str) -> list[str]:
            return [one for one in texts if text.casefold() in one.casefold()]

        if isinstance(self.edit, CompletedLine):
            self.edit.complete_with(find)

    def show_problems(self, problems: Sequence[Problem], *, all_of_them: bool = False) -> None:
        """Show the problems; those that more typing may fix only once the field has been left."""
        self._problems = problems
        self._had_a_chance = self._had_a_chance or all_of_them
        self._show()

    def _show(self) -> None:
        shown = [p for p in self._problems if self._had_a_chance or p.code in _SAID_AT_ONCE]
        missing = [p for p in shown if p.code is Code.REQUIRED]
        said = labels.joined(self._sentence(p) for p in shown if p not in missing)
        self._say(labels.joined([said, self._origin]) if said and self._origin else said)
        self._mark.setVisible(bool(shown))
        if missing:  # beside the help, which is needed just now
            text = problem_text(missing[0])
            self._counter.show_problem(text, of=self.edit.accessibleName())
            self.edit.setAccessibleDescription(labels.joined([text, self._note.text()]))
            return
        left = self.field.max_length - len(normalize(self.text()))
        is_near = not isinstance(self.edit, CountryBox) and 0 <= left <= _NEARLY_FULL
        self._counter.show_help(_("{left} left").format(left=left) if is_near else "")

    def _sentence(self, problem: Problem) -> str:
        if problem.code is not Code.NOT_A_COUNTRY:
            return problem_text(problem)
        # Users do not need to know the code here.
        if problem.values["suggestion"]:
            text = _("'{given}' is not in the list of countries. Did you mean {name}?")
        elif problem.values["choices"]:
            text = _("'{given}' may mean several countries: {choices}. Choose one from the list.")
        else:
            text = _("'{given}' is not in the list of countries. Choose one from the list.")
        return text.format(**problem.values)

    def _say(self, complaint: str) -> None:
        if complaint:
            self._note.show_problem(complaint)
        else:
            self._note.show_help()

    def _on_edited(self, text: str) -> None:
        self._typed = True
        self.edited.emit(self.field.key, text)

    def _on_left(self) -> None:
        self._had_a_chance = self._had_a_chance or self._typed
        self._show()
