"""The answers of the last request on this computer, offered for the next. Nothing secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from enos_csr_gui.core import files
from enos_csr_gui.core.permissions import make_private_folder
from enos_csr_gui.core.subject import FIELDS_BY_KEY

NEVER_REMEMBERED = frozenset({"common_name"})
"""The manual: the common name 'cannot duplicate the common name of any existing device'."""


@dataclass(frozen=True, slots=True)
class LastAnswers:
    """Answers (field key -> text) and the folder of the last request."""

    answers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    folder: Path | None = None


def default_path() -> Path:
    """Return the path of this user's file, in the platform's settings folder."""
    from platformdirs import user_config_path

    return user_config_path("enos-csr", appauthor=False) / "last-request.json"


def load(path: Path | None = None) -> LastAnswers:
    """Return the remembered values; none when the file is missing or invalid."""
    try:
        with files.open_to_read(path or default_path()) as file:
            stored = json.loads(file.read())
        answers = {
            key: value
            for key, value in stored["answers"].items()
            if key in FIELDS_BY_KEY.keys() - NEVER_REMEMBERED and isinstance(value, str)
        }
        folder = Path(stored["folder"]) if stored["folder"] else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return LastAnswers()
    return LastAnswers(answers, folder)


def save(answers: Mapping[str, str], folder: Path | None, path: Path | None = None) -> None:
    """Remember these values. Write errors are ignored: the values are a convenience."""
    path = path or default_path()
    kept = {key: value for key, value in answers.items() if key not in NEVER_REMEMBERED}
    # All ASCII: a folder name may hold surrogates, which UTF-8 cannot encode.
    content = json.dumps({"answers": kept, "folder": str(folder) if folder else None})
    with suppress(OSError):
        make_private_folder(path.parent)
        files.replace(path, content.encode(), private=True)
