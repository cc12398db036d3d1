"""The practical's Celery task: all todos come as its argument, the file goes back as its result."""

import os
from datetime import datetime
from typing import Any

import icalendar
from celery import Celery

celery = Celery("ical", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])


@celery.task(name="ical")
def create_ical(todos: list[dict[str, Any]]) -> str:
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Task Calendar//mxm.dk//")
    calendar.add("version", "2.0")
    for todo in todos:
        if todo["deadline_at"] is None:
            continue
        event = icalendar.Event()
        event.add("uid", todo["id"])
        event.add("summary", todo["title"])
        event.add("description", todo["description"] or "")
        event.add("dtstart", datetime.fromisoformat(todo["deadline_at"]))
        event.add("dtend", datetime.fromisoformat(todo["deadline_at"]))
        event.add("dtstamp", datetime.fromisoformat(todo["updated_at"]))
        calendar.add_component(event)
    text: str = calendar.to_ical().decode("utf-8")
    return text
