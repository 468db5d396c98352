"""``--profile`` and ``enos-csr profiles``: sets of answers with names."""

from __future__ import annotations

import json

import pytest

from enos_csr_gui.core import defaults, profiles


@pytest.fixture
def kaili(answers) -> dict[str, str]:
    """Save a profile; return its answers."""
    return dict(profiles.save("Kaili", answers).answers)


def test_a_profile_gives_what_is_not_given(enos_csr, kaili, folder, subject_of):
    done = enos_csr("new", "--profile", "kaili", "--unit", "Solar", "--common-name", "dev-009")
    assert done.exit_code == 0, done.stderr
    said = subject_of(folder / "dev-009.csr")
    assert "C=CN,ST=Guizhou,L=Kaili,O=Example Wind Ltd,OU=Solar,CN=dev-009" in said


def test_a_profile_gives_what_is_the_same_for_all_devices(enos_csr, kaili, folder, subject_of):
    (folder / "farm.csv").write_text("CN,L\ndev-001,\ndev-002,Guiyang\n")
    taken = ("--profile", "kaili", "--unit", "Solar")
    done = enos_csr("batch", "farm.csv", "--out", "farm", *taken)
    assert done.exit_code == 0, done.stderr
    for name, city in (("dev-001", "Kaili"), ("dev-002", "Guiyang")):
        said = subject_of(folder / "farm" / name / f"{name}.csr")
        assert f"C=CN,ST=Guizhou,L={city},O=Example Wind Ltd,OU=Solar,CN={name}" in said
    done = enos_csr("batch", "farm.csv", "--out", "other", "--profile", "Duyun")
    assert done.exit_code == 2
    assert done.stderr.startswith("--profile: There is no profile 'Duyun' on this")
    assert not (folder / "other").exists()


def test_the_common_name_never_comes_from_a_profile(enos_csr, kaili, written):
    done = enos_csr("new", "--profile", "Kaili")
    assert done.exit_code == 2
    assert done.stderr.startswith("--common-name: Fill this in.")
    assert written() == []


def test_a_profile_that_does_not_exist(enos_csr, options, written):
    done = enos_csr("new", *options(), "--profile", "Dyun\x1b[1m")
    assert done.exit_code == 2
    assert done.stderr.startswith("--profile: There is no profile 'Dyun\\u001b[1m' on this")
    assert written() == []


@pytest.mark.usefixtures("kaili")
def test_what_is_locked_stays_locked(enos_csr, folder, subject_of, monkeypatch):
    file = folder / "defaults.toml"
    file.write_text('locked = ["unit"]\n[subject]\nunit = "Solar"\n')
    monkeypatch.setattr(defaults, "places", lambda: [file])
    done = enos_csr("new", "--profile", "Kaili", "--common-name", "dev-009")
    assert done.exit_code == 0, done.stderr
    assert "OU=Solar" in subject_of(folder / "dev-009.csr")


def test_the_list(enos_csr, kaili):
    profiles.save("凯里", {"unit": "风电"})
    done = enos_csr("profiles")
    head, *rows = done.stdout.splitlines()
    assert head.split()[0] == "Profile"
    assert [row.split()[0] for row in rows] == ["Kaili", "凯里"]
    assert json.loads(enos_csr("profiles", "--json").stdout)["profiles"] == [
        {"name": "Kaili", "answers": kaili},
        {"name": "凯里", "answers": {"unit": "风电"}},
    ]


def test_none_yet(enos_csr):
    done = enos_csr("profiles")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "There is no profile yet" in done.stderr


def test_they_are_handed_round(enos_csr, kaili, folder):
    assert enos_csr("profiles", "--export", "ours.json").exit_code == 0
    profiles.remove("Kaili")
    done = enos_csr("profiles", "--import", "ours.json")
    assert done.exit_code == 0
    assert profiles.find("Kaili").answers == kaili


def test_a_hostile_file_is_shown_escaped_and_its_valid_part_taken(enos_csr, folder):
    bad = {"name": "a", "answers": {"unit": "Ops", "\x1b[2J": "x"}}
    (folder / "x.json").write_text(json.dumps({"profiles": [bad]}))
    done = enos_csr("profiles", "--import", "x.json")
    assert done.exit_code == 0
    assert "profiles[1].answers.\\u001b[2J" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert profiles.find("a").answers == {"unit": "Ops"}


def test_a_file_of_something_else(enos_csr, folder):
    (folder / "x.json").write_text("[]")
    done = enos_csr("profiles", "--import", "x.json", "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["problems"][0]["code"] == "profiles-unreadable"
