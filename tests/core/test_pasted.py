"""Text from the clipboard is read in memory, and no private key in it reaches the disk."""

from __future__ import annotations

import pytest

from enos_csr_gui.core import pasted
from enos_csr_gui.core.enums import ContentKind
from enos_csr_gui.core.errors import Code
from enos_csr_gui.core.files import MAX_READ_BYTES


def test_only_what_is_public_is_written_to_a_file(csr_pem, key_pem):
    found = pasted.read(f"Hello\n{key_pem.decode()}\n{csr_pem.decode()}\n", "pasted text")
    kinds = {one.kind for one in found.items}
    assert kinds == {ContentKind.PRIVATE_KEY, ContentKind.REQUEST}
    assert found.file.read_bytes() == csr_pem
    assert found.file.name == "pasted text"
    assert found.file.parent.name.startswith("enos-csr-")
    assert {one.file for one in found.items} == {found.file}
    assert not found.has_certificate


def test_each_text_has_a_file_of_its_own(csr_pem):
    first, second = (pasted.read(csr_pem.decode(), "text") for _ in range(2))
    assert first.file != second.file
    assert first.file.read_bytes() == second.file.read_bytes() == csr_pem


def test_certificates_are_seen(authority):
    text = authority.root.read_text() + authority.intermediate.read_text()
    found = pasted.read(text, "text")
    assert found.has_certificate
    assert [one.kind for one in found.items] == [ContentKind.CERTIFICATE] * 2
    assert found.file.read_text() == text


@pytest.mark.parametrize("text", ["", "Hello", "\ud800", "-----BEGIN CERTIFICATE-----"])
def test_a_text_with_nothing_in_it_has_no_file(text):
    found = pasted.read(text, "text")
    assert found.file is None
    assert {one.file.name for one in found.items} <= {"text"}
    assert all(one.problems for one in found.items)


def test_a_key_alone_has_no_file(key_pem):
    found = pasted.read(key_pem.decode(), "text")
    assert found.file is None
    assert [one.kind for one in found.items] == [ContentKind.PRIVATE_KEY]
    assert [one.file.name for one in found.items] == ["text"]


def test_half_a_character_harms_nothing_else(csr_pem):
    found = pasted.read(f"\ud800\n{csr_pem.decode()}", "text")
    assert found.file.read_bytes() == csr_pem


def test_a_text_is_as_long_as_a_file_at_most():
    found = pasted.read("x" * MAX_READ_BYTES, "text")
    assert Code.FILE_TOO_LARGE not in [one.code for item in found.items for one in item.problems]
    found = pasted.read("x" * (MAX_READ_BYTES + 1), "text")
    [item] = found.items
    [problem] = item.problems
    assert (item.kind, item.file.name) == (ContentKind.UNKNOWN, "text")
    assert (problem.code, problem.path.name) == (Code.FILE_TOO_LARGE, "text")
    assert problem.values == {"limit": MAX_READ_BYTES}
    assert found.file is None
