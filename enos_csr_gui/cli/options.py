"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from enos_csr_gui.i18n import _

Decorator = Callable[[Any], Any]
"""What gives a command an option, or several."""


def with_options(*each: Decorator) -> Decorator:
    """Return what gives a command all of these options, in this order on its help page."""

    def decorate(command: Any) -> Any:
        for option in reversed(each):
            command = option(command)
        return command

    return decorate


def file_option(*names: str, text: str) -> Decorator:
    """Return an option that takes the path of a file; ``text`` is its help."""
    return click.option(*names, type=Path, metavar="FILE", help=text)


chain_option = file_option(
    "--chain", "chain_file", text=_("The CA certificates, if CERT does not contain them.")
)

json_option = click.option("--json", "as_json", is_flag=True, help=_("Print the result as JSON."))
