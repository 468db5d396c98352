"""Changed samples in every reader: refused or read, in 2 seconds and 200 MB, never a traceback.

``ENOS_CSR_FUZZ=100000 pytest tests/fuzz`` tries so many inputs for each reader; a failure prints
the input in hexadecimal.
"""

from __future__ import annotations

import os
import random
import sys
import time
import warnings
from collections.abc import Iterator

import pytest
from readers import MAX_BYTES, MEGABYTES, READERS, SECONDS, tried
from seeds import seeds

INPUTS = int(os.environ.get("ENOS_CSR_FUZZ", "150"))

PARTS = [
    *(b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"\x06\x80", b"\x00" * 50, b"\xff" * 50),
    *(b"-----BEGIN CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n", b"-----BEGIN ", b"=\n"),
    *(b"\x1b[2J", "\u202e".encode(), b"\r\n\r\n", b'{"a":' * 20, b"[" * 100, b"PK\x03\x04"),
    *(b"Content-Type: multipart/mixed; boundary=a\n\n--a\n", b"-" * 2000, b"A" * 5000),
]


def changed(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Return the data with a few changes such as a fuzzer makes."""
    changed = bytearray(data)
    for _number in range(chance.choice((1, 1, 1, 2, 4, 16))):
        place = chance.randrange(len(changed) + 1)
        size = chance.choice((1, 1, 2, 4, 16, 100, 1000))
        match chance.randrange(7):
            case 0:
                changed[place : place + size] = chance.randbytes(size)
            case 1:
                del changed[place : place + size]
            case 2:
                changed[place:place] = changed[place : place + size] * chance.choice((1, 3, 50))
            case 3:
                changed[place:place] = chance.choice(PARTS)
            case 4 if place < len(changed):
                changed[place] ^= 1 << chance.randrange(8)
            case 5:
                other = chance.choice(others)
                start = chance.randrange(len(other) + 1)
                changed[place:place] = other[start : start + size]
            case 6:
                changed[place : place + 1] = chance.choice((b"\0", b"\x7f", b"\x80", b"\xff"))
    return bytes(changed[:MAX_BYTES])


def memory() -> float:
    """Return the most memory that this process has had, in megabytes."""
    import resource

    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


@pytest.fixture(autouse=True)
def no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def attempt(name: str, data: bytes) -> None:
    before, start = memory(), time.process_time()
    try:
        tried(READERS[name], data)
    except BaseException as error:
        shown = data[:4000].hex()
        pytest.fail(f"{type(error).__name__}: {error}\n{len(data)} bytes: {shown}", pytrace=True)
    assert time.process_time() - start < SECONDS, data[:4000].hex()
    assert memory() - before < MEGABYTES, data[:4000].hex()


@pytest.mark.skipif(sys.platform == "win32", reason="measures memory as POSIX does")
@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", READERS)
def test_a_changed_sample_is_read_or_refused(name: str) -> None:
    samples = seeds()
    assert len(samples) > 50
    chance = random.Random(f"{name} {os.environ.get('ENOS_CSR_FUZZ_SEED', '')}")
    for _number in range(INPUTS):
        attempt(name, changed(chance.choice(samples), samples, chance))


# Whole files of 1 MB that a reader may take long for.
LARGE = {
    "one object again and again": lambda samples: samples[0] * (MAX_BYTES // len(samples[0]) + 1),
    "open brackets": lambda _samples: b"[" * MAX_BYTES,
    "open values": lambda _samples: b"\x30\x80" * (MAX_BYTES // 2),
    "nested values": lambda _samples: b"\x30\x82\x7f\xff" * (MAX_BYTES // 4),
    "begins": lambda _samples: b"-----BEGIN CERTIFICATE-----\n" * (MAX_BYTES // 28),
    "Base64": lambda _samples: b"QUJD" * (MAX_BYTES // 4),
    "Base64 in lines": lambda _samples: b"QUJDRA==\n" * (MAX_BYTES // 9),
    "parts of an e-mail": lambda _samples: (
        b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\n\nQUJD\n" * (MAX_BYTES // 10)
    ),
    "combining marks": lambda _samples: "e\u0301\u0327".encode() * (MAX_BYTES // 5),
    "blanks": lambda _samples: b" \t" * (MAX_BYTES // 2),
    "dashes": lambda _samples: b"-" * MAX_BYTES,
    "tables": lambda _samples: b"[a]\n[a.b]\n" * (MAX_BYTES // 10),
    "backslashes": lambda _samples: b'"\\n' * (MAX_BYTES // 3),
}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="measures memory as POSIX does")
@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("what", LARGE)
def test_a_large_file_takes_neither_time_nor_memory(name: str, what: str) -> None:
    data = LARGE[what](seeds())
    attempt(name, data[:MAX_BYTES])
