"""Run the tests in a Python for Windows under Wine: ``./run windows``.

Without arguments, the tests of the core and the command line run, then, under Wine 10, those of the
window: without a screen, and on a screen with the Windows style. ``--short`` runs the part that
depends most on the operating system; where Wine is not available, it says so and succeeds. Other
arguments go to pytest, which then runs once.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import catalogues

from wine import MADE, Unavailable, cache, computers, windows_path, windows_python

_WITHOUT_WINDOW = ["tests/core", "tests/messages", "tests/cli", "tests/test_i18n.py"]
_WINDOW = ["tests/gui"]
_WINDOW_TITLES = {"offscreen": "window without a screen", "windows": "window on a screen"}
_SHORT = [
    *("tests/core/test_files.py", "tests/core/test_permissions.py", "tests/core/test_shell.py"),
    *("tests/core/test_history.py", "tests/core/test_create.py", "tests/core/test_defaults.py"),
    *("tests/core/test_last_answers.py", "tests/messages/test_problems.py"),
    *("tests/cli/test_new.py", "tests/cli/test_signals.py", "tests/cli/test_windows.py"),
    "tests/core/test_windows.py",
]

_TEST_LIMIT = 900
"""Seconds for one test: ends what hangs, and nothing else on a busy machine."""

_LIMIT = 2 * 60 * 60
_SHORT_LIMIT = 60 * 60
"""Seconds for a run of pytest: ends what hangs, and fails with what was known by then."""

# A test that hangs or ends its process is the only one that is lost, however many there are.
_ALONE = ["-q", "-n", "1", "--max-worker-restart=1000"]
_PARALLEL = [*_ALONE, "-n", str(os.cpu_count() or 1), "--dist", "loadgroup"]

_MOST_TO_REPEAT = 30

_FAULT = "Wine: "
"""How the reason begins for which ``in_wine`` leaves out a test."""

_SOME_FAILED = 1
"""The status of pytest when it ran to its end and tests failed."""

_NOTHING_RUN = 5
"""The status of pytest when there was no test."""

_OUT_OF_TIME = 124
"""The status of a run that was ended, as timeout(1) has it."""


@dataclass
class Result:
    """The result of a run of pytest; each list has the names of tests."""

    title: str
    status: int = 0
    minutes: float = 0
    passed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    wine: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Whether all tests have passed."""
        return self.status == 0 and not self.failed

    def figures(self) -> str:
        """Return the figures in one line."""
        counts = {
            "passed": self.passed,
            "failed": self.failed,
            "skipped": self.skipped,
            "left out because of faults of Wine": self.wine,
            "passed only when repeated": self.repeated,
        }
        line = ", ".join(f"{len(names)} {what}" for what, names in counts.items())
        ended = f" (pytest ended with {self.status})" * bool(self.status)
        return f"{self.title}, {self.minutes:.0f} minutes: {line}{ended}"

    def read(self, file: Path) -> bool:
        """Take over the results that ``in_wine`` has noted, of a run that may not have ended.

        Return whether there are any.
        """
        outcomes: dict[str, str] = {}
        for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
            try:
                noted = json.loads(line)
            except ValueError:  # the last line of a run that was ended
                break
            name, outcome = noted["test"], noted.get("outcome", "running")
            if reason := noted.get("reason"):
                self.reasons[name] = reason
            if noted["when"] in ("start", "call") or outcome != "passed":
                outcomes[name] = "failed" if outcomes.get(name) == "failed" else outcome
        for name, outcome in outcomes.items():
            is_fault = self.reasons.get(name, "").startswith(_FAULT)
            kind = {"running": "failed"}.get(outcome, "wine" if is_fault else outcome)
            getattr(self, kind).append(name)
        return bool(outcomes)


def prepare(wine: computers.Wine) -> None:
    """Get everything ready, and check that Python runs; raises Unavailable."""
    try:
        python = windows_python.environment()
        with wine.on() as environment:
            imports = "import cryptography, PySide6.QtCore, sqlite3, ssl"
            if status := wine.run(python, "-c", imports, limit=300, **environment):
                raise Unavailable(f"Python does not run under Wine: it ended with {status}")
    except (RuntimeError, OSError) as error:
        raise Unavailable(str(error)) from error


def run(
    wine: computers.Wine,
    platform: str,
    title: str,
    arguments: Sequence[str],
    *,
    limit: int = _LIMIT,
) -> Result:
    """Run pytest with these arguments and this Qt platform, and repeat failed tests once.

    A run of more than ``limit`` seconds is ended; the result has what was known by then.
    """
    first = _run_once(wine, platform, title, arguments, limit)
    print(first.figures(), flush=True)
    if first.status != _SOME_FAILED or not 0 < len(first.failed) <= _MOST_TO_REPEAT:
        return first
    print("== The failed tests again, one at a time", flush=True)
    again = _run_once(wine, platform, f"{title}, repeated", [*_ALONE, *first.failed], limit)
    first.repeated = [name for name in first.failed if name in again.passed]
    first.passed += first.repeated
    first.failed = [name for name in first.failed if name not in first.repeated]
    if not first.failed:
        first.status = again.status
    print(first.figures(), flush=True)
    return first


