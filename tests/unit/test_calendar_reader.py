"""What is read from files that others wrote, and from what is no file at all."""

from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.calendar import CalendarReader
from jobs.calendar import reader as reader_module
from taskoverflow.errors import BrokenCalendar

FOLDER = Path(__file__).parents[1] / "calendars"
INSTANCE = "0b6b1b4e-7d0f-4f3e-9d57-3f0c7c6a1d11"


def read(data, zone=None):
    return list(CalendarReader(data, INSTANCE, zone).todos())


def read_file(name, zone=None):
    return {todo.uid: todo for todo in read((FOLDER / name).read_bytes(), zone)}


def calendar(*lines):
    return "\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""]).encode()


def event(*lines):
    return calendar("BEGIN:VEVENT", "UID:x", "SUMMARY:x", *lines, "END:VEVENT")


def task(*lines):
    return calendar("BEGIN:VTODO", "UID:x", "SUMMARY:x", *lines, "END:VTODO")


def only(data, zone=None):
    (todo,) = read(data, zone)
    return todo


def test_a_file_of_google_s():
    found = read_file("google.ics")
    todo = found["3v1q8k2fj4h6lmn9@google.com"]
    assert todo.title == "Supervision, weekly"
    assert todo.description == "Bring: <b>laptop</b>, charger; notes\nRoom 5"
    assert todo.deadline_at == datetime(2026, 12, 1, 8)
    assert todo.modified_at == datetime(2026, 11, 10)
    assert (todo.is_event, todo.completed, todo.skipped, todo.notes) == (True, None, None, ())
    # A day begins in the calendar's own zone.
    assert found["all-day@google.com"].deadline_at == datetime(2026, 12, 23, 14)
    assert found["cancelled@google.com"].skipped == "It is cancelled."


def test_of_what_repeats_the_first_occurrence_is_taken():
    series, override = (
        todo
        for todo in read((FOLDER / "google.ics").read_bytes())
        if todo.uid == "repeats@google.com"
    )
    assert series.deadline_at == datetime(2026, 7, 1, 7, 30)
    assert series.notes == ("It repeats; the first occurrence was taken.",)
    assert override.skipped == "It changes one occurrence of what repeats."


def test_a_file_of_outlook_s_with_zones_of_its_own():
    found = read_file("outlook.ics")
    todo = found["040000008200E00074C5B7101A82E00800000000B0D3"]
    assert (todo.title, todo.deadline_at) == ("Besprechung: Entwurf", datetime(2026, 7, 1, 8))
    assert found["custom-summer"].deadline_at == datetime(2026, 7, 1, 14)
    assert found["custom-winter"].deadline_at == datetime(2026, 12, 1, 15)
    assert not any(todo.notes for todo in found.values())


def test_a_file_of_thunderbird_s():
    done, doing, undated = read_file("thunderbird.ics").values()
    assert (done.completed, done.completed_at) == (True, datetime(2026, 11, 2, 9, 30))
    assert done.deadline_at == datetime(2026, 12, 15, 22)
    # A day later by the clock on the wall, over the end of summer time, and two hours.
    assert doing.deadline_at == datetime(2026, 10, 25, 13)
    assert doing.completed is False
    assert undated.deadline_at is None


def test_a_file_of_apple_s():
    dinner, floating, journal = read_file("apple.ics").values()
    assert dinner.title.endswith("in the middle of a word")
    assert dinner.deadline_at == datetime(2026, 12, 2, 2)
    assert floating.deadline_at == datetime(2026, 12, 2, 7)
    assert read_file("apple.ics", "Europe/Berlin")[floating.uid].deadline_at.hour == 6
    assert journal.skipped == "It is neither an event nor a task."


@pytest.mark.parametrize(
    ("lines", "completed"),
    [
        (["STATUS:COMPLETED"], True),
        (["STATUS:completed"], True),
        (["COMPLETED:20261101T000000Z"], True),
        (["PERCENT-COMPLETE:100"], True),
        (["PERCENT-COMPLETE:99"], False),
        (["STATUS:NEEDS-ACTION", "PERCENT-COMPLETE:100"], False),
        ([], False),
    ],
)
def test_when_a_task_is_done(lines, completed):
    assert only(task(*lines)).completed is completed


