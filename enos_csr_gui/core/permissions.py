"""Files and folders that their owner alone can read, on POSIX and on Windows.

On POSIX, that is mode 0600, set again after the file is made: a umask may have taken away the
owner's own rights. On Windows, it is an access list on the file itself: the current user, SYSTEM
and Administrators have full access, and nothing is inherited from the folder. The file is created
with that list, so that it cannot be opened a moment earlier. Both halves read back what the disk
stored: FAT stores neither.

``protect_process`` keeps the memory of this process, in which keys and passphrases are, from core
dumps and from other programs of the same user, as far as the system can do that.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)

PRIVATE_MODE = 0o600
PUBLIC_MODE = 0o666
"""Before the umask is applied."""


def make_folder(path: Path, mode: int = 0o777) -> None:
    """Make one folder, which its owner can use whatever the umask; raises OSError."""
    path.mkdir(mode)
    if sys.platform != "win32":
        made = stat.S_IMODE(path.stat().st_mode)
        if made & 0o700 != 0o700:
            path.chmod(made | 0o700)


def make_private_folder(path: Path) -> None:
    """Make a folder for the owner alone, with missing parents; raises OSError."""
    for parent in (*reversed(path.parents), path):
        if not parent.is_dir():
            with suppress(FileExistsError):
                make_folder(parent, 0o700 if parent == path else 0o777)
    if not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))


if sys.platform == "win32":
    import ctypes
    import msvcrt
    from ctypes import wintypes

    _advapi32 = ctypes.WinDLL("advapi32", use_last_error=True)
    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)

    # Declared one by one: by default, ctypes would cut handles and pointers to 32 bits.
    _pointer = ctypes.POINTER(wintypes.LPVOID)
    _kernel32.GetCurrentProcess.restype = wintypes.HANDLE
    _kernel32.CloseHandle.argtypes = [wintypes.HANDLE]
    _kernel32.LocalFree.argtypes = [wintypes.LPVOID]
    _kernel32.LocalFree.restype = wintypes.LPVOID
    _kernel32.CreateFileW.restype = wintypes.HANDLE
    _kernel32.CreateFileW.argtypes = [
        wintypes.LPCWSTR,
        wintypes.DWORD,
        wintypes.DWORD,
        wintypes.LPVOID,
        wintypes.DWORD,
        wintypes.DWORD,
        wintypes.HANDLE,
    ]
    _advapi32.OpenProcessToken.argtypes = [
        wintypes.HANDLE,
        wintypes.DWORD,
        ctypes.POINTER(wintypes.HANDLE),
    ]
    _advapi32.GetTokenInformation.argtypes = [
        wintypes.HANDLE,
        ctypes.c_int,
        wintypes.LPVOID,
        wintypes.DWORD,
        ctypes.POINTER(wintypes.DWORD),
    ]
    _advapi32.ConvertSidToStringSidW.argtypes = [wintypes.LPVOID, _pointer]
    _advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW.argtypes = [
        wintypes.LPCWSTR,
        wintypes.DWORD,
        _pointer,
        ctypes.POINTER(wintypes.ULONG),
    ]
    _advapi32.GetSecurityInfo.argtypes = [
        wintypes.HANDLE,
        ctypes.c_int,
        wintypes.DWORD,
        _pointer,
        _pointer,
        _pointer,
        _pointer,
        _pointer,
    ]
    _advapi32.GetAce.argtypes = [wintypes.LPVOID, wintypes.DWORD, _pointer]
    _advapi32.SetKernelObjectSecurity.argtypes = [
        wintypes.HANDLE,
        wintypes.DWORD,
        wintypes.LPVOID,
    ]

    _INVALID_HANDLE = wintypes.HANDLE(-1).value
    _SYSTEM, _ADMINISTRATORS, _OWNER_RIGHTS = "S-1-5-18", "S-1-5-32-544", "S-1-3-4"

    class _SecurityAttributes(ctypes.Structure):
        _fields_ = (
            ("length", wintypes.DWORD),
            ("descriptor", wintypes.LPVOID),
            ("inherit_handle", wintypes.BOOL),
        )

    class _Acl(ctypes.Structure):
        _fields_ = (
            ("revision", ctypes.c_ubyte),
            ("zero", ctypes.c_ubyte),
            ("size", ctypes.c_ushort),
            ("count", ctypes.c_ushort),
            ("zero2", ctypes.c_ushort),
        )

    class _Ace(ctypes.Structure):
        # The same for entries that allow (type 0) and entries that deny (type 1).
        _fields_ = (
            ("type", ctypes.c_ubyte),
            ("flags", ctypes.c_ubyte),
            ("size", ctypes.c_ushort),
            ("mask", wintypes.DWORD),
            ("sid", wintypes.DWORD),  # where it begins
        )

    def _checked(succeeded: int) -> None:
        if not succeeded:
            raise ctypes.WinError(ctypes.get_last_error())

    def _sid_text(sid: int | None) -> str:
        text = wintypes.LPVOID()
        _checked(_advapi32.ConvertSidToStringSidW(sid, ctypes.byref(text)))
        try:
            return ctypes.wstring_at(text.value or 0)
        finally:
            _kernel32.LocalFree(text)

    def _current_user() -> str:
        """Return the security identifier of the user who runs this process."""
        token, size = wintypes.HANDLE(), wintypes.DWORD()
        query, token_user = 0x0008, 1
        _checked(
            _advapi32.OpenProcessToken(_kernel32.GetCurrentProcess(), query, ctypes.byref(token))
        )
        try:
            _advapi32.GetTokenInformation(token, token_user, None, 0, ctypes.byref(size))
            buffer = ctypes.create_string_buffer(size.value)
            _checked(
                _advapi32.GetTokenInformation(token, token_user, buffer, size, ctypes.byref(size))
            )
            return _sid_text(ctypes.cast(buffer, _pointer)[0])
        finally:
            _kernel32.CloseHandle(token)

    def create(path: str, *, private: bool, dir_fd: int | None = None) -> int:
        """Create a file, for its owner alone if ``private``, and return its descriptor.

        A public one gets the access list that its folder gives to every file. Raises OSError,
        FileExistsError among them; ``dir_fd`` must be None here.
        """
        if not private:
            return os.open(path, _CREATE)
        trustees = (_current_user(), _SYSTEM, _ADMINISTRATORS)
        text = "D:P" + "".join(f"(A;;FA;;;{trustee})" for trustee in trustees)
        descriptor = wintypes.LPVOID()
        _checked(
            _advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text, 1, ctypes.byref(descriptor), None
            )
        )
        try:
            attributes = _SecurityAttributes(
                ctypes.sizeof(_SecurityAttributes), descriptor, inherit_handle=False
            )
            read_write, share_read, create_new, normal = 0xC0000000, 0x1, 1, 0x80
            handle = _kernel32.CreateFileW(
                path, read_write, share_read, ctypes.byref(attributes), create_new, normal, None
            )
            if handle == _INVALID_HANDLE:
                raise ctypes.WinError(ctypes.get_last_error())
        finally:
            _kernel32.LocalFree(descriptor)
        return msvcrt.open_osfhandle(handle, os.O_RDWR | os.O_BINARY | os.O_NOINHERIT)

    def protect_process(*, traceable: bool = False) -> None:
        """Give this process an access list like that of KeePassXC; ignores what cannot be set.

        Other programs of the user may wait for it, end it and ask what it is called, but not read
        its memory or write to it. ``traceable`` is for other systems.
        """
        del traceable
        # SYNCHRONIZE, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_QUERY_INFORMATION, of which screen
        # readers make use, PROCESS_TERMINATE.
        allowed = 0x100000 | 0x1000 | 0x0400 | 0x0001
        access_list = 0x4
        descriptor = wintypes.LPVOID()
        with suppress(OSError):
            entries = "".join(f"(A;;{allowed:#x};;;{who})" for who in (_current_user(), _SYSTEM))
            _checked(
                _advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW(
                    f"D:P{entries}", 1, ctypes.byref(descriptor), None
                )
            )
            try:
                _checked(
                    _advapi32.SetKernelObjectSecurity(
                        _kernel32.GetCurrentProcess(), access_list, descriptor
                    )
                )
            finally:
                _kernel32.LocalFree(descriptor)

    def readers(descriptor: int) -> set[str] | None:
        """Return the security identifiers of those who have access to an open file.

        None when there is no access list: then everyone has access.
        """
        acl, security = wintypes.LPVOID(), wintypes.LPVOID()
        file_object, access_list = 1, 0x4
        error = _advapi32.GetSecurityInfo(
            msvcrt.get_osfhandle(descriptor),
            file_object,
            access_list,
            None,
            None,
            ctypes.byref(acl),
            None,
            ctypes.byref(security),
        )
        if error:
            raise ctypes.WinError(error)
        try:
            if not acl.value:
                return None
            found = set()
            for number in range(_Acl.from_address(acl.value).count):
                entry = wintypes.LPVOID()
                _checked(_advapi32.GetAce(acl, number, ctypes.byref(entry)))
                address = entry.value or 0
                ace = _Ace.from_address(address)
                if ace.type != 1 and ace.mask:
                    found.add(_sid_text(address + _Ace.sid.offset))
            return found
        finally:
            _kernel32.LocalFree(security)

    def make_private(descriptor: int) -> bool:
        """Return whether the file, made by ``create``, is for its owner alone."""
        trusted = {_current_user(), _SYSTEM, _ADMINISTRATORS, _OWNER_RIGHTS}
        found = readers(descriptor)
        return found is not None and found <= trusted

    def make_usable(descriptor: int) -> None:
        """Let the owner read and write the file; here the folder's access list says so."""

    def close_to_others(path: Path, mode: int) -> None:
        """Do nothing: a user's own folders are closed to others here."""

    def open_error(path: Path) -> int:
        """Return the error number from opening the file for writing; 0 if it opens."""
        read_write, share_all, open_existing, normal = 0xC0000000, 0x7, 3, 0x80
        handle = _kernel32.CreateFileW(
            str(path), read_write, share_all, None, open_existing, normal, None
        )
        if handle == _INVALID_HANDLE:
            return ctypes.get_last_error()
        _kernel32.CloseHandle(handle)
        return 0

