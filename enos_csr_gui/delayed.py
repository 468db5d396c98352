"""Modules that others import ahead of time, imported when something in them is wanted."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType


class Delayed(ModuleType):
    """Stands in for a module that is imported when one of its names is wanted.

    ``functions`` are names of functions that are only wanted when they are called.
    """

    def __init__(self, name: str, *functions: str) -> None:
        super().__init__(name)
        for function in functions:
            setattr(self, function, self._calling(function))

    def __getattr__(self, name: str) -> object:
        if name == "__path__":  # 'from module import name' looks whether it is a package
            raise AttributeError(name)
        return getattr(self._imported(), name)

    def _calling(self, function: str) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            return getattr(self._imported(), function)(*arguments)

        return call

    def _imported(self) -> ModuleType:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return import_module(self.__name__)


class _Inspect(Delayed):
    """The module ``inspect``, for libraries that use two of its functions in passing."""

    def cleandoc(self, text: str) -> object:
        """Return a text without its indentation, which few have."""
        _first, *others = text.split("\n")
        is_clean = text == text.strip() and "\t" not in text
        if others:
            is_clean &= any(line and not line[0].isspace() for line in others)
        return text if is_clean else self._imported().cleandoc(text)

    def signature(self, _class: type, **_options: object) -> str:
        """Return nothing: ``dataclasses`` describes a class with it that has no docstring."""
        return ""


@contextmanager
def stand_ins(*modules: ModuleType) -> Iterator[None]:
    """Let what is imported meanwhile find ``modules`` under their names."""
    hidden = {one.__name__: sys.modules.get(one.__name__) for one in modules}
    sys.modules.update({one.__name__: one for one in modules})
    try:
        yield
    finally:
        for one in modules:
            if sys.modules.get(one.__name__) is one:
                del sys.modules[one.__name__]
        sys.modules.update({name: module for name, module in hidden.items() if module})


def import_lightly(*names: str) -> None:
    """Import modules without two that they import for what is rare.

    ``inspect`` and ``tempfile`` take a fifth of the time of a short command, and 1.4 MB.
    """
    rare = (_Inspect("inspect"), Delayed("tempfile", "gettempdir"))
    with stand_ins(*(one for one in rare if one.__name__ not in sys.modules)):
        for name in names:
            import_module(name)
