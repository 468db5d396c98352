"""Labels for fields, values and states, the same in the window and in a terminal.

Glossary: *request* is the certificate signing request (CSR), *request file* the ``.csr`` file,
*key* the private key, *key file* the ``.key`` file, *common name* the name in the certificate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from enos_csr_gui.core import countries, serials
from enos_csr_gui.core.errors import escape_unprintable
from enos_csr_gui.i18n import N_, _, languages, ngettext

if TYPE_CHECKING:
    from enos_csr_gui.core.enums import RequestKind, Status


class FieldWords(NamedTuple):
    """The texts about one subject field; read them with ``label`` and ``help_``."""

    label: str
    help: str
    example: str


FIELDS: dict[str, FieldWords] = {
    "country": FieldWords(
        N_("Country"),
        N_("Where the device or the application runs, for example CN for China."),
        "CN",
    ),
    "state": FieldWords(N_("State or province"), N_("For example Guizhou."), "Guizhou"),
    "locality": FieldWords(N_("Locality"), N_("The city or town, for example Kaili."), "Kaili"),
    "organization": FieldWords(
        N_("Organization"),
        N_("Your company, with its registered name."),
        "Example Wind Ltd",
    ),
    "unit": FieldWords(
        N_("Organizational unit"),
        N_("The department that looks after the device or the application."),
        "Operations",
    ),
    "common_name": FieldWords(
        N_("Common name"),
        N_(
            "A unique name. For a device, use the asset ID on its page in EnOS, or its device key "
            "(4 to 64 letters, digits, hyphens, underscores and dots)."
        ),
        "dev-001",
    ),
    "email": FieldWords(
        N_("E-mail address"),
        N_("Yours or your team's, for the certificate; nothing is sent to it. Optional."),
        "ops@example.com",
    ),
}


def named(name: str, text: str) -> str:
    """Return the text preceded by a name: 'name: text'."""
    return _("{name}: {text}").format(name=name, text=text)


def joined(sentences: Iterable[str]) -> str:
    """Return complete sentences joined into one text."""
    together = _("{first} {second}")
    said = ""
    for problem_text in filter(None, sentences):
        said = together.format(first=said, second=problem_text) if said else problem_text
    return said


def listed(items: Iterable[str]) -> str:
    """Return the items as a list in one line."""
    # Translators: what stands between the items of a list.
    return _(", ").join(items)


def no_language(given: str) -> str:
    """Return the message for a language that the program does not have."""
    text = _("There is no language '{given}'. Choose one of: {languages}.")
    return text.format(given=given, languages=listed(languages()))


def label(field: str) -> str:
    """Return the displayed name of a subject field."""
    return _(FIELDS[field].label)


def country(code: str) -> str:
    """Return the displayed country for this alpha-2 code; any other text unchanged."""
    found = countries.find(code)
    return f"{found.name} ({found.code})" if found else escape_unprintable(code)


def value(field: str, subject: Mapping[str, str]) -> str:
    """Return the displayed value of a subject field."""
    text = subject.get(field, "") or _("(none)")
    return country(text) if field == "country" else escape_unprintable(text)


def common_name(subject: Mapping[str, str]) -> str:
    """Return the displayed common name; empty if there is none."""
    return escape_unprintable(subject.get("common_name", ""))


def path(path: PurePath) -> str:
    """Return the displayed path."""
    return escape_unprintable(str(path))


_SHORT = 32
"""The number of characters of a serial number that one line has room for."""


def serial_number(number: int) -> str:
    """Return a serial number for the eye, a long one in two lines: decimal and hexadecimal."""
    written = serials.written(number)
    return written if len(written) <= _SHORT else written.replace(" (", "\n(", 1)


def fingerprint(digest: str) -> str:
    """Return a fingerprint in hexadecimal for the eye: groups of four, in two lines."""
    half = len(digest) // 2
    lines = digest[:half], digest[half:]
    return "\n".join(
        " ".join(line[place : place + 4] for place in range(0, len(line), 4)) for line in lines
    )


def help_(field: str) -> str:
    """Return what to enter in a subject field."""
    return _(FIELDS[field].help)


_STRENGTHS = (
    N_("Very weak: a computer guesses it at once."),
    N_("Weak: easy to guess. Add a few words."),
    N_("Fair: a longer one is better."),
    N_("Good."),
    N_("Strong."),
)


def strength(score: int) -> str:
    """Return what a passphrase's strength (0 to 4, ``core.keys.strength``) means."""
    return _(_STRENGTHS[score])


