"""The files that people give, one by one or as a folder, and what is in them.

Window and command line take files, folders, and both together in every place where they read
requests, certificates or keys. Each view of a file is read once.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path

from enos_csr_gui.core import files, reader, x509_reader
from enos_csr_gui.core.errors import PARTIAL_CODES, Code, Problem, UnreadableFile
from enos_csr_gui.core.reader import MAX_FILES
from enos_csr_gui.core.x509_reader import Certificate, Existing, Request

_MAX_ENTRIES = 20_000
"""As many entries of one folder are sorted by their names."""


@dataclass(frozen=True)
class Content:
    """A file and its content."""

    path: Path
    data: bytes = field(repr=False)

    @cached_property
    def signed(self) -> Sequence[Existing]:
        """The requests and certificates, each once, in their order."""
        return x509_reader.load_all(self.data)

    @property
    def left_out(self) -> list[Problem]:
        """The problem that only the first things in it were read."""
        problems = reader.read(self.data).problems
        return [one._replace(path=self.path) for one in problems if one.code in PARTIAL_CODES]

    @property
    def certificates(self) -> list[Certificate]:
        """The certificates among what was signed."""
        return [one for one in self.signed if isinstance(one, Certificate)]

    @property
    def requests(self) -> list[Request]:
        """The requests among what was signed."""
        return [one for one in self.signed if isinstance(one, Request)]


def is_folder(path: Path) -> bool:
    """Tell whether it is a folder; what may not be looked at is none."""
    return os.path.isdir(path)  # noqa: PTH112  (Path.is_dir raises where one may not look)


def unfold(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files, and of a folder the first ``MAX_FILES`` that are in it, sorted.

    A folder without files is yielded itself: ``read`` says that it is empty. ``left_out`` tells
    which folders have more.
    """
    for path in paths:
        yield from _inside(path)[:MAX_FILES] or [path]


def _inside(path: Path) -> list[Path]:
    """Return the files in a folder, sorted; empty for a file."""
    with suppress(OSError):
        if path.is_dir():
            return sorted(one for one in islice(path.iterdir(), _MAX_ENTRIES) if one.is_file())
    return []


def left_out(paths: Iterable[Path], came: Iterable[Content] = ()) -> list[Problem]:
    """Return a problem for each folder of which only the first files are read.

    So it does for each file that ``came`` from them of which only the first things were.
    """
    folders = [one for one in dict.fromkeys(paths) if len(_inside(one)) > MAX_FILES]
    limit: dict[str, str | int] = {"limit": MAX_FILES}
    problems = [Problem(Code.TOO_MANY_FILES, path=one, values=limit) for one in folders]
    return [*problems, *(problem for one in came for problem in one.left_out)]


def read(path: Path) -> Content:
    """Return the content of a file; raises UnreadableFile."""
    if is_folder(path):
        raise UnreadableFile([Problem(Code.FOLDER_EMPTY, path=path)])
    return Content(path, files.read(path))


def read_all(paths: Sequence[Path]) -> list[Content]:
    """Return the content of the files, and of every readable file in the folders.

    Raises UnreadableFile, with every problem, when a file that is named itself cannot be read, or
    nothing in a folder.
    """
    found: list[Content] = []
    problems: list[Problem] = []
    for path in dict.fromkeys(paths):
        inside: list[Content] = []
        refused: list[Problem] = []
        for file in unfold([path]):
            try:
                inside.append(read(file))
            except UnreadableFile as error:
                refused += error.problems
        found += inside
        if not inside:
            problems += refused[:1]
    if problems:
        raise UnreadableFile(problems)
    return found


def instead(
    paths: Sequence[Path], came: Sequence[Content], in_folder: Code, in_file: Problem
) -> list[Problem]:
    """Return why what is sought is not in what was given: ``in_file`` for files."""
    if folder := next(filter(is_folder, paths), None):
        in_file = Problem(in_folder, path=folder, values={"count": len(came)})
    return [in_file, *left_out(paths, came)]


def signed_in(paths: Sequence[Path], came: Sequence[Content]) -> list[Existing]:
    """Return the requests and certificates in what came from the files and folders, each once.

    Certificates come before requests where there are several files. Raises UnreadableFile when
    there is neither.
    """
    found = list(dict.fromkeys(one for content in came for one in content.signed))
    if not found:
        in_file = Problem(Code.NO_REQUEST, path=paths[0])
        raise UnreadableFile(instead(paths, came, Code.NO_REQUEST_IN_FOLDER, in_file))
    if len(came) > 1:
        found.sort(key=lambda one: isinstance(one, Request))
    return found
