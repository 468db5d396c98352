"""A clock that stands still while the computer sleeps."""

from __future__ import annotations

import sys
import time

if sys.platform == "win32":
    import ctypes

    _PER_SECOND = 10_000_000

    def awake() -> float:
        """Return the seconds that the computer has been awake since it started.

        ``time.monotonic`` counts sleep and hibernation on Windows.
        """
        count = ctypes.c_ulonglong()
        ctypes.windll.kernel32.QueryUnbiasedInterruptTime(ctypes.byref(count))
        return count.value / _PER_SECOND

else:
    # CLOCK_MONOTONIC of Linux and mach_absolute_time of macOS leave out the time asleep.
    awake = time.monotonic
