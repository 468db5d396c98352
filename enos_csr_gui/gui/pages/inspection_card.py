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

from enos_csr_gui.core import serials
from enos_csr_gui.core.csr_rules import RuleResult
from enos_csr_gui.core.enums import ContentKind, Level
from enos_csr_gui.core.errors import SECRET_CODES
from enos_csr_gui.core.inspect import InspectedItem
from enos_csr_gui.gui import dates, style
from enos_csr_gui.gui.texts import problem_text, problem_text_in_file
from enos_csr_gui.gui.widgets.button_row import ButtonRow
from enos_csr_gui.gui.widgets.card import Card
from enos_csr_gui.gui.widgets.collapsible_section import CollapsibleSection
from enos_csr_gui.gui.widgets.copy_button import CopyButton
from enos_csr_gui.gui.widgets.details_grid import DetailsGrid
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.picture import Picture
from enos_csr_gui.gui.widgets.wrapped_label import WrappedLabel
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import inspection, labels

_ICONS = {ContentKind.REQUEST: "request", ContentKind.CERTIFICATE: "certificate"}
_ICON_SIZE = 32


class Verdict(FieldNote):
    """Whether EnOS would take the request: as large as the title of the page, in its colour."""

    def __init__(self, text: str, *, is_good: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setFont(style.title(self.font()))
        if is_good:
            self.show_success(text)
        else:
            self.show_problem(text)


class InspectionCard(Card):
    """Shows ``found``, which is called ``name``; its details are made when they are asked for."""

    def __init__(
        self,
        found: InspectedItem,
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
        self._column = QVBoxLayout()
        self._column.setSpacing(style.TIGHT)
        if found.rules:
            sign = "✓" if found.acceptable else "✗"
            verdict = Verdict(
                f"{sign}  {inspection.verdict(found)}", is_good=bool(found.acceptable)
            )
            self.setAccessibleDescription(verdict.text())
            self._column.addWidget(verdict)
            self._column.addSpacing(style.TIGHT)
        title = WrappedLabel()
        title.setText(name)
        title.setFont(style.strong(self.font()))
        self._column.addWidget(title)
        kind = WrappedLabel()
        kind.setText(inspection.kind(found))
        described = f"{self.accessibleDescription()} {kind.text()}".strip()
        self.setAccessibleDescription(described)
        self._column.addWidget(kind)
        self._add_verdict()
        self._add_offers(offers)
        if found.acceptable:
            self._add_refusals(name)
        if found.subject or found.key:
            self._details = QWidget()
            fold = CollapsibleSection(_("Details"), self._details)
            fold.button.setAccessibleName(labels.named(_("Details"), name))
            fold.button.toggled.connect(self._show_details)
            self._column.addWidget(fold)

        is_bad = found.problems or any(one.code in SECRET_CODES for one in found.warnings)
        icon = "problem" if is_bad else _ICONS.get(found.kind, "key")
        picture = Picture(icon, _ICON_SIZE)
        row = QHBoxLayout(self)
        row.setContentsMargins(*[style.WIDE] * 4)
        row.setSpacing(style.WIDE)
        row.addWidget(picture, alignment=Qt.AlignmentFlag.AlignTop)
        row.addLayout(self._column, 1)
        style.ensure_touch_targets(self)

    def _add_offers(self, offers: Sequence[QPushButton]) -> None:
        if not offers:
            return
        self._column.addSpacing(style.SPACING)
        self._column.addWidget(ButtonRow(*offers))

    def _add_verdict(self) -> None:
        found = self._found
        of_rules = [problem for result in found.rules for problem in result.warnings]
        for warning in found.warnings:
            if warning in of_rules:
                continue
            self._say(problem_text(warning), is_problem=True)
        if found.protected:
            self._say(inspection.protected())
        if found.valid_from and found.valid_to:
            text = _("Valid from {first} to {last}.")
            first, last = dates.day(found.valid_from), dates.day(found.valid_to)
            self._say(text.format(first=first, last=last))
        if not found.rules:
            for problem in found.problems:
                self._say(problem_text(problem), is_problem=True)
            return
        for result in found.rules:
            for problem in (*result.problems, *result.warnings):
                self._add_breach(_marked(result), problem_text_in_file(problem))

    def _add_breach(self, requirement: str, text: str) -> None:
        """Say which requirement is not met, and why: it is what there is to read."""
        said = WrappedLabel()
        said.setText(labels.named(requirement, text))
        self.setAccessibleDescription(f"{self.accessibleDescription()} {said.text()}".strip())
        self._column.addWidget(said)

    def _say(self, text: str, *, is_problem: bool = False) -> None:
        self.setAccessibleDescription(f"{self.accessibleDescription()} {text}".strip())
        note = FieldNote()
        if is_problem:
            note.show_problem(text)
        else:
            note.show_help(text)
        self._column.addWidget(note)

    def _add_refusals(self, name: str) -> None:
        """Add what to do if EnOS refuses the request all the same."""
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(style.EDGE, 0, 0, 0)
        column.setSpacing(style.TIGHT)
        for case, advice in inspection.refusals():
            column.addWidget(FieldNote(labels.named(case, advice)))
        heading = _("If EnOS refuses it")
        fold = CollapsibleSection(heading, content)
        fold.button.setAccessibleName(labels.named(heading, name))
        self._column.addWidget(fold)

    def _show_details(self) -> None:
        if self._details.layout():
            return
        found = self._found
        shown = DetailsGrid(self._details)
        rows = list(inspection.facts(found, self._together, dates.minute))
        rows += [
            ("" if number else _("Requirements"), _marked(result))
            for number, result in enumerate(found.rules)
        ]
        number = found.serial_number
        for label, text in rows:
            value = shown.add_row(label, text)
            if inspection.is_digest(text):
                value.show_digest(text)
            elif number is not None and text == serials.written(number):
                value.show_serial(number)
        copy = CopyButton(
            _("Copy these details"),
            lambda: "\n".join(f"{label}\t{text}" for label, text in rows),
        )
        style.ensure_touch_target(copy)
        shown.addWidget(copy, shown.rowCount(), 1, Qt.AlignmentFlag.AlignLeft)


def _rule(result: RuleResult) -> str:
    return labels.rule(result.rule, result.field)


def _marked(result: RuleResult) -> str:
    marks = {Level.IN_ORDER: "✓", Level.DIFFERS: "!", Level.REFUSED: "✗"}
    return f"{marks[result.level]}  {_rule(result)}"
