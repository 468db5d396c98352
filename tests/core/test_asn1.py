"""PEM and DER are read as other programs write them, and written as the standards demand."""

from __future__ import annotations

import base64

import pytest
from cryptography import x509

from enos_csr_gui.core import asn1
from enos_csr_gui.core.asn1 import der_oid, der_value, pem_blocks

LINE = "MIICijCCAXICAQAwRTELMAkG"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    ("text", "mark"),
    [(LINE, ""), (LINE, "\ufeff"), (f"{'x' * 100}\u4e2d", ""), ("\u4e2d\u6587", "\ufeff")],
)
def test_text_in_utf_16_is_read(encoding, text, mark):
    assert asn1.utf8_text(f"{mark}{text}".encode(encoding)) == text.encode()


@pytest.mark.parametrize(
    ("encoding", "mark"), [("utf-16-le", ""), ("utf-16-le", "\ufeff"), ("utf-16-be", "\ufeff")]
)
def test_half_a_character_at_the_end_of_utf_16_is_replaced(encoding, mark):
    data = f"{mark}{LINE}".encode(encoding) + b"A"
    assert asn1.utf8_text(data) == f"{LINE}\ufffd".encode()


@pytest.mark.parametrize(("zero_first", "zero_last"), [(True, False), (False, True)])
def test_more_than_ten_characters_show_that_text_is_utf_16(zero_first, zero_last):
    ten = b"\0A" * 10 if zero_first else b"A\0" * 10
    assert asn1.utf8_text(ten) == ten
    assert asn1.utf8_text(ten + ten[:1]).startswith(b"A" * 10)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"A",
        LINE.encode(),
        "\u4e2d\u6587".encode() * 20,
        bytes(range(256)),
        b"\xc0\0\xc1\0" * 10,  # no text
        b"\0\xc0\0\xc1" * 10,
        b"A\0B\1" * 10,
        b"\0A\1B" * 10,
        b"\1A\0B\0C" * 10,
        b"A\0\xc0\0B\0" * 10,
        b"\0A\0\xc0\0B" * 10,
    ],
)
def test_other_data_stays_as_it_is(data):
    assert asn1.utf8_text(data) == data


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b"\\'41\\'fC", b"A\xfc"),
        (b"a\\u8364?b", "a\u20acb".encode()),
        (b"a\\u-3913 ?b", "a\uf0b7b".encode()),
        (b"a\\u-10180?b", b"a?b"),  # half a character
        (b"a\\par b\\line\nc\\tab d", b"a\nb\nc\td"),
        (b"a\\emdash b\\endash c", b"a--b-c"),
        (b"{\\rtf1\\ansi\\deff0 a\\b0 b}\r\n", b"ab"),
        (b"a\\\nb\\\rc", b"a\nb\nc"),
        (b"a\\_b\\~c\\*d", b"a-b cd"),
        (b"\\\\ \\{ \\}", b"\\ { }"),
    ],
)
def test_text_is_taken_out_of_rtf(written, read):
    assert asn1.rtf_text(written) == read


