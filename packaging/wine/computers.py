"""A computer with Windows: the Wine of this system, or that of Debian 13 in a folder."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from wine import TOP, Unavailable, cache, call, openssl_server, windows_python

_DEBIAN = "trixie"
_PACKAGES = [
    "wine64",
    # What a window needs, and fonts.
    *("libxcomposite1", "libxcursor1", "libxfixes3", "libxi6", "libxinerama1", "libxrandr2"),
    *("libxrender1", "libxxf86vm1", "fonts-liberation", "fonts-open-sans", "fonts-wine"),
    "fonts-wqy-microhei",
]
_FONTS = (
    *("open-sans/OpenSans-Regular.ttf", "open-sans/OpenSans-Bold.ttf"),
    *("open-sans/OpenSans-Italic.ttf", "open-sans/OpenSans-BoldItalic.ttf"),
    *("liberation/LiberationMono-Regular.ttf", "liberation/LiberationMono-Bold.ttf"),
)
"""What stands in for Segoe UI and Consolas, for a window without a screen."""

_OVERRIDES = "mscoree=;mshtml=;winemenubuilder.exe=d"  # no .NET, no HTML, no menu entries in Linux
_SHOWS_WINDOWS_FROM = 10
_READY = "enos-csr-ready"
"""A file in a prefix that was set up to the end."""


class Wine:
    """Runs programs for Windows.

    ``root`` is the folder of the system that it belongs to, None for this one. Each ``purpose`` has
    a computer of its own, with its own settings. Where another process uses the same computer,
    ``on`` waits for it if ``wait``, and raises Unavailable otherwise.
    """

    def __init__(
        self, root: Path | None = None, *, wait: bool = True, purpose: str = "tests"
    ) -> None:
        self._root = root
        self._purpose = purpose
        self._wait = wait
        places = f"{os.environ['PATH']}:/usr/lib/wine"
        found = "/usr/lib/wine/wine64" if root else shutil.which("wine64", path=places)
        if not found:
            raise Unavailable("wine64 is not installed")
        self._program = found
        try:
            printed = call([*self._enter(), self._program, "--version"], env=self._environment())
        except RuntimeError as error:
            raise Unavailable(str(error)) from error
        self.version = printed.strip().removeprefix("wine-").split()[0]  # such as '10.0'
        self.major = int(self.version.split(".")[0])
        self.drive_c = self._prefix / "drive_c"

    def __str__(self) -> str:
        """Return the name, such as 'Wine 10'."""
        return f"Wine {self.major}"

    @property
    def _prefix(self) -> Path:
        of = "" if self._purpose == "tests" else f"-{self._purpose}"
        return cache() / f"prefix-{getattr(self, 'major', 0)}{of}"

    def _enter(self) -> list[str]:
        """Return the beginning of a command that runs in the other system."""
        if not self._root:
            return []
        # The mounts end with the process. The X display is reached by an abstract socket, which is
        # in no folder.
        folders = ["/proc", "/dev", "/sys", str(cache()), str(TOP)]
        steps = [
            f"mkdir -p '{self._root}{folder}' && mount --rbind '{folder}' '{self._root}{folder}'"
            for folder in folders
        ]
        inside = f'folder=$PWD; {" && ".join(steps)} && exec chroot "$0" env -C "$folder" "$@"'
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", inside, self._root]

    def _environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        return {
            # Documents and Desktop of Wine are links to this folder.
            "HOME": str(self._prefix / "home"),
            "LC_ALL": "C.UTF-8",
            "PATH": os.environ["PATH"],
            "WINEDEBUG": os.environ.get("WINEDEBUG", "-all"),
            "WINEDLLOVERRIDES": _OVERRIDES,
            "WINEPREFIX": str(self._prefix),
            **(more or {}),
        }

    def run(
        self,
        *command: str | Path,
        limit: float = 600,
        folder: Path | None = None,
        **environment: str,
    ) -> int:
        """Run a program in a folder, by default the current one, and return its exit status.

        Its output is printed. Raises Unavailable when it takes longer than ``limit`` seconds; then
        every program of this Wine has been ended.
        """
        process = subprocess.Popen(
            [*self._enter(), self._program, *map(str, command)],
            cwd=folder,
            env=self._environment(environment),
            stdin=subprocess.DEVNULL,
            # Always a pipe: Wine does not support a file that can only be written.
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        copier = threading.Thread(target=_copy, args=[process.stdout], daemon=True)
        copier.start()
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired as error:
            raise Unavailable(f"it did not end within {limit / 60:.0f} minutes") from error
        finally:
            if process.poll() is None:
                self._switch_off()
                process.kill()
                process.wait()
            copier.join(10)  # a program in the background may still hold the pipe

    @contextmanager
    def on(self) -> Iterator[dict[str, str]]:
        """Keep the computer switched on; yields environment variables for its programs.

        There is one for each version of Wine and purpose, and one process uses it at a time.
        """
        cache().mkdir(parents=True, exist_ok=True)
        with self._prefix.with_name(f"{self._prefix.name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | (0 if self._wait else fcntl.LOCK_NB))
            except BlockingIOError as error:
                raise Unavailable(f"another process uses {self}") from error
            with self._display() as display:
                if not (self._prefix / _READY).exists():
                    self._set_up(display)
                for stub in windows_python.stubs().iterdir():
                    target = self.drive_c / "windows" / "system32" / stub.name
                    if stub.suffix == ".exe" or not target.exists():
                        shutil.copy(stub, target)
                self._add_fonts()
                with self._share() as share:
                    try:
                        with openssl_server.serve(self.drive_c) as port:
                            variables = {"ENOS_CSR_OPENSSL_PORT": str(port)}
                            yield {**display, **variables, "ENOS_CSR_SHARE": share}
                    finally:
                        self._switch_off()

    @contextmanager
    def _share(self) -> Iterator[str]:
        """Make an empty folder that Wine shows as the share of a server; yields its name."""
        folder = self._prefix / "dosdevices" / "unc" / "server" / "share"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        yield r"\\server\share"
        shutil.rmtree(folder, ignore_errors=True)

    def _set_up(self, display: dict[str, str]) -> None:
        print(f"Setting up Windows under Wine {self.version}, only this first time...", flush=True)
        shutil.rmtree(self._prefix, ignore_errors=True)
        (self._prefix / "home").mkdir(parents=True)
        try:
            if status := self.run("wineboot", "--init", **display):
                raise Unavailable(f"wineboot ended with {status}")
        except BaseException:
            shutil.rmtree(self._prefix, ignore_errors=True)
            raise
        if self.major >= _SHOWS_WINDOWS_FROM:
            self.run("winecfg", "-v", "win11", **display)
        self._switch_off()
        (self._prefix / _READY).touch()

    def _add_fonts(self) -> None:
        source = (self._root or Path("/")) / "usr" / "share" / "fonts" / "truetype"
        target = self.drive_c / "windows" / "Fonts"
        target.mkdir(exist_ok=True)
        for name in _FONTS:
            if (source / name).exists():
                shutil.copy(source / name, target)

    def _switch_off(self) -> None:
        server = Path(self._program).with_name("wineserver")
        for option in ("--kill", "--wait"):
            with suppress(subprocess.TimeoutExpired):
                subprocess.run(
                    [*self._enter(), str(server), option],
                    env=self._environment(),
                    check=False,
                    capture_output=True,
                    timeout=60,
                )

    @contextmanager
    def _display(self) -> Iterator[dict[str, str]]:
        """Start an X display for a Wine that shows windows well; yields its variables."""
        if self.major < _SHOWS_WINDOWS_FROM:
            yield {}
            return
        if not shutil.which("Xvfb"):
            raise Unavailable("xvfb is not installed")
        reader, writer = os.pipe()
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1920x1080x24", "-nolisten", "tcp"],
            pass_fds=[writer],
            stderr=subprocess.DEVNULL,
        )
        os.close(writer)
        try:
            with os.fdopen(reader) as lines:
                yield {"DISPLAY": f":{lines.readline().strip()}"}
        finally:
            server.terminate()
            server.wait()


def _copy(source: IO[bytes]) -> None:
    """Copy the output of a program to standard output until it ends."""
    with source:
        while data := source.read1():  # type: ignore[attr-defined]
            sys.stdout.buffer.write(data)
            sys.stdout.flush()


def here(*, wait: bool = True) -> Wine:
    """Return the Wine of this system; raises Unavailable."""
    return Wine(wait=wait)


def that_shows_windows(purpose: str = "tests") -> Wine:
    """Return a Wine that shows the window as Windows does; raises Unavailable.

    That is the Wine of this system from version 10 on, else that of Debian 13, which is installed
    in the cache.
    """
    with suppress(Unavailable):
        wine = Wine(purpose=purpose)
        if wine.major >= _SHOWS_WINDOWS_FROM:
            return wine
    if os.geteuid() != 0:
        raise Unavailable("only root can install another system in a folder")
    if subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode:
        raise Unavailable("this system does not allow mounts")
    root = cache() / _DEBIAN
    if not root.exists():
        if not shutil.which("mmdebstrap"):
            raise Unavailable("mmdebstrap, which installs Debian 13 in a folder, is not installed")
        print("Getting Debian 13 with its Wine, only this first time...", flush=True)
        cache().mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=cache(), prefix=f"{_DEBIAN}-partial-"))
        included = f"--include={','.join(_PACKAGES)}"
        try:
            call(["mmdebstrap", "--variant=apt", included, _DEBIAN, partial], timeout=1800)
            partial.rename(root)
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            raise Unavailable(f"Debian 13 could not be installed: {error}") from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return Wine(root, purpose=purpose)
