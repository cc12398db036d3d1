"""The same store tests over SQLite and a real PostgreSQL."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from math import ceil

import pytest

from taskoverflow.errors import DatabaseUnavailable, NotFound
from taskoverflow.store import calendars, feeds, todos
from taskoverflow.store.calendars import CHUNK_SIZE
from taskoverflow.store.database import open_database, transaction
from taskoverflow.store.models import CalendarChunk, Todo, utc_now
from taskoverflow.store.todos import Filter
from taskoverflow.store.todos.stream import SOME


def add(database, title="x", **fields):
    return todos.create(database, {"title": title, **fields})


def in_days(days):
    return utc_now() + timedelta(days=days)


def titles(found):
    return [todo.title for todo in found]


def test_a_todo_comes_back_as_it_was_stored(database):
    deadline = datetime(2026, 12, 1, 10, 0, 0, 123456)
    stored = add(database, "Ünïcödé 😀 '; DROP TABLE todo; --", deadline_at=deadline)
    assert todos.get(database, stored.id) == stored
    assert stored.title == "Ünïcödé 😀 '; DROP TABLE todo; --"
    assert stored.deadline_at == deadline
    assert (stored.description, stored.completed) == (None, False)
    assert stored.created_at == stored.updated_at


@pytest.mark.parametrize("todo_id", [0, 1, 2**31, 2**63 - 1, 2**63, 10**19, 10**20])
def test_an_unknown_id_is_not_found_however_large(database, todo_id):
    with pytest.raises(NotFound):
        todos.get(database, todo_id)
    with pytest.raises(NotFound):
        todos.update(database, todo_id, {"title": "y"})
    assert todos.delete(database, todo_id) is None


def test_an_update_changes_what_is_given_and_the_time_of_the_update(database):
    before = add(database, "x", description="kept")
    after = todos.update(database, before.id, {"completed": True})
    assert (after.title, after.description, after.completed) == ("x", "kept", True)
    assert after.updated_at > before.updated_at
    assert after.created_at == before.created_at
    assert todos.get(database, before.id) == after


def test_an_empty_update_changes_nothing(database):
    before = add(database)
    assert todos.update(database, before.id, {}) == before
    assert todos.get(database, before.id) == before


def test_a_deleted_todo_is_returned_and_gone(database):
    stored = add(database)
    assert todos.delete(database, stored.id) == stored
    assert todos.find(database, Filter()) == []


def test_a_deleted_todo_s_id_never_comes_back(database):
    first = add(database)
    todos.delete(database, first.id)
    assert add(database).id > first.id


def test_todos_are_found_newest_first(database):
    for number in range(5):
        add(database, str(number))
    moment = utc_now()
    with transaction(database, write=True):
        Todo.update(created_at=moment).where(Todo.title << ["1", "2"]).execute()
    assert titles(todos.find(database, Filter())) == ["2", "1", "4", "3", "0"]
    assert titles(todos.find(database, Filter(), limit=2)) == ["2", "1"]


def test_todos_are_filtered_by_completion_and_deadline(database):
    add(database, "undated")
    add(database, "overdue", deadline_at=in_days(-3))
    add(database, "soon", deadline_at=in_days(2), completed=True)
    add(database, "later", deadline_at=in_days(9))
    assert set(titles(todos.find(database, Filter(completed=True)))) == {"soon"}
    assert set(titles(todos.find(database, Filter(window=5)))) == {"overdue", "soon"}
    assert set(titles(todos.find(database, Filter(window=0)))) == {"overdue"}
    assert titles(todos.find(database, Filter(completed=False, window=36500))) == [
        "later",
        "overdue",
    ]


def test_dated_todos_stream_in_order_of_their_deadlines(database):
    deadlines = [in_days(days) for days in (3, 1, 2)]
    for deadline in deadlines:
        add(database, deadline_at=deadline)
    add(database)
    with todos.by_deadline(database, Filter(), undated=False) as dated:
        assert (dated.total, dated.undated) == (3, 1)
        assert [todo.deadline_at for todo in dated.todos] == sorted(deadlines)


def test_undated_todos_come_last_if_they_are_asked_for(database):
    undated, dated = add(database), add(database, deadline_at=in_days(1))
    with todos.by_deadline(database, Filter(), undated=True) as found:
        assert (found.total, found.undated) == (2, 1)
        assert [todo.id for todo in found.todos] == [dated.id, undated.id]


@pytest.mark.parametrize("dated", [SOME, SOME + 1])
@pytest.mark.parametrize("undated", [SOME, SOME + 1])
def test_no_todo_is_lost_where_a_stream_begins_to_need_a_cursor(database, dated, undated):
    row = {"title": "x", "completed": False, "created_at": utc_now(), "updated_at": utc_now()}
    deadlines = [in_days(1)] * dated + [None] * undated
    made = ({**row, "deadline_at": deadline} for deadline in deadlines)
    assert sum(todos.create_many(database, made)) == dated + undated
    with todos.by_deadline(database, Filter(), undated=True) as found:
        assert (found.total, found.undated) == (dated + undated, undated)
        assert len({todo.id for todo in found.todos}) == dated + undated
    with todos.by_deadline(database, Filter(), undated=False) as found:
        assert (found.total, found.undated) == (dated, undated)
        assert all(todo.deadline_at for todo in found.todos)


def test_a_todo_that_loses_its_deadline_while_it_is_read_comes_once(database):
    row = {"title": "x", "completed": False, "created_at": utc_now(), "updated_at": utc_now()}
    made = ({**row, "deadline_at": in_days(day) if day else None} for day in range(SOME + 2))
    assert sum(todos.create_many(database, made)) == SOME + 2
    last = max(todos.find(database, Filter(window=36_500)), key=lambda todo: todo.deadline_at)
    with (
        ThreadPoolExecutor(1) as other,
        todos.by_deadline(database, Filter(), undated=True) as all_,
    ):
        ids = [next(all_.todos).id]
        other.submit(todos.update, database, last.id, {"deadline_at": None}).result()
        ids += [todo.id for todo in all_.todos]
    assert sorted(ids) == list(range(1, SOME + 3))


def test_a_narrowed_stream_has_what_is_meant(database):
    for title, days in (("read it", 1), ("read on", 9), ("write", 2), ("read undated", None)):
        add(database, title, deadline_at=in_days(days) if days else None, completed=days == 9)
    for which, expected, undated in (
        (Filter(window=5), ["read it", "write"], 0),
        (Filter(q="read"), ["read it", "read on"], 1),
        (Filter(completed=False), ["read it", "write"], 1),
        (Filter(due_after=in_days(1.5)), ["write", "read on"], 0),
    ):
        for _ in range(2):  # the SQL is written, and kept
            with todos.by_deadline(database, which, undated=False) as found:
                assert (titles(found.todos), found.undated) == (expected, undated)


def test_a_calendar_is_told_how_often_a_deadline_changed_and_when_a_todo_was_done(database):
    def shown():
        with todos.by_deadline(database, Filter(), undated=True) as found:
            (todo,) = found.todos
            return todo.sequence, todo.completed_at

    made = add(database)
    assert shown() == (0, None)
    todos.update(database, made.id, {"title": "y", "completed": True})
    done = todos.get(database, made.id).updated_at
    assert shown() == (0, done)
    deadline = in_days(1)
    todos.update(database, made.id, {"deadline_at": deadline, "completed": True})
    assert shown() == (1, done)
    todos.update(database, made.id, {"deadline_at": deadline, "completed": False})
    assert shown() == (1, None)


def test_a_stream_does_not_hold_all_todos_at_once(database):
    row = {"title": "x", "deadline_at": in_days(1), "created_at": utc_now(), "completed": False}
    rows = ({**row, "updated_at": row["created_at"]} for _ in range(3000))
    assert sum(todos.create_many(database, rows)) == 3000
    with todos.by_deadline(database, Filter(), undated=False) as dated:
        assert sum(1 for _ in dated.todos) == 3000


def test_threads_write_side_by_side_and_lose_nothing(database):
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda number: add(database, str(number)), range(100)))
    assert len(todos.find(database, Filter())) == 100


def test_a_failed_transaction_leaves_nothing(database):
    def fail_half_way():
        with transaction(database, write=True):
            Todo.create(title="x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert todos.find(database, Filter()) == []


def store(database, data=b"x", expires_in=60):
    expires_at = utc_now() + timedelta(seconds=expires_in)
    return calendars.store(
        database, io.BytesIO(data), etag="e", events=1, size=9, expires_at=expires_at
    )


@pytest.mark.parametrize("size", [0, 1, CHUNK_SIZE, CHUNK_SIZE + 1, 3 * CHUNK_SIZE])
def test_a_calendar_comes_back_in_chunks(database, size):
    data = (bytes(range(256)) * 4000)[:size]
    calendar = store(database, data)
    assert calendar.gzip_size == len(data)
    assert calendars.get(database, calendar.id) == calendar
    chunks, position = [], 0
    while chunk := calendars.chunk(database, calendar.id, position):
        chunks.append(chunk)
        position += 1
    assert len(chunks) == ceil(size / CHUNK_SIZE)
    assert b"".join(chunks) == data


def test_an_expired_calendar_is_not_found_and_is_purged_with_its_chunks(database):
    kept, expired = store(database), store(database, expires_in=-1)
    assert calendars.get(database, expired.id) is None
    assert calendars.purge(database) == 1
    assert calendars.get(database, kept.id) == kept
    with database.connection_context():
        assert CalendarChunk.select().count() == 1


def test_an_unknown_calendar_is_not_found(database):
    assert calendars.get(database, "unknown") is None


def test_the_installation_has_one_id_that_stays(database):
    first = calendars.instance_uuid(database)
    assert len(first) == 36
    assert calendars.instance_uuid(database) == first


@pytest.mark.parametrize(
    "url", ["sqlite:////nowhere/at/all.db", "postgresql://me@127.0.0.1:1/todos"]
)
def test_a_database_that_is_away_is_said_so(url):
    with pytest.raises(DatabaseUnavailable):
        todos.find(open_database(url, connections=1), Filter())


def test_each_change_of_a_todo_raises_the_revision_and_nothing_else_does(database):
    def revisions():
        yield feeds.revision(database)
        made = add(database)
        yield feeds.revision(database)
        todos.update(database, made.id, {"title": "y"})
        yield feeds.revision(database)
        todos.delete(database, made.id)
        yield feeds.revision(database)

    found = list(revisions())
    assert found == sorted(set(found))
    todos.delete(database, 12345)
    assert feeds.revision(database) == found[-1]


def test_a_feed_is_found_by_its_token_alone_once_it_has_a_file(database):
    feed, token = feeds.create(database, "x", {"window": 7})
    assert feed.options == {"window": 7}
    with pytest.raises(NotFound):
        feeds.file_of(database, token)
    calendar = store(database)
    assert feeds.set_file(database, feed.id, calendar.id, feeds.revision(database))
    file = feeds.file_of(database, token)
    assert (file.feed_id, file.calendar, file.stale) == (feed.id, calendar.id, False)
    add(database)
    assert feeds.file_of(database, token).stale
    with pytest.raises(NotFound):
        feeds.file_of(database, token[:-1])


def test_a_feed_s_newer_file_is_not_replaced_by_an_older_one(database):
    feed, token = feeds.create(database, "x", {})
    newer, older = store(database), store(database)
    assert feeds.set_file(database, feed.id, newer.id, 5)
    assert not feeds.set_file(database, feed.id, older.id, 4)
    assert feeds.file_of(database, token).calendar == newer.id
    assert calendars.get(database, newer.id).expires_at.year == 9999


def test_a_revoked_feed_takes_no_file_and_leaves_none_behind(database):
    feed, token = feeds.create(database, "x", {})
    calendar = store(database)
    feeds.set_file(database, feed.id, calendar.id, 1)
    assert feeds.delete(database, feed.id).id == feed.id
    assert feeds.delete(database, feed.id) is None
    assert calendars.get(database, calendar.id).expires_at.year < 9999
    assert not feeds.set_file(database, feed.id, store(database).id, 2)
    with pytest.raises(NotFound):
        feeds.file_of(database, token)


@pytest.mark.parametrize(
    "which", [Filter(), Filter(completed=True), Filter(q="milk"), Filter(window=3)]
)
def test_a_page_has_the_version_that_it_is_of(database, which):
    for _ in range(2):
        found = todos.versioned_page(database, which, 2)
        assert found == (todos.version(database, which), todos.page(database, which, 2))
        for number in range(3):
            add(database, f"milk {number}", completed=True, deadline_at=in_days(1))
