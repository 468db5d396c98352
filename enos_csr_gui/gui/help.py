"""Help on the current page, from the user guide, and information about the program."""

from __future__ import annotations

import re

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from enos_csr_gui import NAME, __version__, i18n, resources
from enos_csr_gui.gui import style
from enos_csr_gui.gui.help_shortcut import add_help_shortcuts
from enos_csr_gui.i18n import _

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
        column.addWidget(self._text)
        column.addWidget(self._buttons)
        style.ensure_touch_targets(self)
        self.show_text(markdown)

    def add_button(self, button: QPushButton) -> None:
        """Add a button before 'Close'."""
        style.ensure_touch_target(button)
        self._buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        self.setTabOrder(button, self._close)

    def show_text(self, markdown: str) -> None:
        """Show a text from its beginning."""
        self._text.setMarkdown(markdown)
        self._text.document().setDocumentMargin(2 * style.SPACING)

    def sizeHint(self) -> QSize:
        return QSize(620, 460)


def show_help(topic: str, parent: QWidget) -> TextWindow:
    """Open the help about ``topic``, with a button for the whole guide."""
    guide = read_guide()
    window = TextWindow(_("Help"), topics(guide).get(topic, guide), parent)
    whole = QPushButton(_("&Whole guide"))
    whole.setAutoDefault(False)  # Enter closes
    whole.clicked.connect(lambda: window.show_text(guide))
    window.add_button(whole)
    add_help_shortcuts(window, window.close)
    window.setModal(False)
    window.show()
    return window


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
