"""Our own styling on top of the platform's style."""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize
from PySide6.QtGui import QColor, QCursor, QFont, QGuiApplication, QPalette, QScreen
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:  # each class of Qt takes its time
    from PySide6.QtWidgets import QProxyStyle, QPushButton

SPACING = 8
"""The step of the grid, in device-independent pixels, and the usual distance."""

TIGHT = SPACING // 2
"""Between what belongs together, as a field and the note below it."""

WIDE = 2 * SPACING
"""Between columns, and around what is on a card."""

EDGE = 3 * SPACING
"""Between the edge of a page and what is on it; also how far in a choice that depends stands."""

USUAL_LINE = 16
"""Between two lines of the font that windows are measured for, in device-independent pixels."""

CORNER = 6.0
"""The radius of the corners of what we paint ourselves."""

TITLE, HEADING = 1.6, 1.2
"""The type scale: titles of pages and headings in them, as multiples of the font of the text."""

ROW = 24
"""The least height of a row in a list, which is chosen with a click too."""

_ACCENT, _ACCENT_IN_THE_DARK = "#0f7a66", "#3cbfa4"
"""The colour of what is ours, at least 4.5 : 1; our icons have one that does for both, at 3 : 1."""

_STYLES_OF_QT = {"Fusion", "Windows"}
"""The second is the look of Windows 95, which no desktop chooses."""

_FUSION_DARKER = 140
"""In percent: Fusion outlines with the window's colour, darkened by it, and fills buttons with
lighter shades of theirs."""

_FUSION_HIGHLIGHT = QColor(48, 140, 198)
"""What Fusion takes where the desktop names no colour; white on it has a contrast of 3.7 : 1."""

_SELECTED = 0.35
"""The share of the accent in the colour of a selected row in the style of Windows 11."""

_POINTED_AT, _PRESSED = 0.1, 0.2
"""The share of the text's colour in that of a filled button in the style of Windows 11."""

_ENABLED = (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive)

_FOLLOWS = "follows_desktop"
"""The application's property that its colours were set by ``follow_desktop``."""

_OUTLINED = (
    "QAbstractItemView",
    "QCheckBox",
    "QComboBox",
    "QLineEdit",
    "QPlainTextEdit",
    "QProgressBar",
    "QPushButton",
    "QRadioButton",
    "QTextEdit",
)

_TARGET = 30
"""The least height of a click target, for a gloved finger; WCAG 2.2 asks for 24."""

_INSIDE = 6
"""Added between the edge of a field of Fusion and its text, which then begins after 10 pixels."""

_LARGE = 1.25
"""So many times as large as usual is a large font."""

_PRIMARY = "is_primary"
"""The property of a button that it is the primary action of a page."""


def screen_of(window: QWidget) -> QScreen:
    """Return the screen that the window is on, or will open on.

    Use this instead of ``QWidget.screen``: PySide makes what that returns a child of the window,
    and may destroy it with the window; then the next window crashes the program.
    """
    shown = window if window.isVisible() else window.parentWidget()
    place = shown.window().frameGeometry().center() if shown else QCursor.pos()
    return QGuiApplication.screenAt(place) or QGuiApplication.primaryScreen()


def grown(widget: QWidget, pixels: int) -> int:
    """Return a length that is right for the usual font, as it is for a larger one."""
    return round(pixels * max(1, widget.fontMetrics().lineSpacing() / USUAL_LINE))


def room_for(window: QWidget) -> QSize:
    """Return how large a window can be on its screen, without its frame and title.

    At 200 % a usual screen has 960 x 540 device-independent pixels.
    """
    return screen_of(window).availableSize() - QSize(WIDE, 5 * SPACING)


def grown_size(window: QWidget, width: int, height: int) -> QSize:
    """Return a size that is right for the usual font, as it is for a larger one, on its screen."""
    return QSize(grown(window, width), grown(window, height)).boundedTo(room_for(window))


