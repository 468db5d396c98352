"""The window works without a network, and opens no socket but to the display and the desktop."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="network namespaces are Linux's"),
]

# The whole window without a person: each page is built and shown, a key and a request are made.
PROGRAM = [sys.executable, "-m", "enos_csr_gui", "--self-test"]


@pytest.mark.long
def test_the_window_works_without_a_network() -> None:
    alone = ("unshare", "--user", "--map-root-user", "--net")
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], check=False).returncode:
        pytest.skip("this computer lets nobody have namespaces of their own")
    done = subprocess.run([*alone, *PROGRAM], capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.long
def test_the_window_opens_no_socket_to_a_network(tmp_path: Path) -> None:
    if not shutil.which("strace"):
        pytest.skip("no strace")
    log = tmp_path / "calls"
    strace = ["strace", "-f", "-qq", "-e", "trace=socket,connect,bind", "-o", str(log)]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([*strace, *PROGRAM], capture_output=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout.decode()
    calls = [line for line in log.read_text().splitlines() if re.search(r"\w+\(", line)]
    assert [line for line in calls if "AF_UNIX" not in line] == []
