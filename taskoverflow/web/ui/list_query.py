"""Which todos the list shows, as its address says: a link, a bookmark and a form mean the same."""

from datetime import date, datetime, timedelta
from typing import Any, Literal, get_args
from urllib.parse import urlencode

import msgspec
from msgspec import Struct
from starlette.requests import Request

from taskoverflow.errors import InvalidInput
from taskoverflow.store.todos import Filter, Order, Position
from taskoverflow.web.schemas.cursor import read_cursor, write_cursor
from taskoverflow.web.ui.viewer import Viewer

State = Literal["open", "overdue", "done", "all"]
Sort = Literal["deadline", "newest", "changed", "title"]
STATES: tuple[State, ...] = get_args(State)
SORTS: tuple[Sort, ...] = get_args(Sort)
COMPLETED = {"open": False, "overdue": False, "done": True, "all": None}
ORDERS = {
    "deadline": "deadline_at",
    "newest": "-created_at",
    "changed": "-updated_at",
    "title": "title",
}
MAX_DAYS = 36_500
PAGE = 100  # todos shown at first, and more with each "Show more"
MOST = 1000  # todos on one page: a browser stays quick, and what is behind has a page of its own


class ListQuery(Struct, frozen=True):
    """`days`: due within so many, overdue included. `after`: the cursor of a later page."""

    state: State = "open"
    days: int | None = None
    day: date | None = None
    q: str = ""
    sort: Sort = "deadline"
    shown: int = PAGE
    after: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether there may be todos that this does not mean."""
        return self != ListQuery()

    def url(self, **changes: Any) -> str:
        """The address of this list, with changes; another list begins at its beginning."""
        start = {"shown": PAGE, "after": ""} if changes.keys() - {"shown", "after"} else {}
        changed = msgspec.structs.replace(self, **{**start, **changes})
        default = ListQuery(state="all") if changed.day else ListQuery()
        given = {
            name: value
            for name, value in msgspec.structs.asdict(changed).items()
            if value != getattr(default, name)
        }
        return "/?" + urlencode(given) if given else "/"

    def filter(self, now: datetime, viewer: Viewer) -> Filter:
        """The todos meant, in the words of the store."""
        ends = [now] if self.state == "overdue" else []
        if self.days is not None:
            ends.append(now + timedelta(days=self.days))
        if self.day:
            ends.append(viewer.end_of(self.day))
        return Filter(
            completed=COMPLETED[self.state],
            q=self.q or None,
            due_before=min(ends, default=None),
            due_after=viewer.start_of(self.day) if self.day else None,
        )

    @property
    def order(self) -> Order:
        """The order that `sort` names."""
        key = ORDERS[self.sort]
        return Order(key.removeprefix("-"), key.startswith("-"))  # type: ignore[arg-type]

    @property
    def position(self) -> Position | None:
        """Where the page begins; at the first todo, if `after` makes no sense."""
        try:
            return read_cursor(self.after, ORDERS[self.sort]) if self.after else None
        except InvalidInput:
            return None

    def url_after(self, position: Position) -> str:
        """The address of the page that begins behind that position."""
        return self.url(shown=PAGE, after=write_cursor(position, ORDERS[self.sort]))


def read_list_query(request: Request) -> ListQuery:
    """The list that an address means. What makes no sense in it counts as not there."""
    given = request.query_params
    day = read_day(given.get("day", ""))
    return ListQuery(
        state=_choice(given.get("state"), STATES, "all" if day else "open"),
        days=_number(given.get("days", ""), 0, MAX_DAYS),
        day=day,
        q=given.get("q", "").replace("\0", "").strip()[:200],
        sort=_choice(given.get("sort"), SORTS, "deadline"),
        shown=_number(given.get("shown", ""), PAGE, MOST) or PAGE,
        after=given.get("after", ""),
    )


def read_day(text: str) -> date | None:
    """A day as `2026-11-24`, with a month before it and behind it. None for anything else."""
    try:
        day = date.fromisoformat(text) if len(text) == len("2026-11-24") else None
    except ValueError:
        return None
    near_an_end = timedelta(days=62)
    return day if day and date.min + near_an_end < day < date.max - near_an_end else None


def _choice(text: str | None, choices: tuple[Any, ...], default: str) -> Any:
    return text if text in choices else default


def _number(text: str, least: int, most: int) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        return None
    return int(text) if least <= int(text) <= most else None
