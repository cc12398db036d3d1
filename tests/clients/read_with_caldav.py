"""Usage: read_with_caldav.py ADDRESS; prints the events and tasks of its calendar as JSON."""

import json
import sys

import caldav


def seen(component):
    def time(name):
        return str(component[name].dt.replace(tzinfo=None)) if name in component else None

    status = component.get("status")
    return {
        "title": component["summary"],
        "description": component.get("description", ""),
        "start": time("dtstart"),
        "end": time("dtend"),
        "due": time("due"),
        "completed": None if status is None else status == "COMPLETED",
    }


client = caldav.DAVClient(sys.argv[1], username="somebody", password="x")
(calendar,) = client.principal().calendars()
found = [*calendar.events(), *calendar.todos(include_completed=True)]
json.dump([seen(one.icalendar_component) for one in found], sys.stdout)
