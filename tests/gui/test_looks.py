"""Every page in each of its states, on many desktops: nothing cut off, pale, nameless or small."""

from __future__ import annotations

from pathlib import Path

import photos
import pytest
from photos import Setting

from enos_csr_gui import i18n

DESKTOPS = [
    ("light", 100, 0, None),
    ("dark", 100, 0, (1024, 600)),
    ("dark", 150, 0, (1366, 768)),
    ("darkening", 200, 0, (1920, 1080)),
    ("light", 100, 20, (1366, 768)),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    "setting",
    [Setting(language, *desktop) for desktop in DESKTOPS for language in i18n.languages()],
    ids=str,
)
def test_nothing_is_wrong_with_the_looks(setting: Setting, tmp_path: Path) -> None:
    faults = photos.take(tmp_path / "photos", setting, home=tmp_path / "home" / "lin")
    assert "\n".join(faults) == ""
