"""What an import decides, and that our own files come back as what they were."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from jobs.calendar import CalendarOptions, CalendarReader, write_calendar
from jobs.import_plan import decide, one_of_each
from taskoverflow.store.todo_import import KnownTodo

INSTANCE = "0b6b1b4e-7d0f-4f3e-9d57-3f0c7c6a1d11"
CHANGED = datetime(2026, 11, 23, 12, 0, 0, 987654)


def known(**changes):
    fields = {
        "id": 7,
        "title": "Write it",
        "description": "soon",
        "completed": False,
        "deadline_at": datetime(2026, 12, 1, 10, 30, 0, 500),
        "created_at": CHANGED,
        "updated_at": CHANGED,
        "changed_at": CHANGED,
    }
    return KnownTodo(**{**fields, **changes})


def exported(*todos, **options):
    shape = CalendarOptions(**{"component": "both", **options})
    return b"".join(write_calendar(todos, INSTANCE, shape))


def read(data):
    return one_of_each(CalendarReader(data, INSTANCE).todos())


def decision(data, todo, **options):
    (item,) = read(data)
    return decide(item, todo, **options)


ZONES = ["UTC", "Australia/Brisbane", "America/New_York"]
midnights = st.builds(
    lambda day, zone: (
        datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None)
    ),
    st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    st.sampled_from(ZONES),
)
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=300)


@given(
    title=texts.filter(bool) | st.just("✓ done"),
    description=texts | st.none(),
    deadline=st.datetimes() | midnights | st.none(),
    completed=st.booleans(),
    component=st.sampled_from(["VEVENT", "VTODO", "both"]),
    check_mark=st.booleans(),
    zone=st.sampled_from([None, *ZONES]),
)
def test_what_was_exported_is_unchanged(
    title, description, deadline, completed, component, check_mark, zone
):
    todo = known(
        title=title[:255], description=description, deadline_at=deadline, completed=completed
    )
    if component == "VEVENT" and deadline is None:
        return
    data = exported(todo, component=component, check_mark=check_mark, all_day_in=zone)
    assert decision(data, todo).action == "unchanged"
    # And where it is not known, it is made as it was.
    (item,) = read(data)
    made = decide(replace(item, todo_id=None), None)
    if made.action == "created":
        again = replace(todo, **{"description": None, **made.fields})
        assert decision(data, again).action == "unchanged"


@pytest.mark.parametrize("component", ["VEVENT", "VTODO"])
@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        (b"Write it", b"Write it now", {"title": "Write it now"}),
        (b"DESCRIPTION:soon\r\n", b"", {"description": None}),
        (b"20261201T103000Z", b"20261202T103000Z", {"deadline_at": datetime(2026, 12, 2, 10, 30)}),
    ],
)
def test_an_edited_file_changes_what_was_edited(component, before, after, changes):
    data = exported(known(), component=component)
    assert before in data
    found = decision(data.replace(before, after), known())
    assert (found.action, found.fields) == ("updated", changes)


def test_a_task_that_was_ticked_off_is_completed():
    data = exported(known(), component="VTODO").replace(b"NEEDS-ACTION", b"COMPLETED")
    assert decision(data, known()).fields == {"completed": True}


def test_the_mark_of_an_event_of_ours_means_completed():
    data = exported(known(completed=True), component="VEVENT", check_mark=True)
    assert decision(data, known()).fields == {"completed": True}
    foreign = data.replace(f"todo-7@{INSTANCE}".encode(), b"x")
    made = decision(foreign, None)
    assert (made.fields["title"], "completed" in made.fields) == ("✓ Write it", False)


def test_an_event_without_a_mark_does_not_say_that_the_todo_is_open():
    done = known(completed=True)
    assert decision(exported(done, component="VEVENT"), done).action == "unchanged"


def test_an_older_copy_changes_nothing_unless_told_to():
    data = exported(known())
    newer = known(title="Later", changed_at=CHANGED + timedelta(seconds=1))
    older = decision(data, newer)
    assert (older.action, older.fields) == ("skipped", {})
    assert "overwrite=true" in older.reasons[0]
    assert decision(data, newer, overwrite=True).fields == {"title": "Write it"}
    assert decision(data, replace(newer, title="Write it")).action == "unchanged"


def test_a_todo_that_was_deleted_is_made_again():
    made = decision(exported(known()), None)
    assert (made.action, made.fields["title"]) == ("created", "Write it")
    assert made.reasons == ("The todo had been deleted, and was made again.",)


def test_of_two_halves_the_newer_counts_or_else_the_task():
    data = exported(known())
    event, task = data.split(b"BEGIN:VTODO")
    edited = event.replace(b"Write it", b"Other") + b"BEGIN:VTODO" + task
    (item,) = read(edited)
    assert item.title == "Write it"
    assert item.notes == ("Its event in line 5 says otherwise, and was not taken.",)
    newer = edited.replace(b"LAST-MODIFIED:2026", b"LAST-MODIFIED:2027", 1)
    (item,) = read(newer)
    assert item.title == "Other"


def test_of_two_foreign_copies_the_newer_is_taken_and_the_other_told_of():
    data = exported(known(), component="VTODO").replace(f"todo-7-task@{INSTANCE}".encode(), b"x")
    head, body = data[: data.index(b"BEGIN:VTODO")], data[data.index(b"BEGIN:VTODO") : -15]
    newer = body.replace(b"LAST-MODIFIED:2026", b"LAST-MODIFIED:2027")
    taken, left = read(head + body + newer + b"END:VCALENDAR")
    assert (taken.line, left.line) == (17, 5)
    assert left.skipped == "Another copy of it, in line 17, was taken."


def test_what_is_too_long_is_cut_and_stays_so():
    lines = (b"SUMMARY:" + b"x" * 300, b"DESCRIPTION:" + b"y" * 20_000)
    data = exported(known(), component="VTODO")
    data = data.replace(b"SUMMARY:Write it", lines[0]).replace(b"DESCRIPTION:soon", lines[1])
    found = decision(data, known())
    assert (len(found.fields["title"]), len(found.fields["description"])) == (255, 10_000)
    assert len(found.reasons) == 2
    assert decision(data, known(**found.fields)).action == "unchanged"


def test_without_a_summary_there_is_no_todo():
    data = exported(known(), component="VTODO").replace(b"SUMMARY:Write it\r\n", b"")
    assert (
        decision(data, None).reasons == decision(data, known()).reasons == ("It has no SUMMARY.",)
    )


def test_a_decision_is_plain_values():
    assert set(asdict(decision(exported(known()), None))) == {"action", "fields", "reasons"}
