"""Files on Windows: held open by others, long paths, folders without permission, commands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from enos_csr_gui.core import file_names, files, permissions
from enos_csr_gui.core.errors import (
    CannotSave,
    Code,
    HistoryUnavailable,
    InvalidFileName,
    UnreadableFile,
    problem_from_os_error,
)
from enos_csr_gui.core.history import RequestHistory
from enos_csr_gui.core.shell import Shell, command_line
from enos_csr_gui.gui.requests.spreadsheet import write_requests

pytestmark = pytest.mark.skipif(os.name != "nt", reason="needs Windows, or Wine")


@contextmanager
def held_open(path: Path, share: int = 0) -> Iterator[None]:
    """Hold a file open; by default share it with nobody, as Excel does with a table.

    Share 3 lets others read and write the file, as SQLite does, but not rename or delete it.
    """
    program = (
        "import ctypes, sys; "
        "open_ = ctypes.windll.kernel32.CreateFileW; "
        "handle = open_(sys.argv[1], 0xC0000000, int(sys.argv[2]), None, 3, 0x80, None); "
        "print(handle != -1, flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(path), str(share)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == "True\n"
        yield
    finally:
        process.communicate("", timeout=600)


def test_a_file_that_another_program_has_open_is_not_called_a_missing_permission(tmp_path, refusal):
    path = tmp_path / "dev.csr"
    path.write_bytes(b"mine")
    with held_open(path):
        assert refusal(UnreadableFile, files.read, path) == [Code.FILE_IN_USE]
        with pytest.raises(PermissionError) as caught:
            files.replace(path, b"new")
        problem = problem_from_os_error(caught.value, path, missing=Code.FILE_MISSING)
        assert problem.code is Code.FILE_IN_USE
        assert refusal(CannotSave, files.save_pair, tmp_path, "dev", b"key", b"csr") == [
            Code.FILE_EXISTS
        ]
    assert path.read_bytes() == b"mine"
    assert [file.name for file in tmp_path.iterdir()] == ["dev.csr"]


def refuses_once(monkeypatch, way: str) -> list[str]:
    """Let os.rename or os.replace find a file open, once; return a list of the files."""
    function, refused = getattr(os, way), []

    def later(source, target, **options):
        if not refused:
            refused.append(source)
            raise PermissionError(13, "held open", str(source), 32)
        function(source, target, **options)

    monkeypatch.setattr(os, way, later)
    return refused


def test_a_file_that_a_scanner_has_open_for_a_moment_is_replaced(tmp_path, monkeypatch):
    path = tmp_path / "profiles.json"
    path.write_bytes(b"old")
    refused = refuses_once(monkeypatch, "replace")
    files.replace(path, b"new")
    assert path.read_bytes() == b"new"
    assert len(refused) == 1


def test_a_damaged_history_that_another_copy_holds_open_is_busy(tmp_path, refusal):
    path = tmp_path / "history.sqlite3"
    path.write_bytes(b"damaged" * 1000)
    with held_open(path, 3), RequestHistory(path) as past:
        assert refusal(HistoryUnavailable, past.requests) == [Code.HISTORY_BUSY]
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == b"damaged" * 1000
    with RequestHistory(path) as past:
        assert past.requests() == []
        assert [note.code for note in past.notes] == [Code.HISTORY_DAMAGED]


@pytest.mark.usefixtures("sleeping")
def test_a_damaged_history_that_is_open_for_a_moment_is_waited_for_across_sleep(
    tmp_path, monkeypatch
):
    path = tmp_path / "history.sqlite3"
    path.write_bytes(b"damaged" * 1000)
    refused = refuses_once(monkeypatch, "rename")
    with RequestHistory(path) as past:
        assert past.requests() == []
        assert [note.code for note in past.notes] == [Code.HISTORY_DAMAGED]
    assert len(refused) == 1


def test_paths_of_more_than_260_characters_are_saved_and_read(tmp_path):
    folder = tmp_path
    while len(str(folder)) < 300:
        folder /= "凯里 a folder with a long name"
        file_names.system_path(folder).mkdir()
    pair = files.save_pair(folder / "new", "dev", b"key", b"csr")
    assert len(str(pair.csr)) > 300
    assert not str(pair.csr).startswith("\\\\?\\")
    assert (files.read(pair.key), files.read(pair.csr)) == (b"key", b"csr")


@pytest.fixture
def share(tmp_path) -> Iterator[Path]:
    """A folder on a share: Wine's, or that of an administrator on this computer."""
    drive, rest = os.path.splitdrive(tmp_path)
    name = os.environ.get("ENOS_CSR_SHARE") or f"\\\\localhost\\{drive[0]}$"
    folder = Path(name, rest.strip("\\"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        pytest.skip("this computer has no share")
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("length", [0, 300], ids=["short", "long"])
def test_a_share_of_a_server(share, refusal, length):
    folder = share / "凯里 a folder"
    file_names.system_path(folder).mkdir()
    while len(str(folder)) < length:
        folder /= "a folder with a long name"
        file_names.system_path(folder).mkdir()
    pair = files.save_pair(folder / "new", "dev", b"key", b"csr")
    assert str(pair.csr) == str(folder / "new" / "dev.csr")
    assert pair.csr.drive == share.drive
    assert (files.read(pair.key), files.read(pair.csr)) == (b"key", b"csr")
    assert refusal(CannotSave, files.save_pair, pair.csr.parent, "dev", b"key", b"csr") == [
        Code.FILE_EXISTS
    ]
    assert {file.name for file in file_names.system_path(pair.csr.parent).iterdir()} == {
        "dev.key",
        "dev.csr",
    }


def test_a_server_or_share_that_is_not_there_is_a_missing_folder(refusal):
    folder = Path(r"\\server\gone\requests\kaili")
    codes = refusal(CannotSave, files.save_pair, folder, "dev", b"key", b"csr")
    assert codes == [Code.FOLDER_MISSING]


@pytest.mark.parametrize("name", ["NUL", "con", "COM1", "LPT9"])
def test_a_device_is_not_written_to(tmp_path, refusal, name):
    codes = refusal(InvalidFileName, files.save_pair, tmp_path, name, b"key", b"csr")
    assert codes == [Code.NAME_UNSAFE]
    assert list(tmp_path.iterdir()) == []


def test_a_name_of_more_than_255_characters_is_too_long_and_not_missing(tmp_path, refusal):
    assert refusal(UnreadableFile, files.read, tmp_path / ("a" * 300)) == [Code.PATH_TOO_LONG]


@pytest.fixture
def unwritable(tmp_path) -> Path:
    """A folder where one may not write, although Windows calls it writable."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    if "ENOS_CSR_WINE" in os.environ:  # it keeps no access lists; Linux takes no file there
        folder = Path("Z:/sys/kernel")
    deny = ["icacls", str(folder), "/deny", "*S-1-1-0:(WD,AD)"]
    subprocess.run(deny, capture_output=True, check=False)
    with suppress(PermissionError):
        (folder / "probe").touch()
        pytest.skip("the user is above access lists")
    assert os.access(folder, os.W_OK)
    return folder


def save_a_pair(folder: Path) -> None:
    files.save_pair(folder, "dev", b"key", b"csr")


def save_a_pair_in_a_new_folder(folder: Path) -> None:
    files.save_pair(folder / "new", "dev", b"key", b"csr")


def save_a_table(folder: Path) -> None:
    write_requests([], folder / "a.csv")


def replace_a_file(folder: Path) -> None:
    try:
        files.replace(folder / "a.json", b"new")
    except OSError as error:
        problem = problem_from_os_error(error, folder, missing=Code.FOLDER_MISSING)
        raise CannotSave([problem]) from error


@pytest.mark.parametrize(
    "save", [save_a_pair, save_a_pair_in_a_new_folder, save_a_table, replace_a_file]
)
def test_a_folder_where_one_may_not_write_is_refused_at_once(unwritable, refusal, save):
    before = set(unwritable.iterdir())
    assert refusal(CannotSave, save, unwritable) == [Code.NO_PERMISSION]
    assert set(unwritable.iterdir()) == before


def test_a_temporary_folder_where_none_can_be_made_is_refused_at_once(unwritable, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(unwritable))
    with pytest.raises(PermissionError):
        files.make_temporary_folder()


@pytest.mark.parametrize("name", ["", "new"])
@pytest.mark.parametrize("answer", [(2, Code.FOLDER_PROTECTED), (5, Code.NO_PERMISSION)], ids=str)
def test_a_folder_that_windows_protects_is_refused_at_once(
    tmp_path, refusal, monkeypatch, answer, name
):
    # As 'Controlled folder access' answers, which only an administrator can turn on, and as others.
    number, code = answer
    tries = []

    def refusing(make):
        def refuse(path, *arguments, **options):
            if tmp_path not in Path(path).parents:
                return make(path, *arguments, **options)
            tries.append(path)
            raise OSError(0, "refused", str(path), number)

        return refuse

    monkeypatch.setattr(permissions, "create", refusing(permissions.create))
    monkeypatch.setattr(permissions, "make_folder", refusing(permissions.make_folder))
    codes = refusal(CannotSave, files.save_pair, tmp_path / name, "dev", b"key", b"csr")
    assert codes == [code]
    assert len(tries) == 1
    assert list(tmp_path.iterdir()) == []


def in_cmd(lines: str) -> str:
    return "cmd /v:off /c " + "&& ".join(lines.splitlines())


def in_powershell(lines: str) -> list[str]:
    powershell = ["powershell", "-NoProfile", "-Command"]
    said = subprocess.run([*powershell, "1 + 1"], capture_output=True, check=False).stdout
    if said.split() != [b"2"]:
        pytest.skip("no PowerShell, or that of Wine, which does nothing")
    return [*powershell, "; ".join([*lines.splitlines(), "exit $LASTEXITCODE"])]


@pytest.mark.parametrize(("shell", "way"), [(Shell.CMD, in_cmd), (Shell.POWERSHELL, in_powershell)])
def test_the_shells_pass_chinese_text_to_openssl(tmp_path, openssl, shell, way):
    name = "贵州 & 100%"
    arguments = ["openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-utf8", "-keyout"]
    arguments += ["凯里 a.key", "-subj", f"/CN={name}", "-out", "凯里 a.csr"]
    command = way(command_line(arguments, shell, {"OPENSSL_WIN32_UTF8": "1"}))
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    shown = openssl("req", "-in", tmp_path / "凯里 a.csr", "-noout", "-subject", "-nameopt",
                    "multiline,utf8,-esc_msb")  # fmt: skip
    assert name in shown
