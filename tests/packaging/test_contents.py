"""What goes into the frozen program where this system cannot build it: Windows and macOS."""

from __future__ import annotations

import ast
from pathlib import Path

import contents

PACKAGE = Path(__file__).parents[2] / "enos_csr_gui"

OPTIONAL = {"dask", "distributed"}
"""What the command line that is installed by pip can use: see docs/fleet.md."""


def imported(path: Path) -> set[str]:
    """Return the modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_nothing_that_the_program_imports_is_left_out() -> None:
    left_out = set(contents.EXCLUDED_MODULES) - OPTIONAL
    missing = {
        (path.name, name) for path in PACKAGE.rglob("*.py") for name in imported(path) & left_out
    }
    assert missing == set()


def kept(entries: dict[str, list[str]], *, extensions: tuple[str, ...]) -> list[str]:
    """Return what is kept of these libraries, each given with the names of those it asks for."""
    kind = {True: "EXTENSION", False: "BINARY"}
    listed = [(place, place, kind[place in extensions]) for place in entries]
    return [place for place, *_ in contents.wanted_binaries(listed, entries.__getitem__)]


def test_on_windows_a_library_that_is_there_twice_stays_twice() -> None:
    libraries = {
        "python311.dll": ["VCRUNTIME140.dll", "KERNEL32.dll"],
        "VCRUNTIME140.dll": [],
        "python3.dll": ["python311.dll"],
        r"PySide6\VCRUNTIME140.dll": [],
        r"PySide6\QtCore.pyd": ["Qt6Core.dll", "python3.dll"],
        r"PySide6\Qt6Core.dll": ["VCRUNTIME140.dll"],
        r"PySide6\Qt6Network.dll": ["Qt6Core.dll"],
        r"PySide6\opengl32sw.dll": [],
        r"PySide6\plugins\platforms\qwindows.dll": ["Qt6Core.dll"],
        r"PySide6\plugins\platforms\qminimal.dll": ["Qt6Core.dll"],
        r"PySide6\plugins\tls\qschannelbackend.dll": ["Qt6Network.dll"],
    }
    left_out = {
        r"PySide6\Qt6Network.dll",
        r"PySide6\opengl32sw.dll",
        r"PySide6\plugins\platforms\qminimal.dll",
        r"PySide6\plugins\tls\qschannelbackend.dll",
    }
    stays = kept(libraries, extensions=(r"PySide6\QtCore.pyd",))
    assert set(stays) == set(libraries) - left_out


def test_on_macos_frameworks_stay_whole_or_go() -> None:
    qt = "PySide6/Qt/lib/"
    core, network = (f"{qt}Qt{name}.framework/" for name in ("Core", "Network"))
    libraries = {
        "PySide6/QtCore.abi3.so": ["@rpath/QtCore.framework/Versions/A/QtCore"],
        f"{core}Versions/A/QtCore": ["/usr/lib/libSystem.B.dylib"],
        f"{network}Versions/A/QtNetwork": ["@rpath/QtCore.framework/Versions/A/QtCore"],
        "PySide6/Qt/plugins/platforms/libqcocoa.dylib": [],
    }
    stays = kept(libraries, extensions=("PySide6/QtCore.abi3.so",))
    assert set(stays) == set(libraries) - {f"{network}Versions/A/QtNetwork"}

    binaries = [(place, place, "BINARY") for place in stays]
    links = [
        ("QtCore", f"{core}Versions/A/QtCore", "SYMLINK"),
        ("QtNetwork", f"{network}Versions/A/QtNetwork", "SYMLINK"),
        *((f"{frame}Versions/Current", "A", "SYMLINK") for frame in (core, network)),
        *(
            (f"{frame}Resources", "Versions/Current/Resources", "SYMLINK")
            for frame in (core, network)
        ),
    ]
    linked = [link[0] for link in contents.wanted_links(links, binaries)]
    assert linked == ["QtCore", f"{core}Versions/Current", f"{core}Resources"]

    data = [(f"{frame}Versions/A/Resources/Info.plist", "", "DATA") for frame in (core, network)]
    data.append(("enos_csr_gui/_resources/icons/app.svg", "", "DATA"))
    assert contents.without_empty_frameworks(data, binaries) == [data[0], data[2]]
