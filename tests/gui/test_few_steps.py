"""How little there is to press: the counts that the README shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from person import Person, in_order_of_fields
from PySide6.QtCore import Qt

FIRST, LATER = 11, 5
"""Keys beside the answers themselves: for the first request, and for each one after it."""

TAB, ENTER = Qt.Key.Key_Tab, Qt.Key.Key_Return


TOP = Path(__file__).parents[2]


@pytest.mark.parametrize("document", ["README.md", "README.zh-CN.md"])
def test_the_readme_shows_what_is_counted_here(document: str) -> None:
    text = (TOP / document).read_text(encoding="utf-8")
    [row] = re.findall(r"^\| EnOS CSR \|(.*)$", text, re.MULTILINE)
    assert [int(number) for number in re.findall(r"\d+", row)] == [FIRST, LATER]


def press_enter_to(person: Person, *titles: str) -> int:
    """Press Enter once for each page; return how often."""
    for title in titles:
        person.press(ENTER)
        person.waits_for_page(title)
    return len(titles)


@pytest.mark.long
def test_the_first_request_takes_eleven_keys_beside_the_answers(
    start: Callable[..., Person], answers: dict[str, str], saved: Path
) -> None:
    person = start("")
    person.waits_until(lambda: person.button("New request").isEnabled())
    pressed = press_enter_to(person, "Key", "Who is it for?")
    *first, last = in_order_of_fields(answers)
    for text in first:
        person.types(text)
        person.press(TAB)
        pressed += 1
    person.types(last)
    pressed += press_enter_to(person, "Review", "Save", "Done")
    assert pressed == FIRST
    assert (saved / "dev-001.csr").is_file()


@pytest.mark.long
def test_the_next_request_takes_five_beside_the_common_name(
    start: Callable[..., Person], labelled: dict[str, str], saved: Path
) -> None:
    first = start()
    first.walks_to_save(labelled)
    first.goes_on("Done", "Save")
    first.click("Close")

    person = start("")
    person.waits_until(lambda: person.button("New request").isEnabled())
    pressed = press_enter_to(person, "Key", "Who is it for?")
    person.types("dev-002")
    pressed += press_enter_to(person, "Review", "Save", "Done")
    assert pressed == LATER
    assert (saved / "dev-002.csr").is_file()
