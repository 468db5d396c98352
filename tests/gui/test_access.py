"""Everybody can use it: keys that do not clash, names for those who do not see, contrast."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from person import Person
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QColor, QPalette
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
    QWizard,
)

from enos_csr_gui import i18n
from enos_csr_gui.gui import style
from enos_csr_gui.gui.app import speak
from enos_csr_gui.gui.widgets.note import Note
from enos_csr_gui.gui.wizard import RequestWizard, Step

_MNEMONIC = re.compile(r"&([^&\s])")
_BUTTONS = QWizard.WizardButton


@pytest.fixture(params=i18n.languages())
def wizard(
    request: pytest.FixtureRequest, qapp: QApplication, start: Callable[..., Person]
) -> Iterator[RequestWizard]:
    """Return a window with all its pages, in each language."""
    i18n.choose([request.param])
    speak(qapp)
    person = start("")
    person.waits_until(lambda: set(person.wizard.pageIds()) == set(Step))
    yield person.wizard
    i18n.choose([])
    speak(qapp)


def texts(page: QWidget) -> list[str]:
    """Return what stands on the labels and buttons of a page, hidden ones too."""
    labels = [label for label in page.findChildren(QLabel) if label.buddy()]
    return [widget.text() for widget in (*labels, *page.findChildren(QAbstractButton))]


def keys(shown: list[str]) -> list[str]:
    return [key.upper() for text in shown for key in _MNEMONIC.findall(text.replace("&&", ""))]


@pytest.mark.parametrize("step", Step)
def test_the_keys_of_a_page_do_not_clash(wizard: RequestWizard, step: Step) -> None:
    page = wizard.page(step)
    of_wizard = {
        Step.START: [_BUTTONS.CancelButton],
        Step.DONE: [_BUTTONS.CustomButton1, _BUTTONS.FinishButton],
        Step.HANDED_OVER: [_BUTTONS.CustomButton1, _BUTTONS.FinishButton],
        Step.SAVE: [_BUTTONS.BackButton, _BUTTONS.CommitButton],
        Step.HANDOVER: [_BUTTONS.BackButton, _BUTTONS.CommitButton],
        Step.CHECK: [_BUTTONS.BackButton, _BUTTONS.FinishButton],
        Step.REQUESTS: [_BUTTONS.BackButton, _BUTTONS.FinishButton],
    }.get(step, [_BUTTONS.BackButton, _BUTTONS.NextButton])
    shown = [*texts(page), *(wizard.buttonText(button) for button in of_wizard)]
    # Three rows of the same kind, of which one asks at a time, may share the key of their button.
    shown = list(dict.fromkeys(shown))
    twice = {key for key, count in Counter(keys(shown)).items() if count > 1}
    assert {key: [t for t in shown if key in keys([t])] for key in twice} == {}


@pytest.mark.parametrize("step", Step)
def test_whatever_takes_keys_has_a_name(wizard: RequestWizard, step: Step) -> None:
    page = wizard.page(step)
    buddies = {label.buddy() for label in page.findChildren(QLabel)}
    kinds = (QLineEdit, QComboBox, QAbstractItemView, QPlainTextEdit, QAbstractSpinBox)
    for widget in page.findChildren(QWidget):
        if widget.focusPolicy() == Qt.FocusPolicy.NoFocus or not widget.isVisibleTo(page):
            continue
        parent = widget.parentWidget()
        inside = isinstance(parent, QComboBox) or widget.window() is not wizard
        if isinstance(widget, kinds) and not inside:
            assert widget.accessibleName() or widget in buddies, widget
        if isinstance(widget, QAbstractButton) and not isinstance(parent, QLineEdit):
            assert widget.text() or widget.accessibleName(), widget


def test_a_screen_reader_says_what_is_wrong_once(
    start: Callable[..., Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(QAccessible, "isActive", lambda: True)
    monkeypatch.setattr(
        QAccessible, "updateAccessibility", lambda event: said.append(event.message())
    )
    person = start("Renew a certificate")
    person.tries("Next >")
    person.tries("Next >")
    assert said == ["Please choose the old file."]


# --- Contrast -------------------------------------------------------------------------------------


def _luminance(colour: QColor) -> float:
    """Return the relative luminance (WCAG 2.2)."""
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (colour.redF(), colour.greenF(), colour.blueF())
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: QColor, other: QColor) -> float:
    """Return the contrast of two colours (WCAG 2.2)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _light() -> QPalette:
    return QPalette(QColor("#efefef"), QColor("#efefef"))


def _dark() -> QPalette:
    palette = QPalette(QColor("#3c3f41"), QColor("#2b2d2f"))
    palette.setColor(QPalette.ColorRole.Base, QColor("#1f2123"))
    return palette


@pytest.mark.parametrize("palette", [_light(), _dark()], ids=["light", "dark"])
@pytest.mark.parametrize("colour", [style.muted, style.problem])
def test_our_colours_stand_out_from_page_and_card(
    qapp: QApplication, palette: QPalette, colour: Callable[[QPalette], QColor]
) -> None:
    for ground in (palette.window(), palette.base()):
        assert contrast(colour(palette), ground.color()) >= 4.5


def test_a_note_follows_the_desktop_into_the_dark(qapp: QApplication) -> None:
    before = qapp.palette()
    note = Note()
    note.show_problem("wrong")
    try:
        qapp.setPalette(_dark())
        QApplication.processEvents()
        shown = note.palette().color(note.foregroundRole())
        assert contrast(shown, qapp.palette().window().color()) >= 4.5
    finally:
        qapp.setPalette(before)
