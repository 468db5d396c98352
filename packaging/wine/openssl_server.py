"""Runs the OpenSSL of Linux for openssl.c, the ``openssl.exe`` of programs under Wine."""

from __future__ import annotations

import re
import socketserver
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PATH = re.compile(r"(?<![A-Za-z])([CZ]):([\\/][^\n]*)", re.IGNORECASE)


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        folder = self._path(self._text())
        arguments = [self._path(self._text()) for _ in range(self._number())]
        done = subprocess.run(
            ["openssl", *arguments],
            input=self._bytes(),
            capture_output=True,
            cwd=folder,
            check=False,
        )
        parts = [struct.pack("<i", done.returncode)]
        for output in (done.stdout, done.stderr):
            parts += [struct.pack("<I", len(output)), output]
        self.request.sendall(b"".join(parts))

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            if not (more := self.request.recv(size - len(data))):
                raise EOFError
            data += more
        return data

    def _number(self) -> int:
        return int(struct.unpack("<I", self._read(4))[0])

    def _bytes(self) -> bytes:
        return self._read(self._number())

    def _text(self) -> str:
        return self._bytes().decode()

    def _path(self, text: str) -> str:
        """Return an argument with the paths in it, also in 'file:C:\\...', as Linux writes them."""

        def linux(match: re.Match[str]) -> str:
            drive = str(self.server.drive_c) if match[1].upper() == "C" else ""
            return drive + match[2].replace("\\", "/")

        return _PATH.sub(linux, text)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, drive_c: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.drive_c = drive_c


@contextmanager
def serve(drive_c: Path) -> Iterator[int]:
    """Serve at the port that the context yields; ``drive_c`` is the folder of drive C:."""
    with _Server(drive_c) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()