else:

    def protect_process(*, traceable: bool = False) -> None:
        """Let no core dump be written of this process; ignores what the system cannot do.

        On Linux, other programs of the same user cannot read its memory either, unless it is to be
        ``traceable``: the desktop's portals, which the window needs for its colours and for file
        dialogs, refuse to serve a process into which they cannot look.
        """
        import resource

        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if sys.platform == "linux" and not traceable:
            import ctypes

            set_dumpable = 4  # PR_SET_DUMPABLE, linux/prctl.h
            with suppress(OSError, AttributeError):
                ctypes.CDLL(None).prctl(set_dumpable, 0, 0, 0, 0)

    def create(path: str, *, private: bool, dir_fd: int | None = None) -> int:
        """Create a file, for its owner alone if ``private``, and return its descriptor.

        ``path`` is relative to ``dir_fd``. Raises OSError, FileExistsError among them.
        """
        mode = PRIVATE_MODE if private else PUBLIC_MODE
        return os.open(path, _CREATE, mode, dir_fd=dir_fd)

    def make_private(descriptor: int) -> bool:
        """Return whether the open file is for its owner alone now; most USB sticks cannot."""
        try:
            os.fchmod(descriptor, PRIVATE_MODE)
        except PermissionError:  # the files on the stick belong to the user who mounted it
            return False
        return not os.fstat(descriptor).st_mode & 0o077

    def make_usable(descriptor: int) -> None:
        """Let the owner read and write the file whatever the umask."""
        mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
        if mode & PRIVATE_MODE != PRIVATE_MODE:
            with suppress(PermissionError):
                os.fchmod(descriptor, mode | PRIVATE_MODE)

    def close_to_others(path: Path, mode: int) -> None:
        """Set ``mode`` if others have any permissions; leave the target of a symbolic link alone.

        Ignores a read-only disk or another owner: reading may still work.
        """
        with suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                if os.fstat(descriptor).st_mode & 0o077:
                    os.fchmod(descriptor, mode)
            finally:
                os.close(descriptor)
