"""SHA-256, against Python's own."""

from __future__ import annotations

import hashlib
import io

import pytest

from enos_csr_gui.core import digests


@pytest.mark.parametrize("size", [0, 1, 64, (1 << 16) - 1, 1 << 16, (1 << 16) + 1, 200_000])
def test_a_digest_is_that_of_all_the_data(size: int) -> None:
    data = bytes(number % 251 for number in range(size))
    expected = hashlib.sha256(data).hexdigest()
    assert digests.sha256(data) == expected
    assert digests.sha256_of_file(io.BytesIO(data)) == expected


def test_a_large_file_is_read_in_small_parts() -> None:
    class Counted(io.BytesIO):
        def read(self, size: int | None = None, /) -> bytes:
            assert size in range(1, 1 << 20)
            return super().read(size)

    data = bytes(3_000_000)
    assert digests.sha256_of_file(Counted(data)) == hashlib.sha256(data).hexdigest()
