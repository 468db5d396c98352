"""The frozen program: what is in it, what is not, and whether it works wherever it lies."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from enos_csr_gui import __version__

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # the first waits for the build

EXE = ".exe" if sys.platform == "win32" else ""

UNWANTED = (
    *(
        f"Qt{part}"
        for part in ("DBus.", "Network", "Pdf", "Qml", "Quick", "VirtualKeyboard", "Test")
    ),
    *(f"Qt6{part}" for part in ("Network", "Pdf", "Qml", "Quick", "VirtualKeyboard", "OpenGL")),
    *(f"plugins/{folder}/" for folder in ("egldeviceintegrations", "generic", "tls", "sqldrivers")),
    *(f"plugins/{folder}/" for folder in ("networkinformation", "xcbglintegrations")),
    *(f"platforms/libq{name}" for name in ("eglfs", "linuxfb", "minimal", "vkkhrdisplay", "vnc")),
    *(f"imageformats/libq{name}" for name in ("gif", "icns", "jpeg", "tga", "tiff", "webp")),
    *(f"pycountry/databases/iso{number}" for number in ("639", "4217", "15924", "3166-3")),
    *("pycountry/locales/fr", "qtbase_fr", "qt_zh_CN", "iso3166-3.mo"),
    *("libgtk", "libcairo", "libcrypto", "libssl", "opengl32sw", "d3dcompiler"),
    *("_asyncio", "_tkinter", "_ssl", "_hashlib", "_bz2", "_lzma", "py.typed", ".po"),
)
WANTED = (
    "enos_csr_gui/_resources/icons/app.svg",
    "enos_csr_gui/_resources/translations/zh_CN/LC_MESSAGES/enos-csr.mo",
    "pycountry/databases/iso3166-1.json",
    "pycountry/databases/iso3166-2.json",
    "pycountry/locales/zh_CN/LC_MESSAGES/iso3166-1.mo",
    "pycountry/locales/zh_CN/LC_MESSAGES/iso3166-2.mo",
    "pycountry/locales/zh_TW/LC_MESSAGES/iso3166-1.mo",
    "translations/qtbase_zh_CN.qm",
)


def files_of(bundle: Path) -> list[str]:
    return [file.relative_to(bundle).as_posix() for file in bundle.rglob("*") if not file.is_dir()]


def test_nothing_is_in_it_that_no_run_loads(bundle: Path) -> None:
    names = files_of(bundle)
    assert [name for name in names if any(part in name for part in UNWANTED)] == []
    assert [part for part in WANTED if not any(name.endswith(part) for name in names)] == []


def test_no_module_is_in_it_that_the_program_never_imports(bundle: Path) -> None:
    from PyInstaller.archive.readers import CArchiveReader

    program = CArchiveReader(str(bundle / f"enos-csr-gui{EXE}"))
    modules = set(program.open_embedded_archive("PYZ.pyz").toc)
    with zipfile.ZipFile(bundle / "_internal" / "base_library.zip") as base:
        modules |= {name.partition(".")[0].replace("/", ".") for name in base.namelist()}
    assert {"enos_csr_gui.gui.wizard", "cryptography.x509", "zxcvbn"} <= modules
    unwanted = {"asyncio", "ssl", "tkinter", "unittest", "http.client", "pytest", "babel", "PIL"}
    assert modules & unwanted == set()


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    # Nothing of this interpreter, of its packages or of a display.
    kept = {key: os.environ[key] for key in ("PATH", "SYSTEMROOT", "TEMP") if key in os.environ}
    return subprocess.run(
        command, env=kept | environment, capture_output=True, text=True, check=False, timeout=600
    )


def test_it_finds_itself_whole(bundle: Path, tmp_path: Path) -> None:
    done = run(bundle / f"enos-csr-gui{EXE}", "--self-test", HOME=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything is in order." in done.stdout


@pytest.mark.parametrize("program", ["enos-csr", "enos-csr-gui"])
def test_both_programs_tell_the_version(bundle: Path, program: str) -> None:
    assert run(bundle / f"{program}{EXE}", "--version").stdout == f"{program} {__version__}\n"


@pytest.mark.parametrize(
    "missing",
    [
        "_internal/enos_csr_gui/_resources/icons",
        "_internal/cryptography",
        "_internal/PySide6/Qt/translations",
        "_internal/pycountry/databases/iso3166-2.json",
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="Qt's folders lie elsewhere")
def test_the_self_test_tells_when_a_part_is_missing(
    bundle: Path, tmp_path: Path, missing: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(bundle, copy, symlinks=True)
    part = copy / missing
    shutil.rmtree(part) if part.is_dir() else part.unlink()
    done = run(copy / "enos-csr-gui", "--self-test")
    assert done.returncode == 1
    assert "FAILED" in done.stdout


def fence(folder: Path) -> list[str]:
    """Return how a command is run that has no network and cannot write into ``folder``."""
    inside = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
    prefix = ["unshare", "--net", "--mount", "--map-root-user", "sh", "-c", inside, str(folder)]
    if not shutil.which("unshare") or run(*prefix, "true").returncode:
        pytest.skip("this system does not let a process lock itself in")
    assert run(*prefix, "touch", str(folder / "new")).returncode
    return prefix


def test_it_needs_no_network_and_no_folder_but_its_home(
    bundle: Path,
    tmp_path: Path,
    makes_a_request: Callable[..., None],
) -> None:
    fenced = fence(bundle)
    home = tmp_path / "家 with blanks"
    home.mkdir()
    done = run(*fenced, bundle / "enos-csr-gui", "--self-test", HOME=str(home))
    assert done.returncode == 0, done.stdout + done.stderr
    makes_a_request(*fenced, bundle / "enos-csr", HOME=str(home))
    history = run(*fenced, bundle / "enos-csr", "history", "--json", HOME=str(home))
    assert "dev-001" in history.stdout, history.stderr


def test_it_works_from_a_folder_with_blanks_and_chinese_letters(
    bundle: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "程序 files"
    shutil.copytree(bundle, folder, symlinks=True)
    done = run(folder / f"enos-csr-gui{EXE}", "--self-test")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_window_opens(bundle: Path, opens_a_window: Callable[..., None]) -> None:
    opens_a_window(bundle / "enos-csr-gui")


def test_its_parts_and_their_licences_are_listed(dist: Path) -> None:
    [bill] = dist.glob("*.cdx.json")
    parts = {part["name"] for part in json.loads(bill.read_text())["components"]}
    assert {"python", "pyside6-essentials", "cryptography", "pycountry", "zxcvbn"} <= parts
    assert not parts & {"pytest", "pyinstaller", "babel"}
    texts = {file.name for file in (dist / "licences").iterdir()}
    listed = (dist / "licences" / "README.txt").read_text().lower().replace("_", "-")
    assert [part for part in parts if f"{part} " not in listed] == []
    assert {"EnOS CSR.txt", "Python.txt", "Qt LGPL-3.0.txt", "cryptography LICENSE.txt"} <= texts


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="Windows and macOS have other commands")
def test_the_checksums_are_those_of_the_downloads(dist: Path) -> None:
    [sums] = dist.glob("SHA256SUMS*")
    done = subprocess.run(
        ["sha256sum", "--check", sums], cwd=dist, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    downloads = {file.name for file in dist.iterdir() if file.is_file()} - {sums.name}
    assert {line.split(":")[0] for line in done.stdout.splitlines()} == downloads
