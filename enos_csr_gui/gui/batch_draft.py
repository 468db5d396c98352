"""The answers for many devices: plain values, no widgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from enos_csr_gui.core.enums import RequestKind

if TYPE_CHECKING:  # not before the first paint
    from enos_csr_gui.core.batch.check import Checked
    from enos_csr_gui.core.batch.collect import Collected, Requested
    from enos_csr_gui.core.batch.make import Outcome
    from enos_csr_gui.core.batch.pool import Foreign
    from enos_csr_gui.core.batch.table import Table
    from enos_csr_gui.core.errors import Problem


class Protection(Enum):
    """What protects the key files of a batch."""

    NONE = auto()
    SAME = auto()
    """One passphrase for all."""
    EACH = auto()
    """A passphrase for each device, in a file of their own."""


class CreatedBatch(NamedTuple):
    """What a run has created. ``seconds`` is how long it took, ``batch`` its name in the history.

    ``left_out`` is how many rows were left out, ``before`` how many had their files already.
    """

    outcome: Outcome
    batch: str
    seconds: float
    before: int
    left_out: int


class BatchDraft:
    """The answers of one batch, from the first page to the last.

    ``table`` has been read from ``path``, which had the ``stamp`` then; mended rows are only in
    ``table``, and ``mended`` says whether there are any. ``headings`` are the columns to choose
    from, ``assigned`` is heading -> field key where the user has decided, and ``same_for_all`` is
    field key -> answer of the rows that have none. ``checked`` is the verdict over all rows, when
    ``made_before`` pairs were in the folder. The ``table`` of a renewal comes from the history, and
    only the name of its ``path`` counts.
    """

    def __init__(self) -> None:
        self.kind = RequestKind.NEW
        self.path: Path | None = None
        self.stamp: tuple[int, int] | None = None
        self.table: Table | None = None
        self.headings: tuple[str, ...] = ()
        self.assigned: Mapping[str, str] = {}
        self.same_for_all: dict[str, str] = {}
        self.mended = False
        self.folder: Path | None = None
        self.protection = Protection.NONE
        self.passphrase: str | None = None
        self.passphrase_file: Path | None = None
        self.checked: Checked | None = None
        self.made_before = 0
        self.created: CreatedBatch | None = None


class Arrived(NamedTuple):
    """The certificates for many devices, sorted to the requests.

    ``foreign`` are those of no request, ``problems`` say which files could not be read. ``places``
    is where among ``devices`` those of each status are.
    """

    requested: Sequence[Requested]
    devices: Sequence[Collected]
    foreign: Sequence[Foreign]
    problems: Sequence[Problem]
    places: Mapping[str, Sequence[int]]


class SavedArrival(NamedTuple):
    """What a run has saved: the number of certificates, and of those still missing.

    ``has_files`` says whether files for devices were created; ``into`` is where, None beside the
    keys. ``remarks`` are the most frequent problems, each with how often there is one.
    """

    certificates: int
    missing: int
    has_files: bool
    into: Path | None
    remarks: Sequence[tuple[Problem, int]]


class ArrivalDraft:
    """The answers about certificates for many devices.

    ``paths`` is what was received; ``folder`` is the one of the batch, None when the history tells
    it. ``arrived`` is what was found, ``saved`` what of it is on the disk when all is saved.
    """

    def __init__(self) -> None:
        self.paths: tuple[Path, ...] = ()
        self.folder: Path | None = None
        self.arrived: Arrived | None = None
        self.saved: SavedArrival | None = None
