"""Runs first in the window's program: PyInstaller's own start would import PySide6 as a whole."""

from contextlib import suppress

from enos_csr_gui.gui import pyside

with suppress(ImportError):  # the program itself explains what is missing
    pyside.load()
