"""Files that belong together on disk: all or none, keys private, never over another file."""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import NamedTuple

from enos_csr_gui.core.errors import (
    CannotSave,
    Code,
    InvalidFileName,
    Problem,
    UnreadableFile,
    problem_from_os_error,
)
from enos_csr_gui.core.file_types import CSR_SUFFIX, KEY_SUFFIX

_PAIR = (KEY_SUFFIX, CSR_SUFFIX)

MAX_NAME_BYTES = 200
"""A file system takes 255 bytes; this leaves room for the suffix."""

# Windows takes these for devices, in either case and before any suffix. (pathvalidate misses some.)
_DEVICE = re.compile(r"((?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])) *(?=\.|$)", re.I)

MAX_READ_BYTES = 1 << 20
"""A key is 2 kB, a long chain of certificates 20 kB; nothing we read is near this size."""

# FAT; network drives; file systems in user space that leave links out; too many of them.
_NO_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


class SavedPair(NamedTuple):
    """Where the files are; ``key`` is None when an existing key was used and none was written."""

    key: Path | None
    csr: Path


class Part(NamedTuple):
    """One file of those that are saved together: how its name ends, and what is in it.

    One that is ``private`` is for its owner alone; where a disk cannot keep it so, it is saved
    only when it is ``encrypted``.
    """

    ending: str
    data: bytes
    private: bool = False
    encrypted: bool = False


def safe_name(text: str) -> str:
    """Return ``text`` made into a base name that Windows, macOS and Linux all take.

    Never empty; without a path, a reserved name, a leading dot or dash, or one of our suffixes.
    """
    from pathvalidate import sanitize_filename

    # An unpaired surrogate has no encoding, and so no file name.
    name = text.encode("utf-8", "replace").decode()
    while True:
        cleaned = sanitize_filename(name, replacement_text="-", platform="universal")
        cleaned = cleaned.strip(" .").lstrip("-")
        if device := _DEVICE.match(cleaned):
            cleaned = f"{device[1]}_{cleaned[device.end() :]}"
        cleaned = cleaned.encode()[:MAX_NAME_BYTES].decode("utf-8", "ignore")
        for suffix in _PAIR:
            if cleaned.lower().endswith(suffix):
                cleaned = cleaned[: -len(suffix)]
        if cleaned == name:  # cutting may have laid another unsafe end bare
            return name or "request"
        name = cleaned


def free_name(folder: Path, base_name: str, endings: Sequence[str] = ()) -> str:
    """Return ``base_name``, or with '-2', '-3'... such that no file exists in ``folder``.

    Neither that of a key, nor that of a request, nor any with one of the ``endings``.

    A long name is cut to make room for the number, so that a safe name stays safe.
    """
    for number in count(1):
        ending = "" if number == 1 else f"-{number}"
        start = base_name.encode("utf-8", "replace")[: MAX_NAME_BYTES - len(ending)]
        name = start.decode("utf-8", "ignore") + ending
        if not any(os.path.lexists(folder / f"{name}{end}") for end in (*_PAIR, *endings)):
            return name
    raise AssertionError("unreachable")


def check_target(folder: Path, base_name: str, *, with_key: bool = True) -> list[Problem]:
    """Return what, as far as a look can tell, would keep ``save_pair`` from saving there."""
    return check_set(folder, base_name, _PAIR if with_key else (CSR_SUFFIX,))


