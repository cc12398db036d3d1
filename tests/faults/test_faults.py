"""The fault matrix: what is broken on purpose, and that no job is lost, stuck or done twice."""

import signal
import threading
import time

import psutil
import psycopg2
import pytest
from redis import Redis

from tests.conftest import new_database, wait_until
from tests.faults.system import family, horses

SLOW = 60.0  # seconds that a run takes which is not to end by itself


def running_job(system, **changes):
    """A worker in the midst of a job that takes SLOW seconds, and the job's id."""
    worker = system.worker(**{"ical_delay": SLOW, **changes})
    task_id = system.submit()
    system.wait_for(task_id, "STARTED")
    return worker, task_id


def test_a_killed_work_horse(system, measured):
    worker, _ = running_job(system)
    system.worker()
    since = time.monotonic()
    for horse in horses(worker):
        horse.kill()
    worker.send_signal(signal.SIGTERM)  # so that the other worker has the retry, and no delay
    system.all_succeed()
    measured("kill -9 of the work horse", "retried after its pause", since)


def test_a_killed_worker(system, measured):
    worker, _ = running_job(system)
    (horse,) = horses(worker)
    system.worker()
    since = time.monotonic()
    worker.kill()
    psutil.wait_procs([horse], timeout=5)
    assert not horse.is_running() or horse.status() == psutil.STATUS_ZOMBIE
    system.all_succeed()
    measured("kill -9 of the worker", "its work horse dies with it, the job runs again", since)


def test_a_killed_worker_and_work_horse(system, measured):
    worker, _ = running_job(system)
    system.worker()
    since = time.monotonic()
    for process in family(worker):
        process.suspend()
    for process in family(worker):
        process.kill()
    system.all_succeed()
    measured("kill -9 of worker and work horse", "the job runs again", since)


def test_a_worker_killed_in_mid_import(system, measured):
    count = 4000
    body = "".join(f"BEGIN:VTODO\nUID:{n}\nSUMMARY:{n}\nEND:VTODO\n" for n in range(count))
    worker = system.worker()
    task_id = system.submit_file(f"BEGIN:VCALENDAR\n{body}END:VCALENDAR\n")
    wait_until(lambda: 0 < saved(system, task_id) < count, interval=0.01)
    worker.kill()
    since = time.monotonic()
    system.worker()
    system.all_succeed()
    job = system.job(task_id)
    assert (job["result"]["created"], job["attempts"]) == (count, 2)
    titles = [todo["title"] for todo in system.http.get("/todos?limit=10000").json()]
    assert sorted(map(int, titles)) == list(range(count))
    measured("kill -9 of the worker in mid-import", "gone on with; each todo is made once", since)


def saved(system, task_id):
    progress = system.job(task_id)["progress"] or {}
    return progress["done"] if progress.get("stage") == "saving" else 0


def test_all_workers_killed_and_started_again(system, measured):
    worker, _ = running_job(system)
    worker.kill()
    since = time.monotonic()
    system.worker()
    system.all_succeed()
    measured("kill -9 of the only worker, and a new one", "the job runs again", since)


def test_a_worker_that_dies_between_pop_and_start(system, measured):
    system.submit()
    queue = f"rq:queue:{system.settings.queue}"
    with Redis.from_url(system.settings.redis_url) as connection:
        # What a worker does first, as the last thing that it does.
        assert connection.lmove(queue, f"{queue}:intermediate", "LEFT", "RIGHT")
    since = time.monotonic()
    system.worker()
    system.all_succeed()
    measured("a worker dies between pop and start", "the job is put back", since)


def test_sigterm_in_mid_job(system, measured):
    worker, _ = running_job(system, ical_delay=2.0)
    since = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    system.all_succeed()
    assert worker.wait(timeout=10) == 0
    measured("SIGTERM in mid-job", "the job is finished, then the worker ends", since)


def test_sigterm_in_a_job_that_is_too_long(system, measured):
    worker, task_id = running_job(system, grace=0.5)
    since = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=10) == 0
    system.worker()
    system.all_succeed()
    assert system.job(task_id)["attempts"] == 2
    measured("SIGTERM in mid-job, past the grace", "the job is put back and runs elsewhere", since)


@pytest.mark.parametrize("seconds", [2, 15])
def test_redis_stops(new_system, valkey_of_its_own, measured, seconds):
    busy, idle = new_system("busy"), new_system("idle")
    worker, _ = running_job(busy, ical_delay=1.5)
    queued = busy.submit()  # behind it: there is no other worker
    idle_worker = idle.worker()
    valkey_of_its_own.pause()
    assert busy.http.post("/todos/ical").status_code == 503
    time.sleep(seconds)
    valkey_of_its_own.resume()
    since = time.monotonic()
    busy.all_succeed()
    measured(f"Redis hangs for {seconds} s in mid-job", "waited out; the job counts once", since)
    idle.submit()
    idle.all_succeed()
    measured(f"Redis hangs for {seconds} s while idle", "the worker lives and takes jobs", since)
    assert busy.status(queued) == "SUCCESS"
    assert (worker.poll(), idle_worker.poll()) == (None, None)


