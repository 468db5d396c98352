"""A button with a menu of the profiles: to use one, and to keep them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMenu, QPushButton, QWidget

from enos_csr_gui.core import profiles
from enos_csr_gui.core.errors import CoreError, escape_unprintable
from enos_csr_gui.core.profiles import Profile, ProfilesRead
from enos_csr_gui.gui import background, style
from enos_csr_gui.gui.texts import problem_text, shortened
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.question import confirm
from enos_csr_gui.i18n import _, ngettext
from enos_csr_gui.messages import labels

T = TypeVar("T")

_LONGEST_SHOWN = 24
"""The number of characters of a name on the button; the menu shows all of it."""


class ProfileButton(QPushButton):
    """Offers this user's profiles; the page knows the answers to save as one.

    The page also has the place for ``note``, which says what became of the last choice.
    """

    chosen = Signal(object)
    """The user wants the answers of this ``Profile``."""
    current_changed = Signal(str)
    """The name of the profile in use; empty when it has been removed."""

    def __init__(
        self, answers: Callable[[], Mapping[str, str]], parent: QWidget | None = None
    ) -> None:
        """``answers`` returns those on the page."""
        super().__init__(parent)
        self.note = FieldNote(about=self, keeps_room=False)
        self._answers = answers
        self._current = ""
        self._profiles: list[Profile] = []
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self.setMenu(self._menu)
        self.setAutoDefault(False)
        self.setToolTip(_("Sets of answers with names, for several companies, sites or customers."))
        self.show_current("")

    def show_current(self, name: str) -> None:
        """Show the name of the profile in use, if any, and read the profiles again."""
        self._current = name
        text = _("Profile: {name}").format(name=_shown(name)) if name else _("Profile")
        self.setText(text)
        self.setAccessibleName(text)
        self._refresh()

    def _refresh(self) -> None:
        background.run(self, profiles.load, self._fill)

    def _fill(self, found: list[Profile]) -> None:
        self._profiles = found
        self._menu.clear()
        for one in found:
            action = self._action(_shown(one.name, len(one.name)), partial(self._use, one))
            action.setCheckable(True)
            action.setChecked(one.name == self._current)
        if found:
            self._menu.addSeparator()
        self._action(_("Save these answers as a profile…"), self._save_as)
        if self._current:
            name = _shown(self._current)
            self._action(_("Update '{name}' with these answers").format(name=name), self._update)
            self._action(_("Rename '{name}'…").format(name=name), self._rename)
            self._action(_("Remove '{name}'…").format(name=name), self._remove)
        self._menu.addSeparator()
        self._action(_("Import profiles…"), self._import)
        self._action(_("Export profiles…"), self._export).setEnabled(bool(found))

    def _action(self, text: str, act: Callable[[], object]) -> QAction:
        action = self._menu.addAction(text)
        action.triggered.connect(lambda _checked=False: act())
        return action

    def _use(self, profile: Profile) -> None:
        self._show_and_tell(profile.name)
        self.chosen.emit(profile)

    def _show_and_tell(self, name: str) -> None:
        self.show_current(name)
        self.current_changed.emit(name)

    # Each of these asks, and then changes the file in a thread

    def _save_as(self) -> None:
        name = self._ask_name(_("Save these answers as a profile…"), "")
        if name is not None:
            answers = dict(self._answers())
            self._store(lambda: profiles.save(name, answers, may_replace=False), self._saved)

    def _update(self) -> None:
        name, answers = self._current, dict(self._answers())
        self._store(lambda: profiles.save(name, answers), self._saved)

    def _rename(self) -> None:
        old = self._current
        new = self._ask_name(_("Rename '{name}'…").format(name=_shown(old)), old)
        if new is not None:
            self._store(lambda: profiles.rename(old, new), self._saved)

    def _remove(self) -> None:
        name = self._current
        if confirm(
            self.window(),
            _("Remove the profile '{name}'?").format(name=escape_unprintable(name)),
            _("The answers on the page and all requests stay."),
            _("&Remove it"),
            _("&Keep it"),
        ):
            self._store(lambda: profiles.remove(name), lambda _nothing: self._removed(name))

    def _removed(self, name: str) -> None:
        self._show_and_tell("")
        text = _("The profile '{name}' is removed.")
        self.note.tell(text.format(name=escape_unprintable(name)))

    def _saved(self, profile: Profile) -> None:
        self._show_and_tell(profile.name)
        text = _("The profile '{name}' is saved.")
        self.note.tell(text.format(name=escape_unprintable(profile.name)))

    def _import(self) -> None:
        chosen, _kind = QFileDialog.getOpenFileName(
            self.window(), _("Import profiles…"), str(Path.home()), _files()
        )
        if chosen:
            self._store(lambda: profiles.take_in(Path(chosen)), self._imported)

    def _imported(self, found: ProfilesRead) -> None:
        self._refresh()
        count = len(found.profiles)
        text = ngettext("{count} profile is added.", "{count} profiles are added.", count)
        said = [text.format(count=count), *map(problem_text, found.problems)]
        (self.note.show_problem if found.problems else self.note.tell)("\n".join(said))

    def _export(self) -> None:
        suggested = str(Path.home() / "enos-csr-profiles.json")
        chosen, _kind = QFileDialog.getSaveFileName(
            self.window(), _("Export profiles…"), suggested, _files()
        )
        if chosen:
            text = _("The profiles are saved: {path}").format(path=labels.path(Path(chosen)))
            self._store(
                lambda: profiles.hand_out(Path(chosen), may_replace=True),
                lambda _count: self.note.tell(text),
            )

    def _store(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        def refused(error: CoreError) -> None:
            self.note.show_problem(labels.joined(map(problem_text, error.problems)))
            self._refresh()

        background.run(self, work, done, refused)

    def _ask_name(self, title: str, name: str) -> str | None:
        """Ask for a name; return None if the user changes their mind."""
        dialog = QInputDialog(self.window())
        dialog.setWindowTitle(title)
        dialog.setLabelText(_("Name of the profile"))
        dialog.setTextValue(name)
        dialog.setOkButtonText(_("&Save"))
        dialog.setCancelButtonText(_("Cancel"))
        style.ensure_touch_targets(dialog)
        return dialog.textValue() if dialog.exec() else None


def _files() -> str:
    return _("Profiles ({patterns})").format(patterns="*.json")


def _shown(name: str, most: int = _LONGEST_SHOWN) -> str:
    """Return a name for a button or a menu, where '&' would mark a key."""
    return escape_unprintable(shortened(name, most)).replace("&", "&&")
