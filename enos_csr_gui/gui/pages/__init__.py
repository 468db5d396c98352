"""The pages of the wizard, each declared once.

To add a page: give it a ``Step`` and a place in ``ROUTES`` (navigation.py), and a row in ``PAGES``.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

from enos_csr_gui.gui.navigation import Step
from enos_csr_gui.i18n import N_

if TYPE_CHECKING:
    from enos_csr_gui.gui.draft import Draft
    from enos_csr_gui.gui.page import Page

    _Factory = Callable[[Draft], Page]


class PageKind(Enum):
    """What a page is for. It decides which buttons are below it."""

    START = auto()
    """The first page."""
    ASKS = auto()
    """Asks for something; 'Next' leads on."""
    RECEIVES = auto()
    """Takes what has arrived, at once: nothing to cancel; what 'Next' leads to is optional."""
    SAVES = auto()
    """Asks for something; 'Save' or 'Create' writes the files and leads on."""
    SAVED = auto()
    """Files have been saved: nothing can be lost, and there is no way back."""
    SHOWS = auto()
    """Shows something; nothing follows."""


class PageInfo(NamedTuple):
    """What the window needs to know about a page."""

    name: str
    """At the side of the window; not translated yet."""
    kind: PageKind
    load: Callable[[], _Factory]
    """Imports the page, which takes its time, and returns its class."""
    is_wide: bool = False
    """Whether the page needs the whole width of the window."""
    save: str = N_("&Save")
    """On the button that writes the files, with the verb of the page; not translated yet."""


# Each page is imported by a function: none but the first is needed before the first paint, and a
# bundler finds them all.


def _start() -> _Factory:
    from enos_csr_gui.gui.pages.start import StartPage

    return StartPage


def _key() -> _Factory:
    from enos_csr_gui.gui.pages.key import KeyPage

    return KeyPage


def _subject() -> _Factory:
    from enos_csr_gui.gui.pages.subject import SubjectPage

    return SubjectPage


def _review() -> _Factory:
    from enos_csr_gui.gui.pages.review import ReviewPage

    return ReviewPage


def _save() -> _Factory:
    from enos_csr_gui.gui.pages.save import SavePage

    return SavePage


def _done() -> _Factory:
    from enos_csr_gui.gui.pages.done import DonePage

    return DonePage


def _renew() -> _Factory:
    from enos_csr_gui.gui.pages.renew import RenewPage

    return RenewPage


def _receive() -> _Factory:
    from enos_csr_gui.gui.pages.receive import ReceivePage

    return ReceivePage


def _export() -> _Factory:
    from enos_csr_gui.gui.pages.export import ExportPage

    return ExportPage


def _exported() -> _Factory:
    from enos_csr_gui.gui.pages.exported import ExportedPage

    return ExportedPage


def _inspect() -> _Factory:
    from enos_csr_gui.gui.pages.inspect import InspectPage

    return InspectPage


def _requests() -> _Factory:
    from enos_csr_gui.gui.requests.page import RequestsPage

    return RequestsPage


def _table() -> _Factory:
    from enos_csr_gui.gui.batch.table import TablePage

    return TablePage


def _columns() -> _Factory:
    from enos_csr_gui.gui.batch.columns import ColumnsPage

    return ColumnsPage


def _folder() -> _Factory:
    from enos_csr_gui.gui.batch.folder import FolderPage

    return FolderPage


def _rows() -> _Factory:
    from enos_csr_gui.gui.batch.rows import RowsPage

    return RowsPage


def _create() -> _Factory:
    from enos_csr_gui.gui.batch.create import CreatePage

    return CreatePage


def _created() -> _Factory:
    from enos_csr_gui.gui.batch.created import CreatedPage

    return CreatedPage


def _certificates() -> _Factory:
    from enos_csr_gui.gui.batch.certificates import CertificatesPage

    return CertificatesPage


def _sorted() -> _Factory:
    from enos_csr_gui.gui.batch.sorted import SortedPage

    return SortedPage


def _devices() -> _Factory:
    from enos_csr_gui.gui.batch.devices import DevicesPage

    return DevicesPage


def _received() -> _Factory:
    from enos_csr_gui.gui.batch.received import ReceivedPage

    return ReceivedPage


PAGES: dict[Step, PageInfo] = {
    Step.START: PageInfo(N_("Start"), PageKind.START, _start),
    Step.KEY: PageInfo(N_("Choose the key"), PageKind.ASKS, _key),
    Step.SUBJECT: PageInfo(N_("Who is it for?"), PageKind.ASKS, _subject),
    Step.REVIEW: PageInfo(N_("Check the answers"), PageKind.ASKS, _review),
    Step.SAVE: PageInfo(N_("Save the files"), PageKind.SAVES, _save),
    Step.DONE: PageInfo(N_("Submit the file"), PageKind.SAVED, _done),
    Step.RENEW: PageInfo(N_("Pick the old one"), PageKind.ASKS, _renew),
    Step.RECEIVE: PageInfo(N_("Add certificates"), PageKind.RECEIVES, _receive),
    Step.EXPORT: PageInfo(N_("Save the files"), PageKind.SAVES, _export),
    Step.EXPORTED: PageInfo(N_("Set up the device"), PageKind.SAVED, _exported),
    Step.INSPECT: PageInfo(N_("Check"), PageKind.SHOWS, _inspect),
    Step.REQUESTS: PageInfo(N_("My requests"), PageKind.SHOWS, _requests, is_wide=True),
    Step.TABLE: PageInfo(N_("Choose the table"), PageKind.ASKS, _table),
    Step.COLUMNS: PageInfo(N_("Match the columns"), PageKind.ASKS, _columns),
    Step.FOLDER: PageInfo(N_("Choose the folder"), PageKind.ASKS, _folder),
    Step.ROWS: PageInfo(N_("Check the rows"), PageKind.ASKS, _rows, is_wide=True),
    Step.CREATE: PageInfo(N_("Create the files"), PageKind.SAVES, _create, save=N_("&Create")),
    Step.CREATED: PageInfo(N_("Submit the files"), PageKind.SAVED, _created),
    Step.CERTIFICATES: PageInfo(N_("Add certificates"), PageKind.ASKS, _certificates),
    Step.SORTED: PageInfo(N_("See what arrived"), PageKind.ASKS, _sorted, is_wide=True),
    Step.DEVICES: PageInfo(N_("Save the files"), PageKind.SAVES, _devices),
    Step.RECEIVED: PageInfo(N_("Set up devices"), PageKind.SAVED, _received),
}
