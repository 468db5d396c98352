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
from enos_csr_gui.core.reader import ApiAnswer

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
    damaged = csr_pem[:100] + csr_pem[200:]
    assert certificate.instead(Content(PLACE, damaged)) == expected


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
        assert certificate.read(leaf.to_pem(), PLACE, data(*pool), now=NOW) == found


def test_a_valid_certificate_without_a_root_goes_before_an_expired_one_with_it(root):
    issuing, other = Named("Issuing"), Named("Other root")
    leaf = issuing.issue(Named("device"), is_authority=False)
    expired, valid = root.issue(issuing, -1), other.issue(issuing)
    for pool in ([expired, valid, root.issue(root)], [root.issue(root), valid, expired]):
        assert certificate.of([leaf], Content(PLACE, b""), pool, now=NOW).chain == (valid,)


# --- Which of several is the one that is meant ----------------------------------------------------


def altered(one: x509_reader.Certificate, old: bytes, new: bytes) -> x509_reader.Certificate:
    """Return a certificate with other bytes; its signature is no longer one."""
    assert old in one.der
    return x509_reader.read(one.der.replace(old, new))


def with_odd_end(one: x509_reader.Certificate) -> tuple[x509_reader.Certificate, str]:
    """Return a certificate that ends in month 13, and that date."""
    end = one.not_valid_after_utc
    written = f"{end:%y%m%d%H%M%SZ}"
    odd = written[:2] + "13" + written[4:]
    return altered(one, written.encode(), odd.encode()), f"{end.year}-13-{end:%d}"


def both_orders(*certificates: x509_reader.Certificate) -> list[list[x509_reader.Certificate]]:
    return [list(certificates), list(reversed(certificates))]


def found(given: list, *pool: x509_reader.Certificate) -> certificate.Issued:
    return certificate.of(given, Content(PLACE, b""), pool, now=NOW)


def test_a_certificate_that_issued_another_one_is_not_that_of_the_device(root):
    """It may not say that it is an authority's."""
    issuing = Named("Issuing")
    above = root.issue(issuing, is_authority=False)
    leaf = issuing.issue(Named("device"), is_authority=False)
    for given in both_orders(above, leaf):
        assert found(given).certificate == leaf


def test_a_certificate_that_signed_itself_is_not_that_of_the_device(root):
    own, leaf = Named("own"), root.issue(Named("device"), is_authority=False)
    itself = own.issue(own, is_authority=False)
    for given in both_orders(itself, leaf):
        assert found(given).certificate == leaf
        assert certificate.public_keys(given) == [leaf.key.public_key_sha256]
    assert found([itself]).certificate == itself


def test_an_authority_is_not_the_device_though_it_has_issued_none_of_the_others(root):
    other, leaf = root.issue(Named("Other")), root.issue(Named("device"), is_authority=False)
    for given in both_orders(other, leaf):
        assert found(given).certificate == leaf


def test_a_certificate_with_an_impossible_date_is_refused(root):
    odd, date = with_odd_end(root.issue(Named("device"), is_authority=False))
    with pytest.raises(UnreadableFile) as refused:
        found([odd])
    problem = Problem(Code.DATE_IMPOSSIBLE, path=PLACE, values={"date": date})
    assert refused.value.problems == (problem,)


# --- Which way up is taken ------------------------------------------------------------------------


def test_an_expired_issuer_is_better_than_none(root):
    issuing = Named("Issuing")
    leaf = issuing.issue(Named("device"), is_authority=False)
    expired = root.issue(issuing, -1)
    assert found([leaf], expired).chain == (expired,)


def test_a_way_that_breaks_a_rule_is_taken_when_there_is_no_other(root):
    issuing = Named("Issuing")
    leaf = issuing.issue(Named("device"), is_authority=False)
    top = root.issue(root)
    bad, good = root.issue(issuing, is_authority=False), root.issue(issuing)
    for pool in both_orders(bad, good):
        assert found([leaf], *pool, top).chain == (good, top)
    assert found([leaf], bad, top).chain == (bad, top)


