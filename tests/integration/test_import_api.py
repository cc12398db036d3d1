"""Todos from a calendar file: a web server, a Redis, and a worker process."""

import json
import time
from pathlib import Path

import pytest

from taskoverflow.settings import read_settings
from taskoverflow.web.upload import MAX_UPLOAD
from tests.conftest import free_port, new_database, processes, running_web, wait_until

FOLDER = Path(__file__).parents[1] / "calendars"
CALENDAR = {"Content-Type": "text/calendar"}
COUNTS = ("created", "updated", "unchanged", "skipped")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("import")


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def web(request, folder, valkey):
    """One server and one worker for all tests of this file, on each database."""
    settings = read_settings(
        {
            "TASKOVERFLOW_DATA_DIR": str(folder),
            "DATABASE_URL": new_database(request, folder),
            "REDIS_URL": f"unix://{valkey.unix_socket_path}?db=2",
            "TASKOVERFLOW_PORT": str(free_port()),
            "TASKOVERFLOW_QUEUE": f"import-{request.param}",
        }
    )
    for client in running_web(settings):
        with processes(settings, folder / "worker.log") as start:
            start("worker")
            yield client


@pytest.fixture
def api(web):
    for todo in web.get("/todos").json():
        web.delete(f"/todos/{todo['id']}")
    return web


def add(client, title="x", **fields):
    return client.post("/todos", json={"title": title, **fields}).json()


def export(client, query=""):
    url = client.post(f"/todos/ical{query}").json()["task_url"]
    status = client.get(url, headers={"Prefer": "wait=20"}).json()
    return client.get(status["result_url"]).content


def imported(client, data, query=""):
    """Import a file, and return its job as it ended."""
    submitted = client.post(f"/todos/import{query}", content=data, headers=CALENDAR)
    assert submitted.status_code == 202, submitted.text
    return client.get(submitted.json()["task_url"], headers={"Prefer": "wait=20"}).json()


def counts(job):
    assert job["status"] == "SUCCESS", job
    assert job["result"]["items"] == sum(job["result"][name] for name in COUNTS)
    return tuple(job["result"][name] for name in COUNTS)


def report(client, job):
    answer = client.get(job["links"]["report"])
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def todos(client):
    return client.get("/todos").json()


def test_it_works(api):
    data = (FOLDER / "google.ics").read_bytes()
    submitted = api.post("/todos/import", content=data, headers=CALENDAR)
    assert submitted.status_code == 202
    body = submitted.json()
    assert list(body) == ["task_id", "task_url"]
    assert body["task_url"] == f"{api.base_url}jobs/{body['task_id']}"
    assert submitted.headers["location"] == body["task_url"]

    job = api.get(body["task_url"], headers={"Prefer": "wait=20"}).json()
    assert (job["kind"], job["status"], job["progress"]["stage"]) == ("import", "SUCCESS", "saving")
    assert counts(job) == (3, 0, 0, 2)
    assert job["id"] in [listed["id"] for listed in api.get("/jobs").json()["jobs"]]
    found = {todo["title"]: todo["deadline_at"] for todo in todos(api)}
    assert found == {
        "Supervision, weekly": "2026-12-01T08:00:00",
        "Stand-up": "2026-07-01T07:30:00",
        "Holiday": "2026-12-23T14:00:00",
    }
    lines = report(api, job)
    assert [line["action"] for line in lines] == ["created"] * 2 + ["skipped", "created", "skipped"]
    assert lines[0]["title"] == "Supervision, weekly"
    assert api.get(f"/todos/{lines[0]['todo_id']}").json()["title"] == "Supervision, weekly"
    assert lines[-1] == {
        "line": 72,
        "uid": "cancelled@google.com",
        "title": "Never mind",
        "action": "skipped",
        "todo_id": None,
        "reasons": ["It is cancelled."],
    }


def test_a_form_with_a_file_does_the_same(api):
    data = (FOLDER / "apple.ics").read_bytes()
    answer = api.post("/todos/import?tz=Europe/Berlin", files={"file": ("Home.ics", data)})
    assert answer.status_code == 202, answer.text
    job = api.get(answer.json()["task_url"], headers={"Prefer": "wait=20"}).json()
    assert counts(job) == (2, 0, 0, 1)
    assert "2026-12-02T06:00:00" in [todo["deadline_at"] for todo in todos(api)]


def test_a_repeat_does_nothing_twice(api):
    for name, made in (("google", 3), ("outlook", 3), ("thunderbird", 3), ("apple", 2)):
        data = (FOLDER / f"{name}.ics").read_bytes()
        assert counts(imported(api, data))[:3] == (made, 0, 0), name
        before = todos(api)
        assert counts(imported(api, data))[:3] == (0, 0, made), name
        assert todos(api) == before, name


