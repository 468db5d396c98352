"""What a renewal takes over, and the note that a request for the same name still waits."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from enos_csr_gui.core import keys, renew, x509_reader
from enos_csr_gui.core.asn1 import pem
from enos_csr_gui.core.contents import MAX_FILES
from enos_csr_gui.core.create import create_request
from enos_csr_gui.core.enums import RequestKind
from enos_csr_gui.core.errors import Code, Problem, UnreadableFile
from enos_csr_gui.core.history import (
    RENEWAL_PENDING,
    RequestHistory,
    default_path,
    local_date,
)
from enos_csr_gui.core.subject import FIELDS_BY_KEY, Subject

DAY = timedelta(days=1)


def record(made_on: datetime, key: str) -> None:
    with RequestHistory() as history:
        history.record(
            {"common_name": "dev-001"},
            public_key_sha256=key,
            key=Path(f"{key}.key"),
            csr=Path(f"{key}.csr"),
            made_on=made_on,
        )


def noted() -> list[str]:
    return [str(one.code) for one in renew.check_requested("dev-001")]


@pytest.mark.parametrize(("age", "codes"), [(-DAY, ["already-requested"]), (DAY, [])])
def test_a_request_waits_for_two_weeks(age: timedelta, codes: list[str]) -> None:
    record(datetime.now(UTC) - RENEWAL_PENDING - age, "a")
    assert noted() == codes


def test_what_has_its_certificate_or_is_archived_does_not_wait() -> None:
    now = datetime.now(UTC)
    record(now - 2 * DAY, "a")
    with RequestHistory() as history:
        history.certificate_received(
            "a",
            common_name="dev-001",
            serial=7,
            issued=now - DAY,
            expires=now + DAY,
            certificate=Path("a.crt"),
        )
    assert noted() == []
    record(now - DAY, "b")
    assert noted() == ["already-requested"]
    with RequestHistory() as history:
        [newest, _older] = history.find_common_name("dev-001")
        history.archive([newest.number])
    assert noted() == []


# --- What is taken over ---------------------------------------------------------------------------


@pytest.fixture
def made(tmp_path, subject, key):
    """Return the request for dev-001, which the history has."""
    return create_request(subject, key, tmp_path, "dev-001")


@pytest.fixture
def foreign(tmp_path, openssl, made):
    """Return a function for the file of a request that OpenSSL makes for this subject."""

    def make(subject: str, name: str = "foreign.csr", *options: str) -> Path:
        new = ("req", "-new", "-key", made.key, "-utf8", "-subj", subject)
        openssl(*new, *options, "-out", tmp_path / name)
        return tmp_path / name

    return make


def refused(*given: Path) -> tuple[Problem, ...]:
    with pytest.raises(UnreadableFile) as caught:
        renew.read_source(*given)
    return caught.value.problems


def test_all_of_a_good_request_is_taken_over(made, answers):
    assert renew.read_source(made.csr) == renew.RenewalSource(
        made.csr,
        answers,
        problems=(),
        warnings=(),
        left_out=(),
        proposed={},
        public_key_sha256=made.public_key_sha256,
    )
    assert renew.read_answers(made.csr) == answers


def test_of_a_certificate_its_serial_number_is_known(made, answers, authority, tmp_path):
    file = authority.issue(made.csr, tmp_path / "a.pem")
    whole = authority.root.read_bytes() + file.read_bytes() + authority.intermediate.read_bytes()
    (tmp_path / "chain.pem").write_bytes(whole)
    serial = x509_reader.read(file.read_bytes()).serial_number
    for given in ([file], [tmp_path / "chain.pem"], [file, authority.root], [made.csr, file]):
        source = renew.read_source(*given)
        assert (source.serial, source.common_name) == (serial, "dev-001")
        assert source.answers == answers
        assert source.public_key_sha256 == made.public_key_sha256
        assert not source.from_history
        assert source.file == (file if made.csr in given else given[0])


def test_a_certificate_that_has_expired_is_noted(made, authority, tmp_path):
    file = authority.issue(made.csr, tmp_path / "a.pem", days=10)
    end = x509_reader.read(file.read_bytes()).not_valid_after_utc
    assert renew.read_source(file, now=end).notes == ()
    values = {"date": end.date().isoformat()}
    late = renew.read_source(file, now=end + timedelta(seconds=1))
    assert late.notes == (Problem(Code.OLD_EXPIRED, values=values),)


def test_the_chain_of_the_old_certificate_is_the_one_valid_at_that_moment(key, tmp_path):
    """Its authority has two certificates: what it may sign is limited in the later one."""
    now, own = datetime.now(UTC), ec.generate_private_key(ec.SECP256R1())
    ca, device = (
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, one)]) for one in ("ca", "dev-001")
    )
    limits = x509.NameConstraints(None, [x509.DirectoryName(device)])

    def issue(subject: x509.Name, days: int, *extensions: x509.ExtensionType) -> bytes:
        public = (own if subject == ca else key).public_key()
        builder = x509.CertificateBuilder(ca, subject, public, x509.random_serial_number())
        builder = builder.not_valid_before(now - 9 * DAY).not_valid_after(now + days * DAY)
        for one in extensions:
            builder = builder.add_extension(one, critical=True)
        return builder.sign(own, hashes.SHA256()).public_bytes(Encoding.PEM)

    authority = x509.BasicConstraints(ca=True, path_length=None)
    file = tmp_path / "a.pem"
    file.write_bytes(
        issue(device, 90) + issue(ca, 10, authority) + issue(ca, 99, authority, limits)
    )
    assert renew.read_source(file).notes == ()
    [note] = renew.read_source(file, now=now + 20 * DAY).notes
    assert note.code is Code.CHAIN_NAME_FORBIDDEN


def test_what_was_not_read_is_noted(made, authority, tmp_path):
    certificate = authority.issue(made.csr, tmp_path / "a.pem").read_bytes()
    place = tmp_path / "a.zip"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("0.pem", certificate)
        for number in range(MAX_FILES):
            archive.writestr(f"{number}.txt", "nothing")
    source = renew.read_source(place)
    assert source.common_name == "dev-001"
    values = {"limit": MAX_FILES}
    assert source.notes == (Problem(Code.TOO_MANY_FILES, path=place, values=values),)


def test_what_must_be_mended_is_said(foreign):
    file = foreign("/C=XX/L=Kaili/O=Wind/OU=Ops/CN=dev\u200b1/serialNumber=7/L=Guiyang")
    source = renew.read_source(file)
    assert source.answers == {
        "country": "XX",
        "state": "",
        "locality": "Kaili",
        "organization": "Wind",
        "unit": "Ops",
        "common_name": "dev\u200b1",
        "email": "",
    }
    assert [(one.field, one.code) for one in source.problems] == [
        ("country", Code.NOT_A_COUNTRY),
        ("state", Code.REQUIRED),
    ]
    assert [(one.field, one.code) for one in source.warnings] == [
        ("common_name", Code.INVISIBLE_CHARACTER)
    ]
    assert [one.code for one in source.left_out_problems] == [Code.ATTRIBUTE_LEFT_OUT] * 2
    assert [one.values["attribute"] for one in source.left_out_problems] == ["serialNumber", "L"]
    assert source.misread == []


MISREAD = "M\u00c3\u00bcller"


def test_text_in_a_wrong_encoding_is_proposed_as_it_was_meant(foreign):
    file = foreign(f"/C=CN/ST=a/L=b/O={MISREAD}/OU=c/CN={MISREAD}")
    source = renew.read_source(file)
    assert source.proposed == {"organization": "M\u00fcller"}
    assert [(one.field, one.code) for one in source.misread] == [
        ("organization", Code.TEXT_MISREAD)
    ]
    assert [(one.field, one.code) for one in source.warnings] == [
        ("common_name", Code.TEXT_MISREAD)
    ]
    assert source.common_name == MISREAD
    assert renew.read_answers(file)["organization"] == "M\u00fcller"


def test_what_no_renewal_can_start_from_is_refused(foreign, tmp_path, authority, openssl, made):
    nameless = foreign("/C=CN/O=Wind")
    assert refused(nameless) == (Problem(Code.NO_COMMON_NAME, path=nameless),)
    own = foreign("/C=CN/CN=dev-001", "own.pem", "-x509", "-days", "9")
    values = {"name": "dev-001"}
    own_problem = Problem(Code.CERTIFICATE_SELF_SIGNED, path=own, values=values)
    [problem] = refused(own)
    assert problem in (own_problem, own_problem._replace(code=Code.CERTIFICATE_OF_AUTHORITY))
    other = foreign("/C=CN/CN=dev-002", "other.csr")
    values = {"name": "dev-001", "other": "dev-002"}
    several = Problem(Code.SEVERAL_DEVICES, path=made.csr, values=values)
    assert refused(made.csr, other) == (several,)
    certificate = authority.issue(other, tmp_path / "other.pem")
    [problem] = refused(certificate, made.csr)
    assert (problem.code, problem.path) == (Code.SEVERAL_DEVICES, certificate)


def test_a_certificate_with_a_date_that_is_none_is_refused_with_its_file(made, authority, tmp_path):
    der = x509_reader.read(authority.issue(made.csr, tmp_path / "a.pem").read_bytes()).der
    end = der.rindex(b"\x17\x0d", 0, der.index(b"dev-001"))  # before the subject
    odd = der[: end + 4] + b"13" + der[end + 6 :]  # month 13
    (tmp_path / "odd.pem").write_bytes(pem("CERTIFICATE", odd))
    [problem] = refused(tmp_path / "odd.pem")
    assert problem.path == tmp_path / "odd.pem"
    assert problem.code is Code.DATE_IMPOSSIBLE


def test_of_several_devices_the_first_two_are_named(foreign):
    first = foreign("/C=CN/O=Wind", "first.csr")
    others = [foreign(f"/CN=dev-00{number}", f"{number}.csr") for number in (2, 3)]
    for given, values in (
        ([first, *others], {"name": "", "other": "dev-002"}),
        (others, {"name": "dev-002", "other": "dev-003"}),
    ):
        problem = Problem(Code.SEVERAL_DEVICES, path=given[0], values=values)
        assert refused(*given) == (problem,)


def test_a_file_that_is_gone_is_known_from_the_history(made, answers, key):
    made.csr.unlink()
    source = renew.read_source_or_history(made.csr)
    today = (Problem(Code.ALREADY_REQUESTED, values={"date": local_date(datetime.now(UTC))}),)
    assert source == renew.RenewalSource(
        made.csr,
        answers,
        problems=(),
        warnings=(),
        left_out=(),
        proposed={},
        notes=source.notes,
        from_history=True,
        public_key_sha256=keys.public_key_sha256(key.public_key()),
    )
    assert [one.code for one in source.notes] == [one.code for one in today]
    with pytest.raises(UnreadableFile) as caught:
        renew.read_source_or_history(made.csr.with_name("other.csr"))
    assert caught.value.problems[0].code is Code.FILE_MISSING
    made.csr.write_text("damaged")
    with pytest.raises(UnreadableFile):
        renew.read_source_or_history(made.csr)


def received(sha256: str, serial: int, expires: datetime, name: str = "dev-001") -> None:
    with RequestHistory() as history:
        history.certificate_received(
            sha256,
            common_name=name,
            serial=serial,
            issued=expires - 700 * DAY,
            expires=expires,
            certificate=Path("a.crt"),
        )


def test_the_history_knows_the_certificate_too(made):
    expires = datetime.now(UTC).replace(microsecond=0) - DAY
    received(made.public_key_sha256, 7, expires)
    made.csr.unlink()
    source = renew.read_source_or_history(made.csr)
    assert source.serial == 7
    values = {"date": expires.date().isoformat()}
    assert source.notes == (Problem(Code.OLD_EXPIRED, values=values),)


def test_a_request_that_is_there_is_noted_as_waiting(made):
    source = renew.read_source_or_history(made.csr)
    assert [one.code for one in source.notes] == [Code.ALREADY_REQUESTED]
    assert not source.from_history


def test_whether_the_old_key_is_protected_is_seen_where_it_lies(tmp_path, subject, key, answers):
    plain = create_request(subject, key, tmp_path, "dev-001")
    assert not renew.has_protected_key(renew.read_source(plain.csr))
    secret = create_request(
        Subject(answers | {"common_name": "dev-002"}), key, tmp_path, "b", passphrase="turbines17"
    )
    source = renew.read_source(secret.csr)
    assert renew.has_protected_key(source)
    moved = tmp_path / "moved"
    moved.mkdir()
    elsewhere = secret.csr.rename(moved / "c.csr")
    assert renew.has_protected_key(renew.read_source(elsewhere))  # the history knows the place
    secret.key.rename(moved / "c.key")
    assert renew.has_protected_key(renew.read_source(elsewhere))  # beside it
    (moved / "c.key").unlink()
    assert not renew.has_protected_key(renew.read_source(elsewhere))


def test_of_two_requests_for_one_name_the_key_of_the_newest_counts(tmp_path, subject, key):
    for name, passphrase in (("first", "turbines17"), ("second", None)):
        (tmp_path / name).mkdir()
        made = create_request(subject, key, tmp_path / name, "dev-001", passphrase=passphrase)
    source = renew.read_source(made.csr.rename(tmp_path / "elsewhere.csr"))
    assert not renew.has_protected_key(source)
    made.key.unlink()
    assert not renew.has_protected_key(source)


def test_a_renewal_renews_the_newest_certificate_before_it(made, subject, tmp_path):
    now = datetime.now(UTC).replace(microsecond=0)
    assert renew.newest_serial("dev-001") is None
    received(made.public_key_sha256, 7, now + DAY)
    second = create_request(subject, keys.generate(), tmp_path, "second", kind=RequestKind.RENEWAL)
    received(second.public_key_sha256, 8, now + 2 * DAY)
    with RequestHistory() as history:
        newest, first = history.find_common_name("dev-001")
    assert renew.newest_serial("dev-001") == 8
    assert renew.newest_serial("dev-002") is None
    assert renew.newest_serial("dev-001", before=newest.number) == 7
    assert renew.newest_serial("dev-001", before=first.number) is None
    assert renew.renewed_serial(newest) == 7
    assert renew.renewed_serial(first) is None


def test_without_a_history_only_the_files_count(made):
    source = renew.read_source(made.csr)
    default_path().unlink()
    default_path().mkdir()
    assert renew.check_requested("dev-001") == ()
    assert renew.newest_serial("dev-001") is None
    assert not renew.has_protected_key(source)
    assert renew.read_source_or_history(made.csr) == source
    made.csr.unlink()
    with pytest.raises(UnreadableFile) as caught:
        renew.read_source_or_history(made.csr)
    assert caught.value.problems == (Problem(Code.FILE_MISSING, path=made.csr),)


def test_a_name_that_is_not_in_the_history_does_not_wait(made):
    assert renew.check_requested("dev-002") == ()
    with RequestHistory() as history:
        history.archive([1])
    assert renew.check_requested("dev-001") == ()


def test_the_history_may_hold_what_todays_rules_refuse(tmp_path):
    csr = tmp_path / "gone.csr"
    with RequestHistory() as history:
        history.record(
            {"country": "XX", "common_name": "dev\u200b1"},
            public_key_sha256="ab" * 32,
            key=tmp_path / "gone.key",
            csr=csr,
        )
    source = renew.read_source_or_history(csr)
    assert source.answers == dict.fromkeys(FIELDS_BY_KEY, "") | {
        "country": "XX",
        "common_name": "dev\u200b1",
    }
    missing = ("state", "locality", "organization", "unit")
    assert [(one.field, one.code) for one in source.problems] == [
        ("country", Code.NOT_A_COUNTRY),
        *((field, Code.REQUIRED) for field in missing),
    ]
    assert [one.code for one in source.warnings] == [Code.INVISIBLE_CHARACTER]
