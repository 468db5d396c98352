"""Build the downloads for this platform in ``dist/``: ``python packaging/build.py``.

``--for windows`` builds the Windows program and its installer on Linux, under Wine.

The results are the frozen program in a folder, the downloads made from it, their checksums, the
bill of materials (SBOM) and the licences of all components. Sizes are printed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import catalogues
import linux
import macos
import records
import windows
from identity import TOP, VERSION
from wine import Unavailable, windows_path

WORK = TOP / "build" / "packaging" / sys.platform
"""The folder for what PyInstaller makes on its way; Wine may build for Windows meanwhile."""

PLATFORMS = {"linux": "linux", "macos": "darwin", "windows": "win32"}
"""The values of ``sys.platform``, by the names that ``--for`` takes."""

DOWNLOADS = {
    "linux": [linux.make_tar, linux.make_deb],
    "darwin": [macos.make_dmg],
    "win32": [windows.make_installer],
}
"""The functions that make the downloads from the bundle, for each platform."""


def freeze(dist: Path) -> Path:
    """Build the bundle, two programs that share a folder, from scratch; return the folder."""
    catalogues.compile_all()
    bundle = dist / "enos-csr"
    shutil.rmtree(bundle, ignore_errors=True)
    # The same sources give the same bytes.
    environment = os.environ | {"PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": str(commit_time())}
    environment["PYTHONNODEBUGRANGES"] = "1"  # a traceback has lines, without marks in them
    # Starts faster, and the downloads are compressed as a whole.
    environment["PYINSTALLER_ZLIB_COMPRESSION_LEVEL"] = "0"
    options = ["--noconfirm", "--log-level", "WARN", "--distpath", dist, "--workpath", WORK]
    recipe = TOP / "packaging" / "enos-csr.spec"
    subprocess.run(
        [sys.executable, "-m", "PyInstaller", *options, recipe], env=environment, check=True
    )
    if sys.platform == "linux" and (strip := shutil.which("strip")):
        # Names for debuggers; Qt's libraries have none.
        internal = bundle / "_internal"
        own = [*internal.glob("libpython*"), *internal.glob("python3*/lib-dynload/*.so")]
        subprocess.run([strip, "--strip-unneeded", *own], check=True)
    return bundle


def freeze_under_wine(dist: Path) -> Path:
    """Build the bundle for Windows, with its bill of materials and licences; return its folder.

    Raises Unavailable.
    """
    from wine import computers, windows_python

    computer = computers.here()
    try:
        python = windows_python.environment()
        with computer.on() as environment:
            environment["SOURCE_DATE_EPOCH"] = str(commit_time())
            options = ["--into", windows_path(dist), "--without-downloads"]
            script = windows_path(Path(__file__))
            if status := computer.run(python, script, *options, limit=900, **environment):
                raise SystemExit(status)
    except (RuntimeError, OSError) as error:
        raise Unavailable(str(error)) from error
    return dist / "enos-csr"


def commit_time() -> int:
    """Return the time of the last commit, in seconds since 1970, used for all packed files."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    done = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=TOP, capture_output=True, check=False
    )
    return int(done.stdout or 0)


def size(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder."""
    files = [path] if path.is_file() else [f for f in path.rglob("*") if not f.is_symlink()]
    return sum(file.stat().st_size for file in files if file.is_file())


def main(arguments: list[str] | None = None) -> None:
    """Build what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=TOP / "dist", help="this folder")
    parser.add_argument("--for", dest="platform", choices=PLATFORMS, help="by default this one")
    parser.add_argument("--without-downloads", action="store_true", help="only the frozen program")
    parsed = parser.parse_args(arguments)
    platform = PLATFORMS[parsed.platform] if parsed.platform else sys.platform
    if platform != sys.platform and (platform, sys.platform) != ("win32", "linux"):
        parser.error(f"the downloads for {parsed.platform} are built on that system")
    dist = parsed.into.absolute()
    dist.mkdir(parents=True, exist_ok=True)
    time = commit_time()
    bill = dist / f"enos-csr-{VERSION}-{platform}.cdx.json"
    if platform == sys.platform:
        bundle = freeze(dist)
        records.write_bill(bill, time)
        records.write_licences(dist / "licences")
        report(bundle)
    else:
        bundle = freeze_under_wine(dist)
    if parsed.without_downloads:
        return
    downloads = [make(bundle, dist, time) for make in DOWNLOADS[platform]]
    for download in downloads:
        report(download)
    records.write_checksums([*downloads, bill], dist / f"SHA256SUMS-{platform}")


def report(made: Path) -> None:
    """Print the sizes of the results."""
    print(f"{made.name}: {size(made) / 1e6:.1f} MB")


if __name__ == "__main__":
    try:
        main()
    except Unavailable as lack:
        sys.exit(str(lack))
