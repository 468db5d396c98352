"""An error that nobody foresaw is a sentence with a reference, and nothing is half written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from enos_csr_gui.core.history import RequestHistory

SECRET = "correct horse battery"

# The command as installed, but for one function of the core, which fails.
_BROKEN = """
import sys
from enos_csr_gui import cli
from enos_csr_gui.core import {module}
class Panic(BaseException): pass
def forever(): return forever()
def fail(*arguments, **named):
    {error}
{module}.{function} = fail
cli.main()
"""

ERRORS = [
    f"raise ValueError({SECRET!r})",
    f"raise MemoryError({SECRET!r})",
    f"raise Panic({SECRET!r})",
    "forever()",
]


@pytest.fixture
def broken(folder: Path) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Return a function that runs the command with one function of the core broken."""

    def run(
        module: str, function: str, error: str, *arguments: str
    ) -> subprocess.CompletedProcess[bytes]:
        program = _BROKEN.format(module=module, function=function, error=error)
        command = [sys.executable, "-c", program, *arguments]
        quiet = {"stdin": subprocess.DEVNULL, "capture_output": True, "timeout": 600}
        return subprocess.run(command, check=False, **quiet)

    return run


@pytest.mark.long
@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize(
    "place", [("keys", "generate"), ("csr", "sign"), ("files", "_name_all")], ids=".".join
)
def test_an_unforeseen_error_is_reported_and_nothing_is_written(
    broken, options, written, place, error
):
    done = broken(*place, error, "new", *options())
    said = done.stderr.decode()
    assert done.returncode == 1
    assert done.stdout == b""
    assert said.startswith("The program met an unexpected error. Saved files are still there.")
    assert "Traceback" not in said
    assert SECRET not in said
    assert len(said.splitlines()) == 1
    assert written() == []
    with RequestHistory() as history:
        assert history.requests() == []


def test_the_reference_says_where_it_happened(broken, options):
    done = broken("csr", "sign", ERRORS[0], "new", *options())
    reference = done.stderr.decode().rpartition(": ")[2]
    assert " ValueError " in reference
    assert " create:" in reference


def test_scripts_get_an_object(broken, options):
    done = broken("csr", "sign", ERRORS[0], "new", "--json", *options())
    [problem] = json.loads(done.stdout)["problems"]
    assert problem["code"] == "unexpected"
    assert "ValueError" in problem["values"]["reference"]
    assert SECRET not in done.stdout.decode()


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="no limits of memory")
@pytest.mark.parametrize("megabytes", [50, 70, 90, 120])
def test_with_little_memory_all_is_there_or_nothing(options, folder, written, megabytes):
    """The library itself may end the process; it may not leave half of a pair."""
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    enos_csr = Path(sys.executable).with_name("enos-csr")
    done = subprocess.run(
        [enos_csr, "new", *options()],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        preexec_fn=limit,
    )
    subprocess.run([enos_csr, "fields"], capture_output=True, check=True)
    assert written() == (["dev-001.csr", "dev-001.key"] if done.returncode == 0 else [])


# --- The clock ------------------------------------------------------------------------------------

_CLOCK = """
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static long long now(void) { return atoll(getenv("FAKE_SECONDS")); }
int clock_gettime(clockid_t id, struct timespec *to) {
  if (id != CLOCK_REALTIME) return syscall(SYS_clock_gettime, id, to);
  to->tv_sec = now(); to->tv_nsec = 0; return 0;
}
int gettimeofday(struct timeval *to, void *zone) {
  (void)zone; to->tv_sec = now(); to->tv_usec = 0; return 0;
}
time_t time(time_t *to) { if (to) *to = now(); return now(); }
"""


@pytest.fixture(scope="session")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a library that shows a process another time, as libfaketime does."""
    compiler = shutil.which("cc")
    if sys.platform != "linux" or not compiler:
        pytest.skip("no compiler for a library that changes the clock of one process")
    folder = tmp_path_factory.mktemp("clock")
    (folder / "clock.c").write_text("#define _GNU_SOURCE\n" + _CLOCK)
    library = folder / "clock.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, folder / "clock.c"], check=True)
    return library


def at(seconds: int, clock: Path) -> dict[str, str]:
    return {**os.environ, "LD_PRELOAD": str(clock), "FAKE_SECONDS": str(seconds)}


# Years -7500, 1675, 2264, 5138 and 11476; Python counts from 1677 to 2262.
@pytest.fixture(params=[-300_000_000_000, -9_300_000_000, 9_300_000_000, 10**11])
def clock_at(clock: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    """Return the environment of a process whose clock shows an impossible year."""
    return at(request.param, clock)


@pytest.mark.long
@pytest.mark.parametrize("command", ["new", "history", "inspect", "receive"])
def test_an_impossible_clock_is_no_traceback(enos_csr_process, options, written, clock_at, command):
    if command != "new":
        assert enos_csr_process("new", *options()).returncode == 0
    arguments = {"new": options(), "history": [], "inspect": ["dev-001.csr"]}
    given = arguments.get(command, ["dev-001.csr"])
    before = written()
    done = enos_csr_process(command, *given, environment=clock_at)
    said = done.stderr.decode()
    assert "Traceback" not in said
    assert done.returncode in (0, 1, 2)
    if done.returncode == 1:
        assert said.startswith("The clock of this computer shows an impossible year.")
        assert written() == before
    elif command == "new":
        assert written() == ["dev-001.csr", "dev-001.key"]


@pytest.mark.long
@pytest.mark.parametrize("seconds", [-1, 0, 2**31, 4_102_444_800, 9_000_000_000])
def test_a_clock_that_is_wrong_but_possible_stops_nothing(
    enos_csr_process, options, written, clock, seconds
):
    environment = at(seconds, clock)
    assert enos_csr_process("new", *options(), environment=environment).returncode == 0
    assert written() == ["dev-001.csr", "dev-001.key"]
    listed = enos_csr_process("history", "--json", environment=environment)
    [request] = json.loads(listed.stdout)["requests"]
    assert request["status"] == "waiting"


@pytest.mark.long
def test_a_clock_set_back_keeps_what_was_recorded(enos_csr_process, options, clock):
    for number, seconds in enumerate((2_000_000_000, 1_000_000_000)):
        given = options(common_name=f"dev-{number}")
        assert enos_csr_process("new", *given, environment=at(seconds, clock)).returncode == 0
    with RequestHistory() as history:
        assert [one.common_name for one in history.requests()] == ["dev-0", "dev-1"]
