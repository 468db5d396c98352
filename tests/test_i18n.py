"""Which language the program speaks, and that another one needs one file and nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import catalogues
import pytest
from pseudo import PACKAGE, without_pseudo

from enos_csr_gui import i18n
from enos_csr_gui.cli.program import program
from enos_csr_gui.core import countries, preferences


@pytest.fixture(autouse=True)
def english_again():
    yield
    i18n.choose([])


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("zh_CN", "zh_CN"),
        ("zh_CN.UTF-8", "zh_CN"),
        ("zh-Hans-CN", "zh_CN"),
        ("zh-CN", "zh_CN"),
        ("zh", "zh_CN"),
        ("ZH_cn", "zh_CN"),
        ("en_GB.UTF-8", "en"),
        ("C", "en"),
        ("C.UTF-8", "en"),
        ("POSIX", "en"),
        ("de_DE", None),
        ("", None),
    ],
)
def test_the_names_that_systems_give_to_languages(name: str, language: str | None) -> None:
    assert i18n.match(name) == language


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("zh-Hant", "zh_TW"),
        ("zh-Hant-TW", "zh_TW"),
        ("zh_TW.UTF-8", "zh_TW"),
        ("zh_HK", "zh_TW"),
        ("zh-Hant-HK", "zh_TW"),
        ("zh-Hant-CN", "zh_TW"),
        ("zh_MO", "zh_TW"),
        ("zh_CN", "zh_CN"),
        ("zh-Hans-HK", "zh_CN"),
        ("zh_SG", "zh_CN"),
        ("pt_PT", "pt_BR"),
        ("sr_RS@latin", "sr@latin"),
        ("sr_RS", "sr"),
    ],
)
def test_a_language_to_come_is_found_by_its_file_alone(
    monkeypatch: pytest.MonkeyPatch, name: str, language: str
) -> None:
    to_come = ("en", "pt_BR", "sr", "sr@latin", "zh_TW", "zh_CN")
    monkeypatch.setattr(i18n, "languages", lambda: to_come)
    assert i18n.match(name) == language


def test_the_first_language_that_is_known_is_spoken() -> None:
    i18n.choose(["de_DE", "zh_CN", "en"])
    assert i18n.language() == "zh_CN"
    assert i18n._("Cancel") == "取消"
    i18n.choose(["tlh"])
    assert i18n._("Cancel") == "Cancel"


@pytest.mark.parametrize(
    ("given", "wanted", "rest"),
    [
        (["--lang", "zh_CN", "new"], "zh_CN", ["new"]),
        (["new", "--lang=en"], "en", ["new"]),
        (["new", "--lang", "en", "--json"], "en", ["new", "--json"]),
        (["--lang", "en", "new", "--lang", "zh_CN"], "zh_CN", ["new"]),
        (["new"], None, ["new"]),
        (["--lang="], "", []),
        (["new", "--lang"], "", ["new"]),
        (["new", "--", "--lang", "en"], None, ["new", "--", "--lang", "en"]),
    ],
)
def test_the_option_is_found_before_anything_else(given, wanted, rest) -> None:
    assert i18n.without_option(given) == (wanted, rest)


def run(*arguments: str, top: Path | None = None, **variables: str) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "LANGUAGE"}
    environment["PYTHONPATH"] = str(top or PACKAGE.parent)
    done = subprocess.run(
        [sys.executable, *arguments],
        env=environment | {"PYTHONIOENCODING": "utf-8"} | variables,
        capture_output=True,
        check=False,
        timeout=600,
        cwd=top,
    )
    return (done.stdout + done.stderr).decode().replace("\r\n", "\n")


ENOS_CSR = ("-c", "from enos_csr_gui.cli import main; main()")


@pytest.mark.long
def test_the_command_line_speaks_the_systems_language() -> None:
    assert "生成私钥" in run(*ENOS_CSR, "--help", LANG="zh_CN.UTF-8", LC_ALL="")
    assert "Create the private key" in run(*ENOS_CSR, "--help", LANG="de_DE.UTF-8", LC_ALL="")


@pytest.mark.long
def test_the_c_locale_means_english() -> None:
    assert "Usage" in run(*ENOS_CSR, "--help", LC_ALL="C", LANGUAGE="zh_CN")
    assert "用法" in run(*ENOS_CSR, "--help", LC_ALL="", LANG="en_GB.UTF-8", LANGUAGE="zh_CN:en")


WINDOW = """
from PySide6.QtWidgets import QApplication
from enos_csr_gui.gui import main, startup

