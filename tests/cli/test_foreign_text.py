"""What strangers wrote into a file does nothing on the terminal, whichever command shows it."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path

import hostile
import pytest

from enos_csr_gui.cli.program import program
from enos_csr_gui.core.history import RequestHistory

DEFAULTS = f"""
set_by = {json.dumps(hostile.TEXT)}
locked = ["unit", {json.dumps(hostile.TEXT)}]
{json.dumps(hostile.TEXT)} = 1
[subject]
unit = "Operations"
state = {json.dumps(hostile.TEXT)}
"""


@pytest.fixture
def files(folder: Path, openssl, authority, answers, monkeypatch) -> Path:
    """Write a request, its key, its certificate, defaults and a history row that are all hostile.

    Return the start of the names of the files.
    """
    name = folder / f"a{hostile.FILE_NAME}"
    config = folder / "config" / "enos-csr" / "defaults.toml"
    config.parent.mkdir(parents=True)
    config.write_text(DEFAULTS)
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(folder / "config"))
    value = hostile.TEXT.replace("/", "\\/")
    subject = f"/C=CN/ST={value}/L={value}/O={value}/OU=Operations/CN={value}/emailAddress=a"
    new = ("-newkey", "rsa:2048", "-nodes", "-utf8", "-subj", subject)
    openssl("req", "-new", *new, "-keyout", f"{name}.key", "-out", f"{name}.csr")
    authority.issue(Path(f"{name}.csr"), Path(f"{name}.crt"))
    authority.issue(Path(f"{name}.csr"), Path(f"{name}-2.crt"), days=-1)
    (folder / "secret").write_text("correct horse battery\n")
    with Path(f"{name}.csv").open("w", encoding="utf-8", newline="") as table:
        lines = csv.writer(table)
        lines.writerow(["Common name", *("C", "ST", "L", "O", "OU"), hostile.TEXT])
        lines.writerow([hostile.TEXT, *("CN", hostile.TEXT, "b", "c", "Operations"), "x"])
        lines.writerow(["dev-002", *("CN", "a", "b", "c", "Operations"), hostile.TEXT])
    with RequestHistory() as history:
        subject = answers | {"common_name": hostile.TEXT, "locality": hostile.TEXT}
        key, csr = Path(f"{name}.key"), Path(f"{name}-gone.csr")
        history.record(subject, public_key_sha256="0" * 64, key=key, csr=csr)
    return name


COMMANDS: dict[str, list[tuple[str, ...]]] = {
    "new": [
        (),
        ("--unit", hostile.TEXT),
        ("--common-name", hostile.TEXT),
        ("--country", hostile.TEXT),
        ("--name", hostile.TEXT, "--out", "{name}"),
        (hostile.FILE_NAME,),
        (f"--{hostile.FILE_NAME}",),
        ("--passphrase-file", "{name}"),
        ("--key", "{name}.csr"),
        (
            "--country",
            "CN",
            "--state",
            "a",
            "--locality",
            "b",
            "--organization",
            "c",
            "--common-name",
            "dev-1",
            "--out",
            "{name}-new",
        ),
    ],
    "renew": [
        ("{name}.csr",),
        (
            "{name}.crt",
            "--state",
            "a",
            "--locality",
            "b",
            "--organization",
            "c",
            "--unit",
            "Operations",
            "--email",
            "a@b.org",
        ),
        ("{name}",),
    ],
    "inspect": [("{name}.csr", "{name}.crt", "{name}.key", "{name}-gone"), (".",)],
    "receive": [
        ("{name}.crt",),
        ("{name}.crt", "--key", "{name}.key"),
        ("{name}-2.crt", "--key", "{name}.key"),
        ("{name}.csr",),
        ("{name}",),
    ],
    "export": [
        ("{name}.crt", "--key", "{name}.key", "--format", "pem", "--out", "{name}-device"),
        (
            "{name}.crt",
            "--key",
            "{name}.key",
            "--format",
            "pem",
            "--out",
            "{name}-device",
            "--chain",
            "{chain}",
        ),
        ("{name}-2.crt", "--key", "{name}.key", "--format", "p12", "--out", "x/{name}.p12"),
        (
            "{name}-2.crt",
            "--key",
            "{name}.key",
            "--format",
            "p12",
            "--out",
            "a.p12",
            "--passphrase-file",
            "secret",
            "--chain",
            "{chain}",
        ),
    ],
    "batch": [
        ("{name}.csv", "--out", "{name}-farm"),
        ("{name}.csv", "--out", "{name}-farm", "--skip-bad", "--state", "a"),
        ("{name}.csv", "--out", "{name}-farm", "--column", f"{hostile.TEXT}=unit"),
        ("{name}.crt", "--out", "{name}-farm"),
    ],
    "receive-batch": [
        ("{name}.crt", "--out", "{name}-farm"),
        ("{name}.crt", "{name}-2.crt", "--out", "farm"),
    ],
    "renew-batch": [
        ("--out", "{name}-renewals"),
        ("{name}.csv", "--out", "{name}-renewals", "--skip-bad"),
    ],
    "convert": [("{name}.crt", "--out", "{name}.pem"), ("{name}.key", "--out", "b.pem")],
    "history": [()],
    "fields": [(), ("--lang", hostile.TEXT)],
    "profiles": [(), ("--import", "{name}.crt"), ("--export", "{name}.crt"), (hostile.TEXT,)],
    "rules": [(), (hostile.TEXT,)],
}


def test_every_command_is_tried() -> None:
    assert COMMANDS.keys() == program.commands.keys()


@pytest.mark.long
@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_that_strangers_wrote_reaches_the_terminal(
    command: str, files: Path, authority, enos_csr: Callable, folder: Path
) -> None:
    chain = folder / "chain.pem"
    if command == "receive-batch":
        enos_csr("batch", f"{files}.csv", "--out", "farm", "--skip-bad", "--state", "a")
    chain.write_bytes(authority.intermediate.read_bytes() + authority.root.read_bytes())
    shown = ""
    for words in COMMANDS[command]:
        given = [word.format(name=files, chain=chain) for word in words]
        for more in ([], ["--json"]):
            result = enos_csr(command, *given, *more)
            assert hostile.dangers(result.stdout) == [], result.stdout
            assert hostile.dangers(result.stderr) == [], result.stderr
            shown += result.output
    marks = ("x1b", "\\u001b") if os.name == "posix" else ("\\u202e",)
    foreign = any(mark in shown for mark in marks) == (command not in ("fields",))
    assert foreign, "the command has shown nothing foreign"


@pytest.mark.long
def test_json_keeps_every_character(files: Path, enos_csr: Callable) -> None:
    found = json.loads(enos_csr("history", "--json").stdout)["requests"]
    assert found[0]["subject"]["common_name"] == hostile.TEXT
