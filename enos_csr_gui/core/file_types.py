"""Which suffix the name of a file has, each declared once: for saving, looking and file dialogs."""

from __future__ import annotations

KEY_SUFFIX = ".key"
CSR_SUFFIX = ".csr"
CERTIFICATE_SUFFIX = ".crt"
TABLE_SUFFIX = ".csv"
COVER_SHEET_SUFFIX = ".pdf"

REQUEST_SUFFIXES = (CSR_SUFFIX, ".req", ".p10")
KEY_SUFFIXES = (KEY_SUFFIX, ".pem", ".p8", ".pk8", ".der")
CERTIFICATE_SUFFIXES = (".pem", CERTIFICATE_SUFFIX, ".cer", ".der", ".p7b", ".p7c")
KEYSTORE_SUFFIXES = (".p12", ".pfx", ".jks")

RENEWABLE_SUFFIXES = (*REQUEST_SUFFIXES, *CERTIFICATE_SUFFIXES)
"""What a renewal starts from."""

INSPECTED_SUFFIXES = (*RENEWABLE_SUFFIXES, *KEY_SUFFIXES, *KEYSTORE_SUFFIXES)
"""What an inspection knows."""


def patterns(*suffixes: str) -> str:
    """Return the patterns of a file dialog for these suffixes, each once: '*.key *.pem'."""
    return " ".join(f"*{suffix}" for suffix in dict.fromkeys(suffixes))