def block(body: bytes, label: bytes = b"X") -> bytes:
    return b"-----BEGIN %s-----%s-----END %s-----" % (label, body, label)


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (b"\nAAAA\nBBBB\n", "AAAABBBB"),
        (b"", ""),
        (b"\n", ""),
        (b"AAAA", "AAAA"),
        (b"\n\nAAAA\n\nBBBB\n\n", "AAAABBBB"),
        (b"\r\nAAAA\r\nBBBB\r\n", "AAAABBBB"),
        (b"\rAAAA\rBBBB\r", "AAAABBBB"),
        (b"\\nAAAA\\nBBBB\\n", "AAAABBBB"),
        (b"\\rAAAA\\rBBBB\\r", "AAAABBBB"),
        (b"\\r\\nAAAA\\r\\nBBBB\\r\\n", "AAAABBBB"),
        (b"\nAAAA\\\\\nBBBB\n", "AAAABBBB"),
        (b"&#10;AAAA&#xA;BBB&#61;&#13;", "AAAABBB="),
        (b"\n> AAAA\n> BBBB\n", "AAAABBBB"),
        (b"\n| AAAA |\n| BBBB |\n", "AAAABBBB"),
        (b"\n\tAAAA\n    BBBB\n", "AAAABBBB"),
        (b'\n"AAAA" +\n"BBBB" +\n', "AAAABBBB"),
        (b"\nAAAA=\nBBBB=\n", "AAAABBBB"),  # quoted-printable
        (b"\nAAAABBBBB=3D=\n=3D\n", None),
        (b"\nAAAABB=3D=\n=3D\n", "AAAABB=="),
        (b"\n2\tAAAA\n3\tBBBB\n4\t", "AAAABBBB"),  # numbers of lines
        (b"\r2\tAAAA\r3\tBBBB\r4\t", "AAAABBBB"),
        (b"\n2: AAAA\n3: ", "AAAA"),
        (b"\n 2 AAAA\n 3 BBBB\n", "AAAABBBB"),
        (b"\n12 3AAAAA\n", "123AAAAA"),
        (b"\nAAAA\n3 BBB\n4 CC\n", None),
        (b"\n12AAAA\n13BBBB\n14", "AAAABBBB"),
        (b"\n012AAAA\n013", "AAAA"),
        (b"\n0AAAA\n1BBBB\n2", "AAAABBBB"),
        (b"\n9AAAA\n10AAAA\n11BBBB\n 12 ", "AAAAAAAABBBB"),
        (b"\nAAAABBBB\n1234", "AAAABBBB1234"),
        (b"\n1233AAAA\nBBBB\n1235", "1233AAAABBBB1235"),
        (b"\n+AAAA\n+BBBB\n+", "AAAABBBB"),  # a diff
        (b"\n+AAA", "+AAA"),
        (b"\nAAAAA\n+BBBBB\n+", "AAAAA+BBBBB+"),
        (b"\nAAA*\n", None),
        (b"\nAAAAB\n", None),
    ],
)
def test_what_other_programs_put_around_the_lines_is_left_out(body, content):
    [found] = pem_blocks(b"before\n" + block(body) + b"\nafter\n")
    assert found.der == (None if content is None else base64.b64decode(content))
    assert found.label == "X"


@pytest.mark.parametrize("label", ["Certificate", "certificate request", "Private Key", "pkcs7"])
def test_a_label_may_be_typed_by_hand(label):
    text = f"-----Begin {label}-----\nAAAAbbbb\n-----end {label}-----"
    [found] = pem_blocks(text.encode())
    assert (found.label, found.der) == (label.upper(), base64.b64decode("AAAAbbbb"))


def test_characters_beyond_ascii_stay_as_html_writes_them():
    text = b"BEGIN &#127;&#128;&#129;&#x80;&#xE4;&#999;"
    assert asn1.pem_text(text) == text.replace(b"&#127;", b"\x7f")


@pytest.mark.parametrize(
    "headers",
    [
        b"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00FF",
        b"Comment: one",
        b"Subject: one\n\ttwo\n  three\nX: y",
    ],
)
@pytest.mark.parametrize("lines", [b"\n%s\n\nAAAA\n  BBBB\n", b"\n\n%s\n\nAAAA\nBBBB\n"])
def test_headers_are_kept_apart(headers, lines):
    [found] = pem_blocks(block(lines % headers))
    assert found.headers.split() == headers.split()
    assert found.headers.count(b"\n") == headers.count(b"\n")
    assert found.der == base64.b64decode("AAAABBBB")
    assert not found.regular


def test_headers_may_be_all_that_there_is():
    [found] = pem_blocks(block(b"\nComment: one"))
    assert (found.headers, found.der) == (b"Comment: one", b"")


