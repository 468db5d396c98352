"""The downloads for Linux: a ``.deb`` and a folder in a ``.tar.gz`` that needs no installation."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import localised
import records
from identity import SUMMARY, TOP, VERSION, png

PACKAGE = "enos-csr"
MAINTAINER = "EnOS CSR maintainers <enos-csr@users.noreply.github.com>"

_SOURCES = TOP / "packaging" / "linux"
_LIBRARIES = Path("usr/lib") / PACKAGE

# Loaded where the desktop provides their dependencies; the package works without them.
_OPTIONAL_PARTS = ("libqgtk3", "wayland", "Wayland")
_RECOMMENDS = "libgtk-3-0 | libgtk-3-0t64, libwayland-client0, libwayland-cursor0"

_DESCRIPTION = """\
 To get a certificate from EnOS, a device or an application hands in a
 certificate signing request (CSR). This program makes that request, and the
 private key that goes with it, in a few plain questions: in a window, or with
 a command in a terminal.
 .
 It only lets through what EnOS takes. The key is readable by its owner alone,
 and no file is ever replaced. Nothing is sent over the network.
"""


def architecture() -> str:
    """Return what Debian calls this kind of computer, as 'amd64'."""
    return _output("dpkg", "--print-architecture").strip()


def make_tar(bundle: Path, dist: Path, time: int) -> Path:
    """Pack the bundle as it is, with every library it needs, and return the archive."""
    name = f"{PACKAGE}-{VERSION}-linux-{os.uname().machine}"
    target = dist / f"{name}.tar.gz"
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / name
        shutil.copytree(bundle, folder, symlinks=True)
        for plugin in folder.rglob("libqgtk3.so"):
            plugin.unlink()  # GTK wants the system's GLib, and this has its own
        records.write_licences(folder / "licences")
        _write_licences_of_libraries(folder)
        (folder / "README.txt").write_text(localised.readme(), encoding="utf-8")
        with (
            target.open("wb") as file,
            gzip.GzipFile("", "wb", mtime=time, fileobj=file) as packed,
            tarfile.open(fileobj=packed, mode="w") as archive,
        ):
            archive.add(folder, name, filter=_anonymous(time))
    return target


def _anonymous(time: int) -> Callable[[tarfile.TarInfo], tarfile.TarInfo]:
    def clean(info: tarfile.TarInfo) -> tarfile.TarInfo:
        info.uid = info.gid = 0
        info.uname = info.gname = "root"
        info.mtime = time
        if not info.issym():  # the umask of who builds does not matter
            info.mode = 0o755 if info.isdir() or info.mode & 0o100 else 0o644
        return info

    return clean


def _system_libraries(folder: Path) -> list[Path]:
    """Return the libraries in a bundle that were the building system's own."""
    top = folder / "_internal"
    found = (file for file in top.glob("*.so*") if not file.is_symlink())
    return [file for file in found if not re.match(r"libpython|_|.*cpython", file.name)]


def _write_licences_of_libraries(folder: Path) -> None:
    """Write those of the packages, of Debian's or Ubuntu's, that the libraries came from."""
    libraries = [f"*/{library.name}" for library in _system_libraries(folder)]
    done = subprocess.run(
        ["dpkg", "-S", *libraries], stdout=subprocess.PIPE, text=True, check=False
    )
    for package in {line.partition(":")[0] for line in done.stdout.splitlines()}:
        text = Path("/usr/share/doc") / package / "copyright"
        if text.exists():
            shutil.copy(text, folder / "licences" / f"{package} (Debian).txt")


def make_deb(bundle: Path, dist: Path, time: int) -> Path:
    """Make the Debian and Ubuntu package from the bundle and return its path."""
    target = dist / f"{PACKAGE}_{VERSION}_{architecture()}.deb"
    with tempfile.TemporaryDirectory() as work:
        root = Path(work) / "root"
        libraries = root / _LIBRARIES
        shutil.copytree(bundle, libraries, symlinks=True)
        for library in _system_libraries(libraries):
            library.unlink()
        _add_what_the_desktop_reads(root, time)
        _add_documents(root, time)
        _set_modes(root)
        control = root / "DEBIAN"
        control.mkdir()
        control.chmod(0o755)
        (control / "control").write_text(_control(root), encoding="utf-8")
        (control / "md5sums").write_text(_md5sums(root), encoding="utf-8")
        for file in (control / "control", control / "md5sums"):
            file.chmod(0o644)
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "-Zxz", "--build", root, target],
            env=os.environ | {"SOURCE_DATE_EPOCH": str(time)},
            stdout=subprocess.DEVNULL,
            check=True,
        )
    return target


