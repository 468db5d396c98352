"""Any container is unpacked, with bounded work; what was signed comes out as it went in."""

from __future__ import annotations

import base64
import bz2
import email.message
import gzip
import io
import json
import quopri
import tarfile
import tracemalloc
import urllib.parse
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from enos_csr_gui.core import (
    asn1,
    certificate,
    convert,
    inspect,
    reader,
    receive,
    renew,
    x509_reader,
)
from enos_csr_gui.core.asn1 import der_value
from enos_csr_gui.core.batch.pool import Pool
from enos_csr_gui.core.enums import ContentKind
from enos_csr_gui.core.errors import Code, CoreError, Problem, UnreadableFile
from enos_csr_gui.core.reader import Found, Shape

DER = serialization.Encoding.DER
SHA256_WITH_RSA = bytes.fromhex("300d06092a864886f70d01010b0500")


def sequence(*parts: bytes) -> bytes:
    return der_value(0x30, b"".join(parts))


def name(*values: bytes, oid: str = "0603550403") -> bytes:
    """A distinguished name with one RDN for each value in DER: common names, if not told."""
    type_ = bytes.fromhex(oid)
    return sequence(*(der_value(0x31, sequence(type_, value)) for value in values))


def utf8(text: str) -> bytes:
    return der_value(0x0C, text.encode())


TIMES = sequence(der_value(0x17, b"200101000000Z"), der_value(0x18, b"99991231235959Z"))


class Maker:
    """Signs certificates with any bytes in them."""

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        self.key = key
        self.spki = key.public_key().public_bytes(
            DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def certificate(
        self,
        subject: bytes,
        issuer: bytes,
        *,
        by: rsa.RSAPrivateKey | None = None,
        serial: bytes = b"\x02\x01\x07",
        times: bytes = TIMES,
        extensions: bytes = b"",
        spki: bytes = b"",
    ) -> bytes:
        info = sequence(
            b"\xa0\x03\x02\x01\x02", serial, SHA256_WITH_RSA, issuer, times, subject,
            spki or self.spki, extensions,
        )  # fmt: skip
        signature = (by or self.key).sign(info, padding.PKCS1v15(), hashes.SHA256())
        return sequence(info, SHA256_WITH_RSA, der_value(0x03, b"\0" + signature))


@pytest.fixture(scope="session")
def maker(key) -> Maker:
    return Maker(key)


@pytest.fixture(scope="session")
def other_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="session")
def device(maker, other_key) -> bytes:
    return maker.certificate(name(utf8("dev-001")), name(utf8("CA")), by=other_key)


# --- Containers -----------------------------------------------------------------------------------


