"""The command line: parses arguments, calls the core, prints. The core holds every rule."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress

from enos_csr_gui import i18n
from enos_csr_gui.cli import streams
from enos_csr_gui.core import permissions, preferences
from enos_csr_gui.delayed import import_lightly
from enos_csr_gui.i18n import _


def main() -> None:
    """Run ``enos-csr``; the process ends with its exit status."""
    try:
        _run()
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:  # a library that panics raises no Exception
        _explain(error)
        sys.exit(1)


def _explain(error: BaseException) -> None:
    """Print what a person can do about an error that nobody foresaw."""
    from enos_csr_gui.core.errors import unexpected
    from enos_csr_gui.messages.problems import problem_text

    problem = unexpected(error)
    print(problem_text(problem), file=sys.stderr)  # noqa: T201
    if "--json" in sys.argv:
        with suppress(Exception):
            from enos_csr_gui.cli import json_objects, output

            output.print_json(json_objects.failure([json_objects.problem(problem)], []))


def _run() -> None:
    streams.prepare()
    import_lightly("click", "dataclasses", "platformdirs")
    wanted, arguments = i18n.without_option(sys.argv[1:])
    i18n.choose([wanted or "", preferences.language(), *i18n.system_languages()])
    i18n.teach_gettext()

    # Imported only now: the texts of the options are translated when they are made.
    from enos_csr_gui.cli import signals
    from enos_csr_gui.cli.program import program

    signals.end_in_order()
    permissions.protect_process()

    if wanted is not None:
        arguments = [f"--lang={wanted}", *arguments]  # the program's, wherever it was written
    try:
        # Windows: a '*' or '%' in a subject is literal, not a pattern.
        program(arguments, prog_name="enos-csr", windows_expand_args=False)
    except OSError as error:
        # A full disk behind '> file', for example. click handles a closed pipe, but on Windows
        # only with the number that POSIX has for it.
        if sys.platform == "win32" and error.errno == errno.EINVAL:
            _forget_output()
            sys.exit(1)
        reason = error.strerror or type(error).__name__
        message = _("The result could not be written: {reason}.").format(reason=reason)
        print(message, file=sys.stderr)  # noqa: T201
        _forget_output()
        sys.exit(1)


def _forget_output() -> None:
    """Discard buffered standard output: Python would try to write it at exit, and fail again."""
    if sys.stdout:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
