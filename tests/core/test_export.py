"""What the device is handed: read by OpenSSL, by Java, and used for a connection."""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import stat
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from enos_csr_gui.core import csr, export, files, key_reader, keys, pbe
from enos_csr_gui.core import keystore as keystores
from enos_csr_gui.core.asn1 import der_oid, der_values
from enos_csr_gui.core.certificate import load_all
from enos_csr_gui.core.enums import Format, Role
from enos_csr_gui.core.errors import (
    CannotExport,
    CannotSave,
    Code,
    InvalidFileName,
    InvalidKey,
    Problem,
)
from enos_csr_gui.core.export import ExportedFile
from enos_csr_gui.core.subject import Subject
from enos_csr_gui.core.x509_reader import Certificate

SECRET = "correct horse ~ battery!"

KEYSTORES = [Format.PKCS12, Format.JAVA]


class Issued(NamedTuple):
    key: rsa.RSAPrivateKey
    certificate: Certificate
    chain: list[Certificate]


@pytest.fixture
def issue(authority, key, answers, tmp_path_factory) -> Callable[..., Issued]:
    """Return a function for a certificate: its key, it, and its chain to the root."""
    folder = tmp_path_factory.mktemp("issued")

    def make(**changes: str) -> Issued:
        csr_file = folder / "device.csr"
        csr_file.write_bytes(csr.to_pem(csr.sign(Subject(answers | changes), key)))
        paths = (
            authority.issue(csr_file, folder / "device.pem"),
            authority.intermediate,
            authority.root,
        )
        leaf, *chain = (load_all(path.read_bytes())[0] for path in paths)
        return Issued(key, leaf, chain)

    return make


@pytest.fixture
def issued(issue) -> Issued:
    """Return a key, its certificate and the chain: an intermediate and the root."""
    return issue()


@pytest.fixture
def keystore(issued, tmp_path) -> Callable[..., Path]:
    """Return a function that saves a keystore."""

    def save(format_: Format, given: Issued = issued, **options: object) -> Path:
        target = tmp_path / f"device.{format_}"
        export.export_files(format_, *given, target, passphrase=SECRET, **options)
        return target

    return save


def is_the_key(key: rsa.RSAPrivateKey, issued: Issued) -> bool:
    return key.private_numbers() == issued.key.private_numbers()


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# --- PEM ------------------------------------------------------------------------------------------


@pytest.mark.long
def test_the_pem_files_are_called_as_the_platform_calls_them(issued, tmp_path, openssl, authority):
    folder = tmp_path / "device"  # made, for it is the last step of the path
    assert export.export_files(Format.PEM, *issued, folder) == [
        ExportedFile(Role.KEY, folder / "edge.key", private=True),
        ExportedFile(Role.CERTIFICATE, folder / "edge.pem"),
        ExportedFile(Role.AUTHORITY, folder / "edge_ca.pem"),
    ]
    assert is_the_key(key_reader.load((folder / "edge.key").read_bytes()), issued)
    leaf = load_all((folder / "edge.pem").read_bytes())
    chain = load_all((folder / "edge_ca.pem").read_bytes())
    assert (leaf, chain) == ([issued.certificate], issued.chain)
    openssl("verify", "-CAfile", folder / "edge_ca.pem", folder / "edge.pem")


def test_a_passphrase_protects_the_key_in_pem(issued, tmp_path, openssl):
    key, *_rest = export.export_files(Format.PEM, *issued, tmp_path, name="dev", passphrase=SECRET)
    assert key == ExportedFile(Role.KEY, tmp_path / "dev.key", private=True, protected=True)
    openssl("pkey", "-in", key.path, "-passin", f"pass:{SECRET}", "-noout")
    with pytest.raises(AssertionError):
        openssl("pkey", "-in", key.path, "-passin", "pass:", "-noout")


# --- PKCS #12 -------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("format_", KEYSTORES)
def test_openssl_reads_a_keystore(keystore, openssl, format_):
    opened = ("pkcs12", "-in", keystore(format_), "-passin", f"pass:{SECRET}")
    shown = openssl(*opened, "-info", "-nodes")
    assert "MAC: sha256, Iteration 190000" in shown
    assert shown.count("PBES2, PBKDF2, AES-256-CBC") == 2
    alias = "edge" if format_ is Format.JAVA else "dev-001"
    assert f"friendlyName: {alias}\n" in shown
    assert shown.count("BEGIN CERTIFICATE") == 3
    assert shown.count("BEGIN PRIVATE KEY") == 1


