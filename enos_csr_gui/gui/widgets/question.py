"""A question before something is lost or takes long: one button does it, the other does not."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QMessageBox, QWidget

from enos_csr_gui.core.errors import Problem
from enos_csr_gui.gui import style
from enos_csr_gui.gui.texts import problem_text
from enos_csr_gui.i18n import _

_LINE = 60
"""The longest line of what follows from the answer, in letters."""


def confirm(parent: QWidget, text: str, consequence: str, act: str, keep: str) -> bool:
    """Ask ``text``; return whether the user presses ``act``. Enter and Escape press ``keep``."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(parent.window().windowTitle())
    box.setText(text)
    box.setInformativeText(consequence)
    if heading := box.findChild(QLabel, "qt_msgbox_label"):
        heading.setFont(style.strong(heading.font()))
    if below := box.findChild(QLabel, "qt_msgbox_informativelabel"):
        # Qt makes it as narrow as the question and the buttons.
        letters = below.fontMetrics()
        # Qt keeps the dialog narrower than the screen, and would cut the text off.
        widest = min(_LINE * letters.averageCharWidth(), parent.window().width() // 2)
        below.setMinimumWidth(min(letters.horizontalAdvance(consequence), widest))
    acting = box.addButton(act, QMessageBox.ButtonRole.DestructiveRole)
    keeping = box.addButton(keep, QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(keeping)
    box.setEscapeButton(keeping)
    style.ensure_touch_targets(box)
    box.exec()
    return box.clickedButton() is acting


def may_take_long(parent: QWidget, problem: Problem, consequence: str) -> bool:
    """Ask whether to open a key that takes long, as the problem says; return whether to."""
    text = problem_text(problem)
    return confirm(parent, text, consequence, _("&Open it"), _("&Do not open"))
