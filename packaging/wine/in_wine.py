"""A pytest plugin, loaded under Wine: skips what fails because of Wine, and notes the results.

``ENOS_CSR_WINE`` in the environment is the version of Wine and the Qt platform, such as
'8 offscreen'; ``ENOS_CSR_RESULTS`` is the file for the results, in JSON, one a line.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tomllib
from pathlib import Path

import hypothesis
import pytest

# Each call of OpenSSL takes a quarter of a second under Wine; Linux tries all examples.
hypothesis.settings.register_profile(
    "wine", max_examples=15, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("wine")

# Every letter of a failure can be printed.
if isinstance(sys.stdout, io.TextIOWrapper):
    sys.stdout.reconfigure(encoding="utf-8")

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


def pytest_configure(config: pytest.Config) -> None:
    """Note the results, unless this is a worker of pytest-xdist."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Notes(config))


class _Notes:
    """Writes down every result, and prints every failure, as soon as it is there.

    A run that is ended early, or never ends, has then said what it knows.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._results = Path(os.environ["ENOS_CSR_RESULTS"])

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Note that a test begins: perhaps it is the one that never ends."""
        self._note(test=nodeid, when="start")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the result of one phase of a test."""
        reason = ""
        if report.skipped and isinstance(report.longrepr, tuple):
            reason = report.longrepr[2].removeprefix("Skipped: ")
        self._note(
            test=report.nodeid,
            when=report.when,
            outcome=report.outcome,
            seconds=round(report.duration, 3),
            reason=reason,
        )
        self._show(report)

    def _note(self, **result: object) -> None:
        with self._results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(result) + "\n")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Show what prevents tests from being collected."""
        self._show(report)

    def _show(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and terminal:
            terminal.write("\n")
            terminal.section(f"FAILED {report.nodeid}")
            terminal.write_line(report.longreprtext)
            for title, text in report.sections:
                terminal.write_line(f"{title}:\n{text}")
            terminal.flush()
