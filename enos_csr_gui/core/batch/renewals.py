"""The devices whose certificates are to be renewed, as a table."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from enos_csr_gui.core.batch.columns import Columns
from enos_csr_gui.core.batch.rows import FIELD_KEYS, Row, Rows
from enos_csr_gui.core.batch.table import Table
from enos_csr_gui.core.history import PastRequest, RequestHistory, default_path

_COLUMNS = Columns(FIELD_KEYS, {key: place for place, key in enumerate(FIELD_KEYS)}, (), False)


def expiring(within: timedelta) -> Table:
    """Return the requests whose certificates expire in this time, the most urgent first.

    Lines count from 1. Raises HistoryUnavailable.
    """
    with RequestHistory() as history:
        return of(history.expiring(within=within))


def of(requests: Iterable[PastRequest]) -> Table:
    """Return the requests as a table. Lines count from 1."""
    rows = Rows(
        Row(line, tuple(past.subject.get(key, "") for key in FIELD_KEYS))
        for line, past in enumerate(requests, 1)
    )
    return Table(default_path(), _COLUMNS, rows)


def completed(table: Table) -> Table:
    """Return the table with what its rows leave empty taken from the last request for that name.

    The common name becomes that of the request, exactly. Raises HistoryUnavailable.
    """
    rows = Rows()
    with RequestHistory() as history:
        for row in table.rows:
            past = history.find_common_name(row.common_name) if row.common_name else []
            if past:
                pairs = zip(FIELD_KEYS, row.answers, strict=True)
                answers = [text or past[0].subject.get(key, "") for key, text in pairs]
                answers[FIELD_KEYS.index("common_name")] = past[0].common_name
                rows.append(row._replace(answers=tuple(answers)))
            else:
                rows.append(row)
    return table._replace(rows=rows)