def _add_what_the_desktop_reads(root: Path, time: int) -> None:
    share = root / "usr/share"
    for target, text in {
        "applications/enos-csr-gui.desktop": localised.desktop_entry(),
        "metainfo/enos-csr-gui.metainfo.xml": localised.metainfo(),
        "mime/packages/enos-csr.xml": localised.types(),
    }.items():
        (share / target).parent.mkdir(parents=True, exist_ok=True)
        (share / target).write_text(_filled(text, time), encoding="utf-8")
    icons = share / "icons/hicolor"
    for size in (48, 128, 256):
        folder = icons / f"{size}x{size}/apps"
        folder.mkdir(parents=True)
        (folder / "enos-csr-gui.png").write_bytes(png(size))
    scalable = icons / "scalable/apps"
    scalable.mkdir(parents=True)
    shutil.copy(TOP / "resources/icons/app.svg", scalable / "enos-csr-gui.svg")


def _add_documents(root: Path, time: int) -> None:
    commands = root / "usr/bin"
    commands.mkdir(parents=True)
    manual = root / "usr/share/man/man1"
    manual.mkdir(parents=True)
    for command in ("enos-csr", "enos-csr-gui"):
        (commands / command).symlink_to(f"../lib/{PACKAGE}/{command}")
        text = _filled((_SOURCES / f"{command}.1").read_text(encoding="utf-8"), time)
        (manual / f"{command}.1.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    documents = root / "usr/share/doc" / PACKAGE
    records.write_licences(documents / "licences")
    shutil.copy(_SOURCES / "copyright", documents)
    date = datetime.fromtimestamp(time, UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
    change = (
        f"{PACKAGE} ({VERSION}) stable; urgency=medium\n\n"
        f"  * The release notes list the changes.\n\n -- {MAINTAINER}  {date}\n"
    )
    (documents / "changelog.gz").write_bytes(gzip.compress(change.encode(), 9, mtime=0))
    overrides = root / "usr/share/lintian/overrides"
    overrides.mkdir(parents=True)
    shutil.copy(_SOURCES / "lintian-overrides", overrides / PACKAGE)


def _filled(text: str, time: int) -> str:
    """Return the text with the version and the like put in."""
    date = datetime.fromtimestamp(time, UTC).date().isoformat()
    text = text.replace("@VERSION@", VERSION).replace("@DATE@", date)
    return text.replace("@COMMANDS@", _commands()) if "@COMMANDS@" in text else text


def _commands() -> str:
    """Return the commands of the command line and what they do, for its manual page."""
    from enos_csr_gui.cli.program import program

    lines = []
    for name in sorted(program.commands):
        text = (program.commands[name].help or "").partition("\n\n")[0]
        lines += [".TP", f".B {name}", text.replace("\b", "").replace("\\", r"\e").strip()]
    return "\n".join(lines)


def _set_modes(root: Path) -> None:
    """Make everything readable by all, and programs executable."""
    programs = {root / _LIBRARIES / name for name in ("enos-csr", "enos-csr-gui")}
    for path in root.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path in programs else 0o644)
    root.chmod(0o755)


def _control(root: Path) -> str:
    kilobytes = sum(f.lstat().st_size for f in root.rglob("*") if f.is_file()) // 1024
    fields = {
        "Package": PACKAGE,
        "Version": VERSION,
        "Architecture": architecture(),
        "Maintainer": MAINTAINER,
        "Installed-Size": kilobytes,
        "Depends": _depends(root),
        "Recommends": _RECOMMENDS,
        "Section": "utils",
        "Priority": "optional",
        "Description": SUMMARY[0].lower() + SUMMARY[1:],
    }
    return "".join(f"{key}: {value}\n" for key, value in fields.items()) + _DESCRIPTION


def _depends(root: Path) -> str:
    """Return the packages that have the libraries of the system that the program is linked to."""
    files = [
        file
        for file in (root / _LIBRARIES).rglob("*")
        if file.is_file()
        and not file.is_symlink()
        and (".so" in file.name or os.access(file, os.X_OK))
        and not any(part in str(file) for part in _OPTIONAL_PARTS)
    ]
    own = [f"-l{folder}" for folder in {file.parent for file in files}]
    with tempfile.TemporaryDirectory() as work:
        control = Path(work) / "debian" / "control"
        control.parent.mkdir()
        control.write_text(f"Source: {PACKAGE}\n\nPackage: {PACKAGE}\nArchitecture: any\n")
        found = _output(
            "dpkg-shlibdeps", "-O", "--warnings=0", "--ignore-missing-info", *own, *files, cwd=work
        )
    depends = found.partition("=")[2].strip()
    # The names that they have had since Debian 13 and Ubuntu 24.04.
    return re.sub(r"\b(libglib2\.0-0)( \([^)]*\))?", r"\1\2 | \1t64", depends)


def _md5sums(root: Path) -> str:
    files = sorted(f for f in root.rglob("*") if f.is_file() and not f.is_symlink())
    return "".join(
        f"{hashlib.md5(f.read_bytes(), usedforsecurity=False).hexdigest()}  {f.relative_to(root)}\n"
        for f in files
        if "DEBIAN" not in f.parts
    )


def _output(*command: str | Path, cwd: str | None = None) -> str:
    return subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, text=True, check=True).stdout