def ensure_touch_target(target: QWidget) -> None:
    """Make it large enough to touch, with room around its text."""
    from PySide6.QtWidgets import (  # after the first paint
        QCheckBox,
        QLineEdit,
        QPushButton,
        QRadioButton,
    )

    # Macs have no touch screens, and stretched controls look foreign.
    if target.sizeHint().height() < _TARGET and sys.platform != "darwin":
        target.setMinimumHeight(_TARGET)
    if not _is_fusion():
        return  # the styles of Windows and macOS have that room
    if isinstance(target, QLineEdit):
        target.setTextMargins(_INSIDE, 0, _INSIDE, 0)
        _grow_marks(target)
    elif isinstance(target, QCheckBox | QRadioButton):
        _grow_marks(target)
    elif isinstance(target, QPushButton) and not target.sizePolicy().hasHeightForWidth():
        wanted = target.sizeHint().width() + WIDE
        target.setMinimumWidth(max(target.minimumWidth(), wanted))


def ensure_touch_targets(widget: QWidget) -> None:
    """Make the widget and its click targets large enough to touch."""
    from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit  # after the first paint

    for one in (widget, *widget.findChildren(QWidget)):
        is_part = isinstance(one.parentWidget(), QLineEdit | QComboBox)
        if isinstance(one, QAbstractButton | QLineEdit | QComboBox) and not is_part:
            ensure_touch_target(one)
        elif isinstance(one, QLineEdit) and _is_fusion():
            one.setTextMargins(_INSIDE, 0, 0, 0)
            _grow_marks(one)


def _grow_marks(widget: QWidget) -> None:
    """Let the icons in a line, or the mark of a box or a choice, grow with a large font.

    Those of Fusion have one size.
    """
    if widget.fontMetrics().lineSpacing() > _LARGE * USUAL_LINE:
        widget.setStyle(_style_with_large_marks())


@cache
def _style_with_large_marks() -> QProxyStyle:
    """Return the style for a large font. No style sheet changes the size of the icons in a line.

    With the usual font there is no such style: each question to it is a call of Python.
    """
    from PySide6.QtWidgets import QApplication, QProxyStyle, QStyle, QStyleOption

    metrics = QStyle.PixelMetric
    marks = (
        metrics.PM_IndicatorWidth,
        metrics.PM_IndicatorHeight,
        metrics.PM_ExclusiveIndicatorWidth,
        metrics.PM_ExclusiveIndicatorHeight,
    )
    gaps = (metrics.PM_CheckBoxLabelSpacing, metrics.PM_RadioButtonLabelSpacing)

    class LargeMarks(QProxyStyle):
        def pixelMetric(
            self,
            metric: QStyle.PixelMetric,
            option: QStyleOption | None = None,
            widget: QWidget | None = None,
        ) -> int:
            if metric == metrics.PM_LineEditIconSize and widget:
                return widget.fontMetrics().lineSpacing()
            if metric in marks and widget:
                return widget.fontMetrics().ascent()
            if metric in gaps and widget:
                return SPACING
            return super().pixelMetric(metric, option, widget)

    large = LargeMarks("fusion")
    large.setParent(QApplication.instance())  # or it would be gone before the last line
    return large


def make_primary(*buttons: QPushButton) -> None:
    """Fill the buttons with the accent; again when the colours change.

    The styles of Windows 10 and macOS mark the default button themselves. That of Windows 11 only
    outlines it.
    """
    from PySide6.QtWidgets import QApplication  # after the first paint

    if not (_is_fusion() or _is_windows_11()):
        return
    for button in buttons:
        button.setProperty(_PRIMARY, True)
        if _is_fusion():  # it fills with a gradient of lighter shades
            ground = accent(QApplication.palette(button)).darker(_FUSION_DARKER)
            _fill(button, ground)
        else:
            (button.findChild(_Shades) or _Shades(button)).fill()


def _fill(button: QPushButton, ground: QColor) -> None:
    from PySide6.QtWidgets import QApplication  # after the first paint

    palette = QApplication.palette(button)
    for group in _ENABLED:
        palette.setColor(group, QPalette.ColorRole.Button, ground)
        palette.setColor(group, QPalette.ColorRole.ButtonText, on_accent(palette))
        if not _is_fusion():  # the style of Windows 11 outlines the default button with it
            palette.setColor(group, QPalette.ColorRole.Accent, ground)
    button.setPalette(palette)


