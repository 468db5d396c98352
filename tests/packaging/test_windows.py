"""The program and the installer for Windows, built here and run under Wine.

The real program is built and installed once; small programs stand in for it in the other tests.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import build as build_downloads
import catalogues
import identity
import pytest
import windows
from wine import Unavailable, windows_path, windows_python

from enos_csr_gui import IDENTIFIER, __version__

HERE = Path(__file__).parent
WINE = shutil.which("wine64", path=f"{os.environ['PATH']}:/usr/lib/wine")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.name == "nt" or not (WINE and shutil.which("makensis")),
        reason="needs nsis and wine64; './run test' installs them for root",
    ),
]

# The first of them; and perhaps for others who use the same Wine.
waits_for_the_build = pytest.mark.timeout(1400)

OURS = re.compile("enos[- ]?csr", re.IGNORECASE)


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program for Windows that runs until it is stopped."""
    program = tmp_path_factory.mktemp("stand-in") / "program.exe"
    subprocess.run(["makensis", "-V1", f"-DOUTFILE={program}", HERE / "stand_in.nsi"], check=True)
    return program


@pytest.fixture(scope="module")
def build(
    stand_in: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, dict[str, bytes]], Path]:
    """A function that makes the installer of a version that holds these files."""

    def make(version: str, files: dict[str, bytes]) -> Path:
        folder = tmp_path_factory.mktemp(version)
        bundle = folder / "bundle"
        for name, data in files.items():
            (bundle / name).parent.mkdir(parents=True, exist_ok=True)
            (bundle / name).write_bytes(data)
        for name in ("enos-csr.exe", "enos-csr-gui.exe"):
            shutil.copy(stand_in, bundle / name)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(windows, "VERSION", version)
            return windows.make_installer(bundle, folder, 1_700_000_000)

    return make


OLDER = {"_internal/a.dll": b"a" * 5000, "_internal/old/gone.dll": b"b", "_internal/语言.mo": b"c"}
NEWER = {"_internal/a.dll": b"A" * 9000, "_internal/new/come.dll": b"d", "_internal/语言.mo": b"e"}


def test_another_installer_of_the_same_files_has_the_same_bytes(
    stand_in: Path, tmp_path: Path
) -> None:
    """Made later, in another place, from files that the disk lists in another order."""
    made = []
    for place, order in (("a", 1), ("another place/$b", -1)):
        bundle = tmp_path / place / "bundle"
        for name in [*NEWER, "enos-csr.exe", "enos-csr-gui.exe", "licences/a"][::order]:
            (bundle / name).parent.mkdir(parents=True, exist_ok=True)
            (bundle / name).write_bytes(NEWER.get(name, stand_in.read_bytes()))
        (bundle.parent / "licences").mkdir()
        made.append(windows.make_installer(bundle, bundle.parent, 1_700_000_000).read_bytes())
        time.sleep(1.1)  # NSIS counts whole seconds
    assert made[0] == made[1]


@pytest.fixture(scope="module")
def older(build: Callable[[str, dict[str, bytes]], Path]) -> Path:
    return build("0.0.9", OLDER)


@pytest.fixture(scope="module")
def newer(build: Callable[[str, dict[str, bytes]], Path]) -> Path:
    return build(__version__, NEWER)


