"""Whatever the file, the clock or the memory: every command ends with a sentence.

The commands, and their options that take a file, come from the program itself.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from enos_csr_gui.cli.program import program
from enos_csr_gui.core import asn1

SAMPLES = Path(__file__).parents[1] / "samples" / "foreign"

ARGUMENTS = {
    # What each command does with good files; '{n}' is another number each time.
    "new": "SUBJECT --common-name new-{n} --out new-{n}",
    "renew": "dev-001.csr --out renewed-{n}",
    "inspect": "dev-001.csr",
    "receive": "dev-001.pem --key dev-001.key --chain chain.pem",
    "export": "dev-001.pem --key dev-001.key --chain chain.pem --format p12 --out device-{n}.p12"
    " --passphrase-file secret",
    "batch": "devices.csv --out farm-{n} SUBJECT --allow-used-name",
    "receive-batch": "dev-002.pem chain.pem --out farm --format pem --files files-{n}",
    "renew-batch": "renewals.csv --out renewals-{n}",
    "convert": "dev-001.pem --out converted-{n}.crt",
    "history": "",
    "profiles": "",
    "fields": "",
    "rules": "",
}


class World(NamedTuple):
    """A folder with a file of every kind, and ``arguments`` for a command in it."""

    folder: Path
    arguments: Callable[[str], list[str]]


@pytest.fixture
def world(enos_csr, options, authority, folder: Path) -> World:
    (folder / "chain.pem").write_bytes(
        authority.intermediate.read_bytes() + authority.root.read_bytes()
    )
    (folder / "devices.csv").write_text("Common name\ndev-002\n")
    (folder / "secret").write_text("correct horse battery\n")
    assert enos_csr("new", *options()).exit_code == 0
    farm = ("batch", "devices.csv", "--out", "farm", *options(common_name=None))
    assert enos_csr(*farm).exit_code == 0
    authority.issue(folder / "dev-001.csr", folder / "dev-001.pem")
    authority.issue(folder / "farm/dev-002/dev-002.csr", folder / "dev-002.pem")
    (folder / "renewals.csv").write_text("Common name\ndev-001\n")
    subject = options(common_name=None)
    numbers = iter(range(10_000))

    def arguments(command: str) -> list[str]:
        number = next(numbers)
        return [
            one
            for word in ARGUMENTS[command].split()
            for one in (subject if word == "SUBJECT" else [word.format(n=number)])
        ]

    return World(folder, arguments)


def test_every_command_is_here_and_succeeds(enos_csr, world: World) -> None:
    assert ARGUMENTS.keys() == program.commands.keys()
    for command in ARGUMENTS:
        done = enos_csr(command, *world.arguments(command))
        assert done.exit_code == 0, (command, done.stderr)


# --- Files ----------------------------------------------------------------------------------------


def hostile_files(world: World, authority) -> Iterator[Path]:
    """Write files that are hard to read; yield them, and more that need not be written."""
    folder = world.folder / "hostile"
    folder.mkdir()
    long = authority.issue(world.folder / "dev-001.csr", folder / "long.pem", days=30_000)
    certificate, request = (
        next(asn1.pem_blocks(path.read_bytes())).der
        for path in (long, world.folder / "dev-001.csr")
    )
    long.unlink()
    written = {
        "year-0.crt": certificate.replace(b"\x18\x0f2", b"\x18\x0f0").replace(
            b"\x0f010", b"\x0f000"
        ),
        "month-99.crt": certificate.replace(b"\x18\x0f2108", b"\x18\x0f2199"),
        # An INTEGER is the modulus; NULL is not.
        "key.crt": certificate.replace(b"\x02\x82\x01\x01\0", b"\x05\x82\x01\x01\0"),
        "key.csr": request.replace(b"\x02\x82\x01\x01\0", b"\x05\x82\x01\x01\0"),
        "empty": b"",
        "bytes": b"\xff\xfe\x00" * 1000,
        "zip": b"PK\x03\x04" + bytes(100),
        "json": b"[" * 100_000,
    }
    for name, data in written.items():
        (folder / name).write_bytes(data)
        yield folder / name
    for sample in ("12-year-0-traceback/year0.pem", "13-sm2-traceback/sm2d.pem"):
        yield SAMPLES / sample
    yield SAMPLES / "35-year-9999-in-window/9999.pem"
    yield folder / "missing"
    yield world.folder / "farm"
    if os.name == "posix":
        os.mkfifo(folder / "pipe")
        (folder / "loop").symlink_to(folder / "loop")
        (folder / "sparse").touch()
        os.truncate(folder / "sparse", 1 << 40)
        yield from (folder / "pipe", folder / "loop", folder / "sparse", Path("/dev/zero"))


def files_of(command: click.Command) -> list[click.Parameter]:
    return [one for one in command.params if getattr(one.type, "func", None) is Path]


def contents(folder: Path) -> dict[Path, bytes]:
    """Return what is in a folder, without what a command may write again."""
    return {
        path: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and path.stat().st_size < 1 << 20
        and path.suffix not in (".jsonl", ".csv")
    }


@pytest.mark.long
@pytest.mark.parametrize(
    "command", [name for name, one in program.commands.items() if files_of(one)]
)
def test_any_file_is_read_or_refused_and_none_is_changed(
    enos_csr, world: World, authority, command: str
) -> None:
    files = list(hostile_files(world, authority))
    before = contents(world.folder)
    for file in files:
        for parameter in files_of(program.commands[command]):
            arguments = world.arguments(command)
            if isinstance(parameter, click.Argument):
                arguments[0] = str(file)
            else:
                name = parameter.opts[-1]
                if name in arguments:
                    place = arguments.index(name)
                    del arguments[place : place + 2]
                arguments += [name, str(file)]
            done = enos_csr(command, *arguments)
            said = (command, parameter.name, file.name, done.output)
            assert done.exit_code in (0, 1, 2), said
            assert "Traceback" not in done.output, said
            assert "unexpected" not in done.output, said
            assert done.output.strip(), said
    assert before.items() <= contents(world.folder).items()


# --- Clock and memory -----------------------------------------------------------------------------


# Years -7500, 1675, 2264, 5138 and 11476; Python counts from 1677 to 2262.
@pytest.mark.long
@pytest.mark.parametrize("seconds", [-300_000_000_000, -9_300_000_000, 9_300_000_000, 10**11])
def test_an_impossible_clock_is_no_traceback(enos_csr_process, world: World, at_time, seconds):
    succeeded = 0
    for command in program.commands:
        before = contents(world.folder)
        arguments = world.arguments(command)
        done = enos_csr_process(command, *arguments, environment=at_time(seconds))
        said = done.stderr.decode()
        assert "Traceback" not in said, command
        assert done.returncode in (0, 1, 2), command
        if done.returncode == 0:
            succeeded += 1
            continue
        assert said.startswith("The clock of this computer shows an impossible year."), command
        assert contents(world.folder) == before
    assert succeeded  # such as those that only show what the program knows


def pairs_are_whole(folder: Path) -> bool:
    """Return whether each key made by a command has its request beside it, and the other way."""
    keys, requests = (
        {path.with_suffix("") for path in folder.rglob(f"*{suffix}") if "files-" not in str(path)}
        for suffix in (".key", ".csr")
    )
    return keys == requests


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="no limits of memory")
@pytest.mark.parametrize("megabytes", [40, 50, 60, 70, 90, 120])
def test_too_little_memory_is_no_traceback(enos_csr_process, world: World, megabytes):
    """The library itself may end the process; all is there or nothing."""
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    for command in program.commands:
        before = contents(world.folder)
        arguments = world.arguments(command)
        done = enos_csr_process(command, *arguments, preexec_fn=limit)
        said = done.stderr.decode()
        assert "Traceback" not in said, (command, said)
        assert done.returncode in (0, 1) or done.returncode < 0, (command, said)
        assert said or done.returncode <= 0, command
        assert before.items() <= contents(world.folder).items()
    assert enos_csr_process("fields").returncode == 0  # the next start
    assert pairs_are_whole(world.folder)


# --- What other programs can see ------------------------------------------------------------------

# Runs a command in this process, then prints what the list of processes shows of it.
_SHOWN = """
import sys
from pathlib import Path
from enos_csr_gui import cli
sys.argv[0] = "enos-csr"
try:
    cli.main()
