"""What the library raises about bytes from outside, also where it gives up itself."""

from __future__ import annotations

import warnings

import pytest

from enos_csr_gui.core import library


class PanicException(BaseException):
    """As the library raises it when its Rust code panics."""


def test_a_panic_is_an_error_like_any_other() -> None:
    panic = PanicException("index out of range")

    def read() -> None:
        raise panic

    with pytest.raises(library.ERRORS, match=r"^the library panicked$") as raised:
        library.call(read)
    assert raised.value.__cause__ is panic


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), KeyError("x"), ValueError()])
def test_everything_else_is_raised_as_it_is(error: BaseException) -> None:
    def read() -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        library.call(read)
    assert raised.value is error
    assert library.call(lambda: 3) == 3


def test_only_the_warnings_of_the_library_are_ignored() -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with library.without_warnings():
            warnings.warn("an odd value", UserWarning, stacklevel=1)
            warnings.warn("gone soon", DeprecationWarning, stacklevel=1)
        warnings.warn("afterwards", UserWarning, stacklevel=1)
    assert [str(one.message) for one in seen] == ["gone soon", "afterwards"]
