"""What another program prevents for a moment on Windows: to rename a file that it has open."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

_PAUSE = 0.02


def when_free(rename: Callable[[], object], seconds: float) -> None:
    """Rename; on Windows, wait at most so long until others, such as a scanner, close the file.

    Raises OSError.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            rename()
        except PermissionError:
            if os.name != "nt" or time.monotonic() > end:
                raise
            time.sleep(_PAUSE)
        else:
            return
