"""What is wrong with a window as it stands on the screen: found in its widgets and its picture."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

from pseudo import without_pseudo
from PySide6.QtCore import QModelIndex, QPoint, QRect, QSize, QStringListModel, Qt
from PySide6.QtGui import QAccessible, QColor, QImage
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QBoxLayout,
    QCheckBox,
    QComboBox,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QHeaderView,
    QLabel,
    QLayout,
    QLineEdit,
    QListView,
    QMessageBox,
    QPlainTextEdit,
    QRadioButton,
    QScrollArea,
    QStyle,
    QTableView,
    QTextBrowser,
    QWidget,
)

from enos_csr_gui.gui import style
from enos_csr_gui.gui.help import HelpWindow
from enos_csr_gui.gui.widgets.collapsible_section import CollapsibleSection
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.task_link import TaskLink
from enos_csr_gui.gui.widgets.wrapped_label import WrappedLabel

TAKES_TEXT = (QLineEdit, QComboBox, QAbstractItemView, QPlainTextEdit, QAbstractSpinBox)
TARGETS = (QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox)
SMALLEST_TARGET = 30
"""In device-independent pixels; WCAG 2.2 asks for 24."""
ENOUGH_CONTRAST = 4.5
ENOUGH_FOR_SHAPES = 3.0
"""Of the contrast of what is no text (WCAG 2.2)."""
TITLE = 30
"""How high the title of a window is, in device-independent pixels; an invisible screen has none."""
ENLARGED = 1.5
"""Pixels for each of the layout's, from which on a letter's own colour is seen."""
_MNEMONIC = re.compile(r"&([^&\s])")


def faults(window: QWidget, picture: QImage, *, is_usual: bool) -> list[str]:
    """Return what is wrong, for people.

    ``picture`` shows the whole window; with ``is_usual`` it has the size and font it opens with.
    """
    found = [*cut_off(window), *clashing_keys(window), *nameless(window), *unsaid(window)]
    found += [*small_targets(window), *pale(window, picture), *pale_in_lists(window, picture)]
    found += [*faint(window, picture), *elided(window), *alike(window), *too_large(window)]
    found += off_grid(window)
    found += scrolled_sideways(window)
    if is_usual:
        found += scrolled(window)
    return found


def on_screen(window: QWidget) -> Iterator[QWidget]:
    """Yield what can be seen, without the parts that Qt's own widgets are made of."""
    for widget in window.findChildren(QWidget):
        parent = widget.parentWidget()
        is_part = isinstance(parent, QLineEdit | QComboBox)
        if widget.isVisible() and not is_part and widget.window() is window:
            yield widget


def _text(widget: QWidget) -> str:
    if isinstance(widget, QLabel | QAbstractButton):
        return widget.text().strip()
    if isinstance(widget, QComboBox) and not widget.isEditable():
        return widget.currentText()
    if isinstance(widget, QLineEdit) and not widget.text():
        return widget.placeholderText()
    return ""