def test_our_own_calendar_comes_back_as_what_it_was(api):
    add(api, "dated; with, a \\N mark", deadline_at="2026-12-01T10:30:00.5", description="a\nb")
    add(api, "whole day", deadline_at="2026-12-01T14:00:00")
    add(api, "done", completed=True, deadline_at="2026-12-02T10:30:00")
    add(api, "undated \x07 bell")
    before = todos(api)
    query = "?component=both&check_mark=true&all_day=midnight&tz=Australia/Brisbane"
    data = export(api, query)
    assert b"DTSTART;VALUE=DATE:20261202" in data
    assert counts(imported(api, data)) == (0, 0, 4, 0)
    assert todos(api) == before

    # Into an empty installation it brings all of it, and a repeat finds that.
    for todo in before:
        api.delete(f"/todos/{todo['id']}")
    assert counts(imported(api, data)) == (4, 0, 0, 0)
    shown = {todo["title"]: (todo["completed"], todo["deadline_at"]) for todo in todos(api)}
    assert shown["done"] == (True, "2026-12-02T10:30:00")
    assert shown["whole day"] == (False, "2026-12-01T14:00:00")
    assert counts(imported(api, data)) == (0, 0, 4, 0)
    assert counts(imported(api, export(api, query))) == (0, 0, 4, 0)


def test_an_edited_calendar_changes_the_todos(api):
    first = add(api, "Write it", deadline_at="2026-12-01T10:30:00")
    other = add(api, "Read it", deadline_at="2026-12-02T10:30:00")
    data = export(api, "?component=VTODO").replace(b"Write it", b"Write it now")
    data = data.replace(b"20261202T103000Z", b"20261203T103000Z", 1)
    assert counts(imported(api, data)) == (0, 2, 0, 0)
    now = api.get(f"/todos/{first['id']}").json()
    assert (now["title"], now["created_at"]) == ("Write it now", first["created_at"])
    assert now["updated_at"] > first["updated_at"]
    assert api.get(f"/todos/{other['id']}").json()["deadline_at"] == "2026-12-03T10:30:00"
    # The same file may be edited again: it is as new as the copy that was taken.
    assert counts(imported(api, data.replace(b"it now", b"it soon"))) == (0, 1, 1, 0)
    # What has been changed here since is newer.
    time.sleep(1)  # LAST-MODIFIED has no parts of a second
    api.put(f"/todos/{first['id']}", json={"title": "Mine"})
    older = imported(api, data)
    assert counts(older) == (0, 0, 1, 1)
    assert "overwrite=true" in report(api, older)[0]["reasons"][0]
    assert counts(imported(api, data, "?overwrite=true")) == (0, 1, 1, 0)


def test_a_broken_file_changes_nothing_and_says_where(api, folder):
    data = (FOLDER / "google.ics").read_bytes()
    job = imported(api, data[:-15])
    assert (job["status"], job["attempts"]) == ("FAILURE", 1)
    assert job["error"]["code"] == "broken_calendar"
    assert "Line 1 begins a VCALENDAR that the file does not end." in job["error"]["message"]
    assert todos(api) == []
    log = (folder / "worker.log").read_text()
    assert f"job {job['id']}: fails: {job['error']['message']}" in log
    assert "Traceback" not in log
    assert api.get(job["links"]["report"]).status_code == 404


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"", CALENDAR, 400),
        (b"hello", CALENDAR, 400),
        (b"\x1f\x8b\x08\x00", CALENDAR, 400),
        (b"x", {}, 415),
        (b"x", {"Content-Type": "application/json"}, 415),
        (b"x", {"Content-Type": "text/calendar; charset=iso-8859-1"}, 415),
        (b"x", {**CALENDAR, "Content-Encoding": "gzip"}, 415),
        (b"x" * (MAX_UPLOAD + 1), CALENDAR, 413),
        (b"x", {"Content-Type": "multipart/form-data"}, 400),
        (b"x", {"Content-Type": "multipart/form-data; boundary=b"}, 400),
        (b"--b\r\n\r\nx", {"Content-Type": "multipart/form-data; boundary=b"}, 400),
    ],
)
def test_what_is_no_file_is_refused_at_once(api, content, headers, status):
    answer = api.post("/todos/import", content=content, headers=headers)
    assert answer.status_code == status, answer.text
    assert set(answer.json()) >= {"error", "code"}


def test_a_file_that_does_not_say_how_large_it_is_ends_at_the_limit(api):
    chunks = (b"x" * 1024 for _ in range(MAX_UPLOAD // 1024 + 1))
    assert api.post("/todos/import", content=chunks, headers=CALENDAR).status_code == 413


@pytest.mark.parametrize(
    "form",
    [
        {"files": {"file": ("x.ics", b"")}},
        {"files": {"file": ("x.ics", b"hello")}},
        {"files": [("a", ("x.ics", b"BEGIN:VCALENDAR")), ("b", ("y.ics", b"BEGIN:VCALENDAR"))]},
        {"files": {"file": ("x.ics", b"BEGIN:VCALENDAR")}, "data": {"tz": "UTC"}},
    ],
)
def test_a_form_holds_one_calendar_and_nothing_else(api, form):
    answer = api.post("/todos/import", **form)
    assert (answer.status_code, answer.json()["field"]) == (400, "file")


@pytest.mark.parametrize("query", ["?tz=Mars", "?overwrite=1", "?file=x"])
def test_an_option_that_there_is_not_is_refused_by_name(api, query):
    answer = api.post(f"/todos/import{query}", content=b"BEGIN:VCALENDAR", headers=CALENDAR)
    assert (answer.status_code, answer.json()["field"]) == (400, query[1:].partition("=")[0])


def test_a_report_is_of_an_import_that_has_ended(api):
    assert api.get("/todos/import/unknown/report").status_code == 404
    calendar = api.post("/todos/ical").json()["task_id"]
    wait_until(lambda: api.get(f"/jobs/{calendar}").json()["status"] == "SUCCESS")
    assert api.get(f"/todos/import/{calendar}/report").status_code == 404