def _run_once(
    wine: computers.Wine, platform: str, title: str, arguments: Sequence[str], limit: int
) -> Result:
    result = Result(f"{wine}, {title}")
    print(f"== {result.title}", flush=True)
    begin = time.monotonic()
    python = windows_python.environment()
    work = MADE / "work"
    work.mkdir(parents=True, exist_ok=True)
    # Windows can delete no file that is still open.
    with (
        wine.on() as environment,
        tempfile.TemporaryDirectory(dir=work, ignore_cleanup_errors=True) as folder,
    ):
        results = MADE / "results" / f"{result.title}.jsonl"
        results.parent.mkdir(exist_ok=True)
        results.unlink(missing_ok=True)
        given = Path(folder) / "arguments.txt"  # the names of tests are too long for a command line
        given.write_text("\n".join(arguments) + "\n", encoding="utf-8")
        environment |= {
            "ENOS_CSR_RESULTS": windows_path(results),
            "ENOS_CSR_WINE": f"{wine.major} {platform}",
            "PYTHONPATH": windows_path(Path(__file__).parent),
            "PYTHONPYCACHEPREFIX": windows_path(cache() / "pycache"),
        }
        # Failures are printed as they come: see 'in_wine'.
        options = ["-m", "not slow", "-p", "in_wine", "-p", "no:cacheprovider", "--color=no"]
        options += [f"--timeout={_TEST_LIMIT}", "--no-summary"]
        options += ["--basetemp", windows_path(Path(folder) / "tests")]
        options.append(f"@{windows_path(given)}")
        try:
            result.status = wine.run(python, "-m", "pytest", *options, limit=limit, **environment)
        except Unavailable as lack:
            print(f"ENDED: {lack}", flush=True)
            result.status = _OUT_OF_TIME
        if not result.read(results):
            result.status = result.status or _NOTHING_RUN
    result.minutes = (time.monotonic() - begin) / 60
    return result


def run_all(options: Sequence[str]) -> bool:
    """Run all tests, print the figures, and return whether all is well."""
    here = computers.here()
    prepare(here)
    parallel = [*_PARALLEL, *options]
    results = [run(here, "offscreen", "core and command line", [*parallel, *_WITHOUT_WINDOW])]
    missing = ""
    try:
        shown = computers.that_shows_windows()
        prepare(shown)
    except Unavailable as lack:
        missing = f"\nNOT RUN: the window, under Wine 10. Reason: {lack}"
    else:
        results.append(run(shown, "offscreen", _WINDOW_TITLES["offscreen"], [*parallel, *_WINDOW]))
        # One after the other: on a screen, all share the clipboard and the focus.
        one = [*_ALONE, *options, *_WINDOW]
        results.append(run(shown, "windows", _WINDOW_TITLES["windows"], one))
    report(results)
    print(missing)
    return all(result.is_good for result in results)


def run_short(options: Sequence[str]) -> bool:
    """Run the short part; return True also when that is not possible here."""
    try:
        wine = computers.here(wait=False)
        prepare(wine)
        tests = [*_PARALLEL, *options, *_SHORT]
        result = run(wine, "offscreen", "short part", tests, limit=_SHORT_LIMIT)
    except Unavailable as lack:
        print(f"NOT RUN: the tests on Windows. Reason: {lack}")
        return True
    report([result])
    return result.is_good


def report(results: Sequence[Result]) -> None:
    """Print the figures, the failed tests, and what was left out because of Wine."""
    print("\nThe tests on Windows, as far as Wine is one:")
    for result in results:
        print(result.figures())
        for name in result.failed:
            print(f"    FAILED {name}")
        for name in result.repeated:
            print(f"    passed only when repeated: {name}")
    counts = _count_reasons(results)
    if counts:
        print("\nLeft out because of faults of Wine, see packaging/wine/faults.toml:")
    for reason, count in counts.items():
        print(f"    {count} tests: {reason}")


def _count_reasons(results: Sequence[Result]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for result in results:
        for name in result.wine:
            reason = f"{result.title}: {result.reasons[name].removeprefix(_FAULT)}"
            counts[reason] = counts.get(reason, 0) + 1
    return counts


def main() -> int:
    """Run what the command line asks for and return the exit status."""
    parser = argparse.ArgumentParser(prog="./run windows", description=__doc__)
    parser.add_argument(
        "--window",
        choices=_WINDOW_TITLES,
        help="with ARGUMENTS: under Wine 10, on this Qt platform",
    )
    parser.add_argument("--short", action="store_true", help="the part that CI runs")
    parsed, arguments = parser.parse_known_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # switches off what it has started
    catalogues.compile_all()
    try:
        if parsed.short:
            return 0 if run_short(arguments) else 1
        if any(not argument.startswith("-") for argument in arguments):
            wine = computers.that_shows_windows() if parsed.window else computers.here()
            prepare(wine)
            platform = parsed.window or "offscreen"
            result = _run_once(wine, platform, "as asked", arguments, _LIMIT)
            report([result])
            return 0 if result.is_good else 1
        return 0 if run_all(arguments) else 1
    except Unavailable as lack:
        print(lack, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
