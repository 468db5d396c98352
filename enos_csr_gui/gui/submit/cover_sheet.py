"""The cover sheet: one page to print or attach to a ticket, with nothing secret on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QUrl
from PySide6.QtGui import (
    QFont,
    QIcon,
    QImage,
    QPageLayout,
    QPageSize,
    QPdfWriter,
    QTextDocument,
)

from enos_csr_gui import resources
from enos_csr_gui.core.subject import SUBJECT_FIELDS
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels

_DOTS_PER_INCH = 300
_MARK = 48
"""The height and width of the program's mark, in device-independent pixels."""

# Made on import, in the UI thread, as ``pdf`` runs in another: see ``background.run``.
_A4 = QPageLayout(
    QPageSize(QPageSize.PageSizeId.A4),
    QPageLayout.Orientation.Portrait,
    QMarginsF(),  # Qt adds 2 cm when it prints a document
)
_IMAGE = QTextDocument.ResourceType.ImageResource
_WRITE_ONLY = QIODevice.OpenModeFlag.WriteOnly
_LIGATURES = QFont.Tag("liga")


class Row(NamedTuple):
    """A row of the sheet. A number has letters of one width, so that two can be compared."""

    label: str
    text: str
    is_number: bool = False


def rows(
    subject: Mapping[str, str],
    csr_name: str,
    public_key_sha256: str,
    date: str,
    address: str,
    *,
    serial: int | None = None,
) -> list[Row]:
    """Return the rows of the sheet.

    ``address`` may be empty. ``serial`` is that of the certificate to be renewed.
    """
    found = [
        Row(f"{labels.label(field.key)} ({field.initials})", labels.value(field.key, subject))
        for field in SUBJECT_FIELDS
        if field.key in subject
    ]
    found += [
        Row(_("Request file"), csr_name),
        Row(_("Public-key fingerprint"), labels.fingerprint(public_key_sha256), is_number=True),
        Row(_("Created on"), date),
    ]
    if serial is not None:
        label = _("Serial number of the old certificate")
        found.append(Row(label, labels.serial_number(serial), is_number=True))
    if address:
        found.append(Row(_("Submit to"), address))
    return found


def mark() -> QImage:
    """Return the program's mark; only the UI thread can draw it."""
    size = _MARK * _DOTS_PER_INCH // 96
    return QIcon(str(resources.icon("app"))).pixmap(size, size).toImage()


def pdf(rows: Sequence[Row], note: str, mark: QImage) -> bytes:
    """Return the sheet as PDF, A4; ``note`` is the organization's and may be empty."""
    cells = "".join(f"<tr><td>{escape(row.label)}</td><td>{_cell(row)}</td></tr>" for row in rows)
    advice = _(
        "Compare the public-key fingerprint with that of the request file: EnOS CSR shows it "
        "under 'Check a file'. The request file contains no secret. The key file stays with "
        "the person who created the request, and is never submitted."
    )
    heading = _("Certificate request for EnOS")
    buffer = QBuffer()
    buffer.open(_WRITE_ONLY)
    writer = QPdfWriter(buffer)
    writer.setResolution(_DOTS_PER_INCH)
    writer.setPageLayout(_A4)
    writer.setTitle(heading)
    document = QTextDocument()
    # No ligatures, so that names can be copied from the PDF.
    font = document.defaultFont()
    font.setFeature(_LIGATURES, 0)
    document.setDefaultFont(font)
    document.addResource(_IMAGE, QUrl("mark"), mark)
    document.setHtml(
        f"<table><tr><td><img src='mark' width='{_MARK}' height='{_MARK}'></td>"
        "<td style='padding-left: 16; vertical-align: middle'>"
        f"<h2>{escape(heading)}</h2></td></tr></table>"
        f"<table cellpadding='6'>{cells}</table><p>{escape(advice)}</p>"
        + (f"<p>{escape(note)}</p>" if note else "")
    )
    document.print_(writer)
    buffer.close()
    data: QByteArray = buffer.data()
    return bytes(data.data())


def _cell(row: Row) -> str:
    text = escape(row.text).replace("\n", "<br>")
    return f"<b><tt>{text}</tt></b>" if row.is_number else f"<b>{text}</b>"
