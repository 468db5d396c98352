"""A window that stays open for weeks: nothing grows with the requests made in it."""

from __future__ import annotations

import gc
import os
import sys
import threading
from pathlib import Path

import pytest
from person import Person
from PySide6.QtWidgets import QApplication, QWidget

REQUESTS = int(os.environ.get("ENOS_CSR_REQUESTS", "60"))
"""How many requests are made; docs/security.md has the figures of a longer run."""

WARM_UP = 20
KILOBYTES_EACH = 20

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1400 * max(1, REQUESTS // 60)),
    pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux tells about a process"),
]


def taken() -> dict[str, int]:
    """Return what this process holds: files, threads, widgets, and kilobytes of memory."""
    gc.collect()
    status = Path("/proc/self/status").read_text()
    [resident] = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")]
    windows = QApplication.topLevelWidgets()
    return {
        "files": len(list(Path("/proc/self/fd").iterdir())),
        "threads": threading.active_count(),
        "widgets": len(windows) + sum(len(one.findChildren(QWidget)) for one in windows),
        "kilobytes": int(resident),
    }


def test_many_requests_in_one_window_take_nothing_that_is_not_given_back(
    person: Person, labelled: dict[str, str], saved: Path
) -> None:
    person.walks_to_save(labelled)
    person.goes_on("Done", "Save")
    before = taken()
    for number in range(2, REQUESTS + 1):
        if number == WARM_UP:
            before = taken()
        person.goes_on("Who is it for?", "Create another request")
        person.fills_in({"Common name": f"dev-{number:04}"})
        person.goes_on("Review")
        person.goes_on("Save")
        person.goes_on("Done", "Save")
    after = taken()
    print(f"{REQUESTS} requests: {before} -> {after}")
    assert len(list(saved.glob("*.csr"))) == REQUESTS
    for held in ("files", "threads", "widgets"):  # one for each request would be twice as many
        assert after[held] - before[held] < (REQUESTS - WARM_UP) / 2, held
    grown = after["kilobytes"] - before["kilobytes"]
    assert grown < KILOBYTES_EACH * (REQUESTS - WARM_UP) + 4096
