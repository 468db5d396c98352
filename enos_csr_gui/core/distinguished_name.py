"""Distinguished names (RFC 5280, 4.1.2.4), read leniently: what each attribute says, or meant.

What a renewal takes from a name is here too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from cryptography import x509

from enos_csr_gui.core import asn1
from enos_csr_gui.core.asn1 import SET, Tlv, der_values
from enos_csr_gui.core.enums import SkipReason
from enos_csr_gui.core.errors import Code, Problem
from enos_csr_gui.core.subject import SUBJECT_FIELDS

MAX_ATTRIBUTES = 200
"""As many attributes of one name, and extensions, are read; real names have up to 20."""

_UTF8_STRING, _PRINTABLE_STRING, _IA5_STRING = 0x0C, 0x13, 0x16

# UTF8, Numeric, Printable, T61, IA5, Visible and General: all continue ASCII.
_STRINGS = frozenset((_UTF8_STRING, 0x12, _PRINTABLE_STRING, 0x14, _IA5_STRING, 0x1A, 0x1B))
_WIDE_STRINGS = {0x1C: ("utf-32-be", 4), 0x1E: ("utf-16-be", 2)}  # Universal, BMP

_PRINTABLE = re.compile(rb"[A-Za-z0-9 '()+,./:=?-]*")

_CHINESE_PAIRS = re.compile(rb"(?:[\x00-\x7f]|[\xa1-\xf7][\xa1-\xfe])*")
"""GB 2312, of which GBK is the extension: two bytes for each Chinese character."""


class NameAttribute(NamedTuple):
    """One attribute of a distinguished name: its type in dotted form, its value as DER."""

    oid: str
    der: bytes

    @property
    def tag(self) -> int:
        return self.der[0]

    @property
    def content(self) -> bytes:
        [value] = der_values(self.der)
        return self.der[value.inside :]

    @property
    def text(self) -> str:
        """The value as text; one that is no string as '#' and its bytes in hex (RFC 4514, 2.4)."""
        if self.tag in _WIDE_STRINGS:
            return self.content.decode(_WIDE_STRINGS[self.tag][0], "replace")
        if self.tag not in _STRINGS:
            return "#" + self.der.hex()
        try:
            # Programs that knew no UTF8String wrote UTF-8 into a T61String.
            return self.content.decode()
        except UnicodeDecodeError:
            return _without_utf8(self.content)

    @property
    def probable_text(self) -> str | None:
        """What was probably meant, when the text is not what its encoding says; else None.

        Either the bytes are no UTF-8, or they are UTF-8 that was taken for Latin-1 and encoded
        again: what ``openssl req`` without ``-utf8`` makes of input in UTF-8.
        """
        if self.tag in (_UTF8_STRING, _PRINTABLE_STRING, _IA5_STRING):
            try:
                self.content.decode()
            except UnicodeDecodeError:
                return _without_utf8(self.content)
        if self.tag not in _STRINGS and self.tag not in _WIDE_STRINGS:
            return None
        text = self.text
        for encoding in ("latin-1", "cp1252"):
            with suppress(UnicodeError):
                meant = text.encode(encoding).decode()
                return meant if meant != text else None
        return None

    @property
    def misread_text(self) -> str:
        """The text as a program shows it that trusts its encoding."""
        text = self.text
        return self.content.decode("utf-8", "replace") if text == self.probable_text else text

    @property
    def is_well_formed(self) -> bool:
        """Whether the value keeps to the alphabet of its string type."""
        content = self.content
        match self.tag:
            case 0x0C:
                return _is_utf8(content)
            case 0x13:
                return bool(_PRINTABLE.fullmatch(content))
            case 0x16 | 0x1A | 0x12:
                return content.isascii()
            case 0x1C | 0x1E:
                return len(content) % _WIDE_STRINGS[self.tag][1] == 0
            case _:
                return self.tag in _STRINGS

    @property
    def canonical(self) -> bytes | str:
        """What is compared with that of another name (RFC 5280, 7.1): not type, case and blanks."""
        if self.tag not in _STRINGS and self.tag not in _WIDE_STRINGS:
            return self.der
        if len(self.der) > 1000:  # to normalise it may take long
            return self.content
        return " ".join(unicodedata.normalize("NFKC", self.text).casefold().split())


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _without_utf8(content: bytes) -> str:
    """Return what bytes that are no UTF-8 probably say: Chinese, else western European."""
    if _CHINESE_PAIRS.fullmatch(content):
        with suppress(UnicodeDecodeError):
            return content.decode("gb18030")
    return content.decode("latin-1")


@dataclass(frozen=True, slots=True)
class Name:
    """A distinguished name: its RDNs, each with its attributes.

    ``truncated``: it has more than ``MAX_ATTRIBUTES``. ``well_formed``: its sets are sorted and not
    empty, and its values are what their string types allow.
    """

    rdns: tuple[tuple[NameAttribute, ...], ...]
    der: bytes = field(repr=False)
    truncated: bool = False
    well_formed: bool = True

    def __iter__(self) -> Iterator[NameAttribute]:
        return (attribute for rdn in self.rdns for attribute in rdn)

    def texts(self, oid: str) -> list[str]:
        """Return the texts of all attributes of one type."""
        return [attribute.text for attribute in self if attribute.oid == oid]

    @property
    def canonical(self) -> object:
        """What two names that are one to RFC 5280, 7.1 have in common."""
        if self.truncated:
            return self.der
        return tuple(frozenset((one.oid, one.canonical) for one in rdn) for rdn in self.rdns)


def read(der: bytes, whole: Tlv | None = None) -> Name:
    """Return the distinguished name that the DER is, or that ``whole`` is in it.

    Raises ValueError.
    """
    if whole is None:
        [whole] = der_values(der)
    rdns: list[tuple[NameAttribute, ...]] = []
    count, well_formed = 0, True
    for rdn in der_values(der, whole.inside, whole.end):
        if rdn.tag != SET:
            raise ValueError("not a name")
        parts = list(islice(der_values(der, rdn.inside, rdn.end), MAX_ATTRIBUTES + 1))
        count += len(parts)
        if count > MAX_ATTRIBUTES:
            return Name(tuple(rdns), der[whole.start : whole.end], True, False)
        written = [der[part.start : part.end] for part in parts]
        # A set holds nothing twice, and is no RDN when it is empty.
        attributes = tuple(dict.fromkeys(_read_attribute(der, part) for part in parts))
        well_formed = well_formed and written == sorted(set(written)) and bool(written)
        well_formed = well_formed and all(one.is_well_formed for one in attributes)
        if attributes:
            rdns.append(attributes)
    return Name(tuple(rdns), der[whole.start : whole.end], False, well_formed)


def _read_attribute(der: bytes, whole: Tlv) -> NameAttribute:
    type_, value = der_values(der, whole.inside, whole.end)
    return NameAttribute(asn1.oid(der, type_), der[value.start : value.end])


# --- What the attributes are called ---------------------------------------------------------------

_KEYS = {field.oid: field.key for field in SUBJECT_FIELDS}
_INITIALS = {field.oid: field.initials for field in SUBJECT_FIELDS}


def attribute_name(oid: str) -> str:
    """Return the manual's initials of an attribute, else its name, else its number."""
    return _INITIALS.get(oid) or oid_name(oid)


