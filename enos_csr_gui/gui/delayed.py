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
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)

    def _calling(self, function: str) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            return getattr(import_module(self.__name__), function)(*arguments)

        return call


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
