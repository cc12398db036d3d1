"""Requests for calendars: of which todos, and in what shape."""

import re
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct
from starlette.requests import Request

from taskoverflow.errors import InvalidInput
from taskoverflow.web.schemas.fields import Search, Title, Window, Zone, check_zone, read_id

DURATION = re.compile(r"([0-9]{1,6})([mhdw])", re.ASCII)
COLOR = re.compile(r"[a-z]{3,20}", re.ASCII)
UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}  # seconds
LONGEST_DURATION = 4 * UNITS["w"]
FEED_WINDOW = 366  # days, unless asked otherwise: nobody's client is sent ten years

Duration = Annotated[str, Meta(description="a time of up to four weeks, as 15m, 2h, 1d or 1w")]
Color = Annotated[str, Meta(description="a colour of CSS3 by its name, as teal")]


class CalendarShape(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a calendar shows its todos."""

    component: Literal["VEVENT", "VTODO", "both"] = "VEVENT"
    check_mark: bool = False
    alarm: Duration | None = None
    all_day: Literal["midnight"] | None = None
    tz: Zone | None = None
    color: Color | None = None


class CalendarQuery(CalendarShape, frozen=True, kw_only=True):
    """The query of POST /todos/ical."""

    completed: bool | None = None
    window: Window | None = None
    q: Search | None = None


class NewFeed(CalendarShape, frozen=True, kw_only=True):
    """The body of POST /calendars: a name, and what POST /todos/ical takes as a query.

    A window of null means all todos, those without a deadline among them.
    """

    name: Title
    completed: bool | None = None
    window: Window | None = FEED_WINDOW
    q: Search | None = None


def job_options(asked: CalendarQuery | NewFeed) -> dict[str, Any]:
    """What is asked of a calendar, as its job takes it. Raises InvalidInput."""
    shape = {
        "q": (asked.q or "").strip() or None,
        "component": None if asked.component == "VEVENT" else asked.component,
        "check_mark": asked.check_mark or None,
        "alarm": _seconds(asked.alarm, "alarm"),
        "all_day_in": _zone(asked),
        "color": _color(asked.color),
    }
    given = {name: value for name, value in shape.items() if value is not None}
    return {"completed": asked.completed, "window": asked.window, **given}


def read_feed_id(request: Request) -> int:
    """The feed id in the path. Raises NotFound for what cannot be one."""
    return read_id(request, "feed_id", "Calendar")


def _seconds(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    match = DURATION.fullmatch(text)
    seconds = int(match[1]) * UNITS[match[2]] if match else 0
    if not match or seconds > LONGEST_DURATION:
        reason = "must be a time of up to four weeks, as 15m, 2h, 1d or 1w"
        raise InvalidInput(f"{name}: {reason}.", field=name)
    return seconds


def _color(name: str | None) -> str | None:
    if name is not None and not COLOR.fullmatch(name):
        raise InvalidInput("color: must be a colour of CSS3 by its name, as teal.", field="color")
    return name


def _zone(asked: CalendarShape) -> str | None:
    """The time zone in which a deadline at midnight is a whole day, if that was asked for."""
    if asked.all_day is None:
        if asked.tz is not None:
            raise InvalidInput("tz: is for all_day=midnight only.", field="tz")
        return None
    check_zone(asked.tz, "tz")
    return asked.tz or "UTC"
