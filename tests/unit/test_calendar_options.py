from datetime import datetime, timedelta

import pytest
import vobject
from msgspec.structs import replace

from jobs.calendar import CalendarOptions, write_calendar
from taskoverflow.store.todos import CalendarTodo
from tests.calendar_lint import lint, unescape

INSTANCE = "0b6b1b4e-7d0f-4f3e-9d57-3f0c7c6a1d11"
STAMP = datetime(2026, 11, 23, 12, 0, 0)
TODO = CalendarTodo(1, "Write it", None, False, datetime(2026, 12, 1, 10, 30), STAMP, STAMP)
DONE = replace(TODO, id=2, completed=True, updated_at=datetime(2026, 11, 30, 8, 15))
UNDATED = replace(TODO, id=3, deadline_at=None)
MIDNIGHT_IN_BRISBANE = replace(TODO, deadline_at=datetime(2026, 11, 30, 14))


def written(*todos, **options):
    return b"".join(write_calendar(todos, INSTANCE, CalendarOptions(**options)))


def head(**options):
    lines = written(**options).decode().replace("\r\n ", "").split("\r\n")
    assert lint(written(**options)) == []
    return lines[4:-2]


def test_a_todo_as_a_task():
    (task,) = lint(written(TODO, component="VTODO"))
    assert task == {
        "UID": f"todo-1-task@{INSTANCE}",
        "DTSTAMP": "20261123T120000Z",
        "DUE": "20261201T103000Z",
        "SUMMARY": "Write it",
        "STATUS": "NEEDS-ACTION",
        "PERCENT-COMPLETE": "0",
        "SEQUENCE": "0",
        "CREATED": "20261123T120000Z",
        "LAST-MODIFIED": "20261123T120000Z",
    }


def test_a_completed_task_says_when():
    (task,) = lint(written(DONE, component="VTODO"))
    assert task["STATUS"] == "COMPLETED"
    assert task["PERCENT-COMPLETE"] == "100"
    assert task["COMPLETED"] == "20261130T081500Z"


def test_both_are_two_components_with_uids_of_their_own():
    components = lint(written(TODO, component="both"))
    assert [made["UID"] for made in components] == [f"todo-1@{INSTANCE}", f"todo-1-task@{INSTANCE}"]


def test_each_todo_is_one_piece():
    options = CalendarOptions(component="both")
    assert len(list(write_calendar([TODO, DONE, UNDATED], INSTANCE, options))) == 5


def test_a_todo_without_a_deadline_can_only_be_a_task():
    (task,) = lint(written(UNDATED, component="VTODO", alarm=timedelta(hours=1)))
    assert not {"DUE", "VALARM ACTION"} & set(task)
    assert written(UNDATED, component="both") == written(UNDATED, component="VTODO")
    with pytest.raises(ValueError, match="todo 3 has no deadline"):
        written(UNDATED)


@pytest.mark.parametrize(("todo", "summary"), [(TODO, "Write it"), (DONE, "✓ Write it")])
def test_a_completed_event_is_marked_when_asked(todo, summary):
    assert lint(written(todo, check_mark=True))[0]["SUMMARY"] == summary
    assert lint(written(todo))[0]["SUMMARY"] == "Write it"


def test_the_time_of_completion_and_the_sequence_are_written():
    changed = replace(DONE, completed_at=datetime(2026, 11, 29, 1, 2, 3), sequence=4)
    event, task = lint(written(changed, component="both"))
    assert task["COMPLETED"] == "20261129T010203Z"
    assert event["SEQUENCE"] == task["SEQUENCE"] == "4"


def test_midnight_in_the_zone_asked_for_is_a_whole_day():
    event, task = lint(
        written(MIDNIGHT_IN_BRISBANE, component="both", all_day_in="Australia/Brisbane")
    )
    assert event["DTSTART;VALUE=DATE"] == task["DUE;VALUE=DATE"] == "20261201"
    assert event["DTEND;VALUE=DATE"] == "20261202"