def in_zip(der: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("read me.txt", "Hello")
        archive.writestr("folder/cert.cer", der)
    return file.getvalue()


def in_tar(der: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in (("read me.txt", b"Hello"), ("folder/cert.cer", der)):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def dumped(data: bytes, form: str, group: int = 1, split: int = 16) -> bytes:
    """As dump programs write it: ``form`` takes the offset, the digits and the text of a line."""
    lines = []
    for at in range(0, len(data), 16):
        line = data[at : at + 16]
        halves = [line[i : i + split].hex(" ", -group) for i in range(0, len(line), split)]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in line)
        lines.append(form.format(at=at, hex="  ".join(halves), text=text))
    return "\n".join(lines).encode()


def in_mail(der: bytes) -> bytes:
    message = email.message.EmailMessage()
    message["Subject"] = "证书"
    message.set_content("Your certificate is attached.")
    message.add_attachment(der, maintype="application", subtype="pkix-cert", filename="dev.cer")
    return message.as_bytes()


def numbered(text: bytes, form: bytes) -> bytes:
    lines = text.splitlines()
    return b"\n".join(form % (number, line) for number, line in enumerate(lines, start=1)) + b"\n"


WORDPAD = (
    b"{\\rtf1\\ansi\\ansicpg936\\deff0\\nouicompat{\\fonttbl{\\f0\\fnil\\fcharset0 Calibri;}}\r\n"
    b"{\\*\\generator Riched20 10.0.19041}\\viewkind4\\uc1 \r\n\\pard\\sa200\\sl276\\f0\\fs22 "
    b"\\'d6\\'a4\\'ca\\'e9 \\u35777?\\u20070?\\par\r\n"
)
TEXTEDIT = (
    b"{\\rtf1\\ansi\\ansicpg1252\\cocoartf2709\n\\cocoatextscaling0{\\fonttbl\\f0 Arial;}\n"
    b"{\\colortbl;\\red255\\green255\\blue255;}\n\\pard\\tx566\\pardirnatural\\partightenfactor0\n\n"
    b"\\f0\\fs24 \\cf0 "
)
WORD = (
    b"{\\rtf1\\adeflang1025\\ansi\\ansicpg1252\\uc1{\\info{\\author Li Hua}}\r\n\\pard\\plain "
    b"{\\rtlch\\fcs1 \\af0 \\ltrch\\fcs0 \\lang2052\\loch\\af37 "
)
"""How the files of these programs begin (Rich Text Format 1.9.1)."""


def base64_lines(der: bytes, width: int) -> list[str]:
    text = base64.b64encode(der).decode()
    return [text[at : at + width] for at in range(0, len(text), width)]


def hex_byte(byte: int) -> str:
    return f"0x{byte:02x}"


CONTAINERS = {
    "PEM": lambda der: asn1.pem("CERTIFICATE", der),
    "another label": lambda der: asn1.pem("X509 CERTIFICATE", der),
    "CRLF": lambda der: asn1.pem("CERTIFICATE", der).replace(b"\n", b"\r\n"),
    "CR": lambda der: asn1.pem("CERTIFICATE", der).replace(b"\n", b"\r"),
    "one line": lambda der: (
        b"-----BEGIN CERTIFICATE-----" + base64.b64encode(der) + b"-----END CERTIFICATE-----"
    ),
    "blank lines": lambda der: asn1.pem("CERTIFICATE", der).replace(b"\n", b"\n\n"),
    "indented": lambda der: asn1.pem("CERTIFICATE", der).replace(b"\n", b"\n    "),
    "quoted twice": lambda der: b"> > " + asn1.pem("CERTIFICATE", der).replace(b"\n", b"\n> > "),
    "UTF-16": lambda der: asn1.pem("CERTIFICATE", der).decode().encode("utf-16"),
    "UTF-16 without a mark": lambda der: asn1.pem("CERTIFICATE", der).decode().encode("utf-16-le"),
    "em dashes": lambda der: asn1.pem("CERTIFICATE", der).replace(b"-----", "———".encode()),
    "no-break spaces": lambda der: asn1.pem("CERTIFICATE", der).replace(
        b"BEGIN ", b"BEGIN\xc2\xa0"
    ),
    "invisible spaces": lambda der: asn1.pem("CERTIFICATE", der).replace(
        b"\n", "\u200b\n".encode()
    ),
    "a web page": lambda der: b"<pre>" + asn1.pem("CERTIFICATE", der).replace(b"\n", b"<br/>\n"),
    "paragraphs": lambda der: (
        b'<p style="margin:0">' + asn1.pem("CERTIFICATE", der).replace(b"\n", b"</p>\n<p>")
    ),
    "strings in C": lambda der: (
        b'char c[] = "' + asn1.pem("CERTIFICATE", der).replace(b"\n", b'\\r\\n" \\\n  "') + b'";'
    ),
    "JSON in JSON": lambda der: json.dumps(
        json.dumps({"cert": asn1.pem("CERTIFICATE", der).decode()})
    ).encode(),
    "the numbers of cat -n": lambda der: numbered(asn1.pem("CERTIFICATE", der), b"%6d\t%b"),
    "the numbers of grep -n": lambda der: numbered(asn1.pem("CERTIFICATE", der), b"%d:%b"),
    "numbers with a bar": lambda der: numbered(asn1.pem("CERTIFICATE", der), b" %03d | %b"),
    "numbers with brackets": lambda der: numbered(asn1.pem("CERTIFICATE", der), b"%d) %b"),
    "numbers without a separator": lambda der: numbered(asn1.pem("CERTIFICATE", der), b"%4d%b"),
    "numbers from the middle of a text": lambda der: numbered(
        b"Hello\n" * 97 + asn1.pem("CERTIFICATE", der), b"%d%b"
    ),
    "WordPad": lambda der: (
        WORDPAD + asn1.pem("CERTIFICATE", der).replace(b"\n", b"\\par\r\n") + b"}\r\n\0"
    ),
    "TextEdit": lambda der: TEXTEDIT + asn1.pem("CERTIFICATE", der).replace(b"\n", b"\\\n") + b"}",
    "Word": lambda der: (
        WORD
        + asn1.pem("CERTIFICATE", der)
        .replace(b"-----", rb"\emdash \emdash -")
        .replace(b"\n", b"\r\n\\par }{\\rtlch\\fcs1 \\af0\\afs20 \\ltrch\\fcs0 \r\n")
        + b"}}"
    ),
    "DER": lambda der: der,
    "Base64": base64.encodebytes,
    "Base64 of Base64": lambda der: base64.encodebytes(base64.encodebytes(der)),
    "URL-safe Base64": base64.urlsafe_b64encode,
    "URL-safe Base64 without padding": lambda der: base64.urlsafe_b64encode(der).rstrip(b"="),
    "Base64 in XML": lambda der: (
        b"<a><X509Certificate>\n%b</X509Certificate></a>" % base64.encodebytes(der)
    ),
    "Base64 in a configuration": lambda der: (
        b"[tls]\ncert=%b\nother=1\n" % base64.b64encode(der).rstrip(b"=")
    ),
    "a data URI": lambda der: b"data:application/x-x509-ca-cert;base64," + base64.b64encode(der),
    "a mailbox": lambda der: b"From a@example.com Thu Jan  1 00:00:00 2026\n" + in_mail(der),
    "PEM without its first line": lambda der: asn1.pem("CERTIFICATE", der).split(b"\n", 1)[1],
    "a diff": lambda der: b"+" + asn1.pem("CERTIFICATE", der)[:-1].replace(b"\n", b"\n+"),
    "Base64 of PEM": lambda der: base64.b64encode(asn1.pem("CERTIFICATE", der)),
    "JSON": lambda der: json.dumps({"data": {"cert": asn1.pem("X", der).decode()}}).encode(),
    "JSON with Base64": lambda der: json.dumps([base64.b64encode(der).decode()]).encode(),
    "a secret of Kubernetes": lambda der: (
        b"kind: Secret\ndata:\n  tls.crt: %b\n  other: aGVsbG8=\n"
        % base64.b64encode(asn1.pem("CERTIFICATE", der))
    ),
    "characters of HTML by number": lambda der: (
        asn1.pem("CERTIFICATE", der).replace(b"+", b"&#43;").replace(b"=", b"&#x3D;")
    ),
    "JSON of lines": lambda der: json.dumps(
        ["-----BEGIN CERTIFICATE-----", *base64_lines(der, 60), "-----END CERTIFICATE-----"]
    ).encode(),
    "a list of strings": lambda der: repr(
        asn1.pem("CERTIFICATE", der).decode().splitlines()
    ).encode(),
    "strings in Java": lambda der: b" +\n".join(
        b'    "%b\\n"' % line for line in asn1.pem("CERTIFICATE", der).splitlines()
    ),
    "strings in JavaScript": lambda der: b"\n".join(
        b"  + '%b\\n'" % line for line in asn1.pem("CERTIFICATE", der).splitlines()
    ),
    "strings in a list": lambda der: b",\n".join(
        b"  '%b'" % line for line in asn1.pem("CERTIFICATE", der).splitlines()
    ),
    "soft hyphens": lambda der: asn1.pem("CERTIFICATE", der).replace(b"\n", b"\xc2\xad\n"),
    "six dashes": lambda der: asn1.pem("CERTIFICATE", der).replace(b"-----", b"------"),
    "the header of a proxy": lambda der: urllib.parse.quote(asn1.pem("CERTIFICATE", der)).encode(),
    "digits after 0x": lambda der: b"0x" + der.hex().encode(),
    "digits after backslashes": lambda der: b'"%b"' % b"".join(b"\\x%02x" % byte for byte in der),
    "labels in another case": lambda der: (
        asn1.pem("Certificate", der).replace(b"-BEGIN", b"-Begin").replace(b"-END", b"-End")
    ),
    "labels in lower case": lambda der: (
        asn1.pem("x509 certificate", der).replace(b"-BEGIN", b"-begin").replace(b"-END", b"-end")
    ),
    "xxd": lambda der: dumped(der, "{at:08x}: {hex:<39}  {text}", 2),
    "xxd -p": lambda der: b"\n".join(
        der[at : at + 30].hex().encode() for at in range(0, len(der), 30)
    ),
    "xxd -i": lambda der: (
        b"unsigned char cert_der[] = {\n  %b\n};\nunsigned int cert_der_len = %d;\n"
        % (", ".join(map(hex_byte, der)).encode(), len(der))
    ),
    "hexdump -C": lambda der: (
        dumped(der, "{at:08x}  {hex:<48}  |{text}|", split=8) + b"\n%08x\n" % len(der)
    ),
    "od": lambda der: dumped(der, "{at:06x} {hex}"),
    "certutil -encodehex": lambda der: dumped(der, "{at:04x}  {hex:<49}   {text}", split=8),
    "a PEM file in xxd": lambda der: dumped(
        asn1.pem("CERTIFICATE", der), "{at:08x}: {hex:<39}  {text}", 2
    ),
    "digits in groups": lambda der: der.hex(" ", 4).encode(),
    "digits after 0X": lambda der: b" ".join(b"0X%02X," % byte for byte in der),
    "digits with colons": lambda der: der.hex(":").upper().encode(),
    "gzip": gzip.compress,
    "tar": in_tar,
    "tar.gz": lambda der: gzip.compress(in_tar(asn1.pem("CERTIFICATE", der))),
    "ZIP": in_zip,
    "ZIP in ZIP": lambda der: in_zip(in_zip(der)),
    "e-mail": in_mail,
    "e-mail with ZIP": lambda der: in_mail(in_zip(der)),
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_what_comes_out_of_a_container_is_what_went_in(device, container):
    found = [one.der for one in reader.read(CONTAINERS[container](device)).found]
    assert [der for der in found if der] == [device]


@pytest.mark.parametrize("container", CONTAINERS)
def test_every_command_reads_every_container(device, container, tmp_path):
    file = tmp_path / "answer"
    file.write_bytes(CONTAINERS[container](device))
    assert renew.read_source(file).common_name == "dev-001"
    assert certificate.read(file.read_bytes(), file).certificate.der == device
    [found] = inspect.inspect_files([file])
    assert (found.kind, found.problems) == (ContentKind.CERTIFICATE, ())


def test_several_files_are_sorted_by_what_they_hold(device, maker, key_pem, other_key, tmp_path):
    spki = Maker(other_key).spki
    authority = name(utf8("CA"))
    root = maker.certificate(authority, authority, by=other_key, spki=spki)
    names = {"a": asn1.pem("CERTIFICATE", root), "b": key_pem, "c": device, "d": b"Hello"}
    for file, content in names.items():
        (tmp_path / file).write_bytes(content)
    expected = (tmp_path / "c", (tmp_path / "a", tmp_path / "b"), True)
    assert receive.sort_files([tmp_path])[:3] == expected
    assert receive.sort_files(tmp_path / file for file in "abcd")[:3] == expected
    found = receive.match_certificate(expected[0], others=expected[1])
    assert found.key == tmp_path / "b"
    assert [one.der for one in found.issued.chain] == [root]
    assert [one.code for one in found.problems] == [Code.CHAIN_NOT_AUTHORITY]  # the root is bare


def test_files_without_a_certificate_are_not_sorted(key_pem, tmp_path):
    (tmp_path / "a.key").write_bytes(key_pem)
    (tmp_path / "b.txt").write_bytes(b"Hello")
    with pytest.raises(UnreadableFile):
        receive.sort_files([tmp_path])


def test_a_file_that_is_named_and_cannot_be_read_is_never_passed_over(device, tmp_path):
    (tmp_path / "a.pem").write_bytes(device)
    (tmp_path / "folder").mkdir()
    for missing, code in (("b.pem", Code.FILE_MISSING), ("folder", Code.FOLDER_EMPTY)):
        with pytest.raises(UnreadableFile) as caught:
            receive.sort_files([tmp_path / "a.pem", tmp_path / missing])
        assert [(one.code, one.path) for one in caught.value.problems] == [
            (code, tmp_path / missing)
        ]
    (tmp_path / "folder" / "a.pem").symlink_to("gone")  # nobody has named it
    (tmp_path / "folder" / "b.pem").write_bytes(device)
    assert receive.sort_files([tmp_path / "folder"]).certificate == tmp_path / "folder" / "b.pem"


def test_a_folder_without_what_is_sought_says_so(key_pem, tmp_path):
    (tmp_path / "a.txt").write_bytes(b"Hello")
    (tmp_path / "b.doc").write_bytes(b"Hello")
    without_certificate = [(Code.NO_CERTIFICATE_IN_FOLDER, tmp_path, {"count": 2})]
    without_request = [(Code.NO_REQUEST_IN_FOLDER, tmp_path, {"count": 2})]
    for read, expected in (
        (lambda: receive.sort_files([tmp_path]), without_certificate),
        (lambda: receive.read_chain(tmp_path), without_certificate),
        (lambda: renew.read_source(tmp_path), without_request),
        (lambda: convert.to_pem(tmp_path), without_request),
    ):
        with pytest.raises(UnreadableFile) as caught:
            read()
        assert [(one.code, one.path, one.values) for one in caught.value.problems] == expected


def test_of_several_devices_none_is_renewed_by_chance(device, maker, tmp_path):
    other = maker.certificate(name(utf8("dev-002")), name(utf8("CA")))
    (tmp_path / "all.pem").write_bytes(asn1.pem("X", device) + asn1.pem("X", other))
    with pytest.raises(UnreadableFile) as caught:
        renew.read_source(tmp_path / "all.pem")
    [problem] = caught.value.problems
    assert problem.code is Code.SEVERAL_DEVICES
    assert problem.values == {"name": "dev-001", "other": "dev-002"}


@pytest.mark.long
def test_rich_text_without_end_takes_linear_time(bounded):
    assert not [one for one in reader.read(b"{\\rtf1" + b"{\\a" * 300_000).found if one.der]
    many = b"{\\rtf1 " + b"-----BEGIN X-----\\par " * 40_000
    assert not [one for one in reader.read(many).found if one.der]


def test_an_archive_with_a_password_is_named():
    # The flag that says so is all that is looked at.
    data = bytearray(in_zip(b"Hello"))
    for start in (data.index(b"PK\x03\x04") + 6, data.index(b"PK\x01\x02") + 8):
        data[start] |= 1
    assert [one.code for one in reader.read(bytes(data)).problems] == [Code.ARCHIVE_LOCKED]


def test_a_file_without_a_name_in_an_archive_is_read(device, tmp_path):
    """A name ends at its first zero; ``ZipInfo.is_dir`` of an empty one fails."""
    data = in_zip(device).replace(b"folder/cert.cer", b"\0older/cert.cer")
    assert device in [one.der for one in reader.read(data).found]
    (tmp_path / "a.zip").write_bytes(data)
    assert Pool([tmp_path / "a.zip"]).problems == []


def signed_data(*certificates: bytes) -> bytes:
    """Return certificates in PKCS #7."""
    oid, data = bytes.fromhex("06092a864886f70d010702"), bytes.fromhex("06092a864886f70d010701")
    inside = der_value(0xA0, b"".join(certificates))
    content = sequence(b"\x02\x01\x01", b"\x31\x00", sequence(data), inside, b"\x31\x00")
    return sequence(oid, der_value(0xA0, content))


def read_all(data: bytes) -> tuple[list[bytes], list[tuple[Code, dict]]]:
    """Return the DER that is in a file, and the problems with their values."""
    reading = reader.read(data)
    problems = [(one.code, dict(one.values)) for one in reading.problems]
    return [one.der for one in reading.found if one.der], problems


TOO_MUCH = (Code.TOO_MANY_OBJECTS, {"limit": 500})


@pytest.mark.parametrize("pack", [gzip.compress, in_zip, in_tar, in_mail])
def test_four_containers_inside_each_other_are_opened(device, pack):
    data = device
    for _layer in range(4):
        data = pack(data)
    assert read_all(data) == ([device], [])
    assert read_all(pack(data)) == ([], [TOO_MUCH])


@pytest.mark.parametrize(
    ("pack", "problems"), [(gzip.compress, [TOO_MUCH]), (in_zip, []), (in_tar, [])]
)
def test_so_many_bytes_are_unpacked_and_no_more(device, pack, problems, monkeypatch):
    data, beside = pack(device), 0 if pack is gzip.compress else len(b"Hello")
    monkeypatch.setattr(reader, "_MAX_BYTES", len(data) + beside + len(device))
    assert read_all(data) == ([device], [])
    monkeypatch.setattr(reader, "_MAX_BYTES", len(data) + beside + len(device) - 1)
    assert read_all(data) == ([], problems)


def many_in_zip(contents: list[bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("folder/", b"")
        for number, content in enumerate(contents):
            archive.writestr(f"folder/{number}", content)
    return file.getvalue()


def many_in_tar(contents: list[bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for number, content in enumerate(contents):
            member = tarfile.TarInfo(f"{number}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


@pytest.mark.parametrize("pack", [many_in_zip, many_in_tar])
def test_so_many_files_of_an_archive_are_read_and_no_more(device, pack):
    contents = [b"Hello"] * 199 + [device]
    assert read_all(pack(contents)) == ([device], [])
    too_many = [(Code.TOO_MANY_FILES, {"limit": 200})]
    assert read_all(pack([b"Hello", *contents])) == ([], too_many)


@pytest.mark.parametrize("pack", [many_in_zip, many_in_tar])
def test_a_file_that_is_too_large_hides_no_other(device, pack, monkeypatch):
    monkeypatch.setattr(reader, "_MAX_BYTES", 100_000)
    data = pack([b"0" * 60_000, device])
    monkeypatch.setattr(reader, "_MAX_BYTES", len(data) + 2 * len(device))
    assert read_all(data) == ([device], [])


def test_a_file_that_is_locked_hides_no_other(device):
    data = bytearray(many_in_zip([b"Hello", device]))
    second = data.index(b"PK\x03\x04", 1)
    central = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
    for start in (second + 6, central + 8):
        data[start] |= 1
    assert read_all(bytes(data)) == ([device], [(Code.ARCHIVE_LOCKED, {})])


@pytest.mark.parametrize("pack", [many_in_zip, many_in_tar, lambda all_: gzip.compress(all_[0])])
def test_a_damaged_archive_is_said_to_be_damaged(device, pack):
    data = bytearray(pack([device]))
    place = data.find(b"PK\x01\x02") if data[:2] == b"PK" else len(data) // 2
    if data[:1] == b"0":  # the header of the only file in the tar archive
        place = 148
    data[place : place + 8] = b"\xff" * 8
    assert read_all(bytes(data)) == ([], [(Code.DAMAGED, {})])


def with_size(member: tarfile.TarInfo, size: int) -> bytes:
    """Return the header of a file in a tar archive that claims this size."""
    member.size = size
    return member.tobuf(tarfile.GNU_FORMAT)


def far_away_in_zip(data: bytes, place: int) -> bytes:
    """Return a ZIP archive of one file whose content is said to be at ``place``."""
    central, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entry = data[central:end]
    more = b"\x01\x00\x08\x00" + place.to_bytes(8, "little")  # ZIP64
    entry = entry[:30] + b"\x0c\x00" + entry[32:42] + b"\xff" * 4 + entry[46:] + more
    size = len(entry).to_bytes(4, "little")
    return data[:central] + entry + data[end : end + 12] + size + data[end + 16 :]


def test_an_archive_with_impossible_numbers_is_damaged(device, tmp_path):
    far_in_tar = with_size(tarfile.TarInfo("a"), 1 << 80) + bytes(1024)
    far_in_zip = far_away_in_zip(many_in_zip([device]).replace(b"folder/", b"folder0"), 2**64 - 1)
    assert read_all(far_in_tar) == ([], [(Code.DAMAGED, {})])
    assert read_all(many_in_zip([far_in_tar, device])) == ([device], [(Code.DAMAGED, {})])
    (tmp_path / "a.zip").write_bytes(far_in_zip)
    problems = [(one.code, one.path) for one in Pool([tmp_path / "a.zip"]).problems]
    assert problems == [(Code.DAMAGED, tmp_path / "a.zip")]
    assert [one.code for one in reader.read(far_in_zip).problems] == [Code.DAMAGED]


@pytest.mark.parametrize(
    ("number", "name"),
    [(9, "Deflate64"), (12, "bzip2"), (14, "LZMA"), (93, "Zstandard"), (95, "xz"), (200, "200")],
)
def test_an_archive_that_is_packed_in_another_way_is_not_called_damaged(
    device, tmp_path, number, name
):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a", b"?")
        archive.writestr("b", device)
    data = bytearray(file.getvalue())
    for begin, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        at = data.index(begin) + place
        data[at : at + 2] = number.to_bytes(2, "little")
    problem = Problem(Code.ARCHIVE_FORMAT, values={"format": f"ZIP ({name})"})
    assert read_all(bytes(data)) == ([device], [(problem.code, problem.values)])
    (tmp_path / "a.zip").write_bytes(data)
    assert Pool([tmp_path / "a.zip"]).problems == [problem._replace(path=tmp_path / "a.zip")]


@pytest.mark.parametrize("folders", [1, 150, 250, 1000])
def test_folders_do_not_count_as_files_of_an_archive(device, folders):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for number in range(folders):
            folder = tarfile.TarInfo(f"{number}")
            folder.type = tarfile.DIRTYPE
            archive.addfile(folder)
        for number in range(200):
            member = tarfile.TarInfo(f"0/{number}")
            member.size = len(device) if number == 199 else 0
            archive.addfile(member, io.BytesIO(device))
    assert read_all(file.getvalue()) == ([device], [])


@pytest.mark.usefixtures("bounded")
def test_an_archive_that_points_back_to_itself_has_an_end(device):
    odd = tarfile.TarInfo("b")
    odd.type = b"Z"
    data = in_tar(device)[:2560] + with_size(odd, -512) + bytes(1024)
    assert read_all(data)[0] == [device]


@pytest.mark.parametrize(
    "header",
    [
        b"boundary*=a; boundary*0=b",  # a name with and without a number
        b"boundary*0*=a; boundary*=b",
        b"boundary*=undefined''b",  # an encoding that refuses everything
    ],
)
def test_a_mail_that_cannot_be_taken_apart_hides_no_other(device, header):
    odd = b"MIME-Version: 1.0\nContent-Type: multipart/mixed; %b\n\n--b\n\nHello\n--b--\n" % header
    assert reader.read(odd).found == (Found(None, odd, Shape.WRAPPED),)
    assert read_all(many_in_zip([odd, device])) == ([device], [])


@pytest.mark.parametrize("line", [b"#\x7f\x7f\x7f\x7f", b"M!!!!", b"#\xc3\xa9\xc3\xa9"])
def test_a_damaged_part_of_a_mail_harms_no_other_file(device, line):
    begin = b"MIME-Version: 1.0\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n"
    odd = begin + line + b"\n`\nend\n"
    assert read_all(many_in_zip([odd, device])) == ([device], [])


def test_the_first_problem_of_a_file_is_reported():
    inner = [b"Rar!\x1a\x07\x01\0" + bytes(99), b"BZh9" + bytes(99), b"\xfd7zXZ\0" + bytes(99)]
    assert read_all(many_in_zip(inner)) == ([], [(Code.ARCHIVE_FORMAT, {"format": "RAR"})])
    assert read_all(inner[1]) == ([], [(Code.ARCHIVE_FORMAT, {"format": "bzip2"})])
    assert read_all(inner[2]) == ([], [(Code.ARCHIVE_FORMAT, {"format": "xz"})])


def test_so_many_objects_are_read_and_no_more():
    one = asn1.pem("X", b"\x30\x00")
    assert read_all(one * 500) == ([b"\x30\x00"] * 500, [])
    assert read_all(one * 501) == ([b"\x30\x00"] * 500, [TOO_MUCH])


def test_what_is_not_read_any_more_is_not_judged():
    one = asn1.pem("X", b"\x30\x00")
    too_many = many_in_zip([one * 501, b"Rar!\x1a\x07\x01\0" + bytes(99)])
    assert read_all(too_many) == ([b"\x30\x00"] * 500, [TOO_MUCH])
    shapes = {
        number: {one.shape for one in reader.read(one * number).found} for number in (501, 502)
    }
    assert shapes == {501: {Shape.PEM}, 502: {Shape.LOOSE_PEM}}  # there is more in the file


def test_so_many_texts_of_json_are_read_and_no_more():
    text, der = labelled(0)
    assert read_all(json.dumps([text] * 500).encode()) == ([der] * 500, [])
    assert read_all(json.dumps([text] * 501).encode()) == ([der] * 500, [TOO_MUCH])
    assert read_all(json.dumps([text] * 500 + ["x" * 61]).encode()) == ([der] * 500, [TOO_MUCH])


def test_a_text_in_json_may_be_an_object_from_61_characters_on():
    text = asn1.pem("X", b"\x30\x10" + bytes(16)).decode() + "\n\n"
    for length, answers in ((61, (("7", ""),)), (60, ())):
        data = json.dumps({"cert": text[:length], "certSN": 7}).encode()
        assert reader.read(data).answers == answers


def test_a_text_that_begins_with_a_zero_is_searched_for_objects(device):
    pem = asn1.pem("CERTIFICATE", device)
    for begin in ("01 贵州\n", "0".ljust(62, "x") + "贵州\n", "0".ljust(64, "x") + "\f\n"):
        assert read_all(begin.encode() + pem) == ([device], [])
    assert read_all("0号\n".encode("gbk") + pem) == ([device], [])


@pytest.mark.parametrize("pack", [many_in_zip, many_in_tar])
def test_an_empty_file_of_an_archive_is_nothing_known(device, pack):
    nothing = Found(None, b"", Shape.WRAPPED)
    assert reader.read(pack([b""])).found == (nothing,)
    expected = (nothing, Found(device, device, Shape.WRAPPED), nothing)
    assert reader.read(pack([b"", device, b""])).found == expected


def test_what_claims_to_be_a_tar_archive_is_not_unpacked_in_another_way():
    """bz2 needs memory without bound, and passes over what stands behind its end."""
    packed = bz2.compress(in_tar(b"\x30\x80"))
    assert len(packed) < 257
    data = packed.ljust(257, b"\0") + b"ustar" + bytes(512)
    assert reader.read(data) == ((), (Problem(Code.DAMAGED),), ())


def test_base64_behind_base64_is_not_passed_over(maker):
    certificates = [
        maker.certificate(name(utf8("x" * length)), name(utf8("CA"))) for length in range(1, 7)
    ]
    padded = [der for der in certificates if len(der) % 3]
    assert len(padded) == 4
    assert read_all(b"\n".join(map(base64.b64encode, padded)))[0] == padded


# How an object stands in its file decides whether EnOS takes it.
SHAPES = {
    "PEM": (lambda pem, der: pem, [Shape.PEM]),
    "with blank lines around": (lambda pem, der: b"\r\n\t" + pem + b" \n", [Shape.PEM]),
    "with a byte order mark": (lambda pem, der: b"\xef\xbb\xbf" + pem, [Shape.PEM]),
    "twice": (lambda pem, der: pem + b"\n" + pem, [Shape.PEM] * 2),
    "with text before it": (lambda pem, der: b"dev-001\n" + pem, [Shape.LOOSE_PEM]),
    "with one letter before it": (lambda pem, der: b"X\n" + pem, [Shape.LOOSE_PEM]),
    "with one letter behind it": (lambda pem, der: pem + b"X", [Shape.LOOSE_PEM]),
    "with text behind it": (lambda pem, der: pem + b"dev-001\n", [Shape.LOOSE_PEM]),
    "with text between": (lambda pem, der: pem + b"and\n" + pem, [Shape.LOOSE_PEM] * 2),
    "with an odd line": (
        lambda pem, der: pem + pem.replace(b"\n", b"\n\n"),
        [Shape.PEM, Shape.LOOSE_PEM],
    ),
    "UTF-16": (lambda pem, der: pem.decode().encode("utf-16"), [Shape.WRAPPED]),
    "DER": (lambda pem, der: der, [Shape.DER]),
    "DER twice": (lambda pem, der: der * 2, [Shape.DER] * 2),
    "Base64": (lambda pem, der: base64.encodebytes(der), [Shape.WRAPPED]),
    "ZIP": (lambda pem, der: in_zip(pem), [Shape.WRAPPED] * 2),
    "PKCS #7": (lambda pem, der: signed_data(der, der), [Shape.WRAPPED] * 2),
    "text": (lambda pem, der: b"Hello", [Shape.WRAPPED]),
}


@pytest.mark.parametrize("case", SHAPES)
def test_how_an_object_stands_in_its_file(device, case):
    write, shapes = SHAPES[case]
    found = reader.read(write(asn1.pem("CERTIFICATE", device), device)).found
    assert [one.shape for one in found] == shapes


def test_what_is_in_pkcs_7_and_behind_a_trusted_certificate(device, maker):
    other = maker.certificate(name(utf8("other")), name(utf8("CA")))
    assert read_all(signed_data(device, other)) == ([device, other], [])
    found = reader.read(asn1.pem("PKCS7", signed_data(device, other))).found
    assert [(one.label, one.der) for one in found] == [("PKCS7", device), ("PKCS7", other)]
    more = sequence(utf8("trusted for what"))  # as OpenSSL writes it
    assert read_all(asn1.pem("TRUSTED CERTIFICATE", device + more)) == ([device], [])
    assert read_all(asn1.pem("X", b"\x04\x02ab")) == ([b"\x04\x02ab"], [])


def test_pkcs_7_is_read_as_far_as_it_is_needed(device):
    """What more there is in it is of no interest, but its end may be missing."""
    [whole] = asn1.der_values(signed_data(device))
    inside = signed_data(device)[whole.inside : whole.end]
    assert read_all(sequence(inside, utf8("more"))) == ([device], [])
    many = reader.certificates_in_pkcs7(signed_data(*[sequence()] * 600))
    assert many == [sequence()] * 501  # one more than are read


def test_the_headers_of_pem_are_returned():
    text = asn1.pem("RSA PRIVATE KEY", b"secret").replace(b"KEY-----\n", b"KEY-----\nA: b\n\n", 1)
    [found] = reader.read(text).found
    assert (found.headers, found.der) == (b"A: b", b"secret")


def in_pem_again(der: bytes) -> bytes:
    return asn1.pem("X", base64.b64encode(der))


def test_pem_in_pem_is_opened_as_far_as_containers_are(device):
    twice = in_pem_again(in_pem_again(device))
    assert read_all(twice) == ([device], [])
    assert read_all(in_pem_again(twice))[0] == [base64.b64encode(device)]
    data = in_pem_again(device)
    for _layer in range(4):
        data = in_zip(data)
    assert read_all(data) == ([base64.b64encode(device)], [])


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\n \t", b"\xef\xbb\xbf\r\n"])
@pytest.mark.parametrize("form", ['"{}"', '["{}"]', '{{"a": "{}"}}', "{}"])
def test_an_object_too_short_to_be_guessed_is_found_in_json(before, form):
    der = der_value(0x30, bytes(60))
    text = form.format(base64.b64encode(der).decode())
    assert read_all(before + text.encode()) == ([der], [])


def test_half_a_character_in_json_harms_nothing_else(device):
    data = json.dumps(["\ud83d" * 61, asn1.pem("CERTIFICATE", device).decode()]).encode()
    assert read_all(data) == ([device], [])


@pytest.mark.parametrize("length", [60, 61, 62, 64, 65, 78, 79, 80])
def test_an_object_of_any_length_is_read_in_text(length):
    der = b"\x30" + bytes([length - 2]) + bytes(range(length - 2))
    assert read_all(base64.b64encode(der))[0] == [der]
    assert read_all(base64.urlsafe_b64encode(der).rstrip(b"="))[0] == [der]
    assert read_all(dumped(der, "{at:08x}: {hex:<39}  {text}", 2))[0] == [der]


def test_digits_that_stand_for_no_object_are_left():
    for text in (b"Hello! ".hex().encode() * 20, b"0x" + b"ab" * 90, base64.b64encode(b"?" * 90)):
        assert reader.read(text).found == (Found(None, text, Shape.WRAPPED),)


def test_so_many_objects_in_other_text_are_read_and_no_more(device):
    element = b"<X509Certificate>%b</X509Certificate>" % base64.b64encode(device)
    assert read_all(b"<a>" + element * 500) == ([device] * 500, [])
    assert read_all(b"<a>" + element * 501) == ([device] * 500, [TOO_MUCH])


@pytest.mark.parametrize("more", [b"", b"\n", b"\n\n"])
def test_a_secret_of_kubernetes_of_any_length_is_read(device, more):
    text = base64.b64encode(asn1.pem("CERTIFICATE", device) + more)
    assert read_all(b"data:\n  tls.crt: " + text + b"\n  other: aGVsbG8=\n")[0] == [device]
    for cut in range(len(text) - 60, len(text) - 56):
        assert read_all(b"data:\n  tls.crt: " + text[:cut] + b" ...")[0] == []


def test_a_secret_of_kubernetes_of_an_impossible_length_is_text(device):
    encoded = base64.b64encode(asn1.pem("CERTIFICATE", device)).rstrip(b"=")
    cut = encoded[: len(encoded) // 4 * 4 - 40]
    for end in (b"X", b"X=", b"X==", b"XXXX=", b"AXX=="):
        text = b"data:\n  tls.crt: " + cut + end[:-1] + end[-1:] + b"\n"
        found = reader.read(text).found
        is_whole = len((cut + end).rstrip(b"=")) % 4 != 1
        assert (found != (Found(None, text, Shape.WRAPPED),)) is is_whole


def test_what_is_cut_off_in_other_text_is_left_out(device):
    whole = base64.b64encode(device).rstrip(b"=")
    assert read_all(b"<a>" + whole + b"</a>")[0] == [device]
    assert read_all(b"<a>" + whole[:-1] + b"</a>")[0] == []
    assert read_all(b"<a>" + whole + b"AAAA</a>")[0] == [device]  # more stands behind it


def test_what_is_no_object_is_returned_as_it_is(device):
    assert reader.read(device).found == (Found(device, device, Shape.DER),)
    assert reader.read(b"Hello").found == (Found(None, b"Hello", Shape.WRAPPED),)
    assert reader.read(b"\x30\x82\x01").found == (
        Found(b"\x30\x82\x01", b"\x30\x82\x01", Shape.DER),
    )


def test_pem_that_cannot_be_decoded_is_returned_with_its_text():
    text = b"-----BEGIN X-----\n!!!\n-----END X-----"
    expected = Found(None, text, Shape.LOOSE_PEM, "X")
    assert reader.read(b"Hello\n" + text + b"\n").found == (expected,)


def test_what_is_left_behind_an_object_in_der_is_passed_over(device):
    assert read_all(device + b"\x30\x82\xff") == ([device], [])
    assert read_all(device + b"\n") == ([device], [])


def test_ber_ends_where_its_end_is_marked(device):
    store = b"\x30\x80\x02\x01\x03\x30\x80\0\0\0\0"  # lengths that are not given
    assert read_all(store + device) == ([store, device], [])


@pytest.mark.parametrize("label", ["CERTIFICATE", "X509 CERTIFICATE", "X"])
def test_pem_of_base64_is_decoded_twice_and_keeps_its_label(device, label):
    [found] = reader.read(asn1.pem(label, base64.b64encode(device))).found
    assert (found.label, found.der) == (label, device)
    [found] = reader.read(asn1.pem("Y", base64.b64encode(asn1.pem(label, device)))).found
    assert (found.label, found.der) == (label, device)


def labelled(number: int) -> tuple[str, bytes]:
    """Return a short object as PEM, long enough to count as one, and its DER."""
    der = der_value(0x30, bytes([number]) * 40)
    return asn1.pem("CERTIFICATE", der).decode(), der


def test_objects_in_json_come_in_its_order():
    texts, ders = zip(*map(labelled, range(4)), strict=True)
    data = {"a": texts[0], "b": [texts[1], {"c": texts[2]}], "d": texts[3], "e": "short", "f": 7}
    assert read_all(json.dumps(data).encode())[0] == list(ders)
    assert read_all(json.dumps(list(texts)).encode())[0] == list(ders)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"certSN": "4837", "certChainURL": "https://a.b/c"}, ("4837", "https://a.b/c")),
        ({"certSN": 4837, "certChainURL": "http://a.b/c"}, ("4837", "http://a.b/c")),
        ({"certSN": "1" * 99}, ("1" * 60, "")),
        ({"certSN": [7]}, ("", "")),
        ({"certSN": None, "certChainURL": None}, ("", "")),
        ({"certChainURL": "ftp://a.b/c"}, ("", "")),
        ({"certChainURL": "https://a.b/c d"}, ("", "")),
        ({"certChainURL": "https://" + "a" * 500}, ("", "https://" + "a" * 500)),
        ({"certChainURL": "https://" + "a" * 501}, ("", "")),
        ({}, ("", "")),
    ],
)
def test_what_an_answer_of_the_api_says(answer, expected):
    data = {"data": {"cert": labelled(0)[0], **answer}}
    assert reader.read(json.dumps(data).encode()).answers == (expected,)


def test_only_what_has_a_certificate_is_an_answer_of_the_api():
    text = labelled(0)[0]
    assert reader.read(json.dumps({"x": text, "certSN": "7"}).encode()).answers == ()
    both = [json.dumps({"cert": text, "certSN": number}).encode() for number in (1, 2)]
    assert reader.read(many_in_zip(both)).answers == (("1", ""), ("2", ""))


def test_a_key_in_json_stays_one_text(key):
    alone = {"kty": "RSA", "d": "x" * 100}
    text = json.dumps(alone).encode()
    assert reader.read(text) == ((Found(None, text, Shape.WRAPPED),), (), ())
    within = json.dumps({"keys": [alone, {"kty": "EC", "d": "y" * 100}]}).encode()
    texts = [json.loads(one.raw) for one in reader.read(within).found]
    assert texts == [alone, {"kty": "EC", "d": "y" * 100}]


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[:3] + lines[4:],  # one is missing
        lambda lines: lines[1:],
        lambda lines: [*lines[:3], lines[2], *lines[3:]],
        lambda lines: [lines[1], lines[0], *lines[2:]],
    ],
)
def test_a_dump_with_a_wrong_line_is_nothing(device, change):
    lines = dumped(device, "{at:08x}: {hex:<39}  {text}", 2).split(b"\n")
    assert read_all(b"\n".join(lines)) == ([device], [])
    assert read_all(b"\n".join(change(lines))) == ([], [])


def test_a_mail_that_would_take_long_is_read_as_text(device):
    pem = asn1.pem("CERTIFICATE", device)
    quoted = quopri.encodestring(pem).replace(b"CERTI", b"CERTI=\n").replace(b"MII", b"M=\nII")
    begin = b"Content-Transfer-Encoding: quoted-printable\n"
    note = b"X-Note: %b\n\n"
    assert read_all(begin + note % (b"Boundary " * 20) + quoted)[0] == [device]
    assert read_all(begin + note % (b"Boundary " * 21) + quoted)[0] == []
    assert read_all(begin + note % (b"Boundary " * 21) + pem + b"\n\nBye") == ([device], [])
    der = der_value(0x30, bytes(60))  # too short to be noticed in other text
    alone = base64.encodebytes(der)
    assert read_all(begin + note % (b"Boundary " * 21 + b"!!") + alone) == ([der], [])
    lines = b"\n--" * 9998  # and the two that PEM has
    assert read_all(begin + note % b"-" + quoted + lines)[0] == [device]
    assert read_all(begin + note % b"-" + quoted + lines + b"\n--")[0] == []


def test_mails_inside_each_other_without_end_are_left():
    reading = reader.read(b"Content-Type: message/rfc822\n\n" * 5000)
    assert [one.der for one in reading.found] == [None]


def test_a_mail_of_many_parts_is_read_as_far_as_it_may_take(device):
    boundary = b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
    part = b"--b\nContent-Type: text/plain\n\nHello\n"
    last = b"--b\n\n" + asn1.pem("CERTIFICATE", device) + b"--b--\n"
    assert read_all(boundary + part * 198 + last)[0] == [device]
    assert read_all(boundary + part * 199 + last)[0] == []


# --- Chains ---------------------------------------------------------------------------------------


def test_names_are_compared_without_case_blanks_and_type(maker, other_key):
    issuer = Maker(other_key)
    root_name = name(utf8("Example  CA"))
    root = issuer.certificate(root_name, root_name)
    written_otherwise = name(der_value(0x13, b"  EXAMPLE ca"))
    leaf = maker.certificate(name(utf8("dev")), written_otherwise, by=other_key)
    issued = certificate.read(leaf + root, Path("x"))
    assert [one.der for one in (issued.certificate, *issued.chain)] == [leaf, root]


@pytest.mark.long
@pytest.mark.usefixtures("bounded")
@pytest.mark.parametrize("is_first", [True, False])
def test_of_two_ways_to_a_root_the_one_that_lasts_is_taken(maker, other_key, is_first):
    issuer = Maker(other_key)
    ends = sequence(der_value(0x17, b"200101000000Z"), der_value(0x18, b"20991231235959Z"))
    root, other = (issuer.certificate(name(utf8(one)), name(utf8(one))) for one in ("A", "B"))
    short = issuer.certificate(name(utf8("CA")), name(utf8("A")), times=ends)
    long = issuer.certificate(name(utf8("CA")), name(utf8("B")))
    leaf = maker.certificate(name(utf8("dev")), name(utf8("CA")), by=other_key)
    ways = [short + root, long + other]
    issued = certificate.read(leaf + b"".join(ways if is_first else ways[::-1]), Path("x"))
    assert [one.der for one in issued.chain] == [long, other]


def test_what_came_is_looked_into_once(device, key_pem, tmp_path, monkeypatch):
    files = [tmp_path / "a.pem", tmp_path / "b.pem", tmp_path / "c.txt"]
    for file, content in zip(files, (device, key_pem, b"Hello"), strict=True):
        file.write_bytes(content)
    looks, real = [], inspect.inspect
    monkeypatch.setattr(
        inspect, "inspect", lambda path, *more, **named: looks.append(path) or real(path, *more)
    )
    assert receive.key_among(receive.sort(files)) == files[1]
    assert sorted(looks) == files
    looks.clear()
    assert receive.match_certificate(files[0], others=files[1:]).key == files[1]
    assert len(looks) == len(set(looks))


def test_many_authorities_of_one_name_take_bounded_work(maker, other_key):
    authority = name(utf8("CA"))
    data = b"".join(
        maker.certificate(authority, authority, serial=der_value(2, number.to_bytes(2, "big")))
        for number in range(1, 400)
    )
    data = maker.certificate(name(utf8("dev")), authority, by=other_key) + data
    issued = certificate.read(data, Path("x"))
    assert issued.chain == ()


def test_an_expired_issuer_is_reported(maker, other_key):
    old = sequence(der_value(0x17, b"200101000000Z"), der_value(0x17, b"210101000000Z"))
    issuer, authority = Maker(other_key), name(utf8("CA"))
    root = issuer.certificate(authority, authority, times=old)
    leaf = maker.certificate(name(utf8("dev")), authority, by=other_key)
    issued = certificate.read(leaf + root, Path("x"))
    # Nor does the old root say that it is one.
    *_rules, problem = certificate.check(issued, now=datetime(2026, 1, 1, tzinfo=UTC))
    assert problem.code is Code.CHAIN_EXPIRED
    assert problem.values == {"issuer": "CA", "date": "2021-01-01"}


@pytest.mark.parametrize("is_authority", [False, True])
def test_a_certificate_that_enos_did_not_issue_is_the_same_to_every_command(
    maker, tmp_path, key, key_pem, is_authority
):
    from enos_csr_gui.core import export
    from enos_csr_gui.core.enums import Format

    ca = bytes.fromhex("a3133011300f0603551d130101ff040530030101ff")
    own = maker.certificate(
        name(utf8("x")), name(utf8("x")), extensions=ca if is_authority else b""
    )
    (tmp_path / "x.pem").write_bytes(own)
    (tmp_path / "x.key").write_bytes(key_pem)
    code = Code.CERTIFICATE_OF_AUTHORITY if is_authority else Code.CERTIFICATE_SELF_SIGNED
    loaded = x509_reader.load(own)
    attempts = (
        lambda: receive.match_certificate(tmp_path / "x.pem"),
        lambda: receive.match_certificate(tmp_path / "x.pem", tmp_path / "x.key"),
        lambda: renew.read_source(tmp_path / "x.pem"),
        lambda: export.check_parts(Format.PKCS12, key, loaded, ()),
    )
    for attempt in attempts:
        with pytest.raises(CoreError) as caught:
            attempt()
        assert [problem.code for problem in caught.value.problems] == [code]


# --- Hostile files --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "subject",
    [
        name(*[utf8("x")] * 20_000),
        sequence(der_value(0x31, sequence(bytes.fromhex("0603550403"), utf8("x")) * 20_000)),
        name(utf8("x" * 700_000), oid="0603550406"),
        name(utf8("e" + "\u0301" * 300_000)),
        name(utf8("\u202e\x1b[2J\n" * 1000)),
    ],
    ids=["RDNs", "attributes", "country", "combining marks", "controls"],
)
@pytest.mark.usefixtures("bounded")
def test_a_monstrous_name_is_judged_at_once(maker, subject, tmp_path):
    info = sequence(b"\x02\x01\x00", subject, maker.spki, b"\xa0\x00")
    signature = maker.key.sign(info, padding.PKCS1v15(), hashes.SHA256())
    request = sequence(info, SHA256_WITH_RSA, der_value(0x03, b"\0" + signature))
    (tmp_path / "x.csr").write_bytes(request)
    [found] = inspect.inspect_files([tmp_path / "x.csr"])
    assert found.acceptable is False
    assert sum(len(value) for _name, value in found.subject) < 200_000
    with suppress(UnreadableFile):
        renew.read_source(tmp_path / "x.csr")


def assert_is_not_unpacked(data: bytes, *, megabytes: int) -> None:
    assert len(data) < 1 << 20
    tracemalloc.start()
    try:
        assert not any(one.der for one in reader.read(data).found)
        assert tracemalloc.get_traced_memory()[1] < megabytes << 20
    finally:
        tracemalloc.stop()


@pytest.mark.long
@pytest.mark.usefixtures("bounded")
def test_a_zip_bomb_is_not_unpacked():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(20):
            archive.writestr(f"{number}", b"0" * (20 << 20))
    data = file.getvalue()
    assert_is_not_unpacked(data, megabytes=20)


@pytest.mark.long
@pytest.mark.usefixtures("bounded")
@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress], ids=["gzip", "gzip twice"])
def test_a_gzip_bomb_is_not_unpacked(pack):
    data = pack(gzip.compress(b"0" * (400 << 20)))
    assert_is_not_unpacked(data, megabytes=40)


