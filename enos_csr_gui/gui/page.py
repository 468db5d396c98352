"""What every page of the wizard shares: its titles, and waiting without blocking the window."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget
from shiboken6 import isValid

from enos_csr_gui.gui import background, style
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.widgets.scrolling import Scrolling
from enos_csr_gui.i18n import _

if TYPE_CHECKING:  # not before the first paint
    from PySide6.QtWidgets import QPushButton

    from enos_csr_gui.core.errors import CoreError
    from enos_csr_gui.gui.widgets.field_note import FieldNote

T = TypeVar("T")

_PATIENCE_MS = 200
"""Milliseconds before a progress bar is shown; for a shorter wait it would only flash."""


class Page(QWidget):
    """A page that shows the draft and changes it. Lay widgets out in ``body``.

    A page knows no other page and not the window: it asks them by signals. The
    window calls the methods from ``build`` to ``take_files``; a page overrides those it needs.
    """

    left = Signal()
    """The page is complete, and the window should show the next one; see ``go_on``."""
    way_on_wanted = Signal()
    """The focus belongs on the button that leads on; see ``focus_way_on``."""
    busy_changed = Signal()
    task_wanted = Signal(object, object)
    """The user starts another task: a ``Task``, and a list of its files."""
    change_wanted = Signal(object, str)
    """The user returns to a ``Step``, and there to the field with this key."""
    another_wanted = Signal()
    """The user wants to create a request for the next device."""
    paste_wanted = Signal()
    """The user wants the page to take what is on the clipboard."""
    key_wanted = Signal()
    """The page needs a new key; ``key_made`` is called when it is in the draft."""

    def __init__(self, draft: Draft, title: str, subtitle: str) -> None:
        super().__init__()
        self.draft = draft
        self.primary: Sequence[QPushButton] = ()
        """The primary action of a page that leads nowhere; else it is the window's way on."""
        self._busy = False
        self._focused: QWidget | None = None
        self._in_view: QWidget | None = None

        self._area = Scrolling()
        self._area.laid_out.connect(self._scroll)
        self._area.scrolled.connect(self._stop_scrolling)
        self.body = self._area.column
        self._progress = QProgressBar()
        self._progress.setRange(0, 0)
        self._progress.setTextVisible(False)
        self._progress.setFixedHeight(style.TIGHT)
        policy = self._progress.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._progress.setSizePolicy(policy)
        self._progress.hide()
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(self._progress.show)

        self.heading = QLabel(title)
        self.heading.setFont(style.title(self.font()))
        self.heading.setWordWrap(True)
        self.setAccessibleName(title)
        self._explanation = QLabel(subtitle)
        self._explanation.setWordWrap(True)
        self._head = QHBoxLayout()
        self._head.setContentsMargins(0, 0, style.EDGE, 0)
        self._head.setSpacing(style.WIDE)
        self._title = QVBoxLayout()
        self._head.addLayout(self._title, 1)
        self._title.setSpacing(style.TIGHT)
        self._title.addWidget(self.heading)
        self._title.addWidget(self._explanation)
        column = QVBoxLayout(self)
        column.setSpacing(style.TIGHT)
        column.addLayout(self._head)
        self._below_title = QVBoxLayout()
        self._below_title.setContentsMargins(0, 0, style.EDGE, 0)
        self._below_title.addWidget(self._progress)
        column.addLayout(self._below_title)
        column.addWidget(self._area, 1)
        # The scroll bar stands at the edge of the window.
        column.setContentsMargins(style.EDGE, style.EDGE - style.SPACING, 0, style.SPACING)
        self.body.setContentsMargins(0, 0, style.EDGE, 0)

    def explain(self, text: str) -> None:
        """Set the line below the title: what to do on this page, and why."""
        self._explanation.setText(text)

    def add_beside_title(self, widget: QWidget, note: FieldNote) -> None:
        """Put something that concerns the whole page at the right of its title.

        ``note`` says what became of it, in the place of the explanation: no field moves for it.
        """
        style.ensure_touch_targets(widget)
        self._head.addWidget(widget)
        self._title.addWidget(note)
        note.replace(self._explanation)

    def fits(self) -> bool:
        """Return whether all of the page can be seen without scrolling."""
        return self._area.needed_height() <= self._area.maximumViewportSize().height()

    def explanation(self) -> str:
        """Return the line below the title."""
        return self._explanation.text()

    def use_whole_width(self) -> None:
        """Let the page use the full width of the window, as it is not running text."""
        self._area.use_whole_width()

    def bring_into_view(self, widget: QWidget) -> None:
        """Scroll to the focused widget and the note below it.

        It stays in view, wherever it is laid out, until the person scrolls.
        """
        if self._area.isAncestorOf(widget):
            self._in_view = widget
            self._scroll()

    def _stop_scrolling(self) -> None:
        self._in_view = None

    def _scroll(self) -> None:
        widget = self._in_view
        if not widget or not isValid(widget):
            return
        from enos_csr_gui.gui.widgets.field_note import FieldNote  # not before the first paint

        owners = (widget, widget.parentWidget())
        notes = [
            one for one in self.findChildren(FieldNote) if one.isVisible() and one.about in owners
        ]
        for shown in (*notes, widget):  # what has the focus, if there is no room for both
            self._area.ensureWidgetVisible(shown, 0, style.SPACING)

    # What the window calls

    def build(self) -> Iterator[None]:
        """Build the rest of the page, piece by piece, so that the window stays responsive."""
        return iter(())

    def finish(self) -> None:
        """Enlarge small click targets, and have Enter go on, once the page is complete."""
        from enos_csr_gui.gui.widgets.enter_key import EnterGoesOn  # not before the first paint

        style.ensure_touch_targets(self)
        EnterGoesOn(self)
        self._area.finish()

    def enter(self) -> None:
        """Show the current draft; called when the user gets here, except with Back."""

    def take_focus(self) -> None:
        """Focus the first field to fill in; called when the page is shown."""

    def submit(self) -> bool:
        """Store the answers; return whether the window may go on at once."""
        return True

    def leave(self) -> None:
        """Discard what must not be kept; called when the user goes back from here."""

    def start_over(self, *, keep_passphrase: bool) -> None:
        """Clear what belongs to one device, and its passphrase unless that is kept."""

    def keep_answers(self) -> None:
        """Store in the draft what only the page holds, before the window changes language."""

    def key_made(self) -> None:
        """Show the new key, which is now in the draft."""

    def focus_field(self, key: str) -> None:
        """Put the cursor into a field."""

    def take_files(self, files: Sequence[Path]) -> bool:
        """Accept files dropped on the window; return whether the page can use them.

        Called with at least one.
        """
        del files
        return False

    def take_text(self, text: str) -> None:
        """Accept pasted text, on a page that reads what others have made."""

    @property
    def changed(self) -> bool:
        """Whether the user has entered anything that is not in the draft and would be lost."""
        return False

    @property
    def busy(self) -> bool:
        """Whether the user has to wait."""
        return self._busy

    @property
    def may_leave(self) -> bool:
        """Whether the page may be left: nothing runs that must not be interrupted."""
        return True

    def lets_go(self, *, closing: bool = False) -> bool:
        """Return whether the page may be left now, or the window closed; a page may ask first."""
        del closing
        return self.may_leave

    def secrets(self) -> list[str]:
        """Return every passphrase on the page, to be removed from error reports."""
        from PySide6.QtWidgets import QLineEdit

        from enos_csr_gui.gui.widgets.passphrase import PassphraseEdit

        return [
            edit.text()
            for edit in self.findChildren(QLineEdit)
            if edit.text()
            and (isinstance(edit, PassphraseEdit) or edit.echoMode() != QLineEdit.EchoMode.Normal)
        ]

    # What the page calls

    def try_to_go_on(self) -> None:
        """Go on if ``submit`` allows it, as the Next button does."""
        if not self._busy and self.submit():
            self.go_on()

    def go_on(self) -> None:
        """Leave the page, once anything it waited for is done."""
        if self._is_in_front():  # otherwise the user would not be waiting
            self.left.emit()

    def focus_way_on(self) -> None:
        """Focus the button that leads on."""
        if self._is_in_front():
            self.way_on_wanted.emit()

    def _is_in_front(self) -> bool:
        return self.isVisibleTo(self.window())

    def set_busy(self, busy: bool, what: str = "") -> None:
        """Disable the page while it is busy; after a while, show a progress bar."""
        from PySide6.QtCore import Qt  # takes 16 ms, and nothing is busy before the first paint

        self._busy = busy
        self._progress.setAccessibleName(what)
        if busy:
            self._focused = self._area.focusWidget()
        self._area.setEnabled(not busy)
        if self._focused and not busy:
            self._focused.setFocus()  # what is greyed out loses it
            self._focused = None
        elif self.hasFocus() and not busy:
            self.take_focus()  # it was busy when it was shown, so nothing on it took the focus
        self.setCursor(Qt.CursorShape.BusyCursor if busy else Qt.CursorShape.ArrowCursor)
        if busy:
            self._patience.start()
        else:
            self._patience.stop()
            self._progress.hide()
        self.busy_changed.emit()

    def wait_for(
        self,
        function: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[CoreError], None] | None,
        what: str,
    ) -> None:
        """Call ``function`` off the UI thread while the page is busy; see ``background.run``.

        ``done`` is called in a turn of its own: it often shows another page, which takes its time.
        """

        def arrived(result: T) -> None:
            self._hold(True)  # what is pressed before ``done`` would be lost
            QTimer.singleShot(0, self, lambda: finish(result))

        def finish(result: T) -> None:
            self._hold(False)
            done(result)

        self.set_busy(True, what)
        background.run(self, function, arrived, failed, settled=lambda: self.set_busy(False))

    def _hold(self, busy: bool) -> None:
        """Have nothing lead on while the page is busy, but leave its fields as they are."""
        self._busy = busy
        self.busy_changed.emit()

    def open_key(
        self,
        load: Callable[[bool], T],
        done: Callable[[T], None],
        failed: Callable[[CoreError], None],
    ) -> None:
        """Call ``load(may_take_long)``, which opens a key; ask first if that takes long.

        The user can cancel a long wait; then neither ``done`` nor ``failed`` is called.
        """
        from enos_csr_gui.core.errors import Code
        from enos_csr_gui.gui.widgets.question import may_take_long

        def refused(error: CoreError) -> None:
            problem = error.problems[0]
            if problem.code is not Code.KEY_SLOW:
                failed(error)
                return
            if may_take_long(self, problem, _("You can cancel at any time.")):
                self._wait_long(lambda: load(True), done, failed)

        self.wait_for(lambda: load(False), done, refused, _("Reading the key file"))

    def _wait_long(
        self,
        function: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[CoreError], None],
    ) -> None:
        """Wait like ``wait_for``, until the user cancels or leaves the page."""
        from enos_csr_gui.gui.widgets.long_wait import LongWait

        what = _("Opening the key…")
        waiting = LongWait(what, _("Cancel opening the key"))
        self._below_title.addWidget(waiting)
        waiting.show()  # what is not shown takes no focus

        def settled() -> None:
            waiting.blockSignals(True)
            waiting.hide()
            waiting.deleteLater()
            self.set_busy(False)

        def give_up() -> None:
            job.forget()  # or its key would turn up in another request
            settled()

        waiting.given_up.connect(give_up)
        self.set_busy(True, what)
        # Nothing can stop a derivation, and the window must not wait for it when it closes.
        job = background.run(self, function, done, failed, settled, detached=True)
        waiting.setFocus()