@pytest.mark.parametrize(
    ("deadline", "zone"),
    [
        (datetime(2026, 11, 30, 14), None),
        (datetime(2026, 11, 30, 14), "UTC"),
        (datetime(2026, 11, 30, 14, 0, 1), "Australia/Brisbane"),
        (datetime(9999, 12, 31), "UTC"),  # no day follows it
        (datetime(9999, 12, 31, 20), "Australia/Brisbane"),  # the year 10000 there
        (datetime(1, 1, 1), "America/St_Johns"),  # before the year 1 there
    ],
)
def test_another_time_stays_a_time(deadline, zone):
    (event,) = lint(written(replace(TODO, deadline_at=deadline), all_day_in=zone))
    assert event["DTSTART"].endswith("Z")


def test_an_alarm_rings_before_the_deadline():
    (event,) = lint(written(TODO, alarm=timedelta(minutes=15)))
    (task,) = lint(written(TODO, component="VTODO", alarm=timedelta(minutes=15)))
    assert event["VALARM TRIGGER;RELATED=START"] == "-PT15M"
    assert task["VALARM TRIGGER;RELATED=END"] == "-PT15M"
    assert event["VALARM DESCRIPTION"] == task["VALARM DESCRIPTION"] == "Write it"


def test_of_an_event_and_a_task_for_one_todo_one_rings():
    event, task = lint(written(TODO, component="both", alarm=timedelta(minutes=15)))
    assert "VALARM ACTION" in event
    assert "VALARM ACTION" not in task


def test_what_is_done_rings_no_more():
    assert b"VALARM" not in written(DONE, component="both", alarm=timedelta(minutes=15))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://todo.example/todos/{id}?a=1;b,c#%20", "https://todo.example/todos/1?a=1;b,c#%20"),
        ("https://todo.example/", "https://todo.example/"),
        ("https://ü.example/\r\nX-EVIL:{id}\ud800", "https://%C3%BC.example/%0D%0AX-EVIL:1?"),
    ],
)
def test_a_url_leads_back_to_the_todo(url, expected):
    components = lint(written(TODO, component="both", url=url))
    assert [made["URL"] for made in components] == [expected, expected]


def test_the_file_says_what_it_is():
    assert head(
        name="Todos; mine, all",
        color="teal",
        refresh=timedelta(hours=1),
        source="https://todo.example/a,b;c.ics",
    ) == [
        r"NAME:Todos\; mine\, all",
        r"X-WR-CALNAME:Todos\; mine\, all",
        "COLOR:teal",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "SOURCE;VALUE=URI:https://todo.example/a,b;c.ics",
        "X-PUBLISHED-TTL:PT1H",
    ]


@pytest.mark.parametrize("evil", ["x\r\nMETHOD:CANCEL", "x\nBEGIN:VEVENT", "x\x85\u2028\ud800\0"])
def test_no_option_can_add_a_line(evil):
    lines = head(name=evil, color=evil, source=evil)
    assert [line.split(":")[0].split(";")[0] for line in lines] == [
        "NAME", "X-WR-CALNAME", "COLOR", "SOURCE",
    ]  # fmt: skip


@pytest.mark.parametrize("option", ["name", "color"])
def test_a_windows_path_is_no_line_break(option):
    assert unescape(head(**{option: r"C:\New"})[0].partition(":")[2]) == r"C:\New"


def test_another_parser_reads_every_option():
    calendar = vobject.readOne(
        written(
            replace(MIDNIGHT_IN_BRISBANE, title="Ünï; \\ 😀"),
            component="both",
            all_day_in="Australia/Brisbane",
            alarm=timedelta(minutes=15),
            name="Mine",
            refresh=timedelta(days=1),
        ).decode()
    )
    calendar.validate(raiseException=True)
    assert calendar.vevent.valarm.trigger.value == timedelta(minutes=-15)
    assert calendar.vevent.dtend.value - calendar.vevent.dtstart.value == timedelta(days=1)
    assert calendar.vtodo.summary.value == calendar.vevent.valarm.description.value == "Ünï; \\ 😀"