@pytest.mark.parametrize("format_", KEYSTORES)
def test_openssl_reads_a_keystore_for_older_systems(keystore, openssl, format_):
    opened = ("pkcs12", "-in", keystore(format_, older_systems=True), "-passin", f"pass:{SECRET}")
    shown = openssl(*opened, "-info", "-nodes")
    assert "MAC: sha1," in shown
    assert "PBES2" not in shown
    assert shown.count("pbeWithSHA1And3-KeyTripleDES-CBC") == 2
    assert shown.count("Iteration 20000") == 3


def test_a_keystore_names_what_is_in_it(keystore, issued):
    for format_, own, others in (
        (Format.PKCS12, b"dev-001", {None}),
        (Format.JAVA, b"edge", {b"cacert", b"cacert-2"}),
    ):
        data = keystore(format_, older_systems=True).read_bytes()
        opened = pkcs12.load_pkcs12(data, SECRET.encode())
        assert is_the_key(opened.key, issued)
        assert opened.cert.friendly_name == own
        assert opened.cert.certificate.public_bytes(Encoding.DER) == issued.certificate.der
        assert {one.friendly_name for one in opened.additional_certs} == others
        names = {
            one.certificate.public_bytes(Encoding.DER): one.friendly_name
            for one in opened.additional_certs
        }
        assert names.keys() == {one.der for one in issued.chain}
        assert names[issued.chain[-1].der] == (b"cacert" if format_ is Format.JAVA else None)


def test_the_key_in_a_java_keystore_is_called_as_one_wants(keystore):
    data = keystore(Format.JAVA, older_systems=True, name="turbine").read_bytes()
    assert pkcs12.load_pkcs12(data, SECRET.encode()).cert.friendly_name == b"turbine"


def shape(der: bytes) -> list:
    """Return the values in DER, also in octets: numbers and identifiers as they are."""
    found = []
    for one in der_values(der):
        content = der[one.inside : one.end]
        inside: object = content if one.tag in (0x02, 0x05, 0x06) else None
        if one.tag & 0x20 or content[:1] == b"\x30":
            with suppress(ValueError):  # what is encrypted is no DER
                inside = shape(content)
        found.append((one.tag, inside))
    return found


@pytest.mark.parametrize(
    ("older_systems", "like"),
    [
        (False, "-keypbe AES-256-CBC -certpbe AES-256-CBC -macalg sha256 -iter 190000"),
        (True, "-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1 -iter 20000"),
    ],
)
def test_a_keystore_is_built_as_openssl_builds_it(keystore, issued, openssl, older_systems, like):
    store = keystore(Format.PKCS12, older_systems=older_systems)
    folder = store.parent
    (folder / "key").write_bytes(keys.to_pem(issued.key))
    (folder / "cert").write_bytes(issued.certificate.to_pem())
    (folder / "chain").write_bytes(b"".join(one.to_pem() for one in issued.chain))
    openssl("pkcs12", "-export", "-inkey", folder / "key", "-in", folder / "cert",
            "-certfile", folder / "chain", "-name", "dev-001", *like.split(),
            "-passout", f"pass:{SECRET}", "-out", folder / "theirs")  # fmt: skip
    theirs = folder / "theirs"
    assert shape(store.read_bytes()) == shape(theirs.read_bytes())
    # What is encrypted, with its attributes.
    own, other = (
        openssl("pkcs12", "-in", one, "-nodes", "-passin", f"pass:{SECRET}")
        for one in (store, theirs)
    )
    assert own == other


def test_if_not_said_otherwise_a_keystore_is_for_the_systems_of_today(issued):
    for make in (keystores.keystore, keystores.java_keystore):
        data = make(*issued, SECRET)
        assert data.count(der_oid(pbe.PBES2)) == 2
        assert pbe.seconds(data) == pytest.approx(3 * 190_000 / 2_000_000)
        assert der_oid("1.2.840.113549.1.12.1.3") not in data


