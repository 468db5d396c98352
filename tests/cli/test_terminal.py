"""``enos-csr new`` on a real terminal: questions, answers, hidden passphrases."""

from __future__ import annotations

import json

import pytest

from enos_csr_gui.core import last_answers

SECRET = "correct horse battery"
CTRL_C, CTRL_D = b"\x03", b"\x04"


@pytest.fixture
def last_request(answers, tmp_path):
    """Remember a last request."""
    last_answers.save(answers, tmp_path)


@pytest.mark.long
def test_a_first_request(terminal, subject_of, written):
    person = terminal("new")
    person.expect("These answers go into the certificate.")
    person.answer("Country: ", "UK")
    person.expect("'UK' is not a country code. Did you mean GB (United Kingdom)?\n")
    person.answer("Country [GB]: ", "cn")
    person.answer("State or province: ", "")
    person.expect("Fill this in.\n")
    person.answer("State or province: ", "Guizhou")
    person.answer("Locality: ", ".")
    person.expect("Fill this in.\n")
    person.answer("Locality: ", " Kaili ")
    person.answer("Organization: ", "x" * 65)
    person.expect("1 character too many: at most 64 are allowed. Shorten it.\n")
    person.answer("Organization: ", "Example Wind Ltd")
    person.answer("Organizational unit: ", "Operations")
    person.answer("Common name: ", "dev-001")
    person.answer("E-mail address, Enter for none: ", "nobody")
    person.expect("Write it like name@company.com")
    person.answer("E-mail address, Enter for none: ", "")
    person.expect("Submit the request file.")

    assert person.status() == 0
    assert "In brackets" not in person.shown
    assert written() == ["dev-001.csr", "dev-001.key"]
    assert subject_of("dev-001.csr") == (
        "subject=C=CN,ST=Guizhou,L=Kaili,O=Example Wind Ltd,OU=Operations,CN=dev-001"
    )


@pytest.mark.long
def test_what_was_meant_is_one_enter_away(terminal, options, subject_of):
    person = terminal("new", *options(country=None))
    person.answer("Country: ", "China")
    person.answer("Country [CN]: ", "")

    assert person.status() == 0
    assert "C=CN," in subject_of("dev-001.csr")


def test_the_next_request_offers_the_last_answers(terminal, last_request, subject_of):
    person = terminal("new")
    person.expect("In brackets: the answer from your last request. Press Enter to use it.\n")
    person.answer("Country [CN]: ", "")
    person.answer("State or province [Guizhou]: ", "")
    person.answer("Locality [Kaili]: ", "Guiyang")
    person.answer("Organization [Example Wind Ltd]: ", "")
    person.answer("Organizational unit [Operations]: ", "")
    person.answer("Common name: ", "")
    person.expect("Fill this in.\n")
    person.answer("Common name: ", "dev-002")
    person.answer("E-mail address, '.' for none [ops@example.com]: ", "")

    assert person.status() == 0
    assert subject_of("dev-002.csr") == (
        "subject=C=CN,ST=Guizhou,L=Guiyang,O=Example Wind Ltd,OU=Operations,CN=dev-002,"
        "emailAddress=ops@example.com"
    )


def test_a_dot_clears_the_email_for_good(terminal, last_request, options, subject_of):
    person = terminal("new", *options(email=None))
    person.answer("E-mail address, '.' for none [ops@example.com]: ", ".")

    assert person.status() == 0
    assert "emailAddress" not in subject_of("dev-001.csr")
    assert "email" not in last_answers.load().answers


def test_only_what_is_missing_is_asked(terminal, options):
    person = terminal("new", *options(unit=None))
    before = person.expect("Organizational unit: ")
    person.type("Operations")

    assert person.status() == 0
    assert before == (
        "These answers go into the certificate. Ctrl-C ends without writing anything.\n"
    )


