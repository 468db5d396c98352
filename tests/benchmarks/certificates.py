"""What the certificates of many devices cost: ``python tests/benchmarks/certificates.py [COUNT]``.

Prints the time and the memory that it takes to read a ZIP archive of COUNT certificates, to sort
them to the requests of a batch, and to save them. Their public keys are random numbers: nothing
here needs the private ones.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from batch import memory
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from enos_csr_gui.core import keys
from enos_csr_gui.core.batch import collect, records
from enos_csr_gui.core.batch.pool import Pool
from enos_csr_gui.core.batch.records import Record

SUBJECT = {
    "country": "CN",
    "state": "Guizhou",
    "locality": "Kaili",
    "organization": "Example Wind Ltd",
    "unit": "Operations",
}


def name(common_name: str) -> x509.Name:
    oids = (
        NameOID.COUNTRY_NAME,
        NameOID.STATE_OR_PROVINCE_NAME,
        NameOID.LOCALITY_NAME,
        NameOID.ORGANIZATION_NAME,
        NameOID.ORGANIZATIONAL_UNIT_NAME,
    )
    parts = [*zip(oids, SUBJECT.values(), strict=True), (NameOID.COMMON_NAME, common_name)]
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts])


def issue(folder: Path, count: int) -> Path:
    """Write the folder of a batch, with empty key files, and an archive of its certificates."""
    authority, now = keys.generate(), datetime.now(UTC)
    archive = folder / "issued.zip"
    made: list[Record] = []

    def certificate(common_name: str, key: rsa.RSAPublicKey, *, is_root: bool = False) -> bytes:
        found = (
            x509.CertificateBuilder()
            .subject_name(name(common_name))
            .issuer_name(name("Root"))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=365))
            .add_extension(x509.BasicConstraints(is_root, None), critical=True)
            .sign(authority, hashes.SHA256())
        )
        return found.public_bytes(serialization.Encoding.PEM)

    with zipfile.ZipFile(archive, "w") as issued, records.opened(folder / "farm") as ledger:
        issued.writestr("ca.pem", certificate("Root", authority.public_key(), is_root=True))
        for number in range(count):
            device = f"turbine-{number:07}"
            modulus = secrets.randbits(2048) | (1 << 2047) | 1
            key = rsa.RSAPublicNumbers(65537, modulus).public_key()
            issued.writestr(f"{device}.pem", certificate(device, key))
            place = folder / "farm" / device
            place.mkdir()
            (place / f"{device}.key").touch()
            files = (f"{device}/{device}.key", f"{device}/{device}.csr")
            csr = secrets.token_hex(500)  # as long as one
            subject = {**SUBJECT, "common_name": device}
            made.append(
                Record(number + 2, subject, *files, csr, keys.public_key_sha256(key), {"Site": "n"})
            )
        ledger.append(made)
    return archive


def main(count: int) -> None:
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCHMARK_FOLDER")) as home:
        os.environ["XDG_DATA_HOME"] = os.environ["XDG_CONFIG_HOME"] = home
        if (child := os.fork()) == 0:  # so that none of its memory counts
            issue(Path(home), count)
            os._exit(0)
        os.waitpid(child, 0)
        before, begin = memory(), time.process_time()

        def report(what: str) -> None:
            nonlocal begin
            used = time.process_time() - begin
            more = memory() - before
            print(f"{what}: {1000 * used / count:5.2f} ms of CPU each, {more:6.0f} MB", flush=True)
            begin = time.process_time()

        requested = collect.of_folder(Path(home, "farm"))
        report("requests")
        pool = Pool([Path(home, "issued.zip")], Path(home, "farm"))
        report("read")
        found = collect.look([requested], pool)
        report("sorted")
        done = collect.save(found)
        report("saved")
        assert sum(1 for one in done if one.certificate) == count


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
