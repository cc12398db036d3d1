"""Todos in, iCalendar bytes out (RFC 5545). Pure, and the only importer of icalendar."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event

from taskoverflow.store.todos import Todo

PRODID = "-//TaskOverflow//Todos//EN"
END = b"END:VCALENDAR\r\n"

# Without a positive length an event is shown as 24 hours by khal and refused by calcurse.
LENGTH = timedelta(minutes=30)
# A deadline in the last half hour of the year 9999 starts before it, to end within the calendar.
LATEST_START = datetime(9999, 12, 31, 23, 59, 59) - LENGTH  # noqa: DTZ001

LINE_BREAK = re.compile("\r\n|[\r\x85\u2028\u2029]")
# RFC 5545, section 3.1 (CONTROL); a lone surrogate has no UTF-8 and would fail the whole file.
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def write_calendar(todos: Iterable[Todo], instance: str) -> Iterator[bytes]:
    """Yield the file piece by piece: the head, an event for each todo, the tail.

    Each todo must have a deadline. `instance` makes the UIDs unique in the world. The same todos
    give the same bytes.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    yield calendar.to_ical().removesuffix(END)
    for todo in todos:
        yield event(todo, instance).to_ical()
    yield END


def event(todo: Todo, instance: str) -> Event:
    """The VEVENT of a todo that has a deadline.

    DTSTAMP is the todo's `updated_at`: without METHOD it means LAST-MODIFIED (section 3.8.7.2).
    """
    if todo.deadline_at is None:
        raise ValueError(f"todo {todo.id} has no deadline")
    start = min(todo.deadline_at, LATEST_START)
    component = Event()
    component.add("uid", f"todo-{todo.id}@{instance}")
    component.add("dtstamp", _utc(todo.updated_at))
    component.add("dtstart", _utc(start))
    component.add("dtend", _utc(start + LENGTH))
    component.add("summary", clean(todo.title))
    if todo.description:
        component.add("description", clean(todo.description))
    component.add("transp", "TRANSPARENT")
    component.add("created", _utc(todo.created_at))
    component.add("last-modified", _utc(todo.updated_at))
    return component


def clean(text: str) -> str:
    """Text that may stand in a TEXT value: every line break is "\\n", what is forbidden is gone.

    NEL and the Unicode separators break lines for readers that split at any of them.
    """
    return FORBIDDEN.sub("", LINE_BREAK.sub("\n", text))


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
