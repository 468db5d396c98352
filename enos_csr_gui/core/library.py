"""How the library ``cryptography`` is called with bytes from outside: its errors and warnings."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InternalError, UnsupportedAlgorithm

T = TypeVar("T")

ERRORS = (
    ValueError,
    TypeError,
    OverflowError,
    UnsupportedAlgorithm,
    InternalError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What it raises about bytes that it cannot make sense of."""

_warnings_lock = threading.RLock()
"""What ``warnings`` ignores is a matter of the whole process."""


@contextmanager
def without_warnings() -> Iterator[None]:
    """Keep it from warning about values that we judge ourselves."""
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def call(function: Callable[[], T]) -> T:
    """Return what a function of the library returns; raises ``ERRORS``.

    A panic of its Rust code, which is no Exception, becomes a ValueError.
    """
    try:
        return function()
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise ValueError("the library panicked") from error
