"""The downloads for Linux, installed as people do it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from enos_csr_gui import __version__
from enos_csr_gui.cli.program import program

TOP = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="these are the downloads for Linux"),
]


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=False
    )


def check_with(tool: str, *arguments: str | Path) -> str:
    if not shutil.which(tool):
        pytest.skip(f"needs {tool}; './run test' installs it for root")
    done = run(tool, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def deb(dist: Path) -> Path:
    [package] = dist.glob("*.deb")
    return package


@pytest.fixture(scope="module")
def unpacked(deb: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the package, in a folder instead of on the system."""
    folder = tmp_path_factory.mktemp("unpacked")
    subprocess.run(["dpkg-deb", "--extract", deb, folder], check=True)
    return folder


def test_the_downloads_are_small_enough(dist: Path, deb: Path) -> None:
    assert deb.stat().st_size < 33e6
    [archive] = dist.glob("*.tar.gz")
    assert archive.stat().st_size < 60e6


def test_another_build_gives_the_same_bytes(
    dist: Path, builds_the_same: Callable[..., None]
) -> None:
    builds_the_same(dist)


@pytest.mark.long
def test_debian_finds_no_fault_with_the_package(deb: Path) -> None:
    check_with("lintian", "--fail-on", "error", deb)


@pytest.mark.long
def test_the_desktop_finds_no_fault_with_what_it_reads(unpacked: Path) -> None:
    check_with("desktop-file-validate", unpacked / "usr/share/applications/enos-csr-gui.desktop")
    metainfo = unpacked / "usr/share/metainfo/enos-csr-gui.metainfo.xml"
    check_with("appstreamcli", "validate", "--no-net", metainfo)
    assert f'version="{__version__}"' in metainfo.read_text()


@pytest.mark.long
def test_a_request_is_known_by_its_name_and_by_what_is_in_it(
    unpacked: Path, tmp_path: Path, makes_a_request: Callable[..., None]
) -> None:
    types = tmp_path / "types"
    for share in (Path("/usr/share"), unpacked / "usr/share"):
        if (share / "mime/packages").is_dir():
            shutil.copytree(share / "mime/packages", types / "mime/packages", dirs_exist_ok=True)
    check_with("update-mime-database", types / "mime")
    makes_a_request(unpacked / "usr/bin/enos-csr")
    [csr] = tmp_path.rglob("dev-001.csr")
    shutil.copy(csr, tmp_path / "no ending")
    folders = {"XDG_DATA_HOME": str(types), "XDG_DATA_DIRS": str(types)}
    if not shutil.which("gio"):
        globs = (types / "mime/globs2").read_text()
        assert "application/pkcs10:*.csr" in globs
        return
    for file in (csr, tmp_path / "no ending"):
        told = run("gio", "info", "-a", "standard::content-type", file, **folders)
        assert "application/pkcs10" in told.stdout


def test_each_command_has_a_manual_page_that_knows_it(unpacked: Path) -> None:
    for name, words in {
        "enos-csr": [__version__, "EXIT STATUS", *program.commands],
        "enos-csr-gui": [__version__, "--self-test", "EnOS requests"],
    }.items():
        page = unpacked / f"usr/share/man/man1/{name}.1.gz"
        shown = check_with("man", "--warnings", "--encoding=ascii", "--local-file", page)
        assert "warning" not in shown
        assert [word for word in words if word not in shown] == []


@pytest.mark.long
def test_the_archive_runs_where_it_is_unpacked(
    dist: Path,
    tmp_path: Path,
    makes_a_request: Callable[..., None],
    opens_a_window: Callable[..., None],
) -> None:
    [archive] = dist.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path)
    [folder] = tmp_path.glob("enos-csr-*")
    assert (folder / "README.txt").exists()
    assert (folder / "licences" / "Qt LGPL-3.0.txt").exists()
    makes_a_request(folder / "enos-csr")
    opens_a_window(folder / "enos-csr-gui")
    missing = [
        line
        for library in folder.rglob("*.so*")
        if "wayland" not in str(library).lower()
        for line in run("ldd", library).stdout.splitlines()
        if "not found" in line
    ]
    assert missing == []


@contextmanager
def installed(deb: Path) -> Iterator[None]:
    """Put the package on this system, as ``apt install ./x.deb`` does, and remove it after."""
    environment = {"DEBIAN_FRONTEND": "noninteractive"}
    options = ["-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"]
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)  # apt reads it as a user of its own
        package = shutil.copy(deb, folder)
        try:
            done = run("apt-get", "install", *options, package, **environment)
            if done.returncode:
                run("apt-get", "update", "-qq")
                done = run("apt-get", "install", *options, package, **environment)
            assert done.returncode == 0, done.stdout + done.stderr
            yield
            done = run("apt-get", "purge", *options[:1], "enos-csr", **environment)
            assert done.returncode == 0, done.stdout + done.stderr
        finally:
            run("dpkg", "--purge", "enos-csr")


@pytest.mark.long
@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("apt-get"),
    reason="only root can install a package, and only on Debian and Ubuntu",
)
def test_it_is_installed_used_and_removed(
    deb: Path, makes_a_request: Callable[..., None], opens_a_window: Callable[..., None]
) -> None:
    if Path("/usr/bin/enos-csr-gui").exists():
        pytest.skip("the package is installed here already, and is not ours to remove")
    with installed(deb):
        files = run("dpkg", "--listfiles", "enos-csr").stdout.splitlines()
        assert "/usr/bin/enos-csr-gui" in files
        makes_a_request("/usr/bin/enos-csr")
        opens_a_window("/usr/bin/enos-csr-gui")
        done = run("/usr/bin/enos-csr-gui", "--self-test")
        assert done.returncode == 0, done.stdout
    assert [file for file in files if "enos-csr" in file and os.path.lexists(file)] == []
    assert run("dpkg-query", "--show", "enos-csr").returncode != 0