def test_a_way_to_a_root_goes_before_one_without(root):
    """Even if it breaks a rule, or does not last."""
    issuing, other = Named("Issuing"), Named("Other root")
    leaf = issuing.issue(Named("device"), is_authority=False)
    top, rootless = root.issue(root), other.issue(issuing)
    for worse in (root.issue(issuing, is_authority=False), root.issue(issuing, 10)):
        for pool in both_orders(worse, rootless):
            assert found([leaf], *pool, top).chain == (worse, top)


def test_of_two_ways_without_a_root_the_longer_is_taken(root):
    issuing, middle = Named("Issuing"), Named("Middle")
    leaf = issuing.issue(Named("device"), is_authority=False)
    short, long, above = root.issue(issuing), middle.issue(issuing), root.issue(middle)
    for pool in both_orders(short, long):
        assert found([leaf], *pool, above).chain == (long, above)


def test_an_issuer_lasts_if_it_ends_with_the_certificate(root):
    issuing, top = Named("Issuing"), root.issue(root, 900)
    leaf = issuing.issue(Named("device"), is_authority=False)
    same, later = root.issue(issuing), root.issue(issuing, 400)
    issued = found([leaf], same, later, top)
    assert issued.chain == (same, top)
    assert certificate.check(issued, now=NOW) == []


def test_authorities_that_issued_for_each_other_are_taken_once():
    one, other = Named("One"), Named("Other")
    by_one, by_other = one.issue(other), other.issue(one)
    leaf = one.issue(Named("device"), is_authority=False)
    assert found([leaf], by_one, by_other).chain == (by_other, by_one)
    assert found([by_one], by_other).chain == (by_other,)


def test_a_chain_ends_after_ten(root):
    named = [Named(f"Authority {number}") for number in range(12)]
    chain = [above.issue(below) for below, above in zip(named, [*named[1:], root], strict=True)]
    leaf = named[0].issue(Named("device"), is_authority=False)
    assert found([leaf], *chain).chain == tuple(chain[:10])


@pytest.mark.parametrize(("steps", "length"), [(3, 2), (2, 0)])
def test_the_search_ends_after_so_many_steps(root, monkeypatch, steps, length):
    issuing, top = Named("Issuing"), root.issue(root)
    leaf = issuing.issue(Named("device"), is_authority=False)
    chain = (root.issue(issuing), top)
    monkeypatch.setattr(certificate, "MAX_VERIFICATIONS", steps)
    assert found([leaf], *chain).chain == chain[:length]


@pytest.mark.parametrize(("count", "is_found"), [(8, True), (9, False)])
def test_an_issuer_whose_key_has_another_name_is_looked_for_if_few_have_it(root, count, is_found):
    issuing = Named("Issuing")
    leaf = issuing.issue(Named("device"), is_authority=False, with_ids=True)
    impostors = [Named("Issuing") for _number in range(count)]
    for one in impostors:
        one.id = issuing.id
    pool = [root.issue(one, with_ids=True) for one in impostors]
    own = root.issue(issuing)
    assert found([leaf], *pool, own).chain == ((own,) if is_found else ())


def test_what_signature_cannot_be_checked_is_said_once(root):
    leaf = Named("Issuing").issue(Named("device"), is_authority=False)
    ecdsa, unknown = (bytes.fromhex(f"06082a8648ce3d0403{last}") for last in ("02", "7f"))
    odd = altered(leaf, ecdsa, unknown)
    issuers = [root.issue(Named("Issuing")) for _number in range(2)]
    issued = found([odd], *issuers)
    values = {"issuer": "Issuing", "algorithm": "1.2.840.10045.4.3.127"}
    note = Problem(Code.CHAIN_UNCHECKED, values=values)
    assert issued == certificate.Issued(odd, notes=(note,))
    missing = Problem(Code.CHAIN_MISSING, values={"issuer": "Issuing"})
    assert certificate.check(issued, now=NOW) == [missing, note]


# --- What is said ---------------------------------------------------------------------------------