class Computer:
    """A computer with Windows, as far as Wine is one."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self._folder = folder / "wine"
        self._environment = os.environ | {
            "HOME": str(folder),  # Documents and Desktop are links to it
            "WINEPREFIX": str(self._folder),
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree=;mshtml=;winemenubuilder.exe=d",
            "LC_ALL": "C.UTF-8",
        }
        self._environment.pop("DISPLAY", None)
        self._environment |= environment
        self.run("wineboot", "--init")
        self.drive = self._folder / "drive_c"
        [self.home] = (self.drive / "users").glob("[!P]*")
        self.start_menu = "AppData/Roaming/Microsoft/Windows/Start Menu/Programs/EnOS CSR.lnk"

    def start(self, *command: str | Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [WINE, *command],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def run(self, *command: str | Path) -> int:
        """Run a program to its end and return its exit status."""
        return self.start(*command).wait(300)

    def traced(self, channel: str, *command: str | Path) -> str:
        """Run a program to its end, and return what Wine tells of the calls of one kind."""
        file = self.drive / "trace.txt"
        with file.open("wb") as errors:  # no pipe: what stays in the background would hold it
            environment = self._environment | {"WINEDEBUG": f"-all,+{channel}"}
            quiet = {"stdout": subprocess.DEVNULL, "stderr": errors}
            subprocess.run([WINE, *command], env=environment, check=True, timeout=300, **quiet)
        return file.read_text("utf-8", "replace")

    def type(self, line: str) -> int:
        """Type a line at the prompt, and return the exit status."""
        script = self.drive / "typed.bat"
        script.write_text(f"@{line}\r\n@exit /b %errorlevel%\r\n", encoding="ascii")
        return self.run("cmd", "/c", "C:\\typed.bat")

    def remove(self, folder: Path) -> int:
        """Uninstall from the folder; with '_?=', which waits, all but the uninstaller goes."""
        path = windows_path(folder)
        return self.type(f'"{path}\\uninstall.exe" /S _?={path}')

    def registry(self) -> str:
        """Everything of ours in the registry, of the person and of the computer."""
        texts = []
        for root in ("HKEY_CURRENT_USER", "HKEY_LOCAL_MACHINE"):
            file = self.drive / "registry.txt"
            assert self.run("regedit", "/E", "C:\\registry.txt", f"{root}\\Software") == 0
            texts.append(file.read_text(encoding="utf-16"))
            file.unlink()
        keys = "\n".join(texts).split("\n\n")
        return "\n\n".join(key for key in keys if OURS.search(key))

    def files(self) -> set[str]:
        """Everything of ours on the disk."""
        return {
            str(path.relative_to(self.drive))
            for path in self.drive.rglob("*")
            if OURS.search(str(path.relative_to(self.drive)))
        }

    def stop(self) -> None:
        server = Path(WINE).with_name("wineserver")
        for option in ("--kill", "--wait"):
            subprocess.run([server, option], env=self._environment, check=False, timeout=60)


@pytest.fixture
def computer(tmp_path: Path) -> Iterator[Computer]:
    computer = Computer(tmp_path)
    yield computer
    computer.stop()


@pytest.fixture
def computer_with_screen(tmp_path: Path, display: str) -> Iterator[Computer]:
    computer = Computer(tmp_path, DISPLAY=display)
    yield computer
    computer.stop()


def _wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def installed_files(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in (folder / "_internal").rglob("*")
        if file.is_file()
    }


def test_it_is_installed_updated_and_removed_without_a_question(
    computer: Computer, older: Path, newer: Path
) -> None:
    folder = computer.home / "AppData/Local/Programs/EnOS CSR"
    settings = computer.home / "AppData/Local/enos-csr/history.sqlite3"
    settings.parent.mkdir(parents=True)
    settings.write_bytes(b"mine")
    before = computer.files(), computer.registry()

    assert computer.run(older, "/S") == 0
    assert installed_files(folder) == OLDER
    assert (computer.home / computer.start_menu).exists()
    assert '"DisplayVersion"="0.0.9"' in computer.registry()

    assert computer.run(newer, "/S") == 0
    assert installed_files(folder) == NEWER
    assert {file.name for file in folder.iterdir()} == {
        *("_internal", "enos-csr.exe", "enos-csr-gui.exe", "licences", "uninstall.exe")
    }
    registry = computer.registry()
    assert f'"DisplayVersion"="{__version__}"' in registry
    assert "0.0.9" not in registry
    assert re.search(r'"EstimatedSize"=dword:0000[0-9a-f]{4}', registry)
    assert '"QuietUninstallString"=' in registry
    assert r"Classes\.csr\OpenWithProgids" in registry
    assert r"enos-csr-gui.exe\" \"%1\"" in registry
    assert "HKEY_LOCAL_MACHINE" not in registry

    assert computer.remove(folder) == 0
    (folder / "uninstall.exe").unlink()
    folder.rmdir()
    assert (computer.files(), computer.registry()) == before
    assert settings.read_bytes() == b"mine"


def test_the_shortcut_opens_the_program_under_the_id_of_its_windows(
    computer: Computer, newer: Path, tmp_path: Path
) -> None:
    calls = computer.traced("shell", newer, "/S")
    file = rf'L"[^"]*{re.escape(identity.NAME)}\.lnk"'
    # Wine takes the ID, and keeps none of the properties of a shortcut.
    gives_an_id = rf"_fnLoad \(\w+, {file}.*_SetValue .*_Commit .*_fnSave \(\w+\)->\({file}"
    assert re.search(gives_an_id, calls, re.DOTALL)
    shortcut = (computer.home / computer.start_menu).read_bytes()
    assert r"Programs\EnOS CSR\enos-csr-gui.exe" in shortcut.decode("latin-1")

    # A store in memory shows what it is given.
    program, script = tmp_path / "told.exe", identity.TOP / "packaging" / "windows" / "app_id.nsh"
    values = {"OUTFILE": program, "APP_ID": IDENTIFIER, "SCRIPT": script}
    options = [f"-D{key}={value}" for key, value in values.items()]
    subprocess.run(["makensis", "-V1", "-WX", *options, HERE / "app_id.nsi"], check=True)
    assert computer.run(program) == 0
    text = 31
    assert (computer.drive / "told.txt").read_text("ascii") == f"{text} {IDENTIFIER}"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the real program and its installer."""
    folder = tmp_path_factory.mktemp("real")
    try:
        build_downloads.main(["--for", "windows", "--into", str(folder)])
    except Unavailable as lack:
        pytest.skip(str(lack))
    return folder


