"""Fuzz the readers with atheris, guided by coverage.

``python tests/fuzz/run.py inspect -max_total_time=600`` fuzzes one reader; what follows its name
goes to libFuzzer, for example a folder for the inputs that it finds. ``all`` does one reader after
the other, each as long, and counts the inputs. It needs ``uv sync --group fuzz``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["enos_csr_gui.core", "enos_csr_gui.messages"]):
    import readers

from cryptography.hazmat.primitives.asymmetric import rsa
from seeds import seeds
from test_readers import PARTS

from enos_csr_gui.core import key_reader, pbe

_MAX_BYTES = 4096
"""Larger files take longer and seldom reach more; ``-max_len=1048576`` tries them."""

_COUNT = "stat::number_of_executed_units:"


def _make_cheap() -> None:
    """Spare the work that any input causes in the library and that is not under test."""
    pbe.ASK_SECONDS = 0.001
    known: dict[rsa.RSAPrivateNumbers, rsa.RSAPrivateKey] = {}
    original = key_reader._checked

    def checked(key: object) -> rsa.RSAPrivateKey:
        """Look for the divisors of a modulus once."""
        if not isinstance(key, rsa.RSAPrivateKey):
            return original(key)
        numbers = key.private_numbers()
        if numbers not in known:
            known[numbers] = original(key)
        return known[numbers]

    key_reader._checked = checked


def _timed(read: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """Fail where an input takes too long, in time of the processor: others may be busy with it."""

    def run(data: bytes) -> None:
        before = time.process_time()
        readers.tried(read, data)
        assert time.process_time() - before < readers.SECONDS, "too slow"

    return run


def _fuzz(name: str, options: list[str]) -> None:
    _make_cheap()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(XDG_DATA_HOME=folder, XDG_CONFIG_HOME=folder)
        begin = Path(folder, "seeds")
        begin.mkdir()
        for number, data in enumerate(seeds()):
            (begin / f"{number}").write_bytes(data)
        words = Path(folder, "words")
        words.write_text("".join(f'"{_escaped(one)}"\n' for one in PARTS if len(one) < 60))
        limits = [f"-max_len={_MAX_BYTES}", "-timeout=120", "-rss_limit_mb=1000"]
        quiet = ["-print_final_stats=1", f"-dict={words}"]
        atheris.Setup(
            [sys.argv[0], *limits, *quiet, *options, str(begin)], _timed(readers.READERS[name])
        )
        atheris.Fuzz()


def _escaped(data: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in data)


def main() -> None:
    """Fuzz one reader, or all."""
    name, *options = sys.argv[1:]
    if name != "all":
        _fuzz(name, options)
        return
    whole = 0
    for one in readers.READERS:
        command = [sys.executable, __file__, one, *options]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
        count = int((re.findall(f"{_COUNT} *([0-9]+)", done.stderr) or ["0"])[-1])
        whole += count
        print(f"{one:14} {count:10,}  {'a failure' if done.returncode else 'no failure'}")
        if done.returncode:
            print(done.stderr)
    print(f"{'all':14} {whole:10,}")


if __name__ == "__main__":
    main()