def test_redis_is_killed_and_started_again(new_system, valkey_of_its_own, measured):
    busy, idle = new_system("busy"), new_system("idle")
    worker, _ = running_job(busy, ical_delay=1.5)
    busy.submit()
    idle_worker = idle.worker()
    valkey_of_its_own.kill()
    time.sleep(2)
    valkey_of_its_own.start()
    since = time.monotonic()
    idle.submit()
    idle.all_succeed()
    busy.all_succeed()
    assert (worker.poll(), idle_worker.poll()) == (None, None)
    measured("kill -9 of Redis, started again on its AOF", "nothing is lost", since)


def test_a_worker_is_stopped_while_redis_is_away(system, valkey_of_its_own):
    worker = system.worker()
    valkey_of_its_own.kill()
    time.sleep(1)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=10) == 0
    valkey_of_its_own.start()


def test_redis_is_full(system, valkey_of_its_own, measured):
    worker, _ = running_job(system, ical_delay=2.0)
    with Redis.from_url(valkey_of_its_own.url) as connection:
        connection.config_set("maxmemory-policy", "noeviction")
        connection.config_set("maxmemory", 1)
        refused = system.http.post("/todos/ical")
        assert (refused.status_code, refused.json()["code"]) == (503, "queue_unavailable")
        time.sleep(4)
        connection.config_set("maxmemory", 0)
    since = time.monotonic()
    system.all_succeed()
    assert worker.poll() is None
    measured("Redis is full (noeviction)", "503 for new jobs; the running one is kept", since)


@pytest.mark.postgresql
@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
def test_the_database_goes_away_in_mid_job(new_system, kind, measured, postgresql_url):
    system = new_system(DATABASE_URL=kind)
    name = kind.partition("?")[0].rpartition("/")[2]
    admin = psycopg2.connect(postgresql_url)
    admin.autocommit = True
    running_job(system, ical_delay=1.0)
    with admin.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
        (task_id,) = system.seen
        system.wait_for(task_id, "RETRY")
        assert system.job(task_id)["error"]["code"] == "database_unavailable"
        assert system.http.get("/todos").status_code == 503
        cursor.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")
    admin.close()
    since = time.monotonic()
    system.all_succeed()
    measured("the database is away in mid-job", "503; the job is tried again", since)


@pytest.fixture
def kind(request, tmp_path):
    return new_database(request, tmp_path)


def test_a_job_past_its_timeout(new_system, measured):
    system = new_system(TASKOVERFLOW_JOB_TIMEOUT="1")
    since = time.monotonic()
    _, task_id = running_job(system)
    system.wait_for(task_id, "FAILURE")
    job = system.job(task_id)
    assert job["error"]["code"] == "timeout"
    assert job["attempts"] == 1
    assert "Traceback" not in str(job)
    measured("a job past its timeout", "FAILURE with the reason, not tried again", since)


def test_an_orphan_that_finishes_late(system, measured):
    frozen, task_id = running_job(system, ical_delay=1.0)
    orphans = family(frozen)
    since = time.monotonic()
    for process in orphans:
        process.suspend()
    system.worker()
    system.all_succeed()
    measured("a worker and its job freeze, and wake up late", "the newer run's result stays", since)
    before = system.job(task_id)
    for process in orphans:
        process.resume()
    wait_until(lambda: "lost its lease" in log_of(system))
    after = system.job(task_id)
    assert (after["result"], after["worker"]) == (before["result"], before["worker"])
    system.all_succeed()
    # It is a worker like any other again.
    system.submit("?window=1")
    system.all_succeed()


def log_of(system):
    return (system.settings.data_folder / f"{system.settings.queue}.log").read_text()


def test_a_crash_loop_ends_as_a_failure_with_its_reason(system):
    task_id = system.submit()
    with Redis.from_url(system.settings.redis_url) as connection:
        last = {"retries_left": 1, "retry_intervals": "[1]"}
        connection.hset(f"rq:job:{task_id}", mapping=last)
    worker = system.worker(ical_delay=SLOW)
    stop = threading.Event()

    def kill_horses():
        while not stop.wait(0.05):
            for horse in horses(worker):
                horse.kill()

    killer = threading.Thread(target=kill_horses)
    killer.start()
    try:
        system.wait_for(task_id, "FAILURE", timeout=30)
    finally:
        stop.set()
        killer.join()
    assert system.job(task_id)["error"]["code"] == "worker_died"


def test_a_supervisor_replaces_workers_that_die(system, measured):
    supervisor = start_supervisor(system)
    wait_until(lambda: system.workers() == 2)
    since = time.monotonic()
    psutil.Process(supervisor.pid).children()[0].kill()
    wait_until(lambda: len(psutil.Process(supervisor.pid).children()) == 2)
    system.submit()
    system.all_succeed()
    measured("kill -9 of one of `worker --count 2`", "it is started again", since)
    tree = psutil.Process(supervisor.pid).children(recursive=True)
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(timeout=20) == 0
    assert psutil.wait_procs(tree, timeout=0)[1] == []


def start_supervisor(system):
    return system.start("worker --count 2")
