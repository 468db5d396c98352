"""The download for macOS: a disk image with the program, signed and notarised on request."""

from __future__ import annotations

import os
import platform
import subprocess
import tempfile
from pathlib import Path

import identity
import records
from identity import NAME, TOP, VERSION

SETTINGS = TOP / "packaging" / "macos" / "dmg_settings.py"
WINDOW = (540, 380)


def make_dmg(bundle: Path, dist: Path, time: int) -> Path:
    """Make the disk image of the ``.app`` that lies beside the bundle, and return it.

    ``MACOS_SIGNING_IDENTITY`` is the name of a 'Developer ID Application' certificate in the
    keychain; PyInstaller signs every library and program with it. ``MACOS_NOTARY_PROFILE`` is the
    name that ``notarytool store-credentials`` has given to those of Apple's notary service.
    """
    import dmgbuild

    del time  # a disk image always has the time at which it was made
    app = bundle.parent / f"{NAME}.app"
    records.write_licences(app / "Contents" / "Resources" / "licences")
    signer = identity.mac_identity()
    # Without a certificate, '-' signs for this computer alone: Apple's processors run nothing else.
    seal(app, signer or "-")
    target = dist / f"EnOS-CSR-{VERSION}-{platform.machine()}.dmg"
    target.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as made:
        icon, background = identity.icon(Path(made)), draw_background(Path(made))
        values = {"app": str(app), "icon": icon, "background": str(background)}
        dmgbuild.build_dmg(str(target), NAME, settings_file=str(SETTINGS), defines=values)
    if signer:
        subprocess.run(["codesign", "--sign", signer, "--timestamp", target], check=True)
        if profile := os.environ.get("MACOS_NOTARY_PROFILE"):
            notarise(target, profile)
    return target


def seal(app: Path, signer: str) -> None:
    """Sign the whole program again after the last file was added, and verify the signature."""
    by = ["--options", "runtime", "--timestamp"] if signer != "-" else []
    rights = ["--entitlements", str(identity.ENTITLEMENTS)]
    subprocess.run(["codesign", "--force", "--sign", signer, *by, *rights, app], check=True)
    subprocess.run(["codesign", "--verify", "--deep", "--strict", app], check=True)


def notarise(image: Path, profile: str) -> None:
    """Have Apple notarise the disk image, and staple the ticket to it."""
    submit = ["notarytool", "submit", image, "--keychain-profile", profile, "--wait"]
    subprocess.run(["xcrun", *submit], check=True)
    subprocess.run(["xcrun", "stapler", "staple", image], check=True)


def draw_background(folder: Path) -> Path:
    """Draw the background of the disk image into the folder: an arrow to Applications."""
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

    path = folder / "background.png"
    for scale, file in ((1, path), (2, path.with_name("background@2x.png"))):
        image = QImage(WINDOW[0] * scale, WINDOW[1] * scale, QImage.Format.Format_RGB32)
        image.fill(QColor("#f4f7f6"))
        painter = QPainter(image)
        painter.scale(scale, scale)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor("#0f6b5c"), 6))
        painter.drawLine(QPointF(230, 180), QPointF(300, 180))
        painter.setBrush(QColor("#0f6b5c"))
        painter.drawPolygon(QPolygonF([QPointF(296, 168), QPointF(296, 192), QPointF(314, 180)]))
        painter.end()
        image.save(str(file))
    return path
