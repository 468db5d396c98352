"""How fast a batch is: ``python tests/benchmarks/batch.py [PAIRS] [ROWS]``.

Side by side in one run, so that a busy machine slows all of them alike:

- bare: ``rsa.generate_private_key(65537, 2048)`` in one process for each core, nothing else;
- batch: ``core.batch`` from the checked rows to the records, files synced, with history;
- openssl: the manual's two commands in a loop, as a shell script would run them.

They take turns, and the ratio of the sums counts. The time of a key varies by half, so some hundred
keys tell a ratio to 5 % only, and other programs on the machine disturb it. Therefore the CPU time
of all else is measured by itself, with one key for all pairs, and set against that of a bare key:
this ratio is exact to half a percent. ROWS rows are read, checked and created with that one key,
to see that the memory does not grow with them.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from enos_csr_gui.core import keys
from enos_csr_gui.core.batch import check, make, records, table

ROUNDS = 4
SAME = "CN,Guizhou,Kaili,Example Wind Ltd,Operations"


def write_table(path: Path, count: int, prefix: str = "turbine") -> Path:
    """Write a table with so many devices."""
    with path.open("w") as file:
        file.write("C,ST,L,O,OU,CN,Site\n")
        file.writelines(f"{SAME},{prefix}-{n:07},north\n" for n in range(count))
    return path


def memory() -> float:
    """Return the memory of this process in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1000
    return 0.0


def cpu_seconds() -> float:
    """Return the CPU time of this process and of those that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def batch(folder: Path, prefix: str, count: int) -> tuple[float, float]:
    """Return the seconds that the pairs of a table take, from the checked rows on; and of CPU."""
    devices = table.read(write_table(folder / f"{prefix}.csv", count, prefix))
    with records.opened(folder / prefix) as ledger:
        checked = check.check(devices, ledger)
        begin, before = time.perf_counter(), cpu_seconds()
        outcome = make.make(checked, devices.columns, ledger, check.Rules())
        seconds, used = time.perf_counter() - begin, cpu_seconds() - before
    assert outcome.created == count
    return seconds, used


def _generate(count: int) -> None:
    for _number in range(count):
        keys.generate()


def bare(count: int) -> float:
    """Return the seconds that so many keys take in one process for each core."""
    cores = make.jobs()
    begin = time.perf_counter()
    with multiprocessing.get_context("fork").Pool(cores) as pool:
        pool.map(_generate, [1] * count, chunksize=1)
    return time.perf_counter() - begin


def openssl(folder: Path, count: int) -> float:
    """Return the seconds that the manual's two commands take, one device after the other."""
    subject = "/C=CN/ST=Guizhou/L=Kaili/O=Example Wind Ltd/OU=Operations/CN=dev"
    begin = time.perf_counter()
    for _number in range(count):
        new = ["openssl", "genrsa", "-out", folder / "a.key", "2048"]
        subprocess.run(new, capture_output=True, check=True)
        new = ["openssl", "req", "-new", "-key", folder / "a.key", "-sha256", "-subj", subject]
        subprocess.run([*new, "-out", folder / "a.csr"], capture_output=True, check=True)
    return time.perf_counter() - begin


def main(pairs: int, rows: int) -> None:
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCHMARK_FOLDER")) as home:
        folder = Path(home)
        os.environ["XDG_DATA_HOME"] = os.environ["XDG_CONFIG_HOME"] = home
        times = {"bare": 0.0, "batch": 0.0, "openssl": 0.0}
        cpu_of_keys = 0.0
        few = max(1, pairs // 5)
        for number in range(ROUNDS):
            before = cpu_seconds()
            times["bare"] += bare(pairs)
            between = cpu_seconds()
            cpu_of_keys += between - before
            times["batch"] += batch(folder, f"round-{number}", pairs)[0]
            times["openssl"] += openssl(folder, few)
        per_pair = {
            name: seconds / ROUNDS / (few if name == "openssl" else pairs)
            for name, seconds in times.items()
        }
        print(f"cores: {make.jobs()}, pairs: {ROUNDS} x {pairs}")
        for name, seconds in per_pair.items():
            print(f"{name:8} {1000 * seconds:8.1f} ms per pair {1 / seconds:8.2f} per second")
        print(f"batch / bare    {per_pair['bare'] / per_pair['batch']:.3f} of the rate")
        print(f"batch / openssl {per_pair['openssl'] / per_pair['batch']:.2f} x the rate")

        key = keys.generate()
        keys.generate = lambda: key  # type: ignore[assignment]
        seconds, used = (one / 1000 for one in batch(folder, "files", 1000))
        bare_key = cpu_of_keys / ROUNDS / pairs
        print(
            f"all but the key: {1000 * used:.2f} ms of CPU, {1000 * seconds:.2f} ms in all per pair"
        )
        print(f"a bare key: {1000 * bare_key:.2f} ms of CPU")
        print(f"batch / bare    {bare_key / (bare_key + used):.3f} of the rate, by CPU time")

        begin, before = time.perf_counter(), memory()
        devices = table.read(write_table(folder / "many.csv", rows, "many"))
        read = time.perf_counter() - begin
        with records.opened(folder / "many") as ledger:
            checked = check.check(devices, ledger)
            print(
                f"{rows} rows: read in {read:.1f} s, checked in "
                f"{time.perf_counter() - begin - read:.1f} s, {memory() - before:.0f} MB more"
            )
            make.make(checked, devices.columns, ledger, check.Rules())
            print(f"{rows} pairs: {memory() - before:.0f} MB more")


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    main(*(given + [60, 20_000][len(given) :]))
