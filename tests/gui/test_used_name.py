"""A common name that an earlier request of this computer has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from person import Person
from PySide6.QtCore import Qt

from enos_csr_gui.core.history import default_path


def test_a_common_name_that_was_used_is_caught_while_it_is_typed(
    start: Callable[..., Person], labelled: dict[str, str], saved: Path
) -> None:
    first = start()
    first.walks_to_save(labelled)
    first.goes_on("Done", "Save")

    person = start()
    person.goes_on("Who is it for?")
    person.types("DEV-001")  # a certificate authority does not tell capital letters apart
    person.waits_to_read("is the common name of a request made on this computer")
    assert str(saved / "dev-001.csr") in person.reads()
    assert person.button("Renew that certificate").isEnabled()
    person.tries("Next >")
    assert person.title() == "Who is it for?"

    person.types("2")
    person.waits_until(lambda: not person.problems())
    assert "Renew that certificate" not in person.reads()
    person.goes_on("Review")


def test_a_used_name_is_caught_however_fast_somebody_goes_on(
    start: Callable[..., Person], labelled: dict[str, str]
) -> None:
    first = start()
    first.walks_to_save(labelled)
    first.goes_on("Done", "Save")

    person = start()
    person.goes_on("Who is it for?")
    person.types("dev-001")
    person.press(Qt.Key.Key_Return)
    person.waits_to_read("is the common name of a request made on this computer")
    assert person.title() == "Who is it for?"


def test_a_history_that_cannot_be_read_stops_nobody(
    person: Person, labelled: dict[str, str], saved: Path
) -> None:
    default_path().mkdir(parents=True)
    person.walks_to_save(labelled)
    person.goes_on("Done", "Save")
    assert (saved / "dev-001.csr").is_file()
    assert "not listed" in person.reads()


def test_the_name_of_a_request_that_was_never_handed_in_can_be_used_again(
    start: Callable[..., Person], labelled: dict[str, str], saved: Path
) -> None:
    first = start()
    first.walks_to_save(labelled)
    first.goes_on("Done", "Save")

    person = start()
    person.goes_on("Who is it for?")
    person.types("dev-001")
    person.waits_to_read("is the common name of a request made on this computer")
    person.click("The earlier request was never handed in: use this name")
    assert not person.problems()
    person.goes_on("Review")
    person.goes_on("Save")
    person.waits_to_read("Use 'dev-001-2'")
    person.click("Use 'dev-001-2'")
    person.goes_on("Done", "Save")
    assert (saved / "dev-001-2.csr").is_file()


def test_who_lets_one_name_through_is_warned_of_it_again(
    start: Callable[..., Person], labelled: dict[str, str]
) -> None:
    first = start()
    first.walks_to_save(labelled)
    first.goes_on("Done", "Save")

    person = start()
    person.goes_on("Who is it for?")
    person.types("dev-001")
    person.waits_to_read("is the common name of a request made on this computer")
    person.click("The earlier request was never handed in: use this name")
    person.enters("Common name", "dev-002")
    person.waits_until(lambda: not person.problems())
    person.enters("Common name", "dev-001")
    person.waits_to_read("is the common name of a request made on this computer")


def test_the_day_of_the_earlier_request_is_written_as_people_write_it(
    start: Callable[..., Person], labelled: dict[str, str]
) -> None:
    first = start()
    first.walks_to_save(labelled)
    first.goes_on("Done", "Save")
    person = start()
    person.goes_on("Who is it for?")
    person.types("dev-001")
    today = datetime.now()
    person.waits_to_read(f"made on this computer on {today.day} {today:%b %Y}")
