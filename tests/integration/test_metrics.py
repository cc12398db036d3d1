"""GET /metrics, as Prometheus reads it."""

import signal

import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from taskoverflow.store.database import open_database
from taskoverflow.store.migrations import migrate
from tests.conftest import free_port, wait_until


def metrics(client):
    answer = client.get(f"{str(client.base_url).removesuffix('/api/v1/')}/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_the_queue_is_counted(client, start, settings):
    tasks = [client.post(f"/todos/ical?window={n}").json() for n in range(3)]
    client.delete(f"/jobs/{tasks[2]['task_id']}")
    before = metrics(client)
    assert before["taskoverflow_queue_depth",] == 2
    assert before["taskoverflow_queue_oldest_seconds",] > 0
    assert before["taskoverflow_jobs", "cancelled"] == 1
    assert before["taskoverflow_workers", "alive"] == 0

    with Redis.from_url(settings.redis_url) as connection:
        Queue(settings.queue, connection=connection, serializer=JSONSerializer).enqueue_call("os.x")
    start("worker")
    wait_until(lambda: metrics(client)["taskoverflow_jobs", "failed"] == 1)
    after = metrics(client)
    assert after["taskoverflow_queue_depth",] == 0
    assert after["taskoverflow_queue_oldest_seconds",] == 0
    assert after["taskoverflow_jobs", "finished"] == 2
    function = "jobs.ical.generate_ical"
    assert after["taskoverflow_job_runs_total", function, "success"] == 2
    assert after["taskoverflow_job_runs_total", "failure", "other"] == 1
    for name in ("wait", "duration"):
        assert after[f"taskoverflow_job_{name}_seconds_count", function] == 2
        assert after[f"taskoverflow_job_{name}_seconds_bucket", "+Inf", function] == 2
        assert after[f"taskoverflow_job_{name}_seconds_sum", function] > 0
    assert after["taskoverflow_workers", "alive"] == 1


def test_a_busy_and_a_dead_worker_are_told_apart(client, start):
    worker = start("worker", ical_delay=60.0, heartbeat=1)
    client.post("/todos/ical")
    wait_until(lambda: metrics(client)["taskoverflow_workers", "busy"] == 1)
    worker.kill()
    wait_until(lambda: metrics(client)["taskoverflow_workers", "alive"] == 0)


def test_requests_are_counted_by_route_and_never_by_what_a_client_made_up(client):
    def count():
        key = ("taskoverflow_http_requests_total", "/api/v1/todos/{todo_id}", "404", "GET")
        return metrics(client).get((key[0], *sorted(key[1:])), 0)

    before = count()
    for todo_id in ("1", "2", "x"):
        client.get(f"/todos/{todo_id}")
    client.request("BREW", "/todos/1")
    client.get("/made/up/by/me")
    assert count() == before + 3
    found = metrics(client)
    names = {label for key in found for label in key}
    assert not names & {"BREW", "/made/up/by/me", "/api/v1/made/up/by/me"}


def test_web_processes_on_one_host_add_up(client, start, settings, tmp_path):
    folder = tmp_path / "metrics"
    folder.mkdir()
    ports = (free_port(), free_port())
    for port in ports:
        start("serve", port=port, metrics_dir=str(folder))
    for port in ports:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1") as one:
            wait_until(lambda: is_up(one))
            one.get("/todos")
    key = ("taskoverflow_http_requests_total", *sorted(("/api/v1/todos", "200", "GET")))
    for port in ports:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1") as one:
            assert metrics(one)[key] == 2


def is_up(client):
    try:
        return client.get("/health").status_code == 200
    except httpx.TransportError:
        return False


def test_web_processes_share_a_port_and_add_up_their_counts(settings, start):
    migrate(open_database(settings.database_url, connections=1))
    web = start("serve", web_processes=2)
    with httpx.Client(base_url=f"http://127.0.0.1:{settings.port}/api/v1") as client:

        def answers():
            try:  # by a new connection, so that either may have it
                return httpx.get(f"{client.base_url}health").status_code == 200
            except httpx.TransportError:
                return False

        wait_until(answers)
        wait_until(lambda: len(psutil.Process(web.pid).children()) == 2)
        assert all(answers() for _ in range(20))
        count = ("taskoverflow_http_requests_total", "/api/v1/health", "200", "GET")
        assert metrics(client)[count[0], *sorted(count[1:])] >= 21
        killed = psutil.Process(web.pid).children()[0]
        killed.kill()
        wait_until(
            lambda: len({p.pid for p in psutil.Process(web.pid).children()} - {killed.pid}) == 2
        )
        wait_until(answers)
    tree = psutil.Process(web.pid).children(recursive=True)
    web.send_signal(signal.SIGTERM)
    assert web.wait(timeout=20) == 0
    assert psutil.wait_procs(tree, timeout=0)[1] == []
