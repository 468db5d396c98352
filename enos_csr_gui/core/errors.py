"""Problems as codes and values; ``messages.problems`` has the sentences for users."""

from __future__ import annotations

import errno
import sys
import time
import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, Self

from enos_csr_gui import __version__
from enos_csr_gui.core import permissions


class Code(StrEnum):
    """A problem code, and the names of the values that it carries."""

    value_names: tuple[str, ...]

    def __new__(cls, code: str, *value_names: str) -> Self:
        self = str.__new__(cls, code)
        self._value_ = code
        self.value_names = value_names
        return self

    # Subject
    REQUIRED = "required"
    TOO_LONG = "too-long", "limit", "excess"  # in characters
    # Positions count from 1; code points are written as 'U+0007'.
    CONTROL_CHARACTER = "control-character", "position", "code_point"
    LINE_BREAK = "line-break", "position"
    INVISIBLE_CHARACTER = "invisible-character", "position", "code_point"
    BROKEN_CHARACTER = "broken-character", "position", "code_point"  # a surrogate or a noncharacter
    NOT_ASCII = "not-ascii", "position", "character"
    NOT_AN_ADDRESS = "not-an-address"
    # suggestion, name: the country that was probably meant, or empty; choices: the countries that
    # the text may mean, each as its name and code, or empty
    NOT_A_COUNTRY = "not-a-country", "given", "suggestion", "name", "choices"

    # Private key
    NOT_A_KEY = "not-a-key"
    PROTECTION_UNKNOWN = "protection-unknown", "protection", "command"
    KEY_FORMAT = "key-format", "format", "command"
    KEY_IN_HARDWARE = "key-in-hardware"
    KEY_PRIMES = "key-primes"
    KEY_PSS = "key-pss"
    DERIVATION_TOO_LONG = "derivation-too-long", "given", "limit"  # seconds
    DERIVATION_TOO_LARGE = "derivation-too-large", "given", "limit"  # MiB of memory
    KEYS_TOO_COSTLY = "keys-too-costly"
    KEY_SLOW = "key-slow", "seconds"
    NOT_A_PRIVATE_KEY = "not-a-private-key", "label"  # label: what the PEM says it is
    SSH_PUBLIC_KEY = "ssh-public-key"
    KEY_NOT_RSA = "key-not-rsa", "algorithm"
    KEY_SIZE = "key-size", "bits", "wanted"
    SEVERAL_KEYS = "several-keys"
    NO_KEY_GIVEN = "no-key-given"
    PASSPHRASE_NEEDED = "passphrase-needed"
    PASSPHRASE_WRONG = "passphrase-wrong"
    PASSPHRASE_EMPTY = "passphrase-empty"
    PASSPHRASE_TOO_LONG = "passphrase-too-long", "limit", "length"  # in bytes
    PASSPHRASE_TOO_SHORT = "passphrase-too-short", "minimum"  # in characters
    PASSPHRASE_NOT_ASCII = "passphrase-not-ascii"

    # Files
    NOT_UTF8 = "not-utf8"
    FILE_EXISTS = "file-exists", "suggestion"  # a free base name
    FILE_MISSING = "file-missing"
    FILE_TOO_LARGE = "file-too-large", "limit"  # in bytes
    NAME_UNSAFE = "name-unsafe", "given", "suggestion"
    FOLDER_MISSING = "folder-missing"
    FOLDER_GONE = "folder-gone"  # where earlier files were saved
    FOLDER_PROTECTED = "folder-protected"  # by Windows: it denies that the folder is there
    FOLDER_NOT_SHOWN = "folder-not-shown"
    FOLDER_EMPTY = "folder-empty"
    NO_CERTIFICATE_IN_FOLDER = "no-certificate-in-folder", "count"  # of the files looked at
    NO_KEY_IN_FOLDER = "no-key-in-folder", "count"
    KEYS_IN_FOLDER = "keys-in-folder"
    NO_REQUEST_IN_FOLDER = "no-request-in-folder", "count"  # nor a certificate
    NOT_A_FOLDER = "not-a-folder"
    NOT_A_FILE = "not-a-file"
    NO_PERMISSION = "no-permission"
    READ_ONLY = "read-only"
    FILE_IN_USE = "file-in-use"
    DISK_FULL = "disk-full"
    PATH_TOO_LONG = "path-too-long"
    NOT_PRIVATE = "not-private"
    FILE_TROUBLE = "file-trouble", "reason"  # reason: the operating system's words

    # Inspection
    NO_REQUEST = "no-request"
    NOTHING_KNOWN = "nothing-known"
    SEVERAL_DEVICES = "several-devices", "name", "other"
    FILE_EMPTY = "file-empty"
    DAMAGED = "damaged"
    TOO_MANY_OBJECTS = "too-many-objects", "limit"
    TOO_MANY_FILES = "too-many-files", "limit"  # in a folder or an archive
    ARCHIVE_LOCKED = "archive-locked"
    ARCHIVE_FORMAT = "archive-format", "format"
    NOT_PEM = "not-pem"
    LOOSE_PEM = "loose-pem"
    KEY_INSIDE = "key-inside"
    SIGNATURE_FALSE = "signature-false"
    SIGNATURE_UNCHECKED = "signature-unchecked"
    SIGNATURE_ALGORITHM = "signature-algorithm", "algorithm", "wanted"
    ATTRIBUTE_ORDER = "attribute-order", "given", "wanted"
    ATTRIBUTES_COMBINED = "attributes-combined", "attributes"
    ATTRIBUTE_REPEATED = "attribute-repeated", "count"
    ATTRIBUTE_UNKNOWN = "attribute-unknown", "attribute"
    NAME_MALFORMED = "name-malformed"
    REQUEST_ATTRIBUTE = "request-attribute", "attribute"
    EXTENSION = "extension", "extension"
    EXTENSION_REPEATED = "extension-repeated", "extension", "count"
    REQUEST_VERSION = "request-version", "version"
    ATTRIBUTES_MISSING = "attributes-missing"
    ATTRIBUTES_UNREADABLE = "attributes-unreadable"
    TOO_MANY_ATTRIBUTES = "too-many-attributes", "limit"
    TEXT_MISREAD = "text-misread", "given", "meant"
    DATE_IMPOSSIBLE = "date-impossible", "date"
    KEY_UNREADABLE = "key-unreadable", "algorithm"
    SECRET_INSIDE = "secret-inside"
    SECRET_POSSIBLE = "secret-possible"
    CERTIFICATE_EXPIRED = "certificate-expired", "date"
    CERTIFICATE_NOT_YET_VALID = "certificate-not-yet-valid", "date"

    # Defaults of the organization
    DEFAULTS_NOT_TOML = "defaults-not-toml", "reason"  # reason: the library's words
    DEFAULTS_UNKNOWN = "defaults-unknown", "key"
    DEFAULTS_VALUE = "defaults-value", "key"
    DEFAULTS_LOCKED = "defaults-locked", "key"
    FIELD_LOCKED = "field-locked", "value", "set_by"

    # Profiles
    PROFILES_UNREADABLE = "profiles-unreadable"
    PROFILES_TOO_MANY = "profiles-too-many", "limit"
    PROFILE_VALUE = "profile-value", "key"
    PROFILE_NAME = "profile-name", "limit"  # in characters
    PROFILE_TAKEN = "profile-taken", "name"
    PROFILE_UNKNOWN = "profile-unknown", "name"

    # Renewal
    NO_COMMON_NAME = "no-common-name"
    OLD_EXPIRED = "old-expired", "date"
    ALREADY_REQUESTED = "already-requested", "date"
    ATTRIBUTE_LEFT_OUT = "attribute-left-out", "attribute", "value", "reason"  # a SkipReason

    # Receiving and exporting
    CERTIFICATE_OF_AUTHORITY = "certificate-of-authority", "name"  # name: its common name
    CERTIFICATE_SELF_SIGNED = "certificate-self-signed", "name"  # name: its common name
    NOT_A_CERTIFICATE = "not-a-certificate", "kind"  # kind: a ContentKind
    CERTIFICATE_NOT_RSA = "certificate-not-rsa", "algorithm"
    CERTIFICATE_OF_OTHER_KEY = "certificate-of-other-key"
    CERTIFICATE_OF_NO_KEY = "certificate-of-no-key", "name"  # name: its common name
    CERTIFICATE_OF_OTHER_REQUEST = "certificate-of-other-request", "name", "made_on", "csr"
    FORMAT_UNPROTECTED = "format-unprotected"
    KEY_GONE = "key-gone", "path"  # path: where it used to be
    KEY_UNCHECKED = "key-unchecked"
    SUBJECT_CHANGED = "subject-changed"  # values: each field that differs, as 'Kaili → Guiyang'
    CHAIN_MISSING = "chain-missing", "issuer"
    CHAIN_ENDS = "chain-ends", "issuer"  # issuer of the last certificate in the chain
    CHAIN_OF_OTHERS = "chain-of-others", "issuer"  # issuer of the certificate
    CHAIN_OTHER_KEY = "chain-other-key", "issuer"  # a certificate of that name did not sign
    CHAIN_UNREADABLE = "chain-unreadable"
    CHAIN_EXPIRED = "chain-expired", "issuer", "date"  # issuer: a certificate in the chain
    CHAIN_ENDS_EARLY = "chain-ends-early", "issuer", "date"
    # issuer: in the chain; name: of a certificate below it, or of the one with the extension
    CHAIN_NOT_AUTHORITY = "chain-not-authority", "issuer"
    CHAIN_KEY_USAGE = "chain-key-usage", "issuer"
    CHAIN_TOO_LONG = "chain-too-long", "issuer", "limit", "count"
    CHAIN_NAME_FORBIDDEN = "chain-name-forbidden", "issuer", "name"
    CHAIN_KEY_ID = "chain-key-id", "issuer", "name"
    CHAIN_EXTENSION_UNKNOWN = "chain-extension-unknown", "name", "extension"
    CHAIN_EXTENSION_UNREADABLE = "chain-extension-unreadable", "name", "extension"
    CHAIN_URL = "chain-url", "url"  # where the EnOS API says that the chain is
    SERIAL_DIFFERS = "serial-differs", "given", "serial"  # as the EnOS API says; of the certificate
    CHAIN_UNCHECKED = "chain-unchecked", "issuer", "algorithm"
    CHAIN_TOO_COSTLY = "chain-too-costly", "limit"

    # Tables of devices
    TABLE_UNREADABLE = "table-unreadable"
    TABLE_ENCODING = "table-encoding"
    TABLE_ENCODINGS_MIXED = "table-encodings-mixed", "line", "first"
    TABLE_OLD_EXCEL = "table-old-excel"
    TABLE_TOO_LARGE = "table-too-large", "limit"  # in MiB
    TABLE_TOO_WIDE = "table-too-wide", "limit"  # in columns
    TABLE_NO_NAMES = "table-no-names"
    TABLE_NO_ROWS = "table-no-rows"
    TABLE_TWO_SHEETS = "table-two-sheets", "first", "second"
    COLUMN_TWICE = "column-twice", "first", "second"
    COLUMNS_UNKNOWN = "columns-unknown", "columns"
    LINE_UNREADABLE = "line-unreadable", "line"
    LINE_SKIPPED = "line-skipped", "line"
    ROWS_HIDDEN = "rows-hidden", "sheet"
    CELLS_MERGED = "cells-merged", "sheet"
    CELL_CHANGED = "cell-changed", "given"
    CELL_FORMULA = "cell-formula"
    CELLS_BEYOND = "cells-beyond", "count"

    # Batches
    NAME_TWICE = "name-twice", "name", "earlier"  # earlier: a line
    NAME_ALIKE = "name-alike", "name", "other", "earlier"
    ROW_CHANGED = "row-changed", "name"
    ROW_WITHOUT_EARLIER = "row-without-earlier", "name"  # nothing to take its answers from
    ROW_FILE_EXISTS = "row-file-exists"
    BATCH_FOREIGN = "batch-foreign"  # a file of that name which no batch wrote
    BATCH_DISK_FULL = "batch-disk-full"
    BATCH_BUSY = "batch-busy"
    BATCH_FILES_GONE = "batch-files-gone", "count", "name"
    BATCH_PASSPHRASES_INSIDE = "batch-passphrases-inside"
    BATCH_PASSPHRASES_FOREIGN = "batch-passphrases-foreign"
    BATCH_NONE = "batch-none"
    BATCH_NO_CERTIFICATES = "batch-no-certificates"
    BATCH_NO_KEYS = "batch-no-keys"
    CLUSTER_NO_DASK = "cluster-no-dask"
    CLUSTER_UNREACHABLE = "cluster-unreachable", "address"
    CLUSTER_NO_WORKERS = "cluster-no-workers", "address"
    CLUSTER_FAILED = "cluster-failed", "reason"
    DISK_ROOM = "disk-room", "needed", "free"  # in MB

    # History
    # name: as written then; made_on: a date; csr: the request file
    NAME_USED = "name-used", "name", "made_on", "csr"
    HISTORY_DAMAGED = "history-damaged"  # path: where it was moved
    HISTORY_NEWER = "history-newer"
    HISTORY_DISK_FULL = "history-disk-full"
    HISTORY_NO_ACCESS = "history-no-access"
    HISTORY_BUSY = "history-busy"
    HISTORY_TROUBLE = "history-trouble", "reason"  # the words of the system or of SQLite
    REQUEST_UNKNOWN = "request-unknown", "number"

    # Anything
    CLOCK_IMPOSSIBLE = "clock-impossible"
    MEMORY_FULL = "memory-full"
    UNEXPECTED = "unexpected", "reference"  # reference: see ``unexpected``


