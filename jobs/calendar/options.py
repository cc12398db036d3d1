"""What may be asked of a calendar file."""

from datetime import timedelta
from typing import Literal

from msgspec import Struct


class CalendarOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the todos are shown, and what the file says of itself. JSON carries each.

    `component`: events, tasks (which Google and Outlook do not show), or both for each todo.
    `check_mark`: a completed todo's event has "✓ " in front of its summary, since an event has no
    word for it (RFC 5545, section 3.8.1.11); a task always says so.
    `all_day_in`: a time zone's name; a deadline at midnight there is shown as a whole day.
    `alarm`: how long before the deadline a todo that is not completed rings.
    `url`: the address of a todo's page, "{id}" standing for its number.

    Of the file (RFC 7986): its `name`, its `color` (a name of CSS3, as "teal"), how often a client
    should `refresh` it, and its `source`, the address where it can be had again.
    """

    component: Literal["VEVENT", "VTODO", "both"] = "VEVENT"
    check_mark: bool = False
    all_day_in: str | None = None
    alarm: timedelta | None = None
    url: str | None = None
    name: str | None = None
    color: str | None = None
    refresh: timedelta | None = None
    source: str | None = None


DEFAULT = CalendarOptions()
