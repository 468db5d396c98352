"""What the person has answered so far: plain values, no widgets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # importing cryptography takes as long as painting the first page
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from enos_csr_gui.core.defaults import Defaults, HandIn
    from enos_csr_gui.core.handover import HandedOver
    from enos_csr_gui.core.making import Made
    from enos_csr_gui.core.receiving import Received, TakenIn
    from enos_csr_gui.core.renewal import Old


def default_folder() -> Path:
    """Return where files go the first time.

    Not the documents' folder: Windows and macOS copy that one to their cloud, and a private key
    must stay on the computer.
    """
    return Path.home() / "EnOS requests"


class Task(Enum):
    """What the person wants to do; the first page asks."""

    NEW = auto()
    RENEW = auto()
    RECEIVE = auto()
    CHECK = auto()
    REQUESTS = auto()


class KeyAnswers(NamedTuple):
    """What has been chosen and typed on the page of the key, submitted or not."""

    is_new: bool
    is_protected: bool
    passphrases: tuple[str, str]
    path: Path | None
    opening: str | None
    """The passphrase of the existing key."""


class Draft:
    """The answers of one request, from the first page to the last.

    ``key`` is the new key, or the one read from ``key_file``; None while there is none yet.
    ``passphrase`` protects the new key file. ``name`` is the base name of the files, None as long
    as it follows the common name. ``offered`` are the answers that the person found filled in,
    None while that is not known. ``old`` is what is being renewed, None for a new request, whose
    answers are kept meanwhile. ``defaults`` are those of the organisation, None until they are
    read. ``received`` is a certificate that has arrived, ``taken_in`` where
    it is saved, and ``handed_over`` what was made of it for the device. ``about_key`` waits for a
    page of the key that is built anew, in another language.
    """

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.key: RSAPrivateKey | None = None
        self.key_file: Path | None = None
        self.passphrase: str | None = None
        self.folder = default_folder()
        self.name: str | None = None
        self.made: Made | None = None
        self.offered: dict[str, str] | None = None
        self.old: Old | None = None
        self.defaults: Defaults | None = None
        self.received: Received | None = None
        self.taken_in: TakenIn | None = None
        self.handed_over: list[HandedOver] = []
        self.about_key: KeyAnswers | None = None
        self._of_new: tuple[dict[str, str], dict[str, str] | None] = {}, None

    @property
    def locked(self) -> Mapping[str, str]:
        """The answers that the organisation has set for everybody."""
        return self.defaults.locked if self.defaults else {}

    @property
    def hand_in(self) -> HandIn:
        """What the organisation says of handing in."""
        from enos_csr_gui.core.defaults import HandIn

        return self.defaults.hand_in if self.defaults else HandIn()

    @property
    def exact(self) -> Collection[str]:
        """The fields whose answers stand as they are: the common name of a renewal."""
        from enos_csr_gui.core.renewal import EXACT

        return EXACT if self.old else ()

    def renew(self, old: Old, name: str) -> None:
        """Take the answers from an old file; ``name`` is a free one for the new files."""
        if not self.old:
            self._of_new = self.answers, self.offered
        self.old = old
        self.answers = {**old.answers, **self.locked}
        self.offered = dict(self.answers)
        self.name = name

    def renew_nothing(self) -> None:
        """Go back to the answers of a new request, if this was a renewal."""
        if self.old:
            self.old = self.name = None
            self.answers, self.offered = self._of_new

    @property
    def base_name(self) -> str:
        """The base name of the files: the one typed, or one made from the common name."""
        from enos_csr_gui.core.files import safe_name
        from enos_csr_gui.core.subject import normalize

        return self.name or safe_name(normalize(self.answers.get("common_name", "")))

    def answer(self, key: str, text: str) -> None:
        """Take an answer, unless it is locked; with another common name the files get another."""
        if key in self.locked:
            return
        self.answers[key] = text
        if key == "common_name":
            self.name = None

    def offer(self, answers: Mapping[str, str]) -> None:
        """Fill in answers, so that the person need not."""
        self.answers.update(answers)
        self.offered = dict(self.answers)

    @property
    def changed(self) -> bool:
        """Whether the person has answered anything that is not saved."""
        given, offered = (
            {key: text for key, text in answers.items() if text}
            for answers in (self.answers, self.offered or {})
        )
        return self.made is None and given != offered

    def for_next_device(self) -> None:
        """Forget what belongs to this device: its common name, its key, its files."""
        self.renew_nothing()
        self.answer("common_name", "")
        self.key = self.key_file = self.made = None
        self.offered = dict(self.answers)
