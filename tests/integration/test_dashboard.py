"""rq-dashboard as a process of its own."""

import html
import pickle
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import rq_dashboard
from flask import Flask
from redis import Redis
from rq import Queue, Retry
from rq.job import JobStatus
from rq.results import Result
from rq.serializers import JSONSerializer

from taskoverflow.dashboard import create_dashboard
from taskoverflow.jobqueue import GENERATE_ICAL
from taskoverflow.settings import SettingsError, read_settings
from taskoverflow.store.database import open_database
from taskoverflow.store.migrations import migrate
from tests.conftest import free_port, processes, wait_until

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
REGISTRIES = ("queued", "scheduled", "deferred", "started", "finished", "failed", "canceled")
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)

PAYLOAD = "document.documentElement.id='pwned'"
HOSTILE = (
    f'\'"><img src=x onerror="{PAYLOAD}"><script>{PAYLOAD}</script>'
    f'<iframe src="javascript:parent.{PAYLOAD}"></iframe>'
)
# Leaves the string, the two blocks and the call in which scripts/jobs.js puts a queue's name.
HOSTILE_QUEUE_NAME = f"')}}}});{PAYLOAD};$('a').on('x',function(){{if(1){{('"


@pytest.fixture
def queue(settings):
    with Redis.from_url(settings.redis_url) as connection:
        yield Queue(settings.queue, connection=connection, serializer=JSONSerializer)


@pytest.fixture(scope="module")
def dashboard(valkey, tmp_path_factory):
    """A client of a running dashboard without a password; it keeps nothing between two tests."""
    port = free_port()
    settings = read_settings(
        {
            "REDIS_URL": f"unix://{valkey.unix_socket_path}",
            "TASKOVERFLOW_DASHBOARD_PORT": str(port),
        }
    )
    base = f"http://127.0.0.1:{port}"
    with processes(settings, tmp_path_factory.mktemp("dashboard") / "processes.log") as start:
        start("dashboard")
        wait_until(lambda: answers(base))
        with httpx.Client(base_url=base, timeout=20, follow_redirects=True) as client:
            yield client


def answers(url, **options):
    try:
        return httpx.get(url, **options).status_code != 0
    except httpx.TransportError:
        return False


def paths(*, changing, jobs=("x",), queue="x"):
    """The path of everything that rq-dashboard routes, once for each job and each registry."""
    app = Flask("routes")
    app.register_blueprint(rq_dashboard.blueprint)
    rules = [
        rule for rule in app.url_map.iter_rules() if changing != (rule.methods <= SAFE_METHODS)
    ]
    return {
        path_of(rule, queue_name=queue, registry_name=registry, job_id=job)
        for rule, registry, job in product(rules, REGISTRIES, jobs)
    }


def path_of(rule, **given):
    """A KeyError here says that rq-dashboard routes by something new, which needs a value."""
    values = {
        "instance_number": 0,
        "per_page": 8,
        "order": "asc",
        "page": 1,
        "filename": "css/main.css",
        **given,
    }
    return re.sub(r"<(?:int:|path:)?(\w+)>", lambda name: quote(str(values[name[1]])), rule.rule)


def enqueue_hostile(queue):
    """A queue, a worker and two jobs with a failure and a result, all of which say HOSTILE."""
    hostile = {"args": [HOSTILE], "description": HOSTILE, "meta": {HOSTILE: HOSTILE}}
    failed, finished = (queue.enqueue_call(HOSTILE, **hostile) for _ in range(2))
    Result.create_failure(failed, ttl=600, exc_string=HOSTILE)
    Result.create(finished, Result.Type.SUCCESSFUL, ttl=600, return_value={HOSTILE: HOSTILE})
    Queue(HOSTILE, connection=queue.connection, serializer=JSONSerializer).enqueue_call("x")
    worker = f"rq:worker:{HOSTILE}"
    queue.connection.sadd("rq:workers", worker)
    queue.connection.hset(worker, "queues", HOSTILE)
    return failed, finished