def test_java_trusts_what_is_marked_for_it(keystore, openssl):
    store = keystore(Format.JAVA, older_systems=True)
    shown = openssl("pkcs12", "-in", store, "-nokeys", "-passin", f"pass:{SECRET}")
    # Newer versions of OpenSSL have a name for it.
    marks = re.findall(r"2\.16\.840\.1\.113894\.746875\.1\.1:|Trusted key usage", shown)
    assert len(marks) == 2


def test_a_name_that_is_half_a_character_is_no_reason_to_fail(keystore):
    data = keystore(Format.JAVA, older_systems=True, name="d\udce9v").read_bytes()
    assert pkcs12.load_pkcs12(data, SECRET.encode()).cert.friendly_name == b"d?v"


def test_a_certificate_without_a_common_name_is_exported(issued, openssl, authority, tmp_path):
    (tmp_path / "key").write_bytes(keys.to_pem(issued.key))
    openssl("req", "-new", "-key", tmp_path / "key", "-subj", "/O=Wind", "-out", tmp_path / "csr")
    authority.issue(tmp_path / "csr", tmp_path / "cert")
    [leaf] = load_all((tmp_path / "cert").read_bytes())
    [written] = export.export_files(
        Format.PKCS12, issued.key, leaf, [], tmp_path / "a.p12", passphrase="secret",
        older_systems=True,
    )  # fmt: skip
    opened = pkcs12.load_pkcs12(written.path.read_bytes(), b"secret")
    assert (opened.cert.friendly_name, opened.additional_certs) == (b"edge", [])


@pytest.mark.long
@pytest.mark.parametrize("format_", KEYSTORES)
def test_a_keystore_opens_with_its_passphrase_only(keystore, issued, format_):
    data = keystore(format_).read_bytes()
    assert is_the_key(pkcs12.load_pkcs12(data, SECRET.encode()).key, issued)
    with pytest.raises(ValueError, match="Invalid password"):
        pkcs12.load_pkcs12(data, b"incorrect")


@pytest.mark.long
@pytest.mark.parametrize("place", range(100, 2000, 400))
def test_a_changed_keystore_does_not_open(keystore, place):
    data = bytearray(keystore(Format.JAVA).read_bytes())
    data[place] ^= 1
    with pytest.raises(ValueError, match=r".*"):
        pkcs12.load_pkcs12(bytes(data), SECRET.encode())


@pytest.mark.long
def test_without_the_chain_a_keystore_holds_key_and_certificate(keystore, issued):
    path = keystore(Format.PKCS12, issued._replace(chain=[]))
    opened = pkcs12.load_pkcs12(path.read_bytes(), SECRET.encode())
    assert is_the_key(opened.key, issued)
    assert opened.cert.certificate.public_bytes(Encoding.DER) == issued.certificate.der
    assert opened.additional_certs == []


@pytest.mark.long
def test_the_number_of_iterations_is_one_that_every_system_takes(keystore):
    """.NET refuses more than 600,000 in all (KB5025823)."""
    counts = [int(one) for one in re.findall("Iteration (\\d+)", _info(keystore(Format.JAVA)))]
    assert len(counts) == 3
    assert 500_000 < sum(counts) <= 600_000


def _info(store: Path) -> str:
    shown = subprocess.run(
        ["openssl", "pkcs12", "-in", store, "-passin", f"pass:{SECRET}", "-info", "-noout"],
        capture_output=True,
        check=True,
        text=True,
    )
    return shown.stderr


# --- C --------------------------------------------------------------------------------------------

_PRINT = """
#include <stdio.h>
#include "device.h"
int main(void) {
    printf("%s%s%s", enos_ca_chain, enos_certificate, enos_private_key);
    return 0;
}
"""


def test_the_compiled_strings_are_the_pem_files(issued, tmp_path):
    if not (compiler := shutil.which("cc")):
        pytest.skip("no C compiler here")
    [written] = export.export_files(Format.C, *issued, tmp_path / "device.h")
    assert written == ExportedFile(Role.SOURCE, tmp_path / "device.h", private=True)
    assert permissions(written.path) == 0o600
    (tmp_path / "print.c").write_text(_PRINT)
    strict = ["-std=c99", "-Wall", "-Wextra", "-Wno-overlength-strings", "-pedantic", "-Werror"]
    command = [compiler, *strict, "print.c", "-o", "print"]
    subprocess.run(command, cwd=tmp_path, check=True)
    printed = subprocess.run([tmp_path / "print"], capture_output=True, check=True).stdout
    chain = b"".join(one.to_pem() for one in issued.chain)
    certificate = issued.certificate.to_pem()
    assert printed.startswith(chain + certificate + b"-----BEGIN PRIVATE KEY-----\n")
    assert is_the_key(key_reader.load(printed), issued)


