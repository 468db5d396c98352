"""The first page: the choice of a task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from enos_csr_gui import i18n, resources
from enos_csr_gui.gui import background, style
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.navigation import Task
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.widgets.task_link import TaskLink
from enos_csr_gui.i18n import _, ngettext

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent
    from PySide6.QtWidgets import QComboBox

    from enos_csr_gui.core.errors import Problem
    from enos_csr_gui.core.history import PastRequest
    from enos_csr_gui.gui.widgets.banner import Banner


class _Expiring(NamedTuple):
    """The requests to be renewed, those whose renewal waits, and the problems with the history."""

    requests: list[PastRequest]
    being_renewed: list[PastRequest]
    notes: tuple[Problem, ...]


def _expiring() -> _Expiring:
    from enos_csr_gui.core.errors import HistoryUnavailable
    from enos_csr_gui.core.history import RequestHistory

    with RequestHistory() as past:
        requests, being_renewed = [], []
        with suppress(HistoryUnavailable):  # 'My requests' tells
            requests, being_renewed = past.expiring(), past.being_renewed()
        return _Expiring(requests, being_renewed, past.notes)


class StartPage(Page):
    """Emits ``task_wanted``, or ``language_wanted`` with one of ``i18n.languages()``.

    It is the first page to be painted, so ``build`` does everything slow.
    """

    language_wanted = Signal(str)
    continue_wanted = Signal()
    """The unfinished request is to be continued."""
    expiring_wanted = Signal()
    """Of the requests, those whose certificates are to be renewed are to be shown."""
    waiting_wanted = Signal()
    """Of the requests, those that wait for their certificates are to be shown."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(
            draft,
            _("What would you like to do?"),
            _("A certificate proves to EnOS who a device or an application is."),
        )
        self._notice: Banner | None = None
        self._first: PastRequest | None = None  # the most urgent to renew
        self.begins_at_language = False
        self._continue = TaskLink(
            _("Contin&ue the unfinished request"),
            _("Your answers are still there. A new request begins without them."),
        )
        self._continue.setIconSize(QSize(32, 32))
        self._continue.clicked.connect(self.continue_wanted)
        self._continue.hide()
        self.body.addWidget(self._continue)
        self._links: dict[Task, TaskLink] = {}
        for task, name, text in (
            (
                Task.NEW,
                _("&New request"),
                _("For a device or an application that has no certificate yet."),
            ),
            (
                Task.RENEW,
                _("&Renew a certificate"),
                _("For a certificate that is about to expire. The answers come from the old one."),
            ),
            (
                Task.RECEIVE,
                _("My certificate has &arrived"),
                _("Combine it with its key, in the format that the device needs."),
            ),
            (
                Task.INSPECT,
                _("Check a &file"),
                _("See what a file contains, and whether EnOS would accept the request in it."),
            ),
            (
                Task.MANY,
                _("&Many devices"),
                _("Keys and requests for all devices in a table."),
            ),
            (
                Task.REQUESTS,
                _("My re&quests"),
                _("All requests created on this computer, and when their certificates expire."),
            ),
        ):
            link = TaskLink(name, text)
            link.setIconSize(QSize(32, 32))
            link.clicked.connect(lambda _checked=False, task=task: self.task_wanted.emit(task, []))
            self._links[task] = link
            self.body.addWidget(link)
        self.body.addStretch(1)
        self.body.setSpacing(0)  # the links have room inside

    def build(self) -> Iterator[None]:
        from PySide6.QtGui import QIcon

        self._continue.complete()
        self._continue.setIcon(QIcon(str(resources.icon("continue"))))
        for task, link in self._links.items():
            link.complete()
            link.setIcon(QIcon(str(resources.icon(task.name.lower()))))
            yield
        from enos_csr_gui.gui.widgets.drop_area import DropArea

        yield
        drop = DropArea()
        drop.paste.clicked.connect(self.paste_wanted)
        self.body.insertSpacing(self.body.count() - 1, style.SPACING)
        self.body.insertWidget(self.body.count() - 1, drop)
        yield
        about = QPushButton(_("A&bout"))
        about.clicked.connect(self._about)
        row = QHBoxLayout()
        row.setSpacing(style.SPACING)
        row.addWidget(about)
        row.addStretch(1)
        box = self._language_box()
        label = QLabel(_("&Language"))
        label.setBuddy(box)
        row.addWidget(label)
        row.addWidget(box)
        self.body.addSpacing(style.SPACING)
        self.body.addLayout(row)
        if self.begins_at_language:
            box.setFocus()
        yield

    def _language_box(self) -> QComboBox:
        from enos_csr_gui.gui.widgets.language_box import LanguageBox

        box = LanguageBox()
        box.setAccessibleName(_("Language"))
        for language in i18n.languages():
            box.add(i18n.name_of(language), language)
        box.setCurrentIndex(box.findData(i18n.language()))
        box.activated.connect(lambda: self.language_wanted.emit(box.currentData()))
        return box

    def _about(self) -> None:
        from enos_csr_gui.gui.help import show_about

        show_about(self)

    def offer_to_continue(self, offer: bool) -> None:
        """Show or hide the way back to an unfinished request."""
        self._continue.setVisible(offer)
        if offer and self.window().focusWidget() is self._links[Task.NEW]:
            self._continue.setFocus()  # or Enter would ask whether to drop the answers
        if self.isVisible():  # or it has no size yet, and fits once it gets one
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Move the tasks together where the window has no room for all of the page."""
        links = (self._continue, *self._links.values())
        for is_close in (False, True):
            for link in links:
                link.set_close(is_close)
            if self.fits():
                break

    def take_focus(self) -> None:
        (self._links[Task.NEW] if self._continue.isHidden() else self._continue).setFocus()
        if self._notice:
            self._look_for_expiring()

    def point_out_expiring(self) -> None:
        """Start showing which certificates are to be renewed."""
        from enos_csr_gui.gui.widgets.banner import Banner

        self._notice = Banner("status-expiring", _("Renew it no&w"), _("&Show"))
        renew, show = self._notice.buttons
        renew.clicked.connect(self._renew_first)
        show.clicked.connect(self._show_expiring)
        above = QVBoxLayout()
        above.setContentsMargins(0, 0, 0, style.SPACING)
        above.addWidget(self._notice)
        self.body.insertLayout(0, above)
        for before, after in pairwise((renew, show, self._continue, *self._links.values())):
            self.setTabOrder(before, after)
        self._look_for_expiring()

    def _renew_first(self) -> None:
        one = self._first
        if one:
            self.task_wanted.emit(Task.RENEW, [one.certificate or one.csr])

    def _show_expiring(self) -> None:
        if self._first:
            self.expiring_wanted.emit()
        else:
            self.waiting_wanted.emit()

    def _look_for_expiring(self) -> None:
        background.run(self, _expiring, self._tell)

    def _tell(self, found: _Expiring) -> None:
        from enos_csr_gui.gui.texts import problem_text_with_place
        from enos_csr_gui.messages import labels

        assert self._notice is not None
        faults = self.draft.defaults.problems if self.draft.defaults else ()
        lines = [problem_text_with_place(problem) for problem in (*found.notes, *faults)]
        if found.being_renewed:
            lines.insert(0, _being_renewed(found.being_renewed))
        if found.requests:
            lines.insert(0, _to_be_renewed(found.requests))
        renew, show = self._notice.buttons
        self._first = found.requests[0] if found.requests else None
        offers = [renew, show][: min(len(found.requests), 2)]
        if not found.requests and found.being_renewed:
            offers = [show]
        if self._first:
            name = labels.common_name(self._first.subject)
            renew.setAccessibleName(_("Renew it now: {name}").format(name=name))
        self._notice.say("\n".join(lines), offers=offers)
        self._fit()


def _being_renewed(requests: Sequence[PastRequest]) -> str:
    """Return how many renewals still wait for their certificates, and which first."""
    text = ngettext(
        "{name} {status}; its renewal waits for the certificate.",
        "{count} renewals wait for their certificates, first {name}: {status}.",
        len(requests),
    )
    return _filled_in(text, requests)


def _to_be_renewed(requests: Sequence[PastRequest]) -> str:
    """Return how many certificates are to be renewed, and which first."""
    text = ngettext(
        "A certificate needs renewal: {name}, {status}.",
        "{count} certificates need renewal, first {name}: {status}.",
        len(requests),
    )
    return _filled_in(text, requests)


def _filled_in(text: str, requests: Sequence[PastRequest]) -> str:
    """Return the text with how many there are, and with the name and status of the first."""
    from enos_csr_gui.gui.texts import shortened
    from enos_csr_gui.messages import labels

    first = requests[0]
    return text.format(
        count=len(requests),
        name=shortened(labels.common_name(first.subject)),
        status=labels.request_status(first.status(), first.days_left()),
    )
