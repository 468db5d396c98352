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
from enos_csr_gui.core.errors import escape_unprintable
from enos_csr_gui.gui import style
from enos_csr_gui.gui.widgets.copy_button import CopyButton
from enos_csr_gui.gui.widgets.source_text import SourceText
from enos_csr_gui.i18n import _

_PEM = re.compile(r"-----BEGIN.*?(-----END[^-]*-----|\Z)", re.DOTALL)

_DATA = re.compile(r"[A-Za-z0-9+/=]{80,}|(?:\\x[0-9a-f]{2}.{0,3}?){8,}")
"""Base64 or bytes that are long enough for a part of a key."""

_LONGEST = 20_000
"""Characters; a foreign file may have caused an endless message."""


def describe(error: BaseException, secrets: Iterable[str]) -> str:
    """Return a report of the error without ``secrets`` and without what may be a key.

    Foreign text in it can be shown.
    """
    try:
        trace = "".join(traceback.format_exception(error))
    except Exception:  # no memory, or an error that cannot be written as text
        trace = type(error).__name__
    lines = [
        f"{NAME} {__version__}",
        f"Python {platform.python_version()}, PySide6 {PySide6.__version__}, {platform.platform()}",
        "",
        trace if len(trace) <= _LONGEST else f"{trace[:_LONGEST]}\n...",
    ]
    report = _PEM.sub("[removed]", "\n".join(lines))
    for secret in sorted(secrets, key=len, reverse=True):
        for written in (secret, repr(secret)[1:-1]):
            report = report.replace(written, "[removed]")
    return escape_unprintable(_DATA.sub("[removed]", report), keep="\n")


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
        column.setContentsMargins(*[style.WIDE] * 4)
        column.setSpacing(style.WIDE)
        column.addWidget(text)
        column.addWidget(details)
        column.addWidget(buttons)
        style.ensure_touch_targets(self)

    def sizeHint(self) -> QSize:
        return style.grown_size(self, 680, 400)
