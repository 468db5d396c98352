"""What goes into the frozen program, and what stays out; the recipe ``enos-csr.spec`` asks here.

PyInstaller collects everything that might be needed. This program uses widgets and no network, so
the bundle keeps only the Qt plugins that it loads, the pycountry data that it reads, and the
libraries that these need.
"""

from __future__ import annotations

import encodings
import pkgutil
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath

TOP = Path(__file__).parents[1]
sys.path.insert(0, str(TOP))

import catalogues  # noqa: E402

from enos_csr_gui.core.countries import TRADITIONAL_CHINESE  # noqa: E402

RESOURCES = TOP / "resources"

Entry = tuple[str, str, str]
"""As PyInstaller lists a file: its place in the bundle, where it comes from, its kind."""

EXCLUDED_MODULES = [
    "PySide6.QtDBus",
    "PySide6.QtNetwork",
    "PySide6.QtOpenGL",
    "PySide6.QtPdf",
    "PySide6.QtPrintSupport",
    "PySide6.QtQml",
    "PySide6.QtQuick",
    "PySide6.QtTest",
    # OpenSSL comes with cryptography; Python's own hash functions do for the rest.
    "_hashlib",
    "_ssl",
    "ssl",
    # Compression formats of shutil and zipfile that the program does not use.
    "_bz2",
    "_lzma",
    "bz2",
    "lzma",
    # Alternatives and features that the program does not use.
    "_pydecimal",
    "statistics",
    # Of the command line that is installed by pip: see docs/fleet.md.
    "dask",
    "distributed",
    # The program uses neither the network nor several processes.
    "asyncio",
    "ftplib",
    "http",
    "multiprocessing",
    "urllib.request",
    "webbrowser",
    "xmlrpc",
    # openpyxl would use them; Pillow comes with the tools that build the downloads.
    "PIL",
    "defusedxml",
    "lxml",
    "numpy",
    # What others import for their type hints, tools and features that the program does not use.
    "_compat_pickle",
    "concurrent.futures.process",
    "cryptography.hazmat.asn1",
    "getopt",
    "pickle",
    "platformdirs.android",
    "platformdirs.ios",
    "platformdirs.testing",
    "pprint",
    "py_compile",
    "tracemalloc",
    "typing_extensions",
    "xml.dom",
    "xml.sax",
    "_uuid",  # for UUIDs from the time and the network card
    # Built into Python.
    "importlib._bootstrap",
    "importlib._bootstrap_external",
    "zipimport",
    # For developers.
    "doctest",
    "pdb",
    "pydoc",
    "setuptools",
    "tkinter",
    "unittest",
]

_FOREIGN_ENCODINGS = re.compile(r"mac_(?!roman$)|hp_|palmos|cp(037|273|424|500|875|1026|1140)$")
"""Encodings of mainframes, of old Macs and of other machines that are no longer made."""

EXCLUDED_MODULES += [
    f"encodings.{module.name}"
    for module in pkgutil.iter_modules(encodings.__path__)
    if _FOREIGN_ENCODINGS.match(module.name)
]

IMPORTED_BY_C = ["numbers"]
"""Modules that a C module imports, which PyInstaller cannot see: here '_decimal'."""

DATA = ["pycountry"]
"""Packages of which only the files are used, so no import names them."""

_PLUGINS = {
    "iconengines": {"qsvgicon"},
    "platforminputcontexts": {
        "composeplatforminputcontextplugin",
        "ibusplatforminputcontextplugin",
    },
    "platforms": {"qcocoa", "qwayland", "qwindows", "qxcb"},
    # Dialogs of the desktop; GTK itself is the system's.
    "platformthemes": {"qgtk3", "qxdgdesktopportal"},
    "styles": {"qmacstyle", "qmodernwindowsstyle"},
    "wayland-decoration-client": {"adwaita", "bradient"},
    "wayland-shell-integration": {"xdg-shell"},
}

if sys.platform == "linux":
    _PLUGINS["platforms"].add("qoffscreen")  # for the self-test where there is no display

# A desktop with GTK has these in the version that goes with it; another version would not do.
_OF_THE_SYSTEM = ("libgtk-3.", "libgdk-3.")

_PYCOUNTRY_STANDARDS = ("iso3166-1", "iso3166-2")