@pytest.mark.parametrize(
    ("body", "regular"),
    [
        (b"\nAAAA\nBBBB\n", True),
        (b"\r\nAAAA\r\nBBBB\r\n", True),
        (b"\nXXXX\nBBBB\n", True),
        (b"\r\n\r\nAAAA\r\n", False),
        (b"\nAAAA \t\nBBBB\n", True),
        (b"\n AAAA\nBBBB\n", False),
        (b"\nAAAA\n BBBB\n", False),
        (b"\n\nAAAA\nBBBB\n", False),
        (b"\nAAAA\n\nBBBB\n", False),
        (b"\nAAAA\nBBBB\n\n", False),
        (b"\nAAAA\vAAAA\nBBBB\n", False),
        (b"\nAAAA\v\nBBBB\n", False),
        (b"\n> AAAA\n> BBBB\n", False),
        (b"\n> AAAA\n", False),
        (b"\nComment:AAAA\n\nBBBB\n", False),
    ],
)
def test_lines_that_a_strict_reader_takes_are_regular(body, regular):
    [found] = pem_blocks(b"before\n" + block(body) + b"\n")
    assert found.regular is regular


def test_what_had_to_be_converted_is_not_regular():
    text = block(b"\nAAAA\nBBBB\n")
    for data in (
        text.decode().encode("utf-16"),
        text.replace(b"BEGIN ", b"BEGIN\xc2\xa0"),
        text.replace(b"-----", b"--"),
        text.replace(b"\n", b"\\n"),
    ):
        [found] = pem_blocks(data)
        assert not found.regular
        assert found.der == base64.b64decode("AAAABBBB")


def test_each_object_has_its_place():
    first, second = block(b"\nAAAA\n", b"ONE"), block(b"\nBBBB\n", b"NO 2")
    data = b"a\n%s\nb\n%s\nc" % (first, second)
    found = list(pem_blocks(data))
    assert [one.label for one in found] == ["ONE", "NO 2"]
    assert [one.text for one in found] == [first, second]
    assert [data[one.start : one.end] for one in found] == [first, second]


def test_an_object_without_an_end_goes_to_the_next_and_has_no_content():
    second = block(b"\nBBBB\n")
    data = b"-----BEGIN ONE-----\nAAAA\n" + second + b"\n-----BEGIN THREE-----\nCCCC\n"
    found = list(pem_blocks(data))
    assert [one.der for one in found] == [None, base64.b64decode("BBBB"), None]
    assert [one.text for one in found] == [
        b"-----BEGIN ONE-----\nAAAA\n",
        second,
        b"-----BEGIN THREE-----\nCCCC\n",
    ]


@pytest.mark.parametrize("data", [b"", b"Begin here: AAAA", b"-----BEGIN", LINE.encode()])
def test_there_may_be_no_object(data):
    assert list(pem_blocks(data)) == []


def test_pem_has_lines_of_64_characters():
    assert asn1.pem("X", bytes(96)) == (
        b"-----BEGIN X-----\n%s\n%s\n-----END X-----\n" % (b"A" * 64, b"A" * 64)
    )