def test_the_c_sdk_has_no_passphrase(issued, tmp_path, refusal):
    refused = refusal(
        CannotExport, export.export_files, Format.C, *issued, tmp_path / "x.h", passphrase=SECRET
    )
    assert refused == [Code.FORMAT_UNPROTECTED]
    assert not list(tmp_path.glob("*.h"))


# --- Java -----------------------------------------------------------------------------------------

# What the EnOS SDK for Java does with its one file and one password, and what it finds in it.
_DEVICE = """
import java.io.*;
import java.security.*;
import java.security.cert.*;
import java.util.*;
import javax.net.ssl.*;

class Device {
    public static void main(String[] arguments) throws Exception {
        char[] password = arguments[1].toCharArray();
        for (String type : List.of("JKS", KeyStore.getDefaultType())) {
            KeyStore store = KeyStore.getInstance(type);
            try (InputStream file = new FileInputStream(arguments[0])) {
                store.load(file, password);
            }
            for (String alias : Collections.list(store.aliases())) {
                System.out.print(alias);
                if (store.isCertificateEntry(alias)) {
                    show("trusted", store.getCertificate(alias));
                }
                if (store.isKeyEntry(alias)) {
                    System.out.print(" " + store.getKey(alias, password).getAlgorithm());
                    for (java.security.cert.Certificate one : store.getCertificateChain(alias)) {
                        show("", one);
                    }
                }
                System.out.println();
            }
            if (arguments.length > 2) {
                connect(store, password, Integer.parseInt(arguments[2]));
            }
        }
    }

    static void show(String what, java.security.cert.Certificate one) {
        String name = ((X509Certificate) one).getSubjectX500Principal().getName();
        System.out.print(" " + what + "[" + name.replaceAll(".*?CN=([^,]*).*", "$1") + "]");
    }

    static void connect(KeyStore store, char[] password, int port) throws Exception {
        var mine = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        mine.init(store, password);
        var theirs = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        theirs.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(mine.getKeyManagers(), theirs.getTrustManagers(), null);
        try (var socket = context.getSocketFactory().createSocket("127.0.0.1", port)) {
            byte[] answer = socket.getInputStream().readAllBytes();
            System.out.println("the server says " + new String(answer));
        }
    }
}
"""


