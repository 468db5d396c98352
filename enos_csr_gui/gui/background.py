"""Run a core call off the UI thread; its result or error comes back on the UI thread."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from itertools import count
from threading import Event, Thread
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from shiboken6 import isValid

if TYPE_CHECKING:  # not before the first paint
    from enos_csr_gui.core.errors import CoreError

T = TypeVar("T")

_COLLECT_EVERY = 250
"""Milliseconds between two garbage collections."""

_FULL_EVERY = 100
"""So many collections look through what is new, and the next one through all objects."""

_AFTER_PAINTING = 1
"""Milliseconds until a call begins: the event loop paints what is new before it looks at timers."""

_TURN = 0.005
"""Seconds that the window lets a call compute before it looks for something to do."""

_SLICE = 0.002
"""Seconds after which a turn of ``run_in_slices`` begins no further piece."""

_WAIT = 0.02
"""Seconds that a call waits for its turn; it goes on then, so that it ends in any case."""

_MISSED = 3
"""The call has ended, or waits for a disk, when so many turns have passed unused."""


class Job:
    """One call in progress; created by ``run``."""

    def __init__(
        self,
        owner: QObject,
        done: Callable[[Any], None],
        failed: Callable[[CoreError], None] | None,
        settled: Callable[[], None] | None,
    ) -> None:
        self._owner = owner
        self._done = done
        self._failed = failed
        self._settled = settled
        self._wanted = True

    def forget(self) -> None:
        """Let the call end, but do not report its result."""
        self._wanted = False

    def deliver(self, result: object, error: BaseException | None) -> None:
        """Report the result of the call; runs in the UI thread."""
        if not (self._wanted and isValid(self._owner)):
            return
        if self._settled:
            self._settled()
        if error is None:
            self._done(result)
            return
        from enos_csr_gui.core.errors import CoreError

        if self._failed and isinstance(error, CoreError):
            self._failed(error)
        else:
            raise error


class _Office(QObject):
    """Lives permanently in the UI thread and holds the references that must be dropped there.

    A thread holds nothing but the call and a number: a widget, or any QObject, whose last
    reference is dropped in another thread is destroyed there, while the UI thread may be using it.
    Python collects garbage in whatever thread happens to call for it, old widgets among the
    garbage; so from the first call on, it is collected here.

    Each call has a thread: none waits for another that looks at a disk which does not answer.
    """

    _returned = Signal(int, object, object)

    def __init__(self) -> None:
        from PySide6.QtCore import Qt  # takes 16 ms, and nothing runs before the first paint

        super().__init__()
        self._numbers = count()
        self._jobs: dict[int, Job] = {}
        self._waiting: dict[int, Thread] = {}
        self._threads: dict[int, Thread] = {}
        # A thread beside a page that is being shown would hold it up: both want the GIL.
        self._beginning = QTimer(self, singleShot=True, interval=_AFTER_PAINTING)
        self._beginning.timeout.connect(self._begin)
        # Queued, also if it is emitted in this thread: not before ``run`` has returned.
        self._returned.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._collecting = QTimer(self, interval=_COLLECT_EVERY)
        self._collecting.timeout.connect(self._collect_garbage)
        self._collections = 0

    def start(self, job: Job, function: Callable[[], object], *, detached: bool) -> None:
        gc.disable()
        self._collecting.start()
        number = next(self._numbers)
        self._jobs[number] = job

        def work() -> None:
            result, error = None, None
            try:
                result = function()
            except BaseException as caught:
                error = caught
            with suppress(RuntimeError):  # the program has ended meanwhile
                self._returned.emit(number, result, error)

        name = "detached" if detached else "work"
        self._waiting[number] = Thread(target=work, name=name, daemon=detached)
        self._beginning.start()

    @Slot()
    def _begin(self) -> None:
        """Begin the calls that wait for it."""
        waiting, self._waiting = self._waiting, {}
        for number, thread in waiting.items():
            try:
                thread.start()
            except (RuntimeError, MemoryError) as error:
                # The system has no room for another thread, and the page must not wait forever.
                self._returned.emit(number, None, error)
            else:
                if not thread.daemon:
                    self._threads[number] = thread

    @Slot()
    def _collect_garbage(self) -> None:
        """Look for garbage among the new objects, if there are many.

        Each object is looked at once in its youth. Python would look at those that stay a second
        time when there are ten times as many, which holds the window up ten times as long.
        """
        if gc.get_count()[0] > gc.get_threshold()[0]:
            self._collections += 1
            gc.collect(1 if self._collections % _FULL_EVERY else 2)

    @Slot(int, object, object)
    def _deliver(self, number: int, result: object, error: BaseException | None) -> None:
        self._threads.pop(number, None)
        self._jobs.pop(number).deliver(result, error)

    def close(self) -> None:
        self._collecting.stop()
        self._beginning.stop()
        self._begin()  # what was begun last may be what is to be saved
        while self._threads:
            self._threads.popitem()[1].join()


class _Turns(QObject):
    """The UI thread and a call that computes for long take turns.

    Otherwise both would want the GIL. PySide gives it up several times for each cell that it
    paints, and would get it back a millisecond later each time.
    """

    _wanted = Signal()

    def __init__(self) -> None:
        from PySide6.QtCore import Qt  # not before the first paint

        super().__init__()
        self._given, self._over = Event(), Event()
        self._missed = 0
        self._timer = QTimer(self)  # whenever the window has nothing else to do
        self._timer.timeout.connect(self._give)
        self._wanted.connect(self._timer.start, Qt.ConnectionType.QueuedConnection)
        self._is_giving = False

    def wait(self) -> None:
        """Wait for the next turn; called by a thread."""
        self._over.set()
        if not self._is_giving:
            self._is_giving = True
            self._wanted.emit()
        self._given.wait(_WAIT)
        self._given.clear()

    @Slot()
    def _give(self) -> None:
        self._over.clear()
        self._given.set()
        self._missed = 0 if self._over.wait(_TURN) else self._missed + 1
        if self._missed == _MISSED:
            self._missed = 0
            self._timer.stop()
            self._is_giving = False


@cache
def _office() -> _Office:
    return _Office()


@cache
def _turns() -> _Turns:
    return _Turns()


def run(
    owner: QObject,
    function: Callable[[], T],
    done: Callable[[T], None],
    failed: Callable[[CoreError], None] | None = None,
    settled: Callable[[], None] | None = None,
    *,
    detached: bool = False,
) -> Job:
    """Call ``function`` in another thread, then ``done(result)`` or ``failed(error)`` here.

    ``function`` must hold no QObject and use nothing of Qt that was never used before: PySide6
    creates its classes and enumerations on first use, and crashes when two threads do so at once.
    ``settled`` is called before either. Nothing is called once ``owner`` is gone. An error that
    ``failed`` does not take is raised here, where the report of unexpected errors sees it.

    ``detached`` is for a call that may never end, such as a look at a network drive that is gone.
    It has a thread of its own, and ``finish`` does not wait for it.
    """
    job = Job(owner, done, failed, settled)
    _turns()  # belongs to this thread, whichever calls ``give_way`` first
    _office().start(job, function, detached=detached)
    return job


def give_way() -> None:
    """Let the window go first; a call that computes for long does so every few milliseconds."""
    _turns().wait()


def finish() -> None:
    """Wait until every call has ended, except detached ones."""
    _office().close()


def run_in_slices(owner: QObject, work_to_do: Iterator[None]) -> None:
    """Do the pieces, up to the next ``yield`` each, in short turns of the event loop.

    A turn ends with the piece that fills it. The rest is left undone once ``owner`` is gone.
    """

    def turn() -> None:
        end = perf_counter() + _SLICE
        while isValid(owner) and next(work_to_do, work_to_do) is None:
            if perf_counter() >= end:
                QTimer.singleShot(0, turn)
                return

    QTimer.singleShot(0, turn)
