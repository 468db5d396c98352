"""Files for their owner alone; on Windows the access list is read back from the disk."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from enos_csr_gui.core import permissions
from enos_csr_gui.core.files import replace, save_pair

SYSTEM, ADMINISTRATORS = "S-1-5-18", "S-1-5-32-544"


def create(path: Path, *, private: bool) -> int:
    return permissions.create(str(path), private=private)


@pytest.mark.parametrize("private", [True, False])
def test_a_file_is_made_and_never_replaced(tmp_path, private):
    descriptor = create(tmp_path / "a", private=private)
    os.write(descriptor, b"mine")
    os.close(descriptor)
    with pytest.raises(FileExistsError):
        create(tmp_path / "a", private=private)
    assert (tmp_path / "a").read_bytes() == b"mine"


def test_a_file_that_was_made_private_is_found_to_be(tmp_path):
    descriptor = create(tmp_path / "a", private=True)
    assert permissions.make_private(descriptor)
    os.close(descriptor)


def test_a_folder_is_made_with_all_above_it(tmp_path):
    permissions.make_private_folder(tmp_path / "a" / "b")
    permissions.make_private_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError) as caught:
        permissions.make_private_folder(tmp_path / "file")
    error = caught.value
    assert (error.errno, error.strerror) == (errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    assert error.filename == str(tmp_path / "file")


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX knows them")
@pytest.mark.parametrize("umask", [0, 0o022, 0o077, 0o277, 0o777])
def test_a_folder_is_usable_by_its_owner_whatever_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        permissions.make_folder(tmp_path / "usual")
        permissions.make_folder(tmp_path / "private", 0o700)
        permissions.make_private_folder(tmp_path / "above" / "below")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    usual = 0o777 & ~umask | 0o700
    assert modes == {"usual": usual, "private": 0o700, "above": usual, "below": 0o700}


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX knows them")
@pytest.mark.parametrize("umask", [0, 0o077, 0o777])
def test_a_private_folder_is_usable_whatever_the_umask(anybodys_folder, as_ordinary_user, umask):
    as_ordinary_user(
        "from enos_csr_gui.core import permissions\n"
        "os.umask(int(sys.argv[2]))\n"
        "permissions.make_private_folder(Path(sys.argv[1]) / 'a' / 'b')\n"
        "(Path(sys.argv[1]) / 'a' / 'b' / 'c').touch()",
        anybodys_folder,
        str(umask),
    )
    assert stat.S_IMODE((anybodys_folder / "a" / "b").stat().st_mode) == 0o700
    assert stat.S_IMODE((anybodys_folder / "a").stat().st_mode) == 0o777 & ~umask | 0o700


@pytest.mark.skipif(sys.platform != "linux", reason="files without a name are Linux's")
def test_a_process_that_nobody_looks_into_still_names_its_files(anybodys_folder, as_ordinary_user):
    """Files get their names through /proc, where everything of such a process belongs to root."""
    owner = as_ordinary_user(
        "import ctypes\n"
        "from enos_csr_gui.core import permissions\n"
        "permissions.protect_process()\n"
        "files._hidden = None\n"
        "files.save_pair(Path(sys.argv[1]), 'a', b'key', b'csr')\n"
        "print(os.stat('/proc/self/mem').st_uid, resource.getrlimit(resource.RLIMIT_CORE))",
        anybodys_folder,
    )
    assert owner == "0 (0, 0)"
    assert sorted(path.name for path in anybodys_folder.iterdir()) == ["a.csr", "a.key"]


if sys.platform == "win32":

    def test_other_programs_of_the_user_cannot_read_the_memory():
        program = (
            "import ctypes, sys; "
            "print(ctypes.windll.kernel32.OpenProcess(int(sys.argv[1], 0), 0, int(sys.argv[2])))"
        )
        waiting = (
            "from enos_csr_gui.core import permissions; permissions.protect_process(); "
            "print(flush=True); input()"
        )
        piped = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen([sys.executable, "-c", waiting], **piped) as process:
            process.stdout.readline()
            handles = [
                int(
                    subprocess.check_output(
                        [sys.executable, "-c", program, rights, str(process.pid)]
                    )
                )
                for rights in ("0x0010", "0x0020", "0x1000")  # read, write, ask
            ]
            process.stdin.close()
        assert [bool(handle) for handle in handles] == [False, False, True]

    def readers(path: Path) -> set[str] | None:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            return permissions.readers(descriptor)
        finally:
            os.close(descriptor)

    def test_the_key_has_a_list_of_its_own_and_the_request_that_of_its_folder(tmp_path):
        (tmp_path / "usual").touch()
        saved = save_pair(tmp_path, "a", b"key", b"csr")
        private = readers(saved.key)
        assert private <= {permissions._current_user(), SYSTEM, ADMINISTRATORS}
        assert readers(saved.csr) == readers(tmp_path / "usual") != private

    def test_a_file_that_is_replaced_is_private_if_it_is_to_be(tmp_path):
        replace(tmp_path / "a", b"data", private=True)
        assert readers(tmp_path / "a") <= {permissions._current_user(), SYSTEM, ADMINISTRATORS}

    def test_a_file_that_everybody_may_read_is_found_out(tmp_path):
        descriptor = create(tmp_path / "a", private=False)
        assert not permissions.make_private(descriptor)
        os.close(descriptor)

    def test_a_file_that_is_open_elsewhere_is_no_missing_permission(tmp_path):
        (tmp_path / "a").touch()
        assert permissions.open_error(tmp_path / "a") == 0
        descriptor = create(tmp_path / "b", private=True)  # others may read it meanwhile, only
        assert permissions.open_error(tmp_path / "b") == 32
        os.close(descriptor)
