"""Change the core, one thing at a time, and see whether a test notices: see docs/mutation.md.

mutmut makes the changes. Its own ``mutmut run`` starts pytest again for each of them, and pytest
takes longer to start than most tests to run. Here pytest starts once, runs every test once to
learn which of them reach which function, and forks a process for each mutant, which has everything
loaded and runs only those tests.
"""

from __future__ import annotations

import argparse
import functools
import gc
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import suppress
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

_PROCESSOR_SECONDS = 20
"""No test needs half of that."""

_SECONDS = 300
"""What waits forever ends after this time by the clock; a busy computer is slow."""

_ENOUGH_SECONDS = 3
"""Of processor time for one mutant, if not told: the quickest tests come first."""

_MEMORY = 4 << 30

_NOTICED, _SURVIVED, _TIMEOUT, _UNREACHED = 1, 0, 36, 33
"""What mutmut calls killed, survived, timeout and no tests."""


class _Runner:
    """A plugin for pytest: runs the mutants in place of the tests."""

    def __init__(self, modules: list[str], again: bool, enough: float) -> None:
        self._modules = modules
        self._enough = enough
        self._again = again
        self._seconds: dict[pytest.Item, float] = {}
        self._reached: defaultdict[str, list[pytest.Item]] = defaultdict(list)

    def pytest_sessionstart(self) -> None:
        import hypothesis  # pytest must be the first to import it

        generate = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
        usual = hypothesis.settings.get_profile("usual")
        hypothesis.settings.register_profile(
            "mutation", usual, phases=generate, derandomize=True, database=None
        )
        hypothesis.settings.load_profile("mutation")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._run_all(session)
        gc.collect()
        caches = [
            one
            for one in gc.get_objects()
            if isinstance(one, functools._lru_cache_wrapper)
            and str(one.__module__).startswith("enos_csr_gui")
        ]
        gc.freeze()
        for module in self._modules:
            self._try_module(module, session, caches)
        return True

    def _run_all(self, session: pytest.Session) -> None:
        """Run every test without a change; what they share stays for the mutants."""
        from mutmut.mutation import trampoline

        _say(f"{len(session.items)} tests, once each")
        hits = _Hits()
        trampoline.record_trampoline_hit = hits.record
        trampoline.set_mutant_under_test("stats")
        os.environ.pop("MUTANT_UNDER_TEST")  # a program that a test starts needs not know
        for item in session.items:
            before = time.monotonic()
            if failed := _failed(item, session):
                raise pytest.UsageError(f"fails without a mutant:\n{failed}")
            self._seconds[item] = time.monotonic() - before
            for function in hits.pop():
                self._reached[function].append(item)
        trampoline.set_mutant_under_test("")

    def _try_module(self, module: str, session: pytest.Session, caches: list) -> None:
        path = Path("enos_csr_gui", f"{module}.py.meta")
        meta = json.loads(path.read_text(encoding="utf-8"))
        codes = meta["exit_code_by_key"]
        tried = (None, _SURVIVED, _UNREACHED) if self._again else (None,)
        waiting = [name for name, code in codes.items() if code in tried]
        _say(f"{module}: {len(waiting)} of {len(codes)}")
        start = saved = time.monotonic()
        for name in waiting:
            items = self._in_order(self._reached[name.rpartition("__mutmut_")[0]], module)
            before = time.monotonic()
            codes[name] = self._try(name, items, session, caches) if items else _UNREACHED
            meta["durations_by_key"][name] = time.monotonic() - before
            if name == waiting[-1] or before > saved + 5:
                saved = before
                path.write_text(json.dumps(meta, indent=4), encoding="utf-8")
            if codes[name] in (_SURVIVED, _UNREACHED):
                _say(f"    {'survived' if items else 'no test'}: {name}")
        counts = Counter(codes.values())
        noticed = counts[_NOTICED] + counts[_TIMEOUT]
        _say(f"{module}: {noticed} of {len(codes)} noticed, {time.monotonic() - start:.0f} s")

    def _in_order(self, items: list[pytest.Item], module: str) -> list[pytest.Item]:
        """Return the tests of the module itself first, then the quick ones.

        Of those with many examples, one is before all others.
        """
        own = f"test_{Path(module).name}.py"
        seen, order = Counter(), []
        for item in sorted(items, key=self._seconds.__getitem__):
            function = item.nodeid.partition("[")[0]
            order.append((item.path.name != own, seen[function], item))
            seen[function] += 1
        order.sort(key=lambda one: one[:2])
        return [item for *_, item in order]

    def _try(self, name: str, items: list, session: pytest.Session, caches: list) -> int:
        process = os.fork()
        if not process:
            try:
                os.setpgid(0, 0)
                _limit()
                for cache in caches:
                    cache.cache_clear()
                from mutmut.mutation.trampoline import set_mutant_under_test

                set_mutant_under_test(name)
                start = sum(os.times()[:4])
                for item in items:
                    if sum(os.times()[:4]) - start > self._enough:
                        break
                    signal.setitimer(signal.ITIMER_PROF, _PROCESSOR_SECONDS)
                    signal.alarm(_SECONDS)
                    if _failed(item, session):
                        os._exit(_NOTICED)
                os._exit(_SURVIVED)
            except BaseException:
                os._exit(_NOTICED)
        _, status = os.waitpid(process, 0)
        with suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)  # what its tests have started
        code = os.waitstatus_to_exitcode(status)
        if code in (-signal.SIGPROF, -signal.SIGALRM):
            return _TIMEOUT
        return _NOTICED if code else _SURVIVED