@pytest.fixture(scope="session")
def java_device(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[str]]:
    """Return a function that opens a keystore as the EnOS SDK does, and returns what it printed."""
    if not (shutil.which("java") and shutil.which("javac")):
        pytest.skip("no JDK here")
    folder = tmp_path_factory.mktemp("java")
    (folder / "Device.java").write_text(_DEVICE)
    subprocess.run(["javac", "Device.java"], cwd=folder, check=True)

    def run(*arguments: str | Path) -> list[str]:
        command = ["java", "-cp", folder, "Device", *arguments]
        done = subprocess.run(command, capture_output=True, check=False, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        return sorted(done.stdout.splitlines())

    return run


@pytest.mark.slow
@pytest.mark.parametrize("older_systems", [False, True])
def test_java_finds_the_key_with_its_chain_and_trusts_the_authority(
    keystore, java_device, older_systems
):
    printed = java_device(keystore(Format.JAVA, older_systems=older_systems), SECRET)
    assert printed[::2] == printed[1::2], "as JKS and as the default type it is not the same"
    assert printed[::2] == [
        "cacert trusted[Test Root]",
        "cacert-2 trusted[Test Issuing]",
        "edge RSA [dev-001] [Test Issuing] [Test Root]",
    ]


@pytest.mark.slow
def test_keytool_reads_it(keystore):
    if not (keytool := shutil.which("keytool")):
        pytest.skip("no JDK here")
    command = [keytool, "-J-Duser.language=en", "-list", "-v", "-storepass:env", "SECRET"]
    shown = subprocess.run(
        [*command, "-keystore", keystore(Format.JAVA)],
        env={**os.environ, "SECRET": SECRET},
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    assert "Your keystore contains 3 entries" in shown
    assert shown.count("Entry type: PrivateKeyEntry") == 1
    assert shown.count("Entry type: trustedCertEntry") == 2
    assert "Certificate chain length: 3" in shown


@pytest.mark.slow
@pytest.mark.parametrize("common_name", ["风机 🌬 001", "A" * 64, "Dev-001-CA-1"])
def test_java_finds_the_key_whatever_it_is_called(issue, keystore, java_device, common_name):
    device = issue(common_name=common_name)
    printed = java_device(keystore(Format.JAVA, device), SECRET)
    assert len([line for line in printed if " RSA [" in line]) == 2
    assert len([line for line in printed if " trusted[" in line]) == 4


# --- A connection ---------------------------------------------------------------------------------


@pytest.fixture
def server(authority, openssl, tmp_path_factory) -> Iterator[int]:
    """Return the port of a server that knows the root alone, and greets a device by its name."""
    folder = tmp_path_factory.mktemp("server")
    new = ("-newkey", "rsa:2048", "-nodes", "-subj", "/CN=server", "-keyout", folder / "key")
    openssl("req", "-new", *new, "-out", folder / "csr")
    leaf = authority.issue(folder / "csr", folder / "leaf").read_text()
    (folder / "chain").write_text(leaf + authority.intermediate.read_text())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.root)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(folder / "chain", folder / "key")
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):  # closed: the test is over
            while True:
                greet(listener.accept()[0])

    def greet(connection: socket.socket) -> None:
        with suppress(ssl.SSLError), context.wrap_socket(connection, server_side=True) as device:
            subject = dict(pair for rdn in device.getpeercert()["subject"] for pair in rdn)
            device.sendall(f"hello {subject['commonName']}".encode())
            device.unwrap()

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1]
    with suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def test_a_device_connects_with_the_pem_files(issued, tmp_path, server, openssl):
    key, certificate, authority = export.export_files(Format.PEM, *issued, tmp_path)
    mine = ("-cert", certificate.path, "-key", key.path)
    theirs = ("-CAfile", authority.path, "-verify_return_error")
    connect = ("s_client", "-connect", f"127.0.0.1:{server}", "-quiet", *mine, *theirs)
    assert "hello dev-001" in openssl(*connect)


@pytest.mark.slow
def test_a_device_connects_with_the_java_keystore(keystore, server, java_device):
    printed = java_device(keystore(Format.JAVA), SECRET, str(server))
    assert printed.count("the server says hello dev-001") == 2


# --- What is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", Format)
def test_a_certificate_of_another_key_is_refused(issued, tmp_path, refusal, format_):
    other = issued._replace(key=keys.generate())
    save = (export.export_files, format_, *other, tmp_path / "out")
    assert refusal(CannotExport, *save, passphrase=SECRET) == [Code.CERTIFICATE_OF_OTHER_KEY]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format_", [Format.PEM, Format.JAVA])
def test_what_the_device_trusts_must_be_there(issued, tmp_path, refusal, format_):
    bare = issued._replace(chain=[])
    save = (export.export_files, format_, *bare, tmp_path / "out")
    assert refusal(CannotExport, *save, passphrase=SECRET) == [Code.CHAIN_MISSING]
    assert list(tmp_path.iterdir()) == []


def test_which_passphrases_every_java_takes():
    for passphrase in ("123456", " ~" * 500, "a b c d"):
        assert keystores.check_passphrase(passphrase) == []
    short = Problem(Code.PASSPHRASE_TOO_SHORT, values={"minimum": 6})
    assert keystores.check_passphrase("12345") == [short]
    assert keystores.check_passphrase("hörse") == [short]
    for passphrase in ("hörses", "horse\n", "horse\x7f", "凯里凯里凯里"):
        assert keystores.check_passphrase(passphrase) == [Problem(Code.PASSPHRASE_NOT_ASCII)]


