"""Files that belong together on disk: all or none, keys private, never over another file.

How a set of files is saved, so that a kill or a power cut at any moment leaves all of them or none:

1. Every file is written and synced before any of them gets its name. On Linux it has no name at
   all until then (``O_TMPFILE``), so nothing is left of it if the process dies. Where the file
   system or the system cannot do that, it is a hidden file ``.enos-csr-...`` in the same folder.
2. The files get their names, the key first, by an operation that never replaces a file: ``linkat``
   from ``/proc/self/fd`` for a file without a name; a rename that refuses to replace
   (``renameat2``, ``renameatx_np``, Windows' own); a hard link; or, as the last resort, a move over
   an empty file of our own that claims the name. Then the folder is synced.
3. An error or Ctrl-C removes every name again. What a kill leaves is in the journal (see
   ``core.journal``), and ``tidy`` cleans up at the next start or before the next save: it removes
   hidden files, empty claims and a folder that was made for the files. If the key has its name and
   the other files do not, it writes them: they are public, so the journal holds them. ``tidy``
   never deletes a key that has its name. A request whose files got their names, but that is missing
   in the history, is recorded then.

A private file is private before its first byte (see ``core.permissions``). A public one has the
rights that its folder and the umask give it.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from enos_csr_gui.core import busy, journal, permissions
from enos_csr_gui.core.errors import (
    CannotSave,
    Code,
    InvalidFileName,
    Problem,
    UnreadableFile,
    problem_from_os_error,
)
from enos_csr_gui.core.file_names import PAIR, free_name, safe_file_name, safe_name, system_path
from enos_csr_gui.core.file_types import CSR_SUFFIX, KEY_SUFFIX

MAX_READ_BYTES = 1 << 20
"""A key is 2 kB, a long certificate chain 20 kB; no file we read is near this size."""

# FAT; network drives; user-space file systems without links; too many links.
_NO_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)

# No /proc to link from, or a network drive that only seems to have files without a name.
_NO_NAMING = (*_NO_HARD_LINKS, errno.ENOENT, errno.EXDEV, errno.EINVAL)

_NO_SYNC = (errno.EINVAL, errno.ENOTSUP)
"""Some network drives cannot sync a folder."""

_BUSY_SECONDS = 0.5

_TEMPORARY = ".enos-csr-"


class SavedPair(NamedTuple):
    """The paths of the files; ``key`` is None when an existing key was used."""

    key: Path | None
    csr: Path


class Part(NamedTuple):
    """One file of a set saved together: the ending of its name, and its content.

    Only the owner can read a ``private`` one; on a disk that cannot enforce this, it is saved only
    if ``encrypted``.
    """

    ending: str
    data: bytes
    private: bool = False
    encrypted: bool = False


def check_target(folder: Path, base_name: str, *, with_key: bool = True) -> list[Problem]:
    """Return the problems, found without writing, that would prevent ``save_pair``."""
    return check_set(folder, base_name, PAIR if with_key else (CSR_SUFFIX,))


def check_set(folder: Path, base_name: str, endings: Sequence[str]) -> list[Problem]:
    """Return the problems, found without writing, that would prevent ``save_set``."""
    if (safe := safe_name(base_name)) != base_name:
        values = {"given": base_name, "suggestion": safe}
        return [Problem(Code.NAME_UNSAFE, values=values)]
    for name in (f"{base_name}{ending}" for ending in endings):
        if safe_file_name(name) != name:
            values = {"given": name, "suggestion": base_name}
            return [Problem(Code.NAME_UNSAFE, values=values)]
    if not _can_exist(folder):
        return [Problem(Code.FOLDER_MISSING, path=folder)]
    shown, folder = folder, system_path(folder)
    try:
        # Only the last step of a path is made when it is missing: a long missing path is a typing
        # error or an unplugged disk.
        existing = folder if os.path.lexists(folder) else folder.parent
        if not existing.exists():
            return [Problem(Code.FOLDER_MISSING, path=shown)]
        at_fault = shown if existing == folder else shown.parent
        if not existing.is_dir():
            return [Problem(Code.NOT_A_FOLDER, path=at_fault)]
        if _is_on_read_only_disk(existing):
            return [Problem(Code.READ_ONLY, path=at_fault)]
        if not os.access(existing, os.W_OK | os.X_OK):
            return [Problem(Code.NO_PERMISSION, path=at_fault)]
        for name in (f"{base_name}{ending}" for ending in endings):
            if os.path.lexists(system_path(shown / name)):
                return [_exists(shown, base_name, name, endings)]
    except OSError as error:
        return [problem_from_os_error(error, shown, missing=Code.FOLDER_MISSING)]
    return []


def _is_on_read_only_disk(folder: Path) -> bool:
    # os.access reports such a disk as a missing permission, but the remedy differs.
    return sys.platform != "win32" and bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def _can_exist(path: Path) -> bool:
    """Return whether the operating system can encode the path: no NUL, no lone surrogate."""
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False


def _exists(folder: Path, base_name: str, name: str, endings: Sequence[str]) -> Problem:
    values = {"suggestion": free_name(folder, base_name, endings)}
    return Problem(Code.FILE_EXISTS, path=folder / name, values=values)


def save_pair(
    folder: Path,
    base_name: str,
    key_pem: bytes | None,
    csr_pem: bytes,
    entry: journal.Entry | None = None,
) -> SavedPair:
    """Write ``base_name.key`` and ``base_name.csr`` into ``folder``, as ``save_set`` does.

    ``key_pem`` is None when an existing key was used. ``entry`` is the open entry in the journal,
    by default one of its own.
    """
    parts = [Part(CSR_SUFFIX, csr_pem)]
    if key_pem is not None:
        # The key first: a request without its key is useless.
        encrypted = b"BEGIN ENCRYPTED PRIVATE KEY" in key_pem
        parts.insert(0, Part(KEY_SUFFIX, key_pem, private=True, encrypted=encrypted))
    *key, csr = save_set(folder, base_name, parts, entry)
    return SavedPair(key[0] if key else None, csr)


def save_set(
    folder: Path, base_name: str, parts: Sequence[Part], entry: journal.Entry | None = None
) -> list[Path]:
    """Write each part, named ``base_name`` and its ending, into ``folder``: all or none.

    They get their names in the order given; only the first may be private. The last step of
    ``folder`` is made when it is missing. No file is ever replaced. ``entry`` is the open entry in
    the journal, by default one of its own.

    Returns where the parts are. Raises InvalidFileName for an unsafe name and CannotSave for
    anything else that prevents saving; then nothing has changed.
    """
    if any(part.private for part in parts[1:]):
        raise ValueError("the journal holds all parts but the first, and nothing secret")
    tidy()
    endings = [part.ending for part in parts]
    if problems := check_set(folder, base_name, endings):
        unsafe = problems[0].code is Code.NAME_UNSAFE
        raise InvalidFileName(problems) if unsafe else CannotSave(problems)
    named = [(f"{base_name}{part.ending}", part) for part in parts]
    try:
        own = nullcontext(entry) if entry else journal.entry()
        with own as notes, _made_folder(folder, notes):
            _save(folder, named, notes)
    except OSError as error:
        if isinstance(error, FileExistsError):
            name = Path(error.filename2 or error.filename).name
            raise CannotSave([_exists(folder, base_name, name, endings)]) from error
        problem = problem_from_os_error(error, folder, missing=Code.FOLDER_MISSING)
        raise CannotSave([problem]) from error
    return [folder / name for name, _part in named]


def save_one(path: Path, data: bytes) -> Path:
    """Save one public file, never over another; return its path.

    Raises what ``save_set`` raises.
    """
    return save_set(path.parent, path.stem, [Part(path.suffix, data)])[0]


def save_with_ending(path: Path, ending: str, data: bytes) -> Path:
    """Save one public file as ``save_one`` does, with the ending added unless it has it."""
    name = path.stem if path.suffix.lower() == ending else path.name
    return save_set(path.parent, name, [Part(ending, data)])[0]


def replace(path: Path, data: bytes, *, private: bool = False) -> None:
    """Replace a file atomically; it is unchanged if this raises OSError."""
    part = Part("", data, private=private, encrypted=True)  # where it cannot be private: fine
    with (
        journal.entry() as entry,
        _open_folder(path.parent) as at,
        _hidden(path.parent, at, part, entry) as written,
    ):
        rename = partial(os.replace, written.temporary or "", system_path(path), src_dir_fd=at)
        busy.when_free(rename, _BUSY_SECONDS)


def make_temporary_folder() -> Path:
    """Make a folder of the user's own, which is removed when the program ends; raises OSError."""
    import atexit
    import shutil
    import tempfile

    # In one attempt: see '_hidden'.
    folder = Path(tempfile.gettempdir(), f"enos-csr-{os.urandom(8).hex()}")
    permissions.make_folder(folder, 0o700)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def tidy(record: Callable[[journal.Facts], None] | None = None) -> None:
    """Complete or remove what a killed process left behind. It looks at the journal only.

    ``record`` adds a request to the history, if its files exist; it raises OSError if that cannot
    be done now. Without it, what is to be recorded stays in the journal.
    """
    journal.settle(partial(_finish, record=record))


