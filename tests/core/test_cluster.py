"""Keys from the workers of a real Dask cluster: none crosses in plain, none is doubled or lost."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7

from enos_csr_gui.core import keys
from enos_csr_gui.core.batch import check, cluster, make, passphrases, records, table
from enos_csr_gui.core.batch.control import Control
from enos_csr_gui.core.batch.rows import Row
from enos_csr_gui.core.enums import RequestKind
from enos_csr_gui.core.errors import CannotUseCluster, Code, Problem

from .test_batch import complete

pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore")  # Dask's own


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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


CHANGES = {
    "key": "ValueError: not the request for this row and key",
    "request": "ValueError: not the request for this row and key",
    "row": "ValueError: not the request for this row and key",
    "fewer": "ValueError: zip() argument 3 is longer than arguments 1-2",
    "weak": "ValueError: not a key for EnOS",
    "curve": "ValueError: not a key for EnOS",
    "error": "RuntimeError: " + "x" * 286,
}


class Future:
    """What Dask gives for something that it does elsewhere; here it is done when it is asked."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act
        self.is_released = False

    def add_done_callback(self, call: Callable[[Future], object]) -> None:
        call(self)

    def result(self, timeout: float) -> object:
        assert timeout == 600
        return self._act()

    def release(self) -> None:
        self.is_released = True


def envelope_of(found: Iterable[object], recipient_pem: bytes) -> bytes:
    recipient = x509.load_pem_x509_certificate(recipient_pem)
    data = b"".join(
        one.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        for one in found
    )
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(data).add_recipient(recipient)
    return builder.encrypt(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])


@pytest.mark.long
@pytest.mark.usefixtures("weak_key_of_a_run")
def test_what_a_worker_sends_is_not_trusted(table_of, key) -> None:
    devices = table.read(table_of("dev-1", "dev-2"))
    rows, columns = devices.rows, devices.columns
    run_ = cluster._Run(None, columns, check.Rules(), lambda row: row.common_name, Control())
    pem = run_._recipient.pem
    requests, envelope = cluster._generate(rows, columns, check.Rules(), pem)
    assert bytes.fromhex("60864801650304012a") in envelope  # AES-256
    pairs = run_._checked(Future(lambda: (requests, envelope)), rows)
    opened = run_._recipient.open(envelope)
    assert len({*opened}) == 2
    assert all(one.startswith(b"-----BEGIN PRIVATE KEY-----\n") for one in opened)
    for pair, row, request, key_pem in zip(pairs, rows, requests, opened, strict=True):
        own = serialization.load_pem_private_key(key_pem, None)
        wanted = make.pair_of(row, columns, check.Rules(), None, key=own)
        assert (pair.base, pair.record) == (wanted.base, wanted.record)
        assert pair.record.csr_pem == request
        assert pair.record.columns == {"Site": "north"}
        secret = row.common_name.encode()
        saved = serialization.load_pem_private_key(pair.key_pem, secret)
        assert saved.private_numbers() == own.private_numbers()
    owns = [serialization.load_pem_private_key(one, None) for one in opened]
    weak = rsa.generate_private_key(65537, 1024)
    curve = ec.generate_private_key(ec.SECP256R1())

    def fail() -> object:
        raise RuntimeError("x" * 300)

    sent = {
        "key": lambda: (requests, envelope_of([key, key], pem)),
        "request": lambda: ([requests[0], requests[0]], envelope),
        "row": lambda: (requests[::-1], envelope),
        "fewer": lambda: (requests, envelope_of([*owns, key], pem)),
        "weak": lambda: (requests, envelope_of([weak, weak], pem)),
        "curve": lambda: (requests, envelope_of([curve, curve], pem)),
        "error": fail,
    }
    for change, reason in CHANGES.items():
        with pytest.raises(CannotUseCluster) as caught:
            run_._checked(Future(sent[change]), rows)
        [problem] = caught.value.problems
        assert (problem.code, problem.values) == (Code.CLUSTER_FAILED, {"reason": reason}), change


@pytest.mark.long
def test_the_key_of_a_run_opens_what_was_meant_for_it(key) -> None:
    recipient = cluster._Recipient()
    certificate = x509.load_pem_x509_certificate(recipient.pem)
    public = certificate.public_key()
    assert (public.key_size, public.public_numbers().e) == (3072, 65537)
    assert isinstance(certificate.signature_hash_algorithm, hashes.SHA256)
    now = datetime.now(UTC)
    assert certificate.not_valid_before_utc < now - timedelta(hours=23)
    assert certificate.not_valid_after_utc > now + timedelta(days=364)
    recipient_pem = recipient.pem
    assert recipient.open(envelope_of([key, key], recipient_pem)) == [keys.to_pem(key)] * 2
    assert recipient.open(envelope_of([], recipient_pem)) == []
    with pytest.raises(ValueError):  # noqa: PT011  (the words are those of cryptography)
        recipient.open(b"nothing")


