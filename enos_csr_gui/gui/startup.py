"""The start-up work after the first paint: everything that the first page does not need.

The window is painted before anything slow is imported or read; then it is completed in short steps,
so that it stays responsive, while a thread reads files and imports what the pages need of the
core. Everything of Qt is imported here: see ``background.run``. The pages of a task other than a
new request are imported and built when it is chosen: all of them would take 10 MB.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication

from enos_csr_gui import resources
from enos_csr_gui.delayed import import_lightly
from enos_csr_gui.gui import background, style
from enos_csr_gui.gui.navigation import ROUTES, Step, Task
from enos_csr_gui.gui.pages import PAGES
from enos_csr_gui.gui.wizard import RequestWizard

if TYPE_CHECKING:
    from enos_csr_gui.core.defaults import Defaults
    from enos_csr_gui.core.last_answers import LastAnswers
    from enos_csr_gui.gui.draft import Draft
    from enos_csr_gui.gui.page import Page
    from enos_csr_gui.gui.requests.page import RequestsPage


def open_wizard(files: Sequence[Path] = (), draft: Draft | None = None) -> RequestWizard:
    """Return a window, not shown yet, that completes itself once it is painted.

    ``files`` are those that the program was started with; ``draft`` has been begun in another
    language.
    """
    wizard = RequestWizard(complete, build, draft)
    if files:
        wizard.open_files(files)
    return wizard


def show(wizard: RequestWizard) -> None:
    """Show the window."""
    wizard.show()
    # 1,195 members of enumerations take 20 ms. They are created while the system makes room for
    # the window, and not after the first paint, when the window would stall.
    from PySide6.QtCore import Qt  # noqa: F401


def complete(wizard: RequestWizard) -> None:
    """Complete the window while the user reads the first page."""
    background.run_in_slices(wizard, _complete(wizard))


def _complete(wizard: RequestWizard) -> Iterator[None]:
    from PySide6.QtGui import QIcon

    yield
    from enos_csr_gui.gui.help_shortcut import add_help_shortcuts

    add_help_shortcuts(wizard, wizard.show_help)
    wizard.setWindowIcon(QIcon(str(resources.icon("app"))))
    yield
    style.follow_desktop()
    yield
    style.fix_palette()
    wizard.show_primary()
    yield
    wizard.steps.complete()
    yield
    from PySide6.QtWidgets import QStyle  # noqa: F401  # 8 ms, and the pages look at it

    yield
    yield from wizard.start_page.build()
    yield
    wizard.start_page.finish()
    yield
    from enos_csr_gui.gui.widgets import focus_ring

    yield
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    app.focusChanged.connect(wizard.bring_into_view)
    focus_ring.show_always(app)
    if sys.platform == "darwin":
        from enos_csr_gui.gui.menu_bar import make_menu_bar

        wizard.menu_bar = make_menu_bar(wizard)
    yield
    background.run(wizard, _load, partial(_take, wizard))


_NEEDED = {
    Task.NEW: "core.countries core.create core.csr core.defaults core.profiles core.shell "
    "core.words messages.labels messages.problems",
    Task.RENEW: "core.countries core.create core.renew core.shell messages.labels",
    Task.RECEIVE: "core.batch.arrivals core.contents core.export core.inspect core.keystore "
    "core.pasted core.receive messages.reminders",
    Task.INSPECT: "core.convert core.inspect core.pasted core.renew messages.inspection",
    Task.MANY: "core.batch.archive core.batch.check core.batch.columns core.batch.make "
    "core.batch.passphrases core.batch.records core.batch.table core.clock messages.batch",
    Task.RENEW_MANY: "core.batch.archive core.batch.check core.batch.make core.batch.passphrases "
    "core.batch.records core.clock messages.batch",
    Task.RECEIVE_MANY: "core.batch.arrivals core.batch.collect core.batch.passphrases "
    "core.clock core.keystore messages.batch",
    Task.REQUESTS: "core.batch.renewals core.batch.table core.locate core.reminders core.renew "
    "core.spreadsheet messages.reminders",
}
"""What the pages of a task import of the core; a thread does it before them, so that the window
does not wait."""


def _import_core(task: Task) -> None:
    for name in _NEEDED[task].split():
        import_module(f"enos_csr_gui.{name}")


def _load() -> tuple[LastAnswers, Defaults]:
    """Import what the first pages need of the core; return the last answers and the defaults."""
    import_lightly("dataclasses", "platformdirs")
    _import_core(Task.NEW)
    from enos_csr_gui.core import countries, defaults, file_names, last_answers

    countries.suggest("China")
    file_names.safe_name("?")
    last = last_answers.load()
    if last.folder and not last.folder.is_dir():
        last = last_answers.LastAnswers(last.answers, None)  # the disk may be missing
    return last, defaults.load()


def _take(wizard: RequestWizard, loaded: tuple[LastAnswers, Defaults]) -> None:
    last, defaults = loaded
    draft = wizard.draft
    draft.defaults = defaults
    if draft.offered is None:
        answers = {**defaults.presets, **last.answers, **defaults.locked}
        if not last.answers and not answers.get("country") and (code := country_of_system()):
            answers["country"] = code
        draft.offer(answers)
        draft.folder = last.folder or defaults.folder or draft.folder
    background.run_in_slices(wizard, _build_first(wizard))


def country_of_system(locale: QLocale | None = None) -> str:
    """Return the code of the country that the system is set to; empty if it names none."""
    from enos_csr_gui.core import countries

    if locale or sys.platform in ("win32", "darwin"):
        code = QLocale.territoryToCode((locale or QLocale.system()).territory())
    else:  # Qt takes the first language of LANGUAGE, and makes the United States of English
        name = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_ADDRESS", "LANG"))), "")
        code = re.split(r"[.@]", name)[0].partition("_")[2]
    return code if countries.find(code) else ""


def _build_first(wizard: RequestWizard) -> Iterator[None]:
    yield from _build_pages(wizard, Task.NEW)
    if wizard.draft.source:  # its renewal was begun in another language
        yield from _build_pages(wizard, Task.RENEW)
    wizard.start_page.expiring_wanted.connect(lambda: _show_expiring(wizard))
    wizard.start_page.waiting_wanted.connect(lambda: _show_waiting(wizard))
    wizard.start_page.point_out_expiring()
    yield
    wizard.take_pastes()
    wizard.get_ready()


def build(wizard: RequestWizard, task: Task) -> None:
    """Build the pages of a task that do not exist yet; then the window gets ready."""

    def pages() -> Iterator[None]:
        yield from _build_pages(wizard, task)
        wizard.get_ready()

    def imported(_nothing: None) -> None:
        background.run_in_slices(wizard, pages())

    background.run(wizard, lambda: _import_core(task), imported)


def _build_pages(wizard: RequestWizard, task: Task) -> Iterator[None]:
    # Each takes as long as a page to import, and a page needs it.
    if task is Task.NEW:
        import enos_csr_gui.gui.widgets.key_chooser

        yield
    elif task is Task.REQUESTS:
        import enos_csr_gui.gui.help

        yield
        import enos_csr_gui.gui.requests.model

        yield
        import enos_csr_gui.gui.requests.details  # noqa: F401

        yield
    for step in ROUTES[task]:
        if step in wizard.pages:
            continue
        page_class = PAGES[step].load()
        yield
        page = page_class(wizard.draft)
        yield
        yield from page.build()
        wizard.add_page(step, page)
        yield
        page.finish()
        if step is Step.CREATED:
            _let_show_requests(wizard, page)
        yield


def _let_show_requests(wizard: RequestWizard, page: Page) -> None:
    from enos_csr_gui.gui.batch.created import CreatedPage

    assert isinstance(page, CreatedPage)
    page.requests_wanted.connect(lambda text: _show_matching(wizard, text))


def _show_expiring(wizard: RequestWizard) -> None:
    wizard.begin(Task.REQUESTS, then=lambda page: _requests(page).show_expiring())


def _show_waiting(wizard: RequestWizard) -> None:
    wizard.begin(Task.REQUESTS, then=lambda page: _requests(page).show_waiting())


def _show_matching(wizard: RequestWizard, text: str) -> None:
    wizard.begin(Task.REQUESTS, then=lambda page: _requests(page).show_matching(text))


def _requests(page: Page) -> RequestsPage:
    from enos_csr_gui.gui.requests.page import RequestsPage

    assert isinstance(page, RequestsPage)
    return page
