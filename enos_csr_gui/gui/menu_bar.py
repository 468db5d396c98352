"""The menu bar of macOS, where people look for 'About' and the help. Other systems have none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenuBar

from enos_csr_gui.gui.help import show_about
from enos_csr_gui.i18n import _

if TYPE_CHECKING:
    from enos_csr_gui.gui.wizard import RequestWizard


def make_menu_bar(wizard: RequestWizard) -> QMenuBar:
    """Return a menu bar for the caller to keep.

    It has no parent, so that macOS shows it whichever window is in front. macOS moves 'About' into
    the menu with the program's name, where Qt adds 'Quit', which closes the window and lets it ask.
    The program has no preferences but the language, which is on its first page.
    """
    bar = QMenuBar()
    menu = bar.addMenu(_("Help"))
    about = menu.addAction(_("A&bout"))
    about.setMenuRole(QAction.MenuRole.AboutRole)
    about.triggered.connect(lambda: show_about(wizard))
    menu.addAction(_("Help")).triggered.connect(wizard.show_help)
    return bar
