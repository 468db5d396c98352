"""Which column holds which field, and what is the same for all devices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QLineEdit

from enos_csr_gui.core.batch import table
from enos_csr_gui.core.batch.columns import field_of
from enos_csr_gui.core.batch.table import Table
from enos_csr_gui.core.errors import CoreError, escape_unprintable
from enos_csr_gui.core.profiles import Profile
from enos_csr_gui.core.subject import FIELDS_BY_KEY, check_field
from enos_csr_gui.gui import background, style
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.texts import IN_ORDER_OF_ANSWERS, problem_text
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.line import Line
from enos_csr_gui.gui.widgets.profile_button import ProfileButton
from enos_csr_gui.gui.widgets.roomy_rows import make_roomy
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels

_NAME = "common_name"


class ColumnsPage(Page):
    """Decides ``draft.batch.assigned`` and ``same_for_all``; reads the table again if needed."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(
            draft,
            _("What is in the columns?"),
            _(
                "Choose the column of each field. What you type at its right is used in all rows "
                "that leave the field empty."
            ),
        )
        self._boxes: dict[str, QComboBox] = {}
        self._texts: dict[str, QLineEdit] = {}
        self._trouble, self._notes = FieldNote(), FieldNote()
        self._profile = ""
        self._profiles = ProfileButton(self._same_for_all)
        self._profiles.chosen.connect(self._use_profile)
        self._profiles.current_changed.connect(self._remember_profile)
        self.add_beside_title(self._profiles, self._profiles.note)

    def build(self) -> Iterator[None]:
        grid = QGridLayout()
        grid.setHorizontalSpacing(style.WIDE)
        grid.setVerticalSpacing(style.TIGHT)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        grid.addWidget(QLabel(_("Column of the table")), 0, 1)
        grid.addWidget(QLabel(_("Where it is empty")), 0, 2)
        for number, field in enumerate(IN_ORDER_OF_ANSWERS, 1):
            name = labels.label(field.key)
            label, box = QLabel(f"{name} *" if field.required else name), QComboBox()
            label.setBuddy(box)
            box.setAccessibleName(_("{field}: column").format(field=name))
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            box.setMinimumContentsLength(16)
            make_roomy(box.view())
            box.currentIndexChanged.connect(self._forgive)
            self._boxes[field.key] = box
            grid.addWidget(label, number, 0)
            grid.addWidget(box, number, 1)
            if field.key != _NAME:
                text = Line()
                text.setAccessibleName(_("{field}: where it is empty").format(field=name))
                text.textEdited.connect(self._forgive)
                self._texts[field.key] = text
                grid.addWidget(text, number, 2)
            yield
        self.body.addLayout(grid)
        self.body.addWidget(self._trouble)
        self.body.addWidget(self._notes)
        self.body.addStretch(1)

    def enter(self) -> None:
        batch = self.draft.batch
        chosen = _chosen(batch.table, batch.headings, batch.assigned)
        for key, box in self._boxes.items():
            box.blockSignals(True)
            box.clear()
            # Translators: the choice that no column of the table holds a field.
            box.addItem(_("(none)"), "")
            for heading in batch.headings:
                box.addItem(escape_unprintable(heading), heading)
            box.setCurrentIndex(max(0, box.findData(chosen.get(key, ""))))
            box.blockSignals(False)
        defaults = self.draft.defaults
        presets = defaults.presets if defaults else {}
        for key, text in self._texts.items():
            locked = self.draft.locked.get(key)
            # What was answered last is right only where the table has nothing to say.
            last = "" if key in chosen else self.draft.answers.get(key, "")
            offered = batch.same_for_all.get(key, presets.get(key) or last)
            text.setText(offered if locked is None else locked)
            text.setReadOnly(locked is not None)
        self._profiles.show_current(self._profile)
        self._forgive()
        found = batch.table.notes if batch.table else ()
        self._notes.show_help("\n".join(map(problem_text, found)))

    def start_over(self, *, keep_passphrase: bool) -> None:
        del keep_passphrase
        self._profile = ""

    def _same_for_all(self) -> dict[str, str]:
        return {key: text.text().strip() for key, text in self._texts.items()}

    def _use_profile(self, profile: Profile) -> None:
        for key, text in self._texts.items():
            if not text.isReadOnly() and (answer := profile.answers.get(key)):
                text.setText(answer)
        self._forgive()

    def _remember_profile(self, name: str) -> None:
        self._profile = name

    def take_focus(self) -> None:
        empty = (box for box in self._boxes.values() if not box.currentData())
        first = self._boxes[_NAME] if self._is_unnamed() else next(empty, None)
        (first or self._boxes[_NAME]).setFocus()

    def _is_unnamed(self) -> bool:
        return not self._boxes[_NAME].currentData()

    def _forgive(self) -> None:
        self._profiles.note.show_help("")
        self._trouble.show_help("")
        self._trouble.hide()

    def _complain(self, text: str, key: str, field: QComboBox | QLineEdit) -> None:
        self._trouble.set_about(field)
        self._trouble.show_problem(labels.named(labels.label(key), text) if key else text)
        self._trouble.show()
        field.setFocus()

    def submit(self) -> bool:
        if self._is_unnamed():
            self._complain(
                _("Choose the column that has the common names."), _NAME, self._boxes[_NAME]
            )
            return False
        columns: dict[str, str] = {}
        for key, box in self._boxes.items():
            if not (heading := box.currentData()):
                continue
            if other := columns.get(heading):
                said = _("This column is already used for '{field}'. Choose another one.")
                self._complain(said.format(field=labels.label(other)), key, box)
                return False
            columns[heading] = key
        for key, text in self._texts.items():
            problems = check_field(FIELDS_BY_KEY[key], text.text()) if text.text().strip() else []
            if problems:
                self._complain(problem_text(problems[0]), key, text)
                return False
        batch = self.draft.batch
        batch.same_for_all = self._same_for_all()
        if batch.table and columns == _read_as(batch.table):
            return True
        assigned = _assigned(batch.headings, columns, None if batch.assigned else batch.table)
        path = batch.path
        assert path is not None

        def read(found: Table) -> None:
            batch.table, batch.assigned, batch.mended = found, assigned, False
            self.go_on()

        def failed(error: CoreError) -> None:
            self._complain(problem_text(error.problems[0]), "", self._boxes[_NAME])

        self.wait_for(
            lambda: table.read(path, assigned, pause=background.give_way),
            read,
            failed,
            _("Reading the table"),
        )
        return False


def _read_as(found: Table) -> dict[str, str]:
    """Return heading -> field key as the core has read the table."""
    return {found.columns.headings[place]: key for key, place in found.columns.places.items()}


def _chosen(
    found: Table | None, headings: tuple[str, ...], assigned: Mapping[str, str]
) -> dict[str, str]:
    """Return field key -> heading, as they are read, or as far as headings are recognized."""
    if found:
        return {key: heading for heading, key in _read_as(found).items()}
    chosen: dict[str, str] = {}
    for heading in headings:
        key = assigned.get(heading) or (field_of(heading) or ("", 0))[0]
        if key:
            chosen.setdefault(key, heading)
    return chosen


def _assigned(
    headings: tuple[str, ...], columns: Mapping[str, str], found: Table | None
) -> dict[str, str]:
    """Return heading -> field key where the choice differs from what the core has recognized.

    ``columns`` is heading -> field key. Only what differs: EnOS's template is recognized by its
    headings.
    """
    read = _read_as(found) if found else {}
    assigned = {}
    for heading in headings:
        key = columns.get(heading, "")
        if key != read.get(heading, "") or (not found and (key or field_of(heading))):
            assigned[heading] = key
    return assigned
