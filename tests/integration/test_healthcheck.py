"""`taskoverflow healthcheck`, which containers are asked: of parts that work, and that do not."""

import signal
import subprocess
import sys

import msgspec
import pytest

from taskoverflow.healthcheck import PARTS, Unhealthy, check
from taskoverflow.settings import read_settings
from taskoverflow.store.database import open_database
from taskoverflow.store.migrations import migrate
from tests.conftest import environ, wait_until

EVERYWHERE = {
    "host": "0.0.0.0",
    "allow_anonymous": True,
    "dashboard_host": "0.0.0.0",
    "dashboard_password": "secret",
}


@pytest.fixture
def settings(settings):
    """As in a container: all parts listen on every address, the dashboard has a password."""
    migrate(open_database(settings.database_url, connections=1))
    return msgspec.structs.replace(settings, **EVERYWHERE, heartbeat=1)


def is_healthy(settings, part):
    try:
        check(settings, part)
    except Unhealthy:
        return False
    return True


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_healthy_while_it_works_and_not_while_it_is_frozen(
    settings, start, part, monkeypatch
):
    monkeypatch.setattr("taskoverflow.healthcheck.TIMEOUT", 1.0)
    assert not is_healthy(settings, part)
    process = start(part, **EVERYWHERE, heartbeat=1)
    wait_until(lambda: is_healthy(settings, part))
    process.send_signal(signal.SIGSTOP)
    wait_until(lambda: not is_healthy(settings, part))


def test_a_worker_of_another_host_is_no_sign_of_life(settings, start, monkeypatch):
    start("worker", heartbeat=1)
    wait_until(lambda: is_healthy(settings, "worker"))
    monkeypatch.setattr("socket.gethostname", lambda: "another")
    with pytest.raises(Unhealthy, match="another"):
        check(settings, "worker")


@pytest.mark.parametrize("part", PARTS)
def test_the_command_says_why_and_fails(settings, part, tmp_path):
    nobody = read_settings({"REDIS_URL": f"unix://{tmp_path}/no.sock", "TASKOVERFLOW_PORT": "1"})
    nobody = msgspec.structs.replace(nobody, dashboard_port=1)
    command = [sys.executable, "-m", "taskoverflow.cli", "healthcheck", part]
    done = subprocess.run(command, env=environ(nobody), capture_output=True, text=True)
    assert done.returncode == 1
    (sentence,) = done.stderr.splitlines()
    assert ("Redis is away" if part == "worker" else "127.0.0.1:1") in sentence
