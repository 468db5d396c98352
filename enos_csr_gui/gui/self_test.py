"""Check that this installation is complete: ``enos-csr-gui --self-test``.

A program that lacks a library, a plugin or a file may still show its window, and fail only when the
missing part is used. So everything is used once here. The output is for packagers and support
staff, and therefore in English. No user data is changed.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import metadata
from secrets import token_urlsafe
from typing import Any

import enos_csr_gui
from enos_csr_gui import NAME, __version__, i18n, resources
from enos_csr_gui.gui import pyside

_PATIENCE_S = 60

_SUBJECT = {
    "country": "CN",
    "state": "Guizhou",
    "locality": "凯里",
    "organization": "Example Wind Ltd",
    "unit": "Operations",
    "common_name": "self-test",
    "email": "ops@example.com",
}


class _NotWholeError(Exception):
    """Something is missing or wrong."""


def run() -> int:
    """Check everything and print the results; return 0, or 1 if a check fails."""
    if sys.platform == "linux" and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    _say(f"{NAME} {__version__}, Python {sys.version.split()[0]}, {sys.platform}")
    pyside.load()
    from PySide6.QtWidgets import QApplication

    app = QApplication(sys.argv[:1])
    failed = [name for name, check in _CHECKS.items() if not _passes(name, check)]
    _say(f"FAILED: {', '.join(failed)}" if failed else "Everything is in order.")
    del app
    return 1 if failed else 0


def _passes(name: str, check: Callable[[], str]) -> bool:
    language = i18n.language()
    start = time.perf_counter()
    try:
        found = check()
    except Exception as error:
        reason = str(error) if isinstance(error, _NotWholeError) else traceback.format_exc()
        _say(f"FAILED  {name}: {reason}")
        return False
    finally:
        i18n.choose([language])
    _say(f"ok      {name}: {found} ({1000 * (time.perf_counter() - start):.0f} ms)")
    return True


def _say(line: str) -> None:
    if sys.stdout:  # a program without a console may have none
        print(line, flush=True)  # noqa: T201


def _expect(whole: bool, otherwise: str) -> None:
    if not whole:
        raise _NotWholeError(otherwise)


def _modules() -> str:
    found = [
        module.name
        for module in pkgutil.walk_packages(enos_csr_gui.__path__, "enos_csr_gui.")
        if not module.name.endswith("__main__")
    ]
    for name in found:
        importlib.import_module(name)
    for package in (
        "cli",
        "core",
        "messages",
        "gui.pages",
        "gui.requests",
        "gui.submit",
        "gui.widgets",
    ):
        start = f"enos_csr_gui.{package}."
        _expect(any(name.startswith(start) for name in found), f"{package} has no modules")
    for library in ("PySide6-Essentials", "cryptography", "pycountry", "click"):
        metadata.version(library)
    return f"{len(found)} imported"


def _errors() -> str:
    from PySide6.QtCore import QPoint

    wrong: list[Any] = ["wrong"]
    try:
        QPoint(*wrong)
    except TypeError as error:
        _expect("Supported signatures" in str(error), f"Qt does not explain an error: {error}")
    return "explained"


def _resources() -> str:
    from PySide6.QtGui import QIcon

    icons = sorted((resources.folder() / "icons").glob("*.svg"))
    _expect(resources.icon("app") in icons, f"no icons in {resources.folder()}")
    for icon in icons:
        drawn = QIcon(str(icon)).pixmap(32, 32).toImage()
        _expect(not drawn.isNull(), f"{icon.name} cannot be drawn")
        colours = {drawn.pixel(x, y) for x in range(drawn.width()) for y in range(drawn.height())}
        _expect(len(colours) > 1, f"{icon.name} is drawn empty")
    return f"{len(icons)} icons drawn"


def _plugins() -> str:
    from PySide6.QtGui import QGuiApplication
    from PySide6.QtWidgets import QApplication, QStyleFactory

    styles = QStyleFactory.keys()
    native = {"win32": ("windows11", "windowsvista"), "darwin": ("macos",)}
    for style in native.get(sys.platform, ("Fusion",)):
        _expect(style.lower() in map(str.lower, styles), f"style {style} is missing")
    look = QApplication.style().name()
    return f"platform {QGuiApplication.platformName()}, style {look} of {', '.join(styles)}"


def _catalogues() -> str:
    from PySide6.QtCore import QLibraryInfo, QTranslator

    from enos_csr_gui.core import countries

    others = [language for language in i18n.languages() if language != i18n.ENGLISH]
    _expect(bool(others), "there is no catalogue of any language")
    for language in i18n.languages():
        guide = resources.guide(language)
        _expect(guide.is_file(), f"the user guide is missing: {guide}")
    i18n.choose([i18n.ENGLISH])
    english = countries.find("CN")
    _expect(english is not None, "there is no country")
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    for language in others:
        i18n.choose([language])
        _expect(i18n.language() == language, f"{language} cannot be chosen")
        _expect(i18n._("English") != "English", f"the catalogue of {language} is empty")
        _expect(countries.find("CN") != english, f"no names of countries in {language}")
        translator = QTranslator()
        _expect(translator.load(f"qtbase_{language}", folder), f"Qt does not speak {language}")
    _expect(len(countries.countries()) > 240, "there are countries missing")
    _expect("Guizhou" in countries.subdivisions("CN"), "there are provinces missing")
    return ", ".join(i18n.languages())


def _key_and_request() -> str:
    from enos_csr_gui.core import csr, file_names, files, inspect, key_reader, keys
    from enos_csr_gui.core.history import RequestHistory
    from enos_csr_gui.core.subject import Subject

    _expect(keys.strength("correct horse battery staple") > 2, "passphrases are not judged")
    key = keys.generate()
    subject = Subject(_SUBJECT)
    csr_pem = csr.to_pem(csr.sign(subject, key))
    passphrase = token_urlsafe()
    folder = files.make_temporary_folder()
    key_pem = keys.to_pem(key, passphrase)
    saved = files.save_pair(folder, file_names.safe_name("self-test"), key_pem, csr_pem)
    [found] = inspect.inspect_files([saved.csr])
    _expect(found.acceptable is True, f"EnOS would not take the request: {found.problems}")
    assert saved.key is not None
    read = key_reader.load(saved.key.read_bytes(), passphrase)
    fingerprint = keys.public_key_sha256(key.public_key())
    _expect(keys.public_key_sha256(read.public_key()) == fingerprint, "the key is another one")
    with RequestHistory(folder / "history.sqlite3") as history:
        history.record(subject, public_key_sha256=fingerprint, key=saved.key, csr=saved.csr)
        _expect(history.count() == 1, "the history forgets")
    return f"RSA {key.key_size}, {len(csr_pem)} bytes of CSR"


def _keystores() -> str:
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
    from cryptography.x509.oid import NameOID

    from enos_csr_gui.core import keys, keystore, x509_reader

    key = keys.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "self-test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    certificate = x509_reader.load(made.public_bytes(Encoding.DER))
    assert isinstance(certificate, x509_reader.Certificate)
    passphrase = token_urlsafe()
    for make in (keystore.keystore, keystore.java_keystore):
        data = make(key, certificate, [certificate], passphrase)
        read, *_rest = pkcs12.load_key_and_certificates(data, passphrase.encode())
        _expect(read is not None, f"no key in what {make.__name__} makes")
    return "PKCS #12 and Java keystore made"


def _page() -> str:
    from PySide6.QtCore import QEventLoop, QTimer

    from enos_csr_gui.gui import background
    from enos_csr_gui.gui.navigation import Task
    from enos_csr_gui.gui.startup import open_wizard

    def wait_until(condition: Callable[[], bool], otherwise: str) -> None:
        end = time.monotonic() + _PATIENCE_S
        while not condition():
            _expect(not errors, "\n".join(errors))
            _expect(time.monotonic() < end, otherwise)
            loop = QEventLoop()
            QTimer.singleShot(10, loop.quit)
            loop.exec()

    errors: list[str] = []
    hook = sys.excepthook
    # An error in a slot would otherwise be lost.
    sys.excepthook = lambda *error: errors.append("".join(traceback.format_exception(*error)))
    painted: list[bool] = []
    wizard = open_wizard()
    try:
        wizard.first_painted.connect(lambda: painted.append(True))
        wizard.show()
        wait_until(lambda: bool(painted), "no page is painted")
        first = wizard.step
        wizard.begin(Task.NEW)
        wait_until(lambda: wizard.step is not first, "the pages do not get ready")
        wait_until(lambda: wizard.draft.key is not None, "no key is made")
        seen = wizard.grab().toImage()
        colours = {
            seen.pixel(x, y) for x in range(0, seen.width(), 3) for y in range(0, seen.height(), 3)
        }
        _expect(len(colours) > 10, "the page is empty")
        _expect(not errors, "\n".join(errors))
    finally:
        sys.excepthook = hook
        wizard.hide()
        background.finish()
        wizard.deleteLater()
    return f"{seen.width()} x {seen.height()} pixels, {len(colours)} colours"


_CHECKS: dict[str, Callable[[], str]] = {
    "modules": _modules,
    "errors": _errors,
    "plugins": _plugins,
    "resources": _resources,
    "catalogues": _catalogues,
    "key and request": _key_and_request,
    "keystores": _keystores,
    "page": _page,
}