def test_nothing_is_asked_when_nothing_is_missing(terminal, options):
    person = terminal("new", *options())

    assert person.status() == 0
    assert person.shown.startswith("Submit the request file.")


@pytest.mark.long
@pytest.mark.parametrize("value", ["\x1b[2J", "x" * 65])
def test_a_remembered_value_that_is_faulty_is_not_offered(terminal, options, tmp_path, value):
    last_answers.save({"state": value}, tmp_path)
    person = terminal("new", *options(state=None))
    person.answer("State or province: ", "Guizhou")

    assert person.status() == 0
    assert value not in person.shown


def test_invalid_options_are_reported_before_any_prompt(terminal, untouched):
    untouched()
    person = terminal("new", "--country", "UK", "--email", "nobody", "--name", "a/b")

    assert person.status() == 2
    assert [line.split(":")[0] for line in person.shown.splitlines()] == [
        "--country",
        "--email",
        "--name",
        "Nothing was written. See",
    ]


def test_a_missing_folder_is_reported_before_any_prompt(terminal, untouched):
    untouched()
    person = terminal("new", "--out", "no/where")

    assert person.status() == 1
    assert "This folder does not exist." in person.shown
    assert "Country" not in person.shown


def test_a_taken_name_is_reported_before_any_prompt(terminal, folder, untouched):
    (folder / "dev-001.csr").write_text("precious")
    untouched()
    person = terminal("new", "--common-name", "dev-001")

    assert person.status() == 1
    assert "for example 'dev-001-2'" in person.shown
    assert "Country" not in person.shown


def test_a_typed_name_that_is_taken_costs_no_answer(terminal, options, folder):
    (folder / "dev-001.csr").write_text("precious")
    person = terminal("new", *options(common_name=None))
    person.answer("Common name: ", "dev-001")
    person.expect("for example 'dev-001-2'")
    person.answer("Name of the files [dev-001-2]: ", "dev/1")
    person.expect("Use 'dev-1'")
    person.answer("Name of the files [dev-1]: ", "")

    assert person.status() == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        "dev-001.csr",
        "dev-1.csr",
        "dev-1.key",
    ]
    assert (folder / "dev-001.csr").read_text() == "precious"


def test_a_file_called_request_does_not_interfere(terminal, options, folder):
    (folder / "request.csr").write_text("the name that an empty common name would give")
    person = terminal("new", *options(common_name=None))
    person.answer("Common name: ", "dev-001")

    assert person.status() == 0


@pytest.mark.parametrize("keys", [CTRL_D, CTRL_C])
@pytest.mark.parametrize("question", ["Locality: ", "Passphrase for the new key file: "])
def test_leaving_at_a_question_writes_nothing(terminal, options, untouched, keys, question):
    untouched()
    person = terminal("new", *options(locality=None), "--encrypt")
    person.expect("Locality: ")
    if not question.startswith("Locality"):
        person.type("Kaili")
        person.expect(question)

    assert person.leave(keys) == 1
    assert person.shown.endswith("\nAborted!\n")


@pytest.mark.long
def test_a_passphrase_is_typed_twice_and_never_shown(terminal, options, openssl):
    person = terminal("new", *options(), "--encrypt")
    person.answer("Passphrase for the new key file: ", "")
    person.expect("The passphrase is empty. Type one.\n")
    person.answer("Passphrase for the new key file: ", SECRET)
    person.answer("Repeat the passphrase: ", SECRET.upper())
    person.expect("The two passphrases differ. Type both again.\n")
    person.answer("Passphrase for the new key file: ", SECRET)
    person.answer("Repeat the passphrase: ", SECRET)
    person.expect("Strong.\n")

    assert person.status() == 0
    assert SECRET not in person.shown
    assert SECRET.upper() not in person.shown
    openssl("pkey", "-in", "dev-001.key", "-passin", f"pass:{SECRET}", "-noout")


