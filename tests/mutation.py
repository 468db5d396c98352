"""What ``mutmut run`` needs besides the tests: see docs/mutation.md.

A plugin for pytest. mutmut runs the tests once, to learn which of them reach which function, then
forks a process for each mutant. Some fixtures take longer to make than most tests, and a mutant may
never end or take all memory.

``python tests/mutation.py`` prints the figures of each module that ``mutmut run`` has tried.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

_KEPT = ("key", "key_pem", "other_key", "authority", "strict_authority")
"""These fixtures are made once, by the program as it is, and then inherited."""

_values: dict[str, object] = {}

_PROCESSOR_SECONDS = 20
"""No test needs half of that."""

_MEMORY = 4 << 30

_TIMEOUT = 36
"""The status that mutmut counts as a timeout."""


def _is_mutant() -> bool:
    return "__mutmut_" in os.environ.get("MUTANT_UNDER_TEST", "")


def pytest_configure() -> None:
    if os.environ.get("MUTANT_UNDER_TEST") == "stats":
        del os.environ["MUTANT_UNDER_TEST"]  # mutmut knows; a process of a test needs not
    elif _is_mutant():
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        signal.signal(signal.SIGPROF, lambda *_: os._exit(_TIMEOUT))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    if _is_mutant():
        signal.setitimer(signal.ITIMER_PROF, _PROCESSOR_SECONDS)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef, request: pytest.FixtureRequest):
    name = fixturedef.argname
    if name not in _KEPT or fixturedef.scope == "function":
        return (yield)
    name = f"{fixturedef.baseid}:{name}"
    if name in _values:
        function, fixturedef.func = fixturedef.func, lambda **_: _values[name]
        try:
            return (yield)
        finally:
            fixturedef.func = function
    value = yield
    if hasattr(value, "root"):  # an authority: its folder would be removed with those of the tests
        folder = Path(tempfile.mkdtemp(prefix="enos-csr-mutation-")) / "authority"
        shutil.copytree(value.root.parent, folder)
        value = value._replace(
            root=folder / value.root.name, intermediate=folder / value.intermediate.name
        )
    _values[name] = value
    return value


def _print_figures() -> None:
    from mutmut.stats import status_by_exit_code

    print("| Module | Mutants | Noticed | Survived | No test | Not tried |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    top = Path("mutants/enos_csr_gui")
    for path in sorted(top.rglob("*.meta")):
        codes = json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"].values()
        counts = Counter(status_by_exit_code[code] for code in codes)
        if counts.total() == counts["not checked"]:
            continue
        noticed = counts["killed"] + counts["timeout"]
        survived = [counts[status] for status in ("survived", "no tests", "not checked")]
        if odd := counts.total() - noticed - sum(survived):
            raise SystemExit(f"{path}: {odd} of {counts}: run them again")
        name = path.relative_to(top).as_posix().removesuffix(".meta")
        print(f"| `{name}` | {counts.total()} | {noticed} |", " | ".join(map(str, survived)), "|")


if __name__ == "__main__":
    _print_figures()
