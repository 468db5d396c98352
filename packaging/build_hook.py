"""A hatchling build hook that compiles the message catalogues."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))

from catalogues import TOP, compile_all


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles; hatchling finds the class by its base."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the catalogues before packing; include the user guide, the program's help."""
        compile_all()
        if self.target_name == "wheel" and version == "standard":
            for guide in (TOP / "docs").glob("user-guide*.md"):
                place = f"enos_csr_gui/_resources/guide/{guide.name}"
                build_data["force_include"][str(guide)] = place
