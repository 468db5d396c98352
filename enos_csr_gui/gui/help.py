"""Help on the current page, from the user guide, and information about the program."""

from __future__ import annotations

import re
from itertools import pairwise

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence, QShortcut, QTextCursor, QTextTable
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QTextBrowser,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from enos_csr_gui import NAME, __version__, i18n, resources
from enos_csr_gui.gui import style
from enos_csr_gui.gui.help_shortcut import add_help_shortcuts
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.line import Line
from enos_csr_gui.gui.widgets.roomy_rows import make_roomy
from enos_csr_gui.i18n import _

_CONTENTS = 32
"""The width of the contents, in average characters."""

_TOPIC = re.compile(r'^<a id="(\w+)"></a>$', re.MULTILINE)
_PICTURE = re.compile(r"^!\[.*\]\(.*\)\n", re.MULTILINE)
_LINK_ALONE = re.compile(r"^\[.*\]\(.*\)\n", re.MULTILINE)
_LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")
# A line that ends in Chinese goes on without a blank.
_CHINESE = r"[\u2018-\u201d\u3000-\u9fff\uff00-\uffef]"
_CHINESE_BREAK = re.compile(rf"({_CHINESE}\**)\n *(?=\**{_CHINESE})")


def topics(guide: str) -> dict[str, str]:
    """Return the parts of the guide (Markdown) that begin with a mark: its name -> the text."""
    marks = list(_TOPIC.finditer(guide))
    ends = [*(mark.start() for mark in marks[1:]), len(guide)]
    return {mark[1]: guide[mark.end() : end].strip() for mark, end in zip(marks, ends, strict=True)}


def read_guide() -> str:
    """Return the guide in the language chosen, prepared for the window.

    Pictures are removed, as the window itself is visible, and so are links to other documents.
    """
    guide = resources.guide(i18n.language()).read_text(encoding="utf-8")
    guide = _LINK_ALONE.sub("", _PICTURE.sub("", guide))
    return _CHINESE_BREAK.sub(r"\1", _LINK.sub(r"\1", guide))


