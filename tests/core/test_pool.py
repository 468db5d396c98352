"""What was received for many devices: files, folders, archives and bundles, read in order."""

from __future__ import annotations

import json
import os
import secrets
import sys
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from enos_csr_gui.core import certificate, keys
from enos_csr_gui.core.batch import pool as pool_module
from enos_csr_gui.core.batch.control import Control
from enos_csr_gui.core.batch.pool import Found, Pool, best, of_devices
from enos_csr_gui.core.errors import Code, Problem

NOW = datetime.now(UTC)


class Issuer:
    """Issues certificates, each with a name, for any key; quick, because its key is on a curve."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.public_key = self._key.public_key()
        self.root = self.issue("root", issuer="root", is_root=True)

    def issue(
        self,
        name: str,
        key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | None = None,
        *,
        days: tuple[int, int] = (-30, 365),
        issuer: str = "root",
        is_root: bool = False,
    ) -> x509.Certificate:
        subject, above = (
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, issuer)
        )
        number = secrets.randbits(2048) | (1 << 2047) | 1
        start, end = (NOW + timedelta(days=one) for one in days)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(above)
            .public_key(key or rsa.RSAPublicNumbers(65537, number).public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(is_root, None), critical=True)
            .sign(self._key, hashes.SHA256())
        )


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


def without_a_date(certificate: x509.Certificate) -> bytes:
    """Return the certificate with an end in a month that no calendar has."""
    data = certificate.public_bytes(serialization.Encoding.DER)
    end = certificate.not_valid_after_utc.strftime("%y%m%d%H%M%SZ").encode()
    assert data.count(end) == 1
    return data.replace(end, end[:2] + b"99" + end[4:])


def names(found: Iterable[Found]) -> list[str]:
    return [certificate.subject_name(one.certificate) for one in found]


def test_of_several_certificates_the_newest_valid_one_is_taken(issuer, key, tmp_path) -> None:
    public = key.public_key()
    made = {
        name: pem(issuer.issue(name, public, days=days))
        for name, days in (
            ("expired", (-40, -1)),
            ("long expired", (-400, -300)),
            ("valid", (-30, 30)),
            ("newer", (-20, 5)),
            ("not yet valid", (3, 300)),
        )
    }
    made["never"] = without_a_date(issuer.issue("never", public, days=(-10, 300)))

    def taken(*given: str) -> str:
        for name in given:
            (tmp_path / name).write_bytes(made[name])
        pool = Pool([tmp_path / name for name in given])
        fingerprint = keys.public_key_sha256(public)
        assert list(pool.public_keys) == [fingerprint]
        found = pool.take(fingerprint, NOW)
        assert found.source == tmp_path / names([found])[0]
        assert pool.take(fingerprint, NOW) is None
        assert (list(pool.public_keys), list(pool.rest())) == ([], [])
        return names([found])[0]

    for given in (list(made), list(made)[::-1]):
        assert taken(*given) == "newer"
        assert taken(*(name for name in given if name != "newer")) == "valid"
        rest = [name for name in given if name not in ("newer", "valid")]
        assert taken(*rest) == "not yet valid"
        assert taken(*(name for name in rest if name != "not yet valid")) == "expired"
    assert taken("never", "long expired") == taken("long expired", "never") == "long expired"
    assert taken("never") == "never"
    assert Pool([]).take("00", NOW) is None
    assert best([], NOW) is None


def test_all_that_was_received_is_read_in_order(issuer, tmp_path) -> None:
    """Files, folders in folders, archives, bundles and answers of an API."""
    one = [issuer.issue(f"dev-{number}") for number in range(8)]
    top, farm = tmp_path / "received", tmp_path / "received" / "farm"
    (top / "b" / "c").mkdir(parents=True)
    farm.mkdir()
    (farm / "own.pem").write_bytes(pem(issuer.issue("own")))
    (top / "a.pem").write_bytes(pem(one[0], one[1], issuer.root))
    (top / "b" / "c" / "x.der").write_bytes(one[2].public_bytes(serialization.Encoding.DER))
    (top / "c.zip").touch()
    with zipfile.ZipFile(top / "c.zip", "w") as archive:
        archive.mkdir("inside")
        archive.writestr("inside/y.pem", pem(one[3]))
        archive.writestr("z.pem", pem(one[4]))
    (top / "d.txt").write_bytes(b"no certificate")
    (top / "e.json").write_bytes(
        b"\n".join(json.dumps({"cert": pem(each).decode()}).encode() for each in one[5:7]) + b"\n"
    )
    (tmp_path / "z.pem").write_bytes(pem(one[7]))
    counts: list[int] = []
    paths = [top, tmp_path / "gone", tmp_path / "z.pem"]
    pool = Pool(paths, farm, progress=counts.append)
    assert counts == list(range(1, 10))
    assert pool.problems == [Problem(Code.FILE_MISSING, path=tmp_path / "gone")]
    [root] = pool.authorities
    assert certificate.subject_name(root) == "root"
    foreign = list(pool.rest())
    assert [each.name for each in foreign] == [f"dev-{number}" for number in range(8)]
    files = ["a.pem", "a.pem", "b/c/x.der", *["c.zip"] * 2, *["e.json"] * 2]
    assert [each.source for each in foreign] == [
        *(top / name for name in files),
        tmp_path / "z.pem",
    ]
    for each, issued in zip(foreign, one, strict=True):
        assert each.public_key_sha256 == keys.public_key_sha256(issued.public_key())
        assert each.certificate_sha256 == issued.fingerprint(hashes.SHA256()).hex()
        assert each.not_after == issued.not_valid_after_utc
    listed = [each.name for each in foreign]
    assert names(of_devices(paths)) == [*listed[:-1], "own", listed[-1]]
    # A file of the batch that is named itself is read.
    assert names(of_devices([farm / "own.pem"])) == ["own"]
    assert [each.name for each in Pool([farm / "own.pem"], farm).rest()] == ["own"]
    assert list(Pool([farm], farm).rest()) == []


def test_what_is_its_own_issuer_is_no_device(issuer, tmp_path) -> None:
    file = tmp_path / "own.pem"
    own = issuer.issue("self", issuer.public_key, issuer="self")
    other = issuer.issue("sub", is_root=True)
    file.write_bytes(pem(own, other, other, issuer.issue("dev")))
    pool = Pool([file])
    assert [certificate.subject_name(one) for one in pool.authorities] == ["self", "sub"]
    assert [one.name for one in pool.rest()] == ["dev"]
    assert names(of_devices([file])) == ["dev"]


def test_a_certificate_without_a_date_is_listed_without_one(issuer, tmp_path) -> None:
    (tmp_path / "odd.cer").write_bytes(without_a_date(issuer.issue("odd")))
    [foreign] = Pool([tmp_path / "odd.cer"]).rest()
    assert (foreign.name, foreign.not_after) == ("odd", None)


def test_of_many_certificates_all_is_kept(issuer, tmp_path) -> None:
    """Most of them are packed until they are looked at."""
    issued = [issuer.issue(f"dev-{number:03}") for number in range(100)]
    odd = 40
    for number, one in enumerate(issued):
        data = without_a_date(one) if number == odd else pem(one)
        (tmp_path / f"{number:03}").write_bytes(data)
    pool = Pool([tmp_path])
    taken = keys.public_key_sha256(issued[3].public_key())
    found = pool.take(taken, NOW)
    assert (names([found]), found.source) == (["dev-003"], tmp_path / "003")
    foreign = pool.rest()
    numbers = [number for number in range(100) if number != 3]
    for number, one in zip(numbers, list(foreign), strict=True):
        given = issued[number]
        assert (one.name, one.source) == (f"dev-{number:03}", tmp_path / f"{number:03}")
        assert one.public_key_sha256 == keys.public_key_sha256(given.public_key())
        assert one.not_after == (None if number == odd else given.not_valid_after_utc)
        if number != odd:
            assert one.certificate_sha256 == given.fingerprint(hashes.SHA256()).hex()


def test_a_path_that_no_system_takes_is_named(issuer, tmp_path) -> None:
    good, long = tmp_path / "good.pem", tmp_path / ("x" * 300)
    good.write_bytes(pem(issuer.issue("dev")))
    pool = Pool([long, good])
    assert [(one.code, one.path) for one in pool.problems] == [(Code.PATH_TOO_LONG, long)]
    assert [one.name for one in pool.rest()] == ["dev"]


def test_the_look_at_what_was_received_is_stopped(issuer, tmp_path) -> None:
    file, control, counts = tmp_path / "all.pem", Control(), []
    file.write_bytes(pem(*(issuer.issue(f"dev-{number}") for number in range(4))))

    def progress(count: int) -> None:
        counts.append(count)
        if count == 2:
            control.stop()

    pool = Pool([file], control=control, progress=progress)
    assert counts == [1, 2]
    assert [one.name for one in pool.rest()] == ["dev-0", "dev-1"]
    assert pool.authorities == ()


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_what_cannot_be_read_is_said_and_the_rest_is_read(issuer, tmp_path, monkeypatch) -> None:
    good = pem(issuer.issue("dev"))

    def archive(name: str, *members: bytes) -> bytes:
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as file:
            for number, member in enumerate(members):
                file.writestr(f"{number}", member)
        return (tmp_path / name).read_bytes()

    monkeypatch.setattr(pool_module, "_MAX_FILE", 5000)
    monkeypatch.setattr(pool_module, "_MAX_UNPACKED", 12_000)
    (tmp_path / "a.pem").write_bytes(good.ljust(5000))
    (tmp_path / "b.pem").write_bytes(good.ljust(5001))
    (tmp_path / "bb.pem").touch()
    os.truncate(tmp_path / "bb.pem", 100 << 30)  # takes no room on the disk
    archive("c.zip", good.ljust(5000), good.ljust(5000), good.ljust(2000))
    archive("d.zip", good.ljust(5000), good.ljust(5000), good.ljust(2001))
    archive("e.zip", good.ljust(5001), good)
    whole = archive("f.zip", good, good)
    (tmp_path / "f.zip").write_bytes(whole[:-30])
    locked = archive("g.zip", good, good)
    place = locked.rindex(b"PK\x01\x02")  # of the second file, in the list at the end
    (tmp_path / "g.zip").write_bytes(
        locked[: place + 8] + bytes([locked[place + 8] | 1]) + locked[place + 9 :]
    )
    (tmp_path / "h.pem").write_bytes(good)
    (tmp_path / "i.pem").symlink_to(tmp_path / "i.pem")
    too_large = Problem(Code.FILE_TOO_LARGE, values={"limit": 5000})
    pool = Pool([tmp_path])
    *problems, loop = pool.problems
    assert problems == [
        too_large._replace(path=tmp_path / "b.pem"),
        too_large._replace(path=tmp_path / "bb.pem"),
        too_large._replace(path=tmp_path / "d.zip"),
        too_large._replace(path=tmp_path / "e.zip"),
        Problem(Code.DAMAGED, path=tmp_path / "f.zip"),
        Problem(Code.ARCHIVE_LOCKED, path=tmp_path / "g.zip"),
    ]
    assert loop.path == tmp_path / "i.pem"
    assert [one.source.name for one in pool.rest()] == [
        "a.pem",
        *["c.zip"] * 3,
        *["d.zip"] * 2,
        "g.zip",
        "h.pem",
    ]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7])
def test_a_bundle_is_read_in_pieces(issuer, monkeypatch, count) -> None:
    monkeypatch.setattr(pool_module, "_PIECE", 3)
    one = pem(issuer.root)
    data = b"first\n" + (one + b"between\n") * count + b"last"
    pieces = list(pool_module._pieces(data))
    assert b"".join(pieces) == data
    counts = [piece.count(b"-----END CERT") for piece in pieces]
    assert counts == [3] * ((count - 1) // 3) + [(count - 1) % 3 + 1]
    assert all(piece.startswith((b"first", b"between\n---")) for piece in pieces)


def test_answers_of_an_api_are_read_line_by_line() -> None:
    for data in (b'{"a": 1}\n{"b":2}', b'{"a": 1}\n{"b":2}\n', b'\n{"a": 1}\n\n{"b":2}'):
        assert list(pool_module._pieces(data)) == [b'{"a": 1}', b'{"b":2}']
    for data in (b'{"a":1}', b'{"a":1}\nx', b"", b'{"a":\n1}'):
        assert list(pool_module._pieces(data)) == [data]
