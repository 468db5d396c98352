"""A farm of 1,000 devices from the table to certificates, and to keystores that Java opens."""

from __future__ import annotations

import csv
import shutil
import subprocess
import zipfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from enos_csr_gui.core import keys

from .test_batch import SAME
from .test_json import check

DEVICES, FIRST, MISSING, FOREIGN = 1000, 25, 70, 25

OPEN_ALL = """
import java.io.FileInputStream;
import java.security.KeyStore;
import java.security.cert.X509Certificate;

class OpenAll {
    public static void main(String[] files) throws Exception {
        char[] passphrase = "turbines17".toCharArray();
        for (String file : files) {
            KeyStore store = KeyStore.getInstance("JKS");
            store.load(new FileInputStream(file), passphrase);
            store.getKey("edge", passphrase).getEncoded();
            var chain = store.getCertificateChain("edge");
            for (int n = 0; n + 1 < chain.length; n++)
                chain[n].verify(chain[n + 1].getPublicKey());
            System.out.println(((X509Certificate) chain[0]).getSubjectX500Principal());
        }
    }
}
"""


class Issuer:
    """Signs as OpenSSL's authority does, with its key, and a hundred times as fast."""

    def __init__(self, authority) -> None:
        self._certificate = x509.load_pem_x509_certificate(authority.intermediate.read_bytes())
        data = authority.intermediate.with_suffix(".key").read_bytes()
        self._key = serialization.load_pem_private_key(data, None)
        self.chain = authority.intermediate.read_bytes() + authority.root.read_bytes()

    def issue(self, subject: x509.Name, public_key) -> bytes:
        """Return the certificate in PEM."""
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(
            self._certificate.subject,
            subject,
            public_key,
            x509.random_serial_number(),
            now - timedelta(minutes=5),
            now + timedelta(days=365),
        )
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(False, None), critical=True)
        builder = builder.add_extension(issuer, critical=False)
        signed = builder.sign(self._key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM)


def deliver(path: Path, certificates: list[bytes], chain: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for number, data in enumerate(certificates):
            archive.writestr(f"certificates/{number % 7}/{number}.cer", data)
        archive.writestr("ca/chain.pem", chain)
    return path


def statuses(folder: Path) -> Counter[str]:
    with (folder / "certificates.csv").open(encoding="utf-8-sig", newline="") as file:
        return Counter(row["status"] for row in csv.DictReader(file))


@pytest.mark.slow
def test_a_farm_from_the_table_to_the_keystores(enos_csr, folder, authority, openssl) -> None:
    names = [f"turbine-{number:04}" for number in range(DEVICES)]
    (folder / "devices.csv").write_text(
        "\n".join(["DeviceKey,Site", *(f"{n},north" for n in names)])
    )
    made = enos_csr("batch", "devices.csv", "--out", "farm", *SAME, "--json")
    assert check(made.stdout, "batch")["created"] == DEVICES
    farm = folder / "farm"

    issuer = Issuer(authority)
    issued = []
    for name in names[: DEVICES - MISSING]:
        request = x509.load_pem_x509_csr((farm / name / f"{name}.csr").read_bytes())
        assert request.is_signature_valid
        issued.append(issuer.issue(request.subject, request.public_key()))
    other = keys.generate().public_key()
    foreign = [
        issuer.issue(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"x-{n}")]), other)
        for n in range(FOREIGN)
    ]
    (folder / "secret").write_text("turbines17")

    # The first devices are to be tried with Java, all the others read PEM files.
    first = deliver(folder / "first.zip", issued[:FIRST], issuer.chain)
    java = ["--format", "jks", "--passphrase-file", "secret", "--files", "java"]
    done = enos_csr("receive-batch", first, "--out", "farm", *java)
    assert done.exit_code == 1  # most are missing
    assert statuses(farm) == {"received": FIRST, "missing": DEVICES - FIRST}
    second = deliver(folder / "second.zip", issued[FIRST:] + foreign, issuer.chain)
    done = enos_csr("receive-batch", second, "--out", "farm", "--format", "pem", "--json")
    printed = check(done.stdout, "batch_received")
    assert len(printed["foreign"]) == FOREIGN
    assert statuses(farm) == {
        "received": DEVICES - FIRST - MISSING,
        "already-received": FIRST,
        "missing": MISSING,
    }
    has = names[: DEVICES - MISSING]
    assert {path.stem for path in farm.rglob("*.crt")} == set(has)
    leaves = [farm / name / "edge.pem" for name in has]
    trust = ("-CAfile", authority.root, "-untrusted", authority.intermediate)
    verified = openssl("verify", *trust, *leaves).splitlines()
    assert verified == [f"{leaf}: OK" for leaf in leaves]
    for name, leaf in list(zip(has, leaves, strict=True))[::100]:
        ours = openssl("pkey", "-in", farm / name / "edge.key", "-pubout")
        assert openssl("x509", "-in", leaf, "-noout", "-pubkey") == ours
        assert name in openssl("x509", "-in", leaf, "-noout", "-subject")

    stores = sorted((folder / "java").rglob("*.jks"))
    assert [path.stem for path in stores] == names[:FIRST]
    if not shutil.which("java"):
        pytest.skip("no Java here to open the keystores")
    program = folder / "OpenAll.java"
    program.write_text(OPEN_ALL)
    run = subprocess.run(["java", program, *stores], capture_output=True, check=True, text=True)
    owners = run.stdout.splitlines()
    assert len(owners) == FIRST
    assert all(name in owner for name, owner in zip(names, owners, strict=False))
    listing = ["keytool", "-list", "-storepass", "turbines17", "-keystore", stores[0]]
    shown = subprocess.run(listing, capture_output=True, check=True, text=True).stdout
    assert shown.count("PrivateKeyEntry") == 1
    assert shown.count("trustedCertEntry") == 2
