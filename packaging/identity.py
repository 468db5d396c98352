"""The program's name, icon and metadata on each platform."""

from __future__ import annotations

import os
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

TOP = Path(__file__).parents[1]
sys.path.insert(0, str(TOP))

import catalogues  # noqa: E402

from enos_csr_gui import IDENTIFIER, NAME  # noqa: E402, F401
from enos_csr_gui import __version__ as VERSION  # noqa: E402, N812

PUBLISHER = "The EnOS CSR maintainers"
SUMMARY = "Makes keys and certificate signing requests (CSR) for EnOS"
MAC_MINIMUM_SYSTEM = "14.0"
"""The oldest macOS that PySide6's wheels support."""

ENTITLEMENTS = TOP / "packaging" / "macos" / "entitlements.plist"

_ICON_SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
_SUFFIXES = {"win32": ".ico", "darwin": ".icns"}


def png(size: int) -> bytes:
    """Return the program's icon as a PNG of this many pixels each way."""
    from PySide6.QtCore import QBuffer, QIODevice, Qt
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(str(TOP / "resources" / "icons" / "app.svg")).render(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def icon(folder: Path, platform: str = sys.platform) -> str | None:
    """Draw the program's icon into the folder as Windows or macOS wants it, and return the file.

    Linux wants none: None.
    """
    from PIL import Image

    if platform not in _SUFFIXES:
        return None
    path = folder / f"app{_SUFFIXES[platform]}"
    *smaller, largest = (Image.open(BytesIO(png(size))) for size in _ICON_SIZES)
    sizes = [(size, size) for size in _ICON_SIZES if size <= 256]
    # Windows takes those of 'sizes', macOS has its own.
    options: dict[str, Any] = {"sizes": sizes} if platform == "win32" else {}
    largest.save(path, append_images=smaller, **options)
    return str(path)


def windows_version(program: str) -> object:
    """Return the version information that Windows shows for a program; None elsewhere."""
    if sys.platform != "win32":
        return None
    from PyInstaller.utils.win32 import versioninfo as v

    numbers = tuple(int(part) for part in VERSION.split(".")) + (0,) * (4 - VERSION.count(".") - 1)
    texts = {
        "CompanyName": PUBLISHER,
        "FileDescription": NAME,
        "FileVersion": VERSION,
        "InternalName": program,
        "LegalCopyright": "Apache License 2.0",
        "OriginalFilename": f"{program}.exe",
        "ProductName": NAME,
        "ProductVersion": VERSION,
    }
    strings = [v.StringStruct(key, text) for key, text in texts.items()]
    return v.VSVersionInfo(
        ffi=v.FixedFileInfo(filevers=numbers, prodvers=numbers),
        kids=[
            v.StringFileInfo([v.StringTable("040904B0", strings)]),
            v.VarFileInfo([v.VarStruct("Translation", [0x0409, 1200])]),
        ],
    )


def mac_identity() -> str | None:
    """Return the name of the certificate that signs on macOS, if there is one."""
    return os.environ.get("MACOS_SIGNING_IDENTITY") if sys.platform == "darwin" else None


def entitlements() -> str | None:
    """Return the file of entitlements that the program needs under macOS's hardened runtime."""
    return str(ENTITLEMENTS) if sys.platform == "darwin" else None


def _mac_language(po: Path) -> str:
    """Return what macOS calls the language of a catalogue: Chinese by its script."""
    return {"zh_CN": "zh-Hans", "zh_TW": "zh-Hant"}.get(po.stem, po.stem.replace("_", "-"))


def info_plist() -> dict[str, Any]:
    """Return the ``Info.plist`` entries for macOS, in addition to PyInstaller's."""
    return {
        "CFBundleName": NAME,
        "CFBundleDisplayName": NAME,
        # Beside it lies the command line; the bundle is the window all the same.
        "CFBundleExecutable": "enos-csr-gui",
        "LSBackgroundOnly": False,
        "CFBundleShortVersionString": VERSION,
        "CFBundleVersion": VERSION,
        "CFBundleLocalizations": ["en", *map(_mac_language, catalogues.files())],
        "CFBundleDocumentTypes": [
            {
                "CFBundleTypeName": "Certificate signing request",
                "CFBundleTypeRole": "Viewer",
                # Opens it when asked to; does not take it away from another program.
                "LSHandlerRank": "Alternate",
                "CFBundleTypeExtensions": ["csr", "p10"],
                "CFBundleTypeMIMETypes": ["application/pkcs10"],
            }
        ],
        "LSApplicationCategoryType": "public.app-category.utilities",
        "LSMinimumSystemVersion": MAC_MINIMUM_SYSTEM,
        "NSHighResolutionCapable": True,
        "NSHumanReadableCopyright": "Apache License 2.0",
        # The look, light or dark, follows the system.
        "NSRequiresAquaSystemAppearance": False,
    }
