"""The language is changed in the window, at once, and nothing that was typed is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from person import Person
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QFileDialog,
    QLabel,
    QPushButton,
    QTreeView,
)

from enos_csr_gui import i18n
from enos_csr_gui.gui.app import WizardHost, speak
from enos_csr_gui.gui.wizard import RequestWizard


@pytest.fixture(autouse=True)
def english_again(qapp: QApplication) -> Iterator[None]:
    yield
    i18n.choose([])
    speak(qapp)


@pytest.fixture
def window(qapp: QApplication, start: Callable[..., Person]) -> Iterator[WizardHost]:
    """Return the window of the program, which may be another one after a change."""
    opened = WizardHost(qapp, start("").wizard)
    yield opened
    opened.wizard.hide()


def speaks(person: Person, window: WizardHost, language: str) -> Person:
    """Choose a language on the first page with the keyboard, and go on in the new window."""
    boxes = person.wizard.findChildren
    person.waits_until(lambda: any(box.isVisible() for box in boxes(QComboBox)))
    [box] = [box for box in boxes(QComboBox) if box.isVisible()]
    box.setFocus()
    box.showPopup()
    key = Qt.Key.Key_Down if language == "zh_CN" else Qt.Key.Key_Up
    person.press(key)
    person.press(Qt.Key.Key_Return)
    person.waits_until(lambda: window.wizard is not person.wizard)
    return Person(window.wizard)


@pytest.mark.long
def test_the_window_speaks_chinese_at_once_and_keeps_what_was_typed(window: WizardHost) -> None:
    person = Person(window.wizard)
    person.begins("New request")
    person.click("Protect the key file with a passphrase")
    person.enters("Passphrase", "turbines17")
    person.enters("Repeat passphrase", "turbines17")
    person.goes_on("Who is it for?")
    person.enters("Country", "China")
    person.enters("Locality", "凯里")
    person.click("< Back")
    person.click("< Back")

    person = speaks(person, window, "zh_CN")
    assert person.title() == "您想做什么？"
    person.waits_to_read("继续未完成的请求(U)")
    person.click("继续未完成的请求(U)")
    person.waits_for_page("密钥")
    assert person.button("用密码保护密钥文件(P)").isChecked()
    person.click("下一步(N) >")
    person.waits_for_page("填写证书信息")
    assert person.field("城市").text() == "凯里"
    assert person.field("国家或地区").text() == "中国 (CN)"
    person.click("< 上一步(B)")
    person.click("< 上一步(B)")

    person = speaks(person, window, "en")
    assert person.title() == "What would you like to do?"
    assert isinstance(person.wizard, RequestWizard)


@pytest.mark.long
def test_in_chinese_a_country_is_chosen_by_pinyin_without_an_input_method(
    window: WizardHost,
) -> None:
    person = speaks(Person(window.wizard), window, "zh_CN")
    person.begins("新建证书请求(N)")
    person.click("下一步(N) >")
    person.waits_for_page("填写证书信息")
    for typed in ("zg", "zhongguo"):
        person.field("国家或地区").setFocus()
        person.press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        person.types(typed)
        person.press(Qt.Key.Key_Down)
        person.press(Qt.Key.Key_Return)
        assert person.field("国家或地区").text() == "中国 (CN)"


@pytest.mark.long
def test_continue_leads_to_where_one_was_in_the_other_language(
    window: WizardHost, tmp_path: Path
) -> None:
    other = tmp_path / "other.txt"
    other.write_text("of another matter")
    person = Person(window.wizard)
    person.begins("New request")
    person.goes_on("Who is it for?")
    person.enters("Locality", "凯里")
    person.drops(other)
    person.waits_for_page("Check a file")
    person.press(Qt.Key.Key_Escape)

    person = speaks(person, window, "zh_CN")
    person.waits_to_read("继续未完成的请求(U)")
    person.click("继续未完成的请求(U)")
    person.waits_for_page("填写证书信息")
    assert person.field("城市").text() == "凯里"


@pytest.mark.long
def test_unsubmitted_key_answers_are_kept(window: WizardHost, tmp_path: Path) -> None:
    person = Person(window.wizard)
    person.begins("New request")
    person.click("Protect the key file with a passphrase")
    person.enters("Passphrase", "turbines17")
    person.enters("Repeat passphrase", "turb")
    person.click("Use a key file that I already have")
    person.enters("Key file", str(tmp_path / "my.key"))
    person.click("< Back")

    person = speaks(person, window, "zh_CN")
    person.waits_to_read("继续未完成的请求(U)")
    person.click("继续未完成的请求(U)")
    person.waits_for_page("密钥")
    assert person.button("使用我已有的密钥文件(U)").isChecked()
    assert person.field("密钥文件").text() == str(tmp_path / "my.key")
    person.click("生成新密钥（推荐）(M)")
    assert [person.field(name).text() for name in ("密码", "再次输入密码")] == [
        "turbines17",
        "turb",
    ]


def test_a_file_dialog_of_qt_is_all_in_chinese(
    window: WizardHost, qapp: QApplication, tmp_path: Path
) -> None:
    speaks(Person(window.wizard), window, "zh_CN")
    place = tmp_path / "of one folder"
    (place / "folder").mkdir(parents=True)
    dialog = QFileDialog(None, "", str(place))
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.show()
    [files] = [one for one in dialog.findChildren(QTreeView) if one.objectName() == "treeView"]
    model = files.model()
    Person(window.wizard).waits_until(lambda: model.rowCount(files.rootIndex()) == 1)
    texts = [one.text() for one in dialog.findChildren(QLabel)]
    texts += [one.text() for one in dialog.findChildren(QPushButton)]
    texts.append(model.index(0, 2, files.rootIndex()).data())
    dialog.close()
    assert len(texts) > 4
    assert [text for text in texts if text and text.isascii()] == []


def test_nothing_is_chosen_before_the_list_is_seen(window: WizardHost) -> None:
    person = Person(window.wizard)
    person.waits_until(lambda: person.wizard.is_ready)
    person.press(Qt.Key.Key_L, Qt.KeyboardModifier.AltModifier)
    person.press(Qt.Key.Key_Down)
    assert window.wizard is person.wizard
    assert QApplication.activePopupWidget()
    assert window.wizard is person.wizard
    person.press(Qt.Key.Key_Down)
    person.press(Qt.Key.Key_Return)
    person = Person(window.wizard)
    person.waits_for_page("您想做什么？")
    person.waits_until(lambda: isinstance(person.focus(), QComboBox))  # one is where one was


def test_the_choice_is_remembered(window: WizardHost) -> None:
    from enos_csr_gui.core import preferences

    speaks(Person(window.wizard), window, "zh_CN")
    assert preferences.language() == "zh_CN"


def test_chinese_countries_stand_in_the_order_of_their_sounds(window: WizardHost) -> None:
    person = speaks(Person(window.wizard), window, "zh_CN")
    person.waits_until(lambda: person.button("新建证书请求(N)").isEnabled())
    person.click("新建证书请求(N)")
    person.waits_for_page("密钥")
    person.click("下一步(N) >")
    person.waits_for_page("填写证书信息")
    [box] = [box for box in person.wizard.findChildren(QComboBox) if box.isVisible()]
    names = [box.itemText(index) for index in range(box.count())]
    # A, Ba, Zhong; by code points 'Zhong' (U+4E2D) would be among the first.
    order = [names.index(name) for name in ("阿尔巴尼亚 (AL)", "巴西 (BR)", "中国 (CN)")]
    assert order == sorted(order)
    assert order[-1] > 200
