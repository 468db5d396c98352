"""The user's answers so far: plain values, no widgets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import Enum, auto
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # importing cryptography takes as long as painting the first page
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from enos_csr_gui.core.create import CreatedRequest
    from enos_csr_gui.core.defaults import Defaults, SubmitDefaults
    from enos_csr_gui.core.export import ExportedFile
    from enos_csr_gui.core.history import PastRequest
    from enos_csr_gui.core.receive import MatchedCertificate, StoredCertificate
    from enos_csr_gui.core.renew import RenewalSource
    from enos_csr_gui.gui.batch_draft import ArrivalDraft, BatchDraft


def default_folder() -> Path:
    """Return the folder suggested for the first files.

    Not the documents' folder: Windows and macOS copy that one to their cloud, and a private key
    must stay on the computer.
    """
    return Path.home() / "EnOS requests"


class KeyAnswers(NamedTuple):
    """The choices and texts on the key page, submitted or not."""

    is_new: bool
    is_protected: bool
    passphrases: tuple[str, str]
    path: Path | None
    opening: str | None
    """The passphrase of the existing key."""


class Origin(Enum):
    """Where an answer comes from, when a new request takes its answers from a file."""

    FILE = auto()
    MISSING = auto()
    """The file does not have it."""
    REMEMBERED = auto()
    """From the last request on this computer, because the file does not have it."""


class Draft:
    """The answers of one request, from the first page to the last.

    ``key`` is the new key, or the one read from ``key_file``; None while there is none yet.
    ``passphrase`` protects the new key file. ``name`` is the base name of the files, None while it
    follows the common name. ``offered`` are the answers that were filled in, None while they are
    unknown. ``source`` is what is being renewed, None for a new request, whose answers are kept
    meanwhile. ``was_protected``: the key of what is renewed has a passphrase, and the key page has
    not offered one for the new key yet. ``taken_from`` is the file that a new request takes its
    answers from, if any, and ``origins`` says where each answer comes from, until it is changed.
    ``defaults`` are the organization's, None until they are read. ``profile`` is the name of the
    profile whose answers were taken last, empty if none was. ``matched`` is
    a certificate that has arrived, ``expected`` the request that it was said to be of, ``stored``
    where it is saved, and ``exported`` what was made of it for the device. ``key_answers`` is
    restored when the key page is rebuilt in another language.
    """

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.key: RSAPrivateKey | None = None
        self.key_file: Path | None = None
        self.passphrase: str | None = None
        self.folder = default_folder()
        self.name: str | None = None
        self.created: CreatedRequest | None = None
        self.offered: dict[str, str] | None = None
        self.source: RenewalSource | None = None
        self.was_protected = False
        self.taken_from: Path | None = None
        self.origins: dict[str, Origin] = {}
        self.defaults: Defaults | None = None
        self.profile = ""
        self.expected: PastRequest | None = None
        self.matched: MatchedCertificate | None = None
        self.stored: StoredCertificate | None = None
        self.exported: list[ExportedFile] = []
        self.key_answers: KeyAnswers | None = None
        self._fresh: dict[str, str] = {}  # what a new request begins with
        self._of_new: tuple[dict[str, str], dict[str, str] | None] = {}, None

    @cached_property
    def batch(self) -> BatchDraft:
        """The answers for many devices."""
        from enos_csr_gui.gui.batch_draft import BatchDraft  # not before the first paint

        return BatchDraft()

    @cached_property
    def arrival(self) -> ArrivalDraft:
        """The answers about certificates for many devices."""
        from enos_csr_gui.gui.batch_draft import ArrivalDraft

        return ArrivalDraft()

    @property
    def locked(self) -> Mapping[str, str]:
        """The answers that the organization has locked."""
        return self.defaults.locked if self.defaults else {}

    @property
    def submit(self) -> SubmitDefaults:
        """Where the organization wants requests sent."""
        from enos_csr_gui.core.defaults import SubmitDefaults

        return self.defaults.submit if self.defaults else SubmitDefaults()

    @property
    def verbatim(self) -> Collection[str]:
        """The fields whose values are kept unchecked: the common name of a renewal."""
        from enos_csr_gui.core.subject import VERBATIM_FIELDS

        return VERBATIM_FIELDS if self.source else ()

    def renew(self, source: RenewalSource, name: str) -> None:
        """Take the answers from an old file; ``name`` is a free one for the new files."""
        if not (self.source or self.taken_from):
            self._of_new = self.answers, self.offered
        self._forget_file()
        self.source = source
        self.answers = {**source.answers, **source.proposed, **self.locked}
        self.offered = dict(self.answers)
        self.name = name

    def take_answers(self, file: Path, answers: Mapping[str, str]) -> None:
        """Take the answers of another file, and nothing else, for a new request."""
        from enos_csr_gui.core.subject import FIELDS_BY_KEY

        self.use_own_answers()
        self._of_new = self.answers, self.offered
        self.taken_from = file
        self.answers = {key: answers.get(key, "") for key in FIELDS_BY_KEY} | dict(self.locked)
        self.origins = {
            key: Origin.FILE if text else Origin.MISSING
            for key, text in self.answers.items()
            if key not in self.locked
        }
        self.offered = dict(self.answers)
        self.name = None

    @property
    def remembered(self) -> dict[str, str]:
        """The remembered answers that could be used where the file has none."""
        own = self._of_new[0]
        missing = (key for key, origin in self.origins.items() if origin is Origin.MISSING)
        return {key: own[key] for key in missing if own.get(key)}

    def use_remembered(self) -> None:
        """Use the remembered answers where the file has none."""
        assert self.offered is not None
        for key, text in self.remembered.items():
            self.answers[key] = self.offered[key] = text
            self.origins[key] = Origin.REMEMBERED

    def use_own_answers(self) -> None:
        """Go back to the user's own answers, if these are from an old or a foreign file."""
        self.was_protected = False
        if self.source or self.taken_from:
            self._forget_file()
            self.source = self.name = None
            self.answers, self.offered = self._of_new

    def _forget_file(self) -> None:
        self.taken_from = None
        self.origins = {}

    @property
    def base_name(self) -> str:
        """The base name of the files: the one typed, or one made from the common name."""
        from enos_csr_gui.core.file_names import safe_name
        from enos_csr_gui.core.subject import normalize

        return self.name or safe_name(normalize(self.answers.get("common_name", "")))

    def answer(self, key: str, text: str) -> None:
        """Set an answer, unless it is locked; a new common name also gives the files new names."""
        if key in self.locked:
            return
        self.answers[key] = text
        self.origins.pop(key, None)
        if key == "common_name":
            self.name = None

    def use_profile(self, answers: Mapping[str, str]) -> None:
        """Take the answers of a profile; what is locked stays, and so does the common name."""
        from enos_csr_gui.core.subject import FIELDS_BY_KEY

        assert self.offered is not None
        for key in FIELDS_BY_KEY.keys() - self.locked.keys() - {"common_name"}:
            self.answers[key] = self.offered[key] = answers.get(key, "")
            self.origins.pop(key, None)

    def offer(self, answers: Mapping[str, str]) -> None:
        """Fill in answers for the user."""
        self.answers.update(answers)
        self.offered = dict(self.answers)
        self._fresh = dict(self.answers)

    @property
    def typed(self) -> int:
        """How many answers the user has entered or changed that are not saved."""
        if self.created:
            return 0
        offered = self.offered or {}
        keys = self.answers.keys() | offered.keys()
        return sum(self.answers.get(key, "") != offered.get(key, "") for key in keys)

    def secrets(self) -> list[str]:
        """Return the passphrases in the draft."""
        kept = self.key_answers
        typed = (*kept.passphrases, kept.opening) if kept else ()
        return [text for text in (self.passphrase, self.batch.passphrase, *typed) if text]

    def for_next_device(self) -> None:
        """Clear what belongs to this device: its common name, its key, its files."""
        if self.taken_from:
            self._forget_file()  # they are the user's own now, and remembered
        self.use_own_answers()
        self.answer("common_name", "")
        self.key = self.key_file = self.created = None
        self.offered = dict(self.answers)
        self._fresh = dict(self.answers)

    def drop(self) -> None:
        """Forget the unfinished request; a new one begins with the remembered answers."""
        self.use_own_answers()
        self.answers, self.offered = dict(self._fresh), dict(self._fresh)
        if self.key_file:
            self.key = self.key_file = None
        self.passphrase = self.name = self.key_answers = None
        self.profile = ""
