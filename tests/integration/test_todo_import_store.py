"""Todos from a file, in the store: cut off, gone on with, by two at once; and what expires."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from jobs.calendar import CalendarReader
from jobs.import_plan import decide, one_of_each
from taskoverflow.errors import UploadExpired
from taskoverflow.store import calendars, imports, todo_import, todos
from taskoverflow.store.models import utc_now
from taskoverflow.store.todos import Filter

ITEMS = 300


def stored(database, data=b"x", expires_in=60):
    return imports.store(database, io.BytesIO(data), utc_now() + timedelta(seconds=expires_in))


def items(database, count=ITEMS, title="Todo"):
    one = "BEGIN:VTODO\nUID:{0}@x\nSUMMARY:" + title + " {0}\nDUE:20261201T100000Z\nEND:VTODO\n"
    body = "".join(one.format(number) for number in range(count))
    data = f"BEGIN:VCALENDAR\n{body}END:VCALENDAR\n".encode()
    return one_of_each(CalendarReader(data, calendars.instance_uuid(database)).todos())


def apply(database, import_id, found, decide=decide):
    todo_import.apply(database, import_id, found, decide, lambda done, total: None)


def finish(database, import_id):
    return imports.finish(database, import_id, utc_now() + timedelta(seconds=60))


def test_a_run_that_is_cut_off_is_gone_on_with_and_nothing_is_done_twice(database):
    file, found = stored(database), items(database)
    decided = []

    def decide_until_killed(todo, known):
        decided.append(todo)
        if len(decided) == 200:
            raise KeyboardInterrupt
        return decide(todo, known)

    with pytest.raises(KeyboardInterrupt):
        apply(database, file, found, decide_until_killed)
    assert len(todos.find(database, Filter())) == 160  # the batch that was cut off left nothing
    apply(database, file, found)
    assert finish(database, file) == {"created": 300, "updated": 0, "unchanged": 0, "skipped": 0}
    assert len(todos.find(database, Filter())) == ITEMS
    # A run that is late finds it done.
    apply(database, file, found)
    assert finish(database, file)["created"] == ITEMS
    assert imports.read(database, file) is None
    lines, behind = imports.report(database, file, 0)
    assert len(lines.splitlines()) == ITEMS
    assert imports.report(database, file, behind) is None


def test_two_runs_at_once_share_the_work(database):
    file, found = stored(database), items(database)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: apply(database, file, found), range(2)))
    assert finish(database, file)["created"] == ITEMS
    assert len(todos.find(database, Filter())) == ITEMS


def test_two_files_with_the_same_todos_at_once_make_each_once(database):
    files, found = [stored(database), stored(database)], items(database)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda file: apply(database, file, found), files))
    assert sum(finish(database, file)["created"] for file in files) == ITEMS
    assert len(todos.find(database, Filter())) == ITEMS


def test_a_changed_todo_is_found_sorted_and_stamped_anew(database):
    apply(database, stored(database), items(database, 1))
    (before,) = todos.find(database, Filter())
    apply(database, stored(database), items(database, 1, "Äpfel"))
    (after,) = todos.find(database, Filter(q="apfel"))
    assert (after.id, after.title, after.created_at) == (before.id, "Äpfel 0", before.created_at)
    assert after.updated_at > before.updated_at
    assert after.deadline_at == datetime(2026, 12, 1, 10)


def test_a_file_comes_back_whole_until_it_expires(database):
    data = bytes(range(256)) * 3000
    file, expired = stored(database, data), stored(database, data, expires_in=-1)
    assert imports.read(database, file) == data
    assert imports.purge(database) == 1
    with pytest.raises(UploadExpired):
        imports.read(database, expired)
    imports.delete(database, file)
    with pytest.raises(UploadExpired):
        apply(database, file, items(database, 1))
