"""Foreign parsers, each asked for the events and tasks of a file."""

import ctypes
import ctypes.util
import json
import subprocess
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import ics
import vobject

from tests.clients.installed import found, or_skip
from tests.clients.seen import Feed, Seen

HERE = Path(__file__).parent
COMPLETED = {"COMPLETED": True, "NEEDS-ACTION": False, None: None}


def naive(moment: datetime | None) -> datetime | None:
    return moment and moment.astimezone(UTC).replace(tzinfo=None)


def iso(text: str | None) -> datetime | None:
    return naive(datetime.fromisoformat(text)) if text else None


def ical_js(feed: Feed, folder: Path) -> Iterator[Seen]:
    """Thunderbird's."""
    or_skip((HERE / "node_modules" / "ical.js").exists(), "ical.js is not installed")
    command = [found("node"), HERE / "read_with_icaljs.mjs", feed.file]
    for one in json.loads(subprocess.check_output(command)):
        yield Seen(
            one["title"],
            one["description"] or "",
            start=iso(one["start"]),
            end=iso(one["end"]),
            due=iso(one["due"]),
            completed=COMPLETED[one["status"]],
        )


def vobject_py(feed: Feed, folder: Path) -> Iterator[Seen]:
    """Radicale's, and its word that the whole file is valid."""
    calendar = vobject.readOne(feed.file.read_bytes().decode())
    calendar.validate(raiseException=True)

    def value(component, name):
        return component.getChildValue(name)

    for component in calendar.components():
        yield Seen(
            value(component, "summary"),
            value(component, "description") or "",
            start=naive(value(component, "dtstart")),
            end=naive(value(component, "dtend")),
            due=naive(value(component, "due")),
            completed=COMPLETED[value(component, "status")],
        )


def ics_py(feed: Feed, folder: Path) -> Iterable[Seen]:
    calendar = ics.Calendar(feed.file.read_bytes().decode())
    for event in calendar.events:
        yield Seen(event.name, event.description or "", event.begin.naive, event.end.naive)
    for task in calendar.todos:
        due, done = task.due and task.due.naive, task.completed is not None
        yield Seen(task.name, task.description or "", due=due, completed=done)


def libical(feed: Feed, folder: Path) -> Iterator[Seen]:
    """GNOME's and KDE's, and its word that the file keeps the rules of RFC 5545."""
    name = ctypes.util.find_library("ical")
    or_skip(name, "libical is not installed (Debian: libical3)")
    library = ctypes.CDLL(name)

    def call(function, *arguments, result=ctypes.c_void_p):
        entry = getattr(library, function)
        entry.restype = result
        return entry(*arguments)

    def value(component, name):
        kind = call("icalproperty_string_to_kind", name.encode(), result=ctypes.c_int)
        found = call("icalcomponent_get_first_property", ctypes.c_void_p(component), kind)
        if not found:
            return None
        text = "icalproperty_get_value_as_string"
        return call(text, ctypes.c_void_p(found), result=ctypes.c_char_p).decode()

    def text(component, name):
        raw = call(name, ctypes.c_void_p(component), result=ctypes.c_char_p)
        return (raw or b"").decode()

    calendar = ctypes.c_void_p(call("icalparser_parse_string", feed.file.read_bytes()))
    assert call("icalcomponent_count_errors", calendar, result=ctypes.c_int) == 0
    assert call("icalrestriction_check", calendar, result=ctypes.c_int) == 1
    for kind in (b"VEVENT", b"VTODO"):
        number = call("icalcomponent_string_to_kind", kind, result=ctypes.c_int)
        component = call("icalcomponent_get_first_component", calendar, number)
        while component:
            yield Seen(
                text(component, "icalcomponent_get_summary"),
                text(component, "icalcomponent_get_description"),
                start=iso(value(component, "DTSTART")),
                end=iso(value(component, "DTEND")),
                due=iso(value(component, "DUE")),
                completed=COMPLETED[value(component, "STATUS")],
            )
            component = call("icalcomponent_get_next_component", calendar, number)
    call("icalcomponent_free", calendar, result=None)
