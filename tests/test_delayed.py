"""Modules that are imported when something in them is wanted; in processes of their own."""

from __future__ import annotations

import inspect
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from enos_csr_gui.delayed import _Inspect

START = "import sys; from enos_csr_gui.delayed import Delayed, stand_ins\n"


def run(program: str) -> list[str]:
    return subprocess.run(
        [sys.executable, "-c", START + program], stdout=subprocess.PIPE, text=True, check=True
    ).stdout.splitlines()


def test_a_module_is_imported_when_a_name_in_it_is_wanted() -> None:
    program = """
colorsys = Delayed("colorsys")
with stand_ins(colorsys):
    import colorsys as found
print(found is colorsys, "colorsys" in sys.modules)
print(found.ONE_THIRD, "colorsys" in sys.modules)
import colorsys as now
print(now is colorsys, now.ONE_THIRD == found.ONE_THIRD)
"""
    assert run(program) == ["True False", "0.3333333333333333 True", "False True"]


def test_a_function_is_wanted_when_it_is_called() -> None:
    program = """
with stand_ins(Delayed("colorsys", "rgb_to_hsv")):
    from colorsys import rgb_to_hsv
print("colorsys" in sys.modules)
print(rgb_to_hsv(0, 0, 1)[2], "colorsys" in sys.modules)
"""
    assert run(program) == ["False", "1 True"]


def test_a_name_that_is_wanted_early_gets_the_real_module_which_stays() -> None:
    program = """
with stand_ins(Delayed("colorsys")):
    from colorsys import ONE_THIRD
    real = sys.modules["colorsys"]
print(ONE_THIRD, sys.modules["colorsys"] is real, type(real).__name__)
"""
    assert run(program) == ["0.3333333333333333 True module"]


def test_a_module_that_was_there_comes_back() -> None:
    program = """
import colorsys
try:
    with stand_ins(Delayed("colorsys")):
        raise ImportError
except ImportError:
    print(sys.modules["colorsys"] is colorsys)
"""
    assert run(program) == ["True"]


def test_libraries_find_what_was_left_out_when_they_want_it() -> None:
    program = """
from enos_csr_gui.delayed import import_lightly
import_lightly("click", "dataclasses", "platformdirs")
print({"inspect", "tempfile"} & sys.modules.keys())
import click, dataclasses, platformdirs
print(click.Option(["--name"], help="One line.").help, "inspect" in sys.modules)
print(ascii(click.Option(["--name"], help="Two\\n   lines.").help), "inspect" in sys.modules)
import inspect
@dataclasses.dataclass(frozen=True, slots=True)
class Plain:
    number: int = 1
print(Plain(), Plain.__doc__, inspect.signature(Plain))
if hasattr(platformdirs, "unix"):
    print(platformdirs.unix.gettempdir() == __import__("tempfile").gettempdir())
"""
    assert run(program)[:4] == [
        "set()",
        "One line. False",
        "'Two\\nlines.' True",
        "Plain(number=1) Plain (number: int = 1) -> None",
    ]
    assert run(program)[4:] in ([], ["True"])


@given(st.text(alphabet=" \n\tab\r\x0c"))
def test_a_help_text_loses_its_indentation_as_with_the_real_function(text: str) -> None:
    assert _Inspect("inspect").cleandoc(text) == inspect.cleandoc(text)