def check_set(folder: Path, base_name: str, endings: Sequence[str]) -> list[Problem]:
    """Return what, as far as a look can tell, would keep ``save_set`` from saving there."""
    if (safe := safe_name(base_name)) != base_name:
        values = {"given": base_name, "suggestion": safe}
        return [Problem(Code.NAME_UNSAFE, values=values)]
    if not _can_exist(folder):
        return [Problem(Code.FOLDER_MISSING, path=folder)]
    try:
        # Only the last step of a path is made when it is missing: a long missing path is a slip of
        # the finger or a disk that has been pulled out.
        existing = folder if os.path.lexists(folder) else folder.parent
        if not existing.exists():
            return [Problem(Code.FOLDER_MISSING, path=folder)]
        if not existing.is_dir():
            return [Problem(Code.NOT_A_FOLDER, path=existing)]
        if _is_on_read_only_disk(existing):
            return [Problem(Code.READ_ONLY, path=existing)]
        if not os.access(existing, os.W_OK | os.X_OK):
            return [Problem(Code.NO_PERMISSION, path=existing)]
        for target in (folder / f"{base_name}{ending}" for ending in endings):
            if os.path.lexists(target):
                return [_exists(folder, base_name, target, endings)]
    except OSError as error:
        return [problem_from_os_error(error, folder, missing=Code.FOLDER_MISSING)]
    return []


def _is_on_read_only_disk(folder: Path) -> bool:
    # To os.access such a disk is the same as a missing permission; what helps is not.
    return sys.platform != "win32" and bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def _can_exist(path: Path) -> bool:
    """Tell whether the operating system has a way to write the path: no NUL, no half character."""
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False


def _exists(folder: Path, base_name: str, target: Path, endings: Sequence[str]) -> Problem:
    values = {"suggestion": free_name(folder, base_name, endings)}
    return Problem(Code.FILE_EXISTS, path=target, values=values)


def save_pair(folder: Path, base_name: str, key_pem: bytes | None, csr_pem: bytes) -> SavedPair:
    """Write ``base_name.key`` and ``base_name.csr`` into ``folder``, as ``save_set`` does.

    ``key_pem`` is None when an existing key was used.
    """
    parts = [Part(CSR_SUFFIX, csr_pem)]
    if key_pem is not None:
        # The key first: a request without its key is useless.
        encrypted = b"BEGIN ENCRYPTED PRIVATE KEY" in key_pem
        parts.insert(0, Part(KEY_SUFFIX, key_pem, private=True, encrypted=encrypted))
    *key, csr = save_set(folder, base_name, parts)
    return SavedPair(key[0] if key else None, csr)


def save_set(folder: Path, base_name: str, parts: Sequence[Part]) -> list[Path]:
    """Write each part, named ``base_name`` and its ending, into ``folder``: all or none.

    They get their names in the order given. The last step of ``folder`` is made when it is
    missing. No file is ever replaced. What is private is so from the first byte.

    Returns where the parts are. Raises InvalidFileName for an unsafe name and CannotSave when
    anything else is in the way; then everything is as it was.
    """
    endings = [part.ending for part in parts]
    if problems := check_set(folder, base_name, endings):
        unsafe = problems[0].code is Code.NAME_UNSAFE
        raise InvalidFileName(problems) if unsafe else CannotSave(problems)
    targets = [folder / f"{base_name}{ending}" for ending in endings]
    try:
        # The endings are each another, and so are the names inside the workshop.
        with _folder(folder), _private_workshop(folder, endings) as workshop:
            sources = [workshop / f"new{ending}" for ending in endings]
            for source, part in zip(sources, parts, strict=True):
                _write(source, part)
            _place_all(folder, list(zip(sources, targets, strict=True)))
    except OSError as error:
        if isinstance(error, FileExistsError):
            target = Path(error.filename2 or error.filename)
            raise CannotSave([_exists(folder, base_name, target, endings)]) from error
        problem = problem_from_os_error(error, folder, missing=Code.FOLDER_MISSING)
        raise CannotSave([problem]) from error
    return targets


@contextmanager
def _folder(folder: Path) -> Iterator[None]:
    """Make the folder if it is missing; take it away again if saving fails."""
    made = not folder.exists()
    if made:
        folder.mkdir(exist_ok=True)
    try:
        yield
    except BaseException:
        if made:
            with suppress(OSError):
                folder.rmdir()
        raise


