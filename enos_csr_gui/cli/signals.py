"""Signals: a command cleans up before it ends, and completes a save that has begun.

By default, SIGTERM and SIGHUP end Python at once, and unfinished files stay behind.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

# SIGHUP: the terminal was closed. Windows has SIGBREAK instead of it, for Ctrl-Break too.
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")

_Handlers = dict[signal.Signals, Any]


def end_in_order() -> None:
    """Make the signals that end a process raise SystemExit with 128 plus their number.

    That is the exit status that a shell shows. Ctrl-C raises KeyboardInterrupt, as always.
    """
    for number in _handled():
        if number != signal.SIGINT:
            signal.signal(number, _exit)


@contextmanager
def finishing() -> Iterator[None]:
    """Complete the block: the first signal is ignored.

    A second one counts, since a network drive may never answer.
    """
    arrived = False

    def wait(number: int, frame: FrameType | None, before: _Handlers) -> None:
        nonlocal arrived
        handler = before[signal.Signals(number)]
        if arrived and callable(handler):
            handler(number, frame)
        arrived = True

    with _handling(wait):
        yield


@contextmanager
def stopping(stop: Callable[[], None]) -> Iterator[None]:
    """Call ``stop`` at the first signal, in the block; a second one ends the command."""

    def once(_number: int, _frame: FrameType | None, before: _Handlers) -> None:
        _restore(before)
        stop()

    with _handling(once):
        yield


@contextmanager
def _handling(handle: Callable[[int, FrameType | None, _Handlers], None]) -> Iterator[None]:
    """Call ``handle`` for each signal in the block, with the handlers of before."""
    before = {number: signal.getsignal(number) for number in _handled()}
    for number in before:
        signal.signal(number, lambda number, frame: handle(number, frame, before))
    try:
        yield
    finally:
        _restore(before)


def _restore(handlers: _Handlers) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)


def _handled() -> list[signal.Signals]:
    """Return the signals to handle: not those that the parent ignores, as ``nohup`` does."""
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    return [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]


def _exit(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
