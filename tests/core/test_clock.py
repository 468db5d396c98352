"""The computer sleeps for hours: ``time.monotonic`` counts them on Windows, and in ``sleeping``."""

from __future__ import annotations

import sys
import time

import pytest

from enos_csr_gui.core import clock
from enos_csr_gui.core.batch import check, make, records, table


def test_the_clock_that_leaves_out_sleep_goes_on_while_awake() -> None:
    before = clock.awake()
    time.sleep(0.1)
    assert clock.awake() > before + 0.05
    if sys.platform != "win32":
        uses = time.get_clock_info("monotonic").implementation
        assert uses in ("clock_gettime(CLOCK_MONOTONIC)", "mach_absolute_time()")


@pytest.mark.usefixtures("sleeping")
def test_a_batch_goes_on_after_sleep(table_of, tmp_path) -> None:
    devices = table.read(table_of(*(f"dev-{number}" for number in range(4))))
    with records.opened(tmp_path / "o") as ledger:
        checked = check.check(devices, ledger, check.Rules())
        outcome = make.make(checked, devices.columns, ledger, check.Rules())
    assert (outcome.created, outcome.stopped) == (4, False)
