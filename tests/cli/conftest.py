"""What the tests stand on: the command in this process, in its own, and on a terminal."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

ENOS_CSR = shutil.which("enos-csr", path=Path(sys.executable).parent) or "enos-csr"

# A terminal only is the controlling one, whose Ctrl-C counts, when the process takes it for that.
_TAKE_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)

Run = Callable[..., Result]
RunProcess = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder, which is the current one."""
    place = tmp_path / "work"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def written(folder: Path) -> Callable[[], list[str]]:
    """Return a function for the names of what is in the folder."""
    return lambda: sorted(path.name for path in folder.iterdir())


@pytest.fixture
def subject_of(openssl: Callable[..., str]) -> Callable[[str | Path], str]:
    """Return a function that lets OpenSSL print the subject in a request file."""

    def show(request_file: str | Path) -> str:
        form = ("-nameopt", "sep_comma_plus,utf8,-esc_msb")
        return openssl("req", "-in", request_file, "-noout", "-subject", *form).strip()

    return show


@pytest.fixture
def options(answers: dict[str, str]) -> Callable[..., list[str]]:
    """Return a function for the options that give all answers but the changed ones.

    An answer changed to None is left out.
    """

    def make(**changes: str | None) -> list[str]:
        given = {**answers, **changes}
        return [
            word
            for key, value in given.items()
            if value is not None
            for word in ("--" + key.replace("_", "-"), value)
        ]

    return make


@pytest.fixture
def enos_csr(folder: Path) -> Run:
    """Return a function that runs the command in this process, without a terminal."""

    def run(*arguments: str | Path, stdin: bytes = b"") -> Result:
        from enos_csr_gui.cli.program import program

        return CliRunner().invoke(
            program,
            [str(argument) for argument in arguments],
            input=stdin,
            prog_name="enos-csr",
            catch_exceptions=False,
        )

    return run


@pytest.fixture
def enos_csr_process(folder: Path) -> RunProcess:
    """Return a function that runs the installed command as a process of its own."""

    def run(
        *arguments: str | bytes | Path, prefix: tuple[str, ...] = (), **settings: object
    ) -> subprocess.CompletedProcess[bytes]:
        environment = {**os.environ, **settings.pop("environment", {})}
        command = [*prefix, ENOS_CSR, *arguments]
        defaults = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}
        return subprocess.run(
            command,
            stderr=subprocess.PIPE,
            env=environment,
            timeout=600,
            check=False,
            **{**defaults, **settings},
        )

    return run


def _contents(*roots: Path) -> dict[Path, tuple[int, bytes]]:
    """Return mode and bytes of everything below the folders."""
    return {
        path: (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for root in roots
        for path in root.rglob("*")
    }


@pytest.fixture
def untouched(tmp_path: Path, settings_folder: Path) -> Iterator[Callable[[], None]]:
    """Return a function to call before the command: at the end all must be as it was then."""
    before: list[dict[Path, tuple[int, bytes]]] = []
    yield lambda: before.append(_contents(tmp_path, settings_folder))
    assert before, "the test never said from when on nothing may change"
    assert _contents(tmp_path, settings_folder) == before[0]


@pytest.fixture
def refused(enos_csr: Run, untouched: Callable[[], None]) -> Callable[..., list[str]]:
    """Return a function that runs a command which must refuse and change nothing.

    It returns the lines on standard error.
    """

    def run(*arguments: str | Path, status: int = 2, stdin: bytes = b"") -> list[str]:
        untouched()
        result = enos_csr(*arguments, stdin=stdin)
        assert result.exit_code == status, result.output
        assert result.stdout == ""
        return result.stderr.splitlines()

    return run


class Terminal:
    """The command on a terminal, driven by expected output and typed input."""

    def __init__(
        self, *arguments: str | Path, stdout: int | None = None, stderr: int | None = None
    ) -> None:
        self._mine, theirs = os.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _TAKE_TERMINAL, ENOS_CSR, *arguments],
            stdin=theirs,
            stdout=theirs if stdout is None else stdout,
            stderr=theirs if stderr is None else stderr,
            start_new_session=True,
        )
        os.close(theirs)
        self.shown = ""
        self._seen = 0

    def expect(self, text: str, *, seconds: float = 15) -> str:
        """Wait until ``text`` is shown; return what was shown before it since the last time."""
        deadline = time.monotonic() + seconds
        while (found := self.shown.find(text, self._seen)) < 0:
            assert self._read(deadline), f"{text!r} is not shown, but: {self.shown[self._seen :]!r}"
        before = self.shown[self._seen : found]
        self._seen = found + len(text)
        return before

    def type(self, text: str | bytes) -> None:
        """Type a line."""
        os.write(self._mine, (text.encode() if isinstance(text, str) else text) + b"\n")

    def answer(self, question: str, text: str | bytes) -> None:
        """Wait for the question and type an answer."""
        self.expect(question)
        self.type(text)

    def status(self, *, seconds: float = 15) -> int:
        """Read to the end and return the exit status."""
        deadline = time.monotonic() + seconds
        while self._read(deadline):
            pass
        return self._process.wait(max(1, deadline - time.monotonic()))

    def leave(self, keys: bytes) -> int:
        """Press Ctrl-C or Ctrl-D, if need be again; return the exit status."""
        return self._leave(lambda: os.write(self._mine, keys))

    def end(self, number: int) -> int:
        """Send the command a signal, if need be again; return the exit status."""
        return self._leave(lambda: self._process.send_signal(number))

    def _leave(self, ask: Callable[[], object]) -> int:
        """Ask the command to end, if need be again; return the exit status.

        Python misses a Ctrl-C that comes after its prompt and before it reads. That was seen up to
        5 ms after the prompt, never after 20.
        """
        for _attempt in range(5):
            time.sleep(0.1)
            ask()
            with suppress(subprocess.TimeoutExpired):
                return self.status(seconds=2)
        raise AssertionError(f"the command goes on: {self.shown!r}")

    def close(self) -> None:
        """End whatever still waits for an answer."""
        self._process.kill()
        self._process.wait()
        os.close(self._mine)

    def _read(self, deadline: float) -> bool:
        ready = select.select([self._mine], [], [], max(0, deadline - time.monotonic()))[0]
        try:
            data = os.read(self._mine, 4096) if ready else b""
        except OSError:  # Linux: the other side is closed
            data = b""
        self.shown += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)


@pytest.fixture
def terminal(folder: Path) -> Iterator[Callable[..., Terminal]]:
    """Return a function that starts the installed command on a terminal of its own."""
    pytest.importorskip("termios", reason="no pseudo-terminals here")
    opened: list[Terminal] = []

    def start(*arguments: str | Path, **streams: int) -> Terminal:
        opened.append(Terminal(*arguments, **streams))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


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


@pytest.fixture
def at_time(clock: Path) -> Callable[[int], dict[str, str]]:
    """Return a function for the environment of a process whose clock shows these seconds."""
    return lambda seconds: {"LD_PRELOAD": str(clock), "FAKE_SECONDS": str(seconds)}
