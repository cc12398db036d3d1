"""The life of a job over HTTP: list, look at, wait for, watch, cancel, retry."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import msgspec
import pytest
from redis import Redis
from rq.job import Job
from rq.serializers import JSONSerializer

from tests.conftest import free_port, running_web, wait_until

FIELDS = {
    "id", "kind", "status", "progress", "position", "attempts", "created_at", "started_at",
    "ended_at", "duration", "worker", "expires_at", "error", "result", "request_id", "links",
}  # fmt: skip


def submit(client, window=None):
    query = "" if window is None else f"?window={window}"
    return client.post(f"/todos/ical{query}").json()["task_id"]


def job(client, job_id):
    answer = client.get(f"/jobs/{job_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def wait_for(client, job_id, *statuses):
    wait_until(lambda: job(client, job_id)["status"] in statuses)
    return job(client, job_id)


def events(client, job_id, each=lambda: None):
    """What the stream sends, as (event, job); `each` is called at each of them."""
    found, event = [], None
    with client.stream("GET", f"/jobs/{job_id}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                event = value
            elif name == "data":
                found.append((event, json.loads(value)))
                each()
    return found


def test_a_job_shows_all_that_is_known_of_it(client, start):
    first, second = submit(client), submit(client, 1)
    waiting = job(client, second)
    assert set(waiting) == FIELDS
    assert (waiting["kind"], waiting["status"], waiting["position"]) == ("ical", "PENDING", 1)
    assert (waiting["attempts"], waiting["started_at"], waiting["result"]) == (0, None, None)
    assert waiting["links"]["self"] == f"{client.base_url}jobs/{second}"
    start("worker")
    done = wait_for(client, first, "SUCCESS")
    assert (done["position"], done["attempts"], done["error"]) == (None, 1, None)
    assert done["created_at"] < done["started_at"] < done["ended_at"] < done["expires_at"]
    assert 0 < done["duration"] < 10
    assert done["worker"]
    assert done["progress"] == {"stage": "writing", "done": 0, "total": 0, "percent": 100}
    assert done["result"]["events"] == 0
    assert client.get(done["links"]["result"]).text.startswith("BEGIN:VCALENDAR")


@pytest.mark.parametrize("call", ["GET", "DELETE", "POST retry", "GET events"])
@pytest.mark.parametrize("job_id", ["unknown", "a.b", "a%00b", "%F0", "x" * 300])
def test_an_unknown_job_is_not_found(client, call, job_id):
    method, _, rest = call.partition(" ")
    answer = client.request(method, f"/jobs/{job_id}/{rest}".rstrip("/"))
    assert (answer.status_code, answer.json()["error"]) == (404, "Job not found")


def test_the_list_is_newest_first_and_comes_in_pages(client):
    job_ids = [submit(client, window) for window in range(25)]
    found, cursor, pages = [], "", 0
    while cursor is not None:
        page = client.get(f"/jobs?limit=10{cursor and '&cursor=' + cursor}").json()
        found += [job["id"] for job in page["jobs"]]
        cursor, pages = page["next"], pages + 1
    assert found == job_ids[::-1]
    assert pages == 3
    assert len(client.get("/jobs").json()["jobs"]) == 25


def test_the_list_is_narrowed_by_status(client):
    job_ids = [submit(client, window) for window in range(6)]
    for job_id in job_ids[::2]:
        client.delete(f"/jobs/{job_id}")
    revoked = client.get("/jobs?status=REVOKED&limit=2").json()
    assert [job["id"] for job in revoked["jobs"]] == [job_ids[4], job_ids[2]]
    rest = client.get(f"/jobs?status=REVOKED&limit=2&cursor={revoked['next']}").json()
    assert [job["id"] for job in rest["jobs"]] == [job_ids[0]]
    assert rest["next"] is None
    assert client.get("/jobs?status=SUCCESS").json() == {"jobs": [], "next": None}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=success", "status"),
        ("status=", "status"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("cursor=x", "cursor"),
        ("cursor=1.a%00", "cursor"),
        ("offset=1", "offset"),
    ],
)
def test_a_bad_query_is_refused_by_name(client, query, field):
    answer = client.get(f"/jobs?{query}")
    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_a_waiting_job_is_cancelled_and_never_runs(client, start):
    job_id = submit(client)
    answer = client.delete(f"/jobs/{job_id}")
    assert (answer.status_code, answer.json()["status"]) == (200, "REVOKED")
    assert answer.json()["expires_at"] is not None
    start("worker")
    other = submit(client)
    assert other != job_id
    wait_for(client, other, "SUCCESS")
    assert job(client, job_id)["attempts"] == 0
    result = client.get(f"/todos/ical/{job_id}/result")
    assert (result.status_code, result.json()["error"]) == (404, "Task was cancelled")


def test_a_running_job_is_stopped(client, start):
    worker = start("worker", ical_delay=60.0)
    job_id = submit(client)
    wait_for(client, job_id, "STARTED")
    answer = client.delete(f"/jobs/{job_id}")
    assert answer.status_code in (200, 202)
    stopped = wait_for(client, job_id, "REVOKED")
    assert stopped["attempts"] == 1
    assert stopped["error"] is None
    assert worker.poll() is None


def test_a_running_job_whose_worker_is_dead_is_not_run_again_once_cancelled(client, start):
    worker = start("worker", ical_delay=60.0, heartbeat=1)
    job_id = submit(client)
    wait_for(client, job_id, "STARTED")
    worker.kill()
    assert client.delete(f"/jobs/{job_id}").status_code == 202
    start("worker", heartbeat=1)
    assert wait_for(client, job_id, "REVOKED")["attempts"] == 1


def test_a_job_that_has_ended_is_not_cancelled(client, start):
    start("worker")
    job_id = submit(client)
    wait_for(client, job_id, "SUCCESS")
    answer = client.delete(f"/jobs/{job_id}")
    assert (answer.status_code, answer.json()["code"]) == (409, "job_ended")
    assert job(client, job_id)["status"] == "SUCCESS"


def test_a_cancelled_job_is_retried_under_its_id(client, start):
    job_id = submit(client)
    client.delete(f"/jobs/{job_id}")
    answer = client.post(f"/jobs/{job_id}/retry")
    assert (answer.status_code, answer.json()["id"]) == (202, job_id)
    assert answer.headers["location"] == f"{client.base_url}jobs/{job_id}"
    start("worker")
    wait_for(client, job_id, "SUCCESS")


def test_a_failed_and_a_stopped_job_are_retried_and_their_errors_forgotten(client, start, settings):
    first = start("worker", ical_delay=60.0)
    stopped = submit(client)
    wait_for(client, stopped, "STARTED")
    client.delete(f"/jobs/{stopped}")
    wait_for(client, stopped, "REVOKED")
    first.kill()
    failed = submit(client)
    with Redis.from_url(settings.redis_url) as connection:
        stored = Job.fetch(failed, connection=connection, serializer=JSONSerializer)
        stored.timeout, stored.retries_left = 1, 3
        stored.save()
    second = start("worker", ical_delay=60.0)
    assert wait_for(client, failed, "FAILURE")["error"]["code"] == "timeout"
    second.kill()
    start("worker")
    for job_id in (stopped, failed):
        assert client.post(f"/jobs/{job_id}/retry").status_code == 202
        done = wait_for(client, job_id, "SUCCESS")
        assert (done["attempts"], done["error"]) == (2, None)


def test_a_job_that_waits_runs_or_has_succeeded_is_not_retried(client, start):
    job_id = submit(client)
    answer = client.post(f"/jobs/{job_id}/retry")
    assert (answer.status_code, answer.json()["code"]) == (409, "job_not_ended")
    start("worker")
    wait_for(client, job_id, "SUCCESS")
    assert client.post(f"/jobs/{job_id}/retry").status_code == 409


def test_retries_asked_for_at_once_queue_the_job_once(client, settings):
    job_id = submit(client)
    client.delete(f"/jobs/{job_id}")
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: client.post(f"/jobs/{job_id}/retry"), range(8)))
    assert sorted(answer.status_code for answer in answers) == [202, *[409] * 7]
    with Redis.from_url(settings.redis_url) as connection:
        assert connection.llen(f"rq:queue:{settings.queue}") == 1


def test_a_stream_has_each_change_and_ends_with_the_end(client, start):
    job_id = submit(client)
    with ThreadPoolExecutor(2) as threads:
        streams = [threads.submit(events, client, job_id) for _ in range(2)]
        start("worker", ical_delay=1.5)
        for stream in streams:
            seen = stream.result(timeout=30)
            statuses = [job["status"] for _, job in seen]
            assert list(dict.fromkeys(statuses)) == ["PENDING", "STARTED", "SUCCESS"]
            assert [event for event, _ in seen] == ["change"] * (len(seen) - 1) + ["end"]
            started = [job for _, job in seen if job["status"] == "STARTED"]
            done = [job["progress"]["done"] for job in started if job["progress"]]
            assert len(done) > 1
            assert seen[-1][1] == {**job(client, job_id), "expires_at": seen[-1][1]["expires_at"]}


def test_a_stream_of_an_ended_job_ends_at_once(client):
    job_id = submit(client)
    client.delete(f"/jobs/{job_id}")
    ((event, shown),) = events(client, job_id)
    assert (event, shown["status"]) == ("end", "REVOKED")


def test_many_watchers_cost_redis_no_more_than_one(client, settings):
    job_id = submit(client)
    with Redis.from_url(settings.redis_url) as connection, ThreadPoolExecutor(40) as threads:
        watch(threads, settings, job_id, 1)
        alone = commands_in_a_second(connection)
        others = watch(threads, settings, job_id, 39)
        together = commands_in_a_second(connection)
        client.delete(f"/jobs/{job_id}")
        assert all(events[-1][0] == "end" for events in (other.result() for other in others))
    assert together < 3 * alone


def watch(threads, settings, job_id, number):
    """So many more watchers of a job, each of which has been told how it is."""
    told = threading.Semaphore(0)

    def watcher():
        with httpx.Client(base_url=f"http://127.0.0.1:{settings.port}/api/v1", timeout=30) as own:
            return events(own, job_id, told.release)

    watchers = [threads.submit(watcher) for _ in range(number)]
    assert all(told.acquire(timeout=30) for _ in range(number))
    return watchers


def commands_in_a_second(connection):
    before = connection.info("stats")["total_commands_processed"]
    time.sleep(1)
    return connection.info("stats")["total_commands_processed"] - before


def test_prefer_wait_answers_when_the_job_ends(client, start):
    task = client.post("/todos/ical").json()
    answers = []
    ask = lambda: answers.append(  # noqa: E731
        client.get(task["task_url"], headers={"Prefer": "respond-async, wait=20"})
    )
    asking = threading.Thread(target=ask)
    asking.start()
    start("worker")
    asking.join()
    (answer,) = answers
    assert answer.json()["task_status"] == "SUCCESS"
    assert answer.headers["preference-applied"] == "wait=20"
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize("path", ["/jobs/{}", "/todos/ical/{}/status"])
def test_prefer_wait_answers_when_the_time_is_over(client, path):
    answer = client.get(path.format(submit(client)), headers={"Prefer": "wait=1"})
    assert answer.status_code == 200
    assert "PENDING" in answer.text
    assert answer.headers["preference-applied"] == "wait=1"


def test_an_unfinished_status_says_when_to_ask_again(client):
    task = client.post("/todos/ical").json()
    for url in (task["task_url"], f"/jobs/{task['task_id']}"):
        assert int(client.get(url).headers["retry-after"]) > 0


@pytest.mark.parametrize("prefer", ["wait=x", "wait", "wait=-1", "waiting=5", "wait=99999999999"])
def test_a_preference_that_is_not_understood_is_ignored(client, prefer):
    answer = client.get(f"/jobs/{submit(client)}", headers={"Prefer": prefer})
    assert answer.status_code == 200
    assert "preference-applied" not in answer.headers


def test_readyz_names_what_is_away_and_livez_does_not_care(settings):
    away = msgspec.structs.replace(settings, redis_url=f"redis://127.0.0.1:{free_port()}")
    for client in running_web(settings):
        base = str(client.base_url).removesuffix("/api/v1/")
        ready = client.get(f"{base}/readyz")
        assert (ready.status_code, ready.json()["status"]) == (200, "ok")
    for client in running_web(away):
        ready = client.get(f"{base}/readyz")
        assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "ok")
        assert "queue is not available" in ready.json()["checks"]["redis"]
        assert client.get(f"{base}/livez").json() == {"status": "ok"}
        for answer in (
            client.get("/jobs"),
            client.get("/jobs/x"),
            client.delete("/jobs/x"),
            client.post("/jobs/x/retry"),
            client.get("/jobs/x/events"),
            client.get("/jobs/x", headers={"Prefer": "wait=10"}),
        ):
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
