"""Todos in, iCalendar bytes out (RFC 5545), and back. Pure, and the only importer of icalendar.

icalendar writes what stands around the todos. Their components are written by hand, as there may be
a million of them: 5 µs each, where icalendar takes 280 and keeps 8 kB (`scripts/bench calendar`).
The tests hold them to icalendar's own bytes.
"""

from collections.abc import Iterable, Iterator

from jobs.calendar.components import CHECK_MARK, LATEST_START, ComponentWriter
from jobs.calendar.envelope import TAIL, head
from jobs.calendar.options import DEFAULT, CalendarOptions
from jobs.calendar.reader import CalendarReader
from jobs.calendar.text import clean
from taskoverflow.store.todos import CalendarTodo

__all__ = [
    "CHECK_MARK",
    "LATEST_START",
    "CalendarOptions",
    "CalendarReader",
    "clean",
    "write_calendar",
]


def write_calendar(
    todos: Iterable[CalendarTodo], instance: str, options: CalendarOptions = DEFAULT
) -> Iterator[bytes]:
    """Yield the file piece by piece: the head, a piece for each todo, the tail.

    An event needs a deadline; a todo without one can be a task. `instance` makes the UIDs unique in
    the world. The same todos and options give the same bytes.
    """
    yield head(options)
    writer = ComponentWriter(instance, options)
    write = {"VEVENT": writer.event, "VTODO": writer.task, "both": writer.both}[options.component]
    for todo in todos:
        yield write(todo).encode()
    yield TAIL
