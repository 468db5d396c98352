"""A person in front of the wizard: presses keys, clicks, and reads what stands on the screen."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QInputMethodEvent,
    QWheelEvent,
    QWindow,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QMessageBox,
    QProgressBar,
    QWidget,
)
from shiboken6 import isValid

from enos_csr_gui.gui.navigation import ROUTES, Task
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.wizard import RequestWizard

PATIENCE_S = 500  # for what hangs: a busy machine may take long


def wait(milliseconds: int) -> None:
    """Let the program go on. (PySide6's QTest.qWait keeps the GIL: threads would stand still.)"""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def in_order_of_fields(answers: dict[str, str]) -> list[str]:
    """Return the answers as they are typed from the first field of the page to the last."""
    rest = {key: text for key, text in answers.items() if key != "common_name"}
    return [answers["common_name"], *rest.values()]


def _is_popup(widget: QWidget) -> bool:
    return widget.window().windowType() == Qt.WindowType.Popup


class Person:
    """Acts on the active window as a user would, through what is on the screen."""

    def __init__(self, wizard: RequestWizard) -> None:
        self.wizard = wizard

    # Seeing

    @property
    def window(self) -> QWidget:
        return QApplication.activeModalWidget() or self.wizard

    def reads(self) -> str:
        """Everything that can be read in the window just now."""
        texts = []
        for widget in self.window.findChildren(QWidget):
            if not widget.isVisible():
                continue
            if isinstance(widget, QLabel | QAbstractButton):
                texts.append(widget.text().replace("&", ""))
            elif isinstance(widget, QLineEdit) and widget.echoMode() == QLineEdit.EchoMode.Normal:
                texts.append(widget.text())
        return "\n".join(texts)

    def title(self) -> str:
        return self.wizard.page.heading.text()

    def problems(self) -> list[str]:
        """What is wrong, as it stands below the fields."""
        notes = self.window.findChildren(FieldNote)
        return [note.text() for note in notes if note.isVisible() and note.is_problem]

    def sees_progress(self) -> bool:
        """Whether something on the screen tells that the program is busy."""
        bars = self.window.findChildren(QProgressBar)
        return any(bar.isVisible() and bar.maximum() == 0 for bar in bars)

    def _visible(self, kind: type[QWidget], name: str) -> QWidget:
        labels = self._labels()
        found = [
            widget
            for widget in self.window.findChildren(kind)
            if widget.isVisible() and name in self._names(widget, labels)
        ]
        assert found, f"no {kind.__name__} {name!r} on the screen:\n{self.reads()}"
        assert len(found) == 1, f"{len(found)} times {name!r} on the screen"
        return found[0]

    def _labels(self) -> dict[QWidget, list[str]]:
        """The texts of the labels of each widget that has any."""
        labels: dict[QWidget, list[str]] = {}
        for label in self.window.findChildren(QLabel):
            if buddy := label.buddy():
                labels.setdefault(buddy, []).append(label.text())
        return labels

    def _names(self, widget: QWidget, labels: dict[QWidget, list[str]]) -> list[str]:
        names = [widget.accessibleName(), *labels.get(widget, [])]
        if isinstance(widget, QAbstractButton):
            names.append(widget.text())
        return [name.replace("&", "").removesuffix(" *").split(",")[0] for name in names]

    def field(self, name: str) -> QLineEdit:
        """The line that is labelled ``name``."""
        labels = self._labels()
        boxes = [b for b in self.window.findChildren(QComboBox) if name in self._names(b, labels)]
        if boxes and boxes[0].isVisible():
            line = boxes[0].lineEdit()
            assert line is not None
            return line
        widget = self._visible(QLineEdit, name)
        assert isinstance(widget, QLineEdit)
        return widget

    def button(self, name: str) -> QAbstractButton:
        widget = self._visible(QAbstractButton, name)
        assert isinstance(widget, QAbstractButton)
        return widget

    def focus(self) -> QWidget:
        """Where the keys go."""
        focused = QApplication.focusWidget()
        if focused is None or (focused.window() is not self.window and not _is_popup(focused)):
            # A screen without a window manager gives the focus to nobody of itself.
            self.window.activateWindow()
            wait(20)
            # A page that has just been shown may be about to give it.
            self.waits_until(lambda: self._with_focus() is not None)
        widget = self._with_focus()
        assert widget is not None, "nothing has the focus"
        return widget

    def _with_focus(self) -> QWidget | None:
        return QApplication.focusWidget() or self.window.focusWidget()

    # Acting

    def click(self, name: str) -> None:
        QApplication.processEvents()  # a button that has just appeared gets its place
        page = self.wizard.page
        self.waits_until(lambda: self.button(name).isEnabled() or not page.busy)
        button = self.button(name)
        assert button.isEnabled(), f"{name!r} is greyed out"
        # The left end: a radio button or a check box may be wider than its text.
        where = QPoint(10, button.height() // 2)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton, pos=where)

    def uses(self, name: str, *, by_mouse: bool) -> None:
        """Press a button with the mouse, or with the key that is underlined in its text."""
        button = self.button(name)
        if by_mouse:
            self.points_at(button)
            return
        [letter] = re.findall(r"&([^&])", button.text())
        self.press(Qt.Key(ord(letter.upper())), Qt.KeyboardModifier.AltModifier)
        # Qt shows for a moment that the button is pressed.
        self.waits_until(lambda: not (isValid(button) and button.isDown()))

    def points_at(self, widget: QWidget) -> None:
        """Click at the place of a widget, as the display sees it: what is open there gets it."""
        window = widget.window().windowHandle()
        assert window is not None
        place = widget.mapTo(widget.window(), widget.rect().center())
        QTest.mouseClick(window, Qt.MouseButton.LeftButton, pos=place)

    def press(
        self,
        key: Qt.Key,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
        times: int = 1,
    ) -> None:
        for _time in range(times):
            QTest.keyClick(self._keyboard(), key, modifiers)

    def _keyboard(self) -> QWindow:
        """Where the system sends keys; a list that has popped up gets them first."""
        self.focus()
        window = QGuiApplication.focusWindow()
        if window and window.type() == Qt.WindowType.Popup and not QApplication.activePopupWidget():
            window = None  # it is gone, and the display has not said so yet
        window = window or self.window.windowHandle()
        assert window is not None
        return window

    def types(self, text: str) -> None:
        """Type into whatever has the focus; what no key has, an input method enters."""
        for character in text:
            if " " <= character <= "~":
                QTest.keyClick(self._keyboard(), character)
            else:
                event = QInputMethodEvent()
                event.setCommitString(character)
                QApplication.sendEvent(self.focus(), event)

    def pastes(self, text: str) -> None:
        """Paste into whatever has the focus."""
        QApplication.clipboard().setText(text)
        self.press(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)

    def enters(
        self, name: str, text: str, enter: Callable[[Person, str], None] | None = None
    ) -> None:
        """Click into a field, replace what is in it, and leave it; ``enter`` may do the typing."""
        self.focus()
        field = self.field(name)
        QTest.mouseClick(field, Qt.MouseButton.LeftButton)
        QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClick(field, Qt.Key.Key_Delete)
        (enter or Person.types)(self, text)
        self.press(Qt.Key.Key_Tab)

    def begins(self, task: str) -> None:
        """Choose what to do on the first page, and wait for the page it leads to."""
        first = self.title()
        self.click(task)
        self.waits_until(lambda: self.title() != first)

    def looks_into_every_task(self) -> None:
        """Have every page built, and come back to the first."""
        self.waits_until(lambda: self.wizard.is_ready)
        for task, route in ROUTES.items():
            if task is Task.RENEW_MANY:  # begins with chosen requests, on pages of another task
                continue
            self.wizard.begin(task)
            self.waits_until(lambda route=route: self.wizard.step in route)
            self.wizard.reject()

    def walks_to_save(self, answers: dict[str, str]) -> None:
        """Go from the first page to the one with the button 'Save'."""
        self.goes_on("Who is it for?")
        self.fills_in(answers)
        self.goes_on("Review")
        self.goes_on("Save")

    def turns_the_wheel_over(self, widget: QWidget) -> None:
        where = QPointF(widget.rect().center())
        event = QWheelEvent(
            where,
            QPointF(widget.mapToGlobal(where)),
            QPoint(),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(widget, event)

    def drops(self, *files: Path) -> None:
        """Drag files from the desktop and drop them in the middle of the window."""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
        where = self.wizard.rect().center()
        how = Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier(0)
        QApplication.sendEvent(self.wizard, QDragEnterEvent(where, *how))
        QApplication.sendEvent(self.wizard, QDropEvent(where, *how))

    def waits_until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end, f"waited in vain; on the screen:\n{self.reads()}"
            wait(10)

    def waits_to_read(self, text: str) -> None:
        self.waits_until(lambda: text in self.reads())

    def waits_for_page(self, title: str) -> None:
        self.waits_until(lambda: self.title() == title)

    def goes_on(self, title: str, button: str = "Next >") -> None:
        """Press the button that leads on, and wait for the page of this title."""
        self.waits_until(lambda: self.button(button).isEnabled())
        self.click(button)
        self.waits_for_page(title)

    def tries(self, button: str) -> None:
        """Press the button that leads on, and wait until the program has thought about it."""
        self.waits_until(lambda: self.button(button).isEnabled())
        self.click(button)
        self.waits_until(lambda: self.button(button).isEnabled())

    def fills_in(self, answers: dict[str, str]) -> None:
        """Fill in the fields, given by their labels; pasting takes a tenth of the time."""
        for name, text in answers.items():
            self.enters(name, text, Person.pastes)

    def saves_to(self, path: Path) -> None:
        """Answer the dialog that is about to ask where to save."""

        def choose() -> bool:
            dialog = QApplication.activeModalWidget()
            line = dialog.findChild(QLineEdit, "fileNameEdit") if dialog else None
            if line is None:
                return False
            line.setText(str(path))
            self.click("Save")
            return True

        self.meanwhile(choose)

    def answers_with(self, button: str) -> list[str]:
        """Answer the question that is about to come; return what is read there, when it came."""
        read: list[str] = []

        def act() -> bool:
            if not isinstance(QApplication.activeModalWidget(), QMessageBox):
                return False
            read.append(self.reads())
            self.click(button)
            return True

        self.meanwhile(act)
        return read

    def meanwhile(self, act: Callable[[], bool]) -> None:
        """Do something with a dialog that is about to open: try ``act`` until it returns True."""
        timer = QTimer(self.wizard)

        def again() -> None:
            timer.stop()
            if not act():
                timer.start(20)

        timer.timeout.connect(again)
        timer.start(20)
