"""An error that nobody foresaw is a sentence with a reference, and nothing is half written."""

from __future__ import annotations

import json
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
    reason = "This computer has too little free memory."
    if "MemoryError" not in error:
        reason = "The program met an unexpected error."
    assert said.startswith(f"{reason} Saved files are still there.")
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


@pytest.mark.long
@pytest.mark.parametrize("seconds", [-1, 0, 2**31, 4_102_444_800, 9_000_000_000])
def test_a_clock_that_is_wrong_but_possible_stops_nothing(
    enos_csr_process, options, written, at_time, seconds
):
    environment = at_time(seconds)
    assert enos_csr_process("new", *options(), environment=environment).returncode == 0
    assert written() == ["dev-001.csr", "dev-001.key"]
    listed = enos_csr_process("history", "--json", environment=environment)
    [request] = json.loads(listed.stdout)["requests"]
    assert request["status"] == "waiting"


@pytest.mark.long
def test_a_clock_set_back_keeps_what_was_recorded(enos_csr_process, options, at_time):
    for number, seconds in enumerate((2_000_000_000, 1_000_000_000)):
        given = options(common_name=f"dev-{number}")
        assert enos_csr_process("new", *given, environment=at_time(seconds)).returncode == 0
    with RequestHistory() as history:
        assert [one.common_name for one in history.requests()] == ["dev-0", "dev-1"]