def told(wizard):
    print(wizard.page.heading.text(), QApplication.arguments()[1:], flush=True)
    QApplication.exit()

startup.complete = told
main()
"""


@pytest.mark.long
@pytest.mark.parametrize(
    ("arguments", "preferred", "lang", "seen"),
    [
        ([], "", "zh_CN.UTF-8", "您想做什么？ []"),
        ([], "", "de_DE.UTF-8", "What would you like to do? []"),
        (["--lang", "zh_CN"], "", "en_GB.UTF-8", "您想做什么？ []"),
        (["--lang=en"], "zh_CN", "zh_CN.UTF-8", "What would you like to do? []"),
        ([], "zh_CN", "en_GB.UTF-8", "您想做什么？ []"),
    ],
)
def test_the_window_speaks_the_option_the_choice_or_the_systems_language(
    arguments: list[str], preferred: str, lang: str, seen: str
) -> None:
    if preferred:
        preferences.prefer_language(preferred)
    variables = {"QT_QPA_PLATFORM": "offscreen", "LANG": lang, "LC_ALL": ""}
    assert seen in run("-c", WINDOW, *arguments, **variables)


@pytest.mark.long
def test_the_option_wins_over_the_system_and_over_what_is_remembered() -> None:
    preferences.prefer_language("zh_CN")
    assert "用法" in run(*ENOS_CSR, "--help", LANG="C")
    assert "Usage" in run(*ENOS_CSR, "--lang", "en", "--help", LANG="zh_CN.UTF-8")


def test_click_too_speaks_the_language() -> None:
    assert "没有命令" in run(*ENOS_CSR, "--lang", "zh_CN", "nwe")


@pytest.mark.long
def test_a_language_that_is_not_spoken_is_refused_by_name() -> None:
    for arguments in (("--lang", "tlh", "fields"), ("fields", "--lang", "tlh")):
        said = run(*ENOS_CSR, *arguments)
        assert "There is no language 'tlh'. Choose one of: en, zh_CN." in said
    assert "There is no language ''. Choose" in run(*ENOS_CSR, "fields", "--lang")


def test_the_option_may_stand_behind_the_command() -> None:
    assert "用法" in run(*ENOS_CSR, "new", "--lang", "zh_CN", "--help", LANG="C")


@pytest.mark.long
def test_the_window_prints_its_usage() -> None:
    said = run("-c", WINDOW, "--help", DISPLAY="", LANG="C", LC_ALL="")
    assert said.startswith("enos-csr-gui [--lang LANGUAGE]")
    assert "Opens the window" in said
    assert "打开窗口" in run("-c", WINDOW, "-h", "--lang", "zh_CN", DISPLAY="")


@pytest.mark.long
def test_the_window_opens_though_its_language_is_not_spoken() -> None:
    variables = {"QT_QPA_PLATFORM": "offscreen", "LANG": "zh_CN.UTF-8", "LC_ALL": ""}
    said = run("-c", WINDOW, "--lang", "tlh", **variables)
    assert "没有语言“tlh”" in said
    assert "您想做什么？ []" in said


@pytest.mark.long
def test_an_error_of_the_core_speaks_the_language(tmp_path: Path) -> None:
    said = run(*ENOS_CSR, "--lang", "zh_CN", "inspect", str(tmp_path / "x.csr"))
    assert "没有这个文件" in said


_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_every_sentence_really_is_chinese() -> None:
    catalogue = catalogues.read(catalogues.CATALOGUES / "zh_CN.po")
    english = []
    for message in catalogue:
        id_ = message.id[0] if isinstance(message.id, tuple) else message.id
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        has_words = re.search("[A-Za-z]{4}", re.sub(r"{[^}]*}", "", id_))
        english += [id_ for string in strings if has_words and not _CHINESE.search(string)]
    assert english == []


def test_every_country_has_a_chinese_name() -> None:
    i18n.choose(["zh_CN"])
    assert [one for one in countries.countries() if not _CHINESE.search(one.name)] == []


# --- A third language -----------------------------------------------------------------------------


@pytest.mark.long
def test_a_third_language_needs_one_file_and_nothing_else(in_pseudo: Path) -> None:
    said = run(*ENOS_CSR, "--lang", "eo", "new", "--help", top=in_pseudo)
    assert "⟦Ušágé:" in said
    for line in run(*ENOS_CSR, "--lang", "eo", "fields", top=in_pseudo).splitlines()[1:]:
        assert line.startswith("⟦")


_ALL_PAGES = """
import sys
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel
from PySide6.QtCore import QEventLoop, QTimer
from enos_csr_gui import i18n
i18n.choose(["eo"])
from enos_csr_gui.gui.navigation import ROUTES, Step, Task
from enos_csr_gui.gui.startup import open_wizard

