"""What installers and desktops show comes from the catalogues, in a language to come too."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import catalogues
import localised
import pseudo
import pytest

LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


@pytest.fixture
def third_language(in_pseudo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the tools find one catalogue more."""
    monkeypatch.setattr(catalogues, "CATALOGUES", in_pseudo / "resources" / "translations")


def texts_of(xml: str, language: str | None) -> list[str]:
    """Return the texts in the language; None is English, which is not named."""
    elements = ElementTree.fromstring(xml).iter()
    return [" ".join((one.text or "").split()) for one in elements if one.get(LANGUAGE) == language]


@pytest.mark.long
def test_the_desktop_shows_every_language(third_language: None) -> None:
    entry = localised.desktop_entry()
    for key in ("GenericName", "Comment", "Keywords"):
        [english] = re.findall(rf"^{key}=(.*)$", entry, re.MULTILINE)
        assert f"\n{key}[{pseudo.LANGUAGE}]={pseudo.pseudo(english)}\n" in entry
        assert re.search(rf"^{key}\[zh_CN\]=.*[\u4e00-\u9fff]", entry, re.MULTILINE)


@pytest.mark.parametrize(("make", "count"), [(localised.metainfo, 4), (localised.types, 1)])
def test_the_xml_files_have_every_language(third_language, make, count) -> None:
    english = texts_of(make(), None)
    assert len(texts_of(make(), "zh_CN")) == count
    shown = texts_of(make(), pseudo.LANGUAGE)
    assert len(shown) == count
    assert {pseudo.pseudo(one) for one in english} >= set(shown)


def test_the_installer_speaks_every_language(third_language: None) -> None:
    script = localised.installer_languages()
    for name in ("ESPERANTO", "SIMPCHINESE"):
        strings = re.findall(rf"^LangString (\w+) \${{LANG_{name}}} ", script, re.MULTILINE)
        assert "WELCOME_TEXT" in strings
        assert len(strings) == len(set(strings)) == 6


def test_a_text_of_the_installer_stays_itself() -> None:
    text = 'Costs $5\nand is called "EnOS"'
    assert localised._plain(localised._quoted(text)) == text
    assert localised._quoted(text) == r"Costs $$5$\r$\nand is called $\"EnOS$\""


def test_beside_the_program_stands_what_to_do_in_every_language(third_language: None) -> None:
    english, *others = localised.readme().split("\n\n")[1:]
    assert len(others) == 2
    assert pseudo.pseudo(" ".join(english.split())) in map(str.strip, others)
