"""A file that another program has open for a moment, as only Windows prevents it."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import count

import pytest

from enos_csr_gui.core import busy


def renames_after(failures: int, error: type[OSError] = PermissionError) -> tuple:
    """Return what fails so often, and the numbers of the calls."""
    calls: list[int] = []
    numbers = count(1)

    def rename() -> None:
        calls.append(next(numbers))
        if calls[-1] <= failures:
            raise error(13, "in use")

    return rename, calls


def when_free(system: str, rename: Callable[[], None], seconds: float) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "name", system)
        busy.when_free(rename, seconds)


def test_on_windows_it_is_tried_until_the_file_is_free() -> None:
    rename, calls = renames_after(3)
    when_free("nt", rename, 3600)
    assert calls == [1, 2, 3, 4]


def test_on_windows_it_ends_when_the_time_is_over() -> None:
    rename, calls = renames_after(20)
    with pytest.raises(PermissionError):
        when_free("nt", rename, -1)
    assert calls == [1]


@pytest.mark.parametrize("error", [FileExistsError, FileNotFoundError])
def test_another_error_is_raised_at_once(error: type[OSError]) -> None:
    rename, calls = renames_after(1, error)
    with pytest.raises(error):
        when_free("nt", rename, 3600)
    assert calls == [1]


def test_elsewhere_nothing_is_tried_twice() -> None:
    rename, calls = renames_after(1)
    with pytest.raises(PermissionError):
        when_free("posix", rename, 3600)
    assert calls == [1]
