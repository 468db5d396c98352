"""CPython for Windows, assembled from packages on PyPI.

The Windows wheels of Panda3D contain ``python3xx.dll``, the C modules and their libraries, signed
by the Python Software Foundation. The Python modules are the same on all systems and come from the
Python of this machine, which has the same minor version. ``python.exe`` (launcher.c) and
``python3.dll``, which only forwards to ``python3xx.dll``, are compiled here.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from pathlib import Path

from wine import MADE, SOURCES, TOP, Unavailable, cache, call, windows_path

GCC = "x86_64-w64-mingw32-gcc"

MINOR = f"3.{sys.version_info.minor}"
_NAME = f"python3{sys.version_info.minor}"

_PANDA3D = "1.10.16"
_PANDA3D_SHA256 = {
    "3.11": "37acfb92655c4226879f95c988e2ef1449a53c54486d6c1ebc00e2772429af82",
    "3.12": "f6493e2ecc0d1b7c1556a999556e5278cbc9484fe5fe1e159a1ccc02b870b18f",
    "3.13": "0e505261bb58d8402d0099c291f1a3459acfdd38f3e7d666e72aa2e1ea5dc46f",
}

_LEFT_OUT = shutil.ignore_patterns(
    *("__pycache__", "_sysconfigdata*", "config-*", "dist-packages", "ensurepip", "idlelib"),
    *("lib-dynload", "lib2to3", "site-packages", "test", "tkinter", "turtledemo"),
)

_OURS = {"enos-csr": "cli", "enos-csr-gui": "gui"}
"""The commands of the project, and the package whose ``main`` each calls."""

_PLATFORM = ["--python-platform", "x86_64-pc-windows-msvc", "--python-version", MINOR]
_WHEELS = ["--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes", *_PLATFORM]

_UV_LIMIT = 600
"""Seconds for one call of uv, which may have 300 MB to fetch."""


def stubs() -> Path:
    """Return the folder of what Wine lacks, for C:\\windows\\system32."""

    def make(folder: Path) -> None:
        for name in ("bcryptprimitives", "icuuc"):
            _compile(folder / f"{name}.dll", f"{name}.c", "-shared", libraries=["-ladvapi32"])
        _compile(folder / "openssl.exe", "openssl.c", "-municode", libraries=["-lws2_32"])

    return _cached("stubs", make)


def environment() -> Path:
    """Return ``python.exe`` of the virtual environment for Windows of this checkout.

    It has what ``uv sync`` installs on Windows: the locked packages, and the project in editable
    mode. Raises Unavailable, RuntimeError and OSError.
    """
    packages = _uv(
        "export",
        "--quiet",
        "--locked",
        "--no-emit-project",
        "--no-annotate",
        "--no-header",
        cwd=TOP,
    )
    base = _base()
    place = MADE / "venv"
    [project] = (TOP / ".venv").glob("lib/python3*/site-packages/enos_csr_gui-*.dist-info")
    stamp = "\n".join([packages, str(base), project.name, str(TOP), _sum(Path(__file__))])
    mark = place / "made-of.txt"
    if not (mark.exists() and mark.read_text(encoding="utf-8") == stamp):
        shutil.rmtree(place, ignore_errors=True)
        scripts, site = place / "Scripts", place / "Lib" / "site-packages"
        shutil.copytree(base, scripts, ignore=shutil.ignore_patterns("DLLs", "Lib"))
        (place / "pyvenv.cfg").write_text(f"home = {windows_path(base)}\n", encoding="utf-8")
        (MADE / "packages.txt").write_text(packages, encoding="utf-8")
        _uv("pip", "install", *_WHEELS, "--target", site, "-r", MADE / "packages.txt")
        shutil.copytree(project, site / project.name)
        (site / "enos_csr_gui.pth").write_text(windows_path(TOP) + "\n", encoding="utf-8")
        for command, package in _OURS.items():
            launcher = "pythonw.exe" if package == "gui" else "python.exe"
            shutil.copy(base / launcher, scripts / f"{command}.exe")
            (scripts / f"{command}-script.py").write_text(
                "import sys\n"
                f"from enos_csr_gui.{package} import main\n"
                "sys.argv[0] = sys.argv[0].removesuffix('-script.py')\n"
                "sys.exit(main())\n",
                encoding="utf-8",
            )
        mark.write_text(stamp, encoding="utf-8")
    return place / "Scripts" / "python.exe"


def _base() -> Path:
    """Return the folder of a Python for Windows without packages."""
    if MINOR not in _PANDA3D_SHA256:
        known = ", ".join(_PANDA3D_SHA256)
        raise Unavailable(f"there is no Python {MINOR} for Windows, only {known}")

    def make(python: Path) -> None:
        with tempfile.TemporaryDirectory() as temporary:
            wanted = Path(temporary) / "wanted.txt"
            digest = _PANDA3D_SHA256[MINOR]
            wanted.write_text(f"panda3d=={_PANDA3D} --hash=sha256:{digest}\n", encoding="utf-8")
            unpacked = Path(temporary) / "unpacked"
            _uv("pip", "install", *_WHEELS, "--target", unpacked, "-r", wanted)
            parts = unpacked / "deploy_libs"
            for part in (parts / f"{_NAME}.dll", *parts.glob("VCRUNTIME140*.dll")):
                shutil.copy(part, python)
            (python / "DLLs").mkdir()
            for part in parts.iterdir():
                wanted_dll = part.name.startswith(
                    ("libcrypto", "libffi", "libssl", "sqlite", "zlib")
                )
                if wanted_dll or (part.suffix == ".pyd" and part.stem not in ("_msi", "_tkinter")):
                    shutil.copy(part, python / "DLLs")
        shutil.copytree(sysconfig.get_path("stdlib"), python / "Lib", ignore=_LEFT_OUT)
        _make_launchers(python)
        _make_stable_interface(python)

    return _cached(f"python-{sys.version.split()[0]}", make)


def _make_launchers(python: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        made = Path(temporary)
        (made / "python.rc").write_text(f'1 24 "{SOURCES / "python.manifest"}"\n', encoding="utf-8")
        call([GCC.replace("gcc", "windres"), made / "python.rc", made / "manifest.o"])
        (made / "py.def").write_text(f"LIBRARY {_NAME}.dll\nEXPORTS\nPy_Main\n", encoding="utf-8")
        call([GCC.replace("gcc", "dlltool"), "-d", made / "py.def", "-l", made / "libpy.a"])
        parts = [made / "libpy.a", made / "manifest.o"]
        for name, options in {"python": [], "pythonw": ["-mwindows", "-DWINDOWED"]}.items():
            program = python / f"{name}.exe"
            _compile(program, "launcher.c", "-municode", *options, libraries=parts)


def _make_stable_interface(python: Path) -> None:
    """Make ``python3.dll``, for modules that fit every version of Python."""
    listing = call([GCC.replace("gcc", "objdump"), "-p", python / f"{_NAME}.dll"])
    names = re.findall(r"^\s+\[ *\d+\].* (\w+)$", listing.partition("Name Pointer] Table")[2], re.M)
    if len(names) < 1000:
        raise RuntimeError(f"objdump lists only {len(names)} names of {_NAME}.dll")
    with tempfile.TemporaryDirectory() as temporary:
        forwards = Path(temporary) / "python3.def"
        lines = ["LIBRARY python3.dll", "EXPORTS", *(f"{n} = {_NAME}.{n}" for n in names)]
        forwards.write_text("\n".join(lines) + "\n", encoding="utf-8")
        empty = Path(temporary) / "empty.c"
        empty.write_text("int __stdcall DllMain(void *a, unsigned b, void *c) { return 1; }\n")
        target = python / "python3.dll"
        call([GCC, "-shared", "-nostdlib", "-e", "DllMain", empty, forwards, "-o", target])


def _compile(target: Path, source: str, *options: str, libraries: list[str | Path]) -> None:
    if not shutil.which(GCC):
        raise Unavailable(f"{GCC} (gcc-mingw-w64-x86-64-win32) is not installed")
    call([GCC, "-O1", "-s", *options, SOURCES / source, *libraries, "-o", target])


def _cached(name: str, make: Callable[[Path], None]) -> Path:
    """Return the folder in the cache that ``make`` fills; a changed recipe makes a new one."""
    recipe = [Path(__file__), *sorted(SOURCES.glob("*.c")), SOURCES / "python.manifest"]
    folder = (
        cache() / f"{name}-{hashlib.sha256(''.join(map(_sum, recipe)).encode()).hexdigest()[:8]}"
    )
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=cache(), prefix=f"{name}-partial-"))
        try:
            make(partial)
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return folder


def _sum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _uv(*arguments: str | Path, cwd: Path | None = None) -> str:
    uv = os.environ.get("UV") or shutil.which("uv") or str(TOP / ".uv" / "bin" / "uv")
    try:
        done = subprocess.run(
            [uv, *map(str, arguments)],
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
            timeout=_UV_LIMIT,
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"uv {arguments[0]} took too long") from error
    if done.returncode:
        raise RuntimeError(f"uv {arguments[0]} failed:\n{done.stderr}")
    return done.stdout
