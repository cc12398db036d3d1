"""Runs task definitions of ECS on the local Docker engine, as Fargate would."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.terraform.conftest import ROOT, Terraform

IMAGES = {"postgres": "postgres:17-alpine", "redis": "redis:7-alpine"}


def docker(*arguments: str | Path, code: int | None = 0) -> str:
    """What a docker command prints. Fails the test on another exit code, unless that is None."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True)
    assert code is None or done.returncode == code, f"{arguments}: {done.stdout}{done.stderr}"
    return (done.stdout + (done.stderr if arguments[0] == "logs" else "")).strip()


def docker_answers() -> bool:
    """Whether there is a Docker engine that we may use."""
    try:
        return subprocess.run(["docker", "info"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def build(tag: str) -> None:
    """Build our image as README.md says."""
    docker("build", "--quiet", "--file", ROOT / "docker/Dockerfile", "--tag", tag, ROOT)


class Fargate:
    """A network in which the containers of task definitions run, and find what AWS would give."""

    def __init__(self, terraform: Terraform, name: str, image: str, folder: Path) -> None:
        self.terraform = terraform
        self.name = name
        self.image = image
        self.folder = folder
        self.started: list[str] = []
        docker("network", "create", name)

    def close(self) -> None:
        """Remove all of it."""
        if self.started:
            docker("rm", "--force", "--volumes", *self.started, code=None)
        docker("volume", "rm", "--force", f"{self.name}-files", code=None)
        docker("network", "rm", self.name, code=None)

    def start(self, definition: str, *options: str | Path, image: str | None = None) -> str:
        """Start a task as its definition says; returns the container's name."""
        container = self._container(definition)
        name = f"{self.name}-{container['name']}"
        self.started.append(name)
        command = container["command"]
        flags = [*_flags(container), *self._environment(container)]
        if entry := container.get("entryPoint"):
            # Docker takes one word for it; the rest are the command's first.
            flags += ["--entrypoint", entry[0]]
            command = [*entry[1:], *command]
        for mount in container.get("mountPoints", []):
            # Without what the image has there, as EFS.
            flags += ["--volume", f"{self.name}-files:{mount['containerPath']}:nocopy"]
        run = ["run", "--detach", "--name", name, "--network", self.name]
        docker(*run, *flags, *options, image or self.image, *command)
        return name

    def start_postgresql(self, host: str, secrets: dict[str, str]) -> None:
        """What RDS would be under that name: it encrypts, with a certificate nobody knows."""
        certificate = _certificate(self.folder, host)
        # The key has to belong to the server's user, whoever that is in the image.
        script = (
            "cp /tls/* /tmp && chown postgres /tmp/server.key && chmod 600 /tmp/server.key && exec "
            "docker-entrypoint.sh postgres -c ssl=on -c ssl_cert_file=/tmp/server.crt "
            "-c ssl_key_file=/tmp/server.key"
        )
        self._start_server(
            "postgres", host, ["--volume", f"{certificate}:/tls:ro", "--entrypoint", "sh"],
            {"POSTGRES_USER": "taskoverflow", "POSTGRES_DB": "taskoverflow",
             "POSTGRES_PASSWORD": secrets["database-password"]}, ["-c", script],
        )  # fmt: skip
        wait(lambda: "accepting" in self.execute("postgres", "pg_isready --host 127.0.0.1"))

    def start_redis(self, host: str, secrets: dict[str, str]) -> Path:
        """What ElastiCache would be under that name, with TLS alone and AUTH.

        Returns the certificate by which a client knows it, as AWS's are known by everybody's.
        """
        certificate = _certificate(self.folder, host)
        arguments = (
            "redis-server --port 0 --tls-port 6379 --tls-cert-file /tls/server.crt --tls-key-file "
            "/tls/server.key --tls-ca-cert-file /tls/server.crt --tls-auth-clients no --requirepass"
        )
        self._start_server(
            "redis", host, ["--volume", f"{certificate}:/tls:ro"], {},
            [*arguments.split(), secrets["redis-password"]],
        )  # fmt: skip
        return certificate / "server.crt"

    def execute(self, name: str, command: str) -> str:
        """What a shell command in a container prints."""
        return docker("exec", f"{self.name}-{name}", "sh", "-c", command, code=None)

    def health(self, container: str) -> str:
        """What its health check says: `starting`, `healthy` or `unhealthy`."""
        return docker("inspect", "--format", "{{.State.Health.Status}}", container)

    def _start_server(
        self, kind: str, host: str, flags: list[str], environ: dict[str, str], command: list[str]
    ) -> None:
        name = f"{self.name}-{kind}"
        self.started.append(name)
        given = [word for pair in environ.items() for word in ("--env", "=".join(pair))]
        run = ["run", "--detach", "--name", name, "--network", self.name, "--network-alias", host]
        docker(*run, *flags, *given, IMAGES[kind], *command)

    def _container(self, definition: str) -> Any:
        found = self.terraform.aws(
            "ecs", "describe-task-definition", "--task-definition", definition
        )["taskDefinition"]
        (container,) = found["containerDefinitions"]
        return {**container, "memory": found["memory"], "cpu": found["cpu"]}

    def _environment(self, container: Any) -> list[str]:
        """Its environment, secrets and all, exactly."""
        given = {one["name"]: one["value"] for one in container.get("environment", [])}
        for secret in container.get("secrets", []):
            given[secret["name"]] = self._secret(secret["valueFrom"])
        return [word for name, value in given.items() for word in ("--env", f"{name}={value}")]

    def _secret(self, value_from: str) -> str:
        """The secret's value: `<its ARN>:<JSON key>:<version stage>:<version id>`."""
        *arn, key, stage, version = value_from.split(":")
        assert (key, stage) == ("", "")
        asked = ["--secret-id", ":".join(arn), "--version-id", version]
        return str(self.terraform.aws("secretsmanager", "get-secret-value", *asked)["SecretString"])


def _flags(container: Any) -> list[str]:
    parameters = container["linuxParameters"]
    flags = [f"--memory={container['memory']}m", "--restart=no"]
    flags += ["--init"] if parameters["initProcessEnabled"] else []
    flags += ["--read-only"] if container["readonlyRootFilesystem"] else []
    flags += [f"--cap-drop={name}" for name in parameters["capabilities"]["drop"]]
    flags += [f"--tmpfs={one['containerPath']}:size={one['size']}m" for one in parameters["tmpfs"]]
    flags += [f"--stop-timeout={container['stopTimeout']}"]
    flags += [f"--user={container['user']}"] if container.get("user") else []
    if check := container.get("healthCheck"):
        kind, *words = check["command"]
        shell = words[0] if kind == "CMD-SHELL" else " ".join(words)
        # Asked more often than there, so that the test does not wait.
        flags += [f"--health-cmd={shell}", "--health-interval=2s", "--health-start-period=60s"]
        flags += [f"--health-timeout={check['timeout']}s", f"--health-retries={check['retries']}"]
    return flags


def _certificate(folder: Path, host: str) -> Path:
    """A folder with server.crt, which signs itself and names the host, and server.key."""
    made = folder / f"tls-{host}"
    made.mkdir()
    asked = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test"]
    asked += ["-addext", f"subjectAltName=DNS:{host}"]
    asked += ["-keyout", str(made / "server.key"), "-out", str(made / "server.crt")]
    subprocess.run(["openssl", "req", *asked], check=True, capture_output=True)
    (made / "server.key").chmod(0o644)  # the server in the container is another user
    return made


def wait(condition: Any, timeout: float = 120) -> None:
    """Return once the condition holds; fail the test when it does not in `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"not so after {timeout} s"
        time.sleep(0.5)


def published(container: str, port: int) -> str:
    """The address of a container's port on this host."""
    found = json.loads(docker("inspect", "--format", "{{json .NetworkSettings.Ports}}", container))
    (address, *_) = found[f"{port}/tcp"]
    return f"http://127.0.0.1:{address['HostPort']}"
