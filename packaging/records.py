"""What accompanies a download: licences, bill of materials, checksums."""

from __future__ import annotations

import hashlib
import re
import sys
import sysconfig
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import Distribution, distribution
from pathlib import Path, PurePath
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from identity import TOP, VERSION
from packageurl import PackageURL
from packaging.requirements import Requirement

PROJECT = "enos-csr-gui"

_LICENCE_FILE = re.compile(r"(licen[cs]e|copying|copyright|notice|authors)[^/]*$", re.IGNORECASE)


def parts() -> list[Distribution]:
    """Return the Python packages that the program runs with, sorted by name."""
    found: dict[str, Distribution] = {}
    waiting = [PROJECT]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = distribution(name)
        wanted = (Requirement(text) for text in found[name].requires or ())
        waiting += [one.name for one in wanted if not one.marker or one.marker.evaluate()]
    return [found[name] for name in sorted(found, key=str.lower) if name != PROJECT]


def write_licences(folder: Path) -> None:
    """Write the licence of every component into the folder, with an index."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        "EnOS CSR is under the Apache License 2.0 and holds these parts of others.",
        "",
        f"Python {sys.version.split()[0]}: Python Software Foundation License",
    ]
    (folder / "EnOS CSR.txt").write_bytes((TOP / "LICENSE").read_bytes())
    (folder / "Python.txt").write_bytes(_licence_of_python().read_bytes())
    for part in parts():
        named = part.metadata.get("License-Expression") or part.metadata.get("License")
        licence = named or "see its text"
        lines.append(f"{part.name} {part.version}: {licence.splitlines()[0]}")
        for text in filter(_is_licence, part.files or ()):
            data = Path(str(part.locate_file(text))).read_bytes()
            (folder / f"{part.name} {Path(text).stem}.txt").write_bytes(data)
    lines += [
        "",
        "PySide6 and Qt (https://www.qt.io) are used under the GNU Lesser General Public License,",
        "version 3. They are libraries of their own in the folder of the program, which you may",
        "replace by versions that you have changed. Their sources: https://download.qt.io",
    ]
    for text in (TOP / "packaging" / "licences").glob("*.txt"):
        (folder / f"Qt {text.name}").write_bytes(text.read_bytes())
    (folder / "README.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _licence_of_python() -> Path:
    places = [
        Path(sysconfig.get_path("stdlib")) / "LICENSE.txt",
        Path(sys.base_prefix) / "LICENSE.txt",  # Windows
        Path(f"/usr/share/doc/python3.{sys.version_info.minor}/copyright"),  # Debian
    ]
    return next(place for place in places if place.exists())


def _is_licence(file: PurePath) -> bool:
    return bool(_LICENCE_FILE.search(str(file))) and file.suffix not in (".py", ".pyc")


def write_bill(path: Path, time: int) -> None:
    """Write the bill of materials (SBOM, CycloneDX 1.6) of the program, of this time, as JSON."""
    program = Component(
        name=PROJECT,
        version=VERSION,
        type=ComponentType.APPLICATION,
        licenses=[LicenseExpression("Apache-2.0")],
        bom_ref=PROJECT,
    )
    python = Component(
        name="python",
        version=sys.version.split()[0],
        type=ComponentType.PLATFORM,
        licenses=[LicenseExpression("PSF-2.0")],
        bom_ref="python",
    )
    used = [python]
    for part in parts():
        name = re.sub(r"[-_.]+", "-", part.name).lower()
        component = Component(
            name=name,
            version=part.version,
            type=ComponentType.LIBRARY,
            purl=PackageURL("pypi", name=name, version=part.version),
            bom_ref=name,
        )
        if licence := part.metadata.get("License-Expression"):
            component.licenses = [LicenseExpression(licence)]
        used.append(component)
    bill = Bom(components=used)
    bill.metadata.component = program
    bill.metadata.timestamp = datetime.fromtimestamp(time, UTC)
    bill.serial_number = uuid5(NAMESPACE_URL, f"{PROJECT}-{VERSION}-{sys.platform}")
    bill.register_dependency(program, used)
    JsonV1Dot6(bill).output_to_file(str(path), allow_overwrite=True, indent=2)


def write_checksums(files: Iterable[Path], target: Path) -> None:
    """Write the SHA-256 of each file, as ``sha256sum --check`` reads them."""
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    target.write_text("".join(sorted(lines, key=lambda line: line.split()[1])), encoding="utf-8")
