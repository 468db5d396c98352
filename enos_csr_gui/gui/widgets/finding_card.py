"""One thing found in a file: what it is, whether EnOS would take it, and what to do with it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from enos_csr_gui import findings, words
from enos_csr_gui.core.errors import Code
from enos_csr_gui.core.inspection import Found, Kind, RuleResult
from enos_csr_gui.gui import dates, style
from enos_csr_gui.gui.widgets.button_row import ButtonRow
from enos_csr_gui.gui.widgets.card import Card
from enos_csr_gui.gui.widgets.copy_button import CopyButton
from enos_csr_gui.gui.widgets.facts import Facts
from enos_csr_gui.gui.widgets.fold import Fold
from enos_csr_gui.gui.widgets.note import Note
from enos_csr_gui.gui.widgets.picture import Picture
from enos_csr_gui.gui.widgets.wrapped_label import WrappedLabel
from enos_csr_gui.i18n import _

_ICONS = {Kind.REQUEST: "request", Kind.CERTIFICATE: "certificate"}
_ICON_SIZE = 32
_SECRETS = (Code.SECRET_INSIDE, Code.SECRET_POSSIBLE)


class FindingCard(Card):
    """Shows ``found``, which is called ``name``; its details are made when they are asked for."""

    def __init__(
        self,
        found: Found,
        name: str,
        together: Sequence[str],
        offers: Sequence[QPushButton] = (),
        parent: QWidget | None = None,
    ) -> None:
        """``together`` are the names of the things that have the same key.

        ``offers`` lead to a next step.
        """
        super().__init__(parent)
        self._found = found
        self._together = together
        self.setAccessibleName(name)
        self.setAccessibleDescription(findings.kind(found))

        self._column = QVBoxLayout()
        self._column.setSpacing(style.SPACING // 2)
        title = WrappedLabel()
        title.setText(name)
        title.setFont(style.heading(self.font()))
        self._column.addWidget(title)
        kind = WrappedLabel()
        kind.setText(findings.kind(found))
        self._column.addWidget(kind)
        self._add_verdict()
        self._add_offers(offers)
        if found.subject or found.key:
            self._details = QWidget()
            fold = Fold(_("Details"), self._details)
            fold.button.setAccessibleName(words.named(_("Details"), name))
            fold.button.toggled.connect(self._show_details)
            self._column.addWidget(fold)

        is_bad = found.problems or any(one.code in _SECRETS for one in found.warnings)
        icon = "problem" if is_bad else _ICONS.get(found.kind, "key")
        picture = Picture(icon, _ICON_SIZE)
        row = QHBoxLayout(self)
        row.setContentsMargins(*[2 * style.SPACING] * 4)
        row.setSpacing(2 * style.SPACING)
        row.addWidget(picture, alignment=Qt.AlignmentFlag.AlignTop)
        row.addLayout(self._column, 1)
        style.enlarge_all(self)

    def _add_offers(self, offers: Sequence[QPushButton]) -> None:
        if not offers:
            return
        self._column.addSpacing(style.SPACING)
        self._column.addWidget(ButtonRow(*offers))

    def _add_verdict(self) -> None:
        found = self._found
        for warning in found.warnings:
            self._say(words.sentence(warning), is_problem=True)
        if found.protected:
            self._say(findings.protected())
        if found.valid_from and found.valid_to:
            text = _("Valid from {first} to {last}.")
            first, last = dates.day(found.valid_from), dates.day(found.valid_to)
            self._say(text.format(first=first, last=last))
        if not found.rules:
            for problem in found.problems:
                self._say(words.sentence(problem), is_problem=True)
            return
        sign = "✓" if found.acceptable else "✗"
        self._say(f"{sign}  {findings.verdict(found)}", is_problem=not found.acceptable)
        for result in found.rules:
            for problem in result.problems:
                self._say(words.named(_rule(result), words.in_file(problem)), indent=True)

    def _say(self, text: str, *, is_problem: bool = False, indent: bool = False) -> None:
        self.setAccessibleDescription(f"{self.accessibleDescription()} {text}".strip())
        note = Note()
        if is_problem:
            note.show_problem(text)
        else:
            note.show_help(text)
        if indent:
            note.setContentsMargins(3 * style.SPACING, 0, 0, 0)
        self._column.addWidget(note)

    def _show_details(self) -> None:
        if self._details.layout():
            return
        found = self._found
        shown = Facts(self._details)
        rows = list(findings.facts(found, self._together, dates.minute))
        rows += [
            ("" if number else _("Requirements"), _marked(result))
            for number, result in enumerate(found.rules)
        ]
        for label, text in rows:
            value = shown.add_row(label, text)
            if findings.is_digest(text):
                value.show_digest(text)
        copy = CopyButton(
            _("Copy these details"),
            lambda: "\n".join(f"{label}\t{text}" for label, text in rows),
        )
        style.enlarge(copy)
        shown.addWidget(copy, shown.rowCount(), 1, Qt.AlignmentFlag.AlignLeft)


def _rule(result: RuleResult) -> str:
    return words.rule(result.rule, result.field)


def _marked(result: RuleResult) -> str:
    return f"{'✓' if result.passed else '✗'}  {_rule(result)}"
