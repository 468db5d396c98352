"""How a run over many devices is paused and stopped, and on how many cores it works."""

from __future__ import annotations

import os
import sys
import threading


class Control:
    """Pauses and stops a run from another thread or a signal handler."""

    def __init__(self) -> None:
        self._stopped = False
        self._may_run = threading.Event()
        self._may_run.set()

    @property
    def stopped(self) -> bool:
        """Whether the run was stopped."""
        return self._stopped

    def stop(self) -> None:
        """End the run when the keys that are being generated are saved."""
        self._stopped = True
        self._may_run.set()

    def pause(self) -> None:
        """Begin no key until ``resume``."""
        self._may_run.clear()

    def resume(self) -> None:
        """Go on after ``pause``."""
        self._may_run.set()

    def may_go_on(self) -> bool:
        """Wait while the run is paused; return whether it goes on."""
        self._may_run.wait()
        return not self._stopped


def jobs() -> int:
    """Return how many keys are generated at once: one for each core that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
