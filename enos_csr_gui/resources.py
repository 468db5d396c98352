"""Where icons and other resources are: in a checkout, an installed wheel or a frozen bundle."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def folder() -> Path:
    """Return the folder of resources: inside the package, or in a checkout beside it."""
    package = Path(__file__).parent
    packed = package / "_resources"
    return packed if packed.is_dir() else package.parent / "resources"


def guide(language: str) -> Path:
    """Return the user guide in this language ('zh_CN'); English if there is no translation."""
    packed = folder() / "guide"
    where = packed if packed.is_dir() else folder().parent / "docs"
    translated = where / f"user-guide.{language.replace('_', '-')}.md"
    return translated if translated.is_file() else where / "user-guide.md"


def icon(name: str) -> Path:
    """Return the SVG file of an icon."""
    return folder() / "icons" / f"{name}.svg"
