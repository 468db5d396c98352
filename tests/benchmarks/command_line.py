"""What the command line costs: ``python tests/benchmarks/command_line.py [ROUNDS]``.

Prints for each command its CPU time, as ratios to ``python -c pass`` and to ``openssl req`` with a
new key, which take turns with it; and that of ``new`` as a ratio to an interpreter that only
creates a key with the same library.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = str(Path(sys.executable).with_name("enos-csr"))

NEW = (
    *("new", "--country", "CN", "--state", "Guizhou", "--locality", "Kaili"),
    *("--organization", "Example Wind Ltd", "--unit", "Operations"),
)
SUBJECT = "/C=CN/ST=Guizhou/L=Kaili/O=Example Wind Ltd/OU=Operations/CN=dev"
KEY = (
    "from cryptography.hazmat.primitives.asymmetric import rsa\n"
    "rsa.generate_private_key(65537, 2048)"
)


def cpu_seconds(command: list[str], folder: Path) -> float:
    """Return the CPU time of a command that has this folder as its home."""
    environment = os.environ | {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    environment["XDG_DATA_HOME"] = str(folder)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # as an installed program: compiled once
    before = _of_children()
    subprocess.run(command, env=environment, cwd=folder, capture_output=True, check=True)
    return _of_children() - before


def _of_children() -> float:
    if sys.platform == "win32":
        return sum(os.times()[2:4])
    import resource  # in microseconds; 'times' has steps of 10 ms

    return sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        cpu_seconds([PROGRAM, *NEW, "--common-name", "first", "--out", "."], folder)
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "a key": [sys.executable, "-c", KEY],
            "--help": [PROGRAM, "--help"],
            "fields": [PROGRAM, "fields"],
            "inspect": [PROGRAM, "inspect", "first.csr"],
            "new": [PROGRAM, *NEW, "--common-name"],
        }
        if openssl := shutil.which("openssl"):
            new = ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-sha256", "-utf8"]
            files = ["-keyout", "o.key", "-out", "o.csr", "-subj", SUBJECT]
            commands["openssl req"] = [openssl, *new, *files]
        times: dict[str, list[float]] = {name: [] for name in commands}
        for number in range(rounds):
            for name, command in commands.items():
                more = [f"dev-{number}"] if name == "new" else []
                times[name].append(cpu_seconds([*command, *more], folder))
    middle = {name: 1000 * statistics.median(one) for name, one in times.items()}
    for name in ("--help", "fields", "inspect", "new"):
        ratios = [f"{middle[name] / middle['python -c pass']:.1f} of python -c pass"]
        if "openssl req" in middle:
            ratios.append(f"{middle[name] / middle['openssl req']:.2f} of openssl req")
        if name == "new":
            ratios.append(f"{middle[name] / middle['a key']:.2f} of an interpreter with a key")
        print(f"enos-csr {name}, CPU time: {middle[name]:.0f} ms, {', '.join(ratios)}")


if __name__ == "__main__":
    main()
