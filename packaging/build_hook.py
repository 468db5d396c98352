"""Run by hatchling whenever the package is built or installed: compiles the catalogues of words."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))

from translations import compile_all


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles; hatchling finds the class by its base."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Do it before anything is packed."""
        del version, build_data
        compile_all()
