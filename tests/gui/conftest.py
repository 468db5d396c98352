"""A wizard on the screen and a person in front of it."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from person import Person, wait
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QFont, QGuiApplication
from PySide6.QtWidgets import QApplication

from enos_csr_gui.gui import background, startup
from enos_csr_gui.gui.startup import open_wizard as open_program
from enos_csr_gui.gui.wizard import RequestWizard
from enos_csr_gui.messages import labels

# No test can use a dialog of the system, and Windows has some.
QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)


if os.name == "nt":

    @pytest.fixture(autouse=True, scope="session")
    def font(qapp: QApplication) -> None:
        """Without a screen too, the text stands in the font of Windows, or in one like it."""
        if QGuiApplication.platformName() == "offscreen":
            QFont.insertSubstitution("Segoe UI", "Open Sans")
            QFont.insertSubstitution("Consolas", "Liberation Mono")
            qapp.setFont(QFont("Segoe UI", 9))


@pytest.fixture(autouse=True, scope="module")
def garbage() -> Iterator[None]:
    """Collect garbage in this thread alone: pytest-xdist has others, and a widget dies in them."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder for the test: files go below it by default."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    return folder


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    """No region of the system, or the country would be filled in at one desk and not at another."""
    monkeypatch.setattr(startup, "country_of_system", lambda: "")


@pytest.fixture
def saved(home: Path) -> Path:
    """The folder that files go to when nobody chooses another."""
    return home / "EnOS requests"


@pytest.fixture
def start(qapp) -> Iterator[Callable[..., Person]]:
    """Return a function that starts the program and sits a person down in front of it.

    The person chooses ``task``, if any; ``files`` are what the program is started with.
    """

    def open_wizard(task: str = "New request", *files: Path) -> Person:
        wizard = open_program(files)
        wizard.show()
        wizard.activateWindow()
        person = Person(wizard)
        if task:
            person.begins(task)
        return person

    yield open_wizard
    for window in qapp.topLevelWidgets():
        if isinstance(window, RequestWizard):
            window.hide()
            window.deleteLater()
    background.finish()
    wait(10)


@pytest.fixture
def person(start: Callable[[], Person]) -> Person:
    """A person who has just started the program and wants a new request."""
    return start()


@pytest.fixture
def labelled(answers: dict[str, str]) -> dict[str, str]:
    """Answers to all seven fields, by the labels that a person reads."""
    return {labels.label(key): text for key, text in answers.items()}


@pytest.fixture
def old(start: Callable[..., Person], labelled: dict[str, str], saved: Path) -> Path:
    """Return the request file of a request made in the window."""
    first = start()
    first.walks_to_save(labelled)
    first.goes_on("Done", "Save")
    return saved / "dev-001.csr"
