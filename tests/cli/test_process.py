"""The process itself: no core dump, no look into its memory, no network."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


# --- Memory ---------------------------------------------------------------------------------------


@linux
def test_no_core_is_dumped_and_nobody_looks_into_the_memory(terminal) -> None:
    """Ask while the command waits for a passphrase that protects a key."""
    person = terminal("new", "--encrypt")
    person.expect("Country: ")
    process = Path(f"/proc/{person._process.pid}")
    limits = (process / "limits").read_text()
    assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE)
    if os.geteuid() == 0:
        # What is not dumpable belongs to root, no matter who runs it.
        program = "import os, sys; os.setuid(65534); open(sys.argv[1] + '/mem', 'rb')"
        done = subprocess.run(
            [sys.executable, "-c", program, process], capture_output=True, check=False
        )
        assert b"PermissionError" in done.stderr
    else:
        with pytest.raises(PermissionError):
            (process / "mem").open("rb")


@linux
def test_a_crash_leaves_no_core(options, folder: Path) -> None:
    program = "import os, signal; from enos_csr_gui.core import permissions\n"
    program += "permissions.protect_process(); os.kill(os.getpid(), signal.SIGSEGV)"
    script = 'ulimit -c unlimited 2>/dev/null; exec "$@"'
    done = subprocess.run(["sh", "-c", script, "sh", sys.executable, "-c", program], check=False)
    assert done.returncode == -signal.SIGSEGV
    assert list(folder.iterdir()) == []


# --- No network -----------------------------------------------------------------------------------


@pytest.fixture
def walk(options, authority, folder: Path) -> list[list[str]]:
    """Return the arguments of a walk through all commands, to be run one after the other."""
    (folder / "chain.pem").write_bytes(
        authority.intermediate.read_bytes() + authority.root.read_bytes()
    )
    (folder / "devices.csv").write_text("Common name\ndev-002\n")
    (folder / "secret").write_text("correct horse battery\n")
    export = ["export", "dev-001.pem", "--key", "dev-001.key", "--chain", "chain.pem"]
    return [
        ["new", *options()],
        ["inspect", "."],
        ["receive", "dev-001.pem", "--chain", "chain.pem"],
        [*export, "--format", "p12", "--out", "dev-001.p12", "--passphrase-file", "secret"],
        ["renew", "dev-001.csr"],
        ["convert", "dev-001.pem", "--out", "another.crt"],
        ["batch", "devices.csv", "--out", "farm", *options(common_name=None)],
        ["receive-batch", "dev-002.pem", "--out", "farm"],
        ["renew-batch", "--days", "3650", "--out", "renewals"],
        ["history"],
        ["fields"],
        ["profiles"],
        ["rules"],
    ]


ISSUED = {
    "new": ("dev-001.csr", "dev-001.pem"),
    "batch": ("farm/dev-002/dev-002.csr", "dev-002.pem"),
}
"""The command after which a certificate is issued: for which request, into which file."""


def every_command_is_in(walk: list[list[str]]) -> bool:
    from enos_csr_gui.cli.program import program

    return {words[0] for words in walk} == program.commands.keys()


@pytest.mark.long
@linux
def test_every_command_works_without_a_network(
    walk, enos_csr_process, authority, folder: Path
) -> None:
    alone = ("unshare", "--user", "--map-root-user", "--net")
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], check=False).returncode:
        pytest.skip("this computer lets nobody have namespaces of their own")
    seen = subprocess.run([*alone, "cat", "/proc/net/dev"], capture_output=True, check=True)
    assert b"eth" not in seen.stdout
    assert every_command_is_in(walk)
    for arguments in walk:
        done = enos_csr_process(*arguments, prefix=alone)
        assert done.returncode in (0, 2), done.stderr.decode()
        assert (done.returncode == 2) == (arguments[0] == "inspect"), done.stderr.decode()
        if arguments[0] in ISSUED:
            csr, certificate = ISSUED[arguments[0]]
            authority.issue(folder / csr, folder / certificate)


@pytest.mark.long
@linux
def test_no_command_opens_a_socket(walk, enos_csr_process, authority, folder: Path) -> None:
    if not shutil.which("strace"):
        pytest.skip("no strace")
    log = folder / "calls"
    strace = ("strace", "-f", "-qq", "-e", "trace=socket,connect,bind", "-o", str(log))
    for arguments in walk:
        enos_csr_process(*arguments, prefix=strace)
        calls = [line for line in log.read_text().splitlines() if "(" in line]
        assert [line for line in calls if "AF_UNIX" not in line] == []
        log.unlink()
        if arguments[0] in ISSUED:
            csr, certificate = ISSUED[arguments[0]]
            authority.issue(folder / csr, folder / certificate)
