"""The command line: parses arguments, calls the core, prints. The core holds every rule."""

from __future__ import annotations

import io
import os
import sys

from enos_csr_gui import i18n
from enos_csr_gui.core import preferences
from enos_csr_gui.i18n import _


def main() -> None:
    """Run ``enos-csr``; the process ends with its exit status."""
    # Undecodable input must not cause a traceback; the core reports it.
    for stream, errors in ((sys.stdin, "surrogateescape"), (sys.stdout, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)

    wanted, arguments = i18n.without_option(sys.argv[1:])
    i18n.choose([wanted or "", preferences.language(), *i18n.system_languages()])
    i18n.teach_gettext()

    # Imported only now: the texts of the options are translated when they are made.
    from enos_csr_gui.cli import signals
    from enos_csr_gui.cli.program import program

    signals.end_in_order()

    if wanted is not None:
        arguments = [f"--lang={wanted}", *arguments]  # the program's, wherever it was written
    try:
        # Windows: a '*' or '%' in a subject is literal, not a pattern.
        program(arguments, prog_name="enos-csr", windows_expand_args=False)
    except OSError as error:
        # A full disk behind '> file', for example. (A closed pipe is click's own business.)
        reason = error.strerror or type(error).__name__
        message = _("The result could not be written: {reason}.").format(reason=reason)
        print(message, file=sys.stderr)  # noqa: T201
        _forget_output()
        sys.exit(1)


def _forget_output() -> None:
    """Discard buffered standard output: Python would try to write it at exit, and fail again."""
    if sys.stdout:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
