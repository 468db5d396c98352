"""Photograph every page as it looks on Windows 11: ``./run windows --photos [FOLDER]``.

In every language, in light and dark, under a Wine that shows windows. Free fonts of about the same
size stand in for those of Windows. Nothing stands in for its font of icons: instead of the marks in
check boxes and the arrows of lists, the pictures show a small square.
"""

from __future__ import annotations

import json
import shutil
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "gui"))
sys.path.insert(0, str(Path(__file__).parents[1]))

import catalogues
import photos

from enos_csr_gui import i18n
from wine import MADE, TOP, Unavailable, computers, windows_path, windows_python

_FONTS = {
    "Segoe UI": "Open Sans",
    "Consolas": "Liberation Mono",
    "Microsoft YaHei": "WenQuanYi Micro Hei",
    "Microsoft YaHei UI": "WenQuanYi Micro Hei",
}
"""The fonts of Windows, and what stands in for each."""

_PIXELS = 12
"""The height of the font of Windows, 9 points at 96 dpi."""

_REGULAR = 400
"""The weight of a font."""

_LIMIT = 30 * 60
"""Seconds for the pictures of one setting."""


def _font(name: str) -> str:
    """Return a LOGFONTW as registry files write it."""
    font = struct.pack("<5i8x64s", -_PIXELS, 0, 0, 0, _REGULAR, name.encode("utf-16-le"))
    return "hex:" + font.hex(",")


def _settings(scheme: str) -> str:
    """Return the settings of a computer with Windows 11 as a registry file."""
    themes = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
    replacements = "\n".join(f'"{font}"="{other}"' for font, other in _FONTS.items())
    fonts = "\n".join(
        f'"{kind}Font"={_font("Segoe UI")}'
        for kind in ("Caption", "Icon", "Menu", "Message", "SmCaption", "Status")
    )
    return f"""Windows Registry Editor Version 5.00

[HKEY_CURRENT_USER\\{themes}]
"AppsUseLightTheme"=dword:{int(scheme == "light")}
"SystemUsesLightTheme"=dword:{int(scheme == "light")}

[HKEY_CURRENT_USER\\Software\\Wine\\Fonts\\Replacements]
{replacements}

[HKEY_CURRENT_USER\\Control Panel\\Desktop\\WindowMetrics]
{fonts}
""".replace("\n", "\r\n")


def take(wine: computers.Wine, target: Path, setting: photos.Setting) -> list[str]:
    """Take the pictures of one setting; return what looks wrong in them. Raises Unavailable."""
    python = windows_python.environment()
    MADE.mkdir(parents=True, exist_ok=True)
    file, found = MADE / "settings.reg", MADE / "found.json"
    file.write_text(_settings(setting.scheme), encoding="utf-16", newline="")
    with wine.on() as environment:
        wine.run("regedit", "/S", windows_path(file), **environment)
    home = wine.drive_c / "home" / "lin"
    found.unlink(missing_ok=True)
    arguments = json.dumps([*map(windows_path, (target, home, found)), setting, False])
    paths = ";".join(windows_path(TOP / part) for part in ("packaging", "tests/gui"))
    script = windows_path(Path(photos.__file__))
    try:
        with wine.on() as variables:  # started again: it reads its settings at the start
            variables |= {"PYTHONPATH": paths, "PYTHONFAULTHANDLER": "1"}
            status = wine.run(python, script, "--one", arguments, limit=_LIMIT, **variables)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    if status or not found.exists():
        raise Unavailable(f"{setting}: the program that takes the pictures ended with {status}")
    return photos.read(found)


def main() -> int:
    """Take all the pictures; return the exit status, 1 if something looks wrong."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "build" / "photos-windows").absolute()
    here = MADE / "photos"  # Wine may be in another system, which has only the folders of this one
    folder.mkdir(parents=True, exist_ok=True)
    catalogues.compile_all()
    found = []
    try:
        wine = computers.that_shows_windows("photos")
        for language in i18n.languages():
            for scheme in ("light", "dark"):
                setting = photos.Setting(language, scheme)
                found += take(wine, here / str(setting), setting)
                shutil.rmtree(folder / str(setting), ignore_errors=True)
                shutil.move(here / str(setting), folder / str(setting))
    except Unavailable as lack:
        print(lack, file=sys.stderr)
        return 1
    print(folder, *found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
