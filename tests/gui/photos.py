"""Photograph every page in its states: ``./run photos [FOLDER]``.

In every language, in light and dark, at 100 % and at 200 %. ``./run photos --docs`` makes the
pictures of the documentation anew.

The pages are filled in as a person does it, with keys and clicks, in a real window: on the display
there is, or on a virtual one. The pictures serve the documentation and every look at the program.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from person import Person
    from PySide6.QtGui import QPalette
    from PySide6.QtWidgets import QLineEdit, QWidget

    from enos_csr_gui.gui.wizard import RequestWizard

HOME = Path(tempfile.gettempdir()) / "home" / "lin"

ANSWERS = {
    "Country": "China",
    "State or province": "Guizhou",
    "Locality": "Kaili",
    "Organization": "Example Wind Ltd",
    "Organizational unit": "Operations",
    "Common name": "turbine-017",
    "E-mail address": "ops@example.com",
}


def need_a_screen() -> None:
    """Start again on a virtual display when there is none."""
    if sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return
    if xvfb := shutil.which("xvfb-run"):
        screen = ["-a", "-s", "-screen 0 1600x1200x24"]
        os.execv(xvfb, [xvfb, *screen, sys.executable, *sys.argv])
    os.environ["QT_QPA_PLATFORM"] = "offscreen"


def _dark_palette() -> QPalette:
    """A dark desktop's colours; a virtual display has no desktop that would tell them."""
    from PySide6.QtGui import QColor, QPalette

    palette = QPalette(QColor("#3c3f41"), QColor("#2b2d2f"))
    palette.setColor(QPalette.ColorRole.Base, QColor("#1f2123"))
    palette.setColor(QPalette.ColorRole.Highlight, QColor("#2f65ca"))
    palette.setColor(QPalette.ColorRole.PlaceholderText, QColor("#8c8c8c"))
    return palette


def take_all(target: Path, language: str, scheme: str) -> None:  # noqa: PLR0915  (one walk)
    """Walk through the wizard once and photograph what comes."""
    from person import wait
    from PySide6.QtCore import Qt, QTimer
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    from enos_csr_gui import i18n
    from enos_csr_gui.core import keys
    from enos_csr_gui.gui.app import speak
    from enos_csr_gui.gui.report import ReportDialog, describe
    from enos_csr_gui.gui.wizard import RequestWizard

    app = QApplication.instance() or QApplication(["photos"])
    assert isinstance(app, QApplication)
    if scheme == "dark":
        app.setPalette(_dark_palette())
    i18n.choose([language])
    speak(app)
    wait(50)
    target.mkdir(parents=True)
    taken = 0

    def photo(name: str, widget: QWidget | None = None) -> None:
        nonlocal taken
        taken += 1
        wait(100)
        screen = app.primaryScreen()
        picture = (widget or wizard).grab()
        if (popup := app.activePopupWidget()) and screen:
            frame = wizard.frameGeometry().united(popup.frameGeometry())
            picture = screen.grabWindow(0, *frame.getRect())
        picture.save(str(target / f"{taken:02}-{name}.png"))

    def photo_of_dialog(name: str, act: Callable[[], None]) -> None:
        def look() -> None:
            dialog = app.activeModalWidget()
            photo(name, dialog)
            dialog.close()

        QTimer.singleShot(300, look)
        act()

    wizard = RequestWizard()
    wizard.show()
    QTest.qWaitForWindowExposed(wizard)
    person = reader(wizard, language)
    wait(600)
    photo("start")
    person.begins("New request")
    photo("key")
    person.click("Protect the key file with a passphrase")
    person.enters("Passphrase", "turbines17")
    person.enters("The same again", "turbine")
    wait(600)
    photo("key-passphrase")
    person.click("Next >")
    photo("key-passphrases-differ")
    person.click("Protect the key file with a passphrase")

    locked = HOME / "locked.key"
    locked.write_bytes(keys.to_pem(keys.generate(), "secret"))
    person.click("Use a key file that I already have")
    person.enters("Key file", str(locked))
    person.click("Next >")
    person.waits_to_read("This key is protected. Please")
    photo("key-existing")
    person.click("Make a new key (recommended)")

    person.goes_on("Who is it for?")
    photo("subject-first-time")
    person.field("Country").setFocus()
    person.types("chi")
    photo("subject-country")
    person.press(Qt.Key.Key_Escape)
    person.enters("Country", "United States")
    person.enters(
        "State or province", "Guangxi Zhuang Autonomous Region, Liuzhou City, Liubei District 3"
    )
    person.enters("Locality", "Kai\u200bli")
    person.enters("E-mail address", "ops@example")
    person.click("Next >")
    photo("subject-problems")
    person.fills_in(ANSWERS)
    person.field("Common name").setFocus()
    photo("subject")
    person.goes_on("Review")
    wait(300)
    photo("review")
    person.click("For engineers: the same with OpenSSL")
    photo("review-openssl")
    person.click("For engineers: the same with OpenSSL")
    person.goes_on("Save")
    photo("save")
    (HOME / "EnOS requests").mkdir(exist_ok=True)
    (HOME / "EnOS requests" / "turbine-017.csr").touch()
    person.click("Save")
    person.waits_to_read("There already is")
    photo("save-file-exists")
    photo_of_dialog("close", wizard.close)
    (HOME / "EnOS requests" / "turbine-017.csr").unlink()
    person.goes_on("Done", "Save")
    photo("done")
    photo_of_dialog(
        "unexpected-error",
        lambda: (ReportDialog(describe(RuntimeError("an example"), [])).exec(), None)[1],
    )
    photo_checks(person, photo)
    photo_requests(person, photo, photo_of_dialog)
    photo_certificates(person, photo)
    wizard.close()
    wizard.deleteLater()


