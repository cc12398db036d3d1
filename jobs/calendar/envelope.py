"""What does not differ from todo to todo, written by icalendar."""

from datetime import timedelta

from icalendar import Alarm, Calendar, vDuration, vUri
from icalendar.prop import vInline

from jobs.calendar.options import CalendarOptions
from jobs.calendar.text import address, clean, escape

PRODID = "-//TaskOverflow//Todos//EN"
TAIL = b"END:VCALENDAR\r\n"


def head(options: CalendarOptions) -> bytes:
    """The file up to its first component.

    METHOD is left out, since the file is published and invites nobody; so is VTIMEZONE, since all
    times are UTC. The VALUE parameters are demanded by RFC 7986, sections 5.7 and 5.8.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    if options.name is not None:
        calendar.add("name", _text(options.name))
        calendar.add("x-wr-calname", _text(options.name))  # what most clients read
    if options.color is not None:
        calendar.add("color", _text(options.color))
    if options.all_day_in is not None:
        calendar.add("x-wr-timezone", options.all_day_in)  # which the whole days are days of
    if options.refresh is not None:
        calendar.add("refresh-interval", vDuration(options.refresh), {"VALUE": "DURATION"})
        calendar.add("x-published-ttl", vDuration(options.refresh))  # what Outlook reads
    if options.source is not None:
        calendar.add("source", vUri(address(options.source)), {"VALUE": "URI"})
    whole: bytes = calendar.to_ical()
    return whole.removesuffix(TAIL)


def alarm(before: timedelta, related_to: str) -> list[str]:
    """A VALARM (RFC 5545, section 3.6.6) up to its DESCRIPTION, and what comes after that.

    A task has no start that its alarm could be related to, only an end: its DUE.
    """
    component = Alarm()
    component.add("action", "DISPLAY")
    component.add("trigger", -before, {"RELATED": related_to})
    component.add("description", "")
    whole: bytes = component.to_ical()
    return whole.decode().split("DESCRIPTION:\r\n")


def _text(text: str) -> vInline:
    # vText would read a literal "\N" as a line break.
    return vInline(escape(clean(text)))
