"""A tour of every page in each of its states; a callback looks at each."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import catalogues
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from person import Person, wait
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QWidget

from enos_csr_gui import resources
from enos_csr_gui.core import keys
from enos_csr_gui.core.enums import RequestKind
from enos_csr_gui.core.history import RequestHistory
from enos_csr_gui.gui.error_report import ReportDialog, describe
from enos_csr_gui.gui.requests.table import RequestTable
from enos_csr_gui.gui.widgets.completed_line import CompletedLine
from enos_csr_gui.gui.wizard import RequestWizard

ANSWERS = {
    "Country": "China",
    "State or province": "Guizhou",
    "Locality": "Kaili",
    "Organization": "Example Wind Ltd",
    "Organizational unit": "Operations",
    "Common name": "turbine-017",
    "E-mail address": "ops@example.com",
}


class Look(Protocol):
    """Looks at the state called ``name`` of the window or dialog that is in front."""

    def __call__(self, name: str, window: QWidget) -> None: ...


class Tour:
    """``person`` sits in front of a window just opened; ``home`` is theirs, and still empty."""

    def __init__(self, person: Person, home: Path, look: Look) -> None:
        self._person = person
        self._home = home
        self._look = look
        self._folder = home / "EnOS requests"

    def go(self) -> None:
        """Go everywhere."""
        self._key()
        self._subject()
        self._review_and_save()
        self._checks()
        self._requests()
        self._certificates()
        self._many()
        self._many_certificates()
        self._renewal()

    def _sees(self, name: str) -> None:
        _settle()
        self._look(name, self._person.window)

    def _sees_dialog(self, name: str, act: Callable[[], object]) -> None:
        """Look at the dialog that ``act`` opens, and close it."""

        def look() -> bool:
            dialog = self._person.window
            if dialog is self._person.wizard:
                return False
            try:
                self._sees(name)
            finally:
                dialog.close()  # or the test would wait for ever
            return True

        self._person.meanwhile(look)
        act()

    def _sees_window(self, name: str, act: Callable[[], object]) -> None:
        """Look at the window that ``act`` opens beside the first one, and close it."""
        before = set(QApplication.topLevelWidgets())
        act()

        def opened() -> list[QWidget]:
            return [one for one in set(QApplication.topLevelWidgets()) - before if one.isVisible()]

        self._person.waits_until(lambda: len(opened()) == 1)
        _settle()
        [window] = opened()
        self._look(name, window)
        window.close()

    def _key(self) -> None:
        person = self._person
        person.waits_until(lambda: person.wizard.is_ready)
        self._sees("start")
        self._sees_window("about", lambda: person.click("About"))
        person.begins("New request")
        self._sees("key")
        self._sees_window("help", lambda: person.press(Qt.Key.Key_F1))
        person.click("Protect the key file with a passphrase")
        person.enters("Passphrase", "turbines17")
        person.enters("Repeat passphrase", "turbine")
        wait(600)
        self._sees("key-passphrase")
        person.click("Next >")
        self._sees("key-passphrases-differ")
        person.click("Protect the key file with a passphrase")

        locked = self._home / "locked.key"
        locked.write_bytes(keys.to_pem(keys.generate(), "secret"))
        person.click("Use a key file that I already have")
        person.click("Next >")
        self._sees("key-no-file")
        person.enters("Key file", str(locked))
        person.click("Next >")
        person.waits_to_read("This key is protected. Type")
        self._sees("key-existing")
        person.click("Create a new key (recommended)")

    def _subject(self) -> None:
        person = self._person
        person.goes_on("Who is it for?")
        self._sees("subject-first-time")
        person.field("Country").setFocus()
        person.types("chi")
        self._sees("subject-country")
        country = person.field("Country")
        assert isinstance(country, CompletedLine)
        if country.suggestions():  # a look may have closed the list; then Escape is for the window
            person.press(Qt.Key.Key_Escape)
        person.enters("Country", "United States")
        person.enters(
            "State or province", "Guangxi Zhuang Autonomous Region, Liuzhou City, Liubei District 3"
        )
        person.enters("Locality", "Kai\u200bli")
        person.enters("E-mail address", "ops@example")
        person.click("Next >")
        self._sees("subject-problems")
        person.fills_in(ANSWERS)
        person.field("Common name").setFocus()
        self._sees("subject")

    def _review_and_save(self) -> None:
        person = self._person
        person.goes_on("Review")
        wait(300)
        self._sees("review")
        person.click("For engineers: the same with OpenSSL")
        self._sees("review-openssl")
        person.click("For engineers: the same with OpenSSL")
        person.goes_on("Save")
        self._sees("save")
        self._folder.mkdir(exist_ok=True)
        (self._folder / "turbine-017.csr").touch()
        person.click("Save")
        person.waits_to_read("A file with this name already exists")
        self._sees("save-file-exists")
        self._sees_dialog("close", person.wizard.close)
        (self._folder / "turbine-017.csr").unlink()
        person.goes_on("Done", "Save")
        self._sees("done")
        error = describe(RuntimeError("an example"), [])
        self._sees_dialog("unexpected-error", lambda: ReportDialog(error).exec())

    def _checks(self) -> None:
        """Look into the files that were made, and into one that is not right."""
        person = self._person
        bad = self._home / "old-request.csr"
        builder = x509.CertificateSigningRequestBuilder(
            x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "turbine-017")])
        )
        request = builder.sign(keys.generate(), hashes.SHA512())
        bad.write_bytes(request.public_bytes(serialization.Encoding.PEM))
        person.click("Start page")
        person.begins("Check a file")
        self._sees("inspect")
        person.drops(self._folder / "turbine-017.csr", self._folder / "turbine-017.key")
        person.waits_to_read("Acceptable")
        self._sees("inspect-good")
        person.drops(bad)
        person.waits_to_read("NOT acceptable")
        self._sees("inspect-bad")
        person.drops(self._folder / "turbine-017.csr")
        person.waits_to_read("Acceptable")
        person.click("Details")
        person.waits_until(self._sees_whole_name)
        self._sees("inspect-details")

    def _sees_whole_name(self) -> bool:
        """Return whether the common name in the details has the height of a line."""
        labels = self._person.wizard.findChildren(QLabel)
        names = [one for one in labels if one.isVisible() and one.text().startswith("CN = ")]
        return any(one.height() >= one.fontMetrics().height() for one in names)

    def _requests(self) -> None:
        """Look at the requests of two years."""
        person = self._person
        person.click("< Back")
        person.waits_for_page("What would you like to do?")
        make_past(self._folder)
        person.begins("My requests")
        [table] = person.wizard.findChildren(RequestTable)
        person.waits_until(lambda: table.model().rowCount() == 5 and table.currentIndex().isValid())
        wait(200)
        self._sees("requests")
        self._sees_dialog("requests-details", lambda: person.press(Qt.Key.Key_Return))
        person.press(Qt.Key.Key_Slash)
        person.types("turbine-99")
        person.waits_to_read("Show all requests")
        self._sees("requests-none-found")
        person.click("Show all requests")
        person.click("< Back")
        person.waits_to_read("certificates need renewal")
        self._sees("start-to-be-renewed")
        person.begins("New request")
        person.goes_on("Who is it for?")
        person.enters("Common name", "turbine-018")
        person.click("< Back")
        person.click("< Back")
        person.waits_to_read("Continue the unfinished request")
        self._sees("start-unfinished")
        person.begins("Continue the unfinished request")
        person.click("Cancel")
        person.waits_to_read("certificates need renewal")

    def _certificates(self) -> None:
        """Receive the certificate for the request that was made."""
        person = self._person
        certificate = self._home / "turbine-017.pem"
        issue(self._folder / "turbine-017.csr", certificate)
        person.begins("My certificate has arrived")
        self._sees("receive")
        person.click("Next >")
        self._sees("receive-no-file")
        person.drops(certificate)
        person.waits_to_read("The certificate for")
        self._sees("receive-found")
        person.goes_on("For the device")
        self._sees("export")
        person.click("Java keystore: for the EnOS SDK for Java")
        self._sees("export-java")
        person.tries("Save")
        self._sees("export-no-passphrase")
        person.click("PEM files: for the EnOS Edge and most other software")
        person.goes_on("Done", "Save")
        self._sees("exported")
        person.click("Start page")
        self._sees("start-later")

    def _many(self) -> None:
        """Create keys and requests for a table of devices, with a stop on the way."""
        person = self._person
        devices, unknown = self._home / "farm.csv", self._home / "other.csv"
        cells = "CN,Guizhou,Kaili,Example Wind Ltd,Operations,ops@example.com"
        names = [f"turbine-{number}" for number in range(101, 125)]
        names[4], names[6], names[9] = names[3], "5.57E+92", "x" * 70
        lines = [f"{name},{cells}" for name in names]
        devices.write_text("\n".join(["CN,C,ST,L,O,OU,E", *lines]))
        unknown.write_text("\n".join(["ID,C,ST,XO,OU", *(f"{name},CN,," for name in names)]))
        person.begins("Many devices")
        self._sees("table")
        person.click("Next >")
        self._sees("table-none")
        person.drops(unknown)
        person.goes_on("What is in the columns?")
        person.click("Next >")
        self._sees("columns-unknown")
        person.click("< Back")
        person.drops(devices)
        person.goes_on("What is in the columns?")
        self._sees("columns")
        person.goes_on("Where do the files go?")
        person.click("One passphrase for all keys")
        self._sees("folder-passphrase")
        person.click("A passphrase of its own for each key")
        self._sees("folder")
        person.goes_on("Check the rows")
        person.waits_to_read("rows have errors")
        self._sees("rows")
        person.click("Show only rows with errors")
        self._sees("rows-all")
        person.click("Leave out the rows with errors")
        person.goes_on("Create the keys and requests")
        self._sees("create")
        person.click("Create")
        person.click("Pause")
        person.waits_to_read("Paused.")
        self._sees("create-paused")
        self._sees_dialog("create-close", person.wizard.close)
        person.click("Stop")
        person.waits_to_read("Press 'Create' to go on now")
        self._sees("create-stopped")
        person.goes_on("Done", "Create")
        self._sees("created")
        person.click("Start page")

    def _many_certificates(self) -> None:
        """Receive the certificates for some of the devices, and one for another key."""
        person, delivery = self._person, self._home / "delivery"
        delivery.mkdir()
        requests = sorted((self._folder / "farm").glob("*/*.csr"))
        for csr in requests[:8]:
            issue(csr, delivery / f"{csr.stem}.pem")
        other = self._home / "other.csr"
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "turbine-200")])
        builder = x509.CertificateSigningRequestBuilder(name)
        request = builder.sign(keys.generate(), hashes.SHA256())
        other.write_bytes(request.public_bytes(serialization.Encoding.PEM))
        issue(other, delivery / "turbine-200.pem")
        person.begins("Many devices")
        person.click("Receive certificates…")
        person.waits_for_page("Certificates for many devices")
        self._sees("certificates")
        person.click("Next >")
        self._sees("certificates-none")
        person.drops(delivery)
        person.goes_on("What has arrived")
        self._sees("sorted")
        person.goes_on("For the devices")
        person.waits_to_read("The key files are protected.")
        self._sees("devices")
        person.click("Java keystore: for the EnOS SDK for Java")
        person.click("Save")
        self._sees("devices-no-passphrase")
        person.enters("Passphrase file", str(self._folder / "farm-passphrases.csv"))
        person.click("Save")
        person.click("Pause")
        person.waits_to_read("Paused.")
        self._sees("devices-paused")
        self._sees_dialog("devices-close", person.wizard.close)
        person.click("Resume")
        person.waits_for_page("Done")
        self._sees("received")
        person.click("Start page")

    def _renewal(self) -> None:
        person = self._person
        person.begins("Renew a certificate")
        person.waits_to_read("Or a certificate that was received")
        self._sees("renew")
        person.tries("Next >")
        self._sees("renew-no-file")
        person.drops(self._home / "turbine-017.pem")
        person.goes_on("Key")
        person.goes_on("Who is it for?")
        self._sees("renew-subject")


def make_past(folder: Path) -> None:
    """Put requests of two years into the history."""
    now = datetime.now(UTC)
    for name, kind, made, left in (
        ("turbine-003", RequestKind.NEW, 780, -9),
        ("turbine-004", RequestKind.NEW, 723, 12),
        ("风机-0042", RequestKind.RENEWAL, 400, 330),
        ("gateway-kaili-1", RequestKind.NEW, 9, None),
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
                subject, public_key_sha256=fingerprint, key=key, csr=csr, kind=kind, made_on=made_on
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


def _settle() -> None:
    """Wait until everything has its place: laying out one thing asks for laying out another."""
    wait(100)
    for _time in range(10):  # on a busy machine, little happens in that time
        QApplication.processEvents()


def issue(csr: Path, certificate: Path) -> None:
    """Issue a certificate for the request, with the authority's beside it."""
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
        limits = x509.BasicConstraints(ca=subject == authority, path_length=None)
        builder = builder.add_extension(limits, critical=True)
        parts.append(builder.sign(key, hashes.SHA256()))
    certificate.write_bytes(
        b"".join(part.public_bytes(serialization.Encoding.PEM) for part in parts)
    )


