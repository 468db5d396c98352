"""The cover sheet: one page to print or attach to a ticket, with nothing secret on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF
from PySide6.QtGui import QFont, QPageLayout, QPageSize, QPdfWriter, QTextDocument

from enos_csr_gui.core import serials
from enos_csr_gui.core.subject import SUBJECT_FIELDS
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels

_DOTS_PER_INCH = 300

# Made on import, in the UI thread, as ``pdf`` runs in another: see ``background.run``.
_A4 = QPageLayout(
    QPageSize(QPageSize.PageSizeId.A4),
    QPageLayout.Orientation.Portrait,
    QMarginsF(20, 20, 20, 20),
    QPageLayout.Unit.Millimeter,
)
_WRITE_ONLY = QIODevice.OpenModeFlag.WriteOnly
_LIGATURES = QFont.Tag("liga")


def rows(
    subject: Mapping[str, str],
    csr_name: str,
    public_key_sha256: str,
    date: str,
    address: str,
    *,
    serial: int | None = None,
) -> list[tuple[str, str]]:
    """Return the rows of the sheet: labels and texts.

    ``address`` may be empty. ``serial`` is that of the certificate to be renewed.
    """
    found = [
        (f"{labels.label(field.key)} ({field.initials})", labels.value(field.key, subject))
        for field in SUBJECT_FIELDS
        if field.key in subject
    ]
    found += [
        (_("Request file"), csr_name),
        (_("Public-key fingerprint"), labels.fingerprint(public_key_sha256)),
        (_("Created on"), date),
    ]
    if serial is not None:
        found.append((_("Serial number of the old certificate"), serials.written(serial)))
    if address:
        found.append((_("Submit to"), address))
    return found


def pdf(rows: Sequence[tuple[str, str]], note: str) -> bytes:
    """Return the sheet as PDF, A4; ``note`` is the organization's and may be empty."""
    cells = "".join(
        f"<tr><td>{escape(label)}</td><td><b>{escape(text).replace(chr(10), '<br>')}</b></td></tr>"
        for label, text in rows
    )
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
    document.setHtml(
        f"<h2>{escape(heading)}</h2>"
        f"<table cellpadding='6'>{cells}</table><p>{escape(advice)}</p>"
        + (f"<p>{escape(note)}</p>" if note else "")
    )
    document.print_(writer)
    buffer.close()
    data: QByteArray = buffer.data()
    return bytes(data.data())
