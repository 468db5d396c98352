"""No text is cut off: in each language, with a large font, in a small window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from person import Person, wait
from photos import reader
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

from enos_csr_gui import i18n
from enos_csr_gui.gui.app import speak
from enos_csr_gui.gui.widgets.wrapped_label import WrappedLabel

# The window as it opens on a usual screen; on one of 1920 x 1080 at 200 %, less title and task bar;
# and with a font of 20 pt, for which people make the window large.
SIZES = {"usual": (860, 560, 0), "200 %": (860, 480, 0), "20 pt": (1400, 900, 20)}


def cut_off(window: QWidget) -> list[str]:
    """Return the texts in the window that have less room than they need."""
    found = []
    for widget in window.findChildren(QWidget):
        if not widget.isVisible() or not isinstance(widget, QLabel | QAbstractButton):
            continue
        if not widget.text().strip():
            continue
        if widget.hasHeightForWidth() or isinstance(widget, WrappedLabel):
            needed = widget.heightForWidth(widget.width())
            fits = needed <= widget.height()
        else:
            needed = widget.minimumSizeHint()
            fits = needed.width() <= widget.width() and needed.height() <= widget.height() + 1
        if not fits:
            found.append(f"{widget.text()!r}: {needed} in {widget.size()}")
    return found


@pytest.fixture(params=[(name, language) for name in SIZES for language in i18n.languages()])
def person(
    request: pytest.FixtureRequest, qapp: QApplication, start: Callable[..., Person]
) -> Iterator[Person]:
    """A person whose screen, font and language are given."""
    name, language = request.param
    width, height, points = SIZES[name]
    before = qapp.font()
    if points:
        font = qapp.font()
        font.setPointSize(points)
        qapp.setFont(font)
    i18n.choose([language])
    speak(qapp)
    wizard = start("").wizard
    wizard.resize(width, height)
    yield reader(wizard, language)
    qapp.setFont(before)
    i18n.choose([])
    speak(qapp)


def test_no_text_is_cut_off(
    person: Person, labelled: dict[str, str], saved: Path, authority, tmp_path: Path
) -> None:
    bad: dict[str, list[str]] = {}

    def look(name: str) -> None:
        wait(30)
        if texts := cut_off(person.window):
            bad[name] = texts

    wait(300)
    look("start")
    person.begins("New request")
    person.click("Protect the key file with a passphrase")
    look("key")
    person.click("Protect the key file with a passphrase")
    person.goes_on("Who is it for?")
    look("subject")
    person.click("Next >")
    look("subject with problems")
    answers = dict(labelled)
    person.fills_in(answers)
    person.goes_on("Review")
    look("review")
    person.goes_on("Save")
    look("save")
    person.goes_on("Done", "Save")
    look("done")
    issued = authority.issue(saved / "dev-001.csr", tmp_path / "issued.pem")
    issued.write_bytes(issued.read_bytes() + authority.intermediate.read_bytes())
    person.click("Start page")
    person.begins("My certificate has arrived")
    look("certificate")
    person.drops(issued)
    person.waits_to_read("The chain does not lead")
    look("certificate found")
    person.goes_on("For the device")
    person.click("Java keystore: for the EnOS SDK for Java")
    look("handover")
    person.click("PEM files: for the EnOS Edge and most other software")
    person.goes_on("Done", "Save")
    look("handed over")
    person.click("Start page")
    person.begins("Renew a certificate")
    look("old")
    person.click("< Back")
    person.begins("Check a file")
    person.drops(saved / "dev-001.key")
    person.waits_to_read("This file holds a private key")
    look("check")
    person.click("< Back")
    person.begins("My requests")
    wait(200)
    look("requests")
    assert bad == {}
