"""A common name that an earlier request of this computer has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from person import Person
from PySide6.QtCore import Qt

from enos_csr_gui.core.history import default_path


@pytest.fixture
def second(start: Callable[..., Person], labelled: dict[str, str]) -> Person:
    """A person at the form, after a request for 'dev-001' has been made on this computer."""
    first = start()
    first.walks_to_save(labelled)
    first.goes_on("Done", "Save")
    person = start()
    person.goes_on("Who is it for?")
    return person


@pytest.mark.long
def test_a_common_name_that_was_used_is_caught_while_it_is_typed(
    second: Person, saved: Path
) -> None:
    second.types("DEV-001")  # a certificate authority does not tell capital letters apart
    second.waits_to_read(
        "is already the common name of a request that was created on this computer"
    )
    assert str(saved / "dev-001.csr") in second.reads()
    assert second.button("Renew that certificate").isEnabled()
    second.tries("Next >")
    assert second.title() == "Who is it for?"

    second.types("2")
    second.waits_until(lambda: not second.problems())
    assert "Renew that certificate" not in second.reads()
    second.goes_on("Review")


@pytest.mark.long
def test_a_used_name_is_caught_however_fast_the_user_goes_on(second: Person) -> None:
    second.types("dev-001")
    second.press(Qt.Key.Key_Return)
    second.waits_to_read(
        "is already the common name of a request that was created on this computer"
    )
    assert second.title() == "Who is it for?"


@pytest.mark.long
def test_an_unreadable_history_does_not_prevent_a_request(
    person: Person, labelled: dict[str, str], saved: Path
) -> None:
    default_path().mkdir(parents=True)
    person.walks_to_save(labelled)
    person.goes_on("Done", "Save")
    assert (saved / "dev-001.csr").is_file()
    assert "not listed" in person.reads()


@pytest.mark.long
def test_the_name_of_a_request_never_submitted_can_be_reused(second: Person, saved: Path) -> None:
    second.types("dev-001")
    second.waits_to_read(
        "is already the common name of a request that was created on this computer"
    )
    second.click("The earlier request was never submitted: use this name")
    assert not second.problems()
    second.goes_on("Review")
    second.goes_on("Save")
    second.waits_to_read("Use 'dev-001-2'")
    second.click("Use 'dev-001-2'")
    second.goes_on("Done", "Save")
    assert (saved / "dev-001-2.csr").is_file()


@pytest.mark.long
def test_an_accepted_name_is_warned_about_again(second: Person) -> None:
    second.types("dev-001")
    second.waits_to_read(
        "is already the common name of a request that was created on this computer"
    )
    second.click("The earlier request was never submitted: use this name")
    second.enters("Common name", "dev-002")
    second.waits_until(lambda: not second.problems())
    second.enters("Common name", "dev-001")
    second.waits_to_read(
        "is already the common name of a request that was created on this computer"
    )


@pytest.mark.long
def test_the_day_of_the_earlier_request_is_written_as_people_write_it(second: Person) -> None:
    second.types("dev-001")
    today = datetime.now()
    second.waits_to_read(f"created on this computer on {today.day} {today:%b %Y}")
