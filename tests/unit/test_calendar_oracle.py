"""Our bytes are icalendar's: the same todos and options, written by both, compared fold for fold.

HYPOTHESIS_PROFILE=long tries 30,000 files and takes some minutes.
"""

import os
import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Alarm, Calendar, Component, Event, vDuration, vText, vUri
from icalendar import Todo as Task
from msgspec.structs import replace

from jobs.calendar import CalendarOptions, write_calendar
from jobs.calendar.text import address
from taskoverflow.store.todos import CalendarTodo
from tests.calendar_lint import lint

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
HALF_AN_HOUR = timedelta(minutes=30)
LAST_SECOND = datetime(9999, 12, 31, 23, 59, 59)
NO_CHARACTERS = {*map(chr, range(0xD800, 0xE000)), "\ufffe", "\uffff"}
FORBIDDEN = {*map(chr, range(0x20)), "\x7f", *NO_CHARACTERS} - {"\t", "\n"}


class Text(vText):
    r"""icalendar's TEXT of what may stand in one.

    Each literal "\N" is put in by hand: icalendar takes it for a line break.
    """

    def to_ical(self) -> bytes:
        return rb"\\N".join(vText(part).to_ical() for part in allowed(self).split(r"\N"))


def allowed(text: str) -> str:
    """What `clean` leaves, said in the plainest way."""
    text = re.sub("\r\n|[\r\x85\u2028\u2029]", "\n", text)
    return "".join(character for character in text if character not in FORBIDDEN)


def oracle(todo: CalendarTodo, instance: str, options: CalendarOptions) -> bytes:
    calendar = envelope(options)
    if options.component != "VTODO" and todo.deadline_at is not None:
        calendar.add_component(event(todo, instance, options))
    if options.component != "VEVENT":
        calendar.add_component(task(todo, instance, options))
    return calendar.to_ical()


def envelope(options: CalendarOptions) -> Calendar:
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//TaskOverflow//Todos//EN")
    calendar.add("calscale", "GREGORIAN")
    if options.name is not None:
        calendar.add("name", Text(options.name))
        calendar.add("x-wr-calname", Text(options.name))
    if options.color is not None:
        calendar.add("color", Text(options.color))
    if options.all_day_in is not None:
        calendar.add("x-wr-timezone", Text(options.all_day_in))
    if options.refresh is not None:
        calendar.add("refresh-interval", options.refresh, {"VALUE": "DURATION"})
        calendar.add("x-published-ttl", vDuration(options.refresh))
    if options.source is not None:
        calendar.add("source", address(options.source), {"VALUE": "URI"})
    return calendar


def event(todo: CalendarTodo, instance: str, options: CalendarOptions) -> Event:
    component = Event()
    component.add("uid", Text(f"todo-{todo.id}@{instance}"))
    component.add("transp", "TRANSPARENT")
    mark = "✓ " if todo.completed and options.check_mark else ""
    component.add("summary", Text(mark + todo.title))
    start = time_or_date(todo.deadline_at, options)
    if isinstance(start, datetime):
        start = min(start, LAST_SECOND.replace(tzinfo=UTC) - HALF_AN_HOUR)
        component.add("dtend", start + HALF_AN_HOUR)
    else:
        component.add("dtend", start + timedelta(days=1))
    component.add("dtstart", start)
    add_what_both_have(component, todo, options, "START")
    return component


def task(todo: CalendarTodo, instance: str, options: CalendarOptions) -> Task:
    component = Task()
    component.add("uid", Text(f"todo-{todo.id}-task@{instance}"))
    component.add("summary", Text(todo.title))
    component.add("status", "COMPLETED" if todo.completed else "NEEDS-ACTION")
    component.add("percent-complete", 100 if todo.completed else 0)
    if todo.completed:
        completed_at = todo.completed_at or todo.updated_at
        component.add("completed", completed_at.replace(tzinfo=UTC))
    if todo.deadline_at is not None:
        component.add("due", time_or_date(todo.deadline_at, options))
    add_what_both_have(component, todo, options, "END")
    return component


