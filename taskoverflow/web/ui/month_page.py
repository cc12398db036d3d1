"""The month: a grid of days, and on each the todos that are due on it."""

from calendar import Calendar
from datetime import date, datetime, timedelta
from functools import partial
from itertools import groupby
from typing import cast

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.store import todos
from taskoverflow.store.calls import call_store
from taskoverflow.store.todos import Filter, Order, Todo
from taskoverflow.web.ui.dates import END_OF_DAY, WEEKDAYS, clock_label
from taskoverflow.web.ui.list_query import read_day
from taskoverflow.web.ui.templating import render, utc_now
from taskoverflow.web.ui.viewer import Viewer, viewer_of

ROOM = 3  # todos on a day; the rest is a number
MOST = 10_000  # todos in a month
SOONEST_FIRST = Order("deadline_at", descending=False)


class Day(Struct, frozen=True):
    """A cell. `other`: it belongs to the month before or after; `room`: todos that are named."""

    date: date
    other: bool
    today: bool
    overdue: bool
    todos: list[Todo]
    room: int = ROOM


class Month(Struct, frozen=True):
    """The grid. `name`, `previous` and `next` are as in an address: 2026-11."""

    first: date
    weekdays: list[str]
    weeks: list[list[Day]]
    cut: bool

    @property
    def name(self) -> str:
        return _name(self.first)

    @property
    def previous(self) -> str:
        return _name(self.first - timedelta(days=1))

    @property
    def next(self) -> str:
        return _name(self.first + timedelta(days=31))


async def show(request: Request) -> Response:
    """GET /month, of today or of `?month=2026-11`."""
    viewer, now = viewer_of(request), utc_now()
    today = viewer.local(now).date()
    first = read_day(f"{request.query_params.get('month', '')}-01") or today.replace(day=1)
    weeks = Calendar(viewer.first_weekday).monthdatescalendar(first.year, first.month)
    start, end = viewer.start_of(weeks[0][0]), viewer.end_of(weeks[-1][-1])
    which = Filter(due_after=start, due_before=end)
    page = await call_store(request.app.state.database, todos.page, which, MOST, SOONEST_FIRST)
    month = Month(
        first=first,
        weekdays=WEEKDAYS[viewer.first_weekday :] + WEEKDAYS[: viewer.first_weekday],
        weeks=_weeks(weeks, first, page.todos, now, viewer),
        cut=page.next is not None,
    )

    def clock(deadline: datetime) -> str:
        local = viewer.local(deadline).time()
        return "" if local == END_OF_DAY else clock_label(local, viewer)

    return render(request, "month.html", {"month": month, "clock": clock})


def _weeks(
    weeks: list[list[date]], first: date, found: list[Todo], now: datetime, viewer: Viewer
) -> list[list[Day]]:
    """The days with their todos. Those come in the order of their deadlines, and so day by day."""
    by_day = {day: list(due) for day, due in groupby(found, partial(_day_of, viewer))}
    today = viewer.local(now).date()

    def cell(day: date) -> Day:
        due = by_day.get(day, [])
        overdue = any(not todo.completed and _due(todo) < now for todo in due)
        return Day(day, day.month != first.month, day == today, overdue, due)

    return [[cell(day) for day in week] for week in weeks]


def _day_of(viewer: Viewer, todo: Todo) -> date:
    return viewer.local(_due(todo)).date()


def _due(todo: Todo) -> datetime:
    """The deadline of a todo that was found by it."""
    return cast(datetime, todo.deadline_at)


def _name(day: date) -> str:
    return f"{day:%Y-%m}"