def _finish(
    notes: list[journal.Facts], record: Callable[[journal.Facts], None] | None = None
) -> None:
    """Complete or undo one save, so that all its files exist or none; see the module."""
    for fact in notes:
        if hidden := fact.get("temporary"):
            _remove_ours(Path(hidden))
    for fact in notes:
        if claim := fact.get("claim"):
            with suppress(FileNotFoundError):
                status = system_path(Path(claim)).lstat()
                if stat.S_ISREG(status.st_mode) and not status.st_size:
                    system_path(Path(claim)).unlink()
    for fact in notes:
        if first := fact.get("first"):
            _write_rest(Path(first), fact["sha256"], fact["rest"])
    for fact in notes:
        if made := fact.get("folder"):
            with suppress(OSError):  # not empty, or missing
                system_path(Path(made)).rmdir()
    for fact in notes:
        if request := fact.get("request"):
            _record(request, record)


def _record(request: journal.Facts, record: Callable[[journal.Facts], None] | None = None) -> None:
    """Have the history list a request whose file got its name."""
    csr = system_path(Path(request["csr"]))
    at_least = csr.parent.parent if request.get("new_folder") else csr.parent
    at_least.lstat()  # raises: perhaps on a disk that is unplugged now
    try:
        if _digest(csr) != request["sha256"]:
            return
    except (FileNotFoundError, IsADirectoryError):
        return
    if record is None:
        raise BlockingIOError
    record(request)


