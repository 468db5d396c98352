"""The download for Windows: an installer, signed when there is a certificate.

``python packaging/windows.py FILE`` signs a file; the installer's script calls it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import identity
import localised
import records
from identity import IDENTIFIER, PUBLISHER, TOP, VERSION

_SCRIPT = TOP / "packaging" / "windows" / "installer.nsi"


def make_installer(bundle: Path, dist: Path, time: int) -> Path:
    """Make the installer of the bundle, wherever ``makensis`` runs, and return it."""
    target = dist / f"EnOS-CSR-{VERSION}-setup.exe"
    if not (dist / "licences").exists():
        records.write_licences(dist / "licences")
    shutil.copytree(dist / "licences", bundle / "licences", dirs_exist_ok=True)
    for program in ("enos-csr.exe", "enos-csr-gui.exe"):
        sign(bundle / program)
    files = [file for file in bundle.rglob("*") if file.is_file()]
    for file in files:
        os.utime(file, (time, time))
    with tempfile.TemporaryDirectory() as made:  # of this run alone: several may run at once
        _compile(bundle, files, target, Path(made), time)
    return target


def _compile(bundle: Path, files: list[Path], target: Path, made: Path, time: int) -> None:
    """Have ``makensis`` make the installer, from what this writes into the folder ``made``."""
    installation = made / "install.nsh"
    installation.write_text(_installation(bundle, files), encoding="utf-8")
    removal = made / "remove.nsh"
    removal.write_text(_removal(bundle, files), encoding="utf-8")
    languages = made / "languages.nsh"
    languages.write_text(localised.installer_languages(), encoding="utf-8")
    values = {
        "APP_ID": IDENTIFIER,
        "FILES_TO_INSTALL": installation,
        "FILES_TO_REMOVE": removal,
        "ICON": identity.icon(made, "win32"),
        "KILOBYTES": sum(file.stat().st_size for file in files) // 1024,
        "LANGUAGES": languages,
        "OUTFILE": target,
        "PUBLISHER": PUBLISHER,
        "SIDE": _draw_side(made),
        "VERSION": VERSION,
        "VERSION_4": ".".join([*VERSION.split("."), "0", "0"][:4]),
    }
    os.utime(values["SIDE"], (time, time))  # the installer holds it with its time
    makensis = shutil.which("makensis") or r"C:\Program Files (x86)\NSIS\makensis.exe"
    if _can_sign():
        values["SIGN"] = f'"{sys.executable}" "{Path(__file__)}"'
    if sys.platform != "win32":
        values["TARGET"] = "amd64-unicode"  # only Debian's makensis has it; Wine may be 64-bit only
    options = [f"-D{key}={value}" for key, value in values.items()]
    subprocess.run([makensis, "-V2", "-WX", "-INPUTCHARSET", "UTF8", *options, _SCRIPT], check=True)


def _draw_side(folder: Path) -> Path:
    """Draw the side image of the installer into the folder: our icon on our colour."""
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QColor, QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    image = QImage(328, 628, QImage.Format.Format_RGB888)  # twice the usual size, for sharp screens
    image.fill(QColor("#e7f0ee"))
    painter = QPainter(image)
    painter.fillRect(0, 0, 328, 16, QColor("#0f6b5c"))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    icon = QSvgRenderer(str(TOP / "resources" / "icons" / "app.svg"))
    icon.render(painter, QRectF(84, 72, 160, 160))
    painter.end()
    path = folder / "side.bmp"
    image.save(str(path))
    return path


def _installation(bundle: Path, files: list[Path]) -> str:
    """Return the lines of the installer that write the files, in the same order in every build.

    ``File /r`` would take them as the disk lists them.
    """
    lines = []
    for folder in sorted({bundle} | _all_folders(bundle)):
        lines.append(f'SetOutPath "{_place(folder, bundle)}"')
        inside = sorted(file for file in files if file.parent == folder)
        lines += [f'File "{file}"' for file in inside]
    return "\n".join([*lines, 'SetOutPath "$INSTDIR"']) + "\n"


def _escaped(path: str) -> str:
    return path.replace("$", "$$")


def _place(path: Path, bundle: Path) -> str:
    """Return where something in the bundle is installed."""
    steps = path.relative_to(bundle).parts
    return "\\".join(["$INSTDIR", *map(_escaped, steps)])


def _removal(bundle: Path, files: list[Path]) -> str:
    """Return the lines of the uninstaller that remove what was installed, by name."""
    folders = sorted({file.parent for file in files} | _all_folders(bundle), reverse=True)

    lines = [f'Delete "{_place(file, bundle)}"' for file in sorted(files)]
    lines += [f'RMDir "{_place(folder, bundle)}"' for folder in folders if folder != bundle]
    return "\n".join(lines) + "\n"


def _all_folders(bundle: Path) -> set[Path]:
    return {path for path in bundle.rglob("*") if path.is_dir()}


def _can_sign() -> bool:
    names = ("WINDOWS_SIGNING_THUMBPRINT", "WINDOWS_SIGNING_PFX")
    return any(os.environ.get(name) for name in names)


def sign(file: Path) -> None:
    """Sign the file in place, if the environment names a certificate.

    On Windows that is ``WINDOWS_SIGNING_THUMBPRINT``, of one in the store of certificates, for
    ``signtool``; elsewhere ``WINDOWS_SIGNING_PFX``, a file, and ``WINDOWS_SIGNING_PASSWORD_FILE``,
    for ``osslsigncode``. ``WINDOWS_SIGNING_TIMESTAMP`` is the address of a server that vouches for
    the time.
    """
    timestamp = os.environ.get("WINDOWS_SIGNING_TIMESTAMP")
    if thumbprint := os.environ.get("WINDOWS_SIGNING_THUMBPRINT"):
        by = ["/tr", timestamp, "/td", "sha256"] if timestamp else []
        subprocess.run(
            ["signtool", "sign", "/sha1", thumbprint, "/fd", "sha256", *by, file], check=True
        )
    elif pfx := os.environ.get("WINDOWS_SIGNING_PFX"):
        signed = file.with_suffix(".signed")
        by = ["-ts", timestamp] if timestamp else []
        password = ["-readpass", os.environ["WINDOWS_SIGNING_PASSWORD_FILE"]]
        files = ["-in", file, "-out", signed]
        texts = ["-h", "sha256", "-n", identity.NAME]
        subprocess.run(
            ["osslsigncode", "sign", "-pkcs12", pfx, *password, *files, *texts, *by],
            stdout=subprocess.DEVNULL,
            check=True,
        )
        signed.replace(file)


if __name__ == "__main__":
    sign(Path(sys.argv[1]))
