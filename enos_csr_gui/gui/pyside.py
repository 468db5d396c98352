"""PySide6, without what describes its functions.

``import PySide6`` spends most of its time on modules that make the signatures of functions: for
``__doc__``, and for the message when a function is called with the wrong arguments. They are
source text in a ZIP archive inside a library, compiled at every start, and import half of the
standard library. ``load`` puts that off until it is needed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from io import BytesIO
from types import ModuleType, SimpleNamespace

from enos_csr_gui.delayed import Delayed, stand_ins


def load() -> None:
    """Import PySide6 before anything else does. If something has, do nothing.

    PySide6 also puts a function in front of every import, for programs that write ``from
    __feature__ import snake_case``. It is left out: it reads the source of each module that is
    imported later, and keeps it in memory. Raises ImportError.
    """
    if "shiboken6" in sys.modules:
        return
    delayed = [Delayed(name) for name in _DELAYED if name not in sys.modules]
    with stand_ins(_Zipfile("zipfile"), *delayed):
        import PySide6.QtCore  # noqa: F401
    if mapping := sys.modules.get(_MAPPING):
        _mappings.append(mapping)


_DELAYED = ("tempfile", "textwrap", "traceback", "typing")
"""PySide6 imports these ahead of time, for the modules in its archive."""


class _Zipfile(Delayed):
    """The module ``zipfile``, as PySide6 uses it to read its archive."""

    def ZipFile(self, _archive: BytesIO) -> object:
        """Return an archive that has only ``_FILES``."""
        return SimpleNamespace(
            filelist=[SimpleNamespace(filename=name) for name in _FILES],
            open=lambda name, _mode: BytesIO(_FILES[name]),
        )


_MAPPING = "shibokensupport.signature.mapping"

_FILES = {
    "shibokensupport/__init__.py": b"",
    "shibokensupport/signature/__init__.py": b"",
    "shibokensupport/signature/loader.py": (
        b"from enos_csr_gui.gui.pyside import __getattr__\n"
        b"from shibokensupport.signature import mapping\n"
    ),
    "shibokensupport/signature/mapping.py": b"from enos_csr_gui.gui.pyside import update_mapping\n",
}
"""PySide6 calls functions of ``loader`` and, for its messages, evaluates names in ``mapping``."""


def __getattr__(name: str) -> Callable[..., object]:
    """Return a function for PySide6 that calls the one of that name in its own ``loader``."""
    if name.startswith("__"):
        raise AttributeError(name)
    if name in {"post_init", "finish_import"}:  # the end of each import, where nothing is to do
        return lambda *_arguments: None

    def function(*arguments: object) -> object:
        return getattr(_loader(), name)(*arguments)

    return function


_mappings: list[ModuleType] = []
"""Kept because PySide6 remembers where in memory the first is."""


def update_mapping() -> None:
    """Give PySide6's own names to the module that it evaluates names in."""
    _loader()
    own = sys.modules[_MAPPING]
    own.update_mapping()
    for mapping in (one for one in _mappings if one is not own):
        vars(mapping).update(vars(own) | {"update_mapping": update_mapping})


@cache
def _loader() -> ModuleType:
    bootstrap = import_module("signature_bootstrap")
    vars(bootstrap).update(zipfile=import_module("zipfile"), recursion_trap=0)
    loader: ModuleType = bootstrap.bootstrap()
    return loader
