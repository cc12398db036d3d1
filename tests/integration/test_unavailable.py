"""What the API says when a dependency is away, and that it says so soon."""

import socket
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from tests.conftest import free_port, running_web


@pytest.fixture(params=["refuses", "hangs"])
def away(request):
    """The address of a server that refuses connections, or takes them and says nothing."""
    if request.param == "refuses":
        yield f"127.0.0.1:{free_port()}"
        return
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield f"127.0.0.1:{silent.getsockname()[1]}"


def test_without_redis_the_job_calls_are_503_and_the_others_work(settings, away):
    for client in running_web(msgspec.structs.replace(settings, redis_url=f"redis://{away}")):
        assert client.post("/todos", json={"title": "x"}).status_code == 201
        assert client.get("/todos").status_code == 200
        assert_unavailable(client.post("/todos/ical"), "queue_unavailable")
        assert_unavailable(client.get("/todos/ical/x/status"), "queue_unavailable")
        assert_unavailable(client.get("/todos/ical/x/result"), "queue_unavailable")
        assert client.get("/health").content == b'{"status":"ok"}'


def test_without_a_database_the_todo_calls_are_503_and_health_is_not(settings):
    for client in running_web(settings):
        database = settings.data_folder / "todos.db"
        database.rename(database.with_suffix(".away"))
        database.mkdir()  # SQLite would make a new file
        client.get("/todos")  # may still hold the old file open
        for answer in [client.get("/todos") for _ in range(3)][-1:]:
            assert_unavailable(answer, "database_unavailable")
        assert_unavailable(client.post("/todos", json={"title": "x"}), "database_unavailable")
        assert client.get("/health").status_code == 200
        assert client.post("/todos/ical").status_code == 202


def test_without_postgresql_the_todo_calls_are_503(settings, away, monkeypatch):
    monkeypatch.setattr("tests.conftest.migrate", lambda database: None)
    away_url = f"postgresql://me:secret@{away}/todos"
    for client in running_web(msgspec.structs.replace(settings, database_url=away_url)):
        with ThreadPoolExecutor(5) as threads:
            answers = list(threads.map(lambda _: client.get("/todos"), range(10)))  # noqa: B023
        for answer in answers:
            assert_unavailable(answer, "database_unavailable")
            assert "secret" not in answer.text
        assert client.get("/health").status_code == 200


def assert_unavailable(answer, code):
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["code"] == code
