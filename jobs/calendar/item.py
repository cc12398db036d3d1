"""One event or task of a file: its properties (RFC 5545, section 3.8), and what to say of them."""

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import TypeVar

from icalendar.parser import Contentline

from jobs.calendar.structure import Component
from jobs.calendar.text import clean
from jobs.calendar.zones import Zones, in_utc, read_duration, read_time

NOT_A_TODO = "It is neither an event nor a task."
ONE_OCCURRENCE = "It changes one occurrence of what repeats."
CANCELLED = "It is cancelled."
UNREADABLE = "Its {name} cannot be read."
NO_UID = "It has no UID; it was given one that is made of its contents."
REPEATS = "It repeats; the first occurrence was taken."
UNKNOWN_ZONE = "Its time zone is not known; its time was taken for one of {zone}."

Value = TypeVar("Value")


class Item:
    """A component's properties. What is there twice counts as it stands first."""

    def __init__(self, component: Component, zones: Zones) -> None:
        self._name = component.name
        self._lines = {line.name: line for line in reversed(component.lines)}
        self._zones = zones
        self._unreadable: str | None = None
        self._unknown_zone = False
        self.is_event = component.name == "VEVENT"

    def text(self, name: str) -> str:
        """A TEXT property's value, cleaned; "" if there is none."""
        return self._reading(name, self._text) or ""

    def deadline(self) -> datetime | None:
        """An event's start; when a task is DUE, or ends (3.6.2). In UTC."""
        if self.is_event or "DUE" in self._lines:
            return self._reading("DTSTART" if self.is_event else "DUE", self._moment)
        return self._reading("DURATION", self._end)

    def stamp(self, name: str) -> datetime | None:
        """A time in UTC that the item can do without."""
        try:
            return self._moment(name)
        except ValueError:
            return None

    def is_completed(self) -> bool:
        """Whether a task is done: as STATUS says, else by what done tasks have."""
        if "STATUS" in self._lines:
            return self._keyword("STATUS") == "COMPLETED"
        return "COMPLETED" in self._lines or self._keyword("PERCENT-COMPLETE") == "100"

    def reason_to_skip(self) -> str | None:
        """Why no todo is made of this, if none is. To be asked when all has been read."""
        if self._name not in ("VEVENT", "VTODO"):
            return NOT_A_TODO
        if "RECURRENCE-ID" in self._lines:
            return ONE_OCCURRENCE
        if self._keyword("STATUS") == "CANCELLED":
            return CANCELLED
        return self._unreadable and UNREADABLE.format(name=self._unreadable)

    def notes(self) -> tuple[str, ...]:
        """What was not taken as it stands. To be asked when all has been read."""
        told = {
            NO_UID: "UID" not in self._lines,
            REPEATS: "RRULE" in self._lines or "RDATE" in self._lines,
            UNKNOWN_ZONE.format(zone=self._zones.floating): self._unknown_zone,
        }
        return tuple(note for note, applies in told.items() if applies)

    def _reading(self, name: str, read: Callable[[str], Value | None]) -> Value | None:
        try:
            return read(name)
        except ValueError:
            self._unreadable = self._unreadable or name
            return None

    def _keyword(self, name: str) -> str:
        return self._lines[name].value.upper() if name in self._lines else ""

    def _text(self, name: str) -> str | None:
        line = self._lines.get(name)
        return clean(Contentline(line.text).parts()[2]) if line else None

    def _moment(self, name: str) -> datetime | None:
        return in_utc(*self._time(name)) if name in self._lines else None

    def _end(self, name: str) -> datetime | None:
        """DTSTART and the DURATION from it."""
        if name not in self._lines or "DTSTART" not in self._lines:
            return None
        length = read_duration(self._lines[name].text)
        start, zone = self._time("DTSTART")
        try:
            # Days are those of a clock on the wall, shorter times are exact (3.3.6).
            return in_utc(start + timedelta(length.days), zone) + timedelta(0, length.seconds)
        except OverflowError as error:
            raise ValueError(str(error)) from error

    def _time(self, name: str) -> tuple[datetime, tzinfo]:
        moment, zone, known = read_time(self._lines[name].text, self._zones)
        self._unknown_zone |= not known
        return moment, zone
