"""What the window and the command line say about a batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from enos_csr_gui.core.subject import SUBJECT_FIELDS
from enos_csr_gui.i18n import _, ngettext
from enos_csr_gui.messages import labels
from enos_csr_gui.messages.problems import problem_text_in_row

if TYPE_CHECKING:
    from enos_csr_gui.core.batch.check import Checked
    from enos_csr_gui.core.batch.rows import Row
    from enos_csr_gui.core.batch.table import Table


def headings_of_rejected(table: Table) -> list[str]:
    """Return the headings of the table of rows that were left out."""
    fields = [labels.label(field.key) for field in SUBJECT_FIELDS]
    return [*fields, *table.columns.unknown_headings, _("Reason")]


def rejected(checked: Checked) -> Iterator[tuple[Row, str]]:
    """Yield each bad row with the reason why it is left out."""
    for row in checked.bad:
        yield row, labels.joined(problem_text_in_row(problem) for problem in row.problems)


def progress(done: int, total: int, seconds: float) -> str:
    """Return how far a run is that has been creating pairs for so many seconds."""
    rate = done / seconds if seconds else 0.0
    left = duration((total - done) / rate) if rate else "–"
    message = _("{done} of {total} created, {rate} per second, {left} left.")
    return message.format(done=done, total=total, rate=f"{rate:.1f}", left=left)


def duration(seconds: float) -> str:
    """Return hours, minutes and seconds, which need no translation: '1:02:07'."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def created(count: int, seconds: float) -> str:
    """Return how many pairs a run has created."""
    text = ngettext(
        "{count} key and request created in {seconds} s.",
        "{count} keys and requests created in {seconds} s.",
        count,
    )
    return text.format(count=count, seconds=f"{seconds:.1f}")


def made_before(count: int) -> str:
    """Return how many rows have their files already; empty for none."""
    text = ngettext(
        "{count} row has its files from an earlier run.",
        "{count} rows have their files from an earlier run.",
        count,
    )
    return text.format(count=count) if count else ""


def left_out(count: int) -> str:
    """Return how many rows were left out; empty for none."""
    text = ngettext("{count} row was left out.", "{count} rows were left out.", count)
    return text.format(count=count) if count else ""
