"""The issued certificate among others, its chain, and what is said of both."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from enos_csr_gui.core import certificate, x509_reader
from enos_csr_gui.core.contents import Content
from enos_csr_gui.core.enums import ContentKind
from enos_csr_gui.core.errors import Code, Problem, UnreadableFile

PLACE = Path("given.pem")
SECOND = timedelta(seconds=1)


@pytest.fixture
def leaf_file(tmp_path, csr_pem, authority) -> Path:
    request = tmp_path / "a.csr"
    request.write_bytes(csr_pem)
    return authority.issue(request, tmp_path / "a.pem")


@pytest.fixture
def three(leaf_file, authority) -> list[x509_reader.Certificate]:
    """Return the certificate of a device, its issuer's, and the root's."""
    files = (leaf_file, authority.intermediate, authority.root)
    return [x509_reader.read(file.read_bytes()) for file in files]


def data(*certificates) -> bytes:
    return b"".join(one.to_pem() for one in certificates)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)])
def test_the_certificate_of_the_device_is_found_with_its_chain(three, order):
    issued = certificate.read(data(*(three[number] for number in order)), PLACE)
    assert issued == certificate.Issued(three[0], tuple(three[1:]))
    assert issued.to_pem() == data(*three)
    assert issued.public_key_sha256 == three[0].key.public_key_sha256
    assert issued.answers["common_name"] == "dev-001"


def test_the_chain_may_come_in_a_file_of_its_own(three):
    leaf, issuer, root = three
    for given, chain in ((data(leaf), data(issuer, root)), (data(leaf, issuer), data(root))):
        assert certificate.read(given, PLACE, chain).chain == (issuer, root)
    assert certificate.read(data(leaf), PLACE, data(issuer)).chain == (issuer,)
    assert certificate.read(data(leaf), PLACE, data(root)).chain == ()


def test_the_key_decides_which_certificate_is_meant(three):
    for one in three:
        sha256 = one.key.public_key_sha256
        found = certificate.read(data(*three), PLACE, public_key_sha256=sha256)
        assert found.certificate == one
    unknown = certificate.read(data(*three), PLACE, public_key_sha256="0" * 64)
    assert unknown.certificate == three[0]


def test_the_keys_of_authorities_count_only_where_there_is_nothing_else(three):
    keys = [one.key.public_key_sha256 for one in three]
    assert certificate.public_keys(three) == keys[:1]
    assert certificate.public_keys(three[1:]) == keys[1:]
    assert certificate.public_keys([]) == []


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"hello", Code.NOTHING_KNOWN),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", Code.DAMAGED),
    ],
)
def test_what_is_no_certificate_is_refused_for_what_it_is(content, problem):
    with pytest.raises(UnreadableFile) as refused:
        certificate.read(content, PLACE)
    assert [(one.code, one.path) for one in refused.value.problems] == [(problem, PLACE)]


def test_a_request_is_no_certificate(csr_pem):
    values = {"kind": ContentKind.REQUEST}
    expected = Problem(Code.NOT_A_CERTIFICATE, path=PLACE, values=values)
    assert certificate.instead(Content(PLACE, csr_pem)) == expected


def test_nothing_is_said_of_a_certificate_in_order(three):
    issued = certificate.read(data(*three), PLACE)
    asked = dict(issued.answers)
    now = datetime.now(UTC) + timedelta(minutes=1)
    assert certificate.check(issued, requested=asked, now=now) == []
    assert certificate.check(issued) == certificate.check_rules(issued) == []


def test_each_field_that_was_changed_is_named(three):
    issued = certificate.read(data(*three), PLACE)
    asked = issued.answers | {"unit": "Other", "email": ""}
    asked.pop("state")
    [problem] = certificate.check(issued, requested=asked)
    assert problem == Problem(
        Code.SUBJECT_CHANGED,
        values={
            "state": "– → Guizhou",
            "unit": "Other → Operations",
            "email": "– → ops@example.com",
        },
    )


def test_an_incomplete_chain_is_reported_with_the_issuer_that_lacks(three):
    leaf, issuer, _root = three
    missing = {"issuer": "Test Issuing"}
    alone, without_root = certificate.Issued(leaf), certificate.Issued(leaf, (issuer,))
    for issued, file, code, values in (
        (alone, None, Code.CHAIN_MISSING, missing),
        (alone, PLACE, Code.CHAIN_OF_OTHERS, missing),
        (without_root, None, Code.CHAIN_ENDS, {"issuer": "Test Root"}),
        (without_root, PLACE, Code.CHAIN_ENDS, {"issuer": "Test Root"}),
        (alone._replace(has_namesake=True), PLACE, Code.CHAIN_OTHER_KEY, missing),
    ):
        [problem] = certificate.check_chain(issued, file)
        assert (problem.code, problem.values) == (code, values)
        assert problem.path == (None if code is Code.CHAIN_ENDS else file)
        assert problem in certificate.check(issued, chain_file=file)
    assert certificate.check_chain(certificate.Issued(leaf, tuple(three[1:]))) == []


def test_an_issuer_of_the_same_name_with_another_key_is_noticed(three, openssl, tmp_path):
    other = tmp_path / "other.pem"
    new = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "other.key")
    openssl(*new, "-subj", "/C=CN/O=Test CA/CN=Test Issuing", "-days", "9", "-out", other)
    issued = certificate.read(data(three[0]), PLACE, other.read_bytes())
    assert issued == certificate.Issued(three[0], has_namesake=True)
    assert not certificate.read(data(three[0]), PLACE, data(three[2])).has_namesake


def test_dates_are_judged_at_the_moment_that_is_given(three):
    leaf, issuer, root = three
    issued = certificate.Issued(leaf, (issuer, root))
    first, last = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    assert certificate.check(issued, now=last) == []
    [early] = certificate.check(issued, now=first - SECOND)
    [late] = certificate.check(issued, now=last + SECOND)
    assert (early.code, late.code) == (
        Code.CERTIFICATE_NOT_YET_VALID,
        Code.CERTIFICATE_EXPIRED,
    )


def test_a_chain_that_ends_too_early_is_reported(csr_pem, authority, tmp_path):
    (tmp_path / "a.csr").write_bytes(csr_pem)
    file = authority.issue(tmp_path / "a.csr", tmp_path / "a.pem", days=5000)
    leaf, issuer, root = (
        x509_reader.read(one.read_bytes()) for one in (file, authority.intermediate, authority.root)
    )
    issued = certificate.Issued(leaf, (issuer, root))
    end = issuer.not_valid_after_utc
    values = {"issuer": "Test Issuing", "date": end.date().isoformat()}
    for now, code in ((end, Code.CHAIN_ENDS_EARLY), (end + SECOND, Code.CHAIN_EXPIRED)):
        found = certificate.check(issued, now=now)
        assert found == [Problem(code, values=values)]


def test_a_certificate_that_enos_did_not_issue_to_a_device_is_refused(three, openssl, tmp_path):
    leaf, issuer, root = three
    assert certificate.check_kind(leaf, PLACE) == []
    for one, name in ((issuer, "Test Issuing"), (root, "Test Root")):
        problem = Problem(Code.CERTIFICATE_OF_AUTHORITY, path=PLACE, values={"name": name})
        assert certificate.check_kind(one, PLACE) == [problem]
    own = tmp_path / "own.pem"
    new = ("req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", tmp_path / "own.key")
    openssl(*new, "-subj", "/O=nobody", "-addext", "basicConstraints=CA:FALSE", "-out", own)
    problem = Problem(Code.CERTIFICATE_SELF_SIGNED, path=PLACE, values={"name": ""})
    assert certificate.check_kind(x509_reader.read(own.read_bytes()), PLACE) == [problem]


def test_names_are_those_of_the_certificate(three):
    assert certificate.issuer_name(three[0]) == certificate.subject_name(three[1]) == "Test Issuing"


# --- Authorities with one name --------------------------------------------------------------------

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Named:
    """What has a name and a key: it issues certificates."""

    def __init__(self, name: str) -> None:
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())

    def issue(
        self, of: Named, days: int = 300, *, is_authority: bool = True, with_ids: bool = False
    ) -> x509_reader.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(of.name)
            .issuer_name(self.name)
            .public_key(of.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=300))
            .not_valid_after(NOW + timedelta(days=days))
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        )
        if with_ids:
            above = x509.AuthorityKeyIdentifier(self.id.digest, None, None)
            builder = builder.add_extension(of.id, critical=False).add_extension(above, False)
        made = builder.sign(self.key, hashes.SHA256())
        return x509_reader.read(made.public_bytes(Encoding.DER))


@pytest.fixture(scope="module")
def root() -> Named:
    return Named("Root")


@pytest.fixture(scope="module")
def namesakes(root) -> list[x509_reader.Certificate]:
    """Return as many authorities of one name as signatures are verified."""
    issuers = (Named("Issuing") for _number in range(certificate.MAX_VERIFICATIONS))
    return [root.issue(one, with_ids=True) for one in issuers]


def test_the_search_among_authorities_of_one_name_ends(root, namesakes):
    issuing = Named("Issuing")
    leaf = issuing.issue(Named("device"), is_authority=False)
    own, content = root.issue(issuing), Content(PLACE, b"")
    found = certificate.of([leaf], content, [*namesakes[1:], own], now=NOW)
    assert (found.chain, found.notes, found.has_namesake) == ((own,), (), False)
    missed = certificate.of([leaf], content, [*namesakes, own], now=NOW)
    note = Problem(Code.CHAIN_TOO_COSTLY, values={"limit": 200})
    assert (missed.chain, missed.notes, missed.has_namesake) == ((), (note,), True)
    assert note in certificate.check(missed, now=NOW)


def test_the_issuer_whose_key_is_named_is_tried_first(root, namesakes):
    issuing = Named("Issuing")
    leaf = issuing.issue(Named("device"), is_authority=False, with_ids=True)
    own = root.issue(issuing, with_ids=True)
    found = certificate.of([leaf], Content(PLACE, b""), [*namesakes, own], now=NOW)
    assert found.chain == (own,)


@pytest.mark.parametrize(("worse", "better"), [(-1, 10), (10, 300), (-9, 300)])
def test_of_two_certificates_of_an_issuer_the_one_that_lasts_is_taken(root, worse, better):
    issuing = Named("Issuing")
    leaf = issuing.issue(Named("device"), is_authority=False)
    short, long, top = root.issue(issuing, worse), root.issue(issuing, better), root.issue(root)
    for pool in ([short, long, top], [top, long, short]):
        found = certificate.of([leaf], Content(PLACE, b""), pool, now=NOW)
        assert found.chain == (long, top)


def test_a_valid_certificate_without_a_root_goes_before_an_expired_one_with_it(root):
    issuing, other = Named("Issuing"), Named("Other root")
    leaf = issuing.issue(Named("device"), is_authority=False)
    expired, valid = root.issue(issuing, -1), other.issue(issuing)
    for pool in ([expired, valid, root.issue(root)], [root.issue(root), valid, expired]):
        assert certificate.of([leaf], Content(PLACE, b""), pool, now=NOW).chain == (valid,)
