"""A system that tests may break: a Valkey, a web server and workers, all of the test's own."""

import os
import time
from pathlib import Path

import pytest

from taskoverflow.settings import read_settings
from taskoverflow.store.database import open_database
from taskoverflow.store.migrations import migrate
from tests.conftest import free_port, processes
from tests.faults.system import System, Valkey

HEARTBEAT = 1  # second: a dead worker is noticed after 3 s, not after the 15 of the default
ROWS = []
HEAD = f"""# The fault matrix

What is broken on purpose, what is promised, and how long it took from the fault (or from its end,
for an outage) to the end of the last job. The workers' heartbeat is {HEARTBEAT} s here: a dead one
is noticed after {3 * HEARTBEAT} s; with the default of 5 s it takes 15 s. Written by
`scripts/test tests/faults --fault-table tests/faults/README.md`.

| fault | promise | recovered after |
|---|---|---|"""


def pytest_addoption(parser):
    parser.addoption("--fault-table", type=Path, help="write the fault matrix to this file")


def pytest_sessionfinish(session):
    path = session.config.getoption("--fault-table")
    if path and ROWS:
        rows = [f"| {fault} | {promise} | {took:.1f} s |" for fault, promise, took in ROWS]
        path.write_text("\n".join([HEAD, *rows, ""]))


@pytest.fixture
def valkey_of_its_own(short_folder):
    folder = short_folder / os.urandom(4).hex()
    folder.mkdir()
    server = Valkey(folder)
    server.start()
    yield server
    server.resume()
    server.kill()


@pytest.fixture
def new_system(valkey_of_its_own, tmp_path):
    """Makes systems over one Valkey; each has a queue and a database of its own."""
    made = []

    def make(queue="faults", **environ):
        given = {
            "TASKOVERFLOW_DATA_DIR": str(tmp_path),
            "DATABASE_URL": f"sqlite:///{tmp_path}/{queue}.db",
            "REDIS_URL": valkey_of_its_own.url,
            "TASKOVERFLOW_QUEUE": queue,
            "TASKOVERFLOW_PORT": str(free_port()),
            "TASKOVERFLOW_HEARTBEAT": str(HEARTBEAT),
            "TASKOVERFLOW_RETRY_BACKOFF": "1",
            **environ,
        }
        settings = read_settings(given)
        migrate(open_database(settings.database_url, connections=1))
        running = processes(settings, tmp_path / f"{queue}.log")
        system = System(settings, running.__enter__())
        made.append((system, running))
        return system

    yield make
    for system, running in made:
        system.close()
        running.__exit__(None, None, None)


@pytest.fixture
def system(new_system):
    return new_system()


@pytest.fixture
def measured():
    """`measured(fault, promise, since)`: a row of the fault matrix; `since` is monotonic time."""

    def add_row(fault, promise, since):
        ROWS.append((fault, promise, time.monotonic() - since))

    return add_row