def test_what_is_said_has_an_order(root):
    issuing = Named("Issuing")
    leaf = issuing.issue(Named("device"), is_authority=False)
    above = root.issue(issuing, 10, is_authority=False)
    issued = found([leaf], above)
    said = certificate.check(issued, requested={"common_name": "other", "unit": "x"}, now=NOW)
    changes = {"unit": "x → –", "common_name": "other → device"}
    end = str(above.not_valid_after_utc.date())
    assert said == [
        Problem(Code.SUBJECT_CHANGED, values=changes),
        Problem(Code.CHAIN_ENDS, values={"issuer": "Root"}),
        *certificate.check_rules(issued),
        Problem(Code.CHAIN_ENDS_EARLY, values={"issuer": "Issuing", "date": end}),
    ]
    assert len(said) > 3
    nothing_asked = certificate.check(issued, requested={}, now=NOW)[0]
    assert nothing_asked == Problem(Code.SUBJECT_CHANGED, values={"common_name": "– → device"})


def test_of_an_expired_certificate_the_chain_is_not_said_to_be_expired_too(root):
    issuing, top = Named("Issuing"), root.issue(root)
    leaf = issuing.issue(Named("device"), -2, is_authority=False)
    issued = found([leaf], root.issue(issuing, -1), top)
    assert len(issued.chain) == 2
    assert [one.code for one in certificate.check(issued, now=NOW)] == [Code.CERTIFICATE_EXPIRED]


def test_only_the_first_of_the_chain_that_ends_is_named(root):
    issuing, middle, top = Named("Issuing"), Named("Middle"), root.issue(root, 900)
    leaf = issuing.issue(Named("device"), is_authority=False)
    for days, code in ((9, Code.CHAIN_ENDS_EARLY), (-9, Code.CHAIN_EXPIRED)):
        chain = (middle.issue(issuing), root.issue(middle, days), top)
        date = str(chain[1].not_valid_after_utc.date())
        said = certificate.check(certificate.Issued(leaf, chain), now=NOW)
        assert said == [Problem(code, values={"issuer": "Middle", "date": date})]


def test_an_impossible_date_in_the_chain_is_said_as_it_is_written(root):
    issuing, top = Named("Issuing"), root.issue(root)
    leaf = issuing.issue(Named("device"), is_authority=False)
    odd, date = with_odd_end(root.issue(issuing))
    said = certificate.check(certificate.Issued(leaf, (odd, top)), now=NOW)
    assert Problem(Code.CHAIN_EXPIRED, values={"issuer": "Issuing", "date": date}) in said
    assert certificate.of([leaf], Content(PLACE, b""), [odd, top], now=NOW).chain == (odd,)


def test_what_an_answer_of_the_api_says_of_an_incomplete_chain_is_passed_on(root):
    issuing = Named("Issuing")
    leaf = issuing.issue(Named("device"), is_authority=False)
    answers = [ApiAnswer("", ""), ApiAnswer("", "https://a.example"), ApiAnswer("", "https://b")]
    where = Problem(Code.CHAIN_URL, values={"url": "https://a.example"})
    assert certificate.check_answers(certificate.Issued(leaf), answers) == [where]
    assert certificate.check_answers(certificate.Issued(leaf), answers[:1]) == []
    whole = found([leaf], root.issue(issuing), root.issue(root))
    assert certificate.check_answers(whole, answers) == []
    other = certificate.check_answers(whole, [ApiAnswer("12", "")])
    assert [one.code for one in other] == [Code.SERIAL_DIFFERS]


def test_a_key_that_cannot_be_used_is_named_by_its_kind(three, root):
    known, unknown = (bytes.fromhex(f"06072a8648ce3d02{last}") for last in ("01", "03"))
    odd = altered(root.issue(Named("device"), is_authority=False), known, unknown)
    values = {"algorithm": "1.2.840.10045.2.3"}
    problem = Problem(Code.CERTIFICATE_NOT_RSA, path=PLACE, values=values)
    assert certificate.check_kind(odd, PLACE) == [problem]
    even = altered(three[0], bytes.fromhex("0203010001"), bytes.fromhex("0203010000"))
    problem = Problem(Code.KEY_UNREADABLE, path=PLACE, values={"algorithm": "RSA"})
    assert certificate.check_kind(even, PLACE) == [problem]
