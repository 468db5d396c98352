"""What a screen reader says, and colours that stand out; see test_looks.py for every page."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import chain

import pytest
from looks import ENOUGH_CONTRAST, ENOUGH_FOR_SHAPES, contrast
from person import Person
from photos import dark_palette
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QColor, QFont, QFontInfo, QFontMetricsF, QPalette
from PySide6.QtWidgets import QApplication, QLabel

from enos_csr_gui import resources
from enos_csr_gui.gui import style
from enos_csr_gui.gui.widgets.field_note import FieldNote
from enos_csr_gui.gui.widgets.wrapped_label import WrappedLabel


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a screen reader says."""
    texts: list[str] = []
    monkeypatch.setattr(QAccessible, "isActive", lambda: True)
    monkeypatch.setattr(
        QAccessible, "updateAccessibility", lambda event: texts.append(event.message())
    )
    return texts


def test_a_screen_reader_says_what_is_wrong_once(
    start: Callable[..., Person], said: list[str]
) -> None:
    person = start("Renew a certificate")
    person.waits_until(lambda: any("Which certificate?" in text for text in said))
    said.clear()
    person.tries("Next >")
    person.tries("Next >")
    assert said == ["Old file\nChoose the old file."]


def _light_palette() -> QPalette:
    return QPalette(QColor("#efefef"), QColor("#efefef"))


@pytest.mark.parametrize("palette", [_light_palette(), dark_palette()], ids=["light", "dark"])
@pytest.mark.parametrize("colour", [style.muted, style.problem])
def test_our_colours_stand_out_from_page_and_card(
    qapp: QApplication, palette: QPalette, colour: Callable[[QPalette], QColor]
) -> None:
    for ground in (palette.window().color(), palette.base().color(), style.raised(palette)):
        assert contrast(colour(palette), ground) >= ENOUGH_CONTRAST


@pytest.mark.parametrize("palette", [_light_palette(), dark_palette()], ids=["light", "dark"])
def test_the_marks_of_the_steps_stand_out(qapp: QApplication, palette: QPalette) -> None:
    ground = palette.window().color()
    assert contrast(style.on_accent(palette), style.accent(palette)) >= ENOUGH_CONTRAST
    assert contrast(style.accent(palette), ground) >= ENOUGH_CONTRAST
    assert contrast(style.outline(palette), ground) >= ENOUGH_FOR_SHAPES


@pytest.mark.parametrize("palette", [_light_palette(), dark_palette()], ids=["light", "dark"])
def test_icons_stand_out_from_page_and_card(qapp: QApplication, palette: QPalette) -> None:
    # WCAG 2.2 asks for 3 : 1. The program's own icon has a ground of its own.
    icons = [path for path in resources.icon("new").parent.glob("*.svg") if path.stem != "app"]
    assert len(icons) > 10
    for path in icons:
        for colour in re.findall(r"#[0-9a-f]{6}\b", path.read_text(encoding="utf-8")):
            for ground in (palette.window().color(), palette.base().color(), style.raised(palette)):
                assert contrast(QColor(colour), ground) >= ENOUGH_FOR_SHAPES, (path.name, colour)


def test_a_note_follows_the_desktop_into_the_dark(qapp: QApplication) -> None:
    before = qapp.palette()
    note = FieldNote()
    note.show_problem("wrong")
    try:
        qapp.setPalette(dark_palette())
        QApplication.processEvents()
        shown = note.palette().color(note.foregroundRole())
        assert contrast(shown, qapp.palette().window().color()) >= ENOUGH_CONTRAST
    finally:
        qapp.setPalette(before)


