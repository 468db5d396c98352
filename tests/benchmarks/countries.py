"""What a keystroke in the country box costs: ``python tests/benchmarks/countries.py``.

Printed is the search for each beginning of a name, beside a bare scan of all names for it: the
ratio tells what accents, initials, former and Chinese names cost. A frame at 60 Hz has 16 ms.
"""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

from enos_csr_gui.core import countries

_TYPED = [
    name[:end] for name in ("united kingdom", "刚果", "cote d") for end in range(1, len(name))
]
_ROUNDS = 20


def seconds(search: Callable[[str], object]) -> float:
    """Return the seconds of CPU that a search takes on average."""
    start = process_time()
    for typed in _TYPED:
        search(typed)
    return (process_time() - start) / len(_TYPED)


def main() -> None:
    names = [country.name for country in countries.search("")]
    ours, bare = [], []
    for _ in range(_ROUNDS):
        ours.append(seconds(countries.search))
        bare.append(seconds(lambda typed: [name for name in names if typed in name.lower()]))
    print(
        f"a keystroke: {1000 * min(ours):.2f} ms of CPU, {min(ours) / min(bare):.1f} of a bare scan"
    )


if __name__ == "__main__":
    main()
