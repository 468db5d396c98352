"""A serial number is shown in decimal and in hexadecimal, and recognized in both."""

from __future__ import annotations

import pytest

from enos_csr_gui.core import serials


@pytest.mark.parametrize(
    ("number", "hexadecimal", "written"),
    [
        (0, "0x0", "0 (0x0)"),
        (1000, "0x3E8", "1000 (0x3E8)"),
        (0xFFFF, "0xFFFF", "65535 (0xFFFF)"),
        (0x12345, "0x12345", "74565 (0x1 2345)"),
        (4837219, "0x49CF63", "4837219 (0x49 CF63)"),
        (0x1234567890AB, "0x1234567890AB", "20015998341291 (0x1234 5678 90AB)"),
        (-4837219, "-0x49CF63", "-4837219 (-0x49 CF63)"),
    ],
)
def test_a_serial_number_is_shown(number, hexadecimal, written):
    assert serials.hexadecimal(number) == hexadecimal
    assert serials.written(number) == written


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("4837219", 4837219),
        (" 4837219\n", 4837219),
        ("-5", -5),
        ("9" * 60, int("9" * 60)),
        ("49CF63", 4837219),
        ("49cf63", 4837219),
        ("0x49CF63", 4837219),
        ("0X49CF63", 4837219),
        ("49:CF:63", 4837219),
        ("0x49 CF63", 4837219),
        ("0x3E8", 1000),
        ("f", 15),
        ("10", 10),
        ("10", 16),
        (":".join(["ab"] * 20), int("ab" * 20, 16)),
    ],
)
def test_a_serial_number_is_recognized(text, number):
    assert serials.is_same(text, number)
    assert not serials.is_same(text, number + 7)


@pytest.mark.parametrize("text", ["", "x", "0x", "4837219.0", "1e3", "49:CF:6", "--5", "5" * 200])
def test_what_is_no_serial_number_is_none(text):
    assert not serials.is_same(text, 5)
