"""What every test stands on: settings of its own, no screen, the real OpenSSL."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from time import process_time
from typing import NamedTuple

import catalogues
import pseudo
import pytest
from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if os.name == "nt":  # without a screen, Qt looks for no fonts, and draws every letter as a wide box
    os.environ.setdefault("QT_QPA_FONTDIR", r"C:\Windows\Fonts")

# Real disks and a real OpenSSL take the time they take.
settings.register_profile("usual", deadline=None)
# For long runs by hand: pytest -m hypothesis --hypothesis-profile=thorough --timeout=0
settings.register_profile("thorough", deadline=None, max_examples=5000)
settings.load_profile("usual")

# What runs in the background of a shell ignores Ctrl-C, and what nohup runs a closed terminal. So
# would all that is tested; but a handler is not inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)
if os.name == "posix" and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda _number, _frame: None)

catalogues.compile_all()  # a build has done so, but perhaps before the last change

ANSWERS = {
    "country": "CN",
    "state": "Guizhou",
    "locality": "Kaili",
    "organization": "Example Wind Ltd",
    "unit": "Operations",
    "common_name": "dev-001",
    "email": "ops@example.com",
}


def pytest_make_parametrize_id(val: object) -> str | None:
    """Shorten the ids of long values: pytest puts them into an environment variable.

    Windows refuses one of more than 32,767 characters.
    """
    if isinstance(val, bytes | str) and len(val) > 200:
        return f"{type(val).__name__} of {len(val)}"
    return None


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder in which each test has folders of its own.

    pytest looks through all its folders for the next free number: with thousands of tests, that
    took longer than most of them.
    """
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(autouse=True)
def settings_folder(homes: Path, monkeypatch) -> Path:
    """Keep what is remembered out of the folder of the user; processes inherit it."""
    folder = Path(tempfile.mkdtemp(prefix="settings", dir=homes))
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # output as everybody has it
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.setenv("LC_ADDRESS", "C")  # no country to begin with
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    monkeypatch.setenv("WIN_PD_OVERRIDE_LOCAL_APPDATA", str(folder))
    return folder


@pytest.fixture(autouse=True)
def data_folder(settings_folder: Path, homes: Path, monkeypatch) -> Path:
    """Keep requests out of the history of the user; processes inherit it."""
    if os.name == "nt":
        return settings_folder
    folder = Path(tempfile.mkdtemp(prefix="data", dir=homes))
    monkeypatch.setenv("XDG_DATA_HOME", str(folder))
    return folder


@pytest.fixture
def answers() -> dict[str, str]:
    """Return answers to all seven fields that EnOS takes."""
    return dict(ANSWERS)


@pytest.fixture
def display() -> Iterator[str]:
    """Return an X display of its own, with room for a small window and its frame."""
    if missing := [tool for tool in ("Xvfb", "xdotool") if not shutil.which(tool)]:
        pytest.skip(f"needs {' and '.join(missing)}, which only systems with X11 have")
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1024x600x24"],
        pass_fds=[writer],
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    with os.fdopen(reader) as lines:
        yield f":{lines.readline().strip()}"
    server.terminate()
    server.wait()


