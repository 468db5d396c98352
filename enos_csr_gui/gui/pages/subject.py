"""Who the certificate is for: the seven fields."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QPushButton

from enos_csr_gui.core import countries, subject
from enos_csr_gui.core.create import used_name
from enos_csr_gui.core.errors import Problem, escape_unprintable
from enos_csr_gui.core.profiles import Profile
from enos_csr_gui.gui import background
from enos_csr_gui.gui.draft import Draft, Origin
from enos_csr_gui.gui.navigation import Task
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.texts import IN_ORDER_OF_ANSWERS, problem_text
from enos_csr_gui.gui.widgets.button_row import ButtonRow
from enos_csr_gui.gui.widgets.field_editor import FieldEditor
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.form import Form
from enos_csr_gui.gui.widgets.profile_button import ProfileButton
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels
from enos_csr_gui.messages.problems import kept_name


def _used(common_name: str) -> list[Problem]:
    return used_name(common_name).problems


class SubjectPage(Page):
    """Fills ``draft.answers``."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(
            draft,
            _("Who is it for?"),
            "",
        )
        self.editors: dict[str, FieldEditor] = {}
        self._suggesting: background.Job | None = None
        self._suggested_for = ""
        self._looking_up: background.Job | None = None
        self._used: list[Problem] = []
        self._renew = QPushButton(_("&Renew that certificate"))
        self._renew.clicked.connect(self._renew_instead)
        self._use_it = QPushButton(_("T&he earlier request was never submitted: use this name"))
        self._use_it.clicked.connect(self._use_all_the_same)
        self._ways_out = ButtonRow(self._renew, self._use_it)
        self._ways_out.hide()
        self._accepted_name = ""

        self._profiles = ProfileButton(lambda: self.draft.answers)
        self._profiles.chosen.connect(self._use_profile)
        self._profiles.current_changed.connect(self._remember_profile)
        self.add_beside_title(self._profiles, self._profiles.note)
        self._remarks = FieldNote()
        self._use_remembered = QPushButton(_("Fill in what is &missing from my last request"))
        self._use_remembered.clicked.connect(self._fill_in_remembered)
        self._fill_in = ButtonRow(self._use_remembered)
        self._form = Form()
        self.body.addWidget(self._remarks)
        self.body.addWidget(self._fill_in)
        self.body.addLayout(self._form)
        self.body.addStretch(1)

    def build(self) -> Iterator[None]:
        for field in IN_ORDER_OF_ANSWERS:
            editor = FieldEditor(field, self)
            editor.edited.connect(self._on_edited)
            self._form.add_row(editor.label, editor.edit, editor.below)
            self.editors[field.key] = editor
            if field.key == "common_name":
                editor.offer(self._ways_out)
                self._kept = self._form.add_heading(_("Remembered for the next request"))
            yield

    def enter(self) -> None:
        if self._accepted_name != self.draft.answers.get("common_name", ""):
            self._accepted_name = ""
        for key, editor in self.editors.items():
            if editor.text() != self.draft.answers.get(key, ""):
                editor.set_text(self.draft.answers.get(key, ""))
        self._profiles.note.show_help("")
        self._profiles.setVisible(not self.draft.source)
        self._profiles.show_current(self.draft.profile)
        self._show_renewal()
        self._show_origins()
        # What nobody has typed here is judged at once; what is missing is asked for first.
        taken = [key for key, origin in self.draft.origins.items() if origin is Origin.FILE]
        self._check(at_once=self.editors if self.draft.source else taken)
        self._look_up_name()
        self._suggest_states()

    def _show_renewal(self) -> None:
        """Explain a renewal, if it is one, and what cannot be changed."""
        old, file = self.draft.source, self.draft.taken_from
        if old:
            text = _(
                "These are the answers from the old certificate. Change what is different now."
            )
        elif file:
            text = _("The answers come from '{file}', and from nowhere else. Check each of them.")
            text = text.format(file=escape_unprintable(file.name))
        else:
            text = ""
        self.explain(labels.joined([text, _("Fields marked * are required.")]))
        self._kept.setVisible(not old and not file)
        self.editors["common_name"].lock(
            _("A renewal keeps the common name, because EnOS knows the device by it.")
            if old
            else None
        )
        defaults = self.draft.defaults
        for key, editor in self.editors.items():
            if key != "common_name":
                is_locked = key in self.draft.locked
                editor.lock(labels.locked(defaults.set_by) if defaults and is_locked else None)
        notes = (*old.notes, *old.left_out_problems) if old else ()
        remarks = [problem_text(one) for one in notes]
        if old and old.from_history:
            remarks.append(
                _(
                    "The old file is no longer there. The answers come from the list of requests "
                    "on this computer."
                )
            )
        remarks += [
            labels.named(labels.label(one.field or ""), problem_text(one))
            for one in (old.misread if old else [])
        ]
        if old and old.warnings:
            remarks.append(kept_name(old.warnings))
        self._remarks.show_help("\n".join(remarks))
        self._remarks.setVisible(bool(remarks))

    def _show_origins(self) -> None:
        """Say of each answer from another file where it comes from."""
        file = self.draft.taken_from
        self._fill_in.setVisible(bool(self.draft.remembered))
        for key, editor in self.editors.items():
            if key in self.draft.locked or (self.draft.source and key == "common_name"):
                continue  # it says who keeps it from being changed
            origin = self.draft.origins.get(key)
            editor.say_origin(_origin(origin, file) if origin and file else "")

    def _fill_in_remembered(self) -> None:
        self.draft.use_remembered()
        self._show_answers()
        self.take_focus()  # the button is gone

    def _use_profile(self, profile: Profile) -> None:
        self.draft.use_profile(profile.answers)
        self._profiles.note.show_help("")
        self._show_answers()
        self.take_focus()

    def _remember_profile(self, name: str) -> None:
        self.draft.profile = name

    def _show_answers(self) -> None:
        """Show those answers of the draft that have changed."""
        for key, editor in self.editors.items():
            if editor.text() != self.draft.answers.get(key, ""):
                editor.set_text(self.draft.answers.get(key, ""))
        self._show_origins()
        self._check()
        self._suggest_states()

    def take_focus(self) -> None:
        if self.draft.source:
            problems = self._check()
            if problems:
                self._go_to_first(problems)
            else:
                self.focus_way_on()
            return
        empty = (e for e in self.editors.values() if e.field.required and not e.text())
        self._go_to(next(empty, self.editors["common_name"]))

    def focus_field(self, key: str) -> None:
        self._go_to(self.editors[key])

    def submit(self) -> bool:
        for key, editor in self.editors.items():
            editor.settle()
            # Voice input and screen readers set the text without key events.
            if editor.text() != self.draft.answers.get(key, ""):
                self.draft.answer(key, editor.text())
        problems = self._check(at_once=self.editors)
        if problems:
            self._go_to_first(problems)
            return False
        name = self.draft.answers["common_name"]
        if self.draft.source or name == self._accepted_name:
            return True

        def looked_up(used: list[Problem]) -> None:
            self._show_used(used)
            if used:
                self._go_to(self.editors["common_name"])
            else:
                self.go_on()

        self._forget_lookup()
        self.wait_for(lambda: _used(name), looked_up, None, _("Looking up the common name"))
        return False

    def _go_to_first(self, problems: Sequence[Problem]) -> None:
        """Go to the first field on the page that has a problem."""
        wrong = {problem.field for problem in problems}
        self._go_to(next(e for key, e in self.editors.items() if key in wrong))

    def _go_to(self, editor: FieldEditor) -> None:
        editor.edit.setFocus()

    def _on_edited(self, key: str, text: str) -> None:
        self._profiles.note.show_help("")
        had_origin = key in self.draft.origins
        self.draft.answer(key, text)
        if had_origin:
            self._show_origins()
        self._check()
        if key == "country":
            self._suggest_states()
        elif key == "common_name":
            self._accepted_name = ""
            self._look_up_name()

    def _forget_lookup(self) -> None:
        if self._looking_up:
            self._looking_up.forget()
            self._looking_up = None

    def _look_up_name(self) -> None:
        """Warn during typing that an earlier request has this common name."""
        self._forget_lookup()
        self._show_used([])
        name = self.draft.answers.get("common_name")
        if name and name != self._accepted_name and not self.draft.source:
            self._looking_up = background.run(self, lambda: _used(name), self._show_used)

    def _show_used(self, used: list[Problem]) -> None:
        self._used = used
        is_news = bool(used) and self._ways_out.isHidden()
        self._ways_out.setVisible(bool(used))
        self._check()
        if is_news:  # it is laid out in the next turn
            QTimer.singleShot(0, self, lambda: self.bring_into_view(self._ways_out))

    def _use_all_the_same(self) -> None:
        self._accepted_name = self.draft.answers.get("common_name", "")
        self._show_used([])
        self.focus_way_on()

    def _renew_instead(self) -> None:
        self.task_wanted.emit(Task.RENEW, [Path(str(self._used[0].values["csr"]))])

    def _check(self, *, at_once: Collection[str] = ()) -> list[Problem]:
        """Show the problems, those of the fields ``at_once`` even while more may be typed."""
        problems = subject.check(self.draft.answers, verbatim=self.draft.verbatim) + self._used
        for key, editor in self.editors.items():
            own = [problem for problem in problems if problem.field == key]
            editor.show_problems(own, all_of_them=key in at_once)
        return problems

    def _suggest_states(self) -> None:
        country = countries.find(self.draft.answers.get("country", ""))
        code = country.code if country else ""
        if code == self._suggested_for:
            return
        if self._suggesting:
            self._suggesting.forget()
        self._suggested_for = code
        self._suggesting = background.run(
            self, lambda: countries.subdivisions(code), self.editors["state"].suggest
        )


def _origin(origin: Origin, file: Path) -> str:
    """Return where an answer comes from."""
    text = {
        Origin.FILE: _("From '{file}'."),
        Origin.MISSING: _("Not in '{file}'."),
        Origin.REMEMBERED: _("From your last request."),
    }[origin]
    return text.format(file=escape_unprintable(file.name))
