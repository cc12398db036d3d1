import inspect
import re
import tracemalloc
from datetime import datetime, timedelta

import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st

from jobs.calendar import clean, write_calendar
from taskoverflow.store.todos import CalendarTodo
from tests.calendar_lint import lint, moment, unescape

INSTANCE = "0b6b1b4e-7d0f-4f3e-9d57-3f0c7c6a1d11"
STAMP = datetime(2026, 11, 23, 12, 0, 0, 987654)


def todo(number=1, **changes):
    fields = {
        "id": number,
        "title": "Write it",
        "description": None,
        "completed": False,
        "deadline_at": datetime(2026, 12, 1, 10, 30),
        "created_at": STAMP,
        "updated_at": STAMP + timedelta(days=1),
    }
    return CalendarTodo(**{**fields, **changes})


def written(*todos):
    return b"".join(write_calendar(todos, INSTANCE))


def test_it_works():
    (event,) = lint(written(todo(title="Write it; now, really", description="first\nsecond")))
    assert event == {
        "UID": f"todo-1@{INSTANCE}",
        "DTSTAMP": "20261124T120000Z",
        "DTSTART": "20261201T103000Z",
        "DTEND": "20261201T110000Z",
        "SUMMARY": r"Write it\; now\, really",
        "DESCRIPTION": r"first\nsecond",
        "TRANSP": "TRANSPARENT",
        "SEQUENCE": "0",
        "CREATED": "20261123T120000Z",
        "LAST-MODIFIED": "20261124T120000Z",
    }


def test_the_file_opens_with_what_a_calendar_needs():
    assert written().decode().split("\r\n")[:3] == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//TaskOverflow//Todos//EN",
    ]


def test_there_is_no_method_and_no_time_zone():
    assert not re.search(rb"METHOD|VTIMEZONE", written(todo()))


def test_no_todos_make_an_empty_calendar():
    assert lint(written()) == []


def test_the_same_todos_give_the_same_bytes():
    todos = [todo(number) for number in range(1, 5)]
    assert written(*todos) == written(*todos)


def test_a_description_is_left_out_when_there_is_none():
    assert b"DESCRIPTION" not in written(todo(description=None), todo(2, description=""))


@pytest.mark.parametrize(
    "deadline",
    [datetime(1, 1, 1), datetime(999, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999)],
)
def test_the_first_and_the_last_deadline_have_a_positive_length(deadline):
    (event,) = lint(written(todo(deadline_at=deadline)))
    assert moment(event["DTEND"]) - moment(event["DTSTART"]) == timedelta(minutes=30)


@pytest.mark.parametrize(
    "title",
    [
        "x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:evil",
        "x\nDTSTART:20200101T000000Z",
        "x\rSUMMARY:evil",
        "x\x85SUMMARY:evil",
        "x\u2028SUMMARY:evil\u2029END:VCALENDAR",
        "x\x0bSUMMARY:evil\x0cSUMMARY:evil",
        "\\nSUMMARY:evil",
        "\\NSUMMARY:evil",
        "\ud800",
        "😀" * 255,
    ],
)
def test_no_title_can_add_a_line_or_a_component(title):
    data = written(todo(title=title), todo(2))
    events = lint(data)
    assert [event["UID"] for event in events] == [f"todo-1@{INSTANCE}", f"todo-2@{INSTANCE}"]
    # A reader that splits lines as Unicode does sees no more lines than are there.
    assert len(data.decode().splitlines()) == data.count(b"\r\n")


def test_another_parser_reads_what_was_meant():
    title = "Straße, 日本; 😀 \\ \"quoted\" 'single' <b>&amp;"
    calendar = vobject.readOne(written(todo(title=title, description="one\ntwo")).decode())
    event = calendar.vevent
    assert event.summary.value == title
    assert event.description.value == "one\ntwo"
    assert event.dtstart.value.replace(tzinfo=None) == datetime(2026, 12, 1, 10, 30)
    calendar.validate(raiseException=True)


def test_a_literal_backslash_n_is_no_line_break():
    (event,) = lint(written(todo(title=r"C:\New\notes")))
    assert event["SUMMARY"] == r"C:\\New\\notes"


def test_memory_stays_flat():
    todos = (todo(number, description="x" * 1000) for number in range(5000))
    pieces = inspect.unwrap(write_calendar)(todos, INSTANCE)  # the lint of all tests keeps it all
    tracemalloc.start()
    try:
        assert sum(len(piece) for piece in pieces) > 5_000_000
        assert tracemalloc.get_traced_memory()[1] < 500_000
    finally:
        tracemalloc.stop()


@given(
    st.text(st.characters(exclude_categories=()), min_size=1, max_size=255),
    st.text(st.characters(exclude_categories=()), max_size=400) | st.none(),
    st.datetimes(),
)
def test_any_text_and_time_make_a_clean_file_that_says_what_was_meant(title, description, deadline):
    made = todo(title=title, description=description, deadline_at=deadline)
    (event,) = lint(written(made))
    assert unescape(event["SUMMARY"]) == clean(title)
    assert unescape(event.get("DESCRIPTION", "")) == clean(description or "")
