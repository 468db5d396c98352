"""What the window of the disk image looks like; read by dmgbuild, which gives ``defines``."""

from __future__ import annotations

from pathlib import Path

app = Path(defines["app"])  # type: ignore[name-defined]  # noqa: F821

format = "UDZO"
filesystem = "HFS+"
files = [str(app)]
symlinks = {"Applications": "/Applications"}
icon = defines["icon"]  # type: ignore[name-defined]  # noqa: F821
background = defines["background"]  # type: ignore[name-defined]  # noqa: F821
default_view = "icon-view"
show_toolbar = show_sidebar = show_status_bar = show_pathbar = False
window_rect = ((200, 200), (540, 380))
icon_size = 112
text_size = 13
# Either side of the arrow in the background.
icon_locations = {app.name: (135, 180), "Applications": (405, 180)}
