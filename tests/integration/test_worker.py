"""What a worker runs, and how it stops. A real worker process on a real Redis."""

import signal
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import takewhile

import psutil
import pytest
from redis import OutOfMemoryError, Redis
from rq import Callback, Queue, Retry, Webhook, Worker
from rq.exceptions import StopRequested
from rq.job import JobStatus
from rq.serializers import JSONSerializer
from rq.worker import WorkerStatus

from jobs.bookkeeping import ThriftyWorker
from jobs.context import JobContext
from jobs.patience import Patience
from jobs.scripts import Scripts
from jobs.worker import TaskWorker
from taskoverflow import jobrecord
from taskoverflow.jobqueue import GENERATE_ICAL
from taskoverflow.store.database import open_database
from taskoverflow.store.migrations import migrate
from tests.conftest import free_port, wait_until


@pytest.fixture
def queue(settings):
    migrate(open_database(settings.database_url, connections=1))
    with Redis.from_url(settings.redis_url) as connection:
        yield Queue(settings.queue, connection=connection, serializer=JSONSerializer)


def wait_for(job, *statuses, timeout=30):
    wait_until(lambda: job.get_status() in statuses, timeout)


def log(tmp_path):
    return (tmp_path / "processes.log").read_text()


@pytest.mark.parametrize("name", ["os.system", "subprocess.check_output", "jobs.worker.run_worker"])
def test_a_forged_job_fails_is_logged_and_runs_nothing(queue, start, tmp_path, name):
    forged = queue.enqueue_call(name, args=[f"touch {tmp_path}/run"], retry=None)
    start("worker")
    wait_for(forged, JobStatus.FAILED)
    assert f"job {forged.id} refused" in log(tmp_path)
    assert not (tmp_path / "run").exists()


def test_a_forged_callback_is_ignored(queue, start, tmp_path):
    callback = Callback("os.mkdir")
    good = queue.enqueue_call(GENERATE_ICAL, on_success=callback, on_failure=callback)
    bad = queue.enqueue_call(GENERATE_ICAL, kwargs={"no": "such"}, on_failure=callback)
    start("worker")
    wait_for(good, JobStatus.FINISHED)
    wait_for(bad, JobStatus.FAILED)
    assert "os.mkdir" not in log(tmp_path)


def test_a_pickled_job_is_not_unpickled(queue, settings, start, tmp_path):
    pickled = Queue(settings.queue, connection=queue.connection)
    forged = pickled.enqueue_call(GENERATE_ICAL, args=[Explosive(tmp_path / "run")])
    start("worker")
    wait_until(lambda: forged.get_status() == JobStatus.FAILED)
    assert not (tmp_path / "run").exists()


class Explosive:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_a_webhook_is_not_called(queue, start):
    called = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self):
            called.append(self.path)
            self.send_response(204)
            self.end_headers()

    server = HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    webhook = Webhook(url, "finished", method="POST")
    job = queue.enqueue_call(GENERATE_ICAL, webhooks=[webhook])
    worker = start("worker")
    wait_for(job, JobStatus.FINISHED)
    worker.send_signal(signal.SIGTERM)  # RQ calls webhooks after the job's end
    worker.wait(timeout=20)
    server.shutdown()
    server.server_close()
    assert called == []


def test_sigterm_lets_the_running_job_finish(queue, start):
    worker = start("worker", ical_delay=2.0)
    job = queue.enqueue_call(GENERATE_ICAL)
    wait_for(job, JobStatus.STARTED)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=20) == 0
    assert job.get_status() == JobStatus.FINISHED


def test_a_job_that_does_not_finish_in_the_grace_is_put_back(queue, start):
    worker = start("worker", ical_delay=60.0, grace=0.5)
    job = queue.enqueue_call(GENERATE_ICAL, retry=Retry(1))
    wait_for(job, JobStatus.STARTED)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=20) == 0
    assert job.get_status() == JobStatus.QUEUED
    assert queue.job_ids == [job.id]
    start("worker")
    wait_for(job, JobStatus.FINISHED)
    job.refresh()
    assert job.retries_left == 1  # a deployment is no failure of the job


def test_an_idle_worker_stops_at_once(queue, start, tmp_path):
    worker = start("worker")
    wait_until(lambda: "waits for jobs" in log(tmp_path))
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=10) == 0


def test_a_stop_that_got_lost_on_its_way_is_seen_before_the_next_job(settings, monkeypatch):
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    worker = TaskWorker(settings, Patience())
    with suppress(StopRequested):  # as a callback does in which the signal comes
        worker.request_stop(signal.SIGTERM, None)
    with pytest.raises(StopRequested):
        ThriftyWorker.rest(worker)


def test_a_worker_that_waits_for_its_first_redis_stops_at_once(settings, start, tmp_path):
    migrate(open_database(settings.database_url, connections=1))
    worker = start("worker", redis_url=f"redis://127.0.0.1:{free_port()}")
    wait_until(lambda: "waiting for it" in log(tmp_path))
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=10) == 0


def test_two_signals_put_the_job_back_at_once(queue, start, tmp_path):
    worker = start("worker", ical_delay=60.0, grace=60.0)
    job = queue.enqueue_call(GENERATE_ICAL)
    wait_for(job, JobStatus.STARTED)
    worker.send_signal(signal.SIGTERM)
    wait_until(lambda: "asked to stop" in log(tmp_path))
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=20) == 0
    assert job.get_status() == JobStatus.QUEUED