@pytest.mark.parametrize(
    ("passphrase", "code"),
    [
        (None, Code.PASSPHRASE_EMPTY),
        ("", Code.PASSPHRASE_EMPTY),
        ("12345", Code.PASSPHRASE_TOO_SHORT),
        ("correct hörse", Code.PASSPHRASE_NOT_ASCII),
        ("correct\thorse", Code.PASSPHRASE_NOT_ASCII),
        ("x" * 1024, Code.PASSPHRASE_TOO_LONG),
    ],
)
def test_a_passphrase_that_java_cannot_use_is_refused(issued, tmp_path, refusal, passphrase, code):
    for format_ in KEYSTORES:
        save = (export.export_files, format_, *issued, tmp_path / "out")
        assert refusal(InvalidKey, *save, passphrase=passphrase) == [code]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_java_opens_what_is_just_long_enough(issued, tmp_path, java_device):
    export.export_files(Format.JAVA, *issued, tmp_path / "a.jks", passphrase="123456")
    export.export_files(Format.JAVA, *issued, tmp_path / "b.jks", passphrase=" ~" * 500)
    for path, passphrase in (("a.jks", "123456"), ("b.jks", " ~" * 500)):
        assert len(java_device(tmp_path / path, passphrase)) == 6


# --- Files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("taken", ["edge.key", "edge.pem", "edge_ca.pem"])
def test_no_pem_file_is_replaced(issued, tmp_path, taken):
    (tmp_path / taken).write_text("mine")
    with pytest.raises(CannotSave) as caught:
        export.export_files(Format.PEM, *issued, tmp_path)
    (problem,) = caught.value.problems
    assert (problem.code, problem.path) == (Code.FILE_EXISTS, tmp_path / taken)
    assert problem.values == {"suggestion": "edge-2"}
    assert export.check_target(Format.PEM, tmp_path) == [problem]
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]
    export.export_files(Format.PEM, *issued, tmp_path, name="edge-2")


@pytest.mark.long
def test_no_keystore_is_replaced(keystore, tmp_path, refusal, issued):
    before = keystore(Format.JAVA).read_bytes()
    assert refusal(CannotSave, keystore, Format.JAVA) == [Code.FILE_EXISTS]
    assert (tmp_path / "device.jks").read_bytes() == before
    (problem,) = export.check_target(Format.JAVA, tmp_path / "device.jks")
    assert problem.values == {"suggestion": "device-2.jks"}


def test_a_free_name_is_suggested_with_its_ending(tmp_path):
    target = tmp_path / "device.p12"
    assert export.check_target(Format.PKCS12, target) == []
    target.touch()
    [problem] = export.check_target(Format.PKCS12, target)
    assert (problem.code, problem.path) == (Code.FILE_EXISTS, target)
    assert problem.values == {"suggestion": "device-2.p12"}


def test_what_keeps_a_folder_from_being_used_is_said_as_it_is(tmp_path):
    missing = tmp_path / "missing" / "folder" / "device.p12"
    [problem] = export.check_target(Format.PKCS12, missing)
    assert (problem.code, problem.values) == (Code.FOLDER_MISSING, {})


def test_a_certificate_for_a_key_that_is_not_rsa_is_refused(issued, authority, openssl, tmp_path):
    request, kind = tmp_path / "ec.csr", ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    openssl("req", "-new", *kind, "-nodes", "-keyout", tmp_path / "ec.key", "-subj", "/CN=a",
            "-out", request)  # fmt: skip
    [certificate] = load_all(authority.issue(request, tmp_path / "ec.pem").read_bytes())
    with pytest.raises(CannotExport) as refused:
        export.check_parts(Format.PEM, issued.key, certificate, issued.chain)
    values = {"algorithm": "EC secp256r1"}
    assert refused.value.problems == (Problem(Code.CERTIFICATE_NOT_RSA, values=values),)


def test_a_certificate_of_an_authority_is_no_devices(issued):
    issuer, *above = issued.chain
    with pytest.raises(CannotExport) as refused:
        export.check_parts(Format.PEM, issued.key, issuer, above)
    values = {"name": "Test Issuing"}
    assert refused.value.problems == (Problem(Code.CERTIFICATE_OF_AUTHORITY, values=values),)


