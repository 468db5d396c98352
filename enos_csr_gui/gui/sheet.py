"""The hand-over sheet: one page to print or to attach to a ticket, with nothing secret on it."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF
from PySide6.QtGui import QPageLayout, QPageSize, QPdfWriter, QTextDocument

from enos_csr_gui import words
from enos_csr_gui.core.defaults import HandIn
from enos_csr_gui.core.making import Made
from enos_csr_gui.core.subject import SUBJECT_FIELDS, Subject
from enos_csr_gui.i18n import _

_DOTS_PER_INCH = 300


def rows(made: Made, subject: Subject, hand_in: HandIn, date: str) -> list[tuple[str, str]]:
    """Return what stands on the sheet: labels and texts."""
    found = [
        (f"{words.label(field.key)} ({field.initials})", subject[field.key])
        for field in SUBJECT_FIELDS
        if field.key in subject
    ]
    groups = [made.fingerprint[place : place + 8] for place in range(0, 64, 8)]
    found += [
        (_("Request file"), made.csr.name),
        (_("Key fingerprint"), f"{' '.join(groups[:4])}\n{' '.join(groups[4:])}"),
        (_("Made on"), date),
    ]
    if hand_in.email:
        found.append((_("Hand in to"), hand_in.email))
    return found


def pdf(made: Made, subject: Subject, hand_in: HandIn, date: str) -> bytes:
    """Return the sheet as PDF, A4."""
    cells = "".join(
        f"<tr><td>{escape(label)}</td><td><b>{escape(text).replace(chr(10), '<br>')}</b></td></tr>"
        for label, text in rows(made, subject, hand_in, date)
    )
    advice = _(
        "Please compare the fingerprint with that of the request file. The request file holds no "
        "secret. The key file stays on the computer where it was made, and is never handed in."
    )
    heading = _("Certificate request for EnOS")
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(_DOTS_PER_INCH)
    writer.setPageLayout(
        QPageLayout(
            QPageSize(QPageSize.PageSizeId.A4),
            QPageLayout.Orientation.Portrait,
            QMarginsF(20, 20, 20, 20),
            QPageLayout.Unit.Millimeter,
        )
    )
    writer.setTitle(subject.get("common_name", ""))
    document = QTextDocument()
    document.setHtml(
        f"<h2>{escape(heading)}</h2>"
        f"<table cellpadding='6'>{cells}</table><p>{escape(advice)}</p>"
        + (f"<p>{escape(hand_in.note)}</p>" if hand_in.note else "")
    )
    document.print_(writer)
    buffer.close()
    data: QByteArray = buffer.data()
    return bytes(data.data())
