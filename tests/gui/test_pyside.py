"""PySide6, loaded as the program loads it; in processes of their own, because tests load it all."""

from __future__ import annotations

import subprocess
import sys

import pytest

LOAD = "from enos_csr_gui.gui import pyside; pyside.load(); "


def run(program: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def test_what_describes_functions_is_not_imported() -> None:
    program = """
import sys
from PySide6 import QtCore, QtGui, QtWidgets
names = {"ast", "inspect", "logging", "random", "shibokensupport.signature.parser", "zipfile"}
print(*sorted(names & sys.modules.keys()))
"""
    assert run(LOAD + program) == "\n"


WRONG_CALLS = """
from PySide6.QtCore import QPoint, QTimer
from PySide6.QtGui import QColor
for call in (
    lambda: QPoint("a", "b"),
    lambda: QColor(1, 2, 3, 4, 5, 6),
    lambda: QTimer(paren=None),
    lambda: QTimer().setInterval(),
    lambda: QTimer().start("soon"),
):
    try:
        call()
    except Exception as error:
        print(type(error), error)
print(QTimer.interval.__doc__)
"""


@pytest.mark.parametrize("first", ["", "from PySide6.QtCore import QPoint; QPoint.__doc__\n"])
def test_wrong_calls_are_explained_as_ever(first: str) -> None:
    shown = run(LOAD + first + WRONG_CALLS)
    # PySide6 6.8 lists signatures in any order.
    assert sorted(shown.splitlines()) == sorted(run(WRONG_CALLS).splitlines())
    assert shown.count("TypeError") >= 3


def test_other_modules_are_what_they_were() -> None:
    program = """
import sys, zipfile, enos_csr_gui.gui
had = dict(sys.modules)
from enos_csr_gui.gui import pyside
pyside.load()
print([name for name in had if sys.modules.get(name) is not had[name]])
import io, tempfile, textwrap, traceback, typing
for module in tempfile, textwrap, traceback, typing:
    print(module.__name__, type(module).__name__, sys.modules[module.__name__] is module)
pyside.load()  # once more
zipfile.ZipFile(io.BytesIO(), "w").writestr("a", "b")
from importlib.util import find_spec
print(find_spec("tempfile").name)
"""
    assert run(program).splitlines() == [
        "[]",
        *(f"{name} module True" for name in ("tempfile", "textwrap", "traceback", "typing")),
        "tempfile",
    ]


def test_no_source_is_read_and_kept_of_what_is_imported() -> None:
    program = """
import fractions, linecache
print([name for name in linecache.cache if "fractions" in name])
"""
    assert run(LOAD + program) == "[]\n"
