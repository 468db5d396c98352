"""Where icons and other resources lie: in a checkout, an installed wheel or a frozen bundle."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def folder() -> Path:
    """Return the folder of resources: inside the package, or in a checkout beside it."""
    package = Path(__file__).parent
    packed = package / "_resources"
    return packed if packed.is_dir() else package.parent / "resources"


def icon(name: str) -> Path:
    """Return the SVG file of an icon."""
    return folder() / "icons" / f"{name}.svg"
