"""Texts about the items found in a file, the same in the window and in a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from enos_csr_gui.core import serials
from enos_csr_gui.core.errors import escape_unprintable
from enos_csr_gui.i18n import N_, _, ngettext
from enos_csr_gui.messages import labels

if TYPE_CHECKING:
    from datetime import datetime

    from enos_csr_gui.core.csr_rules import KeyFacts
    from enos_csr_gui.core.inspect import InspectedItem


def names(found: Sequence[InspectedItem], name_of: Callable[[Path], str] = str) -> list[str]:
    """Return a name for each item: its file, with a number if the file has several."""
    counts = Counter(one.file for one in found)
    numbers: Counter[Path] = Counter()
    names = []
    for one in found:
        numbers[one.file] += 1
        name = name_of(one.file)
        if counts[one.file] > 1:
            text = _("{file} ({number} of {count})")
            name = text.format(file=name, number=numbers[one.file], count=counts[one.file])
        names.append(name)
    return names


def kind(found: InspectedItem) -> str:
    """Return the item's type, subject and encoding."""
    if found.is_authority:
        kind = _("CA certificate")
    elif found.is_self_signed:
        kind = _("Self-signed certificate")
    else:
        kind = labels.kind(found.kind)
    if name := dict(found.subject or ()).get("CN"):
        kind = _("{kind} for '{name}'").format(kind=kind, name=escape_unprintable(name))
    if found.kind == "other" and found.label:
        kind = f"{kind} ({escape_unprintable(found.label)})"
    return _("{kind}, {form}").format(kind=kind, form=found.form) if found.form else kind


def facts(
    found: InspectedItem, together: Sequence[str], moment: Callable[[datetime], str]
) -> Iterator[tuple[str, str]]:
    """Yield the facts as pairs of label and text; the label is empty on continuation rows.

    ``together`` are the names of the items with the same key; ``moment`` formats a time in UTC.
    """
    yield from _listed(_("Subject"), found.subject)
    yield from _listed(_("Issuer"), found.issuer)
    if found.serial_number is not None:
        yield _("Serial number"), serials.written(found.serial_number)
    if found.valid_from and found.valid_to:
        yield _("Issued on"), moment(found.valid_from)
        yield _("Expires on"), moment(found.valid_to)
    if found.key:
        yield _("Key"), _key(found.key)
        yield _("Public-key fingerprint"), found.key.public_key_sha256
    if found.signature_algorithm:
        yield _("Signed with"), found.signature_algorithm
    if found.certificate_sha256:
        yield _("Certificate fingerprint"), found.certificate_sha256
    for number, other in enumerate(together):
        yield _("Belongs to") if number == 0 else "", escape_unprintable(other)


def is_digest(text: str) -> bool:
    """Return whether the text is a SHA-256 in hexadecimal, as a fingerprint is."""
    return len(text) == 64 and all(c in "0123456789abcdef" for c in text)


def _listed(label: str, pairs: Iterable[tuple[str, str]] | None) -> Iterator[tuple[str, str]]:
    for number, (attribute, value) in enumerate(pairs or ()):
        yield label if number == 0 else "", escape_unprintable(f"{attribute} = {value}")


def _key(key: KeyFacts) -> str:
    if key.bits is None:
        return key.algorithm
    return _("{algorithm}, {bits} bits").format(algorithm=key.algorithm, bits=key.bits)


def verdict(found: InspectedItem) -> str:
    """Return in one sentence whether EnOS would take the request."""
    failed = sum(not result.passed for result in found.rules)
    remarks = sum(len(result.warnings) for result in found.rules)
    if not failed and remarks:
        text = ngettext(
            "Acceptable, with {count} remark: EnOS has accepted such requests, or no refusal is "
            "known.",
            "Acceptable, with {count} remarks: EnOS has accepted such requests, or no refusal is "
            "known.",
            remarks,
        )
        return text.format(count=remarks)
    if not failed:
        return _("Acceptable: it meets every requirement.")
    text = ngettext(
        "NOT acceptable: {failed} of {count} requirements is not met.",
        "NOT acceptable: {failed} of {count} requirements not met.",
        failed,
    )
    return text.format(failed=failed, count=len(found.rules))


_REFUSALS = (
    # Connection Service API, Apply Certificate and Renew Certificate
    (
        N_("EnOS answers 99400"),
        N_(
            "Another certificate already has this subject. Renew that certificate, or create a "
            "request with another common name."
        ),
    ),
    (
        N_("EnOS answers 11833"),
        N_(
            "The certificate is already bound to another device. Create a request for this device, "
            "with a common name and a key of its own."
        ),
    ),
    # The page on the CSR up to EnOS 2.1
    (
        N_("An older private EnOS"),
        N_(
            "Up to EnOS 2.1, country, state and organization had to be those of the root "
            "certificate: CN, Shanghai and EnOS. Ask the people who manage certificates."
        ),
    ),
)


def refusals() -> list[tuple[str, str]]:
    """Return why EnOS may refuse a request that is in order: the case, and what to do."""
    return [(_(case), _(advice)) for case, advice in _REFUSALS]


def protected() -> str:
    """Return the text for an item protected by a passphrase."""
    return _("Protected with a passphrase; not opened.")