def _can_be_scrolled_to(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    while parent:
        if isinstance(parent, QScrollArea):
            return True
        parent = parent.parentWidget()
    return False


def cut_off(window: QWidget) -> Iterator[str]:
    """Yield the texts that have less room than they need."""
    for widget in on_screen(window):
        text = _text(widget)
        if not text:
            continue
        if isinstance(widget, QLineEdit):
            needed = widget.fontMetrics().horizontalAdvance(text)
            fits = needed <= widget.width()
        elif widget.hasHeightForWidth() or isinstance(widget, WrappedLabel):
            needed = widget.heightForWidth(widget.width())
            fits = needed <= widget.height()
        else:
            needed = widget.minimumSizeHint()
            fits = needed.width() <= widget.width() and needed.height() <= widget.height() + 1
        if not fits:
            yield f"cut off: {text!r} needs {needed}, has {widget.size()}"
        seen = widget.visibleRegion().boundingRect()
        if seen != widget.rect() and not _can_be_scrolled_to(widget):
            yield f"cut off: {text!r}, of {widget.rect()} one sees {seen}"


def elided(window: QWidget) -> Iterator[str]:
    """Yield what stands in a box or above a column and has less room than it needs."""
    for widget in on_screen(window):
        if isinstance(widget, QComboBox) and not widget.isEditable():
            if widget.width() < widget.minimumSizeHint().width():
                yield f"cut off: {widget.currentText()!r} in a box"
        elif isinstance(widget, QHeaderView):
            for column in range(widget.count()):
                if widget.sectionSize(column) < widget.sectionSizeHint(column):
                    yield f"cut off: the head of column {column} of {widget.parent()}"


def too_large(window: QWidget) -> Iterator[str]:
    """Yield the window if there is no room for it on the screen."""
    room = style.screen_of(window).availableGeometry().size()
    size = window.frameGeometry().size().expandedTo(window.size() + QSize(0, TITLE))
    if size.boundedTo(room) != size:
        yield f"{window.windowTitle()!r} has {size.toTuple()}, the screen {room.toTuple()}"


def off_grid(window: QWidget) -> Iterator[str]:
    """Yield the layouts whose distances are not on the grid, but a style's own or made up."""
    if isinstance(window, QMessageBox | QFileDialog):
        return  # Qt's own
    for layout in window.findChildren(QLayout):
        owner = layout.parentWidget()
        if owner is None or not owner.isVisible() or owner.window() is not window:
            continue
        if isinstance(owner, QDialogButtonBox | QComboBox | QLineEdit):
            continue  # Qt's own
        margins = layout.contentsMargins()
        distances = [margins.left(), margins.top(), margins.right(), margins.bottom()]
        if isinstance(layout, QGridLayout):
            distances += [layout.horizontalSpacing(), layout.verticalSpacing()]
        elif isinstance(layout, QBoxLayout):
            distances += [layout.spacing()] if layout.count() > 1 else []
        else:
            continue  # a stack has no distances
        if any(distance % style.TIGHT for distance in distances):
            yield f"off the grid: {distances} in a layout of {owner}, with {layout.count()} parts"


def alike(window: QWidget) -> Iterator[str]:
    """Yield the names that two things to be pressed or filled in have for a screen reader."""
    names = Counter[str]()
    for widget in on_screen(window):
        if isinstance(widget, TARGETS) and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            interface = QAccessible.queryAccessibleInterface(widget)
            # On Linux, Qt calls a box by what is chosen in it; its label says what it is.
            own = widget.accessibleName() if isinstance(widget, QComboBox) else ""
            names[own or interface.text(QAccessible.Text.Name)] += 1
    for name, count in names.items():
        if count > 1:
            yield f"{count} things are called {name!r}"


def scrolled(window: QWidget) -> Iterator[str]:
    """Yield the pages that one would have to scroll."""
    if any(
        fold.button.isChecked()
        for fold in window.findChildren(CollapsibleSection)
        if fold.isVisible()
    ):
        return  # the person wanted to see more
    for area in window.findChildren(QScrollArea):
        if area.isVisible() and (hidden := area.verticalScrollBar().maximum()):
            yield f"scrolls: {hidden} pixels of {type(area.parentWidget()).__name__}"


def scrolled_sideways(window: QWidget) -> Iterator[str]:
    """Yield the pages that one would have to scroll sideways, however large the letters are."""
    for area in window.findChildren(QScrollArea):
        if area.isVisible() and (hidden := area.horizontalScrollBar().maximum()):
            yield f"scrolls sideways: {hidden} pixels of {type(area.parentWidget()).__name__}"


def small_targets(window: QWidget) -> Iterator[str]:
    """Yield what a finger in a glove would miss."""
    for widget in on_screen(window):
        if isinstance(widget, TARGETS) and min(widget.width(), widget.height()) < SMALLEST_TARGET:
            yield f"small: {type(widget).__name__} {_text(widget)!r} is {widget.size().toTuple()}"


def clashing_keys(window: QWidget) -> Iterator[str]:
    """Yield the keys that two things on the screen wait for."""
    texts = Counter[str]()
    for widget in on_screen(window):
        if isinstance(widget, QAbstractButton) or (isinstance(widget, QLabel) and widget.buddy()):
            texts[widget.text()] += 1
    pressed: dict[str, list[str]] = {}
    for text in texts.elements():
        for key in _MNEMONIC.findall(text.replace("&&", "")):
            pressed.setdefault(key.upper(), []).append(text)
    for key, names in pressed.items():
        if len(names) > 1:
            yield f"Alt+{key} could mean {names}"


def nameless(window: QWidget) -> Iterator[str]:
    """Yield what takes keys, and would be nothing but its kind to a screen reader."""
    labelled = {label.buddy() for label in window.findChildren(QLabel)}
    for widget in on_screen(window):
        if widget.focusPolicy() == Qt.FocusPolicy.NoFocus:
            if isinstance(widget, QAbstractButton):
                yield f"no key leads to {_text(widget)!r}"
            continue
        is_named = widget.accessibleName() or widget in labelled
        if isinstance(widget, QAbstractButton):
            is_named = is_named or widget.text()
        elif not isinstance(widget, TAKES_TEXT):
            continue
        if not is_named:
            yield f"has no name: {widget}"


def unsaid(window: QWidget) -> Iterator[str]:
    """Yield the problems that nothing on the screen tells to a screen reader by itself."""
    told = "\n".join(
        widget.accessibleDescription()
        for widget in on_screen(window)
        if not isinstance(widget, QLabel)
    )
    for note in on_screen(window):
        if isinstance(note, FieldNote) and note.is_problem and note.text() not in told:
            yield f"only to be seen: {note.text()!r}"


def words_of(window: QWidget) -> Iterator[str]:
    """Yield the visible texts, accessible names and tooltips in the window."""
    yield window.windowTitle()
    for widget in on_screen(window):
        yield from (_text(widget), widget.toolTip(), widget.accessibleName())
        yield from (widget.accessibleDescription(), widget.whatsThis())
        if isinstance(widget, QLineEdit):
            yield widget.placeholderText()
        elif isinstance(widget, QComboBox) and not widget.isEditable():
            yield from (widget.itemText(index) for index in range(widget.count()))
        elif isinstance(widget, QAbstractItemView) and not _is_data(widget):
            yield from _words_in(widget)


def _is_data(view: QAbstractItemView) -> bool:
    """Return whether the view lists data: suggestions below a line, or headings of the guide."""
    if isinstance(view.window(), HelpWindow):
        return True
    return isinstance(view.model(), QStringListModel) and view.parent() is view.window()


def _words_in(view: QAbstractItemView) -> Iterator[str]:
    model = view.model()
    nowhere = QModelIndex()
    columns = 1 if isinstance(view, QListView) else model.columnCount(nowhere)
    for column in range(columns):
        if columns > 1:
            yield str(model.headerData(column, Qt.Orientation.Horizontal) or "")
        for row in range(model.rowCount(nowhere)):
            yield str(model.index(row, column).data() or "")


def in_no_catalogue(window: QWidget, data: re.Pattern[str]) -> Iterator[str]:
    """Yield what the window, in the language that nobody speaks, says in another one.

    ``data`` is what is the same in all languages, as a file's name.
    """
    for text in set(words_of(window)):
        rest = data.sub("", without_pseudo(text))
        if any(letter.isascii() and letter.isalpha() for letter in rest):
            yield f"in no catalogue: {text!r}"


# --- Contrast -------------------------------------------------------------------------------------


def _luminance(colour: QColor) -> float:
    """Return the relative luminance (WCAG 2.2)."""
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (colour.redF(), colour.greenF(), colour.blueF())
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: QColor, other: QColor) -> float:
    """Return the contrast of two colours (WCAG 2.2)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def seen_contrast(picture: QImage) -> float:
    """Return the contrast of what stands in the picture to its ground, its commonest colour."""
    pixels = Counter(picture.convertToFormat(QImage.Format.Format_RGB32).constBits()[:].cast("I"))
    [(ground, _count)] = pixels.most_common(1)
    return max(_pixel_contrast(pixel, ground) for pixel in pixels)


@cache
def _pixel_contrast(one: int, other: int) -> float:
    return contrast(QColor(one), QColor(other))


def pale(window: QWidget, picture: QImage) -> Iterator[str]:
    """Yield the texts in the picture that stand out too little.

    At 100 % no pixel of a thin letter has the letter's whole colour: nothing can be said then.
    """
    if picture.devicePixelRatio() < ENLARGED:
        return
    lists = [view for view in window.findChildren(QListView) if view.parent() is window]
    suggestions = [view.geometry() for view in lists if view.isVisible()]
    for widget in on_screen(window):
        text = _text(widget)
        if not text or not widget.isEnabled():
            continue
        if widget.visibleRegion().boundingRect() != widget.rect():
            continue  # part of it has been scrolled away
        place = QRect(widget.mapTo(window, QPoint()), widget.size())
        if any(one.intersects(place) for one in suggestions):
            continue  # part of it is covered
        # Without a frame, which would pass for text.
        inside = widget.rect().adjusted(3, 3, -3, -3)
        if isinstance(widget, TaskLink):  # the palest part of it
            inside.setTop(widget.height() // 2)
        elif isinstance(widget, QComboBox):
            inside.setRight(widget.width() - widget.height())  # without the arrow
        if inside.isEmpty():
            continue  # it is not laid out yet
        if (found := seen_contrast(_part(picture, widget, inside))) < ENOUGH_CONTRAST:
            yield f"pale: {text!r} has a contrast of {found:.1f}"


def pale_in_lists(window: QWidget, picture: QImage) -> Iterator[str]:
    """Yield the texts in lists, tables, their heads and the help that stand out too little."""
    if picture.devicePixelRatio() < ENLARGED:
        return
    for widget in on_screen(window):
        if isinstance(widget, QTextBrowser):
            parts = [widget.viewport().rect()]
        elif isinstance(widget, QHeaderView):
            parts = [
                QRect(widget.sectionViewportPosition(column), 0, widget.sectionSize(column), 99)
                for column in range(widget.count())
            ]
        elif isinstance(widget, QListView | QTableView):
            model = widget.model()
            columns = 1 if isinstance(widget, QListView) else model.columnCount(QModelIndex())
            parts = [
                widget.visualRect(index)
                for row in range(model.rowCount(QModelIndex()))
                for column in range(columns)
                if (index := model.index(row, column)).data()
            ]
        else:
            continue
        ground = widget.viewport()
        for part in parts:
            seen = part.intersected(ground.rect()).adjusted(3, 3, -3, -3)
            if seen.width() < 2 * seen.height() or seen.height() < 8:
                continue  # hardly anything of it
            if (found := seen_contrast(_part(picture, ground, seen))) < ENOUGH_CONTRAST:
                yield f"pale: {part} of {widget} has a contrast of {found:.1f}"


def _part(picture: QImage, widget: QWidget, inside: QRect) -> QImage:
    """Return what is seen of a rectangle of the widget."""
    ratio = picture.devicePixelRatio()
    corner = widget.mapTo(widget.window(), inside.topLeft()) * ratio
    return picture.copy(QRect(corner, inside.size() * ratio))


def faint(window: QWidget, picture: QImage) -> Iterator[str]:
    """Yield the boxes and fields whose outline stands out too little.

    What has the focus has an outline of the desktop's own colour, and so has all in the styles of
    Windows and macOS.
    """
    if window.style().objectName() != "fusion":
        return
    for widget in on_screen(window):
        if widget.visibleRegion().boundingRect() != widget.rect():
            continue
        if widget.hasFocus() or not widget.isEnabled():
            continue
        if isinstance(widget, QLineEdit | QComboBox) and not widget.hasFrame():
            continue  # it is locked, and looks like a text
        if isinstance(widget, QCheckBox | QRadioButton) and not widget.isChecked():
            size = widget.style().pixelMetric(QStyle.PixelMetric.PM_IndicatorWidth, None, widget)
            place = QRect(0, 0, size + 2, widget.height())
        elif isinstance(widget, QLineEdit | QComboBox | QPlainTextEdit):
            place = QRect(0, widget.height() // 2, 4, 4)
        else:
            continue
        if (found := seen_contrast(_part(picture, widget, place))) < ENOUGH_FOR_SHAPES:
            yield f"faint: {type(widget).__name__} {_text(widget)!r} has a contrast of {found:.1f}"
