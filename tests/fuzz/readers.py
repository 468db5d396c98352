"""Every reader of foreign files, with what it may raise, and the corpus to begin with.

Run for long, guided by coverage: ``python tests/fuzz/readers.py inspect -max_total_time=600``
(needs ``uv sync --group fuzz``; what follows the name goes to libFuzzer).
"""

from __future__ import annotations

import atexit
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from types import FunctionType

from enos_csr_gui.core import (
    certificate,
    convert,
    defaults,
    inspect,
    key_reader,
    last_answers,
    profiles,
    receive,
    renew,
)
from enos_csr_gui.core.errors import CoreError, Problem, escape_unprintable
from enos_csr_gui.messages import inspection
from enos_csr_gui.messages.problems import problem_text, problem_text_in_file

SAMPLES = Path(__file__).parents[1] / "samples"

SECONDS = 2.0
"""Of processor time, at most, for a file of 1 MB."""

MEGABYTES = 200
"""More memory, at most, for a file of 1 MB."""

MAX_BYTES = 1 << 20


def _show(problems: list[Problem] | tuple[Problem, ...]) -> None:
    for problem in problems:
        assert "\x1b" not in problem_text(problem)


def read_anything(data: bytes) -> None:
    """Read and judge as ``enos-csr inspect`` does, and write the report."""
    found = inspect.inspect(Path("a.bin"), data)
    names = inspection.names(found)
    for one, name in zip(found, names, strict=True):
        inspection.kind(one)
        list(inspection.facts(one, [name], str))
        for result in one.rules:
            for problem in (*result.problems, *result.warnings):
                problem_text_in_file(problem)
        _show((*one.problems, *one.warnings))
    inspect.companions(found)


def read_key(data: bytes) -> None:
    """Open as a key file, with a passphrase."""
    key_reader.load(data, b"secret")


def read_certificate(data: bytes) -> None:
    """Read as an issued certificate with its chain."""
    issued = certificate.read(data, Path("a.bin"), data, "")
    _show(certificate.check(issued))
    _show(certificate.check_chain(issued))


def _through_a_file(read: Callable[[Path], object]) -> Callable[[bytes], None]:
    folder = tempfile.TemporaryDirectory(prefix="enos-csr-fuzz-")
    atexit.register(folder.cleanup)
    path = Path(folder.name) / "file"

    def run(data: bytes) -> None:
        path.write_bytes(data)
        read(path)

    return run


def _read_defaults(path: Path) -> None:
    _show(defaults.load([path]).problems)


READERS: dict[str, Callable[[bytes], None]] = {
    "inspect": read_anything,
    "key": read_key,
    "certificate": read_certificate,
    "renew": _through_a_file(renew.read_source),
    "convert": _through_a_file(convert.to_pem),
    "sort": _through_a_file(lambda path: receive.sort_files([path])),
    "defaults": _through_a_file(_read_defaults),
    "last-answers": _through_a_file(last_answers.load),
    "profiles": _through_a_file(lambda path: _show(profiles.read(path).problems)),
    "show": lambda data: _check_shown(data.decode("utf-8", "surrogateescape")),
}


def _check_shown(text: str) -> None:
    shown = escape_unprintable(text)
    assert escape_unprintable(shown) == shown
    assert not set(shown) & {*map(chr, range(32)), "\x7f", "\x9b", "\u202e", "\u2028"}


def corpus() -> list[Path]:
    """Return the samples: files as people have them."""
    return sorted(path for path in SAMPLES.rglob("*") if path.is_file())


def tried(read: Callable[[bytes], None], data: bytes) -> None:
    """Read; a refusal is a result like any other, and everything else is raised."""
    try:
        read(data)
    except CoreError as error:
        _show(error.problems)


def _instrument() -> None:
    """Count the branches of our own code."""
    import atheris

    for name, module in list(sys.modules.items()):
        if name.startswith("enos_csr_gui.core."):
            for thing in vars(module).values():
                if isinstance(thing, FunctionType) and thing.__module__ == name:
                    atheris.instrument_func(thing)


def main() -> None:
    """Fuzz one reader with atheris."""
    import atheris

    name, *options = sys.argv[1:]
    _instrument()
    read = READERS[name]
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as seeds:
        for number, path in enumerate(corpus()):
            Path(seeds, str(number)).write_bytes(path.read_bytes())
        limits = [f"-timeout={SECONDS:.0f}", f"-max_len={MAX_BYTES}", "-rss_limit_mb=600"]
        arguments = [sys.argv[0], *limits, *options, seeds]
        atheris.Setup(arguments, lambda data: tried(read, data))
        atheris.Fuzz()


if __name__ == "__main__":
    main()
