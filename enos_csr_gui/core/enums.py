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


class Role(StrEnum):
    """The purpose of a file."""

    KEY = "key"
    CERTIFICATE = "certificate"
    AUTHORITY = "authority"
    KEYSTORE = "keystore"


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
    """Well-formed, one attribute in each RDN, in the manual's order."""
    SUBJECT_EXTRAS = "subject-extras"
    REQUEST_EXTRAS = "request-extras"


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
