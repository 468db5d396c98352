"""Encodings, broken pipes, full disks: what is around the command and none of its business."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="bytes, locales and shells of POSIX")

BARE_C = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
ENCODINGS = [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "latin-1"}]


@pytest.mark.long
@pytest.mark.parametrize("environment", ENCODINGS)
def test_json_survives_every_encoding(enos_csr_process, options, folder, environment):
    done = enos_csr_process(
        *("new", *options(organization="贵州风电é"), "--json"), environment=environment
    )

    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.decode("utf-8"))
    assert result["subject"]["organization"] == "贵州风电é"


@pytest.mark.long
@pytest.mark.parametrize("environment", ENCODINGS)
def test_text_survives_every_encoding(enos_csr_process, options, folder, environment):
    done = enos_csr_process("new", *options(common_name="风机-7"), environment=environment)

    assert done.returncode == 0, done.stderr
    assert b"Submit the request file." in done.stdout
    assert (folder / "风机-7.csr").exists()


def test_a_system_that_can_only_say_ascii(enos_csr_process, options, untouched):
    untouched()
    done = enos_csr_process("new", *options(state="贵州"), environment=BARE_C)

    assert done.returncode == 2
    assert done.stderr.startswith(b"--state: Character 1 is damaged (U+DCE8).")


def test_bytes_that_are_no_text_in_an_answer_and_in_names(enos_csr_process, options, untouched):
    untouched()
    done = enos_csr_process(
        *("new", *options(), "--state", b"Gui\xff", "--name", b"\xff", "--key", b"\xff.key"),
        *("--out", b"no\xff/where"),
    )

    assert done.returncode == 2
    assert done.stdout == b""
    lines = done.stderr.decode().splitlines()
    assert lines[0].startswith("--state: Character 4 is damaged (U+DCFF).")
    assert lines[1].startswith("--key �.key: This file does not exist.")
    assert lines[2].startswith("--name: This name cannot be used for a file on every computer.")


@pytest.mark.parametrize("as_json", [["--json"], []])
def test_a_folder_whose_name_is_no_text(enos_csr_process, options, folder, as_json):
    name = os.fsdecode(b"gr\xf6\xdfe")
    try:
        (folder / name).mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 only")

    done = enos_csr_process("new", *options(), "--out", os.fsencode(name), *as_json)

    assert done.returncode == 0, done.stderr
    assert (folder / name / "dev-001.csr").exists()
    if as_json:
        assert Path(json.loads(done.stdout)["csr"]) == folder / name / "dev-001.csr"


@pytest.mark.long
def test_a_reader_that_has_gone(enos_csr_process, options, folder):
    read, write = os.pipe()
    os.close(read)
    try:
        done = enos_csr_process("new", *options(), "--json", stdout=write)
    finally:
        os.close(write)

    assert done.returncode == 1
    assert done.stderr.decode() == "The files were saved, but the result could not be printed.\n"
    assert (folder / "dev-001.key").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_result_that_cannot_be_written(enos_csr_process, options):
    with Path("/dev/full").open("wb") as full:
        done = enos_csr_process("new", *options(), "--json", stdout=full)

    assert done.returncode == 1
    assert done.stderr.decode() == (
        "The files were saved, but the result could not be printed.\n"
        "The result could not be written: No space left on device.\n"
    )


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_a_stream_that_is_closed(folder, options, closed):
    from_shell = f'exec "$0" "$@" {closed}'
    enos_csr = Path(sys.executable).with_name("enos-csr")
    done = subprocess.run(
        ["sh", "-c", from_shell, enos_csr, "new", *options()], capture_output=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert (folder / "dev-001.csr").exists()


def test_a_current_folder_that_was_deleted(folder, options):
    (folder / "gone").mkdir()
    from_shell = 'cd gone && rmdir ../gone && exec "$0" "$@"'
    done = subprocess.run(
        ["sh", "-c", from_shell, Path(sys.executable).with_name("enos-csr"), "new", *options()],
        capture_output=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.startswith(b".: This folder does not exist.")
    assert list(folder.iterdir()) == []