def languages() -> list[str]:
    """Return the available languages except English, such as 'zh_CN'."""
    return [po.stem for po in catalogues.files()]


def resources() -> list[tuple[str, str]]:
    """Return each file that the program reads, the guide too, with its folder in the bundle."""
    files = [*RESOURCES.glob("icons/*.svg"), *RESOURCES.glob("translations/*/LC_MESSAGES/*.mo")]
    files += RESOURCES.glob("*.txt")
    top = PurePosixPath("enos_csr_gui/_resources")
    guides = [(str(file), str(top / "guide")) for file in sorted(TOP.glob("docs/user-guide*.md"))]
    return [
        *(
            (str(file), str(top / file.relative_to(RESOURCES).parent.as_posix()))
            for file in sorted(files)
        ),
        *guides,
    ]


def _parts(place: str) -> tuple[str, ...]:
    return PurePosixPath(place.replace("\\", "/")).parts


def wanted_data(place: str) -> bool:
    """Return whether to include a file that is not a library."""
    parts = _parts(place)
    name = parts[-1]
    if "translations" in parts and "PySide6" in parts:
        return name in {f"qtbase_{language}.qm" for language in languages()}
    if parts[:2] == ("pycountry", "databases"):
        return name in {f"{standard}.json" for standard in _PYCOUNTRY_STANDARDS}
    if parts[:2] == ("pycountry", "locales"):
        standards = _PYCOUNTRY_STANDARDS if parts[2] in languages() else ("iso3166-1",)
        understood = (*languages(), *TRADITIONAL_CHINESE)
        return parts[2] in understood and name in {f"{one}.mo" for one in standards}
    if parts[0].endswith(".dist-info"):
        return name == "METADATA"  # has the version; the licences have a folder of their own
    return name != "py.typed"


def _is_root(entry: Entry) -> bool:
    """Return whether the program, Python or Qt loads this library by name."""
    place, _source, kind = entry
    parts = _parts(place)
    if "plugins" in parts:
        folder, name = parts[-2], parts[-1]
        stem = name.removeprefix("lib").partition(".")[0]
        return stem in _PLUGINS.get(folder, ())
    # Without 'python3.dll', what is built for every version of Python finds none.
    return kind == "EXTENSION" or parts[-1].lower().startswith(("libpython3", "python3"))


def wanted_binaries(
    binaries: Sequence[Entry], imports: Callable[[str], Iterable[str]]
) -> list[Entry]:
    """Return the libraries to keep: those loaded by name, and their dependencies.

    ``imports`` returns the names of the libraries that a file is linked to.
    """
    by_name: dict[str, list[Entry]] = {}
    for entry in binaries:  # Windows may have the same library in several folders
        by_name.setdefault(_parts(entry[0])[-1].lower(), []).append(entry)
    kept = set()
    waiting = [entry for entry in binaries if _is_root(entry)]
    while waiting:
        entry = waiting.pop()
        if entry in kept:
            continue
        kept.add(entry)
        names = [_parts(name)[-1].lower() for name in imports(entry[1])]
        if any(name.startswith(_OF_THE_SYSTEM) for name in names):
            continue  # GTK's plugin: all that it wants lies with GTK, or with Qt's main libraries
        waiting += [found for name in names for found in by_name.get(name, ())]
    return [entry for entry in binaries if entry in kept]


def wanted_links(links: Sequence[Entry], kept: Iterable[Entry]) -> list[Entry]:
    """Return the symbolic links whose targets are kept."""
    places = {entry[0] for entry in kept}
    frameworks = {_framework(place) for place in places} - {None}
    return [link for link in links if link[1] in places or _framework(link[0]) in frameworks]


def without_empty_frameworks(data: Sequence[Entry], kept: Iterable[Entry]) -> list[Entry]:
    """Return the files but those of frameworks, on macOS, whose library was left out."""
    frameworks = {_framework(entry[0]) for entry in kept} | {None}
    return [entry for entry in data if _framework(entry[0]) in frameworks]


def _framework(place: str) -> str | None:
    """Return the folder of the framework, on macOS, that the file is in; None if it is in none."""
    before, ending, _rest = place.partition(".framework/")
    return before if ending else None