@contextmanager
def _private_workshop(folder: Path, endings: Sequence[str]) -> Iterator[Path]:
    """Yield a temporary folder inside ``folder`` that only its owner can look into.

    ``mkdtemp`` makes it with mode 0700, which Python also turns into an access list for the owner,
    the administrators and the system on Windows; what is made in it inherits that.
    """
    workshop = Path(tempfile.mkdtemp(prefix=".enos-csr-", dir=folder))
    try:
        with suppress(PermissionError):  # a USB stick that somebody else has put in
            workshop.chmod(0o700)  # a umask may have taken the owner's own rights
        yield workshop
    finally:
        # By name: rmtree has to open the folder, and there may be too many open files.
        for ending in endings:
            with suppress(OSError):
                (workshop / f"new{ending}").unlink()
        try:
            workshop.rmdir()
        except OSError:  # a network drive may keep something of its own there
            shutil.rmtree(workshop, ignore_errors=True)


def _write(path: Path, part: Part) -> None:
    mode = 0o600 if part.private else 0o666
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags, mode)
    with os.fdopen(handle, "wb") as file:
        if part.private and os.name == "posix" and not (_make_private(handle) or part.encrypted):
            raise CannotSave([Problem(Code.NOT_PRIVATE, path=path.parent.parent)])
        file.write(part.data)
        file.flush()
        os.fsync(handle)


def _make_private(handle: int) -> bool:
    """Tell whether the open file now is for its owner alone; on most USB sticks it cannot be."""
    try:
        os.fchmod(handle, 0o600)  # a umask may have taken the owner's own rights
    except PermissionError:  # all on the stick belongs to whoever has put it in
        return False
    return not os.fstat(handle).st_mode & 0o077


def _place_all(folder: Path, moves: Sequence[tuple[Path, Path]]) -> None:
    """Give the finished files their names."""
    placed: list[Path] = []
    try:
        for source, target in moves:
            _place(source, target)
            placed.append(target)
        _sync_folder(folder)
    except BaseException:
        for source, target in moves:
            with suppress(OSError):
                # Ctrl-C may have come when the name was given and not yet noted.
                if target in placed or _are_one_file(source, target):
                    target.unlink()
        raise


def _are_one_file(source: Path, target: Path) -> bool:
    return sys.platform != "win32" and os.path.samestat(source.lstat(), target.lstat())


def _place(source: Path, target: Path) -> None:
    """Move ``source`` to ``target``; raise FileExistsError if there is anything."""
    if sys.platform == "win32":
        source.rename(target)  # refuses to replace, there
        return
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        # No hard links (FAT, some network drives): claim the name, then move over our own claim.
        claim = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.close(claim)
        try:
            source.replace(target)
        except BaseException:
            target.unlink()
            raise


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network drives cannot
            raise
    finally:
        os.close(handle)


def read(path: Path) -> bytes:
    """Return the content of a file of at most ``MAX_READ_BYTES`` bytes.

    Raises UnreadableFile when there is none, it is too large, or it cannot be read.
    """
    if not _can_exist(path):
        raise UnreadableFile([Problem(Code.FILE_MISSING, path=path)])
    try:
        if not path.is_file() and path.exists():
            # A folder, or a pipe or device that might never end.
            raise UnreadableFile([Problem(Code.NOT_A_FILE, path=path)])
        with path.open("rb") as file:
            data = file.read(MAX_READ_BYTES + 1)
    except NotADirectoryError as error:  # a file where the path has a folder
        raise UnreadableFile([Problem(Code.FILE_MISSING, path=path)]) from error
    except OSError as error:
        problem = problem_from_os_error(error, path, missing=Code.FILE_MISSING)
        raise UnreadableFile([problem]) from error
    if len(data) > MAX_READ_BYTES:
        problem = Problem(Code.FILE_TOO_LARGE, path=path, values={"limit": MAX_READ_BYTES})
        raise UnreadableFile([problem])
    return data
