"""``--help``, ``--version`` and ``fields``: quick, true, and with examples that work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from enos_csr_gui import __version__
from enos_csr_gui.core.subject import SUBJECT_FIELDS

SLOW_LIBRARIES = ("cryptography", "pycountry", "zxcvbn", "pathvalidate", "PySide6")


def examples_in(help_text: str) -> list[str]:
    heading, *rest = help_text[help_text.index("Example") :].splitlines()
    assert heading in ("Example:", "Examples:")
    return [line.strip() for line in rest if line.strip()]


@pytest.mark.parametrize(
    "command",
    [[], ["new"], ["fields"], ["renew"], ["inspect"], ["receive"], ["export"], ["history"]],
)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_everywhere_with_examples(enos_csr, command, option):
    result = enos_csr(*command, option)

    assert result.exit_code == 0
    assert all(line.startswith("enos-csr ") for line in examples_in(result.stdout))


@pytest.mark.long
def test_the_examples_work_as_they_stand(enos_csr, written):
    helps = [enos_csr(*command, "--help").stdout for command in ([], ["new"], ["fields"])]
    commands = {line for text in helps for line in examples_in(text)}
    commands.remove("enos-csr new")  # asks, and so needs a terminal
    search = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))

    for command in commands:
        done = subprocess.run(
            command,
            shell=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**os.environ, "PATH": search},
            check=False,
        )
        assert done.returncode == 0, (command, done.stderr)

    assert written() == ["dev-001.csr", "dev-001.key"]


def test_version(enos_csr):
    assert enos_csr("--version").stdout == f"enos-csr {__version__}\n"


def test_without_a_command_the_help_is_shown(enos_csr):
    result = enos_csr()

    assert result.exit_code == 2
    assert "enos-csr fields" in result.stderr


def test_a_command_that_does_not_exist(refused):
    assert "No such command 'nwe'." in refused("nwe")[-1]


def test_the_table_is_the_manuals(enos_csr):
    heading, *rows = (line.split("  ") for line in enos_csr("fields").stdout.splitlines())
    heading, *rows = ([cell.strip() for cell in row if cell] for row in (heading, *rows))

    assert heading == ["Field", "Initials", "Option", "Required", "Max", "Example"]
    assert [(row[1], row[3], row[4]) for row in rows] == [
        ("C", "yes", "2"),
        ("ST", "yes", "64"),
        ("L", "yes", "64"),
        ("O", "yes", "64"),
        ("OU", "yes", "64"),
        ("CN", "yes", "64"),
        ("EA", "no", "64"),
    ]
    assert rows[5] == ["Common name", "CN", "--common-name", "yes", "64", "dev-001"]


def test_the_table_fits_a_terminal(enos_csr):
    assert max(map(len, enos_csr("fields").stdout.splitlines())) < 80


def test_the_table_as_json(enos_csr):
    rows = json.loads(enos_csr("fields", "--json").stdout)["fields"]

    assert [row["field"] for row in rows] == [field.key for field in SUBJECT_FIELDS]
    assert rows[-1] == {
        "field": "email",
        "label": "E-mail address",
        "initials": "EA",
        "option": "--email",
        "required": False,
        "max_length": 64,
        "example": "ops@example.com",
    }


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["fields"], ["new", "--help"]])
def test_nothing_slow_is_imported_for_it(folder, arguments):
    code = (
        "import sys\nfrom enos_csr_gui.cli import main\n"
        f"sys.argv[1:] = {arguments!r}\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        f"print([name for name in {SLOW_LIBRARIES!r} if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

    assert done.stdout.decode().splitlines()[-1] == "[]"
