"""What Qt's own translations lack: its file dialog is partly in English without it."""

from __future__ import annotations

from PySide6.QtCore import QTranslator

from enos_csr_gui.i18n import N_, _

_TEXTS = {
    ("QFileDialog", "&Look in:"): N_("&Look in:"),
    ("QFileDialog", "Files of &type:"): N_("Files of &type:"),
    ("QAbstractFileIconProvider", "Folder"): N_("Folder"),
    ("QAbstractFileIconProvider", "File Folder"): N_("Folder"),  # on Windows
    ("QAbstractFileIconProvider", "Drive"): N_("Drive"),
}


class MissingTexts(QTranslator):
    """Install it before Qt's own translation: Qt asks the one installed last first."""

    def isEmpty(self) -> bool:
        return False

    def translate(
        self, context: str, source: str, disambiguation: str | None = None, n: int = -1
    ) -> str | None:
        del disambiguation, n
        text = _TEXTS.get((context, source))
        return _(text) if text else None
