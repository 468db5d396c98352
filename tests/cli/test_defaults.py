"""The organization's defaults on the command line."""

from __future__ import annotations

import json

import pytest

FILE = """
set_by = "Example Wind IT"
locked = ["organization"]
[subject]
country = "CN"
organization = "Example Wind Ltd"
"""


@pytest.fixture(autouse=True)
def defaults_file(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "xdg"))
    monkeypatch.setenv("WIN_PD_OVERRIDE_COMMON_APPDATA", str(tmp_path / "xdg"))
    file = tmp_path / "xdg" / "enos-csr" / "defaults.toml"
    file.parent.mkdir(parents=True)
    file.write_text(FILE)
    return file


def test_what_is_preset_need_not_be_given(enos_csr, options, answers):
    result = enos_csr("new", *options(country=None, organization=None), "--json")
    assert json.loads(result.stdout)["subject"] == answers


def test_what_is_preset_can_be_changed(enos_csr, options):
    result = enos_csr("new", *options(country="DE"), "--json")
    assert json.loads(result.stdout)["subject"]["country"] == "DE"


def test_what_is_locked_cannot(refused, options):
    [line, *_help] = refused("new", *options(organization="Another"))
    assert line == (
        "--organization: This is set to 'Example Wind Ltd' for everyone (by Example Wind IT). "
        "Leave it out."
    )


def test_a_renewal_takes_what_is_locked(enos_csr, openssl, folder):
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "old.key",
            "-subj", "/C=DE/ST=A/L=B/O=Old/OU=C/CN=dev-1", "-out", "old.csr")  # fmt: skip
    subject = json.loads(enos_csr("renew", "old.csr", "--json").stdout)["subject"]
    assert (subject["organization"], subject["country"]) == ("Example Wind Ltd", "DE")


def test_an_error_is_reported_and_does_not_prevent_a_request(enos_csr, options, defaults_file):
    defaults_file.write_text("country = CN")
    result = enos_csr("new", *options())
    assert result.exit_code == 0
    assert f"{defaults_file}: The defaults file of your organization" in result.stderr
