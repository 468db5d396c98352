"""A searchable list of countries."""

from __future__ import annotations

from functools import cmp_to_key

from PySide6.QtCore import QCollator, QEvent, Signal
from PySide6.QtGui import QKeyEvent, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy, QWidget

from enos_csr_gui.core import countries
from enos_csr_gui.gui.widgets.completed_line import CompletedLine
from enos_csr_gui.gui.widgets.roomy_rows import make_roomy
from enos_csr_gui.messages import labels


class CountryBox(QComboBox):
    """Every assigned ISO 3166-1 country; a part of its name, its pinyin or a code narrows the list.

    Leaving the box replaces an unambiguous name by its country; any other text stays as typed.
    ``edited`` carries the code, or the text while it is no country.
    """

    edited = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._told = ""
        self._is_locked = False
        self.line = CompletedLine()
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

        self.setCompleter(None)  # type: ignore[arg-type]  # the box's own; the line has a list
        self.line.complete_with(_names)

        self.line.textEdited.connect(self._tell)
        self.line.editingFinished.connect(self.settle)
        self.line.chosen.connect(self.settle)
        self.activated.connect(self.settle)

    def text(self) -> str:
        """Return the code of the country, or what has been typed so far."""
        typed = self.currentText()
        index = self.findText(typed)
        if index >= 0:
            return str(self.itemData(index))
        country = countries.named(typed)
        return country.code if country else typed

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

    def event(self, event: QEvent) -> bool:
        if not self._is_locked:
            self.line.take_tab(event)  # the keys of the line come to the box
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._is_locked:
            event.ignore()
        elif not self.line.take_key(event):  # the arrow keys would change the country
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._is_locked:  # without its arrow, for there is no list to open
            super().paintEvent(event)

    def showPopup(self) -> None:
        self.line.close_list()
        if not self._is_locked:
            super().showPopup()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # scrolling the page must not change the country on the way

    def _tell(self) -> None:
        if (text := self.text()) != self._told:
            self._told = text
            self.edited.emit(text)


def _names(text: str) -> list[str]:
    """Return the names of the countries that the text may stand for."""
    return [labels.country(country.code) for country in countries.search(text)]
