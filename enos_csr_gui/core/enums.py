"""Enumerations that messages, command line and window share; importing them loads nothing else."""

from __future__ import annotations

from enum import StrEnum


class SkipReason(StrEnum):
    """Why an attribute of an old name is not carried over."""

    UNKNOWN = "unknown"
    """EnOS asks for no such attribute."""
    REPEATED = "repeated"
    """The attribute is repeated; the first one is used."""
    COMBINED = "combined"
    """It is part of a multi-valued RDN."""


class Format(StrEnum):
    """What the device, or the program on it, can read."""

    PEM = "pem"
    PKCS12 = "p12"
    JAVA = "jks"
    C = "c"

    @property
    def suffix(self) -> str:
        """How the name of the one file ends; PEM has three files."""
        return ".h" if self is Format.C else f".{self}"


class Role(StrEnum):
    """The purpose of a file."""

    KEY = "key"
    CERTIFICATE = "certificate"
    AUTHORITY = "authority"
    KEYSTORE = "keystore"
    SOURCE = "source"
    """A C source file that holds key and certificates."""


class ContentKind(StrEnum):
    """The type of an object in a file."""

    REQUEST = "request"
    CERTIFICATE = "certificate"
    PRIVATE_KEY = "private-key"
    PUBLIC_KEY = "public-key"
    PKCS12 = "pkcs12"
    JAVA_KEYSTORE = "java-keystore"
    OTHER = "other"
    """A known type that EnOS does not use, such as a revocation list; see
    ``InspectedItem.label``."""
    UNKNOWN = "unknown"


class Rule(StrEnum):
    """A requirement of EnOS on a request."""

    FORM = "form"
    """PEM: the API accepts the request as a PEM string."""
    ALONE = "alone"
    """No private key in the same file."""
    SIGNATURE = "signature"
    KEY = "key"
    HASH = "hash"
    FIELD = "field"
    """One subject field, ``RuleResult.field``: present exactly once and valid (``check_field``)."""
    ORDER = "order"
    """Well-formed, each RDN one attribute, in the manual's order."""
    VERSION = "version"
    """PKCS #10 has one version, written as 0."""
    SUBJECT_EXTRAS = "subject-extras"
    REQUEST_EXTRAS = "request-extras"


class Level(StrEnum):
    """How much weight it has that a request differs from the EnOS manual."""

    REFUSED = "refused"
    """EnOS refuses it."""
    DIFFERS = "differs"
    """It differs from the manual; EnOS has taken such requests, or nothing says that it refuses."""
    IN_ORDER = "in-order"


class Evidence(StrEnum):
    """How a level is known."""

    MANUAL = "manual"
    """The EnOS manual and the reference of its API demand it."""
    SECURITY = "security"
    """Anyone with the file could misuse the key, or nothing shows who made the request."""
    ISSUED = "issued"
    """EnOS publishes such a request of its own, with the certificate it issued."""
    EXAMPLE = "example"
    """EnOS's own tools, or the tools that its manual names, write such requests."""
    NOT_KNOWN = "not-known"
    """The manual asks for something else; no refusal is known."""


class RequestKind(StrEnum):
    """Why a request was made."""

    NEW = "new"
    RENEWAL = "renewal"


class Status(StrEnum):
    """The status of a request, as far as this computer knows."""

    WAITING = "waiting"  # for the certificate
    VALID = "valid"
    EXPIRING = "expiring"  # within ``EXPIRES_SOON``
    EXPIRED = "expired"


class CertificateStatus(StrEnum):
    """What became of a request of a batch when certificates arrived."""

    RECEIVED = "received"
    ALREADY = "already-received"
    CHANGED = "changed"
    """Received; its subject is not the one that was requested."""
    EXPIRED = "expired"
    MISSING = "missing"


class SortBy(StrEnum):
    """The columns that ``requests`` can be sorted by; each value names one or more of the table.

    The status sorts by ``EXPIRES``: waiting first, then expired, then what ends next.
    """

    COMMON_NAME = "name_key"
    KIND = "kind"
    MADE_ON = "made_on"
    ISSUED = "issued"
    EXPIRES = "expires"
    CSR = "csr"
    SERIAL = "length(serial), serial"
    SITE = "site"
    NOTE = "note"
