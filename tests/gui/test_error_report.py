"""An error that nobody expected is shown, without secrets, and loses nothing."""

from __future__ import annotations

import sys

import pytest
from person import Person, wait
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit

from enos_csr_gui.core import create, keys
from enos_csr_gui.gui import app, error_report
from enos_csr_gui.gui.draft import Draft
from enos_csr_gui.gui.navigation import Step
from enos_csr_gui.gui.page import Page
from enos_csr_gui.gui.widgets.passphrase import PassphrasePair


@pytest.fixture
def report_installed(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Handle unexpected errors as the program does."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # put back after the test
    app.report_errors(person.wizard.secrets)


@pytest.mark.long
@pytest.mark.qt_no_exception_capture
@pytest.mark.usefixtures("report_installed")
def test_an_error_in_a_worker_is_shown_without_the_passphrase_and_the_answers_stay(
    person: Person,
    labelled: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    secret = "Windrad 'siebzehn' über Kaili"
    pem = keys.to_pem(keys.generate()).decode()

    def broken(*arguments: object, **options: object) -> None:
        raise RuntimeError(f"{options['passphrase']} and {secret!r} and {pem}")

    monkeypatch.setattr(create, "create_request", broken)
    person.click("Protect the key file with a passphrase")
    person.enters("Passphrase", secret)
    person.enters("Repeat passphrase", secret)
    person.walks_to_save(labelled)
    read: list[str] = []

    def look() -> bool:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, error_report.ReportDialog):
            return False
        person.click("Copy the report")
        read.append(person.reads())
        read.append(dialog.findChildren(QPlainTextEdit)[0].toPlainText())
        person.press(Qt.Key.Key_Escape)
        return True

    person.meanwhile(look)
    person.click("Save")
    person.waits_until(lambda: len(read) == 2)
    assert "The program met an unexpected error." in read[0]
    assert "RuntimeError" in read[1]
    assert QApplication.clipboard().text() == read[1]
    for shown in (*read, capsys.readouterr().err):
        assert "Windrad" not in shown
        assert "PRIVATE KEY" not in shown
        assert pem.splitlines()[3] not in shown

    wait(50)
    assert person.title() == "Save"
    assert person.button("Save").isEnabled()
    assert person.wizard.page.may_leave


class MadeUpPage(Page):
    """A page whose author thought of no report."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(draft, "Made up", "")
        self.hidden = QLineEdit()
        self.hidden.setEchoMode(QLineEdit.EchoMode.NoEcho)
        self.pair = PassphrasePair(lambda _passphrase: [])
        self.open = QLineEdit()
        for widget in (self.hidden, self.pair, self.open):
            self.body.addWidget(widget)


def test_a_new_page_cannot_leak_what_is_typed_into_its_hidden_fields(person: Person) -> None:
    page = MadeUpPage(person.wizard.draft)
    page.hidden.setText("never shown")
    page.pair.set_texts("first passphrase", "second passphrase")
    for letters in page.pair.findChildren(QLineEdit):
        letters.setEchoMode(QLineEdit.EchoMode.Normal)  # as 'Show the passphrase' does
    page.open.setText("turbine-017")
    person.wizard.add_page(Step.EXPORTED, page)
    error = RuntimeError("never shown, first passphrase, second passphrase, turbine-017")
    report = error_report.describe(error, person.wizard.secrets())
    assert "[removed], [removed], [removed], turbine-017" in report


@pytest.mark.long
def test_a_passphrase_that_has_left_its_page_is_not_reported_either(person: Person) -> None:
    person.click("Protect the key file with a passphrase")
    person.enters("Passphrase", "turbines17")
    person.enters("Repeat passphrase", "turbines17")
    person.click("Show the passphrase")
    assert person.wizard.secrets() == ["turbines17"] * 2
    person.goes_on("Who is it for?")
    person.click("< Back")
    person.click("Protect the key file with a passphrase")
    assert person.wizard.secrets() == ["turbines17"]  # the draft keeps it until 'Next'
    person.goes_on("Who is it for?")
    assert person.wizard.secrets() == []