def _digest(path: Path) -> str:
    from enos_csr_gui.core import digests

    with open_to_read(path) as file:
        return digests.sha256_of_file(file)


def _remove_ours(path: Path) -> None:
    if path.name.startswith(_TEMPORARY):
        system_path(path.parent).lstat()  # raises: perhaps on a disk that is unplugged now
        system_path(path).unlink(missing_ok=True)


def _write_rest(first: Path, digest: str, rest: dict[str, str]) -> None:
    """Write the public files beside the first file of their set, if that one exists."""
    folder = first.parent
    system_path(folder).lstat()
    try:
        if _digest(first) != digest:
            return
    except (FileNotFoundError, IsADirectoryError):
        return
    for name, text in rest.items():
        if not os.path.lexists(system_path(folder / name)):
            with journal.entry() as entry:
                _save(folder, [(name, Part("", text.encode("latin-1")))], entry)


@contextmanager
def _made_folder(folder: Path, entry: journal.Entry) -> Iterator[None]:
    """Make the folder if it is missing; remove it again if saving fails."""
    place = system_path(folder)
    made = not place.exists()
    if made:
        entry.note(folder=str(folder))
        with suppress(FileExistsError):
            permissions.make_folder(place)
    try:
        yield
    except BaseException:
        if made:
            with suppress(OSError):
                place.rmdir()
        raise