@pytest.mark.parametrize(
    ("line", "deadline", "note"),
    [
        ("DUE:20261201T100000Z", datetime(2026, 12, 1, 10), None),
        ("DUE;TZID=Europe/Berlin:20261201T100000Z", datetime(2026, 12, 1, 10), None),
        ("DUE;VALUE=DATE:20261201", datetime(2026, 12, 1), None),
        ("DUE;TZID=Asia/Kathmandu:20261201T100000", datetime(2026, 12, 1, 4, 15), None),
        ("DUE;TZID=Mars/Olympus:20261201T100000", datetime(2026, 12, 1, 10), "zone is not known"),
        ("DUE;TZID=../../etc/passwd:20261201T100000", datetime(2026, 12, 1, 10), "not known"),
        ("DUE;TZID=Europe:20261201T100000", datetime(2026, 12, 1, 10), "not known"),
        # An hour that there is twice is the first, one that there is not is an hour later.
        ("DUE;TZID=Europe/Berlin:20261025T023000", datetime(2026, 10, 25, 0, 30), None),
        ("DUE;TZID=Europe/Berlin:20260329T023000", datetime(2026, 3, 29, 1, 30), None),
    ],
)
def test_a_deadline_in_utc(line, deadline, note):
    todo = only(task(line))
    assert todo.deadline_at == deadline
    assert note is None or note in todo.notes[0]


@pytest.mark.parametrize(
    "line",
    [
        "DUE:tomorrow",
        "DUE:20261301T000000Z",
        "DUE:P1D",
        "DUE:20261201T100000Z/PT1H",
        "DUE:",
        "DUE;TZID=Asia/Tokyo:00010101T000000",
        "DUE;TZID=America/New_York:99991231T235959",
        "DUE;=;x:20261201T100000Z",
    ],
)
def test_what_cannot_be_read_is_skipped_and_named(line):
    assert only(task(line)).skipped == "Its DUE cannot be read."


def test_a_stamp_that_cannot_be_read_is_done_without():
    assert only(task("LAST-MODIFIED:x", "STATUS:COMPLETED", "COMPLETED:x")).skipped is None


def test_items_without_a_uid_are_told_apart_by_what_they_say():
    lines = ["BEGIN:VTODO", "SUMMARY:a", "DTSTAMP:20261101T000000Z", "END:VTODO"]
    (first,) = read(calendar(*lines))
    later = [line.replace("20261101", "20261102") for line in lines]
    other = [line.replace("SUMMARY:a", "SUMMARY:b") for line in lines]
    assert [todo.uid for todo in read(calendar(*later))] == [first.uid]
    assert [todo.uid for todo in read(calendar(*other))] != [first.uid]
    assert first.notes == ("It has no UID; it was given one that is made of its contents.",)


def test_a_uid_that_is_too_long_is_hashed():
    assert len(only(calendar("BEGIN:VTODO", f"UID:{'x' * 5000}", "END:VTODO")).uid) < 100


@pytest.mark.parametrize("number", ["todo-7", "todo-7-task"])
def test_our_own_uids_name_the_todo(number):
    ours = only(calendar("BEGIN:VTODO", f"UID:{number}@{INSTANCE}", "END:VTODO"))
    assert (ours.todo_id, ours.uid, ours.ours) == (7, f"todo-7@{INSTANCE}", True)
    other = INSTANCE.replace("0", "1")
    theirs = only(calendar("BEGIN:VTODO", f"UID:{number}@{other}", "END:VTODO"))
    assert (theirs.todo_id, theirs.uid, theirs.ours) == (None, f"todo-7@{other}", True)


def test_a_fold_within_a_character_is_undone():
    data = calendar("BEGIN:VTODO", "UID:x", "SUMMARY:Zoë", "END:VTODO")
    assert only(data.replace(b"\xc3\xab", b"\xc3\r\n \xab")).title == "Zoë"


