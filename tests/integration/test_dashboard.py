"""rq-dashboard as a process of its own."""

import httpx
import pytest
from redis import Redis
from rq import Queue
from rq.job import JobStatus
from rq.serializers import JSONSerializer

from taskoverflow.dashboard import create_dashboard
from taskoverflow.settings import SettingsError, read_settings
from taskoverflow.store.database import open_database
from taskoverflow.store.migrations import migrate
from taskoverflow.web.api.ical import GENERATE_ICAL
from tests.conftest import wait_until


def answers(url, **options):
    try:
        return httpx.get(url, **options).status_code != 0
    except httpx.TransportError:
        return False


def test_it_shows_the_queue_its_jobs_and_its_workers(settings, start):
    migrate(open_database(settings.database_url, connections=1))
    base = f"http://127.0.0.1:{settings.dashboard_port}"
    start("dashboard")
    start("worker")
    with Redis.from_url(settings.redis_url) as connection:
        queue = Queue(settings.queue, connection=connection, serializer=JSONSerializer)
        done = queue.enqueue_call(GENERATE_ICAL, meta={"offer": "x"})
        failed = queue.enqueue_call("os.system", args=["false"])
        wait_until(lambda: done.get_status() == JobStatus.FINISHED)
        wait_until(lambda: failed.get_status() == JobStatus.FAILED)
    wait_until(lambda: answers(base))
    with httpx.Client(base_url=base, timeout=20, follow_redirects=True) as dashboard:
        for path in (
            "/",
            "/0/view/queues",
            "/0/view/workers",
            f"/0/view/jobs/{settings.queue}/finished/8/asc/1",
            f"/0/view/job/{done.id}",
            f"/0/data/job/{done.id}.json",
            f"/0/data/job/{failed.id}.json",
            "/0/data/queues.json",
        ):
            answer = dashboard.get(path)
            assert answer.status_code == 200, (path, answer.text)
            assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert "ForbiddenFunction" in dashboard.get(f"/0/data/job/{failed.id}.json").text


def test_a_password_is_asked_for_when_one_is_set(settings, start):
    base = f"http://127.0.0.1:{settings.dashboard_port}"
    start("dashboard", dashboard_password="open sesame")
    wait_until(lambda: answers(base))
    assert httpx.get(base).status_code == 401
    assert httpx.get(base, auth=("me", "wrong")).status_code == 401
    assert httpx.get(base, auth=("me", "open sesame")).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org"])
def test_it_opens_no_door_without_a_password(host):
    with pytest.raises(SettingsError, match="TASKOVERFLOW_DASHBOARD_PASSWORD"):
        create_dashboard(read_settings({"TASKOVERFLOW_DASHBOARD_HOST": host}))