@waits_for_the_build
def test_the_real_program_is_installed_used_and_removed(
    computer_with_screen: Computer,
    older: Path,
    real: Path,
    answers: dict[str, str],
    openssl: Callable[..., str],
) -> None:
    computer = computer_with_screen
    for stub in windows_python.stubs().glob("*.dll"):
        shutil.copy(stub, computer.drive / "windows" / "system32")
    folder = computer.home / "AppData/Local/Programs/EnOS CSR"
    before = computer.files(), computer.registry()
    assert computer.run(older, "/S") == 0

    installer = real / f"EnOS-CSR-{__version__}-setup.exe"
    assert computer.run(installer, "/S") == 0  # an update
    bundle = real / "enos-csr"
    assert installed_files(folder) == installed_files(bundle)
    assert computer.run(folder / "enos-csr-gui.exe", "--self-test") == 0

    out = computer.home / "Documents" / "新 请求 文件夹"
    given = answers | {"state": "贵州", "locality": "凯里", "organization": "贵州 风电 & 有限公司"}
    options = [part for key, text in given.items() for part in (f"--{key.replace('_', '-')}", text)]
    assert computer.run(folder / "enos-csr.exe", "new", *options, "--out", windows_path(out)) == 0
    form = ("-noout", "-verify", "-subject", "-nameopt", "multiline,utf8,-esc_msb")
    shown = openssl("req", "-in", out / "dev-001.csr", *form)
    assert "verify OK" in shown
    assert "贵州 风电 & 有限公司" in shown
    openssl("pkey", "-in", out / "dev-001.key", "-noout")

    assert computer.run(installer, "/S") == 0  # over itself
    assert computer.remove(folder) == 0
    (folder / "uninstall.exe").unlink()
    folder.rmdir()
    settings = computer.home / "AppData/Local/enos-csr"
    assert (settings / "history.sqlite3").exists()  # the requests stay
    shutil.rmtree(settings)
    assert (computer.files(), computer.registry()) == before


@pytest.mark.timeout(2 * 1400)
def test_another_build_gives_the_same_bytes(
    real: Path, builds_the_same: Callable[..., None]
) -> None:
    assert (real / f"EnOS-CSR-{__version__}-setup.exe").is_file()
    builds_the_same(real, "--for", "windows")


@pytest.mark.long
@waits_for_the_build
def test_the_real_installer_is_small_and_holds_nothing_that_no_run_loads(real: Path) -> None:
    assert (real / f"EnOS-CSR-{__version__}-setup.exe").stat().st_size < 20_000_000
    files = {file.relative_to(real).as_posix() for file in (real / "enos-csr").rglob("*.*")}
    plugins = {file.partition("/plugins/")[2] for file in files if "/plugins/" in file}
    assert plugins == {
        "iconengines/qsvgicon.dll",
        "platforms/qwindows.dll",
        "styles/qmodernwindowsstyle.dll",
    }
    unwanted = re.compile(
        "network|opengl|libcrypto|libssl|_ssl|_hashlib|_bz2|_lzma|tkinter|pdf|qml"
    )
    assert {file for file in files if unwanted.search(file.lower())} == set()


def test_removed_as_windows_does_it_nothing_is_left(computer: Computer, newer: Path) -> None:
    before = computer.files(), computer.registry()
    assert computer.run(newer, "/S") == 0
    folder = computer.home / "AppData/Local/Programs/EnOS CSR"
    assert computer.run(folder / "uninstall.exe", "/S") == 0
    _wait_until(lambda: not folder.exists())  # it goes on as a copy of itself
    assert (computer.files(), computer.registry()) == before


