"""File name suffixes, each declared once, for saving, searching and file dialogs."""

from __future__ import annotations

KEY_SUFFIX = ".key"
CSR_SUFFIX = ".csr"
CERTIFICATE_SUFFIX = ".crt"
TABLE_SUFFIX = ".csv"
WORKBOOK_SUFFIX = ".xlsx"
COVER_SHEET_SUFFIX = ".pdf"
CALENDAR_SUFFIX = ".ics"
ARCHIVE_SUFFIX = ".zip"

TABLE_SUFFIXES = (WORKBOOK_SUFFIX, ".xlsm", ".xls", TABLE_SUFFIX, ".tsv")
"""The files that hold a table of devices, or explain why they cannot be read as one."""

REQUESTS, MANIFEST, REJECTED = "requests.jsonl", "manifest.csv", "rejected.csv"
CERTIFICATES = "certificates.csv"
"""The names of the files in the folder of a batch."""

REQUEST_SUFFIXES = (CSR_SUFFIX, ".req", ".p10")
KEY_SUFFIXES = (KEY_SUFFIX, ".pem", ".p8", ".pk8", ".der")
CERTIFICATE_SUFFIXES = (".pem", CERTIFICATE_SUFFIX, ".cer", ".der", ".p7b", ".p7c")
CONTAINER_SUFFIXES = (ARCHIVE_SUFFIX, ".json", ".eml")
"""An archive, an answer of the EnOS API, an e-mail."""

ARCHIVE_SUFFIXES = (ARCHIVE_SUFFIX, ".json", ".jsonl", ".p7b", ".p7c")
"""What may hold the certificates of many devices at once."""

ARRIVED_SUFFIXES = (*CERTIFICATE_SUFFIXES, KEY_SUFFIX, *CONTAINER_SUFFIXES)
"""The files that a certificate arrives in, with what belongs to it."""

KEYSTORE_SUFFIXES = (".p12", ".pfx", ".jks")

RENEWABLE_SUFFIXES = (*REQUEST_SUFFIXES, *CERTIFICATE_SUFFIXES, *CONTAINER_SUFFIXES)
"""The files that a renewal can start from."""

INSPECTED_SUFFIXES = (*RENEWABLE_SUFFIXES, *KEY_SUFFIXES, *KEYSTORE_SUFFIXES)
"""The files that can be inspected."""


def patterns(*suffixes: str) -> str:
    """Return the file dialog patterns for these suffixes, without duplicates: '*.key *.pem'."""
    return " ".join(f"*{suffix}" for suffix in dict.fromkeys(suffixes))
