"""The texts that installers and desktops show, in every language of the program.

Their files say it in English, each in the words of its own format; here it is found, for the
catalogues, and put beside the English in every language that there is a catalogue of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import catalogues
from babel import Locale

_SOURCES = Path(__file__).parent
_DESKTOP = _SOURCES / "linux" / "enos-csr-gui.desktop"
_METAINFO = _SOURCES / "linux" / "enos-csr-gui.metainfo.xml"
_TYPES = _SOURCES / "linux" / "enos-csr.xml"
_README = _SOURCES / "linux" / "README.txt"
_INSTALLER = _SOURCES / "windows" / "installer.nsi"

_ENTRY = re.compile(r"^(GenericName|Comment|Keywords)=(.*)$", re.MULTILINE)
_STRING = re.compile(r'^LangString (\w+) \$\{LANG_ENGLISH\} "(.*)"$', re.MULTILINE)
_ELEMENTS = ("summary", "p", "developer/name", "mime-type/comment")
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_MIME_INFO = "http://www.freedesktop.org/standards/shared-mime-info"

_NSIS = {"zh_CN": "SimpChinese", "zh_TW": "TradChinese", "pt_BR": "PortugueseBR"}
"""What NSIS calls languages of which there is one more kind; others have their English name."""


def sentences() -> Iterator[str]:
    """Yield what is to be translated."""
    yield from (match[2] for match in _ENTRY.finditer(_read(_DESKTOP)))
    for source in (_METAINFO, _TYPES):
        yield from (_text(element) for _parent, element in _elements(_parse(_read(source))))
    yield _paragraph()
    yield from (_plain(match[2]) for match in _STRING.finditer(_read(_INSTALLER)))


@cache
def _catalogue(po: Path) -> Mapping[str, str]:
    return {str(one.id): str(one.string) for one in catalogues.read(po) if one.id}


def _translated(sentence: str) -> Iterator[tuple[str, str]]:
    """Yield each language in which there is the sentence, and the sentence in it."""
    for po in catalogues.files():
        if text := _catalogue(po).get(sentence):
            yield po.stem, text


def desktop_entry() -> str:
    """Return the desktop entry (freedesktop.org, Desktop Entry Specification)."""

    def add(match: re.Match[str]) -> str:
        more = (f"{match[1]}[{language}]={text}" for language, text in _translated(match[2]))
        return "\n".join([match[0], *more])

    return _ENTRY.sub(add, _read(_DESKTOP))


def metainfo() -> str:
    """Return what software centres show of the program (AppStream), with its placeholders."""
    return _localised(_read(_METAINFO))


def types() -> str:
    """Return the types of files that the program opens (Shared MIME-info)."""
    return _localised(_read(_TYPES))


def readme() -> str:
    """Return what lies beside a program that needs no installation."""
    english = _read(_README)
    return "\n".join([english, *(f"{text}\n" for _language, text in _translated(_paragraph()))])


def installer_languages() -> str:
    """Return the part of the script of NSIS that adds the languages beside English."""
    lines = []
    for language in (po.stem for po in catalogues.files()):
        name = _NSIS.get(language) or str(Locale.parse(language).get_language_name("en"))
        lines += [
            f'!if /FileExists "${{NSISDIR}}\\Contrib\\Language files\\{name}.nsh"',
            f'!insertmacro MUI_LANGUAGE "{name}"',
        ]
        for key, english in _STRING.findall(_read(_INSTALLER)):
            text = dict(_translated(_plain(english))).get(language, _plain(english))
            lines.append(f'LangString {key} ${{LANG_{name.upper()}}} "{_quoted(text)}"')
        lines.append("!endif")
    return "\n".join(lines) + "\n"


def _read(source: Path) -> str:
    return source.read_text(encoding="utf-8")


def _paragraph() -> str:
    """Return what the file beside the program says, below its title."""
    return " ".join(_read(_README).partition("\n\n")[2].split())


def _parse(text: str) -> ElementTree.Element:
    ElementTree.register_namespace("", _MIME_INFO)
    builder = ElementTree.TreeBuilder(insert_comments=True)
    parser = ElementTree.XMLParser(target=builder)  # noqa: S314  (the files are our own)
    return ElementTree.fromstring(text, parser=parser)  # noqa: S314


def _elements(
    root: ElementTree.Element,
) -> Iterator[tuple[ElementTree.Element, ElementTree.Element]]:
    """Yield each element whose text is to be translated, behind the one that it is in."""
    for path in _ELEMENTS:
        *parents, name = path.split("/")
        for parent in root.findall(f".//{{*}}{parents[0]}") if parents else root.iter():
            yield from ((parent, element) for element in parent.findall(f"{{*}}{name}"))


def _text(element: ElementTree.Element) -> str:
    return " ".join((element.text or "").split())


def _localised(text: str) -> str:
    root = _parse(text)
    for parent, element in list(_elements(root)):
        place = list(parent).index(element)
        for language, translated in reversed(list(_translated(_text(element)))):
            added = ElementTree.Element(element.tag, {_LANGUAGE: language})
            added.text, added.tail = translated, element.tail
            parent.insert(place + 1, added)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _plain(text: str) -> str:
    """Return a string of NSIS as the text that it stands for."""
    return text.replace("$\\r$\\n", "\n").replace('$\\"', '"').replace("$$", "$")


def _quoted(text: str) -> str:
    """Return the text as it stands in a string of NSIS."""
    return text.replace("$", "$$").replace('"', '$\\"').replace("\n", "$\\r$\\n")
