"""Every page in each of its states, on many desktops: nothing cut off, pale, nameless or small."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import photos
import pseudo
import pytest
from looks import ENOUGH_CONTRAST, ENOUGH_FOR_SHAPES, contrast, seen_contrast
from person import Person, wait
from photos import Setting
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QLabel, QTableView
from tour import make_past

from enos_csr_gui import i18n
from enos_csr_gui.gui import style
from enos_csr_gui.gui.widgets.collapsible_section import CollapsibleSection

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
        if is_filled:  # at the palest place that letters stand on
            above = QColor(picture.pixel(6, picture.height() // 3))
            assert contrast(text, above) >= ENOUGH_CONTRAST


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