def test_line_ends_and_a_byte_order_mark_may_be_as_they_like():
    data = task("DUE:20261201T100000Z")
    for other in (data.replace(b"\r\n", b"\n"), b"\xef\xbb\xbf" + data, data.rstrip(), data * 2):
        assert read(other)[0].deadline_at == datetime(2026, 12, 1, 10)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "Line 1 should be BEGIN:VCALENDAR, and the file is empty."),
        (b"\r\n\r\n", "Line 1 should be"),
        (b"hello", "Line 1 is no content line"),
        (b"%PDF-1.7\n", "Line 1 is no content line"),
        (b"\x1f\x8b\x08\x00\x01", "Line 1 holds a NUL"),
        ("BEGIN:VCALENDAR".encode("utf-16"), "Line 1 is in UTF-16"),
        (b"BEGIN:VEVENT\nEND:VEVENT", "Line 1 should be BEGIN:VCALENDAR."),
        (b"BEGIN:VCALENDAR\nSUMMARY:a\0b", "Line 2 holds a NUL character."),
        (task("DUE:20261201T100000Z")[:-26], "Line 2 begins a VTODO that the file does not end."),
        (task()[:-15], "Line 1 begins a VCALENDAR that the file does not end."),
        (task() + b"X:1", "Line 7 stands outside of any calendar."),
        (
            calendar("BEGIN:VTODO", "END:VEVENT"),
            "Line 3 ends a VEVENT where VTODO of line 2 should",
        ),
        (calendar("END:VTODO"), "Line 2 ends a VTODO where VCALENDAR of line 1 should"),
        (calendar("BEGIN:<script>"), "Line 2 names no component."),
        (calendar("what is this"), "Line 2 is no content line (NAME:value)."),
        (task("DUE;X"), "Line 5 is no content line"),
        (calendar(*["BEGIN:X"] * 100_000), "Line 9 begins a component in 8 others."),
        (calendar("VERSION:1.0", "BEGIN:VEVENT", "END:VEVENT"), "Line 2 says that the file is a v"),
        (task(*["X:1"]).replace(b"SUMMARY:x", b"SUMMARY:\xe9"), "Line 4 is not in UTF-8."),
    ],
)
def test_a_broken_file_is_told_by_its_line(data, message):
    with pytest.raises(BrokenCalendar) as error:
        read(data)
    assert error.value.message.startswith(message)


def test_a_file_of_too_many_items_is_refused(monkeypatch):
    monkeypatch.setattr(reader_module, "MOST_ITEMS", 3)
    assert len(read(calendar(*["BEGIN:VTODO", "END:VTODO"] * 3))) == 3
    with pytest.raises(BrokenCalendar, match="Line 8 begins an item too many"):
        read(calendar(*["BEGIN:VTODO", "END:VTODO"] * 4))


@pytest.mark.parametrize(
    "rule",
    [
        "RRULE:FREQ=SECONDLY",
        "RRULE:FREQ=YEARLY;INTERVAL=0",
        "RRULE:FREQ=YEARLY;BYSECOND=1,2,3",
        "RRULE:FREQ=YEARLY;COUNT=x",
        "EXRULE:FREQ=SECONDLY",
        "RDATE:x",
    ],
)
def test_a_zone_that_would_take_for_ever_or_makes_no_sense_is_not_known(rule):
    part = ["DTSTART:19700101T000000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", rule]
    zone = ["BEGIN:VTIMEZONE", "TZID:Z1", "BEGIN:STANDARD", *part, "END:STANDARD", "END:VTIMEZONE"]
    todo = ["BEGIN:VTODO", "DUE;TZID=Z1:20261201T100000", "END:VTODO"]
    assert only(calendar(*zone, *todo)).deadline_at == datetime(2026, 12, 1, 10)
    assert "time zone is not known" in only(calendar(*zone, *todo)).notes[-1]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_damage_to_a_file_is_an_item_less_or_a_broken_file(data):
    name = data.draw(st.sampled_from(["google.ics", "outlook.ics", "thunderbird.ics", "apple.ics"]))
    octets = bytearray((FOLDER / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(octets) - 1))
        length = data.draw(st.integers(0, 40))
        octets[at : at + length] = data.draw(st.binary(max_size=10))
    with suppress(BrokenCalendar):
        for todo in read(bytes(octets)):
            assert todo.deadline_at is None or todo.deadline_at.tzinfo is None