_MORE_NAMES = {
    "1.2.840.113549.1.9.15": "smimeCapabilities",
    "1.3.6.1.4.1.311.13.2.1": "Windows enrollment name",
    "1.3.6.1.4.1.311.13.2.2": "Windows key provider",
    "1.3.6.1.4.1.311.13.2.3": "Windows version",
    "1.3.6.1.4.1.311.20.2": "Windows certificate type",
    "1.3.6.1.4.1.311.21.7": "Windows certificate template",
    "1.3.6.1.4.1.311.21.10": "Windows application policies",
    "1.3.6.1.4.1.311.21.20": "Windows client",
}
"""What programs on Windows write (Microsoft, WinCrypt.h), and the library has no name for."""


def short_name(name: Name) -> str:
    """Return what the owner of a name is called: its common name, else all of it."""
    texts = {attribute_name(one.oid): one.text for one in name}
    called = texts.get("CN") or ", ".join(f"{key} = {text}" for key, text in texts.items())
    return called[:200]


def oid_name(oid: str) -> str:
    """Return what an object identifier is called in the standards; its number if unknown."""
    if oid in _MORE_NAMES:
        return _MORE_NAMES[oid]
    # The library keeps its table of names private, but for this.
    with suppress(ValueError):
        name = re.search(r"name=(.*)\)>$", repr(x509.ObjectIdentifier(oid)))
        return name[1] if name and name[1] != "Unknown OID" else oid
    return oid


# --- What a renewal takes over --------------------------------------------------------------------


class SkippedAttribute(NamedTuple):
    """An attribute that is not taken over into a renewal."""

    attribute: str
    value: str
    reason: SkipReason


class SubjectAnswers(NamedTuple):
    """The answers (field key -> text, as it stands in the old name) and what is not among them."""

    answers: Mapping[str, str]
    left_out: tuple[SkippedAttribute, ...]


def answers_from(name: Name) -> SubjectAnswers:
    """Return what a renewal takes from a subject; ``SkipReason`` says why it skips the rest."""
    answers: dict[str, str] = {}
    left_out: list[SkippedAttribute] = []
    combined: SkippedAttribute | None = None
    for rdn in name.rdns:
        for attribute in rdn:
            key = _KEYS.get(attribute.oid)
            if len(rdn) > 1:
                reason = SkipReason.COMBINED
            elif key is None:
                reason = SkipReason.UNKNOWN
            elif key in answers:
                reason = SkipReason.REPEATED
            else:
                answers[key] = attribute.text
                continue
            skipped = SkippedAttribute(attribute_name(attribute.oid), attribute.text, reason)
            left_out.append(skipped)
            # EnOS knows the device by its common name, also where that is combined with others.
            if key == "common_name" and reason is SkipReason.COMBINED:
                combined = combined or skipped
    if combined and "common_name" not in answers:
        answers["common_name"] = combined.value
        left_out.remove(combined)
    return SubjectAnswers(answers, tuple(left_out))


def check_texts(name: Name) -> list[Problem]:
    """Return a problem for each field whose text is not what its encoding says."""
    return [
        Problem(
            Code.TEXT_MISREAD, _KEYS[one.oid], values={"given": one.misread_text, "meant": meant}
        )
        for one in name
        if one.oid in _KEYS and (meant := one.probable_text) is not None
    ]