class _Written(NamedTuple):
    """A complete file that does not have its name yet.

    It is an open ``descriptor`` without a name, or closed and hidden under the ``temporary`` one,
    which is relative to the open folder where there is one.
    """

    status: os.stat_result
    descriptor: int | None = None
    temporary: str | None = None


def _save(folder: Path, named: Sequence[tuple[str, Part]], entry: journal.Entry) -> None:
    """Write the parts into the folder, each under its name; all or none. Raises OSError."""
    with _open_folder(folder) as at:
        try:
            _save_with(_unnamed, folder, at, named, entry)
        except OSError as error:
            if error.errno not in _NO_NAMING:
                raise
            _save_with(_hidden, folder, at, named, entry)


def _save_with(
    way: Callable[..., AbstractContextManager[_Written]],
    folder: Path,
    at: int | None,
    named: Sequence[tuple[str, Part]],
    entry: journal.Entry,
) -> None:
    with ExitStack() as stack:
        moves = [
            (stack.enter_context(way(folder, at, part, entry)), folder / name)
            for name, part in named
        ]
        if len(named) > 1:
            from enos_csr_gui.core import digests

            (first, part), *rest = named
            entry.note(
                first=str(folder / first),
                sha256=digests.sha256(part.data),
                rest={name: part.data.decode("latin-1") for name, part in rest},
            )
        _name_all(at, moves, entry)


@contextmanager
def _open_folder(folder: Path) -> Iterator[int | None]:
    """Open the folder, so that its files can be named however long its path; None on Windows."""
    if sys.platform == "win32":
        yield None
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        with suppress(OSError):  # the files have their names by now
            os.close(descriptor)


@contextmanager
def _unnamed(folder: Path, at: int | None, part: Part, _entry: journal.Entry) -> Iterator[_Written]:
    """Write a file without a name, which disappears when its descriptor is closed.

    Raises OSError with one of ``_NO_NAMING`` where there are no such files.
    """
    if sys.platform != "linux" or at is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    mode = permissions.PRIVATE_MODE if part.private else permissions.PUBLIC_MODE
    try:
        descriptor = os.open(".", os.O_TMPFILE | os.O_RDWR, mode, dir_fd=at)
    except IsADirectoryError as error:  # from a kernel that does not know the flag
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS)) from error
    try:
        _fill(descriptor, part, folder)
        yield _Written(os.fstat(descriptor), descriptor)
    finally:
        with suppress(OSError):  # it is on the disk, and may have its name
            os.close(descriptor)


@contextmanager
def _hidden(folder: Path, at: int | None, part: Part, entry: journal.Entry) -> Iterator[_Written]:
    """Write a hidden file; delete it unless it has been renamed."""
    # A random name needs one attempt only. (Python's ``tempfile`` before 3.13.13 retries without
    # end on Windows when the user has no permission to write.)
    name = f"{_TEMPORARY}{os.urandom(8).hex()}"
    path = name if at is not None else str(system_path(folder / name))
    entry.note(temporary=str(folder / name))
    try:
        descriptor = permissions.create(path, private=part.private, dir_fd=at)
        try:
            _fill(descriptor, part, folder)
            status = os.fstat(descriptor)
        finally:
            os.close(descriptor)  # Windows renames no open file
        yield _Written(status, temporary=path)
    finally:
        with suppress(OSError):
            os.unlink(path, dir_fd=at)