class Tags(HTMLParser):
    """The tags of a page: `found` has each one's name and attributes."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_every_page_opens_with_jobs_in_every_state(settings, start, queue, dashboard):
    migrate(open_database(settings.database_url, connections=1))
    worker = start("worker")
    jobs = {
        "finished": queue.enqueue_call(GENERATE_ICAL, meta={"offer": "x"}),
        "failed": queue.enqueue_call("os.system", args=["false"]),
    }
    wait_until(lambda: jobs["finished"].get_status() == JobStatus.FINISHED)
    wait_until(lambda: jobs["failed"].get_status() == JobStatus.FAILED)
    worker.terminate()
    worker.wait()
    start("worker", ical_delay=60)
    jobs["started"] = queue.enqueue_call(GENERATE_ICAL)
    wait_until(lambda: jobs["started"].get_status() == JobStatus.STARTED)
    jobs["queued"] = queue.enqueue_call(GENERATE_ICAL)
    jobs["scheduled"] = queue.enqueue_in(timedelta(hours=1), GENERATE_ICAL)
    jobs["canceled"] = queue.enqueue_call(GENERATE_ICAL)
    jobs["canceled"].cancel()
    # No depends_on: rq-dashboard 0.9 cannot show a job that has one with RQ 3 (ours never do).
    jobs["deferred"] = queue.enqueue_call(GENERATE_ICAL)
    queue.remove(jobs["deferred"])
    jobs["deferred"].set_status(JobStatus.DEFERRED)
    queue.deferred_job_registry.add(jobs["deferred"])

    for path in paths(changing=False, jobs=[job.id for job in jobs.values()], queue=queue.name):
        answer = dashboard.get(path)
        assert answer.status_code == 200, (path, answer.text)
    for registry in REGISTRIES:
        shown = dashboard.get(f"/0/data/jobs/{queue.name}/{registry}/8/asc/1.json").json()["jobs"]
        assert [job["id"] for job in shown] == [jobs[registry].id], registry
    assert "ForbiddenFunction" in dashboard.get(f"/0/data/job/{jobs['failed'].id}.json").text
    assert len(dashboard.get("/0/data/workers.json").json()["workers"]) == 1


def test_a_pickle_in_a_job_is_not_loaded(queue, dashboard, tmp_path):
    class Trap:
        def __reduce__(self):
            return Path.touch, (tmp_path / "loaded",)

    pickling = Queue(queue.name, connection=queue.connection)
    job = pickling.enqueue_call("x", args=[Trap()], meta={"x": Trap()}, description="x")
    Result.create(job, Result.Type.SUCCESSFUL, ttl=600, return_value=Trap())
    for path in paths(changing=False, jobs=[job.id], queue=queue.name):
        dashboard.get(path)
    assert dashboard.get(f"/0/view/job/{job.id}").status_code == 200
    dashboard.post(f"/job/{job.id}/requeue")
    assert dashboard.post(f"/job/{job.id}/delete").status_code == 200
    assert not (tmp_path / "loaded").exists()
    pickle.loads(pickle.dumps(Trap()))
    assert (tmp_path / "loaded").exists(), "the trap should have worked"


def test_a_script_runs_only_with_the_nonce_of_its_answer(queue, dashboard):
    jobs = [job.id for job in enqueue_hostile(queue)]
    opened = [
        *paths(changing=False, jobs=jobs, queue=queue.name),
        *paths(changing=False, jobs=jobs, queue=HOSTILE_QUEUE_NAME),
        "/no/such/page",
        "/0/view/job/none",
    ]
    nonces = set()
    for path in opened:
        answer = dashboard.get(path)
        policy = answer.headers["content-security-policy"]
        allowed = re.search(r"script-src 'nonce-([\w-]{22})' 'unsafe-eval';", policy)
        assert allowed, (path, policy)
        nonces.add(allowed[1])
        if answer.headers["content-type"].startswith("text/html"):
            for tag, attributes in Tags(answer.text).found:
                assert tag != "script" or attributes["nonce"] == allowed[1], path
                assert not [name for name in attributes if name.startswith("on")], path
    assert len(nonces) == len(opened)


def test_what_a_job_or_a_link_says_is_escaped(queue, dashboard):
    jobs = [job.id for job in enqueue_hostile(queue)]
    for name in (queue.name, HOSTILE_QUEUE_NAME):
        for path in paths(changing=False, jobs=jobs, queue=name):
            answer = dashboard.get(path)
            if answer.headers["content-type"].startswith("text/html"):
                assert HOSTILE not in answer.text, path
                assert HOSTILE_QUEUE_NAME not in answer.text, path
                assert "<%=" not in answer.text, "Underscore's templates escape with <%-"


def test_nothing_is_loaded_from_elsewhere(queue, dashboard):
    job = queue.enqueue_call(GENERATE_ICAL)
    loaded = set()
    for path in paths(changing=False, jobs=[job.id], queue=queue.name):
        answer = dashboard.get(path)
        if answer.headers["content-type"].startswith("text/html"):
            for tag, attributes in Tags(answer.text).found:
                if tag != "a":
                    loaded |= {attributes.get("src"), attributes.get("href")} - {None}
    for source in loaded:
        assert re.match("/(?!/)", source), source
        assert dashboard.get(source).status_code == 200, source
    assert any(source.endswith(".js") for source in loaded)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium or Chrome to open the pages with")
def test_in_a_browser_the_pages_work_and_hostile_jobs_run_nothing(queue, dashboard, tmp_path):
    failed, finished = enqueue_hostile(queue)
    pages = {
        "/": HOSTILE,
        "/0/view/workers": HOSTILE,
        f"/0/view/jobs/{queue.name}/queued/8/asc/1": HOSTILE,
        f"/0/view/job/{failed.id}": HOSTILE,
        f"/0/view/job/{finished.id}": HOSTILE,
        f"/0/view/jobs/{quote(HOSTILE_QUEUE_NAME)}/queued/8/asc/1": "No jobs.",
    }
    with ThreadPoolExecutor() as pool:
        browsers = {
            path: pool.submit(open_in_chromium, str(dashboard.base_url.join(path)), profile)
            for path, profile in zip(pages, map(tmp_path.joinpath, "abcdef"), strict=True)
        }
    for path, browser in browsers.items():
        page, log = browser.result()
        assert '<html lang="en">' in page, f"{path}: a script has run"
        assert html.escape(pages[path], quote=False) in page, path
        assert "Loading..." not in page, path
        assert "CONSOLE" not in log, (path, log)


def open_in_chromium(url, profile):
    """What the page is after its scripts have run, and what the browser logs of it."""
    options = "--headless --no-sandbox --disable-gpu --enable-logging=stderr --v=0"
    ending = "--virtual-time-budget=1000 --dump-dom"
    command = [CHROMIUM, *options.split(), *ending.split(), f"--user-data-dir={profile}", url]
    browser = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return browser.stdout, browser.stderr


def test_only_a_post_changes_anything(queue, dashboard):
    failed = queue.enqueue_call("x", description="x")
    queue.remove(failed)
    failed.set_status(JobStatus.FAILED)
    queue.failed_job_registry.add(failed, ttl=600, exc_string="x")
    changing = paths(changing=True, jobs=[failed.id], queue=queue.name)
    assert f"/requeue/{queue.name}" in changing
    for method, path in product(("GET", "HEAD"), changing):
        assert dashboard.request(method, path).status_code == 405, (method, path)
    assert queue.failed_job_registry.get_job_ids() == [failed.id]
    assert dashboard.post(f"/requeue/{queue.name}").json() == {"status": "OK", "count": 1}
    assert queue.job_ids == [failed.id]


def test_a_foreign_page_changes_nothing(queue, dashboard):
    job = queue.enqueue_call(GENERATE_ICAL)
    for headers in (
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://example.org"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:6400"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://example.org"},
        {"Origin": "http://127.0.0.1:6400"},
        {"Origin": "null"},
    ):
        for path in paths(changing=True, jobs=[job.id], queue=queue.name):
            assert dashboard.post(path, headers=headers).status_code == 403, (path, headers)
        assert dashboard.get("/", headers=headers).status_code == 200, "links lead to the pages"
    assert queue.job_ids == [job.id]


def test_its_own_pages_and_programs_may_change_a_queue(queue, dashboard):
    origin = str(dashboard.base_url).rstrip("/")
    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": origin}, {}):
        job = queue.enqueue_call(GENERATE_ICAL)
        assert dashboard.post(f"/job/{job.id}/delete", headers=headers).json() == {"status": "OK"}
    assert queue.job_ids == []


def test_without_a_password_it_answers_to_no_foreign_name(dashboard):
    for host in ("example.org", "127.0.0.1.example.org:9181", "10.0.0.1", "[::2]", "[x", "x@[::1]"):
        assert dashboard.get("/", headers={"Host": host}).status_code == 403, host
    for host in ("localhost", "LOCALHOST:9181", "127.0.0.1", "[::1]", "[::1]:9181"):
        assert dashboard.get("/", headers={"Host": host}).status_code == 200, host


def test_a_job_that_is_gone_is_not_found(dashboard):
    assert dashboard.get("/0/data/job/unknown.json").status_code == 404


def test_looking_at_a_job_whose_worker_is_dead_leaves_it_to_the_workers(queue, dashboard):
    job = queue.enqueue_call(GENERATE_ICAL, retry=Retry(3))
    queue.remove(job)
    job.set_status(JobStatus.STARTED)
    registry = queue.started_job_registry.key
    queue.connection.zadd(registry, {f"{job.id}:{'0' * 32}": 1})
    for path in paths(changing=False, jobs=(job.id,), queue=queue.name):
        dashboard.get(path)
    assert job.get_status() == JobStatus.STARTED
    assert queue.connection.zcard(registry) == 1


def test_a_password_is_asked_for_when_one_is_set(settings, start):
    base = f"http://127.0.0.1:{settings.dashboard_port}"
    start("dashboard", dashboard_password="open sesame")
    wait_until(lambda: answers(base))
    assert httpx.get(base).status_code == 401
    assert httpx.get(base, auth=("me", "wrong")).status_code == 401
    right = ("me", "open sesame")
    assert httpx.get(base, auth=right).status_code == 200
    assert httpx.get(base, auth=right, headers={"Host": "example.org"}).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org"])
def test_it_opens_no_door_without_a_password(host):
    with pytest.raises(SettingsError, match="TASKOVERFLOW_DASHBOARD_PASSWORD"):
        create_dashboard(read_settings({"TASKOVERFLOW_DASHBOARD_HOST": host}))