def test_a_missing_chain_is_reported_with_its_issuer(issued):
    for format_ in (Format.PEM, Format.JAVA, Format.C):
        with pytest.raises(CannotExport) as refused:
            export.check_parts(format_, issued.key, issued.certificate, [])
        values = {"issuer": "Test Issuing"}
        assert refused.value.problems == (Problem(Code.CHAIN_MISSING, values=values),)
    export.check_parts(Format.PKCS12, issued.key, issued.certificate, [])


def test_a_folder_is_no_place_for_a_keystore(tmp_path, issued):
    (problem,) = export.check_target(Format.JAVA, tmp_path)
    assert (problem.code, problem.path) == (Code.NOT_A_FILE, tmp_path)
    with pytest.raises(CannotSave) as caught:
        export.export_files(Format.JAVA, *issued, tmp_path, passphrase=SECRET)
    assert caught.value.problems == (problem,)


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("a.p12:x", "a.p12-x"),
        ("a.p12 ", "a.p12"),
        ("a.p12.", "a.p12"),
        ("a.p1?", "a.p1-"),
        ("a.\u0007", "a.-"),
        ("a." + "x" * 300, "a." + "x" * 253),
    ],
)
def test_the_suffix_too_is_one_that_every_computer_takes(
    issued, tmp_path, refusal, name, suggestion
):
    """Windows would write 'a.p12:x' into a stream of 'a.p12' that nobody sees."""
    target = tmp_path / name
    save = (export.export_files, Format.PKCS12, *issued, target)
    assert refusal(InvalidFileName, *save, passphrase=SECRET) == [Code.NAME_UNSAFE]
    [problem] = export.check_target(Format.PKCS12, target)
    assert problem.values == {"given": name, "suggestion": suggestion}
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_none_everywhere_is_refused(issued, tmp_path, refusal):
    save = (export.export_files, Format.JAVA, *issued, tmp_path / "a?b.jks")
    assert refusal(InvalidFileName, *save, passphrase=SECRET) == [Code.NAME_UNSAFE]
    (problem,) = export.check_target(Format.JAVA, tmp_path / "a?b.jks")
    assert problem.values["suggestion"] == "a-b.jks"


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX knows them")
def test_what_holds_the_key_is_private_from_the_first_byte(issued, tmp_path, monkeypatch):
    seen = []

    def look(descriptor: int, mode: int, really=os.fchmod) -> None:
        really(descriptor, mode)
        seen.append((os.fstat(descriptor).st_size, stat.S_IMODE(os.fstat(descriptor).st_mode)))

    monkeypatch.setattr(os, "fchmod", look)
    umask = os.umask(0)
    try:
        export.export_files(Format.JAVA, *issued, tmp_path / "a.jks", passphrase=SECRET)
        export.export_files(Format.PEM, *issued, tmp_path)
    finally:
        os.umask(umask)
    assert seen == [(0, 0o600)] * 2
    modes = {path.name: permissions(path) for path in tmp_path.iterdir()}
    assert modes == {"a.jks": 0o600, "edge.key": 0o600, "edge.pem": 0o666, "edge_ca.pem": 0o666}


@pytest.mark.slow
@pytest.mark.parametrize("files_that_fit", range(3))
def test_on_a_full_disk_nothing_is_left_over(mounted, issued, refusal, files_that_fit):
    room = f"nr_inodes={1 + files_that_fit}"  # the disk's own folder takes one
    disk = mounted("-t", "tmpfs", "-o", room, "tmpfs")
    assert refusal(CannotSave, export.export_files, Format.PEM, *issued, disk) == [Code.DISK_FULL]
    assert list(disk.iterdir()) == []


@pytest.mark.slow
def test_a_disk_that_keeps_nothing_private_takes_protected_keys_only(issued, tmp_path, monkeypatch):
    monkeypatch.setattr(
        files.permissions, "make_private", lambda _handle: False
    )  # as on most USB sticks
    with pytest.raises(CannotSave) as caught:
        export.export_files(Format.PEM, *issued, tmp_path)
    assert [problem.code for problem in caught.value.problems] == [Code.NOT_PRIVATE]
    assert list(tmp_path.iterdir()) == []
    export.export_files(Format.PEM, *issued, tmp_path, passphrase=SECRET)
    export.export_files(Format.JAVA, *issued, tmp_path / "a.jks", passphrase=SECRET)