_KINDS = {
    "request": N_("request (CSR)"),
    "certificate": N_("certificate"),
    "private-key": N_("private key"),
    "public-key": N_("public key"),
    "pkcs12": N_("keystore (PKCS #12; Java reads it too)"),
    "java-keystore": N_("Java keystore"),
    "other": N_("something EnOS does not ask for"),
    "unknown": N_("unknown"),
}


def kind(kind: str) -> str:
    """Return the name of a type of item (``core.inspection.ContentKind``)."""
    return _(_KINDS[kind])


_RULES = {
    "form": N_("PEM format"),
    "alone": N_("No private key in the file"),
    "signature": N_("Valid signature"),
    "key": N_("2048-bit RSA key"),
    "hash": N_("Signature with RSA and SHA-256"),
    "order": N_("Fields in the EnOS order"),
    "subject-extras": N_("No other fields"),
    "version": N_("Version of PKCS #10"),
    "request-extras": N_("No attributes or extensions"),
    "field": N_("Each field of the subject"),
}

_LEVELS = {
    "refused": N_("EnOS refuses it"),
    "differs": N_("differs from the manual"),
    "in-order": N_("in order"),
}

_EVIDENCE = {
    "manual": N_("the EnOS manual"),
    "security": N_("security of the key"),
    "issued": N_("EnOS issued a certificate for such a request"),
    "example": N_("tools that the EnOS manual names write this"),
    "not-known": N_("no refusal is known"),
}


def level(level: str) -> str:
    """Return how much weight a breach of a rule has (``core.enums.Level``)."""
    return _(_LEVELS[level])


def evidence(evidence: str) -> str:
    """Return how a level is known (``core.enums.Evidence``)."""
    return _(_EVIDENCE[evidence])


def rule(rule: str, field: str | None = None) -> str:
    """Return the text of a rule (``core.enums.Rule``), with its field if it has one."""
    return label(field) if field else _(_RULES[rule])


_SKIP_REASONS = {
    "unknown": N_("EnOS does not ask for it"),
    "repeated": N_("it appears twice"),
    "combined": N_("it is combined with others"),
}


def skip_reason(reason: str) -> str:
    """Return why an attribute of an old name is not carried over (``core.enums.SkipReason``)."""
    return _(_SKIP_REASONS[reason])


def set_by(name: str) -> str:
    """Return who locked an answer."""
    return escape_unprintable(name) or _("your organization")


def locked(name: str) -> str:
    """Return the text for a locked answer: it cannot be changed, and who set it."""
    return _("Set by {name}; it cannot be changed here.").format(name=set_by(name))


def request_kind(kind: RequestKind) -> str:
    """Return the kind of a request (``core.enums.RequestKind``), as one word for a table."""
    return {"new": _("new"), "renewal": _("renewal")}[kind.value]


def request_status(status: Status, days_left: int | None) -> str:
    """Return the status of a request (``core.history``), as a table cell."""
    if status.value == "expiring" and days_left is not None:
        text = ngettext("expires in {days} day", "expires in {days} days", days_left)
        return text.format(days=days_left)
    return {
        "waiting": _("waiting for the certificate"),
        "valid": _("valid"),
        "expired": _("expired"),
    }[status.value]


_CERTIFICATE_STATUSES = {
    "received": N_("received"),
    "already-received": N_("received earlier"),
    "changed": N_("received, with another subject"),
    "expired": N_("received, but expired"),
    "missing": N_("missing"),
}


def certificate_status(status: str) -> str:
    """Return what became of a request of a batch (``core.enums.CertificateStatus``)."""
    return _(_CERTIFICATE_STATUSES[status])


def missing_files(csr_exists: bool, key_exists: bool) -> str:
    """Return which files of a request are missing, as a table cell; empty when none is."""
    if csr_exists:
        return "" if key_exists else _("key file missing")
    return _("request file missing") if key_exists else _("both files missing")