def photo_checks(person: Person, photo: Callable[[str], None]) -> None:
    """Look into the files that were made, and into one that is not right."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    from enos_csr_gui.core import keys

    bad = HOME / "old-request.csr"
    builder = x509.CertificateSigningRequestBuilder(
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "turbine-017")])
    )
    bad.write_bytes(
        builder.sign(keys.generate(), hashes.SHA512()).public_bytes(serialization.Encoding.PEM)
    )
    person.click("Start page")
    person.begins("Check a file")
    photo("check")
    folder = HOME / "EnOS requests"
    person.drops(folder / "turbine-017.csr", folder / "turbine-017.key")
    person.waits_to_read("Acceptable")
    photo("check-good")
    person.drops(bad)
    person.waits_to_read("NOT acceptable")
    photo("check-bad")
    person.drops(folder / "turbine-017.csr")
    person.waits_to_read("Acceptable")
    person.click("Details")
    photo("check-details")


def photo_requests(
    person: Person,
    photo: Callable[[str], None],
    photo_of_dialog: Callable[[str, Callable[[], None]], None],
) -> None:
    """Look at the requests of two years."""
    from datetime import UTC, datetime, timedelta

    from person import wait
    from PySide6.QtCore import Qt

    from enos_csr_gui.core.history import Kind, RequestHistory

    person.click("< Back")
    person.waits_for_page("What would you like to do?")
    folder, now = HOME / "EnOS requests", datetime.now(UTC)
    for name, kind, made, left in (
        ("turbine-003", Kind.NEW, 780, -9),
        ("turbine-004", Kind.NEW, 723, 12),
        ("风机-0042", Kind.RENEWAL, 400, 330),
        ("gateway-kaili-1", Kind.NEW, 9, None),
    ):
        csr, key = folder / f"{name}.csr", folder / f"{name}.key"
        csr.touch()
        if left != -9:
            key.touch()
        fingerprint = name.encode().hex().ljust(64, "7")
        subject = {"country": "CN", "state": "Guizhou", "locality": "Kaili"}
        subject |= {"organization": "Example Wind Ltd", "unit": "Operations", "common_name": name}
        made_on = now - timedelta(days=made)
        with RequestHistory() as past:
            past.record(
                subject, fingerprint=fingerprint, key=key, csr=csr, kind=kind, made_on=made_on
            )
            if left is not None:
                past.certificate_received(
                    fingerprint,
                    common_name=name,
                    serial=int(fingerprint[:30], 16),
                    issued=made_on + timedelta(days=3),
                    expires=now + timedelta(days=left),
                    certificate=folder / f"{name}.pem",
                )
    person.begins("My requests")
    wait(500)
    photo("requests")
    photo_of_dialog("requests-details", lambda: person.press(Qt.Key.Key_Return))
    person.press(Qt.Key.Key_Slash)
    person.types("turbine-99")
    wait(300)
    photo("requests-none-found")
    person.click("Show all requests")
    person.click("< Back")
    person.waits_to_read("certificates are to be renewed")
    photo("start-to-be-renewed")


def photo_certificates(person: Person, photo: Callable[[str], None]) -> None:
    """Receive the certificate for the request that was made, and renew it."""
    issue(HOME / "EnOS requests" / "turbine-017.csr", HOME / "turbine-017.pem")
    person.begins("My certificate has arrived")
    photo("certificate")
    person.drops(HOME / "turbine-017.pem")
    person.waits_to_read("The certificate for")
    photo("certificate-found")
    person.goes_on("For the device")
    photo("handover")
    person.click("Java keystore: for the EnOS SDK for Java")
    photo("handover-java")
    person.click("PEM files: for the EnOS Edge and most other software")
    person.goes_on("Done", "Save")
    photo("handed-over")
    person.click("Start page")
    photo("start-later")
    person.begins("Renew a certificate")
    person.waits_to_read("Or one of")
    photo("renew")
    person.drops(HOME / "turbine-017.pem")
    person.goes_on("Key")
    person.goes_on("Who is it for?")
    photo("renew-subject")


def issue(csr: Path, certificate: Path) -> None:
    """Issue a certificate for the request, with the authority's beside it."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    from enos_csr_gui.core import keys

    key = keys.generate()
    request = x509.load_pem_x509_csr(csr.read_bytes())
    authority = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "EnOS Device CA")])
    parts = []
    for subject, public_key in (
        (request.subject, request.public_key()),
        (authority, key.public_key()),
    ):
        builder = x509.CertificateBuilder(
            authority, subject, public_key, x509.random_serial_number()
        )
        builder = builder.not_valid_before(datetime.now(UTC) - timedelta(days=1))
        builder = builder.not_valid_after(datetime.now(UTC) + timedelta(days=45))
        parts.append(builder.sign(key, hashes.SHA256()))
    certificate.write_bytes(
        b"".join(part.public_bytes(serialization.Encoding.PEM) for part in parts)
    )


