"""Start: the first window, with nothing slow before it is painted."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import (
    QMessageLogContext,
    QSocketNotifier,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtWidgets import QApplication

from enos_csr_gui import __version__
from enos_csr_gui.gui import work
from enos_csr_gui.gui.wizard import RequestWizard
from enos_csr_gui.i18n import _


def run(arguments: list[str]) -> int:
    """Open the wizard and return when it is closed: the exit status of the process."""
    qInstallMessageHandler(_explain_abort([]))
    app = QApplication([*sys.argv[:1], *arguments])
    qInstallMessageHandler(None)
    # How long a worker may keep Python to itself while the window waits, in seconds.
    sys.setswitchinterval(0.001)
    app.setApplicationName("EnOS CSR")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("enos-csr-gui")
    # As the desktop calls the program to open files; what begins with '-' is none.
    wizard = RequestWizard([Path(name).absolute() for name in app.arguments()[1:]])
    report_errors(wizard.secrets)
    wizard.first_painted.connect(lambda: _quit_on_signals(app))
    wizard.show()
    status = app.exec()
    wizard.hide()  # lets the focus leave while everything is still there
    work.finish()
    return status


def report_errors(secrets: Callable[[], Iterable[str]]) -> None:
    """Show every error that nobody caught; ``secrets`` returns what to leave out."""
    showing = False

    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        nonlocal showing
        from enos_csr_gui.gui.report import ReportDialog, describe

        report = describe(error, secrets())
        if sys.stderr:  # a program without a console has none
            print(report, file=sys.stderr)  # noqa: T201
        if not showing:  # an error while painting comes again and again
            showing = True
            try:
                ReportDialog(report).exec()
            finally:
                showing = False

    sys.excepthook = show


def _explain_abort(
    warnings: list[str],
) -> Callable[[QtMsgType, QMessageLogContext, str], None]:
    """Return a handler of Qt's messages that keeps them until Qt aborts, and then explains."""

    def handle(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
        if kind != QtMsgType.QtFatalMsg:
            warnings.append(message)
            return
        # There is no display, or none that Qt can use; the fatal message itself only lists plugins.
        from enos_csr_gui.gui import explain_no_window

        reason = _("No window can be opened here. This is what Qt says about it:")
        explain_no_window("\n".join([reason, *(f"  {w.strip()}" for w in warnings)]))
        os._exit(1)

    return handle


def _quit_on_signals(app: QApplication) -> None:
    """End in an orderly way on Ctrl-C in the terminal and at log-out: no half-done work is left."""
    if os.name != "posix":
        return
    import signal

    receiver, sender = os.pipe()
    os.set_blocking(sender, False)
    signal.set_wakeup_fd(sender)
    notifier = QSocketNotifier(receiver, QSocketNotifier.Type.Read, app)
    notifier.activated.connect(app.quit)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_arguments: None)
