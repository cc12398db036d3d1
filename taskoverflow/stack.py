"""`taskoverflow run`: the whole product on one command, each part a process of its own."""

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis, RedisError

from taskoverflow.settings import Settings
from taskoverflow.supervisor import ITSELF, POLL, Child, keep_alive, report, stop, stop_signals

STOP_GRACE = 8.0  # seconds for the web, the workers and the dashboard to stop
WORKER_GRACE = 5.0  # seconds of those for a running job, before it is put back
REDIS_GRACE = 1.5  # seconds for the embedded Valkey to write out what it holds
START_TIMEOUT = 60.0  # seconds; a long append-only file takes a while to read


class StackError(Exception):
    """The stack cannot start; the message is one sentence that says why."""


def run_stack(settings: Settings, redis_server: Path | None) -> None:
    """Run everything until SIGINT or SIGTERM, then stop everything within 10 seconds.

    `redis_server` is the Redis-compatible server to embed, None when REDIS_URL names one.
    Raises StackError.
    """
    redis = _redis_child(settings, redis_server) if redis_server else None
    children = list(_children(settings))
    with stop_signals() as stop_requested:
        try:
            if redis:
                redis.start()
                _wait_for_redis(redis, settings, stop_requested)
            for child in children:
                child.start()
            _wait_for_web(settings, children[0], stop_requested)
            _announce(settings)
            keep_alive([*children, *([redis] if redis else [])], stop_requested)
        finally:
            stop(children, STOP_GRACE)
            stop([redis] if redis else [], REDIS_GRACE)


def check_ports(settings: Settings) -> None:
    """See that the ports can be had. Raises StackError."""
    _check_port(settings.host, settings.port, "TASKOVERFLOW_PORT")
    if settings.dashboard_port:
        _check_port(settings.dashboard_host, settings.dashboard_port, "TASKOVERFLOW_DASHBOARD_PORT")


@contextmanager
def data_folder(settings: Settings) -> Iterator[None]:
    """Make the data folder and hold it: two servers must not write one append-only file.

    Raises StackError.
    """
    folder = settings.data_folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "run.lock").open("w")
    except OSError as error:
        reason = error.strerror or str(error)
        raise StackError(f"The data folder {folder} cannot be written to: {reason}.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StackError(f"Another `taskoverflow run` is using {folder}.") from error
        _make_private(settings.redis_socket.parent)
        yield


def _children(settings: Settings) -> Iterator[Child]:
    yield Child("web", [*ITSELF, "serve"])
    grace = str(min(settings.grace, WORKER_GRACE))
    for number in range(1, settings.workers + 1):
        yield Child(f"worker {number}", [*ITSELF, "worker"], {"TASKOVERFLOW_GRACE": grace})
    if settings.dashboard_port:
        yield Child("dashboard", [*ITSELF, "dashboard"])


def _redis_child(settings: Settings, server: Path) -> Child:
    options = {
        "port": "0",
        "unixsocket": str(settings.redis_socket),
        "unixsocketperm": "700",
        "dir": str(settings.data_folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        # A full queue must say so; evicting keys would lose jobs.
        "maxmemory-policy": "noeviction",
        "logfile": str(settings.data_folder / "valkey.log"),
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return Child("valkey", [str(server), *arguments])


def _make_private(folder: Path) -> None:
    """Make the socket's folder. In a temporary folder, somebody else may have made it before."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise StackError(f"The folder {folder} is somebody else's; remove it.")


def _check_port(host: str, port: int, setting: str) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StackError(
            f"Cannot listen on {host}:{port} ({reason}); free it, or set {setting}."
        ) from error


def _wait_for_redis(redis: Child, settings: Settings, stop_requested: list[int]) -> None:
    connection = Redis.from_url(settings.redis_url, retry=None)
    deadline = time.monotonic() + START_TIMEOUT
    while not stop_requested:
        try:
            connection.ping()
            return
        except RedisError as error:
            if redis.process is None or redis.process.poll() is not None:
                log = settings.data_folder / "valkey.log"
                raise StackError(f"Valkey did not start; {log} says why.") from error
            if time.monotonic() > deadline:
                raise StackError(f"Valkey is not ready after {START_TIMEOUT:.0f} s.") from error
            time.sleep(POLL)


def _wait_for_web(settings: Settings, web: Child, stop_requested: list[int]) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while not stop_requested:
        try:
            with socket.create_connection((settings.host, settings.port), timeout=1):
                return
        except OSError as error:
            if web.process is None or web.process.poll() is not None:
                raise StackError("The web server did not start; see above.") from error
            if time.monotonic() > deadline:
                raise StackError("The web server does not answer.") from error
            time.sleep(POLL)


def _announce(settings: Settings) -> None:
    base = f"http://{settings.host}:{settings.port}"
    dashboard = f"http://{settings.dashboard_host}:{settings.dashboard_port}"
    report("running; stop with Ctrl-C")
    print(  # noqa: T201
        f"  page       {base}/\n"
        f"  API        {base}/api/v1 (described in README.md)\n"
        f"  dashboard  {dashboard if settings.dashboard_port else 'none'}\n"
        f"  workers    {settings.workers}\n"
        f"  data       {settings.data_folder}",
        flush=True,
    )
