"""The lint that every calendar of the tests passes is worth what it finds."""

from datetime import datetime, timedelta

import pytest

from jobs.calendar import CalendarOptions, write_calendar
from taskoverflow.store.todos import CalendarTodo
from tests.calendar_lint import lint

STAMP = datetime(2026, 11, 23, 12, 0, 0)
TODOS = [
    CalendarTodo(1, "One", None, True, STAMP, STAMP, STAMP),
    CalendarTodo(2, "Two", "Ü" * 80, False, STAMP + timedelta(hours=1), STAMP, STAMP),
]
HOUR = timedelta(hours=1)


def written(component):
    options = CalendarOptions(component=component, all_day_in="UTC", alarm=HOUR, refresh=HOUR)
    return b"".join(write_calendar(TODOS, "here", options))


BOTH, TASKS = written("both"), written("VTODO")


def test_a_good_file_passes():
    assert len(lint(BOTH)) == 4
    assert len(lint(TASKS)) == 2


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (b"SUMMARY:One\r\n", b"SUMMARY:One\n"),
        (b"SUMMARY:One", b"SUMMARY:\x0bOne"),
        (b"SUMMARY:One", "SUMMARY:\uffff".encode()),
        (b"SUMMARY:One", b"SUMMARY:" + b"x" * 70),
        (b"SUMMARY:One", b"SUMMARY;One"),
        (b"SUMMARY:One", b"SUMMARY:One\r\nSUMMARY:Two"),
        ("ÜÜ".encode(), b"\xc3\r\n \x9c"),
        (b"UID:todo-1@here", b"UID:todo-2@here"),
        (b"UID:todo-1@here\r\n", b""),
        (b"DTSTAMP:20261123T120000Z", b"DTSTAMP:20261123T120000"),
        (b"DTEND:20261123T133000Z", b"DTEND:20261123T130000Z"),
        (b"DTEND:20261123T133000Z", b"DTEND;VALUE=DATE:20261124"),
        (b"DUE:", b"DTEND:"),
        (b"STATUS:COMPLETED", b"STATUS:DONE"),
        (b"STATUS:COMPLETED", b"STATUS:NEEDS-ACTION"),
        (b"PERCENT-COMPLETE:100", b"PERCENT-COMPLETE:101"),
        (b"COMPLETED:20261123T120000Z\r\n", b""),
        (b"RELATED=END", b"RELATED=START"),
        (b"TRIGGER;RELATED=END:-PT1H\r\n", b""),
        (b"-PT1H", b"-P1H"),
        (b"ACTION:DISPLAY\r\n", b""),
        (b";VALUE=DURATION", b""),
        (b"BEGIN:VALARM\r\n", b""),
        (b"END:VTODO", b"END:VEVENT"),
    ],
)
def test_a_bad_file_does_not(right, wrong):
    good = BOTH if right in BOTH else TASKS
    assert right in good
    with pytest.raises((AssertionError, UnicodeDecodeError)):
        lint(good.replace(right, wrong, 1))
