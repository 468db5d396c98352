"""The window: a Qt wizard. The core holds every rule."""

from __future__ import annotations

import os
import sys

from enos_csr_gui import i18n
from enos_csr_gui.core import preferences
from enos_csr_gui.i18n import _

_DEBIAN_PACKAGES = (
    "libegl1 libgl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libglib2.0-0 libxkbcommon-x11-0 "
    "libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0"
)


def main(arguments: list[str] | None = None) -> int:
    """Open the wizard; return the exit status of the process."""
    arguments = sys.argv[1:] if arguments is None else arguments
    wanted, arguments = i18n.without_option(arguments)
    languages = [wanted or "", preferences.language(), *i18n.system_languages()]
    i18n.choose(languages)
    if wanted is not None and i18n.match(wanted) is None:
        from enos_csr_gui.messages import labels

        _say(labels.no_language(wanted))
    if "--version" in arguments:
        from enos_csr_gui import __version__

        print(f"enos-csr-gui {__version__}")  # noqa: T201
        return 0
    if not {"-h", "--help"}.isdisjoint(arguments):
        usage = "enos-csr-gui [--lang LANGUAGE] [--version] [--self-test] [FILE]..."
        text = _("Opens the window and checks the given files, if any.")
        print(usage, "", text, _without_window(), sep="\n")  # noqa: T201
        return 0
    if "--self-test" in arguments:
        from enos_csr_gui.gui import self_test

        return self_test.run()
    if not _has_display():
        explain_no_window(_("There is no display on which a window could open."))
        return 1
    try:
        _choose_input_method()
        from enos_csr_gui.gui import pyside

        pyside.load()
        from enos_csr_gui.gui.app import run
    except ImportError as error:
        if "lib" not in str(error):
            raise
        explain_no_window(
            _("A system library is missing: {error}.\nOn Debian and Ubuntu: {command}").format(
                error=error, command=f"sudo apt-get install {_DEBIAN_PACKAGES}"
            )
        )
        return 1
    return run(arguments, languages)


def _choose_input_method() -> None:
    """Enable Chinese input with Fcitx, for which Qt itself has no plug-in.

    Fcitx speaks the protocol of IBus too, for which Qt has one.
    """
    if not os.environ.get("QT_IM_MODULE", "").startswith("fcitx"):
        return
    from pathlib import Path

    import PySide6

    plugins = [str(Path(PySide6.__file__).parent / "Qt" / "plugins")]
    plugins += os.environ.get("QT_PLUGIN_PATH", "").split(os.pathsep)
    folders = [Path(folder, "platforminputcontexts") for folder in plugins if folder]
    if not any(plugin for folder in folders for plugin in folder.glob("*fcitx*")):
        os.environ["QT_IM_MODULE"] = "ibus"
        os.environ.setdefault("IBUS_USE_PORTAL", "1")


def _has_display() -> bool:
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def explain_no_window(reason: str) -> None:
    """Explain on standard error why no window opens, and name the command line."""
    _say(f"{reason}\n{_without_window()}")


def _without_window() -> str:
    return _("In a terminal, 'enos-csr new' does the same without a window.")


def _say(text: str) -> None:
    if sys.stderr:  # a program without a console has none
        print(text, file=sys.stderr)  # noqa: T201
