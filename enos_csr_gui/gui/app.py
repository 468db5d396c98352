"""Start the application: paint the first window before doing anything slow."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QEvent, QLocale, QtMsgType, Signal, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from enos_csr_gui import IDENTIFIER, NAME, __version__, i18n
from enos_csr_gui.core import permissions, preferences
from enos_csr_gui.gui import background, explain_no_window, startup
from enos_csr_gui.i18n import _

if TYPE_CHECKING:  # each class of Qt takes its time
    from PySide6.QtCore import QMessageLogContext, QTranslator
    from PySide6.QtGui import QFileOpenEvent, QSessionManager

    from enos_csr_gui.gui.wizard import RequestWizard


def run(arguments: list[str], languages: Sequence[str] = ()) -> int:
    """Open the wizard and return when it is closed: the exit status of the process.

    ``languages`` take precedence over those that Qt detects.
    """
    permissions.protect_process(traceable=True)
    identify_to_taskbar()
    qInstallMessageHandler(_explain_abort([]))
    app, others = make_application(arguments)
    qInstallMessageHandler(None)
    # How long a worker may hold the GIL while the window waits, in seconds.
    sys.setswitchinterval(0.001)
    # A program that was double-clicked has no environment to tell the language, Qt knows it.
    i18n.choose([*languages, *QLocale().uiLanguages()])
    speak(app)
    app.setApplicationName(NAME)
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("enos-csr-gui")
    # As the desktop calls the program to open files.
    files = [Path(name).absolute() for name in others if name != "--"]
    window = WizardHost(app, startup.open_wizard(files))
    app.files_opened.connect(window.open_files)
    object_to_log_off(app, lambda: window.wizard)
    report_errors(window.secrets)
    window.wizard.first_painted.connect(lambda: _quit_on_signals(app))
    window.wizard.first_painted.connect(lambda: _tidy(app))
    startup.show(window.wizard)
    status = app.exec()
    window.wizard.hide()  # lets the focus leave while everything is still there
    background.finish()
    return status


def identify_to_taskbar() -> None:
    """Have the taskbar of Windows show the windows with an icon of ours that is pinned.

    The shortcut of the installer has the same ID. Without one, they would belong to Python where
    that runs the program.
    """
    if sys.platform != "win32":
        return
    import ctypes

    ctypes.windll.shell32.SetCurrentProcessExplicitAppUserModelID(IDENTIFIER)


def make_application(arguments: Sequence[str]) -> tuple[Application, list[str]]:
    """Return the application, and the arguments that are not Qt's own options.

    Qt gets them in ASCII: on Windows, PySide would pass the letters that the ANSI code page lacks
    as question marks.
    """
    escaped = [argument.encode("unicode_escape").decode("ascii") for argument in arguments]
    kind = FileOpener if sys.platform == "darwin" else Application
    app = kind([*sys.argv[:1], *escaped])
    return app, [text.encode("ascii").decode("unicode_escape") for text in app.arguments()[1:]]


class Application(QApplication):
    """Emits ``files_opened`` with a list of paths, where the system passes files in this way."""

    files_opened = Signal(object)


class FileOpener(Application):
    """Takes the file that was double-clicked, as macOS passes it.

    For this, PySide looks at the classes of all events.
    """

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FileOpen:
            self.files_opened.emit([Path(cast("QFileOpenEvent", event).file())])
            return True
        return super().event(event)


_translators: list[QTranslator] = []
"""What Qt was taught; to look for it among Qt's objects takes 10 ms."""


def speak(app: QApplication) -> None:
    """Use the language chosen for Qt's own buttons and dialogs, for dates and numbers."""
    QLocale.setDefault(QLocale(i18n.language()))
    while _translators:
        app.removeTranslator(_translators.pop())
    if i18n.language() != i18n.ENGLISH:
        from PySide6.QtCore import QLibraryInfo, QTranslator

        from enos_csr_gui.gui.qt_texts import MissingTexts

        translator = QTranslator()
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        translator.load(f"qtbase_{i18n.language()}", folder)
        for one in (MissingTexts(), translator):
            app.installTranslator(one)
            _translators.append(one)


class WizardHost:
    """Holds the wizard on the screen, and replaces it when the user changes the language."""

    def __init__(self, app: QApplication, wizard: RequestWizard) -> None:
        self._app = app
        self.wizard = wizard
        wizard.language_wanted.connect(self._change_language)

    def secrets(self) -> list[str]:
        """Return the texts to remove from error reports."""
        return self.wizard.secrets()

    def open_files(self, files: Sequence[Path]) -> None:
        """Give files to the wizard."""
        self.wizard.open_files(files)

    def _change_language(self, language: str) -> None:
        if language == i18n.language():
            preferences.prefer_language(language)
            return
        i18n.choose([language])
        preferences.prefer_language(language)
        speak(self._app)
        old = self.wizard
        old.keep_answers()
        self.wizard = startup.open_wizard(draft=old.draft)
        self.wizard.left_at = old.left_at
        self.wizard.language_wanted.connect(self._change_language)
        self.wizard.restoreGeometry(old.saveGeometry())  # maximised, if the old one was
        self.wizard.start_page.begins_at_language = True
        self.wizard.show()
        old.hide()
        old.deleteLater()


def object_to_log_off(app: QApplication, wizard: Callable[[], RequestWizard]) -> None:
    """Have Windows ask before it ends the program with an answer unsaved, and say why.

    Windows shows the reason, and offers to log off all the same. Other systems close the window or
    send a signal.
    """
    if sys.platform != "win32":
        return
    import ctypes

    from PySide6.QtCore import Qt

    def answer(manager: QSessionManager) -> None:
        window = int(wizard().winId())
        user32 = ctypes.windll.user32
        if reason := wizard().reason_to_stay():
            user32.ShutdownBlockReasonCreate(window, reason)
            manager.cancel()
        else:
            user32.ShutdownBlockReasonDestroy(window)

    app.commitDataRequest.connect(answer, Qt.ConnectionType.DirectConnection)


def report_errors(secrets: Callable[[], Iterable[str]]) -> None:
    """Show every uncaught error; ``secrets`` returns the texts to remove."""
    showing = False

    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        nonlocal showing
        from enos_csr_gui.gui.error_report import ReportDialog, describe

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
        reason = _("No window can open here. Qt says:")
        explain_no_window("\n".join([reason, *(f"  {w.strip()}" for w in warnings)]))
        os._exit(1)

    return handle


def _tidy(app: QApplication) -> None:
    """Complete or remove what a killed process left behind."""

    def tidy() -> None:
        from enos_csr_gui.core import interrupted

        interrupted.tidy()

    # Detached: it may be on a network drive that does not answer.
    background.run(app, tidy, lambda _nothing: None, detached=True)


def _quit_on_signals(app: QApplication) -> None:
    """End in an orderly way on Ctrl-C in the terminal and at log-out: no half-done work is left."""
    import signal
    import socket

    from PySide6.QtCore import QSocketNotifier

    receiver, sender = socket.socketpair()  # Windows takes no pipes here
    sender.setblocking(False)
    signal.set_wakeup_fd(sender.detach())
    notifier = QSocketNotifier(receiver.detach(), QSocketNotifier.Type.Read, app)
    notifier.activated.connect(app.quit)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if number := getattr(signal, name, None):
            signal.signal(number, lambda *_arguments: None)
