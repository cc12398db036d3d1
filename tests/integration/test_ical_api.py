"""The calendar from POST to file: a web server, a Redis, and a worker process."""

import gzip
from datetime import UTC, datetime, timedelta

import ics
import pytest
import vobject
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from taskoverflow.jobqueue import GENERATE_ICAL
from taskoverflow.settings import read_settings
from tests.calendar_lint import lint, unescape
from tests.conftest import free_port, processes, running_web, wait_until


@pytest.fixture(scope="module")
def api_settings(tmp_path_factory, valkey):
    folder = tmp_path_factory.mktemp("ical")
    return read_settings(
        {
            "TASKOVERFLOW_DATA_DIR": str(folder),
            "REDIS_URL": f"unix://{valkey.unix_socket_path}?db=1",
            "TASKOVERFLOW_PORT": str(free_port()),
        }
    )


@pytest.fixture(scope="module")
def web(api_settings):
    """One server and one worker for all tests of this file."""
    for client in running_web(api_settings):
        with processes(api_settings, api_settings.data_folder / "worker.log") as start:
            start("worker")
            yield client


@pytest.fixture
def api(web):
    for todo in web.get("/todos").json():
        web.delete(f"/todos/{todo['id']}")
    return web


def add(client, title="x", days=1.0, **fields):
    due = None if days is None else (datetime.now(UTC) + timedelta(days=days)).isoformat()
    body = {"title": title, "deadline_at": due, **fields}
    return client.post("/todos", json=body).json()


def finished(client, query=""):
    """Ask for a calendar, wait for it, and return its last status."""
    submitted = client.post(f"/todos/ical{query}")
    assert submitted.status_code == 202, submitted.text
    return ended(client, submitted.json()["task_url"])


def ended(client, task_url):
    ends = ("SUCCESS", "FAILURE", "REVOKED")
    wait_until(lambda: client.get(task_url).json()["task_status"] in ends)
    return client.get(task_url).json()


def summaries(data):
    return sorted(unescape(event["SUMMARY"]) for event in lint(data))


def test_it_works(api):
    todo = add(api, "Watch CSSE6400 Lecture", days=2, description="Queues; workers, jobs")
    submitted = api.post("/todos/ical")
    assert submitted.status_code == 202
    body = submitted.json()
    assert list(body) == ["task_id", "task_url"]
    assert body["task_url"] == f"{api.base_url}todos/ical/{body['task_id']}/status"
    assert submitted.headers["location"] == body["task_url"]

    status = ended(api, body["task_url"])
    assert status["task_id"] == body["task_id"]
    assert status["task_status"] == "SUCCESS"
    assert status["result_url"] == f"{api.base_url}todos/ical/{body['task_id']}/result"

    result = api.get(status["result_url"])
    assert result.status_code == 200
    assert result.headers["content-type"] == "text/calendar; charset=utf-8"
    assert result.headers["content-disposition"] == 'attachment; filename="todos.ics"'
    (event,) = lint(result.content)
    assert event["UID"].startswith(f"todo-{todo['id']}@")

    deadline = datetime.fromisoformat(todo["deadline_at"]).replace(microsecond=0)
    (read,) = ics.Calendar(result.text).events
    assert read.name == todo["title"]
    assert read.description == todo["description"]
    assert read.begin.naive == deadline
    assert read.duration == timedelta(minutes=30)
    assert vobject.readOne(result.text).vevent.summary.value == todo["title"]


def test_an_event_leads_back_to_its_todo_s_page(api):
    add(api, "Ada's")
    (event,) = lint(api.get(finished(api)["result_url"]).content)
    page = api.get(event["URL"])
    assert page.status_code == 200
    assert "Ada&#39;s" in page.text


def test_todos_without_a_deadline_are_left_out_and_counted(api):
    add(api, "dated")
    add(api, "undated", days=None)
    status = finished(api)
    assert status["summary"]["events"] == 1
    assert status["summary"]["undated"] == 1
    assert summaries(api.get(status["result_url"]).content) == ["dated"]


def test_the_calendar_is_narrowed_as_the_list_is(api):
    add(api, "overdue", days=-1, completed=True)
    add(api, "soon")
    add(api, "later", days=10)
    for query in ("", "?completed=true", "?completed=false", "?window=5", "?window=0", "?q=SO"):
        listed = sorted(todo["title"] for todo in api.get(f"/todos{query}").json())
        assert summaries(api.get(finished(api, query)["result_url"]).content) == listed, query


def test_the_calendar_has_the_shape_asked_for(api):
    add(api, "dated", deadline_at="2026-12-01T00:00:00", completed=True)
    add(api, "undated", days=None)
    query = "?component=both&check_mark=true&alarm=15m&all_day=midnight&tz=UTC&color=teal"
    status = finished(api, query)
    assert (status["summary"]["events"], status["summary"]["undated"]) == (2, 0)
    event, done, undated = lint(api.get(status["result_url"]).content)
    assert event["SUMMARY"] == "✓ dated"
    assert event["DTSTART;VALUE=DATE"] == done["DUE;VALUE=DATE"] == "20261201"
    assert (done["STATUS"], undated["STATUS"]) == ("COMPLETED", "NEEDS-ACTION")
    assert b"\r\nCOLOR:teal\r\n" in api.get(status["result_url"]).content
    add(api, "open", days=3)
    rung = api.get(finished(api, "?alarm=2h&completed=false")["result_url"]).text
    assert "TRIGGER;RELATED=START:-PT2H" in rung


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("component=vevent", "component"),
        ("component=", "component"),
        ("check_mark=1", "check_mark"),
        ("alarm=15", "alarm"),
        ("color=%23ff0000", "color"),
        ("alarm=-1m", "alarm"),
        ("alarm=5w", "alarm"),
        ("all_day=true", "all_day"),
        ("tz=UTC", "tz"),
        ("all_day=midnight&tz=../../etc/passwd", "tz"),
        ("all_day=midnight&tz=Mars", "tz"),
    ],
)
def test_a_shape_that_there_is_not_is_refused_by_name(api, query, field):
    answer = api.post(f"/todos/ical?{query}")
    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_no_todos_make_an_empty_calendar(api):
    assert lint(api.get(finished(api)["result_url"]).content) == []


