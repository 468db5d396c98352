"""The user's preferences: the language, and the columns of the list of requests.

Quick to load, as the first page needs the language.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def _path(name: str = "language") -> Path:
    from platformdirs import user_config_path

    return user_config_path("enos-csr", appauthor=False) / name


def language() -> str:
    """Return the language that the user chose, as ``i18n`` names it; empty if none."""
    try:
        return _path().read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def prefer_language(language: str) -> None:
    """Store the language for the next start. Write errors are ignored."""
    _write(_path(), f"{language}\n")


def columns() -> list[tuple[str, int, bool]]:
    """Return the columns of the list of requests: name, width, whether it is shown; empty if none
    were stored, or they cannot be read.
    """
    import json

    try:
        stored = json.loads(_path("columns.json").read_bytes())
        return [(str(name), int(width), bool(shown)) for name, width, shown in stored]
    except (OSError, ValueError, TypeError, RecursionError):
        return []


def remember_columns(columns: Sequence[tuple[str, int, bool]]) -> None:
    """Store the columns for the next start. Write errors are ignored."""
    import json

    _write(_path("columns.json"), json.dumps(columns) + "\n")


def _write(path: Path, text: str) -> None:
    from enos_csr_gui.core.permissions import make_private_folder

    with suppress(OSError):
        make_private_folder(path.parent)
        path.write_bytes(text.encode())