def test_an_administrator_installs_it_for_everybody(computer: Computer, newer: Path) -> None:
    before = computer.files(), computer.registry()
    assert computer.run(newer, "/S", "/AllUsers") == 0
    folder = computer.drive / "Program Files/EnOS CSR"
    assert installed_files(folder) == NEWER
    shared = "ProgramData/Microsoft/Windows/Start Menu/Programs/EnOS CSR.lnk"
    assert (computer.drive / shared).exists()
    assert not (computer.home / computer.start_menu).exists()
    assert "HKEY_CURRENT_USER" not in computer.registry()
    assert computer.run(newer, "/S", "/AllUsers") == 0  # once more, over itself
    assert computer.remove(folder) == 0
    (folder / "uninstall.exe").unlink()
    folder.rmdir()
    assert (computer.files(), computer.registry()) == before


def test_it_installs_into_the_given_folder_and_leaves_other_files_alone(
    computer: Computer, newer: Path
) -> None:
    folder = computer.drive / "Tools and more"
    folder.mkdir()
    (folder / "mine.key").write_bytes(b"mine")
    assert computer.type(f"{windows_path(newer)} /S /D={windows_path(folder)}") == 0
    assert installed_files(folder) == NEWER
    assert computer.remove(folder) == 0
    (folder / "uninstall.exe").unlink()
    assert [file.name for file in folder.iterdir()] == ["mine.key"]


def test_it_is_made_with_a_language_to_come(
    build: Callable[[str, dict[str, bytes]], Path],
    in_pseudo: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catalogues, "CATALOGUES", in_pseudo / "resources" / "translations")
    assert build("0.0.8", OLDER).is_file()  # NSIS knows Esperanto


def test_it_speaks_chinese_where_windows_does(newer: Path, tmp_path: Path) -> None:
    made = ["localedef", "-i", "zh_CN", "-f", "UTF-8", tmp_path / "zh_CN.UTF-8"]
    if not shutil.which("localedef") or subprocess.run(made, check=False).returncode > 1:
        pytest.skip("needs Chinese from the package locales")
    computer = Computer(tmp_path, LOCPATH=str(tmp_path), LC_ALL="zh_CN.UTF-8")
    try:
        assert computer.run(newer, "/S") == 0
        assert '@="证书签名请求"' in computer.registry()
    finally:
        computer.stop()


@pytest.mark.parametrize("program", ["enos-csr-gui.exe", "enos-csr.exe"])
def test_a_program_that_runs_is_not_replaced(
    computer: Computer, older: Path, newer: Path, program: str
) -> None:
    assert computer.run(older, "/S") == 0
    folder = computer.home / "AppData/Local/Programs/EnOS CSR"
    running = computer.start(folder / program)
    _wait_until((computer.drive / "started.txt").exists)
    assert running.poll() is None
    assert computer.run(newer, "/S") == 3
    assert computer.remove(folder) == 3
    assert installed_files(folder) == OLDER
    assert '"DisplayVersion"="0.0.9"' in computer.registry()
    running.kill()
    running.wait()
    computer.stop()
    assert computer.run(newer, "/S") == 0
    assert installed_files(folder) == NEWER


@pytest.mark.skipif(not shutil.which("osslsigncode"), reason="needs osslsigncode")
def test_installer_programs_and_uninstaller_are_signed(
    build: Callable[[str, dict[str, bytes]], Path],
    computer: Computer,
    openssl: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key, certificate, pfx = (tmp_path / name for name in ("key.pem", "certificate.pem", "sign.pfx"))
    password = tmp_path / "password"
    password.write_text("only for this test")
    subject = ("-subj", "/CN=Test Publisher", "-addext", "extendedKeyUsage=codeSigning")
    new = ("-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30")
    openssl("req", *new, *subject, "-keyout", key, "-out", certificate)
    openssl(
        *("pkcs12", "-export", "-inkey", key, "-in", certificate, "-out", pfx),
        *("-passout", f"file:{password}"),
    )
    monkeypatch.setenv("WINDOWS_SIGNING_PFX", str(pfx))
    monkeypatch.setenv("WINDOWS_SIGNING_PASSWORD_FILE", str(password))
    installer = build("1.2.3", NEWER)
    assert computer.run(installer, "/S") == 0
    folder = computer.home / "AppData/Local/Programs/EnOS CSR"
    for file in (installer, folder / "enos-csr-gui.exe", folder / "uninstall.exe"):
        done = subprocess.run(
            ["osslsigncode", "verify", "-CAfile", certificate, "-in", file],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Test Publisher" in done.stdout