def test_a_work_horse_stays_until_it_has_run_its_jobs(queue, start):
    worker = start("worker", recycle_jobs=2)
    pids = []
    for _ in range(3):
        job = queue.enqueue_call(GENERATE_ICAL)
        wait_for(job, JobStatus.FINISHED)
        wait_until(lambda: Worker.all(queue=queue)[0].get_state() == WorkerStatus.IDLE)
        pids += [child.pid for child in psutil.Process(worker.pid).children()]
    assert pids[0] != pids[1] == pids[2]
    assert Worker.all(queue=queue)[0].successful_job_count == 3


def test_a_job_that_is_cancelled_after_its_pop_does_not_start(queue, start, tmp_path):
    job = queue.enqueue_call(GENERATE_ICAL)
    job.set_status(JobStatus.CANCELED)  # as a cancellation does that comes a moment too late
    start("worker")
    wait_until(lambda: "not queued any more" in log(tmp_path))
    assert job.get_status() == JobStatus.CANCELED
    assert queue.intermediate_queue.get_job_ids() == []


def test_a_job_that_is_gone_after_its_pop_is_forgotten(queue, start):
    gone = queue.enqueue_call(GENERATE_ICAL)
    queue.connection.delete(gone.key)
    job = queue.enqueue_call(GENERATE_ICAL)
    start("worker")
    wait_for(job, JobStatus.FINISHED)
    assert queue.connection.exists(gone.key) == 0
    assert queue.intermediate_queue.get_job_ids() == []


def test_a_job_that_is_popped_as_the_worker_is_stopped_still_runs(queue, settings, monkeypatch):
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    worker = TaskWorker(settings, Patience())
    start = worker.scripts.start

    def stopped_start(*asked):
        worker.request_stop(signal.SIGTERM, None)
        return start(*asked)

    monkeypatch.setattr(worker.scripts, "start", stopped_start)
    monkeypatch.setattr(worker.horse, "make_ready", lambda: None)
    job = queue.enqueue_call(GENERATE_ICAL)
    started, _ = worker.dequeue_job_and_maintain_ttl(1)
    assert started.id == job.id
    assert worker.execution.job_id == job.id
    with pytest.raises(StopRequested):
        worker.dequeue_job_and_maintain_ttl(1)


def test_a_second_signal_counts_while_the_first_is_handled(queue, settings, monkeypatch):
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    worker = TaskWorker(settings, Patience())
    signals = iter([signal.SIGTERM] * 2)

    def receive():
        for signum in signals:
            worker.request_stop(signum, None)

    monkeypatch.setattr(worker.patience, "give_up", receive)
    job = queue.enqueue_call(GENERATE_ICAL)
    started, _ = worker.dequeue_job_and_maintain_ttl(1)
    receive()
    worker.execute_job(started, queue)
    assert job.get_status() == JobStatus.QUEUED


def test_a_second_signal_counts_while_the_job_is_being_started(queue, settings, monkeypatch):
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    worker = TaskWorker(settings, Patience())
    start = worker.scripts.start

    def interrupted_start(*asked):
        popped = start(*asked)
        worker.request_stop(signal.SIGTERM, None)
        worker.request_force_stop(signal.SIGTERM, None)
        return popped

    monkeypatch.setattr(worker.scripts, "start", interrupted_start)
    job = queue.enqueue_call(GENERATE_ICAL)
    started, _ = worker.dequeue_job_and_maintain_ttl(1)
    worker.execute_job(started, queue)
    assert job.get_status() == JobStatus.QUEUED


def test_a_job_withdraws_its_own_offer_and_no_newer_one(queue, settings):
    connection = queue.connection
    job = queue.enqueue_call(GENERATE_ICAL, meta={jobrecord.OFFER: "offer"})
    for offered, left in (("newer", b"newer"), (job.id, None)):
        connection.set("offer", offered)
        JobContext(job, settings).withdraw_offer()
        assert connection.get("offer") == left


def test_that_a_job_has_failed_and_why_are_said_in_one_step(queue, start):
    with queue.connection.monitor() as monitor:
        failing = queue.enqueue_call(GENERATE_ICAL, kwargs={"no": "such"})
        start("worker")
        wait_for(failing, JobStatus.FAILED)
        queue.connection.echo("the end")
        said = (entry["command"] for entry in monitor.listen())
        commands = list(takewhile(lambda command: command != "ECHO the end", said))
    status = commands.index(f"HSET {failing.key} status failed")
    step = commands[status : commands.index("EXEC", status)]
    assert any(command.startswith(f"HSET {failing.key} meta") for command in step)


def test_a_guarded_pipeline_runs_whole_or_not_at_all(queue):
    connection = queue.connection
    scripts = Scripts(connection)
    connection.set("state", "queued")

    def run_if(wanted):
        with connection.pipeline() as pipeline:
            pipeline.hset("record", mapping={"a": 1, "b": b"\xff"})
            pipeline.zadd("index", {"one": 1.5})
            return scripts.run_if(("GET", "state"), wanted, pipeline)

    assert run_if("started") is None
    assert connection.exists("record", "index") == 0
    connection.config_set("maxmemory", 1)
    with pytest.raises(OutOfMemoryError):
        run_if("queued")
    connection.config_set("maxmemory", 0)
    assert connection.exists("record", "index") == 0
    assert run_if("queued") == [2, 1]
    assert connection.hget("record", "b") == b"\xff"
