"""The names that messages, command line and window share; loading them loads nothing else."""

from __future__ import annotations

from enum import StrEnum


class SkipReason(StrEnum):
    """Why an attribute of an old name is not taken over."""

    UNKNOWN = "unknown"
    """EnOS asks for no such attribute."""
    REPEATED = "repeated"
    """The attribute stood there before; the first one is taken."""
    COMBINED = "combined"
    """It stands in one RDN together with others."""


class Format(StrEnum):
    """What the device, or the program on it, can read."""

    PEM = "pem"
    PKCS12 = "p12"
    JAVA = "jks"


class Role(StrEnum):
    """What a file is there for."""

    KEY = "key"
    CERTIFICATE = "certificate"
    AUTHORITY = "authority"
    KEYSTORE = "keystore"


class ContentKind(StrEnum):
    """What a thing in a file is."""

    REQUEST = "request"
    CERTIFICATE = "certificate"
    PRIVATE_KEY = "private-key"
    PUBLIC_KEY = "public-key"
    PKCS12 = "pkcs12"
    JAVA_KEYSTORE = "java-keystore"
    OTHER = "other"
    """Known, and not for EnOS, such as a revocation list; ``InspectedItem.label`` names it."""
    UNKNOWN = "unknown"


class Rule(StrEnum):
    """What EnOS demands of a request."""

    FORM = "form"
    """PEM: the API takes the request as a PEM string."""
    ALONE = "alone"
    """No private key in the same file."""
    SIGNATURE = "signature"
    KEY = "key"
    HASH = "hash"
    FIELD = "field"
    """One subject field, ``RuleResult.field``: present once, and as ``check_field`` wants it."""
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
    """Whoever had the file could misuse the key, or nothing shows who made the request."""
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
    """How far a request has got, as far as this computer can know."""

    WAITING = "waiting"  # for the certificate
    VALID = "valid"
    EXPIRING = "expiring"  # within ``EXPIRES_SOON``
    EXPIRED = "expired"


class SortBy(StrEnum):
    """The columns that ``requests`` can be sorted by; each value is a column of the table.

    The status sorts by ``EXPIRES``: waiting first, then expired, then what ends next.
    """

    COMMON_NAME = "name_key"
    KIND = "kind"
    MADE_ON = "made_on"
    ISSUED = "issued"
    EXPIRES = "expires"
    CSR = "csr"
