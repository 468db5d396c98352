"""Tab reaches every control in reading order, and the focus is visible."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from looks import ENOUGH_FOR_SHAPES, on_screen, seen_contrast
from person import Person
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QPushButton,
    QRadioButton,
    QTextBrowser,
    QWidget,
)
from tour import Tour

from enos_csr_gui.gui.batch import columns
from enos_csr_gui.gui.pages import key
from enos_csr_gui.gui.widgets.task_link import TaskLink
from enos_csr_gui.gui.wizard import RequestWizard

SAME_LINE = 12
"""Tops that differ by less, in pixels, are side by side."""


class Beside(Person):
    """A person at a window beside the first one, which stays open."""

    def __init__(self, wizard: RequestWizard, window: QWidget) -> None:
        super().__init__(wizard)
        self._window = window

    @property
    def window(self) -> QWidget:
        return self._window


def takes_focus(widget: QWidget) -> bool:
    of_tab = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    return bool(of_tab) and widget.isEnabled() and widget.focusProxy() is None


def place(widget: QWidget, window: QWidget) -> QPoint:
    return widget.mapTo(window, QPoint())


def picture(widget: QWidget, window: QWidget) -> QImage:
    around = QRect(place(widget, window), widget.size()).adjusted(-3, -3, 3, 3)
    return window.grab(around).toImage()


def _name(widget: QWidget) -> str:
    return f"{widget} {widget.accessibleName() or widget.property('text')}"


def tab_through(person: Person, window: QWidget) -> list[QWidget]:
    """Press Tab until one is where one began; return what had the focus, and see that it shows."""
    person.press(Qt.Key.Key_Tab)  # the mouse was used: from now on the focus is to show
    person.press(Qt.Key.Key_Backtab)
    visited: list[QWidget] = []
    while (widget := person.focus()) not in visited:
        visited.append(widget)
        focused = picture(widget, window)
        shown = widget.viewport() if isinstance(widget, QTextBrowser) else widget
        seen = shown.visibleRegion().boundingRect().height()
        assert seen >= min(widget.height(), 20), f"out of sight: {_name(widget)}"
        ring = seen_contrast(focused.copy(20, 0, 4, 6))
        is_seen = ring >= ENOUGH_FOR_SHAPES or isinstance(widget, TaskLink)
        assert is_seen, f"a faint focus: {_name(widget)}"
        before = place(widget, window)
        person.press(Qt.Key.Key_Tab)
        if place(widget, window) == before and person.focus() is not widget:
            assert picture(widget, window) != focused, f"the focus does not show: {widget}"
    return visited


def is_read_before(one: QWidget, other: QWidget, window: QWidget) -> bool:
    first, second = place(one, window), place(other, window)
    if abs(first.y() - second.y()) < SAME_LINE:
        return first.x() < second.x()
    return first.y() < second.y()


@pytest.mark.slow
def test_tab_leads_everywhere_in_the_order_of_reading(
    start: Callable[..., Person], home: Path
) -> None:
    person = start("")
    wrong: list[str] = []

    def look(name: str, window: QWidget) -> None:
        if QApplication.activePopupWidget():
            return
        visited = tab_through(Beside(person.wizard, window), window)
        for widget in on_screen(window):
            alone = not isinstance(widget, QRadioButton) or widget.isChecked()
            if takes_focus(widget) and alone and widget not in visited:
                wrong.append(f"{name}: Tab does not lead to {widget}")
        page = window.page if isinstance(window, RequestWizard) else window
        on_page = [widget for widget in visited if page.isAncestorOf(widget)]
        first = min(on_page, key=lambda one: place(one, window).toTuple()[::-1], default=None)
        turn = on_page.index(first) if first else 0
        for one, following in pairwise(on_page[turn:] + on_page[:turn]):
            if not is_read_before(one, following, window):
                wrong.append(f"{name}: {one} comes before {following}")

    Tour(person, home, look).go()
    assert "\n".join(wrong) == ""


def test_after_the_last_field_comes_next(person: Person) -> None:
    person.goes_on("Who is it for?")
    person.field("E-mail address").setFocus()
    person.press(Qt.Key.Key_Tab)
    following = person.focus()
    assert isinstance(following, QPushButton)
    assert following.text() == "&Next >"


class PressedByEnter(QCheckBox):
    """As a box is on GNOME, whose keys a test's display does not have."""

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Return:
            self.click()
        else:
            super().keyPressEvent(event)


def test_enter_on_a_box_goes_on_also_where_the_desktop_would_press_it(
    start: Callable[..., Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key, "QCheckBox", PressedByEnter)
    person = start()
    box = person.button("Protect the key file with a passphrase")
    assert isinstance(box, PressedByEnter)
    box.setFocus()
    person.press(Qt.Key.Key_Return)
    assert not box.isChecked()
    person.waits_for_page("Who is it for?")


class OpenedByEnter(QComboBox):
    """As a list that drops down is on GNOME."""

    is_opened = False

    def keyPressEvent(self, _event: QKeyEvent) -> None:  # noqa: N802
        self.is_opened = True


def test_enter_on_a_list_that_drops_down_goes_on_too(
    start: Callable[..., Person], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(columns, "QComboBox", OpenedByEnter)
    table = tmp_path / "farm.csv"
    table.write_text("CN,C,ST,L,O,OU\ndev-1,CN,Guizhou,Kaili,Example,Ops\n", encoding="utf-8")
    person = start("Many devices")
    person.enters("Table", str(table))
    person.goes_on("What is in the columns?")
    box = person.focus()
    assert isinstance(box, OpenedByEnter)
    person.press(Qt.Key.Key_Return)
    assert not box.is_opened
    person.waits_for_page("Where do the files go?")


def test_a_window_that_is_itself_focused_gets_no_ring(qapp: QApplication, person: Person) -> None:
    window = QWidget(focusPolicy=Qt.FocusPolicy.StrongFocus)
    window.resize(200, 100)
    window.show()
    window.activateWindow()
    window.setFocus()
    person.waits_until(lambda: QApplication.focusWidget() is window)
    qapp.processEvents()
    assert not window.findChildren(QWidget)
    window.deleteLater()
