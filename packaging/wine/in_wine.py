"""A pytest plugin, loaded under Wine: skips what fails because of Wine, and writes the figures.

``ENOS_CSR_WINE`` in the environment is the version of Wine and the Qt platform, such as
'8 offscreen'; ``ENOS_CSR_FIGURES`` is the file for the figures, in JSON.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections import defaultdict
from pathlib import Path

import hypothesis
import pytest

# Each call of OpenSSL takes a quarter of a second under Wine; Linux tries all examples.
hypothesis.settings.register_profile(
    "wine", max_examples=15, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("wine")

os.environ["QT_QPA_PLATFORM"] = os.environ["ENOS_CSR_WINE"].split()[1]  # Wine passes no QT_* on


def faults(kind: str) -> dict[str, str]:
    """Return the names of the tests that this kind of Wine fails, with the reasons."""
    listed = tomllib.loads(Path(__file__).with_name("faults.toml").read_text(encoding="utf-8"))
    return {
        test: fault["reason"]
        for fault in listed["fault"]
        if kind in fault["in"]
        for test in fault["tests"]
    }


def _names(item: pytest.Item) -> list[str]:
    """Return the names by which a test may be listed: with and without its parameters."""
    return [item.nodeid, item.nodeid.partition("[")[0]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests that fail because of Wine: some would never end."""
    known = faults(os.environ["ENOS_CSR_WINE"])
    for item in items:
        for name in _names(item):
            if reason := known.get(name):
                item.add_marker(pytest.mark.skip(reason=f"Wine: {reason}"))
                break


_outcomes: dict[str, str] = {}
_reasons: dict[str, str] = {}
_seconds: dict[str, float] = defaultdict(float)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note the result of a test, and its time with that of its file."""
    _seconds[report.nodeid.partition("::")[0]] += report.duration
    if report.skipped and isinstance(report.longrepr, tuple):
        _reasons[report.nodeid] = report.longrepr[2].removeprefix("Skipped: ")
    if report.failed or report.skipped or report.when == "call":
        _outcomes.setdefault(report.nodeid, report.outcome)
        if report.failed:
            _outcomes[report.nodeid] = "failed"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the figures, unless this is a worker of pytest-xdist."""
    if hasattr(session.config, "workerinput"):
        return
    by_outcome: dict[str, list[str]] = {key: [] for key in ("passed", "failed", "skipped", "wine")}
    for name, outcome in _outcomes.items():
        reason = _reasons.get(name, "")
        by_outcome["wine" if reason.startswith("Wine: ") else outcome].append(name)
    text = json.dumps({"reasons": _reasons, "seconds": _seconds, **by_outcome}, indent=1)
    Path(os.environ["ENOS_CSR_FIGURES"]).write_text(text, encoding="utf-8")