def test_an_archive_that_is_not_opened_is_named():
    for beginning, name in ((b"7z\xbc\xaf'\x1c", "7z"), (b"Rar!\x1a\x07\x01\0", "RAR")):
        [found] = inspect.inspect(Path("x"), beginning + bytes(99))
        [problem] = found.problems
        assert (problem.code, problem.values) == (Code.ARCHIVE_FORMAT, {"format": name})


@pytest.mark.parametrize("pack", [in_tar, gzip.compress, lambda der: gzip.compress(in_tar(der))])
def test_an_archive_that_is_cut_off_is_called_damaged(device, pack):
    data = pack(device)
    for length in range(20, len(data), 97):
        reader.read(data[:length])
    middle = data.find(device) + 50 if device in data else len(data) // 3
    found = inspect.inspect(Path("x"), data[:middle])
    assert not any(one.kind is ContentKind.CERTIFICATE for one in found)


@pytest.mark.parametrize(
    "text",
    ["-----Begin forwarded message-----\n{}", "-- begin --\n{}\n-- end --", "--Begin key--\n{}"],
)
def test_prose_between_dashes_is_no_label(device, text):
    inside = asn1.pem("CERTIFICATE", device).decode()
    found = [one for one in reader.read(text.format(inside).encode()).found if one.label]
    assert [one.der for one in found if one.label == "CERTIFICATE"] == [device]