def test_a_screen_reader_says_which_page_has_come(
    start: Callable[..., Person], said: list[str]
) -> None:
    person = start()
    person.goes_on("Who is it for?")
    person.waits_until(lambda: bool(said) and said[-1].startswith("Who is it for?\nFields marked"))
    assert person.wizard.windowTitle() == "Who is it for? – EnOS CSR"
    steps = [
        label.accessibleName()
        for label in person.wizard.findChildren(QLabel)
        if label.isVisible() and label.accessibleName().startswith("Step")
    ]
    assert steps[:3] == [
        "Step 1 of 5, done: Choose the key",
        "Step 2 of 5, you are here: Who is it for?",
        "Step 3 of 5: Check the answers",
    ]
    said.clear()
    person.press(Qt.Key.Key_Escape)
    person.waits_until(lambda: bool(said))
    assert [text.split("\n")[0] for text in said] == ["What would you like to do?"]


def test_a_screen_reader_comes_to_what_is_reviewed(
    person: Person, labelled: dict[str, str]
) -> None:
    person.goes_on("Who is it for?")
    person.fills_in(labelled)
    person.goes_on("Review")
    read = {}
    for label in person.wizard.findChildren(QLabel):
        if label.isVisible() and (value := label.buddy()):
            name = QAccessible.queryAccessibleInterface(label).text(QAccessible.Text.Name)
            read[name] = QAccessible.queryAccessibleInterface(value).text(QAccessible.Text.Name)
    assert read["Common name"] == "dev-001"
    assert read["Organization"] == labelled["Organization"]


def test_lines_of_a_text_stand_below_one_another(qapp: QApplication) -> None:
    label = WrappedLabel()
    label.setText("first")
    height = label.heightForWidth(400)
    label.setText("first\nsecond")
    assert label.heightForWidth(400) == 2 * height


def lines_of(label: WrappedLabel, width: int) -> list[QRectF]:
    """Return where the ink of each line is when the label has this width."""
    label.resize(width, label.heightForWidth(width))
    picture = label.grab().toImage()
    ground = picture.pixel(0, 0)
    rows = [
        [x for x in range(picture.width()) if picture.pixel(x, y) != ground]
        for y in range(picture.height())
    ]
    line = label.fontMetrics().lineSpacing()
    inked = [[*chain(*rows[top : top + line])] for top in range(0, len(rows), line)]
    return [QRectF(min(ink), 0, max(ink) - min(ink), line) for ink in inked if ink]


def test_a_long_word_is_broken_and_all_of_it_is_seen(qapp: QApplication) -> None:
    note = FieldNote("W" * 300)
    needed = 300 * note.fontMetrics().horizontalAdvance("W")
    lines = lines_of(note, 400)
    assert sum(line.width() for line in lines) > 0.9 * needed
    assert max(line.right() for line in lines) < 400


def test_a_label_has_its_room_beside_its_margins(qapp: QApplication) -> None:
    note = FieldNote("word " * 60)
    bare = note.heightForWidth(300), note.sizeHint(), note.minimumSizeHint()
    note.setContentsMargins(24, 3, 6, 4)
    assert note.heightForWidth(330) == bare[0] + 7
    assert note.sizeHint() == bare[1] + QSize(30, 7)
    assert note.minimumSizeHint() == bare[2] + QSize(30, 7)
    [first, *_more] = lines_of(note, 330)
    assert 24 <= first.left() < 30


def test_a_name_in_one_line_has_room_for_all_of_it(qapp: QApplication) -> None:
    note = FieldNote("Public-key fingerprint of a certificate")
    note.setWordWrap(False)
    assert note.minimumSizeHint() == note.sizeHint()
    assert note.sizeHint().width() >= QFontMetricsF(note.font()).horizontalAdvance(note.text())
    assert note.heightForWidth(30) == note.sizeHint().height()


def test_a_fingerprint_is_as_large_as_the_text_beside_it(qapp: QApplication) -> None:
    before = qapp.font()
    try:
        for size in (9, 20):
            font = QFont(before)
            font.setPointSize(size)
            qapp.setFont(font)
            label = WrappedLabel()
            label.show_digest("0123456789abcdef")
            assert label.font().pointSize() == size
            assert QFontInfo(label.font()).fixedPitch()
    finally:
        qapp.setFont(before)
