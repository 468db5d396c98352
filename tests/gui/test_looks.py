"""Every page in each of its states, on many desktops: nothing cut off, pale, nameless or small."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import photos
import pseudo
import pytest
from looks import ENOUGH_CONTRAST, ENOUGH_FOR_SHAPES, contrast, seen_contrast
from person import Person, wait
from photos import Setting
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QTableView,
    QToolButton,
    QWidget,
)
from tour import make_past

from enos_csr_gui import gui, i18n, resources
from enos_csr_gui.gui import style
from enos_csr_gui.gui.help import TextWindow
from enos_csr_gui.gui.widgets.collapsible_section import CollapsibleSection
from enos_csr_gui.gui.widgets.country_box import CountryBox
from enos_csr_gui.gui.widgets.line import Line
from enos_csr_gui.gui.widgets.plain_table import icon_in_table

DESKTOPS = [
    ("light", 100, 0, (1280, 800)),
    ("dark", 100, 0, (1024, 600)),
    ("light", 125, 0, (1366, 768)),
    ("light", 200, 0, (3840, 2160)),
    ("dark", 150, 0, (1366, 768)),
    ("darkening", 200, 0, (1920, 1080)),
    ("light", 100, 20, (1366, 768)),
]


@pytest.mark.slow
@pytest.mark.parametrize("desktop", DESKTOPS, ids=str)
def test_nothing_is_wrong_with_the_looks(
    desktop: tuple[str, int, int, tuple[int, int]], tmp_path: Path
) -> None:
    def look(language: str) -> list[str]:
        place = tmp_path / language
        setting = Setting(language, *desktop)
        return photos.take(place / "photos", setting, place / "home", only_faults=True)

    with ThreadPoolExecutor() as languages:  # they wait more than they work
        faults = [fault for found in languages.map(look, i18n.languages()) for fault in found]
    assert "\n".join(faults) == ""


@pytest.mark.slow
def test_a_third_language_is_shown_whole_and_has_room(in_pseudo: Path, tmp_path: Path) -> None:
    setting = Setting(pseudo.LANGUAGE, screen=(1366, 768))
    faults = photos.take(
        tmp_path / "photos", setting, tmp_path / "eo" / "home", in_pseudo, only_faults=True
    )
    assert "\n".join(faults) == ""


_DISTANCES = {
    "addSpacing": 0,
    "insertSpacing": 1,
    "setContentsMargins": 0,
    "setDocumentMargin": 0,
    "setHorizontalSpacing": 0,
    "setSpacing": 0,
    "setVerticalSpacing": 0,
}
"""The methods that set distances, with the place of the first distance among the arguments."""


def numbers_in(tree: ast.expr) -> Iterator[int]:
    """Yield the numbers in an expression, but not how often a list is repeated."""
    if isinstance(tree, ast.BinOp) and isinstance(tree.left, ast.List):
        tree = tree.left
    if isinstance(tree, ast.Constant):
        yield tree.value
    for part in ast.iter_child_nodes(tree):
        if isinstance(part, ast.expr):
            yield from numbers_in(part)


def test_every_distance_is_one_of_those_that_the_style_names() -> None:
    found = []
    for path in Path(gui.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
                continue
            first = _DISTANCES.get(call.func.attr)
            distances = [] if first is None else call.args[first:]
            if any(number for one in distances for number in numbers_in(one)):
                found.append(f"{path.name}: {ast.unparse(call)}")
    assert found == []


def test_the_distances_of_the_style_are_on_the_grid() -> None:
    assert style.SPACING == 8
    assert style.TIGHT * 2 == style.SPACING
    assert style.WIDE % style.SPACING == style.EDGE % style.SPACING == 0


@pytest.mark.long
def test_the_last_page_has_one_primary_action_that_has_the_focus(
    person: Person, labelled: dict[str, str], qapp: QApplication
) -> None:
    person.walks_to_save(labelled)
    person.goes_on("Done", "Save")
    assert person.focus() is person.button("Compose an e-mail")
    if qapp.style().objectName() != "fusion":
        pytest.skip("the system's own style fills the default button")
    buttons = [one for one in person.window.findChildren(QPushButton) if one.isVisible()]
    assert [one for one in buttons if style.is_primary(one)] == [person.focus()]


def text_ground(button: QPushButton) -> QColor:
    """Return the colour of a button at the palest place that letters stand on."""
    picture = button.grab().toImage()
    return QColor(picture.pixel(6, picture.height() // 3))


def test_the_one_way_on_is_filled_with_the_accent(person: Person, qapp: QApplication) -> None:
    ways_on = [person.button("Next >")]
    others = [person.button(name) for name in ("< Back", "Cancel", "Help (F1)")]
    if qapp.style().objectName() not in ("fusion", "windows11"):
        pytest.skip("the system's own style fills the default button")
    text = ways_on[0].palette().buttonText().color()
    for button in (*ways_on, *others):
        picture = button.grab().toImage()
        ground = QColor(picture.pixel(6, picture.height() // 2))
        accent = style.accent(qapp.palette())
        is_filled = abs(ground.hslHue() - accent.hslHue()) < 20 and ground.saturation() > 120
        assert is_filled == (button in ways_on), button.text()
        if is_filled:
            assert contrast(text, text_ground(button)) >= ENOUGH_CONTRAST


def test_the_way_on_shows_the_pointer_and_the_press(person: Person, qapp: QApplication) -> None:
    if qapp.style().objectName() not in ("fusion", "windows11"):
        pytest.skip("the system's own style fills the default button")
    button = person.button("Next >")

    def ground() -> QColor:
        wait(300)  # some styles go from one to the other
        assert (
            contrast(button.palette().buttonText().color(), text_ground(button)) >= ENOUGH_CONTRAST
        )
        return text_ground(button)

    QTest.mouseMove(person.wizard, QPoint(1, 1))
    at_rest = ground()
    QTest.mouseMove(button)
    pointed_at = ground()
    QTest.mousePress(button, Qt.MouseButton.LeftButton)
    pressed = ground()
    QTest.mouseRelease(button, Qt.MouseButton.LeftButton, pos=QPoint(-50, -50))  # no click
    QTest.mouseMove(person.wizard, QPoint(2, 2))
    assert len({one.name() for one in (at_rest, pointed_at, pressed)}) == 3
    assert ground() == at_rest


def test_the_text_of_a_selected_row_can_be_read(start: Callable[..., Person]) -> None:
    make_past(Path.home())
    person = start("My requests")
    table = person.wizard.page.findChild(QTableView)
    person.waits_until(lambda: table.currentIndex().isValid())
    wait(200)
    row = table.visualRect(table.currentIndex().siblingAtColumn(0)).adjusted(4, 4, -4, -4)
    picture = table.viewport().grab(row).toImage()
    # No pixel of a thin letter has the letter's whole colour.
    assert seen_contrast(picture) >= ENOUGH_FOR_SHAPES


def test_a_box_to_tick_is_seen_while_it_has_the_focus(qapp: QApplication) -> None:
    if qapp.style().objectName() != "fusion":
        pytest.skip("other styles outline it as without the focus")
    before, dark = qapp.palette(), photos.dark_palette()
    dark.setColor(QPalette.ColorRole.Highlight, QColor("#15539e"))  # of GNOME
    try:
        qapp.setPalette(dark)
        style.fix_palette()
        for kind in ("QCheckBox", "QRadioButton"):
            outline = QApplication.palette(kind).highlight().color().darker(125)  # as Fusion does
            assert contrast(outline, dark.window().color()) >= ENOUGH_FOR_SHAPES
    finally:
        qapp.setPalette(before)
        style.fix_palette()


def test_a_placeholder_can_be_read_and_is_not_taken_for_an_answer(
    person: Person, qapp: QApplication
) -> None:
    before = qapp.palette()
    line = Line(person.wizard.page)
    line.setPlaceholderText("Beside each key")
    line.show()
    try:
        for palette in (photos.dark_palette(), before):
            qapp.setPalette(palette)
            style.fix_palette()
            wait(20)
            found = line.palette()
            placeholder = found.placeholderText().color()
            assert contrast(placeholder, found.base().color()) >= ENOUGH_CONTRAST
            assert contrast(placeholder, found.text().color()) >= 1.5
    finally:
        qapp.setPalette(before)
        style.fix_palette()


@pytest.fixture
def fonts(qapp: QApplication) -> Iterator[Iterator[None]]:
    """The usual font, then a large one, for as long as a loop does not ask for the next."""
    before = qapp.font()

    def each() -> Iterator[None]:
        for size in (9, 20):
            font = QFont(before)
            font.setPointSize(size)
            qapp.setFont(font)
            yield

    yield each()
    qapp.setFont(before)


def test_the_icons_in_a_line_grow_with_a_large_font(
    qapp: QApplication, fonts: Iterator[None]
) -> None:
    if qapp.style().objectName() != "fusion":
        pytest.skip("other styles draw them as they do")
    heights = []
    for _font in fonts:
        for line in (Line(), CountryBox()):
            edit = line if isinstance(line, Line) else line.line
            edit.addAction(
                QIcon(str(resources.icon("problem"))), QLineEdit.ActionPosition.TrailingPosition
            )
            style.ensure_touch_targets(line)
            line.resize(300, line.sizeHint().height())
            line.show()
            wait(10)
            heights += [painted_rows(one) for one in edit.findChildren(QToolButton)]
            line.deleteLater()
    small, large = heights[:2], heights[2:]
    assert all(8 < one < 18 for one in small)
    assert all(one >= 1.5 * other for one, other in zip(large, small, strict=True))


def test_the_mark_of_a_box_or_a_choice_grows_with_a_large_font(
    qapp: QApplication, fonts: Iterator[None]
) -> None:
    if qapp.style().objectName() != "fusion":
        pytest.skip("other styles draw them as they do")
    for _font in fonts:
        for box in (QCheckBox("On"), QRadioButton("On")):
            style.ensure_touch_targets(box)
            letters = box.fontMetrics()
            mark = box.sizeHint().width() - letters.horizontalAdvance("On")
            assert mark > letters.ascent()
            box.deleteLater()


def test_a_window_with_text_grows_with_a_large_font(
    start: Callable[..., Person], fonts: Iterator[None]
) -> None:
    widths = []
    for _font in fonts:
        person = start("")
        person.waits_until(lambda person=person: person.wizard.is_ready)
        person.click("About")
        [window] = person.wizard.findChildren(TextWindow)
        widths.append(window.sizeHint().width())  # the screen may be small
        window.close()
    assert widths[1] > 1.2 * widths[0]


def test_an_icon_keeps_its_colour_in_a_selected_cell(qapp: QApplication) -> None:
    for icon in (resources.folder() / "icons").glob("*.svg"):
        shown = icon_in_table(icon.stem)
        normal, chosen = (
            shown.pixmap(32, mode).toImage() for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected)
        )
        assert normal == chosen, icon.stem
    models = Path(gui.__file__).parent.rglob("*model.py")
    assert [one.name for one in models if "QIcon(" in one.read_text(encoding="utf-8")] == []


def painted_rows(widget: QWidget) -> int:
    """Return how high what is painted in the middle of a widget is, in pixels."""
    picture = widget.grab().toImage()
    middle = range(picture.width() // 4, 3 * picture.width() // 4)
    rows = [{picture.pixel(x, y) for x in middle} for y in range(picture.height())]
    return sum(len(colours) > 1 or colours != rows[0] for colours in rows)


def test_an_open_section_is_not_filled(person: Person, qapp: QApplication) -> None:
    section = CollapsibleSection("Details", QLabel("More"), person.wizard.page)
    section.show()
    section.resize(300, 100)
    grounds = set()
    for _state in range(2):
        picture = section.button.grab().toImage()
        grounds.add(picture.pixel(picture.width() - 3, picture.height() // 2))
        section.button.toggle()
    assert len(grounds) == 1


def test_text_has_room_inside_its_field(person: Person, qapp: QApplication) -> None:
    person.goes_on("Who is it for?")
    if qapp.style().objectName() != "fusion":
        pytest.skip("the system's own style has room in its fields")
    for name in ("Country", "Common name"):
        assert 6 <= person.field(name).textMargins().left() <= 10