@pytest.fixture
def weak_key_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the key that the workers encrypt to be made in little time."""
    monkeypatch.setattr(cluster, "_KEY_BITS", 1024)


class Scheduler:
    """What a run asks of Dask: three threads, each of which has done what it gets at once."""

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        self._key = key
        self.threads = {"tcp://a": 1, "tcp://b": 2}
        self.sizes: list[int] = []
        self.futures: list[Future] = []
        self.cancelled: list[Future] | None = None

    def nthreads(self) -> dict[str, int]:
        return self.threads

    def submit(self, function, rows, columns, rules, pem, *, pure) -> Future:
        assert (function, pure) == (cluster._generate, False)
        self.sizes.append(len(rows))

        def generate() -> object:
            pairs = [make.pair_of(row, columns, rules, None, key=self._key) for row in rows]
            return [one.record.csr_pem for one in pairs], envelope_of([self._key] * len(rows), pem)

        self.futures.append(Future(generate))
        return self.futures[-1]

    def cancel(self, futures: list[Future]) -> None:
        self.cancelled = futures


@pytest.fixture
def run_on(table_of, key, weak_key_of_a_run) -> Callable[..., tuple]:
    """Return a function for a run over so many rows."""

    def run_on(count: int, rules: check.Rules = check.Rules()) -> tuple:  # noqa: B008
        devices = table.read(table_of(*(f"dev-{number:03}" for number in range(max(1, count)))))
        scheduler, control = Scheduler(key), Control()
        run_ = cluster._Run(scheduler, devices.columns, rules, lambda _row: None, control)
        return scheduler, control, run_.groups(devices.rows[:count])

    return run_on


@pytest.mark.long
@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        (0, []),
        (17, [2] * 8 + [1]),
        (65, [10] * 6 + [5]),
    ],
)
def test_rows_are_handed_out_in_partitions(run_on, count, sizes) -> None:
    scheduler, _control, groups = run_on(count)
    found = list(groups)
    assert scheduler.sizes == sizes
    assert [len(group) for group in found] == sizes
    names = [pair.record.common_name for group in found for pair in group]
    assert names == [f"dev-{number:03}" for number in range(count)]
    assert all(one.is_released for one in scheduler.futures)
    assert scheduler.cancelled == []


@pytest.mark.long
def test_no_more_partitions_are_handed_out_than_the_cluster_needs(run_on) -> None:
    rules = check.Rules({"email": "a@b.cn"}, kind=RequestKind.RENEWAL, flat=True)
    scheduler, control, groups = run_on(24, rules)
    [first, *_rest] = next(groups)
    assert (first.record.key, first.record.csr) == ("dev-000.key", "dev-000.csr")
    assert scheduler.sizes == [4] * 6
    scheduler, control, groups = run_on(390)
    next(groups)
    assert scheduler.sizes == [64] * 6 + [6]
    scheduler, control, groups = run_on(11)
    next(groups)
    assert scheduler.sizes == [1] * 9  # three for each thread
    next(groups)
    assert scheduler.sizes == [1] * 10
    control.stop()
    assert list(groups) == []
    assert len(scheduler.futures) == 10
    assert scheduler.cancelled == scheduler.futures[2:]
    assert [one.is_released for one in scheduler.futures] == [True] * 2 + [False] * 8


@pytest.mark.long
def test_a_cluster_that_has_lost_its_workers_gets_rows_for_the_next_one(run_on) -> None:
    scheduler, _control, groups = run_on(8)
    scheduler.threads = {}
    next(groups)
    assert scheduler.sizes == [4, 4]


@pytest.mark.long
@pytest.mark.usefixtures("weak_key_of_a_run")
def test_a_renewal_keeps_its_common_name_exactly_on_a_cluster(table_of, key) -> None:
    devices, rules = table.read(table_of("x" * 70)), check.Rules(kind=RequestKind.RENEWAL)
    run_ = cluster._Run(Scheduler(key), devices.columns, rules, lambda _row: None, Control())
    [[pair]] = run_.groups(devices.rows)
    assert pair.record.common_name == "x" * 70
    assert b"x" * 70 in x509.load_pem_x509_csr(pair.record.csr_pem.encode()).public_bytes(
        serialization.Encoding.DER
    )


@pytest.fixture
def dask_here() -> Iterator[Callable[[int], str]]:
    """Return a function that starts a scheduler and workers in this process: its address."""
    from distributed import LocalCluster

    running = []

    def start(workers: int) -> str:
        options = {"processes": False, "protocol": "tcp", "dashboard_address": None}
        here = LocalCluster(n_workers=workers, threads_per_worker=1, host="127.0.0.1", **options)
        running.append(here)
        return here.scheduler_address

    yield start
    for one in running:
        one.close()


@pytest.mark.long
@pytest.mark.usefixtures("weak_key_of_a_run")
def test_a_cluster_makes_the_pairs(dask_here, table_of, tmp_path) -> None:
    """Other work of the same process with Dask keeps its own client."""
    from distributed import default_client

    def secret(row: Row) -> str:
        with pytest.raises(ValueError, match="No client"):
            default_client()
        return f"key of {row.common_name}"

    names = ["dev-1", "dev-2", "dev-3"]
    outcome = run(table_of(*names), tmp_path / "o", dask_here(1), passphrase=secret)
    assert outcome == make.Outcome(3, False, ())
    for one in records.read(tmp_path / "o"):
        data = (tmp_path / "o" / one.key).read_bytes()
        own = serialization.load_pem_private_key(data, f"key of {one.common_name}".encode())
        request = x509.load_pem_x509_csr((tmp_path / "o" / one.csr).read_bytes())
        assert request.public_key() == own.public_key()


@pytest.mark.long
def test_what_is_missing_of_a_cluster_is_said(dask_here, table_of, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(cluster, "_WAIT_SECONDS", 10)
    path, idle = table_of("dev-1"), dask_here(0)

    def refused(address: str) -> Problem:
        with pytest.raises(CannotUseCluster) as caught:
            run(path, tmp_path / "o", address)
        assert not (tmp_path / "o").exists()
        [problem] = caught.value.problems
        return problem

    assert refused(idle) == Problem(Code.CLUSTER_NO_WORKERS, values={"address": idle})
    monkeypatch.setattr(cluster, "_WAIT_SECONDS", 0.3)
    for address in ("tcp://127.0.0.1:9", "nonsense://x"):
        values = {"address": address}
        assert refused(address) == Problem(Code.CLUSTER_UNREACHABLE, values=values)
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert refused(idle) == Problem(Code.CLUSTER_NO_DASK)


@pytest.mark.slow
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
