"""The first page: what the person wants to do."""

from __future__ import annotations

from collections.abc import Container

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QComboBox, QCommandLinkButton, QHBoxLayout, QLabel

from enos_csr_gui import i18n, resources
from enos_csr_gui.gui import style
from enos_csr_gui.gui.draft import Draft, Task
from enos_csr_gui.gui.pages.page import Page
from enos_csr_gui.i18n import _


class StartPage(Page):
    """Emits ``task_wanted``, or ``language_wanted`` with one of ``i18n.languages()``.

    The first page to be painted: whatever takes time comes when ``complete`` is called.
    """

    language_wanted = Signal(str)

    def __init__(self, draft: Draft, tasks: Container[Task]) -> None:
        """Offer these tasks."""
        super().__init__(
            draft,
            _("What would you like to do?"),
            _("With a certificate, a device or an application proves to EnOS who it is."),
        )
        self._links: dict[Task, QCommandLinkButton] = {}
        for task, name, text in (
            (
                Task.NEW,
                _("&New request"),
                _("For a device or an application that has no certificate yet."),
            ),
            (
                Task.RENEW,
                _("&Renew a certificate"),
                _("For one whose certificate expires: the answers come from the old files."),
            ),
            (
                Task.RECEIVE,
                _("My certificate has &arrived"),
                _("Put it together with its key, in the form that the device needs."),
            ),
            (
                Task.CHECK,
                _("&Check a file"),
                _("See what a file holds, and whether EnOS would take the request in it."),
            ),
            (
                Task.REQUESTS,
                _("My re&quests"),
                _("All requests made on this computer, and when their certificates expire."),
            ),
        ):
            if task not in tasks:
                continue
            link = QCommandLinkButton(name, text)
            link.setIconSize(QSize(32, 32))
            link.clicked.connect(lambda _checked=False, task=task: self.task_wanted.emit(task, []))
            self._links[task] = link
            self.body.addWidget(link)
        self.body.addStretch(1)
        self.body.setSpacing(style.SPACING // 2)

    def complete(self) -> None:
        """Add what is not needed for the first look."""
        for task, link in self._links.items():
            link.setIcon(QIcon(str(resources.icon(task.name.lower()))))
        if len(i18n.languages()) > 1:
            self._add_languages()

    def _add_languages(self) -> None:
        box = QComboBox()
        for language in i18n.languages():
            box.addItem(i18n.name_of(language), language)
        box.setCurrentIndex(box.findData(i18n.language()))
        box.activated.connect(lambda: self.language_wanted.emit(box.currentData()))
        label = QLabel(_("&Language"))
        label.setBuddy(box)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(label)
        row.addWidget(box)
        self.body.addLayout(row)

    def take_focus(self) -> None:
        self._links[Task.NEW].setFocus()
