"""The e-mail that a request is submitted with, and where it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QUrl, QUrlQuery
from PySide6.QtGui import QDesktopServices, QGuiApplication

from enos_csr_gui.core.defaults import SubmitDefaults
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels


def where_to(submit: SubmitDefaults) -> str:
    """Return who gets the file with the request, or with many of them."""
    if submit.email:
        advice = _("Send this file to {address}. It contains no secret.")
    else:
        advice = _(
            "Send this file to the people who manage certificates in your EnOS. It "
            "contains no secret, so e-mail is safe. They work in the EnOS Management "
            "Console, under 'System Management > Certificate Management'."
        )
    # A line of its own: it asks for something that is easily missed.
    return "\n".join(filter(None, (advice.format(address=submit.email), submit.note)))


def senders(subject: Mapping[str, str]) -> list[str]:
    """Return the lines that name the organization and the sender."""
    lines = []
    for key in ("organization", "unit"):
        if value := subject.get(key):
            lines.append(labels.named(labels.label(key), value))
    if address := subject.get("email"):
        lines.append(_("Contact: {address}").format(address=address))
    return lines


def compose(to: str, subject: str, lines: Sequence[str], attached: Path) -> str:
    """Open the mail program with a message, or copy it when there is none.

    ``to`` may be empty. Returns what the user does next: no program lets another one attach a file.
    """
    letter = QUrl("mailto:" + _encoded(to).replace("%40", "@"))
    query = QUrlQuery()
    query.addQueryItem("subject", _encoded(subject))
    query.addQueryItem("body", _encoded("\r\n".join(lines)))
    letter.setQuery(query)
    if QDesktopServices.openUrl(letter):
        return _("Now attach this file to the e-mail: {path}").format(path=attached)
    head = [_("Subject: {subject}").format(subject=subject)]
    text = _(
        "There is no mail program on this computer. The text of the e-mail is "
        "copied: paste it into a new e-mail, and attach this file: {path}"
    )
    if to:
        head.insert(0, _("To: {address}").format(address=to))
        text = _(
            "There is no mail program on this computer. The text of the e-mail is "
            "copied: paste it into a new e-mail to {address}, and attach this file: "
            "{path}"
        )
    # A line of an e-mail ends with CR LF, and one on the clipboard does not.
    copied = "\n".join([*head, "", *lines]).replace("\r\n", "\n")
    QGuiApplication.clipboard().setText(copied)
    return text.format(address=to, path=attached)


def _encoded(text: str) -> str:
    """Return the text percent-encoded for a 'mailto:' URL (RFC 6068), '+' and '&' too."""
    return bytes(QUrl.toPercentEncoding(text).data()).decode("ascii")
