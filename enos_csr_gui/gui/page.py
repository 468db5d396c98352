"""What every page of the wizard shares: its titles, and waiting without standing still."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QLabel, QProgressBar, QVBoxLayout, QWidget, QWizardPage

from enos_csr_gui.gui import background, style
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.widgets.scrolling import Scrolling

if TYPE_CHECKING:  # not before the first paint
    from enos_csr_gui.core.errors import CoreError

T = TypeVar("T")

_PATIENCE_MS = 200
"""A wait shorter than this is not worth a flash of a progress bar."""


_LAID_OUT_MS = 30
"""After so long, what has been said has its place on the page."""


class Page(QWizardPage):
    """A page that shows the draft and changes it. Lay widgets out in ``body``."""

    task_wanted = Signal(object, object)
    """The person wants to do something else: a ``Task``, and the files (a list) to do it with."""

    def __init__(self, draft: Draft, title: str, subtitle: str) -> None:
        super().__init__()
        self.draft = draft
        self._passed = self._busy = False
        self._focused: QWidget | None = None

        self._area = Scrolling()
        self.body = self._area.column
        self._progress = QProgressBar()
        self._progress.setRange(0, 0)
        self._progress.setTextVisible(False)
        self._progress.setFixedHeight(style.SPACING)
        policy = self._progress.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._progress.setSizePolicy(policy)
        self._progress.hide()
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(self._progress.show)

        # Not QWizard's own title, which stands where the platform's style puts it.
        self.heading = QLabel(title)
        self.heading.setFont(style.title(self.font()))
        self.heading.setWordWrap(True)
        self.setAccessibleName(title)
        self._explanation = QLabel(subtitle)
        self._explanation.setWordWrap(True)
        head = QVBoxLayout()
        head.setContentsMargins(0, 0, style.EDGE, 0)
        head.setSpacing(style.SPACING)
        head.addWidget(self.heading)
        head.addWidget(self._explanation)
        column = QVBoxLayout(self)
        column.setSpacing(style.SPACING // 2)
        column.addLayout(head)
        column.addWidget(self._progress)
        column.addWidget(self._area, 1)
        # The scroll bar stands at the edge of the window.
        column.setContentsMargins(style.EDGE, style.EDGE - style.SPACING, 0, style.SPACING)
        self.body.setContentsMargins(0, 0, style.EDGE, 0)

    def explain(self, text: str) -> None:
        """Say below the title, in one line, what to do on this page and why."""
        self._explanation.setText(text)

    def explanation(self) -> str:
        """Return what is said below the title."""
        return self._explanation.text()

    def finish(self) -> None:
        """Make large enough what is to be clicked, when all of it is there."""
        style.ensure_touch_targets(self)
        self._area.finish()

    def use_whole_width(self) -> None:
        """Let the page become as wide as the window: it is no text to read."""
        self._area.use_whole_width()

    def bring_into_view(self, widget: QWidget) -> None:
        """Scroll to what has got the focus, and to what stands below it."""
        if self._area.isAncestorOf(widget):
            self._scroll_to(widget)
            # What has just been said below it has its place only then.
            QTimer.singleShot(_LAID_OUT_MS, widget, lambda: self._scroll_to(widget))

    def _scroll_to(self, widget: QWidget) -> None:
        from enos_csr_gui.gui.widgets.field_note import FieldNote

        owners = (widget, widget.parentWidget())
        notes = [
            one for one in self.findChildren(FieldNote) if one.isVisible() and one.about in owners
        ]
        for shown in (*notes, widget):  # what has the focus, if there is no room for both
            self._area.ensureWidgetVisible(shown, 0, style.SPACING)

    @property
    def busy(self) -> bool:
        """Whether the person has to wait."""
        return self._busy

    @property
    def may_close(self) -> bool:
        """Whether nothing is going on that must not be broken off."""
        return True

    def isComplete(self) -> bool:
        return not self._busy

    def validatePage(self) -> bool:
        """Ask ``submit``; the wizard goes on now, or when ``go_on`` is called."""
        if self._passed:
            self._passed = False
            return True
        return not self._busy and self.submit()

    def take_focus(self) -> None:
        """Put the cursor where the person begins; called when the page is in front."""

    def take_files(self, files: Sequence[Path]) -> bool:
        """Take files that were dropped on the window; return whether the page has a use for them.

        Called with at least one.
        """
        del files
        return False

    def submit(self) -> bool:
        """Take the answers; return whether the wizard may go on at once."""
        return True

    def go_on(self) -> None:
        """Leave the page after all: what it waited for has come."""
        if self.wizard().currentPage() is not self:
            return  # the person would not wait
        self._passed = True
        self.wizard().next()

    def set_busy(self, busy: bool, what: str = "") -> None:
        """Keep the person from changing anything; after a while, show that something goes on."""
        self._busy = busy
        from PySide6.QtCore import Qt  # takes 16 ms, and nothing is busy before the first paint

        self._progress.setAccessibleName(what)
        if busy:
            self._focused = self._area.focusWidget()
        self._area.setEnabled(not busy)
        if self._focused and not busy:
            self._focused.setFocus()  # what is greyed out loses it
            self._focused = None
        self.setCursor(Qt.CursorShape.BusyCursor if busy else Qt.CursorShape.ArrowCursor)
        if busy:
            self._patience.start()
        else:
            self._patience.stop()
            self._progress.hide()
        self.completeChanged.emit()

    def wait_for(
        self,
        function: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[CoreError], None] | None,
        what: str,
    ) -> None:
        """Call ``function`` off the UI thread while the page is busy; see ``work.run``."""
        self.set_busy(True, what)
        background.run(self, function, done, failed, settled=lambda: self.set_busy(False))