@pytest.mark.long
@pytest.mark.parametrize(
    "piece",
    [
        b"\x30\x80", b"[", b'{"a":', b"A: b\n", b"-----END ", b"- ", b"\xe2\x80\x93", b"PK\x03\x04",
        b"> ", b"=\n", b"\\n", b"BEGIN ", b"A" * 60 + b"\n",
        b"Content-Type: multipart/x; boundary=a\n\n--a\n",
    ],
)  # fmt: skip
@pytest.mark.usefixtures("bounded")
def test_a_file_made_to_keep_us_busy_does_not(piece):
    data = piece * ((1 << 20) // len(piece))
    reader.read(data)
    inspect.inspect(Path("x"), b"-----BEGIN CERTIFICATE-----\n" + data)


def test_pkcs_7_holds_no_more_than_a_file_may(device):
    reading = reader.read(signed_data(*[device] * 600))
    assert len(reading.found) == reader.MAX_OBJECTS
    assert [one.code for one in reading.problems] == [Code.TOO_MANY_OBJECTS]


@given(st.binary(max_size=500), st.sampled_from(sorted(CONTAINERS)))
def test_any_bytes_in_any_container_are_read_or_left(data, container):
    reader.read(CONTAINERS[container](data))


# --- The bytes that came in -----------------------------------------------------------------------

TAGS = (0x0C, 0x13, 0x14, 0x16, 0x1A, 0x1B, 0x1C, 0x1E)
OIDS = ("0603550403", "060355040a", "060355040b", "0603550406", "06092a864886f70d010901",
        "0603550405", "06032a0304")  # fmt: skip
ODD = st.one_of(
    st.binary(max_size=20),
    st.text("&_*@#!贵州é e", max_size=12).map(str.encode),
    st.text("&_*@#!é", max_size=12).map(lambda text: text.encode("latin-1")),
    st.text("贵州", max_size=8).map(lambda text: text.encode("gbk")),
)
NAMES = st.lists(
    st.lists(st.tuples(st.sampled_from(OIDS), st.sampled_from(TAGS), ODD), max_size=3),
    max_size=5,
)


def odd_name(rdns) -> bytes:
    return sequence(
        *(
            der_value(
                0x31,
                b"".join(
                    sequence(bytes.fromhex(oid), der_value(tag, content))
                    for oid, tag, content in attributes
                ),
            )
            for attributes in rdns
        )
    )


def is_kept(maker: Maker, other_key: rsa.RSAPrivateKey, subject: bytes, issuer: bytes) -> None:
    """Check that a certificate with these names is stored as the bytes that came in."""
    der = maker.certificate(subject, issuer, by=other_key)
    found = certificate.read(asn1.pem("CERTIFICATE", der), Path("x"))
    assert found.certificate.der == der
    stored = certificate.load_all(found.to_pem())
    assert [one.der for one in stored] == [der]
    # The signature is genuine, for nothing that is signed was changed.
    assert stored[0].verify(x509_reader.PublicKey(Maker(other_key).spki))


@pytest.mark.long
@given(subject=NAMES, issuer=NAMES)
@settings(max_examples=settings.default.max_examples * 2)
def test_a_certificate_with_odd_names_is_kept(maker, other_key, subject, issuer):
    is_kept(maker, other_key, odd_name(subject), odd_name(issuer))


def some_odd(random: Random) -> bytes:
    """Return what ``ODD`` describes, drawn without the cost of hypothesis."""
    length = random.randrange(12)
    match random.randrange(4):
        case 0:
            return random.randbytes(length)
        case 1:
            return "".join(random.choices("&_*@#!贵州é e", k=length)).encode()
        case 2:
            return "".join(random.choices("&_*@#!é", k=length)).encode("latin-1")
        case _:
            return "".join(random.choices("贵州", k=length)).encode("gbk")


@pytest.mark.slow
def test_ten_thousand_certificates_with_odd_names_are_kept(maker):
    random = Random(0)
    signer = rsa.generate_private_key(65537, 1024)  # signs ten times as fast as the usual size

    def some_name() -> bytes:
        return odd_name(
            [
                (random.choice(OIDS), random.choice(TAGS), some_odd(random))
                for _attribute in range(random.randrange(4))
            ]
            for _rdn in range(random.randrange(6))
        )

    for _certificate in range(10_000):
        is_kept(maker, signer, some_name(), some_name())