@pytest.fixture(scope="session")
def in_pseudo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a copy of the program that speaks one language more."""
    top = tmp_path_factory.mktemp("pseudo")
    pseudo.add_to_copy(top)
    return top


@pytest.fixture(scope="session")
def openssl() -> Callable[..., str]:
    """Return a function that runs the real OpenSSL and returns what it printed."""
    program = shutil.which("openssl")
    assert program, "the tests compare with the real OpenSSL: please install it"
    every_letter = {"OPENSSL_WIN32_UTF8": "1"}  # on Windows

    def run(*arguments: str | Path, stdin: bytes = b"") -> str:
        done = subprocess.run(
            [program, *map(str, arguments)],
            input=stdin,
            capture_output=True,
            check=False,
            env=os.environ | every_letter,
        )
        output = done.stdout.decode() + done.stderr.decode()
        assert done.returncode == 0, output
        return output

    return run


class Authority(NamedTuple):
    """A certificate authority of the real OpenSSL's: a root, and an intermediate that issues.

    ``root`` and ``intermediate`` are the files of their certificates, in PEM.
    """

    root: Path
    intermediate: Path
    openssl: Callable[..., str]

    def issue(self, csr: Path, certificate: Path, *, days: int = 730) -> Path:
        """Write the certificate, in PEM, for the request; one of -1 days has expired."""
        return self._issue(csr, certificate, self.intermediate, "device", days)

    def _issue(self, csr: Path, certificate: Path, issuer: Path, kind: str, days: int) -> Path:
        by = ("-CA", issuer, "-CAkey", issuer.with_suffix(".key"), "-days", str(days))
        extensions = ("-extfile", self.root.with_name("extensions"), "-extensions", kind)
        self.openssl("x509", "-req", "-in", csr, *by, *extensions, "-out", certificate)
        return certificate


@pytest.fixture
def sleeping(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an hour pass before every other look at the clock that counts sleep on Windows."""
    real, looks = time.monotonic, count()
    monkeypatch.setattr(time, "monotonic", lambda: real() + next(looks) // 2 * 3600)


@pytest.fixture
def bounded() -> Iterator[None]:
    """Fail a test that takes endless work: what it reads was made to hang the program.

    What it guards against takes minutes to hours, what it allows is a fraction of a second. It
    counts the processor's work for this test, not the time that passes, and its limit is wide, so
    that neither a slow nor a busy computer matters. How fast it is, ``tests/benchmarks`` shows.
    """
    before = process_time()
    yield
    assert process_time() - before < 30


_EXTENSIONS = """
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash

[strict]
basicConstraints = critical, CA:TRUE
nameConstraints = critical, excluded;dirName:excluded
subjectKeyIdentifier = hash

[excluded]
C = CN

[device]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = clientAuth, serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


@pytest.fixture(scope="session")
def authority(openssl: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Return an authority like that of EnOS, which signs the requests that the tests make."""
    return _new_authority(openssl, tmp_path_factory.mktemp("authority"), "authority")


@pytest.fixture(scope="session")
def strict_authority(
    openssl: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> Authority:
    """Return an authority whose issuer must not issue for China, but does."""
    return _new_authority(openssl, tmp_path_factory.mktemp("strict"), "strict")


def _new_authority(openssl: Callable[..., str], folder: Path, kind: str) -> Authority:
    (folder / "extensions").write_text(_EXTENSIONS)
    made = Authority(folder / "root.pem", folder / "intermediate.pem", openssl)
    for path, common_name in ((made.root, "Test Root"), (made.intermediate, "Test Issuing")):
        new = ("-newkey", "rsa:2048", "-nodes", "-subj", f"/C=CN/O=Test CA/CN={common_name}")
        key, csr = path.with_suffix(".key"), path.with_suffix(".csr")
        openssl("req", "-new", *new, "-keyout", key, "-out", csr)
    by_itself = ("-signkey", made.root.with_suffix(".key"), "-days", "3650")
    extensions = ("-extfile", folder / "extensions", "-extensions", "authority")
    csr = made.root.with_suffix(".csr")
    openssl("x509", "-req", "-in", csr, *by_itself, *extensions, "-out", made.root)
    csr = made.intermediate.with_suffix(".csr")
    made._issue(csr, made.intermediate, made.root, kind, days=3650)
    return made


_GROUPS = {"dist": "downloads", "real": "windows", "wheel": "wheel"}
"""The group of the tests that share what a fixture takes long to build, by the fixture's name."""


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the marks in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what shares a long build, in one process; the rest fills the others.

    What takes many seconds may take many minutes on a busy computer.
    """
    builds = []
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(1400))
        for fixture in _GROUPS.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group(_GROUPS[fixture]))
            builds.append(item)
    items.sort(key=lambda item: item not in builds)
