"""Navigation: the route of each task, and the trail of steps taken. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto


class Task(Enum):
    """A task to choose on the first page."""

    NEW = auto()
    RENEW = auto()
    RECEIVE = auto()
    INSPECT = auto()
    MANY = auto()
    RENEW_MANY = auto()
    RECEIVE_MANY = auto()
    REQUESTS = auto()


class Step(Enum):
    """The pages. ``gui/pages/__init__.py`` declares what each one is."""

    START = auto()
    RENEW = auto()
    KEY = auto()
    SUBJECT = auto()
    REVIEW = auto()
    SAVE = auto()
    DONE = auto()
    RECEIVE = auto()
    EXPORT = auto()
    EXPORTED = auto()
    INSPECT = auto()
    REQUESTS = auto()
    TABLE = auto()
    COLUMNS = auto()
    FOLDER = auto()
    ROWS = auto()
    CREATE = auto()
    CREATED = auto()
    CERTIFICATES = auto()
    SORTED = auto()
    DEVICES = auto()
    RECEIVED = auto()


ROUTES: dict[Task, tuple[Step, ...]] = {
    Task.NEW: (Step.KEY, Step.SUBJECT, Step.REVIEW, Step.SAVE, Step.DONE),
    Task.RENEW: (Step.RENEW, Step.KEY, Step.SUBJECT, Step.REVIEW, Step.SAVE, Step.DONE),
    Task.RECEIVE: (Step.RECEIVE, Step.EXPORT, Step.EXPORTED),
    Task.INSPECT: (Step.INSPECT,),
    Task.MANY: (
        Step.TABLE,
        Step.COLUMNS,
        Step.FOLDER,
        Step.ROWS,
        Step.CREATE,
        Step.CREATED,
    ),
    Task.RENEW_MANY: (Step.FOLDER, Step.ROWS, Step.CREATE, Step.CREATED),
    Task.RECEIVE_MANY: (Step.CERTIFICATES, Step.SORTED, Step.DEVICES, Step.RECEIVED),
    Task.REQUESTS: (Step.REQUESTS,),
}
"""The steps of each task. The start page comes before all of them."""


class Navigation:
    """The current step and the steps that led to it, beginning with the start page.

    Each step has one page, so no step is on the trail twice. A method that goes back returns the
    steps it left, in the order they were left.
    """

    def __init__(self) -> None:
        self._trail: list[tuple[Step, Sequence[Step]]] = [(Step.START, (Step.START,))]

    @property
    def step(self) -> Step:
        """The current step."""
        return self._trail[-1][0]

    @property
    def route(self) -> Sequence[Step]:
        """The steps of the task that this step belongs to; at the start page, only that."""
        return self._trail[-1][1]

    @property
    def trail(self) -> list[Step]:
        """The steps that Back leads over, from the start page to the current one."""
        return [step for step, _route in self._trail]

    def begin(self, task: Task) -> list[Step]:
        """Go to the first step of a task; Back returns to the current step.

        If the trail already has a step of the task, it is first cut off before that step.
        """
        route, trail = ROUTES[task], self.trail
        again = next((place for place, step in enumerate(trail) if step in route), len(trail))
        left = self._cut(again)
        self._trail.append((route[0], route))
        return left

    def next(self) -> None:
        """Go to the following step of the route; raises IndexError if there is none."""
        step, route = self._trail[-1]
        self._trail.append((route[route.index(step) + 1], route))

    def back(self) -> list[Step]:
        """Go to the step before, if there is one."""
        return self._cut(max(1, len(self._trail) - 1))

    def back_to(self, step: Step) -> list[Step]:
        """Go back to a step on the trail."""
        return self._cut(self.trail.index(step) + 1)

    def _cut(self, length: int) -> list[Step]:
        left = self.trail[length:]
        del self._trail[length:]
        return left[::-1]
