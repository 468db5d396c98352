"""The download for macOS, as far as other systems can test it: Info.plist, icons, background."""

from __future__ import annotations

import plistlib
import runpy
import struct
import sys
from pathlib import Path

import identity
import macos
import pytest
from PIL import Image

from enos_csr_gui import __version__

HERE = Path(__file__).parents[2] / "packaging" / "macos"


def test_info_plist_has_the_version_the_file_types_and_the_look() -> None:
    told = plistlib.loads(plistlib.dumps(identity.info_plist()))
    assert told["CFBundleShortVersionString"] == told["CFBundleVersion"] == __version__
    assert told["CFBundleExecutable"] == "enos-csr-gui"
    assert told["CFBundleLocalizations"] == ["en", "zh-Hans"]
    assert told["LSBackgroundOnly"] is False  # else no window is ever in front
    [document] = told["CFBundleDocumentTypes"]
    assert "csr" in document["CFBundleTypeExtensions"]
    assert document["LSHandlerRank"] == "Alternate"  # seizes no files of other programs
    assert told["LSMinimumSystemVersion"] == "14.0"
    assert told["NSRequiresAquaSystemAppearance"] is False  # dark when the system is
    assert told["NSHighResolutionCapable"] is True


def test_the_hardened_runtime_lets_through_no_more_than_needed() -> None:
    rights = plistlib.loads((HERE / "entitlements.plist").read_bytes())
    assert set(rights) == {
        "com.apple.security.cs.allow-unsigned-executable-memory",
        "com.apple.security.cs.disable-library-validation",
    }


def test_the_disk_image_shows_the_program_and_where_it_goes(tmp_path: Path) -> None:
    background = macos.draw_background(tmp_path)
    defines = {"app": "/x/EnOS CSR.app", "icon": "x.icns", "background": str(background)}
    settings = runpy.run_path(str(HERE / "dmg_settings.py"), {"defines": defines})
    assert settings["files"] == ["/x/EnOS CSR.app"]
    assert settings["symlinks"] == {"Applications": "/Applications"}
    assert set(settings["icon_locations"]) == {"EnOS CSR.app", "Applications"}
    width, height = settings["window_rect"][1]
    with Image.open(background) as picture:
        assert picture.size == (width, height)
        assert len(picture.getcolors()) > 1
    with Image.open(background.with_name("background@2x.png")) as picture:
        assert picture.size == (2 * width, 2 * height)


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_the_icon_has_every_size_that_the_system_shows(platform: str, tmp_path: Path) -> None:
    with Image.open(identity.icon(tmp_path, platform)) as icon:
        sizes = {size[0] * (size[2] if len(size) > 2 else 1) for size in icon.info["sizes"]}
    wanted = {16, 24, 32, 48, 64, 128, 256} if platform == "win32" else {32, 64, 128, 256, 512}
    assert wanted <= sizes


def test_linux_has_an_icon_of_its_own_kind(tmp_path: Path) -> None:
    assert identity.icon(tmp_path, "linux") is None
    data = identity.png(48)
    assert struct.unpack(">II", data[16:24]) == (48, 48)


@pytest.mark.skipif(sys.platform == "darwin", reason="there it does sign")
def test_elsewhere_nothing_is_signed_for_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MACOS_SIGNING_IDENTITY", "Developer ID Application: Nobody")
    assert identity.mac_identity() is None
    assert identity.entitlements() is None