@pytest.mark.parametrize(
    ("length", "header"),
    [
        (0, "0400"),
        (127, "047f"),
        (128, "048180"),
        (129, "048181"),
        (255, "0481ff"),
        (256, "04820100"),
        (65535, "0482ffff"),
        (65536, "0483010000"),
    ],
)
def test_a_length_is_as_short_as_can_be(length, header):
    content = b"\1" * length
    data = der_value(4, content)
    assert data == bytes.fromhex(header) + content
    [read] = asn1.der_values(data)
    assert read == (4, 0, len(header) // 2, len(data))
    assert asn1.der_sequence(b"ab", b"c") == b"\x30\x03abc"
    assert asn1.der_set(b"b", b"ab", b"c") == b"\x31\x04abbc"


@pytest.mark.parametrize(
    ("number", "der"),
    [
        (0, "020100"),
        (127, "02017f"),
        (128, "02020080"),
        (255, "020200ff"),
        (256, "02020100"),
        (32767, "02027fff"),
        (32768, "0203008000"),
        (2**64, "0209010000000000000000"),
    ],
)
def test_numbers_are_written_and_read(number, der):
    data = bytes.fromhex(der)
    assert asn1.der_number(number) == data
    [tlv] = asn1.der_values(data)
    assert asn1.unsigned(data, tlv) == number
    [_, tlv] = asn1.der_values(b"\5\0" + data)
    assert asn1.unsigned(b"\5\0" + data + b"\7", tlv) == number


@pytest.mark.parametrize(
    "dotted",
    [
        "0.0",
        "0.39",
        "1.0",
        "1.39",
        "2.0",
        "2.39",
        "2.40",
        "2.999.3",
        "2.5.4.3",
        "1.2.127.128.129",
        "1.2.840.113549.1.1.1",
        "1.2.16383.16384.16385",
        "1.3.2097152.0",
        f"2.25.{2**128}",
    ],
)
def test_object_identifiers_are_written_and_read(dotted):
    data = der_oid(dotted)
    [tlv] = asn1.der_values(data)
    assert asn1.oid_text(data, tlv) == dotted
    [_, tlv] = asn1.der_values(b"\5\0" + data)
    assert asn1.oid_text(b"\5\0" + data + b"\7", tlv) == dotted


def test_an_object_identifier_is_the_one_that_openssl_writes(openssl):
    for dotted in ("2.999.3", "1.2.840.113549.1.1.1", "1.3.16384.128", "2.5.4.3"):
        printed = openssl("asn1parse", "-inform", "DER", stdin=der_oid(dotted))
        name = x509.ObjectIdentifier(dotted)._name
        assert dotted in printed or name in printed


@pytest.mark.parametrize(
    "data", ["04", "0401", "040201", "0480", "048101", "04820000", "0482", "0484ffffffff"]
)
def test_a_value_that_goes_beyond_the_end_is_no_der(data):
    data = bytes.fromhex(data)
    if data != bytes.fromhex("04820000"):
        with pytest.raises(ValueError, match="DER"):
            list(asn1.der_values(data))
    more = data + bytes(200)
    with pytest.raises(ValueError, match="DER"):
        list(asn1.der_values(more, 0, min(len(data), 3)))


def indefinite(*parts: bytes, tag: int = 0x30) -> bytes:
    return bytes([tag, 0x80]) + b"".join(parts) + b"\0\0"


ONE, TWO = der_value(4, b"one"), der_value(0x30, b"")


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [ONE],
        [ONE, TWO],
        [indefinite()],
        [indefinite(ONE)],
        [indefinite(), ONE],
        [ONE, indefinite(ONE, indefinite(TWO), ONE, tag=0xA0), TWO],
        [indefinite(indefinite(indefinite(ONE))), indefinite(TWO)],
        [der_value(0x31, ONE + TWO), indefinite(der_value(4, b"\0\0\0\0\0")), ONE],
    ],
)
@pytest.mark.parametrize(("before", "after"), [(b"", b""), (b"\0\0\x30", b"\x30\x80\0")])
def test_values_of_indefinite_length_are_read(parts, before, after):
    data = before + b"".join(parts) + after
    found = list(asn1.ber_values(data, len(before), len(data) - len(after)))
    assert [one.tag for one in found] == [part[0] for part in parts]
    start = len(before)
    for part, one in zip(parts, found, strict=True):
        tail = 2 if part[1] == 0x80 else 0
        assert (one.start, one.inside, one.end) == (start, start + 2, start + len(part) - tail)
        start += len(part)


@pytest.mark.parametrize(
    "data",
    [
        "30",
        "3080",
        "308000",
        "30800400",
        "3080040000",
        "30803080" + "0000",
        "0180" + "0000",
        "0280" + "0000",
        "0480" + "0000",
        "1f80" + "0000",
        "308004" + "0000",
        "3081" + "0000",
    ],
)
def test_values_without_an_end_are_no_ber(data):
    data = bytes.fromhex(data)
    for after in (b"", bytes(20)):
        with pytest.raises(ValueError, match=r"[BD]ER"):
            list(asn1.ber_values(data + after, 0, len(data)))


def nested(depth: int) -> bytes:
    return b"\x30\x80" * depth + bytes(2 * depth)


def test_values_are_nested_31_deep_at_most():
    [found] = asn1.ber_values(nested(31), 0, 4 * 31)
    assert found.end == 4 * 31 - 2
    with pytest.raises(ValueError, match="deep"):
        list(asn1.ber_values(nested(32), 0, 4 * 32))
