"""The note that a request for the same common name still waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from enos_csr_gui.core import renew
from enos_csr_gui.core.history import RENEWAL_PENDING, RequestHistory

DAY = timedelta(days=1)


def record(made_on: datetime, key: str) -> None:
    with RequestHistory() as history:
        history.record(
            {"common_name": "dev-001"},
            public_key_sha256=key,
            key=Path(f"{key}.key"),
            csr=Path(f"{key}.csr"),
            made_on=made_on,
        )


def noted() -> list[str]:
    return [str(one.code) for one in renew.check_requested("dev-001")]


@pytest.mark.parametrize(("age", "codes"), [(-DAY, ["already-requested"]), (DAY, [])])
def test_a_request_waits_for_two_weeks(age: timedelta, codes: list[str]) -> None:
    record(datetime.now(UTC) - RENEWAL_PENDING - age, "a")
    assert noted() == codes


def test_what_has_its_certificate_or_is_archived_does_not_wait() -> None:
    now = datetime.now(UTC)
    record(now - 2 * DAY, "a")
    with RequestHistory() as history:
        history.certificate_received(
            "a",
            common_name="dev-001",
            serial=7,
            issued=now - DAY,
            expires=now + DAY,
            certificate=Path("a.crt"),
        )
    assert noted() == []
    record(now - DAY, "b")
    assert noted() == ["already-requested"]
    with RequestHistory() as history:
        [newest, _older] = history.find_common_name("dev-001")
        history.archive([newest.number])
    assert noted() == []
