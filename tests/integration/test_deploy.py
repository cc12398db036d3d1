"""scripts/deploy, with stand-ins for the programs that it calls: what it does in which order."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEFINITION = "arn:aws:ecs:us-east-1:1:task-definition/taskoverflow-{}:7"
OUTPUTS = {
    "repository_url": "1.dkr.ecr.us-east-1.amazonaws.com/taskoverflow",
    "region": "us-east-1",
    "cluster": "taskoverflow",
    "image_tag": "before",
    "services": {name: DEFINITION.format(name) for name in ("app", "worker")},
    "migrate": {
        "cluster": "taskoverflow",
        "task_definition": DEFINITION.format("migrate"),
        "network": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
    },
}
# Writes down how it was called, and answers with the first answer whose beginning is the call's.
STAND_IN = f"""#!{sys.executable}
import json, os, pathlib, sys
call = " ".join([pathlib.Path(sys.argv[0]).name, *sys.argv[1:]])
folder = pathlib.Path(os.environ["STAND_INS"])
with (folder / "calls").open("a") as calls:
    calls.write(call + "\\n")
answers = json.loads((folder / "answers").read_text())
output, code = next(([o, c] for start, o, c in answers if call.startswith(start)), ["", 0])
print(output)
sys.exit(code)
"""


def service(name, **changes):
    primary = {
        "status": "PRIMARY",
        "taskDefinition": DEFINITION.format(name),
        "rolloutState": "COMPLETED",
        "runningCount": 1,
        "desiredCount": 1,
    }
    return {"serviceName": name, "deployments": [{**primary, **changes}]}


def services(**app):
    return json.dumps({"services": [service("app", **app), service("worker")]})


@pytest.fixture
def deploy(tmp_path):
    """Runs scripts/deploy; returns its exit code, what it says of errors, and the calls it made."""
    for name in ("git", "docker", "terraform", "aws"):
        (tmp_path / name).write_text(STAND_IN)
        (tmp_path / name).chmod(0o755)
    outputs = json.dumps({name: {"value": value} for name, value in OUTPUTS.items()})
    usual = [
        ["git rev-parse", "abc123", 0],
        ["terraform -chdir=terraform output", outputs, 0],
        ["aws ecs run-task", "arn:task", 0],
        ["aws ecs describe-tasks", "0", 0],
        ["aws ecs describe-services", services(), 0],
        ["aws ecr get-login-password", "pass-of-the-registry", 0],
    ]

    def run(*arguments, answers=()):
        (tmp_path / "answers").write_text(json.dumps([*answers, *usual]))
        environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "STAND_INS": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, ROOT / "scripts/deploy", *arguments],
            env=environ,
            capture_output=True,
            text=True,
            timeout=60,
        )
        calls = tmp_path / "calls"
        assert "pass-of-the-registry" not in done.stdout + done.stderr + calls.read_text()
        made = [call for call in calls.read_text().splitlines() if " output " not in call]
        return done.returncode, done.stderr, made

    return run


def position(calls, start):
    return next(number for number, call in enumerate(calls) if call.startswith(start))


def applied(calls):
    """The tag and the target of each apply."""
    words = [call.split() for call in calls if " apply " in call]
    return [
        tuple(
            next((word.partition(f"{name}=")[2] for word in call if f"{name}=" in word), "all")
            for name in ("image_tag", "-target")
        )
        for call in words
    ]


def test_the_image_is_pushed_and_the_database_migrated_before_anything_is_rolled_out(deploy):
    code, _, calls = deploy("-var-file=examples/small.tfvars")
    assert code == 0
    steps = ["docker build", "docker login", "docker push", "aws ecs run-task", "aws ecs wait"]
    positions = [position(calls, step) for step in steps]
    assert positions == sorted(positions)
    assert applied(calls) == [
        ("abc123", "aws_ecr_lifecycle_policy.taskoverflow"),
        ("abc123", "terraform_data.migration"),
        ("abc123", "all"),
    ]
    whole = calls.index(next(call for call in calls if " apply " in call and "-target" not in call))
    assert positions[-1] < whole < position(calls, "aws ecs describe-services")
    assert all("-var-file=examples/small.tfvars" in call for call in calls if " apply " in call)


def test_what_is_not_committed_is_not_deployed(deploy):
    code, said, calls = deploy(answers=[["git status", " M app.py", 0]])
    assert code == 1
    assert "not committed" in said
    assert all(call.startswith("git") for call in calls)
    code, _, calls = deploy("--allow-dirty", answers=[["git status", " M app.py", 0]])
    assert code == 0
    assert applied(calls)[-1][0].startswith("abc123-dirty-")


def test_a_failed_migration_rolls_nothing_out(deploy):
    code, said, calls = deploy(answers=[["aws ecs describe-tasks", "1", 0]])
    assert code == 1
    assert "aws logs tail --region us-east-1 /taskoverflow/migrate" in said
    assert "all" not in [target for _, target in applied(calls)]


@pytest.mark.parametrize(
    "bad",
    [
        {"rolloutState": "FAILED", "rolloutStateReason": "tasks failed to start"},
        # The circuit breaker has gone back, and that deployment looks as good as any.
        {"taskDefinition": DEFINITION.format("app").replace(":7", ":6")},
    ],
    ids=["failed", "rolled back by ECS"],
)
def test_an_image_that_does_not_get_well_is_rolled_back(deploy, bad):
    code, said, calls = deploy(answers=[["aws ecs describe-services", services(**bad), 0]])
    assert code == 1
    assert "app did not get well" in said
    assert applied(calls)[-2:] == [("abc123", "all"), ("before", "all")]


def test_an_image_that_was_pushed_before_is_not_pushed_again(deploy):
    code, _, calls = deploy(answers=[["aws ecr list-images", "older\tabc123", 0]])
    assert code == 0
    assert not [call for call in calls if call.startswith("docker")]


def test_an_older_image_can_be_rolled_out(deploy):
    code, _, calls = deploy("--tag", "older")
    assert code == 0
    assert not [call for call in calls if call.startswith(("docker", "git"))]
    assert applied(calls) == [("older", "terraform_data.migration"), ("older", "all")]


def test_a_dry_run_changes_nothing(deploy):
    code, _, calls = deploy("--dry-run")
    assert code == 0
    assert all(call.startswith("git") for call in calls)
