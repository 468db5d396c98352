"""Keys from the workers of a real Dask cluster: none crosses in plain, none is doubled or lost."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from enos_csr_gui.core.batch import check, cluster, make, passphrases, records, table
from enos_csr_gui.core.batch.control import Control
from enos_csr_gui.core.errors import CannotUseCluster, Code

from .test_batch import complete

pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # Dask's own
]


class Cluster:
    """A scheduler and its workers, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "scheduler.json"
        self._folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0")
        end = time.monotonic() + 60
        while True:
            with suppress(OSError, ValueError):
                self.address = json.loads(self._file.read_text())["address"]
                break
            assert time.monotonic() < end, "the scheduler has not started"
            time.sleep(0.1)

    def _start(self, what: str, *options: str) -> subprocess.Popen[bytes]:
        module = f"distributed.cli.dask_{what}"
        command = [sys.executable, "-m", module, "--scheduler-file", str(self._file)]
        process = subprocess.Popen(
            [*command, "--no-dashboard", *options],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.processes.append(process)
        return process

    def add_worker(self) -> subprocess.Popen[bytes]:
        return self._start("worker", "--nthreads", "1", "--no-nanny")


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Cluster]:
    running = Cluster(tmp_path)
    yield running
    for process in running.processes:
        process.kill()
        process.wait()


def run(path: Path, folder: Path, address: str, **options) -> make.Outcome:
    devices = table.read(path)
    with records.opened(folder) as ledger:
        checked = check.check(devices, ledger)
        pairs_of = cluster.pairs_on(address)
        return make.make(
            checked, devices.columns, ledger, check.Rules(), pairs_of=pairs_of, **options
        )


def memory_of(process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """Yield what a process has in its memory."""
    maps = Path(f"/proc/{process.pid}/maps").read_text()
    with Path(f"/proc/{process.pid}/mem").open("rb", buffering=0) as memory:
        for start, end in re.findall(r"^([0-9a-f]+)-([0-9a-f]+) rw", maps, re.MULTILINE):
            with suppress(OSError, ValueError):
                memory.seek(int(start, 16))
                yield memory.read(int(end, 16) - int(start, 16))


def secrets_in(folder: Path) -> list[bytes]:
    """Return forms in which the keys of a batch could be found: their primes, their PEM lines."""
    found = []
    for path in folder.glob("*/*.key"):
        data = path.read_bytes()
        key = serialization.load_pem_private_key(data, None)
        prime = key.private_numbers().p
        found += [prime.to_bytes(128, "big"), prime.to_bytes(128, "little"), data.splitlines()[5]]
    return found


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of a process through /proc")
def test_each_row_gets_its_pair_and_the_scheduler_sees_no_key(dask, table_of, tmp_path) -> None:
    dask.add_worker()
    names = [f"dev-{number}" for number in range(30)]
    outcome = run(table_of(*names), tmp_path / "o", dask.address)
    assert (outcome.created, outcome.stopped) == (30, False)
    assert set(complete(tmp_path / "o")) == set(names)
    secrets = secrets_in(tmp_path / "o")
    assert len(secrets) == 90
    # This process has had them, so the search finds what is there.
    memory = b"".join(memory_of(dask.scheduler))
    assert b"dev-17" in memory or b"_generate" in memory
    assert not [one for one in secrets if one in memory]


@pytest.mark.long
def test_the_partition_of_a_lost_worker_is_done_again_without_doubles(
    dask, table_of, tmp_path
) -> None:
    first, *_others = [dask.add_worker() for _number in range(3)]
    names = [f"dev-{number}" for number in range(120)]
    folder = tmp_path / "o"
    killed = threading.Event()

    def progress(created: int, _total: int) -> None:
        if created and not killed.is_set():
            killed.set()
            first.kill()

    outcome = run(table_of(*names), folder, dask.address, progress=progress)
    assert killed.is_set()
    assert (outcome.created, outcome.stopped) == (120, False)
    assert set(complete(folder)) == set(names)


@pytest.mark.long
def test_a_stopped_run_goes_on_here(dask, table_of, tmp_path) -> None:
    dask.add_worker()
    names = [f"dev-{number}" for number in range(40)]
    path, folder, control = table_of(*names), tmp_path / "o", Control()

    def progress(created: int, _total: int) -> None:
        if created:
            control.stop()

    outcome = run(path, folder, dask.address, control=control, progress=progress)
    assert outcome.stopped
    devices = table.read(path)
    with records.opened(folder) as ledger:
        checked = check.check(devices, ledger)
        assert len(checked.good) == 40 - outcome.created
        make.make(checked, devices.columns, ledger, check.Rules())
    assert set(complete(folder)) == set(names)


@pytest.mark.long
def test_a_passphrase_never_leaves_this_process(dask, table_of, tmp_path) -> None:
    worker = dask.add_worker()
    names = ["dev-1", "dev-2"]
    known = passphrases.provide(tmp_path / "secret.csv", names)
    passphrase_of = lambda row: passphrases.of(known, row.common_name)  # noqa: E731
    run(table_of(*names), tmp_path / "o", dask.address, passphrase=passphrase_of)
    for name in names:
        data = (tmp_path / "o" / name / f"{name}.key").read_bytes()
        serialization.load_pem_private_key(data, known[name].encode())
        if sys.platform == "linux":
            for process in (worker, dask.scheduler):
                assert known[name].encode() not in b"".join(memory_of(process))


@pytest.mark.long
def test_without_workers_or_scheduler_it_is_said(dask, table_of, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(cluster, "_WAIT_SECONDS", 2)
    path = table_of("dev-1")
    for address, code in (
        (dask.address, Code.CLUSTER_NO_WORKERS),
        ("tcp://127.0.0.1:9", Code.CLUSTER_UNREACHABLE),
        ("nonsense://x", Code.CLUSTER_UNREACHABLE),
    ):
        with pytest.raises(CannotUseCluster) as caught:
            run(path, tmp_path / "o", address)
        assert caught.value.problems[0].code is code
        assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("change", ["key", "request", "row", "fewer"])
def test_what_a_worker_sends_is_not_trusted(table_of, tmp_path, change: str) -> None:
    devices = table.read(table_of("dev-1", "dev-2"))
    rows, columns = devices.rows, devices.columns
    control = Control()
    run_ = cluster._Run(None, columns, check.Rules(), lambda _row: None, control)
    pem = run_._recipient.pem
    requests, envelope = cluster._generate(rows, columns, check.Rules(), pem)
    others, other_envelope = cluster._generate(rows, columns, check.Rules(), pem)

    class Future:
        result: Callable[..., object]

        def __init__(self, value: object) -> None:
            self.result = lambda timeout: value

    assert len(run_._checked(Future((requests, envelope)), rows)) == 2
    sent = {
        "key": (requests, other_envelope),
        "request": ([requests[0], others[1]], envelope),
        "row": (requests[::-1], envelope),
        "fewer": (requests[:1], envelope),
    }[change]
    with pytest.raises(CannotUseCluster):
        run_._checked(Future(sent), rows)


@pytest.mark.long
def test_no_command_needs_dask(table_of, tmp_path) -> None:
    program = (
        "import sys\n"
        "from enos_csr_gui.cli import main\n"
        "try: main()\n"
        "finally: print([name for name in sys.modules if name in ('dask', 'distributed')])\n"
    )
    command = [sys.executable, "-c", program, "batch", table_of("dev-1"), "--out", tmp_path / "o"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "LANG": "C"}
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert (tmp_path / "o" / "dev-1" / "dev-1.key").exists()