class _Hits:
    """Which functions a test reaches, in its own process and in those that it forks."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._names: set[str] = set()
        self._file = tempfile.TemporaryFile("w+b", buffering=0)  # noqa: SIM115  (until the end)

    def record(self, name: str, caller: str | None = None) -> None:
        if name not in self._names:
            self._names.add(name)
            if os.getpid() != self._process:
                self._file.write(f"{name}\n".encode())

    def pop(self) -> set[str]:
        self._file.seek(0)
        names = self._names | set(self._file.read().decode().split())
        self._file.seek(0)
        self._file.truncate()
        self._names.clear()
        return names


class _Top:
    """The next test, as far as pytest must know: all but what a session shares is torn down."""

    def __init__(self, session: pytest.Session) -> None:
        self._session = session

    def listchain(self) -> list[pytest.Session]:
        return [self._session]


def _failed(item: pytest.Item, session: pytest.Session) -> str:
    reports = runtestprotocol(item, log=False, nextitem=_Top(session))
    return "\n".join(f"{item.nodeid}\n{one.longreprtext}" for one in reports if one.failed)


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    for number in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)


def _say(line: str) -> None:
    print(line, file=sys.__stderr__, flush=True)


def _make_mutants() -> None:
    """Let mutmut write the changed modules to the folder ``mutants``."""
    from mutmut import __main__ as mutmut
    from mutmut.mutation.trampoline import set_mutant_under_test

    set_mutant_under_test("mutant_generation")
    Path("mutants").mkdir(exist_ok=True)
    shutil.rmtree("mutants/tests", ignore_errors=True)
    with mutmut.CatchOutput():
        mutmut.copy_src_dir()
        mutmut.copy_also_copy_files()
        mutmut.setup_source_paths()
        mutmut.create_mutants(1)


def _run(given: argparse.Namespace) -> int:
    from mutmut.configuration import config

    _make_mutants()
    tests = given.tests or config().pytest_add_cli_args_test_selection
    modules = given.modules
    os.chdir("mutants")
    if not modules:
        modules = [
            path.relative_to("enos_csr_gui").as_posix().removesuffix(".py.meta")
            for path in sorted(Path("enos_csr_gui").rglob("*.meta"))
        ]
    options = ["--rootdir=.", "-q", "-s", "--tb=native", *config().pytest_add_cli_args]
    if given.long:
        options += ["-m", "not slow"]
    runner = _Runner(modules, given.again, given.seconds)
    return pytest.main([*options, *tests], plugins=[runner])


def _print_figures() -> None:
    from mutmut.stats import status_by_exit_code

    print("| Module | Mutants | Noticed | Survived | No test | Not tried |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    top = Path("mutants/enos_csr_gui")
    total = Counter()
    for path in sorted(top.rglob("*.meta")):
        codes = json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"].values()
        counts = Counter(status_by_exit_code[code] for code in codes)
        total += counts
        if counts.total() != counts["not checked"]:
            _print_row(f"`{path.relative_to(top).as_posix().removesuffix('.meta')}`", counts)
    _print_row("all", total)


def _print_row(name: str, counts: Counter) -> None:
    noticed = counts["killed"] + counts["timeout"]
    rest = [counts[status] for status in ("survived", "no tests", "not checked")]
    print(f"| {name} | {counts.total()} | {noticed} |", " | ".join(map(str, rest)), "|")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", help="such as core/asn1; without any, all")
    parser.add_argument("--tests", nargs="*", default=[], help="only these files")
    parser.add_argument("--again", action="store_true", help="also those that survived")
    parser.add_argument("--long", action="store_true", help="with the tests marked as long")
    parser.add_argument("--seconds", type=float, default=_ENOUGH_SECONDS)
    parser.add_argument("--figures", action="store_true", help="only print the figures")
    given = parser.parse_args()
    if given.figures:
        _print_figures()
    else:
        sys.exit(_run(given))
