"""Text from the clipboard, read in memory: a private key in it never reaches the disk."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from enos_csr_gui.core import x509_reader
from enos_csr_gui.core.enums import ContentKind
from enos_csr_gui.core.errors import Code, Problem
from enos_csr_gui.core.files import MAX_READ_BYTES, make_temporary_folder
from enos_csr_gui.core.inspect import InspectedItem, inspect


class Pasted(NamedTuple):
    """What was found in a text.

    ``file`` is a temporary file with only its requests and certificates, as PEM, for what needs
    one; None if there are none.
    """

    items: list[InspectedItem]
    file: Path | None

    @property
    def has_certificate(self) -> bool:
        """Whether there is a certificate in the file."""
        return any(one.kind is ContentKind.CERTIFICATE for one in self.items)


def read(text: str, name: str) -> Pasted:
    """Return what is in the text; ``name`` is what to call it.

    Raises nothing about what is in it, and OSError if the temporary file cannot be written.
    """
    data = text.encode(errors="replace")
    path = Path(name)
    if len(data) > MAX_READ_BYTES:
        problem = Problem(Code.FILE_TOO_LARGE, path=path, values={"limit": MAX_READ_BYTES})
        return Pasted(
            [InspectedItem(file=path, kind=ContentKind.UNKNOWN, problems=(problem,))], None
        )
    public = b"".join(one.to_pem() for one in x509_reader.load_all(data))
    if not public:
        return Pasted(inspect(path, data), None)
    file = make_temporary_folder() / name
    file.write_bytes(public)
    return Pasted(inspect(file, data), file)