class TextWindow(QDialog):
    """A window with a text to read, beside the main window."""

    def __init__(self, title: str, markdown: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._text = QTextBrowser()
        self._text.setOpenLinks(False)  # links must not lead to the network
        self._text.setFrameShape(QTextBrowser.Shape.NoFrame)
        self._text.setAccessibleName(title)
        self._buttons = QDialogButtonBox()
        self._close = self._buttons.addButton(_("&Close"), QDialogButtonBox.ButtonRole.RejectRole)
        self._buttons.rejected.connect(self.reject)
        self._buttons.setContentsMargins(*[style.SPACING] * 4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._beside = QHBoxLayout()
        self._beside.setSpacing(0)
        self._beside.addWidget(self._text, 1)
        column.addLayout(self._beside, 1)
        column.addWidget(self._buttons)
        style.ensure_touch_targets(self)
        self.show_text(markdown)

    def add_side(self, side: QWidget) -> None:
        """Add something at the left of the text."""
        self._beside.insertWidget(0, side)

    def mark(self, text: str) -> None:
        """Select the first place that has the text, and scroll there."""
        self._text.moveCursor(QTextCursor.MoveOperation.Start)
        if text:
            self._text.find(text)

    def add_button(self, button: QPushButton) -> None:
        """Add a button before 'Close'."""
        style.ensure_touch_target(button)
        self._buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        self.setTabOrder(button, self._close)

    def show_text(self, markdown: str) -> None:
        """Show a text from its beginning."""
        self._text.setMarkdown(markdown)
        self._text.document().setDocumentMargin(style.WIDE)
        for table in self._text.document().rootFrame().childFrames():
            if isinstance(table, QTextTable):
                look = table.format()
                look.setTopMargin(style.SPACING)
                look.setCellPadding(style.TIGHT)
                table.setFormat(look)

    def sizeHint(self) -> QSize:
        return style.grown_size(self, 620, 460)


class HelpWindow(TextWindow):
    """The guide: its contents, a field to search in it, and the part about one topic."""

    def __init__(self, topic: str, parent: QWidget) -> None:
        self._guide = read_guide()
        self._parts = topics(self._guide)
        super().__init__(_("Help"), "", parent)
        self._search = Line()
        self._search.setClearButtonEnabled(True)
        for clear in self._search.findChildren(QToolButton):  # Qt's, which has no name
            clear.setAccessibleName(_("Clear"))
        self._search.textChanged.connect(self._find)
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):  # else they would press 'Close'
            to_text = QShortcut(QKeySequence(key), self._search, self._text.setFocus)
            to_text.setContext(Qt.ShortcutContext.WidgetShortcut)
        self._contents = QListWidget()
        self._contents.setAccessibleName(_("Contents"))
        self._contents.setFrameShape(QFrame.Shape.NoFrame)
        self._contents.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._contents.setWordWrap(True)
        make_roomy(self._contents)
        for name, part in self._parts.items():
            item = QListWidgetItem(part.split("\n", 1)[0].lstrip("# "))
            item.setData(Qt.ItemDataRole.UserRole, name)
            self._contents.addItem(item)
        self._contents.currentItemChanged.connect(self._show_chosen)
        self._none = FieldNote(keeps_room=False)
        side = QWidget()
        side.setFixedWidth(_CONTENTS * self.fontMetrics().averageCharWidth())
        column = QVBoxLayout(side)
        column.setContentsMargins(style.SPACING, 0, style.SPACING, style.SPACING)
        column.setSpacing(style.SPACING)
        self._beside.setContentsMargins(0, style.SPACING, 0, 0)
        label = QLabel(_("&Search"))
        label.setBuddy(self._search)
        line = QHBoxLayout()
        line.addWidget(label)
        line.addWidget(self._search, 1)
        column.addLayout(line)
        column.addWidget(self._none)
        column.addWidget(self._contents, 1)
        self.add_side(side)
        style.ensure_touch_targets(side)
        whole = QPushButton(_("&Whole guide"))
        whole.setAutoDefault(False)  # Enter closes
        whole.clicked.connect(self._show_whole)
        self.add_button(whole)
        stops = (self._search, self._text, self._contents, whole, self._close)
        for one, following in pairwise(stops):
            self.setTabOrder(one, following)
        self._text.setFocus()
        add_help_shortcuts(self, self.close)
        self.setModal(False)
        self._find("")
        self.follow(topic)

    def follow(self, topic: str) -> None:
        """Show the part about the page that the person is on now."""
        self._search.clear()
        for item in self._items():
            if item.data(Qt.ItemDataRole.UserRole) == topic:
                self._contents.setCurrentItem(item)
                return
        self._show_whole()

    def _items(self) -> list[QListWidgetItem]:
        return [self._contents.item(row) for row in range(self._contents.count())]

    def _find(self, text: str) -> None:
        """Leave the parts in the contents that have the text; show the first of them."""
        wanted = text.strip().casefold()
        for item in self._items():
            part = self._parts[item.data(Qt.ItemDataRole.UserRole)]
            item.setHidden(wanted not in part.casefold())
        left = [item for item in self._items() if not item.isHidden()]
        self._none.tell("" if left else _("Nothing in the guide has this text."))
        if wanted and left:
            current = self._contents.currentItem()
            if current not in left:
                self._contents.setCurrentItem(left[0])
            self.mark(text.strip())

    def _show_chosen(self, item: QListWidgetItem | None) -> None:
        if item:
            self.show_text(self._parts[item.data(Qt.ItemDataRole.UserRole)])
            self.mark(self._search.text().strip())

    def _show_whole(self) -> None:
        self._contents.setCurrentRow(-1)
        self.show_text(self._guide)

    def sizeHint(self) -> QSize:
        return style.grown_size(self, 820, 500)


def show_help(topic: str, parent: QWidget) -> TextWindow:
    """Open the help about ``topic``; a help window that is open shows it."""
    for window in parent.findChildren(HelpWindow):
        if window.isVisible():
            window.follow(topic)
            window.raise_()
            window.activateWindow()
            return window
    window = HelpWindow(topic, parent)
    window.show()
    return window


def follow_page(topic: str, parent: QWidget) -> None:
    """Have the help window show the part about ``topic``, if it is open."""
    for window in parent.findChildren(HelpWindow):
        if window.isVisible():
            window.follow(topic)


_LIBRARIES = {
    # The metadata may be missing or long.
    "PySide6-Essentials": "LGPL-3.0",
    "cryptography": "Apache-2.0 / BSD-3-Clause",
    "pycountry": "LGPL-2.1",
    "click": "BSD-3-Clause",
    "openpyxl": "MIT",
    "zxcvbn": "MIT",
    "pathvalidate": "MIT",
    "platformdirs": "MIT",
}


def show_about(parent: QWidget) -> TextWindow:
    """Show the program's purpose, version and third-party components."""
    rows = [f"| {name} | {_version(name)} | {licence} |" for name, licence in _LIBRARIES.items()]
    parts = [
        f"# {NAME} {__version__}",
        _(
            "Creates the key and the certificate request that EnOS asks for, and keeps track "
            "of the certificate until it expires."
        ),
        _("Nothing is ever sent over the network. A key is written only where you choose."),
        _("Licence: Apache 2.0, without any warranty. It is built on:"),
        "\n".join([_("| Library | Version | Licence |"), "| --- | --- | --- |", *rows]),
    ]
    window = TextWindow(_("About EnOS CSR"), "\n\n".join(parts), parent)
    window.show()
    return window


def _version(name: str) -> str:
    """Return the version of a library; empty in a frozen program without its metadata."""
    from importlib import metadata  # with all it stands on, it takes its time

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
