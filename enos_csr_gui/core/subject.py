"""The subject of a certificate signing request, as the EnOS manual's table defines it.

Source: EnOS manual, *Creating your Certificate Signing Request (CSR) File*, table 'CSR file
information'. A character is a Unicode code point after NFC normalisation and trimming of
surrounding blanks; OpenSSL and the manual count the same way.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from enos_csr_gui.core import countries
from enos_csr_gui.core.errors import INVISIBLE, Code, InvalidSubject, Problem


class StringType(Enum):
    """The ASN.1 string type of an attribute value, as OpenSSL chooses it under ``-utf8``."""

    PRINTABLE = "PrintableString"
    UTF8 = "UTF8String"
    IA5 = "IA5String"


@dataclass(frozen=True, slots=True)
class SubjectField:
    """One row of the manual's table.

    ``key`` names the field in answers, JSON and, with dashes, in command line options;
    ``initials`` are the manual's; ``openssl_name`` is the name that ``openssl req -subj`` takes;
    ``max_length`` counts characters.
    """

    key: str
    initials: str
    openssl_name: str
    oid: str
    required: bool
    max_length: int
    string_type: StringType


SUBJECT_FIELDS: tuple[SubjectField, ...] = (
    SubjectField("country", "C", "C", "2.5.4.6", True, 2, StringType.PRINTABLE),
    SubjectField("state", "ST", "ST", "2.5.4.8", True, 64, StringType.UTF8),
    SubjectField("locality", "L", "L", "2.5.4.7", True, 64, StringType.UTF8),
    SubjectField("organization", "O", "O", "2.5.4.10", True, 64, StringType.UTF8),
    SubjectField("unit", "OU", "OU", "2.5.4.11", True, 64, StringType.UTF8),
    SubjectField("common_name", "CN", "CN", "2.5.4.3", True, 64, StringType.UTF8),
    SubjectField("email", "EA", "emailAddress", "1.2.840.113549.1.9.1", False, 64, StringType.IA5),
)

FIELDS_BY_KEY: Mapping[str, SubjectField] = {field.key: field for field in SUBJECT_FIELDS}

VERBATIM_FIELDS = ("common_name",)
"""The fields of a renewal that are taken as they stand, even against today's rules: EnOS knows the
device by its common name (the manual: a renewal carries that of the old request)."""

# The addresses that HTML's <input type=email> accepts (WHATWG HTML, 4.10.5.1.5), narrowed to what
# can be delivered: a domain has a dot, and dots in the local part stand alone (RFC 5321, 4.1.2).
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATEXT}(?:\.{_ATEXT})*@{_LABEL}(?:\.{_LABEL})+")

_LINE_BREAKS = frozenset("\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029")


def normalize(text: str) -> str:
    """Return ``text`` in NFC, without the blanks (spaces of any width, tabs) around it."""
    text = unicodedata.normalize("NFC", text)
    start, end = 0, len(text)
    while start < end and _is_blank(text[start]):
        start += 1
    while end > start and _is_blank(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_blank(character: str) -> bool:
    return character == "\t" or unicodedata.category(character) == "Zs"


def clean(field: SubjectField, text: str) -> str:
    """Return the answer as it goes into a subject: normalised, a country code in upper case."""
    text = normalize(text)
    if field.key == "country" and (country := countries.coded(text)):
        return country.code
    return text


def check(answers: Mapping[str, str], *, verbatim: Collection[str] = ()) -> list[Problem]:
    """Return every problem of ``answers`` (field key -> text), in the order of the fields.

    The fields ``verbatim`` are not checked. A key that is absent counts as an empty answer. Raises
    ValueError for a key that names no field: such an answer would be lost silently.
    """
    if unknown := answers.keys() - FIELDS_BY_KEY.keys():
        raise ValueError(f"not a subject field: {', '.join(sorted(unknown))}")
    return [
        problem
        for field in SUBJECT_FIELDS
        if field.key not in verbatim
        for problem in check_field(field, answers.get(field.key, ""))
    ]


_LONGEST = 30_000
"""A text with more characters is not looked into, only refused."""


def check_field(field: SubjectField, text: str) -> list[Problem]:
    """Return every problem of one answer."""
    if len(text) > _LONGEST:  # to normalise it may take minutes
        values = {"limit": field.max_length, "excess": len(text) - field.max_length}
        return [Problem(Code.TOO_LONG, field.key, values=values)]
    value = clean(field, text)
    if not value:
        return [Problem(Code.REQUIRED, field.key)] if field.required else []
    problems = _check_characters(field, value)
    if field.key == "country":
        # If this is not a code, the right code is the best advice; its length adds nothing.
        return problems or _check_country(field, value)
    if (excess := len(value) - field.max_length) > 0:
        values = {"limit": field.max_length, "excess": excess}
        problems.append(Problem(Code.TOO_LONG, field.key, values=values))
    if field.string_type is StringType.IA5 and not problems:
        return _check_address(field, value)
    return problems


def _kind_of_fault(character: str) -> Code | None:
    if character in _LINE_BREAKS:
        return Code.LINE_BREAK
    category = unicodedata.category(character)
    if category == "Cc":
        return Code.CONTROL_CHARACTER
    if category == "Cf" or character in INVISIBLE:
        return Code.INVISIBLE_CHARACTER
    number = ord(character)
    # The non-characters of Unicode, 23.7: U+FDD0..U+FDEF and the last two of every plane.
    if category == "Cs" or 0xFDD0 <= number <= 0xFDEF or number & 0xFFFE == 0xFFFE:
        return Code.BROKEN_CHARACTER
    return None


def _check_characters(field: SubjectField, value: str) -> list[Problem]:
    """Return one problem for each kind of forbidden character, at its first place."""
    found: dict[Code, Problem] = {}
    for position, character in enumerate(value, start=1):
        code = _kind_of_fault(character)
        values: dict[str, str | int] = {"position": position}
        if code is not None:
            values["code_point"] = f"U+{ord(character):04X}"
        elif field.string_type is StringType.IA5 and not character.isascii():
            code = Code.NOT_ASCII
            values["character"] = character
        if code is not None and code not in found:
            found[code] = Problem(code, field.key, values=values)
    return list(found.values())


def _check_country(field: SubjectField, value: str) -> list[Problem]:
    if countries.coded(value):
        return []
    meant = countries.suggest(value)
    suggestion, name = meant[0] if len(meant) == 1 else ("", "")
    choices = "; ".join(f"{one.name} ({one.code})" for one in meant[1:] and meant)
    values = {"given": value, "suggestion": suggestion, "name": name, "choices": choices}
    return [Problem(Code.NOT_A_COUNTRY, field.key, values=values)]


def is_address(text: str) -> bool:
    """Return whether the text is an e-mail address, of any length."""
    return bool(_ADDRESS.fullmatch(text))


def _check_address(field: SubjectField, value: str) -> list[Problem]:
    return [] if is_address(value) else [Problem(Code.NOT_AN_ADDRESS, field.key)]


class Subject(Mapping[str, str]):
    """A subject that EnOS accepts: field key -> value, in the manual's order, immutable.

    Omitted fields are absent. Values are normalised, except those of the ``verbatim`` fields, which
    are kept exactly as given: a renewal's common name.
    """

    __slots__ = ("_values",)

    def __init__(self, answers: Mapping[str, str], *, verbatim: Collection[str] = ()) -> None:
        """Raise InvalidSubject, with every problem, if EnOS would not accept the answers."""
        if problems := check(answers, verbatim=verbatim):
            raise InvalidSubject(problems)
        self._values = {}
        for field in SUBJECT_FIELDS:
            given = answers.get(field.key, "")
            if value := given if field.key in verbatim else clean(field, given):
                self._values[field.key] = value

    def __getitem__(self, key: str) -> str:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Subject({self._values!r})"

    def __hash__(self) -> int:
        return hash(tuple(self._values.items()))

    def attributes(self) -> list[tuple[SubjectField, str]]:
        """Return each field that has a value, with that value, in the manual's order."""
        return [(FIELDS_BY_KEY[key], value) for key, value in self._values.items()]