finally:
    for name in ("cmdline", "environ"):
        sys.stderr.buffer.write(Path("/proc/self", name).read_bytes())
"""


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_no_passphrase_or_key_is_in_the_list_of_processes(world: World):
    """Nor does a command start another program, to which it could give one."""
    if not shutil.which("strace"):
        pytest.skip("no strace")
    secret = (world.folder / "secret").read_text().strip()
    key = (world.folder / "dev-001.key").read_text().splitlines()[1]
    (world.folder / "each.csv").write_text(f"common_name,passphrase\ndev-002,{secret}\n")
    log = world.folder / "calls"
    strace = ["strace", "-f", "-qq", "-s", "100000", "-e", "trace=execve,execveat", "-o", str(log)]
    for name, command in program.commands.items():
        options = [one.opts[-1] for one in files_of(command) if "passphrase" in one.opts[-1]]
        for more in [[], *([option] for option in options)]:
            given = "each.csv" if more == ["--device-passphrases"] else "secret"
            arguments = [name, *world.arguments(name), *more, *([given] if more else [])]
            done = subprocess.run(
                [*strace, sys.executable, "-c", _SHOWN, *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
            said = done.stderr.decode(errors="replace")
            assert done.returncode in (0, 1, 2), said
            assert "enos-csr" in said or sys.executable in said
            assert log.read_text().count("execve") == 1, arguments
            for text in (secret, key):
                assert text not in said + log.read_text(), arguments


def test_no_option_takes_a_passphrase_itself() -> None:
    """What is typed after a command is in the list of processes, and in the shell's history."""
    for command in program.commands.values():
        for one in command.params:
            if "passphrase" in "".join(one.opts):
                assert one in files_of(command) or one.is_flag, one.opts
