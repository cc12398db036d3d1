"""Six ways to write the same todos as a calendar: ours, and what it is measured against."""

import json
import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import icalendar
import ics
import msgspec
import vobject

from jobs.calendar import clean, write_calendar
from jobs.calendar.text import content_line, escape, utc
from taskoverflow.store.todos import CalendarTodo

INSTANCE = "0b6b1b4e-7d0f-4f3e-9d57-3f0c7c6a1d11"
PRODID = "-//TaskOverflow//Todos//EN"
HERE = Path(__file__).parent
LENGTH = timedelta(minutes=30)
VOBJECT_UTC = vobject.icalendar.utc  # it knows no other


def ours(todos: list[CalendarTodo]) -> Iterable[bytes]:
    return write_calendar(todos, INSTANCE)


def plain_icalendar(todos: list[CalendarTodo]) -> Iterator[bytes]:
    """As icalendar's documentation has it: a component for each todo, one `to_ical()` for all."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    for todo in todos:
        event = icalendar.Event()
        event.add("uid", f"todo-{todo.id}@{INSTANCE}")
        event.add("dtstamp", todo.updated_at.replace(tzinfo=UTC))
        event.add("dtstart", todo.deadline_at.replace(tzinfo=UTC))
        event.add("dtend", (todo.deadline_at + LENGTH).replace(tzinfo=UTC))
        event.add("summary", clean(todo.title))
        if todo.description:
            event.add("description", clean(todo.description))
        event.add("transp", "TRANSPARENT")
        event.add("sequence", todo.sequence)
        event.add("created", todo.created_at.replace(tzinfo=UTC))
        event.add("last-modified", todo.updated_at.replace(tzinfo=UTC))
        calendar.add_component(event)
    yield calendar.to_ical()


def string_formatting(todos: list[CalendarTodo]) -> Iterator[bytes]:
    """The floor: our own escaping, folding and times in the shortest loop, without any option."""
    yield f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:{PRODID}\r\nCALSCALE:GREGORIAN\r\n".encode()
    for todo in todos:
        changed = utc(todo.updated_at)
        description = ""
        if todo.description:
            description = content_line(f"DESCRIPTION:{escape(clean(todo.description))}")
        yield (
            "BEGIN:VEVENT\r\n"
            f"{content_line(f'SUMMARY:{escape(clean(todo.title))}')}"
            f"DTSTART:{utc(todo.deadline_at)}\r\nDTEND:{utc(todo.deadline_at + LENGTH)}\r\n"
            f"DTSTAMP:{changed}\r\nUID:todo-{todo.id}@{INSTANCE}\r\n"
            f"SEQUENCE:{todo.sequence}\r\n"
            f"CREATED:{utc(todo.created_at)}\r\n{description}LAST-MODIFIED:{changed}\r\n"
            "TRANSP:TRANSPARENT\r\nEND:VEVENT\r\n"
        ).encode()
    yield b"END:VCALENDAR\r\n"


def ics_py(todos: list[CalendarTodo]) -> Iterator[bytes]:
    calendar = ics.Calendar(creator=PRODID)
    for todo in todos:
        begin = todo.deadline_at.replace(tzinfo=UTC)
        event = ics.Event(
            name=todo.title,
            begin=begin,
            end=begin + LENGTH,
            uid=f"todo-{todo.id}@{INSTANCE}",
            description=todo.description,
            created=todo.created_at.replace(tzinfo=UTC),
            last_modified=todo.updated_at.replace(tzinfo=UTC),
            transparent=True,
        )
        calendar.events.add(event)
    yield calendar.serialize().encode()


def vobject_py(todos: list[CalendarTodo]) -> Iterator[bytes]:
    calendar = vobject.iCalendar()
    for todo in todos:
        event = calendar.add("vevent")
        event.add("uid").value = f"todo-{todo.id}@{INSTANCE}"
        event.add("summary").value = clean(todo.title)
        if todo.description:
            event.add("description").value = clean(todo.description)
        event.add("dtstamp").value = todo.updated_at.replace(tzinfo=VOBJECT_UTC)
        event.add("dtstart").value = todo.deadline_at.replace(tzinfo=VOBJECT_UTC)
        event.add("dtend").value = (todo.deadline_at + LENGTH).replace(tzinfo=VOBJECT_UTC)
        event.add("transp").value = "TRANSPARENT"
        event.add("created").value = todo.created_at.replace(tzinfo=VOBJECT_UTC)
        event.add("last-modified").value = todo.updated_at.replace(tzinfo=VOBJECT_UTC)
    yield calendar.serialize().encode()


def ical_js(todos: list[CalendarTodo]) -> Iterator[bytes]:
    yield run_ical_js(todos)


def run_ical_js(todos: list[CalendarTodo], *arguments: str) -> bytes:
    """What ical_js.mjs prints; the todos are handed to it as JSON, their times in UTC."""
    plain = [msgspec.structs.asdict(todo) for todo in todos]
    document = {"instance": INSTANCE, "prodid": PRODID, "todos": plain}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(document, file, default=lambda moment: f"{moment.isoformat()}Z")
        file.flush()
        command = ["node", HERE / "ical_js.mjs", file.name, *arguments]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def has_ical_js() -> bool:
    """Whether node and ical.js are here; scripts/clients-test brings ical.js."""
    return bool(shutil.which("node")) and (HERE.parent / "clients/node_modules/ical.js").exists()


BASELINE = "icalendar, `add()` and `to_ical()`"
OURS = "jobs.calendar"
FLOOR = "plain string formatting"
ICAL_JS = "ical.js, in node"
WRITERS: dict[str, Callable[[list[CalendarTodo]], Iterable[bytes]]] = {
    BASELINE: plain_icalendar,
    OURS: ours,
    FLOOR: string_formatting,
    "ics.py": ics_py,
    "vobject": vobject_py,
    ICAL_JS: ical_js,
}


def made_up(count: int) -> list[CalendarTodo]:
    """Todos of about the size that people write, some in other scripts or on more lines."""
    dice = random.Random(6400)
    titles = "Write the report", "Buy milk, eggs; bread", "Ελέγξτε το έγγραφο", "資料を確認する 😀"
    now = datetime(2026, 12, 1, 12)
    return [
        CalendarTodo(
            id=number,
            title=f"{titles[dice.randrange(4)]} ({number})",
            description="A made-up todo; with a line.\n" * dice.randrange(7) or None,
            completed=dice.random() < 1 / 3,
            deadline_at=now + timedelta(minutes=dice.randrange(60 * 24 * 365)),
            created_at=now - timedelta(seconds=dice.randrange(3600 * 24 * 365)),
            updated_at=now - timedelta(seconds=dice.randrange(3600 * 24 * 30)),
        )
        for number in range(1, count + 1)
    ]