class _Shades(QObject):
    """Shows on a primary button that the pointer is on it, and that it is pressed.

    The style of Windows 11 does so with a colour of its own only.
    """

    def __init__(self, button: QPushButton) -> None:
        super().__init__(button)
        self._button = button
        button.installEventFilter(self)
        button.pressed.connect(self.fill)
        button.released.connect(self.fill)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Enter, QEvent.Type.Leave):
            self.fill()
        return super().eventFilter(watched, event)

    def fill(self) -> None:
        """Fill the button as it is now. Text and ground differ no less than at rest."""
        from PySide6.QtWidgets import QApplication  # after the first paint

        if not is_primary(self._button):
            return
        palette = QApplication.palette(self._button)
        share = 0.0
        if self._button.isDown():
            share = _PRESSED
        elif self._button.underMouse():
            share = _POINTED_AT
        palette = QApplication.palette(self._button)
        _fill(self._button, _between(palette.windowText().color(), accent(palette), share))


def make_ordinary(button: QPushButton) -> None:
    """Undo ``make_primary``."""
    button.setPalette(QPalette())
    button.setProperty(_PRIMARY, False)


def is_primary(widget: QWidget) -> bool:
    """Return whether ``make_primary`` has filled the widget."""
    return bool(widget.property(_PRIMARY))


def _is_fusion() -> bool:
    from PySide6.QtWidgets import QApplication  # after the first paint

    return not _has_other_styles() or bool(QApplication.style().objectName() == "fusion")


@cache
def _has_other_styles() -> bool:
    """Tell whether there is a style besides Qt's own; on Linux, there usually is none.

    Then nobody needs to ask for the style before the first paint: PySide would create the class
    of styles with its 566 enumeration members, which takes 10 ms.
    """
    from PySide6.QtWidgets import QStyleFactory

    return not set(QStyleFactory.keys()) <= _STYLES_OF_QT


def _is_windows_11() -> bool:
    """Return whether the style is that of Windows 11, without a high-contrast theme."""
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication  # after the first paint

    if QApplication.style().objectName() != "windows11":
        return False
    return QGuiApplication.styleHints().colorScheme() != Qt.ColorScheme.Unknown


def is_dark(palette: QPalette) -> bool:
    """Tell whether text is lighter than what it stands on."""
    return palette.windowText().color().lightness() > palette.window().color().lightness()


def muted(palette: QPalette) -> QColor:
    """Return the colour of help texts: between text and ground, contrast at least 4.5 : 1."""
    return _mixed(palette, 0.7)


def _mixed(palette: QPalette, share: float, ground: QColor | None = None) -> QColor:
    """Return a colour between that of text, of which it has a share from 0 to 1, and a ground.

    Without ``ground`` it is the window's.
    """
    return _between(palette.windowText().color(), ground or palette.window().color(), share)


def _between(one: QColor, other: QColor, share: float) -> QColor:
    """Return a colour that has a share, from 0 to 1, of one and the rest of the other."""
    mixed = [
        round(share * a + (1 - share) * b)
        for a, b in zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)  # type: ignore[index]
    ]
    return QColor(*mixed)


def outline(palette: QPalette) -> QColor:
    """Return the colour of the outline of a shape that means something: at least 3 : 1.

    Also at 125 %, where part of a line's colour is lost between two pixels.
    """
    return _mixed(palette, 0.6)


def hairline(palette: QPalette) -> QColor:
    """Return the colour of a decorative line."""
    return _mixed(palette, 0.2)


def raised(palette: QPalette) -> QColor:
    """Return the background of a card, close to the page's own."""
    return _mixed(palette, 0.04, palette.base().color())


def accent(palette: QPalette) -> QColor:
    """Return the colour of the current step and of completed ones."""
    return QColor(_ACCENT_IN_THE_DARK if is_dark(palette) else _ACCENT)


def on_accent(palette: QPalette) -> QColor:
    """Return the colour of text on ``accent``."""
    return QColor("#000000" if is_dark(palette) else "#ffffff")


def problem(palette: QPalette) -> QColor:
    """Return the colour of problems; colour must never be their only sign."""
    return QColor("#ff9b90" if is_dark(palette) else "#b3261e")


def success(palette: QPalette) -> QColor:
    """Return the colour of what is right, as loud as ``problem``; a text says it too."""
    return accent(palette)


def caution(palette: QPalette) -> QColor:
    """Return the colour of what is neither right nor wrong; a text says it too."""
    return QColor("#d9a53a" if is_dark(palette) else "#9a6a00")