def reader(wizard: RequestWizard, language: str) -> Person:
    """Return a person who is told what to do in English, and reads the language of the window."""
    import translations
    from person import Person

    if language == "en":
        return Person(wizard)

    def without_key(text: str) -> str:
        """Return the text without '(N)', the key to press."""
        return re.sub(r"\(\w\)", "", text)

    catalogue = translations.read(translations.CATALOGUES / f"{language}.po")
    said = {"Next >": "下一步 >", "< Back": "< 上一步"}  # Qt's own
    for message in catalogue:
        for original in message.id if isinstance(message.id, tuple) else [message.id]:
            string = message.string
            translated = string[0] if isinstance(string, tuple) else string
            said[original.replace("&", "")] = without_key(translated.replace("&", ""))

    def translate(text: str) -> str:
        """Return a label in the other language; of the beginning of a sentence, a part of it."""
        if text in said:
            return said[text]
        whole = [one for one in said if one.startswith(text)] + [one for one in said if text in one]
        return max(re.split(r"{[^}]*}", said[whole[0]]), key=len) if whole else text

    class Reader(Person):
        def _visible(self, kind: type[QWidget], name: str) -> QWidget:
            return super()._visible(kind, translate(name))

        def _names(self, widget: QWidget) -> list[str]:
            return [without_key(name) for name in super()._names(widget)]

        def reads(self) -> str:
            return without_key(super().reads())

        def field(self, name: str) -> QLineEdit:
            return super().field(translate(name))

        def waits_to_read(self, text: str) -> None:
            super().waits_to_read(translate(text))

        def waits_for_page(self, title: str) -> None:
            super().waits_for_page(translate(title))

    return Reader(wizard)


DOCS = Path(__file__).parents[2] / "docs" / "pictures"
IN_DOCS = {
    "start-to-be-renewed": "start",
    "key": "key",
    "subject": "subject",
    "review": "review",
    "save": "save",
    "done": "done",
    "renew": "renew",
    "certificate-found": "certificate",
    "handover": "handover",
    "handed-over": "handed-over",
    "check-bad": "check",
    "requests": "requests",
}


def put_into_docs(photos: Path, language: str) -> None:
    """Put the pictures that the guide shows where it shows them."""
    folder = DOCS if language == "en" else DOCS / language.replace("_", "-")
    folder.mkdir(exist_ok=True)
    for taken, shown in IN_DOCS.items():
        [photo] = (one for one in photos.glob("*.png") if one.stem[3:] == taken)
        shutil.copyfile(photo, folder / f"{shown}.png")


def take(folder: Path, language: str, scheme: str, percent: int) -> Path:
    """Take the pictures in a process of its own, for Qt scales a process as a whole."""
    target = folder / f"{language}-{scheme}-{percent}"
    shutil.rmtree(target, ignore_errors=True)
    HOME.mkdir(parents=True)
    try:
        environment = {
            **os.environ,
            # Neither what this user entered the last time nor where this user's home is shows.
            "HOME": str(HOME),
            "XDG_CONFIG_HOME": str(HOME / ".config"),
            "XDG_DATA_HOME": str(HOME / ".data"),
            "QT_SCALE_FACTOR": str(percent / 100),
        }
        command = [sys.executable, __file__, "--one", str(target), language, scheme]
        subprocess.run(command, env=environment, check=True)
    finally:
        shutil.rmtree(HOME.parent)
    return target


def main() -> int:
    """Take all the pictures."""
    if sys.argv[1:2] == ["--one"]:
        _program, _one, target, language, scheme = sys.argv
        take_all(Path(target), language, scheme)
        return 0
    need_a_screen()
    from enos_csr_gui import i18n

    if sys.argv[1:] == ["--docs"]:
        with tempfile.TemporaryDirectory() as folder:
            for language in i18n.languages():
                put_into_docs(take(Path(folder), language, "light", 100), language)
        return 0
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "build/photos").absolute()
    for language in i18n.languages():
        for scheme in ("light", "dark"):
            for percent in (100, 200):
                take(folder, language, scheme, percent)
    print(folder)
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2] / "packaging"))
    sys.exit(main())
