"""docker compose, as its user runs it, and what the engine says of the containers."""

import json
import subprocess
from pathlib import Path

import httpx

from taskoverflow.settings import read_settings
from tests.conftest import wait_until

ROOT = Path(__file__).parents[2]
# The user that the main process of a container runs as, where it is not the container's own.
BECOMES = {"database": "postgres"}


class Compose:
    """The project that the environment names: COMPOSE_PROJECT_NAME, its ports and passwords."""

    def __init__(self, environ):
        self.settings = read_settings(
            {name: environ[name] for name in ("TASKOVERFLOW_PORT", "TASKOVERFLOW_DASHBOARD_PORT")}
        )
        self.secrets = Path(environ["TASKOVERFLOW_SECRETS"])
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{self.settings.port}/api/v1", timeout=20
        )

    def __call__(self, *arguments):
        """Run `docker compose …` and return what it said on stdout."""
        return run("docker", "compose", *arguments)

    def up(self):
        """Bring all up, and return when all is healthy."""
        self("up", "--detach", "--wait", "--wait-timeout", "120")

    def scale(self, workers):
        """Have so many workers, and return once they are listening, or gone."""
        self("up", "--detach", "--no-recreate", "--scale", f"worker={workers}", "worker")
        wait_until(lambda: self.listening() == workers)

    def listening(self):
        """How many workers listen, as /metrics has it."""
        text = self.http.get(self.http.base_url.join("/metrics")).text
        prefix = 'taskoverflow_workers{state="alive"} '
        (line,) = [line for line in text.splitlines() if line.startswith(prefix)]
        return float(line.removeprefix(prefix))

    def submit(self):
        """Ask for the calendar of all todos; returns the job's id."""
        return self.http.post("/todos/ical").json()["task_id"]

    def status(self, task_id):
        """How far the job is."""
        return self.http.get(f"/jobs/{task_id}").json()["status"]

    def containers(self, service):
        """What the engine says of each container of a service, dead ones included."""
        ids = self("ps", "--all", "--quiet", service).split()
        return json.loads(run("docker", "inspect", *ids)) if ids else []

    def crash(self, service):
        """kill -9 of all that runs in the service's first container, and wait for its restart.

        From inside: after a `docker kill` the engine takes it that somebody wants it stopped.
        """
        user = ("--user", BECOMES[service]) if service in BECOMES else ()
        before = self.containers(service)[0]
        # That spares the shell itself, and init, which ends with its child.
        exec_in = ["docker", "exec", *user, before["Id"], "sh", "-c", "kill -9 -1"]
        subprocess.run(exec_in, check=False, capture_output=True)
        wait_until(lambda: self.has_restarted(service, before))

    def has_restarted(self, service, before):
        """Whether the container has been started again by the engine."""
        now = next(one for one in self.containers(service) if one["Id"] == before["Id"])
        return now["RestartCount"] > before["RestartCount"] and now["State"]["Running"]


def run(*command):
    """What a command said on stdout; it fails the test when the command fails."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout
