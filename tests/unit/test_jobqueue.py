"""The gateway to RQ, over an in-process Redis: what it queues, and what it makes of a job."""

import threading

import pytest
from fakeredis import FakeServer, FakeStrictRedis
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from jobs.allowed import FUNCTIONS
from taskoverflow import jobrecord
from taskoverflow.errors import NotFound, QueueUnavailable
from taskoverflow.jobqueue import GENERATE_ICAL, JobQueue, Status, gateway
from taskoverflow.jobqueue.view import STATUSES
from taskoverflow.settings import read_settings

OPTIONS = {"completed": None, "window": None}


class FakeRedis(FakeStrictRedis):
    server = FakeServer()

    @classmethod
    def from_url(cls, url, **options):
        return cls(server=cls.server)


@pytest.fixture
def queue(monkeypatch):
    monkeypatch.setattr(gateway, "Redis", FakeRedis)
    monkeypatch.setattr(FakeRedis, "server", FakeServer())
    return JobQueue(read_settings({}))


def fetch(queue, job_id):
    return Job.fetch(job_id, connection=queue.connection, serializer=JSONSerializer)


def test_the_web_names_a_function_that_the_workers_run():
    assert GENERATE_ICAL in FUNCTIONS


def test_a_job_carries_its_options_and_no_todos(queue):
    job = fetch(queue, queue.submit(GENERATE_ICAL, {"completed": True, "window": 7}))
    assert (job.func_name, job.args, job.kwargs) == (
        GENERATE_ICAL,
        [],
        {"completed": True, "window": 7},
    )


def test_a_job_has_a_timeout_a_retry_policy_and_times_to_live(queue):
    job = fetch(queue, queue.submit(GENERATE_ICAL, OPTIONS))
    assert (job.timeout, job.result_ttl, job.failure_ttl) == (600, 86400, 604800)
    assert job.retries_left == len(job.retry_intervals) == 3


def test_a_description_holds_nothing_that_a_client_sent(queue):
    job = fetch(queue, queue.submit(GENERATE_ICAL, {"completed": None, "window": 5}))
    assert job.description == GENERATE_ICAL


def test_an_equal_request_joins_the_job_that_waits(queue):
    assert queue.submit(GENERATE_ICAL, OPTIONS) == queue.submit(GENERATE_ICAL, OPTIONS)
    assert queue.queue.count == 1


def test_another_request_gets_a_job_of_its_own(queue):
    queue.submit(GENERATE_ICAL, OPTIONS)
    queue.submit(GENERATE_ICAL, {**OPTIONS, "window": 1})
    queue.submit(GENERATE_ICAL, {**OPTIONS, "completed": False})
    assert queue.queue.count == 3


@pytest.mark.parametrize("status", [JobStatus.STARTED, JobStatus.FINISHED, JobStatus.FAILED])
def test_a_job_that_has_started_is_not_joined(queue, status):
    first = queue.submit(GENERATE_ICAL, OPTIONS)
    fetch(queue, first).set_status(status)
    assert queue.submit(GENERATE_ICAL, OPTIONS) != first


def test_a_job_that_is_gone_is_not_joined(queue):
    first = queue.submit(GENERATE_ICAL, OPTIONS)
    fetch(queue, first).delete()
    assert queue.submit(GENERATE_ICAL, OPTIONS) != first


def test_a_burst_of_equal_requests_costs_one_job(queue):
    answers = []
    ask = lambda: answers.append(queue.submit(GENERATE_ICAL, OPTIONS))  # noqa: E731
    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 20
    assert len(set(answers)) == 1
    assert queue.queue.count == 1


def test_every_state_of_rq_has_a_status():
    assert set(STATUSES) == set(JobStatus)


def test_a_job_that_waits_for_its_next_run_is_a_retry(queue):
    job = fetch(queue, queue.submit(GENERATE_ICAL, OPTIONS))
    assert queue.get(job.id, GENERATE_ICAL).status is Status.PENDING
    queue.connection.hset(job.key, jobrecord.ATTEMPTS, 1)
    assert queue.get(job.id, GENERATE_ICAL).status is Status.RETRY


@pytest.mark.parametrize("job_id", ["unknown", "a.b", "", "a b", "ü", "a:b", "x" * 5000])
def test_what_is_no_job_is_not_found(queue, job_id):
    with pytest.raises(NotFound):
        queue.get(job_id, GENERATE_ICAL)


def test_a_job_of_another_function_is_not_found(queue):
    job_id = queue.submit("os.system", {})
    with pytest.raises(NotFound):
        queue.get(job_id, GENERATE_ICAL)


def test_a_redis_that_is_away_is_said_so(queue):
    FakeRedis.server.connected = False
    with pytest.raises(QueueUnavailable):
        queue.submit(GENERATE_ICAL, OPTIONS)
    with pytest.raises(QueueUnavailable):
        queue.get("unknown", GENERATE_ICAL)
