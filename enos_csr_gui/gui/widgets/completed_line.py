"""A line that suggests texts in a list below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, QStringListModel, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent, QPalette
from PySide6.QtWidgets import QApplication, QFrame, QListView, QWidget

from enos_csr_gui.gui import style
from enos_csr_gui.gui.widgets.field_note import announce
from enos_csr_gui.gui.widgets.line import Line
from enos_csr_gui.gui.widgets.roomy_rows import make_roomy

_MOST_ROWS = 10

_Find = Callable[[str], Sequence[str]]

_MOVES = (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp)
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_PLACE = (QEvent.Type.Move, QEvent.Type.Resize)


class CompletedLine(Line):
    """Suggests what ``find`` returns for the text typed; ``chosen`` carries the row taken.

    The list is a part of the window. QCompleter opens another window, which takes the keys and
    the mouse: the first click outside it is lost, and so are keys typed while it comes or goes.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._find: _Find | None = None
        self._list: QListView | None = None
        self._watched: list[QWidget] = []
        self.textEdited.connect(self._suggest)

    def complete_with(self, find: _Find) -> None:
        """Suggest what ``find`` returns for a text; any other text stays possible."""
        self._find = find

    def suggestions(self) -> list[str]:
        """Return the texts in the list, if it is open."""
        return self._model().stringList() if self._list and self._list.isVisible() else []

    def take_key(self, event: QKeyEvent) -> bool:
        """Use a key for the open list; return whether that was all it was for."""
        if not self._list or not self._list.isVisible():
            return False
        current = self._list.currentIndex()
        if event.key() in _MOVES:
            QApplication.sendEvent(self._list, event)
            announce(self, self._list.currentIndex().data() or "")
        elif event.key() == Qt.Key.Key_Escape:
            self.close_list()
        elif event.key() in _ENTER and current.isValid():
            self._choose(current)
        else:
            if event.key() in _ENTER:
                self.close_list()
            return False
        event.accept()
        return True

    def close_list(self) -> None:
        """Close the list of suggestions."""
        for widget in self._watched:
            widget.removeEventFilter(self)
        self._watched.clear()
        if self._list:
            self._list.hide()

    # Events

    def event(self, event: QEvent) -> bool:
        self.take_tab(event)
        return super().event(event)

    def take_tab(self, event: QEvent) -> None:
        """With a row marked, have Tab take it; for ``event``, as keyPressEvent gets no Tab."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return
        if event.key() == Qt.Key.Key_Tab and self._list and self._list.isVisible():
            current = self._list.currentIndex()
            if current.isValid():
                self._choose(current)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.take_key(event):
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.close_list()
        super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self.close_list()
        super().hideEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _PLACE:  # the page scrolls, or the window changes its size
            self._place()
        return super().eventFilter(watched, event)

    # The list

    def _suggest(self, text: str) -> None:
        found = list(self._find(text)) if self._find and text.strip() else []
        if not found or found == [text] or not self.hasFocus():
            self.close_list()
            return
        if self._list is None:
            self._list = self._make_list()
        self._list.setParent(self.window())
        self._model().setStringList(found)
        self._list.setCurrentIndex(QModelIndex())
        self._list.scrollToTop()
        if not self._watched:
            widget: QWidget | None = self
            while widget:
                widget.installEventFilter(self)
                self._watched.append(widget)
                widget = None if widget.isWindow() else widget.parentWidget()
        self._place()
        palette = self._list.palette()
        palette.setColor(QPalette.ColorRole.WindowText, style.outline(QApplication.palette()))
        self._list.setPalette(palette)  # of its frame
        self._list.show()
        self._list.raise_()

    def _make_list(self) -> QListView:
        view = QListView(self.window())
        view.setModel(QStringListModel(view))
        view.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keys stay with the line
        view.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setUniformItemSizes(True)
        view.setFrameStyle(QFrame.Shape.Box | QFrame.Shadow.Plain)
        view.setAccessibleName(self.accessibleName())
        make_roomy(view)
        view.clicked.connect(self._choose)
        self.destroyed.connect(view.deleteLater)
        return view

    def _model(self) -> QStringListModel:
        assert self._list is not None
        model = self._list.model()
        assert isinstance(model, QStringListModel)
        return model

    def _place(self) -> None:
        """Put the list below the line, or above it where there is more room."""
        assert self._list is not None
        window = self.window()
        top = self.mapTo(window, QPoint()).y()
        left = self.mapTo(window, QPoint()).x()
        bottom = top + self.height()
        below, above = window.height() - bottom, top
        rows = min(self._model().rowCount(), _MOST_ROWS)
        wanted = rows * self._list.sizeHintForRow(0) + 2 * self._list.frameWidth()
        goes_below = below >= wanted or below >= above
        height = min(wanted, below if goes_below else above)
        self._list.setGeometry(
            left, bottom if goes_below else top - height, self.width(), max(0, height)
        )

    def _choose(self, index: QModelIndex) -> None:
        text = str(index.data())
        self.setText(text)
        self.textEdited.emit(text)
        self.close_list()
        self.chosen.emit(text)
