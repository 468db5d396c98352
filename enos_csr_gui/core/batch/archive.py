"""The requests of a batch, to submit together: what they share, and one archive without keys."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from enos_csr_gui.core import files
from enos_csr_gui.core.batch import records
from enos_csr_gui.core.file_types import ARCHIVE_SUFFIX


class Requests(NamedTuple):
    """How many there are, and the answers that are the same in all: field key -> text."""

    total: int
    shared: Mapping[str, str]


def look(folder: Path) -> Requests:
    """Return what the requests of the batch in this folder share.

    Raises CannotSave when there is no batch.
    """
    count, shared = 0, {}
    for count, record in enumerate(records.read(folder), 1):
        answers = record.subject
        if count == 1:
            shared = dict(answers)
        shared = {key: text for key, text in shared.items() if answers.get(key) == text}
    return Requests(count, shared)


def write(folder: Path, target: Path) -> Path:
    """Write the request files of the batch in ``folder`` into a ZIP archive; never over a file.

    Raises what ``files.save_set`` raises, and CannotSave when there is no batch.
    """
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for record in records.read(folder):
            archive.writestr(PurePosixPath(record.csr).name, record.csr_pem)
    return files.save_with_ending(target, ARCHIVE_SUFFIX, data.getvalue())
