"""iCalendar bytes in, plain values out: what the events and tasks of a file say of todos."""

import re
from collections.abc import Iterator
from datetime import UTC
from hashlib import sha256

from jobs.calendar.item import Item
from jobs.calendar.structure import Component, ContentLine, components
from jobs.calendar.zones import Zones, zone_named
from taskoverflow.errors import BrokenCalendar
from taskoverflow.store.todo_import import ImportedTodo

MOST_ITEMS = 50_000  # in a file: they are stored in one transaction, and others wait for its end
LONGEST_UID = 255
# What this service writes, here or elsewhere: a todo's event and its task are one todo again.
OUR_UID = re.compile(r"todo-([1-9][0-9]{0,17})(?:-task)?@([0-9a-f-]{36})")
TOO_MANY = f"begins an item too many: there may be {MOST_ITEMS}"
VERSION_1 = "says that the file is a vCalendar 1.0; only iCalendar, its successor, is read"


class CalendarReader:
    """A file that is whole: its structure has been checked to its end, and its items counted.

    `instance` is the id of this installation; `zone` names the time zone of times and days that
    have none (default: the file's X-WR-TIMEZONE, else UTC). Raises BrokenCalendar.
    """

    def __init__(self, data: bytes, instance: str, zone: str | None = None) -> None:
        self._data = data
        self._instance = instance
        self.total = 0
        definitions: list[Component] = []
        calendar: Component | None = None
        for component in components(data):
            calendar = calendar or component.calendar
            if component.name == "VTIMEZONE":
                definitions.append(component)
                continue
            self.total += 1
            if self.total > MOST_ITEMS:
                raise BrokenCalendar(component.line, TOO_MANY)
        version = _property(calendar, "VERSION")
        if version and version.value == "1.0":
            raise BrokenCalendar(version.number, VERSION_1)
        usual = _property(calendar, "X-WR-TIMEZONE")
        name = zone or (usual.value if usual else "UTC")
        self._zones = Zones(definitions, floating=zone_named(name) or UTC)

    def todos(self) -> Iterator[ImportedTodo]:
        """What each item says, in the file's order. Raises BrokenCalendar for what is no UTF-8."""
        for component in components(self._data):
            if component.name != "VTIMEZONE":
                yield self._read(component)

    def _read(self, component: Component) -> ImportedTodo:
        item = Item(component, self._zones)
        uid = item.text("UID").strip()
        ours = OUR_UID.fullmatch(uid)
        completed = None if item.is_event else item.is_completed()
        return ImportedTodo(
            line=component.line,
            uid=f"todo-{ours[1]}@{ours[2]}" if ours else _stored_uid(uid, component),
            todo_id=int(ours[1]) if ours and ours[2] == self._instance else None,
            ours=ours is not None,
            is_event=item.is_event,
            title=item.text("SUMMARY"),
            description=item.text("DESCRIPTION"),
            deadline_at=item.deadline(),
            completed=completed,
            completed_at=item.stamp("COMPLETED") if completed else None,
            modified_at=item.stamp("LAST-MODIFIED"),
            skipped=item.reason_to_skip(),
            notes=item.notes(),
        )


def _property(calendar: Component | None, name: str) -> ContentLine | None:
    lines = calendar.lines if calendar else []
    return next((line for line in lines if line.name == name), None)


def _stored_uid(uid: str, component: Component) -> str:
    """A UID that fits: one that is too long, or missing, is a hash instead."""
    if not uid:
        # Some writers stamp each copy anew.
        contents = sorted(line.octets for line in component.lines if line.name != "DTSTAMP")
        return _hash(b"\n".join([component.name.encode(), *contents]))
    return uid if len(uid) <= LONGEST_UID else _hash(uid.encode())


def _hash(octets: bytes) -> str:
    return f"sha256-{sha256(octets).hexdigest()}"
