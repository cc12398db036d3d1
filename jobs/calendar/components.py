"""The components of a todo: the hot path, by hand, in the order that icalendar gives properties."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from jobs.calendar.envelope import alarm
from jobs.calendar.options import CalendarOptions
from jobs.calendar.text import address, clean, content_line, day, escape, utc
from taskoverflow.store.todos import CalendarTodo

# Without a positive length an event is shown as 24 hours by khal and refused by calcurse.
LENGTH = timedelta(minutes=30)
# A deadline in the last half hour of the year 9999 starts before it, to end within the calendar.
LATEST_START = datetime(9999, 12, 31, 23, 59, 59) - LENGTH  # noqa: DTZ001
ONE_DAY = timedelta(days=1)
CHECK_MARK = "✓ "


class ComponentWriter:
    """Writes the components of todos. What is the same for all todos of a file is made once, here.

    DTSTAMP is the todo's `updated_at`: without METHOD it means LAST-MODIFIED (RFC 5545, section
    3.8.7.2), and the time of writing would give other bytes each time.
    """

    def __init__(self, instance: str, options: CalendarOptions) -> None:
        self._instance = escape(clean(instance))
        self._mark = CHECK_MARK if options.check_mark else ""
        self._zone = options.all_day_in and ZoneInfo(options.all_day_in)
        self._address = options.url and [address(part) for part in options.url.split("{id}")]
        before = options.alarm
        self._event_alarm = None if before is None else alarm(before, "START")
        # Of two components for one todo, one rings: a client may show both.
        alone = options.component == "VTODO"
        self._task_alarm = alarm(before, "END") if before is not None and alone else None

    def event(self, todo: CalendarTodo) -> str:
        """The VEVENT (3.6.1) of a todo that has a deadline."""
        if todo.deadline_at is None:
            raise ValueError(f"todo {todo.id} has no deadline")
        title, changed = escape(clean(todo.title)), utc(todo.updated_at)
        mark = self._mark if todo.completed else ""
        return (
            "BEGIN:VEVENT\r\n"
            f"{content_line(f'SUMMARY:{mark}{title}')}"
            f"{self._start_and_end(todo.deadline_at)}"
            f"DTSTAMP:{changed}\r\n"
            f"{content_line(f'UID:todo-{todo.id}@{self._instance}')}"
            f"SEQUENCE:{todo.sequence}\r\n"
            f"CREATED:{utc(todo.created_at)}\r\n"
            f"{_description(todo)}"
            f"LAST-MODIFIED:{changed}\r\n"
            "TRANSP:TRANSPARENT\r\n"
            f"{self._url(todo)}"
            f"{_alarm(self._event_alarm, todo, title)}"
            "END:VEVENT\r\n"
        )

    def task(self, todo: CalendarTodo) -> str:
        """The VTODO (3.6.2) of any todo, with a UID that no event has (3.8.4.7)."""
        title, changed = escape(clean(todo.title)), utc(todo.updated_at)
        return (
            "BEGIN:VTODO\r\n"
            f"{_completed(todo)}"
            f"CREATED:{utc(todo.created_at)}\r\n"
            f"{_description(todo)}"
            f"DTSTAMP:{changed}\r\n"
            f"{self._due(todo.deadline_at)}"
            f"LAST-MODIFIED:{changed}\r\n"
            f"PERCENT-COMPLETE:{100 if todo.completed else 0}\r\n"
            f"SEQUENCE:{todo.sequence}\r\n"
            f"STATUS:{'COMPLETED' if todo.completed else 'NEEDS-ACTION'}\r\n"
            f"{content_line(f'SUMMARY:{title}')}"
            f"{content_line(f'UID:todo-{todo.id}-task@{self._instance}')}"
            f"{self._url(todo)}"
            f"{_alarm(self._task_alarm, todo, title)}"
            "END:VTODO\r\n"
        )

    def both(self, todo: CalendarTodo) -> str:
        """The event, if the todo has a deadline, and the task."""
        return ("" if todo.deadline_at is None else self.event(todo)) + self.task(todo)

    def _start_and_end(self, deadline: datetime) -> str:
        if whole_day := self._whole_day(deadline):
            next_day = day(whole_day + ONE_DAY)
            return f"DTSTART;VALUE=DATE:{day(whole_day)}\r\nDTEND;VALUE=DATE:{next_day}\r\n"
        start = min(deadline, LATEST_START)
        return f"DTSTART:{utc(start)}\r\nDTEND:{utc(start + LENGTH)}\r\n"

    def _due(self, deadline: datetime | None) -> str:
        if deadline is None:
            return ""
        if whole_day := self._whole_day(deadline):
            return f"DUE;VALUE=DATE:{day(whole_day)}\r\n"
        return f"DUE:{utc(deadline)}\r\n"

    def _whole_day(self, deadline: datetime) -> date | None:
        """The day that a deadline at midnight begins, if asked for and if another follows it."""
        if not self._zone:
            return None
        try:
            local = deadline.replace(tzinfo=UTC).astimezone(self._zone)
        except OverflowError:  # before the year 1 or after 9999 there
            return None
        begins = not (local.hour or local.minute or local.second) and local.date() < date.max
        return local.date() if begins else None

    def _url(self, todo: CalendarTodo) -> str:
        return content_line(f"URL:{str(todo.id).join(self._address)}") if self._address else ""


def _alarm(around: list[str] | None, todo: CalendarTodo, title: str) -> str:
    """The VALARM, unless there is nothing to ring for: a todo that is done, or without an end."""
    if around is None or todo.completed or todo.deadline_at is None:
        return ""
    return content_line(f"DESCRIPTION:{title}").join(around)


def _completed(todo: CalendarTodo) -> str:
    if not todo.completed:
        return ""
    return f"COMPLETED:{utc(todo.completed_at or todo.updated_at)}\r\n"


def _description(todo: CalendarTodo) -> str:
    return (
        content_line(f"DESCRIPTION:{escape(clean(todo.description))}") if todo.description else ""
    )
