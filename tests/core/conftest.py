"""Fixtures for the core tests: a key, real disks, and a process without privileges."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from enos_csr_gui.core import csr, keys
from enos_csr_gui.core.errors import (
    CannotSave,
    Code,
    CoreError,
    InvalidTable,
    Problem,
    UnreadableFile,
)
from enos_csr_gui.core.subject import Subject

# What is imported late must be there before the process gives up the right to read it.
_GIVE_UP_PRIVILEGES = """
import ctypes, itertools, os, resource, signal, sys
from pathlib import Path
from enos_csr_gui.core import file_names, files, last_answers
from enos_csr_gui.core.errors import CoreError
file_names.safe_name("name"), last_answers.default_path()
if os.geteuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
"""


@pytest.fixture(scope="session")
def key() -> rsa.RSAPrivateKey:
    """Return the key that one run of the tests signs with."""
    return keys.generate()


@pytest.fixture(scope="session")
def key_pem(key: rsa.RSAPrivateKey) -> bytes:
    return keys.to_pem(key)


@pytest.fixture
def subject(answers: dict[str, str]) -> Subject:
    return Subject(answers)


@pytest.fixture
def csr_pem(subject: Subject, key: rsa.RSAPrivateKey) -> bytes:
    return csr.to_pem(csr.sign(subject, key))


_new_problem, _new_error = Problem.__new__, CoreError.__init__
_OF_FILES = (InvalidTable, CannotSave, UnreadableFile)


@pytest.fixture(autouse=True)
def complete_problems(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test in which a problem lacks a value that its sentence needs, or the file."""
    incomplete: list[str] = []

    def new(cls: type[Problem], code: Code, *args: object, **kwargs: object) -> Problem:
        made = _new_problem(cls, code, *args, **kwargs)
        if not isinstance(code, Code) or not set(code.value_names) <= set(made.values):
            incomplete.append(f"{made}")
        return made

    def error(self: CoreError, problems: Sequence[Problem]) -> None:
        _new_error(self, problems)
        if isinstance(self, _OF_FILES):
            nameless = (one for one in problems if one.path is None)
            # What is read from bytes has no file.
            incomplete.extend(f"{one}" for one in nameless if one.code is not Code.NO_REQUEST)

    monkeypatch.setattr(Problem, "__new__", new)
    monkeypatch.setattr(CoreError, "__init__", error)
    yield
    assert not incomplete


@pytest.fixture(scope="session")
def refusal() -> Callable[..., list[Code]]:
    """Return a function that does something refused and returns the codes of the reasons."""

    def refused(expected: type[CoreError], action: Callable, *args: object, **kwargs: object):
        with pytest.raises(expected) as caught:
            action(*args, **kwargs)
        return [problem.code for problem in caught.value.problems]

    return refused


@pytest.fixture
def anybodys_folder() -> Iterator[Path]:
    """Return an empty folder that every user may use; pytest's own is for one user only."""
    folder = Path(tempfile.mkdtemp(prefix="enos-csr-tests-"))
    folder.chmod(0o777)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def as_ordinary_user() -> Callable[..., str]:
    """Return a function that runs Python code in a process that is not the administrator's."""
    if os.name != "posix":
        pytest.skip("permissions as POSIX knows them")

    def run(code: str, *arguments: str | Path) -> str:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", _GIVE_UP_PRIVILEGES + code, *map(str, arguments)],
            capture_output=True,
            check=False,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


@pytest.fixture(scope="session")
def without_privileges() -> Callable[[], AbstractContextManager[None]]:
    """Return what takes the administrator's rights from this process for a moment.

    What the program imports late must be there before.
    """
    if os.name != "posix":
        pytest.skip("permissions as POSIX knows them")
    if os.geteuid() == 0 and not hasattr(os, "setresuid"):
        pytest.skip("no way back to the administrator")

    @contextmanager
    def ordinary() -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        os.setresuid(65534, 65534, 0)
        try:
            yield
        finally:
            os.setresuid(0, 0, 0)

    return ordinary


@pytest.fixture
def mounted(anybodys_folder: Path) -> Iterator[Callable[..., Path]]:
    """Return a function that mounts a disk and returns its folder; skips where it may not."""
    folders: list[Path] = []

    def mount(*options: str | Path) -> Path:
        if sys.platform != "linux" or os.geteuid() != 0:
            pytest.skip("only the administrator of a Linux computer can mount a disk")
        folder = anybodys_folder / f"disk{len(folders)}"
        folder.mkdir()
        done = subprocess.run(
            ["mount", *map(str, options), str(folder)], capture_output=True, check=False, text=True
        )
        if done.returncode != 0:
            pytest.skip(f"cannot mount here: {done.stderr.strip()}")
        folders.append(folder)
        return folder

    yield mount
    for folder in folders:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture(params=["FAT", "exFAT", "exFAT through FUSE"])
def usb_stick(tmp_path: Path, mounted: Callable[..., Path], request: pytest.FixtureRequest) -> Path:
    """Return the folder of a real disk that knows neither permissions nor hard links.

    The administrator has put it in and lets everybody write on it.
    """
    kind, maker, package = {
        "FAT": ("vfat", "mkfs.vfat", "dosfstools"),
        "exFAT": ("exfat", "mkfs.exfat", "exfatprogs"),
        "exFAT through FUSE": ("exfat-fuse", "mkfs.exfat", "exfatprogs, exfat-fuse"),
    }[request.param]
    mkfs = shutil.which(maker, path=f"{os.environ.get('PATH', '')}:/sbin:/usr/sbin")
    if not mkfs:
        pytest.skip(f"no {maker} (package {package})")
    image = tmp_path / "stick.img"
    with image.open("wb") as file:
        file.truncate(8 << 20)
    subprocess.run([mkfs, str(image)], check=True, capture_output=True)
    return mounted("-t", kind, "-o", "loop,umask=000", image)


_HEADINGS = "C,ST,L,O,OU,CN,Site"
_SAME = "CN,Guizhou,Kaili,Example Wind Ltd,Operations"


@pytest.fixture
def table_of(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a table with these common names, and returns its path."""

    def write(*names: str, same: str = _SAME, name: str = "devices.csv") -> Path:
        path = tmp_path / name
        rows = [f"{same},{one},north" for one in names]
        path.write_text("\n".join([_HEADINGS, *rows, ""]), encoding="utf-8")
        return path

    return write