SECRET_CODES = frozenset({Code.SECRET_INSIDE, Code.SECRET_POSSIBLE})
"""A file holds, or may hold, a private key."""

CHAIN_CODES = frozenset(
    {Code.CHAIN_MISSING, Code.CHAIN_ENDS, Code.CHAIN_OF_OTHERS, Code.CHAIN_OTHER_KEY}
)
"""The certificate chain is not complete."""

NO_CHAIN_CODES = CHAIN_CODES - {Code.CHAIN_ENDS}
"""Not even the issuer's certificate is present."""

PARTIAL_CODES = frozenset({Code.TOO_MANY_FILES, Code.TOO_MANY_OBJECTS})
"""Only the first things in a folder or file were read."""

PASSPHRASE_CODES = frozenset({Code.PASSPHRASE_NEEDED, Code.PASSPHRASE_WRONG})
"""Another passphrase may open the key."""

FILE_NAME_CODES = frozenset({Code.FILE_EXISTS, Code.NAME_UNSAFE, Code.PATH_TOO_LONG})
"""Another file name solves it."""


class Problem(NamedTuple):
    """One problem: what is wrong, where, and the values needed to explain it.

    ``field`` is the key of the subject field concerned, ``path`` the file or folder concerned.
    """

    code: Code
    field: str | None = None
    path: Path | None = None
    values: Mapping[str, str | int] = MappingProxyType({})


INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Invisible although Unicode does not call them 'format' characters: Hangul and Khmer fillers, the
combining grapheme joiner, the blank Braille pattern."""

_VARIATION_SELECTORS = frozenset(
    map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
"""They follow a letter, and most fonts show no difference."""


def is_shown(character: str) -> bool:
    """Return whether the character can be shown as it is; see ``escape_unprintable``."""
    if character.isascii():
        return " " <= character <= "~"
    if unicodedata.category(character) == "Zs":
        return True
    if character in INVISIBLE or character in _VARIATION_SELECTORS:
        return False
    return character.isprintable()


def escape_unprintable(text: str, keep: str = "") -> str:
    r"""Return a foreign text as it may be shown on a terminal or in a window.

    Control characters, line breaks, characters that are invisible or change the direction of
    writing, and undecodable bytes are written as ``\u202e`` or ``\U000e0001``; those in ``keep``
    stay. This is the one function that makes foreign text safe to show.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c if c in keep or is_shown(c) or _is_emoji_style(before, c) else _escaped(c)
        for before, c in zip(f" {text}", text, strict=False)
    )


def _is_emoji_style(before: str, character: str) -> bool:
    """Return whether this is the selector that most emoji are written with."""
    return character == "\ufe0f" and unicodedata.category(before) == "So"


