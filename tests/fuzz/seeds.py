"""What a fuzzer begins with: files as people have them, and small ones of every other kind."""

from __future__ import annotations

import base64
import gzip
import io
import json
import tarfile
import tempfile
import zipfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from hostile_tables import HEADINGS, SAME
from openpyxl import Workbook

from enos_csr_gui.core import asn1, pbe
from enos_csr_gui.core.history import RequestHistory

SAMPLES = Path(__file__).parents[1] / "samples"


@cache
def seeds() -> list[bytes]:
    """Return the samples, and what is made here."""
    samples = [path.read_bytes() for path in sorted(SAMPLES.rglob("*")) if path.is_file()]
    return [*samples, *_made()]


def _made() -> list[bytes]:
    request = (SAMPLES / "foreign/00-base/dev-001.csr").read_bytes()
    der = next(asn1.pem_blocks(request)).der or b""
    key_pem = (SAMPLES / "foreign/00-base/dev-001.key").read_bytes()
    key = serialization.load_pem_private_key(key_pem, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    answer = {"data": {"cert": request.decode(), "certSN": "1234", "certChainURL": "https://a/b"}}
    return [
        *_packed(request),
        *_dumped(der),
        *_protected(key),
        *_tables(),
        *_own_files(request),
        json.dumps(answer).encode(),
        b"\xfe\xed\xfe\xed\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x01\x00\x03key" + bytes(60),
        b"{\\rtf1\\ansi " + request.replace(b"\n", b"\\par\n") + b"}",
        b"MIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\n" + base64.b64encode(request),
    ]


def _packed(content: bytes) -> list[bytes]:
    found = []
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", method) as archive:
            archive.writestr("a.csr", content)
        found.append(file.getvalue())
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        member = tarfile.TarInfo("a.csr")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return [*found, gzip.compress(content, mtime=0), file.getvalue()]


def _dumped(der: bytes) -> list[bytes]:
    plain = der.hex(" ").upper()
    lines = [
        f"{at:08x}: {der[at : at + 16].hex(' ', 2)}  ................"
        for at in range(0, len(der), 16)
    ]
    in_c = ", ".join(f"0x{byte:02x}" for byte in der)
    return [plain.encode(), "\n".join(lines).encode(), f"char a[] = {{{in_c}}};".encode()]


def _protected(key: rsa.RSAPrivateKey) -> list[bytes]:
    """Return the key in every protection, each so cheap that a fuzzer can open it often."""
    found = []
    for scheme in (pkcs12.PBES.PBESv2SHA256AndAES256CBC, pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC):
        encryption = serialization.PrivateFormat.PKCS12.encryption_builder().kdf_rounds(1)
        built = encryption.key_cert_algorithm(scheme).build(b"secret")
        store = pkcs12.serialize_key_and_certificates(b"a", key, None, None, built)
        found += [store, pbe.encrypted_key_in_pkcs12(store) or b""]
    old = serialization.BestAvailableEncryption(b"secret")
    traditional = serialization.PrivateFormat.TraditionalOpenSSL
    return [*found, key.private_bytes(serialization.Encoding.PEM, traditional, old)]


def _tables() -> list[bytes]:
    heading, row = ",".join(HEADINGS), ",".join([*SAME, "dev-1"])
    template = "Device Name,Device Key,Time Zone\nname,4 to 64,UTC+08:00\nA,dev-1,UTC+08:00\n"
    book = Workbook()
    for line in (HEADINGS, [*SAME, "dev-1"], [*SAME, 7]):
        book.active.append(line)
    file = io.BytesIO()
    book.save(file)
    return [
        f"{heading}\n{row}\n".encode(),
        f"sep=;\n{heading}\n{row}\n".replace(",", ";").encode("utf-16"),
        f"{heading}\n{row}\n".replace("Kaili", "凯里").encode("gb18030"),
        template.encode("utf-8-sig"),
        '设备名称,设备标识,时区\n"a""b",dev-1,x\n'.encode(),
        file.getvalue(),
    ]


def _own_files(request: bytes) -> list[bytes]:
    """Return what the program itself writes, and reads again at another time."""
    record = {
        **{"batch": "a", "line": 2, "common_name": "a", "subject": {"common_name": "a"}},
        **{"key_file": "a/a.key", "csr_file": "a/a.csr", "public_key_sha256": "00" * 32},
        **{"csr_sha256": "00" * 32, "columns": {"x": "y"}, "csr": request.decode()},
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.sqlite3"
        with RequestHistory(path) as history:
            history.record(
                {"common_name": "a"},
                public_key_sha256="00" * 32,
                key=Path("/a.key"),
                csr=Path("/a.csr"),
                made_on=datetime(2026, 1, 1, tzinfo=UTC),
            )
        stored = path.read_bytes()
    return [
        json.dumps(record).encode() + b"\n",
        json.dumps({"profiles": [{"name": "a", "answers": {"country": "CN"}}]}).encode(),
        json.dumps({"answers": {"country": "CN"}, "folder": "/a"}).encode(),
        json.dumps({"first": "/a.key", "sha256": "0", "rest": {"a.csr": "x"}}).encode() + b"\n",
        b'set_by = "IT"\nfolder = "~/a"\nlocked = ["country"]\n[answers]\ncountry = "CN"\n'
        b'[submit]\nemail = "a@example.com"\nsubject = "a"\nnote = "b"\n',
        b'"common_name","passphrase"\n"a","secret"\n',
        stored,
    ]
