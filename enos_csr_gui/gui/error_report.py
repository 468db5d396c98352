"""A dialog for unexpected errors, with a report to copy."""

from __future__ import annotations

import platform
import re
import traceback
from collections.abc import Iterable

import PySide6
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout

from enos_csr_gui import NAME, __version__
from enos_csr_gui.gui import style
from enos_csr_gui.gui.widgets.copy_button import CopyButton
from enos_csr_gui.gui.widgets.source_text import SourceText
from enos_csr_gui.i18n import _

_PEM = re.compile(r"-----BEGIN.*?(-----END[^-]*-----|\Z)", re.DOTALL)


def describe(error: BaseException, secrets: Iterable[str]) -> str:
    """Return a report of the error without ``secrets`` and without anything in PEM."""
    lines = [
        f"{NAME} {__version__}",
        f"Python {platform.python_version()}, PySide6 {PySide6.__version__}, {platform.platform()}",
        "",
        *traceback.format_exception(error),
    ]
    report = _PEM.sub("[removed]", "\n".join(lines))
    for secret in sorted(secrets, key=len, reverse=True):
        for written in (secret, repr(secret)[1:-1]):
            report = report.replace(written, "[removed]")
    return report


class ReportDialog(QDialog):
    """Says that something went wrong, that nothing is lost, and what to send to whom."""

    def __init__(self, report: str) -> None:
        super().__init__()
        self.setWindowTitle(_("Something went wrong"))
        text = QLabel(
            _(
                "The program met an unexpected error. Saved files are still there. Try "
                "again. If it happens again, copy this report and send it to your support "
                "team. It contains no key and no passphrase."
            )
        )
        text.setWordWrap(True)
        details = SourceText(_("Report"))
        details.setPlainText(report)
        details.setLineWrapMode(SourceText.LineWrapMode.NoWrap)
        buttons = QDialogButtonBox()
        buttons.addButton(
            CopyButton(_("C&opy the report"), details.toPlainText),
            QDialogButtonBox.ButtonRole.ActionRole,
        )
        buttons.addButton(_("&Close"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.rejected.connect(self.reject)

        column = QVBoxLayout(self)
        column.addWidget(text)
        column.addWidget(details)
        column.addWidget(buttons)
        style.ensure_touch_targets(self)

    def sizeHint(self) -> QSize:
        return QSize(680, 400)
