"""What a reminder in a calendar says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from enos_csr_gui.core import reminders, serials
from enos_csr_gui.core.history import local_date
from enos_csr_gui.core.reminders import Reminder
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels


def reminder(
    subject: Mapping[str, str], public_key_sha256: str, serial: int, expires: datetime
) -> Reminder:
    """Return the reminder to renew a certificate."""
    name = labels.common_name(subject)
    lines = [
        _("The certificate of '{name}' expires on {date}.").format(
            name=name, date=local_date(expires)
        ),
        _(
            "Open EnOS CSR and choose 'Renew a certificate'. Submit the request before that day, "
            "because EnOS renews only certificates that are still valid."
        ),
        labels.named(_("Serial number"), serials.written(serial)),
    ]
    return Reminder(
        reminders.uid(public_key_sha256, serial),
        reminders.renewal_day(expires),
        _("Renew the certificate of {name}").format(name=name),
        "\n".join(lines),
    )
