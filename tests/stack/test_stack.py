"""The stack: that it comes up as it should, scales, outlives what is killed, and keeps its data."""

import itertools
import json
import subprocess
import time

import httpx
import pytest

from tests.calendar_lint import lint
from tests.conftest import wait_until
from tests.stack.compose import ROOT

OURS = ("app", "worker", "dashboard", "migrate")
ALL = (*OURS, "redis", "database")
WINDOWS = itertools.count()  # requests for the same calendar would share a job
JOBS = 12
TODO = {"title": "to be kept", "deadline_at": "2026-12-01T00:00:00"}


def submit(system, jobs):
    return [system.submit(f"?window={next(WINDOWS)}") for _ in range(jobs)]


def some_run(system, tasks, number=1):
    wait_until(lambda: [system.status(task) for task in tasks].count("STARTED") >= number)


def test_the_image_says_what_it_is_and_has_no_compiler_and_nothing_of_the_tests(compose):
    (app,) = compose.containers("app")
    assert app["Config"]["Labels"]["org.opencontainers.image.title"] == "TaskOverflow"
    look = "import importlib.util as u, shutil; print(shutil.which('cc'), u.find_spec('pytest'))"
    assert compose("exec", "-T", "app", "python", "-c", look) == "None None\n"


def test_the_bill_of_materials_has_all_that_is_in_the_image_and_nothing_else(compose):
    (app,) = compose.containers("app")
    path = app["Config"]["Labels"]["taskoverflow.sbom"]
    bill = json.loads(compose("exec", "-T", "app", "cat", path))
    listed = sorted((one["name"], one["version"]) for one in bill["components"])
    look = (
        "from importlib.metadata import *\nfor one in distributions(): print(one.name, one.version)"
    )
    installed = compose("exec", "-T", "app", "dpkg-query", "-Wf", "${Package} ${Version}\n")
    for python in ("/opt/taskoverflow/bin/python", "/usr/local/bin/python"):
        installed += compose("exec", "-T", "app", python, "-c", look)
    assert listed == sorted(tuple(line.split()) for line in installed.splitlines())
    assert {"taskoverflow", "starlette", "pip", "libc6"} <= {name for name, _ in listed}


@pytest.mark.parametrize("service", ALL)
def test_a_container_may_do_no_more_than_it_must(compose, service):
    (container, *_) = compose.containers(service)
    host = container["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    for limit in ("Memory", "NanoCpus", "PidsLimit"):
        assert host[limit], limit
    assert host["LogConfig"]["Config"]["max-size"]
    if service in OURS:
        assert container["Config"]["User"] == "10001:10001"
        assert not host["CapAdd"]
    secrets = {path.read_text().split()[-1] for path in compose.secrets.iterdir()}
    assert not [one for one in secrets if one in str(container["Config"])]
    published = [one for ports in host["PortBindings"].values() for one in ports]
    assert {one["HostIp"] for one in published} <= {"127.0.0.1"}
    assert bool(published) == (service in ("app", "dashboard"))


def test_the_migration_ends_well_before_what_needs_it_starts(compose):
    (migrate,) = compose.containers("migrate")
    assert migrate["State"]["ExitCode"] == 0
    for service in ("app", "worker"):
        (container,) = compose.containers(service)
        assert container["State"]["StartedAt"] > migrate["State"]["FinishedAt"]


def test_without_passwords_nothing_starts_and_it_says_what_to_do():
    command = ["env", "TASKOVERFLOW_SECRETS=", "docker", "compose", "up", "--no-start"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0
    assert "run docker/make-secrets first" in done.stderr


def test_the_workers_scale_from_one_to_three_and_share_the_jobs(compose, system, measured):
    took = {}
    for workers in (1, 3):
        compose.scale(workers)
        since = time.monotonic()
        tasks = submit(system, JOBS)
        system.all_succeed()
        took[workers] = time.monotonic() - since
        assert len({system.job(task)["worker"] for task in tasks}) == workers
    measured(
        f"{JOBS} jobs of 2 s each: {took[1]:.1f} s with one worker, "
        f"{took[3]:.1f} s with three, {took[1] / took[3]:.2f} times as fast"
    )


def test_the_dashboard_asks_for_its_password_and_shows_three_workers(compose):
    url = f"http://127.0.0.1:{compose.settings.dashboard_port}/0/data/workers.json"
    assert httpx.get(url).status_code == 401
    password = (compose.secrets / "dashboard-password").read_text().strip()
    shown = httpx.get(url, auth=("anybody", password)).json()["workers"]
    assert len(shown) == 3


def test_scaled_down_in_mid_job_the_workers_lose_none(compose, system):
    submit(system, 9)
    some_run(system, system.seen, number=3)
    compose.scale(1)
    system.all_succeed()


@pytest.mark.parametrize("service", ["redis", "worker", "database"])
def test_a_container_is_killed_in_mid_job_and_every_job_ends_well(
    compose, system, measured, service
):
    tasks = submit(system, 3)
    some_run(system, tasks)
    since = time.monotonic()
    compose.crash(service)
    system.all_succeed(timeout=120)
    measured(f"{service} killed: three jobs were done {time.monotonic() - since:.1f} s later")


@pytest.mark.parametrize("service", ["redis", "database"])
def test_while_it_is_away_the_answer_is_503_and_not_silence(compose, service):
    compose("stop", service)
    call = {"redis": "/todos/ical", "database": "/todos"}[service]
    answer = compose.http.post(call, json=TODO if service == "database" else None)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert compose.http.get("/health").status_code == 200
    compose.up()


def test_what_was_stored_and_queued_outlives_down_and_up(compose):
    todo = compose.http.post("/todos", json=TODO).json()
    done = compose.submit()
    wait_until(lambda: compose.status(done) == "SUCCESS")
    calendar = compose.http.get(f"/todos/ical/{done}/result").content
    compose("stop", "worker")
    queued = compose.submit()
    compose("down")
    compose.up()
    assert compose.http.get(f"/todos/{todo['id']}").json() == todo
    assert compose.http.get(f"/todos/ical/{done}/result").content == calendar
    assert todo["title"] in [event["SUMMARY"] for event in lint(calendar)]
    wait_until(lambda: compose.status(queued) == "SUCCESS")


def test_each_part_stops_when_told_to_and_has_not_to_be_killed(compose):
    compose("stop")
    for service in ALL:
        (container,) = compose.containers(service)
        # The web server and the dashboard end by the signal itself, which is 143; killed is 137.
        assert container["State"]["ExitCode"] in (0, 143), service