def reader(wizard: RequestWizard, language: str) -> Person:
    """Return a person who takes English labels and finds them in the window's language."""
    if language == "en":
        return Person(wizard)

    def without_key(text: str) -> str:
        """Return the text without '(N)', the key to press."""
        return re.sub(r"\(\w\)", "", text)

    catalogue = catalogues.read(resources.folder() / "translations" / f"{language}.po")
    said = {}
    for message in catalogue:
        for original in message.id if isinstance(message.id, tuple) else [message.id]:
            string = message.string
            translated = string[0] if isinstance(string, tuple) else string
            said[original.replace("&", "")] = without_key(translated.replace("&", ""))

    def translate(text: str) -> str:
        """Return a label in the other language; of the beginning of a sentence, a part of it."""
        if text in said:
            return said[text]
        whole = [one for one in said if one.startswith(text)] or [
            one for one in said if text in one
        ]
        nearest = min(whole, key=len, default=text)
        return max(re.split(r"{[^}]*}", said.get(nearest, text)), key=len)

    class Reader(Person):
        def _visible(self, kind: type[QWidget], name: str) -> QWidget:
            return super()._visible(kind, translate(name))

        def _names(self, widget: QWidget, labels: dict[QWidget, list[str]]) -> list[str]:
            return [without_key(name) for name in super()._names(widget, labels)]

        def reads(self) -> str:
            return without_key(super().reads())

        def field(self, name: str) -> QLineEdit:
            return super().field(translate(name))

        def waits_to_read(self, text: str) -> None:
            super().waits_to_read(translate(text))

        def waits_for_page(self, title: str) -> None:
            super().waits_for_page(translate(title))

    return Reader(wizard)
