"""What was signed is saved as PEM, unchanged and in its order."""

from __future__ import annotations

import zipfile

import pytest

from enos_csr_gui.core import convert
from enos_csr_gui.core.contents import MAX_FILES
from enos_csr_gui.core.errors import Code, Problem, UnreadableFile


def test_all_that_was_signed_is_in_one_file(tmp_path, authority):
    both = [authority.intermediate.read_bytes(), authority.root.read_bytes()]
    file = tmp_path / "both.txt"
    file.write_bytes(b"hello\n".join(both))
    assert convert.to_pem(file) == b"".join(both)
    saved = convert.save_as_pem(file, tmp_path / "both.pem")
    assert saved == (tmp_path / "both.pem", [])
    assert saved.path.read_bytes() == b"".join(both)


def test_what_was_left_out_of_an_archive_is_said(tmp_path, csr_pem):
    file = tmp_path / "all.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.csr", csr_pem)
        for number in range(MAX_FILES):
            archive.writestr(f"m{number}", b"nothing")
    saved = convert.save_as_pem(file, tmp_path / "all.pem")
    values = {"limit": MAX_FILES}
    assert saved.notes == [Problem(Code.TOO_MANY_FILES, path=file, values=values)]
    assert saved.path.read_bytes() == csr_pem


def test_a_file_with_nothing_to_convert_is_named(tmp_path):
    file = tmp_path / "nothing"
    file.write_bytes(b"nothing")
    for action in (convert.to_pem, lambda one: convert.save_as_pem(one, tmp_path / "a.pem")):
        with pytest.raises(UnreadableFile) as refused:
            action(file)
        assert refused.value.problems == (Problem(Code.NO_REQUEST, path=file),)
    assert not (tmp_path / "a.pem").exists()
