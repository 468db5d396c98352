"""A question before something is lost: one button does it, the other keeps everything."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox, QWidget

from enos_csr_gui.gui import style


def confirm(parent: QWidget, text: str, consequence: str, act: str, keep: str) -> bool:
    """Ask ``text``; return whether the user presses ``act``. Enter and Escape press ``keep``."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(parent.window().windowTitle())
    box.setText(text)
    box.setInformativeText(consequence)
    acting = box.addButton(act, QMessageBox.ButtonRole.DestructiveRole)
    keeping = box.addButton(keep, QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(keeping)
    box.setEscapeButton(keeping)
    style.ensure_touch_targets(box)
    box.exec()
    return box.clickedButton() is acting
