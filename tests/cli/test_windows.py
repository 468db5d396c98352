"""The command on Windows: code pages, devices, pipes, Ctrl-Break."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from enos_csr_gui.cli import streams

pytestmark = pytest.mark.skipif(os.name != "nt", reason="needs Windows, or Wine")

TEXT = "贵州é"


ENOS_CSR = Path(sys.executable).with_name("enos-csr.exe")


def in_a_console(program: str, *arguments: str | Path) -> bytes:
    """Run a Python program in a console of its own, without a window; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=6000,
        creationflags=subprocess.CREATE_NO_WINDOW,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def in_code_page(folder):
    """Return a function for the bytes that the command prints in a console with a code page."""
    program = """
import ctypes, subprocess, sys
assert ctypes.windll.kernel32.SetConsoleOutputCP(int(sys.argv[1]))
done = subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL, capture_output=True)
sys.stdout.buffer.write(done.stdout + done.stderr)
"""

    def run(code_page: int, *arguments: str) -> bytes:
        return in_a_console(program, str(code_page), ENOS_CSR, *arguments)

    return run


@pytest.mark.parametrize(
    ("code_page", "expected"),
    [(437, b"\\u8d35\\u5dde\x82"), (936, TEXT.encode("gbk")), (65001, TEXT.encode())],
)
def test_what_reads_from_the_pipe_can_decode_it(in_code_page, options, code_page, expected):
    printed = in_code_page(code_page, "new", *options(), "--out", ".", "--name", TEXT)
    assert expected + b".csr" in printed
    assert b"?" not in printed


def test_json_is_the_same_text_in_every_code_page(in_code_page, options):
    printed = in_code_page(437, "new", *options(organization=TEXT), "--out", ".", "--json")
    assert json.loads(printed.decode("ascii"))["subject"]["organization"] == TEXT


def test_nul_is_not_a_person():
    with Path(os.devnull).open() as nul:
        assert nul.isatty()
        assert not streams.is_terminal(nul)


def test_nul_is_asked_nothing():
    nul = {"stdin": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    done = subprocess.run([ENOS_CSR, "new", "--json"], stdout=subprocess.PIPE, check=False, **nul)
    assert done.returncode == 2
    codes = {problem["code"] for problem in json.loads(done.stdout)["problems"]}
    assert codes == {"required"}


def test_a_reader_that_has_gone(enos_csr_process, options, folder):
    read, write = os.pipe()
    os.close(read)
    try:
        done = enos_csr_process("new", *options(), "--json", stdout=write)
    finally:
        os.close(write)
    assert done.returncode == 1
    lines = done.stderr.decode().splitlines()
    assert lines == ["The files were saved, but the result could not be printed."]
    assert (folder / "dev-001.key").exists()


def test_a_reader_that_goes_before_the_end(enos_csr_process):
    read, write = os.pipe()
    threading.Thread(target=lambda: (os.read(read, 1), os.close(read)), daemon=True).start()
    try:
        done = enos_csr_process("fields", "--json", stdout=write)
    finally:
        os.close(write)
    assert done.returncode in (0, 1)  # 0: all of it went into the pipe
    assert not done.stderr


def test_a_user_name_with_blanks_and_chinese_letters(tmp_path, options, monkeypatch):
    home = tmp_path / "王 小明 (field)"
    for folder in ("Desktop", "AppData/Local", "AppData/Local/Temp"):
        (home / folder).mkdir(parents=True)
    local = home / "AppData" / "Local"
    for name in ("WIN_PD_OVERRIDE_LOCAL_APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(local))
    monkeypatch.setenv("USERPROFILE", str(home))
    for name in ("TEMP", "TMP"):
        monkeypatch.setenv(name, str(local / "Temp"))

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [ENOS_CSR, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=home / "Desktop",
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.decode("ascii")

    made = json.loads(run("new", *options(), "--json"))
    key = home / "Desktop" / "dev-001.key"
    assert Path(made["key"]) == key
    assert key.exists()
    [request] = json.loads(run("history", "--json"))["requests"]
    assert Path(request["key"]) == key
    assert (local / "enos-csr" / "history.sqlite3").exists()
    assert list((local / "Temp").iterdir()) == []


def test_ctrl_break_ends_it_and_leaves_no_file(folder, options):
    # It waits for the passphrase on standard input, at any moment before that it ends as well.
    program = """
import signal, subprocess, sys, time
group, pipe = subprocess.CREATE_NEW_PROCESS_GROUP, subprocess.PIPE
process = subprocess.Popen(sys.argv[1:], stdin=pipe, stdout=pipe, stderr=pipe, creationflags=group)
time.sleep(3)
assert process.poll() is None
process.send_signal(signal.CTRL_BREAK_EVENT)
errors = process.communicate(timeout=600)[1]
print(process.returncode, b"Traceback" in errors)
"""
    printed = in_a_console(program, ENOS_CSR, "new", *options(), "--passphrase-file", "-")
    status, traceback = printed.split()
    assert status != b"0"
    assert traceback == b"False"
    assert list(folder.iterdir()) == []
