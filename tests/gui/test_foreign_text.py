"""What strangers wrote into a file does nothing in the window, whichever page shows it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hostile
import pytest
from person import Person, wait
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QDialog,
    QLabel,
    QPlainTextEdit,
    QTableView,
    QWidget,
)

from enos_csr_gui.core.history import RequestHistory
from enos_csr_gui.gui.error_report import ReportDialog, describe
from enos_csr_gui.gui.navigation import Step

DEFAULTS = f"""
set_by = {json.dumps(hostile.TEXT)}
locked = ["unit", {json.dumps(hostile.TEXT)}]
{json.dumps(hostile.TEXT)} = 1
[subject]
unit = "Operations"
[submit]
note = {json.dumps(hostile.TEXT.replace(chr(10), ""))}
"""


@pytest.fixture
def name(home: Path, openssl, authority, answers, monkeypatch) -> Path:
    """Write a request, its key, its certificate, defaults and a history row that are all hostile.

    Return the start of the names of the files.
    """
    place = home / f"a{hostile.FILE_NAME}"
    config = home / "config" / "enos-csr" / "defaults.toml"
    config.parent.mkdir(parents=True)
    config.write_text(DEFAULTS)
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(home / "config"))
    value = hostile.TEXT.replace("/", "\\/")
    subject = f"/C=CN/ST={value}/L={value}/O={value}/OU=Operations/CN={value}"
    new = ("-newkey", "rsa:2048", "-nodes", "-utf8", "-subj", subject)
    openssl("req", "-new", *new, "-keyout", f"{place}.key", "-out", f"{place}.csr")
    authority.issue(Path(f"{place}.csr"), Path(f"{place}.crt"))
    now = datetime.now(UTC)
    with RequestHistory() as history:
        subject = answers | {"common_name": hostile.TEXT, "locality": hostile.TEXT}
        key, csr = Path(f"{place}.key"), Path(f"{place}.csr")
        history.record(subject, public_key_sha256="0" * 64, key=key, csr=csr)
        history.certificate_received(
            "0" * 64,
            common_name=hostile.TEXT,
            serial=1,
            issued=now - timedelta(days=100),
            expires=now + timedelta(days=10),
            certificate=Path(f"{place}.crt"),
        )
    return place


def shown(window: QWidget) -> Iterator[tuple[str, bool]]:
    """Yield every text in the window but what a person types, and whether it may be markup."""
    yield window.windowTitle(), False
    for widget in window.findChildren(QWidget):
        yield widget.accessibleName(), False
        yield widget.accessibleDescription(), False
        yield widget.toolTip(), True
        if isinstance(widget, QLabel):
            yield widget.text(), widget.textFormat() != Qt.TextFormat.PlainText
        elif isinstance(widget, QAbstractButton):
            yield widget.text(), False
        elif isinstance(widget, QPlainTextEdit):
            yield widget.toPlainText(), False
        elif isinstance(widget, QAbstractItemView) and (model := widget.model()):
            columns = model.columnCount() if isinstance(widget, QTableView) else 1
            for row in range(model.rowCount()):
                for column in range(columns):
                    index = model.index(row, column)
                    yield str(index.data() or ""), False
                    yield str(index.data(Qt.ItemDataRole.ToolTipRole) or ""), True


def check(window: QWidget) -> str:
    """Check all that is shown; return it."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    texts = list(shown(window))
    for text, may_be_markup in texts:
        assert hostile.dangers(text) == [], repr(text)
        assert not (may_be_markup and "<b>x</b>" in text), repr(text)
    return "\n".join(text for text, _markup in texts)


@pytest.mark.long
def test_the_first_page_and_my_requests(start: Callable[..., Person], name: Path) -> None:
    person = start("")
    person.waits_to_read("A certificate needs renewal")
    assert "\\u001b" in check(person.wizard)
    person.begins("My requests")
    table = person.wizard.page.findChild(QTableView)
    person.waits_until(lambda: table.model().rowCount() == 1)
    assert "\\u202e" in check(person.wizard)
    table.selectRow(0)
    seen: list[str] = []

    def look() -> bool:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, QDialog):
            seen.append(check(dialog))
            person.press(Qt.Key.Key_Escape)
        return bool(seen)

    person.meanwhile(look)
    person.click("Details…")
    person.waits_until(lambda: bool(seen))
    assert "\\u001b" in seen[0]


@pytest.mark.long
def test_check_a_file(start: Callable[..., Person], name: Path) -> None:
    person = start("Check a file")
    person.drops(Path(f"{name}.csr"), Path(f"{name}.crt"), Path(f"{name}.key"))
    person.waits_to_read("Acceptable, with")
    wait(200)
    for fold in person.window.findChildren(QAbstractButton):
        if fold.text().replace("&", "") == "Details":
            fold.click()
    assert "\\u202e" in check(person.wizard)


@pytest.mark.long
def test_renew_review_save_and_done(start: Callable[..., Person], name: Path) -> None:
    person = start("Renew a certificate")
    person.waits_until(lambda: "\\u001b" in check(person.wizard.page))
    person.drops(Path(f"{name}.crt"))
    person.click("Next >")
    person.waits_until(lambda: person.wizard.step is not Step.RENEW)
    check(person.wizard)
    while person.title() != "Done":
        title = person.title()
        if person.wizard.step is Step.SUBJECT:
            for field in ("State or province", "Locality", "Organization"):
                person.enters(field, "Example")
            person.enters("E-mail address", "")
        assert check(person.wizard)
        way_on = "Save" if person.wizard.step is Step.SAVE else "Next >"
        person.waits_until(person.button(way_on).isEnabled)
        person.click(way_on)
        person.waits_until(lambda title=title: person.title() != title)
    assert check(person.wizard)


@pytest.mark.long
def test_receive_and_export(start: Callable[..., Person], name: Path, authority) -> None:
    person = start("My certificate has arrived")
    chain = name.parent / "chain.pem"
    chain.write_bytes(
        b"".join(
            file.read_bytes()
            for file in (Path(f"{name}.crt"), authority.intermediate, authority.root)
        )
    )
    person.drops(chain, Path(f"{name}.key"))
    person.waits_to_read("The certificate for '")
    assert "\\u001b" in check(person.wizard)
    person.goes_on("For the device")
    check(person.wizard)
    person.goes_on("Done", "Save")
    assert "\\u202e" in check(person.wizard)


@pytest.mark.usefixtures("qapp")
def test_the_report_of_an_error() -> None:
    try:
        raise RuntimeError(hostile.TEXT)
    except RuntimeError as error:
        dialog = ReportDialog(describe(error, []))
    text = dialog.findChild(QPlainTextEdit).toPlainText()
    assert "\\u001b" in text
    assert [one for one in hostile.dangers(text) if one.startswith("U+")] == []
    dialog.deleteLater()
