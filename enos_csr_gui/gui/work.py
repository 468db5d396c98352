"""Run a core call off the UI thread; its result or error comes back on the UI thread."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QThreadPool, Signal, Slot
from shiboken6 import isValid

from enos_csr_gui.core.errors import CoreError

T = TypeVar("T")


class Job(QObject):
    """One call on its way; made by ``run``."""

    _returned = Signal(object)

    def __init__(
        self,
        owner: QObject,
        function: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[CoreError], None] | None,
        settled: Callable[[], None] | None,
    ) -> None:
        super().__init__()
        self._owner = owner
        self._function = function
        self._done = done
        self._failed = failed
        self._settled = settled
        self._wanted = True
        self._error: BaseException | None = None
        self._returned.connect(self._deliver)  # queued: it is emitted in another thread

    def forget(self) -> None:
        """Let the call end, but do not report what comes of it."""
        self._wanted = False

    def work(self) -> None:
        """Make the call; runs in a thread of the pool."""
        result = None
        try:
            result = self._function()
        except BaseException as error:
            self._error = error
        with suppress(RuntimeError):  # the program has ended meanwhile
            self._returned.emit(result)

    @Slot(object)
    def _deliver(self, result: object) -> None:
        _on_their_way.discard(self)
        if not (self._wanted and isValid(self._owner)):
            return
        if self._settled:
            self._settled()
        if self._error is None:
            self._done(result)
        elif self._failed and isinstance(self._error, CoreError):
            self._failed(self._error)
        else:
            raise self._error


_on_their_way: set[Job] = set()


def run(
    owner: QObject,
    function: Callable[[], T],
    done: Callable[[T], None],
    failed: Callable[[CoreError], None] | None = None,
    settled: Callable[[], None] | None = None,
) -> Job:
    """Call ``function`` in another thread, then ``done(result)`` or ``failed(error)`` here.

    ``settled`` is called before either. Nothing is called once ``owner`` is gone. An error that
    ``failed`` does not take is raised here, where the report of unexpected errors sees it.
    """
    job = Job(owner, function, done, failed, settled)
    _on_their_way.add(job)
    QThreadPool.globalInstance().start(job.work)
    return job
