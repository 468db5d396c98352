"""The endings that file dialogs offer."""

from __future__ import annotations

from enos_csr_gui.core.file_types import patterns


def test_a_dialog_offers_each_ending_once():
    assert patterns(".key", ".pem", ".key") == "*.key *.pem"
    assert patterns() == ""