def fix_palette() -> None:
    """Let what takes clicks and text, and what is chosen, be seen; again when the colours change.

    WCAG 2.2 asks for 3 : 1, and for 4.5 : 1 of a text that is selected. The styles of Windows 10
    and macOS do not need this.
    """
    if _is_fusion():
        _fix_fusion_palette()
    elif _is_windows_11():
        _fix_windows_11_palette()


def _fix_windows_11_palette() -> None:
    """Lighten the selected row in a list with alternating colours.

    The style writes on the accent there, black in the light: a contrast of 2.4 : 1.
    """
    from PySide6.QtWidgets import QApplication  # after the first paint

    palette = QApplication.palette()
    chosen, ground = palette.highlight().color(), palette.base().color()
    mixed = _between(chosen, ground, _SELECTED)
    for group in _ENABLED:
        palette.setColor(group, QPalette.ColorRole.Highlight, mixed)
        palette.setColor(group, QPalette.ColorRole.HighlightedText, palette.text().color())
    # PySide6 takes a str, and declares bytes, which it refuses.
    QApplication.setPalette(palette, "QAbstractItemView")  # type: ignore[arg-type]


def _fix_fusion_palette() -> None:
    """Outline with a colour that is seen.

    Fusion, Qt's own style, outlines with a darker shade of the window's colour: nearly the colour
    of a field, in the dark.
    """
    from PySide6.QtWidgets import QApplication  # after the first paint

    palette = QApplication.palette()
    ground = outline(palette).lighter(_FUSION_DARKER)
    if palette.highlight().color() == _FUSION_HIGHLIGHT:
        for group in _ENABLED:
            palette.setColor(group, QPalette.ColorRole.Highlight, accent(palette))
            palette.setColor(group, QPalette.ColorRole.HighlightedText, on_accent(palette))
    # As above.
    QApplication.setPalette(palette, "QMenu")  # type: ignore[arg-type]
    for group in _ENABLED:
        palette.setColor(group, QPalette.ColorRole.Window, ground)
    for kind in _OUTLINED:
        QApplication.setPalette(palette, kind)  # type: ignore[arg-type]
    # With the focus, these are outlined with a darker shade of this: in the dark, of the blue of
    # GNOME, it is not seen.
    for group in _ENABLED:
        palette.setColor(group, QPalette.ColorRole.Highlight, accent(palette))
    for kind in ("QCheckBox", "QRadioButton"):
        QApplication.setPalette(palette, kind)  # type: ignore[arg-type]


def follow_desktop() -> None:
    """Become dark or light as the desktop is; some say so without naming any colour (GNOME).

    Call it again when that changes.
    """
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication

    app = QApplication.instance()
    assert isinstance(app, QApplication)
    if not _is_fusion():
        return
    if app.property(_FOLLOWS):
        app.setPalette(QPalette())  # the desktop's own again
        app.setProperty(_FOLLOWS, False)
    wanted = app.styleHints().colorScheme()
    if wanted == Qt.ColorScheme.Unknown:
        return
    if (wanted == Qt.ColorScheme.Dark) != is_dark(app.palette()):
        app.setPalette(app.style().standardPalette())
        app.setProperty(_FOLLOWS, True)


def title(font: QFont) -> QFont:
    """Return the font of the title of a page, from that of its text."""
    return _larger(font, TITLE)


def heading(font: QFont) -> QFont:
    """Return the font of a heading inside a page, from that of its text."""
    return _larger(font, HEADING)


def strong(font: QFont) -> QFont:
    """Return the font of what stands out in a text, as large as the rest."""
    return _larger(font, 1)


def _larger(font: QFont, times: float) -> QFont:
    """Return a bold font, so many times as large."""
    bold = QFont(font)
    bold.setBold(True)
    if times != 1:
        bold.setPointSizeF(times * font.pointSizeF())
    return bold


def tabular(font: QFont) -> QFont:
    """Return the font with digits of one width, so that those of a column can be compared."""
    even = QFont(font)
    even.setFeature(QFont.Tag("tnum"), 1)
    return even


def fixed(font: QFont) -> QFont:
    """Return a monospaced font of the same size."""
    from PySide6.QtGui import QFontDatabase  # not before the first paint

    found = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    if sys.platform == "win32":  # Qt finds Courier New, whose strokes are thin on a screen
        found.setFamilies(["Consolas", *found.families()])
    if font.pointSizeF() > 0:
        found.setPointSizeF(font.pointSizeF())
    else:
        found.setPixelSize(font.pixelSize())
    return found
