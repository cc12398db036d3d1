"""The whole system on an imitation of AWS: made, unchanged, used, changed, and gone."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.conftest import wait_until
from tests.terraform.conftest import EXAMPLES, Terraform
from tests.terraform.containers import (
    IMAGES,
    Fargate,
    build,
    docker,
    docker_answers,
    published,
    wait,
)

HTTPS = "https"  # stands for the ARN of a certificate, which has to be made first
WAYS = {
    # moto has no parameter groups for ElastiCache, so it is given one that exists; and of two
    # nodes it makes one.
    "elasticache": {
        "var-file": "medium.tfvars",
        "redis_nodes": "1",
        "redis_parameter_group_name": "default.redis7",
        "certificate_arn": HTTPS,
        "dashboard_cidrs": '["203.0.113.7/32"]',
        "alarm_email": "someone@example.org",
        "queue_lab": "true",
    },
    "ecs": {
        "var-file": "small.tfvars",
        "redis_mode": "ecs",
        "public_url": "https://todos.example.org",
    },
    "learner-lab": {"var-file": "learner-lab.tfvars"},
}
ALL_ENCRYPTED = (
    "select bool_and(ssl) from pg_stat_ssl join pg_stat_activity using (pid) "
    "where client_addr is not null"
)
SLOW = '{TASKOVERFLOW_ICAL_DELAY="4"}'


@pytest.mark.timeout(900)
@pytest.mark.parametrize("way", WAYS)
def test_made_unchanged_used_changed_and_gone(
    way: str, fake_aws: Terraform, certificate: Callable[[str], str], tmp_path: Path
):
    given = {**WAYS[way], "deletion_protection": "false", "app_settings": SLOW}
    given["worker_count_max"] = "3"
    arguments = [f"-var-file={EXAMPLES / given.pop('var-file')}", "-var=image_tag=abc1234"]
    if given.get("certificate_arn") == HTTPS:
        given["certificate_arn"] = certificate("todos.example.org")
    token, entry = new_token()
    if way != "learner-lab":
        given["api_tokens"] = f'["{entry}"]'
    arguments += [f"-var={name}={value}" for name, value in given.items()]

    fake_aws("apply", "-auto-approve", *arguments)
    assert "No changes." in fake_aws("plan", "-detailed-exitcode", *arguments, codes=(0, 2))
    secrets = read_secrets(fake_aws)
    assert set(secrets) >= {
        "database-password", "redis-password", "dashboard-password", "database-url", "redis-url",
    }  # fmt: skip
    in_state = {name for name, text in secrets.items() if text in state(fake_aws)}
    # ElastiCache's provider has no other way, see redis.tf; of tokens there are but hashes.
    assert in_state - {"api-tokens"} == ({"redis-password"} if way == "elasticache" else set())

    if docker_answers():
        use(fake_aws, secrets, token, tmp_path)

    changed = fake_aws("apply", "-auto-approve", *arguments, "-var=worker_count=3")
    assert "0 added, 1 changed, 0 destroyed" in changed, changed[-3000:]
    (target,) = [
        found
        for found in fake_aws.aws(
            "application-autoscaling", "describe-scalable-targets", "--service-namespace", "ecs"
        )["ScalableTargets"]
        if found["ResourceId"].endswith("/worker")
    ]
    assert target["MinCapacity"] == 3

    fake_aws("destroy", "-auto-approve", *arguments)
    assert fake_aws("state", "list").strip() == ""
    assert read_secrets(fake_aws) == {}


def read_secrets(terraform: Terraform) -> dict[str, str]:
    """All secrets in the imitation, by the last part of their name."""
    names = [one["Name"] for one in terraform.aws("secretsmanager", "list-secrets")["SecretList"]]
    return {
        name.rpartition("/")[2]: terraform.aws(
            "secretsmanager", "get-secret-value", "--secret-id", name
        )["SecretString"]
        for name in names
    }


def state(terraform: Terraform) -> str:
    """The state file."""
    return (terraform.folder / "terraform.tfstate").read_text()


def new_token() -> tuple[str, str]:
    """A token for the API, and its entry for the settings."""
    command = [sys.executable, "-m", "taskoverflow.cli", "token", "new", "test", "--scope", "write"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    (token,) = [word for word in said if word.startswith("tov_")]
    (entry,) = [word for word in said if word.startswith("test:write:")]
    return token, entry


def use(terraform: Terraform, secrets: dict[str, str], token: str, folder: Path) -> None:
    """Start our image with the task definitions' very commands, environment and health checks."""
    name = f"taskoverflow-terraform-{uuid4().hex[:8]}"
    build(name)
    fargate = Fargate(terraform, name, name, folder)
    try:
        _use(fargate, secrets, token)
    except BaseException as error:
        for container in fargate.started:
            error.add_note(f"{container}:\n{docker('logs', '--tail', '40', container, code=None)}")
        raise
    finally:
        fargate.close()
        docker("image", "rm", "--force", name, code=None)


def _use(fargate: Fargate, secrets: dict[str, str], token: str) -> None:
    database_host, redis_host = (host_in(secrets[name]) for name in ("database-url", "redis-url"))
    fargate.start_postgresql(database_host, secrets)
    trusting: list[str] = []
    elasticache = secrets["redis-url"].startswith("rediss:")
    if elasticache:
        authority = fargate.start_redis(redis_host, secrets)
        # ElastiCache's certificates are signed by one that each system knows; this is ours.
        trusting = ["--volume", f"{authority}:/etc/ssl/certs/ca-certificates.crt:ro"]
    else:
        # As the access point does: the folder belongs to whoever the task is.
        files = f"{fargate.name}-files:/data:nocopy"
        docker("run", "--rm", "--volume", files, "--entrypoint", "chown", IMAGES["redis"],
               "999:1000", "/data")  # fmt: skip
        alias = ["--network-alias", redis_host]
        redis = fargate.start("taskoverflow-redis", *alias, image=IMAGES["redis"])
        wait(lambda: fargate.health(redis) == "healthy")

    migrate = fargate.start("taskoverflow-migrate")
    assert docker("wait", migrate) == "0", docker("logs", migrate)
    app = fargate.start("taskoverflow-app", "--publish", "127.0.0.1::6400", *trusting)
    worker = fargate.start("taskoverflow-worker", *trusting)
    wait(lambda: fargate.health(app) == "healthy")
    wait(lambda: fargate.health(worker) == "healthy")

    url = fargate.terraform("output", "-raw", "url")
    # As the load balancer passes it on.
    headers = {"Host": url.partition("://")[2], "Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=published(app, 6400), headers=headers, timeout=20) as client:
        _make_a_calendar(client, url, worker)
    # The queue's figures, which the workers' scaling and the alarms read.
    wait(lambda: '"BacklogPerWorker"' in docker("logs", app))
    assert '"Queue": "taskoverflow"' in docker("logs", app)

    assert fargate.execute("postgres", f"psql -U taskoverflow -tAc '{ALL_ENCRYPTED}'") == "t"
    docker("stop", app)
    # Not its exit code: uvicorn ends by the signal that it was sent, once it has finished.
    assert "Finished server process" in docker("logs", app)
    if elasticache:
        _use_dashboard(fargate, secrets, trusting)


def host_in(url: str) -> str:
    """The host of `scheme://user:password@host:port/…`."""
    return url.rpartition("@")[2].partition(":")[0]


def _make_a_calendar(client: httpx.Client, url: str, worker: str) -> None:
    """A todo becomes a calendar although the worker is told to stop while it makes it."""
    todo = {"title": "Deployed", "deadline_at": "2030-01-01T12:00:00"}
    assert client.post("/api/v1/todos", json=todo).status_code == 201
    task = client.post("/api/v1/todos/ical").json()
    assert task["task_url"].startswith(f"{url}/api/v1/")
    status_path = task["task_url"].removeprefix(url)
    wait_until(lambda: client.get(status_path).json()["task_status"] == "STARTED")
    before = time.monotonic()
    docker("stop", worker)
    assert docker("inspect", "--format", "{{.State.ExitCode}}", worker) == "0"
    assert time.monotonic() - before < 90
    status = client.get(status_path).json()
    assert status["task_status"] == "SUCCESS", status
    assert "Deployed" in client.get(status["result_url"].removeprefix(url)).text


def _use_dashboard(fargate: Fargate, secrets: dict[str, str], trusting: list[str]) -> None:
    name = fargate.start("taskoverflow-dashboard", "--publish", "127.0.0.1::9181", *trusting)
    wait(lambda: fargate.health(name) == "healthy")
    url = published(name, 9181)
    assert httpx.get(url).status_code == 401  # what the target group's health check takes for well
    shown = httpx.get(f"{url}/0/data/queues.json", auth=("x", secrets["dashboard-password"]))
    assert "taskoverflow" in shown.text, shown.text