def test_a_weak_passphrase_is_called_weak(terminal, options):
    person = terminal("new", *options(), "--encrypt")
    person.answer("Passphrase for the new key file: ", "password")
    person.answer("Repeat the passphrase: ", "password")
    person.expect("Very weak: a computer guesses it at once.\n")

    assert person.status() == 0


@pytest.fixture
def locked_key(folder, tmp_path, openssl):
    """Return a key file with a passphrase."""
    path = tmp_path / "locked.key"
    openssl(
        *("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
        *("-aes-256-cbc", "-pass", f"pass:{SECRET}", "-out", path),
    )
    return path


@pytest.mark.long
def test_the_passphrase_of_a_key_is_asked_for(terminal, options, written, locked_key):
    person = terminal("new", *options(unit=None), "--key", locked_key)
    person.answer(f"Passphrase of {locked_key}: ", "wrong horse")
    person.expect("The passphrase does not open this key.")
    person.answer(f"Passphrase of {locked_key}: ", "")
    person.expect("This key is protected. Type its passphrase.")
    person.answer(f"Passphrase of {locked_key}: ", SECRET)
    person.answer("Organizational unit: ", "Operations")

    assert person.status() == 0
    assert SECRET not in person.shown
    assert "wrong horse" not in person.shown
    assert written() == ["dev-001.csr"]


@pytest.mark.long
def test_the_third_wrong_passphrase_ends_it(terminal, options, locked_key, untouched):
    untouched()
    person = terminal("new", *options(unit=None), "--key", locked_key)
    for _ in range(3):
        person.answer(f"Passphrase of {locked_key}: ", "wrong horse")

    assert person.status() == 2
    assert f"--key {locked_key}: The passphrase does not open this key." in person.shown
    assert "Organizational unit" not in person.shown


def test_standard_input_shows_what_is_typed_and_so_takes_no_passphrase(
    terminal, options, untouched
):
    untouched()
    person = terminal("new", *options(), "--passphrase-file", "-")

    assert person.status() == 2
    assert "would show the passphrase while you type it" in person.shown


@pytest.mark.long
def test_standard_output_holds_the_result_only(terminal, options, tmp_path, folder):
    with (tmp_path / "result.json").open("wb") as result:
        person = terminal("new", *options(unit=None), "--encrypt", "--json", stdout=result.fileno())
    person.answer("Organizational unit: ", "Operations")
    person.answer("Passphrase for the new key file: ", SECRET)
    person.answer("Repeat the passphrase: ", SECRET)

    assert person.status() == 0
    text = (tmp_path / "result.json").read_text()
    assert text.startswith("{\n")
    assert json.loads(text)["key"] == str(folder / "dev-001.key")


def test_no_prompt_when_the_user_would_not_see_it(terminal, tmp_path, written):
    with (tmp_path / "errors").open("wb") as errors:
        person = terminal("new", stderr=errors.fileno())

    assert person.status() == 2
    assert person.shown == ""
    assert (tmp_path / "errors").read_text().startswith("--country: Fill this in.")
    assert written() == []


def test_chinese_is_typed_as_it_is(terminal, options, subject_of):
    person = terminal("new", *options(organization=None))
    person.answer("Organization: ", "贵州风电")

    assert person.status() == 0
    assert "O=贵州风电," in subject_of("dev-001.csr")


@pytest.mark.long
def test_a_terminal_that_does_not_speak_utf_8(terminal, options):
    person = terminal("new", *options(locality=None), "--encrypt")
    person.answer("Locality: ", "Kölkata".encode("latin-1"))
    person.expect("Character 2 is damaged (U+DCF6).")
    person.answer("Locality: ", "Kolkata")
    person.answer("Passphrase for the new key file: ", "schön".encode("latin-1"))
    person.expect("The terminal sent text that is not UTF-8. Type it again.")
    person.answer("Passphrase for the new key file: ", SECRET)
    person.answer("Repeat the passphrase: ", SECRET)

    assert person.status() == 0