def _escaped(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


class CoreError(Exception):
    """Base class of the errors that the core raises deliberately; carries every problem found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        # Codes only: a log or traceback must never repeat what the user typed.
        super().__init__(", ".join(problem.code for problem in self.problems))

    @classmethod
    def of(cls, code: Code, **values: str | int) -> Self:
        """Return the error with one problem, which has these values."""
        return cls([Problem(code, values=values)])


_FRAMES_TOLD = 4


def unexpected(error: BaseException) -> Problem:
    """Return the problem for an error that nobody foresaw.

    Its reference says where it happened, for the people who mend it, and nothing of the error's own
    message, which may hold a key, a passphrase or foreign text.
    """
    if isinstance(error, OverflowError) and not clock_is_possible():
        return Problem(Code.CLOCK_IMPOSSIBLE)
    if isinstance(error, MemoryError):
        return Problem(Code.MEMORY_FULL)
    places = []
    trace = error.__traceback__
    while trace:
        places.append(f"{Path(trace.tb_frame.f_code.co_filename).stem}:{trace.tb_lineno}")
        trace = trace.tb_next
    where = " ".join(places[-_FRAMES_TOLD:])
    reference = f"{__version__} {type(error).__name__} {where}".strip()
    return Problem(Code.UNEXPECTED, values={"reference": reference})


def clock_is_possible() -> bool:
    """Return whether Python can read the computer's clock: its year is 1678 to 2261."""
    try:
        time.time()
    except OverflowError:
        return False
    return True


class InvalidSubject(CoreError):
    """The answers do not form a subject that EnOS accepts."""


class InvalidKey(CoreError):
    """This is not a private key that EnOS accepts, or its passphrase is missing or wrong."""


class InvalidFileName(CoreError):
    """A file name that is not safe on every platform."""


class InvalidTable(CoreError):
    """This is no table of devices that can be read."""


class InvalidRows(CoreError):
    """Rows of a table are wrong; the value ``line`` of each problem says which."""


class UnreadableFile(CoreError):
    """The file cannot be read."""


class CannotSave(CoreError):
    """Saving failed; nothing has changed."""


class HistoryUnavailable(CoreError):
    """The history cannot be read or written now; requests can still be made."""


class CannotUseCluster(CoreError):
    """Other computers cannot generate the keys; what was saved before is complete."""


class CannotReceive(CoreError):
    """No key matching the certificate was found, or the key given does not match it."""


class CannotExport(CoreError):
    """The files do not go together: the certificate is for another key, or has no chain."""


_BY_ERRNO = {
    errno.ENOSPC: Code.DISK_FULL,
    errno.EDQUOT: Code.DISK_FULL,
    errno.EFBIG: Code.DISK_FULL,
    errno.EACCES: Code.NO_PERMISSION,
    errno.EPERM: Code.NO_PERMISSION,
    errno.EROFS: Code.READ_ONLY,
    errno.ENAMETOOLONG: Code.PATH_TOO_LONG,
    errno.ENOTDIR: Code.NOT_A_FOLDER,
    errno.EISDIR: Code.NOT_A_FILE,
}


# https://learn.microsoft.com/windows/win32/debug/system-error-codes. Python maps several to one
# errno: a file that another program has open would look like a missing permission.
_BY_WINERROR = {
    5: Code.NO_PERMISSION,  # ERROR_ACCESS_DENIED
    19: Code.READ_ONLY,  # ERROR_WRITE_PROTECT
    32: Code.FILE_IN_USE,  # ERROR_SHARING_VIOLATION
    33: Code.FILE_IN_USE,  # ERROR_LOCK_VIOLATION
    39: Code.DISK_FULL,  # ERROR_HANDLE_DISK_FULL
    112: Code.DISK_FULL,  # ERROR_DISK_FULL
    206: Code.PATH_TOO_LONG,  # ERROR_FILENAME_EXCED_RANGE
}

_MORE_THAN_A_PERMISSION = (19, 32, 33)

_FILE_NOT_FOUND = 2

# No such file, no such path, no such drive, no disk in the drive, no such server, no such share.
_MISSING_BY_WINERROR = (_FILE_NOT_FOUND, 3, 15, 21, 53, 67)

_MAX_STEP = 255
"""The maximum number of characters in one component of a path on Windows."""


def problem_from_os_error(error: OSError, path: Path, *, missing: Code) -> Problem:
    """Return the problem for an operating system error.

    ``missing`` is the code to use when ``path`` or its parent folder does not exist.
    """
    code = None
    if sys.platform == "win32" or hasattr(error, "winerror"):
        number = _windows_error(error, path)
        too_long = any(len(step) > _MAX_STEP for step in path.parts)
        may_be_protected = missing is Code.FOLDER_MISSING and not too_long
        if may_be_protected and _is_protected(error, number, path):
            return Problem(Code.FOLDER_PROTECTED, path=path)
        if number in _MISSING_BY_WINERROR and not too_long:
            return Problem(missing, path=path)
        code = Code.PATH_TOO_LONG if too_long else _BY_WINERROR.get(number or 0)
    if code is None and error.errno == errno.ENOENT:
        return Problem(missing, path=path)
    code = code or _BY_ERRNO.get(error.errno or 0)
    if code is None:
        reason = error.strerror or type(error).__name__
        return Problem(Code.FILE_TROUBLE, path=path, values={"reason": reason})
    return Problem(code, path=path)


def _is_protected(error: OSError, number: int | None, path: Path) -> bool:
    """Tell whether Windows refuses to make a file or folder in a folder that is there.

    Controlled folder access answers ERROR_FILE_NOT_FOUND. For what lies in a missing folder, the
    answer is ERROR_PATH_NOT_FOUND. Python's ``open`` has one number for both.
    """
    if error.errno != errno.ENOENT or number not in (None, _FILE_NOT_FOUND):
        return False
    if any("\ud800" <= character <= "\udfff" for character in str(path)):
        return False  # a name with half a character is not found either
    return path.is_dir() or (number == _FILE_NOT_FOUND and path.parent.is_dir())


def _windows_error(error: OSError, path: Path) -> int | None:
    """Return the Windows error number.

    Python has none when ``open`` fails, and 5 when the file to replace is open elsewhere. In those
    cases, open the existing file to get the real number.
    """
    number: int | None = getattr(error, "winerror", None)
    if sys.platform == "win32" and number in (None, 5) and error.errno == errno.EACCES:
        again = permissions.open_error(path)
        return again if again in _MORE_THAN_A_PERMISSION else number
    return number
