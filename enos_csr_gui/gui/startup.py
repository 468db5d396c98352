"""The start-up work after the first paint: everything that the first page does not need.

The window is painted before anything slow is imported or read; then it is completed in short steps,
so that it stays responsive, while a thread reads files and imports what the pages need of the
core. Everything of Qt is imported here: see ``background.run``.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication

from enos_csr_gui import resources
from enos_csr_gui.gui import background, style
from enos_csr_gui.gui.navigation import Step
from enos_csr_gui.gui.pages import PAGES
from enos_csr_gui.gui.wizard import RequestWizard

if TYPE_CHECKING:
    from enos_csr_gui.core.defaults import Defaults
    from enos_csr_gui.core.last_answers import LastAnswers
    from enos_csr_gui.gui.draft import Draft


def open_wizard(files: Sequence[Path] = (), draft: Draft | None = None) -> RequestWizard:
    """Return a window, not shown yet, that completes itself once it is painted.

    ``files`` are those that the program was started with; ``draft`` has been begun in another
    language.
    """
    wizard = RequestWizard(complete, draft)
    if files:
        wizard.open_files(files)
    return wizard


def complete(wizard: RequestWizard) -> None:
    """Complete the window while the user reads the first page."""
    background.run_in_slices(wizard, _complete(wizard))


def _complete(wizard: RequestWizard) -> Iterator[None]:
    from PySide6.QtCore import Qt  # noqa: F401  # 1,195 members of enumerations take 16 ms

    yield
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
    yield from wizard.start_page.build()
    wizard.start_page.finish()
    yield
    from enos_csr_gui.gui.widgets.focus_ring import FocusRing

    app = QApplication.instance()
    assert isinstance(app, QApplication)
    app.focusChanged.connect(wizard.bring_into_view)
    if not app.findChild(FocusRing):
        FocusRing(app)
    if sys.platform == "darwin":
        from enos_csr_gui.gui.menu_bar import make_menu_bar

        wizard.menu_bar = make_menu_bar(wizard)
    yield
    background.run(wizard, _load, partial(_take, wizard))


def _load() -> tuple[LastAnswers, Defaults]:
    """Import what the later pages need of the core; return the last answers and the defaults."""
    from enos_csr_gui.core import (  # noqa: F401  # imported here, so that no page waits for it
        clock,
        convert,
        countries,
        create,
        defaults,
        export,
        files,
        inspect,
        last_answers,
        locate,
        pasted,
        profiles,
        receive,
        reminders,
        renew,
        shell,
        spreadsheet,
        words,
    )
    from enos_csr_gui.core.batch import (  # noqa: F401
        archive,
        arrivals,
        check,
        collect,
        make,
        passphrases,
        records,
        renewals,
        table,
    )
    from enos_csr_gui.messages import batch, inspection  # noqa: F401

    countries.suggest("China")
    files.safe_name("dev-001")
    words.words()
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
    background.run_in_slices(wizard, _build_pages(wizard))


def country_of_system(locale: QLocale | None = None) -> str:
    """Return the code of the country that the system is set to; empty if it names none."""
    from enos_csr_gui.core import countries

    if locale or sys.platform in ("win32", "darwin"):
        code = QLocale.territoryToCode((locale or QLocale.system()).territory())
    else:  # Qt takes the first language of LANGUAGE, and makes the United States of English
        name = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_ADDRESS", "LANG"))), "")
        code = re.split(r"[.@]", name)[0].partition("_")[2]
    return code if countries.find(code) else ""


def _build_pages(wizard: RequestWizard) -> Iterator[None]:
    # Each takes as long as a page to import, and pages need them.
    import enos_csr_gui.gui.help

    yield
    import enos_csr_gui.gui.requests.model

    yield
    import enos_csr_gui.gui.requests.details  # noqa: F401

    yield
    for step, info in PAGES.items():
        if step in wizard.pages:
            continue
        page_class = info.load()
        yield
        page = page_class(wizard.draft)
        yield
        yield from page.build()
        wizard.add_page(step, page)
        page.finish()
        yield
    from enos_csr_gui.gui.batch.created import CreatedPage
    from enos_csr_gui.gui.requests.page import RequestsPage

    requests = wizard.pages[Step.REQUESTS]
    assert isinstance(requests, RequestsPage)
    created = wizard.pages[Step.CREATED]
    assert isinstance(created, CreatedPage)
    wizard.start_page.expiring_wanted.connect(requests.show_expiring)
    wizard.start_page.waiting_wanted.connect(requests.show_waiting)
    created.requests_wanted.connect(requests.show_matching)
    wizard.start_page.point_out_expiring()
    yield
    wizard.get_ready()
