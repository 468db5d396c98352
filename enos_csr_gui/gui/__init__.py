"""The window: a wizard on Qt that shows, asks, and leaves every rule to the core."""

from __future__ import annotations


def main() -> int:
    """Open the wizard; return the exit status of the process."""
    from enos_csr_gui.gui.app import run

    return run()
