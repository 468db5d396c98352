"""The review page: the subject, the key and the files before anything is created."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from enos_csr_gui.core.csr import openssl_commands
from enos_csr_gui.core.errors import escape_unprintable
from enos_csr_gui.core.file_types import CSR_SUFFIX, KEY_SUFFIX
from enos_csr_gui.core.keys import public_key_sha256
from enos_csr_gui.core.shell import Shell, command_line, shells
from enos_csr_gui.core.subject import Subject
from enos_csr_gui.gui import style
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.navigation import Step
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.texts import IN_ORDER_OF_ANSWERS
from enos_csr_gui.gui.widgets.collapsible_section import CollapsibleSection
from enos_csr_gui.gui.widgets.copy_button import CopyButton
from enos_csr_gui.gui.widgets.details_grid import DetailsGrid
from enos_csr_gui.gui.widgets.source_text import SourceText
from enos_csr_gui.gui.widgets.wrapped_label import WrappedLabel
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels


def _to_copy(shell: Shell) -> str:
    return {
        Shell.POSIX: _("Cop&y the commands"),
        Shell.POWERSHELL: _("Cop&y for PowerShell"),
        Shell.CMD: _("Copy for the command pro&mpt"),
    }[shell]


class ReviewPage(Page):
    """Shows the draft; changes nothing."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(draft, _("Review"), "")
        self._values: dict[str, WrappedLabel] = {}
        self._facts = DetailsGrid()
        self._edit_subject = self._add_group(_("Who it is for"), self._go_to_subject)
        for field in IN_ORDER_OF_ANSWERS:
            self._add_row(field.key, labels.label(field.key))
        name = self._values["common_name"]
        name.setFont(style.strong(name.font()))
        self._add_group(_("Key"), lambda: self.change_wanted.emit(Step.KEY, "key"))
        self._add_row("key", _("Kind"))
        self._add_row("fingerprint", _("Public-key fingerprint"))
        self._facts.add_heading(_("Files"))
        self._add_row("folder", _("Folder"))
        self._add_row("csr_file", _("Request file"))
        self._add_row("key_file", _("Key file"))

        self._commands: dict[Shell, SourceText] = {}
        self.body.addLayout(self._facts)

    def build(self) -> Iterator[None]:
        commands = QWidget()
        column = QVBoxLayout(commands)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.SPACING)
        for shell in shells():
            text = self._commands[shell] = SourceText(_("OpenSSL commands"))
            yield
            text.setFixedHeight(7 * text.fontMetrics().lineSpacing())
            column.addWidget(text)
            copy = CopyButton(_to_copy(shell), text.toPlainText)
            column.addWidget(copy, alignment=Qt.AlignmentFlag.AlignLeft)
            yield

        fold = CollapsibleSection(_("For engineers: the same with &OpenSSL"), commands)
        fold.unfolded.connect(lambda: self.bring_into_view(commands))
        self.body.addWidget(fold)
        self.body.addStretch(1)

    def enter(self) -> None:
        subject = Subject(self.draft.answers, verbatim=self.draft.verbatim)
        for field in IN_ORDER_OF_ANSWERS:
            self._values[field.key].setText(labels.value(field.key, subject))
        self._edit_subject.setVisible(bool(self._changeable()))

        draft = self.draft
        check = _("Check that everything is right. A certificate cannot be changed later.")
        renewal = _("This request renews a certificate.") if draft.source else ""
        self.explain(labels.joined([renewal, check]))
        key_path = draft.key_file or draft.folder / f"{draft.base_name}{KEY_SUFFIX}"
        csr_path = draft.folder / f"{draft.base_name}{CSR_SUFFIX}"
        if draft.key_file:
            key = _("The one that you already have")
        elif draft.passphrase:
            key = _("New, protected with your passphrase")
        else:
            key = _("New, not protected with a passphrase")
        self._values["key"].setText(key)
        self._values["folder"].setText(labels.path(draft.folder))
        self._values["csr_file"].setText(escape_unprintable(csr_path.name))
        # The key that one already has may be anywhere.
        is_beside = key_path.parent == draft.folder
        shown = escape_unprintable(key_path.name) if is_beside else labels.path(key_path)
        self._values["key_file"].setText(shown)
        self.key_made()

        commands = openssl_commands(
            subject,
            str(key_path),
            str(csr_path),
            new_key=draft.key_file is None,
            encrypted=draft.passphrase is not None,
        )
        for shell, text in self._commands.items():
            text.setPlainText(_script(commands, shell))

    def take_focus(self) -> None:
        # Not the first 'Edit': Enter should go on.
        self.focus_way_on()

    def key_made(self) -> None:
        if self.draft.key is None:
            self._values["fingerprint"].setText(_("Creating the key…"))
            return
        self._values["fingerprint"].show_digest(public_key_sha256(self.draft.key.public_key()))

    def _changeable(self) -> list[str]:
        """Return the keys of the fields that can be changed, as they are shown."""
        fixed = {*self.draft.locked, *self.draft.verbatim}
        return [field.key for field in IN_ORDER_OF_ANSWERS if field.key not in fixed]

    def _go_to_subject(self) -> None:
        self.change_wanted.emit(Step.SUBJECT, self._changeable()[0])

    def _add_group(self, name: str, edit: Callable[[], None]) -> QPushButton:
        """Add a heading with a button that leads back to the answers below it."""
        button = QPushButton(_("Edit"))
        button.setAccessibleName(_("Edit: {group}").format(group=name))
        button.clicked.connect(edit)
        self._facts.add_heading(name, button)
        return button

    def _add_row(self, key: str, name: str) -> None:
        self._values[key] = self._facts.add_row(name)


def _script(commands: Sequence[Sequence[str]], shell: Shell) -> str:
    """Return the commands as lines for the shell."""
    needs_utf8 = shell is not Shell.POSIX and not all("".join(one).isascii() for one in commands)
    # OpenSSL for Windows otherwise reads its arguments in the code page of the system.
    environments = [{"OPENSSL_WIN32_UTF8": "1"} if needs_utf8 else {}, {}]
    lines = [
        # A name from an old certificate may hold what a terminal acts on.
        command_line([escape_unprintable(part) for part in command], shell, environment)
        for command, environment in zip(commands, environments, strict=False)
    ]
    return "\n".join(lines) + "\n"
