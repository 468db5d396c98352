"""The user's preferences: the language. Quick to load, as the first page needs it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def _path() -> Path:
    from platformdirs import user_config_path

    return user_config_path("enos-csr", appauthor=False) / "language"


def language() -> str:
    """Return the language that the user chose, as ``i18n`` names it; empty if none."""
    try:
        return _path().read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def prefer_language(language: str) -> None:
    """Store the language for the next start. Write errors are ignored."""
    from enos_csr_gui.core.permissions import make_private_folder

    path = _path()
    with suppress(OSError):
        make_private_folder(path.parent)
        path.write_text(f"{language}\n", encoding="ascii")