def add_what_both_have(
    component: Component, todo: CalendarTodo, options: CalendarOptions, related_to: str
) -> None:
    component.add("dtstamp", todo.updated_at.replace(tzinfo=UTC))
    component.add("last-modified", todo.updated_at.replace(tzinfo=UTC))
    component.add("created", todo.created_at.replace(tzinfo=UTC))
    if todo.description:
        component.add("description", Text(todo.description))
    component.add("sequence", todo.sequence)
    if options.url:
        # Joined, not replaced: a foreign character may not make a "{id}" of what is around it.
        parts = [address(part) for part in options.url.split("{id}")]
        component.add("url", vUri(str(todo.id).join(parts)))
    rings = related_to == "START" or options.component == "VTODO"
    if rings and options.alarm is not None and not todo.completed and todo.deadline_at is not None:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", Text(todo.title))
        alarm.add("trigger", -options.alarm, {"RELATED": related_to})
        component.add_component(alarm)


def time_or_date(deadline: datetime, options: CalendarOptions) -> datetime | date:
    moment = deadline.replace(tzinfo=UTC)
    if options.all_day_in is None:
        return moment
    try:
        local = moment.astimezone(ZoneInfo(options.all_day_in))
        local.date() + timedelta(days=1)
    except OverflowError:
        return moment
    return local.date() if local.time().replace(microsecond=0) == time() else moment


# Any Unicode, and often what is escaped, forbidden, a line break or wide just where a fold falls.
characters = [*"\\^;, \t\n\r\0\x1f\x7f\x85\u2028\u2029\ud800\udfff\ufffe\uffffé日😀"]
nasty = [*characters, "\r\n", "\\n", "\\N", "👩\u200d🚀", "x" * 70]
texts = st.lists(
    st.sampled_from(nasty) | st.text(st.characters(exclude_categories=()), max_size=40), max_size=20
).map("".join)
moments = st.datetimes()
deadlines = (
    moments
    # Midnight in UTC and in Brisbane, and the ends of the calendar.
    | moments.map(lambda moment: moment.replace(hour=0, minute=0, second=0))
    | moments.map(lambda moment: moment.replace(hour=14, minute=0, second=0))
    | st.sampled_from([datetime(1, 1, 1), LAST_SECOND, datetime(9999, 12, 31), datetime(999, 1, 1)])
)
todos = st.builds(
    CalendarTodo,
    id=st.integers(1, 2**63 - 1),
    title=texts,
    description=st.none() | texts,
    completed=st.booleans(),
    deadline_at=deadlines,
    created_at=moments,
    updated_at=moments,
    completed_at=st.none() | moments,
    sequence=st.integers(0, 2**31 - 1),
)
durations = st.none() | st.timedeltas(timedelta(0), timedelta(days=400))
options = st.builds(
    CalendarOptions,
    component=st.sampled_from(["VEVENT", "VTODO", "both"]),
    check_mark=st.booleans(),
    all_day_in=st.sampled_from([None, "UTC", "Australia/Brisbane", "America/St_Johns"]),
    alarm=durations,
    url=st.none() | texts | texts.map("https://todo.example/{{id}}?{}".format),
    name=st.none() | texts,
    color=st.none() | texts,
    refresh=durations,
    source=st.none() | texts,
)
instances = st.uuids().map(str) | texts


@pytest.mark.timeout(3600 if LONG else 120)
@settings(max_examples=30_000 if LONG else 300, deadline=None)
@given(todos, st.booleans(), instances, options)
def test_the_bytes_are_those_of_icalendar(todo, dated, instance, options):
    if not dated and options.component != "VEVENT":
        todo = replace(todo, deadline_at=None)
    written = b"".join(write_calendar([todo], instance, options))
    assert written == oracle(todo, instance, options)
    lint(written)


PLAIN = CalendarTodo(1, "x", None, False, LAST_SECOND, LAST_SECOND, LAST_SECOND)


@pytest.mark.parametrize("width", range(60, 80))
@pytest.mark.parametrize(
    "end", ["xxxx", "\\\\\\", "^^^", "\\N", ";;;", "éé", "日日", "😀😀", "x😀"]
)
def test_a_fold_falls_where_icalendar_folds(width, end):
    todo = replace(PLAIN, title="t" * width + end, description=("d" * width + end) * 3)
    asked = CalendarOptions(component="both", alarm=HALF_AN_HOUR, name="n" * width + end)
    assert b"".join(write_calendar([todo], "here", asked)) == oracle(todo, "here", asked)
