"""``enos-csr new`` in a script: all answers are options, nobody can be asked."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat

import pytest

from enos_csr_gui.core import last_answers
from enos_csr_gui.messages import labels

REQUIRED = "Fill this in."
SEE_HELP = "Nothing was written. See: enos-csr new --help"


def test_makes_a_request_that_openssl_verifies(enos_csr, options, openssl, subject_of, written):
    result = enos_csr("new", *options())

    assert result.exit_code == 0
    assert result.stderr == ""
    assert written() == ["dev-001.csr", "dev-001.key"]
    assert "self-signature verify OK" in openssl("req", "-in", "dev-001.csr", "-noout", "-verify")
    assert subject_of("dev-001.csr") == (
        "subject=C=CN,ST=Guizhou,L=Kaili,O=Example Wind Ltd,OU=Operations,CN=dev-001,"
        "emailAddress=ops@example.com"
    )
    public_key = openssl("pkey", "-in", "dev-001.key", "-pubout")
    assert public_key == openssl("req", "-in", "dev-001.csr", "-noout", "-pubkey")


@pytest.mark.skipif(os.name != "posix", reason="Windows has access lists instead")
def test_only_the_owner_can_read_the_key(enos_csr, options, folder):
    enos_csr("new", *options())

    assert stat.S_IMODE((folder / "dev-001.key").stat().st_mode) == 0o600


def test_says_what_to_do_with_the_files(enos_csr, options, folder):
    done = enos_csr("new", *options())

    request, key, public_key = done.stdout.split("\n\n")
    assert request == f"Submit the request file. It contains no secret:\n  {folder / 'dev-001.csr'}"
    assert key == (
        f"Keep the key file and never send it. Nobody can restore it:\n  {folder / 'dev-001.key'}"
    )
    assert public_key.startswith("Public-key fingerprint (SHA-256):\n  ")


def test_json_is_one_object_for_scripts(enos_csr, options, openssl, folder, answers):
    result = enos_csr("new", *options(organization="贵州风电"), "--json")

    der = folder / "public.der"
    openssl("pkey", "-in", "dev-001.key", "-pubout", "-outform", "DER", "-out", der)
    assert json.loads(result.stdout) == {
        "key": str(folder / "dev-001.key"),
        "csr": str(folder / "dev-001.csr"),
        "subject": {**answers, "organization": "贵州风电"},
        "public_key_sha256": hashlib.sha256(der.read_bytes()).hexdigest(),
        "renewed_serial_number": None,
        "renewed_serial_number_hex": None,
        "warnings": [],
    }
    assert list(json.loads(result.stdout)["subject"]) == list(answers)
    assert "贵州风电" in result.stdout


@pytest.mark.parametrize("email", [None, "", " "])
def test_the_email_may_be_left_out(enos_csr, options, subject_of, email):
    result = enos_csr("new", *options(email=email), "--json")

    assert "email" not in json.loads(result.stdout)["subject"]
    assert "emailAddress" not in subject_of("dev-001.csr")


def test_folder_and_name_can_be_chosen(enos_csr, options, folder):
    result = enos_csr("new", *options(), "--out", "deep", "--name", "turbine 7")

    assert result.exit_code == 0
    assert {path.name for path in (folder / "deep").iterdir()} == {"turbine 7.csr", "turbine 7.key"}


def test_a_common_name_that_is_no_file_name_makes_files(enos_csr, options, written, subject_of):
    assert enos_csr("new", *options(common_name="farm/7:a")).exit_code == 0

    assert written() == ["farm-7-a.csr", "farm-7-a.key"]
    assert "CN=farm/7:a" in subject_of("farm-7-a.csr")


def test_all_that_is_missing_is_listed_at_once(refused):
    assert refused("new") == [
        f"--country: {REQUIRED}",
        f"--state: {REQUIRED}",
        f"--locality: {REQUIRED}",
        f"--organization: {REQUIRED}",
        f"--unit: {REQUIRED}",
        f"--common-name: {REQUIRED}",
        SEE_HELP,
    ]


def test_missing_and_faulty_are_listed_together(refused, options, tmp_path):
    lines = refused(
        *("new", *options(country="UK", state=None, unit="x" * 65, email="ops@nowhere")),
        *("--name", "con", "--key", "no.key", "--passphrase-file", "no.txt"),
    )

    assert lines == [
        "--country: 'UK' is not a country code. Did you mean GB (United Kingdom)?",
        f"--state: {REQUIRED}",
        "--unit: 1 character too many: at most 64 are allowed. Shorten it.",
        "--email: Write it like name@company.com, or leave it empty.",
        "--passphrase-file: This file does not exist. Check its name and folder.",
        "--key no.key: This file does not exist. Check its name and folder.",
        "--name: This name cannot be used for a file on every computer. Use 'con_', or another "
        "name.",
        SEE_HELP,
    ]


def test_a_folder_that_is_missing_is_listed_with_the_rest(refused, options, folder):
    assert refused("new", *options(unit=None), "--out", "no/where") == [
        f"--unit: {REQUIRED}",
        f"{folder / 'no' / 'where'}: This folder does not exist. If it is on a USB stick or a "
        "network drive, connect the drive; or choose another folder.",
        SEE_HELP,
    ]


@pytest.mark.parametrize(
    ("field", "value", "beginning"),
    [
        ("country", "", "Fill this in"),
        ("country", "China", "'China' is not a country code. Did you mean CN (China)?"),
        ("country", "ZZ", "'ZZ' is not a country code. Use the two letters"),
        ("state", "Gui\nzhou", "There is a line break at character 4."),
        ("state", "Gui\u200bzhou", "Character 4 is invisible (U+200B)"),
        ("locality", "Kai\x1b[31mli", "Character 4 is a control character (U+001B)."),
        ("organization", "风" * 66, "2 characters too many: at most 64 are allowed."),
        ("email", "öps@example.com", "Character 1, 'ö', is not allowed here."),
    ],
)
def test_an_invalid_answer_is_explained(refused, options, field, value, beginning):
    first, *rest = refused("new", *options(**{field: value}))

    assert first.startswith(f"--{field}: {beginning}")
    assert rest == [SEE_HELP]


def test_64_chinese_characters_fit(enos_csr, options, folder, subject_of):
    assert enos_csr("new", *options(common_name="风" * 64)).exit_code == 0

    assert f"CN={'风' * 64}" in subject_of(next(folder.glob("*.csr")))


@pytest.mark.parametrize("suffix", [".key", ".csr"])
def test_no_file_is_replaced(refused, options, folder, suffix):
    taken = folder / f"dev-001{suffix}"
    taken.write_bytes(b"precious")

    assert refused("new", *options(), status=1) == [
        f"{taken}: A file with this name already exists. "
        "Choose another name, for example 'dev-001-2'."
    ]


def test_the_free_name_that_was_named_is_free(enos_csr, options, folder):
    for name in ("dev-001", "dev-001-2"):
        (folder / f"{name}.key").write_text("precious")
    message = enos_csr("new", *options()).stderr

    assert "for example 'dev-001-3'" in message
    assert enos_csr("new", *options(), "--name", "dev-001-3").exit_code == 0


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("", "request"),
        ("../up", "up"),
        ("/tmp/x", "tmp-x"),
        ("a:b", "a-b"),
        ("dev.csr", "dev"),
        ("dev.key", "dev"),
        ("-rf", "rf"),
        (".hidden", "hidden"),
        ("nul", "nul_"),
    ],
)
def test_an_unsafe_name_is_refused_with_a_better_one(refused, enos_csr, options, name, suggestion):
    lines = refused("new", *options(), f"--name={name}")

    assert lines[0].startswith("--name: This name cannot be used for a file on every computer. ")
    assert f"Use '{suggestion}', or" in lines[0]


def test_the_better_name_works(enos_csr, options, folder):
    assert enos_csr("new", *options(), "--name", "tmp-x").exit_code == 0


def test_a_long_missing_path_is_not_made(refused, options, folder):
    (line,) = refused("new", *options(), "--out", "no/where", status=1)

    assert line.startswith(f"{folder / 'no' / 'where'}: This folder does not exist.")


def test_a_file_is_not_a_folder(refused, options, folder):
    (folder / "file").write_text("a file")

    assert refused("new", *options(), "--out", "file", status=1) == [
        f"{folder / 'file'}: This is a file, not a folder. Choose a folder."
    ]


@pytest.mark.skipif(os.name != "posix", reason="Windows has access lists instead")
def test_a_folder_without_permission(enos_csr_process, options, folder, untouched):
    prefix: tuple[str, ...] = ()
    if os.geteuid() == 0:
        # What makes root root here is one capability; without it permissions count again.
        if not shutil.which("setpriv"):
            pytest.skip("permissions do not stop root, and there is no setpriv to make them")
        prefix = ("setpriv", "--bounding-set=-dac_override")
    folder.chmod(0o555)
    untouched()

    done = enos_csr_process("new", *options(), prefix=prefix)

    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.decode() == (
        f"{folder}: You have no permission to open this, or to save here. Choose another "
        "place, or ask the administrator of this computer.\n"
    )


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("prlimit"), reason="no prlimit to keep files from growing")
def test_a_full_disk(enos_csr_process, options, folder, untouched):
    untouched()

    # A file may have 1,000 bytes: the key, which is written first, has 1,700.
    done = enos_csr_process("new", *options(), prefix=("prlimit", "--fsize=1000"))

    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.decode().startswith(f"{folder}: The disk is full, and nothing was saved.")


def test_a_value_without_its_quotes(refused, options):
    lines = refused("new", *options(), "Wind", "Ltd")

    assert lines[-1] == (
        "Error: 'Wind' does not belong to an option. Put a value that contains spaces in quotes."
    )


def test_a_script_gets_nothing_from_earlier_requests(enos_csr, refused, options, answers):
    enos_csr("new", *options())
    assert last_answers.load().answers["state"] == answers["state"]

    lines = refused("new", *options(state=None, common_name="dev-002"))

    assert lines == [f"--state: {REQUIRED}", SEE_HELP]


def test_a_request_is_remembered_for_the_window_but_its_folder_is_not(
    enos_csr, options, answers, tmp_path
):
    last_answers.save({}, tmp_path)
    enos_csr("new", *options(), "--out", "somewhere")

    del answers["common_name"]
    assert last_answers.load() == last_answers.LastAnswers(answers, tmp_path)


def test_every_field_has_its_option(enos_csr):
    text = " ".join(enos_csr("new", "--help").stdout.split())

    for key in labels.FIELDS:
        assert f"--{key.replace('_', '-')} TEXT {labels.help_(key)}" in text