app = QApplication([])
wizard = open_wizard()
wizard.show()
loop = QEventLoop()
QTimer.singleShot(120_000, loop.quit)  # a busy machine takes its time
tasks = [task for task in ROUTES if task is not Task.RENEW_MANY]  # its pages are those of others

def go_on():
    if wizard.is_ready and wizard.step is not Step.START:
        wizard.reject()
    elif wizard.is_ready and tasks:
        wizard.begin(tasks.pop())
    elif wizard.is_ready:
        loop.quit()

watch = QTimer()
watch.timeout.connect(go_on)
watch.start(20)
loop.exec()
assert set(wizard.pages) == set(Step), set(wizard.pages)
for step, page in wizard.pages.items():
    texts = [label.text() for label in page.findChildren(QLabel)]
    texts += [button.text() for button in page.findChildren(QAbstractButton)]
    for text in texts:
        if any(c.isascii() and c.isalpha() for c in text):
            print(step.name, text, sep="\\t")
"""


_NO_WORDS = re.compile(
    r"--?[\w-]+|\[pem.p12.jks(.c)?\]|\b[A-Z0-9]{2,}\b|^ *enos-csr( [a-z-]+)?|^  [a-z-]+ "
)
"""What is the same in every language: commands, options, and what stands for a value."""


@pytest.mark.long
@pytest.mark.parametrize("command", ["", *program.commands])
def test_every_word_of_the_help_is_in_the_catalogue(in_pseudo: Path, command: str) -> None:
    said = run(*ENOS_CSR, "--lang", "eo", *filter(None, [command]), "--help", top=in_pseudo)
    text, example, _examples = said.partition("⟦Exámpléš")
    assert example
    text = text.replace("...\n", "⟧\n")  # a sentence that was too long for its line
    rest = (_NO_WORDS.sub("", line) for line in without_pseudo(text).splitlines())
    assert [line for line in rest if re.search("[A-Za-z]", line)] == []


@pytest.mark.long
def test_every_word_of_the_window_is_in_the_catalogue(in_pseudo: Path) -> None:
    said = run("-c", _ALL_PAGES, top=in_pseudo, QT_QPA_PLATFORM="offscreen")
    assert "Traceback" not in said, said
    lines = [line.split("\t", 1) for line in said.splitlines() if "\t" in line]
    assert {step for step, _text in lines} >= {"START", "KEY", "SUBJECT", "INSPECT", "REQUESTS"}
    words = [line for line in lines if not re.fullmatch("[0-9a-f ]+", line[1])]  # a fingerprint
    assert [line for line in words if "⟦" not in line[1]] == []


DOCS = [
    ("README.md", "README.zh-CN.md"),
    *(
        (f"docs/{name}.md", f"docs/{name}.zh-CN.md")
        for name in ("user-guide", "install", "defaults")
    ),
]


def parts_of(document: Path) -> dict[str, list[str]]:
    """Return how a document is built, without its words."""
    text = document.read_text(encoding="utf-8")
    return {
        "headings": re.findall(r"^#+ ", text, re.MULTILINE),
        "marks": re.findall(r'<a id="(\w+)">', text),
        "pictures": [Path(one).name for one in re.findall(r"\]\(([\w/.-]+\.png)\)", text)],
        "cells": re.findall(r"^\|(?:[^|\n]*\|)+$", re.sub(r"[^|\n]+", "", text), re.MULTILINE),
    }


@pytest.mark.parametrize(("english", "chinese"), DOCS)
def test_documents_say_the_same_in_both_languages(english: str, chinese: str) -> None:
    top = PACKAGE.parent
    assert parts_of(top / chinese) == parts_of(top / english)
    pictures = re.findall(r"\]\(([\w/.-]+\.png)\)", (top / chinese).read_text(encoding="utf-8"))
    assert all("/zh-CN/" in picture for picture in pictures)
    assert all(((top / chinese).parent / picture).stat().st_size for picture in pictures)
