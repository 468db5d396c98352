"""One line below a field: its help, or in its place what is wrong with the answer."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from enos_csr_gui.gui import style
from enos_csr_gui.gui.widgets.wrapped_label import WrappedLabel


def announce(widget: QWidget, text: str) -> None:
    """Announce the new content of the widget to a screen reader, if one is running."""
    from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent

    if text and QAccessible.isActive():
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text))


class FieldNote(WrappedLabel):
    """Text in the colour of help or of a problem, right in light and in dark."""

    def __init__(
        self,
        help_text: str = "",
        *,
        about: QWidget | None = None,
        parent: QWidget | None = None,
        keeps_room: bool = True,
    ) -> None:
        """``about`` is what a screen reader describes with the text.

        Without ``keeps_room`` an empty note takes no room, and what is below it moves up.
        """
        super().__init__(parent)
        self._about = about
        self._keeps_room = keeps_room
        self._help = help_text
        self._colour_of: Callable[[QPalette], QColor] | None = None
        self._replaced: QWidget | None = None
        # Also on a card, whose ground would have the label take another role.
        self.setForegroundRole(QPalette.ColorRole.WindowText)
        self.show_help()

    @property
    def is_problem(self) -> bool:
        """Whether a problem is shown."""
        return self._colour_of is style.problem

    @property
    def about(self) -> QWidget | None:
        """What is described with the text."""
        return self._about

    def show_help(self, text: str | None = None) -> None:
        """Show the help; ``text`` replaces it from now on."""
        if text is not None:
            self._help = text
        self._show(self._help, style.muted)

    def tell(self, text: str) -> None:
        """Show a result, in the colour of help texts, and announce it to screen readers."""
        self.show_help(text)
        announce(self, text)

    def show_success(self, text: str) -> None:
        """Show that something is right, in a colour as loud as that of a problem."""
        self._show(text, style.success)

    def set_about(self, about: QWidget) -> None:
        """Describe another widget with the text, from now on."""
        if self._about and self._about is not about:
            self._about.setAccessibleDescription("")
        self._about = about

    def replace(self, widget: QWidget) -> None:
        """Take the place of the widget, from now on, while there is a text."""
        self._replaced = widget

    def show_problem(self, text: str, *, of: str = "") -> None:
        """Show what is wrong; ``of`` names what it is about, if no widget is described."""
        is_news = bool(text) and not (self.is_problem and text == self.text())
        self._show(text, style.problem)
        if is_news:
            name = self._about.accessibleName() if self._about else of
            announce(self, f"{name}\n{text}" if name else text)

    def _show(self, text: str, colour_of: Callable[[QPalette], QColor]) -> None:
        self.setText(text)
        if self._replaced and text:
            self._replaced.hide()  # first: with both, what is below would move for a moment
        if not self._keeps_room:
            self.setHidden(not text)
        if self._replaced:
            self._replaced.setHidden(bool(text))
        if self._about:
            self._about.setAccessibleDescription(text)
        if colour_of is not self._colour_of:
            self._colour_of = colour_of
            self._recolour()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._recolour()

    def _recolour(self) -> None:
        colour = (self._colour_of or style.muted)(QApplication.palette(self))
        palette = self.palette()
        if palette.color(QPalette.ColorRole.WindowText) != colour:
            palette.setColor(QPalette.ColorRole.WindowText, colour)
            self.setPalette(palette)
