"""A searchable list of countries."""

from __future__ import annotations

from functools import cmp_to_key

from PySide6.QtCore import QCollator, QStringListModel, Signal
from PySide6.QtGui import QKeyEvent, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QCompleter, QSizePolicy, QWidget

from enos_csr_gui.core import countries
from enos_csr_gui.gui.widgets.completed_line import CompletedLine
from enos_csr_gui.gui.widgets.roomy_rows import make_roomy
from enos_csr_gui.messages import labels


class CountryBox(QComboBox):
    """Every assigned ISO 3166-1 country; typing a part of its name, or a code, narrows the list.

    Leaving the box replaces an unambiguous name by its country; any other text stays as typed.
    ``edited`` carries the code, or the text while it is no country.
    """

    edited = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._told = ""
        self._is_locked = False
        self._found = QStringListModel(self)
        self.line = CompletedLine()
        completer = QCompleter(self._found, self)
        completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        completer.setMaxVisibleItems(10)
        make_roomy(completer.popup())
        make_roomy(self.view())

        self.setLineEdit(self.line)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setMaxVisibleItems(15)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        # In the order of the language: Chinese names by their sounds.
        order = cmp_to_key(QCollator().compare)
        for country in sorted(countries.countries(), key=lambda one: order(one.name)):
            self.addItem(labels.country(country.code), country.code)
        self.setCurrentIndex(-1)

        # The box's own completer would map a row of the answers to a row of all the countries.
        self.setCompleter(None)  # type: ignore[arg-type]
        self.line.setCompleter(completer)

        self.line.textEdited.connect(self._narrow)
        self.line.editingFinished.connect(self.settle)
        completer.activated.connect(self.settle)
        self.activated.connect(self.settle)

    def text(self) -> str:
        """Return the code of the country, or what has been typed so far."""
        typed = self.currentText()
        index = self.findText(typed)
        return str(self.itemData(index)) if index >= 0 else typed

    def setText(self, code: str) -> None:
        """Choose the country with this code; any other text is put in as it is."""
        country = countries.find(code)
        self.setCurrentIndex(self.findData(country.code) if country else -1)
        self.setEditText(labels.country(code))
        self._told = self.text()

    def settle(self) -> None:
        """Turn what has been typed into the country that it names, if it names one."""
        typed = self.currentText()
        index = self.findText(typed)
        if index < 0 and (country := countries.named(typed)):
            index = self.findData(country.code)
        self.setCurrentIndex(index)
        self.setEditText(self.itemText(index) if index >= 0 else typed)
        self._tell()

    def set_locked(self, locked: bool) -> None:
        """Keep the country that is chosen, whatever is pressed, clicked or typed."""
        self._is_locked = locked
        self.line.setReadOnly(locked)
        self.setFrame(not locked)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._is_locked:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._is_locked:  # without its arrow, for there is no list to open
            super().paintEvent(event)

    def showPopup(self) -> None:
        if not self._is_locked:
            super().showPopup()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # scrolling the page must not change the country on the way

    def _narrow(self, text: str) -> None:
        found = countries.search(text) if text.strip() else ()
        self._found.setStringList([labels.country(country.code) for country in found])
        self._tell()

    def _tell(self) -> None:
        if (text := self.text()) != self._told:
            self._told = text
            self.edited.emit(text)
