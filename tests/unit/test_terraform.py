"""terraform/ held to the code: what it says of the service is what the service is."""

import re
from pathlib import Path

import pytest

from taskoverflow.cli import COMMANDS, WORKER_STOP
from taskoverflow.healthcheck import PARTS
from taskoverflow.settings import SECRETS, Settings, setting_names
from taskoverflow.web.queue_metrics import NAMESPACE, UNITS
from taskoverflow.web.server import KEEP_ALIVE

TERRAFORM = Path(__file__).parents[2] / "terraform"
FILES = {path.name: path.read_text() for path in TERRAFORM.glob("*.tf")}
ALL = "\n".join(FILES.values())


def number(pattern: str, text: str = ALL) -> float:
    found = re.search(pattern, text)
    assert found, pattern
    return float(found[1])


def test_each_setting_that_a_task_is_given_is_one():
    given = set(re.findall(r"^\s+(?:\{ )?([A-Z][A-Z_]{5,}) += ", ALL, re.MULTILINE))
    assert len(given) >= 8
    assert given - {"REDIS_PASSWORD"} <= set(setting_names())


def test_a_secret_is_never_among_the_plain_settings():
    for name in SECRETS:
        for value in re.findall(rf"\b{name} += (\S+)", ALL):
            assert value.startswith("local.secret["), name


@pytest.mark.parametrize("command", ["serve", "worker", "dashboard", "migrate"])
def test_each_task_runs_a_command_of_ours(command):
    assert f'command        = ["{command}"' in ALL
    assert command in [known.__name__ for known in COMMANDS]


def test_each_health_check_asks_for_a_part_that_there_is():
    asked = set(re.findall(r'"taskoverflow", "healthcheck", "(\w+)"', ALL))
    assert asked == set(PARTS)


def test_the_ports_are_the_service_s():
    assert number(r"app_port += (\d+)") == Settings().port
    assert number(r"dashboard_port += (\d+)") == Settings().dashboard_port


def test_a_worker_has_time_to_put_its_job_back():
    assert number(r"stop_timeout +=.* \+ (\d+)", FILES["worker.tf"]) > WORKER_STOP


def test_the_load_balancer_hangs_up_before_the_server_does():
    assert number(r"idle_timeout = (\d+)") < KEEP_ALIVE


def test_what_scaling_and_alarms_read_is_what_is_published():
    assert f'namespace = "{NAMESPACE}"' in FILES["locals.tf"]
    read = set(re.findall(r'metric_name = "(\w+)"', ALL))
    read |= set(re.findall(r'local\.namespace, metric = "(\w+)"', ALL))
    assert read == {"BacklogPerWorker", "OldestQueuedJob", "FailedJobs"}
    assert read <= set(UNITS)
