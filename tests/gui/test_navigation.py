"""Where the person gets to from page to page, without a window."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enos_csr_gui import i18n
from enos_csr_gui.gui.navigation import ROUTES, Navigation, Step, Task
from enos_csr_gui.gui.pages import PAGES, PageInfo, PageKind


def arrive(*acts: Task | str) -> Navigation:
    """Return where these acts lead: a task that is begun, 'next', 'back' or 'start'.

    'next' is left out where nothing follows.
    """
    navigation = Navigation()
    for act in acts:
        do(navigation, act)
    return navigation


def do(navigation: Navigation, act: Task | str) -> list[Step]:
    """Do one thing; return the steps that were left by going back."""
    if isinstance(act, Task):
        return navigation.begin(act)
    if act == "back":
        return navigation.back()
    if act == "start":
        return navigation.back_to(Step.START)
    if navigation.step is not navigation.route[-1]:
        navigation.next()
    return []


acts = st.sampled_from([*Task, "next", "next", "next", "back", "start"])


@given(st.lists(acts))
def test_wherever_the_person_goes_the_trail_makes_sense(all_acts: list[Task | str]) -> None:
    navigation = Navigation()
    for act in all_acts:
        before = navigation.trail
        left = do(navigation, act)
        trail = navigation.trail

        assert trail[0] is Step.START
        assert len(set(trail)) == len(trail)
        assert navigation.step is trail[-1]
        assert navigation.step in navigation.route
        # What was left is exactly what is missing now, the last step first.
        kept = len(before) - len(left)
        assert before[kept:][::-1] == left
        assert trail[:kept] == before[:kept]
        assert len(trail) - kept in (0, 1)
        for one, following in pairwise(trail):
            begins = any(route[0] is following for route in ROUTES.values())
            assert begins or any(pair == (one, following) for pair in _pairs())


def _pairs() -> list[tuple[Step, Step]]:
    return [pair for route in ROUTES.values() for pair in pairwise(route)]


@given(st.lists(acts), st.sampled_from(Task))
def test_back_undoes_next_and_begin(before: list[Task | str], task: Task) -> None:
    navigation = arrive(*before)
    trail, route = navigation.trail, navigation.route
    if navigation.step is not route[-1]:
        navigation.next()
        assert navigation.back() == [route[route.index(trail[-1]) + 1]]
        assert (navigation.trail, navigation.route) == (trail, route)
    left = navigation.begin(task)
    assert navigation.step is ROUTES[task][0]
    assert navigation.back() == [ROUTES[task][0]]
    assert navigation.trail == trail[: len(trail) - len(left)]


@pytest.mark.parametrize("task", Task)
def test_a_task_leads_over_its_route_and_ends_there(task: Task) -> None:
    navigation = arrive(task)
    seen = [navigation.step]
    while navigation.step is not navigation.route[-1]:
        navigation.next()
        seen.append(navigation.step)
    assert tuple(seen) == ROUTES[task]
    with pytest.raises(IndexError):
        navigation.next()
    assert navigation.trail == [Step.START, *ROUTES[task]]
    assert navigation.back_to(Step.START) == seen[::-1]
    assert navigation.trail == [Step.START]


def test_at_the_start_page_there_is_nothing_to_go_back_to() -> None:
    navigation = Navigation()
    assert navigation.back() == []
    assert navigation.step is Step.START


def test_a_renewal_begun_from_an_inspection_returns_to_it() -> None:
    navigation = arrive(Task.INSPECT, Task.RENEW, "next")
    assert navigation.trail == [Step.START, Step.INSPECT, Step.RENEW, Step.KEY]
    assert navigation.route == ROUTES[Task.RENEW]
    assert navigation.back_to(Step.INSPECT) == [Step.KEY, Step.RENEW]
    assert navigation.route == ROUTES[Task.INSPECT]


def test_a_renewal_instead_of_a_new_request_begins_before_their_shared_pages() -> None:
    navigation = arrive(Task.NEW, "next")
    assert navigation.begin(Task.RENEW) == [Step.SUBJECT, Step.KEY]
    assert navigation.trail == [Step.START, Step.RENEW]


def test_every_step_has_its_page_and_its_route() -> None:
    assert set(PAGES) == set(Step)
    assert {step for route in ROUTES.values() for step in route} == set(Step) - {Step.START}


@pytest.mark.parametrize("task", Task)
def test_the_buttons_of_each_page_fit_its_place_in_the_route(task: Task) -> None:
    *before, last = [PAGES[step].kind for step in ROUTES[task]]
    if before:
        first = {PageKind.RECEIVES: PageKind.ASKS}.get(before[0], before[0])  # 'Next' leads on
        assert [first, *before[1:]] == [PageKind.ASKS] * (len(before) - 1) + [PageKind.SAVES]
        assert last is PageKind.SAVED
    else:
        assert last is PageKind.SHOWS


def test_neither_the_navigation_nor_the_list_of_pages_needs_qt() -> None:
    program = "import sys, enos_csr_gui.gui.pages, enos_csr_gui.gui.navigation; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert not {"PySide6", "shiboken6"} & set(done.stdout.decode().split())


@pytest.mark.parametrize("language", i18n.languages())
def test_a_step_that_writes_files_begins_with_the_word_on_its_button(language: str) -> None:
    i18n.choose([language])
    try:
        said = [(i18n._(info.save), i18n._(info.name)) for info in PAGES.values() if _saves(info)]
    finally:
        i18n.choose([])
    assert said
    for button, step in said:
        assert step.startswith(re.sub(r"\(&\w\)|&", "", button))


def _saves(info: PageInfo) -> bool:
    return info.kind is PageKind.SAVES