def _fill(descriptor: int, part: Part, folder: Path) -> None:
    """Write the part to an open, empty file and sync it, once its permissions are right."""
    if not part.private:
        permissions.make_usable(descriptor)
    elif not permissions.make_private(descriptor) and not part.encrypted:
        raise CannotSave([Problem(Code.NOT_PRIVATE, path=folder)])
    left = memoryview(part.data)
    while left:
        left = left[os.write(descriptor, left) :]
    os.fsync(descriptor)


def _name_all(at: int | None, moves: Sequence[tuple[_Written, Path]], entry: journal.Entry) -> None:
    """Give the complete files their names; undo all if one fails."""
    try:
        for written, target in moves:
            _name(at, written, target, entry)
        _sync_folder(at)
    except BaseException:
        for written, target in moves:
            place = system_path(target)
            with suppress(OSError):
                # Ctrl-C may have come just after the name was given: look at the file itself.
                if os.path.samestat(written.status, place.lstat()):
                    place.unlink()
        raise


def _name(at: int | None, written: _Written, target: Path, entry: journal.Entry) -> None:
    """Give a file its name; raise FileExistsError if the name exists."""
    if written.descriptor is not None:
        # With any 'src_dir_fd', Python calls linkat, which follows the link in /proc.
        source = f"/proc/self/fd/{written.descriptor}"
        os.link(source, target, src_dir_fd=at, follow_symlinks=True)
        return
    temporary = written.temporary or ""
    if sys.platform == "win32":
        Path(temporary).rename(system_path(target))  # refuses to replace, there
        return
    if _rename_without_replacing(at, temporary, target):
        return
    try:
        os.link(temporary, target, src_dir_fd=at)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        _claim(at, temporary, target, entry)


def _claim(at: int | None, temporary: str, target: Path, entry: journal.Entry) -> None:
    """Claim the name with an empty file, then move the complete one over it."""
    entry.note(claim=str(target))
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, permissions.PRIVATE_MODE))
    try:
        os.replace(temporary, target, src_dir_fd=at)
    except BaseException:
        target.unlink()
        raise


def _rename_without_replacing(at: int | None, source: str, target: Path) -> bool:
    """Return whether the file was renamed; False where the system or the disk cannot do so.

    Raises FileExistsError if ``target`` exists, and other OSErrors.
    """
    import ctypes

    # linux/fs.h: RENAME_NOREPLACE; sys/stdio.h of macOS: RENAME_EXCL; both fcntl.h: AT_FDCWD
    function, flag, here = (
        ("renameatx_np", 0x4, -2) if sys.platform == "darwin" else ("renameat2", 0x1, -100)
    )
    rename = getattr(ctypes.CDLL(None, use_errno=True), function, None)
    if rename is None:
        return False
    if not rename(at, os.fsencode(source), here, os.fsencode(target), ctypes.c_uint(flag)):
        return True
    number = ctypes.get_errno()
    if number in (*_NO_HARD_LINKS, errno.EINVAL):
        return False
    raise OSError(number, os.strerror(number), source, None, str(target))


def _sync_folder(at: int | None) -> None:
    if at is None:
        return
    try:
        os.fsync(at)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


def open_to_read(path: Path) -> io.BufferedReader:
    """Open a file; raises OSError also for a pipe or device, which might never end."""
    place = system_path(path)
    no_file = IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(place))
    if not place.is_file() and place.exists():  # Windows would call it a missing permission
        raise no_file
    # Without O_NONBLOCK, to open a pipe would wait until another process writes to it.
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(place, flags)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise no_file


def read(path: Path) -> bytes:
    """Return the content of a file of at most ``MAX_READ_BYTES`` bytes.

    Raises UnreadableFile when there is none, it is too large, or it cannot be read.
    """
    if not _can_exist(path):
        raise UnreadableFile([Problem(Code.FILE_MISSING, path=path)])
    try:
        with open_to_read(path) as file:
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