def test_gzip_is_passed_through_as_it_is_stored(api):
    for number in range(50):
        add(api, f"todo {number}")
    status = finished(api)
    with api.stream("GET", status["result_url"], headers={"Accept-Encoding": "gzip"}) as answer:
        compressed = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) == len(compressed)
    assert len(compressed) == status["summary"]["gzip_bytes"]
    plain = api.get(status["result_url"], headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert int(plain.headers["content-length"]) == len(plain.content) == status["summary"]["bytes"]
    assert gzip.decompress(compressed) == plain.content
    assert plain.headers["vary"] == answer.headers["vary"] == "Accept-Encoding"


def test_what_a_client_has_is_not_sent_again(api):
    add(api)
    url = finished(api)["result_url"]
    etags = set()
    for encoding in ("gzip", "identity"):
        headers = {"Accept-Encoding": encoding}
        etag = api.get(url, headers=headers).headers["etag"]
        again = api.get(url, headers={**headers, "If-None-Match": f'"other", {etag}'})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
        assert api.get(url, headers={**headers, "If-None-Match": '"x"'}).status_code == 200
        etags.add(etag)
    assert len(etags) == 2


def test_the_same_todos_give_the_same_bytes_and_etag(api):
    for number in range(5):
        add(api, f"todo {number}")
    first, second = (api.get(finished(api)["result_url"]) for _ in range(2))
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]
    add(api)
    assert api.get(finished(api)["result_url"]).headers["etag"] != first.headers["etag"]


def test_head_says_what_get_would_send(api):
    url = finished(api)["result_url"]
    head, get = api.head(url), api.get(url)
    assert head.status_code == 200
    assert head.headers["content-length"] == get.headers["content-length"]
    assert head.headers["etag"] == get.headers["etag"]


@pytest.mark.parametrize("task_id", ["unknown", "a%00b", "a.b", "%F0", "x" * 300])
@pytest.mark.parametrize("what", ["status", "result"])
def test_an_unknown_task_is_not_found(api, task_id, what):
    answer = api.get(f"/todos/ical/{task_id}/{what}")
    assert (answer.status_code, answer.json()["error"]) == (404, "Task not found")


def test_a_task_that_failed_says_so(api, api_settings):
    with Redis.from_url(api_settings.redis_url) as connection:
        queue = Queue(api_settings.queue, connection=connection, serializer=JSONSerializer)
        job = queue.enqueue_call(GENERATE_ICAL, kwargs={"window": "no number"})
    status = ended(api, f"/todos/ical/{job.id}/status")
    assert status["task_status"] == "FAILURE"
    result = api.get(status["result_url"])
    assert (result.status_code, result.json()["error"]) == (404, "Task failed")


def test_nothing_of_a_calendar_passes_through_redis(api, api_settings):
    for number in range(20):
        add(api, f"todo {number} " + "x" * 200, description="y" * 5000)
    assert finished(api)["summary"]["bytes"] > 100_000
    with Redis.from_url(api_settings.redis_url) as connection:
        sizes = [connection.memory_usage(key) for key in connection.scan_iter()]
    assert max(sizes) < 10_000


def test_a_task_that_waits_is_not_finished(client):
    task_url = client.post("/todos/ical").json()["task_url"]
    status = client.get(task_url).json()
    assert status["task_status"] == "PENDING"
    result = client.get(status["result_url"])
    assert (result.status_code, result.json()["error"]) == (404, "Task not finished")


def test_equal_requests_that_wait_share_one_task(client):
    ask = lambda query="": client.post(f"/todos/ical{query}").json()["task_id"]  # noqa: E731
    assert ask() == ask()
    assert ask("?window=1&completed=true") == ask("?completed=true&window=1")
    assert len({ask(), ask("?window=1"), ask("?completed=true")}) == 3


def test_a_slow_task_shows_how_far_it_is_and_is_not_joined(client, start):
    start("worker", ical_delay=3.0)
    first = client.post("/todos/ical").json()

    def progress():
        return client.get(first["task_url"]).json()["progress"]

    wait_until(progress)
    before = progress()
    assert before["stage"] == "waiting"
    assert before["total"] == 3
    wait_until(lambda: (progress() or {}).get("done", 0) > before["done"])
    assert client.get(first["task_url"]).json()["task_status"] == "STARTED"
    assert client.get(f"/todos/ical/{first['task_id']}/result").status_code == 404
    # It may have read the database already: who asks now needs a task of their own.
    add(client, "added while the first one ran")
    second = client.post("/todos/ical").json()
    assert second["task_id"] != first["task_id"]
    status = ended(client, second["task_url"])
    assert summaries(client.get(status["result_url"]).content) == ["added while the first one ran"]
    assert ended(client, first["task_url"])["progress"]["stage"] == "writing"
